"""What the cards of requests draw: coverage before and after, height and gain, paths of links."""

import base64
import json
import math
import zlib
from collections.abc import Mapping
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.maps.packing import pack
from infraplan.maps.rasters import picture_bounds
from infraplan.maps.rasters import warped

__all__ = ["curve_of", "finite", "footprint_of", "profile_of", "whole"]

SERVED = 4  # classes of signal: none, weak, acceptable, good
STATES = SERVED + 1  # and unknown
MOST_POINTS = 240  # of a path; more are finer than the picture of it

Bytes = npt.NDArray[np.uint8]


def finite(value: Any) -> float | None:  # noqa: ANN401 - any cell of a table
    """
    Return a number that JSON can hold.

    Parameters
    ----------
    value
        Cell of a table.

    Returns
    -------
    number
        None where it is missing, infinite or no number.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def whole(value: Any) -> int | None:  # noqa: ANN401 - any cell of a table
    """
    Return a whole number.

    Parameters
    ----------
    value
        Cell of a table.

    Returns
    -------
    number
        None where it is missing or no number.
    """
    number = finite(value)
    return None if number is None else round(number)


def footprint_of(row: Mapping[Any, Any], crs: str) -> dict[str, Any] | None:
    """
    Return the classes of signal before and after a station, on the projection of the page.

    Parameters
    ----------
    row
        Row of table `footprints` of an appraisal.
    crs
        Planning CRS.

    Returns
    -------
    window
        `bounds`, `rows`, `columns` and the packed `codes`: 0 outside the window, else
        1 + 5 × before + after, each 0 none, 1 weak, 2 acceptable, 3 good, 4 unknown. None where the
        row does not hold a window.
    """
    from affine import Affine
    from odc.geo.geobox import GeoBox

    rows, columns = whole(row.get("rows")), whole(row.get("columns"))
    corner = [finite(row.get(name)) for name in ("west_m", "north_m", "cell_m")]
    if not rows or not columns or None in corner:
        return None
    west_m, north_m, cell_m = (float(number or 0.0) for number in corner)
    before, after = (_classes(row.get(name), (rows, columns)) for name in ("before", "after"))
    if before is None or after is None or cell_m <= 0:
        return None
    codes = (1 + STATES * before + after).astype(np.uint8)
    place = Affine(cell_m, 0.0, west_m, 0.0, -cell_m, north_m)
    drawn, box = warped(codes, GeoBox((rows, columns), place, crs))
    return {
        "bounds": picture_bounds(box),
        "rows": int(drawn.shape[0]),
        "columns": int(drawn.shape[1]),
        "data": pack({}, {"codes": drawn.ravel()}),
    }


def _classes(text: Any, shape: tuple[int, int]) -> Bytes | None:  # noqa: ANN401 - a cell of a table
    """Return the classes in a text, unknown as one more class; None where it holds others."""
    try:
        found = np.frombuffer(zlib.decompress(base64.b64decode(str(text))), dtype=np.uint8)
    except (ValueError, zlib.error):
        return None
    if found.size != shape[0] * shape[1]:
        return None
    return np.minimum(found, SERVED).reshape(shape)


def curve_of(heights: pd.DataFrame) -> list[list[float]]:
    """
    Return people gained by height.

    Parameters
    ----------
    heights
        Rows of table `heights` of one request, indexed by height [m].

    Returns
    -------
    points
        Height, people, low and high of each height where people are known, the lowest first.
    """
    points = []
    for height, row in heights.iterrows():
        height_m, people = finite(height), finite(row.get("people"))
        if height_m is None or people is None:
            continue
        low, high = (finite(row.get(name)) for name in ("people_low", "people_high"))
        low, high = (people if end is None else end for end in (low, high))
        points.append([height_m, people, min(low, people), max(high, people)])
    return sorted(points)


def profile_of(row: Mapping[Any, Any]) -> dict[str, Any] | None:
    """
    Return the path of a link as the page draws it.

    Parameters
    ----------
    row
        Row of table `links` of an appraisal.

    Returns
    -------
    path
        Distances, ground and clutter above it, heights of both antennas above ground [m], frequency
        [MHz] and where the path is closest to what stands in it [m]; None where the row holds none.
    """
    try:
        told = json.loads(row.get("profile_json") or "")
    except (TypeError, ValueError):
        return None
    if not isinstance(told, dict):
        return None
    distance, ground = _numbers(told.get("distance_m")), _numbers(told.get("ground_m"))
    ends = [finite(row.get(name)) for name in ("near_height_m", "far_height_m", "freq_mhz")]
    if len(distance) < 2 or len(ground) != len(distance) or None in ends:
        return None
    if any(b <= a for a, b in pairwise(distance)) or (ends[2] or 0.0) <= 0:
        return None
    clutter = _numbers(told.get("clutter_m"))
    if len(clutter) != len(distance):
        clutter = []
    kept = np.unique(np.linspace(0, len(distance) - 1, MOST_POINTS).round().astype(int)).tolist()
    return {
        "distance": [round(distance[n], 1) for n in kept],
        "ground": [round(ground[n], 1) for n in kept],
        "clutter": [round(clutter[n], 1) for n in kept] if clutter else [],
        "near": ends[0],
        "far": ends[1],
        "freq": ends[2],
        "worst": finite(row.get("worst_m")),
    }


def _numbers(values: Any) -> Sequence[float]:  # noqa: ANN401 - any value of JSON
    """Return a list of finite numbers, empty where it is anything else."""
    if not isinstance(values, list):
        return ()
    found = [finite(value) for value in values]
    return () if None in found else [number for number in found if number is not None]
