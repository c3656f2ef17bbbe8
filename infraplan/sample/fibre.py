"""
Optical cables along the ways: backbone between hubs, trees from stations, lanes of hamlets.

Cables of several operators in one street or road share its pole line: their vertices are the same
or lie a few metres aside, as drawings of different owners do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csgraph

from infraplan.progress import Progress
from infraplan.progress import silent
from infraplan.sample.near import nearest
from infraplan.sample.noise import Floats
from infraplan.sample.noise import Ints
from infraplan.sample.size import OPERATORS
from infraplan.sample.size import Size
from infraplan.sample.ways import LANE
from infraplan.sample.ways import STREET
from infraplan.sample.ways import Ways
from infraplan.sample.ways import chains

__all__ = ["aerial_streets", "make_fibre"]

# How much a metre counts when a cable's way is chosen, by class of way: main roads draw cables.
PULL = np.asarray([0.60, 0.68, 0.78, 1.0, 1.35, 0.85])
TRUNK_TASTE = (0.7, 1.4)
OWN_TASTE = (0.5, 2.5)  # how differently two operators weigh a lane: they do not all take the same
TAKEN = 2.2  # how much longer a lane seems that another operator's villages are cabled by
DIAMETER_MM = {8: 8.0, 12: 9.5, 24: 11.5, 48: 14.0, 96: 17.0}
ASIDE_M = (0.0, 0.0, 1.2, -1.2)  # how far an operator's drawing lies off the pole line


@dataclass(frozen=True, slots=True, eq=False)
class _Cable:
    """One cable before its id; `street`: 0 outside streets, 1 in one, 2 in one with a duct."""

    operator: int
    level: str
    lines: tuple[Floats, ...]
    kind: int
    street: int
    from_id: str | None = None
    to_id: str | None = None

    @property
    def length_m(self) -> float:
        """Return its length in the plane [m]."""
        return sum(float(np.hypot(*np.diff(line, axis=0).T).sum()) for line in self.lines)

    @property
    def shape(self) -> shapely.LineString | shapely.MultiLineString:
        """Return its geometry."""
        first, *others = self.lines
        return shapely.MultiLineString(list(self.lines)) if others else shapely.LineString(first)


@dataclass(frozen=True, slots=True, eq=False)
class _Network:
    """What one operator's cables are laid by: its stations' nodes and its hubs among them."""

    operator: int
    ids: list[str]
    xy: Floats
    node: Ints
    hubs: Ints


def make_fibre(
    ways: Ways,
    sites: gpd.GeoDataFrame,
    ducted: npt.NDArray[np.bool_],
    *,
    size: Size,
    rng: np.random.Generator,
    progress: Progress = silent,
) -> gpd.GeoDataFrame:
    """
    Return the cables of all operators; their length together is that of the size within 0.1 %.

    Parameters
    ----------
    ways
        Graph along which cables run.
    sites
        Stations; each is reached by its operator's fibre.
    ducted
        True for the edges of the graph under which there is a duct.
    size
        Size of the sample.
    rng
        Source of chance.
    progress
        Told how far it is.

    Returns
    -------
    fibre
        Layer `fibre`.
    """
    networks = [_network(ways, sites, number, size) for number in range(len(OPERATORS))]
    street = np.where(ways.kind == STREET, np.where(ducted, 2, 1), 0).astype(np.int64)
    cables: list[_Cable] = []
    grown: list[npt.NDArray[np.bool_]] = []
    for network in networks:
        if not len(network.ids):
            grown.append(np.zeros(len(ways.edges), dtype=bool))
            continue
        own, trunk = _trunk(ways, network, street, rng)
        cables += own
        grown.append(trunk)
        progress(0.1 + 0.15 * network.operator, f"fibre of {OPERATORS[network.operator].name}")
    cables = _within_length(cables, size.cable_km * 1000)
    cables += _access(ways, (networks, grown), street, size.cable_km * 1000 - _total(cables), rng)
    progress(0.9, "installation of cables")
    return _table(cables, size, rng, str(sites.crs))


def aerial_streets(ways: Ways, fibre: gpd.GeoDataFrame, sections: Ints) -> Ints:
    """
    Return the street sections along which an aerial cable runs.

    Parameters
    ----------
    ways
        Graph.
    fibre
        Layer `fibre`.
    sections
        Numbers of the graph's edges that are the street sections, in their order, -1 where none.

    Returns
    -------
    numbers
        Row numbers of the sections.
    """
    lines = fibre.geometry.to_numpy()[(fibre["installation"] == "aerial").to_numpy()]
    known = np.flatnonzero(sections >= 0)
    middle = shapely.points(ways.bend[sections[known]])
    near = shapely.STRtree(lines).query(middle, predicate="dwithin", distance=4.0)[0]
    return np.asarray(known[np.unique(near)], dtype=np.int64)


def _total(cables: Sequence[_Cable]) -> float:
    """Return the length of cables together [m]."""
    return sum(cable.length_m for cable in cables)


def _within_length(cables: list[_Cable], most_m: float) -> list[_Cable]:
    """Return cables without the longest rings of the backbone where all are too long together."""
    rings = sorted((c for c in cables if c.level == "backbone"), key=lambda cable: cable.length_m)
    over, dropped = _total(cables) - 0.97 * most_m, set()
    while over > 0 and rings:
        dropped.add(id(rings[-1]))
        over -= rings.pop().length_m
    return [cable for cable in cables if id(cable) not in dropped]


def _network(ways: Ways, sites: gpd.GeoDataFrame, operator: int, size: Size) -> _Network:
    """Return an operator's stations on the graph and those of them that are hubs."""
    own = sites[sites["operator"] == OPERATORS[operator].name]
    xy = np.column_stack([own.geometry.x, own.geometry.y]).reshape(-1, 2)
    if not len(own):
        empty = np.zeros(0, dtype=np.int64)
        return _Network(operator, [], xy, empty, empty)
    _, node = nearest(ways.xy, xy)
    wanted = max(2, round(size.hub_count * (1.0, 0.9, 0.7, 0.4)[operator]))
    hubs = _spread_out(own, xy, min(wanted, len(own)))
    return _Network(operator, [str(i) for i in own.index], xy, node, hubs)


