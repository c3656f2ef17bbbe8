"""Covered shares: each denominator by hand, the range, and the laws that hold for any signal."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.coverage import covered_shares
from infraplan.coverage import parts_of
from infraplan.coverage import service_of
from infraplan.coverage import zones_over
from infraplan.errors import SettingsError
from tests.coverage.world import EVERYWHERE
from tests.coverage.world import GEOBOX
from tests.coverage.world import NOWHERE
from tests.coverage.world import PROFILE
from tests.coverage.world import coverage_of
from tests.coverage.world import ground
from tests.coverage.world import inside
from tests.coverage.world import raster
from tests.coverage.world import table

WEST = inside(0, 0, 3_600, 4_800)
VILLAGE = inside(600, 600, 1_200, 1_200)
PATCH = ground(600, 600, 1_200, 1_200)
REST = ground(0, 0, 7_200, 4_800).difference(PATCH)
ZONES = zones_over(table("id", {"H": {"geometry": PATCH}, "R": {"geometry": REST}}), GEOBOX)
WHOLE = {
    "province": pd.DataFrame({"area_id": ["all"], "area_name": ["all"], "parts": [np.arange(2)]})
}
halves = st.lists(st.booleans(), min_size=120, max_size=120)


def shares_of(coverage, people=None):
    """Return the shares of the whole world, keyed by technology, operator, denominator."""
    people = raster(np.where(VILLAGE, 10.0, 0.0) if people is None else people)
    if not hasattr(people, "dims"):
        people = raster(people)
    parts = parts_of(ZONES, people, is_residential=np.array([True, False]))
    services = [service_of(coverage, name, cells=parts.cells) for name in coverage.technologies]
    found = covered_shares(parts, services, WHOLE)
    return found.set_index(["technology", "operator", "denominator"])


def stripes(columns):
    """Return whole columns of the grid as a mask."""
    return np.broadcast_to(np.array(columns)[None, :], GEOBOX.shape)


def test_the_denominator_changes_the_share_by_what_it_counts():
    found = shares_of(coverage_of({("4G", "A"): WEST}))["share"].loc["4G", "any"]
    assert found.to_dict() == pytest.approx({"people": 1.0, "area": 0.5, "residential": 1.0})
    half = inside(600, 600, 900, 1_200)
    found = shares_of(coverage_of({("4G", "A"): half}))["share"].loc["4G", "any"]
    expected = {"people": 0.5, "area": 50 / 9_600, "residential": 0.5}
    assert found.to_dict() == pytest.approx(expected)


def test_totals_are_in_persons_and_square_kilometres():
    found = shares_of(coverage_of({("4G", "A"): WEST}))["total"].loc["4G", "any"]
    expected = {"people": 1_000.0, "area": 7.2 * 4.8, "residential": 0.36}
    assert found.to_dict() == pytest.approx(expected)


def test_the_unknown_is_never_covered_but_may_be_in_the_high_reading():
    east = ~WEST
    found = shares_of(coverage_of({("4G", "A"): WEST}, unknown=east)).loc[("4G", "any", "area")]
    assert found["share"] == pytest.approx(0.5)
    assert found["unknown"] == pytest.approx(7.2 * 4.8 / 2)
    assert (found["share_low"], found["share_high"]) == pytest.approx((0.5, 1.0))


def test_the_range_is_that_of_a_signal_three_decibels_weaker_and_stronger():
    needed = PROFILE.technologies["4G"].service_dbm + 0.6745 * PROFILE.sigma_db
    near = shares_of(coverage_of({("4G", "A"): WEST}, signal_dbm=needed + 2.9))
    safe = shares_of(coverage_of({("4G", "A"): WEST}, signal_dbm=needed + 3.1))
    assert near.loc[("4G", "any", "area"), "share_low"] == 0.0
    assert safe.loc[("4G", "any", "area"), "share_low"] == pytest.approx(0.5)


def test_a_signal_just_below_the_threshold_counts_in_the_high_reading_only():
    needed = PROFILE.technologies["4G"].service_dbm + 0.6745 * PROFILE.sigma_db
    coverage = coverage_of({("4G", "A"): NOWHERE})
    bands = coverage.maps["4G", "any"]
    maps = {
        key: bands.assign(signal_dbm=bands["signal_dbm"] * 0 + needed - 2.0)
        for key in coverage.maps
    }
    found = shares_of(dataclasses.replace(coverage, maps=maps)).loc[("4G", "any", "area")]
    assert (found["share"], found["share_low"], found["share_high"]) == (0.0, 0.0, 1.0)


def test_at_least_two_and_all_operators_are_counted_where_they_meet():
    masks = {"A": WEST, "B": inside(0, 0, 1_800, 4_800), "C": inside(1_200, 0, 3_600, 4_800)}
    found = shares_of(coverage_of({("4G", name): mask for name, mask in masks.items()}))
    share = found["share"].xs("4G").xs("area", level="denominator")
    assert share[["any", "at_least_two", "all"]].tolist() == pytest.approx([0.5, 0.5, 600 / 7_200])


def test_one_operator_alone_has_no_second_reading():
    found = shares_of(coverage_of({("4G", "A"): WEST})).reset_index()
    assert set(found["operator"]) == {"A", "any"}


def test_people_who_rest_on_assumed_cells_are_counted():
    coverage = coverage_of({("4G", "A"): WEST, ("4G", "B"): NOWHERE}, assumed=["A"])
    found = shares_of(coverage)["people_assumed"]
    assert found.loc["4G", "A", "people"] == pytest.approx(1_000)
    assert found.loc["4G", "B", "people"] == 0.0
    assert np.isnan(found.loc["4G", "A", "area"])


def test_nobody_has_no_share():
    found = shares_of(coverage_of({("4G", "A"): WEST}), people=np.zeros(GEOBOX.shape))
    assert np.isnan(found.loc[("4G", "any", "people"), "share"])


def test_a_reading_that_was_not_predicted_is_refused():
    with pytest.raises(SettingsError, match="no coverage of 5G any was predicted"):
        service_of(coverage_of({("4G", "A"): WEST}), "5G")


@settings(max_examples=40, deadline=None)
@given(halves, halves, halves)
def test_covering_more_never_lowers_a_share(first, more, doubt):
    unknown = stripes(doubt)
    less = shares_of(coverage_of({("4G", "A"): stripes(first)}, unknown=unknown), people=1.0)
    both = stripes(np.array(first) | np.array(more))
    most = shares_of(coverage_of({("4G", "A"): both}, unknown=unknown), people=1.0)
    for column in ("share", "share_low", "share_high"):
        assert (most[column] >= less[column] - 1e-12).all()


@settings(max_examples=40, deadline=None)
@given(halves, halves, halves)
def test_the_readings_of_a_share_are_in_order(first, second, doubt):
    covered = {("4G", "A"): stripes(first), ("4G", "B"): stripes(second)}
    found = shares_of(coverage_of(covered, unknown=stripes(doubt)), people=1.0)
    assert (found["share_low"] <= found["share"] + 1e-12).all()
    assert (found["share"] <= found["share_high"] + 1e-12).all()
    assert (found["covered"] + found["unknown"] <= found["total"] + 1e-6).all()
    share = found["share"].xs("people", level="denominator").loc["4G"]
    assert share["all"] <= share["at_least_two"] <= share["any"] + 1e-12


def test_everything_covered_is_the_whole():
    found = shares_of(coverage_of({("4G", "A"): EVERYWHERE}))
    assert found["share"].tolist() == pytest.approx([1.0] * 6)
