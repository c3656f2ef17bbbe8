"""The batch as a whole, against what trying every subset, order and exchange gives."""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.errors import GridMismatchError
from infraplan.sites.batch import EXACT_REQUESTS
from infraplan.sites.batch import _swaps
from infraplan.sites.batch import batch_gains
from infraplan.sites.batch import best_subsets
from infraplan.sites.batch import subset_people
from infraplan.sites.demand import Demand
from infraplan.sites.demand import demand_of
from infraplan.sites.gain import Gain
from infraplan.sites.gain import Ground
from tests.sites.test_appraisal import OTHER
from tests.sites.test_appraisal import VILLAGE
from tests.sites.test_appraisal import appraise
from tests.sites.world import CRS
from tests.sites.world import GEOBOX
from tests.sites.world import a_request
from tests.sites.world import at
from tests.sites.world import coverage_of
from tests.sites.world import requests
from tests.sites.world import villages
from tests.sites.world import world

PEOPLE = np.round(np.random.default_rng(4).uniform(0.1, 60.0, 40), 3)


def gain_of(cells, people=PEOPLE):
    """Return a gain of some cells."""
    cells = np.array(sorted(cells), dtype=np.int64)
    total = float(people[cells].sum())
    return Gain(cells, people[cells], total, total, total, 0.0, total, 0.0, 0.0, 0.0)


def gaining(*batch):
    """Return the gains of requests of the cells told, or of (technology, cells)."""
    made = []
    for number, entry in enumerate(batch):
        technology, cells = entry if isinstance(entry, tuple) else ("4G", entry)
        gain = None if cells is None else gain_of(cells)
        made.append(a_request(request_id=f"R{number:02d}", gain=gain, technology=technology))
    return batch_gains(made)


def units(gains, number):
    """Return the units of a request as a set."""
    return set(gains.unit[gains.request == number].tolist())


def people_of(gains, chosen):
    """Return the people of a subset, the plain way."""
    return math.fsum(gains.people[u] for u in set().union(*(units(gains, n) for n in chosen)))


batches = st.lists(
    st.tuples(st.sampled_from(["4G", "5G"]), st.sets(st.integers(0, 39), max_size=12)),
    min_size=1,
    max_size=6,
)
refusals = st.lists(st.booleans(), min_size=6, max_size=6)


@given(batches)
def test_people_of_every_subset_are_those_of_its_members_together(batch):
    gains = gaining(*batch)
    found = subset_people(gains)
    for mask in range(1 << len(batch)):
        chosen = [n for n in range(len(batch)) if mask >> n & 1]
        assert found[mask] == people_of(gains, chosen)


@given(batches, refusals)
def test_the_best_subset_of_every_size_is_the_first_of_the_best_of_all(batch, refused):
    gains, refused = gaining(*batch), np.array(refused[: len(batch)])
    good = set(np.flatnonzero(~refused).tolist())
    for size, (chosen, people, bound) in enumerate(best_subsets(gains, refused), start=1):
        sets = [set(c) for c in itertools.combinations(range(len(batch)), size)]
        allowed = [c for c in sets if c <= good or c >= good]
        best = min(allowed, key=lambda c: (-people_of(gains, c), sum(1 << n for n in c)))
        assert set(chosen.tolist()) == best
        assert people == bound == people_of(gains, best)


@given(batches)
def test_shapley_is_the_mean_over_all_orders_of_what_each_adds(batch):
    gains, count = gaining(*batch[:4]), len(batch[:4])
    found = subset_people(gains)
    added = np.zeros(count)
    for order in itertools.permutations(range(count)):
        for place, n in enumerate(order):
            before = sum(1 << m for m in order[:place])
            added[n] += found[before | 1 << n] - found[before]
    assert gains.shapley == pytest.approx(added / math.factorial(count))
    assert gains.shapley.sum() == pytest.approx(found[-1])


@settings(max_examples=25)
@given(batches)
def test_alone_last_and_together_are_those_of_the_subsets(batch):
    gains, found = gaining(*batch), subset_people(gaining(*batch))
    everyone = found.size - 1
    for n, m in itertools.product(range(len(batch)), repeat=2):
        assert gains.alone[n] == found[1 << n]
        assert gains.last[n] == found[-1] - found[everyone ^ 1 << n]
        both = found[1 << n] + found[1 << m] - found[1 << n | 1 << m]
        assert gains.together[n, m] == both


