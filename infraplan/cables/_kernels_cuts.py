"""
Compiled loops of bounds of Steiner trees: dual ascent, cuts, and duals in whole numbers.

A graph is given by rows, as in `_kernels`. The arc of a place p runs from `heads[p]` into the node
whose row holds p; `twin[p]` is the arc against it. A set of nodes with a terminal and without the
root gives a cut: one of the arcs into it is in every tree. Lists of sets are flat with begins.
"""

# ruff: noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.cables._kernels import _pop
from infraplan.cables._kernels import _push
from infraplan.jit import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ONE = 1 << 20  # capacity of a whole arc in a flow
SHORT = ONE >> 6  # flow that may lack without a cut being told


@njit
def ascend(
    starts: Ints,
    heads: Ints,
    left: Ints,
    is_terminal: Flags,
    root: int,
    work_limit: int,
    most_recorded: int,
) -> tuple[np.int64, bool, Ints, Ints]:
    """
    Raise the duals of cuts between the root and terminals (Wong, 1984), in whole numbers.

    `left` is what each arc has left and changes. Returned are the raise, whether all terminals were
    reached before the limit of work, and the sets that were raised, up to a number of nodes. Every
    raise takes from all arcs into a set that holds a terminal and not the root, never more than is
    left, so the bound holds at any moment.
    """
    n = starts.size - 1
    active = np.zeros(n, dtype=np.bool_)
    score = np.zeros(n)
    heap = np.empty(n, dtype=np.int64)
    place = np.full(n, -1, dtype=np.int64)
    size = 0
    for v in range(n):
        if is_terminal[v] and v != root:
            active[v] = True
            score[v] = float(starts[v + 1] - starts[v])
            size = _push(heap, place, score, size, v)
    mark = np.full(n, -1, dtype=np.int64)
    nodes = np.empty(n, dtype=np.int64)
    cut = np.empty(heads.size, dtype=np.int64)
    sets = np.empty(most_recorded, dtype=np.int64)
    begins = np.zeros(max(most_recorded, 1), dtype=np.int64)
    recorded = 0
    bound = np.int64(0)
    work = 0
    stamp = 0
    complete = True
    while size > 0:
        if work > work_limit:
            complete = False
            break
        t = _pop(heap, place, score, size)
        size -= 1
        stamp += 1
        nodes[0] = t
        mark[t] = stamp
        count, walked, cuts = 1, 0, 0
        reached = False
        while True:
            while walked < count and not reached:
                v = nodes[walked]
                walked += 1
                for p in range(starts[v], starts[v + 1]):
                    w = heads[p]
                    if mark[w] == stamp:
                        continue
                    if left[p] == 0:
                        if w == root or active[w]:
                            reached = True
                            break
                        mark[w] = stamp
                        nodes[count] = w
                        count += 1
                    else:
                        cut[cuts] = p
                        cuts += 1
                work += starts[v + 1] - starts[v]
            if reached:
                active[t] = False
                break
            kept = 0
            least: np.int64 = np.int64(9223372036854775807)
            for k in range(cuts):
                p = cut[k]
                if mark[heads[p]] != stamp:
                    cut[kept] = p
                    kept += 1
                    least = min(least, left[p])
            work += cuts
            cuts = kept
            if kept == 0:  # not connected to the root at all
                active[t] = False
                break
            score[t] = float(kept)
            if size > 0 and score[t] > 1.1 * score[heap[0]]:
                size = _push(heap, place, score, size, t)
                break
            bound += least
            if begins[recorded] + count <= most_recorded and recorded + 1 < begins.size:
                begin = begins[recorded]
                sets[begin : begin + count] = nodes[:count]
                recorded += 1
                begins[recorded] = begin + count
            kept = 0
            for k in range(cuts):
                p = cut[k]
                left[p] -= least
                if left[p] > 0:
                    cut[kept] = p
                    kept += 1
                    continue
                w = heads[p]
                if mark[w] == stamp:
                    continue
                if w == root or active[w]:
                    reached = True
                else:
                    mark[w] = stamp
                    nodes[count] = w
                    count += 1
            cuts = kept
    return bound, complete, begins[: recorded + 1], sets[: begins[recorded]]


@njit
def arcs_into(
    starts: Ints, heads: Ints, begins: Ints, sets: Ints, value: Floats, most: float
) -> tuple[Ints, Ints, Ints]:
    """
    Return the arcs into each of some sets of nodes, flat with begins, and the numbers of the sets.

    Sets whose arcs carry more than `most` are left out, and so are those met before.
    """
    n = starts.size - 1
    mark = np.full(n, -1, dtype=np.int64)
    count = begins.size - 1
    rows = np.zeros(count + 1, dtype=np.int64)
    number = np.empty(count, dtype=np.int64)
    table = np.full(4 * count + 1, -1, dtype=np.int64)
    total = 0
    for k in range(sets.size):
        total += starts[sets[k] + 1] - starts[sets[k]]
    arcs = np.empty(total, dtype=np.int64)
    filled = kept = 0
    for k in range(count):
        for j in range(begins[k], begins[k + 1]):
            mark[sets[j]] = k
        begin = filled
        carried = 0.0
        code = np.int64(0)
        for j in range(begins[k], begins[k + 1]):
            for p in range(starts[sets[j]], starts[sets[j] + 1]):
                if mark[heads[p]] != k:
                    arcs[filled] = p
                    filled += 1
                    carried += value[p]
                    code += (p + 1) * (p + 7919) * 2654435761 % 1000000007
        code %= table.size
        known = carried > most
        while not known and table[code] >= 0:
            other = table[code]
            if rows[other + 1] - rows[other] == filled - begin:
                known = _same(arcs[begin:filled], arcs[rows[other] : rows[other + 1]])
            code = (code + 1) % table.size
        if known:
            filled = begin
            continue
        table[code] = kept
        number[kept] = k
        kept += 1
        rows[kept] = filled
    return rows[: kept + 1], arcs[:filled], number[:kept]


