"""
Word files in the layout of Vietnamese offices, with pictures, the same bytes from the same content.

Layout: A4, Times New Roman 13, margins of Decree 30/2020/ND-CP on office papers (remembered, not
read: 20 mm above and below, 30 mm at the binding edge, 15 mm opposite).
"""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from pathlib import Path
from typing import Any

from infraplan import atomic
from infraplan.errors import SourceFileError
from infraplan.text import Words

__all__ = ["BARRED", "Paper", "dateless", "moment"]

FONT = "Times New Roman"
BODY_PT = 13.0
TABLE_PT = 10.0
NOTE_PT = 10.0
FOOT_PT = 8.5
MARGINS_MM = {"top_margin": 20, "bottom_margin": 20, "left_margin": 30, "right_margin": 15}
INNER_CM = 16.5
SIDE_MM = 20  # left and right of a page that lies on its side
FIXED_DATE = datetime(2000, 1, 1)  # noqa: DTZ001 - equal content gives equal bytes
ZIP_DATE = (2000, 1, 1, 0, 0, 0)
HEAD_FILL = "DCE6F1"
WARNING_INK = "9C0006"
# XML has no place for these, and python-docx ends with an error of its own
BARRED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


class Paper:
    """
    A Word file that is being written, from the top down.

    Text is taken as it is: nothing in it is markup, and signs that XML bars are left out.
    """

    def __init__(
        self,
        words: Words,
        *,
        title: str,
        is_synthetic: bool = False,
        foot: str = "",
        made_on: date | None = None,
    ) -> None:
        """
        Begin a file.

        Parameters
        ----------
        words
            Catalogue of the office's language.
        title
            Title in the properties of the file.
        is_synthetic
            True where any of it rests on made-up data: every page then says so.
        foot
            Line at the foot of every page, before its number.
        made_on
            Day in the properties of the file; a fixed one where None.
        """
        import docx
        from docx.shared import Mm
        from docx.shared import Pt

        self._words = words
        self._document: Any = docx.Document()
        page = self._document.sections[0]
        page.page_width, page.page_height = Mm(210), Mm(297)
        for name, margin_mm in MARGINS_MM.items():
            setattr(page, name, Mm(margin_mm))
        page.header_distance = page.footer_distance = Mm(9)
        normal = self._document.styles["Normal"]
        normal.font.name, normal.font.size = FONT, Pt(BODY_PT)
        normal.paragraph_format.space_after = Pt(4)
        normal.paragraph_format.space_before = Pt(0)
        _all_scripts(normal.element.get_or_add_rPr())
        about = self._document.core_properties
        about.title, about.author, about.comments = _clean(title), "infraplan", ""
        about.created = about.modified = moment(made_on)
        self._inner_cm = INNER_CM
        if is_synthetic:
            self._run(page.header.paragraphs[0], words("reports.synthetic"), bold=True, ink=True)
            page.header.paragraphs[0].alignment = _align("center")
        self._foot(page.footer.paragraphs[0], foot)

    def letterhead(
        self,
        parent: str,
        office: str,
        place: str,
        day: str,
        *,
        number: str = "",
        about: str = "",
    ) -> None:
        """
        Write the head of an office paper: who writes, the country's motto, place and day.

        Parameters
        ----------
        parent
            Authority above the office; dots where empty, to be filled in by hand.
        office
            The office; dots where empty.
        place
            Place of writing; dots where empty.
        day
            Day in words.
        number
            Where the number of the paper goes; that of a report where empty.
        about
            What a letter is about, below its number.
        """
        table = self._document.add_table(rows=1, cols=2)
        table.autofit = False
        left, right = table.rows[0].cells
        _widths(table, (0.37, 0.63))
        dots = "." * 30
        lines = [(parent.upper() or dots, False), (office.upper() or dots, True), ("———", False)]
        lines.append((number or self._words("paper.number"), False))
        lines += [(about, False)] if about else []
        self._lines(left, lines)
        where = f"{place or '.' * 14}, {day}"
        motto = [(self._words("paper.country"), True), (self._words("paper.motto"), True)]
        self._lines(right, [*motto, ("——————", False)])
        self._run(right.add_paragraph(), where, italic=True)
        right.paragraphs[-1].alignment = _align("center")
        self._document.add_paragraph()

    def title(self, text: str, below: str = "") -> None:
        """Write the title in the middle of the page, and a quieter line below it."""
        paragraph = self._document.add_paragraph()
        self._run(paragraph, text, bold=True, size_pt=15.0)
        paragraph.alignment = _align("center")
        if below:
            paragraph = self._document.add_paragraph()
            self._run(paragraph, below, italic=True)
            paragraph.alignment = _align("center")

    def heading(self, text: str) -> None:
        """Write the heading of a part, kept with what follows."""
        from docx.shared import Pt

        paragraph = self._document.add_paragraph(style="Heading 2")
        self._run(paragraph, text, bold=True, size_pt=BODY_PT, plain=True)
        paragraph.paragraph_format.space_before = Pt(10)
        paragraph.paragraph_format.space_after = Pt(4)
        paragraph.paragraph_format.keep_with_next = True

    def text(self, text: str, *, is_quiet: bool = False) -> None:
        """Write a paragraph; a quiet one is smaller, for definitions and sources."""
        paragraph = self._document.add_paragraph()
        self._run(paragraph, text, size_pt=NOTE_PT if is_quiet else BODY_PT, italic=is_quiet)
        paragraph.alignment = _align("justify")

    def points(self, texts: Sequence[str]) -> None:
        """Write a list, a dash before each entry as offices do."""
        for text in texts:
            self.text(f"- {text}")

    def picture(self, png: bytes, caption: str) -> None:
        """
        Place a picture as wide as the text, with its caption below it.

        Parameters
        ----------
        png
            PNG file.
        caption
            What it shows; also read out to those who do not see it.
        """
        paragraph = self._document.add_paragraph()
        paragraph.alignment = _align("center")
        paragraph.paragraph_format.keep_with_next = True
        shape = paragraph.add_run().add_picture(io.BytesIO(png), width=_cm(INNER_CM))
        shape._inline.docPr.set("descr", _clean(caption))  # noqa: SLF001 - no public way
        below = self._document.add_paragraph()
        self._run(below, caption, italic=True, size_pt=NOTE_PT)
        below.alignment = _align("center")

    def table(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        widths: Sequence[float],
        numbers: Sequence[int] = (),
        size_pt: float = TABLE_PT,
    ) -> None:
        """
        Write a table whose headings are repeated on every page.

        Parameters
        ----------
        heads
            Heading of each column.
        rows
            Cells in words.
        widths
            Width of each column, in any common unit.
        numbers
            Columns that are aligned to the right.
        size_pt
            Size of the letters.
        """
        from docx.oxml import OxmlElement

        table = self._document.add_table(rows=1, cols=len(heads), style="Table Grid")
        table.autofit = False
        for cell, head in zip(table.rows[0].cells, heads, strict=True):
            self._cell(cell, head, bold=True, size_pt=size_pt)
            cell.paragraphs[0].alignment = _align("center")
            _filled(cell)
        top = table.rows[0]._tr.get_or_add_trPr()  # noqa: SLF001 - no public way
        top.append(OxmlElement("w:tblHeader"))
        for row in rows:
            cells = table.add_row().cells
            for column, (cell, value) in enumerate(zip(cells, row, strict=True)):
                self._cell(cell, value, size_pt=size_pt)
                if column in numbers:
                    cell.paragraphs[0].alignment = _align("right")
        for row in table.rows:
            # a row that breaks over two pages cannot be read
            row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001
        _widths(table, widths, self._inner_cm)
        self._document.add_paragraph().paragraph_format.space_after = _pt(2)

    def signatures(self, left: str, right: str, hint: str) -> None:
        """Write where two people sign, side by side, kept on one page."""
        table = self._document.add_table(rows=1, cols=2)
        for cell, who in zip(table.rows[0].cells, (left, right), strict=True):
            self._lines(cell, [(who, True)])
            self._run(cell.add_paragraph(), hint, italic=True, size_pt=NOTE_PT)
            cell.paragraphs[-1].alignment = _align("center")
            for _ in range(3):
                cell.add_paragraph()
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.keep_with_next = True

    def closing(self, recipients: Sequence[str], signer: str, hint: str) -> None:
        """
        Write the end of a letter: to whom it goes on the left, who signs on the right.

        Parameters
        ----------
        recipients
            Lines, their heading first.
        signer
            Office of who signs.
        hint
            What is asked of who signs.
        """
        table = self._document.add_table(rows=1, cols=2)
        left, right = table.rows[0].cells
        for number, line in enumerate(recipients):
            paragraph = left.paragraphs[0] if number == 0 else left.add_paragraph()
            self._run(paragraph, line, bold=number == 0, italic=number == 0, size_pt=11.0)
            paragraph.paragraph_format.space_after = _pt(0)
        self._lines(right, [(signer, True)])
        self._run(right.add_paragraph(), hint, italic=True, size_pt=NOTE_PT)
        right.paragraphs[-1].alignment = _align("center")
        for _ in range(3):
            right.add_paragraph()
        for paragraph in (*left.paragraphs, *right.paragraphs):
            paragraph.paragraph_format.keep_with_next = True

    def landscape(self) -> None:
        """Begin a page that lies on its side, for a wide table; what follows stays so."""
        from docx.enum.section import WD_ORIENT
        from docx.enum.section import WD_SECTION
        from docx.shared import Mm

        page = self._document.add_section(WD_SECTION.NEW_PAGE)
        page.orientation = WD_ORIENT.LANDSCAPE
        page.page_width, page.page_height = Mm(297), Mm(210)
        page.top_margin, page.bottom_margin = Mm(20), Mm(15)
        page.left_margin = page.right_margin = Mm(SIDE_MM)
        self._inner_cm = (297 - 2 * SIDE_MM) / 10

    def content(self) -> bytes:
        """Return the file as bytes, the same from the same content."""
        stream = io.BytesIO()
        self._document.save(stream)
        return dateless(stream.getvalue())

    def save(self, path: Path) -> Path:
        """
        Write the file, whole or not at all.

        Parameters
        ----------
        path
            Target, ending in `.docx`.

        Returns
        -------
        path
            The file; `name (2).docx` where the old one is open in Word.

        Raises
        ------
        PlanError
            If the file cannot be written.
        """
        content = self.content()

        def fill(temporary: Path) -> None:
            """Write the content."""
            temporary.write_bytes(content)

        def verify(temporary: Path) -> None:
            """Open the file as a reader would."""
            import docx

            if not docx.Document(str(temporary)).paragraphs:
                msg = f"{path} came out empty"
                raise SourceFileError(msg)

        return atomic.write(path, fill, verify=verify, if_held="rename")

    def _foot(self, paragraph: Any, foot: str) -> None:  # noqa: ANN401 - python-docx is untyped
        """Write the line at the foot of every page with the number of the page."""
        paragraph.style.font.size = _pt(FOOT_PT)
        self._run(paragraph, f"{foot}   ·   " if foot else "", size_pt=FOOT_PT)
        _field(paragraph, "PAGE")
        self._run(paragraph, "/", size_pt=FOOT_PT)
        _field(paragraph, "NUMPAGES")
        paragraph.alignment = _align("center")

    def _lines(self, cell: Any, lines: Sequence[tuple[str, bool]]) -> None:  # noqa: ANN401
        """Write lines in the middle of a cell."""
        from docx.shared import Pt

        for number, (text, bold) in enumerate(lines):
            paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
            self._run(paragraph, text, bold=bold, size_pt=12.0)
            paragraph.alignment = _align("center")
            paragraph.paragraph_format.space_after = Pt(0)

    def _cell(self, cell: Any, text: str, *, size_pt: float, bold: bool = False) -> None:  # noqa: ANN401
        """Write the text of a cell."""
        paragraph = cell.paragraphs[0]
        self._run(paragraph, text, bold=bold, size_pt=size_pt)
        paragraph.paragraph_format.space_after = _pt(1)

    def _run(
        self,
        paragraph: Any,  # noqa: ANN401 - python-docx is untyped
        text: str,
        *,
        bold: bool = False,
        italic: bool = False,
        size_pt: float = BODY_PT,
        ink: bool = False,
        plain: bool = False,
    ) -> Any:  # noqa: ANN401
        """Add text to a paragraph."""
        from docx.shared import RGBColor

        run = paragraph.add_run(_clean(text))
        run.bold, run.italic = bold, italic
        run.font.size, run.font.name = _pt(size_pt), FONT
        _all_scripts(run._element.get_or_add_rPr())  # noqa: SLF001 - no public way
        if ink:
            run.font.color.rgb = RGBColor.from_string(WARNING_INK)
        if plain:
            run.font.color.rgb = RGBColor(0, 0, 0)
        return run


