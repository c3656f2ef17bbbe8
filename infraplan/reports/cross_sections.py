"""
Cross-sections: the street with its trenches, and each trench with its ducts and who uses them.

A street is drawn at one scale from house to house; a trench, which would be a dot there, at another
beside it. What is equal is drawn once, with the length that it stands for.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.reports.appraised import tidy
from infraplan.reports.svg import Canvas
from infraplan.reports.svg import fitted
from infraplan.reports.svg import text_width
from infraplan.reports.svg import wrapped
from infraplan.text import Words

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.cables import CablePlan

__all__ = ["Block", "SegmentFacts", "section_blocks", "users_of"]

SIZE = 2.3  # of letters [mm]
STREET_SCALES = (100, 200, 250, 400, 500, 1000)
STREET_MM = 92.0  # most that a street takes
TRENCH_SCALE = 25
DUCT_M, GAP_M = 0.110, 0.025  # TCVN 8700:2011, as in the price book; only how ducts are drawn
KERB_M = 0.15
HALF = 1e-9  # [m]: 0.715 is written 0.72, whatever its binary form
UNKNOWN_WIDTH_M = 12.0  # a street of unknown width is drawn that wide, without numbers
USERS_MM = 40.0  # most that a line beside a trench takes
MOST_USERS = 12  # lines of users beside a trench

Looks = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A small drawing with the room that it takes [mm]."""

    width_mm: float
    height_mm: float
    draw: Callable[[Canvas, float, float], None]


@dataclass(frozen=True, slots=True)
class _Trench:
    """A trench as it is drawn: where, its sizes [m], and the user of each duct."""

    kind: str
    placement: str
    surface: str
    bores: int
    layers: int
    cover_m: float
    depth_m: float
    mouth_m: float
    bottom_m: float
    users: tuple[str, ...] = ()
    shared: str = ""
    reused: int = 0
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class _Street:
    """A street as it is drawn: widths [m], surface, and the trenches on its left and right."""

    width_m: float
    left_m: float
    right_m: float
    surface: str
    trenches: tuple[_Trench | None, _Trench | None]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentFacts:
    """
    What a plan tells of its segments, by their ids.

    `uses` are owners with the ducts that each needs there, in the order of their names; `is_told`
    says whether the plan tells that of any segment.
    """

    segments: Mapping[str, Mapping[Any, Any]]
    uses: Mapping[str, list[tuple[str, int]]]
    streets: Mapping[str, Mapping[Any, Any]]
    is_told: bool

    @classmethod
    def of(cls, plan: "CablePlan") -> "SegmentFacts":
        """Return what a plan tells."""
        uses: dict[str, list[tuple[str, int]]] = {}
        if len(plan.uses):
            rows = plan.uses.reset_index().sort_values("owner", kind="stable")
            for row in rows.to_dict("records"):
                told = tidy(row["owner"]), _whole(row["bores"])
                uses.setdefault(str(row["segment_id"]), []).append(told)
        streets = plan.layers.table("streets")
        return cls(_by_id(plan.segments), uses, _by_id(streets), is_told=bool(len(plan.uses)))


def _by_id(frame: "gpd.GeoDataFrame") -> dict[str, dict[Any, Any]]:
    """Return the rows of a table, without their geometry, by their ids."""
    rows = frame.drop(columns=frame.geometry.name).to_dict("records")
    return dict(zip(frame.index, rows, strict=True))


def section_blocks(facts: SegmentFacts, profiles: pd.DataFrame, words: Words) -> list[Block]:
    """
    Return the cross-sections of a street.

    Parameters
    ----------
    facts
        What the plan tells of its segments.
    profiles
        Rows of the plan's table `profiles` that belong to the street, with `side` and `at_m` as
        columns.
    words
        Catalogue.

    Returns
    -------
    blocks
        Streets first, in the order in which they are met, then trenches, the longest first.
    """
    features = dict.fromkeys(profiles["feature_id"].tolist())
    streets: dict[_Street, list[tuple[float, float]]] = {}
    looks: dict[tuple[str, str], _Street | None] = {}
    for low, high, left, right in _intervals(profiles):
        if (left, right) not in looks:
            looks[left, right] = _street(facts, left, right)
        street = looks[left, right]
        if street is not None:
            streets.setdefault(street, []).append((low, high))
    trenches: dict[_Trench, float] = {}
    for feature_id in features:
        if feature_id in facts.segments:
            trench = _trench(facts, str(feature_id), with_users=True)
            length_m = float(facts.segments[feature_id]["length_m"])
            trenches[trench] = trenches.get(trench, 0.0) + length_m
    blocks = [
        _street_block(number, street, ranges, words)
        for number, (street, ranges) in enumerate(streets.items(), start=1)
    ]
    longest = sorted(trenches.items(), key=lambda one: (-round(one[1], 3), str(one[0])))
    return blocks + [
        _trench_block(number, trench, length_m, words)
        for number, (trench, length_m) in enumerate(longest, start=1)
    ]


