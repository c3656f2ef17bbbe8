"""Masts as stations tell of them: who owns and uses each, which stand side by side."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

__all__ = ["Masts", "masts_of", "positions_near", "unshared_pairs"]

OBJECTS = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Masts:
    """
    Masts of stations.

    `table` has a row for each mast: `operators` (names joined by `; `), `is_shared` (two or more),
    `owner` (NA where nobody says), `owner_named` (by the source, not presumed), `mast_class`,
    `geometry` (of its first station). `of_station` is the mast of each station.
    """

    table: gpd.GeoDataFrame
    of_station: "pd.Series[str]"


def masts_of(sites: gpd.GeoDataFrame) -> Masts:
    """
    Return the masts of stations.

    Parameters
    ----------
    sites
        Stations of layer `sites`, those that count.

    Returns
    -------
    masts
        Masts by id, sorted. A station without a mast stands on its own.
    """
    own = pd.Series(sites.index.astype(str), index=sites.index, dtype="object")
    of_station = sites["mast_id"].astype("object").where(sites["mast_id"].notna(), own).astype(str)
    by_mast = sites.sort_index().groupby(of_station.sort_index(), sort=True)
    operators = by_mast["operator"].agg(lambda names: sorted(set(names.dropna())))
    owners = (
        by_mast["owner"].agg(_commonest)
        if "owner" in sites
        else pd.Series(None, index=operators.index, dtype="object")
    )
    single = operators.map(lambda names: names[0] if len(names) == 1 else None)
    table = pd.DataFrame(
        {
            "operators": operators.map("; ".join),
            "is_shared": operators.map(len) >= 2,
            "owner": owners.where(owners.notna(), single).astype("object"),
            "owner_named": owners.notna(),
            "mast_class": by_mast["mast_class"].agg(_commonest)
            if "mast_class" in sites
            else pd.Series(None, index=operators.index, dtype="object"),
        }
    ).rename_axis("mast_id")
    places = by_mast["geometry"].first().reindex(table.index)
    shapes = gpd.GeoSeries(places.to_numpy(), index=table.index, crs=sites.crs)
    return Masts(gpd.GeoDataFrame(table, geometry=shapes), of_station)


def _commonest(values: "pd.Series[Any]") -> object:
    """Return the value that most rows name, the first by name of equals; None where none does."""
    counts = values.dropna().value_counts()
    return min(counts.index[counts == counts.max()]) if len(counts) else None


def positions_near(masts: Masts, within_m: float) -> pd.DataFrame:
    """
    Return masts that stand so near to each other that they may be one position entered twice.

    Parameters
    ----------
    masts
        Masts.
    within_m
        Distance, > 0 [m].

    Returns
    -------
    near
        A row for each pair, nearest first: `mast_id`, `other_mast_id`, `distance_m`, `operator`,
        `other_operator`, `owner`, `other_owner` and `proposal`: `one_position` where one owner has
        both, `different_owners` where they, or one of them unknown, may not be taken for one.
    """
    found = _pairs(masts, within_m)
    same = found["owner"].notna() & (found["owner"] == found["other_owner"])
    return found.assign(proposal=np.where(same, "one_position", "different_owners"))


def unshared_pairs(masts: Masts, within_m: float) -> pd.DataFrame:
    """
    Return pairs of masts of different operators near to each other, neither of them shared.

    Parameters
    ----------
    masts
        Masts.
    within_m
        Distance, > 0 [m].

    Returns
    -------
    unshared
        A row for each pair, nearest first: `mast_id`, `other_mast_id`, `distance_m`, `operator`,
        `other_operator`, `owner`, `other_owner`.
    """
    alone = masts.table[~masts.table["is_shared"].astype(bool)]
    found = _pairs(Masts(alone, masts.of_station), within_m)
    return found[found["operator"] != found["other_operator"]].reset_index(drop=True)


def _pairs(masts: Masts, within_m: float) -> pd.DataFrame:
    """Return pairs of masts within a distance, each once, nearest first."""
    placed = masts.table[~(masts.table.geometry.isna() | masts.table.geometry.is_empty)]
    shapes = placed.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=within_m)
    one, other = one[one < other], other[one < other]
    found = pd.DataFrame(
        {
            "mast_id": placed.index.to_numpy()[one],
            "other_mast_id": placed.index.to_numpy()[other],
            "distance_m": shapely.distance(shapes[one], shapes[other]),
            "operator": placed["operators"].to_numpy()[one],
            "other_operator": placed["operators"].to_numpy()[other],
            "owner": placed["owner"].to_numpy()[one],
            "other_owner": placed["owner"].to_numpy()[other],
        }
    )
    return found.sort_values(["distance_m", "mast_id", "other_mast_id"], ignore_index=True)
