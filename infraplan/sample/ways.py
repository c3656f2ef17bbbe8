"""
The ways of the sample as one graph: roads, village lanes, streets of the city.

Roads are cheapest paths over the terrain, found one after another so that later ones share the
earlier ones' ground. Everything that is drawn along ways (cables, poles) uses this graph.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import Delaunay

from infraplan.progress import Progress
from infraplan.progress import silent
from infraplan.sample.city import City
from infraplan.sample.ground import Coarse
from infraplan.sample.ground import Ground
from infraplan.sample.near import nearest
from infraplan.sample.noise import Floats
from infraplan.sample.noise import Ints
from infraplan.sample.noise import NoiseField
from infraplan.sample.people import Hamlets
from infraplan.sample.size import Size

__all__ = ["CLASSES", "LANE", "STREET", "Ways", "chains", "gabriel_edges", "make_ways"]

CLASSES = ("national", "provincial", "district", "commune", "track", "street")
COMMUNE, LANE, STREET = 3, 4, 5
REUSE = 0.55  # cost of a cell edge that carries a road already
STEEP = 0.07  # slope at which a metre costs twice as much


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """
    Nodes and edges of all ways.

    `bend` is a point of each edge between its ends, so that ways are not straight; `kind` indexes
    `CLASSES`; `hamlet` is the row number of the hamlet in which a node lies, -1 outside.
    """

    xy: Floats
    edges: Ints
    kind: Ints
    bend: Floats
    length_m: Floats
    hamlet: Ints
    street: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def matrix(self, weight: Floats | None = None) -> Any:  # noqa: ANN401 - scipy's csr_array
        """
        Return the edges as a symmetric sparse matrix.

        Parameters
        ----------
        weight
            Weight of each edge; lengths where None.

        Returns
        -------
        matrix
            Matrix over the nodes.
        """
        return _matrix(len(self.xy), self.edges, self.length_m if weight is None else weight)

    def edge_number(self) -> Any:  # noqa: ANN401 - scipy's csr_array
        """
        Return the numbers of the edges by their ends.

        Returns
        -------
        matrix
            Symmetric matrix over the nodes, of edge numbers plus one.
        """
        return _matrix(len(self.xy), self.edges, np.arange(1, len(self.edges) + 1, dtype=float))

    def line(self, nodes: npt.ArrayLike, edges: npt.ArrayLike) -> Floats:
        """
        Return the coordinates of a path.

        Parameters
        ----------
        nodes
            Nodes of the path.
        edges
            Edges between them, one fewer.

        Returns
        -------
        xy
            Nodes and bends in turn, one row a point.
        """
        path, between = np.asarray(nodes, dtype=np.int64), np.asarray(edges, dtype=np.int64)
        out = np.empty((2 * len(path) - 1, 2))
        out[::2] = self.xy[path]
        out[1::2] = self.bend[between]
        return out


def make_ways(
    ground: Ground,
    coarse: Coarse,
    hamlets: Hamlets,
    city: City,
    *,
    size: Size,
    rng: np.random.Generator,
    progress: Progress = silent,
) -> tuple[Ways, gpd.GeoDataFrame]:
    """
    Return all ways as a graph, and the layer `roads`.

    Parameters
    ----------
    ground
        Ground.
    coarse
        The same on the cells on which roads are routed.
    hamlets
        Hamlets, all of which get a road.
    city
        Streets, whose nodes join the graph.
    size
        Size of the sample.
    rng
        Source of chance.
    progress
        Told how far it is.

    Returns
    -------
    ways
        Connected graph.
    roads
        Layer `roads`: every edge that is not a street, drawn from junction to junction.
    """
    lanes = _lanes(ground, hamlets, city, size, rng)
    router = _Router(coarse)
    skeleton = _skeleton(coarse, hamlets, lanes, router, progress)
    ways = _joined(coarse, skeleton, lanes, city, hamlets, rng)
    return ways, _roads(ways, ground.crs)


def chains(
    ways: Ways, chosen: Ints, stops: npt.NDArray[np.bool_], group: npt.NDArray[np.generic]
) -> Iterator[tuple[Ints, Ints]]:
    """
    Yield chosen edges as paths that end at junctions, at a change of group and at given nodes.

    Parameters
    ----------
    ways
        Graph.
    chosen
        Numbers of the edges, each of which comes in exactly one path.
    stops
        True for nodes at which a path must end.
    group
        Value of each edge of the graph; a path keeps to one.

    Yields
    ------
    nodes
        Nodes of the path.
    edges
        Edges between them, one fewer.
    """
    ends = ways.edges[chosen]
    around: dict[int, list[tuple[int, int]]] = {}
    for edge, (a, b) in zip(chosen.tolist(), ends.tolist(), strict=True):
        around.setdefault(a, []).append((b, edge))
        around.setdefault(b, []).append((a, edge))
    ending = {
        node
        for node, links in around.items()
        if stops[node] or len(links) != 2 or group[links[0][1]] != group[links[1][1]]
    }
    used: set[int] = set()
    for first in [*sorted(ending), *sorted(around)]:
        for second, edge in around[first]:
            if edge not in used:
                yield _walk(around, ending, used, (first, second, edge))


def _walk(
    around: dict[int, list[tuple[int, int]]],
    ending: set[int],
    used: set[int],
    start: tuple[int, int, int],
) -> tuple[Ints, Ints]:
    """Return the path from a start along unused edges to the next end."""
    first, node, edge = start
    nodes, edges = [first, node], [edge]
    used.add(edge)
    while node not in ending and node != first:
        following = [link for link in around[node] if link[1] not in used]
        if not following:
            break
        node, edge = following[0]
        used.add(edge)
        nodes.append(node)
        edges.append(edge)
    return np.asarray(nodes, dtype=np.int64), np.asarray(edges, dtype=np.int64)


def gabriel_edges(points: Floats) -> Ints:
    """
    Return the edges of the Gabriel graph: pairs in whose circle no third point lies.

    Parameters
    ----------
    points
        Coordinates, one row a point.

    Returns
    -------
    edges
        Pairs of row numbers, the smaller first, sorted.
    """
    if len(points) < 4:
        pairs = [(i, j) for i in range(len(points)) for j in range(i + 1, len(points))]
        return np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    corner = Delaunay(points).simplices
    sides = np.vstack([corner[:, [0, 1]], corner[:, [1, 2]], corner[:, [0, 2]]])
    edges = np.unique(np.sort(sides.astype(np.int64)), axis=0)
    middle = points[edges].mean(axis=1)
    radius = np.hypot(*(points[edges[:, 0]] - points[edges[:, 1]]).T) / 2
    away, _ = nearest(points, middle)
    return np.asarray(edges[away >= radius * (1 - 1e-9)], dtype=np.int64)


def _matrix(count: int, edges: Ints, weight: Floats) -> Any:  # noqa: ANN401 - scipy's csr_array
    """Return a symmetric sparse matrix; edges are unique, so that nothing is summed."""
    both = np.vstack([edges, edges[:, ::-1]])
    return sparse.csr_array(
        (np.concatenate([weight, weight]), (both[:, 0], both[:, 1])), shape=(count, count)
    )


# --- lanes


@dataclass(frozen=True, slots=True, eq=False)
class _Lanes:
    """Lanes inside hamlets: nodes, the hamlet of each, edges, and one group per connected part."""

    xy: Floats
    hamlet: Ints
    edges: Ints
    group: Ints


def _lanes(
    ground: Ground, hamlets: Hamlets, city: City, size: Size, rng: np.random.Generator
) -> _Lanes:
    """Return a bent lattice of lanes on the inhabited ground, with some meshes left out."""
    west, south, east, north = hamlets.table.total_bounds
    step = size.lattice_m
    columns, rows = int((east - west) / step) + 3, int((north - south) / step) + 3
    number = np.arange(rows * columns).reshape(rows, columns)
    x = west + (np.arange(columns) - 1) * step + np.zeros((rows, 1))
    y = south + (np.arange(rows)[:, None] - 1) * step + np.zeros(columns)
    fields = [NoiseField.over(ground.bounds, 1800.0, rng) for _ in range(2)]
    x, y = x + 170 * fields[0].at(x, y), y + 170 * fields[1].at(x, y)
    x, y = (
        x + rng.uniform(-0.16, 0.16, x.shape) * step,
        y + rng.uniform(-0.16, 0.16, x.shape) * step,
    )
    points = np.column_stack([x.ravel(), y.ravel()])
    at, inside = _within(hamlets.table, points)
    free = ~shapely.intersects_xy(city.ground.buffer(30.0), points[at, 0], points[at, 1])
    at, inside = at[free], inside[free]
    lone = np.setdiff1d(np.arange(len(hamlets.table)), inside)
    middles = shapely.get_coordinates(hamlets.table.geometry.iloc[lone].representative_point())
    outside = ~shapely.intersects_xy(city.ground.buffer(30.0), middles[:, 0], middles[:, 1])
    lone, middles = lone[outside], middles[outside]  # in the city the streets serve
    new = np.full(rows * columns, -1, dtype=np.int64)
    new[at] = np.arange(len(at))
    pairs = np.vstack(
        [
            np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
            np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
        ]
    )
    pairs = new[pairs]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    xy = np.vstack([points[at], middles.reshape(-1, 2)])
    kept = _meshed(len(xy), pairs, size.lane_kept_share, rng)
    _, group = csgraph.connected_components(_matrix(len(xy), kept, np.ones(len(kept))))
    return _Lanes(xy, np.concatenate([inside, lone]), kept, group.astype(np.int64))


def _within(table: gpd.GeoDataFrame, points: Floats) -> tuple[Ints, Ints]:
    """Return which points lie in an area, sorted, and the row number of that area."""
    tree = shapely.STRtree(table.geometry.to_numpy())
    point, area = tree.query(shapely.points(points), predicate="intersects")
    order = np.lexsort((area, point))
    point, first = np.unique(point[order], return_index=True)
    return point.astype(np.int64), area[order][first].astype(np.int64)


def _meshed(count: int, pairs: Ints, kept_share: float, rng: np.random.Generator) -> Ints:
    """Return a spanning forest of some edges and a share of the others."""
    weight = rng.uniform(1.0, 2.0, len(pairs))
    forest = csgraph.minimum_spanning_tree(_matrix(count, pairs, weight)).tocoo()
    spanning = np.sort(np.column_stack([forest.row, forest.col]), axis=1)
    key = pairs.min(axis=1) * count + pairs.max(axis=1)
    in_forest = np.isin(key, spanning[:, 0].astype(np.int64) * count + spanning[:, 1])
    return np.asarray(pairs[in_forest | (rng.random(len(pairs)) < kept_share)], dtype=np.int64)


# --- roads between places


class _Router:
    """Cheapest paths over the coarse cells; an edge that a path has used becomes cheaper."""

    def __init__(self, coarse: Coarse) -> None:
        """Take the cells' cost from slope; unusable cells are left out, but for narrow water."""
        rows, columns = coarse.shape
        passable = coarse.commune_at.ravel() >= 0
        number = np.arange(rows * columns).reshape(rows, columns)
        pairs = np.vstack(
            [
                np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
                np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
                np.column_stack([number[:-1, :-1].ravel(), number[1:, 1:].ravel()]),
                np.column_stack([number[:-1, 1:].ravel(), number[1:, :-1].ravel()]),
            ]
        )
        pairs = pairs[passable[pairs].all(axis=1)]
        x, y = coarse.centres(np.arange(rows * columns))
        run = np.hypot(x[pairs[:, 0]] - x[pairs[:, 1]], y[pairs[:, 0]] - y[pairs[:, 1]])
        height = np.nan_to_num(coarse.elevation_m.ravel())
        slope = np.abs(height[pairs[:, 0]] - height[pairs[:, 1]]) / run
        factor = 1 + (slope / STEEP) ** 2
        factor *= np.where(coarse.usable.ravel()[pairs].all(axis=1), 1.0, 8.0)
        self.graph = _matrix(rows * columns, pairs, run * np.minimum(factor, 60.0))
        self.graph.sort_indices()
        _, label = csgraph.connected_components(self.graph)
        sizes = np.bincount(label[passable], minlength=label.max() + 1)
        self.main = passable & (label == sizes.argmax())
        self.used: dict[tuple[int, int], int] = {}

    def snapped(self, coarse: Coarse, xy: Floats) -> Ints:
        """Return the cell of the connected ground nearest to each point."""
        cells = np.flatnonzero(self.main)
        _, closest = nearest(np.column_stack(coarse.centres(cells)), xy)
        return np.asarray(cells[closest], dtype=np.int64)

    def lay(self, path: list[int], kind: int) -> None:
        """Put a road on the cells of a path; the better class stays where two meet."""
        graph = self.graph
        for a, b in pairwise(path):
            key = (a, b) if a < b else (b, a)
            if key not in self.used:
                for one, two in (key, key[::-1]):
                    low, high = graph.indptr[one], graph.indptr[one + 1]
                    graph.data[low + np.searchsorted(graph.indices[low:high], two)] *= REUSE
            self.used[key] = min(kind, self.used.get(key, kind))

    def paths(self, source: int, targets: list[int], limit: float = np.inf) -> list[list[int]]:
        """Return the cheapest paths from a cell to others, empty beyond the limit of cost."""
        cost, before = csgraph.dijkstra(
            self.graph, indices=np.asarray([source]), return_predecessors=True, limit=limit
        )
        return [_back(before[0], t) if np.isfinite(cost[0, t]) else [] for t in targets]

    def to_network(self, targets: list[int], kind: int) -> None:
        """Connect cells to the roads that are there, by the cheapest forest."""
        sources = np.unique(np.asarray(list(self.used), dtype=np.int64))
        _, before, _ = csgraph.dijkstra(
            self.graph, indices=sources, min_only=True, return_predecessors=True
        )
        for target in targets:
            self.lay(_back(before, target), kind)


