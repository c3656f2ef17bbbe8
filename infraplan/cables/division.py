"""
What no plan of shared trenches undercuts, by the best division of their cost among its users.

Common trench and owners each have a net of their own: directed arcs from a stop of theirs, and cuts
that ask for an arc into each set of nodes with one of their stops. An edge costs by how many owners
pass it; the relaxation lets shares of owners pass, at the largest convex price that is right for
whole ones. It is solved by the first-order method of HiGHS, with cuts as they are violated; its
bound is computed again from the prices of its rows by weak duality, so that rough prices prove less
but nothing wrong.
"""

import itertools
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field

import numpy as np
import numpy.typing as npt

from infraplan.cables.chamber_costs import Extra

__all__ = ["Division", "divided_bound"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ROUNDS = 3  # of the relaxation; each adds what the last one violates
ASCENTS = 4  # of each net before them, all but the first with prices that chance changes
SHAKE = 0.3  # share by which it does
LONGEST_CUT = 80  # arcs of a cut of the dual ascent that is worth a row
MOST_CUTS = 30  # of one sink in a round
VIOLATED = 1e-2  # by which a row must be to be added
ROUGH = 1e-3  # gap and infeasibility that the solver leaves where cuts are sought only
FINE = 2e-4  # in the last round; half of it proves 0.005 % more of the sample city for 0.4 s
SCALE = 1e6  # dong as the solver sees them
LOST = 1e-9  # share of a bound that sums of floats may lose


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """A bound, the share of each edge in its relaxation, and whether the clock cut it short."""

    bound: float
    share: Floats
    stopped_by_time: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Net:
    """The arcs of one user: 2 k and 2 k + 1 are the ways along piece k; `piece` is by edge."""

    piece: Ints
    starts: Ints
    arcs: Ints
    tails: Ints
    heads: Ints
    first: int
    root: int
    sinks: Ints
    is_stop: Flags


@dataclass(frozen=True, slots=True, eq=False)
class _Matrix:
    """Columns and weights of rows, one row after another; `starts` is where each begins."""

    starts: npt.NDArray[np.int32]
    columns: npt.NDArray[np.int32]
    weights: Floats


def divided_bound(
    ends: Ints,
    cost: Floats,
    terminals: Ints,
    owners: Sequence[Ints],
    *,
    extras: Sequence[Extra] = (),
    rounds: int = ROUNDS,
    time_limit_s: float = 30.0,
) -> Division:
    """
    Return what no trenches that join all terminals, and all stops of each owner, undercut.

    Parameters
    ----------
    ends
        Pairs of nodes 0, 1, ..., shape (m, 2).
    cost
        Cost of each edge by the owners in it, not falling along a row, >= 0, shape (m, k).
    terminals
        Nodes to be joined.
    owners
        Stops of each owner, two at least, k - 1 owners at most.
    extras
        What depends on several edges.
    rounds
        Relaxations that are solved.
    time_limit_s
        Time after which no further one is begun, > 0 [s].

    Returns
    -------
    division
        Bound and shares.
    """
    deadline = time.monotonic() + time_limit_s
    relaxed = _Relaxation(ends, cost, terminals, owners, extras)
    best, share, stopped = 0.0, np.zeros(len(ends)), False
    number, is_last = 1, rounds <= 1
    while True:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            stopped = True
            break
        values, bound = relaxed.solved(left_s, FINE if is_last else ROUGH)
        best = max(best, bound)
        if values is None:
            stopped = True
            break
        share = values[0 : 2 * len(ends) : 2] + values[1 : 2 * len(ends) : 2]
        if is_last:
            break
        number += 1
        is_last = not relaxed.separate(values) or number >= rounds
    return Division(best, share, stopped)


@dataclass(slots=True, eq=False)
class _Relaxation:
    """The relaxation and its rows."""

    ends: Ints
    cost: Floats
    terminals: Ints
    owners: Sequence[Ints]
    extras: Sequence[Extra] = ()
    nets: list[_Net] = field(default_factory=list)
    worth: Floats = field(default_factory=lambda: np.zeros(0))
    columns: list[list[int]] = field(default_factory=list)
    weights: list[list[float]] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    known: set[tuple[int, ...]] = field(default_factory=set)
    atom: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    users: list[list[tuple[_Net, int]]] = field(default_factory=list)
    first_level: int = 0

    def __post_init__(self) -> None:
        """Set up nets, prices and first rows."""
        count = int(self.ends.max()) + 1
        stops_at = np.zeros(count, dtype=np.int64)
        for stops in self.owners:
            stops_at[stops] += 1
        hub = int(np.argmax(stops_at))
        pieces = [(np.arange(len(self.ends)), self.ends, self.terminals)]
        for stops in self.owners:
            keep = np.zeros(count, dtype=np.bool_)
            keep[stops] = True
            pieces.append((*_pieces(self.ends, keep), stops))
        first = 0
        for piece, between, stops in pieces:
            root = hub if hub in stops else int(stops[0])
            self.nets.append(_net(piece, between, count, first, root, stops))
            first += 2 * len(between)
        self._price(first)
        for number, net in enumerate(self.nets):
            self._flow_rows(net, is_tree=number > 0)
        self._level_rows()
        self._extra_rows()
        self._first_cuts()

    @property
    def levels(self) -> int:
        """Return how many owners there are."""
        return len(self.owners)

    def _price(self, first: int) -> None:
        """Set the costs: of each edge, and of one owner more in edges that owners see alike."""
        none = np.zeros(len(self.ends), dtype=np.int64)
        key = np.column_stack([net.piece for net in self.nets[1:]] or [none])
        kinds, atom = np.unique(key, axis=0, return_inverse=True)
        self.atom, self.first_level = atom.ravel(), first
        self.worth = np.zeros(first + len(kinds) * self.levels + len(self.extras))
        for way in (0, 1):
            self.worth[way : 2 * len(self.ends) : 2] = self.cost[:, 0]
        more = np.diff(self.cost, axis=1)
        for k in range(self.levels):
            np.add.at(self.worth, first + self.atom * self.levels + k, more[:, k])
        for k, extra in enumerate(self.extras, len(self.worth) - len(self.extras)):
            self.worth[k] = extra.cost
        self.users = [
            [(net, int(p)) for net, p in zip(self.nets[1:], row, strict=True) if p >= 0]
            for row in kinds.tolist()
        ] if self.levels else [[] for _ in kinds]  # fmt: skip

    def _add(self, columns: list[int], weights: list[float], low: float, high: float) -> None:
        """Add a row."""
        self.columns.append(columns)
        self.weights.append(weights)
        self.low.append(low)
        self.high.append(high)

    def _add_cuts(self, net: _Net, found: Ints, begins: Ints, longest: int) -> None:
        """Add cuts that are not there yet: one arc of each at least."""
        arcs, marks = (net.first + found).tolist(), begins.tolist()
        for a, b in itertools.pairwise(marks):
            cut = tuple(sorted(arcs[a:b]))
            if len(cut) <= longest and cut not in self.known:
                self.known.add(cut)
                self._add(list(cut), [1.0] * len(cut), 1.0, np.inf)

    def _flow_rows(self, net: _Net, *, is_tree: bool) -> None:
        """Add what comes into nodes: one arc into each stop, and none goes on that did not come."""
        leaving, begins = (net.first + net.arcs).tolist(), net.starts.tolist()
        opposite = (net.first + (net.arcs ^ 1)).tolist()
        for v, is_stop in enumerate(net.is_stop.tolist()):
            out, into = leaving[begins[v] : begins[v + 1]], opposite[begins[v] : begins[v + 1]]
            ones = [1.0] * len(out)
            if not out or (v == net.root and not is_tree):
                continue
            if v == net.root:
                self._add(into, ones, -np.inf, 0.0)
                continue
            if is_stop:
                self._add(into, ones, 1.0, 1.0 if is_tree else np.inf)
                continue
            if is_tree:
                self._add(into, ones, -np.inf, 1.0)
                self._add(out + into, ones + [-1.0] * len(into), 0.0, np.inf)
            signs = [1.0, *([-1.0] * (len(out) - 1))]
            for k in range(len(out)):
                self._add([out[k], *into[:k], *into[k + 1 :]], signs, -np.inf, 0.0)
                if not is_tree:
                    self._add([into[k], *out[:k], *out[k + 1 :]], signs, -np.inf, 0.0)

    def _level_rows(self) -> None:
        """Add that owners pass dug edges only, and count in order."""
        order = np.argsort(self.atom, kind="stable")
        begins = np.searchsorted(self.atom[order], np.arange(len(self.users) + 1)).tolist()
        edges = order.tolist()
        for number, users in enumerate(self.users):
            if not users:
                continue
            first = self.first_level + number * self.levels
            level = list(range(first, first + self.levels))
            ways = [net.first + 2 * p + way for net, p in users for way in (0, 1)]
            signs = [1.0] * len(ways) + [-1.0] * self.levels
            self._add(ways + level, signs, 0.0, 0.0)
            for k in range(0, len(ways), 2):
                self._add([ways[k], ways[k + 1], first], [1.0, 1.0, -1.0], -np.inf, 0.0)
            for k in range(self.levels - 1):
                self._add(level[k : k + 2], [1.0, -1.0], 0.0, np.inf)
            for e in edges[begins[number] : begins[number + 1]]:
                self._add([2 * e, 2 * e + 1, first], [1.0, 1.0, -1.0], 0.0, np.inf)

    def _extra_rows(self) -> None:
        """Add when what depends on several edges is paid."""
        for column, extra in enumerate(self.extras, len(self.worth) - len(self.extras)):
            for all_of, none_of in extra.when:
                ways = [2 * e + way for e in (*all_of, *none_of) for way in (0, 1)]
                signs = [-1.0] * (2 * len(all_of)) + [1.0] * (2 * len(none_of))
                self._add([column, *ways], [1.0, *signs], 1.0 - len(all_of), np.inf)

    def _first_cuts(self) -> None:
        """Add the cuts of a few dual ascents of each net."""
        from infraplan.cables._kernels_linked import ascent_cuts

        rng = np.random.default_rng(0)
        typical = max(1, self.levels)
        for number, net in enumerate(self.nets):
            price = self.cost[:, 0] if number == 0 else self.cost[:, -1] / typical
            used = net.piece >= 0
            room = np.bincount(net.piece[used], price[used], minlength=len(net.tails) // 2)
            for turn in range(ASCENTS):
                factor = rng.uniform(1.0 - SHAKE, 1.0 + SHAKE, len(room)) if turn else 1.0
                found, begins = ascent_cuts(
                    net.starts, net.arcs, net.tails, np.repeat(room * factor, 2), net.root,
                    net.sinks,
                )  # fmt: skip
                self._add_cuts(net, found, begins, LONGEST_CUT)

    def separate(self, values: Floats) -> bool:
        """Add rows that values violate; return whether there are any."""
        from infraplan.cables._kernels_linked import violated_cuts

        before = len(self.low)
        for net in self.nets:
            share = np.maximum(values[net.first : net.first + len(net.tails)], 0.0)
            found, begins = violated_cuts(
                net.starts, net.arcs, net.tails, net.heads, share, net.root, net.sinks, MOST_CUTS,
                VIOLATED,
            )  # fmt: skip
            self._add_cuts(net, found, begins, len(found))
        for number, users in enumerate(self.users):
            if len(users) < 3:
                continue
            level = self.first_level + number * self.levels + np.arange(self.levels)
            ways = np.asarray([net.first + 2 * p for net, p in users])
            passing = values[ways] + values[ways + 1]
            order = np.argsort(-passing, kind="stable")
            for k in range(2, len(users)):
                if passing[order[:k]].sum() > values[level[:k]].sum() + VIOLATED:
                    mine = ways[order[:k]].tolist()
                    self._add(
                        [*mine, *(way + 1 for way in mine), *level[:k].tolist()],
                        [1.0] * (2 * k) + [-1.0] * k, -np.inf, 0.0,
                    )  # fmt: skip
        return len(self.low) > before

    def solved(self, time_limit_s: float, tolerance: float) -> tuple[Floats | None, float]:
        """Return the shares of the relaxation, None without them, and what its prices prove."""
        import highspy
        from highspy._core import _Highs  # the class above it greets on standard output

        matrix = self._matrix()
        low, high = np.asarray(self.low), np.asarray(self.high)
        problem = highspy.HighsLp()
        problem.num_col_, problem.num_row_ = len(self.worth), len(low)
        problem.col_cost_ = self.worth / SCALE
        problem.col_lower_, problem.col_upper_ = np.zeros_like(self.worth), np.ones_like(self.worth)
        problem.row_lower_, problem.row_upper_ = low, high
        problem.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        problem.a_matrix_.start_ = matrix.starts
        problem.a_matrix_.index_ = matrix.columns
        problem.a_matrix_.value_ = matrix.weights
        solver = _Highs()
        for name, value in (("output_flag", False), ("threads", 1), ("solver", "hipdlp"),
                            ("run_crossover", "off"), ("pdlp_optimality_tolerance", tolerance),
                            ("primal_feasibility_tolerance", tolerance),
                            ("dual_feasibility_tolerance", tolerance),
                            ("time_limit", max(time_limit_s, 0.01))):  # fmt: skip
            solver.setOptionValue(name, value)
        solver.passModel(problem)
        solver.run()
        answer = solver.getSolution()
        if not answer.dual_valid:
            return None, 0.0
        bound = self._proven(np.asarray(answer.row_dual, dtype=np.float64) * SCALE, matrix)
        return np.asarray(answer.col_value, dtype=np.float64), bound

    def _matrix(self) -> _Matrix:
        """Return the rows as arrays."""
        starts = np.cumsum([0, *map(len, self.columns)], dtype=np.int32)
        columns, weights = itertools.chain(*self.columns), itertools.chain(*self.weights)
        return _Matrix(
            starts,
            np.fromiter(columns, dtype=np.int32, count=starts[-1]),
            np.fromiter(weights, dtype=np.float64, count=starts[-1]),
        )

    def _proven(self, prices: Floats, matrix: _Matrix) -> float:
        """Return the bound that prices of the rows prove, whatever they are."""
        low, high = np.asarray(self.low), np.asarray(self.high)
        prices = np.where((prices > 0) & ~np.isfinite(low), 0.0, prices)
        prices = np.where((prices < 0) & ~np.isfinite(high), 0.0, prices)
        side = np.where(prices > 0, low, np.where(prices < 0, high, 0.0))
        paid = np.repeat(prices, np.diff(matrix.starts)) * matrix.weights
        left = self.worth - np.bincount(matrix.columns, paid, minlength=len(self.worth))
        rows, columns = (prices * side).tolist(), np.minimum(left, 0.0).tolist()
        total = math.fsum(rows) + math.fsum(columns)
        return total - LOST * float(np.abs(prices).sum() + self.worth.sum()) - 1.0


def _net(piece: Ints, between: Ints, count: int, first: int, root: int, stops: Ints) -> _Net:
    """Return the arcs of a user both ways along each piece."""
    tails = between.ravel().astype(np.int64)
    heads = between[:, ::-1].ravel().astype(np.int64)
    order = np.argsort(tails, kind="stable").astype(np.int64)
    starts = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(tails, minlength=count), out=starts[1:])
    is_stop = np.zeros(count, dtype=np.bool_)
    is_stop[stops] = True
    sinks = np.asarray(stops, dtype=np.int64)
    return _Net(piece, starts, order, tails, heads, first, root, sinks[sinks != root], is_stop)


def _pieces(ends: Ints, keep: Flags) -> tuple[Ints, Ints]:
    """Return the chain that each edge is part of, -1 where no tree of kept nodes goes, and ends."""
    around: list[list[int]] = [[] for _ in keep]
    for edge, (u, v) in enumerate(ends.tolist()):
        around[u].append(edge)
        around[v].append(edge)
    alive, degree = _without_dead_ends(ends, around, keep)
    hub = keep | ((degree != 2) & (degree > 0))
    piece = np.full(len(ends), -1, dtype=np.int64)
    between: list[tuple[int, int]] = []
    for v in np.flatnonzero(hub).tolist():
        for first in around[v]:
            if not alive[first] or piece[first] >= 0:
                continue
            at, edge, chain = v, first, []
            while True:
                chain.append(edge)
                at = int(ends[edge].sum()) - at
                if hub[at]:
                    break
                edge = next(e for e in around[at] if alive[e] and e != edge)
            if at != v:
                piece[chain] = len(between)
                between.append((v, at))
            else:
                alive[chain] = False
    return piece, np.asarray(between, dtype=np.int64).reshape(-1, 2)


def _without_dead_ends(ends: Ints, around: list[list[int]], keep: Flags) -> tuple[Flags, Ints]:
    """Return which edges may lie between kept nodes, and how many of them meet at each node."""
    alive = np.ones(len(ends), dtype=np.bool_)
    degree = np.bincount(ends.ravel(), minlength=len(keep))
    ahead = [v for v in range(len(keep)) if degree[v] == 1 and not keep[v]]
    while ahead:
        v = ahead.pop()
        if degree[v] != 1:
            continue
        edge = next(e for e in around[v] if alive[e])
        alive[edge] = False
        for w in ends[edge].tolist():
            degree[w] -= 1
            if degree[w] == 1 and not keep[w]:
                ahead.append(w)
    return alive, degree
