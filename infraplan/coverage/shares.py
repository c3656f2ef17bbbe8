"""Covered shares by area, technology, operator and denominator, each with its range."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from infraplan.coverage.zonal import Zones
from infraplan.radio.results import ANY
from infraplan.radio.results import Coverage

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["ALL", "AT_LEAST_TWO", "RANGE_DB", "Levels", "covered_shares", "levels_of"]

AT_LEAST_TWO = "at_least_two"
ALL = "all"
RANGE_DB = 3.0  # a systematic error of the model either way, near its mean error uncalibrated
Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """
    Where there is service, per grid cell, flat.

    `covered`, `low` and `high` are 1 or 0; `low` with a signal 3 dB weaker and the unknown not
    covered, `high` with one 3 dB stronger and the unknown covered. `unknown` is 1 where not known;
    `assumed` where the best server's cell rests on defaults.
    """

    covered: Floats
    low: Floats
    high: Floats
    unknown: Floats
    assumed: Floats


def levels_of(
    coverage: Coverage, technology: str, operator: str, *, cells: Cells | None = None
) -> Levels:
    """
    Return where a technology of an operator, or of several, gives service.

    Parameters
    ----------
    coverage
        Prediction.
    technology
        Technology.
    operator
        Operator, `"any"`, `"at_least_two"` or `"all"` (of those predicted).
    cells
        Grid cells wanted, counted row by row; all where None.

    Returns
    -------
    levels
        Service per grid cell.

    Raises
    ------
    SettingsError
        If it was not predicted.
    """
    if operator in (AT_LEAST_TWO, ALL):
        each = [levels_of(coverage, technology, name, cells=cells) for name in coverage.operators]
        return _met(each, 2 if operator == AT_LEAST_TWO else len(each))
    bands = coverage.bands(technology, operator)
    wanted = slice(None) if cells is None else cells
    probability, signal, server = (
        bands[name].to_numpy().ravel()[wanted]
        for name in ("probability", "signal_dbm", "best_cell")
    )
    profile = coverage.profile
    unknown = np.isnan(probability)
    covered = probability >= np.float32(profile.p_cov)  # bands are float32, as Coverage.covered
    margin = _margin_db(profile.p_cov, profile.sigma_db)
    least = profile.technologies[technology].service_dbm + margin
    table = coverage.cells[technology]
    flags = table["assumed"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)
    is_assumed = np.zeros(server.size, dtype=bool)
    has = np.nan_to_num(server, nan=-1.0) >= 0
    is_assumed[has] = flags[server[has].astype(np.int64)]
    # comparing with NaN gives False: the unknown is covered in neither
    low = covered & (signal - RANGE_DB >= least)
    high = covered | unknown | (signal + RANGE_DB >= least)
    parts = (covered, low, high, unknown, covered & is_assumed)
    return Levels(*(part.astype(np.float64) for part in parts))


def covered_shares(
    coverage: Coverage,
    people: "xr.DataArray",
    areas: pd.DataFrame,
    zones: Zones,
    residential: Floats,
) -> pd.DataFrame:
    """
    Return the covered share of areas.

    Parameters
    ----------
    coverage
        Prediction.
    people
        Persons per grid cell.
    areas
        Names of the areas, in the order of the zones: `area_level`, `area_id`, `area_name`.
    zones
        Areas on the grid.
    residential
        Share of each grid cell that is residential ground, flat, in [0, 1].

    Returns
    -------
    shares
        One row for each area, technology, operator (each, `any`, `at_least_two`, `all`) and
        denominator (`people`, `area`, `residential`), with `total`, `covered`, `unknown`, `share`,
        `share_low`, `share_high` and `people_assumed` (covered people whose server is assumed).
    """
    cells = np.unique(zones.fractions.indices).astype(np.int64)
    inside = sparse.csr_array(zones.fractions[:, cells])
    persons = people.to_numpy().ravel()[cells].astype(np.float64)
    ground = np.full(cells.size, zones.cell_m2 / 1e6)
    by_weight = {"people": persons, "area": ground, "residential": ground * residential[cells]}
    weights = {
        name: sparse.csr_array(inside @ sparse.diags_array(weight))
        for name, weight in by_weight.items()
    }
    operators = [*coverage.operators, ANY, AT_LEAST_TWO, ALL]
    if len(coverage.operators) < 2:
        operators = [*coverage.operators, ANY]
    frames = []
    for technology in coverage.technologies:
        each = {
            name: levels_of(coverage, technology, name, cells=cells) for name in coverage.operators
        }
        for operator in operators:
            if operator == ANY and (technology, ANY) not in coverage.maps:
                continue
            if operator in each:
                levels = each[operator]
            elif operator == ANY:
                levels = levels_of(coverage, technology, ANY, cells=cells)
            else:
                levels = _met([*each.values()], 2 if operator == AT_LEAST_TWO else len(each))
            # flags as rows: written one after the other, they are far faster than as columns
            flags = np.stack(
                [
                    np.ones(cells.size),
                    levels.covered,
                    levels.unknown,
                    levels.low,
                    levels.high,
                    levels.assumed,
                ]
            ).T
            for denominator, weight in weights.items():
                part = _part(weight, flags)
                if denominator != "people":
                    part["people_assumed"] = np.full(len(areas), np.nan)
                frames.append(
                    areas.assign(
                        technology=technology, operator=operator, denominator=denominator, **part
                    )
                )
    return pd.concat(frames, ignore_index=True)


def _met(each: list[Levels], need: int) -> Levels:
    """Return where so many operators give service at once."""
    covered, low, high, assumed = (
        np.sum([getattr(one, name) for one in each], axis=0) >= need
        for name in ("covered", "low", "high", "assumed")
    )
    doubt = np.sum([one.covered + one.unknown for one in each], axis=0) >= need
    unknown = doubt & ~covered
    return Levels(*(a.astype(np.float64) for a in (covered, low, high, unknown, assumed)))


def _part(weight: sparse.csr_array, flags: Floats) -> dict[str, Floats]:
    """Return the sums and shares of one reading for every area."""
    total, covered, unknown, low, high, assumed = np.asarray(weight @ flags).T

    def share(part: Floats) -> Floats:
        """Return a part of the total; NaN where there is nobody."""
        empty = np.full_like(total, np.nan)
        return np.asarray(np.divide(part, total, out=empty, where=total > 0))

    return {
        "total": total,
        "covered": covered,
        "unknown": unknown,
        "share": share(covered),
        "share_low": share(low),
        "share_high": share(high),
        "people_assumed": assumed,
    }


def _margin_db(p_cov: float, sigma_db: float) -> float:
    """Return how far above its threshold a signal must lie to be service."""
    from infraplan.radio.link import service_margin_db

    return service_margin_db(p_cov, sigma_db)
