"""
Cheapest paths from corner to corner of a raster of roads, rivers, hills and barred cells.

Run: pytest tests/benchmarks/bench_raster_path.py -o python_files='bench_*.py' -s
With INFRAPLAN_BENCH=province 4000 x 5000 cells, else 800 x 1000. The reference is scikit-image's
`MCP_Geometric` on the same raster in the same run; memory is that of a process of its own, beyond
what it held with the raster read and the kernels compiled.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import zoom

from infraplan.cables import Slope
from infraplan.cables import least_cost_path

WHOLE = os.environ.get("INFRAPLAN_BENCH") == "province"
SHAPE = (4000, 5000) if WHOLE else (800, 1000)
PIXEL_M = 10.0
MOST_GB = 0.8


def raster(shape: tuple[int, int], seed: int = 0):
    """Return costs: smooth hills with noise, roads of 1, rivers of 30, barred cells."""
    rng = np.random.default_rng(seed)
    rows, cols = shape
    hills = zoom(rng.normal(size=(rows // 50 + 2, cols // 50 + 2)), 50, order=1)[:rows, :cols]
    cost = (5 + 2 * hills + 2 * rng.random(shape)).clip(2, None).astype(np.float32)
    along = (np.arange(cols), np.arange(rows))
    for k in range(40):
        axis = k % 2
        at = rng.integers(shape[axis]) + 60 * np.sin(along[axis] / rng.uniform(80, 300))
        at = at.astype(int).clip(0, shape[axis] - 1)
        cost[(at, along[0]) if axis == 0 else (along[1], at)] = 1
    for _ in range(6):
        at = rng.integers(rows) + 150 * np.sin(along[0] / rng.uniform(200, 500))
        for width in range(8):
            cost[(at + width).astype(int).clip(0, rows - 1), along[0]] = 30
    cost[rng.random(shape) < 0.002] = np.inf
    cost[0, 0] = cost[-1, -1] = 2
    return cost


def cpu_s(work):
    """Return the result and the processor seconds of a call."""
    began = time.process_time()
    made = work()
    return made, time.process_time() - began


def across(cost, neighbours: int, **options):
    """Return the path from corner to corner."""
    end = (cost.shape[0] - 1, cost.shape[1] - 1)
    return least_cost_path(cost, (0, 0), end, pixel_m=PIXEL_M, neighbours=neighbours, **options)


def memory_gb(name: str) -> float:
    """Return what the kernel says of this process: held (VmRSS) or at most held (VmHWM)."""
    text = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) / 1e6


def test_paths_across_a_raster() -> None:
    graph = pytest.importorskip("skimage.graph")
    small, cost = raster((80, 100)), raster(SHAPE)
    for neighbours in (8, 16):
        across(small, neighbours)  # compiles
    taken = {n: cpu_s(lambda n=n: across(cost, n)) for n in (8, 16)}
    end = (SHAPE[0] - 1, SHAPE[1] - 1)

    def reference() -> float:
        walker = graph.MCP_Geometric(np.where(np.isinf(cost), -1, cost))
        totals, _ = walker.find_costs([(0, 0)], [end])
        return float(totals[end]) * PIXEL_M

    truth, reference_s = cpu_s(reference)
    path, eight_s = taken[8]
    _, sixteen_s = taken[16]
    print(
        f"\n{cost.size:,} cells: 8 neighbours {eight_s:.2f} s cpu, 16 {sixteen_s:.2f} s "
        f"(x{sixteen_s / eight_s:.2f}), scikit-image {reference_s:.2f} s "
        f"(x{reference_s / eight_s:.1f}); cost {path.cost:.6f}, {truth:.6f}"
    )
    assert path.cost == pytest.approx(truth, rel=1e-9)
    assert taken[16][0].cost <= path.cost
    assert eight_s <= reference_s / 1.5  # a fourth or less on a quiet machine
    assert sixteen_s <= 4 * eight_s


def test_paths_by_slope() -> None:
    small, cost = raster((80, 100)), raster(SHAPE)
    heights = 40 * zoom(np.random.default_rng(1).normal(size=(41, 51)), 100, order=1)
    across(small, 16, slope=Slope(heights[:80, :100]))  # compiles
    for neighbours in (8, 16):
        slope = Slope(heights[: SHAPE[0], : SHAPE[1]])
        path, taken_s = cpu_s(lambda n=neighbours, s=slope: across(cost, n, slope=s))
        print(f"\nslope, {neighbours} neighbours: {taken_s:.2f} s cpu, cost {path.cost:.0f}")
        assert path.cost > 0


def test_memory_of_a_path() -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("peak memory is read from the files of Linux")
    for neighbours in (8, 16):
        done = subprocess.run(
            [sys.executable, __file__, str(neighbours)], capture_output=True, text=True, check=True
        )
        added_gb = float(done.stdout)
        print(f"\n{neighbours} neighbours: {added_gb:.2f} GB beyond the raster")
        assert added_gb <= MOST_GB


if __name__ == "__main__":
    grid, count = raster(SHAPE), int(sys.argv[1])
    across(raster((80, 100)), count)
    held_gb = memory_gb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # forgets earlier peaks
    across(grid, count)
    print(memory_gb("VmHWM") - held_gb)
