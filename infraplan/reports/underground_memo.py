"""
The memo that asks for approval of an undergrounding plan, in Word.

The first page answers what a decision needs: what it costs, how far from the cheapest it can be,
the total investment with its range, who pays, and which prices and rules nobody has confirmed.
Every number is one of the plan's tables. The text is a template that an office may replace with
its own; it runs in a sandbox and everything that fills it is escaped.
"""

import io
import json
import math
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date
from functools import cache
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.cables.plan_told import costs_alone
from infraplan.cables.plan_told import dearer_than_alone
from infraplan.cables.plan_told import feature_told
from infraplan.cables.plan_told import finding_told
from infraplan.cables.plan_told import later_cost_vnd
from infraplan.cables.plan_told import left_out_told
from infraplan.cables.plan_told import payer_told
from infraplan.cables.plan_told import source_told
from infraplan.cables.plan_told import street_told
from infraplan.cables.profiles import street_names
from infraplan.cables.sharing import tenants
from infraplan.remembered import remembered
from infraplan.reports.appraised import day_told
from infraplan.reports.appraised import tidy
from infraplan.reports.office import Office
from infraplan.reports.paper import Paper
from infraplan.reports.paper import dateless
from infraplan.reports.paper import moment
from infraplan.reports.template import filled_template
from infraplan.reports.template import warn_on_pages
from infraplan.text import Words
from infraplan.text import words as catalogue

if TYPE_CHECKING:
    from infraplan.cables import CablePlan

__all__ = ["MEMO_FIELDS", "MEMO_PLACEHOLDERS", "approval_memo", "memo_template"]

# what a template may name; entries of lists are told in `MEMO_FIELDS`
MEMO_PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "PARENT": "authority above the office, in capitals",
        "OFFICE": "the office, in capitals",
        "office": "the office",
        "place": "place of writing",
        "day": "day of the memo, to be filled in by hand where none is given",
        "addressee": "to whom the memo goes, dots where it is not given",
        "plan": "name of the plan",
        "streets_named": "names of the streets",
        "cost": "cost of construction before tax, in words",
        "cost_vnd": "the same in dong",
        "proof": "sentence: how much cheaper any other plan can be at most",
        "investment_told": "sentence: total investment and its range",
        "standing": "sentence: how many prices and rules are not confirmed, and what rests on them",
        "assumed_prices": "sentence: names of the prices that count most and are not confirmed",
        "open_rules": "sentence: names of the rules that are not confirmed",
        "summary": "list of sentences: what is built and taken down, whose cable no survey counts",
        "shares": "list: who brings capital a row, of owner, share, cost, alone",
        "shares_note": "sentence: by which rule the shares above are, and what of it tenants pay",
        "tenants": "list: an owner that rents a row; empty where nobody rents",
        "shares_total": "sum of the shares",
        "bases": "list of sentences: laws and standards",
        "streets": "list: a street a row",
        "bill": "list: an item a row",
        "bill_total": "its sum",
        "investment": "list: a line of the total investment a row",
        "investment_note": "sentences: that rates are single ones, and from where each is",
        "rules_shared": "list: an owner a row under every rule of sharing",
        "funding": "list: a payer a row under every model of funding",
        "funding_note": "sentence: for whom there are years of payback",
        "steps_note": "sentence: what the metres of the steps count",
        "phases": "list: a year a row",
        "phases_none": "sentence: why there are no years",
        "phases_note": "sentence: which money the years are held against, empty without years",
        "steps": "list: a step of the cut-over a row",
        "without": "list: the plan without one street a row",
        "wishes": "list of sentences: what each wish costs",
        "findings": "list: a kind of finding a row",
        "limits": "list of sentences: what the plan does not say",
        "asked": "list of sentences: what is asked for",
        "annexes": "list of sentences: what is attached",
        "assumptions": "list: every price and rule that counts a row",
        "recipients": "list of lines: to whom copies go",
        "signer": "who signs",
        "sketch": "picture of the plan, empty where there is none",
        "unknown": "the words for what is not known",
        "banner": "warning of synthetic data, empty for a real memo",
    }
)
MEMO_FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "shares": ("owner", "share", "cost", "alone"),
        "tenants": ("owner", "own", "rent"),
        "streets": ("name", "length", "reused", "crossings", "drops", "year", "cost"),
        "bill": ("order", "item", "quantity", "unit", "price", "cost", "standing"),
        "investment": ("line", "rate", "amount", "standing"),
        "rules_shared": ("owner", "diameter", "occupancy", "length", "alone"),
        "funding": ("model", "payer", "capital", "rent", "income", "payback"),
        "phases": ("year", "streets", "budget", "cost"),
        "steps": ("step", "count", "quantity"),
        "without": ("street", "cost", "saved", "investment", "proof"),
        "findings": ("severity", "code", "count", "where"),
        "assumptions": ("kind", "name", "value", "unit", "source", "counts", "standing"),
    }
)
WIDTHS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "shares": (5, 2.5, 4.5, 4.5),
        "tenants": (6.5, 5, 5),
        "streets": (4, 2, 2, 1.7, 1.7, 1.7, 3.4),
        "bill": (1, 5.6, 2.2, 1.3, 2.4, 3, 2.2),
        "investment": (6.5, 3.4, 3.8, 2.8),
        "rules_shared": (3.5, 3.3, 3.3, 3.3, 3.3),
        "funding": (3.4, 3, 3, 2.6, 2.6, 2),
        "phases": (1.8, 8, 3.4, 3.4),
        "steps": (8, 3, 5),
        "without": (4, 3.4, 3.4, 3.4, 2.4),
        "findings": (2.6, 5.4, 1.8, 6.8),
        "assumptions": (2.6, 6, 2.6, 2, 7, 3.2, 3),
    }
)
NUMBERS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "shares": (1, 2, 3),
        "tenants": (1, 2),
        "streets": (1, 2, 3, 4, 5, 6),
        "bill": (2, 4, 5),
        "investment": (1, 2),
        "rules_shared": (1, 2, 3, 4),
        "funding": (2, 3, 4, 5),
        "phases": (2, 3),
        "steps": (1, 2),
        "without": (1, 2, 3, 4),
        "findings": (2,),
        "assumptions": (2, 5),
    }
)
RULE = "diameter"  # of sharing, where the plan has several
TOTALS = ("total", "low", "high")  # lines of the investment that are no parts of it
NAMED = 4  # prices and rules named on the first page
PLACES = 3  # of a kind of finding that are named
NOTES = ("costs", "shares", "bound")
NOTED = ("investment", "funding", "phases", "steps")  # tables whose figures need a word


