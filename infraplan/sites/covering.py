"""
Maximal covering with a proof: which sites cover the most people, and how far from the best at most.

The bound does not rest on any solver. For multipliers 0 <= m_i <= w_i of the demand rows, no choice
of sites covers more than sum(w_i - m_i) plus the best total of c_j = sum of m_i over the rows that
candidate j covers: each row then pays at most m_i to the sites that cover it and keeps w_i - m_i.
Whoever doubts a result recomputes that from the multipliers in five lines (`coverage_bound`).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.errors import SettingsError

if TYPE_CHECKING:
    import scipy.sparse as sp

__all__ = ["MaxCoverage", "coverage_bound", "max_coverage", "max_coverage_budget"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ROUNDS = 1500  # of the volume algorithm; it stands still after about 1000 on a province
ROUNDS_AFTER = 500  # more, once a better choice gives it a better target
CHUNK = 50  # rounds between two looks at the clock
ROUNDINGS = 32  # of the relaxed choice, each improved by exchanges
KICKS = 300  # partial new starts from the best choice found
KICKED_SHARE = 0.08  # of its sites, those of small relaxed share more often
EXCHANGES = 2000  # at most, for one solution
EXACT_CANDIDATES = 150  # undecided candidates that HiGHS may search for a better choice
EXACT_NODES = 200  # of its branch and bound
SEED = 20_240_701  # of the roundings; any number does
SLACK = 1e-9  # share of rounding error that a bound on fractional weights must allow for


@dataclass(frozen=True, slots=True, eq=False)
class MaxCoverage:
    """
    Sites chosen and the proof of how good the choice is.

    `chosen` are candidate indices, fixed ones first, then by falling gain over those before;
    `covered` is the weight they cover; no admissible choice covers more than `bound`;
    `gap` = (bound - covered) / bound. `multipliers` (one a demand row) prove the bound: see
    `coverage_bound`. `stopped_by_time` tells whether the clock cut the search short.
    """

    chosen: Ints
    covered: float
    bound: float
    gap: float
    multipliers: Floats
    stopped_by_time: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """What is left to decide: distinct rows no fixed site covers, affordable candidates."""

    starts: Ints
    rows: Ints
    row_starts: Ints
    row_candidates: Ints
    weight: Floats
    cost: Floats
    budget: float
    whole: bool

    @property
    def by_column(self) -> tuple[Ints, Ints, Floats, Floats, float]:
        """Return what most kernels begin with."""
        return self.starts, self.rows, self.weight, self.cost, self.budget


def max_coverage(
    covers: "sp.csr_array | sp.csr_matrix",
    weight: npt.ArrayLike,
    *,
    count: int,
    fixed: Sequence[int] = (),
    time_limit_s: float = 60.0,
) -> MaxCoverage:
    """
    Return at most so many candidates that together cover the most weight, with a proven bound.

    Parameters
    ----------
    covers
        Sparse matrix, demand rows x candidates; any stored value but 0 means "covers".
    weight
        Weight of each demand row, >= 0; whole numbers give a whole bound.
    count
        Number of candidates that may be chosen, fixed ones included, >= 0.
    fixed
        Indices of candidates that are chosen in any case.
    time_limit_s
        Time after which the search stops early, > 0; the work is limited by counts otherwise [s].

    Returns
    -------
    result
        Choice, weight covered, bound, gap and multipliers. The same input gives the same result
        unless the clock stopped the search.

    Raises
    ------
    SettingsError
        If shapes differ, a weight is negative or not finite, an index does not exist, or more
        candidates are fixed than may be chosen.

    Notes
    -----
    Equal rows are merged; greedy choice and best exchanges give a first solution; the volume
    algorithm (Barahona and Anbil, Math. Program. 87, 2000) gives the multipliers and a relaxed
    choice whose roundings, improved by exchanges, give better ones; reduced costs settle most
    candidates, and where few are left HiGHS searches the rest. Its answer is only a choice to be
    counted: the bound is always that of the multipliers.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> covers = csr_array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]])
    >>> result = max_coverage(covers, [5, 1, 3, 4], count=2)
    >>> result.chosen.tolist(), result.covered, result.bound
    ([0, 2], 10.0, 10.0)
    """
    if count < 0 or int(count) != count:
        msg = f"count must be a whole number of at least 0; found {count}"
        raise SettingsError(msg)
    cost = np.ones(covers.shape[1])
    return _solve(covers, weight, cost, float(count), fixed, time_limit_s)


def max_coverage_budget(
    covers: "sp.csr_array | sp.csr_matrix",
    weight: npt.ArrayLike,
    cost: npt.ArrayLike,
    *,
    budget: float,
    fixed: Sequence[int] = (),
    time_limit_s: float = 60.0,
) -> MaxCoverage:
    """
    Return the candidates within a budget that together cover the most weight, with a proven bound.

    Parameters
    ----------
    covers
        Sparse matrix, demand rows x candidates; any stored value but 0 means "covers".
    weight
        Weight of each demand row, >= 0.
    cost
        Cost of each candidate, > 0, in the unit of the budget.
    budget
        What the chosen candidates may cost together, fixed ones included, >= 0.
    fixed
        Indices of candidates that are chosen in any case.
    time_limit_s
        Time after which the search stops early, > 0 [s].

    Returns
    -------
    result
        As of `max_coverage`; the bound allows a part of one candidate, so that a gap remains where
        costs differ even if the choice is the best.

    Raises
    ------
    SettingsError
        If shapes differ, a weight, a cost or the budget is out of range, an index does not exist,
        or the fixed candidates cost more than the budget.
    """
    cost = np.asarray(cost, dtype=np.float64)
    if cost.shape != (covers.shape[1],) or not np.all(np.isfinite(cost) & (cost > 0)):
        msg = f"cost must hold one positive number for each of {covers.shape[1]} candidates"
        raise SettingsError(msg)
    if not budget >= 0:
        msg = f"budget must be at least 0; found {budget}"
        raise SettingsError(msg)
    return _solve(covers, weight, cost, float(budget), fixed, time_limit_s)


def coverage_bound(
    covers: "sp.csr_array | sp.csr_matrix",
    weight: npt.ArrayLike,
    multipliers: npt.ArrayLike,
    *,
    budget: float,
    cost: npt.ArrayLike | None = None,
    fixed: Sequence[int] | Ints = (),
) -> float:
    """
    Return the weight that no admissible choice exceeds, from multipliers of the demand rows.

    Parameters
    ----------
    covers
        Sparse matrix, demand rows x candidates.
    weight
        Weight of each demand row, >= 0.
    multipliers
        One number in [0, weight] a demand row; any such numbers give a valid bound.
    budget
        What the chosen may cost together, fixed ones included; with unit costs their number.
    cost
        Cost of each candidate, > 0; None for unit costs.
    fixed
        Indices of candidates that are chosen in any case.

    Returns
    -------
    bound
        Upper bound; rounded down to a whole number where all weights are whole.

    Notes
    -----
    sum(w - m) + sum of c over the fixed + the greatest sum of c over the rest that the remaining
    budget pays for, a part of the last one included, where c_j sums m over the rows of j. Fixed
    candidates and those that alone cost more than what they leave are not among the rest.
    """
    matrix = _pattern(covers)
    values = _checked_weight(weight, matrix.shape[0])
    price = np.ones(matrix.shape[1]) if cost is None else np.asarray(cost, dtype=np.float64)
    m = np.clip(np.asarray(multipliers, dtype=np.float64), 0.0, values)
    gain = np.asarray(matrix.T @ m, dtype=np.float64)
    chosen = np.asarray(sorted(set(fixed)), dtype=np.int64)
    left = budget - price[chosen].sum()
    free = price <= left
    free[chosen] = False
    value = float((values - m).sum() + gain[chosen].sum())
    gain, price = gain[free], price[free]
    for j in np.argsort(-gain / price, kind="stable"):
        part = min(1.0, left / price[j])
        value += part * gain[j]
        left -= part * price[j]
        if left <= 0:
            break
    if not _whole(values):
        return value * (1 + SLACK)
    # multipliers on the binary lattice make every sum above exact; others need the allowance
    exact = np.all(m * _scale(values) == np.floor(m * _scale(values))) and np.all(price == 1)
    return float(np.floor(value if exact else value * (1 + SLACK)))


def _solve(
    covers: "sp.csr_array | sp.csr_matrix",
    weight: npt.ArrayLike,
    cost: Floats,
    budget: float,
    fixed: Sequence[int],
    time_limit_s: float,
) -> MaxCoverage:
    """Check, reduce, search, and put choice and proof back in terms of the input."""
    deadline = time.monotonic() + time_limit_s
    matrix = _pattern(covers)
    weight = _checked_weight(weight, matrix.shape[0])
    given = _checked_fixed(fixed, cost, budget)
    left = budget - float(cost[given].sum())
    settled = np.asarray(matrix[:, given].sum(axis=1)).ravel() > 0
    free = cost <= left
    free[given] = False
    columns = np.flatnonzero(free)
    part = matrix[:, columns]
    open_rows = np.flatnonzero(~settled & (weight > 0) & (np.diff(part.indptr) > 0))
    part = part[open_rows]
    group = _groups(part)
    problem = _problem(part, group, weight[open_rows], cost[columns], left)
    taken, multiplier, late = _search(problem, deadline)
    multipliers = np.where(settled, 0.0, weight)
    multipliers[open_rows] = _spread(multiplier, group, weight[open_rows])
    chosen = np.concatenate([given, _in_order(problem, taken, columns)])
    reached = np.asarray(matrix[:, chosen].sum(axis=1)).ravel() > 0
    covered = float(weight[reached].sum())
    bound = coverage_bound(covers, weight, multipliers, budget=budget, cost=cost, fixed=given)
    if not _whole(weight) and bound <= covered * (1 + 2 * SLACK):  # equal but for rounding
        bound = covered
    gap = (bound - covered) / bound if bound > 0 else 0.0
    return MaxCoverage(chosen, covered, bound, gap, multipliers, stopped_by_time=late)


def _pattern(covers: "sp.csr_array | sp.csr_matrix") -> "sp.csr_array":
    """Return the zeros and ones of a matrix, rows sorted, without touching the caller's."""
    import scipy.sparse as sp

    matrix = sp.csr_array(covers, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    ones = np.ones(matrix.nnz)
    return sp.csr_array((ones, matrix.indices, matrix.indptr), shape=matrix.shape)


def _checked_weight(weight: npt.ArrayLike, demand: int) -> Floats:
    """Return the weights as floats, or refuse them."""
    values = np.asarray(weight, dtype=np.float64)
    if values.shape != (demand,) or not np.all(np.isfinite(values) & (values >= 0)):
        msg = f"weight must hold one number of at least 0 for each of {demand} demand rows"
        raise SettingsError(msg)
    return values


def _checked_fixed(fixed: Sequence[int], cost: Floats, budget: float) -> Ints:
    """Return the fixed candidates in order, or refuse them."""
    given = np.asarray(sorted({int(index) for index in fixed}), dtype=np.int64)
    if given.size and not (given[0] >= 0 and given[-1] < cost.size):
        msg = f"fixed must hold indices of the {cost.size} candidates; found {given.tolist()}"
        raise SettingsError(msg)
    if cost[given].sum() > budget:
        msg = f"the {given.size} fixed candidates already exceed what may be chosen"
        raise SettingsError(msg)
    return given


def _whole(weight: Floats) -> bool:
    """Return whether all weights are whole numbers that sums of them keep exact."""
    return bool(np.all(weight == np.floor(weight)) and weight.sum() < 2**52)


def _scale(weight: Floats) -> float:
    """Return the finest power of two whose multiples sum exactly to the total of the weights."""
    return float(2.0 ** np.clip(np.floor(51 - np.log2(max(weight.sum(), 1.0))), 0, 24))


def _groups(part: "sp.csr_array") -> Ints:
    """Return for each row the number of its group of equal rows."""
    from infraplan.sites import _kernels as kernels

    if not part.shape[0]:
        return np.zeros(0, dtype=np.int64)
    key = part @ np.random.default_rng(SEED).random(part.shape[1])
    order = np.lexsort((key, np.diff(part.indptr)))
    same = kernels.same_as_previous(
        part.indptr.astype(np.int64), part.indices.astype(np.int64), order
    )
    group = np.empty(part.shape[0], dtype=np.int64)
    group[order] = np.cumsum(~same) - 1
    return group


def _problem(
    part: "sp.csr_array", group: Ints, weight: Floats, cost: Floats, budget: float
) -> _Problem:
    """Return the problem on distinct rows."""
    first = np.unique(group, return_index=True)[1]
    distinct = part[first]
    by_column = distinct.tocsc()
    by_column.sort_indices()
    merged = np.bincount(group, weight, first.size).astype(np.float64)
    return _Problem(
        starts=by_column.indptr.astype(np.int64),
        rows=by_column.indices.astype(np.int64),
        row_starts=distinct.indptr.astype(np.int64),
        row_candidates=distinct.indices.astype(np.int64),
        weight=merged,
        cost=cost,
        budget=budget,
        whole=_whole(merged),
    )


def _spread(multiplier: Floats, group: Ints, weight: Floats) -> Floats:
    """Divide the multiplier of a group among its rows, each filled up to its weight in turn."""
    if not group.size:
        return np.zeros(0)
    order = np.argsort(group, kind="stable")
    sorted_group, filled = group[order], np.cumsum(weight[order])
    starts = np.searchsorted(sorted_group, sorted_group)
    before = filled - weight[order] - (filled - weight[order])[starts]
    result = np.empty(group.size)
    result[order] = np.clip(multiplier[sorted_group] - before, 0.0, weight[order])
    return result


def _search(problem: _Problem, deadline: float) -> tuple[Flags, Floats, bool]:
    """Return the best choice found, the multipliers of the lowest bound, and if time ran out."""
    taken = np.zeros(problem.cost.size, dtype=np.bool_)
    if not problem.weight.size or problem.budget <= 0:
        # no choice is left: with every multiplier at its weight the bound is what may be covered
        return taken, problem.weight.copy(), False
    covered = _improve(problem, taken)
    descent = _Descent(problem)
    late = descent.run(ROUNDS, covered, deadline)
    if not (late or descent.proves(covered)):
        for other, value in _roundings(problem, descent.mean_share, deadline):
            if value > covered:
                taken, covered = other, value
        covered = _kicked(problem, taken, covered, descent.mean_share, deadline)
        late = descent.run(ROUNDS_AFTER, covered, deadline)
    best = _on_lattice(descent.best, problem)
    if late or descent.proves(covered):
        return taken, best, late
    undecided, needed = _undecided(problem, best, covered)
    if 0 < undecided.size <= EXACT_CANDIDATES:
        other = _exact(problem, undecided, needed, deadline)
        if (value := _improve(problem, other)) > covered:
            taken = other
    return taken, best, time.monotonic() > deadline


class _Descent:
    """The volume algorithm with its memory, so that it can be stopped and taken up again."""

    def __init__(self, problem: _Problem) -> None:
        """Begin with every multiplier at its weight."""
        self.problem = problem
        self.best, self.trial = problem.weight.copy(), problem.weight.copy()
        self.mean_share = np.zeros(problem.cost.size)
        self.mean_times = np.zeros(problem.weight.size)
        self.state = np.array([np.inf, 1.0, 0.1, 0.0, 0.0])
        # whole weights leave no value between two; what the lattice adds must stay below it
        lattice = problem.weight.size / _scale(problem.weight)
        self.unit = max(1 - 1e-6 - lattice, 0.0) if problem.whole else SLACK * problem.weight.sum()

    def proves(self, covered: float) -> bool:
        """Return whether nothing can cover more, whole weights leaving no room between two."""
        return bool(self.state[0] < covered + self.unit)

    def run(self, rounds: int, covered: float, deadline: float) -> bool:
        """Lower the bound for so many rounds more; return whether time ran out."""
        from infraplan.sites import _kernels as kernels

        self.state[1], self.state[3] = 1.0, 0.0
        end = self.state[4] + rounds
        memory = (self.best, self.trial, self.mean_share, self.mean_times, self.state)
        while self.state[4] < end and not self.proves(covered):
            if kernels.lower_bound_by_volume(*self.problem.by_column, covered, *memory, CHUNK):
                break
            if time.monotonic() > deadline:
                return True
        return False


def _improve(problem: _Problem, taken: Flags) -> float:
    """Complete a choice greedily and exchange while that gains, in place; return what it covers."""
    from infraplan.sites import _kernels as kernels

    rows = (problem.row_starts, problem.row_candidates)
    arguments = (problem.starts, problem.rows, *rows, problem.weight, problem.cost, problem.budget)
    covered = kernels.complete_greedily(*arguments, taken)
    for _ in range(EXCHANGES):
        gain, out, into = kernels.best_swap(*problem.by_column, taken)
        if into < 0 or gain <= SLACK * covered:
            break
        taken[out], taken[into] = False, True
        covered = kernels.complete_greedily(*arguments, taken)
    return float(covered)


def _on_lattice(multiplier: Floats, problem: _Problem) -> Floats:
    """Round multipliers down to binary fractions, whose sums are exact where weights are whole."""
    if not problem.whole:
        return multiplier
    scale = _scale(problem.weight)
    return np.floor(multiplier * scale) / scale


def _roundings(problem: _Problem, share: Floats, deadline: float) -> "list[tuple[Flags, float]]":
    """Return choices drawn by the relaxed shares, the likeliest first, each improved."""
    random = np.random.default_rng(SEED)
    found = []
    for turn in range(ROUNDINGS):
        if time.monotonic() > deadline:
            break
        score = share * (1.0 if turn == 0 else random.random(share.size))
        order = np.argsort(-score, kind="stable")
        order = order[score[order] > 0]
        taken = np.zeros(share.size, dtype=np.bool_)
        taken[order[np.cumsum(problem.cost[order]) <= problem.budget]] = True
        found.append((taken, _improve(problem, taken)))
    return found


def _kicked(
    problem: _Problem, taken: Flags, covered: float, share: Floats, deadline: float
) -> float:
    """Drop some sites of the best choice and improve what is left, in place, many times."""
    random = np.random.default_rng(SEED)
    for _ in range(KICKS):
        if time.monotonic() > deadline:
            break
        other = taken.copy()
        inside = np.flatnonzero(other)
        other[inside[random.random(inside.size) < KICKED_SHARE * (1.5 - share[inside])]] = False
        if (value := _improve(problem, other)) >= covered:  # equal ones too, to wander on plateaus
            taken[:], covered = other, value
    return covered


def _undecided(problem: _Problem, multiplier: Floats, covered: float) -> tuple[Ints, Ints]:
    """
    Return the candidates that reduced costs leave open, and those that every better choice takes.

    With a price a unit of budget, bound(price) = sum(w - m) + price x budget + sum of the positive
    reduced costs; a candidate whose change of side would push it below the next better value is
    settled.
    """
    from infraplan.sites import _kernels as kernels

    gain, share = np.empty(problem.cost.size), np.empty(problem.cost.size)
    value = kernels.relaxed(*problem.by_column, multiplier, gain, share)
    ratio = gain / problem.cost
    price_out = float(ratio[share > 0].min(initial=np.inf))
    price_in = float(ratio[share < 1].max(initial=0.0))
    better = covered + (1.0 if problem.whole else SLACK * covered) - SLACK * value
    out = (share == 0) & (value - (price_out * problem.cost - gain) < better)
    needed = (share == 1) & (value - (gain - price_in * problem.cost) < better)
    return np.flatnonzero(~out & ~needed), np.flatnonzero(needed)


def _exact(problem: _Problem, undecided: Ints, needed: Ints, deadline: float) -> Flags:
    """Return the choice that HiGHS finds among the undecided candidates, to be counted by us."""
    import scipy.sparse as sp
    from scipy.optimize import Bounds
    from scipy.optimize import LinearConstraint
    from scipy.optimize import milp

    shape = (problem.weight.size, problem.cost.size)
    ones = np.ones(problem.rows.size)
    matrix = sp.csc_array((ones, problem.rows, problem.starts), shape=shape)
    open_rows = np.asarray(matrix[:, needed].sum(axis=1)).ravel() == 0
    part = sp.csr_array(matrix[:, undecided])[open_rows]
    useful = np.diff(part.indptr) > 0
    part, weight = part[useful], problem.weight[open_rows][useful]
    rows, columns = part.shape
    budget = problem.budget - float(problem.cost[needed].sum())
    spending = np.concatenate([problem.cost[undecided], np.zeros(rows)])[None, :]
    # scipy carries HiGHS without the banner that highspy 1.16 prints whatever its options say
    answer = milp(
        np.concatenate([np.zeros(columns), -weight]),
        integrality=np.concatenate([np.ones(columns), np.zeros(rows)]),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(sp.hstack([-part, sp.eye_array(rows)], format="csc"), ub=0),
            LinearConstraint(sp.csc_array(spending), ub=budget),
        ],
        options={
            "node_limit": EXACT_NODES,
            "time_limit": max(deadline - time.monotonic(), 0.1),
            "mip_rel_gap": 0.0,
        },
    )
    taken = np.zeros(problem.cost.size, dtype=np.bool_)
    taken[needed] = True
    if answer.x is not None:
        chosen = undecided[answer.x[:columns] > 0.5]
        if problem.cost[chosen].sum() <= budget:
            taken[chosen] = True
    return taken


def _in_order(problem: _Problem, taken: Flags, columns: Ints) -> Ints:
    """Return the chosen candidates by falling gain over those before; ties by index."""
    left = np.flatnonzero(taken)
    weight = problem.weight.copy()
    order = []
    while left.size:
        spans = [problem.rows[problem.starts[j] : problem.starts[j + 1]] for j in left]
        best = int(np.argmax([weight[span].sum() for span in spans]))
        weight[spans[best]] = 0.0
        order.append(left[best])
        left = np.delete(left, best)
    return columns[np.asarray(order, dtype=np.int64)]
