"""Lists that name their communes: hamlets without position, figures without ground."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from infraplan.api.vintages import History
from infraplan.api.vintages import dated
from infraplan.api.vintages import renew_communes
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.layers.bundle import require_one_vintage
from infraplan.layers.convert import tidy
from infraplan.layers.crosswalk import convert
from infraplan.layers.names import Match
from infraplan.layers.names import bare_name
from infraplan.layers.names import match_names
from infraplan.layers.notes import Note
from infraplan.layers.notes import listed
from infraplan.layers.vintages import ambiguous_vintage
from infraplan.layers.vintages import parted_unit

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.io import Mended

__all__ = [
    "FIGURES",
    "commune_names",
    "complete_communes",
    "complete_figures",
    "complete_hamlets",
    "complete_sites",
    "in_own_communes",
    "renewed",
]

FIGURES = ("people", "households")
NAMES_SHOWN = 5

Names = dict[str, tuple[str, ...]]
Mend = Callable[[pd.DataFrame, tuple[str, ...]], "Mended"]


def commune_names(communes: pd.DataFrame) -> Names:
    """
    Return the names of each commune.

    Parameters
    ----------
    communes
        Layer `communes`, indexed by code.

    Returns
    -------
    names
        Code to bare name and name with kind.
    """
    names: Names = {}
    for code, row in communes.iterrows():
        kind = tidy(row.get("type"))
        full = tidy(row.get("full_name")) or f"{kind} {bare_name(row['name'])}".strip()
        names[str(code)] = (bare_name(row["name"]), full)
    return names


def complete_hamlets(names: Names) -> Mend:
    """
    Return what completes a list of hamlets: codes of communes by their names, and missing ids.

    Parameters
    ----------
    names
        Names of the communes of the plan, by code.

    Returns
    -------
    mend
        For `read_layer`. A name that means none or several communes, or another one than the code
        beside it, is a fault of its row; ids are numbered within the commune, in the order of rows.
    """

    def mend(frame: pd.DataFrame, rows: tuple[str, ...]) -> "Mended":
        """Fill `commune_code` and `hamlet_id`."""
        from infraplan.io import Mended

        codes, faults = _codes(frame, rows, names, ("commune_code", "commune"))
        if codes is None:
            return Mended(frame)
        ids = _numbered(_cells(frame, "hamlet_id"), codes)
        notes = []
        if (made := int((ids != _cells(frame, "hamlet_id")).sum())) and not faults:
            notes.append(Note("notes.hamlet_ids", column="hamlet_id", count=str(made)))
        completed = frame.assign(commune_code=codes, hamlet_id=ids)
        return Mended(completed, tuple(faults), tuple(notes))

    return mend


def complete_sites(names: Names) -> Mend:
    """
    Return what completes a list of stations: codes of communes by their names.

    Parameters
    ----------
    names
        Names of the communes of the plan, by code.

    Returns
    -------
    mend
        For `read_layer`. A name that is not clear is no fault: a station has a position.
    """

    def mend(frame: pd.DataFrame, rows: tuple[str, ...]) -> "Mended":
        """Fill `commune_code`."""
        from infraplan.io import Mended

        codes, _ = _codes(frame, rows, names, ("commune_code", "commune"))
        if codes is None:
            return Mended(frame)
        return Mended(frame.assign(commune_code=codes.where(codes.isin(names), "")))

    return mend


def complete_figures(names: Names, history: History | None = None) -> Mend:
    """
    Return what completes a table of figures of communes: its date, codes by names, names by codes.

    Parameters
    ----------
    names
        Names of the communes of the plan, by code.
    history
        What they were made of; None where not known.

    Returns
    -------
    mend
        For `read_layer`. Where the table does not say its vintage, it is recognised by its units; a
        vintage that is not clear and makes a difference is a fault.
    """

    def mend(frame: pd.DataFrame, rows: tuple[str, ...]) -> "Mended":
        """Fill `vintage`, `code` and `name`."""
        from infraplan.io import Mended

        frame, faults, notes = _dated(frame, history)
        mark = next(iter(set(_cells(frame, "vintage")) - {""}), "")
        own = (
            names if history is None or mark in ("", history.vintage) else _names_of(history, mark)
        )
        table = frame.assign(name=_cells(frame, "name").map(lambda text: parted_unit(text)[0]))
        codes, more = _codes(table, rows, own, ("code", "name"))
        if codes is None:
            return Mended(frame, faults, notes)
        given = _cells(table, "name")
        known = codes.map(lambda code: own.get(code, (code,))[0])
        completed = table.assign(code=codes, name=given.where(given != "", known))
        return Mended(completed, (*faults, *more), notes)

    return mend


def complete_communes(history: History) -> Mend:
    """
    Return what completes boundaries of communes: their vintage, where the file does not say it.

    Parameters
    ----------
    history
        What is known of communes.

    Returns
    -------
    mend
        For `read_layer`.
    """

    def mend(frame: pd.DataFrame, rows: tuple[str, ...]) -> "Mended":
        """Fill `vintage`."""
        from infraplan.io import Mended

        del rows
        return Mended(*_dated(frame, history))

    return mend


def in_own_communes(
    inner: Mend, history: History, *, vintage: str | None = None, strict: bool = True
) -> Mend:
    """
    Return what completes a list whose rows may name older communes than those of the plan.

    Parameters
    ----------
    inner
        What completes a list that names the plan's communes.
    history
        What the communes were made of.
    vintage
        Vintage of the list where the user says it; recognised where None.
    strict
        False where a commune that is not settled is no fault.

    Returns
    -------
    mend
        For `read_layer`; a repair for each row that named an older commune.
    """

    def mend(frame: pd.DataFrame, rows: tuple[str, ...]) -> "Mended":
        """Bring the communes to those of the plan, then complete the list."""
        found = renew_communes(frame, rows, history, vintage=vintage)
        named = commune_names(history.communes)
        own = found.codes.map(lambda code: named.get(code, ("", ""))[-1])
        texts = found.names.where(found.names != "", own)
        codes = found.codes if strict else found.codes.where(found.codes.isin(named), "")
        changed = {"commune_code": codes, "commune": texts}
        table = frame.assign(
            **{name: cells for name, cells in changed.items() if (cells != "").any()}
        )
        done = inner(table, rows)
        faults = (*(found.faults if strict else ()), *done.faults)
        if found.guess.ambiguous and found.faults and strict:
            faults = found.faults  # what follows from it would only hide it
        return replace(
            done,
            faults=faults,
            notes=(*found.notes, *done.notes),
            repairs=(*found.repairs, *done.repairs),
            vintage=found.guess.vintage or "",
            vintage_basis=found.guess.why(),
        )

    return mend


def renewed(
    communes: "gpd.GeoDataFrame", figures: pd.DataFrame, crosswalk: pd.DataFrame
) -> tuple["gpd.GeoDataFrame", tuple[str, ...]]:
    """
    Return communes with the people and households of a table.

    Parameters
    ----------
    communes
        Layer `communes`.
    figures
        Table of communes of the same or an older vintage, by code; `people`, `households`,
        `vintage`.
    crosswalk
        Layer `crosswalk`.

    Returns
    -------
    communes
        Copy whose figures are those of the table, where it has any.
    notes
        What was estimated, and which communes kept their figures.

    Raises
    ------
    VintageError
        If the crosswalk does not lead from the table's vintage to that of the communes.
    LayerError
        If codes are unknown, or the table lacks old units of a commune.
    """
    own, said = require_one_vintage(communes), require_one_vintage(figures)
    counts = figures[[column for column in FIGURES if figures[column].notna().any()]]
    if counts.empty:
        raise LayerError(layer="communes", faults=(_NO_FIGURES,))
    notes = []
    if said != own:
        found = convert(counts, crosswalk, from_vintage=said, to_vintage=own)
        found = found[found.index.isin(communes.index)]
        _check_whole(found, crosswalk, (said, own))
        marks = {"said": Note(f"vintages.mark_{said}"), "own": Note(f"vintages.mark_{own}")}
        notes.append(Note("notes.converted", **marks))
        if found["estimated"].any():
            named = ", ".join(communes.loc[found.index[found["estimated"]], "name"])
            notes.append(Note("notes.halved", names=named))
        counts = found[list(counts.columns)]
    lost = counts.index[~counts.index.isin(communes.index)]
    if len(lost):
        raise LayerError(layer="communes", faults=(_no_such(lost, own),))
    new: dict[str, pd.Series] = {}
    for column in map(str, counts):
        values = counts[column].reindex(communes.index).astype("Int64")
        new[column] = values.where(values.notna(), communes[column].astype("Int64"))
        kept = communes.index[counts[column].reindex(communes.index).isna()]
        if len(kept):
            shown = listed(list(communes.loc[kept, "name"]), NAMES_SHOWN)
            notes.append(Note("notes.figures_stay", column=column, names=shown))
    return communes.assign(**new), tuple(notes)


def _check_whole(found: pd.DataFrame, crosswalk: pd.DataFrame, step: tuple[str, str]) -> None:
    """Refuse figures that lack an old unit of a commune, which would come out too small."""
    units = crosswalk.loc[crosswalk["from_vintage"] == step[0], "from_code"].unique()
    ones = pd.DataFrame({"people": 1}, index=units)
    whole = convert(ones, crosswalk, from_vintage=step[0], to_vintage=step[1])
    lacking = {
        str(code): sorted(set(all_parts.split(";")) - set(parts.split(";")))
        for code, all_parts, parts in zip(
            found.index, whole["from_codes"].reindex(found.index), found["from_codes"], strict=True
        )
    }
    rows = sorted({old for parts in lacking.values() for old in parts})
    if rows:
        short = sorted(code for code, parts in lacking.items() if parts)
        fault = Fault(
            what="the table lacks old communes that went into a commune of the plan",
            rows=tuple(rows),
            found=f"no row for {len(rows)} old communes of {', '.join(short[:5])}",
            expected="all old communes of which a new one was made",
            remedy="add their rows, or leave out the other parts of the new commune",
            code="old_communes_lacking",
            details=(("count", str(len(rows))), ("codes", ", ".join(short[:5]))),
        )
        raise LayerError(layer="communes", faults=(fault,))


def _no_such(codes: pd.Index, vintage: str) -> Fault:
    """Return the fault of codes that the plan does not have."""
    return Fault(
        what="the plan has no commune of this code",
        rows=tuple(map(str, codes)),
        column="code",
        expected=f"codes of the communes of {vintage} in the plan",
        remedy="correct the code, remove the row, or say the table's true date with --vintage",
        code="commune_code_unknown",
        details=(("vintage", vintage),),
    )


def _dated(
    frame: pd.DataFrame, history: History | None
) -> tuple[pd.DataFrame, tuple[Fault, ...], tuple[str, ...]]:
    """Return a table of communes with the vintage that its units speak for, if it says none."""
    if history is None or (_cells(frame, "vintage") != "").any():
        return frame, (), ()
    guess = dated(frame, history, ("code", "name"))
    if guess.ambiguous:
        newest = guess.ambiguous[-1]  # so that the fault is told once
        return frame.assign(vintage=newest), (ambiguous_vintage(guess, "name"),), ()
    if guess.vintage is None:
        return frame, (), ()
    return frame.assign(vintage=guess.vintage), (), (guess.note(),)


def _names_of(history: History, vintage: str) -> Names:
    """Return the names of the units of a vintage."""
    return {unit.code: (unit.name, unit.full_name) for unit in history.units.get(vintage, ())}


def _codes(
    frame: pd.DataFrame, rows: tuple[str, ...], names: Names, columns: tuple[str, str]
) -> tuple[pd.Series | None, list[Fault]]:
    """Return the code of each row, from its code or its name; None where there is neither."""
    code_column, name_column = columns
    codes, written = _cells(frame, code_column), _cells(frame, name_column)
    if not ((codes != "") | (written != "")).any():
        return None, []
    matches = match_names(written[written != ""], names) if names else {}
    faults = []
    unmatched: dict[str, list[str]] = {}
    for place, row in zip(frame.index, rows, strict=True):
        text, code = written[place], codes[place]
        if not text:
            continue
        match = matches.get(text, Match(None))
        if not code and match.code:
            codes[place] = match.code
        elif not code:
            unmatched.setdefault(text, []).append(row)
            codes[place] = text  # not empty, so that the fault is told once
        elif code in names and code not in (match.code, *match.candidates):
            faults.append(_otherwise(row, text, (code, names[code][-1]), columns))
    faults += [
        _unknown(text, tuple(where), matches.get(text, Match(None)), (names, name_column))
        for text, where in unmatched.items()
    ]
    return codes, faults


def _unknown(text: str, rows: tuple[str, ...], match: Match, about: tuple[Names, str]) -> Fault:
    """Return the fault of a name that means no commune, or several."""
    names, column = about
    if match.candidates:
        meant = ", ".join(f"{names[code][-1]} ({code})" for code in match.candidates)
        return Fault(
            what="the name of the commune means several communes",
            rows=rows,
            column=column,
            found=f"'{text}'",
            expected=f"one of {meant}",
            remedy="write its accents and its kind (xã, phường), or add its code",
            code="commune_name_ambiguous",
            details=(("meant", meant),),
        )
    if not names:
        remedy = "import the communes first (infraplan import PLAN communes FILE), or add codes"
    elif match.nearest:
        remedy = f"did you mean '{match.nearest}'? Correct the name, or add the commune's code"
    else:
        remedy = "correct the name, or add the commune's code; old names need a new list"
    return Fault(
        what="there is no commune of this name",
        rows=rows,
        column=column,
        found=f"'{text}'",
        expected="the name of a commune of the plan",
        remedy=remedy,
        code=(
            "commune_name_unknown_no_communes"
            if not names
            else ("commune_name_unknown_near" if match.nearest else "commune_name_unknown")
        ),
        details=(("nearest", match.nearest),) if match.nearest else (),
    )


def _otherwise(row: str, text: str, unit: tuple[str, str], columns: tuple[str, str]) -> Fault:
    """Return the fault of a row whose code and name mean two communes."""
    return Fault(
        what=f"{columns[0]} and the name of the commune do not agree",
        rows=(row,),
        column=columns[1],
        found=f"'{text}' with code {unit[0]}",
        expected=f"'{unit[1]}', which has this code",
        remedy="correct the code or the name; codes were re-used by the 2025 reform",
        code="code_and_name_differ",
        details=(("column", columns[0]), ("written", text), ("code", unit[0]), ("name", unit[1])),
    )


def _cells(frame: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as tidy text, empty where it lacks."""
    if column not in frame:
        return pd.Series("", index=frame.index, dtype=object)
    return frame[column].map(tidy).astype(object)


def _numbered(ids: pd.Series, codes: pd.Series) -> pd.Series:
    """Return ids, those that lack numbered within their commune in the order of rows."""
    made = ids.copy()
    used = set(ids)
    last: dict[str, int] = {}
    for place in ids.index[ids == ""]:
        code = codes[place]
        number = last.get(code, 0) + 1
        while f"{code}-{number:03}" in used:
            number += 1
        last[code] = number
        made[place] = f"{code}-{number:03}"
    return made


_NO_FIGURES = Fault(
    what="the table has neither people nor households, nor any ground",
    expected="columns people ('dân số') or households ('số hộ'); ground comes as .gpkg or .geojson",
    remedy="add the figures, or import the communes as a map file",
    code="figures_missing",
)
