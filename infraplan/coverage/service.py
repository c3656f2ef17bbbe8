"""Where each operator gives service, as bits per grid cell: every reading is counted from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.errors import SettingsError
from infraplan.radio.link import service_margin_db
from infraplan.radio.results import ANY
from infraplan.radio.results import Coverage

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["ALL", "AT_LEAST_TWO", "RANGE_DB", "Levels", "Service", "needed_dbm", "service_of"]

AT_LEAST_TWO = "at_least_two"
ALL = "all"
RANGE_DB = 3.0  # a systematic error of the model either way, near its mean error uncalibrated
FLAGGED = ("probability", "signal_dbm", "best_cell")
MOST_READINGS = 12  # five kinds of bits fit one word of 64
Bits = npt.NDArray[np.uint16]
Flags = npt.NDArray[np.bool_]
Cells = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """
    Where there is service, one flag a place.

    `covered`; `low` with a signal 3 dB weaker and the unknown not
    covered, `high` with one 3 dB stronger and the unknown covered. `unknown` where not known;
    `assumed` where the best server's cell rests on defaults.
    """

    covered: Flags
    low: Flags
    high: Flags
    unknown: Flags
    assumed: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """
    Service of one technology at places: a bit for each reading that was predicted.

    `names` are those readings, operators and `any`; bit k of `covered`, `low`, `high`, `unknown`
    and `assumed` belongs to the k-th of them.
    """

    technology: str
    names: tuple[str, ...]
    covered: Bits
    low: Bits
    high: Bits
    unknown: Bits
    assumed: Bits

    @property
    def operators(self) -> tuple[str, ...]:
        """Return the operators predicted, without `any`."""
        return tuple(name for name in self.names if name != ANY)

    @property
    def readings(self) -> tuple[str, ...]:
        """Return the readings that can be given: each operator, any, at least two, all."""
        several = (AT_LEAST_TWO, ALL) if len(self.operators) > 1 else ()
        return (*self.operators, *((ANY,) if ANY in self.names else ()), *several)

    def patterns(self) -> tuple["Service", Cells]:
        """
        Return the different combinations of bits, and which of them each place has.

        Returns
        -------
        distinct
            One place for each combination; usually some hundreds.
        pattern
            Number of the combination of each place.
        """
        import pandas as pd

        width = len(self.names)
        word = np.zeros(self.covered.size, dtype=np.uint64)
        parts = (self.covered, self.low, self.high, self.unknown, self.assumed)
        for number, bits in enumerate(parts):
            word |= bits.astype(np.uint64) << np.uint64(number * width)
        pattern, words = pd.factorize(word)
        mask = np.uint64((1 << width) - 1)
        kinds = [
            ((words >> np.uint64(number * width)) & mask).astype(np.uint16) for number in range(5)
        ]
        return Service(self.technology, self.names, *kinds), pattern.astype(np.int64)

    def levels(self, reading: str) -> Levels:
        """
        Return where a reading gives service.

        Parameters
        ----------
        reading
            Operator, `"any"`, `"at_least_two"` or `"all"`.

        Returns
        -------
        levels
            One flag a place.
        """
        if reading not in (AT_LEAST_TWO, ALL):
            bit = np.uint16(1 << self.names.index(reading))
            parts = (self.covered, self.low, self.high, self.unknown, self.assumed)
            return Levels(*((part & bit) > 0 for part in parts))
        own = np.uint16(sum(1 << self.names.index(name) for name in self.operators))
        need = 2 if reading == AT_LEAST_TWO else len(self.operators)
        covered, low, high, assumed = (
            np.bitwise_count(part & own) >= need
            for part in (self.covered, self.low, self.high, self.assumed)
        )
        doubt = np.bitwise_count((self.covered | self.unknown) & own) >= need
        return Levels(covered, low, high, doubt & ~covered, assumed)


def needed_dbm(coverage: Coverage, technology: str) -> float:
    """
    Return the median level from which a place counts as covered.

    Parameters
    ----------
    coverage
        Prediction, with its thresholds.
    technology
        Technology.

    Returns
    -------
    needed_dbm
        Service threshold and the margin for the probability wanted [dBm].
    """
    profile = coverage.profile
    margin_db = service_margin_db(profile.p_cov, profile.sigma_db)
    return profile.technologies[technology].service_dbm + margin_db


def service_of(
    coverage: Coverage,
    technology: str,
    *,
    readings: Iterable[str] | None = None,
    cells: Cells | None = None,
) -> Service:
    """
    Return where a technology gives service.

    Parameters
    ----------
    coverage
        Prediction.
    technology
        Technology.
    readings
        Operators and `any` to read; all that were predicted where None.
    cells
        Grid cells wanted, counted row by row; all where None.

    Returns
    -------
    service
        Bits for each reading and cell.

    Raises
    ------
    SettingsError
        If a reading was not predicted, or there are more than twelve.
    """
    if readings is None:
        names = [o for o in (ANY, *coverage.operators) if (technology, o) in coverage.maps]
    else:
        names = list(readings)
    if len(names) > MOST_READINGS:
        msg = f"shares of {len(names)} operators at once; at most {MOST_READINGS - 1} are counted"
        raise SettingsError(msg)
    wanted = slice(None) if cells is None else cells
    parts: list[Bits] = []
    for number, name in enumerate(names):
        bands = coverage.bands(technology, name, FLAGGED)
        flags = _flags(coverage, technology, bands, wanted)
        if not parts:
            parts = [np.zeros(flag.size, dtype=np.uint16) for flag in flags]
        for kind, flag in enumerate(flags):
            parts[kind] |= flag.astype(np.uint16) << np.uint16(number)
    if not parts:
        coverage.bands(technology, ANY)  # says what was predicted instead
    return Service(technology, tuple(names), *parts)


def _flags(
    coverage: Coverage, technology: str, bands: "xr.Dataset", wanted: slice | Cells
) -> tuple[npt.NDArray[np.bool_], ...]:
    """Return covered, low, high, unknown and assumed of one reading."""
    probability, signal, server = (bands[name].to_numpy().ravel()[wanted] for name in FLAGGED)
    unknown = np.isnan(probability)
    # bands are float32, as Coverage.covered
    covered = probability >= np.float32(coverage.profile.p_cov)
    least = np.float32(needed_dbm(coverage, technology))
    # comparing with NaN gives False: the unknown is covered in neither
    low = covered & (signal >= least + np.float32(RANGE_DB))
    high = covered | unknown | (signal >= least - np.float32(RANGE_DB))
    table = coverage.cells[technology]
    flags = table["assumed"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)
    assumed = np.append(flags, False)[np.nan_to_num(server, nan=-1.0).astype(np.int64)]
    return covered, low, high, unknown, covered & assumed