def _back(before: npt.NDArray[np.integer[Any]], target: int) -> list[int]:
    """Return the path that ends at a target, by the predecessors."""
    path = [int(target)]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return path[::-1]


def _skeleton(
    coarse: Coarse, hamlets: Hamlets, lanes: _Lanes, router: _Router, progress: Progress
) -> dict[tuple[int, int], int]:
    """Return the roads between communes, to all hamlets and from hamlet to hamlet, by cell edge."""
    table = hamlets.table
    middle = shapely.get_coordinates(table.geometry.representative_point())
    seats, people = _seats(hamlets, middle)
    cells = router.snapped(coarse, middle[seats])
    links = gabriel_edges(middle[seats])
    for source in np.unique(links[:, 0]):
        targets = links[links[:, 0] == source, 1]
        for path in router.paths(int(cells[source]), [int(c) for c in cells[targets]]):
            router.lay(path, 2)
    _promote(router, cells, people)
    progress(0.4, "roads between communes")
    middles = _group_middles(lanes)
    router.to_network([int(c) for c in router.snapped(coarse, middles)], COMMUNE)
    progress(0.5, "roads to hamlets")
    near = middle[~hamlets.remote]
    near_cells = router.snapped(coarse, near)
    links = gabriel_edges(near)
    links = links[np.hypot(*(near[links[:, 0]] - near[links[:, 1]]).T) < 3500]
    for source in np.unique(links[:, 0]):
        targets = [int(c) for c in near_cells[links[links[:, 0] == source, 1]]]
        for path in router.paths(int(near_cells[source]), targets, limit=9000.0):
            router.lay(path, COMMUNE)
        progress(0.5 + 0.5 * source / len(near), "roads from hamlet to hamlet")
    return router.used