@njit
def _same(one: Ints, two: Ints) -> bool:
    """Return whether two lists of equal length hold the same numbers."""
    a, b = np.sort(one), np.sort(two)
    return bool((a == b).all())


@njit
def kept_sets(
    begins: Ints, sets: Ints, number: Ints, is_terminal: Flags, root: int
) -> tuple[Ints, Ints]:
    """Return sets in new node numbers (-1: gone), those only that still cut off a terminal."""
    new_begins = np.zeros(begins.size, dtype=np.int64)
    new_sets = np.empty(sets.size, dtype=np.int64)
    filled = kept = 0
    for k in range(begins.size - 1):
        begin = filled
        cuts_terminal, has_root = False, False
        for j in range(begins[k], begins[k + 1]):
            v = number[sets[j]]
            if v >= 0:
                new_sets[filled] = v
                filled += 1
                cuts_terminal |= is_terminal[v]
                has_root |= v == root
        if cuts_terminal and not has_root:
            kept += 1
            new_begins[kept] = filled
        else:
            filled = begin
    return new_begins[: kept + 1], new_sets[:filled]


@njit
def take_duals(rows: Ints, arcs: Ints, signs: Ints, duals: Ints, left: Ints) -> np.int64:
    """Take whole duals of rows from the arcs; return what arcs below zero lack, then at zero."""
    for k in range(rows.size - 1):
        if duals[k] != 0:
            for j in range(rows[k], rows[k + 1]):
                left[arcs[j]] -= duals[k] * signs[j]
    lack = np.int64(0)
    for p in range(left.size):
        if left[p] < 0:
            lack -= left[p]
            left[p] = 0
    return lack


@njit
def _grow_by_majority(
    starts: Ints,
    heads: Ints,
    twin: Ints,
    cap: Ints,
    inside: Flags,
    barred: int,
    nodes: Ints,
    count: int,
) -> int:
    """Take idle nodes into a set as long as that lessens the arcs at its border."""
    walked = 0
    while walked < count:
        v = nodes[walked]
        walked += 1
        for p in range(starts[v], starts[v + 1]):
            w = heads[p]
            if inside[w] or w == barred:
                continue
            balance = 0
            idle = True
            for q in range(starts[w], starts[w + 1]):
                if cap[q] > 0 or cap[twin[q]] > 0:
                    idle = False
                    break
                balance += 1 if inside[heads[q]] else -1
            if idle and balance > 0:
                inside[w] = True
                nodes[count] = w
                count += 1
    return count


