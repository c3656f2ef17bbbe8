"""The sheets on which shares are worked out: rule and public share are chosen in cells."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from infraplan.cables.funding import INVESTOR
from infraplan.cables.shares import ALONE
from infraplan.cables.shares import PUBLIC
from infraplan.cables.shares import SHARE_RULES
from infraplan.cables.shares import UNASSIGNED
from infraplan.cables.shares import public_part_vnd
from infraplan.cables.shares import rule_weights
from infraplan.reports.bill_facts import BillFacts
from infraplan.reports.live import Live
from infraplan.reports.live import LivePage

__all__ = ["Payment", "Sums", "write_choice", "write_shares", "write_subsets"]

HEAD_OF = {"length": "money.head_subset_length_of"}
DIGITS = 7  # of base 100: sums below 10^14 dong are divided without an error
BASE = 100


@dataclass(frozen=True, slots=True)
class Payment:
    """A cell that holds what somebody pays, and its present value [VND]."""

    at: str
    vnd: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Cells of the sheet of shares that other sheets use."""

    rule: str
    public_share: str
    shared: Payment
    public: Payment
    direct: Mapping[str, Payment]
    total: Mapping[str, Payment]
    control: str


@dataclass(frozen=True, slots=True)
class _Division:
    """Where a sum is divided: cells of the parts, and their values."""

    cells: tuple[str, ...]
    parts: tuple[int, ...]


class _Divider:
    """
    The sheet of long divisions, by which parts are exact to the dong.

    A spreadsheet keeps 15 digits: a sum times a weight has more. So a sum is divided by hundreds,
    as on paper, and the remainders stay whole numbers.
    """

    def __init__(self, page: LivePage, facts: BillFacts) -> None:
        """Begin the sheet."""
        self._page = page
        words = facts.words
        self._row = page.top(words("money.division_title"), [words("money.division_line")])

    def divide(self, pot: Payment, weights: Sequence[Payment], names: Sequence[str]) -> _Division:
        """Write the division of a sum by weights; equal remainders go by the order of names."""
        page, first = self._page, self._row + 1
        last = first + len(names) - 1
        whole = sum(weight.vnd for weight in weights)
        page.put(self._row, 0, Live(f"={pot.at}", pot.vnd), "vnd")
        total = page.put(self._row, 1, Live(f"=SUM({page.span(first, last, 1)})", whole), "whole")
        places = [2 + 2 * k for k in range(DIGITS)]
        digits = []
        for k, column in enumerate(places):
            power = BASE ** (DIGITS - 1 - k)
            digit = pot.vnd // power % BASE
            formula = f"=MOD(INT({page.at(self._row, 0)}/{power}),{BASE})"
            digits.append(
                Payment(page.put(self._row, column, Live(formula, digit), "whole"), digit)
            )
        floors, rests = [], []
        for row, (weight, name) in enumerate(zip(weights, names, strict=True), start=first):
            page.put(row, 0, name)
            page.put(row, 1, Live(f"={weight.at}", weight.vnd), "whole")
            floor, rest = self._long(row, places, digits, (total, whole), weight.vnd)
            floors.append(floor)
            rests.append(rest)
        parts = self._parts(first, (pot, floors, rests))
        self._row = last + 2
        column = places[-1] + 4
        return _Division(tuple(page.at(row, column) for row in range(first, last + 1)), parts)

    def _long(
        self,
        row: int,
        places: Sequence[int],
        digits: Sequence[Payment],
        whole: tuple[str, int],
        weight: int,
    ) -> tuple[int, int]:
        """Write one long division; return the whole dong and what remains of the last one."""
        page = self._page
        rest, floor, terms = 0, 0, []
        for k, (column, digit) in enumerate(zip(places, digits, strict=True)):
            carried = f"{page.at(row, column - 1)}*{BASE}+" if k else ""
            product = f"({carried}{digit.at}*{page.at(row, 1)})"
            value = rest * BASE + digit.vnd * weight
            quotient = value // whole[1] if whole[1] else 0
            rest = value - quotient * whole[1] if whole[1] else 0
            formula = f"=IF({whole[0]}=0,0,INT({product}/{whole[0]}))"
            cell = page.put(row, column, Live(formula, quotient), "whole")
            formula = f"=IF({whole[0]}=0,0,{product}-{cell}*{whole[0]})"
            page.put(row, column + 1, Live(formula, rest), "whole")
            floor = floor * BASE + quotient
            terms.append(f"{cell}*{BASE ** (DIGITS - 1 - k)}")
        page.put(row, places[-1] + 2, Live(f"={'+'.join(terms)}", floor), "vnd")
        return floor, rest

    def _parts(self, first: int, values: tuple[Payment, list[int], list[int]]) -> tuple[int, ...]:
        """Write the order of the remainders and the parts."""
        pot, floors, rests = values
        page, last = self._page, first + len(floors) - 1
        column = 2 + 2 * DIGITS  # of the floors; the remainders stand left of it
        left = pot.vnd - sum(floors) if any(floors) or any(rests) else 0
        parts = []
        all_rests = page.span(first, last, column - 1)
        for row, (floor, rest) in enumerate(zip(floors, rests, strict=True), start=first):
            mine, above = page.at(row, column - 1), page.span(first, row, column - 1)
            rank = sum(r > rest for r in rests) + rests[: row - first + 1].count(rest)
            formula = f"=SUMPRODUCT(--({all_rests}>{mine}))+SUMPRODUCT(--({above}={mine}))"
            cell = page.put(row, column + 1, Live(formula, rank), "whole")
            part = floor + int(rank <= left)
            whole = page.at(first - 1, 1)
            formula = (
                f"={page.at(row, column)}+IF(AND({whole}>0,{cell}<={page.at(first - 1, 0)}"
                f"-SUM({page.span(first, last, column)})),1,0)"
            )
            page.put(row, column + 2, Live(formula, part), "vnd")
            parts.append(part)
        return tuple(parts)


