"""The register of requests, told: what a letter brought, what stood there before, what is due."""

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING
from typing import Any

from infraplan.cli.console import heading
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.cli.imports import tell_faults
from infraplan.layers.notes import note_told
from infraplan.layers.told import value_told
from infraplan.text import Words

if TYPE_CHECKING:
    import pandas as pd

    from infraplan.api.register import Received
    from infraplan.api.register import Register
    from infraplan.sites import Appraisal

__all__ = ["tell_left", "tell_near", "tell_received", "tell_register", "tell_related"]

NAMES_SHOWN = 12
UNBUILT_SHOWN = 12
PROPOSALS = ("approve", "approve_with_conditions", "reject", "needs_information")


def tell_received(done: "Received", words: Words) -> None:
    """
    Tell what a letter brought: its number and dates, the account of its rows, what is to be known.

    Parameters
    ----------
    done
        The letter as it was read.
    words
        Catalogue to speak with.
    """
    heading(words("register.title", batch=done.batch))
    say(words("register.letter_line", **_letter(done, words)))
    say(_account(done, words))
    told = done.understood.told if done.understood is not None else ()
    for note in done.notes:
        if note not in told:
            say(f"  ! {note_told(note, words)}")
    if len(done.changed):
        say(words("register.changed_title"))
        _tell_changes(done.changed, words)
    aside = set(done.account.set_aside)
    whole = [fault for fault in done.account.faults if aside.intersection(fault.rows)]
    cells = [fault for fault in done.account.faults if not aside.intersection(fault.rows)]
    tell_faults(whole, words, "imports.faults", count=len(aside))
    tell_faults(cells, words, "imports.faults_soft")
    if done.report is not None:
        say(words("register.returned", path=shown_path(done.report)))


def tell_related(appraisal: "Appraisal", words: Words) -> None:
    """
    Tell what the register has near the requests of a batch, and how resubmissions differ.

    Parameters
    ----------
    appraisal
        The batch.
    words
        Catalogue to speak with.
    """
    requests = appraisal.requests
    again = requests["supersedes"].dropna() if "supersedes" in requests else requests.iloc[:0]
    if len(appraisal.related):
        say(words("register.related_title"))
        for row in appraisal.related.reset_index().to_dict("records"):
            told = _related(str(row["other_id"]), row, words)
            say("  " + words("register.related_line", request=row["request_id"], **told))
    if len(again):
        say(words("register.differences_title"))
        for request_id, earlier in again.items():
            say(f"  {request_id} ({words('register.kind_superseded')} {earlier}):")
            _tell_differences(appraisal.changes, str(request_id), words)


def tell_register(found: "Register", words: Words) -> None:
    """
    Tell the register a line a batch, what is overdue first, and what is approved and not built.

    Parameters
    ----------
    found
        The register.
    words
        Catalogue to speak with.
    """
    from infraplan.cli.account import table_lines

    heading(words("register.list_title", day=_day(found.as_of)))
    if not len(found.batches):
        say(words("register.list_empty"))
        return
    heads = (
        "batch", "letter", "operator", "received", "due", "left", "rows", "proposals", "decisions",
        "state",
    )  # fmt: skip
    lines = [tuple(words(f"register.head_{name}") for name in heads)]
    lines += [_batch(str(name), row, words) for name, row in found.batches.iterrows()]
    for line in table_lines(lines):
        say(line)
    say(words("register.unbuilt", count=words.number(len(found.unbuilt))))
    for request_id, row in found.unbuilt.head(UNBUILT_SHOWN).iterrows():
        place = _said(row.get("address")) or _said(row.get("commune")) or words("common.unknown")
        told = {
            "operator": _said(row.get("operator")),
            "letter": _said(row.get("letter")) or words("common.unknown"),
            "decided_on": _day(row.get("decided_on")) or words("common.unknown"),
        }
        say("  " + words("register.unbuilt_line", request=request_id, place=place, **told))
    if len(found.unbuilt) > UNBUILT_SHOWN:
        say("  " + words("imports.more", count=words.number(len(found.unbuilt) - UNBUILT_SHOWN)))


def tell_near(found: "pd.DataFrame", place: str, distance_m: float, words: Words) -> None:
    """
    Tell what was ever asked for around a place.

    Parameters
    ----------
    found
        Table of `api.register.requested_near`.
    place
        The place as it was asked for.
    distance_m
        How far around [m].
    words
        Catalogue to speak with.
    """
    told = {"distance_m": words.number(distance_m), "count": words.number(len(found))}
    heading(words("register.near_title", place=place, **told))
    for other_id, row in found.iterrows():
        say("  " + words("register.related_here", **_related(str(other_id), row, words)))


def tell_left(left: "tuple[str, ...]", words: Words) -> None:
    """
    Tell which files of a folder were not read.

    Parameters
    ----------
    left
        Their names.
    words
        Catalogue to speak with.
    """
    if left:
        names = ", ".join(left[:NAMES_SHOWN])
        if len(left) > NAMES_SHOWN:
            names += words("imports.more", count=words.number(len(left) - NAMES_SHOWN))
        say(words("register.left_out", names=names))


