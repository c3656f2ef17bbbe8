"""
The cheapest tree that joins given nodes of a graph, with a proof of how cheap any tree can be.

Trees are grown by shortest paths from several roots (Takahashi and Matsuyama, Math. Japonica 24,
1980), improved by local search and recombined; the bound is Wong's dual ascent (Math. Program. 28,
1984), then the directed cut program, both in whole numbers so that rounding cannot lift it; few
terminals are settled by labels of their subsets. Tests
of the graph, bounds and trees shrink the graph in turn: what no better tree can use is taken out.
What is left open is branched: with a node that every tree must have, and without that node.
"""

import math
import time
from dataclasses import dataclass
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from infraplan.cables.joined import joined_parts
from infraplan.cables.steiner_bounds import bounded
from infraplan.cables.steiner_bounds import settled
from infraplan.cables.steiner_cuts import closed_by_cuts
from infraplan.cables.steiner_graph import Graph
from infraplan.cables.steiner_graph import Rows
from infraplan.cables.steiner_graph import shrunk
from infraplan.cables.steiner_graph import simplified
from infraplan.cables.steiner_graph import whole_graph
from infraplan.cables.steiner_subsets import closed_by_subsets
from infraplan.cables.steiner_trees import SHAKEN_WORK
from infraplan.cables.steiner_trees import Search
from infraplan.cables.steiner_trees import edges_of
from infraplan.cables.steiner_trees import grown
from infraplan.cables.steiner_trees import improved
from infraplan.cables.steiner_trees import joined
from infraplan.cables.steiner_trees import pooled
from infraplan.cables.steiner_trees import shaken
from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError

