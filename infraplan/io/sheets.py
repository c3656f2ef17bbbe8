"""Files as they are, before anything is understood: cells of lists, features of layers."""

import csv
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from infraplan.errors import SourceFileError
from infraplan.io.guards import checked_path
from infraplan.io.guards import counted_rows
from infraplan.io.guards import foreign_parser
from infraplan.io.guards import gdal_name
from infraplan.io.lists import Sheet
from infraplan.io.lists import table_of as _table
from infraplan.io.lists import understood as _understood
from infraplan.io.workbooks import sheet_of_workbook
from infraplan.packaged import read_text

__all__ = ["Sheet", "checked_path", "read_sheet"]

HEADING_ROWS = 12  # titles may stand above the headings


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
        return sheet_of_workbook(path, layer)
    return _features(path, layer)


def _sheet_of_csv(path: Path, layer: str) -> Sheet:
    """Return the rows of a CSV file, whatever its separator and encoding."""
    text = read_text(path)
    best: tuple[int, list[Any]] = (-1, [])
    for separator in ",;\t":
        try:
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
            cells = list(counted_rows(path, lines))
        except csv.Error as error:
            msg = (
                f"{path} cannot be read as CSV: {error}; look for a quotation mark that is opened "
                "and not closed"
            )
            raise SourceFileError(msg) from error
        score = max((len(row) for row in cells[:HEADING_ROWS]), default=0)
        understood = max((_understood(row, layer) for row in cells[:HEADING_ROWS]), default=0)
        best = max(best, (understood * 1000 + score, cells), key=lambda pair: pair[0])
    return _table(path, best[1], layer, name="")


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
        with warnings.catch_warnings(), foreign_parser(path, f"{path.suffix[1:]} file"):
            warnings.simplefilter("ignore")
            names = [str(name) for name, _ in pyogrio.list_layers(gdal_name(path))]
            options["layer"] = _one_of(path, names, layer)
            frame = pyogrio.read_dataframe(gdal_name(path), on_invalid="ignore", **options)
    except SourceFileError as error:
        if not isinstance(error.__cause__, UnicodeDecodeError):
            raise
        msg = f"{path} is not in UTF-8; save it in QGIS as .gpkg with the encoding it was made in"
        raise SourceFileError(msg) from error
    rows = tuple(map(str, np.arange(1, len(frame) + 1)))
    return Sheet(frame, rows, options["layer"] if len(names) > 1 else "", notes)


def _one_of(path: Path, names: list[str], layer: str) -> str:
    """Return which layer of a file is meant."""
    if layer in names:
        return layer
    if len(names) == 1:
        return names[0]
    if not names:
        msg = f"{path} holds no layer; in QGIS, export the layer again to this format"
        raise SourceFileError(msg)
    msg = (
        f"{path} holds several layers ({', '.join(names)}), none of them named '{layer}'; "
        "save the one you mean to a file of its own"
    )
    raise SourceFileError(msg)
