"""
Long profiles: what lies how deep along each side of each street, from its beginning to its end.

A street has one axis, its rows joined end to end in the direction that most of them were drawn in;
both sides are measured along it, so that left and right stand opposite each other on paper.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan.cables.measure import geodesic_steps_m
from infraplan.cables.study import filled_table

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from infraplan.cables.underground import CablePlan
    from infraplan.layers.bundle import Layers

__all__ = ["MARKS", "long_profiles"]

Floats = npt.NDArray[np.float64]

MARKS = ("begin", "end", "chamber", "riser", "crossing", "street", "water", "rail", "layout",
         "duct")  # fmt: skip
STEP_M = 5.0
TOUCHES_M = 1.0  # of a trench: what is that near stands on it
ASIDE_M = 3.0  # a crossing may lie that much farther from the axis than the trenches
OVER_M = 0.25  # pieces of one side may overlap by that share of the shorter at a corner
FIELDS = ("cover_m", "depth_m", "placement", "surface", "method", "bores")


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """The middle of a street: its line, and metres on the ellipsoid at each vertex."""

    line: "shapely.LineString"
    planar_m: Floats
    true_m: Floats

    def at(self, points: "npt.NDArray[Any]") -> Floats:
        """Return how far along the axis points lie [m]."""
        import shapely

        place = shapely.line_locate_point(self.line, points)
        return np.asarray(np.interp(place, self.planar_m, self.true_m), dtype=np.float64)

    def aside(self, points: "npt.NDArray[Any]") -> Floats:
        """Return how far to the left of the axis points lie, to the right where negative [m]."""
        import shapely

        place = shapely.line_locate_point(self.line, points)
        reach = 0.5
        before = shapely.get_coordinates(
            shapely.line_interpolate_point(self.line, np.maximum(place - reach, 0.0))
        )
        after = shapely.get_coordinates(
            shapely.line_interpolate_point(self.line, np.minimum(place + reach, self.planar_m[-1]))
        )
        run = after - before
        away = shapely.get_coordinates(points) - (before + after) / 2
        turn = run[:, 0] * away[:, 1] - run[:, 1] * away[:, 0]
        return np.asarray(np.sign(turn) * shapely.distance(self.line, points), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A segment or crossing along a side: from where to where, its vertices and looks."""

    feature_id: str
    from_m: float
    to_m: float
    along_m: Floats
    xy: Floats
    looks: dict[str, Any]
    shared: str

    def shape(self) -> "shapely.Geometry":
        """Return the line of a piece, a point where it has no length."""
        import shapely

        return shapely.LineString(self.xy) if len(self.xy) > 1 else shapely.Point(self.xy[0])

    def place(self, at_m: float) -> Floats:
        """Return where on the ground a station lies."""
        return np.asarray(
            [np.interp(at_m, self.along_m, self.xy[:, k]) for k in (0, 1)], dtype=np.float64
        )


def long_profiles(plan: "CablePlan", *, step_m: float = STEP_M) -> "pd.DataFrame":
    """
    Return the long profiles of all streets of a plan.

    Parameters
    ----------
    plan
        The plan; ground is read from the terrain of its layers where there is one.
    step_m
        Distance between stations, > 0; a station stands at every mark as well [m].

    Returns
    -------
    profiles
        Table `profiles` of `infraplan.cables.study`, indexed by `street`, `side` and `at_m`. What
        is not known is missing: `ground_m` and `bottom_m` without a terrain, depths of crossings
        whose method does not say them. A side with two trenches beside each other has a second
        profile, `left 2` or `right 2`.
    """
    rows: dict[tuple[str | float, ...], dict[str, Any]] = {}
    named = street_names(plan.segments)
    streets: dict[str, tuple[_Axis, dict[str, list[_Piece]]]] = {}
    for street in dict.fromkeys(named):
        own = plan.segments[[name == street for name in named]]
        axis = _axis(plan, own)
        streets[street] = (axis, _sides(plan, own, axis))
    along = {piece.feature_id for _, sides in streets.values() for own in sides.values()
             for piece in own}  # fmt: skip
    for street, (axis, sides) in streets.items():
        _add_loose_ends(plan, street, axis, sides, along)
        met = _ground_marks(plan.layers, street, axis)
        for side, pieces in sides.items():
            marks = [*_marks(plan, axis, pieces), *met]
            rows |= {
                (street, side, at_m): row for at_m, row in _stations(pieces, marks, step_m).items()
            }
    xy = np.asarray([(row["x_m"], row["y_m"]) for row in rows.values()]).reshape(-1, 2)
    for row, ground_m in zip(rows.values(), _ground(plan.layers, xy).tolist(), strict=True):
        row["ground_m"] = ground_m
        row["bottom_m"] = ground_m - row["depth_m"]
    return filled_table("profiles", rows)


