"""Fast equals slow: the compiled ray against a plain reference of the Recommendation."""

import numpy as np
import pytest

from infraplan.radio import _kernels as kernels
from infraplan.radio.diffraction import effective_earth_radius_km
from infraplan.radio.rays import ray_table

RADIUS_KM = effective_earth_radius_km(45.0)
JUMP_DB = 0.012  # the formula itself leaps by 0.011 dB where its parameter passes -0.78


def bullington_db(at_km, heights, h_ts, h_rs, f_ghz):
    """Return the Bullington loss of P.1812-7, (13)-(21), by NumPy alone."""
    d, di, h = at_km[-1], at_km[1:-1], heights[1:-1]
    lam = 0.299792458 / f_ghz
    raised = h + 500 / RADIUS_KM * di * (d - di)
    stim, to_rx = ((raised - h_ts) / di).max(), (h_rs - h_ts) / d
    if stim < to_rx:
        line = (h_ts * (d - di) + h_rs * di) / d
        v = ((raised - line) * np.sqrt(0.002 * d / (lam * di * (d - di)))).max()
    else:
        srim = ((raised - h_rs) / (d - di)).max()
        at = (h_rs - h_ts + srim * d) / (stim + srim)
        rise = h_ts + stim * at - (h_ts * (d - at) + h_rs * at) / d
        v = rise * np.sqrt(0.002 * d / (lam * at * (d - at)))
    edge = 6.9 + 20 * np.log10(np.sqrt((v - 0.1) ** 2 + 1) + v - 0.1) if v > -0.78 else 0.0
    return edge + (1 - np.exp(-edge / 6)) * (10 + 0.02 * d)


def random_profile(seed: int, size: int = 120) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rough = np.cumsum(rng.normal(0, rng.choice([0.0, 0.3, 3.0, 10.0]), size))
    return np.maximum(100 + rough, 0.0)


@pytest.mark.parametrize("seed", range(12))
def test_the_bullington_part_equals_a_plain_reference(seed: int) -> None:
    ground = random_profile(seed)
    at_km = np.arange(ground.size) * 0.03
    terms = kernels.profile_terms_db(ground, ground, at_km, 0.945, 30.0, 1.5, RADIUS_KM, True, 0.0)
    expected = bullington_db(at_km, ground, ground[0] + 30.0, ground[-1] + 1.5, 0.945)
    assert terms[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_a_ray_equals_the_profile_at_each_of_its_samples(seed: int) -> None:
    ground, step = random_profile(seed), 0.03
    f_ghz, needed = np.array([0.945, 1.8425, 2.14]), np.arange(ground.size)
    inverse = 1.0 / np.maximum(np.arange(ground.size + 1), 1)
    out = np.empty((3, ground.size), dtype=np.float32)
    kernels.ray_losses_db(
        ground, step, needed, f_ghz, 35.0, 1.5, RADIUS_KM, True, inverse, np.sqrt(inverse), out
    )
    differences = [
        abs(profile_loss_db(ground[: n + 1], step, f) - out[c, n])
        for n in range(2, ground.size, 5)
        for c, f in enumerate(f_ghz)
    ]
    assert max(differences) <= JUMP_DB
    assert np.quantile(differences, 0.99) <= 1e-3


def profile_loss_db(ground: np.ndarray, step_km: float, f_ghz: float) -> float:
    at_km = np.arange(ground.size) * step_km
    return kernels.profile_terms_db(ground, ground, at_km, f_ghz, 35.0, 1.5, RADIUS_KM, True, 0.0)[
        3
    ]


@pytest.mark.parametrize("rays", ["radial", "cell"])
def test_every_cell_in_reach_is_served_by_a_sample_near_it(rays: str) -> None:
    table = ray_table(1500.0, 100.0, rays=rays)
    ray = np.searchsorted(table.need_start, table.slot, side="right") - 1
    sample = table.ray_start[ray] + table.needed[table.slot]
    off_row = table.sample_row[sample] - table.offset_row
    off_column = table.sample_column[sample] - table.offset_column
    assert np.hypot(off_row, off_column).max() < 0.8
    assert np.hypot(table.offset_row, table.offset_column).max() <= 15


def test_the_rows_of_a_ray_table_begin_where_it_says() -> None:
    table = ray_table(1500.0, 100.0)
    for row in range(-table.reach, table.reach + 1):
        part = slice(table.row_start[row + table.reach], table.row_start[row + table.reach + 1])
        assert (table.offset_row[part] == row).all()
