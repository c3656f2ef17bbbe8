"""
Compiled loop of the exact Steiner tree of few terminals, by subsets (Dreyfus and Wagner, 1971).

A graph is given by rows, as in `_kernels`: the neighbours of node v are
`heads[starts[v]:starts[v + 1]]`, reached over the edges `links[...]` of the same places.
"""

# ruff: noqa: C901, PLR0912, PLR0915 - a compiled loop over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.cables._kernels import _pop
from infraplan.cables._kernels import _push
from infraplan.jit import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@njit
def tree_of_few(starts: Ints, heads: Ints, links: Ints, cost: Ints, terminals: Ints) -> Flags:
    """
    Return the edges of a cheapest tree that joins all terminals.

    `best[s, v]` is the cheapest tree that joins v and the terminals of subset s, all but the last
    terminal having a bit; trees grow by an edge or by two that meet. Work: nodes times 3 to the
    power of the terminals but one; memory: nodes times 2 to that power.
    """
    n = starts.size - 1
    count = terminals.size - 1
    whole = (1 << count) - 1
    never = np.int64(1) << 60
    best = np.full((whole + 1, n), never, dtype=np.int64)
    # how a tree came about: a place of an arc, or minus one minus the part that met another one
    made = np.full((whole + 1, n), np.int64(1) << 40, dtype=np.int64)
    heap = np.empty(n, dtype=np.int64)
    place = np.full(n, -1, dtype=np.int64)
    key = np.empty(n)
    for s in range(1, whole + 1):
        row = best[s]
        low = s & -s
        if s == low:
            bit = 0
            while (1 << bit) != s:
                bit += 1
            row[terminals[bit]] = 0
        part = (s - 1) & s
        while part > 0:
            if part & low:  # each pair of parts once
                one, two = best[part], best[s ^ part]
                for v in range(n):
                    total = one[v] + two[v]
                    if total < row[v]:
                        row[v] = total
                        made[s, v] = -1 - part
            part = (part - 1) & s
        size = 0
        for v in range(n):
            if row[v] < never:
                key[v] = float(row[v])
                size = _push(heap, place, key, size, v)
        while size > 0:
            v = _pop(heap, place, key, size)
            size -= 1
            for p in range(starts[v], starts[v + 1]):
                w = heads[p]
                total = row[v] + cost[links[p]]
                if total < row[w]:
                    row[w] = total
                    made[s, w] = p
                    key[w] = float(total)
                    size = _push(heap, place, key, size, w)
    tree = np.zeros(cost.size, dtype=np.bool_)
    waiting = np.empty((2 * n * (count + 1) + 2, 2), dtype=np.int64)
    waiting[0] = whole, terminals[count]
    left = 1
    while left > 0:
        left -= 1
        s, v = waiting[left]
        while True:
            how = made[s, v]
            if how >= np.int64(1) << 40:
                break
            if how < 0:
                waiting[left] = s ^ (-1 - how), v
                left += 1
                s = -1 - how
                continue
            tree[links[how]] = True
            # the arc at place p leaves the owner of p's row: find it by its edge's other end
            low_at, high_at = 0, n
            while high_at - low_at > 1:
                middle = (low_at + high_at) >> 1
                if starts[middle] <= how:
                    low_at = middle
                else:
                    high_at = middle
            v = low_at
    return tree
