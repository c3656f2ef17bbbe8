"""
Which street goes underground in which year: the most worth that the money of each year can build.

A street may be built when it touches one that is built before or in the same year and leads back to
a root: an existing duct, a station, a street named as such, or, in a part without any, one street
that the program chooses. The programme comes with a bound that is proven, and each wish with what
it costs in worth and money.
"""

import html
import json
import time
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from infraplan.cables.phasing_model import MILLION
from infraplan.cables.phasing_model import NEVER
from infraplan.cables.phasing_model import Ints
from infraplan.cables.phasing_model import Model
from infraplan.cables.phasing_model import beside_of
from infraplan.cables.phasing_model import parts_of
from infraplan.cables.phasing_search import Answer
from infraplan.cables.phasing_search import solved
from infraplan.cables.study import filled_table
from infraplan.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PhasingFault", "PhasingPlan", "PhasingProblem", "PhasingWishes", "phase_streets"]

FORCE, YEAR, LEAVE_OUT = "force", "year", "leave_out"
FREE_SHARE = 0.4  # of the time, for the programme without wishes
HALVINGS = 24  # of the money that is lacking, until it is known well enough


@dataclass(frozen=True, slots=True, eq=False)
class PhasingProblem:
    """
    Streets, years, money and what touches what.

    `cost_vnd` by street and year in whole dong; `worth` likewise in whole points, missing where a
    street may not be built in a year; `budget_vnd` by year. `joins` are pairs of streets that
    touch; `roots` streets at which ducts or stations stand. Money not spent stays for the next year
    where `carry_over`. `owner_cost_vnd` by street and owner, with `owner_budget_vnd` by owner and
    year, holds each owner to its own money as well. `reasons` travel with the streets.
    """

    cost_vnd: "pd.DataFrame"
    worth: "pd.DataFrame"
    budget_vnd: Mapping[int, int]
    joins: Sequence[tuple[str, str]] = ()
    roots: frozenset[str] = frozenset()
    carry_over: bool = True
    owner_cost_vnd: "pd.DataFrame | None" = None
    owner_budget_vnd: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    reasons: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PhasingWishes:
    """Streets that must be built, or by a year, and streets that are left out."""

    force: tuple[str, ...] = ()
    by_year: Mapping[str, int] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()

    def each(self) -> Iterator["tuple[str, str, int | None]"]:
        """
        Yield the wishes one by one.

        Yields
        ------
        wish
            Street, kind (`force`, `year` or `leave_out`) and the year, None without one.
        """
        yield from ((street, FORCE, None) for street in self.force)
        yield from ((street, YEAR, year) for street, year in self.by_year.items())
        yield from ((street, LEAVE_OUT, None) for street in self.leave_out)


@dataclass(frozen=True, slots=True)
class PhasingFault:
    """
    Why a wish cannot be fulfilled, and what would do.

    `reason`: `barred` (no year is open to the street), `unreachable` (no way from a root; those in
    `through` are left out), `money` (the cheapest way, through `through`, costs `short_vnd` more
    than there is by `year`), `together` (not beside the wishes before it; `short_vnd` more in
    `year` would do, 0 where no money would).
    """

    street: str
    kind: str
    reason: str
    year: int
    short_vnd: int
    through: tuple[str, ...]

    @property
    def note(self) -> str:
        """Return the fault as a sentence."""
        way = f" (through {', '.join(self.through)})" if self.through else ""
        told = {
            "barred": f"no year up to {self.year} is open to it",
            "unreachable": f"no way from a root leads to it{way}",
            "money": f"the cheapest way to it{way} costs {self.short_vnd:,} VND more than there is "
            f"by {self.year}",
            "together": f"not together with the wishes before it; {self.short_vnd:,} VND more in "
            f"{self.year} would do"
            if self.short_vnd
            else "not together with the wishes before it, whatever the money",
        }[self.reason]
        return f"street '{self.street}' cannot be built as wished: {told}"


