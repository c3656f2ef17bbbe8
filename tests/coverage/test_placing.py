"""Hamlets of a bare list: their ground is built-up ground of their commune, by people, a guess."""

import numpy as np
import pytest
from shapely.geometry import box

from infraplan.coverage import people_grid
from infraplan.coverage import place_hamlets
from infraplan.coverage import residential_areas
from infraplan.errors import LayerError
from tests.coverage.world import BORDER_M
from tests.coverage.world import GEOBOX
from tests.coverage.world import at
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import inside
from tests.coverage.world import raster
from tests.coverage.world import settlements
from tests.coverage.world import world

# the west has two settlements of 60 ha and 30 ha, with 2 people a hectare in each
WEST = {"S1": (300, 300, 1_300, 900, 120.0), "S2": (2_000, 3_000, 2_500, 3_600, 60.0)}


def listed(**people):
    """Return hamlets of the west without position: name=people."""
    return hamlets(**{name: ("1", None, count) for name, count in people.items()})


def placed(rows, **options):
    layers = world(settlements=settlements(**WEST), **options)
    return place_hamlets(rows, layers), layers


def test_settlements_are_divided_in_proportion_to_people() -> None:
    found, layers = placed(listed(A=100.0, B=300.0, C=500.0))
    assert found.area["A"] == pytest.approx(100_000.0, rel=1e-6)
    assert found.area["B"] == pytest.approx(300_000.0, rel=1e-6)
    assert found.area["C"] == pytest.approx(500_000.0, rel=1e-6)
    whole = layers.table("settlements").union_all()
    assert found.union_all().symmetric_difference(whole).area < 1.0
    assert set(found["placed_by"]) == {"guess"}


def test_dense_settlements_stand_for_more_people() -> None:
    patches = settlements(S1=(300, 300, 900, 1_300, 900.0), S2=(2_000, 3_000, 2_600, 4_000, 100.0))
    found = place_hamlets(listed(A=900.0, B=100.0), world(settlements=patches))
    assert found.area["A"] == pytest.approx(600_000.0, rel=1e-6)
    assert found.geometry["A"].symmetric_difference(patches.geometry["S1"]).area < 1.0


def test_the_same_list_gives_the_same_ground_in_any_order_of_rows() -> None:
    rows = listed(A=100.0, B=300.0, C=500.0)
    first, _ = placed(rows)
    turned, _ = placed(rows.iloc[::-1])
    assert first.geometry.geom_equals(turned.geometry.reindex(first.index)).all()
    assert list(turned.index) == ["C", "B", "A"]


def test_ground_of_located_hamlets_is_not_given_again() -> None:
    rows = hamlets(
        A=("1", None, 100.0),
        P=("1", at(2_250, 3_300), 50.0),
        Q=("1", ground(300, 300, 800, 900), 100.0),
    )
    found, _ = placed(rows)
    expected = ground(800, 300, 1_300, 900)
    assert found.geometry["A"].symmetric_difference(expected).area < 1.0
    assert found.geometry["P"].equals(at(2_250, 3_300))
    assert list(found["placed_by"].isna()) == [False, True, True]


def test_one_hamlet_and_one_settlement_belong_together() -> None:
    patches = settlements(S1=(300, 300, 900, 500, None))
    found = place_hamlets(listed(A=10.0), world(settlements=patches, population=raster(1.0)))
    assert found["placed_by"]["A"] == "settlement"
    assert found.geometry["A"].equals(patches.geometry["S1"])


def test_under_trees_hamlets_stand_on_the_cells_where_people_are() -> None:
    population = raster(np.where(inside(600, 600, 1_200, 1_200), 5.0, 0.0))
    found = place_hamlets(listed(A=10.0, B=30.0), world(population=population))
    block = ground(600, 600, 1_200, 1_200)
    assert found.union_all().difference(block).area < 1.0
    assert 0.75 < found.area.sum() / block.area < 0.85
    assert found.area["B"] / found.area["A"] == pytest.approx(3.0, rel=1e-6)


def test_few_patches_take_half_of_the_people_and_the_raster_the_rest() -> None:
    patches = settlements(S1=(2_400, 3_000, 2_700, 3_300, 50.0))  # 9 ha
    population = raster(np.where(inside(600, 600, 1_200, 1_200), 5.0, 0.0))
    found = place_hamlets(listed(A=10.0, B=10.0), world(settlements=patches, population=population))
    assert found.geometry["B"].symmetric_difference(patches.geometry["S1"]).area < 1.0
    assert found.geometry["A"].within(ground(590, 590, 1_210, 1_210))
    assert set(found["placed_by"]) == {"guess"}


def test_a_commune_of_which_nothing_is_known_gives_a_disc_in_its_middle() -> None:
    found = place_hamlets(listed(A=10.0, B=10.0, C=20.0), world())
    middle = ground(30, 30, BORDER_M, 4_770).representative_point()
    assert found.union_all().area == pytest.approx(3 * np.pi * 150.0**2, rel=0.02)
    assert found.union_all().centroid.distance(middle) < 1.0
    assert found.area["C"] == pytest.approx(2.0 * found.area["A"], rel=1e-5)


def test_no_two_hamlets_hold_the_same_ground_and_none_is_without() -> None:
    many = listed(**{f"H{i:02}": float(1 + i * i) for i in range(30)})
    found, _ = placed(many)
    assert found.area.min() > 0
    assert found.area.sum() == pytest.approx(found.union_all().area, rel=1e-9)


def test_hamlets_without_people_are_taken_for_usual_ones_or_by_their_households() -> None:
    rows = listed(A=100.0, B=np.nan, C=np.nan).assign(households=[25.0, 50.0, np.nan])
    found, _ = placed(rows)  # 100, 200 at four people a household, 150 as the mean
    assert found.area["B"] / found.area["A"] == pytest.approx(2.0, rel=1e-6)
    assert found.area["C"] / found.area["A"] == pytest.approx(1.5, rel=1e-6)


def test_people_of_the_commune_are_kept_and_go_to_hamlets_as_the_list_says() -> None:
    rows = listed(A=100.0, B=300.0, C=500.0)
    found, layers = placed(rows)
    layers = world(settlements=settlements(**WEST), hamlets=found)
    people = people_grid(layers, GEOBOX).people
    areas = residential_areas(layers, people)
    west = areas[areas["commune_code"] == "1"]
    assert west["people"].sum() == pytest.approx(1_000.0, abs=1e-3)
    # nine tenths of 1,000 people live in hamlets of 900 listed people; the rest is everywhere
    assert areas.loc[["A", "B", "C"], "people"].to_numpy() == pytest.approx(
        [100.0, 300.0, 500.0], rel=0.05
    )
    assert list(found["people"]) == [100.0, 300.0, 500.0]


def test_a_hamlet_of_no_commune_is_refused_with_its_id() -> None:
    rows = hamlets(A=("9", None, 10.0))
    with pytest.raises(LayerError, match=r"names no commune of the plan.*rows A.*found 9"):
        place_hamlets(rows, world())


def test_hamlets_with_positions_stay_as_they_are() -> None:
    rows = hamlets(P=("1", at(500, 500), 50.0), Q=("2", box(0, 0, 1, 1), 1.0))
    found = place_hamlets(rows, world())
    assert found.geometry.equals(rows.geometry)
    assert found["placed_by"].isna().all()
