"""Two units of flow between two nodes: the graph they run in, their paths, what these share."""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field

import numpy as np
import numpy.typing as npt

__all__ = ["PairTask", "flow_paths", "nodes_along", "room_for_pair", "shared_groups"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PairTask:
    """
    A graph by rows, and the two nodes to be joined.

    `names` are the node numbers as given, `groups` the edges of each group, `keeps_nodes` whether
    nodes are to be kept apart as well.
    """

    ends: Ints
    cost: Floats
    source: int
    target: int
    names: Ints
    groups: tuple[Ints, ...] = ()
    keeps_nodes: bool = False
    rows: tuple[Ints, Ints, Ints] = field(default=(), repr=False)  # type: ignore[assignment]

    @property
    def count(self) -> int:
        """Return the number of nodes."""
        return len(self.rows[0]) - 1


def room_for_pair(
    task: PairTask, free_edges: "Ints | None" = None
) -> tuple[Ints, list[int], list[int]]:
    """
    Return the cheapest flow of two units, where need be doubled on what lies on every path.

    Parameters
    ----------
    task
        Graph and ends; its groups are not looked at.
    free_edges
        Edges that both paths may use whatever happens.

    Returns
    -------
    flow
        Flow on each edge, positive from its first node to its second.
    bridges
        Edges on every path, in order, where two paths have no room otherwise.
    cuts
        Nodes on every path, where nodes are to be kept apart and have no room otherwise.
    """
    from infraplan.cables._kernels_disjoint import cheapest_pair
    from infraplan.cables._kernels_disjoint import necks

    edge_room = np.ones(len(task.ends), dtype=np.int64)
    if free_edges is not None:
        edge_room[free_edges] = 2
    node_room = np.full(task.count, 1 if task.keeps_nodes else 2, dtype=np.int64)
    graph = (*task.rows, task.ends, task.cost, task.source, task.target)
    units, flow, *_ = cheapest_pair(*graph, edge_room, node_room)
    if units == 2:
        return flow, [], []
    is_there = np.ones(len(task.ends), dtype=np.bool_)
    bridges, cuts = necks(*task.rows, task.ends, is_there, task.source, task.target)
    edge_room[bridges] = 2
    node_room[cuts] = 2
    _, flow, *_ = cheapest_pair(*graph, edge_room, node_room)
    return flow, bridges.tolist(), cuts.tolist() if task.keeps_nodes else []


def flow_paths(task: PairTask, flow: Ints, *, units: int = 2) -> list[list[int]]:
    """
    Return a flow as paths, loops left out.

    Parameters
    ----------
    task
        Graph and ends.
    flow
        Flow on each edge, positive from its first node to its second.
    units
        How many paths it is.

    Returns
    -------
    paths
        Edges of each path from source to target.
    """
    leaving: dict[int, list[tuple[int, int]]] = {}
    for e in np.flatnonzero(flow)[::-1].tolist():
        u, v = task.ends[e].tolist()
        u, v = (u, v) if flow[e] > 0 else (v, u)
        leaving.setdefault(u, []).extend([(e, v)] * abs(int(flow[e])))
    paths: list[list[int]] = []
    for _ in range(units):
        at, path, met = task.source, [], {task.source: 0}
        while at != task.target:
            e, at = leaving[at].pop()
            path.append(e)
            if at in met:  # a loop that costs nothing
                for node in [node for node, length in met.items() if length > met[at]]:
                    del met[node]
                del path[met[at] :]
            met[at] = len(path)
        paths.append(path)
    return paths


def nodes_along(task: PairTask, path: Sequence[int]) -> list[int]:
    """
    Return the nodes of a path between its ends, in order.

    Parameters
    ----------
    task
        Graph and ends.
    path
        Edges from source to target.

    Returns
    -------
    nodes
        Nodes that it passes.
    """
    at, nodes = task.source, []
    for e in path:
        at = int(task.ends[e].sum()) - at
        nodes.append(at)
    return nodes[:-1]


def shared_groups(task: PairTask, paths: Sequence[Sequence[int]]) -> list[int]:
    """
    Return the groups of which both paths use an edge.

    Parameters
    ----------
    task
        Graph and groups.
    paths
        Edges of two paths.

    Returns
    -------
    groups
        Their numbers, rising.
    """
    one, two = (set(path) for path in paths)
    held = []
    for number, members in enumerate(task.groups):
        own = members.tolist()
        if not one.isdisjoint(own) and not two.isdisjoint(own):
            held.append(number)
    return held
