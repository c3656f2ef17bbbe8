"""
Compiled loops that find which lines run in one trench.

Lines are given as places (`x`, `y`) one after another, at most some metres apart, `s` metres along
their line. Lines are cut into parts (`first[p]` to `last[p]`, both ends included) that do not
run beside themselves. A chain is a stretch of a part along which no earlier part runs: its places
are `begin[c]` to `end[c]`, and where along it something lies is told by the `s` of its own line.
"""

# ruff: noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.jit import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOST = 12  # chains that a place may lie beside
LEAST_COSINE = 0.64  # of the angle between lines side by side: 50 degrees
ANGLE = 2.0  # weight of the squared sine of that angle
SAME_M = 40.0  # along a chain: two finds nearer than that are one
SLACK_M = 8.0  # by which steps along two lines side by side may differ
BACK_M = 80.0  # along a line from where it may run beside itself
AHEAD_M = 25.0  # along which the direction of a line that leaves is taken
FAR_M = 45.0  # back from there to where it left


@njit
def _slot(column: int, row: int, mask: int) -> int:
    """Return where the pieces in a square of the plane are kept."""
    return ((column * 73856093) ^ (row * 19349663)) & mask


@njit
def place_lines(xy: Floats, starts: Ints, piece_m: float) -> tuple[Floats, Floats, Floats, Ints]:
    """Return places along lines, vertices among them, and where each line begins."""
    lines = starts.size - 1
    begins = np.zeros(lines + 1, dtype=np.int64)
    total = 0
    for k in range(lines):
        begins[k] = total
        total += 1
        for v in range(starts[k], starts[k + 1] - 1):
            length = np.hypot(xy[v + 1, 0] - xy[v, 0], xy[v + 1, 1] - xy[v, 1])
            total += max(int(np.ceil(length / piece_m)), 1)
    begins[lines] = total
    x, y, s = np.empty(total), np.empty(total), np.empty(total)
    at = 0
    for k in range(lines):
        along = 0.0
        x[at], y[at], s[at] = xy[starts[k], 0], xy[starts[k], 1], 0.0
        at += 1
        for v in range(starts[k], starts[k + 1] - 1):
            dx, dy = xy[v + 1, 0] - xy[v, 0], xy[v + 1, 1] - xy[v, 1]
            length = np.hypot(dx, dy)
            count = max(int(np.ceil(length / piece_m)), 1)
            for j in range(1, count + 1):
                share = j / count
                x[at] = xy[v, 0] + share * dx
                y[at] = xy[v, 1] + share * dy
                s[at] = along + share * length
                at += 1
            along += length
    return x, y, s, begins


@njit
def _across(
    x: Floats, y: Floats, g: int, px: float, py: float, dx: float, dy: float
) -> tuple[float, float, float]:
    """Return how far a point is from the piece after place g, the share along it, the cosine."""
    ax, ay = x[g + 1] - x[g], y[g + 1] - y[g]
    length = np.hypot(ax, ay)
    if length == 0.0:
        return np.hypot(px - x[g], py - y[g]), 0.0, 0.0
    share = ((px - x[g]) * ax + (py - y[g]) * ay) / (length * length)
    share = min(max(share, 0.0), 1.0)
    gap = np.hypot(px - x[g] - share * ax, py - y[g] - share * ay)
    return gap, share, abs(dx * ax + dy * ay) / length


@njit
def _direction(x: Floats, y: Floats, i: int, first: int, last: int) -> tuple[float, float]:
    """Return the direction of a line at a place, from the place before to the place after."""
    a, b = max(i - 1, first), min(i + 1, last)
    dx, dy = x[b] - x[a], y[b] - y[a]
    length = np.hypot(dx, dy)
    if length == 0.0:
        return 0.0, 0.0
    return dx / length, dy / length


