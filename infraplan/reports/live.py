"""
Workbooks that calculate: cells with formulas and the values that they have now.

A viewer that does not recalculate shows the values; Excel follows a price that somebody changes.
Text from data is written as text and never stands in a formula: rows are found by their numbers.
"""

import math
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from infraplan import atomic
from infraplan.errors import SourceFileError
from infraplan.reports.workbook import sheet_name
from infraplan.reports.workbook import sheet_names
from infraplan.text import Words

__all__ = ["Live", "LiveBook", "LivePage", "write_live"]

FIXED_DATE = datetime(2000, 1, 1)  # noqa: DTZ001 - equal content gives equal bytes
CODES = {
    "text": "@", "prose": "@", "clip": "@", "order": "0",
    "vnd": "#,##0", "whole": "#,##0", "number": "0",
    "quantity": "#,##0.00", "rate": "0.00%", "percent": "0.0%", "years": "#,##0.0",
}  # fmt: skip
LOOKS: dict[str, dict[str, Any]] = {
    "": {},
    "cell_": {"border": 1, "border_color": "#A6A6A6"},
    "open_": {"border": 1, "border_color": "#C9B458", "bg_color": "#FFF7D6"},
    "total_": {"bold": True, "border": 1, "border_color": "#A6A6A6", "bg_color": "#F2F2F2"},
    "loud_": {"bold": True, "font_size": 13},
}
LINE_HEIGHT = 15.0  # points
TEXT_LENGTH = 32_000  # of a cell
A4 = 9  # Excel's number of the paper


@dataclass(frozen=True, slots=True)
class Live:
    """A formula and the value that it has now."""

    formula: str
    value: float | str


class LivePage:
    """A sheet that is filled cell by cell; rows and columns count from 0."""

    def __init__(self, book: "LiveBook", title: str, widths: Sequence[float]) -> None:
        """
        Add a sheet.

        Parameters
        ----------
        book
            Its workbook.
        title
            What it is called; made fit for Excel.
        widths
            Width of each column, in characters.
        """
        self._book = book
        printable = "".join(sign if sign.isprintable() else " " for sign in title)
        self.name = sheet_name(" ".join(printable.split()), book.names)
        book.names.append(self.name)
        self.sheet = book.file.add_worksheet(self.name)
        self.widths = tuple(widths)
        for number, width in enumerate(widths):
            self.sheet.set_column(number, number, width)
        self.sheet.set_landscape()
        self.sheet.set_paper(A4)
        self.sheet.set_margins(left=0.6, right=0.4, top=0.7, bottom=0.6)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.hide_gridlines(2)
        if book.is_synthetic:
            self.sheet.set_header(f'&C&"Times New Roman,Bold"&12{book.warning}')
        page = book.words("money.page")
        self.sheet.set_footer(f'&L&"Times New Roman"&9&A&R&"Times New Roman"&9{page} &P/&N')

    def put(self, row: int, column: int, value: object, look: str = "text") -> str:
        """
        Write a value or a formula.

        Parameters
        ----------
        row
            Row.
        column
            Column.
        value
            Text, number, `Live`, or None for an empty cell with a look.
        look
            Kind of `CODES`, behind `cell_`, `open_`, `total_` or `loud_` for its frame.

        Returns
        -------
        address
            Of the cell, as a formula of any sheet names it.
        """
        style = self._book.look(look)
        if isinstance(value, Live):
            self.sheet.write_formula(row, column, value.formula, style, value.value)
        elif value is None or value != value:  # noqa: PLR0124 - NaN
            self.sheet.write_blank(row, column, None, style)
        elif isinstance(value, str):
            self.sheet.write_string(row, column, value[:TEXT_LENGTH], style)
        else:
            self.sheet.write_number(row, column, float(value), style)  # type: ignore[arg-type]
        return self.at(row, column)

    def at(self, row: int, column: int) -> str:
        """
        Return the address of a cell as a formula of any sheet names it.

        Parameters
        ----------
        row
            Row.
        column
            Column.

        Returns
        -------
        address
            Such as `'Chi tiết'!$B$3`.
        """
        from xlsxwriter.utility import xl_rowcol_to_cell

        return f"'{self.name}'!{xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)}"

    def span(self, first: int, last: int, column: int) -> str:
        """
        Return the address of cells below each other.

        Parameters
        ----------
        first
            First row.
        last
            Last row.
        column
            Column.

        Returns
        -------
        address
            Such as `'Chi tiết'!$B$3:$B$9`.
        """
        return f"{self.at(first, column)}:{self.at(last, column).rpartition('!')[2]}"

    def top(self, title: str, lines: Sequence[str]) -> int:
        """
        Write the warning, the title and sentences below it.

        Parameters
        ----------
        title
            Title.
        lines
            Sentences, each over the whole width.

        Returns
        -------
        row
            The first free row, one left empty.
        """
        row = 0
        if self._book.is_synthetic:
            row = self.line(row, self._book.warning, "warning")
        row = self.line(row, title, "title")
        for line in lines:
            row = self.line(row, line, "line")
        return row + 1

    def line(self, row: int, text: str, look: str) -> int:
        """
        Write a sentence over the whole width.

        Parameters
        ----------
        row
            Row.
        text
            Sentence.
        look
            `warning`, `title`, `line`, `heading` or `note`.

        Returns
        -------
        row
            The next row.
        """
        style = self._book.look(look)
        if len(self.widths) > 1:
            self.sheet.merge_range(row, 0, row, len(self.widths) - 1, "", style)
        self.sheet.write_string(row, 0, text[:TEXT_LENGTH], style)
        size = 1.35 if look == "title" else 1.0
        count = math.ceil(1.1 * size * len(text) / sum(self.widths))
        self.sheet.set_row(row, size * LINE_HEIGHT * max(count, 1) + 2)
        return row + 1

    def heads(self, row: int, headings: Sequence[str], *, is_main: bool = True) -> int:
        """
        Write the headings of a table.

        Parameters
        ----------
        row
            Row.
        headings
            Headings, from the first column on.
        is_main
            Whether they stay in sight and are printed on each page.

        Returns
        -------
        row
            The next row.
        """
        style = self._book.look("head")
        lines = 1
        for column, text in enumerate(headings):
            self.sheet.write_string(row, column, text, style)
            width = self.widths[column] if column < len(self.widths) else 12
            lines = max(lines, math.ceil(1.25 * len(text) / width))
        self.sheet.set_row(row, LINE_HEIGHT * min(lines, 5) + 2)
        if is_main:
            self.sheet.freeze_panes(row + 1, 0)
            self.sheet.repeat_rows(row)
        return row + 1

    def tall(self, row: int, texts: Sequence[tuple[str, int]]) -> None:
        """
        Make a row high enough for its wrapped texts.

        Parameters
        ----------
        row
            Row.
        texts
            Texts with their columns.
        """
        lines = [math.ceil(len(text) / (0.98 * self.widths[column])) for text, column in texts]
        if max(lines, default=1) > 1:
            self.sheet.set_row(row, LINE_HEIGHT * min(max(lines), 12))