def memo_template(words: Words) -> bytes:
    """
    Return the template that memos are made of where an office has none of its own.

    Parameters
    ----------
    words
        Catalogue of the office's language.

    Returns
    -------
    template
        A Word file with placeholders, to be changed and handed back.
    """
    return _memo_template(words.language)


@cache
def _memo_template(language: str) -> bytes:
    """Return the template of a language, which is the same until text or code changes."""
    words = catalogue(language)
    return remembered(
        f"memo-{language}",
        partial(_written_template, words),
        told=json.dumps(words.entries),
        modules=(__name__, Paper.__module__, Words.__module__),
        packages=("python-docx", "lxml"),
    )


def _written_template(words: Words) -> bytes:
    """Write the template."""
    paper = Paper(words, title=words("papers.memo_title"), foot=words("papers.memo_foot"))
    paper.letterhead(
        "{{ PARENT }}", "{{ OFFICE }}", "{{ place }}", "{{ day }}",
        number=words("papers.memo_number"),
    )  # fmt: skip
    paper.title(words("papers.memo_title_lines"), words("papers.memo_subject"))
    paper.text(words("papers.memo_to"))
    paper.heading(words("papers.memo_head_summary"))
    for name in ("cost_told", "proof", "investment_told", "standing"):
        paper.text(words("papers.memo_cost") if name == "cost_told" else f"{{{{ {name} }}}}")
    _table(paper, "shares", words, note="shares_note")
    _table(paper, "tenants", words, is_optional=True)
    for name in ("assumed_prices", "open_rules"):
        paper.text(f"{{%p if {name} %}}")
        paper.text(f"{{{{ {name} }}}}")
        paper.text("{%p endif %}")
    _listed(paper, "bases", words)
    _listed(paper, "summary", words, head="summary_list")
    _table(paper, "streets", words)
    paper.text("{%p if sketch %}")
    paper.text("{{ sketch }}")
    paper.text(words("papers.memo_sketch"), is_quiet=True)
    paper.text("{%p endif %}")
    _table(paper, "bill", words, note="bill_total")
    for name in ("investment", "rules_shared", "funding", "phases", "steps", "without"):
        _table(paper, name, words, note=f"{name}_note" if name in NOTED else "")
    _listed(paper, "wishes", words)
    _table(paper, "findings", words)
    for name in ("limits", "asked", "annexes"):
        _listed(paper, name, words)
    paper.closing(
        [words("papers.memo_recipients"), "{%p for line in recipients %}", "{{ line }}",
         "{%p endfor %}"],
        "{{ signer }}",
        words("papers.memo_sign_here"),
    )  # fmt: skip
    paper.landscape()
    paper.title(words("papers.memo_annex"), words("papers.memo_annex_of"))
    _table(paper, "assumptions", words)
    return paper.content()


