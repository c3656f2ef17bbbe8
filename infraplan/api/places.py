"""Where a person means: degrees, metres of the plan, or the id of something that has a place."""

import math
from difflib import get_close_matches
from typing import TYPE_CHECKING

from infraplan.errors import SettingsError
from infraplan.layers.convert import tidy
from infraplan.layers.notes import Note
from infraplan.plan import Plan

if TYPE_CHECKING:
    import shapely

__all__ = ["locate"]

NAMED = ("sites", "chambers", "institutions", "requests", "poles", "hamlets")


def locate(
    plan: Plan, point: "str | shapely.Point", *, beyond_m: float = 10_000.0
) -> "shapely.Point":
    """
    Return where a person means.

    Parameters
    ----------
    plan
        The plan.
    point
        `lon,lat` in degrees, `E,N` in the planning CRS, the id of a row with a place, or a point.
    beyond_m
        How far outside the plan's area the place may lie, >= 0: a route may end at a neighbour's
        station [m].

    Returns
    -------
    place
        Point in the planning CRS.

    Raises
    ------
    SettingsError
        If it is none of them, or lies elsewhere; the message shows the forms, and the numbers in
        the other order where they would then lie in the area.
    """
    if not isinstance(point, str):
        return _inside(plan, point, f"{point.x:.0f},{point.y:.0f}", beyond_m)
    numbers = _numbers(point)
    if numbers is None:
        name = tidy(point)  # composed letters, as ids are
        return _inside(plan, _named(plan, name), name, beyond_m)
    first, second = numbers
    place = _from_numbers(plan, first, second)
    if not _is_inside(plan, place, beyond_m):
        swapped = _from_numbers(plan, second, first)
        if _is_inside(plan, swapped, beyond_m):
            other = f"{second:.10g},{first:.10g}"
            raise SettingsError(Note("bars.other_order", point=point, other=other))
    return _inside(plan, place, point, beyond_m)


def _numbers(text: str) -> tuple[float, float] | None:
    """Return the two numbers of a text, None where it is no pair of finite numbers."""
    if ";" in text:  # then a comma is a decimal sign, as Vietnamese writes it
        words = text.replace(",", ".").split(";")
    else:
        words = text.split(",") if "," in text else text.split()
    try:
        found = [float(word) for word in words]
    except ValueError:
        return None
    if len(found) != 2 or not all(map(math.isfinite, found)):
        return None
    return found[0], found[1]


def _named(plan: Plan, name: str) -> "shapely.Point":
    """Return the place of the row with an id; near ids are listed where there is none."""
    known: list[str] = []
    for layer in NAMED:
        table = plan.table(layer)
        if name in table.index:
            shape = table.geometry.loc[name]
            if shape is None or shape.is_empty:
                told = {"name": name, "layer": layer, "forms": Note("bars.forms")}
                raise SettingsError(Note("bars.no_position", **told))
            place: shapely.Point = shape.representative_point()
            return place
        known += map(str, table.index)
    near = get_close_matches(name, known, n=3, cutoff=0.75)
    if near:
        similar = ", ".join(near)
        raise SettingsError(
            Note("bars.near_place", name=name, forms=Note("bars.forms"), near=similar)
        )
    raise SettingsError(Note("bars.no_place", name=name, forms=Note("bars.forms")))


def _from_numbers(plan: Plan, x: float, y: float) -> "shapely.Point":
    """Return the point that two numbers mean: degrees where they can be, else metres."""
    import shapely

    if abs(x) > 180 or abs(y) > 90:
        return shapely.Point(x, y)
    from pyproj import Transformer

    to_plan = Transformer.from_crs(
        "EPSG:4326", plan.settings.crs, always_xy=True, allow_ballpark=False
    )
    return shapely.Point(to_plan.transform(x, y))


def _is_inside(plan: Plan, point: "shapely.Point", beyond_m: float) -> bool:
    """Return whether a point lies in the plan's area or close to it."""
    west, south, east, north = _area(plan)
    return bool(
        west - beyond_m <= point.x <= east + beyond_m
        and south - beyond_m <= point.y <= north + beyond_m
    )


def _inside(plan: Plan, point: "shapely.Point", told: str, beyond_m: float) -> "shapely.Point":
    """Return a point that lies in the plan's area or close to it; refuse any other."""
    if _is_inside(plan, point, beyond_m):
        return point
    from pyproj import Transformer

    west, south, east, north = _area(plan)
    to_degrees = Transformer.from_crs(
        plan.settings.crs, "EPSG:4326", always_xy=True, allow_ballpark=False
    )
    lon, lat = to_degrees.transform([west, east], [south, north])
    area = {
        "lon": f"{lon[0]:.4f} - {lon[1]:.4f}",
        "lat": f"{lat[0]:.4f} - {lat[1]:.4f}",
        "east": f"{west:.0f} - {east:.0f}",
        "north": f"{south:.0f} - {north:.0f}",
    }
    raise SettingsError(Note("bars.outside", point=told, **area))


def _area(plan: Plan) -> tuple[float, float, float, float]:
    """Return west, south, east and north of the plan's grid."""
    box = plan.geobox(plan.tables(["communes"])).boundingbox
    return box.left, box.bottom, box.right, box.top
