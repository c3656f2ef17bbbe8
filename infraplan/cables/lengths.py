"""How much cable there is, on how much route, and how far the next cable is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.cables.graph import StreetGraph
from infraplan.cables.graph import street_graph
from infraplan.cables.measure import geodesic_steps_m
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["fibre_distance_m", "fibre_lengths", "fibre_road_distance_m"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PIECE_M = 25.0  # lines are compared by pieces of at most that length
PARALLEL_COSINE = 0.8  # pieces that differ by less than 37 degrees run side by side
TOTAL = "total"
INSTALLATIONS = ("aerial", "buried", "duct")
UNDERGROUND = ("buried", "duct")
SETTINGS = ("urban", "rural", "outside")
URBAN = ("phường", "thị trấn", "đặc khu")
ON_STREET_M = 50.0  # a cable that near a junction is reached there
CELLS = 40_000_000  # of the search grid at most


def fibre_lengths(layers: Layers, *, tolerance_m: float = 10.0) -> "pd.DataFrame":
    """
    Return the length of cable and the length of route, by operator and in all.

    Parameters
    ----------
    layers
        Layers of the plan, with `fibre`.
    tolerance_m
        Lines of about the same direction within this distance share one route, > 0 [m].

    Returns
    -------
    lengths
        Indexed by `operator`, last `total`; `cable_km` sums all cables, `route_km` counts parallel
        ones once (of each operator for itself; the total over all operators), `aerial_km`,
        `buried_km`, `duct_km`, `unknown_km` divide the cable by installation, `urban_km` (in
        phường, thị trấn and đặc khu) and `rural_km` by the commune it lies in, `outside_km` being
        in none. `underground_share` is buried and in ducts of all whose installation is known,
        `urban_underground_share` and `rural_underground_share` the same of each; NaN where none is.

    Raises
    ------
    PlanError
        If the plan has no cables.
    SettingsError
        If the tolerance is not positive.

    Notes
    -----
    Lengths are geodesic. Each piece of a line counts 1/k of its length towards the route, k being
    how many lines run side by side there; three cables in one trench of 1 km give 3 km of cable and
    1 km of route.
    """
    import pandas as pd
    import shapely

    if not tolerance_m > 0:
        msg = f"tolerance_m must be positive; found {tolerance_m}"
        raise SettingsError(msg)
    layers.need("fibre", step="fibre lengths")
    fibre = layers.table("fibre")
    parts, owner = shapely.get_parts(fibre.geometry.to_numpy(), return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    geodesic_m = geodesic_steps_m(xy, layers.crs)
    planar_m = np.hypot(*np.diff(xy, axis=0).T)
    inside = (part[1:] == part[:-1]) & (planar_m > 0)
    cable = owner[part[:-1][inside]]
    names, group = np.unique(fibre["operator"].astype(str).to_numpy(), return_inverse=True)
    kinds = fibre["installation"].to_numpy(dtype=object)
    step_m, starts, ends = geodesic_m[inside], xy[:-1][inside], xy[1:][inside]
    pieces = _Pieces.of(starts, ends)
    of_step = pieces.of_step
    every, own = _side_by_side(pieces, group[cable], tolerance_m)
    count = np.bincount(of_step, minlength=len(step_m))
    piece_m = (step_m / count)[of_step]
    operator = group[cable]
    table = {"cable_km": np.bincount(operator, step_m, len(names))}
    table["route_km"] = np.bincount(operator[of_step], piece_m / own, len(names))
    for kind in INSTALLATIONS:
        here = (kinds == kind)[cable]
        table[f"{kind}_km"] = np.bincount(operator[here], step_m[here], len(names))
    known = np.isin(kinds.astype(str), INSTALLATIONS)[cable]
    table["unknown_km"] = np.bincount(operator[~known], step_m[~known], len(names))
    setting = _settings_of(pieces.middle, layers)
    laid = kinds[cable[of_step]].astype(str)
    for place, name in enumerate(SETTINGS):
        here = setting == place
        table[f"{name}_km"] = np.bincount(operator[of_step[here]], piece_m[here], len(names))
        for state, wanted in (("under", UNDERGROUND), ("known", INSTALLATIONS)):
            of_kind = here & np.isin(laid, wanted)
            table[f"{name}_{state}"] = np.bincount(
                operator[of_step[of_kind]], piece_m[of_kind], len(names)
            )
    frame = pd.DataFrame(table, index=pd.Index(names, name="operator")) / 1000
    total = frame.sum()
    total["route_km"] = float((piece_m / every).sum()) / 1000
    frame.loc[TOTAL] = total
    return _with_shares(frame)


def _with_shares(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return lengths with the shares of cable underground instead of what they are made of."""
    known = frame[["aerial_km", "buried_km", "duct_km"]].sum(axis=1)
    under = frame["buried_km"] + frame["duct_km"]
    frame["underground_share"] = under.where(known > 0) / known.where(known > 0)
    for name in SETTINGS[:2]:
        of = frame[f"{name}_known"]
        frame[f"{name}_underground_share"] = frame[f"{name}_under"] / of.where(of > 0)
    return frame.drop(columns=[f"{n}_{part}" for n in SETTINGS for part in ("under", "known")])


