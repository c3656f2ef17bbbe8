"""The pilot's own ground: hills in the west, a plain with river and city, a coast in the east."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage

from infraplan.layers.grid import cell_centres
from infraplan.layers.grid import grid_over
from infraplan.sample.ground import Ground
from infraplan.sample.ground import burnt
from infraplan.sample.names import PILOT_COMMUNES
from infraplan.sample.near import nearest
from infraplan.sample.noise import Floats
from infraplan.sample.noise import NoiseField
from infraplan.sample.noise import fractal

__all__ = ["CENTRE", "flooded", "landcover_of", "pilot_ground"]

CRS = "EPSG:9209"
BOUNDS = (535_200.0, 2_021_400.0, 550_200.0, 2_036_400.0)  # around 18.34 N 105.90 E
CENTRE = (543_000.0, 2_029_000.0)
CELL_M = 30.0
PEOPLE = 180_000
HIGHEST_M = 450.0
RIVER_HALF_WIDTH_M = 55.0
FLOOD_M, FLOOD_WIDTH_M = 4.0, 900.0  # height and width of the land that the river floods
TREES, SHRUBS, CROPS, BUILT, BARE, WATER = 10, 20, 40, 50, 60, 80  # ESA WorldCover 2021


def flooded(ground: Ground) -> npt.NDArray[np.uint8]:
    """
    Return where the river floods.

    Parameters
    ----------
    ground
        Ground of the pilot.

    Returns
    -------
    flooded
        1 on land close to the river and hardly above it, 0 elsewhere, on the grid of the ground.
    """
    away_m = ndimage.distance_transform_edt(~ground.water) * CELL_M
    low = np.nan_to_num(ground.elevation_m, nan=-1.0) < FLOOD_M
    return np.asarray((away_m < FLOOD_WIDTH_M) & low, dtype=np.uint8)


def pilot_ground(rng: np.random.Generator) -> Ground:
    """
    Return the ground of the pilot, still without settlements and people.

    Parameters
    ----------
    rng
        Source of chance.

    Returns
    -------
    ground
        Ground on 30 m cells; NaN beyond the coast.
    """
    geobox = grid_over(BOUNDS, crs=CRS, resolution_m=CELL_M)
    rows, columns = np.indices(geobox.shape)
    x, y = cell_centres(geobox, rows, columns)
    coast_y = np.arange(BOUNDS[1] - 300, BOUNDS[3] + 301, 60.0)
    coast_x = _coast(coast_y, rng)
    river = _river(rng)
    elevation = _elevation(x, y, np.interp(y, coast_y, coast_x), river, rng)
    shore = np.column_stack([coast_x, coast_y])
    frame = shapely.box(*BOUNDS)
    sea = shapely.Polygon([*shore, (BOUNDS[2] + 9e3, coast_y[-1]), (BOUNDS[2] + 9e3, coast_y[0])])
    sea = shapely.intersection(sea, frame)
    land = shapely.difference(frame, sea)
    communes = _communes(land, rng)
    water = _water(x, y, river, rng) & np.isfinite(elevation)
    return Ground(
        crs=CRS,
        geobox=geobox,
        elevation_m=elevation,
        water=water,
        commune_at=burnt(communes.geometry, geobox),
        communes=communes,
        settlements=gpd.GeoDataFrame(geometry=[], crs=CRS),
        population=np.zeros(geobox.shape, dtype=np.float32),
        sea=sea,
    )


def landcover_of(ground: Ground, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """
    Return land cover that fits terrain, water and settlements.

    Parameters
    ----------
    ground
        Ground with settlements.
    rng
        Source of chance.

    Returns
    -------
    landcover
        ESA WorldCover classes on the ground's grid.
    """
    height = np.nan_to_num(ground.elevation_m)
    slope = np.hypot(*np.gradient(height, CELL_M))
    cover = np.full(height.shape, CROPS, dtype=np.uint8)
    cover[(height > 35) | (slope > 0.18)] = TREES
    speckled = ndimage.gaussian_filter(rng.standard_normal(height.shape), 3) > 0.14
    cover[speckled & (cover == CROPS)] = SHRUBS
    at_sea = np.isnan(ground.elevation_m)
    cover[ndimage.binary_dilation(at_sea, iterations=3) & (cover == CROPS)] = BARE
    cover[burnt(ground.settlements.geometry, ground.geobox) >= 0] = BUILT
    cover[ground.water | at_sea] = WATER
    return cover


def _coast(y_m: Floats, rng: np.random.Generator) -> Floats:
    """Return the easting of the coast for each northing."""
    fields = [NoiseField.over(BOUNDS, step, rng) for step in (5000.0, 1800.0)]
    return np.asarray(BOUNDS[2] - 1500 + 260 * fractal(fields, np.full_like(y_m, BOUNDS[2]), y_m))


def _river(rng: np.random.Generator) -> shapely.LineString:
    """Return a river from the hills to the sea, winding, south of the city."""
    x = np.linspace(BOUNDS[0] - 100, BOUNDS[2] + 100, 160)
    fields = [NoiseField.over(BOUNDS, step, rng) for step in (3500.0, 1300.0)]
    bend = fractal(fields, x, np.full_like(x, BOUNDS[1]))
    return shapely.LineString(np.column_stack([x, CENTRE[1] - 2600 + 330 * bend]))


def _elevation(
    x: Floats, y: Floats, coast: Floats, river: shapely.LineString, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Return ridges in the west, a low plain, the river's valley and dunes; NaN at sea."""
    ridges = [NoiseField.over(BOUNDS, step, rng, stretch_y=1.9) for step in (1700.0, 800.0, 400.0)]
    rough = [NoiseField.over(BOUNDS, step, rng) for step in (900.0, 300.0, 120.0)]
    inland = np.clip((539_900.0 - x) / 2600.0, 0, 1)
    envelope = inland**2 * (3 - 2 * inland)
    crest = np.clip(1 - np.abs(fractal(ridges, x, y)) / 1.15, 0, 1) ** 1.6
    hills = envelope * (0.06 + crest * (0.85 + 0.15 * np.tanh(fractal(rough, x, y))))
    hills *= HIGHEST_M / hills.max()
    to_coast = np.clip(coast - x, 0, None)
    plain = 2.0 + to_coast / 2200.0 + 0.5 * fractal(rough, x, y)
    dunes = 6.0 * np.exp(-(((to_coast - 350) / 220) ** 2))
    away = _distance_to(river, x, y)
    ceiling = 1.2 + to_coast / 2600.0 + np.clip(away - RIVER_HALF_WIDTH_M, 0, None) * 0.32
    ground = np.minimum(
        np.maximum(plain, 0.8) + hills + dunes, ceiling + 0.3 * hills * (away > 300)
    )
    return np.where(x < coast, np.round(ground, 1), np.nan).astype(np.float32)


