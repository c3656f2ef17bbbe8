"""How long work tells its caller where it stands; the caller decides how to show it."""

from typing import Protocol

__all__ = ["Progress", "part", "silent"]


class Progress(Protocol):
    """A callable that takes the share done in [0, 1] and a word on what is being done."""

    def __call__(self, done_share: float, what: str = "") -> None:
        """Show that `done_share` of the work is done."""


def silent(done_share: float, what: str = "") -> None:
    """
    Show nothing.

    Parameters
    ----------
    done_share
        Share of the work that is done, in [0, 1].
    what
        What is being done.
    """


def part(progress: Progress | None, start_share: float, end_share: float) -> Progress:
    """
    Return a progress that fills only a part of another one.

    Parameters
    ----------
    progress
        The whole; nothing is shown where it is None.
    start_share
        Share of the whole at which the part begins, in [0, 1].
    end_share
        Share of the whole at which the part ends, in [`start_share`, 1].

    Returns
    -------
    progress
        Callable that maps [0, 1] to [`start_share`, `end_share`] of the whole.
    """
    if progress is None:
        return silent

    def scaled(done_share: float, what: str = "") -> None:
        """Show the part's share on the scale of the whole."""
        progress(start_share + (end_share - start_share) * done_share, what)

    return scaled
