"""Blank forms: they offer what `import` takes, and every column is read or said not to be."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import infraplan as ip
from infraplan.api import import_layer
from infraplan.api.lists import commune_names
from infraplan.api.lists import complete_hamlets
from infraplan.api.templates import BlankForm
from infraplan.api.templates import blank_form
from infraplan.api.templates import blank_forms
from infraplan.api.templates import write_template
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.io import read_layer
from infraplan.io.aliases import match_headings
from infraplan.io.aliases import rewritten
from infraplan.layers.schemas import schema
from infraplan.text import words
from tests.coverage.world import CRS
from tests.coverage.world import communes
from tests.coverage.world import stations

FORMS = list(blank_forms().values())
NAMES = [form.id for form in FORMS]
COMMUNES = pd.DataFrame(
    {"name": ["Thành Sen"], "full_name": ["Phường Thành Sen"], "type": ["phường"]}, index=["18073"]
)


def filled(form: BlankForm, path: Path, rows: int = 3) -> Path:
    book = openpyxl.load_workbook(write_template(form, path))
    sheet = book[form.sheet]
    example = next(cell.row for cell in sheet["A"] if cell.value == "Ví dụ")
    key = schema(form.layer).key
    for number in range(1, rows + 1):
        for place, column in enumerate(form.columns, start=1):
            value = number if column.use == "count" else column.example
            value = f"{value}-{number}" if column.column == key else value
            sheet.cell(example + number, place, value)
    book.save(path)
    return path


def read(form: BlankForm, path: Path):
    mend = complete_hamlets(commune_names(COMMUNES)) if form.layer == "hamlets" else None
    return read_layer(path, form.layer, plan_crs="EPSG:9209", mend=mend)


@pytest.mark.parametrize("form", FORMS, ids=NAMES)
def test_a_filled_in_form_is_taken_without_a_fault(form: BlankForm, tmp_path: Path) -> None:
    reading = read(form, filled(form, tmp_path / "f.xlsx"))
    assert len(reading.table) == 3
    assert not getattr(reading, "faults", ())
    for column in form.columns:
        if column.column and column.column != schema(form.layer).key and column.example is not None:
            assert reading.table[column.column].notna().all(), column.heading


@pytest.mark.parametrize("form", FORMS, ids=NAMES)
def test_every_heading_is_understood_as_declared(form: BlankForm) -> None:
    heads = [f"{c.heading} (*)" if c.is_required else c.heading for c in form.columns]
    found = match_headings(heads, form.layer)
    for column, head in zip(form.columns, heads, strict=True):
        if column.column:
            assert found.columns.get(head) == column.column, head
        elif column.position:
            assert found.positions.get(head) == column.position, head
        else:
            meant = found.columns.get(head, "")
            assert schema(form.layer).column(meant) is None, head
            assert head not in found.positions


@pytest.mark.parametrize("form", FORMS, ids=NAMES)
def test_no_heading_of_a_form_is_about_a_person(form: BlankForm) -> None:
    assert not match_headings([column.heading for column in form.columns], form.layer).persons


@pytest.mark.parametrize("form", FORMS, ids=NAMES)
def test_what_a_list_offers_is_what_the_schema_takes(form: BlankForm, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_template(form, tmp_path / "f.xlsx"))
    lists = book["Danh mục"]
    assert lists.sheet_state == "hidden"
    for place, column in enumerate(form.columns, start=1):
        declared = schema(form.layer).column(column.column)
        offered = [cell.value for (cell,) in lists.iter_rows(min_col=place, max_col=place)]
        offered = [value for value in offered if value is not None]
        if declared is None or not (allowed := set(declared.values)) or not offered:
            continue
        frame = pd.DataFrame({column.column: offered}, dtype=object)
        taken = rewritten(frame, form.layer)[column.column]
        assert {part for cell in taken for part in cell.split(";")} <= allowed
        assert column.choices != "schema" or set(taken) == allowed


MADE_HERE = {  # by the commune that a row names; by the number of the row
    ("hamlets", "commune_code"),
    ("cable_survey", "survey_id"),
}


def test_required_columns_of_the_layer_are_asked_for_by_every_form() -> None:
    lacking = [
        (form.id, column.name)
        for form in FORMS
        for column in schema(form.layer).columns
        if column.required
        and column.name not in {asked.column for asked in form.columns}
        and (form.layer, column.name) not in MADE_HERE
    ]
    assert not lacking


def test_a_plan_lends_its_communes_and_operators(tmp_path: Path) -> None:
    plan = ip.init_plan(tmp_path / "plan", crs=CRS)
    sites = stations(A=(900, 900, "Gtel", "4G"))
    plan.write_tables({"communes": communes().assign(type="xã"), "sites": sites})
    path = write_template(blank_form("m1"), plan=plan)
    assert path == plan.folder / "forms" / "m1-tram-bts.xlsx"
    values = {
        cell
        for row in openpyxl.load_workbook(path)["Danh mục"].iter_rows(values_only=True)
        for cell in row
    }
    assert {"xã Tây", "xã Đông", "Gtel", "Viettel", "A2b", "đang hoạt động"} <= values


@pytest.mark.parametrize("name", ["m1", "M1", "sites", "tram", "Trạm", "BTS"])
def test_a_form_is_known_by_its_names(name: str) -> None:
    assert blank_form(name).id == "m1"


def test_a_form_is_named_by_its_layer_too() -> None:
    for form in FORMS:
        if [other.layer for other in FORMS].count(form.layer) == 1:
            assert blank_form(form.layer).id == form.id


def test_an_unknown_form_is_told_which_there_are() -> None:
    with pytest.raises(SettingsError, match=r"there is no form 'm9'; there are .*m1 \(sites\)"):
        blank_form("m9")


def test_a_form_that_is_there_already_is_not_written_over(tmp_path: Path) -> None:
    path = write_template(blank_form("m5"), tmp_path / "f.xlsx")
    with pytest.raises(PlanError, match="may hold answers"):
        write_template(blank_form("m5"), path)
    with pytest.raises(SettingsError, match=r"ends in \.xlsx"):
        write_template(blank_form("m5"), tmp_path / "f.pdf")


def test_an_empty_form_says_that_it_has_no_row(tmp_path: Path) -> None:
    path = write_template(blank_form("m1"), tmp_path / "f.xlsx")
    with pytest.raises(ip.InfraplanError, match="the layer is empty"):
        read_layer(path, "sites", plan_crs="EPSG:9209")


def test_equal_forms_are_equal_files_and_english_ones_have_an_english_guide(tmp_path: Path) -> None:
    form = blank_form("m2")
    first, second = (write_template(form, tmp_path / name) for name in ("a.xlsx", "b.xlsx"))
    assert first.read_bytes() == second.read_bytes()
    told = openpyxl.load_workbook(write_template(form, tmp_path / "c.xlsx", language="en"))
    assert words("en")("templates.guide_sheet") in told.sheetnames


@pytest.mark.parametrize(
    "text",
    [
        "18.3428 105.9057; 18.3431 105.9060",
        "18,3428 105,9057; 18,3431 105,9060",
        "18.3428, 105.9057\n18.3431, 105.9060",
        "(105.9057, 18.3428); (105.9060, 18.3431)",
    ],
)
def test_a_line_is_read_from_one_cell_however_its_points_are_written(tmp_path, text) -> None:
    rows = {"Mã tuyến": ["A"], "Doanh nghiệp": ["VNPT"], "Tọa độ tuyến": [text]}
    pd.DataFrame(rows).to_excel(tmp_path / "t.xlsx", index=False)
    table = read_layer(tmp_path / "t.xlsx", "fibre", plan_crs="EPSG:9209").table
    assert table.geometry.length.iloc[0] == pytest.approx(46.0, abs=1.0)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("18.3428 105.9057", "path_not_read"),
        ("từ cầu đến chợ", "path_not_read"),
        ("2028878 542681; 2028900 542700", "path_crs_not_said"),
    ],
)
def test_a_course_that_is_none_is_told_with_its_row(tmp_path, text, code) -> None:
    rows = {"Mã tuyến": ["A"], "Doanh nghiệp": ["VNPT"], "Tọa độ tuyến": [text]}
    pd.DataFrame(rows).to_excel(tmp_path / "t.xlsx", index=False)
    try:
        reading = read_layer(tmp_path / "t.xlsx", "fibre", plan_crs="EPSG:9209")
        faults = getattr(reading, "faults", ())
    except ip.LayerError as error:
        faults = error.faults
    assert [(fault.code, fault.rows) for fault in faults if fault.code == code] == [(code, ("2",))]


def test_candidates_come_into_a_plan_from_the_form_on_planned_sites(tmp_path: Path) -> None:
    plan = ip.init_plan(tmp_path / "plan")
    import_layer(plan, "candidates", filled(blank_form("m4"), tmp_path / "f.xlsx"))
    assert set(plan.table("candidates")["kind"]) == {"new"}