def _seats(hamlets: Hamlets, middle: Floats) -> tuple[Ints, Floats]:
    """Return the hamlet with the seat of each commune (the middle one), and its people."""
    table = hamlets.table
    seats, people = [], []
    rows = np.arange(len(table))
    for _, group in table.assign(row=rows).groupby("commune_code", sort=True):
        here = group["row"].to_numpy()
        here = here[~hamlets.remote[here]]
        heads = table["people"].to_numpy(dtype=np.float64)[here]
        centre = np.average(middle[here], axis=0, weights=heads)
        seats.append(int(here[np.argmin(np.hypot(*(middle[here] - centre).T))]))
        people.append(float(heads.sum()))
    return np.asarray(seats, dtype=np.int64), np.asarray(people)


def _group_middles(lanes: _Lanes) -> Floats:
    """Return for each connected part of the lanes its node nearest to the part's middle."""
    count = int(lanes.group.max()) + 1
    size = np.bincount(lanes.group, minlength=count)
    mean = np.column_stack(
        [np.bincount(lanes.group, weights=lanes.xy[:, k], minlength=count) / size for k in (0, 1)]
    )
    away = np.hypot(*(lanes.xy - mean[lanes.group]).T)
    order = np.lexsort((np.arange(len(away)), away, lanes.group))
    _, first = np.unique(lanes.group[order], return_index=True)
    return np.asarray(lanes.xy[order][first])


