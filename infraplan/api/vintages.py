"""Lists that name communes of another vintage than the plan's, brought to its communes."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from infraplan.errors import Fault
from infraplan.layers.bundle import require_one_vintage
from infraplan.layers.convert import tidy
from infraplan.layers.crosswalk import convert
from infraplan.layers.crosswalk import destinations
from infraplan.layers.crosswalk import with_shares
from infraplan.layers.crosswalk import with_steps
from infraplan.layers.names import Match
from infraplan.layers.names import bare_name
from infraplan.layers.names import match_names
from infraplan.layers.repairs import Repair
from infraplan.layers.schemas import VINTAGES
from infraplan.layers.vintages import Unit
from infraplan.layers.vintages import Units
from infraplan.layers.vintages import VintageGuess
from infraplan.layers.vintages import ambiguous_vintage
from infraplan.layers.vintages import code_text
from infraplan.layers.vintages import parted_unit
from infraplan.layers.vintages import same_district
from infraplan.layers.vintages import units_of
from infraplan.layers.vintages import which_vintage

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.plan import Plan

__all__ = [
    "CARRIED",
    "History",
    "Renewed",
    "communes_of",
    "crosswalk_of",
    "dated",
    "history_of",
    "of_other_vintages",
    "recoded",
    "renew_communes",
]

WHOLE = 0.9  # of the codes of a plan, from which a shipped table is about its province
CARRIED = ("hamlets", "sites", "settlements")  # layers that name communes by code


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """
    What is known of a plan's communes and of what they were made of.

    `vintage` is that of the communes, empty where the plan has none; `units` are the units known by
    vintage, `crosswalk` leads from older ones to the plan's, `language` is that of the office.
    """

    vintage: str
    communes: "gpd.GeoDataFrame"
    units: Units
    crosswalk: pd.DataFrame
    language: str = "vi"

    def became(self, vintage: str) -> dict[str, tuple[str, ...]]:
        """
        Return which communes of the plan old units became.

        Parameters
        ----------
        vintage
            Vintage of the old units.

        Returns
        -------
        became
            Old code to codes of the plan; its own codes stand for themselves.

        Raises
        ------
        VintageError
            If the crosswalk does not lead to the plan's communes.
        """
        if vintage == self.vintage:
            return {str(code): (str(code),) for code in self.communes.index}
        return destinations(self.crosswalk, vintage, self.vintage)

    def leads_from(self, vintage: str) -> bool:
        """
        Return whether units of a vintage can be brought to the plan's communes.

        Parameters
        ----------
        vintage
            Vintage of the units.

        Returns
        -------
        leads
            True for the plan's own.
        """
        steps = self.crosswalk
        ends = {self.vintage}
        for mark in reversed(VINTAGES):
            mine = steps[steps["from_vintage"] == mark]
            if set(mine["to_vintage"]) & ends:
                ends.add(mark)
        return vintage in ends


@dataclass(frozen=True, slots=True, eq=False)
class Renewed:
    """
    Rows of a list whose communes are those of the plan, and what could not be settled.

    `codes` are codes of the plan's communes, empty where the row's own words stand; `names` are
    names to look for where the code is empty.
    """

    codes: pd.Series
    names: pd.Series
    guess: VintageGuess
    faults: tuple[Fault, ...] = ()
    repairs: tuple[Repair, ...] = ()
    notes: tuple[str, ...] = field(default=())


def communes_of(communes: pd.DataFrame) -> tuple[Unit, ...]:
    """
    Return the communes of a layer as units of a vintage.

    Parameters
    ----------
    communes
        Layer `communes`, indexed by code.

    Returns
    -------
    units
        In the order of the layer.
    """
    rows = communes.reindex(columns=["name", "type", "full_name"]).map(tidy)
    return tuple(
        Unit(str(code), bare_name(name), full or f"{kind.capitalize()} {bare_name(name)}".strip())
        for (name, kind, full), code in zip(
            rows.itertuples(index=False, name=None), communes.index, strict=True
        )
    )


def crosswalk_of(plan: "Plan") -> pd.DataFrame:
    """
    Return the crosswalk that holds for a plan: its own steps, then those shipped for its province.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    crosswalk
        Layer `crosswalk`; steps that the plan lacks are there where the codes on their newer side
        are those of the plan's communes, or of the next step.
    """
    return _with_shipped(plan.table("crosswalk"), plan.table("communes"))


def history_of(plan: "Plan") -> History:
    """
    Return what is known of a plan's communes and of what they were made of.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    history
        For completing lists.
    """
    from infraplan.io.units import shipped_steps

    communes = plan.table("communes")
    crosswalk = _with_shipped(plan.table("crosswalk"), communes)
    known = crosswalk
    if not len(communes):  # a first layer is recognised by all that is known
        for step in shipped_steps():
            known = with_steps(known, step)
    units = units_of(known)
    own = ""
    if len(communes):
        own = require_one_vintage(communes)
        units[own] = communes_of(communes)
    return History(own, communes, units, crosswalk, plan.settings.language)


def renew_communes(
    frame: pd.DataFrame,
    rows: Sequence[str],
    history: History,
    *,
    columns: tuple[str, str] = ("commune_code", "commune"),
    vintage: str | None = None,
) -> Renewed:
    """
    Bring the communes that rows of a list name to those of the plan.

    Parameters
    ----------
    frame
        The list, its columns named as in the schema; a column `district` helps, and positions where
        it is a GeoDataFrame.
    rows
        What the owner calls each row.
    history
        What is known of the plan's communes.
    columns
        Columns of codes and of names.
    vintage
        Vintage that the user says; None to recognise it.

    Returns
    -------
    renewed
        Codes of the plan's communes for rows that name older ones. A unit that was divided is
        settled by the position of the row; without one it is a fault of the row that names the
        candidates. A list whose vintage makes a difference and is not clear has one fault.
    """
    codes, written = _cells(frame, columns[0]).map(code_text), _cells(frame, columns[1])
    parts = written.map(parted_unit)
    names = parts.map(lambda part: part[0]).astype(object)
    districts = _cells(frame, "district")
    districts = districts.where(districts != "", parts.map(lambda part: part[1]))
    reachable = {mark: units for mark, units in history.units.items() if history.leads_from(mark)}
    asked = list(zip(names, codes, districts, strict=True))
    guess = which_vintage(list(names), list(codes), list(districts), history.units)
    if vintage:
        guess = VintageGuess(vintage, {vintage: 1.0}, "said", units=guess.units)
    became = {mark: history.became(mark) for mark in reachable}
    if not became or not ((names != "") | (codes != "")).any():
        return Renewed(codes, names, guess)
    index = {mark: _Index(reachable[mark], names) for mark in _newest_first(reachable)}
    places = _places(frame, history.communes)
    primary = guess.vintage or history.vintage
    if guess.ambiguous:
        able = {mark: index[mark] for mark in guess.ambiguous if mark in index}
        is_whole = len(able) == len(guess.ambiguous)
        primary = (_chosen(asked, able, became, places) or "") if is_whole else ""
        if not primary:
            return Renewed(codes, names, guess, (ambiguous_vintage(guess, columns[1]),))
    if primary not in reachable:
        history.became(primary)  # raises, and says what brings the missing step
    order = dict.fromkeys([primary, history.vintage, *index])
    index = {mark: index[mark] for mark in order if mark in index}
    found = _Rows(history, became, list(rows), columns)
    for number, (place, row) in enumerate(zip(frame.index, asked, strict=True)):
        mark, unit = _unit_of(row, index)
        if unit is None or mark == history.vintage:
            continue
        end = found.settle(number, (mark, unit), written[place] or codes[place], places[number])
        codes[place], names[place] = end
    told = found.is_used and guess.vintage is not None
    notes = (guess.note(),) if told else ()
    return Renewed(codes, names, guess, found.told(), tuple(found.repairs), notes)


def dated(frame: pd.DataFrame, history: History, columns: tuple[str, str]) -> VintageGuess:
    """
    Return of which vintage a table of figures or boundaries is.

    Parameters
    ----------
    frame
        The table, its columns named as in the schema; a column `district` helps.
    history
        What is known of the plan's communes.
    columns
        Columns of codes and of names.

    Returns
    -------
    guess
        Ambiguous where figures would differ; none where only one vintage is known, for its names
        and codes may be those of another.
    """
    if len(history.units) < 2:
        return VintageGuess(None)
    codes, written = _cells(frame, columns[0]).map(code_text), _cells(frame, columns[1])
    parts = written.map(parted_unit)
    districts = _cells(frame, "district")
    districts = districts.where(districts != "", parts.map(lambda part: part[1]))
    names = [name for name, _ in parts]
    guess = which_vintage(names, list(codes), list(districts), history.units)
    if not guess.ambiguous or not all(history.leads_from(mark) for mark in guess.ambiguous):
        return guess
    rows = list(zip(names, codes, districts, strict=True))
    told = {mark: _figures_of(rows, mark, history) for mark in guess.ambiguous}
    newest = guess.ambiguous[-1]
    if any(found != told[newest] for found in told.values()):
        return guess
    return replace(guess, vintage=newest, ambiguous=())


def recoded(plan: "Plan", communes: "gpd.GeoDataFrame") -> dict[str, "gpd.GeoDataFrame"]:
    """
    Return layers whose codes of communes are those of new communes, by position.

    Parameters
    ----------
    plan
        The plan before its communes are replaced.
    communes
        New communes, in the planning CRS.

    Returns
    -------
    tables
        Layers that carry codes of communes, where the new communes are of another vintage than the
        old ones; none where they are of the same. A row outside all communes keeps no code, but a
        hamlet takes the nearest commune.
    """
    import geopandas as gpd

    before = plan.table("communes")
    if not len(before) or require_one_vintage(before) == require_one_vintage(communes):
        return {}
    changed = {}
    for layer, table in plan.tables(CARRIED).items():
        if "commune_code" not in table or not len(table):
            continue
        points = gpd.GeoDataFrame(geometry=table.geometry.representative_point(), crs=table.crs)
        grounds = communes[["geometry"]].rename_axis("code").reset_index()
        how = points.sjoin_nearest(grounds) if layer == "hamlets" else points.sjoin(grounds)
        found = how.sort_values("code", kind="stable")["code"]
        found = found[~found.index.duplicated()].reindex(table.index)
        changed[layer] = table.assign(commune_code=found.astype("str"))
    return changed


def of_other_vintages(tables: Mapping[str, pd.DataFrame]) -> tuple[Fault, ...]:
    """
    Return faults of layers whose codes of communes are of another vintage than the communes.

    Parameters
    ----------
    tables
        Layers of a plan by name; `sources` says of which vintage the codes of a layer are.

    Returns
    -------
    faults
        One a layer.
    """
    communes, sources = tables.get("communes"), tables.get("sources")
    if communes is None or sources is None or not len(communes):
        return ()
    own = set(communes["vintage"].dropna().astype("str"))
    faults = []
    for layer in CARRIED:
        mine = sources[(sources["layer"] == layer) & sources["vintage"].notna()]
        other = sorted(set(mine["vintage"].astype("str")) - own)
        if layer in tables and other:
            found, expected = ", ".join(other), ", ".join(sorted(own))
            fault = Fault(
                what="codes of communes in the layer are of another vintage than the communes",
                column="commune_code",
                found=found,
                expected=expected,
                remedy="import the layer again; codes were re-used by the 2025 reform",
                file="layers.gpkg",
                sheet=layer,
                code="vintage_differs",
                details=(("found_vintage", found), ("own", expected)),
            )
            faults.append(fault)
    return tuple(faults)


class _Index:
    """The units of one vintage, to be looked up by name, code and district."""

    def __init__(self, units: Sequence[Unit], names: Iterable[str]) -> None:
        """Index the units for the names of a list."""
        self.units = {unit.code: unit for unit in units}
        self.asked = sorted({name for name in names if name})

    @cached_property
    def known(self) -> Mapping[str, Match]:
        """Return what each name means."""
        names = {unit.code: (unit.name, unit.full_name) for unit in self.units.values()}
        return match_names(self.asked, names, propose=False)

    def find(self, row: tuple[str, str, str]) -> Unit | None:
        """Return the one unit that a row means, or None."""
        name, code, district = row
        if not name:
            return self.units.get(code)
        match = self.known[name]
        named = (match.code,) if match.code else match.candidates
        meant = [unit for unit in named if not code or unit == code]
        near = [unit for unit in meant if same_district(district, self.units[unit].district)]
        chosen = near or meant
        return self.units[chosen[0]] if len(chosen) == 1 else None


class _Rows:
    """What becomes of the rows of a list that name old units."""

    def __init__(
        self,
        history: History,
        became: Mapping[str, Mapping[str, tuple[str, ...]]],
        rows: Sequence[str],
        columns: tuple[str, str],
    ) -> None:
        """Begin without any."""
        self.history, self.became, self.rows, self.columns = history, became, rows, columns
        self.named = {unit.code: unit.full_name for unit in history.units[history.vintage]}
        self.repairs: list[Repair] = []
        self.divided: dict[tuple[str, str, str], list[str]] = {}
        self.gone: dict[tuple[str, str, str], list[str]] = {}
        self.is_used = False

    def settle(
        self, number: int, old: tuple[str, Unit], written: str, place: Collection[str]
    ) -> tuple[str, str]:
        """Return code and name for a row that means an old unit; note how it was settled."""
        mark, unit = old
        self.is_used = True
        ends = self.became[mark].get(unit.code, ())
        inside = [end for end in ends if end in place]
        chosen = inside if len(ends) > 1 else list(ends)
        shown = ", ".join(filter(None, (unit.full_name, unit.district)))
        if len(chosen) != 1:
            kept = self.divided if ends else self.gone
            kept.setdefault((mark, unit.code, shown), []).append(self.rows[number])
            return written, ""  # a code that is none, so that the fault is told once
        name = self.named.get(chosen[0], chosen[0])
        code = "commune_renewed_by_place" if len(ends) > 1 else "commune_renewed"
        self.repairs.append(Repair(self.rows[number], self.columns[1], shown, name, code))
        return chosen[0], ""

    def takers(self, mark: str, code: str) -> list[str]:
        """Return the names of the communes that took people of a divided unit."""
        one = pd.DataFrame({"people": [1.0]}, index=[code])
        moved = convert(
            one, self.history.crosswalk, from_vintage=mark, to_vintage=self.history.vintage
        )
        ends = moved.index[moved["people"] > 0]
        return [f"{self.named.get(end, end)} ({end})" for end in ends]

    def told(self) -> tuple[Fault, ...]:
        """Return the faults of rows that could not be settled."""
        divided = (
            _divided(unit, ", ".join(self.takers(mark, code)), tuple(rows), self.columns[1])
            for (mark, code, unit), rows in self.divided.items()
        )
        gone = (
            _gone(unit, tuple(rows), self.columns[1]) for (_, _, unit), rows in self.gone.items()
        )
        return (*divided, *gone)


def _divided(unit: str, named: str, rows: tuple[str, ...], column: str) -> Fault:
    """Return the fault of rows in a divided unit, whose side is not known."""
    return Fault(
        what="the old commune was divided, and nothing says on which side the row lies",
        rows=rows,
        column=column,
        found=f"'{unit}'",
        expected=f"one of {named}",
        remedy="write the new commune, or give the row a position",
        code="commune_divided",
        details=(("unit", unit), ("meant", named)),
    )


def _gone(unit: str, rows: tuple[str, ...], column: str) -> Fault:
    """Return the fault of rows in an old unit that the crosswalk does not lead on from."""
    return Fault(
        what="the crosswalk does not say what became of the old commune",
        rows=rows,
        column=column,
        found=f"'{unit}'",
        expected="a unit of the crosswalk",
        remedy="add the unit to the crosswalk, or write the new commune",
        code="commune_gone",
        details=(("unit", unit),),
    )


def _unit_of(row: tuple[str, str, str], index: Mapping[str, _Index]) -> tuple[str, Unit | None]:
    """Return the vintage and the unit of the first vintage in which a row means one."""
    if not (row[0] or row[1]):
        return "", None
    for mark, units in index.items():
        if unit := units.find(row):
            return mark, unit
    return "", None


def _figures_of(
    rows: Sequence[tuple[str, str, str]], mark: str, history: History
) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Return what figures of a vintage are converted by: the units, and all that went along."""
    index = _Index(history.units[mark], [name for name, _, _ in rows])
    units = [unit.code if (unit := index.find(row)) else "" for row in rows]
    became = history.became(mark)
    ends = {end for code in units for end in became.get(code, ())}
    return units, {code: new for code, new in became.items() if ends & set(new)}


