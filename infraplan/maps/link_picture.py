"""A microwave link in profile: ground, trees, houses, the ray, and what must be free around it."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan.maps.figures import FAINT
from infraplan.maps.figures import INK
from infraplan.maps.figures import WARNING
from infraplan.maps.figures import drawable
from infraplan.maps.figures import figure_png
from infraplan.maps.figures import new_figure
from infraplan.maps.figures import plain_axes
from infraplan.maps.palette import CATEGORIES
from infraplan.maps.palette import UNKNOWN
from infraplan.sites.links import earth_bulge_m
from infraplan.sites.links import fresnel_radius_m
from infraplan.text import Words
from infraplan.text import words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["link_figure", "link_picture"]

Floats = npt.NDArray[np.float64]

HEIGHT_INCH = 3.6
GROUND, GROUND_EDGE, CLUTTER = "#c9b79c", "#6b5a41", "#8fae7e"
STANDARD, LOW = CATEGORIES[1], CATEGORIES[0]
VERDICTS = {"clear": "#1a7f37", "marginal": "#9a6700", "blocked": WARNING, "unknown": FAINT}
LEAST_RELIEF_M = 60.0  # flat ground is not stretched into hills
PLENTY_PERCENT = 300.0
LABELS_SHARE = 0.16  # of the height, above the drawing, for what stands at both ends


@dataclass(frozen=True, slots=True, eq=False)
class _Shapes:
    """Curves by distance [km], heights over the line of sea level that is drawn straight [m]."""

    at_km: Floats
    ground_m: Floats
    surface_m: Floats
    along_km: Floats
    rays: Mapping[str, tuple[Floats, Floats]]


def link_picture(row: "pd.Series[Any]", *, language: str, synthetic: bool = False) -> bytes:
    """
    Draw a microwave link in profile.

    Parameters
    ----------
    row
        Row of the table `links` of an appraisal, its index the ids of request and station.
    language
        `"vi"` or `"en"`.
    synthetic
        Whether data behind it are made up, which the picture then says.

    Returns
    -------
    png
        Picture as wide as the text on A4; equal rows give equal bytes.
    """
    return figure_png(link_figure(row, words(language), synthetic=synthetic))


def link_figure(row: "pd.Series[Any]", say: Words, *, synthetic: bool) -> "Figure":
    """
    Return the figure of `link_picture`, to be drawn or changed.

    Parameters
    ----------
    row
        Row of the table `links` of an appraisal.
    say
        Catalogue.
    synthetic
        Whether data behind it are made up.

    Returns
    -------
    figure
        Figure of matplotlib.

    Notes
    -----
    The ground is drawn as it is, and the ray bends over it: it hangs through by the bulge of the
    earth, less at the standard k and more at the low k. What must be free below each ray is that
    many radii of the first Fresnel zone as the rule asks for at its k.
    """
    profile = json.loads(str(row["profile_json"]))
    shapes = _shapes(row, profile)
    figure = new_figure(HEIGHT_INCH)
    axes = figure.add_axes((0.085, 0.255, 0.89, 0.545))
    plain_axes(axes)
    _title(figure, row, shapes, say, synthetic=synthetic)
    low_m, high_m = _limits(shapes)
    axes.set_xlim(0.0, float(shapes.at_km[-1]))
    axes.set_ylim(low_m, high_m)
    axes.set_xlabel(say("links.distance"), fontsize=8, color=INK, labelpad=2)
    axes.set_ylabel(say("links.height"), fontsize=8, color=INK)
    _ground(axes, shapes, low_m)
    _rays(axes, shapes)
    _ends(axes, row, shapes, say)
    _worst(axes, row, shapes)
    _ticks(axes, say)
    _legend(figure, profile, say, has_clutter=bool((shapes.surface_m > shapes.ground_m).any()))
    figure.text(0.015, 0.015, say("links.note"), fontsize=6.5, color=FAINT, va="bottom")
    return figure


def _numbers(values: list[float | None]) -> Floats:
    """Return numbers as an array, NaN for those that are not known."""
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _shapes(row: "pd.Series[Any]", profile: Mapping[str, Any]) -> _Shapes:
    """Return the curves of a link."""
    at_m, ground = _numbers(profile["distance_m"]), _numbers(profile["ground_m"])
    length_m = float(at_m[-1])
    near_top = ground[0] + float(row["near_height_m"])
    far_top = ground[-1] + float(row["far_height_m"])
    turn = np.linspace(0.0, np.pi, 181)
    along_m = 0.5 * length_m * (1.0 - np.cos(turn))  # dense at the ends, where the zone is steep
    left_m = length_m - along_m
    line_m = near_top + (far_top - near_top) * along_m / length_m
    zone_m = fresnel_radius_m(along_m, left_m, float(row["freq_mhz"]))
    rays = {}
    for case in ("standard", "low"):
        ray_m = line_m - earth_bulge_m(along_m, left_m, float(profile[f"k_{case}"]))
        rays[case] = ray_m, ray_m - float(profile[f"fresnel_{case}"]) * zone_m
    surface = ground + _numbers(profile["clutter_m"])
    return _Shapes(at_m / 1_000.0, ground, surface, along_m / 1_000.0, rays)


def _limits(shapes: _Shapes) -> tuple[float, float]:
    """Return the lower and the upper end of the heights drawn, with room for labels."""
    curves = [line for ray in shapes.rays.values() for line in ray]
    drawn = np.concatenate([shapes.surface_m, *curves])
    known = drawn[np.isfinite(drawn)]
    lowest, highest = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    relief_m = max(highest - lowest, LEAST_RELIEF_M)
    low_m = lowest - 0.06 * relief_m
    return low_m, low_m + 1.12 * relief_m / (1.0 - LABELS_SHARE)


def _title(
    figure: "Figure", row: "pd.Series[Any]", shapes: _Shapes, say: Words, *, synthetic: bool
) -> None:
    """Write which link it is, its verdict, and whether data are made up."""
    near, far = row.name if isinstance(row.name, tuple) else ("", "")
    operator = row.get("operator")
    title = say(
        "links.title",
        near=drawable(near)[:24],
        far=drawable(far)[:24],
        operator=drawable(operator)[:18] if isinstance(operator, str) else say("common.unknown"),
    )
    size = 9.5 if len(title) <= 64 else 7.0
    figure.text(
        0.015, 0.975, title, fontsize=size, fontweight="bold", color=INK, va="top", parse_math=False
    )
    facts = say(
        "links.facts",
        length=say.number(float(row["distance_m"]) / 1_000.0, 2),
        freq=say.number(float(row["freq_mhz"]) / 1_000.0, 1),
        fibre=_fibre(row, say),
    )
    figure.text(0.015, 0.915, facts, fontsize=8, color=INK, va="top", parse_math=False)
    outcome = str(row["outcome"])
    told = say(f"links.{outcome}")
    if outcome == "blocked":
        told += ": " + _hidden(row, shapes, say)
    elif outcome != "unknown":
        told += ": " + say(
            "links.clearance",
            standard=_percent(row["clearance_standard"], say),
            low=_percent(row["clearance_low_k"], say),
        )
    color = VERDICTS.get(outcome, FAINT)
    figure.text(0.015, 0.862, told, fontsize=8, fontweight="bold", color=color, va="top")
    if synthetic:
        figure.text(
            0.985, 0.975, say("maps.profile_synthetic"), fontsize=9, fontweight="bold",
            color=WARNING, va="top", ha="right",
        )  # fmt: skip


def _fibre(row: "pd.Series[Any]", say: Words) -> str:
    """Return how far the far station is from a cable, in words."""
    away_m = row.get("fibre_m")
    if away_m is None or not math.isfinite(float(away_m)):
        return say("links.fibre_unknown")
    return say("links.fibre", away=say.number(float(away_m)))


def _percent(radii: Any, say: Words) -> str:  # noqa: ANN401 - a field of a table
    """Return a clearance in per cent of the radius, not exactly where there is plenty."""
    percent = 100.0 * float(radii)
    if percent > PLENTY_PERCENT:
        return say("links.more_than", percent=say.number(PLENTY_PERCENT))
    return say.number(percent).replace("-", "−")


def _hidden(row: "pd.Series[Any]", shapes: _Shapes, say: Words) -> str:
    """Return where and by how much the ray at the standard k is hidden most."""
    at_km = float(row["worst_m"]) / 1_000.0
    place = int(np.argmin(np.abs(shapes.at_km - at_km)))
    ray_m = float(np.interp(at_km, shapes.along_km, shapes.rays["standard"][0]))
    over_m = float(shapes.surface_m[place]) - ray_m
    return say("links.hidden", away=say.number(at_km, 2), over=say.number(max(over_m, 0.0), 1))


def _ground(axes: "Axes", shapes: _Shapes, low_m: float) -> None:
    """Fill the ground and what stands on it, hatch where its height is not known."""
    axes.fill_between(shapes.at_km, low_m, shapes.surface_m, color=CLUTTER, linewidth=0, zorder=2)
    axes.fill_between(shapes.at_km, low_m, shapes.ground_m, color=GROUND, linewidth=0, zorder=2.2)
    axes.plot(shapes.at_km, shapes.ground_m, color=GROUND_EDGE, linewidth=0.9, zorder=2.4)
    missing = np.isnan(shapes.ground_m)
    if missing.any():
        axes.fill_between(
            shapes.at_km, 0, 0.5, where=missing, transform=axes.get_xaxis_transform(),
            facecolor="none", edgecolor=UNKNOWN, hatch="////", linewidth=0, zorder=2,
        )  # fmt: skip


def _rays(axes: "Axes", shapes: _Shapes) -> None:
    """Draw the ray at both k, and what must be free below it."""
    for case, color, style in (("low", LOW, (0, (4, 2))), ("standard", STANDARD, "solid")):
        ray_m, edge_m = shapes.rays[case]
        axes.fill_between(
            shapes.along_km, edge_m, ray_m, color=color, alpha=0.16, linewidth=0, zorder=3
        )
        axes.plot(shapes.along_km, edge_m, color=color, linewidth=0.7, linestyle=":", zorder=3.5)
        axes.plot(shapes.along_km, ray_m, color=color, linewidth=1.2, linestyle=style, zorder=4)


def _ends(axes: "Axes", row: "pd.Series[Any]", shapes: _Shapes, say: Words) -> None:
    """Draw and name both antennas."""
    ends = (("near", 0, "left", 0.008), ("far", -1, "right", 0.992))
    for name, place, side, label_at in ends:
        foot_m, height_m = float(shapes.ground_m[place]), float(row[f"{name}_height_m"])
        at_km = float(shapes.at_km[place])
        axes.plot(
            [at_km, at_km], [foot_m, foot_m + height_m], color=INK, linewidth=2.4, zorder=5,
            clip_on=False, solid_capstyle="butt",
        )  # fmt: skip
        axes.plot(
            [at_km], [foot_m + height_m], marker="o", color=INK, markersize=3.5, zorder=6,
            clip_on=False,
        )  # fmt: skip
        axes.text(
            label_at, 0.985, say(f"links.{name}", height=say.number(height_m)), fontsize=7.5,
            color=INK, transform=axes.transAxes, va="top", ha=side, zorder=8,
        )  # fmt: skip


def _worst(axes: "Axes", row: "pd.Series[Any]", shapes: _Shapes) -> None:
    """Mark the place that decides."""
    at_m = float(row["worst_m"])
    if not math.isfinite(at_m):
        return
    place = int(np.argmin(np.abs(1_000.0 * shapes.at_km - at_m)))
    color = VERDICTS.get(str(row["outcome"]), FAINT)
    axes.plot(
        [shapes.at_km[place]], [shapes.surface_m[place]], marker="v", color=color, markersize=7,
        markeredgecolor="white", markeredgewidth=0.7, zorder=7,
    )  # fmt: skip


def _ticks(axes: "Axes", say: Words) -> None:
    """Write numbers as the language does."""
    from matplotlib.ticker import FuncFormatter
    from matplotlib.ticker import MaxNLocator

    far_km = float(axes.get_xlim()[1])
    decimals = 0 if far_km >= 8 else 1 if far_km >= 0.8 else 2
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: say.number(value, decimals)))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: say.number(value).replace("-", "−"))
    )


def _legend(figure: "Figure", profile: Mapping[str, Any], say: Words, *, has_clutter: bool) -> None:
    """Say what the colours mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Patch(facecolor=GROUND, edgecolor=GROUND_EDGE, label=say("links.ground")),
        Line2D([], [], color=INK, marker="v", linestyle="none", label=say("links.worst")),
    ]
    if has_clutter:
        handles.insert(1, Patch(facecolor=CLUTTER, label=say("links.clutter")))
    for case, color in (("standard", STANDARD), ("low", LOW)):
        ratio = say.number(float(profile[f"k_{case}"]), 2)
        percent = say.number(100.0 * float(profile[f"fresnel_{case}"]))
        line = say("links.ray", k=ratio)
        zone = say("links.zone", percent=percent, k=ratio)
        ray = Line2D([], [], color=color, linewidth=1.2, label=line)
        ray.set_linestyle("solid" if case == "standard" else "dashed")
        handles.append(ray)
        handles.append(Patch(facecolor=color, alpha=0.25, label=zone))
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.075, 0.055), ncols=4, fontsize=6.8,
        frameon=False, labelcolor=INK, handlelength=1.8, columnspacing=1.4, borderpad=0.0,
        borderaxespad=0.0,
    )  # fmt: skip
