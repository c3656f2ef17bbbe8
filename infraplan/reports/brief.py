"""One A4 page for the head: a number, a picture, what to decide, what is unsure, who answers."""

import math
import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.cables.plan_told import shares_told
from infraplan.coverage.quality import missing_operators
from infraplan.coverage.quality import source_quality
from infraplan.coverage.readings import worst_gaps
from infraplan.layers.bundle import Layers
from infraplan.reports.office import Office
from infraplan.reports.published import operator_told
from infraplan.reports.typeset import shortened
from infraplan.reports.typeset import typeset
from infraplan.reports.typeset import typeset_picture
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.cables import CablePlan
    from infraplan.coverage import Gaps
    from infraplan.sites import Appraisal
    from infraplan.sites import Proposal
    from infraplan.sites import SiteRules

__all__ = ["Findings", "brief_figures", "write_brief"]

MOST_DECISIONS, MOST_DOUBTS, MOST_ANSWERS = 3, 5, 6
PROPOSALS = ("approve", "approve_with_conditions", "reject", "needs_information")
PICTURE_PX = 1080  # as wide as a phone shows it in a chat
BILLION = 1e9
CLOSED = ("decided", "built", "withdrawn", "superseded")  # states that ask for no decision
SAME = 5e-5  # of a share: less is no change that one digit shows


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """
    What a plan keeps that a head is told of; what it lacks is None or empty, and is said.

    `streets` and `proposed` may be of any age; `rules` are those that the appraisals apply.
    """

    layers: Layers
    as_of: date
    rules: "SiteRules"
    gaps: "Gaps | None" = None
    appraisals: "Sequence[Appraisal]" = ()
    proposal: "Proposal | None" = None
    cable_plan: "CablePlan | None" = None

    @property
    def is_synthetic(self) -> bool:
        """Return whether any of it rests on made-up data."""
        results = [self.gaps, self.proposal, self.cable_plan, *self.appraisals]
        made_up = [result.provenance.synthetic for result in results if result is not None]
        return bool(self.layers.synthetic()) or any(made_up)


def brief_figures(found: Findings) -> dict[str, float | str]:
    """
    Return the figures that the next page is compared with.

    Parameters
    ----------
    found
        What the plan keeps.

    Returns
    -------
    figures
        `service`, `share`, `people_lacking` where gaps are known; `open_requests`, and
        `unconfirmed_rules`, as plain values.
    """
    figures: dict[str, float | str] = {
        "open_requests": float(sum(len(rows) for _, rows in _open_batches(found))),
        "unconfirmed_rules": float(sum(not rule.verified for rule in found.rules.rules.values())),
    }
    row = _headline(found.gaps)
    if found.gaps is not None and row is not None and math.isfinite(float(row["share"])):
        told = found.gaps.definition
        figures |= {
            "service": f"{told.technology} {told.operator}",
            "share": round(float(row["share"]), 5),
            "people_lacking": round(float(row["total"] - row["covered"] - row["unknown"])),
        }
    return figures


