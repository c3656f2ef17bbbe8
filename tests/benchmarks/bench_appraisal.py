"""
Speed of an appraisal: verdicts, searches, one request and a batch.

Run: pytest tests/benchmarks/bench_appraisal.py -o python_files='bench_*.py' -s
With INFRAPLAN_BENCH=province also on a sample of the whole province (minutes, and 3 GB of disk for
the warm part); INFRAPLAN_BENCH_PLAN names a plan of that size that is there already, whose coverage
is then taken as it is and the run without coverage left out. Processor time stands beside that of
the wall, for another program may share the machine.
"""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

import infraplan as ip
from infraplan.api.dossier import write_dossier
from tests.benchmarks.bench_sites import rolling
from tests.benchmarks.bench_sites import told
from tests.shared_data import shared_folder
from tests.sites.test_appraisal import appraise
from tests.sites.world import requests
from tests.sites.world import stations
from tests.sites.world import world

province_only = pytest.mark.skipif(
    os.environ.get("INFRAPLAN_BENCH") != "province", reason="INFRAPLAN_BENCH=province runs it"
)


def timed(what, run, **figures):
    """Run something, tell wall and processor time, and return what it gives."""
    wall, busy = time.perf_counter(), time.process_time()
    made = run()
    seconds = time.perf_counter() - wall
    told(what, seconds, cpu_s=round(time.process_time() - busy, 2), **figures)
    return made


@pytest.fixture(scope="module")
def batch():
    """Return fifteen requests of three technologies in hills with twenty masts."""
    random = np.random.default_rng(1)
    places = {
        f"R{n:02d}": (*random.uniform(500, 7_500, 2), "A", 48.0, "2G;3G;4G") for n in range(15)
    }
    sites = {f"S{n:02d}": (*random.uniform(500, 7_500, 2), "B", 45.0, "2G") for n in range(20)}
    layers = world(ground_m=rolling(2), sites=stations(**sites))
    appraise(requests(R00=places["R00"]), layers=layers, searches=True)  # compiled, warm
    return requests(**places), layers


@pytest.mark.parametrize("searches", [False, True])
@pytest.mark.parametrize("count", [1, 15])
def test_requests_of_three_technologies_on_nine_kilometres(batch, count, searches):
    rows, layers = batch
    what = f"{count} request(s), {'all searches' if searches else 'verdicts only'}"
    appraisal = timed(what, lambda: appraise(rows.iloc[:count], layers=layers, searches=searches))
    assert len(appraisal.requests) == count
    assert bool(len(appraisal.heights)) is searches


@pytest.fixture(scope="module")
def province(tmp_path_factory):
    """Return a plan of the size of the province, without coverage."""
    if named := os.environ.get("INFRAPLAN_BENCH_PLAN"):
        folder = tmp_path_factory.mktemp("province") / "plan"
        shutil.copytree(Path(named), folder)
        return ip.open_plan(folder)
    return ip.sample_plan(
        tmp_path_factory.mktemp("province") / "plan",
        size="province",
        base=shared_folder("data") / "hatinh",
    )


@province_only
def test_the_province_cold_then_warm(province):
    opened = ip.open_plan(province.folder)
    rows = opened.table("requests")
    rows = rows[rows["batch"] == rows["batch"].value_counts().idxmax()].iloc[:15]
    if not os.environ.get("INFRAPLAN_BENCH_PLAN"):
        cold = timed(
            f"province, {len(rows)} requests, no coverage, verdicts only",
            lambda: ip.appraise(opened, rows, batch="bench cold", searches=False),
        )
        assert len(cold.requests) == len(rows)
    timed("coverage, where the plan has none", lambda: ip.predict(opened))
    timed("first appraisal of the process", lambda: judged(opened, rows.iloc[:1], "first", False))
    for count, searches in ((1, False), (1, True), (len(rows), False), (len(rows), True)):
        what = f"province, warm, {count} request(s), {'searches' if searches else 'verdicts only'}"
        made = timed(what, lambda c=count, s=searches, w=what: judged(opened, rows.iloc[:c], w, s))
        if searches:
            timed(f"{what}: all files", lambda m=made: write_dossier(opened, m.batch, appraisal=m))
        assert len(made.requests) == count


def judged(plan, rows, batch, searches):
    """Appraise some rows as a batch of their own."""
    return ip.appraise(plan, rows, batch=batch, searches=searches)
