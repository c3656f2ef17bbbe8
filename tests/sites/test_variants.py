"""What would change a proposal: each change is the appraisal of the changed request."""

import json

import numpy as np
import pytest

from infraplan.sites.variants import HEIGHTS_M
from tests.sites.test_appraisal import VILLAGE
from tests.sites.test_appraisal import a_full_world
from tests.sites.test_appraisal import appraise
from tests.sites.world import EAST
from tests.sites.world import GEOBOX
from tests.sites.world import NORTH
from tests.sites.world import areas
from tests.sites.world import requests
from tests.sites.world import stations
from tests.sites.world import villages
from tests.sites.world import world


def searched(rows, **options):
    """Appraise with the searches, a cable 100 m off."""
    fibre = rows.geometry.x * 0 + 100.0
    return appraise(rows, searches=True, fibre_m=fibre, **options)


def a_ridge(height_m=60.0):
    """Return ground with a ridge between the village and what is east of it."""
    ground = np.full(GEOBOX.shape, 10.0)
    ground[:, 40:43] = height_m
    return ground


def test_people_by_height_are_those_of_a_request_of_that_height():
    people = villages(VILLAGE) + villages((VILLAGE[0] + 3_600, VILLAGE[1]), people=200.0)
    layers = world(ground_m=a_ridge(45.0))
    rows = requests(R1=(*VILLAGE, "A", 48.0, "4G"))
    heights = searched(rows, people=people, layers=layers).heights.loc["R1"]
    assert heights.index.tolist() == list(HEIGHTS_M)
    for height_m in (15.0, 30.0, 60.0):
        own = appraise(requests(R1=(*VILLAGE, "A", height_m, "4G")), people=people, layers=layers)
        assert own.requests.loc["R1", "people_gained"] == heights.loc[height_m, "people"]
    assert heights["people"].is_monotonic_increasing


def test_the_highest_lower_mast_that_needs_no_marking_is_told():
    rows = requests(R1=(*VILLAGE, "A", 48.0, "4G", {"commune": "Hòa Hải", "mast_class": "A2b"}))
    found = searched(rows, layers=a_full_world()).flips.loc[("R1", "lower")]
    lower = requests(R1=(*VILLAGE, "A", 44.0, "4G", {"commune": "Hòa Hải", "mast_class": "A2b"}))
    again = searched(lower, layers=a_full_world()).requests.loc["R1"]
    assert found["height_m"] == 44
    assert (found["proposal"], found["people"]) == (again["proposal"], again["people_gained"])
    assert found["proposal"] == "approve"
    assert found["changes"]
    aviation = {"rule": "aviation", "before": "condition", "after": "pass"}
    assert aviation in json.loads(found["rules_json"])


def test_a_lower_mast_that_keeps_the_gain_is_told_where_no_rule_asks_for_it():
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G", {"commune": "Hòa Hải", "mast_class": "A2b"}))
    found = searched(rows, layers=a_full_world()).flips.loc[("R1", "lower")]
    assert (found["height_m"], found["people_change_share"]) == (
        20,
        0,
    )  # at 15 m the field is too strong
    assert (found["proposal"], found["changes"]) == ("approve", False)


@pytest.mark.parametrize(("shift_m", "allowed"), [(90.0, True), (None, False)])
def test_a_place_away_from_a_house_is_told_within_the_shift(shift_m, allowed):
    house = areas("building_id", B1=(*(v - 5 for v in VILLAGE), *(v + 5 for v in VILLAGE)))
    layers = a_full_world(buildings=house.assign(use="other", height_m=5.0))
    fields = {"commune": "Hòa Hải", "shift_allowed_m": shift_m, "mast_class": "A2b"}
    found = searched(requests(R1=(*VILLAGE, "A", 42.0, "4G", fields)), layers=layers).flips
    move = found.loc[("R1", "move")]
    there = (
        move["x_m"] - EAST,
        move["y_m"] - NORTH,
        "A",
        42.0,
        "4G",
        {"commune": "Hòa Hải", "mast_class": "A2b"},
    )
    again = searched(requests(R1=there), layers=layers).requests.loc["R1"]
    assert (move["proposal"], move["people"]) == (again["proposal"], again["people_gained"])
    assert 0 < move["moved_m"] <= (shift_m or 100.0)
    assert bool(move["allowed"]) is allowed
    assert "fall" in {rule["rule"] for rule in json.loads(move["rules_json"])}


def test_a_request_that_may_not_move_is_not_moved():
    house = areas("building_id", B1=(*(v - 5 for v in VILLAGE), *(v + 5 for v in VILLAGE)))
    layers = a_full_world(buildings=house.assign(use="other", height_m=5.0))
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G", {"shift_allowed_m": 0.0}))
    assert ("R1", "move") not in searched(rows, layers=layers).flips.index


def test_the_mast_to_share_is_told_with_its_gain_and_without_rules_of_a_new_mast():
    house = areas("building_id", B1=(*(v - 5 for v in VILLAGE), *(v + 5 for v in VILLAGE)))
    sites = stations(S1=(VILLAGE[0] + 400, VILLAGE[1], "B", 46, "2G", "M1"))
    layers = a_full_world(sites=sites, buildings=house.assign(use="other", height_m=5.0))
    found = searched(requests(R1=(*VILLAGE, "A", 42.0, "4G", {"mast_class": "A2b"})), layers=layers)
    share = found.flips.loc[("R1", "share")]
    assert (share["mast_id"], share["people"], share["height_m"]) == ("M1", 90, 42)
    after = {rule["rule"]: rule["after"] for rule in json.loads(share["rules_json"])}
    assert (after["sharing"], after["fall"]) == ("pass", "no_new_mast")
    assert share["proposal"] == "approve"


def test_a_request_that_lacks_a_field_has_no_searches():
    rows = requests(R1=(*VILLAGE, "A", np.nan, "4G"), R2=(None, None, "A", 42.0, "4G"))
    appraisal = searched(rows)
    assert not len(appraisal.heights)
    assert not len(appraisal.flips)
    assert not len(appraisal.footprints)