def write_shares(
    page: LivePage, divider: LivePage, facts: BillFacts, *, total: Payment, direct: Sequence[str]
) -> tuple[Sums, _Divider]:
    """
    Write the sheet of shares: public share and rule in cells, every owner's sum to the dong.

    Parameters
    ----------
    page
        Sheet of the shares.
    divider
        Sheet of the divisions.
    facts
        The plan.
    total
        Cell of the cost of construction.
    direct
        Formula of the cost of each owner's own works, in the order of the owners.

    Returns
    -------
    sums, divider
        Cells for other sheets; the sheet of divisions, for more of them.
    """
    words = facts.words
    row, rule, public_share = _choices(page, facts)
    direct_vnd = [facts.direct_vnd[name] for name in facts.owners]
    shared_vnd = total.vnd - sum(direct_vnd)
    first = row + 9
    last = first + len(facts.owners) - 1
    own = f"SUM({page.span(first, last, 1)})" if facts.owners else "0"
    _said(page, row + 2, words("money.total"), Live(f"={total.at}", total.vnd))
    shared = _said(page, row + 3, words("money.shared"), Live(f"={total.at}-{own}", shared_vnd))
    public_vnd = public_part_vnd(shared_vnd, facts.public_share)
    formula = f"=ROUND({public_share}*{shared},0)"
    public = _said(page, row + 4, words("money.public_part"), Live(formula, public_vnd))
    is_alone = facts.alone_when(rule)
    page.heads(row + 8, [words(f"money.head_{key}") for key in SHARE_HEADS])
    weights = _weights(page, first, facts, rule, direct)
    rest_vnd = shared_vnd - public_vnd
    in_all = sum(weight.vnd for weight in weights)
    weight_sum = f"SUM({page.span(first, last, 6)})" if facts.owners else "0"
    pot_vnd = min(rest_vnd, in_all) if facts.is_capped else rest_vnd
    formula = f"=IF({is_alone},MIN({shared}-{public},{weight_sum}),{shared}-{public})"
    pot = Payment(_said(page, row + 5, words("money.pot"), Live(formula, pot_vnd)), pot_vnd)
    book = _Divider(divider, facts)
    division, lent = _divided(page, row + 6, (facts, book), pot, weights)
    totals, over_vnd = _owners(page, first, facts, division, is_alone)
    over = (
        f"SUMPRODUCT(({page.span(first, last, 1)}>{page.span(first, last, 10)})"
        f"*({page.span(first, last, 1)}-{page.span(first, last, 10)}))"
    )
    helped = f"IF({is_alone},{shared}-{public}-{pot.at}+{over},0)" if facts.alone_vnd else "0"
    lacking = rest_vnd - pot_vnd + over_vnd if facts.is_capped else 0
    payers = {
        PUBLIC: (f"={public}+{helped}", public_vnd + lacking),
        UNASSIGNED: (f"=IF({weight_sum}=0,{pot.at},0)", 0 if in_all else pot_vnd),
    }
    formula, vnd = payers.get(facts.lender, ("=0", 0))
    payers[facts.lender] = (f"{formula}+{lent.at}", vnd + lent.vnd)
    row = last + 1
    for name, (formula, vnd) in payers.items():
        totals[name] = _payer(page, row, facts.payer_told(name), Live(formula, vnd))
        _part(page, row, (last + 1 + len(payers), vnd), total.vnd)
        row += 1
    _sum(page, first, row, facts, (totals, total))
    formula = f"={page.at(row, 8)}-{total.at}"
    control = _said(page, row + 2, words("money.control"), Live(formula, 0))
    _notes(page, row + 4, facts, helped, lacking)
    cells = {
        name: Payment(page.at(first + k, 1), direct_vnd[k]) for k, name in enumerate(facts.owners)
    }
    return (
        Sums(
            rule, public_share, Payment(shared, shared_vnd), Payment(public, public_vnd), cells,
            totals, control,
        ),
        book,
    )  # fmt: skip


