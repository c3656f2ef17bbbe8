"""
Cells of a list, as people type them, to values of a declared kind.

Every function returns the values and which cells could not be understood; nothing is guessed cell
by cell. Whether a comma is a decimal sign is decided once for a whole column, for "1.234" alone may
be 1234 or 1.234.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.layers.columns import Column
from infraplan.layers.notes import Note

__all__ = ["converted", "plain", "tidy"]

Mask = npt.NDArray[np.bool_]

SPACES = re.compile(r"[\s\u00a0\u2000-\u200a\u202f]+")
UNSEEN = {"Cc", "Cf", "Cs"}  # control characters, zero widths and turns of direction, halves
NOT_KNOWN = {"-", "--", "–", "—", "?", "n/a", "na", "nan", "null", "none", "khong ro", "chua ro"}
YES = {"true", "yes", "y", "t", "co", "x", "1", "dung"}
NO = {"false", "no", "n", "f", "khong", "0", "sai"}
SPLIT = re.compile(r"[;,/+|&\s]+")
DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
YEAR_FIRST = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?:[T ].*)?")
EPOCH = dt.date(1899, 12, 30)  # day 0 of Excel
REMEMBERED = 1 << 16  # texts; a list repeats most of its own, and is looked at several times
NUMERIC = ("integer", "floating", "mixed-integer-float")
GROUPED = {
    sign: re.compile(rf"[+-]?\d{{1,3}}(\{group}\d{{3}})+(\{sign}\d+)?")
    for sign, group in (".,", ",.")
}
SIMPLE = {sign: re.compile(rf"[+-]?(\d+(\{sign}\d*)?|\{sign}\d+)([eE][+-]?\d+)?") for sign in ".,"}


def tidy(value: object) -> str:
    """
    Return a cell as text: composed letters, single spaces, nothing that is not seen.

    Parameters
    ----------
    value
        Any cell; an id that a spreadsheet turned into `123.0` reads `123`.

    Returns
    -------
    text
        Empty where the cell is.

    Examples
    --------
    >>> tidy(18073.0), tidy(" Hà  Tĩnh ")
    ('18073', 'Hà Tĩnh')
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return ""
        number = float(value)
        if number.is_integer() and abs(number) < 1e15:
            return str(int(number))
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()[:10]
    return _composed(str(value))


@lru_cache(REMEMBERED)
def _composed(text: str) -> str:
    """Return a text in composed letters, with single spaces and without what is not seen."""
    text = unicodedata.normalize("NFC", text)
    text = SPACES.sub(" ", text).strip(" '")
    if text.isprintable():  # nearly every cell: a province has half a million of them
        return text
    seen = "".join(letter for letter in text if unicodedata.category(letter) not in UNSEEN)
    return seen.strip(" '")


def plain(text: str) -> str:
    """
    Return a text without accents, case and punctuation, for comparing headings and words.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    plain
        Lower-case ASCII words separated by single spaces.

    Examples
    --------
    >>> plain("Mã trạm_BTS (Đ)")
    'ma tram bts d'
    """
    return _plain(text)


