"""
A world of two communes and three hamlets in which every person can be counted by hand.

The grid is 120 x 80 cells of 60 m. The communes leave half a cell free all around and meet in the
middle of a column of cells, so that no sum comes out by chance.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString
from shapely.geometry import Point
from shapely.geometry import box

from infraplan.coverage import find_gaps
from infraplan.coverage import people_grid
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.layers.terrain import terrain_from
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.results import Coverage
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile

CRS = "EPSG:9209"
EAST, NORTH = 540_000.0, 2_029_980.0  # south-west corner of the world, on the lattice of 60 m
WIDE_M, HIGH_M, BORDER_M = 7_200.0, 4_800.0, 3_630.0
GEOBOX = grid_over((EAST, NORTH, EAST + WIDE_M, NORTH + HIGH_M), crs=CRS, resolution_m=60.0)
PROFILE = ThresholdProfile.from_dict(read_toml(data_path("thresholds/vn-default.toml")))
SETTINGS = RadioSettings(radius_m=5_000.0)
ALL_TECHNOLOGIES = ("2G", "3G", "4G")


def at(x_m, y_m):
    """Return the point so far east and north of the world's south-west corner."""
    return Point(EAST + x_m, NORTH + y_m)


def ground(west, south, east, north):
    """Return a rectangle, measured from the world's south-west corner."""
    return box(EAST + west, NORTH + south, EAST + east, NORTH + north)


def table(index, rows):
    """Return a GeoDataFrame of rows keyed by id."""
    frame = pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), dtype="str", name=index))
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS)


def communes(west_people=1_000.0, east_people=500.0):
    """Return two communes that share a border through the middle of a column of cells."""
    rows = {
        "1": {"name": "Tây", "people": west_people, "geometry": ground(30, 30, BORDER_M, 4_770)},
        "2": {
            "name": "Đông",
            "people": east_people,
            "geometry": ground(BORDER_M, 30, 7_170, 4_770),
        },
    }
    return table("code", rows).assign(vintage="2025-07")


def settlements(**patches):
    """Return patches: name=(west, south, east, north, people)."""
    rows = {key: {"people": p[4], "geometry": ground(*p[:4])} for key, p in patches.items()}
    return table("settlement_id", rows)


def hamlets(**shapes):
    """Return hamlets: name=(commune, shape[, people])."""
    rows = {
        key: {
            "name": key,
            "commune_code": shape[0],
            "people": shape[2] if len(shape) > 2 else np.nan,
            "placed_by": None,
            "geometry": shape[1],
        }
        for key, shape in shapes.items()
    }
    return table("hamlet_id", rows)


def three_hamlets():
    """Return two hamlets in the west and one in the east."""
    return hamlets(
        H1=("1", ground(600, 600, 1_230, 1_170)),
        H2=("1", ground(2_400, 3_000, 2_910, 3_570)),
        H3=("2", ground(5_000, 2_000, 5_600, 2_600)),
    )


def stations(**rows):
    """Return stations: name=(x, y, operator, technologies[, mast])."""
    return table(
        "site_id",
        {
            key: {
                "operator": row[2],
                "technologies": row[3],
                "mast_id": row[4] if len(row) > 4 else key,
                "height_m": 40.0,
                "status": "operating",
                "mast_class": None,
                "commune_code": None,
                "geometry": at(row[0], row[1]),
            }
            for key, row in rows.items()
        },
    )


def fibre(*points):
    """Return one cable through the points."""
    line = LineString([at(x, y) for x, y in points])
    return table("cable_id", {"F1": {"operator": "A", "geometry": line}})


def raster(values, name="population"):
    """Return a raster on the world's grid; one number fills it."""
    full = np.broadcast_to(np.asarray(values, dtype=np.float64), GEOBOX.shape).copy()
    return wrap(full, GEOBOX, name=name)


def world(ground_m=10.0, population=None, **tables):
    """Return layers: two communes, terrain, and what is handed in."""
    rasters = {} if population is None else {"population": population}
    given = {"communes": communes()} | tables
    return Layers(
        name="world",
        crs=CRS,
        tables=given,
        rasters=rasters,
        terrain=terrain_from(raster(ground_m, "terrain")),
    )


def inside(west, south, east, north):
    """Return the grid cells whose centre lies in a rectangle."""
    x = (np.arange(GEOBOX.shape[1]) + 0.5) * 60.0
    y = HIGH_M - (np.arange(GEOBOX.shape[0]) + 0.5) * 60.0
    return ((y > south) & (y < north))[:, None] & ((x > west) & (x < east))[None, :]


EVERYWHERE = np.ones(GEOBOX.shape, dtype=bool)
NOWHERE = ~EVERYWHERE


def coverage_of(covered, *, unknown=NOWHERE, signal_dbm=-90.0, profile=PROFILE, assumed=()):
    """
    Return coverage: `covered[technology, operator]` says where there is service; `any` follows.

    Every operator has one station, named by it; those in `assumed` rest on defaults.
    """
    technologies = sorted({technology for technology, _ in covered})
    operators = sorted({operator for _, operator in covered})
    maps, cells = {}, {}
    for technology in technologies:
        mine = {name: covered.get((technology, name), NOWHERE) for name in operators}
        for name, mask in (mine | {"any": np.any(list(mine.values()), axis=0)}).items():
            first = np.argmax([mine[o] for o in operators], axis=0) if name == "any" else 0
            number = first if name == "any" else operators.index(name)
            maps[technology, name] = bands(mask, unknown, signal_dbm, number)
        cells[technology] = pd.DataFrame(
            {
                "cell_id": [f"{name}/{technology}" for name in operators],
                "site_id": operators,
                "mast_id": operators,
                "operator": operators,
                "assumed": [name in assumed for name in operators],
            }
        )
    return Coverage(
        maps=maps,
        cells=cells,
        settings=SETTINGS,
        profile=profile,
        provenance=Provenance(step="coverage", version="test"),
    )


def bands(mask, unknown, signal_dbm, number):
    """Return the bands of one reading: a signal where covered, nothing elsewhere."""
    known = ~unknown | mask
    signal = np.where(mask, signal_dbm, np.where(known, -160.0, np.nan)).astype(np.float32)
    probability = np.where(mask, 1.0, np.where(known, 0.0, np.nan)).astype(np.float32)
    server = np.where(mask, number, np.where(known, -1, np.nan)).astype(np.float32)
    parts = {"signal_dbm": signal, "probability": probability, "best_cell": server}
    arrays = {name: wrap(values, GEOBOX, name=name) for name, values in parts.items()}
    return arrays["signal_dbm"].to_dataset().assign(arrays)


def gaps_of(covered=None, *, layers=None, as_of=None, coverage=None, **options):
    """Return the gaps of a world in which every operator has its station in a corner."""
    names = sorted({operator for _, operator in covered or {}}) or ["A"]
    listed = ";".join(sorted({technology for technology, _ in covered or {}})) or "4G"
    sites = stations(**{n: (100.0, 100.0 + 10 * i, n, listed) for i, n in enumerate(names)})
    layers = layers or world(hamlets=three_hamlets(), sites=sites)
    people = people_grid(layers, GEOBOX).people
    found = coverage or coverage_of(covered, **options)
    return find_gaps(layers, people, found, as_of=as_of)
