"""Lists typed or saved in any encoding become layers in Unicode, and say what was done."""

import unicodedata
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from infraplan import io
from infraplan.errors import SourceFileError
from infraplan.io.decoding import csv_rows
from infraplan.io.texts import settle_text
from infraplan.layers.notes import note_told
from infraplan.text import words
from tests.layers.old_fonts import cp1258
from tests.layers.old_fonts import read_wrongly
from tests.layers.old_fonts import tcvn3
from tests.layers.old_fonts import vni

PLAN = "EPSG:9209"
HEADINGS = ["Mã trạm", "Tên trạm", "Nhà mạng", "Vĩ độ", "Kinh độ", "Địa chỉ"]
ROWS = [
    ["A1", "Thạch Hà", "Viettel", "18.3428", "105.9057", "xóm Đông, xã Thạch Hà"],
    ["A2", "Kỳ Anh", "VNPT", "18.0680", "106.2920", "đường Trần Phú"],
]
LIST = "\r\n".join(";".join(row) for row in (HEADINGS, *ROWS)) + "\r\n"
BYTES = {
    "UTF-8": LIST.encode(),
    "UTF-8 with BOM": LIST.encode("utf-8-sig"),
    "UTF-8, NFD": unicodedata.normalize("NFD", LIST).encode(),
    "UTF-16 with BOM": LIST.encode("utf-16"),
    "UTF-16 LE": LIST.encode("utf-16-le"),
    "UTF-16 BE": LIST.encode("utf-16-be"),
    "cp1258": cp1258(LIST),
    "TCVN3": tcvn3(LIST).encode("latin-1"),
    "VNI": vni(LIST).encode("latin-1"),
    "UTF-8 twice": read_wrongly(LIST.encode()).encode(),
}


def sites(path: Path) -> io.Reading:
    return io.read_layer(path, "sites", plan_crs=PLAN)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def fits(row: list[str]) -> int:
    return sum(cell in ("a", "b") for cell in row)


@pytest.mark.parametrize("encoding", BYTES)
def test_a_csv_file_in_any_encoding_is_read_as_it_was_meant(tmp_path: Path, encoding: str) -> None:
    reading = sites(written(tmp_path / "a.csv", BYTES[encoding]))
    assert list(reading.table["name"]) == ["Thạch Hà", "Kỳ Anh"]
    assert list(reading.table["address"]) == ["xóm Đông, xã Thạch Hà", "đường Trần Phú"]
    assert set(reading.columns) == set(HEADINGS)


def test_the_encoding_and_the_separator_are_told_in_both_languages(tmp_path: Path) -> None:
    notes = sites(written(tmp_path / "a.csv", BYTES["UTF-16 LE"])).notes
    assert "encoding: UTF-16; cells are separated by ';'" in notes
    told = [note_told(note, words("vi")) for note in notes]
    assert "bảng mã: UTF-16; các ô ngăn cách bằng ';'" in told


def test_a_converted_column_is_told_with_examples(tmp_path: Path) -> None:
    notes = sites(written(tmp_path / "a.csv", BYTES["TCVN3"])).notes
    assert any("TCVN3 (ABC)" in note and "Th¹ch Hµ → Thạch Hà" in note for note in notes)
    assert any("headings" in note and "M· tr¹m → Mã trạm" in note for note in notes)


def test_a_workbook_typed_in_an_old_font_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (HEADINGS, *ROWS):
        book.active.append([tcvn3(cell) for cell in row])
    book.save(tmp_path / "a.xlsx")
    assert list(sites(tmp_path / "a.xlsx").table["name"]) == ["Thạch Hà", "Kỳ Anh"]


@pytest.mark.parametrize("encode", [tcvn3, vni], ids=["TCVN3", "VNI"])
def test_a_shapefile_with_an_old_font_is_read(tmp_path: Path, encode: object) -> None:
    frame = gpd.GeoDataFrame(
        {
            "MA_TRAM": ["A1", "A2"],
            "NHA_MANG": ["VNPT"] * 2,
            "TEN": [encode(row[1]) for row in ROWS],
        },
        geometry=[shapely.Point(105.9, 18.34), shapely.Point(106.29, 18.06)],
        crs=4326,
    )
    frame.to_file(tmp_path / "a.shp", encoding="ISO-8859-1")
    (tmp_path / "a.cpg").unlink(missing_ok=True)
    assert list(sites(tmp_path / "a.shp").table["name"]) == ["Thạch Hà", "Kỳ Anh"]


