"""Each rule on both sides of its limit, and where it cannot be assessed."""

from datetime import date

import numpy as np
import pytest

from infraplan.layers.grid import wrap
from infraplan.sites.checks import check_batch
from infraplan.sites.gain import Gain
from infraplan.sites.surroundings import Alternative
from infraplan.sites.surroundings import bare_name
from tests.sites.findings import ASK
from tests.sites.findings import BY_HAND
from tests.sites.findings import CONDITION
from tests.sites.findings import DOWNGRADED
from tests.sites.findings import PASS
from tests.sites.findings import REJECT
from tests.sites.findings import confirmed
from tests.sites.findings import found
from tests.sites.findings import gain
from tests.sites.findings import told
from tests.sites.world import GEOBOX
from tests.sites.world import RULES
from tests.sites.world import a_request
from tests.sites.world import areas
from tests.sites.world import around
from tests.sites.world import sources
from tests.sites.world import stations


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, []),
        ({"operator": None}, ["operator"]),
        ({"height_m": np.nan, "technologies": ()}, ["height_m", "technologies"]),
        ({"point": None}, ["position"]),
    ],
)
def test_a_missing_field_of_the_request_is_asked_for(fields, missing):
    reason = found("completeness", a_request(**fields), around())
    assert told(reason) == (ASK if missing else PASS)
    assert reason.detail["missing"] == missing


@pytest.mark.parametrize(
    ("x_m", "expected"),
    [(2_000, PASS), (8_500, REJECT), (9_500, REJECT), (8_105, CONDITION), (-5, CONDITION)],
)
def test_the_sea_and_the_outside_reject_but_not_within_the_accuracy(x_m, expected):
    assert told(found("position", a_request(x_m=x_m), around())) == expected


def test_a_position_in_the_sea_that_the_datum_explains_is_asked_about():
    request = a_request(x_m=8_250, row={"commune": "Phường Thành Sen"})
    assert told(found("position", request, around())) == BY_HAND
    reason = found("datum", request, around())
    assert told(reason) == ASK
    assert reason.detail["direction"] == "wgs84_as_vn2000"


def test_the_datum_shift_onto_a_mast_is_asked_about():
    place = around(sites=stations(S1=(2_195.7, 4_889.7, "A", 42, "4G")))
    reason = found("datum", a_request(), place)
    assert (*told(reason), reason.detail["onto"]) == (*ASK, "S1")


def test_a_mast_a_little_beside_the_shifted_position_is_no_sign_of_a_shift():
    place = around(sites=stations(S1=(2_195.7 + 16, 4_889.7, "A", 42, "4G")))
    assert told(found("datum", a_request(), place)) == PASS


@pytest.mark.parametrize(
    ("x_m", "expected"), [(2_049, CONDITION), (2_030, REJECT), (2_055, CONDITION), (2_061, PASS)]
)
def test_the_own_station_rejects_within_fifty_metres_less_the_accuracy(x_m, expected):
    place = around(sites=stations(S1=(x_m, 5_000, "A", 42, "4G")))
    assert told(found("same_station", a_request(), place)) == expected


def test_another_operators_station_is_no_duplicate():
    place = around(sites=stations(S1=(2_000, 5_000, "B", 42, "4G")))
    assert told(found("same_station", a_request(), place)) == PASS


def test_new_technologies_on_the_own_station_are_an_upgrade():
    place = around(sites=stations(S1=(2_000, 5_000, "A", 42, "2G;4G")))
    reason = found("same_station", a_request(technologies=("4G", "5G")), place)
    assert (*told(reason), reason.detail["added"]) == (*PASS, ["5G"])


def test_a_station_that_is_only_planned_does_not_stand():
    sites = stations(S1=(2_000, 5_000, "A", 42, "4G"), S2=(8_000, 0, "A", 42, "4G"))
    sites.loc["S1", "status"] = "planned"
    assert told(found("same_station", a_request(), around(sites=sites))) == PASS


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("Xã Hoà Hải", PASS),
        ("hoa hai", PASS),
        ("Phúc Đồng", PASS),
        ("Thành Sen", ASK),
        ("{{7*7}}<script>", ASK),
    ],
)
def test_the_commune_named_must_be_the_one_found(named, expected):
    assert told(found("commune", a_request(row={"commune": named}), around())) == expected


def test_a_commune_missed_by_less_than_the_accuracy_is_measured_on_site():
    request = a_request(x_m=4_495, row={"commune": "Thành Sen"})
    assert told(found("commune", request, around())) == CONDITION


def test_no_commune_named_leaves_the_rule_silent():
    assert found("commune", a_request(), around()) is None


