"""
Compiled loops of maximal covering.

One problem throughout: candidates by column (`starts`, `rows`: the rows that each touches,
compressed), a cost a candidate, a budget that the costs of the chosen may not exceed; a limit on
the number of sites is the case of unit costs. The first `demand` rows are demand: `weight` counts
when a row is covered, `second` (at most the weight) once more when it is covered twice. The rows
after them are conflicts, of which at most one candidate may be chosen: in every sum of priced gains
they are rows of weight 0 whose multiplier is at most 0.
"""

# ruff: noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - compiled loops over bare arrays

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
    second: Floats,
    demand: int,
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
    times = np.zeros(weight.size, dtype=np.int64)
    blocked = chosen.copy()
    spent, total = 0.0, 0.0
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
                if blocked[candidate] or spent + cost[candidate] > budget:
                    continue
                ratio = gain[candidate] / cost[candidate]
                if ratio > best_ratio:
                    best, best_ratio = candidate, ratio
        if best < 0:
            break
        chosen[best], blocked[best] = True, True
        spent += cost[best]
        for k in range(starts[best], starts[best + 1]):
            row = rows[k]
            times[row] += 1
            if row >= demand:
                for other in range(row_starts[row], row_starts[row + 1]):
                    blocked[row_candidates[other]] = True
                continue
            now, then = 0.0, 0.0
            if times[row] == 1:
                now, then = weight[row], second[row]
            elif times[row] == 2:
                now = second[row]
            total += now
            if now != then:
                for other in range(row_starts[row], row_starts[row + 1]):
                    gain[row_candidates[other]] -= now - then
    return float(total)


@njit
def best_swap(
    starts: Ints,
    rows: Ints,
    weight: Floats,
    second: Floats,
    demand: int,
    cost: Floats,
    budget: float,
    chosen: Flags,
) -> tuple[float, int, int]:
    """
    Return the gain, the candidate to drop and the one to take of the best affordable exchange.

    A swap gains what the new one adds to the choice as it is and loses what the old one alone adds;
    on rows that both cover nothing changes, so what was counted on both sides is given back
    (`kept`). A candidate in conflict with one chosen may only take the place of that one.
    """
    count = starts.size - 1
    times = np.zeros(weight.size, dtype=np.int64)
    one, two = np.full(weight.size, -1), np.full(weight.size, -1)
    spent = 0.0
    for candidate in range(count):
        if chosen[candidate]:
            spent += cost[candidate]
            for k in range(starts[candidate], starts[candidate + 1]):
                times[rows[k]] += 1
                two[rows[k]] = one[rows[k]]
                one[rows[k]] = candidate
    inside = np.flatnonzero(chosen)
    loss = np.zeros(count)
    for row in range(demand):
        if times[row] == 1:
            loss[one[row]] += weight[row]
        elif times[row] == 2:
            loss[one[row]] += second[row]
            loss[two[row]] += second[row]
    kept = np.zeros(count)
    best_gain, best_out, best_in = 0.0, -1, -1
    for candidate in range(count):
        if chosen[candidate]:
            continue
        gain = 0.0
        only, barred = -1, False
        for k in range(starts[candidate], starts[candidate + 1]):
            row = rows[k]
            if row >= demand:
                if times[row] == 1 and only != one[row]:
                    barred = barred or only >= 0
                    only = one[row]
            elif times[row] == 0:
                gain += weight[row]
            elif times[row] == 1:
                gain += second[row]
        if barred or gain <= best_gain:
            continue
        for k in range(starts[candidate], starts[candidate + 1]):
            row = rows[k]
            if row >= demand:
                continue
            if times[row] == 1:
                kept[one[row]] += weight[row] - second[row]
            elif times[row] == 2 and second[row] > 0.0:
                kept[one[row]] += second[row]
                kept[two[row]] += second[row]
        for out in inside:
            change = gain + kept[out] - loss[out]
            kept[out] = 0.0
            if only >= 0 and out != only:
                continue
            if change > best_gain and spent - cost[out] + cost[candidate] <= budget:
                best_gain, best_out, best_in = change, int(out), candidate
    return best_gain, best_out, best_in


