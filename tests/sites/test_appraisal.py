"""The appraisal as a whole, on worlds small enough to know the answer."""

import json

import numpy as np
import pandas as pd
import pytest

from infraplan.errors import PlanError
from infraplan.layers.bundle import Layers
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.sites import appraise_sites
from tests.sites.world import GEOBOX
from tests.sites.world import PROFILE
from tests.sites.world import RULES
from tests.sites.world import SETTINGS
from tests.sites.world import areas
from tests.sites.world import coverage_of
from tests.sites.world import requests
from tests.sites.world import sources
from tests.sites.world import stations
from tests.sites.world import villages
from tests.sites.world import world

VILLAGE, OTHER = (2_025.0, 5_085.0), (6_525.0, 5_085.0)


def defaults():
    """Return the packaged defaults of cells."""
    from infraplan.radio.cells import CellDefaults

    return CellDefaults.from_dict(read_toml(data_path("cells/defaults.toml")))


def appraise(rows, people=None, coverage=None, layers=None, **options):
    """Appraise requests in a world where nobody has service, unless told otherwise."""
    from infraplan.radio.cells import derive_cells

    layers = world() if layers is None else layers
    return appraise_sites(
        layers,
        rows,
        cells=derive_cells(layers.table("sites"), layers.table("cells"), defaults()),
        coverage=coverage or coverage_of(operators=("A", "B")),
        people=villages(VILLAGE) if people is None else people,
        profile=PROFILE,
        settings=SETTINGS,
        rules=RULES,
        defaults=defaults(),
        **({"searches": False} | options),
    )


def reasons(appraisal, request_id):
    """Return the reasons of one request by rule."""
    return {r["rule"]: r for r in json.loads(appraisal.requests.loc[request_id, "reasons"])}


def a_full_world(**changes):
    """Return a world in which every layer is known, so that nothing is left to check by hand."""
    road = areas("road_id", R1=(0, 5_100, 9_000, 5_105, {"class": "track"}))
    line = areas("line_id", L1=(0, 5_300, 9_000, 5_305, {"voltage_kv": 22.0}))
    plan = areas("candidate_id", C1=(0, 5_080, 4_500, 5_090, {"kind": "new"}))
    far = areas("building_id", B1=(100, 100, 110, 110, {"use": "other", "height_m": 5.0}))
    sites = stations(S1=(8_000, 8_000, "B", 42, "2G"))
    floods = world().rasters["terrain"] * 0
    known = ["aerodromes", "protected", "institutions"]
    given = {
        "roads": road,
        "power": line,
        "candidates": plan,
        "buildings": far,
        "sites": sites,
        "sources": sources(extra=known),
        **{layer: world().table(layer) for layer in known},
        "rasters": {"floods": floods},
    }
    return world(**(given | changes))


def test_a_station_on_a_plain_gains_the_village_for_all_who_lack_it():
    appraisal = appraise(requests(R1=(*VILLAGE, "A", 42.0, "4G")))
    row = appraisal.requests.loc["R1"]
    assert row["people_gained"] == row["marginal_people"] == 90
    assert appraisal.gains.loc[("R1", "4G", "A"), "people_gained"] == 90
    assert row["people_gained_low"] <= 90 <= row["people_gained_high"]
    assert np.isnan(row["nearest_site_m"])


def test_people_already_served_by_the_operator_are_overlap_and_no_gain():
    covered = np.ones(GEOBOX.shape, bool)
    coverage = coverage_of({("4G", "A"): covered, ("4G", "any"): covered})
    row = appraise(requests(R1=(*VILLAGE, "A", 42.0, "4G")), coverage=coverage).requests.loc["R1"]
    assert (row["people_gained"], row["overlap_share"]) == (0, 1.0)
    assert row["proposal"] == "approve_with_conditions"


def test_people_of_another_operator_are_gained_for_the_own_network_only():
    coverage = coverage_of({("4G", "any"): np.ones(GEOBOX.shape, bool)})
    appraisal = appraise(requests(R1=(*VILLAGE, "A", 42.0, "4G")), coverage=coverage)
    gained = appraisal.gains["people_gained"]
    assert (gained[("R1", "4G", "any")], gained[("R1", "4G", "A")]) == (0, 90)


def test_unknown_coverage_is_not_gained_but_counts_in_the_upper_end():
    unknown = np.ones(GEOBOX.shape, bool)
    appraisal = appraise(
        requests(R1=(*VILLAGE, "A", 42.0, "4G")), coverage=coverage_of(unknown=unknown)
    )
    row = appraisal.requests.loc["R1"]
    assert (row["people_gained"], row["people_gained_high"]) == (0, 90)


