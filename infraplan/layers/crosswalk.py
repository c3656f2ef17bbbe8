"""
Counts of old communes become counts of new ones, to the person.

Codes were re-used by the reforms of 2025, so figures of one vintage mean nothing under the codes
of another. A unit that was divided is divided here by weights, by shares of the crosswalk, or,
flagged, into equal parts. People and ground may part otherwise: a share of 0 is known, an empty one
is not.
"""

from collections.abc import Mapping
from typing import Any
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import VintageError
from infraplan.layers.schemas import VINTAGES

__all__ = ["convert", "destinations", "steps_between", "with_move_ids", "with_shares", "with_steps"]

Floats = npt.NDArray[np.float64]
How = Literal["all", "any", "sum"]
Mask = npt.NDArray[np.bool_]
Weights = Mapping[tuple[str, str], float]

AREAS = ("_m2", "_ha", "_km2")  # endings of columns that follow the ground and not the people
ONE = 1e-6  # by which shares may miss a sum of one
SHARES = ("people_share", "area_share")
MOVE = ["from_vintage", "to_vintage", "from_code", "to_code"]  # what makes a move one


def convert(
    figures: pd.DataFrame,
    crosswalk: pd.DataFrame,
    *,
    from_vintage: str,
    to_vintage: str,
    weights: Weights | None = None,
) -> pd.DataFrame:
    """
    Convert figures of old communes to new ones.

    Parameters
    ----------
    figures
        Numbers by old code: counts, and areas in columns that end in `_m2`, `_ha` or `_km2`. A
        column `vintage` is checked, text columns are left out.
    crosswalk
        Layer `crosswalk`: `from_code`, `from_vintage`, `to_code`, `to_vintage`; `people_share` and
        `area_share` where known.
    from_vintage
        Vintage of the figures.
    to_vintage
        Vintage wanted.
    weights
        Where the people of a divided unit went, by old and new code, in any unit, such as people
        counted by hamlet; they go before the shares of the crosswalk, and say nothing of areas.

    Returns
    -------
    converted
        The figures by new code, sorted, as `code`; `estimated` is true where part of them came from
        a unit divided into equal parts, `from_codes` lists the old units. Sums are kept: whole
        numbers to the unit. A number missing in one old unit is missing in the new one. Where some
        shares of a unit are known, the others take equal parts of what is left.

    Raises
    ------
    VintageError
        If the figures are of another vintage than said, or no steps of the crosswalk lead from one
        vintage to the other.
    LayerError
        If codes are not in the crosswalk or repeated, or weights are wrong; all at once.

    Notes
    -----
    Where both steps are there, 2024 is converted through 2025-01. Whole numbers are apportioned by
    largest remainders, ties to the lower code.
    """
    _check_vintage(figures, from_vintage)
    steps = steps_between(crosswalk, from_vintage, to_vintage)
    table = figures.select_dtypes("number").copy()
    table.index = table.index.astype("str")
    traces = pd.DataFrame({"estimated": False, "from_codes": table.index}, index=table.index)
    for step in steps:
        moves = _moves(crosswalk, step)
        _check(table, moves, step, weights or {})
        moves = moves[moves["from"].isin(table.index)].reset_index(drop=True)
        people, area, equal = _shares(moves, weights or {})
        is_area = [str(column).endswith(AREAS) for column in table.columns]
        used = np.array([not all(is_area), any(is_area)])
        traces = _traced(traces, moves, (equal & used[:, None]).any(axis=0), (people, area))
        columns = {
            column: _summed(table[column], moves, area if on_ground else people)
            for column, on_ground in zip(table.columns, is_area, strict=True)
        }
        table = pd.DataFrame(columns, index=pd.Index(sorted(set(moves["to"]))))
    return table.assign(**traces.reindex(table.index)).sort_index().rename_axis("code")


