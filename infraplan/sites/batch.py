"""
A batch of requests as a whole: the best of its subsets, fair parts, overlaps, and what it misses.

Each pair of a grid cell and a technology that some request gains is a unit with people. What a
set of requests gains together is the people of the units that any of them gains, so that all 2^n
sets follow from one sum over subsets, and Shapley values are closed: the people of each unit
divided equally among those who gain it.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Any
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import GridMismatchError
from infraplan.sites.checks import check_batch
from infraplan.sites.checks import check_request
from infraplan.sites.covering import max_coverage
from infraplan.sites.demand import ENOUGH
from infraplan.sites.demand import Demand
from infraplan.sites.rules import Rule
from infraplan.sites.scene import Scene
from infraplan.sites.scene import stations_of
from infraplan.sites.study import empty_table
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings

if TYPE_CHECKING:
    import geopandas as gpd
    import scipy.sparse as sp

__all__ = [
    "EXACT_REQUESTS",
    "BatchGains",
    "Positions",
    "batch_gains",
    "batch_tables",
    "best_subsets",
    "subset_people",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

EXACT_REQUESTS = 20  # up to so many all subsets are computed: a million sums
STEP = 2.0**-20  # people are counted in these steps: sums are then exact in any order
SWAPS = 5
NEXT_TO_NOBODY = 1.0  # people that a position or an exchange must add
KEY = 1 << 44  # more than any grid has cells


class Positions(Protocol):
    """
    What could be built instead, and whom each position would reach.

    `positions` has `kind` and geometry, `covers` (demand blocks x positions) a 1 where a position
    brings service to a block; of a `group` at most one is possible, -1 is none.
    """

    @property
    def positions(self) -> "gpd.GeoDataFrame":
        """Return the positions, indexed by their id."""

    @property
    def covers(self) -> "sp.csr_array":
        """Return which blocks each reaches."""

    @property
    def demand(self) -> Demand:
        """Return the people of each block."""

    @property
    def group(self) -> Ints:
        """Return the group of each position."""


@dataclass(frozen=True, slots=True, eq=False)
class BatchGains:
    """
    What the requests of a batch gain: one entry of `request` and `unit` a pair, sorted by unit.

    `people` are those of each unit, in steps of 2^-20; `is_known` tells of each request whether its
    gain is.
    """

    names: tuple[str, ...]
    request: Ints
    unit: Ints
    people: Floats
    is_known: Flags

    @property
    def alone(self) -> Floats:
        """Return the people whom each request gains by itself."""
        return self.added(self.people)

    @property
    def last(self) -> Floats:
        """Return the people whom each adds to all others: those whom nobody else gains."""
        return self.added(np.where(self._shares == 1, self.people, 0.0))

    @property
    def shapley(self) -> Floats:
        """Return each request's fair part; together they make up what the batch gains."""
        return self.added(self.people / np.maximum(self._shares, 1))

    @property
    def together(self) -> Floats:
        """Return the people whom two requests both gain, a square matrix."""
        covers = self.covers
        both = covers.T @ covers.multiply(self.people[:, None])
        return np.asarray(both.todense(), dtype=np.float64)

    @property
    def covers(self) -> "sp.csr_array":
        """Return units x requests, 1 where gained."""
        import scipy.sparse as sp

        shape = (self.people.size, len(self.names))
        return sp.csr_array((np.ones(self.unit.size), (self.unit, self.request)), shape=shape)

    @property
    def masks(self) -> Ints:
        """Return of each unit the requests that gain it, the n-th request as bit n."""
        if not self.people.size:
            return np.zeros(0, dtype=np.int64)
        starts = np.flatnonzero(np.diff(self.unit, prepend=-1))
        bits = np.left_shift(1, self.request)
        return np.asarray(np.bitwise_or.reduceat(bits, starts), dtype=np.int64)

    @property
    def _shares(self) -> Ints:
        """Return how many requests gain each unit."""
        return np.bincount(self.unit, minlength=self.people.size).astype(np.int64)

    def added(self, people: Floats) -> Floats:
        """
        Return what each request gains of some people.

        Parameters
        ----------
        people
            Of each unit, >= 0.

        Returns
        -------
        added
            Sum over the units of each request.
        """
        summed = np.bincount(self.request, people[self.unit], minlength=len(self.names))
        return summed.astype(np.float64)

    def order(self, refused: Flags, relieved: Floats) -> tuple[Ints, Floats]:
        """
        Return the requests by what each adds to those before.

        Parameters
        ----------
        refused
            Requests that come after all others.
        relieved
            People whom each relieves, decides among equals; then the place in the batch does.

        Returns
        -------
        order
            Indices.
        adds
            People whom each of them adds to those before it.
        """
        left = self.people.copy()
        waiting = np.ones(len(self.names), dtype=np.bool_)
        order, adds = np.zeros(waiting.size, np.int64), np.zeros(waiting.size)
        for place in range(waiting.size):
            more = self.added(left)
            ranked = np.lexsort((-relieved, -more, refused, ~waiting))
            order[place], adds[place] = ranked[0], more[ranked[0]]
            waiting[ranked[0]] = False
            left[self.unit[self.request == ranked[0]]] = 0.0
        return order, adds


