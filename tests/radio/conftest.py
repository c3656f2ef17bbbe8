"""Small terrains on which the answer is known."""

import geopandas as gpd
import numpy as np
import pytest
from shapely import Point

from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.layers.terrain import Terrain
from infraplan.layers.terrain import terrain_from
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.cells import CellDefaults
from infraplan.radio.settings import ThresholdProfile

CRS = "EPSG:9209"
WEST, SOUTH = 540_000.0, 2_020_000.0


@pytest.fixture(scope="session")
def profile() -> ThresholdProfile:
    return ThresholdProfile.from_dict(read_toml(data_path("thresholds/vn-default.toml")))


@pytest.fixture(scope="session")
def defaults() -> CellDefaults:
    return CellDefaults.from_dict(read_toml(data_path("cells/defaults.toml")))


def terrain_of(heights: np.ndarray, cell_m: float = 100.0) -> Terrain:
    rows, columns = heights.shape
    bounds = (WEST, SOUTH, WEST + columns * cell_m, SOUTH + rows * cell_m)
    geobox = grid_over(bounds, crs=CRS, resolution_m=cell_m)
    return terrain_from(wrap(heights.astype(np.float32), geobox, name="terrain", units="m"))


def stations(rows: list[dict[str, object]]) -> gpd.GeoDataFrame:
    usual = {
        "operator": "A",
        "mast_id": None,
        "height_m": 40.0,
        "technologies": "4G",
        "status": None,
    }
    table = gpd.GeoDataFrame(
        [{**usual, **{k: v for k, v in row.items() if k not in ("id", "x", "y")}} for row in rows],
        geometry=[Point(row["x"], row["y"]) for row in rows],
        crs=CRS,
        index=[str(row["id"]) for row in rows],
    )
    return table.rename_axis("site_id")


@pytest.fixture
def hills() -> Terrain:
    """Rolling hills of 12 x 12 km, with one piece of unknown ground."""
    y, x = np.mgrid[0:120, 0:120]
    heights = 80 + 60 * np.sin(x / 9.0) * np.cos(y / 13.0) + 0.4 * x
    heights[10:14, 20:24] = np.nan
    return terrain_of(heights)
