from dataclasses import dataclass
from itertools import combinations

import pytest

from infraplan.cables import street_subsets
from infraplan.cables import without
from infraplan.errors import SettingsError

# street: its trenches as (from, to, cost), and where which owner must be reached
NET = {
    "A": ([(0, 1, 50), (1, 2, 40)], {"VNPT": {0, 2}, "FPT": {1}}),
    "B": ([(2, 3, 30), (3, 4, 20), (2, 4, 45)], {"VNPT": {2, 3, 4}}),
    "C": ([(4, 5, 60), (0, 5, 25)], {"VNPT": {4, 0}, "FPT": {5}}),
    "D": ([(8, 9, 70)], {"FPT": {8, 9}}),
}
JOINS = [("A", "B"), ("B", "C"), ("A", "C")]


@dataclass(frozen=True)
class Works:
    cost_vnd: int
    bound_vnd: int
    length_m: float
    chambers: int
    removed_m: float
    shared_vnd: int
    direct_vnd: dict[str, int]
    weights: dict[str, dict[str, int]]


class Dig:
    """The cheapest trenches that join all places, by trying all; every call is counted."""

    def __init__(self):
        self.calls = []

    def __call__(self, streets, owners):
        self.calls.append((streets, owners))
        edges = [edge for street in sorted(streets) for edge in NET[street][0]]
        needs = {}
        for street in sorted(streets):
            for owner, places in NET[street][1].items():
                if owners is None or owner in owners:
                    needs.setdefault(owner, []).append(places)
        places = set().union(*[p for of in needs.values() for p in of])
        trench = min(
            (sum(e[2] for e in some), len(some))
            for size in range(len(edges) + 1)
            for some in combinations(edges, size)
            if joined(some, places)
        )
        direct = {owner: 3 * len(of) for owner, of in needs.items()}
        weights = {owner: 10 * sum(map(len, of)) for owner, of in needs.items()}
        cost = trench[0] + sum(direct.values())
        return Works(
            cost, cost - 1, float(trench[1]), trench[1], 5.0 * len(places), trench[0], direct,
            dict.fromkeys(("diameter", "occupancy", "length"), weights),
        )  # fmt: skip


def joined(edges, places):
    """Return whether edges join places."""
    group = {place: place for place in range(10)}
    for a, b, _ in edges:
        old, new = group[a], group[b]
        group = {place: new if of == old else of for place, of in group.items()}
    return len({group[place] for place in places}) <= 1


@pytest.fixture(scope="module")
def choices():
    return street_subsets(list(NET), Dig(), joins=JOINS)


def test_every_choice_has_the_cost_of_its_own_plan(choices):
    assert len(choices.subsets) == 15
    table = choices.subsets.set_index("streets")
    assert table.loc["A;C", "cost_vnd"] == 175 + 4 * 3
    assert table.loc["A;B;C", "cost_vnd"] == 50 + 40 + 25 + 30 + 20 + 5 * 3
    assert (choices.subsets["bound_vnd"] <= choices.subsets["cost_vnd"]).all()


def test_streets_that_do_not_touch_add_up(choices):
    cost = choices.subsets.set_index("streets")[["cost_vnd", "bound_vnd", "length_m", "chambers"]]
    for some in ("A", "B", "A;B", "A;B;C"):
        assert (cost.loc[some] + cost.loc["D"]).equals(cost.loc[f"{some};D"])


def test_a_plan_that_joins_streets_is_never_dearer_than_its_parts(choices):
    cost = choices.subsets.set_index("streets")["cost_vnd"]
    for one, other, both in (("A", "B", "A;B"), ("B", "C", "B;C"), ("A;B", "C", "A;B;C")):
        assert cost[both] <= cost[one] + cost[other]


def test_shares_sum_to_the_dong_and_nobody_pays_more_than_alone_by_that_rule(choices):
    paid = choices.subset_shares["cost_vnd"].groupby(["subset", "rule"]).sum().unstack()
    assert paid.eq(choices.subsets["cost_vnd"], axis=0).all(axis=None)
    alone = choices.subset_shares.xs("alone", level="rule").drop(
        "public", level="owner", errors="ignore"
    )
    assert (alone["cost_vnd"] <= alone["alone_vnd"]).all()


def test_what_an_owner_pays_alone_is_the_cost_of_its_own_plan(choices):
    for number, row in choices.subsets.iterrows():
        table = choices.subset_shares.loc[(number, "diameter")]
        if "FPT" in table.index and "D" not in row["streets"]:
            own = Dig()(frozenset(row["streets"].split(";")), frozenset({"FPT"}))
            assert table.loc["FPT", "alone_vnd"] == own.cost_vnd


def test_each_part_is_planned_once():
    dig = Dig()
    choices = street_subsets(list(NET), dig, joins=JOINS)
    assert len(set(dig.calls)) == len(dig.calls) == choices.planned
    # 7 choices of three streets that all touch, and D; two owners in 6 of them
    assert choices.planned == 8 + 2 * 6


def test_without_a_street_each_owner_saves_what_sums_to_the_saving(choices):
    told = without(choices, "C", of=["A", "B", "C"], rule="length")
    cost = choices.subsets.set_index("streets")["cost_vnd"]
    assert told.saving_vnd == cost["A;B;C"] - cost["A;B"] == sum(told.owners_vnd.values())
    assert without(choices, "D", of=["D"]).owners_vnd == {"FPT": int(cost["D"])}
    with pytest.raises(SettingsError, match="street 'D' is none of the choice"):
        without(choices, "D", of=["A"])


def test_seven_streets_are_refused_in_a_sentence():
    dig = Dig()
    many = street_subsets(list("ABCDEFG"), dig, joins=[])
    assert not len(many.subsets)
    assert not dig.calls
    assert many.notes[0].startswith("7 streets: choices are planned beforehand for at most 6")
