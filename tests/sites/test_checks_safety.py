"""Fall circle, field of the antennas and aviation, on both sides of their limits."""

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString

from tests.sites.findings import BY_HAND
from tests.sites.findings import CONDITION
from tests.sites.findings import PASS
from tests.sites.findings import found
from tests.sites.findings import told
from tests.sites.world import a_request
from tests.sites.world import areas
from tests.sites.world import around
from tests.sites.world import at
from tests.sites.world import sources
from tests.sites.world import stations
from tests.sites.world import table

EXACT = {"accuracy_m": 0.0}
FAR = {"B1": (5_000, 5_000, 5_010, 5_010, {"height_m": 8.0})}


def lines(name, x_m, **fields):
    """Return a line from south to north so far east."""
    row = {"geometry": LineString([at(x_m, 4_000), at(x_m, 6_000)]), **fields}
    return table({"L1": row}, f"{name}_id", name)


@pytest.mark.parametrize(
    ("x_m", "expected"), [(2_041.9, CONDITION), (2_042, CONDITION), (2_042.1, PASS)]
)
def test_the_fall_circle_is_one_height_wide(x_m, expected):
    houses = areas("building_id", B1=(x_m, 4_995, x_m + 9, 5_005, {"use": "school"}))
    reason = found("fall", a_request(**EXACT), around(buildings=houses))
    assert told(reason) == expected
    assert reason.detail["schools"] == (expected == CONDITION)


def test_the_fall_circle_tells_buildings_and_people_of_both_circles():
    houses = areas(
        "building_id",
        B1=(2_030, 4_995, 2_039, 5_005, {"people": 4.0}),
        B2=(2_060, 4_995, 2_069, 5_005, {"people": 3.0}),
        B3=(2_064, 4_995, 2_073, 5_005, {"people": 9.0}),
        B4=(2_050, 4_995, 2_055, 5_005, {"people": None}),
    )
    detail = found("fall", a_request(**EXACT), around(buildings=houses)).detail
    assert (detail["buildings"], detail["people"]) == (1, 4)
    assert (detail["buildings_wide"], detail["people_wide"]) == (3, 7)
    assert (detail["wide_m"], detail["people_wide_unknown"]) == (63.0, 1)


@pytest.mark.parametrize("x_m", [2_035, 2_050])
def test_a_house_nearer_to_the_circle_than_the_accuracy_is_measured_on_site(x_m):
    houses = areas("building_id", B1=(x_m, 4_995, x_m + 9, 5_005))
    reason = found("fall", a_request(), around(buildings=houses))
    assert told(reason) == CONDITION
    assert reason.detail["measure_on_site"]


@pytest.mark.parametrize("row", [{"mast_class": "A1a"}, {"mast_class": "A2a"},
                                 {"mast_class": "A1b", "building_height_m": 20.0}])  # fmt: skip
def test_a_mast_on_a_roof_has_no_fall_circle(row):
    assert told(found("fall", a_request(row=row), around())) == PASS
    assert found("fall_road", a_request(row=row), around()) is None


def test_a_disguised_mast_on_the_ground_has_a_fall_circle():
    assert told(found("fall", a_request(row={"mast_class": "A1b"}), around())) == BY_HAND


@pytest.mark.parametrize(
    ("x_m", "kind", "expected"),
    [
        (2_041.9, "national", CONDITION),
        (2_042, "commune", CONDITION),
        (2_042.1, "commune", PASS),
        (2_010, "track", PASS),
    ],
)
def test_roads_but_no_tracks_count_in_the_fall_circle(x_m, kind, expected):
    place = around(roads=lines("road", x_m, **{"class": kind}))
    assert told(found("fall_road", a_request(**EXACT), place)) == expected


def test_streets_and_railways_count_in_the_fall_circle():
    place = around(streets=lines("street", 2_010), rail=lines("rail", 1_990))
    reason = found("fall_road", a_request(), place)
    assert (*told(reason), reason.detail["count"]) == (*CONDITION, 2)


