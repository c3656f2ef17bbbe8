"""What a falling mast could reach."""

import math
from typing import Any

import pandas as pd

from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings

__all__ = ["fall", "fall_power", "fall_road"]

ON_ROOF = ("A1a", "A2a")
QUIET_WAYS = ("track",)  # nobody is endangered there for long


def fall(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Count the buildings and people that a falling mast could reach."""
    radius_m = _radius_m(request, rule)
    if request.point is None or radius_m is None:
        return None
    if _is_on_roof(request):
        return judge(rule, holds=True, limit=radius_m, case="roof")
    if not around.is_known("buildings"):
        return judge(rule, holds=None, limit=radius_m, layer="buildings", radius_m=radius_m)
    wide_m = request.height_m * rule.thresholds["wide_factor"]
    near = around.within(request.point, "buildings", wide_m + request.accuracy_m)
    away_m = near.distance(request.point)
    inside, wide = near[away_m <= radius_m], near[away_m <= wide_m]
    schools = int(inside["use"].isin(["school", "clinic"]).sum()) if "use" in inside else 0
    nearest_m = float(away_m.min()) if len(near) else math.inf
    return judge(
        rule, holds=not len(inside), value=nearest_m, limit=radius_m, margin=nearest_m - radius_m,
        accuracy_m=request.accuracy_m, radius_m=round(radius_m, 1), wide_m=round(wide_m, 1),
        buildings=len(inside), buildings_wide=len(wide), schools=schools,
        **_people(inside, "people"), **_people(wide, "people_wide"),
    )  # fmt: skip


def fall_road(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Count the roads, streets and railways that a falling mast could reach."""
    layers = [name for name in ("roads", "streets", "rail") if around.is_known(name)]
    found = _reached(request, around, rule, layers)
    if found is None or not ({"roads", "streets"} & set(layers)):
        return None if found is None else judge(rule, holds=None, layer="roads")
    ways = found[~found["class"].isin(QUIET_WAYS)] if "class" in found else found
    detail: dict[str, Any] = {}
    if len(ways) and "class" in ways:
        detail["classes"] = sorted({str(kind) for kind in ways["class"].dropna()})
    return _judged(request, rule, ways, detail)


def fall_power(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Count the power lines that a falling mast could reach."""
    layers = ["power"] if around.is_known("power") else []
    found = _reached(request, around, rule, layers)
    if found is None or not layers:
        return None if found is None else judge(rule, holds=None, layer="power")
    voltage = found["voltage_kv"].max() if len(found) and "voltage_kv" in found else math.nan
    detail = {} if pd.isna(voltage) else {"voltage_kv": float(voltage)}
    return _judged(request, rule, found, detail)


def _judged(request: Request, rule: Rule, found: pd.DataFrame, detail: dict[str, Any]) -> Reason:
    """Return the finding on lines near a mast: none of them may lie within its height."""
    radius_m = _radius_m(request, rule)
    assert radius_m is not None  # noqa: S101 - asked for by the caller
    nearest_m = float(found["away_m"].min()) if len(found) else math.inf
    count = int((found["away_m"] <= radius_m).sum()) if len(found) else 0
    return judge(
        rule, holds=count == 0, value=nearest_m, limit=radius_m, margin=nearest_m - radius_m,
        accuracy_m=request.accuracy_m, count=count, **detail,
    )  # fmt: skip


def _reached(
    request: Request, around: Surroundings, rule: Rule, layers: list[str]
) -> pd.DataFrame | None:
    """Return the features near the circle with their `away_m`; None without height or place."""
    radius_m = _radius_m(request, rule)
    if request.point is None or radius_m is None or _is_on_roof(request):
        return None
    point, reach_m = request.point, radius_m + request.accuracy_m
    tables = [around.within(point, layer, reach_m) for layer in layers]
    tables = [table.assign(away_m=table.distance(point)) for table in tables if len(table)]
    return pd.concat([pd.DataFrame(table) for table in tables]) if tables else pd.DataFrame()


def _radius_m(request: Request, rule: Rule) -> float | None:
    """Return the radius of the fall circle, None where the height is not known."""
    known = math.isfinite(request.height_m)
    return request.height_m * rule.thresholds["height_factor"] if known else None


def _is_on_roof(request: Request) -> bool:
    """Return whether a mast stands on a building, which holds it: no circle on the ground."""
    kind = request.text.get("mast_class", "")
    building = request.row.get("building_height_m")
    return kind in ON_ROOF or (kind == "A1b" and pd.notna(building) and float(building) > 0)


def _people(buildings: pd.DataFrame, name: str) -> dict[str, Any]:
    """Return the people known to live in buildings, and in how many that is not known."""
    if "people" not in buildings:
        return {name: None, f"{name}_unknown": len(buildings)}
    people = buildings["people"].astype("float64")
    known = float(people.sum()) if people.notna().any() or not len(people) else None
    return {
        name: None if known is None else round(known),
        f"{name}_unknown": int(people.isna().sum()),
    }
