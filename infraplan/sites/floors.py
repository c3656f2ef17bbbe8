"""Who is left out by a choice, and what it would cost in people to leave nobody out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd
    import scipy.sparse as sp

    from infraplan.sites.demand import Demand
    from infraplan.sites.gain import Ground

__all__ = [
    "Choice",
    "Places",
    "cheaper_at_no_loss",
    "floor_set",
    "floors_of",
    "left_out",
    "places_of",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LEFT_OUT_PEOPLE = 1.0  # who get service, below which a place counts as left out
LITTLE = 1e-9
ROUNDS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """
    Actions, what they reach and cost, and how much of them may be chosen.

    `spend` is what each uses up of `limit`: 1 of a number of actions, or VND of a budget.
    """

    covers: "sp.csr_array"
    weight: Floats
    cost_vnd: Floats
    spend: Floats
    limit: float
    group: Ints

    def fits(self, out: Ints, into: Ints) -> Flags:
        """Return for each pair whether an action may come into a choice for one that goes."""
        spent = self.spend[out].sum()
        return np.asarray(
            spent - self.spend[out][None, :] + self.spend[into][:, None] <= self.limit + LITTLE
        )


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Hamlets or communes: `table` by id, `people` (place x demand block) without service."""

    table: pd.DataFrame
    people: "sp.csr_array"


def places_of(areas: "gpd.GeoDataFrame", ground: "Ground", demand: "Demand") -> Places:
    """
    Return how many people without service of each block live in each area.

    Parameters
    ----------
    areas
        Polygons by id, in the CRS of the grid.
    ground
        People on the grid.
    demand
        Blocks of people without service.

    Returns
    -------
    places
        The areas and their people in each block.
    """
    import scipy.sparse as sp

    from infraplan.coverage.zonal import zones_over

    fractions = zones_over(areas, ground.geobox).fractions.tocoo()
    row, cell = fractions.coords
    block = demand.block.ravel()[cell]
    lacks = block >= 0
    people = fractions.data[lacks] * ground.people.ravel()[cell[lacks]]
    shape = (len(areas), demand.weight.size)
    entries = (people, (row[lacks], block[lacks]))
    return Places(
        pd.DataFrame(areas.drop(columns="geometry")), sp.csr_array(sp.coo_array(entries, shape))
    )


def left_out(places: Places, covers: "sp.csr_array", chosen: Ints) -> pd.DataFrame:
    """
    Return the places to which no chosen action brings service.

    Parameters
    ----------
    places
        Hamlets.
    covers
        Demand blocks x actions.
    chosen
        Actions chosen.

    Returns
    -------
    left_out
        By id, those with most people first: the columns of the places, `people_without` service
        now, and `best_action` (column number of the action that reaches most of them, -1 where
        none reaches anybody) with `best_people`.
    """
    without = np.asarray(places.people.sum(axis=1)).ravel()
    reached = places.people @ _is_covered(covers, chosen).astype(np.float64)
    lacks = np.flatnonzero((without >= LEFT_OUT_PEOPLE) & (reached < LEFT_OUT_PEOPLE))
    reach = (places.people[lacks] @ covers).tocsr()
    best, most = np.full(lacks.size, -1, dtype=np.int64), np.zeros(lacks.size)
    for n in range(lacks.size):
        part = slice(reach.indptr[n], reach.indptr[n + 1])
        if reach.data[part].size:
            at = int(np.argmax(np.round(reach.data[part], 6)))
            best[n], most[n] = reach.indices[part][at], reach.data[part][at]
    best[most < LEFT_OUT_PEOPLE] = -1
    table = places.table.iloc[lacks].assign(
        people_without=without[lacks],
        best_action=best,
        best_people=np.where(best < 0, 0.0, most),
    )
    return table.sort_values("people_without", ascending=False, kind="stable")


