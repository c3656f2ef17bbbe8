"""The form of evidence goes out, is filled in as people do, and comes back as a layer."""

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

import infraplan as ip
from infraplan.api import check_layers
from infraplan.api import evidence_form
from infraplan.api import import_layer
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.plan import Plan
from infraplan.plan.results import store_gaps
from tests.coverage.world import CRS
from tests.coverage.world import communes
from tests.coverage.world import coverage_of
from tests.coverage.world import gaps_of
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import inside
from tests.coverage.world import stations
from tests.coverage.world import world

HEAD = 4  # row of the headings, as Excel counts
OPERATOR, FINDING, DAY, SOURCE, HIDDEN = "E", "F", "G", "H", "I"
OPEN = (OPERATOR, FINDING, DAY, SOURCE)


def all_hamlets():
    """Return hamlets of two communes, two of one name and one that would be a formula."""
    table = hamlets(
        H1=("1", ground(600, 600, 1_230, 1_170), 100),
        H2=("1", ground(2_400, 3_000, 2_910, 3_570), 200),
        H3=("2", ground(5_000, 2_000, 5_600, 2_600), 300),
        H4=("1", ground(600, 3_000, 1_200, 3_600), 400),
    )
    names = {"H1": "Thôn 10", "H2": "Thôn 2", "H3": "Thôn 2", "H4": "=1+1"}
    return table.assign(name=[names[key] for key in table.index], commune=None, households=None)


def masts():
    return stations(
        A1=(100, 100, "Viettel", "4G"), B1=(900, 900, "VNPT", "4G"), C1=(50, 50, "MobiFone", "4G")
    )


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    made = ip.init_plan(tmp_path / "plan", crs=CRS)
    tables = {"communes": communes().assign(type="xã"), "hamlets": all_hamlets(), "sites": masts()}
    made.write_tables(tables)
    return made


def filled(form: Path, answers: dict[int, tuple[object, ...]], name: str = "filled.xlsx") -> Path:
    """Return a copy of a form with answers: row below the headings to its open cells."""
    book = openpyxl.load_workbook(form)
    page = book.worksheets[0]
    for row, cells in answers.items():
        for column, value in zip(OPEN, cells, strict=False):
            page[f"{column}{HEAD + row}"] = value
    path = form.with_name(name)
    book.save(path)
    return path


def rows_of(form: Path) -> list[tuple[object, ...]]:
    page = openpyxl.load_workbook(form).worksheets[0]
    values = page.iter_rows(min_row=HEAD, max_col=9, values_only=True)
    return [row for row in values if any(cell is not None for cell in row)]


def test_a_form_has_a_row_for_each_hamlet_by_commune_and_number(plan: Plan) -> None:
    head, *rows = rows_of(evidence_form(plan))
    assert head == (
        "Xã, phường", "Thôn, tổ dân phố", "Hỏi trước", "Dân số", "Nhà mạng",
        "Tình trạng sóng (4G)", "Ngày ghi nhận", "Nguồn thông tin", "Mã thôn",
    )  # fmt: skip
    assert [row[8] for row in rows] == ["H3", "H4", "H2", "H1"]
    assert rows[0][:4] == ("Đông", "Thôn 2", None, 300)
    assert all(cell is None for row in rows for cell in row[4:8])


def test_hamlets_in_gaps_come_first(plan: Plan) -> None:
    layers = world(hamlets=all_hamlets(), sites=masts())
    covered = {("4G", "Viettel"): inside(0, 0, 1_500, 4_800)}
    store_gaps(plan, gaps_of(layers=layers, coverage=coverage_of(covered)), key="k")
    _, *rows = rows_of(evidence_form(plan))
    assert [(row[8], row[2]) for row in rows] == [
        ("H3", "x"), ("H2", "x"), ("H4", None), ("H1", None),
    ]  # fmt: skip


