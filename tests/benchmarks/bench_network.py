"""
Speed of a province: 3,250 masts with three sectors each, 30 m cells, 10 km, on the real terrain.

Run: pytest tests/benchmarks/bench_network.py -o python_files='bench_*.py' -s
With INFRAPLAN_BENCH=province the whole network, else a fiftieth of it (the same ground, so the
figure for the province is told by masts).
"""

import os
import resource
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point

from infraplan.io import read_raster
from infraplan.jit import njit
from infraplan.jit import prange
from infraplan.layers.bundle import empty_table
from infraplan.layers.grid import cell_centres
from infraplan.layers.grid import geobox_of
from infraplan.layers.terrain import Terrain
from infraplan.layers.terrain import terrain_from
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio._kernels import rays as kernel
from infraplan.radio._kernels.profile import profile_terms_db
from infraplan.radio.area import predict
from infraplan.radio.area import site_loss_db
from infraplan.radio.area import site_signals
from infraplan.radio.losses import LossStage
from infraplan.radio.network import cells_on_air
from infraplan.radio.network import network_of
from infraplan.radio.rays import ray_table
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile
from tests.shared_data import shared_folder

CRS, CELL_M, MASTS = "EPSG:9209", 30.0, 3250
CARRIERS = {"4G": ("L1800", 1842.5, 20.0, "3gpp_1800"), "2G": ("G900", 945.0, 0.2, "3gpp_900")}
WHOLE = os.environ.get("INFRAPLAN_BENCH") == "province"
COUNT = MASTS if WHOLE else 65


@pytest.fixture(scope="module")
def ground() -> Terrain:
    """Return the terrain of Hà Tĩnh on 30 m cells."""
    path = shared_folder("data/hatinh") / "terrain.tif"
    return terrain_from(read_raster(path, crs=CRS, resolution_m=CELL_M))


@pytest.fixture(scope="module")
def profile() -> ThresholdProfile:
    return ThresholdProfile.from_dict(read_toml(data_path("thresholds/vn-default.toml")))


def network(ground: Terrain, technologies: tuple[str, ...], count: int = COUNT):
    """Return stations where people live, on low ground, and three sectors for each technology."""
    heights = ground.ground_m.to_numpy()
    places = np.argwhere(np.isfinite(heights) & (heights < 60.0))
    rng = np.random.default_rng(7)
    row, column = places[rng.integers(len(places), size=count)].T
    x, y = cell_centres(geobox_of(ground.ground_m), row, column)
    ids = [f"S{n:04d}" for n in range(count)]
    sites = gpd.GeoDataFrame(
        {"operator": "A", "mast_id": ids, "height_m": rng.uniform(24.0, 50.0, count)},
        geometry=[Point(*at) for at in zip(x, y, strict=True)],
        crs=CRS,
        index=pd.Index(ids, name="site_id"),
    )
    rows = [
        cell_row(site_id, height_m, technology, sector)
        for technology in technologies
        for site_id, height_m in zip(ids, sites["height_m"], strict=True)
        for sector in (1, 2, 3)
    ]
    cells = pd.DataFrame(rows).set_index("cell_id")
    return sites, cells.reindex(columns=empty_table("cells", CRS).columns)


def cell_row(site_id: str, height_m: float, technology: str, sector: int) -> dict[str, object]:
    """Return a cell as a list of an operator has it."""
    carrier, freq_mhz, bandwidth_mhz, antenna = CARRIERS[technology]
    return {
        "cell_id": f"{site_id}/{technology}/{sector}", "site_id": site_id,
        "technology": technology, "sector": sector, "carrier": carrier, "freq_mhz": freq_mhz,
        "bandwidth_mhz": bandwidth_mhz, "tx_power_dbm": 43.0, "antenna": antenna,
        "azimuth_deg": 30.0 + 120.0 * (sector - 1), "mechanical_downtilt_deg": 0.0,
        "electrical_downtilt_deg": 3.0, "height_m": height_m, "load": 0.5, "assumed": False,
    }  # fmt: skip


