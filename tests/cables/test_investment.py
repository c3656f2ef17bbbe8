"""Total investment: a sum by hand, rates on their bases, and files that are refused."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.cables.investment import InvestmentRates
from infraplan.cables.investment import investment_table
from infraplan.cables.investment import rate_of
from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml

# worked by hand from the rates of the file: 10 billion of construction
GOLDEN = {
    "construction": 10_000_000_000,
    "equipment": 300_000_000,  # 3 % of construction
    "management": 298_803_000,  # 2.901 % of 10.3 billion
    "consulting": 824_000_000,  # 8 % of 10.3 billion
    "other": 206_000_000,  # 2 % of 10.3 billion
    "contingency": 1_162_880_300,  # 10 % of 11,628,803,000
    "vat": 1_249_288_030,  # 10 % of 12,492,880,300: all but management
    "total": 14_040_971_330,
    "low": 9_828_679_931,  # class 4: 30 % less
    "high": 21_061_456_995,  # class 4: 50 % more
}


@pytest.fixture
def table():
    return copy.deepcopy(read_toml(data_path("works/investment-vn.toml")))


def test_the_total_is_the_one_worked_by_hand(table) -> None:
    found = investment_table(10_000_000_000, InvestmentRates.from_dict(table))
    assert found["amount_vnd"].to_dict() == GOLDEN
    assert found.loc["total", "estimate_class"] == 4


def test_confirmed_prices_make_a_narrower_class(table) -> None:
    rates = InvestmentRates.from_dict(table)
    found = investment_table(10_000_000_000, rates, is_confirmed=True)
    assert found.loc["low", "amount_vnd"] == 11_232_777_064
    assert found.loc["high", "estimate_class"] == 3


def test_no_rate_of_ours_claims_to_be_confirmed(table) -> None:
    rates = InvestmentRates.from_dict(table)
    assert not any(line.verified for line in rates.lines)
    assert all(line.source and line.date for line in rates.lines)
    assert not rates.assumed.verified


@given(st.integers(0, 10**13))
def test_lines_are_whole_dong_and_sum_to_the_total(construction) -> None:
    rates = InvestmentRates.from_dict(read_toml(data_path("works/investment-vn.toml")))
    amounts = investment_table(construction, rates)["amount_vnd"]
    lines = amounts.drop(["total", "low", "high"])
    assert all(isinstance(value, int) for value in amounts.to_numpy().tolist())
    assert int(lines.sum()) == amounts["total"]
    assert amounts["low"] <= amounts["total"] <= amounts["high"]


def test_half_a_dong_goes_away_from_nothing() -> None:
    assert [rate_of(5, 0.1), rate_of(15, 0.1), rate_of(5, -0.1), rate_of(35, 0.1)] == [1, 2, -1, 4]


def test_all_faults_of_a_file_are_listed_at_once(table) -> None:
    table["lines"]["vat"]["of"] = ["profit"]
    table["lines"]["other"]["rate"] = 1.5
    table["estimate"]["assumed"] = 7
    table["tax"] = {}
    with pytest.raises(SettingsError) as caught:
        InvestmentRates.from_dict(table)
    told = str(caught.value)
    assert all(part in told for part in ("'profit'", "other: rate", "class 7", "'tax'"))
