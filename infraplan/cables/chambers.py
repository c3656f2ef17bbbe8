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
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.trench import TrenchGraph

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

    from infraplan.cables.prices import PriceBook
    from infraplan.cables.technical import WorkRules

__all__ = [
    "ChamberGround",
    "ChamberSite",
    "Placed",
    "Pull",
    "cheapest_places",
    "placed_chambers",
    "pull_tension_n",
]

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
    """Trench between two chambers: vertices, metres along them, nodes, ducts; as drawn; number."""

    xy: Floats
    along_m: Floats
    ends: tuple[int, int]
    bores: float
    line: "shapely.LineString"
    drawn_m: Floats
    number: int


class _Place(NamedTuple):
    """A chamber: where, what, why, the row of the existing one, how far inside which zone."""

    x: float
    y: float
    kind: str
    reason: str
    existing: int = -1
    pull_m: float = 0.0
    tension_n: float = 0.0


_Key = tuple[int, tuple[tuple[float, int], ...], bytes]
_Between = tuple[list[_Place], tuple[float, float], tuple[float, float]]


class Placed(NamedTuple):
    """Chambers of a plan, in their order."""

    places: tuple[_Place, ...]

    @property
    def xy(self) -> Floats:
        """Return where they stand, one row a chamber [m]."""
        return np.asarray([place[:2] for place in self.places]).reshape(-1, 2)

    @property
    def new_kinds(self) -> list[str]:
        """Return what each is, manhole or handhole; empty for one that exists."""
        return ["" if place.existing >= 0 else place.kind for place in self.places]


class _Zones(NamedTuple):
    """Areas without chambers: shapes, their boundaries and kinds, and a tree of the shapes."""

    kinds: npt.NDArray[np.object_]
    shapes: npt.NDArray[np.object_]
    edges: npt.NDArray[np.object_]
    tree: "shapely.STRtree"

    @classmethod
    def of(cls, zones: "gpd.GeoDataFrame | None") -> "_Zones | None":
        """Return areas, None where there are none."""
        import shapely

        if zones is None or not len(zones):
            return None
        shapes = zones.geometry.to_numpy()
        kinds = zones["kind"].astype(str).to_numpy(dtype=object)
        return cls(kinds, shapes, shapely.boundary(shapes), shapely.STRtree(shapes))


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
    >>> tuple(round(x) for x in pull_tension_n(square, Pull(200.0, 0.7, 0.35)))
    (503, 477)
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
    import shapely

    site = site or ChamberSite()
    ground = ChamberGround(trench, existing, site.zones, prices=prices, rules=rules)
    kinds = trench.table["kind"].tolist()
    feet = None if site.drops is None else shapely.get_point(site.drops.geometry.to_numpy(), 0)
    return ground.table(ground.placed(chosen, kinds, risers, feet), crs)


