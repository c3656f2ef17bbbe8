"""Disjoint pairs: against min-cost flow and brute force, least sharing, what is refused."""

import networkx as nx
import numpy as np
import pytest

from infraplan.cables import disjoint_pair
from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError

RNG = np.random.default_rng(7)


def random_graph(rng: np.random.Generator, *, nodes: int, edges: int):
    n, m = int(rng.integers(2, nodes)), int(rng.integers(1, edges))
    return rng.integers(0, n, (m, 2)), rng.integers(0, 20, m), n - 1


def flow_cost(edges, cost, target: int, *, by_node: bool) -> int | None:
    """Return what two units of flow from node 0 cost, None where there is no room for them."""
    graph = nx.DiGraph()
    graph.add_node(("out", 0), demand=-2)
    graph.add_node(("in", target), demand=2)
    for v in range(1, target):
        graph.add_edge(("in", v), ("out", v), capacity=1 if by_node else 2, weight=0)
    for number, ((u, v), price) in enumerate(zip(edges.tolist(), cost.tolist(), strict=True)):
        for a, b in ((u, v), (v, u)):
            if a not in (b, target) and b != 0:
                graph.add_edge(("out", a), (number, a), capacity=1, weight=price)
                graph.add_edge((number, a), ("in", b), capacity=1, weight=0)
    try:
        return nx.network_simplex(graph)[0]
    except nx.NetworkXUnfeasible:
        return None


def test_a_thousand_random_pairs_equal_the_flow_of_least_cost() -> None:
    checked = 0
    while checked < 1000:
        edges, cost, target = random_graph(RNG, nodes=9, edges=20)
        for kind in ("edge", "node"):
            try:
                pair = disjoint_pair(edges, cost, 0, target, kind=kind)
            except NoRouteError:
                continue
            truth = flow_cost(edges, cost, target, by_node=kind == "node")
            assert pair.is_disjoint == (truth is not None)
            assert truth in (None, pair.cost)
            checked += 1


def simple_paths(edges, target: int):
    graph = nx.MultiGraph()
    graph.add_nodes_from((0, target))
    graph.add_edges_from((u, v, k) for k, (u, v) in enumerate(edges.tolist()) if u != v)
    for path in nx.all_simple_edge_paths(graph, 0, target):
        yield {k for *_, k in path}, {v for _, v, _ in path} - {target}


def least_by_force(edges, cost, target: int, groups, *, by_node: bool) -> tuple[int, int] | None:
    """Return the least number of shared things, and the least cost with that many."""
    grouped = {e for group in groups for e in group}
    ways = [
        (own, nodes, {g for g, group in enumerate(groups) if own & set(group)})
        for own, nodes in simple_paths(edges, target)
    ]
    found = [
        (
            len(a[2] & b[2]) + len((a[0] & b[0]) - grouped) + by_node * len(a[1] & b[1]),
            int(cost[list(a[0])].sum() + cost[list(b[0])].sum()),
        )
        for a in ways
        for b in ways
    ]
    return min(found, default=None)


@pytest.mark.parametrize("kind", ["edge", "node", "group", "node and group"])
def test_the_least_is_shared_and_then_the_least_paid(kind: str) -> None:
    for _ in range(40):
        edges, cost, target = random_graph(RNG, nodes=7, edges=12)
        groups: list[list[int]] = []
        if "group" in kind:
            sizes = RNG.integers(1, min(len(edges), 4) + 1, 4).tolist()
            groups = [RNG.choice(len(edges), s, replace=False).tolist() for s in sizes]
        by_node = "node" in kind
        truth = least_by_force(edges, cost, target, groups, by_node=by_node)
        if truth is None:
            with pytest.raises(NoRouteError, match="no path joins the two"):
                disjoint_pair(edges, cost, 0, target)
            continue
        asked = {"kind": kind.split(maxsplit=1)[0], "groups": groups or None}
        pair = disjoint_pair(edges, cost, 0, target, **asked)
        loose = set(pair.shared_edges) - {e for group in groups for e in group}
        shared = len(pair.shared_groups) + len(pair.shared_nodes) + len(loose)
        assert (shared, pair.cost) == truth
        assert pair.optimal
        assert pair.bound == pytest.approx(pair.cost)


def test_what_lies_on_every_path_is_named() -> None:
    edges = [[0, 1], [0, 1], [1, 2], [2, 3], [2, 3]]
    pair = disjoint_pair(edges, [1, 2, 3, 4, 5], 0, 3)
    assert (pair.shared, pair.cost) == ([2], 18.0)
    assert disjoint_pair(edges, [1, 2, 3, 4, 5], 0, 3, kind="node").shared == [1, 2]


def test_two_streets_over_one_bridge_are_led_apart_at_a_price() -> None:
    edges = [[0, 1], [1, 2], [0, 3], [3, 2], [0, 4], [4, 2]]
    cost = [1, 1, 1, 1, 9, 9]
    bridge = [-1, 0, -1, 0, -1, -1]
    assert disjoint_pair(edges, cost, 0, 2).cost == 4
    pair = disjoint_pair(edges, cost, 0, 2, kind="group", groups=bridge)
    assert (pair.cost, pair.shared) == (20.0, [])
    pair = disjoint_pair(edges[:4], cost[:4], 0, 2, kind="group", groups=[[1, 3]])
    assert (pair.cost, pair.shared, pair.optimal) == (4.0, [0], True)


def test_paths_lead_from_source_to_target_and_stand_in_order_of_cost() -> None:
    edges = np.asarray([[7, 900], [900, 5], [7, 5]])
    pair = disjoint_pair(edges, [2.5, 2.5, 1.0], 5, 7)
    assert pair.paths == ([2], [1, 0])


def test_sides_that_no_path_joins_are_told() -> None:
    with pytest.raises(NoRouteError, match=r"node 0 on a side of 2 nodes \(0, 1\), node 9 on a"):
        disjoint_pair([[0, 1], [8, 9]], [1, 1], 0, 9)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SettingsError, match=r"cost.*kind.*source and target"):
        disjoint_pair([[0, 1]], [-1.0], 1, 1, kind="street")
    with pytest.raises(SettingsError, match=r"shape \(m, 2\).*needs groups"):
        disjoint_pair([0, 1, 2], [], 0, 1, kind="group")
    with pytest.raises(SettingsError, match="group 0 names edges that are not there"):
        disjoint_pair([[0, 1]], [1.0], 0, 1, kind="group", groups=[[4]])
