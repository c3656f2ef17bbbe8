"""The province on the real layers of Hà Tĩnh has the counts that its description promises."""

from time import perf_counter

import numpy as np
import pytest

from infraplan.sample import generate
from tests.sample.hatinh_base import hatinh_layers
from tests.shared_data import shared_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base():
    """Return the real layers at 90 m."""
    return hatinh_layers(shared_folder("data/hatinh"))


@pytest.fixture(scope="module")
def province(base):
    """Return the province of seed 0 and the seconds it took."""
    start = perf_counter()
    return generate("province", seed=0, base=base), perf_counter() - start


@pytest.mark.parametrize(
    ("figure", "low", "high"),
    [
        ("stations", 3250, 3250),
        ("masts", 2400, 2700),
        ("shared_mast_share", 0.10, 0.25),
        ("cable_km", 20_790, 21_210),
        ("route_km", 9_000, 14_000),
        ("aerial_share", 0.88, 0.92),
        ("hamlets", 1_850, 2_150),
        ("street_sections", 60, 120),
        ("requests", 15, 15),
    ],
)
def test_province_figure_is_in_its_range(province, figure, low, high):
    assert low <= province[0].figures[figure] <= high


def test_province_takes_less_than_four_minutes(province):
    assert province[1] < 240


def test_nothing_is_made_that_the_base_has(province, base):
    assert not set(province[0].tables) & set(base.tables)
    assert not province[0].rasters


def test_every_commune_has_stations_and_hamlets(province, base):
    codes = set(base.tables["communes"].index)
    assert set(province[0].tables["sites"]["commune_code"]) == codes
    assert set(province[0].tables["hamlets"]["commune_code"]) == codes


def test_hamlets_are_disjoint_and_inside_their_commune(province, base):
    hamlets = province[0].tables["hamlets"]
    one, _ = hamlets.sindex.query(hamlets.geometry, predicate="overlaps")
    home = base.tables["communes"].geometry.loc[hamlets["commune_code"]]
    assert len(one) == 0
    assert hamlets.geometry.within(home.set_axis(hamlets.index).buffer(0.01)).all()


def test_streets_lie_in_the_old_city(province, base):
    communes = base.tables["communes"]
    city = communes.geometry[communes["name"] == "Thành Sen"].iloc[0]
    assert province[0].tables["streets"].within(city).all()


def test_sea_lies_east_and_touches_no_commune(province, base):
    sea = province[0].tables["sea"].union_all()
    land = base.tables["communes"].union_all()
    assert sea.intersection(land).area < 1
    assert sea.centroid.x > land.centroid.x
    assert sea.area > 1e9


def test_some_small_hamlets_lie_far_from_every_mast(province):
    tables = province[0].tables
    small = tables["hamlets"][tables["hamlets"]["people"] <= 120]
    away = tables["sites"].sindex.nearest(small.geometry, return_all=False, return_distance=True)[1]
    assert len(small) >= 40
    assert np.median(away) > 1500
