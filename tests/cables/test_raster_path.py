"""Cheapest paths over rasters, against a plain Dijkstra that follows the definition of a step."""

import heapq
import math
from itertools import pairwise

import numpy as np
import pytest

from infraplan.cables import Slope
from infraplan.cables import least_cost_path
from infraplan.cables import least_costs
from infraplan.cables import slope_factors
from infraplan.cables import tobler_factors
from infraplan.cables.raster_path import _drawn
from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml

PIXEL_M = 10.0
NEAR = [(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if (r, c) != (0, 0)]
LEAPS = [(r, c) for r in (-2, -1, 1, 2) for c in (-2, -1, 1, 2) if abs(r) != abs(c)]


def between(r, c, dr, dc):
    """Return the two cells that the straight line of a knight's move passes."""
    if abs(dc) == 2:
        return (r, c + dc // 2), (r + dr, c + dc // 2)
    return (r + dr // 2, c), (r + dr // 2, c + dc)


def step_cost(cost, at, to, slope=None, *, tight=False):
    """Return what a step costs, infinite where it is barred."""
    (r, c), (dr, dc) = at, (to[0] - at[0], to[1] - at[1])
    cells = [at, to, *(between(r, c, dr, dc) if (dr, dc) in LEAPS else ())]
    values = [float(cost[cell]) for cell in cells]
    if not np.isfinite(values).all():
        return math.inf
    if tight and abs(dr) == abs(dc) and not np.isfinite([cost[r + dr, c], cost[r, c + dc]]).any():
        return math.inf
    run_m = PIXEL_M * math.hypot(dr, dc)
    factor = 1.0
    if slope is not None:
        rise = float(slope.ground_m[to]) - float(slope.ground_m[at])
        factor = float(np.interp(rise / run_m, *np.asarray(slope.factors).T))
    return run_m * sum(values) / len(values) * factor


def dijkstra(cost, start, neighbours, slope=None, *, tight=False):
    """Return the cost to every cell, infinite where there is no path."""
    best, heap = {start: 0.0}, [(0.0, start)]
    done = np.full(cost.shape, np.inf)
    while heap:
        reached, at = heapq.heappop(heap)
        if reached >= done[at]:
            continue
        done[at] = reached
        for dr, dc in NEAR + (LEAPS if neighbours == 16 else []):
            to = (at[0] + dr, at[1] + dc)
            if not (0 <= to[0] < cost.shape[0] and 0 <= to[1] < cost.shape[1]):
                continue
            total = reached + step_cost(cost, at, to, slope, tight=tight)
            if total < best.get(to, np.inf):
                best[to] = total
                heapq.heappush(heap, (total, to))
    return done


def random_raster(seed, *, zero=False, barred=0.25):
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(2, 22)), int(rng.integers(2, 22)))
    cost = rng.choice([0.5, 1.0, 3.0, 40.0], shape) * rng.uniform(0.8, 1.2, shape)
    if zero:
        cost[rng.random(shape) < 0.3] = 0.0
    cost[rng.random(shape) < barred] = rng.choice([np.nan, np.inf])
    cost[0, 0] = cost[-1, -1] = 1.0
    return cost.astype(rng.choice([np.float32, np.float64]))


def along(cost, path, slope=None, *, tight=False):
    cells = list(zip(path.rows.tolist(), path.cols.tolist(), strict=True))
    return sum(step_cost(cost, a, b, slope, tight=tight) for a, b in pairwise(cells))


def everywhere(shape):
    return np.argwhere(np.ones(shape, dtype=bool))


@pytest.mark.parametrize("neighbours", [8, 16])
@pytest.mark.parametrize("zero", [False, True], ids=["dear", "free_cells"])
def test_costs_equal_those_of_a_plain_dijkstra_in_every_cell(neighbours, zero) -> None:
    for seed in range(25):
        cost = random_raster(seed, zero=zero)
        options = {"pixel_m": PIXEL_M, "neighbours": neighbours}
        costs = least_costs(cost, (0, 0), everywhere(cost.shape), **options)
        truth = dijkstra(cost, (0, 0), neighbours)
        np.testing.assert_allclose(costs, truth.ravel(), rtol=1e-12)
        if np.isfinite(truth[-1, -1]):
            path = least_cost_path(cost, (0, 0), np.array(cost.shape) - 1, **options)
            assert path.cost == pytest.approx(truth[-1, -1], rel=1e-12)
            assert along(cost, path) == pytest.approx(path.cost, rel=1e-12)
            assert (path.rows[0], path.cols[0]) == (0, 0)


@pytest.mark.parametrize("neighbours", [8, 16])
def test_the_way_back_costs_the_same_on_level_ground(neighbours) -> None:
    for seed in range(30):
        cost = random_raster(seed, barred=0.1)
        end = tuple(np.array(cost.shape) - 1)
        options = {"pixel_m": PIXEL_M, "neighbours": neighbours}
        there = least_costs(cost, (0, 0), [end], **options)
        assert there == pytest.approx(least_costs(cost, end, [(0, 0)], **options), rel=1e-12)


@pytest.mark.parametrize("neighbours", [8, 16])
@pytest.mark.parametrize("zero", [False, True], ids=["dear", "free_cells"])
def test_slopes_cost_what_their_factors_say(neighbours, zero) -> None:
    for seed in range(12):
        cost = random_raster(seed, zero=zero, barred=0.1)
        rng = np.random.default_rng(seed)
        slope = Slope(rng.normal(0, 4, cost.shape), [(-0.5, 0.8), (0.0, 1.0), (0.3, 2.0), (1, 9)])
        options = {"pixel_m": PIXEL_M, "neighbours": neighbours, "slope": slope}
        truth = dijkstra(cost, (0, 0), neighbours, slope)
        costs = least_costs(cost, (0, 0), everywhere(cost.shape), **options)
        np.testing.assert_allclose(costs, truth.ravel(), rtol=1e-11)
        if np.isfinite(truth[-1, -1]):
            path = least_cost_path(cost, (0, 0), np.array(cost.shape) - 1, **options)
            assert along(cost, path, slope) == pytest.approx(path.cost, rel=1e-11)


def test_uphill_costs_more_than_downhill() -> None:
    cost, hill = np.ones((3, 30)), Slope(np.tile(np.arange(30.0), (3, 1)))
    options = {"pixel_m": PIXEL_M, "slope": hill}
    up = least_cost_path(cost, (1, 0), (1, 29), **options).cost
    down = least_cost_path(cost, (1, 29), (1, 0), **options).cost
    assert up == pytest.approx(290 * math.exp(3.5 * 0.1), rel=1e-9)
    assert down == pytest.approx(290.0, rel=1e-9)
    assert tobler_factors()[:, 1].min() == pytest.approx(math.exp(-3.5 * 0.05))


def test_trench_factors_are_data_with_a_source_and_bar_what_is_too_steep() -> None:
    factors = slope_factors(read_toml(data_path("slopes/trench-assumed.toml")))
    ground = np.zeros((3, 9))
    ground[:, 4:] = 50.0
    with pytest.raises(NoRouteError, match="the slope bars every way"):
        least_cost_path(np.ones((3, 9)), (1, 0), (1, 8), pixel_m=10, slope=Slope(ground, factors))
    with pytest.raises(SettingsError, match=r"missing \['source'"):
        slope_factors({"factors": []})


@pytest.mark.parametrize("neighbours", [8, 16])
def test_a_named_wall_of_cells_that_touch_at_corners_is_closed(neighbours) -> None:
    for seed in range(20):
        cost = random_raster(seed, barred=0.0)
        wall = np.random.default_rng(seed).random(cost.shape) < 0.35
        wall[0, 0] = False
        barred = np.where(wall, np.nan, cost)
        costs = least_costs(
            cost, (0, 0), everywhere(cost.shape), pixel_m=PIXEL_M, neighbours=neighbours,
            barriers={"wall": wall},
        )  # fmt: skip
        truth = dijkstra(barred, (0, 0), neighbours, tight=True)
        np.testing.assert_allclose(costs, truth.ravel(), rtol=1e-12)


def test_a_diagonal_wall_without_a_name_leaks_and_a_named_one_does_not() -> None:
    cost, wall = np.ones((6, 6)), np.eye(6, dtype=bool)[::-1]
    path = least_cost_path(np.where(wall, np.nan, cost), (0, 0), (5, 5), pixel_m=1.0)
    assert path.cost == pytest.approx(5 * math.sqrt(2))
    with pytest.raises(NoRouteError, match="enclosed by 'canal'; opening 'canal' alone would do"):
        least_cost_path(cost, (0, 0), (5, 5), pixel_m=1.0, barriers={"canal": wall})


def test_no_path_names_the_barriers_that_enclose_and_not_the_others() -> None:
    cost = np.ones((12, 20))
    lines = {"railway": [(-1, 5), (12, 5)], "river": [(-1.0, 9.0), (12.0, 12.5)]}
    pond = np.zeros(cost.shape, dtype=bool)
    pond[4:6, 1:3] = True
    with pytest.raises(NoRouteError) as told:
        least_cost_path(cost, (0, 0), (0, 19), pixel_m=1, barriers={**lines, "pond": pond})
    assert "enclosed by 'railway'; opening any one of them would not do" in str(told.value)
    assert "pond" not in str(told.value)
    only = {"railway": lines["railway"], "pond": pond}
    with pytest.raises(NoRouteError, match="opening 'railway' alone would do"):
        least_cost_path(cost, (0, 0), (0, 19), pixel_m=1, barriers=only)


def test_no_path_without_names_counts_the_cells_that_bar() -> None:
    cost = np.ones((5, 9))
    cost[:, 4] = np.nan
    with pytest.raises(NoRouteError, match=r"the 20 cell\(s\) .* enclosed by 5 cell\(s\) without"):
        least_cost_path(cost, (0, 0), (0, 8), pixel_m=1.0)
    with pytest.raises(NoRouteError, match=r"the end \(2, 4\) lies on a cell without a finite"):
        least_cost_path(cost, (0, 0), (2, 4), pixel_m=1.0)
    with pytest.raises(NoRouteError, match=r"the start \(0, 0\) lies on 'yard'"):
        least_cost_path(cost, (0, 0), (0, 3), pixel_m=1.0, barriers={"yard": [(0, 0)]})


@pytest.mark.parametrize("neighbours", [8, 16])
def test_of_several_ends_the_cheapest_is_reached(neighbours) -> None:
    for seed in range(15):
        cost = random_raster(seed, barred=0.1)
        rng = np.random.default_rng(seed)
        ends = np.column_stack([rng.integers(n, size=4) for n in cost.shape])
        options = {"pixel_m": PIXEL_M, "neighbours": neighbours}
        costs = least_costs(cost, (0, 0), ends, **options)
        if np.isfinite(costs).any():
            path = least_cost_path(cost, (0, 0), ends, **options)
            assert path.target == int(np.argmin(costs))
            assert path.cost == costs.min()
            assert (path.rows[-1], path.cols[-1]) == tuple(ends[path.target])


def test_sixteen_neighbours_keep_straighter_than_eight() -> None:
    cost, end = np.ones((60, 120)), (50, 110)
    eight, sixteen = (
        least_cost_path(cost, (0, 0), end, pixel_m=1.0, neighbours=n).cost for n in (8, 16)
    )
    straight = math.hypot(*end)
    assert straight <= sixteen <= 1.028 * straight < eight


def test_a_start_that_is_the_end_is_a_path_of_one_cell() -> None:
    path = least_cost_path(np.ones((2, 2)), (1, 1), (1, 1), pixel_m=5.0)
    assert (path.rows.tolist(), path.cols.tolist(), path.cost) == ([1], [1], 0.0)


def test_a_range_of_costs_too_wide_for_buckets_is_exact() -> None:
    rng = np.random.default_rng(3)
    cost = 10.0 ** rng.uniform(-6, 6, (15, 18))
    costs = least_costs(cost, (0, 0), everywhere(cost.shape), pixel_m=PIXEL_M)
    np.testing.assert_allclose(costs, dijkstra(cost, (0, 0), 16).ravel(), rtol=1e-9)


def test_a_line_bars_every_cell_that_it_touches_and_nothing_else() -> None:
    line = np.array([(0.2, 0.1), (7.3, 11.6), (2.0, 14.4)])
    at = np.concatenate([a + np.linspace(0, 1, 20_001)[:, None] * (b - a)
                         for a, b in pairwise(line)])  # fmt: skip
    truth = np.zeros((9, 16), dtype=bool)
    truth[tuple(np.floor(at + 0.5).astype(int).T)] = True
    np.testing.assert_array_equal(_drawn(line, truth.shape), truth)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cost_per_m": [[1.0, -1.0]]}, "negative in 1"),
        ({"cost_per_m": [[1.0, -np.inf]]}, "negative in 1"),
        ({"cost_per_m": [1.0]}, "must be a raster"),
        ({"end": (0, 2)}, r"end \(0, 2\) lies outside"),
        ({"start": (0.5, 0)}, "whole numbers"),
        ({"pixel_m": 0.0}, "pixel_m"),
        ({"neighbours": 4}, "8 or 16"),
        ({"barriers": {"x": np.zeros((9, 9), dtype=bool)}}, "barrier 'x'"),
        ({"slope": Slope(np.zeros((9, 9)))}, "ground_m has"),
        ({"slope": Slope(np.zeros((1, 2)), [(1, 1), (0, 1)])}, "slopes rising"),
    ],
)
def test_what_is_wrong_is_named(change, message) -> None:
    asked = {"cost_per_m": [[1.0, 1.0]], "start": (0, 0), "end": (0, 1), "pixel_m": 1.0} | change
    with pytest.raises(SettingsError, match=message):
        least_cost_path(asked.pop("cost_per_m"), asked.pop("start"), asked.pop("end"), **asked)