def _promote(router: _Router, cells: Ints, people: Floats) -> None:
    """Give the roads between communes their class by the traffic that people between them make."""
    keys = np.asarray(sorted(router.used), dtype=np.int64)
    nodes, inverse = np.unique(keys, return_inverse=True)
    pairs = inverse.reshape(-1, 2)
    graph = _matrix(len(nodes), pairs, np.ones(len(pairs)))
    ends = np.searchsorted(nodes, cells)
    hops, before = csgraph.dijkstra(graph, indices=ends, return_predecessors=True)
    flow: dict[tuple[int, int], float] = {}
    for source, target in ((i, j) for i in range(len(ends)) for j in range(i)):
        if not np.isfinite(hops[source, ends[target]]):
            continue
        path = _back(before[source], int(ends[target]))
        traffic = people[source] * people[target] / max(1.0, len(path)) ** 0.5
        for a, b in pairwise(path):
            key = (a, b) if a < b else (b, a)
            flow[key] = flow.get(key, 0.0) + traffic
    values = np.asarray(
        [flow.get((int(a), int(b)) if a < b else (int(b), int(a)), 0.0) for a, b in pairs]
    )
    limits = np.quantile(values, [0.82, 0.55])
    for (a, b), value in zip(keys.tolist(), values, strict=True):
        router.used[a, b] = 0 if value > limits[0] else 1 if value > limits[1] else 2