def sharing_case(share, sites=None, **kind):
    """Return the finding on a request of which a mast would give a share of the gain."""
    request = a_request(own_gain=gain(100.0), technology="4G")
    request.alternatives.append(Alternative("M", ("B",), 400.0, 38.0, gain(100.0 * share)))
    place = around(
        sites=stations(S1=(3_000, 5_000, "B", 42, "4G", "M")) if sites is None else sites,
        sources=sources(kind.get("complete", True), kind.get("dated", "2025-01-01")),
        as_of=kind.get("as_of"),
    )
    return found("sharing", request, place, kind.get("rules", RULES))


@pytest.mark.parametrize(
    ("share", "expected"), [(0.89, PASS), (0.9, DOWNGRADED), (1.2, DOWNGRADED)]
)
def test_a_mast_that_gives_nine_tenths_is_to_be_shared(share, expected):
    reason = sharing_case(share)
    assert told(reason) == expected
    assert (reason.detail["mast"], reason.value) == ("M", pytest.approx(min(share, 1.0)))


def test_a_mast_that_serves_other_people_elsewhere_is_not_told_to_be_shared():
    here = Gain(
        np.array([1, 2]), np.array([10.0, 30.0]), 40.0, 40.0, 40.0, 0.0, 40.0, 0.0, 0.0, 0.0
    )
    cells, people = np.array([2, 7]), np.array([30.0, 900.0])
    there = Gain(cells, people, 930.0, 930.0, 930.0, 0.0, 930.0, 0.0, 0.0, 0.0)
    request = a_request(own_gain=here, technology="4G")
    request.alternatives.append(Alternative("M", ("B",), 2_900.0, 38.0, there))
    place = around(
        sites=stations(S1=(3_000, 5_000, "B", 42, "4G", "M")), sources=sources(True, "2025-01-01")
    )
    assert told(found("sharing", request, place)) == PASS
    assert found("sharing", request, place).value == pytest.approx(0.75)


def test_a_capacity_request_is_compared_by_the_people_it_relieves():
    request = a_request(own_gain=gain(2.0, relieved=500.0, served=1_000.0), technology="4G")
    far = gain(2.0, relieved=50.0, served=900.0)
    request.alternatives.append(Alternative("M", ("B",), 400.0, 38.0, far))
    place = around(sites=stations(S1=(3_000, 5_000, "B", 42, "4G", "M")))
    assert found("sharing", request, place).value == pytest.approx(0.1)


def test_only_a_confirmed_rule_of_sharing_rejects():
    assert told(sharing_case(0.95, rules=confirmed("sharing"))) == REJECT


def test_an_incomplete_list_never_passes_for_no_mast_in_reach():
    assert told(sharing_case(0.1, complete=False)) == BY_HAND
    assert sharing_case(0.1, complete=False).detail["doubtful"] == ["B"]


def test_an_old_list_never_passes_for_no_mast_in_reach():
    assert told(sharing_case(0.1, dated="2022-06-01", as_of=date(2025, 7, 1))) == BY_HAND
    assert told(sharing_case(0.1, dated="2024-06-01", as_of=date(2025, 7, 1))) == PASS


def test_a_mast_found_in_an_incomplete_list_still_counts():
    assert told(sharing_case(0.95, complete=False)) == DOWNGRADED


def test_a_request_on_anothers_mast_shares_already():
    sites = stations(S1=(2_010, 5_000, "B", 42, "4G", "M"))
    reason = sharing_case(1.0, sites=sites)
    assert told(reason) == PASS
    assert reason.detail["mast"] == "M"


def test_without_stations_sharing_is_checked_by_hand():
    assert told(found("sharing", a_request(), around())) == BY_HAND


@pytest.mark.parametrize(
    ("x_m", "height_m", "kind", "distance_m", "expected"),
    [
        (2_000, 12, "A2a", 215, PASS),
        (2_000, 12, "A2a", 185, CONDITION),
        (2_000, 20, "A2a", 215, CONDITION),
        (6_000, 12, "A2a", 165, PASS),
        (2_000, 42, "A2b", 295, CONDITION),
        (2_000, 42, "A2b", 320, PASS),
        (2_000, 3, "A1a", 60, PASS),
    ],
)
def test_spacing_is_that_of_the_class_and_never_rejects(x_m, height_m, kind, distance_m, expected):
    request = a_request(x_m=x_m, height_m=height_m, row={"mast_class": kind})
    place = around(sites=stations(S1=(x_m + distance_m, 5_000, "B", 42, "4G")))
    assert told(found("spacing", request, place)) == expected


def test_a_spacing_kept_only_by_an_incomplete_list_is_checked_by_hand():
    sites = stations(S1=(5_000, 5_000, "B", 42, "4G"))
    place = around(sites=sites, sources=sources(complete=False))
    assert told(found("spacing", a_request(), place)) == BY_HAND


