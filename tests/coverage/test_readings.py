import numpy as np
import pandas as pd
import pytest

from infraplan.coverage.readings import cause_told
from infraplan.coverage.readings import fix_told
from infraplan.coverage.readings import readings_of
from infraplan.text import words

EN = words("en")
BEHIND = {
    "cause": "terrain",
    "cause_site": "HTI1",
    "cause_site_m": 4_210.0,
    "ridge_m": 812.0,
    "ridge_height_m": 436.2,
    "obstruction_db": 61.4,
}


def shares(known):
    """Return the province's shares of 4G by (operator, denominator)."""
    rows = [
        {
            "area_level": level,
            "area_id": level,
            "technology": technology,
            "operator": operator,
            "denominator": denominator,
            "total": 100.0,
            "share": share if (level, technology) == ("province", "4G") else 0.01,
            "share_low": share - 0.1,
            "share_high": share + 0.05,
        }
        for (operator, denominator), share in known.items()
        for level in ("province", "commune")
        for technology in ("2G", "4G")
    ]
    return pd.DataFrame(rows)


def test_readings_stand_side_by_side_several_operators_first():
    known = {
        ("B", "people"): 0.5,
        ("any", "area"): 0.4,
        ("any", "people"): 0.9,
        ("at_least_two", "people"): 0.7,
    }
    table = readings_of(shares(known), "4G")
    assert list(table.index) == ["any", "at_least_two", "B"]
    assert list(table["people"]) == [0.9, 0.7, 0.5]
    assert table.loc["any", "area"] == 0.4
    assert np.isnan(table.loc["B", "area"])
    assert table.loc["any", "people_low"] == pytest.approx(0.8)
    assert "households" not in table


def test_a_cause_names_the_station_the_ridge_and_what_it_takes():
    told = cause_told(BEHIND, EN)
    for part in ("436 m", "0.8 km", "HTI1", "4.2 km", "61 dB"):
        assert part in told


def test_a_cause_without_a_ridge_still_names_the_station():
    told = cause_told({**BEHIND, "ridge_m": np.nan}, EN)
    assert "HTI1" in told
    assert "nan" not in told


@pytest.mark.parametrize("cause", ["distance", "no_technology", "unknown", "terrain"])
def test_a_cause_of_which_nothing_else_is_known_is_told_all_the_same(cause):
    assert cause_told({"cause": cause, "cause_site": np.nan}, EN)


def test_where_there_is_service_nothing_is_told():
    assert cause_told({"cause": None}, EN) == ""
    assert fix_told({"fix": np.nan}, EN, technology="4G") == ""


def test_a_fix_tells_the_cable_only_where_there_is_some():
    fix = {"fix": "new_site", "fix_x_m": 537_105.0, "fix_y_m": 2_031_795.0}
    assert "2.3 km" in fix_told({**fix, "fix_fibre_m": 2_310.0}, EN, technology="4G")
    for length_m in (0.0, 12.0, np.nan):
        assert "km" not in fix_told({**fix, "fix_fibre_m": length_m}, EN, technology="4G")
    on_mast = {"fix": "technology_on_mast", "fix_site": "HTI7"}
    assert fix_told(on_mast, EN, technology="4G") == "4G at station HTI7"
