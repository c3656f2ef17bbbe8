"""Errors that a user can mend, in one tree; anything else that is raised is a bug."""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field

__all__ = [
    "Fault",
    "GridMismatchError",
    "InfraplanError",
    "LayerError",
    "ModelRangeError",
    "NoRouteError",
    "PlanError",
    "SettingsError",
    "SourceFileError",
    "VintageError",
]

ROWS_SHOWN = 8


class InfraplanError(Exception):
    """Base of every error whose cause is the input or the request, never the program."""


class SettingsError(InfraplanError, ValueError):
    """A setting, rule or option is unknown or out of range."""


class ModelRangeError(InfraplanError, ValueError):
    """A model was asked outside the range for which it was published."""


class GridMismatchError(InfraplanError, ValueError):
    """Two rasters do not lie on the same grid (size, shift or CRS)."""


class NoRouteError(InfraplanError, ValueError):
    """No route exists; the message names what bars the way."""


class SourceFileError(InfraplanError):
    """
    A file cannot be read for what it claims to be.

    `code` names the sentence `files.<code>` of the text catalogues, `details` the values of its
    placeholders; a copy that was pickled has the message alone.
    """

    def __init__(self, message: str = "", *, code: str = "", **details: str) -> None:
        """Hand the message to `Exception`."""
        super().__init__(message)
        self.code, self.details = code, details


class PlanError(InfraplanError):
    """A plan folder is missing, locked, of a newer version or lacks what a step needs."""


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing that is wrong with an input, told so that its owner can mend it.

    `what` is the sentence a person reads first; the other fields say where. Rows are as the owner
    counts them (Excel rows start at 1, headings included), or ids. `code` names the sentences
    `faults.<code>_what` and `faults.<code>_remedy` of the text catalogues, `details` the values of
    their placeholders.
    """

    what: str
    rows: tuple[str, ...] = ()
    found: str = ""
    expected: str = ""
    remedy: str = ""
    file: str = ""
    sheet: str = ""
    column: str = ""
    code: str = ""
    details: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Return the fault as one line: where, what, found, expected, how to mend."""
        where = [self.file, self.sheet and f"sheet '{self.sheet}'"]
        where.append(self.column and f"column '{self.column}'")
        if self.rows:
            shown = ", ".join(self.rows[:ROWS_SHOWN])
            more = len(self.rows) - ROWS_SHOWN
            where.append(f"rows {shown}" + (f" and {more} more" if more > 0 else ""))
        text = self.what
        if place := ", ".join(part for part in where if part):
            text += f" ({place})"
        if self.found:
            text += f"; found {self.found}"
        if self.expected:
            text += f"; expected {self.expected}"
        if self.remedy:
            text += f". To mend: {self.remedy}"
        return text


@dataclass(eq=False)
class LayerError(InfraplanError, ValueError):
    """A layer breaks its schema; all its faults are listed at once."""

    layer: str
    faults: Sequence[Fault] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        """Hand the message to `Exception`, so that a pickled copy keeps it."""
        super().__init__(self.layer, tuple(self.faults))

    def __str__(self) -> str:
        """Return a heading and one line per fault."""
        return "\n".join([f"layer '{self.layer}' has {len(self.faults)} fault(s):", *_lines(self)])


class VintageError(InfraplanError, ValueError):
    """Two administrative layers of different vintages were to be joined without a crosswalk."""


def _lines(error: LayerError) -> Iterable[str]:
    """Return each fault of an error as a list item."""
    return (f"  - {fault}" for fault in error.faults)
