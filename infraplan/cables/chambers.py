"""
Where chambers stand: at ends, branchings, both ends of a crossing, bends, risers, a spacing apart.

The rule is such that trenches of a given length and number of crossings need a least number of
chambers: between two chambers lies a crossing or at most a spacing of trench, and a tree has one
chamber more than stretches between them.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.cables.trench import TrenchGraph

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.cables.prices import PriceBook

__all__ = ["placed_chambers"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EXISTING_M = 5.0  # an existing chamber that near is used
AHEAD_M = 3.0  # over which a bend is measured


def placed_chambers(
    trench: TrenchGraph,
    chosen: Ints,
    risers: Ints,
    existing: "gpd.GeoDataFrame",
    *,
    prices: "PriceBook",
    crs: str,
) -> "gpd.GeoDataFrame":
    """
    Return the chambers of a tree of trenches, by a fixed rule.

    Parameters
    ----------
    trench
        Graph that the tree is in.
    chosen
        Its edges.
    risers
        Nodes at which cable goes from air to ground.
    existing
        Layer `chambers`; one within 5 m is used and costs nothing.
    prices
        Price book.
    crs
        Planning CRS.

    Returns
    -------
    chambers
        GeoDataFrame indexed by `chamber_id`: `kind` manhole or handhole, `reason`, `existing`,
        `cost_vnd`.
    """
    import geopandas as gpd
    import pandas as pd
    import shapely

    rules = prices.rules
    dug = chosen[(trench.table["kind"].to_numpy()[chosen] != "duct")]
    around: dict[int, list[int]] = {}
    for edge in dug.tolist():
        for node in trench.edges[edge].tolist():
            around.setdefault(node, []).append(edge)
    wanted = {int(node) for node in risers}
    places: list[tuple[float, float, str, str]] = []
    stops = set()
    for node, edges in sorted(around.items()):
        reason = _reason(trench, node, edges, wanted, rules.bend_deg)
        if reason:
            stops.add(node)
            x, y = trench.nodes[node].tolist()
            places.append((x, y, "manhole" if reason == "junction" else "handhole", reason))
    for line in _stretches(trench, around, stops):
        length_m = float(np.hypot(*np.diff(line, axis=0).T).sum())
        count = int(np.ceil(length_m / rules.chamber_spacing_m - 1e-6)) - 1
        shape = shapely.LineString(line)
        for k in range(count):
            point = shape.interpolate(length_m * (k + 1) / (count + 1))
            places.append((point.x, point.y, "handhole", "spacing"))
    xy = np.asarray([place[:2] for place in places]).reshape(-1, 2)
    is_there = _beside(xy, existing)
    frame = pd.DataFrame(
        {
            "kind": [place[2] for place in places],
            "reason": [place[3] for place in places],
            "existing": is_there,
            "cost_vnd": [
                0 if there else prices.price_vnd(f"chamber_{place[2]}")
                for place, there in zip(places, is_there.tolist(), strict=True)
            ],
        },
        index=pd.Index([f"B{k:04d}" for k in range(1, len(places) + 1)], name="chamber_id"),
    ).astype({"kind": "str", "reason": "str", "existing": "bool", "cost_vnd": "int64"})
    return gpd.GeoDataFrame(frame, geometry=shapely.points(xy), crs=crs)


def _reason(
    trench: TrenchGraph, node: int, edges: list[int], wanted: set[int], bend_deg: float
) -> str:
    """Return why a chamber stands at a node, empty where none does."""
    kinds = trench.table["kind"].to_numpy()[edges]
    if len(edges) >= 3:
        streets = set(trench.table["street"].to_numpy()[edges].tolist())
        return "junction" if len(streets) > 1 else "branching"
    if (kinds == "crossing").any():
        return "crossing"
    if len(edges) == 1:
        return "end"
    if node in wanted:
        return "riser"
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


def _stretches(trench: TrenchGraph, around: dict[int, list[int]], stops: set[int]) -> list[Floats]:
    """Return the trenches between chambers as lines."""
    used: set[int] = set()
    out = []
    for node in sorted(stops):
        for first in around[node]:
            if first in used:
                continue
            edge, at, line = first, node, []
            while True:
                used.add(edge)
                forward = trench.edges[edge, 0] == at
                line.append(trench.lines[edge] if forward else trench.lines[edge][::-1])
                at = int(trench.edges[edge, 1] if forward else trench.edges[edge, 0])
                if at in stops:
                    break
                edge = next(e for e in around[at] if e != edge)
            out.append(np.vstack(line))
    return out


def _beside(xy: Floats, existing: "gpd.GeoDataFrame") -> npt.NDArray[np.bool_]:
    """Return which places have an existing chamber that no other place uses."""
    import shapely

    used = np.zeros(len(xy), dtype=np.bool_)
    if not len(existing) or not len(xy):
        return used
    tree = shapely.STRtree(shapely.points(xy))
    points = existing.sort_index().geometry.to_numpy()
    chamber, place = tree.query(points, predicate="dwithin", distance=EXISTING_M)
    distance = shapely.distance(points[chamber], shapely.points(xy[place]))
    taken: set[int] = set()
    for k in np.lexsort((place, chamber, distance)).tolist():
        if not used[place[k]] and int(chamber[k]) not in taken:
            used[place[k]] = True
            taken.add(int(chamber[k]))
    return used