class ChamberGround:
    """
    What no choice among trenches changes of a graph, and stretches whose chambers are known.

    Many choices of the same streets have most of their stretches in common: the chambers along
    each are sought once.
    """

    def __init__(
        self,
        trench: TrenchGraph,
        existing: "gpd.GeoDataFrame",
        zones: "gpd.GeoDataFrame | None",
        *,
        prices: "PriceBook",
        rules: "WorkRules | None" = None,
    ) -> None:
        """
        Note what is fixed.

        Parameters
        ----------
        trench
            Graph; a column `bores` of its table tells the ducts of an edge.
        existing
            Layer `chambers`.
        zones
            Where no chamber may stand.
        prices
            Price book.
        rules
            Technical rules; None where only the price book's spacing counts.
        """
        self._trench = trench
        self._columns = _columns(trench)
        self._leaving = _leaving(trench)
        self._existing = existing.sort_index()
        self._prices = prices
        self._bend_deg = prices.rules.bend_deg
        self._setting = _setting(prices, rules, _Zones.of(zones))
        self._beside = _beside(trench, self._existing)
        self._rows = _near(trench, self._existing)
        self._bent: dict[tuple[int, int, int], bool] = {}
        self._stretches: dict[tuple[int, ...], _Stretch] = {}
        self._numbers = itertools.count()  # each taken once, whoever asks at the same time
        self._known: dict[_Key, _Between] = {}

    def placed(
        self,
        chosen: Ints,
        kinds: Sequence[str],
        risers: Ints,
        feet: npt.NDArray[np.object_] | None,
    ) -> "Placed":
        """
        Return the cheapest chambers of a tree of trenches that the rules allow.

        Parameters
        ----------
        chosen
            Edges of the tree.
        kinds
            Kind of each edge of the graph in this plan.
        risers
            Nodes at which cable goes from air to ground.
        feet
            Points at which drops leave, None for none.

        Returns
        -------
        placed
            Chambers.
        """
        around = self._around(chosen, kinds)
        wanted = {int(node) for node in risers}
        stops: dict[int, str] = {}
        for node, edges in sorted(around.items()):
            reason = self._reason(kinds, node, edges, wanted)
            if reason:
                stops[node] = reason
        stretches = self._between_stops(around, stops)
        there = self._there(stops)
        pulls = dict.fromkeys(stops, (0.0, 0.0))
        along = self._along(stretches, set(there.values()), pulls, feet)
        return Placed((*self._at_stops(around, stops, there, pulls), *along))

    def table(self, placed: "Placed", crs: str) -> "gpd.GeoDataFrame":
        """
        Return chambers as a table.

        Parameters
        ----------
        placed
            Chambers.
        crs
            Planning CRS.

        Returns
        -------
        chambers
            As of `placed_chambers`.
        """
        import geopandas as gpd
        import pandas as pd
        import shapely

        places = placed.places
        points = shapely.points(placed.xy)
        zone, inside_m = _inside(points, self._setting.zones)
        ids = self._existing.index
        frame = pd.DataFrame(
            {
                "kind": [place.kind for place in places],
                "reason": [place.reason for place in places],
                "existing": [place.existing >= 0 for place in places],
                "cost_vnd": [
                    0 if place.existing >= 0 else self._prices.price_vnd(f"chamber_{place.kind}")
                    for place in places
                ],
                "existing_id": pd.Series(
                    [str(ids[p.existing]) if p.existing >= 0 else None for p in places],
                    dtype="object",
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
        return gpd.GeoDataFrame(frame, geometry=points, crs=crs)

    def _around(self, chosen: Ints, kinds: Sequence[str]) -> dict[int, list[int]]:
        """Return the edges that are dug at each node."""
        around: dict[int, list[int]] = {}
        for edge in chosen.tolist():
            if kinds[edge] != "duct":
                for node in self._columns.ends[edge]:
                    around.setdefault(node, []).append(edge)
        return around

    def _reason(self, kinds: Sequence[str], node: int, edges: list[int], wanted: set[int]) -> str:
        """Return why a chamber stands at a node, empty where none must."""
        columns = self._columns
        if len(edges) >= 3:
            streets = {columns.street[edge] for edge in edges}
            return "junction" if len(streets) > 1 else "branching"
        if "crossing" in (kinds[edges[0]], kinds[edges[-1]]):
            return "crossing"
        if len(edges) == 1:
            return "end"
        if node in wanted:
            return "riser"
        if columns.bores[edges[0]] != columns.bores[edges[1]]:
            return "ducts"
        return "bend" if self._is_bent(node, edges[0], edges[1]) else ""

    def _is_bent(self, node: int, one: int, other: int) -> bool:
        """Return whether two edges bend too sharply at a node to be without a chamber."""
        key = (node, one, other)
        if key not in self._bent:
            ends = self._columns.ends
            runs = [self._leaving[e, 0 if ends[e][0] == node else 1] for e in (one, other)]
            cosine = float(np.clip(-(runs[0] @ runs[1]), -1.0, 1.0))
            self._bent[key] = bool(np.degrees(np.arccos(cosine)) > self._bend_deg)
        return self._bent[key]

    def _between_stops(
        self, around: dict[int, list[int]], stops: dict[int, str]
    ) -> list["_Stretch"]:
        """Return the trenches between nodes with a chamber."""
        ends = self._columns.ends
        used: set[int] = set()
        out = []
        for node in sorted(stops):
            for first in around[node]:
                if first in used:
                    continue
                edge, at = first, node
                key = [node]
                while True:
                    used.add(edge)
                    key.append(edge)
                    start, end = ends[edge]
                    at = end if start == at else start
                    if at in stops:
                        break
                    one, other = around[at]
                    edge = other if one == edge else one
                out.append(self._stretch(tuple(key)))
        return out

    def _stretch(self, key: tuple[int, ...]) -> "_Stretch":
        """Return the stretch from a node over some edges."""
        import shapely

        if key not in self._stretches:
            trench, columns = self._trench, self._columns
            at = key[0]
            xy, along = [trench.nodes[at][None, :]], [np.zeros(1)]
            for edge in key[1:]:
                forward = columns.ends[edge][0] == at
                line = trench.lines[edge] if forward else trench.lines[edge][::-1]
                run = np.cumsum(np.hypot(*np.diff(line, axis=0).T))
                xy.append(line[1:])
                along.append(
                    along[-1][-1] + run * columns.length_m[edge] / max(float(run[-1]), 1e-12)
                )
                at = columns.ends[edge][1 if forward else 0]
            vertices = np.vstack(xy)
            run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(vertices, axis=0).T))])
            self._stretches[key] = _Stretch(
                vertices, np.concatenate(along), (key[0], at),
                max(columns.bores[edge] for edge in key[1:]),
                shapely.LineString(vertices), run, next(self._numbers),
            )  # fmt: skip
        return self._stretches[key]

    def _there(self, stops: dict[int, str]) -> dict[int, int]:
        """Return the rows of existing chambers that stand for those that must be, by node."""
        there: dict[int, int] = {}
        taken: set[int] = set()
        for row, node in self._beside:
            if node in stops and node not in there and row not in taken:
                there[node] = row
                taken.add(row)
        return there

    def _at_stops(
        self,
        around: dict[int, list[int]],
        stops: dict[int, str],
        there: dict[int, int],
        pulls: dict[int, tuple[float, float]],
    ) -> list["_Place"]:
        """Return the chambers that must be."""
        columns, many = self._columns, self._setting.many_bores
        places = []
        for node, reason in stops.items():
            big = reason == "junction" or max(columns.bores[e] for e in around[node]) >= many
            kind = "manhole" if big else "handhole"
            places.append(
                _Place(*columns.nodes[node], kind, reason, there.get(node, -1), *pulls[node])
            )
        return places

    def _along(
        self,
        stretches: list["_Stretch"],
        taken: set[int],
        pulls: dict[int, tuple[float, float]],
        feet: npt.NDArray[np.object_] | None,
    ) -> list["_Place"]:
        """Return the chambers along stretches; the pulls that end at their stops are noted."""
        import shapely

        if not stretches:
            return []
        lines = np.asarray([stretch.line for stretch in stretches], dtype=object)
        tree = shapely.STRtree(lines)
        old_at = self._existing_at(stretches, tree, taken)
        drops_at = _drops_at(tree, feet)
        out: list[_Place] = []
        for number, stretch in enumerate(stretches):
            old, drops = old_at.get(number, {}), drops_at.get(number)
            key = (stretch.number, tuple(old.items()), b"" if drops is None else drops.tobytes())
            if key not in self._known:
                self._known[key] = _between(stretch, old, drops, self._setting)
            places, ahead, behind = self._known[key]
            out += places
            for node, (pull_m, tension_n) in zip(stretch.ends, (ahead, behind), strict=True):
                most_m, most_n = pulls[node]
                pulls[node] = (max(most_m, pull_m), max(most_n, tension_n))
        return out

    def _existing_at(
        self, stretches: list["_Stretch"], tree: "shapely.STRtree", used: set[int]
    ) -> dict[int, dict[float, int]]:
        """Return for each stretch where along it which unused existing chamber stands."""
        import shapely

        found: dict[int, dict[float, int]] = {}
        if not len(self._rows):
            return found
        points = self._existing.geometry.to_numpy()[self._rows]
        pairs = tree.query_nearest(points, max_distance=EXISTING_M, all_matches=False)
        at = shapely.line_locate_point(tree.geometries[pairs[1]], points[pairs[0]])
        for which, number, drawn_at in zip(*pairs.tolist(), at.tolist(), strict=True):
            stretch, row = stretches[number], int(self._rows[which])
            if row not in used and STEP_M < drawn_at < stretch.line.length - STEP_M:
                along = float(np.interp(drawn_at, stretch.drawn_m, stretch.along_m))
                found.setdefault(number, {}).setdefault(along, row)
        return found


