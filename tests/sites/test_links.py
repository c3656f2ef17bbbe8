"""Microwave links: flat earth by hand, a ridge at its edges, and which stations they lead to."""

import json

import numpy as np
import pytest

from infraplan.layers.grid import wrap
from infraplan.layers.terrain import terrain_from
from infraplan.sites.links import PROFILE_POINTS
from infraplan.sites.links import best_link
from infraplan.sites.links import earth_bulge_m
from infraplan.sites.links import find_links
from infraplan.sites.links import fresnel_radius_m
from infraplan.sites.links import links_table
from infraplan.sites.links import path_outcomes
from infraplan.sites.links import paths_over
from infraplan.sites.study import STUDY
from tests.sites.findings import BY_HAND
from tests.sites.findings import CONDITION
from tests.sites.findings import PASS
from tests.sites.findings import found
from tests.sites.findings import told
from tests.sites.world import EAST
from tests.sites.world import GEOBOX
from tests.sites.world import NORTH
from tests.sites.world import RULES
from tests.sites.world import a_request
from tests.sites.world import around
from tests.sites.world import at
from tests.sites.world import stations
from tests.sites.world import table

GIVEN = RULES.rules["microwave"].thresholds
ROW = 44  # of the world's cells, whose middle lies 5,005 m north of its corner
MIDDLE_M = NORTH + 9_000 - (ROW + 0.5) * 90.0
RIDGE = 49  # column of the ridge, 4,500 m from both ends of the path below
NEAR = np.array([[EAST + 0.5 * 90.0, MIDDLE_M]])
FAR = np.array([[EAST + 98.5 * 90.0, MIDDLE_M]])


def ground(ridge_m=0.0, column=RIDGE):
    """Return flat ground at sea level with a ridge along one column."""
    heights = np.zeros(GEOBOX.shape, dtype=np.float32)
    heights[:, column] = ridge_m
    return terrain_from(wrap(heights, GEOBOX, name="terrain", units="m"))


def outcome(terrain, height_m=60.0, freq_mhz=7_000.0, clutter_m=None, **other):
    """Return the outcome of the path from west to east."""
    paths = paths_over(terrain, NEAR, FAR, clutter_m=clutter_m)
    one = np.ones(1)
    table = path_outcomes(
        paths, near_height_m=height_m * one, far_height_m=height_m * one,
        freq_mhz=freq_mhz * one, thresholds={**GIVEN, **other},
    )  # fmt: skip
    return table.iloc[0]


def linked(request, place, rules=RULES):
    """Return a request with its links."""
    find_links([request], place, rules.rules)
    return request


def cable(*points):
    """Return a cable along points."""
    import shapely

    line = shapely.LineString([at(x, y) for x, y in points])
    return table({"F1": {"operator": "A", "geometry": line}}, "cable_id", "fibre lines")


def test_bulge_and_zone_of_forty_kilometres_are_those_by_hand():
    assert earth_bulge_m(20_000, 20_000, 4 / 3) == pytest.approx(400e6 / (2 * 4 / 3 * 6_371e3))
    assert earth_bulge_m(20_000, 20_000, 4 / 3) == pytest.approx(400 / (12.74 * 4 / 3), rel=1e-3)
    assert earth_bulge_m(20_000, 20_000, 0.6) == pytest.approx(52.32, abs=0.01)
    assert fresnel_radius_m(20_000, 20_000, 7_000) == pytest.approx(
        17.32 * np.sqrt(400 / (7 * 40)), rel=1e-3
    )


def test_flat_earth_is_clear_by_the_height_over_the_bulge():
    told = outcome(ground())
    length_m = 98 * 90.0
    radius_m = fresnel_radius_m(length_m / 2, length_m / 2, 7_000)
    for name, k in (("clearance_standard", GIVEN["k_standard"]), ("clearance_low_k", 0.6)):
        bulge_m = earth_bulge_m(length_m / 2, length_m / 2, k)
        assert told[name] == pytest.approx((60 - bulge_m) / radius_m, rel=1e-3)
    assert told["outcome"] == "clear"
    assert told["worst_m"] == pytest.approx(length_m / 2, abs=90)


