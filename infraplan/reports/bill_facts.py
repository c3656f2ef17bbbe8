"""What the workbook of an undergrounding plan is made from: numbered lines, and its options."""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.cables.funding import INVESTOR
from infraplan.cables.plan_told import street_told
from infraplan.cables.shares import ALONE
from infraplan.cables.shares import PUBLIC
from infraplan.cables.shares import SHARE_RULES
from infraplan.cables.shares import UNASSIGNED
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.cables import CablePlan
    from infraplan.cables import PriceBook
    from infraplan.cables.funding import FundingTerms

__all__ = ["BillFacts", "assumed_rows", "facts_of", "half_up"]


@dataclass(frozen=True, slots=True, eq=False)
class BillFacts:
    """
    A plan of undergrounding as its workbook tells it.

    `lines` are those of the plan with the numbers of street, owner and item (from 1; 0 for works
    of no street, or of all owners) and `adjust_vnd`, by which a line differs from its rounded
    product. `direct_vnd`, `alone_vnd` and `weights` are by owner; `rules` those that can be chosen.
    `renting` are the owners that pay rent instead of capital, `lender` who brings it where no owner
    is left to.
    """

    plan: "CablePlan"
    words: Words
    prices: "PriceBook | None"
    terms: "FundingTerms | None"
    rule: str
    public_share: float
    lines: pd.DataFrame
    streets: tuple[str, ...]
    owners: tuple[str, ...]
    phases: tuple[int, ...]
    items: tuple[str, ...]
    direct_vnd: dict[str, int]
    alone_vnd: dict[str, int]
    weights: dict[str, dict[str, int]]
    rules: tuple[str, ...]
    renting: tuple[str, ...]
    lender: str

    @property
    def is_capped(self) -> bool:
        """Return whether no owner bears more than its works alone would cost."""
        return self.rule == ALONE and set(self.renting) != set(self.owners)

    def alone_when(self, rule: str) -> str:
        """Return the condition, as a formula, that nobody bears more; `rule` is a cell."""
        if set(self.renting) == set(self.owners):
            return "FALSE"
        return f'{rule}="{self.rule_told(ALONE)}"'

    def item_told(self, item: str) -> str:
        """Return what an item of the bill is called."""
        return self.words.entries.get(f"cables.item_{item}", item)

    def street_told(self, street: str) -> str:
        """Return what a street is called, its part told where it is not the whole of it."""
        return street_told(self.plan, street, self.words)

    def unit_told(self, unit: str) -> str:
        """Return what a unit is called."""
        return self.words.entries.get(f"cables.unit_{unit}", unit)

    def yes_no(self, flag: object) -> str:
        """Return whether the office has confirmed something."""
        return self.words("money.confirmed" if flag else "money.unconfirmed")

    def payer_told(self, payer: str) -> str:
        """Return what a payer is called."""
        return self.words.entries.get(f"money.payer_{payer}", payer)

    def rule_told(self, rule: str) -> str:
        """Return what a rule of sharing is called."""
        return self.words(f"money.rule_{rule}")

    def million(self, value_vnd: float) -> str:
        """Return a sum in billions of dong, in words."""
        return self.words("money.billion", value=self.words.number(value_vnd / 1e9, 3))


def half_up(quantity: float, price_vnd: int) -> int:
    """
    Return the cost of a quantity in whole dong.

    Parameters
    ----------
    quantity
        Quantity >= 0, taken as the decimal that it is written as.
    price_vnd
        Price of a unit [VND].

    Returns
    -------
    cost_vnd
        Half a dong rounded up, as `ROUND` of a spreadsheet does [VND].
    """
    return int(Fraction(str(float(quantity))) * int(price_vnd) + Fraction(1, 2))


