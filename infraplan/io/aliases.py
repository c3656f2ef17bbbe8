"""Headings, operators and values as owners of lists write them, mapped to ours."""

import difflib
import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import cache
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from infraplan.layers.columns import LayerSchema
from infraplan.layers.convert import plain
from infraplan.layers.convert import tidy
from infraplan.layers.schemas import schema
from infraplan.packaged import data_path
from infraplan.packaged import read_toml

__all__ = ["GROUP_MARK", "Headings", "match_headings", "named_operator", "rewritten", "ticked"]

POSITIONS = ("latitude", "longitude", "x", "y", "northing", "easting", "both", "path")
GROUP_MARK = " › "  # between the lines of a heading of several lines
BRACKETS = re.compile(r"\([^)]*\)?|\[[^\]]*\]?")
UNITS = re.compile(r" (m|m2|km|km2|ha|mm|mhz|ghz|kw|kv|dbm|dbi|db|do|gio|h|ho|nguoi|khau)$")
NOT_TICKED = {"0", "khong", "no", "false", "n", "-", "chua", "none", "chua co", "khong co"}
ALIKE = 0.8  # of the letters, from which another heading is worth proposing


@dataclass(frozen=True, slots=True)
class Headings:
    """
    What the headings of a list mean.

    `columns` and `positions` map headings to columns and to parts of a position, in the order of
    the list; among the columns may be `commune`, `district`, `hamlet` and `crs_named`, which a
    layer does not keep but which tell where its rows are. `ticks` maps headings such as "4G" to the
    technology that a cross below them means. `persons` are about persons, `counting` number the
    rows, `unknown` are the rest; `meant` gives for some of these a heading they resemble.
    """

    columns: Mapping[str, str]
    positions: Mapping[str, str]
    persons: tuple[str, ...]
    unknown: tuple[str, ...]
    ticks: Mapping[str, str] = field(default_factory=dict)
    counting: tuple[str, ...] = ()
    meant: Mapping[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Return how many headings were understood."""
        return len(self.columns) + len(self.positions) + len(self.ticks)


def match_headings(headings: Iterable[str], layer: str) -> Headings:
    """
    Return what headings mean for a layer.

    Parameters
    ----------
    headings
        Headings as they stand in the file; the lines of one of several lines joined by
        `GROUP_MARK`.
    layer
        Name of the layer.

    Returns
    -------
    matched
        Each heading under what it means; a second heading for the same column is unknown.
    """
    columns: dict[str, str] = {}
    placed: dict[str, str] = {}
    ticks: dict[str, str] = {}
    private, counting, unknown, pairs = [], [], [], []
    for heading in headings:
        meaning, kind = _meaning(heading, layer)
        if kind == "person":
            private.append(heading)
        elif kind == "counting":
            counting.append(heading)
        elif kind == "column" and meaning not in columns.values():
            columns[heading] = meaning
        elif kind == "position" and meaning not in placed.values():
            placed[heading] = meaning
        elif kind == "tick" and meaning not in ticks.values():
            ticks[heading] = meaning
        else:
            unknown.append(heading)
            pairs += [heading] if (kind, meaning) == ("position", "both") else []
    if len(pairs) == 1 and set(placed.values()) == {"both"}:  # one heading over two columns
        placed = {next(iter(placed)): "x", pairs[0]: "y"}
        unknown.remove(pairs[0])
    if "technologies" in columns.values():
        unknown += ticks
        ticks = {}
    return Headings(
        columns, placed, tuple(private), tuple(unknown), ticks, tuple(counting),
        {heading: near for heading in unknown if (near := _near(heading, layer))},
    )  # fmt: skip


def named_operator(text: object) -> str:
    """
    Return the one operator that a title, the name of a sheet or of a file names.

    Parameters
    ----------
    text
        Such as `Danh sách trạm Vinaphone 2025`.

    Returns
    -------
    operator
        As we write it; empty where none is named, or several are.
    """
    words = f" {plain(tidy(text))} "
    found = {
        operator
        for name, operator in _value_aliases("sites")["operator"].items()
        if len(name) > 2 and f" {name} " in words
    }
    return found.pop() if len(found) == 1 else ""


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
            changed[column.name] = _mapped(cells, _looked_up, values["operator"])
        elif column.name in ("technologies", "technology"):
            changed[column.name] = _mapped(cells, _technologies)
        elif column.name in values:
            changed[column.name] = _mapped(cells, _looked_up, values[column.name])
    return frame.assign(**changed)


def ticked(frame: pd.DataFrame, ticks: Mapping[str, str]) -> pd.Series:
    """
    Return the technologies that are ticked in columns of their own.

    Parameters
    ----------
    frame
        Cells as read.
    ticks
        Heading to technology.

    Returns
    -------
    technologies
        Joined by `;`, empty where none is ticked.
    """
    told = pd.Series("", index=frame.index, dtype=object)
    for heading, technology in ticks.items():
        words = frame[heading].map(lambda cell: plain(tidy(cell)) or tidy(cell))
        is_on = (words != "") & ~words.isin(NOT_TICKED)
        told = told.where(~is_on, told + ";" + technology)
    return told.str.strip(";")


@cache
def _aliases() -> dict[str, Any]:
    """Return the file of aliases."""
    return read_toml(data_path("text/aliases.toml"))


@lru_cache(maxsize=8192)
def _meaning(heading: str, layer: str) -> tuple[str, str]:
    """Return what a heading means, and what kind of meaning that is; empty where it has none."""
    known, positions, persons = _known(layer)
    keys = _keys(heading)
    is_own = schema(layer).column(heading) is not None
    column = next((known[key] for key in keys if key in known), "")
    places = [positions.get(key) or positions.get(_bare_position(key), "") for key in keys]
    words = f" {keys[0]} "
    meanings = (
        (any(key in persons for key in keys) and not is_own, "", "person"),
        (bool(column), column, "column"),
        (any(places), next(filter(None, places), ""), "position"),
        (any(f" {part} " in words for part in _aliases()["persons"]["containing"]), "", "person"),
        (any(key in _aliases()["counting"]["headings"] for key in keys), "", "counting"),
    )
    for is_meant, meaning, kind in meanings:
        if is_meant:
            return meaning, kind
    tick = _tick(keys) if schema(layer).column("technologies") else ""
    return tick, "tick" if tick else ""


def _keys(heading: str) -> tuple[str, ...]:
    """Return the forms of a heading to be looked up, the fullest first."""
    lines = heading.split(GROUP_MARK)
    forms = [heading, *(" ".join(lines[n:]) for n in range(1, len(lines)))]
    if len(lines) > 1 and plain(lines[-1]) in _aliases()["counting"]["bare"]:
        # "Mã" under "Trạm" is a mã trạm; "Tên" under "Chủ sở hữu" is the owner, no name
        forms[-1:] = [f"{lines[-1]} {lines[-2]}", lines[-2]]
    keys = []
    for form in forms:
        short = plain(BRACKETS.sub(" ", form))
        keys += [plain(form), short, UNITS.sub("", short)]
    return tuple(dict.fromkeys(filter(None, keys))) or ("",)


def _bare_position(key: str) -> str:
    """Return a heading of a coordinate without the words that name its system or form."""
    bare = f" {key} "
    for words in _aliases()["position"]["filling"]:
        bare = bare.replace(f" {words} ", " ")
    return bare.strip() or ("toa do" if "toa do" in key else "")


def _tick(keys: tuple[str, ...]) -> str:
    """Return the technology that a heading is, empty where it is none."""
    for key in keys:
        if re.fullmatch(r"(tram |co |bts )?([2-5]g|gsm|umts|wcdma|lte|nr)", key):
            return _technology(key.rsplit(" ", 1)[-1])
    return ""


@lru_cache(maxsize=1024)
def _near(heading: str, layer: str) -> str:
    """Return the heading that an unknown one resembles, empty where there is none."""
    known = _known(layer)[0]
    near = difflib.get_close_matches(_keys(heading)[-1], known, n=1, cutoff=ALIKE)
    return _spelled(layer).get(near[0], "") if near else ""


@cache
def _spelled(layer: str) -> dict[str, str]:
    """Return the headings of a layer as they are written, by their plain form."""
    names = [name for table in _tables(schema(layer)) for own in table.values() for name in own]
    return {plain(name): name for name in reversed(names)}


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
    """Return the tables of aliases for a layer: its own, the common ones, those of evidence."""
    tables = _aliases()["columns"]
    names = {column.name for column in declared.columns}
    common = {column: aliases for column, aliases in tables["any"].items() if column in names}
    evidence = _aliases()["context"] if declared.geometry else {}
    return [tables.get(declared.name, {}), common, evidence]


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


def _mapped(cells: pd.Series, function: Callable[..., object], *arguments: object) -> pd.Series:
    """Return what a function makes of each cell; of a province's thousands few are different."""
    known: dict[object, object] = {}
    made = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):
        if not isinstance(cell, str):
            made[place] = function(cell, *arguments)
            continue
        if cell not in known:
            known[cell] = function(cell, *arguments)
        made[place] = known[cell]
    return pd.Series(made, index=cells.index, dtype=object)


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