def _distance_to(line: shapely.LineString, x: Floats, y: Floats) -> Floats:
    """Return the distance of cell centres to a line, by its densified vertices."""
    vertices = shapely.get_coordinates(shapely.segmentize(line, 25.0))
    away, _ = nearest(vertices, np.column_stack([x.ravel(), y.ravel()]))
    return away.reshape(x.shape)


def _water(
    x: Floats, y: Floats, river: shapely.LineString, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Return the river and a reservoir."""
    wide = _distance_to(river, x, y) < RIVER_HALF_WIDTH_M
    lake_x, lake_y = 541_000.0, BOUNDS[3] - 2400.0
    wobble = NoiseField.over(BOUNDS, 500.0, rng).at(x, y)
    lake = np.hypot((x - lake_x) / 1.5, y - lake_y) < 330 + 60 * wobble
    return np.asarray(wide | lake)


def _communes(land: shapely.Polygon, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return communes that fill the land, their borders bent but shared to the vertex."""
    west, south, east, north = BOUNDS
    seats = np.asarray(_commune_seats(rng))
    cells = shapely.voronoi_polygons(
        shapely.MultiPoint(seats), extend_to=shapely.box(*BOUNDS).buffer(4000.0), ordered=True
    )
    fields = [
        NoiseField.over((west - 5e3, south - 5e3, east + 5e3, north + 5e3), 2200.0, rng)
        for _ in (0, 1)
    ]

    def bent(xy: Floats) -> Floats:
        """Move vertices by a smooth field, equal for the two sides of a border."""
        moves = [field.at(xy[:, 0], xy[:, 1]) for field in fields]
        return np.round(xy + 190 * np.column_stack(moves), 2)

    parts = shapely.segmentize(np.asarray(shapely.get_parts(cells)), 150.0)
    parts = shapely.set_precision(shapely.transform(parts, bent), 0.01)
    areas = [
        max(shapely.get_parts(shapely.intersection(part, land)), key=lambda piece: piece.area)
        for part in parts
    ]
    names = [name for name, _, _, _ in PILOT_COMMUNES]
    kinds = [kind for _, kind, _, _ in PILOT_COMMUNES]
    people = [round(PEOPLE * share) for _, _, share, _ in PILOT_COMMUNES]
    table = gpd.GeoDataFrame(
        {
            "code": [f"990{number:02d}" for number in range(1, len(names) + 1)],
            "name": names,
            "vintage": "2025-07",
            "full_name": [
                f"{kind.capitalize()} {name}" for kind, name in zip(kinds, names, strict=True)
            ],
            "type": kinds,
            "people": people,
            "households": [round(count / 3.6) for count in people],
            "area_km2": [round(area.area / 1e6, 2) for area in areas],
        },
        geometry=areas,
        crs=CRS,
    ).set_index("code")
    for column in ("people", "households"):
        table[column] = table[column].astype("Int64")
    return table


def _commune_seats(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return the middles of the communes: the city's in the plain, the others around it."""
    x, y = CENTRE
    fixed = [
        (0, 0), (-200, 4100), (3700, 900), (2600, -4300), (3300, 4600), (-1100, -4600),
        (-3300, 1000), (-6300, -3600), (-6400, 3300), (-3500, 5600), (-3900, -2900),
    ]  # fmt: skip
    return [
        (
            x + dx + float(rng.uniform(-250, 250)) * (dx != 0),
            y + dy + float(rng.uniform(-250, 250)) * (dx != 0),
        )
        for dx, dy in fixed
    ]
