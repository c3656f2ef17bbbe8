"""What an undergrounding plan holds, in words that page, papers and command line have in common."""

import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING
from typing import Any

from infraplan.cables.sharing import tenants
from infraplan.cables.stretches import METRES
from infraplan.text import LANGUAGES
from infraplan.text import Words
from infraplan.text import words as catalogue

if TYPE_CHECKING:
    import pandas as pd

    from infraplan.cables.underground import CablePlan

__all__ = [
    "bill_told",
    "costs_alone",
    "dearer_than_alone",
    "feature_told",
    "finding_told",
    "later_cost_vnd",
    "left_out_told",
    "payer_told",
    "shares_told",
    "source_kept",
    "source_told",
    "street_told",
]

LEFT_OUT = "survey_leaves_out"  # finding: an owner has drawn cable where a survey counts none
NAMED = {
    "price_unconfirmed": "cables.item_",
    "rule_unconfirmed": "works.rule_",
    "sum": "validation.layer_",
}


def payer_told(payer: str, words: Words) -> str:
    """
    Return what a payer is called.

    Parameters
    ----------
    payer
        Name of an owner, or `public`, `investor`, `unassigned`.
    words
        Catalogue.

    Returns
    -------
    told
        The words for who is no owner, else the name itself.
    """
    return words.entries.get(f"money.payer_{payer}", payer)


def shares_told(plan: "CablePlan", words: Words) -> dict[str, str]:
    """
    Return what each payer of a plan is called; who rents is not taken for one who brings capital.

    Parameters
    ----------
    plan
        Plan of undergrounding.
    words
        Catalogue.

    Returns
    -------
    told
        By the names of `plan.shares`, in its order.
    """
    renting = tenants(plan)
    return {
        str(payer): words("tenants.own_works", owner=str(payer))
        if payer in renting
        else payer_told(str(payer), words)
        for payer in plan.shares["operator"]
    }


def costs_alone(plan: "CablePlan") -> dict[str, int]:
    """
    Return what works for its own cable alone would cost each owner.

    Parameters
    ----------
    plan
        Plan of undergrounding.

    Returns
    -------
    alone_vnd
        By owner; empty where the plan does not tell [VND].
    """
    if not len(plan.share_rules):
        return {}
    rules = plan.share_rules.reset_index().dropna(subset="alone_vnd")  # what no owner pays has none
    return dict(zip(rules["owner"], rules["alone_vnd"].astype("int64").tolist(), strict=True))


def dearer_than_alone(plan: "CablePlan", words: Words) -> list[str]:
    """
    Return a sentence on each owner who pays more than works for the own cable alone would cost.

    Parameters
    ----------
    plan
        Plan of undergrounding.
    words
        Catalogue.

    Returns
    -------
    told
        One an owner; none by the rule that shares by these costs.
    """
    alone = costs_alone(plan)
    return [
        words(
            "dearer.sentence",
            owner=str(owner),
            cost=words.number(int(cost_vnd)),
            alone=words.number(int(alone[owner])),
        )
        for owner, cost_vnd in zip(plan.shares["operator"], plan.shares["cost_vnd"], strict=True)
        if owner in alone and int(cost_vnd) > int(alone[owner])
    ]


def bill_told(bill: "pd.DataFrame", words: Words) -> "pd.DataFrame":
    """
    Return a bill whose items are described in the words of a language.

    Parameters
    ----------
    bill
        Bill of a plan of undergrounding.
    words
        Catalogue.

    Returns
    -------
    bill
        The same rows; `description` is the name of the item, its code where the catalogue has none.
    """
    told = [words.entries.get(f"cables.item_{item}", str(item)) for item in bill["item"]]
    return bill.assign(description=told)


def finding_told(row: Mapping[Any, Any], words: Words) -> str:
    """
    Return a finding of the validation as a sentence.

    Parameters
    ----------
    row
        Row of table `findings`: `code`, `feature_id`, `street`, `value`, `limit`.
    words
        Catalogue.

    Returns
    -------
    told
        Its sentence, the code where the catalogue has none; numbers with as many decimals as they
        need, at most two.
    """
    code = str(row["code"])
    if f"validation.{code}" not in words.entries:
        return code
    value, limit = (_number(row[name], words) for name in ("value", "limit"))
    named = feature_told(code, row["feature_id"], words)
    street = row.get("street")
    where = street if isinstance(street, str) else words("common.unknown")
    return words(f"validation.{code}", feature=named, value=value, limit=limit, street=where)


