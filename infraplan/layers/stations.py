"""Which stations count as there."""

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["is_on_air", "on_air"]

OPERATING = "operating"


def is_on_air(sites: pd.DataFrame) -> "pd.Series[bool]":
    """
    Return whether each station is on air: operating, or of a list that says nothing of states.

    Parameters
    ----------
    sites
        Layer `sites`.

    Returns
    -------
    is_on_air
        On the index of the stations.
    """
    if "status" not in sites:
        return pd.Series(data=True, index=sites.index)
    return sites["status"].isna() | (sites["status"] == OPERATING)


def on_air(sites: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """
    Return the stations that are on air, without those requested, approved, planned or in building.

    Parameters
    ----------
    sites
        Layer `sites`.

    Returns
    -------
    on_air
        Their rows.
    """
    return sites[is_on_air(sites)]
