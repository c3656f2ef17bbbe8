"""
Bytes of a text file to rows of text, whatever program saved it, without holding the file.

UTF-8 with and without BOM and UTF-16 with and without BOM are known by their bytes. What is neither
is taken for one byte a letter, as cp1252 reads it: which letters these are, of a Vietnamese code
page or of an old font, is settled later, by the words of each column (`io.texts`).
"""

import codecs
import csv
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from infraplan.errors import SourceFileError
from infraplan.layers.encodings import CP1252
from infraplan.layers.notes import Note

__all__ = ["CsvRows", "csv_rows"]

SEPARATORS = ",;\t|"
SHOWN = {"\t": "tab"}
CHUNK = 1 << 20  # bytes
HEAD = 4096  # bytes that tell UTF-16 without a byte order mark
TRIED = 30  # rows that decide the separator
NAMES_KEPT = 1 << 17  # different cells that are held once, however often they stand in a file
LINES_IN_A_CELL = 40  # more is a quotation mark that was not closed
MOSTLY = 9  # good lines for one that is broken, for a file that is UTF-8 all the same
LINES_SHOWN = 5
LATIN = "latin-1"
TO_CP1252 = str.maketrans({chr(n): CP1252[chr(n)] for n in range(0x80, 0xA0) if chr(n) in CP1252})
ENCODINGS = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", LATIN: "Windows-1252"}


@dataclass(frozen=True, slots=True, eq=False)
class CsvRows:
    """
    Rows of a CSV file, to be taken once.

    `encoding` is what a person calls it, `separator` the character between cells; `notes` tell both
    and what could not be read.
    """

    rows: Iterator[list[str]]
    encoding: str
    separator: str
    notes: tuple[str, ...]


def csv_rows(path: Path, fits: Callable[[Sequence[str]], int]) -> CsvRows:
    """
    Return the rows of a CSV file, its encoding and separator found out.

    Parameters
    ----------
    path
        The file.
    fits
        How many cells of a row are headings that are looked for, to tell the separator.

    Returns
    -------
    rows
        Rows one by one, an empty line as an empty row; a first line `sep=;`, which Excel hides,
        is none of them.

    Raises
    ------
    SourceFileError
        If a quotation mark is not closed; while the rows are taken.
    """
    encoding, has_mark, broken, nul = _encoding(path)
    head = list(islice(_lines(path, encoding, has_mark=has_mark), TRIED))
    said = _said_separator(head)
    separator = said or _separator(head, fits)
    lines = islice(_lines(path, encoding, has_mark=has_mark), int(bool(said)), None)
    notes = [
        Note(
            "encodings.csv",
            encoding=ENCODINGS[encoding],
            separator=SHOWN.get(separator, separator),
        )
    ]
    if broken:
        notes.append(Note("encodings.broken_lines", lines=_shown(broken)))
    if nul:
        notes.append(Note("encodings.nul_lines", lines=_shown(nul)))
    rows = _rows(path, lines, separator)
    return CsvRows(rows, ENCODINGS[encoding], separator, tuple(notes))


def _encoding(path: Path) -> tuple[str, bool, list[int], list[int]]:
    """Return encoding, whether it is marked, and the lines that are broken or hold a zero byte."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
        for mark, encoding in (
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
        ):
            if head.startswith(mark):
                broken = _broken(path)[0] if encoding == "utf-8" else []
                return encoding, True, broken, []
        zeros = [head[place::2].count(0) for place in (0, 1)]
        if sum(zeros) > len(head) / 8 and min(zeros) <= max(zeros) / 4:
            return ("utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"), False, [], []
        stream.seek(0)
        if _is_utf8(stream):
            return "utf-8", False, [], []
    broken, good, nul = _broken(path)
    if broken and good < MOSTLY * len(broken):
        return LATIN, False, [], nul
    return "utf-8", False, broken, nul


def _is_utf8(stream: BinaryIO) -> bool:
    """Return whether a file is UTF-8 to its end, without a zero byte."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := stream.read(CHUNK):
            decoder.decode(chunk)
            if b"\0" in chunk:
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _broken(path: Path) -> tuple[list[int], int, list[int]]:
    """Return lines that are not UTF-8, how many others have accents, and lines with zero bytes."""
    broken, nul = [], []
    good = 0
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if b"\0" in line:
                nul.append(number)
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                broken.append(number)
            else:
                good += 1
    return broken, good, nul


def _lines(path: Path, encoding: str, *, has_mark: bool) -> Iterator[str]:
    """Return the lines of a file as text, their ends kept."""
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        if has_mark:
            stream.read(1)
        for line in stream:
            text = line.replace("\0", "")
            yield text if encoding != LATIN or text.isascii() else text.translate(TO_CP1252)


def _said_separator(head: Sequence[str]) -> str:
    """Return the separator that the first line says, as Excel writes it: `sep=;`."""
    first = head[0].strip().strip('"').lower() if head else ""
    return first[4:] if first.startswith("sep=") and len(first) == 5 else _said_tab(head)


def _said_tab(head: Sequence[str]) -> str:
    """Return a tab where the first line says one, which stripping would lose."""
    return "\t" if head and head[0].lower().lstrip('"').startswith("sep=\t") else ""


def _separator(head: Sequence[str], fits: Callable[[Sequence[str]], int]) -> str:
    """Return what parts the first lines into headings that are looked for, or else into most."""

    def score(separator: str) -> tuple[int, int]:
        """Return how well a separator parts the lines."""
        cells = list(csv.reader(head, delimiter=separator, strict=False))
        return max(map(fits, cells), default=0), max(map(len, cells), default=0)

    try:
        return max(SEPARATORS, key=score)
    except csv.Error:  # a cell without end, told where it is met
        return ","


def _rows(path: Path, lines: Iterator[str], separator: str) -> Iterator[list[str]]:
    """Return rows of cells; what stands in many cells is held once."""
    reader = csv.reader(lines, delimiter=separator, strict=False)
    kept: dict[str, str] = {}
    start = 0
    try:
        for row in reader:
            if reader.line_num - start > LINES_IN_A_CELL and any(map(_is_endless, row)):
                raise SourceFileError(_unclosed(path, start + 1))
            start = reader.line_num
            if len(kept) < NAMES_KEPT:
                yield [kept.setdefault(cell, cell) for cell in row]
            else:
                yield [kept.get(cell, cell) for cell in row]
    except csv.Error as error:
        msg = _unclosed(path, start + 1) if "limit" in str(error) else f"{path}: {error}"
        raise SourceFileError(msg) from error


def _is_endless(cell: str) -> bool:
    """Return whether a cell goes over more lines than anybody writes into one."""
    return cell.count("\n") > LINES_IN_A_CELL


def _unclosed(path: Path, line: int) -> str:
    """Return the message on a quotation mark that is not closed."""
    return (
        f"{path}: a quotation mark in the row that begins in line {line} is not closed, so the "
        "lines after it would be one cell; close it, or remove it"
    )


def _shown(lines: Sequence[int]) -> str:
    """Return line numbers, the first of many."""
    more = len(lines) - LINES_SHOWN
    return ", ".join(map(str, lines[:LINES_SHOWN])) + (f" (+{more})" if more > 0 else "")
