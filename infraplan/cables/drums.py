"""
From which drum which piece of cable is cut, with the joints in chambers.

A cable is cut as seldom as the drums allow, always in a chamber; the pieces of all cables of one
owner and kind then share as few drums as can be, proven where they are not too many.
"""

from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.study import filled_table
from infraplan.cables.technical import WorkRules

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["Packing", "cut_lengths", "drum_plan", "packed_drums"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EXACT_PIECES = 24  # so many pieces of a cable type are packed with proof
MOST_BRANCHES = 200_000
AT_CHAMBER_M = 1.0


def drum_plan(
    cables: "pd.DataFrame",
    segments: "gpd.GeoDataFrame",
    chambers: "gpd.GeoDataFrame",
    *,
    rules: WorkRules,
) -> "pd.DataFrame":
    """
    Return the cut list: each piece of new cable, its drum, and between which chambers it lies.

    Parameters
    ----------
    cables
        Table `cables` of a plan.
    segments
        Its segments: `length_m` and lines.
    chambers
        Its chambers: joints are made there.
    rules
        Technical rules of drums and slack.

    Returns
    -------
    drums
        Table `drums`: the pieces, longer than their way by slack and loops; `left_m` is what stays
        on the drum, `least` the fewest drums that the pieces of this kind can need.
    """
    drum_m = rules.value("drum", "length_m")
    pieces: list[dict[str, Any]] = []
    for name, cable in cables.sort_index().iterrows():
        at_m, ids = _joints(cable, segments, chambers)
        if not len(at_m):
            continue
        with_slack = _with_slack(at_m, rules)
        cuts = cut_lengths(with_slack, drum_m)
        for _ in range(max(int(cable["cables"] or 1), 1)):
            pieces += [
                {
                    "cable_id": str(name),
                    "owner": cable["owner"],
                    "cores": cable["cores"],
                    "from_id": ids[a],
                    "to_id": ids[b],
                    "length_m": float(with_slack[b] - with_slack[a]),
                }
                for a, b in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)
            ]
    kinds: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for piece in pieces:
        kinds.setdefault((str(piece["owner"]), str(piece["cores"])), []).append(piece)
    for (owner, cores), same in sorted(kinds.items()):
        lengths = np.asarray([piece["length_m"] for piece in same])
        packing = packed_drums(lengths, drum_m)
        used = np.bincount(packing.drum, weights=lengths)
        for piece, drum in zip(same, packing.drum.tolist(), strict=True):
            left_m = max(drum_m - float(used[drum]), 0.0)
            piece |= {
                "drum": f"{owner} {cores} {drum + 1}", "left_m": left_m, "least": packing.bound
            }  # fmt: skip
    rows: dict[tuple[str | float, ...], dict[str, Any]] = {
        (f"K{number:04d}",): piece for number, piece in enumerate(pieces, start=1)
    }
    return filled_table("drums", rows)


def _joints(
    cable: "pd.Series", segments: "gpd.GeoDataFrame", chambers: "gpd.GeoDataFrame"
) -> tuple[Floats, list[str | None]]:
    """Return where along a cable chambers stand, its two ends among them, and their ids."""
    import shapely

    names = [x for x in str(cable["segment_ids"] or "").split(";") if x in segments.index]
    points = chambers.sort_index().geometry
    found: list[tuple[float, str]] = []
    along = 0.0
    before = None
    for k, name in enumerate(names):
        line = segments.geometry[name]
        following = segments.geometry[names[k + 1]] if k + 1 < len(names) else None
        if _is_backward(line, before, following):
            line = shapely.reverse(line)
        scale = float(segments["length_m"][name]) / max(float(line.length), 1e-9)
        near = np.flatnonzero(shapely.dwithin(points.to_numpy(), line, AT_CHAMBER_M))
        found += [
            (along + scale * float(line.project(points.iloc[p])), str(points.index[p]))
            for p in near.tolist()
        ]
        along += scale * float(line.length)
        before = shapely.get_point(line, -1)
    if not along:
        return np.zeros(0), []
    found.sort()
    at: list[float] = [0.0]
    ids: list[str | None] = [None]
    for metres, name in found:
        if metres <= AT_CHAMBER_M and ids[0] is None:
            ids[0] = name
        elif metres - at[-1] > AT_CHAMBER_M:
            at.append(metres)
            ids.append(name)
    if along - at[-1] > AT_CHAMBER_M or len(at) == 1:
        at.append(along)
        ids.append(None)
    return np.asarray(at), ids


def _is_backward(line: Any, before: Any, following: Any) -> bool:  # noqa: ANN401 - geometries
    """Return whether a cable runs through a segment against its drawing."""
    import shapely

    start, end = shapely.get_point(line, 0), shapely.get_point(line, -1)
    if before is not None:
        return bool(before.distance(end) < before.distance(start))
    return following is not None and bool(following.distance(start) < following.distance(end))


