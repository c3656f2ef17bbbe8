"""What is told of the positions of a list: faults, remarks, mends, what else they could mean."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import Fault
from infraplan.layers.convert import tidy
from infraplan.layers.crs import usual_systems
from infraplan.layers.notes import Note
from infraplan.layers.repairs import Repair
from infraplan.layers.voting import DATUM_SHIFT_M
from infraplan.layers.voting import Evidence
from infraplan.layers.voting import Vote
from infraplan.layers.voting import contained
from infraplan.layers.voting import datum_shift
from infraplan.layers.voting import outside_after_shift
from infraplan.text import words

if TYPE_CHECKING:
    from infraplan.layers.known import KnownPlaces

__all__ = ["Findings", "Meaning", "meanings_of", "names_of", "tell_places", "tell_shift"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NOTHING: Mapping[str, str] = MappingProxyType({})
FAR_M = 15_000.0
NEAR_HAMLET_M = 300.0
SHOWN = 5
TRIED_ROWS = 50  # among which the row is chosen that shows best how readings differ


@dataclass(frozen=True, slots=True)
class Meaning:
    """
    Where a reading of a list would put one of its rows.

    `code` names the sentence `faults.<code>_what` of the catalogues, `details` its placeholders:
    `system`, `row`, `place` and `crs`.
    """

    crs: str
    code: str
    details: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Return the sentence in English."""
        return words("en")(f"faults.{self.code}_what", **dict(self.details))


class Findings:
    """Faults, remarks and mends of a list, in the names that its owner gives to rows."""

    def __init__(self, rows: tuple[str, ...]) -> None:
        """Begin without any."""
        self.labels = np.array([str(row) for row in rows], dtype=object)
        self.faults: list[Fault] = []
        self.notes: list[Note] = []
        self.repairs: list[Repair] = []

    def rows(self, where: Mask) -> tuple[str, ...]:
        """
        Return the owner's names of some rows.

        Parameters
        ----------
        where
            Which rows.

        Returns
        -------
        rows
            Their names, in order.
        """
        return tuple(self.labels[where])

    def fault(
        self,
        code: str,
        where: Mask | None = None,
        *,
        column: str = "",
        found: str = "",
        details: Mapping[str, str] = NOTHING,
    ) -> None:
        """
        Note a fault, of some rows if any are given.

        Parameters
        ----------
        code
            Of the sentences `faults.<code>_what` and `faults.<code>_remedy`.
        where
            Which rows; the whole list where None.
        column
            The owner's heading.
        found
            What stands there.
        details
            Values of the placeholders.
        """
        english = words("en")
        rows = () if where is None else self.rows(where)
        self.faults.append(
            Fault(
                what=english(f"faults.{code}_what", **details),
                remedy=english(f"faults.{code}_remedy", **details),
                rows=rows,
                column=column,
                found=found,
                code=code,
                details=tuple(details.items()),
            )
        )

    def remark(
        self, code: str, where: Mask | None = None, details: Mapping[str, str] = NOTHING
    ) -> None:
        """
        Note what a reader should know, of some rows if any are given.

        Parameters
        ----------
        code
            Of the sentence `positions.<code>`.
        where
            Which rows, told as `count` and `rows`; nothing is noted where there are none.
        details
            Values of the other placeholders.
        """
        if where is not None:
            if not where.any():
                return
            rows = self.rows(where)
            more = " …" if len(rows) > SHOWN else ""
            details = {**details, "count": str(len(rows)), "rows": ", ".join(rows[:SHOWN]) + more}
        self.notes.append(Note(f"positions.{code}", **details))

    def mend(self, code: str, where: Mask, column: str, found: pd.Series, taken: Floats) -> None:
        """
        Note cells that were understood otherwise than they stand.

        Parameters
        ----------
        code
            Of the sentence `repairs.<code>`.
        where
            Which rows.
        column
            The owner's heading.
        found
            Cells as they stand.
        taken
            What they were understood as.
        """
        for place in np.flatnonzero(where):
            told = f"{taken[place]:.10g}"
            self.repairs.append(
                Repair(self.labels[place], column, str(found.iloc[place]).strip(), told, code)
            )


def meanings_of(
    votes: Sequence[Vote],
    sample: npt.NDArray[np.int64],
    places: "KnownPlaces",
    found: Findings,
) -> tuple[Meaning, ...]:
    """
    Return where each reading puts the row that shows best how they differ.

    Parameters
    ----------
    votes
        Readings to tell, the likeliest first.
    sample
        Which rows of the list voted.
    places
        What the plan knows.
    found
        For the owner's names of rows.

    Returns
    -------
    meanings
        One a vote.
    """
    best: list[tuple[str, str]] = []
    shown = 0
    for number in range(min(len(sample), TRIED_ROWS)):
        if not all(np.isfinite(one.points[number]).all() for one in votes):
            continue
        told = [_place_of(one.points[number], places) for one in votes]
        if len(set(told)) > len(set(best)):
            best, shown = told, number
        if len(set(best)) == len(votes):
            break
    systems = usual_systems()
    row = found.labels[sample[shown]] if len(sample) else ""
    meanings = []
    for one, (code, place) in zip(votes, best, strict=False):
        crs = one.hypothesis.crs
        name = systems[crs].name if crs in systems else crs
        details = {"system": name, "row": str(row), "crs": crs}
        if place:
            details["place"] = place
        meanings.append(Meaning(crs, code, tuple(details.items())))
    return tuple(meanings)


