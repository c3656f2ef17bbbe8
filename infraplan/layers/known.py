"""What a plan knows of its places, as evidence of what the coordinates of a list mean."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["KnownPlaces"]


@dataclass(frozen=True, slots=True, eq=False)
class KnownPlaces:
    """
    What a plan knows of its places; any layer may be empty.

    All are in the planning CRS and indexed by id: `communes` with `name`, `full_name` and `type`,
    `hamlets` with `name`, `sites` with `operator` and `mast_id`, `sea`.
    """

    communes: "gpd.GeoDataFrame"
    hamlets: "gpd.GeoDataFrame"
    sites: "gpd.GeoDataFrame"
    sea: "gpd.GeoDataFrame"
