"""How a plan of undergrounding is worked out on two cores: proof, choices, years, shares."""

import math
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any

from infraplan.beside import Beside
from infraplan.cables.sharing import Sharing
from infraplan.errors import InfraplanError
from infraplan.errors import SettingsError
from infraplan.layers.notes import Note
from infraplan.layers.notes import joined
from infraplan.progress import Progress
from infraplan.progress import part

if TYPE_CHECKING:
    import pandas as pd

    from infraplan.cables import CablePlan
    from infraplan.cables.choice_pieces import DrawnParts
    from infraplan.cables.phasing import PhasingPlan
    from infraplan.cables.subsets import StreetSubsets
    from infraplan.cables.technical import WorkRules
    from infraplan.cables.works import Works
    from infraplan.layers.bundle import Layers

__all__ = ["Asked", "Programme", "made_underground", "wish_faults", "works_of"]

SUBSET_SECONDS = 120.0  # for one choice of streets, which takes milliseconds unless busy
# of a plan: what needs its proof and years, not its findings or choices
FOLLOWS = ("profiles", "lines", "phases", "years", "wishes", "cutover", "provenance")
PAPERS_NEED = (
    "infraplan.maps.compose", "infraplan.reports.underground_bill", "infraplan.reports.drawings",
    "xlsxwriter",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Programme:
    """
    Years in which streets are built, and the wishes of who decides.

    `budget_vnd` is what each of `years` may spend; `forced` streets must be built, those in
    `by_year` by a year, `left_out` ones not at all.
    """

    years: tuple[int, ...] = ()
    budget_vnd: tuple[int, ...] = ()
    forced: tuple[str, ...] = ()
    by_year: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse years without money, and wishes without years."""
        wrong: list[str] = []
        if list(self.years) != sorted(set(self.years)):
            wrong.append(Note("asked.years_rise", found=", ".join(map(str, self.years))))
        if len(self.years) != len(self.budget_vnd):
            counts = {"years": str(len(self.years)), "sums": str(len(self.budget_vnd))}
            wrong.append(Note("asked.money_of_years", **counts))
        if not self.years and (self.forced or self.by_year or self.left_out):
            wrong.append(Note("asked.wishes_need_years"))
        if any(money < 0 for money in self.budget_vnd):
            wrong.append(Note("asked.money_negative"))
        elif self.budget_vnd and not any(self.budget_vnd):
            wrong.append(Note("asked.no_money"))
        told = wish_faults(self.years, self.forced, self.by_year, self.left_out)
        if wrong or any(note.code != "asked.both_wishes" for note in told):
            # two wishes for one street alone wait for the names of the plan, which may be wrong too
            raise SettingsError(joined([*wrong, *told]))


def wish_faults(
    years: Sequence[int],
    forced: Sequence[str],
    by_year: Mapping[str, int],
    left_out: Sequence[str],
) -> list[Note]:
    """
    Return what is wrong with wishes for streets, whatever the streets are.

    Parameters
    ----------
    years
        Years of the programme; none where they are not known.
    forced
        Streets that must be built.
    by_year
        Streets that must be built by a year.
    left_out
        Streets that must not be built.

    Returns
    -------
    wrong
        Years that are none of the programme; streets both to be built and to be left out, which
        are the same whatever their accents and case.
    """
    from infraplan.cables.chosen import plain_text

    known = ", ".join(map(str, years))
    wrong = [
        Note("asked.other_year", street=street, year=str(year), years=known)
        for street, year in by_year.items()
        if years and year not in years
    ]
    out = {plain_text(name) for name in left_out}
    asked = {plain_text(name): name for name in reversed((*forced, *by_year))}
    both = [name for key, name in reversed(asked.items()) if key in out]
    return wrong + [Note("asked.both_wishes", street=name) for name in both]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What is asked for: streets or the outline of an area, who pays, when it is built."""

    streets: tuple[str, ...]
    outline: Any  # a geometry, or None
    sharing: Sharing
    programme: Programme


def works_of(layers: "Layers", books: Mapping[str, Mapping[str, Any]], asked: Asked) -> "Works":
    """
    Return the works that are asked for, prepared.

    Parameters
    ----------
    layers
        Layers of the plan.
    books
        Prices and technical rules, among others.
    asked
        What is asked for.

    Returns
    -------
    works
        As `prepare_works` returns them.
    """
    from infraplan.cables.prices import PriceBook
    from infraplan.cables.technical import WorkRules
    from infraplan.cables.works import prepare_works

    return prepare_works(
        layers,
        streets=list(asked.streets) or None,
        area=asked.outline,
        prices=PriceBook.from_dict(books["prices"]),
        rules=WorkRules.from_dict(books["works"]),
    )


def made_underground(
    works: "Works",
    books: Mapping[str, Mapping[str, Any]],
    asked: Asked,
    *,
    time_limit_s: float,
    progress: Progress | None = None,
) -> "CablePlan":
    """
    Return a plan of undergrounding with all its tables.

    Parameters
    ----------
    works
        Of `works_of`.
    books
        Prices, technical rules, rates of investment, terms of funding and worth of streets.
    asked
        What is asked for.
    time_limit_s
        Time after which a search stops early, > 0 [s].
    progress
        Called with the share done.

    Returns
    -------
    cable_plan
        As `infraplan.underground` returns it.
    """
    from infraplan.cables.choice_pieces import DrawnParts
    from infraplan.cables.technical import WorkRules
    from infraplan.cables.validation import validate_underground

    tell = part(progress, 0.0, 1.0)
    rules = WorkRules.from_dict(books["works"])
    sharing, programme = _known(works, asked.sharing, asked.programme)
    tell(0.1)
    follow = partial(_followed, works, books["phasing"], programme, time_limit_s)
    whole = _Whole(works, rules, follow, time_limit_s)
    drawn = DrawnParts(works)
    choices = _choices(works, whole, drawn)
    tell(0.6)
    made, rest = whole.planned()
    findings = validate_underground(made, rules)
    made = replace(made, findings=findings, **rest.result())
    made = _with_choices(made, drawn, choices, books, sharing)
    if int(made.shares["cost_vnd"].sum()) != made.cost_vnd:
        made = replace(made, findings=validate_underground(made, rules))  # tells so
    tell(1.0)
    return made


def _with_light(works: "Works", rules: "WorkRules", time_limit_s: float) -> "CablePlan":
    """Return the plan of all streets with the budgets of light and the drums of its cables."""
    from infraplan.cables.drums import drum_plan
    from infraplan.cables.optical import optical_budget
    from infraplan.cables.underground import plan_works

    made = plan_works(works, time_limit_s=time_limit_s)
    drums = drum_plan(made.cables, made.segments, made.chambers, rules=rules)
    return replace(made, drums=drums, cables=optical_budget(made.cables, rules, pieces=drums))


def _followed(
    works: "Works",
    phasing: Mapping[str, Any],
    programme: Programme,
    time_limit_s: float,
    made: "CablePlan",
) -> dict[str, Any]:
    """Return what follows from the plan of all streets: profiles, years, order of works."""
    from infraplan.cables.cutover import cutover_order
    from infraplan.cables.profiles import long_profiles

    made = replace(made, profiles=long_profiles(made))
    if programme.years:
        made = _with_years(made, works, phasing, programme, time_limit_s)
    made = replace(made, cutover=cutover_order(made))
    return {name: getattr(made, name) for name in FOLLOWS}


class _Whole:
    """
    The plan of all streets, worked out beside the choices among them.

    First come its parts with their proof, which the choices need as well, then what follows.
    """

    def __init__(
        self,
        works: "Works",
        rules: "WorkRules",
        follow: "Callable[[CablePlan], dict[str, Any]]",
        time_limit_s: float,
    ) -> None:
        self._works, self._rules = works, rules
        self._follow = follow
        self._time_limit_s = time_limit_s
        self._parts = Beside(partial(works.parts, time_limit_s=time_limit_s), may_thread=True)
        self._planned: tuple[CablePlan, Beside[dict[str, Any]]] | None = None

    def planned(self) -> "tuple[CablePlan, Beside[dict[str, Any]]]":
        """Wait for the proof, which the works know from then on; return plan and what follows."""
        if self._planned is None:
            # whatever time is granted later, no more is spent on what was asked for here
            self._works.keep(self._parts.result(), time_limit_s=math.inf)
            made = _with_light(self._works, self._rules, self._time_limit_s)
            self._planned = made, Beside(partial(self._follow, made))
        return self._planned

    def look(self) -> None:
        """Go on with what follows from the proof as soon as that is there."""
        if self._planned is None and self._parts.is_ready:
            self.planned()

    @property
    def is_ready(self) -> bool:
        """Return whether nobody need wait for the proof."""
        return self._planned is not None or self._parts.is_ready


def _known(works: "Works", sharing: Sharing, programme: Programme) -> tuple[Sharing, Programme]:
    """Return what was asked with the names of the plan; refuse those that it does not have."""
    from infraplan.cables.chosen import plain_text

    wrong: list[str] = []

    def meant(name: str, names: Sequence[str], code: str) -> str:
        """Return the name that is meant; accents and case do not matter."""
        near = [known for known in names if plain_text(known) == plain_text(name)]
        if name not in names and len(near) != 1:
            wrong.append(Note(code, name=name, known=", ".join(names)))
        return name if name in names or not near else near[0]

    def street(name: str) -> str:
        """Return the street that is meant."""
        return meant(name, works.streets, "asked.not_chosen")

    renting = tuple(
        dict.fromkeys(meant(name, works.owners, "asked.no_owner") for name in sharing.renting)
    )
    forced = tuple(dict.fromkeys(street(name) for name in programme.forced))
    by_year = {street(name): year for name, year in programme.by_year.items()}
    left_out = tuple(dict.fromkeys(street(name) for name in programme.left_out))
    wrong += wish_faults(programme.years, forced, by_year, left_out)
    if wrong:
        raise SettingsError(joined(list(dict.fromkeys(wrong))))
    wished = replace(programme, forced=forced, by_year=by_year, left_out=left_out)
    return replace(sharing, renting=renting), wished


def _choices(works: "Works", whole: _Whole, drawn: "DrawnParts") -> "StreetSubsets":
    """
    Return every choice of the streets, planned while the proof of all of them is worked out.

    So are the drawings of the choices, and what papers will need is loaded; streets of which the
    whole consists are taken from there. What is wrong with the whole is told first.
    """
    from infraplan.cables.subsets import street_subsets

    groups = works.groups()

    def dig(streets: frozenset[str], owners: frozenset[str] | None) -> Any:  # noqa: ANN401 - Dug
        """Return works in some streets; those of the whole are waited for."""
        whole.look()
        if streets in groups and len(owners or works.owners) == len(works.owners):
            drawn.draw(part for part in works.planned() if works.names(part.units) not in groups)
            _load_papers(whole)
            whole.planned()
        return works.dug(streets, owners, time_limit_s=SUBSET_SECONDS)

    try:
        choices = street_subsets(works.streets, dig, joins=works.joins)
    except InfraplanError:
        whole.planned()
        raise
    _load_papers(whole)
    whole.planned()
    return choices


def _load_papers(whole: _Whole) -> None:
    """Load what the papers will need for as long as the whole is waited for."""
    for name in PAPERS_NEED:
        if whole.is_ready:
            return
        import_module(name)


def _with_choices(
    made: "CablePlan",
    drawn: "DrawnParts",
    choices: "StreetSubsets",
    books: Mapping[str, Mapping[str, Any]],
    sharing: Sharing,
) -> "CablePlan":
    """Return the plan with every choice of its streets, shares, funding and total investment."""
    import pandas as pd

    from infraplan.cables.choice_pieces import choice_pieces
    from infraplan.cables.funding import FundingTerms
    from infraplan.cables.funding import funding_table
    from infraplan.cables.funding import rent_table
    from infraplan.cables.investment import InvestmentRates
    from infraplan.cables.investment import investment_table
    from infraplan.cables.shares import share_rules
    from infraplan.cables.subsets import alone_costs

    works = drawn.works
    whole = works.dug()
    alone = dict.fromkeys(works.owners, 0)
    alone |= alone_costs(works.streets, works.dug, joins=works.joins)
    rates = InvestmentRates.from_dict(books["investment"])
    terms = FundingTerms.from_dict(books["funding"])
    rents = rent_table(made.cables, terms)
    is_confirmed = all(flag is True or flag == 1 for flag in made.assumptions["verified"])
    subsets = choices.subsets
    if len(subsets):
        totals = [
            _total_vnd(investment_table(cost, rates, is_confirmed=is_confirmed))
            for cost in subsets["cost_vnd"].astype("int64").tolist()
        ]
        subsets = subsets.assign(investment_vnd=totals)
    funding = funding_table(
        whole, rents, terms, rule=sharing.rule, alone_vnd=alone,
        public_share=sharing.public_share, renting=sharing.renting,
    )  # fmt: skip
    paid = funding["capital_vnd"].xs(sharing.model, level="model").astype("int64")
    paid = paid[(paid > 0) | paid.index.isin(works.owners)]
    shares = pd.DataFrame({"operator": paid.index.astype(object), "cost_vnd": paid.to_numpy()})
    shares["share"] = shares["cost_vnd"] / max(made.cost_vnd, 1)
    pieces = choice_pieces(drawn, made, subsets, terms, time_limit_s=SUBSET_SECONDS)
    return replace(
        made,
        pieces=pieces.pieces,
        subset_parts=pieces.parts,
        subset_rents=pieces.rents,
        shares=shares[["operator", "share", "cost_vnd"]].astype({"cost_vnd": "int64"}),
        share_rules=share_rules(whole, alone),
        rents=rents,
        funding=funding,
        sharing=sharing,
        investment=investment_table(made.cost_vnd, rates, is_confirmed=is_confirmed),
        subsets=subsets,
        subset_shares=choices.subset_shares,
        provenance=_noted(made, choices.notes),
    )  # fmt: skip


def _total_vnd(investment: "pd.DataFrame") -> int:
    """Return the total investment."""
    amounts = investment["amount_vnd"]
    return int(amounts[amounts.index == "total"].sum())


def _noted(made: "CablePlan", notes: Sequence[str]) -> Any:  # noqa: ANN401 - Provenance
    """Return the provenance with more notes."""
    return replace(made.provenance, notes=(*made.provenance.notes, *notes))


def _with_years(
    made: "CablePlan",
    works: "Works",
    table: Mapping[str, Any],
    programme: Programme,
    time_limit_s: float,
) -> "CablePlan":
    """Return the plan with the year of each street, and its bill by years."""
    import pandas as pd

    from infraplan.cables.phasing import PhasingProblem
    from infraplan.cables.phasing import PhasingWishes
    from infraplan.cables.phasing import phase_streets
    from infraplan.cables.worth import PhasingRules
    from infraplan.cables.worth import street_worth

    years, streets = list(programme.years), list(works.streets)
    worth = street_worth(made.layers, streets, PhasingRules.from_dict(table), years=years)
    billed = made.lines.groupby("street")["cost_vnd"].sum().to_dict()
    cost_vnd = {name: int(billed.get(name, 0)) for name in streets}
    found: PhasingPlan = phase_streets(
        PhasingProblem(
            cost_vnd=worth.costs(cost_vnd),
            worth=worth.by_year,
            budget_vnd=dict(zip(years, programme.budget_vnd, strict=True)),
            joins=works.joins,
            roots=_roots(made, works),
            reasons=worth.reasons(),
        ),
        wishes=PhasingWishes(programme.forced, programme.by_year, programme.left_out),
        time_limit_s=time_limit_s,
    )
    year_of = found.phases["year"].dropna().astype(int).to_dict()
    lines = made.lines.assign(phase=made.lines["street"].map(year_of).fillna(0).astype("int64"))
    faults = {(fault.street, fault.kind): fault for fault in found.faults}
    told = [faults.get((str(street), str(kind))) for street, kind in found.wishes.index]
    wishes = found.wishes.copy()
    for column in ("reason", "year", "short_vnd"):
        values = [None if fault is None else getattr(fault, column) for fault in told]
        wishes[column] = pd.Series(values, index=wishes.index, dtype="object")
    return replace(
        made, lines=lines, phases=found.phases, years=found.years, wishes=wishes,
        provenance=_noted(made, worth.notes),
    )  # fmt: skip


def _roots(made: "CablePlan", works: "Works") -> frozenset[str]:
    """Return the streets with ducts of today; every street where a group of streets has none."""
    has_ducts = set(made.segments.loc[made.segments["kind"] == "duct", "street"].astype(str))
    roots: set[str] = set()
    for group in works.groups():
        roots |= (group & has_ducts) or group
    return frozenset(roots)
