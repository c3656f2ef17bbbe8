"""Price book: refuses what it does not know; trenches as in TCVN 8700:2011."""

import copy
from typing import Any

import pytest

from infraplan.cables import PriceBook
from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml


@pytest.fixture
def table() -> dict[str, Any]:
    return copy.deepcopy(read_toml(data_path("prices/vn-assumed.toml")))


@pytest.mark.parametrize(
    ("bores", "placement", "depth_m", "excavation"),
    [(4, "footway", 0.85, 0.34), (4, "carriageway", 1.05, 0.42), (12, "footway", 0.99, 0.69)],
)
def test_a_trench_has_the_shape_of_the_standard(table, bores, placement, depth_m, excavation):
    rules = PriceBook.from_dict(table).rules
    layout = rules.layout(bores)
    assert rules.depth_m(layout, placement) == pytest.approx(depth_m)
    assert rules.excavation_m3_per_m(layout, placement) == pytest.approx(excavation, abs=0.004)


def test_a_layout_holds_at_least_what_is_asked(table) -> None:
    rules = PriceBook.from_dict(table).rules
    assert [rules.layout(n).bores for n in (1, 2, 5, 7, 20, 40)] == [2, 2, 6, 8, 20, 20]


def test_no_price_of_ours_claims_to_be_confirmed(table) -> None:
    items = PriceBook.from_dict(table).items.values()
    assert not any(item.verified for item in items)
    assert all(item.source and item.date for item in items)


def test_all_faults_of_a_price_book_are_listed_at_once(table) -> None:
    table["items"]["riser"]["price_vnd"] = -5
    table["items"]["gold"] = dict(table["items"]["duct_d110"])
    del table["items"]["drop_duct"]
    table["vat"] = 0.1
    with pytest.raises(SettingsError) as caught:
        PriceBook.from_dict(table)
    for word in ("'vat'", "riser", "'gold'", "'drop_duct'"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("diameter_mm", "weight"), [(40, 15_526), (15, 3_881), (15.1, 5_175), (2, 1_035)]
)
def test_thicker_cable_weighs_more(table, diameter_mm, weight) -> None:
    assert PriceBook.from_dict(table).share_weight_vnd(diameter_mm) == weight


def test_a_price_without_source_is_refused(table) -> None:
    table["items"]["riser"]["source"] = " "
    with pytest.raises(SettingsError, match="riser: a price without a source"):
        PriceBook.from_dict(table)
