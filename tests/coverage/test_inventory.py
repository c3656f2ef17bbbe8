"""Positions, stations and technologies, each counted for what it is."""

import pytest

from infraplan.coverage import inventory
from tests.coverage.world import stations
from tests.coverage.world import world

THREE_ON_ONE_MAST = {
    "A1": (500, 500, "A", "2G;3G;4G", "M1"),
    "B1": (500, 500, "B", "3G;4G", "M1"),
    "C1": (500, 500, "C", "2G;4G", "M1"),
}


def counted(**rows):
    return inventory(world(sites=stations(**rows)))


def test_three_operators_on_one_mast_are_one_three_and_seven():
    totals = counted(**THREE_ON_ONE_MAST).totals
    assert (totals["positions"], totals["stations"], totals["technologies"]) == (1, 3, 7)


def test_sharing_is_told_of_masts_and_of_stations():
    totals = counted(**THREE_ON_ONE_MAST, D1=(900, 900, "A", "4G")).totals
    assert totals["shared_mast_share"] == pytest.approx(1 / 2)
    assert totals["shared_station_share"] == pytest.approx(3 / 4)


def test_two_stations_of_one_operator_on_a_mast_do_not_share_it():
    rows = {"A1": (500, 500, "A", "2G", "M1"), "A2": (500, 500, "A", "4G", "M1")}
    assert counted(**rows).totals["shared_mast_share"] == 0.0


def test_a_station_without_a_mast_stands_on_its_own():
    rows = {"A1": (500, 500, "A", "2G", None), "B1": (500, 500, "B", "4G", None)}
    assert counted(**rows).totals["positions"] == 2


def test_each_operator_has_its_own_counts():
    found = counted(**THREE_ON_ONE_MAST).by_operator
    assert found["stations"].to_dict() == {"A": 1, "B": 1, "C": 1}
    assert found.loc["B", ["2G", "3G", "4G", "5G"]].tolist() == [0, 1, 1, 0]
    assert found["shared_stations"].tolist() == [1, 1, 1]


def test_communes_count_their_stations_and_classes_of_mast():
    sites = stations(**THREE_ON_ONE_MAST).assign(commune_code="1", mast_class="A2b")
    found = inventory(world(sites=sites)).by_commune
    assert found.loc["1", ["positions", "stations", "A2b"]].tolist() == [1, 3, 1]


def test_a_station_without_technologies_is_still_a_station():
    sites = stations(A1=(500, 500, "A", None))
    totals = inventory(world(sites=sites)).totals
    assert (totals["stations"], totals["technologies"]) == (1, 0)


def test_no_stations_count_as_none():
    assert set(inventory(world()).totals.values()) == {0.0}
