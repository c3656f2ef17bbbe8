"""What the masts around a request mean for it: one to share, the spacing of its class."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import SAME_PLACE_M
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings
from infraplan.sites.surroundings import is_date

__all__ = ["shares_already", "sharing", "spacing"]


def shares_already(request: Request, around: Surroundings) -> str | None:
    """
    Return the mast on which a request would stand.

    Parameters
    ----------
    request
        Request.
    around
        What lies around.

    Returns
    -------
    mast_id
        Mast of the nearest station, None where none stands at the place.
    """
    if request.point is None or not len(around.stations):
        return None
    distance_m = around.station_distances_m(request.point)
    place = int(np.argmin(distance_m))
    if distance_m[place] > SAME_PLACE_M:
        return None
    row = around.stations.iloc[place]
    mast = row.get("mast_id")
    return str(mast) if pd.notna(mast) else str(around.stations.index[place])


def sharing(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Look for a mast in reach that would give nearly as much: then share it."""
    if request.missing:
        return None
    if not around.is_known("sites"):
        return judge(rule, holds=None, layer="sites")
    limit = rule.thresholds["gain_share"]
    if mast := shares_already(request, around):
        return judge(rule, holds=True, limit=limit, mast=mast, shares_already=True)
    if request.own_gain is None or not math.isfinite(request.own_gain.people):
        return judge(rule, holds=None, limit=limit)
    return _judged_sharing(request, around, rule)


def _judged_sharing(request: Request, around: Surroundings, rule: Rule) -> Reason:
    """Compare the masts in reach by what they would give of the request's gain."""
    limit = rule.thresholds["gain_share"]
    doubts = around.doubtful_lists(rule.thresholds["source_age_days"])
    shares = [(_share(request, n), n) for n in range(len(request.alternatives))]
    best_share, best = max(shares, key=lambda entry: (entry[0], -entry[1]), default=(0.0, -1))
    # a mast of a list that is years old may be gone: where one surely stands, that one decides
    standing = [entry for entry in shares if not _is_old(request, entry[1], doubts)]
    sure_share, sure = max(standing, key=lambda entry: (entry[0], -entry[1]), default=(0.0, -1))
    if sure >= 0 and sure_share >= limit:
        return judge(
            rule, holds=False, value=sure_share, limit=limit, margin=limit - sure_share,
            **_told_mast(request, sure),
        )  # fmt: skip
    detail = _told_mast(request, best)
    if doubts:
        return judge(
            rule, holds=None, value=best_share, limit=limit, **_told_doubts(doubts), **detail
        )
    return judge(
        rule, holds=True, value=best_share, limit=limit, margin=limit - best_share, **detail
    )


def _is_old(request: Request, place: int, doubts: Mapping[str, str]) -> bool:
    """Return whether a mast is known from lists only that are too old."""
    operators = request.alternatives[place].operators
    return bool(operators) and all(is_date(doubts.get(name, "")) for name in operators)


def _told_mast(request: Request, place: int) -> dict[str, Any]:
    """Return what is told of the mast compared; place -1: there is none."""
    detail: dict[str, Any] = {"masts_in_reach": len(request.alternatives)}
    if place < 0:
        return detail
    other = request.alternatives[place]
    return detail | {
        "mast": other.mast_id, "operators": list(other.operators),
        "distance_m": round(other.distance_m), "height_m": round(other.height_m, 1),
        "kind": other.kind,
    }  # fmt: skip


def _told_doubts(doubts: Mapping[str, str]) -> dict[str, Any]:
    """Return what is told of lists that are missing, incomplete or too old."""
    lists = [{"operator": name, "state": state} for name, state in doubts.items()]
    return {"case": "doubtful", "doubtful": list(doubts), "lists": lists}


def _share(request: Request, place: int) -> float:
    """Return the share of the request's gain that a mast would give; of people relieved if none."""
    here = request.own_gain
    return 0.0 if here is None else here.replaced_by(request.alternatives[place].gain)


def spacing(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Compare the distance to the nearest mast with that of the class."""
    if request.point is None or not math.isfinite(request.height_m):
        return None
    if not around.is_known("sites"):
        return judge(rule, holds=None, layer="sites")
    given = request.text.get("mast_class")
    kind = given or "A2b"
    if kind.startswith("A1"):
        return judge(rule, holds=True, mast_class=kind)
    if mast := shares_already(request, around):
        return judge(rule, holds=True, mast=mast, shares_already=True)
    where = "urban" if around.is_urban(request.point) else "rural"
    low = request.height_m <= rule.thresholds["a2a_low_height_m"]
    name = ("a2a_low" if low else "a2a_high") if kind == "A2a" else "a2b"
    limit = rule.thresholds[f"{name}_{where}_m"]
    distance_m = around.station_distances_m(request.point)
    nearest = float(distance_m.min(initial=np.inf))
    detail: dict[str, Any] = {"mast_class": kind, "class_assumed": given is None, "area": where}
    doubts = around.doubtful_lists(rule.thresholds["source_age_days"])
    if nearest > limit and doubts:
        return judge(rule, holds=None, value=nearest, limit=limit, **_told_doubts(doubts), **detail)
    if distance_m.size:
        detail["site"] = str(around.stations.index[int(np.argmin(distance_m))])
    return judge(
        rule, holds=nearest >= limit, value=nearest, limit=limit, margin=nearest - limit,
        accuracy_m=request.accuracy_m, **detail,
    )  # fmt: skip
