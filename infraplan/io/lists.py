"""
Rows of a list as people lay it out: which are headings, which are data, and what stands between.

A heading may stand on several lines with merged cells, below a title and above a line of numbers;
between the data stand sub-headings, which may name the district or the operator of the rows below,
and totals; below it notes and signatures. Nothing is left out without being named.
"""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from itertools import chain
from itertools import islice
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.errors import Fault
from infraplan.errors import SourceFileError
from infraplan.io.aliases import GROUP_MARK
from infraplan.io.aliases import Headings
from infraplan.io.aliases import match_headings
from infraplan.io.aliases import named_operator
from infraplan.io.letters import letter_of
from infraplan.io.texts import settle_headings
from infraplan.layers.convert import plain
from infraplan.layers.convert import tidy
from infraplan.layers.notes import Note
from infraplan.layers.pages import Page
from infraplan.layers.repairs import Repair

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["HEAD_ROWS", "Merge", "Sheet", "table_of", "understood"]

HEAD_ROWS = 30  # titles, legal bases and a map's legend may stand above the headings
HEAD_DEPTH = 4  # lines of one heading
BLOCK = 8192  # rows turned into columns at a time, so that no list of lists is held
COUNTED = re.compile(r"\(?\s*(\d{1,3}|[A-Z])\s*\)?(\s*=.*)?")
NUMERAL = re.compile(r"(?:[IVXLC]+|[A-Z]|\d+(?:\.\d+)*)\s*[.):/-]?")
TOTALS = (
    "tổng", "tổng cộng", "cộng", "tổng số", "total", "sum", "grand total", "subtotal",
    "tong", "tong cong", "cong", "tong so",
    "ví dụ", "vi du", "example",  # the row of a blank form that shows how to fill it in
)  # fmt: skip
BY_OPERATOR = ("sites", "fibre", "requests")  # lists that a title may say the operator of
BY_LETTER = ("requests",)  # lists that come as the annex of a letter
TOTAL = re.compile(
    r"(tổng cộng|tổng số|cộng|tổng)\s*([:(+\-]|\d|$|[ivx]+\b|xã|phường|huyện|quận|tx\b|tp\b|thị"
    r"|thành|toàn|tỉnh|trạm|vị trí|số|cả)",
    flags=re.IGNORECASE,
)
FOOT = (
    "ghi chu", "luu y", "nguoi lap", "lap bieu", "giam doc", "pho giam doc", "thu truong",
    "noi nhan", "ky ten", "ky va", "xac nhan", "dai dien", "chu tich", "ke toan", "note",
    "prepared by",
)  # fmt: skip
DATED = re.compile(r"ngay .*thang .*nam")
UNIT = re.compile(
    r"(?:(?P<district>huyện|quận|thị xã|tx\.?|thành phố|tp\.?|h\.)"
    r"|(?P<commune>xã|phường|thị trấn|tt\.?|x\.|p\.))\s*(?=\S)(?P<name>.+?)\s*(?:[:;(–-].*)?",
    flags=re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Merge:
    """Cells merged into one, first and last row and column of the sheet from 1."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """
    One table of a file: cells or features, what its owner calls the rows, and what was skipped.

    `frame` is a GeoDataFrame where the file has geometry; `name` is the sheet or layer where a file
    has several. `sheets` are all that were read, `header_rows` the rows of the headings,
    `column_numbers` the columns of the headings by sheet, from 1. `implied` holds values that stand
    beside the table, such as the district of a sub-heading: column to a value for each row, "" for
    none. `between` names rows that are no data, `hidden_rows` and `hidden_columns` what was read
    though hidden; `faults` are those of the file itself, such as formulas without results;
    `system_fault` tells what is wrong with the reference system that a map file says, which `--crs`
    mends; `pages` are the sheets as they stand where they are small enough to be kept.
    """

    frame: "pd.DataFrame | gpd.GeoDataFrame"
    rows: tuple[str, ...]
    name: str = ""
    notes: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    header_rows: tuple[str, ...] = ()
    column_numbers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    implied: Mapping[str, Sequence[str]] = field(default_factory=dict)
    repairs: tuple[Repair, ...] = ()
    between: tuple[str, ...] = ()
    hidden_rows: tuple[str, ...] = ()
    hidden_columns: tuple[str, ...] = ()
    encoding: str = ""
    separator: str = ""
    faults: tuple[Fault, ...] = ()
    system_fault: Fault | None = None
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class _Head:
    """Headings of a list: first row and number of rows from 0, one label a column."""

    top: int
    depth: int
    labels: tuple[str, ...]
    headings: Headings


@dataclass(slots=True)
class _Rows:
    """What has been read below the headings."""

    columns: list[list[Any]]
    blocks: list[list[np.ndarray[Any, Any]]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    between: list[int] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    implied: dict[str, dict[int, str]] = field(default_factory=dict)
    is_foot: bool = False

    def fold(self) -> None:
        """Turn the rows read since the last time into arrays."""
        folded = []
        for column in self.columns:
            values = np.empty(len(column), dtype=object)
            values[:] = column
            folded.append(values)
            column.clear()
        self.blocks.append(folded)


def understood(row: Sequence[Any], layer: str) -> int:
    """
    Return how many cells of a row are headings of a layer.

    Parameters
    ----------
    row
        Cells as read.
    layer
        Name of the layer.

    Returns
    -------
    count
        Of different columns and parts of a position, >= 0.
    """
    return match_headings(filter(None, settle_headings(row)[0]), layer).count


def table_of(
    path: Path,
    cells: Iterable[Sequence[Any]],
    layer: str,
    *,
    name: str = "",
    merges: Sequence[Merge] = (),
) -> Sheet:
    """
    Return the data below the headings of a list.

    Parameters
    ----------
    path
        File, for messages.
    cells
        Rows of the list from its first one; read once, in order.
    layer
        Name of the layer.
    name
        Name of the sheet; empty for a file of one table.
    merges
        Merged cells: headings over several columns, and values over several rows, which hold for
        each of them.

    Returns
    -------
    sheet
        Data rows with their numbers, and what was left out.

    Raises
    ------
    SourceFileError
        If no row has headings of the layer, or a row has more cells than there are headings.
    """
    stream = iter(cells)
    first = [list(row) for row in islice(stream, HEAD_ROWS + HEAD_DEPTH)]
    read = [_in_unicode(row) for row in first]
    head = _head(read, layer, merges)
    if head is None:
        msg = (
            f"{path}: no row has headings of layer '{layer}'; "
            f"see which it takes with: infraplan schema {layer}"
        )
        raise SourceFileError(msg, code="no_headings", file=path.name, layer=layer, schema=layer)
    below = head.top + head.depth
    found = _rows_below(path, enumerate(chain(first[below:], stream), below + 1), head, merges)
    titles = [text for row in read[: head.top] for cell in row if (text := tidy(cell))]
    said = [note for row in first[head.top : below] for note in settle_headings(row)[1]]
    sheet = replace(_sheet(found, head, name), notes=tuple(said))
    if layer in BY_LETTER:
        sheet = _with_letter(sheet, titles)
    if layer not in BY_OPERATOR or "operator" in {*head.headings.columns.values(), *sheet.implied}:
        return sheet
    return _with_operator(sheet, [name, *titles], path.stem)


def _in_unicode(row: Sequence[Any]) -> list[Any]:
    """Return a row of headings or titles whose texts are Unicode."""
    texts, _ = settle_headings(row)
    return [text if isinstance(cell, str) else cell for text, cell in zip(texts, row, strict=True)]


def _with_operator(sheet: Sheet, titles: Sequence[str], stem: str) -> Sheet:
    """Return a table whose rows are of the operator that its sheet, title or file names."""
    for texts in (titles, [stem]):
        named = {operator: text for text in texts if (operator := named_operator(text))}
        if len(named) == 1:
            ((operator, text),) = named.items()
            return replace(
                sheet,
                implied={**sheet.implied, "operator": [operator] * len(sheet.rows)},
                notes=(*sheet.notes, Note("notes.operator", operator=operator, text=text)),
            )
        if named:
            break
    return sheet


def _with_letter(sheet: Sheet, titles: Sequence[str]) -> Sheet:
    """Return a table whose rows are of the letter that its titles name."""
    letter = letter_of(titles)
    if letter is None:
        return sheet
    count = len(sheet.rows)
    implied = {"letter": [letter.number] * count}
    if letter.dated:
        implied["letter_date"] = [letter.dated] * count
    key = "register.letter_dated" if letter.dated else "register.letter_undated"
    note = Note(key, letter=letter.number, dated=_day(letter.dated), line=letter.line)
    return replace(sheet, implied={**sheet.implied, **implied}, notes=(*sheet.notes, note))


def _day(dated: str) -> str:
    """Return a date as it is written in letters."""
    return "/".join(reversed(dated.split("-")))


def _sheet(found: _Rows, head: _Head, name: str) -> Sheet:
    """Return the rows that were read as a table."""
    found.fold()
    labels = head.labels
    frame = pd.DataFrame(
        {
            label: np.concatenate([block[place] for block in found.blocks])
            for place, label in enumerate(labels)
            if label
        },
        dtype=object,
    )
    implied: dict[str, Sequence[str]] = {
        column: [values.get(number, "") for number in found.numbers]
        for column, values in found.implied.items()
    }
    return Sheet(
        frame=frame,
        rows=tuple(map(str, found.numbers)),
        name=name,
        sheets=(name,) if name else (),
        header_rows=tuple(str(head.top + 1 + line) for line in range(head.depth)),
        column_numbers={name: {label: n for n, label in enumerate(labels, 1) if label}},
        implied=implied,
        repairs=tuple(found.repairs),
        between=tuple(map(str, found.between)),
    )


def _rows_below(
    path: Path,
    rows: Iterator[tuple[int, Sequence[Any]]],
    head: _Head,
    merges: Sequence[Merge],
) -> _Rows:
    """Return the rows below the headings, without empty ones, sub-headings, totals and notes."""
    width = len(head.labels)
    found = _Rows([[] for _ in head.labels])
    spans = _spans(merges, head)
    running: dict[int, tuple[int, Any]] = {}
    for number, row in rows:
        filled = _filled(row)
        if filled and filled[-1] >= width:
            raise SourceFileError(_too_wide(path, number, row, head))
        if not filled:
            continue
        is_top = not found.numbers and _is_numbering(row, filled, head)
        if is_top or _is_between(row, filled, head, found):
            found.between.append(number)
            continue
        values = list(row[:width]) + [None] * (width - len(row))
        if spans or running:
            _fill_down(values, number, (spans, running), head, found)
        for column, value in zip(found.columns, values, strict=True):
            column.append(value)
        found.numbers.append(number)
        for unit, value in found.units.items():
            found.implied.setdefault(unit, {})[number] = value
        if len(found.columns[0]) >= BLOCK:
            found.fold()
    return found


def _filled(row: Sequence[Any]) -> list[int]:
    """Return which cells of a row hold anything."""
    return [
        place
        for place, cell in enumerate(row)
        if cell is not None and (not isinstance(cell, str) or (cell != "" and not cell.isspace()))
    ]


def _too_wide(path: Path, number: int, row: Sequence[Any], head: _Head) -> str:
    """Return the message on a row with cells beyond the headings."""
    return (
        f"{path}: row {number} has {len(row)} cells for {len(head.labels)} headings; a text "
        "with the separator in it must stand in quotation marks"
    )


def _spans(merges: Sequence[Merge], head: _Head) -> dict[int, list[Merge]]:
    """Return merged cells over several rows of data by their first row."""
    below = head.top + head.depth
    spans: dict[int, list[Merge]] = {}
    for merge in merges:
        if merge.top > below and merge.bottom > merge.top and merge.left == merge.right:
            spans.setdefault(merge.top, []).append(merge)
    return spans


def _fill_down(
    values: list[Any],
    number: int,
    merged: tuple[dict[int, list[Merge]], dict[int, tuple[int, Any]]],
    head: _Head,
    found: _Rows,
) -> None:
    """Give a row the values of merged cells that reach over it."""
    spans, running = merged
    for place, (bottom, value) in list(running.items()):
        if number > bottom:
            del running[place]
        elif not tidy(values[place]):
            values[place] = value
            label = head.labels[place]
            found.repairs.append(Repair(str(number), label, "", tidy(value), "filled_down"))
    for merge in spans.pop(number, ()):
        if (
            merge.left <= len(values)
            and tidy(values[merge.left - 1])
            and head.labels[merge.left - 1]
        ):
            running[merge.left - 1] = (merge.bottom, values[merge.left - 1])


def _is_numbering(row: Sequence[Any], filled: Sequence[int], head: _Head) -> bool:
    """Return whether a row only numbers the columns: (1) (2) (3), or A B 1 2."""
    if len(filled) < 3 or 2 * len(filled) < sum(map(bool, head.labels)):
        return False
    marks = [COUNTED.fullmatch(tidy(row[place])) for place in filled]
    if not all(marks):
        return False
    counts = [int(mark[1]) for mark in marks if mark is not None and mark[1].isdigit()]
    return len(counts) >= 2 and counts == list(range(counts[0], counts[0] + len(counts)))


def _is_between(row: Sequence[Any], filled: Sequence[int], head: _Head, found: _Rows) -> bool:
    """Return whether a row is a sub-heading ("I | Huyện Kỳ Anh"), a total or a note, not data."""
    count = sum(map(bool, head.labels))
    texts = [tidy(row[place]) for place in filled[:3]]
    if _is_total(texts, is_full=len(filled) >= count):
        return True
    if count < 3 or (2 * len(filled) > count and len(filled) > 3):
        return False
    if _is_note(texts, filled, head, found):
        return True
    is_numbered = NUMERAL.fullmatch(texts[0]) is not None and not texts[0].isdigit()
    is_short = len(filled) == 2 or (len(filled) == 3 and texts[2].isdigit())
    is_pair = is_numbered and is_short and count > 3
    is_unit = UNIT.fullmatch(texts[0]) is not None and len(filled) <= 3 < count
    if not (len(filled) == 1 or is_pair or (is_unit and not _is_named(filled, head))):
        return False
    _take_unit(texts[1] if is_pair else texts[0], found)
    return True


def _is_total(texts: Sequence[str], *, is_full: bool) -> bool:
    """Return whether a row begins as a total does."""
    if any(text.lower() in TOTALS for text in texts[:2]):
        return True
    return not is_full and any(TOTAL.match(text) for text in texts[:2])


def _is_note(texts: Sequence[str], filled: Sequence[int], head: _Head, found: _Rows) -> bool:
    """Return whether a row of few cells is a note or a signature below the list."""
    if len(filled) > 3 or _is_named(filled, head):
        return False
    words = [plain(text) for text in texts]
    begins = any(re.match(rf"{foot}\b", word) for word in words for foot in FOOT)
    if begins or DATED.search(words[-1]):
        found.is_foot = True
        return True
    return found.is_foot and len(filled) <= 2


def _is_named(filled: Sequence[int], head: _Head) -> bool:
    """Return whether a row with few cells has both an id-like column and another one filled."""
    labels = [head.labels[place] for place in filled]
    return sum(label in head.headings.columns for label in labels) >= 2


def _take_unit(text: str, found: _Rows) -> None:
    """Note the district, commune or operator that a sub-heading names for the rows below."""
    text = re.sub(rf"^{NUMERAL.pattern}\s+(?=\D)", "", text) if " " in text else text
    if unit := UNIT.fullmatch(text):
        kind = "district" if unit["district"] else "commune"
        if kind == "district":
            found.units.pop("commune", None)
        found.units[kind] = text[: unit.end("name")].strip()
    elif operator := named_operator(text):
        found.units["operator"] = operator


def _head(rows: Sequence[Sequence[Any]], layer: str, merges: Sequence[Merge]) -> _Head | None:
    """Return the block of headings, None where no row has any."""
    scores = [understood(row, layer) for row in rows[:HEAD_ROWS]]
    if not scores or not max(scores):
        return None
    top = scores.index(max(scores))
    bottom = top
    own = [merge for merge in merges if merge.top <= HEAD_ROWS + HEAD_DEPTH]
    while bottom - top + 1 < HEAD_DEPTH and _goes_on(rows, (top, bottom), own, layer):
        bottom += 1
    while top and bottom - top + 1 < HEAD_DEPTH and _begins_above(rows, (top, bottom), own, layer):
        top -= 1
    labels = _labels(rows[top : bottom + 1], top, own)
    return _Head(top, bottom - top + 1, labels, match_headings(filter(None, labels), layer))


def _goes_on(
    rows: Sequence[Sequence[Any]], block: tuple[int, int], merges: Sequence[Merge], layer: str
) -> bool:
    """Return whether the row below a block of headings is one more line of them."""
    top, bottom = block
    if bottom + 1 >= len(rows):
        return False
    if any(merge.top - 1 <= bottom < merge.bottom - 1 and merge.top - 1 >= top for merge in merges):
        return True
    line = rows[bottom + 1]
    places = [place for place, cell in enumerate(line) if tidy(cell)]
    numbers = any(isinstance(line[place], (int, float)) for place in places)
    if not places or numbers or all(COUNTED.fullmatch(tidy(line[place])) for place in places):
        return False
    above = rows[bottom]
    filled = [place for place in places if place < len(above) and tidy(above[place])]
    if any(merge.top - 1 == bottom and merge.left < merge.right for merge in merges):
        return len(filled) <= len(places) / 2 + 1 and _gains(
            rows, (top, bottom + 1), block, merges, layer
        )
    return len(filled) < len(places) and _gains(rows, (top, bottom + 1), block, merges, layer)


def _begins_above(
    rows: Sequence[Sequence[Any]], block: tuple[int, int], merges: Sequence[Merge], layer: str
) -> bool:
    """Return whether the row above a block of headings is a line of them, and no title."""
    top, bottom = block
    if sum(bool(tidy(cell)) for cell in rows[top - 1]) < 2:
        return False
    if any(merge.top == top and merge.bottom > top for merge in merges):  # from 1 and from 0
        return True
    return _gains(rows, (top - 1, bottom), block, merges, layer)


def _gains(
    rows: Sequence[Sequence[Any]],
    wider: tuple[int, int],
    block: tuple[int, int],
    merges: Sequence[Merge],
    layer: str,
) -> bool:
    """Return whether more columns are understood with one more line of headings."""
    counts = [
        match_headings(filter(None, _labels(rows[first : last + 1], first, merges)), layer).count
        for first, last in (wider, block)
    ]
    return counts[0] > counts[1]


def _labels(lines: Sequence[Sequence[Any]], top: int, merges: Sequence[Merge]) -> tuple[str, ...]:
    """Return one heading a column, of all lines, each different."""
    width = max(map(len, lines))
    texts = [[tidy(cell) for cell in line] + [""] * (width - len(line)) for line in lines]
    for merge in merges:
        first, last = merge.top - 1 - top, merge.bottom - 1 - top
        if not 0 <= first < len(texts) or merge.left > width:
            continue
        for line in range(first, min(last + 1, len(texts))):
            for place in range(merge.left - 1, min(merge.right, width)):
                texts[line][place] = texts[first][merge.left - 1]
    for upper, below in pairwise(texts):  # a group that was not merged
        for place in range(1, width):
            if not upper[place] and below[place] and below[place - 1]:
                upper[place] = upper[place - 1]
    labels = []
    for place in range(width):
        parts = [text[place] for text in texts if text[place]]
        labels.append(GROUP_MARK.join(dict.fromkeys(parts)))
    return _distinct(labels)


def _distinct(headings: Sequence[str]) -> tuple[str, ...]:
    """Return headings of which repeated ones carry a number."""
    seen: dict[str, int] = {}
    distinct = []
    for heading in headings:
        seen[heading] = seen.get(heading, 0) + 1
        again = heading and seen[heading] > 1
        distinct.append(f"{heading} ({seen[heading]})" if again else heading)
    return tuple(distinct)