def cheaper_at_no_loss(choice: Choice, chosen: Ints) -> Ints:
    """
    Return a choice that reaches as many people for less money, by exchanges of one action.

    Parameters
    ----------
    choice
        What is chosen from.
    chosen
        Actions chosen.

    Returns
    -------
    chosen
        As many actions, in the same order.
    """
    chosen = chosen.copy()
    for _ in range(ROUNDS):
        if not chosen.size:
            return chosen
        change = _exchange(choice, chosen)
        saved = choice.cost_vnd[chosen][None, :] - choice.cost_vnd[:, None]
        saved[change < -LITTLE * max(choice.weight.sum(), 1.0)] = 0.0
        saved[chosen] = 0.0
        j, i = np.unravel_index(int(np.argmax(saved)), saved.shape)
        if saved[j, i] <= 0.5:
            return chosen
        chosen[i] = j
    return chosen


def floors_of(
    communes: Places, choice: Choice, chosen: Ints, *, share: float = 0.0
) -> pd.DataFrame:
    """
    Return what a floor for each commune alone would cost in people.

    Parameters
    ----------
    communes
        Communes and their people without service.
    choice
        What is chosen from.
    chosen
        Actions chosen.
    share
        Share of a commune's people without service that must get it, [0, 1]; 0: one action that
        reaches somebody there.

    Returns
    -------
    floors
        By commune that has such people: its columns, `people_without`, `people_gained` by the
        choice, `has_floor`, and where not: `floor_action` (column number, -1 where none alone is
        enough or affordable), which takes the place of `replaced_action` (-1: there is room), and
        `price_people`, how many people fewer get service in all then. It is the least over all
        exchanges of one action, so the true price is not higher.
    """
    import scipy.sparse as sp

    without = np.asarray(communes.people.sum(axis=1)).ravel()
    covered = _is_covered(choice.covers, chosen)
    gained = communes.people @ covered.astype(np.float64)
    needed = np.maximum(share * without, LEFT_OUT_PEOPLE)
    asked = np.flatnonzero(without >= LEFT_OUT_PEOPLE)
    reach = sp.csr_array(communes.people[asked] @ choice.covers)
    change = _exchange(choice, chosen) if chosen.size else np.zeros((choice.cost_vnd.size, 0))
    if chosen.size:
        everything = np.arange(choice.cost_vnd.size)
        change = np.where(choice.fits(chosen, everything), change, -np.inf)
    room = choice.limit - choice.spend[chosen].sum()
    added = choice.covers.T @ np.where(covered, 0.0, choice.weight)
    taken = np.isin(choice.group, choice.group[chosen]) & (choice.group >= 0)
    added = np.where((choice.spend <= room + LITTLE) & ~taken, added, -np.inf)
    rows = []
    for n, at in enumerate(asked):
        has = bool(gained[at] >= needed[at] - LITTLE)
        action, replaced, price = -1, -1, 0.0 if has else np.nan
        part = slice(reach.indptr[n], reach.indptr[n + 1])
        enough = np.sort(reach.indices[part][reach.data[part] >= needed[at] - LITTLE])
        if not has and enough.size:
            action, replaced, price = _cheapest_floor(enough, added, change, chosen)
        rows.append((without[at], gained[at], has, action, replaced, price))
    names = ("people_without", "people_gained", "has_floor", "floor_action", "replaced_action",
             "price_people")  # fmt: skip
    told = pd.DataFrame(rows, columns=list(names), index=communes.table.index[asked])
    return communes.table.iloc[asked].join(told.astype({"has_floor": bool}))


def _cheapest_floor(
    enough: Ints, added: Floats, change: Floats, chosen: Ints
) -> tuple[int, int, float]:
    """Return the action that costs fewest people, what it replaces, and how many."""
    if np.isfinite(added[enough]).any():
        return int(enough[np.argmax(added[enough])]), -1, 0.0
    if not chosen.size or not np.isfinite(change[enough]).any():
        return -1, -1, float("nan")
    j, i = np.unravel_index(int(np.argmax(change[enough])), change[enough].shape)
    return int(enough[j]), int(chosen[i]), max(0.0, float(-change[enough[j], i]))


