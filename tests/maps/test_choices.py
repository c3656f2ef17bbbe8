"""Streets to tick beside the map: what the page carries, and that it divides as the plan does."""

import json
import re
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from infraplan import maps
from infraplan.cables.funding import FundingTerms
from infraplan.cables.funding import funding_table
from infraplan.cables.funding import rent_table
from infraplan.cables.shares import divided
from infraplan.cables.shares import rule_weights
from infraplan.cables.sharing import Sharing
from infraplan.cables.study import filled_table
from infraplan.maps.choices import _pieces
from infraplan.maps.choices import every_choice
from infraplan.maps.choices import finding_layer
from infraplan.maps.choices import street_choices
from infraplan.maps.findings import cable_layers
from infraplan.maps.findings import street_years
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.text import words
from tests.maps.test_page import blocks
from tests.maps.waiting import wait_until

TERMS = FundingTerms.from_dict(read_toml(data_path("works/funding-vn.toml")))
PAID = """cases => cases.map(([choice, asked]) => {
    const told = infraplan.payers(choice, asked);
    const out = Object.fromEntries(Object.entries(told.owners).map(([k, v]) => [k, String(v)]));
    const rents = Object.fromEntries(Object.entries(told.rents).map(([k, v]) => [k, String(v)]));
    return [{ ...out, public: String(told.open) }, rents];
})"""
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
    wait_until(tab, "document.querySelector('.ip-choices [role=status]').textContent")
    told = tab.inner_text(".ip-choices [role=status]")
    assert "Excel" in told or "Ctrl+C" in told
    tab.evaluate("infraplan.copy('x').then(done => document.body.dataset.copied = String(done))")
    tab.wait_for_selector("body[data-copied]")
    assert tab.heard.complaints == []


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


def with_pieces(plan: SimpleNamespace) -> SimpleNamespace:
    """Return a plan whose second street, alone, has another segment than in the plan of both."""
    own = plan.segments.iloc[[1]]
    rows = [
        {"layer": "segments", "feature_id": "G-0", "parts": "1;3"},
        {"layer": "segments", "feature_id": "G-1", "parts": "3"},
        {"layer": "segments", "feature_id": "C-9", "parts": "2"},
    ]
    shapes = [*plan.segments.geometry, own.geometry.iloc[0].buffer(30).exterior]
    looks = {"street": ["A", "B", "B"], "kind": "trench", "length_m": 5.0, "cost_vnd": 7}
    frame = gpd.GeoDataFrame(rows, geometry=shapes, crs=plan.segments.crs).assign(**looks)
    others = [
        frame.iloc[[0]].assign(layer=name, feature_id=f"{name}-1", kind="manhole", existing=False,
                               geometry=getattr(plan, name).geometry.iloc[0])
        for name in ("chambers", "crossings", "drops")
    ]  # fmt: skip
    keys = {(name,): {"parts": text} for name, text in zip(plan.subsets.index, "123", strict=True)}
    return SimpleNamespace(
        **{
            **vars(plan),
            "pieces": pd.concat([frame, *others], ignore_index=True),
            "subset_parts": filled_table("subset_parts", keys),
        }
    )


def test_pieces_of_all_choices_are_drawn_and_know_their_parts(chosen_plan) -> None:
    plan = with_pieces(chosen_plan)
    told = street_choices(plan, words("vi"))
    of = told["pieces"]["parts"]
    mine = {name: of[k] for name, k in told["pieces"]["layers"]["segments"].items()}
    assert mine == {"G-0": [1, 3], "G-1": [3], "C-9": [2]}
    assert [one["parts"] for one in told["choices"].values()] == [[1], [2], [3]]
    assert list(every_choice(plan).segments.index) == ["G-0", "G-1", "C-9"]
    assert every_choice(chosen_plan) is chosen_plan


