"""
Workbooks that people fill in and send back: few open cells, lists to choose from, and a guide.

What identifies a row lies in a hidden column; text from data is written as text, never as a
formula.
"""

import math
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from infraplan import atomic
from infraplan.errors import SourceFileError

__all__ = ["Field", "Form", "write_form"]

FIXED_DATE = datetime(2000, 1, 1)  # noqa: DTZ001 - equal content gives equal bytes
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)  # days that a cell for a date takes
SPARE_ROWS = 300  # empty ones below the table that take the same answers
WIDEST = 40
LINE_HEIGHT = 15.0  # points
GUIDE_WIDTH = 80  # characters
MESSAGE_LENGTH = 255  # of what Excel shows beside a cell
CODES = {
    "text": "@", "whole": "#,##0", "integer": "0", "number": "General", "date": "dd/mm/yyyy",
}  # fmt: skip
A3, A4 = 8, 9  # Excel's numbers of paper
COLUMNS_ON_A4 = 16
BLANK_ROWS = 60  # ready to be filled in, in a form without rows
LONG = 5000  # rows below the table that are held to the rules of their column
NOTE_LETTERS = 44  # a line of a comment


@dataclass(frozen=True, slots=True)
class Field:
    """
    A column of a form.

    `kind` is `text`, `whole`, `integer` (without separators), `number` or `date`. `is_open` columns
    are to be filled in; of `choices`, where there are any, with no other word, unless the column
    `is_free` to take others; of numbers with one from `low` to `high`. `hint` stands beside the
    cell that is being filled in, `note` is a comment on the heading, `example` a value of the row
    that shows how it is done.
    """

    name: str
    heading: str
    kind: str = "text"
    is_open: bool = False
    is_hidden: bool = False
    choices: tuple[str, ...] = ()
    hint: str = ""
    is_required: bool = False
    is_free: bool = False
    low: float | None = None
    high: float | None = None
    note: str = ""
    example: object = None


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """
    A table to be filled in.

    `titles` name the sheets: the table, the guide, the lists. `lines` stand above the table,
    `guide` on a sheet of its own; `warning` comes first of all, empty where there is none. `table`
    holds the columns that are not open. `example` marks, in the first column, the row that shows
    how it is done; empty where there is none.
    """

    titles: tuple[str, str, str]
    lines: tuple[str, ...]
    guide: tuple[str, ...]
    fields: tuple[Field, ...]
    table: pd.DataFrame
    warning: str = ""
    wrong: str = ""
    example: str = ""