def _listed(paper: Paper, name: str, words: Words, *, head: str = "") -> None:
    """Write a list with its heading; both are left out where it is empty."""
    paper.text(f"{{%p if {name} %}}")
    paper.heading(words(f"papers.memo_head_{head or name}"))
    paper.text(f"{{%p for line in {name} %}}")
    paper.text("- {{ line }}")
    paper.text("{%p endfor %}")
    paper.text("{%p endif %}")


def _table(
    paper: Paper, name: str, words: Words, *, note: str = "", is_optional: bool = False
) -> None:
    """Write a table of one repeated row; an empty one is not known, or left out if optional."""
    fields = MEMO_FIELDS[name]
    blank = [""] * (len(fields) - 1)
    if not is_optional:
        paper.heading(words(f"papers.memo_head_{name}"))
    paper.text(f"{{%p if {name} %}}")
    if is_optional:
        paper.heading(words(f"papers.memo_head_{name}"))
    paper.table(
        [words(f"papers.memo_{name}_{field}") for field in fields],
        [
            [f"{{%tr for row in {name} %}}", *blank],
            [f"{{{{ row.{field} }}}}" for field in fields],
            ["{%tr endfor %}", *blank],
        ],
        widths=WIDTHS[name],
        numbers=NUMBERS[name],
    )
    if note:
        paper.text(f"{{{{ {note} }}}}", is_quiet=True)
    if not is_optional:
        paper.text("{%p else %}")
        paper.text("{{ phases_none }}" if name == "phases" else "{{ unknown }}")
    paper.text("{%p endif %}")


def approval_memo(
    plan: "CablePlan",
    words: Words,
    *,
    office: Office | None = None,
    addressee: str = "",
    template: bytes | None = None,
    sketch: bytes | None = None,
    made_on: date | None = None,
) -> bytes:
    """
    Return the memo that asks for approval of an undergrounding plan.

    Parameters
    ----------
    plan
        The plan; what its tables do not hold reads "not enough data".
    words
        Catalogue of the office's language.
    office
        Who writes; dots are printed where its fields are empty.
    addressee
        To whom it goes; dots where empty.
    template
        The office's own Word file with placeholders; ours where None.
    sketch
        Picture of the plan as PNG, or None.
    made_on
        Day in the properties of the file; a fixed one, and none in the text, where None.

    Returns
    -------
    content
        A Word file. From synthetic data every page says so, and nobody is named to sign.

    Raises
    ------
    SourceFileError
        If the template is no Word file, names placeholders that are not known, or breaks its rules.
    """
    is_synthetic = bool(plan.provenance.synthetic or plan.layers.synthetic())
    context = _context(plan, words, office or Office(), addressee)
    if made_on is not None:
        context["day"] = words("papers.memo_day", day=day_told(made_on))
    if is_synthetic:
        context["banner"] = context["signer"] = words("reports.synthetic")
    document = filled_template(
        template or memo_template(words),
        context,
        known=(
            *MEMO_PLACEHOLDERS,
            *(f"{name}: row.{field}" for name, all_of in MEMO_FIELDS.items() for field in all_of),
        ),
        pictures={"sketch": sketch} if sketch else {},
        is_ours=template is None,
    )
    if is_synthetic:
        warn_on_pages(document, words("reports.synthetic"), in_text=False)
    about = document.core_properties
    about.title, about.author = words("papers.memo_title"), "infraplan"
    about.comments, about.last_modified_by = "", "infraplan"
    about.created = about.modified = moment(made_on)
    stream = io.BytesIO()
    document.save(stream)
    return dateless(stream.getvalue())


