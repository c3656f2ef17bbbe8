"""Hamlets as disjoint ground, and the rest of each commune."""

import pytest

from infraplan.coverage import people_grid
from infraplan.coverage import residential_areas
from tests.coverage.world import GEOBOX
from tests.coverage.world import at
from tests.coverage.world import communes
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import raster
from tests.coverage.world import settlements
from tests.coverage.world import three_hamlets
from tests.coverage.world import world

OVERLAPPING = {
    "H1": ("1", ground(600, 600, 1_200, 1_200)),
    "H2": ("1", ground(900, 900, 1_500, 1_500)),
    "H3": ("1", ground(1_100, 600, 1_500, 1_100)),
}


def areas_of(**tables):
    """Return the residential areas of a world with people everywhere."""
    layers = world(population=raster(0.1), **tables)
    return residential_areas(layers, people_grid(layers, GEOBOX).people)


def test_hamlets_and_rest_sum_to_their_commune():
    found = areas_of(hamlets=three_hamlets()).groupby("commune_code")["people"].sum()
    assert found.to_dict() == pytest.approx({"1": 1_000, "2": 500}, rel=1e-6)


def test_overlapping_hamlets_still_sum_to_their_commune():
    found = areas_of(hamlets=hamlets(**OVERLAPPING)).groupby("commune_code")
    assert found["people"].sum().to_dict() == pytest.approx({"1": 1_000, "2": 500}, rel=1e-6)
    assert found.apply(lambda part: part.area.sum()).tolist() == pytest.approx(
        communes().area.tolist(), rel=1e-9
    )


def test_an_overlap_belongs_to_the_hamlet_with_the_first_id():
    found = areas_of(hamlets=hamlets(**OVERLAPPING)).area
    assert found["H1"] == pytest.approx(360_000)
    assert found["H2"] == pytest.approx(360_000 - 300 * 300)
    assert found["H3"] == pytest.approx(400 * 500 - 100 * 500 - 300 * 200)


def test_the_order_of_the_rows_does_not_matter():
    table = hamlets(**OVERLAPPING)
    first, second = areas_of(hamlets=table), areas_of(hamlets=table.iloc[::-1])
    assert first.geom_equals(second).all()


def test_a_hamlet_ends_at_the_border_of_its_commune():
    found = areas_of(hamlets=hamlets(H1=("2", ground(3_000, 600, 4_200, 1_200))))
    assert found.area["H1"] == pytest.approx((4_200 - 3_630) * 600)


def test_each_commune_has_one_row_for_the_rest():
    found = areas_of(hamlets=three_hamlets())
    assert found.index.tolist() == ["H1", "H2", "H3", "1-rest", "2-rest"]
    assert found["is_rest"].tolist() == [False, False, False, True, True]
    assert found["commune"].tolist() == ["Tây", "Tây", "Đông", "Tây", "Đông"]


def test_without_hamlets_the_rest_is_the_whole_commune():
    found = areas_of()
    assert found["people"].to_dict() == pytest.approx({"1-rest": 1_000, "2-rest": 500}, rel=1e-6)


def test_a_point_beside_a_settlement_takes_its_ground():
    patch = settlements(S1=(600, 600, 900, 900, 70.0))
    found = areas_of(hamlets=hamlets(H1=("1", at(950, 700))), settlements=patch)
    assert found.area["H1"] == pytest.approx(300 * 300)
    assert found["placed_by"]["H1"] == "settlement"


def test_a_point_far_from_settlements_gets_a_disc_inside_its_commune():
    points = hamlets(H1=("1", at(1_000, 3_000)), H2=("1", at(3_630, 3_000)))
    found = areas_of(hamlets=points, settlements=settlements(S1=(600, 600, 900, 900, 70.0)))
    assert found.area["H1"] == pytest.approx(3.1416 * 150**2, rel=0.01)
    assert found.area["H2"] == pytest.approx(found.area["H1"] / 2, rel=0.01)
    assert found["placed_by"]["H1"] == "given_point"
