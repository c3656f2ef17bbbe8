"""One wrong row never costs the list; what was mended and what is about persons is told or gone."""

from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely

from infraplan import io
from infraplan.errors import LayerError
from infraplan.io.persons import masked_numbers

PLAN = "EPSG:9209"
HEADINGS = ["Mã trạm", "Doanh nghiệp", "Vĩ độ", "Kinh độ", "Chiều cao (m)", "Công nghệ"]


def book(folder: Path, *rows: list[object], headings: list[str] = HEADINGS) -> Path:
    made = openpyxl.Workbook()
    for row in (headings, *rows):
        made.active.append(row)
    made.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def station(name: str, **cells: object) -> list[object]:
    row = dict(zip(HEADINGS, [name, "VNPT", 18.3, 105.9, 40, "4G"], strict=True)) | cells
    return list(row.values())


def read(path: Path, layer: str = "sites", **options: object) -> io.Reading:
    return io.read_layer(path, layer, plan_crs=PLAN, **options)


def test_a_wrong_row_is_set_aside_and_the_others_kept(tmp_path: Path) -> None:
    wrong = station("C", **{"Chiều cao (m)": 999})
    reading = read(book(tmp_path, station("A"), station("B"), wrong))
    assert list(reading.table.index) == ["A", "B"]
    assert (reading.quarantined, reading.quarantined_ids) == (("4",), ("C",))
    assert [(fault.rows, fault.column) for fault in reading.faults] == [(("4",), "Chiều cao (m)")]
    source = reading.source
    assert (source["rows"], source["expected_rows"], source["complete"]) == (2, 3, False)


def test_faults_of_different_kinds_cost_only_their_rows(tmp_path: Path) -> None:
    rows = [station(f"S{n}") for n in range(6)]
    rows += [station("X", **{"Vĩ độ": "x"}), station("Y", **{"Doanh nghiệp": None}), station("S0")]
    reading = read(book(tmp_path, *rows, station("Z", **{"Vĩ độ": 48.0, "Kinh độ": 2.0})))
    assert reading.rows_kept == 6
    assert set(reading.quarantined) == {"8", "9", "11"}
    assert reading.understood.rows_repeated == 1
    assert len(reading.faults) == 3


def test_more_than_half_at_fault_is_a_misunderstanding(tmp_path: Path) -> None:
    wrong = [station(name, **{"Chiều cao (m)": -1}) for name in "CD"]
    with pytest.raises(io.RefusedError) as caught:
        read(book(tmp_path, station("A"), *wrong))
    assert caught.value.reading.quarantined == ("3", "4")
    assert caught.value.faults[0].rows == ("3", "4")
    assert len(read(book(tmp_path, station("A"), station("B"), *wrong)).table) == 2


def test_a_fault_of_the_whole_file_is_told_with_those_of_its_rows(tmp_path: Path) -> None:
    headings = [HEADINGS[0], *HEADINGS[2:]]
    rows = [[name, 18.3, 105.9, 900 if name == "C" else 40, "4G"] for name in "ABC"]
    with pytest.raises(LayerError) as caught:
        read(book(tmp_path, *rows, headings=headings))
    assert {fault.column for fault in caught.value.faults} == {"operator", "Chiều cao (m)"}


def test_rows_of_one_id_are_set_aside_unless_they_are_equal(tmp_path: Path) -> None:
    other = station("B", **{"Vĩ độ": 18.4})
    rows = [station("A"), station("A"), station("B"), other, station("C"), station("D")]
    reading = read(book(tmp_path, *rows))
    assert list(reading.table.index) == ["A", "C", "D"]
    assert set(reading.quarantined) == {"4", "5"}
    assert any(note.startswith("rows 3 repeat another row") for note in reading.notes)
    assert reading.source["expected_rows"] == 5


def test_layers_in_which_a_row_would_leave_a_hole_are_refused_whole(tmp_path: Path) -> None:
    squares = [shapely.box(105.9 + n / 100, 18.3, 105.91 + n / 100, 18.31) for n in range(4)]
    columns = {"code": ["1", "2", "3", "3"], "name": ["A", "B", "C", "D"]}
    gpd.GeoDataFrame(columns, geometry=squares, crs=4326).to_file(tmp_path / "a.gpkg")
    with pytest.raises(LayerError, match="code is repeated"):
        read(tmp_path / "a.gpkg", "communes", vintage="2025-07")


