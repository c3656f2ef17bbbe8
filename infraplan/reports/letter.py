"""
The reply to an operator's letter, in Word: how many positions are fit, why not, what is asked.

The text is a template that an office may replace with its own. A template is a stranger's program:
it runs in a sandbox, knows the placeholders below and nothing else, and everything that fills them
is escaped.
"""

import io
import math
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING
from typing import Any

from infraplan.reports.appraised import Batch
from infraplan.reports.appraised import Requested
from infraplan.reports.appraised import day_told
from infraplan.reports.appraised import tidy
from infraplan.reports.office import Office
from infraplan.reports.paper import Paper
from infraplan.reports.paper import dateless
from infraplan.reports.paper import moment
from infraplan.reports.template import filled_template
from infraplan.reports.template import warn_on_pages
from infraplan.sites.reasons import PROPOSALS
from infraplan.sites.wording import phrase
from infraplan.sites.wording import rule_told
from infraplan.text import Words
from infraplan.text import words as catalogue

if TYPE_CHECKING:
    from infraplan.sites import Appraisal

__all__ = ["PLACEHOLDERS", "default_template", "reply_letter"]

# what a template may name; entries of lists are told in `FIELDS`
PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "PARENT": "authority above the office, in capitals",
        "OFFICE": "the office, in capitals",
        "office": "the office",
        "place": "place of writing",
        "day": "day of the letter, to be filled in by hand",
        "operator": "to whom the letter goes",
        "basis": "sentence: which letter is answered",
        "letter": "number of the operator's letter",
        "letter_date": "its day",
        "received": "day of receipt",
        "batch": "name of the batch",
        "count": "number of positions",
        "summary": "sentence: how many positions have which result",
        "standing": "sentence: how many results are the office's decision, how many our proposal",
        "counts": "list: a row a result, of name, number, decided, proposed",
        "overruled": "list of sentences: where decision and proposal differ",
        "doubtful": "list: positions that are not plainly fit, see FIELDS",
        "asked": "list of sentences: what the operator is asked to do",
        "conditions": "list of sentences: requirements, with the positions that they are for",
        "related": "list of sentences: earlier and pending requests near by",
        "changes": "list of sentences: what differs from an earlier letter",
        "confirmed": "list of sentences: rules that the office has confirmed, with their law",
        "unconfirmed": "list of sentences: rules that it has not confirmed",
        "rows": "list: all positions, see FIELDS",
        "unread": "list: rows and cells that could not be read, of where, what, remedy",
        "system": "reference system of x_north and y_east",
        "recipients": "list of lines: to whom copies go",
        "signer": "who signs",
        "banner": "warning of synthetic data, empty for a real letter",
    }
)
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "order": "number in the list",
        "request_id": "code of the request",
        "code": "the operator's own code of the site, else that of the request",
        "name": "name of the site",
        "operator": "who asks",
        "commune": "commune named in the request",
        "longitude": "WGS 84, degrees",
        "latitude": "WGS 84, degrees",
        "x_north": "northing of the plan's reference system, m",
        "y_east": "its easting, m",
        "mast": "class and height of the mast",
        "technologies": "technologies asked for",
        "people": "people newly covered, with their range",
        "nearest": "distance to the nearest station, and whose it is",
        "sharing": "whether a mast that is there would do",
        "planned": "whether the position is in the office's plan",
        "warnings": "names of the rules that ask for something",
        "result": "the decision where there is one, else the proposal",
        "proposal": "our proposal",
        "decision": "the office's decision, empty where there is none",
        "decided": "the decision with who, when and why",
        "reasons": "list of at most five sentences",
        "reason": "the same in one line",
        "flips": "list of sentences: what would change the proposal",
        "changes": "list of sentences: what differs from the request before",
    }
)
DOUBTFUL_EFFECTS = ("reject", "needs_information", "condition")
DOUBTFUL = ("approve_with_conditions", "reject", "needs_information")
ANNEX_WIDTHS = (0.9, 2.9, 1.7, 2.0, 1.6, 1.5, 2.0, 2.1, 2.6, 1.9, 2.0, 5.0)
ANNEX_PT = 8.5


def default_template(words: Words) -> bytes:
    """
    Return the template that letters are made of where an office has none of its own.

    Parameters
    ----------
    words
        Catalogue of the office's language.

    Returns
    -------
    template
        A Word file with placeholders, to be changed and handed back by `--template`.
    """
    return _default_template(words.language)