def _divided(
    page: LivePage,
    row: int,
    of: tuple[BillFacts, _Divider],
    pot: Payment,
    weights: Sequence[Payment],
) -> tuple[_Division, Payment]:
    """Divide a sum, the parts of tenants again among the others; return what nobody takes of it."""
    facts, book = of
    if not facts.owners:
        return _Division((), ()), Payment("0", 0)
    names = [facts.payer_told(name) for name in facts.owners]
    division = book.divide(pot, weights, names)
    if not facts.renting:
        return division, Payment("0", 0)
    renting = [name in facts.renting for name in facts.owners]
    own = [cell for cell, rents in zip(division.cells, renting, strict=True) if rents]
    lent_vnd = sum(vnd for vnd, rents in zip(division.parts, renting, strict=True) if rents)
    label = facts.words("tenants.carried", owners=", ".join(facts.renting))
    lent = Payment(_said(page, row, label, Live(f"={'+'.join(own)}", lent_vnd)), lent_vnd)
    able = [
        Payment("0", 0) if rents else weight for weight, rents in zip(weights, renting, strict=True)
    ]
    more = book.divide(lent, able, names)
    cells = tuple(
        "0" if rents else f"{first}+{second}"
        for first, second, rents in zip(division.cells, more.cells, renting, strict=True)
    )
    parts = tuple(
        0 if rents else first + second
        for first, second, rents in zip(division.parts, more.parts, renting, strict=True)
    )
    whole = "+".join(weight.at for weight in able)
    left_vnd = 0 if any(weight.vnd for weight in able) else lent_vnd
    return _Division(cells, parts), Payment(f"IF({whole}=0,{lent.at},0)", left_vnd)


SHARE_HEADS = (
    "payer", "own_works", "weight_diameter", "weight_occupancy", "weight_length", "weight_alone",
    "weight_used", "shared_part", "pays", "percent", "alone",
)  # fmt: skip


def _choices(page: LivePage, facts: BillFacts) -> tuple[int, str, str]:
    """Write the title and the two cells that people change; return row, rule, public share."""
    words = facts.words
    row = page.top(words("money.shares_title"), [words("money.shares_line"), words("money.dong")])
    label = words("money.public_share")
    public_share = _asked(page, row, label, facts.public_share, "open_percent")
    page.sheet.data_validation(
        row, 3, row, 3,
        {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1,
         "error_message": words("money.public_share_wrong")},
    )  # fmt: skip
    told = [facts.rule_told(rule) for rule in facts.rules]
    rule = _asked(page, row + 1, words("money.rule"), facts.rule_told(facts.rule), "open_text")
    page.sheet.data_validation(row + 1, 3, row + 1, 3, {"validate": "list", "source": told})
    return row, rule, public_share


def _payer(page: LivePage, row: int, name: str, value: Live) -> Payment:
    """Write what somebody pays who is no owner."""
    for column in range(1, 11):
        page.put(row, column, None, "cell_text")
    page.put(row, 0, name, "cell_text")
    page.put(row, 7, value, "cell_vnd")
    return Payment(
        page.put(row, 8, Live(f"={page.at(row, 7)}", value.value), "cell_vnd"), int(value.value)
    )