def _spread_out(own: gpd.GeoDataFrame, xy: Floats, count: int) -> Ints:
    """Return the stations that serve as hubs: where many stand, and far from each other."""
    size = own["commune_code"].map(own["commune_code"].value_counts()).to_numpy(dtype=np.float64)
    first = int(np.argmax(size))
    chosen = [first]
    away = np.hypot(*(xy - xy[first]).T)
    while len(chosen) < count:
        following = int(np.argmax(away * np.sqrt(size)))
        if away[following] <= 0:
            break
        chosen.append(following)
        away = np.minimum(away, np.hypot(*(xy - xy[following]).T))
    return np.asarray(chosen, dtype=np.int64)


def _trunk(
    ways: Ways, network: _Network, street: Ints, rng: np.random.Generator
) -> tuple[list[_Cable], npt.NDArray[np.bool_]]:
    """Return backbone and distribution cables of an operator, and the edges that they use."""
    weight = ways.length_m * PULL[ways.kind] * rng.uniform(*TRUNK_TASTE, len(ways.edges))
    graph, number = ways.matrix(weight), ways.edge_number()
    hubs = network.node[network.hubs]
    cost, before = csgraph.dijkstra(graph, indices=hubs, return_predecessors=True)
    between = cost[:, hubs]
    tree = csgraph.minimum_spanning_tree(between).tocoo()
    pairs = {
        (min(a, b), max(a, b)) for a, b in zip(tree.row.tolist(), tree.col.tolist(), strict=True)
    }
    for hub in range(len(hubs)):  # the second nearest closes rings
        near = np.argsort(between[hub], kind="stable")[1:3]
        pairs |= {(min(hub, int(other)), max(hub, int(other))) for other in near}
    cables, used = [], np.zeros(len(ways.edges), dtype=bool)
    for a, b in sorted(pairs):
        nodes, edges = _path(before[a], int(hubs[b]), number)
        if len(edges):
            used[edges] = True
            ends = (network.ids[network.hubs[a]], network.ids[network.hubs[b]])
            cables.append(_drawn(ways, nodes, edges, (network.operator, "backbone", 0), rng, ends))
    _, towards, _ = csgraph.dijkstra(graph, indices=hubs, min_only=True, return_predecessors=True)
    branch = _forest(towards, network.node, number, len(ways.edges))
    stops = np.zeros(len(ways.xy), dtype=bool)
    stops[network.node] = True
    at = {int(node): name for node, name in zip(network.node[::-1], network.ids[::-1], strict=True)}
    for nodes, edges in chains(ways, np.flatnonzero(branch), stops, street):
        ends = (at.get(int(nodes[0])), at.get(int(nodes[-1])))
        cables.append(
            _drawn(
                ways,
                nodes,
                edges,
                (network.operator, "distribution", int(street[edges[0]])),
                rng,
                ends,
            )
        )
    cables += _drops(ways, network)
    return cables, used | branch


