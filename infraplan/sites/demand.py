"""People without service on blocks of ground: what new sites and actions are chosen to reach."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infraplan.errors import SettingsError
from infraplan.sites.gain import Ground

__all__ = ["BLOCK_M", "Demand", "demand_of"]

BLOCK_M = 90.0  # demand is summed over blocks of this side (DESIGN, section 6)
ENOUGH = 0.5  # share of a block's people who must be reached for the block to count as covered

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """
    People known to be without service, on blocks.

    `weight` holds the people of each block, `block` the block of each grid cell (-1 for none) and
    `uncovered` the grid cells with such people.
    """

    weight: Floats
    block: Ints
    uncovered: Flags

    def reached(self, ground: Ground, window: tuple[slice, slice], has_service: Flags) -> Ints:
        """
        Return the blocks that a station brings service to.

        Parameters
        ----------
        ground
            People on the grid.
        window
            Rows and columns that the station was predicted on.
        has_service
            Where in the window its signal suffices.

        Returns
        -------
        blocks
            Indices, rising, of those of which at least half of the people are reached.
        """
        hit = has_service & self.uncovered[window]
        found, place = np.unique(self.block[window][hit], return_inverse=True)
        people = np.bincount(place, ground.people[window][hit], minlength=found.size)
        return np.asarray(found[people >= ENOUGH * self.weight[found]], dtype=np.int64)


def demand_of(
    ground: Ground, technology: str, operator: str, *, within: Flags | None = None
) -> Demand:
    """
    Return the people known to be without service, on blocks.

    Parameters
    ----------
    ground
        People and present coverage.
    technology
        Technology.
    operator
        Operator, or `"any"`.
    within
        Grid cells whose people count; all where None.

    Returns
    -------
    demand
        Blocks with their people.

    Raises
    ------
    SettingsError
        If that coverage was not predicted.
    """
    uncovered = ground.uncovered(technology, operator)
    if uncovered is None:
        msg = f"the coverage of {technology} {operator} was not predicted; predict it first"
        raise SettingsError(msg)
    lacking = uncovered & (ground.people > 0)
    if within is not None:
        lacking &= within
    side = max(int(BLOCK_M // abs(float(ground.geobox.resolution.x))), 1)
    rows, columns = ground.people.shape
    row, column = np.nonzero(lacking)
    key = (row // side) * (columns // side + 1) + column // side
    _, number = np.unique(key, return_inverse=True)
    block = np.full((rows, columns), -1, dtype=np.int64)
    block[row, column] = number
    weight = np.bincount(number, ground.people[row, column]) if number.size else np.zeros(0)
    return Demand(weight.astype(np.float64), block, lacking)
