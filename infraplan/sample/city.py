"""The city: streets, footways, ducts with chambers, poles and houses along the streets."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from infraplan.sample.ground import Ground
from infraplan.sample.names import STREET_NAMES
from infraplan.sample.names import UNDERGROUND_NAMES
from infraplan.sample.noise import Floats
from infraplan.sample.noise import Ints
from infraplan.sample.size import Size

__all__ = ["City", "make_buildings", "make_city", "make_ducts", "make_poles"]

POLE_SPACING_M = 38.0
CHAMBER_SPACING_M = 90.0
# class: width between the houses, left and right footway [m], surfaces of carriageway and footways
STREET_CLASSES = {
    "main": (32.0, 6.0, 6.0, "asphalt", "paving"),
    "secondary": (18.0, 3.5, 3.5, "asphalt", "paving"),
    "local": (11.0, 2.0, 1.5, "asphalt", "concrete"),
    "alley": (6.0, 0.0, 0.0, "concrete", "concrete"),
}


@dataclass(frozen=True, slots=True, eq=False)
class City:
    """
    Streets as a table and as a graph.

    `corners` are where the poles of two crossing streets would stand: cables follow them, not the
    middle of the street. `edges` index `corners` and are in the order of `streets`; `perimeter` are
    the corners at the rim. `ground` is the area that the streets fill; `underground` the names of
    the streets of the pilot.
    """

    streets: gpd.GeoDataFrame
    corners: Floats
    edges: Ints
    perimeter: Ints
    ground: BaseGeometry
    underground: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Axes:
    """The two families of streets: position and class of each, in a frame turned from north."""

    origin: tuple[float, float]
    along: Floats
    across: Floats
    position: tuple[Floats, Floats]
    classes: tuple[list[str], list[str]]

    def point(self, u_m: float, v_m: float) -> tuple[float, float]:
        """Return the position of a point of the frame in the plane."""
        x, y = self.origin + u_m * self.along + v_m * self.across
        return float(x), float(y)


def make_city(
    ground: Ground, centre: tuple[float, float], size: Size, rng: np.random.Generator
) -> City:
    """
    Return the streets of the city.

    Parameters
    ----------
    ground
        Ground.
    centre
        Middle of the city [m].
    size
        Size of the sample.
    rng
        Source of chance.

    Returns
    -------
    city
        Streets, each section from junction to junction a row.
    """
    axes = _axes(centre, size, rng)
    names = _street_names(size)
    rows, columns = size.street_rows, size.street_columns
    corners = np.asarray(
        [_corner(axes, i, j) for j in range(rows) for i in range(columns)], dtype=np.float64
    )
    sections, edges = [], []
    for j in range(rows):
        for i in range(columns):
            for di, dj, family in ((1, 0, 0), (0, 1, 1)):
                if i + di < columns and j + dj < rows:
                    line = shapely.LineString([_node(axes, i, j), _node(axes, i + di, j + dj)])
                    number = j if family == 0 else i
                    sections.append((names[family][number], axes.classes[family][number], line))
                    edges.append((j * columns + i, (j + dj) * columns + i + di))
    rim = [
        j * columns + i
        for j in range(rows)
        for i in range(columns)
        if i in (0, columns - 1) or j in (0, rows - 1)
    ]
    streets = _street_table(sections, ground.crs)
    return City(
        streets=streets,
        corners=np.round(corners, 2),
        edges=np.asarray(edges, dtype=np.int64),
        perimeter=np.asarray(rim, dtype=np.int64),
        ground=shapely.convex_hull(shapely.union_all(streets.geometry.to_numpy())),
        underground=UNDERGROUND_NAMES,
    )


def make_ducts(city: City, crs: str) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """
    Return the ducts that lie under a few streets already, and all chambers on them.

    Parameters
    ----------
    city
        Streets.
    crs
        Planning CRS.

    Returns
    -------
    ducts
        Layer `ducts`, in the footway.
    chambers
        Layer `chambers`, at most 90 m apart.
    """
    first, second = city.underground[0], city.underground[2]
    owners = {first: ("VNPT", "left", 4), second: ("Viettel", "right", 3)}
    ducts, points = [], []
    for name, (owner, side, bores) in owners.items():
        here = city.streets[city.streets["name"] == name]
        for number, (street_id, street) in enumerate(here.iterrows()):
            if number >= max(3, len(here) - 2):  # the duct ends before the street does
                break
            sign = 1.0 if side == "left" else -1.0
            footway = float(street[f"footway_{side}_m"])
            offset = sign * (float(street["width_m"]) / 2 - footway / 2)
            line = shapely.LineString(_shifted(np.asarray(street.geometry.coords), offset))
            free = (bores - 2, bores - 1, 1, 0)[number % 4]
            ducts.append((owner, bores, free, str(street_id), side, line))
            points += [(owner, point) for point in _along(line, CHAMBER_SPACING_M)]
    table = gpd.GeoDataFrame(
        {
            "duct_id": [f"D{number:04d}" for number in range(1, len(ducts) + 1)],
            "owner": [row[0] for row in ducts],
            "bores": pd.array([row[1] for row in ducts], dtype="Int64"),
            "free_bores": pd.array([row[2] for row in ducts], dtype="Int64"),
            "diameter_mm": 110.0,
            "street_id": [row[3] for row in ducts],
            "side": [row[4] for row in ducts],
        },
        geometry=[row[5] for row in ducts],
        crs=crs,
    ).set_index("duct_id")
    return table, _chambers(points, crs)


def make_poles(city: City, served: Ints, crs: str) -> gpd.GeoDataFrame:
    """
    Return poles along the streets that carry aerial cable.

    Parameters
    ----------
    city
        Streets.
    served
        Row numbers of the street sections with aerial cable.
    crs
        Planning CRS.

    Returns
    -------
    poles
        Layer `poles`.
    """
    seen: dict[tuple[float, float], None] = {}
    for number in served:
        a, b = city.corners[city.edges[number]]
        for x, y in _along(shapely.LineString([a, b]), POLE_SPACING_M):
            seen.setdefault((round(x, 1), round(y, 1)))
    xy = np.asarray(list(seen), dtype=np.float64).reshape(-1, 2)
    owner = np.where(np.arange(len(xy)) % 4 == 3, "VNPT", "Điện lực")
    return gpd.GeoDataFrame(
        {
            "pole_id": [f"C{number:05d}" for number in range(1, len(xy) + 1)],
            "owner": owner.astype(object),
            "height_m": np.where(owner == "VNPT", 7.0, 8.5),
        },
        geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1]),
        crs=crs,
    ).set_index("pole_id")


def make_buildings(city: City, crs: str, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """
    Return the houses along the streets of the pilot, on both sides.

    Parameters
    ----------
    city
        Streets.
    crs
        Planning CRS.
    rng
        Source of chance.

    Returns
    -------
    buildings
        Layer `buildings`; footprints that do not overlap.
    """
    shapes: list[shapely.Polygon] = []
    for _, street in city.streets[city.streets["name"].isin(city.underground)].iterrows():
        line = np.asarray(street.geometry.coords)
        for side in (1.0, -1.0):
            shapes += _house_row(line, side * float(street["width_m"]) / 2, rng)
    free = _without_overlaps(shapes, city)
    count = len(free)
    use = np.where(rng.random(count) < 0.90, "dwelling", "office").astype(object)
    if count > 20:
        use[[count // 3, count // 2]] = ["school", "clinic"]
    floors = rng.integers(1, 5, count)
    people = np.where(use == "dwelling", rng.integers(2, 7, count), 0)
    return gpd.GeoDataFrame(
        {
            "building_id": [f"B{number:05d}" for number in range(1, count + 1)],
            "use": use,
            "floors": pd.array(floors, dtype="Int64"),
            "height_m": floors * 3.4 + 0.8,
            "people": people.astype(np.float64),
            "aerial_service": pd.array(rng.random(count) < 0.72, dtype="boolean"),
        },
        geometry=free,
        crs=crs,
    ).set_index("building_id")


def _axes(centre: tuple[float, float], size: Size, rng: np.random.Generator) -> _Axes:
    """Return the frame of the streets: uneven blocks, wide streets in the middle."""
    turn = np.radians(rng.uniform(-28, -18))
    families, classes = [], []
    for count in (size.street_columns, size.street_rows):
        steps = rng.uniform(130, 215, count - 1)
        position = np.concatenate([[0.0], np.cumsum(steps)])
        families.append(position - position[-1] / 2)
        kinds = ["local"] * count
        kinds[count // 2] = "main"
        for place in (count // 2 - 2, count // 2 + 2, 0):
            kinds[place] = "secondary"
        kinds[count - 1] = "alley" if count > 6 else "local"
        classes.append(kinds)
    return _Axes(
        origin=centre,
        along=np.asarray([np.cos(turn), np.sin(turn)]),
        across=np.asarray([-np.sin(turn), np.cos(turn)]),
        position=(families[0], families[1]),
        classes=(classes[1], classes[0]),
    )


def _street_names(size: Size) -> tuple[list[str], list[str]]:
    """Return names for both families, those of the pilot in the middle of each."""
    rows, columns = size.street_rows, size.street_columns
    others = list(STREET_NAMES[len(UNDERGROUND_NAMES) :])
    along: list[str] = [""] * rows
    across: list[str] = [""] * columns
    for place, name in zip((0, 2, -2), UNDERGROUND_NAMES[:3], strict=True):
        along[rows // 2 + place] = name
    for place, name in zip((0, 1), UNDERGROUND_NAMES[3:], strict=True):
        across[columns // 2 + place] = name
    spare = iter(others)
    return [n or next(spare) for n in along], [n or next(spare) for n in across]


def _node(axes: _Axes, i: int, j: int) -> tuple[float, float]:
    """Return the junction of two streets."""
    return axes.point(float(axes.position[0][i]), float(axes.position[1][j]))


def _corner(axes: _Axes, i: int, j: int) -> tuple[float, float]:
    """Return where the pole lines of two streets meet, a metre before the houses."""
    along_half = STREET_CLASSES[axes.classes[0][j]][0] / 2 - 1.0
    across_half = STREET_CLASSES[axes.classes[1][i]][0] / 2 - 1.0
    return axes.point(
        float(axes.position[0][i]) + across_half, float(axes.position[1][j]) + along_half
    )


def _street_table(
    sections: list[tuple[str, str, shapely.LineString]], crs: str
) -> gpd.GeoDataFrame:
    """Return the layer `streets`."""
    looks = [STREET_CLASSES[kind] for _, kind, _ in sections]
    return gpd.GeoDataFrame(
        {
            "street_id": [f"S{number:04d}" for number in range(1, len(sections) + 1)],
            "name": [name for name, _, _ in sections],
            "class": [kind for _, kind, _ in sections],
            "width_m": [look[0] for look in looks],
            "footway_left_m": [look[1] for look in looks],
            "footway_right_m": [look[2] for look in looks],
            "surface": [look[3] for look in looks],
            "footway_surface": [look[4] for look in looks],
        },
        geometry=[line for _, _, line in sections],
        crs=crs,
    ).set_index("street_id")


def _chambers(points: list[tuple[str, tuple[float, float]]], crs: str) -> gpd.GeoDataFrame:
    """Return the layer `chambers`, one row for points less than two metres apart."""
    kept: list[tuple[str, tuple[float, float]]] = []
    for owner, (x, y) in points:
        if all((x - a) ** 2 + (y - b) ** 2 > 4 for _, (a, b) in kept):
            kept.append((owner, (x, y)))
    return gpd.GeoDataFrame(
        {
            "chamber_id": [f"H{number:04d}" for number in range(1, len(kept) + 1)],
            "owner": [owner for owner, _ in kept],
            "kind": ["manhole" if number % 3 == 0 else "handhole" for number in range(len(kept))],
        },
        geometry=[shapely.Point(point) for _, point in kept],
        crs=crs,
    ).set_index("chamber_id")


def _shifted(line: Floats, offset_m: float) -> Floats:
    """Return a straight line moved to its left (to its right where negative)."""
    run = line[-1] - line[0]
    left = np.asarray([-run[1], run[0]]) / np.hypot(*run)
    return np.asarray(np.round(line + offset_m * left, 2))


def _along(line: shapely.LineString, spacing_m: float) -> list[tuple[float, float]]:
    """Return points evenly along a line, both ends included, at most a spacing apart."""
    count = max(1, int(np.ceil(line.length / spacing_m)))
    places = [line.interpolate(k / count, normalized=True) for k in range(count + 1)]
    return [(round(p.x, 2), round(p.y, 2)) for p in places]


def _house_row(line: Floats, offset_m: float, rng: np.random.Generator) -> list[shapely.Polygon]:
    """Return houses side by side along one side of a street section."""
    run = line[-1] - line[0]
    length = float(np.hypot(*run))
    ahead = run / length
    out = np.asarray([-ahead[1], ahead[0]]) * np.sign(offset_m)
    base = line[0] + abs(offset_m) * out
    houses, at = [], 16.0
    while at < length - 24:
        width, depth = rng.uniform(7, 15), rng.uniform(11, 20)
        if rng.random() < 0.75:
            near = base + ahead * at + out * rng.uniform(0.3, 1.5)
            box = [
                near,
                near + ahead * width,
                near + ahead * width + out * depth,
                near + out * depth,
            ]
            houses.append(shapely.Polygon(np.round(box, 2)))
        at += width + rng.uniform(0.5, 9.0)
    return houses


def _without_overlaps(shapes: list[shapely.Polygon], city: City) -> list[shapely.Polygon]:
    """Return the houses that stand neither in another house nor in a street."""
    half = city.streets["width_m"].to_numpy(dtype=np.float64) / 2 - 0.1
    roadway = shapely.buffer(city.streets.geometry.to_numpy(), half, cap_style="flat")
    on_street = np.unique(shapely.STRtree(roadway).query(shapes, predicate="intersects")[0])
    tree = shapely.STRtree(shapes)
    one, two = tree.query(shapes, predicate="intersects")
    later = set(one[one > two].tolist()) | set(on_street.tolist())
    return [shape for number, shape in enumerate(shapes) if number not in later]
