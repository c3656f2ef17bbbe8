"""What the browser needs to know to tell coordinates in the planning CRS."""

import re
from functools import cache
from typing import Any

import numpy as np
import shapely

__all__ = ["WEB", "plan_projection", "to_web"]

WEB = "EPSG:3857"
_KEYS = ("x", "y", "z", "rx", "ry", "rz", "s")


def to_web(geometries: Any, crs: Any) -> Any:  # noqa: ANN401 - arrays of geometries, any CRS object
    """
    Return geometries in the projection of the page.

    Parameters
    ----------
    geometries
        Array of geometries.
    crs
        Their reference system.

    Returns
    -------
    geometries
        The same in EPSG:3857, z left out.
    """
    change = _change(crs)

    def move(xy: Any) -> Any:  # noqa: ANN401 - an array of coordinates
        """Return coordinates in the projection of the page."""
        return np.column_stack(change.transform(xy[:, 0], xy[:, 1]))

    return shapely.transform(np.asarray(geometries, dtype=object), move)


@cache
def _change(crs: Any) -> Any:  # noqa: ANN401 - any CRS object
    """Return how a reference system becomes the projection of the page; slow to set up."""
    from pyproj import Transformer

    return Transformer.from_crs(crs, WEB, always_xy=True, allow_ballpark=False)


def plan_projection(crs: str) -> dict[str, Any] | None:
    """
    Return the numbers by which WGS84 becomes a planning CRS.

    Parameters
    ----------
    crs
        Planning CRS; a transverse Mercator whose datum is reached by seven parameters at most.

    Returns
    -------
    numbers
        Ellipsoid, projection and the shift from the datum to WGS84 (position vector, metres,
        seconds, parts per million); None for any other kind of CRS, which is then not shown.
    """
    from pyproj import CRS
    from pyproj import Transformer

    there = CRS.from_user_input(crs)
    ways = Transformer.from_crs("EPSG:4326", there, always_xy=True, allow_ballpark=False)
    middle = there.area_of_use
    if middle is None:
        return None
    ways.transform((middle.west + middle.east) / 2, (middle.south + middle.north) / 2)
    steps = ways.get_last_used_operation().definition.split(" step ")
    entries = [dict(re.findall(r"([a-z_0-9]+)=(\S+)", step)) for step in steps]
    project = next((e for e in entries if e.get("proj") in ("tmerc", "utm")), None)
    shift = next((e for e in entries if e.get("proj") == "helmert"), {})
    inverse = any("proj=helmert" in step and "inv" in step.split() for step in steps)
    if project is None or there.ellipsoid is None or inverse != bool(shift):
        return None
    if project["proj"] == "utm":
        project = {"lon_0": str(6 * int(project["zone"]) - 183), "k": "0.9996", "x_0": "500000"}
    turn = -1.0 if shift.get("convention") == "coordinate_frame" else 1.0
    numbers = [float(shift.get(key, 0)) for key in _KEYS]
    return {
        "name": there.name,
        "a": there.ellipsoid.semi_major_metre,
        "f": 1 / there.ellipsoid.inverse_flattening,
        "lon0": float(project.get("lon_0", 0)),
        "lat0": float(project.get("lat_0", 0)),
        "k": float(project.get("k", 1)),
        "x0": float(project.get("x_0", 0)),
        "y0": float(project.get("y_0", 0)),
        "shift": [*numbers[:3], *(turn * value for value in numbers[3:6]), numbers[6]],
    }
