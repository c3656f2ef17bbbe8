"""Every fault of a layer is told at once, with its rows, and what can be mended is mended."""

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import empty_table
from infraplan.layers.columns import Column
from infraplan.layers.convert import converted
from infraplan.layers.crs import epsg_code
from infraplan.layers.crs import transformer
from infraplan.layers.validate import conform

PLAN = "EPSG:9209"
CITY = shapely.Point(542_681.977, 2_028_878.620)
BOW_TIE = shapely.Polygon([(5.4e5, 2.02e6), (5.41e5, 2.021e6), (5.41e5, 2.02e6), (5.4e5, 2.021e6)])
POINTS = pd.read_csv(Path(__file__).parents[1] / "published" / "vn2000_points.csv")


def stations(
    geometry: object = None, crs: str | None = PLAN, **columns: object
) -> gpd.GeoDataFrame:
    shapes = [CITY] if geometry is None else geometry
    base = {"site_id": [f"S{n}" for n in range(1, len(shapes) + 1)], "operator": "VNPT"}
    return gpd.GeoDataFrame({**base, **columns}, geometry=shapes, crs=crs)


def communes(**columns: object) -> gpd.GeoDataFrame:
    base = {"code": ["1"], "name": ["A"], "vintage": "2025-07"}
    return gpd.GeoDataFrame({**base, **columns}, geometry=[BOW_TIE.convex_hull], crs=PLAN)


def faults(frame: pd.DataFrame, layer: str = "sites", **options: object) -> list[Fault]:
    with pytest.raises(LayerError) as caught:
        conform(frame, layer, plan_crs=PLAN, **options)
    return list(caught.value.faults)


@pytest.mark.parametrize("place", POINTS["place"].unique())
def test_positions_of_every_system_meet_within_a_millimetre(place: str) -> None:
    rows = POINTS[POINTS["place"] == place].set_index("crs")
    plan = rows.loc[PLAN, ["east_or_lon", "north_or_lat"]]
    for crs, row in rows.iterrows():
        east, north = transformer(crs, PLAN).transform(row["east_or_lon"], row["north_or_lat"])
        miss_m = np.hypot(east - plan["east_or_lon"], north - plan["north_or_lat"])
        assert miss_m < row["tolerance_m"]


def test_vn_2000_goes_to_wgs_84_by_the_official_parameters() -> None:
    for other in ("EPSG:4326", "EPSG:32648"):
        assert "VN-2000 to WGS 84 (2)" in transformer(PLAN, other).description


def test_a_system_without_its_datum_is_no_epsg_system() -> None:
    string = "+proj=tmerc +lat_0=0 +lon_0=105.5 +k=0.9999 +x_0=500000 +ellps=WGS84 +units=m"
    assert epsg_code(string) == ""
    assert epsg_code("EPSG:9209") == "EPSG:9209"


def test_what_is_no_reference_system_is_refused() -> None:
    with pytest.raises(SettingsError, match="EPSG:9209"):
        epsg_code("my system")


def test_a_good_layer_is_indexed_by_its_id_and_has_every_column() -> None:
    frame = stations(height_m=["42,5"])
    table = conform(frame, "sites", plan_crs=PLAN).table
    assert table.index.name == "site_id"
    assert list(table.columns) == list(empty_table("sites", PLAN).columns)
    assert table["height_m"]["S1"] == 42.5
    assert frame["height_m"][0] == "42,5"


def test_another_system_gives_the_same_layer() -> None:
    here = conform(stations(), "sites", plan_crs=PLAN).table
    there = conform(stations().to_crs(4326), "sites", plan_crs=PLAN).table
    assert here.geometry["S1"].distance(there.geometry["S1"]) < 0.001


def test_a_missing_system_is_told_with_those_that_fit() -> None:
    (fault,) = faults(stations(crs=None))
    assert "do not say their reference system" in fault.what
    assert "EPSG:9209" in fault.remedy


def test_a_missing_system_does_not_hide_other_faults() -> None:
    found = faults(stations(crs=None, height_m=[-1]))
    assert {fault.column for fault in found} == {"", "height_m"}


