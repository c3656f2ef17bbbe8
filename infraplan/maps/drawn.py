"""Shapes of a layer on a picture for print."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

__all__ = ["draw_areas", "draw_lines"]

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
    from matplotlib.path import Path

    parts = shapely.get_parts(table.geometry.to_numpy()) if len(table) else np.array([])
    kinds = shapely.get_type_id(parts)
    paths = []
    for shape in parts[kinds == POLYGON]:
        rings = [shape.exterior, *shape.interiors]
        paths.append(Path.make_compound_path(*(Path(np.asarray(r.coords)[:, :2]) for r in rings)))
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
    lines = [np.asarray(line.coords)[:, :2] for line in parts[kinds == LINE]]
    drawn = LineCollection(
        lines, colors=color, linewidths=width, linestyles=style, zorder=zorder, capstyle="round"
    )
    axes.add_collection(drawn, autolim=False)
    if (kinds == POLYGON).any():
        draw_areas(axes, table, color, zorder)