def _context(plan: "CablePlan", words: Words, office: Office, addressee: str) -> dict[str, Any]:
    """Return what fills the placeholders."""
    dots = "." * 30
    names = [_street(plan, name, words) for name in _street_order(plan)]
    return {
        "PARENT": tidy(office.parent).upper() or dots,
        "OFFICE": tidy(office.name).upper() or dots,
        "office": tidy(office.name) or dots,
        "place": tidy(office.place) or "." * 14,
        "day": words("paper.day_open"),
        "addressee": tidy(addressee) or dots,
        "plan": tidy(plan.layers.name),
        "streets_named": ", ".join(names) or words("common.unknown"),
        "cost": _billion(plan.cost_vnd, words),
        "cost_vnd": words.number(plan.cost_vnd),
        "proof": _proof(plan.gap, words, stopped=plan.stopped_by_time),
        "investment_told": _investment_told(plan, words),
        **_standing(plan, words),
        "summary": _summary(plan, words),
        **_shares(plan, words),
        "bases": [words(f"papers.memo_basis_{k}") for k in range(1, 6)],
        "streets": _streets(plan, words),
        "bill": _bill(plan, words),
        "bill_total": words("papers.memo_bill_total", cost=words.number(plan.cost_vnd)),
        "investment": _investment(plan, words),
        "investment_note": _investment_note(plan, words),
        "rules_shared": _rules_shared(plan, words),
        "funding": _funding(plan, words),
        "funding_note": words("papers.memo_funding_note"),
        "phases": _phases(plan, words),
        "phases_none": words("papers.memo_phases_none"),
        "phases_note": _phases_note(plan, words),
        "steps": _steps(plan, words),
        "steps_note": words("papers.memo_steps_note"),
        "without": _without(plan, words),
        "wishes": _wishes(plan, words),
        "findings": _findings(plan, words),
        "limits": _limits(plan, words),
        "asked": [words(f"papers.memo_asked_{k}") for k in range(1, 4)],
        "annexes": [words(f"papers.memo_annex_{k}") for k in range(1, 5)],
        "assumptions": _assumptions(plan, words),
        "recipients": [words("papers.memo_recipient_same"), words("papers.memo_recipient_file")],
        "signer": words("papers.memo_signer"),
        "sketch": "",
        "unknown": words("papers.memo_unknown"),
        "banner": "",
    }


def _street_order(plan: "CablePlan") -> list[str]:
    """Return the streets that are dug, in the order of the plan: that of its bill."""
    dug = dict.fromkeys(street_names(plan.segments))
    billed = [street for street in dict.fromkeys(plan.lines["street"].tolist()) if street in dug]
    return list(dict.fromkeys([*billed, *dug]))


def _street(plan: "CablePlan", name: Any, words: Words) -> str:  # noqa: ANN401 - a field
    """Return what a street is called, its part told where it is not the whole of it."""
    return tidy(street_told(plan, str(name), words))


def _billion(vnd: float, words: Words) -> str:
    """Return a sum in billions, in words."""
    if not _is_known(vnd):
        return words("common.unknown")
    return words("papers.billion", cost=words.number(float(vnd) / 1e9, 2))


def _vnd(value: Any, words: Words) -> str:  # noqa: ANN401 - a field of a table
    """Return a sum in whole dong."""
    return words.number(int(value)) if _is_known(value) else words("common.unknown")


def _is_known(value: Any) -> bool:  # noqa: ANN401 - a field of a table
    """Return whether a field of a table holds a number."""
    return value is not None and not pd.isna(value) and math.isfinite(float(value))


def _number(value: Any, words: Words, decimals: int = 0) -> str:  # noqa: ANN401 - a field
    """Return a number of a table in words."""
    return words.number(float(value), decimals) if _is_known(value) else words("common.unknown")


def _named(prefix: str, code: Any, words: Words) -> str:  # noqa: ANN401 - a field of a table
    """Return the name of a code where the catalogue has one, else the code."""
    key = f"{prefix}{tidy(code)}"
    return words(key) if key in words.entries else tidy(code)


def _unit(code: Any, words: Words) -> str:  # noqa: ANN401 - a field of a table
    """Return the name of a unit."""
    key = f"papers.unit_{tidy(code)}"
    return words(key) if key in words.entries else _named("cables.unit_", code, words)


def _proof(gap: float, words: Words, *, stopped: bool) -> str:
    """Return how much cheaper any other plan can be at most, never less than is proven."""
    if not math.isfinite(gap):
        return words("papers.memo_proof_unknown")
    if gap <= 0:
        return words("papers.memo_proof_none")
    # rounded up: what is said must hold
    shown = math.ceil(round(gap * 1000, 6)) / 10
    key = "papers.memo_proof_stopped" if stopped else "papers.memo_proof"
    return words(key, gap=words.number(shown, 1))


def _investment_lines(plan: "CablePlan") -> dict[str, Any]:
    """Return the amounts of the total investment by line."""
    table = plan.investment
    return {str(line): table.loc[line, "amount_vnd"] for line in table.index}


def _investment_told(plan: "CablePlan", words: Words) -> str:
    """Return the total investment and its range, as far as they are known."""
    lines = _investment_lines(plan)
    if not _is_known(lines.get("total")):
        return words("papers.memo_investment_unknown")
    total = _billion(lines["total"], words)
    if not (_is_known(lines.get("low")) and _is_known(lines.get("high"))):
        return words("papers.memo_investment_alone", total=total)
    ends = [_billion(lines[end], words) for end in ("low", "high")]
    return words("papers.memo_investment_told", total=total, low=ends[0], high=ends[1])


