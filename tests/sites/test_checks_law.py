"""Class of mast, permit and views kept, on both sides of their limits."""

import pytest

from tests.sites.findings import ASK
from tests.sites.findings import BY_HAND
from tests.sites.findings import CONDITION
from tests.sites.findings import DOWNGRADED
from tests.sites.findings import PASS
from tests.sites.findings import REJECT
from tests.sites.findings import confirmed
from tests.sites.findings import found
from tests.sites.findings import told
from tests.sites.world import a_request
from tests.sites.world import areas
from tests.sites.world import around
from tests.sites.world import at
from tests.sites.world import sources
from tests.sites.world import stations
from tests.sites.world import table


def on_building(height_m, kind="A1a", building_m=10.0, **fields):
    """Return a request for a mast on a building."""
    row = {"mast_class": kind, "building_height_m": building_m}
    return a_request(height_m=height_m, row=row, **fields)


@pytest.mark.parametrize(
    ("building_m", "height_m", "expected"),
    [
        (10.0, 11.9, PASS),  # 20 % of the building
        (10.0, 12.0, PASS),
        (10.0, 12.1, CONDITION),
        (30.0, 32.9, PASS),  # 3 m
        (30.0, 33.0, PASS),
        (30.0, 33.1, CONDITION),
    ],
)
def test_a_mast_that_is_not_bulky_stays_within_a_fifth_and_three_metres(
    building_m, height_m, expected
):
    reason = found("mast_class", on_building(height_m, building_m=building_m), around())
    assert told(reason) == expected


@pytest.mark.parametrize("kind", ["A1a", "A2a"])
def test_a_mast_on_a_building_of_unknown_height_is_asked_about(kind):
    reason = found("mast_class", a_request(row={"mast_class": kind}), around())
    assert (*told(reason), reason.detail["missing"]) == (*ASK, ["building_height_m"])


@pytest.mark.parametrize(("height_m", "expected"), [(20.0, ASK), (20.1, PASS)])
def test_antennas_below_their_own_roof_are_asked_about(height_m, expected):
    reason = found("mast_class", on_building(height_m, "A2a", 20.0), around())
    assert told(reason) == expected


def test_a_class_that_is_not_stated_or_shown_on_a_drawing_only_is_checked_by_hand():
    assert told(found("mast_class", a_request(), around())) == BY_HAND
    assert told(found("mast_class", on_building(12.0, "A1b"), around())) == BY_HAND


def test_a_mast_on_the_ground_has_no_building():
    assert told(found("mast_class", on_building(42.0, "A2b"), around())) == CONDITION
    assert told(found("mast_class", a_request(row={"mast_class": "A2b"}), around())) == PASS


def candidates(away_m, kind="new"):
    """Return a position of the plan so far east of the request."""
    row = {"kind": kind, "geometry": at(2_000 + away_m, 5_000)}
    return table({"C1": row}, "candidate_id", "candidates")


@pytest.mark.parametrize(("away_m", "expected"), [(49, PASS), (50, PASS), (51, CONDITION)])
def test_outside_towns_a_planned_position_needs_no_permit(away_m, expected):
    request = a_request(accuracy_m=0.0)
    assert (
        told(found("building_permit", request, around(candidates=candidates(away_m)))) == expected
    )


def test_a_planned_station_is_a_position_of_the_plan():
    sites = stations(S1=(2_010, 5_000, "A", 42, "4G")).assign(status="planned")
    assert told(found("building_permit", a_request(), around(sites=sites))) == PASS


def test_an_existing_mast_is_no_planned_position():
    place = around(candidates=candidates(10, kind="existing_mast"))
    assert told(found("building_permit", a_request(accuracy_m=0.0), place)) == CONDITION


def test_without_a_plan_the_permit_is_checked_by_hand():
    reason = found("building_permit", a_request(), around())
    assert (*told(reason), reason.detail["case"]) == (*BY_HAND, "no_plan")


def test_in_a_town_a_permit_is_needed_even_on_a_planned_position():
    place = around(candidates=candidates(4_000))
    reason = found("building_permit", a_request(x_m=6_000), place)
    assert (*told(reason), reason.detail["case"]) == (*CONDITION, "urban")