@dataclass(frozen=True, slots=True, eq=False)
class PhasingPlan:
    """
    A programme of streets by year and the proof of how good any can be.

    `phases` has a row for each street, its year missing where it is not built; `years` what is
    spent and gained in each, and in `bound` the most that streets built up to and including that
    year can be worth in any programme; `wishes` what each wish alone costs against the free
    programme. No programme that fulfils the same wishes is worth more than `bound`; `gap` =
    (bound - worth) / bound. Wishes in `faults` could not be fulfilled and are set aside.
    """

    phases: "pd.DataFrame"
    years: "pd.DataFrame"
    wishes: "pd.DataFrame"
    worth: int
    bound: int
    cost_vnd: int
    gap: float
    optimal: bool
    stopped_by_time: bool
    faults: tuple[PhasingFault, ...]
    certificate: Mapping[str, int]

    def _repr_html_(self) -> str:
        """Return a caption and the streets by year."""
        caption = (
            f"{int(self.phases['year'].notna().sum())} of {len(self.phases)} streets, "
            f"{self.cost_vnd:,} VND, worth {self.worth:,}; no programme is worth more than "
            f"{self.bound:,}"
        )
        return f"<p>{html.escape(caption)}</p>{self.phases.head(20).to_html(escape=True)}"


def phase_streets(
    problem: PhasingProblem,
    *,
    wishes: PhasingWishes | None = None,
    time_limit_s: float = 60.0,
    seed: int = 0,
) -> PhasingPlan:
    """
    Choose the year of each street so that the money of each year builds the most worth.

    Parameters
    ----------
    problem
        Streets, years, money, joins and roots.
    wishes
        Streets that must be built, or by a year, and streets left out.
    time_limit_s
        Time after which the search stops early, > 0 [s].
    seed
        Seed of the search.

    Returns
    -------
    phasing_plan
        Tables `phases`, `years` and `wishes`, worth, bound, cost, and wishes set aside.

    Raises
    ------
    SettingsError
        If streets, years or money are at fault; all faults are listed.

    Notes
    -----
    Each wish alone is solved anew; what it costs is told against the programme without wishes. A
    wish that no programme fulfils is set aside and named in `faults`; of wishes that do not go
    together the later ones are. Programmes are searched and bounded by HiGHS; the programme is
    checked by rules written apart, the bound of the relaxation is re-derived in whole numbers.
    """
    task = _Task(problem, wishes or PhasingWishes(), time.perf_counter() + time_limit_s, seed)
    return task.run(time_limit_s)