def batch_gains(requests: Sequence[Request]) -> BatchGains:
    """
    Return what the requests of a batch gain, unit by unit.

    Parameters
    ----------
    requests
        Requests with the gains of the headline.

    Returns
    -------
    gains
        Cells are told apart by technology; a request without a gain has no unit.
    """
    numbers = {name: n for n, name in enumerate(sorted({r.technology for r in requests}))}
    gained = [(n, r) for n, r in enumerate(requests) if r.gain is not None and r.gain.cells.size]
    keys = [numbers[r.technology] * KEY + r.gain.cells for _, r in gained if r.gain]
    key = np.concatenate([np.zeros(0, np.int64), *keys])
    people = np.concatenate([np.zeros(0), *(r.gain.cell_people for _, r in gained if r.gain)])
    request = np.repeat([n for n, _ in gained], [part.size for part in keys]).astype(np.int64)
    sort = np.argsort(key, kind="stable")
    is_new = np.diff(key[sort], prepend=-1) != 0
    return BatchGains(
        names=tuple(r.request_id for r in requests),
        request=request[sort],
        unit=np.cumsum(is_new, dtype=np.int64) - 1,
        people=np.round(people[sort][is_new] / STEP) * STEP,
        is_known=np.array(
            [r.gain is not None and bool(np.isfinite(r.gain.people)) for r in requests], np.bool_
        ),
    )


def subset_people(gains: BatchGains) -> Floats:
    """
    Return the people whom every subset of a batch gains together.

    Parameters
    ----------
    gains
        Of at most 20 requests or so: memory is 8 bytes times 2^n.

    Returns
    -------
    people
        Of the subset whose bits make up the index, exact.
    """
    count = len(gains.names)
    inside = np.bincount(gains.masks, gains.people, minlength=1 << count)
    for bit in range(count):  # inside[m] becomes the people gained by members of m alone
        pairs = inside.reshape(-1, 2, 1 << bit)
        pairs[:, 1] += pairs[:, 0]
    # those whom a subset gains are all but those gained only by requests outside of it
    return np.asarray(inside[-1] - inside[::-1], dtype=np.float64)


def best_subsets(gains: BatchGains, refused: Flags) -> list[tuple[Ints, float, float]]:
    """
    Return the best so many requests of a batch, for every number.

    Parameters
    ----------
    gains
        What they gain.
    refused
        Requests that are taken only where all others are.

    Returns
    -------
    best
        Indices, people and a bound on the people that any such choice gains. Up to 20 requests both
        are equal; among equal subsets that of the earlier requests is taken.
    """
    if len(gains.names) <= EXACT_REQUESTS:
        return _best_of_all(gains, refused)
    return _best_proven(gains, refused)


def _best_of_all(gains: BatchGains, refused: Flags) -> list[tuple[Ints, float, float]]:
    """Return the best subset of every size among all of them."""
    people = subset_people(gains)
    count = refused.size
    masks = np.arange(people.size)
    kept = int(np.left_shift(1, np.flatnonzero(~refused)).sum())
    others = people.size - 1 - kept
    possible = ((masks & others) == 0) | ((masks & kept) == kept)
    sizes = np.where(possible, np.bitwise_count(masks), 0)
    best = []
    for size in range(1, count + 1):
        at = np.flatnonzero(sizes == size)
        mask = int(at[np.argmax(people[at])])
        gained = float(people[mask])
        best.append((np.flatnonzero(mask >> np.arange(count) & 1), gained, gained))
    return best


