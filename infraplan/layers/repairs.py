"""What was mended in a list on the way in, cell by cell, so that its owner can see it."""

from dataclasses import dataclass

__all__ = ["Repair"]


@dataclass(frozen=True, slots=True)
class Repair:
    """
    A cell that was understood otherwise than it stands.

    `row` is as the owner counts it, `column` the owner's heading; `code` names the sentence
    `repairs.<code>` of the text catalogues.
    """

    row: str
    column: str
    found: str
    taken: str
    code: str
