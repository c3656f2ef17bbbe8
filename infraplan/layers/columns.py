"""How a column and a layer are declared; the declarations themselves are in `schemas`."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Column", "Kind", "LayerSchema"]

Kind = Literal["text", "integer", "number", "flag", "date", "list"]


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column of a layer.

    `kind` `list` is text with values joined by `;` (`2G;4G`); `date` is ISO text (`2025-07-01`).
    A required column must be there and filled in every row; an optional one may lack or be empty.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """Return what a value must be, in words and with its unit."""
        unit = self.unit
        if self.values:
            many = "one or more (joined by ;) of" if self.kind == "list" else "one of"
            return f"{many} {', '.join(self.values)}"
        noun = {
            "text": "text",
            "integer": "a whole number",
            "number": "a number",
            "flag": "true or false",
            "date": "a date such as 2025-07-01",
            "list": "values joined by ;",
        }[self.kind]
        if self.low is not None and self.high is not None:
            noun += f" in [{self.low:g}, {self.high:g}]"
        elif self.low is not None:
            noun += f" of at least {self.low:g}"
        return f"{noun} {unit}".strip()

    @property
    def unit(self) -> str:
        """Return the unit that the name's suffix states, empty where it has none."""
        suffix = self.name.rsplit("_", 1)[-1]
        return {
            "m": "m", "m2": "m2", "km2": "km2", "ha": "ha", "mhz": "MHz", "dbm": "dBm",
            "dbi": "dBi", "db": "dB", "deg": "deg", "h": "h", "mm": "mm", "kv": "kV", "vnd": "VND",
        }.get(suffix, "")  # fmt: skip


@dataclass(frozen=True, slots=True)
class LayerSchema:
    """
    A layer: its identity, its geometry and its columns.

    `geometry` lists the accepted geometry types; empty for a table without geometry. `key` is the
    column that becomes the index. `may_lack_position` lets rows without a position pass: their
    owner lists them by name, and the plan places them.
    """

    name: str
    meaning: str
    key: str
    geometry: tuple[str, ...]
    columns: tuple[Column, ...]
    has_vintage: bool = False
    may_lack_position: bool = False

    def column(self, name: str) -> Column | None:
        """
        Return a column's declaration.

        Parameters
        ----------
        name
            Name of the column.

        Returns
        -------
        column
            Declaration, or None where the layer declares no such column.
        """
        return next((column for column in self.columns if column.name == name), None)
