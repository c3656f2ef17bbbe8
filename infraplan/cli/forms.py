"""The command that writes forms for people to fill in."""

from pathlib import Path
from typing import Annotated

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.errors import SettingsError

__all__ = ["template"]

LAYERS = ("evidence",)


def template(
    layer: Annotated[str, typer.Argument(help="Layer to ask for: evidence.")],
    plan: PlanFolder,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Workbook; forms/evidence.xlsx in the plan else."),
    ] = None,
) -> None:
    """Write a workbook that people fill in and `import` reads: the signal in each hamlet."""
    if layer not in LAYERS:
        msg = f"there is no form for layer '{layer}'; there is one for {', '.join(LAYERS)}"
        raise SettingsError(msg)
    from infraplan.api import evidence_form
    from infraplan.plan import open_folder

    opened = open_folder(plan)
    words = choose_language(opened.settings.language)
    path = evidence_form(opened, file)
    say(words("cli.form_written", path=shown_path(path)))
    say(words("cli.next_form", folder=shown_path(opened.folder), path=shown_path(path)))