@njit
def parts_of(
    x: Floats, y: Floats, s: Floats, begins: Ints, tolerance: float, side: float
) -> tuple[Ints, Ints, Ints]:
    """Cut lines half-way where they run beside themselves; return first, last place and line."""
    n = x.size
    bits = 10
    while (1 << bits) < 2 * n:
        bits += 1
    mask = (1 << bits) - 1
    head = np.full(mask + 1, -1, dtype=np.int64)
    following = np.full(n, -1, dtype=np.int64)
    first = np.empty(n, dtype=np.int64)
    last = np.empty(n, dtype=np.int64)
    line = np.empty(n, dtype=np.int64)
    count = 0
    for k in range(begins.size - 1):
        f, e = begins[k], begins[k + 1] - 1
        a, beside = f, 0
        for i in range(f, e + 1):
            dx, dy = _direction(x, y, i, f, e)
            column, row = int(np.floor(x[i] / side)), int(np.floor(y[i] / side))
            back = -1
            for c in range(column - 1, column + 2):
                for r in range(row - 1, row + 2):
                    g = head[_slot(c, r, mask)]
                    while g >= 0:
                        if g >= a and s[i] - s[g + 1] > BACK_M:
                            gap, _, cosine = _across(x, y, g, x[i], y[i], dx, dy)
                            if gap <= tolerance and cosine >= LEAST_COSINE:
                                back = max(back, g)
                        g = following[g]
            beside = beside + 1 if back >= 0 else 0
            if beside >= 3:
                middle = (s[i] + s[back]) / 2
                cut = a + 1
                while cut < i - 1 and s[cut] < middle:
                    cut += 1
                first[count], last[count], line[count] = a, cut, k
                count += 1
                a, beside = cut, 0
            if i > f:
                g = i - 1
                column = int(np.floor((x[g] + x[i]) / 2 / side))
                row = int(np.floor((y[g] + y[i]) / 2 / side))
                slot = _slot(column, row, mask)
                following[g] = head[slot]
                head[slot] = g
        first[count], last[count], line[count] = a, e, k
        count += 1
        for i in range(f + 1, e + 1):
            column = int(np.floor((x[i - 1] + x[i]) / 2 / side))
            row = int(np.floor((y[i - 1] + y[i]) / 2 / side))
            head[_slot(column, row, mask)] = -1
    return first[:count].copy(), last[:count].copy(), line[:count].copy()


