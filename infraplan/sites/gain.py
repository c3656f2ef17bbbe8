"""Who gains what from a station that does not stand yet."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.layers.grid import same_grid
from infraplan.layers.terrain import SEA
from infraplan.progress import Progress
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

__all__ = [
    "MODEL_ERROR_DB",
    "Gain",
    "Ground",
    "Present",
    "entry_losses_db",
    "station_cells",
    "station_signals",
]

# Range of a gain: the new station's signal wrong by this much either way, the present one taken as
# predicted. It is near the mean error of an uncalibrated model; errors of the people are not in it.
MODEL_ERROR_DB = 3.0
EVERYWHERE = (slice(None), slice(None))
BUILDING = "traditional"  # of P.2109: brick and tile, most houses of the province
WINDOWS_HELD = 12  # of present coverage: what the stations of one request are compared with
NEXT_TO_NOBODY = 0.01  # share of the people in reach below which a gain is not compared
NAN = float("nan")

Flags = npt.NDArray[np.bool_]
Single = npt.NDArray[np.float32]


def _no_cells() -> npt.NDArray[np.int64]:
    """Return no cells."""
    return np.zeros(0, dtype=np.int64)


def _no_people() -> npt.NDArray[np.float64]:
    """Return nobody."""
    return np.zeros(0, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Gain:
    """
    What a station gives, of one technology, compared with what an operator (or any) has today.

    `cells` are the grid cells newly covered (flat indices) with their `cell_people`,
    `relieved_cells` and `relieved_people` those of the people relieved, the other
    fields people but for `area_km2`. `served` are all people in reach, `overlap` those of them
    covered already, `upgraded` those whose signal class rises, `relieved` those who get a stronger
    signal than the present best server's, `indoor` those who have service outdoors only and get it
    indoors. Low and high take the station's signal 3 dB weaker and stronger. `neighbours` are the
    stations that lose people to it, the most first. NaN where the present coverage is not known.
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
    upgraded_low: float = NAN
    upgraded_high: float = NAN
    relieved_low: float = NAN
    relieved_high: float = NAN
    indoor: float = NAN
    indoor_low: float = NAN
    indoor_high: float = NAN
    neighbours: tuple[tuple[str, float], ...] = ()
    relieved_cells: npt.NDArray[np.int64] = field(default_factory=_no_cells)
    relieved_people: npt.NDArray[np.float64] = field(default_factory=_no_people)

    @property
    def overlap_share(self) -> float:
        """Return the share of the people in reach who are covered already, NaN where none are."""
        return self.overlap / self.served if self.served > 0 else float("nan")

    def share_of(self, other: "Gain") -> float:
        """
        Return what another station gives of what this one gives.

        Parameters
        ----------
        other
            What the other gives, to the same operator.

        Returns
        -------
        share
            Of the people newly covered; of those relieved, or in reach, where there are next to
            none of the former.
        """
        for name in ("people", "relieved", "served"):
            # a gain of next to nobody is not what a capacity request is about
            if (wanted := getattr(self, name)) >= max(1.0, NEXT_TO_NOBODY * self.served):
                return float(getattr(other, name) / wanted)
        return 0.0

    def replaced_by(self, other: "Gain") -> float:
        """
        Return for how many of those whom this station helps another one does the same.

        Other people, elsewhere, do not count: they are not those that the station is asked for.

        Parameters
        ----------
        other
            What the other gives, to the same operator.

        Returns
        -------
        share
            Share of the people newly covered, [0, 1]; of those relieved, or in reach, where there
            are next to none of the former. At most `share_of` where the cells are not known.
        """
        least = max(1.0, NEXT_TO_NOBODY * self.served)
        for people, cells, of_cells, others in (
            (self.people, self.cells, self.cell_people, other.cells),
            (self.relieved, self.relieved_cells, self.relieved_people, other.relieved_cells),
        ):
            if people >= least and cells.size:
                return float(of_cells[np.isin(cells, others)].sum() / of_cells.sum())
        return min(self.share_of(other), 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Present:
    """
    What an operator (or any) has today in a window: arrays of its shape.

    `best_cell` counts rows of the coverage's table of cells, -1 where there is no server.
    """

    signal_dbm: Single
    uncovered: Flags
    unknown: Flags
    best_cell: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """
    People, present coverage and thresholds on one grid.

    `entry_db` is what a wall takes off the signal of each technology, see `entry_losses_db`.
    """

    geobox: "GeoBox"
    people: npt.NDArray[np.float64]
    on_land: npt.NDArray[np.bool_]
    coverage: "Coverage"
    on_air: frozenset[tuple[str, str]]
    entry_db: Mapping[str, float] = field(default_factory=dict)
    _held: dict[object, Present | None] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        people: "xr.DataArray",
        coverage: "Coverage",
        terrain: "Terrain",
        on_air: Iterable[tuple[str, str]],
        *,
        entry_db: Mapping[str, float] | None = None,
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
        entry_db
            Loss into a building by technology, >= 0; service indoors is not told where absent [dB].

        Returns
        -------
        ground
            What gains are computed on.

        Raises
        ------
        GridMismatchError
            If the rasters lie on different grids.
        """
        pair = next(iter(coverage.maps))
        first = coverage.bands(*pair, ("probability",))
        geobox = same_grid(people, first, terrain.ground_m)
        return cls(
            geobox=geobox,
            people=np.nan_to_num(people.to_numpy().astype(np.float64)),
            on_land=terrain.zone.to_numpy() != SEA,
            coverage=coverage,
            on_air=frozenset(on_air),
            entry_db=dict(entry_db or {}),
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
            bands = self.coverage.bands(technology, operator, ("probability",))
            probability = bands["probability"].to_numpy()[window]
            return np.asarray(probability < np.float32(self.coverage.profile.p_cov))
        return (
            None
            if self._is_on_air(technology, operator)
            else np.ones(self.people[window].shape, bool)
        )

    def present(
        self, technology: str, operator: str, rows: slice, columns: slice
    ) -> Present | None:
        """
        Return what an operator has today in a window.

        Parameters
        ----------
        technology
            Technology.
        operator
            Operator, or `"any"`.
        rows
            Rows of the grid.
        columns
            Columns of the grid.

        Returns
        -------
        present
            Nothing anywhere where no station sends it; None where it was not predicted.
        """
        key = (technology, operator, rows.start, rows.stop, columns.start, columns.stop)
        if key in self._held:
            self._held[key] = self._held.pop(key)  # used last, it goes last
            return self._held[key]
        found = self._read(technology, operator, rows, columns)
        self._held[key] = found
        while len(self._held) > WINDOWS_HELD:
            del self._held[next(iter(self._held))]
        return found

    def _read(self, technology: str, operator: str, rows: slice, columns: slice) -> Present | None:
        """Return what an operator has today in a window, from the coverage."""
        shape = self.people[rows, columns].shape
        if (technology, operator) not in self.coverage.maps:
            if self._is_on_air(technology, operator):
                return None
            return Present(
                signal_dbm=np.full(shape, -np.inf, dtype=np.float32),
                uncovered=np.ones(shape, dtype=np.bool_),
                unknown=np.zeros(shape, dtype=np.bool_),
                best_cell=np.full(shape, -1, dtype=np.int64),
            )
        names = ("signal_dbm", "probability", "best_cell")
        bands = self.coverage.window(technology, operator, (rows, columns), names)
        best = bands.get("best_cell", np.full(shape, -1.0, dtype=np.float32))
        return Present(
            signal_dbm=bands["signal_dbm"],
            uncovered=bands["probability"] < np.float32(self.coverage.profile.p_cov),
            unknown=np.isnan(bands["probability"]),
            best_cell=np.nan_to_num(best, nan=-1.0).astype(np.int64),
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
        present = self.present(signal.technology, operator, *window)
        people = self.people[window]
        level = signal.signal_dbm
        needed = self.needed_dbm(signal.technology)
        reached = level >= needed
        served = float(people[reached].sum())
        if present is None:
            none = np.zeros(0, dtype=np.int64)
            return Gain(none, none.astype(np.float64), NAN, NAN, NAN, NAN, served, NAN, NAN, NAN)
        # nothing is gained where not even the stronger signal is received: half of the window
        row, column = np.nonzero((level + MODEL_ERROR_DB >= needed) & (people > 0))
        place = (row, column)
        here, level = people[place], level[place]
        uncovered, unknown = present.uncovered[place], present.unknown[place]
        before = present.signal_dbm[place]
        known = ~uncovered & ~unknown
        of_error: dict[str, list[float]] = {}
        flags: dict[str, Flags] = {}
        for error_db in (0.0, -MODEL_ERROR_DB, MODEL_ERROR_DB):
            raised = level + np.float32(error_db)
            found = self._found(signal.technology, raised, before, uncovered, known)
            if error_db > 0.0:
                found["people"] |= (raised >= needed) & unknown
            for name, where in found.items():
                of_error.setdefault(name, []).append(float(here[where].sum()))
                flags.setdefault(name, where)
        if signal.technology not in self.entry_db:
            of_error["indoor"] = [NAN, NAN, NAN]
        new, eased = flags["people"], flags["relieved"]
        flat = (row + signal.rows.start) * self.people.shape[1] + column + signal.columns.start
        area = reached & present.uncovered & self.on_land[window]
        return Gain(
            cells=flat[new].astype(np.int64),
            cell_people=here[new],
            people=of_error["people"][0],
            low=of_error["people"][1],
            high=of_error["people"][2],
            area_km2=float(area.sum()) * self.cell_km2,
            served=served,
            overlap=float(here[(level >= needed) & known].sum()),
            upgraded=of_error["upgraded"][0],
            relieved=of_error["relieved"][0],
            upgraded_low=of_error["upgraded"][1],
            upgraded_high=of_error["upgraded"][2],
            relieved_low=of_error["relieved"][1],
            relieved_high=of_error["relieved"][2],
            indoor=of_error["indoor"][0],
            indoor_low=of_error["indoor"][1],
            indoor_high=of_error["indoor"][2],
            neighbours=self._neighbours(
                signal, present.best_cell[place], np.where(eased, here, 0.0)
            ),
            relieved_cells=flat[eased].astype(np.int64),
            relieved_people=here[eased],
        )

    def _found(
        self, technology: str, level: Single, before: Single, uncovered: Flags, known: Flags
    ) -> dict[str, Flags]:
        """Return where people are newly covered, relieved, raised by a class, served indoors."""
        needed = self.needed_dbm(technology)
        reached = level >= needed
        stronger = reached & known & (level > before)
        indoors = needed + self.entry_db.get(technology, 0.0)
        return {
            "people": reached & uncovered,
            "relieved": stronger,
            "upgraded": stronger
            & (self.classes(technology, level) > self.classes(technology, before)),
            "indoor": stronger & (level >= indoors) & (before < indoors),
        }

    def _neighbours(
        self,
        signal: "SiteSignal",
        best_cell: npt.NDArray[np.int64],
        people: npt.NDArray[np.float64],
    ) -> tuple[tuple[str, float], ...]:
        """Return the stations whose people get a stronger server, with how many they are."""
        cells = self.coverage.cells.get(signal.technology)
        if cells is None or "site_id" not in cells:
            return ()
        there = (best_cell >= 0) & (best_cell < len(cells)) & (people > 0)
        counts = np.bincount(best_cell[there], people[there], minlength=len(cells))
        lost = pd.Series(counts).groupby(cells["site_id"].astype(str).to_numpy()).sum()
        lost = lost[(lost > 0) & (lost.index != signal.site_id)]
        told = [(str(site_id), float(people)) for site_id, people in lost.items()]
        return tuple(sorted(told, key=lambda entry: (-entry[1], entry[0])))

    def _is_on_air(self, technology: str, operator: str) -> bool:
        """Return whether a station of the operator (of any) sends the technology."""
        return any(t == technology and operator in (ANY, o) for t, o in self.on_air)

    def classes(self, technology: str, level_dbm: Single) -> npt.NDArray[np.int64]:
        """
        Return the classes of levels.

        Parameters
        ----------
        technology
            Technology.
        level_dbm
            Levels, any shape, NaN where unknown [dBm].

        Returns
        -------
        classes
            0 none (or unknown), 1 weak, 2 acceptable, 3 good.
        """
        limits = self.coverage.profile.technologies[technology]
        steps = [limits.weak_dbm, limits.acceptable_dbm, limits.good_dbm]
        level = np.nan_to_num(level_dbm, nan=-np.inf)
        return np.asarray(np.digitize(level, steps), dtype=np.int64)


def entry_losses_db(defaults: "CellDefaults") -> dict[str, float]:
    """
    Return what a wall takes off the signal of each technology.

    Parameters
    ----------
    defaults
        What is assumed of cells: the usual carrier of each technology.

    Returns
    -------
    entry_db
        Loss by technology, not exceeded in half of the buildings [dB].

    Notes
    -----
    Service indoors: the mean level outdoors, less this loss, reaches the service threshold with the
    same probability as outdoors. The spread of the loss from house to house is not added.

    Source: ITU-R P.2109-2, section 3, traditional building, path along the horizon.
    """
    from infraplan.radio.clutter import p2109_entry_loss_db

    return {
        name: float(p2109_entry_loss_db(entry.freq_mhz, 0.5, building=BUILDING))
        for name, entry in defaults.technologies.items()
    }


def station_cells(
    stations: "gpd.GeoDataFrame", cells: pd.DataFrame, defaults: "CellDefaults"
) -> pd.DataFrame:
    """
    Return the cells of stations that do not stand yet, derived where nothing is said of them.

    Parameters
    ----------
    stations
        Stations as of layer `sites`; a column `azimuths` (0/120/240) gives directions to the
        technologies without a known cell.
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
    from infraplan.radio.cells import with_sectors

    known = cells[cells["site_id"].isin(stations.index)]
    known = with_sectors(stations, known)
    return pd.DataFrame(derive_cells(stations, known, defaults))


def station_signals(
    terrain: "Terrain",
    stations: "gpd.GeoDataFrame",
    cells: pd.DataFrame,
    *,
    settings: "RadioSettings",
    technologies: Iterable[str] | None = None,
    progress: Progress | None = None,
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
    progress
        Called with the share done.

    Yields
    ------
    signal
        Signal of one station and technology.
    """
    from infraplan.radio.area import site_signals

    if len(stations):
        wanted = None if technologies is None else list(technologies)
        yield from site_signals(
            terrain, stations, cells, settings=settings, technologies=wanted, progress=progress
        )
