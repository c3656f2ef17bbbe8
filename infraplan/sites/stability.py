"""
How firm proposals are: in how many of 200 draws of the errors each one comes out.

Nothing is predicted or measured anew. A draw moves the margins that the rules found:

- rules of a distance (position, same_station, commune, spacing, the pairs of a batch, protected,
  fall, fibre, road, exposure at a building, and whatever else is judged against the
  accuracy of a position) by the error of the request's position along the line to what is measured,
  and by that of the station at its other end, if it is one; features of maps have no error;
- sharing by the error that the model makes at all antennas of one place alike, through the three
  points of each gain (3 dB less, as predicted, 3 dB more), and by the error of the people, apart
  for those whom both masts reach and for those whom one reaches;
- all other rules stay as they are: heights, floods, slope and whether a field is filled have no
  model of their error. A position inside the area stays inside, for how deep is not measured.

Each draw is then judged as the request was. The draws of one kind are the middles of equally likely
parts of the normal distribution in an order of their own, which the id of the request fixes.
"""

import math
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.sites.gain import MODEL_ERROR_DB
from infraplan.sites.gain import Gain
from infraplan.sites.reasons import PROPOSALS
from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.reasons import proposal_of
from infraplan.sites.rules import Rule
from infraplan.sites.study import empty_table
from infraplan.sites.surroundings import Alternative
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings

if TYPE_CHECKING:
    from infraplan.radio.settings import RadioSettings

