"""Cells as read, settled as text: old fonts and wrong code pages become Unicode."""

import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import pandas as pd

from infraplan.errors import Fault
from infraplan.layers.convert import tidy
from infraplan.layers.encodings import composed
from infraplan.layers.fonts import Change
from infraplan.layers.fonts import settled
from infraplan.layers.notes import Note
from infraplan.layers.repairs import Repair

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["SettledText", "settle_headings", "settle_text"]

NAMES = {
    "tcvn3": "TCVN3 (ABC)", "tcvn3_1258": "TCVN3 (ABC)", "vni": "VNI-Windows",
    "vni_1258": "VNI-Windows", "viscii": "VISCII", "viqr": "VIQR", "cp1258": "Windows-1258",
    "utf8": "UTF-8", "eth": "Ð",
}  # fmt: skip
ONE_BY_ONE = ("utf8", "eth")
CODE = "text_encoding"
HEADINGS = "\0headings"
TEXTS = ("object", "str", "string")  # types of columns that may hold any
LOST = "\ufffd"
ASKED = re.compile(r"[^\W\d_]\?[^\W\d_]*[a-z]")  # H? T?nh, as an ANSI file has it
EXAMPLES = 3
DOUBTS_SHOWN = 5
FOUND_SHOWN = 5
LONGEST = 40  # letters of an example
REPAIRED = 2000  # cells of a mixed column that are told one by one


@dataclass(frozen=True, slots=True, eq=False)
class SettledText:
    """
    A table whose texts are Unicode, with what was done.

    `notes` name column, encoding and examples; `repairs` are the single cells where a column was
    only partly in another encoding; `faults` are cells whose letters are lost for good. `encodings`
    gives the encoding of each column that was converted.
    """

    frame: "pd.DataFrame | gpd.GeoDataFrame"
    notes: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()
    faults: tuple[Fault, ...] = ()
    encodings: Mapping[str, str] | None = None


def settle_text(frame: "pd.DataFrame | gpd.GeoDataFrame", rows: Sequence[str] = ()) -> SettledText:
    """
    Return a table whose headings and texts are Unicode.

    Parameters
    ----------
    frame
        Cells as read, before any of them is tidied: half an `à` may be a space.
    rows
        What the owner calls each row; numbers from 1 where empty.

    Returns
    -------
    settled
        The table, a copy where anything changed. Text that is Unicode already stays as it is.
    """
    numbers = tuple(rows) or tuple(str(number) for number in range(1, len(frame) + 1))
    texts = _texts(frame)
    changes = settled({**{str(name): own for name, own in texts.items()}, HEADINGS: _named(frame)})
    headings = changes.pop(HEADINGS, ())
    shown = {name: _read(name, headings) for name in _named(frame)}
    draft = SettledText(frame)
    for name in [name for name in texts if name in changes]:
        draft = _with_column(draft, name, changes[name], (shown[name], numbers))
    notes = [note for change in headings for note in _notes("", change, len(change.texts))]
    found = {**texts, **{name: _different(draft.frame[name]) for name in changes}}
    faults = [
        _lost(draft.frame[name], shown[name], numbers)
        for name, own in found.items()
        if any(LOST in text for text in own)
    ]
    notes += [
        Note("encodings.question_marks", column=shown[name], examples=", ".join(asked[:EXAMPLES]))
        for name, own in found.items()
        if (asked := [_short(text) for text in own if ASKED.search(text)])
    ]
    return replace(
        draft,
        frame=_renamed(draft.frame, shown),
        notes=(*notes, *draft.notes),
        faults=tuple(faults),
        encodings={shown[name]: font for name, font in (draft.encodings or {}).items()},
    )


def settle_headings(cells: Sequence[object]) -> tuple[list[str], tuple[str, ...]]:
    """
    Return a row of headings in Unicode, and what was done to them.

    Parameters
    ----------
    cells
        Cells as read, before they are tidied: half a letter may be a control character.

    Returns
    -------
    headings
        One a cell, tidy; empty where the cell is.
    notes
        The encoding with examples, where it was not Unicode.
    """
    texts = [cell if isinstance(cell, str) else tidy(cell) for cell in cells]
    changes = settled({"": list(dict.fromkeys(texts))}).get("", ())
    notes = [note for change in changes for note in _notes("", change, len(change.texts))]
    return [tidy(_read(text, changes)) for text in texts], tuple(notes)


