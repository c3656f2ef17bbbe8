"""A workbook holds what was put in, as what it is."""

import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from infraplan.errors import SourceFileError
from infraplan.reports import Column
from infraplan.reports import Sheet
from infraplan.reports import write_workbook
from infraplan.reports.workbook import sheet_names
from infraplan.text import words

HOSTILE = ["=1+1", "+A1", "-2", "@SUM(A1)", "=cmd|'/C calc'!A0", "http://example.org", "\tx"]


def sheet_of(values: list[object], kind: str = "text", title: str = "Bảng") -> Sheet:
    columns = (Column("a", "Cột", kind),)
    return Sheet(title, ("định nghĩa",), columns, pd.DataFrame({"a": values}))


def cells_of(path: Path, sheet: int = 0):
    book = openpyxl.load_workbook(path)
    return [
        cell for row in book.worksheets[sheet].iter_rows() for cell in row if cell.value is not None
    ]


def test_no_text_becomes_a_formula_or_a_link(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "x.xlsx", [sheet_of(list(HOSTILE))], words=words("vi"))
    cells = cells_of(path)
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    assert set(HOSTILE) <= {cell.value for cell in cells}


def test_numbers_stay_numbers_and_the_unknown_stays_empty(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path / "x.xlsx", [sheet_of([1.5, float("nan"), 3.0], "share")], words=words("vi")
    )
    numbers = [cell for cell in cells_of(path) if cell.data_type == "n"]
    assert [cell.value for cell in numbers] == [1.5, 3.0]
    assert {cell.number_format for cell in numbers} == {"0.0%"}


def test_synthetic_data_are_said_to_be_on_every_sheet(tmp_path: Path) -> None:
    sheets = [sheet_of(["x"], title="A"), sheet_of(["y"], title="B")]
    path = write_workbook(tmp_path / "x.xlsx", sheets, words=words("vi"), is_synthetic=True)
    for number in range(2):
        assert cells_of(path, number)[0].value == "SỐ LIỆU GIẢ LẬP, KHÔNG DÙNG ĐỂ KÝ"


def test_names_of_sheets_are_read_from_a_whole_file(tmp_path: Path) -> None:
    sheets = [sheet_of(["x"], title="A & <B>"), sheet_of(["y"], title="Bảng")]
    path = write_workbook(tmp_path / "x.xlsx", sheets, words=words("vi"))
    assert sheet_names(path) == openpyxl.load_workbook(path).sheetnames == ["A & <B>", "Bảng"]


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("xl/worksheets/sheet2.xml", None),
        ("xl/workbook.xml", None),
        ("xl/sharedStrings.xml", b"<sst><si>"),
        ("xl/styles.xml", b""),
    ],
)
def test_file_that_lacks_a_part_or_holds_no_xml_is_refused(
    tmp_path: Path, part: str, content: bytes | None
) -> None:
    sheets = [sheet_of(["x"], title="A"), sheet_of(["y"], title="B")]
    path = write_workbook(tmp_path / "x.xlsx", sheets, words=words("vi"))
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "y.xlsx", "w") as new:
        for name in old.namelist():
            if name != part or content is not None:
                new.writestr(name, content if name == part else old.read(name))
    with pytest.raises(SourceFileError, match="came out"):
        sheet_names(tmp_path / "y.xlsx")


def test_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "x.xlsx", [sheet_of(["x"])], words=words("vi"))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SourceFileError, match="came out damaged"):
        sheet_names(path)


def test_damage_to_a_part_that_is_no_xml_is_found_too(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "x.xlsx", [sheet_of(["x"])], words=words("vi"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/media/image1.png", b"picture as it was")
    assert len(sheet_names(path)) == 1
    path.write_bytes(path.read_bytes().replace(b"picture as it was", b"picture as it is."))
    with pytest.raises(SourceFileError, match="came out damaged"):
        sheet_names(path)


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    one, two = (
        write_workbook(tmp_path / f"{n}.xlsx", [sheet_of(["x"])], words=words("vi")) for n in "ab"
    )
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("title", ["a/b:c*?[x]", "x" * 60, "'", "Bảng"])
def test_any_title_makes_a_sheet_that_excel_accepts(tmp_path: Path, title: str) -> None:
    sheets = [sheet_of(["x"], title=title), sheet_of(["y"], title=title)]
    path = write_workbook(tmp_path / "x.xlsx", sheets, words=words("vi"))
    names = openpyxl.load_workbook(path).sheetnames
    assert len(set(names)) == 2
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)
