"""Small worlds in which every distance and every person can be counted by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import Point
from shapely.geometry import box

from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import index_of
from infraplan.layers.grid import wrap
from infraplan.layers.terrain import terrain_from
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.results import Coverage
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile
from infraplan.sites import SiteRules
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings

CRS = "EPSG:9209"
EAST, NORTH = 540_000.0, 2_030_000.0  # south-west corner of the world
SIDE_M = 9_000.0
GEOBOX = grid_over((EAST, NORTH, EAST + SIDE_M, NORTH + SIDE_M), crs=CRS, resolution_m=90.0)
PROFILE = ThresholdProfile.from_dict(read_toml(data_path("thresholds/vn-default.toml")))
RULES_TABLE = read_toml(data_path("rules/vn-2025.toml"))
RULES = SiteRules.from_dict(RULES_TABLE)
SETTINGS = RadioSettings(radius_m=6_000.0)


def at(x_m, y_m):
    """Return the point so far east and north of the world's south-west corner."""
    return Point(EAST + x_m, NORTH + y_m)


def table(rows, index, name):
    """Return a GeoDataFrame of rows keyed by id."""
    frame = pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), dtype="str", name=index))
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS) if name else frame


def stations(**rows):
    """Return stations: name=(x, y, operator, height, technologies[, mast])."""
    return table(
        {
            key: {
                "operator": row[2],
                "height_m": float(row[3]),
                "technologies": row[4],
                "mast_id": row[5] if len(row) > 5 else key,
                "status": "operating",
                "geometry": at(row[0], row[1]),
            }
            for key, row in rows.items()
        },
        "site_id",
        "sites",
    )


def requests(**rows):
    """Return requests: name=(x, y, operator, height, technologies[, other fields])."""
    return table(
        {
            key: {
                "operator": row[2],
                "height_m": row[3],
                "technologies": row[4],
                "geometry": None if row[0] is None else at(row[0], row[1]),
                **(row[5] if len(row) > 5 else {}),
            }
            for key, row in rows.items()
        },
        "request_id",
        "requests",
    )


def communes():
    """Return two communes side by side: a rural one in the west, an urban one in the east."""
    half = SIDE_M / 2
    west = box(EAST, NORTH, EAST + half, NORTH + SIDE_M)
    east = box(EAST + half, NORTH, EAST + SIDE_M - 900, NORTH + SIDE_M)
    rows = {
        "1": {"name": "Hòa Hải", "type": "xã", "merged_from": "Xã Phúc Đồng", "geometry": west},
        "2": {"name": "Thành Sen", "type": "phường", "merged_from": None, "geometry": east},
    }
    return table(rows, "code", "communes").assign(vintage="2025-07")


def sea():
    """Return the sea, the last 900 m in the east."""
    area = box(EAST + SIDE_M - 900, NORTH, EAST + SIDE_M, NORTH + SIDE_M)
    return table({"sea": {"source": "drawn", "geometry": area}}, "sea_id", "sea")


def areas(index, **boxes):
    """Return polygons: name=(west, south, east, north[, fields])."""
    rows = {
        key: {
            "geometry": box(EAST + b[0], NORTH + b[1], EAST + b[2], NORTH + b[3]),
            **(b[4] if len(b) > 4 else {}),
        }
        for key, b in boxes.items()
    }
    return table(rows, index, "areas")


def sources(
    complete=True,  # noqa: FBT002 - short in tests
    as_of="2025-01-01",
    extra=(),
):
    """Return sources: the list of stations, and layers that are known to have nothing."""
    rows = {"sites": {"layer": "sites", "operator": None, "complete": complete, "as_of": as_of}}
    for layer in extra:
        rows[layer] = {"layer": layer, "operator": None, "complete": True, "as_of": as_of}
    return table(rows, "source_id", None).assign(synthetic=False)


def world(ground_m=10.0, rasters=None, **tables):
    """Return layers with flat terrain or a given one, communes, sea, and what is handed in."""
    shape = GEOBOX.shape
    height = np.full(shape, 10.0) if np.isscalar(ground_m) else ground_m
    ground = wrap(height.astype(np.float32), GEOBOX, name="terrain", units="m")
    given = {"communes": communes(), "sea": sea(), "sources": sources()} | tables
    return Layers(
        name="world",
        crs=CRS,
        tables={name: table for name, table in given.items() if table is not None},
        rasters={"terrain": ground, **(rasters or {})},
        terrain=terrain_from(ground),
    )


def coverage_of(covered=None, operators=("A",), technologies=("4G",), unknown=None):
    """Return coverage: `covered[technology, operator]` True where there is service."""
    maps = {}
    for technology in technologies:
        for operator in ("any", *operators):
            held = (covered or {}).get((technology, operator), np.zeros(GEOBOX.shape, bool))
            probability = np.where(held, 1.0, 0.0).astype(np.float32)
            signal = np.where(held, -100.0, -160.0).astype(np.float32)
            if unknown is not None:
                probability[unknown], signal[unknown] = np.nan, np.nan
            bands = {"signal_dbm": signal, "probability": probability}
            wrapped = {name: wrap(band, GEOBOX, name=name) for name, band in bands.items()}
            first = wrapped["signal_dbm"].to_dataset()
            maps[technology, operator] = first.assign(probability=wrapped["probability"])
    return Coverage(
        maps=maps,
        cells={t: pd.DataFrame() for t in technologies},
        settings=SETTINGS,
        profile=PROFILE,
        provenance=Provenance(step="coverage", version="test"),
    )


def villages(*places, people=90.0):
    """Return people: so many in the cell at each (x, y)."""
    values = np.zeros(GEOBOX.shape)
    for x_m, y_m in places:
        values[index_of(GEOBOX, EAST + x_m, NORTH + y_m)] += people
    return wrap(values, GEOBOX, name="people", units="persons")


def a_request(x_m=2_000.0, y_m=5_000.0, **fields):
    """Return one request for the checks, complete unless told otherwise."""
    row = pd.Series(fields.pop("row", {}), dtype="object")
    values = {
        "request_id": "R1",
        "row": row,
        "point": at(x_m, y_m),
        "operator": "A",
        "technologies": ("4G",),
        "height_m": 42.0,
        "accuracy_m": 10.0,
        "fibre_m": 100.0,
    }
    return Request(**(values | fields))


def around(as_of=None, **tables):
    """Return the surroundings of a world."""
    return Surroundings.of(world(**tables), as_of)