__all__ = ["SteinerTree", "steiner_tree"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ROUNDS = 6  # of bounds from several roots, each followed by fewer edges
ROOTS = 4  # of the dual ascent in a round
STARTS = 4  # trees grown before the first bound; more where terminals are few
MOST_STARTS = 60
START_WORK = 600
SHAKE = 0.25  # greatest share by which chance raises a cost
SHAKES = 3  # searches near good trees before the first cuts
LATER_SHAKES = 6  # the same, several at a time, before the first branching
MIXES = 24  # unions of trees of the pool that are solved
SUBSET_WORK = 1_000_000_000  # nodes times 3 to the power of the terminals, for subsets in a branch
FEW = 40  # edges up to which branching needs no cuts
DEPTH = 60  # of branching
NODES = 2000  # of branching in all
WHOLE_SUM = 2.0**51  # costs are scaled so that their sum stays exact in a float
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
    Source: H. Takahashi, A. Matsuyama (1980); R. T. Wong (1984); T. Koch, A. Martin (1998);
    T. Polzin, S. Vahdati Daneshmand (2001); E. Uchoa, R. F. Werneck (2012).

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
    search = Search(
        cost=whole,
        edges=np.arange(len(whole)),
        upper=int(whole.sum()) + 1,
        lower=0,
        deadline=time.monotonic() + time_limit_s,
        rng=np.random.default_rng(seed),
    )
    _run(search, whole_graph(ends, whole, places, len(nodes)))
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
    if len(wanted) < 2:
        return
    part = joined_parts(ends, count)
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


def _run(search: Search, graph: Graph) -> None:
    """Search: a first tree, fewer edges, more trees and bounds, cuts, branches."""
    if settled(search, graph):
        return
    _more_trees(search, graph, 1)
    graph = shrunk(graph, search.late)
    if settled(search, graph):
        return
    _more_trees(search, graph, STARTS)
    for _ in range(ROOTS):
        graph = bounded(search, graph)
        if settled(search, graph) or not search.open:
            return
    more = min(MOST_STARTS, START_WORK // int(graph.is_terminal.sum()))
    _more_trees(search, graph, max(STARTS, more))
    _closed(search, graph, 0)


def _closed(search: Search, graph: Graph, depth: int) -> None:
    """Bound the trees of a graph by dual ascent, then by cuts, then by branching."""
    search.nodes.append(depth)
    graph = _narrowed(search, graph, ROUNDS if depth == 0 else 2)
    if search.open and (depth == 0 or _has_few_subsets(graph)) and closed_by_subsets(search, graph):
        return
    if depth == 0:
        _shaken(search, graph)
    flow = np.zeros(0)
    if search.open and len(graph.cost) > FEW:
        graph, flow = closed_by_cuts(search, graph)
    for _ in range(LATER_SHAKES if depth == 0 else 0):
        if search.open and len(graph.cost):
            _shaken(search, graph)
    if search.open and depth < DEPTH and len(search.nodes) < NODES:
        _branched(search, graph, flow, depth)


def _shaken(search: Search, graph: Graph) -> None:
    """Shake trees and seek better ones in their union, in turn."""
    rows = graph.rows()
    for _ in range(SHAKES):
        before = search.upper
        shaken(search, graph, rows, SHAKEN_WORK // (SHAKES * max(1, len(graph.cost))))
        if not search.open or search.upper == before:
            return
        _mixed(search, graph)


def _has_few_subsets(graph: Graph) -> bool:
    """Return whether all subsets of the terminals are soon gone through, also in a branch."""
    # whole numbers: three to the power of a thousand is more than a float holds
    subsets: int = 3 ** len(graph.terminals)
    return len(graph.is_terminal) * subsets <= SUBSET_WORK


def _narrowed(search: Search, graph: Graph, rounds: int) -> Graph:
    """Bound from several roots and shrink the graph in turn, until neither helps any more."""
    for _ in range(rounds):
        before = len(graph.cost)
        for _ in range(ROOTS):
            graph = bounded(search, graph)
            if settled(search, graph) or not search.open:
                return graph
        graph = shrunk(graph, search.late)
        if settled(search, graph):
            return graph
        _mixed(search, graph)
        _more_trees(search, graph, 2)
        if not search.open or len(graph.cost) > 0.95 * before:
            break
    return graph


def _branched(search: Search, graph: Graph, flow: Floats, depth: int) -> None:
    """Solve the graph with a node that every tree must have, and without that node."""
    free = np.flatnonzero(~graph.is_terminal)
    degree = np.bincount(graph.ends.ravel(), minlength=len(graph.is_terminal))
    doubt = np.minimum(flow, 1.0 - flow) if len(flow) == len(degree) else np.zeros(len(degree))
    node = int(free[np.lexsort((-degree[free], -doubt[free].round(2)))[0]])
    needs = graph.is_terminal.copy()
    needs[node] = True
    everything = np.ones(len(graph.cost), dtype=np.bool_)
    halves = [
        (replace(graph, is_terminal=needs), everything),
        (graph, (graph.ends != node).all(axis=1)),
    ]
    bounds = []
    for half, keep in halves:
        inner = search.inner()
        if joined(half, keep):
            part = shrunk(simplified(half, keep), search.late)
            if not settled(inner, part):
                _closed(inner, part, depth + 1)
        else:
            inner.prove(inner.upper)
        search.take(inner)
        bounds.append(inner.lower)
    search.prove(min(bounds))


def _more_trees(search: Search, graph: Graph, count: int) -> None:
    """Grow trees from several roots by costs shaken by chance."""
    rows = graph.rows()
    everything = np.ones(len(graph.cost), dtype=np.bool_)
    plain = graph.cost.astype(np.float64)
    for number in range(count):
        if not search.open and search.pool:
            return
        roots = graph.terminals if number % 2 == 0 else len(graph.is_terminal)
        root = int(search.rng.choice(roots))
        shaken = plain * (1.0 + SHAKE * search.rng.random(len(plain))) if number else plain
        grown(search, graph, rows, root, everything, shaken)


def _mixed(search: Search, graph: Graph) -> None:
    """Seek better trees in the union of trees of the pool."""
    rows = graph.rows()
    stale = 0
    for _ in range(MIXES):
        count = len(search.pool)
        if count < 2 or stale == 8 or not search.open:
            return
        before = search.upper
        chosen = search.rng.choice(
            count, size=min(count, int(search.rng.integers(2, 5))), replace=False
        )
        _mix(search, graph, rows, chosen.tolist())
        stale = 0 if search.upper < before else stale + 1


def _mix(search: Search, graph: Graph, rows: Rows, chosen: list[int]) -> None:
    """Solve the union of some trees of the pool, and improve what was found in the whole graph."""
    union = pooled(search, graph, chosen)
    if not joined(graph, union):
        return
    inner = Search(
        cost=search.cost, edges=search.edges, upper=int(search.cost.sum()) + 1, lower=0,
        deadline=search.deadline, rng=search.rng,
    )  # fmt: skip
    part = simplified(graph, union)
    for _ in range(3):
        part = shrunk(part, search.late)
        if settled(inner, part):
            break
        _more_trees(inner, part, 2)
        part = bounded(inner, part)
        if settled(inner, part) or not inner.open:
            break
    if inner.pool:
        improved(search, graph, rows, edges_of(graph, inner.pool[0][1]))


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
