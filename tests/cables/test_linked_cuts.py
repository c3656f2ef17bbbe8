"""Cuts that shares of arcs violate are those that a greatest flow leaves."""

import itertools

import networkx as nx
import numpy as np
import pytest

from infraplan.cables._kernels_linked import ascent_cuts
from infraplan.cables._kernels_linked import violated_cuts

MOST, SLACK = 3, 0.05


def random_net(seed: int) -> tuple[np.ndarray, ...]:
    """Return a net of arcs both ways in rows: starts, arcs, tails, heads."""
    rng = np.random.default_rng(seed)
    tree = [(int(rng.integers(v)), v) for v in range(1, 14)]
    more = [tuple(map(int, rng.choice(14, 2, replace=False))) for _ in range(12)]
    between = np.asarray(list(dict.fromkeys(tuple(sorted(pair)) for pair in tree + more)))
    tails, heads = between.ravel(), between[:, ::-1].ravel()
    arcs = np.argsort(tails, kind="stable")
    starts = np.zeros(15, dtype=np.int64)
    np.cumsum(np.bincount(tails, minlength=14), out=starts[1:])
    return starts, arcs, tails.copy(), heads.copy()


def cut_sets(found: np.ndarray, begins: np.ndarray) -> list[list[int]]:
    """Return the arcs of each cut."""
    return [found[a:b].tolist() for a, b in itertools.pairwise(begins.tolist())]


def flow(tails: np.ndarray, heads: np.ndarray, share: np.ndarray, root: int, sink: int) -> float:
    """Return the greatest flow by networkx."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(14))
    for tail, head, room in zip(tails.tolist(), heads.tolist(), share.tolist(), strict=True):
        graph.add_edge(tail, head, capacity=room)
    return float(nx.maximum_flow_value(graph, root, sink))


@pytest.mark.parametrize("seed", range(20))
def test_a_sink_has_cuts_where_the_flow_falls_short(seed: int) -> None:
    starts, arcs, tails, heads = random_net(seed)
    rng = np.random.default_rng(seed + 100)
    share = rng.choice([0.0, 1e-5, 0.003, 0.3, 0.6, 1.0], len(tails))
    for sink in range(1, 14):
        whole = flow(tails, heads, share, 0, sink)
        found, begins = violated_cuts(
            starts, arcs, tails, heads, share, 0, np.asarray([sink]), MOST, SLACK
        )
        cuts = cut_sets(found, begins)
        assert bool(cuts) == (whole < 1.0 - SLACK)
        raised = share.copy()
        if cuts:  # the first is a least cut
            assert share[cuts[0]].sum() == pytest.approx(whole, abs=1e-6)
        for cut in cuts:
            assert share[cut].sum() < 1.0 - SLACK
            closed = share.copy()
            closed[cut] = 0.0
            assert flow(tails, heads, closed, 0, sink) == 0.0
            raised[cut] = 1.0
        # as many as may be sought, or those found carry one
        assert len(cuts) >= MOST or flow(tails, heads, raised, 0, sink) >= 1.0 - SLACK


@pytest.mark.parametrize("seed", range(10))
def test_cuts_of_an_ascent_keep_the_root_from_a_sink(seed: int) -> None:
    starts, arcs, tails, heads = random_net(seed)
    room = np.repeat(np.random.default_rng(seed).uniform(1.0, 9.0, len(tails) // 2), 2)
    sinks = np.asarray([3, 7, 11])
    left = room.copy()
    found, begins = ascent_cuts(starts, arcs, tails, left, 0, sinks)
    cuts = cut_sets(found, begins)
    assert cuts
    assert (left >= -1e-9).all()
    raised = np.zeros(len(room))
    for cut in cuts:
        closed = room.copy()
        closed[cut] = 0.0
        assert min(flow(tails, heads, closed, 0, int(sink)) for sink in sinks) == 0.0
        least = (room - raised)[cut].min()
        raised[cut] += least
    np.testing.assert_allclose(room - raised, left, atol=1e-9)
    for sink in sinks:  # no cut is left to raise: the root reaches it over arcs that are used up
        used = np.where(left <= 1e-9, 1.0, 0.0)
        assert flow(tails, heads, used, 0, int(sink)) > 0.0
