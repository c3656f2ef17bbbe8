"""Pictures for the papers of requested sites: what lies around one, and where all of them are."""

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.layers.bundle import Layers
from infraplan.layers.grid import geobox_of
from infraplan.layers.stations import on_air
from infraplan.layers.terrain import SEA as SEA_ZONE
from infraplan.maps.drawn import draw_areas
from infraplan.maps.drawn import draw_lines
from infraplan.maps.drawn import round_length_m
from infraplan.maps.figures import FAINT
from infraplan.maps.figures import INK
from infraplan.maps.figures import drawable
from infraplan.maps.figures import figure_png
from infraplan.maps.figures import new_figure
from infraplan.maps.palette import BACKDROP
from infraplan.maps.palette import LEVELS
from infraplan.maps.palette import PROPOSALS
from infraplan.maps.palette import SEA
from infraplan.maps.rasters import painted
from infraplan.text import Words
from infraplan.text import words as catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Sequence

    import geopandas as gpd
    from matplotlib.axes import Axes

    from infraplan.cables import CablePlan
    from infraplan.coverage import Gaps
    from infraplan.sites import Appraisal
    from infraplan.sites import Proposal

__all__ = ["overview_picture", "surroundings_picture"]

Floats = npt.NDArray[np.float64]
LineStyle = Literal["-", "--", ":"]
REACH_M = 500.0
SIDE_CM = 10.8
OVERVIEW_CM = 9.6
TALLEST_CM = 10.4
LACKING = ("none", "2g_only", "weak", "unknown")
NAMED_COMMUNES = 16
CM_PER_INCH = 2.54
NEAREST = 6  # stations that are named
CONTOURS_M = (5.0, 10.0, 20.0, 50.0, 100.0)  # below 5 m a model of 30 m shows roofs and trees
MOST_CONTOURS = 12
WATER, BUILDING, SCHOOL = "#a9cde3", "#b9b3a6", "#d8956b"
FALL, FIELD, SHIFT = "#b2182b", "#7b3294", "#0072b2"
SPOTS = ((0, 9), (0, -9), (1, 0), (-1, 0), (1, 9), (-1, 9), (1, -9), (-1, -9), (0, 18), (0, -18))