def _standing(plan: "CablePlan", words: Words) -> dict[str, str]:
    """Return which prices and rules are not confirmed, and what of the cost rests on them."""
    open_bill = plan.bill[~plan.bill["verified"].astype(bool)]
    costly = open_bill.sort_values(["cost_vnd", "item"], ascending=[False, True])
    items = [_within(_named("cables.item_", item, words)) for item in costly["item"]]
    share = float(open_bill["cost_vnd"].sum()) / plan.cost_vnd if plan.cost_vnd else 0.0
    table = plan.assumptions.reset_index()
    is_rule = table["kind"].astype(str) != "price"
    is_open = ~table["verified"].fillna(value=False).astype(bool)
    rules = table[is_rule & is_open]
    named = [_within(_assumption(name, words)) for name in rules["name"]]
    standing = words(
        "papers.memo_standing" if items or named else "papers.memo_standing_all",
        prices=words.number(len(items)),
        of=words.number(len(plan.bill)),
        share=words.number(100 * share, 0),
        rules=words.number(len(named)) if is_rule.any() else words("common.unknown"),
    )
    return {
        "standing": standing,
        "assumed_prices": _most(items, "papers.memo_assumed_prices", words),
        "open_rules": _most(named, "papers.memo_open_rules", words),
    }


def _within(name: str) -> str:
    """Return a name as it stands within a sentence."""
    return name[:1].lower() + name[1:]


def _most(names: Sequence[str], key: str, words: Words) -> str:
    """Return the first names of a list and how many more there are; empty for none."""
    if not names:
        return ""
    told = "; ".join(names[:NAMED])
    if len(names) > NAMED:
        told += " " + words("papers.memo_more", count=words.number(len(names) - NAMED))
    return words(key, names=told)


def _summary(plan: "CablePlan", words: Words) -> list[str]:
    """Return what is built and what is taken down."""
    segments = plan.segments
    reused = segments["kind"] == "duct"
    told = [
        words(
            "papers.memo_summary_built",
            length=words.number(float(segments.loc[~reused, "length_m"].sum())),
            reused=words.number(float(segments.loc[reused, "length_m"].sum())),
            chambers=words.number(int((~plan.chambers["existing"].astype(bool)).sum())),
            existing=words.number(int(plan.chambers["existing"].astype(bool).sum())),
            crossings=words.number(len(plan.crossings)),
            drops=words.number(len(plan.drops)),
        )
    ]
    by_owner = [
        words("papers.memo_removed_of", owner=tidy(row["operator"]),
              length=words.number(float(row["length_m"])))
        for _, row in plan.removed.iterrows()
    ]  # fmt: skip
    told.append(
        words(
            "papers.memo_summary_removed",
            length=words.number(float(plan.removed["length_m"].sum())),
            owners="; ".join(by_owner) or words("common.unknown"),
            poles=words.number(plan.poles_removed),
        )
    )
    return [*told, *map(tidy, left_out_told(plan, words))]


def _shares(plan: "CablePlan", words: Words) -> dict[str, Any]:
    """Return who brings the capital, and who rents, as it was asked for."""
    asked, renting = plan.sharing, tenants(plan)
    alone = costs_alone(plan)
    capital = plan.shares[~plan.shares["operator"].isin(list(renting))]
    rows = [
        {
            "owner": tidy(payer_told(str(row["operator"]), words)),
            "share": f"{_number(100 * row['share'], words, 1)} %",
            "cost": _vnd(row["cost_vnd"], words),
            "alone": _vnd(alone[row["operator"]], words) if row["operator"] in alone else "–",
        }
        for _, row in capital.iterrows()
    ]
    own = dict(zip(plan.shares["operator"], plan.shares["cost_vnd"], strict=True))
    total = words.number(int(plan.shares["cost_vnd"].sum())) if rows else words("common.unknown")
    told = {"total": total, "rule": words(f"choices.rule_{asked.rule}")}
    note = words("papers.memo_shares_note", **told)
    if renting:
        kept = words.number(sum(int(own.get(owner, 0)) for owner in renting))
        note = words(
            "tenants.memo_note", own=kept, model=words(f"papers.model_{asked.model}"), **told
        )
    if asked.public_share:
        percent = words.number(100 * asked.public_share, 1)
        note = f"{note} {words('tenants.memo_public', share=percent)}"
    note = " ".join([note, *dearer_than_alone(plan, words)])
    return {
        "shares": rows,
        "shares_total": total,
        "shares_note": note,
        "tenants": [
            {
                "owner": tidy(owner),
                "own": _vnd(own.get(owner, 0), words),
                "rent": _vnd(rent_vnd, words),
            }
            for owner, rent_vnd in renting.items()
        ],
    }


