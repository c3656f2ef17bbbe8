"""Lists as people keep them become layers, or one message that names everything to mend."""

import csv
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from infraplan import io
from infraplan.errors import LayerError
from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.layers.schemas import LAYERS
from tests.shared_data import shared_folder

PLAN = "EPSG:9209"
HEADINGS = ["TT", "Mã trạm", "Doanh nghiệp", "Vĩ độ", "Kinh độ", "Chiều cao cột (m)", "Công nghệ"]
ROWS = [
    [1, "HTI001", "Vinaphone", 18.3428, 105.9057, 42, "2G/3G/4G"],
    [2, "HTI002", "VTT", 18.0680, 106.2920, 36.5, "GSM900;LTE1800"],
]


def workbook(path: Path, *sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Biểu {number}")
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def text_file(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def faults_of(path: Path, layer: str = "sites", **options: object) -> LayerError:
    with pytest.raises(LayerError) as caught:
        io.read_layer(path, layer, plan_crs=PLAN, **options)
    return caught.value


def sites(path: Path, **options: object) -> io.Reading:
    return io.read_layer(path, "sites", plan_crs=PLAN, **options)


def test_a_vietnamese_workbook_becomes_stations(tmp_path: Path) -> None:
    reading = sites(workbook(tmp_path / "trạm.xlsx", [HEADINGS, *ROWS]))
    assert list(reading.table.index) == ["HTI001", "HTI002"]
    assert list(reading.table["operator"]) == ["VNPT", "Viettel"]
    assert list(reading.table["technologies"]) == ["2G;3G;4G", "2G;4G"]
    assert reading.table.crs == PLAN
    assert reading.columns["Chiều cao cột (m)"] == "height_m"


def test_degrees_without_a_declared_system_are_wgs_84(tmp_path: Path) -> None:
    reading = sites(workbook(tmp_path / "a.xlsx", [HEADINGS, *ROWS]))
    first = reading.table.geometry["HTI001"]
    assert reading.crs == "EPSG:4326"
    assert first.distance(shapely.Point(542_681.977, 2_028_878.620)) < 0.001


def test_a_station_stands_on_its_own_mast_unless_said_otherwise(tmp_path: Path) -> None:
    rows = [[*HEADINGS, "Mã cột"], [*ROWS[0], "C1"], [*ROWS[1], None]]
    masts = sites(workbook(tmp_path / "a.xlsx", rows)).table["mast_id"]
    assert list(masts) == ["C1", "HTI002"]


def test_titles_subheadings_and_totals_are_no_stations(tmp_path: Path) -> None:
    rows = [["DANH SÁCH TRẠM"], [], HEADINGS, ["I", "Huyện Kỳ Anh"], *ROWS, ["Tổng cộng", 2]]
    reading = sites(workbook(tmp_path / "a.xlsx", rows))
    assert len(reading.table) == 2
    assert any("rows 4, 7" in note for note in reading.notes)


def test_the_sheet_with_fitting_headings_is_read(tmp_path: Path) -> None:
    reading = sites(workbook(tmp_path / "a.xlsx", [["Ghi chú"], ["x"]], [HEADINGS, *ROWS]))
    assert len(reading.table) == 2


def test_columns_about_persons_are_never_kept(tmp_path: Path) -> None:
    rows = [[*HEADINGS, "Họ và tên", "Số điện thoại"], [*ROWS[0], "Nguyễn Văn A", "0912"]]
    reading = sites(workbook(tmp_path / "a.xlsx", rows))
    assert "Nguyễn" not in reading.table.to_csv()
    assert any("Họ và tên, Số điện thoại" in note for note in reading.notes)


def test_unknown_columns_are_left_out_and_named(tmp_path: Path) -> None:
    reading = sites(workbook(tmp_path / "a.xlsx", [[*HEADINGS, "Màu sơn"], [*ROWS[0], "đỏ"]]))
    assert any("Màu sơn" in note for note in reading.notes)


def test_the_lock_file_of_excel_is_refused_with_the_name_of_the_book(tmp_path: Path) -> None:
    lock = text_file(tmp_path / "~$a.xlsx", "x")
    with pytest.raises(SourceFileError, match=r"give the workbook itself: .*a\.xlsx"):
        sites(lock)


def test_a_workbook_open_in_excel_is_read_as_last_saved_and_says_so(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [HEADINGS, *ROWS])
    text_file(tmp_path / "~$a.xlsx", "x")
    assert any("when it was last saved" in note for note in sites(path).notes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_csv_is_read_in_any_usual_form(tmp_path: Path, encoding: str, separator: str) -> None:
    lines = [["Mã trạm", "Nhà mạng", "Vĩ độ", "Kinh độ"], ["A", "Viettel", "18.3428", "105.9057"]]
    text = "\r\n".join(separator.join(line) for line in lines)
    reading = sites(text_file(tmp_path / "a.csv", text, encoding))
    assert list(reading.table.index) == ["A"]


def test_decimal_commas_are_understood_for_the_whole_column(tmp_path: Path) -> None:
    text = (
        "Mã trạm;Nhà mạng;Vĩ độ;Kinh độ;H(m)\nA;VNPT;18,3428;105,9057;42,5\nB;VNPT;18,1;105,905;40"
    )
    table = sites(text_file(tmp_path / "a.csv", text)).table
    assert list(table["height_m"]) == [42.5, 40]
    assert table.geometry.is_valid.all()


def test_a_position_in_one_cell_is_understood(tmp_path: Path) -> None:
    rows = [["Mã trạm", "Mạng", "Tọa độ"], ["A", "MBF", "18.3428, 105.9057"]]
    table = sites(workbook(tmp_path / "a.xlsx", rows)).table
    assert table.geometry["A"].distance(shapely.Point(542_681.977, 2_028_878.620)) < 0.001
    assert table["operator"]["A"] == "MobiFone"


@pytest.mark.parametrize(
    ("headings", "values"),
    [
        (["X", "Y"], [2_028_878.620, 542_681.977]),
        (["Tọa độ X", "Tọa độ Y"], ["2.028.878,620", "542.681,977"]),
        (["X", "Y"], [542_681.977, 2_028_878.620]),
        (["Northing", "Easting"], [2_028_878.620, 542_681.977]),
    ],
    ids=["surveyor", "surveyor in Vietnamese numbers", "programmer", "English"],
)
def test_x_may_be_north_or_east(tmp_path: Path, headings: list[str], values: list[object]) -> None:
    rows = [["Mã trạm", "Mạng", *headings], ["A", "VNM", *values]]
    table = sites(workbook(tmp_path / "a.xlsx", rows), crs=PLAN).table
    assert table.geometry["A"].distance(shapely.Point(542_681.977, 2_028_878.620)) < 0.001


def test_metres_without_a_system_are_refused_with_the_codes_that_fit(tmp_path: Path) -> None:
    rows = [["Mã trạm", "Mạng", "X", "Y"], ["A", "VNM", 2_028_878.62, 542_681.98]]
    error = faults_of(workbook(tmp_path / "a.xlsx", rows))
    assert len(error.faults) == 1
    assert "add --crs EPSG:9209" in error.faults[0].remedy


def test_a_system_without_an_epsg_code_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [HEADINGS, *ROWS])
    with pytest.raises(SettingsError, match="EPSG"):
        sites(path, crs="+proj=tmerc +lat_0=0 +lon_0=105.5 +k=0.9999 +x_0=500000 +ellps=WGS84")


def test_a_row_with_latitude_and_longitude_swapped_is_mended_and_one_elsewhere_is_not(
    tmp_path: Path,
) -> None:
    rows = [
        HEADINGS,
        ROWS[0],
        [2, "B", "VNPT", 106.2920, 18.0680, 40, "4G"],
        [3, "C", "VNPT", 48.8, 2.3, 40, "4G"],
    ]
    reading = sites(workbook(tmp_path / "a.xlsx", rows))
    (fault,) = reading.faults
    assert (fault.what, fault.rows) == ("the position lies far outside the area", ("4",))
    assert reading.table.geometry["B"].distance(shapely.Point(583_642.300, 1_998_598.107)) < 0.001
    assert any("were turned (rows 3)" in note for note in reading.notes)


def test_all_faults_come_at_once_with_file_sheet_row_and_heading(tmp_path: Path) -> None:
    rows = [
        HEADINGS,
        [1, "A", "Viettel", 18.3, 105.9, "abc", "4G"],
        [2, "A", "Viettel", 18.3, 105.9, 999, "6G"],
        [3, None, None, 18.3, "x", -3, "4G"],
    ]
    error = faults_of(workbook(tmp_path / "a.xlsx", rows))
    told = {(fault.column, fault.rows) for fault in error.faults}
    assert ("Chiều cao cột (m)", ("2",)) in told
    assert ("Chiều cao cột (m)", ("3", "4")) in told
    assert ("Mã trạm", ("2", "3")) in told
    assert {("Mã trạm", ("4",)), ("Doanh nghiệp", ("4",)), ("Kinh độ", ("4",))} <= told
    assert ("Công nghệ", ("3",)) in told
    assert {(fault.file, fault.sheet) for fault in error.faults} == {("a.xlsx", "Biểu 1")}
    assert all(fault.remedy for fault in error.faults)


def test_an_empty_list_is_an_error_that_says_so(tmp_path: Path) -> None:
    error = faults_of(workbook(tmp_path / "a.xlsx", [HEADINGS]))
    assert "empty" in error.faults[0].what


def test_ids_that_excel_made_numbers_are_text_again(tmp_path: Path) -> None:
    rows = [HEADINGS, [1, 123.0, *ROWS[0][2:]]]
    assert list(sites(workbook(tmp_path / "a.xlsx", rows)).table.index) == ["123"]


def test_decomposed_letters_are_composed(tmp_path: Path) -> None:
    path = text_file(tmp_path / "a.csv", "Mã trạm,Mạng,Tên trạm,lat,lon\nA,VNPT,Hà Tĩnh,18.3,105.9")
    assert sites(path).table["name"]["A"] == "Hà Tĩnh"


def test_rows_with_more_cells_than_headings_are_refused(tmp_path: Path) -> None:
    path = text_file(tmp_path / "a.csv", "Mã trạm,Mạng,lat,lon\nA,VNPT,18,3428,105,9057")
    with pytest.raises(SourceFileError, match="row 2 has 6 cells for 4 headings"):
        sites(path)


def test_a_geopackage_of_several_layers_is_read_by_name(tmp_path: Path) -> None:
    points = gpd.GeoDataFrame(
        {"site_id": ["A"], "operator": ["VNPT"]}, geometry=[shapely.Point(105.9, 18.3)], crs=4326
    )
    points.to_file(tmp_path / "a.gpkg", layer="sites")
    points.to_file(tmp_path / "a.gpkg", layer="khác")
    assert len(sites(tmp_path / "a.gpkg").table) == 1
    with pytest.raises(SourceFileError, match=r"several layers \(sites, khác\)"):
        io.read_layer(tmp_path / "a.gpkg", "poles", plan_crs=PLAN)


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp"])
def test_map_files_of_every_kind_are_read(tmp_path: Path, suffix: str) -> None:
    lines = gpd.GeoDataFrame(
        {"mã": ["T1"], "operator": ["Viettel"], "loại": ["treo"]},
        geometry=[shapely.LineString([(105.9, 18.3), (105.91, 18.31)])], crs=4326,
    )  # fmt: skip
    lines.to_file(tmp_path / f"cáp.{suffix}")
    table = io.read_layer(tmp_path / f"cáp.{suffix}", "fibre", plan_crs=PLAN).table
    assert list(table["installation"]) == ["aerial"]
    assert list(table.index) == ["T1"]


def test_a_shapefile_without_its_system_needs_it_said(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"site_id": ["A"], "operator": ["VNPT"]},
        geometry=[shapely.Point(542_682, 2_028_879)],
        crs=PLAN,
    )
    frame.to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    error = faults_of(tmp_path / "a.shp")
    assert "do not say their reference system" in error.faults[0].what
    assert "EPSG:9209" in error.faults[0].remedy
    assert len(sites(tmp_path / "a.shp", crs=PLAN).table) == 1


def test_a_system_said_against_the_file_is_a_fault(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"site_id": ["A"], "operator": ["VNPT"]}, geometry=[shapely.Point(105.9, 18.3)], crs=4326
    )
    frame.to_file(tmp_path / "a.gpkg")
    assert (
        "another reference system" in faults_of(tmp_path / "a.gpkg", crs="EPSG:3405").faults[0].what
    )


