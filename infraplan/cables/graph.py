"""
Streets and roads as one graph.

Lines as people draw them miss each other by a metre, cross without a node, and are drawn twice.
Here a road gives way to a street within 15 m, near ends become one, ends that nearly touch a line
are joined to it, lines that cross are split, and pieces that only a drawing hand divided are joined
again: neither the number of pieces nor the direction of drawing changes anything that follows.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan.cables.joined import joined_parts
from infraplan.cables.measure import cut
from infraplan.layers.bundle import Layers

if TYPE_CHECKING:
    import geopandas as gpd
    import networkx as nx
    import pandas as pd
    import shapely

__all__ = ["ATTRIBUTES", "StreetGraph", "noded", "rows_of", "street_graph"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ROAD_GIVES_WAY_M = 15.0  # DESIGN section 6: a street wins within 15 m
SNAP_M = 2.0  # ends nearer than that are one, or lie on the line
SHORTEST_M = 0.05
ATTRIBUTES = ("layer", "name", "class", "width_m", "footway_left_m", "footway_right_m", "surface",
              "footway_surface")  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class StreetGraph:
    """
    Streets and roads from junction to junction.

    `nodes` are coordinates, one row a node; `edges` pairs of node numbers; `lines` the vertices of
    each edge from its first node to its second; `table` has a row an edge: `layer`, `ids` (of all
    rows it was made of, joined by `;`), the attributes of its street with sides as seen along
    `lines`, and `flipped` (drawn against `lines`).
    """

    nodes: Floats
    edges: Ints
    lines: tuple[Floats, ...]
    table: "pd.DataFrame"
    crs: str

    def networkx(self) -> "nx.MultiGraph":
        """
        Return the graph for networkx.

        Returns
        -------
        graph
            Nodes with `x`, `y`; edges keyed by their number with the columns of `table` and
            `length_m`.
        """
        import networkx as nx

        graph = nx.MultiGraph(crs=self.crs)
        for number, (x, y) in enumerate(self.nodes.tolist()):
            graph.add_node(number, x=x, y=y)
        rows = self.table.to_dict("records")
        for number, ((u, v), row) in enumerate(zip(self.edges.tolist(), rows, strict=True)):
            graph.add_edge(u, v, key=number, **{str(key): entry for key, entry in row.items()})
        return graph


def street_graph(layers: Layers) -> StreetGraph:
    """
    Return streets and roads of a plan as one graph.

    Parameters
    ----------
    layers
        Layers of the plan; `streets`, `roads` or both.

    Returns
    -------
    graph
        Graph whose nodes are junctions and ends, and places where the street's looks change.

    Raises
    ------
    PlanError
        If the plan has neither layer.
    """
    if not layers.has("roads"):
        layers.need("streets", step="a street graph")
    streets = rows_of(layers.table("streets"), "streets")
    return noded(streets, rows_of(layers.table("roads"), "roads"), crs=layers.crs)


def noded(streets: "gpd.GeoDataFrame", roads: "gpd.GeoDataFrame", *, crs: str) -> StreetGraph:
    """
    Return lines as one graph.

    Parameters
    ----------
    streets
        Lines with the columns `ATTRIBUTES`, indexed by id; extra columns split pieces as well.
    roads
        The same; where a street is near, it wins.
    crs
        Planning CRS.

    Returns
    -------
    graph
        Graph.
    """
    import pandas as pd

    pieces, owner = _single_lines(streets)
    if len(roads):
        more, road_owner = _beside_streets(*_single_lines(roads), pieces)
        pieces, owner = pieces + more, np.concatenate([owner, road_owner + len(streets)])
    rows = pd.concat([streets, roads]) if len(roads) else streets
    pieces = _snapped(pieces)
    pieces, owner = _split(pieces, owner)
    return _joined(pieces, owner, rows, crs)


def rows_of(table: "gpd.GeoDataFrame", layer: str) -> "gpd.GeoDataFrame":
    """
    Return a layer with all attributes of a street, those it lacks empty.

    Parameters
    ----------
    table
        Layer `streets` or `roads`.
    layer
        Its name.

    Returns
    -------
    rows
        Copy with the columns `ATTRIBUTES`.
    """
    import pandas as pd

    rows = table[[table.geometry.name]]
    if rows.geometry.name != "geometry":
        rows = rows.rename_geometry("geometry")
    rows = rows.copy()
    for name in ATTRIBUTES[1:]:
        blank = np.nan if name.endswith("_m") else None
        rows[name] = table.get(name, blank)
        if name.endswith("_m"):
            rows[name] = pd.to_numeric(rows[name]).astype("float64")
        else:
            rows[name] = rows[name].astype(object).where(rows[name].notna(), None)
    rows["layer"] = layer
    return rows


def _single_lines(table: "gpd.GeoDataFrame") -> tuple[list[Floats], Ints]:
    """Return the vertices of all single lines and the row number of each, repetitions left out."""
    import shapely

    parts, owner = shapely.get_parts(table.geometry.to_numpy(), return_index=True)
    lines, kept = [], []
    for part, row in zip(parts, owner.tolist(), strict=True):
        xy = np.round(shapely.get_coordinates(part), 3)
        xy = xy[np.concatenate([[True], np.any(np.diff(xy, axis=0) != 0, axis=1)])]
        if len(xy) > 1:
            lines.append(xy)
            kept.append(row)
    return lines, np.asarray(kept, dtype=np.int64)


def _beside_streets(
    roads: list[Floats], owner: Ints, streets: list[Floats]
) -> tuple[list[Floats], Ints]:
    """Return the roads without what lies within 15 m of a street, their cut ends led to it."""
    import shapely

    if not streets:
        return roads, owner
    near = [shapely.LineString(street) for street in streets]
    tree = shapely.STRtree(near)
    lines = [shapely.LineString(road) for road in roads]
    touching, street = tree.query(lines, predicate="dwithin", distance=ROAD_GIVES_WAY_M)
    beside: dict[int, list[int]] = {}
    for road, other in zip(touching.tolist(), street.tolist(), strict=True):
        beside.setdefault(road, []).append(other)
    out, rows = [], []
    for number, line in enumerate(lines):
        if number not in beside:
            out.append(roads[number])
            rows.append(int(owner[number]))
            continue
        around = shapely.union_all([near[k] for k in sorted(beside[number])])
        left = shapely.get_parts(line.difference(around.buffer(ROAD_GIVES_WAY_M)))
        for part in left:
            if part.length > SNAP_M:
                out.append(_led_to(shapely.get_coordinates(part), around))
                rows.append(int(owner[number]))
    return out, np.asarray(rows, dtype=np.int64)


def _led_to(xy: Floats, streets: "shapely.Geometry") -> Floats:
    """Return a road whose ends at the 15 m of a street are led on to the street."""
    import shapely

    tips = []
    for point in (xy[0], xy[-1]):
        dot = shapely.Point(point)
        if streets.distance(dot) < ROAD_GIVES_WAY_M + 0.5:
            tips.append(shapely.get_coordinates(shapely.shortest_line(dot, streets))[1:])
        else:
            tips.append(np.empty((0, 2)))
    return np.round(np.vstack([tips[0], xy, tips[1]]), 3)


def _clusters(points: Floats, distance_m: float) -> Floats:
    """Return for each point the common place of all points within a distance of each other."""
    import shapely

    dots = shapely.points(points)
    pairs = shapely.STRtree(dots).query(dots, predicate="dwithin", distance=distance_m)
    label = joined_parts(pairs.T, len(points))
    order = np.lexsort((points[:, 1], points[:, 0], label))
    first = np.concatenate([[True], np.diff(label[order]) != 0])
    chosen = np.empty(label.max() + 1, dtype=np.int64)
    chosen[label[order[first]]] = order[first]
    return np.asarray(points[chosen[label]])


def _snapped(lines: list[Floats]) -> list[Floats]:
    """Return the lines with ends that nearly meet brought together."""
    if not lines:
        return lines
    tips = np.vstack([[line[0], line[-1]] for line in lines])
    moved = _clusters(tips, SNAP_M)
    out = []
    for number, line in enumerate(lines):
        new = line.copy()
        new[0], new[-1] = moved[2 * number], moved[2 * number + 1]
        out.append(new)
    return out


def _split(lines: list[Floats], owner: Ints) -> tuple[list[Floats], Ints]:
    """Split lines where they cross, touch or where an end of one lies on another."""
    import shapely

    shapes = [shapely.LineString(line) for line in lines]
    tree = shapely.STRtree(shapes)
    one, two = tree.query(shapes, predicate="dwithin", distance=SNAP_M)
    places: dict[int, list[tuple[float, float]]] = {}
    tips = np.asarray([[line[0], line[-1]] for line in lines]).reshape(-1, 2, 2)
    for a, b in zip(one.tolist(), two.tolist(), strict=True):
        if a == b:
            continue
        for x, y in tips[b].tolist():  # an end of b on a
            places.setdefault(a, []).append((x, y))
        if a < b and shapes[a].crosses(shapes[b]):
            for part in shapely.get_parts(shapes[a].intersection(shapes[b])):
                x, y = shapely.get_coordinates(part)[0].tolist()
                places.setdefault(a, []).append((x, y))
                places.setdefault(b, []).append((x, y))
    out, rows = [], []
    for number, line in enumerate(lines):
        for piece in _cut_at(line, shapes[number], np.asarray(places.get(number, []))):
            out.append(piece)
            rows.append(int(owner[number]))
    return out, np.asarray(rows, dtype=np.int64)


def _cut_at(line: Floats, shape: "shapely.LineString", points: Floats) -> list[Floats]:
    """Return the pieces of a line cut at the points that lie on it, which become their ends."""
    from infraplan.cables.measure import project

    if not len(points):
        return [line]
    along, aside = project(line, points)
    inside = (aside <= SNAP_M) & (along > SNAP_M) & (along < shape.length - SNAP_M)
    order = np.argsort(along[inside], kind="stable")
    along, points = along[inside][order], points[inside][order]
    keep = np.concatenate([[True], np.diff(along) > SNAP_M])[: len(along)]
    along, points = along[keep], points[keep]
    pieces = cut(line, along)
    for k, point in enumerate(points):
        pieces[k][-1], pieces[k + 1][0] = point, point
    return pieces


def _joined(lines: list[Floats], owner: Ints, rows: "gpd.GeoDataFrame", crs: str) -> StreetGraph:
    """Return the graph of the pieces, joined again where only the drawing divided them."""
    tips = np.vstack([[line[0], line[-1]] for line in lines])
    moved = _clusters(tips, SNAP_M)
    nodes, place = np.unique(moved, axis=0, return_inverse=True)
    ends = place.reshape(-1, 2)
    keep = [
        k
        for k, line in enumerate(lines)
        if ends[k, 0] != ends[k, 1] or np.hypot(*np.diff(line, axis=0).T).sum() > 3 * SNAP_M
    ]
    looks = _looks(rows)
    pieces = [
        _Piece(int(ends[k, 0]), int(ends[k, 1]), lines[k], int(owner[k]), looks[int(owner[k])])
        for k in keep
    ]
    for piece in pieces:
        piece.line = piece.line.copy()
        piece.line[0], piece.line[-1] = nodes[piece.start], nodes[piece.end]
    made = sorted((_canonical(chain) for chain in _chains(pieces)), key=_order)
    made = _without_doubles(made)
    used = np.unique([[p.start, p.end] for p in made]) if made else np.zeros(0, dtype=np.int64)
    edges = np.searchsorted(used, [[p.start, p.end] for p in made]).reshape(-1, 2)
    return StreetGraph(
        nodes=nodes[used],
        edges=edges.astype(np.int64),
        lines=tuple(p.line for p in made),
        table=_table(made, rows),
        crs=crs,
    )


@dataclass(slots=True, eq=False)
class _Piece:
    """A line between two nodes, with what its street looks like seen along it."""

    start: int
    end: int
    line: Floats
    owner: int
    look: tuple[Any, ...]
    members: tuple[int, ...] = ()
    flipped: bool = False

    def __post_init__(self) -> None:
        """Remember which row it came from."""
        self.members = self.members or (self.owner,)

    def turned(self) -> "_Piece":
        """Return the piece seen from its other end, left and right exchanged."""
        return _Piece(self.end, self.start, self.line[::-1], self.owner, _turned(self.look),
                      self.members[::-1], not self.flipped)  # fmt: skip


LEFT, RIGHT = ATTRIBUTES.index("footway_left_m"), ATTRIBUTES.index("footway_right_m")


def _looks(rows: "gpd.GeoDataFrame") -> list[tuple[Any, ...]]:
    """Return what each row looks like: equal tuples may be joined."""
    extra = [c for c in rows.columns if c not in (*ATTRIBUTES, "geometry")]
    table = rows[[*ATTRIBUTES, *extra]].astype(object)
    table = table.where(table.notna(), None)
    return [tuple(row) for row in table.itertuples(index=False, name=None)]


def _turned(look: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what a street looks like seen the other way."""
    new = list(look)
    new[LEFT], new[RIGHT] = look[RIGHT], look[LEFT]
    return tuple(new)


