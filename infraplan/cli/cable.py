"""Commands on cables: a route between two points, streets that go underground."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated
from typing import Any

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import progress_bar
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.cli.cover import AsOf
from infraplan.errors import SettingsError
from infraplan.layers.notes import Note

if TYPE_CHECKING:
    from infraplan.api.undergrounding import Programme
    from infraplan.cables.sharing import Sharing

__all__ = ["route", "underground"]

MOST_YEARS = 20
FIRST_YEAR = 2000
MOST_YEAR = 2200
MOST_VND = 1e15
LEAST_VND = 1e6  # of a year; less is a unit forgotten
POINT = "lon,lat or E,N of the plan, or an id."


def route(
    plan: PlanFolder,
    *,
    start: Annotated[str, typer.Option("--from", metavar="POINT", help=POINT)],
    end: Annotated[str, typer.Option("--to", metavar="POINT", help=POINT)],
    diverse: Annotated[
        bool, typer.Option("--diverse", help="Two routes that share as little as can be.")
    ] = False,
    over_land: Annotated[
        bool, typer.Option("--over-land", help="Dig open land too, where no road leads.")
    ] = False,
) -> None:
    """Find the cheapest cable route, or two, between two points along streets and roads."""
    from infraplan.api import open_plan
    from infraplan.api import route as find
    from infraplan.cli.account import tell_route
    from infraplan.plan.results import route_file

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    found = find(opened, start, end, diverse=diverse, over_land=over_land)
    tell_route(found, words)
    kept = route_file(opened, (start, end), diverse=diverse, over_land=over_land)
    say(words("cli.files_in", folder=shown_path(kept)))


def underground(
    plan: PlanFolder,
    *,
    streets: Annotated[
        list[str] | None,
        typer.Option(help="Name or id of a street, or 'name: from - to'; once for each street."),
    ] = None,
    area: Annotated[Path | None, typer.Option(help="File with an outline instead.")] = None,
    share_rule: Annotated[
        str, typer.Option(help="Who pays: by diameter, occupancy, length or alone.")
    ] = "diameter",
    public_share: Annotated[
        float, typer.Option(help="Percent of the shared works that the public bears.")
    ] = 0.0,
    renting: Annotated[
        list[str] | None, typer.Option(help="Owner that rents instead of paying; once for each.")
    ] = None,
    funding: Annotated[
        str, typer.Option(help="Who brings the capital: capital (owners), investor or public.")
    ] = "capital",
    years: Annotated[str, typer.Option(help="Years of building, such as 2027-2031.")] = "",
    budget: Annotated[
        list[str] | None,
        typer.Option(
            help="VND before tax that each year may spend, or one for each year (20e9, 20 tỷ); "
            "what a year leaves goes on to the next."
        ),
    ] = None,
    force: Annotated[
        list[str] | None, typer.Option(help="Street that must be built, 'name=year' by a year.")
    ] = None,
    leave_out: Annotated[list[str] | None, typer.Option(help="Street not to build.")] = None,
    template: Annotated[
        Path | None, typer.Option(help="The office's own Word template of the memo.")
    ] = None,
    no_files: Annotated[bool, typer.Option("--no-files", help="Only compute and tell.")] = False,
    as_of: AsOf = None,
) -> None:
    """Plan how the aerial cable of some streets goes underground, who pays and when."""
    from infraplan.api import open_plan
    from infraplan.api import underground as dig
    from infraplan.api.undergrounding import Sharing
    from infraplan.api.undergrounding import underground_with_papers
    from infraplan.cli.account import tell_papers
    from infraplan.cli.account import tell_underground

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    renters = _names(renting)
    sharing, programme = _at_once(
        partial(Sharing, share_rule, _share(public_share), tuple(renters), funding),
        partial(_programme, years, budget or [], force or [], leave_out or []),
    )
    names = _names(streets)
    if streets and not names:
        raise SettingsError(Note("asked.no_streets"))
    asked: dict[str, Any] = {
        "streets": names or None, "area": area, "sharing": sharing, "programme": programme,
    }  # fmt: skip
    if no_files:
        with progress_bar(words("cli.digging")) as progress:
            made = dig(opened, **asked, progress=progress)
        tell_underground(made, words)
        say(words("cli.files_in", folder=shown_path(opened.results / "underground.gpkg")))
        return
    with progress_bar(words("cli.digging")) as progress:
        made, papers = underground_with_papers(
            opened, **asked, template=template, progress=progress,
            as_of=as_of.date() if as_of else None,
        )  # fmt: skip
    tell_underground(made, words)
    say(words("cli.files_in", folder=shown_path(opened.results / "underground.gpkg")))
    tell_papers(papers, words)
    say(words("cli.next_map", folder=shown_path(opened.folder)))


def _at_once(
    sharing: "Callable[[], Sharing]", programme: "Callable[[], Programme]"
) -> "tuple[Sharing, Programme]":
    """Return who pays and when; what is wrong with either is told together."""
    from infraplan.api.undergrounding import Programme
    from infraplan.api.undergrounding import Sharing
    from infraplan.layers.notes import joined

    wrong: list[str] = []
    asked: tuple[Sharing, Programme] = (Sharing(), Programme())
    try:
        asked = (sharing(), asked[1])
    except SettingsError as error:
        wrong.append(error.args[0])
    try:
        asked = (asked[0], programme())
    except SettingsError as error:
        wrong.append(error.args[0])
    if wrong:
        raise SettingsError(joined(wrong))
    return asked


def _programme(
    years: str, budget: list[str], force: list[str], leave_out: list[str]
) -> "Programme":
    """Return the years, their money and the wishes; all that is wrong at once."""
    from infraplan.api.undergrounding import Programme
    from infraplan.api.undergrounding import wish_faults
    from infraplan.layers.notes import joined

    wrong: list[str] = []
    first, _, last = years.replace(" ", "").partition("-")
    span: tuple[int, ...] = ()
    last = last or first
    if first.isdigit() and last.isdigit() and int(first) >= FIRST_YEAR and int(last) < MOST_YEAR:
        span = tuple(range(int(first), int(last) + 1))
    if years and not 0 < len(span) <= MOST_YEARS:
        wrong.append(Note("asked.years", most=str(MOST_YEARS), found=years))
    money = [_vnd(text) for text in budget]
    wrong += [
        Note("asked.budget", found=text)
        for text, value in zip(budget, money, strict=True)
        if value is None
    ]
    spent = tuple(value for value in money if value is not None)
    if len(spent) == 1:
        spent *= len(span)
    by_year, forced = {}, []
    for entry in force:
        name, _, year = entry.rpartition("=")
        if name and year.strip().isdigit():
            by_year[name.strip()] = int(year)
        else:
            forced.append(entry.strip())
    wrong += [
        Note("asked.money_unit", found=text)
        for text, value in zip(budget, money, strict=False)
        if value is not None and 0 < value < LEAST_VND
    ]
    if budget and not years:
        wrong.append(Note("asked.budget_without_years"))
    left_out = tuple(name.strip() for name in leave_out)
    if wrong:
        wrong += wish_faults(span, forced, by_year, left_out)
        raise SettingsError(joined(wrong))
    return Programme(span, spent, tuple(forced), by_year, left_out)


def _names(entries: list[str] | None) -> list[str]:
    """Return names that were given one by one, or several at once with commas."""
    return [name.strip() for entry in entries or [] for name in entry.split(",") if name.strip()]


def _share(percent: float) -> float:
    """Return a percentage as a share: 33.3 is 0.333, not the float just below it."""
    return float(Decimal(str(percent)) / 100)


def _vnd(text: str) -> int | None:
    """Return a sum of money, None where it is none."""
    plain = text.strip().lower().replace(" ", "")
    for word, factor in (("tỷ", 10**9), ("ty", 10**9), ("triệu", 10**6), ("trieu", 10**6)):
        if plain.endswith(word):
            plain, times = plain.removesuffix(word).replace(",", "."), factor
            break
    else:
        times = 1
    try:
        value = float(plain) * times
    except ValueError:
        return None
    return round(value) if 0 <= value < MOST_VND else None