def write_brief(
    found: Findings,
    *,
    picture: bytes | None,
    before: tuple[date, Mapping[str, Any]] | None,
    words: Words,
    office: Office | None = None,
) -> tuple[bytes, bytes]:
    """
    Return the page for print, and as a picture for a phone.

    Parameters
    ----------
    found
        What the plan keeps.
    picture
        PNG map of gaps and requests; None where nothing can be drawn.
    before
        Day and figures of the last page before this one; None where there is none.
    words
        Catalogue.
    office
        Whose page it is.

    Returns
    -------
    pdf, png
        One A4 page each; equal inputs give equal bytes.
    """
    who = office or Office()
    content = {
        "language": words.language,
        "banner": words("reports.synthetic") if found.is_synthetic else "",
        "office": shortened(who.name, 70),
        "heading": words("brief.heading"),
        "title": shortened(words("brief.title", plan=found.layers.name), 90),
        "day": words("brief.day", day=words.day(found.as_of)),
        "number": _number(found, words),
        "meaning": _meaning(found, words),
        "change": _changes(found, before, words),
        "map": "map.png" if picture else "",
        "no_map": words("brief.no_map"),
        "caption": _caption(found, words),
        "heads": {key: words(f"brief.{key}") for key in ("decide", "unsure", "answer")},
        "decisions": _decisions(found, words)[:MOST_DECISIONS],
        "no_decision": words("brief.no_decision"),
        "doubts": [shortened(line, 190) for line in _doubts(found, words)[:MOST_DOUBTS]],
        "answers": [
            (shortened(name, 34), shortened(what, 130))
            for name, what in _answers(found, words)[:MOST_ANSWERS]
        ],
        "foot": _foot(found, words),
    }
    pictures = {"map.png": picture} if picture else {}
    return (
        typeset("brief", content, pictures=pictures),
        typeset_picture("brief", content, pictures=pictures, width_px=PICTURE_PX),
    )


def _written(text: str, words: Words) -> str:
    """Return the ISO days in a text as the language writes them."""
    if words.language != "vi":
        return text
    return re.sub(r"(\d{4})-(\d{2})-(\d{2})", r"\3/\2/\1", text)


def _percent(share: float, words: Words) -> str:
    """Return a share in per cent with one digit; of nearly all never 100."""
    if not math.isfinite(share):
        return words("common.unknown")
    shown = 100.0 * share
    if share < 1.0:
        shown = min(shown, 99.9)
    return f"{words.number(shown, 1)}\N{NO-BREAK SPACE}%"


def _billion(cost_vnd: float, words: Words) -> str:
    """Return money as papers tell it."""
    if not math.isfinite(cost_vnd):
        return words("common.unknown")
    digits = 1 if cost_vnd >= 10.0 * BILLION else 2
    return words("brief.billion", cost=words.number(cost_vnd / BILLION, digits))


def _caption(found: Findings, words: Words) -> str:
    """Return what the marks of the map mean, empty where there are none."""
    keys = {"gaps": found.gaps is not None, "requests": found.layers.has("requests")}
    return " ".join(words(f"brief.caption_{key}") for key, there in keys.items() if there)


def _headline(gaps: "Gaps | None") -> "pd.Series[Any] | None":
    """Return the row of the headline's share of people in the whole area; None where unknown."""
    if gaps is None:
        return None
    told, shares = gaps.definition, gaps.shares
    rows = shares[
        (shares["area_level"] == "province")
        & (shares["denominator"] == "people")
        & (shares["technology"] == told.technology)
        & (shares["operator"] == told.operator)
    ]
    return rows.iloc[0] if len(rows) and float(rows.iloc[0]["total"]) > 0 else None


def _number(found: Findings, words: Words) -> str:
    """Return the one number."""
    row = _headline(found.gaps)
    return "—" if row is None else _percent(float(row["share"]), words)


def _meaning(found: Findings, words: Words) -> list[str]:
    """Return what the number means, or why there is none."""
    row = _headline(found.gaps)
    if found.gaps is None or row is None:
        return [words("brief.no_share")]
    told = found.gaps.definition
    total = float(row["total"])
    lacking = total - float(row["covered"]) - float(row["unknown"])
    ends = (total * (1.0 - float(row[name])) for name in ("share_high", "share_low"))
    return [
        words(
            "brief.meaning",
            technology=told.technology,
            operator=operator_told(told.operator, words),
            low=_percent(float(row["share_low"]), words),
            high=_percent(float(row["share_high"]), words),
        ),
        words(
            "brief.lacking",
            lacking=words.people_range(lacking, *ends),
            total=words.number(round(total, -3) if total >= 10_000 else round(total)),
        ),
    ]