def steps_between(
    crosswalk: pd.DataFrame, from_vintage: str, to_vintage: str
) -> tuple[tuple[str, str], ...]:
    """
    Return the steps of a crosswalk that lead from one vintage to another.

    Parameters
    ----------
    crosswalk
        Layer `crosswalk`.
    from_vintage
        Vintage of what is to be converted.
    to_vintage
        Vintage wanted.

    Returns
    -------
    steps
        Pairs of vintages, one where the crosswalk converts at once; none where they are equal.

    Raises
    ------
    VintageError
        If there is no way.
    """
    if from_vintage == to_vintage:
        return ()
    known = set(zip(crosswalk["from_vintage"], crosswalk["to_vintage"], strict=True))
    if (from_vintage, to_vintage) in known:
        return ((from_vintage, to_vintage),)
    for between in VINTAGES:
        if {(from_vintage, between), (between, to_vintage)} <= known:
            return ((from_vintage, between), (between, to_vintage))
    there = ", ".join(f"{a} to {b}" for a, b in sorted(known)) or "nothing"
    msg = (
        f"figures of the communes of {from_vintage} cannot be joined to those of {to_vintage}: "
        f"codes were re-used by the 2025 reform, and the crosswalk of the plan converts {there}. "
        f"Bring the missing table: infraplan import PLAN crosswalk FILE, with columns from_code, "
        f"from_vintage, to_code, to_vintage; or import figures of {to_vintage}"
    )
    raise VintageError(msg)


def destinations(
    crosswalk: pd.DataFrame, from_vintage: str, to_vintage: str
) -> dict[str, tuple[str, ...]]:
    """
    Return what became of each old unit.

    Parameters
    ----------
    crosswalk
        Layer `crosswalk`.
    from_vintage
        Vintage of the old units.
    to_vintage
        Vintage of the new ones.

    Returns
    -------
    destinations
        Old code to new codes, sorted; several where the unit was divided, of which one may have
        taken its ground and another its people.

    Raises
    ------
    VintageError
        If the crosswalk does not lead there.
    """
    found: dict[str, tuple[str, ...]] | None = None
    for step in steps_between(crosswalk, from_vintage, to_vintage):
        moves = _moves(crosswalk, step)
        became = {str(old): tuple(sorted(ends)) for old, ends in moves.groupby("from")["to"]}
        if found is None:
            found = became
            continue
        found = {
            old: tuple(sorted({new for code in codes for new in became.get(code, ())}))
            for old, codes in found.items()
        }
    return found or {}


def with_move_ids(crosswalk: pd.DataFrame) -> pd.DataFrame:
    """
    Return a crosswalk whose ids tell the move, so that tables of several steps do not clash.

    Parameters
    ----------
    crosswalk
        Layer `crosswalk`.

    Returns
    -------
    crosswalk
        Copy, sorted by id; a move that stands twice is kept once.
    """
    once = crosswalk.drop_duplicates(MOVE)
    ids = once["from_vintage"] + ":" + once["from_code"] + ">" + once["to_vintage"]
    return once.set_axis(
        pd.Index((ids + ":" + once["to_code"]).astype("str"), name="crosswalk_id")
    ).sort_index()


