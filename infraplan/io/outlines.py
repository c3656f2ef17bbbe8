"""Polygons on the grid, and outlines drawn by hand."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from infraplan.errors import SourceFileError
from infraplan.io.guards import checked_path
from infraplan.io.guards import foreign_parser
from infraplan.io.guards import gdal_name

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr
    from odc.geo.geobox import GeoBox

__all__ = ["burn", "read_outline"]


def burn(polygons: "gpd.GeoDataFrame", geobox: "GeoBox") -> "xr.DataArray":
    """
    Return the cells whose centre lies in one of some polygons.

    Parameters
    ----------
    polygons
        Polygons in the CRS of the grid; may be empty.
    geobox
        Grid.

    Returns
    -------
    inside
        True where a cell's centre lies in a polygon, on the grid.
    """
    from rasterio.features import rasterize

    from infraplan.layers.grid import wrap

    shapes = [(shape, 1) for shape in polygons.geometry if shape is not None and not shape.is_empty]
    burnt = np.zeros(tuple(geobox.shape), dtype=np.uint8)
    if shapes:
        rasterize(shapes, out=burnt, transform=geobox.affine)
    return wrap(burnt.astype(bool), geobox, name="inside")


def read_outline(path: Path, *, crs: str) -> "gpd.GeoDataFrame":
    """
    Read the polygons of a hand-drawn outline.

    Parameters
    ----------
    path
        `.gpkg`, `.geojson` or `.shp` with polygons and a reference system.
    crs
        Planning CRS to bring them to.

    Returns
    -------
    outline
        Polygons, repaired where they cross themselves.

    Raises
    ------
    SourceFileError
        If the file is missing, holds no polygon, or names no reference system.
    """
    import pyogrio
    import shapely

    if path.suffix.lower() not in (".gpkg", ".geojson", ".json", ".shp"):
        msg = f"{path} is no file with an outline; give a .gpkg, .geojson or .shp with polygons"
        raise SourceFileError(msg, code="no_outline", file=str(path))
    name = gdal_name(checked_path(path))
    with warnings.catch_warnings(), foreign_parser(path, "vector file"):
        warnings.simplefilter("ignore")
        outline = pyogrio.read_dataframe(name, on_invalid="ignore")
    geometry = outline.get("geometry")
    if geometry is None or not geometry.geom_type.isin(["Polygon", "MultiPolygon"]).any():
        msg = f"{path} holds no polygon; draw the outline as a polygon"
        raise SourceFileError(msg, code="no_polygon", file=str(path))
    if outline.crs is None:
        msg = f"{path} does not name its reference system; save it with one (in QGIS: Save As, CRS)"
        raise SourceFileError(msg, code="no_system", file=str(path))
    areas = outline[outline.geom_type.isin(["Polygon", "MultiPolygon"])].to_crs(crs)
    return areas.set_geometry(shapely.make_valid(areas.geometry.to_numpy(), method="structure"))