def _best_proven(gains: BatchGains, refused: Flags) -> list[tuple[Ints, float, float]]:
    """Return good choices of every size with a proven bound, for batches of many requests."""
    merged = _merged(gains)
    covers, allowed = merged.covers, np.flatnonzero(~refused)
    order, _ = merged.order(refused, np.zeros(refused.size))
    best: list[tuple[Ints, float, float]] = []
    for size in range(1, refused.size + 1):
        all_allowed = size >= allowed.size
        columns = np.arange(refused.size) if all_allowed else allowed
        found = max_coverage(
            covers[:, columns],
            merged.people,
            count=size,
            fixed=allowed.tolist() if all_allowed else (),
        )
        chosen = columns[found.chosen]
        spare = order[~np.isin(order, chosen)][: size - chosen.size]  # who add nobody
        chosen = np.sort(np.concatenate([chosen, spare]))
        best.append((chosen, found.covered, max(found.bound, found.covered)))
    return best


def _merged(gains: BatchGains) -> BatchGains:
    """Return the same gains with the units that the same requests gain as one unit."""
    count = len(gains.names)
    tokens = np.random.default_rng(0).integers(0, 1 << 63, count, dtype=np.uint64)
    starts = np.flatnonzero(np.diff(gains.unit, prepend=-1))
    sums = np.add.reduceat(tokens[gains.request], starts) if starts.size else np.zeros(0)
    _, first, group = np.unique(sums, return_index=True, return_inverse=True)
    kept = np.isin(gains.unit, first)
    return replace(
        gains,
        request=gains.request[kept],
        unit=group[gains.unit[kept]],
        people=np.bincount(group, gains.people, minlength=first.size).astype(np.float64),
    )


def _gained(gains: BatchGains, requests: Sequence[int] | Ints) -> float:
    """Return the people whom some requests gain together."""
    units = np.unique(gains.unit[np.isin(gains.request, np.asarray(requests))])
    return float(gains.people[units].sum())


def batch_tables(
    requests: Sequence[Request],
    proposals: Mapping[str, str],
    around: Surroundings,
    rules: Mapping[str, Rule],
    radio: Scene,
    *,
    gains: BatchGains | None = None,
    eligible: Positions | None = None,
) -> dict[str, Any]:
    """
    Return what an appraisal tells of its batch as a whole.

    Parameters
    ----------
    requests
        Requests with their gains, in the order of their ids.
    proposals
        Proposal of each.
    around
        What lies around.
    rules
        Rules in force.
    radio
        Grid, technology and operator of the headline.
    gains
        As of `batch_gains`; computed where None.
    eligible
        What could be built instead, for the headline; None leaves `against` and `swaps` empty.

    Returns
    -------
    tables
        `overlaps`, `frontier`, `swaps` as in `infraplan.sites.study`, and `against`.

    Raises
    ------
    GridMismatchError
        If the positions were computed on another grid.
    """
    gains = gains or batch_gains(requests)
    refused = np.array([proposals[name] == "reject" for name in gains.names], np.bool_)
    tables: dict[str, Any] = {
        "overlaps": _overlaps(requests, gains, around, rules),
        "frontier": _frontier(gains, refused),
        "swaps": empty_table("swaps"),
        "against": {},
    }
    if eligible is not None and len(eligible.positions):
        tables["against"], tables["swaps"] = _against(requests, refused, gains, radio, eligible)
    return tables


def _frontier(gains: BatchGains, refused: Flags) -> pd.DataFrame:
    """Return the best so many requests as a table."""
    if not gains.names:
        return empty_table("frontier")
    best = best_subsets(gains, refused)
    return pd.DataFrame(
        {
            "people": [people for _, people, _ in best],
            "bound": [bound for _, _, bound in best],
            "request_ids": [";".join(gains.names[n] for n in chosen) for chosen, _, _ in best],
            "is_proven": [bool(bound - people < STEP) for _, people, bound in best],
        },
        index=pd.RangeIndex(1, len(best) + 1, name="sites"),
    )


