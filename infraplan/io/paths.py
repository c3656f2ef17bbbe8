"""
Lines written in one cell: points one after the other, latitude and longitude or X and Y of each.

Lists of cables and ducts come without a drawing; the points of their course, parted by semicolons,
are enough to draw them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import Fault
from infraplan.layers.convert import tidy

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Paths", "paths_from"]

NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
DEGREES = 180.0
LATITUDES, NORTHINGS = (8.0, 24.0), (880_000.0, 2_620_000.0)  # of Vietnam


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Lines with their reference system, and what could not be understood."""

    lines: "gpd.GeoSeries"
    faults: tuple[Fault, ...] = ()


def paths_from(
    frame: pd.DataFrame,
    headings: Mapping[str, str],
    rows: tuple[str, ...],
    *,
    plan_crs: str,
    crs: str | None,
) -> Paths | None:
    """
    Return the lines that a column of a list gives.

    Parameters
    ----------
    frame
        Cells as read.
    headings
        Which heading is which part of a position; `path` is that of lines.
    rows
        What the owner calls each row.
    plan_crs
        Planning CRS, as an EPSG code.
    crs
        Reference system said by the user, or None: degrees are then EPSG:4326.

    Returns
    -------
    paths
        Lines with reference system, missing where they are not understood; None where the list has
        no such column.
    """
    import geopandas as gpd
    import shapely

    heading = next((name for name, part in headings.items() if part == "path"), None)
    if heading is None:
        return None
    texts = frame[heading].map(lambda cell: str(cell) if tidy(cell) else "")
    points = [_points(text) for text in texts]
    wrong = [bool(text) and found is None for text, found in zip(texts, points, strict=True)]
    faults = []
    if any(wrong):
        names = tuple(row for row, is_wrong in zip(rows, wrong, strict=True) if is_wrong)
        faults.append(_unreadable(heading, names, texts[np.array(wrong)]))
    known = [found for found in points if found is not None]
    largest = max((float(np.abs(found).max()) for found in known), default=0.0)
    if crs is None and largest > DEGREES:
        faults.append(_undeclared(heading, rows, largest))
        crs, points = plan_crs, [None] * len(points)
    order = [1, 0] if _begins_north(known) else [0, 1]
    lines = np.array(
        [None if found is None else shapely.LineString(found[:, order]) for found in points],
        dtype=object,
    )
    return Paths(gpd.GeoSeries(lines, crs=crs or "EPSG:4326"), tuple(faults))


def _points(text: str) -> "npt.NDArray[np.float64] | None":
    """Return the points of one line; None where they are not at least two pairs of numbers."""
    parts = [part for part in re.split(r"[;\n|]+", text) if part.strip(" ()[]")]
    pairs = [NUMBER.findall(part) for part in parts]
    if len(pairs) < 2 or any(len(pair) != 2 for pair in pairs):
        return None
    return np.array([[float(n.replace(",", ".")) for n in pair] for pair in pairs])


def _begins_north(known: "list[npt.NDArray[np.float64]]") -> bool:
    """Return whether the first number of each pair points north, decided for the whole column."""
    if not known:
        return False
    first = float(np.median(np.concatenate(known)[:, 0]))
    return any(low <= first <= high for low, high in (LATITUDES, NORTHINGS))


def _unreadable(heading: str, rows: tuple[str, ...], texts: pd.Series) -> Fault:
    """Return the fault of cells that are no line."""
    return Fault(
        what="the course of the line cannot be read",
        rows=rows,
        column=heading,
        found=", ".join(f"'{tidy(text)[:60]}'" for text in texts[:5]),
        expected="at least two points",
        remedy="write each point as latitude and longitude, points parted by semicolons",
        code="path_not_read",
    )


def _undeclared(heading: str, rows: tuple[str, ...], largest: float) -> Fault:
    """Return the fault of metres without a reference system."""
    return Fault(
        what="the course of the line is in metres, but its reference system is not said",
        rows=rows,
        column=heading,
        found=f"{largest:.10g}",
        expected="degrees, or metres in a system said by --crs",
        remedy="add --crs EPSG:..., such as --crs EPSG:9209 for VN-2000 105°30'",
        code="path_crs_not_said",
    )