def with_steps(crosswalk: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """
    Return a crosswalk with the steps of another, each step whole from one of them.

    Parameters
    ----------
    crosswalk
        Layer `crosswalk`, whose steps are kept.
    other
        Layer `crosswalk`, whose steps are added where the first lacks them.

    Returns
    -------
    crosswalk
        Sorted by id.
    """
    if not len(crosswalk) or not len(other):
        return crosswalk if len(crosswalk) else other
    step = ["from_vintage", "to_vintage"]
    have = set(crosswalk[step].itertuples(index=False, name=None))
    added = [tuple(row) not in have for row in other[step].itertuples(index=False, name=None)]
    return pd.concat([crosswalk, other[added]]).sort_index() if any(added) else crosswalk


def with_shares(crosswalk: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """
    Return a crosswalk with shares that are known from elsewhere.

    Parameters
    ----------
    crosswalk
        Layer `crosswalk`.
    known
        Shares by `from_vintage`, `to_vintage`, `from_code`, `to_code`: `people_share`,
        `area_share`, empty where not known.

    Returns
    -------
    crosswalk
        Copy; units of which the crosswalk itself gives a share keep what it gives.
    """
    if not len(crosswalk) or not len(known):
        return crosswalk
    keys = pd.MultiIndex.from_frame(crosswalk[MOVE].astype("str"))
    unit = pd.MultiIndex.from_frame(crosswalk[MOVE[:3]].astype("str"))
    filled = {}
    for column in SHARES:
        own = crosswalk.get(column, pd.Series(np.nan, index=crosswalk.index))
        given = known.set_index(MOVE)[column].astype("float64").reindex(keys).to_numpy()
        said = own.notna().groupby(unit).transform("any").to_numpy(dtype=bool)
        filled[column] = np.where(said, own.to_numpy(dtype=np.float64, na_value=np.nan), given)
    return crosswalk.assign(**filled)


def _check_vintage(figures: pd.DataFrame, from_vintage: str) -> None:
    """Refuse figures that say another vintage than the one to convert from."""
    said = sorted(set(map(str, figures["vintage"].dropna()))) if "vintage" in figures else []
    if said and said != [from_vintage]:
        msg = f"the figures are of vintage {', '.join(said)}, not {from_vintage}; convert from that"
        raise VintageError(msg)


def _moves(crosswalk: pd.DataFrame, step: tuple[str, str]) -> pd.DataFrame:
    """Return which old unit went where in one step, sorted, with shares where known."""
    mine = (crosswalk["from_vintage"] == step[0]) & (crosswalk["to_vintage"] == step[1])
    given = crosswalk[mine].drop_duplicates(["from_code", "to_code"])
    moves = pd.DataFrame(
        {
            "from": given["from_code"].astype("str"),
            "to": given["to_code"].astype("str"),
            "people_share": given.get("people_share", pd.Series(np.nan, index=given.index)),
            "area_share": given.get("area_share", pd.Series(np.nan, index=given.index)),
        }
    )
    return moves.sort_values(["from", "to"], ignore_index=True)


def _check(
    table: pd.DataFrame, moves: pd.DataFrame, step: tuple[str, str], weights: Weights
) -> None:
    """Refuse codes that the crosswalk lacks and weights that say nothing; all at once."""
    faults = []
    unknown = table.index[~table.index.isin(moves["from"])]
    if len(unknown):
        faults.append(
            Fault(
                what=f"codes are not in the crosswalk from {step[0]} to {step[1]}",
                rows=tuple(unknown),
                found=", ".join(unknown[:10]),
                expected=f"codes of communes of {step[0]}",
                remedy="correct the codes or the vintage, or add the units to the crosswalk",
                code="codes_not_in_crosswalk",
                details=(("old", step[0]), ("new", step[1])),
            )
        )
    repeated = table.index[table.index.duplicated()]
    if len(repeated):
        faults.append(
            Fault(
                what="codes are repeated",
                rows=tuple(dict.fromkeys(repeated)),
                expected="one row for each commune",
                remedy="add up the rows of a commune, or correct the code",
                code="codes_repeated",
            )
        )
    pairs = set(zip(moves["from"], moves["to"], strict=True))
    mine = {pair: weight for pair, weight in weights.items() if pair[0] in set(moves["from"])}
    lost = [f"{a} to {b}" for a, b in sorted(mine) if (a, b) not in pairs]
    bad = [f"{a} to {b}" for (a, b), w in sorted(mine.items()) if not (np.isfinite(w) and w >= 0)]
    old = {pair[0] for pair in mine}
    bad += [code for code in sorted(old) if not sum(w for (a, _), w in mine.items() if a == code)]
    for what, rows in (("weights are of moves that did not happen", lost), (_WEIGHTS, bad)):
        if rows:
            remedy = "correct the codes and numbers of the weights, or leave them out"
            faults.append(
                Fault(
                    what=what,
                    rows=tuple(rows),
                    remedy=remedy,
                    code="weights_wrong" if what == _WEIGHTS else "weights_without_move",
                )
            )
    faults += _wrong_shares(moves)
    if faults:
        raise LayerError(layer="crosswalk", faults=tuple(faults))


def _wrong_shares(moves: pd.DataFrame) -> list[Fault]:
    """Return old units whose shares in the crosswalk do not make one."""
    faults = []
    for column in SHARES:
        units = moves.groupby("from")[column]
        sums = units.sum()
        is_whole = units.count() == units.size()
        wrong = sums[(sums - 1.0 > ONE) | (is_whole & (1.0 - sums > ONE))]
        if len(wrong):
            faults.append(
                Fault(
                    what=f"{column} of a unit does not add up to 1",
                    rows=tuple(map(str, wrong.index)),
                    column=column,
                    found=", ".join(f"{value:g}" for value in wrong[:5]),
                    expected="shares that add up to 1",
                    remedy="correct the shares, or leave them empty",
                    code="shares_not_one",
                    details=(("layer", "crosswalk"), ("column", column)),
                )
            )
    return faults


def _shares(moves: pd.DataFrame, weights: Weights) -> tuple[Floats, Floats, Mask]:
    """Return the shares of people and ground of each move, and which of them are only equal."""
    pairs = zip(moves["from"], moves["to"], strict=True)
    said = np.array([weights.get(pair, np.nan) for pair in pairs], dtype=np.float64)
    is_said = _of_unit(moves, np.isfinite(said), "any")
    weight = np.nan_to_num(said)
    whole = np.where(is_said, _of_unit(moves, weight, "sum"), 1.0)
    listed = moves["people_share"].to_numpy(dtype=np.float64)
    people, equal = _filled(moves, np.where(is_said, weight / whole, listed))
    area, equal_area = _filled(moves, moves["area_share"].to_numpy(dtype=np.float64))
    return people, area, np.stack([equal, equal_area])


def _filled(moves: pd.DataFrame, known: Floats) -> tuple[Floats, Mask]:
    """Return shares that add up to 1 in each old unit, and which are equal parts of the rest."""
    is_known = np.isfinite(known)
    total = _of_unit(moves, np.nan_to_num(known), "sum")
    unknown = _of_unit(moves, (~is_known).astype(np.float64), "sum")
    left = np.clip(1.0 - total, 0.0, None) / np.maximum(unknown, 1.0)
    shares = np.where(is_known, known, left)
    shares = shares / _of_unit(moves, shares, "sum")
    return shares, ~is_known & (unknown > 1) & (shares > ONE)


def _of_unit(moves: pd.DataFrame, values: npt.NDArray[Any], how: How) -> npt.NDArray[Any]:
    """Return for each move a figure of its old unit."""
    return np.asarray(pd.Series(values).groupby(moves["from"].to_numpy()).transform(how))


def _traced(
    traces: pd.DataFrame, moves: pd.DataFrame, equal: Mask, shares: tuple[Floats, Floats]
) -> pd.DataFrame:
    """Return for each new unit whether its figures are estimated, and of which old ones."""
    told = pd.DataFrame(
        {
            "to": moves["to"],
            "estimated": traces["estimated"].reindex(moves["from"]).to_numpy(dtype=bool) | equal,
            "from_codes": traces["from_codes"].reindex(moves["from"]).to_numpy(),
        }
    )[(shares[0] > 0) | (shares[1] > 0)]
    grouped = told.groupby("to")
    names = grouped["from_codes"].agg(
        lambda parts: ";".join(sorted({code for part in parts for code in part.split(";")}))
    )
    return pd.DataFrame({"estimated": grouped["estimated"].any(), "from_codes": names})


def _summed(values: pd.Series, moves: pd.DataFrame, shares: Floats) -> pd.Series:
    """Return a column by new code; whole numbers are divided into whole numbers."""
    given = values.reindex(moves["from"]).to_numpy(dtype=np.float64, na_value=np.nan)
    parts = given * shares
    whole = pd.api.types.is_integer_dtype(values.dtype)
    if whole:
        parts = _apportioned(moves, given, parts)
    parts = np.where(shares > 0, parts, 0.0)  # what is unknown of a unit is unknown where it went
    sums = pd.Series(parts).groupby(moves["to"].to_numpy()).sum(min_count=1)
    unknown = pd.Series(np.isnan(parts)).groupby(moves["to"].to_numpy()).any()
    sums = sums.mask(unknown)
    return sums.round().astype("Int64") if whole else sums


def _apportioned(moves: pd.DataFrame, given: Floats, parts: Floats) -> Floats:
    """Return whole parts that sum to each old unit, by largest remainders."""
    low = np.floor(parts)
    left = given - _of_unit(moves, low, "sum")
    order = pd.Series(-(parts - low)).groupby(moves["from"].to_numpy()).rank(method="first")
    return np.asarray(low + (order.to_numpy() <= left))


_WEIGHTS = "weights must be at least 0, and more than 0 for one of the moves of a unit"
