"""
The bill of quantities of an undergrounding plan as a workbook that calculates.

A price, a rate, the rule of sharing or the share of the public is changed in one cell, and all sums
follow; the values that stand there at first are those of the plan, to the dong.
"""

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from infraplan.cables.plan_told import left_out_told
from infraplan.cables.plan_told import source_told
from infraplan.cables.sharing import tenants
from infraplan.reports.bill_facts import BillFacts
from infraplan.reports.bill_facts import assumed_rows
from infraplan.reports.bill_facts import facts_of
from infraplan.reports.bill_money import write_funding
from infraplan.reports.bill_money import write_investment
from infraplan.reports.bill_shares import Payment
from infraplan.reports.bill_shares import Sums
from infraplan.reports.bill_shares import chosen_streets
from infraplan.reports.bill_shares import write_choice
from infraplan.reports.bill_shares import write_shares
from infraplan.reports.bill_shares import write_subsets
from infraplan.reports.live import Live
from infraplan.reports.live import LiveBook
from infraplan.reports.live import LivePage
from infraplan.reports.live import write_live
from infraplan.reports.price_form import WIDTHS as PRICE_WIDTHS
from infraplan.reports.price_form import PriceRow
from infraplan.reports.price_form import price_rows
from infraplan.reports.price_form import write_prices
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.cables import CablePlan
    from infraplan.cables import PriceBook
    from infraplan.cables.funding import FundingTerms

__all__ = ["underground_bill"]

MOST_SHEETS = 80  # of one kind: streets, years or owners
PRICES_NAMED = 6  # unconfirmed prices named on the first page
NAMED = 12  # unconfirmed rules named on the first page
LINE_WIDTHS = (6, 24, 8, 16, 34, 8, 13, 14, 17, 40, 18, 5, 5, 5, 8)
LINE_HEADS = ("number", "street", "year", "owner", "item", "unit", "quantity", "price", "amount",
              "source", "confirmed", "key", "key", "key", "adjust")  # fmt: skip
ITEM_WIDTHS = (6, 38, 9, 14, 15, 18, 46, 20)
ITEM_HEADS = ("number", "item", "unit", "quantity", "price", "amount", "source", "confirmed")


class _Columns:
    """Columns of the sheet of lines as formulas name them."""

    def __init__(self, page: LivePage, first: int, last: int) -> None:
        """Keep the addresses."""
        self.quantity = page.span(first, last, 6)
        self.amount = page.span(first, last, 8)
        self.by = {
            "phase": page.span(first, last, 2),
            "street_no": page.span(first, last, 11),
            "owner_no": page.span(first, last, 12),
            "item_no": page.span(first, last, 13),
        }

    def sum(self, column: str, **keys: int) -> str:
        """Return the formula of a sum over the lines with some numbers."""
        parts = "".join(f",{self.by[key]},{value}" for key, value in keys.items())
        return f"=SUMIFS({column}{parts})"


def underground_bill(
    plan: "CablePlan",
    path: Path,
    *,
    words: Words,
    prices: "PriceBook | None" = None,
    terms: "FundingTerms | None" = None,
    rule: str | None = None,
    public_share: float | None = None,
) -> Path:
    """
    Write the bill of quantities of an undergrounding plan.

    Parameters
    ----------
    plan
        The plan; sheets of tables whose step has not run are left out.
    path
        Target, ending in `.xlsx`.
    words
        Catalogue of the office's language.
    prices
        Price book of the plan: the sheet of prices then has every item and can be handed back.
    terms
        Terms of funding: payback then follows rents that somebody changes.
    rule
        Rule of sharing that is chosen at first; that of the plan where None.
    public_share
        Share of the shared works that the public bears at first, in [0, 1]; that of the plan where
        None.

    Returns
    -------
    path
        The file; `name (2).xlsx` where the old one is open in Excel. Equal input gives equal bytes.

    Raises
    ------
    PlanError
        If the file cannot be written.
    SettingsError
        If the public share is not between 0 and 1.
    """
    facts = facts_of(
        plan, words=words, prices=prices, terms=terms,
        rule=plan.sharing.rule if rule is None else rule,
        public_share=plan.sharing.public_share if public_share is None else public_share,
    )  # fmt: skip
    is_synthetic = bool(plan.layers.synthetic() or plan.provenance.synthetic)

    def fill(book: LiveBook) -> None:
        """Write all sheets."""
        _Writer(book, facts).write()

    return write_live(path, fill, words=words, is_synthetic=is_synthetic)


