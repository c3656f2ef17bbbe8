"""
Streets by year: programmes proven, and every choice of streets planned beforehand.

Run: pytest tests/benchmarks/bench_phasing.py -o python_files='bench_*.py' -s
With INFRAPLAN_BENCH=province 60 streets in 5 years with 4 owners, three nets and a harder variant,
where each owner has its own money; else 24 streets in 4 years. Equal to brute force on 12 streets.
"""

import os
import time
from functools import cache

import numpy as np
import pandas as pd
import pytest

from infraplan.cables import PhasingProblem
from infraplan.cables import phase_streets

FULL = os.environ.get("INFRAPLAN_BENCH") == "province"
OWNERS = ("FPT", "SCTV", "VNPT", "Viettel")


def town(count, last, *, seed, own_money=False):
    """Return streets of one to three blocks on a lattice, joined, with worth, cost and money."""
    random = np.random.default_rng(seed)
    side = max(3, int(np.ceil(np.sqrt(count * 1.1))))
    runs = []
    for along in (0, 1):
        for a in range(side):
            b = 0
            while b < side - 1:
                k = min(int(random.integers(1, 4)), side - 1 - b)
                runs.append([(a, b + i) if along else (b + i, a) for i in range(k + 1)])
                b += k
    order = random.permutation(len(runs)).tolist()
    chosen = [order.pop(0)]
    used = set(runs[chosen[0]])
    while len(chosen) < count:
        k = next(k for k, run in enumerate(order) if used & set(runs[run]))
        chosen.append(order.pop(k))
        used |= set(runs[chosen[-1]])
    places = [set(runs[k]) for k in chosen]
    names = [f"S{k:02d}" for k in range(count)]
    length_m = np.asarray([random.uniform(80, 260, len(p) - 1).sum() for p in places])
    cost = np.round(length_m * random.uniform(2.2e6, 4.8e6, count)).astype(np.int64)
    present = random.random((count, 4)) < 0.6
    main = random.random(count) < 0.25
    points = length_m / 100 * (10 * present.sum(axis=1) + np.where(main, 25, 5))
    points += length_m / 100 * random.uniform(0, 20, count) + random.poisson(length_m / 12)
    years = list(range(2026, 2026 + last))
    worth = pd.DataFrame(
        {y: np.round(points * 0.95**t) for t, y in enumerate(years)}, index=names
    ).astype("Int64")
    for name in names:
        if random.random() < 0.2:
            dug = int(random.integers(last))
            near = years[max(0, dug - 1) : dug + 1]
            worth.loc[name, near] = (worth.loc[name, near].astype(float) * 1.5).round()
            worth.loc[name, years[dug + 1 : dug + 4]] = pd.NA
    money = int(cost.sum() * 0.5 / last)
    share = present * random.uniform(0.5, 2.0, 4)
    share = cost[:, None] * share / np.maximum(share.sum(axis=1), 1e-9)[:, None]
    owed = pd.DataFrame(np.round(share).astype(np.int64), index=names, columns=list(OWNERS))
    purse = {o: dict.fromkeys(years, int(owed[o].sum() * 0.55 / last)) for o in OWNERS}
    return PhasingProblem(
        cost_vnd=pd.DataFrame(dict.fromkeys(years, cost), index=names),
        worth=worth,
        budget_vnd=dict.fromkeys(years, money),
        joins=[
            (names[i], names[j])
            for i in range(count)
            for j in range(i + 1, count)
            if places[i] & places[j]
        ],
        roots=frozenset(random.choice(names, 2, replace=False).tolist()),
        owner_cost_vnd=owed,
        owner_budget_vnd=purse if own_money else {},
    )


def told(what, problem, *, time_limit_s):
    """Solve a problem and print what it took."""
    start = time.process_time()
    plan = phase_streets(problem, time_limit_s=time_limit_s)
    print(
        f"\n{what}: {time.process_time() - start:.1f} CPU s, worth {plan.worth}, bound "
        f"{plan.bound}, gap {100 * plan.gap:.3f} %, {plan.certificate['nodes']} nodes, "
        f"{plan.certificate['cuts']} cuts, relaxation {plan.certificate['relaxation']}"
    )
    return plan


CASES = [(60, 5, 1, False), (60, 5, 2, False), (60, 5, 3, False), (60, 5, 2, True)]


@pytest.mark.parametrize(
    ("count", "last", "seed", "own_money"), CASES if FULL else [(24, 4, 1, False)]
)
def test_a_programme_of_a_town_is_proven(count, last, seed, own_money):
    problem = town(count, last, seed=seed, own_money=own_money)
    what = f"{count} streets x {last} years, net {seed}{', own money' if own_money else ''}"
    plan = told(what, problem, time_limit_s=400.0)
    assert plan.worth <= plan.bound <= plan.certificate["relaxation"]
    assert plan.gap <= 0.01


def test_twelve_streets_in_three_years_equal_brute_force():
    problem = town(12, 3, seed=5)
    plan = told("12 streets x 3 years", problem, time_limit_s=60.0)
    assert plan.optimal
    assert plan.worth == best_of_all(problem)


def best_of_all(problem):
    """Return the greatest worth by going through all chains of sets of streets built."""
    names = list(problem.cost_vnd.index)
    years = list(problem.budget_vnd)
    count = len(names)
    beside = [0] * count
    for a, b in problem.joins:
        beside[names.index(a)] |= 1 << names.index(b)
        beside[names.index(b)] |= 1 << names.index(a)
    roots = sum(1 << names.index(name) for name in problem.roots)

    @cache
    def leads_back(built):
        seen = front = built & roots
        while front:
            s = front.bit_length() - 1
            front ^= 1 << s
            fresh = beside[s] & built & ~seen
            seen |= fresh
            front |= fresh
        return seen == built

    cost = problem.cost_vnd.iloc[:, 0].tolist()
    spent = [sum(c for s, c in enumerate(cost) if k >> s & 1) for k in range(1 << count)]
    value = {0: 0}
    money = 0
    for year in years:
        money += problem.budget_vnd[year]
        worth = [None if pd.isna(v) else int(v) for v in problem.worth[year]]
        barred = sum(1 << s for s, w in enumerate(worth) if w is None)
        gain = [sum(w for s, w in enumerate(worth) if w and k >> s & 1) for k in range(1 << count)]
        after = {}
        for built in range(1 << count):
            if spent[built] > money or not leads_back(built):
                continue
            before = built
            while True:
                new = built ^ before
                if before in value and not new & barred:
                    after[built] = max(after.get(built, -1), value[before] + gain[new])
                if not before:
                    break
                before = (before - 1) & built
        value = after
    return max(value.values())
