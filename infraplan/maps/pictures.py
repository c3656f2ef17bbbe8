"""Pictures of coverage and its gaps for paper: the map of an area, and charts of its figures."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.coverage.readings import readings_of
from infraplan.coverage.readings import worst_gaps
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import geobox_of
from infraplan.layers.terrain import SEA as SEA_ZONE
from infraplan.maps.context import area_mask
from infraplan.maps.figures import FAINT
from infraplan.maps.figures import GRID
from infraplan.maps.figures import INK
from infraplan.maps.figures import drawable
from infraplan.maps.figures import figure_png
from infraplan.maps.figures import new_figure
from infraplan.maps.figures import plain_axes
from infraplan.maps.palette import BACKDROP
from infraplan.maps.palette import CATEGORIES
from infraplan.maps.palette import CLASSES
from infraplan.maps.palette import LEVELS
from infraplan.maps.palette import SEA
from infraplan.maps.rasters import painted
from infraplan.text import Words
from infraplan.text import words as catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from infraplan.coverage import Gaps

__all__ = ["fixes_picture", "gaps_picture", "readings_picture", "shares_picture"]

Floats = npt.NDArray[np.float64]
CM_PER_INCH = 2.54
WIDTH_CM = 16.5  # what A4 leaves between its margins
TALLEST_CM = 15.0
LONGEST_SIDE = 1_600  # cells of the ground of a picture
LACKING = ("none", "2g_only", "weak", "unknown")
OTHERWISE = "otherwise"  # served by another technology than the headline's
COLORS = {name: LEVELS[name] for name in LACKING} | {OTHERWISE: LEVELS["single_operator"]}
NAME_POINTS = 5.0
NAMED_COMMUNES = 120  # up to so many are named on the map
LARGEST = 260.0  # area of the mark of the place with most people without service [points squared]
SMALLEST = 12.0
MARK_PEOPLE = (100.0, 1_000.0)  # that the legend shows the size of
LABEL_STEPS = 16
LABEL_AWAY = (13.0, 20.0, 28.0)  # of a number from its place [points]
SHAPES = ("o", "s", "D", "^", "v", "P")


def gaps_picture(
    gaps: "Gaps",
    *,
    covered: "xr.DataArray | None" = None,
    numbered: int = 10,
    language: str = "vi",
) -> bytes:
    """
    Draw who has no service: each residential area that lacks it, larger where it is more people.

    Parameters
    ----------
    gaps
        Result, with its layers.
    covered
        1 where the headline has service, 0 where not, NaN unknown, of `Coverage.covered`; the
        ground without service is then tinted.
    numbered
        How many of the first areas by rank carry their number, >= 0.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    png
        Picture as wide as an A4 page, north up, with scale and legend.
    """
    words = catalogue(language)
    layers = gaps.layers
    communes = layers.table("communes")
    west, south, east, north = (float(edge) for edge in communes.total_bounds)
    margin_m = 0.03 * max(east - west, north - south)
    frame = _Frame(west - margin_m, south - margin_m, east + margin_m, north + margin_m)
    height_cm = min(WIDTH_CM * frame.height_m / frame.width_m, TALLEST_CM)

    def draw(figure: "Figure") -> None:
        """Draw the ground, the areas, and what explains them."""
        axes = figure.add_subplot()
        axes.set_facecolor(BACKDROP)
        _ground(axes, layers)
        if covered is not None:
            _without(axes, covered, layers)
        points_per_m = 72.0 * WIDTH_CM / CM_PER_INCH / frame.width_m
        _outlines(axes, layers, points_per_m)
        marks = _marks(axes, gaps, numbered, points_per_m, words)
        axes.set_xlim(frame.west_m, frame.east_m)
        axes.set_ylim(frame.south_m, frame.north_m)
        axes.set_aspect("equal")
        axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
        _scale(axes, frame, words)
        handles = [*marks, *_tinted(covered is not None, gaps, words)]
        axes.legend(
            handles=handles,
            loc="upper right" if layers.has("sea") else "best",
            fontsize=7.5,
            framealpha=0.92,
            edgecolor="#cccccc",
            title=words("gaps_report.legend"),
            title_fontsize=7.5,
            labelspacing=0.7,
        )
        _banner(axes, layers, words)

    return _drawn(height_cm, draw)


def _drawn(height_cm: float, draw: "Callable[[Figure], None]") -> bytes:
    """Return a picture as wide as the text of A4, filled by a function."""
    figure = new_figure(height_cm / CM_PER_INCH, width_inch=WIDTH_CM / CM_PER_INCH)
    figure.set_layout_engine("constrained")
    draw(figure)
    return figure_png(figure)


def _axes(figure: "Figure") -> "Axes":
    """Return axes for a chart whose values run to the right."""
    axes = figure.add_subplot()
    plain_axes(axes)
    axes.grid(visible=False, axis="y")
    return axes


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a map shows, in the planning CRS."""

    west_m: float
    south_m: float
    east_m: float
    north_m: float

    @property
    def width_m(self) -> float:
        """Return how wide it is."""
        return self.east_m - self.west_m

    @property
    def height_m(self) -> float:
        """Return how high it is."""
        return self.north_m - self.south_m


