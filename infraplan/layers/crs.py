"""
Reference systems: only EPSG codes, and never a transformation that loses the datum.

A VN-2000 position read without its datum lies 224.7 m off, and no program warns of it; so ballpark
operations are refused and the operation that PROJ picks between VN-2000 and WGS 84 is checked.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml

if TYPE_CHECKING:
    from pyproj import Transformer

__all__ = [
    "System",
    "epsg_code",
    "near_systems",
    "reproject",
    "systems_that_fit",
    "transformer",
    "usual_systems",
    "working_bounds",
]

Bounds = tuple[float, float, float, float]
Floats = npt.NDArray[np.float64]

VN_2000, WGS_84 = 4756, 4326
VN_2000_TO_WGS_84 = "VN-2000 to WGS 84 (2)"  # EPSG:6960, decision 05/2007/QĐ-BTNMT


@dataclass(frozen=True, slots=True)
class System:
    """
    A reference system that Vietnamese lists come in.

    `name` is how people call it; `meridian_deg` is that of its zone, of `width_deg`, NaN where the
    system is one of degrees; `datum` is the EPSG code of the geographic system below it.
    """

    crs: str
    name: str
    datum: int
    meridian_deg: float
    width_deg: float
    scale: float
    provinces: tuple[str, ...]

    @property
    def is_projected(self) -> bool:
        """Return whether its coordinates are metres."""
        return math.isfinite(self.meridian_deg)


@cache
def usual_systems() -> Mapping[str, System]:
    """
    Return the reference systems that Vietnamese lists come in.

    Returns
    -------
    systems
        EPSG code to system, as in `data/crs/vietnam.toml`.
    """
    systems = {}
    for entry in read_toml(data_path("crs/vietnam.toml"))["systems"]:
        crs = f"EPSG:{entry['epsg']}"
        systems[crs] = System(
            crs=crs,
            name=entry["name"],
            datum=entry["datum"],
            meridian_deg=entry.get("meridian_deg", math.nan),
            width_deg=entry.get("width_deg", math.nan),
            scale=entry.get("scale", math.nan),
            provinces=tuple(entry["provinces"]),
        )
    return MappingProxyType(systems)


def near_systems(crs: str) -> tuple[str, ...]:
    """
    Return the usual systems in metres, those nearest to a zone first.

    Parameters
    ----------
    crs
        Planning CRS, as an EPSG code; it comes first itself.

    Returns
    -------
    systems
        EPSG codes; of zones equally near, VN-2000 before UTM and narrow before wide.
    """
    from pyproj import CRS

    operation = CRS.from_user_input(crs).coordinate_operation
    parameters = {} if operation is None else {one.name: one.value for one in operation.params}
    here = float(parameters.get("Longitude of natural origin", 105.0))
    metres = [system for system in usual_systems().values() if system.is_projected]
    metres.sort(key=lambda one: (one.datum != VN_2000, one.width_deg, abs(one.meridian_deg - here)))
    return tuple(dict.fromkeys((crs, *(system.crs for system in metres))))


def epsg_code(crs: object) -> str:
    """
    Return the EPSG code of a reference system.

    Parameters
    ----------
    crs
        Anything that names a reference system: `"EPSG:9209"`, WKT, a pyproj CRS.

    Returns
    -------
    code
        Such as `"EPSG:9209"`; empty where EPSG does not know the system.

    Raises
    ------
    SettingsError
        If it is no reference system at all.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        system = CRS.from_user_input(crs)
    except CRSError as error:
        msg = f"'{crs}' is no reference system; give an EPSG code such as EPSG:9209"
        raise SettingsError(msg) from error
    number = system.to_epsg()
    if number is None or (system.datum is not None and "unknown" in system.datum.name.lower()):
        return ""  # PROJ calls a system without a datum EPSG:9209 too; it would be 225 m off
    return f"EPSG:{number}"


