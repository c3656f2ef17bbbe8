"""Which findings are told first, in which words, and who confirmed their rules."""

import copy

import pytest

from infraplan.errors import SettingsError
from infraplan.maps.reasons import reasons_text
from infraplan.sites import SiteRules
from infraplan.sites.reasons import as_json
from infraplan.sites.reasons import first_reasons
from infraplan.sites.reasons import judge
from infraplan.sites.reasons import sorted_reasons
from infraplan.sites.reasons import word_keys
from infraplan.text import words
from tests.sites.world import RULES
from tests.sites.world import RULES_TABLE

WHO = {"verified": True, "confirmed_by": "Nguyễn Văn A", "confirmed_on": "2026-03-02"}


def finding(rule, effect="none", outcome="pass", **detail):
    """Return a finding as plain values."""
    return {"rule": rule, "effect": effect, "outcome": outcome, "detail": detail}


def changed(**values):
    """Return the packaged rules with that of slope changed."""
    table = copy.deepcopy(RULES_TABLE)
    table["rules"]["slope"] |= values
    return SiteRules.from_dict(table)


def test_a_confirmed_rule_is_cited_with_name_and_day():
    told = judge(changed(**WHO).rules["slope"], holds=False).as_dict()
    assert {name: told[name] for name in WHO} == WHO


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({**WHO, "confirmed_on": "soon"}, "confirmed_on must be a date"),
        ({**WHO, "confirmed_on": ""}, "must be given together"),
        ({**WHO, "confirmed_by": " "}, "must be given together"),
        ({**WHO, "confirmed_by": 5}, "confirmed_by must be a name"),
        ({**WHO, "verified": False}, "confirmed, but verified is not true"),
    ],
)
def test_half_a_confirmation_is_refused(values, match):
    with pytest.raises(SettingsError, match=match):
        changed(**values)


def test_what_decides_comes_first_and_kept_rules_are_left_out():
    rules = RULES.rules
    findings = [
        judge(rules["slope"], holds=True),
        judge(rules["coast"], holds=False, value=900.0, limit=5_000.0),
        judge(rules["flood"], holds=None),
        judge(rules["need"], holds=True, value=90.0),
        judge(rules["road"], holds=False),
        judge(rules["position"], holds=False),
    ]
    first = [reason["rule"] for reason in first_reasons(as_json(sorted_reasons(findings)))]
    assert first == ["position", "road", "need", "flood", "coast"]


@pytest.mark.parametrize("most", [0, 1, 4, 5])
def test_no_more_are_first_than_asked_for_and_need_keeps_its_place(most):
    many = [finding(f"r{n}", "condition", "condition") for n in range(8)] + [finding("need")]
    first = first_reasons(many, most)
    assert len(first) == most
    assert [reason["rule"] for reason in first[-1:]] == (["need"] if most else [])


def test_where_all_is_kept_what_is_kept_is_told():
    assert [r["rule"] for r in first_reasons([finding("need"), finding("road")])] == [
        "need",
        "road",
    ]


@pytest.mark.parametrize("text", [None, float("nan"), "no list", "{}", "[1]", 5])
def test_what_is_no_list_of_findings_has_no_first_ones(text):
    assert first_reasons(text) == []


def test_a_special_case_has_words_of_its_own():
    keys = word_keys(finding("building_permit", "condition", "condition", case="urban"))
    assert keys[0] == "sites.why_building_permit_urban"
    assert word_keys(finding("road"))[0] == "sites.outcome_pass"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_list_that_is_old_is_named_in_the_words_of_the_reason(language):
    reason = judge(
        RULES.rules["sharing"], holds=None, value=0.5, limit=0.9, case="doubtful",
        doubtful=["MobiFone", "VNPT"],
    )  # fmt: skip
    assert "MobiFone, VNPT" in reasons_text(as_json([reason]), words(language))


def test_a_rule_that_only_tells_has_its_say():
    near = judge(RULES.rules["coast"], holds=False, value=900.0, limit=5_000.0)
    text = reasons_text(as_json([near]), words("vi"))
    assert "Cách biển 900 m" in text
