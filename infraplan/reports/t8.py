"""
Table T8: a batch of requested sites with proposals, to be decided in Excel and read back.

What is filled in is headed as the register calls it, so that it is read back as any list is. Text
from data is written as text, never as a formula; cells that are not to be filled in are locked.
"""

import io
import math
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from typing import Any

from infraplan.layers.told import column_told
from infraplan.reports.appraised import Batch
from infraplan.reports.appraised import Requested
from infraplan.reports.appraised import tidy
from infraplan.reports.paper import moment
from infraplan.sites.reasons import PROPOSALS
from infraplan.sites.wording import finding_told
from infraplan.sites.wording import phrase
from infraplan.sites.wording import rule_told
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.sites import Appraisal

__all__ = ["BATCH_HEADING", "ID_HEADING", "T8Column", "t8_choices", "t8_columns", "t8_workbook"]

ID_HEADING, BATCH_HEADING = "request_id", "batch"  # of the two hidden columns, in any language
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)  # days that a cell for a date takes
LINE_HEIGHT = 15.0  # points
GUIDE_WIDTH = 80  # characters
MESSAGE_LENGTH, TITLE_LENGTH = 255, 32  # of what Excel shows beside a cell
LONGEST = 32_000  # characters that a cell takes
MOST_LINES = 25  # Excel's rows are no higher
A3, A4 = 8, 9  # Excel's numbers of paper
CODES = {
    "text": "@", "whole": "#,##0", "share": "0%", "degrees": "0.000000", "metres": "#,##0.0",
    "number": "General", "date": "dd/mm/yyyy",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class T8Column:
    """
    A column of T8: field of the register or of the table, its heading, how it is written.

    `is_input` columns are filled in by the office; `is_hidden` ones identify the row.
    """

    name: str
    heading: str
    kind: str = "text"
    width: int = 14
    is_input: bool = False
    is_hidden: bool = False


COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("order", "whole", 5),
    ("operator", "text", 11),
    ("code", "text", 18),
    ("name", "text", 20),
    ("commune", "text", 14),
    ("longitude", "degrees", 12),
    ("latitude", "degrees", 12),
    ("x_north", "metres", 13),
    ("y_east", "metres", 12),
    ("mast", "text", 11),
    ("technologies", "text", 10),
    ("people", "text", 18),
    ("overlap_share", "share", 9),
    ("nearest_m", "whole", 10),
    ("nearest_operator", "text", 12),
    ("sharing", "text", 26),
    ("planned", "text", 12),
    ("warnings", "text", 26),
    ("proposal", "text", 20),
    ("reason", "text", 56),
)
INPUTS: tuple[tuple[str, str, int], ...] = (
    ("decision", "text", 22),
    ("decided_by", "text", 18),
    ("decided_on", "date", 13),
    ("decision_reason", "text", 34),
    ("field_check", "text", 34),
)
CHECKS: tuple[tuple[str, str, int], ...] = (
    ("code", "text", 18),
    ("rule", "text", 26),
    ("outcome", "text", 22),
    ("value", "number", 12),
    ("limit", "number", 12),
    ("margin", "number", 12),
    ("unit", "text", 12),
    ("told", "text", 60),
    ("legal_reference", "text", 40),
    ("source", "text", 60),
    ("confirmed", "text", 18),
)


def t8_columns(words: Words) -> tuple[T8Column, ...]:
    """
    Return the columns of T8 in their order.

    Parameters
    ----------
    words
        Catalogue of the office's language.

    Returns
    -------
    columns
        Those that are shown, those that are filled in, and the two hidden ones at the end.
    """
    shown = [
        T8Column(name, words(f"letters.t8_{name}"), kind, width) for name, kind, width in COLUMNS
    ]
    inputs = [
        T8Column(name, column_told(name, words), kind, width, is_input=True)
        for name, kind, width in INPUTS
    ]
    hidden = [T8Column(name, name, is_hidden=True) for name in (ID_HEADING, BATCH_HEADING)]
    return (*shown, *inputs, *hidden)


def t8_choices(words: Words) -> dict[str, str]:
    """
    Return the words in which the office decides.

    Parameters
    ----------
    words
        Catalogue of the office's language.

    Returns
    -------
    choices
        Decision of the register by what is chosen in the cell.
    """
    return {words(f"sites.{decision}"): decision for decision in PROPOSALS}


