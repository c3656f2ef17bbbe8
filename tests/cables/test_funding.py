"""Models of funding: capital and rents sum, who has no capital, rents above a cap are told."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.cables.funding import FundingTerms
from infraplan.cables.funding import funding_table
from infraplan.cables.funding import rent_table
from infraplan.cables.study import filled_table
from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from tests.cables.test_shares import Works
from tests.cables.test_shares import three

TERMS = FundingTerms.from_dict(read_toml(data_path("works/funding-vn.toml")))
USES = filled_table(
    "uses",
    {
        ("G1", "VNPT"): {"cables": 2, "diameter_mm": 12.0, "length_m": 100.0},
        ("G2", "VNPT"): {"cables": 1, "diameter_mm": 12.0, "length_m": 50.5},
        ("G2", "EVN"): {"cables": 1, "diameter_mm": 40.0, "length_m": 50.5},
        ("G2", "FPT"): {"cables": 1, "diameter_mm": 4.0, "length_m": 10.0},
    },
)
RENTS = rent_table(USES, TERMS)
WORKS = Works(
    1_000_000_001, {"EVN": 5, "FPT": 0, "VNPT": 9}, three({"EVN": 1, "FPT": 1, "VNPT": 3})
)


def test_rent_is_metres_of_cable_times_twelve_months_of_the_class() -> None:
    assert RENTS["rent_year_vnd"].to_dict() == {
        ("EVN", 35.0): 9_408_756,  # 50.5 m x 186,312 VND a year
        ("FPT", 0.0): 124_200,  # 10 m x 12,420
        ("VNPT", 10.0): 11_666_286,  # 250.5 m x 46,572
    }


def test_a_rent_above_the_cap_is_told() -> None:
    assert RENTS["over_cap"].tolist() == [True, False, False]
    assert set(RENTS["cap_vnd_m_year"]) == {79_258}
    assert not rent_table(USES, TERMS, kind="pole")["over_cap"].any()


@given(
    st.floats(0, 1),
    st.sets(st.sampled_from(["EVN", "FPT", "VNPT"])),
    st.sampled_from(["diameter", "alone"]),
)
def test_in_each_model_capital_is_the_cost_and_rent_is_income(share, renting, rule) -> None:
    table = funding_table(
        WORKS, RENTS, TERMS, rule=rule, public_share=share, renting=sorted(renting),
        alone_vnd=dict.fromkeys(WORKS.direct_vnd, 400_000_000),
    )  # fmt: skip
    sums = table.groupby(level="model")[["capital_vnd", "rent_year_vnd", "income_year_vnd"]].sum()
    assert (sums["capital_vnd"] == WORKS.cost_vnd).all()
    assert (sums["rent_year_vnd"] == sums["income_year_vnd"]).all()


def test_who_has_no_capital_is_carried_by_the_others_and_pays_them_rent() -> None:
    table = funding_table(WORKS, RENTS, TERMS, renting=["VNPT"]).loc["capital"]
    assert table.loc["VNPT", "capital_vnd"] == 9  # its own cable only
    assert table.loc["VNPT", "rent_year_vnd"] == 11_666_286
    assert table.loc["EVN", "income_year_vnd"] == table.loc["FPT", "income_year_vnd"] == 5_833_143
    assert table.loc["EVN", "payback_years"] == pytest.approx(60.51, abs=0.01)


def test_the_public_carries_where_nobody_has_capital() -> None:
    table = funding_table(WORKS, RENTS, TERMS, renting=["VNPT", "EVN", "FPT"]).loc["capital"]
    assert table.loc["public", "capital_vnd"] == WORKS.shared_vnd


def test_an_investor_is_paid_back_by_the_net_rent() -> None:
    table = funding_table(WORKS, RENTS, TERMS).loc["investor"]
    rent = sum(RENTS["rent_year_vnd"])
    assert table.loc["investor", "capital_vnd"] == WORKS.shared_vnd
    assert table.loc["investor", "payback_years"] == round(WORKS.shared_vnd / (0.85 * rent), 2)
    annuity = sum(1.1**-year for year in range(1, 21))
    assert table.loc["investor", "npv_vnd"] == pytest.approx(
        0.85 * rent * annuity - WORKS.shared_vnd, abs=1
    )


def test_an_unknown_owner_that_rents_is_named() -> None:
    with pytest.raises(SettingsError, match="SCTV; there are EVN, FPT, VNPT"):
        funding_table(WORKS, RENTS, TERMS, renting=["SCTV"])


def test_all_faults_of_the_terms_are_listed_at_once() -> None:
    table = copy.deepcopy(read_toml(data_path("works/funding-vn.toml")))
    table["terms"]["operating_share"] = 1.0
    table["rents"]["classes"].pop()
    table["caps"]["duct"].pop("source")
    with pytest.raises(SettingsError) as caught:
        FundingTerms.from_dict(table)
    parts = ("operating_share", "above_mm = 0", "caps.duct: missing key 'source'")
    assert all(part in str(caught.value) for part in parts)


def test_only_published_caps_claim_to_be_read() -> None:
    assert not TERMS.rent_verified
    assert not TERMS.terms_verified
    assert all(cap.verified and cap.source for cap in TERMS.caps)
