"""Rasters of classes and the relief."""

import base64
import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import ndimage

from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.maps.classes import decode_classes
from infraplan.maps.findings import coverage_layers
from infraplan.maps.rasters import RasterClass
from infraplan.maps.rasters import RasterLayer
from infraplan.maps.rasters import relief
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.results import Coverage
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile
from infraplan.text import words

VI = words("vi")
CLASSES = (RasterClass(0.0, "thấp", "#112233"), RasterClass(10.0, "cao", "#445566"))


def made(values: np.ndarray, **options: Any) -> RasterLayer:
    side = 60.0
    extent = (540_000, 2_026_020, 540_000 + side * values.shape[1], 2_026_020 + side * len(values))
    grid = grid_over(extent, crs="EPSG:9209", resolution_m=side)
    data = wrap(values, grid, name="x")
    return RasterLayer(name="r", title="r", data=data, **{"classes": CLASSES, **options})


def decoded(layer: dict[str, Any], reference: np.ndarray | None = None) -> np.ndarray:
    grid = layer["grid"]
    content = base64.b64decode(layer["data"])
    shape = (grid["rows"], grid["columns"])
    return decode_classes(content, shape, grid["many"], reference=reference)


def rough(seed: int) -> np.ndarray:
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(90, 120)), 6.0)
    values = 5.0 + 60.0 * field
    values[:20, :20] = np.nan
    return values


def test_every_cell_travels_as_it_is() -> None:
    values = rough(1)
    expected = np.where(values >= 10, 2, np.where(values >= 0, 1, 0))
    expected[:20, :20] = 3
    layer = made(values)
    assert np.array_equal(layer.codes(), expected)
    assert np.array_equal(decoded(layer.packed(VI)), expected)


def test_a_raster_like_another_of_its_grid_is_coded_by_it() -> None:
    first = replace(made(rough(1)), name="first")
    second = made(rough(1) + 0.5, reference=first)
    layer = second.packed(VI)
    assert layer["grid"]["reference"] == "first"
    assert len(layer["data"]) < len(replace(second, reference=None).packed(VI)["data"])
    assert np.array_equal(decoded(layer, first.codes()), second.codes())


@pytest.mark.parametrize("other", [made(np.full((90, 120), -1.0)), made(np.full((9, 12), 5.0))])
def test_a_raster_that_is_not_in_the_page_or_of_another_grid_is_no_reference(
    other: RasterLayer,
) -> None:
    layer = made(rough(1), reference=other)
    assert layer.packed(VI)["grid"]["reference"] is None


def test_a_raster_of_which_nothing_is_drawn_is_left_out() -> None:
    assert made(np.full((9, 9), -1.0)).packed(VI) is None


def test_outside_the_area_nothing_is_drawn() -> None:
    layer = made(np.full((100, 100), 5.0))
    within = wrap(np.indices((100, 100))[1] < 40, geobox_of(layer.data), name="within")
    codes = decoded(replace(layer, within=within).packed(VI))
    assert codes[:, 39].min() == 1
    assert codes[:, 40:].max() == 0


def test_the_legend_tells_the_ground_of_each_class() -> None:
    values = np.where(np.indices((100, 100))[1] < 25, np.nan, 5.0)
    values[:, 75:] = 20.0
    told = {style["label"]: style["km2"] for style in made(values).packed(VI)["styles"]}
    assert told == {"thấp": 18.0, "cao": 9.0, "chưa đủ dữ liệu": 9.0}


def test_nothing_unknown_leaves_the_legend_without_it() -> None:
    packed = made(np.full((100, 100), 5.0)).packed(VI)
    assert [s["label"] for s in packed["styles"]] == ["thấp", "cao"]


def prediction(shape: tuple[int, int]) -> Coverage:
    """Return coverage of two operators and of any, 2G and 4G, on cells of 30 m."""
    extent = (540_000.0, 2_026_020.0, 540_000.0 + 30 * shape[1], 2_026_020.0 + 30 * shape[0])
    grid = grid_over(extent, crs="EPSG:9209", resolution_m=30.0)
    profile = ThresholdProfile.from_dict(read_toml(data_path("thresholds/vn-default.toml")))
    columns = np.indices(shape)[1]
    maps = {}
    for n, pair in enumerate(itertools.product(("2G", "4G"), ("any", "Viettel", "VNPT"))):
        signal = (-70.0 - 60.0 * (columns + n) / shape[1]).astype(np.float32)
        maps[pair] = xr.Dataset({"signal_dbm": wrap(signal, grid, name="signal_dbm")})
    return Coverage(maps, {}, RadioSettings(), profile, Provenance("coverage", "0"))


def test_single_operators_of_a_province_are_shown_on_cells_of_90_m_and_told_so() -> None:
    drawn = {
        layer.name: layer for layer in coverage_layers(prediction((1500, 1400)), VI, layers=None)
    }
    fine, coarse = drawn["coverage_4G_any"], drawn["coverage_4G_VNPT"]
    assert fine.data.shape == (1500, 1400)
    assert coarse.data.shape == (500, 467)
    assert geobox_of(coarse.data).resolution.x == 90.0
    assert geobox_of(coarse.data).affine.c == geobox_of(fine.data).affine.c
    assert "Ô 90 m" in coarse.note
    assert "Ô 90 m" not in fine.note
    assert coarse.picks == ("4G", "VNPT")
    assert drawn["coverage_2G_VNPT"].reference is coarse


def test_single_operators_of_a_small_area_are_shown_as_they_are() -> None:
    drawn = coverage_layers(prediction((60, 40)), VI, layers=None)
    assert {layer.data.shape for layer in drawn} == {(60, 40)}


def test_the_relief_leaves_sea_and_unknown_ground_out(layers: Layers) -> None:
    ground = layers.terrain.ground_m
    picture = relief(ground, name="relief", title="Địa hình", sea=layers.terrain.zone == 1)
    assert picture.pixels[50, -10, 3] == 0
    assert picture.pixels[50, 10, 3] == 255


def test_a_slope_to_the_north_west_is_lighter_than_one_away_from_it(layers: Layers) -> None:
    picture = relief(layers.terrain.ground_m, name="relief", title="Địa hình")
    light = picture.pixels[..., :3].mean(axis=-1)
    assert light[32:38, 17:23].mean() > light[43:49, 28:34].mean() + 5


def test_classes_are_worked_out_once_and_for_each_layer_alone() -> None:
    layer = made(rough(1))
    assert layer.codes() is layer.codes()
    with pytest.raises(ValueError, match="read-only"):
        layer.codes()[0, 0] = 1
    lower = [replace(c, lowest=c.lowest - 100.0) for c in layer.classes]
    assert not np.array_equal(replace(layer, classes=lower).codes(), layer.codes())
