"""The command that compares a coverage with another, with a claim or with measurements."""

from pathlib import Path
from typing import Annotated

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import progress_bar
from infraplan.cli.console import say
from infraplan.cli.console import shown_path

__all__ = ["compare"]


def compare(
    plan: PlanFolder,
    other: Annotated[
        str,
        typer.Argument(
            help="Another plan, a claim (.gpkg .geojson .shp .tif), levels (.csv .xlsx), "
            "or the word measurements for the layer of the plan."
        ),
    ],
    *,
    technology: Annotated[str | None, typer.Option(help="Such as 4G.")] = None,
    operator: Annotated[str | None, typer.Option(help="Operator, or any.")] = None,
    crs: Annotated[str | None, typer.Option(help="EPSG code of measured positions.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for table and map.")] = None,
) -> None:
    """Compare coverage with another plan, an operator's claim or measured levels."""
    from infraplan.api import compare as hold_against
    from infraplan.api import open_plan
    from infraplan.cli.account import tell_comparison

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    with progress_bar(words("cli.comparing")) as progress:
        made = hold_against(
            opened,
            other,
            technology=technology,
            operator=operator,
            crs=crs,
            out=out,
            progress=progress,
        )
    tell_comparison(made, words)
    say(words("cli.files_in", folder=shown_path(made.path)))
    say(words("cli.files_in", folder=shown_path(made.map_path)))
