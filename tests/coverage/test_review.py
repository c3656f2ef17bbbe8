"""Cases that the first version of the room got wrong."""

import dataclasses

import numpy as np
import pytest

from infraplan.coverage import find_gaps
from infraplan.coverage import people_grid
from infraplan.coverage import residential_areas
from infraplan.coverage import service_of
from infraplan.errors import GridMismatchError
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from tests.coverage.world import ALL_TECHNOLOGIES
from tests.coverage.world import CRS
from tests.coverage.world import EAST
from tests.coverage.world import EVERYWHERE
from tests.coverage.world import GEOBOX
from tests.coverage.world import HIGH_M
from tests.coverage.world import NORTH
from tests.coverage.world import PROFILE
from tests.coverage.world import WIDE_M
from tests.coverage.world import at
from tests.coverage.world import coverage_of
from tests.coverage.world import gaps_of
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import settlements
from tests.coverage.world import stations
from tests.coverage.world import table
from tests.coverage.world import three_hamlets
from tests.coverage.world import world


def areas_of(**tables):
    layers = world(**tables)
    return residential_areas(layers, people_grid(layers, GEOBOX).people)


def test_points_on_one_settlement_divide_it_by_what_is_nearest():
    points = hamlets(H1=("1", at(900, 900)), H2=("1", at(1_200, 900)), H3=("1", at(1_500, 900)))
    found = areas_of(hamlets=points, settlements=settlements(S=(700, 700, 1_700, 1_100, 100.0)))
    expected = [350 * 400, 300 * 400, 350 * 400]
    assert found.area[["H1", "H2", "H3"]].tolist() == pytest.approx(expected)
    assert (found["people"][["H1", "H2", "H3"]] > 100).all()


def test_points_on_one_spot_leave_the_ground_to_the_first():
    points = hamlets(H1=("1", at(900, 900)), H2=("1", at(900, 900)), H3=("1", at(1_500, 900)))
    found = areas_of(hamlets=points, settlements=settlements(S=(700, 700, 1_700, 1_100, 100.0)))
    assert found.area[["H1", "H2", "H3"]].tolist() == pytest.approx([200_000, 0, 200_000])


def test_a_settlement_across_the_border_gives_a_point_no_ground():
    points = hamlets(H1=("1", at(3_400, 900)))
    found = areas_of(hamlets=points, settlements=settlements(S=(3_700, 700, 4_200, 1_100, 100.0)))
    assert found.area["H1"] == pytest.approx(3.1416 * 150**2, rel=0.01)
    assert found["placed_by"]["H1"] == "given_point"


def test_a_population_raster_on_another_grid_is_refused():
    shifted = (EAST + 600, NORTH, EAST + 600 + WIDE_M, NORTH + HIGH_M)
    other = grid_over(shifted, crs=CRS, resolution_m=60.0)
    population = wrap(np.ones(GEOBOX.shape), other, name="population")
    with pytest.raises(GridMismatchError, match="another grid"):
        people_grid(world(population=population), GEOBOX)


def test_dwellings_hold_people_by_floor_space_where_no_settlement_is_known():
    built = {"B1": (600, 2, None), "B2": (1_200, 1, "dwelling"), "B3": (1_800, 9, "school")}
    rows = {
        key: {"people": np.nan, "floors": n, "use": use, "geometry": ground(x, 600, x + 300, 900)}
        for key, (x, n, use) in built.items()
    }
    grid = people_grid(world(buildings=table("building_id", rows)), GEOBOX).people.to_numpy()
    # half of the thousand people live in them (18 ha), the rest evenly over 17 km2
    assert grid[68, 12] / grid[68, 22] == pytest.approx(2.0, rel=0.01)
    assert grid[68, 32] < grid[68, 22] / 10


def test_a_probability_stored_as_float32_reaches_the_same_bound():
    coverage = coverage_of(
        {("4G", "A"): EVERYWHERE}, profile=dataclasses.replace(PROFILE, p_cov=0.9)
    )
    bands = coverage.maps["4G", "any"]
    equal = bands["probability"] * 0 + np.float32(0.9)
    coverage.maps["4G", "any"] = bands.assign(probability=equal)
    assert service_of(coverage, "4G").levels("any").covered.mean() == float(
        coverage.covered("4G").mean()
    )


def test_one_operator_on_3g_and_another_on_4g_are_two():
    found = gaps_of({("4G", "A"): EVERYWHERE, ("3G", "B"): EVERYWHERE}).hamlets["level"]
    assert set(found) == {"good"}


@pytest.mark.parametrize(("kept", "technology"), [("any", "4G"), ("2G", "2G")])
def test_no_level_is_claimed_of_what_was_not_predicted(kept, technology):
    covered = {(t, name): EVERYWHERE for t in ALL_TECHNOLOGIES for name in "AB"}
    coverage = coverage_of(covered)
    maps = {pair: bands for pair, bands in coverage.maps.items() if kept in pair}
    coverage = dataclasses.replace(coverage, maps=maps)
    sites = stations(A=(100, 100, "A", "2G;3G;4G"), B=(100, 200, "B", "2G;3G;4G"))
    layers = world(hamlets=three_hamlets(), sites=sites)
    people = people_grid(layers, GEOBOX).people
    found = find_gaps(layers, people, coverage, technology=technology)
    assert found.hamlets["level"].isna().all()


def test_hundreds_of_points_in_a_winding_settlement_all_keep_ground():
    random = np.random.default_rng(0)
    places = random.uniform([700, 700], [3_500, 4_000], (300, 2))
    points = hamlets(**{f"H{n:03d}": ("1", at(x, y)) for n, (x, y) in enumerate(places)})
    holed = settlements(S=(600, 600, 3_600, 4_200, 100.0))
    holed["geometry"] = holed.difference(at(2_000, 2_000).buffer(333.0))
    found = areas_of(hamlets=points, settlements=holed)
    assert (found.area[points.index] > 0).all()
    sums = found.groupby("commune_code")["people"].sum()
    assert sums.to_dict() == pytest.approx({"1": 1_000, "2": 500}, rel=1e-6)


def test_a_hundred_and_fifty_overlapping_hamlets_sum_to_their_commune():
    places = np.random.default_rng(0).uniform([200, 200], [3_400, 4_600], (150, 2))
    discs = {f"H{n:03d}": ("1", at(x, y).buffer(150)) for n, (x, y) in enumerate(places)}
    sums = areas_of(hamlets=hamlets(**discs)).groupby("commune_code")["people"].sum()
    assert sums.to_dict() == pytest.approx({"1": 1_000, "2": 500}, rel=1e-6)
