"""Shared trenches: the bound against every plan of tiny graphs, bores by who passes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.cables.bores import supporting_lines
from infraplan.cables.bulk import Flows
from infraplan.cables.bulk import shared_tree
from infraplan.cables.chamber_costs import Extra
from infraplan.cables.chamber_costs import extras_cost
from infraplan.cables.joined import joined_parts
from infraplan.errors import SettingsError

NODES = 5
EDGES = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (1, 3), (0, 2)]


def flows_of(stops: list[list[int]], runs: list[tuple[int, int, int, float]] = ()) -> Flows:
    """Return the flows of owners with stops, and runs (owner, from, to, section)."""
    return Flows(
        stop_node=np.asarray([v for mine in stops for v in mine], dtype=np.int64),
        stop_owner=np.asarray([k for k, mine in enumerate(stops) for _ in mine], dtype=np.int64),
        owners=len(stops),
        run_ends=np.asarray([run[1:3] for run in runs], dtype=np.int64).reshape(-1, 2),
        run_owner=np.asarray([run[0] for run in runs], dtype=np.int64),
        run_mm2=np.asarray([run[3] for run in runs], dtype=np.float64),
        bore_mm2=1000.0,
    )


def joins(edges: tuple[int, ...], stops: list[int]) -> bool:
    """Return whether edges join stops."""
    part = list(range(NODES))
    for _ in range(NODES):
        for e in edges:
            u, v = EDGES[e]
            part[u] = part[v] = min(part[u], part[v])
    return len({part[v] for v in stops}) <= 1


def least_cost(
    cost: np.ndarray, terminals: list[int], stops: list[list[int]], extras: tuple[Extra, ...] = ()
) -> float:
    """Return the cost of the cheapest plan: any trenches, and any edges in them for each owner."""
    every = [s for k in range(len(EDGES) + 1) for s in itertools.combinations(range(len(EDGES)), k)]
    ways = [[s for s in every if joins(s, mine)] for mine in stops]
    # an owner never needs more edges than a smallest set that joins its stops
    ways = [[s for s in mine if not any(set(t) < set(s) for t in mine)] for mine in ways]
    best = np.inf
    for trenches in (s for s in every if joins(s, terminals)):
        inside = [[s for s in mine if set(s) <= set(trenches)] for mine in ways]
        dug = np.isin(np.arange(len(EDGES)), trenches)
        for choice in itertools.product(*inside):
            total = sum(cost[e, sum(e in own for own in choice)] for e in trenches)
            best = min(best, total + extras_cost(extras, dug))
    return best


costs = st.lists(
    st.tuples(st.integers(0, 40), st.lists(st.integers(0, 15), min_size=3, max_size=3)),
    min_size=len(EDGES), max_size=len(EDGES),
)  # fmt: skip
owner_stops = st.lists(
    st.lists(st.integers(0, NODES - 1), max_size=3, unique=True), min_size=3, max_size=3
)


some_edges = st.lists(st.integers(0, len(EDGES) - 1), max_size=2, unique=True).map(tuple)
some_extras = st.lists(
    st.tuples(st.integers(0, 30), st.lists(st.tuples(some_edges, some_edges), max_size=2)),
    max_size=2,
).map(lambda rows: tuple(Extra(100.0 * cost, tuple(when)) for cost, when in rows))


@settings(deadline=None, max_examples=40)
@given(
    costs, owner_stops, st.lists(st.integers(0, NODES - 1), max_size=3), st.booleans(), some_extras
)
def test_no_plan_of_a_tiny_graph_undercuts_the_bound(
    steps, stops, houses, thorough, extras
) -> None:
    cost = 100.0 * np.asarray([np.cumsum([first, *more]) for first, more in steps])
    terminals = sorted({v for mine in stops for v in mine} | set(houses) | {0, 3})
    saved = sum(extra.cost for extra in extras)  # an edge that leads nowhere must not pay
    extras = tuple(
        Extra(
            extra.cost,
            tuple((a, tuple(e for e in b if cost[e, 0] >= saved)) for a, b in extra.when),
        )
        for extra in extras
    )
    ends = np.asarray(EDGES, dtype=np.int64)
    found = shared_tree(
        ends, cost, np.asarray(terminals), flows_of(stops), thorough=thorough, extras=extras
    )
    least = least_cost(cost, terminals, stops, extras)
    assert found.bound <= least + 1e-6
    assert least <= found.cost + 1e-6
    assert joins(tuple(found.edges.tolist()), terminals)
    counted = (found.bores > 0).sum(axis=1)
    dug = np.isin(np.arange(len(EDGES)), found.edges)
    paid = sum(cost[found.edges, counted]) + extras_cost(extras, dug)
    assert found.cost == pytest.approx(paid)


@given(costs)
def test_a_supporting_line_lies_below_every_cost(steps) -> None:
    cost = np.asarray([np.cumsum([first, *more]) for first, more in steps], dtype=np.float64)
    for at in range(cost.shape[1]):
        alpha, beta = supporting_lines(cost, at)
        assert (alpha >= 0).all()
        assert (beta >= 0).all()
        assert (alpha[:, None] + beta[:, None] * np.arange(4) <= cost + 1e-9).all()


def test_bores_follow_from_the_section_of_the_cables_that_pass() -> None:
    ends = np.asarray([(0, 1), (1, 2), (2, 3)], dtype=np.int64)
    cost = np.cumsum(np.full((3, 8), 10.0), axis=1)
    flows = flows_of([[0, 3], [1, 2]], [(0, 0, 2, 900.0), (0, 0, 3, 1500.0), (1, 1, 2, 10.0)])
    found = shared_tree(ends, cost, np.asarray([0, 1, 2, 3]), flows)
    assert found.section_mm2[:, 0].tolist() == [2400.0, 2400.0, 1500.0]
    assert found.bores.tolist() == [[3, 0], [3, 1], [2, 0]]
    assert found.cost == pytest.approx(40 + 50 + 30)


def test_a_dear_straight_is_shared_where_one_owner_alone_would_go_round() -> None:
    # three owners between the same ends: 30 + 3 on the straight, 3 x 8 on the way round
    ends = np.asarray([(0, 1), (0, 2), (2, 1)], dtype=np.int64)
    cost = np.asarray([[30, 31, 32, 33], [10, 15, 20, 25], [10, 15, 20, 25]], dtype=np.float64)
    one = shared_tree(ends, cost, np.asarray([0, 1]), flows_of([[0, 1]]))
    three = shared_tree(ends, cost, np.asarray([0, 1]), flows_of([[0, 1]] * 3))
    assert one.edges.tolist() == [1, 2]
    assert three.edges.tolist() == [0]
    assert three.bound <= three.cost == 33


def test_more_bores_than_any_trench_holds_are_refused() -> None:
    ends = np.asarray([(0, 1)], dtype=np.int64)
    flows = flows_of([[0, 1]], [(0, 0, 1, 9000.0)])
    with pytest.raises(SettingsError, match=r"rules\.layouts"):
        shared_tree(ends, np.ones((1, 3)), np.asarray([0, 1]), flows)


def test_a_quick_tree_is_the_same_whether_a_bound_is_proven_or_not() -> None:
    ends, cost = np.asarray([(0, 1), (1, 2), (0, 2)]), np.asarray([[5.0, 6.0]] * 3)
    proven, other = (
        shared_tree(ends, cost, np.arange(3), flows_of([[0, 2]]), thorough=False, is_proven=told)
        for told in (True, False)
    )
    assert (proven.edges == other.edges).all()
    assert proven.cost == other.cost
    assert 0 == other.bound < proven.bound <= proven.cost


def test_the_same_seed_gives_the_same_tree() -> None:
    rng = np.random.default_rng(5)
    ends = np.asarray([(i, i + 1) for i in range(39)] + rng.integers(0, 40, (60, 2)).tolist())
    ends = ends[ends[:, 0] != ends[:, 1]].astype(np.int64)
    cost = np.cumsum(rng.integers(1, 900, (len(ends), 5)).astype(float), axis=1)
    stops = [rng.choice(40, 6, replace=False).tolist() for _ in range(4)]
    one, two = (shared_tree(ends, cost, np.arange(0, 40, 3), flows_of(stops), seed=2)
                for _ in range(2))  # fmt: skip
    assert one.edges.tolist() == two.edges.tolist()
    assert one.bound == two.bound
    assert 0.8 * one.cost < one.bound <= one.cost


def test_exchanges_leave_a_tree_that_costs_what_is_told_in_any_unit_of_money() -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        side = 7
        node = np.arange(side * side).reshape(side, side)
        ends = np.vstack([
            np.column_stack([node[:, :-1].ravel(), node[:, 1:].ravel()]),
            np.column_stack([node[:-1].ravel(), node[1:].ravel()]),
        ])  # fmt: skip
        cost = np.cumsum(rng.integers(1, 30, (len(ends), 4)).astype(np.float64), axis=1)
        terminals = np.sort(rng.choice(side * side, 12, replace=False))
        stops = [np.sort(rng.choice(terminals, 4, replace=False)).tolist() for _ in range(3)]
        found, dear = (
            shared_tree(ends, values, terminals, flows_of(stops), thorough=False)
            for values in (cost, 1000.0 * cost)
        )
        column = found.bores.sum(axis=1)
        assert found.cost == pytest.approx(cost[found.edges, column].sum())
        assert (found.edges == dear.edges).all()
        part = joined_parts(ends[found.edges], side * side)
        assert len(set(part[terminals].tolist())) == 1
        assert found.bound <= found.cost