def _ground(axes: "Axes", layers: Layers) -> None:
    """Draw sea and relief."""
    sea = layers.table("sea")
    if len(sea):
        sea.plot(ax=axes, color=SEA, linewidth=0.0, zorder=1)
    if layers.terrain is None:
        return
    ground = layers.terrain.ground_m
    step = max(1, max(ground.shape) // LONGEST_SIDE)
    heights = ground.to_numpy()[::step, ::step].astype(np.float64)
    wet = layers.terrain.zone.to_numpy()[::step, ::step] == SEA_ZONE
    inside = area_mask(layers, ground)
    within = np.ones(heights.shape, dtype=bool)
    if inside is not None:
        within = inside.to_numpy()[::step, ::step].astype(bool)
    box = geobox_of(ground)
    pixels = painted(np.where(wet, np.nan, heights), within, abs(float(box.affine.a)) * step)
    axes.imshow(pixels, extent=_extent(box.boundingbox), zorder=2, interpolation="antialiased")


def _extent(bounds: object) -> tuple[float, float, float, float]:
    """Return bounds in the order of matplotlib."""
    left, bottom, right, top = (float(edge) for edge in bounds)  # type: ignore[attr-defined]
    return left, right, bottom, top


def _without(axes: "Axes", covered: "xr.DataArray", layers: Layers) -> None:
    """Tint the ground inside the communes that has no service."""
    inside = area_mask(layers, covered)
    step = max(1, max(covered.shape) // LONGEST_SIDE)
    lacking = covered.to_numpy()[::step, ::step] == 0.0
    if inside is not None:
        lacking &= inside.to_numpy()[::step, ::step].astype(bool)
    tint = np.zeros((*lacking.shape, 4))
    tint[lacking] = (*_rgb(CLASSES[0]), 0.30)
    extent = _extent(geobox_of(covered).boundingbox)
    axes.imshow(tint, extent=extent, zorder=3, interpolation="nearest")


def _rgb(color: str) -> tuple[float, float, float]:
    """Return a colour such as `#b2182b` as parts of 1."""
    red, green, blue = (int(color[at : at + 2], 16) / 255.0 for at in (1, 3, 5))
    return red, green, blue


def _outlines(axes: "Axes", layers: Layers, points_per_m: float) -> None:
    """Draw the edges of the communes and of all of them together."""
    import geopandas as gpd
    from matplotlib.patheffects import withStroke

    communes = layers.table("communes")
    communes.boundary.plot(ax=axes, color="#8a8578", linewidth=0.4, zorder=4)
    whole = gpd.GeoSeries([communes.geometry.union_all()], crs=communes.crs)
    whole.boundary.plot(ax=axes, color="#4a463d", linewidth=0.9, zorder=5)
    if len(communes) > NAMED_COMMUNES:
        return
    halo = [withStroke(linewidth=1.4, foreground="#ffffffb0")]
    for name, x_m, y_m in _apart(communes, points_per_m):
        axes.text(
            x_m,
            y_m,
            drawable(name),
            ha="center",
            va="center",
            fontsize=NAME_POINTS,
            color="#5d584c",
            path_effects=halo,
            zorder=6,
        )


def _apart(communes: "gpd.GeoDataFrame", points_per_m: float) -> list[tuple[str, float, float]]:
    """Return the names of communes that fit beside each other, larger communes first."""
    ordered = communes.assign(size=communes.geometry.area).sort_values("size", ascending=False)
    at = ordered.geometry.representative_point()
    taken: list[tuple[float, float, float]] = []
    kept = []
    for name, x_m, y_m in zip(ordered["name"], at.x, at.y, strict=True):
        half = NAME_POINTS * 0.32 * len(str(name))
        x, y = x_m * points_per_m, y_m * points_per_m
        free = all(
            abs(x - other_x) > half + other_half or abs(y - other_y) > NAME_POINTS
            for other_x, other_y, other_half in taken
        )
        if free:
            taken.append((x, y, half))
            kept.append((str(name), float(x_m), float(y_m)))
    return kept


def _marks(
    axes: "Axes", gaps: "Gaps", numbered: int, points_per_m: float, words: Words
) -> list[object]:
    """Draw the areas that lack service and number the first of them; return their legend."""
    from matplotlib.lines import Line2D

    hamlets = gaps.hamlets
    first = worst_gaps(hamlets, numbered)
    level = hamlets["level"].astype("object").fillna("unknown")
    level = level.where(level.isin(LACKING), OTHERWISE)
    shown = (level != OTHERWISE) & ~hamlets["is_rest"].astype(bool)
    lacking = hamlets[(shown | hamlets.index.isin(first.index)).to_numpy()].assign(level=level)
    lacking = lacking.sort_values("rank", ascending=False)  # the worst on top
    most = float(lacking["people_uncovered"].max()) if len(lacking) else 1.0
    at = lacking.geometry.representative_point()
    size = _sizes(lacking["people_uncovered"].fillna(0.0).to_numpy(dtype=np.float64), most)
    colors = [COLORS[str(name)] for name in lacking["level"]]
    axes.scatter(at.x, at.y, s=size, c=colors, edgecolors="#ffffff", linewidths=0.6, zorder=7)
    _numbers(axes, first, points_per_m)
    handles: list[object] = []
    counts = lacking["level"].astype("object").value_counts()
    known = {name: words(f"maps.level_{name}") for name in LACKING}
    known[OTHERWISE] = words("gaps_report.otherwise", technology=gaps.definition.technology)
    for name, told in known.items():
        if name in counts:
            text = f"{told} ({words.number(int(counts[name]))})"
            handles.append(_dot(Line2D, COLORS[name], 7.0, text))
    for people in MARK_PEOPLE:
        if people <= 2.0 * most:
            points = float(np.sqrt(_sizes(np.array([people]), most)[0]))
            text = words("gaps_report.mark_people", people=words.number(people))
            handles.append(_dot(Line2D, "#bbbbbb", points, text))
    return handles


def _dot(line: type, color: str, points: float, text: str) -> object:
    """Return a round entry of a legend."""
    return line(
        [],
        [],
        linestyle="none",
        marker="o",
        color=color,
        markeredgecolor="#ffffff",
        markersize=points,
        label=text,
    )


def _tinted(is_tinted: bool, gaps: "Gaps", words: Words) -> list[object]:  # noqa: FBT001 - private
    """Return the legend of the ground without service."""
    if not is_tinted:
        return []
    from matplotlib.patches import Patch

    told = gaps.definition
    who = words("maps.any_operator") if told.operator == "any" else told.operator
    text = words("gaps_report.ground", technology=told.technology, operator=who)
    return [Patch(facecolor=(*_rgb(CLASSES[0]), 0.30), label=text)]


def _sizes(people: Floats, most: float) -> Floats:
    """Return the areas of marks: as the people, but for the smallest ones [points squared]."""
    size: Floats = np.maximum(SMALLEST, LARGEST * people / max(most, 1.0))
    return size


def _numbers(axes: "Axes", worst: "gpd.GeoDataFrame", per_m: float) -> None:
    """Write the place of the first areas beside them, where it hides no other number."""
    at = worst.geometry.representative_point()
    places = np.column_stack([at.x.to_numpy(), at.y.to_numpy()])
    taken: list[Floats] = list(places * per_m)
    for number, place in enumerate(places, start=1):
        spots = [
            away * np.array([np.cos(turn), np.sin(turn)])
            for away in LABEL_AWAY
            for turn in 2.0 * np.pi * (np.arange(LABEL_STEPS) / LABEL_STEPS + 0.125)
        ]
        free = [
            min(float(np.hypot(*(place * per_m + spot - other))) for other in taken)
            for spot in spots
        ]
        chosen = spots[int(np.argmax(np.minimum(free, LABEL_AWAY[0])))]
        taken.append(place * per_m + chosen)
        axes.annotate(
            str(number),
            place,
            xytext=(float(chosen[0]), float(chosen[1])),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=7.5,
            fontweight="bold",
            color="#ffffff",
            bbox={"boxstyle": "circle,pad=0.22", "facecolor": INK, "edgecolor": "#ffffff"},
            arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.7},
            zorder=9,
        )


def _scale(axes: "Axes", frame: _Frame, words: Words) -> None:
    """Draw a scale bar and where north is."""
    long_m = _round_length_m(frame.width_m / 5.0)
    x_m, y_m = frame.west_m + 0.03 * frame.width_m, frame.south_m + 0.03 * frame.height_m
    axes.plot([x_m, x_m + long_m], [y_m, y_m], color=INK, linewidth=2.0, zorder=10)
    text = f"{words.number(long_m / 1_000.0, 0 if long_m >= 1_000 else 1)} km"
    axes.text(x_m + long_m / 2, y_m, text, ha="center", va="bottom", fontsize=7.5, zorder=10)
    axes.annotate(
        words("gaps_report.north"),
        (0.965, 0.105),
        xytext=(0.965, 0.03),
        xycoords="axes fraction",
        ha="center",
        fontsize=8.5,
        fontweight="bold",
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.0},
        zorder=10,
    )


