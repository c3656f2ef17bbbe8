"""
Positions from columns of numbers.

In Vietnamese surveying X points north; in programs X points east; and neither headings nor owners
say for certain which system and notation a list uses. So the values decide, for the whole column,
by where they put the rows (`layers.voting`): what is clear is taken and told with its margin, what
is not is asked. A cell that makes no coordinate is a fault of its row, never of the list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import Fault
from infraplan.io.findings import SHOWN
from infraplan.io.findings import Findings
from infraplan.io.findings import Meaning
from infraplan.io.findings import meanings_of
from infraplan.io.findings import names_of
from infraplan.io.findings import tell_places
from infraplan.io.findings import tell_shift
from infraplan.io.row_evidence import known_points
from infraplan.io.row_evidence import named_communes
from infraplan.layers.convert import numbers
from infraplan.layers.convert import tidy
from infraplan.layers.coordinates import LATITUDES
from infraplan.layers.coordinates import LONGITUDES
from infraplan.layers.coordinates import Reading
from infraplan.layers.coordinates import Written
from infraplan.layers.coordinates import readings_of
from infraplan.layers.coordinates import split_pairs
from infraplan.layers.coordinates import written
from infraplan.layers.crs import Bounds
from infraplan.layers.crs import inside
from infraplan.layers.crs import near_systems
from infraplan.layers.crs import usual_systems
from infraplan.layers.crs import working_bounds
from infraplan.layers.notes import Note
from infraplan.layers.repairs import Repair
from infraplan.layers.schemas import schema
from infraplan.layers.voting import Evidence
from infraplan.layers.voting import Hypothesis
from infraplan.layers.voting import Vote
from infraplan.layers.voting import evidence_of
from infraplan.layers.voting import moved
from infraplan.layers.voting import sampled
from infraplan.layers.voting import verdict
from infraplan.layers.voting import vote

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.layers.known import KnownPlaces

__all__ = ["Positions", "compared", "positions_from", "with_accuracy"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

DEGREES = 180.0
NORTHINGS = (880_000.0, 2_620_000.0)  # of Vietnam in any zone
EASTINGS = (80_000.0, 1_000_000.0)
METRES_A_DEGREE = 111_320.0
SURVEY_M = 15.0  # no list says how it was surveyed: as the rules take it where nothing is said
ASSUMED_M = 224.7  # the least by which a wrong system is wrong
COARSE_DEG = 1e-4  # 11 m
READINGS_SHOWN = 6


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """
    Points with their reference system, what was decided, and what could not be understood.

    `certainty` is `"said"`, `"recognised"`, or `"assumed"`, and `"ask"` where a fault asks;
    `margin` is the share by which the next system scored less, None where there was none to weigh;
    `readings` say what each plausible system would mean, the likeliest first; `accuracy_m` has one
    value a row [m].
    """

    points: "gpd.GeoSeries"
    faults: tuple[Fault, ...] = ()
    notes: tuple[Note, ...] = ()
    repairs: tuple[Repair, ...] = ()
    accuracy_m: Floats = field(default_factory=lambda: np.empty(0))
    certainty: str = "said"
    crs: str = ""
    margin: float | None = None
    readings: tuple[Meaning, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """The two columns of a position as written, and their headings; one twice for one cell."""

    first: Written
    second: Written
    names: tuple[str, str]
    cells: tuple[pd.Series, pd.Series]
    is_named: bool  # by headings that say which is north
    unsplit: Mask


@dataclass(frozen=True, slots=True, eq=False)
class _Notation:
    """A way to read both columns: the first, the second."""

    first: Reading
    second: Reading

    @property
    def unit(self) -> str:
        """Return whether it makes degrees or metres."""
        return self.first.unit


def positions_from(  # noqa: PLR0913 - what is known of a list
    frame: pd.DataFrame,
    headings: Mapping[str, str],
    rows: tuple[str, ...],
    *,
    plan_crs: str,
    crs: str | None,
    area: Bounds | None,
    places: "KnownPlaces | None" = None,
    commune_names: pd.Series | None = None,
    ids: pd.Series | None = None,
) -> Positions | None:
    """
    Return the points that the columns of a list give.

    Parameters
    ----------
    frame
        Cells as read.
    headings
        Which heading is which part of a position.
    rows
        What the owner calls each row.
    plan_crs
        Planning CRS, as an EPSG code.
    crs
        Reference system said by the user, or None: it is then recognised by where the rows fall.
    area
        Bounds of the plan's area in `plan_crs`, to tell which systems fit, or None.
    places
        What the plan knows, the evidence; without it only degrees are taken without a question.
    commune_names
        Commune that each row names, or None; an empty text where it names none.
    ids
        Id of each row's station or mast, or None.

    Returns
    -------
    positions
        Points with reference system; None where the list has no columns for them.
    """
    pair = _pair(frame, headings)
    if pair is None:
        return None
    found = Findings(rows)
    notations = _notations(pair)
    if places is not None and not len(places.communes):
        places = None
    bounds = _bounds(plan_crs, area, places)
    evidence = evidence_of(
        places,
        plan_crs,
        bounds,
        named=named_communes(commune_names, places, len(frame)),
        known=known_points(ids, places, len(frame)),
    )
    chosen = _chosen(notations, evidence, crs, has_places=places is not None)
    chosen = _told(chosen, notations[chosen.notation], (evidence, places), found)
    if chosen.is_turned and pair.is_named:
        turned = {"first": pair.names[0], "second": pair.names[1]}
        found.remark("columns_turned", details=turned)
    notation = notations[chosen.notation]
    _tell_cells(pair, notation, found)
    east, north = notation.second, notation.first
    if chosen.is_turned:
        east, north = north, east
    xy = _rows_turned(
        (east.numbers, north.numbers), (chosen.crs, notation.unit), evidence, pair, found
    )
    xy = _without_zeros(xy, pair, found)
    points = moved(*xy, chosen.crs, plan_crs)
    if chosen.certainty != "ask":
        tell_shift(points, evidence, chosen.sample, (chosen.crs, crs), found)
        column = ", ".join(dict.fromkeys(pair.names))
        tell_places(points, evidence, ids, found, column=column)
    accuracy = _accuracy_m(notation, (east.steps, north.steps), xy, chosen, found)
    return Positions(
        points=_points(*xy, chosen.crs),
        faults=tuple(found.faults),
        notes=tuple(found.notes),
        repairs=tuple(found.repairs),
        accuracy_m=accuracy,
        certainty=chosen.certainty,
        crs=chosen.crs,
        margin=chosen.margin,
        readings=chosen.readings,
    )


def compared(
    points: "gpd.GeoSeries",
    rows: tuple[str, ...],
    *,
    plan_crs: str,
    places: "KnownPlaces",
    commune_names: pd.Series | None,
    ids: pd.Series | None,
) -> Findings:
    """
    Return what a plan's places say against the points of a map file.

    Parameters
    ----------
    points
        Points in a known reference system, missing where a row has none.
    rows
        What the owner calls each row.
    plan_crs
        Planning CRS, as an EPSG code.
    places
        What the plan knows.
    commune_names
        Commune that each row names, or None; an empty text where it names none.
    ids
        Id of each row's station or mast, or None.

    Returns
    -------
    findings
        Faults of rows far from the commune that they name; remarks on a lost datum and oddities.
    """
    found = Findings(rows)
    evidence = evidence_of(
        places,
        plan_crs,
        _bounds(plan_crs, None, places),
        named=named_communes(commune_names, places, len(points)),
        known=known_points(ids, places, len(points)),
    )
    moved_points = points.to_crs(plan_crs)
    xy = np.column_stack([moved_points.x, moved_points.y])
    said = str(points.crs.to_epsg())
    known = np.flatnonzero(np.isfinite(xy).all(axis=1))
    tell_shift(xy, evidence, known[sampled(len(known))], (said, f"EPSG:{said}"), found)
    tell_places(xy, evidence, ids, found)
    return found


def with_accuracy(frame: pd.DataFrame, positions: Positions, layer: str) -> pd.DataFrame:
    """
    Return a list with how far its positions can be trusted, where the layer keeps that.

    Parameters
    ----------
    frame
        Rows, columns named as in the schema.
    positions
        Positions of the same rows.
    layer
        Name of the layer.

    Returns
    -------
    frame
        With `accuracy_m` [m], the larger of what the list and the notation say, and
        `position_certainty`; a cell that is no number stays for the schema to judge.
    """
    declared = schema(layer).column("accuracy_m")
    if declared is None or schema(layer).column("position_certainty") is None:
        return frame
    accuracy = pd.Series(positions.accuracy_m, index=frame.index).round(1).astype(object)
    if "accuracy_m" in frame:
        given, bad, _ = numbers(frame["accuracy_m"], declared)
        larger = np.fmax(given.to_numpy(), positions.accuracy_m)
        accuracy = pd.Series(larger, index=frame.index).round(1).astype(object)
        accuracy[bad] = frame["accuracy_m"][bad]
    certainty = "assumed" if positions.certainty == "ask" else positions.certainty
    return frame.assign(accuracy_m=accuracy, position_certainty=certainty)


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    """The reading that is taken: notation, system and order, how surely, and what it could be."""

    crs: str
    notation: int
    is_turned: bool
    certainty: str
    margin: float | None = None
    vote: Vote | None = None
    rivals: tuple[Vote, ...] = ()
    sample: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    readings: tuple[Meaning, ...] = ()


def _pair(frame: pd.DataFrame, headings: Mapping[str, str]) -> _Pair | None:
    """Return the two columns of a position, the one called north first; None without columns."""
    where = {part: heading for heading, part in headings.items()}
    for north, east in (("latitude", "longitude"), ("northing", "easting"), ("x", "y")):
        if north in where and east in where:
            names = (where[north], where[east])
            cells = (frame[names[0]], frame[names[1]])
            return _Pair(
                first=written(cells[0]),
                second=written(cells[1]),
                names=names,
                cells=cells,
                is_named=north != "x",
                unsplit=np.zeros(len(frame), dtype=bool),
            )
    if "both" not in where:
        return None
    name = where["both"]
    first, second, bad = split_pairs(frame[name])
    return _Pair(
        first=written(first),
        second=written(second),
        names=(name, name),
        cells=(frame[name], frame[name]),
        is_named=False,
        unsplit=bad,
    )


def _notations(pair: _Pair) -> tuple[_Notation, ...]:
    """Return the ways to read both columns as the same unit, the likeliest first."""
    both = [
        _Notation(one, other)
        for one in readings_of(pair.first)
        for other in readings_of(pair.second)
        if one.unit == other.unit and _makes_pairs(one, other)
    ]
    both.sort(
        key=lambda item: (
            bool(item.first.how) + bool(item.second.how),
            -item.first.fit - item.second.fit,
        )
    )
    return tuple(both) or (_as_it_stands(pair),)


def _makes_pairs(one: Reading, other: Reading) -> bool:
    """Return whether most rows of two readings are a position of Vietnam in either order."""
    known = np.isfinite(one.numbers) & np.isfinite(other.numbers)
    if not known.any():
        return False
    limits = (LATITUDES, LONGITUDES) if one.unit == "deg" else (NORTHINGS, EASTINGS)
    good = _in_order(one.numbers, other.numbers, limits) | _in_order(
        other.numbers, one.numbers, limits
    )
    return bool(good[known].mean() >= 0.5)


def _as_it_stands(pair: _Pair) -> _Notation:
    """Return numbers that are nowhere in Vietnam as they stand, for the schema to judge."""
    readings = []
    for column in (pair.first, pair.second):
        sign = max(column.numbers, key=lambda sign, c=column: np.isfinite(c.numbers[sign]).sum())  # type: ignore[misc]
        is_angle = np.isfinite(column.degrees)
        values = np.where(is_angle, column.degrees, column.numbers[sign])
        steps = np.where(is_angle, column.degree_steps, column.steps[sign])
        readings.append(Reading(values, steps, "deg", sign, fit=0.0))
    largest = max(float(np.nanmax(np.abs(one.numbers), initial=0.0)) for one in readings)
    unit = "m" if largest > DEGREES else "deg"
    first, second = (replace(one, unit=unit) for one in readings)
    return _Notation(first, second)


def _bounds(plan_crs: str, area: Bounds | None, places: "KnownPlaces | None") -> Bounds:
    """Return the bounds outside which no row can be meant."""
    if area is None and places is not None:
        west, south, east, north = map(float, places.communes.total_bounds)
        area = (west, south, east, north)
    return working_bounds(plan_crs, area)


def _chosen(
    notations: tuple[_Notation, ...], evidence: Evidence, crs: str | None, *, has_places: bool
) -> _Chosen:
    """Return the reading that the rows speak for."""
    known = np.zeros(len(evidence.named), dtype=bool)
    for one in notations:
        known |= np.isfinite(one.first.numbers) & np.isfinite(one.second.numbers)
    rows = np.flatnonzero(known)
    rows = rows[sampled(len(rows))] if len(rows) else rows
    asked = replace(evidence, named=evidence.named[rows], known=evidence.known[rows])
    hypotheses = _hypotheses(notations, rows, crs, evidence.crs)
    votes = vote(hypotheses, asked) if len(rows) else ()
    if not votes:
        first = hypotheses[0]
        certainty = "said" if crs else "assumed" if notations[0].unit == "deg" else "ask"
        return _Chosen(first.crs, first.notation, first.is_turned, certainty, sample=rows)
    best, certainty, margin, rivals = verdict(votes, (evidence.crs, "EPSG:4326"))
    if crs is not None:
        best, certainty, margin, rivals = votes[0], "said", None, ()
    elif not has_places:
        is_metres = notations[best.hypothesis.notation].unit == "m"
        certainty = "ask" if is_metres else "assumed"
        rivals = tuple(one for one in votes if one.inside_share == 1.0) if is_metres else ()
        best, margin = votes[0], None
    elif best.inside_share == 0.0 and notations[best.hypothesis.notation].unit == "m":
        certainty = "ask"
    taken = best.hypothesis
    return _Chosen(
        taken.crs, taken.notation, taken.is_turned, certainty, margin, best, rivals, rows
    )


def _hypotheses(
    notations: tuple[_Notation, ...],
    rows: npt.NDArray[np.int64],
    crs: str | None,
    plan_crs: str,
) -> list[Hypothesis]:
    """Return what the numbers could mean: notation, axis order and system."""
    made = []
    for number, one in enumerate(notations):
        first, second = one.first.numbers[rows], one.second.numbers[rows]
        limits = (LATITUDES, LONGITUDES) if one.unit == "deg" else (NORTHINGS, EASTINGS)
        straight = int(_in_order(first, second, limits).sum())
        turned = int(_in_order(second, first, limits).sum())
        orders = [False] if straight >= turned else [True]
        if one.unit == "m" and 0 < min(straight, turned) * 2 >= max(straight, turned):
            orders = [False, True]
        if crs is not None:
            systems: tuple[str, ...] = (crs,)
        else:
            systems = near_systems(plan_crs) if one.unit == "m" else ("EPSG:4326",)
        for is_turned in orders:
            north, east = (second, first) if is_turned else (first, second)
            made += [Hypothesis(code, east, north, number, is_turned) for code in systems]
    return made


def _in_order(
    north: Floats, east: Floats, limits: tuple[tuple[float, float], tuple[float, float]]
) -> Mask:
    """Return which rows have their north and their east within the limits of either."""
    (south, top), (west, right) = limits
    return (north >= south) & (north <= top) & (east >= west) & (east <= right)


def _rows_turned(
    xy: tuple[Floats, Floats],
    system: tuple[str, str],
    evidence: Evidence,
    pair: _Pair,
    found: Findings,
) -> tuple[Floats, Floats]:
    """Return east and north, those rows turned back in which each stands in the other's place."""
    (east, north), (crs, unit) = xy, system
    if unit == "deg":
        turned = _in_order(east, north, (LATITUDES, LONGITUDES))
    else:
        points = moved(east, north, crs, evidence.crs)
        away = ~inside(points[:, 0], points[:, 1], evidence.bounds) & np.isfinite(east + north)
        turned = np.zeros(len(east), dtype=bool)
        if away.any():
            other = moved(north[away], east[away], crs, evidence.crs)
            turned[away] = inside(other[:, 0], other[:, 1], evidence.bounds)
    for place in np.flatnonzero(turned):
        found.repairs.append(
            Repair(
                row=found.labels[place],
                column=pair.names[0],
                found=f"{north[place]:.10g}; {east[place]:.10g}",
                taken=f"{east[place]:.10g}; {north[place]:.10g}",
                code="coordinates_turned",
            )
        )
    found.remark("rows_turned", turned)
    return np.where(turned, north, east), np.where(turned, east, north)