def _path(
    before: npt.NDArray[np.signedinteger[Any]],
    target: int,
    number: Any,  # noqa: ANN401 - scipy's csr_array
) -> tuple[Ints, Ints]:
    """Return nodes and edges of the path to a target, by the predecessors."""
    nodes = [target]
    while before[nodes[-1]] >= 0:
        nodes.append(int(before[nodes[-1]]))
    path = np.asarray(nodes[::-1], dtype=np.int64)
    return path, _edges_between(path[:-1], path[1:], number)


def _edges_between(
    one: Ints,
    two: Ints,
    number: Any,  # noqa: ANN401 - scipy's csr_array
) -> Ints:
    """Return the numbers of the edges between pairs of neighbouring nodes."""
    if not len(one):
        return np.zeros(0, dtype=np.int64)
    found = number[one, two]
    return np.asarray(np.asarray(found).ravel(), dtype=np.int64) - 1


def _forest(
    before: npt.NDArray[np.signedinteger[Any]],
    targets: Ints,
    number: Any,  # noqa: ANN401 - scipy's csr_array
    edge_count: int,
) -> npt.NDArray[np.bool_]:
    """Return the edges on the paths from targets back to their sources."""
    seen: set[int] = set()
    ones, twos = [], []
    for target in targets.tolist():
        node = target
        while node not in seen and before[node] >= 0:
            seen.add(node)
            ones.append(node)
            twos.append(int(before[node]))
            node = twos[-1]
    used = np.zeros(edge_count, dtype=bool)
    used[
        _edges_between(np.asarray(ones, dtype=np.int64), np.asarray(twos, dtype=np.int64), number)
    ] = True
    return used


def _drops(ways: Ways, network: _Network) -> list[_Cable]:
    """Return the short cables from the way to each mast that stands beside it."""
    found = []
    for xy, node, name in zip(network.xy, network.node, network.ids, strict=True):
        line = np.vstack([ways.xy[node], xy])
        if np.hypot(*(line[1] - line[0])) > 0.5:
            found.append(_Cable(network.operator, "access", (line,), LANE, 0, to_id=name))
    return found


def _drawn(
    ways: Ways,
    nodes: Ints,
    edges: Ints,
    what: tuple[int, str, int],
    rng: np.random.Generator,
    ends: tuple[str | None, str | None] = (None, None),
) -> _Cable:
    """Return a cable along a path, on the pole line or a little aside of it."""
    operator, level, street = what
    line = ways.line(nodes, edges)
    aside = ASIDE_M[operator] if rng.random() < 0.7 else float(rng.choice([0.0, 0.8, -0.8, 2.0]))
    if aside:
        line = _aside(line, aside)
    kind = int(np.bincount(ways.kind[edges]).argmax())
    return _Cable(operator, level, (np.round(line, 2),), kind, street, *ends)


def _aside(line: Floats, offset_m: float) -> Floats:
    """Return a line whose vertices are moved to the side, along the mean of the normals there."""
    step = np.diff(line, axis=0)
    normal = np.column_stack([-step[:, 1], step[:, 0]])
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    at = np.vstack([normal[:1], normal[:-1] + normal[1:], normal[-1:]])
    at /= np.maximum(np.hypot(*at.T), 0.5)[:, None]
    return np.asarray(line + offset_m * at)


def _access(
    ways: Ways,
    trunks: tuple[list[_Network], list[npt.NDArray[np.bool_]]],
    street: Ints,
    left_m: float,
    rng: np.random.Generator,
) -> list[_Cable]:
    """Return cables along the lanes of hamlets until a length is reached, operator by operator."""
    networks, grown = trunks
    number = ways.edge_number()
    inside = np.flatnonzero(ways.hamlet >= 0)
    members: dict[int, list[int]] = {}
    for node in inside.tolist():
        members.setdefault(int(ways.hamlet[node]), []).append(node)
    forests = {}
    taken = np.zeros(len(ways.edges), dtype=bool)
    for network in networks:
        if len(network.ids) and OPERATORS[network.operator].access_share > 0:
            forest = _towards_trunk(ways, grown[network.operator], taken, rng)
            forests[network.operator] = forest
            taken |= _forest(forest, inside, number, len(ways.edges))
    wanted = [
        (float(rng.random()) / OPERATORS[operator].access_share, operator, hamlet)
        for operator in forests
        for hamlet in sorted(members)
    ]
    none = np.zeros(len(ways.xy), dtype=bool)
    cables: list[_Cable] = []
    for _, operator, hamlet in sorted(wanted):
        if left_m <= 0:
            break
        trunk = grown[operator]
        targets = np.asarray(members[hamlet], dtype=np.int64)
        fresh = _forest(forests[operator], targets, number, len(trunk)) & ~trunk
        here: list[_Cable] = []
        for nodes, edges in chains(ways, np.flatnonzero(fresh), none, street):
            cable = _drawn(ways, nodes, edges, (operator, "access", int(street[edges[0]])), rng)
            if left_m > 0 and cable.length_m <= left_m + 150:
                trunk[edges] = True
                here.append(cable)
                left_m -= cable.length_m
        cables += _bundled(here)
    return cables


