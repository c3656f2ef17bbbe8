"""
The cheapest two paths that share no group of edges that fail together.

The question is hard in general. The pair that minds only edges and nodes bounds it from below;
where that pair shares a group, paths are led around each other's groups until none is shared, and
a program over whole numbers, given only the groups that matter, proves the rest.
"""

import math
import time
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field

import numpy as np
import numpy.typing as npt

from infraplan.cables.pair_flow import PairTask
from infraplan.cables.pair_flow import flow_paths
from infraplan.cables.pair_flow import nodes_along
from infraplan.cables.pair_flow import room_for_pair
from infraplan.cables.pair_flow import shared_groups
from infraplan.cables.programs import Program

__all__ = ["grouped_pair"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

Paths = tuple[list[int], list[int]]
ROUNDS = 8  # of leading each path around the other
STARTS = 12
WEARING = 0.3  # what a further start adds to the cost of edges already tried
SAME = 1e-9
FOUND_SAME = 1e-6  # of the cost: nearer than the solver's arithmetic tells apart


@dataclass(slots=True, eq=False)
class _Search:
    """What must be shared, the best pair so far, and what is proven."""

    task: PairTask
    deadline: float
    of_edge: dict[int, list[int]]  # groups of each grouped edge
    must_groups: set[int]
    must_edges: set[int]
    must_nodes: set[int]
    must_count: int
    paths: Paths = ((), ())  # type: ignore[assignment]
    count: int = 1 << 60
    cost: float = math.inf
    least_count: int = 0
    bound: float = 0.0
    active: list[int] = field(default_factory=list)

    @property
    def left_s(self) -> float:
        """Return the time left [s]."""
        return self.deadline - time.monotonic()

    @property
    def is_proven(self) -> bool:
        """Return whether nothing better can be."""
        return self.count <= self.least_count and self.cost - self.bound <= FOUND_SAME * self.cost

    def offer(self, paths: Paths) -> None:
        """Keep a pair if it is better than the best."""
        count, cost = self.shared_count(paths), math.fsum(self.task.cost[paths[0] + paths[1]])
        if count < self.count or (count == self.count and cost < self.cost * (1 - SAME)):
            self.paths, self.count, self.cost = paths, count, cost

    def shared_count(self, paths: Paths) -> int:
        """Return how many things two paths share: groups, edges without one, nodes."""
        task = self.task
        both = set(paths[0]) & set(paths[1])
        count = len(shared_groups(task, paths)) + sum(e not in self.of_edge for e in both)
        if task.keeps_nodes:
            count += len(set(nodes_along(task, paths[0])) & set(nodes_along(task, paths[1])))
        return count


def grouped_pair(
    task: PairTask, *, time_limit_s: float
) -> tuple[list[int], list[int], float, bool, bool]:
    """
    Return two paths that share as few groups, edges and perhaps nodes as can be, then the cheapest.

    Parameters
    ----------
    task
        Graph, ends and groups.
    time_limit_s
        Time after which the search stops early, > 0 [s].

    Returns
    -------
    first
        Edges of a path from source to target.
    second
        Edges of the other.
    bound
        What no pair that shares as little undercuts.
    proven
        Whether the sharing and the cost are proven least.
    late
        Whether the clock ended the search.
    """
    search = _begun(task, time_limit_s)
    free = np.asarray(sorted(_edges_of(task, search.must_groups)), dtype=np.int64)
    flow = room_for_pair(task, free)[0]
    one, two = flow_paths(task, flow)
    base = (one, two)
    search.offer(base)
    floor = math.fsum(np.abs(flow) * task.cost)
    if search.count > search.least_count or search.cost > floor * (1 + SAME):
        _lead_around(search, base)
    if search.count > search.least_count and search.left_s > 0:
        _fewest_shared(search)
    if search.count == search.must_count:  # else a pair may share what this floor keeps apart
        search.bound = min(floor, search.cost)
    if not search.is_proven:
        _cheapest(search)
    late = not search.is_proven and search.left_s <= 0
    bound = search.cost if search.is_proven else search.bound
    return *search.paths, bound, search.is_proven, late


def _begun(task: PairTask, time_limit_s: float) -> _Search:
    """Return the search with all that lies on every path."""
    from infraplan.cables._kernels_disjoint import necks

    of_edge: dict[int, list[int]] = {}
    for number, members in enumerate(task.groups):
        for e in members.tolist():
            of_edge.setdefault(e, []).append(number)
    is_there = np.ones(len(task.ends), dtype=np.bool_)
    bridges, cuts = necks(*task.rows, task.ends, is_there, task.source, task.target)
    must_edges = set(bridges.tolist())
    must_groups = {g for e in must_edges for g in of_edge.get(e, [])}
    on_way = {g for e in _path(task, task.cost) for g in of_edge.get(e, [])}
    must_groups |= {g for g in on_way - must_groups if not _is_joined_without(task, task.groups[g])}
    must_nodes = set(cuts.tolist()) if task.keeps_nodes else set()
    loose = sum(e not in of_edge for e in must_edges)
    must_count = len(must_groups) + loose + len(must_nodes)
    return _Search(
        task=task,
        deadline=time.monotonic() + time_limit_s,
        of_edge=of_edge,
        must_groups=must_groups,
        must_edges=must_edges,
        must_nodes=must_nodes,
        must_count=must_count,
        least_count=must_count,
    )


def _edges_of(task: PairTask, groups: Iterable[int]) -> set[int]:
    """Return the edges of groups."""
    return {e for g in groups for e in task.groups[g].tolist()}


def _path(task: PairTask, cost: Floats, barred: Flags | None = None) -> list[int]:
    """Return the cheapest path, empty where there is none."""
    from infraplan.cables._kernels_disjoint import distances

    if barred is None:
        barred = np.zeros(len(task.ends), dtype=np.bool_)
    far, before = distances(*task.rows, cost, barred, task.source, task.target)
    path: list[int] = []
    if not math.isfinite(far[task.target]):
        return path
    at = task.target
    while at != task.source:
        path.append(int(before[at]))
        at = int(task.ends[path[-1]].sum()) - at
    return path[::-1]


def _is_joined_without(task: PairTask, members: Ints) -> bool:
    """Return whether a path uses none of some edges."""
    barred = np.zeros(len(task.ends), dtype=np.bool_)
    barred[members] = True
    return bool(_path(task, task.cost, barred))


def _lead_around(search: _Search, base: Paths) -> None:
    """Lead each path around what the other uses, from several starts."""
    task = search.task
    worn = task.cost.copy()
    starts = [base[0], base[1], _path(task, task.cost)]
    for number in range(STARTS):
        if search.left_s <= 0:
            return
        first = starts[number] if number < len(starts) else _path(task, worn)
        seen: set[tuple[int, ...]] = set()
        for _ in range(ROUNDS):
            second = _path(task, _dearer_beside(search, first))
            search.offer((first, second))
            worn[first] *= 1 + WEARING
            if tuple(second) in seen:
                break
            seen.add(tuple(second))
            first = second


def _dearer_beside(search: _Search, path: list[int]) -> Floats:
    """Return the costs with all that a path uses made dearer than any detour."""
    task = search.task
    much = float(task.cost.sum()) + 1.0
    extra = np.zeros(len(task.ends))
    held = {g for e in path for g in search.of_edge.get(e, [])} - search.must_groups
    for g in held:
        extra[task.groups[g]] += much
    loose = [e for e in path if e not in search.of_edge and e not in search.must_edges]
    extra[loose] += much
    if task.keeps_nodes:
        met = np.zeros(task.count)
        met[[v for v in nodes_along(task, path) if v not in search.must_nodes]] = much / 2
        extra += met[task.ends].sum(axis=1)
    return task.cost + extra


def _fewest_shared(search: _Search) -> None:
    """Prove how few things must be shared, and find a pair that shares no more."""
    _settle(search, _Model(search, counts=True, most=None))


def _cheapest(search: _Search) -> None:
    """Prove how cheap a pair may be that shares no more than the best."""
    most = None if search.count == search.must_count else search.count
    _settle(search, _Model(search, counts=False, most=most))


def _settle(search: _Search, model: "_Model") -> None:
    """Solve a program with the groups that matter, and again with those that it then shares."""
    search.active = sorted({*search.active, *_clashes(search, search.paths)})
    while search.left_s > 0:
        answer = model.solved(search.active)
        if model.counts:
            search.least_count = max(search.least_count, model.fixed + math.ceil(answer[1] - 1e-4))
        else:
            search.bound = min(max(search.bound, answer[1]), search.cost)
        if answer[0] is None:
            return
        search.offer(answer[0])
        new = set(_clashes(search, answer[0])) - set(search.active)
        if not new or (search.count <= search.least_count and (model.counts or search.is_proven)):
            return
        search.active = sorted({*search.active, *new})


def _clashes(search: _Search, paths: Paths) -> list[int]:
    """Return the groups that two paths share and need not."""
    return [g for g in shared_groups(search.task, paths) if g not in search.must_groups]


class _Model:
    """
    Two paths as a program over whole numbers.

    Four columns an edge (two paths, two directions), two a group (whether each path uses it), and
    where sharing is allowed or counted one for each thing that may be shared.
    """

    def __init__(self, search: _Search, *, counts: bool, most: int | None) -> None:
        """Choose the edges that a better pair may use."""
        self.search = search
        self.counts = counts
        self.most = most
        self.fixed = search.least_count
        task = search.task
        self.edges = np.arange(len(task.ends))
        if not counts:
            self.edges = _within(task, search.cost)
        if not counts and most is None:
            self.edges = np.intersect1d(self.edges, _not_too_dear(search))
        self.edges = self.edges[task.ends[self.edges, 0] != task.ends[self.edges, 1]]
        self.place = {e: k for k, e in enumerate(self.edges.tolist())}

    def solved(self, active: Sequence[int]) -> tuple[Paths | None, float]:
        """Return the best pair that minds some groups, and the bound."""
        search, task, m = self.search, self.search.task, len(self.edges)
        slack = self.counts or self.most is not None
        things = self._things(active) if slack else {}
        size = 4 * m + 2 * len(active) + len(things)
        cost = np.zeros(size)
        if self.counts:
            cost[size - len(things) :] = 1.0
        else:
            cost[: 4 * m] = np.repeat(task.cost[self.edges], 4)
        program = Program(cost)
        spare = {thing: size - len(things) + k for k, thing in enumerate(things)}
        self._balance(program)
        self._edge_rows(program, spare, active)
        if task.keeps_nodes:
            self._node_rows(program, spare)
        self._group_rows(program, spare, active)
        if self.most is not None:
            columns = list(spare.values())
            most = float(self.most - search.must_count)
            program.add_row(-math.inf, columns, np.ones(len(columns)), most)
        answer = program.solved(time_limit_s=search.left_s)
        if answer.values is None:
            return None, answer.bound
        return self._paths(answer.values), answer.bound

    def _things(self, active: Sequence[int]) -> list[tuple[str, int]]:
        """Return all that may be shared beyond what must be."""
        search = self.search
        things = [("group", g) for g in active]
        things += [("edge", e) for e in self.edges.tolist()
                   if e not in search.of_edge and e not in search.must_edges]  # fmt: skip
        if search.task.keeps_nodes:
            met = np.unique(search.task.ends[self.edges]).tolist()
            kept = search.must_nodes | {search.task.source, search.task.target}
            things += [("node", v) for v in met if v not in kept]
        return things

    def _balance(self, program: Program) -> None:
        """Make each path leave the source, end at the target and stay whole between."""
        task = self.search.task
        around: dict[int, tuple[list[int], list[int]]] = {}
        for k, (u, v) in enumerate(task.ends[self.edges].tolist()):
            around.setdefault(u, ([], []))[0].append(4 * k)
            around.setdefault(v, ([], []))[0].append(4 * k + 1)
            around.setdefault(v, ([], []))[1].append(4 * k)
            around.setdefault(u, ([], []))[1].append(4 * k + 1)
        self.arriving = {v: entering for v, (_, entering) in around.items()}
        for v, (leaving, entering) in around.items():
            wanted = float(v == task.source) - float(v == task.target)
            weights = [1.0] * len(leaving) + [-1.0] * len(entering)
            for path in (0, 2):
                columns = np.asarray(leaving + entering) + path
                program.add_row(wanted, columns, weights, wanted)

    def _edge_rows(
        self, program: Program, spare: dict[tuple[str, int], int], active: Sequence[int]
    ) -> None:
        """Let one path use an edge, two where that is free, forced or counted."""
        search = self.search
        minded = set(active)
        for k, e in enumerate(self.edges.tolist()):
            groups = search.of_edge.get(e, [])
            if e in search.must_edges or not search.must_groups.isdisjoint(groups):
                continue
            columns, weights = [4 * k, 4 * k + 1, 4 * k + 2, 4 * k + 3], [1.0] * 4
            things = [("group", g) for g in groups] or [("edge", e)]
            if spare and groups and not minded.issuperset(groups):
                continue  # counted once its groups are minded
            extra = [spare[thing] for thing in things if thing in spare][:1]
            program.add_row(-math.inf, columns + extra, weights + [-1.0] * len(extra), 1.0)

    def _node_rows(self, program: Program, spare: dict[tuple[str, int], int]) -> None:
        """Let one path use a node, two where that is forced or counted."""
        search = self.search
        for v, entering in self.arriving.items():
            if v in search.must_nodes or v in (search.task.source, search.task.target):
                continue
            columns = [c + path for c in entering for path in (0, 2)]
            weights = [1.0] * len(columns)
            extra = [spare["node", v]] if ("node", v) in spare else []
            program.add_row(-math.inf, columns + extra, weights + [-1.0] * len(extra), 1.0)

    def _group_rows(
        self, program: Program, spare: dict[tuple[str, int], int], active: Sequence[int]
    ) -> None:
        """Let one path use a group, two where that is counted."""
        task, m = self.search.task, len(self.edges)
        for number, g in enumerate(active):
            uses = 4 * m + 2 * number
            for e in task.groups[g].tolist():
                k = self.place.get(e)
                if k is None:
                    continue
                for path in (0, 1):
                    columns = [4 * k + 2 * path, 4 * k + 2 * path + 1, uses + path]
                    program.add_row(-math.inf, columns, [1.0, 1.0, -1.0], 0.0)
            extra = [spare["group", g]] if ("group", g) in spare else []
            program.add_row(
                -math.inf, [uses, uses + 1, *extra], [1.0, 1.0] + [-1.0] * len(extra), 1.0
            )
            if not number and not extra:  # which path may use the first group is a matter of names
                program.add_row(0.0, [uses + 1], [1.0], 0.0)

    def _paths(self, values: Floats) -> Paths:
        """Return the two paths of a solution."""
        task = self.search.task
        used = values[: 4 * len(self.edges)].reshape(-1, 4)
        made = []
        for path in (0, 2):
            flow = np.zeros(len(task.ends), dtype=np.int64)
            flow[self.edges] = np.round(used[:, path] - used[:, path + 1]).astype(np.int64)
            made.append(flow_paths(task, flow, units=1)[0])
        return made[0], made[1]


def _within(task: PairTask, cost: float) -> Ints:
    """Return the edges of paths that a pair of at most some cost may have."""
    from infraplan.cables._kernels_disjoint import distances

    barred = np.zeros(len(task.ends), dtype=np.bool_)
    there, _ = distances(*task.rows, task.cost, barred, task.source, -1)
    back, _ = distances(*task.rows, task.cost, barred, task.target, -1)
    u, v = task.ends.T
    around = np.minimum(there[u] + back[v], there[v] + back[u]) + task.cost
    room = cost - there[task.target]
    return np.flatnonzero(around <= room * (1 + SAME))


def _not_too_dear(search: _Search) -> Ints:
    """Return the edges that may come into the pair of no groups at no more than the best costs."""
    from infraplan.cables._kernels_disjoint import cheapest_pair

    task, must = search.task, search.must_groups
    edge_room = np.ones(len(task.ends), dtype=np.int64)
    edge_room[sorted(search.must_edges | _edges_of(task, must))] = 2
    node_room = np.full(task.count, 1 if task.keeps_nodes else 2, dtype=np.int64)
    node_room[sorted(search.must_nodes)] = 2
    fine = np.ones(len(task.ends), dtype=np.bool_)
    u, v = task.ends.T
    for tips in ((task.source, task.target), (task.target, task.source)):
        _, flow, leave, enter = cheapest_pair(
            *task.rows, task.ends, task.cost, *tips, edge_room, node_room
        )
        floor = math.fsum(np.abs(flow) * task.cost)
        rise = np.maximum(enter[v] - leave[u], enter[u] - leave[v])
        fine &= (flow != 0) | (task.cost - rise <= (search.cost - floor) + SAME * search.cost)
    return np.flatnonzero(fine)
