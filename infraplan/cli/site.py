"""Commands on sites: appraise requests, propose new ones."""

from pathlib import Path
from typing import Annotated

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import progress_bar
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.cli.cover import AsOf

__all__ = ["appraise", "propose"]


def appraise(
    plan: PlanFolder,
    requests: Annotated[
        Path | None, typer.Argument(metavar="REQUESTS_FILE", help="The operator's workbook.")
    ] = None,
    *,
    batch: Annotated[str, typer.Option(help="Name of the batch; the file's by default.")] = "",
    crs: Annotated[str, typer.Option(help="EPSG code of the workbook's coordinates.")] = "",
    as_of: AsOf = None,
) -> None:
    """Appraise requested sites: a proposal with reasons for each, and the order of the batch."""
    from infraplan.api import appraise as judge
    from infraplan.api import open_plan
    from infraplan.cli.account import tell_appraisal
    from infraplan.cli.imports import tell_faults

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    with progress_bar(words("cli.appraising")) as progress:
        appraisal = judge(
            opened,
            requests,
            batch=batch or None,
            crs=crs or None,
            as_of=as_of.date() if as_of else None,
            progress=progress,
        )
    tell_appraisal(appraisal, words)
    tell_faults(appraisal.faults, words, "imports.faults_soft")
    say(words("cli.files_in", folder=shown_path(opened.results / "appraisal")))
    say(words("cli.next_report", folder=shown_path(opened.folder)))


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
