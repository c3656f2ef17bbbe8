"""
What reference system a map file means by the parameters that it gives, as an EPSG code.

MapInfo files, old `.prj` files and PROJ strings give projection, datum and shift instead of a code.
Read as they stand, VN-2000 is lost in two ways: GDAL writes its datum as WGS 84, so that positions
come out 224.7 m off; and a shift of slightly other parameters gives up to 0.7 m. So projection and
shift are looked up, and where the datum is gone that is told, for the numbers alone cannot say it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from infraplan.errors import Fault
from infraplan.layers.crs import epsg_code
from infraplan.layers.notes import Note

__all__ = [
    "DEGREES",
    "MERIDIANS",
    "SHIFT",
    "Meant",
    "lost_datum_fault",
    "meant_by",
    "meant_by_numbers",
    "zone_of",
]

# EPSG:6960, decision 05/2007/QĐ-BTNMT: metres, arc seconds of a frame rotation, parts per million
SHIFT = (
    -191.90441429, -39.30318279, -111.45032835, -0.00928836, 0.01975479, -0.00427372, 0.252906278,
)  # fmt: skip
NEAR_M = 3.0  # of the shift: parameters from before 2007 differ by 1 m, other datums by tens
ROTATION_S, SCALE_PPM = 1.0, 1.0
MERIDIANS = {
    (102.0, 0.9999): "EPSG:5896",
    (103.0, 0.9999): "EPSG:9205",
    (104.0, 0.9999): "EPSG:9206",
    (104.5, 0.9999): "EPSG:9207",
    (104.75, 0.9999): "EPSG:9208",
    (105.0, 0.9999): "EPSG:5897",
    (105.5, 0.9999): "EPSG:9209",
    (105.75, 0.9999): "EPSG:9210",
    (106.0, 0.9999): "EPSG:9211",
    (106.25, 0.9999): "EPSG:9212",
    (106.5, 0.9999): "EPSG:9213",
    (107.0, 0.9999): "EPSG:9214",
    (107.25, 0.9999): "EPSG:9215",
    (107.5, 0.9999): "EPSG:9216",
    (107.75, 0.9999): "EPSG:5899",
    (108.0, 0.9999): "EPSG:5898",
    (108.25, 0.9999): "EPSG:9217",
    (108.5, 0.9999): "EPSG:9218",
    (105.0, 0.9996): "EPSG:3405",
    (111.0, 0.9996): "EPSG:3406",
}
UTM = {"EPSG:3405": "EPSG:32648", "EPSG:3406": "EPSG:32649"}
DEGREES = "degrees"
SAME = 1e-7  # of degrees and scales: two ways to write one number


@dataclass(frozen=True, slots=True)
class Meant:
    """
    A reference system as a file means it.

    `code` is its EPSG code, empty where it has none; `lost` the VN-2000 system whose datum the file
    has lost; `unreadable` tells why positions cannot be placed at all.
    """

    code: str = ""
    lost: str = ""
    notes: tuple[str, ...] = ()
    unreadable: str = ""


def meant_by(crs: object, *, mapinfo: bool = False) -> Meant:
    """
    Return what reference system a file means.

    Parameters
    ----------
    crs
        pyproj CRS or WKT as the file gives it; None where it gives none.
    mapinfo
        True for a MapInfo file: WGS 84 of the 6 degree zones may be VN-2000 that GDAL wrote.

    Returns
    -------
    meant
        EPSG code, lost datum, or neither.
    """
    from pyproj import CRS

    if crs is None:
        return Meant()
    system = CRS.from_user_input(crs)
    if system.geodetic_crs is None:
        return Meant(unreadable="its coordinates are of a plan without place on Earth (NonEarth)")
    code = epsg_code(system)
    if code:
        notes = (_doubtful_zone(code),) if mapinfo and code in UTM.values() else ()
        return Meant(code, notes=notes)
    return _by_parameters(system)


def lost_datum_fault(lost: str, *, mapinfo: bool) -> Fault:
    """
    Return the fault of a file whose projection is of VN-2000 but whose datum is WGS 84.

    Parameters
    ----------
    lost
        EPSG code of the VN-2000 system that has this projection.
    mapinfo
        True for a MapInfo file.

    Returns
    -------
    fault
        What is wrong, and the two ways to say what is meant.
    """
    by = (
        "QGIS and GDAL write VN-2000 so to MapInfo files"
        if mapinfo
        else "programs write it so where they do not know VN-2000"
    )
    return Fault(
        what=(
            "the file says WGS 84, but its projection exists in VN-2000 only; read as WGS 84, "
            "every position would lie 224.7 m off"
        ),
        found=f"datum WGS 84, projection of {lost} (scale 0.9999)",
        expected="datum VN-2000 with its seven parameters",
        remedy=f"if the numbers are VN-2000 ({by}), add --crs {lost}; else ask the owner",
        code="mapinfo_lost_datum" if mapinfo else "lost_datum",
        details=(("system", lost), ("shift_m", "224.7")),
    )


def _by_parameters(system: Any) -> Meant:  # noqa: ANN401 - pyproj is untyped
    """Return what a system without a code means by its projection and its shift."""
    shift = _shift(system)
    plain = system.source_crs if system.is_bound else system
    zone = DEGREES if plain.is_geographic else _zone(plain)
    return Meant() if shift is None else meant_by_numbers(shift, zone)


def meant_by_numbers(shift: Sequence[float], zone: str) -> Meant:
    """
    Return what a projection with a shift means.

    Parameters
    ----------
    shift
        Metres, arc seconds of a position vector rotation and parts per million that turn the datum
        into WGS 84, seven in all; zeros for WGS 84 itself.
    zone
        EPSG code of the VN-2000 system with the projection, `DEGREES`, or empty.

    Returns
    -------
    meant
        EPSG code, lost datum, or neither.
    """
    is_vn, is_none = _is_vn_2000(shift), not np.any(shift)
    if not zone or not (is_vn or is_none):
        return Meant()
    notes = (_other_parameters(shift),) if is_vn and not _is_official(shift) else ()
    if zone == DEGREES:
        return Meant("EPSG:4756" if is_vn else "EPSG:4326", notes=notes)
    if is_vn:
        return Meant(zone, notes=notes)
    if zone in UTM:
        return Meant(UTM[zone], notes=(_doubtful_zone(UTM[zone]),))
    return Meant(lost=zone)


def _shift(system: Any) -> Sequence[float] | None:  # noqa: ANN401 - pyproj is untyped
    """Return the seven parameters to WGS 84; zeros where it is WGS 84, None for other datums."""
    if system.is_bound:
        parameters = system.coordinate_operation.towgs84
        return list(parameters) if len(parameters) == 7 else None
    ellipsoid, datum = system.ellipsoid, system.geodetic_crs.datum
    name = "" if datum is None else str(datum.name).lower().replace("_", " ")
    is_wgs_84 = any(word in name for word in ("wgs 84", "wgs84", "wgs 1984", "geodetic system"))
    same_figure = ellipsoid is not None and abs(ellipsoid.semi_major_metre - 6_378_137.0) < 1e-3
    return [0.0] * 7 if same_figure and (is_wgs_84 or "unknown" in name) else None


def _is_vn_2000(shift: Sequence[float]) -> bool:
    """Return whether a shift is that of VN-2000, in any of the parameters in use."""
    moved = np.abs(np.subtract(shift[:3], SHIFT[:3])).max()
    turned = np.abs(shift[3:6]).max()
    return bool(moved < NEAR_M and turned < ROTATION_S and abs(shift[6]) < SCALE_PPM)


def _is_official(shift: Sequence[float]) -> bool:
    """Return whether a shift, as PROJ turns it, has the official parameters."""
    official = np.array([*SHIFT[:3], *(-turn for turn in SHIFT[3:6]), SHIFT[6]])
    return bool(np.abs(np.subtract(shift, official)).max() < 1e-6)


def _zone(plain: Any) -> str:  # noqa: ANN401 - pyproj is untyped
    """Return the VN-2000 system of a transverse Mercator projection, empty where none has it."""
    operation = plain.coordinate_operation
    if operation is None or not str(operation.method_name).startswith("Transverse Mercator"):
        return ""
    if any(abs(axis.unit_conversion_factor - 1.0) > SAME for axis in plain.axis_info):
        return ""
    values = {parameter.name.lower(): parameter.value for parameter in operation.params}
    fixed = {"latitude of natural origin": 0.0, "false easting": 5e5, "false northing": 0.0}
    if any(abs(values.get(name, np.nan) - value) > SAME for name, value in fixed.items()):
        return ""
    return zone_of(
        values.get("longitude of natural origin", np.nan),
        values.get("scale factor at natural origin", np.nan),
    )


def zone_of(meridian: float, scale: float) -> str:
    """
    Return the VN-2000 system of a meridian and a scale.

    Parameters
    ----------
    meridian
        Central meridian [deg].
    scale
        Scale on it.

    Returns
    -------
    zone
        EPSG code; empty where VN-2000 has none.
    """
    for (own_meridian, own_scale), code in MERIDIANS.items():
        if abs(meridian - own_meridian) < SAME and abs(scale - own_scale) < SAME:
            return code
    return ""


def _doubtful_zone(code: str) -> str:
    """Return the note on a file that says WGS 84 where GDAL would say so of VN-2000 too."""
    own = next(vn for vn, utm in UTM.items() if utm == code)
    return Note("notes.doubtful_zone", crs=code, own=own)


def _other_parameters(shift: Sequence[float]) -> str:
    """Return the note on a shift that is not quite the official one."""
    shown = ", ".join(f"{value:.9g}" for value in shift[:3])
    return Note("notes.other_parameters", shown=shown)