def test_of_two_coincident_requests_the_second_adds_nobody():
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G"), R2=(*VILLAGE, "B", 42.0, "4G"))
    table = appraise(rows).requests
    assert table["rank"].tolist() == [1, 2]
    assert table["marginal_people"].tolist() == [90, 0]
    assert table["shapley_people"].tolist() == [45, 45]


def test_the_second_operator_on_one_spot_is_told_to_share():
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G"), R2=(*VILLAGE, "B", 42.0, "4G"))
    appraisal = appraise(rows)
    told = reasons(appraisal, "R2")["batch_sharing"]
    assert (told["outcome"], told["detail"]["request"]) == ("condition", "R1")
    assert appraisal.requests.loc["R2", "marginal_people"] == 0


def test_verdicts_alone_are_those_of_the_whole_appraisal():
    rows = requests(R1=(*VILLAGE, "A", 48.0, "4G"), R2=(8_500.0, 5_085.0, "A", 42.0, "4G"))
    quick, whole = (appraise(rows, searches=searches) for searches in (False, True))
    for column in ("proposal", "reasons", "people_gained"):
        assert quick.requests[column].equals(whole.requests[column])
    for name in ("heights", "flips", "footprints", "stability"):
        assert not len(getattr(quick, name)), name
        assert len(getattr(whole, name)), name


def test_the_order_of_the_batch_is_that_of_people_added():
    people = villages(VILLAGE) + villages(OTHER, people=200.0)
    places = {"R1": (*VILLAGE, "A", 42.0, "4G"), "R2": (*OTHER, "A", 42.0, "4G")}
    ground = np.full(GEOBOX.shape, 10.0)
    ground[:, 45:50] = 600.0
    table = appraise(requests(**places), people=people, layers=world(ground_m=ground)).requests
    assert table["rank"].to_dict() == {"R1": 2, "R2": 1}
    assert table["marginal_people"].to_dict() == {"R1": 90, "R2": 200}


def test_the_batch_adds_up_to_what_its_requests_gain_together():
    people = villages(VILLAGE) + villages(OTHER, people=200.0)
    places = {"R1": (*VILLAGE, "A", 42.0, "4G"), "R2": (*OTHER, "A", 42.0, "4G")}
    table = appraise(requests(**places), people=people).requests
    assert table["marginal_people"].sum() == pytest.approx(table["shapley_people"].sum())


def test_a_ridge_keeps_the_signal_from_the_people_behind_it():
    ground = np.full(GEOBOX.shape, 10.0)
    ground[:, 55:58] = 600.0
    place = requests(R1=(3_000.0, 5_085.0, "A", 42.0, "4G"))
    people = villages((5_400.0, 5_085.0))
    flat = appraise(place, people=people).requests.loc["R1", "people_gained"]
    behind = appraise(place, people=people, layers=world(ground_m=ground))
    assert (flat, behind.requests.loc["R1", "people_gained"]) == (90, 0)


def test_everything_known_and_kept_is_approved():
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G", {"commune": "Hòa Hải", "mast_class": "A2b"}))
    fibre = rows.geometry.x * 0 + 100.0
    appraisal = appraise(rows, layers=a_full_world(), fibre_m=fibre)
    assert {
        r["rule"]: r["effect"] for r in reasons(appraisal, "R1").values() if r["effect"] != "none"
    } == {}
    assert appraisal.requests.loc["R1", "proposal"] == "approve"


def test_every_kind_of_proposal_comes_from_its_own_cause():
    rows = requests(
        GOOD=(*VILLAGE, "A", 42.0, "4G", {"mast_class": "A2b"}),
        HIGH=(3_000.0, 5_085.0, "A", 60.0, "4G"),
        WET=(8_500.0, 5_085.0, "A", 42.0, "4G"),
        OPEN=(4_000.0, 5_085.0, "A", np.nan, "4G"),
    )
    fibre = rows.geometry.x * 0 + 100.0
    table = appraise(rows, layers=a_full_world(), fibre_m=fibre).requests
    assert table["proposal"].to_dict() == {
        "GOOD": "approve",
        "HIGH": "approve_with_conditions",
        "WET": "reject",
        "OPEN": "needs_information",
    }
    assert table["rank"].idxmax() == "WET"


