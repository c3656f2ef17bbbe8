"""The command that writes one page for the head."""

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.cli.cover import AsOf

__all__ = ["brief"]


def brief(plan: PlanFolder, *, as_of: AsOf = None) -> None:
    """Write one A4 page for the head: a PDF, and a picture of it for a phone."""
    from infraplan.api import brief as write
    from infraplan.api import open_plan

    opened = open_plan(plan)
    words = choose_language(opened.settings.language)
    made = write(opened, as_of=as_of.date() if as_of else None)
    if made.is_synthetic:
        say(words("reports.synthetic"))
    say(words("brief.written", path=shown_path(made.pdf)))
    say(words("brief.picture_written", path=shown_path(made.png)))