@dataclass(slots=True, eq=False)
class _Task:
    """One call: names on the outside, numbers of streets and years inside."""

    problem: PhasingProblem
    asked: PhasingWishes
    until: float
    seed: int
    streets: list[str] = field(default_factory=list)
    years: list[int] = field(default_factory=list)
    model: Model = field(init=False)

    def __post_init__(self) -> None:
        """Check the problem and set up the model."""
        self.streets = [str(street) for street in self.problem.cost_vnd.index]
        self.years = [int(year) for year in self.problem.cost_vnd.columns]
        wrong = list(_faults(self.problem, self.asked, self.streets, self.years))
        if wrong:
            raise SettingsError("phasing: " + "; ".join(wrong))
        self.model = _model(self.problem, self.streets, self.years)

    def run(self, time_limit_s: float) -> PhasingPlan:
        """Return the plan."""
        wishes = list(self.asked.each())
        share = FREE_SHARE if wishes else 1.0
        free = self._solved([], [], time_limit_s * share)
        alone: dict[tuple[str, str], Answer] = {}
        faults: list[PhasingFault] = []
        for number, wish in enumerate(wishes):
            left_s = max(self.until - time.perf_counter(), 1.0) / (len(wishes) - number + 1)
            answer = self._solved([wish], [free], left_s)
            alone[wish[:2]] = answer
            if not answer.possible:
                faults.append(self._fault(wish))
            if answer.worth > free.worth:
                free = replace(free, years=answer.years, worth=answer.worth)
        kept = [wish for wish in wishes if alone[wish[:2]].possible]
        if len(kept) == 1:
            chosen = alone[kept[0][:2]]
        else:
            starts = [free, *alone.values()]
            left_s = max(self.until - time.perf_counter(), 1.0)
            chosen = self._solved(kept, starts, left_s) if kept else free
            if not chosen.possible:
                kept, more = self._together(kept)
                faults += more
                left_s = max(self.until - time.perf_counter(), 1.0)
                chosen = self._solved(kept, starts, left_s)
        return self._plan(free, chosen, alone, kept, faults)

    def _bounds(self, wishes: "Sequence[tuple[str, str, int | None]]") -> tuple[Ints, Ints]:
        """Return the least and greatest values that wishes leave."""
        low = np.zeros(self.model.shape, dtype=np.int64)
        high = np.ones(self.model.shape, dtype=np.int64)
        for street, kind, year in wishes:
            s = self.streets.index(street)
            if kind == LEAVE_OUT:
                high[s] = 0
            else:
                low[s, len(self.years) - 1 if year is None else self.years.index(year) :] = 1
        return low, high

    def _solved(
        self,
        wishes: "Sequence[tuple[str, str, int | None]]",
        starts: Sequence[Answer],
        time_limit_s: float,
    ) -> Answer:
        """Return the best programme under wishes."""
        low, high = self._bounds(wishes)
        for answer in starts:
            # the best of all programmes fulfils the wish anyway
            if answer.bound == answer.worth and self._fulfils(answer.years, low, high):
                return answer
        known = [answer.years for answer in starts if len(answer.years)]
        return solved(
            self.model, low, high, starts=known, time_limit_s=time_limit_s, seed=self.seed
        )

    def _fulfils(self, years: Ints, low: Ints, high: Ints) -> bool:
        """Return whether a programme fulfils wishes."""
        if not len(years):
            return False
        z = (years[:, None] != NEVER) & (years[:, None] <= np.arange(len(self.years))[None, :])
        return bool((z >= low).all() and (z <= high).all())

    def _fault(self, wish: "tuple[str, str, int | None]") -> PhasingFault:
        """Return why a wish alone cannot be fulfilled."""
        street, kind, year = wish
        s = self.streets.index(street)
        last = len(self.years) - 1 if year is None else self.years.index(year)
        by = self.years[last]
        if not self.model.allowed[s, : last + 1].any():
            return PhasingFault(street, kind, "barred", by, 0, ())
        way, cost_vnd = self._way(s, last)
        if not way:
            return PhasingFault(street, kind, "unreachable", by, 0, ())
        through = tuple(self.streets[k] for k in way if k != s)
        total = self.model.budget[0]
        money = int(total[last] if self.model.carry_over else total[: last + 1].sum())
        if cost_vnd > money:
            return PhasingFault(street, kind, "money", by, cost_vnd - money, through)
        more_vnd = self._lacking([wish], last)
        return PhasingFault(street, kind, "money" if more_vnd else "unreachable", by, more_vnd, ())

    def _way(self, target: int, last: int) -> tuple[list[int], int]:
        """Return the cheapest streets from a root to a street by a year, and what they cost."""
        import heapq

        model = self.model
        open_ = [bool(row.any()) for row in model.allowed[:, : last + 1]]
        each = np.where(model.allowed, model.cost[0], np.iinfo(np.int64).max)[:, : last + 1]
        cost = each.min(axis=1)
        part = next(part for part in parts_of(model) if target in part)
        named = [s for s in part if model.rooted[s]]
        roots = [s for s in named if open_[s]] if named else [target]
        beside = beside_of(model)
        heap = [(int(cost[s]), s, NEVER) for s in roots]
        before: dict[int, int] = {}
        while heap:
            spent, s, origin = heapq.heappop(heap)
            if s in before:
                continue
            before[s] = origin
            if s == target:
                way = [s]
                while before[way[-1]] != NEVER:
                    way.append(before[way[-1]])
                return way[::-1], spent
            for near in beside[s]:
                if near not in before and open_[near]:
                    heapq.heappush(heap, (spent + int(cost[near]), near, s))
        return [], 0

    def _together(
        self, wishes: "Sequence[tuple[str, str, int | None]]"
    ) -> "tuple[list[tuple[str, str, int | None]], list[PhasingFault]]":
        """Return the wishes that go together, in their order, and why the others do not."""
        kept: list[tuple[str, str, int | None]] = []
        faults = []
        for wish in wishes:
            if self._possible([*kept, wish], self.model):
                kept.append(wish)
                continue
            street, kind, year = wish
            last = len(self.years) - 1 if year is None else self.years.index(year)
            due = [self.years.index(y) for _, _, y in (*kept, wish) if y is not None]
            first = min([last, *due])
            more_vnd = self._lacking([*kept, wish], first)
            faults.append(PhasingFault(street, kind, "together", self.years[first], more_vnd, ()))
        return kept, faults

    def _possible(self, wishes: "Sequence[tuple[str, str, int | None]]", model: Model) -> bool:
        """Return whether any programme fulfils wishes."""
        low, high = self._bounds(wishes)
        plain = replace(model, worth=np.zeros_like(model.worth))
        answer = solved(plain, low, high, time_limit_s=30.0, seed=self.seed)
        return bool(len(answer.years))

    def _lacking(self, wishes: "Sequence[tuple[str, str, int | None]]", year: int) -> int:
        """Return how much more money in a year would fulfil wishes, to a million; 0: none would."""
        enough = int(self.model.cost[0].max(axis=1).sum()) // MILLION + 1
        least, most = 0, enough
        if not self._possible(wishes, self._richer(most * MILLION, year)):
            return 0
        for _ in range(HALVINGS):
            if most - least <= 1:
                break
            middle = (least + most) // 2
            if self._possible(wishes, self._richer(middle * MILLION, year)):
                most = middle
            else:
                least = middle
        return most * MILLION

    def _richer(self, more_vnd: int, year: int) -> Model:
        """Return the model with more money from a year on, or in it."""
        budget = self.model.budget.copy()
        years = slice(year, None) if self.model.carry_over else slice(year, year + 1)
        budget[:, years] += more_vnd
        return replace(self.model, budget=budget)

    def _cost_vnd(self, years: Ints) -> int:
        """Return what a programme costs."""
        cost = self.model.cost[0]
        return sum(int(cost[s, t]) for s, t in enumerate(years.tolist()) if t != NEVER)

    def _plan(
        self,
        free: Answer,
        chosen: Answer,
        alone: Mapping[tuple[str, str], Answer],
        kept: "Sequence[tuple[str, str, int | None]]",
        faults: Sequence[PhasingFault],
    ) -> PhasingPlan:
        """Return the tables."""
        years = chosen.years
        if not len(years):
            years = np.full(len(self.streets), NEVER, dtype=np.int64)
        cost_vnd = self._cost_vnd(years)
        gap = (chosen.bound - chosen.worth) / chosen.bound if chosen.bound else 0.0
        return PhasingPlan(
            phases=self._phases(years, {street for street, kind, _ in kept if kind != LEAVE_OUT}),
            years=self._years(years, chosen.through),
            wishes=self._wishes(free, alone),
            worth=chosen.worth,
            bound=chosen.bound,
            cost_vnd=cost_vnd,
            gap=gap,
            optimal=chosen.bound == chosen.worth and len(chosen.years) > 0,
            stopped_by_time=chosen.stopped or any(answer.stopped for answer in alone.values()),
            faults=tuple(faults),
            certificate={
                "nodes": chosen.nodes,
                "cuts": chosen.cuts,
                "relaxation": chosen.relaxed,
                "free_worth": free.worth,
                "free_bound": free.bound,
            },
        )

    def _phases(self, years: Ints, forced: set[str]) -> "pd.DataFrame":
        """Return the year, cost and worth of each street."""
        after = self._after(years)
        rows: dict[tuple[str | float, ...], dict[str, Any]] = {}
        for s, street in enumerate(self.streets):
            t = int(years[s])
            told = dict(self.problem.reasons.get(street, {}))
            if t != NEVER:
                told["after"] = self.streets[after[s]] if after[s] != NEVER else None
            built = t != NEVER
            rows[street,] = {
                "year": float(self.years[t]) if built else None,
                "cost_vnd": int(self.model.cost[0, s, t]) if built else 0,
                "worth": int(self.model.worth[s, t]) if built else 0,
                "forced": street in forced,
                "reasons_json": json.dumps(told, ensure_ascii=False, sort_keys=True),
            }
        table = filled_table("phases", rows)
        table["year"] = table["year"].astype("Int64")
        return table

    def _after(self, years: Ints) -> dict[int, int]:
        """Return the street by which each leads back to its root, -1 at the root."""
        after: dict[int, int] = {}
        beside = beside_of(self.model)
        built = [s for s in range(len(self.streets)) if years[s] != NEVER]
        starts = [s for s in built if self.model.rooted[s]]
        for part in parts_of(self.model):
            if not any(self.model.rooted[s] for s in part):
                mine = [s for s in part if s in set(built)]
                starts += [min(mine, key=lambda s: (int(years[s]), s))] if mine else []
        waiting = dict.fromkeys(starts, NEVER)
        while waiting:
            # what is built first comes first, so that nobody leans on a later street
            s = min(waiting, key=lambda k: (int(years[k]), k))
            after[s] = waiting.pop(s)
            for near in beside[s]:
                if years[near] != NEVER and near not in after and near not in waiting:
                    waiting[near] = s
        return after

    def _years(self, years: Ints, through: Sequence[int]) -> "pd.DataFrame":
        """Return what is spent and gained in each year."""
        rows: dict[tuple[str | float, ...], dict[str, Any]] = {}
        for t, year in enumerate(self.years):
            mine = np.flatnonzero(years == t).tolist()
            rows[year,] = {
                "budget_vnd": int(self.problem.budget_vnd[year]),
                "cost_vnd": sum(int(self.model.cost[0, s, t]) for s in mine),
                "worth": sum(int(self.model.worth[s, t]) for s in mine),
                "bound": int(through[t]) if through else None,
            }
        return filled_table("years", rows)

    def _wishes(self, free: Answer, alone: Mapping[tuple[str, str], Answer]) -> "pd.DataFrame":
        """Return what each wish alone costs in worth and money."""
        rows: dict[tuple[str | float, ...], dict[str, Any]] = {}
        for (street, kind), answer in alone.items():
            known = answer.possible and len(answer.years) > 0 and len(free.years) > 0
            rows[street, kind] = {
                "worth_lost": free.worth - answer.worth if known else None,
                "cost_vnd": self._cost_vnd(answer.years) - self._cost_vnd(free.years)
                if known
                else None,
                "possible": answer.possible,
            }
        return filled_table("wishes", rows)


