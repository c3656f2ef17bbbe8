"""
Tables in a workbook that opens in any Excel and prints on A4.

Text from data is written as text: a station called `=1+1` must not become a formula.
"""

import math
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pandas as pd

from infraplan import atomic
from infraplan.errors import SourceFileError
from infraplan.text import Words

__all__ = [
    "Column",
    "Sheet",
    "cells_told",
    "heading",
    "sheet_name",
    "sheet_names",
    "write_csvs",
    "write_workbook",
]

# Excel's codes; it shows them with the separators of the office's own settings
FORMATS = {
    "text": "@",
    "prose": "@",
    "whole": "#,##0",
    "share": "0.0%",
    "db": "0.0",
    "km": "#,##0.0",
    "rate": "#,##0.00",
    "vnd": "#,##0",
}
FIXED_DATE = datetime(2000, 1, 1)  # noqa: DTZ001 - equal content gives equal bytes
WIDEST = 60
PROSE_WIDTH = 38  # of a column of sentences, which run over several lines
LINE_COLUMNS = 8  # over which a line above the table runs
LINE_LETTERS = 12  # about so many fit the width of a column
LINE_HEIGHT = 15.0  # points
A3, A4 = 8, 9  # Excel's numbers of paper
COLUMNS_ON_A4 = 16
DECIMALS = {"whole": 0, "vnd": 0, "share": 4, "db": 1, "km": 2, "rate": 3}  # in a CSV file
SHOWN_DECIMALS = {"whole": 0, "vnd": 0, "db": 1, "km": 1, "rate": 2}
MAIN_PART = "xl/workbook.xml"  # of a workbook, which names its sheets
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet: where it comes from, its heading, and how it is written."""

    name: str
    heading: str
    kind: str = "text"


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """
    One table on one sheet.

    `lines` stand above the table: what it is, its definition, its source. `total` is a row of the
    same columns below the table, or None.
    """

    title: str
    lines: tuple[str, ...]
    columns: tuple[Column, ...]
    table: pd.DataFrame
    total: dict[str, Any] | None = None


def heading(words: Words, name: str, kind: str = "text", **values: object) -> Column:
    """
    Return a column whose heading is in the catalogue under its own name.

    Parameters
    ----------
    words
        Catalogue.
    name
        Column of the table; what follows a `|` tells columns of one heading apart.
    kind
        How it is written: a key of `FORMATS`.
    **values
        Values of the heading's placeholders.

    Returns
    -------
    column
        The column.
    """
    return Column(name, words(f"reports.head_{name.partition('|')[0]}", **values), kind)


def write_workbook(
    path: Path, sheets: Sequence[Sheet], *, words: Words, is_synthetic: bool = False
) -> Path:
    """
    Write sheets into a workbook, whole or not at all.

    Parameters
    ----------
    path
        Target, ending in `.xlsx`.
    sheets
        Sheets in their order, at least one.
    words
        Catalogue of the office's language.
    is_synthetic
        True where any of it rests on made-up data; every sheet then says so.

    Returns
    -------
    path
        The file; `name (2).xlsx` where the old one is open in Excel.

    Raises
    ------
    PlanError
        If the file cannot be written.
    """

    def fill(temporary: Path) -> None:
        """Write all sheets."""
        import xlsxwriter

        options = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "nan_inf_to_errors": True,
        }
        book = xlsxwriter.Workbook(str(temporary), options)
        book.set_properties({"created": FIXED_DATE})
        formats = _formats(book)
        for sheet in sheets:
            _write_sheet(book, sheet, formats, words, is_synthetic=is_synthetic)
        book.close()

    def verify(temporary: Path) -> None:
        """Read the file and count its sheets."""
        count = len(sheet_names(temporary))
        if count != len(sheets):
            msg = f"{path} came out with {count} of {len(sheets)} sheets"
            raise SourceFileError(msg)

    return atomic.write(path, fill, verify=verify, if_held="rename")


def sheet_names(path: Path) -> list[str]:
    """
    Return the names of the sheets of a workbook, all of which is read.

    Parameters
    ----------
    path
        File, ending in `.xlsx`.

    Returns
    -------
    names
        In the order of the sheets.

    Raises
    ------
    SourceFileError
        If a part of it is damaged, missing, or no XML.
    """
    names: list[str] = []

    def begun(tag: str, attributes: dict[str, str]) -> None:
        """Note a sheet."""
        if tag == "sheet":
            names.append(attributes["name"])

    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.namelist()
            for part in dict.fromkeys([*parts, MAIN_PART]):
                content = archive.read(part)
                if not part.endswith((".xml", ".rels")):
                    continue
                parser = expat.ParserCreate()
                if part == MAIN_PART:
                    parser.StartElementHandler = begun
                parser.Parse(content, True)  # noqa: FBT003 - by place only
            sheets = [part for part in parts if part.startswith("xl/worksheets/sheet")]
    except (zipfile.BadZipFile, zlib.error, KeyError, expat.ExpatError) as error:
        msg = f"{path} came out damaged: {error}"
        raise SourceFileError(msg) from error
    if len(sheets) != len(names):
        msg = f"{path} came out with {len(sheets)} sheets for {len(names)} names"
        raise SourceFileError(msg)
    return names


def write_csvs(
    folder: Path, sheets: Sequence[Sheet], *, words: Words, is_synthetic: bool = False
) -> list[Path]:
    """
    Write each sheet as a CSV file that a Vietnamese Excel opens by double-click.

    Parameters
    ----------
    folder
        Where to write; made where it is not there.
    sheets
        Sheets; the file has the name of the sheet.
    words
        Catalogue of the office's language.
    is_synthetic
        True where any of it rests on made-up data; every file then says so.

    Returns
    -------
    paths
        UTF-8 with byte order mark, `;` between columns, a comma before decimals; title and
        definition come first, each line after a `#`. Shares are between 0 and 1.

    Raises
    ------
    PlanError
        If a file cannot be written.
    """
    names: list[str] = []
    paths = []
    for sheet in sheets:
        names.append(sheet_name(sheet.title, names))
        warning = (words("reports.synthetic"),) if is_synthetic else ()
        text = _csv(sheet, (*warning, sheet.title, *sheet.lines))

        def fill(temporary: Path, text: str = text) -> None:
            """Write one table."""
            temporary.write_bytes(text.encode("utf-8-sig"))

        target = folder / f"{atomic.file_stem(names[-1])}.csv"
        paths.append(atomic.write(target, fill, if_held="rename"))
    return paths


def _csv(sheet: Sheet, lines: Sequence[str]) -> str:
    """Return a sheet below some lines as the text of a CSV file."""
    import csv
    import io

    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    for line in lines:
        writer.writerow([f"# {line}"])
    writer.writerow([_csv_cell(column.heading, "text") for column in sheet.columns])
    rows = [sheet.table[column.name].tolist() for column in sheet.columns]
    kinds = [column.kind for column in sheet.columns]
    for row in zip(*rows, strict=True):
        writer.writerow([_csv_cell(value, kind) for value, kind in zip(row, kinds, strict=True)])
    if sheet.total is not None:
        values = [sheet.total.get(column.name) for column in sheet.columns]
        writer.writerow([_csv_cell(value, kind) for value, kind in zip(values, kinds, strict=True)])
    return written.getvalue()


def _csv_cell(value: Any, kind: str) -> str:  # noqa: ANN401 - what a table holds
    """Return a value as text; what Excel would take for a formula stays text."""
    if _is_blank(value):
        return ""
    if isinstance(value, (bool, str)) or kind == "text":
        text = str(value)
        return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
    return f"{float(value):.{DECIMALS[kind]}f}".replace(".", ",")


def cells_told(sheet: Sheet, words: Words) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """
    Return the headings and cells of a sheet as a reader sees them.

    Parameters
    ----------
    sheet
        The sheet.
    words
        Catalogue of the office's language.

    Returns
    -------
    heads, rows
        Text; the total, where there is one, is the last row. What is not known is empty.
    """
    kinds = [column.kind for column in sheet.columns]
    columns = [sheet.table[column.name].tolist() for column in sheet.columns]
    rows = [*zip(*columns, strict=True)]
    if sheet.total is not None:
        rows.append(tuple(sheet.total.get(column.name) for column in sheet.columns))
    told = tuple(
        tuple(_cell_told(value, kind, words) for value, kind in zip(row, kinds, strict=True))
        for row in rows
    )
    return tuple(column.heading for column in sheet.columns), told


def _cell_told(value: Any, kind: str, words: Words) -> str:  # noqa: ANN401 - what a table holds
    """Return a value as a reader sees it."""
    if _is_blank(value):
        return ""
    if isinstance(value, (bool, str)) or kind == "text":
        return str(value)
    if kind == "share":
        return f"{words.number(100.0 * float(value), 1)} %"
    return words.number(float(value), SHOWN_DECIMALS[kind])


def _is_blank(value: Any) -> bool:  # noqa: ANN401 - what a table holds
    """Return whether there is no value."""
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)  # noqa: PLR0124


def _formats(book: Any) -> dict[str, Any]:  # noqa: ANN401 - xlsxwriter is untyped
    """Return the formats of a workbook."""
    base = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
    made = {kind: book.add_format({**base, "num_format": code}) for kind, code in FORMATS.items()}
    made["prose"].set_text_wrap()
    for kind, code in FORMATS.items():
        made[f"total_{kind}"] = book.add_format(
            {**base, "num_format": code, "bold": True, "top": 1}
        )
    made["title"] = book.add_format({**base, "bold": True, "font_size": 14})
    made["line"] = book.add_format(
        {**base, "italic": True, "font_color": "#444444", "text_wrap": True}
    )
    made["head"] = book.add_format(
        {**base, "bold": True, "text_wrap": True, "bg_color": "#DCE6F1", "border": 1}
    )
    made["warning"] = book.add_format(
        {**base, "bold": True, "font_color": "#9C0006", "bg_color": "#FFE9A8"}
    )
    return made


def _write_sheet(
    book: Any,  # noqa: ANN401 - xlsxwriter is untyped
    sheet: Sheet,
    formats: dict[str, Any],
    words: Words,
    *,
    is_synthetic: bool,
) -> None:
    """Write one sheet: warning, title, lines, headings, rows, total."""
    page = book.add_worksheet(sheet_name(sheet.title, [s.name for s in book.worksheets()]))
    row = 0
    if is_synthetic:
        page.write_string(row, 0, words("reports.synthetic"), formats["warning"])
        row += 1
    page.write_string(row, 0, sheet.title, formats["title"])
    last = max(min(len(sheet.columns), LINE_COLUMNS) - 1, 0)
    for line in sheet.lines:
        row += 1
        if last > 0:
            page.merge_range(row, 0, row, last, "", formats["line"])
        page.write_string(row, 0, line, formats["line"])
        page.set_row(row, LINE_HEIGHT * math.ceil(len(line) / (LINE_LETTERS * (last + 1))))
    head = row + 2
    page.set_row(head, 3 * LINE_HEIGHT)
    for number, column in enumerate(sheet.columns):
        page.write_string(head, number, column.heading, formats["head"])
        width = max(len(column.heading) // 2, 9)
        for offset, value in enumerate(sheet.table[column.name].tolist(), start=1):
            width = max(width, _write_cell(page, head + offset, number, value, column, formats))
        if sheet.total is not None:
            below = head + len(sheet.table) + 1
            total = Column(column.name, "", f"total_{column.kind}")
            _write_cell(page, below, number, sheet.total.get(column.name), total, formats)
        page.set_column(number, number, min(width + 2, WIDEST))
    for offset, height in enumerate(_heights(sheet), start=1):
        page.set_row(head + offset, height)
    page.freeze_panes(head + 1, 1)
    if len(sheet.table) and sheet.columns:
        page.autofilter(head, 0, head + len(sheet.table), len(sheet.columns) - 1)
    page.set_landscape()
    page.set_paper(A3 if len(sheet.columns) > COLUMNS_ON_A4 else A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(head)


def _heights(sheet: Sheet) -> list[float]:
    """Return the height of each row in points; none where no column holds sentences."""
    names = [column.name for column in sheet.columns if column.kind == "prose"]
    texts = sheet.table[names].fillna("").astype(str).to_numpy().tolist() if names else []
    longest = [max(len(text) for text in row) for row in texts]
    return [LINE_HEIGHT * max(math.ceil(size / PROSE_WIDTH), 1) for size in longest]


def _write_cell(
    page: Any,  # noqa: ANN401 - xlsxwriter is untyped
    row: int,
    number: int,
    value: object,
    column: Column,
    formats: dict[str, Any],
) -> int:
    """Write one value as what it is; return how wide it shows."""
    kind = column.kind.removeprefix("total_")
    if _is_blank(value):
        page.write_blank(row, number, None, formats[column.kind])
        return 0
    if isinstance(value, (bool, str)) or kind == "text":
        text = str(value)
        page.write_string(row, number, text, formats[column.kind])
        return min(len(text), PROSE_WIDTH) if kind == "prose" else len(text)
    page.write_number(row, number, float(value), formats[column.kind])  # type: ignore[arg-type]
    return len(f"{float(value):,.0f}") + (2 if kind in ("share", "km", "db", "rate") else 0)  # type: ignore[arg-type]


def sheet_name(title: str, taken: Sequence[str]) -> str:
    """
    Return a name that Excel accepts: short, without its seven barred signs, not taken.

    Parameters
    ----------
    title
        What the sheet is to be called.
    taken
        Names of the other sheets.

    Returns
    -------
    name
        At most 31 letters.
    """
    plain = "".join(" " if sign in "[]:*?/\\'" else sign for sign in title).strip()[:28] or "-"
    name, number = plain, 2
    while name.lower() in {other.lower() for other in taken}:
        name = f"{plain} {number}"
        number += 1
    return name