def _streets(plan: "CablePlan", words: Words) -> list[dict[str, str]]:
    """Return the streets with their quantities, year and cost."""
    named = pd.Series(street_names(plan.segments), index=plan.segments.index, dtype=object)
    lines = plan.lines.reset_index()
    cost = lines.groupby("street")["cost_vnd"].sum().to_dict() if len(lines) else {}
    years = plan.phases["year"].to_dict() if len(plan.phases) else {}
    crossed = _crossed(plan, named)
    rows = []
    for name in _street_order(plan):
        own = plan.segments[named == name]
        reused = own["kind"] == "duct"
        year = years.get(name)
        rows.append(
            {
                "name": _street(plan, name, words),
                "length": _number(own.loc[~reused, "length_m"].sum(), words, 1),
                "reused": _number(own.loc[reused, "length_m"].sum(), words, 1),
                "crossings": words.number(crossed.count(name)),
                "drops": words.number(int((plan.drops["street"] == name).sum())),
                "year": str(int(year))
                if year is not None and _is_known(year) and int(year)
                else "–",
                "cost": _vnd(cost.get(name), words),
            }
        )
    # crossings of side streets and what belongs to no street of the plan
    others = {name: vnd for name, vnd in cost.items() if name not in set(named)}
    if others:
        rows.append(
            {"name": words("papers.memo_streets_other"), "length": "–", "reused": "–",
             "crossings": "–", "drops": "–", "year": "–", "cost": _vnd(sum(others.values()), words)}
        )  # fmt: skip
    return rows


def _crossed(plan: "CablePlan", named: "pd.Series") -> list[str]:
    """Return the street of each crossing: of a side street that of the trench beside it."""
    import shapely

    own = set(named)
    streets = plan.crossings["street"].tolist()
    if not len(streets) or not len(named):
        return [str(street) for street in streets]
    middles = shapely.centroid(plan.crossings.geometry.to_numpy())
    at = shapely.STRtree(plan.segments.geometry.to_numpy()).nearest(middles)
    beside = named.to_numpy()[at].tolist()
    return [street if street in own else near for street, near in zip(streets, beside, strict=True)]


def _bill(plan: "CablePlan", words: Words) -> list[dict[str, str]]:
    """Return the bill: an item a row."""
    return [
        {
            "order": str(number),
            "item": _named("cables.item_", row["item"], words),
            "quantity": _number(row["quantity"], words, 0 if row["unit"] == "each" else 2),
            "unit": _unit(row["unit"], words),
            "price": _vnd(row["price_vnd"], words),
            "cost": _vnd(row["cost_vnd"], words),
            "standing": words("papers.confirmed" if row["verified"] else "papers.assumed"),
        }
        for number, (_, row) in enumerate(plan.bill.iterrows(), start=1)
    ]


def _confirmed(verified: Any, words: Words) -> str:  # noqa: ANN401 - a field of a table
    """Return whether a price or rule is confirmed."""
    is_so = verified is not None and not pd.isna(verified) and bool(verified)
    return words("papers.confirmed" if is_so else "papers.unconfirmed")


def _investment(plan: "CablePlan", words: Words) -> list[dict[str, str]]:
    """Return the lines of the total investment, its total and range last."""
    table = plan.investment
    order = [line for line in table.index if line not in TOTALS]
    order += [line for line in TOTALS if line in table.index]
    return [
        {
            "line": _named("papers.line_", line, words),
            "rate": _rate(table.loc[line], words),
            "amount": _vnd(table.loc[line, "amount_vnd"], words),
            "standing": _confirmed(table.loc[line, "verified"], words),
        }
        for line in order
    ]


def _investment_note(plan: "CablePlan", words: Words) -> str:
    """Return what kind of rates the total investment has, and from which table each is."""
    table = plan.investment
    rates = table[table["rate"].notna() & ~table.index.isin(TOTALS)]
    if not len(rates):
        return ""
    told = [
        words(
            "papers.memo_rate_source",
            line=_named("papers.line_", line, words),
            rate=_rate(row, words),
            source=source_told(tidy(row["source"]), words),
        )
        for line, row in rates.iterrows()
    ]
    base = [line for line in ("construction", "equipment") if line in table.index]
    return words(
        "papers.memo_investment_note",
        base=_billion(float(table.loc[base, "amount_vnd"].sum()), words),
        sources=". ".join(told),
    )


