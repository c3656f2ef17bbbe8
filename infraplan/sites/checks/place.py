"""Whether a position is one, and where it lies: area, own station, datum, commune, address."""

import math
import re
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import SAME_PLACE_M
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings
from infraplan.sites.surroundings import bare_name
from infraplan.sites.surroundings import names_of
from infraplan.sites.surroundings import technologies_of

if TYPE_CHECKING:
    from shapely.geometry import Point

__all__ = ["address", "commune", "datum", "position", "same_station"]

UNITS = re.compile(r"^\s*(xã|phường|thị trấn|x\.|p\.|tt\.)\s*\S", re.IGNORECASE)
PARTS = re.compile(r"[,;()\n]| - ")


def position(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Reject a position in the sea or outside the area, unless its accuracy leaves that open."""
    if request.point is None:
        return None
    if not around.is_known("communes"):
        return judge(rule, holds=None)
    in_sea = bool(len(around.within(request.point, "sea", 0.0)))
    commune = around.commune(request.point)
    if commune is not None and not in_sea:
        return judge(rule, holds=True, value=0.0, limit=0.0, commune=str(commune["name"]))
    shore_m = around.distance_m(request.point, "communes")
    if _datum_shift(request.point, request, around) is not None:
        # the datum explains it: the applicant is asked, not turned away
        return judge(rule, holds=None, value=shore_m, limit=0.0, datum=True, in_sea=in_sea)
    accuracy = request.accuracy_m
    return judge(
        rule, holds=False, value=shore_m, limit=0.0, margin=-shore_m, accuracy_m=accuracy,
        in_sea=in_sea,
    )  # fmt: skip


def same_station(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Reject where the operator's own station stands already, unless new technologies come."""
    if request.point is None or request.operator is None:
        return None
    if not around.is_known("sites"):
        return judge(rule, holds=None)
    limit = rule.thresholds["distance_m"]
    own = (around.stations["operator"] == request.operator).to_numpy()
    distance_m = np.where(own, around.station_distances_m(request.point), np.inf)
    nearest = float(distance_m.min(initial=np.inf))
    margin = nearest - limit
    if nearest > limit:
        return judge(
            rule, holds=True, value=nearest, limit=limit, margin=margin,
            accuracy_m=request.accuracy_m,
        )  # fmt: skip
    place = int(np.argmin(distance_m))
    station = str(around.stations.index[place])
    on_air = technologies_of(around.stations["technologies"].iloc[place])
    added = sorted(set(request.technologies) - set(on_air)) if on_air else []
    upgrade = bool(added)
    return judge(
        rule, holds=upgrade, value=nearest, limit=limit, margin=None if upgrade else margin,
        accuracy_m=request.accuracy_m, site=station, added=added, upgrade=upgrade,
    )  # fmt: skip


def datum(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Ask about a position that the shift between VN-2000 and WGS 84 would put where it belongs."""
    if request.point is None:
        return None
    east, north = rule.thresholds["shift_east_m"], rule.thresholds["shift_north_m"]
    length = math.hypot(east, north)
    found = _datum_shift(request.point, request, around, rule)
    if found is None:
        return judge(rule, holds=True, limit=length)
    direction, onto = found
    return judge(rule, holds=False, value=length, limit=0.0, onto=onto, direction=direction)


def _datum_shift(
    point: "Point", request: Request, around: Surroundings, rule: Rule | None = None
) -> tuple[str, str] | None:
    """Return which way the datum shift would carry a position onto a mast or into its commune."""
    from shapely.geometry import Point

    thresholds = SHIFT if rule is None else rule.thresholds
    tolerance = thresholds["tolerance_m"]
    here = around.commune(point)
    named = bare_name(request.text.get("commune"))
    fits = here is not None and (not named or named in names_of(here))
    stands_here = float(around.station_distances_m(point).min(initial=np.inf)) <= SAME_PLACE_M
    for direction, sign in (("vn2000_as_wgs84", 1), ("wgs84_as_vn2000", -1)):
        moved = Point(
            point.x + sign * thresholds["shift_east_m"],
            point.y + sign * thresholds["shift_north_m"],
        )
        there = around.commune(moved)
        if not fits and named and there is not None and named in names_of(there):
            return direction, str(there["name"])
        distance_m = around.station_distances_m(moved)
        if not stands_here and distance_m.size and distance_m.min() <= tolerance:
            return direction, str(around.stations.index[int(np.argmin(distance_m))])
    return None


# the shift as packaged, for rules about position where the rule `datum` is not in force
SHIFT = {"shift_east_m": 195.72, "shift_north_m": -110.31, "tolerance_m": 15.0}


def commune(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Ask where the commune named is not the one in which the position lies."""
    named = request.text.get("commune")
    if request.point is None or not named:
        return None
    if not around.is_known("communes"):
        return judge(rule, holds=None)
    found = around.commune(request.point)
    key = bare_name(named)
    if found is not None and key in names_of(found):
        return judge(rule, holds=True, named=named, found=str(found["name"]))
    table = around.layers.table("communes")
    meant = table[[key in names_of(row) for _, row in table.iterrows()]]
    away_m = float(meant.distance(request.point).min()) if len(meant) else math.inf
    name = "" if found is None else str(found["name"])
    return judge(
        rule, holds=False, value=away_m, limit=0.0,
        margin=-away_m if math.isfinite(away_m) else None,
        accuracy_m=request.accuracy_m, named=named, found=name, known=bool(len(meant)),
        **_case(name, away_m, request.accuracy_m),
    )  # fmt: skip


def _case(commune: str, away_m: float, accuracy_m: float) -> dict[str, Any]:
    """Return what picks the words where a position surely lies in no commune."""
    return {} if commune or away_m <= accuracy_m else {"case": "outside"}


def address(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Ask where the address names a known commune other than the one of the position."""
    given = request.row.get("address")
    if request.point is None or not isinstance(given, str):
        return None
    named = [part.strip() for part in PARTS.split(given) if UNITS.match(part)]
    if not named:
        return None
    if not around.is_known("communes"):
        return judge(rule, holds=None)
    table = around.layers.table("communes")
    keys = [bare_name(name) for name in named]
    meant = table[[bool(set(keys) & set(names_of(row))) for _, row in table.iterrows()]]
    if not len(meant):  # an older name, or one of another province: not known to be wrong
        return None
    away_m = float(meant.distance(request.point).min())
    found = around.commune(request.point)
    name = "" if found is None else str(found["name"])
    return judge(
        rule, holds=away_m == 0, value=away_m, limit=0.0, margin=-away_m if away_m else None,
        accuracy_m=request.accuracy_m, named=named[0], found=name,
        **_case(name, away_m, request.accuracy_m),
    )  # fmt: skip
