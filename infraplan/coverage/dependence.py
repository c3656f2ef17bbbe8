"""What hangs on one mast: people who lose service when it fails."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.coverage.service import needed_dbm
from infraplan.coverage.shares import Parts
from infraplan.radio.results import ANY
from infraplan.radio.results import Coverage

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["people_lost"]

EVERY = "all"
HELD_BY = ("best_cell", "second_dbm", "probability")
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


def people_lost(
    parts: Parts, coverage: Coverage, technology: str, *, without: Collection[str] = ()
) -> pd.DataFrame:
    """
    Return how many people lose service when one mast fails, for each mast.

    Parameters
    ----------
    parts
        Parts of the ground with their people.
    coverage
        Prediction with the bands `best_cell`, `second_dbm` and `probability`.
    technology
        Technology of the headline.
    without
        Technologies that are switched off: nobody has them left.

    Returns
    -------
    lost
        One row for each mast, technology and operator whose failure costs anybody service, most
        people first: `mast_id`, `technology`, `operator`, `people_served` (whom the
        mast serves best) and `people_lost` (who then have no other mast that reaches the service
        level). The rows of technology `all` count those who then have no technology of any operator
        left. Empty where the prediction keeps no second server.

    Notes
    -----
    The other masts are taken to carry on as they are; one more failure is not looked at.
    """
    people = np.bincount(parts.cell, parts.weights["people"], parts.cells.size).astype(np.float64)
    frames = []
    held: list[tuple[Ints, npt.NDArray[np.bool_]]] = []
    masts = _masts(coverage)
    for name in coverage.technologies:
        for operator in (ANY, *coverage.operators):
            if (name, operator) not in coverage.maps or name in without:
                continue
            if name != technology and operator != ANY:
                continue
            bands = coverage.bands(name, operator, HELD_BY)
            if "second_dbm" not in bands:
                continue
            mast, kept = _held_by(parts, coverage, name, bands, masts)
            if operator == ANY:
                held.append((mast, kept))
            if name == technology:
                frames.append(_table(mast, ~kept, people, masts, (name, operator)))
    if len(held) > 1:
        frames.append(_table(*_alone(held), people, masts, (EVERY, ANY)))
    if not frames:
        return pd.DataFrame(
            columns=[
                "mast_id",
                "technology",
                "operator",
                "people_served",
                "people_lost",
            ]
        )
    table = pd.concat(frames, ignore_index=True)
    order = ["technology", "operator", "people_lost", "mast_id"]
    return table.sort_values(order, ascending=[True, True, False, True], ignore_index=True)


def _masts(coverage: Coverage) -> pd.Index:
    """Return the masts of all cells."""
    names = {str(mast) for table in coverage.cells.values() for mast in _mast_of(table)}
    return pd.Index(sorted(names), dtype="str")


def _mast_of(cells: pd.DataFrame) -> pd.Index:
    """Return the mast of each cell; that of its station where none is named."""
    own = cells["site_id"].astype(str)
    named = cells["mast_id"].astype("object")
    return pd.Index(named.where(named.notna(), own).astype(str), dtype="str")


def _held_by(
    parts: Parts, coverage: Coverage, technology: str, bands: "xr.Dataset", masts: pd.Index
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the mast that covers each cell, -1 where none, and whether another would as well."""
    server, second, probability = (bands[name].to_numpy().ravel()[parts.cells] for name in HELD_BY)
    own = masts.get_indexer(_mast_of(coverage.cells[technology]))
    number = np.append(own, -1).astype(np.int32)
    covered = probability >= np.float32(coverage.profile.p_cov)
    mast = number[np.nan_to_num(server, nan=-1.0).astype(np.int64)]
    mast = np.where(covered, mast, -1).astype(np.int32)
    return mast, covered & (second >= np.float32(needed_dbm(coverage, technology)))


def _alone(
    held: list[tuple[Ints, npt.NDArray[np.bool_]]],
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the one mast that every covering technology hangs on, and where there is one."""
    safe = np.any([kept for _, kept in held], axis=0)
    masts = np.stack([mast for mast, _ in held])
    most = masts.max(axis=0)
    least = np.where(masts < 0, np.iinfo(np.int32).max, masts).min(axis=0)
    return most, ~safe & (most >= 0) & (most == least)


def _table(
    mast: Ints,
    lost: npt.NDArray[np.bool_],
    people: Floats,
    masts: pd.Index,
    names: tuple[str, str],
) -> pd.DataFrame:
    """Return people served and lost by mast, those with anybody to lose."""
    has = mast >= 0
    served = np.bincount(mast[has], people[has], len(masts))
    gone = np.bincount(mast[has & lost], people[has & lost], len(masts))
    wanted = np.flatnonzero(gone > 0)
    return pd.DataFrame(
        {
            "mast_id": masts[wanted],
            "technology": names[0],
            "operator": names[1],
            "people_served": served[wanted],
            "people_lost": gone[wanted],
        }
    )
