"""
Trees for a Steiner problem: grown by shortest paths, improved by local search, recombined.

The local search takes nodes into the tree, exchanges key paths and takes branchings out of it
(E. Uchoa, R. F. Werneck, ACM J. Exp. Algorithmics 17, 2012); good trees are kept and new ones are
sought in the union of several (T. Pajor, E. Uchoa, R. F. Werneck, Math. Program. Comput. 10, 2018).
"""

import time
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from infraplan.cables.joined import joined_parts
from infraplan.cables.steiner_graph import Graph
from infraplan.cables.steiner_graph import Rows

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

PASSES = 20  # of local search over one tree
WIDE = 0.003  # gap, as a share, above which trees are shaken
SHAKEN_EDGES = 1_000, 12_000  # fewest and most: what is smaller is soon solved
SHAKEN_TERMINALS = 300
SHAKEN_WORK = 200_000  # trees times edges of a long search by shaking
STALE = 40  # trees in a row that were no cheaper, after which such a search ends
NEAR = 4  # trees of the pool, one of which is shaken
STRENGTHS = (0.05, 0.15, 0.4, 1.0)  # greatest shares by which costs are raised to leave a tree
POOL = 16  # trees kept
BATCH_WORK = 20_000_000  # edges or nodes that one call of a local search tries, times nodes


@dataclass(slots=True, eq=False)
class Search:
    """The best trees so far and the best bound, in whole costs, and the clock."""

    cost: Ints
    edges: Ints
    upper: int
    lower: int
    deadline: float
    rng: np.random.Generator
    stopped: bool = False
    pool: list[tuple[int, Ints]] = field(default_factory=list)
    nodes: list[int] = field(default_factory=list)  # depths of branching so far

    def offer(self, edges: Ints) -> None:
        """Keep a tree of original edges if it is among the cheapest."""
        total = int(self.cost[edges].sum())
        if total < self.upper:
            self.edges, self.upper = edges, total
        if len(self.pool) == POOL and total >= self.pool[-1][0]:
            return
        for known, tree in self.pool:
            if known == total and np.array_equal(tree, edges):
                return
        self.pool = sorted([*self.pool, (total, edges)], key=lambda pair: pair[0])[:POOL]

    def inner(self) -> "Search":
        """Return a search of a part of the trees, that counts its branching with this one."""
        return replace(self, pool=list(self.pool))

    def take(self, inner: "Search") -> None:
        """Take over what the search of a part has found, but for its bound."""
        self.stopped = self.stopped or inner.stopped
        self.offer(inner.edges)

    def prove(self, bound: int) -> None:
        """Raise the bound."""
        self.lower = max(self.lower, min(bound, self.upper))

    def late(self) -> bool:
        """Return whether time is up, and remember it."""
        self.stopped = self.stopped or time.monotonic() > self.deadline
        return self.stopped

    @property
    def open(self) -> bool:
        """Return whether a better tree may exist and time is left."""
        return self.lower < self.upper and not self.late()


def grown(
    search: Search, graph: Graph, rows: Rows, root: int, usable: Flags, guide: Floats
) -> Flags:
    """Return a tree grown by guiding costs and improved by the true ones; offer it."""
    from infraplan.cables._kernels import grow_tree
    from infraplan.cables._kernels import spanning_tree

    starts, heads, links, _ = rows
    cost = graph.cost.astype(np.float64)
    inside = grow_tree(starts, heads, links, guide, graph.is_terminal, root, usable)
    tree: Flags = spanning_tree(starts, heads, links, cost, graph.is_terminal, inside)
    return improved(search, graph, rows, tree) if tree.any() else tree


