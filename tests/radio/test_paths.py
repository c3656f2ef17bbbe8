"""ITU-R P.1812 against its published cases, column by column, and against itself."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.errors import ModelRangeError
from infraplan.errors import SettingsError
from infraplan.radio.diffraction import delta_bullington
from infraplan.radio.paths import P1812
from infraplan.radio.paths import p1812
from infraplan.radio.paths import p1812_location_sigma_db
from infraplan.radio.paths import p1812_loss_db
from infraplan.radio.paths import p1812_losses_db
from tests.radio.test_published import NAMES
from tests.shared_data import shared_folder

# the logs' names; they write Lbulla, Lbulls and Ldsph for three times the earth's radius, and hst
# and hsr twice, at first as fitted
LOGGED = {
    "dlt": "tx_horizon_km", "dlr": "rx_horizon_km", "th_t": "tx_angle_mrad",
    "th_r": "rx_angle_mrad", "th": "path_angle_mrad", "hts": "tx_height_asl_m",
    "hrs": "rx_height_asl_m", "w": "sea_share", "dtm": "land_km", "dlm": "inland_km",
    "b0": "beta_percent", "ae": "earth_radius_km", "hst": "fit_tx_m", "hsr": "fit_rx_m",
    "hstd": "smooth_tx_m", "hsrd": "smooth_rx_m", "hte": "effective_tx_m",
    "hre": "effective_rx_m", "hm": "roughness_m", "Fi": "time_factor", "Fj": "angle_factor",
    "Fk": "distance_factor", "Lbfs": "free_space_db", "Lb0p": "los_p_db", "Lb0b": "los_beta_db",
    "Lbulla": "bullington_beta_db", "Lbulls": "smooth_bullington_beta_db",
    "Ldsph": "spherical_beta_db", "Ld50": "diffraction_50_db", "Ldb": "diffraction_beta_db",
    "Ldp": "diffraction_p_db", "Lbd50": "diffracted_50_db", "Lbd": "diffracted_p_db",
    "Lminb0p": "notional_los_db", "Lba": "ducting_db", "Lminbap": "notional_ducting_db",
    "Lbda": "notional_diffracted_db", "Lbam": "modified_db", "Lbs": "troposcatter_db",
    "Lbc": "median_db", "Lb": "loss_db", "Ep": "field_db",
}  # fmt: skip
USUAL = {"freq_ghz": 0.9, "tx_height_m": 30.0, "rx_height_m": 1.5, "latitude_deg": 18.3}


def log_of(name: str) -> dict[str, float]:
    """Return the numbers of a log, the first of each name."""
    path = shared_folder("benchmarks/p1812") / "results" / name
    found: dict[str, float] = {}
    for row in csv.reader(path.read_text(encoding="utf-8").splitlines()):
        if len(row) > 3 and row[0].strip() and row[3].strip() and row[0][0] != "#":
            found.setdefault(row[0].split(" (")[0].strip(), float(row[3]))
    return found


def profile_of(name: str) -> list[np.ndarray]:
    path = shared_folder("benchmarks/p1812") / "profiles" / f"{name}.csv"
    rows = path.read_text(encoding="latin-1").splitlines()
    start = next(n for n, row in enumerate(rows) if row.startswith("{Begin of Profile"))
    end = next(n for n, row in enumerate(rows) if row.startswith("{End of Profile"))
    body = [row.split(",") for row in rows[start + 1 : end] if not row.startswith("Number")]
    return [np.array([float(row[n]) for row in body]) for n in (0, 1, 3, 4)]


def arguments_of(log: dict[str, float]) -> dict[str, object]:
    return {
        "freq_ghz": log["f"], "time_percent": log["p"], "location_percent": log["pL"],
        "location_sigma_db": log["sigmaL"], "tx_height_m": log["htg"], "rx_height_m": log["hrg"],
        "polarization": "vertical" if log["pol"] == 2 else "horizontal",
        "latitude_deg": log["phi"], "delta_n": log["DN"], "n0": log["N0"],
        "tx_coast_km": log["dct"], "rx_coast_km": log["dcr"],
    }  # fmt: skip


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_every_column_of_the_published_cases_agrees(name: str, number: int) -> None:
    log = log_of(f"{name}_{number}_log.csv")
    at_km, ground, clutter, zone = profile_of(name)
    result = p1812(at_km, ground, clutter, zone, **arguments_of(log))
    assert set(LOGGED) <= set(log)
    far = {k: (log[k], getattr(result, v)) for k, v in LOGGED.items()}
    assert not {k: pair for k, pair in far.items() if abs(pair[0] - pair[1]) > 0.01}


def hills(seed: int, points: int = 200, step_km: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rough = np.cumsum(rng.normal(0, rng.choice([0.0, 0.5, 3.0]), points))
    return np.arange(points) * step_km, np.maximum(50.0 + rough, 0.0)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), share=st.floats(1.0, 49.0))
def test_more_time_never_asks_for_less_loss(seed: int, share: float) -> None:
    less = p1812_loss_db(*hills(seed), time_percent=share, **USUAL)
    assert less <= p1812_loss_db(*hills(seed), time_percent=50.0, **USUAL) + 1e-9


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999))
def test_both_ways_lose_alike(seed: int) -> None:
    at_km, ground = hills(seed)
    turned = {**USUAL, "tx_height_m": 1.5, "rx_height_m": 30.0}
    forth, back = p1812(at_km, ground, **USUAL), p1812(at_km, ground[::-1], **turned)
    assert forth.diffraction_50_db == pytest.approx(back.diffraction_50_db, abs=1e-6)
    assert forth.loss_db == pytest.approx(back.loss_db, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), points=st.integers(20, 400))
def test_half_the_time_at_planning_distances_is_free_space_and_diffraction(
    seed: int, points: int
) -> None:
    """What the area engine leaves out, in words: see README, Accuracy."""
    at_km, ground = hills(seed, points)
    result = p1812(at_km, ground, **USUAL)
    bare = delta_bullington(
        at_km * 1000.0, ground, freq_mhz=900.0, tx_height_m=30.0, rx_height_m=1.5
    )
    assert result.diffraction_50_db == pytest.approx(bare.loss_db, abs=1e-9)
    left_out = result.free_space_db + bare.loss_db - result.loss_db
    assert left_out > -1e-9
    if result.loss_db < 150.0:
        assert left_out < 0.5


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    sizes = [40, 200, 77]
    profiles = [hills(n, size) for n, size in enumerate(sizes)]
    many = p1812_losses_db(
        np.concatenate([p[0] for p in profiles]), np.concatenate([p[1] for p in profiles]),
        points=sizes, time_percent=10.0, **{**USUAL, "freq_ghz": [0.7, 0.9, 1.8]},
    )  # fmt: skip
    one = [
        p1812_loss_db(*p, time_percent=10.0, **{**USUAL, "freq_ghz": f})
        for p, f in zip(profiles, (0.7, 0.9, 1.8), strict=True)
    ]
    assert many == pytest.approx(one, abs=1e-9)


def test_unknown_ground_gives_an_unknown_loss() -> None:
    at_km, ground = hills(1)
    ground[90] = np.nan
    assert np.isnan(p1812_loss_db(at_km, ground, **USUAL))
    both = p1812_losses_db(np.stack([at_km] * 2), np.stack([ground, hills(1)[1]]), **USUAL)
    assert np.isnan(both[0])
    assert np.isfinite(both[1])


def test_a_path_over_the_sea_fades_less_than_one_over_land() -> None:
    at_km = np.arange(600) * 0.1
    land = p1812_loss_db(at_km, np.zeros(600), time_percent=1.0, **USUAL)
    sea = p1812_loss_db(at_km, np.zeros(600), None, np.ones(600), time_percent=1.0, **USUAL)
    assert sea < land - 1.0


def test_location_variability_adds_its_quantile() -> None:
    at_km, ground = hills(2)
    median = p1812_loss_db(at_km, ground, **USUAL)
    most = p1812_loss_db(at_km, ground, location_percent=90.0, location_sigma_db=8.0, **USUAL)
    assert most - median == pytest.approx(1.2816 * 8.0, abs=0.01)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"freq_ghz": 7.0, "time_percent": 60.0}, r"freq_ghz must.*time_percent must"),
        ({"tx_height_m": 0.5}, "tx_height_m must be in"),
        ({"location_percent": 0.0}, "location_percent must be in"),
        ({"delta_n": 160.0}, "delta_n must be in"),
    ],
)
def test_values_out_of_range_are_refused_at_once(change: dict, match: str) -> None:
    with pytest.raises(ModelRangeError, match=match):
        p1812_loss_db(*hills(1), **{**USUAL, **change})


@pytest.mark.parametrize(
    ("profile", "match"),
    [
        (([0.0, 1.0], [0.0, 0.0]), "3 points or more"),
        (([0.0, 1.0, 1.0], [0.0] * 3), "rise from 0"),
        (([0.0, 1.0, 2.0], [0.0] * 2), "of one length"),
        (([0.0, 1.0, 2.0], [0.0] * 3, [0.0, -1.0, 0.0]), "clutter_m must be 0"),
        (([0.0, 1.0, 2.0], [0.0] * 3, None, [4, 2, 4]), "zones must be 1"),
    ],
)
def test_what_is_not_a_profile_is_refused(profile: tuple, match: str) -> None:
    with pytest.raises(ModelRangeError, match=match):
        p1812_loss_db(*profile, **USUAL)


def test_an_unknown_polarisation_is_refused() -> None:
    with pytest.raises(SettingsError, match="vertical or horizontal"):
        p1812_loss_db(*hills(1), polarization="round", **USUAL)


def test_places_vary_less_for_antennas_above_the_clutter() -> None:
    low = p1812_location_sigma_db(1.8, resolution_m=100.0)
    assert low == pytest.approx((0.52 + 0.024 * 1.8) * 100.0**0.28)
    assert p1812_location_sigma_db(1.8, resolution_m=100.0, rx_height_m=25.0) == 0.0
    with pytest.raises(ModelRangeError, match="resolution_m"):
        p1812_location_sigma_db(1.8, resolution_m=10.0)


def test_the_kernel_fills_every_field() -> None:
    from infraplan.radio._kernels import p1812 as kernel

    assert len(P1812.__dataclass_fields__) == kernel.RESULTS
    result = p1812(*hills(4), **USUAL)
    values = [getattr(result, name) for name in P1812.__dataclass_fields__]
    assert np.isfinite(values).all()
