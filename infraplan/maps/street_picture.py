"""A picture of an undergrounding plan for papers: streets, trenches, ducts, crossings, chambers."""

import math
from typing import TYPE_CHECKING

from infraplan.maps.drawn import draw_areas
from infraplan.maps.drawn import draw_lines
from infraplan.maps.drawn import round_length_m
from infraplan.maps.figures import INK
from infraplan.maps.figures import drawable
from infraplan.maps.figures import figure_png
from infraplan.maps.figures import new_figure
from infraplan.maps.palette import BACKDROP
from infraplan.text import Words

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

    from infraplan.cables import CablePlan

__all__ = ["street_picture"]

WIDTH_INCH = 6.4
TALLEST = 1.1  # of the width
LEGEND_INCH = 0.45
TRENCH, DUCT, CROSSING = "#c2185b", "#26a69a", "#e65100"  # as on the map


def street_picture(plan: "CablePlan", words: Words) -> bytes | None:
    """
    Draw what goes underground.

    Parameters
    ----------
    plan
        Plan of undergrounding.
    words
        Catalogue.

    Returns
    -------
    png
        Map with scale and legend, north up; None where nothing goes underground. Equal plans give
        equal bytes.
    """
    from matplotlib.lines import Line2D

    segments = plan.segments
    if not len(segments):
        return None
    west, south, east, north = segments.total_bounds.tolist()
    margin = 0.04 * max(east - west, north - south) + 20.0
    west, south, east, north = west - margin, south - margin, east + margin, north + margin
    tall = min((north - south) / (east - west), TALLEST)
    height = WIDTH_INCH * tall + LEGEND_INCH
    figure = new_figure(height, width_inch=WIDTH_INCH)
    share = WIDTH_INCH * tall / height
    axes = figure.add_axes((0.0, 1.0 - share, 1.0, share))
    axes.set_facecolor(BACKDROP)
    streets = plan.layers.table("streets")
    draw_lines(axes, streets, "#a3967c", 4.6, 1)
    draw_lines(axes, streets, "#ffffff", 3.6, 2)
    draw_areas(axes, plan.layers.table("buildings").cx[west:east, south:north], "#d9d3c6", 2)
    is_duct = segments["kind"] == "duct"
    draw_lines(axes, segments[~is_duct], TRENCH, 2.0, 4)
    draw_lines(axes, segments[is_duct], DUCT, 2.0, 4, style=(0, (4, 2)))
    draw_lines(axes, plan.crossings, CROSSING, 2.4, 5)
    handles = [
        Line2D([], [], color=TRENCH, linewidth=2.0, label=words("maps.segment_trench")),
        Line2D([], [], color=DUCT, linewidth=2.0, linestyle=(0, (4, 2)),
               label=words("maps.segment_duct")),
        Line2D([], [], color=CROSSING, linewidth=2.4, label=words("maps.layer_crossings")),
    ]  # fmt: skip
    for kind, size in (("manhole", 16), ("handhole", 7)):
        at = plan.chambers[plan.chambers["kind"] == kind].geometry
        axes.scatter(at.x, at.y, s=size, marker="s", c="white", edgecolors="#4a0d2b",
                     linewidths=0.7, zorder=6)  # fmt: skip
        handles.append(
            Line2D([], [], linestyle="none", marker="s", color="white", markeredgecolor="#4a0d2b",
                   markersize=size**0.5, label=words(f"maps.chamber_{kind}"))
        )  # fmt: skip
    _names(axes, segments)
    _scale(axes, (west, south, east, north), words)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, 0.0), ncols=3, fontsize=6.5,
        frameon=False, borderpad=0.2, labelspacing=0.4, columnspacing=1.4,
    )  # fmt: skip
    return figure_png(figure)


def _names(axes: "Axes", segments: "gpd.GeoDataFrame") -> None:
    """Write the name of each street along its longest trench."""
    import shapely

    for name, rows in segments.groupby(segments["street"].astype(str), sort=True):
        line = max(shapely.get_parts(rows.geometry.to_numpy()), key=lambda part: part.length)
        ends = shapely.get_coordinates(
            [line.interpolate(0.4, normalized=True), line.interpolate(0.6, normalized=True)]
        )
        run = ends[1] - ends[0]
        turn = math.degrees(math.atan2(run[1], run[0]))
        turn = turn - 180 if turn > 90 else turn + 180 if turn <= -90 else turn
        middle = (ends[0] + ends[1]) / 2
        axes.annotate(
            drawable(str(name)), middle, xytext=(0, 7), textcoords="offset points", ha="center",
            va="center", rotation=turn, rotation_mode="anchor", fontsize=7.0, color=INK, zorder=8,
            bbox={"facecolor": "#ffffffcc", "edgecolor": "none", "pad": 0.6},
        )  # fmt: skip


def _scale(axes: "Axes", bounds: tuple[float, float, float, float], words: Words) -> None:
    """Draw a bar of round length, and where north is."""
    west, south, east, north = bounds
    long_m = round_length_m((east - west) / 5)
    x_m, y_m = west + 0.03 * (east - west), south + 0.03 * (north - south)
    axes.plot([x_m, x_m + long_m], [y_m, y_m], color=INK, linewidth=2.0, zorder=10)
    axes.text(
        x_m + long_m / 2, y_m, f"{words.number(long_m)} m", ha="center", va="bottom", fontsize=7.0,
        zorder=10,
    )  # fmt: skip
    axes.annotate(
        words("gaps_report.north"), (0.965, 0.12), xytext=(0.965, 0.03), xycoords="axes fraction",
        ha="center", fontsize=7.5, arrowprops={"arrowstyle": "-|>", "color": INK}, zorder=10,
    )  # fmt: skip
