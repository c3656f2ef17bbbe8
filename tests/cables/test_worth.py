import numpy as np
import pandas as pd
import pytest

from infraplan.cables import PhasingProblem
from infraplan.cables import PhasingRules
from infraplan.cables import phase_streets
from infraplan.cables import street_worth
from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from tests.cables.conftest import cable
from tests.cables.conftest import house
from tests.cables.conftest import shifted
from tests.cables.conftest import street

YEARS = [2026, 2027, 2028, 2029, 2030, 2031]
TABLE = read_toml(data_path("works/phasing.toml"))


def works(start, end, to_x=200.0):
    return {
        "work_id": "W1",
        "starts": pd.Timestamp(start) if start else pd.NaT,
        "ends": pd.Timestamp(end) if end else pd.NaT,
        "geometry": shifted((0, 3), (to_x, 3)),
    }


def worth_of(layers, **changes):
    rules = PhasingRules.from_dict(TABLE | changes)
    return street_worth(layers, ["Phan Đình Phùng"], rules, years=YEARS)


def test_worth_counts_owners_houses_cable_poles_and_traffic(town):
    layers = town(
        streets=[street("S1", (0, 0), (200, 0), vehicles_per_day=8000)],
        fibre=[cable("F1", (0, 4), (200, 4)), cable("F2", (0, 5), (200, 5), operator="VNPT"),
               cable("F3", (50, -40), (50, 40), operator="FPT")],
        buildings=[house("H1", 50, 12), house("H2", 90, 12), house("H3", 90, 90)],
        poles=[{"pole_id": "P1", "geometry": shifted((0, 0), (1, 1)).centroid}],
    )  # fmt: skip
    row = worth_of(layers).table.loc["Phan Đình Phùng"]
    assert (row["owners"], row["drops"], row["poles"]) == (3, 2, 1)
    assert row["owner_names"] == "FPT;VNPT;Viettel"
    assert row["owners_points"] == pytest.approx(3 * 2 * 10, rel=1e-3)
    assert row["traffic_points"] == pytest.approx(8 * 2, rel=1e-3)


def test_what_no_layer_tells_is_unknown_and_counts_as_none(town):
    worth = worth_of(town(streets=[street("S1", (0, 0), (200, 0))]))
    row = worth.table.loc["Phan Đình Phùng"]
    assert np.isnan(row["owners"])
    assert np.isnan(row["drops"])
    assert worth.by_year.iloc[0, 0] == round(6 * 2 * (row["length_m"] / 200))
    assert any("houses served: unknown" in note for note in worth.notes)
    assert any("traffic of 1 streets: assumed" in note for note in worth.notes)
    assert "drops" not in worth.reasons()["Phan Đình Phùng"]


def test_cutting_a_street_in_two_changes_no_worth(town):
    whole = town(streets=[street("S1", (0, 0), (200, 0))], fibre=[cable("F1", (0, 4), (200, 4))])
    cut = town(
        streets=[street("S1", (0, 0), (80, 0)), street("S2", (80, 0), (200, 0))],
        fibre=[cable("F1", (0, 4), (200, 4))],
    )
    assert worth_of(whole).by_year.equals(worth_of(cut).by_year)


def test_road_works_make_their_years_worth_more_and_bar_those_after(town):
    layers = town(
        streets=[street("S1", (0, 0), (200, 0), vehicles_per_day=50_000)],
        road_works=[works("2027-03-01", "2027-09-01")],
    )
    flat = worth_of(layers, discount=TABLE["discount"] | {"share_per_year": 0.0}).by_year.iloc[0]
    assert flat.isna().tolist() == [False, False, True, True, True, False]
    assert flat[2026] == flat[2027] == pytest.approx(1.5 * flat[2031], abs=1)


def test_road_works_on_a_corner_bar_nothing_and_undated_ones_count_for_nothing(town):
    rows = [street("S1", (0, 0), (200, 0))]
    corner = worth_of(town(streets=rows, road_works=[works("2027-03-01", None, 60.0)]))
    undated = worth_of(town(streets=rows, road_works=[works(None, None)]))
    assert corner.by_year.notna().all(axis=None)
    assert corner.table["works_share"].iloc[0] == pytest.approx(0.3, abs=0.01)
    assert any("1 road works have no date" in note for note in undated.notes)


def test_the_survey_names_owners_that_have_no_lines(town):
    layers = town(
        streets=[street("S1", (0, 0), (200, 0))],
        cable_survey=[{"survey_id": "1", "street": "phan dinh phung", "owner": "SCTV", "cables": 2,
                       "geometry": None}],
    )  # fmt: skip
    row = worth_of(layers).table.iloc[0]
    assert row["owner_names"] == "SCTV"
    assert row["aerial_m"] == pytest.approx(2 * row["length_m"])


def test_a_road_dug_up_anyway_costs_less_and_the_street_is_built_then(town):
    layers = town(
        streets=[street("S1", (0, 0), (200, 0))], road_works=[works("2028-01-01", "2028-09-01")]
    )
    worth = worth_of(layers, road_works=TABLE["road_works"] | {"saving_share": 0.25})
    cost = worth.costs({"Phan Đình Phùng": 1_000_001})
    assert cost.iloc[0].tolist() == [1_000_001, 750_001, 750_001, *[1_000_001] * 3]
    problem = PhasingProblem(
        cost, worth.by_year, dict.fromkeys(YEARS, 400_000), reasons=worth.reasons()
    )
    plan = phase_streets(problem)
    assert plan.phases["year"].tolist() == [2027]
    assert '"works_from": 2028.0' in plan.phases["reasons_json"].iloc[0]


def test_all_faults_of_the_rules_are_told():
    wrong = TABLE | {"discount": {"share_per_year": 2, "source": "", "verified": False}, "extra": 1}
    with pytest.raises(SettingsError, match=r"unknown key 'extra'; .*share_per_year must be"):
        PhasingRules.from_dict(wrong)
