"""Optical budget: the golden table of the field notes, both wavelengths, both limits."""

import numpy as np
import pytest

from infraplan.cables.optical import BUDGET_CLASSES
from infraplan.cables.optical import link_budget
from infraplan.cables.optical import optical_budget
from infraplan.cables.study import filled_table
from infraplan.cables.technical import WorkRules
from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml


@pytest.fixture(scope="module")
def rules() -> WorkRules:
    return WorkRules.from_dict(read_toml(data_path("works/vn-2025.toml")))


def cables(*lengths):
    rows = {(f"N{k}",): {"owner": "VNPT", "length_m": x} for k, x in enumerate(lengths)}
    return filled_table("cables", rows)


@pytest.mark.parametrize(
    ("km", "split", "budget_class", "loss_db", "outcome"),
    [
        (10, 32, "B+", 22.6, "pass"),
        (10, 64, "B+", 26.9, "fail_loss"),  # below 28, but without the margin of 3 dB
        (20, 64, "B+", 30.9, "fail_loss"),
        (20, 64, "C+", 30.9, "fail_loss"),  # within 32, again without the margin
        (10, 64, "C+", 26.9, "pass"),
    ],
)
def test_the_golden_table_of_the_notes(rules, km, split, budget_class, loss_db, outcome) -> None:
    made = link_budget(1000 * km, rules, split=split, budget_class=budget_class)
    assert made.loss_1310_db == pytest.approx(loss_db, abs=1e-9)
    assert made.loss_1550_db == pytest.approx(loss_db - 0.1 * km, abs=1e-9)
    most = rules.value(BUDGET_CLASSES[budget_class], "most_db")
    assert made.margin_db == pytest.approx(most - loss_db, abs=1e-9)
    assert made.outcome == outcome


def test_too_little_loss_at_the_other_wavelength_fails(rules) -> None:
    # 1310: 4 x 0.35 + 10.7 + 0.4 + 0.4 = 12.9 with one connector... 1550 loses 0.4 dB less
    near = {"split": 8, "connectors": 1, "splices": 6}
    assert link_budget(4000, rules, **near).loss_1310_db == pytest.approx(13.0, abs=1e-9)
    assert link_budget(4000, rules, **near).outcome == "fail_power"
    assert link_budget(4000, rules, **near | {"connectors": 3}).outcome == "pass"


def test_a_link_at_its_limit_passes(rules) -> None:
    exact = link_budget(10_000, rules, split=32, splices=7 + 24)
    assert (exact.margin_db, exact.outcome) == (pytest.approx(3.0), "pass")
    assert link_budget(10_000, rules, split=32, splices=7 + 25).outcome == "fail_loss"


def test_the_table_is_filled_and_unknown_lengths_stay_unknown(rules) -> None:
    given = cables(500.0, np.nan)
    made = optical_budget(given, rules, beyond_m=9500.0)
    assert list(made.columns) == list(given.columns)
    assert made["outcome"].tolist() == ["pass", "unknown"]
    assert made.loc["N0", "loss_1310_db"] == pytest.approx(22.6, abs=1e-9)
    assert made["splices"].isna().tolist() == [False, True]
    assert given["outcome"].isna().all()


def test_joints_of_the_drum_plan_are_the_splices(rules) -> None:
    pieces = filled_table("drums", {(f"K{k}",): {"cable_id": "N0"} for k in range(3)})
    made = optical_budget(cables(4200.0), rules, pieces=pieces)
    assert made.loc["N0", "splices"] == 4  # both ends and two joints


@pytest.mark.parametrize(("key", "value"), [("budget_class", "Z"), ("split", 5)])
def test_unknown_class_or_split_is_refused(rules, key, value) -> None:
    with pytest.raises(SettingsError, match=str(value)):
        link_budget(100.0, rules, **{key: value})


def test_a_missing_rule_stops_with_its_name(rules) -> None:
    left = {name: rule for name, rule in rules.rules.items() if name != "splitter_32"}
    with pytest.raises(SettingsError, match="splitter_32"):
        link_budget(100.0, WorkRules("x", left))
