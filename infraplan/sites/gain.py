"""Who gains what from a station that does not stand yet."""

from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.layers.grid import same_grid
from infraplan.layers.terrain import SEA
from infraplan.radio.results import ANY

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr
    from odc.geo.geobox import GeoBox

    from infraplan.layers.terrain import Terrain
    from infraplan.radio.cells import CellDefaults
    from infraplan.radio.results import Coverage
    from infraplan.radio.results import SiteSignal
    from infraplan.radio.settings import RadioSettings

__all__ = ["MODEL_ERROR_DB", "Gain", "Ground", "station_cells", "station_signals"]

# Range of a gain: the new station's signal wrong by this much either way, the present one taken as
# predicted. It is near the mean error of an uncalibrated model; errors of the people are not in it.
MODEL_ERROR_DB = 3.0
EVERYWHERE = (slice(None), slice(None))


@dataclass(frozen=True, slots=True, eq=False)
class Gain:
    """
    What a station gives, of one technology, compared with what an operator (or any) has today.

    `cells` are the grid cells newly covered (flat indices) with their `cell_people`, the other
    fields people but for `area_km2`. `served` are all people in reach, `overlap` those of them
    covered already, `upgraded` those whose signal class rises, `relieved` those who get a stronger
    signal than the present best server's. NaN where the present coverage is not known.
    """

    cells: npt.NDArray[np.int64]
    cell_people: npt.NDArray[np.float64]
    people: float
    low: float
    high: float
    area_km2: float
    served: float
    overlap: float
    upgraded: float
    relieved: float

    @property
    def overlap_share(self) -> float:
        """Return the share of the people in reach who are covered already, NaN where none are."""
        return self.overlap / self.served if self.served > 0 else float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """People, present coverage and thresholds on one grid."""

    geobox: "GeoBox"
    people: npt.NDArray[np.float64]
    on_land: npt.NDArray[np.bool_]
    coverage: "Coverage"
    on_air: frozenset[tuple[str, str]]

    @classmethod
    def of(
        cls,
        people: "xr.DataArray",
        coverage: "Coverage",
        terrain: "Terrain",
        on_air: Iterable[tuple[str, str]],
    ) -> "Ground":
        """
        Return people, coverage and terrain after checking that they lie on one grid.

        Parameters
        ----------
        people
            Persons in each grid cell.
        coverage
            Present coverage.
        terrain
            Ground.
        on_air
            Technology and operator of every station that stands.

        Returns
        -------
        ground
            What gains are computed on.

        Raises
        ------
        GridMismatchError
            If the rasters lie on different grids.
        """
        first = next(iter(coverage.maps.values()))
        geobox = same_grid(people, first, terrain.ground_m)
        return cls(
            geobox=geobox,
            people=np.nan_to_num(people.to_numpy().astype(np.float64)),
            on_land=terrain.zone.to_numpy() != SEA,
            coverage=coverage,
            on_air=frozenset(on_air),
        )

    @property
    def cell_km2(self) -> float:
        """Return the area of a grid cell."""
        return abs(float(self.geobox.resolution.x) * float(self.geobox.resolution.y)) / 1e6

    def needed_dbm(self, technology: str) -> float:
        """
        Return the mean signal at which the probability of service reaches that of `covered`.

        Parameters
        ----------
        technology
            Technology.

        Returns
        -------
        signal_dbm
            Service threshold plus the shadowing margin [dBm].
        """
        from infraplan.radio.link import service_margin_db

        profile = self.coverage.profile
        margin_db = service_margin_db(profile.p_cov, profile.sigma_db)
        return profile.technologies[technology].service_dbm + margin_db

    def uncovered(
        self, technology: str, operator: str, window: tuple[slice, slice] = EVERYWHERE
    ) -> npt.NDArray[np.bool_] | None:
        """
        Return where there is known to be no service.

        Parameters
        ----------
        technology
            Technology.
        operator
            Operator, or `"any"`.
        window
            Rows and columns wanted.

        Returns
        -------
        uncovered
            True where there is none; None where it was not predicted.
        """
        if (technology, operator) in self.coverage.maps:
            probability = self.coverage.bands(technology, operator)["probability"].to_numpy()[
                window
            ]
            return np.asarray(probability < np.float32(self.coverage.profile.p_cov))
        return (
            None
            if self._is_on_air(technology, operator)
            else np.ones(self.people[window].shape, bool)
        )

    def gain(self, signal: "SiteSignal", operator: str) -> Gain:
        """
        Return what a station adds to the coverage of an operator.

        Parameters
        ----------
        signal
            Signal of the station, one technology.
        operator
            Operator whose present coverage it is compared with, or `"any"`.

        Returns
        -------
        gain
            People and area gained, NaN where the present coverage was not predicted.
        """
        window = (signal.rows, signal.columns)
        uncovered = self.uncovered(signal.technology, operator, window)
        people = self.people[window]
        reached = signal.signal_dbm >= self.needed_dbm(signal.technology)
        served = float(people[reached].sum())
        if uncovered is None:
            nan = float("nan")
            none = np.zeros(0, dtype=np.int64)
            return Gain(none, none.astype(np.float64), nan, nan, nan, nan, served, nan, nan, nan)
        present, unknown = self._present_dbm(signal.technology, operator, window)
        new = reached & uncovered
        needed = self.needed_dbm(signal.technology)
        low = (signal.signal_dbm - MODEL_ERROR_DB >= needed) & uncovered
        high = (signal.signal_dbm + MODEL_ERROR_DB >= needed) & (uncovered | unknown)
        old = reached & ~uncovered & ~unknown
        stronger = old & (signal.signal_dbm > present)
        risen = stronger & (self._class(signal) > self._class(signal, present))
        row, column = np.nonzero(new)
        flat = (row + signal.rows.start) * self.people.shape[1] + column + signal.columns.start
        return Gain(
            cells=flat.astype(np.int64),
            cell_people=people[new],
            people=float(people[new].sum()),
            low=float(people[low].sum()),
            high=float(people[high].sum()),
            area_km2=float((new & self.on_land[window]).sum()) * self.cell_km2,
            served=served,
            overlap=float(people[old].sum()),
            upgraded=float(people[risen].sum()),
            relieved=float(people[stronger].sum()),
        )

    def _is_on_air(self, technology: str, operator: str) -> bool:
        """Return whether a station of the operator (of any) sends the technology."""
        return any(t == technology and operator in (ANY, o) for t, o in self.on_air)

    def _present_dbm(
        self, technology: str, operator: str, window: tuple[slice, slice]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Return the present best signal in a window, and where it is unknown."""
        if (technology, operator) not in self.coverage.maps:
            shape = self.people[window].shape
            return np.full(shape, -np.inf, dtype=np.float32), np.zeros(shape, dtype=np.bool_)
        bands = self.coverage.bands(technology, operator)
        unknown = np.isnan(bands["probability"].to_numpy()[window])
        return bands["signal_dbm"].to_numpy()[window], unknown

    def _class(
        self, signal: "SiteSignal", level_dbm: npt.NDArray[np.float32] | None = None
    ) -> npt.NDArray[np.int64]:
        """Return the signal class, 0 none to 3 good, of a station or of other levels."""
        limits = self.coverage.profile.technologies[signal.technology]
        steps = [limits.weak_dbm, limits.acceptable_dbm, limits.good_dbm]
        level = signal.signal_dbm if level_dbm is None else level_dbm
        return np.asarray(np.digitize(np.nan_to_num(level, nan=-np.inf), steps), dtype=np.int64)


def station_cells(
    stations: "gpd.GeoDataFrame", cells: pd.DataFrame, defaults: "CellDefaults"
) -> pd.DataFrame:
    """
    Return the cells of stations that do not stand yet, derived where nothing is said of them.

    Parameters
    ----------
    stations
        Stations as of layer `sites`.
    cells
        Known cells; those of these stations are kept.
    defaults
        What missing cells and fields are derived from.

    Returns
    -------
    cells
        Table as of layer `cells`.
    """
    from infraplan.radio.cells import derive_cells

    known = cells[cells["site_id"].isin(stations.index)]
    return pd.DataFrame(derive_cells(stations, known, defaults))


def station_signals(
    terrain: "Terrain",
    stations: "gpd.GeoDataFrame",
    cells: pd.DataFrame,
    *,
    settings: "RadioSettings",
    technologies: Iterable[str] | None = None,
) -> "Iterator[SiteSignal]":
    """
    Yield the signal of each station and technology, in the order of the engine.

    Parameters
    ----------
    terrain
        Ground.
    stations
        Stations as of layer `sites`.
    cells
        Their cells.
    settings
        Settings of the area engine, those of the present coverage.
    technologies
        Technologies wanted; all that the cells have where None.

    Yields
    ------
    signal
        Signal of one station and technology.
    """
    from infraplan.radio.area import site_signals

    if len(stations):
        wanted = None if technologies is None else list(technologies)
        yield from site_signals(terrain, stations, cells, settings=settings, technologies=wanted)
