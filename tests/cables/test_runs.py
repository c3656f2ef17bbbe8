"""Ways of new cables: through a forest, by street, and no shorter than the least."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra

from infraplan.cables.runs import least_ways_m
from infraplan.cables.runs import run_paths
from infraplan.cables.runs import ways_m

RING = np.asarray([(0, 1), (1, 2), (2, 3), (3, 0), (1, 3)], dtype=np.int64)


def test_a_run_follows_the_forest_and_is_split_by_street() -> None:
    metres, unit = np.asarray([10.0, 20.0, 30.0, 40.0, 5.0]), np.asarray([0, 0, 1, 1, 1])
    paths = run_paths(np.asarray([0, 1, 2]), RING, [(0, 3), (3, 1), (2, 2), (0, 7)])
    assert paths == ((0, 1, 2), (2, 1), (), ())
    own = [[(0, 1.0)], [(0, 1.0)], [(0, 4.0), (1, 2.0)], [(1, 9.0)]]
    found = ways_m(paths, own, metres, unit)
    assert found == [{0: 30.0, 1: 30.0}, {1: 30.0, 0: 20.0}, {0: 4.0, 1: 2.0}, {1: 9.0}]


@settings(deadline=None)
@given(st.lists(st.integers(1, 99), min_size=5, max_size=5), st.integers(0, 4))
def test_no_tree_of_a_ring_offers_a_shorter_way_than_the_least(lengths, left_out) -> None:
    metres = np.asarray(lengths, dtype=np.float64)
    runs = [(0, 2), (1, 3), (3, 3)]
    own = [[(0, 1.0)], [(0, 1.0)], [(0, 7.0)]]
    least = least_ways_m(RING, metres, runs, own)
    trees = [[0, 1, 2], [1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 4, 1], [3, 4, 2], [0, 4, 2], [3, 4, 1]]
    tree = np.asarray(trees[left_out % len(trees)])
    found = ways_m(run_paths(tree, RING, runs), own, metres, np.zeros(5, dtype=np.int64))
    assert (least <= [sum(way.values()) + 1e-9 for way in found]).all()
    assert least[2] == pytest.approx(7.0)
    best = min(
        sum(ways_m(run_paths(np.asarray(t), RING, runs[:1]), own[:1], metres, np.zeros(5, int))[0]
            .values())
        for t in trees
    )  # fmt: skip
    assert least[0] == pytest.approx(best)


def test_the_least_ways_are_those_of_scipy() -> None:
    """Parallel edges and places that nothing joins included."""
    rng = np.random.default_rng(4)
    ends, metres = rng.integers(0, 60, (120, 2)), rng.uniform(1.0, 50.0, 120)
    ends, metres = ends[ends[:, 0] != ends[:, 1]], metres[ends[:, 0] != ends[:, 1]]
    table = np.full((60, 60), np.inf)
    np.minimum.at(table, (ends[:, 0], ends[:, 1]), metres)
    np.minimum.at(table, (ends[:, 1], ends[:, 0]), metres)
    far = dijkstra(np.where(np.isfinite(table), table, 0.0))
    runs = [(a, b) for a, b in rng.integers(0, 60, (40, 2)).tolist() if a != b]
    least = least_ways_m(ends, metres, runs, [[(0, 1.0)]] * len(runs))
    expected = [far[run] if np.isfinite(far[run]) else 0.0 for run in runs]
    assert least.tolist() == expected
