"""Where no chamber may stand: in junctions, before the entrances of offices, at bus stops."""

from itertools import combinations
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan.cables.graph import noded
from infraplan.cables.graph import rows_of
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
        around = near.buffer(AROUND_M)
        streets = layers.table("streets")
        streets = streets[streets.geometry.intersects(around)]
        rows += _junctions(streets, layers.crs, rules.value("chamber_zone", "junction_m"))
        rows += _entrances(layers, streets, around, rules.value("chamber_zone", "entrance_m"))
        stops = layers.tables.get("bus_stops")
        if stops is not None:
            reach_m = rules.value("chamber_zone", "bus_stop_m")
            rows += [
                ("bus_stop", str(name), point.buffer(reach_m))
                for name, point in stops.geometry.sort_index().items()
                if point.intersects(around)
            ]
    frame = pd.DataFrame(rows, columns=["kind", "feature_id", "geometry"])
    frame["feature_id"] = pd.Series([row[1] for row in rows], dtype="object")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=layers.crs)


def _junctions(
    streets: "gpd.GeoDataFrame", crs: str, beyond_m: float
) -> list[tuple[str, str | None, Any]]:
    """Return the ground that the carriageways of a junction share."""
    import shapely

    if not len(streets):
        return []
    rows = rows_of(streets, "streets")
    graph = noded(rows, rows.iloc[:0], crs=crs)
    arms: dict[int, list[Any]] = {}
    for street, (u, v) in enumerate(graph.edges.tolist()):
        half_m = _carriageway_m(graph.table.iloc[street]) / 2
        for node, line in ((u, graph.lines[street]), (v, graph.lines[street][::-1])):
            stub = _beginning(line, STUB_M)
            arms.setdefault(node, []).append(stub.buffer(half_m, cap_style="square"))
    out: list[tuple[str, str | None, Any]] = []
    for _, around in sorted(arms.items()):
        if len(around) >= 3:
            shared = [a.intersection(b) for a, b in combinations(around, 2)]
            ground = shapely.union_all(shared).buffer(max(beyond_m, 0.0))
            out.append(("junction", None, ground))
    return out


def _carriageway_m(street: "pd.Series") -> float:
    """Return the width of the carriageway of a street."""
    footways = [street["footway_left_m"], street["footway_right_m"]]
    return float(max(width_of(street) - sum(x for x in footways if np.isfinite(x)), 2.0))


def _beginning(line: npt.NDArray[np.float64], length_m: float) -> Any:
    """Return the first metres of a line."""
    import shapely
    from shapely.ops import substring

    whole = shapely.LineString(line)
    return substring(whole, 0.0, min(length_m, whole.length))


def _entrances(
    layers: Layers, streets: "gpd.GeoDataFrame", around: "shapely.Geometry", aside_m: float
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
        for name, shape in table.geometry.sort_index().items():
            if not shape.intersects(around):
                continue
            front = lines[int(tree.nearest(shape.centroid))]
            if shapely.distance(front, shape) > FRONT_M:
                continue
            foot = front.interpolate(front.project(shape.centroid))
            way = shapely.shortest_line(foot, shape)
            out.append(("entrance", str(name), way.buffer(aside_m, cap_style="flat")))
    return out
