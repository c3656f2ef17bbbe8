"""
Price books as offices hand them in: the workbook that was downloaded, with prices changed.

Rows are found by the code of their item, headings in any order and in either language. Every fault
is told with its row and column, all at once.
"""

import datetime as dt
import re
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infraplan.cables.plan_told import source_kept
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.io.guards import check_archive
from infraplan.io.guards import counted_rows
from infraplan.io.guards import foreign_parser
from infraplan.layers.convert import plain
from infraplan.layers.convert import tidy
from infraplan.text import words

__all__ = ["read_price_book"]

LANGUAGES = ("vi", "en")
UNITS = ("m", "m2", "m3", "each")
COLUMNS = ("code", "unit", "price", "source", "date", "confirmed")
NEEDED = ("code", "price", "source")
HEAD_ROWS = 30  # among which the headings stand
GROUPED = re.compile(r"\d{1,3}(?:([., \u00a0])\d{3})(?:\1\d{3})*")
DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
HIGHEST_VND = 10**12
BASE_ITEM = {"unit": "", "confidence": "office", "date": "", "source": "", "verified": False}


def read_price_book(path: Path, *, base: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """
    Return the price book that a workbook holds.

    Parameters
    ----------
    path
        Workbook: the form of prices, or the bill whose sheet of prices was changed.
    base
        Present price book as a table of its file: its rules of quantity and classes stay, an item
        that the workbook lacks is a fault; None to read the prices alone.

    Returns
    -------
    table
        As of a file in `data/prices`, for `PriceBook.from_dict`; `items` alone without `base`.

    Raises
    ------
    SourceFileError
        If the file is damaged or no workbook.
    LayerError
        If prices are at fault; all faults at once, with sheet, row and column.
    """
    path = Path(path)
    check_archive(path)
    title, heads, rows = _sheet(path)
    known = dict((base or {}).get("items", {}))
    items: dict[str, dict[str, Any]] = {}
    faults: list[Fault] = []
    for number, row in rows:
        cells = {key: row[at] if at < len(row) else None for key, (at, _) in heads.items()}
        if not any(tidy(value) for value in cells.values()):
            continue
        place = _Place(path.name, title, str(number), {k: name for k, (_, name) in heads.items()})
        code = tidy(cells["code"])
        if base is not None and code not in known:
            faults.append(place.told("code", "code", code))
            continue
        if code in items:
            faults.append(place.told("twice", "code", code))
            continue
        items[code] = _item(cells, known.get(code, BASE_ITEM), place, faults)
    lacking = [code for code in known if code not in items]
    if lacking and not any(fault.code == "money.code" for fault in faults):
        faults.append(_told("lacking", path.name, title, items=", ".join(lacking)))
    if faults:
        raise LayerError(layer="prices", faults=_with_formulas(path, title, heads, faults))
    if base is None:
        return {"items": items}
    return {**base, "items": {code: items[code] for code in known}}


def _with_formulas(
    path: Path, title: str, heads: Mapping[str, tuple[int, str]], faults: Sequence[Fault]
) -> list[Fault]:
    """Return faults, those of a price that seems empty told as formulas where they are that."""
    import openpyxl

    empty = {fault.rows[0] for fault in faults if fault.code == "money.price" and not fault.found}
    if not empty:
        return list(faults)
    column = heads["price"][0]
    with path.open("rb") as stream, foreign_parser(path, "workbook"):
        sheet = openpyxl.load_workbook(stream, read_only=True)[title]
        sheet.reset_dimensions()
        held = {
            str(number): str(row[column])
            for number, row in enumerate(sheet.iter_rows(values_only=True), 1)
            if str(number) in empty and column < len(row) and row[column] is not None
        }
    return [
        _told("formula", fault.file, title, row=fault.rows[0], column=fault.column,
              found=held[fault.rows[0]])
        if fault.code == "money.price" and not fault.found and fault.rows[0] in held
        else fault
        for fault in faults
    ]  # fmt: skip


class _Place:
    """A row of the workbook, and how faults in it are told."""

    def __init__(self, file: str, sheet: str, row: str, headings: Mapping[str, str]) -> None:
        """Keep where it is."""
        self._file, self._sheet, self._row, self._headings = file, sheet, row, headings

    def told(self, code: str, column: str, found: str, *, unit: str = "") -> Fault:
        """Return a fault of a cell of the row."""
        name = self._headings.get(column, "")
        return _told(
            code, self._file, self._sheet, row=self._row, column=name, found=found, unit=unit
        )


def _told(  # noqa: PLR0913 - where the fault is, and what its sentence names
    code: str,
    file: str,
    sheet: str,
    *,
    row: str = "",
    column: str = "",
    found: str = "",
    items: str = "",
    unit: str = "",
) -> Fault:
    """Return a fault with its sentences in English; catalogues have it by its code."""
    told = words("en")
    values = {"items": items, "unit": unit}
    return Fault(
        what=told(f"faults.money.{code}_what", **values),
        rows=(row,) if row else (),
        found=found and f"'{found[:60]}'",
        remedy=told(f"faults.money.{code}_remedy", **values),
        file=file,
        sheet=sheet,
        column=column,
        code=f"money.{code}",
        details=(("items", items), ("unit", unit)),
    )


def _sheet(
    path: Path,
) -> tuple[str, dict[str, tuple[int, str]], list[tuple[int, Sequence[Any]]]]:
    """Return name, headings and rows of the sheet of prices."""
    import warnings

    import openpyxl

    meanings = _meanings()
    with path.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of rules of cells, which we skip
        with foreign_parser(path, "workbook"):
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            for sheet in book.worksheets:
                sheet.reset_dimensions()
                rows = list(enumerate(counted_rows(path, sheet.iter_rows(values_only=True)), 1))
                for place, (_, row) in enumerate(rows[:HEAD_ROWS]):
                    heads = _heads(row, meanings)
                    if all(key in heads for key in NEEDED):
                        return sheet.title, heads, rows[place + 1 :]
    raise LayerError(layer="prices", faults=[_told("sheet", path.name, "")])


def _meanings() -> dict[str, str]:
    """Return what headings mean, in either language."""
    return {
        plain(words(language)(f"money.head_{key}")): key
        for language in LANGUAGES
        for key in COLUMNS
    }


def _heads(row: Sequence[Any], meanings: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    """Return column and heading of each meaning in a row, the first of each."""
    found: dict[str, tuple[int, str]] = {}
    for at, value in enumerate(row):
        key = meanings.get(plain(tidy(value))) if isinstance(value, str) else None
        if key is not None:
            found.setdefault(key, (at, tidy(value)))
    return found


def _item(
    cells: Mapping[str, Any], present: Mapping[str, Any], place: _Place, faults: list[Fault]
) -> dict[str, Any]:
    """Return an item as its row has it; what is wrong goes to the faults."""
    price_vnd = _price(cells["price"])
    if price_vnd is None:
        faults.append(place.told("price", "price", tidy(cells["price"])))
    source = source_kept(tidy(cells["source"]), str(present["source"]))
    if not source:
        faults.append(place.told("source", "source", ""))
    unit = _unit(tidy(cells.get("unit")), str(present["unit"]))
    if present["unit"] and unit != present["unit"]:
        told = str(present["unit"])
        faults.append(place.told("unit", "unit", tidy(cells.get("unit")), unit=told))
    day = _day(cells["date"]) if "date" in cells else str(present["date"])
    if day is None:
        faults.append(place.told("date", "date", tidy(cells["date"])))
    flag = _flag(cells["confirmed"]) if "confirmed" in cells else bool(present["verified"])
    if flag is None:
        faults.append(place.told("flag", "confirmed", tidy(cells["confirmed"])))
    same = price_vnd == present.get("price_vnd") and source == present["source"]
    return {
        "unit": unit,
        "price_vnd": price_vnd,
        "source": source,
        "date": day,
        "confidence": present["confidence"] if same else "office",
        "verified": flag,
    }


def _price(value: object) -> int | None:
    """Return whole dong above 0, also where thousands are grouped; None where it is none."""
    number: float | int
    if isinstance(value, str):
        text = tidy(value)
        if GROUPED.fullmatch(text):
            text = re.sub(r"\D", "", text)
        if not text.isascii() or not text.isdigit() or len(text) > len(str(HIGHEST_VND)):
            return None
        number = int(text)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = value
    else:
        return None
    is_whole = 0 < number < HIGHEST_VND and number == int(number)
    return int(number) if is_whole else None


def _plain_unit(text: str) -> str:
    """Return a unit without accents and raised figures."""
    return plain(text.replace("²", "2").replace("³", "3"))


def _unit(text: str, present: str) -> str:
    """Return the code of a unit; the present one where the cell is empty."""
    if not text:
        return present
    for language in LANGUAGES:
        for code in UNITS:
            if _plain_unit(text) in (code, _plain_unit(words(language)(f"cables.unit_{code}"))):
                return code
    return text


def _day(value: object) -> str | None:
    """Return a date in ISO form, empty where there is none; None where it cannot be read."""
    if isinstance(value, dt.date):
        return value.isoformat()[:10]
    text = tidy(value)
    if not text:
        return ""
    try:
        if match := DAY_FIRST.fullmatch(text):
            return dt.date(int(match[3]), int(match[2]), int(match[1])).isoformat()
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _flag(value: object) -> bool | None:
    """Return whether the office has confirmed a price; empty is no, None is not understood."""
    text = plain(tidy(value))
    if not text:
        return False
    yes, no = {"true", "1"}, {"false", "0"}
    for language in LANGUAGES:
        told = words(language)
        yes |= {plain(told(key)) for key in ("money.confirmed", "papers.confirmed", "reports.yes")}
        no |= {plain(told(key)) for key in ("money.unconfirmed", "reports.no")}
    return True if text in yes else False if text in no else None