# --- one graph


def _joined(
    coarse: Coarse,
    skeleton: dict[tuple[int, int], int],
    lanes: _Lanes,
    city: City,
    hamlets: Hamlets,
    rng: np.random.Generator,
) -> Ways:
    """Return roads, lanes and streets as one connected graph."""
    keys = np.asarray(sorted(skeleton), dtype=np.int64)
    kind = np.asarray([skeleton[int(a), int(b)] for a, b in keys], dtype=np.int64)
    cells, inverse = np.unique(keys, return_inverse=True)
    roads = inverse.reshape(-1, 2)
    xy = np.column_stack(coarse.centres(cells))
    xy = xy + rng.uniform(-0.28, 0.28, xy.shape) * coarse.cell_m
    in_city = shapely.intersects_xy(city.ground.buffer(60.0), xy[:, 0], xy[:, 1])
    outside = ~in_city[roads]
    n_roads, n_lanes = len(xy), len(lanes.xy)
    points = np.vstack([xy, lanes.xy, city.corners])
    streets = city.edges + n_roads + n_lanes
    parts: list[tuple[Ints, Ints]] = [
        (roads[outside.all(axis=1)], kind[outside.all(axis=1)]),
        (lanes.edges + n_roads, np.full(len(lanes.edges), LANE, dtype=np.int64)),
        (streets, np.full(len(streets), STREET, dtype=np.int64)),
    ]
    cut = roads[outside.any(axis=1) & ~outside.all(axis=1)]
    rim = np.where(~in_city[cut[:, 0]], cut[:, 0], cut[:, 1]) if len(cut) else cut[:, 0]
    edge_kind = kind[outside.any(axis=1) & ~outside.all(axis=1)]
    perimeter = city.perimeter + n_roads + n_lanes
    if len(perimeter) and len(rim):
        _, corner = nearest(points[perimeter], points[rim])
        parts.append((np.column_stack([rim, perimeter[corner]]), edge_kind))
    road_nodes = np.flatnonzero(~in_city)
    parts.append(_lane_links(points, road_nodes, lanes, n_roads, coarse.cell_m))
    if len(perimeter):
        others = np.concatenate([road_nodes, np.arange(n_roads, n_roads + n_lanes)])
        away, other = nearest(points[others], points[perimeter])
        near = away < 260
        links = np.column_stack([perimeter[near], others[other[near]]])
        parts.append((links, np.full(len(links), COMMUNE, dtype=np.int64)))
    edges, kinds = _unique(parts)
    return _connected(points, (edges, kinds), n_roads + n_lanes, hamlets, rng)


