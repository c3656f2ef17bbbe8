"""
Files as they are, before anything is understood: cells of lists, features of layers.

What a file is said to be is checked against its first bytes: GDAL would follow a VRT under the name
`.geojson` to any file of the machine, and a path beginning with /vsicurl/ to the internet.
"""

import re
import warnings
import zipfile
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from itertools import chain
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.errors import SourceFileError
from infraplan.io.aliases import match_headings
from infraplan.io.decoding import csv_rows
from infraplan.io.texts import settle_headings
from infraplan.layers.convert import plain
from infraplan.layers.convert import tidy
from infraplan.layers.notes import Note

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Sheet", "checked_path", "read_sheet"]

MAGIC = {
    ".xlsx": (b"PK\x03\x04",),
    ".gpkg": (b"SQLite format 3\0",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".geojson": (b"{",),
    ".json": (b"{",),
}
FORMATS = (".csv", *MAGIC)
UNPACKED_LIMIT = 500_000_000  # bytes in a workbook: more is no list but an attack
RATIO_LIMIT = 200
ENTRY_LIMIT = 1000
HEADING_ROWS = 12  # titles may stand above the headings
TOTALS = ("tong", "tong cong", "cong", "tong so", "total", "sum")


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """
    One table of a file: cells or features, what its owner calls the rows, and what was skipped.

    `frame` is a GeoDataFrame where the file has geometry; `crs` is what the file says, or "".
    """

    frame: "pd.DataFrame | gpd.GeoDataFrame"
    rows: tuple[str, ...]
    name: str = ""
    notes: tuple[str, ...] = ()


def checked_path(path: Path | str) -> Path:
    """
    Return the path of a file that may be read, after looking at its first bytes.

    Parameters
    ----------
    path
        Path as the user gave it.

    Returns
    -------
    path
        Existing file whose content is what its name says.

    Raises
    ------
    SourceFileError
        If it is missing, not a file of this machine, of another format than its name says, or of a
        format that is not read.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"{path} does not exist, or is not a file on this machine"
        raise SourceFileError(msg)
    if path.name.startswith("~$"):
        msg = (
            f"{path} is only the mark that Excel sets while a workbook is open; give the workbook "
            f"itself: {path.with_name(path.name[2:])}"
        )
        raise SourceFileError(msg)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise SourceFileError(_refusal(path, suffix))
    if suffix in MAGIC:
        with path.open("rb") as stream:
            start = stream.read(64)
        start = start.removeprefix(b"\xef\xbb\xbf").lstrip() if b"{" in MAGIC[suffix] else start
        if not start.startswith(MAGIC[suffix]):
            msg = f"{path} is not a {suffix[1:]} file, whatever its name says"
            raise SourceFileError(msg)
    return path


def read_sheet(path: Path, layer: str) -> Sheet:
    """
    Return the table of a file that holds a layer.

    Parameters
    ----------
    path
        Path that `checked_path` returned.
    layer
        Name of the layer, to find sheet, headings or layer of the file.

    Returns
    -------
    sheet
        Cells as they are, with rows named as the owner counts them.

    Raises
    ------
    SourceFileError
        If the file is damaged, or it is not clear which part of it is meant.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _sheet_of_csv(path, layer)
    if suffix == ".xlsx":
        return _sheet_of_workbook(path, layer)
    return _features(path, layer)


def _refusal(path: Path, suffix: str) -> str:
    """Return why a format is not read, and what to do."""
    remedy = {
        ".xls": "open it in Excel and save it as .xlsx",
        ".zip": "unpack it and give the file inside",
        ".rar": "unpack it and give the file inside",
        ".kml": "open it in QGIS or Google Earth Pro and save it as .gpkg or .geojson",
        ".kmz": "open it in QGIS or Google Earth Pro and save it as .gpkg or .geojson",
        ".tab": "open it in QGIS and save it as .gpkg with its reference system",
        ".mif": "open it in QGIS and save it as .gpkg with its reference system",
        ".tif": "rasters are imported as terrain, landcover, water, population or floods",
    }.get(suffix, "save it as .xlsx, .csv, .gpkg, .geojson or .shp")
    return f"{path}: files of the type '{suffix or 'none'}' are not read as a layer; {remedy}"


def _sheet_of_csv(path: Path, layer: str) -> Sheet:
    """Return the rows of a CSV file, whatever its separator and encoding."""
    found = csv_rows(path, lambda row: _understood(row, layer))
    sheet = _table(path, found.rows, layer, name="")
    return replace(sheet, notes=(*found.notes, *sheet.notes))


def _sheet_of_workbook(path: Path, layer: str) -> Sheet:
    """Return the rows of the first sheet with headings that fit."""
    import openpyxl

    _check_archive(path)
    notes = []
    if path.with_name(f"~${path.name}").exists():
        notes.append(
            f"{path.name} is open in Excel: what was read is its state when it was last saved"
        )
    with path.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of buttons and the like, which we skip
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            sheets = {
                sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)]
                for sheet in book.worksheets
                if sheet.sheet_state == "visible"
            }
            book.close()
        except (KeyError, ValueError, zipfile.BadZipFile, TypeError, AttributeError) as error:
            msg = f"{path} cannot be read as a workbook: {error}"
            raise SourceFileError(msg) from error
    scores = {
        title: max((_understood(row, layer) for row in rows[:HEADING_ROWS]), default=0)
        for title, rows in sheets.items()
    }
    if not any(scores.values()):
        msg = (
            f"{path}: no sheet has headings of layer '{layer}'; "
            f"see which it takes with: infraplan schema {layer}"
        )
        raise SourceFileError(msg)
    title = next(title for title, score in scores.items() if score == max(scores.values()))
    others = [other for other, score in scores.items() if other != title and score]
    if others:
        notes.append(f"sheet '{title}' was read; also there: {', '.join(others)}")
    sheet = _table(path, sheets[title], layer, name=title)
    return Sheet(sheet.frame, sheet.rows, title, (*notes, *sheet.notes))


