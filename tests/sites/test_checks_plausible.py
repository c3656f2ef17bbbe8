"""What an application says, the ground, the supply and lists of stations, at their edges."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from infraplan.layers.grid import wrap
from infraplan.sites.checks import check_batch
from infraplan.sites.surroundings import Alternative
from tests.sites.findings import ASK
from tests.sites.findings import BY_HAND
from tests.sites.findings import CONDITION
from tests.sites.findings import DOWNGRADED
from tests.sites.findings import PASS
from tests.sites.findings import UNKNOWN
from tests.sites.findings import found
from tests.sites.findings import gain
from tests.sites.findings import told
from tests.sites.world import GEOBOX
from tests.sites.world import RULES
from tests.sites.world import a_request
from tests.sites.world import areas
from tests.sites.world import around
from tests.sites.world import stations
from tests.sites.world import table

DAY = date(2025, 11, 28)


@pytest.mark.parametrize(("accuracy_m", "expected"), [(49.0, PASS), (50.0, PASS), (51.0, ASK)])
def test_a_position_known_too_badly_is_to_be_measured_again(accuracy_m, expected):
    assert told(found("accuracy", a_request(accuracy_m=accuracy_m), around())) == expected


@pytest.mark.parametrize(
    ("kind", "height_m", "expected"),
    [
        ("A2b", 5.9, ASK),
        ("A2b", 6.0, PASS),
        ("A2b", 120.0, PASS),
        ("A2b", 120.1, ASK),
        ("A1a", 2.9, ASK),
        ("A1a", 3.0, PASS),
        ("A1a", 150.0, PASS),
        ("A1a", 150.1, ASK),
    ],
)
def test_a_height_that_is_not_one_of_the_class_is_to_be_confirmed(kind, height_m, expected):
    request = a_request(height_m=height_m, row={"mast_class": kind})
    assert told(found("height", request, around())) == expected


def test_a_technology_that_nobody_knows_is_asked_about():
    reason = found("technology", a_request(technologies=("4G", "6G")), around())
    assert (*told(reason), reason.detail["unknown"]) == (*ASK, ["6G"])
    assert told(found("technology", a_request(technologies=("2G", "5G")), around())) == PASS


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Thôn 3, xã Hòa Hải, tỉnh Hà Tĩnh", PASS),
        ("Thôn 3, xã Phúc Đồng", PASS),
        ("TDP 5, phường Thành Sen", ASK),
        ("TDP 5 - P. Thành Sen", ASK),
    ],
)
def test_the_commune_of_the_address_must_be_the_one_found(address, expected):
    assert told(found("address", a_request(row={"address": address}), around())) == expected


@pytest.mark.parametrize("address", ["đường Thành Sen", "xã Xa Lạ", "", None, 5])
def test_an_address_without_a_known_commune_says_nothing(address):
    assert found("address", a_request(row={"address": address}), around()) is None


def test_an_address_missed_by_less_than_the_accuracy_is_measured_on_site():
    request = a_request(x_m=4_495, row={"address": "phường Thành Sen"})
    assert told(found("address", request, around())) == CONDITION


@pytest.mark.parametrize(("shift_m", "notable"), [(299.0, False), (300.0, False), (301.0, True)])
def test_a_shift_wider_than_the_spacing_is_told_and_asks_nothing(shift_m, notable):
    reason = found("shift", a_request(row={"shift_allowed_m": shift_m}), around())
    assert told(reason) == PASS
    assert bool(reason.detail.get("notable")) is notable


@pytest.mark.parametrize(("x_m", "expected"), [(2_000.9, CONDITION), (2_001, CONDITION),
                                               (2_001.1, PASS)])  # fmt: skip
def test_the_same_coordinates_of_two_operators_are_to_be_cleared_up(x_m, expected):
    batch = [a_request(), a_request(x_m=x_m, request_id="R2", operator="B")]
    for request in batch:
        found_ = {r.rule.id: told(r) for r in check_batch(request, batch, RULES.rules)}
        assert found_["batch_position"] == expected


def test_two_operators_that_name_one_mast_share_it_on_purpose():
    rows = [{"row": {"mast_id": "M"}}, {"row": {"mast_id": "M"}, "request_id": "R2"}]
    batch = [a_request(**rows[0]), a_request(**rows[1], operator="B")]
    found_ = {r.rule.id: told(r) for r in check_batch(batch[0], batch, RULES.rules)}
    assert found_["batch_position"] == PASS


def test_a_request_without_operator_is_still_compared_by_its_coordinates():
    batch = [a_request(), a_request(request_id="R2", operator=None)]
    found_ = [(r.rule.id, *told(r)) for r in check_batch(batch[1], batch, RULES.rules)]
    assert found_ == [("batch_position", *CONDITION)]


@pytest.mark.parametrize(("x_m", "notable"), [(3_099, False), (3_100, False), (3_101, True)])
def test_the_sea_within_five_kilometres_is_told(x_m, notable):
    reason = found("coast", a_request(x_m=x_m), around())  # the sea begins at 8,100 m
    assert told(reason) == PASS
    assert bool(reason.detail.get("notable")) is notable


def test_an_unknown_sea_asks_for_nothing_because_the_rule_only_tells():
    assert told(found("coast", a_request(), around(sea=None))) == UNKNOWN


@pytest.mark.parametrize(("x_m", "hours"), [(3_099, 8), (3_101, 24)])
def test_backup_power_is_longer_near_the_sea(x_m, hours):
    reason = found("backup", a_request(x_m=x_m), around())
    assert (*told(reason), reason.limit) == (*PASS, hours)


def test_backup_power_is_longer_where_floods_came():
    floods = {"floods": wrap(np.ones((1, *GEOBOX.shape), np.uint8), GEOBOX, name="floods")}
    assert found("backup", a_request(), around(rasters=floods)).limit == 24


def test_a_place_of_which_no_flood_map_tells_is_checked_by_hand():
    floods = {"floods": wrap(np.full((2, *GEOBOX.shape), np.nan), GEOBOX, name="floods")}
    assert told(found("flood", a_request(), around(rasters=floods))) == BY_HAND


@pytest.mark.parametrize(
    ("away_m", "voltage_kv", "expected"),
    [
        (999, 22.0, PASS),
        (1_000, 0.4, PASS),
        (1_001, 0.4, CONDITION),
        (1_000, 35.0, PASS),
        (10, 110.0, BY_HAND),
        (10, None, BY_HAND),
    ],
)
def test_power_comes_from_low_and_medium_voltage_only(away_m, voltage_kv, expected):
    west = 2_000 + away_m
    line = areas("line_id", L1=(west, 4_000, west + 1, 6_000, {"voltage_kv": voltage_kv}))
    assert told(found("power", a_request(accuracy_m=0.0), around(power=line))) == expected


def test_the_nearest_line_of_each_voltage_is_told():
    line = areas(
        "line_id",
        L1=(2_100, 4_000, 2_101, 6_000, {"voltage_kv": 0.4}),
        L2=(2_200, 4_000, 2_201, 6_000, {"voltage_kv": 22.0}),
        L3=(2_300, 4_000, 2_301, 6_000, {"voltage_kv": 110.0}),
    )
    detail = found("power", a_request(), around(power=line)).detail
    assert [detail[name] for name in ("low_m", "medium_m", "high_m")] == [100, 200, 300]


def test_access_by_a_track_is_told():
    road = areas(
        "road_id",
        R1=(2_100, 4_000, 2_105, 6_000, {"class": "track"}),
        R2=(2_700, 4_000, 2_705, 6_000, {"class": "commune"}),
    )
    reason = found("road", a_request(), around(roads=road))
    assert told(reason) == PASS
    assert reason.detail == {"by_track": True, "road_m": 700, "track_m": 100}


def lists(**states):
    """Return sources of stations: operator=(complete, as_of)."""
    rows = {
        f"sites {name}": {"layer": "sites", "operator": name, "complete": state[0],
                          "as_of": state[1], "rows": 1}
        for name, state in states.items()
    }  # fmt: skip
    return table(rows, "source_id", None).assign(synthetic=False)


THREE = {
    "Viettel": (True, "2025-06-01"),
    "VNPT": (True, "2022-03-01"),
    "MobiFone": (False, None),
}


def three_lists(*shares, **changes):
    """Return the finding where masts of Viettel and VNPT give shares of the gain."""
    request = a_request(own_gain=gain(100.0), technology="4G")
    for name, share in zip(("Viettel", "VNPT"), shares, strict=True):
        other = Alternative(f"M-{name}", (name,), 400.0, 38.0, gain(100.0 * share))
        request.alternatives.append(other)
    sites = stations(
        S1=(3_000, 5_000, "Viettel", 42, "4G"), S2=(3_500, 5_000, "VNPT", 42, "4G")
    )  # fmt: skip
    place = around(as_of=DAY, sites=sites, sources=lists(**(THREE | changes)))
    return found("sharing", request, place)


def test_lists_are_doubted_operator_by_operator():
    reason = three_lists(0.5, 0.5)
    assert told(reason) == BY_HAND
    assert reason.detail["doubtful"] == ["MobiFone", "VNPT"]
    states = {entry["operator"]: entry["state"] for entry in reason.detail["lists"]}
    assert states == {"MobiFone": "incomplete", "VNPT": "2022-03-01"}


def test_a_mast_of_a_fresh_list_counts_whatever_other_lists_lack():
    reason = three_lists(0.9, 0.2)
    assert (*told(reason), reason.detail["mast"]) == (*DOWNGRADED, "M-Viettel")


def test_a_mast_of_an_old_list_only_may_be_gone_and_is_checked_by_hand():
    reason = three_lists(0.2, 0.95)
    assert (*told(reason), reason.detail["mast"]) == (*BY_HAND, "M-VNPT")


def test_with_every_list_fresh_no_mast_in_reach_passes():
    fresh = dict.fromkeys(THREE, (True, "2025-06-01"))
    assert told(three_lists(0.5, 0.5, **fresh)) == PASS


@pytest.mark.parametrize(("dated", "doubted"), [("2023-11-29", False), ("2023-11-28", True)])
def test_a_list_is_old_after_two_years(dated, doubted):
    place = around(as_of=DAY, sources=lists(A=(True, dated)))
    assert place.doubtful_lists(730) == ({"A": dated} if doubted else {})


def test_a_list_without_a_date_is_not_known_to_be_up_to_date():
    assert around(as_of=DAY, sources=lists(A=(True, None))).doubtful_lists(730) == {"A": "undated"}
    assert around(sources=lists(A=(True, None))).doubtful_lists(730) == {}


def test_an_operator_with_stations_but_no_list_has_its_list_missing():
    sites = stations(S1=(3_000, 5_000, "B", 42, "4G"))
    place = around(as_of=DAY, sites=sites, sources=lists(A=(True, "2025-06-01")))
    assert place.doubtful_lists(730) == {"B": "missing"}


def test_of_two_lists_of_an_operator_the_better_counts():
    two = pd.concat([lists(A=(True, "2022-01-01")), lists(A=(True, "2025-06-01"))])
    assert around(as_of=DAY, sources=two).doubtful_lists(730) == {}
