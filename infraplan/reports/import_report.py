"""
What goes back to the owner of a list: a copy with the wrong cells in red, and a summary.

The copy is written anew from values: no formula, macro or link of the original survives, and text
stays text. The summary comes first, for the person who opens it; its cells are sentences, so that a
corrected copy is still read as the list that it is.
"""

import datetime as dt
import math
import zipfile
from collections import Counter
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Any
from typing import Protocol

from infraplan import atomic
from infraplan.errors import Fault
from infraplan.errors import SourceFileError
from infraplan.layers.convert import tidy
from infraplan.layers.notes import Note
from infraplan.layers.notes import note_told
from infraplan.layers.pages import Page
from infraplan.layers.repairs import Repair
from infraplan.layers.told import column_told
from infraplan.layers.told import layer_told
from infraplan.layers.told import repair_told
from infraplan.layers.told import system_told
from infraplan.layers.told import tell
from infraplan.layers.told import value_told
from infraplan.layers.told import vintage_told
from infraplan.text import Words

__all__ = ["Read", "write_marked"]

FIXED_DATE = datetime(2000, 1, 1)  # noqa: DTZ001 - equal content gives equal bytes
COMMENTS = 2000  # of a workbook; beyond them cells only have their colour
FAULT_LINES = 1000  # in the summary
GROUPS = 40  # of repairs in the summary
NAMED = 12  # rows or cells named in a line
CELL_LENGTH = 32_767  # letters that Excel takes in a cell
WIDEST, WIDTH = 40.0, 11.0  # characters of a column
LINE_HEIGHT = 15.0  # points
SUMMARY_WIDTHS = (8, 17, 72, 50)  # characters
COMMENT_WIDTH, COMMENT_LETTERS, COMMENT_LINE = 300, 44, 16  # pixels, letters a line, pixels a line
POSITIONS = frozenset(
    ("latitude", "longitude", "x", "y", "northing", "easting", "both", "path", "geometry")
)
FORMATS = {
    "date": "dd/mm/yyyy",
    "moment": "dd/mm/yyyy hh:mm:ss",
    "time": "hh:mm:ss",
    "span": "[h]:mm:ss",
}
FILLS = {"": "", "wrong": "#FF9999", "row": "#FFD9D9", "mended": "#FFF2A8", "head": "#DCE6F1"}
NOT_FOR_OWNER = (  # told in lines of their own, or for the office alone
    "encodings.csv", "notes.between", "notes.persons", "notes.unknown", "notes.decimal_sign",
    "positions.system_recognised", "positions.system_assumed", "positions.decimal_sign",
)  # fmt: skip

Cell = tuple[int, int]