def test_a_capacity_request_inside_covered_land_is_not_rejected_for_gaining_nobody():
    covered = {("4G", "A"): np.ones(GEOBOX.shape, bool), ("4G", "any"): np.ones(GEOBOX.shape, bool)}
    row = {"purpose": "capacity", "mast_class": "A2b"}
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G", row))
    fibre = rows.geometry.x * 0 + 100.0
    coverage = coverage_of(covered)
    appraisal = appraise(rows, coverage=coverage, layers=a_full_world(), fibre_m=fibre)
    assert appraisal.requests.loc["R1", "people_gained"] == 0
    assert appraisal.requests.loc["R1", "proposal"] == "approve"
    assert appraisal.gains.loc[("R1", "4G", "A"), "people_relieved"] == 90


def test_a_mast_beside_the_village_is_to_be_shared():
    sites = stations(S1=(VILLAGE[0] + 400, VILLAGE[1], "B", 46, "2G", "M1"))
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G"))
    appraisal = appraise(rows, layers=a_full_world(sites=sites))
    sharing = reasons(appraisal, "R1")["sharing"]
    assert (sharing["outcome"], sharing["effect"], sharing["detail"]["mast"]) == (
        "fail",
        "condition",
        "M1",
    )
    assert sharing["detail"]["height_m"] == 42
    assert appraisal.requests.loc["R1", "share_alternative"] == "M1"


def test_a_mast_behind_the_ridge_is_no_alternative():
    ground = np.full(GEOBOX.shape, 10.0)
    ground[:, 32:35] = 600.0
    sites = stations(S1=(4_000, VILLAGE[1], "B", 46, "2G", "M1"))
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G"))
    appraisal = appraise(rows, layers=a_full_world(sites=sites, ground_m=ground))
    sharing = reasons(appraisal, "R1")["sharing"]
    assert (sharing["outcome"], sharing["value"]) == ("pass", 0.0)


def test_what_decides_comes_first_among_the_reasons():
    rows = requests(R1=(8_500.0, 5_085.0, "A", 60.0, "4G"))
    first = json.loads(appraise(rows).requests.loc["R1", "reasons"])[0]
    assert (first["rule"], first["effect"]) == ("position", "reject")
    assert first["margin"] == pytest.approx(-400)


def test_requests_without_position_are_asked_for_it_and_gain_nothing_known():
    rows = requests(R1=(None, None, "A", 42.0, "4G"), R2=(*VILLAGE, "A", 42.0, "4G"))
    table = appraise(rows).requests
    assert table.loc["R1", "proposal"] == "needs_information"
    assert np.isnan(table.loc["R1", "people_gained"])
    assert table.loc["R2", "people_gained"] == 90


def test_hostile_text_stays_text():
    evil = "{{7*7}}</script><img src=x onerror=alert(1)>"
    rows = requests(R1=(*VILLAGE, evil, 42.0, "4G", {"commune": evil, "name": evil}))
    appraisal = appraise(rows)
    assert reasons(appraisal, "R1")["commune"]["detail"]["named"] == evil
    assert "<img" not in appraisal._repr_html_()


def test_the_batch_that_was_handed_in_is_left_as_it_was():
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G"))
    before = rows.copy()
    appraise(rows)
    assert rows.equals(before)


def test_without_terrain_there_is_no_appraisal():
    bare = Layers(name="x", crs="EPSG:9209", tables={})
    with pytest.raises(PlanError, match="terrain"):
        appraise(requests(R1=(*VILLAGE, "A", 42.0, "4G")), layers=bare)


def test_a_decision_of_the_office_is_kept_and_empty_where_there_is_none():
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G")).assign(decision="approved")
    table = appraise(rows).requests
    assert table.loc["R1", "decision"] == "approved"
    assert table["decided_by"].isna().all()


def test_cables_by_road_and_links_are_told_with_the_requests():
    rows = requests(R1=(2_000, 5_000, "A", 42, "4G"), R2=(3_000, 5_000, "A", 42, "4G"))
    fibre = pd.Series([4_000.0, 100.0], ["R1", "R2"])
    road = pd.DataFrame(
        {"fibre_road_m": [np.nan, 130.0], "fibre_cost_vnd": [312e6, 7.8e6]}, ["R1", "R2"]
    )
    appraisal = appraise(rows, layers=a_full_world(), fibre_m=fibre, fibre_road=road)
    table = appraisal.requests
    assert table["fibre_cost_vnd"].tolist() == [312e6, 7.8e6]
    assert table["fibre_road_m"].isna().tolist() == [True, False]
    told = reasons(appraisal, "R1")["fibre"]
    assert (told["outcome"], told["detail"]["case"]) == ("condition", "no_road")
    assert set(appraisal.links.index.get_level_values("request_id")) == {"R1", "R2"}