def floor_set(
    communes: Places, choice: Choice, *, share: float = 0.0
) -> tuple[Ints, Mapping[str, int]]:
    """
    Return few actions that give every commune its floor, as far as any do.

    Parameters
    ----------
    communes
        Communes and their people without service.
    choice
        What is chosen from; its limit does not bind here.
    share
        Share of a commune's people without service that must get it, [0, 1]; 0: somebody.

    Returns
    -------
    actions
        Column numbers.
    counts
        `communes` that have people without service, and `out_of_reach` of these, to whom all
        actions together do not give the floor.
    """
    without = np.asarray(communes.people.sum(axis=1)).ravel()
    asked = np.flatnonzero(without >= LEFT_OUT_PEOPLE)
    people = communes.people[asked].copy()
    possible = people @ _is_covered(choice.covers, np.arange(choice.cost_vnd.size)).astype(float)
    needed = np.maximum(share * without[asked], LEFT_OUT_PEOPLE)
    can = possible >= needed - LITTLE
    left = np.where(can, needed, 0.0)
    open_blocks = np.ones(choice.weight.size)
    usable = np.ones(choice.cost_vnd.size, dtype=bool)
    chosen: list[int] = []
    while (left > LITTLE).any() and usable.any():
        due = np.flatnonzero(left > LITTLE)
        reach = ((people[due] * open_blocks[None, :]) @ choice.covers).tocoo()
        useful = np.minimum(reach.data, left[due][reach.coords[0]])
        # full floors first, then people in all as far as they decide between equals
        value = np.bincount(
            reach.coords[1], useful / left[due][reach.coords[0]], minlength=usable.size
        )
        gain = choice.covers.T @ (choice.weight * open_blocks)
        value = np.where(usable & (value > 0), value / choice.spend + LITTLE * gain, 0.0)
        best = int(np.argmax(value))
        if value[best] <= 0:
            break
        chosen.append(best)
        usable[best] = False
        if choice.group[best] >= 0:
            usable &= choice.group != choice.group[best]
        blocks = _blocks(choice.covers, best)
        left -= people @ _flags(blocks, open_blocks)
        open_blocks[blocks] = 0.0
    counts = {"communes": int(asked.size), "out_of_reach": int((~can).sum())}
    return np.asarray(chosen, dtype=np.int64), counts


def _flags(blocks: Ints, open_blocks: Floats) -> Floats:
    """Return 1 for the blocks that are still open among some."""
    marked = np.zeros_like(open_blocks)
    marked[blocks] = open_blocks[blocks]
    return marked


def _blocks(covers: "sp.csr_array", action: int) -> Ints:
    """Return the blocks that one action covers."""
    return np.asarray(covers[:, [action]].tocoo().coords[0], dtype=np.int64)


def _is_covered(covers: "sp.csr_array", chosen: Ints) -> Flags:
    """Return the blocks that a choice covers."""
    picked = np.zeros(covers.shape[1])
    picked[chosen] = 1.0
    return np.asarray(covers @ picked > 0.5)


def _exchange(choice: Choice, chosen: Ints) -> Floats:
    """Return what each action (rows) changes when it takes the place of a chosen one (columns)."""
    picked = np.zeros(choice.covers.shape[1])
    picked[chosen] = 1.0
    times = choice.covers @ picked
    by_choice = choice.covers[:, chosen]
    unique = np.where(np.abs(times - 1.0) < 0.5, choice.weight, 0.0)
    added = choice.covers.T @ np.where(times < 0.5, choice.weight, 0.0)
    lost = by_choice.T @ unique
    both = (choice.covers.multiply(unique[:, None]).T @ by_choice).toarray()
    change = added[:, None] - lost[None, :] + both
    # at most one of a group: an action whose group stays chosen cannot come in
    group = choice.group
    for i, action in enumerate(chosen):
        staying = np.setdiff1d(group[np.delete(chosen, i)], [-1])
        change[np.isin(group, staying), i] = -np.inf
        change[action, i] = 0.0
    return np.asarray(change, dtype=np.float64)
