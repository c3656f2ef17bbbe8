"""Rules are dated data, and a file that is not understood in full is refused."""

import copy
from datetime import date

import pytest

from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.sites import SiteRules
from infraplan.sites.reasons import PROPOSALS
from infraplan.sites.rules import RULES
from infraplan.text import words

TABLE = read_toml(data_path("rules/vn-2025.toml"))


def changed(rule, **values):
    """Return the packaged file with one rule changed."""
    table = copy.deepcopy(TABLE)
    table["rules"][rule] |= values
    return table


def test_the_packaged_file_has_every_rule_with_a_source():
    rules = SiteRules.from_dict(TABLE).rules
    assert list(rules) == list(RULES)
    assert all(rule.source for rule in rules.values())


def test_no_packaged_rule_rejects_but_those_of_plain_fact():
    rules = SiteRules.from_dict(TABLE).rules.values()
    assert {rule.id for rule in rules if rule.may_reject} == {"position", "same_station"}


def test_a_confirmed_rule_may_reject_if_its_severity_is_block():
    rules = SiteRules.from_dict(changed("sharing", verified=True)).rules
    assert rules["sharing"].may_reject
    assert not SiteRules.from_dict(changed("slope", verified=True)).rules["slope"].may_reject


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ({**TABLE, "extra": 1}, "unknown key 'extra'"),
        ({"rules": {}}, "missing key 'name'"),
        ({"name": "x", "rules": {"weather": {}}}, "unknown rule 'weather'"),
        (changed("slope", colour=1), "slope: unknown key 'colour'"),
        (changed("slope", thresholds={}), "slope: missing threshold 'slope_deg'"),
        (changed("slope", thresholds={"slope_deg": "25"}), "slope_deg must be a number"),
        (changed("slope", thresholds={"slope_deg": 1, "x": 2}), "unknown threshold 'x'"),
        (changed("slope", severity="fatal"), "severity must be one of"),
        (changed("slope", verified="yes"), "verified must be true or false"),
        (changed("slope", valid_from="soon"), "valid_from must be a date"),
    ],
)
def test_what_is_not_understood_is_refused(table, match):
    with pytest.raises(SettingsError, match=match):
        SiteRules.from_dict(table)


@pytest.mark.parametrize(
    ("day", "held"),
    [(date(2023, 6, 30), False), (date(2023, 7, 1), True), (date(2024, 1, 1), True), (None, False)],
)
def test_a_rule_holds_from_its_first_to_its_last_day(day, held):
    rules = SiteRules.from_dict(changed("emf", valid_to="2024-01-01"))
    assert ("emf" in rules.in_force(day).rules) is held


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_rule_proposal_and_field_has_words(language):
    entries = words(language).entries
    keys = [f"sites.{kind}_{rule}" for rule in RULES for kind in ("rule", "why")]
    keys += [f"sites.{name}" for name in PROPOSALS]
    keys += [f"sites.outcome_{name}" for name in ("pass", "condition", "fail", "not_assessed")]
    assert [key for key in keys if key not in entries] == []