def _changes(
    found: Findings, before: tuple[date, Mapping[str, Any]] | None, words: Words
) -> list[str]:
    """Return what moved since the last page."""
    if before is None:
        return [words("brief.first")]
    day, old = before
    now = brief_figures(found)
    lines = []
    if "share" in now and "share" in old and now["service"] == old.get("service"):
        moved = float(now["share"]) - float(old["share"])
        key = "same_share" if abs(moved) < SAME else "more_share" if moved > 0 else "less_share"
        lines.append(
            words(
                f"brief.{key}",
                before=_percent(float(old["share"]), words),
                points=words.number(100.0 * abs(moved), 2),
            )
        )
    elif "share" in now and "share" in old:
        lines.append(words("brief.other_service"))
    for name in ("open_requests", "unconfirmed_rules"):
        if name in old and now[name] != old[name]:
            values = {
                "before": words.number(float(old[name])),
                "now": words.number(float(now[name])),
            }
            lines.append(words(f"brief.change_{name}", **values))
    text = " ".join(lines) or words("brief.nothing_moved")
    return [words("brief.since", day=words.day(day), changes=text)]


def _open_batches(found: Findings) -> list[tuple[str, pd.DataFrame]]:
    """Return the batches with requests that await a decision, the earliest due first."""
    register = found.layers.table("requests")
    if not len(register):
        return []
    table = pd.DataFrame(register)
    decided = {
        str(key)
        for appraisal in found.appraisals
        for key, value in appraisal.requests["decision"].items()
        if isinstance(value, str) and value
    }
    waits = table["decision"].isna() & ~table.index.astype(str).isin(decided)
    if "state" in table:
        waits &= ~table["state"].isin(CLOSED)
    rows = table[waits.to_numpy(dtype=bool)]
    batches = [(str(name), of) for name, of in rows.groupby(rows["batch"].astype(str), sort=True)]
    return sorted(batches, key=lambda entry: (_due(entry[1]) or date.max, entry[0]))


def _due(rows: pd.DataFrame) -> date | None:
    """Return the first day on which an answer is due; None where none is known."""
    days = []
    for value in rows["due"].dropna() if "due" in rows else ():
        try:
            days.append(date.fromisoformat(str(value)[:10]))
        except ValueError:
            continue
    return min(days, default=None)


def _decisions(found: Findings, words: Words) -> list[dict[str, Any]]:
    """Return what is to be decided: headline, lines, money."""
    batches = _open_batches(found)
    made = [_batch_decision(name, rows, found, words) for name, rows in batches]
    plans = [
        decision
        for decision in (_sites_decision(found, words), _streets_decision(found, words))
        if decision is not None
    ]
    room = max(MOST_DECISIONS - len(plans), 1)
    if len(made) > room:
        left = len(made) - room
        more = words("brief.more_batches", count=words.number(left))
        made[room - 1]["lines"] = [*made[room - 1]["lines"], more]
    return [*made[:room], *plans]


def _batch_decision(name: str, rows: pd.DataFrame, found: Findings, words: Words) -> dict[str, Any]:
    """Return the decision on a batch of requests."""
    operators = sorted({str(value) for value in rows["operator"].dropna()})
    letters = sorted({str(value) for value in rows["letter"].dropna()}) if "letter" in rows else []
    title = words(
        "brief.answer_letter" if len(letters) == 1 else "brief.answer_batch",
        letter=shortened(letters[0] if len(letters) == 1 else name, 40),
        operator=shortened(", ".join(operators) or words("common.unknown"), 40),
        count=words.number(len(rows)),
    )
    due = _due(rows)
    lines = [_due_told(due, found.as_of, words)]
    mine = next((a for a in found.appraisals if a.batch == name), None)
    if mine is None:
        lines.append(words("brief.not_appraised"))
    else:
        table = mine.requests[mine.requests.index.astype(str).isin(rows.index.astype(str))]
        counts = table["proposal"].value_counts()
        told = "; ".join(
            f"{words(f'sites.{kind}').lower()}: {words.number(int(counts[kind]))}"
            for kind in PROPOSALS
            if kind in counts
        )
        lines.append(words("brief.proposed", counts=told))
        kept = table[table["proposal"] != "reject"]
        people = pd.to_numeric(kept["marginal_people"], errors="coerce").sum(min_count=1)
        lines.append(
            words(
                "brief.people_batch", people=words.people(float(people)), technology=mine.technology
            )
        )
    return {"title": title, "money": words("brief.own_money"), "lines": lines}