def facts_of(
    plan: "CablePlan",
    *,
    words: Words,
    prices: "PriceBook | None" = None,
    terms: "FundingTerms | None" = None,
    rule: str = "diameter",
    public_share: float = 0.0,
) -> BillFacts:
    """
    Return what the workbook of a plan is made from.

    Parameters
    ----------
    plan
        The plan; tables whose step has not run are left out.
    words
        Catalogue of the office's language.
    prices
        Price book, of which the workbook then shows every item, or None.
    terms
        Terms of funding; sums of it follow changes only with them.
    rule
        Rule of sharing that is shown first; the first possible one where the plan lacks it.
    public_share
        Share of the public that is shown first, in [0, 1].

    Returns
    -------
    facts
        Lines, numbers and options.
    """
    lines, asked = _lines(plan), plan.sharing
    table = plan.share_rules
    named = {str(owner) for owner in lines["owner"] if owner}
    named |= {str(o) for o in table.index.get_level_values("owner")} if len(table) else set()
    named |= set() if len(table) else {str(o) for o in plan.shares["operator"]}
    owners = tuple(sorted(named - {PUBLIC, UNASSIGNED}))
    streets = tuple(dict.fromkeys(str(s) for s in lines["street"] if s))
    items = tuple(dict.fromkeys(lines["item"].astype(str)))
    if prices is not None:
        items = (*prices.items, *(item for item in items if item not in prices.items))
    for column, names in (("street", streets), ("owner", owners), ("item", items)):
        number = {name: place for place, name in enumerate(names, start=1)}
        lines[f"{column}_no"] = [number.get(str(value), 0) for value in lines[column]]
    rounded = [half_up(q, p) for q, p in zip(lines["quantity"], lines["price_vnd"], strict=True)]
    lines["adjust_vnd"] = lines["cost_vnd"] - rounded
    weights, alone = _weights(plan, owners)
    rules = tuple(r for r in SHARE_RULES if r in weights or (r == ALONE and alone))
    costs = lines[lines["owner_no"] > 0].groupby("owner")["cost_vnd"].sum()
    return BillFacts(
        plan=plan, words=words, prices=prices, terms=terms,
        rule=rule if rule in rules else rules[0],
        public_share=public_share,
        lines=lines, streets=streets, owners=owners,
        phases=tuple(sorted({int(p) for p in lines["phase"]} - {0})),
        items=items,
        direct_vnd={name: int(costs.get(name, 0)) for name in owners},
        alone_vnd=alone, weights=weights, rules=rules,
        renting=tuple(n for n in owners if asked.model != "capital" or n in asked.renting),
        lender=INVESTOR if asked.model == INVESTOR else PUBLIC,
    )  # fmt: skip


def assumed_rows(facts: BillFacts) -> list[dict[str, Any]]:
    """
    Return the prices and rules that the sums rest on.

    Parameters
    ----------
    facts
        The plan.

    Returns
    -------
    rows
        Those of its table `assumptions`; the prices of its lines where that has not been made.
    """
    table = facts.plan.assumptions
    if len(table):
        return [
            {str(k): v for k, v in row.items()} for row in table.reset_index().to_dict("records")
        ]
    rows = []
    for item, lines in facts.lines.groupby("item", sort=False):
        first = lines.iloc[0]
        rows.append(
            {
                "kind": "price", "name": item, "value": first["price_vnd"], "unit": first["unit"],
                "source": first["source"], "date": None, "verified": bool(first["verified"]),
                "counts_vnd": int(lines["cost_vnd"].sum()),
            }
        )  # fmt: skip
    return rows


def _lines(plan: "CablePlan") -> pd.DataFrame:
    """Return the lines of the bill; where the plan has none by street, those by item."""
    table = plan.lines.reset_index() if len(plan.lines) else plan.bill.copy()
    for column in ("street", "owner"):
        values = table[column] if column in table else pd.Series([""] * len(table))
        table[column] = ["" if pd.isna(value) else str(value) for value in values]
    years = plan.phases["year"].dropna().to_dict() if len(plan.phases) else {}
    told = table["phase"] if "phase" in table else pd.Series([0] * len(table))
    table["phase"] = [
        int(years.get(street, 0)) if pd.isna(phase) or not phase else int(phase)
        for phase, street in zip(told, table["street"], strict=True)
    ]
    table["source"] = ["" if pd.isna(value) else str(value) for value in table["source"]]
    table["verified"] = [bool(value) for value in table["verified"]]
    whole = {"cost_vnd": "int64", "price_vnd": "int64", "quantity": "float64"}
    return table.astype(whole)


def _weights(
    plan: "CablePlan", owners: tuple[str, ...]
) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """Return the weights by rule and owner, and what works alone would cost, where it is known."""
    table = plan.share_rules
    if not len(table) or not owners:
        known = plan.shares.set_index("operator")["cost_vnd"].to_dict()
        return {"diameter": {name: int(known.get(name, 0)) for name in owners}}, {}
    weights: dict[str, dict[str, int]] = {}
    alone: dict[str, int] = {}
    for row in table.reset_index().to_dict("records"):
        owner = str(row["owner"])
        if owner not in owners:
            continue
        if row["rule"] != ALONE:
            weights.setdefault(str(row["rule"]), {})[owner] = _whole(row["weight"])
        if not pd.isna(row["alone_vnd"]):
            alone[owner] = _whole(row["alone_vnd"])
    if set(alone) != set(owners) or ALONE not in table.index.get_level_values("rule"):
        alone = {}
    return weights, alone


def _whole(value: Any) -> int:  # noqa: ANN401 - a cell of a table
    """Return a cell as a whole number, 0 where it is missing."""
    return 0 if pd.isna(value) else int(value)
