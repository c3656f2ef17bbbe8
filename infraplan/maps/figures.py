"""Figures for paper: one look, and the same bytes from the same figures, without a browser."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["INK", "QUIET", "figure_png", "plain_axes"]

INK = "#222222"
QUIET = "#767676"
CM = 1.0 / 2.54  # inches
DOTS_PER_INCH = 200
# DejaVu Sans comes with matplotlib and has every Vietnamese letter; no office font is counted on
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "text.color": INK,
    "text.parse_math": False,  # a name from data may hold a dollar sign
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}


def figure_png(width_cm: float, height_cm: float, draw: Callable[["Figure"], None]) -> bytes:
    """
    Return a figure as a picture.

    Parameters
    ----------
    width_cm
        Width on paper, > 0.
    height_cm
        Height on paper, > 0.
    draw
        Fills the empty figure it is given; what it draws has the common look.

    Returns
    -------
    png
        PNG file; it names neither a program nor a time, so equal figures give equal bytes.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    stream = io.BytesIO()
    with mpl.rc_context(STYLE):  # texts take their look when they are made, signs when drawn
        figure = Figure(figsize=(width_cm * CM, height_cm * CM), layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure)
        figure.savefig(stream, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return stream.getvalue()


def plain_axes(figure: "Figure") -> "Axes":
    """
    Return axes of a figure with the left and bottom line alone and quiet vertical rules.

    Parameters
    ----------
    figure
        Figure that is being drawn.

    Returns
    -------
    axes
        Empty axes.
    """
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#dddddd", linewidth=0.5)
    axes.set_axisbelow(True)
    return axes
