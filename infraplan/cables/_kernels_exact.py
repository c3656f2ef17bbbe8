"""
Compiled loops of the exact Steiner tree of few terminals, by labels of nodes and subsets.

A graph is given by rows, as in `_kernels`; the arc of a place p runs from `heads[p]` into the node
whose row holds p. A label is a node, a subset of the terminals as bits, and the cheapest tree that
joins them; the root is the one terminal without a bit.
"""

# ruff: noqa: C901, PLR0912, PLR0913, PLR0917 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.cables._kernels import _pop
from infraplan.cables._kernels import _push
from infraplan.jit import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NODE, SUBSET, COST, ONE, TWO, NEXT, GROUP = range(7)  # columns of a label
COLUMNS = 7
LABELS, HEAPED, GROUPS, GOAL, WORK = range(5)  # what `state` tells
PUT_WORK = 16  # of an attempt to make a label, as of looking at one
NEVER = 1 << 60


@njit
def worth_of_duals(
    starts: Ints, heads: Ints, left: Ints, bit: Ints, begins: Ints, sets: Ints, most: int
) -> tuple[Ints, Ints, Ints]:
    """
    Return what the duals of sets are worth, by the subset of terminals that a set holds.

    The sets are those of a dual ascent in its order, `left` the costs before it. Returned are the
    subsets, the sum of the duals of each, and by node and subset the sum over sets with the node.
    Sets of more subsets than `most` are left out, which makes the bound weaker alone.
    """
    n = starts.size - 1
    mark = np.full(n, -1, dtype=np.int64)
    subsets = np.zeros(most, dtype=np.int64)
    worth = np.zeros(most, dtype=np.int64)
    inside = np.zeros((n, most), dtype=np.int64)
    known = 0
    for k in range(begins.size - 1):
        subset = np.int64(0)
        for j in range(begins[k], begins[k + 1]):
            v = sets[j]
            mark[v] = k
            if bit[v] >= 0:
                subset |= np.int64(1) << bit[v]
        least = np.int64(NEVER)
        for j in range(begins[k], begins[k + 1]):
            v = sets[j]
            for p in range(starts[v], starts[v + 1]):
                if mark[heads[p]] != k:
                    least = min(least, left[p])
        for j in range(begins[k], begins[k + 1]):
            v = sets[j]
            for p in range(starts[v], starts[v + 1]):
                if mark[heads[p]] != k:
                    left[p] -= least
        s = 0
        while s < known and subsets[s] != subset:
            s += 1
        if s == most:
            continue
        if s == known:
            subsets[s] = subset
            known += 1
        worth[s] += least
        for j in range(begins[k], begins[k + 1]):
            inside[sets[j], s] += least
    return subsets[:known], worth[:known], inside[:, :known].copy()


@njit
def _dearest_of(subset: int, between: Ints, count: int) -> np.int64:
    """Return the cost of a tree over the ways between some terminals and a further one."""
    key = np.full(count + 1, NEVER, dtype=np.int64)
    total = np.int64(0)
    left = np.int64(subset)
    onward = np.int64(NEVER)
    begun = False
    while left:
        b = -1
        for c in range(count):
            if left >> c & 1 and (b < 0 or key[c] < key[b]):
                b = c
        if begun:
            total += key[b]
        begun = True
        left ^= np.int64(1) << b
        for c in range(count + 1):
            if c < count and subset >> c & 1:
                key[c] = min(key[c], between[b, c])
            else:
                onward = min(onward, between[b, c])
    return total + onward


@njit
def _put(
    v: int, subset: int, cost: int, one: int, two: int, limit: int, count: int, between: Ints,
    subsets: Ints, worth: Ints, inside: Ints, state: Ints, labels: Ints, key: Floats, heap: Ints,
    place: Ints, table: Ints, groups: Ints, most: Ints, group_table: Ints,
) -> None:  # fmt: skip
    """Make or cheapen a label, unless no tree below the limit has it."""
    size = table.size - 1
    code = (v * 2654435761 + (subset ^ (subset >> 17)) * 40503 * 65599) & size
    while table[code] > 0:
        label = table[code] - 1
        if labels[label, NODE] == v and labels[label, SUBSET] == subset:
            if cost < labels[label, COST] and place[label] >= 0:
                key[label] -= labels[label, COST] - cost
                labels[label, COST] = cost
                labels[label, ONE] = one
                labels[label, TWO] = two
                state[HEAPED] = _push(heap, place, key, state[HEAPED], label)
            return
        code = (code + 1) & size
    rest = np.int64(0)
    for s in range(subsets.size):
        rest += inside[v, s] if subsets[s] & ~subset == 0 else worth[s]
    if cost + rest >= limit:
        return
    spot = ((subset ^ (subset >> 15)) * 2654435761 >> 3) & (group_table.size - 1)
    while group_table[spot] > 0 and groups[group_table[spot] - 1] != subset:
        spot = (spot + 1) & (group_table.size - 1)
    group = group_table[spot] - 1
    if group < 0:
        group = state[GROUPS]
        state[GROUPS] += 1
        group_table[spot] = group + 1
        groups[group] = subset
        most[group] = _dearest_of(subset, between, count)
    if cost > most[group]:
        return
    label = state[LABELS]
    state[LABELS] += 1
    table[code] = label + 1
    labels[label, NODE] = v
    labels[label, SUBSET] = subset
    labels[label, COST] = cost
    labels[label, ONE] = one
    labels[label, TWO] = two
    labels[label, NEXT] = -1
    labels[label, GROUP] = group
    key[label] = float(cost + rest)
    place[label] = -1
    state[HEAPED] = _push(heap, place, key, state[HEAPED], label)


