"""Residential areas in pieces that every level of areas is a sum of, with their households."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from infraplan.layers.bundle import Layers

__all__ = ["districts_of", "households_each", "levels_of_areas", "pieces_of"]

Floats = npt.NDArray[np.float64]

OUTSIDE_DISTRICTS = "-"
SLIVER_M2 = 1.0  # ground below it is what cutting leaves, no place to live


def pieces_of(areas: gpd.GeoDataFrame, layers: Layers) -> gpd.GeoDataFrame:
    """
    Return areas cut along former districts.

    Parameters
    ----------
    areas
        Disjoint residential areas, of `residential_areas`.
    layers
        Bundle; `districts` where there. Districts of an older vintage are laid over by their
        ground, never joined by code.

    Returns
    -------
    pieces
        In the order of the areas, each area whole or in parts: `area` is its number, `district` the
        code of the district, empty outside all of them.
    """
    shapes = areas.geometry.to_numpy()
    districts = layers.table("districts")
    if not len(districts):
        whole = {"area": np.arange(len(areas)), "district": ""}
        return gpd.GeoDataFrame(whole, geometry=shapes, crs=areas.crs)
    tree = shapely.STRtree(shapes)
    left, rows = shapes.copy(), []
    for code, ground in districts.geometry.items():
        near = tree.query(ground, predicate="intersects")
        shapely.prepare(ground)
        within = shapely.contains_properly(ground, left[near])
        for number in near[within]:
            rows.append((number, str(code), left[number]))
            left[number] = shapely.Polygon()
        for number in near[~within]:
            inner = _ground_of(shapely.intersection(left[number], ground))
            if inner.area > SLIVER_M2:
                rows.append((number, str(code), inner))
                left[number] = _ground_of(shapely.difference(left[number], ground))
    rows += [(number, "", shape) for number, shape in enumerate(left) if shape.area > 0]
    with_none = sorted(set(range(len(areas))) - {number for number, _, _ in rows})
    rows += [(number, "", shapes[number]) for number in with_none]
    rows.sort(key=lambda row: (row[0], row[1]))
    table = {"area": [row[0] for row in rows], "district": [row[1] for row in rows]}
    return gpd.GeoDataFrame(table, geometry=[row[2] for row in rows], crs=areas.crs)


def _ground_of(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a shape."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = shapely.get_parts(shape)
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


def districts_of(pieces: gpd.GeoDataFrame, layers: Layers) -> list[str | None]:
    """
    Return the former district in which each area has most of its ground.

    Parameters
    ----------
    pieces
        Pieces of the areas, of `pieces_of`.
    layers
        Bundle; `districts` where there.

    Returns
    -------
    names
        In the order of the areas; None outside all districts.
    """
    names = layers.table("districts").get("name", pd.Series(dtype=object)).to_dict()
    largest = pieces.assign(ground_m2=pieces.geometry.area)
    largest = largest.sort_values(["area", "ground_m2"], kind="stable").drop_duplicates(
        "area", keep="last"
    )
    return [names.get(code) for code in largest["district"]]


def households_each(areas: gpd.GeoDataFrame, layers: Layers) -> Floats | None:
    """
    Return how many households there are to a person in each area.

    Parameters
    ----------
    areas
        Residential areas with `people` and `commune_code`.
    layers
        Bundle with `communes`; `hamlets` where there.

    Returns
    -------
    households_each
        Households per person, >= 0, in the order of the areas; None where none are known.

    Notes
    -----
    A hamlet's listed households stand for its people; elsewhere those of the commune's register
    that its hamlets leave over, then the mean of its hamlets, then that of all.
    """
    people = areas["people"].to_numpy(dtype=np.float64)
    hamlets, communes = layers.table("hamlets"), layers.table("communes")
    listed = _numbers(hamlets, "households").reindex(areas.index).to_numpy(dtype=np.float64)
    register = _numbers(communes, "households").reindex(areas["commune_code"])
    registered = register.to_numpy(dtype=np.float64)
    known = (listed > 0) & (people > 0)
    if not known.any() and not np.isfinite(registered).any():
        return None
    table = pd.DataFrame(
        {
            "commune": areas["commune_code"].to_numpy(),
            "people": people,
            "listed": np.where(known, listed, 0.0),
            "of_listed": np.where(known, people, 0.0),
        }
    )
    sums = table.groupby("commune")[["people", "listed", "of_listed"]].transform("sum")
    left = (registered - sums["listed"]) / (sums["people"] - sums["of_listed"])
    mean = sums["listed"] / sums["of_listed"]
    overall = table["listed"].sum() / table["of_listed"].sum() if known.any() else np.nan
    own = pd.Series(listed / np.where(people > 0, people, np.nan)).where(known)
    left = left.where(np.isfinite(left) & (left > 0))
    each = own.fillna(left).fillna(mean).fillna(overall).fillna(0.0)
    return np.asarray(each, dtype=np.float64)


def _numbers(table: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as numbers, all unknown where the layer lacks it."""
    if column not in table:
        return pd.Series(np.nan, index=table.index)
    return pd.Series(table[column].to_numpy(dtype=np.float64, na_value=np.nan), index=table.index)


def levels_of_areas(
    areas: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame, layers: Layers
) -> dict[str, pd.DataFrame]:
    """
    Return the areas of each level with the numbers of their parts.

    Parameters
    ----------
    areas
        Residential areas.
    pieces
        Their pieces, of `pieces_of`.
    layers
        Bundle with `communes`; `districts` where there.

    Returns
    -------
    levels
        For `hamlet`, `commune`, `district` (where there are any) and `province` a table of
        `area_id`, `area_name` and `parts`.
    """
    of_area = pieces["area"].to_numpy()

    def level(code: npt.NDArray[np.object_], names: Mapping[str, str]) -> pd.DataFrame:
        """Return a level whose areas are told by a code of each part."""
        groups = pd.Series(np.arange(len(code))).groupby(code, sort=True)
        ids = [str(key) for key in groups.groups]
        return pd.DataFrame(
            {
                "area_id": ids,
                "area_name": [names.get(key, key) for key in ids],
                "parts": [own.to_numpy() for _, own in groups],
            }
        )

    order = np.argsort(of_area, kind="stable")
    own = np.split(order, np.cumsum(np.bincount(of_area, minlength=len(areas)))[:-1])
    found = {
        "commune": level(
            areas["commune_code"].to_numpy(dtype=object)[of_area],
            layers.table("communes")["name"].to_dict(),
        ),
        "province": pd.DataFrame(
            {
                "area_id": ["province"],
                "area_name": [layers.name],
                "parts": [np.arange(len(pieces))],
            }
        ),
        "hamlet": pd.DataFrame(
            {
                "area_id": areas.index.astype(str),
                "area_name": areas["name"].to_numpy(),
                "parts": own,
            }
        ),
    }
    districts = layers.table("districts")
    if len(districts):
        code = pieces["district"].to_numpy(dtype=object)
        code = np.where(code == "", OUTSIDE_DISTRICTS, code)
        found["district"] = level(code, districts["name"].to_dict())
    return found