@njit
def match_parts(
    x: Floats,
    y: Floats,
    s: Floats,
    first: Ints,
    last: Ints,
    order: Ints,
    tolerance: float,
    reach: float,
    turn_m: float,
    side: float,
) -> tuple[
    Ints, Floats, Ints, Floats, Floats, Flags, Flags, Ints, Ints, Ints, Ints, Ints
]:  # fmt: skip
    """
    Lay parts one after another on the chains of those before (Viterbi along each part).

    A metre beside a chain costs the squared distance in tolerances and something for the angle, a
    metre alone costs 1, and every change costs `turn_m`. Returned are for each place its chain,
    where along that, on which of its pieces, how far from it and at which cosine (0 and 1 where the
    chain is its own), whether it is, whether a stretch begins there; for each chain its first and
    last place; the chain of each piece, and the table of pieces by squares.
    """
    n = x.size
    bits = 10
    while (1 << bits) < 2 * n:
        bits += 1
    mask = (1 << bits) - 1
    head = np.full(mask + 1, -1, dtype=np.int64)
    following = np.full(n, -1, dtype=np.int64)
    piece_chain = np.full(n, -1, dtype=np.int64)
    chain = np.full(n, -1, dtype=np.int64)
    at = s.copy()
    piece = np.arange(n)
    away = np.zeros(n)
    cosines = np.ones(n)
    own = np.zeros(n, dtype=np.bool_)
    opens = np.zeros(n, dtype=np.bool_)
    begin = np.empty(n, dtype=np.int64)
    end = np.empty(n, dtype=np.int64)
    chains = 0
    longest = 0
    for p in range(first.size):
        longest = max(longest, last[p] - first[p] + 1)
    found = np.zeros(longest, dtype=np.int64)
    c_chain = np.empty((longest, MOST), dtype=np.int64)
    c_at = np.empty((longest, MOST))
    c_piece = np.empty((longest, MOST), dtype=np.int64)
    c_away = np.empty((longest, MOST))
    c_cosine = np.empty((longest, MOST))
    came = np.empty((longest, MOST + 1), dtype=np.int64)
    total = np.empty(MOST + 1)
    before = np.empty(MOST + 1)
    for p in order:
        f, e = first[p], last[p]
        for i in range(f, e + 1):
            q = i - f
            dx, dy = _direction(x, y, i, f, e)
            column, row = int(np.floor(x[i] / side)), int(np.floor(y[i] / side))
            k = 0
            for c in range(column - 1, column + 2):
                for r in range(row - 1, row + 2):
                    g = head[_slot(c, r, mask)]
                    while g >= 0:
                        gap, share, cosine = _across(x, y, g, x[i], y[i], dx, dy)
                        if gap <= reach and cosine >= LEAST_COSINE:
                            place = s[g] + share * (s[g + 1] - s[g])
                            beside = piece_chain[g]
                            to = -1
                            for j in range(k):
                                if c_chain[q, j] == beside and abs(c_at[q, j] - place) < SAME_M:
                                    to = j
                                    break
                            if to < 0 and k < MOST:
                                to = k
                                k += 1
                                c_away[q, to] = np.inf
                            if to >= 0 and (
                                gap < c_away[q, to] or (gap == c_away[q, to] and g < c_piece[q, to])
                            ):
                                c_chain[q, to], c_at[q, to] = beside, place
                                c_piece[q, to], c_away[q, to] = g, gap
                                c_cosine[q, to] = cosine
                        g = following[g]
            found[q] = k
            weight = 0.0
            step = 0.0
            if i > f:
                step = s[i] - s[i - 1]
                weight += step / 2
            if i < e:
                weight += (s[i + 1] - s[i]) / 2
            if q == 0:
                for j in range(k + 1):
                    before[j] = 0.0
                    came[q, j] = -1
            else:
                was = found[q - 1]
                least = 0
                for j in range(1, was + 1):
                    if total[j] < total[least]:
                        least = j
                for j in range(k + 1):
                    best, by = total[least] + turn_m, least
                    if j == 0 and total[0] <= best:
                        best, by = total[0], 0
                    elif j > 0:
                        for o in range(1, was + 1):
                            if c_chain[q, j - 1] == c_chain[q - 1, o - 1] and total[o] < best:
                                run = abs(c_at[q, j - 1] - c_at[q - 1, o - 1])
                                if abs(run - step) <= SLACK_M + step / 2:
                                    best, by = total[o], o
                    before[j] = best
                    came[q, j] = by
            for j in range(k + 1):
                cost = 1.0
                if j > 0:
                    sine2 = 1.0 - c_cosine[q, j - 1] ** 2
                    cost = (c_away[q, j - 1] / tolerance) ** 2 + ANGLE * sine2
                total[j] = before[j] + weight * cost
        best = 0
        for j in range(1, found[e - f] + 1):
            if total[j] < total[best]:
                best = j
        for i in range(e, f - 1, -1):
            q = i - f
            if best > 0:
                chain[i], at[i] = c_chain[q, best - 1], c_at[q, best - 1]
                piece[i], away[i] = c_piece[q, best - 1], c_away[q, best - 1]
                cosines[i] = c_cosine[q, best - 1]
            else:
                chain[i] = -1
            best = came[q, best]
        i = f
        while i <= e:
            opens[i] = True
            j = i
            if chain[i] < 0:
                while j < e and chain[j + 1] < 0:
                    j += 1
                a, b = max(i - 1, f), min(j + 1, e)
                begin[chains], end[chains] = i, j
                for g in range(a, b):
                    piece_chain[g] = chains
                    column = int(np.floor((x[g] + x[g + 1]) / 2 / side))
                    row = int(np.floor((y[g] + y[g + 1]) / 2 / side))
                    slot = _slot(column, row, mask)
                    following[g] = head[slot]
                    head[slot] = g
                for g in range(i, j + 1):
                    chain[g] = chains
                    own[g] = True
                chains += 1
            else:
                while (
                    j < e
                    and chain[j + 1] == chain[i]
                    and abs(abs(at[j + 1] - at[j]) - (s[j + 1] - s[j]))
                    <= SLACK_M + (s[j + 1] - s[j]) / 2
                ):
                    j += 1
            i = j + 1
    return (
        chain, at, piece, away, cosines, own, opens, begin[:chains].copy(), end[:chains].copy(),
        piece_chain, head, following,
    )  # fmt: skip


