"""Commands on coverage and its gaps."""

from datetime import datetime
from typing import Annotated

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import progress_bar
from infraplan.cli.console import say
from infraplan.cli.console import shown_path

__all__ = ["AsOf", "coverage", "gaps"]

AsOf = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%d/%m/%Y"], help="Day for rules and networks on air."),
]


def coverage(
    plan: PlanFolder,
    *,
    technology: Annotated[
        list[str] | None, typer.Option(help="2G, 3G, 4G, 5G; all by default.")
    ] = None,
    operator: Annotated[
        list[str] | None, typer.Option(help="Operator or any; all by default.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="p1812, free_space or tuned; the plan's by default.")
    ] = "",
    rays: Annotated[str, typer.Option(help="radial (fast) or cell (one ray a cell).")] = "radial",
    resolution: Annotated[float | None, typer.Option(help="Side of a grid cell [m].")] = None,
    radius_km: Annotated[float, typer.Option(help="How far a station is followed [km].")] = 10.0,
    workers: Annotated[int | None, typer.Option(help="Threads; the cores by default.")] = None,
) -> None:
    """Predict coverage, by technology and operator."""
    from infraplan.api import open_plan
    from infraplan.api import predict
    from infraplan.api.cover import engine_settings
    from infraplan.cli.account import tell_coverage

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    settings = engine_settings(opened, model=model, rays=rays, radius_m=radius_km * 1000.0)
    with progress_bar(words("cli.predicting")) as progress:
        made = predict(
            opened,
            settings,
            technology=technology or None,
            operator=operator or None,
            resolution_m=resolution,
            workers=workers,
            progress=progress,
        )
    tell_coverage(opened, made, words)
    say(words("cli.files_in", folder=shown_path(opened.results)))
    say(words("cli.next_gaps", folder=shown_path(opened.folder)))


def gaps(
    plan: PlanFolder,
    *,
    technology: Annotated[str, typer.Option(help="Technology of the headline.")] = "",
    operator: Annotated[str, typer.Option(help="Operator of the headline, or any.")] = "",
    as_of: AsOf = None,
) -> None:
    """Find who has no service, and why."""
    from infraplan.api import gaps as find
    from infraplan.api import open_plan
    from infraplan.cli.account import tell_gaps

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    with progress_bar(words("cli.finding_gaps")) as progress:
        found = find(
            opened,
            technology=technology or None,
            operator=operator or None,
            as_of=as_of.date() if as_of else None,
            progress=progress,
        )
    tell_gaps(found, words, rows=20)
    say(words("cli.files_in", folder=shown_path(opened.results / "gaps.gpkg")))
    say(words("cli.next_map", folder=shown_path(opened.folder)))