def _letter(done: "Received", words: Words) -> dict[str, str]:
    """Return what is known of a letter."""
    rows = done.rows

    def said(column: str) -> str:
        """Return the values of a column, or that nothing is known."""
        values = sorted({_said(value) for value in rows[column]} - {""})
        dated = [_day(v) for v in values] if column not in ("letter", "operator") else values
        return ", ".join(dated) or words("register.not_said")

    names = {"dated": "letter_date"}
    keys = ("letter", "dated", "operator", "received", "due")
    return {key: said(names.get(key, key)) for key in keys}


def _account(done: "Received", words: Words) -> str:
    """Return how many rows came, were entered, were set aside or repeat another."""
    received, aside = done.account.received_rows, done.account.set_aside
    taken = received if done.understood is None else done.understood.rows_kept
    counts = {"received": received, "taken": taken, "set_aside": len(aside)}
    line = words("register.rows_line", **{key: words.number(n) for key, n in counts.items()})
    repeated = received - taken - len(aside)
    if repeated > 0:
        line += words("register.rows_repeated", count=words.number(repeated))
    if aside:
        line += ". " + words("register.rows_set_aside", names=", ".join(aside[:NAMES_SHOWN]))
    return line


def _tell_changes(changes: "pd.DataFrame", words: Words) -> None:
    """Print differences by request."""
    for request_id in dict.fromkeys(changes.index.get_level_values(0)):
        say(f"  {request_id}:")
        _tell_differences(changes, str(request_id), words)


def _tell_differences(changes: "pd.DataFrame", request_id: str, words: Words) -> None:
    """Print how one request differs from what it was before."""
    own = changes[changes.index.get_level_values(0) == request_id]
    if not len(own):
        say(f"    {words('register.no_difference')}")
    for row in own.reset_index().to_dict("records"):
        field = str(row["field"])
        name = words.entries.get(f"register.field_{field}") or words.entries.get(
            f"terms.column_{field}", field
        )
        key = "difference_one" if field == "moved_m" else "difference"
        ends = {
            end: _value(field, row[end], words) or words("register.nothing")
            for end in ("before", "after")
        }
        say("    " + words(f"register.{key}", field=name, **ends))


def _value(field: str, value: object, words: Words) -> str:
    """Return a value of a request as people write it."""
    text = _said(value)
    if not text or not field.endswith("_m"):
        return value_told(text, words)
    number = float(text)
    return words.number(number, 0 if number == round(number) else 1)


def _related(
    other_id: str, row: "Mapping[Any, Any] | pd.Series[Any]", words: Words
) -> dict[str, str]:
    """Return the words on one row of what is near."""
    decision, letter = _said(row["decision"]), _said(row["letter"])
    distance_m = float(row["distance_m"])
    return {
        "kind": words(f"register.kind_{row['kind']}"),
        "other": other_id,
        "operator": _said(row["operator"]) or words("common.unknown"),
        "distance_m": words.number(distance_m),
        "letter": words("register.of_letter", letter=letter) if letter else "",
        "decision": words("register.with_decision", decision=words(f"sites.{decision}"))
        if decision in PROPOSALS
        else "",
    }


def _batch(name: str, row: "pd.Series[Any]", words: Words) -> tuple[str, ...]:
    """Return one line of the register."""
    rows = words.number(int(row["rows"]))
    if row["set_aside"]:
        count = words.number(int(row["set_aside"]))
        rows = words("register.plus_set_aside", rows=rows, count=count)
    return (
        name,
        _said(row["letter"]) or "-",
        _said(row["operator"]) or "-",
        _day(row["received"]) or "-",
        _day(row["due"]) or "-",
        _left(float(row["days_left"]), words),
        rows,
        _counts(row, "proposed_", words),
        _counts(row, "", words),
        words(f"register.state_{row['state']}", count=words.number(int(row["waiting"]))),
    )


def _left(days: float, words: Words) -> str:
    """Return how many days are left for an answer."""
    if math.isnan(days):
        return "-"
    if days == 0:
        return words("register.due_today")
    key = "overdue" if days < 0 else "days_left"
    return words(f"register.{key}", days=words.number(abs(days)))


def _counts(row: "pd.Series[Any]", prefix: str, words: Words) -> str:
    """Return how often each proposal or decision stands in a batch."""
    told = [
        words(f"register.count_{kind}", count=words.number(int(row[f"{prefix}{kind}"])))
        for kind in PROPOSALS
        if row[f"{prefix}{kind}"]
    ]
    return ", ".join(told) or "-"


def _said(value: object) -> str:
    """Return a cell as text, empty where it is missing."""
    return "" if value is None or value != value else str(value)  # noqa: PLR0124 - NaN


def _day(value: object) -> str:
    """Return a day as it is written in letters, several with commas, empty where there is none."""
    text = value.isoformat() if isinstance(value, date) else _said(value)
    return ", ".join("/".join(reversed(part[:10].split("-"))) for part in text.split(", ") if part)