def test_cells_take_words_of_lists_and_the_id_is_hidden(plan: Plan) -> None:
    book = openpyxl.load_workbook(evidence_form(plan))
    page = book.worksheets[0]
    assert [sheet.sheet_state for sheet in book.worksheets] == ["visible", "visible", "hidden"]
    assert page.column_dimensions[HIDDEN].hidden
    assert page["B6"].data_type == "s"  # =1+1 stays a name
    assert page["B6"].value == "=1+1"
    rules = {str(rule.sqref)[0]: rule for rule in page.data_validations.dataValidation}
    assert (rules[OPERATOR].type, rules[FINDING].type, rules[DAY].type) == ("list", "list", "date")
    for column, expected in (
        (OPERATOR, ["MobiFone", "VNPT", "Viettel", "tất cả các mạng"]),
        (FINDING, ["tốt", "chập chờn", "không có"]),
    ):
        cells = book["Danh mục"][rules[column].formula1.split("!")[1].replace("$", "")]
        assert [cell[0].value for cell in cells] == expected
        assert page[f"{column}{HEAD + 20}"].coordinate in rules[column].sqref  # and spare rows


def test_a_filled_form_comes_back_as_the_layer(plan: Plan) -> None:
    answers = {
        1: ("Viettel", "tốt", dt.datetime(2025, 11, 15), "trưởng thôn"),  # noqa: DTZ001 - of Excel
        3: ("tất cả các mạng", "không có", "16/11/2025", None),
        4: ("Vinaphone", "chập chờn", None, None),
    }
    done = import_layer(plan, "evidence", filled(evidence_form(plan), answers))
    table = plan.table("evidence").sort_values("hamlet_id")
    columns = ["hamlet_id", "operator", "finding", "found_on", "source"]
    assert table[columns].astype("object").fillna("").to_numpy().tolist() == [
        ["H1", "VNPT", "unsteady", "", ""],
        ["H2", "any", "none", "2025-11-16", ""],
        ["H3", "Viettel", "good", "2025-11-15", "trưởng thôn"],
    ]
    assert done.rows_kept == 3
    assert any(note.startswith("1 rows without operator and finding") for note in done.notes)
    assert not any("left out: " in note or "also there" in note for note in done.notes)
    assert not check_layers(plan)[0]


def test_an_english_form_comes_back_alike(plan: Plan) -> None:
    form = evidence_form(plan.with_settings(language="en"))
    import_layer(
        plan, "evidence", filled(form, {1: ("all operators", "none"), 2: ("VNPT", "unsteady")})
    )
    table = plan.table("evidence").set_index("hamlet_id")
    assert table["operator"].to_dict() == {"H3": "any", "H4": "VNPT"}
    assert table["finding"].to_dict() == {"H3": "none", "H4": "unsteady"}


def test_forms_of_several_communes_add_up_and_a_corrected_one_replaces(plan: Plan) -> None:
    form = evidence_form(plan)
    import_layer(plan, "evidence", filled(form, {1: ("Viettel", "tốt"), 2: ("VNPT", "tốt")}))
    import_layer(plan, "evidence", filled(form, {3: ("Viettel", "không có")}))
    done = import_layer(plan, "evidence", filled(form, {1: ("Viettel", "chập chờn")}))
    said = plan.table("evidence").set_index(["hamlet_id", "operator"])["finding"].to_dict()
    assert said == {
        ("H3", "Viettel"): "unsteady", ("H4", "VNPT"): "good", ("H2", "Viettel"): "none",
    }  # fmt: skip
    assert done.replaced == "H3"
    sources = plan.table("sources")
    assert sources.loc[sources["layer"] == "evidence", "rows"].tolist() == [3]


def test_rows_added_below_are_known_by_their_names(plan: Plan) -> None:
    form = evidence_form(plan)
    book = openpyxl.load_workbook(filled(form, {1: ("Viettel", "tốt")}))
    page = book.worksheets[0]
    for column, value in zip("ABEF", ("xã Tây", "thôn 2", "Viettel", "tốt"), strict=True):
        page[f"{column}{HEAD + 5}"] = value
    for column in "ABI":  # a second operator of the first hamlet, its row copied
        page[f"{column}{HEAD + 6}"] = page[f"{column}{HEAD + 1}"].value
    page[f"E{HEAD + 6}"], page[f"F{HEAD + 6}"] = "VNPT", "không có"
    book.save(form.with_name("more.xlsx"))
    import_layer(plan, "evidence", form.with_name("more.xlsx"))
    pairs = plan.table("evidence")[["hamlet_id", "operator"]].to_numpy().tolist()
    assert sorted(pairs) == [["H2", "Viettel"], ["H3", "VNPT"], ["H3", "Viettel"]]


