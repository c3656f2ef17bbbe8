"""
The cells of a file as they stand, to be copied for its owner: values only, and the layout.

No formula, macro or link comes along. openpyxl streams cells but tells nothing of the layout then,
and reading a workbook whole takes five times as long; so widths, merged cells and what is hidden
are looked for in the text of the sheet.
"""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from infraplan.errors import SourceFileError
from infraplan.layers.pages import Page
from infraplan.packaged import read_text

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

__all__ = ["page_of", "read_pages"]

CELL_LIMIT = 1_000_000  # beyond which a copy would be of no use to a person
TEXT_LIMIT = 20_000_000  # bytes of a text file that is copied
LAYOUT_LIMIT = 100_000_000  # bytes of a sheet whose layout is looked for
FORMAT_ROWS = 60  # of a sheet, in which the number formats of its columns are looked for
SEPARATORS = ";,\t|"
COLUMN = re.compile(rb"<(?:\w+:)?col\b[^>]*>")
ROW_HIDDEN = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d+)"[^>]*?\bhidden="(?:1|true)"')
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3}\d+:[A-Z]{1,3}\d+)"')
ATTRIBUTE = re.compile(rb'\b(\w+)="([^"]*)"')


def read_pages(
    source: Path, sheets: Sequence[str] = (), *, encoding: str = "", separator: str = ""
) -> tuple[Page, ...]:
    """
    Return the sheets of a file as they stand.

    Parameters
    ----------
    source
        File that was read as a layer.
    sheets
        Sheets, or the one layer of a map file, that were read; all visible ones where empty.
    encoding
        Encoding of a text file where the reader found it out.
    separator
        What stands between its columns, where the reader found it out.

    Returns
    -------
    pages
        Empty where the file is too large to be copied, or holds no table.

    Raises
    ------
    SourceFileError
        If the file can no longer be read.
    """
    suffix = source.suffix.lower()
    if suffix == ".xlsx":
        return _of_workbook(source, sheets)
    if suffix in (".csv", ".txt", ".tsv"):
        return _of_text(source, encoding, separator)
    return _of_map(source, sheets)


def _of_workbook(source: Path, sheets: Sequence[str]) -> tuple[Page, ...]:
    """Return the sheets of a workbook that were read."""
    import openpyxl

    with source.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of buttons and the like, which we skip
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            found = [
                sheet
                for sheet in book.worksheets
                if sheet.title in sheets or (not sheets and sheet.sheet_state == "visible")
            ]
            pages = tuple(page for sheet in found if (page := _of_sheet(source, sheet)))
            book.close()
        except (KeyError, ValueError, zipfile.BadZipFile, TypeError, AttributeError) as error:
            msg = f"{source} cannot be read as a workbook: {error}"
            raise SourceFileError(msg) from error
    return pages


def page_of(source: Path, sheet: "ReadOnlyWorksheet", rows: Sequence[Sequence[Any]]) -> Page:
    """
    Return a sheet of a workbook whose cells have been read.

    Parameters
    ----------
    source
        The workbook.
    sheet
        Its sheet.
    rows
        Values of all its rows.

    Returns
    -------
    page
        The cells with their layout.
    """
    formats: dict[int, str] = {}
    for cells in sheet.iter_rows(max_row=FORMAT_ROWS):
        for number, cell in enumerate(cells, start=1):
            if isinstance(cell.value, (int, float)) and cell.number_format:
                formats[number] = cell.number_format
    layout = _layout(source, sheet._worksheet_path)  # noqa: SLF001 - openpyxl has no other way
    return Page(sheet.title, rows, formats=formats, **layout)


def _of_sheet(source: Path, sheet: "ReadOnlyWorksheet") -> Page | None:
    """Return one sheet of a workbook; None where it is too large."""
    sheet.reset_dimensions()  # what programs write there is often wrong
    rows: list[tuple[Any, ...]] = []
    count = 0
    for row in sheet.iter_rows(values_only=True):
        rows.append(row)
        count += len(row)
        if count > CELL_LIMIT:
            return None
    return page_of(source, sheet, rows)


def _layout(source: Path, entry: str) -> dict[str, Any]:
    """Return widths, merged cells and what is hidden, found in the text of a sheet."""
    from openpyxl.utils.cell import range_boundaries

    with zipfile.ZipFile(source) as archive:
        name = entry.lstrip("/")
        if archive.getinfo(name).file_size > LAYOUT_LIMIT:
            return {}
        text = archive.read(name)
    widths: dict[int, float] = {}
    hidden: set[int] = set()
    for tag in COLUMN.findall(text[: text.find(b"sheetData")]):
        said = {
            key.decode(): value.decode("ascii", "ignore") for key, value in ATTRIBUTE.findall(tag)
        }
        span = range(int(said.get("min", 1)), min(int(said.get("max", 0)), 1000) + 1)
        if said.get("hidden") in ("1", "true"):
            hidden.update(span)
        if said.get("width"):
            widths.update(dict.fromkeys(span, float(said["width"])))
    merges = []
    for reference in MERGED.findall(text):
        left, top, right, bottom = range_boundaries(reference.decode())
        merges.append((int(top), int(bottom), int(left), int(right)))
    return {
        "widths": widths,
        "hidden_columns": frozenset(hidden),
        "hidden_rows": frozenset(map(int, ROW_HIDDEN.findall(text))),
        "merges": tuple(merges),
    }


def _of_text(source: Path, encoding: str, separator: str) -> tuple[Page, ...]:
    """Return the rows of a text file, numbered as its reader numbers them; none of a large one."""
    if source.stat().st_size > TEXT_LIMIT:
        return ()
    try:
        text = source.read_text(encoding=encoding) if encoding else read_text(source)
    except (LookupError, UnicodeDecodeError):
        text = source.read_bytes().decode("utf-8", "replace")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    best: list[list[str]] = []
    for sign in separator if len(separator) == 1 else SEPARATORS:
        try:
            cells = list(csv.reader(io.StringIO(text), delimiter=sign, strict=False))
        except csv.Error:
            continue
        if max(map(len, cells[:30]), default=0) > max(map(len, best[:30]), default=0):
            best = cells
    return (Page(source.stem[:25] or "-", best),) if best else ()


def _of_map(source: Path, layers: Sequence[str]) -> tuple[Page, ...]:
    """Return the features of a map file as rows below their headings, points with coordinates."""
    import pyogrio

    try:
        options = {"layer": layers[0]} if layers and layers[0] else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = pyogrio.read_dataframe(source, **options)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError):
        return ()
    names = [str(name) for name in frame.columns if name != "geometry"]
    columns = [
        frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in names
    ]
    if "geometry" in frame and set(frame.geometry.geom_type.dropna()) == {"Point"}:
        is_degrees = frame.crs is None or frame.crs.is_geographic
        names += ["Kinh độ", "Vĩ độ"] if is_degrees else ["easting", "northing"]
        columns += [
            [
                None if point is None or point.is_empty else getattr(point, axis)
                for point in frame.geometry
            ]
            for axis in ("x", "y")
        ]
    rows = [names, *([column[n] for column in columns] for n in range(len(frame)))]
    return (Page(source.stem[:25] or "-", rows, shift=1),)