class _Columns(NamedTuple):
    """What a graph tells of its nodes and edges; 0 ducts where it does not tell."""

    nodes: list[tuple[float, float]]
    ends: list[tuple[int, int]]
    street: list[int]
    length_m: list[float]
    bores: list[float]


def _columns(trench: TrenchGraph) -> _Columns:
    """Return what a graph tells of its nodes and edges."""
    table = trench.table
    bores = table["bores"].fillna(0).tolist() if "bores" in table else [0.0] * len(table)
    return _Columns(
        [(x, y) for x, y in trench.nodes.tolist()], [(u, v) for u, v in trench.edges.tolist()],
        table["street"].tolist(), table["length_m"].tolist(), bores,
    )  # fmt: skip


def _leaving(trench: TrenchGraph) -> Floats:
    """Return the directions in which edges leave their two nodes, shape (edges, 2, 2)."""
    import shapely

    out = np.zeros((len(trench.edges), 2, 2))
    for end, step in ((0, 1), (1, -1)):
        if len(trench.lines):
            lines = [line[::step] for line in trench.lines]
            rows = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
            drawn = shapely.linestrings(np.vstack(lines), indices=rows)
            points = shapely.get_coordinates(shapely.line_interpolate_point(drawn, AHEAD_M))
            run = points - np.asarray([line[0] for line in lines])
            out[:, end] = run / np.maximum(np.hypot(*run.T), 1e-9)[:, None]
    return out


