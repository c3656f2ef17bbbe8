"""
Workbooks as offices keep them: which sheets hold the list, merged cells, hidden rows and columns.

Cells are streamed, so that a million rows do not stand in memory as lists. Streaming tells nothing
of merged cells and hidden rows; these are looked for in the bytes of the sheet, in one pass that
unpacks but does not parse, which costs a few per cent of reading the cells.
"""

import re
import warnings
import zipfile
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.errors import SourceFileError
from infraplan.io.aliases import match_headings
from infraplan.io.formulas import uncomputed
from infraplan.io.guards import check_archive
from infraplan.io.guards import counted_rows
from infraplan.io.guards import foreign_parser
from infraplan.io.lists import HEAD_ROWS
from infraplan.io.lists import Merge
from infraplan.io.lists import Sheet
from infraplan.io.lists import table_of
from infraplan.io.lists import understood
from infraplan.io.pages import page_of
from infraplan.io.texts import settle_headings
from infraplan.layers.notes import Note

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

__all__ = ["sheet_of_workbook"]

CHUNK = 1 << 20  # bytes of a sheet looked at at a time
MERGE_LIMIT = 100_000
KEPT_CELLS = 400_000  # of a sheet, up to which its rows are kept for the report to its owner
HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\bhidden="(?:1|true)"[^>]*>')
HIDDEN_COLUMN = re.compile(rb'<(?:\w+:)?col\b[^>]*?\bhidden="(?:1|true)"[^>]*>')
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)"')
NUMBER = re.compile(rb'\br="(\d+)"')
SPAN = re.compile(rb'\b(min|max)="(\d+)"')


