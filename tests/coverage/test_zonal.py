"""Sums over areas against areas that are known exactly."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from shapely.geometry import box

from infraplan.coverage import zones_over
from infraplan.errors import GridMismatchError
from tests.coverage.world import CRS
from tests.coverage.world import EAST
from tests.coverage.world import GEOBOX
from tests.coverage.world import NORTH
from tests.coverage.world import at

distances = st.floats(0, 4_000)


def areas(*shapes, crs=CRS):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


@pytest.mark.parametrize("radius_m", [60.0, 100.0, 150.0])
def test_a_hamlet_of_one_cell_width_has_its_own_area(radius_m):
    discs = [at(1_000 + 7 * n, 2_000 + 13 * n).buffer(radius_m, quad_segs=64) for n in range(50)]
    found = zones_over(areas(*discs), GEOBOX).areas_m2()
    assert found == pytest.approx(np.full(50, np.pi * radius_m**2), rel=5e-4)  # a 256-gon
    assert found == pytest.approx(shapely.area(discs), rel=1e-7)  # fractions are float32


@settings(max_examples=30, deadline=None)
@given(distances, distances, st.floats(1, 3_000), st.floats(1, 800))
def test_the_people_of_a_rectangle_are_its_share_of_an_even_field(x_m, y_m, wide_m, high_m):
    shape = box(EAST + x_m, NORTH + y_m, EAST + x_m + wide_m, NORTH + y_m + high_m)
    (people,) = zones_over(areas(shape), GEOBOX).sums(np.full(GEOBOX.shape, 3.6))
    # exactextract tells the share of a cell in single precision
    assert people == pytest.approx(3.6 / 3_600 * wide_m * high_m, rel=1e-6, abs=5e-7)


def test_two_halves_of_a_cell_give_each_half_of_its_people():
    values = np.zeros(GEOBOX.shape)
    values[-1, 0] = 8.0  # the south-western corner
    west, east = (
        box(EAST, NORTH, EAST + 15, NORTH + 60),
        box(EAST + 15, NORTH, EAST + 60, NORTH + 60),
    )
    assert zones_over(areas(west, east), GEOBOX).sums(values) == pytest.approx([2.0, 6.0])


def test_sums_keep_the_order_of_the_areas():
    shapes = [at(200 + 60 * n, 200).buffer(10 + n) for n in range(30)]
    found = zones_over(areas(*shapes), GEOBOX).areas_m2()
    assert (np.diff(found) > 0).all()


def test_areas_without_ground_or_off_the_grid_sum_to_nothing():
    far = box(0, 0, 100, 100)
    found = zones_over(areas(shapely.MultiPolygon(), far, at(500, 500).buffer(50)), GEOBOX)
    assert found.areas_m2()[:2].tolist() == [0.0, 0.0]
    assert found.areas_m2()[2] > 0


@pytest.mark.parametrize("crs", ["EPSG:32648", "EPSG:4326", None])
def test_areas_of_another_reference_system_are_refused(crs):
    with pytest.raises(GridMismatchError, match="bring the areas to the grid's CRS"):
        zones_over(areas(box(0, 0, 1, 1), crs=crs), GEOBOX)
