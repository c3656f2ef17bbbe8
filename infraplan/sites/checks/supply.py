"""How a station is reached, connected and supplied."""

import math
from typing import Any

from infraplan.sites.links import best_link
from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings

__all__ = ["backup", "fibre", "microwave", "power", "road"]

WAYS_M = 5_000.0  # how far the nearest road and the nearest track are looked for


def fibre(request: Request, _: Surroundings, rule: Rule) -> Reason | None:
    """Ask how a station far from every cable is connected."""
    if request.point is None:
        return None
    if not math.isfinite(request.fibre_m):
        return judge(rule, holds=None, layer="fibre")
    limit = rule.thresholds["distance_m"]
    margin = limit - request.fibre_m
    return judge(
        rule, holds=margin >= 0, value=request.fibre_m, limit=limit, margin=margin,
        **_cable(request),
    )  # fmt: skip


def _cable(request: Request) -> dict[str, Any]:
    """Return how long the cable is along roads and what it costs, where that was computed."""
    if not math.isfinite(request.fibre_cost_vnd):
        return {}
    by_road = math.isfinite(request.fibre_road_m)
    told = {
        "case": "by_road" if by_road else "no_road",
        "fibre_cost_vnd": round(request.fibre_cost_vnd),
        "million_vnd": round(request.fibre_cost_vnd / 1e6),
    }
    return told | ({"fibre_road_m": round(request.fibre_road_m)} if by_road else {})


def microwave(request: Request, _: Surroundings, rule: Rule) -> Reason | None:
    """Tell the best microwave link; ask how a place far from fibre is connected without one."""
    if request.point is None or not math.isfinite(request.height_m):
        return None
    is_far = request.fibre_m > request.fibre_limit_m  # False where either is not known
    best = best_link(request)
    if best is None or best.outcome == "unknown":
        if not is_far:
            return None
        return judge(rule, holds=None, layer="terrain" if best else "sites")
    needed = {
        "standard": (best.clearance_standard, rule.thresholds["fresnel_standard"]),
        "low_k": (best.clearance_low_k, rule.thresholds["fresnel_low"]),
    }
    tighter = min(needed, key=lambda name: needed[name][0] - needed[name][1])
    value, limit = needed[tighter]
    is_clear = best.outcome == "clear"
    told: dict[str, Any] = {} if is_clear else {"case": best.outcome}
    told |= {"notable": True} if is_far else {}
    return judge(
        rule, holds=is_clear or not is_far, value=value, limit=limit, margin=value - limit,
        far=best.far_id, operator=best.operator, distance_m=round(best.distance_m),
        freq_mhz=best.freq_mhz, curvature=tighter, link=best.outcome,
        clearance_percent=round(100 * value), needed_percent=round(100 * limit),
        worst_m=round(best.worst_m), only_if_bare=best.outcome_bare == "clear" and not is_clear,
        fibre_unknown=not math.isfinite(best.fibre_m), **told,
    )  # fmt: skip


def road(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Ask how a place far from every road and track is reached."""
    if request.point is None:
        return None
    if not (around.is_known("roads") or around.is_known("streets")):
        return judge(rule, holds=None, layer="roads")
    limit = rule.thresholds["distance_m"]
    nearest = around.distance_m(request.point, "roads", "streets")
    margin = limit - nearest
    return judge(
        rule, holds=margin >= 0, value=nearest, limit=limit, margin=margin,
        accuracy_m=request.accuracy_m, **_ways(request, around),
    )  # fmt: skip


def _ways(request: Request, around: Surroundings) -> dict[str, Any]:
    """Return how far the nearest road and the nearest track are, where classes are known [m]."""
    assert request.point is not None  # noqa: S101 - asked for by the caller
    roads = around.within(request.point, "roads", WAYS_M)
    if not len(roads) or "class" not in roads:
        return {}
    away_m = roads.distance(request.point)
    track = (roads["class"] == "track").to_numpy()
    streets_m = around.distance_m(request.point, "streets")
    road_m = min(float(away_m[~track].min()) if (~track).any() else math.inf, streets_m)
    track_m = float(away_m[track].min()) if track.any() else math.inf
    told = {"road_m": road_m, "track_m": track_m}
    return {"by_track": track_m < road_m} | {
        name: round(value) for name, value in told.items() if math.isfinite(value)
    }


def power(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Ask how a place far from the lines that supply people gets its power."""
    if request.point is None:
        return None
    if not around.is_known("power"):
        return judge(rule, holds=None, layer="power")
    limit, lines = rule.thresholds["distance_m"], around.layers.table("power")
    low_kv, medium_kv = rule.thresholds["low_kv"], rule.thresholds["medium_kv"]
    away_m = lines.distance(request.point)
    voltage = lines["voltage_kv"].astype("float64")
    kinds = {
        "low_m": voltage <= low_kv,
        "medium_m": (voltage > low_kv) & (voltage <= medium_kv),
        "high_m": voltage > medium_kv,
    }
    told: dict[str, Any] = {
        name: round(float(away_m[mask].min())) for name, mask in kinds.items() if mask.any()
    }
    supplying = away_m[voltage <= medium_kv]
    if not len(supplying):  # a map of the high voltage alone says nothing of the rest
        return judge(rule, holds=None, limit=limit, layer="power", case="high_only", **told)
    nearest = float(supplying.min())
    return judge(
        rule, holds=nearest <= limit, value=nearest, limit=limit, margin=limit - nearest,
        accuracy_m=request.accuracy_m, **told,
    )  # fmt: skip


def backup(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Tell how many hours of backup power are advised, more where storms and floods come."""
    if request.point is None:
        return None
    given = rule.thresholds
    is_near_sea = around.distance_m(request.point, "sea") < given["coast_m"]
    floods = around.layers.rasters.get("floods")
    is_flooded = floods is not None and bool(
        (around.values_near(floods, request.point, 0.0) == 1).any()
    )
    stormy = is_near_sea or is_flooded
    hours = given["storm_hours"] if stormy else given["hours"]
    return judge(rule, holds=not stormy, limit=hours, near_sea=is_near_sea, flooded=is_flooded)
