"""Which cells of a list were understood otherwise than they stand: spellings, numbers, dates."""

import re
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
import pandas as pd

from infraplan.layers.columns import LayerSchema
from infraplan.layers.convert import tidy
from infraplan.layers.repairs import Repair

__all__ = ["decimal_signs", "number_repairs", "spelling_repairs"]

SPELLED = {
    "operator": "operator_spelling", "owner": "operator_spelling",
    "technologies": "technology_spelling", "technology": "technology_spelling",
}  # fmt: skip
PARTS = re.compile(r"[;,/+|&\s]+")


def spelling_repairs(
    before: pd.DataFrame, after: pd.DataFrame, rows: Sequence[str]
) -> Iterator[Repair]:
    """
    Yield operators and technologies that were written otherwise than we write them.

    Parameters
    ----------
    before
        Table with columns named as in the schema, cells as read.
    after
        The same as `rewritten` returned it.
    rows
        What the owner calls each row.

    Yields
    ------
    repair
        One a cell. Technologies that are only joined otherwise are not among them.
    """
    for column, code in SPELLED.items():
        if column not in before:
            continue
        seen: dict[tuple[str, str], bool] = {}
        for row, old, new in zip(rows, before[column], after[column], strict=True):
            if old is new or not isinstance(new, str):
                continue
            pair = (tidy(old), new)
            if pair not in seen:
                seen[pair] = _is_respelled(*pair, as_set=code == "technology_spelling")
            if seen[pair]:
                yield Repair(row, column, *pair, code)


def number_repairs(
    frame: pd.DataFrame, table: pd.DataFrame, rows: Sequence[str], declared: LayerSchema
) -> Iterator[Repair]:
    """
    Yield cells whose text was read as a number or a date.

    Parameters
    ----------
    frame
        Table with columns named as in the schema, cells as read.
    table
        The same rows as the schema wants them.
    rows
        What the owner calls each row.
    declared
        The layer.

    Yields
    ------
    repair
        One a cell; text that any program reads as the same number is not among them.
    """
    for column in declared.columns:
        if column.kind not in ("number", "integer", "date") or column.name not in frame:
            continue
        cells = frame[column.name].to_numpy(dtype=object)
        values = table[column.name].astype(object).where(table[column.name].notna(), None)
        read = _date_code if column.kind == "date" else _number_code
        for row, cell, value in zip(rows, cells, values, strict=True):
            if value is None or (
                isinstance(cell, (int, float, np.number)) and read is _number_code
            ):
                continue
            if code := read(cell, value):
                yield Repair(row, column.name, tidy(cell), tidy(value), code)


def decimal_signs(
    repairs: Sequence[Repair],
    frame: pd.DataFrame,
    declared: LayerSchema,
    heading: Mapping[str, str],
) -> dict[str, str]:
    """
    Return the decimal sign that was taken in each column of text numbers.

    Parameters
    ----------
    repairs
        Repairs of the table, their columns named as its owner does.
    frame
        Table with columns named as in the schema, cells as read.
    declared
        The layer.
    heading
        The owner's heading of each column.

    Returns
    -------
    signs
        By heading; columns without decimals in text are left out.
    """
    signs = {repair.column: "," for repair in repairs if repair.code == "decimal_comma"}
    for column in declared.columns:
        name = heading.get(column.name, column.name)
        if column.kind != "number" or column.name not in frame or name in signs:
            continue
        texts = (cell for cell in frame[column.name] if isinstance(cell, str))
        if any("." in text for text in texts):
            signs[name] = "."
    return signs


def _is_respelled(old: str, new: str, *, as_set: bool) -> bool:
    """Return whether a cell says the same in other words."""
    if not as_set:
        return old.casefold() != new.casefold()
    parts = {part.upper() for part in PARTS.split(old) if part}
    return parts != set(new.split(";"))


def _number_code(cell: object, value: float) -> str:
    """Return how a text was read as a number; empty where it plainly is that number."""
    text = tidy(cell)
    if not text:
        return ""
    try:
        if float(text) == float(value):
            return ""
    except ValueError:
        pass
    return "decimal_comma" if re.search(r"\d,\d", text) and value % 1 else "number_read"


def _date_code(cell: object, value: object) -> str:
    """Return how a cell was read as a date; empty where it is one."""
    text = tidy(cell)
    return "date_read" if text and text[:10] != value else ""
