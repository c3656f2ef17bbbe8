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


# ducts, layers, mouth and bottom [m]: TCVN 8700:2011 as read in cables.md 4.1
STANDARD = [(2, 1, 0.45, 0.35), (3, 1, 0.60, 0.50), (4, 2, 0.45, 0.35), (6, 2, 0.60, 0.50),
            (8, 2, 0.75, 0.65), (9, 3, 0.60, 0.50), (12, 3, 0.75, 0.65), (16, 4, 0.75, 0.65),
            (20, 5, 0.75, 0.65)]  # fmt: skip


@pytest.mark.parametrize(("placement", "cover_m"), [("footway", 0.5), ("carriageway", 0.7)])
@pytest.mark.parametrize(("bores", "layers", "mouth_m", "bottom_m"), STANDARD)
def test_every_trench_has_the_shape_of_the_standard(
    table, bores, layers, mouth_m, bottom_m, placement, cover_m
) -> None:
    rules = PriceBook.from_dict(table).rules
    layout = rules.layout(bores)
    depth_m = cover_m + layers * 0.110 + (layers - 1) * 0.025 + 0.105
    assert (layout.layers, layout.mouth_m, layout.bottom_m) == (layers, mouth_m, bottom_m)
    assert rules.depth_m(layout, placement) == pytest.approx(depth_m, abs=1e-9)
    volume = rules.excavation_m3_per_m(layout, placement)
    assert volume == pytest.approx((mouth_m + bottom_m) / 2 * depth_m, abs=1e-9)


@pytest.mark.parametrize(("placement", "volume"), [("footway", 0.34), ("carriageway", 0.42)])
def test_four_ducts_take_out_what_the_notes_say(table, placement, volume) -> None:
    rules = PriceBook.from_dict(table).rules
    assert rules.excavation_m3_per_m(rules.layout(4), placement) == pytest.approx(volume, abs=1e-9)


def test_unread_rules_are_not_called_confirmed(table) -> None:
    rules = PriceBook.from_dict(table).rules
    assert not rules.spacing_verified
    assert rules.cover_verified
    assert rules.layout_verified


def test_a_price_that_is_missing_is_named(table) -> None:
    with pytest.raises(SettingsError, match="'gold'"):
        PriceBook.from_dict(table).price_vnd("gold")


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