def _chains(pieces: list[_Piece]) -> list[_Piece]:
    """Join pieces that meet two by two and look the same."""
    around: dict[int, list[int]] = {}
    for number, piece in enumerate(pieces):
        around.setdefault(piece.start, []).append(number)
        around.setdefault(piece.end, []).append(number)
    used: set[int] = set()

    def grown(piece: _Piece) -> _Piece:
        """Return a piece with all that continues it at its end."""
        while len(around[piece.end]) == 2 and piece.end != piece.start:
            a, b = around[piece.end]
            number = b if a in used else a
            if number in used:
                break
            following = pieces[number]
            if following.start != piece.end:
                following = following.turned()
            if following.look != piece.look:
                break
            used.add(number)
            line = np.vstack([piece.line, following.line[1:]])
            piece = _Piece(piece.start, following.end, line, piece.owner, piece.look,
                           piece.members + following.members, piece.flipped)  # fmt: skip
        return piece

    out = []
    for number, piece in enumerate(pieces):
        if number not in used:
            used.add(number)
            out.append(grown(grown(piece).turned()).turned())
    return out


def _canonical(piece: _Piece) -> _Piece:
    """Return a piece in the direction that does not depend on how it was drawn."""
    line = _straightened(piece.line)
    piece = _Piece(
        piece.start, piece.end, line, piece.owner, piece.look, piece.members, piece.flipped
    )
    forward, backward = piece.line.ravel().tolist(), piece.line[::-1].ravel().tolist()
    return piece if forward <= backward else piece.turned()


