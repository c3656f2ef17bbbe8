"""Where the rays around a mast run: tables that every mast of a grid shares."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["RayTable", "ray_table"]

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
RAYS_PER_CELL = 2.0  # at the end of the rays: one a cell would err by 1.1 dB, two by 0.8 dB


@dataclass(frozen=True, slots=True, eq=False)
class RayTable:
    """
    Rays around a mast in the middle of a cell, and the sample that serves each cell.

    Ray r goes `row_step[r]`, `column_step[r]` cells a sample, `step_km[r]` apart; its receivers lie
    at the sample numbers `needed[need_start[r]:need_start[r + 1]]`, each in the cell at `end_row`,
    `end_column` from the mast. Cells within reach are also listed by offset, row by row; cell o
    takes the loss at place `slot[o]` of `needed`. `row_start[i]` is the first offset of row
    `i - reach`. `flat2_m2` is the squared distance of cell o on the ground, half a cell for the
    mast's own, and `bearing_deg` its bearing from the grid's north.
    """

    row_step: Floats
    column_step: Floats
    step_km: npt.NDArray[np.float64]
    needed: Ints
    need_start: Ints
    end_row: Ints
    end_column: Ints
    offset_row: Ints
    offset_column: Ints
    slot: Ints
    row_start: Ints
    flat2_m2: Floats
    bearing_deg: Floats

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
        `"radial"`: samples every cell width on rays in all directions, each grid cell ending the
        nearest ray on its own ground; `"cell"`: one exact ray to each grid cell.

    Returns
    -------
    table
        Tables in units of cells, the same for every mast on a grid.
    """
    reach = int(radius_m // resolution_m)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    distance = np.hypot(rows, columns)
    inside = distance * resolution_m <= radius_m
    rows, columns, distance = rows[inside], columns[inside], distance[inside]
    if rays == "radial":
        ray_count = max(int(np.ceil(RAYS_PER_CELL * 2.0 * np.pi * reach)), 8)
        angle = 2.0 * np.pi * np.arange(ray_count) / ray_count
        row_step, column_step = -np.cos(angle), np.sin(angle)
        step_km = np.full(ray_count, resolution_m / 1000.0)
        bearing = np.arctan2(columns, -rows) % (2.0 * np.pi)
        ray = np.round(bearing / (2.0 * np.pi) * ray_count).astype(np.int64) % ray_count
        sample = np.round(distance)
    else:
        ray = np.arange(rows.size)
        sample = np.maximum(np.ceil(distance), 1.0)
        row_step, column_step = rows / sample, columns / sample
        # the ray to the mast's own cell has no length; half a cell keeps its distances rising
        step_km = np.maximum(distance, 0.5) * resolution_m / 1000.0 / sample
    order = np.lexsort((sample, ray))
    slot = np.empty(order.size, dtype=np.int32)
    slot[order] = np.arange(order.size)
    return RayTable(
        row_step=row_step.astype(np.float32),
        column_step=column_step.astype(np.float32),
        step_km=step_km,
        needed=sample[order].astype(np.int32),
        need_start=np.searchsorted(ray[order], np.arange(row_step.size + 1)).astype(np.int32),
        end_row=rows[order].astype(np.int32),
        end_column=columns[order].astype(np.int32),
        offset_row=rows.astype(np.int32),
        offset_column=columns.astype(np.int32),
        slot=slot,
        row_start=np.searchsorted(rows, np.arange(-reach, reach + 2)).astype(np.int32),
        flat2_m2=(np.maximum(distance, 0.5) * resolution_m).astype(np.float32) ** 2,
        bearing_deg=np.degrees(np.arctan2(columns, -rows)).astype(np.float32),
    )