@pytest.mark.browser
@pytest.mark.slow
def test_a_choice_shows_its_own_segments_and_counts_them(opened, chosen_plan) -> None:
    tab = opened(maps.underground(with_pieces(chosen_plan)))
    off = "name => Array.from(infraplan.app.layers.find(l => l.name === name).off)"
    assert tab.evaluate(off, "segments") == [0, 0, 1]
    tab.uncheck("#ip-street-0")
    assert tab.evaluate(off, "segments") == [1, 1, 0]
    assert tab.heard.complaints == []


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_opens_with_what_was_asked(opened, chosen_plan) -> None:
    asked = Sharing("alone", 0.333, ("VNPT",))
    rent = {(name, "VNPT"): {"rent_year_vnd": 12_345_678} for name in chosen_plan.subsets.index}
    changed = {"sharing": asked, "subset_rents": filled_table("subset_rents", rent)}
    tab = opened(maps.underground(SimpleNamespace(**{**vars(chosen_plan), **changed})))
    assert tab.input_value("#ip-rule") == "alone"
    assert tab.input_value(".ip-percent") == "33.3"
    assert tab.is_checked("#ip-tenant-2")
    found = payers(tab)
    assert "12.345.678" in tab.inner_text(".ip-rents")
    assert found["Nhà nước"] == round((610_000_009 - 3 * 1_000_003) * 333 / 1000)
    tab.select_option("#ip-model", "investor")
    assert "Nhà đầu tư" in tab.inner_text(".ip-payers")
    assert not tab.is_visible(".ip-tenants")


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_funds_as_the_plan_does(opened, chosen_plan) -> None:
    tab = opened(maps.underground(chosen_plan))
    chance = np.random.default_rng(5)
    cases, expected = [], []
    for model in ("capital", "investor", "public"):
        for rule in ("diameter", "alone"):
            for renting in ((), ("A",), ("A", "B", "C")):
                names = "ABC"
                direct = {n: int(chance.integers(0, 10**9)) for n in names}
                alone = {n: direct[n] + int(chance.integers(0, 10**10)) for n in names}
                weights = {"diameter": {n: int(chance.integers(0, 10**9)) for n in names}}
                shared = int(chance.integers(0, 2 * 10**10))
                works = SimpleNamespace(
                    cost_vnd=shared + sum(direct.values()), shared_vnd=shared, direct_vnd=direct,
                    weights=weights,
                )  # fmt: skip
                thick = {"owner": list(names), "diameter_mm": [8, 20, 40]}
                cables = pd.DataFrame(thick).assign(cables=1, length_m=100.0)
                rents = rent_table(cables, TERMS)
                table = funding_table(
                    works, rents, TERMS, rule=rule, alone_vnd=alone, public_share=0.125,
                    renting=renting,
                ).loc[model]  # fmt: skip
                owed = rents["rent_year_vnd"].groupby(level="owner").sum()
                own = rule_weights(weights, rule, direct_vnd=direct, alone_vnd=alone)
                rows = {
                    n: {"weight": str(own[n]), "direct": str(direct[n]), "alone": str(alone[n])}
                    for n in names
                }
                choice = {"cost": str(works.cost_vnd), "shares": {rule: rows},
                          "rents": {n: str(owed[n]) for n in names}}  # fmt: skip
                asked = {"rule": rule, "tenths": 125, "renting": list(renting), "model": model}
                cases.append([choice, asked])
                expected.append(
                    (
                        {n: int(v) for n, v in table["capital_vnd"].items() if v},
                        {n: int(v) for n, v in table["rent_year_vnd"].items() if v},
                    )
                )
    told = [
        tuple({k: int(v) for k, v in part.items() if int(v)} for part in case)
        for case in tab.evaluate(PAID, cases)
    ]
    assert told == expected


def test_findings_go_with_their_street(chosen_plan) -> None:
    rows = {
        ("V1",): {"code": "cover", "severity": "error", "street": "Hà Huy Tập"},
        ("V2",): {"code": "price_unconfirmed", "severity": "warning"},
        ("V3",): {"code": "cover", "severity": "error", "street": "Elsewhere"},
    }
    plan = SimpleNamespace(**{**vars(chosen_plan), "findings": filled_table("findings", rows)})
    assert street_choices(plan, words("vi"))["features"]["findings"] == {"V1": 1}


def test_the_years_of_building_are_on_the_map_in_popups_and_in_a_table(chosen_plan) -> None:
    phases = {("Phan Đình Phùng",): {"year": 2027, "cost_vnd": 310_000_000},
              ("Hà Huy Tập",): {"year": None, "cost_vnd": 150_000_000}}  # fmt: skip
    years = {(2027,): {"budget_vnd": 10**9, "cost_vnd": 310_000_000},
             (2028,): {"budget_vnd": 0, "cost_vnd": 0}}  # fmt: skip
    beside = {name: getattr(chosen_plan, name).assign(street="Hà Huy Tập")
              for name in ("drops", "crossings")}  # fmt: skip
    asked = SimpleNamespace(
        **{
            **vars(chosen_plan),
            **beside,
            "phases": filled_table("phases", phases),
            "years": filled_table("years", years),
        }
    )
    page = maps.underground(asked)
    layers = {entry["name"]: entry for entry in blocks(page, "layer")}
    assert [one["label"] for one in layers["years"]["styles"]] == [
        "Năm 2027",
        "Ngoài các năm đã nêu",
    ]
    drawn = cable_layers(asked, words("vi"), years=street_years(asked, words("vi")))
    assert all("Năm làm" in [field.label for field in one.fields] for one in drawn[:4])
    assert drawn[1].data["year"].tolist() == ["2027", "Ngoài các năm đã nêu"]
    told = blocks(page, "page")[0]
    (table,) = [one for one in told["tables"] if one["title"] == "Tiến độ theo năm"]
    assert table["rows"] == [
        ["2027", "Phan Đình Phùng", "310,0"],
        ["2028", words("vi")("cli.no_street"), "0,0"],
        ["Ngoài các năm đã nêu", "Hà Huy Tập", "150,0"],
    ]
    assert told["choices"]["features"]["years"] == told["choices"]["features"]["segments"]
    plain = maps.underground(chosen_plan)
    assert "years" not in {entry["name"] for entry in blocks(plain, "layer")}


def test_years_of_a_plan_whose_pieces_hold_no_trench_have_no_bands(chosen_plan) -> None:
    years = filled_table("years", {(2027,): {"budget_vnd": 10**9, "cost_vnd": 0}})
    pieces = gpd.GeoDataFrame(
        {"layer": ["chambers"], "feature_id": ["B1"], "parts": ["0"], "street": ["Hà Huy Tập"]},
        geometry=gpd.points_from_xy([0.0], [0.0]), crs="EPSG:9209",
    )  # fmt: skip
    plan = SimpleNamespace(**{**vars(chosen_plan), "years": years, "pieces": pieces})
    assert set(_pieces(plan, [])["layers"]) == {"chambers"}