def _round_length_m(most_m: float) -> float:
    """Return the largest of 1, 2, 5, 10, ... that does not exceed a length."""
    power = 10.0 ** np.floor(np.log10(most_m))
    return float(max(step for step in (1.0, 2.0, 5.0) if step * power <= most_m) * power)


def _banner(axes: "Axes", layers: Layers, words: Words) -> None:
    """Say over a picture that its data are made up, where they are."""
    if layers.synthetic():
        axes.set_title(
            words("reports.synthetic"),
            loc="right",
            fontsize=8.0,
            fontweight="bold",
            color="#9c0006",
            backgroundcolor="#ffe9a8",
        )


def readings_picture(gaps: "Gaps", *, language: str = "vi") -> bytes:
    """
    Draw the headline's share by every denominator and reading, with its range.

    Parameters
    ----------
    gaps
        Result.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    png
        Chart as wide as an A4 page.
    """
    words = catalogue(language)
    table = readings_of(gaps.shares, gaps.definition.technology)
    known = [str(name) for name in table if not str(name).endswith(("_low", "_high"))]
    series: dict[str, Any] = {
        words(f"reports.operator_{reading}"): table.loc[reading]
        for reading in ("any", "at_least_two", "all")
        if reading in table.index
    }
    rows = [(words(f"reports.denominator_{name}"), name) for name in known]
    return _ranges_chart(rows, series, gaps, words)