def test_wrong_words_and_unknown_hamlets_are_told_with_row_and_column(plan: Plan) -> None:
    form = evidence_form(plan)
    book = openpyxl.load_workbook(filled(form, {1: ("Viettel", "tạm được"), 2: ("VNPT", "tốt")}))
    page = book.worksheets[0]
    page[f"{HIDDEN}{HEAD + 2}"] = "H77"
    page[f"E{HEAD + 3}"] = "VNPT"  # and no finding
    book.save(form.with_name("wrong.xlsx"))
    with pytest.raises(LayerError) as caught:
        import_layer(plan, "evidence", form.with_name("wrong.xlsx"))
    told = str(caught.value).splitlines()[1:]
    assert len(told) == 3
    wrong, empty = (next(t for t in told if f"rows {HEAD + row})" in t) for row in (1, 3))
    assert "column 'Tình trạng sóng (4G)', rows 5" in wrong
    assert "tạm được" in wrong
    assert "finding is empty" in empty
    assert any("column 'Mã thôn', rows 6); found 'H77'" in t for t in told)
    assert "evidence" not in plan.layer_names()


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"B": "Thôn 3"}, "'Thôn 3, Đông' with id H3; expected 'Thôn 2'"),
        ({"A": "Tây"}, "'Thôn 2, Tây' with id H3"),
        ({"A": "Sao Hỏa", "I": None}, "the names mean no hamlet of the plan, or several"),
        ({"A": None, "I": None}, "the names mean no hamlet of the plan, or several"),
        ({"A": None, "B": None, "I": None}, "hamlet_id is empty"),
    ],
)
def test_names_that_are_not_those_of_the_id_are_faults(plan, cells, told) -> None:
    form = evidence_form(plan)
    book = openpyxl.load_workbook(filled(form, {1: ("Viettel", "tốt")}))
    for column, value in cells.items():
        book.worksheets[0][f"{column}{HEAD + 1}"] = value
    book.save(form.with_name("other.xlsx"))
    with pytest.raises(LayerError) as caught:
        import_layer(plan, "evidence", form.with_name("other.xlsx"))
    assert told in str(caught.value)
    assert "rows 5" in str(caught.value)
    assert len(caught.value.faults) == 1


def test_an_operator_without_stations_is_noted(plan: Plan) -> None:
    path = filled(evidence_form(plan), {1: ("Gmobile", "tốt")})
    done = import_layer(plan, "evidence", path)
    assert any(note.startswith("Gmobile: no station") for note in done.notes)
    assert len(plan.table("evidence")) == 1


def test_an_empty_form_and_a_form_that_is_there_are_refused(plan: Plan, tmp_path: Path) -> None:
    form = evidence_form(plan, tmp_path / "phiếu.xlsx")
    with pytest.raises(LayerError, match="the layer is empty"):
        import_layer(plan, "evidence", form)
    with pytest.raises(PlanError, match="may hold answers"):
        evidence_form(plan, form)
    with pytest.raises(SettingsError, match=r"ends in \.xlsx"):
        evidence_form(plan, tmp_path / "form.ods")
    empty = ip.init_plan(tmp_path / "empty", crs=CRS)
    with pytest.raises(PlanError, match="import PLAN hamlets FILE"):
        evidence_form(empty)


def test_statements_on_a_plan_without_hamlets_say_what_to_import_first(plan, tmp_path) -> None:
    path = filled(evidence_form(plan), {1: ("Viettel", "tốt")})
    empty = ip.init_plan(tmp_path / "empty", crs=CRS)
    with pytest.raises(LayerError, match="import the hamlets first"):
        import_layer(empty, "evidence", path)


def test_lists_of_their_own_are_read_as_before(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("evidence_id,hamlet_id,operator,finding\nE1,H1,any,good\nE2,H1,VNPT,none\n")
    import_layer(plan, "evidence", path)
    assert plan.table("evidence")["operator"].to_dict() == {"E1": "any", "E2": "VNPT"}
    path.write_text("evidence_id,hamlet_id,operator,finding\nE1,H2,any,good\n")
    with pytest.raises(LayerError, match="evidence_id is used by another statement"):
        import_layer(plan, "evidence", path)
