"""What would change a proposal, or keep it for less: lower, elsewhere, on a mast that stands."""

import json
import math
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.layers.grid import index_of
from infraplan.progress import Progress
from infraplan.progress import silent
from infraplan.sites.checks import check_batch
from infraplan.sites.checks import check_request
from infraplan.sites.predicted import Variant
from infraplan.sites.predicted import is_inside
from infraplan.sites.predicted import variant_gains
from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import proposal_of
from infraplan.sites.rules import Rule
from infraplan.sites.rules import SiteRules
from infraplan.sites.scene import Scene
from infraplan.sites.study import filled_table
from infraplan.sites.surroundings import Alternative
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings

if TYPE_CHECKING:
    from shapely.geometry import Point


__all__ = ["HEIGHTS_M", "findings", "searched"]

HEIGHTS_M = tuple(range(15, 61, 5))
LOWEST_M = 12  # below it no antenna is hung, as of rule sharing
KEPT_SHARE = 0.95  # of the gain that a lower mast must keep to be told without a rule changed
MORE_SHARE = 0.05  # of gain that another place must add to be told without a rule changed
UNSTATED_SHIFT_M = 100.0  # looked at where the application does not say how far it may move
BEARINGS = (8, 12, 16)  # on the rings at a third, two thirds and all of the shift
JUDGED = 8  # places of each request that all rules of position look at
PREDICTED = 4  # places of each request that the radio part looks at
TOLD = 3  # other places told beside the best
ORDER = ("approve", "approve_with_conditions", "needs_information", "reject")
# findings that no height changes
NOT_BY_HEIGHT = frozenset(
    {
        "completeness", "position", "same_station", "datum", "commune", "address", "technology",
        "accuracy", "shift", "batch_duplicate", "batch_position", "batch_sharing", "sharing",
        "earlier_request", "pending_other", "protected", "flood", "slope", "fibre", "road", "power",
        "backup", "coast", "aesthetic", "overshoot", "need",
    }
)  # fmt: skip
BY_RADIO = frozenset({"sharing", "overshoot", "need", "microwave"})
# of a mast that stands the structure is no question any more
ON_A_MAST = frozenset(
    {"completeness", "technology", "accuracy", "position", "sharing", "spacing", "emf", "need"}
)
NO_NEW_MAST = "no_new_mast"


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """A request changed in one respect, with its findings once it has been predicted."""

    kind: str
    request: Request
    moved_m: float = 0.0
    reasons: tuple[Reason, ...] = ()
    mast_id: str = ""

    @property
    def weight(self) -> tuple[int, int]:
        """Return a key that is small for a good proposal with few conditions."""
        return _weight(self.reasons)


def findings(
    request: Request, others: Sequence[Request], around: Surroundings, rules: SiteRules
) -> list[Reason]:
    """
    Return the findings of all rules on one request.

    Parameters
    ----------
    request
        Request with its gains and alternatives.
    others
        Requests of the batch, itself among them or not.
    around
        What lies around.
    rules
        Rules in force.

    Returns
    -------
    reasons
        Findings on the request alone, then on the batch, then those of the register.
    """
    alone = check_request(request, around, rules.rules)
    # a place nearby is as near to what was asked for before
    registered = [reason for reason in request.registered if reason.rule.id in rules.rules]
    return alone + check_batch(request, others, rules.rules) + registered


