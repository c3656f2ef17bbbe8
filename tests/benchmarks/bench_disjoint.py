"""
Speed of disjoint pairs on a street graph of 14,449 edges, and additions that close rings.

Run: pytest tests/benchmarks/bench_disjoint.py -o python_files='bench_*.py' -s, with
INFRAPLAN_BENCH=province before it for the larger networks and two minutes each.
"""

import os
import time

import networkx as nx
import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from infraplan.cables import disjoint_pair
from infraplan.cables import ring_augmentation
from infraplan.cables import single_points_of_failure
from infraplan.cables import steiner_tree
from tests.cables.instances import read_instance

PAIRS = 20
FULL = os.environ.get("INFRAPLAN_BENCH") == "province"
RINGS = [("I056", 12, "edge", 15.0)]
if FULL:
    RINGS = [
        ("I056", 20, "edge", 120.0), ("I056", 20, "node", 120.0), ("I053", 40, "edge", 120.0),
        ("I039", 40, "edge", 120.0),
    ]  # fmt: skip


def cpu_s(call) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


@pytest.mark.parametrize("kind", ["edge", "node"])
def test_a_pair_takes_a_few_single_searches(kind: str) -> None:
    edges, cost, terminals = read_instance("I039")
    low, high = edges.min(axis=1), edges.max(axis=1)
    size = int(high.max()) + 1
    matrix = csr_array((cost, (low, high)), shape=(size, size))
    ends = list(zip(terminals[:PAIRS].tolist(), terminals[::-1][:PAIRS].tolist(), strict=True))
    disjoint_pair(edges, cost, *ends[0], kind=kind)
    ours_s = min(cpu_s(lambda: [disjoint_pair(edges, cost, *e, kind=kind) for e in ends])
                 for _ in range(3)) / PAIRS  # fmt: skip
    one_s = min(cpu_s(lambda: [dijkstra(matrix, directed=False, indices=s) for s, _ in ends])
                for _ in range(3)) / PAIRS  # fmt: skip
    print(f"\n{kind}-disjoint pair, {len(edges)} edges: {1000 * ours_s:.1f} ms CPU; scipy's single "
          f"dijkstra {1000 * one_s:.1f} ms; ratio {ours_s / one_s:.2f}")  # fmt: skip
    assert ours_s < 8 * one_s


@pytest.mark.skipif(not FULL, reason="INFRAPLAN_BENCH=province runs it: 30 s")
def test_two_pairs_equal_the_flow_of_networkx() -> None:
    edges, cost, terminals = read_instance("I039")
    for start, end in (terminals[[0, -1]].tolist(), terminals[[1, -2]].tolist()):
        graph = nx.DiGraph()
        for number, ((u, v), price) in enumerate(zip(edges.tolist(), cost.tolist(), strict=True)):
            for a, b in ((u, v), (v, u)):
                graph.add_edge(a, (number, a), capacity=1, weight=int(price))
                graph.add_edge((number, a), b, capacity=1, weight=0)
        graph.nodes[start]["demand"], graph.nodes[end]["demand"] = -2, 2
        took: list[int] = []
        seconds = cpu_s(lambda graph=graph, took=took: took.append(nx.network_simplex(graph)[0]))
        pair = disjoint_pair(edges, cost, start, end)
        print(f"\nnetwork_simplex {seconds:.1f} s CPU, {took[0]}; ours {pair.cost:.0f}")
        assert pair.cost == took[0]


@pytest.mark.parametrize(("name", "count", "kind", "seconds"), RINGS)
def test_rings_close_a_tree_of_streets(name: str, count: int, kind: str, seconds: float) -> None:
    edges, cost, terminals = read_instance(name)
    chosen = terminals[:count]
    exists = np.zeros(len(edges), dtype=bool)
    exists[steiner_tree(edges, cost, chosen, time_limit_s=2).edges] = True
    before = single_points_of_failure(edges[exists], chosen, hubs=chosen[:1])
    start = time.process_time()
    plan = ring_augmentation(
        edges, cost, exists, chosen, hubs=chosen[:1], kind=kind, time_limit_s=seconds
    )
    took = time.process_time() - start
    exists[plan.edges] = True
    after = single_points_of_failure(edges[exists], chosen, hubs=chosen[:1])
    print(f"\n{name}, {len(edges)} edges, {count} chosen, {kind}: {len(before.edges)} edges cut "
          f"someone off before and {len(after.edges)} after; cost {plan.cost:.0f}, gap "
          f"{100 * plan.gap:.2f} %, {took:.1f} s CPU")  # fmt: skip
    unavoidable = {e for one in plan.unmended for e in one.edges}
    assert set(np.flatnonzero(exists)[after.edges].tolist()) == unavoidable
    assert 0 < plan.bound <= plan.cost