@njit
def _meeting(
    x: Floats,
    y: Floats,
    s: Floats,
    piece_chain: Ints,
    g: int,
    at: float,
    px: float,
    py: float,
    ux: float,
    uy: float,
    back: float,
    on: float,
) -> tuple[bool, float, float]:
    """Return where a straight line meets a chain near a place of it: along the chain, the line."""
    found, best_at, best = False, at, np.inf
    own = piece_chain[g]
    for way in range(2):
        h = g if way == 0 else g - 1
        while h >= 0 and piece_chain[h] == own and abs(s[h] - at) <= FAR_M:
            ax, ay = x[h + 1] - x[h], y[h + 1] - y[h]
            cross = ux * ay - uy * ax
            if abs(cross) > 1e-12:
                gx, gy = x[h] - px, y[h] - py
                run = (gx * ay - gy * ax) / cross
                share = (gx * uy - gy * ux) / cross
                if -1e-9 <= share <= 1 + 1e-9 and -back <= run <= on and abs(run) < abs(best):
                    found, best = True, run
                    best_at = s[h] + share * (s[h + 1] - s[h])
            h += 1 if way == 0 else -1
    return found, best_at, best


@njit
def _nearest(
    x: Floats, y: Floats, s: Floats, piece_chain: Ints, g: int, at: float, px: float, py: float
) -> tuple[float, float]:
    """Return the place of a chain, near one of its places, that is nearest to a point; how far."""
    best, best_at = np.inf, at
    own = piece_chain[g]
    for way in range(2):
        h = g if way == 0 else g - 1
        while h >= 0 and piece_chain[h] == own and abs(s[h] - at) <= FAR_M:
            gap, share, _ = _across(x, y, h, px, py, 1.0, 0.0)
            if gap < best:
                best, best_at = gap, s[h] + share * (s[h + 1] - s[h])
            h += 1 if way == 0 else -1
    return best_at, best


