"""What else bears on a site or a cable: the sea, rivers, forest, power lines, schools."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from infraplan.sample.ground import Coarse
from infraplan.sample.ground import Ground
from infraplan.sample.names import AREA_WORDS
from infraplan.sample.names import RIVER_NAMES
from infraplan.sample.people import Hamlets
from infraplan.sample.ways import Ways

__all__ = [
    "make_aerodromes",
    "make_institutions",
    "make_power",
    "make_protected",
    "make_sea",
    "make_waterways",
    "sea_table",
]

LEAST_WATER_M2 = 40_000.0


def make_sea(ground: Ground) -> BaseGeometry:
    """
    Return the sea east of the area.

    Cells of unknown height outside the communes that hang together with the grid's eastern edge,
    without going around the area's northern or southern end.

    Parameters
    ----------
    ground
        Ground.

    Returns
    -------
    sea
        Area without the communes; empty where no cell of unknown height lies east of them.
    """
    land = ground.commune_at >= 0
    last = np.where(land.any(axis=1), land.shape[1] - 1 - land[:, ::-1].argmax(axis=1), -1)
    rows = np.flatnonzero(last >= 0)
    if not len(rows):
        return shapely.Polygon()
    top, tip = int(rows[0]), int(rows[np.argmax(last[rows])])
    mask = ~land & np.isnan(ground.elevation_m)
    mask = (
        ndimage.binary_closing(mask, np.ones((3, 3), dtype=bool), iterations=2, border_value=1)
        & ~land
    )
    mask[:top, : last[top] + 1] = False  # other land lies beyond the ends of the coast
    mask[tip:, : last[tip] + 1] = False
    mask = _touching_east(mask)
    shape = _polygons(mask, ground)
    outline = shapely.union_all(ground.communes.geometry.to_numpy())
    return shapely.difference(shape, outline) if not shape.is_empty else shape


def sea_table(sea: BaseGeometry, crs: str, source: str) -> gpd.GeoDataFrame:
    """
    Return the layer `sea`.

    Parameters
    ----------
    sea
        Area of the sea; slivers are left out.
    crs
        Planning CRS.
    source
        Where the outline comes from.

    Returns
    -------
    sea
        Layer with one row for each connected part.
    """
    parts = [part for part in shapely.get_parts(sea) if part.area > LEAST_WATER_M2]
    parts.sort(key=lambda part: (-part.area, part.bounds))
    return gpd.GeoDataFrame(
        {"sea_id": [f"SEA{number}" for number in range(1, len(parts) + 1)], "source": source},
        geometry=parts,
        crs=crs,
    ).set_index("sea_id")


def make_waterways(ground: Ground) -> gpd.GeoDataFrame:
    """
    Return rivers and lakes as areas, from the cells that are water.

    Parameters
    ----------
    ground
        Ground with water.

    Returns
    -------
    waterways
        Layer `waterways`; the larger bodies only.
    """
    labels, count = ndimage.label(ground.water & (ground.commune_at >= 0))
    cell_m2 = float(ground.geobox.affine.a) ** 2
    sizes = np.bincount(labels.ravel(), minlength=count + 1) * cell_m2
    large = np.flatnonzero(sizes > LEAST_WATER_M2)
    body = _polygons(np.isin(labels, large[large > 0]), ground)
    parts = [part for part in shapely.get_parts(body) if part.area > LEAST_WATER_M2]
    parts.sort(key=lambda part: (-part.area, part.bounds))
    named = [RIVER_NAMES[k] if k < len(RIVER_NAMES) else None for k in range(len(parts))]
    return gpd.GeoDataFrame(
        {
            "waterway_id": [f"W{number:04d}" for number in range(1, len(parts) + 1)],
            "name": named,
            "kind": "river",
            "width_m": [round(2 * part.area / part.length, 1) for part in parts],
        },
        geometry=parts,
        crs=ground.crs,
    ).set_index("waterway_id")


def make_protected(ground: Ground, coarse: Coarse, hamlets: Hamlets) -> gpd.GeoDataFrame:
    """
    Return protected forest: the largest blocks of high, steep ground.

    Parameters
    ----------
    ground
        Ground.
    coarse
        The same on coarse cells.
    hamlets
        Hamlets, which are left out of it with some 300 m around.

    Returns
    -------
    protected
        Layer `protected`.
    """
    height = np.nan_to_num(coarse.elevation_m)
    limit = float(np.quantile(height[coarse.usable], 0.90)) if coarse.usable.any() else np.inf
    high = ndimage.binary_opening(coarse.usable & (height > limit), iterations=1)
    labels, count = ndimage.label(high)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    shapes = []
    for number in (np.argsort(-sizes, kind="stable")[: len(AREA_WORDS)] + 1).tolist():
        cells = np.flatnonzero(labels.ravel() == number)
        x, y = coarse.centres(cells)
        half = coarse.cell_m / 2
        block = shapely.union_all(shapely.box(x - half, y - half, x + half, y + half))
        block = block.buffer(half).buffer(-half).simplify(half / 2)
        near = hamlets.table.geometry.to_numpy()[hamlets.table.sindex.query(block.buffer(300.0))]
        shapes.append(shapely.difference(block, shapely.union_all(near).buffer(300.0)))
    return gpd.GeoDataFrame(
        {
            "area_id": [f"PA{number}" for number in range(1, len(shapes) + 1)],
            "name": [f"Rừng phòng hộ {word}" for word in AREA_WORDS[: len(shapes)]],
            "kind": "forest",
        },
        geometry=shapes,
        crs=ground.crs,
    ).set_index("area_id")


def make_power(ways: Ways, crs: str) -> gpd.GeoDataFrame:
    """
    Return a high-voltage line across the area, and medium voltage beside its larger roads.

    Parameters
    ----------
    ways
        Graph of ways.
    crs
        Planning CRS.

    Returns
    -------
    power
        Layer `power`.
    """
    main = ways.edges[ways.kind <= 1]
    nodes = np.unique(main if len(main) else ways.edges)
    xy = ways.xy[nodes]
    middle = xy.mean(axis=0)
    _, _, axes = np.linalg.svd(xy - middle, full_matrices=False)
    along = (xy - middle) @ axes[0]
    bins = np.linspace(along.min(), along.max(), 7)
    points = [
        xy[here].mean(axis=0)
        for low, high in pairwise(bins)
        if (here := (along >= low) & (along <= high)).any()
    ]
    line = shapely.LineString(np.round(np.asarray(points) + np.asarray([450.0, 350.0]), 1))
    served = ways.edges[ways.kind <= 2] if (ways.kind <= 2).any() else ways.edges
    medium = shapely.MultiLineString(list(np.round(ways.xy[served] + 8.0, 1)))
    return gpd.GeoDataFrame(
        {"line_id": ["DZ110-1", "DZ22-1"], "voltage_kv": [110.0, 22.0]},
        geometry=[line, medium],
        crs=crs,
    ).set_index("line_id")


def make_institutions(
    ground: Ground, hamlets: Hamlets, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """
    Return the committee, the clinic and two schools of every commune.

    Parameters
    ----------
    ground
        Ground.
    hamlets
        Hamlets, in which they stand.
    rng
        Source of chance.

    Returns
    -------
    institutions
        Layer `institutions`.
    """
    table = hamlets.table[~hamlets.remote]
    words = {
        "office": "UBND",
        "clinic": "Trạm y tế",
        "school": "Trường tiểu học",
        "school 2": "Trường THCS",
    }
    rows: list[tuple[str, str, str, shapely.Point]] = []
    for code, group in table.groupby("commune_code", sort=True):
        places = rng.choice(len(group), len(words), replace=len(group) < len(words))
        name = str(ground.communes.loc[code, "name"])
        for (kind, word), place in zip(words.items(), places, strict=True):
            point = group.geometry.iloc[int(place)].representative_point()
            moved = shapely.Point(
                round(point.x + float(rng.uniform(-25, 25)), 1),
                round(point.y + float(rng.uniform(-25, 25)), 1),
            )
            rows.append((f"I-{code}-{len(rows) % 4 + 1}", f"{word} {name}", kind.split()[0], moved))
    return gpd.GeoDataFrame(
        {
            "institution_id": [row[0] for row in rows],
            "name": [row[1] for row in rows],
            "kind": [row[2] for row in rows],
        },
        geometry=[row[3] for row in rows],
        crs=ground.crs,
    ).set_index("institution_id")


def make_aerodromes(ground: Ground, centre: tuple[float, float]) -> gpd.GeoDataFrame:
    """
    Return an airport some 50 km away, as a province has one: near enough to matter to its north.

    Parameters
    ----------
    ground
        Ground.
    centre
        Middle of the city [m].

    Returns
    -------
    aerodromes
        Layer `aerodromes`.
    """
    return gpd.GeoDataFrame(
        {
            "aerodrome_id": ["AD1"],
            "name": ["Sân bay (giả lập)"],
            "elevation_m": [6.0],
        },
        geometry=[shapely.Point(round(centre[0] - 25_000.0, 1), round(centre[1] + 44_000.0, 1))],
        crs=ground.crs,
    ).set_index("aerodrome_id")


def _touching_east(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the cells of a mask that hang together with its eastern edge."""
    labels, _ = ndimage.label(mask)
    at_edge = np.unique(labels[:, -1])
    return np.isin(labels, at_edge[at_edge > 0])


def _polygons(mask: npt.NDArray[np.bool_], ground: Ground) -> BaseGeometry:
    """Return the outline of the cells of a mask."""
    from rasterio.features import shapes

    found = [
        shapely.geometry.shape(geometry)
        for geometry, _ in shapes(mask.astype(np.uint8), mask=mask, transform=ground.geobox.affine)
    ]
    return shapely.union_all(found) if found else shapely.Polygon()