def _chosen(
    asked: Sequence[tuple[str, str, str]],
    index: Mapping[str, _Index],
    became: Mapping[str, Mapping[str, tuple[str, ...]]],
    places: Sequence[Collection[str]],
) -> str | None:
    """
    Return the vintage to take of several that fit a list alike, None where it makes a difference.

    It makes none where all that know a row lead it to the same communes; else positions may decide.
    """
    ends = {
        mark: [
            became[mark].get(unit.code, ()) if (unit := units.find(row)) else () for row in asked
        ]
        for mark, units in index.items()
    }
    marks = _newest_first(ends)
    if all(len(set(row) - {()}) < 2 for row in zip(*ends.values(), strict=True)):
        return marks[0]
    known = [number for number, place in enumerate(places) if place]
    if not known:
        return None
    lying = {
        mark: sum(bool(set(ends[mark][n]) & set(places[n])) for n in known) / len(known)
        for mark in marks
    }
    best, *others = sorted(marks, key=lambda mark: -lying[mark])
    is_clear = lying[best] >= WHOLE and all(lying[best] - lying[mark] >= 0.2 for mark in others)
    return best if is_clear else None


def _newest_first(marks: Collection[str]) -> list[str]:
    """Return vintages, the newest first."""
    return sorted(marks, key=VINTAGES.index, reverse=True)


