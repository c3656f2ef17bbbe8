"""Lists as people lay them out: headings of several lines, what stands between the data."""

from pathlib import Path

import openpyxl
import pytest

from infraplan import io
from infraplan.io.aliases import match_headings
from infraplan.io.aliases import named_operator
from infraplan.io.lists import Merge
from infraplan.io.lists import table_of
from infraplan.io.sheets import read_sheet

HEADINGS = ["TT", "Mã trạm", "Doanh nghiệp", "Vĩ độ", "Kinh độ", "Chiều cao (m)"]
ROWS = [[1, "A", "Viettel", 18.3, 105.9, 42], [2, "B", "VNPT", 18.31, 105.91, 30]]
PLAN = "EPSG:9209"


def read(*rows: list[object], merges: tuple[Merge, ...] = (), layer: str = "sites"):
    return table_of(Path("danh sách.xlsx"), rows, layer, merges=merges)


def book(path: Path, **sheets: list[list[object]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        page = made.create_sheet(title)
        for row in rows:
            page.append(row)
    made.save(path)
    return path


def test_headings_of_two_lines_with_merged_cells_are_joined() -> None:
    upper = ["TT", "Mã trạm", "Doanh nghiệp", "Tọa độ", None, "Chiều cao (m)"]
    lower = [None, None, None, "X", "Y", None]
    merges = (*(Merge(1, n, 2, n) for n in (1, 2, 3, 6)), Merge(1, 4, 1, 5))
    sheet = read(upper, lower, *ROWS, merges=merges)
    assert sheet.header_rows == ("1", "2")
    assert sheet.rows == ("3", "4")
    found = match_headings(sheet.frame.columns, "sites")
    assert found.positions == {"Tọa độ › X": "x", "Tọa độ › Y": "y"}


def test_headings_of_two_lines_without_merged_cells_are_joined() -> None:
    upper = ["TT", "Mã trạm", "Doanh nghiệp", "Tọa độ VN-2000", "", "Chiều cao (m)"]
    sheet = read(upper, ["", "", "", "Vĩ độ", "Kinh độ", ""], *ROWS)
    found = match_headings(sheet.frame.columns, "sites")
    assert found.positions == {
        "Tọa độ VN-2000 › Vĩ độ": "latitude", "Tọa độ VN-2000 › Kinh độ": "longitude",
    }  # fmt: skip
    assert len(sheet.frame) == 2


def test_groups_above_the_headings_say_what_a_bare_word_means() -> None:
    upper = ["Trạm", None, "Chủ sở hữu", "Tọa độ", None]
    lower = ["Mã", "Tên", "Tên", "X", "Y"]
    merges = (Merge(1, 1, 1, 2), Merge(1, 4, 1, 5))
    sheet = read(upper, lower, ["A", "Đồi", "VNPT", 1, 2], merges=merges)
    found = match_headings(sheet.frame.columns, "sites")
    assert found.columns["Chủ sở hữu › Tên"] == "owner"
    assert list(found.positions.values()) == ["x", "y"]


def test_headings_of_three_lines_and_a_row_of_numbers_are_no_data() -> None:
    rows = [
        ["Mã trạm", "Doanh nghiệp", "Vị trí", None, "Ghi chú"],
        [None, None, "Tọa độ", None, None],
        [None, None, "Vĩ độ", "Kinh độ", None],
        ["(1)", "(2)", "(3)", "(4)", "(5)=(1)+(2)"],
    ]
    merges = (Merge(1, 1, 3, 1), Merge(1, 2, 3, 2), Merge(1, 5, 3, 5), Merge(1, 3, 1, 4))
    sheet = read(*rows, ["A", "Viettel", 18.3, 105.9, None], merges=(*merges, Merge(2, 3, 2, 4)))
    assert (sheet.header_rows, sheet.between, sheet.rows) == (("1", "2", "3"), ("4",), ("5",))


@pytest.mark.parametrize(
    "row",
    [
        ["Tổng cộng", None, None, None, None, 72],
        ["Cộng huyện Kỳ Anh", None, 2],
        [None, "Tổng số: 15 vị trí"],
        ["Ghi chú: số liệu đến ngày 30/6/2025"],
        [None, "Người lập biểu", None, None, "Giám đốc"],
        [None, None, None, "Hà Tĩnh, ngày 01 tháng 7 năm 2025"],
        ["I", "Huyện Kỳ Anh"],
        ["II.", "Các xã miền núi", 12],
    ],
    ids=lambda row: next(str(cell) for cell in row if cell),
)
def test_totals_notes_and_signatures_are_named_and_left_out(row: list[object]) -> None:
    sheet = read(HEADINGS, *ROWS, [], row)
    assert sheet.rows == ("2", "3")
    assert sheet.between == ("5",)


@pytest.mark.parametrize("name", ["Cộng Hòa", "Tổng kho xăng dầu", "Công an xã", "Cổng làng"])
def test_a_place_whose_name_begins_like_a_total_is_data(name: str) -> None:
    sheet = read(["TT", "Thôn", "Xã", "Số hộ"], [1, name, "Tây", 30], layer="hamlets")
    assert list(sheet.frame["Thôn"]) == [name]


def test_names_below_a_signature_are_no_stations() -> None:
    signed = [None, "Người lập biểu", None, None, "Giám đốc"]
    sheet = read(HEADINGS, *ROWS, signed, [], [None, "Trần B", None, None, "Lê C"])
    assert sheet.between == ("4", "6")


def test_sub_headings_give_district_and_commune_to_the_rows_below() -> None:
    rows = [
        ["TT", "Thôn", "Số hộ", "Nhân khẩu", "Hộ nghèo"],
        ["I", "Huyện Kỳ Anh"], ["Xã Kỳ Xuân"], [1, "Thôn 1", 30, 100, 2],
        ["II", "TX. Hồng Lĩnh"], [1, "Tổ 1", 20, 80, 1],
    ]  # fmt: skip
    implied = read(*rows, layer="hamlets").implied
    assert implied == {"district": ["Huyện Kỳ Anh", "TX. Hồng Lĩnh"], "commune": ["Xã Kỳ Xuân", ""]}


def test_a_value_merged_over_several_rows_holds_for_each_and_is_told() -> None:
    rows = [["Thôn", "Xã", "Số hộ"], ["1", "Tây", 3], ["2", None, 4], ["3", None, 5]]
    sheet = read(*rows, merges=(Merge(2, 2, 3, 2),), layer="hamlets")
    assert list(sheet.frame["Xã"]) == ["Tây", "Tây", None]
    (repair,) = sheet.repairs
    assert (repair.row, repair.column, repair.taken) == ("3", "Xã", "Tây")


def test_merged_cells_hidden_rows_and_hidden_columns_of_a_workbook_are_found(tmp_path) -> None:
    path = book(tmp_path / "a.xlsx", Trạm=[HEADINGS, *ROWS])
    made = openpyxl.load_workbook(path)
    page = made.active
    page.merge_cells("C2:C3")
    page.row_dimensions[3].hidden = True
    page.column_dimensions["F"].hidden = True
    made.save(path)
    sheet = read_sheet(path, "sites")
    assert list(sheet.frame["Doanh nghiệp"]) == ["Viettel", "Viettel"]
    assert (sheet.hidden_rows, sheet.hidden_columns) == (("3",), ("Chiều cao (m)",))


def test_sheets_with_the_same_headings_are_one_list(tmp_path: Path) -> None:
    columns = [HEADINGS[1], *HEADINGS[3:]]
    sheets = {
        "Viettel": [columns, ["A", 18.3, 105.9, 42]],
        "Vinaphone": [columns, ["B", 18.3, 105.9, 4]],
    }
    path = book(tmp_path / "a.xlsx", **sheets, Khác=[["Mã trạm"], ["Z"]])
    reading = io.read_layer(path, "sites", plan_crs=PLAN)
    assert reading.table["operator"].to_dict() == {"A": "Viettel", "B": "VNPT"}
    assert reading.row_of == {"A": "Viettel!2", "B": "Vinaphone!2"}
    assert reading.sheets == ("Viettel", "Vinaphone")
    assert reading.column_numbers["Vinaphone"]["Mã trạm"] == 1
    assert any("also there: Khác" in note for note in reading.notes)


def test_sheets_that_write_a_heading_otherwise_are_still_one_list(tmp_path: Path) -> None:
    other = ["Mã nhà trạm", "Mạng", "Lat", "Long", "H(m)"]
    sheets = {"Một": [HEADINGS, *ROWS], "Hai": [other, ["C", "MBF", 18.3, 105.9, 20]]}
    table = io.read_layer(book(tmp_path / "a.xlsx", **sheets), "sites", plan_crs=PLAN).table
    assert table["height_m"].to_dict() == {"A": 42, "B": 30, "C": 20}


def test_a_wrong_dimension_of_a_sheet_hides_no_row(tmp_path: Path) -> None:
    import re
    import zipfile

    path = book(tmp_path / "a.xlsx", Trạm=[HEADINGS, *ROWS])
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part, content in parts.items():
            new.writestr(part, content)
    assert len(read_sheet(path, "sites").frame) == 2


@pytest.mark.parametrize(
    ("text", "operator"),
    [
        ("Danh sách trạm Vinaphone 2025", "VNPT"),
        ("BTS_MBF", "MobiFone"),
        ("TỔNG CÔNG TY MẠNG LƯỚI VIETTEL", "Viettel"),
        ("Viettel, VNPT", ""),
        ("Trạm BTS", ""),
    ],
)
def test_titles_name_one_operator_or_none(text: str, operator: str) -> None:
    assert named_operator(text) == operator


def test_the_title_gives_the_operator_that_the_list_lacks(tmp_path: Path) -> None:
    columns = ["Mã trạm", "Vĩ độ", "Kinh độ"]
    rows = [["DANH SÁCH TRẠM BTS CỦA VIETTEL HÀ TĨNH"], columns, ["A", 18.3, 105.9]]
    reading = io.read_layer(book(tmp_path / "a.xlsx", Trạm=rows), "sites", plan_crs=PLAN)
    assert reading.table["operator"]["A"] == "Viettel"
    assert any("operator Viettel was taken from" in note for note in reading.notes)


def test_crosses_below_technologies_are_understood(tmp_path: Path) -> None:
    columns = ["Mã trạm", "Mạng", "lat", "lon", "2G", "3G", "4G"]
    rows = [
        columns,
        ["A", "VNPT", 18.3, 105.9, "x", None, "có"],
        ["B", "VNPT", 18.3, 105.9, 0, 1, "-"],
    ]
    table = io.read_layer(book(tmp_path / "a.xlsx", Trạm=rows), "sites", plan_crs=PLAN).table
    assert table["technologies"].to_dict() == {"A": "2G;4G", "B": "3G"}


FORMS = {
    "sites": [
        "TT",
        "Mã trạm",
        "Tên trạm",
        "Doanh nghiệp sở hữu cột",
        "Doanh nghiệp sử dụng",
        "Thôn/TDP",
        "Xã",
        "Huyện",
        "Vĩ độ (N)",
        "Kinh độ (E)",
        "Hệ tọa độ",
        "Loại cột",
        "Kết cấu",
        "Chiều cao cột (m)",
        "Công nghệ",
        "Ắc quy (giờ)",
        "Tình trạng",
    ],
    "fibre": [
        "TT",
        "Mã tuyến",
        "Tên tuyến",
        "Điểm đầu",
        "Điểm cuối",
        "Loại",
        "Sợi (FO)",
        "Chủ sở hữu",
        "Năm",
        "Cấp mạng",
    ],
    "ducts": [
        "TT",
        "Mã tuyến cống",
        "Vỉa hè",
        "Số ống",
        "Số ống còn trống",
        "Đường kính (mm)",
        "Chủ sở hữu",
    ],
    "candidates": ["STT", "Mã vị trí", "X (m)", "Y (m)", "Chiều cao dự kiến (m)"],
    "requests": [
        "STT",
        "Mã trạm",
        "Đơn vị đề nghị",
        "Số công văn",
        "Ngày công văn",
        "Tọa độ",
        "Địa chỉ",
        "Loại cột dự kiến",
        "Chiều cao cột (m)",
        "Công nghệ",
        "Lý do",
        "Bán kính dịch chuyển cho phép (m)",
        "Xã/Phường",
    ],
    "institutions": ["TT", "Mã định danh cơ quan", "Tên cơ quan", "Vĩ độ", "Kinh độ", "Cấp"],
}


@pytest.mark.parametrize("layer", FORMS)
def test_every_heading_of_the_six_forms_is_understood(layer: str) -> None:
    found = match_headings(FORMS[layer], layer)
    assert found.unknown == ()
    assert len(found.counting) == 1


def test_a_heading_with_a_slip_is_proposed_and_not_taken() -> None:
    found = match_headings(["Mã trạm", "Chiều cao cộtt"], "sites")
    assert found.unknown == ("Chiều cao cộtt",)
    assert found.meant == {"Chiều cao cộtt": "chiều cao cột"}
