"""
Compiled loops of maximal covering.

One problem throughout: candidates by column (`starts`, `rows`: the demand rows that each covers,
compressed), a weight a row, a cost a candidate, a budget that the costs of the chosen may not
exceed. A limit on the number of sites is the case of unit costs.
"""

# ruff: noqa: C901, PLR0912, PLR0913, PLR0917 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.jit import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@njit
def same_as_previous(
    starts: Ints,
    columns: Ints,
    order: Ints,
) -> Flags:
    """Tell for each row of a sorted order whether it has the same columns as the one before."""
    same = np.zeros(order.size, dtype=np.bool_)
    for place in range(1, order.size):
        one, two = order[place - 1], order[place]
        length = starts[one + 1] - starts[one]
        if length != starts[two + 1] - starts[two]:
            continue
        equal = True
        for step in range(length):
            if columns[starts[one] + step] != columns[starts[two] + step]:
                equal = False
                break
        same[place] = equal
    return same


@njit
def complete_greedily(
    starts: Ints,
    rows: Ints,
    row_starts: Ints,
    row_candidates: Ints,
    weight: Floats,
    cost: Floats,
    budget: float,
    chosen: Flags,
) -> float:
    """
    Add the candidate of the greatest gain for its cost until none fits or gains; `chosen` grows.

    Gains are kept by subtraction when a row becomes covered, so the whole run costs one pass over
    all pairs. Ties go to the lower index.
    """
    count = starts.size - 1
    gain = np.zeros(count)
    covered = np.zeros(weight.size, dtype=np.bool_)
    spent = 0.0
    for candidate in range(count):
        for k in range(starts[candidate], starts[candidate + 1]):
            gain[candidate] += weight[rows[k]]
    pending = np.flatnonzero(chosen)
    turn = 0
    while True:
        best = -1
        if turn < pending.size:
            best = pending[turn]
            turn += 1
        else:
            best_ratio = 0.0
            for candidate in range(count):
                if chosen[candidate] or spent + cost[candidate] > budget:
                    continue
                ratio = gain[candidate] / cost[candidate]
                if ratio > best_ratio:
                    best, best_ratio = candidate, ratio
        if best < 0:
            break
        chosen[best] = True
        spent += cost[best]
        for k in range(starts[best], starts[best + 1]):
            row = rows[k]
            if covered[row]:
                continue
            covered[row] = True
            for other in range(row_starts[row], row_starts[row + 1]):
                gain[row_candidates[other]] -= weight[row]
    total = 0.0
    for row in range(weight.size):
        if covered[row]:
            total += weight[row]
    return float(total)


@njit
def best_swap(
    starts: Ints,
    rows: Ints,
    weight: Floats,
    cost: Floats,
    budget: float,
    chosen: Flags,
) -> tuple[float, int, int]:
    """
    Return the gain, the candidate to drop and the one to take of the best affordable exchange.

    `times` counts how often a row is covered; `owner` names its only coverer. A swap gains what the
    new one covers of uncovered rows and of rows owned by the old, and loses what the old one owns.
    """
    count = starts.size - 1
    times = np.zeros(weight.size, dtype=np.int64)
    owner = np.full(weight.size, -1)
    spent = 0.0
    for candidate in range(count):
        if chosen[candidate]:
            spent += cost[candidate]
            for k in range(starts[candidate], starts[candidate + 1]):
                times[rows[k]] += 1
                owner[rows[k]] = candidate
    inside = np.flatnonzero(chosen)
    loss = np.zeros(count)
    for row in range(weight.size):
        if times[row] == 1:
            loss[owner[row]] += weight[row]
    kept = np.zeros(count)
    best_gain, best_out, best_in = 0.0, -1, -1
    for candidate in range(count):
        if chosen[candidate]:
            continue
        gain = 0.0
        for k in range(starts[candidate], starts[candidate + 1]):
            row = rows[k]
            if times[row] == 0:
                gain += weight[row]
            elif times[row] == 1:
                kept[owner[row]] += weight[row]
        for out in inside:
            change = gain + kept[out] - loss[out]
            if change > best_gain and spent - cost[out] + cost[candidate] <= budget:
                best_gain, best_out, best_in = change, int(out), candidate
            kept[out] = 0.0
    return best_gain, best_out, best_in


