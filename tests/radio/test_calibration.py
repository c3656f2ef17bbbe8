"""Calibration finds what is there, and does not find what is not."""

import json

import numpy as np
import pandas as pd
import pytest

from infraplan.errors import SettingsError
from infraplan.radio import calibration
from infraplan.radio.calibration import calibrate
from infraplan.radio.calibration import fit
from infraplan.radio.measurements import measured_links
from infraplan.radio.measurements import received_dbm
from infraplan.radio.settings import RadioSettings
from infraplan.radio.tuning import TunedModel
from tests.radio.conftest import stations
from tests.radio.test_area import MIDDLE
from tests.radio.test_area import SHORT
from tests.radio.test_area import cells_of


def links_of(
    count: int, seed: int = 0, *, noise: float = 5.0, floor: float = -999.0, **truth: float
) -> pd.DataFrame:
    """Return links of eight sites in an area of 10 km with a known excess loss."""
    rng = np.random.default_rng(seed)
    site = rng.integers(0, 8, count)
    at = rng.uniform(0.0, 10_000.0, (count, 2))
    mast = rng.uniform(0.0, 10_000.0, (8, 2))
    distance = np.hypot(*(at - mast[site]).T) + 50.0
    diffraction = np.maximum(rng.normal(4.0, 8.0, count), 0.0)
    free = 40.0 - 20.0 * np.log10(distance) - 20.0 * np.log10(900.0) + 27.55
    excess = truth.get("intercept", 0.0) + truth.get("slope", 0.0) * np.log10(distance / 1000.0)
    excess += truth.get("diffraction", 0.0) * diffraction
    level = free - excess + rng.normal(0.0, truth.get("sites", 0.0), 8)[site]
    level += rng.normal(0.0, noise, count)
    return pd.DataFrame(
        {
            "site_id": [f"S{n}" for n in site], "e_m": at[:, 0], "n_m": at[:, 1],
            "level_dbm": np.maximum(level, floor), "censored": level < floor, "free_dbm": free,
            "distance_m": distance, "diffraction_db": diffraction, "height_over_m": 30.0,
            "freq_mhz": 900.0, "clutter": "",
        },
        index=[f"L{n}" for n in range(count)],
    )  # fmt: skip


def test_known_coefficients_come_back() -> None:
    links = links_of(1500, intercept=6.0, slope=8.0, diffraction=0.6, sites=4.0)
    model, _ = fit(links)
    assert model.slope_db == pytest.approx(8.0, abs=1.5)
    assert model.diffraction_weight == pytest.approx(0.6, abs=0.06)
    assert model.sigma_db == pytest.approx(5.0, abs=0.5)
    offsets = np.array([value for _, value in model.site_offset_db])
    assert offsets.std() == pytest.approx(4.0, abs=2.0)


def test_readings_below_the_floor_do_not_flatten_the_slope() -> None:
    floor = float(links_of(1500, slope=10.0)["level_dbm"].quantile(0.35))
    links = links_of(1500, slope=10.0, floor=floor)
    assert links["censored"].mean() > 0.3
    aware, _ = fit(links)
    blind, _ = fit(links[~links["censored"]])
    assert abs(aware.slope_db - 10.0) < 2.0
    assert abs(aware.slope_db - 10.0) < abs(blind.slope_db - 10.0)


def test_a_better_model_is_called_better(monkeypatch) -> None:
    monkeypatch.setattr(calibration, "SEEDS", 2)
    made = calibrate(links_of(600, slope=12.0, diffraction=0.8, sites=3.0), data_hash="h")
    assert made.model.is_better
    assert made.difference_db[2] < 0.0
    rmse = made.comparison["rmse_db"]
    assert rmse["tuned"] < rmse["free space"] - 1.0
    assert made.spread.loc["all", "inside"] == pytest.approx(0.8, abs=0.06)
    assert made.model.data_hash == "h"


@pytest.mark.parametrize("seed", range(3))
def test_no_model_is_called_better_where_free_space_is_the_truth(monkeypatch, seed: int) -> None:
    monkeypatch.setattr(calibration, "SEEDS", 2)
    made = calibrate(links_of(400, seed, sites=3.0))
    assert not made.model.is_better
    assert abs(made.difference_db[0]) < 0.5


def test_coefficients_stay_what_they_can_physically_be() -> None:
    model, _ = fit(links_of(400, diffraction=-0.5, slope=70.0))
    assert model.diffraction_weight == pytest.approx(0.0, abs=1e-9)
    assert model.slope_db <= 40.0 + 1e-9


def test_outliers_are_listed_and_count_less() -> None:
    links = links_of(400, slope=5.0)
    links.loc[["L3", "L7"], "level_dbm"] += 60.0
    model, outliers = fit(links)
    assert {"L3", "L7"} <= set(outliers.index)
    assert model.slope_db == pytest.approx(fit(links.drop(["L3", "L7"]))[0].slope_db, abs=0.8)


def test_the_order_of_links_does_not_matter() -> None:
    links = links_of(300, slope=5.0, sites=3.0)
    turned = links.sample(frac=1.0, random_state=1)
    one, other = fit(links)[0], fit(turned)[0]
    assert one.slope_db == pytest.approx(other.slope_db, abs=1e-6)
    assert dict(one.site_offset_db) == pytest.approx(dict(other.site_offset_db), abs=1e-6)


