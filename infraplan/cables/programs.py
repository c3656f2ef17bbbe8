"""Minimisation over columns between 0 and 1, whole or not, by HiGHS, with a bound of our own."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Answer", "Program"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SCALE_TO = 1000.0  # the largest cost as the solver sees it
TOLERANCE = 1e-7  # of the cost: what the solver's arithmetic may lose


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """
    What a run found: the columns' values, none where there are none, and a bound.

    `finished` is whether it ran to its end.
    """

    values: Floats | None
    bound: float
    finished: bool


class Program:
    """
    Costs and rows, solved by the HiGHS that scipy carries, which prints nothing.

    The bound of a relaxation is computed from its rows' prices by weak duality, whatever the solver
    says of itself.
    """

    def __init__(self, cost: Floats) -> None:
        """
        Begin with columns between 0 and 1 and no rows.

        Parameters
        ----------
        cost
            Cost of each column, shape (n,).
        """
        self._cost = np.asarray(cost, dtype=np.float64)
        self._factor = SCALE_TO / max(float(np.abs(self._cost).max(initial=0.0)), 1e-300)
        self._low: list[float] = []
        self._high: list[float] = []
        self._columns: list[Ints] = []
        self._weights: list[Floats] = []

    def add_row(
        self, low: float, columns: npt.ArrayLike, weights: npt.ArrayLike, high: float
    ) -> None:
        """
        Add a row: low <= sum of weights times columns <= high.

        Parameters
        ----------
        low
            Least value, or -inf.
        columns
            Its columns, no two equal.
        weights
            Their weights.
        high
            Greatest value, or inf.
        """
        self._low.append(low)
        self._high.append(high)
        self._columns.append(np.asarray(columns, dtype=np.int64))
        self._weights.append(np.asarray(weights, dtype=np.float64))

    def relaxed(self, *, time_limit_s: float) -> Answer:
        """
        Return the least cost where columns need not be whole.

        Parameters
        ----------
        time_limit_s
            Time after which the search stops, > 0 [s].

        Returns
        -------
        answer
            Values and a bound that follows from the rows' prices.
        """
        from scipy.optimize import linprog
        from scipy.sparse import vstack

        matrix, low, high = self._matrix(), np.asarray(self._low), np.asarray(self._high)
        above, below = np.isfinite(low), np.isfinite(high)
        done = linprog(
            self._cost * self._factor,
            A_ub=vstack([-matrix[above], matrix[below]]),
            b_ub=np.concatenate([-low[above], high[below]]),
            bounds=(0.0, 1.0),
            method="highs",
            options={"time_limit": max(time_limit_s, 0.01)},
        )
        if done.x is None:
            return Answer(None, -math.inf, finished=False)
        paid = np.asarray(done.ineqlin.marginals, dtype=np.float64)
        prices = np.zeros(len(low))
        prices[above] -= paid[: above.sum()]
        prices[below] += paid[above.sum() :]
        values = np.asarray(done.x, dtype=np.float64)
        return Answer(values, self._weak_dual(prices, matrix), finished=done.status == 0)

    def solved(self, *, time_limit_s: float) -> Answer:
        """
        Return the least cost with every column 0 or 1.

        Parameters
        ----------
        time_limit_s
            Time after which the search stops, > 0 [s].

        Returns
        -------
        answer
            Values, where any were found in time, and the bound of the search.
        """
        from scipy.optimize import Bounds
        from scipy.optimize import LinearConstraint
        from scipy.optimize import milp

        done = milp(
            self._cost * self._factor,
            integrality=np.ones(len(self._cost)),
            bounds=Bounds(0.0, 1.0),
            constraints=LinearConstraint(self._matrix(), self._low, self._high),
            options={"time_limit": max(time_limit_s, 0.01), "mip_rel_gap": 0.0},
        )
        bound = -math.inf if done.mip_dual_bound is None else float(done.mip_dual_bound)
        if math.isfinite(bound):
            bound = (bound - TOLERANCE * abs(bound)) / self._factor
        if done.x is None:
            return Answer(None, bound, finished=False)
        values: Floats = np.asarray(done.x, dtype=np.float64).round()
        return Answer(values, bound, finished=done.status == 0)

    def _matrix(self) -> Any:  # noqa: ANN401 - scipy is untyped
        """Return the rows as a sparse matrix."""
        from scipy.sparse import csr_array

        lengths = [len(columns) for columns in self._columns]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        columns = np.concatenate([np.zeros(0, dtype=np.int64), *self._columns]).astype(np.int32)
        weights = np.concatenate([np.zeros(0), *self._weights])
        return csr_array((weights, columns, starts), shape=(len(lengths), len(self._cost)))

    def _weak_dual(self, prices: Floats, matrix: Any) -> float:  # noqa: ANN401 - sparse
        """Return the bound that prices of the rows prove, whatever they are."""
        prices = prices / self._factor
        low, high = np.asarray(self._low), np.asarray(self._high)
        prices = np.where((prices > 0) & ~np.isfinite(low), 0.0, prices)
        prices = np.where((prices < 0) & ~np.isfinite(high), 0.0, prices)
        side = np.where(prices > 0, low, np.where(prices < 0, high, 0.0))
        left = self._cost - prices @ matrix
        from_rows = math.fsum((prices * side).tolist())
        return from_rows + math.fsum(np.minimum(left, 0.0).tolist())