def _places(frame: pd.DataFrame, communes: "gpd.GeoDataFrame") -> list[tuple[str, ...]]:
    """Return the codes of the communes in which each row lies, none where it has no position."""
    import geopandas as gpd
    import shapely

    nowhere: list[tuple[str, ...]] = [()] * len(frame)
    if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None or not len(communes):
        return nowhere
    shapes = frame.geometry.to_crs(communes.crs).to_numpy()
    known = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    points = shapely.point_on_surface(shapes[known])
    mine, theirs = communes.sindex.query(points, predicate="within")
    codes = communes.index.astype("str").to_numpy()
    for point, commune in zip(mine, theirs, strict=True):
        nowhere[known[point]] = (*nowhere[known[point]], str(codes[commune]))
    return nowhere


def _with_shipped(own: pd.DataFrame, communes: "gpd.GeoDataFrame") -> pd.DataFrame:
    """Return a plan's crosswalk with the shipped steps that lead to its communes."""
    from infraplan.io.units import shipped_shares
    from infraplan.io.units import shipped_steps

    crosswalk = own
    if len(communes):
        ends = {require_one_vintage(communes): frozenset(map(str, communes.index))}
        for step in reversed(shipped_steps()):
            mark, before = str(step["to_vintage"].iloc[0]), str(step["from_vintage"].iloc[0])
            wanted = ends.get(mark, frozenset())
            if wanted and len(wanted & set(step["to_code"])) >= WHOLE * len(wanted):
                crosswalk = with_steps(crosswalk, step)
            pair = (crosswalk["from_vintage"] == before) & (crosswalk["to_vintage"] == mark)
            ends.setdefault(before, frozenset(crosswalk.loc[pair, "from_code"]))
    return with_shares(crosswalk, shipped_shares())


def _cells(frame: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as tidy text, empty where it lacks."""
    if column not in frame:
        return pd.Series("", index=frame.index, dtype=object)
    return frame[column].map(tidy).astype(object)
