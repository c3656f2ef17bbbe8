"""Steiner trees: against brute force, on published instances, and what a tree must be."""

import csv
import gzip
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.cables import SteinerTree
from infraplan.cables import steiner_tree
from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError
from tests.shared_data import shared_folder

SMALL_INSTANCES = ("I052", "I053", "I056", "lin01", "dmxa0296", "wrp3-19", "cc3-4u", "eil76fst")


def read_instance(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    edges, terminals = [], []
    with gzip.open(path, "rt") as lines:
        for words in map(str.split, lines):
            if words[:1] == ["E"]:
                edges.append([int(word) for word in words[1:]])
            elif words[:1] == ["T"]:
                terminals.append(int(words[1]))
    table = np.asarray(edges)
    return table[:, :2], table[:, 2].astype(float), np.asarray(terminals)


def graph_of(edges: np.ndarray, cost: np.ndarray) -> nx.Graph:
    graph = nx.Graph()
    for (u, v), c in zip(edges.tolist(), cost.tolist(), strict=True):
        if u != v and c < graph.get_edge_data(u, v, {"weight": np.inf})["weight"]:
            graph.add_edge(u, v, weight=c)
    return graph


def brute_force(graph: nx.Graph, terminals: list[int]) -> float:
    others = sorted(set(graph) - set(terminals))
    best = np.inf
    for count in range(len(others) + 1):
        for extra in combinations(others, count):
            part = graph.subgraph([*terminals, *extra])
            if nx.is_connected(part):
                best = min(best, nx.minimum_spanning_tree(part).size(weight="weight"))
    return best


def assert_is_tree(found: SteinerTree, edges, cost, terminals) -> None:
    tree = nx.MultiGraph(np.asarray(edges)[found.edges].tolist())
    tree.add_nodes_from(np.unique(terminals).tolist())
    assert nx.is_connected(tree)
    assert tree.number_of_edges() == tree.number_of_nodes() - 1
    assert found.cost == pytest.approx(float(np.asarray(cost)[found.edges].sum()), rel=1e-12)
    leaves = {node for node, degree in tree.degree() if degree == 1}
    assert leaves <= set(np.unique(terminals).tolist())


@st.composite
def instances(draw: st.DrawFn, *, whole: bool = False) -> tuple[np.ndarray, np.ndarray, list[int]]:
    count = draw(st.integers(3, 8))
    spine = [(draw(st.integers(0, node - 1)), node) for node in range(1, count)]
    pair = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = np.asarray(spine + draw(st.lists(pair, max_size=12)))
    number = st.integers(1, 20) if whole else st.floats(0.01, 100.0)
    cost = np.asarray(draw(st.lists(number, min_size=len(edges), max_size=len(edges))), float)
    terminals = draw(st.lists(st.integers(0, count - 1), min_size=2, max_size=5, unique=True))
    return edges, cost, terminals


@settings(deadline=None, max_examples=150)
@given(instances(), st.integers(0, 3))
def test_the_bound_is_below_and_the_tree_above_the_truth(instance, seed: int) -> None:
    edges, cost, terminals = instance
    found = steiner_tree(edges, cost, terminals, seed=seed)
    truth = brute_force(graph_of(edges, cost), terminals)
    assert_is_tree(found, edges, cost, terminals)
    assert found.bound <= truth * (1 + 1e-9)
    assert found.cost >= truth * (1 - 1e-9)
    assert found.optimal == (found.gap < 1e-9)


@settings(deadline=None, max_examples=60)
@given(instances(whole=True))
def test_small_instances_are_solved_to_the_optimum(instance) -> None:
    edges, cost, terminals = instance
    found = steiner_tree(edges, cost, terminals)
    assert found.cost == brute_force(graph_of(edges, cost), terminals)


@settings(deadline=None, max_examples=30)
@given(instances())
def test_the_same_seed_gives_the_same_tree(instance) -> None:
    edges, cost, terminals = instance
    one, two = (steiner_tree(edges, cost, terminals, seed=7) for _ in range(2))
    assert one.edges.tolist() == two.edges.tolist()
    assert (one.cost, one.bound) == (two.cost, two.bound)


def known_instances() -> Iterator[dict[str, str]]:
    folder = shared_folder("benchmarks/steiner_dev")
    with (folder / "instances.csv").open() as lines:
        yield from csv.DictReader(lines)


@pytest.mark.parametrize("name", SMALL_INSTANCES)
def test_published_instances_are_met(name: str) -> None:
    row = next(row for row in known_instances() if row["file"].startswith(name))
    folder = shared_folder("benchmarks/steiner_dev")
    edges, cost, terminals = read_instance(folder / row["file"])
    found = steiner_tree(edges, cost, terminals)
    assert_is_tree(found, edges, cost, terminals)
    assert found.bound <= float(row["best_upper"])
    assert float(row["best_lower"]) <= found.cost <= 1.01 * float(row["best_upper"])


def test_parts_that_nothing_joins_are_named() -> None:
    with pytest.raises(NoRouteError, match=r"2 parts that no edge joins: 0, 1; 2, 3"):
        steiner_tree([[0, 1], [2, 3]], [1.0, 1.0], [0, 1, 2, 3])


def test_a_terminal_without_edges_is_named() -> None:
    with pytest.raises(NoRouteError, match=r"0; 9"):
        steiner_tree([[0, 1]], [1.0], [0, 9])


@pytest.mark.parametrize("cost", [[-1.0, 1.0], [np.nan, 1.0], [1.0]])
def test_costs_that_make_no_sense_are_refused(cost: list[float]) -> None:
    with pytest.raises(SettingsError, match="cost"):
        steiner_tree([[0, 1], [1, 2]], cost, [0, 2])


def test_one_terminal_needs_no_edge() -> None:
    found = steiner_tree([[0, 1]], [5.0], [1, 1])
    assert found.edges.size == 0
    assert (found.cost, found.bound, found.optimal) == (0.0, 0.0, True)


def test_a_forced_edge_is_in_the_tree_and_in_the_bound() -> None:
    found = steiner_tree([[0, 1], [1, 2], [1, 3], [2, 3]], [4.0, 1.0, 5.0, 1.0], [0, 3])
    assert found.edges.tolist() == [0, 1, 3]
    assert found.bound == found.cost == 6.0


def test_the_clock_stops_a_long_search_with_a_tree_in_hand() -> None:
    rng = np.random.default_rng(1)
    grid = nx.convert_node_labels_to_integers(nx.grid_2d_graph(60, 60))
    edges = np.asarray(grid.edges)
    cost = rng.uniform(1, 10, len(edges))
    terminals = rng.choice(3600, 300, replace=False)
    found = steiner_tree(edges, cost, terminals, time_limit_s=1e-6)
    assert found.stopped_by_time
    assert_is_tree(found, edges, cost, terminals)
    assert 0 <= found.bound <= found.cost
