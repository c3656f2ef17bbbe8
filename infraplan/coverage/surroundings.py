"""What lies near a residential area: stations, fibre, roads, power, the border, floods."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from infraplan.coverage.shares import Parts
from infraplan.layers.bundle import Layers
from infraplan.radio.results import ANY
from infraplan.radio.results import Coverage

__all__ = ["flood_share", "surroundings_of"]

Floats = npt.NDArray[np.float64]


def surroundings_of(
    areas: gpd.GeoDataFrame,
    layers: Layers,
    coverage: Coverage,
    technology: str,
    operator: str,
) -> pd.DataFrame:
    """
    Return what lies near residential areas.

    Parameters
    ----------
    areas
        Residential areas.
    layers
        Bundle with `communes` and `sites`; `fibre`, `roads`, `streets`, `power`, `sea` where there.
    coverage
        Prediction that says which stations are on air.
    technology
        Technology of the headline.
    operator
        Operator of the headline, or `"any"`.

    Returns
    -------
    surroundings
        On the index of the areas: the nearest station of the headline (`nearest_site`,
        `nearest_operator`, `nearest_site_m`), `nearest_fibre_m`, `nearest_road_m` (street or road),
        `nearest_power_m`, NaN where the plan has none, and `near_border`: whether a mast beyond the
        border could serve it. Distances are those of a point inside the area [m].
    """
    table = pd.DataFrame(index=areas.index)
    at = areas.geometry.representative_point()
    cells = coverage.cells[technology]
    mine = cells if operator == ANY else cells[cells["operator"] == operator]
    sites = layers.table("sites")
    stations = sites[sites.index.isin(set(mine["site_id"]))].sort_index()
    nearest, distance_m = _nearest(at, stations)
    known = nearest >= 0
    for name, values in (
        ("nearest_site", stations.index),
        ("nearest_operator", stations["operator"]),
    ):
        table[name] = pd.Series(pd.NA, index=areas.index, dtype="str")
        if known.any():
            table.loc[known, name] = np.asarray(values, dtype=object)[nearest[known]]
    table["nearest_site_m"] = distance_m
    for layer, name in (("fibre", "fibre"), ("roads", "road"), ("power", "power")):
        _, table[f"nearest_{name}_m"] = _nearest(at, layers.table(layer))
    _, streets_m = _nearest(at, layers.table("streets"))
    table["nearest_road_m"] = np.fmin(table["nearest_road_m"], streets_m)
    border = layers.table("communes").geometry.union_all().boundary
    sea = layers.table("sea")
    if len(sea):
        border = border.difference(sea.geometry.union_all().buffer(coverage.settings.radius_m / 10))
    table["near_border"] = shapely.distance(at.to_numpy(), border) <= coverage.settings.radius_m
    return table


def _nearest(at: gpd.GeoSeries, others: gpd.GeoDataFrame) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return the nearest shape to each point, -1 where there is none, and its distance [m]."""
    if not len(others):
        return np.full(len(at), -1), np.full(len(at), np.nan)
    shapes, points = others.geometry.to_numpy(), at.to_numpy()
    nearest = np.full(len(at), -1)
    placed = ~shapely.is_empty(points)  # a hamlet whose ground others hold has no point
    nearest[placed] = shapely.STRtree(shapes).nearest(points[placed])
    return nearest, np.where(placed, shapely.distance(shapes[nearest], points), np.nan)


def flood_share(layers: Layers, areas: Parts) -> Floats:
    """
    Return the share of people of each area on ground that a mapped flood reached.

    Parameters
    ----------
    layers
        Bundle; raster `floods` where there, above 0 where water stood, one band for each event.
    areas
        The areas on the grid of the layers.

    Returns
    -------
    flood_share
        Between 0 and 1; NaN where no floods are mapped.
    """
    if "floods" not in layers.rasters:
        return np.full(areas.count, np.nan)
    floods = layers.rasters["floods"].to_numpy()
    events = floods.reshape(-1, floods.shape[-2] * floods.shape[-1])
    reached = np.any([event[areas.cells] > 0 for event in events], axis=0)
    wet = areas.sums(reached.astype(np.float64), areas.own)
    total = np.bincount(areas.part, areas.own, areas.count)
    share = np.full(areas.count, np.nan)
    return np.asarray(np.divide(wet, total, out=share, where=total > 0))
