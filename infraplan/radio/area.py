"""
The area engine: from stations and terrain to the bands of coverage.

Two pure stages. First the diffraction loss around one mast position, height and set of carriers, on
rays that sectors, carriers and technologies share. Then the reduction: levels of all cells, mast by
mast in the order of their ids, to the strongest servers of each grid cell. Masts are taken to the
middle of their grid cell (at most 0.71 cells away).
"""

from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import ModelRangeError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import index_of
from infraplan.layers.grid import wrap
from infraplan.progress import Progress
from infraplan.progress import silent
from infraplan.radio.antennas import antenna
from infraplan.radio.diffraction import effective_earth_radius_km
from infraplan.radio.link import noise_dbm
from infraplan.radio.link import reference_eirp_dbm
from infraplan.radio.link import service_margin_db
from infraplan.radio.link import subcarrier_spacing_khz
from infraplan.radio.rays import RayTable
from infraplan.radio.rays import ray_table
from infraplan.radio.results import ANY
from infraplan.radio.results import NOTHING_RECEIVED_DBM
from infraplan.radio.results import Coverage
from infraplan.radio.results import SiteSignal
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr
    from odc.geo.geobox import GeoBox

    from infraplan.layers.terrain import Terrain

__all__ = ["predict", "service_probability", "site_loss_db", "site_signals"]

Floats = npt.NDArray[np.float64]
SERVERS_KEPT = 6  # strongest masts kept of each operator; the count of servers saturates there
BATCH_BYTES = 200_000_000  # of losses held at a time
FREQ_RANGE_MHZ = (30.0, 6000.0)  # ITU-R P.1812-7, section 1


@dataclass(frozen=True, slots=True, eq=False)
class _Masts:
    """Cells on air in the order of the kernel: by mast, then by group; and the masts themselves."""

    cells: pd.DataFrame
    row: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    height_m: Floats
    mast: npt.NDArray[np.int32]
    cell_start: npt.NDArray[np.int64]
    freq_mhz: Floats
    cell_band: npt.NDArray[np.int64]
    out_of_range: int


