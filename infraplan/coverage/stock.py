"""How many positions, stations and technologies there are, each counted for what it is."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from infraplan.coverage.masts import Masts
from infraplan.coverage.masts import masts_of
from infraplan.coverage.masts import positions_near
from infraplan.coverage.masts import unshared_pairs
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.schemas import TECHNOLOGIES
from infraplan.layers.stations import on_air

__all__ = ["MAST_CLASSES", "OUTSIDE", "Inventory", "inventory"]

MAST_CLASSES = ("A1a", "A1b", "A2a", "A2b", "A2c")
OUTSIDE = "-"  # the area of stations that stand in no commune, or in no former district
ONE_POSITION_M = 30.0
SHARE_RADIUS_M = 500.0


@dataclass(frozen=True, slots=True, eq=False)
class Inventory:
    """
    Counts of stations on air.

    `totals`: `positions` (distinct masts), `stations` (operator x position), `technologies`
    (station x technology), `not_on_air` (rows requested, approved, planned or in building, which
    count nowhere else), `shared_mast_share` (masts with two operators or more, of all masts),
    `shared_station_share` (stations on such masts, of all stations), `outside` (stations in no
    commune), `owner_unknown` (masts), `one_position` (positions that would be fewer if those of
    one owner within `one_position_m` were one).

    `by_commune` and `by_district` (former districts; empty without them) count by where a station
    stands: positions, stations, technologies, `shared_stations`, masts by class and
    `class_unknown`, `on|NAME` the stations of each operator, and, of communes, `per_1000_people`,
    `people_per_station`, `per_km2`; `"-"` is outside all. `by_operator` counts the same by
    operator, and how it shares: `masts_owned`, `masts_owned_shared`, `guest_stations` (on masts of
    others), `unshared_pairs`.

    `unshared` lists pairs of masts of one operator each, of different operators, within
    `share_radius_m`; `near` lists masts within `one_position_m` of each other with the proposal
    `one_position`, or `different_owners`, which are never taken for one.
    """

    totals: Mapping[str, float]
    by_operator: pd.DataFrame
    by_commune: pd.DataFrame
    by_district: pd.DataFrame
    unshared: pd.DataFrame
    near: pd.DataFrame
    share_radius_m: float
    one_position_m: float


def inventory(
    layers: Layers,
    *,
    share_radius_m: float = SHARE_RADIUS_M,
    one_position_m: float = ONE_POSITION_M,
) -> Inventory:
    """
    Count positions, stations and technologies on air, and who shares with whom.

    Parameters
    ----------
    layers
        Bundle with `sites`; `communes` and `districts` where there.
    share_radius_m
        Masts of different operators within it could have been one, > 0 [m].
    one_position_m
        Masts within it are looked at as one position entered twice, > 0 [m].

    Returns
    -------
    inventory
        Counts; all zero where there are no stations.

    Raises
    ------
    SettingsError
        If a distance is not positive.

    Notes
    -----
    A mast belongs to the owner that its stations name most; where none does, to its operator if
    there is only one. Stations belong to the commune they stand in, whatever code they carry. Rows
    of one operator on one mast are one station: lists may give each technology a row of its own.
    """
    if not (share_radius_m > 0 and one_position_m > 0):
        msg = f"distances must be above 0 m; found {share_radius_m} and {one_position_m}"
        raise SettingsError(msg)
    sites = layers.table("sites")
    there = on_air(sites)
    masts = masts_of(there)
    near = positions_near(masts, one_position_m)
    unshared = unshared_pairs(masts, share_radius_m)
    table = _stations(there, masts, layers)
    communes = _counts(table, "commune")
    totals = {
        "positions": float(len(masts.table)),
        "stations": float(len(table)),
        "technologies": float(table[list(TECHNOLOGIES)].to_numpy().sum()),
        "not_on_air": float(len(sites) - len(there)),
        "shared_mast_share": _share(masts.table["is_shared"]),
        "shared_station_share": _share(table["on_shared"]),
        "outside": float((table["commune"] == OUTSIDE).sum()),
        "owner_unknown": float(masts.table["owner"].isna().sum()),
        "one_position": float(_fewer(near)),
    }
    return Inventory(
        totals=totals,
        by_operator=_by_operator(table, masts, unshared),
        by_commune=_densities(communes, layers),
        by_district=_counts(table, "district") if layers.has("districts") else communes.iloc[:0],
        unshared=unshared,
        near=near,
        share_radius_m=share_radius_m,
        one_position_m=one_position_m,
    )


def _share(flags: "pd.Series[bool]") -> float:
    """Return the share that is true; zero of nothing."""
    return float(flags.mean()) if len(flags) else 0.0


def _stations(sites: gpd.GeoDataFrame, masts: Masts, layers: Layers) -> pd.DataFrame:
    """Return stations with their mast, technologies and the areas they stand in."""
    table = pd.DataFrame({"operator": sites["operator"], "mast": masts.of_station})
    listed = sites["technologies"].fillna("").str.split(";")
    for technology in TECHNOLOGIES:
        table[technology] = [technology in names for names in listed]
    own = masts.table.reindex(table["mast"])
    table["on_shared"] = own["is_shared"].to_numpy(dtype=bool)
    table["owner"] = own["owner"].to_numpy()
    table["mast_class"] = own["mast_class"].to_numpy()
    table["commune"] = _areas_at(sites, layers.table("communes"))
    table["district"] = _areas_at(sites, layers.table("districts"))
    return _one_each(table)


def _one_each(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each operator on each mast: lists may give each technology its own."""
    if not table.duplicated(["operator", "mast"]).any():
        return table
    how = {
        name: "any" if name in TECHNOLOGIES else "first"
        for name in table.columns.drop(["operator", "mast"])
    }
    return table.groupby(["operator", "mast"], as_index=False).agg(how)[list(table.columns)]