def later_cost_vnd(plan: "CablePlan") -> int:
    """
    Return what the streets cost that no year builds, as the bill charges them.

    Parameters
    ----------
    plan
        Plan of undergrounding.

    Returns
    -------
    cost_vnd
        Cost of construction before tax, 0 where every street has its year [VND].
    """
    if not len(plan.phases) or not len(plan.lines):
        return 0
    later = plan.phases.index[plan.phases["year"].isna()]
    return int(plan.lines.loc[plan.lines["street"].isin(later), "cost_vnd"].sum())


def left_out_told(plan: "CablePlan", words: Words) -> list[str]:
    """
    Return a sentence on each street where a survey leaves out owners that have drawn cable.

    Parameters
    ----------
    plan
        Plan of undergrounding.
    words
        Catalogue.

    Returns
    -------
    told
        Whose cable of how many metres is not counted, a street a sentence.
    """
    table = plan.findings[plan.findings["code"] == LEFT_OUT]
    return [
        words(
            "survey.left_out",
            street=str(street),
            owners="; ".join(
                f"{owner} {words.number(float(metres))} m"
                for owner, metres in zip(own["feature_id"], own["value"], strict=True)
            ),
        )
        for street, own in table.groupby("street", sort=False)
    ]


def feature_told(code: str, feature: object, words: Words) -> str:
    """
    Return what a finding is about: prices, rules and tables by their names.

    Parameters
    ----------
    code
        Code of the finding.
    feature
        Its `feature_id`.
    words
        Catalogue.

    Returns
    -------
    told
        The name, in small letters as it stands in a sentence; an id as it is; empty where missing.
    """
    name = feature if isinstance(feature, str) else ""
    prefix = NAMED.get(code)
    told = words.entries.get(f"{prefix}{name}") if prefix else None
    return name if told is None else told[:1].lower() + told[1:]


def source_told(source: str, words: Words) -> str:
    """
    Return where a price or rule comes from, in the language of a paper.

    Parameters
    ----------
    source
        Source as our files of data name it, alone or with `; ` and its date; or any other text.
    words
        Catalogue.

    Returns
    -------
    told
        What the catalogue says for our own sources, others as they are.
    """
    keys = _sources()
    if source in keys:
        return words(keys[source])
    text, mark, day = source.rpartition("; ")
    return f"{words(keys[text])}{mark}{day}" if text in keys else source


def source_kept(told: str, source: str) -> str:
    """
    Return the source that a form handed back means.

    Parameters
    ----------
    told
        What stands in the form.
    source
        The source that the form was written from.

    Returns
    -------
    kept
        That source where nobody changed what `source_told` had written, else the new text.
    """
    unchanged = {source_told(source, catalogue(language)) for language in LANGUAGES}
    return source if told in unchanged else told


def street_told(plan: "CablePlan", street: str, words: Words) -> str:
    """
    Return what a street of a plan is called where it could be taken for the whole street.

    Parameters
    ----------
    plan
        Plan of undergrounding.
    street
        Its name.
    words
        Catalogue.

    Returns
    -------
    told
        The name; of a street that goes underground in part with from where to where.
    """
    stretches = plan.stretches.get(street)
    if stretches is None:
        return street
    told = "; ".join(
        words(
            "stretch.between",
            first=_place(first, "stretch.beginning", words),
            last=_place(last, "stretch.end", words),
        )
        for first, last in stretches
    )
    return words("stretch.street", street=street, part=told or words("stretch.in_part"))


def _place(text: str, otherwise: str, words: Words) -> str:
    """Return a place along a street: metres with their unit, a crossing street by its name."""
    metres = METRES.match(text)
    if not text or not metres:
        return text or words(otherwise)
    value = float(metres.group(1).replace(",", "."))
    return f"{words.number(value, 0 if value.is_integer() else 1)} m"


@cache
def _sources() -> dict[str, str]:
    """Return the keys of our own sources by their text in the files of data."""
    entries = catalogue("en").entries
    return {text: key for key, text in entries.items() if key.startswith("sources.")}


def _number(value: Any, words: Words) -> str:  # noqa: ANN401 - a cell of a table
    """Return a number as short as it can be, text as it is, or that it is not known."""
    if isinstance(value, str):
        return value
    if value is None or not math.isfinite(float(value)):
        return words("common.unknown")
    return words.number(float(value), 0 if float(value).is_integer() else 2)
