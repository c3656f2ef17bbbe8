"""How the commands speak: UTF-8 everywhere, progress that suits the console, plain errors."""

import contextlib
import io
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from infraplan.errors import InfraplanError
from infraplan.errors import LayerError
from infraplan.errors import SourceFileError
from infraplan.progress import Progress
from infraplan.text import Words
from infraplan.text import words

__all__ = [
    "LANGUAGE",
    "choose_language",
    "fail",
    "heading",
    "progress_bar",
    "say",
    "shown_path",
    "speak_utf8",
]

LANGUAGE = {"now": "", "plan": "vi"}  # what --lang said, empty: the plan's own; and the plan's


def speak_utf8() -> None:
    """Write UTF-8 even on a console of code page 1258, which lacks most Vietnamese letters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def choose_language(plan_language: str = "vi") -> Words:
    """
    Return the catalogue to speak with.

    Parameters
    ----------
    plan_language
        Language of the plan, for where `--lang` was not given.

    Returns
    -------
    words
        Catalogue of the chosen language.
    """
    LANGUAGE["plan"] = plan_language
    return words(LANGUAGE["now"] or plan_language)


def say(text: str = "") -> None:
    """
    Print a line.

    Parameters
    ----------
    text
        What to print.
    """
    print(text, flush=True)


def heading(text: str) -> None:
    """
    Print a heading.

    Parameters
    ----------
    text
        Words of the heading.
    """
    say()
    say(text)
    say("-" * len(text))


def fail(error: InfraplanError) -> None:
    """
    Print an error that the user can mend, as one block on standard error.

    Parameters
    ----------
    error
        What went wrong, where, and how to mend it.
    """
    text = _told(error)
    if sys.stderr.isatty():
        text = f"\x1b[31m{text}\x1b[0m"
    print(text, file=sys.stderr, flush=True)


def _told(error: InfraplanError) -> str:
    """Return an error in the language of the output where its faults have words there."""
    catalogue = words(LANGUAGE["now"] or LANGUAGE["plan"])
    if isinstance(error, LayerError):
        from infraplan.layers.told import error_told

        return error_told(error, catalogue)
    if isinstance(error, SourceFileError) and error.code and catalogue.language != "en":
        return _file_told(error, catalogue)
    from infraplan.layers.notes import note_told

    said = error.args[0] if len(error.args) == 1 else str(error)
    return note_told(said, catalogue) if isinstance(said, str) else str(error)


def _file_told(error: SourceFileError, catalogue: Words) -> str:
    """Return what is wrong with a file in the language of a catalogue."""
    values = dict(error.details)
    if "layer" in values:
        values["layer"] = catalogue.entries.get(f"terms.layer_{values['layer']}", values["layer"])
    return catalogue(f"files.{error.code}", **values)


@contextlib.contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """
    Show how far long work is: a bar on a terminal, a line for every tenth elsewhere.

    Parameters
    ----------
    title
        Name of the work.

    Yields
    ------
    progress
        Callable that takes the share done and a word on what is being done.
    """
    if sys.stderr.isatty():
        from rich.progress import BarColumn
        from rich.progress import Progress as RichProgress
        from rich.progress import TextColumn
        from rich.progress import TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        from rich.console import Console

        with RichProgress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=1.0)

            def show(done_share: float, what: str = "") -> None:
                """Move the bar."""
                described = f"{title}: {what}" if what else title
                bar.update(task, completed=done_share, description=described)

            yield show
        return
    start_s, shown = time.monotonic(), {"tenth": 0}

    def line(done_share: float, what: str = "") -> None:
        """Print a line when another tenth is done, and only for work that takes a while."""
        tenth = int(done_share * 10)
        if tenth > shown["tenth"] and time.monotonic() - start_s > 2.0:
            print(f"{title} {tenth * 10} % {what}".rstrip(), file=sys.stderr, flush=True)
        shown["tenth"] = max(shown["tenth"], tenth)

    yield line


def shown_path(path: Path) -> str:
    """
    Return a path as a person can paste it: whole, and quoted where it holds spaces.

    Parameters
    ----------
    path
        Any path.

    Returns
    -------
    text
        Absolute path.
    """
    text = str(Path(path).resolve())
    return f'"{text}"' if " " in text else text
