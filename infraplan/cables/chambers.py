"""
Where chambers stand along trenches, at the least cost that the rules allow.

At ends, branchings, both ends of a crossing, sharp bends, risers and where the number of ducts
changes there must be one. Along each stretch of trench between two of these, an exact dynamic
programme over places a metre apart, drops, bends and existing chambers finds the cheapest chambers
such that cable can be pulled from each to the next and every drop is near one, outside the places
where none may stand. Where that is impossible, the chambers stand as little inside as can be.

What chambers any trenches have, whichever are dug, is told by `infraplan.cables.chamber_costs`.
"""

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.trench import TrenchGraph

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.cables.prices import PriceBook
    from infraplan.cables.technical import WorkRules

__all__ = ["ChamberSite", "Pull", "cheapest_places", "placed_chambers", "pull_tension_n"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EXISTING_M = 5.0  # an existing chamber that near is used
AHEAD_M = 3.0  # over which a bend is measured
STEP_M = 1.0  # between places that are tried
SAME_M = 1e-6
AT_END_M = 0.01  # a bend that near to a chamber is in it
FOOT_M = 1.0  # a drop that near to a trench leaves it there


class ChamberSite(NamedTuple):
    """What lies around trenches: `zones` without chambers (`kind`), and `drops` to be reached."""

    zones: "gpd.GeoDataFrame | None" = None
    drops: "gpd.GeoDataFrame | None" = None


@dataclass(frozen=True, slots=True)
class Pull:
    """How cable is pulled: tension at the drum, drag of straight duct, friction in bends, limit."""

    start_n: float = 0.0
    drag_n_per_m: float = 0.0
    friction: float = 0.0
    most_n: float = float("inf")

    @classmethod
    def from_rules(cls, rules: "WorkRules | None") -> "Pull":
        """
        Return how the technical rules have cable pulled.

        Parameters
        ----------
        rules
            Technical rules; None for no limit.

        Returns
        -------
        pull
            Tensions and friction.
        """
        if rules is None:
            return cls()
        friction = rules.value("pull_friction", "friction")
        limited = rules.has("pull_tension")
        return cls(
            start_n=rules.value("pull_friction", "start_n"),
            drag_n_per_m=friction * rules.value("pull_friction", "weight_n_per_m"),
            friction=friction,
            most_n=rules.value("pull_tension", "most_n") if limited else float("inf"),
        )


class _Stretch(NamedTuple):
    """Trench between two chambers: vertices, metres along them, the two nodes, ducts."""

    xy: Floats
    along_m: Floats
    ends: tuple[int, int]
    bores: float


class _Place(NamedTuple):
    """A chamber: where, what, why, the row of the existing one, how far inside which zone."""

    x: float
    y: float
    kind: str
    reason: str
    existing: int = -1
    pull_m: float = 0.0
    tension_n: float = 0.0


def pull_tension_n(xy: Floats, pull: Pull, *, length_m: float | None = None) -> tuple[float, float]:
    r"""
    Return the tension at the end of a pull through a line of ducts, drawn ahead and drawn back.

    Parameters
    ----------
    xy
        Vertices of the ducts, one row a vertex [m].
    pull
        How cable is pulled.
    length_m
        Length of the line where it is not that of its drawing [m].

    Returns
    -------
    tension_n
        From the first vertex to the last, and from the last to the first [N].

    Notes
    -----
    .. math:: T' = T e^{\mu \theta}, \quad T' = T + \mu w L

    in a bend by the angle theta and along a straight length L; mu is the friction, w the weight of
    the cable. The drum stands in line with the first duct, so bends at either end do not count.

    Examples
    --------
    >>> square = np.asarray([[0.0, 0.0], [100.0, 0.0], [100.0, 50.0]])
    >>> tuple(round(x, 1) for x in pull_tension_n(square, Pull(200.0, 0.7, 0.35)))
    (502.9, 477.3)
    """
    away = np.minimum(np.hypot(*(xy - xy[0]).T), np.hypot(*(xy - xy[-1]).T)) > AT_END_M
    away[[0, -1]] = True
    xy = xy[away]
    run = np.hypot(*np.diff(xy, axis=0).T)
    steps = run * (1.0 if length_m is None else length_m / max(float(run.sum()), 1e-12))
    ahead = _pulled(steps, _turns(xy), pull)
    return ahead, _pulled(steps[::-1], _turns(xy)[::-1], pull)


def _pulled(steps: Floats, turns: Floats, pull: Pull) -> float:
    """Return the tension after straight lengths with turns between them."""
    tension = pull.start_n
    for k, step in enumerate(steps.tolist()):
        tension += pull.drag_n_per_m * step
        if k < len(turns):
            tension *= float(np.exp(pull.friction * turns[k]))
    return tension


def _turns(xy: Floats) -> Floats:
    """Return by how much a line turns at each inner vertex, in radians."""
    run = np.diff(xy, axis=0)
    cross = run[:-1, 0] * run[1:, 1] - run[:-1, 1] * run[1:, 0]
    turns = np.abs(np.arctan2(cross, (run[:-1] * run[1:]).sum(axis=1)))
    return np.asarray(turns, dtype=np.float64)


def placed_chambers(  # noqa: PLR0913 - what trenches are, what they cost, what they must keep to
    trench: TrenchGraph,
    chosen: Ints,
    risers: Ints,
    existing: "gpd.GeoDataFrame",
    *,
    prices: "PriceBook",
    crs: str,
    rules: "WorkRules | None" = None,
    site: ChamberSite | None = None,
) -> "gpd.GeoDataFrame":
    """
    Return the cheapest chambers of a tree of trenches that the rules allow.

    Parameters
    ----------
    trench
        Graph that the tree is in; a column `bores` of its table tells the ducts of an edge.
    chosen
        Its edges.
    risers
        Nodes at which cable goes from air to ground.
    existing
        Layer `chambers`; one within 5 m is used and costs nothing.
    prices
        Price book; its spacing of chambers is never exceeded.
    crs
        Planning CRS.
    rules
        Technical rules; None where only the price book's spacing counts.
    site
        Where no chamber may stand, and which drops must have one near.

    Returns
    -------
    chambers
        GeoDataFrame indexed by `chamber_id`: `kind` manhole or handhole, `reason`, `existing`,
        `cost_vnd`, `existing_id`, `pull_m` and `tension_n` (the most of the pulls that end there,
        in their better direction), `zone` (kind of the place where it should not stand, None for
        none) and `inside_m` (how far inside of it).
    """
    import geopandas as gpd
    import pandas as pd
    import shapely

    site = site or ChamberSite()
    columns = _columns(trench)
    around = _around(trench, columns, chosen)
    wanted = {int(node) for node in risers}
    stops: dict[int, str] = {}
    for node, edges in sorted(around.items()):
        reason = _reason(trench, columns, node, edges, wanted, prices.rules.bend_deg)
        if reason:
            stops[node] = reason
    stretches = _stretches(trench, columns, around, set(stops))
    places, pulls = _at_stops(trench, columns, around, stops, rules, existing)
    places += _along(stretches, places, pulls, existing, _setting(prices, rules, site))
    places = [*(p._replace(pull_m=pulls[n][0], tension_n=pulls[n][1]) for n, p in
                zip(stops, places[: len(stops)], strict=True)), *places[len(stops) :]]  # fmt: skip
    xy = np.asarray([place[:2] for place in places]).reshape(-1, 2)
    zone, inside_m = _inside(shapely.points(xy), site.zones)
    ids = existing.sort_index().index
    frame = pd.DataFrame(
        {
            "kind": [place.kind for place in places],
            "reason": [place.reason for place in places],
            "existing": [place.existing >= 0 for place in places],
            "cost_vnd": [
                0 if place.existing >= 0 else prices.price_vnd(f"chamber_{place.kind}")
                for place in places
            ],
            "existing_id": pd.Series(
                [str(ids[p.existing]) if p.existing >= 0 else None for p in places], dtype="object"
            ),
            "pull_m": [place.pull_m for place in places],
            "tension_n": [place.tension_n for place in places],
            "zone": pd.Series(zone, dtype="object"),
            "inside_m": inside_m,
        }
    ).astype({"kind": "str", "reason": "str", "existing": "bool", "cost_vnd": "int64",
              "pull_m": "float64", "tension_n": "float64"})  # fmt: skip
    names = [f"B{k:04d}" for k in range(1, len(places) + 1)]
    frame.index = pd.Index(names, name="chamber_id", dtype="str")
    return gpd.GeoDataFrame(frame, geometry=shapely.points(xy), crs=crs)


class _Columns(NamedTuple):
    """What a graph tells of its edges; 0 ducts where it does not tell."""

    kind: list[str]
    street: list[int]
    length_m: list[float]
    bores: list[float]


def _columns(trench: TrenchGraph) -> _Columns:
    """Return what a graph tells of its edges."""
    table = trench.table
    bores = table["bores"].fillna(0).tolist() if "bores" in table else [0.0] * len(table)
    return _Columns(
        table["kind"].tolist(), table["street"].tolist(), table["length_m"].tolist(), bores
    )


def _around(trench: TrenchGraph, columns: _Columns, chosen: Ints) -> dict[int, list[int]]:
    """Return the edges that are dug at each node."""
    around: dict[int, list[int]] = {}
    for edge in chosen.tolist():
        if columns.kind[edge] != "duct":
            for node in trench.edges[edge].tolist():
                around.setdefault(node, []).append(edge)
    return around


def _reason(
    trench: TrenchGraph,
    columns: _Columns,
    node: int,
    edges: list[int],
    wanted: set[int],
    bend_deg: float,
) -> str:
    """Return why a chamber stands at a node, empty where none must."""
    if len(edges) >= 3:
        streets = {columns.street[edge] for edge in edges}
        return "junction" if len(streets) > 1 else "branching"
    if any(columns.kind[edge] == "crossing" for edge in edges):
        return "crossing"
    if len(edges) == 1:
        return "end"
    if node in wanted:
        return "riser"
    if len({columns.bores[edge] for edge in edges}) > 1:
        return "ducts"
    runs = [_leaving(trench, node, edge) for edge in edges]
    cosine = float(np.clip(-(runs[0] @ runs[1]), -1.0, 1.0))
    return "bend" if np.degrees(np.arccos(cosine)) > bend_deg else ""


def _leaving(trench: TrenchGraph, node: int, edge: int) -> Floats:
    """Return the direction in which an edge leaves a node."""
    import shapely

    line = trench.lines[edge] if trench.edges[edge, 0] == node else trench.lines[edge][::-1]
    point = shapely.get_coordinates(shapely.LineString(line).interpolate(AHEAD_M))[0]
    run = point - line[0]
    return np.asarray(run / max(float(np.hypot(*run)), 1e-9), dtype=np.float64)


def _stretches(
    trench: TrenchGraph, columns: _Columns, around: dict[int, list[int]], stops: set[int]
) -> list[_Stretch]:
    """Return the trenches between nodes with a chamber."""
    used: set[int] = set()
    out = []
    for node in sorted(stops):
        for first in around[node]:
            if first in used:
                continue
            edge, at = first, node
            xy, along = [trench.nodes[node][None, :]], [np.zeros(1)]
            edges = []
            while True:
                used.add(edge)
                edges.append(edge)
                forward = trench.edges[edge, 0] == at
                line = trench.lines[edge] if forward else trench.lines[edge][::-1]
                run = np.cumsum(np.hypot(*np.diff(line, axis=0).T))
                xy.append(line[1:])
                along.append(
                    along[-1][-1] + run * columns.length_m[edge] / max(float(run[-1]), 1e-12)
                )
                at = int(trench.edges[edge, 1] if forward else trench.edges[edge, 0])
                if at in stops:
                    break
                edge = next(e for e in around[at] if e != edge)
            bores = max(columns.bores[edge] for edge in edges)
            out.append(_Stretch(np.vstack(xy), np.concatenate(along), (node, at), bores))
    return out


def _at_stops(
    trench: TrenchGraph,
    columns: _Columns,
    around: dict[int, list[int]],
    stops: dict[int, str],
    rules: "WorkRules | None",
    existing: "gpd.GeoDataFrame",
) -> tuple[list[_Place], dict[int, list[float]]]:
    """Return the chambers that must be, and room for the most of the pulls that end at each."""
    many = rules.value("manhole", "bores") if rules and rules.has("manhole") else float("inf")
    there = _beside(trench.nodes[list(stops)].reshape(-1, 2), existing)
    places = []
    for (node, reason), row in zip(stops.items(), there.tolist(), strict=True):
        big = reason == "junction" or max(columns.bores[e] for e in around[node]) >= many
        x, y = trench.nodes[node].tolist()
        places.append(_Place(x, y, "manhole" if big else "handhole", reason, row))
    return places, {node: [0.0, 0.0] for node in stops}


class _Setting(NamedTuple):
    """What the chambers of a stretch keep to: spacing, pull, reach of drops, prices, zones."""

    spacing_m: float
    pull: Pull
    reach_m: float
    many_bores: float
    manhole_vnd: int
    handhole_vnd: int
    site: ChamberSite


def _setting(prices: "PriceBook", rules: "WorkRules | None", site: ChamberSite) -> _Setting:
    """Return what the chambers of a stretch keep to."""

    def limit(rule: str, name: str) -> float:
        """Return a threshold, none where the rule is not applied."""
        return rules.value(rule, name) if rules and rules.has(rule) else float("inf")

    spacing_m = prices.rules.chamber_spacing_m
    return _Setting(
        min(spacing_m, limit("chamber_spacing", "most_m"), limit("pull_length", "most_m")),
        Pull.from_rules(rules),
        limit("drop", "reach_m"),
        limit("manhole", "bores"),
        prices.price_vnd("chamber_manhole"),
        prices.price_vnd("chamber_handhole"),
        site,
    )


def _along(
    stretches: list[_Stretch],
    taken: list[_Place],
    pulls: dict[int, list[float]],
    existing: "gpd.GeoDataFrame",
    setting: _Setting,
) -> list[_Place]:
    """Return the chambers along stretches; the pulls that end at their stops are noted."""
    old_at = _existing_at(stretches, {place.existing for place in taken}, existing)
    drops_at = _drops_at(stretches, setting.site.drops)
    out: list[_Place] = []
    for number, stretch in enumerate(stretches):
        places, at = _between(stretch, old_at.get(number, {}), drops_at.get(number), setting)
        out += places
        for k, node in ((0, stretch.ends[0]), (-1, stretch.ends[1])):
            pulls[node] = [max(a, b) for a, b in zip(pulls[node], at[k], strict=True)]
    return out


def _between(
    stretch: _Stretch, old: dict[float, int], drops_m: Floats | None, setting: _Setting
) -> tuple[list[_Place], list[tuple[float, float]]]:
    """Return the chambers along a stretch, and metres and tension of each pull between them."""
    drops = np.zeros(0) if drops_m is None else np.sort(drops_m)
    ends = stretch.along_m[[0, -1]]
    bends = _bends(stretch, ends, setting.pull.friction)
    if not old and _first(ends, bends, drops, setting)[1] == 0:
        return [], [(float(ends[1]), _tension(0, 1, bends, setting.pull))]
    tried = _tried(stretch, np.asarray(sorted(old)), drops, setting)
    many = stretch.bores >= setting.many_bores
    price = np.full(len(tried), setting.manhole_vnd if many else setting.handhole_vnd)
    rows = np.full(len(tried), -1)
    for at, row in old.items():
        k = int(np.argmin(np.abs(tried - at)))
        price[k], rows[k] = 0, row
    bends = _bends(stretch, tried, setting.pull.friction)
    first = _first(tried, bends, drops, setting)
    inside_m = _inside(_points(stretch, tried), setting.site.zones)[1]
    depth = np.ceil(inside_m * 1000 - 1e-3).astype(np.int64)
    chain = cheapest_places(tried, first, price, depth)
    tension = [_tension(a, b, bends, setting.pull) for a, b in itertools.pairwise(chain)]
    gaps = list(zip(np.diff(tried[chain]).tolist(), tension, strict=True))
    points = _xy(stretch, tried[chain])
    places = []
    for k in range(1, len(chain) - 1):
        needed = rows[chain[k]] < 0
        reason = _why(chain[k - 1], chain[k + 1], tried, bends, setting) if needed else "existing"
        places.append(
            _Place(
                float(points[k, 0]),
                float(points[k, 1]),
                "manhole" if many else "handhole",
                reason,
                int(rows[chain[k]]),
                max(gaps[k - 1][0], gaps[k][0]),
                max(gaps[k - 1][1], gaps[k][1]),
            )
        )
    return places, gaps


def cheapest_places(at_m: Floats, first: Ints, price_vnd: Ints, depth_mm: Ints) -> Ints:
    """
    Return the best chain of places from the first to the last.

    Parameters
    ----------
    at_m
        Distance of each place along its line, rising, shape (n,) [m].
    first
        The first place that may come before each, shape (n,); all between may too. -1 where none
        may: then the nearest comes before it.
    price_vnd
        Price of a chamber at each place, >= 0, shape (n,) [VND].
    depth_mm
        How far inside a zone without chambers each place lies, 0 for outside, shape (n,) [mm].

    Returns
    -------
    chain
        Numbers of the places: least sum of depths, then least sum of prices, then most even.
    """
    from infraplan.cables._kernels_chambers import cheapest_chain

    before = cheapest_chain(
        at_m, first, price_vnd.astype(np.int64), np.asarray(depth_mm, dtype=np.int64)
    )
    chain = [len(at_m) - 1]
    while chain[-1] > 0:
        chain.append(int(before[chain[-1]]))
    return np.asarray(chain[::-1], dtype=np.int64)


Bends = tuple[Floats, Floats, Floats, Floats]


def _first(tried: Floats, bends: Bends, drops: Floats, setting: _Setting) -> Ints:
    """Return for each place the first that may be the chamber before it, -1 where none may."""
    from infraplan.cables._kernels_chambers import first_before

    pull = (setting.pull.start_n, setting.pull.drag_n_per_m, setting.pull.most_n)
    first = first_before(tried, bends, pull, drops, setting.spacing_m, setting.reach_m)
    return np.asarray(first, dtype=np.int64)


def _why(a: int, b: int, tried: Floats, bends: Bends, setting: _Setting) -> str:
    """Return what a pull past a chamber, between those beside it, would break."""
    if tried[b] - tried[a] > setting.spacing_m + SAME_M:
        return "spacing"
    return "tension" if _tension(a, b, bends, setting.pull) > setting.pull.most_n else "drop_reach"


def _tried(stretch: _Stretch, old: Floats, drops: Floats, setting: _Setting) -> Floats:
    """Return the places that are tried along a stretch, rising, its two ends among them."""
    length_m = float(stretch.along_m[-1])
    even = max(int(np.ceil(length_m / setting.spacing_m - SAME_M)), 1)
    steps = max(int(np.ceil(length_m / STEP_M - SAME_M)), 1)
    near = [drops - setting.reach_m, drops, drops + setting.reach_m]
    wanted = np.concatenate([
        np.linspace(0.0, length_m, steps + 1), np.linspace(0.0, length_m, even + 1),
        stretch.along_m, old, *(near if np.isfinite(setting.reach_m) else []),
    ])  # fmt: skip
    tried = np.unique(wanted[(wanted > SAME_M) & (wanted < length_m - SAME_M)])
    kept = tried[np.diff(tried, prepend=-1.0) > SAME_M]
    return np.concatenate([[0.0], kept, [length_m]])


def _bends(stretch: _Stretch, tried: Floats, friction: float) -> Bends:
    """Return friction times angle up to each place, without and with its own, and integrals."""
    turn = friction * _turns(stretch.xy)
    at = stretch.along_m[1:-1]
    total = np.concatenate([[0.0], np.cumsum(turn)])
    before = total[np.searchsorted(at, tried - AT_END_M, side="left")]
    after = total[np.searchsorted(at, tried + AT_END_M, side="right")]
    steps = np.diff(stretch.along_m)
    falling = np.concatenate([[0.0], np.cumsum(steps * np.exp(-total))])
    rising = np.concatenate([[0.0], np.cumsum(steps * np.exp(total))])
    along = stretch.along_m
    return before, after, np.interp(tried, along, falling), np.interp(tried, along, rising)


def _tension(i: int, j: int, bends: Bends, pull: Pull) -> float:
    """Return the tension of a pull between two places in the better direction."""
    from infraplan.cables._kernels_chambers import pull_n

    return float(pull_n(int(i), int(j), *bends, pull.start_n, pull.drag_n_per_m))


def _xy(stretch: _Stretch, at_m: Floats) -> Floats:
    """Return the coordinates of places along a stretch."""
    along = stretch.along_m
    return np.column_stack([np.interp(at_m, along, stretch.xy[:, k]) for k in (0, 1)])


def _points(stretch: _Stretch, at_m: Floats) -> npt.NDArray[np.object_]:
    """Return places along a stretch as points."""
    import shapely

    return np.asarray(shapely.points(_xy(stretch, at_m)), dtype=object)


def _existing_at(
    stretches: list[_Stretch], used: set[int], existing: "gpd.GeoDataFrame"
) -> dict[int, dict[float, int]]:
    """Return for each stretch where along it which unused existing chamber stands, each once."""
    import shapely

    if not len(existing) or not stretches:
        return {}
    lines = [shapely.LineString(stretch.xy) for stretch in stretches]
    points = existing.sort_index().geometry.to_numpy()
    found: dict[int, dict[float, int]] = {}
    pairs = shapely.STRtree(lines).query_nearest(points, max_distance=EXISTING_M, all_matches=False)
    for row, number in zip(*pairs.tolist(), strict=True):
        stretch = stretches[number]
        drawn_m = float(lines[number].length)
        at = float(shapely.line_locate_point(lines[number], points[row]))
        run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stretch.xy, axis=0).T))])
        along = float(np.interp(at, run, stretch.along_m))
        if row not in used and STEP_M < at < drawn_m - STEP_M:
            found.setdefault(number, {}).setdefault(along, row)
    return found