def _rate(row: "pd.Series", words: Words) -> str:
    """Return the rate of a line and what it applies to, a dash where it has none."""
    if not _is_known(row["rate"]):
        return "–"
    return f"{words.number(100 * float(row['rate']), 2)} %"


def _rules_shared(plan: "CablePlan", words: Words) -> list[dict[str, str]]:
    """Return what each owner pays under every rule of sharing."""
    if not len(plan.share_rules):
        return []
    table = plan.share_rules["cost_vnd"].unstack("rule")  # noqa: PD010 - keys, not values
    fields = MEMO_FIELDS["rules_shared"][1:]
    return [
        {"owner": tidy(owner)} | {rule: _vnd(row.get(rule), words) for rule in fields}
        for owner, row in table.sort_index().iterrows()
    ]


def _funding(plan: "CablePlan", words: Words) -> list[dict[str, str]]:
    """Return who pays what under every model of funding."""
    return [
        {
            "model": _named("papers.model_", row["model"], words),
            "payer": tidy(payer_told(str(row["payer"]), words)),
            "capital": _vnd(row["capital_vnd"], words),
            "rent": _vnd(row["rent_year_vnd"], words),
            "income": _vnd(row["income_year_vnd"], words),
            "payback": _number(row["payback_years"], words, 1)
            if _is_known(row["payback_years"])
            else words("papers.memo_not_applicable"),
        }
        for _, row in plan.funding.reset_index().iterrows()
    ]


def _phases(plan: "CablePlan", words: Words) -> list[dict[str, str]]:
    """Return what is built in which year."""
    table = plan.phases.reset_index()
    place = {street: k for k, street in enumerate(_street_order(plan))}

    def at(street: str) -> int:
        """Return the place of a street in the plan."""
        return place.get(street, len(place))

    budget = plan.years["budget_vnd"].to_dict() if len(plan.years) else {}
    later = later_cost_vnd(plan)
    rows = []
    years = pd.to_numeric(table["year"], errors="coerce").fillna(0)
    for year in sorted(set(years.astype(int).tolist()), key=lambda one: (one == 0, one)):
        own = table[years == year]
        rows.append(
            {
                "year": str(year) if year else words("papers.memo_no_year"),
                "streets": ", ".join(
                    _street(plan, s, words) for s in sorted(own["street"], key=at)
                ),
                "budget": _vnd(budget.get(year), words)
                if year
                else words("papers.memo_not_applicable"),
                "cost": _vnd(own["cost_vnd"].sum() if year else later, words),
            }
        )
    return rows


def _phases_note(plan: "CablePlan", words: Words) -> str:
    """Return what the money of a year is held against, and what streets without a year cost."""
    told = [words("dearer.budget")] if len(plan.years) else []
    if later := later_cost_vnd(plan):
        rest = words.number(plan.cost_vnd - later)
        told.append(words("dearer.later", cost=words.number(later), rest=rest))
    return " ".join(told)


def _steps(plan: "CablePlan", words: Words) -> list[dict[str, str]]:
    """Return the steps of the cut-over in the order in which they first come."""
    table = plan.cutover.reset_index()
    rows = []
    for step in dict.fromkeys(table["step"].tolist()):
        every = table[table["step"] == step]
        done = every[every["quantity"] > 0]  # beside a crossed side street there may be nothing
        own = done if len(done) else every
        units = own.groupby("unit", sort=True)["quantity"].sum()
        told = [f"{_number(units[u], words)} {_unit(u, words)}" for u in units.index]
        rows.append(
            {
                "step": _named("papers.step_", step, words),
                "count": words.number(len(own)),
                "quantity": "; ".join(told) or words("common.unknown"),
            }
        )
    return rows


def _without(plan: "CablePlan", words: Words) -> list[dict[str, str]]:
    """Return what the plan costs without each of its streets."""
    if not len(plan.subsets):
        return []
    table = plan.subsets.reset_index()
    sets = [frozenset(str(names).split(";")) for names in table["streets"]]
    everything = max(sets, key=len)
    whole = table.iloc[sets.index(everything)]
    rows = []
    for kept, (_, row) in zip(sets, table.iterrows(), strict=True):
        left_out = everything - kept
        if len(left_out) == 1 and len(kept) == len(everything) - 1:
            rows.append(
                {
                    "street": next(iter(left_out)),
                    "cost": _vnd(row["cost_vnd"], words),
                    "saved": _vnd(whole["cost_vnd"] - row["cost_vnd"], words),
                    "investment": _vnd(row["investment_vnd"], words),
                    "proof": _gap_told(row["gap"], words),
                }
            )
    order = str(whole["streets"]).split(";")
    rows.sort(key=lambda one: order.index(one["street"]))
    return [one | {"street": _street(plan, one["street"], words)} for one in rows]


