"""Positions, stations and technologies, each counted for what it is."""

import pytest

from infraplan.coverage import inventory
from infraplan.errors import SettingsError
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


def test_stations_asked_for_or_planned_are_not_counted_as_there():
    sites = stations(A1=(500, 500, "A", "4G"), B1=(900, 500, "B", "4G"), C1=(900, 900, "C", "4G"))
    sites = sites.assign(status=["operating", "requested", None])
    totals = inventory(world(sites=sites)).totals
    assert (totals["stations"], totals["not_on_air"]) == (2, 1)


def test_a_station_counts_where_it_stands_and_one_outside_is_told():
    sites = stations(A1=(500, 500, "A", "4G"), B1=(900_000, 500, "B", "4G"))
    found = inventory(world(sites=sites.assign(commune_code="2")))
    assert found.by_commune["stations"].to_dict() == {"1": 1, "2": 0, "-": 1}
    assert found.totals["outside"] == 1


def test_densities_are_of_people_and_ground_of_the_commune():
    layers = world(sites=stations(**THREE_ON_ONE_MAST))
    commune = layers.table("communes").loc["1"]
    row = inventory(layers).by_commune.loc["1"]
    assert row["per_1000_people"] == pytest.approx(3_000 / commune["people"])
    assert row["people_per_station"] == pytest.approx(commune["people"] / 3)
    assert row["per_km2"] == pytest.approx(3 / (commune.geometry.area / 1e6))


def test_a_guest_is_a_station_on_the_mast_of_another():
    sites = stations(**THREE_ON_ONE_MAST, D1=(900, 900, "A", "4G")).assign(owner=["A"] * 3 + [None])
    found = inventory(world(sites=sites)).by_operator
    assert found["guest_stations"].to_dict() == {"A": 0, "B": 1, "C": 1}
    assert found.loc["A", ["masts_owned", "masts_owned_shared"]].tolist() == [2, 1]
    assert found["masts_owned"].sum() == 2


def test_a_shared_mast_without_an_owner_is_nobodys():
    totals = counted(**THREE_ON_ONE_MAST).totals
    assert totals["owner_unknown"] == 1


def test_only_unshared_masts_of_different_operators_within_the_radius_are_pairs():
    rows = {
        "A1": (500, 500, "A", "4G"),
        "B1": (800, 500, "B", "4G"),
        "A2": (500, 700, "A", "4G"),
        "C1": (500, 540, "C", "4G", "M"),
        "D1": (500, 540, "D", "4G", "M"),
        "B2": (1_200, 500, "B", "4G"),
    }
    found = counted(**rows).unshared
    assert set(zip(found["mast_id"], found["other_mast_id"], strict=True)) == {
        ("A1", "B1"),
        ("A2", "B1"),
    }
    assert found["distance_m"].tolist() == pytest.approx([300.0, 360.555], abs=0.01)


def test_near_positions_of_one_owner_are_proposed_as_one_never_those_of_two():
    rows = {
        "A1": (500, 500, "A", "4G"),
        "A2": (520, 500, "A", "3G"),
        "A3": (540, 500, "A", "2G"),
        "B1": (510, 500, "B", "4G"),
    }
    found = counted(**rows)
    told = found.near.set_index(["mast_id", "other_mast_id"])["proposal"].to_dict()
    assert told["A1", "A2"] == told["A2", "A3"] == "one_position"
    assert told["A1", "B1"] == told["A2", "B1"] == told["A3", "B1"] == "different_owners"
    assert ("A1", "A3") not in told
    assert found.totals["positions"] == 4
    assert found.totals["one_position"] == 2


def test_near_positions_of_unknown_owners_are_never_joined():
    rows = {
        "A1": (500, 500, "A", "4G", "M1"),
        "B1": (500, 500, "B", "4G", "M1"),
        "A2": (510, 500, "A", "4G", "M2"),
        "B2": (510, 500, "B", "4G", "M2"),
    }
    assert counted(**rows).near["proposal"].tolist() == ["different_owners"]


def test_a_distance_that_is_not_positive_is_refused():
    with pytest.raises(SettingsError, match="above 0"):
        inventory(world(), share_radius_m=0.0)