def _overlaps(
    requests: Sequence[Request],
    gains: BatchGains,
    around: Surroundings,
    rules: Mapping[str, Rule],
) -> pd.DataFrame:
    """Return the pairs of requests that gain the same people or stand in each other's way."""
    both = gains.together
    x_m = np.array([np.nan if r.point is None else r.point.x for r in requests])
    y_m = np.array([np.nan if r.point is None else r.point.y for r in requests])
    distance_m = np.hypot(x_m[:, None] - x_m, y_m[:, None] - y_m)
    conflicts = _conflicts(requests, distance_m, around, rules)
    pairs = {(int(i), int(j)) for i, j in zip(*np.nonzero(np.triu(both, 1)), strict=True)}
    keys = sorted(pairs | set(conflicts))
    if not keys:
        return empty_table("overlaps")
    return pd.DataFrame(
        {
            "people": [float(both[key]) for key in keys],
            "distance_m": [float(distance_m[key]) for key in keys],
            "conflict": pd.Series([conflicts.get(key) for key in keys], dtype="str").to_numpy(),
        },
        index=pd.MultiIndex.from_tuples(
            [(gains.names[i], gains.names[j]) for i, j in keys], names=["request_id", "other_id"]
        ),
    )


def _conflicts(
    requests: Sequence[Request],
    distance_m: Floats,
    around: Surroundings,
    rules: Mapping[str, Rule],
) -> dict[tuple[int, int], str]:
    """Return the rules that keep two requests of a batch from being built both, joined by `;`."""
    asked = {name: rule for name, rule in rules.items() if _is_of_pairs(name)}
    reach_m = max(
        (v for rule in asked.values() for k, v in rule.thresholds.items() if k.endswith("_m")),
        default=-1.0,
    )
    near = np.argwhere(np.triu(distance_m <= reach_m, 1))
    placed = [r for r in requests if r.point is not None]
    stations = stations_of(
        [(r.request_id, r, r.point, r.height_m) for r in placed], around.layers.crs
    )
    found = {}
    for i, j in near.tolist():
        one, two = requests[i], requests[j]
        later = max(one, two, key=lambda request: request.request_id)  # it is the one asked
        told = check_batch(later, [one, two], asked)
        names = [r.rule.id for r in told if r.outcome in ("fail", "condition")]
        if "spacing" in asked and not names:  # who is to share or to withdraw keeps no distance
            spacing = {"spacing": asked["spacing"]}
            for here, there in ((one, two), (two, one)):
                only = _only(around, stations.loc[[there.request_id]])
                told = check_request(here, only, spacing)
                names += [r.rule.id for r in told if r.margin is not None and r.margin < 0]
        if names:
            found[i, j] = ";".join(dict.fromkeys(names))
    return found


def _is_of_pairs(name: str) -> bool:
    """Return whether a rule compares two requests of a batch."""
    return name == "spacing" or name.startswith("batch_")


def _only(around: Surroundings, station: "gpd.GeoDataFrame") -> Surroundings:
    """Return the surroundings as if one station stood there and no other."""
    layers = replace(around.layers, tables={**around.layers.tables, "sites": station})
    x_m, y_m = station.geometry.x.to_numpy(), station.geometry.y.to_numpy()
    return replace(around, layers=layers, stations=station, x_m=x_m, y_m=y_m)


