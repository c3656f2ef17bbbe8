"""Commands on cables: a route between two points, streets that go underground."""

from pathlib import Path
from typing import Annotated

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import progress_bar
from infraplan.cli.console import say
from infraplan.cli.console import shown_path

__all__ = ["route", "underground"]

POINT = "lon,lat or E,N of the plan, or an id."


def route(
    plan: PlanFolder,
    *,
    start: Annotated[str, typer.Option("--from", metavar="POINT", help=POINT)],
    end: Annotated[str, typer.Option("--to", metavar="POINT", help=POINT)],
    diverse: Annotated[
        bool, typer.Option("--diverse", help="Two routes that do not fail together.")
    ] = False,
) -> None:
    """Find the cheapest cable route, or two, between two points along streets and roads."""
    from infraplan.api import open_plan
    from infraplan.api import route as find
    from infraplan.cli.account import tell_route

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    found = find(opened, start, end, diverse=diverse)
    tell_route(found, words)
    say(words("cli.files_in", folder=shown_path(opened.results / "routes")))


def underground(
    plan: PlanFolder,
    *,
    streets: Annotated[
        list[str] | None, typer.Option(help="Name or id of a street; once for each street.")
    ] = None,
    area: Annotated[Path | None, typer.Option(help="File with an outline instead.")] = None,
) -> None:
    """Plan how the aerial cable of some streets goes underground."""
    from infraplan.api import open_plan
    from infraplan.api import underground as dig
    from infraplan.cli.account import tell_underground

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    names = [name.strip() for entry in streets or [] for name in entry.split(",") if name.strip()]
    with progress_bar(words("cli.digging")) as progress:
        made = dig(opened, streets=names or None, area=area, progress=progress)
    tell_underground(made, words)
    say(words("cli.files_in", folder=shown_path(opened.results / "underground.gpkg")))
    say(words("cli.next_map", folder=shown_path(opened.folder)))