def t8_workbook(appraisal: "Appraisal", words: Words, *, made_on: date | None = None) -> bytes:
    """
    Return table T8 of a batch as a workbook.

    Parameters
    ----------
    appraisal
        Result.
    words
        Catalogue of the office's language.
    made_on
        Day in the properties of the file; a fixed one where None.

    Returns
    -------
    content
        A workbook: the table with cells to fill in, every check of every request, and a guide.
    """
    import xlsxwriter

    batch = Batch.of(appraisal, words)
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(stream, options)
    book.set_properties({"title": words("letters.t8_title"), "created": moment(made_on)})
    formats = _formats(book)
    warning = words("reports.synthetic") if batch.is_synthetic else ""
    page = book.add_worksheet(words("letters.t8_sheet"))
    checks = book.add_worksheet(words("letters.t8_checks_sheet"))
    guide = book.add_worksheet(words("letters.t8_guide_sheet"))
    lists = book.add_worksheet(words("letters.t8_lists_sheet"))
    _write_table(page, batch, words, formats, warning)
    _write_checks(checks, batch, words, formats, warning)
    _write_guide(guide, words, formats, warning)
    lists.write_column(0, 0, list(t8_choices(words)))
    lists.hide()
    book.close()
    return stream.getvalue()


def _formats(book: Any) -> dict[str, Any]:  # noqa: ANN401 - xlsxwriter is untyped
    """Return the formats of the workbook: open cells are yellow and not locked."""
    base = {"font_name": "Times New Roman", "font_size": 11, "valign": "top", "text_wrap": True}
    is_open = {"bg_color": "#FFF7D6", "border": 1, "border_color": "#C9B458", "locked": False}
    made = {
        kind: book.add_format({**base, "num_format": code, "border": 1, "border_color": "#BFBFBF"})
        for kind, code in CODES.items()
    }
    for kind, code in CODES.items():
        made[f"open_{kind}"] = book.add_format({**base, **is_open, "num_format": code})
    made["title"] = book.add_format({**base, "bold": True, "font_size": 14, "text_wrap": False})
    made["line"] = book.add_format({**base, "italic": True, "text_wrap": False})
    made["guide"] = book.add_format(base)
    made["head"] = book.add_format({**base, "bold": True, "bg_color": "#DCE6F1", "border": 1})
    made["open_head"] = book.add_format({**base, "bold": True, "bg_color": "#FFE08A", "border": 1})
    made["warning"] = book.add_format(
        {**base, "bold": True, "font_color": "#9C0006", "bg_color": "#FFE9A8", "text_wrap": False}
    )
    return made


def _write_heads(page: Any, lines: Sequence[str], formats: dict[str, Any], warning: str) -> int:  # noqa: ANN401
    """Write the warning, the title and the lines below it; return the row of the headings."""
    row = 0
    if warning:
        page.write_string(row, 0, warning, formats["warning"])
        page.set_header(f"&C&B{warning}")
        row += 1
    for number, line in enumerate(lines):
        page.write_string(row, 0, line, formats["line" if number else "title"])
        row += 1
    return row + 1


def _write_table(
    page: Any,  # noqa: ANN401 - xlsxwriter is untyped
    batch: Batch,
    words: Words,
    formats: dict[str, Any],
    warning: str,
) -> None:
    """Write the table with its open cells."""
    about = words(
        "letters.t8_about",
        batch=batch.name,
        letter=batch.letter or words("letters.not_stated"),
        received=batch.received or words("letters.not_stated"),
        system=batch.system,
    )
    lines = [words("letters.t8_title"), about, words("letters.t8_line")]
    head = _write_heads(page, lines, formats, warning)
    columns = t8_columns(words)
    page.set_row(head, 3.5 * LINE_HEIGHT)
    last = head + max(len(batch.rows), 1)
    for number, column in enumerate(columns):
        style = "open_head" if column.is_input else "head"
        page.write_string(head, number, column.heading, formats[style])
        options = {"hidden": True} if column.is_hidden else {}
        page.set_column(number, number, column.width, None, options)
        rule = _rule(column, words)
        if rule:
            page.data_validation(head + 1, number, last, number, rule)
    for offset, row in enumerate(batch.rows, start=1):
        values = _values(offset, row, batch, words)
        for number, column in enumerate(columns):
            style = formats[f"open_{column.kind}" if column.is_input else column.kind]
            _write_cell(page, (head + offset, number), values[column.name], style)
        shown = [(values[c.name], c.width) for c in columns if not c.is_hidden]
        page.set_row(head + offset, LINE_HEIGHT * _lines_of(shown))
    page.autofilter(head, 0, last, len(columns) - 3)
    page.freeze_panes(head + 1, 3)
    page.protect("", {"format_columns": True, "format_rows": True, "sort": True,
                      "autofilter": True, "format_cells": True})  # fmt: skip
    page.set_landscape()
    page.set_paper(A3)
    page.fit_to_pages(2, 0)
    page.repeat_rows(head)
    page.repeat_columns(0, 2)


def _lines_of(cells: Iterable[tuple[Any, int]]) -> int:
    """Return how many lines the longest text of a row runs over, of values and widths."""
    longest = max(
        sum(max(math.ceil(1.05 * len(line) / width), 1) for line in value.splitlines())
        for value, width in cells
        if isinstance(value, str)
    )
    return min(max(longest, 1), MOST_LINES)