def _gap_told(gap: Any, words: Words) -> str:  # noqa: ANN401 - a field of a table
    """Return a gap in per cent, rounded up."""
    if not _is_known(gap):
        return words("common.unknown")
    return f"{words.number(math.ceil(round(float(gap) * 1000, 6)) / 10, 1)} %"


def _wishes(plan: "CablePlan", words: Words) -> list[str]:
    """Return what each wish costs, or that it cannot be met."""
    told = []
    for _, row in plan.wishes.reset_index().iterrows():
        cost = float(row["cost_vnd"]) if _is_known(row["cost_vnd"]) else 0.0
        change = "" if cost > 0 else "_cheaper" if cost < 0 else "_same"
        key = (
            f"papers.memo_wish{change}" if bool(row["possible"]) else "papers.memo_wish_impossible"
        )
        told.append(
            words(
                key,
                street=_street(plan, row["street"], words),
                kind=_named("papers.wish_", row["kind"], words),
                cost=_vnd(abs(cost), words),
                worth=_number(row["worth_lost"], words, 1),
            )
        )
    return told


def _findings(plan: "CablePlan", words: Words) -> list[dict[str, str]]:
    """Return what the validation found, a kind a row, the gravest first."""
    table = plan.findings.reset_index()
    grave = {"error": 0, "warning": 1, "note": 2}
    kinds = sorted(
        {(str(s), str(c)) for s, c in zip(table["severity"], table["code"], strict=True)},
        key=lambda one: (grave.get(one[0], 3), one[1]),
    )
    rows = []
    for severity, code in kinds:
        own = table[(table["severity"] == severity) & (table["code"] == code)]
        places = [tidy(feature_told(code, x, words)) for x in own["feature_id"].head(PLACES)]
        more = "…" if len(own) > PLACES else ""
        rows.append(
            {
                "severity": _named("papers.severity_", severity, words),
                "code": tidy(finding_told(own.iloc[0].to_dict(), words)),
                "count": words.number(len(own)),
                "where": ", ".join(place for place in places if place) + more,
            }
        )
    return rows


def _limits(plan: "CablePlan", words: Words) -> list[str]:
    """Return what the plan does not say."""
    told = [words(f"papers.memo_limit_{name}") for name in NOTES]
    if len(plan.drops) and plan.drops["assumed"].astype(bool).any():
        count = int(plan.drops["assumed"].astype(bool).sum())
        told.append(words("papers.memo_limit_drops", count=words.number(count)))
    if plan.stopped_by_time:
        told.append(words("papers.memo_limit_time"))
    return told


def _assumptions(plan: "CablePlan", words: Words) -> list[dict[str, str]]:
    """Return every price and rule that counts, those of the bill where the plan has no list."""
    if len(plan.assumptions):
        table = plan.assumptions.reset_index()
        return [
            {
                "kind": _named("papers.kind_", row["kind"], words),
                "name": _assumption(row["name"], words),
                "value": _number(row["value"], words, 0 if float(row["value"]).is_integer() else 3)
                if _is_number(row["value"])
                else tidy(row["value"]),
                "unit": _unit(row["unit"], words),
                "source": "; ".join(
                    filter(None, (source_told(tidy(row["source"]), words), tidy(row["date"])))
                ),
                "counts": _vnd(row["counts_vnd"], words),
                "standing": _confirmed(row["verified"], words),
            }
            for _, row in table.iterrows()
        ]
    return [
        {
            "kind": words("papers.kind_price"),
            "name": _named("cables.item_", row["item"], words),
            "value": _vnd(row["price_vnd"], words),
            "unit": _unit(row["unit"], words),
            "source": source_told(tidy(row["source"]), words),
            "counts": _vnd(row["cost_vnd"], words),
            "standing": _confirmed(row["verified"], words),
        }
        for _, row in plan.bill.iterrows()
    ]


def _is_number(value: Any) -> bool:  # noqa: ANN401 - a field of a table
    """Return whether a field is a finite number and no text."""
    return not isinstance(value, str) and _is_known(value)


def _assumption(name: Any, words: Words) -> str:  # noqa: ANN401 - a field of a table
    """Return the name of a price or a rule."""
    for prefix in ("cables.item_", "papers.rule_", "works.rule_"):
        if f"{prefix}{name}" in words.entries:
            return words(f"{prefix}{name}")
    return tidy(name)
