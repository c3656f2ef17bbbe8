"""
Compiled loops of chambers: which place may follow which, and the cheapest chain of places.

Places lie along one stretch of trench, in the order of the stretch. What two chambers in a row may
have between them only shrinks as they move together, so the places that may come before a place are
a run of places next to it.
"""

# ruff: noqa: PLR0913, PLR0917 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.jit import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@njit
def pull_n(
    i: int,
    j: int,
    before: Floats,
    after: Floats,
    falling: Floats,
    rising: Floats,
    start_n: float,
    drag_n_per_m: float,
) -> float:
    """Return the tension of a pull between two places, in the better direction."""
    ahead = np.exp(before[j]) * (
        start_n * np.exp(-after[i]) + drag_n_per_m * (falling[j] - falling[i])
    )
    back = np.exp(-after[i]) * (
        start_n * np.exp(before[j]) + drag_n_per_m * (rising[j] - rising[i])
    )
    return float(min(ahead, back))


@njit
def first_before(
    at_m: Floats,
    bends: tuple[Floats, Floats, Floats, Floats],
    pull: tuple[float, float, float],
    drops_m: Floats,
    spacing_m: float,
    reach_m: float,
) -> Ints:
    """Return for each place the first one that may be the chamber before it, -1 where none may."""
    before, after, falling, rising = bends
    start_n, drag_n_per_m, most_n = pull
    count = len(at_m)
    first = np.full(count, -1, np.int64)
    low, drop = 0, 0
    for j in range(1, count):
        while drop < len(drops_m) and drops_m[drop] < at_m[j] - reach_m - 1e-6:
            drop += 1
        while low < j:
            fits = at_m[j] - at_m[low] <= spacing_m + 1e-6
            if fits and drop > 0:
                fits = drops_m[drop - 1] <= at_m[low] + reach_m + 1e-6
            if fits:
                tension = pull_n(low, j, before, after, falling, rising, start_n, drag_n_per_m)
                fits = tension <= most_n
            if fits:
                break
            low += 1
        if low < j:
            first[j] = low
    return first


@njit
def cheapest_chain(at_m: Floats, first: Ints, price_vnd: Ints, depth_mm: Ints) -> Ints:
    """Return for each place the place before it on the best chain from the first place."""
    count = len(at_m)
    previous = np.full(count, -1, np.int64)
    depth = np.zeros(count, np.int64)
    cost = np.zeros(count, np.int64)
    uneven = np.zeros(count)
    for j in range(1, count):
        low = first[j]
        if low < 0:  # not even the nearest place: the rule is broken here whatever is done
            low = j - 1
        best = -1
        for i in range(j - 1, low - 1, -1):
            rough = uneven[i] + (at_m[j] - at_m[i]) ** 2
            if best >= 0:
                if depth[i] > depth[best] or (depth[i] == depth[best] and cost[i] > cost[best]):
                    continue
                if depth[i] == depth[best] and cost[i] == cost[best] and rough >= uneven[j] - 1e-6:
                    continue
            best = i
            uneven[j] = rough
        previous[j] = best
        depth[j] = depth[best] + depth_mm[j]
        cost[j] = cost[best] + price_vnd[j]
    return previous
