"""Rules and prices that the office confirms by a workbook."""

import re

import openpyxl
import pytest

import infraplan as ip
from infraplan.api import confirmation_form
from infraplan.api import take_confirmations
from infraplan.cables.technical import WorkRules
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.plan import create_plan
from infraplan.plan.settings import PlanSettings

BY, ON = "Nguyễn Văn A", "20/11/2026"
COLUMNS = {"answer": 11, "value": 12, "reference": 13, "by": 14, "on": 15}


@pytest.fixture
def plan(tmp_path):
    """Return an empty plan."""
    return create_plan(tmp_path / "plan", PlanSettings(name="thử"))


def answered(plan, tmp_path, **lines):
    """Write the form, answer some lines (`__` for `/`), and return the returned workbook."""
    book = openpyxl.load_workbook(confirmation_form(plan, tmp_path / "form.xlsx"))
    sheet = book.worksheets[0]
    rows = {row[0].value: row[0].row for row in sheet.iter_rows()}
    for line, cells in lines.items():
        for name, value in {"by": BY, "on": ON, **cells}.items():
            sheet.cell(rows[line.replace("__", "/")], COLUMNS[name]).value = value
    book.save(tmp_path / "back.xlsx")
    return tmp_path / "back.xlsx"


def test_a_confirmed_rule_is_verified_and_names_who_and_when(plan, tmp_path):
    take_confirmations(plan, answered(plan, tmp_path, rules__aviation__height_m={"answer": "đúng"}))
    rule = ip.open_plan(plan.folder).configuration("rules")["rules"]["aviation"]
    assert (rule["verified"], rule["confirmed_by"], rule["confirmed_on"]) == (
        True,
        BY,
        "2026-11-20",
    )
    assert rule["thresholds"]["height_m"] == 45


def test_a_changed_price_takes_the_place_of_the_old_one(plan, tmp_path):
    lines = {"actions__new_site": {"answer": "sửa", "value": 1_500_000_000}}
    take_confirmations(plan, answered(plan, tmp_path, **lines))
    price = plan.configuration("actions")["actions"]["new_site"]
    assert (price["price_vnd"], price["verified"]) == (1_500_000_000, True)
    assert price["source"].startswith(f"{BY}, 2026-11-20")


def test_a_rule_of_several_thresholds_needs_an_answer_to_each(plan, tmp_path):
    first = "rules__sharing__gain_share"
    take_confirmations(plan, answered(plan, tmp_path, **{first: {"answer": "sửa", "value": 0.8}}))
    rule = plan.configuration("rules")["rules"]["sharing"]
    assert (rule["verified"], rule["thresholds"]["gain_share"]) == (False, 0.8)


def test_a_rule_that_does_not_apply_ends_on_the_day_before(plan, tmp_path):
    lines = {"rules__slope__slope_deg": {"answer": "không áp dụng"}}
    take_confirmations(plan, answered(plan, tmp_path, **lines))
    assert plan.configuration("rules")["rules"]["slope"]["valid_to"] == "2026-11-19"


def test_lines_at_fault_are_told_and_the_others_kept(plan, tmp_path):
    right = ("rules__aviation__height_m", "rules__completeness", "rules__fall__height_factor")
    lines = {
        **{line: {"answer": "đúng"} for line in right},
        "rules__slope__slope_deg": {"answer": "đúng", "by": None},
        "actions__sharing": {"answer": "sửa"},
        "actions__new_site": {"answer": "sửa", "value": 0},
    }
    found = take_confirmations(plan, answered(plan, tmp_path, **lines))
    assert sorted(found.lines.index) == sorted(line.replace("__", "/") for line in right)
    codes = ["confirm_lacks", "confirm_no_value", "confirm_price_zero"]
    assert sorted(fault.code for fault in found.faults) == codes
    assert all(fault.rows and fault.column for fault in found.faults)


def test_a_second_workbook_adds_to_the_first(plan, tmp_path):
    take_confirmations(plan, answered(plan, tmp_path, rules__aviation__height_m={"answer": "đúng"}))
    (tmp_path / "form.xlsx").unlink()
    second = answered(plan, tmp_path, rules__fall__height_factor={"answer": "đúng"})
    assert len(take_confirmations(plan, second).lines) == 1
    assert len(plan.table("confirmations")) == 2


def test_an_unanswered_workbook_is_refused(plan, tmp_path):
    with pytest.raises(LayerError, match="answers nothing"):
        take_confirmations(plan, answered(plan, tmp_path))


def test_a_form_that_may_hold_answers_is_not_overwritten(plan, tmp_path):
    confirmation_form(plan, tmp_path / "form.xlsx")
    with pytest.raises(PlanError, match="may hold answers"):
        confirmation_form(plan, tmp_path / "form.xlsx")


def test_no_line_of_the_form_is_told_by_the_name_of_a_variable(plan, tmp_path):
    sheet = openpyxl.load_workbook(confirmation_form(plan, tmp_path / "form.xlsx")).worksheets[0]
    told = {cell.value for row in sheet.iter_rows(min_row=5, max_col=4) for cell in row[2:]}
    assert not [text for text in told if text and re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", text)]


def test_a_technical_rule_of_underground_works_is_asked_about_and_confirmed(plan, tmp_path):
    lines = {
        "works__chamber_spacing__most_m": {"answer": "sửa", "value": 110},
        "works__chamber_place": {"answer": "đúng"},
    }
    take_confirmations(plan, answered(plan, tmp_path, **lines))
    rules = WorkRules.from_dict(plan.configuration("works")).rules
    spacing, place = rules["chamber_spacing"], rules["chamber_place"]
    assert (spacing.thresholds["most_m"], spacing.verified) == (110, True)
    assert (place.confirmed_by, place.confirmed_on) == (BY, "2026-11-20")
