"""
Speed of choosing actions: footprints, and a second choice that finds them kept.

Run: pytest tests/benchmarks/bench_actions.py -o python_files='bench_*.py' -s
With INFRAPLAN_BENCH=province also 2 000 positions on the real terrain of the shared data.
"""

import os
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from infraplan.io import read_raster
from infraplan.jobs import LossCache
from infraplan.layers.bundle import empty_table
from infraplan.layers.terrain import terrain_from
from infraplan.radio.settings import RadioSettings
from infraplan.sites.footprints import footprints
from infraplan.sites.gain import station_cells
from tests.benchmarks.bench_sites import rolling
from tests.benchmarks.bench_sites import told
from tests.shared_data import shared_folder
from tests.sites.test_proposal import Kept
from tests.sites.test_proposal import defaults
from tests.sites.test_proposal import propose
from tests.sites.world import world

COUNT = 2_000
CRS = "EPSG:9209"


def test_a_second_choice_on_nine_kilometres():
    layers, store = world(ground_m=rolling(3)), Kept()
    for sites in (5, 8):
        start = time.perf_counter()
        proposal = propose(layers=layers, sites=sites, store=store)
        seconds = time.perf_counter() - start
        told(f"proposal of {sites}", seconds, kept=len(store.kept), found=store.found)
        assert proposal.bound >= proposal.objective > 0


def positions(terrain, count):
    """Return positions on known ground, the same each time."""
    ground = terrain.ground_m
    row, column = np.nonzero(np.isfinite(ground.to_numpy()))
    some = np.random.default_rng(1).choice(row.size, count, replace=False)
    names = pd.Index([f"C{n:04d}" for n in range(count)], dtype="str")
    return gpd.GeoDataFrame(
        {"operator": "new", "mast_id": names, "height_m": 42.0, "technologies": "4G"},
        index=names,
        geometry=gpd.points_from_xy(
            ground["x"].to_numpy()[column[some]], ground["y"].to_numpy()[row[some]]
        ),
        crs=CRS,
    ).assign(status="operating")


@pytest.mark.skipif(os.environ.get("INFRAPLAN_BENCH") != "province", reason="minutes of work")
def test_footprints_of_2000_positions_on_real_ground(tmp_path):
    path = shared_folder("data") / "hatinh" / "terrain.tif"
    terrain = terrain_from(read_raster(path, crs=CRS, resolution_m=30.0))
    count = int(os.environ.get("INFRAPLAN_BENCH_COUNT", COUNT))
    stations = positions(terrain, count)
    cells = station_cells(stations, empty_table("cells", CRS), defaults())
    store = LossCache(tmp_path, max_gb=0.5)
    for what in ("footprints", "footprints kept"):
        start, busy = time.perf_counter(), time.process_time()
        found = footprints(
            terrain,
            stations,
            cells,
            settings=RadioSettings(radius_m=6_000.0),
            technology="4G",
            needed_dbm=-105.0,
            store=store,
        )
        reach = [made.served.sum() for _, made in found]
        told(
            f"{what} of {len(reach)}",
            time.perf_counter() - start,
            processor=f"{time.process_time() - busy:.1f} s",
            megabytes=sum(p.stat().st_size for p in tmp_path.rglob("*.loss")) / 1e6,
        )
        assert len(reach) >= 0.95 * count