class Read(Protocol):
    """What the writer must know of a reading."""

    @property
    def layer(self) -> str:
        """Name of the layer."""

    @property
    def file(self) -> Path:
        """File that was read."""

    @property
    def sheets(self) -> tuple[str, ...]:
        """Sheets that were read."""

    @property
    def header_rows(self) -> tuple[str, ...]:
        """Rows of the headings, as their owner counts them."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Headings and what they were taken for."""

    @property
    def rows_read(self) -> int:
        """Rows of the list."""

    @property
    def rows_kept(self) -> int:
        """Rows that were taken."""

    @property
    def quarantined(self) -> tuple[str, ...]:
        """Rows that were set aside."""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong."""

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """What was understood otherwise than it stands."""

    @property
    def crs(self) -> str:
        """Reference system of the coordinates."""


@dataclass(slots=True)
class _Marks:
    """Colours and comments of one sheet, by row and column from 1."""

    kinds: dict[Cell, str] = field(default_factory=dict)
    comments: dict[Cell, list[str]] = field(default_factory=dict)

    def add(self, cell: Cell, kind: str, text: str) -> None:
        """Mark a cell; what is wrong shows before what was mended."""
        order = ("mended", "row", "wrong")
        before = self.kinds.get(cell, "mended")
        self.kinds[cell] = max(before, kind, key=order.index)
        said = self.comments.setdefault(cell, [])
        if text not in said:
            said.append(text)


@dataclass(frozen=True, slots=True, eq=False)
class _Copy:
    """The sheets of the copy, where their headings are, and what is marked on each."""

    pages: tuple[Page, ...]
    read: Read
    places: Mapping[str, Mapping[str, int]]
    marks: Mapping[str, _Marks]
    blanked: Mapping[str, frozenset[int]]
    row_of: Mapping[str, str]

    def page_row(self, row: str) -> tuple[Page, int] | None:
        """Return the sheet and its row that an owner's name of a row means."""
        row = self.row_of.get(row, row)
        title, _, number = row.rpartition("!")
        for page in self.pages:
            if (not title or page.title == title) and number.isdecimal():
                return page, int(number) + page.shift
        return None

    def cells(self, row: str, column: str) -> tuple[Page, list[Cell]] | None:
        """Return the cells that a row and a column mean; the first of the row without a column."""
        found = self.page_row(row)
        if found is None:
            return None
        page, number = found
        places = self.places.get(page.title, {})
        wanted = [places[name] for name in self.headings(column) if name in places]
        return page, [_top_left(page, (number, place)) for place in wanted or [0]]

    def headings(self, column: str) -> list[str]:
        """Return the headings that a fault's column means."""
        columns = self.read.columns
        if column in columns:
            return [column]
        meant = [heading for heading, own in columns.items() if column and own == column]
        if not meant and column and "," in column:
            meant = [part.strip() for part in column.split(",") if part.strip() in columns]
        return meant

    def about_place(self) -> str:
        """Return the headings of the position, as one column."""
        return ", ".join(name for name, own in self.read.columns.items() if own in POSITIONS)


