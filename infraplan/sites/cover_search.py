"""The search for good choices of sites and for multipliers and branches that prove them."""

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field

import numpy as np
import numpy.typing as npt

from infraplan.sites.certificate import Branch
from infraplan.sites.certificate import finest_scale
from infraplan.sites.certificate import fractional
from infraplan.sites.certificate import no_better
from infraplan.sites.cover_problem import SLACK
from infraplan.sites.cover_problem import Problem
from infraplan.sites.cover_problem import Reduction
from infraplan.sites.cover_problem import reduced

__all__ = ["Search", "Told"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Told = Callable[[float, float], None]

ROUNDS = 1500  # of the volume algorithm; it stands still after about 1000 on a province
ROUNDS_AFTER = 500  # more, once a better choice gives it a better target
ROUNDS_CORE = 400  # where reduced costs have settled most candidates
ROUNDS_BRANCH = 60  # for one branch, which begins at the multipliers of its parent
ROUNDS_TRIAL = 20  # to see what it would bring to divide by a candidate
CHUNK = 50  # rounds between two looks at the clock
TRIALS = 8  # candidates tried for one division, those nearest to half taken
TRUSTED = 2  # trials of a candidate after which their mean is believed
LEAST_PROGRESS = 0.02  # of the distance to the target in 40 rounds, or a branch is left as it is
ROUNDINGS = 32  # of the relaxed choice, each improved by exchanges
TURNS_FIRST = 1000  # of dropping a few sites and improving again
TURNS = 30_000  # more, where reduced costs leave too many candidates open for branches
TURNS_AT_ONCE = 500  # between two looks at the clock
HEAT = 0.02  # loss that a turn may bring, in shares of what a site covers on average
PROMISING = 700  # open candidates at most of a problem that branches are likely to decide
EXCHANGES = 2000  # at most, for one solution
BRANCHES = 20_000  # at most
HOPELESS_AFTER = 60  # divisions, after which a tree that does not close the gap is given up
HOPELESS_SHARE = 0.01  # of the gap that they must have closed
SEED = 20_240_701  # of the roundings; any number does


@dataclass(slots=True, eq=False)
class Search:
    """
    One search on a reduced problem; what it finds stays in its fields.

    `target` is a weight worth reaching: choices below it count as nothing better (0: none).
    `root` is the way back to the problem as given, `told` hears each better answer.
    """

    root: Reduction
    deadline: float
    target: float = 0.0
    told: Told | None = None
    taken: Flags = field(init=False)
    covered: float = field(init=False)
    bound: float = field(init=False)
    multiplier: Floats = field(init=False)
    branches: list[Branch] = field(init=False, default_factory=list)
    late: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        """Begin with nothing chosen."""
        self.taken = np.zeros(self.problem.cost.size, dtype=np.bool_)
        self.covered = self.root.covered
        self.bound = self.covered + float(self.problem.weight.sum() + self.problem.second.sum())
        self.multiplier = np.zeros(self.problem.weight.size)  # which prove just that bound

    @property
    def problem(self) -> Problem:
        """Return the reduced problem."""
        return self.root.problem

    @property
    def aim(self) -> float:
        """Return the weight that must be exceeded, in terms of the reduced problem."""
        unit = 1.0 if self.problem.whole else self.problem.slack
        return max(self.covered, self.target - unit) - self.root.covered

    def run(self) -> None:
        """Search until the best choice is proven, the counts are used up or the clock stops."""
        if not self.problem.demand or self.problem.budget <= 0 or not self.problem.cost.size:
            # no choice is left: with every multiplier at its weight the bound is what is covered
            self.multiplier, self.bound = self.problem.weight.copy(), self.covered
            return
        self.offer(np.zeros_like(self.taken))
        descent = _Descent(self.problem)
        self._descend(descent, ROUNDS)
        if self.goes_on():
            self._round(descent.mean_share)
            self._wander(TURNS_FIRST)
        if self.goes_on() and not _Tree(self, descent.mean_share).promising:
            self._wander(TURNS)
            self._descend(descent, ROUNDS_AFTER)
        if self.goes_on():
            _Tree(self, descent.mean_share).grow()

    def goes_on(self) -> bool:
        """Return whether something better may still exist, and time is left."""
        if self.target and self.covered >= self.target:
            return False
        limit = self.aim + self.root.covered
        return not self._out_of_time() and not _ends(self.bound, limit, self.problem)

    def _descend(self, descent: "_Descent", rounds: int) -> None:
        """Lower the bound of all choices."""
        if not self.goes_on():
            return
        self.late = descent.run(rounds, self.aim, self.deadline)
        if (bound := float(descent.state[0]) + self.root.covered) < self.bound:
            self.multiplier, self.bound = _on_lattice(descent.best, self.problem), bound
        self.tell()

    def tell(self) -> None:
        """Tell the listener what is known."""
        if self.told is not None:
            self.told(self.covered, max(self.bound, self.covered))

    def _out_of_time(self) -> bool:
        """Return whether the clock has stopped the search."""
        self.late = self.late or time.monotonic() > self.deadline
        return self.late

    def offer(self, taken: Flags, *, equal: bool = False) -> bool:
        """Improve a choice, keep it where it is better, and return whether it was kept."""
        value = _improved(self.problem, taken) + self.root.covered
        better = value > self.covered
        if better or (equal and value == self.covered):
            self.taken, self.covered = taken, value
        if better:
            self.tell()
        return better

    def _round(self, share: Floats) -> None:
        """Try choices drawn by the relaxed shares, the likeliest first."""
        random = np.random.default_rng(SEED)
        for turn in range(ROUNDINGS):
            if self._out_of_time():
                return
            self.offer(
                _drawn(self.problem, share * (1.0 if turn == 0 else random.random(share.size)))
            )

    def _wander(self, turns: int) -> None:
        """Drop neighbouring sites of the best choice and improve what is left, many times."""
        from infraplan.sites import _kernels as kernels

        random = np.random.default_rng(SEED)
        walker, best = self.taken.copy(), self.taken.copy()
        heat = HEAT * (self.covered - self.root.covered) / max(int(walker.sum()), 1)
        for turn in range(0, turns, TURNS_AT_ONCE):
            if not self.goes_on():
                return
            cooling = (heat * (1 - turn / turns), heat * (1 - (turn + TURNS_AT_ONCE) / turns))
            draws = random.random((TURNS_AT_ONCE, 16))
            kernels.wander(*self.problem.by_both, walker, best, draws, *cooling)
            self.offer(best.copy())


class _Descent:
    """The volume algorithm with its memory, so that it can be stopped and taken up again."""

    def __init__(
        self, problem: Problem, multiplier: Floats | None = None, share: Floats | None = None
    ) -> None:
        """Begin with every multiplier at its weight, or where another descent has ended."""
        from infraplan.sites import _kernels as kernels

        self.problem = problem
        self.best = problem.weight.copy() if multiplier is None else multiplier
        self.trial = self.best.copy()
        self.state = np.array([np.inf, 1.0, 0.1, 0.0, 0.0])
        if share is None:
            self.mean_share = np.zeros(problem.cost.size)
            self.mean_excess = np.zeros(problem.weight.size)
        else:
            self.mean_share = share.copy()
            pairs = (problem.starts, problem.rows, problem.second, problem.demand)
            self.mean_excess = kernels.excess_of(*pairs, self.best, share)
            self.state[1:] = 0.3, 0.05, 0.0, 1.0
        # whole weights leave no value between two; what the lattice adds must stay below it
        lattice = problem.weight.size / finest_scale(problem.weight)
        unit = 1 - 1e-6 - lattice - 1.1 * problem.slack
        self.unit = max(unit, 0.0) if problem.whole else problem.slack / 2

    def proves(self, aim: float) -> bool:
        """Return whether nothing can cover more, whole weights leaving no room between two."""
        return bool(self.state[0] < aim + self.unit)

    def run(self, rounds: int, aim: float, deadline: float) -> bool:
        """Lower the bound for so many rounds more; return whether time ran out."""
        self.state[1], self.state[3] = 1.0, 0.0
        end = self.state[4] + rounds
        while self.state[4] < end and not self.proves(aim):
            if self._lower(aim, CHUNK):
                break
            if time.monotonic() > deadline:
                return True
        return False

    def refine(self, rounds: int, aim: float) -> None:
        """Lower the bound for at most so many rounds, as long as that is worth it."""
        before = np.inf
        for turn in range(0, rounds, ROUNDS_TRIAL):
            if self._lower(aim, ROUNDS_TRIAL) or self.proves(aim):
                return
            if turn % (2 * ROUNDS_TRIAL):
                if before - self.state[0] < LEAST_PROGRESS * (self.state[0] - aim):
                    return
                before = self.state[0]

    def _lower(self, aim: float, rounds: int) -> bool:
        """Run some rounds; return True when no step is left."""
        from infraplan.sites import _kernels as kernels

        memory = (self.best, self.trial, self.mean_share, self.mean_excess, self.state)
        return bool(kernels.lower_bound_by_volume(*self.problem.by_column, aim, *memory, rounds))


@dataclass(slots=True, eq=False)
class _Node:
    """A part of the choices: decisions (0 open, 1 chosen, 2 not), multipliers, relaxed shares."""

    number: int
    side: Ints
    multiplier: npt.NDArray[np.float32]
    share: npt.NDArray[np.float32]
    bound: float


class _Tree:
    """Branch and bound on the candidates that reduced costs leave open."""

    def __init__(self, search: Search, share: Floats) -> None:
        """Begin with the multipliers of the search."""
        self.search = search
        side = np.zeros(search.problem.cost.size, dtype=np.int64)
        _settle(search.problem, search.multiplier, search.aim, side)
        self.core = reduced(search.problem, side)
        self.base = (side == 1).astype(np.float64)
        start = np.bincount(
            self.core.group, search.multiplier[self.core.rows], self.core.problem.weight.size
        )
        self.start = start.astype(np.float64), share[self.core.columns]
        count = self.core.problem.cost.size
        self.tried = {1: np.zeros(count), 2: np.zeros(count)}
        self.lost = {1: np.zeros(count), 2: np.zeros(count)}
        self.order = itertools.count()

    @property
    def promising(self) -> bool:
        """Return whether few candidates are left open."""
        return self.core.problem.cost.size <= PROMISING

    @property
    def aim(self) -> float:
        """Return the weight that must be exceeded, in terms of the core."""
        return self.search.aim - self.core.covered

    def _done(self, bound: float) -> bool:
        """Return whether a part holds nothing better."""
        offset = self.core.covered + self.search.root.covered
        return bool(_ends(bound + offset, self.aim + offset, self.search.problem))

    def grow(self) -> None:
        """Divide the part of the highest bound again and again; write branches and bound down."""
        problem = self.core.problem
        if not problem.demand or not problem.cost.size or problem.budget <= 0:
            self.search.bound = self.aim + self.core.covered + self.search.root.covered
            return
        open_side = np.zeros(problem.cost.size, dtype=np.int64)
        root = self._evaluated(open_side, *self.start, ROUNDS_CORE)
        self._write(root, -1, -1, taken=False)
        heap = [(-root.bound, next(self.order), root)]
        first, divisions = root.bound, 0
        while heap and self.search.goes_on() and not self._done(-heap[0][0]):
            if self._hopeless(first, -heap[0][0], divisions):
                break
            divisions += 1
            for node in self._divided(heapq.heappop(heap)[2]):
                heapq.heappush(heap, (-node.bound, next(self.order), node))
        highest = max([-heap[0][0]] if heap else [], default=self.aim)
        highest = max(highest, self.aim)
        offset = self.core.covered + self.search.root.covered
        self.search.bound = min(self.search.bound, highest + offset)
        self.search.tell()

    def _hopeless(self, first: float, bound: float, divisions: int) -> bool:
        """Return whether the tree closes the gap too slowly to go on."""
        if len(self.search.branches) > BRANCHES:
            return True
        closed = first - bound < HOPELESS_SHARE * (first - self.aim)
        return divisions >= HOPELESS_AFTER and closed

    def _divided(self, node: _Node) -> list[_Node]:
        """Return the parts of a part that may hold something better."""
        share = node.share.astype(np.float64)
        self._offer(share)
        side = node.side.copy()
        multiplier = node.multiplier.astype(np.float64)
        _settle(self.core.problem, multiplier, self.aim, side)
        free = np.flatnonzero(side == 0)
        if not free.size:
            self._leave(node, side)
            return []
        j = self._chosen(node, side, free)
        parts = []
        for way in (1, 2):
            child_side = side.copy()
            child_side[j] = way
            child = self._evaluated(child_side, multiplier, share, ROUNDS_BRANCH)
            child.bound = min(child.bound, node.bound)
            self._write(child, node.number, j, taken=way == 1)
            if not self._done(child.bound):
                parts.append(child)
        return parts

    def _offer(self, share: npt.ArrayLike) -> None:
        """Round relaxed shares of the core to a choice, and keep it if it is better."""
        score = self.base.copy()
        score[self.core.columns] = share
        self.search.offer(_drawn(self.search.problem, score))

    def _leave(self, node: _Node, side: Ints) -> None:
        """Keep the one choice that a part has left, and write down what exactly it covers."""
        self._offer(side == 1)
        start = (node.multiplier.astype(np.float64), node.share.astype(np.float64))
        last = self._evaluated(side, *start, 0)
        self._write(last, node.number, -1, taken=False)

    def _chosen(self, node: _Node, side: Ints, free: Ints) -> int:
        """Return the candidate whose two sides together lower the bound most."""
        share = node.share.astype(np.float64)
        near = np.argsort(-np.minimum(share[free], 1 - share[free]), kind="stable")
        best, best_score = int(free[near[0]]), -1.0
        most = max(node.bound - self.aim, 1e-9)
        for j in free[near[:TRIALS]]:
            drops = []
            for way in (1, 2):
                distance = max(1 - share[j] if way == 1 else share[j], 0.05)
                if self.tried[way][j] < TRUSTED:
                    trial = side.copy()
                    trial[j] = way
                    multiplier = node.multiplier.astype(np.float64)
                    bound = self._evaluated(trial, multiplier, share, ROUNDS_TRIAL).bound
                    drop = max(node.bound - bound, 0.0)
                    self.tried[way][j] += 1
                    self.lost[way][j] += drop / distance
                else:
                    drop = self.lost[way][j] / self.tried[way][j] * distance
                drops.append(min(drop, most))
            score = max(min(drops), 1e-3) * max(*drops, 1e-3)
            if score > best_score:
                best, best_score = int(j), score
        return best

    def _evaluated(self, side: Ints, multiplier: Floats, share: Floats, rounds: int) -> _Node:
        """Return the part of some decisions with multipliers lowered from those of its parent."""
        view = reduced(self.core.problem, side, merge=False)
        small = view.problem
        m, relaxed_share = view.settled.copy(), (side == 1).astype(np.float32)
        if small.cost.size and small.demand:
            start = np.minimum(multiplier[view.rows], small.weight)
            descent = _Descent(small, start, share[view.columns])
            descent.refine(rounds, self.aim - view.covered)
            m[view.rows] = descent.best
            relaxed_share[view.columns] = descent.mean_share
        packed = m.astype(np.float32)
        bound = _bound_of(self.core.problem, packed.astype(np.float64), side)
        return _Node(-1, side, packed, relaxed_share, bound)

    def _write(self, node: _Node, parent: int, candidate: int, *, taken: bool) -> None:
        """Write a part down as a branch of the proof."""
        node.number = len(self.search.branches)
        reductions = (self.search.root, self.core)
        if candidate >= 0:
            candidate = int(self.search.root.columns[self.core.columns[candidate]])
        offset = self.core.covered + self.search.root.covered
        self.search.branches.append(
            Branch(parent, candidate, taken, node.bound + offset, node.multiplier, reductions)
        )


def _priced(problem: Problem, multiplier: Floats, side: Ints) -> tuple[float, Floats, Ints, float]:
    """Return what rows and chosen give, all priced gains, the open candidates and budget left."""
    from infraplan.sites import _kernels as kernels

    m = np.clip(
        multiplier,
        np.where(np.arange(multiplier.size) < problem.demand, 0, -np.inf),
        problem.weight,
    )
    gain, kept = kernels.priced(
        problem.starts, problem.rows, problem.weight, problem.second, problem.demand, m
    )
    left = problem.budget - float(problem.cost[side == 1].sum())
    return kept + float(gain[side == 1].sum()), gain, np.flatnonzero(side == 0), left


def _bound_of(problem: Problem, multiplier: Floats, side: Ints) -> float:
    """Return the bound of some multipliers under decisions."""
    kept, gain, free, left = _priced(problem, multiplier, side)
    return kept + fractional(gain[free], problem.cost[free], left)[0]


def _settle(problem: Problem, multiplier: Floats, aim: float, side: Ints) -> None:
    """Decide in place for each candidate whose other side cannot exceed the aim."""
    from infraplan.sites import _kernels as kernels

    kept, gain, free, left = _priced(problem, multiplier, side)
    _, if_in, if_out = fractional(gain[free], problem.cost[free], left)
    side[free[_ends(kept + if_in, aim, problem)]] = 2
    side[free[_ends(kept + if_out, aim, problem)]] = 1
    kernels.contracted(*problem.by_column, side)


def _ends(value: float | Floats, aim: float, problem: Problem) -> Flags:
    """Return whether bounds leave nothing better."""
    return no_better(value, aim, problem.slack, whole=problem.whole)


def _improved(problem: Problem, taken: Flags) -> float:
    """Complete a choice greedily and exchange while that gains, in place; return what it covers."""
    from infraplan.sites import _kernels as kernels

    covered = kernels.complete_greedily(*problem.by_both, taken)
    for _ in range(EXCHANGES):
        gain, out, into = kernels.best_swap(*problem.by_column, taken)
        if into < 0 or gain <= SLACK * covered:
            break
        taken[out], taken[into] = False, True
        covered = kernels.complete_greedily(*problem.by_both, taken)
    return float(covered)


def _drawn(problem: Problem, score: Floats) -> Flags:
    """Return the choice that takes candidates by falling score, as far as they are allowed."""
    from infraplan.sites import _kernels as kernels

    order = np.argsort(-score, kind="stable")
    order = order[score[order] > 0]
    taken = np.zeros(score.size, dtype=np.bool_)
    limits = (problem.demand, problem.weight.size, problem.cost, problem.budget)
    kernels.take_in_order(problem.starts, problem.rows, *limits, order, taken)
    return taken


def _on_lattice(multiplier: Floats, problem: Problem) -> Floats:
    """Round multipliers down to binary fractions, whose sums are exact where weights are whole."""
    if not problem.whole:
        return multiplier
    scale = finest_scale(problem.weight)
    return np.asarray(np.floor(multiplier * scale) / scale, dtype=np.float64)
