"""
Surveys of aerial cable by street, and the lines that stand for them.

A row counts the cables of an owner along a side of a street, from one crossing street, or a number
of metres, to another. Rows of a street replace the lines that owners drew there.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import numpy as np

from infraplan.cables.chosen import crossing_names
from infraplan.cables.chosen import matching_streets
from infraplan.cables.chosen import near_names
from infraplan.cables.chosen import plain_text
from infraplan.cables.chosen import streets_by_name
from infraplan.cables.measure import moved_aside
from infraplan.cables.stretches import axis_of
from infraplan.cables.stretches import place_along
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.notes import Note
from infraplan.text import words

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

__all__ = ["SurveyedCable", "misplaced_rows", "surveyed_cables"]

FROM_EDGE_M = 0.5  # poles stand that far inside the street
OTHER_WIDTH_M = 8.0
LEAST_M = 1.0
# house numbers run from the beginning of a street: odd ones left, even ones right (Decision
# 05/2006/QD-BXD as remembered, not checked)
SIGN = {"left": 1, "odd": 1, "right": -1, "even": -1}


class SurveyedCable(NamedTuple):
    """Cables of one row on one side: whose, how many, where, and at which ends the street ends."""

    survey_id: str
    street: str
    owner: str
    cables: int
    diameter_mm: float
    cores: float
    line: "shapely.LineString"


def surveyed_cables(layers: Layers) -> list[SurveyedCable]:
    """
    Return the lines that the rows of a survey stand for.

    Parameters
    ----------
    layers
        Layers of the plan; `cable_survey` and `streets` are used.

    Returns
    -------
    cables
        Cables along the sides of their streets, in the order of the ids of their rows.

    Raises
    ------
    LayerError
        If rows name streets or places that are not known; all of them are listed, with near names.

    Notes
    -----
    Sides `left` and `right` are those of the drawing of the street's first row; `odd` house numbers
    are left, `even` ones right; cables on `both` sides are halved, the odd one left; without a side
    they run along the middle.
    """
    table = layers.table("cable_survey")
    if not len(table):
        return []
    streets = layers.table("streets")
    by_name = streets_by_name(streets)
    names = sorted(set(streets["name"].astype(str)))
    found: list[SurveyedCable] = []
    faults: list[Fault] = []
    for survey_id, row in zip(
        table.sort_index().index.astype(str), table.sort_index().to_dict("records"), strict=True
    ):
        try:
            ids = matching_streets(streets, [str(row["street"])])
        except SettingsError as error:
            faults.append(_fault(survey_id, error.args[0], "survey_street"))
            continue
        rows = streets.loc[ids]
        lines = _stretches(rows, row, by_name, names)
        if isinstance(lines, str):
            faults.append(_fault(survey_id, lines, "survey_place"))
            continue
        name = str(rows["name"].iloc[0])
        for sign, count in _by_side(row.get("side"), int(row["cables"])):
            for line in lines:
                moved = moved_aside(_vertices(line), sign * _aside_m(rows))
                found.append(_made(survey_id, name, row, count, moved))
    if faults:
        raise LayerError(layer="cable_survey", faults=faults)
    return found


def misplaced_rows(survey: "pd.DataFrame", streets: "gpd.GeoDataFrame") -> list[Fault]:
    """
    Return rows of a survey whose beginning or end does not lie on their street.

    Parameters
    ----------
    survey
        Layer `cable_survey` by id; rows whose street is not known are not looked at.
    streets
        Layer `streets`.

    Returns
    -------
    faults
        One for each place that the street does not have, with the rows that name it; streets that
        are not drawn as one line; rows that end where they begin.
    """
    by_name = streets_by_name(streets)
    names = sorted(set(streets["name"].astype(str)))
    rows_of: dict[tuple[str, str, str], list[str]] = {}
    faults: dict[tuple[str, str, str], Fault] = {}
    axes: dict[str, tuple[str, shapely.LineString | None]] = {}
    for survey_id, row in zip(survey.index.astype(str), survey.to_dict("records"), strict=True):
        street = str(row["street"])
        if street not in axes:
            try:
                own = streets.loc[matching_streets(streets, [street])]
            except SettingsError:
                continue
            axes[street] = str(own["name"].iloc[0]), axis_of(own)
        name, axis = axes[street]
        for column, place, fault in _misplaced(name, axis, row, by_name, names):
            key = (name, column, place)
            faults.setdefault(key, fault)
            rows_of.setdefault(key, []).append(survey_id)
    return [replace(fault, rows=tuple(rows_of[key])) for key, fault in faults.items()]


def _misplaced(
    street: str,
    axis: "shapely.LineString | None",
    row: Mapping[Any, Any],
    by_name: "dict[str, shapely.Geometry]",
    names: list[str],
) -> Iterator[tuple[str, str, Fault]]:
    """Yield column, place and fault of each end of a row that does not lie on its street."""
    places = {column: _text(row.get(column)) for column in ("from_place", "to_place")}
    told = words("en")
    ends = []
    for column, text in places.items():
        if axis is None:
            if text:
                what = Note("asked.not_one_line", street=street)
                fault = _fault("", what, "survey_place")
                yield column, text, replace(fault, column=column, found=f"'{text}'")
            continue
        empty = 0.0 if column == "from_place" else axis.length
        at_m = place_along(axis, text, by_name, plain_text(text)) if text else empty
        if at_m is None:
            others = [name for name in names if name != street]
            near = near_names(text, crossing_names(axis, others, by_name))
            length = f"{axis.length:.0f}"
            values = {"street": street, "length": length, "why": near}
            key = "faults.survey_no_place_"
            yield column, text, Fault(
                told(f"{key}what", **values), found=f"'{text}'", column=column,
                expected=told(f"{key}expected", **values), remedy=told(f"{key}remedy", **values),
                code="survey_no_place", details=tuple(values.items()),
            )  # fmt: skip
            continue
        ends.append(min(at_m, axis.length))
    if len(ends) == len(places) and axis is not None and abs(ends[1] - ends[0]) < LEAST_M:
        first, last = places.values()
        what = Note("asked.no_stretch", street=street, first=first, last=last)
        fault = _fault("", what, "survey_place")
        yield "to_place", f"{first} - {last}", replace(fault, column="to_place", found=f"'{last}'")


def _fault(survey_id: str, what: str, code: str) -> Fault:
    """Return a fault of a row."""
    remedy = words("en")(f"faults.{code}_remedy")
    return Fault(what, rows=(survey_id,), remedy=remedy, code=code, details=(("why", what),))


def _stretches(
    rows: "gpd.GeoDataFrame",
    row: dict[str, Any],
    streets: "dict[str, shapely.Geometry]",
    names: list[str],
) -> "list[shapely.LineString] | str":
    """Return the lines of a row, or what is wrong with it."""
    import shapely
    from shapely.ops import substring

    axis = axis_of(rows)
    name = str(rows["name"].iloc[0])
    places = [_text(row.get("from_place")), _text(row.get("to_place"))]
    if axis is None:
        if any(places):
            return Note("asked.not_one_line", street=name)
        return list(shapely.get_parts(shapely.line_merge(rows.geometry.union_all())))
    ends = []
    for text, empty in zip(places, (0.0, axis.length), strict=True):
        at_m = place_along(axis, text, streets, plain_text(text)) if text else empty
        if at_m is None:
            others = [other for other in names if other != name]
            near = near_names(text, crossing_names(axis, others, streets))
            length = f"{axis.length:.0f}"
            return Note("asked.no_place", street=name, place=text, length=length, near=near)
        ends.append(min(at_m, axis.length))
    if abs(ends[1] - ends[0]) < LEAST_M:
        return Note("asked.no_stretch", street=name, first=places[0], last=places[1])
    return [substring(axis, min(ends), max(ends))]


def _text(value: object) -> str:
    """Return a text without blanks around it, empty where it is missing."""
    return value.strip() if isinstance(value, str) else ""


def _by_side(side: object, cables: int) -> list[tuple[int, int]]:
    """Return the sign of each side and the cables on it."""
    if side == "both":
        halves = [(1, cables - cables // 2), (-1, cables // 2)]
        return [(sign, count) for sign, count in halves if count]
    return [(SIGN.get(str(side), 0), cables)]


def _aside_m(rows: "gpd.GeoDataFrame") -> float:
    """Return how far from the middle of a street its poles stand."""
    import pandas as pd

    width_m = float(pd.to_numeric(rows["width_m"]).astype("float64").median())
    return max((width_m if np.isfinite(width_m) else OTHER_WIDTH_M) / 2 - FROM_EDGE_M, 0.5)


def _vertices(line: "shapely.LineString") -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return the vertices of a line, repeated ones left out."""
    import shapely

    xy = shapely.get_coordinates(line)
    return np.asarray(xy[np.concatenate([[True], np.any(np.diff(xy, axis=0) != 0, axis=1)])])


def _made(
    survey_id: str,
    street: str,
    row: dict[str, Any],
    count: int,
    xy: "np.ndarray[Any, np.dtype[np.float64]]",
) -> SurveyedCable:
    """Return the cables of a row on one side."""
    import shapely

    def number(name: str) -> float:
        """Return a number of the row, NaN where it is missing."""
        value = row.get(name)
        try:
            return float(value) if value is not None else float("nan")
        except (TypeError, ValueError):  # pandas' missing value
            return float("nan")

    return SurveyedCable(
        survey_id, street, str(row["owner"]).strip(), count, number("diameter_mm"),
        number("cores"), shapely.LineString(xy),
    )  # fmt: skip