def _settings_of(points: Floats, layers: Layers) -> Ints:
    """Return where each point lies: 0 an urban commune, 1 a rural one, 2 none."""
    import shapely

    found = np.full(len(points), 2, dtype=np.int64)
    communes = layers.table("communes")
    if not len(communes):
        return found
    is_urban = communes["type"].isin(URBAN).to_numpy()
    for place, own in ((1, communes[~is_urban]), (0, communes[is_urban])):
        ground = own.geometry.union_all()
        shapely.prepare(ground)
        found[shapely.intersects_xy(ground, points[:, 0], points[:, 1])] = place
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """Pieces of steps: their step, `middle`, direction `along` and half length [m]."""

    of_step: Ints
    middle: Floats
    along: Floats
    half_m: Floats

    @classmethod
    def of(cls, starts: Floats, ends: Floats) -> "_Pieces":
        """Return steps in pieces of at most `PIECE_M`."""
        run = ends - starts
        length_m = np.hypot(run[:, 0], run[:, 1])
        count = np.maximum(np.ceil(length_m / PIECE_M).astype(np.int64), 1)
        of_step = np.repeat(np.arange(len(count)), count)
        first = np.repeat(np.cumsum(count) - count, count)
        share = (np.arange(len(of_step)) - first + 0.5) / count[of_step]
        middle = starts[of_step] + share[:, None] * run[of_step]
        along = (run / length_m[:, None])[of_step]
        return cls(of_step, middle, along, (length_m / count / 2)[of_step])


def _side_by_side(pieces: _Pieces, group: Ints, tolerance_m: float) -> tuple[Floats, Floats]:
    """Return for pieces of steps how many lines run beside, in all and of the own group."""
    from infraplan.cables._kernels import strands_beside

    middle, along = pieces.middle, pieces.along
    # neighbours lie within a piece's length and the tolerance; the grid of cells stays bounded
    extent = np.ptp(middle, axis=0) + 1.0
    cell_m = max(PIECE_M + tolerance_m, float(np.sqrt(extent[0] * extent[1] / CELLS)))
    corner = middle.min(axis=0)
    place = ((middle - corner) / cell_m).astype(np.int64)
    columns, rows = (place.max(axis=0) + 1).tolist()
    cell = place[:, 1] * columns + place[:, 0]
    cells = np.argsort(cell, kind="stable")
    cell_start = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=columns * rows))])
    every, own = strands_beside(
        np.ascontiguousarray(middle[:, 0]), np.ascontiguousarray(middle[:, 1]),
        np.ascontiguousarray(along[:, 0]), np.ascontiguousarray(along[:, 1]),
        pieces.half_m, group[pieces.of_step].astype(np.int64), cell_start.astype(np.int64), cells,
        columns, rows, np.ascontiguousarray(place[:, 0]), np.ascontiguousarray(place[:, 1]),
        tolerance_m, PARALLEL_COSINE,
    )  # fmt: skip
    return every, own


