"""
Which reference system, axis order and notation a list of coordinates means, by where it falls.

Each way of taking the numbers puts the rows somewhere; rows inside the communes of the plan, inside
the commune that the row itself names, and beside the position that the plan has under the row's id
speak for it, rows in the sea against it. Systems of the same meridian (VN-2000 of 3 and 6 degrees,
UTM) put a row within a few hundred metres of each other, which no commune can tell apart: there
the answer is a question, never a guess.
"""

from collections.abc import Collection
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.layers.crs import Bounds
from infraplan.layers.crs import inside
from infraplan.layers.crs import transformer

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.layers.known import KnownPlaces

__all__ = [
    "DATUM_SHIFT_M",
    "Evidence",
    "Hypothesis",
    "Vote",
    "contained",
    "datum_shift",
    "evidence_of",
    "moved",
    "outside_after_shift",
    "sampled",
    "verdict",
    "vote",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MARGIN = 0.05  # of the winner's score, below which a person is asked
ALIKE_M = 1_500.0  # apart: two readings that containment cannot tell apart
MOST_SHARE = 0.5  # of the named communes that must bear out what is only assumed
KNOWN_M = 300.0  # from its known position, beyond which a row proves nothing
KNOWN_WEIGHT = 2.0
DATUM_SHIFT_M = (-195.7, 110.3)  # VN-2000 numbers drawn as WGS 84, east and north
SHIFT_TOLERANCE_M = 30.0
SHIFT_PAIRS = 10
SHIFT_ROWS, SHIFT_SHARE = 5, 0.9
SAMPLE = 300


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """
    What speaks for and against a reading of the sampled rows.

    `communes` and `sea` are polygons in the planning CRS `crs`; `named` is the place of each row's
    commune among `communes`, -1 where it names none; `known` is where the plan has the row, NaN
    where it has not [m].
    """

    crs: str
    bounds: Bounds
    communes: npt.NDArray[np.object_]
    sea: npt.NDArray[np.object_]
    named: Integers
    known: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """One way to take the numbers of the sampled rows: which are east, and in which system."""

    crs: str
    east: Floats
    north: Floats
    notation: int = 0
    is_turned: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Vote:
    """A hypothesis with its score in [0, 1] and where it puts the rows in the planning CRS [m]."""

    hypothesis: Hypothesis
    score: float
    inside_share: float
    named_share: float
    known_share: float
    points: Floats


def sampled(count: int) -> Integers:
    """
    Return which rows vote.

    Parameters
    ----------
    count
        Rows that there are, >= 0.

    Returns
    -------
    rows
        At most some hundreds, evenly spread and always the same.
    """
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, SAMPLE)).astype(np.int64))


def evidence_of(
    places: "KnownPlaces | None",
    crs: str,
    bounds: Bounds,
    *,
    named: Integers,
    known: Floats,
) -> Evidence:
    """
    Return what a plan's places say, ready to be asked for many points.

    Parameters
    ----------
    places
        What the plan knows, or None.
    crs
        Planning CRS, as an EPSG code.
    bounds
        Where positions can lie, in `crs` [m].
    named
        Place of each row's commune among those of the plan; -1 where it names none.
    known
        Position that the plan has for each row, shape (rows, 2), NaN where it has none [m].

    Returns
    -------
    evidence
        Polygons prepared.
    """
    import shapely

    def prepared(layer: "gpd.GeoDataFrame | None") -> npt.NDArray[np.object_]:
        """Return the polygons of a layer."""
        if layer is None or not len(layer):
            return np.empty(0, dtype=object)
        shapes = layer.geometry.to_numpy().astype(object)
        shapely.prepare(shapes)
        return np.asarray(shapes)

    return Evidence(
        crs=crs,
        bounds=bounds,
        communes=prepared(None if places is None else places.communes),
        sea=prepared(None if places is None else places.sea),
        named=named,
        known=known,
    )


