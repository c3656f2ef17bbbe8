"""Whether an application says what it must, and whether what it says is plausible."""

import math

from infraplan.layers.schemas import TECHNOLOGIES
from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings
from infraplan.sites.surroundings import number_of

__all__ = [
    "accuracy",
    "completeness",
    "height",
    "need",
    "shift",
    "technology",
]


def completeness(request: Request, _: Surroundings, rule: Rule) -> Reason:
    """Ask for the fields without which nothing can be judged."""
    missing = list(request.missing)
    return judge(rule, holds=not missing, value=len(missing), limit=0, missing=missing)


def need(request: Request, _: Surroundings, rule: Rule) -> Reason | None:
    """Tell who gains; this ranks and never rejects."""
    gain = request.gain
    if request.missing or gain is None or not math.isfinite(gain.people):
        return None
    return judge(
        rule, holds=True, value=gain.people, technology=request.technology,
        upgraded=round(gain.upgraded), relieved=round(gain.relieved), served=round(gain.served),
        purpose=request.text.get("purpose", ""),
    )  # fmt: skip


def accuracy(request: Request, _: Surroundings, rule: Rule) -> Reason | None:
    """Ask to measure a position again that is known too badly to tell two stations apart."""
    if request.point is None:
        return None
    limit, given = rule.thresholds["most_m"], request.row.get("accuracy_m")
    margin = limit - request.accuracy_m
    return judge(
        rule, holds=margin >= 0, value=request.accuracy_m, limit=limit, margin=margin,
        assumed=number_of(given) is None,
    )  # fmt: skip


def technology(request: Request, _: Surroundings, rule: Rule) -> Reason | None:
    """Ask about technologies that are not known."""
    if not request.technologies:
        return None
    unknown = [name for name in request.technologies if name not in TECHNOLOGIES]
    return judge(rule, holds=not unknown, value=len(unknown), limit=0, unknown=unknown)


def height(request: Request, _: Surroundings, rule: Rule) -> Reason | None:
    """Ask to confirm a height that is not one of the mast's class."""
    if not math.isfinite(request.height_m):
        return None
    kind = request.text.get("mast_class", "A2b")
    name = "a1" if kind.startswith("A1") else "a2"
    low, high = rule.thresholds[f"{name}_low_m"], rule.thresholds[f"{name}_high_m"]
    margin = min(request.height_m - low, high - request.height_m)
    return judge(
        rule, holds=margin >= 0, value=request.height_m,
        limit=low if request.height_m < low else high, margin=margin, mast_class=kind,
        low_m=low, high_m=high,
    )  # fmt: skip


def shift(request: Request, _: Surroundings, rule: Rule) -> Reason | None:
    """Tell of an allowed shift so wide that the request is not for one place."""
    allowed_m = number_of(request.row.get("shift_allowed_m"))
    if request.point is None or allowed_m is None:
        return None
    limit = rule.thresholds["most_m"]
    return judge(
        rule, holds=allowed_m <= limit, value=allowed_m, limit=limit, margin=limit - allowed_m
    )
