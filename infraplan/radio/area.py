"""
The area engine: from stations and terrain to the bands of coverage.

Two pure stages. First the diffraction loss around one mast position, height and set of carriers, on
rays that sectors, carriers and technologies share (`losses`). Then the reduction: levels of all
cells, mast by mast in the order of their ids, to the strongest servers of each grid cell
(`reduction`). Masts are taken to the middle of their grid cell (at most 0.71 cells away).
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import ModelRangeError
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import index_of
from infraplan.layers.grid import same_grid
from infraplan.layers.grid import wrap
from infraplan.progress import Progress
from infraplan.progress import silent
from infraplan.radio.link import service_margin_db
from infraplan.radio.losses import LossStage
from infraplan.radio.losses import LossStore
from infraplan.radio.models import free_space_loss_db
from infraplan.radio.network import FREQ_RANGE_MHZ
from infraplan.radio.network import Network
from infraplan.radio.network import cells_on_air
from infraplan.radio.network import check_profile
from infraplan.radio.network import groups_of
from infraplan.radio.network import network_of
from infraplan.radio.network import wanted_operators
from infraplan.radio.rays import ray_table
from infraplan.radio.reduction import cell_columns
from infraplan.radio.reduction import servers_of
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

Sink = Callable[[tuple[str, str], "xr.Dataset"], "xr.Dataset | None"]

__all__ = ["predict", "service_probability", "site_loss_db", "site_signals"]


def predict(
    terrain: "Terrain",
    sites: "gpd.GeoDataFrame",
    cells: pd.DataFrame,
    *,
    profile: ThresholdProfile,
    settings: RadioSettings | None = None,
    technologies: Iterable[str] | None = None,
    operators: Iterable[str] | None = None,
    region: npt.NDArray[np.bool_] | None = None,
    store: LossStore | None = None,
    sink: Sink | None = None,
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
    region
        Grid cells to predict, all where None; the others are NaN. Masts that cannot reach it are
        left out.
    store
        Keeps the losses around masts from one run to the next; nothing is kept where None.
    sink
        Takes the bands of each pair as they are made and returns them, or None: so not all need
        lie in memory, and the caller puts others in their place.
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
    on_air = cells_on_air(sites, cells, technologies)
    names = sorted(set(on_air["technology"]))
    check_profile(profile, names)
    wanted = wanted_operators(cells_on_air(sites, cells, None), operators)
    geobox = geobox_of(terrain.ground_m)
    ground_m = _ground_m(terrain.ground_m)
    network = network_of(on_air, sites, geobox, ground_m, region=region, radius_m=settings.radius_m)
    groups = groups_of(network.cells, wanted)
    margin_db = service_margin_db(profile.p_cov, profile.sigma_db)
    stage = LossStage(
        ground_m=ground_m,
        table=ray_table(settings.radius_m, _resolution_m(geobox), rays=settings.rays),
        settings=settings,
        store=store,
    )
    maps: dict[tuple[str, str], xr.Dataset] = {}
    with _threads(workers):
        servers = servers_of(
            stage,
            network,
            groups,
            needed_dbm=[profile.technologies[t].service_dbm + margin_db for t, _ in groups],
            wanted=region,
            around_db=surroundings_db(terrain, settings),
            progress=lambda share, what="": show(0.95 * share, what),
        )
        pairs = [(technology, operator) for technology in names for operator in wanted]
        for number, pair in enumerate(pairs):
            show(0.95 + 0.05 * number / len(pairs), "")
            made = servers.bands(pair, profile=profile, settings=settings, geobox=geobox)
            maps[pair] = made if sink is None else sink(pair, made)  # type: ignore[assignment]
    show(1.0, "")
    return Coverage(
        maps=maps,
        cells={name: _cell_table(network.cells, name) for name in names},
        settings=settings,
        profile=profile,
        provenance=Provenance(
            step="coverage",
            version=_version(),
            settings={**asdict(settings), "profile": profile.name},
            notes=_notes(network, settings),
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
    on_air = cells_on_air(sites, cells, technologies)
    geobox = geobox_of(terrain.ground_m)
    ground_m = _ground_m(terrain.ground_m)
    network = network_of(on_air, sites, geobox, ground_m, by_site=True)
    table = ray_table(settings.radius_m, _resolution_m(geobox), rays=settings.rays)
    stage = LossStage(ground_m=ground_m, table=table, settings=settings)
    around_db = surroundings_db(terrain, settings)
    count = max(network.row.size, 1)
    for first, last, losses in stage.batches(network):
        units = network.unit_start
        for unit in np.flatnonzero((units[:-1] >= first) & (units[:-1] < last)):
            if progress is not None:
                progress(int(units[unit]) / count, "")
            yield from _signals_of(stage, network, int(unit), first, losses, around_db)


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
        Heights of clutter above ground on the same grid, NaN or 0 where there is none; it obstructs
        between, but not within 100 m of either end (the loss among houses and trees around the
        receiver is a term of its own, `p2108_terminal_loss_db`). None: bare ground [m].
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
        If the model or the way of laying rays is unknown.
    GridMismatchError
        If the clutter lies on another grid.

    Notes
    -----
    Source: ITU-R P.525-4 (3); ITU-R P.1812-7, section 4.3.
    """
    if not FREQ_RANGE_MHZ[0] <= freq_mhz <= FREQ_RANGE_MHZ[1] or tx_height_m <= 0:
        msg = "freq_mhz must be in [30, 6000] MHz and tx_height_m above 0 m"
        raise ModelRangeError(msg)
    settings = RadioSettings(model=model, rays=rays, radius_m=radius_m, rx_height_m=rx_height_m)
    geobox = geobox_of(terrain)
    row, column = (int(i) for i in index_of(geobox, x_m, y_m))
    ground_m = _ground_m(terrain)
    inside = 0 <= row < ground_m.shape[0] and 0 <= column < ground_m.shape[1]
    if not inside or np.isnan(ground_m[row, column]):
        msg = f"the mast at {x_m:.0f}, {y_m:.0f} stands outside the terrain or on unknown ground"
        raise ModelRangeError(msg)
    table = ray_table(radius_m, _resolution_m(geobox), rays=rays)
    stage = LossStage(ground_m=ground_m, table=table, settings=settings)
    if clutter is None or model == "free_space":
        diffraction_db = stage.at(row, column, height_m=tx_height_m, freq_mhz=freq_mhz)
    else:
        same_grid(terrain, clutter)
        heights_m = np.nan_to_num(np.ascontiguousarray(clutter.to_numpy(), dtype=np.float32))
        diffraction_db = stage.over_clutter(
            heights_m, row, column, height_m=tx_height_m, freq_mhz=freq_mhz
        )
    rows, columns = table.offset_row + row, table.offset_column + column
    inside_grid = (rows >= 0) & (rows < ground_m.shape[0])
    inside_grid &= (columns >= 0) & (columns < ground_m.shape[1])
    at = rows[inside_grid], columns[inside_grid]
    drop_m = np.float64(ground_m[row, column] + tx_height_m) - (ground_m[at] + rx_height_m)
    path_m = np.sqrt(table.flat2_m2[inside_grid].astype(np.float64) + drop_m**2)
    loss_db = diffraction_db[table.slot[inside_grid]] + free_space_loss_db(
        np.where(np.isfinite(path_m), path_m, 1.0), freq_mhz
    )
    out = np.full(ground_m.shape, np.nan, dtype=np.float32)
    out[at] = np.where(np.isfinite(drop_m), loss_db, np.nan)
    raster = wrap(out, geobox, name="path_loss_db", units="dB", long_name="path loss")
    raster.attrs |= {
        "model": _model_words(settings),
        "rays": rays,
        "clutter": "none" if clutter is None else "path",
    }
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