@dataclass(slots=True)
class _Structure:
    """What a sheet's cells do not tell: merged cells, hidden rows and columns, counted from 1."""

    merges: list[Merge] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Kept:
    """Rows of a sheet as they stand; none where they are too many to be kept."""

    rows: list[Sequence[Any]] = field(default_factory=list)
    cells: int = 0

    def passed(self, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """Yield rows and keep them."""
        for row in rows:
            self.cells += len(row)
            if self.cells <= KEPT_CELLS:
                self.rows.append(row)
            elif self.rows:
                self.rows = []
            yield row


def sheet_of_workbook(path: Path, layer: str) -> Sheet:
    """
    Return the list that a workbook holds.

    Parameters
    ----------
    path
        Workbook that `checked_path` returned.
    layer
        Name of the layer.

    Returns
    -------
    sheet
        Rows of the sheet whose headings fit best, and of all others with the same headings: one
        for each operator or district. Rows are then called `Sheet!12`.

    Raises
    ------
    SourceFileError
        If the workbook is damaged, or no sheet has headings of the layer.
    """
    check_archive(path)
    notes = []
    if path.with_name(f"~${path.name}").exists():
        notes.append(Note("notes.open_in_excel", file=path.name))
    with _opened(path) as sheets:
        chosen, others = _chosen(sheets, layer, path)
        read = [_read(sheet, layer, path, len(chosen) == 1) for sheet in chosen]
    if others:
        named = ", ".join(sheet.name for sheet in read)
        notes.append(Note("notes.other_sheets", sheet=named, others=", ".join(others)))
    return _joined(read, tuple(notes), layer)


@contextmanager
def _opened(path: Path) -> Iterator[list["ReadOnlyWorksheet"]]:
    """Yield the visible sheets of a workbook that is read row by row."""
    import openpyxl

    with path.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of buttons and the like, which we skip
        with foreign_parser(path, "workbook"):
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            for sheet in sheets:
                sheet.reset_dimensions()  # what programs write there is often wrong
        yield sheets
        book.close()


def _rows(
    sheet: "ReadOnlyWorksheet", path: Path, kept: "_Kept | None" = None
) -> Iterator[Sequence[Any]]:
    """Yield the rows of a sheet that are there, not those that it claims to have."""
    rows = sheet.iter_rows(values_only=True)
    with foreign_parser(path, "workbook"):
        yield from counted_rows(path, kept.passed(rows) if kept else rows)


def _chosen(
    sheets: Sequence["ReadOnlyWorksheet"], layer: str, path: Path
) -> tuple[list["ReadOnlyWorksheet"], list[str]]:
    """Return the sheets to be read together, and the names of others that have headings too."""
    meanings = {sheet.title: _meanings(sheet, layer, path) for sheet in sheets}
    best = max(meanings.values(), key=len, default=frozenset())
    if not best:
        msg = (
            f"{path}: no sheet has headings of layer '{layer}'; "
            f"see which it takes with: infraplan schema {layer}"
        )
        raise SourceFileError(msg, code="no_headings", file=path.name, layer=layer, schema=layer)
    first = next(sheet for sheet in sheets if len(meanings[sheet.title]) == len(best))
    alike = meanings[first.title]
    chosen = [sheet for sheet in sheets if meanings[sheet.title] == alike and len(alike) > 1]
    chosen = chosen or [first]
    titles = {sheet.title for sheet in chosen}
    return chosen, [title for title, found in meanings.items() if found and title not in titles]


def _meanings(sheet: "ReadOnlyWorksheet", layer: str, path: Path) -> frozenset[str]:
    """Return what the row of a sheet with the most headings means; it begins a list if any."""
    rows = list(islice(_rows(sheet, path), HEAD_ROWS))
    if not rows:
        return frozenset()
    best = max(rows, key=lambda row: understood(row, layer))
    found = match_headings(filter(None, settle_headings(best)[0]), layer)
    return frozenset((*found.columns.values(), *found.positions.values(), *found.ticks.values()))


def _read(sheet: "ReadOnlyWorksheet", layer: str, path: Path, is_one: bool) -> Sheet:  # noqa: FBT001 - of this module
    """Return the list of one sheet."""
    part = sheet._worksheet_path  # noqa: SLF001 - openpyxl has no other way
    structure = _structure(path, part)
    kept = _Kept()
    rows_ = _rows(sheet, path, kept)
    table = table_of(path, rows_, layer, name=sheet.title, merges=structure.merges)
    rows, columns = _hidden(structure, table)
    notes = table.notes
    if not is_one:
        notes = tuple(Note("notes.of_sheet", sheet=sheet.title, note=note) for note in notes)
    faults = uncomputed(path, part, table.rows)
    with foreign_parser(path, "workbook"):
        pages = (page_of(path, sheet, kept.rows),) if kept.rows else ()
    return replace(
        table,
        notes=notes,
        hidden_rows=rows,
        hidden_columns=columns,
        faults=faults,
        pages=pages,
    )


def _hidden(structure: _Structure, table: Sheet) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return rows and headings of a list that are hidden."""
    rows = tuple(row for row in table.rows if int(row) in structure.hidden_rows)
    (places,) = table.column_numbers.values()
    return rows, tuple(name for name, place in places.items() if place in structure.hidden_columns)


def _structure(path: Path, entry: str) -> _Structure:
    """Return merged cells, hidden rows and columns, found in the bytes of a sheet."""
    from openpyxl.utils import column_index_from_string

    found = _Structure()
    with zipfile.ZipFile(path) as archive, archive.open(entry.lstrip("/")) as stream:
        rest = b""
        while True:
            chunk = stream.read(CHUNK)
            cut = (rest + chunk).rpartition(b"<") if chunk else (rest, b"", b"")
            data, rest = cut[0], cut[1] + cut[2]
            for tag in HIDDEN_ROW.findall(data):
                found.hidden_rows.update(map(int, NUMBER.findall(tag)))
            for tag in HIDDEN_COLUMN.findall(data):
                ends = {name: int(value) for name, value in SPAN.findall(tag)}
                low, high = ends.get(b"min", 0), min(ends.get(b"max", 0), 16_384)
                found.hidden_columns.update(range(low, high + 1))
            for left, top, right, bottom in MERGED.findall(data):
                if len(found.merges) < MERGE_LIMIT:
                    first, last = (
                        column_index_from_string(name.decode()) for name in (left, right)
                    )
                    found.merges.append(Merge(int(top), first, int(bottom), last))
            if not chunk:
                return found


def _joined(read: Sequence[Sheet], notes: tuple[str, ...], layer: str) -> Sheet:
    """Return several sheets as one list, whose rows are called `Sheet!12`."""
    if len(read) == 1:
        return replace(read[0], notes=(*notes, *read[0].notes))
    names = ", ".join(f"'{sheet.name}' ({len(sheet.rows)})" for sheet in read)
    heads = _common_headings(read, layer)
    frames = [sheet.frame.rename(columns=heads[sheet.name]) for sheet in read]
    counts = [len(sheet.rows) for sheet in read]
    implied = {
        column: [
            value
            for sheet, count in zip(read, counts, strict=True)
            for value in sheet.implied.get(column, [""] * count)
        ]
        for column in dict.fromkeys(name for sheet in read for name in sheet.implied)
    }
    return Sheet(
        frame=pd.concat(frames, ignore_index=True),
        rows=tuple(f"{sheet.name}!{row}" for sheet in read for row in sheet.rows),
        notes=(
            *notes,
            Note("notes.sheets_together", names=names),
            *(note for sheet in read for note in sheet.notes),
        ),
        sheets=tuple(sheet.name for sheet in read),
        header_rows=tuple(f"{sheet.name}!{row}" for sheet in read for row in sheet.header_rows),
        column_numbers={
            name: {heads[name].get(label, label): place for label, place in places.items()}
            for sheet in read
            for name, places in sheet.column_numbers.items()
        },
        implied=implied,
        repairs=tuple(
            replace(repair, row=f"{sheet.name}!{repair.row}")
            for sheet in read
            for repair in sheet.repairs
        ),
        between=tuple(f"{sheet.name}!{row}" for sheet in read for row in sheet.between),
        hidden_rows=tuple(f"{sheet.name}!{row}" for sheet in read for row in sheet.hidden_rows),
        hidden_columns=tuple(
            dict.fromkeys(name for sheet in read for name in sheet.hidden_columns)
        ),
        pages=tuple(page for sheet in read for page in sheet.pages)
        if all(sheet.pages for sheet in read)
        else (),
        faults=tuple(
            replace(fault, rows=tuple(f"{sheet.name}!{row}" for row in fault.rows))
            for sheet in read
            for fault in sheet.faults
        ),
    )


def _common_headings(read: Sequence[Sheet], layer: str) -> dict[str, dict[str, str]]:
    """Return for each sheet the headings that the first one writes otherwise."""
    first = match_headings(map(str, read[0].frame.columns), layer)
    own = {
        meaning: heading
        for table in (first.columns, first.positions, first.ticks)
        for heading, meaning in table.items()
    }
    renamed: dict[str, dict[str, str]] = {}
    for sheet in read:
        found = match_headings(map(str, sheet.frame.columns), layer)
        renamed[sheet.name] = {
            heading: own[meaning]
            for table in (found.columns, found.positions, found.ticks)
            for heading, meaning in table.items()
            if meaning in own and heading != own[meaning]
        }
    return renamed