def _model(problem: PhasingProblem, streets: list[str], years: list[int]) -> Model:
    """Return the numbers of a problem."""
    shape = (len(streets), len(years))
    cost = [problem.cost_vnd.to_numpy(dtype=np.int64)]
    budget = [[int(problem.budget_vnd[year]) for year in years]]
    owners = problem.owner_cost_vnd
    for owner, money in sorted(problem.owner_budget_vnd.items()):
        own = np.zeros(len(streets), dtype=np.int64)
        if owners is not None:
            own = owners.loc[streets, owner].to_numpy(dtype=np.int64)
        cost.append(np.broadcast_to(own[:, None], shape).copy())
        budget.append([int(money[year]) for year in years])
    worth = problem.worth.loc[streets, years]
    allowed = worth.notna().to_numpy(dtype=bool)
    number = {street: s for s, street in enumerate(streets)}
    joins = sorted(
        {(min(number[a], number[b]), max(number[a], number[b])) for a, b in problem.joins if a != b}
    )
    money_by = np.asarray(budget, dtype=np.int64)
    return Model(
        cost=np.stack(cost),
        budget=np.cumsum(money_by, axis=1) if problem.carry_over else money_by,
        worth=worth.fillna(0).to_numpy(dtype=np.int64),
        allowed=allowed,
        joins=np.asarray(joins, dtype=np.int64).reshape(-1, 2),
        rooted=np.asarray([street in problem.roots for street in streets], dtype=bool),
        carry_over=problem.carry_over,
    )


