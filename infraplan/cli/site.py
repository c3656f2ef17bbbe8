"""Commands on sites: appraise requests, propose new ones."""

from dataclasses import dataclass
from datetime import date
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated
from typing import Any

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import fail
from infraplan.cli.console import progress_bar
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.cli.cover import AsOf
from infraplan.cli.office import take_decided
from infraplan.cli.office import tell_changes
from infraplan.errors import InfraplanError
from infraplan.errors import LayerError
from infraplan.errors import SettingsError
from infraplan.layers.notes import Note
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.plan import Plan
    from infraplan.sites import Appraisal

__all__ = ["appraise", "propose"]

DAYS = ["%Y-%m-%d", "%d/%m/%Y"]


def appraise(
    plan: PlanFolder,
    requests: Annotated[
        Path | None,
        typer.Argument(
            metavar="REQUESTS_FILE",
            help="The operator's workbook, or a folder or .zip of them: each is a batch.",
        ),
    ] = None,
    *,
    batch: Annotated[str, typer.Option(help="Name of the batch; the file's by default.")] = "",
    letter: Annotated[str, typer.Option(help="Number of the letter; the file's by default.")] = "",
    letter_date: Annotated[
        datetime | None, typer.Option(formats=DAYS, help="Date of the letter.")
    ] = None,
    received: Annotated[
        datetime | None, typer.Option(formats=DAYS, help="Day the letter was received.")
    ] = None,
    due: Annotated[
        datetime | None, typer.Option(formats=DAYS, help="Day by which an answer is due.")
    ] = None,
    crs: Annotated[str, typer.Option(help="EPSG code of the workbook's coordinates.")] = "",
    decisions: Annotated[
        Path | None, typer.Option(help="Table T8 with the office's decisions, to be read back.")
    ] = None,
    as_of: AsOf = None,
    list_: Annotated[
        bool, typer.Option("--list", help="Only show the register: letters, days left, decisions.")
    ] = False,
    near: Annotated[
        str, typer.Option(help="Only show what was asked for near lon,lat, E,N or an id.")
    ] = "",
    template: Annotated[
        Path | None, typer.Option(help="Word template of the reply; ours by default.")
    ] = None,
    no_files: Annotated[bool, typer.Option("--no-files", help="Write no letters.")] = False,
    sheet: Annotated[str, typer.Option(help="Write only the field sheet of this request.")] = "",
    verdicts_only: Annotated[
        bool, typer.Option("--verdicts-only", help="Proposals and reasons alone, sooner.")
    ] = False,
) -> None:
    """Appraise requested sites: a proposal with reasons for each, and the files of the letter."""
    from infraplan.api import open_plan

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    day = as_of.date() if as_of else None
    with_files = not (no_files or verdicts_only)
    asked = _Asked(day, template, sheet, with_files=with_files, searches=not verdicts_only)
    if decisions is not None:
        decided = take_decided(opened, decisions, batch, words)
        asked.write(opened, decided, None, words)
        say(words("refusals.next_issue", plan=shown_path(opened.folder), batch=decided))
        return
    if list_ or near:
        _look_up(opened, near, day, words, is_list=list_)
        return
    if requests is None:
        _judge(opened, batch or None, asked, words)
    else:
        days = {"letter_date": letter_date, "received": received, "due": due}
        said: dict[str, Any] = {"batch": batch or None, "letter": letter or None}
        said |= {name: value.date() if value else None for name, value in days.items()}
        if _judge_each(opened, requests, {**said, "crs": crs or None}, asked, words):
            raise typer.Exit(2)
    say(words("cli.files_in", folder=shown_path(opened.results / "appraisal")))
    say(words("refusals.next_decide", plan=shown_path(opened.folder)))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of each batch: its day, and whether and how its files are written."""

    as_of: date | None
    template: Path | None
    sheet: str
    with_files: bool
    searches: bool

    def write(self, plan: "Plan", batch: str, appraisal: "Appraisal | None", words: Words) -> None:
        """Write the files of a letter, where they are wanted, and tell where they are."""
        if self.sheet and appraisal is not None:
            from infraplan.api import write_sheet

            path = write_sheet(plan, appraisal, self.sheet, as_of=self.as_of)
            say(words("sheets.sheet_written", path=shown_path(path)))
        if self.sheet or not self.with_files:
            return
        from infraplan.api.dossier import write_dossier
        from infraplan.cli.account import tell_papers

        with progress_bar(words("letters.writing")) as progress:
            dossier = write_dossier(
                plan,
                batch,
                as_of=self.as_of,
                template=self.template,
                appraisal=appraisal,
                progress=progress,
            )
        say(words("letters.files_title", batch=batch))
        tell_papers(dossier, words)


def _look_up(plan: "Plan", near: str, as_of: date | None, words: Words, *, is_list: bool) -> None:
    """Show the register, or what of it lies near a place."""
    from infraplan.api.register import near_m
    from infraplan.api.register import read_register
    from infraplan.api.register import requested_near
    from infraplan.cli.register import tell_near
    from infraplan.cli.register import tell_register

    if near:
        tell_near(requested_near(plan, near), near, near_m(plan), words)
    if is_list:
        day = as_of or datetime.now().astimezone().date()
        tell_register(read_register(plan, as_of=day), words)


def _judge_each(plan: "Plan", path: Path, said: dict[str, Any], asked: _Asked, words: Words) -> int:
    """Read and appraise each list that a path means, and return how many were refused."""
    from infraplan.api.register import annexes
    from infraplan.cli.register import tell_left

    refused = 0
    with annexes(path) as (lists, left):
        if len(lists) > 1 and any(said[name] for name in said if name != "crs"):
            count = words.number(len(lists))
            raise SettingsError(Note("register.one_batch", path=path.name, count=count))
        for file in lists:
            try:
                _judge_one(plan, file, said, asked, words)
            except InfraplanError as error:
                if len(lists) == 1:
                    raise
                fail(error)
                refused += 1
        tell_left(left, words)
    return refused


def _judge_one(plan: "Plan", file: Path, said: dict[str, Any], asked: _Asked, words: Words) -> None:
    """Read a list into the register and appraise its batch."""
    from infraplan.api.register import receive
    from infraplan.api.register import returned_path
    from infraplan.cli.imports import tell_refused
    from infraplan.cli.register import tell_received

    try:
        done = receive(plan, file, **said)
    except LayerError as error:
        report = returned_path(plan, said["batch"] or file.stem, file)
        tell_refused(error, report, words)
        raise
    tell_received(done, words)
    _judge(plan, done.batch, asked, words)


def _judge(plan: "Plan", batch: str | None, asked: _Asked, words: Words) -> None:
    """Appraise a batch of the register and tell the proposals."""
    from infraplan.api import appraise as judge
    from infraplan.cli.account import tell_appraisal
    from infraplan.cli.register import tell_related

    with progress_bar(words("cli.appraising")) as progress:
        appraisal = judge(
            plan, batch=batch, as_of=asked.as_of, searches=asked.searches, progress=progress
        )
    tell_appraisal(appraisal, words)
    tell_related(appraisal, words)
    tell_changes(plan, appraisal, words)
    asked.write(plan, appraisal.batch, appraisal, words)


def propose(
    plan: PlanFolder,
    *,
    sites: Annotated[int | None, typer.Option(help="Number of actions.")] = None,
    budget: Annotated[float | None, typer.Option(help="Money instead of a number [VND].")] = None,
    technology: Annotated[str, typer.Option(help="Technology; the plan's by default.")] = "",
    operator: Annotated[str, typer.Option(help="Operator or any; the plan's by default.")] = "",
    with_planned: Annotated[
        bool, typer.Option("--with-planned", help="Count announced stations as built.")
    ] = False,
    eligible: Annotated[
        str, typer.Option(help="vtci: only people of hamlets that the programme can help.")
    ] = "",
    floor: Annotated[
        float, typer.Option(help="Share of each commune's people without service, [0, 1].")
    ] = 0.0,
    as_of: AsOf = None,
) -> None:
    """Choose the actions that bring service to the most people, with a proven bound."""
    from infraplan.api import open_plan
    from infraplan.api import propose as choose
    from infraplan.cli.account import tell_proposal

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    with progress_bar(words("cli.proposing")) as progress:
        proposal = choose(
            opened,
            sites=sites,
            budget_vnd=budget,
            technology=technology or None,
            operator=operator or None,
            with_planned=with_planned,
            eligible=eligible or None,
            floor_share=floor,
            as_of=as_of.date() if as_of else None,
            progress=progress,
        )
    tell_proposal(proposal, words)
    say(words("cli.files_in", folder=shown_path(opened.results / "proposal.gpkg")))
    say(words("actions.why_not_map", path=shown_path(opened.results / "eligible.tif")))
    say(words("cli.next_map", folder=shown_path(opened.folder)))
