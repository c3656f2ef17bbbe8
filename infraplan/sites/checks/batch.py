"""The rules that compare a request with the others of its batch."""

import math
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import Request

if TYPE_CHECKING:
    from shapely.geometry import Point

__all__ = ["check_batch"]

Near = Sequence[tuple[Request, float]]  # the other requests with their distances [m]


def check_batch(
    request: Request, others: Sequence[Request], rules: Mapping[str, Rule]
) -> list[Reason]:
    """
    Return the findings of the rules that compare a request with the others of its batch.

    Parameters
    ----------
    request
        Request.
    others
        All requests of the batch.
    rules
        Rules in force.

    Returns
    -------
    reasons
        Findings; of two equal requests the one with the later id is asked about.
    """
    if request.point is None:
        return []
    near = [(other, _distance_m(request.point, other.point)) for other in others]
    near = [(other, d) for other, d in near if other is not request and math.isfinite(d)]
    found = [
        check(request, near, rules[name]) for name, check in BATCH_CHECKS.items() if name in rules
    ]
    return [reason for reason in found if reason is not None]


def _distance_m(one: "Point", two: "Point | None") -> float:
    """Return the distance between two points, infinite where one is missing."""
    return math.inf if two is None else math.hypot(one.x - two.x, one.y - two.y)


def _duplicate(request: Request, near: Near, rule: Rule) -> Reason | None:
    """Ask about a request of the same operator for the same place; of two the later is asked."""
    if request.operator is None:
        return None
    earlier = [
        (d, other.request_id)
        for other, d in near
        if other.operator == request.operator and other.request_id < request.request_id
    ]
    return _nearest(rule, earlier)


def _sharing(request: Request, near: Near, rule: Rule) -> Reason | None:
    """Tell two operators that ask for neighbouring places to share."""
    if request.operator is None:
        return None
    return _nearest(
        rule,
        [
            (d, other.request_id)
            for other, d in near
            if other.operator not in (None, request.operator)
        ],
    )


def _position(request: Request, near: Near, rule: Rule) -> Reason | None:
    """Have the same coordinates of two operators cleared up, unless both name one mast."""
    return _nearest(
        rule,
        [
            (d, other.request_id)
            for other, d in near
            if (other.operator != request.operator or request.operator is None)
            and not _names_one_mast(request, other)
        ],
    )


def _names_one_mast(one: Request, two: Request) -> bool:
    """Return whether two requests say that they will stand on one and the same mast."""
    masts = [request.row.get("mast_id") for request in (one, two)]
    return all(pd.notna(mast) and str(mast).strip() for mast in masts) and masts[0] == masts[1]


def _nearest(rule: Rule, found: list[tuple[float, str]]) -> Reason:
    """Return the finding on the nearest of some requests."""
    limit = rule.thresholds["distance_m"]
    distance_m, other_id = min(found, default=(math.inf, ""))
    holds, margin = distance_m > limit, distance_m - limit
    detail: dict[str, Any] = {} if holds else {"request": other_id}
    return judge(rule, holds=holds, value=distance_m, limit=limit, margin=margin, **detail)


BATCH_CHECKS: Mapping[str, Callable[[Request, Near, Rule], Reason | None]] = {
    "batch_duplicate": _duplicate,
    "batch_position": _position,
    "batch_sharing": _sharing,
}