def surroundings_db(terrain: "Terrain", settings: RadioSettings) -> npt.NDArray[np.float32]:
    """Return what the tuned model takes off for the land cover of each grid cell; empty if none."""
    tuning = settings.tuning if settings.model == "tuned" else None
    if tuning is None or terrain.landcover is None or not tuning.clutter_db:
        return np.empty((0, 0), dtype=np.float32)
    classes = terrain.landcover.to_numpy()
    lost = np.zeros(classes.shape, dtype=np.float32)
    for name, loss_db in tuning.clutter_db:
        lost[classes == float(name)] = loss_db
    return lost


def cell_levels_dbm(
    ground_m: npt.NDArray[np.float32],
    network: Network,
    number: int,
    places: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    settings: RadioSettings,
    resolution_m: float,
) -> npt.NDArray[np.float64]:
    """Return the level of one cell in free space at some rows and columns of the grid."""
    from infraplan.radio._kernels.servers import pattern_gain_db

    row, column = places
    position = int(np.searchsorted(network.cell_start, number, side="right")) - 1
    mast = int(network.row[position]), int(network.column[position])
    top_m = float(ground_m[mast]) + float(network.height_m[position])
    drop_m = top_m - ground_m[row, column].astype(np.float64) - settings.rx_height_m
    east, north = (column - mast[1]) * resolution_m, (mast[0] - row) * resolution_m
    flat_m = np.maximum(np.hypot(east, north), 0.5 * resolution_m)
    one = cell_columns(network.cells.iloc[[number]], settings)
    gain_db = np.array(
        [
            pattern_gain_db(
                one.azimuth_deg[0], np.float32(bearing), np.float32(below), one.mechanical_deg[0],
                one.electrical_deg[0], one.shape[0], one.cuts, one.pattern[0],
            )
            for bearing, below in zip(
                np.degrees(np.arctan2(east, north)), np.degrees(np.arctan2(drop_m, flat_m)),
                strict=True,
            )
        ]
    )  # fmt: skip
    path_db = 20.0 * np.log10(np.hypot(flat_m, drop_m))
    return np.asarray(float(one.constant_dbm[0]) + gain_db - path_db)