@lru_cache(REMEMBERED)
def _plain(text: str) -> str:
    """Return a text without accents, case and punctuation."""
    lower = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    ascii_only = "".join(letter for letter in lower if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", " ", ascii_only).strip()


def converted(column: pd.Series, declared: Column) -> tuple[pd.Series, Mask, str]:
    """
    Return the values of a column as its declaration wants them.

    Parameters
    ----------
    column
        Cells as read: text, numbers, dates, booleans, or missing.
    declared
        What the column is.

    Returns
    -------
    values
        Series on the same index in the type of the kind; missing where empty or not understood.
    bad
        Which cells hold something that is not of the kind.
    note
        What was decided for the whole column; empty where nothing was.
    """
    convert: dict[str, Callable[[pd.Series, Column], tuple[pd.Series, Mask, str]]] = {
        "number": numbers, "integer": _integers, "flag": _flags, "date": _dates, "list": _lists,
        "text": _texts,
    }  # fmt: skip
    return convert[declared.kind](column, declared)


def numbers(column: pd.Series, declared: Column) -> tuple[pd.Series, Mask, str]:
    """
    Return a column of numbers, its decimal sign decided once.

    Parameters
    ----------
    column
        Cells as read.
    declared
        Its range helps to decide between 1.234 and 1234; its unit may stand in the cells.

    Returns
    -------
    values
        float64, NaN where empty or not understood.
    bad
        Which cells are not numbers.
    note
        The decision, where both readings were possible.
    """
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
        return pd.Series(values, index=column.index), np.isinf(values), ""
    if pd.api.types.infer_dtype(column, skipna=True) in NUMERIC:
        values = np.where(column.isna(), np.nan, column.to_numpy(dtype=object)).astype(np.float64)
        return pd.Series(values, index=column.index), np.isinf(values), ""
    typed = column.map(
        lambda cell: isinstance(cell, (int, float, np.number)) and not _is_bool(cell)
    )
    known = typed.to_numpy(dtype=bool) & column.notna().to_numpy()
    unit = re.compile(rf"\s*{declared.unit}$")
    texts = column.map(tidy).map(lambda text: unit.sub("", text))
    texts = texts.map(lambda text: "" if plain(text) in NOT_KNOWN or text in NOT_KNOWN else text)
    is_text = ~known & (texts != "").to_numpy()
    readings = {
        sign: texts.where(is_text, "").map(lambda text, s=sign: _number(text, s)) for sign in ".,"
    }
    scores = {sign: _score(values, declared) for sign, values in readings.items()}
    sign = "," if scores[","] > scores["."] else "."
    values = readings[sign].to_numpy(dtype=np.float64).copy()
    values[known] = column[known].astype(float).to_numpy()
    bad = (is_text & np.isnan(values)) | np.isinf(values)
    other = readings["." if sign == "," else ","].to_numpy(dtype=np.float64)
    doubtful = bool((is_text & np.isfinite(other) & (other != values)).any())
    note = Note("notes.decimal_sign", column=declared.name, sign=sign) if doubtful else ""
    return pd.Series(np.where(bad, np.nan, values), index=column.index), bad, note


def _score(values: pd.Series, declared: Column) -> tuple[int, int, int, float]:
    """Return how well a reading of a column fits: understood, whole, in range, grouped."""
    found = values.to_numpy(dtype=np.float64)
    found = found[np.isfinite(found)]
    whole = int((found == np.round(found)).sum()) if declared.kind == "integer" else 0
    low = -np.inf if declared.low is None else declared.low
    high = np.inf if declared.high is None else declared.high
    fitting = int(((found >= low) & (found <= high)).sum())
    # whole numbers are grouped, "5.000", and never written with decimals that are all zero
    grouped = float(np.abs(found).sum()) if declared.kind == "integer" else 0.0
    return len(found), whole, fitting, grouped


@lru_cache(REMEMBERED)
def _number(text: str, decimal: str) -> float:
    """Return a number written with a given decimal sign; NaN where it is none."""
    group = "," if decimal == "." else "."
    text = text.replace(" ", "")
    if GROUPED[decimal].fullmatch(text) or SIMPLE[decimal].fullmatch(text):
        return float(text.replace(group, "").replace(decimal, "."))
    return np.nan


def _integers(column: pd.Series, declared: Column) -> tuple[pd.Series, Mask, str]:
    """Return a column of whole numbers; 1.5 is a fault and never cut to 1."""
    values, bad, note = numbers(column, declared)
    broken = (values.notna() & (values != values.round())).to_numpy()
    whole = values.where(~broken)
    return whole.astype("Int64"), bad | broken, note


def _flags(column: pd.Series, declared: Column) -> tuple[pd.Series, Mask, str]:
    """Return a column of true and false."""
    words = column.map(
        lambda cell: str(bool(cell)).lower() if _is_bool(cell) else plain(tidy(cell))
    )
    values = pd.Series([None] * len(column), index=column.index, dtype="boolean")
    values[words.isin(YES).to_numpy()] = True
    values[words.isin(NO).to_numpy()] = False
    bad = (values.isna() & (words != "") & ~words.isin(NOT_KNOWN)).to_numpy(dtype=bool)
    ticked = set(words) <= {"x", ""} and "x" in set(words)
    if ticked:
        return values.fillna(value=False), bad, Note("notes.empty_is_no", column=declared.name)
    return values, bad, ""


def _dates(column: pd.Series, declared: Column) -> tuple[pd.Series, Mask, str]:
    """Return a column of dates as ISO text; 01/07/2025 is 1 July."""
    del declared
    values = column.map(_date)
    texts = column.map(tidy)
    bad = ((values == "") & (texts != "") & ~texts.str.lower().isin(NOT_KNOWN)).to_numpy(dtype=bool)
    return _missing_where_empty(values), bad, ""


def _date(cell: object) -> str:
    """Return a date as ISO text; empty where it is none."""
    if isinstance(cell, dt.date) and not pd.isna(cell):
        return cell.isoformat()[:10]
    if isinstance(cell, (int, float)) and not _is_bool(cell) and 20_000 < cell < 80_000:
        return (EPOCH + dt.timedelta(days=int(cell))).isoformat()  # a date whose format was lost
    text = tidy(cell)
    if found := YEAR_FIRST.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := DAY_FIRST.fullmatch(text):
        day, month, year = map(int, found.groups())
    else:
        return ""
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return ""


def _lists(column: pd.Series, declared: Column) -> tuple[pd.Series, Mask, str]:
    """Return a column of values joined by `;`, in the declared order and without repetition."""
    known = _spellings(declared)
    order = {value: place for place, value in enumerate(known.values())}

    def joined(cell: object) -> str:
        """Return one cell's values."""
        parts = [part for part in SPLIT.split(tidy(cell)) if part and part not in NOT_KNOWN]
        parts = [known.get(part.casefold(), part) for part in parts]
        return ";".join(sorted(dict.fromkeys(parts), key=lambda part: order.get(part, len(order))))

    values = column.map(joined)
    return _missing_where_empty(values), np.zeros(len(column), dtype=bool), ""


def _texts(column: pd.Series, declared: Column) -> tuple[pd.Series, Mask, str]:
    """Return a column of text; where values are declared, their spelling is taken."""
    known = _spellings(declared)
    texts = column.map(tidy)
    if known:
        texts = texts.map(lambda text: known.get(text.casefold(), text))
    texts = texts.where(~texts.isin({"-", "--", "–", "—"}), "")
    if texts.str.fullmatch(r"\d+\.0|").all():  # a column of codes that was saved as numbers
        texts = texts.str.removesuffix(".0")
    return _missing_where_empty(texts), np.zeros(len(column), dtype=bool), ""


def _spellings(declared: Column) -> dict[str, str]:
    """Return the declared values by their spelling without case."""
    return {value.casefold(): value for value in declared.values}  # noqa: PD011 - no pandas object


def _missing_where_empty(texts: pd.Series) -> pd.Series:
    """Return text with empty cells missing."""
    return texts.where(texts != "", None).astype("str")


def _is_bool(cell: Any) -> bool:  # noqa: ANN401 - any cell
    """Return whether a cell is true or false, which Python counts as numbers."""
    return isinstance(cell, (bool, np.bool_))
