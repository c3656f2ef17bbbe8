from itertools import product

import numpy as np
import pandas as pd
import pytest

from infraplan.cables import PhasingProblem
from infraplan.cables import PhasingWishes
from infraplan.cables import phase_streets
from infraplan.cables.phasing_model import exact_bound
from infraplan.errors import SettingsError

YEARS = [2026, 2027, 2028]


def problem_of(costs, worths, budget, joins, **more):
    """Return a problem with the same cost and worth in all years."""
    streets = [chr(65 + k) for k in range(len(costs))]
    years = more.pop("years", YEARS[: len(budget)])
    worth = pd.DataFrame({y: pd.array(worths, dtype="Int64") for y in years}, index=streets)
    for street, year in more.pop("barred", ()):
        worth.loc[street, year] = pd.NA
    return PhasingProblem(
        cost_vnd=pd.DataFrame(dict.fromkeys(years, costs), index=streets),
        worth=worth,
        budget_vnd=dict(zip(years, budget, strict=True)),
        joins=[(a, b) for a, b in joins],
        **more,
    )


def by_chance(seed, *, count=8, rooted=True, carry_over=True):
    """Return a small problem: a ring with chords, worth falling by year, some years barred."""
    random = np.random.default_rng(seed)
    streets = [chr(65 + k) for k in range(count)]
    cut = count - 2 if seed % 3 == 0 else count
    joins = [(streets[k], streets[k + 1]) for k in range(count - 1) if k + 1 != cut]
    joins += [tuple(random.choice(streets, 2, replace=False)) for _ in range(2)]
    cost = random.integers(1, 9, count) * 1_000_000 + random.integers(0, 999_999, count)
    worth = np.round(random.integers(0, 40, count)[:, None] * [1.0, 0.9, 0.8])
    table = pd.DataFrame(worth, index=streets, columns=YEARS).astype("Int64")
    costs = pd.DataFrame(dict.fromkeys(YEARS, cost), index=streets)
    for street in random.choice(streets, 2, replace=False):
        table.loc[street, YEARS[random.integers(3)]] = pd.NA
        costs.loc[street, YEARS[random.integers(3)]] //= 2
    money = dict(zip(YEARS, (random.integers(4, 12, 3) * 1_000_000).tolist(), strict=True))
    roots = frozenset(random.choice(streets, 1)) if rooted else frozenset()
    return PhasingProblem(costs, table, money, joins, roots, carry_over)


def leads_back(problem, built):
    """Return whether every built street leads back to a root, in one year."""
    links = {s: set() for s in problem.cost_vnd.index}
    for a, b in problem.joins:
        links[a].add(b)
        links[b].add(a)

    def reached(starts, among):
        seen, front = set(starts), list(starts)
        while front:
            for near in links[front.pop()] & among - seen:
                seen.add(near)
                front.append(near)
        return seen

    everywhere = set(links)
    while everywhere:
        part = reached([next(iter(everywhere))], set(links))
        everywhere -= part
        mine = built & part
        starts = mine & problem.roots if part & problem.roots else set(sorted(mine)[:1])
        if reached(starts, mine) != mine:
            return False
    return True


def brute_force(problem, fulfils=bool):
    """Return the greatest worth of all programmes, None where there is none."""
    streets = list(problem.cost_vnd.index)
    plans = np.asarray(list(product(range(4), repeat=len(streets))))
    cost, worth = problem.cost_vnd.to_numpy(), problem.worth
    value = np.zeros(len(plans), dtype=np.int64)
    good = np.ones(len(plans), dtype=bool)
    spent = np.zeros((len(plans), 3), dtype=np.int64)
    for s in range(len(streets)):
        for t in range(3):
            here = plans[:, s] == t
            if pd.isna(worth.iloc[s, t]):
                good &= ~here
                continue
            value += here * int(worth.iloc[s, t])
            spent[:, t] += here * cost[s, t]
    money = np.asarray(list(problem.budget_vnd.values()))
    if problem.carry_over:
        spent, money = spent.cumsum(axis=1), money.cumsum()
    good &= (spent <= money).all(axis=1)
    known = {}
    for k in np.flatnonzero(good)[np.argsort(-value[good], kind="stable")]:
        plan = plans[k]
        built = [
            frozenset(s for s, y in zip(streets, plan, strict=True) if y <= t) for t in (0, 1, 2)
        ]
        for some in built:
            if some not in known:
                known[some] = leads_back(problem, some)
        if all(known[some] for some in built) and fulfils(dict(zip(streets, plan, strict=True))):
            return int(value[k])
    return None


@pytest.mark.parametrize("seed", range(6))
def test_the_programme_is_worth_what_brute_force_finds(seed):
    problem = by_chance(seed, rooted=seed % 2 == 0, carry_over=seed != 4)
    plan = phase_streets(problem)
    assert plan.optimal
    assert plan.worth == plan.bound == brute_force(problem)
    assert plan.years["worth"].sum() == plan.phases["worth"].sum() == plan.worth
    assert plan.years["cost_vnd"].sum() == plan.cost_vnd