def _place_of(point: Floats, places: "KnownPlaces") -> tuple[str, str]:
    """Return which sentence tells where a point lies, and the names in it."""
    import shapely

    at = shapely.Point(*point)
    communes = places.communes
    within = communes.sindex.query(at, predicate="intersects")
    if not len(within):
        afloat = len(places.sea) and len(places.sea.sindex.query(at, predicate="intersects"))
        return ("crs_reading_sea", "") if afloat else ("crs_reading_outside", "")
    row = communes.iloc[within[0]]
    commune = tidy(row.get("full_name")) or tidy(row["name"])
    if len(places.hamlets):
        known = places.hamlets.geometry.notna() & ~places.hamlets.geometry.is_empty
        hamlets = places.hamlets[known]
        near = hamlets.sindex.nearest(at, max_distance=NEAR_HAMLET_M, return_all=False)
        if near.shape[1]:
            return "crs_reading_place", f"{tidy(hamlets.iloc[near[1, 0]]['name'])}, {commune}"
    return "crs_reading_place", commune


def tell_shift(
    points: Floats,
    evidence: Evidence,
    sample: npt.NDArray[np.int64],
    systems: tuple[str, str | None],
    found: Findings,
) -> None:
    """
    Tell that positions lie off by a lost datum, by known positions or by named communes.

    Parameters
    ----------
    points
        Positions of the list in the planning CRS, shape (rows, 2) [m].
    evidence
        About the same rows.
    sample
        Rows by whose named commune the datum is tested.
    systems
        System that was taken, and the one said by the user or None.
    found
        Where it is told.
    """
    taken, said = systems
    sign = datum_shift(points, evidence.known)
    code = "datum_shift"
    if not sign and len(sample):
        sign = outside_after_shift(
            points[sample],
            replace(evidence, named=evidence.named[sample], known=evidence.known[sample]),
        )
        code = "datum_shift_communes"
    if not sign:
        return
    distance = f"{np.hypot(*DATUM_SHIFT_M):.0f}"
    if said is not None:
        found.remark("datum_shift_said", details={"distance": distance, "crs": said})
    elif sign > 0 and taken == "EPSG:4326":
        found.fault(code, details={"distance": distance, "crs": "EPSG:4756"})
    else:
        found.fault("datum_lost", details={"distance": distance, "crs": taken})


def tell_places(
    points: Floats, evidence: Evidence, ids: pd.Series | None, found: Findings, *, column: str = ""
) -> None:
    """
    Tell rows in the sea or all at one point; those far from the commune that they name are faults.

    Parameters
    ----------
    points
        Positions of the list in the planning CRS, shape (rows, 2) [m].
    evidence
        About the same rows.
    ids
        Id of each row's station or mast, or None.
    found
        Where it is told.
    column
        The owner's headings of a position.
    """
    if len(evidence.sea):
        found.remark("in_the_sea", contained(points, evidence.sea))
    if len(evidence.communes):
        import shapely

        bounds = shapely.bounds(evidence.communes)[evidence.named]
        apart_x = np.maximum(bounds[:, 0] - points[:, 0], points[:, 0] - bounds[:, 2])
        apart_y = np.maximum(bounds[:, 1] - points[:, 1], points[:, 1] - bounds[:, 3])
        apart = np.hypot(np.maximum(apart_x, 0), np.maximum(apart_y, 0))
        far = (evidence.named >= 0) & (apart > FAR_M)
        if far.any():
            nearest = f"{apart[far].min() / 1000:.0f}"
            found.fault("far_from_commune", far, column=column, details={"km": nearest})
    if ids is not None:
        table = pd.DataFrame(np.round(points, 2), columns=["x", "y"]).assign(id=ids.to_numpy())
        distinct = table[table["x"].notna()].drop_duplicates()
        repeated = distinct[distinct.duplicated(["x", "y"], keep=False)]
        shared = pd.MultiIndex.from_frame(repeated[["x", "y"]])
        same = pd.MultiIndex.from_frame(table[["x", "y"]]).isin(shared)
        found.remark("same_point", np.asarray(same, dtype=bool))


def names_of(votes: Sequence[Vote]) -> str:
    """
    Return the names of systems with their codes.

    Parameters
    ----------
    votes
        Readings in different systems.

    Returns
    -------
    names
        Joined by commas.
    """
    systems = usual_systems()
    codes = [one.hypothesis.crs for one in votes]
    return ", ".join(
        f"{systems[code].name} ({code})" if code in systems else code for code in codes
    )