@njit
def violated_cuts(
    starts: Ints,
    heads: Ints,
    twin: Ints,
    value: Floats,
    root: int,
    order: Ints,
    nested: int,
    most_nodes: int,
) -> tuple[Ints, Ints]:
    """
    Return sets of nodes whose arcs carry less than a whole flow from the root to a terminal.

    For each terminal the sets next to it and next to the root are told; the arcs of a cut found are
    then taken as whole, so that the next one lies elsewhere. `order` gives the terminals.
    """
    n, arcs = starts.size - 1, heads.size
    cap = np.empty(arcs, dtype=np.int64)
    for p in range(arcs):
        cap[p] = np.int64(min(max(value[p], 0.0), 1.0) * ONE + 0.5)
    room = np.empty(arcs, dtype=np.int64)
    level = np.empty(n, dtype=np.int64)
    cursor = np.empty(n, dtype=np.int64)
    queue = np.empty(n, dtype=np.int64)
    path = np.empty(n, dtype=np.int64)
    inside = np.zeros(n, dtype=np.bool_)
    begins = np.zeros(8 * n + 8, dtype=np.int64)
    sets = np.empty(most_nodes, dtype=np.int64)
    found = 0
    full = False
    for t in order:
        if t == root or full:
            continue
        room[:] = cap
        flow = np.int64(0)
        for _ in range(nested):
            while flow < ONE:
                # levels by steps to the terminal, over arcs with room
                level[:] = -1
                level[t] = 0
                queue[0] = t
                count, walked = 1, 0
                while walked < count and level[root] < 0:
                    v = queue[walked]
                    walked += 1
                    for p in range(starts[v], starts[v + 1]):
                        if room[p] > 0 and level[heads[p]] < 0:
                            level[heads[p]] = level[v] + 1
                            queue[count] = heads[p]
                            count += 1
                if level[root] < 0:
                    break
                for k in range(count):
                    cursor[queue[k]] = starts[queue[k]]
                # from the terminal backwards, one path after another
                depth = 0
                v = t
                while True:
                    if v == root:
                        least = ONE - flow
                        for k in range(depth):
                            least = min(least, room[path[k]])
                        back = 0
                        for k in range(depth - 1, -1, -1):
                            p = path[k]
                            room[p] -= least
                            room[twin[p]] += least
                            if room[p] == 0:
                                back = k
                        flow += least
                        if flow >= ONE:
                            break
                        depth = back
                        v = heads[twin[path[depth]]]
                        continue
                    p = cursor[v]
                    while p < starts[v + 1] and not (
                        room[p] > 0 and level[heads[p]] == level[v] + 1
                    ):
                        p += 1
                    cursor[v] = p
                    if p < starts[v + 1]:
                        path[depth] = p
                        depth += 1
                        v = heads[p]
                    elif depth == 0:
                        break
                    else:
                        depth -= 1
                        v = heads[twin[path[depth]]]
                        cursor[v] += 1
            if flow >= ONE - SHORT:
                break
            # the set next to the terminal
            inside[:] = False
            inside[t] = True
            queue[0] = t
            count, walked = 1, 0
            while walked < count:
                v = queue[walked]
                walked += 1
                for p in range(starts[v], starts[v + 1]):
                    if room[p] > 0 and not inside[heads[p]]:
                        inside[heads[p]] = True
                        queue[count] = heads[p]
                        count += 1
            count = _grow_by_majority(starts, heads, twin, cap, inside, root, queue, count)
            begin = begins[found]
            if begin + 2 * n > most_nodes or found + 2 >= begins.size:
                full = True
                break
            sets[begin : begin + count] = queue[:count]
            found += 1
            begins[found] = begin + count
            near = count
            # the set next to the root, given by what the root does not reach
            reached = inside.copy()
            reached[:] = False
            reached[root] = True
            queue[0] = root
            count, walked = 1, 0
            while walked < count:
                v = queue[walked]
                walked += 1
                for p in range(starts[v], starts[v + 1]):
                    if room[twin[p]] > 0 and not reached[heads[p]]:
                        reached[heads[p]] = True
                        queue[count] = heads[p]
                        count += 1
            count = _grow_by_majority(starts, heads, twin, cap, reached, t, queue, count)
            if n - count != near:
                begin = begins[found]
                for v in range(n):
                    if not reached[v]:
                        sets[begin] = v
                        begin += 1
                found += 1
                begins[found] = begin
            for v in range(n):
                if inside[v]:
                    for p in range(starts[v], starts[v + 1]):
                        if not inside[heads[p]]:
                            room[p] += ONE - cap[p]
                            cap[p] = ONE
    return begins[: found + 1], sets[: begins[found]]


@njit
def reduced_distances(
    starts: Ints, heads: Ints, twin: Ints, left: Ints, is_terminal: Flags, root: int
) -> tuple[Floats, Floats, Floats]:
    """Return by what arcs have left the way from the root, and to the next two other terminals."""
    n = starts.size - 1
    heap = np.empty(2 * n, dtype=np.int64)
    place = np.full(2 * n, -1, dtype=np.int64)
    ahead = np.full(n, np.inf)
    ahead[root] = 0.0
    size = _push(heap, place, ahead, 0, root)
    while size > 0:
        v = _pop(heap, place, ahead, size)
        size -= 1
        for p in range(starts[v], starts[v + 1]):
            w = heads[p]
            reached = ahead[v] + left[twin[p]]
            if reached < ahead[w]:
                ahead[w] = reached
                size = _push(heap, place, ahead, size, w)
    far = np.full(2 * n, np.inf)
    near = np.full(2 * n, -1, dtype=np.int64)
    settled = np.zeros(2 * n, dtype=np.bool_)
    for v in range(n):
        if is_terminal[v] and v != root:
            near[2 * v] = v
            far[2 * v] = 0.0
            size = _push(heap, place, far, size, 2 * v)
    while size > 0:
        label = _pop(heap, place, far, size)
        size -= 1
        settled[label] = True
        v = label // 2
        for p in range(starts[v], starts[v + 1]):
            w = heads[p]
            reached = far[label] + left[p]
            one, two = 2 * w, 2 * w + 1
            if near[one] == near[label] or near[two] == near[label]:
                slot = one if near[one] == near[label] else two
            else:
                slot = one if not settled[one] and far[one] > far[two] else two
                if settled[slot]:
                    slot = one + two - slot
            if not settled[slot] and reached < far[slot]:
                near[slot] = near[label]
                far[slot] = reached
                size = _push(heap, place, far, size, slot)
    first = np.empty(n)
    second = np.empty(n)
    for v in range(n):
        first[v] = min(far[2 * v], far[2 * v + 1])
        second[v] = max(far[2 * v], far[2 * v + 1])
    return ahead, first, second