def _straightened(line: Floats) -> Floats:
    """Return a line without vertices that lie on the straight between their neighbours."""
    import shapely

    plain = shapely.simplify(shapely.LineString(line), 0.02)
    return np.asarray(shapely.get_coordinates(plain), dtype=np.float64)


def _order(piece: _Piece) -> tuple[Any, ...]:
    """Return by what pieces are sorted: their ground, never their ids."""
    return (
        *piece.line[0].tolist(),
        *piece.line[-1].tolist(),
        len(piece.line),
        piece.start,
        piece.end,
    )


def _without_doubles(pieces: list[_Piece]) -> list[_Piece]:
    """Return the pieces without those that lie on another one between the same nodes."""
    import shapely

    kept: dict[tuple[int, int], list[_Piece]] = {}
    for piece in pieces:
        key = (min(piece.start, piece.end), max(piece.start, piece.end))
        shape = shapely.LineString(piece.line)
        others = kept.setdefault(key, [])
        if not any(
            shapely.hausdorff_distance(shape, shapely.LineString(p.line)) < SNAP_M for p in others
        ):
            others.append(piece)
    return sorted((piece for group in kept.values() for piece in group), key=_order)


def _table(pieces: list[_Piece], rows: "gpd.GeoDataFrame") -> "pd.DataFrame":
    """Return the attributes of the edges."""
    import pandas as pd

    extra = [str(c) for c in rows.columns if c not in (*ATTRIBUTES, "geometry")]
    table = pd.DataFrame([piece.look for piece in pieces], columns=[*ATTRIBUTES, *extra])
    for name in ATTRIBUTES:
        if name.endswith("_m"):
            table[name] = table[name].astype("float64")
    ids = rows.index.astype(str)
    table["ids"] = [";".join(sorted({ids[m] for m in piece.members})) for piece in pieces]
    table["flipped"] = [piece.flipped for piece in pieces]
    table["length_m"] = [float(np.hypot(*np.diff(p.line, axis=0).T).sum()) for p in pieces]
    return table
