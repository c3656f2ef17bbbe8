"""Workbooks as a spreadsheet program recalculates them, beside the values that they were given."""

import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

CACHED = re.compile(rb"(</f>)<v>[^<]*</v>")
Cells = dict[tuple[str, str], Any]


def cached(path: Path) -> tuple[Cells, Cells]:
    """Return the formulas of a workbook and the values that stand beside them."""
    formulas: Cells = {}
    values: Cells = {}
    book, told = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.data_type == "f":
                    formulas[sheet.title, cell.coordinate] = cell.value
                    values[sheet.title, cell.coordinate] = told[sheet.title][cell.coordinate].value
    return formulas, values


def recalculated(path: Path, folder: Path, *, changes: dict[tuple[str, str], Any]) -> Cells:
    """Return the values of all formulas as LibreOffice works them out anew."""
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed: nothing recalculates the workbook")
    bare = folder / "in" / path.name
    bare.parent.mkdir(parents=True, exist_ok=True)
    source = path
    if changes:
        source = folder / "changed.xlsx"
        book = openpyxl.load_workbook(path)
        for (sheet, cell), value in changes.items():
            book[sheet][cell].value = value
        book.save(source)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(bare, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.startswith("xl/worksheets/"):
                content = CACHED.sub(rb"\1", content)
            new.writestr(entry.filename, content)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [soffice, profile, "--headless", "--convert-to", "xlsx", "--outdir",
               str(folder / "out"), str(bare)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    made = folder / "out" / path.name
    assert made.exists(), done.stderr
    formulas, _ = cached(path)
    book = openpyxl.load_workbook(made, data_only=True)
    return {(sheet, cell): book[sheet][cell].value for sheet, cell in formulas}


def differing(first: Cells, second: Cells) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Return the cells whose values differ by more than rounding of the machine."""
    found = {}
    for key, value in first.items():
        other = second[key]
        if isinstance(value, str) or value is None:
            same = (value or "") == (other or "")
        else:
            is_number = isinstance(other, int | float)
            same = is_number and abs(value - other) <= 1e-12 * max(abs(value), 1)
        if not same:
            found[key] = (value, other)
    return found