def vote(hypotheses: Sequence[Hypothesis], evidence: Evidence) -> tuple[Vote, ...]:
    """
    Return the hypotheses that put any row within bounds, the likeliest first.

    Parameters
    ----------
    hypotheses
        In the order in which they are believed where nothing tells them apart.
    evidence
        About the same rows.

    Returns
    -------
    votes
        With scores; equal scores keep the order of the hypotheses.
    """
    votes = []
    for one in hypotheses:
        points = moved(one.east, one.north, one.crs, evidence.crs)
        if inside(points[:, 0], points[:, 1], evidence.bounds).any():
            votes.append(_counted(one, points, evidence))
    return tuple(sorted(votes, key=lambda item: -round(item.score, 9)))


def moved(east: Floats, north: Floats, source: str, target: str) -> Floats:
    """
    Return points in another reference system.

    Parameters
    ----------
    east
        Eastings or longitudes, NaN where missing.
    north
        Northings or latitudes.
    source
        EPSG code of their system.
    target
        EPSG code of the system wanted.

    Returns
    -------
    points
        Of shape (rows, 2); NaN where a point is missing or cannot be transformed.
    """
    points = np.column_stack([east, north]).astype(np.float64)
    if source != target:
        known = np.isfinite(points).all(axis=1)
        if source in ("EPSG:4326", "EPSG:4756"):
            known &= (np.abs(points[:, 0]) <= 180) & (np.abs(points[:, 1]) <= 90)
        x, y = transformer(source, target).transform(points[known, 0], points[known, 1])
        points = np.full_like(points, np.nan)
        points[known] = np.column_stack([x, y])
    points[~np.isfinite(points).all(axis=1)] = np.nan
    return points


def verdict(
    votes: Sequence[Vote], priors: Collection[str]
) -> tuple[Vote, str, float | None, tuple[Vote, ...]]:
    """
    Return which vote wins, how surely, and what else it could be.

    Parameters
    ----------
    votes
        At least one, the likeliest first.
    priors
        Systems that are taken where nothing tells them from the others, as EPSG codes.

    Returns
    -------
    winner
        The vote to take.
    certainty
        `"recognised"`, `"assumed"` where only the prior speaks for it, `"ask"` where nothing does.
    margin
        How much less the next one scored, as a share of the winner's score; None without another.
    rivals
        The other votes that a person must weigh, the likeliest first.
    """
    own = next((one for one in votes if one.hypothesis.crs in priors), None)
    best = votes[0]
    if own is not None and own.score >= best.score - 1e-9:
        best = own
    others = [one for one in votes if one.hypothesis.crs != best.hypothesis.crs]
    margin = (best.score - others[0].score) / best.score if others and best.score > 0 else None
    near = [one for one in others if best.score - one.score < MARGIN * best.score]
    if best.known_share == 0:  # only a known position tells apart what lies in the same commune
        near += [one for one in others if one not in near and _is_alike(best, one)]
    rivals = tuple(sorted(near, key=lambda one: -one.score))
    if not rivals:
        return best, "recognised", margin, ()
    is_borne_out = best.named_share >= MOST_SHARE
    return best, "assumed" if best is own and is_borne_out else "ask", margin, rivals


def datum_shift(points: Floats, known: Floats) -> float:
    """
    Return whether positions lie off their known ones by exactly a lost datum.

    Parameters
    ----------
    points
        Positions of the list in the planning CRS, shape (rows, 2) [m].
    known
        Positions that the plan has for the same rows, NaN where it has none [m].

    Returns
    -------
    sign
        1 where VN-2000 numbers were taken as WGS 84, -1 for the opposite, 0 for neither.
    """
    offsets = points - known
    offsets = offsets[np.isfinite(offsets).all(axis=1)]
    offsets = offsets[np.hypot(offsets[:, 0], offsets[:, 1]) < 1_000.0]
    if len(offsets) < SHIFT_PAIRS:
        return 0.0
    middle = np.median(offsets, axis=0)
    for sign in (1.0, -1.0):
        if np.hypot(*(middle - sign * np.array(DATUM_SHIFT_M))) < SHIFT_TOLERANCE_M:
            return sign
    return 0.0