def test_a_corrected_list_reads_as_if_it_had_never_been_wrong(tmp_path: Path) -> None:
    rows = [station(f"S{n}") for n in range(5)]
    clean = read(book(tmp_path, *rows))
    read(book(tmp_path, *rows[:-1], station("S4", **{"Vĩ độ": "?x"})))
    again = read(book(tmp_path, *rows))
    assert again.table.equals(clean.table)
    assert dict(again.source) == dict(clean.source)


def test_requests_keep_their_row_and_lose_the_wrong_cell(tmp_path: Path) -> None:
    wrong = station("R2", **{"Chiều cao (m)": 999})
    lost = station("R3", **{"Vĩ độ": "lỗi"})
    rows = [station(f"R{n}") for n in (1, 4, 5, 6)]
    reading = read(book(tmp_path, *rows, wrong, lost, station(None)), "requests")
    table = reading.table
    assert len(table) == 7
    assert table["height_m"].isna()["R2"]
    assert table.geometry.isna()["R3"]
    assert table.index[-1] == "requests-00008"
    assert reading.quarantined == ()
    assert {fault.rows for fault in reading.faults} == {("6",), ("7",)}


def test_respelled_cells_are_repairs_with_row_and_heading(tmp_path: Path) -> None:
    changed = {"Doanh nghiệp": "Vinaphone", "Chiều cao (m)": "42,5", "Công nghệ": "LTE1800"}
    reading = read(book(tmp_path, station("A", **changed), station("B", **{"Công nghệ": "2G/4G"})))
    told = {(r.row, r.column, r.found, r.taken, r.code) for r in reading.repairs}
    assert told == {
        ("2", "Doanh nghiệp", "Vinaphone", "VNPT", "operator_spelling"),
        ("2", "Chiều cao (m)", "42,5", "42.5", "decimal_comma"),
        ("2", "Công nghệ", "LTE1800", "4G", "technology_spelling"),
    }
    assert reading.understood.rows_mended == 1
    assert reading.understood.decimals == {"Chiều cao (m)": ","}


def test_a_date_in_words_is_a_repair_and_a_date_is_not(tmp_path: Path) -> None:
    import datetime as dt

    headings = ["Mã trạm", "Vĩ độ", "Kinh độ", "Ngày nhận"]
    rows = [["A", 18.3, 105.9, "03/11/2025"], ["B", 18.3, 105.9, dt.datetime(2025, 11, 4)]]  # noqa: DTZ001
    reading = read(book(tmp_path, *rows, headings=headings), "requests")
    assert list(reading.table["received"]) == ["2025-11-03", "2025-11-04"]
    assert [(r.row, r.taken, r.code) for r in reading.repairs] == [("2", "2025-11-03", "date_read")]


@pytest.mark.parametrize(
    ("operator", "kept"), [("Gtel", "Gmobile"), ("Reddi", "Reddi"), ("VTL", "Viettel")]
)
def test_operators_are_spelled_alike_and_unknown_ones_kept(tmp_path, operator, kept) -> None:
    reading = read(book(tmp_path, station("A", **{"Doanh nghiệp": operator})))
    assert reading.table["operator"]["A"] == kept


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("Họ và tên chủ đất", "Nguyễn Văn An"),
        ("SĐT liên hệ", "0912345678"),
        ("Số CMND/CCCD", "042088001234"),
        ("Ghi chú khác", "042088001234"),
        ("Cột 7", 912345678),
        ("Email", "an@example.vn"),
    ],
)
def test_columns_about_persons_are_dropped_and_not_shown(tmp_path, heading, cell) -> None:
    path = book(tmp_path, [*station("A"), cell], headings=[*HEADINGS, heading])
    reading = read(path)
    shown = f"{reading.table.to_csv()}{reading.notes}{reading.repairs}{reading.understood}"
    assert str(cell) not in shown
    assert reading.understood.persons == (heading,)
    assert reading.personal is None
    assert read(path, keep_personal=True).personal[heading]["A"] == str(cell)


def test_a_telephone_number_in_an_address_is_cut_and_told_without_it(tmp_path: Path) -> None:
    headings = [*HEADINGS, "Địa chỉ"]
    row = [*station("A"), "Thôn 3, xã Tây (ĐT: 0912.345.678)"]
    reading = read(book(tmp_path, row, headings=headings))
    assert reading.table["address"]["A"] == "Thôn 3, xã Tây"
    (repair,) = reading.repairs
    assert repair.code == "number_cut"
    assert "345" not in f"{repair}"


@pytest.mark.parametrize("text", ["542681.977", "2028878,62", "HTI0123", "18073", "1.059.057"])
def test_coordinates_and_codes_are_no_telephone_numbers(text: str) -> None:
    assert masked_numbers(text) == text
