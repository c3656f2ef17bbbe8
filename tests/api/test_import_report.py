"""What goes back to the operator: red cells, sentences beside them, and a copy that comes home."""

import zipfile
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from infraplan.api.import_report import write_import_report
from infraplan.errors import Fault
from infraplan.io import read_layer
from infraplan.io.aliases import match_headings
from infraplan.layers.notes import Note
from infraplan.layers.repairs import Repair
from infraplan.text import words
from tests.api.readings import CRS
from tests.api.readings import HEADS
from tests.api.readings import ROWS
from tests.api.readings import faults_of
from tests.api.readings import read_of
from tests.api.readings import workbook

RED, PINK, YELLOW = "FFFF9999", "FFFFD9D9", "FFFFF2A8"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return workbook(tmp_path / "trạm.xlsx")


def report(source: Path, name: str = "report.xlsx", **more) -> Path:
    keep = {key: more.pop(key) for key in ("as_of", "keep_personal") if key in more}
    reading = read_of(source, **{"sheets": ("BTS",), "header_rows": ("3",), **more})
    path = source.with_name(name)
    return write_import_report(path, source=source, reading=reading, words=words("vi"), **keep)


def opened(path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path)


def coloured(path: Path, colour: str, sheet: str = "BTS") -> list[str]:
    cells = (cell for row in opened(path)[sheet].iter_rows() for cell in row)
    return [cell.coordinate for cell in cells if cell.fill.fgColor.rgb == colour]