def _areas_at(sites: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> list[str]:
    """Return the area that each station stands in; on a border the first by id."""
    codes = np.full(len(sites), OUTSIDE, dtype=object)
    if len(areas) and len(sites):
        shapes = areas.sort_index()
        points = sites.geometry.to_numpy()
        tree = shapely.STRtree(shapes.geometry.to_numpy())
        station, area = tree.query(points, predicate="intersects")
        order = np.lexsort((-area, station))  # the last written wins: the first by id
        codes[station[order]] = shapes.index.to_numpy(dtype=object)[area[order]]
    return [str(code) for code in codes]


def _counts(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return positions, stations, technologies, classes and operators of each group."""
    grouped = table.groupby(by)
    counts = grouped[list(TECHNOLOGIES)].sum().astype(int)
    counts.insert(0, "stations", grouped.size())
    counts.insert(0, "positions", grouped["mast"].nunique())
    counts["shared_stations"] = grouped["on_shared"].sum().astype(int)
    masts = table.drop_duplicates([by, "mast"])
    for name in MAST_CLASSES:
        of_class = masts[masts["mast_class"] == name].groupby(by).size()
        counts[name] = of_class.reindex(counts.index).fillna(0).astype(int)
    known = counts[list(MAST_CLASSES)].sum(axis=1).astype(int)
    counts["class_unknown"] = counts["positions"] - known
    if by != "operator":
        for name in sorted(set(table["operator"])):
            own = table[table["operator"] == name].groupby(by).size()
            counts[f"on|{name}"] = own.reindex(counts.index).fillna(0).astype(int)
    return counts


def _densities(counts: pd.DataFrame, layers: Layers) -> pd.DataFrame:
    """Return counts of every commune with stations per 1,000 people and per square kilometre."""
    communes = layers.table("communes")
    if not len(communes):
        return counts
    outside = [OUTSIDE] if OUTSIDE in counts.index else []
    codes = [*(str(code) for code in communes.sort_index().index), *outside]
    found = counts.reindex(codes, fill_value=0).rename_axis("commune")
    named = communes.set_axis(communes.index.astype(str))
    people = named["people"].reindex(found.index).to_numpy(dtype=np.float64, na_value=np.nan)
    ground = pd.Series(named.geometry.area / 1e6, index=named.index).reindex(found.index)
    stations = found["stations"].to_numpy(dtype=np.float64)
    found.insert(2, "people", people)
    found.insert(3, "area_km2", ground.to_numpy(dtype=np.float64))
    found["per_1000_people"] = _ratio(1000.0 * stations, people)
    found["people_per_station"] = _ratio(people, stations)
    found["per_km2"] = _ratio(stations, found["area_km2"].to_numpy())
    return found


def _ratio(
    over: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    under: "np.ndarray[tuple[int], np.dtype[np.float64]]",
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return a ratio; NaN where there is nothing below."""
    empty = np.full(over.shape, np.nan)
    return np.asarray(np.divide(over, under, out=empty, where=under > 0))


def _by_operator(table: pd.DataFrame, masts: Masts, unshared: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of each operator or owner, and how it shares."""
    counts = _counts(table, "operator")
    owned = masts.table.groupby("owner")["is_shared"]
    names = sorted(set(counts.index) | set(owned.groups))
    found = counts.reindex(names, fill_value=0).rename_axis("operator")
    found["masts_owned"] = owned.size().reindex(names).fillna(0).astype(int)
    found["masts_owned_shared"] = owned.sum().reindex(names).fillna(0).astype(int)
    guests = table[table["owner"].notna() & (table["owner"] != table["operator"])]
    for name, rows in (
        ("guest_stations", guests["operator"]),
        ("unshared_pairs", pd.concat([unshared["operator"], unshared["other_operator"]])),
    ):
        found[name] = rows.value_counts().reindex(names).fillna(0).astype(int)
    return found


def _fewer(near: pd.DataFrame) -> int:
    """Return how many positions fewer there are if those proposed as one are one."""
    import networkx as nx

    graph = nx.Graph()
    joined = near[near["proposal"] == "one_position"]
    graph.add_edges_from(zip(joined["mast_id"], joined["other_mast_id"], strict=True))
    return sum(len(group) - 1 for group in nx.connected_components(graph))