def test_layers_without_ids_get_them_from_their_rows_and_say_so(tmp_path: Path) -> None:
    text_file(tmp_path / "a.csv", "tên,lat,lon\nTrường A,18.3,105.9\nTrường B,18.3,105.9")
    reading = io.read_layer(tmp_path / "a.csv", "institutions", plan_crs=PLAN)
    assert list(reading.table.index) == ["institutions-00002", "institutions-00003"]
    assert any("row number" in note for note in reading.notes)


def test_communes_need_their_vintage(tmp_path: Path) -> None:
    square = shapely.box(105.9, 18.3, 105.91, 18.31)
    frame = gpd.GeoDataFrame(
        {"code": ["18073"], "name": ["Thành Sen"]}, geometry=[square], crs=4326
    )
    frame.to_file(tmp_path / "a.gpkg")
    assert "--vintage" in faults_of(tmp_path / "a.gpkg", "communes").faults[0].remedy
    table = io.read_layer(tmp_path / "a.gpkg", "communes", plan_crs=PLAN, vintage="2025-07").table
    assert set(table["vintage"]) == {"2025-07"}


def test_a_vintage_said_against_the_file_is_a_fault(tmp_path: Path) -> None:
    square = shapely.box(105.9, 18.3, 105.91, 18.31)
    columns = {"code": ["1"], "name": ["A"], "vintage": ["2024"]}
    gpd.GeoDataFrame(columns, geometry=[square], crs=4326).to_file(tmp_path / "a.gpkg")
    error = faults_of(tmp_path / "a.gpkg", "communes", vintage="2025-07")
    assert any("another vintage" in fault.what for fault in error.faults)


