"""
The search for the best programme of streets and the proof of how good any can be, by HiGHS.

First the linear relaxation with cuts, whose bound is re-derived in whole numbers from its
multipliers; then small neighbourhoods of the best programme, which also bring cuts that whole
numbers need; at last the whole programme with a flow that leads from the roots to every built
street, so that each whole-number answer is connected and one run of the solver is enough.
"""

import math
import time
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import numpy as np

from infraplan.cables.phasing_model import MILLION
from infraplan.cables.phasing_model import NEVER
from infraplan.cables.phasing_model import Flags
from infraplan.cables.phasing_model import Floats
from infraplan.cables.phasing_model import Frame
from infraplan.cables.phasing_model import Ints
from infraplan.cables.phasing_model import Model
from infraplan.cables.phasing_model import Row
from infraplan.cables.phasing_model import beside_of
from infraplan.cables.phasing_model import exact_bound
from infraplan.cables.phasing_model import faults_of
from infraplan.cables.phasing_model import frame_of
from infraplan.cables.phasing_model import grown
from infraplan.cables.phasing_model import parts_of
from infraplan.cables.phasing_model import separated
from infraplan.cables.phasing_model import shifted
from infraplan.cables.phasing_model import worth_of
from infraplan.cables.phasing_model import years_of

__all__ = ["Answer", "solved"]

ROUNDS = 60  # of cuts on the relaxation
REPEATS = 20  # of the whole programme, should an answer not hold
BALL = 20  # streets that a neighbourhood frees
NEIGHBOURHOODS = 12
NEAR_NODES = 60  # of the solver's tree in a neighbourhood
ENOUGH = 14  # streets up to which neighbourhoods are not worth while


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """
    Year of each street (index, -1 for never), its worth, and the most that any programme is worth.

    `possible` is false where no programme fulfils the wishes; `years` is then empty. `through` is
    the most that can be worth by each year, the last being `bound`; `relaxed` the bound of the
    relaxation. `nodes` and `cuts` tell the work; `stopped` whether the clock ended it.
    """

    years: Ints
    worth: int
    bound: int
    possible: bool
    stopped: bool
    nodes: int
    cuts: int
    through: tuple[int, ...] = ()
    relaxed: int = 0


def solved(
    model: Model,
    low: Ints,
    high: Ints,
    *,
    starts: Sequence[Ints] = (),
    time_limit_s: float,
    seed: int,
) -> Answer:
    """
    Return the programme of the greatest worth, and the proof.

    Parameters
    ----------
    model
        Streets, years, money and joins; cuts found are added to its pool.
    low
        Least value of `z`, 1 where a street must be built by a year, shape (streets, years).
    high
        Greatest value of `z`, 0 where it must not, shape (streets, years).
    starts
        Programmes to begin with, years as indices, -1 for never.
    time_limit_s
        Time after which the search stops [s].
    seed
        Seed of solver and neighbourhoods.

    Returns
    -------
    answer
        Years, worth and bound; `possible` is false where the wishes bar every programme.
    """
    search = _Search(model, low, high, time.perf_counter() + time_limit_s, seed)
    for years in starts:
        search.offer(years)
    return search.run()


