"""What must hold of gaps: known answers by construction, and bad ground that breaks nothing."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely

from infraplan.coverage import find_gaps
from infraplan.coverage import inventory
from infraplan.coverage import people_grid
from infraplan.coverage import zones_over
from infraplan.coverage.readings import readings_of
from infraplan.errors import SettingsError
from infraplan.reports.published import communes_sheet
from infraplan.reports.published import hamlets_sheet
from infraplan.text import words
from tests.coverage.world import ALL_TECHNOLOGIES
from tests.coverage.world import EVERYWHERE
from tests.coverage.world import GEOBOX
from tests.coverage.world import NOWHERE
from tests.coverage.world import at
from tests.coverage.world import communes
from tests.coverage.world import coverage_of
from tests.coverage.world import gaps_of
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import inside
from tests.coverage.world import raster
from tests.coverage.world import settlements
from tests.coverage.world import stations
from tests.coverage.world import table
from tests.coverage.world import three_hamlets
from tests.coverage.world import world

EN = words("en")
VILLAGES = inside(600, 600, 1_200, 1_200) | inside(4_800, 2_400, 5_400, 3_000)


def two_villages():
    """Return a world whose 1,500 people all live in two hamlets of 36 ha, one of 60 m beside."""
    homes = hamlets(
        H1=("1", ground(600, 600, 1_200, 1_200), 990),
        H2=("1", ground(2_400, 1_200, 2_460, 1_260), 10),
        H3=("2", ground(4_800, 2_400, 5_400, 3_000), 500),
    ).assign(households=[330.0, 2.0, 100.0])
    everyone = np.where(VILLAGES, 1.0, 0.0)
    everyone[inside(2_400, 1_200, 2_460, 1_260)] = 1.0
    return world(
        hamlets=homes,
        sites=stations(A=(100, 100, "A", "4G")),
        population=raster(everyone),
        communes=communes().assign(households=[332.0, 100.0]),
    )


def test_the_five_denominators_turn_99_per_cent_into_known_other_figures():
    layers = two_villages()
    homes = dict(layers.table("hamlets").geometry.items())
    people = raster(0.0)
    for key, count in {"H1": 990.0, "H2": 10.0, "H3": 500.0}.items():
        share = zones_over(table("id", {key: {"geometry": homes[key]}}), GEOBOX).fractions
        people += count * share.toarray().reshape(GEOBOX.shape) * 3_600.0 / homes[key].area
    # all but H2 of ten people and half a percent of H3; of the ground the southern strip and H3
    hole = inside(2_400, 1_200, 2_460, 1_260) | inside(4_800, 2_400, 4_860, 2_460)
    covered = (inside(0, 0, 7_200, 1_260) | inside(4_800, 2_400, 5_400, 3_000)) & ~hole
    found = find_gaps(layers, people, coverage_of({("4G", "A"): covered}))
    share = readings_of(found.shares, "4G").loc["any", list(DENOMINATORS)]
    assert share.to_dict() == pytest.approx(DENOMINATORS, rel=1e-6)


SOUTH_KM2 = 7.14 * 1.23  # of the communes, below 1,260 m
DENOMINATORS = {
    "people": (990 + 500 * 0.99) / 1_500,  # 99.0 %
    "households": (330 + 100 * 0.99) / 432,  # 99.31 %
    "hamlets": 2 / 3,  # 66.7 %
    "residential": (0.36 + 0.3564) / (0.36 + 0.36 + 0.0036),  # 99.0 %
    "area": (SOUTH_KM2 - 0.0036 + 0.3564) / (7.14 * 4.74),  # 27.0 %
}


def test_a_hamlet_of_60_m_radius_has_its_share_where_cell_centres_err():
    discs = [at(1_000 + 37 * n, 2_000 + 23 * n).buffer(60.0, quad_segs=64) for n in range(40)]
    half = inside(0, 0, 7_200, 2_400)
    zones = zones_over(table("id", {str(n): {"geometry": d} for n, d in enumerate(discs)}), GEOBOX)
    found = zones.sums(half) / (zones.areas_m2() / 3_600.0)
    below = shapely.area(shapely.intersection(discs, ground(0, 0, 7_200, 2_400)))
    exact = below / shapely.area(discs)
    assert found == pytest.approx(exact, abs=0.01)
    x, y = np.meshgrid(GEOBOX.coords["x"].values, GEOBOX.coords["y"].values)
    owned = [shapely.contains_xy(disc, x, y) for disc in discs]
    centres_m2 = np.array([mask.sum() * 3_600.0 for mask in owned])
    assert np.abs(centres_m2 / (np.pi * 60.0**2) - 1.0).max() > 0.2


def test_hamlets_without_ground_are_told_as_unknown_and_break_nothing():
    points = hamlets(
        H1=("1", at(900, 900)),
        H2=("1", at(900, 900)),  # on the spot of another
        H3=("1", ground(5_000, 2_000, 5_600, 2_600)),  # in the other commune
    )
    layers = world(hamlets=points, sites=stations(A=(100, 100, "A", "4G")))
    found = gaps_of({("4G", "A"): EVERYWHERE}, layers=layers)
    lost = found.hamlets.loc[["H2", "H3"]]
    assert lost["level"].tolist() == ["unknown", "unknown"]
    assert lost["nearest_site_m"].isna().all()
    assert found.hamlets["people"].sum() == pytest.approx(1_500, rel=1e-6)
    counted = found.shares.query("area_level == 'province' and denominator == 'hamlets'")
    told = counted.set_index("operator").loc["any", ["total", "covered", "unknown", "share_high"]]
    assert told.tolist() == [3.0, 1.0, 2.0, 1.0]


def test_a_commune_where_nobody_lives_has_its_row_in_the_tables():
    layers = world(
        communes=communes(east_people=0.0),
        hamlets=three_hamlets(),
        sites=stations(A=(100, 100, "A", "4G")),
    )
    found = gaps_of({("4G", "A"): EVERYWHERE}, layers=layers)
    rows = communes_sheet(found, EN).table.set_index("code")
    assert rows["people"].tolist() == pytest.approx([1_000, 0.0], abs=1e-6)
    assert np.isnan(rows.loc["2", "unknown_share"])


def test_where_all_is_well_the_list_of_gaps_has_headings_and_no_row():
    both = {(t, o): EVERYWHERE for t in ALL_TECHNOLOGIES for o in "AB"}
    sheet = hamlets_sheet(gaps_of(both), EN)
    assert len(sheet.table) == 0
    assert [column.name for column in sheet.columns][:3] == ["rank", "hamlet_id", "name"]


def test_without_a_technology_that_is_on_air_no_level_is_told_and_the_table_says_why():
    sites = stations(A=(100, 100, "A", "2G;4G"), B=(100, 200, "B", "4G"))
    layers = world(hamlets=three_hamlets(), sites=sites)
    found = gaps_of({("4G", "A"): NOWHERE, ("4G", "B"): NOWHERE}, layers=layers)
    assert found.hamlets["level"].isna().all()
    sheet = hamlets_sheet(found, EN)
    assert any("stations have 2G" in line for line in sheet.lines)
    assert len(sheet.table) == 5  # gaps of the headline are listed all the same


def test_without_a_technology_that_has_ended_levels_are_told():
    sites = stations(A=(100, 100, "A", "2G;4G"), B=(100, 200, "B", "4G"))
    layers = world(hamlets=three_hamlets(), sites=sites)
    covered = {("4G", "A"): EVERYWHERE, ("4G", "B"): EVERYWHERE}
    assert gaps_of(covered, layers=layers).hamlets["level"].isna().all()
    after = gaps_of(covered, layers=layers, as_of=date(2026, 9, 15))
    assert set(after.hamlets["level"]) == {"good"}


def test_a_station_that_is_only_planned_needs_no_prediction():
    sites = stations(A=(100, 100, "A", "4G"), B=(100, 200, "A", "5G"))
    sites.loc["B", "status"] = "planned"
    layers = world(hamlets=three_hamlets(), sites=sites)
    found = gaps_of({("4G", "A"): EVERYWHERE}, layers=layers)
    assert found.definition.missing == ()
    assert set(found.hamlets["level"]) == {"single_operator"}


def test_a_technology_that_is_switched_off_is_no_headline():
    layers = world(sites=stations(A=(100, 100, "A", "2G")))
    people = people_grid(layers, GEOBOX).people
    coverage = coverage_of({("2G", "A"): EVERYWHERE})
    days = {"technology": "2G", "as_of": date(2026, 9, 14)}
    assert find_gaps(layers, people, coverage, **days).definition.without == ()
    with pytest.raises(SettingsError, match="2G is switched off since 2026-09-15"):
        find_gaps(layers, people, coverage, technology="2G", as_of=date(2026, 9, 15))


def test_former_districts_sum_to_the_province_for_every_reading():
    west = {"name": "Huyện Cũ", "geometry": ground(0, 0, 2_650, 4_800)}
    layers = world(
        hamlets=three_hamlets(),
        districts=table("code", {"436": west}).assign(vintage="2024"),
        sites=stations(A=(100, 100, "A", "4G"), B=(200, 100, "B", "4G")),
    )
    masks = {("4G", "A"): inside(0, 0, 2_650, 3_300), ("4G", "B"): inside(0, 0, 5_300, 3_300)}
    shares = gaps_of(masks, layers=layers).shares
    sums = shares.groupby(["area_level", "operator", "denominator"])[["total", "covered"]].sum()
    for level in ("district", "commune"):
        assert np.allclose(sums.loc[level], sums.loc["province"], rtol=1e-6)
    assert set(shares.query("area_level == 'district'")["area_id"]) == {"436", "-"}


def test_three_operators_on_one_mast_with_four_technologies_are_one_three_and_twelve():
    every = "2G;3G;4G;5G"
    whole = stations(**{o: (500, 500, o, every, "M1") for o in ("A", "B", "C")})
    single = stations(
        **{f"{o}{t}": (500, 500, o, t, "M1") for o in ("A", "B", "C") for t in every.split(";")}
    )
    for sites in (whole, single):  # a list may give each technology a row of its own
        found = inventory(world(sites=sites))
        counts = [found.totals[name] for name in ("positions", "stations", "technologies")]
        assert counts == [1, 3, 12]
        assert found.by_commune.loc["1", ["positions", "stations", "on|A"]].tolist() == [1, 3, 1]
        assert found.by_operator["stations"].tolist() == [1, 1, 1]


def test_a_hamlet_across_two_communes_counts_in_its_own_and_people_are_kept():
    across = hamlets(H=("1", ground(3_330, 600, 3_930, 1_200)))
    layers = world(hamlets=across, settlements=settlements(S=(3_330, 600, 3_930, 1_200, 100.0)))
    layers.tables["sites"] = stations(A=(100, 100, "A", "4G"))
    found = gaps_of({("4G", "A"): EVERYWHERE}, layers=layers).hamlets
    assert found.area["H"] == pytest.approx(300 * 600)
    assert pd.Series(found.groupby("commune_code")["people"].sum()).tolist() == pytest.approx(
        [1_000, 500], rel=1e-6
    )


def test_near_the_end_of_2g_the_table_gives_both_readings():
    hole = inside(2_100, 2_700, 3_200, 3_900)
    covered = {("2G", "A"): EVERYWHERE, ("4G", "A"): ~hole}
    told = hamlets_sheet(gaps_of(covered, as_of=date(2026, 1, 1)), EN).lines
    assert any("1 hamlets have no signal instead of 0" in line for line in told)
    after = hamlets_sheet(gaps_of(covered, as_of=date(2026, 9, 15)), EN).lines
    assert any(line.startswith("2G not counted") for line in after)


def lost_people(second_dbm, **options):
    """Return who loses service where a second mast would give so much, by technology."""
    coverage = coverage_of({("2G", "A"): EVERYWHERE, ("4G", "A"): EVERYWHERE})
    for pair, bands in coverage.maps.items():
        second = raster(second_dbm[pair[0]]).astype(np.float32)
        coverage.maps[pair] = bands.assign(second_dbm=second)
    layers = world(hamlets=three_hamlets(), sites=stations(A=(100, 100, "A", "2G;4G")))
    found = gaps_of(layers=layers, coverage=coverage, **options).n_minus_1
    return found[found["operator"] == "any"].set_index("technology")["people_lost"].to_dict()


def test_without_its_only_mast_everybody_loses_service():
    assert lost_people({"2G": -160.0, "4G": -160.0}) == pytest.approx({"4G": 1_500, "all": 1_500})


def test_where_another_mast_serves_nobody_depends_on_one():
    assert lost_people({"2G": -160.0, "4G": -90.0}) == {}


def test_a_network_that_has_ended_leaves_nobody_anything():
    assert lost_people({"2G": -90.0, "4G": -160.0}) == pytest.approx({"4G": 1_500})
    ended = lost_people({"2G": -90.0, "4G": -160.0}, as_of=date(2026, 9, 15))
    assert ended == pytest.approx({"4G": 1_500})
    only_2g = lost_people({"2G": -160.0, "4G": -160.0}, as_of=date(2026, 9, 15))
    assert "all" not in only_2g  # one technology is left: its own row says it
