"""
Speed of what is told of a batch as a whole, and of how firm its proposals are.

Run: pytest tests/benchmarks/bench_batch.py -o python_files='bench_*.py' -s
"""

import time

import numpy as np
import pytest
import scipy.sparse as sp

from infraplan.sites.batch import _swaps
from infraplan.sites.batch import batch_gains
from infraplan.sites.batch import best_subsets
from infraplan.sites.batch import subset_people
from infraplan.sites.checks import check_batch
from infraplan.sites.checks import check_request
from infraplan.sites.gain import Gain
from infraplan.sites.stability import stability_of
from infraplan.sites.surroundings import Alternative
from tests.sites.world import RULES
from tests.sites.world import a_request
from tests.sites.world import areas
from tests.sites.world import around
from tests.sites.world import at
from tests.sites.world import sources
from tests.sites.world import stations
from tests.sites.world import table

CELLS, MASTS = 20_000, 6


def told(what, seconds, **figures):
    """Print one line of figures, for the history of the benchmarks."""
    values = ", ".join(f"{name} {value}" for name, value in figures.items())
    print(f"\n{what}: {1000 * seconds:.1f} ms, {values}")


def best_of(repeats, work):
    """Return the shortest time of some runs, and the result."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return min(times), result


def batch_of(count, cells=CELLS, seed=1):
    """Return requests that gain cells around places of their own, and masts beside them."""
    random = np.random.default_rng(seed)
    side = int(np.sqrt(cells))
    row, column = np.divmod(np.arange(side * side), side)
    people = random.gamma(0.5, 20.0, side * side)

    def gain(x, y, reach):
        near = np.flatnonzero(np.hypot(row - y, column - x) < reach)
        total = float(people[near].sum())
        part = people[near]
        return Gain(near, part, total, 0.8 * total, 1.2 * total, 1.0, total, 0.0, 0.0, 0.0)

    made = []
    for n in range(count):
        x, y, reach = *random.uniform(0, side, 2), random.uniform(0.15, 0.35) * side
        masts = [
            Alternative(f"M{m}", ("B",), 400.0, 40.0, gain(x + m, y, 0.98 * reach))
            for m in range(MASTS)
        ]
        fields = {"own_gain": gain(x, y, reach), "alternatives": masts, "technology": "4G"}
        place = {"x_m": 500 + 40 * x, "y_m": 500 + 40 * y}
        made.append(a_request(request_id=f"R{n:02d}", gain=fields["own_gain"], **place, **fields))
    return made


def test_all_subsets_and_fair_parts_of_a_batch_of_fifteen():
    batch = batch_of(15)

    def work():
        gains = batch_gains(batch)
        people = subset_people(gains)
        return gains, people, best_subsets(gains, np.zeros(15, bool)), gains.shapley

    seconds, (gains, people, best, shapley) = best_of(5, work)
    told("15 requests", seconds, cells=gains.people.size, subsets=people.size, best=best[4][1])
    assert shapley.sum() == pytest.approx(people[-1])
    assert seconds < 0.5  # 0.05 on a quiet machine


@pytest.mark.parametrize("count", [20, 40])
def test_the_frontier_of_larger_batches(count):
    gains = batch_gains(batch_of(count))
    seconds, best = best_of(1, lambda: best_subsets(gains, np.zeros(count, bool)))
    gap = max((bound - people) / bound for _, people, bound in best)
    told(f"{count} requests", seconds, gap=f"{100 * gap:.3f} %")
    assert len(best) == count


def test_five_exchanges_against_two_thousand_positions():
    random = np.random.default_rng(3)
    weight = random.gamma(0.5, 60.0, CELLS)
    own, other = (
        sp.random_array((CELLS, n), density=0.006, rng=random, format="csr").astype(bool) * 1.0
        for n in (15, 2000)
    )
    places = {f"C{n}": {"kind": "new", "geometry": at(n, 0)} for n in range(2000)}
    positions = table(places, "candidate_id", "candidates")
    names = [f"R{n}" for n in range(15)]
    seconds, swaps = best_of(3, lambda: _swaps(names, own, positions, other, weight))
    told("5 exchanges", seconds, recovered=round(swaps["people_after"].iloc[-1]))
    assert len(swaps) == 5


def test_two_hundred_draws_of_a_batch_of_fifteen():
    random = np.random.default_rng(1)
    sites = {f"S{n:02d}": (*random.uniform(500, 7_500, 2), "B", 45.0, "2G") for n in range(200)}
    houses = {
        f"B{n}": (x, y, x + 8, y + 8, {"use": "home", "height_m": 6.0})
        for n, (x, y) in enumerate(random.uniform(500, 8_000, (5_000, 2)))
    }
    place = around(
        sites=stations(**sites),
        buildings=areas("building_id", **houses),
        roads=areas("road_id", R1=(0, 5_150, 9_000, 5_155)),
        protected=areas("protected_id", P1=(2_090, 4_000, 3_000, 6_000)),
        sources=sources(extra=["aerodromes"]),
    )
    batch = batch_of(15)
    reasons = {
        r.request_id: check_request(r, place, RULES.rules) + check_batch(r, batch, RULES.rules)
        for r in batch
    }
    seconds, found = best_of(3, lambda: stability_of(batch, reasons, place, RULES.rules))
    told("200 draws", seconds, same=found["same"].tolist())
    assert seconds < 5.0  # 0.5 on a quiet machine
