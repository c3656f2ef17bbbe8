"""Maximal covering: bound >= truth >= what was found, on small and on published instances."""

import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.errors import SettingsError
from infraplan.sites import max_coverage
from infraplan.sites import max_coverage_budget
from infraplan.sites.covering import coverage_bound
from tests.shared_data import shared_folder

PROVINCE = {15: 471_244, 30: 723_018, 50: 937_980, 100: 1_193_211}  # reached or proven elsewhere


@st.composite
def instances(draw, *, whole=True):
    """Draw a small matrix, weights, and the number of sites."""
    rows, columns = draw(st.integers(0, 14)), draw(st.integers(1, 9))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    covers = sp.csr_array(random.random((rows, columns)) < draw(st.floats(0.05, 0.7)))
    weight = random.integers(0, 9, rows) if whole else random.random(rows) * 5
    return covers, weight, draw(st.integers(0, columns + 2))


def covered_by(covers, weight, chosen):
    """Count what a choice covers, independently of the product."""
    dense = covers.toarray()
    return float(sum(w for row, w in zip(dense, weight, strict=True) if row[list(chosen)].any()))


def best_of_all(covers, weight, count, fixed=()):
    """Return the optimum by trying every choice."""
    columns = range(covers.shape[1])
    choices = itertools.combinations(columns, min(count, covers.shape[1]))
    return max(covered_by(covers, weight, c) for c in choices if set(fixed) <= set(c))


def certificate(covers, weight, multipliers, count):
    """Recompute the bound in the five lines that a doubter would write."""
    m = np.minimum(np.maximum(multipliers, 0), weight)
    c = np.sort(covers.T @ m)[::-1]
    return (weight - m).sum() + c[:count].sum()


@settings(max_examples=40, deadline=None)
@given(instances())
def test_whole_weights_are_bounded_and_counted_right(instance):
    covers, weight, count = instance
    result = max_coverage(covers, weight, count=count)
    truth = best_of_all(covers, weight, count)
    assert result.bound >= truth >= result.covered
    assert result.covered == covered_by(covers, weight, result.chosen)
    assert len(set(result.chosen)) == len(result.chosen) <= count
    assert result.bound == np.floor(certificate(covers, weight, result.multipliers, count) + 1e-9)


@settings(max_examples=40, deadline=None)
@given(instances(whole=False))
def test_fractional_weights_are_bounded_up_to_rounding(instance):
    covers, weight, count = instance
    result = max_coverage(covers, weight, count=count)
    truth = best_of_all(covers, weight, count)
    assert result.bound * (1 + 1e-8) >= truth >= result.covered * (1 - 1e-12)
    assert certificate(covers, weight, result.multipliers, count) <= result.bound + 1e-6


@settings(max_examples=40, deadline=None)
@given(instances())
def test_small_instances_are_solved_to_the_optimum(instance):
    covers, weight, count = instance
    truth = best_of_all(covers, weight, count)
    assert max_coverage(covers, weight, count=count).covered == truth


@settings(max_examples=40, deadline=None)
@given(instances(), st.integers(0, 8))
def test_fixed_candidates_are_kept_and_the_bound_holds_for_them(instance, index):
    covers, weight, count = instance
    fixed, count = (index % covers.shape[1],), max(count, 1)
    result = max_coverage(covers, weight, count=count, fixed=fixed)
    assert result.chosen[0] == fixed[0]
    assert result.bound >= best_of_all(covers, weight, count, fixed) >= result.covered


@settings(max_examples=40, deadline=None)
@given(instances(), st.integers(0, 10_000), st.floats(0, 30))
def test_budgets_are_kept_and_the_bound_holds_for_them(instance, seed, budget):
    covers, weight, _ = instance
    cost = np.random.default_rng(seed).integers(1, 9, covers.shape[1])
    result = max_coverage_budget(covers, weight, cost, budget=budget)
    columns = range(covers.shape[1])
    choices = (c for n in range(len(columns) + 1) for c in itertools.combinations(columns, n))
    truth = max(covered_by(covers, weight, c) for c in choices if cost[list(c)].sum() <= budget)
    assert cost[result.chosen].sum() <= budget
    assert result.bound >= truth >= result.covered


def test_no_multiplier_can_make_a_bound_below_the_truth():
    random = np.random.default_rng(3)
    covers, weight = sp.csr_array(random.random((30, 8)) < 0.3), random.integers(1, 9, 30)
    truth = best_of_all(covers, weight, 3)
    bounds = [coverage_bound(covers, weight, random.random(30) * 12, budget=3) for _ in range(50)]
    assert min(bounds) >= truth


def test_empty_demand_costs_nothing_and_has_no_gap():
    result = max_coverage(sp.csr_array((0, 3)), [], count=2)
    assert (result.covered, result.bound, result.gap, result.chosen.size) == (0, 0, 0, 0)


def test_more_sites_than_candidates_cover_all_that_can_be_covered():
    covers = sp.csr_array([[1, 0], [0, 1], [0, 0]])
    result = max_coverage(covers, [2, 3, 50], count=9)
    assert (result.covered, result.bound, sorted(result.chosen)) == (5, 5, [0, 1])