def test_lost_letters_are_a_fault_of_their_rows_and_column(tmp_path: Path) -> None:
    content = LIST.replace("Kỳ Anh", "K\ufffd Anh").encode()
    (fault,) = sites(written(tmp_path / "a.csv", content)).faults
    assert (fault.code, fault.rows, fault.column) == ("lost_letters", ("3",), "Tên trạm")
    assert "K\ufffd Anh" in fault.found


def test_question_marks_within_words_are_told() -> None:
    settled = settle_text(pd.DataFrame({"Xã": ["H? T?nh", "Th?ch Hà"], "Hỏi": ["Có không?", ""]}))
    (note,) = settled.notes
    assert "H? T?nh" in note
    assert "'Xã'" in note


def test_single_cells_that_were_mended_are_told_one_by_one() -> None:
    frame = pd.DataFrame({"Xã": ["Thạch Hà", "Ká»³ Anh", None, 3], "n": [1, 2, 3, 4]})
    settled = settle_text(frame, ("5", "6", "7", "8"))
    (repair,) = settled.repairs
    assert (repair.row, repair.found, repair.taken) == ("6", "Ká»³ Anh", "Kỳ Anh")
    assert list(settled.frame["Xã"]) == ["Thạch Hà", "Kỳ Anh", None, 3]
    assert frame["Xã"][1] == "Ká»³ Anh"


def test_headings_that_would_be_equal_keep_their_names() -> None:
    frame = pd.DataFrame([["a", "b"]], columns=["Xã", unicodedata.normalize("NFD", "Xã")])
    assert list(settle_text(frame).frame.columns) == list(frame.columns)


def test_one_broken_line_does_not_cost_the_file(tmp_path: Path) -> None:
    lines = ["a;b", *(f"Hà Tĩnh {n};x" for n in range(30))]
    content = "\n".join(lines).encode().replace("Hà Tĩnh 7".encode(), b"H\xe0 7")
    found = csv_rows(written(tmp_path / "a.csv", content), fits)
    rows = list(found.rows)
    assert (rows[8][0], rows[9][0]) == ("H\ufffd 7", "Hà Tĩnh 8")
    assert any("lines 9 " in note for note in found.notes)


def test_zero_bytes_are_left_out_and_their_lines_told(tmp_path: Path) -> None:
    found = csv_rows(written(tmp_path / "a.csv", b"a;b\n" + b"1;2\n" * 20 + b"x\0;2\n"), fits)
    assert list(found.rows)[-1] == ["x", "2"]
    assert any("lines 22 " in note for note in found.notes)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"sep=;\r\na,x;b\r\n1;2\r\n", [["a,x", "b"], ["1", "2"]]),
        (b"sep=\t\na\tb\n", [["a", "b"]]),
        (b"a|b\n1,5|2,5\n", [["a", "b"], ["1,5", "2,5"]]),
        (b'a;b\n"x\ny; ""z""";2\n', [["a", "b"], ['x\ny; "z"', "2"]]),
        (b"a;b\n\n1\n1;2;3\n", [["a", "b"], [], ["1"], ["1", "2", "3"]]),
        (b"", []),
    ],
    ids=["sep=;", "sep=tab", "bar", "quoted line end", "uneven", "empty"],
)
def test_the_separator_is_settled(tmp_path: Path, content: bytes, rows: list[list[str]]) -> None:
    assert list(csv_rows(written(tmp_path / "a.csv", content), fits).rows) == rows


@pytest.mark.parametrize("lines", [100, 20_000])
def test_a_quotation_mark_that_is_not_closed_is_told_with_its_line(
    tmp_path: Path, lines: int
) -> None:
    content = b'a;b\n1;2\n"3;4\n' + b"5;6\n7;8\n" * lines
    found = csv_rows(written(tmp_path / "a.csv", content), fits)
    with pytest.raises(SourceFileError, match="begins in line 3 is not closed"):
        list(found.rows)
