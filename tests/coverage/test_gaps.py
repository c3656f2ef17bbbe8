"""Gaps of a world that can be counted by hand: who lacks service, how sure that is, and why."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.coverage import find_gaps
from infraplan.coverage import people_grid
from infraplan.coverage.gaps import LEVELS
from infraplan.coverage.gaps import level_of
from infraplan.errors import GridMismatchError
from infraplan.errors import SettingsError
from infraplan.layers.grid import wrap
from tests.coverage.world import ALL_TECHNOLOGIES
from tests.coverage.world import EVERYWHERE
from tests.coverage.world import GEOBOX
from tests.coverage.world import NOWHERE
from tests.coverage.world import communes
from tests.coverage.world import coverage_of
from tests.coverage.world import fibre
from tests.coverage.world import gaps_of
from tests.coverage.world import inside
from tests.coverage.world import stations
from tests.coverage.world import table
from tests.coverage.world import three_hamlets
from tests.coverage.world import world

AROUND_H2 = inside(2_100, 2_700, 3_200, 3_900)
WEST = inside(0, 0, 3_600, 4_800)
shares = st.floats(0.0, 1.0)


def everywhere(*technologies, operators=("A", "B")):
    return {(technology, name): EVERYWHERE for technology in technologies for name in operators}


def everywhere_but(hole, *technologies):
    return dict.fromkeys(everywhere(*technologies), ~hole)


@pytest.mark.parametrize(
    ("shares", "second", "any_share", "unknown", "level"),
    [
        ({"2G": 1.0, "3G": 1.0, "4G": 1.0}, 1.0, 1.0, 0.21, "unknown"),
        ({"2G": 0.4, "3G": 0.4, "4G": 0.4}, 0.0, 0.49, 0.20, "none"),
        ({"2G": 0.9, "3G": 0.89, "4G": 0.0}, 0.0, 0.9, 0.0, "2g_only"),
        ({"2G": 0.89, "3G": 0.89, "4G": 0.5}, 0.9, 0.9, 0.0, "weak"),
        ({"2G": 1.0, "3G": 0.1, "4G": 0.9}, 0.89, 1.0, 0.0, "single_operator"),
        ({"2G": 0.0, "3G": 0.9, "4G": 0.0}, 0.9, 0.9, 0.0, "good"),
    ],
)
def test_the_level_is_the_first_that_holds(shares, second, any_share, unknown, level):
    found = level_of(shares, second_share=second, any_share=any_share, unknown_share=unknown)
    assert found == level


@given(st.dictionaries(st.sampled_from(ALL_TECHNOLOGIES), shares), shares, shares)
def test_more_4g_never_makes_a_level_worse(known, second, unknown):
    any_share = max(known.values(), default=0.0)
    rest = {"second_share": second, "unknown_share": unknown}
    before = level_of(known, any_share=any_share, **rest)
    after = level_of(known | {"4G": 1.0}, any_share=1.0, **rest)
    assert LEVELS.index(after) >= LEVELS.index(before)


def test_a_hamlet_in_a_hole_has_no_signal_and_comes_first():
    found = gaps_of(everywhere_but(AROUND_H2, *ALL_TECHNOLOGIES)).hamlets
    assert found["level"].to_dict() == {
        "H1": "good", "H2": "none", "H3": "good", "1-rest": "good", "2-rest": "good",
    }  # fmt: skip
    assert found.loc["H2", "covered_share"] == 0.0
    assert found.drop("1-rest")["rank"].idxmin() == "H2"


def test_a_hamlet_with_2g_alone_is_told_so_and_lacks_the_technology():
    covered = everywhere("2G") | everywhere_but(AROUND_H2, "3G", "4G")
    assert gaps_of(covered).hamlets.loc["H2", "level"] == "2g_only"


def test_one_operator_alone_is_a_level_of_its_own():
    covered = everywhere(*ALL_TECHNOLOGIES) | {(t, "B"): ~AROUND_H2 for t in ALL_TECHNOLOGIES}
    found = gaps_of(covered).hamlets["level"]
    assert found[["H1", "H2"]].tolist() == ["good", "single_operator"]


def test_where_too_little_is_known_no_level_is_claimed():
    covered = everywhere_but(AROUND_H2, *ALL_TECHNOLOGIES)
    found = gaps_of(covered, unknown=AROUND_H2).hamlets.loc["H2"]
    assert (found["level"], found["cause"]) == ("unknown", "unknown")
    assert np.isnan(found["median_signal_dbm"])


def test_people_uncovered_are_those_outside_the_service():
    found = gaps_of({("4G", "A"): inside(0, 600, 900, 1_200)}).hamlets
    assert found.loc["H1", "covered_share"] == pytest.approx(300 * 570 / (630 * 570), rel=1e-6)
    expected = found["people"] * (1 - found["covered_share"])
    assert found["people_uncovered"].tolist() == pytest.approx(expected.tolist())


def test_the_range_of_people_uncovered_holds_the_figure():
    found = gaps_of({("4G", "A"): WEST}, unknown=~WEST, signal_dbm=-104.0).hamlets
    assert (found["people_uncovered_low"] <= found["people_uncovered"]).all()
    assert (found["people_uncovered"] <= found["people_uncovered_high"]).all()
    assert found.loc["H3", "covered_share"] == 0.0
    assert found.loc["H3", "people_uncovered_low"] == pytest.approx(0.0, abs=1e-9)
    assert found.loc["H1", "people_uncovered_high"] == pytest.approx(found.loc["H1", "people"])


def test_people_and_covered_people_sum_from_hamlets_to_communes_to_the_province():
    found = gaps_of({("4G", "A"): inside(0, 0, 2_650, 3_300), ("4G", "B"): WEST}).shares
    people = found[found["denominator"] == "people"]
    sums = people.groupby(["area_level", "operator"])[["total", "covered"]].sum()
    for level in ("hamlet", "commune"):
        assert np.allclose(sums.loc[level], sums.loc["province"], rtol=1e-6)
    assert sums.loc["province", "total"].tolist() == pytest.approx([1_500] * 5, rel=1e-6)


def test_hamlets_and_rest_sum_to_their_commune_in_the_shares():
    result = gaps_of({("4G", "A"): inside(0, 0, 2_650, 3_300)})
    people = result.shares.query("denominator == 'people' and operator == 'any'")
    table = people.set_index("area_id")
    assert table.loc[["H1", "H2", "1-rest"], "covered"].sum() == pytest.approx(
        table.loc["1", "covered"], rel=1e-6
    )
    assert table.loc[["H3", "2-rest"], "total"].sum() == pytest.approx(500, rel=1e-6)


def test_the_headline_share_agrees_with_the_table_of_shares():
    result = gaps_of({("4G", "A"): inside(0, 0, 2_650, 3_300)})
    people = result.shares.query(
        "area_level == 'hamlet' and denominator == 'people' and operator == 'any'"
    ).set_index("area_id")["share"]
    assert result.hamlets["covered_share"].tolist() == pytest.approx(people.tolist(), abs=1e-9)


def test_a_hamlet_without_people_is_judged_by_its_ground():
    layers = world(
        hamlets=three_hamlets(),
        sites=stations(A=(100, 100, "A", "4G")),
        population=wrap(WEST.astype(float), GEOBOX, name="population"),
    )
    people = people_grid(layers, GEOBOX).people.where(WEST, 0.0)
    coverage = coverage_of({("4G", "A"): inside(5_000, 2_000, 5_280, 2_600)})
    found = find_gaps(layers, people, coverage).hamlets.loc["H3"]
    assert (found["people"], found["people_uncovered"]) == (0.0, 0.0)
    assert found["covered_share"] == pytest.approx(280 / 600, abs=0.04)


def test_the_rank_is_by_people_without_service():
    found = gaps_of({("4G", "A"): NOWHERE}).hamlets.sort_values("rank")
    assert found["people_uncovered"].is_monotonic_decreasing
    assert found["rank"].tolist() == [1, 2, 3, 4, 5]


def test_half_of_the_people_have_the_median_signal_or_better():
    coverage = coverage_of({("4G", "A"): EVERYWHERE})
    gradient = np.broadcast_to(-np.arange(120.0)[None, :], GEOBOX.shape).astype(np.float32)
    bands = coverage.maps["4G", "any"]
    coverage.maps["4G", "any"] = bands.assign(signal_dbm=wrap(gradient, GEOBOX, name="signal_dbm"))
    found = gaps_of({("4G", "A"): EVERYWHERE}, coverage=coverage).hamlets
    assert found.loc["H1", "median_signal_dbm"] == pytest.approx(
        -15.0, abs=1.0
    )  # column of x = 915 m


def test_the_nearest_station_of_the_technology_and_fibre_are_told():
    sites = stations(
        A=(2_655, 2_285, "A", "4G"), B=(2_655, 3_200, "B", "2G"), C=(100, 100, "C", "4G")
    )
    layers = world(hamlets=three_hamlets(), sites=sites, fibre=fibre((0, 3_785), (7_000, 3_785)))
    covered = {("4G", "A"): NOWHERE, ("4G", "C"): NOWHERE, ("2G", "B"): NOWHERE}
    coverage = coverage_of(covered)
    own = coverage.cells["4G"]
    coverage.cells["4G"] = own[own["operator"] != "B"]
    found = gaps_of(covered, layers=layers, coverage=coverage).hamlets.loc["H2"]
    assert (found["nearest_site"], found["nearest_fibre_m"]) == ("A", pytest.approx(500.0))
    assert found["nearest_site_m"] == pytest.approx(1_000.0)


def test_no_fibre_is_not_a_distance():
    assert gaps_of({("4G", "A"): EVERYWHERE}).hamlets["nearest_fibre_m"].isna().all()


def test_hamlets_near_the_land_border_are_marked():
    assert gaps_of({("4G", "A"): EVERYWHERE}).hamlets["near_border"].all()


def test_a_border_along_the_sea_is_none():
    shore = communes().union_all()
    around = table("sea_id", {"sea": {"geometry": shore.buffer(9_000).difference(shore)}})
    sites = stations(A=(100, 100, "A", "4G"))
    layers = world(hamlets=three_hamlets(), sites=sites, sea=around)
    assert not gaps_of({("4G", "A"): EVERYWHERE}, layers=layers).hamlets["near_border"].any()


def test_a_technology_counts_until_the_day_it_is_switched_off():
    covered = everywhere("2G") | everywhere_but(AROUND_H2, "3G", "4G")
    before = gaps_of(covered, as_of=date(2026, 9, 14))
    after = gaps_of(covered, as_of=date(2026, 9, 15))
    assert before.hamlets.loc["H2", "level"] == "2g_only"
    assert before.hamlets.loc["H2", "level_without_expired"] == "none"
    assert after.hamlets.loc["H2", "level"] == "none"
    assert (before.definition.without, after.definition.without) == ((), ("2G",))


def test_long_before_the_day_one_reading_is_enough():
    covered = everywhere("2G") | everywhere_but(AROUND_H2, "3G", "4G")
    assert "level_without_expired" not in gaps_of(covered, as_of=date(2025, 9, 1)).hamlets


def test_without_a_day_every_technology_counts_and_both_readings_are_given():
    covered = everywhere("2G") | everywhere_but(AROUND_H2, "3G", "4G")
    found = gaps_of(covered)
    assert (found.definition.as_of, found.definition.without) == ("", ())
    assert found.hamlets.loc["H2", ["level", "level_without_expired"]].tolist() == [
        "2g_only",
        "none",
    ]


def test_the_definition_states_what_the_shares_rest_on():
    told = gaps_of(everywhere(*ALL_TECHNOLOGIES)).definition
    assert (told.technology, told.operator, told.denominator) == ("4G", "any", "people")
    assert told.thresholds_dbm == {"2G": -100.0, "3G": -105.0, "4G": -110.0}
    assert (told.p_cov, told.sigma_db, told.range_db) == (0.75, 8.0, 3.0)
    assert (told.resolution_m, told.radius_m, told.model) == (60.0, 5_000.0, "p1812")


def test_what_was_not_predicted_is_named():
    layers = world(hamlets=three_hamlets(), sites=stations(A=(100, 100, "A", "2G;3G;4G")))
    found = gaps_of({("4G", "A"): EVERYWHERE}, layers=layers)
    assert found.definition.missing == ("2G", "3G")


def test_a_headline_that_was_not_predicted_is_refused():
    layers = world(sites=stations(A=(100, 100, "A", "4G")))
    people = people_grid(layers, GEOBOX).people
    with pytest.raises(SettingsError, match="no coverage of 5G any"):
        find_gaps(layers, people, coverage_of({("4G", "A"): WEST}), technology="5G")


def test_people_on_another_grid_are_refused():
    layers = world(sites=stations(A=(100, 100, "A", "4G")))
    people = people_grid(layers, GEOBOX).people
    with pytest.raises(GridMismatchError, match="read both on one grid"):
        find_gaps(layers, people[1:], coverage_of({("4G", "A"): WEST}))


def test_the_table_in_a_notebook_escapes_names():
    hostile = three_hamlets().assign(name="<img src=x>")
    layers = world(hamlets=hostile, sites=stations(A=(100, 100, "A", "4G")))
    shown = gaps_of({("4G", "A"): NOWHERE}, layers=layers)._repr_html_()
    assert "&lt;img src=x&gt;" in shown
    assert "<img" not in shown