@settings(max_examples=50)
@given(batches, refusals)
def test_the_order_takes_at_each_turn_who_adds_most_and_the_refused_last(batch, refused):
    gains, refused = gaining(*batch), np.array(refused[: len(batch)])
    order, adds = gains.order(refused, np.zeros(len(batch)))
    for place, n in enumerate(order):
        before = people_of(gains, order[:place])
        left = [m for m in order[place:] if refused[m] or not refused[order[place:]].all()]
        open_ = [m for m in left if not refused[m]] or left
        most = max(people_of(gains, [*order[:place], m]) - before for m in open_)
        assert (adds[place], n in open_) == (most, True)


def test_a_cell_counts_once_a_technology():
    gains = gaining(("4G", {1, 2}), ("5G", {2, 3}), ("5G", {3}))
    assert gains.people.size == 4
    assert gains.together[0].tolist() == [gains.alone[0], 0, 0]
    assert gains.together[1, 2] == gains.alone[2]


def test_more_requests_than_can_be_tried_get_a_choice_and_a_bound():
    random = np.random.default_rng(2)
    batch = [set(random.integers(0, 40, 4).tolist()) for _ in range(EXACT_REQUESTS + 1)]
    gains, refused = gaining(*batch), np.zeros(len(batch), bool)
    best = best_subsets(gains, refused)
    for size, (chosen, people, _) in enumerate(best, start=1):
        assert chosen.size == size
        assert people == pytest.approx(people_of(gains, chosen))
    exact = max(people_of(gains, c) for c in itertools.combinations(range(len(batch)), 3))
    assert best[2][1] <= exact + 1e-6
    assert best[2][2] >= exact - 1e-6


def test_among_many_requests_the_refused_come_when_all_others_are_taken():
    batch = [{39}, *({n} for n in range(EXACT_REQUESTS))]
    refused = np.array([True] + [False] * EXACT_REQUESTS)
    best = best_subsets(gaining(*batch), refused)
    assert [0 in chosen for chosen, _, _ in best] == [False] * EXACT_REQUESTS + [True]


def test_a_batch_without_gains_has_an_order_and_no_people():
    gains = gaining(None, set(), None)
    order, adds = gains.order(np.zeros(3, bool), np.zeros(3))
    assert (order.tolist(), adds.tolist()) == ([0, 1, 2], [0, 0, 0])
    assert gains.is_known.tolist() == [False, True, False]
    assert [people for _, people, _ in best_subsets(gains, np.zeros(3, bool))] == [0, 0, 0]


def test_the_frontier_of_two_on_one_spot_stands_still():
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G"), R2=(*VILLAGE, "B", 42.0, "4G"))
    appraisal = appraise(rows)
    assert appraisal.frontier["people"].tolist() == [90, 90]
    assert appraisal.frontier["request_ids"].tolist() == ["R1", "R1;R2"]
    assert appraisal.frontier["is_proven"].all()
    assert appraisal.requests["last_in_people"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("away_m", "operator", "fields", "conflict"),
    [
        (50.0, "A", {}, "batch_duplicate"),
        (51.0, "A", {}, "spacing"),
        (299.0, "A", {}, "spacing"),
        (300.0, "A", {}, None),
        (299.0, "A", {"mast_class": "A1b"}, None),
        (300.0, "B", {}, "batch_sharing"),
        (301.0, "B", {}, None),
        (340.0, "A", {"mast_class": "A2a"}, "spacing"),
    ],
)
def test_requests_conflict_as_the_rules_say(away_m, operator, fields, conflict):
    near = (VILLAGE[0] + away_m, VILLAGE[1], operator, 42.0, "4G", fields)
    first = (*VILLAGE, "A", 42.0, "4G", fields)
    pair = appraise(requests(R1=first, R2=near)).overlaps.loc[("R1", "R2")]
    assert (pair["people"], pair["distance_m"]) == (90, pytest.approx(away_m))
    assert pair["conflict"] == conflict if conflict else pair.isna()["conflict"]


def test_requests_far_from_each_other_are_no_pair():
    ground = np.full(GEOBOX.shape, 10.0)
    ground[:, 45:50] = 600.0
    people = villages(VILLAGE) + villages(OTHER)
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G"), R2=(*OTHER, "A", 42.0, "4G"))
    assert not len(appraise(rows, people=people, layers=world(ground_m=ground)).overlaps)