def timed(work):
    """Return the result, wall and processor seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - wall, time.process_time() - cpu


def test_a_province_in_minutes(ground, profile) -> None:
    warm_sites, warm_cells = network(ground, ("4G",), 2)
    predict(ground, warm_sites, warm_cells, profile=profile)
    walls = {}
    for technologies in (("4G",), ("2G", "4G")):
        sites, cells = network(ground, technologies)
        made, wall, cpu = timed(
            lambda s=sites, c=cells: predict(ground, s, c, profile=profile, operators=["A"])
        )
        walls[len(technologies)] = wall
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        table = ray_table(10_000.0, CELL_M)
        stage = LossStage(
            ground_m=ground.ground_m.to_numpy().astype(np.float32), table=table,
            settings=RadioSettings(),
        )  # fmt: skip
        nodes = network_of(
            cells_on_air(sites, cells, None), sites, geobox_of(ground.ground_m), stage.ground_m
        )
        _, loss_wall, loss_cpu = timed(lambda n=nodes, s=stage: [0 for _ in s.batches(n)])
        each = 1e9 / (COUNT * table.needed.size)
        print(
            f"\n{COUNT} masts x 3 sectors, {len(technologies)} carrier(s): wall {wall:.1f} s "
            f"({wall / COUNT * MASTS:.0f} s for {MASTS}), cpu {cpu:.1f} s; losses "
            f"{loss_wall:.1f} s, {loss_cpu * each:.0f} ns a cell; all else "
            f"{(cpu - loss_cpu) * each:.0f} ns a cell; peak {peak:.2f} GB"
        )
        assert np.isfinite(made.bands("4G", "A")["signal_dbm"]).any()
    print(f"second carrier: +{100 * (walls[2] / walls[1] - 1):.0f} %")


def test_one_ray_a_cell(ground) -> None:
    sites, cells = network(ground, ("4G",), 8)
    stage = LossStage(
        ground_m=ground.ground_m.to_numpy().astype(np.float32),
        table=ray_table(10_000.0, CELL_M, rays="cell"),
        settings=RadioSettings(rays="cell"),
    )
    nodes = network_of(
        cells_on_air(sites, cells, None), sites, geobox_of(ground.ground_m), stage.ground_m
    )
    for _ in stage.batches(nodes):  # compiles
        pass
    _, wall, cpu = timed(lambda: [0 for _ in stage.batches(nodes)])
    print(f"\nrays=cell: {cpu / 8:.2f} s cpu a mast, {wall / 8 * MASTS / 60:.1f} min for {MASTS}")


def test_what_if_one_mast(ground) -> None:
    for technologies in (("4G",), ("2G", "4G")):
        sites, cells = network(ground, technologies, 5)
        list(site_signals(ground, sites.iloc[:1], cells, settings=RadioSettings()))
        for n in range(1, 4):
            _, wall, _ = timed(
                lambda n=n, s=sites, c=cells: list(
                    site_signals(ground, s.iloc[n : n + 1], c, settings=RadioSettings())
                )
            )
            print(f"\nwhat-if, {len(technologies)} carrier(s): {1000 * wall:.0f} ms")


def test_radial_rays_against_exact_ones(ground) -> None:
    sites, _ = network(ground, ("4G",), 60)
    far = []
    for at in sites.geometry.iloc[:12]:
        options = {"freq_mhz": 1842.5, "tx_height_m": 35.0, "radius_m": 10_000.0}
        one, other = (
            site_loss_db(ground.ground_m, at.x, at.y, rays=rays, **options).to_numpy()
            for rays in ("radial", "cell")
        )
        far.append((one - other)[np.isfinite(one) & np.isfinite(other)])
    difference = np.concatenate(far)
    print(
        f"\nradial - cell: mean {difference.mean():.3f} dB, sd {difference.std():.3f} dB, "
        f"99 % within {np.quantile(np.abs(difference), 0.99):.2f} dB, {difference.size:,} cells"
    )
    assert abs(difference.mean()) <= 0.1
    assert difference.std() <= 1.0


@njit(parallel=True, cache=False)
def profiles_db(ground, row, column, rays_of, f_ghz, radius_km, out):
    """Fill the losses of the same rays by the profile function, one profile a cell."""
    row_step, column_step, step_km, needed, need_start, end_row, end_column, reach = rays_of
    window = np.empty((2 * reach + 5, 2 * reach + 5), dtype=np.float32)
    kernel.cut_window(ground, row, column, reach + 2, window)
    for r in prange(row_step.size):
        a, e = need_start[r], need_start[r + 1]
        if e > a:
            last = needed[e - 1]
            heights = np.zeros(kernel.FRONT + last + 2, dtype=np.float32)
            known = kernel.sample_ray(
                window, reach + 2, row_step[r], column_step[r], last, heights,
                np.empty(last, dtype=np.int32), np.empty((2, last), dtype=np.float32),
            )  # fmt: skip
            at_km = np.arange(last + 1) * step_km[r]
            profile = heights[kernel.FRONT : kernel.FRONT + last + 1].astype(np.float64)
            profile[0] = 0.0
            for j in range(a, e):
                n = needed[j]
                end = window[reach + 2 + end_row[j], reach + 2 + end_column[j]]
                out[j] = np.nan
                if n <= known and not np.isnan(end):
                    kept = profile[n]
                    profile[n] = end
                    out[j] = profile_terms_db(
                        profile[: n + 1], profile[: n + 1], at_km[: n + 1], f_ghz, 35.0, 1.5,
                        radius_km, True, 0.0,
                    )[3]  # fmt: skip
                    profile[n] = kept


def test_rays_equal_profiles_on_real_ground(ground) -> None:
    """The engine's loss on a ray against the profile function on the same ray, and their speeds."""
    ground_m = ground.ground_m.to_numpy().astype(np.float32)
    table = ray_table(10_000.0, CELL_M)
    stage = LossStage(ground_m=ground_m, table=table, settings=RadioSettings())
    rays_of = (
        table.row_step, table.column_step, table.step_km, table.needed, table.need_start,
        table.end_row, table.end_column, table.reach,
    )  # fmt: skip
    places = np.argwhere(np.isfinite(ground_m))
    chosen = places[np.random.default_rng(3).integers(len(places), size=4)]
    far, slow, fast = [], 0.0, 0.0
    for row, column in chosen:
        for freq_mhz in (900.0, 1800.0):
            out = np.empty(table.needed.size)
            arguments = (ground_m, row, column, rays_of, freq_mhz / 1000.0, 8930.776785714286)
            profiles_db(*arguments, out)
            slow += timed(lambda a=arguments, o=out: profiles_db(*a, o))[2]
            options = {"height_m": 35.0, "freq_mhz": freq_mhz}
            found, _, cpu = timed(lambda r=row, c=column, o=options: stage.at(int(r), int(c), **o))
            fast += cpu
            known = np.isfinite(out) & (table.needed >= 2)
            assert np.array_equal(np.isfinite(out), np.isfinite(found))
            far.append(np.abs(out - found)[known])
    difference = np.concatenate(far)
    cells = 8 * table.needed.size
    print(
        f"\nrays against profiles: {difference.size:,} samples, {(difference > 1e-3).sum()} over "
        f"0.001 dB, largest {difference.max():.4f} dB; {1e9 * fast / cells:.0f} against "
        f"{1e9 * slow / cells:.0f} ns a cell, {slow / fast:.0f} times"
    )
    assert (difference > 1e-3).mean() <= 1e-5
    assert difference.max() <= 0.012