@pytest.mark.parametrize("name", ["a.geojson", "a.csv", "a.gpkg", "a.xlsx", "a.shp"])
def test_a_virtual_file_under_another_name_is_refused(tmp_path: Path, name: str) -> None:
    secret = text_file(tmp_path / "secret.csv", "site_id,operator,lat,lon\nS,VNPT,18.3,105.9")
    layer = f"<OGRVRTLayer name='sites'><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>"
    path = text_file(tmp_path / name, f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>")
    with pytest.raises(SourceFileError):
        sites(path)


@pytest.mark.parametrize(
    "path", ["/vsicurl/http://localhost/a.geojson", "http://localhost/a.csv", "nowhere.csv"]
)
def test_what_is_no_file_of_this_machine_is_refused(path: str) -> None:
    with pytest.raises(SourceFileError, match="not a file on this machine"):
        sites(Path(path))


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("a.rar", "unpack"), ("a.xls", "xlsx"), ("a.dwg", "gpkg"), ("a.docx", "xlsx")],
)
def test_formats_that_are_not_read_are_refused_with_a_way_out(
    tmp_path: Path, name: str, remedy: str
) -> None:
    with pytest.raises(SourceFileError, match=remedy):
        sites(text_file(tmp_path / name, "x"))


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    with pytest.raises(SourceFileError, match="would unpack to 60 MB"):
        sites(tmp_path / "a.xlsx")