def told(faults: tuple[Fault, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(fault.code, fault.column, fault.rows) for fault in faults]


def test_every_wrong_cell_is_red_and_says_how_to_mend_it(source: Path) -> None:
    path = report(source)
    assert coloured(path, RED) == ["F5", "C6", "H6", "F7"]
    note = opened(path)["BTS"]["F5"].comment.text
    assert note.startswith("Chiều cao phải là số từ 1 đến 300 m.")
    assert "Cách sửa: sửa lại giá trị, hoặc để trống nếu chưa rõ." in note


def test_the_corrected_copy_is_taken_whole(source: Path) -> None:
    path = report(source)
    book = opened(path)
    for cell, value in {"F5": 40, "C6": "Viettel", "H6": "4G", "F7": 40}.items():
        book["BTS"][cell] = value
    book.save(path)
    table = read_layer(path, "sites", plan_crs=CRS).table
    assert len(table) == len(ROWS)
    assert list(table["height_m"]) == [42, 40, 36, 40]


def test_a_copy_that_nobody_corrected_is_read_as_the_list_was(source: Path) -> None:
    assert told(faults_of(report(source))) == told(faults_of(source))


def test_no_row_of_the_summary_could_be_taken_for_headings(source: Path) -> None:
    repairs = (Repair("4", "Nhà mạng", "Vĩ độ", "VNPT", "?"),)
    sheet = opened(report(source, repairs=repairs))["Tóm tắt"]
    for row in sheet.iter_rows(values_only=True):
        assert match_headings([str(cell) for cell in row if cell], "sites").count == 0


def test_mended_cells_are_yellow_and_say_what_was_understood(source: Path) -> None:
    path = report(source, repairs=(Repair("4", "Nhà mạng", "Vina", "VNPT", "?"),))
    assert coloured(path, YELLOW) == ["C4"]
    assert opened(path)["BTS"]["C4"].comment.text == "'Vina' được hiểu là 'VNPT'."


def test_several_faults_of_a_cell_stand_in_one_comment_and_red_wins(source: Path) -> None:
    repairs = (Repair("5", "Chiều cao cột (m)", "bốn mươi", "40", "?"),)
    path = report(source, repairs=repairs)
    note = opened(path)["BTS"]["F5"].comment.text
    assert "phải là số" in note
    assert "được hiểu là '40'" in note
    assert "F5" in coloured(path, RED)


def test_a_fault_without_column_colours_the_beginning_of_its_row(source: Path) -> None:
    reading = read_of(source, sheets=("BTS",), header_rows=("3",))
    odd = Fault("hai dòng giống nhau", rows=("4",))
    reading = type(reading)(**{**vars(reading), "faults": (odd,)})
    path = source.with_name("r.xlsx")
    write_import_report(path, source=source, reading=reading, words=words("vi"))
    assert coloured(path, PINK) == ["A4"]


def test_what_is_about_persons_is_not_in_the_copy_unless_asked(source: Path) -> None:
    path = report(source)
    with zipfile.ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert "0912 345 678" not in everything
    assert "Điện thoại" in everything
    kept = report(source, "kept.xlsx", keep_personal=True)
    assert opened(kept)["BTS"]["G4"].value == "0912 345 678"


def test_text_that_looks_like_a_formula_stays_text(source: Path) -> None:
    path = report(source)
    sheet = opened(path)["BTS"]
    assert sheet["H6"].data_type == "s"
    assert sheet["B7"].value == '=HYPERLINK("http://x")'
    with zipfile.ZipFile(path) as archive:
        assert not any("<f>" in archive.read(name).decode() for name in archive.namelist())


def test_the_summary_counts_and_leads_to_each_cell(source: Path) -> None:
    sheet = opened(report(source, as_of="2025-09-30"))["Tóm tắt"]
    text = "\n".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell)
    assert "sửa các ô đỏ rồi gửi lại tệp này" in text
    assert "đã đọc: 4; đã nhận: 1; giữ lại chờ sửa: 3" in text
    assert "30/09/2025" in text
    assert "Cột «Nhà mạng» là: Doanh nghiệp." in text
    links = [cell.hyperlink for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    assert {link.location for link in links} == {f"'BTS'!{at}" for at in ("F5", "C6", "H6", "F7")}


def test_equal_input_gives_equal_bytes(source: Path) -> None:
    assert report(source, "a.xlsx").read_bytes() == report(source, "b.xlsx").read_bytes()


def test_widths_and_merged_cells_are_kept_and_other_sheets_left_out(source: Path) -> None:
    book = opened(source)
    book.create_sheet("Lương")["A1"] = "bí mật"
    book.save(source)
    copy = opened(report(source))
    assert copy.sheetnames == ["Tóm tắt", "BTS"]
    assert [str(span) for span in copy["BTS"].merged_cells.ranges] == ["A1:H1"]
    assert copy["BTS"].column_dimensions["B"].width == pytest.approx(21.5, abs=1)


def test_rows_of_several_sheets_are_found_on_their_sheet(source: Path) -> None:
    book = opened(source)
    book.copy_worksheet(book["BTS"]).title = "Huyện O'Kỳ"
    book.save(source)
    fault = Fault("x", rows=("Huyện O'Kỳ!5",), column="Chiều cao cột (m)")
    reading = read_of(source, sheets=("BTS", "Huyện O'Kỳ"), header_rows=("BTS!3", "Huyện O'Kỳ!3"))
    reading = type(reading)(**{**vars(reading), "faults": (fault,)})
    path = write_import_report(
        source.with_name("r.xlsx"), source=source, reading=reading, words=words("vi")
    )
    assert coloured(path, RED, "Huyện O'Kỳ") == ["F5"]
    assert not coloured(path, RED)
    assert opened(path)["Tóm tắt"].cell(opened(path)["Tóm tắt"].max_row, 2).value == "Huyện O'Kỳ!F5"


def test_a_list_as_text_becomes_a_workbook_with_the_same_marks(tmp_path: Path) -> None:
    path = tmp_path / "trạm.csv"
    lines = [";".join("" if cell is None else str(cell) for cell in row) for row in (HEADS, *ROWS)]
    path.write_text("\n".join(lines), encoding="utf-8")
    made = report(path, sheets=(), header_rows=("1",))
    assert coloured(made, RED, "trạm") == ["F3", "C4", "H4", "F5"]
    assert told(faults_of(made)) == told(faults_of(path))


def test_points_of_a_map_file_come_as_rows_with_their_coordinates(tmp_path: Path) -> None:
    points = gpd.points_from_xy([105.9, 105.91], [18.3, 18.31], crs="EPSG:4326")
    frame = {"site_id": ["A", "B"], "operator": ["Viettel", None]}
    path = tmp_path / "t.gpkg"
    gpd.GeoDataFrame(frame, geometry=points).to_file(path)
    made = report(path, sheets=(), header_rows=(), heads=("site_id", "operator"))
    assert coloured(made, RED, "t") == ["B3"]
    book = opened(made)
    book["t"]["B3"] = "Viettel"
    book.save(made)
    assert len(read_layer(made, "sites", plan_crs=CRS).table) == 2


def test_dates_and_times_stay_what_they_are(source: Path) -> None:
    import datetime as dt

    book = opened(source)
    day = dt.datetime(2025, 7, 1)  # noqa: DTZ001 - Excel has no zones
    values = (day, dt.time(18, 20, 35), dt.timedelta(hours=30), True, 0.5)
    for number, value in enumerate(values):
        book["BTS"][f"{get_column_letter(10 + number)}3"] = f"cột khác {number}"
        book["BTS"][f"{get_column_letter(10 + number)}4"] = value
    book.save(source)
    sheet = opened(report(source))["BTS"]
    assert tuple(sheet[f"{get_column_letter(10 + n)}4"].value for n in range(5)) == values


def test_a_list_too_large_to_copy_still_has_its_summary(source: Path, monkeypatch) -> None:
    monkeypatch.setattr("infraplan.io.pages.CELL_LIMIT", 10)
    book = opened(report(source))
    assert book.sheetnames == ["Tóm tắt"]
    text = "\n".join(str(cell.value) for row in book["Tóm tắt"].iter_rows() for cell in row)
    assert "Không sao lại được danh sách" in text


def test_ids_in_the_place_of_rows_are_found_by_their_row(source: Path) -> None:
    fault = Fault("x", rows=("HTH002",), column="name", code="")
    reading = read_of(source, sheets=("BTS",), header_rows=("3",), row_of={"HTH002": "5"})
    reading = type(reading)(**{**vars(reading), "faults": (fault,)})
    path = write_import_report(
        source.with_name("r.xlsx"), source=source, reading=reading, words=words("vi")
    )
    assert coloured(path, PINK) == ["A5"]


def test_hidden_rows_and_columns_stay_hidden(source: Path) -> None:
    book = opened(source)
    book["BTS"].row_dimensions[5].hidden = True
    book["BTS"].column_dimensions["A"].hidden = True
    book.save(source)
    sheet = opened(report(source))["BTS"]
    assert sheet.row_dimensions[5].hidden
    assert sheet.column_dimensions["A"].hidden


def test_the_summary_tells_its_notes_in_the_language_of_the_office(source: Path) -> None:
    notes = (
        Note("notes.of_sheet", sheet="BTS", note=Note("notes.repeated", rows="4, 5")),
        Note("positions.system_recognised", system="x", crs="y", share="1", margin="2"),
    )
    reading = SimpleNamespace(
        **vars(read_of(source, sheets=("BTS",), header_rows=("3",))), notes=notes
    )
    path = source.with_name("notes.xlsx")
    write_import_report(path, source=source, reading=reading, words=words("vi"))
    lines = [str(row[0].value) for row in opened(path).worksheets[0].iter_rows()]
    assert any("Trang tính «BTS»: dòng 4, 5 lặp lại y hệt" in line for line in lines)
    assert not any("khả dĩ" in line for line in lines)
