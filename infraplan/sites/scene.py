"""What every prediction of a batch shares, and stations that do not stand yet as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.sites.gain import Ground
from infraplan.sites.surroundings import Request

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.radio.cells import CellDefaults
    from infraplan.radio.settings import RadioSettings

__all__ = ["Scene", "stations_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What every prediction of a batch shares; technology and operator are the headline's."""

    ground: Ground
    cells: pd.DataFrame
    settings: "RadioSettings"
    defaults: "CellDefaults"
    technology: str
    operator: str


def stations_of(entries: Sequence[tuple[str, Request, Any, float]], crs: str) -> "gpd.GeoDataFrame":
    """
    Return stations that do not stand yet as a table of layer `sites`.

    Parameters
    ----------
    entries
        Name, request, point in the planning CRS and antenna height above ground [m] of each.
    crs
        The planning CRS.

    Returns
    -------
    stations
        Table indexed by name, every station as if it were on air.
    """
    import geopandas as gpd

    return gpd.GeoDataFrame(
        {
            "operator": [request.operator for _, request, _, _ in entries],
            "mast_id": [name for name, _, _, _ in entries],
            "mast_class": [request.text.get("mast_class") for _, request, _, _ in entries],
            "height_m": [height for _, _, _, height in entries],
            "technologies": [";".join(request.technologies) for _, request, _, _ in entries],
            "azimuths": [request.row.get("azimuths") for _, request, _, _ in entries],
            "status": ["operating"] * len(entries),  # as if it stood
        },
        index=pd.Index([name for name, _, _, _ in entries], name="site_id", dtype="str"),
        geometry=gpd.GeoSeries([point for _, _, point, _ in entries], crs=crs).to_numpy(),
        crs=crs,
    )