def test_useless_candidates_are_not_chosen():
    result = max_coverage(sp.csr_array([[1, 1], [1, 0]]), [4, 1], count=2)
    assert result.chosen.tolist() == [0]


def test_stored_zeros_do_not_cover():
    covers = sp.csr_array((np.array([0.0, 1.0]), np.array([0, 1]), np.array([0, 2])), shape=(1, 2))
    assert max_coverage(covers, [7], count=1).chosen.tolist() == [1]


def test_the_matrix_and_the_weights_are_left_as_they_were():
    covers = sp.csr_array((np.array([2.0, 0.0]), np.array([1, 0]), np.array([0, 2])), shape=(1, 2))
    weight = np.array([7.0])
    max_coverage(covers, weight, count=1)
    assert (covers.data.tolist(), covers.indices.tolist(), weight[0]) == ([2, 0], [1, 0], 7)


@pytest.mark.parametrize(
    ("weight", "options", "match"),
    [
        ([1, -2], {"count": 1}, "weight must hold"),
        ([1, np.nan], {"count": 1}, "weight must hold"),
        ([1], {"count": 1}, "for each of 2"),
        ([1, 2], {"count": -1}, "count must be"),
        ([1, 2], {"count": 1, "fixed": (0, 1)}, "exceed"),
        ([1, 2], {"count": 1, "fixed": (5,)}, "indices"),
    ],
)
def test_what_cannot_be_meant_is_refused(weight, options, match):
    with pytest.raises(SettingsError, match=match):
        max_coverage(sp.csr_array([[1, 0], [0, 1]]), weight, **options)


def test_the_clock_stops_the_search_but_not_the_proof():
    random = np.random.default_rng(0)
    covers = sp.csr_array(random.random((800, 300)) < 0.02)
    weight = random.integers(1, 50, 800)
    result = max_coverage(covers, weight, count=40, time_limit_s=1e-6)
    assert result.stopped_by_time
    bound = certificate(covers, weight, result.multipliers, 40)
    assert result.covered <= result.bound == np.floor(bound)


def test_the_same_input_gives_the_same_result():
    random = np.random.default_rng(1)
    covers, weight = sp.csr_array(random.random((200, 60)) < 0.06), random.integers(1, 9, 200)
    one, two = (max_coverage(covers, weight, count=9) for _ in range(2))
    assert one.chosen.tolist() == two.chosen.tolist()
    assert one.multipliers.tobytes() == two.multipliers.tobytes()


def test_swains_fifty_five_nodes_reach_every_published_optimum():
    folder = shared_folder("benchmarks") / "max_coverage" / "swain55"
    distance = pd.read_csv(folder / "swain55_distances.csv", header=None).to_numpy()
    people = pd.read_csv(folder / "swain55_nodes.csv")["population"].to_numpy()
    published = pd.read_csv(folder / "tabela1_resultados.csv")
    for case in published.itertuples():
        result = max_coverage(sp.csr_array(distance <= case.S), people, count=case.p)
        assert result.covered == case.pop_coberta <= result.bound


def city(name, radius_m, count):
    """Return a city's matrix and weights, and the value and choice published for it."""
    folder = shared_folder("benchmarks") / "max_coverage" / "cities"
    coordinates, demand = (
        (folder / f"{name}.txt").read_text().split("NODE_COORD_SECTION")[1].split("DEMAND_SECTION")
    )
    lat, lon = np.radians(np.array(coordinates.split(), np.float32).astype(float)).reshape(-1, 2).T
    weight = np.array([int(word) for word in demand.replace("EOF", "").split()])
    cosine = np.sin(lat) * np.sin(lat[:, None])
    cosine += np.cos(lat) * np.cos(lat[:, None]) * np.cos(lon - lon[:, None])
    distance_m = 6_378_100 * np.arccos(np.clip(cosine, -1, 1))
    best = (folder / "best" / f"{name}_{count}_{radius_m}.txt").read_text().splitlines()
    value = int(best[0].split()[1])
    return sp.csr_array(distance_m.astype(np.float32) <= radius_m), weight, value


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "radius_m", "count"), [("NewYork", 400, 50), ("NewYork", 400, 100)]
)
def test_city_instances_come_close_to_the_published_value(name, radius_m, count):
    covers, weight, published = city(name, radius_m, count)
    result = max_coverage(covers, weight, count=count)
    assert result.covered >= 0.99 * published
    assert result.bound >= published
    assert result.gap < 0.012


@pytest.mark.slow
@pytest.mark.parametrize(("count", "gap"), [(15, 0.0), (30, 5e-5), (50, 2.5e-3), (100, 6e-3)])
def test_a_province_is_solved_with_a_small_proven_gap(count, gap):
    with np.load(shared_folder("benchmarks") / "max_coverage" / "province_20000x2000.npz") as file:
        parts = (np.ones(file["indices"].size), file["indices"], file["indptr"])
        covers, weight = sp.csr_array(parts, shape=tuple(file["shape"])), file["weight"]
    result = max_coverage(covers, weight, count=count)
    assert result.covered >= PROVINCE[count]
    assert result.gap <= gap
    assert result.bound == np.floor(certificate(covers, weight, result.multipliers, count))
