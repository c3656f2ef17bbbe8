"""Compiled loops of shared trenches: who passes each edge of a forest, and what that costs."""

# ruff: noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.cables._kernels import _pop
from infraplan.cables._kernels import _push
from infraplan.jit import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@njit
def forest_loads(
    ends: Ints,
    count: int,
    stop_node: Ints,
    stop_owner: Ints,
    owners: int,
    run_ends: Ints,
    run_owner: Ints,
    run_mm2: Floats,
) -> tuple[Flags, Floats, Ints]:
    """
    Return who passes each edge of a forest, with what section, and the parent edge of each node.

    `ends` are the edges, pairs of nodes below `count`. An owner passes an edge that has stops of
    the owner on both sides, or a run of the owner across it; the section is that of the runs.
    """
    m = ends.shape[0]
    starts = np.zeros(count + 1, dtype=np.int64)
    for e in range(m):
        starts[ends[e, 0] + 1] += 1
        starts[ends[e, 1] + 1] += 1
    for v in range(count):
        starts[v + 1] += starts[v]
    links = np.empty(2 * m, dtype=np.int64)
    fill = starts[:-1].copy()
    for e in range(m):
        for side in range(2):
            v = ends[e, side]
            links[fill[v]] = e
            fill[v] += 1
    by = np.full(count, -1, dtype=np.int64)
    depth = np.full(count, -1, dtype=np.int64)
    root = np.full(count, -1, dtype=np.int64)
    order = np.empty(count, dtype=np.int64)
    size = 0
    for first in range(count):
        if depth[first] >= 0 or starts[first + 1] == starts[first]:
            continue
        depth[first] = 0
        root[first] = first
        at = size
        order[size] = first
        size += 1
        while at < size:
            v = order[at]
            at += 1
            for p in range(starts[v], starts[v + 1]):
                e = links[p]
                w = ends[e, 0] if ends[e, 1] == v else ends[e, 1]
                if depth[w] < 0:
                    depth[w] = depth[v] + 1
                    by[w] = e
                    root[w] = first
                    order[size] = w
                    size += 1
    below = np.zeros((count, owners), dtype=np.int64)
    for k in range(stop_node.size):
        below[stop_node[k], stop_owner[k]] += 1
    for k in range(size - 1, -1, -1):
        v = order[k]
        if by[v] >= 0:
            e = by[v]
            w = ends[e, 0] if ends[e, 1] == v else ends[e, 1]
            for owner in range(owners):
                below[w, owner] += below[v, owner]
    passes = np.zeros((m, owners), dtype=np.bool_)
    section = np.zeros((m, owners))
    for k in range(size):
        v = order[k]
        if by[v] >= 0:
            for owner in range(owners):
                passes[by[v], owner] = 0 < below[v, owner] < below[root[v], owner]
    for run in range(run_owner.size):
        a, b = run_ends[run, 0], run_ends[run, 1]
        if depth[a] < 0 or depth[b] < 0 or root[a] != root[b]:
            continue
        while a != b:
            if depth[a] < depth[b]:
                a, b = b, a
            e = by[a]
            section[e, run_owner[run]] += run_mm2[run]
            passes[e, run_owner[run]] = True
            a = ends[e, 0] if ends[e, 1] == a else ends[e, 1]
    return passes, section, by


@njit
def shared_cost(
    ends: Ints,
    cost: Floats,
    tree: Flags,
    column: Ints,
    stops: tuple[Ints, Ints, int, Ints, Ints, Floats, float],
) -> float:
    """Return the cost of a tree by the bores that owners need in it; `column` takes the bores."""
    chosen = np.flatnonzero(tree)
    stop_node, stop_owner, owners, run_ends, run_owner, run_mm2, bore_mm2 = stops
    count = 0
    for e in range(ends.shape[0]):
        count = max(count, ends[e, 0] + 1, ends[e, 1] + 1)
    passes, section, _ = forest_loads(
        ends[chosen], count, stop_node, stop_owner, owners, run_ends, run_owner, run_mm2
    )
    total = 0.0
    for k in range(chosen.size):
        bores = 0
        for owner in range(owners):
            if passes[k, owner]:
                bores += max(1, int(np.ceil(section[k, owner] / bore_mm2 - 1e-9)))
        if bores >= cost.shape[1]:
            return np.inf
        column[chosen[k]] = bores
        total += cost[chosen[k], bores]
    return total