class _Writer:
    """The sheets of one workbook: added in the order of reading, filled in that of their sums."""

    def __init__(self, book: LiveBook, facts: BillFacts) -> None:
        """Add all sheets."""
        self.facts, self.words = facts, facts.words
        plan, words = facts.plan, facts.words

        def page(key: str, widths: tuple[float, ...]) -> LivePage:
            """Add a sheet named in the catalogue."""
            return LivePage(book, words(f"money.sheet_{key}"), widths)

        self.first = page("first", (44, 22, 22, 22, 22))
        self.items = page("items", ITEM_WIDTHS)
        self.lines = page("lines", LINE_WIDTHS)
        self.shares = page("shares", (24, 16, 15, 13, 13, 16, 16, 17, 17, 9, 17))
        self.choice = self.subsets = self.funding = self.investment = None
        has_choices = len(plan.subsets) > 0 and len(facts.owners) > 0  # nobody: nothing to divide
        if has_choices:
            self.choice = page("choice", (34, 18, 18, 18, 18, 18))
        if len(plan.investment):
            self.investment = page("investment", (6, 34, 34, 9, 19, 48, 18))
        if len(plan.funding):
            self.funding = page("funding", (30, 22, 18, 17, 17, 17, 24))
        self.prices = page("prices", PRICE_WIDTHS)
        self.details: list[tuple[LivePage, str, dict[str, int]]] = []
        for kind, names, key in (
            ("street", facts.streets, "street_no"),
            ("year", tuple(str(year) for year in facts.phases), "phase"),
            ("owner", facts.owners, "owner_no"),
        ):
            for place, name in enumerate(names[:MOST_SHEETS], start=1):
                if kind == "owner" and not (facts.lines["owner_no"] == place).any():
                    continue
                told = facts.payer_told(name) if kind == "owner" else name
                title = words(f"money.sheet_{kind}", number=place, name=told)
                number = int(name) if kind == "year" else place
                whose = facts.street_told(told) if kind == "street" else told
                heading = words(f"money.title_{kind}", name=whose)
                self.details.append((LivePage(book, title, ITEM_WIDTHS), heading, {key: number}))
        self.assumed = page("assumptions", (16, 40, 14, 9, 52, 13, 18, 18))
        if has_choices:
            widths = (
                6,
                *(12,) * len(chosen_streets(facts)),
                *(16,) * (6 + 5 * len(facts.owners)),
                8,
            )
            self.subsets = page("subsets", widths)
        self.division = page("division", (24, 18, *(10, 13) * 7, 16, 8, 16))

    def write(self) -> None:
        """Fill all sheets."""
        facts, words = self.facts, self.words
        rows = self._price_rows()
        lines = [words("money.prices_line")]
        cells = write_prices(self.prices, rows, words=words, lines=lines)
        columns = self._lines(cells)
        self.cells = cells
        known = {row.code: row for row in rows}
        total = self._items(self.items, words("money.items_title"), {}, columns, known)
        for page, heading, keys in self.details:
            self._items(page, heading, keys, columns, known)
        direct = [
            columns.sum(columns.amount, owner_no=place) for place in range(1, len(facts.owners) + 1)
        ]
        sums, book = write_shares(self.shares, self.division, facts, total=total, direct=direct)
        invested = None
        if self.investment is not None:
            invested = write_investment(self.investment, facts, total=total)
        owed: dict[str, list[Payment]] = {}
        if self.funding is not None:
            owed = write_funding(self.funding, facts, sums)
        if self.choice is not None and self.subsets is not None:
            places = write_subsets(self.subsets, facts)
            write_choice(self.choice, facts, book, sums, places)
        unconfirmed = self._assumptions(columns)
        self._first(total, (sums, owed), invested, unconfirmed)
        self.division.sheet.hide()
        self.first.sheet.activate()

    def _price_rows(self) -> list[PriceRow]:
        """Return the prices of the book, and of lines that it does not have."""
        facts = self.facts
        rows = [] if facts.prices is None else price_rows(facts.prices)
        used = dict(zip(facts.lines["item"], facts.lines["price_vnd"].tolist(), strict=True))
        rows = [replace(row, price_vnd=used.get(row.code, row.price_vnd)) for row in rows]
        known = {row.code for row in rows}
        for row in facts.lines.drop_duplicates("item").to_dict("records"):
            if row["item"] not in known:
                source, _, day = str(row["source"]).rpartition("; ")
                rows.append(
                    PriceRow(row["item"], row["unit"], row["price_vnd"], source or day,
                             day if source else "", row["verified"])
                )  # fmt: skip
        return rows

    def _lines(self, cells: dict[str, str]) -> _Columns:
        """Write the lines of the bill; return their columns."""
        facts, words, page = self.facts, self.words, self.lines
        lines = [words("money.lines_line"), words("money.dong")]
        first = page.heads(
            page.top(words("money.lines_title"), lines),
            [words(f"money.head_{key}") for key in LINE_HEADS],
        )
        row = first
        for number, line in enumerate(facts.lines.to_dict("records"), start=1):
            told = (line["street"] or words("money.no_street"), facts.item_told(line["item"]))
            owner = facts.payer_told(line["owner"]) if line["owner"] else words("money.common")
            page.put(row, 0, number, "cell_order")
            page.put(row, 1, told[0], "cell_text")
            page.put(row, 2, line["phase"], "cell_number")
            page.put(row, 3, owner, "cell_text")
            page.put(row, 4, told[1], "cell_text")
            page.put(row, 5, facts.unit_told(line["unit"]), "cell_text")
            quantity = page.put(row, 6, line["quantity"], "cell_quantity")
            price = page.put(row, 7, Live(f"={cells[line['item']]}", line["price_vnd"]), "cell_vnd")
            adjust = f"+{page.at(row, 14)}" if line["adjust_vnd"] else ""
            formula = f"=ROUND({quantity}*{price},0){adjust}"
            page.put(row, 8, Live(formula, line["cost_vnd"]), "cell_vnd")
            page.put(row, 9, source_told(line["source"], words), "cell_clip")
            page.put(row, 10, facts.yes_no(line["verified"]), "cell_text")
            for column, key in ((11, "street_no"), (12, "owner_no"), (13, "item_no")):
                page.put(row, column, line[key], "cell_number")
            page.put(row, 14, line["adjust_vnd"], "cell_vnd")
            page.tall(row, [(told[0], 1), (told[1], 4), (owner, 3)])
            row += 1
        last = max(row - 1, first)
        has_rest = bool(facts.lines["adjust_vnd"].any())
        page.sheet.set_column(11, 13, 5, None, {"hidden": True})
        page.sheet.set_column(14, 14, 12, None, {"hidden": not has_rest})
        page.put(row, 4, words("money.sum"), "total_text")
        total = int(facts.lines["cost_vnd"].sum())
        page.put(row, 8, Live(f"=SUM({page.span(first, last, 8)})", total), "total_vnd")
        if row > first:
            page.sheet.autofilter(first - 1, 0, last, 10)
        return _Columns(page, first, last)

    def _items(
        self,
        page: LivePage,
        title: str,
        keys: dict[str, int],
        columns: _Columns,
        known: dict[str, PriceRow],
    ) -> Payment:
        """Write the items of some of the lines with their sum."""
        facts, words = self.facts, self.words
        row = page.heads(
            page.top(title, self._told(keys)), [words(f"money.head_{key}") for key in ITEM_HEADS]
        )
        first, mine = row, facts.lines
        for key, number in keys.items():
            mine = mine[mine[key] == number]
        there: dict[int, list[int]] = {}
        for at, number in enumerate(mine["item_no"].tolist()):
            there.setdefault(number, []).append(at)
        quantities = mine["quantity"].to_numpy()
        prices, costs = mine["price_vnd"].tolist(), mine["cost_vnd"].tolist()
        order = [(number, item) for number, item in enumerate(facts.items, start=1)
                 if number in there]  # fmt: skip
        for place, (number, item) in enumerate(order, start=1):
            rows, price = there[number], known[item]
            page.put(row, 0, place, "cell_order")
            page.put(row, 1, facts.item_told(item), "cell_text")
            page.put(row, 2, facts.unit_told(price.unit), "cell_text")
            formula = columns.sum(columns.quantity, **keys, item_no=number)
            quantity = round(float(np.nansum(quantities[rows])), 6)
            page.put(row, 3, Live(formula, quantity), "cell_quantity")
            price_vnd = int(prices[rows[0]])
            page.put(row, 4, Live(f"={self.cells[item]}", price_vnd), "cell_vnd")
            formula = columns.sum(columns.amount, **keys, item_no=number)
            cost_vnd = int(sum(costs[at] for at in rows))
            page.put(row, 5, Live(formula, cost_vnd), "cell_vnd")
            source = source_told(price.source, words)
            page.put(row, 6, source, "cell_prose")
            page.put(row, 7, facts.yes_no(price.verified), "cell_text")
            page.tall(row, [(facts.item_told(item), 1), (source, 6)])
            row += 1
        for column in range(8):
            page.put(row, column, None, "total_text")
        page.put(row, 1, words("money.sum"), "total_text")
        total_vnd = int(sum(costs))
        formula = f"=SUM({page.span(first, row - 1, 5)})" if order else "=0"
        return Payment(page.put(row, 5, Live(formula, total_vnd), "total_vnd"), total_vnd)

    def _told(self, keys: dict[str, int]) -> list[str]:
        """Return the sentences above a table of items."""
        words = self.words
        if "owner_no" in keys:
            return [words("money.owner_line"), words("money.dong")]
        return [words("money.before_tax"), words("money.dong")]

    def _assumptions(self, columns: _Columns) -> list[tuple[str, str]]:
        """Write what the sums rest on; return kind and name of what nobody has confirmed."""
        facts, words, page = self.facts, self.words, self.assumed
        heads = ("kind", "name", "value", "unit", "source", "date", "confirmed", "counts")
        lines = [words("money.assumptions_line"), words("money.dong")]
        row = page.heads(
            page.top(words("money.assumptions_title"), lines),
            [words(f"money.head_{key}") for key in heads],
        )
        numbers = {item: place for place, item in enumerate(facts.items, start=1)}
        costs = facts.lines.groupby("item")["cost_vnd"].sum()
        unconfirmed = []
        for one in assumed_rows(facts):
            kind, name = str(one["kind"]), str(one["name"])
            told = facts.item_told(name) if kind == "price" else _rule_told(name, words)
            counts: object = one["counts_vnd"]
            if kind == "price" and name in numbers:
                formula = columns.sum(columns.amount, item_no=numbers[name])
                counts = Live(formula, int(costs.get(name, 0)))
            value: object = one["value"]
            if kind == "price" and name in self.cells:
                value = Live(f"={self.cells[name]}", float(one["value"]))
            source = "" if pd.isna(one["source"]) else source_told(str(one["source"]), words)
            page.put(row, 0, words.entries.get(f"papers.kind_{kind}", kind), "cell_text")
            page.put(row, 1, told, "cell_text")
            page.put(row, 2, value, "cell_vnd" if kind == "price" else "cell_quantity")
            page.put(row, 3, facts.unit_told("" if pd.isna(one["unit"]) else str(one["unit"])),
                     "cell_text")  # fmt: skip
            page.put(row, 4, source, "cell_prose")
            page.put(row, 5, "" if pd.isna(one["date"]) else str(one["date"]), "cell_text")
            page.put(row, 6, facts.yes_no(one["verified"]), "cell_text")
            page.put(row, 7, counts, "cell_vnd")
            page.tall(row, [(told, 1), (source, 4)])
            if not one["verified"]:
                unconfirmed.append((kind, told))
            row += 1
        made_up = sorted({*facts.plan.layers.synthetic(), *facts.plan.provenance.synthetic})
        if made_up:
            told = ", ".join(words.entries.get(f"maps.name_{one}", one) for one in made_up)
            page.line(row + 1, words("money.synthetic_layer", layer=told), "note")
        return unconfirmed

    def _first(
        self,
        total: Payment,
        paid: tuple[Sums, dict[str, list[Payment]]],
        invested: dict[str, Payment] | None,
        unconfirmed: list[tuple[str, str]],
    ) -> None:
        """Write the first page: what it costs, for whom, and what that rests on."""
        facts, words, plan, page = self.facts, self.words, self.facts.plan, self.first
        sums, owed = paid
        gap = words("money.gap", gap=words.number(100 * plan.gap, 1))
        gap = gap if math.isfinite(plan.gap) else words("common.unknown")
        streets = ", ".join(map(facts.street_told, facts.streets)) or words("money.all_streets")
        row = page.top(words("money.first_title"), [words("money.first_streets", streets=streets)])
        row = page.line(row, words("money.cost_heading"), "heading")
        row = self._figure(row, words("money.construction"), Live(f"={total.at}", total.vnd))
        row = page.line(row, gap, "note")
        if invested is not None:
            for key in ("total", "low", "high"):
                cell = invested[key]
                label = words(f"money.first_{key}")
                row = self._figure(row, label, Live(f"={cell.at}", cell.vnd))
        row = self._figure(row, words("money.control"), Live(f"={sums.control}", 0))
        row = page.line(row + 1, words("money.shares_heading"), "heading")
        label = words("money.rule")
        page.put(row, 0, label, "cell_text")
        page.sheet.merge_range(row, 1, row, 4, "", None)
        page.put(row, 1, Live(f"={sums.rule}", facts.rule_told(facts.rule)), "cell_text")
        row += 1
        page.put(row, 0, words("money.public_share"), "cell_text")
        page.put(row, 1, Live(f"={sums.public_share}", facts.public_share), "cell_percent")
        row += 1
        for name, payment in sums.total.items():
            value = Live(f"={payment.at}", payment.vnd)
            part = Live(
                f"=IF({total.at}=0,0,{payment.at}/{total.at})",
                payment.vnd / total.vnd if total.vnd else 0.0,
            )
            page.put(row, 2, part, "cell_percent")
            rents = name in facts.renting
            who = words("tenants.own_works", owner=name) if rents else facts.payer_told(name)
            row = self._figure(row, who, value)
        for name in tenants(plan):
            cells = owed.get(name, [])
            rent = Live(f"={'+'.join(cell.at for cell in cells)}", sum(cell.vnd for cell in cells))
            row = self._figure(row, words("tenants.first_rents", owner=name), rent)
        row = page.line(row + 1, words("money.basis_heading"), "heading")
        for sentence in self._basis(unconfirmed):
            row = page.line(row, sentence, "note")
        self._signatures(row + 1)

    def _figure(self, row: int, label: str, value: Live) -> int:
        """Write a sum with what it is; return the next row."""
        self.first.put(row, 0, label, "cell_text")
        self.first.tall(row, [(label, 0)])
        self.first.put(row, 1, value, "cell_vnd")
        return row + 1

    def _basis(self, unconfirmed: list[tuple[str, str]]) -> list[str]:
        """Return what the sums rest on, in words."""
        facts, words = self.facts, self.words
        used = facts.lines[~facts.lines["verified"]]
        count, cost_vnd = used["item"].nunique(), int(used["cost_vnd"].sum())
        part = 100 * cost_vnd / facts.plan.cost_vnd if facts.plan.cost_vnd else 0.0
        told = [words("money.basis_before_tax")]
        if count:
            dearest = used.groupby("item", sort=False)["cost_vnd"].sum()
            order = sorted(dearest.items(), key=lambda pair: (-int(pair[1]), str(pair[0])))
            names = ", ".join(facts.item_told(str(item)) for item, _ in order[:PRICES_NAMED])
            more = words("money.and_more") if len(order) > PRICES_NAMED else ""
            told.append(
                words(
                    "money.basis_prices", count=words.number(count), part=words.number(part, 1),
                    names=f"{names}{more}",
                )
            )  # fmt: skip
        rules = list(dict.fromkeys(name for kind, name in unconfirmed if kind != "price"))
        if rules:
            beyond = len(rules) - NAMED
            names = "; ".join(rules[:NAMED]) + (f"; +{beyond}" if beyond > 0 else "")
            told.append(words("money.basis_rules", names=names))
        missing = [
            words(f"money.lacks_{name}")
            for name, table in (
                ("investment", facts.plan.investment),
                ("funding", facts.plan.funding),
                ("subsets", facts.plan.subsets),
                ("share_rules", facts.plan.share_rules),
                ("lines", facts.plan.lines),
            )
            if not len(table)
        ]
        if max(len(facts.streets), len(facts.phases), len(facts.owners)) > MOST_SHEETS:
            missing.append(words("money.most_sheets", count=words.number(MOST_SHEETS)))
        told += left_out_told(facts.plan, words)
        return [*told, *missing, words("money.how_to"), words("money.open_cells")]

    def _signatures(self, row: int) -> None:
        """Write who signs the bill."""
        page, words = self.first, self.words
        for column, key in ((0, "maker"), (2, "checker"), (4, "head")):
            page.put(row, column, words(f"money.sign_{key}"), "sign")
            page.put(row + 1, column, words("money.sign_how"), "signed")


def _rule_told(name: str, words: Words) -> str:
    """Return what a rule is called; the name itself where the catalogue has none."""
    prefixes = ("money.rule_name_", "papers.rule_", "works.rule_")
    found = (words.entries.get(f"{prefix}{name}") for prefix in prefixes)
    return next((told for told in found if told is not None), name)