@pytest.mark.parametrize("change", ["few", "one block", "column"])
def test_what_can_prove_nothing_is_refused(change: str) -> None:
    links = links_of(20 if change == "few" else 200)
    if change == "one block":
        links = links.assign(e_m=100.0, n_m=100.0)
    if change == "column":
        links = links.drop(columns="clutter")
    with pytest.raises(SettingsError, match=r"too few|lack the columns clutter"):
        fit(links)


def test_a_model_survives_its_file() -> None:
    model, _ = fit(links_of(300, slope=5.0, sites=3.0))
    again = TunedModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again == model
    with pytest.raises(SettingsError, match="unknown key 'slop'"):
        TunedModel.from_dict({**model.to_dict(), "slop": 1.0})
    with pytest.raises(SettingsError, match="slope_db must be a number"):
        TunedModel.from_dict({**model.to_dict(), "slope_db": "steep"})


def test_rssi_with_a_ratio_becomes_the_signal_alone() -> None:
    found = received_dbm([-100.0, -100.0, -90.0], ["RSSI", "RSSI", "RSRP"], [-10.0, np.nan, 5.0])
    assert found[0] == pytest.approx(-110.41, abs=0.01)
    assert list(found[1:]) == [-100.0, -90.0]


def measurements(hills, sites, count: int = 40) -> pd.DataFrame:
    from tests.radio.conftest import CRS

    rng = np.random.default_rng(3)
    import geopandas as gpd

    x, y = (
        MIDDLE[0] + rng.uniform(-3000, 3000, count),
        MIDDLE[1] + rng.uniform(-3000, 3000, count),
    )
    return gpd.GeoDataFrame(
        {
            "level_dbm": -150.0, "quantity": "RSRP", "snr_db": np.nan, "site_id": sites.index[0],
            "cell_id": None, "technology": None, "below_floor": None,
        },
        geometry=gpd.points_from_xy(x, y), crs=CRS, index=[f"M{n}" for n in range(count)],
    )  # fmt: skip


def test_links_say_what_the_engine_says(hills, profile, defaults) -> None:
    from infraplan.radio.area import predict

    sites = stations([{"id": "S", "x": MIDDLE[0], "y": MIDDLE[1]}])
    cells = cells_of(sites, defaults)
    measured = measurements(hills, sites)
    found = measured_links(hills, sites, cells, measured, settings=SHORT).links
    signal = predict(hills, sites, cells, profile=profile, settings=SHORT).bands("4G")["signal_dbm"]
    at = measured.loc[found.index].geometry
    expected = [float(signal.sel(x=p.x, y=p.y, method="nearest")) for p in at]
    foretold = (found["free_dbm"] - found["diffraction_db"]).to_numpy()
    assert len(found) > 30
    assert foretold == pytest.approx(expected, abs=0.06)


def test_what_cannot_be_used_is_told(hills, defaults) -> None:
    sites = stations([{"id": "S", "x": MIDDLE[0], "y": MIDDLE[1]}])
    measured = measurements(hills, sites, 6)
    measured.loc["M0", "site_id"] = "nowhere"
    measured.loc["M1", "level_dbm"] = 20.0
    measured.loc["M2", "technology"] = "3G"
    measured["geometry"] = measured.geometry.where(measured.index != "M3", measured.translate(1e6))
    found = measured_links(hills, sites, cells_of(sites, defaults), measured, settings=SHORT)
    told = {row: fault.what for fault in found.left_out for row in fault.rows}
    assert "no such cell" in told["M0"]
    assert "above that of free space" in told["M1"]
    assert "no such cell" in told["M2"]
    assert "off the plan's ground" in told["M3"]


def test_the_engine_applies_a_tuned_model_as_it_says(hills, profile, defaults) -> None:
    from infraplan.radio.area import predict

    sites = stations([{"id": "S", "x": MIDDLE[0], "y": MIDDLE[1]}])
    cells = cells_of(sites, defaults)
    model = TunedModel(
        intercept_db=3.0, slope_db=7.0, near_slope_db=11.0, near_m=900.0, diffraction_weight=0.4,
        height_db=5.0, site_offset_db=(("S", 2.5),),
    )  # fmt: skip
    found = measured_links(hills, sites, cells, measurements(hills, sites), settings=SHORT).links
    excess = model.excess_db(found["distance_m"], found["diffraction_db"], found["height_over_m"])
    tuned = RadioSettings(model="tuned", tuning=model, radius_m=SHORT.radius_m)
    signal = predict(hills, sites, cells, profile=profile, settings=tuned).bands("4G")["signal_dbm"]
    at = measurements(hills, sites).loc[found.index].geometry
    got = [float(signal.sel(x=p.x, y=p.y, method="nearest")) for p in at]
    assert got == pytest.approx(list(found["free_dbm"] - excess + 2.5), abs=0.06)


def test_a_tuned_model_without_measurements_is_refused() -> None:
    with pytest.raises(SettingsError, match="infraplan calibrate"):
        RadioSettings(model="tuned")