@njit
def join_runs(
    x: Floats,
    y: Floats,
    s: Floats,
    first: Ints,
    last: Ints,
    line: Ints,
    matched: tuple[Ints, Floats, Ints, Flags, Flags],
    begin: Ints,
    end: Ints,
    grid: tuple[Ints, Ints, Ints],
    tolerance: float,
    side: float,
) -> tuple[Ints, Floats, Ints, Floats, Floats, Floats]:
    """
    Find where stretches leave chains, and how chains hang together.

    Returned are the runs beside chains (part, first place, last place, chain), where each begins
    and ends along its chain and along its own line (4 numbers), the joints as pairs of chains and
    pairs of places along them, and where the chains begin and end.
    """
    chain, at, piece, own, opens = matched
    piece_chain, head, following = grid
    mask = head.size - 1
    low, high = s[begin].copy(), s[end].copy()
    count = 0
    for i in range(x.size):
        count += opens[i]
    runs = np.empty((count, 4), dtype=np.int64)
    span = np.empty((count, 4))
    room = 2 * count + 2 * first.size
    joint = np.empty((room, 2), dtype=np.int64)
    places = np.empty((room, 2))
    n_runs = n_joints = 0
    for p in range(first.size):
        f, e = first[p], last[p]
        i = f
        entry_at, entry_s = at[f], s[f]
        while i <= e:
            j = i
            while j < e and not opens[j + 1]:
                j += 1
            leave_at, leave_s = at[j], s[j]
            next_at, next_s = 0.0, 0.0
            if j < e:
                k = j + 1
                next_at, next_s = at[k], s[k]
                if own[j] != own[k]:
                    # the end that is beside a chain, and that which goes its own way
                    held, free = (j, k) if own[k] else (k, j)
                    way = 1 if own[k] else -1
                    far = free
                    while (
                        far + way >= f
                        and far + way <= e
                        and own[far + way]
                        and not (opens[far + way] if way > 0 else opens[far])
                        and abs(s[far] - s[free]) < AHEAD_M
                    ):
                        far += way
                    if far == free:
                        ux, uy = x[free] - x[held], y[free] - y[held]
                    else:
                        ux, uy = x[far] - x[free], y[far] - y[free]
                    length = max(np.hypot(ux, uy), 1e-9)
                    met, to, run = _meeting(
                        x, y, s, piece_chain, piece[held], at[held], x[free], y[free],
                        ux / length, uy / length, FAR_M, 2 * tolerance,
                    )  # fmt: skip
                    if not met:
                        to, gap = _nearest(
                            x, y, s, piece_chain, piece[held], at[held], x[free], y[free]
                        )
                        run = -min(gap, abs(s[free] - s[held]))
                    turn = s[free] + way * run
                    joint[n_joints, 0], joint[n_joints, 1] = chain[free], chain[held]
                    places[n_joints, 0], places[n_joints, 1] = turn, to
                    n_joints += 1
                    if way > 0:
                        low[chain[free]] = turn
                        leave_at, leave_s, next_at, next_s = to, turn, turn, turn
                    else:
                        high[chain[free]] = turn
                        leave_at, leave_s, next_at, next_s = turn, turn, to, turn
                else:
                    best, one, other = np.inf, at[j], at[k]
                    middle_x, middle_y = (x[j] + x[k]) / 2, (y[j] + y[k]) / 2
                    for way in range(2):
                        h = piece[k] if way == 0 else piece[k] - 1
                        while h >= 0 and piece_chain[h] == chain[k] and abs(s[h] - at[k]) <= FAR_M:
                            ux, uy = x[h + 1] - x[h], y[h + 1] - y[h]
                            length = np.hypot(ux, uy)
                            if length > 0:
                                met, to, run = _meeting(
                                    x, y, s, piece_chain, piece[j], at[j], x[h], y[h],
                                    ux / length, uy / length, 0.0, length,
                                )  # fmt: skip
                                if met:
                                    gap = np.hypot(
                                        x[h] + run * ux / length - middle_x,
                                        y[h] + run * uy / length - middle_y,
                                    )
                                    if gap < best:
                                        best, one, other = gap, to, s[h] + run
                            h += 1 if way == 0 else -1
                    if not best < np.inf:
                        for way in range(2):
                            h = piece[k] if way == 0 else piece[k] - 1
                            while (
                                h >= 0 and piece_chain[h] == chain[k] and abs(s[h] - at[k]) <= FAR_M
                            ):
                                for v in range(h, h + 2):
                                    to, gap = _nearest(
                                        x, y, s, piece_chain, piece[j], at[j], x[v], y[v]
                                    )
                                    if gap < best and gap <= 2 * tolerance:
                                        best, one, other = gap, to, s[v]
                                h += 1 if way == 0 else -1
                    if best < np.inf and (chain[j] != chain[k]):
                        joint[n_joints, 0], joint[n_joints, 1] = chain[j], chain[k]
                        places[n_joints, 0], places[n_joints, 1] = one, other
                        n_joints += 1
                        leave_at, next_at = one, other
                    leave_s = next_s = (s[j] + s[k]) / 2
            elif p + 1 < first.size and line[p + 1] == line[p]:
                k = first[p + 1]
                if chain[k] != chain[j] or abs(at[k] - at[j]) > AHEAD_M:
                    joint[n_joints, 0], joint[n_joints, 1] = chain[j], chain[k]
                    places[n_joints, 0], places[n_joints, 1] = at[j], at[k]
                    n_joints += 1
            if not own[i]:
                runs[n_runs, 0], runs[n_runs, 1] = p, i
                runs[n_runs, 2], runs[n_runs, 3] = j, chain[i]
                span[n_runs, 0], span[n_runs, 1] = entry_at, leave_at
                span[n_runs, 2], span[n_runs, 3] = entry_s, leave_s
                n_runs += 1
            entry_at, entry_s = next_at, next_s
            i = j + 1
        for way in range(2):
            i = f if way == 0 else e
            if not own[i]:
                continue
            if way == 0 and p > 0 and line[p - 1] == line[p]:
                continue
            if way == 1 and p + 1 < first.size and line[p + 1] == line[p]:
                continue
            best, to, other = tolerance, 0.0, -1
            column, row = int(np.floor(x[i] / side)), int(np.floor(y[i] / side))
            for c in range(column - 1, column + 2):
                for r in range(row - 1, row + 2):
                    g = head[_slot(c, r, mask)]
                    while g >= 0:
                        beside = piece_chain[g]
                        if beside != chain[i] or abs(s[g] - s[i]) > BACK_M:
                            gap, share, _ = _across(x, y, g, x[i], y[i], 1.0, 0.0)
                            if gap < best:
                                best, other = gap, beside
                                to = s[g] + share * (s[g + 1] - s[g])
                        g = following[g]
            if other >= 0:
                joint[n_joints, 0], joint[n_joints, 1] = chain[i], other
                places[n_joints, 0], places[n_joints, 1] = s[i], to
                n_joints += 1
    return (
        runs[:n_runs].copy(), span[:n_runs].copy(), joint[:n_joints].copy(),
        places[:n_joints].copy(), low, high,
    )  # fmt: skip


