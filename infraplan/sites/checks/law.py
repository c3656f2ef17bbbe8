"""What areas and classes of mast ask for: protection, views kept, permit."""

import math
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.sites.checks.masts import shares_already
from infraplan.sites.checks.structure import is_bulky
from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["aesthetic", "building_permit", "protected"]

TOLD_M = 5_000.0  # how far the nearest area of every kind is told
VIEWS = ("heritage", "centre", "monument", "theatre", "square")  # kinds of layer `protected`
SEATS = ("office",)  # kinds of layer `institutions`
PLANNED = ("planned", "approved")  # stations of the approved plan that do not stand yet


def protected(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Look for protected areas at the position and within their buffer."""
    if request.point is None:
        return None
    if not around.is_known("protected"):
        return judge(rule, holds=None, layer="protected")
    limit = rule.thresholds["buffer_m"]
    near = around.within(request.point, "protected", max(limit, TOLD_M))
    near = near.assign(away_m=near.distance(request.point) if len(near) else [])
    near = near.sort_values("away_m", kind="stable")
    found = near[near["away_m"] <= limit]
    detail: dict[str, Any] = {"areas": _listed(near, limit)}
    if not len(found):
        nearest = around.distance_m(request.point, "protected")
        return judge(
            rule, holds=True, value=nearest, limit=limit, margin=nearest - limit,
            accuracy_m=request.accuracy_m, **detail,
        )  # fmt: skip
    value = float(found["away_m"].iloc[0])
    detail |= {"area": detail["areas"][0]["name"], "kind": detail["areas"][0]["kind"]}
    detail["inside"] = value == 0
    if value == 0 and _edge_m(request, found) < request.accuracy_m:
        # nearer to the border of the area than the position is known
        detail |= {"measure_on_site": True, "case": "edge"}
        return Reason(rule, "condition", "condition", value, limit, value - limit, detail)
    reason = judge(
        rule, holds=False, value=value, limit=limit, margin=value - limit,
        accuracy_m=request.accuracy_m if value > 0 else 0.0, **detail,
    )  # fmt: skip
    if value > 0 and not reason.detail.get("measure_on_site"):
        # in the buffer: to be arranged, never a ground to reject
        return Reason(rule, "condition", "condition", value, limit, value - limit, detail)
    return reason


def _listed(near: "gpd.GeoDataFrame", buffer_m: float) -> list[dict[str, Any]]:
    """Return the areas within the buffer and the nearest of every kind, the nearest first."""
    listed: list[dict[str, Any]] = [
        {
            "id": str(name),
            "name": _text(row, "name") or str(name),
            "kind": _text(row, "kind"),
            "distance_m": round(float(row["away_m"])),
        }
        for name, row in near.iterrows()
    ]
    first: dict[str, dict[str, Any]] = {}
    for area in listed:
        first.setdefault(area["kind"], area)
    inside = int((near["away_m"] <= buffer_m).sum())
    return [area for n, area in enumerate(listed) if n < inside or area is first[area["kind"]]]


def _edge_m(request: Request, areas: "gpd.GeoDataFrame") -> float:
    """Return how far inside some areas a position lies: the distance to the farthest border [m]."""
    assert request.point is not None  # noqa: S101 - asked for by the caller
    inside = areas[areas.distance(request.point) == 0]
    return float(inside.boundary.distance(request.point).max())


def aesthetic(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Ask for a mast that is not bulky near heritage, centres and seats of authorities."""
    if request.point is None:
        return None
    if is_bulky(request) is False:
        return judge(rule, holds=True, mast_class=request.text.get("mast_class", ""))
    limit = rule.thresholds["distance_m"]
    areas = around.within(request.point, "protected", limit + request.accuracy_m)
    areas = areas[areas["kind"].isin(VIEWS)] if "kind" in areas else areas[:0]
    seats = around.within(request.point, "institutions", limit + request.accuracy_m)
    seats = seats[seats["kind"].isin(SEATS)] if "kind" in seats else seats[:0]
    found = [
        (float(row.geometry.distance(request.point)), _text(row, "name") or str(name))
        for table in (areas, seats)
        for name, row in table.iterrows()
    ]
    nearest, name = min(found, default=(math.inf, ""))
    detail: dict[str, Any] = {"area": name} if name else {}
    if nearest >= limit + request.accuracy_m and not (
        around.is_known("protected") and around.is_known("institutions")
    ):
        return judge(rule, holds=None, limit=limit, layer="protected")
    return judge(
        rule, holds=nearest >= limit, value=nearest, limit=limit, margin=nearest - limit,
        accuracy_m=request.accuracy_m, **detail,
    )  # fmt: skip


def building_permit(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Say whether a building permit is needed, or what exempts from it."""
    if request.point is None or not math.isfinite(request.height_m):
        return None
    if mast := shares_already(request, around):
        return judge(rule, holds=True, case="existing", mast=mast)
    if (bulky := is_bulky(request)) is False:
        return judge(rule, holds=True, case="not_bulky")
    commune = around.commune(request.point)
    if bulky is None or commune is None or not _text(commune, "type"):
        return judge(rule, holds=None, layer="communes")
    if around.is_urban(request.point):
        return judge(rule, holds=False, case="urban", commune=str(commune["name"]))
    return _compared_with_plan(request, around, rule)


def _compared_with_plan(request: Request, around: Surroundings, rule: Rule) -> Reason:
    """Return whether a position outside towns is one of the plan, which exempts from a permit."""
    plan = _planned(around)
    if plan is None:
        return judge(rule, holds=None, layer="candidates", case="no_plan")
    limit = rule.thresholds["plan_distance_m"]
    nearest = float(plan.distance(request.point).min()) if len(plan) else math.inf
    return judge(
        rule,
        holds=nearest <= limit,
        value=nearest,
        limit=limit,
        margin=limit - nearest,
        accuracy_m=request.accuracy_m,
    )


def _planned(around: Surroundings) -> "gpd.GeoSeries | None":
    """Return the positions of the plan, None where no plan is known."""
    sites, candidates = around.layers.table("sites"), around.layers.table("candidates")
    planned = sites[sites["status"].isin(PLANNED)] if "status" in sites else sites[:0]
    if not len(planned) and not around.is_known("candidates"):
        return None
    new = candidates[candidates["kind"] != "existing_mast"] if "kind" in candidates else candidates
    tables = [table.geometry for table in (planned, new) if len(table)]
    return pd.concat(tables) if tables else planned.geometry


def _text(row: "pd.Series[Any]", column: str) -> str:
    """Return a text field, empty where it is missing."""
    value = row.get(column)
    return "" if value is None or pd.isna(value) else str(value)