@dataclass
class Built:
    """What could be built instead."""

    positions: Any
    covers: Any
    demand: Demand
    group: Any


def built(people, *reached, group=None):
    """Return positions that reach the blocks of the cells told."""
    ground = Ground.of(people, coverage_of(operators=("A", "B")), world().terrain, set())
    demand = demand_of(ground, "4G", "any")
    covers = np.zeros((demand.weight.size, len(reached)))
    for number, blocks in enumerate(reached):
        covers[list(blocks), number] = 1
    positions = gpd.GeoDataFrame(
        {"kind": ["new"] * len(reached)},
        index=[f"C{n}" for n in range(len(reached))],
        geometry=[at(1_000.0 * n, 500.0) for n in range(len(reached))],
        crs=CRS,
    )
    groups = np.full(len(reached), -1) if group is None else np.array(group)
    return Built(positions, sp.csr_array(covers), demand, groups)


def test_a_batch_is_held_against_the_best_that_as_many_could_do():
    people = villages(VILLAGE) + villages(OTHER, people=200.0)
    ground = np.full(GEOBOX.shape, 10.0)
    ground[:, 45:50] = 600.0
    made = appraise(
        requests(R1=(*VILLAGE, "A", 42.0, "4G")),
        people=people,
        layers=world(ground_m=ground),
        eligible=built(people, {0}, {0, 1}),
    )
    told = [made.against[name] for name in ("sites", "people", "people_on_cells", "best_people")]
    assert told == [1, 90, 90, 290]
    assert (made.against["bound"], made.against["candidate_ids"]) == (290, ["C1"])
    swap = made.swaps.loc[1]
    assert swap.tolist() == ["R1", "C1", "new", *at(1_000, 500).coords[0], 90, 290]


def test_of_positions_that_exclude_each_other_the_farthest_reaching_counts():
    people = villages(VILLAGE) + villages(OTHER, people=200.0)
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G"), R2=(3_000.0, 500.0, "A", 42.0, "4G"))
    eligible = built(people, {0}, {1}, {0}, group=[-1, 7, 7])
    assert appraise(rows, people=people, eligible=eligible).against["positions"] == 2


def test_positions_that_add_nobody_are_not_named():
    people = villages(VILLAGE) + villages(OTHER, people=200.0)
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G"), R2=(*VILLAGE, "A", 42.0, "4G"))
    ground = np.full(GEOBOX.shape, 10.0)
    ground[:, 45:50] = 600.0
    options = {"people": people, "layers": world(ground_m=ground)}
    against = appraise(rows, **options, eligible=built(people, {0}, {0, 1})).against
    assert (against["sites"], against["candidate_ids"]) == (2, ["C1"])


def test_without_positions_nothing_is_compared():
    made = appraise(requests(R1=(*VILLAGE, "A", 42.0, "4G")))
    assert (made.against, len(made.swaps)) == ({}, 0)


def test_positions_of_another_grid_are_refused():
    eligible = built(villages(VILLAGE), {0})
    eligible.demand = Demand(np.ones(1), np.zeros((3, 3), np.int64), np.ones((3, 3), bool))
    with pytest.raises(GridMismatchError, match="grid of"):
        appraise(requests(R1=(*VILLAGE, "A", 42.0, "4G")), eligible=eligible)


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_each_exchange_is_the_best_there_is(seed):
    random = np.random.default_rng(seed)
    weight = random.integers(1, 50, 25).astype(float)
    own, other = (sp.csr_array((random.random((25, n)) < 0.2).astype(float)) for n in (3, 6))
    positions = gpd.GeoDataFrame({"kind": "new"}, index=list("abcdef"), geometry=[at(0, 0)] * 6)
    taken = [own[:, [n]] for n in range(3)]
    table, names = _swaps(list("xyz"), own, positions, other, weight), list("xyz")
    for _, row in table.iterrows():
        assert row["people_before"] == covered(taken, weight)
        tried = {
            (n, p): covered([*taken[:n], other[:, [p]], *taken[n + 1 :]], weight)
            for n in range(3) if names[n] for p in range(6)
        }  # fmt: skip
        assert row["people_after"] == max(tried.values())
        n = names.index(row["request_id"])
        taken[n], names[n] = other[:, ["abcdef".index(row["candidate_id"])]], None


def covered(taken, weight):
    """Return the weight that columns cover together."""
    return float(weight[sp.hstack(taken).sum(axis=1) > 0].sum())
