"""Rasters that are warped where somebody looks are those warped as a whole."""

import numpy as np
import pytest

from infraplan.errors import SourceFileError
from infraplan.io import tiled_raster
from infraplan.io import warp_raster
from infraplan.io import write_raster
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap

EAST, NORTH = 540_000.0, 2_030_000.0
GRID = grid_over((EAST, NORTH, EAST + 18_000, NORTH + 12_000), crs="EPSG:9209", resolution_m=30.0)


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    """Return a file of three floods in another system that covers most of the grid."""
    box = grid_over((587_000, 2_027_000, 605_000, 2_042_000), crs="EPSG:32648", resolution_m=70.0)
    random = np.random.default_rng(0)
    coarse = random.integers(0, 2, (3, box.shape[0] // 8 + 1, box.shape[1] // 8 + 1))
    values = coarse.repeat(8, axis=1).repeat(8, axis=2)[:, : box.shape[0], : box.shape[1]]
    path = tmp_path_factory.mktemp("tiles") / "floods.tif"
    bands = {f"e{n}": wrap(band.astype(np.uint8), box, name="e") for n, band in enumerate(values)}
    write_raster(path, bands)
    return path


def test_parts_are_those_of_the_whole_but_where_two_classes_have_half_a_cell_each(events):
    whole = warp_raster(events, GRID, kind="class")
    tiled = tiled_raster(events, GRID, kind="class")
    assert 0 < np.isnan(whole.to_numpy()).sum() < whole.size
    for rows, columns in ((slice(0, 400), slice(0, 600)), (slice(250, 262), slice(240, 270))):
        part, meant = tiled[:, rows, columns].to_numpy(), whole[:, rows, columns].to_numpy()
        assert (np.isnan(part) == np.isnan(meant)).all()
        assert (part != meant)[np.isfinite(meant)].mean() < 1e-4
    np.testing.assert_array_equal(tiled[1, 256, ::-7], whole[1, 256, ::-7])
    np.testing.assert_array_equal(tiled["band"], whole["band"])


def test_a_cell_has_one_value_whoever_asks(events):
    first, second = (tiled_raster(events, GRID, kind="class") for _ in range(2))
    at_once = first.to_numpy()
    np.testing.assert_array_equal(second[:, 300:303, 250:260], at_once[:, 300:303, 250:260])
    np.testing.assert_array_equal(second[:, 0:3, 0:9], at_once[:, 0:3, 0:9])


def test_where_any_flood_was_is_one_band(events):
    whole = warp_raster(events, GRID, kind="reach")
    tiled = tiled_raster(events, GRID, kind="reach")
    assert tiled.shape == whole.shape
    np.testing.assert_array_equal(tiled[200:300, 100:300] > 0, whole[200:300, 100:300] > 0)


def test_a_file_of_another_place_is_refused_before_anybody_looks(events):
    away = grid_over((740_000, 2_030_000, 749_000, 2_039_000), crs="EPSG:9209", resolution_m=30.0)
    with pytest.raises(SourceFileError, match="does not reach"):
        tiled_raster(events, away, kind="class")