def _named(frame: pd.DataFrame) -> list[str]:
    """Return the headings of a table, without that of its geometry."""
    return [str(name) for name in frame.columns if name != _geometry(frame)]


def _geometry(frame: pd.DataFrame) -> str:
    """Return the name of the geometry of a table, empty where it has none."""
    return str(getattr(frame, "_geometry_column_name", None) or "")


def _texts(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Return the different texts of each column that has any."""
    kinds = frame.dtypes
    columns = [name for name in _named(frame) if str(kinds[name]) in TEXTS]
    return {name: found for name in columns if (found := _different(frame[name]))}


def _different(column: pd.Series) -> list[str]:
    """Return the different texts of a column, in the order of rows."""
    return list(dict.fromkeys(cell for cell in column if isinstance(cell, str)))


def _with_column(
    draft: SettledText, name: str, changes: Sequence[Change], told: tuple[str, Sequence[str]]
) -> SettledText:
    """Return a draft with one more column in Unicode."""
    heading, numbers = told
    cells = draft.frame[name]
    notes, repairs = [*draft.notes], [*draft.repairs]
    encodings = dict(draft.encodings or {})
    for change in changes:
        is_changed = [isinstance(cell, str) and cell in change.texts for cell in cells]
        notes += _notes(heading, change, sum(is_changed))
        if change.is_mixed or change.font in ONE_BY_ONE:
            repairs += [
                Repair(
                    numbers[place],
                    heading,
                    cells.iloc[place],
                    change.texts[cells.iloc[place]],
                    CODE,
                )
                for place in islice((n for n, is_one in enumerate(is_changed) if is_one), REPAIRED)
            ]
        if change.texts and change.font not in ONE_BY_ONE:
            encodings[name] = NAMES[change.font]
        cells = pd.Series(
            [
                change.texts[cell] if is_one else cell
                for cell, is_one in zip(cells, is_changed, strict=True)
            ],
            index=cells.index,
            dtype=cells.dtype,
        )
    frame = draft.frame.assign(**{name: cells})
    return replace(
        draft, frame=frame, notes=tuple(notes), repairs=tuple(repairs), encodings=encodings
    )


def _notes(heading: str, change: Change, count: int) -> list[Note]:
    """Return what is told of the change of a column, or of the headings."""
    notes = []
    if change.texts:
        pairs = list(change.texts.items())[:EXAMPLES]
        examples = "; ".join(f"{_short(old)} → {_short(new)}" for old, new in pairs)
        kind = {"utf8": "mojibake", "eth": "eth"}.get(change.font, "converted")
        values = {"encoding": NAMES[change.font], "count": str(count), "examples": examples}
        if heading:
            notes.append(Note(f"encodings.{kind}", column=heading, **values))
        else:
            notes.append(Note("encodings.headings", **values))
    if change.doubtful and heading:
        shown = ", ".join(_short(text) for text in change.doubtful[:DOUBTS_SHOWN])
        notes.append(
            Note(
                "encodings.doubtful",
                column=heading,
                encoding=NAMES[change.font],
                count=str(len(change.doubtful)),
                examples=shown,
            )
        )
    return notes


def _short(text: str) -> str:
    """Return a text that fits into a sentence."""
    text = tidy(text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _read(heading: str, changes: Sequence[Change]) -> str:
    """Return a heading in Unicode."""
    for change in changes:
        heading = change.texts.get(heading, heading)
    return composed(heading)


def _lost(column: pd.Series, heading: str, numbers: Sequence[str]) -> Fault:
    """Return the fault of cells that hold the mark of a letter that could not be read."""
    places = [n for n, cell in enumerate(column) if isinstance(cell, str) and LOST in cell]
    found = dict.fromkeys(f"'{_short(column.iloc[place])}'" for place in places)
    return Fault(
        what="letters were lost when the file was saved in another encoding",
        rows=tuple(numbers[place] for place in places),
        column=heading,
        found=", ".join(islice(found, FOUND_SHOWN)),
        expected="text without the sign of a lost letter (U+FFFD)",
        remedy="ask for the original file, or type these cells anew; no one can guess what is lost",
        code="lost_letters",
        details=(("column", heading),),
    )


def _renamed(frame: pd.DataFrame, shown: Mapping[str, str]) -> pd.DataFrame:
    """Return a table with headings in Unicode, save those that would then be equal to others."""
    new = {
        name: read
        for name, read in shown.items()
        if read != name and read not in frame.columns and list(shown.values()).count(read) == 1
    }
    return frame.rename(columns=new) if new else frame
