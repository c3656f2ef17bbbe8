"""Whether an application says what it must, and whether what it says is plausible."""

import math
from typing import TYPE_CHECKING
from typing import Any

from infraplan.layers.schemas import TECHNOLOGIES
from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings
from infraplan.sites.surroundings import number_of

if TYPE_CHECKING:
    from infraplan.sites.gain import Gain

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
        **_need_in_full(request, gain), purpose=request.text.get("purpose", ""),
    )  # fmt: skip


def _need_in_full(request: Request, gain: "Gain") -> dict[str, Any]:
    """Return the range of a gain and its parts beyond coverage, those that are known."""
    five = request.gain_5g
    found = {
        "people_low": gain.low, "people_high": gain.high, "indoor": gain.indoor,
        "people_5g": math.nan if five is None else five.people,
        "people_own": math.nan if request.own_gain is None else request.own_gain.people,
    }  # fmt: skip
    told: dict[str, Any] = {n: round(v) for n, v in found.items() if math.isfinite(v)}
    losing = () if request.own_gain is None else request.own_gain.neighbours[:3]
    return told | {"neighbours": [site_id for site_id, _ in losing]}


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
