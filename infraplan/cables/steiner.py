"""
The cheapest tree that joins given nodes of a graph, with a proof of how cheap any tree can be.

Trees are grown by shortest paths from several roots (Takahashi and Matsuyama, Math. Japonica 24,
1980) and improved by exchanging key paths; the bound is Wong's dual ascent (Math. Program. 28,
1984), run in whole numbers so that rounding cannot lift it. Bound and tree shrink the graph in
turn: what no better tree can use is taken out, and both are tried again on the rest.
"""

import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError

__all__ = ["SteinerTree", "steiner_tree"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ROUNDS = 8  # of bound, elimination and trees; they rarely change more after five
ROOTS = 3  # of the dual ascent in a round
TREES = 4  # grown in a round with costs shaken by chance
SHAKE = 0.25  # greatest share by which chance raises a cost
PASSES = 12  # of exchanges over one tree
ASCENT_WORK = 4_000_000_000  # arcs that one dual ascent may look at
WHOLE_SUM = 2.0**51  # costs are scaled so that their sum stays exact in a float
SMALL = 400  # edges up to which more trees cost nothing
PROVEN_GAP = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class SteinerTree:
    """
    A tree and the proof of how good it is.

    `edges` are indices into the edges given, sorted; `cost` is their sum; no tree that joins the
    terminals costs less than `bound`; `gap` = (cost - bound) / cost; `optimal` where the gap is
    below 1e-9; `stopped_by_time` tells whether the clock cut the search short.
    """

    edges: Ints
    cost: float
    bound: float
    gap: float
    optimal: bool
    stopped_by_time: bool


@dataclass(slots=True, eq=False)
class _Graph:
    """
    What is left of the graph, in whole costs.

    Edge k stands for the original edges `members[begins[k]:begins[k + 1]]`; `fixed` are original
    edges that every best tree has.
    """

    ends: Ints
    cost: Ints
    members: Ints
    begins: Ints
    is_terminal: Flags
    fixed: Ints
    fixed_cost: int

    def original(self, tree: Flags) -> Ints:
        """Return the original edges of a tree, with the fixed ones."""
        parts = [self.members[self.begins[k] : self.begins[k + 1]] for k in np.flatnonzero(tree)]
        return np.concatenate([self.fixed, *parts]).astype(np.int64)


@dataclass(slots=True, eq=False)
class _Search:
    """The best tree so far and the best bound, in whole costs, and the clock."""

    cost: Ints
    edges: Ints
    upper: int
    lower: int
    deadline: float
    rng: np.random.Generator
    stopped: bool = False

    def offer(self, edges: Ints) -> None:
        """Keep a tree of original edges if it is cheaper."""
        total = int(self.cost[edges].sum())
        if total < self.upper:
            self.edges, self.upper = edges, total

    def late(self) -> bool:
        """Return whether time is up, and remember it."""
        self.stopped = self.stopped or time.monotonic() > self.deadline
        return self.stopped

    @property
    def open(self) -> bool:
        """Return whether a better tree may exist and time is left."""
        return self.lower < self.upper and not self.late()


def steiner_tree(
    edges: npt.ArrayLike,
    cost: npt.ArrayLike,
    terminals: npt.ArrayLike,
    *,
    time_limit_s: float = 30.0,
    seed: int = 0,
) -> SteinerTree:
    """
    Return a cheap tree that joins all terminals, and a bound that no tree can undercut.

    Parameters
    ----------
    edges
        Pairs of node numbers >= 0, shape (m, 2); an edge may be used in both directions.
    cost
        Cost of each edge, > 0 (0 is borne), shape (m,).
    terminals
        Nodes to be joined; repetitions count once.
    time_limit_s
        Time after which the search stops early, > 0; it is limited by counted work otherwise [s].
    seed
        Seed of the search.

    Returns
    -------
    tree
        Edges, cost, bound and gap; the same input and seed give the same tree unless the clock
        stopped the search.

    Raises
    ------
    SettingsError
        If shapes are wrong, or a cost is negative or not finite.
    NoRouteError
        If the edges do not join the terminals; the message names terminals of each part.

    Notes
    -----
    Source: H. Takahashi, A. Matsuyama (1980); R. T. Wong (1984); reduction by bounds as in
    C. Duin (1993).

    Examples
    --------
    >>> edges = [[0, 3], [1, 3], [2, 3], [0, 1], [1, 2]]
    >>> star = steiner_tree(edges, [1, 1, 1, 1.9, 1.9], [0, 1, 2])
    >>> star.edges.tolist(), star.cost, star.bound, star.optimal
    ([0, 1, 2], 3.0, 3.0, True)
    """
    ends, costs, wanted = _checked(edges, cost, terminals)
    nodes, inverse = np.unique(ends, return_inverse=True)
    ends = inverse.reshape(-1, 2).astype(np.int64)
    places = np.searchsorted(nodes, wanted)
    _require_joined(ends, places, wanted, len(nodes))
    if len(wanted) < 2:
        nothing = np.zeros(0, dtype=np.int64)
        return SteinerTree(nothing, 0.0, 0.0, 0.0, optimal=True, stopped_by_time=False)
    whole, scale = _whole_costs(costs)
    search = _Search(
        cost=whole,
        edges=np.arange(len(whole)),
        upper=int(whole.sum()) + 1,
        lower=0,
        deadline=time.monotonic() + time_limit_s,
        rng=np.random.default_rng(seed),
    )
    _run(search, _start(ends, whole, places, len(nodes)))
    found = _proper_tree(ends, whole, places, search.edges, len(nodes))
    total = math.fsum(costs[found])
    bound = min(search.lower / scale, total)
    gap = (total - bound) / total if total > 0 else 0.0
    return SteinerTree(found, total, bound, gap, gap < PROVEN_GAP, search.stopped)


def _checked(
    edges: npt.ArrayLike, cost: npt.ArrayLike, terminals: npt.ArrayLike
) -> tuple[Ints, Floats, Ints]:
    """Return the arguments as arrays of the right shape, or refuse them."""
    ends = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    costs = np.asarray(cost, dtype=np.float64)
    wanted = np.unique(np.asarray(terminals, dtype=np.int64))
    if costs.shape != (len(ends),):
        msg = f"cost must hold one number for each of {len(ends)} edges; found shape {costs.shape}"
        raise SettingsError(msg)
    if not np.all(np.isfinite(costs) & (costs >= 0)):
        wrong = np.flatnonzero(~(np.isfinite(costs) & (costs >= 0)))[:8].tolist()
        msg = f"every cost must be a finite number of at least 0; edges {wrong} have another one"
        raise SettingsError(msg)
    if len(ends) and ends.min() < 0:
        msg = "node numbers must be at least 0"
        raise SettingsError(msg)
    return ends, costs, wanted


def _require_joined(ends: Ints, places: Ints, wanted: Ints, count: int) -> None:
    """Refuse terminals that the edges do not join."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if len(wanted) < 2:
        return
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    part = connected_components(graph, directed=False)[1] if count else np.zeros(0, dtype=np.int32)
    known = places < count
    # a terminal that no edge touches is a part of its own, numbered by its place
    label = np.where(known, part[np.minimum(places, max(count - 1, 0))] if count else 0, -1)
    present = np.isin(wanted, np.unique(wanted[known])) if count else np.zeros(len(wanted), bool)
    label = np.where(present, label, -1 - np.arange(len(wanted)))
    groups = [wanted[label == one].tolist() for one in dict.fromkeys(label.tolist())]
    if len(groups) > 1:
        shown = "; ".join(", ".join(map(str, group[:5])) for group in groups[:4])
        msg = f"the terminals lie in {len(groups)} parts that no edge joins: {shown}"
        raise NoRouteError(msg)


def _whole_costs(costs: Floats) -> tuple[Ints, float]:
    """Return the costs as whole numbers, rounded down, and the factor between the two."""
    total = float(costs.sum())
    if total < WHOLE_SUM and np.array_equal(costs, np.floor(costs)):
        return costs.astype(np.int64), 1.0
    scale = 2.0 ** math.floor(math.log2(WHOLE_SUM / total))
    return np.floor(costs * scale).astype(np.int64), scale


def _start(ends: Ints, cost: Ints, places: Ints, count: int) -> _Graph:
    """Return the whole graph, without loops and dearer doubles, reduced."""
    is_terminal = np.zeros(count, dtype=np.bool_)
    is_terminal[places] = True
    number = np.arange(len(ends), dtype=np.int64)
    graph = _Graph(
        ends=ends,
        cost=cost,
        members=number,
        begins=np.arange(len(ends) + 1, dtype=np.int64),
        is_terminal=is_terminal,
        fixed=np.zeros(0, dtype=np.int64),
        fixed_cost=0,
    )
    return _reduced(graph, np.ones(len(ends), dtype=np.bool_))


def _kept(graph: _Graph, keep: Flags) -> _Graph:
    """Return the graph with some of its edges, its nodes renumbered."""
    chosen = np.flatnonzero(keep)
    ends = graph.ends[chosen]
    nodes = np.union1d(ends.ravel(), np.flatnonzero(graph.is_terminal))
    lengths = np.diff(graph.begins)[chosen]
    begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    places = np.repeat(graph.begins[chosen] - begins[:-1], lengths) + np.arange(begins[-1])
    return _Graph(
        ends=np.searchsorted(nodes, ends).astype(np.int64).reshape(-1, 2),
        cost=graph.cost[chosen],
        members=graph.members[places],
        begins=begins,
        is_terminal=graph.is_terminal[nodes],
        fixed=graph.fixed,
        fixed_cost=graph.fixed_cost,
    )


def _single(graph: _Graph) -> Flags:
    """Return which edges are neither loops nor dearer than another one between the same nodes."""
    low, high = graph.ends.min(axis=1), graph.ends.max(axis=1)
    order = np.lexsort((np.arange(len(low)), graph.cost, high, low))
    keep = np.zeros(len(low), dtype=np.bool_)
    first = np.ones(len(low), dtype=np.bool_)
    first[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    keep[order[first]] = True
    single: Flags = keep & (low != high)
    return single


def _reduced(graph: _Graph, keep: Flags) -> _Graph:
    """Return the graph without leaves, chains and doubles, as long as that changes anything."""
    from infraplan.cables._kernels import chains
    from infraplan.cables._kernels import neighbours
    from infraplan.cables._kernels import peel

    graph = _kept(graph, keep)
    while True:
        before = len(graph.cost)
        graph = _kept(graph, _single(graph))
        count = len(graph.is_terminal)
        starts, heads, links, _ = neighbours(graph.ends, count)
        alive = np.ones(len(graph.cost), dtype=np.bool_)
        forced = peel(starts, heads, links, alive, graph.is_terminal)
        if len(forced):
            parts = [graph.members[graph.begins[k] : graph.begins[k + 1]] for k in forced]
            graph.fixed = np.concatenate([graph.fixed, *parts])
            graph.fixed_cost += int(graph.cost[forced].sum())
        if graph.is_terminal.sum() < 2:
            return _kept(graph, np.zeros(len(graph.cost), dtype=np.bool_))
        graph = _kept(graph, alive)
        starts, heads, links, _ = neighbours(graph.ends, len(graph.is_terminal))
        pairs, members, begins = chains(starts, heads, links, graph.is_terminal)
        graph = _joined(graph, pairs.reshape(-1, 2), members, begins)
        if len(graph.cost) == before:
            return graph


def _joined(graph: _Graph, pairs: Ints, chain: Ints, begins: Ints) -> _Graph:
    """Return the graph whose edges are chains of the former edges."""
    lengths = np.diff(graph.begins)
    sizes = lengths[chain]
    within = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    places = np.repeat(graph.begins[chain] - within[:-1], sizes) + np.arange(within[-1])
    sums = np.concatenate([[0], np.cumsum(graph.cost[chain])]).astype(np.int64)
    joined = _Graph(
        ends=pairs,
        cost=np.diff(sums[begins]),
        members=graph.members[places],
        begins=within[begins],
        is_terminal=graph.is_terminal,
        fixed=graph.fixed,
        fixed_cost=graph.fixed_cost,
    )
    return _kept(joined, np.ones(len(pairs), dtype=np.bool_))


def _run(search: _Search, graph: _Graph) -> None:
    """Search in rounds: trees, bounds from several roots, and less graph each time."""
    for number in range(ROUNDS):
        if _settled(search, graph):
            return
        before = search.upper, search.lower, len(graph.cost)
        _try_trees(search, graph, first=number == 0)
        for _ in range(ROOTS):
            if not search.open and search.lower > 0:
                break
            graph = _bounded(search, graph)
            if _settled(search, graph):
                return
        if not search.open:
            return
        shrunk = len(graph.cost) < 0.98 * before[2]
        if (search.upper, search.lower) == before[:2] and not shrunk:
            return


def _settled(search: _Search, graph: _Graph) -> bool:
    """Return whether nothing is left to decide; the fixed edges are then the only other tree."""
    if len(graph.cost):
        return False
    if graph.is_terminal.sum() < 2:
        search.offer(graph.fixed)
    # what was taken out could only serve trees no cheaper than the best one known
    search.lower = search.upper
    return True


def _try_trees(search: _Search, graph: _Graph, *, first: bool) -> None:
    """Grow and improve trees from several roots, then one in the union of the best."""
    from infraplan.cables._kernels import neighbours

    rows = neighbours(graph.ends, len(graph.is_terminal))
    terminals = np.flatnonzero(graph.is_terminal)
    everything = np.ones(len(graph.cost), dtype=np.bool_)
    plain = graph.cost.astype(np.float64)
    union = np.zeros(len(graph.cost), dtype=np.bool_)
    count = TREES * (4 if len(graph.cost) < SMALL else 1)
    for number in range(count):
        if search.late() and search.upper <= search.cost.sum():
            return
        root = int(search.rng.choice(terminals))
        shaken = plain
        if number or not first:
            shaken = plain * (1.0 + SHAKE * search.rng.random(len(plain)))
        union |= _grown(search, graph, rows, root, everything, shaken)
        if not search.open:
            return
    _grown(search, graph, rows, int(search.rng.choice(terminals)), union, plain)


def _grown(
    search: _Search,
    graph: _Graph,
    rows: tuple[Ints, Ints, Ints, Ints],
    root: int,
    usable: Flags,
    guide: Floats,
) -> Flags:
    """Return a tree grown by guiding costs and improved by the true ones; offer it."""
    from infraplan.cables._kernels import exchange_paths
    from infraplan.cables._kernels import grow_tree
    from infraplan.cables._kernels import spanning_tree

    starts, heads, links, _ = rows
    cost = graph.cost.astype(np.float64)
    inside = grow_tree(starts, heads, links, guide, graph.is_terminal, root, usable)
    tree: Flags = spanning_tree(starts, heads, links, cost, graph.is_terminal, inside)
    if not tree.any():
        return tree
    for _ in range(PASSES):
        order = search.rng.permutation(np.flatnonzero(tree))
        saved = 0.0
        for part in np.array_split(order, max(1, len(order) // 4000)):
            saved += exchange_paths(
                starts, heads, links, cost, graph.ends, graph.is_terminal, tree, part
            )
            if search.late():
                break
        nodes = np.zeros(len(graph.is_terminal), dtype=np.bool_)
        nodes[graph.ends[tree].ravel()] = True
        tree = spanning_tree(starts, heads, links, cost, graph.is_terminal, nodes)
        if saved <= 0 or search.late():
            break
    search.offer(graph.original(tree))
    return tree


def _bounded(search: _Search, graph: _Graph) -> _Graph:
    """Raise the bound from one root, grow a tree on what it leaves free, and shrink the graph."""
    from infraplan.cables._kernels import dual_ascent
    from infraplan.cables._kernels import neighbours
    from infraplan.cables._kernels import reduced_distances

    rows = neighbours(graph.ends, len(graph.is_terminal))
    starts, heads, links, twin = rows
    root = int(search.rng.choice(np.flatnonzero(graph.is_terminal)))
    found, left, complete = dual_ascent(
        starts, heads, links, graph.cost, graph.is_terminal, root, ASCENT_WORK
    )
    bound = int(found) + graph.fixed_cost
    search.lower = max(search.lower, min(bound, search.upper))
    if not complete or not search.open:
        return graph
    free = np.zeros(len(graph.cost), dtype=np.bool_)
    free[links[left == 0]] = True
    _grown(search, graph, rows, root, free, graph.cost.astype(np.float64))
    ahead, behind = reduced_distances(starts, heads, twin, left, graph.is_terminal, root)
    tail, head, into = heads, np.repeat(np.arange(len(starts) - 1), np.diff(starts)), left
    through = bound + ahead[tail] + into + behind[head]
    keep = np.zeros(len(graph.cost), dtype=np.bool_)
    keep[links[through < search.upper]] = True
    search.lower = max(search.lower, min(bound, search.upper))
    return _reduced(graph, keep) if _still_joined(graph, keep) else _nothing_left(search, graph)


def _still_joined(graph: _Graph, keep: Flags) -> bool:
    """Return whether the kept edges still join the terminals."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(graph.is_terminal)
    ends = graph.ends[keep]
    rows = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    part = connected_components(rows, directed=False)[1]
    return len(np.unique(part[graph.is_terminal])) == 1


def _nothing_left(search: _Search, graph: _Graph) -> _Graph:
    """Return an empty graph: no tree is cheaper than the best one known."""
    search.lower = search.upper
    graph.is_terminal[:] = True  # so that the fixed edges alone are not taken for a tree
    return _kept(graph, np.zeros(len(graph.cost), dtype=np.bool_))


def _proper_tree(ends: Ints, cost: Ints, places: Ints, chosen: Ints, count: int) -> Ints:
    """Return the chosen edges as a tree of original edges, without needless leaves, sorted."""
    from infraplan.cables._kernels import neighbours
    from infraplan.cables._kernels import spanning_tree

    is_terminal = np.zeros(count, dtype=np.bool_)
    is_terminal[places] = True
    inside = np.zeros(count, dtype=np.bool_)
    inside[ends[chosen].ravel()] = True
    chosen = np.unique(chosen)
    starts, heads, links, _ = neighbours(ends[chosen], count)
    tree = spanning_tree(starts, heads, links, cost[chosen].astype(np.float64), is_terminal, inside)
    return np.asarray(chosen[tree], dtype=np.int64)
