"""What came of reading a file: the layer, how it was understood, what was mended or set aside."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.layers.pages import Page
from infraplan.layers.repairs import Repair

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Mend", "Mended", "Reading", "RefusedError", "Understood"]


@dataclass(frozen=True, slots=True)
class Understood:
    """
    How a file was understood, for a person to agree to before anything is kept.

    `columns` maps headings to columns, parts of a position and what is only read as evidence;
    `persons` are headings about persons, `unknown` those left out, each with the heading it may
    have been meant for, or "". Rows that are no data (sub-headings, totals, notes) are named in
    `between`, what was read though hidden in `hidden_rows` and `hidden_columns`; `decimals` maps
    headings to the decimal sign taken. `crs_margin` is how far the next best reading of the
    coordinates is behind, [0, 1], NaN where it was not voted; `crs_certainty` is how it was found:
    `said`, `recognised`, `assumed`, `ask` where a fault asks for it, empty where the file says it;
    `crs_readings` are notes of what each reading would mean. `vintage_basis` says why a vintage was
    taken: `said`, `file`, or a note. `told` are notes of the reading that say the same in a
    sentence.
    """

    file: str = ""
    sheets: tuple[str, ...] = ()
    header_rows: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    persons: tuple[str, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    between: tuple[str, ...] = ()
    hidden_rows: tuple[str, ...] = ()
    hidden_columns: tuple[str, ...] = ()
    crs: str = ""
    crs_certainty: str = ""
    crs_margin: float = float("nan")
    crs_readings: tuple[str, ...] = ()
    encoding: str = ""
    separator: str = ""
    decimals: Mapping[str, str] = field(default_factory=dict)
    vintage: str = ""
    vintage_basis: str = ""
    rows_read: int = 0
    rows_kept: int = 0
    rows_mended: int = 0
    rows_quarantined: int = 0
    rows_repeated: int = 0
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """
    What was read from a file.

    `table` is the layer, `source` its row of layer `sources`; `columns` maps headings to columns,
    `notes` tell what was mended, assumed or left out; `crs` is the file's reference system.
    `faults` are those of rows that were set aside, `quarantined` the owner's names of these rows
    (Excel row numbers; `Sheet!12` where several sheets were read), `quarantined_ids` the ids their
    owner gave them. `repairs` are cells understood otherwise than they stand. `row_of` is the
    owner's name of each row of the table, by id. `column_numbers` gives for each sheet the column
    of each heading, from 1. `personal` holds columns about persons by id where they were asked for.
    `pages` are the sheets of a workbook as they stand; empty where they are to be read again.
    """

    table: "gpd.GeoDataFrame"
    source: Mapping[str, Any]
    columns: Mapping[str, str]
    notes: tuple[str, ...]
    crs: str
    rows_read: int
    layer: str = ""
    file: Path = Path()
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    header_rows: tuple[str, ...] = ()
    column_numbers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rows_kept: int = 0
    quarantined: tuple[str, ...] = ()
    quarantined_ids: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    repairs: tuple[Repair, ...] = ()
    understood: Understood = Understood()
    row_of: Mapping[str, str] = field(default_factory=dict)
    personal: pd.DataFrame | None = None
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """
    Rows of a list completed by what the plan knows, and what could not be.

    `rows` is what the owner calls the rows of `frame` where some were left out; None: none was.
    `vintage` is that of the communes that the list names, empty where it is not known;
    `vintage_basis` is `said`, or a note on how it was recognised.
    """

    frame: pd.DataFrame
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    rows: tuple[str, ...] | None = None
    repairs: tuple[Repair, ...] = ()
    vintage: str = ""
    vintage_basis: str = ""


Mend = Callable[[pd.DataFrame, tuple[str, ...]], Mended]


class RefusedError(LayerError):
    """
    A file that was read but not taken, with its reading: what a report to its owner needs.

    The reading's table is empty.
    """

    reading: Reading | None = None

    @classmethod
    def of(cls, layer: str, faults: Sequence[Fault], reading: Reading) -> "RefusedError":
        """
        Return the error of a reading.

        Parameters
        ----------
        layer
            Name of the layer.
        faults
            All that is wrong.
        reading
            What was read, without rows.

        Returns
        -------
        error
            To be raised.
        """
        error = cls(layer=layer, faults=tuple(faults))
        error.reading = reading
        return error