class _Setting(NamedTuple):
    """What the chambers of a stretch keep to: spacing, pull, reach of drops, prices, zones."""

    spacing_m: float
    pull: Pull
    reach_m: float
    many_bores: float
    manhole_vnd: int
    handhole_vnd: int
    zones: _Zones | None


def _setting(prices: "PriceBook", rules: "WorkRules | None", zones: _Zones | None) -> _Setting:
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
        zones,
    )


def _between(
    stretch: _Stretch, old: dict[float, int], drops_at: Floats | None, setting: _Setting
) -> _Between:
    """Return the chambers along a stretch, and metres and tension of its first and last pull."""
    drops = np.zeros(0)
    if drops_at is not None:
        drops = np.unique(np.interp(drops_at, stretch.drawn_m, stretch.along_m))
    ends = stretch.along_m[[0, -1]]
    bends = _bends(stretch, ends, setting.pull.friction)
    if not old and _first(ends, bends, drops, setting)[1] == 0:
        only = (float(ends[1]), _tension(0, 1, bends, setting.pull))
        return [], only, only
    tried = _tried(stretch, np.asarray(sorted(old)), drops, setting)
    many = stretch.bores >= setting.many_bores
    price = np.full(len(tried), setting.manhole_vnd if many else setting.handhole_vnd)
    rows = np.full(len(tried), -1)
    for at, row in old.items():
        k = int(np.argmin(np.abs(tried - at)))
        price[k], rows[k] = 0, row
    bends = _bends(stretch, tried, setting.pull.friction)
    first = _first(tried, bends, drops, setting)
    inside_m = _inside(_points(stretch, tried), setting.zones)[1]
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
    return places, gaps[0], gaps[-1]


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


def _drops_at(tree: "shapely.STRtree", feet: npt.NDArray[np.object_] | None) -> dict[int, Floats]:
    """Return for each stretch where along its drawing drops leave."""
    import shapely

    if feet is None or not len(feet):
        return {}
    foot, number = tree.query_nearest(feet, max_distance=FOOT_M, all_matches=False)
    if not len(foot):
        return {}
    at = shapely.line_locate_point(tree.geometries[number], feet[foot])
    order = np.argsort(number, kind="stable")
    numbers, starts = np.unique(number[order], return_index=True)
    at, ends = at[order], [*starts[1:].tolist(), len(at)]
    runs = zip(numbers.tolist(), starts.tolist(), ends, strict=True)
    return {which: at[start:end] for which, start, end in runs}


def _inside(
    points: npt.NDArray[np.object_], zones: _Zones | None
) -> tuple[list[str | None], Floats]:
    """Return for each point the zone that it lies deepest inside of, and how deep."""
    import shapely

    kind: list[str | None] = [None] * len(points)
    depth_m = np.zeros(len(points))
    if zones is None or not len(points):
        return kind, depth_m
    which, zone = zones.tree.query(points, predicate="within")
    inside_m = shapely.distance(points[which], zones.edges[zone])
    for point, number, deep in zip(which.tolist(), zone.tolist(), inside_m.tolist(), strict=True):
        if deep > depth_m[point] + SAME_M:
            kind[point], depth_m[point] = str(zones.kinds[number]), deep
    return kind, depth_m


def _near(trench: TrenchGraph, existing: "gpd.GeoDataFrame") -> Ints:
    """Return the rows of the existing chambers that some trench could use."""
    import shapely

    if not len(existing) or not len(trench.lines):
        return np.zeros(0, dtype=np.int64)
    tree = shapely.STRtree([shapely.LineString(line) for line in trench.lines])
    points = existing.geometry.to_numpy()
    pairs = tree.query(points, predicate="dwithin", distance=EXISTING_M + STEP_M)
    return np.asarray(np.unique(pairs[0]), dtype=np.int64)


def _beside(trench: TrenchGraph, existing: "gpd.GeoDataFrame") -> list[tuple[int, int]]:
    """Return the existing chambers that could stand for one at a node: row, node; nearest first."""
    import shapely

    if not len(existing) or not len(trench.nodes):
        return []
    nodes = shapely.points(trench.nodes)
    points = existing.geometry.to_numpy()
    chamber, node = shapely.STRtree(nodes).query(points, predicate="dwithin", distance=EXISTING_M)
    distance = shapely.distance(points[chamber], nodes[node])
    order = np.lexsort((node, chamber, distance))
    return list(zip(chamber[order].tolist(), node[order].tolist(), strict=True))
