"""Shapes of a layer on a picture for print."""

import math
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.path import Path

__all__ = ["draw_areas", "draw_lines", "line_vertices", "polygon_path", "round_length_m"]

POINT, LINE, POLYGON = 0, 1, 3  # kinds of geometry as shapely numbers them


def draw_areas(
    axes: "Axes",
    table: "gpd.GeoDataFrame",
    color: str,
    zorder: int,
    *,
    edge: str = "none",
    hatch: str | None = None,
) -> None:
    """
    Draw polygons; a building known as a point becomes a small square.

    Parameters
    ----------
    axes
        Where to draw, in the planning CRS.
    table
        Shapes; lines are left out.
    color
        Colour inside.
    zorder
        Order of drawing, the lowest first.
    edge
        Colour of outlines.
    hatch
        Pattern inside, as matplotlib names it.
    """
    import shapely
    from matplotlib.collections import PathCollection

    parts = shapely.get_parts(table.geometry.to_numpy()) if len(table) else np.array([])
    kinds = shapely.get_type_id(parts)
    paths = [polygon_path(shape) for shape in parts[kinds == POLYGON]]
    if paths:
        drawn = PathCollection(
            paths, facecolors=color, edgecolors=edge, linewidths=0.4, hatch=hatch, zorder=zorder,
            alpha=0.45 if hatch else None,
        )  # fmt: skip
        axes.add_collection(drawn, autolim=False)
    points = parts[kinds == POINT]
    if len(points):
        axes.scatter(
            shapely.get_x(points), shapely.get_y(points), s=9, c=color, marker="s", zorder=zorder,
            edgecolors=edge, linewidths=0.4,
        )  # fmt: skip


def draw_lines(
    axes: "Axes",
    table: "gpd.GeoDataFrame",
    color: str,
    width: float,
    zorder: int,
    *,
    style: "str | tuple[int, tuple[int, ...]]" = "-",
) -> None:
    """
    Draw lines, and areas of a layer that has both.

    Parameters
    ----------
    axes
        Where to draw, in the planning CRS.
    table
        Shapes; points are left out.
    color
        Colour.
    width
        Width of a line [points].
    zorder
        Order of drawing, the lowest first.
    style
        Strokes and gaps, as matplotlib names them.
    """
    import shapely
    from matplotlib.collections import LineCollection

    if not len(table):
        return
    parts = shapely.get_parts(table.geometry.to_numpy())
    kinds = shapely.get_type_id(parts)
    lines = line_vertices(parts[kinds == LINE])
    drawn = LineCollection(
        lines, colors=color, linewidths=width, linestyles=style, zorder=zorder, capstyle="round"
    )
    axes.add_collection(drawn, autolim=False)
    if (kinds == POLYGON).any():
        draw_areas(axes, table, color, zorder)


def polygon_path(shape: Any) -> "Path":  # noqa: ANN401 - shapely is untyped
    """
    Return a polygon as one path, its holes left open.

    Parameters
    ----------
    shape
        Polygon or polygons of several parts.

    Returns
    -------
    path
        Path of all its rings.
    """
    import shapely
    from matplotlib.path import Path

    rings = shapely.get_rings(shape)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(xy), Path.LINETO, dtype=Path.code_type)
    codes[np.diff(ring, prepend=-1) != 0] = Path.MOVETO
    codes[np.diff(ring, append=len(rings)) != 0] = Path.CLOSEPOLY
    return Path(xy, codes)


def line_vertices(lines: Any) -> "list[np.ndarray[Any, Any]]":  # noqa: ANN401 - geometries
    """
    Return the vertices of lines.

    Parameters
    ----------
    lines
        Lines of one part, shape (n,).

    Returns
    -------
    vertices
        For each line its x and y, shape (vertices, 2).
    """
    import shapely

    xy, line = shapely.get_coordinates(lines, return_index=True)
    if not len(xy):
        return []
    return np.split(xy, np.flatnonzero(np.diff(line)) + 1)


def round_length_m(most_m: float) -> float:
    """
    Return the longest length of one, two or five that a scale bar may have.

    Parameters
    ----------
    most_m
        Room there is, > 0 [m].

    Returns
    -------
    length_m
        At most `most_m` [m].

    Examples
    --------
    >>> round_length_m(7300.0)
    5000.0
    """
    power = 10.0 ** math.floor(math.log10(most_m))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= most_m)
