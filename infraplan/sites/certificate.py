"""
Bounds on what sites can cover that anyone rechecks without trusting a solver.

For multipliers 0 <= m_i <= w_i of the demand rows, no choice of sites covers more than
sum(w_i - m_i) plus the best total of c_j = sum of m_i over the rows that candidate j covers: each
row then pays at most m_i to the sites that cover it and keeps w_i - m_i (`coverage_bound`).

Where that leaves a gap, the choices are divided: a candidate is in or out, and each part has
multipliers of its own. Each `Branch` is one such part; `proven_bound` recomputes all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.errors import SettingsError
from infraplan.sites.cover_problem import SLACK
from infraplan.sites.cover_problem import Reduction
from infraplan.sites.cover_problem import is_whole
from infraplan.sites.cover_problem import pattern

if TYPE_CHECKING:
    import scipy.sparse as sp

    from infraplan.sites.covering import MaxCoverage

__all__ = [
    "Branch",
    "checked_weight",
    "coverage_bound",
    "finest_scale",
    "floored",
    "fractional",
    "no_better",
    "proven_bound",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """
    A part of all choices with multipliers that bound it.

    It is that part of `parent` (number of a branch, -1 for all choices) in which `candidate` is
    chosen (`taken`) or not; with a candidate of -1 it is all of it, and only the multipliers are
    better. `bound` is what they prove, before it is rounded.
    """

    parent: int
    candidate: int
    taken: bool
    bound: float
    packed: npt.NDArray[np.float32]
    reductions: tuple[Reduction, ...]

    @property
    def multipliers(self) -> Floats:
        """Return a multiplier for each demand row."""
        return self._lifted()[: self.reductions[0].before.demand]

    @property
    def tolls(self) -> Floats:
        """Return a toll, >= 0, for each set of candidates that exclude each other."""
        return -self._lifted()[self.reductions[0].before.demand :]

    def _lifted(self) -> Floats:
        """Return the multipliers of all rows of the undivided problem."""
        result = self.packed.astype(np.float64)
        for reduction in reversed(self.reductions):
            result = reduction.lifted(result)
        return result


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """An instance as given: matrix, weights, costs, sets that exclude each other."""

    matrix: "sp.csr_array"
    by_column: "sp.csc_array"
    weight: Floats
    second: Floats
    cost: Floats
    budget: float
    cliques: tuple[Ints, ...]

    @property
    def whole(self) -> bool:
        """Return whether no value lies between two whole numbers."""
        return is_whole(self.weight) and is_whole(self.second)

    @property
    def slack(self) -> float:
        """Return what rounding may add to a sum of weights."""
        return SLACK * float(self.weight.sum() + self.second.sum())

    def side(self, fixed: Sequence[int] | Ints, forbidden: Sequence[int] | Ints) -> Ints:
        """Return for each candidate 0 open, 1 chosen, 2 not."""
        side = np.zeros(self.cost.size, dtype=np.int64)
        side[np.asarray(forbidden, dtype=np.int64)] = 2
        side[np.asarray(fixed, dtype=np.int64)] = 1
        return side

    def priced(self, multipliers: npt.ArrayLike, tolls: npt.ArrayLike) -> tuple[float, Floats]:
        """Return what the rows keep and what each candidate is paid."""
        m = np.clip(np.asarray(multipliers, dtype=np.float64), 0.0, self.weight)
        toll = np.maximum(np.asarray(tolls, dtype=np.float64), 0.0)
        gain = np.asarray(self.by_column.T @ m, dtype=np.float64)
        for clique, price in zip(self.cliques, toll, strict=True):
            gain[clique] -= price
        kept = self.weight - m + np.maximum(self.second - m, 0.0)
        return float(kept.sum() + toll.sum()), gain

    def open(self, side: Ints) -> tuple[Ints, float]:
        """Return the candidates left open and their budget; `side` of those ruled out becomes 2."""
        left = self.budget - float(self.cost[side == 1].sum())
        side[(side == 0) & (self.cost > left)] = 2
        for clique in self.cliques:
            if np.any(side[clique] == 1):
                side[clique[side[clique] == 0]] = 2
        return np.flatnonzero(side == 0), left


def fractional(gain: Floats, cost: Floats, left: float) -> tuple[float, Floats, Floats]:
    """
    Return the best fractional choice within a budget: its gain, and that with each one in, or out.

    With one forced in, the rest share what it leaves; with one forced out, the best choice has room
    for as much more. Both are exact where they would change the choice and no lower than it
    elsewhere.

    Parameters
    ----------
    gain
        What each candidate is paid; those of at most 0 are never taken.
    cost
        Its cost, > 0.
    left
        Budget, >= 0.

    Returns
    -------
    value, if_in, if_out
        Best fractional gain, and for each candidate that with it in, and that with it out.
    """
    order = np.flatnonzero(gain > 0)
    order = order[np.argsort(-gain[order] / cost[order], kind="stable")]
    spent = np.concatenate([[0.0], np.cumsum(cost[order])])
    gained = np.concatenate([[0.0], np.cumsum(gain[order])])
    value = float(np.interp(left, spent, gained))
    if_in = np.interp(left - cost, spent, gained) + gain
    if_out = np.interp(left + cost, spent, gained) - gain
    return value, if_in, if_out


def coverage_bound(  # noqa: PLR0913 - the options of `max_coverage`
    covers: "sp.csr_array | sp.csr_matrix",
    weight: npt.ArrayLike,
    multipliers: npt.ArrayLike,
    *,
    budget: float,
    cost: npt.ArrayLike | None = None,
    fixed: Sequence[int] | Ints = (),
    forbidden: Sequence[int] | Ints = (),
    second_weight: npt.ArrayLike | None = None,
    cliques: Sequence[Ints] = (),
    tolls: npt.ArrayLike | None = None,
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
    forbidden
        Indices of candidates that are not chosen in any case.
    second_weight
        Weight that counts once more when a row is covered twice; None for none.
    cliques
        Sets of candidates of each of which at most one may be chosen.
    tolls
        One number >= 0 a set; any such numbers give a valid bound; None for 0.

    Returns
    -------
    bound
        Upper bound; rounded down to a whole number where all weights are whole.

    Notes
    -----
    sum(w - m) + sum of c over the fixed + the greatest sum of c over the rest that the remaining
    budget pays for, a part of the last one included, where c_j sums m over the rows of j. Fixed
    candidates and those that alone cost more than what they leave are not among the rest. Each set
    of `cliques` adds its toll once and takes it from c_j of each member, for at most one of them
    is chosen. A row with a second weight s keeps max(s - m, 0) besides.
    """
    case = _case(covers, weight, cost, budget, second_weight, cliques)
    toll = np.zeros(len(case.cliques)) if tolls is None else np.asarray(tolls, dtype=np.float64)
    kept, gain = case.priced(multipliers, toll)
    side = case.side(fixed, forbidden)
    free, left = case.open(side)
    value = kept + gain[side == 1].sum() + fractional(gain[free], case.cost[free], left)[0]
    # multipliers on the binary lattice make every sum above exact; others need the allowance
    m, scale = np.asarray(multipliers, dtype=np.float64), finest_scale(case.weight)
    exact = bool(np.all(m * scale == np.floor(m * scale)) and np.all(case.cost == 1))
    slack = 0.0 if exact and not toll.any() and not len(case.cliques) else case.slack
    return floored(value, slack, whole=case.whole)


