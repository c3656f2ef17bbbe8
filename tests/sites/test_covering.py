"""Maximal covering: bound >= truth >= what was found, on small and on published instances."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.errors import SettingsError
from infraplan.sites import fewest_sites
from infraplan.sites import max_coverage
from infraplan.sites import max_coverage_budget
from infraplan.sites import pairs_within
from infraplan.sites.certificate import coverage_bound
from infraplan.sites.certificate import proven_bound
from tests.sites.instances import PROVINCE
from tests.sites.instances import province
from tests.sites.instances import swain


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


def divided(covers, weight, result, count, part=-1, fixed=(), out=()):
    """Recompute the bound of a tree of branches, slowly: each side of each candidate anew."""
    source = result if part < 0 else result.branches[part]

    def bound(more=(), less=()):
        m = np.minimum(np.maximum(source.multipliers, 0), weight)
        c, inside = covers.T @ m, sorted({*fixed, *more})
        rest = np.sort(np.delete(c, sorted({*inside, *out, *less})))[::-1]
        return (weight - m).sum() + c[inside].sum() + rest[: max(count - len(inside), 0)].sum()

    parts = [n for n, branch in enumerate(result.branches) if branch.parent == part]
    if not parts or bound() < result.covered + 0.99:
        return bound()
    free = set(range(covers.shape[1])) - {*fixed, *out}
    fixed = {*fixed, *(j for j in free if bound(less=(j,)) < result.covered + 0.99)}
    out = {*out, *(j for j in free if bound(more=(j,)) < result.covered + 0.99)}
    sides = {(result.branches[n].candidate, result.branches[n].taken): n for n in parts}
    if len(parts) == 1 and result.branches[parts[0]].candidate < 0:
        return divided(covers, weight, result, count, parts[0], fixed, out)
    (j,) = {candidate for candidate, _ in sides}
    ways = {True: ({*fixed, j}, out), False: (fixed, {*out, j})}
    return max(
        divided(covers, weight, result, count, sides[j, taken], *way)
        for taken, way in ways.items()
        if not (way[0] & way[1])
    )


@settings(max_examples=40, deadline=None)
@given(instances())
def test_whole_weights_are_bounded_and_counted_right(instance):
    covers, weight, count = instance
    result = max_coverage(covers, weight, count=count)
    truth = best_of_all(covers, weight, count)
    assert result.bound >= truth >= result.covered
    assert result.covered == covered_by(covers, weight, result.chosen)
    assert len(set(result.chosen)) == len(result.chosen) <= count
    assert result.bound >= np.floor(divided(covers, weight, result, count) + 1e-6)
    assert result.bound >= proven_bound(covers, weight, result, budget=count)


@settings(max_examples=40, deadline=None)
@given(instances(whole=False))
def test_fractional_weights_are_bounded_up_to_rounding(instance):
    covers, weight, count = instance
    result = max_coverage(covers, weight, count=count)
    truth = best_of_all(covers, weight, count)
    assert result.bound * (1 + 1e-8) >= truth >= result.covered * (1 - 1e-12)
    assert proven_bound(covers, weight, result, budget=count) <= result.bound + 1e-6


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
        ([1, 2], {"count": 1, "fixed": (1,), "forbidden": (1,)}, "both fixed and forbidden"),
        ([1, 2], {"count": 2, "fixed": (0, 1), "conflicts": [[0, 1]]}, "exclude each other"),
        ([1, 2], {"count": 2, "groups": [0.5, 1]}, "groups must hold"),
        ([1, 2], {"count": 2, "conflicts": [[0, 7]]}, "conflicts must hold"),
        ([1, 2], {"count": 2, "second_weight": [2, 2]}, "must not exceed"),
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


def every_choice(columns):
    """Return every set of so many candidates."""
    return [c for n in range(columns + 1) for c in itertools.combinations(range(columns), n)]


@settings(max_examples=40, deadline=None)
@given(instances(), st.integers(0, 10_000))
def test_groups_conflicts_and_forbidden_ones_are_kept_and_the_bound_holds(instance, seed):
    covers, weight, count = instance
    random, columns = np.random.default_rng(seed), covers.shape[1]
    groups, pairs = random.integers(-1, 3, columns), random.integers(0, columns, (4, 2))
    options = {"groups": groups, "conflicts": pairs, "forbidden": [0]}
    result = max_coverage(covers, weight, count=count, **options)

    def allowed(c):
        together = [groups[j] for j in c if groups[j] >= 0]
        clash = any(a != b and a in c and b in c for a, b in pairs.tolist())
        return len(c) <= count and 0 not in c and not clash and len(set(together)) == len(together)

    truth = max(covered_by(covers, weight, c) for c in every_choice(columns) if allowed(c))
    assert allowed(result.chosen.tolist())
    assert result.bound >= truth >= result.covered == covered_by(covers, weight, result.chosen)
    assert result.bound >= proven_bound(covers, weight, result, budget=count, forbidden=[0])


@settings(max_examples=40, deadline=None)
@given(instances(), st.integers(0, 10_000))
def test_backup_counts_the_second_cover_and_the_bound_holds(instance, seed):
    covers, weight, count = instance
    second = np.floor(weight * np.random.default_rng(seed).random(weight.size))
    result = max_coverage(covers, weight, count=count, second_weight=second)
    dense = covers.toarray()

    def worth(c):
        times = dense[:, list(c)].sum(axis=1)
        return weight[times >= 1].sum() + second[times >= 2].sum()

    truth = max(worth(c) for c in every_choice(covers.shape[1]) if len(c) <= count)
    assert result.bound >= truth >= result.covered == worth(result.chosen)
    assert result.bound >= proven_bound(covers, weight, result, budget=count, second_weight=second)


@settings(max_examples=40, deadline=None)
@given(instances(), st.integers(0, 10_000), st.integers(1, 30))
def test_a_budget_with_groups_is_kept_and_the_bound_holds(instance, seed, budget):
    covers, weight, _ = instance
    random, columns = np.random.default_rng(seed), covers.shape[1]
    cost, groups = random.integers(1, 9, columns), random.integers(-1, 3, columns)
    result = max_coverage_budget(covers, weight, cost, budget=budget, groups=groups)

    def allowed(c):
        together = [groups[j] for j in c if groups[j] >= 0]
        return cost[list(c)].sum() <= budget and len(set(together)) == len(together)

    truth = max(covered_by(covers, weight, c) for c in every_choice(columns) if allowed(c))
    assert allowed(result.chosen.tolist())
    assert result.bound >= truth >= result.covered
    assert result.bound >= proven_bound(covers, weight, result, budget=budget, cost=cost)


@settings(max_examples=40, deadline=None)
@given(instances(), st.floats(0, 1))
def test_the_fewest_sites_for_a_share_are_no_more_than_trying_all_would_find(instance, share):
    covers, weight, _ = instance
    covers = sp.csr_array(sp.hstack([covers, np.ones((covers.shape[0], 1))]))
    result = fewest_sites(covers, weight, share=share)
    reaching = [
        len(c)
        for c in every_choice(covers.shape[1])
        if covered_by(covers, weight, c) >= result.target
    ]
    assert result.covered >= result.target >= share * weight.sum() - 1e-6
    assert result.at_least <= min(reaching) <= result.chosen.size
    assert result.proof is None or result.proof.bound < result.target


def test_a_gap_of_multipliers_is_closed_by_branches_that_anyone_rechecks():
    random = np.random.default_rng(5)
    covers, weight = sp.csr_array(random.random((120, 40)) < 0.08), random.integers(1, 9, 120)
    result = max_coverage(covers, weight, count=8)
    assert len(result.branches) > 2
    assert certificate(covers, weight, result.multipliers, 8) >= result.covered + 1
    assert result.bound == result.covered
    assert np.floor(divided(covers, weight, result, 8) + 1e-6) <= result.bound


def test_a_proof_without_one_of_its_branches_proves_less():
    random = np.random.default_rng(5)
    covers, weight = sp.csr_array(random.random((120, 40)) < 0.08), random.integers(1, 9, 120)
    result = max_coverage(covers, weight, count=8)
    short = replace(result, branches=result.branches[:-1])
    assert proven_bound(covers, weight, result, budget=8) == result.bound
    assert proven_bound(covers, weight, short, budget=8) > result.bound


def test_decisions_that_no_choice_can_follow_leave_nothing_to_prove():
    covers = sp.csr_array((5, 6), dtype=float).tolil()
    for row, column in [(0, 1), (1, 1), (2, 2), (2, 3), (3, 1), (3, 3), (3, 4), (4, 5)]:
        covers[row, column] = 1
    covers, weight, cost = covers.tocsr(), [4, 3, 7, 5, 6], [8, 8, 2, 8, 1, 7]
    result = max_coverage_budget(covers, weight, cost, budget=9, groups=[0, 0, 2, 0, 1, 1])
    assert result.covered == result.bound == 13
    assert proven_bound(covers, weight, result, budget=9, cost=cost) == 13


def test_positions_nearer_than_the_spacing_are_never_both_chosen():
    x_m, y_m = np.array([0.0, 499.0, 999.0]), np.zeros(3)
    pairs = pairs_within(x_m, y_m, 500)
    assert pairs.tolist() == [[0, 1]]
    result = max_coverage(sp.csr_array(np.eye(3)), [3, 2, 1], count=2, conflicts=pairs)
    assert sorted(result.chosen) == [0, 2]
    assert result.bound == result.covered == 4


def test_better_answers_are_told_as_they_come():
    random, heard = np.random.default_rng(5), []
    covers, weight = sp.csr_array(random.random((120, 40)) < 0.08), random.integers(1, 9, 120)
    result = max_coverage(covers, weight, count=8, told=lambda *pair: heard.append(pair))
    assert heard[-1] == (result.covered, result.bound)
    assert all(a[0] <= b[0] and a[1] >= b[1] for a, b in itertools.pairwise(heard))


def test_swains_fifty_five_nodes_reach_every_published_optimum():
    distance, people, table = swain()
    for case in table.itertuples():
        result = max_coverage(sp.csr_array(distance <= case.S), people, count=case.p)
        assert result.covered == case.pop_coberta == result.bound


@pytest.mark.slow
@pytest.mark.parametrize("count", [15, 30])
def test_a_province_is_solved_to_proof(count):
    covers, weight = province()
    result = max_coverage(covers, weight, count=count, time_limit_s=180)
    assert result.covered >= PROVINCE[count]
    assert result.gap == 0
    assert proven_bound(covers, weight, result, budget=count) <= result.bound
