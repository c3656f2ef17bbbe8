"""
Losses around masts: the first stage of the area engine.

The loss of a mast depends on the ground, its position and height, the carrier and the way of laying
rays; not on power, antennas, operators or thresholds. So it can be kept from one run to the next.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from infraplan.radio.diffraction import effective_earth_radius_km
from infraplan.radio.network import Network
from infraplan.radio.rays import RayTable
from infraplan.radio.settings import RadioSettings

__all__ = ["LossStage", "LossStore", "Stored"]

Stored = npt.NDArray[np.uint16]
Single = npt.NDArray[np.float32]
BATCH_BYTES = 100_000_000  # of losses held at a time
MASTS_AT_ONCE = 64
BARE_KM = 0.1  # of a path at either end, where clutter is a term of its own


class LossStore(Protocol):
    """Keeps losses of masts from one run to the next, or for a run that was cut off."""

    def load(self, key: str) -> Stored | None:
        """Return what was kept under a key, None where nothing was or it is damaged."""

    def save(self, key: str, losses: Stored) -> None:
        """Keep the losses of one mast and carrier."""


@dataclass(frozen=True, slots=True, eq=False)
class LossStage:
    """
    What the losses around any mast of a grid start from.

    `ground_m` holds heights above sea level, float32, NaN where unknown; `table` the rays.
    """

    ground_m: Single
    table: RayTable
    settings: RadioSettings
    store: LossStore | None = None

    def at(self, row: int, column: int, *, height_m: float, freq_mhz: float) -> Single:
        """
        Return the diffraction losses around one mast, exact to single precision.

        Parameters
        ----------
        row
            Row of the mast's cell.
        column
            Column of the mast's cell.
        height_m
            Height of the antenna above ground, > 0 [m].
        freq_mhz
            Frequency [MHz].

        Returns
        -------
        losses
            Of each sample of the table, NaN where unknown [dB].
        """
        one = np.array([row]), np.array([column]), np.array([height_m])
        found = self._computed(*one, np.array([freq_mhz]), np.ones((1, 1), dtype=bool))
        return np.asarray(found[0, 0])

    def over_clutter(
        self, clutter_m: Single, row: int, column: int, *, height_m: float, freq_mhz: float
    ) -> Single:
        """
        Return the diffraction losses around one mast with clutter along the paths.

        Parameters
        ----------
        clutter_m
            Heights of clutter above the ground, 0 where none, on the grid [m].
        row
            Row of the mast's cell.
        column
            Column of the mast's cell.
        height_m
            Height of the antenna above ground, > 0 [m].
        freq_mhz
            Frequency [MHz].

        Returns
        -------
        losses
            Of each sample of the table, NaN where unknown [dB].
        """
        from infraplan.radio._kernels.rays import clutter_losses_db

        table = self.table
        out = np.empty(table.needed.size, dtype=np.float32)
        clutter_losses_db(
            self.ground_m, clutter_m, row, column, float(height_m), self.settings.rx_height_m,
            freq_mhz / 1000.0, effective_earth_radius_km(self.settings.delta_n), True, BARE_KM,  # noqa: FBT003 - vertical
            table.row_step, table.column_step, table.step_km, table.needed, table.need_start,
            table.end_row, table.end_column, out,
        )  # fmt: skip
        return out

    def batches(self, network: Network) -> Iterator[tuple[int, int, Stored]]:
        """
        Yield the losses of the masts of a network, some at a time.

        Parameters
        ----------
        network
            Positions, heights and carriers.

        Yields
        ------
        first
            Number of the first position.
        last
            Number after the last position; a mast's positions stay together.
        losses
            Diffraction losses in steps of 0.005 dB, shape (positions, carriers, samples); what is
            unknown, and carriers that a position lacks, hold 65 535.
        """
        from infraplan.radio._kernels.servers import UNKNOWN_LOSS

        wanted = _wanted_carriers(network)
        per_mast = network.freq_mhz.size * self.table.needed.size * 2
        size = int(np.clip(BATCH_BYTES // max(per_mast, 1), 2, MASTS_AT_ONCE))
        units = network.unit_start
        unit = 0
        while unit < units.size - 1:
            end = int(np.searchsorted(units, units[unit] + size, side="right")) - 1
            end = max(end, unit + 1)
            first, last = int(units[unit]), int(units[end])
            shape = (last - first, network.freq_mhz.size, self.table.needed.size)
            out = np.full(shape, UNKNOWN_LOSS, dtype=np.uint16)
            self._fill(network, slice(first, last), wanted[first:last], out)
            yield first, last, out
            unit = end

    def _fill(
        self, network: Network, part: slice, wanted: npt.NDArray[np.bool_], out: Stored
    ) -> None:
        """Fill the losses of some positions, from the store where it has them."""
        from infraplan.radio._kernels.servers import store_losses

        if self.settings.model == "free_space":
            out[wanted] = 0
            return
        missing = wanted.copy()
        keys: list[list[str]] = []
        if self.store is not None:
            keys = [self._keys(network, position) for position in range(part.start, part.stop)]
            for m, c in zip(*np.nonzero(wanted), strict=True):
                kept = self.store.load(keys[m][c])
                if kept is not None and kept.size == out.shape[2]:
                    out[m, c] = kept
                    missing[m, c] = False
        lacking = np.flatnonzero(missing.any(axis=1))
        for begin in range(0, lacking.size, 16):  # in single precision, only so many at a time
            some = lacking[begin : begin + 16]
            at = part.start + some
            losses = self._computed(
                network.row[at],
                network.column[at],
                network.height_m[at],
                network.freq_mhz,
                missing[some],
            )
            for m, found in zip(some, losses, strict=True):
                for c in np.flatnonzero(missing[m]):
                    store_losses(found[c], out[m, c])
                    if self.store is not None:
                        self.store.save(keys[m][c], out[m, c])

    def _computed(
        self,
        row: npt.NDArray[np.int64],
        column: npt.NDArray[np.int64],
        height_m: npt.NDArray[np.float64],
        freq_mhz: npt.NDArray[np.float64],
        wanted: npt.NDArray[np.bool_],
    ) -> Single:
        """Return losses (mast, carrier, sample)."""
        import numba

        from infraplan.radio._kernels.rays import mast_losses_db

        table = self.table
        shape = (row.size, freq_mhz.size, table.needed.size)
        if self.settings.model == "free_space":
            return np.zeros(shape, dtype=np.float32)
        out = np.empty(shape, dtype=np.float32)
        threads = numba.get_num_threads()
        parts = 1 if row.size >= 4 * threads else 8 * threads
        mast_losses_db(
            self.ground_m,
            row,
            column,
            height_m,
            freq_mhz / 1000.0,
            wanted,
            table.row_step,
            table.column_step,
            table.step_km,
            table.needed,
            table.need_start,
            table.end_row,
            table.end_column,
            table.reach,
            self.settings.rx_height_m,
            effective_earth_radius_km(self.settings.delta_n),
            True,  # noqa: FBT003 - vertical: numba takes no keywords here
            parts,
            out,
        )
        return out

    def _keys(self, network: Network, position: int) -> list[str]:
        """Return a name for the losses of a position on each carrier: what they depend on."""
        row, column = int(network.row[position]), int(network.column[position])
        reach = self.table.reach + 2
        above, left = max(row - reach, 0), max(column - reach, 0)
        window = self.ground_m[above : row + reach + 1, left : column + reach + 1]
        ground = hashlib.blake2b(np.ascontiguousarray(window).tobytes(), digest_size=16)
        settings = self.settings
        what = (
            VERSION, row - above, column - left, window.shape, float(network.height_m[position]),
            settings.rays, settings.radius_m, settings.rx_height_m, settings.delta_n,
            float(self.table.step_km[-1]),
        )  # fmt: skip
        keys = []
        for freq_mhz in network.freq_mhz:
            digest = ground.copy()
            digest.update(repr((*what, float(freq_mhz))).encode())
            keys.append(digest.hexdigest())
        return keys


VERSION = 1  # of what the stage computes: a new number leaves all that was kept behind


def _wanted_carriers(network: Network) -> npt.NDArray[np.bool_]:
    """Return which carriers each position has cells on."""
    wanted = np.zeros((network.row.size, network.freq_mhz.size), dtype=bool)
    position = np.repeat(np.arange(network.row.size), np.diff(network.cell_start))
    wanted[position, network.cell_band] = True
    return wanted
