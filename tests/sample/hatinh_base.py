"""The real layers of Hà Tĩnh as a bundle, read without the io room."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.warp import Resampling
from rasterio.warp import reproject

from infraplan.layers.bundle import Layers
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.layers.terrain import terrain_from

CRS = "EPSG:9209"
HOW = {
    "terrain": Resampling.bilinear,
    "landcover": Resampling.mode,
    "water": Resampling.mode,
    "population": Resampling.bilinear,
}


def communes(folder: Path) -> gpd.GeoDataFrame:
    """Return the 69 communes, columns as the schema names them."""
    table = gpd.read_file(folder / "communes.gpkg").to_crs(CRS)
    table = table.rename(columns={"population": "people", "fullName": "full_name"})
    table["vintage"] = "2025-07"
    kept = ["code", "name", "full_name", "type", "people", "vintage", "merged_from", "geometry"]
    return table[kept].set_index("code").sort_index()


def settlements(folder: Path) -> gpd.GeoDataFrame:
    """Return the built-up patches, columns as the schema names them."""
    table = gpd.read_file(folder / "settlements.gpkg").to_crs(CRS)
    table = table.rename(columns={"code": "commune_code", "pop_est": "people"})
    table["settlement_id"] = [f"P{number:05d}" for number in table["cluster"]]
    kept = ["settlement_id", "commune_code", "people", "area_ha", "geometry"]
    return table[kept].set_index("settlement_id").sort_index()


def warped(folder: Path, name: str, geobox):
    """Return a raster on a grid; people are spread by area, so that their total stays."""
    with rasterio.open(folder / f"{name}.tif") as source:
        values = source.read(1, masked=True).astype("float64").filled(np.nan)
        if name == "population":
            cell_m2 = 927.0**2 * np.cos(np.radians(18.3))
            values = np.nan_to_num(values) / cell_m2 * geobox.affine.a**2
        out = np.full(geobox.shape, np.nan)
        reproject(
            values, out, src_transform=source.transform, src_crs=source.crs,
            dst_transform=geobox.affine, dst_crs=CRS, resampling=HOW[name],
            src_nodata=np.nan, dst_nodata=np.nan,
        )  # fmt: skip
    return wrap(out.astype("float32"), geobox, name=name)


def hatinh_layers(folder: Path, resolution_m: float = 90.0) -> Layers:
    """Return communes, settlements and rasters of the province on one grid."""
    tables = {"communes": communes(folder), "settlements": settlements(folder)}
    west, south, east, north = tables["communes"].total_bounds
    halo = 3000.0
    bounds = (west - halo, south - halo, east + halo, north + halo)
    geobox = grid_over(bounds, crs=CRS, resolution_m=resolution_m)
    rasters = {name: warped(folder, name, geobox) for name in HOW}
    return Layers(
        name="Hà Tĩnh",
        crs=CRS,
        tables=tables,
        rasters=rasters,
        terrain=terrain_from(rasters["terrain"], None, rasters["water"]),
    )