def write_marked(
    path: Path,
    *,
    pages: Sequence[Page],
    read: Read,
    words: Words,
    as_of: str = "",
    keep_personal: bool = False,
) -> Path:
    """
    Write a copy of a list with what is wrong in red, what was mended in yellow, and a summary.

    Parameters
    ----------
    path
        Target, ending in `.xlsx`.
    pages
        Sheets of the list as they stand; empty where it is too large to be copied.
    read
        What was read of it.
    words
        Catalogue of the office's language.
    as_of
        Day that the data describe, in ISO form; empty where it is not said.
    keep_personal
        True to keep columns about persons; they are emptied otherwise, their headings kept.

    Returns
    -------
    path
        The workbook; `name (2).xlsx` where the old one is open in Excel. Equal input gives equal
        bytes.

    Raises
    ------
    PlanError
        If the file cannot be written.
    """
    copy = _copy(pages, read, words, keep_personal=keep_personal)
    title = _free_title(words("import_report.sheet"), [page.title for page in pages])

    def fill(temporary: Path) -> None:
        """Write the summary and all sheets."""
        import xlsxwriter

        options = {"strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(str(temporary), options)
        book.set_properties({"created": FIXED_DATE})
        styles = _Styles(book)
        summary = book.add_worksheet(title)
        left = COMMENTS
        for page in pages:
            left = _write_page(book.add_worksheet(page.title), copy, page, styles, left)
        _write_summary(summary, copy, styles, words, as_of)
        book.close()

    def verify(temporary: Path) -> None:
        """Count the sheets of the file."""
        with zipfile.ZipFile(temporary) as archive:
            names = archive.namelist()
        count = sum(name.startswith("xl/worksheets/sheet") for name in names)
        if count != len(pages) + 1:
            msg = f"{path} came out with {count} of {len(pages) + 1} sheets"
            raise SourceFileError(msg)

    return atomic.write(path, fill, verify=verify, if_held="rename")


class _Styles:
    """Formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:  # noqa: ANN401 - xlsxwriter is untyped
        """Begin without any."""
        self.book = book
        self.made: dict[tuple[tuple[str, object], ...], Any] = {}
        self.cells: dict[tuple[str, str], Any] = {}

    def of(self, **properties: object) -> Any:  # noqa: ANN401 - xlsxwriter is untyped
        """Return the format with some properties."""
        key = tuple(sorted(properties.items()))
        if key not in self.made:
            base = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
            self.made[key] = self.book.add_format({**base, **properties})
        return self.made[key]

    def cell(self, kind: str, code: str) -> Any:  # noqa: ANN401 - xlsxwriter is untyped
        """Return the format of a copied cell."""
        if (kind, code) in self.cells:
            return self.cells[kind, code]
        properties: dict[str, object] = {"num_format": code} if code else {}
        if FILLS[kind]:
            properties |= {"bg_color": FILLS[kind], "border": 1, "border_color": "#999999"}
        if kind == "head":
            properties |= {"bold": True, "text_wrap": True, "valign": "vcenter", "align": "center"}
        self.cells[kind, code] = self.of(**properties)
        return self.cells[kind, code]


def _copy(pages: Sequence[Page], read: Read, words: Words, *, keep_personal: bool) -> _Copy:
    """Return where every fault and repair is on the sheets."""
    understood = getattr(read, "understood", None)
    persons = () if keep_personal else tuple(getattr(understood, "persons", ()))
    ids = {str(id_): row for id_, row in getattr(read, "row_of", {}).items()}
    lost = zip(getattr(read, "quarantined_ids", ()), read.quarantined, strict=False)
    rows = {row for fault in read.faults for row in fault.rows} | set(read.quarantined)
    ids |= {str(id_): row for id_, row in lost if id_}
    copy = _Copy(
        pages=tuple(pages),
        read=read,
        places={page.title: _places(page, read) for page in pages},
        marks={page.title: _Marks() for page in pages},
        blanked={page.title: _personal(page, read, persons) for page in pages},
        row_of={
            id_: row for id_, row in ids.items() if id_ in rows and id_ not in read.quarantined
        },
    )
    for fault in read.faults:
        _mark_fault(copy, fault, words)
    for repair in read.repairs:
        if (found := copy.cells(repair.row, repair.column)) is not None:
            page, cells = found
            for row, place in cells:
                text = _sentence(repair_told(repair, words))
                copy.marks[page.title].add((row, max(place, 1)), "mended", text)
    return copy


def _mark_fault(copy: _Copy, fault: Fault, words: Words) -> None:
    """Mark the cells of a fault."""
    text = _comment(fault, words)
    column = _column_of(copy, fault)
    for row in fault.rows:
        found = copy.cells(row, column)
        if found is None:
            continue
        page, cells = found
        for number, place in cells:
            kind = "wrong" if place else "row"
            copy.marks[page.title].add((number, max(place, 1)), kind, text)
    if not fault.rows and copy.pages and column:
        _mark_heading(copy, column, text)


def _mark_heading(copy: _Copy, column: str, text: str) -> None:
    """Mark the headings of a column that is at fault as a whole."""
    for page in copy.pages:
        for name in copy.headings(column):
            place = copy.places[page.title].get(name, 0)
            top = max(_head_rows(page, copy.read), default=0)
            if place and top:
                copy.marks[page.title].add(_top_left(page, (top, place)), "wrong", text)


def _column_of(copy: _Copy, fault: Fault) -> str:
    """Return the column of a fault; the headings of the position where it is about that."""
    is_about_place = fault.column in POSITIONS or fault.code.startswith(
        ("position_", "axes_", "crs_", "coordinate", "path_")
    )
    if is_about_place and not copy.headings(fault.column):
        return copy.about_place()
    return fault.column


def _comment(fault: Fault, words: Words) -> str:
    """Return what stands beside a wrong cell: what is wrong, what is needed, how to mend it."""
    told = tell(fault, words)
    lines = [_sentence(told.what)]
    if told.expected and told.expected not in told.what:
        lines.append(_sentence(words("told.expected", expected=told.expected)))
    if told.remedy:
        lines.append(_sentence(words("told.remedy", remedy=told.remedy)))
    return "\n".join(lines)


def _sentence(text: str) -> str:
    """Return a text as a sentence."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _head_rows(page: Page, read: Read) -> list[int]:
    """Return the rows of a sheet that hold its headings."""
    rows = []
    for name in read.header_rows:
        title, _, number = name.rpartition("!")
        if (not title or title == page.title) and number.isdecimal():
            rows.append(int(number))
    return rows or ([1] if page.shift else _best_head(page, read))


def _best_head(page: Page, read: Read) -> list[int]:
    """Return the row with most of the headings that were understood."""
    known = set(read.columns)
    counts = [sum(tidy(cell) in known for cell in row) for row in page.rows[:30]]
    most = max(counts, default=0)
    return [counts.index(most) + 1] if most else []


def _places(page: Page, read: Read) -> Mapping[str, int]:
    """Return the column of each heading of a sheet, from 1."""
    given: Mapping[str, Mapping[str, int]] = getattr(read, "column_numbers", {})
    if page.title in given and not page.shift:
        return given[page.title]
    places: dict[str, int] = {}
    for number in _head_rows(page, read):
        for place, cell in enumerate(page.rows[number - 1], start=1):
            if text := tidy(cell):
                places.setdefault(text, place)
    return places


def _personal(page: Page, read: Read, persons: Collection[str]) -> frozenset[int]:
    """Return the columns of a sheet that are about persons."""
    places = _places(page, read)
    found = {places[heading] for heading in persons if heading in places}
    for number in _head_rows(page, read):
        cells = enumerate(page.rows[number - 1], start=1)
        found |= {place for place, cell in cells if tidy(cell) and tidy(cell) in persons}
    return frozenset(found)


def _top_left(page: Page, cell: Cell) -> Cell:
    """Return the cell that shows what stands in a cell: the first one of merged cells."""
    row, place = cell
    for top, bottom, left, right in page.merges:
        if top <= row <= bottom and left <= place <= right:
            return top, left
    return cell


def _write_page(sheet: Any, copy: _Copy, page: Page, styles: _Styles, left: int) -> int:  # noqa: ANN401
    """Write one sheet of the copy; return how many comments may still be written."""
    marks = copy.marks[page.title]
    heads = frozenset(_head_rows(page, copy.read))
    below = max(heads, default=0)
    blanked = copy.blanked[page.title]
    _lay_out(sheet, page, heads)
    merged = {(top, left_): (bottom, right) for top, bottom, left_, right in page.merges}
    for number, row in enumerate(page.rows, start=1):
        for place, value in enumerate(row, start=1):
            cell = (number, place)
            kind = marks.kinds.get(cell, "head" if number in heads else "")
            is_bare = value is None and not kind and cell not in merged
            if is_bare or (place in blanked and number > below):
                continue
            code = page.formats.get(place, "") if isinstance(value, (int, float)) else ""
            if merged.get(cell, cell) != cell:
                bottom, right = merged[cell]
                style = styles.cell(kind, code)
                sheet.merge_range(number - 1, place - 1, bottom - 1, right - 1, "", style)
            _write_value(sheet, cell, value, (kind, code), styles)
    for cell, kind in marks.kinds.items():  # beyond the cells of its row
        if cell[0] > len(page.rows) or cell[1] > len(page.rows[cell[0] - 1]):
            sheet.write_blank(cell[0] - 1, cell[1] - 1, None, styles.cell(kind, ""))
    return _write_comments(sheet, marks, left)


def _lay_out(sheet: Any, page: Page, heads: Collection[int]) -> None:  # noqa: ANN401 - xlsxwriter
    """Set widths, heights, what is hidden, and how the sheet prints."""
    for place in range(1, max((len(row) for row in page.rows), default=0) + 1):
        options = {"hidden": True} if place in page.hidden_columns else {}
        width = max(min(page.widths.get(place, WIDTH), WIDEST), 4.0)
        sheet.set_column(place - 1, place - 1, width, None, options)
    for number in sorted(page.hidden_rows):
        sheet.set_row(number - 1, None, None, {"hidden": True})
    for number in sorted(heads):
        sheet.set_row(number - 1, _head_height(page, number))
    if heads:
        sheet.freeze_panes(max(heads), 0)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _head_height(page: Page, number: int) -> float:
    """Return the height of a row of headings in points, so that all of them show."""
    alone = [
        (tidy(cell), page.widths.get(place, WIDTH))
        for place, cell in enumerate(page.rows[number - 1], start=1)
        if not any(top <= number <= bottom and left <= place <= right
                   for top, bottom, left, right in page.merges)
    ]  # fmt: skip
    lines = max(
        (math.ceil(1.25 * len(text) / min(width, WIDEST)) for text, width in alone), default=1
    )
    return LINE_HEIGHT * min(max(lines, 1), 6)


def _write_value(
    sheet: Any,  # noqa: ANN401 - xlsxwriter is untyped
    cell: Cell,
    value: object,
    look: tuple[str, str],
    styles: _Styles,
) -> None:
    """Write one value as what it is; text stays text."""
    at, (kind, code) = (cell[0] - 1, cell[1] - 1), look
    if value is None:
        sheet.write_blank(*at, None, styles.cell(kind, ""))
    elif isinstance(value, bool):
        sheet.write_boolean(*at, value, styles.cell(kind, ""))
    elif isinstance(value, (int, float)) and math.isfinite(value):
        sheet.write_number(*at, value, styles.cell(kind, code))
    elif isinstance(value, (dt.date, dt.time, dt.timedelta)) and _is_of_excel(value):
        sheet.write_datetime(*at, value, styles.cell(kind, FORMATS[_date_kind(value)]))
    else:
        sheet.write_string(*at, str(value)[:CELL_LENGTH], styles.cell(kind, ""))


def _is_of_excel(value: dt.date | dt.time | dt.timedelta) -> bool:
    """Return whether Excel has a number for a date."""
    return not isinstance(value, dt.date) or value.year >= 1900


def _date_kind(value: dt.date | dt.time | dt.timedelta) -> str:
    """Return in which format a date or a time is shown."""
    if isinstance(value, dt.timedelta):
        return "span"
    if isinstance(value, dt.time):
        return "time"
    is_moment = isinstance(value, datetime) and value.time() != dt.time()
    return "moment" if is_moment else "date"


def _write_comments(sheet: Any, marks: _Marks, left: int) -> int:  # noqa: ANN401 - xlsxwriter
    """Write the comments of a sheet, those on faults first; return how many may follow."""
    order = sorted(marks.comments, key=lambda cell: (marks.kinds[cell] == "mended", cell))
    for row, place in order[:left]:
        text = "\n\n".join(marks.comments[row, place])
        lines = sum(math.ceil(max(len(line), 1) / COMMENT_LETTERS) for line in text.split("\n"))
        options = {
            "author": "infraplan",
            "width": COMMENT_WIDTH,
            "height": COMMENT_LINE * (lines + 1),
            "font_size": 9,
        }
        sheet.write_comment(row - 1, place - 1, text[:CELL_LENGTH], options)
    return max(left - len(order), 0)


def _write_summary(
    sheet: Any,  # noqa: ANN401 - xlsxwriter is untyped
    copy: _Copy,
    styles: _Styles,
    words: Words,
    as_of: str,
) -> None:
    """Write what was read, what was mended, what is wrong, and what to do."""
    for number, width in enumerate(SUMMARY_WIDTHS):
        sheet.set_column(number, number, width)
    row = _lines(sheet, 0, [words("import_report.title")], styles.of(bold=True, font_size=14))
    todo = words("import_report.todo" if copy.read.faults else "import_report.nothing")
    fill = FILLS["wrong"] if copy.read.faults else "#D8F0D8"
    row = _lines(sheet, row, [todo], styles.of(bold=True, text_wrap=True, bg_color=fill))
    plain, head = styles.of(text_wrap=True), styles.of(bold=True, font_size=12)
    row = _lines(sheet, row, _account(copy, words, as_of), plain)
    for key, lines in (
        ("import_report.how", _how_read(copy, words)),
        ("import_report.mended", _mended(copy, words)),
    ):
        if lines:
            row = _lines(sheet, row + 1, [words(key)], head)
            row = _lines(sheet, row, lines, plain)
    if copy.read.faults:
        row = _lines(sheet, row + 1, [words("import_report.wrong")], head)
        _write_faults(sheet, row, copy, styles, words)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.activate()


def _lines(sheet: Any, row: int, lines: Iterable[str], style: Any) -> int:  # noqa: ANN401 - xlsxwriter
    """Write sentences across the sheet; return the row below."""
    width = sum(SUMMARY_WIDTHS)
    for line in lines:
        sheet.merge_range(row, 0, row, len(SUMMARY_WIDTHS) - 1, "", style)
        sheet.write_string(row, 0, line[:CELL_LENGTH], style)
        sheet.set_row(row, 1.15 * LINE_HEIGHT * math.ceil(len(line) / width))
        row += 1
    return row


def _account(copy: _Copy, words: Words, as_of: str) -> list[str]:
    """Return what was read and what became of the rows."""
    read = copy.read
    lines = [words("import_report.file", file=read.file.name, layer=layer_told(read.layer, words))]
    if read.sheets and any(read.sheets):
        lines.append(words("import_report.sheets", sheets=", ".join(read.sheets)))
    if as_of:
        lines.append(words("import_report.as_of", day=words.day(as_of)))
    counts = {
        "read": words.number(read.rows_read),
        "kept": words.number(read.rows_kept),
        "mended": words.number(len(read.repairs)),
        "lost": words.number(len(read.quarantined)),
    }
    lines.append(words("import_report.counts", **counts))
    if read.quarantined:
        lines.append(words("import_report.quarantined", rows=_named(read.quarantined, words)))
    if not copy.pages:
        lines.append(words("import_report.no_copy"))
    if any(copy.blanked.values()):
        lines.append(words("import_report.blanked"))
    lines.append(words("import_report.colours"))
    return lines


def _how_read(copy: _Copy, words: Words) -> list[str]:
    """Return how columns, coordinates and letters were understood."""
    read, understood = copy.read, getattr(copy.read, "understood", None)
    lines = [
        words("import_report.column", heading=heading, column=column_told(column, words))
        for heading, column in read.columns.items()
    ]
    for kind in ("unknown", "persons", "between"):
        names = [
            part[0] if isinstance(part, tuple) else part for part in getattr(understood, kind, ())
        ]
        if names:
            lines.append(words(f"import_report.{kind}", names=_named(names, words)))
    if read.crs:
        certainty = getattr(understood, "crs_certainty", "")
        told = words.entries.get(f"imports.crs_{certainty}", "")
        system = (
            told if certainty == "ask" else ", ".join(filter(None, [system_told(read.crs), told]))
        )
        lines.append(words("import_report.crs", crs=system))
    if encoding := getattr(understood, "encoding", ""):
        lines.append(words("import_report.encoding", value=encoding))
    if vintage := getattr(understood, "vintage", ""):
        told = vintage_told(vintage, getattr(understood, "vintage_basis", ""), words)
        lines.append(words("import_report.vintage", value=told))
    decimals: Mapping[str, str] = getattr(understood, "decimals", {})
    lines += [
        words("import_report.decimal", heading=heading, sign=sign)
        for heading, sign in decimals.items()
    ]
    for note in getattr(read, "notes", ()):
        if isinstance(note, Note) and note.code not in NOT_FOR_OWNER:
            told = note_told(note, words)
            lines.append(words("import_report.note", note=told[:1].upper() + told[1:]))
    return lines


def _mended(copy: _Copy, words: Words) -> list[str]:
    """Return what was understood otherwise than it stands, in groups with their counts."""
    groups: Counter[tuple[str, str, str, str]] = Counter(
        (repair.column, repair.found, repair.taken, repair.code) for repair in copy.read.repairs
    )
    cells: dict[tuple[str, str, str, str], list[str]] = {}
    for repair in copy.read.repairs:
        key = (repair.column, repair.found, repair.taken, repair.code)
        if len(cells.setdefault(key, [])) < NAMED:
            cells[key].append(_address(copy, repair.row, repair.column)[1])
    lines = []
    for key, count in groups.most_common(GROUPS):
        column, found, taken, code = key
        told = repair_told(Repair("", column, found, value_told(taken, words), code), words)
        shown = ", ".join(cells[key]) + (" …" if count > len(cells[key]) else "")
        lines.append(
            words("import_report.repair", column=column, told=told, count=count, cells=shown)
        )
    if len(groups) > GROUPS:
        lines.append(words("import_report.more_repairs", count=len(groups) - GROUPS))
    return lines


def _write_faults(sheet: Any, row: int, copy: _Copy, styles: _Styles, words: Words) -> None:  # noqa: ANN401
    """Write the list of faults, each with its cell to go to."""
    head = styles.of(bold=True, text_wrap=True, bg_color=FILLS["head"], border=1)
    for place, key in enumerate(("number", "cell", "fault", "remedy")):
        sheet.write_string(row, place, words(f"import_report.head_{key}"), head)
    sheet.set_row(row, 1.5 * LINE_HEIGHT)
    plain = styles.of(text_wrap=True, border=1, border_color="#999999")
    link = styles.of(text_wrap=True, border=1, border_color="#999999", font_color="#0563C1")
    lines = [(fault, name) for fault in copy.read.faults for name in fault.rows or ("",)]
    for number, (fault, name) in enumerate(lines[:FAULT_LINES], start=1):
        told = tell(fault, words)
        text = f"{_about(copy, fault, name, words)}{told.what}"
        if told.found:
            text += "; " + words("told.found", found=_found_in(copy, fault, name) or told.found)
        if told.expected and told.expected not in told.what:
            text += "; " + words("told.expected", expected=told.expected)
        page, address = _address(copy, name, _column_of(copy, fault))
        below = row + number
        sheet.write_number(below, 0, number, plain)
        if page:
            target = f"internal:'{page.replace(chr(39), 2 * chr(39))}'!{address.split(',')[0]}"
            shown = f"{page}!{address}" if len(copy.pages) > 1 else address
            sheet.write_url(below, 1, target, link, string=shown[:255])
        else:
            said = words("import_report.row", row=name) if name else words("import_report.whole")
            sheet.write_string(below, 1, said, plain)
        sheet.write_string(below, 2, _sentence(text)[:CELL_LENGTH], plain)
        sheet.write_string(
            below, 3, _sentence(told.remedy)[:CELL_LENGTH] if told.remedy else "", plain
        )
        longest = max(len(text) / SUMMARY_WIDTHS[2], len(told.remedy) / SUMMARY_WIDTHS[3])
        sheet.set_row(below, 1.15 * LINE_HEIGHT * max(math.ceil(longest), 1))
    if len(lines) > FAULT_LINES:
        below = row + FAULT_LINES + 1
        more = words("import_report.more_faults", count=len(lines) - FAULT_LINES)
        _lines(sheet, below, [more], styles.of(text_wrap=True))


def _about(copy: _Copy, fault: Fault, row: str, words: Words) -> str:
    """Return the row and column that a line of the list is about."""
    parts = [words("import_report.row", row=row.rpartition("!")[2])] if row else []
    if headings := copy.headings(_column_of(copy, fault)):
        parts.append(words("told.column", column=", ".join(headings)))
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}: " if text else ""


