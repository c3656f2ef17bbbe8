"""Sheets of cells as their owner sees them, before and after anything is understood."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

__all__ = ["Page"]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """
    One sheet: its cells by row from the first, and how it is laid out.

    Rows and columns are counted from 1. `merges` are first and last row, first and last column of
    merged cells; `widths` are in characters; `formats` are the number formats of columns. `shift`
    is how many rows stand above the one that its owner calls 1, as in a list made of a map file.
    """

    title: str
    rows: Sequence[Sequence[Any]]
    merges: tuple[tuple[int, int, int, int], ...] = ()
    widths: Mapping[int, float] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    formats: Mapping[int, str] = field(default_factory=dict)
    shift: int = 0
