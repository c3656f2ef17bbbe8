"""The rules of an appraisal, one function each: what is measured, against which limit."""

import math
from collections.abc import Callable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.sites.interference import check_overshoot
from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import SAME_PLACE_M
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings
from infraplan.sites.surroundings import bare_name
from infraplan.sites.surroundings import names_of
from infraplan.sites.surroundings import technologies_of
from infraplan.units import dbm_to_milliwatt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry import Point

    from infraplan.sites.gain import Gain

__all__ = ["check_batch", "check_request"]

Check = Callable[[Request, Surroundings, Rule], Reason | None]
ON_ROOF = ("A1a", "A1b", "A2a")
HEAD_M = 2.0  # a standing person's head above ground
FLOOR_M, UNKNOWN_ROOF_M = 3.6, 10.0  # assumed where a building's height is not known


def check_request(
    request: Request, around: Surroundings, rules: Mapping[str, Rule]
) -> list[Reason]:
    """
    Return the findings of every rule that looks at one request alone.

    Parameters
    ----------
    request
        Request with its gains.
    around
        What lies around.
    rules
        Rules in force.

    Returns
    -------
    reasons
        Findings in the order of the rules; a rule that needs a missing field stays silent, for the
        field itself is asked for.
    """
    reasons = []
    for name, rule in rules.items():
        if name in CHECKS and (reason := CHECKS[name](request, around, rule)) is not None:
            reasons.append(reason)
    return reasons