def street_names(segments: "gpd.GeoDataFrame") -> list[str]:
    """
    Return the name of the street of each segment, its ids where it has none.

    Parameters
    ----------
    segments
        Segments of a plan.

    Returns
    -------
    names
        One a row.
    """
    pairs = zip(segments["street"].tolist(), segments["street_ids"].tolist(), strict=True)
    return [name if isinstance(name, str) and name else str(ids) for name, ids in pairs]


def _axis(plan: "CablePlan", own: "gpd.GeoDataFrame") -> _Axis:
    """Return the axis of a street, from its rows in the layer where they are known."""
    import shapely

    ids = {part for entry in own["street_ids"].tolist() for part in str(entry).split(";")}
    streets = plan.layers.table("streets")
    rows = streets[streets.index.astype(str).isin(ids)].sort_index()
    lines = rows.geometry.to_numpy() if len(rows) else own.geometry.to_numpy()
    parts = shapely.get_parts(np.asarray(lines, dtype=object))
    xy = _chained([shapely.get_coordinates(part) for part in parts if part.length > 0])
    keep = np.concatenate([[True], np.hypot(*np.diff(xy, axis=0).T) > 1e-6])
    xy = xy[keep]
    planar_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    true_m = np.concatenate([[0.0], np.cumsum(geodesic_steps_m(xy, plan.layers.crs))])
    return _Axis(shapely.LineString(xy), planar_m, true_m)


def _chained(parts: list[Floats]) -> Floats:
    """Return lines joined end to end, in the direction that most of them were drawn in."""
    ends = np.asarray([[part[0], part[-1]] for part in parts])
    middle = ends.reshape(-1, 2).mean(axis=0)
    away = np.hypot(*np.moveaxis(ends - middle, -1, 0)).round(3)
    first, end = np.unravel_index(int(away.argmax()), away.shape)
    order = [(int(first), bool(end))]
    left = set(range(len(parts))) - {int(first)}
    tip = ends[first, 1 - end]
    while left:
        number, turned = min(
            ((k, bool(e)) for k in sorted(left) for e in (0, 1)),
            key=lambda one: float(np.hypot(*(ends[one[0], int(one[1])] - tip))),
        )
        order.append((number, turned))
        left.discard(number)
        tip = ends[number, 1 - int(turned)]
    drawn_m = [float(np.hypot(*np.diff(part, axis=0).T).sum()) for part in parts]
    with_it = sum(drawn_m[k] if not turned else -drawn_m[k] for k, turned in order)
    xy = np.vstack([parts[k][::-1] if turned else parts[k] for k, turned in order])
    return xy[::-1] if with_it < 0 else xy


def _sides(plan: "CablePlan", own: "gpd.GeoDataFrame", axis: _Axis) -> dict[str, list[_Piece]]:
    """Return the pieces of each side of a street, in their order along it."""
    import shapely

    found: dict[str, list[_Piece]] = {"left": [], "right": []}
    middles = shapely.line_interpolate_point(own.geometry.to_numpy(), 0.5, normalized=True)
    aside_m = axis.aside(middles)
    for (segment_id, row), left_m in zip(own.iterrows(), aside_m.tolist(), strict=True):
        side = "left" if left_m >= 0 else "right"
        found[side].append(_piece(str(segment_id), row, axis))
    reach_m = float(np.abs(aside_m).max()) + ASIDE_M if len(aside_m) else 0.0
    for crossing_id, row in plan.crossings.iterrows():
        if _is_along(row.geometry, axis, reach_m):
            aside = float(axis.aside(np.asarray([row.geometry.centroid], dtype=object))[0])
            side = "left" if aside >= 0 else "right"
            if found[side]:
                found[side].append(_piece(str(crossing_id), row, axis))
    return {
        name: pieces
        for side, all_of in found.items()
        for name, pieces in _without_overlap(side, all_of).items()
    }


def _add_loose_ends(
    plan: "CablePlan",
    street: str,
    axis: _Axis,
    sides: dict[str, list[_Piece]],
    along: set[str],
) -> None:
    """Add ends of crossings from which no trench goes on along their side, each a point."""
    import shapely

    if not len(plan.crossings):
        return
    own = [name == street for name in street_names(plan.crossings)]
    for crossing_id, row in plan.crossings[own].iterrows():
        if str(crossing_id) in along:
            continue
        for place in (0, -1):
            end = shapely.get_point(row.geometry, place)
            drawn = [piece.shape() for pieces in sides.values() for piece in pieces]
            if drawn and float(shapely.distance(end, drawn).min()) <= TOUCHES_M:
                continue
            points = np.asarray([end], dtype=object)
            side = "left" if float(axis.aside(points)[0]) >= 0 else "right"
            at_m = axis.at(points)
            looks = _piece(str(crossing_id), row, axis).looks
            point = _Piece(str(crossing_id), float(at_m[0]), float(at_m[0]), at_m,
                           shapely.get_coordinates(end), looks, "")  # fmt: skip
            merged = sorted([*sides.get(side, []), point], key=lambda one: one.from_m)
            sides[side] = merged