@pytest.mark.parametrize(
    ("height_m", "building_m", "expected"),
    [(12.0, 10.0, PASS), (12.1, 10.0, CONDITION), (12.0, None, BY_HAND)],
)
def test_a_mast_that_is_not_bulky_needs_no_permit_even_in_a_town(height_m, building_m, expected):
    request = on_building(height_m, building_m=building_m, x_m=6_000)
    assert told(found("building_permit", request, around())) == expected


def test_equipment_on_a_standing_mast_needs_no_permit():
    place = around(sites=stations(S1=(6_010, 5_000, "B", 42, "4G", "M")))
    reason = found("building_permit", a_request(x_m=6_000), place)
    assert (*told(reason), reason.detail["mast"]) == (*PASS, "M")


def test_a_commune_of_unknown_kind_leaves_the_permit_open():
    plain = around().layers.table("communes").assign(type=None)
    assert told(found("building_permit", a_request(), around(communes=plain))) == BY_HAND


def seats(away_m, kind="office"):
    """Return a seat of the authorities so far east of the request."""
    row = {"name": "UBND xã", "kind": kind, "geometry": at(2_000 + away_m, 5_000)}
    return table({"U1": row}, "institution_id", "institutions")


@pytest.mark.parametrize(("away_m", "expected"), [(199, CONDITION), (200, PASS), (201, PASS)])
def test_near_a_seat_of_the_authorities_only_a_mast_that_is_not_bulky_fits(away_m, expected):
    place = around(
        institutions=seats(away_m),
        protected=around().layers.table("protected"),
        sources=sources(extra=["protected"]),
    )
    assert told(found("aesthetic", a_request(accuracy_m=0.0), place)) == expected


@pytest.mark.parametrize(("kind", "expected"), [("heritage", CONDITION), ("forest", PASS)])
def test_heritage_is_kept_in_view_and_a_forest_is_not(kind, expected):
    area = areas("area_id", P1=(2_050, 4_900, 2_250, 5_100, {"kind": kind}))
    place = around(protected=area, institutions=seats(3_000))
    assert told(found("aesthetic", a_request(), place)) == expected


def test_a_mast_that_is_not_bulky_may_stand_in_view():
    place = around(institutions=seats(50))
    assert told(found("aesthetic", on_building(12.0), place)) == PASS


def test_views_are_checked_by_hand_where_either_layer_is_unknown():
    assert told(found("aesthetic", a_request(), around(institutions=seats(3_000)))) == BY_HAND
    assert told(found("aesthetic", a_request(), around(institutions=seats(50)))) == CONDITION


def test_every_protected_area_near_is_told_with_kind_and_distance():
    near = {
        "P1": (2_050, 4_900, 2_250, 5_100, {"kind": "dyke", "name": "Đê La Giang"}),
        "P2": (1_800, 4_900, 1_920, 5_100, {"kind": "forest", "name": None}),
    }
    detail = found("protected", a_request(), around(protected=areas("area_id", **near))).detail
    told_areas = [(area["kind"], area["distance_m"]) for area in detail["areas"]]
    assert told_areas == [("dyke", 50), ("forest", 80)]
    assert detail["area"] == "Đê La Giang"


def test_beyond_the_buffer_the_nearest_area_of_every_kind_is_told():
    near = {
        "P1": (2_500, 4_900, 2_600, 5_100, {"kind": "dyke"}),
        "P2": (2_900, 4_900, 3_000, 5_100, {"kind": "dyke"}),
        "P3": (3_000, 4_900, 3_100, 5_100, {"kind": "forest"}),
    }
    reason = found("protected", a_request(), around(protected=areas("area_id", **near)))
    assert told(reason) == PASS
    assert [area["distance_m"] for area in reason.detail["areas"]] == [500, 1_000]


@pytest.mark.parametrize(
    ("west", "expected"), [(1_985, REJECT), (1_995, CONDITION), (2_095, CONDITION), (2_111, PASS)]
)
def test_the_border_of_a_protected_area_is_as_uncertain_as_the_position(west, expected):
    area = areas("area_id", P1=(west, 4_900, west + 300, 5_100, {"kind": "military"}))
    place = around(protected=area)
    assert told(found("protected", a_request(), place, confirmed("protected"))) == expected


def test_an_unconfirmed_rule_of_protection_never_rejects():
    area = areas("area_id", P1=(1_900, 4_900, 2_100, 5_100, {"kind": "military"}))
    assert told(found("protected", a_request(), around(protected=area))) == DOWNGRADED