def _without_zeros(
    xy: tuple[Floats, Floats], pair: _Pair, found: Findings
) -> tuple[Floats, Floats]:
    """Return east and north without those that are both 0, which nobody measured."""
    east, north = xy
    zero = (east == 0) & (north == 0)
    if not zero.any():
        return xy
    found.fault("coordinate_zero", zero, column=", ".join(dict.fromkeys(pair.names)), found="0; 0")
    return np.where(zero, np.nan, east), np.where(zero, np.nan, north)


def _told(
    chosen: _Chosen,
    notation: _Notation,
    evidence: "tuple[Evidence, KnownPlaces | None]",
    found: Findings,
) -> _Chosen:
    """Tell which system was taken and how surely, or ask; return the choice with its meanings."""
    asked, places = evidence
    if chosen.certainty == "said":
        return chosen
    if chosen.certainty == "ask" and (chosen.vote is None or not chosen.rivals):
        found.fault("crs_unknown", column="", found=_extent(notation))
        return replace(chosen, crs=asked.crs)
    if chosen.vote is None or notation.unit == "deg":
        return chosen
    votes = (chosen.vote, *(one for one in chosen.rivals if one is not chosen.vote))
    system = usual_systems().get(chosen.crs)
    named = {"system": chosen.crs if system is None else system.name, "crs": chosen.crs}
    if places is None:
        options = ", ".join(one.hypothesis.crs for one in votes[1:READINGS_SHOWN])
        code = "metres_not_said" if options else "metres_not_said_one"
        told = {"crs": chosen.crs, "others": options} if options else {"crs": chosen.crs}
        found.fault(code, found=_extent(notation), details=told)
        return chosen
    meanings = meanings_of(votes[:READINGS_SHOWN], chosen.sample, places, found)
    if chosen.certainty == "recognised":
        share, margin = chosen.vote.inside_share, chosen.margin
        shares = {
            "share": f"{100 * share:.0f}",
            "margin": "100" if margin is None else f"{100 * margin:.0f}",
        }
        found.remark("system_recognised", details={**named, **shares})
    elif chosen.certainty == "assumed":
        others = names_of(votes[1:READINGS_SHOWN])
        found.remark("system_assumed", details={**named, "others": others})
    else:
        options = ", ".join(f"--crs {one.crs}" for one in meanings)
        found.fault("crs_ambiguous", found=_extent(notation), details={"options": options})
        for one in meanings:
            found.fault(one.code, details=dict(one.details))
    return replace(chosen, readings=meanings)


