"""Steiner trees: against brute force, on published instances, and what a tree must be."""

import time
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.cables import SteinerTree
from infraplan.cables import steiner
from infraplan.cables import steiner_bounds
from infraplan.cables import steiner_cuts
from infraplan.cables import steiner_subsets
from infraplan.cables import steiner_tree
from infraplan.cables import steiner_trees
from infraplan.cables._kernels import spanning_tree
from infraplan.cables._kernels_cuts import ascend
from infraplan.cables._kernels_cuts import violated_cuts
from infraplan.cables._kernels_exact import worth_of_duals
from infraplan.cables._kernels_trees import eliminate_vertices
from infraplan.cables._kernels_trees import insert_vertices
from infraplan.cables._kernels_trees import nearest_terminals
from infraplan.cables.steiner_bounds import ascended
from infraplan.cables.steiner_graph import shrunk
from infraplan.cables.steiner_graph import whole_graph
from infraplan.cables.steiner_subsets import closed_by_subsets
from infraplan.cables.steiner_trees import Search
from infraplan.cables.steiner_trees import shaken
from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError
from tests.cables.instances import known_instance
from tests.cables.instances import read_instance

SMALL_INSTANCES = ("I052", "I054", "I056", "lin01", "dmxa0296", "wrp4-16", "rc05", "e12")


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


@pytest.mark.parametrize("name", SMALL_INSTANCES)
def test_published_instances_are_proven(name: str) -> None:
    optimum = float(known_instance(name)["best_upper"])
    edges, cost, terminals = read_instance(name)
    found = steiner_tree(edges, cost, terminals, time_limit_s=120)
    assert_is_tree(found, edges, cost, terminals)
    assert (found.cost, found.bound, found.optimal) == (optimum, optimum, True)


def cheapest_by_subsets(edges, cost, terminals, count: int) -> float:
    """Solve by the program of Dreyfus and Wagner over subsets of terminals."""
    far = np.full((count, count), np.inf)
    np.fill_diagonal(far, 0.0)
    for (u, v), c in zip(edges.tolist(), cost.tolist(), strict=True):
        far[u, v] = far[v, u] = min(far[u, v], c)
    for k in range(count):
        far = np.minimum(far, far[:, k : k + 1] + far[k : k + 1, :])
    best = {1 << k: far[t] for k, t in enumerate(terminals[:-1])}
    for members in range(1, 1 << (len(terminals) - 1)):
        if members not in best:
            parts = [p for p in range(1, members) if p & members == p]
            joint = np.min([best[p] + best[members ^ p] for p in parts], axis=0)
            best[members] = (joint + far).min(axis=1)
    return float(best[(1 << (len(terminals) - 1)) - 1][terminals[-1]])