@cache
def transformer(source: str, target: str) -> "Transformer":
    """
    Return the exact transformation between two reference systems.

    Parameters
    ----------
    source
        EPSG code.
    target
        EPSG code.

    Returns
    -------
    transformer
        Transformation of (east or longitude, north or latitude).

    Raises
    ------
    SettingsError
        If only a ballpark transformation exists, or not the official one of VN-2000.
    """
    from pyproj import CRS
    from pyproj.exceptions import ProjError
    from pyproj.transformer import TransformerGroup

    try:
        group = TransformerGroup(source, target, always_xy=True, allow_ballpark=False)
    except ProjError as error:
        msg = f"there is no transformation from {source} to {target}: {error}"
        raise SettingsError(msg) from error
    datums = {_geographic(CRS.from_user_input(crs)) for crs in (source, target)}
    wanted = VN_2000_TO_WGS_84 if datums == {VN_2000, WGS_84} else ""
    exact = [one for one in group.transformers if wanted in one.description]
    if not exact:
        offered = ", ".join(one.description for one in group.transformers) or "nothing"
        msg = (
            f"PROJ on this machine lacks the exact transformation {wanted} from {source} to "
            f"{target} (it offers {offered}); positions would be up to 225 m off"
        )
        raise SettingsError(msg)
    return exact[0]


def reproject(
    geometries: npt.NDArray[np.object_], source: str, target: str
) -> npt.NDArray[np.object_]:
    """
    Return geometries in another reference system.

    Parameters
    ----------
    geometries
        shapely geometries.
    source
        EPSG code of their system.
    target
        EPSG code of the system wanted.

    Returns
    -------
    geometries
        New geometries without heights; coordinates that cannot be transformed are infinite.

    Raises
    ------
    SettingsError
        As in `transformer`.
    """
    import shapely

    flat = shapely.force_2d(geometries)
    if source == target:
        return np.asarray(flat)
    move = transformer(source, target)
    return np.asarray(shapely.transform(flat, move.transform, interleaved=False))


def working_bounds(crs: str, area: Bounds | None, *, margin_m: float = 100_000.0) -> Bounds:
    """
    Return the bounds outside which a position cannot be meant.

    Parameters
    ----------
    crs
        Planning CRS, as an EPSG code.
    area
        West, south, east, north of the plan's area in `crs` [m]; None where not known.
    margin_m
        How far around the area a position may lie, >= 0 [m].

    Returns
    -------
    bounds
        West, south, east, north in `crs` [m]; where the area is not known, the belt in which the
        CRS is used.
    """
    from pyproj import CRS

    if area is not None:
        west, south, east, north = area
        return (west - margin_m, south - margin_m, east + margin_m, north + margin_m)
    use = CRS.from_user_input(crs).area_of_use
    if use is None:
        return (-np.inf, -np.inf, np.inf, np.inf)
    edges = (use.west - 1, use.south - 1, use.east + 1, use.north + 1)
    bounds = transformer("EPSG:4326", crs).transform_bounds(*edges)
    return (float(bounds[0]), float(bounds[1]), float(bounds[2]), float(bounds[3]))


def systems_that_fit(x: Floats, y: Floats, *, crs: str, bounds: Bounds) -> tuple[str, ...]:
    """
    Return the usual reference systems in which all positions lie within some bounds.

    Parameters
    ----------
    x
        Eastings or longitudes as given.
    y
        Northings or latitudes as given.
    crs
        Planning CRS, as an EPSG code.
    bounds
        West, south, east, north in the planning CRS [m].

    Returns
    -------
    systems
        EPSG codes, the planning CRS first; empty where none fits.
    """
    fitting = []
    for candidate in dict.fromkeys((crs, "EPSG:4326", *near_systems(crs))):
        east, north = (x, y) if candidate == crs else transformer(candidate, crs).transform(x, y)
        if inside(np.asarray(east), np.asarray(north), bounds).all():
            fitting.append(candidate)
    return tuple(fitting)


def inside(x: Floats, y: Floats, bounds: Bounds) -> npt.NDArray[np.bool_]:
    """
    Return which points lie within bounds.

    Parameters
    ----------
    x
        Eastings, any shape.
    y
        Northings, of the same shape.
    bounds
        West, south, east, north.

    Returns
    -------
    inside
        True where a point lies within; False where a coordinate is not finite.
    """
    west, south, east, north = bounds
    return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def _geographic(crs: Any) -> int | None:  # noqa: ANN401 - pyproj is untyped
    """Return the EPSG code of the geographic system under a projected one."""
    base = crs.geodetic_crs
    return None if base is None else base.to_epsg()
