"""How long a sample takes, beside a reference that every machine can run: a field of noise."""

import tracemalloc
from time import perf_counter

import numpy as np

from infraplan.sample import generate
from infraplan.sample.noise import NoiseField


def seconds(work) -> float:
    """Return how long a call takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def reference() -> None:
    """Evaluate a smooth field on as many points as the pilot has cells."""
    field = NoiseField.over((0, 0, 15_000, 15_000), 900.0, np.random.default_rng(0))
    x, y = np.meshgrid(np.arange(15, 15_000, 30.0), np.arange(15, 15_000, 30.0))
    field.at(x, y)


def test_pilot_time_memory_and_quality(record_property):
    tracemalloc.start()
    sample = generate("pilot", seed=0)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    pilot_s, reference_s = seconds(lambda: generate("pilot", seed=0)), seconds(reference)
    record_property("pilot_s", round(pilot_s, 2))
    record_property("ratio_to_reference", round(pilot_s / reference_s, 1))
    record_property("peak_mb", round(peak, 1))
    record_property("cable_km", round(float(sample.figures["cable_km"]), 1))
    assert pilot_s < 15
    assert peak < 500