def _bundled(here: list[_Cable]) -> list[_Cable]:
    """Return an operator's cables in one hamlet: those in streets singly, the others as one row."""
    lanes = [cable for cable in here if cable.street == 0]
    streets = [cable for cable in here if cable.street > 0]
    if not lanes:
        return streets
    lines = tuple(line for cable in lanes for line in cable.lines)
    return [*streets, replace(lanes[0], lines=lines)]


def _towards_trunk(
    ways: Ways,
    trunk: npt.NDArray[np.bool_],
    taken: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> npt.NDArray[np.signedinteger[Any]]:
    """Return for each node the next one on the way to the trunk, -9999 on the trunk itself."""
    sources = np.unique(ways.edges[trunk])
    weight = ways.length_m * rng.uniform(*OWN_TASTE, len(ways.edges))
    weight = weight * np.where(taken, TAKEN, 1.0)
    _, before, _ = csgraph.dijkstra(
        ways.matrix(weight), indices=sources, min_only=True, return_predecessors=True
    )
    return np.asarray(before)


def _table(
    cables: list[_Cable],
    size: Size,
    rng: np.random.Generator,
    crs: str,
) -> gpd.GeoDataFrame:
    """Return the layer `fibre`, with installation and cores that fit the level."""
    operator = np.asarray([cable.operator for cable in cables])
    level = np.asarray([cable.level for cable in cables], dtype=object)
    length = np.asarray([cable.length_m for cable in cables])
    installation = _installations(cables, length, size, rng)
    cores = np.where(
        level == "backbone",
        rng.choice([48, 96], len(cables), p=[0.6, 0.4]),
        np.where(
            level == "distribution",
            rng.choice([24, 48], len(cables), p=[0.7, 0.3]),
            rng.choice([8, 12, 24], len(cables), p=[0.3, 0.5, 0.2]),
        ),
    )
    running = np.zeros(len(cables), dtype=np.int64)
    for number in range(len(OPERATORS)):
        own = operator == number
        running[own] = np.arange(1, own.sum() + 1)
    codes = [OPERATORS[o].code for o in operator]
    table = gpd.GeoDataFrame(
        {
            "cable_id": [f"F-{c}-{n:05d}" for c, n in zip(codes, running, strict=True)],
            "operator": [OPERATORS[o].name for o in operator],
            "name": [f"{c} {n}" for c, n in zip(codes, running, strict=True)],
            "installation": installation,
            "cores": pd.array(cores, dtype="Int64"),
            "diameter_mm": [DIAMETER_MM[int(c)] for c in cores],
            "level": level,
            "from_id": [cable.from_id for cable in cables],
            "to_id": [cable.to_id for cable in cables],
            "year": pd.array(rng.integers(2009, 2026, len(cables)), dtype="Int64"),
        },
        geometry=[cable.shape for cable in cables],
        crs=crs,
    )
    return table.set_index("cable_id").sort_index()


def _installations(
    cables: list[_Cable],
    length: Floats,
    size: Size,
    rng: np.random.Generator,
) -> npt.NDArray[np.object_]:
    """Return how each cable is laid: in a duct, buried along a main road, or aerial."""
    installation = np.full(len(cables), "aerial", dtype=object)
    in_duct = np.asarray([cable.street == 2 for cable in cables])
    in_duct &= rng.random(len(cables)) < 0.4  # most cables still hang beside the duct
    installation[in_duct] = "duct"
    below = (1 - size.aerial_share) * length.sum() - length[in_duct].sum()
    main = np.asarray([cable.kind <= 2 and cable.level != "access" for cable in cables])
    order = np.argsort(rng.random(len(cables)) + np.where(main, 0.0, 0.8), kind="stable")
    for number in order[~in_duct[order]].tolist():
        if length[number] <= below:
            installation[number] = "buried"
            below -= length[number]
    return installation
