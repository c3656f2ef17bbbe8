"""
Speed of microwave links, and of the way to the nearest cable by roads.

Run: pytest tests/benchmarks/bench_links.py -o python_files='bench_*.py' -s
"""

import time

import geopandas as gpd
import numpy as np
import pytest
import shapely

from infraplan.cables import fibre_reach
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.layers.terrain import terrain_from
from infraplan.sites.links import path_outcomes
from infraplan.sites.links import paths_over
from tests.sites.world import CRS
from tests.sites.world import EAST
from tests.sites.world import NORTH
from tests.sites.world import RULES

PATHS = 2_000
WIDE_M = 80_000.0
STREET_M = 400.0  # between ways of the province made here


def best_of(repeats, work):
    """Return the shortest time of some runs, and the result."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return min(times), result


@pytest.mark.parametrize("longest_m", [10_000.0, 40_000.0])
def test_a_thousand_paths_a_second(longest_m):
    bounds = (EAST, NORTH, EAST + WIDE_M, NORTH + WIDE_M)
    geobox = grid_over(bounds, crs=CRS, resolution_m=30.0)
    random = np.random.default_rng(1)
    heights = random.uniform(0, 300, geobox.shape).astype(np.float32)
    terrain = terrain_from(wrap(heights, geobox, name="terrain", units="m"))
    near = np.array([EAST, NORTH]) + random.uniform(0.45, 0.55, (PATHS, 2)) * WIDE_M
    turn, away_m = random.uniform(0, 2 * np.pi, PATHS), random.uniform(500, longest_m, PATHS)
    far = near + 0.9 * away_m[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])

    def work():
        return path_outcomes(
            paths_over(terrain, near, far), near_height_m=np.full(PATHS, 42.0),
            far_height_m=np.full(PATHS, 42.0), freq_mhz=np.full(PATHS, 15_000.0),
            thresholds=RULES.rules["microwave"].thresholds,
        )  # fmt: skip

    seconds, found = best_of(3, work)
    reference, _ = best_of(3, lambda: np.sqrt(random.uniform(size=int(PATHS * longest_m / 60))))
    print(f"\nup to {longest_m / 1000:.0f} km: {PATHS / seconds:,.0f} paths/s, "
          f"{seconds / reference:.0f} times a square root of all samples")  # fmt: skip
    assert len(found) == PATHS
    assert PATHS / seconds >= 1_000


def test_ways_to_cables_of_a_province_in_a_few_seconds():
    random = np.random.default_rng(2)
    lines = []
    at = np.arange(0.0, WIDE_M + 1, STREET_M)
    for offset in at:
        for horizontal in (True, False):
            for first, second in zip(at[:-1:10], at[10::10], strict=True):
                ends = [(first, offset), (second, offset)]
                ends = ends if horizontal else [(y, x) for x, y in ends]
                lines.append(shapely.LineString([(EAST + x, NORTH + y) for x, y in ends]))
    roads = gpd.GeoDataFrame({"class": "minor"}, index=[f"R{k}" for k in range(len(lines))],
                             geometry=lines, crs=CRS)  # fmt: skip
    fibre = roads.iloc[random.permutation(len(roads))[: len(roads) // 8]].set_axis(
        [f"F{k}" for k in range(len(roads) // 8)]
    )
    layers = Layers("province", CRS, {"roads": roads, "fibre": fibre})
    places = np.array([EAST, NORTH]) + random.uniform(0.1, 0.9, (15, 2)) * WIDE_M
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*places.T), crs=CRS)
    seconds, reach = best_of(1, lambda: fibre_reach(layers, points))
    km = float(roads.length.sum()) / 1000
    print(f"\n15 requests among {km:,.0f} km of roads: {seconds:.2f} s, "
          f"median {reach['fibre_road_m'].median():.0f} m")  # fmt: skip
    assert reach["fibre_road_m"].notna().all()
    assert (reach["fibre_road_m"] >= reach["fibre_m"]).all()
