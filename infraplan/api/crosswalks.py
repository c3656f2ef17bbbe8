"""Tables of which old commune became which new one: as offices have them, or made of ground."""

import re
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from infraplan.api.vintages import History
from infraplan.errors import Fault
from infraplan.errors import PlanError
from infraplan.layers.bundle import require_one_vintage
from infraplan.layers.convert import tidy
from infraplan.layers.names import Match
from infraplan.layers.names import match_names
from infraplan.layers.notes import Note
from infraplan.layers.schemas import VINTAGES
from infraplan.layers.vintages import Unit
from infraplan.layers.vintages import ambiguous_vintage
from infraplan.layers.vintages import code_text
from infraplan.layers.vintages import derive_crosswalk
from infraplan.layers.vintages import parted_unit
from infraplan.layers.vintages import same_district
from infraplan.layers.vintages import vintage_of
from infraplan.layers.vintages import which_vintage
from infraplan.text import words

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.io import Mended
    from infraplan.plan import Plan

__all__ = ["complete_crosswalk", "crosswalk_from_ground", "merged_steps"]

Mend = Callable[[pd.DataFrame, tuple[str, ...]], "Mended"]

SIDES = ("from", "to")
SEVERAL = re.compile(r"\s*(?:[;,\n+]|\bvà\b)\s*", flags=re.IGNORECASE)
PARTLY = re.compile(
    r"^(?:một phần|phần còn lại|phần lớn|1 phần)\s*(?:diện tích[^,]*)?(?:của)?\s*", re.IGNORECASE
)
ALL_OF = re.compile(r"^(?:toàn bộ\s+)?(?:các\s+)?", flags=re.IGNORECASE)
IN_DISTRICT = re.compile(r"(?:huyện|quận|thị xã|thành phố|tp|tx|h\.)\s*", flags=re.IGNORECASE)


def complete_crosswalk(
    history: History, *, vintage: str | None = None, to_vintage: str | None = None
) -> Mend:
    """
    Return what completes a table of old and new communes: dates, codes by names, ids.

    Parameters
    ----------
    history
        What is known of the plan's communes; units are looked up by name within their district.
    vintage
        Vintage of the old units, where the user says it; recognised where None.
    to_vintage
        Vintage of the new units, likewise.

    Returns
    -------
    mend
        For `read_layer`. Several old units in one cell become rows of their own, a new unit named
        once for the rows below it is carried down, and `một phần` before a name marks a division. A
        vintage that is not clear, and names that mean no unit or several, are faults.
    """

    def mend(frame: pd.DataFrame, rows: tuple[str, ...]) -> "Mended":
        """Fill vintages, codes, `divided` and `crosswalk_id`."""
        from infraplan.io import Mended

        draft = _Draft(*_apart(_carried_down(pd.DataFrame(frame)), rows))
        for side, said in zip(SIDES, (vintage, to_vintage), strict=True):
            _date(draft, side, said, history)
            _code(draft, side, history)
        table, kept = _once(draft)
        faults = (*draft.faults, *_same_vintage(table, kept))
        return Mended(_as_shares(table), faults, tuple(draft.notes), kept)

    return mend