@njit
def relaxed(
    starts: Ints,
    rows: Ints,
    weight: Floats,
    cost: Floats,
    budget: float,
    multiplier: Floats,
    gain: Floats,
    share: Floats,
) -> float:
    """
    Return the bound of some multipliers; fill each candidate's priced gain and share taken.

    sum(weight - multiplier) + the best fractional choice of candidates by priced gain.
    """
    count = starts.size - 1
    ratio = np.empty(count)
    for candidate in range(count):
        total = 0.0
        for k in range(starts[candidate], starts[candidate + 1]):
            total += multiplier[rows[k]]
        gain[candidate] = total
        ratio[candidate] = -total / cost[candidate]
        share[candidate] = 0.0
    value = 0.0
    for row in range(weight.size):
        value += weight[row] - multiplier[row]
    left = budget
    for candidate in np.argsort(ratio, kind="mergesort"):
        if left <= 0.0 or gain[candidate] <= 0.0:
            break
        taken = min(1.0, left / cost[candidate])
        share[candidate] = taken
        value += taken * gain[candidate]
        left -= taken * cost[candidate]
    return float(value)


@njit
def lower_bound_by_volume(
    starts: Ints,
    rows: Ints,
    weight: Floats,
    cost: Floats,
    budget: float,
    target: float,
    best: Floats,
    trial: Floats,
    mean_share: Floats,
    mean_times: Floats,
    state: Floats,
    rounds: int,
) -> bool:
    """
    Lower the Lagrangian bound by the volume algorithm (Barahona and Anbil 2000), in place.

    `best` holds the multipliers of the lowest bound, `mean_share` a running mean of the relaxed
    choices, which tends to the solution of the linear relaxation. `state`: bound, step, weight of
    the newest choice in the mean, rounds without success, rounds done. Returns True when no step
    is left that could lower the bound.
    """
    count, demand = starts.size - 1, weight.size
    gain, share = np.empty(count), np.empty(count)
    times = np.empty(demand)
    for _ in range(rounds):
        value = relaxed(starts, rows, weight, cost, budget, trial, gain, share)
        times[:] = 0.0
        for candidate in range(count):
            if share[candidate] > 0.0:
                for k in range(starts[candidate], starts[candidate + 1]):
                    times[rows[k]] += share[candidate]
        newest = 1.0 if state[4] == 0 else state[2]
        for candidate in range(count):
            mean_share[candidate] += newest * (share[candidate] - mean_share[candidate])
        for row in range(demand):
            mean_times[row] += newest * (times[row] - mean_times[row])
        state[4] += 1
        if value < state[0]:
            if value < state[0] - 1e-6 * abs(state[0]):
                state[3] = 0
            state[0] = value
            best[:] = trial
            state[1] = min(state[1] * 1.05, 2.0)
        else:
            state[3] += 1
            if state[3] >= 15:
                state[1] *= 0.7
                state[2] = max(state[2] * 0.85, 0.01)
                state[3] = 0
        square = 0.0
        for row in range(demand):
            slope = mean_times[row] - 1.0
            if (slope < 0 and best[row] >= weight[row]) or (slope > 0 and best[row] <= 0):
                continue
            square += slope * slope
        if square < 1e-12 or state[1] < 1e-4 or state[0] <= target:
            return True
        step = state[1] * (state[0] - target) / square
        for row in range(demand):
            moved = best[row] - step * (mean_times[row] - 1.0)
            trial[row] = min(max(moved, 0.0), weight[row])
    return False
