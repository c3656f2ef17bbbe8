"""
Where a trench may run: both sides of chosen streets, and the crossings between them.

Each side of a street is a chain of its own, in the footway or, without one, at the edge of the
carriageway. Sides meet at the corners of junctions; going from one corner to the next means
crossing the mouth of a street. Existing ducts with free bores make a part of a side cheap. Where a
side meets a railway or a river it is drilled under, and hung under a bridge where the street has
one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.measure import cut
from infraplan.cables.measure import geodesic_lengths_m
from infraplan.cables.measure import moved_aside
from infraplan.cables.measure import project
from infraplan.layers.bundle import Layers

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from infraplan.cables.graph import StreetGraph
    from infraplan.cables.prices import PriceBook

__all__ = ["Side", "TrenchGraph", "sides_of", "trench_graph"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# width between the houses where the street has none [m], an assumption by class
WIDTH_M = {"main": 30.0, "secondary": 18.0, "local": 10.0, "alley": 5.0}
OTHER_WIDTH_M = 8.0
FROM_EDGE_M = 0.5  # of a trench in a carriageway without footway
AHEAD_M = 10.0  # how far along a street its direction at a junction is taken
SAME_PLACE_M = 0.5
STRAIGHT = 0.26  # sine of 15 degrees: arms that go straight through a junction
DUCT_ASIDE_M = 4.0
LEAST_DUCT_M = 3.0


class Side(NamedTuple):
    """One side of a chosen street: its edge, +1 left or -1 right, its corners and vertices."""

    street: int
    sign: int
    start: int
    end: int
    line: Floats
    offset_m: float


@dataclass(frozen=True, eq=False)
class TrenchGraph:
    """
    Edges that a trench may use.

    `table` has a row an edge: `kind` trench or crossing (in a plan also duct: an existing one is
    enough), `street` (edge of the street graph), `side` (+1 left, -1 right, 0 across), `item` of
    the price book for a new trench, `method`, `over` (road, rail, river or bridge),
    `placement`, `surface`, `shared` (ids of existing ducts), `free` (bores free in them),
    `units` (chosen streets any of which opens the edge), `length_m` on the ellipsoid.
    """

    nodes: Floats
    edges: Ints
    lines: tuple[Floats, ...]
    table: "pd.DataFrame"

    @cached_property
    def kinds(self) -> npt.NDArray[np.object_]:
        """Return the kind of each edge."""
        return self.table["kind"].to_numpy(dtype=object)

    @cached_property
    def is_crossing(self) -> npt.NDArray[np.bool_]:
        """Return which edges are crossings."""
        return np.asarray(self.kinds == "crossing", dtype=np.bool_)

    @cached_property
    def is_along(self) -> npt.NDArray[np.bool_]:
        """Return which edges are trenches along a side of a street."""
        return np.asarray(self.kinds == "trench") & (self.table["side"] != 0).to_numpy()

    @cached_property
    def is_new(self) -> npt.NDArray[np.bool_]:
        """Return which edges have no free bores."""
        return (self.table["free"] == 0).to_numpy()

    @cached_property
    def length_m(self) -> Floats:
        """Return the length of each edge [m]."""
        return self.table["length_m"].to_numpy(dtype=np.float64)


class _Arm(NamedTuple):
    """A street as seen from a junction: edge, which end, direction, and the side offsets."""

    street: int
    at_end: int
    angle: float
    along: Floats
    left_m: float
    right_m: float


def width_of(street: "pd.Series | Mapping[Any, Any]") -> float:
    """
    Return the width of a street, by its class where it is not known.

    Parameters
    ----------
    street
        Row of a street graph's table.

    Returns
    -------
    width_m
        Width between the houses [m].
    """
    if np.isfinite(street["width_m"]):
        return float(street["width_m"])
    return WIDTH_M.get(street["class"], OTHER_WIDTH_M)


def offset_of(street: "pd.Series", sign: int) -> float:
    """
    Return how far from the middle of its street a trench runs.

    Parameters
    ----------
    street
        Row of a street graph's table.
    sign
        +1 for the left side, -1 for the right.

    Returns
    -------
    offset_m
        Distance to the middle of the footway, or to the edge of the carriageway [m].
    """
    half_m = width_of(street) / 2
    footway_m = street["footway_left_m" if sign > 0 else "footway_right_m"]
    if np.isfinite(footway_m) and footway_m > 0:
        return max(half_m - float(footway_m) / 2, half_m / 2)
    return max(half_m - FROM_EDGE_M, half_m / 2)


def sides_of(graph: "StreetGraph") -> tuple[Floats, list[Side], list[tuple[int, int, int]]]:
    """
    Return the sides of the chosen streets, joined at corners.

    Parameters
    ----------
    graph
        Streets; the column `chosen` of its table tells where a trench may run.

    Returns
    -------
    corners
        Coordinates of the corners [m].
    sides
        Sides of chosen streets, from corner to corner.
    mouths
        For each street at each junction: its number and the two corners of its mouth.
    """
    arms = _arms(graph)
    corners: list[Floats] = []
    place: dict[tuple[int, int, int], int] = {}  # (street, end, sign along the line) -> corner
    ahead: dict[tuple[int, int, int], float] = {}
    mouths = []
    for node, around in sorted(arms.items()):
        centre = graph.nodes[node]
        chosen = any(bool(graph.table["chosen"].iloc[arm.street]) for arm in around)
        if not chosen:
            continue
        left_of: dict[int, int] = {}
        right_of: dict[int, int] = {}
        for k, arm in enumerate(around):
            following = around[(k + 1) % len(around)]
            if len(around) == 1:
                for side, sign, aside_m in ((left_of, 1, arm.left_m), (right_of, -1, arm.right_m)):
                    side[0] = len(corners)
                    corners.append(centre + sign * aside_m * _left(arm.along))
                continue
            left_of[k] = right_of[(k + 1) % len(around)] = len(corners)
            corners.append(_corner(centre, arm, following))
        for k, arm in enumerate(around):
            for corner, sign in ((left_of[k], 1), (right_of[k], -1)):
                key = (arm.street, arm.at_end, sign if arm.at_end == 0 else -sign)
                place[key] = corner
                ahead[key] = float((corners[corner] - centre) @ arm.along)
            mouths.append((arm.street, left_of[k], right_of[k]))
    sides = []
    for street in np.flatnonzero(graph.table["chosen"].to_numpy(dtype=bool)).tolist():
        for sign in (1, -1):
            first, last = place[street, 0, sign], place[street, 1, sign]
            offset_m = offset_of(graph.table.iloc[street], sign)
            line = _side_line(
                graph.lines[street],
                sign * offset_m,
                (corners[first], corners[last]),
                (ahead[street, 0, sign], ahead[street, 1, sign]),
            )
            sides.append(Side(street, sign, first, last, line, offset_m))
    return np.asarray(corners).reshape(-1, 2), sides, mouths


def _left(direction: Floats) -> Floats:
    """Return the direction a quarter turn to the left."""
    return np.asarray([-direction[1], direction[0]])


def _arms(graph: "StreetGraph") -> dict[int, list[_Arm]]:
    """Return the streets at each junction, counter-clockwise."""
    import shapely

    arms: dict[int, list[_Arm]] = {}
    for street, (u, v) in enumerate(graph.edges.tolist()):
        line = shapely.LineString(graph.lines[street])
        row = graph.table.iloc[street]
        left_m, right_m = offset_of(row, 1), offset_of(row, -1)
        reach = min(AHEAD_M, line.length / 2)
        for at_end, node in ((0, u), (1, v)):
            point = line.interpolate(reach if at_end == 0 else line.length - reach)
            run = shapely.get_coordinates(point)[0] - graph.nodes[node]
            along = run / max(float(np.hypot(*run)), 1e-9)
            sides = (left_m, right_m) if at_end == 0 else (right_m, left_m)
            angle = float(np.arctan2(along[1], along[0]))
            arms.setdefault(node, []).append(_Arm(street, at_end, angle, along, *sides))
    for around in arms.values():
        around.sort(key=lambda arm: (arm.angle, arm.street, arm.at_end))
    return arms


def _corner(centre: Floats, arm: _Arm, following: _Arm) -> Floats:
    """Return where the left side of a street meets the right side of the next one."""
    here = arm.left_m * _left(arm.along)
    there = -following.right_m * _left(following.along)
    sine = float(arm.along[0] * following.along[1] - arm.along[1] * following.along[0])
    limit = 3 * max(arm.left_m, following.right_m, 5.0)
    if abs(sine) > STRAIGHT:
        gap = there - here
        reach = float(gap[0] * following.along[1] - gap[1] * following.along[0]) / sine
        corner = here + reach * arm.along
        if np.hypot(*corner) <= limit:
            return np.asarray(centre + corner, dtype=np.float64)
    return np.asarray(centre + (here + there) / 2, dtype=np.float64)


def _side_line(
    line: Floats, aside_m: float, corners: tuple[Floats, Floats], ahead: tuple[float, float]
) -> Floats:
    """Return the vertices of a side between two corners."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    run = np.concatenate([[0.0], np.cumsum(steps)])
    inner = (run > max(ahead[0], 0.0) + 1.0) & (run < run[-1] - max(ahead[1], 0.0) - 1.0)
    inner[[0, -1]] = False
    moved = moved_aside(line, aside_m)[inner]
    return np.vstack([corners[0][None, :], moved, corners[1][None, :]])


