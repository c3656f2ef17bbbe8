"""From losses to the bands of coverage: the second stage of the area engine."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import SettingsError
from infraplan.progress import Progress
from infraplan.radio.antennas import antenna
from infraplan.radio.antennas import is_omni
from infraplan.radio.antennas import patterns_of
from infraplan.radio.link import noise_dbm
from infraplan.radio.link import subcarrier_spacing_khz
from infraplan.radio.losses import LossStage
from infraplan.radio.network import Network
from infraplan.radio.results import ANY
from infraplan.radio.results import BANDS
from infraplan.radio.results import NOTHING_RECEIVED_DBM
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile
from infraplan.radio.tuning import TunedModel

if TYPE_CHECKING:
    import xarray as xr
    from odc.geo.geobox import GeoBox

FREE = TunedModel()  # corrects nothing

__all__ = ["CellColumns", "Servers", "cell_columns", "servers_of"]

Single = npt.NDArray[np.float32]
SERVERS_KEPT = 8  # strongest masts kept of each group; the count of servers ends there
LEVEL_RANGE_DB = 250.0  # from the floor up: no cell is received above +90 dBm
LEAST_STEPS_PER_DB = 32.0
SECTOR_DEG = np.arange(-60, 61)  # of three sectors at an unknown turn, the nearest one's half
CELLS_AT_ONCE = 1_000_000  # of the grid, when bands are made
FREE_SPACE_AT_1_M_DB = 20.0 * math.log10(4.0e6 * math.pi / 299_792_458.0)  # at 1 MHz, P.525-4


@dataclass(frozen=True, slots=True, eq=False)
class CellColumns:
    """Columns of cells as the kernels take them; `constant_dbm` is the level at one metre."""

    constant_dbm: Single
    azimuth_deg: Single
    mechanical_deg: Single
    electrical_deg: Single
    shape: Single
    cuts: Single
    pattern: npt.NDArray[np.int64]
    load: Single
    model: tuple[np.float32, np.float32, np.float32, np.float32, np.float32]


def cell_columns(cells: pd.DataFrame, settings: RadioSettings) -> CellColumns:
    """
    Return the columns of cells as the kernels take them.

    Parameters
    ----------
    cells
        Cells of a network.
    settings
        Settings of the engine.

    Returns
    -------
    columns
        Levels at one metre, directions, patterns and loads.
    """
    tuning = settings.tuning if settings.model == "tuned" and settings.tuning else FREE
    number = {
        name: cells[name].to_numpy(dtype=np.float64, na_value=np.nan)
        for name in (
            "eirp_dbm", "freq_mhz", "azimuth_grid_deg", "mechanical_downtilt_deg",
            "electrical_downtilt_deg",
        )
    }  # fmt: skip
    shape, cuts, pattern = _patterns(cells)
    own_tilt_deg = [0.0 if p is None else p.electrical_downtilt_deg for p in patterns_of(cells)]
    at_1_m = FREE_SPACE_AT_1_M_DB + 20.0 * np.log10(number["freq_mhz"])
    offsets = dict(tuning.site_offset_db)
    offset_db = np.array([offsets.get(str(site), 0.0) for site in cells["site_id"]])
    # slopes are told from 1 km, the kernels count from 1 m
    constant_db = tuning.intercept_db - 3.0 * tuning.slope_db
    return CellColumns(
        constant_dbm=(number["eirp_dbm"] + offset_db - at_1_m - constant_db).astype(np.float32),
        azimuth_deg=number["azimuth_grid_deg"].astype(np.float32),
        mechanical_deg=number["mechanical_downtilt_deg"].astype(np.float32),
        # a measured cut contains the tilt it was measured with
        electrical_deg=(number["electrical_downtilt_deg"] - own_tilt_deg).astype(np.float32),
        shape=shape,
        cuts=cuts,
        pattern=pattern,
        load=cells["load"].to_numpy(dtype=np.float32, na_value=1.0),
        model=(
            np.float32((10.0 + 0.5 * tuning.slope_db) * math.log10(2.0)),
            np.float32(tuning.diffraction_weight),
            np.float32(tuning.height_db),
            np.float32(tuning.near_slope_db),
            np.float32(2.0 * math.log2(tuning.near_m)),
        ),
    )


def _patterns(cells: pd.DataFrame) -> tuple[Single, Single, npt.NDArray[np.int64]]:
    """Return the shape of each antenna, the measured cuts, and which of them each cell has."""
    measured = patterns_of(cells)
    numbers: dict[int, int] = {}
    cuts: list[npt.NDArray[np.float64]] = []
    shapes, chosen = [], []
    for name, pattern in zip(cells["antenna"], measured, strict=True):
        if pattern is None:
            shapes.append(antenna(name).shape())
            chosen.append(-1)
            continue
        if id(pattern) not in numbers:
            numbers[id(pattern)] = len(cuts)
            both = (pattern.horizontal_db, pattern.vertical_db)
            cuts.append(np.array([np.append(cut, cut[0]) for cut in both]))
        across = pattern.horizontal_db
        turned = 0.0 if is_omni(name, pattern) else float(across[SECTOR_DEG].mean())
        shapes.append(np.array([0.0, 0.0, across.max(), 0.0, turned]))
        chosen.append(numbers[id(pattern)])
    return (
        np.array(shapes, dtype=np.float32).reshape(len(cells), 5),
        np.array(cuts, dtype=np.float32).reshape(len(cuts), 2, 361),
        np.array(chosen, dtype=np.int64),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Spans:
    """Which columns of each row are kept, and where a row begins in the arrays of servers."""

    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    base: npt.NDArray[np.int64]

    @property
    def size(self) -> int:
        """Return the number of grid cells kept."""
        return int((self.last - self.first).sum())

    @classmethod
    def over(cls, wanted: npt.NDArray[np.bool_]) -> "_Spans":
        """Return the shortest spans that hold all wanted cells."""
        some = wanted.any(axis=1)
        first = np.where(some, wanted.argmax(axis=1), 0)
        last = np.where(some, wanted.shape[1] - wanted[:, ::-1].argmax(axis=1), 0)
        begin = np.concatenate([[0], np.cumsum(last - first)[:-1]])
        return cls(first.astype(np.int64), last.astype(np.int64), begin - first)


@dataclass(frozen=True, slots=True, eq=False)
class Servers:
    """
    The strongest masts of each grid cell, for each technology and operator.

    `top` is (group, rank, grid cell) of packed servers, see `_kernels.servers`; `total` the power
    of each carrier of an operator, (carrier, grid cell), in fixed point; `maybe` tells where an
    unknown path could serve.
    """

    network: Network
    columns: CellColumns
    groups: list[tuple[str, str]]
    spans: _Spans
    known: npt.NDArray[np.bool_]
    bits: int
    steps: float
    cell_of: npt.NDArray[np.int32]
    total_of_cell: npt.NDArray[np.int64]
    noise_mw: npt.NDArray[np.float64]
    top: npt.NDArray[np.int32]
    total: npt.NDArray[np.int64]
    maybe: npt.NDArray[np.uint8]

    def bands(
        self,
        pair: tuple[str, str],
        *,
        profile: ThresholdProfile,
        settings: RadioSettings,
        geobox: "GeoBox",
    ) -> "xr.Dataset":
        """
        Return the bands of one technology and operator.

        Parameters
        ----------
        pair
            Technology and operator, or `"any"`.
        profile
            Thresholds of service.
        settings
            Settings of the engine.
        geobox
            The grid.

        Returns
        -------
        bands
            The variables `BANDS` on the grid.
        """
        import xarray as xr

        from infraplan.layers.grid import wrap

        technology, operator = pair
        grids = {name: np.full(self.known.shape, np.nan, dtype=np.float32) for name in BANDS}
        for at, made in self._blocks(pair, profile, settings):
            for name, values in made.items():
                grids[name].ravel()[at] = values
        rasters = {
            name: wrap(grid, geobox, name=name, units="dB" if name.endswith("_db") else "")
            for name, grid in grids.items()
        }
        return xr.Dataset(rasters, attrs={"technology": technology, "operator": operator})

    def _blocks(
        self, pair: tuple[str, str], profile: ThresholdProfile, settings: RadioSettings
    ) -> Iterator[tuple[npt.NDArray[np.int64], dict[str, Single]]]:
        """Yield flat places on the grid and the bands there, some rows at a time."""
        place = self._place_in_table(pair[0])
        width = self.known.shape[1]
        lengths = self.spans.last - self.spans.first
        ends = np.cumsum(lengths)
        row = 0
        while row < lengths.size:
            begin = int(ends[row] - lengths[row])
            stop = int(np.searchsorted(ends, begin + CELLS_AT_ONCE, side="right"))
            stop = max(stop, row + 1)
            end = int(ends[stop - 1])
            if end > begin:
                rows = np.repeat(np.arange(row, stop), lengths[row:stop])
                columns = np.arange(begin, end) - self.spans.base[rows]
                at = rows * width + columns
                made = self._made(pair, slice(begin, end), at, place, profile, settings)
                yield at, made
            row = stop

    def _made(
        self,
        pair: tuple[str, str],
        part: slice,
        at: npt.NDArray[np.int64],
        place: npt.NDArray[np.int64],
        profile: ThresholdProfile,
        settings: RadioSettings,
    ) -> dict[str, Single]:
        """Return the bands of a run of grid cells."""
        from scipy.special import ndtr

        from infraplan.radio._kernels.servers import bands_of

        technology = pair[0]
        chosen = self._merged(pair)
        begin, end = part.start, part.stop
        size = end - begin
        level, second, sinr = (np.empty(size, dtype=np.float32) for _ in range(3))
        cell, servers = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
        bands_of(
            self.top, np.array(chosen, dtype=np.int64), begin, end, self.bits,
            np.float32(self.steps), self.cell_of, self.network.mast, self.columns.load,
            self.total_of_cell, self.total, self.noise_mw, np.float32(settings.servers_within_db),
            level, cell, second, sinr, servers,
        )  # fmt: skip
        limits = profile.technologies[technology]
        best = _rounded(level)
        probability = ndtr((best - limits.service_dbm) / profile.sigma_db)
        maybe = self.maybe[chosen, begin:end].any(axis=0) if chosen else np.zeros(size, bool)
        unknown = (maybe & (probability < profile.p_cov)) | ~self.known.ravel()[at]
        made = {
            "signal_dbm": best,
            "best_cell": np.where(cell >= 0, place[np.maximum(cell, 0)], -1),
            "second_dbm": _rounded(second),
            "sinr_db": np.round(sinr, 1),
            "servers": servers,
            "probability": np.round(probability, 3),
        }
        return {
            name: np.where(unknown, np.nan, values).astype(np.float32)
            for name, values in made.items()
        }

    def _merged(self, pair: tuple[str, str]) -> list[int]:
        """Return the groups that a technology and operator, or `any`, is made of."""
        technology, operator = pair
        return [
            n for n, (t, o) in enumerate(self.groups) if t == technology and operator in (o, ANY)
        ]

    def _place_in_table(self, technology: str) -> npt.NDArray[np.int64]:
        """Return the row of each cell in the table of its technology."""
        cells = self.network.cells
        of_technology = (cells["technology"] == technology).to_numpy()
        order = np.argsort(cells["cell_id"].to_numpy(dtype=str), kind="stable")
        place = np.full(max(len(cells), 1), -1, dtype=np.int64)  # one at least, for the look-up
        mine = order[of_technology[order]]
        place[mine] = np.arange(mine.size)
        return place


def _rounded(level_dbm: Single) -> Single:
    """Return levels to the tenth of a decibel, none below that of nothing received."""
    tenths = np.round(level_dbm.astype(np.float64), 1)
    return np.asarray(np.maximum(tenths, NOTHING_RECEIVED_DBM))


def servers_of(
    stage: LossStage,
    network: Network,
    groups: list[tuple[str, str]],
    *,
    needed_dbm: list[float],
    wanted: npt.NDArray[np.bool_] | None = None,
    around_db: Single,
    progress: Progress,
) -> Servers:
    """
    Reduce the levels of a network to the strongest servers of each grid cell.

    Parameters
    ----------
    stage
        Ground, rays and settings.
    network
        Cells on air.
    groups
        Pairs of technology and operator whose servers are kept.
    needed_dbm
        Level above which a path counts as service, of each group [dBm].
    wanted
        Grid cells to reduce; all where None.
    around_db
        Loss by what surrounds the receiver, on the grid; of no size where there is none [dB].
    progress
        Called with the share done.

    Returns
    -------
    servers
        Strongest masts, powers and doubts.

    Raises
    ------
    SettingsError
        If a technology and operator has more cells than can be told apart.
    """
    from infraplan.radio._kernels.servers import reduce_masts

    known = np.isfinite(stage.ground_m)
    asked = known if wanted is None else known & wanted
    spans = _Spans.over(asked)
    table = stage.table
    columns = cell_columns(network.cells, stage.settings)
    group, rank, cell_of, bits = _ranks(network.cells, groups)
    steps = 2.0 ** math.floor(math.log2((2.0 ** (31 - bits)) / LEVEL_RANGE_DB))
    names = (network.cells[name].astype(str) for name in ("technology", "operator", "carrier"))
    carriers = ["|".join(parts) for parts in zip(*names, strict=True)]
    total_of = pd.factorize(np.array(carriers, dtype=object), sort=True)[0].astype(np.int64)
    made = Servers(
        network=network,
        columns=columns,
        groups=groups,
        spans=spans,
        known=asked,
        bits=bits,
        steps=steps,
        cell_of=cell_of,
        total_of_cell=total_of,
        noise_mw=_noise_mw(network.cells),
        top=np.zeros((len(groups), SERVERS_KEPT, spans.size), dtype=np.int32),
        total=np.zeros((int(total_of.max(initial=-1)) + 1, spans.size), dtype=np.int64),
        maybe=np.zeros((len(groups), spans.size), dtype=np.uint8),
    )
    chosen = np.flatnonzero(group >= 0)
    start = np.searchsorted(chosen, network.cell_start)
    unit_start = network.unit_start
    for first, last, losses in stage.batches(network):
        progress(first / max(network.row.size, 1), "")
        units = unit_start[(unit_start >= first) & (unit_start <= last)] - first
        some = slice(first, last)
        reduce_masts(
            stage.ground_m, around_db, spans.first, spans.last,
            spans.base, stage.settings.rx_height_m, table.offset_column, table.row_start,
            table.slot, table.flat2_m2, table.bearing_deg, losses, units, network.row[some],
            network.column[some], network.height_m[some], start[first : last + 1], rank[chosen],
            group[chosen], network.cell_band[chosen], total_of[chosen],
            columns.constant_dbm[chosen], columns.azimuth_deg[chosen],
            columns.mechanical_deg[chosen], columns.electrical_deg[chosen], columns.shape[chosen],
            columns.cuts, columns.pattern[chosen], columns.load[chosen],
            np.array(needed_dbm, dtype=np.float32), bits, np.float32(steps), columns.model,
            made.top, made.total, made.maybe,
        )  # fmt: skip
    return made


def _noise_mw(cells: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the noise in the bandwidth of each cell's level; 0 for 2G, which has no SINR here."""
    noise_mw = np.zeros(len(cells))
    columns = zip(cells["technology"], cells["freq_mhz"], cells["bandwidth_mhz"], strict=True)
    for n, (technology, freq_mhz, bandwidth_mhz) in enumerate(columns):
        if technology != "2G":
            is_5g = technology == "5G"
            spacing_khz = subcarrier_spacing_khz(freq_mhz, bandwidth_mhz) if is_5g else None
            noise_mw[n] = 10.0 ** (noise_dbm(technology, subcarrier_khz=spacing_khz) / 10.0)
    return noise_mw