__all__ = ["DRAWS", "Errors", "stability_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DRAWS = 200
PEOPLE_ERROR = 0.2  # of the people counted in one place, as a share; assumed
STATION_M = 15.0  # accuracy of a station's position where none is known; assumed, hand-held GNSS
STATIONS_TOLD = 3  # fewer offsets of stations do not tell their spread

# Rules whose margin is a distance from the request, be it held against its accuracy or not.
TO_STATIONS = frozenset({"same_station", "spacing"})
TO_FEATURES = frozenset({"position", "commune", "fall", "fibre", "road"})


@dataclass(frozen=True, slots=True)
class Errors:
    """
    Standard deviations of what an appraisal takes as known.

    `signal_db` is the error of predicted signals common to one place, `people_share` that of the
    people counted, `station_m` that of a station's position where none is known; `positions`
    multiplies the accuracy of all positions.
    """

    signal_db: float = MODEL_ERROR_DB
    people_share: float = PEOPLE_ERROR
    station_m: float = STATION_M
    positions: float = 1.0

    @classmethod
    def of(cls, settings: "RadioSettings", rules: Mapping[str, Rule]) -> "Errors":
        """
        Return the errors of a prediction.

        Parameters
        ----------
        settings
            Settings of the area engine; a model tuned to measurements tells by the offsets of its
            stations how far a new one may be off.
        rules
            Rules in force; that of the position has the accuracy of one without any stated.

        Returns
        -------
        errors
            Standard deviations.
        """
        tuning = settings.tuning if settings.model == "tuned" else None
        offsets = [] if tuning is None else [offset_db for _, offset_db in tuning.site_offset_db]
        is_told = len(offsets) >= STATIONS_TOLD
        signal_db = float(np.std(offsets, ddof=1)) if is_told else MODEL_ERROR_DB
        position = rules.get("position")
        usual_m = STATION_M if position is None else position.thresholds["default_accuracy_m"]
        return cls(signal_db=signal_db, station_m=float(usual_m))


@dataclass(frozen=True, slots=True, eq=False)
class _Redrawn:
    """A finding as it may come out, and which way it does without error and in each draw."""

    ways: tuple[Reason, ...]
    drawn: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """What the draws of one request share."""

    request: Request
    others: Mapping[str, Request]
    around: Surroundings
    errors: Errors
    count: int

    def normal(self, name: str) -> Floats:
        """Return no error, then the draws of one, the same for the same request and name."""
        from scipy.special import ndtri

        middles = (np.arange(self.count) + 0.5) / self.count
        random = np.random.default_rng(crc32(f"{self.request.request_id}|{name}".encode()))
        return np.concatenate([[0.0], random.permutation(ndtri(middles))])

    def moved_m(self, name: str, other_m: float = 0.0) -> Floats:
        """Return the errors of a distance from the request to something of some accuracy."""
        own_m = self.request.accuracy_m if math.isfinite(self.request.accuracy_m) else 0.0
        return self.errors.positions * math.hypot(own_m, other_m) * self.normal(name)

    def people(self, name: str) -> Floats:
        """Return factors by which the people of one place are miscounted."""
        return np.asarray(np.exp(self.errors.people_share * self.normal(f"people|{name}")))


def stability_of(
    requests: Sequence[Request],
    reasons: Mapping[str, Sequence[Reason]],
    around: Surroundings,
    rules: Mapping[str, Rule],
    *,
    errors: Errors | None = None,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """
    Return in how many draws of the errors each proposal comes out.

    Parameters
    ----------
    requests
        Requests with their gains and alternatives.
    reasons
        Findings of all rules on each, by its id.
    around
        What lies around.
    rules
        Rules in force.
    errors
        Standard deviations; the usual ones where None.
    draws
        Number of draws, >= 1.

    Returns
    -------
    stability
        Table by `request_id` with `draws`, `same` (as often as the proposal stays what it is) and
        the number of each proposal.
    """
    if not requests:
        return empty_table("stability")
    errors = errors or Errors()
    doubtful = {
        name: bool(around.doubtful_operators(rule.thresholds["source_age_days"]))
        for name, rule in rules.items()
        if "source_age_days" in rule.thresholds
    }
    others = {request.request_id: request for request in requests}
    rows = []
    for request in requests:
        sources = _Draws(request, others, around, errors, draws)
        found = list(reasons[request.request_id])
        counts = _counted(found, [_redrawn(reason, sources, doubtful) for reason in found], draws)
        rows.append({"draws": draws, "same": counts[proposal_of(found)], **counts})
    return pd.DataFrame(rows, index=pd.Index(list(others), dtype="str", name="request_id"))


def _counted(
    found: Sequence[Reason], redrawn: Sequence[_Redrawn | None], draws: int
) -> dict[str, int]:
    """Return how often each proposal comes out."""
    counts = dict.fromkeys(PROPOSALS, 0)
    moved = [way for way in redrawn if way is not None]
    fixed = [reason for reason, way in zip(found, redrawn, strict=True) if way is None]
    if not moved:
        return counts | {proposal_of(found): draws}
    table = np.stack([way.drawn[1:] for way in moved])
    kinds, times = np.unique(table, axis=1, return_counts=True)
    for kind, often in zip(kinds.T, times, strict=True):
        ways = [way.ways[n] for way, n in zip(moved, kind, strict=True)]
        counts[proposal_of([*fixed, *ways])] += int(often)
    return counts


def _redrawn(reason: Reason, sources: _Draws, doubtful: Mapping[str, bool]) -> _Redrawn | None:
    """Return a finding under errors, None where it stays as it is."""
    name = reason.rule.id
    good = judge(reason.rule, holds=None if doubtful.get(name) else True)
    model = {"sharing": _sharing, "protected": _protected}.get(name, _distance)
    made = model(reason, sources, good)
    # a finding that the margin alone does not explain has causes that no error moves
    explains = made is not None and made.ways[made.drawn[0]].effect == reason.effect
    return made if explains else None


def _distance(reason: Reason, sources: _Draws, good: Reason) -> _Redrawn | None:
    """Return the finding on a distance as the position moves."""
    name, margin = reason.rule.id, _margin_m(reason)
    if margin is None or not math.isfinite(margin):
        return None
    accuracy_m = sources.request.accuracy_m if name == "spacing" else reason.accuracy_m
    drawn_m = margin + sources.moved_m(name, _other_m(reason, sources))
    return _Redrawn(
        (good, _to_measure(reason.rule), judge(reason.rule, holds=False)),
        _ways(drawn_m, accuracy_m, keeps_limit=reason.outcome == "pass"),
    )


def _ways(margin_m: Floats, accuracy_m: float, *, keeps_limit: bool) -> Ints:
    """Return 0 where a margin is kept, 1 where it is to be measured and 2 where it is not kept."""
    kept = (margin_m > 0) | ((margin_m == 0) & keeps_limit)
    return np.where(np.abs(margin_m) < accuracy_m, 1, np.where(kept, 0, 2)).astype(np.int64)


def _to_measure(rule: Rule) -> Reason:
    """Return the finding that a distance is too near to its limit to be told."""
    return judge(rule, holds=True, margin=0.0, accuracy_m=1.0)


def _margin_m(reason: Reason) -> float | None:
    """Return the margin of a finding that the position's error moves, None for others."""
    name, margin = reason.rule.id, reason.margin
    if name == "spacing" and reason.value is not None and reason.limit is not None:
        # told also where the list of stations leaves the rule not assessed
        return None if "shares_already" in reason.detail else reason.value - reason.limit
    if name == "emf":
        return margin if reason.detail.get("to") == "building" else None
    is_moved = name in TO_STATIONS | TO_FEATURES or _is_of_pairs(name) or reason.accuracy_m > 0
    return margin if is_moved and reason.outcome != "not_assessed" else None


def _is_of_pairs(name: str) -> bool:
    """Return whether a rule compares requests of one batch."""
    return name.startswith("batch_")


def _other_m(reason: Reason, sources: _Draws) -> float:
    """Return the accuracy of what a distance is measured to; that of features of maps is 0."""
    name = reason.rule.id
    usual_m, accuracy = sources.errors.station_m, math.nan
    if name in TO_STATIONS:
        stations, site = sources.around.stations, reason.detail.get("site")
        if site in stations.index and "accuracy_m" in stations:
            accuracy = float(pd.to_numeric(stations.loc[site, "accuracy_m"]))
    elif _is_of_pairs(name):
        other = sources.others.get(str(reason.detail.get("request")))
        accuracy = math.nan if other is None else other.accuracy_m
    else:
        return 0.0
    return accuracy if math.isfinite(accuracy) else usual_m


def _protected(reason: Reason, sources: _Draws, good: Reason) -> _Redrawn | None:
    """Return the finding on protected areas: beyond the buffer, in it, or inside."""
    rule, limit, request = reason.rule, reason.limit, sources.request
    if reason.value is None or limit is None or not math.isfinite(reason.value):
        return None
    away_m = reason.value if reason.value > 0 else -_depth_m(sources)
    drawn_m = away_m + sources.moved_m("protected")
    beyond = _ways(drawn_m - limit, min(request.accuracy_m, limit), keeps_limit=False)
    inside = np.where(-drawn_m < request.accuracy_m, 1, 3)
    buffer = Reason(rule, "condition", "condition", limit=limit)
    return _Redrawn(
        (good, _to_measure(rule), buffer, judge(rule, holds=False)),
        np.where(drawn_m > 0, beyond, inside).astype(np.int64),
    )


def _depth_m(sources: _Draws) -> float:
    """Return how far inside protected areas a request lies."""
    point = sources.request.point
    assert point is not None  # noqa: S101 - a distance was measured from it
    areas = sources.around.within(point, "protected", 0.0)
    return float(areas.boundary.distance(point).max()) if len(areas) else 0.0


def _sharing(reason: Reason, sources: _Draws, good: Reason) -> _Redrawn | None:
    """Return the finding on sharing as the share of the best mast moves about its limit."""
    request, limit = sources.request, reason.limit
    own = request.own_gain
    is_told = reason.value is not None and limit is not None and own is not None
    if not is_told or not request.alternatives or own is None or limit is None:
        return None
    shares = np.stack([_drawn_share(own, other, sources) for other in request.alternatives])
    found = max(_replaced(own, other.gain) for other in request.alternatives)
    if not math.isclose(found, float(reason.value or 0.0), rel_tol=1e-9, abs_tol=1e-12):
        return None  # told by people relieved or served, whose error has no model
    return _Redrawn(
        (good, judge(reason.rule, holds=False)), (shares.max(axis=0) >= limit).astype(np.int64)
    )


def _drawn_share(own: Gain, other: Alternative, sources: _Draws) -> Floats:
    """Return the shares of a request's gain that a mast gives, draw by draw."""
    there = other.gain
    signal_db = sources.errors.signal_db * sources.normal("signal")
    both, common = _both(own, there), sources.people("both")
    gained = []
    for gain, name in ((own, "own"), (there, f"mast|{other.mast_id}")):
        part = both / gain.people if gain.people > 0 else 0.0
        own_people = sources.people(name)
        factor = own_people + part * (common - own_people)
        gained.append(_gained(gain, signal_db) * factor)
    if own.cells.size:  # of the mast's people only those count whom the request would serve
        part = both / there.people if there.people > 0 else 0.0
        gained[1] = _gained(there, signal_db) * part * common
    return np.asarray(gained[1] / np.maximum(gained[0], 1.0), dtype=np.float64)


def _replaced(own: Gain, there: Gain) -> float:
    """Return the share of the people newly covered whom a mast covers too."""
    people = _both(own, there) if own.cells.size else min(there.people, own.people)
    return people / max(own.people, 1.0)


def _both(own: Gain, there: Gain) -> float:
    """Return the people whom a request and a mast cover newly, both of them."""
    return float(own.cell_people[np.isin(own.cells, there.cells, assume_unique=True)].sum())


def _gained(gain: Gain, signal_db: Floats) -> Floats:
    """
    Return the people gained at other signals, rising with the signal.

    The logarithm of people + 1 is taken as straight between the three points and beyond them.
    """
    low, middle, high = np.maximum.accumulate(np.log1p([gain.low, gain.people, gain.high]))
    slope = np.where(signal_db < 0, middle - low, high - middle) / MODEL_ERROR_DB
    people = np.expm1(middle + slope * signal_db)
    return np.where(signal_db == 0, gain.people, np.maximum(people, 0.0))