def _asked(page: LivePage, row: int, label: str, value: object, look: str) -> str:
    """Write a cell that people change, with what it is."""
    page.sheet.merge_range(row, 0, row, 2, "", None)
    page.put(row, 0, label, "total_text")
    page.sheet.merge_range(row, 3, row, 5, "", None)
    return page.put(row, 3, value, look)


def _said(page: LivePage, row: int, label: str, value: Live) -> str:
    """Write a sum with what it is."""
    page.sheet.merge_range(row, 0, row, 2, "", None)
    page.put(row, 0, label, "cell_text")
    page.sheet.merge_range(row, 3, row, 5, "", None)
    return page.put(row, 3, value, "cell_vnd")


def _weights(
    page: LivePage,
    first: int,
    facts: BillFacts,
    rule: str,
    direct: Sequence[str],
) -> list[Payment]:
    """Write own works and weights of the owners; return the weights in use."""
    used = rule_weights(
        facts.weights, facts.rule, direct_vnd=facts.direct_vnd, alone_vnd=facts.alone_vnd or None
    )
    found = []
    for row, (name, sum_of) in enumerate(zip(facts.owners, direct, strict=True), start=first):
        page.put(row, 0, facts.payer_told(name), "cell_text")
        page.tall(row, [(facts.payer_told(name), 0)])
        own = page.put(row, 1, Live(sum_of, facts.direct_vnd[name]), "cell_vnd")
        choices = []
        for column, one in enumerate(SHARE_RULES[:-1], start=2):
            weight = facts.weights.get(one, {}).get(name)
            cell = page.put(row, column, weight, "cell_whole")
            choices.append(f'IF({rule}="{facts.rule_told(one)}",{cell},')
        alone_vnd = facts.alone_vnd.get(name)
        alone = page.put(row, 10, alone_vnd, "cell_vnd")
        value = None if alone_vnd is None else max(alone_vnd - facts.direct_vnd[name], 0)
        lone = None if value is None else Live(f"=MAX({alone}-{own},0)", value)
        page.put(row, 5, lone, "cell_whole")
        chosen = Live(f"={''.join(choices)}{page.at(row, 5)}{')' * len(choices)}", used[name])
        found.append(Payment(page.put(row, 6, chosen, "cell_whole"), used[name]))
    return found


def _owners(
    page: LivePage, first: int, facts: BillFacts, division: _Division, is_alone: str
) -> tuple[dict[str, Payment], int]:
    """Write what each owner pays; return it and what own works cost above works alone."""
    totals: dict[str, Payment] = {}
    over_vnd = 0
    last = first + len(facts.owners) + len({PUBLIC, UNASSIGNED, facts.lender})
    for k, name in enumerate(facts.owners):
        row, own_vnd = first + k, facts.direct_vnd[name]
        part = page.put(row, 7, Live(f"={division.cells[k]}", division.parts[k]), "cell_vnd")
        own, alone = page.at(row, 1), page.at(row, 10)
        borne = f"IF({is_alone},MIN({own},{alone}),{own})" if facts.alone_vnd else own
        over = max(own_vnd - facts.alone_vnd[name], 0) if facts.is_capped else 0
        over_vnd += over
        pays = own_vnd - over + division.parts[k]
        totals[name] = Payment(page.put(row, 8, Live(f"={borne}+{part}", pays), "cell_vnd"), pays)
        _part(page, row, (last, pays), facts.plan.cost_vnd)
    return totals, over_vnd


def _part(page: LivePage, row: int, of: tuple[int, int], total_vnd: int) -> None:
    """Write which part of the whole a payer bears."""
    total = page.at(of[0], 8)
    value = of[1] / total_vnd if total_vnd else 0.0
    page.put(row, 9, Live(f"=IF({total}=0,0,{page.at(row, 8)}/{total})", value), "cell_percent")