@njit
def put_first(
    terminals: Ints, bit: Ints, limit: int, count: int, between: Ints, subsets: Ints, worth: Ints,
    inside: Ints, state: Ints, labels: Ints, key: Floats, heap: Ints, place: Ints, table: Ints,
    groups: Ints, most: Ints, group_table: Ints,
) -> None:  # fmt: skip
    """Make the labels of single terminals."""
    for v in terminals:
        if bit[v] >= 0:
            _put(
                v, np.int64(1) << bit[v], 0, -1, -1, limit, count, between, subsets, worth, inside,
                state, labels, key, heap, place, table, groups, most, group_table,
            )  # fmt: skip


@njit
def label_subsets(
    starts: Ints, heads: Ints, links: Ints, costs: Ints, bit: Ints, root: int, count: int,
    near: Ints, far: Floats, between: Ints, subsets: Ints, worth: Ints, inside: Ints, limit: int,
    work: int, state: Ints, labels: Ints, key: Floats, heap: Ints, place: Ints, table: Ints,
    groups: Ints, most: Ints, group_table: Ints, first: Ints,
) -> bool:  # fmt: skip
    """
    Go on labelling until the root has all terminals, or nothing is left; return whether so.

    Labels are settled by their cost and what the duals show the rest to cost at least (S. Hougardy,
    J. Silvanus, J. Vygen, Math. Program. Comput. 9, 2017); one that costs more than a tree that
    joins its terminals with a further one is in no best tree.
    """
    full = (np.int64(1) << count) - 1
    stop = state[WORK] + work
    while state[WORK] < stop:
        if state[HEAPED] == 0:
            return True
        v = labels[heap[0], NODE]
        if state[LABELS] + starts[v + 1] - starts[v] > key.size:
            return False
        a = _pop(heap, place, key, state[HEAPED])
        state[HEAPED] -= 1
        subset, cost, group = labels[a, SUBSET], labels[a, COST], labels[a, GROUP]
        if cost > most[group]:
            continue
        if v == root and subset == full:
            state[GOAL] = a
            return True
        for j in range(near.shape[1]):
            t = near[v, j]
            if t >= 0 and (t == root or not subset >> bit[t] & 1):
                most[group] = min(most[group], cost + np.int64(far[v, j]))
                break
        ends_here = v == root or (bit[v] >= 0 and not subset >> bit[v] & 1)
        state[WORK] += PUT_WORK
        if not ends_here:
            state[WORK] += PUT_WORK * (starts[v + 1] - starts[v])
            for p in range(starts[v], starts[v + 1]):
                _put(
                    heads[p], subset, cost + costs[links[p]], a, -1 - links[p], limit, count,
                    between, subsets, worth, inside, state, labels, key, heap, place, table,
                    groups, most, group_table,
                )  # fmt: skip
        b = first[v]
        while b >= 0:
            state[WORK] += 1
            if labels[b, SUBSET] & subset == 0 and labels[b, COST] <= most[labels[b, GROUP]]:
                if state[LABELS] == key.size or state[GROUPS] == groups.size:
                    # the label waits for more room
                    state[HEAPED] = _push(heap, place, key, state[HEAPED], a)
                    return False
                state[WORK] += PUT_WORK
                _put(
                    v, subset | labels[b, SUBSET], cost + labels[b, COST], a, b, limit, count,
                    between, subsets, worth, inside, state, labels, key, heap, place, table,
                    groups, most, group_table,
                )  # fmt: skip
            b = labels[b, NEXT]
        labels[a, NEXT] = first[v]
        first[v] = a
    return False


@njit
def edges_of_label(labels: Ints, goal: int, count: int) -> Flags:
    """Return which of `count` edges the tree of a label has."""
    tree = np.zeros(count, dtype=np.bool_)
    waiting = np.empty(256, dtype=np.int64)
    waiting[0] = goal
    left = 1
    while left > 0:
        left -= 1
        a = waiting[left]
        while labels[a, ONE] >= 0:
            if labels[a, TWO] < 0:
                tree[-1 - labels[a, TWO]] = True
            else:
                waiting[left] = labels[a, TWO]
                left += 1
            a = labels[a, ONE]
    return tree
