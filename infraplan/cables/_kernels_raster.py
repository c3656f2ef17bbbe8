"""
Compiled loops of cheapest paths over a raster.

A raster is flat and has a border of barred cells all round, so that no move leaves it; the cost of
a barred cell is infinite. A label is the cost of the best way known to a cell; the label of a
settled cell is final and carries a minus sign. Moves are numbered: 0 to 3 straight, 4 to 7
diagonal, 8 to 15 a knight's; `moves[m]` holds how far a move leads, and the two cells beside it.
"""

# ruff: noqa: C901, FBT001, PLR0912, PLR0913, PLR0915, PLR0917, SIM102 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.jit import njit

Floats = npt.NDArray[np.float64]
Reals = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

CHUNK = 64  # cells in a piece of a bucket
SPARE = 16  # chunks that a cell's moves may open at most


@njit
def _put(
    pool: Shorts, following: Shorts, head: Shorts, fill: Ints, spare: Ints, bucket: int, cell: int
) -> None:
    """Put a cell into a bucket; `spare` holds the first free chunk and how many there are."""
    n = fill[bucket]
    if n == CHUNK:
        chunk = spare[0]
        spare[0] = following[chunk]
        spare[1] -= 1
        following[chunk] = head[bucket]
        head[bucket] = chunk
        n = 0
    pool[head[bucket] * CHUNK + n] = cell
    fill[bucket] = n + 1


@njit
def _grown(pool: Shorts, following: Shorts, spare: Ints) -> tuple[Shorts, Shorts]:
    """Return the chunks and the links between them, twice as many."""
    count = following.size
    more = np.empty(2 * pool.size, dtype=np.int32)
    more[: pool.size] = pool
    links = np.empty(2 * count, dtype=np.int32)
    links[:count] = following
    for c in range(count, 2 * count):
        links[c] = c + 1
    links[2 * count - 1] = spare[0]
    spare[0] = count
    spare[1] += count
    return more, links


@njit
def factor_at(slope: float, knots: Floats, factors: Floats, bins: Ints) -> float:
    """Return the factor of a slope, linear between knots, that of the last knot beyond them."""
    last = knots.size - 1
    if np.isnan(slope):
        return np.inf
    if slope >= knots[last]:
        return factors[last]
    if slope < knots[0]:
        return factors[0]
    at = bins[int((slope - knots[0]) / (knots[last] - knots[0]) * (bins.size - 1))]
    while knots[at] > slope:
        at -= 1
    while knots[at + 1] <= slope:
        at += 1
    share = (slope - knots[at]) / (knots[at + 1] - knots[at])
    if share == 0.0:
        return factors[at]
    return factors[at] + share * (factors[at + 1] - factors[at])


@njit
def _flat(cost: Reals, moves: Ints, scale: Floats, tight: bool, cell: int, m: int) -> float:
    """Return what a move costs on level ground, infinite where it is barred."""
    to = cell + moves[m, 0]
    total = np.float64(cost[cell]) + np.float64(cost[to])
    if m >= 8:
        total += np.float64(cost[cell + moves[m, 1]]) + np.float64(cost[cell + moves[m, 2]])
    elif tight and m >= 4:
        if np.isinf(cost[cell + moves[m, 1]]) and np.isinf(cost[cell + moves[m, 2]]):
            return np.inf
    return total * scale[m]


@njit
def _factor(
    ground: Floats,
    table: tuple[Floats, Floats, Ints],
    moves: Ints,
    scale: Floats,
    cell: int,
    m: int,
) -> float:
    """Return the factor of a move by its slope, 1 where `ground` is empty."""
    if ground.size == 0:
        return 1.0
    run = scale[m] * (4.0 if m >= 8 else 2.0)
    rise = ground[cell + moves[m, 0]] - ground[cell]
    return factor_at(rise / run, table[0], table[1], table[2])


