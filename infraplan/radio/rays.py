"""Where the rays around a mast run: tables that every mast of a grid shares."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["RayTable", "ray_table"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RayTable:
    """
    Rays around a mast in the middle of a cell, and the sample that serves each cell.

    Samples of all rays lie one after the other; ray r has `ray_start[r]:ray_start[r + 1]`, all
    `step_km[r]` apart, and the sample numbers `needed[need_start[r]:need_start[r + 1]]` are
    evaluated. Cells within reach are listed by offset, row by row; cell o takes the loss at place
    `slot[o]` of `needed`. `row_start[i]` is the first offset of row `i - reach`.
    """

    sample_row: Floats
    sample_column: Floats
    step_km: Floats
    ray_start: Ints
    needed: Ints
    need_start: Ints
    offset_row: Ints
    offset_column: Ints
    slot: Ints
    row_start: Ints

    @property
    def reach(self) -> int:
        """Return how many rows the table goes up and down from the mast."""
        return (self.row_start.size - 2) // 2


def ray_table(radius_m: float, resolution_m: float, *, rays: str = "radial") -> RayTable:
    """
    Return the rays around a mast.

    Parameters
    ----------
    radius_m
        How far the rays go, > 0 [m].
    resolution_m
        Side of a grid cell, > 0 [m].
    rays
        `"radial"`: samples every cell width on as many rays as keep their ends a cell apart, each
        grid cell taking the nearest sample; `"cell"`: one exact ray to each grid cell.

    Returns
    -------
    table
        Tables in units of cells, the same for every mast on a grid.
    """
    reach = int(radius_m // resolution_m)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    inside = np.hypot(rows, columns) * resolution_m <= radius_m
    rows, columns = rows[inside], columns[inside]
    row_start = np.searchsorted(rows, np.arange(-reach, reach + 2)).astype(np.int64)
    lay = _radial if rays == "radial" else _exact
    parts = lay(rows.astype(np.int64), columns.astype(np.int64), reach, resolution_m)
    return RayTable(*parts, row_start=row_start)


def _radial(
    rows: Ints, columns: Ints, reach: int, resolution_m: float
) -> tuple[Floats, Floats, Floats, Ints, Ints, Ints, Ints, Ints, Ints]:
    """Lay rays in all directions; each offset takes the nearest sample."""
    ray_count = int(np.ceil(2.0 * np.pi * reach))
    bearing = np.arctan2(columns, -rows) % (2.0 * np.pi)
    ray = np.round(bearing / (2.0 * np.pi) * ray_count).astype(np.int64) % ray_count
    sample = np.round(np.hypot(rows, columns)).astype(np.int64)
    size = reach + 2
    wanted = ray * size + sample
    unique, slot = np.unique(wanted, return_inverse=True)
    need_start = np.searchsorted(unique, np.arange(ray_count + 1) * size)
    angle = 2.0 * np.pi * np.arange(ray_count) / ray_count
    steps = np.arange(size)
    sample_row = (-np.cos(angle)[:, None] * steps).ravel()
    sample_column = (np.sin(angle)[:, None] * steps).ravel()
    return (
        np.asarray(sample_row),
        np.asarray(sample_column),
        np.full(ray_count, resolution_m / 1000.0),
        np.arange(ray_count + 1, dtype=np.int64) * size,
        (unique % size).astype(np.int64),
        need_start.astype(np.int64),
        rows,
        columns,
        slot.astype(np.int64),
    )


def _exact(
    rows: Ints, columns: Ints, reach: int, resolution_m: float
) -> tuple[Floats, Floats, Floats, Ints, Ints, Ints, Ints, Ints, Ints]:
    """Lay one ray to each offset, its samples a cell apart or a little closer."""
    del reach
    count = np.maximum(np.ceil(np.hypot(rows, columns)), 1).astype(np.int64)
    ray_start = np.concatenate([[0], np.cumsum(count + 1)])
    number = np.arange(ray_start[-1]) - np.repeat(ray_start[:-1], count + 1)
    share = number / np.repeat(count, count + 1)
    length_km = np.hypot(rows, columns) * resolution_m / 1000.0
    # the ray to the mast's own cell has no length; half a cell keeps its distances rising
    length_km[length_km == 0] = resolution_m / 2000.0
    return (
        share * np.repeat(rows, count + 1),
        share * np.repeat(columns, count + 1),
        length_km / count,
        ray_start.astype(np.int64),
        count,
        np.arange(count.size + 1, dtype=np.int64),
        rows,
        columns,
        np.arange(count.size, dtype=np.int64),
    )
