"""Smooth random fields over the plane: hills, winding lines, uneven densities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "Ints", "NoiseField", "fractal"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MARGIN = 3  # lattice steps beyond the bounds, so that a cubic spline has its support


@dataclass(frozen=True, slots=True, eq=False)
class NoiseField:
    """A random field with zero mean and roughly unit spread that varies over `step_m`."""

    values: Floats
    west_m: float
    north_m: float
    step_x_m: float
    step_y_m: float

    @classmethod
    def over(
        cls,
        bounds: Sequence[float],
        step_m: float,
        rng: np.random.Generator,
        *,
        stretch_y: float = 1.0,
    ) -> "NoiseField":
        """
        Return a field over some bounds.

        Parameters
        ----------
        bounds
            West, south, east, north [m].
        step_m
            Distance over which the field varies, > 0 [m].
        rng
            Source of chance.
        stretch_y
            How many times longer it varies from south to north than from west to east.

        Returns
        -------
        field
            Field that can be evaluated anywhere.
        """
        west, south, east, north = bounds
        step_y = step_m * stretch_y
        rows = int((north - south) / step_y) + 2 * MARGIN + 1
        columns = int((east - west) / step_m) + 2 * MARGIN + 1
        return cls(rng.standard_normal((rows, columns)), west, north, step_m, step_y)

    def at(self, x_m: npt.ArrayLike, y_m: npt.ArrayLike) -> Floats:
        """
        Return the field at points.

        Parameters
        ----------
        x_m
            Eastings, any shape [m].
        y_m
            Northings, of the same shape [m].

        Returns
        -------
        value
            Field, without unit, of that shape.
        """
        from scipy.ndimage import map_coordinates

        column = (np.asarray(x_m, dtype=np.float64) - self.west_m) / self.step_x_m + MARGIN
        row = (self.north_m - np.asarray(y_m, dtype=np.float64)) / self.step_y_m + MARGIN
        return np.asarray(
            map_coordinates(self.values, [row, column], order=3, mode="nearest"), dtype=np.float64
        )


def fractal(fields: Sequence[NoiseField], x_m: npt.ArrayLike, y_m: npt.ArrayLike) -> Floats:
    """
    Return a sum of fields, each half as strong as the one before, with unit spread.

    Parameters
    ----------
    fields
        Fields from coarse to fine.
    x_m
        Eastings, any shape [m].
    y_m
        Northings, of the same shape [m].

    Returns
    -------
    value
        Sum, without unit.
    """
    weights = 0.5 ** np.arange(len(fields))
    total = sum(w * field.at(x_m, y_m) for w, field in zip(weights, fields, strict=True))
    return np.asarray(total / np.sqrt((weights**2).sum()), dtype=np.float64)
