"""Networks without a single point of failure: against brute force, what cannot be mended."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest

from infraplan.cables import ring_augmentation
from infraplan.cables import single_points_of_failure
from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError

RNG = np.random.default_rng(11)


class Case:
    """A small random network, and what each failure does to it."""

    def __init__(self, rng: np.random.Generator, kind: str, *, with_hubs: bool) -> None:
        n, m = int(rng.integers(3, 7)), int(rng.integers(3, 11))
        self.n, self.edges = n, rng.integers(0, n, (m, 2)).tolist()
        self.cost, self.exists = rng.integers(1, 20, m), rng.random(m) < 0.35
        count = int(rng.integers(1, 3))
        self.hubs = rng.choice(n, count, replace=False).tolist() if with_hubs else None
        chosen = rng.choice(n, int(rng.integers(1, n)), replace=False).tolist()
        self.chosen = sorted(set(chosen) - set(self.hubs or []))
        self.failures = [(None, None), *((e, None) for e in range(m))]
        if kind == "node":
            lone = self.hubs if self.hubs and len(self.hubs) == 1 else []
            self.failures += [(None, v) for v in range(n) if v not in lone]
        self.full = {failure: self.left(range(m), failure) for failure in self.failures}

    def left(self, edges, failure) -> set:
        """Return which chosen nodes still reach a hub, or which pairs each other."""
        graph = nx.Graph()
        graph.add_nodes_from(v for v in range(self.n) if v != failure[1])
        graph.add_edges_from(
            self.edges[e] for e in edges if e != failure[0] and failure[1] not in self.edges[e]
        )
        parts = list(nx.connected_components(graph))
        if self.hubs is not None:
            return {v for part in parts if part & set(self.hubs) for v in part & set(self.chosen)}
        return {pair for part in parts for pair in combinations(sorted(part & set(self.chosen)), 2)}

    def is_secured(self, edges) -> bool:
        return all(self.left(edges, f) >= wanted for f, wanted in self.full.items())

    def least_cost(self) -> float:
        there = np.flatnonzero(self.exists).tolist()
        new = np.flatnonzero(~self.exists).tolist()
        sums = [
            int(self.cost[list(added)].sum())
            for count in range(len(new) + 1)
            for added in combinations(new, count)
            if self.is_secured([*there, *added])
        ]
        return min(sums)


@pytest.mark.parametrize("with_hubs", [True, False])
@pytest.mark.parametrize("kind", ["edge", "node"])
def test_additions_are_the_cheapest_that_secure_what_can_be(kind: str, with_hubs: bool) -> None:  # noqa: FBT001
    for _ in range(18):
        case = Case(RNG, kind, with_hubs=with_hubs)
        try:
            plan = ring_augmentation(
                case.edges, case.cost, case.exists, case.chosen, hubs=case.hubs, kind=kind
            )
        except NoRouteError:
            continue
        assert case.is_secured([*np.flatnonzero(case.exists), *plan.edges])
        assert plan.cost == case.least_cost()
        assert plan.optimal
        if with_hubs:
            lost = {v for f, kept in case.full.items() for v in case.chosen
                    if v not in kept and v != f[1]}  # fmt: skip
            assert {one.node for one in plan.unmended} == lost


@pytest.mark.parametrize("with_hubs", [True, False])
def test_weak_points_are_those_whose_failure_parts_chosen_nodes(with_hubs: bool) -> None:  # noqa: FBT001
    for _ in range(60):
        case = Case(RNG, "node", with_hubs=with_hubs)
        points = single_points_of_failure(case.edges, case.chosen, hubs=case.hubs)
        if points.apart:
            continue
        truth = {f for f, kept in case.full.items() if kept != {
            v for v in (case.chosen if with_hubs else combinations(case.chosen, 2))
            if (v != f[1] if with_hubs else f[1] not in v)}}  # fmt: skip
        found = {(e, None) for e in points.edges.tolist()}
        assert found | {(None, v) for v in points.nodes.tolist()} == truth


def test_a_bridge_that_nothing_avoids_is_named_and_the_rest_secured() -> None:
    edges = [[0, 1], [1, 2], [0, 2], [2, 3]]
    plan = ring_augmentation(edges, [1, 1, 4, 1], [True, True, False, True], [1, 3], hubs=[0])
    assert plan.edges.tolist() == [2]
    assert [(one.node, one.edges) for one in plan.unmended] == [(3, (3,))]


def test_what_not_even_all_edges_join_is_named() -> None:
    with pytest.raises(NoRouteError, match="not even all edges join these to any hub: 3"):
        ring_augmentation([[0, 1], [2, 3]], [1, 1], [True, False], [1, 3], hubs=[0])


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SettingsError, match=r"cost.*exists.*chosen.*hubs.*kind"):
        ring_augmentation([[0, 1]], [np.nan], [1, 0], [-1], hubs=[], kind="street")


def test_the_clock_leaves_additions_that_hold_and_a_bound() -> None:
    grid = nx.convert_node_labels_to_integers(nx.grid_2d_graph(12, 12))
    edges = np.asarray(grid.edges)
    cost = RNG.integers(1, 100, len(edges))
    exists = np.isin(np.arange(len(edges)), list(range(0, len(edges), 5)))
    plan = ring_augmentation(edges, cost, exists, [5, 60, 143], hubs=[0], time_limit_s=1e-6)
    assert plan.stopped_by_time
    assert 0 <= plan.bound <= plan.cost
    after = edges[exists | np.isin(np.arange(len(edges)), plan.edges)]
    assert single_points_of_failure(after, [5, 60, 143], hubs=[0]).edges.size == 0
