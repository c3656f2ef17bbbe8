"""
Pages set by typst from our own templates; what they say reaches the template as JSON alone.

Nothing of the data is ever part of the markup, so a name such as `#eval("1")` or `*x*` is printed
letter by letter. Letters are those of DejaVu Sans, which matplotlib brings along. Equal content
gives equal bytes.
"""

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infraplan import atomic
from infraplan.errors import SettingsError

__all__ = ["A4_WIDTH_INCH", "shortened", "typeset", "typeset_picture"]

A4_WIDTH_INCH = 210.0 / 25.4
FIXED_TIME = 946_684_800  # 2000-01-01, in seconds: equal content gives equal bytes
FIXED_SPACE = "\N{NO-BREAK SPACE}"  # before a sign of per cent
TEMPLATES = Path(__file__).parent / "typst"
# what turns the direction of writing or joins letters without being seen
HIDDEN = ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2069), (0xAD, 0xAD), (0xFEFF, 0xFEFF))
INVISIBLE = {code: None for first, last in HIDDEN for code in range(first, last + 1)}


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
    return _set(template, content, pictures or {}, {"format": "pdf"})


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
    options = {"format": "png", "ppi": width_px / A4_WIDTH_INCH}
    return _set(template, content, pictures or {}, options)


def shortened(text: object, most: int) -> str:
    r"""
    Return a text as one line of at most so many letters.

    Parameters
    ----------
    text
        Any text of data; a missing value gives an empty line.
    most
        Letters that there is room for, >= 1.

    Returns
    -------
    line
        Without line breaks and invisible signs; what is too long ends in `…`.

    Examples
    --------
    >>> shortened("Thôn 3,\n xã Hòa Hải", 12)
    'Thôn 3, xã…'
    """
    if text is None or text != text:  # noqa: PLR0124 - NaN of a table
        return ""
    line = re.sub(rf"[^\S{FIXED_SPACE}]+", " ", str(text).translate(INVISIBLE)).strip()
    line = "".join(sign for sign in line if sign.isprintable() or sign == FIXED_SPACE)
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _set(
    template: str,
    content: Mapping[str, Any],
    pictures: Mapping[str, bytes],
    options: Mapping[str, Any],
) -> bytes:
    """Return what typst makes of a template in a folder of its own."""
    import typst

    source = TEMPLATES / f"{template}.typ"
    if not source.is_file() or source.parent != TEMPLATES:
        known = ", ".join(sorted(path.stem for path in TEMPLATES.glob("*.typ")))
        msg = f"there is no template '{template}'; there are {known}"
        raise SettingsError(msg)
    strange = [name for name in pictures if name != atomic.file_stem(name)]
    if strange:
        msg = f"pictures need plain file names; found {', '.join(map(repr, strange))}"
        raise SettingsError(msg)
    with tempfile.TemporaryDirectory(prefix="infraplan-") as place:
        root = Path(place)
        for name, picture in pictures.items():
            atomic.write_scratch(root / name, picture)
        told = json.dumps(content, ensure_ascii=False, allow_nan=False)
        atomic.write_scratch(root / "content.json", told.encode("utf-8", "replace"))
        atomic.write_scratch(root / source.name, source.read_bytes())
        made: Any = typst.compile(
            root / source.name,
            root=root,
            font_paths=[str(_fonts())],
            ignore_system_fonts=True,
            timestamp=FIXED_TIME,
            package_path=root,
            package_cache_path=root,
            **options,
        )
    return bytes(made[0]) if isinstance(made, list) else bytes(made)


def _fonts() -> Path:
    """Return the folder of the letters that matplotlib brings along."""
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf"
