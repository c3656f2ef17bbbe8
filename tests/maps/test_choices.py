"""Streets to tick beside the map: what the page carries, and that it divides as the plan does."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

from infraplan import maps
from infraplan.cables.shares import divided
from infraplan.cables.study import filled_table
from infraplan.maps.choices import finding_layer
from infraplan.maps.choices import street_choices
from infraplan.text import words

DIVIDED = """cases => cases.map(([total, weights]) => {
    const big = {};
    Object.keys(weights).forEach(name => { big[name] = BigInt(weights[name]); });
    const parts = infraplan.divided(BigInt(total), big);
    return Object.fromEntries(Object.entries(parts).map(([name, sum]) => [name, String(sum)]));
})"""


def dong(text: str) -> int:
    """Return a sum as the page writes it."""
    return int(re.sub(r"[^0-9]", "", text))


def payers(tab) -> dict[str, int]:
    """Return what each row of the table of payers says."""
    rows = tab.locator(".ip-payers tbody tr").all()
    return {
        row.locator("th").inner_text(): dong(row.locator("td").first.inner_text()) for row in rows
    }


def test_money_travels_as_text_and_every_choice_has_its_key(chosen_plan: SimpleNamespace) -> None:
    told = street_choices(chosen_plan, words("vi"))
    assert told["streets"] == ["Phan Đình Phùng", "Hà Huy Tập"]
    assert set(told["choices"]) == {"0", "1", "0,1"}
    assert told["choices"]["0,1"]["cost"] == "610000009"
    assert [rule["code"] for rule in told["rules"]] == ["diameter", "alone"]
    assert json.loads(json.dumps(told)) == told


def test_what_is_drawn_belongs_to_a_street(chosen_plan: SimpleNamespace) -> None:
    features = street_choices(chosen_plan, words("vi"))["features"]
    assert features["segments"] == {"G-0": 0, "G-1": 1}
    assert features["chambers"] == {"B-0": 0, "B-1": 1}


def test_a_plan_without_solved_choices_has_none_to_tick(cable_plan: SimpleNamespace) -> None:
    assert street_choices(cable_plan, words("vi")) == {}
    assert "ip.streets =" not in maps.underground(cable_plan).html


@pytest.mark.browser
@pytest.mark.slow
def test_each_choice_rule_and_public_share_sums_to_the_dong(opened, chosen_plan) -> None:
    tab = opened(maps.underground(chosen_plan))
    assert sum(payers(tab).values()) == 610_000_009
    tab.select_option("#ip-rule", "alone")
    tab.fill(".ip-percent", "33.3")
    found = payers(tab)
    assert sum(found.values()) == 610_000_009
    direct = 3 * 1_000_003
    assert found["Nhà nước"] == round((610_000_009 - direct) * 333 / 1000)
    assert "SCTV" in tab.inner_text(".ip-warn")
    tab.uncheck("#ip-street-1")
    assert sum(payers(tab).values()) == 310_000_007
    tab.uncheck("#ip-street-0")
    assert "Chưa chọn đường nào" in tab.inner_text(".ip-choices")
    assert tab.heard.complaints == []
    assert [url for url in tab.heard.requests if not url.startswith(("file:", "data:"))] == []


@pytest.mark.browser
@pytest.mark.slow
def test_the_map_shows_what_is_ticked_and_what_was_before(opened, chosen_plan) -> None:
    tab = opened(maps.underground(chosen_plan))
    off = "name => Array.from(infraplan.app.layers.find(l => l.name === name).off)"
    shown = "name => infraplan.app.layers.find(l => l.name === name).shown"
    assert tab.evaluate(off, "segments") == [0, 0]
    tab.uncheck("#ip-street-0")
    assert tab.evaluate(off, "segments") == [1, 0]
    assert tab.evaluate(off, "chambers") == [1, 0]
    tab.click("[data-view=before]")
    assert not tab.evaluate(shown, "segments")
    tab.click("[data-view=both]")
    assert tab.evaluate(shown, "segments")


@pytest.mark.browser
@pytest.mark.slow
def test_the_table_is_copied_as_excel_takes_it(opened, chosen_plan) -> None:
    tab = opened(maps.underground(chosen_plan), permissions=["clipboard-read", "clipboard-write"])
    tab.click("text=Chép bảng")
    tab.wait_for_function("document.querySelector('.ip-choices [role=status]').textContent")
    told = tab.inner_text(".ip-choices [role=status]")
    assert "Excel" in told or "Ctrl+C" in told


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_divides_as_the_plan_does(opened, chosen_plan) -> None:
    tab = opened(maps.underground(chosen_plan))
    chance = np.random.default_rng(3)
    cases = [
        (int(chance.integers(0, 10**12)), {n: int(chance.integers(0, 10**11)) for n in "ABCĐ"})
        for _ in range(60)
    ]
    cases += [(100, {"B": 1, "A": 1, "C": 1}), (7, {"A": 0, "B": 0}), (0, {"A": 3})]
    told = [[str(total), {k: str(v) for k, v in weights.items()}] for total, weights in cases]
    found = tab.evaluate(DIVIDED, told)
    assert [{k: int(v) for k, v in parts.items()} for parts in found] == [
        divided(total, weights) for total, weights in cases
    ]


def test_each_finding_with_a_place_is_drawn_and_says_what_is_wrong(chosen_plan) -> None:
    rows = {
        ("V1",): {"code": "chamber_junction", "severity": "warning", "feature_id": "<b>B9</b>",
                  "street": "Trần Phú", "x_m": 541_000.0, "y_m": 2_027_000.0},
        ("V2",): {"code": "price_unconfirmed", "severity": "warning", "feature_id": "duct"},
    }  # fmt: skip
    plan = SimpleNamespace(**{**vars(chosen_plan), "findings": filled_table("findings", rows)})
    (layer,) = finding_layer(plan, words("vi"))
    assert layer.data["told"].tolist() == ["Bể cáp <b>B9</b> nằm trong nút giao"]
    assert finding_layer(chosen_plan, words("vi")) == []
