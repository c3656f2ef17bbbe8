"""What a new station does to its neighbours: where it is heard too much, and too far."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import technologies_of

if TYPE_CHECKING:
    from infraplan.radio.results import SiteSignal
    from infraplan.sites.gain import Ground
    from infraplan.sites.surroundings import Request
    from infraplan.sites.surroundings import Surroundings

__all__ = ["Overshoot", "check_overshoot", "overshoot_of"]


@dataclass(frozen=True, slots=True)
class Overshoot:
    """
    How far a new station is heard among its operator's own ones, on land.

    `overlap_share` is the share of its area in which another server is better, but by less than the
    limit; `best_share` that in which it is the best. `farthest_m` is the distance of the farthest
    place where it is the best although another station stands nearer, 0 where there is none.
    """

    overlap_share: float
    best_share: float
    area_km2: float
    farthest_m: float


def overshoot_of(
    signal: "SiteSignal",
    request: "Request",
    ground: "Ground",
    around: "Surroundings",
    *,
    overlap_db: float,
) -> Overshoot | None:
    """
    Return how a new station overlaps with the present network of its operator.

    Parameters
    ----------
    signal
        Signal of the station, one technology.
    request
        The request, with its position.
    ground
        Present coverage.
    around
        Stations that stand.
    overlap_db
        Level below the better server from which the new one no longer disturbs, > 0 [dB].

    Returns
    -------
    overshoot
        Shares and distance; None where the network was not predicted or the station reaches nobody.
    """
    present = ground.present(signal.technology, str(request.operator), signal.rows, signal.columns)
    if present is None or request.point is None:
        return None
    land = ground.on_land[signal.rows, signal.columns]
    reached = (signal.signal_dbm >= ground.needed_dbm(signal.technology)) & land & ~present.unknown
    count = int(reached.sum())
    if not count:
        return None
    below_db = present.signal_dbm[reached] - signal.signal_dbm[reached]
    return Overshoot(
        overlap_share=float(((below_db >= 0) & (below_db <= overlap_db)).sum()) / count,
        best_share=float((below_db < 0).sum()) / count,
        area_km2=count * ground.cell_km2,
        farthest_m=_farthest_m(
            signal, reached & (signal.signal_dbm > present.signal_dbm), request, ground, around
        ),
    )


def _farthest_m(
    signal: "SiteSignal",
    is_best: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]",
    request: "Request",
    ground: "Ground",
    around: "Surroundings",
) -> float:
    """Return how far the station is best beyond a nearer station of its operator."""
    from scipy.spatial import KDTree

    assert request.point is not None  # noqa: S101 - asked for by the caller
    stations = around.stations
    sends = [
        signal.technology in technologies_of(value) and operator == request.operator
        for value, operator in zip(stations["technologies"], stations["operator"], strict=True)
    ]
    row, column = np.nonzero(is_best)
    if not any(sends) or not row.size:
        return 0.0
    affine = ground.geobox.affine
    x_m = affine.c + affine.a * (column + signal.columns.start + 0.5)
    y_m = affine.f + affine.e * (row + signal.rows.start + 0.5)
    away_m = np.hypot(x_m - request.point.x, y_m - request.point.y)
    order = np.argsort(-away_m, kind="stable")
    tree = KDTree(np.column_stack([around.x_m[sends], around.y_m[sends]]))
    for begin in range(0, order.size, 4096):  # the farthest first: a few queries mostly do
        some = order[begin : begin + 4096]
        nearest_m, _ = tree.query(np.column_stack([x_m[some], y_m[some]]))
        beyond = np.flatnonzero(nearest_m < away_m[some])
        if beyond.size:
            return float(away_m[some[beyond[0]]])
    return 0.0


def check_overshoot(request: "Request", _: "Surroundings", rule: Rule) -> Reason | None:
    """
    Tell how much of a station's area lies under better servers, and how far it is heard.

    Parameters
    ----------
    request
        Request with its overshoot.
    _
        What lies around it, as every check is given it.
    rule
        The rule.

    Returns
    -------
    reason
        What was found; None where nothing could be predicted.
    """
    found = request.overshoot
    if found is None:
        return None
    limit = rule.thresholds["share"]
    return judge(
        rule, holds=found.overlap_share <= limit, value=found.overlap_share, limit=limit,
        margin=limit - found.overlap_share, farthest_m=round(found.farthest_m),
        best_share=round(found.best_share, 3), overlap_db=rule.thresholds["overlap_db"],
    )  # fmt: skip