@cache
def _default_template(language: str) -> bytes:
    """Write the template of a language."""
    words = catalogue(language)
    paper = Paper(words, title=words("letters.reply_title"), foot=words("letters.foot"))
    paper.letterhead(
        "{{ PARENT }}", "{{ OFFICE }}", "{{ place }}", "{{ day }}",
        number=words("letters.number"), about=words("letters.reply_about"),
    )  # fmt: skip
    paper.title(words("letters.to_whom", operator="{{ operator }}"))
    paper.text("{{ basis }}")
    paper.text("{{ summary }}")
    paper.table(
        [words(f"letters.counts_{name}") for name in ("name", "number", "decided", "proposed")],
        _repeated("counts", ("name", "number", "decided", "proposed")),
        widths=(7, 2.2, 3.2, 3.6),
        numbers=(1, 2, 3),
    )
    paper.text("{{ standing }}")
    _listed(paper, "overruled", "")
    _doubtful(paper, words)
    for name in ("asked", "conditions", "related", "changes", "confirmed", "unconfirmed"):
        _listed(paper, name, words(f"letters.head_{name}"))
    paper.text(words("letters.last"))
    paper.closing(
        [words("letters.recipients"), "{%p for line in recipients %}", "{{ line }}",
         "{%p endfor %}"],
        "{{ signer }}",
        words("letters.sign_here"),
    )  # fmt: skip
    _annex(paper, words)
    return paper.content()


def _listed(paper: Paper, name: str, head: str) -> None:
    """Write a list that is left out where it is empty."""
    paper.text(f"{{%p if {name} %}}")
    if head:
        paper.heading(head)
    paper.text(f"{{%p for line in {name} %}}")
    paper.text("- {{ line }}")
    paper.text("{%p endfor %}")
    paper.text("{%p endif %}")


def _doubtful(paper: Paper, words: Words) -> None:
    """Write the positions that are not plainly fit, each with its reasons."""
    paper.text("{%p if doubtful %}")
    paper.heading(words("letters.head_doubtful"))
    paper.text("{%p for row in doubtful %}")
    named = {name: f"{{{{ row.{name} }}}}" for name in ("code", "name", "result", "reason")}
    paper.text("{{ row.order }}. " + words("letters.doubtful", **named))
    paper.text("{%p for line in row.flips %}")
    paper.text("+ {{ line }}")
    paper.text("{%p endfor %}")
    paper.text("{%p endfor %}")
    paper.text("{%p endif %}")


def _annex(paper: Paper, words: Words) -> None:
    """Write the annex: every position in a wide table, then what could not be read."""
    paper.landscape()
    paper.title(words("letters.annex"), words("letters.annex_of"))
    names = ("order", "code", "commune", "place", "mast", "technologies", "people", "nearest",
             "sharing", "proposal", "decision", "reason")  # fmt: skip
    cells = {
        "code": "{{ row.code }} {{ row.name }}",
        "place": "{{ row.longitude }}; {{ row.latitude }}",
        "decision": "{{ row.decided }}",
    }
    paper.table(
        [words(f"letters.annex_{name}") for name in names],
        _repeated("rows", names, cells),
        widths=ANNEX_WIDTHS,
        size_pt=ANNEX_PT,
    )
    paper.text("{%p if unread %}")
    paper.heading(words("letters.head_unread"))
    paper.table(
        [words(f"letters.unread_{name}") for name in ("where", "what", "remedy")],
        _repeated("unread", ("where", "what", "remedy")),
        widths=(6, 10, 9.7),
        size_pt=ANNEX_PT,
    )
    paper.text("{%p endif %}")
    paper.text(words("letters.annex_note"), is_quiet=True)


def _repeated(
    name: str, fields: Sequence[str], cells: Mapping[str, str] | None = None
) -> list[list[str]]:
    """Return the rows of a table that repeat one row for every entry of a list."""
    blank = [""] * (len(fields) - 1)
    shown = [(cells or {}).get(field, f"{{{{ row.{field} }}}}") for field in fields]
    return [
        [f"{{%tr for row in {name} %}}", *blank], shown, ["{%tr endfor %}", *blank],
    ]  # fmt: skip


def reply_letter(
    appraisal: "Appraisal",
    words: Words,
    *,
    office: Office | None = None,
    template: bytes | None = None,
    made_on: date | None = None,
) -> bytes:
    """
    Return the reply to the letter of a batch, with an annex of all its rows.

    Parameters
    ----------
    appraisal
        Result.
    words
        Catalogue of the office's language.
    office
        Who writes; dots are printed where its fields are empty.
    template
        The office's own Word file with placeholders; ours where None.
    made_on
        Day in the properties of the file; a fixed one where None.

    Returns
    -------
    content
        A Word file. From synthetic data every page says so, and nobody is named to sign.

    Raises
    ------
    SourceFileError
        If the template is no Word file, names placeholders that are not known, or breaks its rules.
    """
    batch = Batch.of(appraisal, words)
    context = _context(batch, office or Office(), words)
    document = filled_template(
        template or default_template(words),
        context,
        known=(*PLACEHOLDERS, *(f"row.{name}" for name in FIELDS)),
        is_ours=template is None,
    )
    if batch.is_synthetic:
        warn_on_pages(document, words("reports.synthetic"))
    about = document.core_properties
    about.title, about.author = words("letters.reply_title"), "infraplan"
    about.comments, about.last_modified_by = "", "infraplan"
    about.created = about.modified = moment(made_on)
    stream = io.BytesIO()
    document.save(stream)
    return dateless(stream.getvalue())