def test_degrees_called_metres_are_the_wrong_system() -> None:
    (fault,) = faults(stations([shapely.Point(105.9, 18.3)]))
    assert "not in EPSG:9209" in fault.what
    assert "--crs EPSG:4326" in fault.remedy


def test_metres_called_degrees_are_the_wrong_system() -> None:
    (fault,) = faults(stations(crs="EPSG:4326"))
    assert "not in EPSG:4326" in fault.what
    assert "--crs EPSG:9209" in fault.remedy


@pytest.mark.parametrize(
    ("crs", "x", "y"), [("EPSG:4326", 18.3, 105.9), (PLAN, 2_028_878, 542_681)]
)
def test_swapped_axes_are_told_as_such(crs: str, x: float, y: float) -> None:
    (fault,) = faults(stations([shapely.Point(x, y)], crs=crs))
    assert "swapped" in fault.what
    assert "swap the two columns" in fault.remedy


def test_a_station_far_outside_the_area_is_a_fault() -> None:
    area = (500_000.0, 2_000_000.0, 600_000.0, 2_050_000.0)
    far = stations([CITY, shapely.Point(542_681, 2_300_000)])
    (fault,) = faults(far, area=area)
    assert (fault.what, fault.rows) == ("the position lies far outside the area", ("S2",))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_coordinates_that_are_no_numbers_are_faults(bad: float) -> None:
    shapes = shapely.points([[542_681.0, 2_028_878.0], [bad, 2_028_878.0]])
    (fault,) = faults(stations(list(shapes)))
    assert fault.rows == ("S2",)


@pytest.mark.parametrize("nothing", [None, shapely.Point()], ids=["missing", "empty"])
def test_positions_that_are_not_there_are_faults(nothing: object) -> None:
    (fault,) = faults(stations([CITY, nothing]))
    assert (fault.what, fault.rows) == ("the position is missing", ("S2",))


def test_a_list_without_positions_is_told_how_to_give_them() -> None:
    (fault,) = faults(pd.DataFrame({"site_id": ["A"], "operator": ["VNPT"]}))
    assert "Kinh độ" in fault.remedy


def test_a_bow_tie_keeps_its_area() -> None:
    frame = communes().set_geometry([BOW_TIE], crs=PLAN)
    conformed = conform(frame, "communes", plan_crs=PLAN)
    assert BOW_TIE.area == 0
    assert conformed.table.area.iloc[0] == pytest.approx(500_000)
    assert any("repaired" in note and "500000 m2 after" in note for note in conformed.notes)


def test_a_polygon_where_points_belong_is_a_fault() -> None:
    (fault,) = faults(stations([BOW_TIE.convex_hull]))
    assert (fault.found, fault.expected) == ("Polygon", "Point")


def test_a_lone_part_of_a_collection_is_taken_out() -> None:
    table = conform(stations([shapely.MultiPoint([CITY])]), "sites", plan_crs=PLAN).table
    assert table.geometry["S1"].geom_type == "Point"


def test_heights_are_dropped_from_coordinates() -> None:
    table = conform(stations([shapely.Point(542_681, 2_028_878, 12)]), "sites", plan_crs=PLAN).table
    assert not table.has_z.any()


def test_a_line_without_length_is_a_fault() -> None:
    line = shapely.LineString([CITY, CITY])
    frame = gpd.GeoDataFrame({"rail_id": ["R"]}, geometry=[line], crs=PLAN)
    assert faults(frame, "rail")[0].what == "the shape has no extent"


def test_all_rows_of_a_repeated_id_are_listed() -> None:
    (fault,) = faults(stations([CITY] * 3, site_id=["A", "B", "A"]), rows=[2, 3, 4])
    assert (fault.what, fault.rows) == ("site_id is repeated", ("2", "4"))


@pytest.mark.parametrize("height", [0, -3, 301, 1e6])
def test_heights_out_of_range_are_faults(height: float) -> None:
    (fault,) = faults(stations(height_m=[height]))
    assert "[1, 300] m" in fault.what


def test_one_bad_cell_does_not_hide_the_others_of_its_column() -> None:
    found = faults(stations([CITY] * 4, height_m=["abc", -3, 999, 40]))
    assert {fault.rows for fault in found} == {("S1",), ("S2", "S3")}