def _ground_m(terrain: "xr.DataArray") -> npt.NDArray[np.float32]:
    """Return heights as the kernels take them."""
    return np.ascontiguousarray(terrain.to_numpy(), dtype=np.float32)


def _cell_table(cells: pd.DataFrame, technology: str) -> pd.DataFrame:
    """Return the cells that the band `best_cell` counts, by id."""
    found = cells[cells["technology"] == technology]
    order = np.argsort(found["cell_id"].to_numpy(dtype=str), kind="stable")
    kept = ["cell_id", "site_id", "mast_id", "operator", "assumed"]
    return found.iloc[order][kept].reset_index(drop=True).rename_axis("best_cell")


def _signals_of(
    stage: LossStage,
    network: Network,
    unit: int,
    first: int,
    losses: npt.NDArray[np.uint16],
    around_db: npt.NDArray[np.float32],
) -> Iterator[SiteSignal]:
    """Yield the signal of each technology of one station, over its positions and heights."""
    from infraplan.radio._kernels.servers import mast_levels_dbm

    ground, table, settings = stage.ground_m, stage.table, stage.settings
    positions = range(int(network.unit_start[unit]), int(network.unit_start[unit + 1]))
    at = slice(positions.start, positions.stop)
    reach = table.reach
    rows = slice(
        max(int(network.row[at].min()) - reach, 0),
        min(int(network.row[at].max()) + reach + 1, ground.shape[0]),
    )
    columns = slice(
        max(int(network.column[at].min()) - reach, 0),
        min(int(network.column[at].max()) + reach + 1, ground.shape[1]),
    )
    unknown_ground = np.isnan(ground[rows, columns])
    a, b = int(network.cell_start[positions.start]), int(network.cell_start[positions.stop])
    technologies = network.cells["technology"].iloc[a:b]
    for technology in sorted(set(technologies)):
        window = np.full(unknown_ground.shape, -np.inf, dtype=np.float32)
        for m in positions:
            start, stop = int(network.cell_start[m]), int(network.cell_start[m + 1])
            mine = start + np.flatnonzero(technologies.iloc[start - a : stop - a] == technology)
            if not mine.size:
                continue
            column = cell_columns(network.cells.iloc[mine], settings)
            mast_levels_dbm(
                ground, int(network.row[m]), int(network.column[m]), network.height_m[m],
                settings.rx_height_m, table.offset_column, table.row_start, table.slot,
                table.flat2_m2, table.bearing_deg, losses[m - first], network.cell_band[mine],
                column.constant_dbm, column.azimuth_deg, column.mechanical_deg,
                column.electrical_deg, column.shape, column.cuts, column.pattern, column.model,
                around_db, rows.start, columns.start, window,
            )  # fmt: skip
        window[unknown_ground] = np.nan
        np.maximum(window, np.float32(NOTHING_RECEIVED_DBM), out=window)  # NaN stays
        yield SiteSignal(
            site_id=str(network.cells["site_id"].iloc[a]),
            technology=technology,
            rows=rows,
            columns=columns,
            signal_dbm=window,
        )


def _notes(network: Network, settings: RadioSettings) -> tuple[str, ...]:
    """Return what a reader of the prediction must know."""
    notes = [_model_words(settings), f"rays: {settings.rays}"]
    if network.out_of_range:
        notes.append(f"{network.out_of_range} cells left out: off the grid or outside 30-6000 MHz")
    return tuple(notes)


def _model_words(settings: RadioSettings) -> str:
    """Return what the model is made of."""
    if settings.model == "free_space":
        return "free space (ITU-R P.525-4)"
    if settings.model == "tuned" and settings.tuning is not None:
        proof = "better" if settings.tuning.is_better else "not shown to be better"
        return f"tuned to measurements, {proof} than free space ({settings.tuning.validation})"
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