def users_of(plan: "CablePlan", segment_id: str) -> tuple[str, ...]:
    """
    Return who uses which duct of a segment.

    Parameters
    ----------
    plan
        The plan; its table `uses` tells how many ducts each owner needs there.
    segment_id
        Segment.

    Returns
    -------
    users
        Owner of each duct from the first, in the order of their names; a spare duct is empty.
        Empty altogether where nobody is known to use the segment.
    """
    return _users(SegmentFacts.of(plan), segment_id)


def _users(facts: SegmentFacts, segment_id: str) -> tuple[str, ...]:
    """Return the owner of each duct of a segment."""
    users = [name for name, count in facts.uses.get(segment_id, ()) for _ in range(count)]
    if not users:
        return ()
    bores = _whole(facts.segments[segment_id]["bores"])
    return tuple(users + [""] * max(bores - len(users), 0))


def _whole(value: Any) -> int:  # noqa: ANN401 - a field of a table
    """Return a number of ducts, those begun counted whole; 0 where it is not known."""
    number = _number(value)
    return int(np.ceil(number - 1e-9)) if np.isfinite(number) else 0


def _number(value: Any) -> float:  # noqa: ANN401 - a field of a table
    """Return a number, NaN where there is none."""
    return float("nan") if value is None or pd.isna(value) else float(value)


def _intervals(profiles: pd.DataFrame) -> list[tuple[float, float, str, str]]:
    """Return from where to where which segment lies on the left and on the right."""
    found: dict[str, list[tuple[float, float, str]]] = {"left": [], "right": []}
    for side, pieces in found.items():
        rows = profiles[profiles["side"] == side]
        at = rows["at_m"].tolist()
        features = rows["feature_id"].astype(str).tolist()
        marks = rows["mark"].fillna("").tolist()
        for k in range(len(at) - 1):
            is_break = "end" in marks[k].split(";") and "begin" in marks[k + 1].split(";")
            if not is_break:
                pieces.append((at[k], at[k + 1], features[k]))
    breaks = sorted({x for pieces in found.values() for a, b, _ in pieces for x in (a, b)})
    result = []
    for low, high in pairwise(breaks):
        middle = (low + high) / 2
        pair = [
            next((feature for a, b, feature in pieces if a < middle < b), "")
            for pieces in found.values()
        ]
        if any(pair):
            result.append((low, high, pair[0], pair[1]))
    return result


def _trench(facts: SegmentFacts, segment_id: str, *, with_users: bool) -> _Trench:
    """Return the trench of a segment."""
    row = facts.segments[segment_id]
    numbers = [
        round(_number(row.get(name)), 3) for name in ("cover_m", "depth_m", "mouth_m", "bottom_m")
    ]
    # what is not known must be equal to itself
    cover_m, depth_m, mouth_m, bottom_m = (x if np.isfinite(x) else -1.0 for x in numbers)
    shared = row.get("shared")
    return _Trench(
        kind=str(row["kind"]),
        placement=str(row["placement"]),
        surface=str(row["surface"]),
        bores=_whole(row["bores"]),
        layers=_whole(row.get("layers")),
        cover_m=cover_m,
        depth_m=depth_m,
        mouth_m=mouth_m,
        bottom_m=bottom_m,
        users=_users(facts, segment_id) if with_users else (),
        shared=shared if with_users and isinstance(shared, str) else "",
        reused=_whole(row.get("reused")),
        is_told=facts.is_told,
    )