def _due_told(due: date | None, as_of: date, words: Words) -> str:
    """Return when an answer is due, seen from the day of the page."""
    if due is None:
        return words("brief.no_due")
    left = (due - as_of).days
    key = "due_in" if left > 0 else "due_today" if left == 0 else "overdue"
    return words(f"brief.{key}", day=words.day(due), days=words.number(abs(left)))


def _sites_decision(found: Findings, words: Words) -> dict[str, Any] | None:
    """Return the decision on the sites that the plan proposes."""
    proposal = found.proposal
    if proposal is None or not len(proposal.sites):
        return None
    sites = proposal.sites
    cost = pd.to_numeric(sites["cost_vnd"], errors="coerce") if "cost_vnd" in sites else None
    money = math.nan if cost is None or cost.isna().any() else float(cost.sum())
    lines = [
        words(
            "brief.sites_gain",
            people=words.people(float(proposal.objective)),
            technology=proposal.technology,
        )
    ]
    if math.isfinite(money) and money > 0:
        each = float(proposal.objective) / (money / BILLION)
        lines.append(words("brief.per_billion", people=words.people(each)))
    if math.isfinite(proposal.bound) and proposal.bound > 0:
        left = max(float(proposal.bound) - float(proposal.objective), 0.0)
        key = "best_possible" if left < 0.5 else "better_by"
        lines.append(words(f"brief.{key}", people=words.people(left)))
    title = words("brief.build_sites", count=words.number(len(sites)))
    return {"title": title, "money": _billion(money, words), "lines": lines}


def _streets_decision(found: Findings, words: Words) -> dict[str, Any] | None:
    """Return the decision on the streets that are to go underground."""
    plan = found.cable_plan
    if plan is None or not len(plan.segments):
        return None
    named = sorted({str(name) for name in plan.segments["street"].dropna()})
    names = ", ".join(named[:3]) + (
        words("brief.and_more", count=len(named) - 3) if named[3:] else ""
    )
    length_km = float(plan.segments["length_m"].sum()) / 1e3
    shares = plan.shares.sort_values("share", ascending=False)
    payers = shares_told(plan, words)
    told = "; ".join(
        f"{shortened(payers[str(name)], 40)} {_percent(float(share), words)}"
        for name, share in zip(shares["operator"], shares["share"], strict=True)
    )
    lines = [words("brief.streets", names=shortened(names, 90), length=words.number(length_km, 1))]
    lines += [words("brief.shares", shares=shortened(told, 110))] if told else []
    title = words("brief.underground", count=words.number(len(named)))
    return {"title": title, "money": _billion(float(plan.cost_vnd), words), "lines": lines}


def _doubts(found: Findings, words: Words) -> list[str]:
    """Return what is not sure, what weighs most first."""
    lines = _absent(found, words)
    row = _headline(found.gaps)
    if found.gaps is not None and row is not None:
        covered, total = float(row["covered"]), float(row["total"])
        if covered > 0 and (assumed := float(row["people_assumed"]) / covered) >= SAME:
            lines.append(words("brief.doubt_cells", share=_percent(min(assumed, 1.0), words)))
        if not found.gaps.definition.calibration:
            lines.append(words("brief.doubt_measured"))
        if (unknown := float(row["unknown"]) / total) >= SAME:
            lines.append(words("brief.doubt_unknown", share=_percent(unknown, words)))
    old = _old_lists(found, words)
    if old:
        told = ", ".join(f"{name} ({day})" for name, day in old)
        lines.append(words("brief.doubt_lists", lists=told))
    lacking = missing_operators(found.layers)
    if lacking:
        lines.append(words("brief.doubt_missing", names=", ".join(lacking)))
    rules = found.rules.rules.values()
    open_rules = sum(not rule.verified for rule in rules)
    if open_rules:
        lines.append(
            words("brief.doubt_rules", count=words.number(open_rules), all=words.number(len(rules)))
        )
    if found.proposal is not None or found.cable_plan is not None:
        lines.append(words("brief.doubt_prices"))
    return lines or [words("brief.no_doubt")]


