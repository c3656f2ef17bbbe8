"""From measured levels to links: what the engine says of each path that was measured."""

import math
from dataclasses import dataclass
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import Fault
from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import index_of
from infraplan.progress import Progress
from infraplan.radio.calibration import LINK_COLUMNS
from infraplan.radio.losses import LossStage
from infraplan.radio.network import Network
from infraplan.radio.network import cells_on_air
from infraplan.radio.network import network_of
from infraplan.radio.rays import ray_table
from infraplan.radio.settings import RadioSettings

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.layers.terrain import Terrain

__all__ = ["MeasuredLinks", "measured_links", "received_dbm"]

Floats = npt.NDArray[np.float64]
OF_QUANTITY = {"RSRP": "4G", "RSCP": "3G", "RxLev": "2G"}  # where the technology is not said
ABOVE_FREE_SPACE_DB = 15.0  # a level so far above free space is of another cell or another unit


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredLinks:
    """Links of which the path is known, and the measurements that had to be left out, with why."""

    links: pd.DataFrame
    left_out: tuple[Fault, ...]


def received_dbm(
    level_dbm: npt.ArrayLike, quantity: npt.ArrayLike, snr_db: npt.ArrayLike
) -> Floats:
    """
    Return the power of the signal alone.

    Parameters
    ----------
    level_dbm
        Levels as measured, shape (n,) [dBm].
    quantity
        What they are, shape (n,): RSRP, RSCP, RxLev, or RSSI, which holds noise too.
    snr_db
        Ratio of signal to noise, shape (n,), NaN where it was not measured [dB].

    Returns
    -------
    signal_dbm
        RSSI with a ratio becomes RSSI + SNR - 10 log10(1 + 10^(SNR/10)), the others stay [dBm].
    """
    level = np.asarray(level_dbm, dtype=np.float64)
    snr = np.asarray(snr_db, dtype=np.float64)
    is_sum = (np.asarray(quantity, dtype=object) == "RSSI") & np.isfinite(snr)
    signal = level + snr - 10.0 * np.log10(1.0 + 10.0 ** (np.where(is_sum, snr, 0.0) / 10.0))
    return np.asarray(np.where(is_sum, signal, level))


def measured_links(
    terrain: "Terrain",
    sites: "gpd.GeoDataFrame",
    cells: pd.DataFrame,
    measurements: "gpd.GeoDataFrame",
    *,
    settings: RadioSettings | None = None,
    progress: Progress | None = None,
) -> MeasuredLinks:
    """
    Return the links of measurements, with what the engine says of their paths.

    Parameters
    ----------
    terrain
        Ground on the grid.
    sites
        Layer `sites`, on the CRS of the grid.
    cells
        Cells with every field filled (`derive_cells`).
    measurements
        Layer `measurements`, on the CRS of the grid.
    settings
        Settings of the engine; the defaults where None. Their model does not matter.
    progress
        Called with the share done.

    Returns
    -------
    links
        One row a measurement with a known path, see `calibration`; `free_dbm` is the level of the
        named cell, or of the strongest cell of the station in its technology. What was left out is
        listed: stations without cells, positions off the grid, on unknown ground, behind unknown
        ground or beyond the radius, levels far above free space.
    """
    bare = replace(settings or RadioSettings(), model="free_space", tuning=None)
    found = _Links(terrain, measurements)
    places: dict[tuple[str, str, str], list[int]] = {}
    for number, key in enumerate(_keys(measurements, cells)):
        places.setdefault(key, []).append(number)
    for number, (key, rows) in enumerate(sorted(places.items())):
        if progress is not None:
            progress(number / len(places), "")
        site_id, technology, cell_id = key
        at = np.array(rows, dtype=np.int64)
        mine = cells[(cells["site_id"] == site_id) & (cells["technology"] == technology)]
        mine = mine.loc[[cell_id]] if cell_id else mine
        if mine.empty or site_id not in sites.index:
            found.leave_out(at, f"station '{site_id}' has no such cell on air")
            continue
        found.add(at, mine, sites, bare)
    return found.result()