def proven_bound(  # noqa: PLR0913 - the options of `max_coverage`
    covers: "sp.csr_array | sp.csr_matrix",
    weight: npt.ArrayLike,
    result: "MaxCoverage",
    *,
    budget: float,
    cost: npt.ArrayLike | None = None,
    fixed: Sequence[int] | Ints = (),
    forbidden: Sequence[int] | Ints = (),
    second_weight: npt.ArrayLike | None = None,
    target: float = 0.0,
) -> float:
    """
    Return the bound that the multipliers and branches of a result prove, all recomputed.

    Parameters
    ----------
    covers
        Sparse matrix, demand rows x candidates.
    weight
        Weight of each demand row, >= 0.
    result
        What `max_coverage` or `max_coverage_budget` returned.
    budget
        What the chosen may cost together, fixed ones included; with unit costs their number.
    cost
        Cost of each candidate, > 0; None for unit costs.
    fixed
        Indices of candidates that are chosen in any case.
    forbidden
        Indices of candidates that are not chosen in any case.
    second_weight
        Weight that counts once more when a row is covered twice; None for none.
    target
        Weight below which the search was not interested in anything better; 0 for none.

    Returns
    -------
    bound
        Upper bound; no branch is believed, and one that is missing counts with its parent's bound.

    Notes
    -----
    In each branch, first the candidates whose other side cannot cover more than `result.covered`
    by the branch's own multipliers are put on their side. A bound not above `result.covered` ends
    a branch; otherwise its two parts, one candidate in and out, must both be there, and the larger
    of their bounds counts. `result.cliques` is believed: whoever doubts it compares it with the
    conflicts given.
    """
    case = _case(covers, weight, cost, budget, second_weight, result.cliques)
    children: dict[int, list[int]] = {}
    for number, branch in enumerate(result.branches):
        children.setdefault(branch.parent, []).append(number)
    limit = max(result.covered, target - 1.0 if case.whole else target - case.slack)
    check = _Check(case, result, limit, children)
    value = check.of(-1, case.side(fixed, forbidden))
    return max(floored(value, case.slack, whole=case.whole), result.covered)


