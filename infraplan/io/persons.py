"""
What is about persons in a list: columns with their headings or contents, numbers in free text.

The office plans with places, not with people: such columns are dropped unless they are asked for,
and a telephone or identity number in an address goes, whatever is asked.
"""

import re
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import pandas as pd

from infraplan import atomic
from infraplan.layers.convert import tidy
from infraplan.layers.repairs import Repair
from infraplan.layers.schemas import schema

__all__ = ["about_persons", "masked_numbers", "without_numbers", "write_personal"]

FIXED_DATE = datetime(2000, 1, 1)  # noqa: DTZ001 - equal content gives equal bytes
SAMPLE = 500  # cells of a column that are looked at
SHARE = 0.5  # of them that are numbers of persons, from which the column is about persons
FREE_TEXT = ("name", "address", "owner", "source", "purpose", "seat", "note")
PHONE = r"(?:\+?84|0)[ .-]?[35789]\d(?:[ .-]?\d){7}"  # mobile numbers of Vietnam
IDENTITY = r"0\d{11}"  # citizen's identity card
NUMBER = re.compile(rf"(?<![\d.,])(?:{PHONE}|{IDENTITY})(?![\d.,]*\d)")
ALONE = re.compile(rf"{PHONE}|[35789]\d{{8}}|{IDENTITY}|\d{{11,12}}|\S+@\S+\.\S+")
LABEL = re.compile(
    r"[\s,;(–-]*\b(?:sđt|đt|dđ|tel|điện thoại|cccd|cmnd|số)?[:.\s]*•••[\s)]*", flags=re.IGNORECASE
)


def about_persons(column: pd.Series) -> bool:
    """
    Return whether a column of unknown heading holds telephone numbers and the like.

    Parameters
    ----------
    column
        Cells as read.

    Returns
    -------
    is_about_persons
        True where half of its first cells do.
    """
    texts = [text for cell in column.dropna().head(SAMPLE) if (text := tidy(cell))]
    found = sum(ALONE.fullmatch(text) is not None for text in texts)
    return bool(texts) and found >= SHARE * len(texts)


def masked_numbers(text: str) -> str:
    """
    Return a text in which telephone and identity numbers cannot be read.

    Parameters
    ----------
    text
        Such as what a message shows of a cell.

    Returns
    -------
    text
        The same, each such number as `•••`.

    Examples
    --------
    >>> masked_numbers("ông An 0912 345 678, cao 42")
    'ông An •••, cao 42'
    """
    return NUMBER.sub("•••", text)


def without_numbers(
    frame: pd.DataFrame, rows: tuple[str, ...], layer: str
) -> tuple[pd.DataFrame, list[Repair]]:
    """
    Return a table whose free texts have no telephone and identity numbers.

    Parameters
    ----------
    frame
        Table with columns named as in the schema, cells as read.
    rows
        What the owner calls each row.
    layer
        Name of the layer.

    Returns
    -------
    frame
        Copy where anything was cut.
    repairs
        Which cells were cut; the numbers are not in them.
    """
    repairs = []
    changed = {}
    for column in FREE_TEXT:
        if column not in frame or schema(layer).column(column) is None:
            continue
        cells = frame[column].to_numpy(dtype=object).copy()
        for place, cell in enumerate(cells):
            if not isinstance(cell, str) or not NUMBER.search(cell):
                continue
            masked = masked_numbers(tidy(cell))
            cells[place] = LABEL.sub(" ", masked).strip(" ,;-")
            repairs.append(Repair(rows[place], column, masked, cells[place], "number_cut"))
            changed[column] = cells
    return (frame.assign(**changed) if changed else frame), repairs


def write_personal(path: Path, frame: pd.DataFrame, *, ids: Collection[str]) -> Path:
    """
    Write columns about persons to a workbook of their own.

    Parameters
    ----------
    path
        The workbook; rows that it has already stay where their ids do and are not in `frame`.
    frame
        Cells as text, by id.
    ids
        Ids of the layer that the rows belong to.

    Returns
    -------
    path
        The workbook.

    Raises
    ------
    PlanError
        If it cannot be written.
    """
    old = _read_personal(path) if path.exists() else pd.DataFrame()
    kept = old[old.index.isin(list(ids)) & ~old.index.isin(frame.index)] if len(old) else old
    table = (pd.concat([kept, frame]) if len(kept) else frame).sort_index().fillna("")

    def fill(temporary: Path) -> None:
        """Write the sheet, all of it as text."""
        import xlsxwriter

        book = xlsxwriter.Workbook(
            str(temporary), {"strings_to_formulas": False, "strings_to_urls": False}
        )
        book.set_properties({"created": FIXED_DATE})
        page = book.add_worksheet()
        page.write_row(0, 0, [str(frame.index.name), *map(str, table.columns)])
        for number, (key, row) in enumerate(table.iterrows(), start=1):
            for place, text in enumerate([str(key), *map(str, row)]):
                page.write_string(number, place, text)
        book.close()

    return atomic.write(path, fill)


def _read_personal(path: Path) -> pd.DataFrame:
    """Return the rows of a workbook that `write_personal` wrote, by id."""
    frame = pd.read_excel(path, dtype=str, keep_default_na=False)
    return frame.set_index(frame.columns[0])
