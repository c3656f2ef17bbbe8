"""
Networks without a single point of failure.

Stations on branches of a tree go off together when one trench is cut. Here the cheapest additions
are sought after which no one edge, or node, cuts a chosen node off. Additions are found by leading
a second path to each node past what is there, and pruned; a program over whole numbers whose rows
are cuts, added as they are found broken, bounds them and proves the best.
"""

import math
import time
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from infraplan.cables.edge_lists import checked_costs
from infraplan.cables.edge_lists import checked_ends
from infraplan.cables.programs import Program
from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError

__all__ = ["RingPlan", "Unmended", "WeakPoints", "ring_augmentation", "single_points_of_failure"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NEEDED = 2.0
BROKEN = 1e-6  # by how much a cut must fall short to count
NESTED = 6  # cuts taken from one demand in a round
BOUND_SHARE = 0.7  # of the time that is left to the bound
REBUILT = 40  # times that a part of the additions is torn out and built anew
TORN = 0.3  # of the additions
ORDERS = 6  # in which the demands are tried
SHAKEN = 0.25  # of the cost, in further orders
SAME = 1e-7


@dataclass(frozen=True, slots=True)
class Unmended:
    """A chosen node that no additions secure, with the edges and nodes on every way to it."""

    node: int
    edges: tuple[int, ...]
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RingPlan:
    """
    Additions to a network, and what is proven.

    `edges` are the indices added, `cost` their cost; no additions that do as much cost less than
    `bound`. `unmended` are chosen nodes that a failure cuts off whatever is added: the additions
    secure them against every other one.
    """

    edges: Ints
    cost: float
    bound: float
    gap: float
    optimal: bool
    unmended: tuple[Unmended, ...]
    stopped_by_time: bool


@dataclass(frozen=True, slots=True, eq=False)
class WeakPoints:
    """
    Edges and nodes whose failure cuts chosen nodes off.

    `edges` and `nodes` with, for each, how many chosen nodes lose their hubs (without hubs: are
    parted from most of the others; the node that fails is not counted). `apart` are chosen nodes
    that are not joined even now.
    """

    edges: Ints
    edges_cut_off: Ints
    nodes: Ints
    nodes_cut_off: Ints
    apart: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Network:
    """
    A graph by rows with what is there, and what is asked of it.

    `sink` is a node beyond all hubs, -1 without hubs. `fails` is whether a node may fail.
    """

    ends: Ints
    cost: Floats
    exists: Flags
    names: Ints
    chosen: tuple[int, ...]
    sink: int
    fails: Flags
    edge_fails: Flags
    rows: tuple[Ints, Ints, Ints] = field(default=(), repr=False)  # type: ignore[assignment]

    @property
    def count(self) -> int:
        """Return the number of nodes."""
        return len(self.rows[0]) - 1


@dataclass(frozen=True, slots=True, eq=False)
class _Demand:
    """Two nodes to be joined twice; `edge_room` and `node_room` are 2 where none can help."""

    source: int
    target: int
    edge_room: Ints
    node_room: Ints


def ring_augmentation(  # noqa: PLR0913 - a network is edges, costs and flags
    edges: npt.ArrayLike,
    cost: npt.ArrayLike,
    exists: npt.ArrayLike,
    chosen: npt.ArrayLike,
    *,
    hubs: npt.ArrayLike | None = None,
    kind: str = "edge",
    time_limit_s: float = 30.0,
    seed: int = 0,
) -> RingPlan:
    """
    Return the cheapest additions that leave chosen nodes no single point of failure.

    Parameters
    ----------
    edges
        Pairs of node numbers >= 0, shape (m, 2): what is there and what may be added.
    cost
        Cost of adding each edge, >= 0, shape (m,).
    exists
        Which edges are there, at no cost, shape (m,).
    chosen
        Nodes to be secured.
    hubs
        Nodes of which each chosen one must reach one; None: chosen nodes must reach each other.
    kind
        What may fail: `"edge"`, or `"node"` (any edge and any node; a lone hub never fails).
    time_limit_s
        Time after which the search stops early, > 0 [s].
    seed
        Seed of the orders in which nodes are tried.

    Returns
    -------
    plan
        Additions, their cost, a bound, and the nodes that no additions secure.

    Raises
    ------
    SettingsError
        If anything given makes no sense; all faults are listed.
    NoRouteError
        If not even all edges join the chosen nodes; those apart are named.

    Notes
    -----
    Source: K. P. Eswaran, R. E. Tarjan (1976) for the question; M. Grotschel, C. L. Monma,
    M. Stoer (1995) for its cuts.

    Examples
    --------
    >>> edges = [[0, 1], [1, 2], [0, 2], [2, 3], [0, 3]]
    >>> flags = [True, True, False, True, False]
    >>> plan = ring_augmentation(edges, [1, 1, 5, 1, 3], flags, [1, 2, 3], hubs=[0])
    >>> plan.edges.tolist(), plan.cost, plan.optimal
    ([4], 3.0, True)
    """
    network = _network(edges, cost, exists, (chosen, hubs), kind)
    _require_joined(network)
    demands, weak_edges, weak_nodes = _demands(network)
    search = _Search(network, demands, time.monotonic() + time_limit_s, np.random.default_rng(seed))
    search.run()
    m = int(network.edge_fails.sum())  # those behind the hubs come after
    added = np.flatnonzero(search.best[:m] & ~network.exists[:m])
    total = math.fsum(network.cost[added].tolist())
    proven = total - search.bound <= SAME * total
    bound = total if proven else max(search.bound, 0.0)
    return RingPlan(
        edges=added,
        cost=total,
        bound=bound,
        gap=(total - bound) / total if total > 0 else 0.0,
        optimal=proven,
        unmended=_unmended(network, weak_edges, weak_nodes),
        stopped_by_time=(search.late or search.hurried) and not proven,
    )


def single_points_of_failure(
    edges: npt.ArrayLike, chosen: npt.ArrayLike, *, hubs: npt.ArrayLike | None = None
) -> WeakPoints:
    """
    Return the edges and nodes of a network whose failure cuts chosen nodes off.

    Parameters
    ----------
    edges
        Pairs of node numbers >= 0 that are there, shape (m, 2).
    chosen
        Nodes that matter.
    hubs
        Nodes of which each must reach one; None: they must reach each other.

    Returns
    -------
    points
        Edges and nodes with how many chosen nodes each cuts off.

    Raises
    ------
    SettingsError
        If anything given makes no sense; all faults are listed.

    Notes
    -----
    Source: R. E. Tarjan (1972).

    Examples
    --------
    >>> points = single_points_of_failure([[0, 1], [1, 2], [1, 3]], [2, 3], hubs=[0])
    >>> points.edges.tolist(), points.edges_cut_off.tolist(), points.nodes.tolist()
    ([0, 1, 2], [2, 1, 1], [1])
    """
    wrong: list[str] = []
    ends = checked_ends(edges, wrong)
    cost, exists = np.zeros(len(ends)), np.ones(len(ends), dtype=np.bool_)
    network = _network(ends, cost, exists, (chosen, hubs), "node", wrong)
    return _weak_points(network)


def _network(
    edges: npt.ArrayLike,
    cost: npt.ArrayLike,
    exists: npt.ArrayLike,
    wanted: tuple[npt.ArrayLike, npt.ArrayLike | None],
    kind: str,
    wrong: list[str] | None = None,
) -> _Network:
    """Return what is asked as arrays of the right shape, or refuse it with all its faults."""
    from infraplan.cables._kernels import neighbours

    wrong = [] if wrong is None else wrong
    ends = checked_ends(edges, wrong)
    costs = checked_costs(cost, len(ends), wrong)
    there = np.asarray(exists)
    if there.shape != (len(ends),) or (there.size and there.dtype != np.bool_):
        wrong.append(f"exists must hold True or False for each of {len(ends)} edges")
        there = np.zeros(len(ends), dtype=np.bool_)
    there = there.astype(np.bool_)
    chosen = _nodes(wanted[0], "chosen", wrong)
    hubs = None if wanted[1] is None else _nodes(wanted[1], "hubs", wrong)
    if hubs is not None and not len(hubs):
        wrong.append("hubs must name a node; leave it out to join the chosen nodes to each other")
    if kind not in ("edge", "node"):
        wrong.append(f"kind must be 'edge' or 'node'; found {kind!r}")
    if wrong:
        raise SettingsError("; ".join(wrong))
    some = np.zeros(0, dtype=np.int64) if hubs is None else hubs
    names, inverse = np.unique(np.concatenate([ends.ravel(), chosen, some]), return_inverse=True)
    ends = inverse[: ends.size].reshape(-1, 2).astype(np.int64)
    places = inverse[ends.size : ends.size + len(chosen)]
    at_hubs = inverse[ends.size + len(chosen) :].astype(np.int64)
    sink, fails = -1, np.full(len(names) + (hubs is not None), kind == "node")
    edge_fails = np.ones(len(ends) + len(at_hubs), dtype=np.bool_)
    if hubs is not None:
        sink = len(names)
        edge_fails[len(ends) :] = False
        fails[sink] = False
        if len(at_hubs) == 1:
            fails[at_hubs] = False
        ends = np.vstack([ends, np.column_stack([at_hubs, np.full(len(at_hubs), sink)])])
        costs = np.append(costs, np.zeros(len(at_hubs)))
        there = np.append(there, np.ones(len(at_hubs), dtype=np.bool_))
    starts, heads, links, _ = neighbours(ends, len(fails))
    own = tuple(sorted(set(places.tolist()) - set(at_hubs.tolist())))
    return _Network(ends, np.where(there, 0.0, costs), there, names, own, sink, fails, edge_fails,
                    (starts, heads, links))  # fmt: skip


def _nodes(given: npt.ArrayLike, name: str, wrong: list[str]) -> Ints:
    """Return node numbers, each once; what is wrong with them is added to the faults."""
    nodes = np.asarray(given)
    if nodes.size == 0:
        return np.zeros(0, dtype=np.int64)
    if nodes.ndim != 1 or nodes.dtype.kind not in "iu" or nodes.min() < 0:
        wrong.append(f"{name} must be node numbers of at least 0")
        return np.zeros(0, dtype=np.int64)
    return np.unique(nodes).astype(np.int64)


def _reached(network: _Network, root: int, there: Flags) -> Flags:
    """Return which nodes some edges join to one."""
    from infraplan.cables._kernels_disjoint import lowlinks

    low, seen = (np.full(network.count, -1, dtype=np.int64) for _ in range(2))
    lowlinks(*network.rows, there, root, low, seen)
    flags: Flags = seen >= 0
    return flags


def _require_joined(network: _Network) -> None:
    """Refuse chosen nodes that not even all edges join."""
    if not network.chosen:
        return
    root = network.sink if network.sink >= 0 else network.chosen[0]
    joined = _reached(network, root, np.ones(len(network.ends), dtype=np.bool_))
    apart = [int(network.names[v]) for v in network.chosen if not joined[v]]
    if apart:
        whom = "any hub" if network.sink >= 0 else f"node {network.names[root]}"
        more = ", ..." if len(apart) > 8 else ""
        msg = f"not even all edges join these to {whom}: {', '.join(map(str, apart[:8]))}{more}"
        raise NoRouteError(msg)


def _demands(network: _Network) -> tuple[list[_Demand], set[int], set[int]]:
    """Return which nodes are to be joined twice, and the edges and nodes that bar it for some."""
    from infraplan.cables._kernels_disjoint import necks

    pairs: list[tuple[int, int]]
    if network.sink >= 0:
        pairs = [(v, network.sink) for v in network.chosen]
    elif network.fails.any():
        own = network.chosen
        pairs = [(v, w) for k, w in enumerate(own) for v in own[k + 1 :]]
    else:
        pairs = [(v, network.chosen[0]) for v in network.chosen[1:]]
    every = np.ones(len(network.ends), dtype=np.bool_)
    made, weak_edges, weak_nodes = [], set(), set()
    for source, target in pairs:
        bridges, cuts = necks(*network.rows, network.ends, every, source, target)
        edge_room = np.where(network.edge_fails, 1, 2)
        node_room = np.where(network.fails, 1, 2)
        weak_edges |= set(bridges[edge_room[bridges] < 2].tolist())
        weak_nodes |= set(cuts[node_room[cuts] < 2].tolist())
        edge_room[bridges] = 2
        node_room[cuts] = 2
        made.append(_Demand(source, target, edge_room, node_room))
    return made, weak_edges, weak_nodes


def _unmended(
    network: _Network, weak_edges: Iterable[int], weak_nodes: Iterable[int]
) -> tuple[Unmended, ...]:
    """Return the chosen nodes that a failure cuts off whatever is there."""
    by: dict[int, tuple[list[int], list[int]]] = {}
    for e in sorted(weak_edges):
        there = np.ones(len(network.ends), dtype=np.bool_)
        there[e] = False
        for v in _cut_off(network, there, -1):
            by.setdefault(v, ([], []))[0].append(e)
    for node in sorted(weak_nodes):
        there = (network.ends != node).all(axis=1)
        for v in _cut_off(network, there, node):
            by.setdefault(v, ([], []))[1].append(int(network.names[node]))
    return tuple(
        Unmended(int(network.names[v]), tuple(edges), tuple(nodes))
        for v, (edges, nodes) in sorted(by.items())
    )


def _cut_off(network: _Network, there: Flags, failed: int) -> list[int]:
    """Return the chosen nodes that are parted from the hubs, or from the largest group of them."""
    left = [v for v in network.chosen if v != failed]
    if network.sink >= 0:
        joined = _reached(network, network.sink, there)
        return [v for v in left if not joined[v]]
    groups: list[list[int]] = []
    while left:
        joined = _reached(network, left[0], there)
        groups.append([v for v in left if joined[v]])
        left = [v for v in left if not joined[v]]
    largest = max(groups, key=len, default=[])
    return sorted(v for group in groups if group is not largest for v in group)


class _Search:
    """The best additions so far, the cuts found and the bound that they prove."""

    def __init__(
        self,
        network: _Network,
        demands: Sequence[_Demand],
        deadline: float,
        rng: np.random.Generator,
    ) -> None:
        """Begin with everything added."""
        self.network = network
        self.demands = demands
        self.watch = list(demands)
        self.deadline = deadline
        self.limit_s = deadline - time.monotonic()
        self.hurried = False
        self.rng = rng
        self.best = np.ones(len(network.ends), dtype=np.bool_)
        self.cost = float(network.cost.sum())
        self.bound = 0.0
        self.late = False
        self.free = np.flatnonzero(~network.exists)
        self.column = np.full(len(network.ends), -1, dtype=np.int64)
        self.column[self.free] = np.arange(len(self.free))
        self.program = Program(network.cost[self.free])
        self.cuts: set[tuple[tuple[int, ...], float]] = set()

    @property
    def left_s(self) -> float:
        """Return the time left [s]."""
        return self.deadline - time.monotonic()

    @property
    def is_open(self) -> bool:
        """Return whether something better may be found and time is left."""
        if self.left_s <= 0:
            self.late = True
        return not self.late and self.cost - self.bound > SAME * self.cost

    def _may_go_on_building(self) -> bool:
        """Return whether more additions may be tried: the rest of the time belongs to the bound."""
        if self.is_open and self.left_s < BOUND_SHARE * self.limit_s:
            self.hurried = True
        return self.is_open and not self.hurried

    def run(self) -> None:
        """Find additions, bound them, prove them."""
        self._offer(0, self.network.cost)
        self._ascend()
        for number in range(1, ORDERS):
            if not self._may_go_on_building():
                break
            self._offer(number, self.network.cost)
        self._rebuild(REBUILT)
        values = self._relax()
        if values is not None and self.is_open:
            for number in range(ORDERS):
                self._offer(number, self.network.cost * (1.0 - 0.9 * values))
        while self.is_open:
            answer = self.program.solved(time_limit_s=self.left_s)
            self.bound = max(self.bound, min(answer.bound, self.cost))
            if answer.values is None:
                self.late = True
                return
            there = self.network.exists.copy()
            there[self.free] = answer.values > 0.5
            if not self._add_cuts(there.astype(np.float64)):
                self._keep(there)
                self.late |= not answer.finished
                return
            self._offer(0, np.where(there, 0.0, self.network.cost))

    def _ascend(self) -> None:
        """
        Bound the cost by what each demand pays of what earlier ones left of the costs.

        The prices of a cheapest pair are the weights of its cuts: what a pair costs at the costs
        left is part of the bound, and the costs fall by what its prices rise over each edge.
        """
        from infraplan.cables._kernels_disjoint import cheapest_pair

        network = self.network
        u, v = network.ends.T
        levels: list[tuple[_Demand, Floats, Floats]] = []
        for number in range(ORDERS):
            if number and not self.is_open:
                break
            order = np.arange(len(self.demands))
            order = self.rng.permutation(order) if number else order
            left, floor, found = network.cost.copy(), 0.0, []
            for demand in (self.demands[k] for k in order.tolist()):
                _, flow, leave, enter = cheapest_pair(
                    *network.rows, network.ends, left, demand.source, demand.target,
                    demand.edge_room, demand.node_room,
                )  # fmt: skip
                floor += math.fsum(((flow != 0) * left).tolist())
                rise = np.maximum(enter[v] - leave[u], enter[u] - leave[v])
                paid = np.minimum(np.maximum(rise, 0.0) * demand.edge_room, left)
                left -= paid
                found.append((demand, leave, enter))
            if floor > self.bound:
                self.bound, levels = min(floor, self.cost), found
        for demand, leave, enter in levels:
            for level in np.unique(np.concatenate([leave, enter]))[:-1].tolist():
                self._add_row(demand, self._cut(demand, enter <= level, leave <= level))

    def _relax(self) -> Floats | None:
        """Add broken cuts until the relaxation has none; return its edges, None where late."""
        values = self.network.exists.astype(np.float64)
        while self._add_cuts(values):
            if not self.is_open:
                return None
            answer = self.program.relaxed(time_limit_s=self.left_s)
            if answer.values is None:
                self.late = True
                return None
            self.bound = max(self.bound, min(answer.bound, self.cost))
            values = self.network.exists.astype(np.float64)
            values[self.free] = np.clip(answer.values, 0.0, 1.0)
        return values

    def _add_cuts(self, values: Floats) -> int:
        """Add a row for each cut that the values break; return how many are new."""
        before = len(self.cuts)
        for demand in self.demands:
            turned = replace(demand, source=demand.target, target=demand.source)
            for one in (demand, turned):
                raised = values.copy()
                for _ in range(NESTED):
                    cut = self._broken_cut(one, raised)
                    if cut is None:
                        break
                    raised[list(cut[0])] = 1.0
                    self._add_row(demand, cut)
        return len(self.cuts) - before

    def _add_row(self, demand: _Demand, cut: tuple[tuple[int, ...], float]) -> None:
        """Add a cut as a row, unless it is there or asks for nothing."""
        edges, needed = cut
        if needed <= 0 or cut in self.cuts:
            return
        self.cuts.add(cut)
        weights = np.minimum(demand.edge_room[list(edges)], needed)
        self.program.add_row(needed, self.column[list(edges)], weights, math.inf)

    def _cut(self, demand: _Demand, enters: Flags, leaves: Flags) -> tuple[tuple[int, ...], float]:
        """Return the new edges out of a set of entrances and exits, and how many are needed."""
        network = self.network
        enters = enters.copy()
        enters[demand.source] = True
        u, v = network.ends.T
        over = (leaves[u] & ~enters[v]) | (leaves[v] & ~enters[u])
        filled = enters & ~leaves
        filled[[demand.source, demand.target]] = False
        new = over & ~network.exists
        held = demand.node_room[filled].sum() + demand.edge_room[over & network.exists].sum()
        return tuple(np.flatnonzero(new).tolist()), float(NEEDED - held)

    def _broken_cut(self, demand: _Demand, values: Floats) -> tuple[tuple[int, ...], float] | None:
        """Return edges of which more are needed between two nodes, and how many, None if enough."""
        from infraplan.cables._kernels_disjoint import units_between

        network, n = self.network, self.network.count
        total, reached = units_between(
            *network.rows, network.ends, demand.edge_room * values,
            demand.node_room.astype(np.float64), demand.source, demand.target, NEEDED,
        )  # fmt: skip
        if total > NEEDED - BROKEN:
            return None
        return self._cut(demand, reached[:n], reached[n:])

    def _offer(self, number: int, cost: Floats) -> None:
        """Build additions in some order of the demands, prune them, keep them if they are best."""
        order = np.arange(len(self.demands))
        priced = cost
        if number:
            order = self.rng.permutation(len(order))
            priced = cost * (1.0 + SHAKEN * self.rng.random(len(cost)))
        self._build(self.network.exists.copy(), order, priced)

    def _rebuild(self, rounds: int) -> None:
        """Tear out a part of the best additions and build it anew, as often as is said."""
        network = self.network
        for _ in range(rounds):
            if not self._may_go_on_building():
                return
            there = self.best.copy()
            added = np.flatnonzero(there & ~network.exists)
            first = int(self.rng.integers(max(len(added), 1)))
            count = max(int(TORN * len(added)), 1)
            torn = np.roll(added, -first)[:count]
            if self.rng.random() < 0.5:
                torn = self.rng.choice(added, count, replace=False) if len(added) else added
            there[torn] = False
            self._build(there, self.rng.permutation(len(self.demands)), network.cost)

    def _build(self, there: Flags, order: Ints, priced: Floats) -> None:
        """Add what each demand lacks, one after another, prune, and keep what is best."""
        from infraplan.cables._kernels_disjoint import cheapest_pair

        network = self.network
        for k in order.tolist():
            demand = self.demands[k]
            _, flow, *_ = cheapest_pair(
                *network.rows, network.ends, np.where(there, 0.0, priced), demand.source,
                demand.target, demand.edge_room, demand.node_room,
            )  # fmt: skip
            there |= flow != 0
        self._prune(there)
        self._keep(there)

    def _prune(self, there: Flags) -> None:
        """Take away what the demands can do without, the dearest first."""
        network = self.network
        added = np.flatnonzero(there & ~network.exists)
        for e in added[np.argsort(-network.cost[added], kind="stable")].tolist():
            there[e] = False
            if self.left_s <= 0 or not self._holds(there):
                there[e] = True

    def _holds(self, there: Flags) -> bool:
        """Return whether every demand is met; the one that was not is asked first next time."""
        from infraplan.cables._kernels_disjoint import units_between

        network = self.network
        for place, demand in enumerate(self.watch):
            total, _ = units_between(
                *network.rows, network.ends, (demand.edge_room * there).astype(np.float64),
                demand.node_room.astype(np.float64), demand.source, demand.target, NEEDED,
            )  # fmt: skip
            if total < NEEDED - BROKEN:
                self.watch.insert(0, self.watch.pop(place))
                return False
        return True

    def _keep(self, there: Flags) -> None:
        """Keep additions that are cheaper than the best."""
        cost = math.fsum(self.network.cost[there].tolist())
        if cost < self.cost:
            self.best, self.cost = there.copy(), cost


def _weak_points(network: _Network) -> WeakPoints:
    """Return what one failure cuts off, from the tree of a walk in depth and its low links."""
    from infraplan.cables._kernels_disjoint import lowlinks

    every = np.ones(len(network.ends), dtype=np.bool_)
    low, seen = (np.full(network.count, -1, dtype=np.int64) for _ in range(2))
    matters = np.zeros(network.count, dtype=np.int64)
    matters[list(network.chosen)] = 1
    root = network.sink if network.sink >= 0 else next(iter(network.chosen), -1)
    if root < 0:
        nothing = np.zeros(0, dtype=np.int64)
        return WeakPoints(nothing, nothing, nothing, nothing, ())
    order, by = lowlinks(*network.rows, every, root, low, seen)
    below = matters.copy()
    largest = np.zeros(network.count, dtype=np.int64)  # part that a failing node parts off
    parted = np.zeros(network.count, dtype=np.int64)
    total = int(matters[order].sum())
    weak_edges: list[tuple[int, int]] = []
    for v in order[:0:-1].tolist():
        e = int(by[v])
        u = int(network.ends[e].sum()) - v
        below[u] += below[v]
        lost = int(below[v]) if network.sink >= 0 else min(int(below[v]), total - int(below[v]))
        if low[v] > seen[u] and lost and network.edge_fails[e]:
            weak_edges.append((e, lost))
        if low[v] >= seen[u]:
            parted[u] += below[v]
            largest[u] = max(largest[u], below[v])
    weak_nodes: list[tuple[int, int]] = []
    for v in order.tolist():
        rest = total - int(matters[v]) - int(parted[v])
        lost = int(parted[v])
        if network.sink < 0:
            lost = total - int(matters[v]) - max(rest, int(largest[v]))
        if lost and network.fails[v]:
            weak_nodes.append((int(network.names[v]), lost))
    weak_edges.sort()
    weak_nodes.sort()
    apart = tuple(int(network.names[v]) for v in network.chosen if seen[v] < 0)
    edges, nodes = (np.asarray(weak, dtype=np.int64).reshape(-1, 2) for weak in
                    (weak_edges, weak_nodes))  # fmt: skip
    return WeakPoints(edges[:, 0], edges[:, 1], nodes[:, 0], nodes[:, 1], apart)
