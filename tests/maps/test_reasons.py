"""Reasons of an appraisal in words."""

import json
from typing import Any

import pytest

from infraplan.maps.reasons import phrase
from infraplan.maps.reasons import reasons_text
from infraplan.text import words

VI = words("vi")


def told(**reason: Any) -> str:
    return reasons_text(json.dumps([{"detail": {}, **reason}]), VI) or ""


def test_a_broken_rule_tells_its_numbers_and_that_it_is_unconfirmed() -> None:
    text = told(
        rule="spacing", outcome="condition", value=320, limit=500, unit="m", verified=False,
        legal_reference="Luật", detail={"site": "HTI-1"},
    )  # fmt: skip
    assert text.startswith("• Khoảng cách giữa các cột: Cách trạm gần nhất HTI-1 320 m")
    assert "ngưỡng 500 m" in text
    assert text.endswith("(chưa được Sở xác nhận)")


def test_a_share_is_told_in_per_cent() -> None:
    detail = {"mast": "M-1", "distance_m": 210, "height_m": 35}
    text = told(
        rule="sharing", outcome="fail", value=0.93, limit=0.9, unit="share of gain", detail=detail
    )
    assert "đạt 93 %" in text
    assert "ngưỡng 90 %" in text


def test_what_was_not_assessed_is_to_be_checked_by_hand() -> None:
    assert "kiểm tra thủ công" in told(rule="flood", outcome="not_assessed", value=None, limit=50)


def test_a_distance_within_the_accuracy_is_to_be_measured() -> None:
    detail = {"measure_on_site": True}
    text = told(rule="spacing", outcome="condition", value=495, limit=500, unit="m", detail=detail)
    assert "cần đo tại thực địa" in text


def test_a_sentence_whose_details_are_lacking_falls_back_to_the_outcome() -> None:
    assert told(rule="sharing", outcome="fail", value=None, limit=None).endswith("không đạt")


def test_a_rule_of_later_days_is_told_by_its_code() -> None:
    assert told(rule="new_rule", outcome="pass") == "• new_rule: đạt"


def test_no_more_than_five_are_told() -> None:
    many = json.dumps([{"rule": "road", "outcome": "pass"}] * 9)
    assert len((reasons_text(many, VI) or "").splitlines()) == 5


@pytest.mark.parametrize("text", [None, float("nan"), "no list"], ids=["none", "nan", "text"])
def test_no_reasons_are_no_text(text: object) -> None:
    assert reasons_text(text, VI) is None


def test_a_code_without_words_is_shown_as_it_is() -> None:
    assert phrase(VI, "sites.nothing", "nothing") == "nothing"