@pytest.mark.parametrize(("more_m", "expected"), [(-0.01, "clear"), (0.01, "marginal")])
def test_a_ridge_that_touches_six_tenths_at_the_low_k_decides(more_m, expected):
    length_m = 98 * 90.0
    half = length_m / 2
    edge_m = 60 - earth_bulge_m(half, half, 0.6) - 0.6 * fresnel_radius_m(half, half, 7_000)
    told = outcome(ground(float(edge_m) + more_m), fresnel_standard=0.0)
    assert told["clearance_low_k"] == pytest.approx(0.6, abs=0.002)
    assert (told["outcome"], told["worst_m"]) == (expected, half)


def test_the_low_k_may_fail_where_the_standard_holds():
    half = 98 * 45.0
    edge_m = 60 - earth_bulge_m(half, half, GIVEN["k_standard"])
    edge_m = float(edge_m - 1.02 * fresnel_radius_m(half, half, 23_000))
    told = outcome(ground(edge_m), freq_mhz=23_000.0, k_low=0.4)
    assert told["clearance_standard"] > 1.0
    assert 0.0 < told["clearance_low_k"] < 0.6
    assert told["outcome"] == "marginal"


@pytest.mark.parametrize(("more_m", "expected"), [(-0.05, "marginal"), (0.05, "blocked")])
def test_without_a_line_of_sight_a_link_is_blocked(more_m, expected):
    half = 98 * 45.0
    edge_m = 60 - float(earth_bulge_m(half, half, GIVEN["k_standard"]))
    assert outcome(ground(edge_m + more_m))["outcome"] == expected


def test_missing_ground_or_height_leaves_a_link_unknown():
    told = outcome(ground(np.nan))
    assert told["outcome"] == "unknown"
    assert np.isnan(told[["clearance_standard", "worst_m"]].astype(float)).all()
    assert outcome(ground(), height_m=np.nan)["outcome"] == "unknown"


def test_both_directions_tell_the_same():
    terrain = ground(35.0, column=30)
    one = np.ones(1)
    there, back = (
        path_outcomes(
            paths_over(terrain, *ends), near_height_m=heights[0] * one,
            far_height_m=heights[1] * one, freq_mhz=7_000 * one, thresholds=GIVEN,
        ).iloc[0]
        for ends, heights in (((NEAR, FAR), (40, 60)), ((FAR, NEAR), (60, 40)))
    )  # fmt: skip
    assert there["clearance_standard"] == pytest.approx(back["clearance_standard"])
    assert there["worst_m"] == pytest.approx(98 * 90.0 - back["worst_m"])


def test_trees_count_between_the_ends_and_not_under_them():
    classes = np.full(GEOBOX.shape, 10, dtype=np.uint8)
    cover = wrap(classes, GEOBOX, name="landcover")
    place = around(sites=stations(S1=(8_000, 5_000, "A", 43, "4G")), rasters={"landcover": cover})
    link = linked(a_request(), place).links[0]
    clutter = link.profile["clutter_m"]
    assert (clutter[0], clutter[-1], set(clutter[1:-1])) == (0.0, 0.0, {15.0})
    assert (link.outcome, link.outcome_bare) == ("clear", "clear")
    low = linked(a_request(height_m=15.4), place).links[0]
    assert (low.outcome, low.outcome_bare) == ("marginal", "clear")


def test_links_lead_to_the_nearest_stations_that_fibre_reaches():
    far = {f"S{k}": (2_000 + 800 * k, 5_000, "B", 45, "4G") for k in range(1, 8)}
    dark = {"DARK": (2_100, 5_200, "A", 45, "4G")}
    place = around(sites=stations(**far, **dark), fibre=cable((2_000, 4_901), (9_000, 4_901)))
    links = linked(a_request(), place).links
    assert [link.far_id for link in links] == ["S1", "S2", "S3", "S4", "S5"]
    assert [link.fibre_m for link in links] == pytest.approx([99.0] * 5)