@dataclass(slots=True, eq=False)
class _Solver:
    """HiGHS with the rows of a frame and of the pool, money in million dong."""

    frame: Frame
    low: Ints
    high: Ints
    seed: int
    rows: list[Row] = field(default_factory=list)
    highs: Any = None

    def __post_init__(self) -> None:
        """Set up the relaxation."""
        import highspy
        from highspy._core import _Highs  # the class above it greets on standard output

        count = self.frame.count
        self.highs = _Highs()
        for name, value in (("output_flag", False), ("threads", 1), ("random_seed", self.seed)):
            self.highs.setOptionValue(name, value)
        self.highs.addVars(count, self.low.astype(np.float64), self.high.astype(np.float64))
        self.aim(self.frame.gain)
        self.highs.changeObjectiveSense(highspy.ObjSense.kMaximize)

    def aim(self, gain: Ints) -> None:
        """Set what the columns are worth."""
        index = np.arange(len(gain), dtype=np.int32)
        self.highs.changeColsCost(len(gain), index, gain.astype(np.float64))

    def hold(self, low: Ints, high: Ints) -> None:
        """Set the bounds of the columns."""
        index = np.arange(len(low), dtype=np.int32)
        self.highs.changeColsBounds(len(low), index, low.astype(float), high.astype(float))

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        import highspy

        for columns, weights, most in rows:
            unit = MILLION if max(map(abs, weights), default=1) > MILLION else 1
            self.highs.addRow(
                -highspy.kHighsInf,
                most / unit,
                len(columns),
                np.asarray(columns, dtype=np.int32),
                np.asarray(weights, dtype=np.float64) / unit,
            )
        self.rows += rows

    def whole(self) -> None:
        """Ask for whole numbers."""
        import highspy

        count = self.frame.count
        index = np.arange(count, dtype=np.int32)
        kinds = np.full(count, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        self.highs.changeColsIntegrality(count, index, kinds)
        self.highs.setOptionValue("mip_rel_gap", 0.0)
        self.highs.setOptionValue("mip_abs_gap", 0.999)  # worth is whole

    def run(self, time_limit_s: float) -> bool:
        """Solve; return whether an answer may exist."""
        import highspy

        self.highs.setOptionValue("time_limit", time_limit_s + self.highs.getRunTime())
        self.highs.run()
        status = highspy.HighsModelStatus
        barred = (status.kInfeasible, status.kUnboundedOrInfeasible)
        return self.highs.getModelStatus() not in barred

    def values(self) -> Floats | None:
        """Return the values of the columns of the last answer, None without one."""
        found = np.asarray(self.highs.getSolution().col_value, dtype=np.float64)
        if not len(found) or not math.isfinite(self.highs.getInfo().objective_function_value):
            return None
        return found[: self.frame.count]


@dataclass(slots=True, eq=False)
class _Search:
    """One solution of a programme."""

    model: Model
    low: Ints
    high: Ints
    until: float
    seed: int
    best: Ints | None = None
    worth: int = -1
    bound: int = 0
    nodes: int = 0
    through: tuple[int, ...] = ()
    relaxed: int = 0

    def run(self) -> Answer:
        """Return the answer."""
        frame = frame_of(self.model)
        extra = frame.count - self.low.size
        low = np.concatenate([self.low.ravel(), np.zeros(extra, dtype=np.int64)])
        high = np.concatenate([self.high.ravel(), np.ones(extra, dtype=np.int64)])
        self.bound = int(np.maximum(self.model.worth, 0).max(axis=1).sum())
        solver = _Solver(frame, low, high, self.seed)
        solver.add(frame.rows)
        solver.add(list(self.model.pool))
        possible, stopped = self._relaxed(solver), False
        if possible:
            solver.whole()
            _lead(solver, self.model)
            self._near(solver)
            possible, stopped = self._whole(solver)
        cuts = len(self.model.pool)
        if not possible:
            none = np.zeros(0, dtype=np.int64)
            return Answer(none, 0, 0, possible=False, stopped=False, nodes=self.nodes, cuts=cuts)
        years = self.best
        if years is None:
            years, stopped = np.zeros(0, dtype=np.int64), True
        bound = max(self.bound, self.worth)
        return Answer(
            years,
            max(self.worth, 0),
            bound,
            possible=True,
            stopped=stopped,
            nodes=self.nodes,
            cuts=cuts,
            through=tuple(min(most, bound) for most in (*self.through[:-1], bound)),
            relaxed=self.relaxed,
        )

    def offer(self, years: Ints) -> bool:
        """Keep a programme where it holds and is worth more than the best so far."""
        z = _built(years, self.low.shape[1])
        worth = worth_of(self.model, years)
        if worth <= self.worth or (z < self.low).any() or (z > self.high).any():
            return False
        if faults_of(self.model, years):
            return False
        self.best, self.worth = years, worth
        return True

    def _left_s(self) -> float:
        """Return the time that is left."""
        return max(self.until - time.perf_counter(), 0.0)

    def _cut(self, solver: _Solver, value: Floats, *, every_year: bool) -> bool:
        """Add the cuts that an answer violates; return whether there were new ones."""
        cuts = separated(self.model, solver.frame.chooser, value)
        if every_year:
            last = self.low.shape[1]
            cuts = [shifted(cut, t, self.low.shape) for cut in cuts for t in range(last)]
        fresh = [cut for cut in dict.fromkeys(cuts) if cut not in self.model.pool]
        self.model.pool.update(dict.fromkeys(fresh))
        solver.add(fresh)
        return bool(fresh)

    def _relaxed(self, solver: _Solver) -> bool:
        """Add cuts to the relaxation while they help; return whether it can be fulfilled."""
        value = None
        for number in range(ROUNDS):
            if not solver.run(max(self._left_s(), 1.0)):
                return False
            value = solver.values()
            if value is None:
                break
            self.bound = min(self.bound, self._exact(solver))
            if number % 5 == 0:
                self.offer(self._grown(value))
            if not self._cut(solver, value, every_year=False) or not self._left_s():
                break
        if value is not None:
            self.offer(self._grown(value))
        self.relaxed = self.bound
        self.through = tuple(self._through(solver))
        return True

    def _grown(self, value: Floats) -> Ints:
        """Return a programme grown along values."""
        return grown(self.model, value[: self.low.size].reshape(self.low.shape) + 2 * self.low)

    def _exact(self, solver: _Solver, gain: Ints | None = None) -> int:
        """Return the bound of the relaxation in whole numbers."""
        duals = solver.highs.getSolution().row_dual
        gain = solver.frame.gain if gain is None else gain
        return exact_bound(solver.rows, gain, solver.low, solver.high, duals)

    def _through(self, solver: _Solver) -> Iterator[int]:
        """Yield the most that streets can be worth that are built by each year."""
        last = self.low.shape[1]
        for t in range(last - 1):
            worth = self.model.worth.copy()
            worth[:, t + 1 :] = 0
            gain = np.zeros_like(solver.frame.gain)
            gain[: self.low.size] = (worth - np.pad(worth, ((0, 0), (0, 1)))[:, 1:]).ravel()
            solver.aim(gain)
            solver.run(10.0)
            most = int(np.maximum(worth, 0).max(axis=1).sum())
            yield most if solver.values() is None else min(most, self._exact(solver, gain))
        solver.aim(solver.frame.gain)
        yield self.bound

    def _near(self, solver: _Solver) -> None:
        """Improve the best programme by freeing some streets at a time."""
        count, last = self.low.shape
        if count <= ENOUGH:
            return
        random = np.random.default_rng(self.seed)
        solver.highs.setOptionValue("mip_max_nodes", NEAR_NODES)
        beside = beside_of(self.model)
        for number in range(NEIGHBOURHOODS):
            if self.best is None or not self._left_s() or self.worth == self.bound:
                break
            free = np.zeros(self.low.shape, dtype=bool)
            if number % 3 == 2:
                year = int(random.integers(last))
                free[:, max(0, year - 1) : year + 1] = True
            else:
                free[_ball(beside, int(random.integers(count)), BALL, random)] = True
            z = _built(self.best, last).astype(np.int64)
            self._freed(solver, np.where(free, self.low, z), np.where(free, self.high, z))
        solver.hold(solver.low, solver.high)
        solver.highs.setOptionValue("mip_max_nodes", 2**31 - 1)

    def _freed(self, solver: _Solver, low: Ints, high: Ints) -> None:
        """Solve with most streets held."""
        size = self.low.size
        solver.hold(
            np.concatenate([low.ravel(), solver.low[size:]]),
            np.concatenate([high.ravel(), solver.high[size:]]),
        )
        if not self._left_s() or not solver.run(self._left_s()):
            return
        value = solver.values()
        if value is not None:
            self.offer(years_of(np.round(value[:size]).reshape(self.low.shape)))

    def _whole(self, solver: _Solver) -> tuple[bool, bool]:
        """Solve in whole numbers; return whether there is an answer, and whether time ran out."""
        for _ in range(REPEATS):
            if self.bound == self.worth:
                return True, False
            if not self._left_s():
                return True, True
            self._hand_over(solver)
            if not solver.run(self._left_s()):
                # an incumbent that holds in whole numbers stands against the solver
                return self.best is not None, False
            info = solver.highs.getInfo()
            self.nodes += max(int(info.mip_node_count), 0)
            if math.isfinite(info.mip_dual_bound):
                slack = 1e-6 * max(1.0, abs(info.mip_dual_bound))
                self.bound = min(self.bound, math.floor(info.mip_dual_bound + slack))
            value = solver.values()
            if value is None:
                continue
            value = np.round(value)
            z = value[: self.low.size].reshape(self.low.shape)
            self.offer(years_of(z))
            if self.worth < self.bound and self._left_s():
                self.offer(grown(self.model, z))
                if not self._cut(solver, value, every_year=True):
                    solver.add([_not_again(z)])
        return True, True

    def _hand_over(self, solver: _Solver) -> None:
        """Give the solver the best programme so far."""
        if self.best is None:
            return
        value = np.zeros(solver.frame.count)
        value[: self.low.size] = _built(self.best, self.low.shape[1]).ravel()
        for part in parts_of(self.model):
            mine = [s for s in part if s in solver.frame.chooser and self.best[s] != NEVER]
            if mine:
                first = min(mine, key=lambda s: int(self.best[s]))  # type: ignore[index]
                value[solver.frame.chooser[first]] = 1.0
        index = np.arange(len(value), dtype=np.int32)
        solver.highs.setSolution(len(value), index, value)


def _built(years: Ints, last: int) -> Flags:
    """Return which streets are built by each year."""
    z: Flags = (years[:, None] != NEVER) & (years[:, None] <= np.arange(last)[None, :])
    return z


def _not_again(z: Floats) -> Row:
    """Return a row that bars one answer, which the solver's tolerance let pass."""
    flat = z.ravel()
    columns = tuple(range(len(flat)))
    return columns, tuple(1 if v > 0.5 else -1 for v in flat), int((flat > 0.5).sum()) - 1


def _ball(beside: list[list[int]], middle: int, size: int, random: np.random.Generator) -> Ints:
    """Return streets around one, and as many anywhere."""
    found, front = [middle], [middle]
    while front and len(found) < size:
        for near in beside[front.pop(0)]:
            if near not in found:
                found.append(near)
                front.append(near)
    others = random.choice(len(beside), size=min(size // 2, len(beside)), replace=False)
    return np.unique(np.concatenate([found[:size], others])).astype(np.int64)


def _lead(solver: _Solver, model: Model) -> None:
    """Add a flow for each year that brings one unit to every street built by then."""
    import highspy

    count, last = model.shape
    alone = {part[0] for part in parts_of(model) if len(part) == 1}
    one, other = model.joins.tolist(), model.joins[:, ::-1].tolist()
    arcs = [(a, b) for a, b in [*one, *other] if not model.rooted[b]]
    for t in range(last):
        most = float(_most_streets(model, t))
        base = solver.highs.getNumCol()
        gates = list(solver.frame.chooser)
        solver.highs.addVars(
            len(arcs) + len(gates), np.zeros(len(arcs) + len(gates)),
            np.full(len(arcs) + len(gates), most),
        )  # fmt: skip
        into: dict[int, list[int]] = {s: [] for s in range(count)}
        out: dict[int, list[int]] = {s: [] for s in range(count)}
        for k, (a, b) in enumerate(arcs):
            out[a].append(base + k)
            into[b].append(base + k)
        for k, s in enumerate(gates):
            column = base + len(arcs) + k
            into[s].append(column)
            ends = np.asarray([column, solver.frame.chooser[s]], dtype=np.int32)
            solver.highs.addRow(-highspy.kHighsInf, 0.0, 2, ends, np.asarray([1.0, -most]))
        for s in range(count):
            z = s * last + t
            if model.rooted[s] or s in alone:
                _row(solver, [z, *out[s]], [1.0 - most, *([1.0] * len(out[s]))], equal=False)
                continue
            ones = [1.0] * len(into[s])
            _row(solver, [z, *into[s], *out[s]], [-1.0, *ones, *([-1.0] * len(out[s]))], equal=True)
            _row(solver, [z, *into[s]], [-most, *ones], equal=False)


def _row(solver: _Solver, columns: list[int], weights: list[float], *, equal: bool) -> None:
    """Add a row that is 0, or at most 0."""
    import highspy

    least = 0.0 if equal else -highspy.kHighsInf
    ends = np.asarray(columns, dtype=np.int32)
    solver.highs.addRow(least, 0.0, len(columns), ends, np.asarray(weights))


def _most_streets(model: Model, year: int) -> int:
    """Return how many streets the money of all years up to one can build at most."""
    most = model.shape[0]
    for cost, budget in zip(model.cost, model.budget, strict=True):
        money = int(budget[year] if model.carry_over else budget[: year + 1].sum())
        cheapest = np.sort(cost[:, : year + 1].min(axis=1))
        most = min(most, int((np.cumsum(cheapest) <= money).sum()))
    return max(most, 1)
