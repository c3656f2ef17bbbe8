"""
Maximal covering with a proof: which sites cover the most people, and how far from the best at most.

The bound does not rest on any solver: it follows from multipliers of the demand rows and, where
those leave a gap, from a tree of branches with multipliers of their own. Whoever doubts a result
recomputes it: see `infraplan.sites.certificate`.
"""

import time
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.errors import SettingsError
from infraplan.sites.certificate import Branch
from infraplan.sites.certificate import checked_weight
from infraplan.sites.certificate import coverage_bound
from infraplan.sites.certificate import floored
from infraplan.sites.certificate import proven_bound
from infraplan.sites.cover_problem import Problem
from infraplan.sites.cover_problem import pattern
from infraplan.sites.cover_problem import reduced
from infraplan.sites.cover_search import Search

if TYPE_CHECKING:
    import scipy.sparse as sp

__all__ = [
    "FewestSites",
    "MaxCoverage",
    "coverage_bound",
    "fewest_sites",
    "max_coverage",
    "max_coverage_budget",
    "pairs_within",
    "proven_bound",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class MaxCoverage:
    """
    Sites chosen and the proof of how good the choice is.

    `chosen` are candidate indices, fixed ones first, then by falling gain over those before;
    `covered` is the weight they cover; no admissible choice covers more than `bound`;
    `gap` = (bound - covered) / bound. `multipliers` (one a demand row), `tolls` (one for each set
    of candidates that exclude each other, listed in `cliques`) and `branches` prove the bound: see
    `coverage_bound` and `proven_bound`. `stopped_by_time` tells whether the clock cut the search
    short.
    """

    chosen: Ints
    covered: float
    bound: float
    gap: float
    multipliers: Floats
    stopped_by_time: bool
    branches: tuple[Branch, ...] = ()
    cliques: tuple[Ints, ...] = ()
    tolls: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True, eq=False)