def _sum(
    page: LivePage,
    first: int,
    row: int,
    facts: BillFacts,
    values: tuple[Mapping[str, Payment], Payment],
) -> None:
    """Write the sums below the owners."""
    totals, total = values
    page.put(row, 0, facts.words("money.sum"), "total_text")
    sums = {
        1: sum(facts.direct_vnd.values()),
        7: total.vnd - sum(facts.direct_vnd.values()),
        8: sum(payment.vnd for payment in totals.values()),
    }
    if facts.is_capped:
        sums[7] += sum(max(d - facts.alone_vnd[n], 0) for n, d in facts.direct_vnd.items())
    for column in range(1, 11):
        if column in sums:
            formula = f"=SUM({page.span(first, row - 1, column)})"
            page.put(row, column, Live(formula, sums[column]), "total_vnd")
        else:
            page.put(row, column, None, "total_text")
    _part(page, row, (row, sums[8]), total.vnd)
    page.put(row, 9, Live(f"=SUM({page.span(first, row - 1, 9)})", 1.0 if total.vnd else 0.0),
             "total_percent")  # fmt: skip


def _notes(page: LivePage, row: int, facts: BillFacts, helped: str, lacking: int) -> None:
    """Write what the rules mean and where one is not possible."""
    words = facts.words
    told = words("money.alone_impossible")
    formula = f'=IF({helped}>0,"{told}","")'
    page.put(row, 0, Live(formula, told if lacking > 0 else ""), "alert")
    for rule in facts.rules:
        row = page.line(row + 1, words(f"money.explain_{rule}"), "note") - 1
    row = page.line(row + 1, words("money.explain_public"), "note")
    page.line(row, words("money.explain_prices"), "note")


def write_subsets(page: LivePage, facts: BillFacts) -> "dict[str, str]":
    """
    Write every choice of the streets with its cost and what decides the shares.

    Parameters
    ----------
    page
        Sheet.
    facts
        The plan; its table `subsets` is not empty.

    Returns
    -------
    columns
        Addresses of the columns by their names: `mask`, `cost`, `direct/<owner>`, and so on.
    """
    words, plan = facts.words, facts.plan
    row = page.top(words("money.subsets_title"), [words("money.subsets_line"),
                                                 words("money.dong")])  # fmt: skip
    streets = chosen_streets(facts)
    names = [words("money.head_number"), *streets]
    plain = ("cost", "gap", "length", "chambers", "removed", "investment")
    names += [words(f"money.head_subset_{key}") for key in plain]
    kinds = [*("direct", "alone"), *SHARE_RULES[:-1]]
    heads = [
        words(HEAD_OF.get(kind, f"money.head_subset_{kind}"), owner=facts.payer_told(owner))
        for owner in facts.owners
        for kind in kinds
    ]
    page.heads(row, [*names, *heads, words("money.head_mask")])
    page.sheet.print_area(0, 0, row + len(plan.subsets), len(names) - 1)
    first = row + 1
    last = first + len(plan.subsets) - 1
    mask_column = len(names) + len(heads)
    columns = {"mask": page.span(first, last, mask_column)}
    rows = {} if not len(plan.subset_shares) else _shares_by_subset(plan.subset_shares)
    for number, (subset, values) in enumerate(plan.subsets.iterrows(), start=1):
        row = first + number - 1
        inside = set(str(values["streets"]).split(";"))
        page.put(row, 0, number, "cell_order")
        for k, street in enumerate(streets):
            page.put(row, 1 + k, "x" if street in inside else "", "cell_text")
        mask = sum(2**k for k, street in enumerate(streets) if street in inside)
        cells = [values["cost_vnd"], values["gap"], values["length_m"], values["chambers"],
                 values["removed_m"], values["investment_vnd"]]  # fmt: skip
        looks = ("vnd", "rate", "whole", "whole", "whole", "vnd")
        for k, (key, value, look) in enumerate(zip(plain, cells, looks, strict=True)):
            page.put(row, 1 + len(streets) + k, value, f"cell_{look}")
            columns[key] = page.span(first, last, 1 + len(streets) + k)
        column = len(names)
        for owner in facts.owners:
            for kind in kinds:
                page.put(row, column, rows.get((str(subset), kind, owner), 0), "cell_whole")
                columns[f"{kind}/{owner}"] = page.span(first, last, column)
                column += 1
        page.put(row, mask_column, mask, "cell_number")
    return columns


