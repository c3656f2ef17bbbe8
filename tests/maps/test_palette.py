"""Colours of one legend are told apart by people of any colour vision."""

import itertools
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shapely

from infraplan.layers.bundle import Layers
from infraplan.maps import comparing
from infraplan.maps import palette
from infraplan.maps import street_picture
from infraplan.maps.context import present_layers
from infraplan.text import words

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB
VISION = {
    "full": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
}  # fmt: skip
# IEC 61966-2-1: linear sRGB to XYZ, white D65
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip
LEAST = 20.0
CABLES = {**palette.FIBRE, **{f"operator {n}": c for n, c in enumerate(palette.CATEGORIES)}}
GROUND = {**palette.ROADS, "railway": palette.RAIL, "river": palette.RIVER}
LEGENDS = {
    "fibre as it is laid": tuple(palette.FIBRE.values()),
    "classes of signal": (*palette.CLASSES, palette.UNKNOWN),
    "levels of service": tuple(palette.LEVELS.values()),
    "proposals": tuple(palette.PROPOSALS.values()),
    "operators, up to seven": palette.CATEGORIES,
    "shares of people": (*palette.SHARES, palette.UNKNOWN),
    "trenches and standing ducts": (street_picture.TRENCH, street_picture.DUCT),
    "two coverages": (
        comparing.NEITHER_COLOR, comparing.BOTH_COLOR, comparing.ALARM_COLOR, comparing.OTHER_COLOR,
    ),
    "predicted and measured": tuple(comparing.OUTCOME_COLORS.values()),
}  # fmt: skip


def lab(color: str, vision: str) -> npt.NDArray[np.float64]:
    """Return a colour in CIE L*a*b* as a kind of vision sees it."""
    srgb = np.array([int(color[n : n + 2], 16) for n in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(VISION[vision] @ linear, 0, 1) / (XYZ @ np.ones(3))
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def smallest_difference(colors: Sequence[str], vision: str) -> float:
    """Return the smallest CIE76 difference between two of some colours."""
    seen = [lab(color, vision) for color in colors]
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2))


def test_the_measure_knows_black_from_white_and_red_from_green() -> None:
    assert smallest_difference(("#000000", "#ffffff"), "full") == pytest.approx(100, abs=0.01)
    red_green = ("#1a9641", "#d7191c")
    assert smallest_difference(red_green, "full") > 100
    assert smallest_difference(red_green, "deuteranopia") < 25


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("legend", LEGENDS)
def test_no_two_colours_of_a_legend_look_alike(legend: str, vision: str) -> None:
    assert smallest_difference(LEGENDS[legend], vision) >= LEAST


def over(color: str, ground: str, opacity: float) -> str:
    """Return what is seen of a colour that lies faint over another."""
    both = ([int(c[n : n + 2], 16) for n in (1, 3, 5)] for c in (color, ground))
    seen = (round(opacity * a + (1 - opacity) * b) for a, b in zip(*both, strict=True))
    return "#" + "".join(f"{value:02x}" for value in seen)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("below", GROUND)
def test_no_cable_looks_like_what_it_follows(below: str, vision: str) -> None:
    near = [
        name
        for name, c in CABLES.items()
        if smallest_difference((c, GROUND[below]), vision) < LEAST
    ]
    assert near == []


@pytest.mark.parametrize("vision", VISION)
def test_coverage_is_told_apart_as_it_lies_over_the_ground(vision: str) -> None:
    seen = [over(color, palette.BACKDROP, palette.FAINT) for color in palette.CLASSES]
    assert smallest_difference(seen, vision) >= LEAST
    *_, acceptable, good = seen
    assert smallest_difference((palette.SEA, good), vision) >= LEAST
    assert smallest_difference((palette.SEA, acceptable), vision) >= LEAST / 2
    assert smallest_difference((palette.SEA, palette.BACKDROP), vision) >= LEAST / 2


def test_the_stations_of_each_operator_have_a_mark_of_their_own() -> None:
    table = gpd.GeoDataFrame(
        {"operator": ["A", "A", "B", "C"]}, geometry=shapely.points(np.zeros((4, 2))),
        index=pd.Index(["1", "2", "3", "4"], name="site_id"), crs="EPSG:9209",
    )  # fmt: skip
    layers = Layers(name="", crs="EPSG:9209", tables={"sites": table})
    found = next(c for c in present_layers(layers, words("vi")) if c.name == "sites")
    shapes = [category.style.shape for category in found.categories]
    assert len(shapes) == len(set(shapes)) == 3