def merged_steps(old: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """
    Return the layer `crosswalk` after an import, in which each step is replaced as a whole.

    Parameters
    ----------
    old
        The layer before.
    new
        What was imported.

    Returns
    -------
    crosswalk
        Steps of the import, and those of the old layer that it does not have.
    replaced
        Steps that were replaced, in words; empty where none was.
    """
    step = ["from_vintage", "to_vintage"]
    come = set(new[step].itertuples(index=False, name=None))
    is_replaced = pd.Series(
        [tuple(row) in come for row in old[step].itertuples(index=False, name=None)],
        index=old.index, dtype=bool,
    )  # fmt: skip
    gone = sorted(set(old.loc[is_replaced, step].itertuples(index=False, name=None)))
    kept = old[~is_replaced]
    table = pd.concat([kept, new]).sort_index() if len(kept) else new
    return table, ", ".join(f"{a} → {b}" for a, b in gone)


def crosswalk_from_ground(
    plan: "Plan", old: "gpd.GeoDataFrame", *, vintage: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """
    Return the crosswalk from old boundaries to the plan's communes.

    Parameters
    ----------
    plan
        The plan, with communes; people are those of its population raster, else of its buildings,
        else of hamlets that were placed by survey or given points.
    old
        Polygons of the old communes in the planning CRS, by code.
    vintage
        Their vintage.

    Returns
    -------
    crosswalk
        With shares of people and ground.
    notes
        What was left out, and by whose people the shares were made.

    Raises
    ------
    PlanError
        If the plan has no communes, or they are of the same or an older vintage.
    """
    say = words(plan.settings.language)
    communes = plan.table("communes")
    if not len(communes):
        msg = "boundaries of old communes say nothing without new ones: import the communes first"
        raise PlanError(msg)
    own = require_one_vintage(communes)
    if VINTAGES.index(vintage) >= VINTAGES.index(own):
        msg = f"the boundaries are of {vintage}, the plan's communes of {own}; give older ones"
        raise PlanError(msg)
    people, by = _people_of(plan)
    derived = derive_crosswalk(old, communes, from_vintage=vintage, to_vintage=own, people=people)
    notes = [Note(f"vintages.people_by_{by}")]
    if derived.slivers:
        shown = ", ".join(
            f"{old_code} → {new_code} ({say.number(100 * share, 2)} %)"
            for old_code, new_code, share in derived.slivers[:5]
        )
        notes.append(Note("vintages.slivers", count=str(len(derived.slivers)), shown=shown))
    if derived.lost:
        notes.append(Note("vintages.lost", codes=", ".join(derived.lost[:8])))
    return derived.table, tuple(notes)


@dataclass(slots=True)
class _Draft:
    """A table on its way to a crosswalk."""

    frame: pd.DataFrame
    rows: tuple[str, ...]
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _carried_down(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which a new unit that is named once stands in the rows below too."""
    columns = [column for column in ("to_code", "to_name") if column in frame]
    texts = {column: frame[column].map(tidy) for column in columns}
    if not columns or any(text.iloc[:1].eq("").any() for text in texts.values()):
        return frame
    empty = np.logical_and.reduce([text == "" for text in texts.values()])
    filled = {
        column: text.mask(empty).ffill() if empty.any() else text for column, text in texts.items()
    }
    return frame.assign(**filled)


def _apart(frame: pd.DataFrame, rows: Sequence[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a table with one old unit a row, and what the owner calls each row."""
    if "from_name" not in frame:
        return frame.reset_index(drop=True), tuple(rows)
    told, names, partly = [], [], []
    has_code = _cells(frame, "from_code") != ""
    for place, text in enumerate(_cells(frame, "from_name")):
        for part in (text,) if has_code.iloc[place] else _units_in(text):
            told.append(place)
            partly.append(bool(PARTLY.match(part)))
            names.append(PARTLY.sub("", part))
    table = frame.iloc[told].reset_index(drop=True).assign(from_name=names)
    if any(partly):
        said = _cells(table, "divided")
        table["divided"] = said.mask(pd.Series(partly), "true")
    return table, tuple(rows[place] for place in told)


def _units_in(text: str) -> tuple[str, ...]:
    """Return the units that a cell lists; what stands behind the last comma may be a district."""
    if IN_DISTRICT.match(parted_unit(text)[1]):
        return (text,)
    parts = SEVERAL.split(ALL_OF.sub("", text).replace(":", " "))
    return tuple(part for part in parts if part) or ("",)


def _date(draft: _Draft, side: str, said: str | None, history: History) -> None:
    """Fill the vintage of one side, from the table, the user, or the units themselves."""
    column = f"{side}_vintage"
    given = _cells(draft.frame, column).map(lambda text: vintage_of(text) or text)
    if not (given == "").any():
        draft.frame = draft.frame.assign(**{column: given})
        return
    mark = said
    if not mark:
        cells = (_cells(draft.frame, f"{side}_{part}") for part in ("name", "code", "district"))
        parts = [parted_unit(name) for name in next(cells)]
        codes, districts = (list(cell) for cell in cells)
        guess = which_vintage([name for name, _ in parts], codes, districts, _known(history, side))
        if guess.ambiguous:
            draft.faults.append(ambiguous_vintage(guess, f"{side}_name"))
        mark = guess.vintage
        if mark:
            draft.notes.append(Note(f"vintages.side_{side}", told=guess.note()))
    if mark:
        draft.frame = draft.frame.assign(**{column: given.where(given != "", mark)})


def _known(history: History, side: str) -> dict[str, Sequence[Unit]]:
    """Return the units that a side may hold: old ones or new ones."""
    marks = VINTAGES[:-1] if side == "from" else VINTAGES[1:]
    return {mark: units for mark, units in history.units.items() if mark in marks}


def _code(draft: _Draft, side: str, history: History) -> None:
    """Fill the codes of one side by names within their districts, and names by codes."""
    marks = _cells(draft.frame, f"{side}_vintage")
    codes, written = (_cells(draft.frame, f"{side}_{part}") for part in ("code", "name"))
    lost: dict[tuple[str, str], list[str]] = {}
    districts = _cells(draft.frame, f"{side}_district")
    for mark in dict.fromkeys(marks):
        units = {unit.code: unit for unit in history.units.get(mark, ())}
        names = {code: (unit.name, unit.full_name) for code, unit in units.items()}
        mine = (marks == mark) & (codes == "") & (written != "")
        texts = {text: parted_unit(text) for text in dict.fromkeys(written[mine])}
        matches = match_names([name for name, _ in texts.values()], names) if names else {}
        for place in draft.frame.index[mine]:
            name, district = texts[written[place]]
            match = matches.get(name, Match(None))
            meant = (match.code,) if match.code else match.candidates
            near = [
                code
                for code in meant
                if same_district(districts[place] or district, units[code].district)
            ]
            chosen = near or list(meant)
            if len(chosen) == 1:
                codes[place] = str(chosen[0])
                continue
            lost.setdefault((written[place], match.nearest), []).append(draft.rows[place])
            codes[place] = written[place]
        bare = (marks == mark) & (written == "")
        full = {code: unit.full_name for code, unit in units.items()}
        written[bare] = [full.get(code, "") for code in codes[bare]]
    draft.faults += [_no_unit(text, tuple(rows), side, near) for (text, near), rows in lost.items()]
    filled = {f"{side}_name": written, f"{side}_code": codes}
    have = {column: cells for column, cells in filled.items() if (cells != "").any()}
    draft.frame = draft.frame.assign(**have)


def _no_unit(text: str, rows: tuple[str, ...], side: str, near: str) -> Fault:
    """Return the fault of a name that means no unit of its vintage, or several."""
    return Fault(
        what="the name means no unit of its date, or several",
        rows=rows,
        column=f"{side}_name",
        found=f"'{text}'",
        expected="the name of one unit, with its district where several have it",
        remedy=f"did you mean '{near}'? Correct the name, or add the unit's code"
        if near
        else "correct the name, or add the unit's code",
        code="unit_unknown",
        details=(("written", text), ("near", near or "—")),
    )


def _same_vintage(table: pd.DataFrame, rows: Sequence[str]) -> list[Fault]:
    """Return the fault of rows whose two sides are of one date."""
    if not {"from_vintage", "to_vintage"} <= set(table):
        return []
    order = {mark: number for number, mark in enumerate(VINTAGES)}
    old, new = (table[f"{side}_vintage"].map(order) for side in SIDES)
    back = (old >= new).to_numpy(dtype=bool)
    if not back.any():
        return []
    return [
        Fault(
            what="the old unit is not older than the new one",
            rows=tuple(row for row, is_back in zip(rows, back, strict=True) if is_back),
            column="to_vintage",
            expected="a later date than from_vintage",
            remedy="say the dates of both sides with --vintage and --to-vintage",
            code="vintages_reversed",
        )
    ]


def _once(draft: _Draft) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return each move once, with its id and whether its old unit was divided."""
    table, pairs = draft.frame, ["from_vintage", "from_code", "to_vintage", "to_code"]
    if not set(pairs) <= set(table):
        return table, draft.rows
    is_first = ~table.duplicated(pairs)
    rows = tuple(row for row, is_kept in zip(draft.rows, is_first, strict=True) if is_kept)
    table = table[is_first]
    start = table["from_vintage"] + ":" + table["from_code"] + ">" + table["to_vintage"]
    count = table.groupby(["from_vintage", "from_code"])["to_code"].transform("size")
    said = _cells(table, "divided")
    divided = said.where(said != "", (count > 1).map({True: "true", False: "false"}))
    ids = start + ":" + table["to_code"]
    return table.assign(crosswalk_id=ids, divided=divided), rows


def _as_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose shares in per cent are shares of one."""
    changed = {}
    for column in ("people_share", "area_share"):
        texts = _cells(table, column)
        if texts.str.contains("%").any():
            numbers = pd.to_numeric(
                texts.str.replace("%", "").str.replace(",", ".").str.strip(), errors="coerce"
            )
            is_number = numbers.notna() & texts.str.contains("%")
            changed[column] = table[column].astype(object).where(~is_number, numbers / 100.0)
    return table.assign(**changed)


def _people_of(plan: "Plan") -> tuple["gpd.GeoDataFrame | None", str]:
    """Return points with people, of the best source that a plan has, and which it is."""
    import geopandas as gpd

    if plan.raster_path("population").exists():
        layers = plan.layers(["communes"], rasters=("population",))
        counts = layers.rasters["population"]
        rows, columns = np.nonzero(np.nan_to_num(counts.to_numpy()) > 0)
        x, y = counts[counts.dims[1]].to_numpy()[columns], counts[counts.dims[0]].to_numpy()[rows]
        people = counts.to_numpy()[rows, columns].astype(np.float64)
        points = gpd.points_from_xy(x, y, crs=plan.settings.crs)
        return gpd.GeoDataFrame({"people": people}, geometry=points), "population"
    for layer in ("buildings", "hamlets"):
        table = plan.table(layer)
        if layer == "hamlets" and len(table):
            table = table[~table["placed_by"].isin(["guess", "settlement"])]
        if len(table) and table["people"].notna().any():
            return table[table["people"].notna()], layer
    return None, "none"


def _cells(frame: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as tidy text, empty where it lacks."""
    if column not in frame:
        return pd.Series("", index=frame.index, dtype=object)
    return frame[column].map(code_text if column.endswith("_code") else tidy).astype(object)
