"""Why a place lacks service, in a valley behind a ridge and on ground without one."""

import numpy as np
import pytest

from infraplan.coverage import find_gaps
from infraplan.coverage import people_grid
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.area import predict
from infraplan.radio.cells import CellDefaults
from infraplan.radio.cells import derive_cells
from infraplan.radio.settings import RadioSettings
from tests.coverage.world import GEOBOX
from tests.coverage.world import PROFILE
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import inside
from tests.coverage.world import stations
from tests.coverage.world import world

DEFAULTS = CellDefaults.from_dict(read_toml(data_path("cells/defaults.toml")))
RIDGE = np.where(inside(2_400, 0, 2_700, 4_800), 400.0, 10.0)
BEHIND = ("1", ground(2_760, 2_100, 3_060, 2_400))
BEFORE = ("1", ground(1_200, 2_100, 1_500, 2_400))
FAR = ("2", ground(6_600, 2_100, 6_900, 2_400))


def gaps_of(ground_m=10.0, radius_m=5_000.0, unknown=None, **sites):
    """Return the predicted gaps of a hamlet before and one behind the ridge, and one far away."""
    heights = np.full(GEOBOX.shape, ground_m) if np.isscalar(ground_m) else ground_m.copy()
    heights[np.zeros(GEOBOX.shape, bool) if unknown is None else unknown] = np.nan
    layers = world(
        ground_m=heights,
        sites=stations(**sites),
        hamlets=hamlets(BEFORE=BEFORE, BEHIND=BEHIND, FAR=FAR),
    )
    cells = derive_cells(layers.table("sites"), layers.table("cells"), DEFAULTS)
    settings = RadioSettings(radius_m=radius_m)
    coverage = predict(
        layers.terrain, layers.table("sites"), cells, profile=PROFILE, settings=settings
    )
    return find_gaps(layers, people_grid(layers, GEOBOX).people, coverage).hamlets


@pytest.fixture(scope="module")
def ridge():
    """Return the gaps of the world with a ridge, one station to its west."""
    return gaps_of(RIDGE, A=(900, 2_250, "A", "2G;3G;4G"))


def test_a_hamlet_behind_a_ridge_lacks_service_by_terrain(ridge):
    assert ridge.loc["BEHIND", "covered_share"] < 0.1
    assert ridge.loc["BEHIND", "level"] == "none"
    assert ridge.loc["BEHIND", "cause"] == "terrain"


def test_a_hamlet_with_service_has_no_cause(ridge):
    assert ridge.loc["BEFORE", "covered_share"] == pytest.approx(1.0)
    assert ridge["cause"].isna()["BEFORE"]


def test_the_same_hamlet_without_the_ridge_has_service():
    assert gaps_of(A=(900, 2_250, "A", "2G;3G;4G")).loc["BEHIND", "covered_share"] == pytest.approx(
        1.0
    )


def test_a_hamlet_beyond_the_radius_lacks_service_by_distance(ridge):
    assert ridge.loc["FAR", "nearest_site_m"] > 5_000
    assert ridge.loc["FAR", "cause"] == "distance"


def test_a_hamlet_that_only_2g_reaches_lacks_the_technology():
    found = gaps_of(A=(900, 2_250, "A", "4G"), B=(6_700, 2_250, "A", "2G"), radius_m=3_000.0)
    assert found.loc["FAR", "share_2G"] == pytest.approx(1.0)
    assert found.loc["FAR", "cause"] == "no_technology"


def test_a_hamlet_on_unknown_ground_is_unknown_not_uncovered():
    hole = inside(2_700, 2_040, 3_120, 2_460)
    found = gaps_of(unknown=hole, A=(900, 2_250, "A", "2G;3G;4G")).loc["BEHIND"]
    assert (found["level"], found["cause"]) == ("unknown", "unknown")
    assert found["people_uncovered_low"] == pytest.approx(0.0, abs=1e-6)


def test_one_more_station_never_lowers_a_share(ridge):
    more = gaps_of(RIDGE, A=(900, 2_250, "A", "2G;3G;4G"), B=(6_000, 2_250, "A", "2G;3G;4G"))
    assert (more["covered_share"] >= ridge["covered_share"] - 1e-9).all()
    assert more.loc["FAR", "covered_share"] == pytest.approx(1.0)