def chosen_streets(facts: BillFacts) -> tuple[str, ...]:
    """
    Return the streets of which every choice has been worked out.

    Parameters
    ----------
    facts
        The plan.

    Returns
    -------
    streets
        Names or ids, in the order of the plan.
    """
    if not len(facts.plan.subsets):
        return ()
    return tuple(str(facts.plan.subsets["streets"].iloc[_whole(facts)]).split(";"))


def _whole(facts: BillFacts) -> int:
    """Return the place of the choice of all streets."""
    counts = [str(names).count(";") for names in facts.plan.subsets["streets"]]
    return counts.index(max(counts))


def _everything(facts: BillFacts) -> str:
    """Return the choice of all streets."""
    return str(facts.plan.subsets.index[_whole(facts)])


def _shares_by_subset(table: pd.DataFrame) -> dict[tuple[str, str, str], int]:
    """Return own works, works alone and weights by choice, kind and owner."""
    found: dict[tuple[str, str, str], int] = {}
    for row in table.reset_index().to_dict("records"):
        subset, rule, owner = str(row["subset"]), str(row["rule"]), str(row["owner"])
        for kind, column in (("direct", "direct_vnd"), ("alone", "alone_vnd"), (rule, "weight")):
            if kind != ALONE or column == "alone_vnd":
                value = row[column]
                if not pd.isna(value):
                    found[subset, kind, owner] = int(value)
    return found


def write_choice(
    page: LivePage,
    facts: BillFacts,
    book: _Divider,
    sums: Sums,
    columns: Mapping[str, str],
) -> None:
    """
    Write the sheet on which streets are ticked and every owner's sum follows.

    Parameters
    ----------
    page
        Sheet.
    facts
        The plan.
    book
        The sheet of divisions.
    sums
        Cells of the sheet of shares: the rule and the public share hold here too.
    columns
        Columns of the sheet of all choices.
    """
    words, streets = facts.words, chosen_streets(facts)
    row = page.top(words("money.choice_title"), [words("money.choice_line"), words("money.dong")])
    row = page.heads(row, [words("money.head_street"), words("money.head_tick")])
    ticks = []
    for k, street in enumerate(streets):
        page.put(row, 0, facts.street_told(street), "cell_text")
        cell = page.put(row, 1, words("reports.yes"), "open_text")
        page.sheet.data_validation(
            row, 1, row, 1,
            {"validate": "list", "source": [words("reports.yes"), words("reports.no")]},
        )  # fmt: skip
        ticks.append(f'{2**k}*({cell}="{words("reports.yes")}")')
        row += 1
    table = facts.plan.subsets
    values: dict[str, Any] = {str(k): v for k, v in table.iloc[_whole(facts)].items()}
    number = _whole(facts) + 1
    formula = f"=IFERROR(MATCH({'+'.join(ticks)},{columns['mask']},0),0)"
    place = _said(page, row + 1, words("money.choice_number"), Live(formula, number))
    cells: dict[str, str] = {}
    told = (
        ("cost", "cost_vnd", "cell_vnd"), ("gap", "gap", "cell_rate"),
        ("length", "length_m", "cell_whole"), ("chambers", "chambers", "cell_whole"),
        ("removed", "removed_m", "cell_whole"), ("investment", "investment_vnd", "cell_vnd"),
    )  # fmt: skip
    row += 2
    for key, column, look in told:
        if not pd.isna(values[column]):
            value = float(values[column])
            found = Live(_looked_up(columns[key], place), value)
            cells[key] = _said(page, row, words(f"money.head_subset_{key}"), found)
            page.put(row, 3, found, look)
            row += 1
    if len(facts.plan.subset_shares):
        _choice_shares(page, row + 1, facts, book, sums, (columns, place, cells["cost"]))


def _looked_up(column: str, place: str) -> str:
    """Return the formula of a cell of the chosen row."""
    return f"=IF({place}=0,0,INDEX({column},{place}))"


