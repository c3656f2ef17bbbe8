"""Rasters as pictures."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from pyproj import Transformer

from infraplan.layers.bundle import Layers
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.maps.rasters import RasterClass
from infraplan.maps.rasters import RasterLayer
from infraplan.maps.rasters import relief
from infraplan.text import words

VI = words("vi")
CLASSES = (RasterClass(0.0, "thấp", "#112233"), RasterClass(10.0, "cao", "#445566"))


def pixels(layer: dict) -> np.ndarray:
    content = base64.b64decode(layer["data"].split(",")[1])
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))


def packed(values: np.ndarray, **options: object) -> dict:
    grid = grid_over((540_000, 2_026_020, 546_000, 2_032_020), crs="EPSG:9209", resolution_m=60.0)
    data = wrap(values, grid, name="x")
    return RasterLayer(name="r", title="r", data=data, classes=CLASSES, **options).packed(VI)


def test_classes_become_their_colours() -> None:
    values = np.where(np.indices((100, 100))[1] < 50, 5.0, 20.0)
    image = pixels(packed(values))
    middle = image.shape[0] // 2
    assert image[middle, 20].tolist() == [0x11, 0x22, 0x33, 255]
    assert image[middle, -20].tolist() == [0x44, 0x55, 0x66, 255]


def test_below_the_first_class_and_outside_is_transparent() -> None:
    image = pixels(packed(np.where(np.indices((100, 100))[1] < 50, -1.0, 5.0)))
    assert image[50, 20, 3] == 0
    assert image[50, -20, 3] == 255


def test_unknown_is_striped_and_told_in_the_legend() -> None:
    layer = packed(np.where(np.indices((100, 100))[1] < 50, np.nan, 5.0))
    assert layer["styles"][-1]["label"] == "chưa đủ dữ liệu"
    assert len({tuple(p) for p in pixels(layer)[40:60, 20].tolist()}) == 2


def test_nothing_unknown_leaves_the_legend_without_it() -> None:
    assert [s["label"] for s in packed(np.full((100, 100), 5.0))["styles"]] == ["thấp", "cao"]


def test_a_cell_lies_where_it_is_on_the_ground() -> None:
    values = np.full((100, 100), -1.0)
    values[30, 70] = 5.0
    layer = packed(values)
    row, column = (int(v[0]) for v in np.nonzero(pixels(layer)[..., 3]))
    west, south, east, north = layer["bounds"]
    height, width = pixels(layer).shape[:2]
    x, y = (
        west + (column + 0.5) / width * (east - west),
        north - (row + 0.5) / height * (north - south),
    )
    easting, northing = Transformer.from_crs(3857, 9209, always_xy=True).transform(x, y)
    assert easting == pytest.approx(540_000 + 70.5 * 60, abs=60)
    assert northing == pytest.approx(2_032_020 - 30.5 * 60, abs=60)


def test_a_large_raster_is_not_larger_than_a_screen_can_show() -> None:
    grid = grid_over((400_000, 2_000_000, 500_000, 2_050_000), crs="EPSG:9209", resolution_m=20.0)
    data = wrap(np.ones(grid.shape, np.float32), grid, name="x")
    layer = RasterLayer(name="r", title="r", data=data, classes=CLASSES).packed(VI)
    assert max(pixels(layer).shape) <= 2010


def test_the_relief_leaves_sea_and_unknown_ground_out(layers: Layers) -> None:
    ground = layers.terrain.ground_m
    picture = relief(ground, name="relief", title="Địa hình", sea=layers.terrain.zone == 1)
    assert picture.pixels[50, -10, 3] == 0
    assert picture.pixels[50, 10, 3] == 255


def test_a_slope_to_the_north_west_is_lighter_than_one_away_from_it(layers: Layers) -> None:
    picture = relief(layers.terrain.ground_m, name="relief", title="Địa hình")
    light = picture.pixels[..., :3].mean(axis=-1)
    assert light[32:38, 17:23].mean() > light[43:49, 28:34].mean() + 5