def test_a_distance_within_the_accuracy_of_its_limit_is_measured_on_site():
    place = around(sites=stations(S1=(2_305, 5_000, "B", 42, "4G")))
    reason = found("spacing", a_request(), place)
    assert told(reason) == CONDITION
    assert reason.detail["measure_on_site"]


@pytest.mark.parametrize(
    ("west", "expected"), [(1_900, DOWNGRADED), (2_050, CONDITION), (2_120, PASS)]
)
def test_protected_areas_bar_inside_and_condition_near(west, expected):
    area = areas("area_id", P1=(west, 4_900, west + 200, 5_100, {"kind": "heritage"}))
    assert told(found("protected", a_request(), around(protected=area))) == expected


def test_protection_in_the_buffer_never_rejects_even_when_confirmed():
    area = areas("area_id", P1=(2_050, 4_900, 2_250, 5_100, {"kind": "dyke"}))
    place = around(protected=area)
    assert told(found("protected", a_request(), place, confirmed("protected"))) == CONDITION
    inside = a_request(x_m=2_100)
    assert told(found("protected", inside, place, confirmed("protected"))) == REJECT


def test_floods_that_reached_the_place_are_counted():
    values = np.zeros((3, *GEOBOX.shape), dtype=np.uint8)
    values[1, ((9_000 - 5_000) // 90) - 1 : ((9_000 - 5_000) // 90) + 1, 22] = 1
    floods = {"floods": wrap(values, GEOBOX, name="floods")}
    assert found("flood", a_request(), around(rasters=floods)).value == 1
    assert told(found("flood", a_request(), around(rasters=floods))) == CONDITION
    assert told(found("flood", a_request(x_m=4_000), around(rasters=floods))) == PASS


@pytest.mark.parametrize(("rise_m", "expected"), [(41.0, PASS), (43.0, CONDITION)])
def test_steep_ground_asks_for_a_survey(rise_m, expected):
    ground = np.tile(np.arange(GEOBOX.shape[1]) * rise_m, (GEOBOX.shape[0], 1))  # 25 deg: 41.97 m
    assert told(found("slope", a_request(), around(ground_m=ground))) == expected


def test_unknown_ground_is_not_flat_ground():
    ground = np.full(GEOBOX.shape, np.nan)
    assert told(found("slope", a_request(), around(ground_m=ground))) == BY_HAND


@pytest.mark.parametrize(
    ("fibre_m", "expected"), [(3_000.0, PASS), (3_001.0, CONDITION), (np.nan, BY_HAND)]
)
def test_a_place_far_from_fibre_is_asked_how_it_connects(fibre_m, expected):
    assert told(found("fibre", a_request(fibre_m=fibre_m), around())) == expected


@pytest.mark.parametrize(("west", "expected"), [(2_180, PASS), (2_230, CONDITION)])
def test_a_place_far_from_roads_is_asked_how_it_is_reached(west, expected):
    road = areas("road_id", R1=(west, 4_000, west + 5, 6_000))
    assert told(found("road", a_request(), around(roads=road))) == expected


@pytest.mark.parametrize("rule", ["protected", "aerodrome", "fall", "flood", "road", "sharing"])
def test_an_absent_layer_is_checked_by_hand_and_never_passes(rule):
    assert told(found(rule, a_request(), around())) == BY_HAND


def test_a_layer_known_to_have_nothing_passes():
    place = around(
        aerodromes=around().layers.table("aerodromes"), sources=sources(extra=["aerodromes"])
    )
    assert told(found("aerodrome", a_request(), place)) == PASS


def test_need_tells_and_never_rejects():
    request = a_request(gain=gain(0.0, relieved=300.0), row={"purpose": "capacity"})
    reason = found("need", request, around())
    assert told(reason) == PASS
    assert (reason.value, reason.detail["relieved"]) == (0.0, 300)


def test_of_two_requests_for_one_place_the_later_is_asked_about():
    batch = [a_request(), a_request(x_m=2_040, request_id="R2")]
    one, two = ({r.rule.id: told(r) for r in check_batch(b, batch, RULES.rules)} for b in batch)
    assert one["batch_duplicate"] == PASS
    assert two["batch_duplicate"] == ASK


def test_two_operators_asking_for_neighbouring_places_are_to_share():
    batch = [a_request(), a_request(x_m=2_100, request_id="R2", operator="B")]
    for request in batch:
        outcomes = {r.rule.id: told(r) for r in check_batch(request, batch, RULES.rules)}
        assert outcomes.pop("batch_position") == PASS
        assert outcomes == {"batch_duplicate": PASS, "batch_sharing": CONDITION}


def test_names_are_compared_without_prefix_accent_and_place_of_tone():
    assert bare_name("P. Hoà Hải") == bare_name("hòa hải") == "hoa hai"
    assert bare_name("Đức Thọ") == "duc tho"
    assert bare_name(None) == ""