@njit
def relaxed(
    starts: Ints,
    rows: Ints,
    weight: Floats,
    second: Floats,
    demand: int,
    cost: Floats,
    budget: float,
    multiplier: Floats,
    gain: Floats,
    share: Floats,
) -> float:
    """
    Return the bound of some multipliers; fill each candidate's priced gain and share taken.

    What the rows keep + the best fractional choice of candidates by priced gain.
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
    for row in range(demand):
        value += weight[row] - multiplier[row] + max(0.0, second[row] - multiplier[row])
    for row in range(demand, weight.size):
        value -= multiplier[row]
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
    second: Floats,
    demand: int,
    cost: Floats,
    budget: float,
    target: float,
    best: Floats,
    trial: Floats,
    mean_share: Floats,
    mean_excess: Floats,
    state: Floats,
    rounds: int,
) -> bool:
    """
    Lower the Lagrangian bound by the volume algorithm (Barahona and Anbil 2000), in place.

    `best` holds the multipliers of the lowest bound, `mean_share` a running mean of the relaxed
    choices, which tends to the solution of the linear relaxation, `mean_excess` that of how much
    oftener than paid for a row is covered. `state`: bound, step, weight of the newest choice in
    the mean, rounds without success, rounds done. Returns True when no step is left that could
    lower the bound.
    """
    count, size = starts.size - 1, weight.size
    gain, share = np.empty(count), np.empty(count)
    excess = np.empty(size)
    for _ in range(rounds):
        value = relaxed(starts, rows, weight, second, demand, cost, budget, trial, gain, share)
        for row in range(demand):
            excess[row] = -2.0 if trial[row] < second[row] else -1.0
        for row in range(demand, size):
            excess[row] = -1.0
        for candidate in range(count):
            if share[candidate] > 0.0:
                for k in range(starts[candidate], starts[candidate + 1]):
                    excess[rows[k]] += share[candidate]
        newest = 1.0 if state[4] == 0 else state[2]
        for candidate in range(count):
            mean_share[candidate] += newest * (share[candidate] - mean_share[candidate])
        for row in range(size):
            mean_excess[row] += newest * (excess[row] - mean_excess[row])
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
        for row in range(size):
            slope = mean_excess[row]
            low = 0.0 if row < demand else -np.inf
            if (slope < 0 and best[row] >= weight[row]) or (slope > 0 and best[row] <= low):
                continue
            square += slope * slope
        if square < 1e-12 or state[1] < 1e-4 or state[0] <= target:
            return True
        step = state[1] * (state[0] - target) / square
        for row in range(size):
            low = 0.0 if row < demand else -np.inf
            trial[row] = min(max(best[row] - step * mean_excess[row], low), weight[row])
    return False


@njit
def contracted(
    starts: Ints,
    rows: Ints,
    weight: Floats,
    second: Floats,
    demand: int,
    cost: Floats,
    budget: float,
    side: Ints,
) -> tuple[float, float, Ints, Ints, Ints, Ints, Floats, Floats, int]:
    """
    Return what decisions leave open; `side` says 0 open, 1 chosen, 2 not, a candidate.

    Those in conflict with a chosen one and those that what is left does not pay for become 2.
    Returns weight covered by the chosen, budget left, open candidates, rows left (old numbers),
    their columns compressed (starts, rows), weight, second weight and number of demand rows.
    """
    count, size = starts.size - 1, weight.size
    times = np.zeros(size, dtype=np.int64)
    left = budget
    for candidate in range(count):
        if side[candidate] == 1:
            left -= cost[candidate]
            for k in range(starts[candidate], starts[candidate + 1]):
                times[rows[k]] += 1
    touched = np.zeros(size, dtype=np.int64)
    for candidate in range(count):
        if side[candidate] != 0:
            continue
        if cost[candidate] > left:
            side[candidate] = 2
            continue
        for k in range(starts[candidate], starts[candidate + 1]):
            if rows[k] >= demand and times[rows[k]] > 0:
                side[candidate] = 2
                break
    for candidate in range(count):
        if side[candidate] == 0:
            for k in range(starts[candidate], starts[candidate + 1]):
                touched[rows[k]] += 1
    covered, demand_left = 0.0, 0
    place = np.full(size, -1)
    kept = np.empty(size, dtype=np.int64)
    new_weight, new_second = np.empty(size), np.empty(size)
    length = 0
    for row in range(size):
        now, then = weight[row], second[row]
        if row < demand:
            if times[row] >= 1:
                covered += now
                now, then = then, 0.0
            if times[row] >= 2:
                covered += now
                now = 0.0
            if now <= 0.0 or touched[row] == 0:
                continue
            demand_left += 1
        elif times[row] > 0 or touched[row] < 2:
            continue
        place[row] = length
        kept[length] = row
        new_weight[length], new_second[length] = now, then
        length += 1
    columns = np.flatnonzero(side == 0)
    new_starts = np.zeros(columns.size + 1, dtype=np.int64)
    new_rows = np.empty(rows.size, dtype=np.int64)
    pairs = 0
    for index in range(columns.size):
        for k in range(starts[columns[index]], starts[columns[index] + 1]):
            if place[rows[k]] >= 0:
                new_rows[pairs] = place[rows[k]]
                pairs += 1
        new_starts[index + 1] = pairs
    return (
        covered,
        left,
        columns,
        kept[:length].copy(),
        new_starts,
        new_rows[:pairs].copy(),
        new_weight[:length].copy(),
        new_second[:length].copy(),
        demand_left,
    )


@njit
def take_in_order(
    starts: Ints,
    rows: Ints,
    demand: int,
    size: int,
    cost: Floats,
    budget: float,
    order: Ints,
    chosen: Flags,
) -> None:
    """Choose candidates in order, leaving out what the budget or a conflict does not allow."""
    taken = np.zeros(size, dtype=np.bool_)
    spent = 0.0
    for candidate in order:
        free = spent + cost[candidate] <= budget
        for k in range(starts[candidate], starts[candidate + 1]):
            if rows[k] >= demand and taken[rows[k]]:
                free = False
        if free:
            chosen[candidate] = True
            spent += cost[candidate]
            for k in range(starts[candidate], starts[candidate + 1]):
                taken[rows[k]] = True


@njit
def excess_of(
    starts: Ints,
    rows: Ints,
    second: Floats,
    demand: int,
    multiplier: Floats,
    share: Floats,
) -> Floats:
    """Return how much oftener than the multipliers pay for each row is covered by some shares."""
    excess = np.full(second.size, -1.0)
    for row in range(demand):
        if multiplier[row] < second[row]:
            excess[row] = -2.0
    for candidate in range(starts.size - 1):
        if share[candidate] > 0.0:
            for k in range(starts[candidate], starts[candidate + 1]):
                excess[rows[k]] += share[candidate]
    return excess


@njit
def priced(
    starts: Ints,
    rows: Ints,
    weight: Floats,
    second: Floats,
    demand: int,
    multiplier: Floats,
) -> tuple[Floats, float]:
    """Return what multipliers pay each candidate, and what the rows keep."""
    gain = np.zeros(starts.size - 1)
    for candidate in range(gain.size):
        for k in range(starts[candidate], starts[candidate + 1]):
            gain[candidate] += multiplier[rows[k]]
    kept = 0.0
    for row in range(demand):
        kept += weight[row] - multiplier[row] + max(0.0, second[row] - multiplier[row])
    for row in range(demand, weight.size):
        kept -= multiplier[row]
    return gain, kept


@njit
def _worth(weight: Floats, second: Floats, row: int, times: int) -> float:
    """Return what one more cover of a row is worth that is covered so many times."""
    if times == 0:
        return float(weight[row])
    return float(second[row]) if times == 1 else 0.0


@njit
def _put(
    starts: Ints,
    rows: Ints,
    row_starts: Ints,
    row_candidates: Ints,
    weight: Floats,
    second: Floats,
    demand: int,
    candidate: int,
    step: int,
    chosen: Flags,
    times: Ints,
    owners: Ints,
    score: Floats,
    barred: Ints,
    dirty: Flags,
) -> float:
    """
    Take a candidate into a choice (step 1) or out of it (-1), and return what that changes.

    `score` holds what a chosen candidate alone adds and what any other would add; `owners` the sum
    of the chosen candidates of a row, which names it where it is one; `barred` counts conflicts
    with chosen ones; `dirty` marks whose exchanges are worth another look.
    """
    change = score[candidate] * step
    chosen[candidate] = step > 0
    for k in range(starts[candidate], starts[candidate + 1]):
        row = rows[k]
        old = times[row]
        new = old + step
        times[row] = new
        owners[row] += step * candidate
        if row >= demand:
            for other in range(row_starts[row], row_starts[row + 1]):
                if row_candidates[other] != candidate:
                    barred[row_candidates[other]] += step
                    dirty[row_candidates[other]] = True
            continue
        outside = _worth(weight, second, row, new) - _worth(weight, second, row, old)
        inside = 0.0
        if old > 0 and new > 0:
            inside = _worth(weight, second, row, new - 1) - _worth(weight, second, row, old - 1)
        if outside == 0.0 and inside == 0.0:
            continue
        for k2 in range(row_starts[row], row_starts[row + 1]):
            other = row_candidates[k2]
            dirty[other] = True
            if other != candidate:
                score[other] += inside if chosen[other] else outside
    return float(change)


@njit
def wander(
    starts: Ints,
    rows: Ints,
    row_starts: Ints,
    row_candidates: Ints,
    weight: Floats,
    second: Floats,
    demand: int,
    cost: Floats,
    budget: float,
    chosen: Flags,
    best: Flags,
    draws: Floats,
    heat: float,
    cooled: float,
) -> float:
    """
    Drop a few near sites, complete and exchange, over and over; `chosen` walks on.

    One turn for each row of `draws` (uniform numbers, 16 a turn). A turn that covers less is taken
    back, unless it covers only little less by the measure of `heat`, which falls to `cooled`.
    `best` becomes the best choice passed. Returns the weight that it covers.
    """
    count, size = starts.size - 1, weight.size
    times, owners = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    score = np.zeros(count)
    barred = np.zeros(count, dtype=np.int64)
    dirty = np.ones(count, dtype=np.bool_)
    kept = np.zeros(count)
    current = np.zeros(count, dtype=np.bool_)
    tabu = np.zeros(count, dtype=np.bool_)
    for candidate in range(count):
        for k in range(starts[candidate], starts[candidate + 1]):
            score[candidate] += weight[rows[k]]
    value, spent = 0.0, 0.0
    for first in np.flatnonzero(chosen):
        candidate = int(first)
        value += _put(
            starts, rows, row_starts, row_candidates, weight, second, demand,
            candidate, 1, current, times, owners, score, barred, dirty,
        )  # fmt: skip
        spent += cost[candidate]
    best_value = -1.0
    safe, safe_value = current.copy(), value
    for turn in range(draws.shape[0] + 1):
        dropped = 0
        gone = np.empty(4, dtype=np.int64)
        inside = np.flatnonzero(current)
        if turn > 0 and inside.size:
            draw = draws[turn - 1]
            gone[0] = inside[int(draw[0] * inside.size)]
            dropped = 1
            wanted = 1 + int(draw[1] * 4)
            for attempt in range(wanted - 1):
                from_site = gone[0]
                if starts[from_site + 1] == starts[from_site]:
                    break
                for hop in range(2):
                    span = starts[from_site + 1] - starts[from_site]
                    row = rows[starts[from_site] + int(draw[2 + 4 * attempt + 2 * hop] * span)]
                    span = row_starts[row + 1] - row_starts[row]
                    place = int(draw[3 + 4 * attempt + 2 * hop] * span)
                    from_site = row_candidates[row_starts[row] + place]
                for k in range(starts[from_site], starts[from_site + 1]):
                    found = -1
                    row = rows[k]
                    for k2 in range(row_starts[row], row_starts[row + 1]):
                        if current[row_candidates[k2]]:
                            found = row_candidates[k2]
                            for before in gone[:dropped]:
                                if before == found:
                                    found = -1
                            if found >= 0:
                                break
                    if found >= 0:
                        gone[dropped] = found
                        dropped += 1
                        break
            for site in gone[:dropped]:
                value += _put(
                    starts, rows, row_starts, row_candidates, weight, second, demand,
                    site, -1, current, times, owners, score, barred, dirty,
                )  # fmt: skip
                spent -= cost[site]
                tabu[site] = draw[14] < 0.7
        settled = False
        while not settled:
            while True:  # complete by what gains most for its cost
                into, ratio = -1, 0.0
                for candidate in range(count):
                    if current[candidate] or barred[candidate] > 0 or tabu[candidate]:
                        continue
                    if spent + cost[candidate] > budget:
                        continue
                    if score[candidate] > ratio * cost[candidate]:
                        into, ratio = candidate, score[candidate] / cost[candidate]
                if into < 0:
                    break
                value += _put(
                    starts, rows, row_starts, row_candidates, weight, second, demand,
                    into, 1, current, times, owners, score, barred, dirty,
                )  # fmt: skip
                spent += cost[into]
            for site in gone[:dropped]:
                tabu[site] = False
            settled = True
            inside = np.flatnonzero(current)
            least = 1e-9 * value
            for candidate in range(count):
                if not dirty[candidate] or current[candidate]:
                    continue
                dirty[candidate] = False
                if score[candidate] <= least:
                    continue
                only, hits = -1, 0
                for k in range(starts[candidate], starts[candidate + 1]):
                    row = rows[k]
                    if row >= demand:
                        if times[row] > 0:
                            only = owners[row]
                    elif times[row] == 1:
                        kept[owners[row]] += weight[row] - second[row]
                    elif times[row] == 2 and second[row] > 0.0:
                        for k2 in range(row_starts[row], row_starts[row + 1]):
                            if current[row_candidates[k2]]:
                                kept[row_candidates[k2]] += second[row]
                if only >= 0:
                    for k in range(starts[candidate], starts[candidate + 1]):
                        if rows[k] >= demand and times[rows[k]] > 0 and owners[rows[k]] == only:
                            hits += 1
                gain, out = least, -1
                for site in inside:
                    change = score[candidate] + kept[site] - score[site]
                    kept[site] = 0.0
                    if barred[candidate] > 0 and (site != only or hits < barred[candidate]):
                        continue
                    if change > gain and spent - cost[site] + cost[candidate] <= budget:
                        gain, out = change, int(site)
                if out >= 0:
                    value += _put(
                        starts, rows, row_starts, row_candidates, weight, second, demand,
                        out, -1, current, times, owners, score, barred, dirty,
                    )  # fmt: skip
                    value += _put(
                        starts, rows, row_starts, row_candidates, weight, second, demand,
                        candidate, 1, current, times, owners, score, barred, dirty,
                    )  # fmt: skip
                    spent += cost[candidate] - cost[out]
                    inside = np.flatnonzero(current)
                    settled = False
        if value > best_value * (1 + 1e-12):
            best_value = value
            best[:] = current
        patience = 0.0
        if turn > 0:
            part = turn / draws.shape[0]
            patience = -np.log(max(draws[turn - 1, 15], 1e-12))
            patience *= heat + part * (cooled - heat)
        if turn == 0 or value >= safe_value - patience:
            safe[:] = current
            safe_value = value
            continue
        for step in (-1, 1):
            for candidate in range(count):
                if current[candidate] != safe[candidate] and current[candidate] == (step < 0):
                    value += _put(
                        starts, rows, row_starts, row_candidates, weight, second, demand,
                        candidate, step, current, times, owners, score, barred, dirty,
                    )  # fmt: skip
                    spent += step * cost[candidate]
        dirty[:] = False
    chosen[:] = safe
    return float(best_value)