def fibre_distance_m(layers: Layers, points: "gpd.GeoDataFrame") -> "pd.Series":
    """
    Return how far each point is from the nearest cable, straight.

    Parameters
    ----------
    layers
        Layers of the plan.
    points
        Points in the planning CRS.

    Returns
    -------
    fibre_m
        Distance on the index of `points`; NaN where the plan has no cables [m].
    """
    import pandas as pd
    import shapely

    fibre = layers.table("fibre")
    distance = np.full(len(points), np.nan)
    if len(fibre) and len(points):
        shapes = points.geometry.to_numpy()
        (which, _), found = shapely.STRtree(fibre.geometry.to_numpy()).query_nearest(
            shapes, return_distance=True, all_matches=False
        )
        distance[which] = found
    return pd.Series(distance, index=points.index, name="fibre_m")


def fibre_road_distance_m(
    layers: Layers, points: "gpd.GeoDataFrame", *, graph: StreetGraph | None = None
) -> "pd.Series":
    """
    Return how far each point is from the nearest cable along streets and roads.

    Parameters
    ----------
    layers
        Layers of the plan.
    points
        Points in the planning CRS.
    graph
        Street graph of the plan where it is at hand.

    Returns
    -------
    fibre_road_m
        Straight from the point to its nearest street and from the street to the cable, along
        streets between; never less than the straight distance; NaN where no street leads to a
        cable [m].
    """
    import pandas as pd
    import shapely

    straight = fibre_distance_m(layers, points)
    distance = np.full(len(points), np.inf)
    if layers.has("fibre") and (graph is not None or layers.has("streets") or layers.has("roads")):
        network = graph if graph is not None else street_graph(layers)
        reached = _from_cables(layers, network)
        lines = np.asarray([shapely.LineString(line) for line in network.lines])
        shapes = points.geometry.to_numpy()
        number = shapely.STRtree(lines).nearest(shapes)
        at = shapely.line_locate_point(lines[number], shapes)
        length_m = shapely.length(lines[number])
        drop_m = shapely.distance(lines[number], shapes)
        ends = network.edges[number]
        along = np.minimum(reached[ends[:, 0]] + at, reached[ends[:, 1]] + length_m - at)
        distance = np.asarray(drop_m + along)
    distance = np.where(np.isfinite(distance), np.fmax(distance, straight.to_numpy()), np.nan)
    return pd.Series(distance, index=points.index, name="fibre_road_m")


def _from_cables(layers: Layers, graph: StreetGraph) -> Floats:
    """Return the distance along streets from each junction to the nearest cable."""
    import shapely
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    count = len(graph.nodes)
    tree = shapely.STRtree(layers.table("fibre").geometry.to_numpy())
    (node, _), gap_m = tree.query_nearest(
        shapely.points(graph.nodes), max_distance=ON_STREET_M, return_distance=True,
        all_matches=False,
    )  # fmt: skip
    # one more node stands for all cables; parallel streets must not be summed
    one = np.concatenate([graph.edges[:, 0], node])
    two = np.concatenate([graph.edges[:, 1], np.full(len(node), count)])
    cost = np.concatenate([graph.table["length_m"].to_numpy(dtype=np.float64), gap_m])
    low, high, cost = np.minimum(one, two), np.maximum(one, two), np.maximum(cost, 1e-6)
    order = np.lexsort((cost, high, low))
    first = np.ones(len(low), dtype=np.bool_)
    first[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    keep = order[first]
    links = coo_array((cost[keep], (low[keep], high[keep])), shape=(count + 1, count + 1)).tocsr()
    return np.asarray(dijkstra(links, directed=False, indices=count)[:count], dtype=np.float64)