def _lane_links(
    points: Floats, road_nodes: Ints, lanes: _Lanes, first_lane: int, cell_m: float
) -> tuple[Ints, Ints]:
    """Return links between roads and lanes: every part once, and wherever a road passes by."""
    away, road = nearest(points[road_nodes], lanes.xy)
    order = np.lexsort((np.arange(len(away)), away, lanes.group))
    _, first = np.unique(lanes.group[order], return_index=True)
    once = order[first]
    found = [np.column_stack([once + first_lane, road_nodes[road[once]]])]
    near, lane = nearest(lanes.xy, points[road_nodes])
    by = near < 0.42 * cell_m
    found.append(np.column_stack([lane[by] + first_lane, road_nodes[by]]))
    links = np.vstack(found).astype(np.int64)
    return links, np.full(len(links), LANE, dtype=np.int64)


def _unique(parts: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    """Return the edges of all parts once each, with their best class, streets before all."""
    edges = np.sort(np.vstack([edges for edges, _ in parts]), axis=1)
    kind = np.concatenate([kind for _, kind in parts])
    rank = np.where(kind == STREET, -1, kind)
    order = np.lexsort((rank, edges[:, 1], edges[:, 0]))
    edges, kind = edges[order], kind[order]
    _, first = np.unique(edges, axis=0, return_index=True)
    keep = edges[first, 0] != edges[first, 1]
    return edges[first][keep].astype(np.int64), kind[first][keep].astype(np.int64)


def _connected(
    points: Floats,
    joined: tuple[Ints, Ints],
    first_street: int,
    hamlets: Hamlets,
    rng: np.random.Generator,
) -> Ways:
    """Return the largest connected part as the graph, with its bends and its hamlets."""
    edges, kind = joined
    _, label = csgraph.connected_components(_matrix(len(points), edges, np.ones(len(edges))))
    main = label == np.bincount(label).argmax()
    kept = main[edges[:, 0]]
    new = np.cumsum(main) - 1
    edges, kind = new[edges[kept]], kind[kept]
    xy = points[main]
    a, b = xy[edges[:, 0]], xy[edges[:, 1]]
    across = np.column_stack([a[:, 1] - b[:, 1], b[:, 0] - a[:, 0]])
    sway = rng.normal(0, 0.05, len(edges)) * np.where(kind == STREET, 0.0, 1.0)
    bend = (a + b) / 2 + np.clip(sway, -0.12, 0.12)[:, None] * across
    length = np.hypot(*(bend - a).T) + np.hypot(*(b - bend).T)
    hamlet = np.full(len(xy), -1, dtype=np.int64)
    at, inside = _within(hamlets.table, xy)
    hamlet[at] = inside
    street = np.full(len(points), -1, dtype=np.int64)
    street[first_street:] = np.arange(len(points) - first_street)
    return Ways(np.round(xy, 2), edges, kind, np.round(bend, 2), length, hamlet, street[main])


def _roads(ways: Ways, crs: str) -> gpd.GeoDataFrame:
    """Return the layer of roads: chains of all edges but streets."""
    chosen = np.flatnonzero(ways.kind != STREET)
    stops = np.zeros(len(ways.xy), dtype=bool)
    stops[ways.edges[ways.kind == STREET].ravel()] = True
    lines, kinds = [], []
    for nodes, edges in chains(ways, chosen, stops, ways.kind):
        lines.append(shapely.LineString(ways.line(nodes, edges)))
        kinds.append(int(ways.kind[edges[0]]))
    label = ("QL", "ĐT", "ĐH", "", "")
    surface = ("asphalt", "asphalt", "asphalt", "concrete", "concrete")
    table = gpd.GeoDataFrame(
        {
            "road_id": [f"R{number:06d}" for number in range(1, len(lines) + 1)],
            "name": [label[kind] or None for kind in kinds],
            "class": [CLASSES[kind] for kind in kinds],
            "surface": [surface[kind] for kind in kinds],
        },
        geometry=lines,
        crs=crs,
    )
    return table.set_index("road_id")
