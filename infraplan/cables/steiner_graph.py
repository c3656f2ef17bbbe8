"""
The graph of a Steiner tree in whole costs, and the tests that shrink it without losing the optimum.

Leaves, chains and doubles go at once. Edges go that are dearer than the longest stretch between
terminals on another way (C. Duin, A. Volgenant, Eur. J. Oper. Res. 40, 1989); nodes at which no
best tree branches become edges past them; edges of terminals that some best tree has are drawn
together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Rows = tuple[Ints, Ints, Ints, Ints]

NEAREST = 4  # terminals that a node knows
LOOKED_AT = 120  # nodes that the search for a path of no greater cost settles
SWEEPS = 12  # of all tests over the graph
WORTH = 0.985  # share of edges above which a sweep counts as useless


@dataclass(slots=True, eq=False)
class Graph:
    """
    What is left of the graph, in whole costs.

    Edge k stands for the original edges `members[begins[k]:begins[k + 1]]`; node v was number
    `names[v]` at first; `fixed` are original edges that some best tree has.
    """

    ends: Ints
    cost: Ints
    members: Ints
    begins: Ints
    is_terminal: Flags
    names: Ints
    fixed: Ints
    fixed_cost: int

    def original(self, tree: Flags) -> Ints:
        """Return the original edges of a tree, with the fixed ones, each once."""
        return np.unique(np.concatenate([self.fixed, self.behind(np.flatnonzero(tree))]))

    def behind(self, chosen: Ints) -> Ints:
        """Return the original edges for which some edges stand."""
        return self.members[spread(self.begins, chosen)[0]]

    def rows(self) -> Rows:
        """Return starts, heads, links and twins of the graph by rows."""
        from infraplan.cables._kernels import neighbours

        found: Rows = neighbours(self.ends, len(self.is_terminal))
        return found

    @property
    def terminals(self) -> Ints:
        """Return the nodes to be joined."""
        return np.flatnonzero(self.is_terminal)


def spread(begins: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """Return the places of the items of chosen lists, and where each list begins among them."""
    lengths = np.diff(begins)[chosen]
    new = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return np.repeat(begins[chosen] - new[:-1], lengths) + np.arange(new[-1]), new


def whole_graph(ends: Ints, cost: Ints, places: Ints, count: int) -> Graph:
    """Return the graph of all edges, without loops and dearer doubles, leaves and chains."""
    is_terminal = np.zeros(count, dtype=np.bool_)
    is_terminal[places] = True
    graph = Graph(
        ends=ends,
        cost=cost,
        members=np.arange(len(ends), dtype=np.int64),
        begins=np.arange(len(ends) + 1, dtype=np.int64),
        is_terminal=is_terminal,
        names=np.arange(count, dtype=np.int64),
        fixed=np.zeros(0, dtype=np.int64),
        fixed_cost=0,
    )
    return simplified(graph, np.ones(len(ends), dtype=np.bool_))


def part_of(graph: Graph, keep: Flags) -> Graph:
    """Return the graph with some of its edges, its nodes renumbered."""
    chosen = np.flatnonzero(keep)
    ends = graph.ends[chosen]
    used = graph.is_terminal.copy()
    used[ends.ravel()] = True
    number = np.cumsum(used) - 1
    places, begins = spread(graph.begins, chosen)
    return replace(
        graph,
        ends=number[ends].astype(np.int64).reshape(-1, 2),
        cost=graph.cost[chosen],
        members=graph.members[places],
        begins=begins,
        is_terminal=graph.is_terminal[used],
        names=graph.names[used],
    )


def _single(graph: Graph) -> Flags:
    """Return which edges are neither loops nor dearer than another one between the same nodes."""
    low, high = graph.ends.min(axis=1), graph.ends.max(axis=1)
    order = np.lexsort((np.arange(len(low)), graph.cost, high, low))
    keep = np.zeros(len(low), dtype=np.bool_)
    first = np.ones(len(low), dtype=np.bool_)
    first[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    keep[order[first]] = True
    single: Flags = keep & (low != high)
    return single


def simplified(graph: Graph, keep: Flags) -> Graph:
    """Return the graph without leaves, chains and doubles, as long as that changes anything."""
    from infraplan.cables._kernels import chains
    from infraplan.cables._kernels import neighbours
    from infraplan.cables._kernels import peel

    graph = part_of(graph, keep)
    while True:
        before = len(graph.cost)
        graph = part_of(graph, _single(graph))
        count = len(graph.is_terminal)
        starts, heads, links, _ = neighbours(graph.ends, count)
        alive = np.ones(len(graph.cost), dtype=np.bool_)
        forced = peel(starts, heads, links, alive, graph.is_terminal)
        graph.fixed = np.concatenate([graph.fixed, graph.behind(forced)])
        graph.fixed_cost += int(graph.cost[forced].sum())
        if graph.is_terminal.sum() < 2:
            return part_of(graph, np.zeros(len(graph.cost), dtype=np.bool_))
        graph = part_of(graph, alive)
        starts, heads, links, _ = graph.rows()
        pairs, members, begins = chains(starts, heads, links, graph.is_terminal)
        graph = part_of(
            _of_chains(graph, pairs.reshape(-1, 2), members, begins),
            np.ones(len(begins) - 1, dtype=np.bool_),
        )
        if len(graph.cost) == before:
            return graph


def _of_chains(graph: Graph, pairs: Ints, chain: Ints, begins: Ints) -> Graph:
    """Return the graph whose edges are chains of the former edges."""
    places, within = spread(graph.begins, chain)
    sums = np.concatenate([[0], np.cumsum(graph.cost[chain])]).astype(np.int64)
    return replace(
        graph,
        ends=pairs,
        cost=np.diff(sums[begins]),
        members=graph.members[places],
        begins=within[begins],
    )


def shrunk(graph: Graph, late: Callable[[], bool]) -> Graph:
    """Return the graph after all tests, as long as they take out enough and it is not late."""
    for _ in range(SWEEPS):
        before = len(graph.cost)
        for step in (_without_dear_edges, _drawn_together, past_nodes):
            if len(graph.cost) == 0 or late():
                return graph
            graph = step(graph)
        if len(graph.cost) > WORTH * before:
            break
    return graph


def _known_near(graph: Graph, rows: Rows) -> tuple[Floats, Ints, Floats, Ints, Floats]:
    """Return costs as floats, near terminals and their distances, and how terminals are linked."""
    from infraplan.cables._kernels_trees import nearest_terminals
    from infraplan.cables._kernels_trees import terminal_links

    starts, heads, links, _ = rows
    cost = graph.cost.astype(np.float64)
    near, far = nearest_terminals(starts, heads, links, cost, graph.is_terminal, NEAREST)
    above, step = terminal_links(graph.ends, cost, near, far, len(graph.is_terminal))
    return cost, near, far, above, step


def _without_dear_edges(graph: Graph) -> Graph:
    """Return the graph without edges that another way makes needless."""
    from infraplan.cables._kernels_trees import dearer_edges

    rows = graph.rows()
    starts, heads, links, _ = rows
    cost, near, far, above, step = _known_near(graph, rows)
    needless = dearer_edges(
        starts, heads, links, cost, graph.ends, near, far, above, step, LOOKED_AT
    )
    return simplified(graph, ~needless) if needless.any() else graph


def _drawn_together(graph: Graph) -> Graph:
    """Return the graph with the ends of sure edges drawn together."""
    from infraplan.cables._kernels_trees import sure_edges

    rows = graph.rows()
    starts, heads, links, _ = rows
    cost, near, far, _, _ = _known_near(graph, rows)
    sure = sure_edges(starts, heads, links, cost, graph.is_terminal, near, far)
    return _contracted(graph, sure) if len(sure) else graph


def _contracted(graph: Graph, sure: Ints) -> Graph:
    """Return the graph with some edges, no two of which touch, fixed and drawn to a point."""
    number = np.arange(len(graph.is_terminal))
    kept, gone = graph.ends[sure, 0], graph.ends[sure, 1]
    number[gone] = kept
    is_terminal = graph.is_terminal.copy()
    is_terminal[kept] = True
    is_terminal[gone] = False
    joined = replace(
        graph,
        ends=number[graph.ends].astype(np.int64),
        is_terminal=is_terminal,
        fixed=np.concatenate([graph.fixed, graph.behind(sure)]),
        fixed_cost=graph.fixed_cost + int(graph.cost[sure].sum()),
    )
    return simplified(joined, np.ones(len(graph.cost), dtype=np.bool_))


def past_nodes(graph: Graph, passed: Flags | None = None) -> Graph:
    """Return the graph with edges past the nodes at which no best tree branches."""
    from infraplan.cables._kernels_trees import passing_nodes

    rows = graph.rows()
    starts, heads, links, _ = rows
    cost, near, far, above, step = _known_near(graph, rows)
    if passed is None:
        passed = np.zeros(len(graph.is_terminal), dtype=np.bool_)
    gone, first, second = passing_nodes(
        starts, heads, links, cost, graph.is_terminal, near, far, above, step, passed
    )
    if not gone.any():
        return graph
    return simplified(*_with_passes(graph, gone, first, second))


def _with_passes(graph: Graph, gone: Flags, first: Ints, second: Ints) -> tuple[Graph, Flags]:
    """Return the graph with an edge more for each pair of edges, and which edges stay."""
    # the far end of each edge of a pair is the one that is not the node passed
    one = np.where(gone[graph.ends[first, 0]], graph.ends[first, 1], graph.ends[first, 0])
    two = np.where(gone[graph.ends[second, 0]], graph.ends[second, 1], graph.ends[second, 0])
    count = len(graph.cost)
    order = np.column_stack([first, second]).ravel()
    places, within = spread(graph.begins, np.concatenate([np.arange(count), order]))
    longer = replace(
        graph,
        ends=np.concatenate([graph.ends, np.column_stack([one, two])]),
        cost=np.concatenate([graph.cost, graph.cost[first] + graph.cost[second]]),
        members=graph.members[places],
        begins=np.concatenate([within[: count + 1], within[count + 2 :: 2]]),
    )
    keep = np.ones(len(longer.cost), dtype=np.bool_)
    keep[:count] = ~(gone[graph.ends[:, 0]] | gone[graph.ends[:, 1]])
    return longer, keep