class LiveBook:
    """A workbook that is being written."""

    def __init__(self, file: Any, words: Words, *, is_synthetic: bool) -> None:  # noqa: ANN401
        """
        Begin a workbook.

        Parameters
        ----------
        file
            Workbook of xlsxwriter.
        words
            Catalogue of the office's language.
        is_synthetic
            Whether any of it rests on made-up data; every page then says so.
        """
        self.file = file
        self.words = words
        self.is_synthetic = is_synthetic
        self.warning = words("reports.synthetic")
        self.names: list[str] = []
        self._looks: dict[str, Any] = {}

    def look(self, name: str) -> Any:  # noqa: ANN401 - xlsxwriter is untyped
        """
        Return a format.

        Parameters
        ----------
        name
            Kind of `CODES` behind its frame, or one of the looks of lines.

        Returns
        -------
        style
            Format, the same at each call.
        """
        if name not in self._looks:
            base: dict[str, Any] = {
                "font_name": "Times New Roman", "font_size": 11, "valign": "top",
            }  # fmt: skip
            self._looks[name] = self.file.add_format(base | _look(name))
        return self._looks[name]


def write_live(
    path: Path, fill: Callable[[LiveBook], None], *, words: Words, is_synthetic: bool
) -> Path:
    """
    Write a workbook with formulas, whole or not at all.

    Parameters
    ----------
    path
        Target, ending in `.xlsx`.
    fill
        Called with the workbook; adds all sheets.
    words
        Catalogue of the office's language.
    is_synthetic
        Whether any of it rests on made-up data.

    Returns
    -------
    path
        The file; `name (2).xlsx` where the old one is open in Excel.

    Raises
    ------
    PlanError
        If the file cannot be written.
    """
    names: list[str] = []

    def write(temporary: Path) -> None:
        """Write all sheets."""
        import xlsxwriter

        options = {"strings_to_formulas": False, "strings_to_urls": False}
        file = xlsxwriter.Workbook(str(temporary), options)
        file.set_properties({"created": FIXED_DATE})
        file.set_calc_mode("auto")
        book = LiveBook(file, words, is_synthetic=is_synthetic)
        fill(book)
        names.extend(book.names)
        file.close()

    def verify(temporary: Path) -> None:
        """Read the file and compare its sheets."""
        found = sheet_names(temporary)
        if found != names:
            msg = f"{path} came out with {len(found)} of {len(names)} sheets"
            raise SourceFileError(msg)

    return atomic.write(path, write, verify=verify, if_held="rename")


def _look(name: str) -> dict[str, Any]:
    """Return what a look adds to the font of the office."""
    lines: dict[str, dict[str, Any]] = {
        "title": {"bold": True, "font_size": 14, "text_wrap": True},
        "heading": {"bold": True, "font_size": 12, "text_wrap": True},
        "line": {"italic": True, "font_color": "#444444", "text_wrap": True},
        "note": {"text_wrap": True},
        "alert": {"bold": True, "font_color": "#9C0006"},
        "sign": {"bold": True, "align": "center"},
        "signed": {"italic": True, "align": "center"},
        "warning": {"bold": True, "font_color": "#9C0006", "bg_color": "#FFE9A8"},
        "head": {
            "bold": True, "text_wrap": True, "bg_color": "#DCE6F1", "border": 1,
            "align": "center", "valign": "vcenter",
        },
    }  # fmt: skip
    if name in lines:
        return lines[name]
    frame = next(prefix for prefix in reversed(LOOKS) if name.startswith(prefix))
    kind = name.removeprefix(frame)
    more: dict[str, Any] = {"align": "center"} if kind == "order" else {}
    if kind in ("text", "prose", "clip"):
        more = {"indent": 1, "text_wrap": kind != "clip"}
    return {**LOOKS[frame], "num_format": CODES[kind], **more}
