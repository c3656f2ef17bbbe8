"""Whether the class of a mast fits its height and its building."""

import math
from collections.abc import Mapping
from typing import Any

from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings
from infraplan.sites.surroundings import number_of

__all__ = ["building_m", "is_bulky", "mast_class"]

# a mast that is not bulky, as packaged, for rules that do not hold those of `mast_class`
NOT_BULKY = {"building_share": 0.2, "above_roof_m": 3.0}
ROUNDING_M = 1e-6  # of a share of a height


def mast_class(request: Request, _: Surroundings, rule: Rule) -> Reason | None:
    """Compare the class stated with the height and the building; ask where that is not given."""
    if not math.isfinite(request.height_m):
        return None
    kind, roof_m = request.text.get("mast_class"), building_m(request)
    if kind is None:
        return judge(rule, holds=None, case="unstated", mast_class="A2b")
    told: dict[str, Any] = {"mast_class": kind, "building_m": roof_m}
    if kind == "A1b":  # what it imitates is on the drawing
        return judge(rule, holds=None, case="drawing", **told)
    if kind in ("A1a", "A2a"):
        return _on_building(request, rule, roof_m, told)
    if kind == "A2b" and roof_m is not None:
        return judge(rule, holds=False, case="ground", **told)
    return judge(rule, holds=True, **told)


def _on_building(
    request: Request, rule: Rule, roof_m: float | None, told: dict[str, Any]
) -> Reason:
    """Return the finding on a mast that stands on a building."""
    if roof_m is None:
        missing = ["building_height_m"]
        return judge(rule, holds=False, asks=True, case="missing", missing=missing, **told)
    above_m = request.height_m - roof_m
    if above_m <= 0:
        told["below_m"] = round(-above_m, 1)
        return judge(rule, holds=False, asks=True, case="below_roof", **told)
    if told["mast_class"] != "A1a":
        return judge(rule, holds=True, value=above_m, **told)
    # the half-width is not in a request: whoever sees the drawing compares it
    told["half_width_m"] = rule.thresholds["half_width_m"]
    limit = _most_above_roof_m(roof_m, rule.thresholds)
    holds = above_m <= limit + ROUNDING_M
    return judge(rule, holds=holds, value=above_m, limit=limit, margin=limit - above_m, **told)


def is_bulky(request: Request) -> bool | None:
    """
    Return whether a mast is bulky, whatever class it states.

    Parameters
    ----------
    request
        Request.

    Returns
    -------
    is_bulky
        None where that cannot be told: class A1a on a building of unknown height.
    """
    kind, roof_m = request.text.get("mast_class", "A2b"), building_m(request)
    if kind != "A1a":
        return kind != "A1b"
    if roof_m is None or not math.isfinite(request.height_m):
        return None
    return request.height_m - roof_m > _most_above_roof_m(roof_m, NOT_BULKY) + ROUNDING_M


def building_m(request: Request) -> float | None:
    """
    Return the height of the building on which a mast is to stand.

    Parameters
    ----------
    request
        Request.

    Returns
    -------
    height_m
        Above ground; None where no building is stated [m].
    """
    given = number_of(request.row.get("building_height_m"))
    return given if given is not None and given > 0 else None


def _most_above_roof_m(roof_m: float, thresholds: Mapping[str, float]) -> float:
    """Return how far a mast that is not bulky may rise above the roof [m]."""
    return min(thresholds["building_share"] * roof_m, thresholds["above_roof_m"])