def _absent(found: Findings, words: Words) -> list[str]:
    """Return what the plan lacks of what this page tells."""
    layers = found.layers
    parts = {
        "stations": layers.has("sites"),
        "gaps": _headline(found.gaps) is not None,
        "requests": layers.has("requests"),
        "appraisals": bool(found.appraisals) or not layers.has("requests"),
        "proposal": found.proposal is not None,
        "underground": found.cable_plan is not None,
    }
    names = [words(f"brief.part_{part}") for part, there in parts.items() if not there]
    return [words("brief.absent", parts=", ".join(names))] if names else []


def _old_lists(found: Findings, words: Words) -> list[tuple[str, str]]:
    """Return the operators whose list of stations is out of date on the day, with its day."""
    if not len(found.layers.table("sources")):
        return []
    quality = source_quality(found.layers, as_of=found.as_of)
    rows = quality[(quality["layer"] == "sites") & quality["is_old"].fillna(value=False)]
    return sorted(
        (
            str(row["operator"]) if isinstance(row["operator"], str) else "?",
            _written(str(row["as_of"]), words),
        )
        for _, row in rows.iterrows()
    )


def _answers(found: Findings, words: Words) -> list[tuple[str, str]]:
    """Return who must answer, and what."""
    rows: list[tuple[str, str]] = []
    rows += _asked(found, words)
    rows += [
        (name, words("brief.send_list", day=day))
        for name, day in _old_lists(found, words)
        if name != "?"
    ]
    rows += [(name, words("brief.send_first_list")) for name in missing_operators(found.layers)]
    if found.gaps is not None:
        worst = worst_gaps(found.gaps.hamlets, 2)
        rows += [
            (
                words("brief.of_commune", commune=row["commune"]),
                words("brief.confirm_gap", hamlet=row["name"]),
            )
            for _, row in worst.iterrows()
        ]
    open_rules = sum(not rule.verified for rule in found.rules.rules.values())
    if open_rules:
        rows.append((words("brief.the_office"), words("brief.confirm_rules")))
    return rows or [("—", words("brief.nobody"))]


def _asked(found: Findings, words: Words) -> list[tuple[str, str]]:
    """Return the operators who must complete their requests."""
    waiting = {str(key) for _, rows in _open_batches(found) for key in rows.index}
    rows = []
    for appraisal in found.appraisals:
        table = appraisal.requests
        table = table[(table["proposal"] == "needs_information").to_numpy()]
        table = table[[str(key) in waiting for key in table.index]]
        operator = table["operator"].astype("object").fillna("?")
        for name, of in table.groupby(operator, sort=True):
            codes = ", ".join(map(str, of.index[:3])) + (" …" if len(of) > 3 else "")
            what = words("brief.complete", count=words.number(len(of)), codes=codes)
            rows.append((str(name), what))
    return rows


def _foot(found: Findings, words: Words) -> str:
    """Return the foot-note: what having service means in figures, who decides."""
    line = words("brief.foot")
    if found.gaps is None or _headline(found.gaps) is None:
        return line
    told = found.gaps.definition
    limit = told.thresholds_dbm.get(told.technology, math.nan)
    means = words(
        "brief.definition",
        technology=told.technology,
        limit=words.number(limit).replace("-", "−"),
        probability=words.number(100.0 * told.p_cov),
        days=_written(told.data_as_of, words).replace(" - ", " – ") or words("common.unknown"),
    )
    return f"{means} {line}"