def check_batch(
    request: Request, others: "Sequence[Request]", rules: Mapping[str, Rule]
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
    reasons: list[Reason] = []
    if request.point is None or request.operator is None:
        return reasons
    near = [(other, _distance_m(request.point, other.point)) for other in others]
    near = [(other, d) for other, d in near if other is not request and math.isfinite(d)]
    for name, same in (("batch_duplicate", True), ("batch_sharing", False)):
        if name not in rules:
            continue
        rule, limit = rules[name], rules[name].thresholds["distance_m"]
        found = [
            (d, other.request_id)
            for other, d in near
            if (other.operator == request.operator) is same and other.operator is not None
            if not same or other.request_id < request.request_id
        ]
        distance_m, other_id = min(found, default=(math.inf, ""))
        holds = distance_m > limit
        detail: dict[str, Any] = {} if holds else {"request": other_id}
        reasons.append(
            judge(
                rule,
                holds=holds,
                value=distance_m,
                limit=limit,
                margin=distance_m - limit,
                **detail,
            )
        )
    return reasons


def _distance_m(one: "Point", two: "Point | None") -> float:
    """Return the distance between two points, infinite where one is missing."""
    return math.inf if two is None else math.hypot(one.x - two.x, one.y - two.y)


def _completeness(request: Request, _: Surroundings, rule: Rule) -> Reason:
    """Ask for the fields without which nothing can be judged."""
    missing = list(request.missing)
    return judge(rule, holds=not missing, value=len(missing), limit=0, missing=missing)


def _position(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
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


def _same_station(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
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


def _datum(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
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


def _commune(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
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
    )  # fmt: skip


def _shares_already(request: Request, around: Surroundings) -> str | None:
    """Return the mast of another operator on which the request already stands."""
    if request.point is None or not len(around.stations):
        return None
    distance_m = around.station_distances_m(request.point)
    place = int(np.argmin(distance_m))
    if distance_m[place] > SAME_PLACE_M:
        return None
    row = around.stations.iloc[place]
    mast = row.get("mast_id")
    return str(mast) if pd.notna(mast) else str(around.stations.index[place])


def _sharing(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Look for a mast in reach that would give nearly as much: then share it."""
    if request.missing:
        return None
    if not around.is_known("sites"):
        return judge(rule, holds=None, layer="sites")
    limit = rule.thresholds["gain_share"]
    if mast := _shares_already(request, around):
        return judge(rule, holds=True, limit=limit, mast=mast, shares_already=True)
    if request.own_gain is None or not math.isfinite(request.own_gain.people):
        return judge(rule, holds=None, limit=limit)
    return _judged_sharing(request, around, rule)


def _judged_sharing(request: Request, around: Surroundings, rule: Rule) -> Reason:
    """Compare the masts in reach by what they would give of the request's gain."""
    limit = rule.thresholds["gain_share"]
    shares = [(_share(request, n), n) for n in range(len(request.alternatives))]
    best_share, best = max(shares, key=lambda entry: (entry[0], -entry[1]), default=(0.0, -1))
    detail: dict[str, Any] = {"masts_in_reach": len(request.alternatives)}
    if best >= 0:
        other = request.alternatives[best]
        detail |= {
            "mast": other.mast_id, "operators": list(other.operators),
            "distance_m": round(other.distance_m), "height_m": round(other.height_m, 1),
            "kind": other.kind,
        }  # fmt: skip
    if best >= 0 and best_share >= limit:
        return judge(
            rule, holds=False, value=best_share, limit=limit, margin=limit - best_share, **detail
        )
    if doubtful := around.doubtful_operators(rule.thresholds["source_age_days"]):
        return judge(
            rule, holds=None, value=best_share, limit=limit, doubtful=list(doubtful), **detail
        )
    return judge(
        rule, holds=True, value=best_share, limit=limit, margin=limit - best_share, **detail
    )


def _share(request: Request, place: int) -> float:
    """Return the share of the request's gain that a mast would give; of people relieved if none."""
    here = request.own_gain
    return 0.0 if here is None else here.share_of(request.alternatives[place].gain)


def _spacing(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Compare the distance to the nearest mast with that of the class."""
    if request.point is None or not math.isfinite(request.height_m):
        return None
    if not around.is_known("sites"):
        return judge(rule, holds=None, layer="sites")
    given = request.text.get("mast_class")
    kind = given or "A2b"
    if kind.startswith("A1"):
        return judge(rule, holds=True, mast_class=kind)
    if mast := _shares_already(request, around):
        return judge(rule, holds=True, mast=mast, shares_already=True)
    where = "urban" if around.is_urban(request.point) else "rural"
    low = request.height_m <= rule.thresholds["a2a_low_height_m"]
    name = ("a2a_low" if low else "a2a_high") if kind == "A2a" else "a2b"
    limit = rule.thresholds[f"{name}_{where}_m"]
    distance_m = around.station_distances_m(request.point)
    nearest = float(distance_m.min(initial=np.inf))
    detail: dict[str, Any] = {"mast_class": kind, "class_assumed": given is None, "area": where}
    doubtful = around.doubtful_operators(rule.thresholds["source_age_days"])
    if nearest > limit and doubtful:
        return judge(
            rule, holds=None, value=nearest, limit=limit, doubtful=list(doubtful), **detail
        )
    if distance_m.size:
        detail["site"] = str(around.stations.index[int(np.argmin(distance_m))])
    return judge(
        rule, holds=nearest >= limit, value=nearest, limit=limit, margin=nearest - limit,
        accuracy_m=request.accuracy_m, **detail,
    )  # fmt: skip


def _protected(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Look for protected areas at the position and within their buffer."""
    if request.point is None:
        return None
    if not around.is_known("protected"):
        return judge(rule, holds=None, layer="protected")
    limit = rule.thresholds["buffer_m"]
    found = around.within(request.point, "protected", limit)
    if not len(found):
        nearest = around.distance_m(request.point, "protected")
        return judge(
            rule, holds=True, value=nearest, limit=limit, margin=nearest - limit,
            accuracy_m=request.accuracy_m,
        )  # fmt: skip
    distance_m = found.distance(request.point)
    area = found.loc[distance_m.idxmin()]
    value = float(distance_m.min())
    detail: dict[str, Any] = {
        "area": str(distance_m.idxmin()),
        "kind": _text(area, "kind"),
        "inside": value == 0,
    }
    reason = judge(rule, holds=False, value=value, limit=limit, margin=value - limit, **detail)
    if value > 0:  # in the buffer: to be arranged, never a ground to reject
        return Reason(rule, "condition", "condition", value, limit, value - limit, detail)
    return reason


def _aviation(request: Request, _: Surroundings, rule: Rule) -> Reason | None:
    """Ask for marking and approval of a height that aviation must be warned of."""
    if not math.isfinite(request.height_m):
        return None
    limit = rule.thresholds["height_m"]
    margin = limit - request.height_m
    return judge(rule, holds=margin > 0, value=request.height_m, limit=limit, margin=margin)


def _aerodrome(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Ask for a survey near an aerodrome."""
    if request.point is None:
        return None
    if not around.is_known("aerodromes"):
        return judge(rule, holds=None, layer="aerodromes")
    limit = rule.thresholds["distance_m"]
    nearest = around.distance_m(request.point, "aerodromes")
    return judge(rule, holds=nearest > limit, value=nearest, limit=limit, margin=nearest - limit)


def _fall(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Count the buildings that a falling mast could reach."""
    if request.point is None or not math.isfinite(request.height_m):
        return None
    radius_m = request.height_m * rule.thresholds["height_factor"]
    kind = request.text.get("mast_class", "")
    if kind in ON_ROOF:
        return judge(rule, holds=True, mast_class=kind, radius_m=radius_m)
    if not around.is_known("buildings"):
        return judge(rule, holds=None, layer="buildings", radius_m=radius_m)
    found = around.within(request.point, "buildings", radius_m)
    count = len(found)
    schools = int(found["use"].isin(["school", "clinic"]).sum()) if "use" in found else 0
    return judge(
        rule, holds=count == 0, value=count, limit=0, margin=-count, radius_m=radius_m,
        schools=schools,
    )  # fmt: skip


def _emf(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """
    Compare the distance at which the field falls to its limit with the nearest place of people.

    d_c = sqrt(R sum(EIRP duty) / (4 pi S)) of the strongest direction, main beam taken all round.
    """
    if request.point is None or not math.isfinite(request.height_m) or not len(request.cells):
        return None
    from infraplan.radio.link import peak_gain_dbi

    cells, given = request.cells, rule.thresholds
    feeder_db = cells["feeder_loss_db"].fillna(0.0) if "feeder_loss_db" in cells else 0.0
    power_dbm = (cells["tx_power_dbm"] - feeder_db).to_numpy()
    watt = dbm_to_milliwatt(power_dbm + peak_gain_dbi(cells)) / 1000.0
    direction = cells["azimuth_deg"].astype("float64").fillna(-1.0).to_numpy()
    eirp_w = max(
        float(watt[(direction == d) | (direction < 0)].sum()) for d in np.unique(direction)
    )
    strength = given["reflection_factor"] * given["duty_factor"] * eirp_w
    needed_m = math.sqrt(strength / (4 * math.pi * given["power_density_w_per_m2"]))
    ground_m = request.height_m - HEAD_M
    detail: dict[str, Any] = {"eirp_w": round(eirp_w), "to": "ground"}
    if needed_m > ground_m:
        return judge(
            rule, holds=False, value=needed_m, limit=ground_m, margin=ground_m - needed_m, **detail
        )
    if not around.is_known("buildings"):
        return judge(rule, holds=None, value=needed_m, limit=ground_m, layer="buildings")
    near = around.within(request.point, "buildings", needed_m)
    roof_m = _roof_m(near)
    away = np.hypot(near.distance(request.point), np.maximum(request.height_m - roof_m, 0.0))
    nearest_m = min([ground_m, *away.tolist()])
    if nearest_m < ground_m:
        detail["to"] = "building"
    margin = nearest_m - needed_m
    return judge(rule, holds=margin >= 0, value=needed_m, limit=nearest_m, margin=margin, **detail)


def _roof_m(buildings: pd.DataFrame) -> "pd.Series[float]":
    """Return the height of people on the roofs of buildings, assumed where it is not known."""
    height = buildings.get("height_m", pd.Series(np.nan, index=buildings.index)).astype("float64")
    floors = buildings.get("floors", pd.Series(np.nan, index=buildings.index)).astype("float64")
    return height.fillna(floors * FLOOR_M).fillna(UNKNOWN_ROOF_M) + HEAD_M


def _flood(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Count the mapped floods that reached the position."""
    if request.point is None:
        return None
    if "floods" not in around.layers.rasters:
        return judge(rule, holds=None, layer="floods")
    floods = around.layers.rasters["floods"]
    values = around.values_near(floods, request.point, rule.thresholds["distance_m"])
    if not values.size:
        return judge(rule, holds=None)
    count = int((values == 1).any(axis=(1, 2)).sum())
    return judge(rule, holds=count == 0, value=count, limit=0, margin=-count, events=len(values))


def _slope(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Ask for a geotechnical survey on steep ground."""
    if request.point is None:
        return None
    if around.layers.terrain is None:
        return judge(rule, holds=None, layer="terrain")
    ground = around.layers.terrain.ground_m
    cell_m = abs(float(ground["x"][1] - ground["x"][0]))
    window = around.values_near(ground, request.point, cell_m)
    limit = rule.thresholds["slope_deg"]
    if window.shape != (1, 3, 3) or not np.isfinite(window).all():
        return judge(rule, holds=None, limit=limit)
    north, east = (np.gradient(window[0], cell_m, axis=axis)[1, 1] for axis in (0, 1))
    slope_deg = math.degrees(math.atan(math.hypot(north, east)))
    margin = limit - slope_deg
    return judge(rule, holds=margin >= 0, value=slope_deg, limit=limit, margin=margin)


def _fibre(request: Request, _: Surroundings, rule: Rule) -> Reason | None:
    """Ask how a station far from every cable is connected."""
    if request.point is None:
        return None
    if not math.isfinite(request.fibre_m):
        return judge(rule, holds=None, layer="fibre")
    limit = rule.thresholds["distance_m"]
    margin = limit - request.fibre_m
    return judge(rule, holds=margin >= 0, value=request.fibre_m, limit=limit, margin=margin)


def _road(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Ask how a place far from every road is reached."""
    if request.point is None:
        return None
    if not (around.is_known("roads") or around.is_known("streets")):
        return judge(rule, holds=None, layer="roads")
    limit = rule.thresholds["distance_m"]
    nearest = around.distance_m(request.point, "roads", "streets")
    margin = limit - nearest
    return judge(
        rule, holds=margin >= 0, value=nearest, limit=limit, margin=margin,
        accuracy_m=request.accuracy_m,
    )  # fmt: skip


def _need(request: Request, _: Surroundings, rule: Rule) -> Reason | None:
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


def _text(row: "pd.Series[Any]", column: str) -> str:
    """Return a text field, empty where it is missing."""
    value = row.get(column)
    return "" if value is None or pd.isna(value) else str(value)


CHECKS: Mapping[str, Check] = {
    "completeness": _completeness,
    "position": _position,
    "same_station": _same_station,
    "datum": _datum,
    "commune": _commune,
    "sharing": _sharing,
    "spacing": _spacing,
    "protected": _protected,
    "aviation": _aviation,
    "aerodrome": _aerodrome,
    "fall": _fall,
    "emf": _emf,
    "flood": _flood,
    "slope": _slope,
    "fibre": _fibre,
    "road": _road,
    "overshoot": check_overshoot,
    "need": _need,
}