def test_an_empty_layer_is_an_error_that_says_so() -> None:
    (fault,) = faults(stations([]))
    assert fault.what == "the layer is empty"


def test_a_missing_column_is_named_with_what_it_means() -> None:
    (fault,) = faults(stations().drop(columns="operator"))
    assert "no column operator (operator of the equipment)" in fault.what


def test_an_unknown_layer_is_refused_with_those_that_exist() -> None:
    with pytest.raises(SettingsError, match="communes"):
        conform(stations(), "towers", plan_crs=PLAN)


def test_units_that_were_abolished_cannot_be_of_july_2025() -> None:
    assert "abolished" in faults(communes(type=["thị trấn"]), "communes")[0].what
    districts = communes().drop(columns="geometry").set_geometry([BOW_TIE.convex_hull], crs=PLAN)
    assert "abolished" in faults(districts, "districts")[0].what


def test_two_vintages_in_one_layer_are_a_fault() -> None:
    pair = pd.concat([communes(), communes(code=["2"], vintage="2024")])
    assert any("different dates" in fault.what for fault in faults(pair, "communes"))


def test_a_vintage_that_does_not_exist_is_a_fault() -> None:
    found = faults(communes(vintage="2026"), "communes")
    assert any(fault.column == "vintage" and "2025-07" in fault.what for fault in found)


def values(kind: str, cells: list[object], **limits: object) -> tuple[list[object], list[bool]]:
    series, bad, _ = converted(pd.Series(cells, dtype=object), Column("c", kind, "", **limits))
    return [None if pd.isna(value) else value for value in series], list(bad)


def test_decimal_commas_are_decided_by_the_column() -> None:
    assert values("number", ["1,5", "1.234,5", "7"])[0] == [1.5, 1234.5, 7]
    assert values("number", ["1.5", "1,234.5", "7"])[0] == [1.5, 1234.5, 7]


def test_an_ambiguous_number_is_read_as_its_range_allows() -> None:
    assert values("number", ["1.234"], low=1000, high=9000)[0] == [1234]
    assert values("integer", ["1.234", "20"])[0] == [1234, 20]
    assert values("number", ["1.234"], low=0, high=10)[0] == [1.234]


def test_whole_numbers_are_never_cut() -> None:
    assert values("integer", [1.5, "2", 3.0]) == ([None, 2, 3], [True, False, False])


def test_a_unit_behind_a_number_is_understood() -> None:
    series, bad, _ = converted(pd.Series(["42 m", "40m"]), Column("height_m", "number", ""))
    assert list(series) == [42, 40]
    assert not bad.any()


def test_yes_and_no_are_understood_in_both_languages() -> None:
    cells = ["có", "Không", True, 0, "false", "x", None, "vâng"]
    expected = [True, False, True, False, False, True, None, None]
    assert values("flag", cells) == (expected, [False] * 7 + [True])


def test_ticks_leave_the_rest_unticked() -> None:
    assert values("flag", ["x", None, "X"])[0] == [True, False, True]


def test_dates_are_day_first() -> None:
    cells = ["01/07/2025", "2025-07-01", dt.datetime(2025, 7, 1), 45839, "31/02/2025"]  # noqa: DTZ001
    assert values("date", cells) == (["2025-07-01"] * 4 + [None], [False] * 4 + [True])


def test_lists_are_ordered_and_without_repetition() -> None:
    known = {"values": ("2G", "3G", "4G")}
    assert values("list", ["4G, 2g; 4G", "3G+2G", ""], **known)[0] == ["2G;4G", "2G;3G", None]


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1))
def test_whole_numbers_survive_vietnamese_grouping(numbers: list[int]) -> None:
    cells = [f"{number:,}".replace(",", ".") for number in numbers]
    assert values("integer", cells)[0] == numbers


@pytest.mark.parametrize("cell", ["5.000", "5,000"])
def test_round_thousands_are_not_units(cell: str) -> None:
    assert values("integer", [cell])[0] == [5000]


@given(
    st.floats(-1e6, 1e6)
    .map(lambda value: round(value, 4))
    .filter(lambda value: value != int(value))
)
def test_decimal_commas_survive(number: float) -> None:
    cells = [f"{number:.4f}".replace(".", ",")]
    assert values("number", cells)[0][0] == pytest.approx(number)
