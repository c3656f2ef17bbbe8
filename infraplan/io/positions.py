"""
Positions from columns of numbers.

In Vietnamese surveying X points north; in programs X points east. So for columns called X and Y the
values decide, for the whole column: northings have seven digits, eastings six; latitudes are
8 to 24, longitudes 102 to 110.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import Fault
from infraplan.layers.columns import Column
from infraplan.layers.convert import numbers
from infraplan.layers.convert import tidy
from infraplan.layers.crs import Bounds
from infraplan.layers.crs import systems_that_fit
from infraplan.layers.crs import working_bounds

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Positions", "positions_from"]

Floats = npt.NDArray[np.float64]
DEGREES = 180.0
LATITUDES, LONGITUDES = (8.0, 24.0), (102.0, 118.0)
NORTHINGS = (880_000.0, 2_620_000.0)  # of Vietnam in any zone
PAIR = re.compile(
    r"^\s*\(?\s*([-+\d.,]+?)\s*(?:[;\s]|,\s)\s*([-+\d.,]+?)\s*\)?\s*$|^\s*([-+\d.]+)\s*,\s*([-+\d.]+)\s*$"
)


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Points with their reference system, what was decided, and what could not be understood."""

    points: "gpd.GeoSeries"
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def positions_from(
    frame: pd.DataFrame,
    headings: Mapping[str, str],
    rows: tuple[str, ...],
    *,
    plan_crs: str,
    crs: str | None,
    area: Bounds | None,
) -> Positions | None:
    """
    Return the points that the columns of a list give.

    Parameters
    ----------
    frame
        Cells as read.
    headings
        Which heading is which part of a position.
    rows
        What the owner calls each row.
    plan_crs
        Planning CRS, as an EPSG code.
    crs
        Reference system said by the user, or None: degrees are then EPSG:4326.
    area
        Bounds of the plan's area in `plan_crs`, to tell which systems fit, or None.

    Returns
    -------
    positions
        Points with reference system; None where the list has no columns for them.
    """
    pair = _pair(frame, headings)
    if pair is None:
        return None
    east, north, wrong, notes = pair
    faults = [
        Fault(
            what="the coordinate is not a number",
            rows=tuple(np.asarray(rows, dtype=object)[bad]),
            column=column,
            found=", ".join(f"'{tidy(cell)}'" for cell in frame[column][bad][:5]),
            expected="a number such as 105,9057 or 542681,98",
            remedy="write the coordinate as one decimal number",
        )
        for column, bad in wrong.items()
        if bad.any()
    ]
    known = np.isfinite(east) & np.isfinite(north)
    largest = np.abs(np.concatenate([east[known], north[known], [0.0]])).max()
    if crs is None and known.any() and largest > DEGREES:
        bounds = working_bounds(plan_crs, area)
        fitting = systems_that_fit(east[known], north[known], crs=plan_crs, bounds=bounds)
        faults.append(_undeclared(fitting, headings, (east[known], north[known])))
        crs = plan_crs
    return Positions(_points(east, north, crs or "EPSG:4326"), tuple(faults), tuple(notes))


def _points(east: Floats, north: Floats, crs: str) -> "gpd.GeoSeries":
    """Return points, missing where a coordinate is."""
    import geopandas as gpd
    import shapely

    points = np.full(len(east), None, dtype=object)
    known = ~(np.isnan(east) | np.isnan(north))
    points[known] = shapely.points(east[known], north[known])
    return gpd.GeoSeries(points, crs=crs)


def _pair(
    frame: pd.DataFrame, headings: Mapping[str, str]
) -> tuple[Floats, Floats, dict[str, npt.NDArray[np.bool_]], list[str]] | None:
    """Return eastings, northings, cells not understood and decisions; None without columns."""
    where = {part: heading for heading, part in headings.items()}
    for north, east in (("latitude", "longitude"), ("northing", "easting"), ("x", "y")):
        if north in where and east in where:
            first, bad_first = _coordinates(frame[where[north]])
            second, bad_second = _coordinates(frame[where[east]])
            wrong = {where[north]: bad_first, where[east]: bad_second}
            if north == "x":
                return *_north_found(first, second, (where[north], where[east])), wrong, []
            return second, first, wrong, []
    if "both" in where:
        return _from_one_cell(frame[where["both"]], where["both"])
    return None


def _coordinates(column: pd.Series) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return a column of coordinates."""
    as_degrees = Column("", "number", "", low=-DEGREES, high=DEGREES)
    values, bad, _ = numbers(column, as_degrees)
    found = values.to_numpy(dtype=np.float64)
    if np.nanmax(np.abs(found), initial=0.0) > DEGREES:  # metres: 1.234 is 1234 sooner than degrees
        values, bad, _ = numbers(column, Column("", "number", "", low=1000.0, high=1e8))
        found = values.to_numpy(dtype=np.float64)
    return found, bad


def _north_found(x: Floats, y: Floats, names: tuple[str, str]) -> tuple[Floats, Floats]:
    """Return eastings and northings of columns called X and Y, decided by their values."""
    del names
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return y, x
    middle_x, middle_y = float(np.median(x[known])), float(np.median(y[known]))
    x_is_east = (_within(middle_x, LONGITUDES) and _within(middle_y, LATITUDES)) or (
        _within(middle_y, NORTHINGS) and not _within(middle_x, NORTHINGS)
    )
    return (x, y) if x_is_east else (y, x)


def _from_one_cell(
    column: pd.Series, heading: str
) -> tuple[Floats, Floats, dict[str, npt.NDArray[np.bool_]], list[str]]:
    """Return positions written in one cell, such as `18.3428, 105.9057`."""
    texts = column.map(tidy)
    found = texts.map(PAIR.match)
    parts = pd.DataFrame(
        [[g for g in match.groups() if g] if match else ["", ""] for match in found],
        columns=["first", "second"],
        dtype=object,
    )
    first, bad_first = _coordinates(parts["first"])
    second, bad_second = _coordinates(parts["second"])
    bad = (found.isna() & (texts != "")).to_numpy() | bad_first | bad_second
    east, north = _north_found(first, second, (heading, heading))
    return east, north, {heading: bad}, []


def _within(value: float, limits: tuple[float, float]) -> bool:
    """Return whether a value lies within limits."""
    return limits[0] <= value <= limits[1]


def _undeclared(
    fitting: tuple[str, ...], headings: Mapping[str, str], points: tuple[Floats, Floats]
) -> Fault:
    """Return the fault of metres without a reference system, with the codes that would fit."""
    spans = [f"{values.min():.10g} to {values.max():.10g}" for values in points]
    if fitting:
        others = f"; also possible: {', '.join(fitting[1:5])}" if fitting[1:] else ""
        remedy = f"the values look like VN-2000 or UTM: add --crs {fitting[0]}{others}"
    else:
        remedy = "ask the owner which system they are in, and add it as --crs EPSG:..."
    return Fault(
        what="the coordinates are metres, but their reference system is not said",
        column=", ".join(headings),
        found=f"east {spans[0]}, north {spans[1]}",
        expected="longitude and latitude, or metres in a system said by --crs",
        remedy=remedy,
    )