def _is_along(line: "shapely.LineString", axis: _Axis, reach_m: float) -> bool:
    """Return whether a crossing runs along a street, as across the mouth of another one."""
    import shapely

    ends = np.asarray([shapely.get_point(line, 0), shapely.get_point(line, -1)], dtype=object)
    if float(shapely.distance(axis.line, ends).max()) > reach_m:
        return False
    sides = np.sign(axis.aside(ends))
    along_m = abs(float(np.diff(axis.at(ends))[0]))
    return bool(sides[0] == sides[1] and along_m > 0.6 * float(line.length))


def _piece(feature_id: str, row: "pd.Series", axis: _Axis) -> _Piece:
    """Return a segment or crossing as it lies along its street."""
    import shapely

    xy = shapely.get_coordinates(row.geometry)
    along_m = axis.at(shapely.points(xy))
    if along_m[0] > along_m[-1]:
        xy, along_m = xy[::-1], along_m[::-1]
    along_m = np.maximum.accumulate(along_m)
    looks = {name: row.get(name) for name in FIELDS}
    if "side" not in row.index:
        looks["placement"] = "crossing"
    for name in ("cover_m", "depth_m", "bores"):
        looks[name] = _number(looks[name])
    shared = row.get("shared")
    return _Piece(
        feature_id, float(along_m[0]), float(along_m[-1]), along_m, xy, looks,
        shared if isinstance(shared, str) else "",
    )  # fmt: skip


def _number(value: Any) -> float:  # noqa: ANN401 - a field of a table
    """Return a number, NaN where there is none."""
    import pandas as pd

    return float("nan") if value is None or pd.isna(value) else float(value)


def _without_overlap(side: str, pieces: list[_Piece]) -> dict[str, list[_Piece]]:
    """Return pieces one after another; those that lie beside others on a profile of their own."""
    lanes: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda one: (one.from_m, one.to_m, one.feature_id)):
        for lane in lanes:
            last = lane[-1]
            over = last.to_m - piece.from_m
            shorter = min(last.to_m - last.from_m, piece.to_m - piece.from_m)
            if over <= max(OVER_M * shorter, 0.01) and piece.to_m > last.to_m:
                from_m = max(piece.from_m, last.to_m)
                lane.append(_Piece(piece.feature_id, from_m, piece.to_m, piece.along_m, piece.xy,
                                   piece.looks, piece.shared))  # fmt: skip
                break
        else:
            lanes.append([piece])
    return {side if k == 0 else f"{side} {k + 1}": lane for k, lane in enumerate(lanes)}


def _marks(plan: "CablePlan", axis: _Axis, pieces: list[_Piece]) -> list[tuple[float, str, str]]:
    """Return what the plan puts along a side: where, what, which."""
    import shapely

    marks = _own_marks(pieces)
    drawn = shapely.union_all([piece.shape() for piece in pieces])
    near = plan.chambers[plan.chambers.geometry.distance(drawn) <= TOUCHES_M]
    for chamber_id, row in near.iterrows():
        at_m = float(axis.at(np.asarray([row.geometry], dtype=object))[0])
        marks.append((at_m, "chamber", str(chamber_id)))
        if "riser" in str(row.get("reason")):
            marks.append((at_m, "riser", str(chamber_id)))
    along = {piece.feature_id for piece in pieces if piece.to_m > piece.from_m}
    for crossing_id, line in plan.crossings.geometry.items():
        ends = np.asarray([shapely.get_point(line, 0), shapely.get_point(line, -1)], dtype=object)
        touching = shapely.distance(drawn, ends) <= TOUCHES_M
        # one that goes on along this side is a piece of it; one to another street leaves it
        if str(crossing_id) not in along and touching.sum() == 1:
            marks.append((float(axis.at(ends[touching])[0]), "crossing", str(crossing_id)))
    return marks