def shares_picture(gaps: "Gaps", *, language: str = "vi") -> bytes:
    """
    Draw the share of people with service by technology and operator, with its range.

    Parameters
    ----------
    gaps
        Result.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    png
        Chart as wide as an A4 page.
    """
    words = catalogue(language)
    shares = gaps.shares
    mine = shares[(shares["area_level"] == "province") & (shares["denominator"] == "people")]
    own = mine[~mine["operator"].isin(["any", "at_least_two", "all"])]
    technologies = sorted(set(own["technology"]))
    series = {}
    for operator, rows in own.groupby("operator", sort=True):
        by = rows.set_index("technology")
        told = {}
        for name in technologies:
            if name in by.index:
                told[name] = by.loc[name, "share"]
                told[f"{name}_low"] = by.loc[name, "share_low"]
                told[f"{name}_high"] = by.loc[name, "share_high"]
        series[drawable(operator)] = pd.Series(told, dtype=float)
    return _ranges_chart([(name, name) for name in technologies], series, gaps, words)


def _ranges_chart(
    rows: list[tuple[str, str]], series: dict[str, Any], gaps: "Gaps", words: Words
) -> bytes:
    """Return a chart of shares: a row for each kind, a mark with its range for each series."""
    height_cm = 2.4 + (0.35 + 0.26 * len(series)) * len(rows)

    def draw(figure: "Figure") -> None:
        """Draw the marks from top to bottom."""
        from matplotlib.patheffects import withStroke

        axes = _axes(figure)
        step = 0.64 / max(len(series), 1)
        lowest = 100.0
        for number, (label, values) in enumerate(series.items()):
            height = [-row - 0.32 + step * (len(series) - number - 0.5) for row in range(len(rows))]
            at, low, high = (
                100.0 * np.array([float(values.get(f"{key}{end}", np.nan)) for _, key in rows])
                for end in ("", "_low", "_high")
            )
            if not np.isfinite(at).any():
                continue
            lowest = min(lowest, float(np.nanmin(np.fmin(at, low))))
            color = CATEGORIES[number % len(CATEGORIES)]
            axes.hlines(height, low, high, color=color, linewidth=3.0, alpha=0.35)
            shape = SHAPES[number % len(SHAPES)]
            axes.plot(
                at, height, linestyle="none", marker=shape, color=color, markersize=5, label=label
            )
            for value, y in zip(at, height, strict=True):
                if np.isfinite(value):
                    axes.annotate(
                        words.number(float(value), 1),
                        (float(value), y),
                        xytext=(6, 0),
                        textcoords="offset points",
                        va="center",
                        fontsize=6.8,
                        color=FAINT,
                        path_effects=[withStroke(linewidth=1.6, foreground="white")],
                    )
        axes.set_yticks([-row for row in range(len(rows))], [label for label, _ in rows])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(-len(rows) + 0.5, 0.5)
        axes.set_xlim(max(0.0, 5.0 * np.floor((lowest - 1.0) / 5.0)), 101.5)
        axes.set_xlabel(words("gaps_report.axis_share"), fontsize=8.5)
        figure.legend(loc="outside upper left", ncols=4, fontsize=7.5, frameon=False)
        _banner(axes, gaps.layers, words)

    return _drawn(height_cm, draw)