def _street(facts: SegmentFacts, left: str, right: str) -> _Street | None:
    """Return a street with the trenches of two segments, None where it is not known which."""
    own = [name if name in facts.segments else "" for name in (left, right)]
    known = next((name for name in own if name), "")
    if not known:
        return None
    segment = facts.segments[known]
    ids = [one for one in str(segment["street_ids"]).split(";") if one in facts.streets]
    looks = facts.streets[ids[0]] if ids else {}
    footways = [_number(looks.get(f"footway_{side}_m")) for side in ("left", "right")]
    # sides of a segment are those of the street as drawn, ours those along the axis
    if (str(segment["side"]) == "left") != (known == own[0]):
        footways.reverse()
    numbers = [_number(looks.get("width_m")), *footways]
    width_m, left_m, right_m = (round(x, 3) if np.isfinite(x) else -1.0 for x in numbers)
    surface = looks.get("surface")
    trenches = [_trench(facts, name, with_users=False) if name else None for name in own]
    return _Street(width_m, left_m, right_m, surface if isinstance(surface, str) else "",
                   (trenches[0], trenches[1]))  # fmt: skip


def _metres(value: float, words: Words) -> str:
    """Return a length in metres."""
    return f"{words.number(value + HALF, 2)} m" if value >= 0 else words("common.unknown")


def _street_block(
    number: int, street: _Street, ranges: list[tuple[float, float]], words: Words
) -> Block:
    """Return the drawing of a street from house to house."""
    width_m = street.width_m if street.width_m > 0 else UNKNOWN_WIDTH_M
    scale = next((s for s in STREET_SCALES if width_m * 1000 / s <= STREET_MM), STREET_SCALES[-1])
    length_m = sum(high - low for low, high in ranges)
    head = words("papers.section_street", number=number, scale=words.number(scale))
    where = words("papers.section_where", start=words.number(ranges[0][0], 1),
                  length=words.number(length_m, 1))  # fmt: skip
    room = max(width_m * 1000 / scale + 14.0, 62.0)
    told = [head, where]
    for side, trench in zip(("left", "right"), street.trenches, strict=True):
        if trench is not None:
            told += wrapped(_trench_told(side, trench, words), room - 4.0, SIZE)[:2]
    paint = partial(_paint_street, street, scale, told, words)
    return Block(room, 31.0 + 3.1 * (len(told) - 2), paint)


def _trench_told(side: str, trench: _Trench, words: Words) -> str:
    """Return a trench in a line."""
    key = "papers.section_existing" if trench.kind == "duct" else "papers.section_trench"
    told = words(
        key,
        side=words(f"papers.side_{side}"),
        where=_placement(trench, words),
        bores=words.number(trench.bores),
        depth=_metres(trench.depth_m, words),
    )
    return told[:1].upper() + told[1:]


def _placement(trench: _Trench, words: Words) -> str:
    """Return where a trench lies and below which surface."""
    parts = []
    for prefix, code in (("placement", trench.placement), ("surface", trench.surface)):
        key = f"papers.{prefix}_{code}"
        parts.append(words(key) if key in words.entries else tidy(code))
    return " ".join(part for part in parts if part)


def _paint_street(
    street: _Street, scale: int, told: list[str], words: Words, canvas: Canvas, x: float, y: float
) -> None:
    """Draw a street; the paper's corner of the block is x, y."""
    width_m = street.width_m if street.width_m > 0 else UNKNOWN_WIDTH_M
    width = width_m * 1000 / scale
    left, ground = x + 6.0, y + 17.5
    canvas.text((x + 1.0, y + 3.2), told[0], size=2.6, is_bold=True)
    canvas.text((x + 1.0, y + 6.6), told[1], size=SIZE)
    for wall in (left - 3.5, left + width):
        canvas.rect(wall, ground - 8.5, 3.5, 8.5, style="wall")
    parts = _parts(street, width_m)
    kerb = KERB_M * 1000 / scale
    place = left
    edges = [left]
    for name, part_m in parts:
        reach = part_m * 1000 / scale
        top = ground if name == "footway" else ground + kerb
        canvas.rect(place, top, reach, 1.0, style="surface")
        place += reach
        edges.append(place)
    _paint_trenches(street, scale, (left, ground, width), canvas)
    _paint_widths(street, parts, edges, ground + 9.0, (words, canvas))
    canvas.lines((x + 1.0, ground + 15.5), told[2:], size=SIZE)


def _parts(street: _Street, width_m: float) -> list[tuple[str, float]]:
    """Return footways and carriageway from left to right with their widths [m]."""
    left_m, right_m = max(street.left_m, 0.0), max(street.right_m, 0.0)
    middle_m = max(width_m - left_m - right_m, 0.5)
    parts = [("footway", left_m), ("carriageway", middle_m), ("footway", right_m)]
    return [(name, part_m) for name, part_m in parts if part_m > 0]