@njit
def spread(
    cost: Reals,
    label: Floats,
    moves: Ints,
    scale: Floats,
    tight: bool,
    start: int,
    goals: Bytes,
    wanted: int,
    width: float,
    buckets: int,
) -> int:
    """
    Label cells by their cost from the start, bucket after bucket, until goals are settled.

    No move costs less than `width`, so all in the lowest bucket is final (Dial, 1969). Moves are
    8 or, if so many are given, 16. Returned is how many goals were settled.
    """
    count = 4096
    pool = np.empty(count * CHUNK, dtype=np.int32)
    following = np.arange(1, count + 1).astype(np.int32)
    head = np.full(buckets, -1, dtype=np.int32)
    fill = np.full(buckets, CHUNK, dtype=np.int64)
    spare = np.array([0, count])
    label[start] = 0.0
    _put(pool, following, head, fill, spare, 0, start)
    first = slot = empty = found = 0
    each = 1.0 / width
    knights = moves.shape[0] == 16
    straight, diagonal = scale[0], scale[4]
    leap = scale[8] if knights else 0.0
    near = np.empty(8)
    while empty <= buckets:
        if head[slot] < 0:
            empty += 1
        else:
            empty = 0
        while head[slot] >= 0:
            chunk = head[slot]
            n = fill[slot]
            head[slot] = following[chunk]
            fill[slot] = CHUNK
            for i in range(n):
                if spare[1] < SPARE:
                    pool, following = _grown(pool, following, spare)
                cell = np.int64(pool[chunk * CHUNK + i])
                here = label[cell]
                if np.signbit(here):
                    continue
                label[cell] = -here
                if (goals[cell >> 3] >> (cell & 7)) & 1:
                    found += 1
                own = np.float64(cost[cell])
                if knights or tight:
                    for m in range(8):
                        near[m] = np.float64(cost[cell + moves[m, 0]])
                for m in range(8):
                    to = cell + moves[m, 0]
                    known = label[to]
                    if known > here:
                        reached = here + (own + np.float64(cost[to])) * (
                            straight if m < 4 else diagonal
                        )
                        if reached < known:
                            if tight and m >= 4:
                                one = cost[cell + moves[m, 1]]
                                other = cost[cell + moves[m, 2]]
                                if np.isinf(one) and np.isinf(other):
                                    continue
                            label[to] = reached
                            bucket = max(int(reached * each) - first, 0) + slot
                            if bucket >= buckets:
                                bucket -= buckets
                            _put(pool, following, head, fill, spare, bucket, to)
                if knights:
                    for m in range(8, 16):
                        to = cell + moves[m, 0]
                        known = label[to]
                        if known > here:
                            reached = here + leap * (
                                (own + np.float64(cost[to]))
                                + (near[moves[m, 3]] + near[moves[m, 4]])
                            )
                            if reached < known:
                                label[to] = reached
                                bucket = max(int(reached * each) - first, 0) + slot
                                if bucket >= buckets:
                                    bucket -= buckets
                                _put(pool, following, head, fill, spare, bucket, to)
            following[chunk] = spare[0]
            spare[0] = chunk
            spare[1] += 1
        if found >= wanted:
            break
        first += 1
        slot += 1
        if slot == buckets:
            slot = 0
    return found


@njit
def spread_sloped(
    cost: Reals,
    ground: Floats,
    table: tuple[Floats, Floats, Ints],
    label: Floats,
    moves: Ints,
    scale: Floats,
    tight: bool,
    start: int,
    goals: Bytes,
    wanted: int,
    width: float,
    buckets: int,
    lowest: float,
) -> int:
    """Label cells as `spread` does, by slope as well; no factor is below `lowest`."""
    count = 4096
    pool = np.empty(count * CHUNK, dtype=np.int32)
    following = np.arange(1, count + 1).astype(np.int32)
    head = np.full(buckets, -1, dtype=np.int32)
    fill = np.full(buckets, CHUNK, dtype=np.int64)
    spare = np.array([0, count])
    label[start] = 0.0
    _put(pool, following, head, fill, spare, 0, start)
    first = slot = empty = found = 0
    each = 1.0 / width
    while empty <= buckets:
        if head[slot] < 0:
            empty += 1
        else:
            empty = 0
        while head[slot] >= 0:
            chunk = head[slot]
            n = fill[slot]
            head[slot] = following[chunk]
            fill[slot] = CHUNK
            for i in range(n):
                if spare[1] < SPARE:
                    pool, following = _grown(pool, following, spare)
                cell = np.int64(pool[chunk * CHUNK + i])
                here = label[cell]
                if np.signbit(here):
                    continue
                label[cell] = -here
                if (goals[cell >> 3] >> (cell & 7)) & 1:
                    found += 1
                for m in range(moves.shape[0]):
                    to = cell + moves[m, 0]
                    known = label[to]
                    if known <= here:
                        continue
                    level = _flat(cost, moves, scale, tight, cell, m)
                    if here + level * lowest >= known or np.isinf(level):
                        continue
                    reached = here + level * _factor(ground, table, moves, scale, cell, m)
                    if reached < known:
                        label[to] = reached
                        bucket = max(int(reached * each) - first, 0) + slot
                        if bucket >= buckets:
                            bucket -= buckets
                        _put(pool, following, head, fill, spare, bucket, to)
            following[chunk] = spare[0]
            spare[0] = chunk
            spare[1] += 1
        if found >= wanted:
            break
        first += 1
        slot += 1
        if slot == buckets:
            slot = 0
    return found


