"""Files as they are, before anything is understood: cells of lists, features of layers."""

import csv
import io
from pathlib import Path
from typing import Any

from infraplan.errors import SourceFileError
from infraplan.io.guards import checked_path
from infraplan.io.guards import counted_rows
from infraplan.io.lists import Sheet
from infraplan.io.lists import table_of as _table
from infraplan.io.lists import understood as _understood
from infraplan.io.vectors import features
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
    found = features(path, layer)
    rows = tuple(map(str, found.frame.index + 1))
    return Sheet(found.frame, rows, found.name, found.notes, system_fault=found.fault)


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