def _extent(notation: _Notation) -> str:
    """Return the range of both columns as they were read."""
    spans = []
    for one in (notation.first, notation.second):
        values = one.numbers[np.isfinite(one.numbers)]
        spans.append(f"{values.min():.10g} – {values.max():.10g}" if len(values) else "-")
    return "; ".join(spans)


def _tell_cells(pair: _Pair, notation: _Notation, found: Findings) -> None:
    """Tell which cells make no coordinate, which were mended, and what was decided for a column."""
    wrong: dict[tuple[str, str], Mask] = {}
    north_letters = 0
    sides = (
        (pair.first, notation.first, pair.names[0], pair.cells[0]),
        (pair.second, notation.second, pair.names[1], pair.cells[1]),
    )
    for column, reading, name, cells in sides:
        faults = dict(column.faults)
        at_fault = np.logical_or.reduce([pair.unsplit, *faults.values()])
        unread = column.filled & np.isnan(reading.numbers) & ~at_fault
        faults["coordinate_not_understood"] = (
            faults.get("coordinate_not_understood", False) | unread | pair.unsplit
        )
        for code, rows in faults.items():
            key = (code, name)
            wrong[key] = wrong[key] | rows if key in wrong else rows
        for code, rows in column.mended.items():
            found.mend(code, rows, name, cells, reading.numbers)
            found.remark(code, rows, {"column": name})
        if reading.how:
            changed = np.isfinite(reading.numbers) & (
                reading.numbers != column.numbers.get(reading.sign, column.degrees)
            )
            found.mend(reading.how, changed, name, cells, reading.numbers)
            found.remark(reading.how, changed, {"column": name})
        if reading.sign and _is_doubtful(column, reading):
            sign = reading.sign.replace("*", ".,")
            found.remark("decimal_sign", details={"column": name, "sign": sign})
        north_letters += int((column.axes == "n").sum())
    for (code, name), rows in wrong.items():
        if rows.any():
            cells = pair.cells[pair.names.index(name)]
            shown = ", ".join(f"'{tidy(cell)}'" for cell in cells[rows][:SHOWN])
            found.fault(code, rows, column=name, found=shown)
    if north_letters:
        found.remark("letter_n", details={"count": str(north_letters)})


