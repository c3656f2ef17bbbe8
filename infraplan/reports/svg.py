"""
Drawings on paper as SVG: millimetres, a few shapes, and text whose place is known.

Text is written as text and escaped; nothing in a drawing runs or is fetched. Widths of letters are
the larger of two usual fonts, so that a label takes at most the room that it is given here.
"""

import unicodedata
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from infraplan.reports.paper import BARRED

__all__ = ["Canvas", "Label", "fitted", "spread", "text_width", "wrapped"]

Point = tuple[float, float]
FONTS = "'DejaVu Sans Condensed', Arial, 'Liberation Sans', sans-serif"
# widths in the size of the letters: the larger of Liberation Sans and DejaVu Sans Condensed, bold
WIDTHS = {
    sign: width
    for width, signs in {
        0.35: "ijlI,./\\| ·'",
        0.4: "f-:;²³",
        0.45: "rt!()[]`",
        0.5: '"*',
        0.55: "z",
        0.6: "cksvxyJ_–",
        0.65: "0123456789abdeghnopquFLT$?{}đơư",
        0.7: "EPSVXYZ",
        0.75: "ABCDKRU",
        0.8: "GHNOQ#&+<=>^~Đ×±ØƠƯ",
        0.85: "w",
        0.9: "M",
        0.95: "m%",
    }.items()
    for sign in signs
}
WIDEST = 1.0
LIGHT = 0.93  # of a text that is not bold
ASCENT, DESCENT = 0.8, 0.22  # of a line of text, in its size
LINE = 1.32
STYLES = {
    "frame": {"fill": "none", "stroke": "#000", "stroke-width": "0.5"},
    "thin": {"fill": "none", "stroke": "#000", "stroke-width": "0.13"},
    "faint": {"fill": "none", "stroke": "#888", "stroke-width": "0.1"},
    "leader": {"fill": "none", "stroke": "#777", "stroke-width": "0.1",
               "stroke-dasharray": "0.8 0.6"},
    "ground": {"fill": "none", "stroke": "#5b3a12", "stroke-width": "0.45"},
    "cover": {"fill": "none", "stroke": "#b00020", "stroke-width": "0.2",
              "stroke-dasharray": "1.6 0.8"},
    "bank": {"fill": "#f6c98a", "stroke": "#a85b00", "stroke-width": "0.18"},
    "bored": {"fill": "#c9d9f2", "stroke": "#1f4e9c", "stroke-width": "0.25",
              "stroke-dasharray": "1.2 0.5"},
    "existing": {"fill": "#d9ead3", "stroke": "#38761d", "stroke-width": "0.25",
                 "stroke-dasharray": "1.2 0.5"},
    "box": {"fill": "#fff", "stroke": "#000", "stroke-width": "0.3"},
    "filled": {"fill": "#333", "stroke": "#000", "stroke-width": "0.2"},
    "soil": {"fill": "#efe6d8", "stroke": "#5b3a12", "stroke-width": "0.2"},
    "surface": {"fill": "#b9b2a6", "stroke": "#000", "stroke-width": "0.15"},
    "wall": {"fill": "#d8d8d8", "stroke": "#000", "stroke-width": "0.3"},
    "water": {"fill": "none", "stroke": "#1f6fb5", "stroke-width": "0.4"},
    "head": {"fill": "#eef2f7", "stroke": "#000", "stroke-width": "0.13"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Label:
    """A text on paper and the room that it takes at most [mm]."""

    text: str
    left_mm: float
    top_mm: float
    right_mm: float
    bottom_mm: float

    def overlaps(self, other: "Label") -> bool:
        """
        Return whether two labels share room.

        Parameters
        ----------
        other
            Another label.

        Returns
        -------
        is_over
            True where their boxes overlap by more than a hair.
        """
        hair = 0.02
        return (
            min(self.right_mm, other.right_mm) - max(self.left_mm, other.left_mm) > hair
            and min(self.bottom_mm, other.bottom_mm) - max(self.top_mm, other.top_mm) > hair
        )


class Canvas:
    """A drawing that is being made; `labels` are all texts on it."""

    def __init__(self, width_mm: float, height_mm: float, title: str) -> None:
        """
        Begin a drawing.

        Parameters
        ----------
        width_mm
            Width of the paper [mm].
        height_mm
            Height of the paper [mm].
        title
            What it shows, for those who do not see it.
        """
        root = {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": f"{width_mm:g}mm",
            "height": f"{height_mm:g}mm",
            "viewBox": f"0 0 {width_mm:g} {height_mm:g}",
            "font-family": FONTS,
            "role": "img",
        }
        self._lines = [f"<svg{_attributes(root)}>", f" {_element('title', '', _clean(title))}"]
        self.rect(0, 0, width_mm, height_mm, style="paper")
        self.labels: list[Label] = []

    def line(self, points: Iterable[Point], style: str = "thin") -> None:
        """Draw a line through points."""
        self._add("polyline", style, points=_told(points))

    def shape(self, points: Iterable[Point], style: str) -> None:
        """Draw an area."""
        self._add("polygon", style, points=_told(points))

    def rect(self, x: float, y: float, width: float, height: float, *, style: str) -> None:
        """Draw a rectangle by its upper left corner."""
        self._add("rect", style, x=_mm(x), y=_mm(y), width=_mm(width), height=_mm(height))

    def circle(self, x: float, y: float, radius: float, style: str) -> None:
        """Draw a circle."""
        self._add("circle", style, cx=_mm(x), cy=_mm(y), r=_mm(radius))

    def text(
        self,
        at: Point,
        text: str,
        *,
        size: float = 2.4,
        anchor: str = "start",
        is_turned: bool = False,
        is_bold: bool = False,
        ink: str = "#000",
    ) -> Label:
        """
        Write one line of text.

        Parameters
        ----------
        at
            Where its baseline begins, is centred or ends, by `anchor` [mm].
        text
            The text.
        size
            Size of the letters [mm].
        anchor
            `"start"`, `"middle"` or `"end"`.
        is_turned
            True for text that runs upwards.
        is_bold
            True for heavy letters.
        ink
            Colour.

        Returns
        -------
        label
            The text and its room.
        """
        x, y = at
        attributes = {"x": _mm(x), "y": _mm(y), "font-size": f"{size:g}", "fill": ink}
        if anchor != "start":
            attributes["text-anchor"] = anchor
        if is_bold:
            attributes["font-weight"] = "bold"
        if is_turned:
            attributes["transform"] = f"rotate(-90 {_mm(x)} {_mm(y)})"
        shown = _clean(text)
        self._lines.append(f" {_element('text', _attributes(attributes), shown)}")
        width = text_width(shown, size, is_bold=is_bold)
        before = {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        along, above, below = (-before, width - before), ASCENT * size, DESCENT * size
        if is_turned:
            label = Label(shown, x - above, y - along[1], x + below, y - along[0])
        else:
            label = Label(shown, x + along[0], y - above, x + along[1], y + below)
        self.labels.append(label)
        return label

    def lines(
        self, at: Point, texts: Sequence[str], *, size: float = 2.4, ink: str = "#000"
    ) -> float:
        """
        Write lines one below another.

        Parameters
        ----------
        at
            Where the baseline of the first begins [mm].
        texts
            Lines.
        size
            Size of the letters [mm].
        ink
            Colour.

        Returns
        -------
        next_mm
            Where the baseline of a further line would be [mm].
        """
        x, y = at
        for text in texts:
            self.text((x, y), text, size=size, ink=ink)
            y += LINE * size
        return y

    def content(self) -> bytes:
        """Return the drawing as a file, the same from the same content."""
        lines = ["<?xml version='1.0' encoding='utf-8'?>", *self._lines, "</svg>"]
        return "\n".join(lines).encode("utf-8")

    def _add(self, kind: str, style: str, **attributes: str) -> None:
        """Add a shape, whose attributes are numbers."""
        told = "".join([f' {name}="{value}"' for name, value in attributes.items()])
        self._lines.append(f" <{kind}{told}{_looks(style)} />")


def text_width(text: str, size: float, *, is_bold: bool = False) -> float:
    """
    Return the room that a text takes at most.

    Parameters
    ----------
    text
        One line.
    size
        Size of the letters [mm].
    is_bold
        True for heavy letters.

    Returns
    -------
    width_mm
        Width [mm].
    """
    width = sum(chain.from_iterable(map(_rooms, text))) * size
    return width if is_bold else width * LIGHT


def fitted(text: str, width_mm: float, size: float, *, is_bold: bool = False) -> str:
    """
    Return a text that fits into some room, its end replaced by dots where it is too long.

    Parameters
    ----------
    text
        One line.
    width_mm
        Room [mm].
    size
        Size of the letters [mm].
    is_bold
        True for heavy letters.

    Returns
    -------
    text
        The text or its beginning.
    """
    if text_width(text, size, is_bold=is_bold) <= width_mm:
        return text
    while text and text_width(text + "…", size, is_bold=is_bold) > width_mm:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, width_mm: float, size: float) -> list[str]:
    """
    Return a text in lines that fit into some room.

    Parameters
    ----------
    text
        Words.
    width_mm
        Room [mm].
    size
        Size of the letters [mm].

    Returns
    -------
    lines
        At least one; a word that is too long alone is cut.
    """
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size) <= width_mm:
            lines[-1] = longer
        elif lines[-1]:
            lines.append(fitted(word, width_mm, size))
        else:
            lines[-1] = fitted(word, width_mm, size)
    return lines


def spread(
    wanted: npt.ArrayLike, apart_mm: float, low_mm: float, high_mm: float
) -> npt.NDArray[np.float64]:
    """
    Return places that keep a distance from each other and are as near as can be to those wanted.

    Parameters
    ----------
    wanted
        Places, rising [mm].
    apart_mm
        Least distance between neighbours [mm].
    low_mm
        Least place [mm].
    high_mm
        Greatest place [mm].

    Returns
    -------
    places
        One for each wanted; closer than `apart_mm` only where they do not fit otherwise [mm].

    Examples
    --------
    >>> spread([10.0, 10.5, 30.0], 2.0, 0.0, 40.0).tolist()
    [9.25, 11.25, 30.0]
    """
    aims = np.asarray(wanted, dtype=np.float64)
    count = len(aims)
    if not count:
        return aims
    apart = min(apart_mm, (high_mm - low_mm) / max(count - 1, 1))
    shift = apart * np.arange(count)
    # places less their shift must not fall: the nearest such numbers are means of blocks
    blocks: list[list[float]] = []
    for aim in (aims - shift).tolist():
        blocks.append([aim, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, size = blocks.pop()
            total = blocks[-1][1] + size
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + mean * size) / total, total]
    level = np.concatenate([np.full(int(size), mean) for mean, size in blocks])
    return np.asarray(np.clip(level, low_mm, high_mm - shift[-1]) + shift, dtype=np.float64)


@cache
def _rooms(letter: str) -> tuple[float, ...]:
    """Return the widths of the signs that a letter is written by, in their size."""
    signs = [letter] if letter in WIDTHS else unicodedata.normalize("NFD", letter)
    return tuple(WIDTHS.get(sign, WIDEST) for sign in signs if not unicodedata.combining(sign))


def _attributes(attributes: Mapping[str, str]) -> str:
    """Return attributes as they are written; their values are one line each."""
    return "".join(f' {name}="{_escaped(value)}"' for name, value in attributes.items())


@cache
def _looks(style: str) -> str:
    """Return a style as it is written."""
    return _attributes(STYLES.get(style, {"fill": "#fff", "stroke": "none"}))


def _element(kind: str, attributes: str, text: str) -> str:
    """Return an element with text as it is written."""
    return f"<{kind}{attributes}>{escape(text)}</{kind}>" if text else f"<{kind}{attributes} />"


def _escaped(value: str) -> str:
    """Return the value of an attribute as it is written."""
    return escape(value, {'"': "&quot;"})


def _clean(text: str) -> str:
    """Return text on one line, without the signs that XML bars."""
    return " ".join(BARRED.sub("", str(text)).split())


def _mm(value: float) -> str:
    """Return a length as it is written."""
    return f"{value + 0.0:.2f}"


def _told(points: Iterable[Point]) -> str:
    """Return points as they are written."""
    return " ".join(f"{_mm(x)},{_mm(y)}" for x, y in points)