def searched(
    requests: Sequence[Request],
    reasons: Mapping[str, Sequence[Reason]],
    around: Surroundings,
    radio: Scene,
    rules: SiteRules,
    *,
    progress: Progress | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Search for heights, places and masts that would change each proposal.

    Parameters
    ----------
    requests
        Requests of the batch, with their gains and alternatives.
    reasons
        Findings by request.
    around
        What lies around.
    radio
        What every prediction of the batch shares.
    rules
        Rules in force.
    progress
        Called with the share done.

    Returns
    -------
    heights
        Table `heights` of the study.
    flips
        Table `flips` of the study.

    Notes
    -----
    Each trial is a copy of the request with another height or place that is predicted by the radio
    engine and judged by the functions that judged the request. The distance to fibre and links are
    taken as those of the request itself.
    """
    ready = [r for r in requests if r.gain is not None and not r.cells.empty]
    trials: dict[str, _Trial] = {}
    for number, request in enumerate(ready):
        others = [other for other in requests if other is not request]
        found = reasons[request.request_id]
        made = [
            *(_Trial("height", _changed(request, height_m=float(h))) for h in HEIGHTS_M),
            *_lower(request, found, around, rules),
            *_moved(request, found, others, around, radio, rules),
        ]
        trials |= {f"{number:05d}|{place}": trial for place, trial in enumerate(made)}
    by_id = {request.request_id: request for request in ready}
    variants = {}
    for name, trial in trials.items():
        point = trial.request.point
        assert point is not None  # noqa: S101 - it was predicted
        of = by_id[trial.request.request_id]
        variants[name] = Variant(of, point, trial.request.height_m)
    told = progress or silent
    for name, headline, own in variant_gains(variants, around, radio, progress=told):
        trials[name].request.gain = headline
        trials[name].request.own_gain = own
    heights: dict[tuple[str | float, ...], dict[str, Any]] = {}
    flips: dict[tuple[str | float, ...], dict[str, Any]] = {}
    for number, request in enumerate(ready):
        mine = [t for name, t in trials.items() if name.startswith(f"{number:05d}|")]
        others = [other for other in requests if other is not request]
        for trial in mine:
            if trial.kind == "height" and (gain := trial.request.gain) is not None:
                heights[request.request_id, trial.request.height_m] = {
                    "people": gain.people, "people_low": gain.low, "people_high": gain.high,
                }  # fmt: skip
        for row in _flips(request, reasons[request.request_id], mine, others, around, rules):
            flips[request.request_id, row.pop("kind")] = row
    return filled_table("heights", heights), filled_table("flips", dict(sorted(flips.items())))


def _changed(
    request: Request, *, height_m: float | None = None, point: "Point | None" = None
) -> Request:
    """Return a copy of a request at another height or place, without gains."""
    height_m = request.height_m if height_m is None else height_m
    point = request.point if point is None else point
    row = request.row.copy()
    if "height_m" in row.index:
        row["height_m"] = height_m
    cells = request.cells
    if not cells.empty and height_m != request.height_m:
        cells = cells.assign(height_m=cells["height_m"] + (height_m - request.height_m))
    away: list[Alternative] = request.alternatives
    if point is not request.point and point is not None:
        away = [
            o if o.point is None else replace(o, distance_m=float(point.distance(o.point)))
            for o in away
        ]
    return replace(
        request, row=row, height_m=height_m, point=point, cells=cells, gain=None, own_gain=None,
        alternatives=away,
    )  # fmt: skip


def _lower(
    request: Request, found: Sequence[Reason], around: Surroundings, rules: SiteRules
) -> Iterator[_Trial]:
    """Yield the greatest lower heights at which more of the findings against it are gone."""
    against = _against(found, NOT_BY_HEIGHT, rules)
    mended: set[str] = set()
    for height_m in range(math.ceil(request.height_m) - 1, LOWEST_M - 1, -1):
        if len(mended) == len(against):
            return
        trial = _changed(request, height_m=float(height_m))
        passed = {
            reason.rule.id
            for reason in check_request(trial, around, against)
            if reason.effect == "none"
        }
        if passed - mended:
            mended |= passed
            yield _Trial("lower", trial)


def _against(
    found: Sequence[Reason], left_out: frozenset[str], rules: SiteRules
) -> dict[str, Rule]:
    """Return the rules of findings that speak against a request as it is."""
    return {
        reason.rule.id: rules.rules[reason.rule.id]
        for reason in found
        if reason.outcome in ("fail", "condition") and reason.effect != "none"
        if reason.rule.id not in left_out
    }


def _moved(
    request: Request,
    found: Sequence[Reason],
    others: Sequence[Request],
    around: Surroundings,
    radio: Scene,
    rules: SiteRules,
) -> list[_Trial]:
    """Return the places near a request that the rules of position like best, or else high ones."""
    plain = _part(rules, lambda name: name not in BY_RADIO)
    against = _against(found, BY_RADIO, rules)
    now = _weight([reason for reason in found if reason.rule.id not in BY_RADIO])
    likely = []
    for point, moved_m in _places(request):
        ground_m = _ground_m(around, radio, point)
        if not math.isfinite(ground_m):
            continue
        trial = _changed(request, point=point)
        left = [r for r in check_request(trial, around, against) if r.effect != "none"]
        likely.append(((len(left), -round(ground_m), moved_m), trial))
    likely.sort(key=lambda entry: entry[0])
    made = []
    for (_, down_m, moved_m), trial in likely[:JUDGED]:
        reasons = tuple(findings(trial, others, around, plain))
        if (weight := _weight(reasons)) <= now:
            made.append(((*weight, down_m, moved_m), _Trial("move", trial, moved_m, reasons)))
    made.sort(key=lambda entry: entry[0])
    return [trial for _, trial in made[:PREDICTED]]


def _part(rules: SiteRules, is_wanted: Callable[[str], bool]) -> SiteRules:
    """Return some of the rules."""
    return replace(rules, rules={n: rule for n, rule in rules.rules.items() if is_wanted(n)})


def _places(request: Request) -> Iterator[tuple["Point", float]]:
    """Yield points on rings around a request within the shift that it allows, and how far."""
    from shapely.geometry import Point

    at = request.point
    assert at is not None  # noqa: S101 - it was predicted
    shift_m = _shift_m(request)[0]
    if not shift_m > 0:
        return
    for ring, count in enumerate(BEARINGS, start=1):
        away_m = shift_m * ring / len(BEARINGS)
        for turn in range(count):
            angle = 2.0 * math.pi * turn / count
            yield Point(at.x + away_m * math.sin(angle), at.y + away_m * math.cos(angle)), away_m


def _shift_m(request: Request) -> tuple[float, bool]:
    """Return how far a request may move, and whether the application says so."""
    told = request.row.get("shift_allowed_m")
    if told is None or pd.isna(told):
        return UNSTATED_SHIFT_M, False
    return float(told), True


def _ground_m(around: Surroundings, radio: Scene, point: "Point") -> float:
    """Return the height of the ground at a point, NaN where unknown or off the grid."""
    assert around.layers.terrain is not None  # noqa: S101 - asked for by the caller
    if not is_inside(point, radio.ground):
        return math.nan
    row, column = index_of(radio.ground.geobox, point.x, point.y)
    return float(around.layers.terrain.ground_m.to_numpy()[row, column])


def _weight(reasons: Sequence[Reason]) -> tuple[int, int]:
    """Return a key that is small for a good proposal with few conditions."""
    effects = [reason.effect for reason in reasons if reason.effect != "none"]
    return ORDER.index(proposal_of(reasons)), len(effects)


def _flips(
    request: Request,
    found: Sequence[Reason],
    trials: Sequence[_Trial],
    others: Sequence[Request],
    around: Surroundings,
    rules: SiteRules,
) -> Iterator[dict[str, Any]]:
    """Yield the best change of each kind: lower, move, share."""
    now = _weight(found)
    judged = [
        _judged(trial, others, around, rules)
        for trial in trials
        if trial.kind != "height" and trial.request.gain is not None
    ]
    lower = sorted(
        (t for t in judged if t.kind == "lower" and t.weight < now),
        key=lambda t: (t.weight, -t.request.height_m),
    ) or _kept_for_less(request, now, trials, others, around, rules)
    moved = sorted(
        (
            t
            for t in judged
            if t.kind == "move"
            if t.weight < now or (t.weight == now and _change(request, t.request) >= MORE_SHARE)
        ),
        key=lambda t: (t.weight, -round(_change(request, t.request), 3), t.moved_m),
    )
    shared = _shared(request, around, rules)
    for some in (lower, moved, [] if shared is None else [shared]):
        if some:
            rows = [_row(request, found, trial) for trial in some]
            told = [{k: v for k, v in row.items() if k in SHORT} for row in rows[1 : TOLD + 1]]
            text = json.dumps(told, ensure_ascii=False, allow_nan=False)
            yield {**rows[0], "others_json": text}


SHORT = ("proposal", "people", "people_change_share", "height_m", "x_m", "y_m", "moved_m")


def _judged(
    trial: _Trial, others: Sequence[Request], around: Surroundings, rules: SiteRules
) -> _Trial:
    """Return a trial with the findings of all rules, those known already taken over."""
    known = {reason.rule.id for reason in trial.reasons}
    left = _part(rules, lambda name: name in BY_RADIO) if known else rules
    return replace(trial, reasons=(*trial.reasons, *findings(trial.request, others, around, left)))


def _kept_for_less(
    request: Request,
    now: tuple[int, int],
    trials: Sequence[_Trial],
    others: Sequence[Request],
    around: Surroundings,
    rules: SiteRules,
) -> list[_Trial]:
    """Return the lowest height of the curve that keeps the proposal and nearly all of the gain."""
    for trial in sorted(trials, key=lambda t: t.request.height_m):
        if trial.kind != "height" or trial.request.height_m >= request.height_m:
            continue
        if _change(request, trial.request) >= KEPT_SHARE - 1.0:
            judged = _judged(trial, others, around, rules)
            if judged.weight <= now:
                return [judged]
    return []


def _change(request: Request, trial: Request) -> float:
    """Return the share of its gain that a request gains by a change, negative where it loses."""
    here, there = request.gain, trial.gain
    if here is None or there is None:
        return -1.0
    share = here.share_of(there)
    return share - 1.0 if math.isfinite(share) else -1.0


def _shared(request: Request, around: Surroundings, rules: SiteRules) -> _Trial | None:
    """Return a request on the mast in reach that gives most, judged as equipment on a mast."""
    own = request.own_gain
    if own is None or not request.alternatives:
        return None
    share, place = max(
        (own.replaced_by(other.gain), -n) for n, other in enumerate(request.alternatives)
    )
    best = request.alternatives[-place]
    if not share > 0 or best.point is None:
        return None
    trial = _changed(request, height_m=best.height_m, point=best.point)
    trial.gain, trial.own_gain, trial.alternatives = best.headline_gain, best.gain, []
    kept = {name: rule for name, rule in rules.rules.items() if name in ON_A_MAST}
    reasons = tuple(check_request(trial, around, kept))
    return _Trial("share", trial, best.distance_m, reasons, best.mast_id)


def _row(request: Request, found: Sequence[Reason], trial: _Trial) -> dict[str, Any]:
    """Return a change as a row of the table, with the rules whose outcome it changes."""
    changed, gain, point = trial.request, trial.request.gain, trial.request.point
    change = _change(request, changed)
    return {
        "kind": trial.kind if trial.kind != "height" else "lower",
        "proposal": proposal_of(trial.reasons),
        "people": _rounded(None if gain is None else gain.people),
        "people_change_share": round(change, 4),
        "height_m": round(changed.height_m, 1),
        "x_m": None if point is None else round(point.x, 1),
        "y_m": None if point is None else round(point.y, 1),
        "moved_m": round(trial.moved_m, 1),
        "mast_id": trial.mast_id or None,
        "rules_json": json.dumps(_rules_changed(found, trial), ensure_ascii=False),
        "changes": proposal_of(trial.reasons) != proposal_of(found),
        "allowed": trial.kind != "move" or _shift_m(request)[1],
    }


def _rounded(value: float | None) -> float | None:
    """Return a finite number, to the tenth."""
    return None if value is None or not math.isfinite(value) else round(value, 1)


def _rules_changed(found: Sequence[Reason], trial: _Trial) -> list[dict[str, str]]:
    """Return rule, outcome before and outcome after of what a change changes."""
    after = {reason.rule.id: reason.outcome for reason in trial.reasons}
    changed = []
    for reason in found:
        name, before = reason.rule.id, reason.outcome
        if name in after and after[name] != before:
            changed.append({"rule": name, "before": before, "after": after[name]})
        elif name not in after and trial.kind == "share" and reason.effect != "none":
            changed.append({"rule": name, "before": before, "after": NO_NEW_MAST})
    return changed