def test_without_cables_every_station_may_be_the_far_end_and_fibre_is_unknown():
    place = around(sites=stations(S1=(3_000, 5_000, "A", 45, "4G")))
    link = linked(a_request(), place).links[0]
    assert link.far_id == "S1"
    assert np.isnan(link.fibre_m)
    assert (link.near_height_m, link.far_height_m, link.freq_mhz) == (42.0, 42.0, 23_000.0)


def test_the_own_operator_is_always_among_the_far_ends():
    others = {f"S{k}": (2_000 + 400 * k, 5_000, "B", 45, "4G") for k in range(1, 8)}
    shared = {"T1": (2_405, 5_000, "A", 45, "4G")}
    own = {"OWN": (8_500, 5_000, "A", 45, "4G")}
    links = linked(a_request(), around(sites=stations(**others, **own))).links
    assert [link.far_id for link in links] == ["S1", "S2", "S3", "S4", "OWN"]
    links = linked(a_request(), around(sites=stations(**others, **shared))).links
    assert [link.far_id for link in links] == ["T1", "S2", "S3", "S4", "S5"]


@pytest.mark.parametrize(("away_m", "count"), [(29, 0), (31, 1)])
def test_the_own_structure_is_no_far_end(away_m, count):
    place = around(sites=stations(S1=(2_000 + away_m, 5_000, "A", 45, "4G")))
    assert len(linked(a_request(), place).links) == count


@pytest.mark.parametrize(
    ("fibre_m", "ridge_m", "expected"),
    [(2_999, 0.0, PASS), (3_001, 0.0, PASS), (2_999, 200.0, PASS), (3_001, 200.0, CONDITION)],
)
def test_far_from_fibre_a_station_needs_a_clear_link(fibre_m, ridge_m, expected):
    terrain = np.full(GEOBOX.shape, 10.0)
    terrain[:, RIDGE] += ridge_m
    place = around(ground_m=terrain, sites=stations(S1=(8_000, 5_000, "A", 45, "4G")))
    reason = found("microwave", linked(a_request(fibre_m=fibre_m), place), place)
    assert told(reason) == expected
    assert bool(reason.detail.get("notable")) is (fibre_m > 3_000)
    assert (reason.detail["far"], reason.detail["link"] == "clear") == ("S1", ridge_m == 0.0)


def test_links_that_cannot_be_drawn_are_looked_at_by_hand_only_far_from_fibre():
    unseen = around(sites=stations(S1=(8_000, 5_000, "A", np.nan, "4G")))
    for place in (unseen, around()):
        assert told(found("microwave", linked(a_request(fibre_m=9_000), place), place)) == BY_HAND
        assert found("microwave", linked(a_request(fibre_m=10), place), place) is None


def test_the_best_link_is_clear_then_of_the_own_operator_then_short():
    terrain = np.full(GEOBOX.shape, 10.0)
    terrain[:, 30] += 200.0
    sites = stations(
        B1=(1_000, 5_000, "B", 45, "4G"), A1=(500, 5_000, "A", 45, "4G"),
        A2=(3_500, 5_000, "A", 45, "4G"),
    )  # fmt: skip
    request = linked(a_request(), around(ground_m=terrain, sites=sites))
    assert {link.far_id: link.outcome for link in request.links} == {
        "B1": "clear", "A1": "clear", "A2": "blocked",
    }  # fmt: skip
    assert best_link(request).far_id == "A1"


def test_a_profile_is_short_and_keeps_its_tops_and_its_worst_place():
    heights = np.random.default_rng(3).uniform(0, 30, GEOBOX.shape)
    sites = stations(S1=(8_900, 8_900, "A", 60, "4G"))
    request = linked(a_request(100, 100), around(ground_m=heights, sites=sites))
    frame = links_table([request])
    profile = json.loads(frame["profile_json"].iloc[0])
    assert list(frame.columns) == list(STUDY["links"][1])
    assert 100 < len(profile["distance_m"]) <= PROFILE_POINTS
    assert np.abs(np.array(profile["distance_m"]) - frame["worst_m"].iloc[0]).min() < 0.06


def test_no_link_makes_an_empty_table():
    assert len(links_table([a_request()])) == 0