def write_form(path: Path, form: Form) -> Path:
    """
    Write a form, whole or not at all.

    Parameters
    ----------
    path
        Target, ending in `.xlsx`.
    form
        What is asked, of which rows.

    Returns
    -------
    path
        The file.

    Raises
    ------
    PlanError
        If the file cannot be written.
    """

    def fill(temporary: Path) -> None:
        """Write all sheets."""
        import xlsxwriter

        options = {"strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(str(temporary), options)
        book.set_properties({"created": FIXED_DATE})
        formats = _formats(book)
        page = book.add_worksheet(form.titles[0])
        head = _write_table(page, form, formats)
        _write_guide(book.add_worksheet(form.titles[1]), form, formats)
        lists = book.add_worksheet(form.titles[2])
        lists.hide()
        last = head + len(form.table) + (LONG if form.example else SPARE_ROWS)
        for number, field in enumerate(form.fields):
            rule = _rule(lists, number, field, form)
            if rule:
                page.data_validation(head + 1, number, last, number, rule)
        book.close()

    def verify(temporary: Path) -> None:
        """Open the file as a reader would and count its rows."""
        import openpyxl

        book = openpyxl.load_workbook(temporary, read_only=True)
        rows = book[form.titles[0]].max_row
        book.close()
        if rows < len(form.table):
            msg = f"{path} came out with {rows} rows for {len(form.table)} of the table"
            raise SourceFileError(msg)

    return atomic.write(path, fill, verify=verify)


def _formats(book: Any) -> dict[str, Any]:  # noqa: ANN401 - xlsxwriter is untyped
    """Return the formats of a form: those of open cells are yellow and have a frame."""
    base = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
    made = {kind: book.add_format({**base, "num_format": code}) for kind, code in CODES.items()}
    is_open = {"bg_color": "#FFF7D6", "border": 1, "border_color": "#C9B458"}
    for kind, code in CODES.items():
        made[f"open_{kind}"] = book.add_format({**base, **is_open, "num_format": code})
    made["title"] = book.add_format({**base, "bold": True, "font_size": 14})
    made["line"] = book.add_format({**base, "text_wrap": True})
    shown = {"italic": True, "font_color": "#7F7F7F", "bg_color": "#EDEDED", "border": 1}
    made["example"] = book.add_format({**base, **shown})
    made["needed"] = book.add_format(
        {**base, "bold": True, "text_wrap": True, "bg_color": "#F4B183", "border": 1}
    )
    made["head"] = book.add_format(
        {**base, "bold": True, "text_wrap": True, "bg_color": "#DCE6F1", "border": 1}
    )
    made["warning"] = book.add_format(
        {**base, "bold": True, "font_color": "#9C0006", "bg_color": "#FFE9A8"}
    )
    return made


def _write_table(page: Any, form: Form, formats: dict[str, Any]) -> int:  # noqa: ANN401 - xlsxwriter
    """Write the sheet that is filled in; return the row of its headings."""
    row = 0
    if form.warning:
        page.write_string(row, 0, form.warning, formats["warning"])
        row += 1
    for number, line in enumerate(form.lines):
        page.write_string(row, 0, line, formats["text" if number else "title"])
        row += 1
    head = row + 1
    page.set_row(head, 3 * LINE_HEIGHT)
    top = head + (1 if form.example else 0)
    last = top + len(form.table)
    for number, field in enumerate(form.fields):
        width = _write_heading(page, (head, number), field, formats)
        if form.example:
            shown = field.example if number else form.example
            width = max(width, _write_cell(page, (top, number), shown, formats["example"]))
        kind = f"open_{field.kind}" if field.is_open else field.kind
        values = [None] * len(form.table) if field.is_open else form.table[field.name].tolist()
        for offset, value in enumerate(values, start=1):
            width = max(width, _write_cell(page, (top + offset, number), value, formats[kind]))
        if field.is_open:
            for below in range(last + 1, last + (BLANK_ROWS if form.example else SPARE_ROWS) + 1):
                page.write_blank(below, number, None, formats[kind])
        options = {"hidden": True} if field.is_hidden else {}
        page.set_column(number, number, min(width, WIDEST), None, options)
    page.freeze_panes(head + 1, 0)
    page.autofilter(head, 0, last, len(form.fields) - 1)
    is_wide = len(form.fields) > COLUMNS_ON_A4
    page.set_landscape()
    page.set_paper(A3 if is_wide else A4)
    page.fit_to_pages(2 if is_wide else 1, 0)
    page.repeat_rows(head)
    return head


def _write_heading(
    page: Any,  # noqa: ANN401 - xlsxwriter
    at: tuple[int, int],
    field: Field,
    formats: dict[str, Any],
) -> int:
    """Write the heading of a column and the comment on it; return how wide the column must be."""
    page.write_string(*at, field.heading, formats["needed" if field.is_required else "head"])
    if field.note:
        lines = math.ceil(len(field.note) / NOTE_LETTERS) + 1
        page.write_comment(*at, field.note, {"width": 300, "height": 16 * lines, "font_size": 9})
    return max(len(field.heading) // 2 + 2, *(len(word) + 3 for word in field.choices), 12)


def _write_cell(page: Any, at: tuple[int, int], value: object, style: object) -> int:  # noqa: ANN401 - xlsxwriter
    """Write one value as what it is; return how wide it shows."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        page.write_blank(*at, None, style)
        return 0
    if isinstance(value, (int, float)):
        page.write_number(*at, value, style)
        return len(f"{value:g}")
    page.write_string(*at, str(value), style)
    return len(str(value)) + 2


def _write_guide(page: Any, form: Form, formats: dict[str, Any]) -> None:  # noqa: ANN401 - xlsxwriter
    """Write how the form is filled in, one sentence or two a row."""
    page.set_column(0, 0, GUIDE_WIDTH)
    page.write_string(0, 0, form.titles[1], formats["title"])
    for row, line in enumerate(form.guide, start=2):
        page.write_string(row, 0, line, formats["line"])
        page.set_row(row, LINE_HEIGHT * math.ceil(len(line) / (1.1 * GUIDE_WIDTH)))
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)


def _rule(lists: Any, number: int, field: Field, form: Form) -> dict[str, Any]:  # noqa: ANN401 - xlsxwriter
    """Return which answers a column takes, its choices written to the sheet of lists."""
    told = {
        "input_title": field.heading[:32],
        "input_message": field.hint[:MESSAGE_LENGTH],
        "error_title": field.heading[:32],
        "error_message": form.wrong[:MESSAGE_LENGTH],
        "error_type": "warning" if field.is_free else "stop",
    }
    from xlsxwriter.utility import xl_col_to_name

    if field.choices:
        lists.write_column(0, number, field.choices)
        column = xl_col_to_name(number)
        source = f"='{form.titles[2]}'!${column}$1:${column}${len(field.choices)}"
        return {"validate": "list", "source": source, **told}
    if field.kind == "date" and field.is_open:
        between = {"criteria": "between", "minimum": EARLIEST, "maximum": LATEST}
        return {"validate": "date", **between, **told}
    if field.low is not None and field.kind in ("integer", "number"):
        kind = "decimal" if field.kind == "number" else "integer"
        rule = {"validate": kind, "criteria": ">=", "value": field.low}
        if field.high is not None:
            rule = {"validate": kind, "minimum": field.low, "maximum": field.high}
        return {"criteria": "between", **rule, **told}
    return {"validate": "any", **told} if field.hint else {}