def _choice_shares(
    page: LivePage,
    row: int,
    facts: BillFacts,
    book: _Divider,
    sums: Sums,
    at: tuple[Mapping[str, str], str, str],
) -> None:
    """Write what each payer bears of the chosen streets."""
    columns, place, cost = at
    words = facts.words
    cost_vnd = int(facts.plan.subsets["cost_vnd"].to_numpy()[_whole(facts)])
    direct, alone, used = _chosen_values(facts)
    shared_vnd = cost_vnd - sum(direct.values())
    public_vnd = public_part_vnd(shared_vnd, facts.public_share)
    is_alone, head = facts.alone_when(sums.rule), row + 3
    first, last = head + 1, head + len(facts.owners)
    own = f"SUM({page.span(first, last, 1)})"
    formula = f"=ROUND({sums.public_share}*({cost}-{own}),0)"
    public = _said(page, row, words("money.public_part"), Live(formula, public_vnd))
    in_all, rest_vnd = sum(used.values()), shared_vnd - public_vnd
    pot_vnd = min(rest_vnd, in_all) if facts.is_capped else rest_vnd
    whole = f"SUM({page.span(first, last, 2)})"
    rest = f"{cost}-{own}-{public}"
    formula = f"=IF({is_alone},MIN({rest},{whole}),{rest})"
    pot = Payment(_said(page, row + 1, words("money.pot"), Live(formula, pot_vnd)), pot_vnd)
    heads = ("payer", "own_works", "weight_used", "shared_part", "pays", "alone")
    page.heads(head, [words(f"money.head_{key}") for key in heads], is_main=False)
    payments = [
        _chosen_weight(
            page, first + k, (facts, sums, owner), (direct, alone, used), (columns, place)
        )
        for k, owner in enumerate(facts.owners)
    ]
    division, _ = _divided(page, row + 2, (facts, book), pot, payments)
    paid = 0
    for k, owner in enumerate(facts.owners):
        at_row = first + k
        part = page.put(at_row, 3, Live(f"={division.cells[k]}", division.parts[k]), "cell_vnd")
        cell, by_self = page.at(at_row, 1), page.at(at_row, 5)
        borne = min(direct[owner], alone[owner]) if facts.is_capped else direct[owner]
        pays = borne + division.parts[k]
        paid += pays
        formula = f"=IF({is_alone},MIN({cell},{by_self}),{cell})+{part}"
        page.put(at_row, 4, Live(formula, pays), "cell_vnd")
    row = last + 1
    rest_of = "tenants.investor_and_rest" if facts.lender == INVESTOR else "money.public_and_rest"
    page.put(row, 0, words(rest_of), "cell_text")
    formula = f"={cost}-SUM({page.span(first, last, 4)})"
    page.put(row, 4, Live(formula, cost_vnd - paid), "cell_vnd")
    page.put(row + 1, 0, words("money.sum"), "total_text")
    formula = f"=SUM({page.span(first, row, 4)})"
    page.put(row + 1, 4, Live(formula, cost_vnd), "total_vnd")


def _chosen_values(
    facts: BillFacts,
) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Return own works, works alone and weights in use of all streets, by owner."""
    known = _shares_by_subset(facts.plan.subset_shares)

    def of(kind: str) -> dict[str, int]:
        """Return one kind of figure by owner."""
        return {owner: known.get((_everything(facts), kind, owner), 0) for owner in facts.owners}

    direct, alone = of("direct"), of("alone")
    weights = {rule: of(rule) for rule in SHARE_RULES[:-1]}
    return direct, alone, rule_weights(weights, facts.rule, direct_vnd=direct, alone_vnd=alone)


def _chosen_weight(
    page: LivePage,
    row: int,
    whose: tuple[BillFacts, Sums, str],
    values: tuple[dict[str, int], dict[str, int], dict[str, int]],
    at: tuple[Mapping[str, str], str],
) -> Payment:
    """Write own works, works alone and the weight of an owner in the chosen streets."""
    (facts, sums, owner), (direct, alone, used), (columns, place) = whose, values, at
    page.put(row, 0, facts.payer_told(owner), "cell_text")
    formula = _looked_up(columns[f"direct/{owner}"], place)
    cell = page.put(row, 1, Live(formula, direct[owner]), "cell_vnd")
    formula = _looked_up(columns[f"alone/{owner}"], place)
    by_self = page.put(row, 5, Live(formula, alone[owner]), "cell_vnd")
    choices = "".join(
        f'IF({sums.rule}="{facts.rule_told(one)}",'
        f"{_looked_up(columns[f'{one}/{owner}'], place)[1:]},"
        for one in SHARE_RULES[:-1]
    )
    formula = f"={choices}MAX({by_self}-{cell},0){')' * (len(SHARE_RULES) - 1)}"
    return Payment(page.put(row, 2, Live(formula, used[owner]), "cell_whole"), used[owner])