def improved(
    search: Search, graph: Graph, rows: Rows, tree: Flags, guide: Floats | None = None
) -> Flags:
    """Return the tree after local search by the costs, or by a guide, and offer it."""
    from infraplan.cables._kernels import exchange_paths
    from infraplan.cables._kernels import spanning_tree
    from infraplan.cables._kernels_trees import eliminate_vertices
    from infraplan.cables._kernels_trees import insert_vertices

    starts, heads, links, twin = rows
    cost = graph.cost.astype(np.float64) if guide is None else guide
    ends, is_terminal = graph.ends, graph.is_terminal
    for _ in range(PASSES):
        saved = 0.0
        for part in _batches(graph, search.rng.permutation(len(starts) - 1)):
            if search.late():
                break
            saved += insert_vertices(starts, heads, links, twin, cost, is_terminal, tree, part)
            if saved > 0:
                tree = spanning_tree(starts, heads, links, cost, is_terminal, touched(graph, tree))
        for part in _batches(graph, search.rng.permutation(np.flatnonzero(tree))):
            if search.late():
                break
            saved += exchange_paths(starts, heads, links, cost, ends, is_terminal, tree, part)
        nodes = np.flatnonzero(touched(graph, tree) & ~is_terminal)
        for part in _batches(graph, search.rng.permutation(nodes)):
            if search.late():
                break
            saved += eliminate_vertices(starts, heads, links, cost, ends, is_terminal, tree, part)
        tree = spanning_tree(starts, heads, links, cost, is_terminal, touched(graph, tree))
        if saved <= 0 or search.late():
            break
    search.offer(graph.original(tree))
    return tree


def shaken(search: Search, graph: Graph, rows: Rows, most: int) -> None:
    """
    Seek better trees near good ones: improve one by costs that chance raises, then by the true.

    The search goes on from the new tree where that is not dearer. Nothing is done where the gap is
    so small, or the graph, that bounds will close it, nor in large graphs, in which a local search
    takes long.
    """
    if search.upper - search.lower <= WIDE * search.upper:
        return
    fewest, most_edges = SHAKEN_EDGES
    if not fewest <= len(graph.cost) <= most_edges or graph.is_terminal.sum() > SHAKEN_TERMINALS:
        return
    plain = graph.cost.astype(np.float64)
    tree = edges_of(graph, search.pool[int(search.rng.integers(min(NEAR, len(search.pool))))][1])
    if not joined(graph, tree):
        return
    current = plain[tree].sum()
    stale = 0
    for _ in range(most):
        if stale == STALE or not search.open:
            return
        strength = float(search.rng.choice(STRENGTHS))
        guide = plain * (1.0 + strength * search.rng.random(len(plain)))
        other = improved(search, graph, rows, tree.copy(), guide)
        other = improved(search, graph, rows, other)
        found = plain[other].sum()
        stale = 0 if found < current else stale + 1
        if found <= current:
            tree, current = other.copy(), found


def _batches(graph: Graph, order: Ints) -> list[Ints]:
    """Return the order in parts after each of which the clock may be asked."""
    most = max(100, BATCH_WORK // len(graph.is_terminal))
    return np.array_split(order, len(order) // most + 1) if len(order) else []


def touched(graph: Graph, tree: Flags) -> Flags:
    """Return the nodes of a tree."""
    nodes = np.zeros(len(graph.is_terminal), dtype=np.bool_)
    nodes[graph.ends[tree].ravel()] = True
    return nodes


def pooled(search: Search, graph: Graph, chosen: list[int]) -> Flags:
    """Return the edges of the graph that lie in some of the trees of the pool."""
    union = np.zeros(len(graph.cost), dtype=np.bool_)
    for number in chosen:
        union |= edges_of(graph, search.pool[number][1])
    return union


def edges_of(graph: Graph, original: Ints) -> Flags:
    """Return the edges of the graph whose original edges are all among the given."""
    inside = np.zeros(int(graph.members.max()) + 1, dtype=np.bool_)
    inside[original[original < len(inside)]] = True
    found: Flags = np.logical_and.reduceat(inside[graph.members], graph.begins[:-1])
    return found


def joined(graph: Graph, keep: Flags) -> bool:
    """Return whether some of the edges join the terminals."""
    part = joined_parts(graph.ends[keep], len(graph.is_terminal))
    return len(np.unique(part[graph.is_terminal])) == 1
