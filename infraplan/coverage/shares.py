"""
Covered shares by area, technology, operator and denominator, each with its range.

The ground is cut into its smallest parts once (hamlets, the rest of communes, both cut by former
districts); every figure of every area is a sum over the same parts, so that they agree everywhere.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.coverage.service import Service
from infraplan.coverage.zonal import Zones

if TYPE_CHECKING:
    import xarray as xr
    from scipy import sparse

__all__ = ["DENOMINATORS", "SERVED", "Parts", "covered_shares", "parts_of", "share_sums"]

SERVED = 0.9  # share of people from which an area counts as served
TOO_UNKNOWN = 0.2  # share of people unknown from which nothing is said of an area
DENOMINATORS = ("people", "households", "hamlets", "residential", "area")
SUMS = ("total", "covered", "unknown", "low", "high", "assumed")
COUNTING = 1e-9  # a share that sums to 0.9 but for rounding is 0.9
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """
    Parts of the ground on a grid, and what is counted on them.

    `cells` are the grid cells that any part touches, counted row by row. Each entry joins a part to
    one of them: `part`, `cell` (number within `cells`), and `weights` by denominator (`people`,
    `households` where known, `residential` and `area` in km2); the entries are in order of parts.
    `own` weighs entries within their part: people, or ground where nobody lives. `count` is the
    number of parts.
    """

    cells: Ints
    part: Ints
    cell: Ints
    weights: Mapping[str, Floats]
    own: Floats
    count: int

    def sums(self, values: Floats | Flags, weight: Floats) -> Floats:
        """
        Return the weighted sum of a quantity over each part.

        Parameters
        ----------
        values
            Quantity or flag per grid cell, in the order of `cells`.
        weight
            Weight of each entry, such as one of `weights`.

        Returns
        -------
        sums
            One sum for each part.
        """
        found = np.bincount(self.part, weight * values[self.cell], self.count)
        return found.astype(np.float64)

    def grouped(self, group: Ints, count: int) -> "Parts":
        """
        Return groups of the parts as parts.

        Parameters
        ----------
        group
            Number of the group of each part, from 0.
        count
            Number of groups.

        Returns
        -------
        parts
            The same entries, no longer in order of parts.
        """
        return replace(self, part=group[self.part], count=count)

    def matrix(self, size: int) -> "sparse.csr_array":
        """
        Return the weight of each grid cell within each part.

        Parameters
        ----------
        size
            Number of cells of the grid.

        Returns
        -------
        weights
            (part, grid cell): people, or ground [km2] where nobody lives.
        """
        from scipy import sparse

        entries = (self.own, (self.part, self.cells[self.cell]))
        return sparse.csr_array(sparse.coo_array(entries, shape=(self.count, size)))


def parts_of(
    zones: Zones,
    people: "xr.DataArray",
    *,
    is_residential: npt.NDArray[np.bool_],
    households_each: Floats | None = None,
) -> Parts:
    """
    Return parts of the ground with what is counted on them.

    Parameters
    ----------
    zones
        Disjoint parts on the grid of the people.
    people
        Persons per grid cell.
    is_residential
        Whether each part is inhabited ground.
    households_each
        Households per person in each part; None where none are known.

    Returns
    -------
    parts
        Entries of parts and cells.
    """
    fractions = zones.fractions
    part = np.repeat(np.arange(fractions.shape[0]), np.diff(fractions.indptr))
    touched = np.zeros(fractions.shape[1], dtype=bool)
    touched[fractions.indices] = True
    cells = np.flatnonzero(touched)
    number = np.zeros(fractions.shape[1], dtype=np.int64)
    number[cells] = np.arange(cells.size)
    persons = people.to_numpy().ravel()[fractions.indices].astype(np.float64)
    ground = fractions.data * zones.cell_m2 / 1e6
    weights = {
        "people": fractions.data * persons,
        "residential": np.where(is_residential[part], ground, 0.0),
        "area": ground,
    }
    if households_each is not None:
        weights["households"] = weights["people"] * households_each[part]
    inhabited = np.bincount(part, weights["people"], fractions.shape[0]) > 0
    own = np.where(inhabited[part], weights["people"], ground)
    return Parts(cells, part, number[fractions.indices], weights, own, fractions.shape[0])


def share_sums(parts: Parts, service: Service, weights: Iterable[Floats]) -> list[Floats]:
    """
    Return the sums of every reading over every part.

    Parameters
    ----------
    parts
        Parts of the ground.
    service
        Service of a technology at the cells of the parts.
    weights
        Weights of the entries of the parts.

    Returns
    -------
    sums
        For each weight an array of (reading, part, 6): total, covered, unknown, low, high, assumed;
        readings in the order of `service.readings`.
    """
    distinct, pattern = service.patterns()
    levels = [distinct.levels(reading) for reading in service.readings]
    flags = np.stack(
        [
            np.stack(
                [np.ones_like(of.covered), of.covered, of.unknown, of.low, of.high, of.assumed]
            )
            for of in levels
        ]
    )  # (reading, 6, pattern)
    # a part holds few patterns: what is summed over cells is their mass, once for all readings
    count = flags.shape[2]
    group, keys = pd.factorize(parts.part * count + pattern[parts.cell])
    part, kind = np.divmod(keys, count)
    found = []
    for weight in weights:
        mass = np.bincount(group, weight, keys.size)
        table = np.empty((len(levels), parts.count, len(SUMS)))
        for reading in range(len(levels)):
            for column in range(len(SUMS)):
                flagged = mass * flags[reading, column, kind]
                table[reading, :, column] = np.bincount(part, flagged, parts.count)
        found.append(table)
    return found


def covered_shares(
    parts: Parts,
    services: Iterable[Service],
    levels: Mapping[str, pd.DataFrame],
    hamlet: Ints | None = None,
) -> pd.DataFrame:
    """
    Return the covered share of areas.

    Parameters
    ----------
    parts
        Parts of the ground.
    services
        Service of each technology at the cells of the parts.
    levels
        Areas by level (`hamlet`, `commune`, `district`, `province`): a table with a row for each
        area, `area_id`, `area_name`, and `parts`, the numbers of its parts.
    hamlet
        For each part the number of its hamlet, -1 where it is of none; None: hamlets are not
        counted.

    Returns
    -------
    shares
        One row for each area, technology, operator (each, `any`, `at_least_two`, `all`) and
        denominator (`people`, `households`, `hamlets`, `residential`, `area`; hamlets themselves by
        people alone), with `total`, `covered`, `unknown`, `share`, `share_low`, `share_high` and
        `people_assumed` (covered people whose server is assumed). A hamlet counts as covered from
        0.9 of its people on.
    """
    counted = _counting_hamlets(parts, hamlet)
    names = [*parts.weights, "own"]
    frames = []
    for service in services:
        sums = share_sums(parts, service, [*parts.weights.values(), parts.own])
        by_weight = dict(zip(names, sums, strict=True))
        own = by_weight.pop("own")
        if counted is not None:
            by_weight["hamlets"] = _hamlets_served(own, counted, parts.count)
        for level, areas in levels.items():
            wanted = [d for d in DENOMINATORS if d in by_weight]
            join = _join(areas["parts"], parts.count)
            for number, reading in enumerate(service.readings):
                for denominator in wanted if level != "hamlet" else ["people"]:
                    sums_of_areas = join @ by_weight[denominator][number]
                    frames.append(
                        _frame(
                            areas.drop(columns="parts").assign(area_level=level),
                            sums_of_areas,
                            (service.technology, reading, denominator),
                        )
                    )
    return pd.concat(frames, ignore_index=True)


def _counting_hamlets(parts: Parts, hamlet: Ints | None) -> tuple[Ints, Ints] | None:
    """Return the hamlet of each part, and the part of each hamlet that it is counted in."""
    if hamlet is None or not (hamlet >= 0).any():
        return None
    size = np.bincount(parts.part, parts.own, parts.count)
    order = np.lexsort((-size, hamlet))
    order = order[hamlet[order] >= 0]
    _, first = np.unique(hamlet[order], return_index=True)
    return hamlet, order[first]


def _hamlets_served(own: Floats, counted: tuple[Ints, Ints], count: int) -> Floats:
    """Return for each part the hamlets counted in it that are served, in the layout of sums."""
    hamlet, home = counted
    table = np.zeros((own.shape[0], count, len(SUMS)))
    inside = hamlet >= 0
    for reading in range(own.shape[0]):
        sums = np.stack(
            [np.bincount(hamlet[inside], own[reading, inside, k]) for k in range(len(SUMS))]
        )
        known = np.unique(hamlet[inside])
        total = sums[0, known]
        share = np.divide(
            sums[:, known], total, out=np.zeros((len(SUMS), known.size)), where=total > 0
        )
        served, low, high = (share[k] >= SERVED - COUNTING for k in (1, 3, 4))
        assumed = served & (share[5] > 1.0 - SERVED)
        groundless = total <= 0  # of a hamlet that stands nowhere nothing is known
        doubt = ~served & ((share[2] > TOO_UNKNOWN) | groundless)
        high |= groundless
        flags = np.stack([np.ones(known.size), served, doubt, low & served, high, assumed])
        table[reading, home] = flags.T
    return table


def _join(parts: pd.Series, count: int) -> Floats:
    """Return the matrix that sums parts to areas, sparse."""
    from scipy import sparse

    rows = np.repeat(np.arange(len(parts)), [len(own) for own in parts])
    columns = np.concatenate([np.asarray(own, dtype=np.int64) for own in parts])
    ones = np.ones(rows.size)
    return sparse.csr_array((ones, (rows, columns)), shape=(len(parts), count))  # type: ignore[no-any-return]


def _frame(areas: pd.DataFrame, sums: Floats, names: tuple[str, str, str]) -> pd.DataFrame:
    """Return the rows of one reading."""
    total, covered, unknown, low, high, assumed = np.asarray(sums).T

    def share(part: Floats) -> Floats:
        """Return a part of the total; NaN where there is nobody."""
        empty = np.full_like(total, np.nan)
        return np.asarray(np.divide(part, total, out=empty, where=total > 0))

    technology, operator, denominator = names
    return areas.assign(
        technology=technology,
        operator=operator,
        denominator=denominator,
        total=total,
        covered=covered,
        unknown=unknown,
        share=share(covered),
        share_low=share(low),
        share_high=share(high),
        people_assumed=assumed if denominator == "people" else np.nan,
    )