@pytest.mark.parametrize(
    ("x_m", "expected"), [(2_041.9, CONDITION), (2_042, CONDITION), (2_042.1, PASS)]
)
def test_power_lines_count_in_the_fall_circle(x_m, expected):
    place = around(power=lines("line", x_m, voltage_kv=110.0))
    assert told(found("fall_power", a_request(**EXACT), place)) == expected


@pytest.mark.parametrize("rule", ["fall_road", "fall_power", "aerodrome", "obstacle_surface"])
def test_an_absent_layer_is_checked_by_hand(rule):
    assert told(found(rule, a_request(), around())) == BY_HAND


@pytest.mark.parametrize(("height_m", "expected"), [(44.9, PASS), (45.0, CONDITION)])
def test_aviation_is_warned_from_forty_five_metres(height_m, expected):
    reason = found("aviation", a_request(height_m=height_m), around())
    assert told(reason) == expected
    assert reason.detail["rod_room_m"] == pytest.approx(45.0 - height_m)


def aerodromes(away_m, elevation_m):
    """Return an aerodrome so far east of the request."""
    row = {"name": "Vinh", "elevation_m": elevation_m, "geometry": at(2_000 + away_m, 5_000)}
    return table({"A1": row}, "aerodrome_id", "aerodromes")


@pytest.mark.parametrize(
    ("away_m", "elevation_m", "expected"),
    [
        (10_000, 7.1, PASS),  # ground 10 m, antennas 42 m: 44.9 m above the aerodrome
        (10_000, 7.0, CONDITION),
        (10_001, 7.0, PASS),
        (9_000, np.nan, BY_HAND),
    ],
)
def test_a_mast_in_the_vicinity_is_judged_above_the_aerodrome(away_m, elevation_m, expected):
    place = around(aerodromes=aerodromes(away_m, elevation_m))
    assert told(found("aerodrome", a_request(), place)) == expected


@pytest.mark.parametrize(
    ("away_m", "height_m", "expected"),
    [
        (3_000, 45.0, PASS),  # inner horizontal surface
        (3_000, 45.1, CONDITION),
        (5_000, 95.0, PASS),  # conical: 45 m and 5 % of 1 km
        (5_000, 95.1, CONDITION),
        (9_000, 145.0, PASS),  # outer horizontal
        (9_000, 145.1, CONDITION),
        (1_000, 20.0, PASS),  # approach: 2 % of 1 km
        (1_000, 20.1, CONDITION),
        (15_001, 200.0, PASS),
    ],
)
def test_simplified_obstacle_surfaces_are_pierced_from_above_only(away_m, height_m, expected):
    place = around(aerodromes=aerodromes(away_m, 10.0))
    assert told(found("obstacle_surface", a_request(height_m=height_m), place)) == expected


def test_unknown_ground_leaves_the_height_above_an_aerodrome_open():
    ground = np.full(around().layers.terrain.ground_m.shape, np.nan)
    place = around(ground_m=ground, aerodromes=aerodromes(3_000, 5.0))
    assert told(found("aerodrome", a_request(), place)) == BY_HAND


def cells(tx_power_dbm, azimuths=(np.nan,), antenna="isotropic", **fields):
    """Return cells of one power, one for each azimuth."""
    frame = pd.DataFrame({"tx_power_dbm": tx_power_dbm, "azimuth_deg": list(azimuths), **fields})
    return frame.assign(antenna=antenna)


def emf_case(sent, boxes=None, place=None, **fields):
    """Return the finding on a station with some cells among some buildings."""
    buildings = areas("building_id", **(boxes or FAR))
    given = {"accuracy_m": 0.0, **fields}
    return found("emf", a_request(cells=sent, **given), around(buildings=buildings, **place or {}))


@pytest.mark.parametrize(
    ("eirp_dbm", "needed_m"), [(60, 10.1), (63, 14.3), (66, 20.1), (70, 31.9), (73, 45.1)]
)
def test_the_field_falls_to_its_limit_at_the_published_distance(eirp_dbm, needed_m):
    reason = emf_case(cells(float(eirp_dbm)), height_m=60.0)
    assert told(reason) == PASS
    assert reason.value == pytest.approx(needed_m, abs=0.06)  # siting.md 3.1, reflection 2.56


