"""Numbers that others published."""

import csv
from pathlib import Path

import numpy as np
import pytest

from infraplan.errors import ModelRangeError
from infraplan.radio.diffraction import delta_bullington
from infraplan.radio.diffraction import effective_earth_radius_km
from infraplan.radio.models import cost231_loss_db
from infraplan.radio.models import free_space_loss_db
from infraplan.radio.models import hata_loss_db
from tests.shared_data import shared_folder

BETA_RADIUS_KM = 3.0 * 6371.0  # the columns Lbulla, Lbulls, Ldsph are logged for this radius, k = 3
NAMES = [
    f"b2iseac{middle}{grid}"
    for middle in (
        "",
        "_dense_urban_land",
        "_rural_land_100km",
        "_rural_land_10km",
        "_rural_land_1km",
    )
    for grid in ("", "_eqdist")
] + ["b2iseac_vertical", "b2iseac_eqdist_vertical"]


def profile_of(path: Path) -> np.ndarray:
    rows = path.read_text(encoding="latin-1").splitlines()
    start = next(n for n, row in enumerate(rows) if row.startswith("{Begin of Profile"))
    end = next(n for n, row in enumerate(rows) if row.startswith("{End of Profile"))
    body = [row.split(",") for row in rows[start + 1 : end] if not row.startswith("Number")]
    return np.array([[float(row[n]) for n in (0, 1, 3)] for row in body])


def cases(name: str) -> list[dict[str, str]]:
    folder = shared_folder("benchmarks/p1812")
    table = csv.DictReader((folder / "summary.csv").read_text(encoding="utf-8").splitlines())
    return [row for row in table if row["case"].removesuffix("_log.csv")[:-2] == name]


def logged_sea_share(case: str) -> float:
    log = shared_folder("benchmarks/p1812") / "results" / case
    rows = csv.reader(log.read_text(encoding="utf-8").splitlines())
    return next(float(row[3]) for row in rows if row and row[0].strip() == "w")


@pytest.mark.parametrize("name", NAMES)
def test_diffraction_agrees_with_the_published_cases_of_p1812(name: str) -> None:
    found = cases(name)
    assert len(found) == 3
    points = profile_of(shared_folder("benchmarks/p1812") / "profiles" / f"{name}.csv")
    clutter = points[:, 2].copy()
    clutter[[0, -1]] = 0.0
    for case in found:
        options = {
            "freq_mhz": float(case["f_GHz"]) * 1000.0,
            "tx_height_m": float(case["htg_m"]),
            "rx_height_m": float(case["hrg_m"]),
            "polarization": "horizontal" if case["pol"] == "1" else "vertical",
            "sea_share": logged_sea_share(case["case"]),
        }
        median = delta_bullington(points[:, 0] * 1000, points[:, 1], clutter, **options)
        assert median.loss_db == pytest.approx(float(case["Ld50"]), abs=0.01)
        beta = delta_bullington(
            points[:, 0] * 1000, points[:, 1], clutter, earth_radius_km=BETA_RADIUS_KM, **options
        )
        assert beta.bullington_db == pytest.approx(float(case["Lbulla"]), abs=0.01)
        assert beta.smooth_bullington_db == pytest.approx(float(case["Lbulls"]), abs=0.01)
        assert beta.spherical_db == pytest.approx(float(case["Ldsph"]), abs=0.01)


def test_hata_agrees_with_published_rows() -> None:
    path = shared_folder("benchmarks/empirical") / "okumura_hata.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    inside = [row for row in rows if 150 <= float(row["f_MHz"]) <= 1500]
    assert inside
    for row in inside:
        found = hata_loss_db(
            float(row["d_km"]) * 1000,
            float(row["f_MHz"]),
            float(row["h_b_m"]),
            float(row["h_m_m"]),
            environment={"open areas": "open"}.get(row["environment"], row["environment"]),
            city=row["city"],
        )
        assert float(found) == pytest.approx(float(row["pathloss_dB"]), abs=0.1)


def p452_rows() -> list[str]:
    return [
        "test_result_flat_land_5km",
        "test_result_flat_land_100km",
        "test_result_flat_land_1000km",
        "test_result_b2iseac_eqdist_no_clutter",
        "test_result_b2iseac_land_eqdist_no_clutter",
    ]


@pytest.mark.parametrize("name", p452_rows())
def test_diffraction_agrees_with_the_published_rows_of_p452(name: str) -> None:
    folder = shared_folder("benchmarks/p452_diffraction")
    rows = list(
        csv.DictReader(
            (folder / "results" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        )
    )
    profile = next((folder / "profiles").glob(rows[0]["profile"].strip()))
    points = np.array(
        [[float(v) for v in line.split(",")[:2]] for line in p452_profile_lines(profile)]
    )
    for row in rows:
        if not 0.03 <= float(row["f (GHz)"]) <= 6.0:
            continue
        found = delta_bullington(
            points[:, 0] * 1000,
            points[:, 1],
            freq_mhz=float(row["f (GHz)"]) * 1000,
            tx_height_m=float(row["htg (m)"]),
            rx_height_m=float(row["hrg (m)"]),
            earth_radius_km=float(row["ae"]),
            polarization="horizontal" if row["pol (1-h/2-v)"] == "1" else "vertical",
            sea_share=float(row["omega"]),
        )
        assert found.loss_db == pytest.approx(float(row["Ld50"]), abs=0.01)


def p452_profile_lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="latin-1").splitlines()
    return [line for line in lines if line[:1].isdigit()]


def test_cost231_gives_the_value_of_its_formula() -> None:
    # 2 000 MHz, 30 m, 1.5 m, 1 km, medium city: 46.3 + 33.9 log f - 13.82 log 30 - a(1.5)
    a = (1.1 * np.log10(2000) - 0.7) * 1.5 - (1.56 * np.log10(2000) - 0.8)
    expected = 46.3 + 33.9 * np.log10(2000) - 13.82 * np.log10(30) - a
    found = cost231_loss_db(1000.0, 2000.0, 30.0, 1.5, environment="suburban")
    assert float(found) == pytest.approx(expected, abs=1e-9)


def test_free_space_rises_by_6_02_db_a_doubling() -> None:
    loss = free_space_loss_db([500.0, 1000.0, 2000.0], 900.0)
    assert np.diff(loss) == pytest.approx([20 * np.log10(2)] * 2)


@pytest.mark.parametrize(
    ("changed", "value"),
    [
        ("distance_m", 900.0),
        ("freq_mhz", 1600.0),
        ("base_height_m", 20.0),
        ("mobile_height_m", 12.0),
    ],
)
def test_hata_refuses_what_it_was_not_published_for(changed: str, value: float) -> None:
    inside = {"distance_m": 5e3, "freq_mhz": 900.0, "base_height_m": 50.0, "mobile_height_m": 1.5}
    hata_loss_db(**inside, environment="urban")
    with pytest.raises(ModelRangeError, match=changed):
        hata_loss_db(**{**inside, changed: value}, environment="urban")


def test_the_earth_of_4_3_radii_belongs_to_a_gradient_of_39_25() -> None:
    assert effective_earth_radius_km(39.25) == pytest.approx(6371.0 * 4 / 3, rel=1e-9)