def _faults(
    problem: PhasingProblem, wishes: PhasingWishes, streets: list[str], years: list[int]
) -> Iterator[str]:
    """Yield what is wrong with a problem and its wishes."""
    known = set(streets)
    if not streets or not years:
        yield "name at least one street and one year"
    if len(known) != len(streets):
        yield "a street is named twice"
    if years != sorted(set(years)):
        yield f"the years must ascend; found {years}"
    same = [str(s) for s in problem.worth.index] == streets
    if not same or [int(y) for y in problem.worth.columns] != years:
        yield "worth and cost must have the same streets and years"
    elif (problem.worth.fillna(0).to_numpy(dtype=float) < 0).any():
        yield "no street may be worth less than 0"
    if (problem.cost_vnd.to_numpy() < 0).any():
        yield "no street may cost less than 0 VND"
    for name, money in ({"": problem.budget_vnd} | dict(problem.owner_budget_vnd)).items():
        of = f" of {name}" if name else ""
        yield from (f"the money{of} of the year {y} is missing" for y in years if y not in money)
        yield from (
            f"the money{of} of the year {y} is negative" for y in years if money.get(y, 0) < 0
        )
        if name and (problem.owner_cost_vnd is None or name not in problem.owner_cost_vnd):
            yield f"what '{name}' pays for each street is missing"
    named = {street for pair in problem.joins for street in pair} | problem.roots
    named |= {street for street, _, _ in wishes.each()}
    yield from (f"there is no street '{street}'" for street in sorted(named - known))
    built = {*wishes.force, *wishes.by_year}
    yield from (
        f"street '{street}' is to be built and left out"
        for street in sorted(built & set(wishes.leave_out))
    )
    yield from (
        f"street '{street}' is wished by {year}, which is none of the years"
        for street, year in wishes.by_year.items()
        if year not in years
    )