@njit
def group_places(
    chain: Ints, place: Floats, is_joint: Flags, low: Floats, high: Floats, snap_m: float
) -> tuple[Ints, Ints, Floats]:
    """Group places along chains (sorted) that are near; return their groups, chains and places."""
    n = chain.size
    group = np.empty(n, dtype=np.int64)
    owner = np.empty(n, dtype=np.int64)
    centre = np.empty(n)
    count = -1
    i = 0
    while i < n:
        j = i
        while j + 1 < n and chain[j + 1] == chain[i] and place[j + 1] - place[i] <= snap_m:
            j += 1
        count += 1
        total, joints, every = 0.0, 0, 0.0
        for k in range(i, j + 1):
            group[k] = count
            every += place[k]
            if is_joint[k]:
                total += place[k]
                joints += 1
        owner[count] = chain[i]
        centre[count] = total / joints if joints else every / (j - i + 1)
        if i == 0 or chain[i - 1] != chain[i]:
            centre[count] = low[chain[i]]
        elif j + 1 == n or chain[j + 1] != chain[i]:
            centre[count] = high[chain[i]]
        i = j + 1
    return group, owner[: count + 1].copy(), centre[: count + 1].copy()


@njit
def average(
    x: Floats,
    y: Floats,
    s: Floats,
    runs: Ints,
    span: Floats,
    at: Floats,
    piece: Ints,
) -> tuple[Floats, Floats]:
    """Move the places of chains to the middle of all lines that run there."""
    sum_x, sum_y = np.zeros(x.size), np.zeros(x.size)
    lines = np.ones(x.size)
    for r in range(runs.shape[0]):
        low, high = min(span[r, 0], span[r, 1]), max(span[r, 0], span[r, 1])
        for i in range(runs[r, 1], runs[r, 2]):
            a, b = i, i + 1
            if at[a] > at[b]:
                a, b = b, a
            for v in range(piece[a], piece[b] + 2):
                if not (at[a] <= s[v] < at[b]) or not (low <= s[v] <= high):
                    continue
                share = (s[v] - at[a]) / (at[b] - at[a])
                sum_x[v] += x[a] + share * (x[b] - x[a]) - x[v]
                sum_y[v] += y[a] + share * (y[b] - y[a]) - y[v]
                lines[v] += 1.0
    return x + sum_x / lines, y + sum_y / lines