def random_instance(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return a grid, or a graph of chance, with costs of many or few values."""
    rng = np.random.default_rng(number)
    if number % 2:
        side = int(rng.integers(4, 8))
        graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(side, side))
        edges, count = np.asarray(graph.edges), side * side
    else:
        count = int(rng.integers(8, 40))
        spine = [(int(rng.integers(0, node)), node) for node in range(1, count)]
        edges = np.concatenate([spine, rng.integers(0, count, (2 * count, 2))])
    cost = rng.integers(1, (3, 20, 1000)[number % 3], len(edges)).astype(float)
    if number % 5 == 0:
        cost *= rng.random(len(edges))
    return edges, cost, rng.choice(count, int(rng.integers(3, 7)), replace=False), count


@pytest.mark.parametrize("number", range(0, 120, 4))
def test_no_bound_is_above_the_optimum_and_every_tree_is_one(number: int) -> None:
    for seed in range(number, number + 4):
        edges, cost, terminals, count = random_instance(seed)
        truth = cheapest_by_subsets(edges, cost, terminals, count)
        found = steiner_tree(edges, cost, terminals, seed=seed)
        assert_is_tree(found, edges, cost, terminals)
        assert found.cost == pytest.approx(truth, rel=1e-9)
        assert found.bound <= truth * (1 + 1e-9)
        assert found.optimal


@pytest.mark.parametrize("number", range(12))
def test_the_tests_of_the_graph_keep_an_optimal_tree(number: int) -> None:
    edges, cost, terminals, count = random_instance(3 * number + 1)
    whole = cost.astype(np.int64)
    less = shrunk(whole_graph(edges, whole, terminals, count), lambda: False)
    rest = 0.0
    if len(less.cost):
        left = len(less.is_terminal)
        rest = cheapest_by_subsets(less.ends, less.cost.astype(float), less.terminals, left)
    truth = cheapest_by_subsets(edges, whole.astype(float), terminals, count)
    assert len(less.cost) < len(cost)
    assert less.fixed_cost + rest == truth


@pytest.mark.parametrize("number", range(8))
def test_local_search_keeps_a_tree_and_tells_what_it_saved(number: int) -> None:
    edges, cost, terminals, count = random_instance(2 * number + 1)
    graph = whole_graph(edges, cost.astype(np.int64), terminals, count)
    starts, heads, links, twin = graph.rows()
    price, ends, needed = graph.cost.astype(float), graph.ends, graph.is_terminal
    every = np.ones(len(needed), dtype=bool)
    tree = spanning_tree(starts, heads, links, price, needed, every)
    nodes = np.arange(len(needed))
    for kernel in ("out", "in"):
        before = price[tree].sum()
        if kernel == "out":
            saved = eliminate_vertices(starts, heads, links, price, ends, needed, tree, nodes)
        else:
            saved = insert_vertices(starts, heads, links, twin, price, needed, tree, nodes)
        assert saved >= 0
        assert price[tree].sum() == pytest.approx(before - saved)
        joined = nx.Graph(ends[tree].tolist())
        assert nx.is_tree(joined)
        assert set(graph.terminals) <= set(joined)


@pytest.mark.parametrize("number", range(6))
def test_every_set_that_flows_find_carries_too_little(number: int) -> None:
    edges, cost, terminals, count = random_instance(2 * number)
    graph = whole_graph(edges, cost.astype(np.int64) + 1, terminals, count)
    starts, heads, _, twin = graph.rows()
    rng = np.random.default_rng(number)
    value = rng.choice([0.0, 0.3, 0.5, 1.0], len(heads), p=[0.3, 0.2, 0.2, 0.3])
    root, *others = graph.terminals.tolist()
    begins, sets = violated_cuts(
        starts, heads, twin, value, root, np.asarray(others), 1, 10_000
    )  # fmt: skip
    flow = nx.DiGraph()
    into = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    flow.add_nodes_from(range(len(starts) - 1))
    flow.add_edges_from((t, h, {"capacity": c}) for t, h, c in zip(heads, into, value, strict=True))
    least = [nx.maximum_flow_value(flow, root, other) for other in others]
    assert (len(begins) > 1) == (min(least) < 1 - 1 / 64)
    for k in range(len(begins) - 1):
        inside = np.isin(np.arange(len(starts) - 1), sets[begins[k] : begins[k + 1]])
        assert inside[others].any()
        assert not inside[root]
        assert value[inside[into] & ~inside[heads]].sum() < 1


@pytest.mark.parametrize("number", range(6))
def test_near_terminals_are_those_of_dijkstra(number: int) -> None:
    edges, cost, terminals, count = random_instance(2 * number + 1)
    graph = whole_graph(edges, cost.astype(np.int64) + 1, terminals, count)
    starts, heads, links, _ = graph.rows()
    price = graph.cost.astype(float)
    _, far = nearest_terminals(starts, heads, links, price, graph.is_terminal, 2)
    plain = graph_of(graph.ends, price)
    for node in plain:
        reach = nx.single_source_dijkstra_path_length(plain, node)
        expected = sorted(reach[t] for t in graph.terminals)[:2]
        assert far[node].tolist()[: len(expected)] == expected


def search_of(cost: np.ndarray) -> Search:
    """Return a search that knows no tree yet."""
    return Search(
        cost=cost, edges=np.arange(len(cost)), upper=int(cost.sum()) + 1, lower=0,
        deadline=np.inf, rng=np.random.default_rng(0),
    )  # fmt: skip


@pytest.mark.parametrize("number", range(40))
def test_labels_of_subsets_alone_find_and_prove_the_cheapest_tree(number: int) -> None:
    edges, cost, terminals, count = random_instance(number)
    whole = np.ceil(cost).astype(np.int64)
    graph = whole_graph(edges, whole, terminals, count)
    truth = cheapest_by_subsets(edges, whole.astype(float), terminals, count)
    search = search_of(whole)
    if len(graph.cost):
        assert closed_by_subsets(search, graph)
        assert (search.upper, search.lower) == (truth, truth)
        assert whole[search.edges].sum() == truth


def test_labels_cut_short_leave_a_bound_below_the_truth(monkeypatch) -> None:
    edges, cost, terminals = read_instance("wrp4-16")
    whole = cost.astype(np.int64)
    graph = whole_graph(edges, whole, terminals, int(edges.max()) + 1)
    monkeypatch.setattr(steiner_subsets, "STEPS", 20_000)
    monkeypatch.setattr(steiner_subsets, "FEW_STEPS", 60_000)
    search = search_of(whole)
    assert not closed_by_subsets(search, graph)
    assert 0 < search.lower <= float(known_instance("wrp4-16")["best_upper"])


@pytest.mark.parametrize("number", range(6))
def test_duals_told_apart_by_subset_sum_to_the_bound_of_dual_ascent(number: int) -> None:
    edges, cost, terminals, count = random_instance(2 * number + 1)
    graph = whole_graph(edges, cost.astype(np.int64) + 1, terminals, count)
    starts, heads, links, _ = graph.rows()
    root, *others = graph.terminals.tolist()
    bit = np.full(len(graph.is_terminal), -1, dtype=np.int64)
    bit[others] = np.arange(len(others))
    left = graph.cost[links]
    raised, _, *sets = ascend(starts, heads, left, graph.is_terminal, root, 10**9, 10**6)
    subsets, worth, inside = worth_of_duals(starts, heads, graph.cost[links], bit, *sets, 512)
    assert worth.sum() == raised
    assert (inside <= worth).all()
    assert (inside[root] == 0).all()
    for number_of_bit, node in enumerate(others):
        holds = subsets >> number_of_bit & 1 == 1
        assert (inside[node] == np.where(holds, worth, 0)).all()


@pytest.mark.parametrize("number", range(6))
def test_dual_ascent_in_parts_is_a_bound_and_tells_its_sets(number: int, monkeypatch) -> None:
    edges, cost, terminals, count = random_instance(2 * number + 1)
    whole = cost.astype(np.int64) + 1
    graph = whole_graph(edges, whole, terminals, count)
    truth = cheapest_by_subsets(edges, whole.astype(float), terminals, count)
    root = int(graph.terminals[0])
    for part in (3, 10**6):
        monkeypatch.setattr(steiner_bounds, "ASCENT_PART", part)
        left = graph.cost[graph.rows()[2]]
        before = left.copy()
        raised, complete, begins, sets = ascended(
            search_of(whole), graph.rows(), left, graph.is_terminal, root, 10**6, 10**5
        )  # fmt: skip
        assert complete
        assert (left >= 0).all()
        assert 0 < raised + graph.fixed_cost <= truth
        bit = np.where(graph.is_terminal, 0, -1)
        starts, heads, _, _ = graph.rows()
        assert worth_of_duals(starts, heads, before, bit, begins, sets, 8)[1].sum() == raised


def cut_program(number: int) -> tuple[Search, Any, Any, float]:
    """Return a search that knows no tree, a graph, its program and the cost of the best tree."""
    edges, cost, terminals, count = random_instance(2 * number + 1)
    whole = cost.astype(np.int64) + 1
    graph = whole_graph(edges, whole, terminals, count)
    search = search_of(whole)
    none = np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64)
    program = steiner_cuts._begun(search, graph, none, -1)
    return search, graph, program, cheapest_by_subsets(edges, whole.astype(float), terminals, count)


@pytest.mark.parametrize("number", range(12))
def test_the_inner_point_meets_every_cut_and_the_program_stays_below_the_truth(number) -> None:
    search, graph, program, truth = cut_program(number)
    starts, heads, links, twin = program.rows
    others = np.setdiff1d(graph.terminals, program.root)
    begins, _ = violated_cuts(
        starts, heads, twin, program.inner, program.root, others, 1, 10_000
    )  # fmt: skip
    assert len(begins) == 1
    assert graph.fixed_cost + program.inner @ graph.cost[links] >= truth - 1e-6
    for _ in range(20):
        assert program.solve(np.inf)
        worth = program.unit * program.highs.getInfo().objective_function_value
        assert graph.fixed_cost + worth <= truth * (1 + 1e-9)
        steiner_cuts._proved(search, program)
        assert search.lower <= truth
        if program.add_flows() + steiner_cuts._cut_between(search, program) == 0:
            break
    begins, _ = violated_cuts(
        starts, heads, twin, program.value, program.root, others, 1, 10_000
    )  # fmt: skip
    assert len(begins) == 1


def test_no_node_without_terminal_takes_in_more_than_it_gives_out() -> None:
    _, graph, program, _ = cut_program(1)
    starts, heads, _, _ = program.rows
    into = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    program.value = np.random.default_rng(0).random(len(heads))
    before = len(program.is_cut)
    added = program.add_flows()
    assert 0 < added == len(program.is_cut) - before
    assert not program.is_cut[before:].any()
    size = len(graph.is_terminal)
    kept = np.bincount(heads, program.value, size) - np.bincount(into, program.value, size)
    for row in range(before, len(program.is_cut)):
        entries = slice(program.begins[row], program.begins[row + 1])
        node = int(program.sets[1][program.sets[0][row]])
        left = program.signs[entries] @ program.value[program.arcs[entries]]
        assert left == pytest.approx(kept[node])
        assert left < 0
        assert not graph.is_terminal[node]


@pytest.mark.parametrize("number", range(6))
def test_shaking_never_makes_the_best_tree_dearer_and_keeps_trees(number, monkeypatch) -> None:
    monkeypatch.setattr(steiner_trees, "SHAKEN_EDGES", (1, 12_000))
    edges, cost, terminals, count = random_instance(2 * number + 1)
    whole = cost.astype(np.int64) + 1
    graph = whole_graph(edges, whole, terminals, count)
    search = search_of(whole)
    rows = graph.rows()
    steiner._more_trees(search, graph, 1)
    before = search.upper
    state = search.rng.bit_generator.state
    shaken(search, graph, rows, 30)
    assert search.rng.bit_generator.state != state
    assert cheapest_by_subsets(edges, whole.astype(float), terminals, count) <= search.upper
    assert search.upper <= before
    for worth, tree in search.pool:
        assert whole[tree].sum() == worth
        joined = nx.Graph(edges[tree].tolist())
        assert nx.is_connected(joined)
        assert set(terminals.tolist()) <= set(joined)


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


@pytest.mark.parametrize("limit_s", [1e-6, 1.0])
def test_the_clock_stops_a_long_search_with_a_tree_in_hand(limit_s: float) -> None:
    rng = np.random.default_rng(1)
    grid = nx.convert_node_labels_to_integers(nx.grid_2d_graph(60, 60))
    edges = np.asarray(grid.edges)
    cost = rng.uniform(1, 10, len(edges))
    terminals = rng.choice(3600, 300, replace=False)
    start = time.monotonic()
    found = steiner_tree(edges, cost, terminals, time_limit_s=limit_s)
    assert time.monotonic() - start < 1.1 * limit_s + 5  # a shared core may hold a kernel up
    assert found.stopped_by_time
    assert_is_tree(found, edges, cost, terminals)
    assert 0 <= found.bound <= found.cost


def test_a_graph_of_few_terminals_is_solved_by_subsets() -> None:
    edges, cost, terminals = read_instance("cc3-4u")
    found = steiner_tree(edges, cost, terminals, time_limit_s=120)
    assert (found.cost, found.optimal) == (23, True)


def test_a_thousand_terminals_have_too_many_subsets_and_nine_have_few() -> None:
    def has_few(terminals: int) -> bool:
        graph: Any = SimpleNamespace(
            is_terminal=np.ones(3000, bool), terminals=np.arange(terminals)
        )
        return steiner._has_few_subsets(graph)

    assert has_few(9)
    assert not has_few(12)
    assert not has_few(1000)