def _numbered(words: Words, decimals: int) -> "Callable[[float, float], str]":
    """Return how numbers along an axis are written."""

    def told(value: float, _: float) -> str:
        """Return a number in the language."""
        return words.number(value, decimals)

    return told


def fixes_picture(gaps: "Gaps", *, numbered: int = 10, language: str = "vi") -> bytes:
    """
    Draw what bringing service costs: people served against money, most people per dong first.

    Parameters
    ----------
    gaps
        Result with fixes.
    numbered
        How many of the first areas by rank carry their number, >= 0.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    png
        Chart as wide as an A4 page.
    """
    words = catalogue(language)
    hamlets = pd.DataFrame(gaps.hamlets)
    fixed = hamlets[hamlets["fix"].notna() & (hamlets["fix_cost_vnd"] > 0)].copy()
    fixed["each"] = fixed["fix_people"] / fixed["fix_cost_vnd"]
    fixed = fixed.sort_values(["each", "rank"], ascending=[False, True])
    cost = np.concatenate([[0.0], np.cumsum(fixed["fix_cost_vnd"].to_numpy()) / 1e9])
    people = np.concatenate([[0.0], np.cumsum(fixed["fix_people"].to_numpy())])
    place = {key: number for number, key in enumerate(worst_gaps(hamlets, numbered).index, start=1)}

    def draw(figure: "Figure") -> None:
        """Draw the rising line and the first areas on it."""
        axes = _axes(figure)
        axes.grid(visible=True, axis="y", color=GRID, linewidth=0.6)
        axes.plot(cost, people, color=CATEGORIES[1], linewidth=1.6)
        axes.fill_between(cost, people, color=CATEGORIES[1], alpha=0.10, linewidth=0.0)
        for at, key in enumerate(fixed.index, start=1):
            if key in place:
                axes.plot(cost[at], people[at], marker="o", color=INK, markersize=4)
                axes.annotate(
                    str(place[key]),
                    (cost[at], people[at]),
                    xytext=(-3, 5),
                    textcoords="offset points",
                    ha="right",
                    fontsize=7.5,
                    fontweight="bold",
                )
        axes.set_xlabel(words("gaps_report.axis_cost"), fontsize=8.5)
        axes.set_ylabel(words("gaps_report.axis_people"), fontsize=8.5)
        for axis, decimals in ((axes.xaxis, 1 if cost[-1] < 20 else 0), (axes.yaxis, 0)):
            axis.set_major_formatter(_numbered(words, decimals))
        axes.set_xlim(0.0, max(1.03 * cost[-1], 1e-3))
        axes.set_ylim(0.0, max(1.10 * people[-1], 1.0))
        _banner(axes, gaps.layers, words)

    return _drawn(6.6, draw)
