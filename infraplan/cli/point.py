"""The command that tells who should serve one place, whether they do, and why not."""

from typing import Annotated

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import progress_bar

__all__ = ["point"]


def point(
    plan: PlanFolder,
    place: Annotated[
        str,
        typer.Argument(
            metavar="POINT", help="lon,lat or E,N of the plan, or an id of a hamlet or station."
        ),
    ],
    *,
    technology: Annotated[str | None, typer.Option(help="Such as 4G; all where not given.")] = None,
    operator: Annotated[str | None, typer.Option(help="Operator; all where not given.")] = None,
) -> None:
    """Tell which cells should serve a place, whether they do, and what stands in the way."""
    from infraplan.api import open_plan
    from infraplan.api import point as look
    from infraplan.cli.account import tell_point

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    with progress_bar(words("cli.checking_point")) as progress:
        made = look(opened, place, technology=technology, operator=operator, progress=progress)
    tell_point(made, opened, words)