class FewestSites:
    """
    The fewest sites found that reach a target, and the proof that fewer than `at_least` cannot.

    `chosen` and `covered` as in `MaxCoverage`; `target` is the weight to reach. `proof` is the
    result for one site less than `at_least`, whose bound is below the target; None if none is
    needed. The number is proven least where `chosen.size` equals `at_least`.
    """

    chosen: Ints
    covered: float
    target: float
    at_least: int
    proof: MaxCoverage | None
    stopped_by_time: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What is asked, checked."""

    covers: "sp.csr_array"
    weight: Floats
    second: Floats
    cost: Floats
    fixed: Ints
    forbidden: Ints
    cliques: tuple[Ints, ...]


def max_coverage(  # noqa: PLR0913 - the options of one choice
    covers: "sp.csr_array | sp.csr_matrix",
    weight: npt.ArrayLike,
    *,
    count: int,
    fixed: Sequence[int] = (),
    forbidden: Sequence[int] = (),
    groups: npt.ArrayLike | None = None,
    conflicts: npt.ArrayLike | None = None,
    second_weight: npt.ArrayLike | None = None,
    time_limit_s: float = 60.0,
    told: Callable[[float, float], None] | None = None,
) -> MaxCoverage:
    """
    Return at most so many candidates that together cover the most weight, with a proven bound.

    Parameters
    ----------
    covers
        Sparse matrix, demand rows x candidates; any stored value but 0 means "covers".
    weight
        Weight of each demand row, >= 0; whole numbers give a whole bound. Priorities are weights:
        people x 3 where a place matters three times as much.
    count
        Number of candidates that may be chosen, fixed ones included, >= 0.
    fixed
        Indices of candidates that are chosen in any case.
    forbidden
        Indices of candidates that are not chosen in any case.
    groups
        One whole number a candidate: of those with equal numbers at most one is chosen; -1 for a
        candidate that belongs to no group; None for no groups.
    conflicts
        Pairs of candidates that may not both be chosen, shape (pairs, 2); None for none. For a
        minimum spacing see `pairs_within`.
    second_weight
        Weight of each demand row that counts once more when two chosen candidates cover it, at most
        its weight; None for none. Equal to the weight, it makes backup as dear as service; a
        tenth of it, backup decides between choices that serve almost as many.
    time_limit_s
        Time after which the search stops early, > 0; the work is limited by counts otherwise. 0.2 s
        are enough for a good choice and a bound on a province [s].
    told
        Called with the weight covered and the bound so far at each better answer; None for nobody.

    Returns
    -------
    result
        Choice, weight covered, bound, gap and proof. The same input gives the same result unless
        the clock stopped the search.

    Raises
    ------
    SettingsError
        If shapes differ, a weight is negative or not finite, an index does not exist, more
        candidates are fixed than may be chosen, or fixed ones exclude each other.

    Notes
    -----
    Equal rows are merged; greedy choice and best exchanges give a first solution; the volume
    algorithm (Barahona and Anbil, Math. Program. 87, 2000) gives the multipliers and a relaxed
    choice whose roundings, improved by exchanges, give better ones; reduced costs settle most
    candidates, and branch and bound with multipliers in each branch decides the rest.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> covers = csr_array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]])
    >>> result = max_coverage(covers, [5, 1, 3, 4], count=2)
    >>> result.chosen.tolist(), result.covered, result.bound
    ([0, 2], 10.0, 10.0)

    The third row matters three times as much:

    >>> max_coverage(covers, [5, 1, 3 * 3, 4], count=2).chosen.tolist()
    [1, 0]
    """
    if count < 0 or int(count) != count:
        msg = f"count must be a whole number of at least 0; found {count}"
        raise SettingsError(msg)
    task = _task(
        covers, weight, None, second_weight, fixed, forbidden, _cliques(groups, conflicts, covers)
    )
    return _solve(task, float(count), _deadline(time_limit_s), told=told)


def max_coverage_budget(  # noqa: PLR0913 - the options of one choice
    covers: "sp.csr_array | sp.csr_matrix",
    weight: npt.ArrayLike,
    cost: npt.ArrayLike,
    *,
    budget: float,
    fixed: Sequence[int] = (),
    forbidden: Sequence[int] = (),
    groups: npt.ArrayLike | None = None,
    conflicts: npt.ArrayLike | None = None,
    second_weight: npt.ArrayLike | None = None,
    time_limit_s: float = 60.0,
    told: Callable[[float, float], None] | None = None,
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
    forbidden
        Indices of candidates that are not chosen in any case.
    groups
        One whole number a candidate, at most one chosen of those with equal numbers, as in
        `max_coverage`; -1 for no group.
    conflicts
        Pairs of candidates that may not both be chosen, as in `max_coverage`.
    second_weight
        Weight that counts once more when a row is covered twice, as in `max_coverage`.
    time_limit_s
        Time after which the search stops early, > 0 [s].
    told
        Called with the weight covered and the bound so far at each better answer; None for nobody.

    Returns
    -------
    result
        As of `max_coverage`.

    Raises
    ------
    SettingsError
        If shapes differ, a weight, a cost or the budget is out of range, an index does not exist,
        the fixed candidates cost more than the budget, or fixed ones exclude each other.
    """
    cost = np.asarray(cost, dtype=np.float64)
    if cost.shape != (covers.shape[1],) or not np.all(np.isfinite(cost) & (cost > 0)):
        msg = f"cost must hold one positive number for each of {covers.shape[1]} candidates"
        raise SettingsError(msg)
    if not budget >= 0:
        msg = f"budget must be at least 0; found {budget}"
        raise SettingsError(msg)
    task = _task(
        covers, weight, cost, second_weight, fixed, forbidden, _cliques(groups, conflicts, covers)
    )
    return _solve(task, float(budget), _deadline(time_limit_s), told=told)


def fewest_sites(  # noqa: PLR0913 - the options of one choice
    covers: "sp.csr_array | sp.csr_matrix",
    weight: npt.ArrayLike,
    *,
    share: float,
    fixed: Sequence[int] = (),
    forbidden: Sequence[int] = (),
    groups: npt.ArrayLike | None = None,
    conflicts: npt.ArrayLike | None = None,
    time_limit_s: float = 60.0,
) -> FewestSites:
    """
    Return the fewest candidates that cover a share of all weight, and how few cannot.

    Parameters
    ----------
    covers
        Sparse matrix, demand rows x candidates; any stored value but 0 means "covers".
    weight
        Weight of each demand row, >= 0.
    share
        Share of the sum of all weights that must be covered, in [0, 1].
    fixed
        Indices of candidates that are chosen in any case.
    forbidden
        Indices of candidates that are not chosen in any case.
    groups
        One whole number a candidate, at most one chosen of those with equal numbers, as in
        `max_coverage`; -1 for no group.
    conflicts
        Pairs of candidates that may not both be chosen, as in `max_coverage`.
    time_limit_s
        Time after which the search stops early, > 0 [s].

    Returns
    -------
    result
        Choice, weight covered, and the number below which the target is proven out of reach.

    Raises
    ------
    SettingsError
        If an argument is out of range as in `max_coverage`, or no choice was found that reaches
        the share.

    Notes
    -----
    For a number of sites either a choice reaches the target, or a bound below the target shows that
    none does. Bisection finds the least number that is reached and the greatest shown impossible.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> covers = csr_array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]])
    >>> result = fewest_sites(covers, [5, 1, 3, 4], share=0.75)
    >>> result.chosen.tolist(), result.covered, result.at_least
    ([0, 2], 10.0, 2)
    """
    if not 0 <= share <= 1:
        msg = f"share must be in [0, 1]; found {share}"
        raise SettingsError(msg)
    task = _task(covers, weight, None, None, fixed, forbidden, _cliques(groups, conflicts, covers))
    return _fewest(task, share * float(task.weight.sum()), _deadline(time_limit_s))


