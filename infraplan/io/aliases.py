"""Headings, operators and values as owners of lists write them, mapped to ours."""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from infraplan.layers.columns import LayerSchema
from infraplan.layers.convert import plain
from infraplan.layers.convert import tidy
from infraplan.layers.schemas import schema
from infraplan.packaged import data_path
from infraplan.packaged import read_toml

__all__ = ["Headings", "match_headings", "rewritten"]

POSITIONS = ("latitude", "longitude", "x", "y", "northing", "easting", "both", "path")


@dataclass(frozen=True, slots=True)
class Headings:
    """
    What the headings of a list mean.

    `columns` and `positions` map headings to columns and to parts of a position, in the order of
    the list; `persons` are about persons, `unknown` are the rest.
    """

    columns: Mapping[str, str]
    positions: Mapping[str, str]
    persons: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def count(self) -> int:
        """Return how many headings were understood."""
        return len(self.columns) + len(self.positions)


def match_headings(headings: Iterable[str], layer: str) -> Headings:
    """
    Return what headings mean for a layer.

    Parameters
    ----------
    headings
        Headings as they stand in the file.
    layer
        Name of the layer.

    Returns
    -------
    matched
        Each heading under what it means; a second heading for the same column is unknown.
    """
    known, positions, persons = _known(layer)
    columns: dict[str, str] = {}
    placed: dict[str, str] = {}
    private, unknown = [], []
    for heading in headings:
        keys = (plain(heading), plain(re.sub(r"\([^)]*\)", " ", heading)))
        column = next((known[key] for key in keys if key in known), "")
        part = next((positions[key] for key in keys if key in positions), "")
        if any(key in persons for key in keys):
            private.append(heading)
        elif column and column not in columns.values():
            columns[heading] = column
        elif part and part not in placed.values():
            placed[heading] = part
        else:
            unknown.append(heading)
    return Headings(columns, placed, tuple(private), tuple(unknown))


def rewritten(frame: pd.DataFrame, layer: str) -> pd.DataFrame:
    """
    Return a table whose operators, technologies and coded values are written as ours.

    Parameters
    ----------
    frame
        Table with columns named as in the schema, cells as read.
    layer
        Name of the layer.

    Returns
    -------
    frame
        Copy; what is not known stays as it was, for the schema to judge.
    """
    values = _value_aliases(layer)
    changed = {}
    for column in schema(layer).columns:
        if column.name not in frame:
            continue
        cells = frame[column.name]
        if column.name in ("operator", "owner"):
            changed[column.name] = cells.map(lambda cell: _looked_up(cell, values["operator"]))
        elif column.name in ("technologies", "technology"):
            changed[column.name] = cells.map(_technologies)
        elif column.name in values:
            table = values[column.name]
            changed[column.name] = cells.map(lambda cell, table=table: _looked_up(cell, table))
    return frame.assign(**changed)


@cache
def _aliases() -> dict[str, Any]:
    """Return the file of aliases."""
    return read_toml(data_path("text/aliases.toml"))


@cache
def _known(layer: str) -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    """Return the headings of a layer's columns, of positions, and of persons, made plain."""
    declared = schema(layer)
    known: dict[str, str] = {}
    for table in ({c.name: [c.name] for c in declared.columns}, *_tables(declared)):
        for column, names in table.items():
            for name in names:
                known.setdefault(plain(name), column)
    positions = _aliases()["position"]
    places = {plain(name): part for part in POSITIONS for name in positions[part]}
    persons = frozenset(plain(name) for name in _aliases()["persons"]["headings"])
    return known, places if declared.geometry else {}, persons


def _tables(declared: LayerSchema) -> list[dict[str, list[str]]]:
    """Return the tables of aliases that hold for a layer, its own before the common one."""
    tables = _aliases()["columns"]
    names = {column.name for column in declared.columns}
    common = {column: aliases for column, aliases in tables["any"].items() if column in names}
    return [tables.get(declared.name, {}), common]


@cache
def _value_aliases(layer: str) -> dict[str, dict[str, str]]:
    """Return for each column of a layer the values that stand for ours, made plain."""
    own = _aliases()["layer_values"].get(layer, {})
    return {
        column: {
            plain(name): value
            for value, names in {**table, **own.get(column, {})}.items()
            for name in (value, *names)
        }
        for column, table in _aliases()["values"].items()
    }


def _looked_up(cell: object, table: Mapping[str, str]) -> object:
    """Return our value for a cell, or the cell."""
    return table.get(plain(tidy(cell)), cell)


def _technologies(cell: object) -> object:
    """Return technologies joined by `;`; what is none of them stays."""
    found = []
    for part in re.split(r"[;,/+|&\s]+", tidy(cell)):
        for piece in dict.fromkeys((part, *part.split("-"))):
            name = _technology(piece)
            if name:
                found.append(name)
                break
        else:
            found.append(part)
    return ";".join(dict.fromkeys(part for part in found if part))


def _technology(text: str) -> str:
    """Return the technology that a word begins with, empty where it is none."""
    word = plain(text).replace(" ", "")
    for technology, beginnings in _aliases()["technologies"].items():
        if any(re.match(rf"{beginning}(?![0-9]*[a-z])", word) for beginning in beginnings):
            return str(technology)
    return ""