def _found_in(copy: _Copy, fault: Fault, row: str) -> str:
    """Return what stands in the cell of one row, for a fault that tells values."""
    if not fault.found.startswith("'"):
        return ""
    found = copy.cells(row, _column_of(copy, fault)) if row else None
    if found is None:
        return ""
    page, cells = found
    values = [
        tidy(page.rows[number - 1][place - 1])
        for number, place in cells
        if 0 < place <= len(page.rows[number - 1] if number <= len(page.rows) else ())
    ]
    shown = [f"'{value[:60]}'" for value in values if value]
    return ", ".join(shown)


def _address(copy: _Copy, row: str, column: str) -> tuple[str, str]:
    """Return the sheet and the cells that a row and column mean; both empty where none."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    found = copy.cells(row, column) if row else None
    if found is None:
        return "", ""
    page, cells = found
    named = [xl_rowcol_to_cell(number - 1, max(place, 1) - 1) for number, place in cells]
    return page.title, ", ".join(named)


def _named(names: Sequence[str], words: Words) -> str:
    """Return some names, the first of many."""
    shown = ", ".join(names[:NAMED])
    more = len(names) - NAMED
    return words("told.more_rows", rows=shown, count=more) if more > 0 else shown


def _free_title(title: str, taken: Iterable[str]) -> str:
    """Return a name of a sheet that no other has."""
    used = {name.lower() for name in taken}
    name, number = title, 2
    while name.lower() in used:
        name = f"{title} {number}"
        number += 1
    return name