def pairs_within(x_m: npt.ArrayLike, y_m: npt.ArrayLike, distance_m: float) -> Ints:
    """
    Return the pairs of positions that are closer than a distance, for `conflicts`.

    Parameters
    ----------
    x_m
        Easting of each position, of shape (n,) [m].
    y_m
        Northing of each position, of shape (n,) [m].
    distance_m
        Least distance allowed between two, >= 0; a pair at just this distance is allowed [m].

    Returns
    -------
    pairs
        Indices of shape (pairs, 2), the lower first, sorted.

    Examples
    --------
    >>> pairs_within([0, 300, 1000], [0, 0, 0], 500).tolist()
    [[0, 1]]
    """
    from scipy.spatial import cKDTree

    points = np.column_stack([np.asarray(x_m, np.float64), np.asarray(y_m, np.float64)])
    pairs = cKDTree(points).query_pairs(distance_m, output_type="ndarray").astype(np.int64)
    apart_m = np.hypot(*(points[pairs[:, 0]] - points[pairs[:, 1]]).T)
    pairs = np.sort(pairs[apart_m < distance_m], axis=1)
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))], dtype=np.int64)


def _deadline(time_limit_s: float) -> float:
    """Return the clock's reading at which to stop."""
    return time.monotonic() + time_limit_s


def _task(
    covers: "sp.csr_array | sp.csr_matrix",
    weight: npt.ArrayLike,
    cost: Floats | None,
    second_weight: npt.ArrayLike | None,
    fixed: Sequence[int],
    forbidden: Sequence[int],
    cliques: tuple[Ints, ...],
) -> _Task:
    """Return what is asked, or refuse it."""
    matrix = pattern(covers)
    values = checked_weight(weight, matrix.shape[0])
    second = np.zeros(values.size)
    if second_weight is not None:
        second = checked_weight(second_weight, matrix.shape[0], "second_weight")
        if np.any(second > values):
            msg = "second_weight must not exceed the weight of any demand row"
            raise SettingsError(msg)
    count = matrix.shape[1]
    given = _checked_indices(fixed, count, "fixed")
    barred = _checked_indices(forbidden, count, "forbidden")
    if both := sorted(set(given.tolist()) & set(barred.tolist())):
        msg = f"candidates {both} are both fixed and forbidden"
        raise SettingsError(msg)
    for clique in cliques:
        if len(double := np.intersect1d(clique, given)) > 1:
            msg = f"fixed candidates {double.tolist()} exclude each other"
            raise SettingsError(msg)
    price = np.ones(count) if cost is None else cost
    return _Task(matrix, values, second, price, given, barred, cliques)


def _solve(
    task: _Task,
    budget: float,
    deadline: float,
    *,
    target: float = 0.0,
    told: Callable[[float, float], None] | None = None,
) -> MaxCoverage:
    """Reduce, search, and put choice and proof back in terms of the input."""
    if task.cost[task.fixed].sum() > budget:
        msg = f"the {task.fixed.size} fixed candidates already exceed what may be chosen"
        raise SettingsError(msg)
    problem = Problem.of(task.covers, task.weight, task.second, task.cliques, task.cost, budget)
    side = np.zeros(task.cost.size, dtype=np.int64)
    side[task.forbidden] = 2
    side[task.fixed] = 1
    search = Search(reduced(problem, side), deadline, target, told)
    search.run()
    lifted = search.root.lifted(search.multiplier)
    multipliers, tolls = lifted[: problem.demand], -lifted[problem.demand :]
    taken = _in_order(search.root.problem, search.taken, search.root.columns)
    chosen = np.concatenate([task.fixed, taken])
    times = np.asarray(task.covers[:, chosen].sum(axis=1)).ravel()
    covered = float(task.weight[times >= 1].sum() + task.second[times >= 2].sum())
    bound = coverage_bound(
        task.covers, task.weight, multipliers, budget=budget, cost=task.cost, fixed=task.fixed,
        forbidden=task.forbidden, second_weight=task.second, cliques=task.cliques, tolls=tolls,
    )  # fmt: skip
    divided = floored(search.bound, problem.slack, whole=problem.whole)
    branches = tuple(search.branches) if divided < bound else ()
    bound = max(divided, covered) if branches else bound
    if not problem.whole and bound <= covered + 3 * problem.slack:  # equal but for rounding
        bound = covered
    gap = (bound - covered) / bound if bound > 0 else 0.0
    return MaxCoverage(
        chosen, covered, bound, gap, multipliers, search.late, branches, task.cliques, tolls
    )