def _against(
    requests: Sequence[Request],
    refused: Flags,
    gains: BatchGains,
    radio: Scene,
    eligible: Positions,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return what as many sites could gain, and the exchanges that recover most of it."""
    demand, shape = eligible.demand, radio.ground.people.shape
    if demand.block.shape != shape:
        msg = f"the eligible positions lie on a grid of {demand.block.shape}, the batch on {shape}"
        raise GridMismatchError(msg)
    same = np.array([r.technology == radio.technology for r in requests], np.bool_)
    counted = np.flatnonzero(gains.is_known & ~refused & same).tolist()
    if not counted:
        return {}, empty_table("swaps")
    import scipy.sparse as sp

    own = _on_blocks([requests[n] for n in counted], demand)
    kept = _one_of_each_group(eligible)
    other = sp.csr_array(eligible.covers)[:, kept]
    people = float(demand.weight[np.unique(own.nonzero()[0])].sum())
    both = sp.csr_array(sp.hstack([other, own], format="csr"))
    best = max_coverage(both, demand.weight, count=len(counted))
    chosen = [n for n in _adding(best.chosen, both, demand.weight) if n < kept.size]
    covered = max(best.covered, people)
    against = {
        "sites": len(counted),
        "people": people,
        "people_on_cells": _gained(gains, counted),
        "best_people": covered,
        "bound": max(best.bound, covered),
        "share": people / covered if covered > 0 else float("nan"),
        "positions": len(kept),
        "candidate_ids": [str(eligible.positions.index[kept[n]]) for n in chosen],
        "technology": radio.technology,
        "operator": radio.operator,
    }
    table = eligible.positions.iloc[kept]
    return against, _swaps([gains.names[n] for n in counted], own, table, other, demand.weight)


def _adding(chosen: Ints, covers: "sp.csr_array", weight: Floats) -> list[int]:
    """Return the chosen candidates that add somebody to those before."""
    by_column, left, found = covers.tocsc(), weight.copy(), []
    for number in chosen.tolist():
        rows = _column(by_column, number)
        if left[rows].sum() >= NEXT_TO_NOBODY:
            found.append(number)
        left[rows] = 0.0
    return found


def _on_blocks(requests: Sequence[Request], demand: Demand) -> "sp.csr_array":
    """Return blocks x requests, 1 where a request reaches at least half of a block's people."""
    import scipy.sparse as sp

    rows, columns = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    block = demand.block.ravel()
    for place, request in enumerate(requests):
        assert request.gain is not None  # noqa: S101 - asked for by the caller
        at = block[request.gain.cells]
        people = np.bincount(
            at[at >= 0], request.gain.cell_people[at >= 0], minlength=demand.weight.size
        )
        reached = np.flatnonzero((people >= ENOUGH * demand.weight) & (people > 0))
        rows.append(reached)
        columns.append(np.full(reached.size, place, dtype=np.int64))
    row, column = np.concatenate(rows), np.concatenate(columns)
    shape = (demand.weight.size, len(requests))
    return sp.csr_array((np.ones(row.size), (row, column)), shape=shape)


def _one_of_each_group(eligible: Positions) -> Ints:
    """Return the positions to compare with: of those that exclude each other the farthest ones."""
    reach = np.asarray(eligible.covers.T @ eligible.demand.weight, dtype=np.float64).ravel()
    group = np.asarray(eligible.group, dtype=np.int64)
    order = np.lexsort((np.arange(reach.size), -reach))
    alone = group[order] < 0
    first = np.zeros(reach.size, dtype=np.bool_)
    first[np.unique(group[order], return_index=True)[1]] = True
    return np.sort(order[alone | first])


def _swaps(
    names: Sequence[str],
    own: "sp.csr_array",
    positions: "gpd.GeoDataFrame",
    other: "sp.csr_array",
    weight: Floats,
) -> pd.DataFrame:
    """Return exchanges of a request for a position, at each turn the one that recovers most."""
    by_request, by_position = own.tocsc(), other.tocsc()
    shares = np.bincount(by_request.indices, minlength=weight.size)
    waiting, free = np.ones(len(names), np.bool_), np.ones(other.shape[1], np.bool_)
    people = float(weight[shares > 0].sum())
    rows: list[dict[str, Any]] = []
    while len(rows) < SWAPS and waiting.any() and free.any():
        alone = np.where(shares == 1, weight, 0.0)
        lost = own.T @ alone
        # what a position gains with all requests in place, and more where one alone was there
        gained = other.T @ np.where(shares == 0, weight, 0.0)
        again = (own.multiply(alone[:, None]).T @ other).toarray()
        change = gained[None, :] + again - lost[:, None]
        change[~waiting] = -np.inf
        change[:, ~free] = -np.inf
        out, place = divmod(int(np.argmax(change)), change.shape[1])
        if change[out, place] < NEXT_TO_NOBODY:
            break
        shares[_column(by_request, out)] -= 1
        shares[_column(by_position, place)] += 1
        waiting[out] = free[place] = False
        before, people = people, float(weight[shares > 0].sum())
        point = positions.geometry.iloc[place]
        rows.append(
            {
                "request_id": names[out],
                "candidate_id": str(positions.index[place]),
                "kind": str(positions["kind"].iloc[place]),
                "x_m": float(point.x),
                "y_m": float(point.y),
                "people_before": before,
                "people_after": people,
            }
        )
    if not rows:
        return empty_table("swaps")
    return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="order"))


def _column(matrix: "sp.csc_array", number: int) -> Ints:
    """Return the rows of a column."""
    return np.asarray(matrix.indices[matrix.indptr[number] : matrix.indptr[number + 1]], np.int64)
