"""Lengths on the ellipsoid, and the geometry of lines as arrays."""

from functools import lru_cache
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    import shapely

__all__ = ["cut", "geodesic_lengths_m", "geodesic_steps_m", "moved_aside", "project"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@lru_cache(maxsize=8)
def _to_degrees(crs: str) -> Any:  # noqa: ANN401 - pyproj is untyped
    """Return the transformation from a planning CRS to longitude and latitude."""
    from pyproj import Transformer

    geographic = _crs(crs).geodetic_crs
    return Transformer.from_crs(crs, geographic, always_xy=True, allow_ballpark=False)


@lru_cache(maxsize=8)
def _crs(crs: str) -> Any:  # noqa: ANN401 - pyproj is untyped
    """Return a reference system by its code."""
    from pyproj import CRS

    return CRS.from_user_input(crs)


def geodesic_steps_m(xy: Floats, crs: str) -> Floats:
    """
    Return the geodesic distance from each point to the next.

    Parameters
    ----------
    xy
        Coordinates in `crs`, one row a point.
    crs
        Planning CRS.

    Returns
    -------
    step_m
        Distances, one fewer than the points [m].
    """
    if len(xy) < 2:
        return np.zeros(0)
    lon, lat = _to_degrees(crs).transform(xy[:, 0], xy[:, 1])
    ellipsoid = _crs(crs).get_geod()
    step_m = ellipsoid.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2]
    return np.asarray(step_m, dtype=np.float64)


def geodesic_lengths_m(lines: "Sequence[shapely.Geometry] | npt.NDArray[Any]", crs: str) -> Floats:
    """
    Return the geodesic length of each line.

    Parameters
    ----------
    lines
        Lines, single or multiple, in `crs`.
    crs
        Planning CRS.

    Returns
    -------
    length_m
        Length on the ellipsoid, 0 for an empty line [m].
    """
    import shapely

    parts, owner = shapely.get_parts(np.asarray(lines, dtype=object), return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    step_m = geodesic_steps_m(xy, crs)
    within = part[1:] == part[:-1]
    total_m = np.bincount(owner[part[:-1][within]], step_m[within], minlength=len(lines))
    return np.asarray(total_m, dtype=np.float64)


def project(xy: Floats, points: Floats) -> tuple[Floats, Floats]:
    """
    Return where along a line points lie, and how far from it.

    Parameters
    ----------
    xy
        Vertices of the line, one row a vertex.
    points
        Points, one row a point.

    Returns
    -------
    along_m
        Distance along the line to the nearest place on it [m].
    aside_m
        Distance from the line [m].
    """
    import shapely

    line, dots = shapely.LineString(xy), shapely.points(points)
    return shapely.line_locate_point(line, dots), shapely.distance(line, dots)


def cut(xy: Floats, places_m: Floats) -> list[Floats]:
    """
    Cut a line at distances along it.

    Parameters
    ----------
    xy
        Vertices of the line, one row a vertex.
    places_m
        Distances along the line, rising, each inside it [m].

    Returns
    -------
    pieces
        Vertices of the pieces, one more than the places.
    """
    steps = np.hypot(*np.diff(xy, axis=0).T)
    run = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.column_stack([np.interp(places_m, run, xy[:, 0]), np.interp(places_m, run, xy[:, 1])])
    bounds = np.concatenate([[0.0], places_m, [run[-1]]])
    tips = np.vstack([xy[:1], at, xy[-1:]])
    pieces = []
    for k in range(len(bounds) - 1):
        inner = (run > bounds[k] + 1e-6) & (run < bounds[k + 1] - 1e-6)
        pieces.append(np.vstack([tips[k : k + 1], xy[inner], tips[k + 1 : k + 2]]))
    return pieces


def moved_aside(xy: Floats, aside_m: float) -> Floats:
    """
    Move each vertex of a line to its left.

    Parameters
    ----------
    xy
        Vertices of the line, one row a vertex, no two in succession equal.
    aside_m
        How far; to the right where negative [m].

    Returns
    -------
    moved
        Vertices of the moved line; at bends the mitre, at most twice as far.
    """
    run = np.diff(xy, axis=0)
    normal = np.column_stack([-run[:, 1], run[:, 0]]) / np.hypot(run[:, 0], run[:, 1])[:, None]
    before, after = np.vstack([normal[:1], normal]), np.vstack([normal, normal[-1:]])
    middle = before + after
    square = np.maximum((middle**2).sum(axis=1), 1.0)  # 4 cos^2 of half the bend
    return np.asarray(xy + aside_m * 2 * middle / square[:, None], dtype=np.float64)