def _context(batch: Batch, office: Office, words: Words) -> dict[str, Any]:
    """Return what fills the placeholders."""
    rows = [_row(place, row, batch, words) for place, row in enumerate(batch.rows, start=1)]
    by_id = {row["request_id"]: row for row in rows}
    doubtful = [by_id[row.request_id] for row in batch.with_result(*DOUBTFUL)]
    known = {one["rule"]: one for row in batch.rows for one in row.with_effect(*DOUBTFUL_EFFECTS)}
    dots = "." * 30
    context = {
        "PARENT": tidy(office.parent).upper() or dots,
        "OFFICE": tidy(office.name).upper() or dots,
        "office": tidy(office.name) or dots,
        "place": tidy(office.place) or "." * 14,
        "day": words("paper.day_open"),
        "operator": batch.operator or dots,
        "basis": _basis(batch, words),
        "letter": batch.letter,
        "letter_date": batch.letter_date,
        "received": batch.received,
        "batch": batch.name,
        "count": words.number(len(rows)),
        "summary": _summary(batch, words),
        "standing": _standing(batch, words),
        "counts": _counts(batch, words),
        "overruled": _overruled(batch, words),
        "doubtful": [{**row, "order": str(n)} for n, row in enumerate(doubtful, start=1)],
        "asked": _asked(batch, words),
        "conditions": _conditions(batch, words),
        "related": _told_by_request(batch, batch.related),
        "changes": _told_by_request(batch, batch.changes),
        "confirmed": _laws(known.values(), words, verified=True),
        "unconfirmed": _laws(known.values(), words, verified=False),
        "rows": rows,
        "unread": [dict(zip(("where", "what", "remedy"), u, strict=True)) for u in batch.unread],
        "system": batch.system,
        "recipients": [words("letters.recipient_same"), words("letters.recipient_file")],
        "signer": words("letters.signer"),
        "banner": "",
    }
    if batch.is_synthetic:
        context["banner"] = context["signer"] = words("reports.synthetic")
    return context


def _row(place: int, row: Requested, batch: Batch, words: Words) -> dict[str, Any]:
    """Return a request as a template names it."""
    decision = phrase(words, f"sites.{row.decision}", row.decision)
    by = ", ".join(part for part in (row.decided_by, day_told(row.decided_on)) if part)
    decided = f"{decision} ({by})" if by else decision
    if row.decision_reason:
        decided = f"{decided}: {row.decision_reason}" if decided else row.decision_reason
    nearest = f"{words.number(row.nearest_m)} m" if math.isfinite(row.nearest_m) else ""
    near_operator = f" ({row.nearest_operator})" if nearest and row.nearest_operator else ""
    return {
        **{k: v for k, v in asdict(row).items() if isinstance(v, str)},
        "order": str(place),
        "name": "" if row.name == row.code else row.name,
        "longitude": words.number(row.longitude, 6),
        "latitude": words.number(row.latitude, 6),
        "x_north": words.number(row.north_m, 1),
        "y_east": words.number(row.east_m, 1),
        "nearest": nearest + near_operator or words("common.unknown"),
        "result": phrase(words, f"sites.{row.result}", row.result),
        "proposal": phrase(words, f"sites.{row.proposal}", row.proposal),
        "decision": decision,
        "decided": decided or words("letters.undecided"),
        "reasons": list(row.reasons),
        "reason": "; ".join((*_own_reason(row, words), *row.reasons)),
        "flips": [] if row.decision else list(batch.flips.get(row.request_id, ())),
        "changes": list(batch.changes.get(row.request_id, ())),
    }


def _own_reason(row: Requested, words: Words) -> list[str]:
    """Return the office's own reason where it decided otherwise than was proposed."""
    if row.decision in ("", row.proposal) or not row.decision_reason:
        return []
    return [words("letters.own_reason", reason=row.decision_reason)]


