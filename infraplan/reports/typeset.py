"""Papers set by typst from our own templates, see `infraplan.typeset`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infraplan.errors import SettingsError
from infraplan.typeset import A4_WIDTH_INCH
from infraplan.typeset import set_pages
from infraplan.typeset import shortened

__all__ = ["A4_WIDTH_INCH", "shortened", "typeset", "typeset_picture"]

TEMPLATES = Path(__file__).parent / "typst"


def typeset(
    template: str, content: Mapping[str, Any], *, pictures: Mapping[str, bytes] | None = None
) -> bytes:
    """
    Set pages as PDF.

    Parameters
    ----------
    template
        Name of a template of ours, without suffix.
    content
        What the template reads: texts, numbers, lists and tables of them. A picture is named by its
        key in `pictures`.
    pictures
        PNG or SVG files by a name such as `map.png`.

    Returns
    -------
    pdf
        The pages, the same bytes for the same content.

    Raises
    ------
    SettingsError
        If there is no such template, or a picture's name is no plain file name.
    """
    return _set(template, content, pictures or {}, None)


def typeset_picture(
    template: str,
    content: Mapping[str, Any],
    *,
    pictures: Mapping[str, bytes] | None = None,
    width_px: int = 1080,
) -> bytes:
    """
    Set a page as a picture, such as a phone shows in a chat.

    Parameters
    ----------
    template
        Name of a template of ours of one A4 page, without suffix.
    content
        As of `typeset`.
    pictures
        As of `typeset`.
    width_px
        Width, >= 1 [pixels].

    Returns
    -------
    png
        The page, the same bytes for the same content.
    """
    return _set(template, content, pictures or {}, width_px / A4_WIDTH_INCH)


def _set(
    template: str,
    content: Mapping[str, Any],
    pictures: Mapping[str, bytes],
    dots_per_inch: float | None,
) -> bytes:
    """Return what typst makes of a template of ours."""
    source = TEMPLATES / f"{template}.typ"
    if not source.is_file() or source.parent != TEMPLATES:
        known = ", ".join(sorted(path.stem for path in TEMPLATES.glob("*.typ")))
        msg = f"there is no template '{template}'; there are {known}"
        raise SettingsError(msg)
    return set_pages(source, content, pictures=pictures, dots_per_inch=dots_per_inch)