@pytest.mark.parametrize("seed", range(3))
def test_a_wish_costs_what_brute_force_says(seed):
    problem = by_chance(seed + 20, count=7)
    wishes = PhasingWishes(force=("B",), by_year={"C": 2027}, leave_out=("D",))
    table = phase_streets(problem, wishes=wishes).wishes
    free = brute_force(problem)
    rules = {
        ("B", "force"): lambda years: years["B"] < 3,
        ("C", "year"): lambda years: years["C"] < 2,
        ("D", "leave_out"): lambda years: years["D"] == 3,
    }
    for key, rule in rules.items():
        best = brute_force(problem, rule)
        assert table.loc[key, "possible"] == (best is not None)
        if best is not None:
            assert table.loc[key, "worth_lost"] == free - best


@pytest.mark.parametrize("seed", range(2))
def test_no_programme_gains_more_by_a_year_than_its_bound(seed):
    problem = by_chance(seed + 40, count=6)
    plan = phase_streets(problem)
    gained = plan.years["worth"].cumsum()
    assert (gained <= plan.years["bound"]).all()
    assert plan.years["bound"].iloc[-1] == plan.bound
    later = problem.worth.copy()
    later[[2027, 2028]] = later[[2027, 2028]].map(lambda v: v if pd.isna(v) else 0)
    first = PhasingProblem(
        problem.cost_vnd, later, problem.budget_vnd, problem.joins, problem.roots
    )
    assert brute_force(first) <= plan.years["bound"].iloc[0]


def test_a_street_waits_for_those_that_lead_to_it():
    chain = problem_of([5, 5, 5], [1, 1, 100], [10, 5], ["AB", "BC"], roots=frozenset("A"))
    plan = phase_streets(chain)
    assert plan.phases["year"].tolist() == [2026, 2026, 2027]
    assert '"after": "B"' in plan.phases.loc["C", "reasons_json"]


def test_streets_that_lean_on_each_other_only_are_not_built():
    ring = problem_of(
        [9, 1, 1, 1], [0, 50, 50, 50], [3], ["AB", "BC", "CD", "DB"], roots=frozenset("A")
    )
    assert phase_streets(ring).phases["year"].isna().all()


def test_a_part_without_a_root_begins_at_one_street_only():
    rows = problem_of([1, 5, 1], [10, 1, 10], [2], ["AB", "BC"])
    assert phase_streets(rows).worth == 10


def test_money_that_is_not_carried_over_is_lost():
    kept = phase_streets(problem_of([6], [10], [3, 3], []))
    lost = phase_streets(problem_of([6], [10], [3, 3], [], carry_over=False))
    assert (kept.worth, lost.worth) == (10, 0)


def test_an_owner_without_money_holds_up_its_streets():
    told = pd.DataFrame({"VNPT": [4, 0]}, index=["A", "B"])
    plan = phase_streets(
        problem_of(
            [6, 6], [10, 10], [12, 0], [],
            owner_cost_vnd=told, owner_budget_vnd={"VNPT": {2026: 3, 2027: 3}},
        )
    )  # fmt: skip
    assert plan.phases["year"].tolist() == [2027, 2026]


def test_a_forced_street_dearer_than_the_money_is_named_with_what_is_lacking():
    chain = problem_of([5, 7], [1, 1], [4, 4], ["AB"], roots=frozenset("A"))
    plan = phase_streets(chain, wishes=PhasingWishes(force=("B",)))
    assert not plan.wishes.loc[("B", "force"), "possible"]
    fault = plan.faults[0]
    assert (fault.reason, fault.year, fault.short_vnd, fault.through) == ("money", 2027, 4, ("A",))
    assert "costs 4 VND more than there is by 2027" in fault.note
    assert plan.phases["year"].tolist() == [2027, pd.NA]


def test_wishes_that_do_not_go_together_tell_how_much_more_would_do():
    two = problem_of([5_000_000] * 2, [1, 9], [6_000_000], [])
    plan = phase_streets(two, wishes=PhasingWishes(force=("A", "B")))
    assert plan.wishes["possible"].all()
    assert [(f.street, f.reason, f.short_vnd) for f in plan.faults] == [
        ("B", "together", 4_000_000)
    ]
    assert plan.phases.loc["A", "forced"]


def test_a_street_that_a_new_pavement_bars_is_named():
    one = problem_of([1], [1], [9, 9], [], barred=[("A", 2026)])
    plan = phase_streets(one, wishes=PhasingWishes(by_year={"A": 2026}))
    assert (plan.faults[0].reason, plan.faults[0].year) == ("barred", 2026)


def test_faults_of_a_problem_are_all_told():
    wrong = problem_of([1], [1], [-1], ["AX"])
    with pytest.raises(SettingsError, match=r"negative; there is no street 'X'; .*left out"):
        phase_streets(wrong, wishes=PhasingWishes(force=("A",), leave_out=("A",)))


def test_any_multipliers_give_a_bound_above_every_programme():
    random = np.random.default_rng(3)
    rows = [((0, 1, 2), (3_000_000_000, 2_000_000_000, 4_000_000_000), 5_000_000_000)]
    gain, low, high = np.asarray([7, 5, 6]), np.zeros(3, int), np.ones(3, int)
    for dual in random.uniform(-2, 5, 50).tolist():
        assert exact_bound(rows, gain, low, high, [dual]) >= 12