def test_the_source_tells_file_system_rows_and_operator(tmp_path: Path) -> None:
    rows = [HEADINGS, ROWS[0]]
    source = sites(workbook(tmp_path / "a.xlsx", rows)).source
    assert source["source_id"] == "sites:VNPT"
    assert (source["file"], source["crs"], source["rows"]) == ("a.xlsx", "EPSG:4326", 1)
    assert set(source) <= {column.name for column in LAYERS["sources"].columns}


def test_the_real_folder_of_ha_tinh_is_read_whole() -> None:
    base = io.read_base(shared_folder("data/hatinh"), plan_crs=PLAN)
    counts = {layer: len(reading.table) for layer, reading in base.readings.items()}
    assert counts == {"communes": 69, "districts": 13, "settlements": 1436, "crosswalk": 212}
    assert set(base.rasters) == {"terrain", "landcover", "water", "population", "floods"}
    communes = base.readings["communes"].table
    assert communes["people"].sum() == 1_621_134
    assert abs(communes.area.sum() / 1e6 - 5967.5) < 1.5
    crosswalk = base.readings["crosswalk"].table
    assert set(crosswalk["to_code"]) <= set(communes.index)
    assert crosswalk["from_code"].nunique() == 209


def test_the_heading_of_every_column_is_its_own_alias() -> None:
    from infraplan.io.aliases import match_headings

    for layer in LAYERS.values():
        names = [column.name for column in layer.columns]
        assert match_headings(names, layer.name).columns == {name: name for name in names}


def test_a_layer_written_by_a_program_reads_the_same_in_any_system(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"site_id": ["A"], "operator": ["VNPT"]},
        geometry=[shapely.Point(542_682, 2_028_879)],
        crs=PLAN,
    )
    places = []
    for code in (9209, 4326, 3405, 5897, 32648):
        frame.to_crs(code).to_file(tmp_path / f"{code}.gpkg")
        places.append(sites(tmp_path / f"{code}.gpkg").table.geometry["A"])
    assert all(place.distance(places[0]) < 0.001 for place in places)


def test_a_csv_of_thousands_of_rows_tells_each_kind_of_fault_once(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["site_id", "operator", "lat", "lon", "height_m"])
        writer.writerows([f"S{n}", "VNPT", 18.3, 105.9, -n] for n in range(1, 5000))
    error = faults_of(tmp_path / "a.csv")
    assert len(error.faults) == 1
    assert len(error.faults[0].rows) == 4999
    assert len(str(error)) < 500


def test_a_table_without_geometry_is_read(tmp_path: Path) -> None:
    text_file(tmp_path / "a.csv", "mã trạm,công nghệ,sector,azimuth\nA,LTE,1,120\nA,LTE,2,240")
    table = io.read_layer(tmp_path / "a.csv", "cells", plan_crs=PLAN).table
    assert list(table.index) == ["A-4G-1", "A-4G-2"]
    assert isinstance(table, pd.DataFrame)
    assert not isinstance(table, gpd.GeoDataFrame)
