"""The sheets of the total investment and of the models of funding, with rates in cells."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from infraplan.cables.funding import FUNDING_MODELS
from infraplan.cables.funding import funding_table
from infraplan.cables.investment import CONSTRUCTION
from infraplan.cables.investment import rate_of
from infraplan.cables.plan_told import source_told
from infraplan.cables.shares import PUBLIC
from infraplan.cables.shares import UNASSIGNED
from infraplan.cables.study import filled_table
from infraplan.reports.bill_facts import BillFacts
from infraplan.reports.bill_facts import half_up
from infraplan.reports.bill_shares import Payment
from infraplan.reports.bill_shares import Sums
from infraplan.reports.live import Live
from infraplan.reports.live import LivePage

if TYPE_CHECKING:
    from infraplan.cables.funding import FundingTerms

__all__ = ["write_funding", "write_investment"]

INVESTMENT_HEADS = ("number", "line", "base", "rate", "amount", "source", "confirmed")
ENDS = ("total", "low", "high")


def write_investment(page: LivePage, facts: BillFacts, *, total: Payment) -> dict[str, Payment]:
    """
    Write the total investment: rates can be changed, sums follow.

    Parameters
    ----------
    page
        Sheet.
    facts
        The plan; its table `investment` is not empty.
    total
        Cell of the cost of construction.

    Returns
    -------
    sums
        Cells of the lines by their names.
    """
    words, table = facts.words, facts.plan.investment
    number = int(table["estimate_class"].dropna().iloc[0])
    lines = [words("money.investment_line"), words("money.investment_class", number=number),
             words("money.dong")]  # fmt: skip
    row = page.heads(
        page.top(words("money.investment_title"), lines),
        [words(f"money.head_{key}") for key in INVESTMENT_HEADS],
    )
    sums: dict[str, Payment] = {}
    for place, (name, values) in enumerate(table.iterrows(), start=1):
        line, is_end = str(name), name in ENDS
        frame = "total" if is_end else "cell"
        bases = [base for base in str(values["of"] or "").split(";") if base in sums]
        told = [_line_told(base, facts) for base in bases]
        page.put(row, 0, None if is_end else place, f"{frame}_order")
        page.put(row, 1, _line_told(line, facts), f"{frame}_text")
        page.put(row, 2, "" if line == "total" else " + ".join(told), f"{frame}_prose")
        rate = page.put(
            row, 3, values["rate"], f"{'cell' if pd.isna(values['rate']) else 'open'}_rate"
        )
        cell = _amount(line, bases, rate, sums, total, values)
        sums[line] = Payment(page.put(row, 4, cell, f"{frame}_vnd"), int(cell.value))
        source = (
            words("money.from_bill")
            if line == CONSTRUCTION
            else source_told(str(values["source"] or ""), words)
        )
        page.put(row, 5, source, f"{frame}_prose")
        known = "" if pd.isna(values["verified"]) else facts.yes_no(values["verified"])
        page.put(row, 6, known, f"{frame}_text")
        page.tall(row, [(source, 5), (" + ".join(told), 2), (known, 6)])
        row += 1
    return sums


def _line_told(line: str, facts: BillFacts) -> str:
    """Return what a line of the total investment is called."""
    return facts.words.entries.get(f"money.line_{line}", line)


def _amount(
    line: str,
    bases: list[str],
    rate: str,
    sums: Mapping[str, Payment],
    total: Payment,
    values: "pd.Series",
) -> Live:
    """Return the formula of a line and its value."""
    if line == CONSTRUCTION:
        return Live(f"={total.at}", total.vnd)
    added = "+".join(sums[base].at for base in bases) or "0"
    base_vnd = sum(sums[base].vnd for base in bases)
    if line == "total":
        return Live(f"={added}", base_vnd)
    part = rate_of(base_vnd, float(values["rate"]))
    if line in ENDS:
        return Live(f"={added}+ROUND({rate}*({added}),0)", base_vnd + part)
    return Live(f"=ROUND({rate}*({added}),0)", part)


RENT_HEADS = ("owner", "rent_class", "metres", "rent", "cap", "rent_year", "over_cap")
FUNDING_HEADS = ("model", "payer", "capital", "rent_year", "income_year", "payback", "npv")


def write_funding(page: LivePage, facts: BillFacts, sums: Sums) -> dict[str, list[Payment]]:
    """
    Write rents and what each payer brings, owes and gets under each model of funding.

    Parameters
    ----------
    page
        Sheet.
    facts
        The plan; its table `funding` is not empty.
    sums
        Cells of the sheet of shares.

    Returns
    -------
    owed
        Cells of each owner's rents a year, by class of diameter.
    """
    words, terms = facts.words, facts.terms
    lines = [words("money.funding_line"), words("money.dong")]
    row = page.top(words("money.funding_title"), lines)
    asked: dict[str, str] = {}
    if terms is not None:
        for key, value, look in (
            ("years", terms.years, "open_whole"),
            ("discount_rate", terms.discount_rate, "open_rate"),
            ("operating_share", terms.operating_share, "open_rate"),
        ):
            page.sheet.merge_range(row, 0, row, 1, "", None)
            page.put(row, 0, words(f"money.{key}"), "total_text")
            asked[key] = page.put(row, 2, value, look)
            row += 1
        row = (
            page.line(
                row, words("money.source", source=source_told(terms.terms_source, words)), "line"
            )
            + 1
        )
    owed, row = _rents(page, row, facts)
    row = page.line(row + 1, words("money.models"), "heading")
    row = page.heads(row, [words(f"money.head_{key}") for key in FUNDING_HEADS], is_main=False)
    for name, rows in _funding(facts).groupby(level=0, sort=False):
        row = _model(page, row, facts, (str(name), rows.droplevel(0)), (sums, owed, asked))
    for model in FUNDING_MODELS:
        row = page.line(row, words(f"money.explain_model_{model}"), "note")
    return owed


@dataclass(frozen=True, slots=True)
class _Works:
    """The works of a plan as the models of funding ask for them."""

    cost_vnd: int
    shared_vnd: int
    direct_vnd: dict[str, int]
    weights: dict[str, dict[str, int]]


def _funding(facts: BillFacts) -> pd.DataFrame:
    """Return the models of funding for the rule and public share of the workbook."""
    table = facts.plan.funding
    if facts.terms is None or not len(facts.plan.rents):
        return table
    cost_vnd = int(facts.lines["cost_vnd"].sum())
    own_vnd = sum(facts.direct_vnd.values())
    works = _Works(cost_vnd, cost_vnd - own_vnd, facts.direct_vnd, facts.weights)
    owed = table["rent_year_vnd"].xs("capital")
    renting = [str(payer) for payer, rent in owed.items() if rent]
    made = funding_table(
        works, facts.plan.rents, facts.terms, rule=facts.rule, renting=renting,
        alone_vnd=facts.alone_vnd or None, public_share=facts.public_share,
    )  # fmt: skip
    rows = {key: made.loc[key].to_dict() for key in made.index}
    for model in made.index.get_level_values(0).unique():
        # a share that the public gets later needs its row
        rows.setdefault((model, PUBLIC), {"capital_vnd": 0, "rent_year_vnd": 0,
                                          "income_year_vnd": 0})  # fmt: skip
    return filled_table("funding", rows).sort_index(level=0, sort_remaining=False)


def _rents(page: LivePage, row: int, facts: BillFacts) -> tuple[dict[str, list[Payment]], int]:
    """Write metres and rent by owner and class; return the rents of each owner, and the row."""
    words, owed = facts.words, dict[str, list[Payment]]()
    if not len(facts.plan.rents):
        return owed, row
    row = page.line(row, words("money.rents"), "heading")
    row = page.heads(row, [words(f"money.head_{key}") for key in RENT_HEADS], is_main=False)
    over = words("money.over_cap")
    for key, values in facts.plan.rents.iterrows():
        owner, above_mm = str(key[0]), float(key[1])  # type: ignore[index]
        rate_vnd, metres = int(values["rent_vnd_m_year"]), float(values["length_m"])
        page.put(row, 0, facts.payer_told(owner), "cell_text")
        page.put(row, 1, words("money.above_mm", mm=words.number(above_mm)), "cell_text")
        length = page.put(row, 2, metres, "cell_quantity")
        rate = page.put(row, 3, rate_vnd, "open_vnd")
        cap = page.put(row, 4, values["cap_vnd_m_year"], "cell_vnd")
        amount = half_up(metres, rate_vnd)
        cell = page.put(row, 5, Live(f"=ROUND({length}*{rate},0)", amount), "cell_vnd")
        told = over if values["over_cap"] else ""
        formula = f'=IF(AND({cap}<>"",{rate}>{cap}),"{over}","")'
        page.put(row, 6, Live(formula, told), "cell_prose")
        page.tall(row, [(over if told else "", 6), (facts.payer_told(owner), 0)])
        owed.setdefault(owner, []).append(Payment(cell, amount))
        row += 1
    sources = dict.fromkeys(str(source) for source in facts.plan.rents["source"])
    for source in sources:
        row = page.line(row, words("money.source", source=source_told(source, words)), "line")
    caps = () if facts.terms is None else facts.terms.caps
    for one in caps:
        told = words(
            "money.cap_source",
            place=one.place,
            source=source_told(f"{one.source}; {one.date}", words),
        )
        row = page.line(row, told, "line")
    return owed, row


def _model(
    page: LivePage,
    row: int,
    facts: BillFacts,
    model: tuple[str, pd.DataFrame],
    cells: tuple[Sums, Mapping[str, list[Payment]], Mapping[str, str]],
) -> int:
    """Write a model of funding, a payer a row; return the next row."""
    sums, owed, asked = cells
    name, rows = model
    first, words = row, facts.words
    is_live = facts.terms is not None and not (name == "capital" and facts.renting)
    for payer, values in rows.iterrows():
        who = str(payer)
        page.put(row, 0, words(f"money.model_{name}"), "cell_text")
        page.put(row, 1, facts.payer_told(who), "cell_text")
        page.tall(row, [(words(f"money.model_{name}"), 0), (facts.payer_told(who), 1)])
        capital: object = values["capital_vnd"]
        if is_live and (found := _capital(name, who, sums)):
            capital = Live(*found)
        capital_at = page.put(row, 2, capital, "cell_vnd")
        rent: object = values["rent_year_vnd"]
        if name != "capital" and owed.get(who):
            rent = Live(
                f"={'+'.join(payment.at for payment in owed[who])}",
                sum(payment.vnd for payment in owed[who]),
            )
        rent_at = page.put(row, 3, rent, "cell_vnd")
        income: object = values["income_year_vnd"]
        payments = [payment for each in owed.values() for payment in each]
        if name != "capital" and values["income_year_vnd"] and payments:
            income = Live(
                f"={'+'.join(payment.at for payment in payments)}",
                sum(payment.vnd for payment in payments),
            )
        income_at = page.put(row, 4, income, "cell_vnd")
        _returns(page, row, (name, facts.terms, values), (capital_at, rent_at, income_at), asked)
        row += 1
    page.put(row, 0, words("money.sum"), "total_text")
    page.put(row, 1, None, "total_text")
    for column, key in ((2, "capital_vnd"), (3, "rent_year_vnd"), (4, "income_year_vnd")):
        formula = f"=SUM({page.span(first, row - 1, column)})"
        page.put(row, column, Live(formula, int(rows[key].sum())), "total_vnd")
    page.put(row, 5, None, "total_text")
    page.put(row, 6, None, "total_text")
    return row + 2


def _capital(model: str, payer: str, sums: Sums) -> tuple[str, int] | None:
    """Return the formula and value of a payer's capital under a model; None where it is no sum."""
    if model == "capital":
        if payer not in sums.total or payer == UNASSIGNED:
            return None
        return f"={sums.total[payer].at}", sums.total[payer].vnd
    if payer in sums.direct:
        return f"={sums.direct[payer].at}", sums.direct[payer].vnd
    shared, public = sums.shared, sums.public
    if payer == PUBLIC:
        whole = shared if model == PUBLIC else public
        return f"={whole.at}", whole.vnd
    return f"={shared.at}-{public.at}", shared.vnd - public.vnd


