"""
Speed of appraising and proposing sites.

Run: pytest tests/benchmarks/bench_sites.py -o python_files='bench_*.py' -s
"""

import time

import numpy as np

from tests.sites.test_appraisal import appraise
from tests.sites.test_proposal import propose
from tests.sites.world import GEOBOX
from tests.sites.world import requests
from tests.sites.world import stations
from tests.sites.world import world


def told(what, seconds, **figures):
    """Print one line of figures, for the history of the benchmarks."""
    values = ", ".join(f"{name} {value}" for name, value in figures.items())
    print(f"\n{what}: {seconds:.2f} s, {values}")


def rolling(seed):
    """Return gentle hills, the same for the same seed."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: GEOBOX.shape[0], : GEOBOX.shape[1]]
    ground = np.full(GEOBOX.shape, 60.0)
    for _ in range(12):
        waves = random.uniform(0.02, 0.12, 2)
        ground += random.uniform(2, 12) * np.sin(waves[0] * x + waves[1] * y + random.uniform(0, 6))
    return ground


def test_a_batch_of_fifteen_with_masts_to_share():
    random = np.random.default_rng(1)
    places = {
        f"R{n:02d}": (*random.uniform(500, 7_500, 2), "A", 42.0, "2G;3G;4G") for n in range(15)
    }
    sites = {f"S{n:02d}": (*random.uniform(500, 7_500, 2), "B", 45.0, "2G") for n in range(20)}
    layers = world(ground_m=rolling(2), sites=stations(**sites))
    start = time.perf_counter()
    appraisal = appraise(requests(**places), layers=layers)
    seconds = time.perf_counter() - start
    kinds = appraisal.requests["proposal"].value_counts().to_dict()
    told("batch of 15", seconds, **kinds)
    assert len(appraisal.requests) == 15


def test_a_proposal_of_five_sites_on_nine_kilometres():
    start = time.perf_counter()
    proposal = propose(layers=world(ground_m=rolling(3)), sites=5)
    seconds = time.perf_counter() - start
    told(
        "proposal of 5",
        seconds,
        evaluated=proposal.certificate["evaluated"],
        gained=proposal.objective,
        gap=f"{100 * proposal.gap:.3f} %",
    )
    assert proposal.bound >= proposal.objective > 0
