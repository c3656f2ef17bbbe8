"""
Bounds of Steiner trees by dual ascent, and what they take out of the graph.

What an arc has left after the duals were taken is what a tree through it costs above the bound:
edges through which no better tree runs go, and so do branchings (T. Polzin, S. Vahdati
Daneshmand, Discrete Appl. Math. 112, 2001).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.steiner_graph import Graph
from infraplan.cables.steiner_graph import Rows
from infraplan.cables.steiner_graph import part_of
from infraplan.cables.steiner_graph import past_nodes
from infraplan.cables.steiner_graph import simplified
from infraplan.cables.steiner_trees import Search
from infraplan.cables.steiner_trees import grown
from infraplan.cables.steiner_trees import joined

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ASCENT_WORK = 500_000_000  # arcs that one dual ascent may look at
ASCENT_PART = 20_000_000  # arcs between two looks at the clock, half a second


class Needed(NamedTuple):
    """Edges through which a better tree may run, and nodes at which none branches."""

    edges: Flags
    passed: Flags


def settled(search: Search, graph: Graph) -> bool:
    """Return whether nothing is left to decide; the fixed edges are then the only other tree."""
    if len(graph.cost):
        return False
    if graph.is_terminal.sum() < 2:
        search.offer(np.unique(graph.fixed))
    # what was taken out could only serve trees no cheaper than the best one known
    search.prove(search.upper)
    return True


def nothing_left(search: Search, graph: Graph) -> Graph:
    """Return an empty graph: no tree is cheaper than the best one known."""
    search.prove(search.upper)
    empty = part_of(graph, np.zeros(len(graph.cost), dtype=np.bool_))
    empty.is_terminal = np.ones(2, dtype=np.bool_)  # so that the fixed edges are not taken for one
    return empty


def ascended(
    search: Search, rows: Rows, left: Ints, is_terminal: Flags, root: int, work: int, most: int
) -> tuple[int, bool, Ints, Ints]:
    """
    Raise duals as the kernel does, in parts, so that the clock can stop it.

    Returned are the raise, whether all terminals were reached, and the sets that were raised, up to
    a number of nodes; `left` changes.
    """
    from infraplan.cables._kernels_cuts import ascend

    starts, heads, _, _ = rows
    part = min(ASCENT_PART, work)
    found, complete, begins, sets = ascend(starts, heads, left, is_terminal, root, part, most)
    raised, more = int(found), int(found)
    work -= part
    while not complete and work > 0 and not search.late():
        # what was reached is reached anew, which takes all of a part that is too small
        part = min(part if more else 2 * part, work)
        room = most - len(sets)
        found, complete, *new = ascend(starts, heads, left, is_terminal, root, part, room)
        more = int(found)
        raised += more
        work -= part
        begins = np.concatenate([begins, new[0][1:] + begins[-1]])
        sets = np.concatenate([sets, new[1]])
    return raised, complete, begins, sets


def bounded(search: Search, graph: Graph) -> Graph:
    """Raise the bound from one root, grow a tree on what it leaves free, and shrink the graph."""
    rows = graph.rows()
    _, _, links, _ = rows
    root = int(search.rng.choice(graph.terminals))
    left = graph.cost[links]
    found, complete, _, _ = ascended(search, rows, left, graph.is_terminal, root, ASCENT_WORK, 0)
    search.prove(found + graph.fixed_cost)
    if not complete or not search.open:
        return graph
    free = np.zeros(len(graph.cost), dtype=np.bool_)
    free[links[left == 0]] = True
    grown(search, graph, rows, root, free, graph.cost.astype(np.float64))
    return without(search, graph, needed(search, graph, rows, left, found, 1, root))


def needed(
    search: Search, graph: Graph, rows: Rows, left: Ints, found: int, scale: int, root: int
) -> Needed:
    """Return what a tree cheaper than the best may use, by duals of costs times a scale."""
    from infraplan.cables._kernels_cuts import reduced_distances

    starts, heads, links, twin = rows
    ahead, first, second = reduced_distances(starts, heads, twin, left, graph.is_terminal, root)
    spare = (search.upper - 1 - graph.fixed_cost) * scale - found
    into = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    edges = np.zeros(len(graph.cost), dtype=np.bool_)
    edges[links[ahead[heads] + left + first[into] <= spare]] = True
    return Needed(edges, (ahead + first + second > spare) & ~graph.is_terminal)


def without(search: Search, graph: Graph, kept: Needed) -> Graph:
    """Return the graph without what no better tree uses."""
    if not joined(graph, kept.edges):
        return nothing_left(search, graph)
    if kept.edges.all():
        return past_nodes(graph, kept.passed)
    names = graph.names[kept.passed]
    graph = simplified(graph, kept.edges)
    return past_nodes(graph, np.isin(graph.names, names)) if len(graph.cost) else graph
