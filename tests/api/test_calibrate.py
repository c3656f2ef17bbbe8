"""Measurements in, a tuned model out, and predictions that take it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import infraplan as ip
from infraplan.api import cover
from infraplan.api.cover import engine_settings
from infraplan.api.cover import predict_around
from infraplan.api.cover import usual_settings
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.radio import calibration


@pytest.fixture(scope="module")
def plan(demo_plan: Path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("đo kiểm") / "plan"
    shutil.copytree(demo_plan, folder)
    return ip.open_plan(folder)


@pytest.fixture(scope="module")
def drive_test(plan, tmp_path_factory) -> Path:
    """Write levels 7 dB below the prediction, as an office's list has them."""
    coverage = ip.predict(plan, technology="4G", operator="any")
    bands = coverage.bands("4G", "any")
    signal, best = bands["signal_dbm"].to_numpy(), bands["best_cell"].to_numpy()
    rng = np.random.default_rng(0)
    row, column = np.argwhere((signal > -120.0) & (best >= 0)).T
    some = rng.choice(row.size, 300, replace=False)
    row, column = row[some], column[some]
    site = coverage.cells["4G"]["site_id"].to_numpy()[best[row, column].astype(int)]
    level = signal[row, column] - 7.0 + rng.normal(0.0, 5.0, row.size)
    table = pd.DataFrame(
        {
            "Mã trạm": site, "RSRP (dBm)": level.round(1), "Đại lượng": "RSRP",
            "Y": bands["x"].to_numpy()[column], "X": bands["y"].to_numpy()[row],
        }
    )  # fmt: skip
    path = tmp_path_factory.mktemp("drive") / "đo kiểm.csv"
    table.to_csv(path, index=False)
    return path


def test_a_drive_test_tunes_the_model_and_predictions_take_it(
    plan, drive_test, monkeypatch
) -> None:
    monkeypatch.setattr(calibration, "SEEDS", 1)
    before = ip.predict(plan, technology="4G", operator="any").bands("4G")["signal_dbm"].to_numpy()
    done = ip.calibrate(plan, drive_test, crs="EPSG:9209")
    assert done.calibration.model.is_better
    assert done.path == plan.folder / "tuned.json"
    made = ip.predict(plan, technology="4G", operator="any")
    after = made.bands("4G")["signal_dbm"].to_numpy()
    heard = (before > -120.0) & np.isfinite(after)
    assert np.median((after - before)[heard]) == pytest.approx(-7.0, abs=1.5)
    assert made.settings.model == "tuned"
    assert made.profile.sigma_db == pytest.approx(done.calibration.model.sigma_db)
    assert "tuned to measurements, better" in " ".join(made.provenance.notes)
    assert engine_settings(plan, model="p1812").tuning is None


def test_a_model_that_is_not_better_is_used_only_when_asked_for(plan) -> None:
    path = plan.folder / "tuned.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    table["model"]["is_better"] = False
    path.write_text(json.dumps(table), encoding="utf-8")
    assert usual_settings(plan).model == "p1812"
    assert engine_settings(plan, model="tuned").tuning is not None


def test_a_damaged_model_says_what_to_do(plan) -> None:
    path = plan.folder / "tuned.json"
    kept = path.read_text(encoding="utf-8")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(PlanError, match="calibrate again, or delete it"):
        usual_settings(plan)
    path.write_text(kept, encoding="utf-8")


def test_bad_rows_are_told_all_at_once_and_nothing_is_kept(plan, drive_test, tmp_path) -> None:
    table = pd.read_csv(drive_test).astype({"RSRP (dBm)": object})
    table.loc[3, "RSRP (dBm)"] = "strong"
    table.loc[7, "RSRP (dBm)"] = "85"
    path = tmp_path / "bad.csv"
    table.to_csv(path, index=False)
    before = (plan.folder / "tuned.json").read_bytes()
    with pytest.raises(LayerError) as caught:
        ip.calibrate(plan, path, crs="EPSG:9209")
    told = str(caught.value)
    assert "strong" in told
    assert "85" in told
    assert (plan.folder / "tuned.json").read_bytes() == before


def test_too_few_measurements_are_refused(plan, drive_test, tmp_path) -> None:
    path = tmp_path / "few.csv"
    pd.read_csv(drive_test).head(10).to_csv(path, index=False)
    with pytest.raises(SettingsError, match="too few"):
        ip.calibrate(plan, path, crs="EPSG:9209")


def test_a_plan_without_coverage_is_predicted_only_around_what_is_asked(plan, monkeypatch) -> None:
    monkeypatch.setattr(cover, "MOST_OF_THE_AREA", 1.1)  # the pilot is small
    for path in plan.results.glob("coverage_*"):
        path.unlink()
    sites = plan.table("sites")
    corner = sites.geometry[sites.geometry.x == sites.geometry.x.min()]
    made = predict_around(plan, corner)
    assert not list(plan.results.glob("coverage_*"))
    signal = made.bands("4G", "any")["signal_dbm"]
    assert np.isnan(float(signal.sel(x=sites.geometry.x.max(), method="nearest").mean()))
    assert np.isfinite(float(signal.sel(x=corner.x.iloc[0], y=corner.y.iloc[0], method="nearest")))
