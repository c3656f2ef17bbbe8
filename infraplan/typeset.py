"""
Pages set by typst; what they say reaches the template as JSON alone.

Nothing of the data is ever part of the markup, so a name such as `#eval("1")` or `*x*` is printed
letter by letter. Letters are those of DejaVu Sans, which matplotlib brings along. Equal content
gives equal bytes.
"""

import contextlib
import json
import re
import tempfile
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infraplan import atomic
from infraplan.errors import SettingsError

__all__ = ["A4_WIDTH_INCH", "measured", "set_pages", "shortened"]

A4_WIDTH_INCH = 210.0 / 25.4
FIXED_TIME = 946_684_800  # 2000-01-01, in seconds: equal content gives equal bytes
FIXED_SPACE = "\N{NO-BREAK SPACE}"  # before a sign of per cent
# what turns the direction of writing or joins letters without being seen
HIDDEN = ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2069), (0xAD, 0xAD), (0xFEFF, 0xFEFF))
INVISIBLE = {code: None for first, last in HIDDEN for code in range(first, last + 1)}


def set_pages(
    source: Path,
    content: Mapping[str, Any],
    *,
    pictures: Mapping[str, bytes],
    dots_per_inch: float | None = None,
) -> bytes:
    """
    Set pages as PDF, or the first of them as a picture.

    Parameters
    ----------
    source
        Template of ours.
    content
        What the template reads: texts, numbers, lists and tables of them. A picture is named by its
        key in `pictures`.
    pictures
        PNG or SVG files by a name such as `map.png`.
    dots_per_inch
        Fineness of the picture, > 0; None gives PDF.

    Returns
    -------
    file
        PDF or PNG, the same bytes for the same content.

    Raises
    ------
    SettingsError
        If a picture's name is no plain file name.
    """
    import typst

    as_picture = {"format": "png", "ppi": dots_per_inch}
    options: dict[str, Any] = {"format": "pdf"} if dots_per_inch is None else as_picture
    with _laid_out(source, content, pictures) as known:
        made: Any = typst.compile(**known, timestamp=FIXED_TIME, **options)
    return bytes(made[0]) if isinstance(made, list) else bytes(made)


def measured(
    source: Path, content: Mapping[str, Any], name: str, *, pictures: Mapping[str, bytes]
) -> float:
    """
    Return a length that a template measures, before its pictures are drawn.

    Parameters
    ----------
    source
        Template of ours, with a figure as metadata under a label.
    content
        As of `set_pages`.
    name
        The label, without its brackets.
    pictures
        As of `set_pages`.

    Returns
    -------
    length
        The figure [points].

    Raises
    ------
    SettingsError
        If a picture's name is no plain file name.
    """
    import typst

    with _laid_out(source, content, pictures) as known:
        told = typst.query(selector=f"<{name}>", field="value", one=True, **known)
    return float(json.loads(told))


@contextlib.contextmanager
def _laid_out(
    source: Path, content: Mapping[str, Any], pictures: Mapping[str, bytes]
) -> Iterator[dict[str, Any]]:
    """Put a template, its content and pictures into a folder of their own, for typst to read."""
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
        yield {
            "input": root / source.name,
            "root": root,
            "font_paths": [str(_fonts())],
            "ignore_system_fonts": True,
            "package_path": root,
            "package_cache_path": root,
        }


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


def _fonts() -> Path:
    """Return the folder of the letters that matplotlib brings along."""
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf"
