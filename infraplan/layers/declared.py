"""Tables of a result by their declaration: keys, columns, empty ones and filled ones."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["DeclaredTables", "empty_declared", "filled_declared"]

DeclaredTables = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]  # keys, other columns


def empty_declared(tables: DeclaredTables, name: str) -> pd.DataFrame:
    """
    Return a declared table without rows.

    Parameters
    ----------
    tables
        Declarations.
    name
        One of them.

    Returns
    -------
    table
        Its columns, indexed by its keys.
    """
    keys, columns = tables[name]
    index = (
        pd.MultiIndex.from_arrays([[]] * len(keys), names=keys)
        if len(keys) > 1
        else pd.Index([], name=keys[0], dtype="str")
    )
    return pd.DataFrame({column: pd.Series(dtype="object") for column in columns}, index=index)


def filled_declared(
    tables: DeclaredTables, name: str, rows: Mapping[tuple[str | float, ...], Mapping[str, Any]]
) -> pd.DataFrame:
    """
    Return a declared table with rows.

    Parameters
    ----------
    tables
        Declarations.
    name
        One of them.
    rows
        Values by key, in the order of the table; what a row lacks is missing.

    Returns
    -------
    table
        Its columns, numbers as such, indexed by its keys; that of `empty_declared` without rows.
    """
    if not rows:
        return empty_declared(tables, name)
    keys, columns = tables[name]
    index = (
        pd.MultiIndex.from_tuples(list(rows), names=keys)
        if len(keys) > 1
        else pd.Index([key[0] for key in rows], name=keys[0])
    )
    values = {column: [row.get(column) for row in rows.values()] for column in columns}
    return pd.DataFrame(
        {column: pd.Series(entries, index=index) for column, entries in values.items()},
        index=index,
        columns=list(columns),
    )
