"""Rows of a form that came back: which say something, and what is wrong with their cells."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import Fault
from infraplan.layers.convert import tidy
from infraplan.text import words

__all__ = ["cell_fault", "says_something", "texts"]


def texts(frame: pd.DataFrame, column: str) -> "pd.Series[str]":
    """
    Return a column as tidy texts.

    Parameters
    ----------
    frame
        Table as read.
    column
        Its name.

    Returns
    -------
    texts
        Empty where a cell, or the column, is missing.
    """
    if column not in frame:
        return pd.Series([""] * len(frame), frame.index, dtype="str")
    cells = ["" if cell is None or pd.isna(cell) else tidy(cell) for cell in frame[column]]
    return pd.Series(cells, frame.index, dtype="str")


def says_something(frame: pd.DataFrame, columns: Iterable[str]) -> npt.NDArray[np.bool_]:
    """
    Return which rows were filled in.

    Parameters
    ----------
    frame
        Table as read.
    columns
        Columns that people fill in.

    Returns
    -------
    said
        True where one of them is not empty.
    """
    said = np.zeros(len(frame), dtype=np.bool_)
    for column in columns:
        said |= (texts(frame, column) != "").to_numpy()
    return said


def cell_fault(code: str, row: str, column: str, found: str = "", /, **details: str) -> Fault:
    """
    Return the fault of a cell, its sentences those of the text catalogues.

    Parameters
    ----------
    code
        Names `faults.<code>_what` and `faults.<code>_remedy`.
    row
        What the owner calls the row.
    column
        Column of the schema.
    found
        What stands in the cell.
    **details
        Values of the sentences' placeholders.

    Returns
    -------
    fault
        In English; `fault_told` says it in the plan's language.
    """
    english = words("en")
    return Fault(
        what=english(f"faults.{code}_what", **details),
        rows=(row,) if row else (),
        found=found,
        remedy=english(f"faults.{code}_remedy", **details),
        column=column,
        code=code,
        details=tuple(details.items()),
    )