def _is_doubtful(column: Written, reading: Reading) -> bool:
    """Return whether another decimal sign would have made other numbers of some cells."""
    return any(
        bool(
            (np.isfinite(values) & np.isfinite(reading.numbers) & (values != reading.numbers)).any()
        )
        for sign, values in column.numbers.items()
        if sign != reading.sign
    )


def _accuracy_m(
    notation: _Notation,
    steps: tuple[Floats, Floats],
    xy: tuple[Floats, Floats],
    chosen: _Chosen,
    found: Findings,
) -> Floats:
    """Return how far each position can be trusted, by its notation and its system."""
    # one of the two with few decimals lost zeros at its end; both with few were rounded
    least_step = np.fmin(*steps)
    east = north = least_step / 2
    known = np.isfinite(xy[0] + xy[1])
    if notation.unit == "deg":
        found.remark("coarse", known & (least_step > COARSE_DEG * 1.001))
        east = east * METRES_A_DEGREE * np.cos(np.radians(np.nan_to_num(xy[1])))
        north = north * METRES_A_DEGREE
    least = SURVEY_M if chosen.certainty in ("said", "recognised") else ASSUMED_M
    return np.where(known, np.fmax(np.hypot(east, north), least), np.nan)


def _points(east: Floats, north: Floats, crs: str) -> "gpd.GeoSeries":
    """Return points, missing where a coordinate is."""
    import geopandas as gpd
    import shapely

    points = np.full(len(east), None, dtype=object)
    known = ~(np.isnan(east) | np.isnan(north))
    points[known] = shapely.points(east[known], north[known])
    return gpd.GeoSeries(points, crs=crs)