def _keys(measurements: pd.DataFrame, cells: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return station, technology and cell of each measurement, as far as it names them."""
    keys = []
    columns = ["site_id", "cell_id", "technology", "quantity"]
    for row in measurements.reindex(columns=columns).itertuples(index=False):
        cell_id = row.cell_id if isinstance(row.cell_id, str) and row.cell_id in cells.index else ""
        site_id = str(cells["site_id"][cell_id]) if cell_id else str(row.site_id)
        named = (
            row.technology
            if isinstance(row.technology, str)
            else OF_QUANTITY.get(str(row.quantity))
        )
        technology = str(cells["technology"][cell_id]) if cell_id else str(named or "")
        keys.append((site_id, technology, cell_id))
    return keys


class _Links:
    """Gathers links and what was left out."""

    def __init__(self, terrain: "Terrain", measurements: "gpd.GeoDataFrame") -> None:
        self.terrain = terrain
        self.measured = measurements
        self.geobox = geobox_of(terrain.ground_m)
        self.ground_m = np.ascontiguousarray(terrain.ground_m.to_numpy(), dtype=np.float32)
        x, y = measurements.geometry.x.to_numpy(), measurements.geometry.y.to_numpy()
        self.row, self.column = index_of(self.geobox, x, y)
        quantity = measurements["quantity"].fillna("").to_numpy()
        self.level_dbm = received_dbm(
            measurements["level_dbm"], quantity, measurements["snr_db"].astype("float64")
        )
        self.parts: list[pd.DataFrame] = []
        self.reasons: dict[str, list[str]] = {}

    def leave_out(self, at: npt.NDArray[np.integer[Any]], why: str) -> None:
        """Note measurements that cannot be used."""
        if at.size:
            self.reasons.setdefault(why, []).extend(str(i) for i in self.measured.index[at])

    def add(
        self,
        at: npt.NDArray[np.integer[Any]],
        cells: pd.DataFrame,
        sites: "gpd.GeoDataFrame",
        settings: RadioSettings,
    ) -> None:
        """Add the links to the cells of one station."""
        rows, columns = self.ground_m.shape
        inside = (self.row[at] >= 0) & (self.row[at] < rows)
        inside &= (self.column[at] >= 0) & (self.column[at] < columns)
        self.leave_out(at[~inside], "the position lies off the plan's ground")
        at = at[inside]
        on_air = cells_on_air(sites, cells, None)
        network = network_of(on_air, sites, self.geobox, self.ground_m, by_site=True)
        if not network.row.size:
            self.leave_out(at, "the station stands off the plan's ground or on unknown ground")
            return
        free_dbm, band = self._free_dbm(network, at, settings)
        diffraction_db, distance_m, over_m = self._paths(network, at, band, settings)
        known = np.isfinite(free_dbm) & np.isfinite(diffraction_db)
        self.leave_out(at[~known], "the path crosses unknown ground or is longer than the radius")
        loud = known & (self.level_dbm[at] > free_dbm + ABOVE_FREE_SPACE_DB)
        self.leave_out(
            at[loud], f"the level is over {ABOVE_FREE_SPACE_DB:g} dB above that of free space"
        )
        good = known & ~loud
        kept = at[good]
        cover = self.terrain.landcover
        classes = np.full(kept.size, "", dtype=object)
        if cover is not None:
            numbers = cover.to_numpy()[self.row[kept], self.column[kept]].astype(np.float64)
            classes[:] = [f"{n:g}" if math.isfinite(n) and n else "" for n in numbers]
        measured = self.measured.iloc[kept]
        self.parts.append(
            pd.DataFrame(
                {
                    "site_id": str(cells["site_id"].iloc[0]),
                    "e_m": measured.geometry.x.to_numpy(),
                    "n_m": measured.geometry.y.to_numpy(),
                    "level_dbm": self.level_dbm[kept],
                    "censored": measured["below_floor"].fillna(value=False).to_numpy(dtype=bool),
                    "free_dbm": free_dbm[good],
                    "distance_m": distance_m[good],
                    "diffraction_db": diffraction_db[good],
                    "height_over_m": over_m[good],
                    "freq_mhz": network.freq_mhz[band[good]],
                    "clutter": classes,
                },
                index=measured.index,
            )
        )

    def _free_dbm(
        self, network: Network, at: npt.NDArray[np.integer[Any]], settings: RadioSettings
    ) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Return the strongest level that free space would give, and the carrier of its cell."""
        from infraplan.radio.area import cell_levels_dbm

        levels = np.stack(
            [
                cell_levels_dbm(
                    self.ground_m, network, number, (self.row[at], self.column[at]), settings,
                    float(self.geobox.resolution.x),
                )
                for number in range(len(network.cells))
            ]
        )  # fmt: skip
        best = np.argmax(np.where(np.isfinite(levels), levels, -np.inf), axis=0)
        return levels[best, np.arange(at.size)], network.cell_band[best]

    def _paths(
        self,
        network: Network,
        at: npt.NDArray[np.integer[Any]],
        band: npt.NDArray[np.int64],
        settings: RadioSettings,
    ) -> tuple[Floats, Floats, Floats]:
        """Return diffraction, distance and the height of the station's antenna over the others."""
        cell_m = float(self.geobox.resolution.x)
        table = ray_table(settings.radius_m, cell_m, rays=settings.rays)
        stage = LossStage(
            ground_m=self.ground_m, table=table, settings=replace(settings, model="p1812")
        )
        row, column = int(network.row[0]), int(network.column[0])
        height_m = float(network.height_m[0])
        place = {
            (int(r), int(c)): n
            for n, (r, c) in enumerate(zip(table.offset_row, table.offset_column, strict=True))
        }
        diffraction_db = np.full(at.size, np.nan)
        for number in np.unique(band):
            losses = stage.at(
                row, column, height_m=height_m, freq_mhz=float(network.freq_mhz[number])
            )
            for i in np.flatnonzero(band == number):
                offset = place.get((int(self.row[at[i]]) - row, int(self.column[at[i]]) - column))
                if offset is not None:
                    diffraction_db[i] = losses[table.slot[offset]]
        away = np.hypot(self.row[at] - row, self.column[at] - column)
        flat_m = np.maximum(away, 0.5) * cell_m
        ground_m = self.ground_m[self.row[at], self.column[at]].astype(np.float64)
        over_m = float(self.ground_m[row, column]) + height_m - ground_m - settings.rx_height_m
        return diffraction_db, np.hypot(flat_m, over_m), over_m

    def result(self) -> MeasuredLinks:
        """Return the links in the order of the measurements."""
        empty = pd.DataFrame(columns=list(LINK_COLUMNS))
        links = pd.concat(self.parts) if self.parts else empty
        order = self.measured.index[self.measured.index.isin(links.index)]
        left_out = [
            Fault(
                what=f"left out: {why}",
                rows=tuple(rows),
                remedy="correct the rows, or leave them out of the list",
            )
            for why, rows in sorted(self.reasons.items())
        ]
        return MeasuredLinks(links=links.loc[order], left_out=tuple(left_out))
