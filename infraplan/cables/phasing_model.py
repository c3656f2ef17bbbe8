"""
Streets by year as a whole-number programme, solved by HiGHS with cuts, with a bound of our own.

`z[s, t]` tells whether street s is built by year t. What may be spent is a knapsack on these for
each purse and year; that every built street leads back to a root is a set of cuts, each saying that
a street needs one of the streets that part it from all roots. Cuts are found by maximum flow on the
linear relaxation, then on whole-number answers until one is connected; all hold for every wish, so
that one pool serves all solutions of a problem. Whole dong and whole worth are checked apart from
the solver, and its bound is never taken below what its numbers bear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field

import numpy as np
import numpy.typing as npt

from infraplan.cables.joined import joined_parts

__all__ = [
    "MILLION",
    "NEVER",
    "Frame",
    "Model",
    "beside_of",
    "exact_bound",
    "faults_of",
    "frame_of",
    "grown",
    "parts_of",
    "separated",
    "shifted",
    "worth_of",
    "years_of",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Row = tuple[tuple[int, ...], tuple[int, ...], int]  # columns, coefficients, at most

MILLION = 1_000_000  # rows of money are handed to the solver in million dong
VIOLATED = 1e-4  # by which a cut must be violated in the relaxation
ROUNDS = 60  # of cuts on the relaxation
REPEATS = 200  # of whole-number solutions that turn out not to be connected
CAPACITY = 1_000_000  # of an arc that carries 1, in the whole numbers of the flow
DUAL_SCALE = 1 << 40  # multipliers become whole numbers over this
NEVER = -1


@dataclass(slots=True, eq=False)
class Model:
    """
    Streets, years, what they cost and are worth, and the cuts found so far.

    `cost` [purse, street, year] and `budget` [purse, year] in whole dong, the latter summed up to
    the year where money carries over; `worth` [street, year] in whole points; `allowed` says in
    which years a street may be built; `rooted` which streets begin at a root. In a part without any
    the program chooses one.
    """

    cost: Ints
    budget: Ints
    worth: Ints
    allowed: Flags
    joins: Ints
    rooted: Flags
    carry_over: bool
    pool: dict[Row, None] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Return the number of streets and of years."""
        return self.worth.shape[0], self.worth.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Columns and fixed rows of the programme: z by street and year, then roots to be chosen."""

    count: int
    gain: Ints
    rows: tuple[Row, ...]
    chooser: dict[int, int]


def faults_of(model: Model, years: Ints) -> list[str]:
    """
    Return what is wrong with a programme, by rules written apart from those of the solver.

    Parameters
    ----------
    model
        Streets, years, money and joins.
    years
        Year of each street as an index, -1 for never, shape (streets,).

    Returns
    -------
    faults
        `barred`, `money` or `adrift`, each with the street or year; empty where all holds.
    """
    count, last = model.shape
    faults = [
        f"barred {s}" for s in range(count) if years[s] != NEVER and not model.allowed[s, years[s]]
    ]
    for purse in range(len(model.cost)):
        spent = [
            sum(int(model.cost[purse, s, t]) for s in range(count) if years[s] == t)
            for t in range(last)
        ]
        for t in range(last):
            used = sum(spent[: t + 1]) if model.carry_over else spent[t]
            if used > int(model.budget[purse, t]):
                faults.append(f"money {purse} {t}")
    faults += [f"adrift {s}" for t in range(last) for s in _adrift(model, years, t)]
    return faults


def _adrift(model: Model, years: Ints, year: int) -> list[int]:
    """Return the streets built by a year that do not lead back to a root."""
    built = {int(s) for s in np.flatnonzero((years != NEVER) & (years <= year))}
    beside = beside_of(model)
    seen: set[int] = set()
    for part in parts_of(model):
        mine = built & set(part)
        roots = [s for s in mine if model.rooted[s]]
        if not any(model.rooted[s] for s in part):
            # the root is chosen once and for all: it is the same in every year
            first = [s for s in mine if years[s] == min(int(years[k]) for k in mine)]
            roots = first[:1]
        front = list(roots)
        seen.update(front)
        while front:
            for near in beside[front.pop()]:
                if near in mine and near not in seen:
                    seen.add(near)
                    front.append(near)
    return sorted(built - seen)


def beside_of(model: Model) -> list[list[int]]:
    """
    Return the streets that touch each street.

    Parameters
    ----------
    model
        Streets and joins.

    Returns
    -------
    beside
        Numbers of the streets that touch it, by street.
    """
    beside: list[list[int]] = [[] for _ in range(model.shape[0])]
    for one, other in model.joins.tolist():
        beside[one].append(other)
        beside[other].append(one)
    return beside


def parts_of(model: Model) -> list[list[int]]:
    """
    Return the parts of the street net that do not touch each other.

    Parameters
    ----------
    model
        Streets and joins.

    Returns
    -------
    parts
        Streets of each part, sorted.
    """
    label = joined_parts(model.joins, model.shape[0])
    return [np.flatnonzero(label == one).tolist() for one in np.unique(label)]


def frame_of(model: Model) -> Frame:
    """
    Return columns and rows that do not depend on wishes.

    Parameters
    ----------
    model
        Streets, years, money and joins.

    Returns
    -------
    frame
        Columns by street and year, then the roots to be chosen; rows of order, years and money.
    """
    count, last = model.shape
    roots: dict[int, int] = {}
    rows: list[Row] = []
    for part in parts_of(model):
        if any(model.rooted[s] for s in part):
            continue
        if len(part) > 1:
            first = count * last + len(roots)
            roots.update({s: first + k for k, s in enumerate(part)})
            rows.append((tuple(roots[s] for s in part), (1,) * len(part), 1))
    gain = np.zeros(count * last + len(roots), dtype=np.int64)
    for s in range(count):
        for t in range(last):
            later = int(model.worth[s, t + 1]) if t + 1 < last else 0
            gain[s * last + t] = int(model.worth[s, t]) - later
            if t:
                rows.append(((s * last + t - 1, s * last + t), (1, -1), 0))
            if not model.allowed[s, t]:
                before = ((s * last + t - 1,), (-1,)) if t else ((), ())
                rows.append(((s * last + t, *before[0]), (1, *before[1]), 0))
    for purse in range(len(model.cost)):
        rows += [_money(model, purse, t) for t in range(last)]
    return Frame(len(gain), gain, tuple(rows), roots)


def _money(model: Model, purse: int, year: int) -> Row:
    """Return the row that holds a purse to what it has by a year, or in it."""
    count, last = model.shape
    cost = model.cost[purse]
    weights: dict[int, int] = {}
    for s in range(count):
        for t in range(0 if model.carry_over else year, year + 1):
            weights[s * last + t] = weights.get(s * last + t, 0) + int(cost[s, t])
            if t:
                weights[s * last + t - 1] = weights.get(s * last + t - 1, 0) - int(cost[s, t])
    used = {column: weight for column, weight in weights.items() if weight}
    return tuple(used), tuple(used.values()), int(model.budget[purse, year])


def years_of(z: Floats) -> Ints:
    """
    Return the year in which each street is built.

    Parameters
    ----------
    z
        1 where a street is built by a year, shape (streets, years).

    Returns
    -------
    years
        Index of the year, -1 for never, shape (streets,).
    """
    built = z > 0.5
    return np.where(built.any(axis=1), built.argmax(axis=1), NEVER).astype(np.int64)


def worth_of(model: Model, years: Ints) -> int:
    """
    Return what a programme is worth, in whole points.

    Parameters
    ----------
    model
        Streets and their worth.
    years
        Year of each street as an index, -1 for never, shape (streets,).

    Returns
    -------
    worth
        Sum over the streets built.
    """
    return sum(int(model.worth[s, t]) for s, t in enumerate(years.tolist()) if t != NEVER)


def grown(model: Model, liking: Floats) -> Ints:
    """
    Return a programme grown from the roots, year by year, along what the relaxation likes.

    Parameters
    ----------
    model
        Streets, years, money and joins.
    liking
        How much each street should be built by each year, shape (streets, years).

    Returns
    -------
    years
        Year of each street as an index, -1 for never; it keeps to money and joins.
    """
    count, last = model.shape
    beside = beside_of(model)
    years = np.full(count, NEVER, dtype=np.int64)
    part_of = {s: k for k, part in enumerate(parts_of(model)) for s in part}
    named = {part_of[s] for s in range(count) if model.rooted[s]}
    begun: set[int] = set()
    spent = np.zeros(len(model.cost), dtype=np.int64)
    rate = model.worth / np.maximum(model.cost[0], 1)
    rate = rate / max(float(rate.max()), 1e-300)
    for t in range(last):
        if not model.carry_over:
            spent[:] = 0
        while True:
            open_ = [
                s for s in range(count)
                if years[s] == NEVER and model.allowed[s, t] and model.worth[s, t] >= 0
                and (spent + model.cost[:, s, t] <= model.budget[:, t]).all()
                and (
                    model.rooted[s]
                    or (part_of[s] not in named and part_of[s] not in begun)
                    or any(years[b] != NEVER for b in beside[s])
                )
            ]  # fmt: skip
            if not open_:
                break
            best = max(open_, key=lambda s: (round(float(liking[s, t]), 6), rate[s, t], -s))
            years[best] = t
            begun.add(part_of[best])
            spent += model.cost[:, best, t]
    return years


def exact_bound(rows: list[Row], gain: Ints, low: Ints, high: Ints, duals: Sequence[float]) -> int:
    """
    Return what no programme can be worth more than, by multipliers on the rows, in whole numbers.

    Parameters
    ----------
    rows
        Rows of the programme, each at most its right side.
    gain
        What a column is worth, shape (columns,).
    low
        Least value of each column.
    high
        Greatest value of each column.
    duals
        Multipliers of the solver; any numbers give a bound, negative ones count as none.

    Returns
    -------
    bound
        Whole points; every programme between `low` and `high` that keeps the rows is worth no more.
    """
    rest = [int(g) * DUAL_SCALE for g in gain]
    total = 0
    for (columns, weights, most), dual in zip(rows, duals, strict=True):
        unit = MILLION if max(map(abs, weights), default=1) > MILLION else 1
        multiplier = round(max(dual, 0.0) * DUAL_SCALE / unit)
        if multiplier:
            total += multiplier * most
            for column, weight in zip(columns, weights, strict=True):
                rest[column] -= multiplier * weight
    for value, least, greatest in zip(rest, low.tolist(), high.tolist(), strict=True):
        total += value * (greatest if value > 0 else least)
    return total // DUAL_SCALE


def separated(model: Model, chooser: dict[int, int], value: Floats) -> list[Row]:
    """
    Return cuts that an answer violates: streets built without a way back to a root.

    Parameters
    ----------
    model
        Streets and joins.
    chooser
        Columns that choose the root of a part, by street.
    value
        Values of the columns, shape (columns,).

    Returns
    -------
    cuts
        Rows, each at most 0; empty where every street leads back to a root.
    """
    count, last = model.shape
    z = value[: count * last].reshape(count, last)
    alone = {part[0] for part in parts_of(model) if len(part) == 1}
    cuts: dict[Row, None] = {}
    for t in range(last):
        for s in np.flatnonzero(z[:, t] > VIOLATED).tolist():
            if not model.rooted[s] and s not in alone:
                for cut in _cuts_for(model, chooser, value, z[:, t], (s, t)):
                    cuts[cut] = None
    return list(cuts)


def _cuts_for(
    model: Model, chooser: dict[int, int], value: Floats, z: Floats, target: tuple[int, int]
) -> list[Row]:
    """Return the cut nearest the roots and that nearest a street, where it violates them."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order
    from scipy.sparse.csgraph import maximum_flow

    count, last = model.shape
    s, t = target
    one, other = model.joins[:, 0], model.joins[:, 1]
    street = np.arange(count)
    chosen = np.asarray(sorted(chooser), dtype=np.int64)
    gate = np.asarray([value[chooser[k]] for k in chosen.tolist()])
    roots = np.flatnonzero(model.rooted)
    tail = np.concatenate([0 * roots, 0 * chosen, 1 + 2 * street, 2 + 2 * one, 2 + 2 * other])
    head = np.concatenate(
        [1 + 2 * roots, 1 + 2 * chosen, 2 + 2 * street, 1 + 2 * other, 1 + 2 * one]
    )
    wide = np.full(len(one) * 2, count * CAPACITY)
    room = np.concatenate(
        [
            np.full(len(roots), count * CAPACITY),
            np.round(np.clip(gate, 0, 1) * CAPACITY) + 1,
            np.round(np.clip(z, 0, 1) * CAPACITY) + 1,
            wide,
        ]
    ).astype(np.int32)
    size = 1 + 2 * count
    net = csr_array((room, (tail, head)), shape=(size, size))
    flow = maximum_flow(net, 0, 1 + 2 * s)
    if flow.flow_value >= (z[s] - VIOLATED) * CAPACITY:
        return []
    left = (net - flow.flow).tocsr()
    left.eliminate_zeros()
    near = np.zeros(size, dtype=bool)
    near[breadth_first_order(left, 0, return_predecessors=False)] = True
    far = np.ones(size, dtype=bool)
    far[breadth_first_order(left.T.tocsr(), 1 + 2 * s, return_predecessors=False)] = False
    cuts = []
    for inside in (near, far):
        gates = [chooser[k] for k in chosen.tolist() if not inside[1 + 2 * k]]
        walls = [k for k in range(count) if inside[1 + 2 * k] and not inside[2 + 2 * k]]
        over = z[s] - z[walls].sum() - value[gates].sum()
        if over > VIOLATED:
            columns = (s * last + t, *(k * last + t for k in walls), *gates)
            cuts.append((columns, (1, *([-1] * (len(columns) - 1))), 0))
    return cuts


def shifted(cut: Row, year: int, shape: tuple[int, int]) -> Row:
    """
    Return a cut for another year: one that holds in a year holds in all.

    Parameters
    ----------
    cut
        Row of `separated`.
    year
        Index of the year.
    shape
        Number of streets and of years.

    Returns
    -------
    cut
        The same streets in that year.
    """
    count, last = shape
    columns = tuple(c if c >= count * last else c // last * last + year for c in cut[0])
    return columns, cut[1], cut[2]
