"""The office that a paper comes from."""

from dataclasses import dataclass

__all__ = ["Office"]


@dataclass(frozen=True, slots=True)
class Office:
    """Who signs: `name` of the office, its `parent` and `place`; dots are printed where empty."""

    name: str = ""
    parent: str = ""
    place: str = ""
