"""Table T8: what it shows, what may be filled in, and that data never becomes a formula."""

import io
from datetime import date
from datetime import datetime

import openpyxl
import pytest

from infraplan.reports.t8 import BATCH_HEADING
from infraplan.reports.t8 import ID_HEADING
from infraplan.reports.t8 import t8_choices
from infraplan.reports.t8 import t8_columns
from infraplan.reports.t8 import t8_workbook
from infraplan.text import words
from tests.reports.batches import HOSTILE
from tests.reports.batches import VI
from tests.reports.batches import appraisal
from tests.reports.batches import hostile
from tests.reports.batches import mixed
from tests.reports.batches import request


def book_of(made, **options):
    return openpyxl.load_workbook(io.BytesIO(t8_workbook(made, VI, **options)))


def rows_of(page):
    """Return the headings' row, and the cells below it by heading."""
    (head,) = [cell.row for cell in page["A"] if cell.value == VI("letters.t8_order")]
    names = [cell.value for cell in page[head]]
    return head, [dict(zip(names, row, strict=True)) for row in page.iter_rows(min_row=head + 1)]


def test_every_request_is_a_row_below_the_shared_headings():
    page = book_of(mixed())["T8"]
    head, rows = rows_of(page)
    assert [cell.value for cell in page[head]] == [column.heading for column in t8_columns(VI)]
    assert [row[ID_HEADING].value for row in rows] == ["R1", "R2", "R3", "R4"]
    assert {row[BATCH_HEADING].value for row in rows} == {"lo"}
    assert rows[0][VI("letters.t8_x_north")].value == pytest.approx(2_030_000)
    assert rows[0][VI("letters.t8_longitude")].value == pytest.approx(105.88, abs=0.01)
    assert rows[3][VI("letters.t8_longitude")].value == VI("common.unknown")


def test_only_the_offices_cells_are_open_and_the_sheet_is_locked():
    page = book_of(mixed())["T8"]
    _, rows = rows_of(page)
    assert page.protection.sheet
    ranges = [d for d in page.column_dimensions.values() if d.hidden]
    hidden = {number for d in ranges for number in range(d.min, d.max + 1)}
    for number, column in enumerate(t8_columns(VI), start=1):
        assert rows[0][column.heading].protection.locked is not column.is_input
        assert (number in hidden) is column.is_hidden


def test_a_decision_is_chosen_from_four_and_a_day_must_be_a_day():
    book = book_of(mixed())
    page = book["T8"]
    rules = {rule.type: rule for rule in page.data_validations.dataValidation}
    listed = [cell.value for cell in book[VI("letters.t8_lists_sheet")]["A"]]
    assert listed == list(t8_choices(VI))
    assert rules["list"].formula1 == "'Danh mục'!$A$1:$A$4"
    assert rules["date"].operator in (None, "between")
    assert book[VI("letters.t8_lists_sheet")].sheet_state == "hidden"


def test_decisions_that_were_taken_are_filled_in():
    row = request(decision="reject", decided_on="2025-11-24", decided_by="Bà B")
    _, (cells,) = rows_of(book_of(appraisal(R1=row))["T8"])
    assert cells[VI("terms.column_decision")].value == "Chưa phù hợp"
    assert cells[VI("terms.column_decided_on")].value == datetime(2025, 11, 24)  # noqa: DTZ001
    assert cells[VI("letters.t8_proposal")].value == "Đủ điều kiện"


def test_no_cell_of_data_is_a_formula_or_a_link():
    book = book_of(hostile())
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]
    _, rows = rows_of(book["T8"])
    assert {HOSTILE[0], HOSTILE[2]} <= {row[VI("letters.t8_name")].value for row in rows}


def test_each_check_of_each_request_is_a_row():
    made = mixed()
    page = book_of(made)[VI("letters.t8_checks_sheet")]
    (head,) = [c.row for c in page["B"] if c.value == VI("letters.check_rule")]
    rows = list(page.iter_rows(min_row=head + 1, values_only=True))
    assert len(rows) == 1 + 6 + 1 + 1
    spacing = next(row for row in rows if row[1] == "Khoảng cách giữa các cột")
    assert spacing[3:5] == (95.0, 300.0)
    assert spacing[-1] == VI("sites.unverified")


def test_synthetic_data_are_named_on_every_sheet_and_on_every_printed_page():
    book = book_of(mixed(synthetic=["sites"]))
    for page in book.worksheets[:3]:
        assert page["A1"].value == VI("reports.synthetic")
        assert VI("reports.synthetic") in page.oddHeader.center.text


def test_the_workbook_bears_its_day_and_equal_input_gives_equal_bytes():
    day = date(2025, 11, 26)
    assert t8_workbook(hostile(), VI, made_on=day) == t8_workbook(hostile(), VI, made_on=day)
    assert book_of(mixed(), made_on=day).properties.created.date() == day


def test_decisions_have_a_word_each_in_both_languages():
    assert all(len(t8_choices(words(name))) == 4 for name in ("vi", "en"))
