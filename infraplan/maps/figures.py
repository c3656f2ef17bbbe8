"""
Pictures for print, drawn by matplotlib without any state of its own that others could change.

Figures are objects (no pyplot); letters are those of DejaVu Sans, which matplotlib brings along and
which has every Vietnamese letter; texts are never read as formulas, whatever the data hold. Equal
figures give equal bytes.
"""

import io
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "FAINT",
    "GRID",
    "INK",
    "WARNING",
    "WIDTH_INCH",
    "drawable",
    "figure_png",
    "new_figure",
    "plain_axes",
]

FONT = "DejaVu Sans"
INK, FAINT, GRID, WARNING = "#222222", "#5f6368", "#dcdcd8", "#b2182b"
WIDTH_INCH = 7.2  # the width of text on A4
DOTS_PER_INCH = 200


def new_figure(height_inch: float, *, width_inch: float = WIDTH_INCH) -> "Figure":
    """
    Return an empty white figure.

    Parameters
    ----------
    height_inch
        Height on paper, > 0.
    width_inch
        Width on paper, > 0; by default that of the text on an A4 page.

    Returns
    -------
    figure
        Figure on a canvas that makes pictures; no window, no pyplot.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_inch, height_inch), dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def figure_png(figure: "Figure") -> bytes:
    """
    Return a figure as a picture.

    Parameters
    ----------
    figure
        Figure, of `new_figure` or any other.

    Returns
    -------
    png
        PNG without date and name of a program: equal figures give equal bytes.
    """
    _set_letters(figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return stream.getvalue()


def drawable(text: object) -> str:
    r"""
    Return a text as one line that can be drawn.

    Parameters
    ----------
    text
        Any text of data, such as the name of a station.

    Returns
    -------
    line
        Composed letters; line breaks become spaces, and what the font lacks `?`.

    Examples
    --------
    >>> drawable("Trạm\n$x^2$ 🗼")
    'Trạm $x^2$ ?'
    """
    line = " ".join(unicodedata.normalize("NFC", str(text)).split())
    known = _letters()
    return "".join(letter if ord(letter) in known else "?" for letter in line)


def plain_axes(axes: "Axes") -> None:
    """
    Give axes the look that all our figures share: a light grid, no box, small dark letters.

    Parameters
    ----------
    axes
        Axes to dress.
    """
    axes.set_facecolor("white")
    axes.grid(visible=True, color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
        axes.spines[side].set_linewidth(0.8)
    axes.tick_params(colors=INK, labelsize=8, width=0.8, length=3)


def _set_letters(figure: "Figure") -> None:
    """Set the font of all texts, and take every text as it is."""
    from matplotlib.text import Text

    for artist in figure.findobj():
        if isinstance(artist, Text):
            artist.set_parse_math(False)
            artist.set_fontfamily(FONT)


@cache
def _letters() -> frozenset[int]:
    """Return the letters that the font has, as code points."""
    from matplotlib import font_manager

    path = font_manager.findfont(font_manager.FontProperties(family=FONT))
    return frozenset(font_manager.get_font(path).get_charmap())
