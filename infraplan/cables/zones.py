"""Where no chamber may stand: in junctions, before the entrances of offices, at bus stops."""

from itertools import combinations
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.graph import noded
from infraplan.cables.graph import rows_of
from infraplan.cables.measure import moved_aside
from infraplan.cables.trench import width_of
from infraplan.layers.bundle import Layers

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from infraplan.cables.technical import WorkRules

__all__ = ["chamber_zones"]

PUBLIC = ("office", "school", "clinic")
AROUND_M = 60.0
FRONT_M = 40.0  # an entrance farther from any street is not on it
STUB_M = 40.0  # of a street, from a junction
STRAIGHT = -0.97  # cosine of 166 degrees: arms that go straight through a junction


def chamber_zones(
    layers: Layers, near: "shapely.Geometry", *, rules: "WorkRules"
) -> "gpd.GeoDataFrame":
    """
    Return where no chamber may stand.

    Parameters
    ----------
    layers
        Layers of the plan: `streets`, `buildings`, `institutions`, and `bus_stops` where there is
        such a layer.
    near
        Trenches; what is farther than 60 m from them is left out.
    rules
        Technical rules; without `chamber_place` there is no such zone.

    Returns
    -------
    zones
        GeoDataFrame of areas: `kind` junction, entrance or bus_stop, `feature_id` where known.

    Notes
    -----
    A junction is where the carriageways of its streets lie over each other; before an entrance is
    the strip from the front of a school, clinic or office straight to its street.
    """
    import geopandas as gpd
    import pandas as pd

    rows: list[tuple[str, str | None, Any]] = []
    if rules.has("chamber_place") and rules.has("chamber_zone") and not near.is_empty:
        around = _Around(near)
        streets = layers.table("streets")
        streets = streets[around.has(streets.geometry.to_numpy())]
        rows += _junctions(streets, layers.crs, rules.value("chamber_zone", "junction_m"))
        rows += _entrances(layers, streets, around, rules.value("chamber_zone", "entrance_m"))
        stops = layers.tables.get("bus_stops")
        if stops is not None:
            reach_m = rules.value("chamber_zone", "bus_stop_m")
            there = stops.geometry.sort_index()
            rows += [
                ("bus_stop", str(name), point.buffer(reach_m))
                for name, point in there[around.has(there.to_numpy())].items()
            ]
    frame = pd.DataFrame(rows, columns=["kind", "feature_id", "geometry"])
    frame["feature_id"] = pd.Series([row[1] for row in rows], dtype="object")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=layers.crs)


class _Around:
    """What lies within 60 m of trenches."""

    def __init__(self, near: "shapely.Geometry") -> None:
        """Begin with the trenches."""
        import shapely

        self._tree = shapely.STRtree(shapely.get_parts(near))

    def has(self, shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
        """Return which shapes are near."""
        near = np.zeros(len(shapes), dtype=np.bool_)
        near[self._tree.query(shapes, predicate="dwithin", distance=AROUND_M)[0]] = True
        return near


def _junctions(
    streets: "gpd.GeoDataFrame", crs: str, beyond_m: float
) -> list[tuple[str, str | None, Any]]:
    """Return the ground that the carriageways of a junction share."""
    import shapely

    if not len(streets):
        return []
    rows = rows_of(streets, "streets")
    graph = noded(rows, rows.iloc[:0], crs=crs)
    arms: dict[int, list[_Arm]] = {}
    for street, (u, v) in enumerate(graph.edges.tolist()):
        line = graph.lines[street]
        left_m, right_m = _carriageway_m(graph.table.iloc[street])
        arms.setdefault(u, []).append(_Arm(_beginning(line), left_m, right_m))
        arms.setdefault(v, []).append(_Arm(_beginning(line[::-1]), right_m, left_m))
    out: list[tuple[str, str | None, Any]] = []
    for _, around in sorted(arms.items()):
        if len(around) >= 3:
            beyond = max(max(arm.left_m, arm.right_m) for arm in around)
            # streets that go straight on lie over each other behind the junction only
            pairs = [(a, b) for a, b in combinations(around, 2) if not _is_straight(a, b)]
            shared = [_ground(a, beyond).intersection(_ground(b, beyond)) for a, b in pairs]
            out.append(("junction", None, shapely.union_all(shared).buffer(max(beyond_m, 0.0))))
    return [entry for entry in out if not entry[2].is_empty]


class _Arm(NamedTuple):
    """A street from a junction on: its first metres, and how far its carriageway reaches."""

    xy: npt.NDArray[np.float64]
    left_m: float
    right_m: float


def _is_straight(one: _Arm, other: _Arm) -> bool:
    """Return whether two arms of a junction are one street that goes straight on."""
    runs = [arm.xy[1] - arm.xy[0] for arm in (one, other)]
    cosine = float(runs[0] @ runs[1]) / float(np.hypot(*runs[0]) * np.hypot(*runs[1]))
    return cosine < STRAIGHT


def _ground(arm: _Arm, beyond_m: float) -> "shapely.Geometry":
    """Return the carriageway of an arm, drawn on over the junction."""
    import shapely

    back = arm.xy[0] - arm.xy[1]
    start = arm.xy[0] + back * beyond_m / float(np.hypot(*back))
    middle = moved_aside(np.vstack([start, arm.xy]), (arm.left_m - arm.right_m) / 2)
    width_m = (arm.left_m + arm.right_m) / 2
    return shapely.LineString(middle).buffer(width_m, cap_style="flat")


def _carriageway_m(street: "pd.Series") -> tuple[float, float]:
    """Return how far the carriageway of a street reaches to the left and right of its middle."""
    half_m = width_of(street) / 2
    footways = [street["footway_left_m"], street["footway_right_m"]]
    left_m, right_m = (half_m - (x if np.isfinite(x) else 0.0) for x in footways)
    return max(float(left_m), 1.0), max(float(right_m), 1.0)


def _beginning(line: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the first metres of a line."""
    import shapely
    from shapely.ops import substring

    whole = shapely.LineString(line)
    first = shapely.get_coordinates(substring(whole, 0.0, min(STUB_M, whole.length)))
    return np.asarray(first, dtype=np.float64)


def _entrances(
    layers: Layers, streets: "gpd.GeoDataFrame", around: _Around, aside_m: float
) -> list[tuple[str, str | None, Any]]:
    """Return the strips from public buildings to their streets."""
    import shapely

    buildings, places = layers.table("buildings"), layers.table("institutions")
    public = buildings[buildings["use"].isin(PUBLIC)] if len(buildings) else buildings
    lines = streets.geometry.to_numpy()
    out: list[tuple[str, str | None, Any]] = []
    if not len(lines):
        return out
    tree = shapely.STRtree(lines)
    for table in (public, places):
        shapes = table.geometry.sort_index()
        for name, shape in shapes[around.has(shapes.to_numpy())].items():
            front = lines[int(tree.nearest(shape.centroid))]
            if shapely.distance(front, shape) > FRONT_M:
                continue
            foot = front.interpolate(front.project(shape.centroid))
            way = shapely.shortest_line(foot, shape)
            out.append(("entrance", str(name), way.buffer(aside_m, cap_style="flat")))
    return out
