"""
Levels of chosen cells at chosen places, by the models of the area engine on the exact path.

The engine lays rays that all cells of a grid share; here each path has its own profile, as with
`rays="cell"`. It is for questions about single places: why there is no signal, what would bring it.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import index_of
from infraplan.radio.antennas import is_omni
from infraplan.radio.antennas import patterns_of
from infraplan.radio.area import surroundings_db
from infraplan.radio.diffraction import effective_earth_radius_km
from infraplan.radio.link import reference_eirp_dbm
from infraplan.radio.network import FREQ_RANGE_MHZ
from infraplan.radio.network import grid_azimuth
from infraplan.radio.reduction import CellColumns
from infraplan.radio.reduction import cell_columns

if TYPE_CHECKING:
    import geopandas as gpd
    from odc.geo.geobox import GeoBox

    from infraplan.layers.terrain import Terrain
    from infraplan.radio.settings import RadioSettings

__all__ = ["LinkGround", "Links", "Senders", "planned_senders", "senders_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Senders:
    """
    Cells on the grid: `cells` with one row each, their `row` and `column`, and what kernels take.

    As in the area engine a cell stands in the middle of its grid cell.
    """

    cells: pd.DataFrame
    row: Ints
    column: Ints
    height_m: Floats
    freq_mhz: Floats
    columns: CellColumns


def senders_of(
    cells: pd.DataFrame, sites: "gpd.GeoDataFrame", geobox: "GeoBox", settings: "RadioSettings"
) -> Senders:
    """
    Return cells on air as links take them, by station.

    Parameters
    ----------
    cells
        Cells with every field filled (`derive_cells`).
    sites
        Layer `sites`, with the station of every cell, on the CRS of the grid.
    geobox
        The grid.
    settings
        Settings of the engine.

    Returns
    -------
    senders
        Cells in the order of stations and ids; those off the grid or out of the models' range of
        frequency are left out.
    """
    table = cells.rename_axis("cell_id").reset_index()
    table = table.sort_values(["site_id", "cell_id"], kind="stable").reset_index(drop=True)
    place = sites.geometry.loc[table["site_id"]]
    return _senders(
        table.assign(azimuth_grid_deg=grid_azimuth(table, place, sites.crs)),
        (place.x.to_numpy(), place.y.to_numpy()),
        geobox,
        settings,
    )


def planned_senders(
    cells: pd.DataFrame,
    at_m: tuple[Floats, Floats],
    bearing_deg: Floats,
    geobox: "GeoBox",
    settings: "RadioSettings",
) -> Senders:
    """
    Return cells that do not stand yet as links take them.

    Parameters
    ----------
    cells
        Cells with every field filled but the azimuth.
    at_m
        Eastings and northings of the cells [m].
    bearing_deg
        Main directions from the grid's north, NaN for sectors all round at an unknown turn [deg].
    geobox
        The grid.
    settings
        Settings of the engine.

    Returns
    -------
    senders
        Cells in the order given; those off the grid or out of the models' range are left out.
    """
    antennas = zip(cells["antenna"], patterns_of(cells), strict=True)
    turns = np.array([not is_omni(name, pattern) for name, pattern in antennas], dtype=bool)
    table = cells.assign(azimuth_grid_deg=np.where(turns, bearing_deg, np.nan))
    return _senders(table, at_m, geobox, settings)


def _senders(
    table: pd.DataFrame,
    at_m: tuple[Floats, Floats],
    geobox: "GeoBox",
    settings: "RadioSettings",
) -> Senders:
    """Return the cells that the models can follow."""
    row, column = index_of(geobox, *at_m)
    kept = (row >= 0) & (row < geobox.shape[0]) & (column >= 0) & (column < geobox.shape[1])
    kept &= table["freq_mhz"].between(*FREQ_RANGE_MHZ).to_numpy()
    found = table.assign(eirp_dbm=reference_eirp_dbm(table))[kept]
    return Senders(
        cells=found.reset_index(drop=True),
        row=row[kept],
        column=column[kept],
        height_m=found["height_m"].to_numpy(dtype=np.float64),
        freq_mhz=found["freq_mhz"].to_numpy(dtype=np.float64),
        columns=cell_columns(found, settings),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """
    Levels at the ends of paths, one value a path.

    `level_dbm` is over the terrain, NaN where a height is unknown, and `smooth_dbm` over smooth
    ground of one height, both beyond the radius of the settings too. `edge_x_m`, `edge_y_m` and
    `edge_height_m` (above sea level) are those of the main obstruction, NaN where there is none.
    """

    level_dbm: Floats
    smooth_dbm: Floats
    edge_x_m: Floats
    edge_y_m: Floats
    edge_height_m: Floats


@dataclass(frozen=True, slots=True, eq=False)
class LinkGround:
    """Ground as links cross it: heights, what surroundings take off [dB], grid and settings."""

    geobox: "GeoBox"
    ground_m: npt.NDArray[np.float32]
    around_db: npt.NDArray[np.float32]
    settings: "RadioSettings"

    @classmethod
    def of(cls, terrain: "Terrain", settings: "RadioSettings") -> "LinkGround":
        """
        Return the ground of a terrain.

        Parameters
        ----------
        terrain
            Ground heights, NaN where unknown.
        settings
            Settings of the engine.

        Returns
        -------
        ground
            What the kernels take.
        """
        return cls(
            geobox=geobox_of(terrain.ground_m),
            ground_m=np.ascontiguousarray(terrain.ground_m.to_numpy(), dtype=np.float32),
            around_db=surroundings_db(terrain, settings),
            settings=settings,
        )

    @property
    def cell_m(self) -> float:
        """Return the side of a grid cell."""
        return float(self.geobox.resolution.x)

    def free_dbm(self, senders: Senders, number: Ints, row: Ints, column: Ints) -> Floats:
        """
        Return levels in free space over ground of one height: a bound that costs next to nothing.

        Parameters
        ----------
        senders
            Cells.
        number
            Cell of each path, counted from 0.
        row
            Row of the place of each path, on the grid.
        column
            Column of the place of each path.

        Returns
        -------
        level_dbm
            One a path, without what the surroundings take off [dBm].
        """
        drop_m = senders.height_m[number] - self.settings.rx_height_m
        none = np.zeros(number.size)
        return self._levels(senders, number, (row, column), (drop_m, none, none))

    def links(self, senders: Senders, number: Ints, row: Ints, column: Ints) -> Links:
        """
        Return the levels of cells at places.

        Parameters
        ----------
        senders
            Cells.
        number
            Cell of each path, counted from 0.
        row
            Row of the place of each path, on the grid.
        column
            Column of the place of each path.

        Returns
        -------
        links
            Levels over terrain and over smooth ground, and the main obstruction.

        Notes
        -----
        Source: as the area engine: ITU-R P.525-4, ITU-R P.1812-7, section 4.3. The main
        obstruction is the sample of the largest diffraction parameter, equation (19) there.
        """
        from infraplan.radio._kernels.links import path_losses

        size = number.size
        lost_db, smooth_db, edge = np.zeros(size), np.zeros(size), np.full((size, 3), np.nan)
        path_losses(
            self.ground_m, self.cell_m / 1000.0, senders.row[number], senders.column[number],
            senders.height_m[number], senders.freq_mhz[number] / 1000.0, row, column,
            self.settings.rx_height_m, effective_earth_radius_km(self.settings.delta_n), lost_db,
            smooth_db, edge,
        )  # fmt: skip
        if self.settings.model == "free_space":  # an unknown path is none in free space
            lost_db, smooth_db = np.zeros(size), np.zeros(size)
        around_db = np.zeros(size)
        if self.around_db.size:
            around_db = self.around_db[row, column].astype(np.float64)
        rise_m = senders.height_m[number] - self.settings.rx_height_m
        tops_m = self.ground_m[senders.row[number], senders.column[number]].astype(np.float64)
        drop_m = rise_m + tops_m - self.ground_m[row, column]
        places, affine = (row, column), self.geobox.affine
        return Links(
            level_dbm=self._levels(senders, number, places, (drop_m, lost_db, around_db)),
            smooth_dbm=self._levels(senders, number, places, (rise_m, smooth_db, around_db)),
            edge_x_m=affine.c + affine.a * (edge[:, 1] + 0.5),
            edge_y_m=affine.f + affine.e * (edge[:, 0] + 0.5),
            edge_height_m=edge[:, 2].copy(),
        )

    def profile(
        self, senders: Senders, number: int, row: int, column: int
    ) -> tuple[Floats, Floats]:
        """
        Return the ground between a cell and a place, at the samples that `links` takes.

        Parameters
        ----------
        senders
            Cells.
        number
            The cell, counted from 0.
        row
            Row of the place, on the grid.
        column
            Column of the place.

        Returns
        -------
        at_m
            Distances of the samples from the cell, one in every width of a grid cell [m].
        height_m
            Their heights above sea level, NaN where unknown [m].
        """
        from infraplan.radio._kernels.rays import height_at

        from_row, from_column = float(senders.row[number]), float(senders.column[number])
        away = math.hypot(row - from_row, column - from_column)
        count = max(math.ceil(away), 1)
        share = np.arange(count + 1) / count
        rows = from_row + share * (row - from_row)
        columns = from_column + share * (column - from_column)
        places = zip(rows, columns, strict=True)
        height_m = np.array([height_at(self.ground_m, *place) for place in places])
        return share * max(away, 0.5) * self.cell_m, height_m

    def _levels(
        self,
        senders: Senders,
        number: Ints,
        places: tuple[Ints, Ints],
        terms: tuple[Floats, Floats, Floats],
    ) -> Floats:
        """Return levels from the antennas' heights over the places and the losses of the paths."""
        from infraplan.radio._kernels.links import path_levels

        one = senders.columns
        drop_m, lost_db, around_db = (
            np.ascontiguousarray(term, dtype=np.float64) for term in terms
        )
        right = (places[1] - senders.column[number]).astype(np.float64)
        down = (places[0] - senders.row[number]).astype(np.float64)
        flat_m = np.maximum(np.hypot(right, down), 0.5) * self.cell_m
        level_dbm = np.empty(number.size)
        path_levels(
            number, np.degrees(np.arctan2(right, -down)), flat_m, drop_m, lost_db, around_db,
            one.constant_dbm, one.azimuth_deg, one.mechanical_deg, one.electrical_deg, one.shape,
            one.cuts, one.pattern, one.model, level_dbm,
        )  # fmt: skip
        return level_dbm