def trench_graph(
    graph: "StreetGraph",
    shape: tuple[Floats, list[Side], list[tuple[int, int, int]]],
    stops: dict[int, list[float]],
    layers: Layers,
    *,
    prices: "PriceBook",
) -> tuple[TrenchGraph, dict[tuple[int, float], int]]:
    """
    Return the edges that a trench may use.

    Parameters
    ----------
    graph
        Streets; the column `unit` numbers the chosen ones by name.
    shape
        Corners, sides and mouths by `sides_of`.
    stops
        Places along sides that must become nodes: number of the side to distances [m].
    layers
        Layers of the plan; `ducts`, `rail` and `waterways` are used.
    prices
        Price book with the rules of crossings.

    Returns
    -------
    trench
        Graph.
    place
        Node of each stop: number of the side and distance to node.
    """
    corners, sides, mouths = shape
    nodes = [corners]
    count = len(corners)
    rows: list[_Edge] = []
    place: dict[tuple[int, float], int] = {}
    at_stop: dict[tuple[int, int], int] = {}
    reused = _duct_ranges(graph, sides, layers.table("ducts"))
    barriers = _barriers(graph, sides, layers, prices.rules.barrier_m)
    crossings = _crossing_places(graph, sides, prices.rules.crossing_spacing_m, barriers)
    for number, side in enumerate(sides):
        length_m = float(np.hypot(*np.diff(side.line, axis=0).T).sum())
        ranges, barred = reused.get(number, []), barriers.get(number, [])
        own = {at: _outside(at, barred) for at in sorted(stops.get(number, []))}
        ends = [x for a, b, *_ in ranges for x in (a, b)] + [
            x for a, b, _ in barred for x in (a, b)
        ]
        wanted = [*own.values(), *crossings[number].values(), *ends]
        breaks = _merged(wanted, length_m)
        at_node = {0.0: side.start, length_m: side.end}
        pieces = cut(side.line, np.asarray(breaks)) if breaks else [side.line]
        for k, distance in enumerate(breaks):
            at_node[distance] = count
            nodes.append(pieces[k][-1:])
            count += 1
        marks = np.asarray([0.0, *breaks, length_m])
        numbers = [at_node[float(mark)] for mark in marks]
        for distance, moved in own.items():
            place[number, distance] = numbers[int(np.argmin(np.abs(marks - moved)))]
        for k, distance in crossings[number].items():
            at_stop[number, k] = numbers[int(np.argmin(np.abs(marks - distance)))]
        for k, piece in enumerate(pieces):
            middle = float(marks[k] + marks[k + 1]) / 2
            inside = {duct: free for a, b, duct, free in ranges if a < middle < b}
            over = next((kind for a, b, kind in barred if a < middle < b), "")
            rows.append(
                _Edge(numbers[k], numbers[k + 1], side.street, side.sign, piece,
                      ";".join(sorted(inside)), sum(inside.values()), over)
            )  # fmt: skip
    xy = np.vstack(nodes) if nodes else np.empty((0, 2))
    across = [(u, v, street) for street, u, v in mouths if u != v]
    for number in range(0, len(sides), 2):  # left and right of a street follow each other
        across += [
            (at_stop[number, k], at_stop[number + 1, k], sides[number].street)
            for k in crossings[number]
            if (number + 1, k) in at_stop
        ]
    rows += [_Edge(u, v, street, 0, xy[[u, v]], "", 0, "") for u, v, street in across if u != v]
    rows = _over_barriers(rows, layers)
    units = _units(graph, rows, sides, mouths)
    return _described(graph, xy, rows, units, prices), place