def _with_slack(at_m: Floats, rules: WorkRules) -> Floats:
    """Return metres of cable up to each place where it may be cut, with slack and loops."""
    every = max(int(rules.value("slack", "chambers")), 1)
    loops = np.floor(np.arange(len(at_m)) / every)
    return at_m * (1 + rules.value("slack", "share")) + loops * rules.value("slack", "loop_m")


def cut_lengths(at_m: Floats, drum_m: float) -> Ints:
    """
    Return where a cable is cut so that each piece fits on a drum and as few as can be are made.

    Parameters
    ----------
    at_m
        Where along the cable joints may be, rising, its two ends among them, shape (n,) [m].
    drum_m
        Length of a drum, > 0 [m].

    Returns
    -------
    cuts
        Numbers of the places at which pieces begin and end, the first and the last among them;
        where two places in a row are farther apart than a drum is long, that piece is too long.
    """
    cuts = [0]
    last = len(at_m) - 1
    while cuts[-1] < last:
        reach = int(np.searchsorted(at_m, at_m[cuts[-1]] + drum_m + 1e-6, side="right")) - 1
        cuts.append(min(max(reach, cuts[-1] + 1), last))
    return np.asarray(cuts, dtype=np.int64)


class Packing(NamedTuple):
    """Drum of each piece, how many drums, fewest that any packing needs, and whether proven."""

    drum: Ints
    drums: int
    bound: int
    optimal: bool


def packed_drums(lengths_m: Floats, drum_m: float) -> Packing:
    """
    Return which pieces of cable are cut from which drum, with as few drums as can be.

    Parameters
    ----------
    lengths_m
        Length of each piece, > 0; one longer than a drum takes a drum of its own [m].
    drum_m
        Length of a drum, > 0 [m].

    Returns
    -------
    packing
        Drums, proven fewest by branch and bound where the pieces are few, else with a bound.

    Notes
    -----
    The bound is the larger of the total length in drums and the number of pieces longer than half
    a drum, with what small pieces cannot share with them (Martello and Toth, L2).
    """
    whole = np.minimum(np.ceil(np.asarray(lengths_m) * 1000 - 1e-6), drum_m * 1000)
    sizes = whole.astype(np.int64)
    order = np.lexsort((np.arange(len(sizes)), -sizes))
    room = round(drum_m * 1000)
    best = _first_fit(sizes[order], room)
    bound = _least_drums(sizes, room)
    if len(sizes) <= EXACT_PIECES and max(best, default=-1) + 1 > bound:
        best, bound = _searched(sizes[order].tolist(), room, best, bound)
    drum = np.empty(len(sizes), dtype=np.int64)
    drum[order] = best
    count = int(max(best, default=-1)) + 1
    return Packing(drum, count, bound, count == bound)


def _first_fit(sizes: Ints, room: int) -> list[int]:
    """Return a drum for each piece, from the longest on, in the first drum with room."""
    left: list[int] = []
    out = []
    for size in sizes.tolist():
        k = next((k for k, free in enumerate(left) if free >= size), len(left))
        if k == len(left):
            left.append(room)
        left[k] -= size
        out.append(k)
    return out


def _least_drums(sizes: Ints, room: int) -> int:
    """Return a number of drums that no packing goes below."""
    bound = -(-int(sizes.sum()) // room)
    for small in {0, *(int(x) for x in sizes if 2 * x <= room)}:
        alone = int((sizes > room - small).sum())
        big = sizes[(sizes <= room - small) & (2 * sizes > room)]
        little = sizes[(2 * sizes <= room) & (sizes >= small)]
        over = int(little.sum()) - (len(big) * room - int(big.sum()))
        bound = max(bound, alone + len(big) + max(0, -(-over // room)))
    return bound


def _searched(sizes: list[int], room: int, found: list[int], bound: int) -> tuple[list[int], int]:
    """Return the fewest drums by branch and bound, and the bound, proven where search ended."""
    best = {"drum": found, "count": max(found) + 1, "seen": 0}
    given = [0] * len(sizes)

    def place(k: int, left: list[int]) -> bool:
        """Try each drum for a piece; return whether to go on searching."""
        best["seen"] += 1  # type: ignore[operator]
        if best["seen"] > MOST_BRANCHES or best["count"] <= bound:  # type: ignore[operator]
            return False
        if k == len(sizes):
            best["drum"], best["count"] = given.copy(), len(left)
            return True
        tried = set()
        for drum, free in enumerate(left):
            if free >= sizes[k] and free not in tried:
                tried.add(free)
                left[drum] -= sizes[k]
                given[k] = drum
                going = place(k + 1, left)
                left[drum] += sizes[k]
                if not going:
                    return False
        if len(left) + 1 < best["count"]:  # type: ignore[operator]
            given[k] = len(left)
            left.append(room - sizes[k])
            going = place(k + 1, left)
            left.pop()
            return going
        return True

    ended = place(0, [])
    count = int(best["count"])  # type: ignore[call-overload]
    return list(best["drum"]), count if ended or count == bound else bound  # type: ignore[call-overload]