def _paint_trenches(
    street: _Street, scale: int, at: tuple[float, float, float], canvas: Canvas
) -> None:
    """Draw the trenches of a street to scale."""
    left, ground, width = at
    for sign, trench, footway_m in zip(
        (1, -1), street.trenches, (street.left_m, street.right_m), strict=True
    ):
        if trench is None:
            continue
        in_footway = trench.placement == "footway" and footway_m > 0
        aside_m = footway_m / 2 if in_footway else max(footway_m, 0.0) + 0.5
        edge = left if sign > 0 else left + width
        middle = edge + sign * aside_m * 1000 / scale
        mouth_m = trench.mouth_m if trench.mouth_m > 0 else 0.4
        depth_m = trench.depth_m if trench.depth_m > 0 else 0.8
        half = max(mouth_m * 500 / scale, 0.6)
        style = "existing" if trench.kind == "duct" else "bank"
        canvas.rect(middle - half, ground + 1.0, 2 * half, depth_m * 1000 / scale - 0.5,
                    style=style)  # fmt: skip


def _paint_widths(
    street: _Street,
    parts: list[tuple[str, float]],
    edges: list[float],
    y: float,
    to: tuple[Words, Canvas],
) -> None:
    """Write the widths below a street, or that they are not known."""
    words, canvas = to
    if street.width_m <= 0:
        told = words("papers.width_unknown")
        canvas.text(((edges[0] + edges[-1]) / 2, y + 1.0), told, size=SIZE, anchor="middle")
        return
    for edge in edges:
        canvas.line([(edge, y - 1.5), (edge, y + 0.8)])
    canvas.line([(edges[0], y), (edges[-1], y)])
    for (_, part_m), a, b in zip(parts, edges, edges[1:], strict=False):
        told = words.number(part_m, 2)
        if text_width(told, SIZE) <= b - a:
            canvas.text(((a + b) / 2, y - 0.7), told, size=SIZE, anchor="middle")
    footways = [words.number(x, 2) if x >= 0 else words("common.unknown")
                for x in (street.left_m, street.right_m)]  # fmt: skip
    total = words("papers.width_told", width=words.number(street.width_m, 2), left=footways[0],
                  right=footways[1])  # fmt: skip
    canvas.text((edges[0] - 5.0, y + 3.2), total, size=SIZE)


def _trench_block(number: int, trench: _Trench, length_m: float, words: Words) -> Block:
    """Return the drawing of a trench with its ducts."""
    head = words("papers.section_detail", number=number, scale=words.number(TRENCH_SCALE))
    where = f"{_placement(trench, words)}; {words.number(length_m, 1)} m"
    users = _users_told(trench, words)
    widest = max((text_width(line, SIZE) for line in users), default=0.0)
    mouth = max(trench.mouth_m, 0.45) * 1000 / TRENCH_SCALE
    deep = max(trench.depth_m, 0.6) * 1000 / TRENCH_SCALE
    users_x = 14.0 + mouth + 17.0
    room = max(users_x + min(widest, USERS_MM) + 4.0, text_width(head, 2.6, is_bold=True) + 4.0,
               min(text_width(where, SIZE) + 4.0, 80.0))  # fmt: skip
    height = 18.0 + max(deep, 3.1 * len(users)) + 7.0
    where = fitted(where, room - 3.0, SIZE)
    return Block(room, height, partial(_paint_trench, trench, (head, where), users, words))


def _users_told(trench: _Trench, words: Words) -> list[str]:
    """Return who uses which ducts, a line a user; the spare ones last."""
    ducts = tidy(trench.shared.replace(";", ", "))
    existing = [words("papers.detail_existing", ducts=ducts)] if ducts else []
    if not trench.users:
        key = "papers.detail_drops_only" if trench.is_told else "papers.detail_users_unknown"
        lines = [*existing, *([] if trench.kind == "duct" else [words(key)])]
        return [fitted(line, USERS_MM, SIZE) for line in lines]
    numbers: dict[str, list[int]] = {}
    for number, user in enumerate(trench.users, start=1):
        numbers.setdefault(user, []).append(number)
    spare = numbers.pop("", [])
    lines = [f"{_span(own)}: {user}" for user, own in numbers.items()]
    more = lines[MOST_USERS:]
    lines = lines[:MOST_USERS] + ([f"… +{len(more)}"] if more else [])
    if spare:
        lines.append(f"{_span(spare)}: {words('papers.detail_spare')}")
    missing = len(trench.users) - trench.bores - trench.reused
    # an existing duct tells how many of its bores are taken only where the plan says so
    if missing > 0 and (trench.kind != "duct" or trench.reused):
        lines.append(words("papers.detail_short", missing=missing))
    return [fitted(line, USERS_MM, SIZE) for line in [*existing, *lines]]


