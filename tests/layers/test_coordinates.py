"""Coordinates in every notation that people type and Excel mangles; the unclear is refused."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.layers.coordinates import readings_of
from infraplan.layers.coordinates import split_pairs
from infraplan.layers.coordinates import written

LAT, LON = 18 + 20 / 60 + 35 / 3600, 105 + 54 / 60 + 20.5 / 3600


def column(*cells: object) -> pd.Series:
    return pd.Series(list(cells), dtype=object)


def best(*cells: object) -> np.ndarray:
    return readings_of(written(column(*cells)))[0].numbers


def refused(cell: object) -> str:
    (code,) = written(column(cell)).faults
    return code


@pytest.mark.parametrize(
    ("cell", "degrees"),
    [
        ("18°20'35\"N", LAT), ("18°20’35” B", LAT), ("18 độ 20 phút 35 giây Bắc", LAT),
        ("18°20.583'N", 18 + 20.583 / 60), ("N18°20'35\"", LAT), ("18-20-35", LAT),
        ("18 20 35", LAT), ("18d20m35s", LAT), ("18d20m35sN", LAT), ("18º20'35\"", LAT),
        ("18˚20′35″", LAT), ("18°20'35''", LAT), ("18:20:35", LAT), ("18o20'35\" B", LAT),
        ("vĩ độ Bắc: 18°20'35\"", LAT), ("18 20 35 N", LAT), ("18.20.35", LAT),
        ("18 do 20 phut 35 giay Bac", LAT), ("18°20’35”\u00a0B", LAT),
        ("105°54'20.5\"E", LON), ("105° 54′ 20,5″ Đ", LON), ("105 độ 54 phút 20,5 giây Đông", LON),
        ("Đ105°54'20,5\"", LON), ("105-54-20.5", LON), ("E 105 54 20,5", LON),
        ("18.3428", 18.3428), ("18,3428", 18.3428), ("18.3428°N", 18.3428), ("18,3428 B", 18.3428),
        ("'18.3428'", 18.3428), ("18.3428'", 18.3428), ("N: 18.3428", 18.3428),
        (" 18.3428 ", 18.3428),
        ("2.028.878,62", 2_028_878.62), ("2 028 878.62", 2_028_878.62),
        ("2,028,878.62", 2_028_878.62),
        ("2\u00a0028\u2009878,62", 2_028_878.62), ("X=2028878", 2_028_878),
        ("2028878,5 m", 2_028_878.5),
        ("5.42682E+05", 542_682), ("48542681", 542_681), ("18.342.800", 18.3428),
        ("18342800", 18.3428),
        (1_059_057, 105.9057), (0.764293981, LAT), (dt.time(18, 20, 35), LAT),
        (dt.timedelta(hours=105, minutes=54, seconds=20.5), LON),
        (dt.datetime(1900, 1, 4, 9, 54, 20, 500_000), LON),  # noqa: DTZ001 - Excel knows no zones
        (dt.datetime(2035, 12, 18), 18 + 12 / 60 + 35 / 3600),  # noqa: DTZ001
    ],
)  # fmt: skip
def test_a_coordinate_is_read_in_any_notation(cell: object, degrees: float) -> None:
    found = [one.numbers[0] for one in readings_of(written(column(cell)))]
    assert np.isclose(found, degrees, rtol=0, atol=2e-7).any()


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("18°61'00\"N", "coordinate_over_sixty"), ("18°20'75\"", "coordinate_over_sixty"),
        ("1.06E+02", "coordinate_lost_digits"), ("5,43E+05", "coordinate_lost_digits"),
        ("18°20'35\" S", "coordinate_south_or_west"),
        ("18°20'35\" Nam", "coordinate_south_or_west"),
        ("105°54' Tây", "coordinate_south_or_west"), ("chưa đo", "coordinate_not_understood"),
        ("18°20.5'35\"", "coordinate_not_understood"), (True, "coordinate_not_understood"),
        (np.inf, "coordinate_not_understood"), (dt.date(2025, 7, 30), "coordinate_is_date"),
        ("=1+1", "coordinate_not_understood"), ("18..3", "coordinate_not_understood"),
    ],
)  # fmt: skip
def test_what_is_no_coordinate_is_refused_with_its_reason(cell: object, code: str) -> None:
    assert code in {*written(column(cell)).faults, *_unread(cell)}


def _unread(cell: object) -> list[str]:
    found = written(column(cell))
    unread = found.filled[0] and not readings_of(found)
    return ["coordinate_not_understood"] if unread else []


@pytest.mark.parametrize("cell", [None, np.nan, "", " ", "-", "n/a", pd.NaT, pd.NA])
def test_an_empty_cell_is_neither_a_coordinate_nor_wrong(cell: object) -> None:
    found = written(column(cell))
    assert not found.filled[0]
    assert not found.faults


@pytest.mark.parametrize(
    "cell",
    [
        "18.3428, 105.9057", "18,3428; 105,9057", "18.3428,105.9057", "18,3428,105,9057",
        "18,3428, 105,9057", "(18,3428; 105,9057)", "18,3428 105,9057", "18.3428 - 105.9057",
        "18.3428/105.9057", "18.3428\n105.9057", "Vĩ độ: 18.3428 Kinh độ: 105.9057",
        "lat=18.3428,lon=105.9057", "18.3428° N, 105.9057° E", "N 18.3428 E 105.9057",
        "18,3428 B; 105,9057 Đ", "18°20'34.08\"N 105°54'20.52\"E", "18-20-34.08 105-54-20.52",
        "N18°20'34.08\" E105°54'20.52\"", "18 20 34.08 105 54 20.52",
        "18°20'34,08\" B, 105°54'20,52\" Đ", "18.342.800 105.905.700",
    ],
)  # fmt: skip
def test_both_coordinates_of_one_cell_are_told_apart(cell: str) -> None:
    first, second, bad = split_pairs(column(cell))
    assert not bad.any()
    assert np.isclose(readings_of(written(first))[0].numbers, 18.3428, atol=1e-7)
    assert np.isclose(readings_of(written(second))[0].numbers, 105.9057, atol=1e-7)


@pytest.mark.parametrize(
    "cell",
    [
        "X=2028878; Y=542682", "2028878,542682", "2028878 542682", "X: 2.028.878 Y: 542.682",
        "2 028 878 542 682", "X=2.028.878,00, Y=542.682,00", "N: 2028878 E: 542682",
    ],
)  # fmt: skip
def test_both_metres_of_one_cell_are_told_apart(cell: str) -> None:
    first, second, bad = split_pairs(column(cell))
    assert not bad.any()
    assert readings_of(written(first))[0].numbers[0] == 2_028_878
    assert readings_of(written(second))[0].numbers[0] == 542_682


@pytest.mark.parametrize("cell", ["18.3428", "18,3428", "abc", "18.3, abc", "1, 2, 3, x"])
def test_one_coordinate_is_no_pair(cell: str) -> None:
    _, _, bad = split_pairs(column(cell))
    assert bad.all()


def test_the_decimal_sign_is_settled_for_the_column() -> None:
    assert list(best("542.681", "542.702,5", "542.690")) == [542_681, 542_702.5, 542_690]
    assert list(best("18.342", "18.35", "18.4")) == [18.342, 18.35, 18.4]


def test_lost_separators_are_put_back_only_where_all_rows_agree() -> None:
    whole = readings_of(written(column(18_342_800, 18_001_200)))
    assert [one.how for one in whole] == ["lost_separator"]
    assert not readings_of(written(column(18_342_800, 1_800_120, 99)))


def test_texts_and_numbers_of_one_column_are_read_together() -> None:
    assert list(best(18.3428, "18,35", "18°30'B", None)[:3]) == [18.3428, 18.35, 18.5]


def test_letters_that_may_mean_south_are_kept_for_counting() -> None:
    assert list(written(column("18°20'35\"N", "18°20'35\"B")).axes) == ["n", "b"]


def test_the_last_digit_tells_the_step() -> None:
    steps = written(column("18°20'35\"", "18°20'")).degree_steps
    assert np.allclose(steps, [1 / 3600, 1 / 60])
    assert written(column("18,35", "18,3")).steps[","].tolist() == [0.01, 0.1]
    assert written(column(18.3428, 18.5)).steps[""].tolist() == [1e-4, 0.1]


@given(st.floats(8.0, 23.9), st.sampled_from("NBn"))
def test_what_is_written_in_seconds_is_read_to_half_a_second(value: float, letter: str) -> None:
    seconds = round(value * 3600)
    text = f"{seconds // 3600}°{seconds // 60 % 60:02}'{seconds % 60:02}\"{letter}"
    assert abs(best(text)[0] - value) <= 0.5 / 3600 + 1e-9


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = written(column(text, "18.3"))
    assert len(found.degrees) == 2
    split_pairs(column(text))


@given(st.lists(st.text("0123456789.,", min_size=1, max_size=14), min_size=1, max_size=5))
def test_numbers_read_at_once_are_those_read_one_by_one(texts: list[str]) -> None:
    together = written(column(*texts))
    for place, text in enumerate(texts):
        alone = written(column(text))
        for sign in set(alone.numbers) & set(together.numbers):
            pair = (alone.numbers[sign][0], together.numbers[sign][place])
            assert np.array_equal(pair[:1], pair[1:], equal_nan=True)
