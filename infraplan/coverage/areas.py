"""Residential areas: hamlets as disjoint ground, and the people outside all of them."""

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from infraplan.coverage.zonal import zones_over
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import geobox_of

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["REST", "grounds", "polygonal", "residential_areas"]

REST = "-rest"
POINT_RADIUS_M = 150.0  # ground given to a hamlet that is only a point, away from every settlement
NEAR_M = 500.0  # a point this near to a settlement is taken to mean it
THREAD_M2 = 1e-3  # ground below it is rounding: exactextract stops at threads of 1e-11 m2
SLIVER_M2 = 1.0  # ground below it is what cutting leaves, no place to live
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
    ground = _disjoint(grounds(layers), communes)
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
        geometry=[polygonal(shape) for shape in outside],
        crs=layers.crs,
        index=rest_ids,
    )
    areas = pd.concat([ground.assign(is_rest=False), rest]) if len(ground) else rest
    areas["commune"] = areas["commune_code"].map(communes["name"])
    zones = zones_over(areas, geobox_of(people))
    areas["people"] = zones.sums(people.to_numpy())
    columns = ["name", "commune_code", "commune", "placed_by", "people", "is_rest", "geometry"]
    return areas[columns].rename_axis("hamlet_id")


def grounds(layers: Layers) -> gpd.GeoDataFrame:
    """
    Return hamlets with ground: points take the settlement near them, or a disc.

    Points that mean the same settlement share it, each taking what is nearest to it; a settlement
    counts only with its ground in the point's own commune.

    Parameters
    ----------
    layers
        Bundle with `communes`; `hamlets` and `settlements` where there.

    Returns
    -------
    grounds
        Hamlets by id with `name`, `commune_code`, `placed_by` and polygons, which may overlap;
        those without any position are left out.
    """
    communes = layers.table("communes")
    hamlets = layers.table("hamlets").sort_index()  # ties between points go to the first id
    hamlets = hamlets[~(hamlets.geometry.isna() | hamlets.geometry.is_empty)]
    if not len(hamlets):
        return hamlets.reindex(columns=["name", "commune_code", "placed_by", "geometry"])
    shapes = hamlets.geometry.copy()
    points = ~hamlets.geom_type.isin(AREA_TYPES)
    placed = hamlets["placed_by"].astype("object").where(hamlets["placed_by"].notna(), None)
    if points.any():
        shapes[points] = hamlets.geometry[points].centroid.buffer(POINT_RADIUS_M)
        placed[points & placed.isna()] = "given_point"
        for code, members in hamlets[points].groupby("commune_code"):
            if code in communes.index:
                found = _shared(members.geometry, _patches_in(layers, communes.geometry[code]))
                shapes.loc[found.index] = found
                placed.loc[found.index] = placed.loc[found.index].replace(
                    "given_point", "settlement"
                )
    kept = hamlets[["name", "commune_code"]].assign(placed_by=placed)
    return gpd.GeoDataFrame(kept, geometry=shapes, crs=hamlets.crs)


def _patches_in(layers: Layers, commune: shapely.Geometry) -> npt.NDArray[np.object_]:
    """Return the parts of settlements that lie in a commune, without slivers of its border."""
    near = layers.table("settlements").geometry
    near = near.iloc[near.sindex.query(commune, predicate="intersects", sort=True)]
    parts = _all_polygonal(near.intersection(commune).to_numpy())
    return parts[shapely.area(parts) > SLIVER_M2] if parts.size else parts


def _shared(at: gpd.GeoSeries, patches: npt.NDArray[np.object_]) -> gpd.GeoSeries:
    """Return the ground of each point that a patch is near to; points on one patch divide it."""
    if not patches.size:
        return at.iloc[:0]
    points = at.centroid
    own, patch = shapely.STRtree(patches).query_nearest(
        points.to_numpy(), max_distance=NEAR_M, all_matches=False
    )
    grounds = {}
    for number in np.unique(patch):
        members = points.iloc[own[patch == number]]
        regions = _nearest_regions(members.to_numpy(), patches[number])
        for name, point, region in zip(members.index, members, regions, strict=True):
            grounds[name] = region.intersection(point.buffer(2.0 * NEAR_M))
    return gpd.GeoSeries(grounds, crs=at.crs).reindex(at.index[np.sort(own)])


def _nearest_regions(
    points: npt.NDArray[np.object_], patch: shapely.Geometry
) -> list[shapely.Geometry]:
    """Return the part of a patch nearest to each point; of equal points the first takes all."""
    places, first = np.unique(shapely.get_coordinates(points), axis=0, return_index=True)
    if len(places) == 1:
        regions = [shapely.MultiPolygon()] * len(points)
        regions[int(first[0])] = patch
        return regions
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(places), extend_to=patch.envelope)
    )
    regions = [shapely.MultiPolygon()] * len(points)
    for cell in cells:
        inside = shapely.intersects(cell, points[first])
        own = int(first[np.flatnonzero(inside)[0]])
        part = cell.intersection(patch)
        if part.area <= SLIVER_M2:  # a point in a hole of the patch: its neighbours take the rim
            part = cell.intersection(points[own].buffer(POINT_RADIUS_M))
        regions[own] = part
    return regions


def _disjoint(hamlets: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Clip hamlets to their commune and take overlaps from the one with the later id."""
    hamlets = hamlets[hamlets["commune_code"].isin(communes.index)].sort_index()
    if not len(hamlets):
        return hamlets
    home = communes.geometry.loc[hamlets["commune_code"]].to_numpy()
    shapes = _all_polygonal(shapely.intersection(hamlets.geometry.to_numpy(), home))
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="intersects")
    earlier = first > second
    for later, before in sorted(zip(first[earlier], second[earlier], strict=True)):
        shapes[later] = polygonal(shapely.difference(shapes[later], shapes[before]))
    return hamlets.set_geometry(gpd.GeoSeries(shapes, index=hamlets.index, crs=hamlets.crs))


def _all_polygonal(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the polygons of shapes: cutting fails later on lines and points that it left."""
    polygons = np.empty(len(shapes), dtype=object)
    polygons[:] = [polygonal(shape) for shape in shapes]
    return polygons


def polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    """
    Return the polygons of a shape, without the lines, points and threads that cutting leaves.

    Parameters
    ----------
    shape
        Any geometry.

    Returns
    -------
    polygons
        Polygon or MultiPolygon, empty where the shape has no ground.
    """
    parts = shapely.get_parts(shapely.get_parts(shape))
    large = [p for p in parts if p.geom_type == "Polygon" and p.area > THREAD_M2]
    if len(large) == 1:
        return large[0]
    return shapely.MultiPolygon(large)
