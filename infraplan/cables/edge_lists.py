"""Edges and costs as a caller gives them, checked."""

import numpy as np
import numpy.typing as npt

__all__ = ["checked_costs", "checked_ends"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def checked_ends(edges: npt.ArrayLike, wrong: list[str]) -> Ints:
    """
    Return edges as pairs of numbers.

    Parameters
    ----------
    edges
        As given.
    wrong
        Faults; what is wrong is added.

    Returns
    -------
    ends
        Shape (m, 2), none where they make no sense.
    """
    none = np.zeros((0, 2), dtype=np.int64)
    try:
        table = np.asarray(edges)
    except ValueError:
        wrong.append("edges must be pairs of node numbers")
        return none
    if table.size == 0:
        return none
    if table.ndim != 2 or table.shape[1] != 2:
        wrong.append(f"edges must have shape (m, 2); found {table.shape}")
        return none
    if table.dtype.kind not in "iu":
        wrong.append(f"edges must hold whole numbers; found {table.dtype}")
        return none
    if table.min() < 0:
        rows = np.flatnonzero(table.min(axis=1) < 0)[:8].tolist()
        wrong.append(f"node numbers must be at least 0; edges {rows} have others")
        return none
    return np.ascontiguousarray(table, dtype=np.int64)


def checked_costs(cost: npt.ArrayLike, count: int, wrong: list[str]) -> Floats:
    """
    Return the costs of edges as numbers.

    Parameters
    ----------
    cost
        As given.
    count
        Number of edges.
    wrong
        Faults; what is wrong is added.

    Returns
    -------
    costs
        Shape (count,), zeros where they make no sense.
    """
    try:
        costs = np.asarray(cost, dtype=np.float64)
    except (TypeError, ValueError):
        wrong.append("every cost must be a number")
        return np.zeros(count)
    if costs.shape != (count,):
        wrong.append(f"cost must hold one number for each of {count} edges; found {costs.shape}")
        return np.zeros(count)
    fine = np.isfinite(costs) & (costs >= 0)
    if not fine.all():
        rows = np.flatnonzero(~fine)[:8].tolist()
        wrong.append(f"every cost must be a finite number of at least 0; not so at edges {rows}")
    return np.ascontiguousarray(costs)