def _span(numbers: list[int]) -> str:
    """Return successive numbers as from to."""
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"


def _paint_trench(
    trench: _Trench,
    heads: tuple[str, str],
    users: list[str],
    words: Words,
    canvas: Canvas,
    x: float,
    y: float,
) -> None:
    """Draw a trench with its sizes; the paper's corner of the block is x, y."""
    per_m = 1000.0 / TRENCH_SCALE
    canvas.text((x + 1.0, y + 3.2), heads[0], size=2.6, is_bold=True)
    canvas.text((x + 1.0, y + 6.6), heads[1], size=SIZE)
    mouth = (trench.mouth_m if trench.mouth_m > 0 else 0.45) * per_m
    bottom = (trench.bottom_m if trench.bottom_m > 0 else 0.35) * per_m
    deep = (trench.depth_m if trench.depth_m > 0 else 0.6) * per_m
    middle, top = x + 14.0 + mouth / 2, y + 15.0
    style = "existing" if trench.kind == "duct" else "soil"
    canvas.shape(
        [(middle - mouth / 2, top), (middle + mouth / 2, top), (middle + bottom / 2, top + deep),
         (middle - bottom / 2, top + deep)],
        style,
    )  # fmt: skip
    canvas.rect(middle - mouth / 2 - 3.0, top - 0.8, mouth + 6.0, 0.8, style="surface")
    _paint_ducts(trench, (middle, top), canvas)
    _paint_sizes(trench, (middle, top, mouth, bottom, deep), words, canvas)
    canvas.lines((middle + mouth / 2 + 15.0, top + 2.5), users, size=SIZE)


def _paint_ducts(trench: _Trench, at: tuple[float, float], canvas: Canvas) -> None:
    """Draw the ducts of a trench in their layers, numbered from the upper left one."""
    if trench.kind == "duct" or not trench.layers or trench.cover_m < 0:
        return
    per_m = 1000.0 / TRENCH_SCALE
    middle, top = at
    wide = int(np.ceil(trench.bores / trench.layers))
    for k in range(trench.bores):
        layer, place = divmod(k, wide)
        in_layer = min(wide, trench.bores - layer * wide)
        cx = middle + (place - (in_layer - 1) / 2) * (DUCT_M + GAP_M) * per_m
        cy = top + (trench.cover_m + DUCT_M / 2 + layer * (DUCT_M + GAP_M)) * per_m
        is_used = k < len(trench.users) and bool(trench.users[k])
        canvas.circle(cx, cy, DUCT_M / 2 * per_m, "bank" if is_used else "box")
        canvas.text((cx, cy + 0.75), str(k + 1), size=2.1, anchor="middle")


def _paint_sizes(
    trench: _Trench,
    shape: tuple[float, float, float, float, float],
    words: Words,
    canvas: Canvas,
) -> None:
    """Write mouth, bottom, cover and depth of a trench."""
    middle, top, mouth, bottom, deep = shape
    for text, width, y, lift in (
        (_metres(trench.mouth_m, words), mouth, top - 2.2, -0.7),
        (_metres(trench.bottom_m, words), bottom, top + deep + 1.8, 2.6),
    ):
        canvas.line([(middle - width / 2, y), (middle + width / 2, y)])
        for end in (-1, 1):
            canvas.line([(middle + end * width / 2, y - 0.7), (middle + end * width / 2, y + 0.7)])
        canvas.text((middle, y + lift), text, size=SIZE, anchor="middle")
    left, right = middle - mouth / 2 - 5.0, middle + mouth / 2 + 5.0
    cover = trench.cover_m * 1000.0 / TRENCH_SCALE if trench.cover_m >= 0 else deep
    for x, reach, key, value in (
        (left, cover, "cover", trench.cover_m), (right, deep, "depth", trench.depth_m),
    ):  # fmt: skip
        canvas.line([(x, top), (x, top + reach)])
        for y in (top, top + reach):
            canvas.line([(x - 0.7, y), (x + 0.7, y)])
        told = words(f"papers.detail_{key}", value=_metres(value, words))
        canvas.text((x - 1.2, top + deep / 2), told, size=SIZE, anchor="middle", is_turned=True)
