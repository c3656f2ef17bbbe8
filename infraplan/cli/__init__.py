"""The commands: one file each, thin over `infraplan.api`."""

import gc
import sys
from typing import Annotated

import typer

from infraplan.cli import brief
from infraplan.cli import build
from infraplan.cli import cable
from infraplan.cli import compare
from infraplan.cli import cover
from infraplan.cli import export
from infraplan.cli import fetch
from infraplan.cli import forms
from infraplan.cli import measure
from infraplan.cli import office
from infraplan.cli import point
from infraplan.cli import publish
from infraplan.cli import site
from infraplan.cli.console import LANGUAGE
from infraplan.cli.console import fail
from infraplan.cli.console import speak_utf8
from infraplan.errors import InfraplanError
from infraplan.errors import SettingsError

__all__ = ["app", "main"]

SELDOM = 100_000  # objects between searches for rubbish: a command ends before much gathers

# rich help costs a quarter of a second; --help must answer in 0.3 s
app = typer.Typer(
    name="infraplan",
    help="Plan telecom infrastructure: coverage gaps, requested towers, underground cables, maps.",
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def common(
    *,
    lang: Annotated[str, typer.Option(help="Language of the output: vi or en.")] = "",
) -> None:
    """Plan telecom infrastructure: coverage gaps, requested towers, underground cables, maps."""
    if lang not in ("", "vi", "en"):
        msg = f"--lang must be vi or en; found '{lang}'"
        raise SettingsError(msg)
    LANGUAGE["now"] = lang


app.command("demo")(publish.demo)
app.command("init")(build.init)
app.command("sample")(build.sample)
app.command("import")(build.import_)
app.command("fetch")(fetch.fetch)
app.command("check")(build.check)
app.command("export")(export.export)
app.command("template")(forms.template)
app.command("coverage")(cover.coverage)
app.command("calibrate")(measure.calibrate)
app.command("gaps")(cover.gaps)
app.command("point")(point.point)
app.command("compare")(compare.compare)
app.command("appraise")(site.appraise)
app.command("issue")(office.issue)
app.command("confirm")(office.confirm)
app.command("propose")(site.propose)
app.command("route")(cable.route)
app.command("underground")(cable.underground)
app.command("map")(publish.map_)
app.command("report")(publish.report)
app.command("brief")(brief.brief)
app.command("run")(publish.run)
app.command("schema")(build.schema)


def main() -> None:
    """Run the command that the arguments name; exit 2 where the input is at fault."""
    gc.set_threshold(SELDOM)
    speak_utf8()
    try:
        app()
    except InfraplanError as error:
        fail(error)
        sys.exit(2)
