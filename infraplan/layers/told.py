"""
Faults and repairs in the words of a language, for the people whose lists they are in.

A fault's `code` names its sentences in the catalogue: `faults.<code>_what` and `_remedy`, and where
what was found or expected is more than data, `_found` and `_expected`. Its `details` fill their
placeholders: columns and layers, named as in the schema, are told by their names in the language,
and `expected` is what the schema wants of the column. Without a code the fault's own words stand.
"""

import re
from dataclasses import dataclass

from infraplan.errors import ROWS_SHOWN
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.layers.columns import Column
from infraplan.layers.crs import usual_systems
from infraplan.layers.notes import note_told
from infraplan.layers.repairs import Repair
from infraplan.layers.schemas import LAYERS
from infraplan.text import Words

__all__ = [
    "Told",
    "column_told",
    "error_told",
    "expected_told",
    "fault_told",
    "layer_told",
    "repair_told",
    "system_told",
    "tell",
    "value_told",
    "vintage_told",
]

OF_COLUMNS = ("column",)  # details that name a column of the schema
OF_LAYERS = ("layer", "target", "raster")
SHAPES = {"Point": "point", "LineString": "line", "Polygon": "area"}
KINDS = {
    "text": "text", "integer": "whole", "number": "number", "flag": "flag", "date": "date",
    "list": "list",
}  # fmt: skip
MORE = re.compile(r" and (\d+) more$")


@dataclass(frozen=True, slots=True)
class Told:
    """A fault in the words of a language, part by part; what is not said is empty."""

    what: str
    where: str = ""
    found: str = ""
    expected: str = ""
    remedy: str = ""


def tell(fault: Fault, words: Words) -> Told:
    """
    Return the parts of a fault in the words of a language.

    Parameters
    ----------
    fault
        The fault.
    words
        Catalogue of the language.

    Returns
    -------
    told
        Its parts; the fault's own words where it has no code that the catalogue knows.
    """
    where = _where(fault, words)
    if f"faults.{fault.code}_what" not in words.entries:
        return Told(fault.what, where, fault.found, fault.expected, fault.remedy)
    values = _values(fault, words)

    def said(part: str, otherwise: str) -> str:
        """Return one part's sentence, or what the fault itself says."""
        key = f"faults.{fault.code}_{part}"
        return words.entries[key].format_map(values) if key in words.entries else otherwise

    if values.get("expected") == words("told.text"):  # any text would do: no need to say it
        values["expected"] = ""
    own = fault.expected if words.language == "en" or _is_data(fault.expected) else ""
    return Told(
        what=_capital(said("what", fault.what)),
        where=where,
        found=said("found", _listed(fault.found, words)),
        expected=said("expected", own),
        remedy=said("remedy", fault.remedy),
    )


def fault_told(fault: Fault, words: Words) -> str:
    """
    Return a fault as one line: what, where, found, expected, how to mend.

    Parameters
    ----------
    fault
        The fault.
    words
        Catalogue of the language.

    Returns
    -------
    text
        One line.
    """
    told = tell(fault, words)
    text = f"{told.what} ({told.where})" if told.where else told.what
    if told.found:
        text += "; " + words("told.found", found=told.found)
    if told.expected:
        text += "; " + words("told.expected", expected=told.expected)
    if told.remedy:
        text += ". " + words("told.remedy", remedy=told.remedy)
    return text


def error_told(error: LayerError, words: Words) -> str:
    """
    Return the faults of an error as a heading and one line for each.

    Parameters
    ----------
    error
        The error.
    words
        Catalogue of the language.

    Returns
    -------
    text
        Lines.
    """
    subject = error.layer
    if f"terms.layer_{error.layer}" in words.entries:
        subject = words("told.layer", layer=layer_told(error.layer, words))
    lines = [words("told.error", subject=subject, count=len(error.faults))]
    return "\n".join([*lines, *(f"  - {fault_told(fault, words)}" for fault in error.faults)])


def repair_told(repair: Repair, words: Words) -> str:
    """
    Return how a cell was understood.

    Parameters
    ----------
    repair
        The repair.
    words
        Catalogue of the language.

    Returns
    -------
    text
        One sentence.
    """
    key = f"repairs.{repair.code}"
    values = {"found": repair.found, "taken": value_told(repair.taken, words)}
    return words(key if key in words.entries else "told.repair", **values)


def column_told(column: str, words: Words) -> str:
    """
    Return the name of a column in a language.

    Parameters
    ----------
    column
        Column of a schema, or a part of a position.
    words
        Catalogue of the language.

    Returns
    -------
    name
        The column itself where the catalogue lacks it, such as a heading of a list.
    """
    for key in (f"terms.column_{column}", f"terms.position_{column}"):
        if key in words.entries:
            return words(key)
    return column


def layer_told(layer: str, words: Words) -> str:
    """
    Return the name of a layer in a language.

    Parameters
    ----------
    layer
        Name of the layer or raster.
    words
        Catalogue of the language.

    Returns
    -------
    name
        The layer itself where the catalogue lacks it.
    """
    return words.entries.get(f"terms.layer_{layer}", layer)


