"""Need in full, masts in reach, directions, neighbours: numbers that can be counted by hand."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from infraplan.layers.grid import wrap
from infraplan.radio.results import SiteSignal
from infraplan.sites.gain import Ground
from infraplan.sites.gain import entry_losses_db
from infraplan.sites.gain import station_cells
from infraplan.sites.interference import Overshoot
from infraplan.sites.interference import check_overshoot
from infraplan.sites.interference import overshoot_of
from infraplan.sites.windows import footprint_of
from infraplan.sites.windows import unpacked_classes
from tests.sites.test_appraisal import VILLAGE
from tests.sites.test_appraisal import appraise
from tests.sites.test_appraisal import defaults
from tests.sites.test_appraisal import reasons
from tests.sites.world import GEOBOX
from tests.sites.world import RULES
from tests.sites.world import a_request
from tests.sites.world import around
from tests.sites.world import coverage_of
from tests.sites.world import requests
from tests.sites.world import stations
from tests.sites.world import villages
from tests.sites.world import world

PAIRS = (("4G", "A"), ("4G", "any"))
ALL = np.ones(GEOBOX.shape, bool)
HERE = requests(R1=(*VILLAGE, "A", 42.0, "4G"))
WHOLE = (slice(0, GEOBOX.shape[0]), slice(0, GEOBOX.shape[1]))


def served_by(site_id, level_dbm=-100.0):
    """Return coverage everywhere from one station of A."""
    coverage = coverage_of(dict.fromkeys(PAIRS, ALL))
    best = wrap(np.zeros(GEOBOX.shape, np.float32), GEOBOX, name="best_cell")
    more = np.float32(level_dbm + 100.0)
    maps = {
        pair: bands.assign(best_cell=best, signal_dbm=bands["signal_dbm"] + more)
        for pair, bands in coverage.maps.items()
    }
    cells = {"4G": pd.DataFrame({"cell_id": ["c"], "site_id": [site_id]})}
    return dataclasses.replace(coverage, maps=maps, cells=cells)


def ground_of(coverage, people=None):
    """Return the ground of a world with a coverage."""
    people = villages(VILLAGE) if people is None else people
    entry_db = entry_losses_db(defaults())
    return Ground.of(people, coverage, world().terrain, {("4G", "A")}, entry_db=entry_db)


def signal_of(level_dbm):
    """Return a signal of one level, or of given ones, on the whole grid."""
    level = np.broadcast_to(np.float32(level_dbm), GEOBOX.shape).copy()
    return SiteSignal("R1", "4G", *WHOLE, level)


def test_people_with_service_outdoors_only_get_it_indoors_at_the_entry_loss():
    wall_db = entry_losses_db(defaults())["4G"]
    ground = ground_of(served_by("S1"))
    indoors = ground.needed_dbm("4G") + wall_db
    found = [ground.gain(signal_of(indoors + more), "A") for more in (-0.1, 0.1)]
    assert 14 < wall_db < 16
    assert [gain.indoor for gain in found] == [0, 90]
    assert (found[0].indoor_low, found[0].indoor_high) == (0, 90)


def test_a_class_is_raised_only_where_service_was():
    strong = ground_of(served_by("S1")).gain(signal_of(-90.0), "A")
    alone = ground_of(coverage_of()).gain(signal_of(-90.0), "A")
    assert (strong.upgraded, strong.people, alone.upgraded, alone.people) == (90, 0, 0, 90)


def test_the_station_that_loses_people_is_named():
    appraisal = appraise(HERE, coverage=served_by("S7"))
    assert appraisal.requests.loc["R1", "neighbours"] == "S7"
    assert reasons(appraisal, "R1")["need"]["detail"]["neighbours"] == ["S7"]
    assert appraisal.gains.loc[("R1", "4G", "any"), "neighbours"] == "S7"


def test_what_5g_adds_is_told_beside_the_headline():
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G;5G"), R2=(*VILLAGE, "B", 42.0, "4G"))
    coverage = coverage_of(dict.fromkeys(PAIRS, ALL), technologies=("4G", "5G"))
    table = appraise(rows, coverage=coverage).requests
    assert table.loc["R1", ["people_gained", "people_gained_5g"]].tolist() == [0, 90]
    assert np.isnan(table.loc["R2", "people_gained_5g"])


@pytest.mark.parametrize("name", ["people_gained", "people_upgraded", "people_relieved"])
def test_the_range_of_a_gain_holds_it(name):
    gains = appraise(HERE, coverage=served_by("S1")).gains
    low, high = gains[f"{name}_low"], gains[f"{name}_high"]
    assert ((low <= gains[name]) & (gains[name] <= high)).all()


def test_every_mast_in_reach_is_computed_or_says_why_not():
    sites = stations(
        FREE=(VILLAGE[0] + 400, VILLAGE[1], "B", 46, "2G", "M1"),
        LOW=(VILLAGE[0], VILLAGE[1] + 400, "B", 14, "2G", "M2"),
        DARK=(VILLAGE[0], VILLAGE[1] - 400, "B", np.nan, "2G", "M3"),
        OWN=(VILLAGE[0] - 400, VILLAGE[1], "A", 30, "2G", "M4"),
        SAME=(VILLAGE[0] - 600, VILLAGE[1], "A", 30, "4G", "M5"),
    )
    found = appraise(HERE, layers=world(sites=sites)).alternatives.loc["R1"]
    states = ["computed", "no_room", "height_unknown", "computed", "has_it"]
    assert found["state"].tolist() == states
    assert found["kind"].tolist() == ["share", "share", "share", "upgrade", "upgrade"]
    assert found.loc[["M1", "M4"], "height_m"].tolist() == [42, 30]
    assert found.loc["M1", ["people", "share"]].tolist() == [90, 1.0]


def test_an_operators_technologies_on_one_mast_take_one_place():
    sites = stations(
        S1=(VILLAGE[0] + 400, VILLAGE[1], "B", 46, "2G", "M1"),
        S2=(VILLAGE[0] + 400, VILLAGE[1], "B", 46, "4G", "M1"),
        S3=(VILLAGE[0] + 400, VILLAGE[1], "C", 42, "4G", "M1"),
    )
    found = appraise(HERE, layers=world(sites=sites)).alternatives.loc[("R1", "M1")]
    assert (found["operators"], found["height_m"]) == ("B;C", 38)


def test_the_mast_that_a_request_names_is_computed_however_far_it_is():
    sites = stations(S1=(VILLAGE[0] + 4_000, VILLAGE[1], "B", 46, "2G", "M1"))
    rows = requests(
        R1=(*VILLAGE, "A", 42.0, "4G", {"mast_id": "M1"}),
        R2=(*VILLAGE, "C", 42.0, "4G"),
    )
    found = appraise(rows, layers=world(sites=sites)).alternatives
    assert found.index.tolist() == [("R1", "M1")]
    assert found["kind"].tolist() == ["named"]


def test_directions_of_a_request_become_cells_of_their_own():
    rows = requests(R1=(*VILLAGE, "A", 42.0, "4G")).assign(azimuths="0/120/240")
    cells = station_cells(rows, world().table("cells"), defaults())
    assert cells["azimuth_deg"].tolist() == [0, 120, 240]
    assert cells["freq_mhz"].tolist() == [1842.5] * 3
    without = station_cells(HERE, world().table("cells"), defaults())
    assert without["azimuth_deg"].isna().tolist() == [True]


def test_a_request_that_turns_its_back_on_a_village_gains_less():
    far = villages((VILLAGE[0] + 5_400, VILLAGE[1]))
    sides = {"EAST": {"azimuths": "90"}, "WEST": {"azimuths": "270"}}
    ground = np.full(GEOBOX.shape, 10.0)
    ground[:, 40:44] = 40.0
    rows = requests(**{key: (*VILLAGE, "A", 42.0, "4G", row) for key, row in sides.items()})
    table = appraise(rows, people=far, layers=world(ground_m=ground)).requests
    assert table["people_gained"].to_dict() == {"EAST": 90, "WEST": 0}


def test_a_footprint_holds_the_classes_before_and_after():
    level = np.full(GEOBOX.shape, -160.0)
    level[40:44, 30:33] = -90.0
    row = footprint_of(signal_of(level), ground_of(served_by("S1")), "A")
    shape = (row["rows"], row["columns"])
    assert shape == (4, 3)
    assert (unpacked_classes(row["before"], *shape) == 2).all()
    assert (unpacked_classes(row["after"], *shape) == 3).all()
    assert row["west_m"] == pytest.approx(GEOBOX.affine.c + 30 * 90)
    assert row["north_m"] == pytest.approx(GEOBOX.affine.f - 40 * 90)


def test_a_wide_footprint_is_thinned_out(monkeypatch):
    monkeypatch.setattr("infraplan.sites.windows.MOST_CELLS", 40)
    row = footprint_of(signal_of(-90.0), ground_of(coverage_of()), "A")
    assert max(row["rows"], row["columns"]) <= 40
    assert row["cell_m"] * row["rows"] >= GEOBOX.shape[0] * 90
    assert set(np.unique(unpacked_classes(row["after"], row["rows"], row["columns"]))) == {3}


@pytest.mark.parametrize(("below_db", "share"), [(-1, 0.0), (0, 1.0), (6, 1.0), (6.1, 0.0)])
def test_the_overlap_is_where_another_server_is_better_by_less_than_the_limit(below_db, share):
    ground = ground_of(served_by("S1", level_dbm=-90.0))
    signal = signal_of(-90.0 - below_db)
    found = overshoot_of(signal, a_request(), ground, around(), overlap_db=6.0)
    assert found.overlap_share == share


def test_the_overshoot_is_the_farthest_place_beyond_a_nearer_station():
    layers = around(sites=stations(S1=(6_000, 5_000, "A", 42, "4G")))
    level = np.full(GEOBOX.shape, -160.0)
    level[44, 22:78] = -80.0
    near = overshoot_of(
        signal_of(level), a_request(2_000, 5_000), ground_of(served_by("S1")), layers, overlap_db=6
    )
    alone = overshoot_of(
        signal_of(level),
        a_request(2_000, 5_000),
        ground_of(served_by("S1")),
        around(),
        overlap_db=6,
    )
    assert near.farthest_m == pytest.approx(5_000, abs=90)
    assert alone.farthest_m == 0


@pytest.mark.parametrize(("share", "margin"), [(0.3, 0.0), (0.31, -0.01)])
def test_overshoot_tells_and_never_rejects(share, margin):
    request = a_request(overshoot=Overshoot(share, 0.5, 3.0, 900.0))
    reason = check_overshoot(request, around(), RULES.rules["overshoot"])
    assert (reason.outcome, reason.effect) == ("pass", "none")
    assert reason.margin == pytest.approx(margin)
    assert check_overshoot(a_request(), around(), RULES.rules["overshoot"]) is None


def test_overshoot_is_among_the_reasons():
    found = reasons(appraise(HERE, coverage=served_by("S1")), "R1")["overshoot"]
    assert found["value"] < 0.3
    assert json.dumps(found["detail"])
