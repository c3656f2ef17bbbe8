"""Commands of the office: rules and prices confirmed, what was signed frozen."""

from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import heading
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.cli.cover import AsOf

if TYPE_CHECKING:
    from infraplan.api.office import Change
    from infraplan.plan import Plan
    from infraplan.sites import Appraisal
    from infraplan.text import Words

__all__ = ["confirm", "issue", "take_decided", "tell_changes"]

CHANGES_SHOWN = 30


def confirm(
    plan: PlanFolder,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE.xlsx]", help="The workbook, filled in.")
    ] = None,
) -> None:
    """Write a workbook in which the office confirms rules and prices, or read it back."""
    from infraplan.api import confirmation_form
    from infraplan.api import open_plan
    from infraplan.api import take_confirmations
    from infraplan.cli.imports import tell_faults

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    if file is None or not file.exists():
        path = confirmation_form(opened, file)
        say(words("office.confirm_written", path=shown_path(path)))
        where = shown_path(opened.folder)
        say(words("office.confirm_next", plan=where, path=shown_path(path)))
        return
    found = take_confirmations(opened, file)
    count, left = words.number(len(found.lines)), words.number(found.left)
    say(words("office.confirm_taken", count=count, left=left))
    tell_faults(found.faults, words, "office.decisions_faults", count=len(found.faults))
    say(words("office.confirm_again", plan=shown_path(opened.folder)))


def issue(
    plan: PlanFolder,
    batch: Annotated[str, typer.Argument(help="Batch; the plan's only one by default.")] = "",
    *,
    signed: Annotated[
        list[Path] | None, typer.Option(help="Signed file to keep with it, such as a scan.")
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Freeze what was signed on a batch: papers, figures, rules, decisions; never overwritten."""
    from infraplan.api import issue as freeze
    from infraplan.api import open_plan

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    done = freeze(opened, batch or None, as_of=as_of.date() if as_of else None, signed=signed or ())
    say(words("office.issued", folder=shown_path(done.folder)))
    say(words("office.issued_files", count=words.number(len(done.files)), name="issued.json"))


def take_decided(opened: "Plan", file: Path, batch: str, words: "Words") -> str:
    """
    Read decisions back and tell what was taken.

    Parameters
    ----------
    opened
        The plan.
    file
        Filled table T8.
    batch
        Batch; empty to find it from the rows.
    words
        Catalogue.

    Returns
    -------
    batch
        Batch that was decided on.
    """
    from infraplan.api import take_decisions
    from infraplan.api.office import stored_appraisal
    from infraplan.cli.imports import tell_faults

    done = take_decisions(opened, file, batch=batch or None)
    count = words.number(len(done.taken))
    say(words("office.decisions_taken", count=count, batch=done.batch))
    proposals = stored_appraisal(opened, done.batch).requests["proposal"]
    decided = done.rows["decision"].dropna()
    other = [name for name, kind in decided.items() if proposals.get(name) not in (kind, None)]
    if other:
        say(words("office.decisions_differ", names=", ".join(map(str, other))))
    if left := [str(name) for name in done.rows.index if name not in decided.index]:
        say(words("office.decisions_left", names=", ".join(left)))
    tell_faults(done.faults, words, "office.decisions_faults", count=len(done.faults))
    return done.batch


def tell_changes(opened: "Plan", appraisal: "Appraisal", words: "Words") -> None:
    """
    Tell what differs from what was issued of the batch; nothing where it never was.

    Parameters
    ----------
    opened
        The plan.
    appraisal
        The batch as it stands now.
    words
        Catalogue.
    """
    from infraplan.api import changed_since

    found = changed_since(opened, appraisal)
    if found is None:
        return
    issued, changes = found
    told = {"on": "/".join(reversed(issued.on.split("-"))), "folder": shown_path(issued.folder)}
    if not changes:
        say(words("office.unchanged_since", **told))
        return
    heading(words("office.changed_since", **told))
    for change in changes[:CHANGES_SHOWN]:
        before, after = (_told(value, words) for value in (change.before, change.after))
        say(
            words(
                "office.change_line",
                what=words(f"office.change_{change.what}"),
                where=_where_told(change, words),
                before=before,
                after=after,
            )
        )
    if len(changes) > CHANGES_SHOWN:
        say(f"  … {words.number(len(changes) - CHANGES_SHOWN)}")


def _where_told(change: "Change", words: "Words") -> str:
    """Return the request, rule or layer of a change in words."""
    if change.what != "finding":
        return _told(change.where, words, f"sites.rule_{change.where}")
    request, _, rule = change.where.rpartition(", ")
    return f"{request}, {_told(rule, words, f'sites.rule_{rule}')}"


def _told(value: str, words: "Words", key: str = "") -> str:
    """Return a value of a change in words where the catalogue has them."""
    tried = (
        key,
        f"sites.{value}",
        f"sites.outcome_{value}",
        f"office.{value}",
        f"terms.layer_{value}",
    )
    return next((words(name) for name in (key, *tried) if name in words.entries), value)
