"""
Speed of the radio room: loss around one mast, and coverage of a small network.

Run: pytest tests/benchmarks/bench_radio.py -o python_files='bench_*.py' -s
"""

import time
import tracemalloc

import numba
import numpy as np
import pytest

from infraplan.layers.bundle import empty_table
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.area import predict
from infraplan.radio.area import site_loss_db
from infraplan.radio.cells import CellDefaults
from infraplan.radio.cells import derive_cells
from infraplan.radio.paths import p1812_losses_db
from infraplan.radio.settings import ThresholdProfile
from tests.radio.conftest import CRS
from tests.radio.conftest import SOUTH
from tests.radio.conftest import WEST
from tests.radio.conftest import stations
from tests.radio.conftest import terrain_of

CELL_M, SIDE = 50.0, 480


@pytest.fixture(scope="module")
def hills():
    """Return 24 x 24 km of hills."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    return terrain_of(100 + 80 * np.sin(x / 17.0) * np.cos(y / 23.0), cell_m=CELL_M)


def told(what, work, count):
    """Run twice, compiling at first, and print time, memory and the ratio to a logarithm."""
    work()
    tracemalloc.start()
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    values = np.linspace(1.0, 2.0, count)
    began = time.perf_counter()
    np.log10(values)
    ratio = seconds / (time.perf_counter() - began)
    each = 1e9 * seconds / count
    print(f"\n{what}: {seconds:.2f} s, {each:.0f} ns a cell, {ratio:.0f} x log10, {peak_mb:.0f} MB")


@pytest.mark.parametrize("rays", ["radial", "cell"])
def test_loss_around_a_mast(hills, rays) -> None:
    middle = SIDE * CELL_M / 2
    options = {"freq_mhz": 1842.5, "tx_height_m": 40.0, "radius_m": 10_000.0, "rays": rays}
    ground = hills.ground_m
    count = int(np.pi * (10_000.0 / CELL_M) ** 2)
    told(rays, lambda: site_loss_db(ground, WEST + middle, SOUTH + middle, **options), count)


def test_coverage_of_a_network(hills) -> None:
    profile = ThresholdProfile.from_dict(read_toml(data_path("thresholds/vn-default.toml")))
    defaults = CellDefaults.from_dict(read_toml(data_path("cells/defaults.toml")))
    place = np.random.default_rng(1).uniform(2_000.0, 22_000.0, (24, 2))
    rows = [
        {"id": f"S{n:02d}", "x": WEST + x, "y": SOUTH + y, "technologies": "2G;3G;4G"}
        for n, (x, y) in enumerate(place)
    ]
    sites = stations(rows)
    cells = derive_cells(sites, empty_table("cells", CRS), defaults)
    count = 3 * len(rows) * int(np.pi * (10_000.0 / CELL_M) ** 2)
    told("24 masts, 3 carriers", lambda: predict(hills, sites, cells, profile=profile), count)


def test_profiles_of_p1812_a_minute() -> None:
    """Return how many paths of 10 km and 334 points one core takes in a minute."""
    count, points = 20_000, 334
    rng = np.random.default_rng(2)
    at_km = np.tile(np.linspace(0.0, 10.0, points), (count, 1))
    ground = 60.0 + np.cumsum(rng.normal(0.0, 2.0, (count, points)), axis=1)
    options = {"freq_ghz": 0.9, "tx_height_m": 30.0, "rx_height_m": 1.5, "latitude_deg": 18.3}
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        p1812_losses_db(at_km[:10], ground[:10], **options)
        began = time.process_time()
        p1812_losses_db(at_km, ground, **options)
        seconds = time.process_time() - began
    finally:
        numba.set_num_threads(threads)
    values = np.linspace(1.0, 2.0, count * points)
    began = time.process_time()
    np.log10(values)
    ratio = seconds / (time.process_time() - began)
    print(
        f"\nP.1812: {1e6 * seconds / count:.2f} us a profile, {60e-6 * count / seconds:.1f} "
        f"million a minute a core, {ratio:.1f} x log10 of as many points"
    )