def outside_after_shift(points: Floats, evidence: Evidence) -> float:
    """
    Return whether rows outside their named commune come to lie inside once a datum is added.

    Parameters
    ----------
    points
        Positions of the sampled rows in the planning CRS, shape (rows, 2) [m].
    evidence
        About the same rows.

    Returns
    -------
    sign
        1 where VN-2000 numbers were taken as WGS 84, -1 for the opposite, 0 for neither.
    """
    rows = (evidence.named >= 0) & np.isfinite(points).all(axis=1)
    before = _in_named(points, evidence)[rows]
    out = int((~before).sum())
    if out < SHIFT_ROWS:
        return 0.0
    for sign in (1.0, -1.0):
        after = _in_named(points - sign * np.array(DATUM_SHIFT_M), evidence)[rows]
        healed, hurt = int((after & ~before).sum()), int((before & ~after).sum())
        if healed >= SHIFT_SHARE * out and hurt * SHIFT_ROWS <= healed:
            return sign
    return 0.0


def contained(points: Floats, polygons: npt.NDArray[np.object_]) -> Mask:
    """
    Return which points lie in any of some polygons.

    Parameters
    ----------
    points
        Of shape (rows, 2), NaN where missing [m].
    polygons
        In the same system, prepared.

    Returns
    -------
    mask
        False where a point is missing.
    """
    import shapely

    found = np.zeros(len(points), dtype=bool)
    for shape in polygons:
        near = ~found & inside(points[:, 0], points[:, 1], shape.bounds)
        if near.any():
            found[near] = shapely.contains_xy(shape, points[near, 0], points[near, 1])
    return found


def _counted(one: Hypothesis, points: Floats, evidence: Evidence) -> Vote:
    """Return a hypothesis with its votes counted."""
    rows = int(np.isfinite(one.east + one.north).sum()) or 1
    if len(evidence.communes):
        within = contained(points, evidence.communes)
    else:
        within = inside(points[:, 0], points[:, 1], evidence.bounds)
    named = evidence.named >= 0
    in_named = _in_named(points, evidence)
    afloat = contained(points, evidence.sea)
    known = np.isfinite(evidence.known).all(axis=1)
    apart = np.hypot(*(points[known] - evidence.known[known]).T)
    close = np.nan_to_num(np.clip(1.0 - apart / KNOWN_M, 0.0, 1.0))
    count = within.sum() + in_named.sum() + KNOWN_WEIGHT * close.sum() - afloat.sum()
    most = rows + int(named.sum()) + KNOWN_WEIGHT * int(known.sum())
    return Vote(
        hypothesis=one,
        score=max(float(count) / most, 0.0),
        inside_share=float(within.sum()) / rows,
        named_share=float(in_named.sum()) / int(named.sum()) if named.any() else 1.0,
        known_share=float(close.mean()) if len(close) else 0.0,
        points=points,
    )


def _in_named(points: Floats, evidence: Evidence) -> Mask:
    """Return which rows lie in the commune that they name."""
    import shapely

    found = np.zeros(len(points), dtype=bool)
    for place in np.unique(evidence.named[evidence.named >= 0]):
        shape = evidence.communes[place]
        rows = (evidence.named == place) & inside(points[:, 0], points[:, 1], shape.bounds)
        found[rows] = shapely.contains_xy(shape, points[rows, 0], points[rows, 1])
    return found


def _is_alike(one: Vote, other: Vote) -> bool:
    """Return whether two votes put the rows so near each other that no commune tells them apart."""
    apart = np.hypot(*(one.points - other.points).T)
    apart = apart[np.isfinite(apart)]
    return bool(len(apart)) and float(np.median(apart)) < ALIKE_M