def _drops_at(stretches: list[_Stretch], drops: "gpd.GeoDataFrame | None") -> dict[int, Floats]:
    """Return for each stretch where along it drops leave."""
    import shapely

    if drops is None or not len(drops) or not stretches:
        return {}
    lines = [shapely.LineString(stretch.xy) for stretch in stretches]
    feet = shapely.get_point(drops.geometry.to_numpy(), 0)
    pairs = shapely.STRtree(lines).query_nearest(feet, max_distance=FOOT_M, all_matches=False)
    found: dict[int, Floats] = {}
    for number in np.unique(pairs[1]).tolist():
        at = shapely.line_locate_point(lines[number], feet[pairs[0][pairs[1] == number]])
        stretch = stretches[number]
        run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stretch.xy, axis=0).T))])
        found[int(number)] = np.unique(np.interp(at, run, stretch.along_m))
    return found


def _inside(
    points: npt.NDArray[np.object_], zones: "gpd.GeoDataFrame | None"
) -> tuple[list[str | None], Floats]:
    """Return for each point the zone that it lies deepest inside of, and how deep."""
    import shapely

    kind: list[str | None] = [None] * len(points)
    depth_m = np.zeros(len(points))
    if zones is None or not len(zones) or not len(points):
        return kind, depth_m
    shapes, kinds = zones.geometry.to_numpy(), zones["kind"].astype(str).to_numpy()
    which, zone = shapely.STRtree(shapes).query(points, predicate="within")
    inside_m = shapely.distance(points[which], shapely.boundary(shapes[zone]))
    for point, number, deep in zip(which.tolist(), zone.tolist(), inside_m.tolist(), strict=True):
        if deep > depth_m[point] + SAME_M:
            kind[point], depth_m[point] = str(kinds[number]), deep
    return kind, depth_m


def _beside(xy: Floats, existing: "gpd.GeoDataFrame") -> Ints:
    """Return the row of the existing chamber that each place uses and no other does, -1: none."""
    import shapely

    used = np.full(len(xy), -1, dtype=np.int64)
    if not len(existing) or not len(xy):
        return used
    tree = shapely.STRtree(shapely.points(xy))
    points = existing.sort_index().geometry.to_numpy()
    chamber, place = tree.query(points, predicate="dwithin", distance=EXISTING_M)
    distance = shapely.distance(points[chamber], shapely.points(xy[place]))
    taken: set[int] = set()
    for k in np.lexsort((place, chamber, distance)).tolist():
        if used[place[k]] < 0 and int(chamber[k]) not in taken:
            used[place[k]] = int(chamber[k])
            taken.add(int(chamber[k]))
    return used