def test_three_carriers_of_one_direction_add_up():
    one, three = (emf_case(cells(60.0, [np.nan] * n)) for n in (1, 3))
    assert three.value == pytest.approx(one.value * np.sqrt(3.0))
    assert three.detail["carriers"] == 3


@pytest.mark.parametrize(("height_m", "expected"), [(22.2, PASS), (22.0, CONDITION)])
def test_the_ground_is_to_lie_beyond_the_safe_distance(height_m, expected):
    assert told(emf_case(cells(66.0), height_m=height_m)) == expected  # 20.1 m above a head


@pytest.mark.parametrize(("x_m", "expected"), [(2_020.2, PASS), (2_020.0, CONDITION)])
def test_the_floors_of_a_higher_neighbour_are_to_lie_beyond_it(x_m, expected):
    tower = {"B7": (x_m, 4_995, x_m + 20, 5_005, {"height_m": 60.0})}
    reason = emf_case(cells(66.0), tower)
    assert told(reason) == expected
    assert (reason.detail["to"], reason.detail["receptor"]) == ("building", "B7")


@pytest.mark.parametrize(("roof_m", "expected"), [(19.7, PASS), (20.0, CONDITION)])
def test_people_on_the_roof_below_are_counted(roof_m, expected):
    house = {"B1": (1_995, 4_995, 2_005, 5_005, {"height_m": roof_m})}
    assert told(emf_case(cells(66.0), house)) == expected  # 42 - 20.1 - 2 m of a person


def test_a_neighbour_nearer_to_the_limit_than_the_accuracy_is_measured_on_site():
    tower = {"B1": (2_023, 4_995, 2_040, 5_005, {"height_m": 60.0})}
    reason = emf_case(cells(66.0), tower, accuracy_m=10.0)
    assert told(reason) == CONDITION
    assert reason.detail["measure_on_site"]


@pytest.mark.parametrize(("azimuth", "expected"), [(90.0, CONDITION), (270.0, PASS)])
def test_behind_a_panel_is_safer_than_before_it(azimuth, expected):
    tower = {"B1": (2_012, 4_995, 2_040, 5_005, {"height_m": 60.0})}
    assert told(emf_case(cells(49.0, [azimuth], "3gpp_1800"), tower)) == expected


def test_an_unknown_direction_is_the_main_beam_all_round():
    tower = {"B1": (2_012, 4_995, 2_040, 5_005, {"height_m": 60.0})}
    assert told(emf_case(cells(49.0, [np.nan], "3gpp_1800"), tower)) == CONDITION


def test_the_gain_behind_a_panel_is_trusted_down_to_twenty_decibels_only():
    tower = {"B1": (2_004, 4_995, 2_040, 5_005, {"height_m": 60.0})}
    reason = emf_case(cells(49.0, [270.0], "3gpp_1800"), tower)
    assert reason.value == pytest.approx(20.1 / 10.0, abs=0.05)


def test_antennas_already_on_the_mast_add_to_the_field():
    there = {"sites": stations(S1=(2_000, 5_000, "B", 42, "4G"))}
    known = cells(66.0, site_id="S1").rename_axis("cell_id")
    alone = emf_case(cells(66.0), height_m=42.0)
    both = emf_case(cells(66.0), place={**there, "cells": known}, height_m=42.0)
    assert both.value == pytest.approx(alone.value * np.sqrt(2.0))
    assert told(emf_case(cells(66.0), place=there)) == BY_HAND


def test_the_own_roof_is_to_be_closed_where_the_field_reaches_it():
    row = {"mast_class": "A2a", "building_height_m": 20.5}
    assert emf_case(cells(66.0), row=row).detail["close_roof"]  # 19.5 m above a head
    assert not emf_case(cells(60.0), row=row).detail["close_roof"]


def test_without_buildings_the_field_is_checked_by_hand():
    assert told(found("emf", a_request(cells=cells(66.0)), around())) == BY_HAND
    nothing = around(
        buildings=around().layers.table("buildings"), sources=sources(extra=["buildings"])
    )
    assert told(found("emf", a_request(cells=cells(66.0)), nothing)) == PASS
