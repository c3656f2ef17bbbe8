"""Cells and encodings that are broken, endless, or not what they seem."""

from pathlib import Path

import openpyxl
import pytest

from infraplan.api import import_layer
from infraplan.errors import InfraplanError
from infraplan.plan import Plan
from tests.hostile.conftest import Refusal
from tests.hostile.corpus import HEADINGS
from tests.hostile.corpus import ROW
from tests.hostile.corpus import SITE_CSV
from tests.hostile.corpus import SITES_CSV
from tests.hostile.corpus import workbook

FORMULAS = (
    '=HYPERLINK("http://x","y")', "=cmd|'/c calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\tx", "\rx",
)  # fmt: skip


def listed(path: Path, content: str | bytes, heading: str = SITES_CSV) -> Path:
    """Return a CSV file of stations."""
    if isinstance(content, str):
        content = (heading + content).encode("utf-8", "surrogatepass")
    path.write_bytes(content)
    return path


def quoted(text: str) -> str:
    """Return a CSV cell."""
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_in_a_csv_stays_text(tmp_path: Path, plan: Plan, formula: str) -> None:
    row = f"HT001,{quoted(formula)},Viettel,18.36,105.90,4G\n"
    import_layer(plan, "sites", listed(tmp_path / "a.csv", row))
    assert plan.table("sites")["name"].loc["HT001"] == formula.strip()


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_text_like_a_formula_in_a_workbook_stays_text(
    tmp_path: Path, plan: Plan, formula: str
) -> None:
    path = workbook(tmp_path / "a.xlsx", HEADINGS, ROW)
    book = openpyxl.load_workbook(path)
    cell = book.active["B2"]
    cell.value, cell.data_type = formula, "s"
    book.save(path)
    import_layer(plan, "sites", path)
    assert plan.table("sites")["name"].loc["HT001"] == formula.strip()


def test_a_formula_without_result_is_told_with_its_cell(tmp_path: Path, refusal: Refusal) -> None:
    path = workbook(tmp_path / "a.xlsx", HEADINGS, [*ROW[:3], "=18+0.36", *ROW[4:]])
    text = refusal(path, match=r"formulas without results, and were read as empty")
    assert "D2" in text
    assert "=18+0.36" in text
    assert "open the workbook in Excel, save it" in text


@pytest.mark.parametrize(
    "unseen", ["\u202e", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\x00", "\x07", "\x1b"]
)
def test_signs_that_are_not_seen_are_left_out_of_ids_and_names(
    tmp_path: Path, plan: Plan, unseen: str
) -> None:
    row = f"HT{unseen}001,Thạch{unseen} Hà,Viettel,18.36,105.90,4G\n"
    import_layer(plan, "sites", listed(tmp_path / "a.csv", row))
    assert plan.table("sites")["name"].loc["HT001"] == "Thạch Hà"


def test_ids_that_look_alike_are_repeated_ids(tmp_path: Path, refusal: Refusal) -> None:
    rows = SITE_CSV + SITE_CSV.replace("HT001", "HT\u200b001").replace("Viettel", "VNPT")
    refusal(listed(tmp_path / "a.csv", rows), match=r"site_id is repeated .*rows 2, 3")


@pytest.mark.parametrize(
    "content",
    [
        SITES_CSV.encode() + b"HT001,\xff\xfe,Viettel,18.36,105.9,4G\n",
        b"\xff\xfe" + (SITES_CSV + SITE_CSV).encode("utf-16-le") + b"\x41",
        b"\xff\xfe" + SITES_CSV.encode("utf-16-le") + b"\x00\xd8" + SITE_CSV.encode("utf-16-le"),
        b"\xef\xbb\xbf",
        b"\n\n\n",
        b"\x00" * 100,
        bytes(range(256)) * 4,
    ],
)
def test_broken_encodings_never_come_in_silently(
    tmp_path: Path, plan: Plan, content: bytes
) -> None:
    path = listed(tmp_path / "a.csv", content)
    try:
        told = "; ".join(import_layer(plan, "sites", path).notes)
    except InfraplanError as error:
        told = str(error)
    assert told
    assert "a.csv" in told or "encod" in told


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ("HT001," + "x" * 1_000_000 + ",Viettel,18.36,105.9,4G\n", r"quotation mark|too long"),
        ("HT001," + "x" * 100_000 + ",Viettel,18.36,105.9,4G\n", r"name is too long .*100000"),
        ("x" * 300 + ",a,Viettel,18.36,105.9,4G\n", r"site_id is too long .*at most 200"),
        ("HT001,a,Viettel,1e400,105.9,4G\n", r"the coordinate is not .*'1e400'"),
        ("HT001,a,Viettel,inf,105.9,4G\n", r"the coordinate is not .*'inf'"),
        ("HT001,a,Viettel,NaN,105.9,4G\n", r"the position is missing|coordinate is not"),
        ("HT001,a,Viettel,1e308,105.9,4G\n", r"coordinate"),
        ("HT001,a,Viettel," + "9" * 400 + ",105.9,4G\n", r"coordinates are not numbers"),
        (SITE_CSV + SITE_CSV.replace("Viettel", "VNPT"), r"site_id is repeated .*rows 2, 3"),
        ("", r"the layer is empty"),
    ],
)
def test_a_wrong_cell_is_told_with_its_row(
    tmp_path: Path, refusal: Refusal, row: str, match: str
) -> None:
    refusal(listed(tmp_path / "a.csv", row), match=match)


def test_thousands_of_columns_are_told_in_few_words(tmp_path: Path, plan: Plan) -> None:
    heading = SITES_CSV.strip() + ",cột" * 16_378 + "\n"
    done = import_layer(plan, "sites", listed(tmp_path / "a.csv", SITE_CSV, heading))
    assert done.rows_kept == 1
    assert max(map(len, done.notes)) < 1000


def test_more_columns_than_excel_has_are_refused(tmp_path: Path, refusal: Refusal) -> None:
    heading = SITES_CSV.strip() + ",cột" * 20_000 + "\n"
    refusal(listed(tmp_path / "a.csv", SITE_CSV, heading), match=r"20,006 columns")


def test_empty_rows_without_end_are_no_rows(tmp_path: Path, plan: Plan) -> None:
    rows = SITE_CSV + ",,,,,\n" * 150_000
    done = import_layer(plan, "sites", listed(tmp_path / "a.csv", rows))
    assert done.rows_kept == 1


def test_repeated_headings_are_told(tmp_path: Path, plan: Plan) -> None:
    heading = "site_id,operator,operator,latitude,longitude,technologies\n"
    path = listed(tmp_path / "a.csv", "HT001,Viettel,VNPT,18.36,105.9,4G\n", heading)
    done = import_layer(plan, "sites", path)
    assert plan.table("sites")["operator"].loc["HT001"] == "Viettel"
    assert any("operator (2)" in note for note in done.notes)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.gpkg", "a.geojson", "a.shp"])
def test_a_file_of_no_bytes_is_told_as_such(tmp_path: Path, refusal: Refusal, name: str) -> None:
    (tmp_path / name).touch()
    refusal(tmp_path / name, match=r"is empty \(0 bytes\); ask its owner")


def test_a_sheet_without_cells_is_told(tmp_path: Path, refusal: Refusal) -> None:
    refusal(workbook(tmp_path / "a.xlsx"), match=r"no sheet has headings of layer 'sites'")
