"""What a choice of sites decides, reduced to what matters of it, and the way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import scipy.sparse as sp

__all__ = ["SLACK", "Problem", "Reduction", "is_whole", "pattern", "reduced"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SLACK = 1e-9  # share of all weight that rounding may add to a sum
SEED = 20_240_701  # of the sums that equal rows share; any number does


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """
    Candidates with costs within a budget, rows of demand, and after them rows of conflicts.

    `starts`, `rows` list the rows of each candidate, `row_starts`, `row_candidates` the candidates
    of each row. `second` is the weight that counts once more when a row is covered twice. Rows from
    `demand` on are conflicts, of weight 0. `slack` is what rounding may add to a sum of weights.
    """

    starts: Ints
    rows: Ints
    row_starts: Ints
    row_candidates: Ints
    weight: Floats
    second: Floats
    demand: int
    cost: Floats
    budget: float
    whole: bool
    slack: float

    @classmethod
    def of(
        cls,
        matrix: "sp.csr_array",
        weight: Floats,
        second: Floats,
        cliques: Sequence[Ints],
        cost: Floats,
        budget: float,
    ) -> "Problem":
        """Return the problem of a matrix of ones and of sets that exclude each other."""
        import scipy.sparse as sp

        members = np.concatenate([*cliques, np.zeros(0, dtype=np.int64)]).astype(np.int64)
        ends = np.cumsum([0, *(len(clique) for clique in cliques)])
        shape = (len(cliques), matrix.shape[1])
        conflicts = sp.csr_array((np.ones(members.size), members, ends), shape=shape)
        stacked = sp.csr_array(sp.vstack([matrix, conflicts]))
        none = np.zeros(len(cliques))
        return cls._from_rows(
            stacked,
            np.concatenate([weight, none]),
            np.concatenate([second, none]),
            matrix.shape[0],
            cost,
            budget,
        )

    @classmethod
    def _from_rows(
        cls,
        matrix: "sp.csr_array",
        weight: Floats,
        second: Floats,
        demand: int,
        cost: Floats,
        budget: float,
    ) -> "Problem":
        """Return the problem whose rows are those of a matrix, demand first."""
        by_column = matrix.tocsc()
        by_column.sort_indices()
        return cls(
            starts=by_column.indptr.astype(np.int64),
            rows=by_column.indices.astype(np.int64),
            row_starts=matrix.indptr.astype(np.int64),
            row_candidates=matrix.indices.astype(np.int64),
            weight=weight,
            second=second,
            demand=demand,
            cost=cost,
            budget=budget,
            whole=is_whole(weight) and is_whole(second),
            slack=SLACK * float(weight.sum() + second.sum()),
        )

    @property
    def by_column(self) -> tuple[Ints, Ints, Floats, Floats, int, Floats, float]:
        """Return what most kernels begin with."""
        return (
            self.starts,
            self.rows,
            self.weight,
            self.second,
            self.demand,
            self.cost,
            self.budget,
        )

    @property
    def by_both(self) -> tuple[Ints, Ints, Ints, Ints, Floats, Floats, int, Floats, float]:
        """Return what kernels begin with that also walk along rows."""
        return (
            self.starts,
            self.rows,
            self.row_starts,
            self.row_candidates,
            *self.by_column[2:],
        )

    def merged(self) -> "tuple[Problem, Ints]":
        """Return the problem with equal rows of demand as one, and for each row its new number."""
        import scipy.sparse as sp

        shape = (self.weight.size, self.cost.size)
        ones = np.ones(self.rows.size)
        matrix = sp.csr_array(sp.csc_array((ones, self.rows, self.starts), shape=shape))
        matrix.sort_indices()
        group = _groups(matrix[: self.demand])
        count = int(group.max(initial=-1)) + 1
        group = np.concatenate([group, count + np.arange(self.weight.size - self.demand)])
        first = np.unique(group, return_index=True)[1]
        weight = np.bincount(group, self.weight, first.size).astype(np.float64)
        second = np.bincount(group, self.second, first.size).astype(np.float64)
        distinct = sp.csr_array(matrix[first])
        return self._from_rows(distinct, weight, second, count, self.cost, self.budget), group


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """
    What decisions left open of a problem, and the way back.

    `covered` is what the chosen cover already; `columns` are the open candidates and `rows` the
    open rows, both by their numbers before; `group` tells the new row of each of `rows`;
    `times` says how often the chosen cover each row before.
    """

    before: Problem
    problem: Problem
    covered: float
    columns: Ints
    rows: Ints
    group: Ints
    times: Ints

    @property
    def settled(self) -> Floats:
        """Return the multiplier of each row as if it were not open: weight, second weight or 0."""
        ways = [self.times == 0, self.times == 1]
        return np.select(ways, [self.before.weight, self.before.second], 0.0)

    def lifted(self, multiplier: npt.ArrayLike) -> Floats:
        """
        Return multipliers of all rows before that give the same bound.

        Rows merged share their multiplier, each filled up in turn: first to the second weight, then
        to the first, so that sums of whole parts stay exact.
        """
        m = np.asarray(multiplier, dtype=np.float64)
        result = self.settled
        open_demand = self.rows < self.before.demand
        inside, group = self.rows[open_demand], self.group[open_demand]
        once = self.times[inside] == 1
        weight = np.where(once, self.before.second[inside], self.before.weight[inside])
        second = np.where(once, 0.0, self.before.second[inside])
        whole_second = np.bincount(group, second, self.problem.demand)
        low = np.minimum(m[: self.problem.demand], whole_second)
        result[inside] = _spread(low, group, second)
        result[inside] += _spread(m[: self.problem.demand] - low, group, weight - second)
        result[self.rows[~open_demand]] = m[self.group[~open_demand]]
        return result


def reduced(problem: Problem, side: Ints, *, merge: bool = True) -> Reduction:
    """
    Return what decisions leave open.

    Parameters
    ----------
    problem
        Problem before them.
    side
        For each candidate 0 open, 1 chosen, 2 not; candidates that no longer fit become 2.
    merge
        Whether rows with the same open candidates become one.

    Returns
    -------
    reduction
        The smaller problem, and how to bring its answers back.
    """
    from infraplan.sites import _kernels as kernels

    covered, left, columns, rows, *parts, demand = kernels.contracted(*problem.by_column, side)
    starts, pairs, weight, second = parts
    nothing = np.zeros(0, dtype=np.int64)
    small = Problem(
        starts, pairs, nothing, nothing, weight, second, int(demand),
        problem.cost[columns], float(left), problem.whole, problem.slack,
    )  # fmt: skip
    group = np.arange(rows.size)
    if merge:
        small, group = small.merged()
        small = replace(small, whole=problem.whole, slack=problem.slack)
    return Reduction(problem, small, float(covered), columns, rows, group, _times(problem, side))


def _times(problem: Problem, side: Ints) -> Ints:
    """Return how often the chosen cover each row."""
    times = np.zeros(problem.weight.size, dtype=np.int64)
    for j in np.flatnonzero(side == 1):
        times[problem.rows[problem.starts[j] : problem.starts[j + 1]]] += 1
    return times


def pattern(covers: "sp.csr_array | sp.csr_matrix") -> "sp.csr_array":
    """
    Return the zeros and ones of a matrix, rows sorted, without touching the caller's.

    Parameters
    ----------
    covers
        Sparse matrix, demand rows x candidates.

    Returns
    -------
    pattern
        Ones where the matrix is not 0.
    """
    import scipy.sparse as sp

    matrix = sp.csr_array(covers, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    ones = np.ones(matrix.nnz)
    return sp.csr_array((ones, matrix.indices, matrix.indptr), shape=matrix.shape)


def is_whole(weight: Floats) -> bool:
    """
    Return whether all weights are whole numbers that sums of them keep exact.

    Parameters
    ----------
    weight
        Weights, >= 0.

    Returns
    -------
    is_whole
        True where they are.
    """
    return bool(np.all(weight == np.floor(weight)) and weight.sum() < 2**52)


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