def system_told(crs: str) -> str:
    """
    Return the name of a reference system, with its code.

    Parameters
    ----------
    crs
        EPSG code, or what else a file says.

    Returns
    -------
    name
        As `data/crs/vietnam.toml` calls it, else as PROJ does; the text itself where neither does.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if crs in usual_systems():
        return f"{usual_systems()[crs].name} ({crs})"
    try:
        return f"{CRS.from_user_input(crs).name} ({crs})"
    except CRSError:
        return crs


def vintage_told(vintage: str, basis: str, words: Words) -> str:
    """
    Return an administrative vintage, and why it was taken.

    Parameters
    ----------
    vintage
        Such as `2025-07`.
    basis
        `said`, `file`, a note, or empty.
    words
        Catalogue of the language.

    Returns
    -------
    text
        In words of the language.
    """
    mark = words.entries.get(f"vintages.mark_{vintage}", vintage)
    why = words.entries.get(f"imports.basis_{basis}", note_told(basis, words))
    return f"{mark}; {why}" if why else mark


def value_told(value: str, words: Words) -> str:
    """
    Return a declared value in a language.

    Parameters
    ----------
    value
        Such as `operating`.
    words
        Catalogue of the language.

    Returns
    -------
    text
        The value itself where the catalogue lacks it.
    """
    return words.entries.get(f"terms.value_{value}", value)


def expected_told(column: Column, words: Words) -> str:
    """
    Return what a value of a column must be.

    Parameters
    ----------
    column
        Declaration of the column.
    words
        Catalogue of the language.

    Returns
    -------
    text
        Such as `số từ 1 đến 300 m`.
    """
    values = column.values
    if values:
        key = "told.some_of" if column.kind == "list" else "told.one_of"
        return words(key, values=", ".join(value_told(value, words) for value in values))
    kind = words(f"told.{KINDS[column.kind]}")
    unit = words.entries.get(f"told.unit_{column.unit}", column.unit)
    low, high = (_number(end, words) for end in (column.low, column.high))
    if low and high:
        return words("told.span", kind=kind, low=low, high=high, unit=unit).strip()
    if low:
        return " ".join(words("told.least", kind=kind, low=low, unit=unit).split())
    return words("told.plain", kind=kind, unit=unit) if unit else kind


def _number(value: float | None, words: Words) -> str:
    """Return an end of a range, empty where it is open."""
    if value is None:
        return ""
    return f"{value:g}".replace(".", "," if words.language == "vi" else ".")


def _where(fault: Fault, words: Words) -> str:
    """Return file, sheet, column and rows of a fault."""
    parts = []
    if fault.file:
        parts.append(words("told.file", file=fault.file))
    if fault.sheet:
        parts.append(words("told.sheet", sheet=layer_told(fault.sheet, words)))
    if fault.column:
        parts.append(words("told.column", column=column_told(fault.column, words)))
    if fault.rows:
        rows = ", ".join(fault.rows[:ROWS_SHOWN])
        more = len(fault.rows) - ROWS_SHOWN
        rows = words("told.more_rows", rows=rows, count=more) if more > 0 else rows
        parts.append(words("told.rows", rows=rows))
    return ", ".join(parts)


class _Values(dict[str, str]):
    """Values of placeholders; one that the fault does not have stays as it is."""

    def __missing__(self, key: str) -> str:
        """Return the placeholder."""
        return f"{{{key}}}"


def _values(fault: Fault, words: Words) -> _Values:
    """Return the values of the placeholders of a fault."""
    details = dict(fault.details)
    values = _Values(details)
    for key in OF_COLUMNS:
        if key in details:
            values[key] = column_told(details[key], words)
    for key in OF_LAYERS:
        if key in details:
            values[key] = layer_told(details[key], words)
    declared = LAYERS.get(details.get("layer", ""))
    column = None if declared is None else declared.column(details.get("column", ""))
    if column is not None:
        values["expected"] = expected_told(column, words)
    if "why" in details:
        values["why"] = note_told(details["why"], words)
    if "shape" in details:
        values["shape"] = _shapes_told(details["shape"], words)
    if "west" in details:
        values["extent"] = words("told.extent", **details)
    values.setdefault("extent", words("told.no_extent"))
    return values


def _shapes_told(kinds: str, words: Words) -> str:
    """Return accepted types of geometry, told by the singles of them."""
    named = [SHAPES[kind.removeprefix("Multi")] for kind in kinds.split(";")]
    told = [words(f"told.{name}") for name in dict.fromkeys(named)]
    text = told[0]
    for other in told[1:]:
        text = words("told.or", one=text, other=other)
    return text


def _is_data(text: str) -> bool:
    """Return whether a text is what the list or the plan holds, and no sentence of ours."""
    return not re.search(r"[a-z]{2}", re.sub(r"'[^']*'|EPSG:\d+", "", text))


def _listed(found: str, words: Words) -> str:
    """Return values that were found, their `and 3 more` in the language."""
    more = MORE.search(found)
    if more is None:
        return found
    return words("told.more", values=found[: more.start()], count=more.group(1))


def _capital(text: str) -> str:
    """Return a sentence with a capital letter."""
    return text[:1].upper() + text[1:]
