"""Residential areas: hamlets as disjoint ground, and the people outside all of them."""

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from infraplan.coverage.zonal import zones_over
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import geobox_of

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["REST", "residential_areas"]

REST = "-rest"
POINT_RADIUS_M = 150.0  # ground given to a hamlet that is only a point, away from every settlement
NEAR_M = 500.0  # a point this near to a settlement is taken to mean it
AREA_TYPES = ("Polygon", "MultiPolygon")


def residential_areas(layers: Layers, people: "xr.DataArray") -> gpd.GeoDataFrame:
    """
    Return hamlets as disjoint ground inside their commune, and the rest of each commune.

    Parameters
    ----------
    layers
        Bundle with `communes`; `hamlets` (polygons or points) and `settlements` where there.
    people
        Persons per grid cell, of `people_grid`.

    Returns
    -------
    areas
        Indexed by `hamlet_id`, with `name`, `commune_code`, `commune`, `placed_by`, `people`,
        `is_rest` and geometry. The row `<commune>-rest` holds what lies outside all hamlets of a
        commune, so that people sum to the commune.
    """
    layers.need("communes", step="hamlets")
    communes = layers.table("communes")
    ground = _disjoint(_on_ground(layers), communes)
    rest_ids = [f"{code}{REST}" for code in communes.index]
    taken = ground.dissolve("commune_code").geometry if len(ground) else gpd.GeoSeries([])
    outside = [
        shape.difference(taken[code]) if code in taken.index else shape
        for code, shape in communes.geometry.items()
    ]
    rest = gpd.GeoDataFrame(
        {
            "name": communes["name"].to_numpy(),
            "commune_code": communes.index.to_numpy(),
            "placed_by": None,
            "is_rest": True,
        },
        geometry=[_polygonal(shape) for shape in outside],
        crs=layers.crs,
        index=rest_ids,
    )
    areas = pd.concat([ground.assign(is_rest=False), rest]) if len(ground) else rest
    areas["commune"] = areas["commune_code"].map(communes["name"])
    zones = zones_over(areas, geobox_of(people))
    areas["people"] = zones.sums(people.to_numpy())
    columns = ["name", "commune_code", "commune", "placed_by", "people", "is_rest", "geometry"]
    return areas[columns].rename_axis("hamlet_id")


def _on_ground(layers: Layers) -> gpd.GeoDataFrame:
    """Return hamlets with ground: points take the settlement near them, or a disc."""
    hamlets = layers.table("hamlets")
    if not len(hamlets):
        return hamlets.reindex(columns=["name", "commune_code", "placed_by", "geometry"])
    shapes = hamlets.geometry.copy()
    points = ~hamlets.geom_type.isin(AREA_TYPES)
    placed = hamlets["placed_by"].astype("object").where(hamlets["placed_by"].notna(), None)
    if points.any():
        settlements = layers.table("settlements")
        discs = hamlets.geometry[points].centroid.buffer(POINT_RADIUS_M)
        shapes[points] = discs
        placed[points & placed.isna()] = "given_point"
        if len(settlements):
            near = settlements.geometry.reset_index(drop=True)
            tree = shapely.STRtree(near.to_numpy())
            found = tree.query_nearest(
                hamlets.geometry[points].to_numpy(), max_distance=NEAR_M, all_matches=False
            )
            reach = hamlets.geometry[points].iloc[found[0]].buffer(2.0 * NEAR_M).to_numpy()
            patch = shapely.intersection(near.iloc[found[1]].to_numpy(), reach)
            chosen = hamlets.index[points][found[0]]
            shapes.loc[chosen] = patch
            placed.loc[chosen] = placed.loc[chosen].replace("given_point", "settlement")
    kept = hamlets[["name", "commune_code"]].assign(placed_by=placed)
    return gpd.GeoDataFrame(kept, geometry=shapes, crs=hamlets.crs)


def _disjoint(hamlets: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Clip hamlets to their commune and take overlaps from the one with the later id."""
    hamlets = hamlets[hamlets["commune_code"].isin(communes.index)].sort_index()
    if not len(hamlets):
        return hamlets
    home = communes.geometry.loc[hamlets["commune_code"]].to_numpy()
    shapes = shapely.intersection(hamlets.geometry.to_numpy(), home)
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="intersects")
    earlier = first > second
    for later, before in sorted(zip(first[earlier], second[earlier], strict=True)):
        shapes[later] = shapely.difference(shapes[later], shapes[before])
    shapes = np.array([_polygonal(shape) for shape in shapes])
    return hamlets.set_geometry(gpd.GeoSeries(shapes, index=hamlets.index, crs=hamlets.crs))


def _polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a shape, without the lines and points that cutting leaves."""
    if shape.geom_type in AREA_TYPES:
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in AREA_TYPES]
    return shapely.union_all(parts) if parts else shapely.MultiPolygon()
