"""Stretches of streets that fail together: bridges, level crossings, ways side by side."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.cables.joined import joined_parts
from infraplan.layers.bundle import Layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import shapely

__all__ = ["Risk", "shared_risks"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CROSSED = {"waterways": "bridge", "rail": "rail"}
ONE_BRIDGE_M = 40.0  # crossings of one water as near as that hang on one bridge, or on twins
SIDE_M = 15.0  # as far as a road gives way to a street (DESIGN section 6)
BESIDE_M = 30.0  # that long side by side makes one trench; the corner of a junction is shorter
CORNER_M = 20.0
LEAST_OVER_M = 1.0  # of water that a way must lie over to cross it


@dataclass(frozen=True, slots=True, eq=False)
class Risk:
    """
    Stretches that one event may cut, by their numbers.

    `kind` is `bridge` (over a waterway of the plan), `rail` (over or under a railway) or `beside`
    (ways within 15 m of each other: the two sides of a street, or one drawn twice); `name` that of
    what is crossed, empty where it has none; `place` where, in the planning CRS.
    """

    kind: str
    name: str
    members: Ints
    place: tuple[float, float]


def shared_risks(
    lines: "Sequence[shapely.LineString]", ends: Ints, layers: Layers
) -> tuple[Risk, ...]:
    """
    Return what stretches of streets have in common.

    Parameters
    ----------
    lines
        Stretches between nodes.
    ends
        Numbers of the nodes of each, shape (m, 2).
    layers
        Layers of the plan; `waterways` and `rail` where there are any.

    Returns
    -------
    risks
        Bridges and level crossings, also those of a single stretch, then ways side by side.
    """
    import shapely

    shapes = np.asarray(lines, dtype=object)
    tree = shapely.STRtree(shapes)
    made: list[Risk] = []
    for layer, kind in CROSSED.items():
        made += _crossings(shapes, tree, layers.table(layer), kind)
    return (*made, *_side_by_side(shapes, tree, ends))


def _crossings(
    shapes: npt.NDArray[np.object_],
    tree: "shapely.STRtree",
    crossed: "gpd.GeoDataFrame",
    kind: str,
) -> list[Risk]:
    """Return where stretches cross what a layer holds, near crossings of one taken as one."""
    import shapely

    found: list[Risk] = []
    names = crossed["name"].to_numpy() if "name" in crossed else np.full(len(crossed), None)
    for geometry, name in zip(crossed.geometry.to_numpy(), names, strict=True):
        if geometry is None or shapely.is_empty(geometry):
            continue
        touching = np.sort(tree.query(geometry, predicate="intersects"))
        over = shapely.intersection(shapes[touching], geometry)
        parts, owner = shapely.get_parts(over, return_index=True)
        if shapely.get_dimensions(geometry) == 2:
            wide = shapely.length(parts) >= LEAST_OVER_M
            parts, owner = parts[wide], owner[wide]
        if not len(parts):
            continue
        middle = shapely.get_coordinates(shapely.centroid(parts))
        label = _near_ones(middle, ONE_BRIDGE_M)
        told = name if isinstance(name, str) else ""
        for one in range(label.max() + 1):
            own = label == one
            x, y = middle[own].mean(axis=0).tolist()
            members = np.unique(touching[owner[own]]).astype(np.int64)
            found.append(Risk(kind, told, members, (x, y)))
    return found


def _near_ones(points: Floats, distance_m: float) -> Ints:
    """Return a number for each point, equal for those that chains of near points join."""
    from scipy.spatial import cKDTree

    pairs = cKDTree(points).query_pairs(distance_m, output_type="ndarray")
    return joined_parts(pairs, len(points))


def _side_by_side(
    shapes: npt.NDArray[np.object_], tree: "shapely.STRtree", ends: Ints
) -> list[Risk]:
    """Return pairs of stretches that run within 15 m of each other for a while."""
    import shapely

    length_m = shapely.length(shapes)
    long_ones = np.flatnonzero(length_m >= BESIDE_M)
    one, two = tree.query(shapes[long_ones], predicate="dwithin", distance=SIDE_M)
    one = long_ones[one]
    keep = (length_m[two] >= BESIDE_M) & (one < two)
    one, two = one[keep], two[keep]
    meets = (ends[one][:, :, None] == ends[two][:, None, :]).any(axis=(1, 2))
    wide, place = np.unique(two, return_inverse=True)
    around = shapely.buffer(shapes[wide], SIDE_M, quad_segs=2)
    inside = shapely.intersection(shapes[one], around[place])
    beside = shapely.length(inside) >= BESIDE_M + CORNER_M * meets
    found = []
    for a, b, where in zip(one[beside].tolist(), two[beside].tolist(), inside[beside], strict=True):
        x, y = shapely.get_coordinates(shapely.line_interpolate_point(
            max(shapely.get_parts(where), key=shapely.length), 0.5, normalized=True
        ))[0].tolist()  # fmt: skip
        found.append(Risk("beside", "", np.asarray([a, b]), (x, y)))
    return found
