"""Rasters: unknown stays unknown, classes stay classes, people are neither lost nor made."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from infraplan.errors import GridMismatchError
from infraplan.errors import SourceFileError
from infraplan.io import crop_raster
from infraplan.io import raster_crs
from infraplan.io import read_bands
from infraplan.io import read_raster
from infraplan.io import warp_raster
from infraplan.io import write_raster
from infraplan.io.rasters import read_bands_window
from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import same_grid
from infraplan.layers.grid import wrap
from infraplan.layers.terrain import INLAND
from infraplan.layers.terrain import SEA
from infraplan.layers.terrain import terrain_from

CRS = "EPSG:9209"
BOUNDS = (540_000.0, 2_020_000.0, 541_200.0, 2_020_900.0)


def tiff(
    path: Path, values: np.ndarray, *, cell: float = 30.0, crs: str | None = CRS, nodata=-32768
):
    profile = {
        "driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": 1,
        "dtype": values.dtype, "crs": crs, "nodata": nodata,
        "transform": from_origin(BOUNDS[0], BOUNDS[3], cell, cell),
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        target.write(values, 1)
    return path


def test_nodata_becomes_unknown_and_never_a_height(tmp_path: Path) -> None:
    values = np.full((30, 40), 50, dtype=np.int16)
    values[5:10, 5:10] = -32768
    terrain = read_raster(tiff(tmp_path / "t.tif", values), crs=CRS, resolution_m=30)
    heights = terrain.to_numpy()
    assert np.isnan(heights[7, 7])
    assert np.nanmin(heights) == np.nanmax(heights) == 50


def test_counts_are_kept_whatever_the_grid(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random((30, 40)).astype(np.float32) * 9
    path = tiff(tmp_path / "p.tif", values, nodata=-1)
    for cell in (10.0, 30.0, 70.0):
        people = warp_raster(path, grid_over(BOUNDS, crs=CRS, resolution_m=cell), kind="count")
        assert float(people.sum()) == pytest.approx(float(values.sum()), rel=1e-3)


def test_classes_are_never_averaged(tmp_path: Path) -> None:
    values = np.where(np.indices((30, 40)).sum(axis=0) % 2, 10, 80).astype(np.uint8)
    path = tiff(tmp_path / "c.tif", values, nodata=0)
    cover = warp_raster(path, grid_over(BOUNDS, crs=CRS, resolution_m=90), kind="class")
    assert set(np.unique(cover.to_numpy())) <= {10.0, 80.0}


def test_floods_of_several_years_are_joined_before_they_are_warped(tmp_path: Path) -> None:
    import rasterio

    path = tiff(tmp_path / "f.tif", np.zeros((30, 40), dtype=np.uint8), nodata=None)
    with rasterio.open(path) as source:
        profile = source.profile | {"count": 2}
    years = np.zeros((2, 30, 40), dtype=np.uint8)
    years[0, 3:9, 3:9], years[1, 15:21, 15:21] = 1, 2
    with rasterio.open(path, "w", **profile) as target:
        target.write(years)
    reach = warp_raster(path, grid_over(BOUNDS, crs=CRS, resolution_m=90), kind="reach").to_numpy()
    assert set(np.unique(reach)) == {0.0, 1.0}
    assert reach.ndim == 2
    assert reach.sum() == 2 * 4


def test_bands_read_back_with_names_grid_and_unknown(tmp_path: Path) -> None:
    grid = grid_over(BOUNDS, crs=CRS, resolution_m=30)
    signal = np.linspace(-120, -60, grid.shape[0] * grid.shape[1]).reshape(grid.shape)
    signal[0, 0] = np.nan
    band = wrap(signal.astype(np.float32), grid, name="signal_dbm")
    write_raster(tmp_path / "r.tif", {"signal_dbm": band, "servers": band * 0})
    bands = read_bands(tmp_path / "r.tif")
    assert list(bands) == ["signal_dbm", "servers"]
    assert geobox_of(bands["signal_dbm"]) == grid
    assert np.allclose(bands["signal_dbm"], band, atol=0.051, equal_nan=True)


def test_a_window_of_bands_is_that_part_of_them(tmp_path: Path) -> None:
    grid = grid_over(BOUNDS, crs=CRS, resolution_m=30)
    values = np.arange(grid.shape[0] * grid.shape[1], dtype=np.float32).reshape(grid.shape)
    values[2, 3] = np.nan
    write_raster(tmp_path / "r.tif", {"a": wrap(values, grid, name="a")})
    part = read_bands_window(tmp_path / "r.tif", slice(1, 4), slice(2, 6), ["a", "absent"])
    assert list(part) == ["a"]
    assert np.array_equal(part["a"], values[1:4, 2:6], equal_nan=True)


def test_a_crop_keeps_pixels_as_they_came(tmp_path: Path) -> None:
    values = np.arange(1200, dtype=np.int16).reshape(30, 40)
    source = tiff(tmp_path / "s.tif", values)
    bounds = (540_300.0, 2_020_300.0, 540_600.0, 2_020_600.0)
    crop_raster(source, tmp_path / "c.tif", bounds=bounds, bounds_crs=CRS)
    with rasterio.open(tmp_path / "c.tif") as cropped:
        assert cropped.dtypes[0] == "int16"
        assert np.array_equal(cropped.read(1), values[10:20, 10:20])


@pytest.mark.parametrize(
    "content",
    [b"not a picture", b"<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>", b""],
)
def test_what_is_no_geotiff_is_refused_whatever_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.tif").write_bytes(content)
    with pytest.raises(SourceFileError, match="GeoTIFF"):
        raster_crs(tmp_path / "t.tif")


def test_a_raster_without_a_system_is_refused(tmp_path: Path) -> None:
    path = tiff(tmp_path / "t.tif", np.zeros((4, 4), dtype=np.int16), crs=None)
    with pytest.raises(SourceFileError, match="reference system"):
        raster_crs(path)


def test_a_file_that_declares_too_much_is_refused(tmp_path: Path) -> None:
    profile = {
        "driver": "GTiff", "height": 200_000, "width": 200_000, "count": 1, "dtype": "uint8",
        "crs": CRS, "transform": from_origin(540_000, 2_200_000, 1, 1), "sparse_ok": True,
        "tiled": True,
    }  # fmt: skip
    with rasterio.open(tmp_path / "t.tif", "w", **profile):
        pass
    with pytest.raises(SourceFileError, match="200"):
        read_raster(tmp_path / "t.tif", crs=CRS, resolution_m=30)


def test_rasters_of_other_grids_do_not_meet() -> None:
    one = grid_over(BOUNDS, crs=CRS, resolution_m=30)
    other_crs = grid_over(BOUNDS, crs="EPSG:3405", resolution_m=30)
    a = wrap(np.zeros(one.shape), one, name="a")
    b = wrap(np.zeros(one.shape), other_crs, name="b")
    with pytest.raises(GridMismatchError, match="CRS"):
        same_grid(a, b)
    shifted = a.assign_coords(x=a["x"] + 15.0)
    with pytest.raises(GridMismatchError, match="position"):
        same_grid(a, shifted)


def test_only_water_that_is_known_as_water_gets_a_height() -> None:
    grid = grid_over(BOUNDS, crs=CRS, resolution_m=30)
    heights = np.full(grid.shape, 12.0, dtype=np.float32)
    heights[:, 30:] = np.nan  # the sea, and a strip that nobody knows
    heights[10:14, 10:14] = np.nan  # a lake
    sea, water = np.zeros(grid.shape, dtype=bool), np.zeros(grid.shape)
    sea[:, 35:] = True
    water[10:14, 10:14] = 1
    made = terrain_from(*(wrap(v, grid, name="v") for v in (heights, sea, water)))
    ground = made.ground_m.to_numpy()
    assert np.isnan(ground[:, 30:35]).all()
    assert (ground[:, 35:] == 0).all()
    assert (ground[10:14, 10:14] == 12).all()
    assert set(made.zone.to_numpy()[:, 35:].ravel()) == {SEA}
    assert made.zone.to_numpy()[12, 12] == INLAND
    assert (made.sea_cell_count, made.inland_water_cell_count) == (5 * grid.shape[0], 16)
