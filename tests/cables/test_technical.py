"""Technical rules: refuse what they do not know, claim no more than was read."""

import copy
from datetime import date
from typing import Any

import pytest

from infraplan.cables.technical import WORK_RULES
from infraplan.cables.technical import WorkRules
from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.text import words

READ = {"cover", "cover_slab", "pull_tension", "bend_radius", "duct_fill",
        *(f"splitter_{n}" for n in (4, 8, 16, 32, 64, 128))}  # fmt: skip


@pytest.fixture
def table() -> dict[str, Any]:
    return copy.deepcopy(read_toml(data_path("works/vn-2025.toml")))


def test_only_what_was_read_counts_as_confirmed(table) -> None:
    rules = WorkRules.from_dict(table).rules
    assert {name for name, rule in rules.items() if rule.verified} == READ
    assert all(rule.source.strip() for rule in rules.values())


def test_every_rule_and_threshold_has_words(table) -> None:
    say = words("vi")
    keys = [f"works.rule_{name}" for name in WORK_RULES]
    keys += [f"works.threshold_{key}" for asked in WORK_RULES.values() for key in asked]
    assert [key for key in keys if key not in say.entries] == []


def test_all_faults_are_listed_at_once(table) -> None:
    del table["rules"]["drum"]
    table["rules"]["gold"] = dict(table["rules"]["splice"])
    table["rules"]["cover"]["thresholds"] = {"footway_m": -1, "moon_m": 2}
    table["rules"]["splice"]["verified"] = "yes"
    table["rules"]["margin"]["severity"] = "awful"
    table["rules"]["connector"]["source"] = " "
    with pytest.raises(SettingsError) as caught:
        WorkRules.from_dict(table)
    for word in ("missing rule 'drum'", "unknown rule 'gold'", "footway_m must be", "'moon_m'",
                 "missing threshold 'carriageway_m'", "verified must be", "severity must be",
                 "without a source"):  # fmt: skip
        assert word in str(caught.value)


def test_a_rule_that_ended_is_not_in_force_and_stops_by_name(table) -> None:
    table["rules"]["drum"]["valid_to"] = "2026-01-31"
    rules = WorkRules.from_dict(table)
    assert rules.in_force(date(2026, 1, 31)).value("drum", "length_m") == 2000
    with pytest.raises(SettingsError, match="'drum' is missing or no longer applied"):
        rules.in_force(date(2026, 2, 1)).value("drum", "length_m")
