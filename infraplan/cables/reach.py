"""The way from places to the nearest cable by streets and roads, looked for around each place."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.cables.graph import StreetGraph
from infraplan.cables.graph import noded
from infraplan.cables.graph import rows_of
from infraplan.cables.lengths import fibre_distance_m
from infraplan.layers.bundle import Layers

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

__all__ = ["fibre_reach"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WAYS = ("streets", "roads")
FIRST_M = 1_500.0  # around a place at first, then twice as far until no shorter way can lie outside
MOST_M = 24_000.0
STEP_M = 25.0  # a cable is reached from the nearest of so many places on a way
ON_STREET_M = 50.0  # a cable that near a way is reached from it, as by `fibre_road_distance_m`


@dataclass(frozen=True, slots=True, eq=False)
class _Ways:
    """
    Ways around a point, divided into equal steps at places.

    `places` are the numbers of those along each way, from its start to its end; `cable_m` says how
    far along the ways each place is from a cable.
    """

    lines: "npt.NDArray[np.object_]"
    step_m: Floats
    places: tuple[Ints, ...]
    cable_m: Floats


def fibre_reach(layers: Layers, points: "gpd.GeoDataFrame") -> "pd.DataFrame":
    """
    Return how far each point is from the nearest cable, straight and along streets and roads.

    Parameters
    ----------
    layers
        Layers of the plan.
    points
        Points in the planning CRS; missing ones are allowed.

    Returns
    -------
    reach
        On the index of `points`: `fibre_m`, straight, NaN where the plan has no cables, and
        `fibre_road_m`, by the way, NaN where no way is known that joins both [m]. Off the ways it
        goes straight: from the point to the nearest way, and at most 50 m from a way to a cable.

    Notes
    -----
    Only the ways around each point are made a graph. The circle grows until it holds the way found,
    for then no shorter one can lie outside, or until its radius is 24 km or, if that is more, half
    as much again as the straight distance.
    """
    import pandas as pd

    is_there = (points.geometry.notna() & ~points.geometry.is_empty).to_numpy()
    reach = pd.DataFrame(
        {"fibre_m": np.nan, "fibre_road_m": np.nan}, index=points.index, dtype="float64"
    )
    asked = points[is_there]
    reach.loc[is_there, "fibre_m"] = fibre_distance_m(layers, asked).to_numpy()
    if not layers.has("fibre") or not any(layers.has(name) for name in WAYS):
        return reach
    known: dict[bytes, _Ways | None] = {}
    straight = reach.loc[is_there, "fibre_m"].to_numpy()
    reach.loc[is_there, "fibre_road_m"] = [
        _by_way(layers, point, float(straight_m), known)
        for point, straight_m in zip(asked.geometry, straight, strict=True)
    ]
    return reach


def _by_way(
    layers: Layers, point: "shapely.Point", straight_m: float, known: dict[bytes, _Ways | None]
) -> float:
    """Return the length of the shortest way from a point to a cable, NaN where there is none."""
    radius_m = max(FIRST_M, 1.5 * straight_m)
    most_m = max(MOST_M, radius_m)
    while True:
        found = _within(layers, point, radius_m, straight_m, known)
        if found <= radius_m or radius_m >= most_m:
            return found if np.isfinite(found) else np.nan
        radius_m = min(2.0 * radius_m, most_m)


def _within(
    layers: Layers,
    point: "shapely.Point",
    radius_m: float,
    straight_m: float,
    known: dict[bytes, _Ways | None],
) -> float:
    """Return the shortest way to a cable by the ways within a radius, infinite without any."""
    import shapely

    rows = {name: _near(layers.table(name), point, radius_m) for name in (*WAYS, "fibre")}
    key = b"|".join(row.tobytes() for row in rows.values())
    if key not in known:
        known[key] = _ways(layers, rows)
    ways = known[key]
    if ways is None:
        return float("inf")
    away_m = shapely.distance(ways.lines, point)
    # not only the nearest way: it may be a piece by itself beside the one that leads on
    nearest_m = float(away_m.min())
    found = [straight_m if straight_m <= nearest_m else np.inf]
    for number in np.flatnonzero(away_m <= nearest_m + ON_STREET_M).tolist():
        at_m = float(shapely.line_locate_point(ways.lines[number], point))
        places, step_m = ways.places[number], float(ways.step_m[number])
        before = min(int(at_m / step_m), len(places) - 2)
        left_m = at_m - before * step_m
        back_m, on_m = ways.cable_m[places[before : before + 2]]
        found.append(float(away_m[number] + min(back_m + left_m, on_m + step_m - left_m)))
    return max(min(found), straight_m)


def _near(table: "gpd.GeoDataFrame", point: "shapely.Point", radius_m: float) -> Ints:
    """Return the places of the rows of a layer within a radius, in order."""
    if not len(table):
        return np.zeros(0, dtype=np.int64)
    found = table.sindex.query(point, predicate="dwithin", distance=radius_m)
    return np.sort(found).astype(np.int64)


def _ways(layers: Layers, rows: dict[str, Ints]) -> _Ways | None:
    """Return places along some ways with their distance from some cables, None without ways."""
    cables = layers.table("fibre").iloc[rows["fibre"]].geometry.to_numpy()
    streets, roads = (layers.table(name).iloc[rows[name]] for name in WAYS)
    if not len(cables) or not len(streets) + len(roads):
        return None
    # what a way looks like does not matter here, and would only divide it
    graph = noded(
        rows_of(streets, "streets")[["geometry"]].pipe(rows_of, "streets"),
        rows_of(roads, "roads")[["geometry"]].pipe(rows_of, "roads"),
        crs=layers.crs,
    )
    return _from_cables(graph, cables) if len(graph.edges) else None


def _from_cables(graph: StreetGraph, cables: "npt.NDArray[np.object_]") -> _Ways:
    """Return the ways of a graph with how far places every few metres are from a cable."""
    import shapely
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    lines = np.asarray([shapely.LineString(line) for line in graph.lines], dtype=object)
    length_m = shapely.length(lines)
    steps = np.maximum(np.ceil(length_m / STEP_M).astype(np.int64), 1)
    count, places, inner = len(graph.nodes), [], [graph.nodes]
    for line, (u, v), number in zip(lines, graph.edges.tolist(), steps.tolist(), strict=True):
        share = np.arange(1, number) / number
        dots = shapely.line_interpolate_point(line, share, normalized=True)
        inner.append(shapely.get_coordinates(dots).reshape(-1, 2))
        places.append(np.array([u, *range(count, count + number - 1), v], dtype=np.int64))
        count += number - 1
    step_m = length_m / steps
    (node, _), gap_m = shapely.STRtree(cables).query_nearest(
        shapely.points(np.vstack(inner)), max_distance=ON_STREET_M, return_distance=True,
        all_matches=False,
    )  # fmt: skip
    one = np.concatenate([*(along[:-1] for along in places), node])
    two = np.concatenate([*(along[1:] for along in places), np.full(len(node), count)])
    cost = np.maximum(np.concatenate([np.repeat(step_m, steps), gap_m]), 1e-6)
    low, high = np.minimum(one, two), np.maximum(one, two)
    order = np.lexsort((cost, high, low))  # parallel ways must not be summed
    kept = np.ones(len(low), dtype=np.bool_)
    kept[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    keep = order[kept]
    links = coo_array((cost[keep], (low[keep], high[keep])), shape=(count + 1, count + 1)).tocsr()
    cable_m = np.asarray(dijkstra(links, directed=False, indices=count)[:count], dtype=np.float64)
    return _Ways(lines, step_m, tuple(places), cable_m)
