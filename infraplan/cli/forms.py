"""The command that writes forms for people to fill in."""

from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated

import typer

from infraplan.cli.console import LANGUAGE
from infraplan.cli.console import choose_language
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.errors import SettingsError

if TYPE_CHECKING:
    from infraplan.plan import Plan
    from infraplan.text import Words

__all__ = ["take_price_book", "template"]

EVIDENCE = "evidence"
PRICES = "prices"


def template(
    form: Annotated[
        str,
        typer.Argument(
            help="m1 ... m7, cells, hamlets, evidence, prices, or a layer; empty: list them."
        ),
    ] = "",
    first: Annotated[
        Path | None,
        typer.Argument(metavar="[PLAN]", help="Plan whose communes and operators are offered."),
    ] = None,
    second: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE.xlsx]", help="Workbook; forms/ in the plan, or here, else."),
    ] = None,
) -> None:
    """Write a workbook that people fill in and `import` reads; PLAN and FILE in any order."""
    if not form:
        _tell_forms()
        return
    given = [path for path in (first, second) if path is not None]
    files = [path for path in given if path.suffix.lower() == ".xlsx"]
    folders = [path for path in given if path not in files]
    if len(files) > 1 or len(folders) > 1:
        msg = "give one plan and one .xlsx workbook: infraplan template m1 PLAN FILE.xlsx"
        raise SettingsError(msg)
    file = files[0] if files else None
    plan = _opened(folders[0]) if folders else None
    if form == EVIDENCE:
        _write_evidence(plan, file)
        return
    if form == PRICES:
        _write_prices(plan, file)
        return
    from infraplan.api.templates import blank_form
    from infraplan.api.templates import write_template

    words = choose_language("vi" if plan is None else plan.settings.language)
    found = blank_form(form)
    path = write_template(found, file, plan=plan, language=LANGUAGE["now"])
    where = "PLAN" if plan is None else shown_path(plan.folder)
    say(words("templates.written", path=shown_path(path)))
    say(words("templates.next", plan=where, layer=found.layer, path=shown_path(path)))


def _write_evidence(plan: "Plan | None", file: Path | None) -> None:
    """Write the form on the signal in each hamlet."""
    if plan is None:
        msg = "the form on evidence lists the hamlets of a plan: infraplan template evidence PLAN"
        raise SettingsError(msg)
    from infraplan.api import evidence_form

    words = choose_language(plan.settings.language)
    path = evidence_form(plan, file)
    say(words("cli.form_written", path=shown_path(path)))
    say(words("cli.next_form", folder=shown_path(plan.folder), path=shown_path(path)))


def _write_prices(plan: "Plan | None", file: Path | None) -> None:
    """Write the present prices of a plan, to be changed."""
    if plan is None:
        msg = "prices are those of a plan: infraplan template prices PLAN"
        raise SettingsError(msg)
    from infraplan.api.price_books import price_form

    words = choose_language(plan.settings.language)
    path = price_form(plan, file)
    say(words("templates.written", path=shown_path(path)))
    where = shown_path(plan.folder)
    say(words("templates.next", plan=where, layer=PRICES, path=shown_path(path)))


def take_price_book(plan: "Plan", file: Path, words: "Words") -> None:
    """
    Keep a changed price book and tell what came of it.

    Parameters
    ----------
    plan
        The plan.
    file
        Workbook.
    words
        Catalogue.
    """
    from infraplan.api.price_books import take_prices

    path, changed = take_prices(plan, file)
    say(words("undergrounding.prices_taken", count=words.number(changed), path=shown_path(path)))
    say(words("undergrounding.prices_next", plan=shown_path(plan.folder)))


def _opened(folder: Path) -> "Plan":
    """Return the plan of a folder."""
    from infraplan.plan import open_folder

    return open_folder(folder)


def _tell_forms() -> None:
    """Print which forms there are."""
    from infraplan.api.templates import blank_forms

    words = choose_language()
    say(words("templates.known"))
    for name, form in blank_forms().items():
        say(f"  {name:<8} {form.title} -> {form.layer}")
    say(f"  {EVIDENCE:<8} {words('templates.evidence')}")
