"""Of which vintage a list is, and crosswalks made of ground: names and codes were both re-used."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point
from shapely.geometry import box

from infraplan.io.units import shipped_steps
from infraplan.layers.crosswalk import convert
from infraplan.layers.crosswalk import with_steps
from infraplan.layers.vintages import Unit
from infraplan.layers.vintages import VintageGuess
from infraplan.layers.vintages import ambiguous_vintage
from infraplan.layers.vintages import derive_crosswalk
from infraplan.layers.vintages import units_of
from infraplan.layers.vintages import which_vintage
from infraplan.text import words

CRS = "EPSG:9209"
HA, LOC_HA, KY_ANH = "Huyện Thạch Hà", "Huyện Lộc Hà", "Huyện Kỳ Anh"
OLD_HA = Unit("1", "Thạch Hà", "Thị trấn Thạch Hà", HA)
KNOWN = {
    "2024": (
        OLD_HA,
        Unit("2", "Hộ Độ", "Xã Hộ Độ", LOC_HA),
        Unit("3", "Nam", "Xã Nam", KY_ANH),
        Unit("4", "Bắc", "Xã Bắc", KY_ANH),
    ),
    "2025-01": (
        OLD_HA,
        Unit("2", "Hộ Độ", "Xã Hộ Độ", "Thành phố Hà Tĩnh"),
        Unit("3", "Nam", "Phường Nam", KY_ANH),
    ),
    "2025-07": (
        Unit("1", "Thạch Hà", "Xã Thạch Hà"),
        Unit("2", "Đông", "Xã Đông"),
        Unit("3", "Nam", "Phường Nam"),
    ),
}


def guess(names=(), codes=(), districts=()):
    """Return the guess for columns, of which any may lack."""
    size = max(len(names), len(codes), len(districts))
    filled = [list(column) or [""] * size for column in (names, codes, districts)]
    return which_vintage(*filled, KNOWN)


@pytest.mark.parametrize(
    ("names", "codes", "districts", "vintage"),
    [
        (["Xã Thạch Hà"], [], [], "2025-07"),
        (["TT Thạch Hà", "Hộ Độ", "Bắc"], [], [], "2024"),
        (["Đông"], [], [], "2025-07"),
        (["Hộ Độ"], [], ["TP. Hà Tĩnh"], "2025-01"),
        (["Hộ Độ"], [], ["Lộc Hà"], "2024"),
        (["P. Nam", "Hộ Độ"], [], [], "2025-01"),
        (["Đông", "Thạch Hà"], ["2", "1"], [], "2025-07"),
        ([], ["1", "2", "3", "4"], [], "2024"),
    ],
)
def test_units_tell_the_vintage_of_a_list(names, codes, districts, vintage) -> None:
    assert guess(names, codes, districts).vintage == vintage


def test_codes_that_are_in_all_vintages_say_nothing() -> None:
    found = guess(codes=["1", "2"])
    assert found.vintage is None
    assert found.ambiguous == ("2024", "2025-01", "2025-07")
    assert found.margin == 0.0
    assert ambiguous_vintage(found).code == "vintage_ambiguous"


def test_a_name_beside_a_code_of_another_unit_speaks_against_a_vintage() -> None:
    assert guess(["Hộ Độ"], ["2"]).share_by_vintage == {"2024": 1.0, "2025-01": 1.0, "2025-07": 0.0}


def test_a_list_with_districts_is_not_of_a_vintage_without_them() -> None:
    found = guess(["Thạch Hà", "Nam"], districts=["Thạch Hà", "Kỳ Anh"])
    assert found.ambiguous == ("2024", "2025-01")
    assert found.basis == "name_district"


def test_the_old_district_kept_beside_new_names_does_not_hide_them() -> None:
    found = guess(["Đông", "Xã Thạch Hà"], districts=["Lộc Hà", "Thạch Hà"])
    assert (found.vintage, found.basis) == ("2025-07", "name")


def test_a_typing_error_does_not_outvote_a_list() -> None:
    names = ["Thạch Hà", "Hộ Độ", "Bắc", "Đôngg", "Nam"]
    assert guess(names).vintage == "2024"


def test_names_that_are_nowhere_and_empty_lists_have_no_vintage() -> None:
    for found in (guess(["Sao Hỏa", "Mặt Trăng"]), guess(), which_vintage(["a"], [""], [""], {})):
        assert (found.vintage, found.ambiguous) == (None, ())


def test_guesses_are_told_in_words_of_both_languages() -> None:
    found = guess(["TT Thạch Hà", "Hộ Độ", "Bắc"])
    told = found.told(words("vi"))
    assert told.startswith("Danh sách dùng đơn vị hành chính theo mốc trước 01/01/2025")
    assert "100 % trong 3 đơn vị" in told
    assert "Bắc" in told
    assert "2025-07" not in guess(codes=["1"]).told(words("vi"))
    assert VintageGuess(None).told(words("en")).startswith("It was not recognised")


def squares(*codes, width=1000.0, shift=0.0):
    """Return squares side by side, by code."""
    shapes = [box(n * width + shift, 0, (n + 1) * width + shift, 1000) for n in range(len(codes))]
    table = {"name": [f"Xã {code}" for code in codes]}
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS, index=pd.Index(codes, name="code"))


def derived(old, new, **options):
    return derive_crosswalk(old, new, from_vintage="2024", to_vintage="2025-07", **options)


def test_ground_laid_over_ground_gives_shares_that_add_up_to_one() -> None:
    points = [Point(100, 5), Point(900, 5), Point(1500, 5)]  # the last on the border
    people = gpd.GeoDataFrame({"people": [30.0, 10.0, 5.0]}, geometry=points, crs=CRS)
    table = derived(squares("a", "b"), squares("x", "y", width=750.0), people=people).table
    shares = table.set_index(["from_code", "to_code"])[["area_share", "people_share"]]
    assert shares.loc[("a", "x")].tolist() == [0.75, 0.75]
    assert shares.loc[("a", "y")].tolist() == [0.25, 0.25]
    assert shares.loc[("b", "y")].tolist() == [1.0, 1.0]
    assert table["divided"].tolist() == [True, True, False]


def test_slivers_are_left_out_and_told_and_lost_units_too() -> None:
    found = derived(squares("a", "b", "c"), squares("x", width=1004.0))
    assert list(zip(found.table["from_code"], found.table["to_code"], strict=True)) == [
        ("a", "x"),
        ("b", "x"),
    ]
    assert found.lost == ("c",)
    both = derived(squares("a", "b"), squares("x", "y", shift=3.0))
    assert both.slivers == (("b", "x", pytest.approx(0.003)),)
    assert both.table["area_share"].tolist() == [1.0, 1.0]
    assert both.table["people_share"].isna().all()


def test_a_derived_crosswalk_converts_to_the_person() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 4000, 300), rng.uniform(0, 1000, 300)
    people = gpd.GeoDataFrame(
        {"people": rng.integers(0, 50, 300)}, geometry=gpd.points_from_xy(x, y), crs=CRS
    )
    old = squares(*"abcd")
    table = derived(old, squares(*"xyz", width=4000 / 3), people=people).table
    figures = pd.DataFrame({"people": [101, 7, 3, 999], "area_km2": 1.0}, index=list("abcd"))
    found = convert(figures, table, from_vintage="2024", to_vintage="2025-07")
    assert found["people"].sum() == 1110
    assert found["area_km2"].tolist() == pytest.approx([4 / 3] * 3)
    assert not found["estimated"].any()


@pytest.fixture(scope="module")
def hatinh():
    """Return the units of Hà Tĩnh by vintage."""
    first, second = shipped_steps()
    return units_of(with_steps(first, second))


def test_the_three_vintages_of_ha_tinh_have_their_units(hatinh) -> None:
    assert {mark: len(units) for mark, units in hatinh.items()} == {
        "2024": 216,
        "2025-01": 209,
        "2025-07": 69,
    }
    districts = {mark: {unit.district for unit in units} for mark, units in hatinh.items()}
    assert [len(districts[mark]) for mark in ("2024", "2025-01")] == [13, 12]
    city = [unit for unit in hatinh["2025-01"] if unit.district == "Thành phố Hà Tĩnh"]
    assert len(city) == 27


def test_codes_and_names_were_re_used_as_the_field_notes_count(hatinh) -> None:
    old = {unit.code: unit.name for unit in hatinh["2025-01"]}
    new = {unit.code: unit.name for unit in hatinh["2025-07"]}
    assert set(new) <= set(old)
    assert sum(old[code] == name for code, name in new.items()) == 21


@pytest.mark.parametrize("vintage", ["2024", "2025-01", "2025-07"])
@pytest.mark.parametrize("columns", [("name", "code"), ("full_name",)])
def test_each_vintage_of_ha_tinh_is_recognised(hatinh, vintage, columns) -> None:
    units = hatinh[vintage]
    cells = {
        part: [getattr(unit, part, "") if part in columns else "" for unit in units]
        for part in ("name", "full_name", "code", "district")
    }
    names = [a or b for a, b in zip(cells["name"], cells["full_name"], strict=True)]
    assert which_vintage(names, cells["code"], cells["district"], hatinh).vintage == vintage
