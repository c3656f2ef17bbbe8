"""
Two routes between two nodes that do not fail together.

Where edges or nodes alone are to be kept apart, the cheapest pair is a flow of two units, found by
two searches. What cannot be avoided is then known before anything is priced: the edges, or nodes,
that lie on every path; between one of them and the next a disjoint pair exists. Groups of edges
that fail together make the question hard; `group_pair` answers it with a bound.
"""

import math
from collections.abc import Collection
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan.cables.edge_lists import checked_costs
from infraplan.cables.edge_lists import checked_ends
from infraplan.cables.group_pair import grouped_pair
from infraplan.cables.pair_flow import PairTask
from infraplan.cables.pair_flow import flow_paths
from infraplan.cables.pair_flow import nodes_along
from infraplan.cables.pair_flow import room_for_pair
from infraplan.cables.pair_flow import shared_groups
from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError

__all__ = ["DisjointPair", "disjoint_pair"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

KINDS = ("edge", "node", "group")
SPARSE = 4  # node numbers up to that many times the edges are used as they are
GROUP_TIME_S = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class DisjointPair:
    """
    The cheapest two paths that share as little as can be.

    `paths` are edge indices in order from source to target, the cheaper first. `cost` is that of
    both, an edge that both use counted twice. `shared` is what could not be avoided, by `kind`:
    edges, nodes or groups; `shared_edges`, `shared_nodes` and `shared_groups` are all that both
    paths use (nodes without source and target, and only where nodes were to be kept apart).
    No pair that shares as little costs less than `bound`; `optimal` is whether both the least
    sharing and the cost are proven.
    """

    paths: tuple[list[int], list[int]]
    cost: float
    shared: list[int]
    kind: str
    shared_edges: list[int]
    shared_nodes: list[int]
    shared_groups: list[int]
    bound: float
    optimal: bool
    stopped_by_time: bool = False

    @property
    def gap(self) -> float:
        """Return by which share of the cost a better pair could undercut it at most."""
        return (self.cost - self.bound) / self.cost if self.cost > 0 else 0.0

    @property
    def is_disjoint(self) -> bool:
        """Return whether the two paths share nothing of what was to be kept apart."""
        return not (self.shared_edges or self.shared_nodes or self.shared_groups)


def disjoint_pair(
    edges: npt.ArrayLike,
    cost: npt.ArrayLike,
    source: int,
    target: int,
    *,
    kind: str = "edge",
    groups: "Sequence[int] | Sequence[Collection[int]] | None" = None,
    time_limit_s: float = GROUP_TIME_S,
) -> DisjointPair:
    """
    Return the cheapest two paths between two nodes that share as little as can be.

    Parameters
    ----------
    edges
        Pairs of node numbers >= 0, shape (m, 2); an edge may be used in both directions.
    cost
        Cost of each edge, >= 0, shape (m,).
    source
        Node at which both paths begin.
    target
        Node at which both end, another one.
    kind
        What the paths may not share: `"edge"`, `"node"` (edges and the nodes between the ends; also
        groups where given) or `"group"` (edges and groups).
    groups
        Edges that fail together: the number of its group for each edge, -1 for none; or a
        collection of edge indices for each group, an edge in as many as apply.
    time_limit_s
        Time after which the search over groups stops early, > 0 [s].

    Returns
    -------
    pair
        Paths, cost, what they share and a bound. The least number of shared things comes first,
        then the cost.

    Raises
    ------
    SettingsError
        If anything given makes no sense; all faults are listed.
    NoRouteError
        If no path joins the two; the message names both sides.

    Notes
    -----
    Source: J. W. Suurballe, R. E. Tarjan (1984); R. Bhandari, Survivable Networks (1999), for
    undirected edges and split nodes; R. E. Tarjan (1972) for edges and nodes on every path.

    Examples
    --------
    >>> edges = [[0, 1], [1, 3], [0, 2], [2, 3], [1, 2]]
    >>> pair = disjoint_pair(edges, [1, 4, 4, 1, 1], 0, 3)
    >>> pair.paths, pair.cost, pair.shared
    (([0, 1], [2, 3]), 10.0, [])
    """
    task = _task(edges, cost, (source, target), kind, groups)
    if task.groups:
        first, second, bound, proven, late = grouped_pair(task, time_limit_s=time_limit_s)
    else:
        flow = room_for_pair(task)[0]
        first, second = flow_paths(task, flow)
        bound, proven, late = math.inf, True, False
    return _told(task, kind, (first, second), (bound, proven, late))


def _told(
    task: PairTask,
    kind: str,
    paths: tuple[list[int], list[int]],
    proof: tuple[float, bool, bool],
) -> DisjointPair:
    """Return a pair with its cost and all that its paths share."""
    costs = [math.fsum(task.cost[path].tolist()) for path in paths]
    if costs[1] < costs[0] or (costs[1] == costs[0] and paths[1] < paths[0]):
        paths = (paths[1], paths[0])
    total = math.fsum(task.cost[paths[0] + paths[1]].tolist())
    both = set(paths[1])
    shared_edges = [e for e in paths[0] if e in both]
    nodes: list[int] = []
    if task.keeps_nodes:
        others = set(nodes_along(task, paths[1]))
        nodes = [v for v in nodes_along(task, paths[0]) if v in others]
    held = shared_groups(task, paths)
    shared = {"edge": shared_edges, "node": task.names[nodes].tolist(), "group": held}[kind]
    bound, proven, late = proof
    return DisjointPair(
        paths=paths,
        cost=total,
        shared=shared,
        kind=kind,
        shared_edges=shared_edges,
        shared_nodes=task.names[nodes].tolist(),
        shared_groups=held,
        bound=min(bound, total),
        optimal=proven,
        stopped_by_time=late,
    )


def _task(
    edges: npt.ArrayLike,
    cost: npt.ArrayLike,
    tips: tuple[int, int],
    kind: str,
    groups: Any,  # noqa: ANN401 - either form
) -> PairTask:
    """Return what is asked as arrays of the right shape, or refuse it with all its faults."""
    wrong: list[str] = []
    ends = checked_ends(edges, wrong)
    costs = checked_costs(cost, len(ends), wrong)
    if kind not in KINDS:
        wrong.append(f"kind must be one of {', '.join(KINDS)}; found {kind!r}")
    if kind == "group" and groups is None:
        wrong.append("kind 'group' needs groups: a number for each edge, or lists of edges")
    if kind == "edge" and groups is not None:
        wrong.append("kind 'edge' takes no groups; ask for kind 'group'")
    given: tuple[Any, ...] = tips
    for name, tip in zip(("source", "target"), given, strict=True):
        if isinstance(tip, bool) or not isinstance(tip, (int, np.integer)) or tip < 0:
            wrong.append(f"{name} must be a node number of at least 0; found {tip!r}")
    if tips[0] == tips[1]:
        wrong.append(f"source and target must differ; both are {tips[0]!r}")
    members = _members(groups, len(ends), wrong)
    if wrong:
        raise SettingsError("; ".join(wrong))
    return _placed(ends, costs, (int(tips[0]), int(tips[1])), members, keeps_nodes=kind == "node")


def _placed(
    ends: Ints,
    costs: Floats,
    tips: tuple[int, int],
    members: tuple[Ints, ...],
    *,
    keeps_nodes: bool,
) -> PairTask:
    """Return the task with its nodes numbered without gaps; refused where no path joins the two."""
    from infraplan.cables._kernels import neighbours

    most = int(ends.max(initial=-1))
    if max(most, *tips) <= SPARSE * (len(ends) + 1):
        names = np.arange(max(most, *tips) + 1)
    else:
        names, inverse = np.unique(np.append(ends.ravel(), tips), return_inverse=True)
        ends = inverse[:-2].reshape(-1, 2).astype(np.int64)
        tips = (int(inverse[-2]), int(inverse[-1]))
    starts, heads, links, _ = neighbours(ends, len(names))
    task = PairTask(ends, costs, *tips, names, members, keeps_nodes, (starts, heads, links))
    _require_joined(task)
    return task


def _require_joined(task: PairTask) -> None:
    """Refuse two nodes that no path joins."""
    from infraplan.cables._kernels_disjoint import lowlinks

    is_there = np.ones(len(task.ends), dtype=np.bool_)
    sides: list[str] = []
    for root in (task.source, task.target):
        low, seen = (np.full(task.count, -1, dtype=np.int64) for _ in range(2))
        order, _ = lowlinks(*task.rows, is_there, root, low, seen)
        if not sides and seen[task.target] >= 0:
            return
        near = ", ".join(map(str, np.sort(task.names[order])[:5].tolist()))
        more = ", ..." if len(order) > 5 else ""
        sides.append(f"node {task.names[root]} on a side of {len(order)} nodes ({near}{more})")
    msg = f"no path joins the two: {sides[0]}, {sides[1]}"
    raise NoRouteError(msg)


def _members(groups: Any, count: int, wrong: list[str]) -> tuple[Ints, ...]:  # noqa: ANN401
    """Return the edges of each group; what is wrong with them is added to the faults."""
    if groups is None or len(groups) == 0:
        return ()
    if all(isinstance(entry, (int, np.integer)) for entry in groups):
        if len(groups) != count:
            wrong.append(f"groups must hold a number for each of {count} edges, or lists of edges;"
                         f" found {len(groups)} numbers")  # fmt: skip
            return ()
        of_edge = np.asarray(groups, dtype=np.int64)
        if of_edge.min() < -1:
            rows = np.flatnonzero(of_edge < -1)[:8].tolist()
            wrong.append(
                f"a group is a number of at least 0, or -1 for none; not so at edges {rows}"
            )
            return ()
        order = np.argsort(of_edge, kind="stable")
        marks = np.searchsorted(of_edge[order], np.arange(of_edge.max() + 2))
        return tuple(order[a:b] for a, b in pairwise(marks))
    members = []
    for number, entry in enumerate(groups):
        try:
            own = np.unique(np.asarray(list(entry)))
        except TypeError:
            wrong.append(f"groups must be all numbers or all lists of edges; group {number} is not")
            return ()
        whole = own.size == 0 or own.dtype.kind in "iu"
        if not whole or (own.size and (own[0] < 0 or own[-1] >= count)):
            wrong.append(f"group {number} names edges that are not there")
            continue
        members.append(own.astype(np.int64))
    return tuple(members)
