"""
Word templates that an office may replace with its own, filled in a sandbox.

A template is a stranger's program: it knows its placeholders and nothing else, and everything that
fills them is escaped.
"""

import io
import zipfile
from collections.abc import Mapping
from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING
from typing import Any

from infraplan.errors import SourceFileError
from infraplan.layers.notes import Note
from infraplan.reports.paper import INNER_CM

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

__all__ = ["check_template", "filled_template", "warn_on_pages"]

AROUND_CM = 0.7  # beside a picture in a line Word keeps 0.32 cm free on either side
LARGEST_BYTES = 20_000_000  # of a template, unpacked


def filled_template(
    template: bytes,
    context: Mapping[str, Any],
    *,
    known: Sequence[str],
    pictures: Mapping[str, bytes] = MappingProxyType({}),
    is_ours: bool = False,
) -> Any:  # noqa: ANN401 - python-docx
    """
    Return the document that a template and its values make.

    Parameters
    ----------
    template
        A Word file with placeholders.
    context
        What fills them, by name.
    known
        Names to list where the template uses others.
    pictures
        PNG files by placeholder, each placed as wide as the text.
    is_ours
        Whether the template is one of our own, whose placeholders need no look before it is filled.

    Returns
    -------
    document
        Document of python-docx.

    Raises
    ------
    SourceFileError
        If the template is no Word file, names placeholders that are not known, or breaks its rules.
    """
    from docx.shared import Cm
    from docxtpl import DocxTemplate
    from docxtpl import InlineImage
    from jinja2.exceptions import TemplateError

    check_template(template)
    unknown: set[str] = set()
    environment = _environment(unknown)
    try:
        document = DocxTemplate(io.BytesIO(template))
        if not is_ours:
            unknown |= document.get_undeclared_template_variables(environment) - set(context)
        shown = {
            name: InlineImage(document, io.BytesIO(png), width=Cm(INNER_CM - AROUND_CM))
            for name, png in pictures.items()
        }
        if not unknown:
            document.render({**context, **shown}, environment, autoescape=True)
    except TemplateError as error:
        raise SourceFileError(Note("refusals.template_rules", error=str(error))) from error
    except (KeyError, ValueError, TypeError, AttributeError, OSError, zipfile.BadZipFile) as error:
        msg = f"the template could not be filled in: {error}"
        raise SourceFileError(msg) from error
    if unknown:
        names = ", ".join(sorted(unknown))
        raise SourceFileError(
            Note("refusals.template_unknown", names=names, known=", ".join(known))
        )
    return document.docx


def _environment(unknown: set[str]) -> "SandboxedEnvironment":
    """Return the sandbox that templates run in; it notes the names that nothing is known by."""
    from jinja2 import ChainableUndefined
    from jinja2.sandbox import SandboxedEnvironment

    class Noted(ChainableUndefined):
        """A name that the template uses and that is not known."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
            """Note the name."""
            super().__init__(*args, **kwargs)
            unknown.add(str(self._undefined_name))

    environment = SandboxedEnvironment(autoescape=True, undefined=Noted)
    environment.globals.clear()  # nothing but the placeholders
    return environment


def check_template(template: bytes) -> None:
    """
    Refuse what is no Word file, or unpacks to more than any letter.

    Parameters
    ----------
    template
        Content of the file.

    Raises
    ------
    SourceFileError
        If it is no such file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as packed:
            names = packed.namelist()
            size = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile as error:
        raise SourceFileError(Note("refusals.template_kind")) from error
    if "word/document.xml" not in names or any(name.endswith("vbaProject.bin") for name in names):
        raise SourceFileError(Note("refusals.template_kind"))
    if size > LARGEST_BYTES:
        msg = f"the template unpacks to {size / 1e6:.0f} MB; a letter needs no more than 20 MB"
        raise SourceFileError(msg)


def warn_on_pages(
    document: Any,  # noqa: ANN401 - python-docx is untyped
    text: str,
    *,
    in_text: bool = True,
) -> None:
    """
    Say at the head of every page, and first of all in the text, that a letter is not to be signed.

    Parameters
    ----------
    document
        Document of python-docx.
    text
        The warning.
    in_text
        False for a paper whose first page need not say it twice.
    """
    document.settings.odd_and_even_pages_header_footer = False
    for number, section in enumerate(document.sections):
        section.different_first_page_header_footer = False
        if number and section.header.is_linked_to_previous:
            continue
        section.header.is_linked_to_previous = False
        head = section.header.paragraphs[0]
        _banner(head.insert_paragraph_before(), text)
    if in_text:
        first = document.add_paragraph()
        _banner(first, text)
        document.element.body.insert(0, first._p)  # noqa: SLF001 - no public way


def _banner(paragraph: Any, text: str) -> None:  # noqa: ANN401 - python-docx is untyped
    """Write a warning in the middle of a line."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt
    from docx.shared import RGBColor

    run = paragraph.add_run(text)
    run.bold, run.font.size = True, Pt(14)
    run.font.color.rgb = RGBColor.from_string("9C0006")
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
