"""People per grid cell: sums that hold, and who is put where."""

import numpy as np
import pytest

from infraplan.coverage import people_grid
from infraplan.coverage import zones_over
from infraplan.coverage.people import outside_share
from infraplan.errors import PlanError
from tests.coverage.world import GEOBOX
from tests.coverage.world import communes
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import raster
from tests.coverage.world import settlements
from tests.coverage.world import table
from tests.coverage.world import world

LARGE = (600, 600, 1_260, 1_260)  # 43.56 ha
SMALL = (600, 600, 1_200, 1_200)  # 36 ha
OUTSIDE_PATCHES = raster(np.where(np.arange(80)[:, None] < 40, 1.0, 0.0))  # people in the north


def sums_over(shapes, grid):
    """Return the people of shapes."""
    rows = {str(n): {"geometry": shape} for n, shape in enumerate(shapes)}
    return zones_over(table("id", rows), GEOBOX).sums(grid.people.to_numpy())


@pytest.mark.parametrize("patches", [{}, {"S1": (*LARGE, 70.0)}, {"S1": (*SMALL, np.nan)}])
@pytest.mark.parametrize("population", [None, raster(0.1), OUTSIDE_PATCHES])
def test_each_commune_sums_to_its_official_people(patches, population):
    tables = {"settlements": settlements(**patches)} if patches else {}
    grid = people_grid(world(population=population, **tables), GEOBOX)
    assert sums_over(communes().geometry, grid) == pytest.approx([1_000, 500], rel=1e-6)
    assert float(grid.people.sum()) == pytest.approx(1_500, rel=1e-6)
    assert float(grid.people.min()) >= 0.0


def test_a_patch_across_the_border_leaves_both_communes_their_people():
    patch = settlements(S1=(3_300, 1_000, 3_900, 2_000, 400.0))
    grid = people_grid(world(settlements=patch), GEOBOX)
    assert sums_over(communes().geometry, grid) == pytest.approx([1_000, 500], rel=1e-6)


@pytest.mark.parametrize(("patches_ha", "share"), [(0, 1.0), (39.9, 0.5), (40, 0.1), (900, 0.1)])
def test_the_share_outside_settlements_follows_the_ground_seen(patches_ha, share):
    assert outside_share(patches_ha) == share


@pytest.mark.parametrize(("patch", "inside_share"), [(SMALL, 0.5), (LARGE, 0.9)])
def test_settlements_hold_the_people_that_are_not_assumed_outside(patch, inside_share):
    layers = world(settlements=settlements(S1=(*patch, 70.0)), population=OUTSIDE_PATCHES)
    grid = people_grid(layers, GEOBOX)
    assert sums_over([ground(*patch)], grid) == pytest.approx(1_000 * inside_share, rel=0.015)
    assert grid.communes["outside_share"].tolist() == pytest.approx([1 - inside_share, 1.0])


def test_the_report_tells_the_ground_seen_in_each_commune():
    report = people_grid(world(settlements=settlements(S1=(*SMALL, 70.0))), GEOBOX).communes
    assert report["patches_ha"].tolist() == pytest.approx([36.0, 0.0], abs=1e-9)
    assert report["people"].tolist() == [1_000, 500]


def test_settlements_share_people_by_their_population():
    two = settlements(S1=(600, 600, 1_200, 1_200, 300.0), S2=(1_800, 600, 2_100, 900, 100.0))
    grid = people_grid(world(settlements=two, population=OUTSIDE_PATCHES), GEOBOX)
    first, second = sums_over(two.geometry, grid)
    assert first / second == pytest.approx(3.0, rel=1e-6)


def test_settlements_without_population_share_people_by_their_area():
    two = settlements(S1=(600, 600, 1_200, 1_200, np.nan), S2=(1_800, 600, 2_100, 900, np.nan))
    grid = people_grid(world(settlements=two, population=OUTSIDE_PATCHES), GEOBOX)
    first, second = sums_over(two.geometry, grid)
    assert first / second == pytest.approx(4.0, rel=1e-6)


def test_listed_hamlets_weigh_before_the_patches_under_them():
    listed = hamlets(
        H1=("1", ground(*SMALL), 90.0), H2=("1", ground(1_800, 600, 2_400, 1_200), 30.0)
    )
    layers = world(
        hamlets=listed,
        settlements=settlements(S1=(*SMALL, 5_000.0)),
        population=OUTSIDE_PATCHES,
    )
    first, second = sums_over(listed.geometry, people_grid(layers, GEOBOX))
    assert first / second == pytest.approx(3.0, rel=1e-6)


def test_people_without_settlements_follow_the_population_raster():
    population = raster(np.where(np.arange(120)[None, :] < 30, 3.0, 1.0))
    grid = people_grid(world(population=population), GEOBOX)
    dense, thin = sums_over([ground(300, 300, 900, 900), ground(2_400, 300, 3_000, 900)], grid)
    assert dense / thin == pytest.approx(3.0, rel=1e-6)