def _own_marks(pieces: list[_Piece]) -> list[tuple[float, str, str]]:
    """Return where works begin, end and change along a side."""
    marks: list[tuple[float, str, str]] = []
    before: _Piece | None = None
    for piece in pieces:
        if before is None or piece.from_m - before.to_m > TOUCHES_M:
            if before is not None:
                marks.append((before.to_m, "end", ""))
            marks.append((piece.from_m, "begin", ""))
        elif not _same(before.looks, piece.looks):
            marks.append((piece.from_m, "layout", ""))
        if piece.shared:
            marks.append((piece.from_m, "duct", piece.shared.replace(";", "+")))
        if piece.looks["placement"] == "crossing" and piece.to_m > piece.from_m:
            marks.append(((piece.from_m + piece.to_m) / 2, "crossing", piece.feature_id))
        before = piece
    if before is not None:
        marks.append((before.to_m, "end", ""))
    return marks


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two pieces look alike, what is missing in both included."""
    return all(str(one[name]) == str(other[name]) for name in FIELDS)


def _ground_marks(layers: "Layers", street: str, axis: _Axis) -> list[tuple[float, str, str]]:
    """Return where other streets, water and rail meet a street."""
    marks = []
    for layer, mark in (("streets", "street"), ("waterways", "water"), ("rail", "rail")):
        if not layers.has(layer):
            continue
        table = layers.table(layer)
        near = table[table.geometry.intersects(axis.line)].sort_index()
        names = near["name"].tolist() if "name" in near else [None] * len(near)
        for key, geometry, name in zip(near.index, near.geometry, names, strict=True):
            told = (name if isinstance(name, str) and name else str(key)).replace(";", ",")
            if layer == "streets" and told == street:
                continue
            shared = axis.line.intersection(geometry)
            middle = np.asarray([shared.centroid], dtype=object)
            marks.append((float(axis.at(middle)[0]), mark, told))
    # a street in several rows meets this one once
    return sorted(
        {(round(at_m), mark, told): (at_m, mark, told) for at_m, mark, told in marks}.values()
    )


def _stations(
    pieces: list[_Piece], marks: list[tuple[float, str, str]], step_m: float
) -> dict[float, dict[str, Any]]:
    """Return the rows of one side by their distance."""
    rows: dict[float, dict[str, Any]] = {}
    for piece in pieces:
        inner = np.arange(np.ceil(piece.from_m / step_m), np.floor(piece.to_m / step_m) + 1)
        at = {_rounded(piece.from_m), _rounded(piece.to_m)}
        at |= {_rounded(x) for x in (inner * step_m).tolist()}
        at |= {_rounded(m) for m, _, _ in marks if piece.from_m - 0.05 <= m <= piece.to_m + 0.05}
        for at_m in at:
            # where two pieces meet, what goes on from there is told
            rows[at_m] = _row(piece, at_m)
    for at_m, mark, mark_id in sorted(marks, key=lambda one: (one[0], MARKS.index(one[1]), one[2])):
        key = _rounded(at_m)
        row = rows.get(key)
        if row is None:
            key = min(rows, key=lambda one: (abs(one - at_m), one))
            if abs(key - at_m) > TOUCHES_M:
                continue
            row = rows[key]
        row["mark"] = ";".join(filter(None, (row.get("mark"), mark)))
        row["mark_id"] = f"{row['mark_id']};{mark_id}" if "mark_id" in row else mark_id
    return dict(sorted(rows.items()))


def _rounded(at_m: float) -> float:
    """Return a distance to the decimetre."""
    return round(at_m, 1) + 0.0


def _row(piece: _Piece, at_m: float) -> dict[str, Any]:
    """Return a station of a piece."""
    x, y = piece.place(at_m).tolist()
    return {**piece.looks, "feature_id": piece.feature_id, "x_m": x, "y_m": y}


def _ground(layers: "Layers", xy: Floats) -> Floats:
    """Return the height of the ground at points, NaN where it is not known [m]."""
    raster = layers.rasters.get("terrain")
    if layers.terrain is not None:
        raster = layers.terrain.ground_m
    if raster is None or not len(xy):
        return np.full(len(xy), np.nan)
    x, y = (np.asarray(raster[name].to_numpy(), dtype=np.float64) for name in ("x", "y"))
    values = np.squeeze(np.asarray(raster.to_numpy(), dtype=np.float64))
    column = (xy[:, 0] - x[0]) / (x[1] - x[0])
    line = (xy[:, 1] - y[0]) / (y[1] - y[0])
    inside = (column >= 0) & (column <= len(x) - 1) & (line >= 0) & (line <= len(y) - 1)
    left = np.clip(np.floor(column).astype(int), 0, len(x) - 2)
    low = np.clip(np.floor(line).astype(int), 0, len(y) - 2)
    across, down = column - left, line - low
    near = values[low, left] * (1 - across) + values[low, left + 1] * across
    far = values[low + 1, left] * (1 - across) + values[low + 1, left + 1] * across
    return np.where(inside, near * (1 - down) + far * down, np.nan)