class _Edge(NamedTuple):
    """An edge as drawn: ends, street, side, vertices, ducts and their bores, what it crosses."""

    start: int
    end: int
    street: int
    side: int
    line: Floats
    shared: str
    free: int
    over: str


def _outside(at: float, barred: list[tuple[float, float, str]]) -> float:
    """Return a place along a side, moved to the nearer end of the crossing that it lies in."""
    for low, high, _ in barred:
        if low < at < high:
            return low if at - low <= high - at else high
    return at


def _barriers(
    graph: "StreetGraph", sides: list[Side], layers: Layers, reach_m: float
) -> dict[int, list[tuple[float, float, str]]]:
    """Return for each side from where to where it hangs under a bridge, or goes under what."""
    import shapely

    found: dict[int, list[tuple[float, float, str]]] = {}
    lines = [shapely.LineString(side.line) for side in sides]
    hangs = graph.table["bridge"].to_numpy(dtype=object)
    for number, side in enumerate(sides):
        if isinstance(hangs[side.street], str) and hangs[side.street].strip():
            found[number] = [(0.0, float(lines[number].length), "bridge")]
    for layer, kind in (("rail", "rail"), ("waterways", "river")):
        table = layers.table(layer)
        if not len(table) or not lines:
            continue
        shapes = table.geometry.to_numpy()
        which, row = shapely.STRtree(shapes).query(lines, predicate="intersects")
        widths = _widths(table, reach_m)
        for number, k in zip(which.tolist(), row.tolist(), strict=True):
            if number in found and found[number][0][2] == "bridge":
                continue
            crossed = lines[number].intersection(shapes[k])
            for part in shapely.get_parts(crossed):
                along, _ = project(sides[number].line, shapely.get_coordinates(part))
                low = max(float(along.min()) - widths[k], 0.0)
                high = min(float(along.max()) + widths[k], float(lines[number].length))
                found.setdefault(number, []).append((low, high, kind))
    return {number: _apart(ranges) for number, ranges in found.items()}


