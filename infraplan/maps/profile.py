"""The ground from stations to a place as a picture: sight, Fresnel zone, obstruction."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.maps.figures import FAINT
from infraplan.maps.figures import INK
from infraplan.maps.figures import WARNING
from infraplan.maps.figures import WIDTH_INCH
from infraplan.maps.figures import drawable
from infraplan.maps.figures import figure_png
from infraplan.maps.figures import new_figure
from infraplan.maps.figures import plain_axes
from infraplan.maps.palette import CATEGORIES
from infraplan.maps.palette import UNKNOWN
from infraplan.text import Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from infraplan.coverage.point import LinkProfile

__all__ = ["profile_figure", "profile_picture"]

Floats = npt.NDArray[np.float64]

SPEED_OF_LIGHT_M_S = 299_792_458.0
EARTH_RADIUS_KM = 6371.0
GROUND, GROUND_EDGE = "#c9b79c", "#6b5a41"
SIGHT, FRESNEL = CATEGORIES[1], CATEGORIES[5]
GOOD, BAD = CATEGORIES[1], CATEGORIES[0]
LINE_INCH = 0.165  # of the three lines of labels above the drawing
HEAD_INCH = 3 * LINE_INCH + 0.10
LEAST_RELIEF_M = 60.0  # flat ground is not stretched into hills
PANEL_INCH = {1: 2.9, 2: 1.9, 3: 1.38}  # three panels fill half a page of A4


@dataclass(frozen=True, slots=True, eq=False)
class _Shapes:
    """Curves of a profile: distances [km], and heights on an earth drawn flat at both ends [m]."""

    at_km: Floats
    ground_m: Floats
    sea_m: Floats
    sight_m: Floats
    zone_km: Floats
    zone_low_m: Floats
    zone_high_m: Floats


def profile_picture(
    profiles: Sequence["LinkProfile"], words: Words, *, place: str, synthetic: bool
) -> bytes:
    """
    Draw the ground between stations and a place.

    Parameters
    ----------
    profiles
        One panel each, from the top, at least one.
    words
        Catalogue.
    place
        What the place is called.
    synthetic
        Whether data behind it are made up, which the picture then says.

    Returns
    -------
    png
        Picture for half a page of A4; equal profiles give equal bytes.
    """
    return figure_png(profile_figure(profiles, words, place=place, synthetic=synthetic))


def profile_figure(
    profiles: Sequence["LinkProfile"], words: Words, *, place: str, synthetic: bool
) -> "Figure":
    """
    Return the figure of `profile_picture`, to be drawn or changed.

    Parameters
    ----------
    profiles
        One panel each, from the top, at least one.
    words
        Catalogue.
    place
        What the place is called.
    synthetic
        Whether data behind it are made up.

    Returns
    -------
    figure
        Figure of matplotlib.

    Notes
    -----
    Heights are raised by d1 d2 / (2 a), a the effective radius of the earth, so that the line of
    sight is straight. Radius of the first Fresnel zone: sqrt(lambda d1 d2 / d).
    Source: ITU-R P.526-15, section 2; ITU-R P.530-18, section 2.2.1.
    """
    count = len(profiles)
    top_inch, foot_inch, between_inch = 0.62, 0.86, 0.46
    panel_inch = PANEL_INCH.get(count, PANEL_INCH[max(PANEL_INCH)])
    height = top_inch + foot_inch + panel_inch * count + between_inch * (count - 1)
    figure = new_figure(height)
    grid = figure.add_gridspec(
        count, 1, left=0.085, right=0.975, top=1 - top_inch / height,
        bottom=foot_inch / height, hspace=between_inch / panel_inch,
    )  # fmt: skip
    _title(figure, words, height, place=place, synthetic=synthetic)
    times = 1.0
    for number, profile in enumerate(profiles):
        axes = figure.add_subplot(grid[number, 0])
        times = _panel(axes, profile, words, panel_inch)
        if number == count - 1:
            axes.set_xlabel(words("maps.profile_distance"), fontsize=8, color=INK, labelpad=2)
    near_sea = any(_limits(_shapes(one), panel_inch)[0] < 0.0 for one in profiles)
    _legend(figure, words, height, near_sea=near_sea)
    _note(figure, profiles, words, height, times if count == 1 else None)
    return figure


def _title(figure: "Figure", words: Words, height: float, *, place: str, synthetic: bool) -> None:
    """Write the title, and whether data are made up."""
    title = words("maps.profile_title", place=drawable(place)[:60])
    size = 11 if len(title) <= 62 else 8.5
    figure.text(
        0.015, 1 - 0.09 / height, title, fontsize=size, fontweight="bold", color=INK, va="top",
        parse_math=False,
    )  # fmt: skip
    if synthetic:
        figure.text(
            0.985, 1 - 0.1 / height, words("maps.profile_synthetic"), fontsize=9,
            fontweight="bold", color=WARNING, va="top", ha="right",
        )  # fmt: skip


def _panel(axes: "Axes", profile: "LinkProfile", words: Words, panel_inch: float) -> float:
    """Draw one profile; return how many times larger heights are drawn than distances."""
    shapes = _shapes(profile)
    plain_axes(axes)
    low_m, high_m = _limits(shapes, panel_inch)
    length_km = float(shapes.at_km[-1])
    axes.set_xlim(0.0, length_km)
    axes.set_ylim(low_m, high_m)
    axes.set_ylabel(words("maps.profile_height"), fontsize=8, color=INK)
    head = HEAD_INCH / panel_inch
    axes.axhspan(high_m - head * (high_m - low_m), high_m, color="white", linewidth=0, zorder=1.6)
    _ground(axes, shapes, low_m)
    sight = shapes.sight_m
    axes.fill_between(
        shapes.zone_km, shapes.zone_low_m, shapes.zone_high_m, color=FRESNEL, alpha=0.30,
        linewidth=0, zorder=2.5,
    )  # fmt: skip
    axes.plot(shapes.at_km, sight, color=SIGHT, linewidth=1.1, zorder=4)
    ends = ((0.0, shapes.ground_m[0], sight[0]), (length_km, shapes.ground_m[-1], sight[-1]))
    for at_km, foot_m, top_m in ends:
        axes.plot(
            [at_km, at_km], [foot_m, top_m], color=INK, linewidth=2.4, zorder=5, clip_on=False,
            solid_capstyle="butt",
        )  # fmt: skip
        axes.plot([at_km], [top_m], marker="o", color=INK, markersize=3.5, zorder=6, clip_on=False)
    _labels(axes, profile, words, LINE_INCH / panel_inch)
    _obstruction(axes, profile, shapes, words, 1.0 - 2.55 * LINE_INCH / panel_inch)
    _metric_ticks(axes, words, high_m - HEAD_INCH / panel_inch * (high_m - low_m))
    width_inch = WIDTH_INCH * axes.get_position().width
    return float(panel_inch / (high_m - low_m) * (1_000.0 * length_km) / width_inch)


def _shapes(profile: "LinkProfile") -> _Shapes:
    """Return the curves of a profile."""
    at_m = profile.at_m
    length_m = float(at_m[-1])
    both = at_m * (length_m - at_m)
    sea_m = both / (2_000.0 * profile.earth_radius_km)
    tops = profile.ground_m[0] + profile.antenna_m, profile.ground_m[-1] + profile.receiver_m
    turn = np.linspace(0.0, np.pi, 181)
    along_m = 0.5 * length_m * (1.0 - np.cos(turn))  # dense at the ends, where the zone is steep
    middle_m = tops[0] + (tops[1] - tops[0]) * along_m / length_m
    wave_m = SPEED_OF_LIGHT_M_S / (1e6 * profile.freq_mhz)
    zone_m = np.sqrt(wave_m * along_m * (length_m - along_m) / length_m)
    return _Shapes(
        at_km=at_m / 1_000.0,
        ground_m=profile.ground_m + sea_m,
        sea_m=sea_m,
        sight_m=tops[0] + (tops[1] - tops[0]) * at_m / length_m,
        zone_km=along_m / 1_000.0,
        zone_low_m=middle_m - zone_m,
        zone_high_m=middle_m + zone_m,
    )


def _limits(shapes: _Shapes, panel_inch: float) -> tuple[float, float]:
    """Return the lower and the upper end of the heights drawn, with room for labels."""
    zone = shapes.zone_high_m
    known = [*shapes.ground_m[np.isfinite(shapes.ground_m)], *zone[np.isfinite(zone)]]
    lowest, highest = (min(known), max(known)) if known else (0.0, LEAST_RELIEF_M)
    relief_m = max(highest - lowest, LEAST_RELIEF_M)
    low_m = lowest - 0.10 * relief_m
    if 0.0 <= lowest < 0.25 * relief_m:
        low_m = -0.04 * relief_m  # near the sea, the sea itself is the foot of the picture
    top_m = lowest + 1.06 * relief_m
    return low_m, low_m + (top_m - low_m) / (1.0 - HEAD_INCH / panel_inch)


def _ground(axes: "Axes", shapes: _Shapes, low_m: float) -> None:
    """Fill the ground, hatch where its height is not known."""
    known = np.isfinite(shapes.ground_m)
    axes.fill_between(
        shapes.at_km, low_m, np.where(known, shapes.ground_m, np.nan), color=GROUND, linewidth=0,
        zorder=2,
    )  # fmt: skip
    axes.plot(shapes.at_km, shapes.ground_m, color=GROUND_EDGE, linewidth=1.0, zorder=3)
    if low_m < shapes.sea_m.max():
        axes.plot(shapes.at_km, shapes.sea_m, color=FAINT, linewidth=0.8, dashes=(4, 3), zorder=3)
    if not known.all():
        axes.fill_between(
            shapes.at_km, 0, 0.5, where=~known, transform=axes.get_xaxis_transform(),
            facecolor="none", edgecolor=UNKNOWN, hatch="////", linewidth=0, zorder=2,
        )  # fmt: skip


def _labels(axes: "Axes", profile: "LinkProfile", words: Words, line: float) -> None:
    """Write what the panel shows above it, and what stands at its ends."""
    title = words(
        "maps.profile_panel",
        operator=drawable(profile.operator),
        technology=profile.technology,
        cell=drawable(profile.cell_id)[:34] + ("*" if profile.assumed else ""),
        freq=words.number(profile.freq_mhz, 1),
        length=words.number(profile.distance_m / 1_000.0, 2),
        azimuth=words.number(profile.azimuth_deg),
    )
    axes.text(
        0.0, 1.0 + 0.25 * line, title, transform=axes.transAxes, fontsize=8, fontweight="bold",
        color=INK,
        va="bottom", parse_math=False,
    )  # fmt: skip
    threshold = words.number(profile.threshold_dbm).replace("-", "−")
    if math.isfinite(profile.level_dbm):
        told = words(
            "maps.profile_level",
            level=words.number(profile.level_dbm).replace("-", "−"),
            threshold=threshold,
            verdict=words(f"coverage.point_{_verdict(profile)}"),
            probability=words.number(100.0 * profile.probability),
        )
    else:
        told = words("maps.profile_level_unknown", threshold=threshold)
    axes.text(
        0.008, 1.0 - 0.1 * line, told, transform=axes.transAxes, fontsize=8, va="top", zorder=8,
        color=GOOD if profile.has_service else BAD, fontweight="bold",
    )  # fmt: skip
    metres = {
        "station": words.number(profile.antenna_m),
        "place": words.number(profile.receiver_m, 1),
    }
    for name, at, side in (("station", 0.008, "left"), ("place", 0.992, "right")):
        height = metres[name]
        label = words(f"maps.profile_{name}", site=drawable(profile.site_id)[:24], height=height)
        axes.text(
            at, 1.0 - 1.1 * line, label, transform=axes.transAxes, fontsize=7.5, color=INK,
            va="top", ha=side, zorder=8, parse_math=False,
        )  # fmt: skip


def _verdict(profile: "LinkProfile") -> str:
    """Return in a word whether the cell alone gives service."""
    if profile.has_service:
        return "served"
    return "uncertain" if profile.level_dbm >= profile.threshold_dbm else "none"


def _obstruction(
    axes: "Axes", profile: "LinkProfile", shapes: _Shapes, words: Words, label_at: float
) -> None:
    """Mark the main obstruction with its height and distance."""
    if not math.isfinite(profile.edge_m) or not math.isfinite(profile.edge_height_m):
        return
    number = int(np.argmin(np.abs(profile.at_m - profile.edge_m)))
    at_km, top_m = float(shapes.at_km[number]), float(shapes.ground_m[number])
    hides = top_m > shapes.sight_m[number]
    label = words(
        "maps.profile_hidden" if hides else "maps.profile_close",
        height=words.number(profile.edge_height_m),
        away=words.number(profile.edge_to_place_m / 1_000.0, 2),
        lost=words.number(max(profile.obstruction_db, 0.0)),
    )
    share = at_km / float(shapes.at_km[-1])
    color = BAD if hides else FAINT
    axes.plot([at_km], [top_m], marker="v" if hides else "o", color=color, markersize=6, zorder=7)
    text_at = min(max(share, 0.30), 0.70)
    axes.annotate(
        label, xy=(at_km, top_m), xycoords="data", xytext=(text_at, label_at),
        textcoords="axes fraction", fontsize=7.5, color=color, ha="center", va="center", zorder=9,
        arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.9, "shrinkB": 4},
        bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.9},
    )  # fmt: skip


def _metric_ticks(axes: "Axes", words: Words, highest_m: float) -> None:
    """Write numbers as the language does, and no height in the room for labels."""
    from matplotlib.ticker import FixedLocator
    from matplotlib.ticker import FuncFormatter
    from matplotlib.ticker import MaxNLocator

    low_m, high_m = axes.get_ylim()
    heights = MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]).tick_values(low_m, highest_m)
    shown = [height for height in heights if low_m <= height <= highest_m]
    axes.yaxis.set_major_locator(FixedLocator(shown))
    axes.set_ylim(low_m, high_m)
    spacing = MaxNLocator(nbins=9, steps=[1, 2, 5, 10])
    first, second, *_ = spacing.tick_values(*axes.get_xlim())
    decimals = max(0, math.ceil(-math.log10(second - first) - 1e-9))
    axes.xaxis.set_major_locator(spacing)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value, decimals)))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: words.number(value).replace("-", "−"))
    )


def _legend(figure: "Figure", words: Words, height: float, *, near_sea: bool) -> None:
    """Say once what the colours mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=GROUND, edgecolor=GROUND_EDGE, label=words("maps.profile_ground")),
        Line2D([], [], color=SIGHT, linewidth=1.2, label=words("maps.profile_sight")),
        Patch(facecolor=FRESNEL, alpha=0.35, label=words("maps.profile_fresnel")),
    ]
    if near_sea:
        sea = words("maps.profile_sea_level")
        handles.append(Line2D([], [], color=FAINT, linewidth=0.8, dashes=(4, 3), label=sea))
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.075, 0.27 / height), ncols=4,
        fontsize=7.5, frameon=False, labelcolor=INK, handlelength=1.8, columnspacing=1.6,
        borderpad=0.0, borderaxespad=0.0,
    )  # fmt: skip


def _note(
    figure: "Figure",
    profiles: Sequence["LinkProfile"],
    words: Words,
    height: float,
    times: float | None,
) -> None:
    """Say how the earth is drawn, and what is assumed."""
    k = profiles[0].earth_radius_km / EARTH_RADIUS_KM
    told = [words("maps.profile_note", k=words.number(k, 2))]
    if times is not None:
        told.append(words("maps.profile_scale", times=words.number(times, 0 if times >= 3 else 1)))
    if any(profile.assumed for profile in profiles):
        told.append(words("maps.profile_assumed"))
    figure.text(
        0.015, 0.07 / height, " ".join(told), fontsize=6.5, color=FAINT, va="bottom", wrap=False
    )