def _values(order: int, row: Requested, batch: Batch, words: Words) -> dict[str, Any]:
    """Return the cells of a request by column."""
    decided_on = _date(row.decided_on)
    known = {name: getattr(row, name) for name, _, _ in (*COLUMNS, *INPUTS) if hasattr(row, name)}
    numbers = {**known, "x_north": row.north_m, "y_east": row.east_m}
    unknown = words("common.unknown")
    return {
        **{
            name: unknown if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in numbers.items()
        },
        "order": order,
        "proposal": phrase(words, f"sites.{row.proposal}", row.proposal),
        "reason": "\n".join(f"{n}. {told}" for n, told in enumerate(row.reasons, start=1)),
        "decision": phrase(words, f"sites.{row.decision}", row.decision),
        "decided_on": row.decided_on if decided_on is None else decided_on,
        ID_HEADING: row.request_id,
        BATCH_HEADING: batch.name,
    }


def _date(text: str) -> date | None:
    """Return the day that a text says, None where it says none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _write_cell(page: Any, at: tuple[int, int], value: Any, style: Any) -> None:  # noqa: ANN401
    """Write one value as what it is; what is not known stays blank."""
    if isinstance(value, date):
        page.write_datetime(*at, moment(value), style)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if math.isfinite(value):
            page.write_number(*at, value, style)
        else:
            page.write_blank(*at, None, style)
    elif value in (None, ""):
        page.write_blank(*at, None, style)
    else:
        page.write_string(*at, str(value)[:LONGEST], style)


def _rule(column: T8Column, words: Words) -> dict[str, Any]:
    """Return which answers an open column takes."""
    if not column.is_input:
        return {}
    told = {
        "input_title": column.heading[:TITLE_LENGTH],
        "input_message": words(f"letters.hint_{column.name}")[:MESSAGE_LENGTH],
        "error_title": column.heading[:TITLE_LENGTH],
        "error_message": words("letters.t8_wrong")[:MESSAGE_LENGTH],
    }
    if column.name == "decision":
        # a comma inside a decision would part it in two in a list written here
        source = f"='{words('letters.t8_lists_sheet')}'!$A$1:$A${len(PROPOSALS)}"
        return {"validate": "list", "source": source, **told}
    if column.kind == "date":
        between = {"criteria": "between", "minimum": EARLIEST, "maximum": LATEST}
        return {"validate": "date", **between, **told}
    return {"validate": "any", **told}


def _write_checks(
    page: Any,  # noqa: ANN401 - xlsxwriter is untyped
    batch: Batch,
    words: Words,
    formats: dict[str, Any],
    warning: str,
) -> None:
    """Write a row for every check of every request."""
    lines = [words("letters.t8_checks_title"), words("letters.t8_checks_line")]
    head = _write_heads(page, lines, formats, warning)
    for number, (name, _, width) in enumerate(CHECKS):
        page.write_string(head, number, words(f"letters.check_{name}"), formats["head"])
        page.set_column(number, number, width)
    line = head
    for row in batch.rows:
        for one in row.findings:
            line += 1
            cells = _check(row, one, words)
            for number, (name, kind, _) in enumerate(CHECKS):
                _write_cell(page, (line, number), cells[name], formats[kind])
            shown = [(cells[name], width) for name, _, width in CHECKS]
            page.set_row(line, LINE_HEIGHT * _lines_of(shown))
    page.autofilter(head, 0, max(line, head + 1), len(CHECKS) - 1)
    page.freeze_panes(head + 1, 2)
    page.set_landscape()
    page.set_paper(A3)
    page.fit_to_pages(1, 0)
    page.repeat_rows(head)


def _check(row: Requested, finding: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """Return the cells of one check."""
    unit, outcome = tidy(finding.get("unit")), tidy(finding.get("outcome"))
    return {
        "code": row.code,
        "rule": rule_told(finding, words),
        "outcome": phrase(words, f"sites.outcome_{outcome}", outcome),
        **{name: finding.get(name) for name in ("value", "limit", "margin")},
        "unit": phrase(words, f"letters.unit_{unit.replace(' ', '_')}", unit),
        "told": tidy(finding_told(finding, words)),
        "legal_reference": tidy(finding.get("legal_reference")),
        "source": tidy(finding.get("source")),
        "confirmed": words(
            "letters.confirmed" if finding.get("verified") is True else "sites.unverified"
        ),
    }


def _write_guide(page: Any, words: Words, formats: dict[str, Any], warning: str) -> None:  # noqa: ANN401
    """Write how the table is filled in and handed back, a sentence or two a row."""
    page.set_column(0, 0, GUIDE_WIDTH)
    row = _write_heads(page, [words("letters.t8_guide_sheet")], formats, warning)
    choices, decision = "; ".join(t8_choices(words)), column_told("decision", words)
    for number in range(1, 8):
        line = words(f"letters.t8_guide_{number}", choices=choices, column=decision)
        page.write_string(row, 0, line, formats["guide"])
        page.set_row(row, LINE_HEIGHT * math.ceil(1.1 * len(line) / GUIDE_WIDTH))
        row += 1
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)
