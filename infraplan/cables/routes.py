"""The cheapest cable route, or two that do not fail together, along streets and roads."""

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.disjoint import DisjointPair
from infraplan.cables.disjoint import disjoint_pair
from infraplan.cables.graph import StreetGraph
from infraplan.cables.graph import street_graph
from infraplan.cables.joined import joined_parts
from infraplan.cables.measure import cut
from infraplan.cables.measure import geodesic_lengths_m
from infraplan.cables.measure import project
from infraplan.cables.risks import Risk
from infraplan.cables.risks import shared_risks
from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.layers.notes import Note

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from infraplan.cables.prices import PriceBook

__all__ = ["Route", "plan_route"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

READ = ("streets", "roads", "ducts")
READ_DIVERSE = (*READ, "waterways", "rail")
DUCT_ASIDE_M = 20.0  # a duct in a footway lies that far from the middle of its street at most
LEAST_DUCT_M = 3.0
SAME_PLACE_M = 0.01
PENALTIES = (1.3, 2.0, 4.0)  # on what the first route uses, until a second one differs
OTHER_SHARE = 0.2  # of its length that an alternative must have for itself
COLUMNS = ("name", "street_ids", "layer", "kind", "placement", "surface", "method", "item",
           "length_m", "cost_vnd", "shared", "pair", "common", "geometry")  # fmt: skip
SHARED_COLUMNS = ("kind", "name", "length_m", "cost_vnd", "geometry")


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """
    A cable route and its alternative, or two routes that do not fail together.

    `segments` follow one another from start to end; `shared` names existing ducts that a segment
    re-uses; `pair` is 1, or 2 on the second of two routes, where `common` marks what both use: its
    cost stands with the first. `alternatives` has the segments of other routes with their `rank`
    (2 is the next). `length_m` is geodesic, common stretches once; `lengths_m` that of each route;
    `cost_vnd` is before tax.

    `common` lists what two routes could not but share, with its `kind` (`trench`, `bridge`, `rail`,
    `beside`, `junction`, `drop`), name and place. No route, and no two routes that share as little,
    cost less than `bound_vnd`; `optimal` is whether both the sharing and the cost are proven.
    """

    segments: "gpd.GeoDataFrame"
    alternatives: "gpd.GeoDataFrame"
    length_m: float
    cost_vnd: int
    layers: Layers
    provenance: Provenance
    common: "gpd.GeoDataFrame"
    lengths_m: tuple[float, ...]
    bound_vnd: int
    optimal: bool

    @property
    def gap(self) -> float:
        """Return by which share of the cost a better answer could undercut it at most."""
        return (self.cost_vnd - self.bound_vnd) / self.cost_vnd if self.cost_vnd else 0.0

    @property
    def diverse(self) -> bool:
        """Return whether it is two routes."""
        return len(self.lengths_m) > 1

    def _repr_html_(self) -> str:
        """Return a caption and the segments."""
        caption = f"{self.length_m:,.0f} m, {self.cost_vnd:,} VND"
        table = self.segments.drop(columns="geometry").head(12).to_html(escape=True)
        return f"<p>{html.escape(caption)}</p>{table}"


class _Link(NamedTuple):
    """A stretch of a street between two nodes, with the ducts that it may use."""

    start: int
    end: int
    street: int
    line: Floats
    shared: str


@dataclass(frozen=True, slots=True, eq=False)
class _Network:
    """Stretches with lengths, items and costs."""

    graph: StreetGraph
    nodes: Floats
    links: list[_Link]
    item: npt.NDArray[np.object_]
    length_m: Floats
    cost_vnd: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A network with the two points to be joined, their nodes, and which is the start."""

    network: _Network
    points: Floats
    tips: tuple[int, int]
    prices: "PriceBook"
    forward: bool


def plan_route(
    layers: Layers,
    start: "shapely.Point",
    end: "shapely.Point",
    *,
    prices: "PriceBook",
    diverse: bool = False,
    time_limit_s: float = 20.0,
) -> Route:
    """
    Return the cheapest cable route between two points along streets and roads.

    Parameters
    ----------
    layers
        Layers of the plan: `streets` or `roads`; `ducts` with free bores make a way cheap.
    start
        Where the route begins, in the planning CRS.
    end
        Where it ends, in the planning CRS.
    prices
        Price book.
    diverse
        Two routes that share no trench, no bridge and no junction where that is possible, and
        else as few as can be.
    time_limit_s
        Time after which the search for two routes stops early, > 0 [s].

    Returns
    -------
    route
        Segments indexed by `segment_id` with `length_m`, `cost_vnd`, `surface`, `shared`; from
        the points to the nearest street straight.

    Raises
    ------
    PlanError
        If the plan has neither streets nor roads.
    SettingsError
        If both points are the same, or one has no finite coordinates; if two routes are asked for
        between points at one place of a street.
    NoRouteError
        If streets and roads do not join the points; the message names the gap.

    Notes
    -----
    The route is the same in both directions. The alternative is the cheapest after what the first
    route uses has become dearer, and runs at least a fifth of its length elsewhere.
    """
    ends = np.asarray([(point.x, point.y) for point in (start, end)], dtype=np.float64)
    if not np.isfinite(ends).all() or np.array_equal(ends[0], ends[1]):
        raise SettingsError(Note("bars.one_point"))
    forward = tuple(ends[0]) <= tuple(ends[1])
    ordered = ends if forward else ends[::-1]
    graph = street_graph(layers)
    network, tips = _network(graph, layers, ordered, prices)
    way = _Way(network, ordered, tips, prices, forward=forward)
    path = _cheapest(network, tips, network.cost_vnd)
    if diverse:
        return _two_routes(way, layers, time_limit_s)
    first = _segments(way, path)
    other = _alternative(network, tips, path)
    second = _segments(way, other) if other else first.iloc[:0]
    return Route(
        segments=first,
        alternatives=second.assign(rank=2),
        length_m=float(first["length_m"].sum()),
        cost_vnd=int(first["cost_vnd"].sum()),
        layers=layers,
        provenance=_provenance(layers, prices),
        common=_common_table([], graph.crs),
        lengths_m=(float(first["length_m"].sum()),),
        bound_vnd=int(first["cost_vnd"].sum()),
        optimal=True,
    )


def _two_routes(way: "_Way", layers: Layers, time_limit_s: float) -> Route:
    """Return two routes that share as little as can be."""
    import pandas as pd
    import shapely

    network = way.network
    if way.tips[0] == way.tips[1]:
        raise SettingsError(Note("bars.one_place"))
    edges = np.asarray([(link.start, link.end) for link in network.links], dtype=np.int64)
    lines = [shapely.LineString(link.line) for link in network.links]
    risks = shared_risks(lines, edges, layers)
    pair = disjoint_pair(
        edges, network.cost_vnd, *way.tips, kind="node",
        groups=[risk.members for risk in risks], time_limit_s=time_limit_s,
    )  # fmt: skip
    both = frozenset(pair.shared_edges)
    one, two = (_segments(way, path, common=both, pair=k + 1) for k, path in enumerate(pair.paths))
    two.loc[two["common"], "cost_vnd"] = 0
    frame = pd.concat([one, two])
    frame.index = _segment_ids(len(frame))
    cost_vnd = int(frame["cost_vnd"].sum())
    drops_vnd = int(one.loc[one["kind"] == "drop", "cost_vnd"].sum())
    floor_vnd = pair.bound / 2 if both else pair.bound  # a common trench counts once here
    return Route(
        segments=frame,
        alternatives=one.iloc[:0].assign(rank=2),
        length_m=float(frame.loc[(frame["pair"] == 1) | ~frame["common"], "length_m"].sum()),
        cost_vnd=cost_vnd,
        layers=layers,
        provenance=_provenance(layers, prices=way.prices, diverse=True),
        common=_common_table(_common_rows(way, pair, risks, one), network.graph.crs),
        lengths_m=tuple(float(part["length_m"].sum()) for part in (one, two)),
        bound_vnd=cost_vnd if pair.optimal else min(cost_vnd, int(floor_vnd) + drops_vnd),
        optimal=pair.optimal,
    )


def _common_rows(
    way: "_Way", pair: DisjointPair, risks: tuple[Risk, ...], first: "gpd.GeoDataFrame"
) -> list[dict[str, Any]]:
    """Return what both routes use: trenches, bridges, ways side by side, junctions, drops."""
    import shapely

    network = way.network
    rows: list[dict[str, Any]] = []
    for row in first[first["common"]].to_dict("records"):
        kind = "drop" if row["kind"] == "drop" else "trench"
        place = shapely.line_interpolate_point(row["geometry"], 0.5, normalized=True)
        kept = {key: row[key] for key in ("name", "length_m", "cost_vnd")}
        rows.append({"kind": kind, **kept, "geometry": place})
    for risk in (risks[g] for g in pair.shared_groups):
        streets = _street_names(network, risk.members.tolist())
        name = risk.name or None if risk.kind != "beside" else " / ".join(streets) or None
        rows.append({"kind": risk.kind, "name": name, "length_m": None, "cost_vnd": None,
                     "geometry": shapely.Point(risk.place)})  # fmt: skip
    within = {
        int(v) for e in pair.shared_edges for v in (network.links[e].start, network.links[e].end)
    }
    around: dict[int, list[int]] = {v: [] for v in pair.shared_nodes if v not in within}
    for k, link in enumerate(network.links):
        for v in {link.start, link.end} & around.keys():
            around[v].append(k)
    for v, meeting in around.items():
        name = " / ".join(_street_names(network, meeting)) or None
        rows.append({"kind": "junction", "name": name, "length_m": None, "cost_vnd": None,
                     "geometry": shapely.Point(network.nodes[v])})  # fmt: skip
    return rows


def _street_names(network: "_Network", links: list[int]) -> list[str]:
    """Return the names of the streets of some stretches, each once, at most three."""
    names = network.graph.table["name"].to_numpy()[[network.links[k].street for k in links]]
    return sorted({name for name in names if isinstance(name, str)})[:3]


def _common_table(rows: list[dict[str, Any]], crs: str) -> "gpd.GeoDataFrame":
    """Return what both routes share as a table of points."""
    import geopandas as gpd
    import pandas as pd

    frame = pd.DataFrame(rows, columns=list(SHARED_COLUMNS))
    types = {"kind": "object", "name": "object", "length_m": "float64", "cost_vnd": "float64"}
    frame = frame.astype(types)
    frame.index = pd.Index([f"C{k:02d}" for k in range(1, len(frame) + 1)], name="common_id")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=crs)


def _network(
    graph: StreetGraph, layers: Layers, points: Floats, prices: "PriceBook"
) -> tuple[_Network, tuple[int, int]]:
    """Return the streets cut at ducts and at the points' feet, priced, and the feet's nodes."""
    import shapely

    lines = [shapely.LineString(line) for line in graph.lines]
    tree = shapely.STRtree(lines)
    ranges = _duct_ranges(layers.table("ducts"), lines, tree)
    feet: dict[int, list[float]] = {}
    snapped = []
    for point in points:
        number = int(tree.nearest(shapely.Point(point)))
        at = float(shapely.line_locate_point(lines[number], shapely.Point(point)))
        snapped.append((number, at))
        feet.setdefault(number, []).append(at)
    links: list[_Link] = []
    extra: list[Floats] = []
    place: dict[tuple[int, float], int] = {}
    count = len(graph.nodes)
    for number, (u, v) in enumerate(graph.edges.tolist()):
        own = ranges.get(number, [])
        wanted = sorted([*feet.get(number, []), *(x for a, b, _ in own for x in (a, b))])
        marks, inner = [(0.0, u)], []
        for at in wanted:
            if marks[-1][0] + SAME_PLACE_M < at < lines[number].length - SAME_PLACE_M:
                marks.append((at, count))
                inner.append(at)
                count += 1
        marks.append((float(lines[number].length), v))
        pieces = cut(graph.lines[number], np.asarray(inner)) if inner else [graph.lines[number]]
        extra += [piece[-1:] for piece in pieces[:-1]]
        for at in feet.get(number, []):
            place[number, at] = min(marks, key=lambda mark, at=at: abs(mark[0] - at))[1]  # type: ignore[misc]
        for k, piece in enumerate(pieces):
            middle = (marks[k][0] + marks[k + 1][0]) / 2
            shared = ";".join(sorted({duct for a, b, duct in own if a < middle < b}))
            links.append(_Link(marks[k][1], marks[k + 1][1], number, piece, shared))
    nodes = np.vstack([graph.nodes, *extra])
    length_m = geodesic_lengths_m([shapely.LineString(link.line) for link in links], graph.crs)
    item, metre_vnd = _items(graph, links, prices)
    network = _Network(graph, nodes, links, item, length_m, length_m * metre_vnd)
    return network, (place[snapped[0]], place[snapped[1]])


def _duct_ranges(
    ducts: "gpd.GeoDataFrame", lines: list["shapely.LineString"], tree: "shapely.STRtree"
) -> dict[int, list[tuple[float, float, str]]]:
    """Return for each street from where to where a duct with a free bore runs along it."""
    import pandas as pd
    import shapely

    ranges: dict[int, list[tuple[float, float, str]]] = {}
    if not len(ducts):
        return ranges
    free = pd.to_numeric(ducts["free_bores"]).fillna(0) > 0
    for duct_id, geometry in ducts[free].sort_index().geometry.items():
        for number in sorted(
            tree.query(geometry, predicate="dwithin", distance=DUCT_ASIDE_M).tolist()
        ):
            around = shapely.buffer(lines[number], DUCT_ASIDE_M, cap_style="flat")
            inside = geometry.intersection(around)
            xy = shapely.get_coordinates(inside)
            if len(xy) < 2:
                continue
            along, _ = project(shapely.get_coordinates(lines[number]), xy)
            low, high = float(along.min()), float(along.max())
            if high - low >= max(LEAST_DUCT_M, 0.7 * inside.length):
                ranges.setdefault(number, []).append((low, high, str(duct_id)))
    return ranges


def _items(
    graph: StreetGraph, links: list[_Link], prices: "PriceBook"
) -> tuple[npt.NDArray[np.object_], Floats]:
    """Return the item of each stretch and what a metre of it costs with its ducts."""
    table = graph.table
    footway = (table[["footway_left_m", "footway_right_m"]].fillna(0).max(axis=1) > 0).to_numpy()
    under = table["footway_surface"].fillna("paving").astype(str).to_numpy()
    over = table["surface"].fillna("asphalt").astype(str).to_numpy()
    road = (table["layer"] == "roads").to_numpy()
    by_street = np.where(
        road,
        "trench_verge_soil",
        np.where(footway, "trench_footway_" + under.astype(object),
                 "trench_carriageway_" + over.astype(object)),
    )  # fmt: skip
    street = np.asarray([link.street for link in links], dtype=np.int64)
    reused = np.asarray([bool(link.shared) for link in links])
    item = np.where(reused, "duct_reuse", by_street[street]).astype(object)
    ducts_vnd = prices.rules.least_bores * prices.price_vnd("duct_d110")
    cost = {code: prices.price_vnd(code) + ducts_vnd for code in set(item.tolist())}
    cost["duct_reuse"] = prices.price_vnd("duct_reuse")
    return item, np.asarray([cost[code] for code in item.tolist()], dtype=np.float64)


def _cheapest(network: _Network, tips: tuple[int, int], cost: Floats) -> list[int]:
    """Return the stretches of the cheapest path, in order."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    ends = np.asarray([(link.start, link.end) for link in network.links], dtype=np.int64)
    low, high = ends.min(axis=1), ends.max(axis=1)
    order = np.lexsort((np.arange(len(low)), cost, high, low))
    first = np.ones(len(low), dtype=np.bool_)
    first[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    chosen = order[first]
    chosen = chosen[low[chosen] != high[chosen]]
    count = len(network.nodes)
    graph = csr_array((np.maximum(cost[chosen], 1e-6), (low[chosen], high[chosen])), (count, count))
    reached, before = dijkstra(graph, directed=False, indices=tips[0], return_predecessors=True)
    if not np.isfinite(reached[tips[1]]):
        raise NoRouteError(_what_bars(network, tips, ends))
    number = {(int(low[k]), int(high[k])): int(k) for k in chosen}
    path, at = [], tips[1]
    while at != tips[0]:
        previous = int(before[at])
        path.append(number[min(at, previous), max(at, previous)])
        at = previous
    return path[::-1]


def _what_bars(network: _Network, tips: tuple[int, int], ends: Ints) -> str:
    """Return in words between which parts of the streets there is no way, and the least gap."""
    from scipy.spatial import cKDTree

    label = joined_parts(ends, len(network.nodes))
    words = []
    for tip in tips:
        mine = label[ends[:, 0]] == label[tip]
        streets = network.graph.table["name"].to_numpy()[
            np.unique([network.links[k].street for k in np.flatnonzero(mine)])
        ]
        named = sorted({str(name) for name in streets if isinstance(name, str)})[:3]
        total_km = network.length_m[mine].sum() / 1000
        names = ", ".join(named) or Note("bars.without_names")
        words.append(Note("bars.part", length=f"{total_km:.1f}", names=names))
    here, there = (network.nodes[label == label[tip]] for tip in tips)
    gap_m, _ = cKDTree(there).query(here)
    x, y = here[int(np.argmin(gap_m))]
    place = {"gap": f"{gap_m.min():.0f}", "place": f"{x:.0f},{y:.0f}"}
    return Note("bars.no_road", one=words[0], other=words[1], **place)


def _alternative(network: _Network, tips: tuple[int, int], path: list[int]) -> list[int]:
    """Return the next cheapest path that differs enough, empty where there is none."""
    used = np.zeros(len(network.links), dtype=np.bool_)
    used[path] = True
    for penalty in PENALTIES:
        other = _cheapest(network, tips, np.where(used, penalty, 1.0) * network.cost_vnd)
        length_m = network.length_m[other]
        if length_m[~used[other]].sum() >= OTHER_SHARE * max(length_m.sum(), 1e-9):
            return other
    return []


def _segments(
    way: _Way, path: list[int], *, common: frozenset[int] = frozenset(), pair: int = 0
) -> "gpd.GeoDataFrame":
    """Return a path as segments from start to end, one for each street and way of laying."""
    import geopandas as gpd
    import pandas as pd

    network, tips, points = way.network, way.tips, way.points
    shared = {"pair": max(pair, 1), "common": pair > 0}
    rows = [row | shared for row in _drop(network, points[0], tips[0], way.prices)]
    at = tips[0]
    group: list[int] = []
    lines: list[Floats] = []
    for k in path:
        link = network.links[k]
        turned = link.start != at
        at = link.start if turned else link.end
        if group and not (_alike(network, group[-1], k) and (group[-1] in common) == (k in common)):
            rows.append(_row(network, group, lines) | shared | {"common": group[-1] in common})
            group, lines = [], []
        group.append(k)
        lines.append(link.line[::-1] if turned else link.line)
    if group:
        rows.append(_row(network, group, lines) | shared | {"common": group[-1] in common})
    rows += [row | shared for row in _drop(network, points[1], tips[1], way.prices, outward=True)]
    if not way.forward:
        rows = [row | {"geometry": row["geometry"].reverse()} for row in rows[::-1]]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame = frame.astype({"cost_vnd": "int64", "pair": "int64", "common": "bool"})
    frame.index = _segment_ids(len(frame))
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=network.graph.crs)


def _segment_ids(count: int) -> "pd.Index":
    """Return the ids of so many segments."""
    import pandas as pd

    return pd.Index([f"T{k:03d}" for k in range(1, count + 1)], name="segment_id")


def _alike(network: _Network, one: int, two: int) -> bool:
    """Return whether two stretches belong to one segment."""
    a, b = network.links[one], network.links[two]
    names = network.graph.table["name"]
    same = a.street == b.street or (
        isinstance(names.iloc[a.street], str) and names.iloc[a.street] == names.iloc[b.street]
    )
    return bool(same and a.shared == b.shared and network.item[one] == network.item[two])


def _row(network: _Network, group: list[int], lines: list[Floats]) -> dict[str, Any]:
    """Return a segment of stretches that follow one another."""
    import shapely

    street = network.graph.table.iloc[network.links[group[0]].street]
    item = str(network.item[group[0]])
    placement = "verge" if street["layer"] == "roads" else item.split("_")[1]
    if item == "duct_reuse":
        placement = "duct"
    ids = {
        i
        for k in group
        for i in network.graph.table["ids"].iloc[network.links[k].street].split(";")
    }
    surface = item.rsplit("_", 1)[1] if item != "duct_reuse" else (street["surface"] or "asphalt")
    return {
        "name": street["name"],
        "street_ids": ";".join(sorted(ids)),
        "layer": street["layer"],
        "kind": "duct" if item == "duct_reuse" else "trench",
        "placement": placement,
        "surface": surface,
        "method": "existing_duct" if item == "duct_reuse" else "open_trench",
        "item": item,
        "length_m": float(network.length_m[group].sum()),
        "cost_vnd": round(float(network.cost_vnd[group].sum())),
        "shared": network.links[group[0]].shared or None,
        "geometry": shapely.LineString(np.vstack([lines[0], *(line[1:] for line in lines[1:])])),
    }


def _drop(
    network: _Network, point: Floats, node: int, prices: "PriceBook", *, outward: bool = False
) -> list[dict[str, Any]]:
    """Return the straight stretch between a point and its street, none where it lies on it."""
    import shapely

    ends = np.vstack([point, network.nodes[node]])
    line = shapely.LineString(ends[::-1] if outward else ends)
    if line.length < SAME_PLACE_M:
        return []
    length_m = float(geodesic_lengths_m([line], network.graph.crs)[0])
    metre = prices.price_vnd("trench_verge_soil")
    metre += prices.rules.least_bores * prices.price_vnd("duct_d110")
    return [
        {
            "name": None, "street_ids": None, "layer": None, "kind": "drop", "placement": "verge",
            "surface": "soil", "method": "open_trench", "item": "trench_verge_soil",
            "length_m": length_m, "cost_vnd": round(length_m * metre), "shared": None,
            "geometry": line,
        }
    ]  # fmt: skip


def _provenance(layers: Layers, prices: "PriceBook", *, diverse: bool = False) -> Provenance:
    """Return where the route comes from."""
    from infraplan import __version__

    read = READ_DIVERSE if diverse else READ
    apart = "kept apart: trenches, crossings of waterways and railways within 40 m, junctions"
    return Provenance(
        step="route",
        version=__version__,
        settings={"prices": prices.name, **({"diverse": True} if diverse else {})},
        synthetic=tuple(name for name in layers.synthetic() if name in read),
        notes=(
            "costs: construction before tax, without contingency and consulting",
            *((apart,) if diverse else ()),
        ),
    )