def _check_archive(path: Path) -> None:
    """Refuse a workbook that would unpack to more than any list needs."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        msg = f"{path} is damaged, or not a workbook: {error}"
        raise SourceFileError(msg) from error
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(sum(entry.compress_size for entry in entries), 1)
    is_bomb = unpacked > 10_000_000 and unpacked / packed > RATIO_LIMIT
    if unpacked > UNPACKED_LIMIT or is_bomb or len(entries) > ENTRY_LIMIT:
        msg = f"{path} would unpack to {unpacked / 1e6:.0f} MB and is refused; split the list"
        raise SourceFileError(msg)


def _understood(row: Sequence[Any], layer: str) -> int:
    """Return how many cells of a row are headings of a layer."""
    return match_headings(filter(None, settle_headings(row)[0]), layer).count


def _table(path: Path, cells: Iterable[list[Any]], layer: str, *, name: str) -> Sheet:
    """Return the rows below the headings, without empty ones, sub-headings and totals."""
    lines = iter(cells)
    head = list(islice(lines, HEADING_ROWS))
    scores = [_understood(row, layer) for row in head]
    if not scores or not max(scores):
        msg = (
            f"{path}: no row has headings of layer '{layer}'; "
            f"see which it takes with: infraplan schema {layer}"
        )
        raise SourceFileError(msg)
    top = scores.index(max(scores))
    texts, said = settle_headings(head[top])
    headings = _distinct(texts)
    kept: list[list[Any]] = []
    rows: list[str] = []
    skipped: list[str] = []
    for number, row in enumerate(chain(head[top + 1 :], lines), start=top + 2):
        filled = [tidy(cell) for cell in row if tidy(cell)]
        if not filled:
            continue
        if len(row) > len(headings) and any(tidy(cell) for cell in row[len(headings) :]):
            msg = (
                f"{path}: row {number} has {len(row)} cells for {len(headings)} headings; a text "
                "with the separator in it must stand in quotation marks"
            )
            raise SourceFileError(msg)
        if _is_between(filled, sum(map(bool, headings))):
            skipped.append(str(number))
            continue
        kept.append([*row, *[None] * (len(headings) - len(row))][: len(headings)])
        rows.append(str(number))
    frame = pd.DataFrame(kept, columns=headings, dtype=object)
    frame = frame[[heading for heading in headings if heading]]
    shown = ", ".join(skipped[:5])
    notes = (f"rows {shown} were taken as sub-headings or totals and left out",) if skipped else ()
    return Sheet(frame, tuple(rows), name, (*said, *notes))


def _is_between(filled: Sequence[str], heading_count: int) -> bool:
    """Return whether a row is a sub-heading ("I | Huyện Kỳ Anh") or a total, and no data."""
    if any(plain(cell) in TOTALS for cell in filled[:2]):
        return True
    if heading_count < 3:
        return False
    numbered = re.fullmatch(r"[ivxlc]+|[a-z]", plain(filled[0])) is not None
    return len(filled) == 1 or (len(filled) == 2 and heading_count > 3 and numbered)


def _distinct(headings: list[str]) -> list[str]:
    """Return headings of which repeated ones carry a number."""
    seen: dict[str, int] = {}
    distinct = []
    for heading in headings:
        seen[heading] = seen.get(heading, 0) + 1
        again = heading and seen[heading] > 1
        distinct.append(f"{heading} ({seen[heading]})" if again else heading)
    return distinct


def _features(path: Path, layer: str) -> Sheet:
    """Return the features of a vector file."""
    import pyogrio

    from infraplan.io.store import settle

    if path.suffix.lower() == ".gpkg" and path.with_name(f"{path.name}-journal").exists():
        settle(path)
    options: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    if path.suffix.lower() == ".shp" and not path.with_suffix(".cpg").exists():
        options["encoding"] = "utf-8"
        notes = ("the shapefile does not name its encoding (.cpg); UTF-8 was taken",)
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        options["layer"] = _one_of(path, names, layer)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            frame, said = _attributes(path, options)
            notes = said or notes
    except UnicodeDecodeError as error:
        msg = f"{path} is not in UTF-8; save it in QGIS as .gpkg with the encoding it was made in"
        raise SourceFileError(msg) from error
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        msg = f"{path} cannot be read as a {path.suffix[1:]} file: {error}"
        raise SourceFileError(msg) from error
    rows = tuple(map(str, np.arange(1, len(frame) + 1)))
    return Sheet(frame, rows, options["layer"] if len(names) > 1 else "", notes)


def _attributes(
    path: Path, options: dict[str, Any]
) -> "tuple[pd.DataFrame | gpd.GeoDataFrame, tuple[str, ...]]":
    """Return features; those of a shapefile that is not UTF-8 with one letter a byte."""
    import pyogrio

    try:
        return pyogrio.read_dataframe(path, **options), ()
    except UnicodeDecodeError:
        if path.suffix.lower() != ".shp":
            raise
        frame = pyogrio.read_dataframe(path, **{**options, "encoding": "ISO-8859-1"})
        return frame, (Note("encodings.dbf"),)


def _one_of(path: Path, names: list[str], layer: str) -> str:
    """Return which layer of a file is meant."""
    if layer in names:
        return layer
    if len(names) == 1:
        return names[0]
    msg = (
        f"{path} holds several layers ({', '.join(names)}), none of them named '{layer}'; "
        "save the one you mean to a file of its own"
    )
    raise SourceFileError(msg)
