"""
People, hamlets and gaps at the size of a province: time, memory, ratio to a reference.

Run: pytest tests/benchmarks/bench_coverage.py -o python_files='bench_*.py' -s
"""

import resource
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from infraplan.coverage import find_gaps
from infraplan.coverage import people_grid
from infraplan.coverage import residential_areas
from infraplan.coverage import zones_over
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import wrap
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.results import ANY
from infraplan.radio.results import Coverage
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile
from tests.sample.hatinh_base import hatinh_layers
from tests.shared_data import shared_folder

OPERATORS = ("A", "B", "C", "D")
TECHNOLOGIES = ("2G", "3G", "4G")
RESOLUTION_M = 60.0


def measured(what, work, reference_s):
    """Run some work; print its time, its ratio to the reference, and the peak memory so far."""
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    ratio = seconds / reference_s
    print(f"\n{what}: {seconds:.2f} s, {ratio:.0f} x reference, peak {peak_mb:.0f} MB")
    return result


@pytest.fixture(scope="module")
def province():
    """Return the real layers with a hamlet for each settlement and 3,250 stations on them."""
    layers = hatinh_layers(shared_folder("data") / "hatinh", RESOLUTION_M)
    patches = layers.table("settlements")
    names = [f"H{n:04d}" for n in range(len(patches))]  # a cluster may span several communes
    hamlets = patches.set_index(pd.Index(names, name="hamlet_id"))
    hamlets = hamlets.assign(name=names, people=np.nan, placed_by=None)
    random = np.random.default_rng(0)
    chosen = random.choice(len(patches), 3_250)
    at = shapely.get_coordinates(patches.geometry.representative_point())[chosen]
    at += random.normal(0.0, 300.0, at.shape)
    sites = gpd.GeoDataFrame(geometry=shapely.points(at), crs=layers.crs)
    sites.index = pd.Index([f"S{n:04d}" for n in range(chosen.size)], name="site_id")
    sites = sites.assign(
        operator=[OPERATORS[n % 4] for n in range(chosen.size)],
        technologies="2G;3G;4G",
        status="operating",
        height_m=40.0,
    )
    tables = dict(layers.tables) | {"hamlets": hamlets, "sites": sites}
    return type(layers)(layers.name, layers.crs, tables, layers.rasters, layers.terrain)


@pytest.fixture(scope="module")
def geobox(province):
    """Return the grid of the province."""
    return geobox_of(province.rasters["population"])


@pytest.fixture(scope="module")
def reference_s(geobox):
    """Return how long the square root of a raster of the province takes."""
    values = np.random.default_rng(0).random(geobox.shape)
    start = time.perf_counter()
    for _ in range(5):
        np.sqrt(values)
    return (time.perf_counter() - start) / 5


def reception(province, geobox):
    """Return made-up coverage of every reading: a field of signal without physics."""
    profile = ThresholdProfile.from_dict(read_toml(data_path("thresholds/vn-default.toml")))
    random, sites = np.random.default_rng(1), province.table("sites")
    maps, cells = {}, {}
    for technology in TECHNOLOGIES:
        for operator in (*OPERATORS, ANY):
            signal = random.normal(-85.0, 15.0, geobox.shape).astype(np.float32)
            signal[np.isnan(province.terrain.ground_m.to_numpy())] = np.nan
            server = np.where(np.isnan(signal), np.nan, random.integers(0, 3_250, geobox.shape))
            parts = {
                "signal_dbm": signal,
                "probability": np.where(np.isnan(signal), np.nan, (signal > -100.0) * 1.0),
                "best_cell": server,
                "second_dbm": signal - np.float32(12.0),
            }
            bands = {k: wrap(v.astype(np.float32), geobox, name=k) for k, v in parts.items()}
            maps[technology, operator] = bands["signal_dbm"].to_dataset().assign(bands)
        cells[technology] = pd.DataFrame(
            {
                "site_id": sites.index,
                "mast_id": sites.index,
                "operator": sites["operator"].to_numpy(),
                "assumed": True,
            }
        )
    return Coverage(maps, cells, RadioSettings(), profile, Provenance("coverage", "bench"))


def test_people_hamlets_and_gaps_of_a_province(province, geobox, reference_s):
    communes = province.table("communes")
    zones = measured("zones of communes", lambda: zones_over(communes, geobox), reference_s)
    grid = measured("people", lambda: people_grid(province, geobox), reference_s)
    areas = measured("hamlets", lambda: residential_areas(province, grid.people), reference_s)
    coverage = reception(province, geobox)
    gaps = measured("gaps", lambda: find_gaps(province, grid.people, coverage), reference_s)
    error = np.abs(zones.sums(grid.people.to_numpy()) / communes["people"].astype(float) - 1).max()
    print(f"largest error of a commune's people: {error:.1e}; {len(gaps.shares)} shares")
    assert len(gaps.hamlets) == len(areas)
