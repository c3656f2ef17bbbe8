"""Why a place lacks service, in a valley behind a ridge and on ground without one."""

from dataclasses import asdict

import numpy as np
import pytest

from infraplan.coverage import find_gaps
from infraplan.coverage import people_grid
from infraplan.coverage.causes import USUAL
from infraplan.coverage.causes import causes_of
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.area import predict
from infraplan.radio.cells import CellDefaults
from infraplan.radio.cells import derive_cells
from infraplan.radio.settings import RadioSettings
from tests.coverage.world import EAST
from tests.coverage.world import GEOBOX
from tests.coverage.world import NORTH
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


def predicted(ground_m, azimuths=None, **sites):
    """Return layers, coverage and cells of some stations, those in `azimuths` of one sector."""
    heights = np.broadcast_to(np.asarray(ground_m, dtype=float), GEOBOX.shape).copy()
    layers = world(ground_m=heights, sites=stations(**sites))
    cells = derive_cells(layers.table("sites"), layers.table("cells"), DEFAULTS)
    turned = cells["site_id"].map(azimuths or {}).astype("float64")
    cells = cells.assign(azimuth_deg=turned)
    coverage = predict(
        layers.terrain, layers.table("sites"), cells, profile=PROFILE,
        settings=RadioSettings(radius_m=5_000.0),
    )  # fmt: skip
    return layers, coverage, cells


def place(x_m, y_m):
    """Return one place, measured from the world's south-west corner."""
    return np.array([EAST + x_m]), np.array([NORTH + y_m])


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


def test_the_cause_names_the_ridge_and_the_station_behind_it(ridge):
    found = ridge.loc["BEHIND"]
    assert found["cause_site"] == "A"
    assert found["cause_site_m"] == pytest.approx(2_000.0, abs=150.0)
    # the edge of the plateau, 2 400 to 2 700 m east, on the line from the station
    assert EAST + 2_400 - 60 <= found["ridge_x_m"] <= EAST + 2_700 + 60
    assert found["ridge_y_m"] == pytest.approx(NORTH + 2_250, abs=120.0)
    assert 0.0 < found["ridge_m"] <= 660.0
    assert found["ridge_height_m"] == pytest.approx(400.0, abs=1.0)
    assert 30.0 < found["obstruction_db"] < 90.0


def test_only_terrain_has_a_ridge(ridge):
    told = ["ridge_x_m", "ridge_y_m", "ridge_m", "ridge_height_m", "obstruction_db"]
    assert ridge.loc["FAR", told].isna().all()
    assert ridge.loc[["BEFORE", "FAR"], "cause_site"].isna().all()


def test_the_station_named_is_the_one_that_shines_there_not_the_nearest():
    # N is nearer, but its one sector looks away from the hamlet
    layers, coverage, cells = predicted(
        RIDGE, N=(1_500, 2_250, "A", "4G"), S=(900, 2_250, "A", "4G"), azimuths={"N": 270.0}
    )
    found = causes_of(
        layers, coverage, place(2_910, 2_250), technology="4G", operator="any", has_other=[False],
        cells=cells,
    ).iloc[0]  # fmt: skip
    assert (found["cause"], found["cause_site"]) == ("terrain", "S")


def test_a_weak_station_is_too_far_and_a_strong_one_is_behind_terrain():
    for power_dbm, cause in ((5.0, "distance"), (46.0, "terrain")):
        layers, coverage, cells = predicted(RIDGE, A=(900, 2_250, "A", "4G"))
        cells = cells.assign(tx_power_dbm=power_dbm)
        found = causes_of(
            layers, coverage, place(2_910, 2_250), technology="4G", operator="any",
            has_other=[False], cells=cells,
        ).iloc[0]  # fmt: skip
        assert (found["cause"], found["cause_site"]) == (cause, "A")


def test_only_stations_of_the_headlines_operator_count():
    layers, coverage, cells = predicted(
        RIDGE, A=(900, 2_250, "A", "4G"), B=(1_500, 2_250, "B", "4G")
    )
    asked = {"technology": "4G", "has_other": [True], "cells": cells}
    at = place(2_910, 2_250)
    assert causes_of(layers, coverage, at, operator="A", **asked)["cause_site"][0] == "A"
    assert causes_of(layers, coverage, at, operator="B", **asked)["cause_site"][0] == "B"


def test_a_station_beyond_unknown_ground_leaves_the_cause_unknown():
    heights = np.full(GEOBOX.shape, 10.0)
    heights[inside(1_800, 0, 2_000, 4_800)] = np.nan
    layers, coverage, cells = predicted(heights, A=(900, 2_250, "A", "4G"))
    found = causes_of(
        layers, coverage, place(2_910, 2_250), technology="4G", operator="any", has_other=[True],
        cells=cells,
    )  # fmt: skip
    assert found["cause"].tolist() == ["unknown"]


def test_places_that_are_none_and_places_off_the_grid_are_told_apart():
    layers, coverage, cells = predicted(10.0, A=(900, 2_250, "A", "4G"))
    at = (np.array([np.nan, EAST - 9_000.0]), np.array([np.nan, NORTH + 100.0]))
    found = causes_of(
        layers, coverage, at, technology="4G", operator="any", has_other=[True, True], cells=cells
    )
    assert found["cause"].isna().tolist() == [True, False]
    assert found["cause"][1] == "unknown"


def test_what_cells_are_assumed_to_be_is_what_the_data_say():
    told = {name: asdict(entry) for name, entry in DEFAULTS.technologies.items()}
    assert {name: asdict(entry) for name, entry in USUAL.technologies.items()} == told
    assert USUAL.height_m == DEFAULTS.height_m


def test_one_more_station_never_lowers_a_share(ridge):
    more = gaps_of(RIDGE, A=(900, 2_250, "A", "2G;3G;4G"), B=(6_000, 2_250, "A", "2G;3G;4G"))
    assert (more["covered_share"] >= ridge["covered_share"] - 1e-9).all()
    assert more.loc["FAR", "covered_share"] == pytest.approx(1.0)