def _returns(
    page: LivePage,
    row: int,
    values: "tuple[str, FundingTerms | None, pd.Series]",
    at: tuple[str, str, str],
    asked: Mapping[str, str],
) -> None:
    """Write in how many years the rent pays the capital back, and the present value."""
    model, terms, figures = values
    capital, rent, income = at
    payback = None if pd.isna(figures["payback_years"]) else float(figures["payback_years"])
    npv = None if pd.isna(figures["npv_vnd"]) else int(figures["npv_vnd"])
    if terms is None or model == "capital":
        page.put(row, 5, payback, "cell_years")
        page.put(row, 6, npv, "cell_vnd")
        return
    net = f"{income}*(1-{asked['operating_share']})"
    if payback is None:
        page.put(row, 5, None, "cell_years")
    else:
        page.put(row, 5, Live(f'=IF({net}>0,ROUND({capital}/({net}),2),"")', payback), "cell_years")
    if npv is None:
        page.put(row, 6, None, "cell_vnd")
        return
    rate, years = asked["discount_rate"], asked["years"]
    factor = f"IF({rate}=0,{years},(1-(1+{rate})^(-{years}))/{rate})"
    page.put(row, 6, Live(f"=ROUND(({net}-{rent})*{factor}-{capital},0)", npv), "cell_vnd")
