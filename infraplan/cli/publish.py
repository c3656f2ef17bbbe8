"""Commands that draw, report, and run everything."""

from pathlib import Path
from typing import Annotated

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import progress_bar
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.cli.cover import AsOf

__all__ = ["demo", "map_", "report", "run"]


def map_(
    plan: PlanFolder,
    *,
    html_only: Annotated[
        bool, typer.Option("--html-only", help="Only the page: no PDF to print, no pictures.")
    ] = False,
    coarse: Annotated[
        bool,
        typer.Option(
            "--coarse", help="A map to publish: figures of communes, no place of anything."
        ),
    ] = False,
    language: Annotated[
        str, typer.Option(help="Language of the map, vi or en; by default the plan's.")
    ] = "",
) -> None:
    """Write the map: a page that opens by double-click without internet, PDF and pictures."""
    from infraplan.api import map_files
    from infraplan.api import open_plan

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    with progress_bar(words("cli.drawing")) as progress:
        page, *others = map_files(
            opened, html_only=html_only, coarse=coarse, language=language, progress=progress
        )
    size_mb = words.number(page.stat().st_size / 1e6, 1)
    say(words("cli.map_written", path=shown_path(page), size=size_mb))
    for path in others:
        size_mb = words.number(path.stat().st_size / 1e6, 1)
        kind = "print" if path.suffix == ".pdf" else "picture"
        say(words(f"sheet.written_{kind}", path=shown_path(path), size=size_mb))


def report(plan: PlanFolder) -> None:
    """Write the workbook of all tables, and a Word report on coverage and gaps."""
    from infraplan.api import open_plan
    from infraplan.api import write_report

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    with progress_bar(words("cli.reporting")) as progress:
        path = write_report(opened, progress=progress)
    say(words("cli.report_written", path=shown_path(path)))
    if path.with_suffix(".docx").exists():
        say(shown_path(path.with_suffix(".docx")))


def run(plan: PlanFolder, *, as_of: AsOf = None) -> None:
    """Run every step, skipping what is up to date."""
    from infraplan.api import open_plan
    from infraplan.cli.account import tell_run

    opened = open_plan(plan)
    tell_run(
        opened,
        choose_language(opened.settings.language),
        as_of=as_of.date() if as_of else None,
    )


def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Folder of the demo plan.", show_default=True)
    ] = Path("demo"),
) -> None:
    """Make a sample plan, run every step on it, and say what was found."""
    from infraplan.api import sample_plan
    from infraplan.cli.account import tell_run
    from infraplan.cli.account import tell_sample
    from infraplan.plan import open_folder
    from infraplan.plan.folder import SETTINGS_FILE

    words = choose_language()
    if (folder / SETTINGS_FILE).exists():
        opened = open_folder(folder)
        say(words("cli.demo_again", folder=shown_path(folder)))
    else:
        with progress_bar(words("cli.sampling")) as progress:
            opened = sample_plan(folder, progress=progress)
        tell_sample(opened, words)
    tell_run(opened, words)