def predict(
    terrain: "Terrain",
    sites: "gpd.GeoDataFrame",
    cells: pd.DataFrame,
    *,
    profile: ThresholdProfile,
    settings: RadioSettings | None = None,
    technologies: Iterable[str] | None = None,
    operators: Iterable[str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Coverage:
    """
    Predict the coverage of all cells on a grid.

    Parameters
    ----------
    terrain
        Ground heights, NaN where unknown, on the grid of the result.
    sites
        Layer `sites`, on the CRS of the grid.
    cells
        Layer `cells` with every field filled (`derive_cells`).
    profile
        Thresholds of service.
    settings
        Settings of the engine; the defaults where None.
    technologies
        Technologies to predict; all of `cells` where None.
    operators
        Operators to predict, `"any"` for the best of all; every one and `any` where None.
    workers
        Threads, >= 1; as many as cores where None. The result does not depend on it.
    progress
        Called with the share done.

    Returns
    -------
    coverage
        Bands of each technology and operator.

    Raises
    ------
    SettingsError
        If a technology or operator has no cell, or the profile lacks a technology.

    Notes
    -----
    Sources: free space ITU-R P.525-4; diffraction ITU-R P.1812-7, section 4.3 (delta-Bullington,
    median refractivity); neither ducting, troposcatter nor clutter. A path over unknown terrain is
    unknown: a grid cell is NaN where no known path covers it and an unknown one could, in free
    space.
    """
    settings = settings or RadioSettings()
    show = progress or silent
    on_air = _on_air(sites, cells, technologies)
    names = sorted(set(on_air["technology"]))
    _check_profile(profile, names)
    wanted = _wanted_operators(on_air, operators)
    geobox = geobox_of(terrain.ground_m)
    masts = _masts(on_air, sites, geobox, terrain)
    groups = _groups(masts.cells, wanted)
    with _threads(workers):
        state = _reduced(terrain, geobox, masts, groups, profile, settings, show)
    maps: dict[tuple[str, str], xr.Dataset] = {}
    tables = {name: _cell_table(masts.cells, sites, name) for name in names}
    for technology in names:
        for operator in wanted:
            maps[technology, operator] = _bands(
                state, masts, groups, (technology, operator), profile, settings, geobox
            )
    show(1.0, "")
    return Coverage(
        maps=maps,
        cells=tables,
        settings=settings,
        profile=profile,
        provenance=Provenance(
            step="coverage",
            version=_version(),
            settings={**asdict(settings), "profile": profile.name},
            notes=_notes(masts, settings),
        ),
    )


def site_signals(
    terrain: "Terrain",
    sites: "gpd.GeoDataFrame",
    cells: pd.DataFrame,
    *,
    settings: RadioSettings | None = None,
    technologies: Iterable[str] | None = None,
    progress: Progress | None = None,
) -> Iterator[SiteSignal]:
    """
    Yield the signal of each station and technology, each for itself.

    Parameters
    ----------
    terrain
        Ground heights on a grid.
    sites
        Stations, on the CRS of the grid; those outside the grid or on unknown ground give nothing.
    cells
        Their cells with every field filled.
    settings
        Settings of the engine; the defaults where None.
    technologies
        Technologies wanted; all of `cells` where None.
    progress
        Called with the share done.

    Yields
    ------
    signal
        Strongest level of the station's cells in the window it can reach, by station and
        technology.
    """
    settings = settings or RadioSettings()
    on_air = _on_air(sites, cells, technologies)
    geobox = geobox_of(terrain.ground_m)
    masts = _masts(on_air, sites, geobox, terrain, by_site=True)
    table = ray_table(settings.radius_m, _resolution_m(geobox), rays=settings.rays)
    ground = terrain.ground_m.to_numpy().astype(np.float64)
    count = masts.row.size
    pending: dict[tuple[str, str], SiteSignal] = {}
    for first, losses in _losses(ground, masts, table, settings):
        for m in range(first, first + len(losses)):
            if progress is not None:
                progress(m / max(count, 1))
            for signal in _signals_of(m, losses[m - first], ground, masts, table, settings, geobox):
                key = signal.site_id, signal.technology
                if any(site_id != signal.site_id for site_id, _ in pending):
                    yield from (pending[name] for name in sorted(pending))
                    pending = {}
                pending[key] = _stronger(pending[key], signal) if key in pending else signal
    yield from (pending[name] for name in sorted(pending))


def site_loss_db(
    terrain: "xr.DataArray",
    x_m: float,
    y_m: float,
    *,
    freq_mhz: float,
    tx_height_m: float,
    rx_height_m: float = 1.5,
    radius_m: float,
    model: str = "p1812",
    clutter: "xr.DataArray | None" = None,
    rays: str = "radial",
) -> "xr.DataArray":
    """
    Return the path loss from one mast to every grid cell in reach.

    Parameters
    ----------
    terrain
        Ground heights above sea level, NaN where unknown, on a grid [m].
    x_m
        Easting of the mast in the CRS of the grid; taken to the middle of its cell [m].
    y_m
        Northing of the mast [m].
    freq_mhz
        Frequency, [30, 6 000] [MHz].
    tx_height_m
        Height of the mast's antenna above ground, > 0 [m].
    rx_height_m
        Height of the receiver above ground, > 0 [m].
    radius_m
        How far to go, > 0 [m].
    model
        `"p1812"` (free space and delta-Bullington diffraction, for now) or `"free_space"`.
    clutter
        Heights of clutter above ground; not available yet, so None.
    rays
        `"radial"` or `"cell"`, see `ray_table`.

    Returns
    -------
    path_loss_db
        Basic transmission loss on the grid of the terrain, NaN where unknown and beyond the radius;
        the attribute `model` says what it is made of [dB].

    Raises
    ------
    ModelRangeError
        If the frequency or a height is out of range, or the mast stands on unknown ground.
    SettingsError
        If the model or the way of laying rays is unknown, or clutter is given.

    Notes
    -----
    Source: ITU-R P.525-4 (3); ITU-R P.1812-7, section 4.3.
    """
    if clutter is not None:
        msg = "clutter along the path is not available yet; leave it out"
        raise SettingsError(msg)
    if not FREQ_RANGE_MHZ[0] <= freq_mhz <= FREQ_RANGE_MHZ[1] or tx_height_m <= 0:
        msg = "freq_mhz must be in [30, 6000] MHz and tx_height_m above 0 m"
        raise ModelRangeError(msg)
    settings = RadioSettings(model=model, rays=rays, radius_m=radius_m, rx_height_m=rx_height_m)
    geobox = geobox_of(terrain)
    row, column = (int(i) for i in index_of(geobox, x_m, y_m))
    ground = terrain.to_numpy().astype(np.float64)
    inside = 0 <= row < ground.shape[0] and 0 <= column < ground.shape[1]
    if not inside or np.isnan(ground[row, column]):
        msg = f"the mast at {x_m:.0f}, {y_m:.0f} stands outside the terrain or on unknown ground"
        raise ModelRangeError(msg)
    masts = _Masts(
        cells=pd.DataFrame(),
        row=np.array([row]),
        column=np.array([column]),
        height_m=np.array([tx_height_m]),
        mast=np.zeros(1, dtype=np.int32),
        cell_start=np.array([0, 0]),
        freq_mhz=np.array([freq_mhz]),
        cell_band=np.zeros(0, dtype=np.int64),
        out_of_range=0,
    )
    table = ray_table(radius_m, _resolution_m(geobox), rays=rays)
    ((_, losses),) = _losses(ground, masts, table, settings)
    out = _loss_grid(
        ground,
        (row, column),
        table,
        losses[0, 0],
        settings,
        resolution_m=_resolution_m(geobox),
        freq_mhz=freq_mhz,
        tx_height_m=tx_height_m,
    )
    raster = wrap(out, geobox, name="path_loss_db", units="dB", long_name="path loss")
    raster.attrs |= {"model": _model_words(settings), "rays": rays}
    return raster


def service_probability(
    signal_dbm: npt.ArrayLike, *, threshold_dbm: float, sigma_db: float
) -> npt.NDArray[np.float64]:
    """
    Return the probability that a signal reaches its threshold.

    Parameters
    ----------
    signal_dbm
        Predicted level, any shape, NaN where unknown [dBm].
    threshold_dbm
        Level to be reached [dBm].
    sigma_db
        Standard deviation of the true level about the predicted one, > 0 [dB].

    Returns
    -------
    probability
        Of the same shape, in [0, 1]; NaN where the signal is.

    Notes
    -----
    Source: normal distribution of the level in dB, ITU-R P.1812-7, section 4.8.
    """
    from scipy.special import ndtr

    level = np.asarray(signal_dbm, dtype=np.float64)
    return np.asarray(ndtr((level - threshold_dbm) / sigma_db), dtype=np.float64)


def _on_air(
    sites: "gpd.GeoDataFrame", cells: pd.DataFrame, technologies: Iterable[str] | None
) -> pd.DataFrame:
    """Return the cells of the wanted technologies whose station is there, with their operator."""
    found = cells[cells["site_id"].isin(sites.index)]
    if technologies is not None:
        names = set(technologies)
        if missing := sorted(names - set(found["technology"])):
            msg = f"no cell on air has the technology {', '.join(missing)}"
            raise SettingsError(msg)
        found = found[found["technology"].isin(names)]
    return found.assign(operator=found["site_id"].map(sites["operator"]))


def _check_profile(profile: ThresholdProfile, technologies: Iterable[str]) -> None:
    """Refuse technologies without a threshold."""
    if missing := [name for name in technologies if name not in profile.technologies]:
        msg = f"the thresholds profile '{profile.name}' lacks {', '.join(missing)}"
        raise SettingsError(msg)


def _wanted_operators(cells: pd.DataFrame, operators: Iterable[str] | None) -> list[str]:
    """Return the operators to predict; `any` needs all of them underneath."""
    known = sorted(set(cells["operator"]))
    if operators is None:
        return [*known, ANY]
    wanted = list(dict.fromkeys(operators))
    if unknown := [name for name in wanted if name not in (*known, ANY)]:
        msg = f"operator {', '.join(unknown)} has no cell on air; there is {', '.join(known)}"
        raise SettingsError(msg)
    return wanted


def _masts(
    cells: pd.DataFrame,
    sites: "gpd.GeoDataFrame",
    geobox: "GeoBox",
    terrain: "Terrain",
    *,
    by_site: bool = False,
) -> _Masts:
    """Return the cells in the order of the kernel; those on unknown ground are left out."""
    place = sites.geometry.loc[cells["site_id"]]
    row, column = index_of(geobox, place.x.to_numpy(), place.y.to_numpy())
    ground = terrain.ground_m.to_numpy()
    inside = (row >= 0) & (row < ground.shape[0]) & (column >= 0) & (column < ground.shape[1])
    known = inside.copy()
    if by_site:  # a prediction keeps a mast on unknown ground: what it could reach is unknown
        known[inside] = np.isfinite(ground[row[inside], column[inside]])
    in_range = cells["freq_mhz"].between(*FREQ_RANGE_MHZ).to_numpy()
    structure = sites["mast_id"].where(sites["mast_id"].notna(), sites.index.to_series())
    table = cells.assign(
        row=row,
        column=column,
        mast_id=cells["site_id"].map(structure),
        azimuth_grid_deg=_grid_azimuth(cells, place, sites.crs),
        eirp_dbm=reference_eirp_dbm(cells),
    )[known & in_range]
    order = ["mast_id", "site_id"] if by_site else ["mast_id"]
    table = table.rename_axis("cell_id").reset_index()
    keys = [*order, "row", "column", "height_m", "technology", "operator", "carrier", "cell_id"]
    table = table.sort_values(keys, kind="stable").reset_index(drop=True)
    mast_keys = [*order, "row", "column", "height_m"]
    changes = table[mast_keys].ne(table[mast_keys].shift()).any(axis=1).to_numpy()
    start = np.flatnonzero(changes)
    codes = pd.factorize(table["mast_id"], sort=True)[0].astype(np.int32)
    bands = np.unique(table["freq_mhz"].to_numpy(dtype=np.float64))
    return _Masts(
        cells=table,
        row=table["row"].to_numpy(dtype=np.int64)[start],
        column=table["column"].to_numpy(dtype=np.int64)[start],
        height_m=table["height_m"].to_numpy(dtype=np.float64)[start],
        mast=codes[start],
        cell_start=np.append(start, len(table)).astype(np.int64),
        freq_mhz=bands,
        cell_band=np.searchsorted(bands, table["freq_mhz"].to_numpy(dtype=np.float64)),
        out_of_range=int((~(known & in_range)).sum()),
    )


def _grid_azimuth(cells: pd.DataFrame, place: "gpd.GeoSeries", crs: Any) -> Floats:  # noqa: ANN401
    """Return azimuths from the grid's north: true ones less the meridian convergence."""
    azimuth = cells["azimuth_deg"].to_numpy(dtype=np.float64, na_value=np.nan).copy()
    azimuth[[antenna(name).is_omni for name in cells["antenna"]]] = np.nan
    given = np.isfinite(azimuth)
    if given.any():
        from pyproj import Proj
        from pyproj import Transformer

        to_degrees = Transformer.from_crs(
            crs, crs.geodetic_crs, always_xy=True, allow_ballpark=False
        )
        lon, lat = to_degrees.transform(place.x.to_numpy()[given], place.y.to_numpy()[given])
        convergence = Proj(crs).get_factors(lon, lat).meridian_convergence
        azimuth[given] = (azimuth[given] - np.asarray(convergence)) % 360.0
    return azimuth


def _groups(cells: pd.DataFrame, wanted: list[str]) -> list[tuple[str, str]]:
    """Return the pairs of technology and operator whose servers are kept."""
    pairs = sorted(set(zip(cells["technology"], cells["operator"], strict=True)))
    return pairs if ANY in wanted else [pair for pair in pairs if pair[1] in wanted]


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """Servers of each grid cell with known ground, for each group."""

    at: npt.NDArray[np.int64]
    shape: tuple[int, int]
    top_dbm: npt.NDArray[np.float32]
    top_mast: npt.NDArray[np.int32]
    top_cell: npt.NDArray[np.int32]
    total: npt.NDArray[np.int64]
    total_of_cell: npt.NDArray[np.int64]
    maybe: npt.NDArray[np.uint8]
    kept: npt.NDArray[np.bool_]


def _reduced(
    terrain: "Terrain",
    geobox: "GeoBox",
    masts: _Masts,
    groups: list[tuple[str, str]],
    profile: ThresholdProfile,
    settings: RadioSettings,
    show: Progress,
) -> _State:
    """Run both stages over all masts."""
    from infraplan.radio._kernels import EMPTY_DBM
    from infraplan.radio._kernels import NONE
    from infraplan.radio._kernels import reduce_masts

    ground = terrain.ground_m.to_numpy().astype(np.float64)
    at = np.flatnonzero(np.isfinite(ground))
    place = np.full(ground.size, NONE, dtype=np.int64)
    place[at] = np.arange(at.size)
    number = {pair: n for n, pair in enumerate(groups)}
    pairs = list(zip(masts.cells["technology"], masts.cells["operator"], strict=True))
    kept = np.array([pair in number for pair in pairs], dtype=bool)
    names = (masts.cells[name].astype(str) for name in ("technology", "operator", "carrier"))
    carriers = ["|".join(parts) for parts in zip(*names, strict=True)]
    total_of_cell = pd.factorize(np.array(carriers, dtype=object), sort=True)[0].astype(np.int64)
    size, depth = len(groups), SERVERS_KEPT
    state = _State(
        at=at,
        shape=ground.shape,
        top_dbm=np.full((size, depth, at.size), EMPTY_DBM, dtype=np.float32),
        top_mast=np.full((size, depth, at.size), NONE, dtype=np.int32),
        top_cell=np.full((size, depth, at.size), NONE, dtype=np.int32),
        total=np.zeros((int(total_of_cell.max(initial=-1)) + 1, at.size), dtype=np.int64),
        total_of_cell=total_of_cell,
        maybe=np.zeros((size, at.size), dtype=np.uint8),
        kept=kept,
    )
    margin_db = service_margin_db(profile.p_cov, profile.sigma_db)
    needed = [profile.technologies[t].service_dbm + margin_db for t, _ in groups]
    column = _kernel_columns(masts.cells)
    group = np.array([number.get(pair, NONE) for pair in pairs], dtype=np.int64)
    table = ray_table(settings.radius_m, _resolution_m(geobox), rays=settings.rays)
    for first, losses in _losses(ground, masts, table, settings):
        last = first + len(losses)
        show(0.95 * first / masts.row.size, "")
        a, b = masts.cell_start[first], masts.cell_start[last]
        chosen = np.flatnonzero(kept[a:b]) + a
        start = np.searchsorted(chosen, masts.cell_start[first : last + 1])
        reduce_masts(
            ground,
            place.reshape(ground.shape),
            settings.rx_height_m,
            _resolution_m(geobox),
            table.offset_row,
            table.offset_column,
            table.row_start,
            table.slot,
            losses,
            masts.row[first:last],
            masts.column[first:last],
            masts.height_m[first:last],
            masts.mast[first:last],
            start,
            chosen,
            group[chosen],
            masts.cell_band[chosen],
            total_of_cell[chosen],
            *(values[chosen] for values in column),
            np.array(needed),
            state.top_dbm,
            state.top_mast,
            state.top_cell,
            state.total,
            state.maybe,
        )
    return state


def _kernel_columns(cells: pd.DataFrame) -> tuple[npt.NDArray[Any], ...]:
    """Return the columns of cells as the kernel takes them."""
    names = (
        "eirp_dbm",
        "freq_mhz",
        "azimuth_grid_deg",
        "mechanical_downtilt_deg",
        "electrical_downtilt_deg",
    )
    numbers = [cells[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names]
    shapes = {name: antenna(name).shape() for name in set(cells["antenna"])}
    shape = np.array([shapes[name] for name in cells["antenna"]]).reshape(len(cells), 5)
    return (*numbers, shape, cells["load"].to_numpy(dtype=np.float64, na_value=1.0))


def _losses(
    ground: Floats,
    masts: _Masts,
    table: RayTable,
    settings: RadioSettings,
) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """Yield the number of a batch's first mast and the batch's losses (mast, carrier, place)."""
    from infraplan.radio._kernels import mast_losses_db

    radius_km = effective_earth_radius_km(settings.delta_n)
    per_mast = masts.freq_mhz.size * table.needed.size * 4
    size = int(np.clip(BATCH_BYTES // max(per_mast, 1), 2, 64))
    for first in range(0, masts.row.size, size):
        last = min(first + size, masts.row.size)
        losses = np.zeros((last - first, masts.freq_mhz.size, table.needed.size), dtype=np.float32)
        if settings.model != "free_space":
            mast_losses_db(
                ground,
                masts.row[first:last],
                masts.column[first:last],
                masts.height_m[first:last],
                masts.freq_mhz / 1000.0,
                table.sample_row,
                table.sample_column,
                table.step_km,
                table.ray_start,
                table.needed,
                table.need_start,
                settings.rx_height_m,
                radius_km,
                True,  # noqa: FBT003 - vertical: numba takes no keywords here
                losses,
            )
        yield first, losses


def _bands(
    state: _State,
    masts: _Masts,
    groups: list[tuple[str, str]],
    pair: tuple[str, str],
    profile: ThresholdProfile,
    settings: RadioSettings,
    geobox: "GeoBox",
) -> "xr.Dataset":
    """Return the bands of one technology and operator."""
    import xarray as xr

    technology, operator = pair
    level, mast_cell, maybe = _servers(state, groups, pair)
    limits = profile.technologies[technology]
    has = mast_cell[0] >= 0
    best = np.where(has, level[0], NOTHING_RECEIVED_DBM)
    best = np.maximum(np.round(best, 1), NOTHING_RECEIVED_DBM)
    probability = service_probability(
        best, threshold_dbm=limits.service_dbm, sigma_db=profile.sigma_db
    )
    unknown = maybe & (probability < profile.p_cov)
    second = np.where(mast_cell[1] >= 0, level[1], NOTHING_RECEIVED_DBM)
    within = (level >= level[0] - settings.servers_within_db) & (mast_cell >= 0)
    place = _place_in_table(masts.cells, technology)
    bands = {
        "signal_dbm": best,
        "best_cell": np.where(has, place[np.maximum(mast_cell[0], 0)], -1),
        "second_dbm": np.maximum(np.round(second, 1), NOTHING_RECEIVED_DBM),
        "sinr_db": np.round(_sinr_db(state, masts, technology, level[0], mast_cell[0]), 1),
        "servers": within.sum(axis=0),
        "probability": np.round(probability, 3),
    }
    rasters = {}
    for name, values in bands.items():
        grid = np.full(state.shape, np.nan, dtype=np.float32)
        grid.ravel()[state.at] = np.where(unknown, np.nan, values)
        rasters[name] = wrap(grid, geobox, name=name, units="dB" if name.endswith("_db") else "")
    return xr.Dataset(rasters, attrs={"technology": technology, "operator": operator})


def _servers(
    state: _State, groups: list[tuple[str, str]], pair: tuple[str, str]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Return levels and cells of the strongest masts, and where an unknown path could serve."""
    from infraplan.radio._kernels import EMPTY_DBM
    from infraplan.radio._kernels import NONE
    from infraplan.radio._kernels import merge_groups

    technology, operator = pair
    chosen = [n for n, (t, o) in enumerate(groups) if t == technology and operator in (o, ANY)]
    size = state.at.size
    if len(chosen) == 1:
        n = chosen[0]
        return state.top_dbm[n], state.top_cell[n], np.asarray(state.maybe[n] > 0)
    level = np.full((SERVERS_KEPT, size), EMPTY_DBM, dtype=np.float32)
    mast = np.full((SERVERS_KEPT, size), NONE, dtype=np.int32)
    cell = np.full((SERVERS_KEPT, size), NONE, dtype=np.int32)
    if not chosen:  # the operator has other technologies only
        return level, cell, np.zeros(size, dtype=bool)
    low, high = chosen[0], chosen[-1] + 1  # groups are sorted by technology first
    merge_groups(
        state.top_dbm[low:high], state.top_mast[low:high], state.top_cell[low:high],
        level, mast, cell,
    )  # fmt: skip
    return level, cell, np.asarray(state.maybe[low:high].any(axis=0))


def _sinr_db(
    state: _State,
    masts: _Masts,
    technology: str,
    level: npt.NDArray[np.float32],
    cell: npt.NDArray[np.int32],
) -> Floats:
    """Return the ratio of the best server to the loaded cells of its carrier and to noise."""
    from infraplan.radio._kernels import FIXED_POINT

    sinr = np.full(level.size, np.nan)
    if technology == "2G":  # unknown without a frequency plan
        return sinr
    has = np.flatnonzero(cell >= 0)
    number = cell[has]
    signal_mw = 10.0 ** (level[has].astype(np.float64) / 10.0)
    load = masts.cells["load"].to_numpy(dtype=np.float64, na_value=1.0)[number]
    total_mw = state.total[state.total_of_cell[number], has] / FIXED_POINT
    interference_mw = np.maximum(total_mw - load * signal_mw, 0.0)
    noise_mw = 10.0 ** (_noise_dbm(masts.cells, technology)[number] / 10.0)
    sinr[has] = 10.0 * np.log10(signal_mw / (interference_mw + noise_mw))
    return sinr


def _noise_dbm(cells: pd.DataFrame, technology: str) -> Floats:
    """Return the noise in the bandwidth of each cell's level, if it is of the technology."""
    if technology != "5G":
        return np.full(len(cells), noise_dbm(technology))
    spacings = [
        subcarrier_spacing_khz(float(freq), float(bandwidth))
        for freq, bandwidth in zip(cells["freq_mhz"], cells["bandwidth_mhz"], strict=True)
    ]
    return np.array([noise_dbm(technology, subcarrier_khz=spacing) for spacing in spacings])


def _place_in_table(cells: pd.DataFrame, technology: str) -> npt.NDArray[np.int64]:
    """Return the row of each cell in the table of its technology."""
    of_technology = (cells["technology"] == technology).to_numpy()
    order = np.argsort(cells["cell_id"].to_numpy(dtype=str), kind="stable")
    place = np.full(max(len(cells), 1), -1, dtype=np.int64)  # one at least, for the masked look-up
    mine = order[of_technology[order]]
    place[mine] = np.arange(mine.size)
    return place


def _cell_table(cells: pd.DataFrame, sites: "gpd.GeoDataFrame", technology: str) -> pd.DataFrame:
    """Return the cells that the band `best_cell` counts, by id."""
    del sites
    found = cells[cells["technology"] == technology]
    order = np.argsort(found["cell_id"].to_numpy(dtype=str), kind="stable")
    kept = ["cell_id", "site_id", "mast_id", "operator", "assumed"]
    return found.iloc[order][kept].reset_index(drop=True).rename_axis("best_cell")


def _signals_of(
    m: int,
    losses: npt.NDArray[np.float32],
    ground: Floats,
    masts: _Masts,
    table: RayTable,
    settings: RadioSettings,
    geobox: "GeoBox",
) -> Iterator[SiteSignal]:
    """Yield the signal of each technology of one station and height."""
    from infraplan.radio._kernels import EMPTY_DBM
    from infraplan.radio._kernels import cell_levels_dbm

    row, column = int(masts.row[m]), int(masts.column[m])
    a, b = int(masts.cell_start[m]), int(masts.cell_start[m + 1])
    mine = masts.cells.iloc[a:b]
    eirp, freq, azimuth, mechanical, electrical, shape, _ = _kernel_columns(mine)
    levels, free = np.empty(table.slot.size), np.empty(table.slot.size)
    reach = table.reach
    rows = slice(max(row - reach, 0), min(row + reach + 1, ground.shape[0]))
    columns = slice(max(column - reach, 0), min(column + reach + 1, ground.shape[1]))
    r, c = table.offset_row + row, table.offset_column + column
    inside = (r >= rows.start) & (r < rows.stop) & (c >= columns.start) & (c < columns.stop)
    for technology, part in mine.groupby("technology", sort=True):
        window = np.full((rows.stop - rows.start, columns.stop - columns.start), EMPTY_DBM)
        for i in part.index - a:
            cell_levels_dbm(
                ground, row, column, ground[row, column] + masts.height_m[m],
                settings.rx_height_m, _resolution_m(geobox), table.offset_row,
                table.offset_column, table.slot, losses[masts.cell_band[a + i]], eirp[i], freq[i],
                azimuth[i], mechanical[i], electrical[i], shape[i], 0, table.slot.size, levels,
                free,
            )  # fmt: skip
            at = r[inside] - rows.start, c[inside] - columns.start
            window[at] = np.fmax(window[at], levels[inside])
            unknown = np.isnan(levels[inside]) & (window[at] == EMPTY_DBM)
            window[at[0][unknown], at[1][unknown]] = np.nan
        known = np.isfinite(ground[rows, columns])
        window = np.where(
            known, np.where(window == EMPTY_DBM, NOTHING_RECEIVED_DBM, window), np.nan
        )
        window = np.fmax(window, NOTHING_RECEIVED_DBM, where=np.isfinite(window), out=window)
        yield SiteSignal(
            site_id=str(part["site_id"].iloc[0]),
            technology=str(technology),
            rows=rows,
            columns=columns,
            signal_dbm=window.astype(np.float32),
        )


def _stronger(one: SiteSignal, other: SiteSignal) -> SiteSignal:
    """Return the stronger of two heights of a station; unknown only where both are."""
    return replace(one, signal_dbm=np.fmax(one.signal_dbm, other.signal_dbm))


def _loss_grid(
    ground: Floats,
    mast: tuple[int, int],
    table: RayTable,
    diffraction_db: npt.NDArray[np.float32],
    settings: RadioSettings,
    *,
    resolution_m: float,
    freq_mhz: float,
    tx_height_m: float,
) -> npt.NDArray[np.float32]:
    """Return the loss of one mast on the grid."""
    from infraplan.radio._kernels import EMPTY_DBM
    from infraplan.radio._kernels import cell_levels_dbm

    levels, free = np.empty(table.slot.size), np.empty(table.slot.size)
    cell_levels_dbm(
        ground, mast[0], mast[1], ground[mast] + tx_height_m, settings.rx_height_m, resolution_m,
        table.offset_row, table.offset_column, table.slot, diffraction_db, 0.0, freq_mhz, np.nan,
        0.0, 0.0, antenna("isotropic").shape(), 0, table.slot.size, levels, free,
    )  # fmt: skip
    out = np.full(ground.shape, np.nan, dtype=np.float32)
    reached = levels != EMPTY_DBM
    out[table.offset_row[reached] + mast[0], table.offset_column[reached] + mast[1]] = -levels[
        reached
    ]
    return out


def _notes(masts: _Masts, settings: RadioSettings) -> tuple[str, ...]:
    """Return what a reader of the prediction must know."""
    notes = [_model_words(settings), f"rays: {settings.rays}"]
    if masts.out_of_range:
        notes.append(f"{masts.out_of_range} cells left out: off the grid or outside 30-6000 MHz")
    return tuple(notes)


def _model_words(settings: RadioSettings) -> str:
    """Return what the model is made of."""
    if settings.model == "free_space":
        return "free space (ITU-R P.525-4)"
    return "free space (ITU-R P.525-4) + delta-Bullington diffraction (ITU-R P.1812-7, 4.3)"


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Run kernels on so many threads, and on as many as before afterwards."""
    import numba

    before = numba.get_num_threads()
    if count is not None:
        numba.set_num_threads(max(1, min(count, before)))
    try:
        yield
    finally:
        numba.set_num_threads(before)


def _resolution_m(geobox: "GeoBox") -> float:
    """Return the side of a grid cell."""
    return float(geobox.affine.a)


def _version() -> str:
    """Return the version of the program."""
    import infraplan

    return str(infraplan.__version__)
