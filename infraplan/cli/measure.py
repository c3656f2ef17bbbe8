"""The command on measurements."""

from pathlib import Path
from typing import Annotated

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import progress_bar
from infraplan.cli.console import say
from infraplan.cli.console import shown_path

__all__ = ["calibrate"]


def calibrate(
    plan: PlanFolder,
    measurements: Annotated[Path, typer.Argument(help="Drive test: CSV or Excel.")],
    *,
    crs: Annotated[str | None, typer.Option(help="EPSG code of the positions.")] = None,
    radius_km: Annotated[float, typer.Option(help="How far a station is followed [km].")] = 10.0,
) -> None:
    """Tune the path loss to measured levels, and prove whether that is better."""
    from infraplan.api import calibrate as fit
    from infraplan.api import open_plan
    from infraplan.cli.account import tell_calibration

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    with progress_bar(words("cli.calibrating")) as progress:
        done = fit(opened, measurements, crs=crs, radius_m=radius_km * 1000.0, progress=progress)
    tell_calibration(done, words)
    say(words("cli.files_in", folder=shown_path(done.path)))
    say(words("cli.next_coverage", folder=shown_path(opened.folder)))