@njit
def exchange_shared(
    rows: tuple[Ints, Ints, Ints],
    ends: Ints,
    cost: Floats,
    is_terminal: Flags,
    tree: Flags,
    order: Ints,
    stops: tuple[Ints, Ints, int, Ints, Ints, Floats, float],
) -> float:
    """
    Replace key paths of a tree where that lowers its true cost; return the cost.

    The new connection is the shortest one at the price of the bores that the old path carried; it
    stays if the tree with all bores counted anew is cheaper. `tree` changes.
    """
    starts, heads, links = rows
    n, m = starts.size - 1, ends.shape[0]
    column = np.zeros(m, dtype=np.int64)
    total: float = shared_cost(ends, cost, tree, column, stops)
    path = np.empty(m, dtype=np.int64)
    tips = np.empty(2, dtype=np.int64)
    queue = np.empty(n, dtype=np.int64)
    heap = np.empty(n, dtype=np.int64)
    tried = np.zeros(m, dtype=np.bool_)
    for start in order:
        if not tree[start] or tried[start]:
            continue
        degree = np.zeros(n, dtype=np.int64)
        for e in range(m):
            if tree[e]:
                degree[ends[e, 0]] += 1
                degree[ends[e, 1]] += 1
        length, price, bores = 1, 0.0, column[start]
        path[0] = start
        for side in range(2):
            v, e = ends[start, side], start
            while not is_terminal[v] and degree[v] == 2:
                for p in range(starts[v], starts[v + 1]):
                    if tree[links[p]] and links[p] != e:
                        e, v = links[p], heads[p]
                        break
                path[length] = e
                length += 1
            tips[side] = v
        for k in range(length):
            e = path[k]
            tree[e] = False
            tried[e] = True
            price += cost[e, bores]
        half = np.zeros(n, dtype=np.bool_)
        half[tips[0]] = True
        queue[0] = tips[0]
        at, size = 0, 1
        while at < size:
            v = queue[at]
            at += 1
            for p in range(starts[v], starts[v + 1]):
                if tree[links[p]] and not half[heads[p]]:
                    half[heads[p]] = True
                    queue[size] = heads[p]
                    size += 1
        dist = np.full(n, np.inf)
        before = np.full(n, -1, dtype=np.int64)
        place = np.full(n, -1, dtype=np.int64)
        heaped = 0
        for k in range(size):
            dist[queue[k]] = 0.0
            heaped = _push(heap, place, dist, heaped, queue[k])
        barred = np.zeros(m, dtype=np.bool_)
        for k in range(length):
            barred[path[k]] = True
        found = -1
        while heaped > 0:
            v = _pop(heap, place, dist, heaped)
            heaped -= 1
            if dist[v] > 1.5 * price:
                break
            if not half[v] and (degree[v] > 0 or is_terminal[v]):
                inner = False
                if not is_terminal[v] and degree[v] == 2:
                    for p in range(starts[v], starts[v + 1]):
                        inner = inner or barred[links[p]]
                if not inner:
                    found = v
                    break
            for p in range(starts[v], starts[v + 1]):
                w = heads[p]
                if barred[links[p]]:
                    continue
                reached = dist[v] + cost[links[p], bores]
                if reached < dist[w]:
                    dist[w] = reached
                    before[w] = p
                    heaped = _push(heap, place, dist, heaped, w)
        better = np.inf
        count = 0
        if found >= 0:
            v = found
            while before[v] >= 0:
                e = links[before[v]]
                tree[e] = True
                queue[count] = e
                count += 1
                v = ends[e, 0] if ends[e, 1] == v else ends[e, 1]
            better = shared_cost(ends, cost, tree, column, stops)
        if better < total - 1e-6:
            total = better
        else:
            for k in range(count):
                tree[queue[k]] = False
            for k in range(length):
                tree[path[k]] = True
            if found >= 0:
                shared_cost(ends, cost, tree, column, stops)
    return total