@dataclass(frozen=True, slots=True, eq=False)
class _Check:
    """One recomputation of a tree of branches."""

    case: _Case
    result: "MaxCoverage"
    limit: float
    children: dict[int, list[int]]

    def of(self, number: int, side: Ints) -> float:
        """Return what is proven of one branch under decisions."""
        part = self.result if number < 0 else self.result.branches[number]
        kept, gain = self.case.priced(part.multipliers, part.tolls)
        side = side.copy()
        free, left = self.case.open(side)
        if left < 0 or any(np.sum(side[clique] == 1) > 1 for clique in self.case.cliques):
            return self.limit  # no choice is left that all decisions allow
        kept += float(gain[side == 1].sum())
        best, if_in, if_out = fractional(gain[free], self.case.cost[free], left)
        value = kept + best
        kids = [self.result.branches[n] for n in self.children.get(number, [])]
        if not kids or self._ends(value):
            return value
        side[free[self._ends(kept + if_in)]] = 2
        side[free[self._ends(kept + if_out)]] = 1
        self.case.open(side)
        if len(kids) == 1 and kids[0].candidate < 0:
            return min(value, self.of(self.children[number][0], side))
        if {(kid.candidate, kid.taken) for kid in kids} != {
            (kids[0].candidate, True),
            (kids[0].candidate, False),
        }:
            return value
        values = [self.limit]
        for kid, place in zip(kids, self.children[number], strict=True):
            wanted = 1 if kid.taken else 2
            if side[kid.candidate] in {0, wanted}:
                chosen = side.copy()
                chosen[kid.candidate] = wanted
                values.append(self.of(place, chosen))
        return min(value, max(values))

    def _ends(self, value: float | Floats) -> Flags:
        """Return whether a bound leaves nothing better than what was found or wanted."""
        return no_better(value, self.limit, self.case.slack, whole=self.case.whole)


def no_better(value: float | Floats, covered: float, slack: float, *, whole: bool) -> Flags:
    """
    Return whether bounds leave nothing better than what is covered, rounding allowed for.

    Parameters
    ----------
    value
        A bound, or several.
    covered
        Weight of the best choice found, >= 0.
    slack
        What rounding may have added to a bound, >= 0.
    whole
        Whether all weights are whole numbers.

    Returns
    -------
    no_better
        True where no choice under the bound is better.
    """
    if whole:
        return np.asarray(value) + slack < covered + 1
    return np.asarray(value) <= covered + slack


def floored(value: float, slack: float, *, whole: bool) -> float:
    """
    Return a bound with rounding allowed for, a whole number where all weights are whole.

    Parameters
    ----------
    value
        Bound as summed.
    slack
        What rounding may have taken from it, >= 0.
    whole
        Whether all weights are whole numbers.

    Returns
    -------
    bound
        Not below the true one.
    """
    return float(np.floor(value + slack)) if whole else value + slack


def finest_scale(weight: Floats) -> float:
    """
    Return the finest power of two whose multiples sum exactly to the total of the weights.

    Parameters
    ----------
    weight
        Weights, >= 0.

    Returns
    -------
    scale
        Steps a unit of weight, from 1 to 2**24.
    """
    return float(2.0 ** np.clip(np.floor(51 - np.log2(max(weight.sum(), 1.0))), 0, 24))


def _case(
    covers: "sp.csr_array | sp.csr_matrix",
    weight: npt.ArrayLike,
    cost: npt.ArrayLike | None,
    budget: float,
    second_weight: npt.ArrayLike | None,
    cliques: Sequence[Ints],
) -> _Case:
    """Return an instance with its numbers as arrays."""
    matrix = pattern(covers)
    values = checked_weight(weight, matrix.shape[0])
    price = np.ones(matrix.shape[1]) if cost is None else np.asarray(cost, dtype=np.float64)
    second = np.zeros(values.size)
    if second_weight is not None:
        second = checked_weight(second_weight, matrix.shape[0], "second_weight")
    sets = tuple(np.asarray(clique, dtype=np.int64) for clique in cliques)
    return _Case(matrix, matrix.tocsc(), values, second, price, budget, sets)


def checked_weight(weight: npt.ArrayLike, demand: int, name: str = "weight") -> Floats:
    """
    Return the weights as floats, or refuse them.

    Parameters
    ----------
    weight
        One number a demand row.
    demand
        Number of rows.
    name
        What they are called where they are refused.

    Returns
    -------
    weight
        As floats.

    Raises
    ------
    SettingsError
        If one is negative, not finite or missing.
    """
    values = np.asarray(weight, dtype=np.float64)
    if values.shape != (demand,) or not np.all(np.isfinite(values) & (values >= 0)):
        msg = f"{name} must hold one number of at least 0 for each of {demand} demand rows"
        raise SettingsError(msg)
    return values
