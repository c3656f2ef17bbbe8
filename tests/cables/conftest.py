"""A small town, built in code."""

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import shapely.ops

from infraplan.cables import PriceBook
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import empty_table
from infraplan.packaged import data_path
from infraplan.packaged import read_toml

CRS = "EPSG:9209"
EAST, NORTH = 540_000.0, 2_030_000.0


def shifted(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in points])


def table_of(layer: str, rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    key = empty_table(layer, CRS).index.name
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS).set_index(key)
    for name in empty_table(layer, CRS).columns:
        if name not in frame:
            frame[name] = None
    return frame


def street(street_id: str, *points: tuple[float, float], **looks: Any) -> dict[str, Any]:
    return {
        "street_id": street_id,
        "name": "Phan Đình Phùng",
        "class": "secondary",
        "width_m": 12.0,
        "footway_left_m": 3.0,
        "footway_right_m": 3.0,
        "surface": "asphalt",
        "footway_surface": "paving",
        "geometry": shifted(*points),
    } | looks


def cable(cable_id: str, *points: tuple[float, float], **looks: Any) -> dict[str, Any]:
    return {
        "cable_id": cable_id,
        "operator": "Viettel",
        "installation": "aerial",
        "diameter_mm": 12.0,
        "geometry": shifted(*points),
    } | looks


def house(building_id: str, x: float, y: float, **looks: Any) -> dict[str, Any]:
    box = shapely.box(EAST + x - 4, NORTH + y - 4, EAST + x + 4, NORTH + y + 4)
    return {"building_id": building_id, "aerial_service": True, "geometry": box} | looks


@pytest.fixture(scope="session")
def prices() -> PriceBook:
    return PriceBook.from_dict(read_toml(data_path("prices/vn-assumed.toml")))


@pytest.fixture
def town() -> Callable[..., Layers]:
    def build(**tables: list[dict[str, Any]]) -> Layers:
        made = {layer: table_of(layer, rows) for layer, rows in tables.items() if rows}
        return Layers("town", CRS, made)

    return build


def reversed_layers(layers: Layers) -> Layers:
    """Return the same ground drawn the other way, left and right exchanged."""
    tables = {}
    for name, table in layers.tables.items():
        new = table.copy()
        if name in ("streets", "roads", "fibre", "ducts"):
            new["geometry"] = shapely.reverse(table.geometry.to_numpy())
        if name == "streets":
            new["footway_left_m"] = table["footway_right_m"]
            new["footway_right_m"] = table["footway_left_m"]
        tables[name] = new
    return Layers(layers.name, layers.crs, tables)


def split_streets(layers: Layers, shares: list[float]) -> Layers:
    """Return the same streets, each drawn as several rows."""
    streets = layers.table("streets")
    rows = []
    for street_id, row in streets.iterrows():
        marks = [0.0, *sorted(set(shares)), 1.0]
        for k in range(len(marks) - 1):
            part = shapely.ops.substring(row.geometry, marks[k], marks[k + 1], normalized=True)
            rows.append({**row.to_dict(), "street_id": f"{street_id}.{k}", "geometry": part})
    new = gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs=layers.crs)
    return Layers(layers.name, layers.crs, {**layers.tables, "streets": new.set_index("street_id")})