def _fewest(task: _Task, target: float, deadline: float) -> FewestSites:
    """Bisect between numbers of sites that reach a target and numbers that cannot."""
    whole = bool(np.all(task.weight == np.floor(task.weight)))
    target = float(np.ceil(target - 1e-6)) if whole else target
    results: dict[int, MaxCoverage] = {}

    def result_of(count: int) -> MaxCoverage:
        if count not in results:
            results[count] = _solve(task, float(count), deadline, target=target)
        return results[count]

    low, high = task.fixed.size, task.cost.size
    least = _first(low, high, lambda n: result_of(n).covered >= target)
    if result_of(least).covered < target:
        msg = f"no choice was found that covers {target:g} of {task.weight.sum():g}"
        raise SettingsError(msg)
    at_least = _first(low, least, lambda n: result_of(n).bound >= target)
    proof = result_of(at_least - 1) if at_least > low else None
    best = results[least]
    late = any(result.stopped_by_time for result in results.values())
    return FewestSites(best.chosen, best.covered, target, at_least, proof, late)


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the first number from which on something holds, `high` if nowhere below it."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return high


def _checked_indices(indices: Sequence[int] | Ints, count: int, name: str) -> Ints:
    """Return candidates in order, or refuse them."""
    given = np.asarray(sorted({int(index) for index in indices}), dtype=np.int64)
    if given.size and not (given[0] >= 0 and given[-1] < count):
        msg = f"{name} must hold indices of the {count} candidates; found {given.tolist()}"
        raise SettingsError(msg)
    return given


def _cliques(
    groups: npt.ArrayLike | None,
    conflicts: npt.ArrayLike | None,
    covers: "sp.csr_array | sp.csr_matrix",
) -> tuple[Ints, ...]:
    """Return sets of candidates of which at most one may be chosen, all pairs among them."""
    count = covers.shape[1]
    sets: list[Ints] = []
    if groups is not None:
        group = np.asarray(groups)
        if group.shape != (count,) or not np.issubdtype(group.dtype, np.integer):
            msg = f"groups must hold one whole number for each of {count} candidates"
            raise SettingsError(msg)
        sets += [np.flatnonzero(group == number) for number in np.unique(group[group >= 0])]
    if conflicts is not None:
        pairs = np.asarray(conflicts, dtype=np.int64).reshape(-1, 2)
        _checked_indices(pairs.ravel(), count, "conflicts")
        sets += _merged_pairs(pairs)
    return tuple(part for part in sets if part.size > 1)


def _merged_pairs(pairs: Ints) -> list[Ints]:
    """Return few sets in which every two are a pair, so that every pair is in one of them."""
    near: dict[int, set[int]] = {}
    for one, two in pairs.tolist():
        if one != two:
            near.setdefault(one, set()).add(two)
            near.setdefault(two, set()).add(one)
    done: set[tuple[int, int]] = set()
    sets = []
    for one in sorted(near):
        for two in sorted(near[one]):
            if two < one or (one, two) in done:
                continue
            members, common = [one, two], near[one] & near[two]
            while common:
                members.append(min(common))
                common &= near[members[-1]]
            members.sort()
            done.update((a, b) for a in members for b in members if a < b)
            sets.append(np.asarray(members, dtype=np.int64))
    return sets


def _in_order(problem: Problem, taken: Flags, columns: Ints) -> Ints:
    """Return the chosen candidates by falling gain over those before; ties by index."""
    left = np.flatnonzero(taken)
    weight, second = problem.weight.copy(), problem.second.copy()
    order = []
    while left.size:
        spans = [problem.rows[problem.starts[j] : problem.starts[j + 1]] for j in left]
        best = int(np.argmax([weight[span].sum() for span in spans]))
        weight[spans[best]], second[spans[best]] = second[spans[best]], 0.0
        order.append(left[best])
        left = np.delete(left, best)
    return columns[np.asarray(order, dtype=np.int64)]
