"""Shares: sums to the dong, equal owners pay alike, nobody pays more than alone where it can be."""

from dataclasses import dataclass
from dataclasses import field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.cables.shares import PUBLIC
from infraplan.cables.shares import SHARE_RULES
from infraplan.cables.shares import UNASSIGNED
from infraplan.cables.shares import airport_shares
from infraplan.cables.shares import divided
from infraplan.cables.shares import public_part_vnd
from infraplan.cables.shares import shapley_shares
from infraplan.cables.shares import share_rules
from infraplan.cables.shares import shared_out
from infraplan.errors import SettingsError

OWNERS = ("Công an", "EVN", "FPT", "SCTV", "VNPT", "Viettel")
SUMS = st.integers(0, 10**12)
WEIGHTS = st.dictionaries(st.sampled_from(OWNERS), st.integers(0, 10**9), max_size=6)


@dataclass
class Works:
    shared_vnd: int
    direct_vnd: dict[str, int]
    weights: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def cost_vnd(self) -> int:
        return self.shared_vnd + sum(self.direct_vnd.values())


def three(weight: dict[str, int]) -> dict[str, dict[str, int]]:
    return {rule: weight for rule in SHARE_RULES if rule != "alone"}


@given(SUMS, WEIGHTS)
def test_parts_sum_to_the_dong_and_none_is_negative(total, weights) -> None:
    parts = divided(total, weights)
    assert sum(parts.values()) == total
    assert min(parts.values()) >= 0


@given(SUMS, WEIGHTS)
def test_a_part_is_the_exact_quota_rounded_down_or_up(total, weights) -> None:
    whole = sum(weights.values())
    parts = divided(total, weights) if whole else {}
    for name, part in parts.items():
        assert total * weights[name] // whole <= part <= -(-total * weights[name] // whole)


@given(SUMS, WEIGHTS)
def test_who_weighs_more_pays_no_less_and_equals_pay_alike(total, weights) -> None:
    parts = divided(total, weights)
    for first, w in weights.items():
        for second, v in weights.items():
            if w > v:
                assert parts[first] >= parts[second]
            elif w == v:
                assert abs(parts[first] - parts[second]) <= 1


def test_ties_go_by_name_whatever_the_order() -> None:
    assert divided(2, {"c": 1, "a": 1, "b": 1}) == {"a": 1, "b": 1, "c": 0}


def test_nobody_with_a_weight_leaves_all_unassigned() -> None:
    assert divided(7, {}) == {UNASSIGNED: 7}
    assert divided(7, {"VNPT": 0}) == {"VNPT": 0, UNASSIGNED: 7}


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf")])
def test_a_weight_that_is_none_is_refused(weight) -> None:
    with pytest.raises(SettingsError, match="weight of 'VNPT'"):
        divided(7, {"VNPT": weight})


def test_half_a_dong_of_the_public_goes_up_as_in_spreadsheets() -> None:
    assert [public_part_vnd(5, 0.5), public_part_vnd(10, 0.35), public_part_vnd(9, 1)] == [3, 4, 9]
    with pytest.raises(SettingsError, match="between 0 and 1"):
        public_part_vnd(5, 1.01)


@given(SUMS, WEIGHTS, WEIGHTS, st.floats(0, 1), st.sampled_from(SHARE_RULES[:3]))
def test_payers_bear_the_cost_of_the_works(shared, direct, weights, share, rule) -> None:
    parts = shared_out(shared, direct, three(weights), rule=rule, public_share=share)
    assert sum(parts.values()) == shared + sum(direct.values())
    assert all(parts[name] >= direct[name] for name in direct)


@given(st.data(), SUMS, st.floats(0, 1))
def test_nobody_pays_more_than_alone(data, shared, share) -> None:
    direct = data.draw(WEIGHTS)
    alone = {name: data.draw(st.integers(0, 10**12)) for name in direct}
    parts = shared_out(shared, direct, {}, rule="alone", alone_vnd=alone, public_share=share)
    assert sum(parts.values()) == shared + sum(direct.values())
    assert all(parts[name] <= alone[name] for name in direct)


@given(st.data(), WEIGHTS.filter(any))
def test_the_public_need_not_help_where_joint_works_are_cheaper(data, direct) -> None:
    own = {name: data.draw(st.integers(1, 10**9)) for name in direct}
    shared = data.draw(st.integers(0, sum(own.values())))
    alone = {name: direct[name] + own[name] for name in direct}
    parts = shared_out(shared, direct, {}, rule="alone", alone_vnd=alone)
    assert parts[PUBLIC] == 0


def test_what_owners_would_not_pay_alone_stands_in_the_row_of_the_public() -> None:
    works = Works(100, {"A": 10, "B": 0}, three({"A": 1, "B": 1}))
    table = share_rules(works, {"A": 40, "B": 50})
    assert table.loc[("alone", PUBLIC), "cost_vnd"] == 20
    assert table.loc[("alone", "A"), "cost_vnd"] == 40
    assert ("diameter", PUBLIC) not in table.index


def test_every_rule_sums_to_the_cost_and_splits_it_into_own_and_shared() -> None:
    works = Works(1_000_003, {"A": 7, "B": 11}, three({"A": 2, "B": 1}))
    table = share_rules(works, {"A": 900_000, "B": 800_000})
    sums = table.groupby(level="rule")[["cost_vnd", "direct_vnd", "shared_vnd"]].sum()
    assert list(sums.index) == sorted(SHARE_RULES)
    assert (sums["cost_vnd"] == works.cost_vnd).all()
    assert (sums["direct_vnd"] + sums["shared_vnd"] == sums["cost_vnd"]).all()


def test_a_rule_that_lacks_its_figures_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"'alone' lacks .*: A"):
        shared_out(1, {"A": 0}, {}, rule="alone")
    with pytest.raises(SettingsError, match="no weights for the rule 'length'"):
        shared_out(1, {"A": 0}, {}, rule="length")
    with pytest.raises(SettingsError, match="one of diameter"):
        shared_out(1, {"A": 0}, {}, rule="height")


def test_shapley_of_the_glove_game_is_the_published_one() -> None:
    def gloves(some: frozenset[str]) -> int:
        return 6 * ("L" in some and bool(some & {"R", "S"}))

    assert shapley_shares(["L", "R", "S"], gloves) == {"L": 4, "R": 1, "S": 1}


@given(st.dictionaries(st.sampled_from(OWNERS[:5]), st.integers(0, 10**9), min_size=1))
def test_shapley_of_nested_trenches_is_the_airport_rule(needs) -> None:
    parts = shapley_shares(needs, lambda some: max(needs[name] for name in some))
    airport = airport_shares(needs)
    assert sum(parts.values()) == sum(airport.values()) == max(needs.values())
    assert all(abs(parts[name] - airport[name]) <= 1 for name in needs)


def test_six_owners_are_too_many_for_every_choice() -> None:
    with pytest.raises(SettingsError, match="at most 5 owners"):
        shapley_shares(OWNERS, len)
