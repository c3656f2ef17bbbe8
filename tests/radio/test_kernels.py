"""Fast equals slow: the compiled ray against a plain reference of the Recommendation."""

import numpy as np
import pytest

from infraplan.jit import njit
from infraplan.radio._kernels import profile as kernels
from infraplan.radio._kernels import rays
from infraplan.radio._kernels import servers
from infraplan.radio._kernels import simd
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


def ray_losses_db(ground: np.ndarray, step_km: float, f_ghz: np.ndarray) -> np.ndarray:
    """Return the losses along one ray over a strip of ground, from sample 0 on."""
    strip = np.repeat(ground.astype(np.float32)[None, :], 5, axis=0)
    needed = np.arange(1, ground.size, dtype=np.int32)
    out = np.full((1, f_ghz.size, needed.size), np.nan, dtype=np.float32)
    rays.mast_losses_db(
        strip, np.array([2]), np.array([0]), np.array([35.0]), f_ghz,
        np.ones((1, f_ghz.size), dtype=bool), np.zeros(1, np.float32), np.ones(1, np.float32),
        np.array([step_km]), needed, np.array([0, needed.size], dtype=np.int32),
        np.zeros(needed.size, dtype=np.int32), needed, ground.size, 1.5, RADIUS_KM, True, 1, out,
    )  # fmt: skip
    return out[0]


@pytest.mark.parametrize("seed", range(12))
def test_a_ray_equals_the_profile_at_each_of_its_samples(seed: int) -> None:
    ground, step = random_profile(seed).astype(np.float32).astype(float), 0.03
    f_ghz = np.array([0.945, 1.8425, 2.14])
    out = ray_losses_db(ground, step, f_ghz)
    differences = [
        abs(profile_loss_db(ground[: n + 1], step, f) - out[c, n - 1])
        for n in range(2, ground.size, 5)
        for c, f in enumerate(f_ghz)
    ]
    assert max(differences) <= JUMP_DB
    assert np.quantile(differences, 0.99) <= 1e-3


@pytest.mark.parametrize("size", [700, 1500])
def test_a_ray_beyond_the_horizon_equals_the_profile(size: int) -> None:
    ground = np.maximum(random_profile(3, size).astype(np.float32).astype(float) - 90.0, 0.0)
    out = ray_losses_db(ground, 0.05, np.array([0.945]))
    for n in range(600, size, 100):
        assert out[0, n - 1] == pytest.approx(
            profile_loss_db(ground[: n + 1], 0.05, 0.945), abs=2e-3
        )


def profile_loss_db(ground: np.ndarray, step_km: float, f_ghz: float) -> float:
    at_km = np.arange(ground.size) * step_km
    return kernels.profile_terms_db(ground, ground, at_km, f_ghz, 35.0, 1.5, RADIUS_KM, True, 0.0)[
        3
    ]


@pytest.mark.parametrize("way", ["radial", "cell"])
def test_every_cell_in_reach_ends_a_ray_that_passes_near_it(way: str) -> None:
    table = ray_table(1500.0, 100.0, rays=way)
    ray = np.searchsorted(table.need_start, table.slot, side="right") - 1
    number = table.needed[table.slot]
    off_row = table.row_step[ray] * number - table.offset_row
    off_column = table.column_step[ray] * number - table.offset_column
    assert np.hypot(off_row, off_column).max() < 0.8
    assert np.array_equal(table.end_row[table.slot], table.offset_row)
    assert np.array_equal(table.end_column[table.slot], table.offset_column)
    assert np.hypot(table.offset_row, table.offset_column).max() <= 15


def test_the_rows_of_a_ray_table_begin_where_it_says() -> None:
    table = ray_table(1500.0, 100.0)
    for row in range(-table.reach, table.reach + 1):
        part = slice(table.row_start[row + table.reach], table.row_start[row + table.reach + 1])
        assert (table.offset_row[part] == row).all()


def test_single_precision_logarithms_and_powers_are_those_of_numpy() -> None:
    @njit(cache=False)
    def both(values, logs, powers):
        for i in range(values.size):
            logs[i] = simd.log2_32(values[i])
            powers[i] = simd.exp2_32(logs[i])

    values = np.exp(np.linspace(-60.0, 60.0, 9_001)).astype(np.float32)
    logs, powers = np.empty_like(values), np.empty_like(values)
    both(values, logs, powers)
    assert np.abs(logs - np.log2(values.astype(float))).max() < 8e-6
    assert np.abs(powers / np.exp2(logs.astype(float)) - 1.0).max() < 3e-7


def test_angles_are_those_of_numpy_all_round() -> None:
    at = np.radians(np.arange(-179.9, 180.0, 0.7)).astype(np.float32)
    y, x = np.sin(at), np.cos(at)
    found = [servers.arctan_deg(*pair) for pair in zip(y, x, strict=True)]
    assert np.allclose(found, np.degrees(np.arctan2(y, x)), atol=2e-5)


def test_ranking_keeps_the_strongest_masts_in_order() -> None:
    rng = np.random.default_rng(5)
    offered = rng.integers(1, 10_000, (20, 300)).astype(np.int32)
    top = np.zeros((4, 300), dtype=np.int32)
    for best in offered:
        servers.row_ranked(best.copy(), best.size, top)
    assert np.array_equal(top, np.sort(offered, axis=0)[::-1][:4])


def test_a_power_is_taken_off_a_sum_exactly_as_it_was_added() -> None:
    level = np.array([-60.03, -97.51, -140.2, np.nan, -170.0], dtype=np.float32)
    best, total = np.zeros(5, dtype=np.int32), np.zeros(5, dtype=np.int64)
    work = np.empty(5, dtype=np.int32)
    servers.row_servers(
        level, 5, 12, np.float32(512), np.float32(2**19 - 1), 7, np.float32(0.4), work, best, total
    )
    kept = [servers.packed_level(np.int32(b), 12, np.float32(512)) for b in best]
    assert (best[3:] == 0).all()
    for n in range(3):
        assert total[n] == servers.fixed_point_mw(kept[n], np.float32(0.4))
        assert kept[n] == pytest.approx(level[n], abs=0.001)
