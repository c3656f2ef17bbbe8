"""Nearest points, with types that the rest of the package can rely on."""

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from infraplan.sample.noise import Floats
from infraplan.sample.noise import Ints

__all__ = ["nearest"]


def nearest(points: npt.ArrayLike, queries: npt.ArrayLike) -> tuple[Floats, Ints]:
    """
    Return for each query point the nearest of some points.

    Parameters
    ----------
    points
        Coordinates, one row a point, at least one.
    queries
        Coordinates, one row a query.

    Returns
    -------
    away_m
        Distance to the nearest point [m].
    number
        Its row number.
    """
    away, number = cKDTree(np.asarray(points)).query(np.asarray(queries))
    return np.atleast_1d(away).astype(np.float64), np.atleast_1d(number).astype(np.int64)