def moment(day: date | None) -> datetime:
    """
    Return what stands as time of writing in the properties of a file.

    Parameters
    ----------
    day
        Day; None: a fixed one.

    Returns
    -------
    moment
        The beginning of the day.
    """
    return FIXED_DATE if day is None else datetime(day.year, day.month, day.day)  # noqa: DTZ001


def _clean(text: str) -> str:
    """Return text without the signs that XML bars."""
    return BARRED.sub("", str(text))


def _pt(size: float) -> Any:  # noqa: ANN401 - python-docx is untyped
    """Return a length in points."""
    from docx.shared import Pt

    return Pt(size)


def _cm(length: float) -> Any:  # noqa: ANN401 - python-docx is untyped
    """Return a length in centimetres."""
    from docx.shared import Cm

    return Cm(length)


def _align(name: str) -> Any:  # noqa: ANN401 - python-docx is untyped
    """Return an alignment by name."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    return getattr(WD_ALIGN_PARAGRAPH, name.upper())


def _widths(table: Any, widths: Sequence[float], inner_cm: float = INNER_CM) -> None:  # noqa: ANN401
    """Divide the width of the text among the columns; Word reads cells, others the columns."""
    for column, width in zip(table.columns, widths, strict=True):
        column.width = _cm(inner_cm * width / sum(widths))
        for cell in column.cells:
            cell.width = column.width


def _all_scripts(properties: Any) -> None:  # noqa: ANN401 - an XML element
    """Name the font for every script, or Word takes another one for some letters."""
    from docx.oxml.ns import qn

    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        from docx.oxml import OxmlElement

        fonts = OxmlElement("w:rFonts")
        properties.insert(0, fonts)
    for script in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{script}"), FONT)
    for theme in ("asciiTheme", "hAnsiTheme", "cstheme", "eastAsiaTheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)


def _filled(cell: Any) -> None:  # noqa: ANN401 - python-docx is untyped
    """Give a cell the ground of a heading."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    ground = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", HEAD_FILL)):
        ground.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(ground)  # noqa: SLF001 - no public way


def _field(paragraph: Any, code: str) -> None:  # noqa: ANN401 - python-docx is untyped
    """Add what Word counts, such as the page."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for kind in ("begin", "code", "separate", "end"):
        if kind == "code":
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = f" {code} "
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        paragraph.add_run()._element.append(element)  # noqa: SLF001 - no public way


def dateless(content: bytes) -> bytes:
    """
    Return a file of Word whose entries have one fixed date.

    Parameters
    ----------
    content
        The file.

    Returns
    -------
    content
        The same, but for the time at which it was written.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for entry in old.infolist():
            plain = zipfile.ZipInfo(entry.filename, ZIP_DATE)
            plain.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(plain, old.read(entry))
    return stream.getvalue()
