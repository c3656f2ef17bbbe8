"""
Steiner trees of few terminals, solved by labels of subsets, with a bound while that goes on.

A label is a node, a subset of the terminals and the cheapest tree that joins them (S. E. Dreyfus,
R. A. Wagner, Networks 1, 1971). Labels are settled by their cost and what the duals of a dual
ascent show the rest to cost at least, the cheapest first (S. Hougardy, J. Silvanus, J. Vygen, Math.
Program. Comput. 9, 2017): the least of them bounds every tree, and none dearer than the best tree
known is made.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infraplan.cables.steiner_bounds import ASCENT_WORK
from infraplan.cables.steiner_bounds import ascended
from infraplan.cables.steiner_graph import Graph
from infraplan.cables.steiner_trees import Search

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_BITS = 62  # terminals but one, for a subset is a whole number
NODES = 1_000_000  # times terminals
ROOTS = 8  # of which the one with the best bound is taken
RECORDED = 16_000_000  # nodes of the sets of a dual ascent
WORTHS = 16_000_000  # numbers that what duals are worth may fill
SUBSETS = 512  # of terminals for which duals are told apart
ROOM = 3_000_000  # labels
STEPS = 10_000_000  # of work between two looks at the clock
FEW_STEPS = 60_000_000  # after which a search that gets nowhere ends
MANY_STEPS = 2_000_000_000  # after which any ends
HOPEFUL = 0.5  # share of the gap that is closed by a search that gets somewhere


@dataclass(slots=True, eq=False)
class _Labels:
    """The labels so far: their columns, keys, heap and tables, as the kernels want them."""

    state: Ints
    labels: Ints
    key: Floats
    heap: Ints
    place: Ints
    table: Ints
    groups: Ints
    most: Ints
    group_table: Ints

    @property
    def arrays(self) -> tuple[Ints, Ints, Floats, Ints, Ints, Ints, Ints, Ints, Ints]:
        """Return all arrays in the order of the kernels."""
        return (
            self.state, self.labels, self.key, self.heap, self.place, self.table, self.groups,
            self.most, self.group_table,
        )  # fmt: skip


def closed_by_subsets(search: Search, graph: Graph) -> bool:
    """Search by labels of subsets where terminals are few; return whether nothing is left open."""
    from infraplan.cables._kernels_exact import COLUMNS
    from infraplan.cables._kernels_exact import edges_of_label
    from infraplan.cables._kernels_exact import label_subsets
    from infraplan.cables._kernels_exact import put_first

    count = len(graph.terminals) - 1
    nodes = len(graph.is_terminal)
    if count < 1 or count > MOST_BITS or nodes * (count + 1) > NODES:
        return False
    root, bit, *duals = _duals(search, graph)
    near, far, between = _distances(graph, bit, root)
    starts, heads, links, _ = graph.rows()
    limit = search.upper - graph.fixed_cost
    made = _no_labels(COLUMNS, nodes * 2**count + len(heads), 2**count)
    put_first(graph.terminals, bit, limit, count, between, *duals, *made.arrays)
    first = np.full(nodes, -1, dtype=np.int64)
    begun = search.lower
    while search.open:
        before = made.state.tolist()
        done = label_subsets(
            starts, heads, links, graph.cost, bit, root, count, near, far, between, *duals, limit,
            STEPS, *made.arrays, first,
        )  # fmt: skip
        _, _, _, goal, steps = made.state.tolist()
        if done:
            if goal >= 0:
                tree = edges_of_label(made.labels, goal, len(graph.cost))
                search.offer(graph.original(tree))
            search.prove(search.upper)  # what was taken out could only serve trees no cheaper
            break
        search.prove(int(made.key[made.heap[0]]) + graph.fixed_cost)
        got = (search.lower - begun) / (search.upper - begun)
        # no step is made where there is no more room
        if steps == before[-1] or steps > (MANY_STEPS if got > HOPEFUL else FEW_STEPS):
            break
    return not search.open


def _duals(search: Search, graph: Graph) -> tuple[int, Ints, Ints, Ints, Ints]:
    """Return the best root of some, the bit of each terminal, and what the duals are worth."""
    from infraplan.cables._kernels_exact import worth_of_duals

    rows = graph.rows()
    starts, heads, links, _ = rows
    terminals = graph.terminals
    roots = search.rng.permutation(terminals)[:ROOTS]
    found = []
    for root in roots.tolist():
        left = graph.cost[links]
        raised, *_ = ascended(search, rows, left, graph.is_terminal, root, ASCENT_WORK, 0)
        found.append(raised)
        search.prove(raised + graph.fixed_cost)
    root = int(roots[int(np.argmax(found))])
    left = graph.cost[links]
    _, _, begins, sets = ascended(
        search, rows, left, graph.is_terminal, root, ASCENT_WORK, RECORDED
    )
    bit = np.full(len(graph.is_terminal), -1, dtype=np.int64)
    bit[terminals[terminals != root]] = np.arange(len(terminals) - 1)
    most = min(SUBSETS, WORTHS // len(bit))
    subsets, worth, inside = worth_of_duals(
        starts, heads, graph.cost[links], bit, begins, sets, most
    )
    return root, bit, subsets, worth, inside


def _distances(graph: Graph, bit: Ints, root: int) -> tuple[Ints, Floats, Ints]:
    """Return the terminals by distance from each node, and what lies between them, root last."""
    from infraplan.cables._kernels_trees import nearest_terminals

    starts, heads, links, _ = graph.rows()
    count = len(graph.terminals)
    near, far = nearest_terminals(
        starts, heads, links, graph.cost.astype(np.float64), graph.is_terminal, count
    )
    number = bit.copy()
    number[root] = count - 1
    between = np.zeros((count, count), dtype=np.int64)
    rows = number[graph.terminals]
    between[rows[:, None], number[near[graph.terminals]]] = far[graph.terminals].astype(np.int64)
    return near, far, between


def _no_labels(columns: int, labels: int, groups: int) -> _Labels:
    """Return room for labels and groups, at most so many; the system gives it as it is used."""
    labels, groups = min(labels, ROOM), min(groups, ROOM // 2)
    state = np.zeros(5, dtype=np.int64)
    state[3] = -1
    return _Labels(
        state=state,
        labels=np.empty((labels, columns), dtype=np.int64),
        key=np.empty(labels),
        heap=np.empty(labels, dtype=np.int64),
        place=np.empty(labels, dtype=np.int64),
        table=np.zeros(1 << (2 * labels).bit_length(), dtype=np.int64),
        groups=np.empty(groups, dtype=np.int64),
        most=np.empty(groups, dtype=np.int64),
        group_table=np.zeros(1 << (2 * groups).bit_length(), dtype=np.int64),
    )