@dataclass(frozen=True, slots=True)
class _View:
    """A square of ground around a site, in the planning CRS."""

    x_m: float
    y_m: float
    reach_m: float

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return west, south, east, north."""
        return (
            self.x_m - self.reach_m,
            self.y_m - self.reach_m,
            self.x_m + self.reach_m,
            self.y_m + self.reach_m,
        )


def surroundings_picture(
    appraisal: "Appraisal",
    layers: Layers,
    request_id: str,
    *,
    reach_m: float = REACH_M,
    language: str = "vi",
) -> bytes:
    """
    Draw what the plan knows around one requested site.

    Parameters
    ----------
    appraisal
        Batch with the request.
    layers
        Layers of the plan.
    request_id
        Request with a position.
    reach_m
        Half the side of the square shown, > 0 [m].
    language
        `"vi"` or `"en"`.

    Returns
    -------
    png
        Square map, north up, with scale bar, legend, distances to the nearest stations, and circles
        of fall, of the safe distance and of the allowed shift, where known.
    """
    words = catalogue(language)
    row = appraisal.requests.loc[request_id]
    point = row[appraisal.requests.geometry.name]
    view = _View(float(point.x), float(point.y), reach_m)
    side = SIDE_CM / CM_PER_INCH
    figure = new_figure(side, width_inch=side)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    west, south, east, north = view.bounds
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    axes.set_facecolor("#f5f6f1")
    _ground(axes, layers, view)
    _features(axes, layers, view)
    legend = _circles(axes, row, view, words)
    _others(axes, appraisal, request_id, view)
    _stations(axes, layers, view, words)
    axes.plot(
        view.x_m, view.y_m, marker="+", color=FALL, markersize=11, markeredgewidth=1.8, zorder=20
    )
    _scale_and_north(axes, view, words)
    _legend(axes, legend)
    return figure_png(figure)


def _ground(axes: "Axes", layers: Layers, view: _View) -> None:
    """Draw relief and contours, and the sea."""
    if layers.terrain is None:
        return
    ground = layers.terrain.ground_m
    box = geobox_of(ground)
    cell_m = abs(float(box.affine.a))
    west, south, east, north = view.bounds
    left, top = float(box.affine.c), float(box.affine.f)
    rows, columns = ground.shape
    first_row = max(int((top - north) / cell_m) - 3, 0)
    last_row = min(int((top - south) / cell_m) + 4, rows)
    first_column = max(int((west - left) / cell_m) - 3, 0)
    last_column = min(int((east - left) / cell_m) + 4, columns)
    if last_row - first_row < 4 or last_column - first_column < 4:
        return
    window = (slice(first_row, last_row), slice(first_column, last_column))
    heights = ground.to_numpy()[window].astype(np.float64)
    wet = layers.terrain.zone.to_numpy()[window] == SEA_ZONE
    extent = (
        left + first_column * cell_m,
        left + last_column * cell_m,
        top - last_row * cell_m,
        top - first_row * cell_m,
    )
    pixels = painted(np.where(wet, np.nan, heights), np.ones(heights.shape, dtype=bool), cell_m)
    axes.imshow(pixels, extent=extent, zorder=1, interpolation="bilinear", alpha=0.9)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    _contours(axes, np.where(wet, np.nan, heights), extent, cell_m)


def _contours(
    axes: "Axes", heights: Floats, extent: tuple[float, float, float, float], cell_m: float
) -> None:
    """Draw lines of equal height, at a step that suits the relief."""
    known = heights[np.isfinite(heights)]
    span = float(np.ptp(known)) if known.size else 0.0
    step = next((s for s in CONTOURS_M if span / s <= MOST_CONTOURS), CONTOURS_M[-1])
    if span < 3.0 * step:
        return
    left, _, _, top = extent
    rows, columns = heights.shape
    x = left + cell_m * (np.arange(columns) + 0.5)
    y = top - cell_m * (np.arange(rows) + 0.5)
    levels = np.arange(math.ceil(float(known.min()) / step), float(known.max()) / step) * step
    if not len(levels):
        return
    lines = axes.contour(
        x, y, heights, levels=levels, colors="#a08a5f", linewidths=0.5, alpha=0.75, zorder=2
    )
    axes.clabel(lines, fmt="%g", fontsize=5, inline_spacing=1)
    axes.set_xlim(axes.get_xlim())


def _near(layers: Layers, name: str, view: _View) -> "gpd.GeoDataFrame":
    """Return what of a layer lies in view, cut to it."""
    from shapely.geometry import box

    table = layers.table(name)
    if not len(table):
        return table
    square = box(*view.bounds).buffer(20.0)
    found = table.iloc[np.sort(table.sindex.query(square, predicate="intersects"))]
    return found.assign(**{found.geometry.name: found.geometry.intersection(square)}).set_geometry(
        found.geometry.name
    )


def _features(axes: "Axes", layers: Layers, view: _View) -> None:
    """Draw water, roads, streets, power lines, protected areas, buildings, edges of communes."""
    draw_areas(axes, _near(layers, "sea", view), SEA, 3)
    draw_lines(axes, _near(layers, "waterways", view), WATER, 3.0, 3)
    draw_areas(axes, _near(layers, "protected", view), "#b8d8a8", 3, edge="#5d8a4a", hatch="///")
    ways = {name: _near(layers, name, view) for name in ("roads", "streets")}
    for name, width in (("roads", 1.9), ("streets", 2.7)):
        draw_lines(axes, ways[name], "#a3967c", width + 1.0, 4)
        draw_lines(axes, ways[name], "#ffffff", width, 5)
    draw_lines(axes, _near(layers, "power", view), "#444444", 0.9, 6, style="-.")
    buildings = _near(layers, "buildings", view)
    use = buildings["use"].astype("object") if "use" in buildings else pd.Series(dtype="object")
    special = use.isin(["school", "clinic"]).to_numpy(dtype=bool)
    if len(buildings):
        draw_areas(axes, buildings[~special], BUILDING, 6, edge="#8f887a")
        draw_areas(axes, buildings[special], SCHOOL, 6, edge="#9a5a34")
    _edges(axes, layers, view)
    named: set[str] = set()
    for name in ("streets", "roads"):
        _names_along(axes, ways[name], named)
    _institutions(axes, _near(layers, "institutions", view))


def _edges(axes: "Axes", layers: Layers, view: _View) -> None:
    """Draw the edges of communes."""
    from shapely.geometry import box

    communes = layers.table("communes")
    if not len(communes):
        return
    square = box(*view.bounds)
    near = communes.iloc[np.sort(communes.sindex.query(square, predicate="intersects"))]
    if len(near):
        lines = near.geometry.boundary.intersection(square).to_frame("geometry")
        draw_lines(axes, lines[~lines.is_empty], "#6a4a7a", 0.9, 7, style="--")


def _names_along(axes: "Axes", ways: "gpd.GeoDataFrame", named: set[str]) -> None:
    """Write the names of streets and roads along their longest piece in view, each once."""
    from matplotlib.patheffects import withStroke

    if not len(ways) or "name" not in ways:
        return
    for name, pieces in ways[ways["name"].notna()].groupby("name", sort=True):
        shape = pieces.geometry.iloc[int(np.argmax(pieces.geometry.length.to_numpy()))]
        if str(name) in named or shape.length < 160.0:
            continue
        named.add(str(name))
        middle = shape.interpolate(0.5, normalized=True)
        before, after = (shape.interpolate(part, normalized=True) for part in (0.45, 0.55))
        turn = math.degrees(math.atan2(after.y - before.y, after.x - before.x))
        axes.text(
            middle.x, middle.y, drawable(name)[:28], rotation=(turn + 90.0) % 180.0 - 90.0,
            rotation_mode="anchor", ha="center", va="center", fontsize=5.2, color="#5d584c",
            path_effects=[withStroke(linewidth=1.3, foreground="white")], zorder=9, clip_on=True,
        )  # fmt: skip


def _institutions(axes: "Axes", table: "gpd.GeoDataFrame") -> None:
    """Mark schools, clinics and offices with their names."""
    from matplotlib.patheffects import withStroke

    if not len(table):
        return
    at = table.geometry.representative_point()
    for name, x_m, y_m in zip(table["name"], at.x, at.y, strict=True):
        axes.plot(
            x_m,
            y_m,
            marker="p",
            color=SCHOOL,
            markersize=5,
            markeredgecolor="#7a4526",
            markeredgewidth=0.5,
            zorder=10,
        )
        if isinstance(name, str):
            axes.annotate(
                drawable(name)[:30], (x_m, y_m), xytext=(0, -6), textcoords="offset points",
                ha="center", va="center", fontsize=5.0, color="#7a4526", zorder=10,
                path_effects=[withStroke(linewidth=1.3, foreground="white")], annotation_clip=True,
                clip_on=True,
            )  # fmt: skip


def _circles(
    axes: "Axes", row: "pd.Series[Any]", view: _View, words: Words
) -> list[tuple[str, LineStyle, str]]:
    """Draw the circles that a person checks on the site; return their colour, line and words."""
    from matplotlib.patches import Circle

    found = reasons_of(row)
    falls = found.get("fall", {})
    fall = (falls.get("detail") or {}).get("radius_m")  # none on a roof, which holds the mast
    known: tuple[tuple[Any, str, LineStyle, str], ...] = (
        (fall, FALL, "-", "sheets.map_fall"),
        (found.get("emf", {}).get("value"), FIELD, "--", "sheets.map_emf"),
        (row.get("shift_allowed_m"), SHIFT, ":", "sheets.map_shift"),
    )
    drawn = []
    for radius_m, color, style, key in known:
        if not isinstance(radius_m, int | float) or not math.isfinite(radius_m) or radius_m <= 0:
            continue
        axes.add_patch(
            Circle(
                (view.x_m, view.y_m), float(radius_m), fill=False, edgecolor=color, linestyle=style,
                linewidth=1.3, zorder=12,
            )
        )  # fmt: skip
        drawn.append((color, style, words(key, radius=words.number(float(radius_m)))))
    return drawn


def reasons_of(row: "Mapping[str, Any] | pd.Series[Any]") -> dict[str, dict[str, Any]]:
    """
    Return the findings on a request by rule.

    Parameters
    ----------
    row
        Row of `Appraisal.requests`.

    Returns
    -------
    reasons
        Finding by rule, empty where the row holds none.
    """
    try:
        return {str(reason["rule"]): reason for reason in json.loads(str(row.get("reasons")))}
    except (TypeError, ValueError, KeyError):
        return {}


def _others(axes: "Axes", appraisal: "Appraisal", request_id: str, view: _View) -> None:
    """Mark the other requests of the batch that lie in view."""
    west, south, east, north = view.bounds
    table = appraisal.requests
    table = table[table.geometry.notna() & (table.index != request_id)].cx[west:east, south:north]
    for name, point, proposal in zip(table.index, table.geometry, table["proposal"], strict=True):
        axes.plot(
            point.x,
            point.y,
            marker="P",
            color=PROPOSALS.get(str(proposal), FAINT),
            markeredgecolor="white",
            markersize=8,
            zorder=14,
        )
        axes.annotate(
            drawable(name)[:24], (point.x, point.y), xytext=(0, 7), textcoords="offset points",
            ha="center", fontsize=5.4, color=INK, zorder=15, clip_on=True, annotation_clip=True,
        )  # fmt: skip


def _stations(axes: "Axes", layers: Layers, view: _View, words: Words) -> None:
    """Draw the stations in view with distances, and tell of the nearest beyond it."""
    from matplotlib.patheffects import withStroke

    table = on_air(layers.table("sites"))
    table = table[~(table.geometry.isna() | table.geometry.is_empty)].sort_index()
    if not len(table):
        return
    away = np.hypot(table.geometry.x - view.x_m, table.geometry.y - view.y_m).to_numpy()
    order = np.argsort(away, kind="stable")
    west, south, east, north = view.bounds
    halo = [withStroke(linewidth=1.5, foreground="white")]
    labels = 0
    taken: list[tuple[float, float]] = [(0.0, 0.0)]
    per_m = SIDE_CM / CM_PER_INCH * 72.0 / (2.0 * view.reach_m)
    for place in order:
        point = table.geometry.iloc[place]
        if not (west <= point.x <= east and south <= point.y <= north):
            continue
        axes.plot(
            point.x,
            point.y,
            marker="^",
            color=INK,
            markeredgecolor="white",
            markersize=7.5,
            zorder=16,
        )
        taken.append(((point.x - view.x_m) * per_m, (point.y - view.y_m) * per_m))
        if labels >= NEAREST:
            continue
        labels += 1
        x, y = taken[-1]
        axes.plot(
            [view.x_m, point.x],
            [view.y_m, point.y],
            color=INK,
            linewidth=0.5,
            linestyle=(0, (2, 3)),
            zorder=11,
        )
        operator = drawable(table["operator"].iloc[place])[:14]
        name, distance = drawable(table.index[place])[:24], words.number(float(away[place]))
        text = f"{name}\n{operator}, {distance} m"
        dx, dy = _free_spot(x, y, text, taken)
        taken.append((x + dx, y + dy))
        axes.annotate(
            text, (point.x, point.y), xytext=(dx, dy), textcoords="offset points", ha="center",
            va="center", fontsize=5.6, fontweight="bold", color=INK, path_effects=halo, zorder=17,
            linespacing=1.05,
        )  # fmt: skip
    if labels == 0:
        place = int(order[0])
        _pointer(
            axes,
            table.geometry.iloc[place],
            float(away[place]),
            str(table.index[place]),
            view,
            words,
        )


def _free_spot(
    x: float, y: float, text: str, taken: list[tuple[float, float]]
) -> tuple[float, float]:
    """Return where a label stands freest around its point, the last taken [points]."""
    half = 1.75 * max(len(line) for line in text.split("\n")) + 3.0
    edge = SIDE_CM / CM_PER_INCH * 36.0
    best, chosen = -math.inf, (0.0, 11.0)
    for across, up in SPOTS:
        dx, dy = across * (half + 4.0), 1.25 * up
        free = min(
            max(abs(x + dx - ox) / (1.7 * half), abs(y + dy - oy) / 13.0) for ox, oy in taken[:-1]
        )
        inside = abs(x + dx) + half < edge and abs(y + dy) + 9.0 < edge
        score = min(free, 1.0) - (0.0 if inside else 10.0)
        if score > best + 1e-9:
            best, chosen = score, (dx, dy)
    return chosen


def _pointer(
    axes: "Axes",
    point: Any,  # noqa: ANN401 - shapely is untyped
    away_m: float,
    name: str,
    view: _View,
    words: Words,
) -> None:
    """Point from the edge of the picture to the nearest station beyond it."""
    dx, dy = (point.x - view.x_m) / away_m, (point.y - view.y_m) / away_m
    reach = 0.90 * view.reach_m / max(abs(dx), abs(dy))
    tip = (view.x_m + dx * reach, view.y_m + dy * reach)
    tail = (view.x_m + 0.86 * dx * reach, view.y_m + 0.86 * dy * reach)
    axes.annotate(
        "",
        tip,
        xytext=tail,
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.2},
        zorder=17,
    )
    told = words("sheets.map_beyond", site=drawable(name)[:24], distance=words.number(away_m))
    text = told.replace(" ", "\n", 3).replace("\n", " ", 2) if len(told) > 24 else told
    axes.text(
        view.x_m + 0.80 * dx * reach, view.y_m + 0.80 * dy * reach, text,
        ha="left" if dx < -0.3 else "right" if dx > 0.3 else "center",
        va="bottom" if dy < -0.3 else "top" if dy > 0.3 else "center",
        fontsize=5.8, fontweight="bold", color=INK, zorder=17,
        bbox={"facecolor": "#ffffffd0", "edgecolor": "none", "pad": 1.5},
    )  # fmt: skip


def _scale_and_north(axes: "Axes", view: _View, words: Words) -> None:
    """Draw a bar of 200 m or so, and where north is."""
    _, south, east, _ = view.bounds
    long_m = round_length_m(0.2 * view.reach_m * 2.0)
    x_m, y_m = east - 0.04 * 2 * view.reach_m - long_m, south + 0.05 * view.reach_m
    pad = {"facecolor": "#ffffffc0", "edgecolor": "none", "pad": 1.0}
    axes.plot(
        [x_m, x_m + long_m], [y_m, y_m], color=INK, linewidth=2.2, zorder=21, solid_capstyle="butt"
    )
    axes.text(
        x_m + long_m / 2,
        y_m + 0.02 * view.reach_m,
        f"{words.number(long_m)} m",
        ha="center",
        va="bottom",
        fontsize=6.5,
        zorder=21,
        bbox=pad,
    )
    axes.annotate(
        words("sheets.map_north"), (0.955, 0.985), xytext=(0.955, 0.90), xycoords="axes fraction",
        ha="center", va="top", fontsize=7.5, fontweight="bold", zorder=21,
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.4},
    )  # fmt: skip


def _legend(axes: "Axes", drawn: list[tuple[str, LineStyle, str]]) -> None:
    """Tell what the circles are."""
    from matplotlib.lines import Line2D

    if not drawn:
        return
    handles = [
        Line2D([], [], color=color, linestyle=style, linewidth=1.3, label=text)
        for color, style, text in drawn
    ]
    legend = axes.legend(
        handles=handles, loc="lower left", fontsize=5.8, framealpha=0.9, edgecolor="#cccccc",
        borderpad=0.4, labelspacing=0.3, handlelength=2.4,
    )  # fmt: skip
    legend.set_zorder(22)


def overview_picture(
    layers: Layers,
    *,
    gaps: "Gaps | None" = None,
    appraisals: "Sequence[Appraisal]" = (),
    proposal: "Proposal | None" = None,
    cable_plan: "CablePlan | None" = None,
    language: str = "vi",
) -> bytes | None:
    """
    Draw the whole area with who lacks service, what was asked for and what is proposed.

    Parameters
    ----------
    layers
        Layers of the plan.
    gaps
        Residential areas; those that lack service are marked, larger where it is more people.
    appraisals
        Batches, marked by their proposal; requests that were not appraised are grey.
    proposal
        Proposed sites.
    cable_plan
        Streets that are to go underground.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    png
        Map with its legend below; None where the plan has nothing that lies anywhere.
    """
    words = catalogue(language)
    requests = layers.table("requests")
    communes = layers.table("communes")
    bounds = _bounds_of([communes, requests, layers.table("sites")])
    if bounds is None:
        return None
    west, south, east, north = bounds
    width = OVERVIEW_CM / CM_PER_INCH
    tall = min(max((north - south) / (east - west), 0.4), TALLEST_CM / OVERVIEW_CM)
    figure = new_figure(width * tall + 0.62, width_inch=width)
    share = width * tall / (width * tall + 0.62)
    axes = figure.add_axes((0.0, 1.0 - share, 1.0, share))
    axes.set_facecolor(BACKDROP)
    draw_areas(axes, layers.table("sea"), SEA, 1)
    draw_areas(axes, communes, "#fbfbf8", 2, edge="#a09a8c")
    _commune_names(axes, communes)
    handles = [
        *_lacking(axes, gaps, words),
        *_requested(axes, requests, appraisals, words),
        *_proposed(axes, proposal, words),
        *_underground(axes, cable_plan, words),
    ]
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    for side in axes.spines.values():
        side.set_color("#c3ccd5")
    if handles:
        figure.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0.0, 0.0), ncols=2, fontsize=6.0,
            frameon=False, borderpad=0.1, labelspacing=0.35, columnspacing=1.0, handletextpad=0.4,
        )  # fmt: skip
    return figure_png(figure)


def _bounds_of(tables: "Sequence[gpd.GeoDataFrame]") -> tuple[float, float, float, float] | None:
    """Return the extent of the first table that lies anywhere, with a margin."""
    for table in tables:
        if not len(table):
            continue
        bounds = np.asarray(table.total_bounds, dtype=np.float64)
        if np.isfinite(bounds).all():
            west, south, east, north = bounds
            margin = 0.02 * max(east - west, north - south, 1_000.0)
            return west - margin, south - margin, east + margin, north + margin
    return None


def _commune_names(axes: "Axes", communes: "gpd.GeoDataFrame") -> None:
    """Write the names of the communes where there are few."""
    if not 0 < len(communes) <= NAMED_COMMUNES:
        return
    at = communes.geometry.representative_point()
    for name, x_m, y_m in zip(communes["name"], at.x, at.y, strict=True):
        axes.text(x_m, y_m, drawable(name)[:22], ha="center", va="center", fontsize=5.0,
                  color="#8a8578", zorder=3)  # fmt: skip


def _lacking(axes: "Axes", gaps: "Gaps | None", words: Words) -> list[Any]:
    """Mark the residential areas that lack service; return their legend."""
    if gaps is None:
        return []
    hamlets = gaps.hamlets[~gaps.hamlets["is_rest"].astype(bool).to_numpy()]
    level = hamlets["level"].astype("object").fillna("unknown")
    handles = []
    most = max(float(hamlets["people_uncovered"].max(skipna=True)), 1.0) if len(hamlets) else 1.0
    for name in reversed(LACKING):
        rows = hamlets[(level == name).to_numpy()]
        if not len(rows):
            continue
        at = rows.geometry.representative_point()
        people = rows["people_uncovered"].fillna(0.0).to_numpy(dtype=np.float64)
        size = np.maximum(9.0, 130.0 * people / most)
        axes.scatter(
            at.x, at.y, s=size, c=LEVELS[name], edgecolors="white", linewidths=0.5, zorder=6
        )
        text = words(
            "brief.map_level", level=words(f"maps.level_{name}"), count=words.number(len(rows))
        )
        handles.append(_mark("o", LEVELS[name], text))
    return handles[::-1]


def _requested(
    axes: "Axes", requests: "gpd.GeoDataFrame", appraisals: "Sequence[Appraisal]", words: Words
) -> list[Any]:
    """Mark the requests by what is proposed for them; return their legend."""
    if not len(requests):
        return []
    told: dict[str, str] = {}
    for appraisal in appraisals:
        told |= dict(
            zip(
                appraisal.requests.index.astype(str),
                appraisal.requests["proposal"].astype(str),
                strict=True,
            )
        )
    placed = requests[~(requests.geometry.isna() | requests.geometry.is_empty).to_numpy()]
    kinds = np.array([told.get(str(key), "") for key in placed.index], dtype=object)
    handles = []
    for kind in (*PROPOSALS, ""):
        rows = placed[kinds == kind]
        if not len(rows):
            continue
        color = PROPOSALS.get(kind, FAINT)
        axes.scatter(
            rows.geometry.x, rows.geometry.y, s=38, marker="P", c=color, edgecolors="white",
            linewidths=0.7, zorder=8,
        )  # fmt: skip
        name = words(f"sites.{kind}") if kind else words("brief.map_not_appraised")
        text = words("brief.map_request", proposal=name, count=words.number(len(rows)))
        handles.append(_mark("P", color, text))
    return handles


def _proposed(axes: "Axes", proposal: "Proposal | None", words: Words) -> list[Any]:
    """Mark the sites that the plan proposes; return their legend."""
    if proposal is None or not len(proposal.sites):
        return []
    at = proposal.sites.geometry
    axes.scatter(
        at.x, at.y, s=60, marker="*", c="#000000", edgecolors="white", linewidths=0.6, zorder=9
    )
    return [_mark("*", "#000000", words("brief.map_proposed", count=words.number(len(at))))]


def _underground(axes: "Axes", cable_plan: "CablePlan | None", words: Words) -> list[Any]:
    """Draw the streets that are to go underground; return their legend."""
    from matplotlib.lines import Line2D

    if cable_plan is None or not len(cable_plan.segments):
        return []
    draw_lines(axes, cable_plan.segments, "#7b3294", 2.0, 7)
    return [Line2D([], [], color="#7b3294", linewidth=2.0, label=words("brief.map_underground"))]


def _mark(shape: str, color: str, text: str) -> Any:  # noqa: ANN401 - matplotlib
    """Return an entry of a legend."""
    from matplotlib.lines import Line2D

    return Line2D(
        [], [], linestyle="none", marker=shape, color=color, markeredgecolor="white", label=text,
        markersize=9 if shape == "*" else 6,
    )  # fmt: skip