def _basis(batch: Batch, words: Words) -> str:
    """Return which letter is answered; dots where the register does not say."""
    received = words("letters.received", day=batch.received) if batch.received else ""
    return words(
        "letters.basis",
        operator=batch.operator or "." * 20,
        letter=batch.letter or "." * 16,
        day=batch.letter_date or "..../..../......",
        received=received,
        count=words.number(len(batch.rows)),
    )


def _summary(batch: Batch, words: Words) -> str:
    """Return how many positions have which result."""
    told = [
        f"{words.number(len(rows))} {words(f'sites.{result}').lower()}"
        for result in PROPOSALS
        if (rows := batch.with_result(result))
    ]
    return words(
        "letters.summary", count=words.number(len(batch.rows)), results="; ".join(told) or "0"
    )


def _standing(batch: Batch, words: Words) -> str:
    """Return how many results are decisions and how many proposals."""
    decided = sum(bool(row.decision) for row in batch.rows)
    key = "all" if decided == len(batch.rows) else "some" if decided else "none"
    return words(
        f"letters.standing_{key}",
        decided=words.number(decided),
        proposed=words.number(len(batch.rows) - decided),
    )


def _counts(batch: Batch, words: Words) -> list[dict[str, str]]:
    """Return the numbers of decisions and of proposals by result."""
    return [
        {
            "name": words(f"sites.{result}"),
            "number": words.number(len(batch.with_result(result))),
            "decided": words.number(sum(row.decision == result for row in batch.rows)),
            "proposed": words.number(sum(row.proposal == result for row in batch.rows)),
        }
        for result in PROPOSALS
    ]


def _overruled(batch: Batch, words: Words) -> list[str]:
    """Return where the office decided otherwise than was proposed, with its reason."""
    return [
        words(
            "letters.overruled",
            code=row.code,
            proposal=phrase(words, f"sites.{row.proposal}", row.proposal).lower(),
            decision=phrase(words, f"sites.{row.decision}", row.decision).lower(),
            reason=row.decision_reason or words("letters.not_stated"),
        )
        for row in batch.rows
        if row.decision and row.decision != row.proposal
    ]


def _asked(batch: Batch, words: Words) -> list[str]:
    """Return what the operator is asked to do."""
    told = [
        words(f"letters.asked_{result}", codes=_codes(rows))
        for result in ("needs_information", "reject")
        if (rows := batch.with_result(result))
    ]
    shared = [
        row
        for row in batch.with_result("approve_with_conditions", "reject")
        if any(one.get("rule") == "sharing" for one in row.with_effect("condition", "reject"))
        and row.finding_on("sharing").get("outcome") != "not_assessed"
    ]
    if shared:
        told.append(words("letters.asked_sharing", codes=_codes(shared)))
    if batch.unread:
        told.append(words("letters.asked_unread", count=words.number(len(batch.unread))))
    return told


def _conditions(batch: Batch, words: Words) -> list[str]:
    """Return each requirement with the positions that it is for."""
    by_rule: dict[tuple[bool, str], list[Requested]] = {}
    for row in batch.with_result("approve_with_conditions"):
        for one in row.with_effect("condition"):
            key = (one.get("outcome") == "not_assessed", rule_told(one, words))
            by_rule.setdefault(key, []).append(row)
    by_codes: dict[tuple[bool, str], list[str]] = {}
    for (is_open, rule), rows in by_rule.items():
        codes = _codes(rows, len(batch.rows), words)
        kept = (is_open, codes) if is_open else (is_open, f"{rule}: {codes}")
        by_codes.setdefault(kept, []).append(rule)
    return [
        words("letters.condition_open", rule=", ".join(rules), codes=codes)
        if is_open
        else words("letters.condition", rule=rules[0], codes=codes.removeprefix(f"{rules[0]}: "))
        for (is_open, codes), rules in sorted(by_codes.items(), key=lambda entry: entry[0][0])
    ]


def _codes(rows: Sequence[Requested], all_count: int = 0, words: Words | None = None) -> str:
    """Return the codes of positions; in one word where they are all of a batch."""
    if words is not None and len(rows) == all_count > 1:
        return words("letters.all_positions")
    return ", ".join(row.code for row in rows)


def _told_by_request(batch: Batch, sentences: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return sentences behind the codes of their requests."""
    codes = {row.request_id: row.code for row in batch.rows}
    return [
        f"{codes.get(request_id, tidy(request_id))}: {'; '.join(told)}"
        for request_id, told in sorted(sentences.items())
    ]


def _laws(findings: Iterable[Mapping[str, Any]], words: Words, *, verified: bool) -> list[str]:
    """Return the rules that asked for something, confirmed or not, with their law."""
    told = [
        f"{rule_told(one, words)} ({law})"
        for one in findings
        if (law := tidy(one.get("legal_reference"))) and bool(one.get("verified")) is verified
    ]
    return sorted(told)