@njit
def spread_by_heap(
    cost: Reals,
    ground: Floats,
    table: tuple[Floats, Floats, Ints],
    label: Floats,
    came: Bytes,
    moves: Ints,
    scale: Floats,
    tight: bool,
    start: int,
    goals: Bytes,
    wanted: int,
) -> int:
    """
    Label cells in the order of their cost, whatever moves cost; `came` gets the move into each.

    Equal labels leave the heap in the order of their cells.
    """
    key = np.empty(4096)
    cells = np.empty(4096, dtype=np.int64)
    label[start] = 0.0
    key[0], cells[0] = 0.0, start
    size, found = 1, 0
    while size > 0:
        cell, here = cells[0], key[0]
        size -= 1
        _sink(key, cells, size)
        if np.signbit(label[cell]) or here > label[cell]:
            continue
        label[cell] = -here
        if (goals[cell >> 3] >> (cell & 7)) & 1:
            found += 1
            if found >= wanted:
                break
        if size + 16 > key.size:
            wide = np.empty(2 * key.size)
            wide[:size] = key[:size]
            deep = np.empty(2 * key.size, dtype=np.int64)
            deep[:size] = cells[:size]
            key, cells = wide, deep
        for m in range(moves.shape[0]):
            to = cell + moves[m, 0]
            if label[to] <= here:
                continue
            level = _flat(cost, moves, scale, tight, cell, m)
            if np.isinf(level):
                continue
            reached = here + level * _factor(ground, table, moves, scale, cell, m)
            if reached < label[to]:
                label[to] = reached
                came[to] = m
                at = size
                size += 1
                while at > 0:
                    above = (at - 1) >> 1
                    if key[above] < reached or (key[above] == reached and cells[above] < to):
                        break
                    key[at], cells[at] = key[above], cells[above]
                    at = above
                key[at], cells[at] = reached, to
    return found


@njit
def _sink(key: Floats, cells: Ints, size: int) -> None:
    """Put the last of a heap of `size` + 1 into its first place and let it sink."""
    moved, cell = key[size], cells[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        right = below + 1
        if right < size and (
            key[right] < key[below] or (key[right] == key[below] and cells[right] < cells[below])
        ):
            below = right
        if moved < key[below] or (moved == key[below] and cell < cells[below]):
            break
        key[at], cells[at] = key[below], cells[below]
        at = below
    key[at], cells[at] = moved, cell


@njit
def trace(
    cost: Reals,
    ground: Floats,
    table: tuple[Floats, Floats, Ints],
    label: Floats,
    came: Bytes,
    moves: Ints,
    scale: Floats,
    tight: bool,
    start: int,
    goal: int,
) -> Ints:
    """
    Return the cells of the cheapest path from the goal back to the start.

    Where `came` is empty, the cell before is one whose label and move give this label to the last
    bit: the lowest move that does.
    """
    path = np.empty(1024, dtype=np.int64)
    path[0] = goal
    n = 1
    cell = goal
    while cell != start:
        before = -1
        if came.size > 0:
            before = cell - moves[came[cell], 0]
        else:
            for m in range(moves.shape[0]):
                other = cell - moves[m, 0]
                if not np.signbit(label[other]):
                    continue
                step = _flat(cost, moves, scale, tight, other, m)
                step *= _factor(ground, table, moves, scale, other, m)
                if -label[other] + step == -label[cell]:
                    before = other
                    break
        if before < 0:
            return path[:0]
        if n == path.size:
            longer = np.empty(2 * n, dtype=np.int64)
            longer[:n] = path
            path = longer
        path[n] = before
        n += 1
        cell = before
    return path[:n]


@njit
def bar(cost: Reals) -> tuple[float, float, int]:
    """
    Make what is not a number infinite.

    Returned are the least and greatest finite cost and how many cells cost less than nothing.
    """
    least, most, below = np.inf, -np.inf, 0
    for cell in range(cost.size):
        value = np.float64(cost[cell])
        if value < 0.0:
            below += 1
        if not np.isfinite(value):
            cost[cell] = np.inf
        else:
            least = min(least, value)
            most = max(most, value)
    return least, most, below
