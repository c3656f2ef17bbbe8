"""How many positions, stations and technologies there are, each counted for what it is."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from infraplan.layers.bundle import Layers
from infraplan.layers.schemas import TECHNOLOGIES

__all__ = ["Inventory", "inventory"]


@dataclass(frozen=True, slots=True, eq=False)
class Inventory:
    """
    Counts of stations.

    `totals`: `positions` (distinct masts), `stations` (operator x position), `technologies`
    (station x technology), `shared_mast_share` (masts with two operators or more, of all masts) and
    `shared_station_share` (stations on such masts, of all stations). `by_operator` and `by_commune`
    hold the counts by operator and by commune code.
    """

    totals: Mapping[str, float]
    by_operator: pd.DataFrame
    by_commune: pd.DataFrame


def inventory(layers: Layers) -> Inventory:
    """
    Count positions, stations and technologies.

    Parameters
    ----------
    layers
        Bundle with `sites`.

    Returns
    -------
    inventory
        Counts; all zero where there are no stations.
    """
    sites = layers.table("sites")
    mast = sites["mast_id"].where(sites["mast_id"].notna(), sites.index.to_series())
    table = pd.DataFrame(sites.drop(columns="geometry")).assign(mast=mast)
    listed = table["technologies"].fillna("").str.split(";")
    for technology in TECHNOLOGIES:
        table[technology] = [technology in names for names in listed]
    operators = table.groupby("mast")["operator"].nunique()
    shared = operators[operators >= 2].index
    table["on_shared"] = table["mast"].isin(shared)
    totals = {
        "positions": float(operators.size),
        "stations": float(len(table)),
        "technologies": float(table[list(TECHNOLOGIES)].to_numpy().sum()),
        "shared_mast_share": len(shared) / operators.size if operators.size else 0.0,
        "shared_station_share": float(table["on_shared"].mean()) if len(table) else 0.0,
    }
    return Inventory(totals, _counts(table, "operator"), _counts(table, "commune_code"))


def _counts(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return positions, stations and technologies of each group."""
    grouped = table.groupby(by)
    counts = grouped[list(TECHNOLOGIES)].sum().astype(int)
    counts.insert(0, "stations", grouped.size())
    counts.insert(0, "positions", grouped["mast"].nunique())
    counts["shared_stations"] = grouped["on_shared"].sum().astype(int)
    for mast_class in sorted(set(table["mast_class"].dropna())):
        of_class = table[table["mast_class"] == mast_class]
        masts = of_class.groupby(by)["mast"].nunique()
        counts[mast_class] = masts.reindex(counts.index).fillna(0).astype(int)
    return counts
