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
    first = sites.geometry.sort_index().groupby(of_station.sort_index(), sort=True).first()
    operators: dict[str, list[str]] = {mast: [] for mast in first.index}
    pairs = pd.DataFrame({"mast": of_station, "operator": sites["operator"]}).dropna()
    pairs = pairs.drop_duplicates().sort_values(["mast", "operator"])
    for mast, name in zip(pairs["mast"], pairs["operator"], strict=True):
        operators[mast].append(str(name))
    owners = _commonest(sites, "owner", of_station).reindex(first.index)
    single = pd.Series(
        [names[0] if len(names) == 1 else None for names in operators.values()],
        index=first.index,
        dtype="object",
    )
    table = pd.DataFrame(
        {
            "operators": ["; ".join(names) for names in operators.values()],
            "is_shared": [len(names) >= 2 for names in operators.values()],
            "owner": owners.where(owners.notna(), single),
            "owner_named": owners.notna(),
            "mast_class": _commonest(sites, "mast_class", of_station).reindex(first.index),
        },
        index=first.index.rename("mast_id"),
    )
    shapes = gpd.GeoSeries(first.to_numpy(), index=table.index, crs=sites.crs)
    return Masts(gpd.GeoDataFrame(table, geometry=shapes), of_station)


def _commonest(
    sites: gpd.GeoDataFrame, column: str, of_station: "pd.Series[str]"
) -> "pd.Series[Any]":
    """Return the value that most stations of a mast name, the first by name of equals."""
    if column not in sites:
        return pd.Series(dtype="object")
    named = pd.DataFrame({"mast": of_station, "value": sites[column].astype("object")}).dropna()
    counts = named.groupby(["mast", "value"]).size().rename("count").reset_index()
    counts = counts.sort_values(["mast", "count", "value"], ascending=[True, False, True])
    most = counts.drop_duplicates("mast").set_index("mast")["value"]
    return most.astype("object")


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
