"""Rows against those expected, age, blanks, operators that sent nothing."""

from datetime import date

import pandas as pd

from infraplan.coverage import missing_operators
from infraplan.coverage import source_quality
from tests.coverage.world import stations
from tests.coverage.world import world

STATIONS = {
    "A1": (500, 500, "A", "4G"),
    "A2": (900, 500, "A", None),
    "B1": (900, 900, "B", "4G"),
}


def source(**fields):
    return {
        "layer": "sites",
        "operator": None,
        "as_of": None,
        "rows": None,
        "expected_rows": None,
        "complete": None,
        "synthetic": False,
    } | fields


def layers(**sources):
    rows = {name: source(**fields) for name, fields in sources.items()}
    index = pd.Index(list(rows), dtype="str", name="source_id")
    return world(sites=stations(**STATIONS), sources=pd.DataFrame(list(rows.values()), index=index))


def test_rows_are_those_there_are_and_what_lacks_is_told():
    found = source_quality(
        layers(a={"operator": "A", "expected_rows": 5, "rows": 9}, b={"operator": "B", "rows": 1})
    )
    assert found["rows"].tolist() == [2, 1]
    assert found["lacking"].iloc[0] == 3
    assert pd.isna(found["lacking"].iloc[1])


def test_age_counts_from_the_newest_source_or_from_the_day_asked():
    given = layers(
        a={"operator": "A", "as_of": "2022-06-30"}, b={"operator": "B", "as_of": "2025-10-31"}
    )
    assert source_quality(given)["is_old"].tolist() == [True, False]
    later = source_quality(given, as_of=date(2028, 1, 1))
    assert later["is_old"].tolist() == [True, True]
    assert pd.isna(source_quality(layers(a={}))["is_old"].iloc[0])


def test_blank_fields_are_named_with_their_share_worst_first():
    blank = dict(source_quality(layers(a={"operator": "A"}))["blank"].iloc[0])
    assert blank["technologies"] == 0.5
    assert blank["mast_class"] == blank["owner"] == 1.0
    assert "height_m" not in blank
    shares = [share for _, share in source_quality(layers(a={"operator": "A"}))["blank"].iloc[0]]
    assert shares == sorted(shares, reverse=True)


def test_an_operator_that_a_source_names_but_that_sent_no_station_is_missing():
    assert missing_operators(layers(a={"operator": "A"}, c={"operator": "C", "rows": 0})) == ("C",)
