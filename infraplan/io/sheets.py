"""Files as they are, before anything is understood: cells of lists, features of layers."""

from dataclasses import replace
from pathlib import Path

from infraplan.io.decoding import csv_rows
from infraplan.io.guards import checked_path
from infraplan.io.guards import counted_rows
from infraplan.io.lists import Sheet
from infraplan.io.lists import table_of
from infraplan.io.lists import understood
from infraplan.io.vectors import features
from infraplan.io.workbooks import sheet_of_workbook

__all__ = ["Sheet", "checked_path", "read_sheet"]


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
    found = csv_rows(path, lambda row: understood(row, layer))
    sheet = table_of(path, counted_rows(path, found.rows), layer)
    return replace(
        sheet,
        notes=(*found.notes, *sheet.notes),
        encoding=found.encoding,
        separator=found.separator,
    )