def _ranks(
    cells: pd.DataFrame, groups: list[tuple[str, str]]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32], int]:
    """Return group and code of each cell, the cell behind each code, and the bits of a code."""
    number = {pair: n for n, pair in enumerate(groups)}
    pairs = zip(cells["technology"], cells["operator"], strict=True)
    group = np.array([number.get(pair, -1) for pair in pairs], dtype=np.int64)
    count = np.bincount(group[group >= 0], minlength=max(len(groups), 1))
    bits = max(int(count.max(initial=1)).bit_length(), 1)
    if 2.0 ** (31 - bits) / LEVEL_RANGE_DB < LEAST_STEPS_PER_DB:
        msg = (
            f"one operator has {count.max():,} cells of one technology on air in one plan: more "
            "than can be told apart; make a plan for each part of the country"
        )
        raise SettingsError(msg)
    last = (1 << bits) - 1
    code = np.zeros(len(cells), dtype=np.int64)
    cell_of = np.full((max(len(groups), 1), last + 1), -1, dtype=np.int32)
    for n in range(len(groups)):
        mine = np.flatnonzero(group == n)
        code[mine] = last - np.arange(mine.size)  # the first has the largest: it wins a draw
        cell_of[n, code[mine]] = mine
    return group, code, cell_of, bits
