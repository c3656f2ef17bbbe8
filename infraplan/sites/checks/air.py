"""Heights that aviation must know of."""

import math
from typing import TYPE_CHECKING
from typing import Any

from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry import Point

__all__ = ["aerodrome", "aviation", "obstacle_surface"]


def aviation(request: Request, _: Surroundings, rule: Rule) -> Reason | None:
    """Ask for marking and approval of a height that aviation must be warned of."""
    if not math.isfinite(request.height_m):
        return None
    limit = rule.thresholds["height_m"]
    margin = limit - request.height_m
    # the request gives the antennas: what is left is the room of a lightning rod
    return judge(
        rule, holds=margin > 0, value=request.height_m, limit=limit, margin=margin,
        rod_room_m=max(round(margin, 1), 0.0),
    )  # fmt: skip


def aerodrome(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Ask for warning of a height above the elevation of an aerodrome in whose vicinity it is."""
    if request.point is None or not math.isfinite(request.height_m):
        return None
    if not around.is_known("aerodromes"):
        return judge(rule, holds=None, layer="aerodromes")
    limit = rule.thresholds["height_m"]
    found = []
    for name, row in _aerodromes(request.point, around, rule.thresholds["distance_m"]):
        above_m = _above_m(request, around, row)
        reason = judge(
            rule, holds=above_m < limit if math.isfinite(above_m) else None, value=above_m,
            limit=limit, margin=limit - above_m, aerodrome=name, distance_m=round(row["away_m"]),
            **_case(above_m),
        )  # fmt: skip
        found.append(reason)
    return _worst(found) or judge(rule, holds=True, limit=limit)


def obstacle_surface(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Ask for a survey where a mast pierces the simplified obstacle surfaces of an aerodrome."""
    if request.point is None or not math.isfinite(request.height_m):
        return None
    if not around.is_known("aerodromes"):
        return judge(rule, holds=None, layer="aerodromes")
    found = []
    for name, row in _aerodromes(request.point, around, rule.thresholds["distance_m"]):
        above_m, limit = _above_m(request, around, row), _surface_m(row["away_m"], rule)
        found.append(
            judge(
                rule, holds=above_m <= limit if math.isfinite(above_m) else None, value=above_m,
                limit=limit, margin=limit - above_m, aerodrome=name,
                distance_m=round(row["away_m"]),
                **_case(above_m),
            )
        )  # fmt: skip
    return _worst(found) or judge(rule, holds=True)


def _aerodromes(
    point: "Point", around: Surroundings, distance_m: float
) -> "list[tuple[str, pd.Series[float]]]":
    """Return the aerodromes within a distance, each with its `away_m`."""
    found = around.within(point, "aerodromes", distance_m)
    found = found.assign(away_m=found.distance(point) if len(found) else [])
    return [(str(row.get("name") or key), row) for key, row in found.iterrows()]


def _above_m(request: Request, around: Surroundings, row: "pd.Series[float]") -> float:
    """Return how high the antennas stand above an aerodrome, NaN where that is not known [m]."""
    assert request.point is not None  # noqa: S101 - asked for by the caller
    return around.ground_m(request.point) + request.height_m - float(row["elevation_m"])


def _case(above_m: float) -> dict[str, Any]:
    """Return what picks the words where a height above an aerodrome is not known."""
    return {} if math.isfinite(above_m) else {"case": "unknown"}


def _surface_m(away_m: float, rule: Rule) -> float:
    """
    Return the height above an aerodrome at which its simplified obstacle surfaces lie [m].

    Inner horizontal, conical and outer horizontal surface; near the runway the approach, taken in
    every direction because that of the runway is not known.
    """
    given = rule.thresholds
    slant_m = given["cone_slope"] * max(away_m - given["inner_radius_m"], 0.0)
    surface_m = given["inner_height_m"] + min(slant_m, given["cone_height_m"])
    return min(surface_m, given["approach_slope"] * away_m)


def _worst(found: list[Reason]) -> Reason | None:
    """Return the finding that asks most: not kept, then not known, then the least margin."""
    order = ("fail", "condition", "not_assessed", "pass")

    def weight(reason: Reason) -> tuple[int, float]:
        """Return a key that is small for what asks most."""
        margin = reason.margin if reason.margin is not None else math.nan
        return order.index(reason.outcome), margin if math.isfinite(margin) else 0.0

    return min(found, key=weight, default=None)