def _widths(table: "gpd.GeoDataFrame", reach_m: float) -> list[float]:
    """Return how far before and behind its line each barrier is drilled under."""
    import pandas as pd

    if "width_m" not in table:
        return [reach_m] * len(table)
    widths = pd.to_numeric(table["width_m"]).astype("float64").fillna(0.0)
    is_area = table.geometry.geom_type.str.contains("Polygon")
    return [reach_m + (0.0 if area else w / 2) for area, w in zip(is_area, widths, strict=True)]


def _apart(ranges: list[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Return ranges along a side that do not overlap; of two that did, the dearer method stays."""
    out: list[tuple[float, float, str]] = []
    for low, high, kind in sorted(ranges):
        if out and low <= out[-1][1]:
            first, last, other = out[-1]
            out[-1] = (first, max(last, high), "rail" if "rail" in (kind, other) else kind)
        else:
            out.append((low, high, kind))
    return out


def _over_barriers(rows: list[_Edge], layers: Layers) -> list[_Edge]:
    """Return the edges, those across a street that cross a railway or a river marked."""
    import shapely

    across = [k for k, row in enumerate(rows) if row.side == 0]
    lines = [shapely.LineString(rows[k].line) for k in across]
    out = list(rows)
    for layer, kind in (("waterways", "river"), ("rail", "rail")):
        table = layers.table(layer)
        if len(table) and lines:
            tree = shapely.STRtree(table.geometry.to_numpy())
            for k in np.unique(tree.query(lines, predicate="intersects")[0]).tolist():
                out[across[k]] = out[across[k]]._replace(over=kind)
    return out


def _units(
    graph: "StreetGraph",
    rows: list[_Edge],
    sides: list[Side],
    mouths: list[tuple[int, int, int]],
) -> list[tuple[int, ...]]:
    """Return the chosen streets any of which opens each edge: its own, or those at its junction."""
    unit = graph.table["unit"].to_numpy(dtype=np.int64)
    above: dict[int, int] = {}

    def top(corner: int) -> int:
        """Return the corner that stands for all corners of a junction."""
        while above.get(corner, corner) != corner:
            corner = above[corner]
        return corner

    for _, u, v in mouths:
        above[max(top(u), top(v))] = min(top(u), top(v))
    at: dict[int, set[int]] = {}
    for side in sides:
        for corner in (side.start, side.end):
            at.setdefault(top(corner), set()).add(int(unit[side.street]))
    is_corner = {corner for _, u, v in mouths for corner in (u, v)}
    return [
        tuple(sorted(at.get(top(row.start), ())))
        if row.side == 0 and row.start in is_corner and row.end in is_corner
        else (int(unit[row.street]),)
        for row in rows
    ]


def _merged(places: list[float], length_m: float) -> list[float]:
    """Return places along a side, rising, those at an end or beside another one left out."""
    kept: list[float] = []
    for at in sorted(places):
        if SAME_PLACE_M < at < length_m - SAME_PLACE_M and (
            not kept or at - kept[-1] > SAME_PLACE_M
        ):
            kept.append(float(at))
    return kept


def _crossing_places(
    graph: "StreetGraph",
    sides: list[Side],
    spacing_m: float,
    barriers: dict[int, list[tuple[float, float, str]]],
) -> list[dict[int, float]]:
    """Return for each side where along it a crossing may begin, by number; none over a barrier."""
    places = []
    street_m = graph.table["length_m"].to_numpy(dtype=np.float64)
    for number, side in enumerate(sides):
        length_m = float(np.hypot(*np.diff(side.line, axis=0).T).sum())
        count = int(np.ceil(street_m[side.street] / spacing_m - 1e-6)) - 1
        wanted = {k: length_m * (k + 1) / (count + 1) for k in range(count)}
        barred = barriers.get(number, [])
        places.append({k: at for k, at in wanted.items() if _outside(at, barred) == at})
    return places


def _duct_ranges(
    graph: "StreetGraph", sides: list[Side], ducts: "gpd.GeoDataFrame"
) -> dict[int, list[tuple[float, float, str, int]]]:
    """Return for each side from where to where which duct with how many free bores lies in it."""
    import pandas as pd
    import shapely

    if not len(ducts) or not sides:
        return {}
    usable = ducts[pd.to_numeric(ducts["free_bores"]).fillna(0) > 0].sort_index()
    ranges: dict[int, list[tuple[float, float, str, int]]] = {}
    lines = [shapely.LineString(side.line) for side in sides]
    around = [shapely.buffer(line, DUCT_ASIDE_M, cap_style="flat") for line in lines]
    tree = shapely.STRtree(around)
    for duct_id, geometry in usable.geometry.items():
        row = usable.loc[duct_id]
        known = _known_side(graph, sides, row)
        duct = (str(duct_id), int(row["free_bores"]))
        if known is not None:
            _add_range(ranges, known, geometry, sides[known].line, duct)
            continue
        for number in sorted(tree.query(geometry, predicate="intersects").tolist()):
            inside = geometry.intersection(around[number])
            _add_range(ranges, number, inside, sides[number].line, duct)
    return ranges


def _known_side(graph: "StreetGraph", sides: list[Side], duct: "pd.Series") -> int | None:
    """Return the side that a duct names by street and side, None where it names none."""
    street_id, name = duct.get("street_id"), duct.get("side")
    if not isinstance(street_id, str) or name not in ("left", "right"):
        return None
    for number, side in enumerate(sides):
        if graph.table["ids"].iloc[side.street] == street_id:
            sign = 1 if name == "left" else -1
            if graph.table["flipped"].iloc[side.street]:
                sign = -sign
            if side.sign == sign:
                return number
    return None


def _add_range(
    ranges: dict[int, list[tuple[float, float, str, int]]],
    number: int,
    geometry: "object",
    line: Floats,
    duct: tuple[str, int],
) -> None:
    """Note where a duct lies along a side, unless it only crosses it."""
    import shapely

    xy = shapely.get_coordinates(geometry)
    if len(xy) < 2:
        return
    along, _ = project(line, xy)
    low, high = float(along.min()), float(along.max())
    if high - low >= max(LEAST_DUCT_M, 0.7 * float(shapely.length(geometry))):
        ranges.setdefault(number, []).append((low, high, *duct))


def _described(
    graph: "StreetGraph",
    xy: Floats,
    rows: list[_Edge],
    units: list[tuple[int, ...]],
    prices: "PriceBook",
) -> TrenchGraph:
    """Return the graph with lengths on the ellipsoid and what a new trench would be."""
    import pandas as pd
    import shapely

    lines = [shapely.LineString(row.line) for row in rows]
    length_m = geodesic_lengths_m(lines, graph.crs)
    streets = graph.table.to_dict("records")
    table = [
        (*_nature(streets[row.street], row, prices.rules.hdd_width_m), row.street, row.side,
         row.shared, row.free, opened, metres)
        for row, opened, metres in zip(rows, units, length_m.tolist(), strict=True)
    ]  # fmt: skip
    columns = ["kind", "placement", "surface", "item", "method", "over", "street", "side", "shared",
               "free", "units", "length_m"]  # fmt: skip
    edges = np.asarray([(row.start, row.end) for row in rows], dtype=np.int64).reshape(-1, 2)
    return TrenchGraph(
        nodes=xy,
        edges=edges,
        lines=tuple(row.line for row in rows),
        table=pd.DataFrame(table, columns=columns),
    )


def _nature(
    street: Mapping[Any, Any], edge: _Edge, hdd_width_m: float
) -> tuple[str, str, str, str, str, str]:
    """Return kind, place in the street, surface, item, method and what an edge goes over."""
    carriageway = street["surface"] or "asphalt"
    if edge.over:
        method = "bridge" if edge.over == "bridge" else "hdd"
        item = f"crossing_{edge.over}"
        return "crossing", "carriageway", carriageway, item, method, edge.over
    if edge.side == 0:
        drilled = street["class"] == "main" or width_of(street) >= hdd_width_m
        method = "hdd" if drilled else "open"
        return "crossing", "carriageway", carriageway, f"crossing_{method}", method, "road"
    footway_m = street["footway_left_m" if edge.side > 0 else "footway_right_m"]
    placement = "footway" if np.isfinite(footway_m) and footway_m > 0 else "carriageway"
    surface = (street["footway_surface"] or "paving") if placement == "footway" else carriageway
    item = f"trench_{placement}_{surface}"
    return "trench", placement, surface, item, "open_trench", ""