@njit
def draw_edges(
    x: Floats,
    y: Floats,
    s: Floats,
    begin: Ints,
    end: Ints,
    edge_chain: Ints,
    span: Floats,
    tips: Floats,
) -> tuple[Floats, Ints]:
    """Return the vertices of pieces of chains between their ends, and where each begins."""
    n = edge_chain.size
    starts = np.zeros(n + 1, dtype=np.int64)
    total = 0
    for e in range(n):
        total += 2
        c = edge_chain[e]
        for v in range(begin[c], end[c] + 1):
            if span[e, 0] + 1.0 < s[v] < span[e, 1] - 1.0:
                total += 1
            elif s[v] >= span[e, 1]:
                break
        starts[e + 1] = total
    xy = np.empty((total, 2))
    for e in range(n):
        k = starts[e]
        xy[k, 0], xy[k, 1] = tips[e, 0], tips[e, 1]
        k += 1
        c = edge_chain[e]
        for v in range(begin[c], end[c] + 1):
            if span[e, 0] + 1.0 < s[v] < span[e, 1] - 1.0:
                xy[k, 0], xy[k, 1] = x[v], y[v]
                k += 1
            elif s[v] >= span[e, 1]:
                break
        xy[k, 0], xy[k, 1] = tips[e, 2], tips[e, 3]
    return xy, starts


@njit
def lay_runs(
    s: Floats,
    runs: Ints,
    span: Floats,
    at: Floats,
    away: Floats,
    cosines: Floats,
    groups: Ints,
    centre: Floats,
) -> tuple[Ints, Floats]:
    """
    Lay runs on the pieces of chains that they cover.

    `groups` holds the groups of places where each run begins and ends; the piece after group k
    counts as k. Returned are run and piece, and from and to along the run's line, the root of the
    mean squared distance and the mean cosine.
    """
    total = 0
    for r in range(runs.shape[0]):
        total += abs(groups[r, 1] - groups[r, 0])
    pair = np.empty((total, 2), dtype=np.int64)
    told = np.empty((total, 4))
    n = 0
    for r in range(runs.shape[0]):
        a, b = groups[r, 0], groups[r, 1]
        way = 1 if b > a else -1
        i, e = runs[r, 1], runs[r, 2]
        here = span[r, 2]
        for k in range(a, b, way):
            goal = centre[k + way]
            there = span[r, 3]
            square, cosine, count = 0.0, 0.0, 0
            while i <= e and (at[i] - goal) * way < 0:
                square += away[i] ** 2
                cosine += cosines[i]
                count += 1
                i += 1
            if k + way != b:
                if i > e:
                    there = s[e]
                elif i == runs[r, 1]:
                    there = s[i]
                else:
                    step = at[i] - at[i - 1]
                    share = (goal - at[i - 1]) / step if step != 0.0 else 0.0
                    there = s[i - 1] + min(max(share, 0.0), 1.0) * (s[i] - s[i - 1])
                there = min(max(there, here), span[r, 3])
            if count == 0:
                j = min(max(i, runs[r, 1]), e)
                square, cosine, count = away[j] ** 2, cosines[j], 1
            pair[n, 0], pair[n, 1] = r, min(k, k + way)
            told[n, 0], told[n, 1] = here, there
            told[n, 2], told[n, 3] = np.sqrt(square / count), cosine / count
            n += 1
            here = there
    return pair[:n].copy(), told[:n].copy()