def test_people_of_whom_nothing_is_seen_are_spread_evenly():
    one, two = sums_over(
        [ground(300, 300, 900, 900), ground(2_000, 2_000, 2_600, 2_600)],
        people_grid(world(), GEOBOX),
    )
    assert one == pytest.approx(two, rel=1e-6)


def test_a_commune_without_official_people_takes_those_of_the_raster():
    layers = world(communes=communes(west_people=np.nan), population=raster(0.01))
    grid = people_grid(layers, GEOBOX)
    assert grid.communes["source"].tolist() == ["raster", "register"]
    expected = 0.01 / 3_600 * communes().area.iloc[0]
    assert sums_over(communes().geometry, grid) == pytest.approx([expected, 500], rel=1e-6)


def test_nobody_lives_beyond_the_communes():
    grid = people_grid(world(population=raster(1.0)), GEOBOX)
    assert float(grid.people[0].sum()) == 0.0
    assert float(grid.people[:, 0].sum()) == 0.0


def test_the_layers_are_left_as_they_were():
    layers = world(settlements=settlements(S1=(*SMALL, 70.0)), population=raster(0.1))
    before = {name: table.copy() for name, table in layers.tables.items()}
    people_grid(layers, GEOBOX)
    assert all(before[name].equals(table) for name, table in layers.tables.items())


def test_people_without_communes_are_refused():
    with pytest.raises(PlanError, match="communes"):
        people_grid(world(communes=communes().iloc[:0]), GEOBOX)


def buildings(**rows):
    """Return buildings: name=(west, south, east, north[, people[, use]])."""
    given = {
        key: {
            "people": row[4] if len(row) > 4 else np.nan,
            "use": row[5] if len(row) > 5 else "dwelling",
            "floors": 1.0,
            "geometry": ground(*row[:4]),
        }
        for key, row in rows.items()
    }
    return table("building_id", given)


def test_houses_hold_their_people_and_the_others_live_around_them():
    known = buildings(B1=(630, 630, 640, 640, 60.0), B2=(1_110, 1_110, 1_120, 1_120, 20.0))
    patch = settlements(S1=(*LARGE, 200.0))
    layers = world(settlements=patch, buildings=known, population=OUTSIDE_PATCHES)
    one, two, whole = sums_over(
        [ground(600, 600, 660, 660), ground(1_080, 1_080, 1_140, 1_140), ground(*LARGE)],
        people_grid(layers, GEOBOX),
    )
    around = 120 / 121  # of 121 cells, each has one person of the 120 left
    assert one / whole == pytest.approx((60 + around) / 200, rel=1e-3)
    assert two / whole == pytest.approx((20 + around) / 200, rel=1e-3)


def test_houses_hold_no_more_than_their_patch_and_offices_nobody():
    known = buildings(
        B1=(630, 630, 640, 640, 600.0),
        B2=(1_110, 1_110, 1_120, 1_120, 200.0),
        B3=(810, 810, 820, 820, 99.0, "office"),
    )
    layers = world(settlements=settlements(S1=(*LARGE, 80.0)), buildings=known)
    one, two, office = sums_over(
        [
            ground(600, 600, 660, 660),
            ground(1_080, 1_080, 1_140, 1_140),
            ground(810, 810, 820, 820),
        ],
        people_grid(layers, GEOBOX),
    )
    assert one / two == pytest.approx(3.0, rel=0.01)  # a tenth is spread evenly
    assert office < 0.1


def test_houses_under_trees_are_inhabited_ground_by_their_floors():
    known = buildings(B1=(630, 630, 640, 640), B2=(2_130, 2_130, 2_150, 2_140))
    grid = people_grid(world(buildings=known, population=OUTSIDE_PATCHES), GEOBOX)
    one, two = sums_over([ground(600, 600, 660, 660), ground(2_100, 2_100, 2_160, 2_160)], grid)
    assert two / one == pytest.approx(2.0, rel=1e-6)
    assert one + two == pytest.approx(500, rel=0.02)  # two gardens are few: half lives elsewhere
    assert grid.communes["outside_share"].tolist() == [0.5, 1.0]


def test_nobody_reaches_over_into_a_commune_where_nobody_lives():
    grid = people_grid(world(communes=communes(east_people=0.0)), GEOBOX)
    assert sums_over(communes().geometry, grid) == pytest.approx([1_000, 0.0], rel=1e-6)
    assert float(grid.people.sum()) == pytest.approx(1_000, rel=1e-6)


def test_a_commune_narrower_than_a_cell_keeps_its_people_beside_an_empty_one():
    narrow = communes(east_people=0.0)
    narrow.loc["1", "geometry"] = ground(3_610, 30, 3_630, 4_770)
    grid = people_grid(world(communes=narrow), GEOBOX)
    assert sums_over(narrow.geometry, grid)[0] == pytest.approx(1_000, rel=1e-6)
