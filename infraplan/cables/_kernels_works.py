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

SURE = 1e-9  # share of a cost that no rounding of its sum amounts to


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
def distances(rows: tuple[Ints, Ints, Ints], metres: Floats, origins: Ints) -> Floats:
    """Return the shortest way from some nodes to each node, infinite where there is none."""
    starts, heads, links = rows
    n = starts.size - 1
    far = np.full((origins.size, n), np.inf)
    heap = np.empty(n, dtype=np.int64)
    place = np.full(n, -1, dtype=np.int64)
    for k in range(origins.size):
        dist = far[k]
        dist[origins[k]] = 0.0
        heaped = _push(heap, place, dist, 0, origins[k])
        while heaped > 0:
            v = _pop(heap, place, dist, heaped)
            heaped -= 1
            for p in range(starts[v], starts[v + 1]):
                reached = dist[v] + metres[links[p]]
                if reached < dist[heads[p]]:
                    dist[heads[p]] = reached
                    heaped = _push(heap, place, dist, heaped, heads[p])
    return far


@njit
def _tree_cost(
    rows: tuple[Ints, Ints, Ints],
    ends: Ints,
    cost: Floats,
    tree: Flags,
    stops: tuple[Ints, Ints, int, Ints, Ints, Floats, float],
    room: tuple[Ints, Ints, Ints, Ints, Ints, Flags, Floats],
    column: Ints,
) -> float:
    """
    Return the cost of a tree by the bores that owners need in it; `column` takes the bores.

    `room` is space that is used again: parent edge, depth, root and order of nodes, stops below
    nodes by owner, who passes edges and with what section.
    """
    starts, heads, links = rows
    stop_node, stop_owner, owners, run_ends, run_owner, run_mm2, bore_mm2 = stops
    by, depth, root, order, below, passes, section = room
    depth[:] = -1
    size = 0
    for e in range(ends.shape[0]):
        if not tree[e] or depth[ends[e, 0]] >= 0:
            continue
        first = ends[e, 0]
        depth[first] = 0
        root[first] = first
        by[first] = -1
        at = size
        order[size] = first
        size += 1
        while at < size:
            v = order[at]
            at += 1
            for p in range(starts[v], starts[v + 1]):
                w = heads[p]
                if tree[links[p]] and depth[w] < 0:
                    depth[w] = depth[v] + 1
                    by[w] = links[p]
                    root[w] = first
                    order[size] = w
                    size += 1
    for k in range(size):
        below[order[k], :] = 0
    for k in range(stop_node.size):
        below[stop_node[k], stop_owner[k]] += 1
    for k in range(size - 1, -1, -1):
        v = order[k]
        e = by[v]
        if e >= 0:
            w = ends[e, 0] if ends[e, 1] == v else ends[e, 1]
            for owner in range(owners):
                below[w, owner] += below[v, owner]
    for k in range(size):
        v = order[k]
        e = by[v]
        if e >= 0:
            for owner in range(owners):
                passes[e, owner] = 0 < below[v, owner] < below[root[v], owner]
                section[e, owner] = 0.0
    for run in range(run_owner.size):
        a, b = run_ends[run, 0], run_ends[run, 1]
        if depth[a] < 0 or depth[b] < 0 or root[a] != root[b]:
            continue
        owner = run_owner[run]
        while a != b:
            if depth[a] < depth[b]:
                a, b = b, a
            e = by[a]
            section[e, owner] += run_mm2[run]
            passes[e, owner] = True
            a = ends[e, 0] if ends[e, 1] == a else ends[e, 1]
    for k in range(stop_node.size):
        below[stop_node[k], :] = 0
    total = 0.0
    for e in range(ends.shape[0]):
        if tree[e]:
            bores = 0
            for owner in range(owners):
                if passes[e, owner]:
                    bores += max(1, int(np.ceil(section[e, owner] / bore_mm2 - 1e-9)))
            if bores >= cost.shape[1]:
                return np.inf
            column[e] = bores
            total += cost[e, bores]
    return total


@njit
def _most_saved(
    a: int, b: int, ends: Ints, cost: Floats, column: Ints, by: Ints, depth: Ints
) -> float:
    """Return what the edges between two nodes of a tree can cost less with other bores."""
    saved = 0.0
    while a != b:
        if depth[a] < depth[b]:
            a, b = b, a
        e = by[a]
        saved += cost[e, column[e]] - cost[e].min()
        a = ends[e, 0] if ends[e, 1] == a else ends[e, 1]
    return saved


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

    Where all stops and ends of runs are terminals, the new connection carries what the old path
    did, and bores change on the ring alone that both close: nothing is counted where fewer bores
    there cannot make up for a dearer connection.
    """
    starts, heads, links = rows
    n, m = starts.size - 1, ends.shape[0]
    owners = stops[2]
    room = (
        np.full(n, -1, dtype=np.int64),
        np.full(n, -1, dtype=np.int64),
        np.full(n, -1, dtype=np.int64),
        np.empty(n, dtype=np.int64),
        np.zeros((n, owners), dtype=np.int64),
        np.zeros((m, owners), dtype=np.bool_),
        np.zeros((m, owners)),
    )
    spare = (room[0].copy(), room[1].copy(), room[2], room[3], room[4], room[5], room[6])
    column = np.zeros(m, dtype=np.int64)
    counted = np.zeros(m, dtype=np.int64)
    total: float = _tree_cost(rows, ends, cost, tree, stops, room, column)
    is_plain = bool(is_terminal[stops[0]].all() and is_terminal[stops[3].ravel()].all())
    path = np.empty(m, dtype=np.int64)
    added = np.empty(m, dtype=np.int64)
    tips = np.empty(2, dtype=np.int64)
    halves = np.empty((2, n), dtype=np.int64)
    walked = np.zeros(2, dtype=np.int64)
    sizes = np.zeros(2, dtype=np.int64)
    heap = np.empty(n, dtype=np.int64)
    touched = np.empty(n, dtype=np.int64)
    tried = np.zeros(m, dtype=np.bool_)
    barred = np.zeros(m, dtype=np.bool_)
    half = np.zeros(n, dtype=np.bool_)
    dist = np.full(n, np.inf)
    before = np.full(n, -1, dtype=np.int64)
    place = np.full(n, -1, dtype=np.int64)
    degree = np.zeros(n, dtype=np.int64)
    for e in range(m):
        if tree[e]:
            degree[ends[e, 0]] += 1
            degree[ends[e, 1]] += 1
    for start in order:
        if not tree[start] or tried[start]:
            continue
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
            barred[e] = True
            price += cost[e, bores]
        # both halves are walked in turn until the smaller is complete
        walked[:], sizes[:] = 0, 1
        for side in range(2):
            halves[side, 0] = tips[side]
            half[tips[side]] = True
        small = -1
        while small < 0:
            for side in range(2):
                if walked[side] == sizes[side]:
                    small = side
                    break
                v = halves[side, walked[side]]
                walked[side] += 1
                for p in range(starts[v], starts[v + 1]):
                    if tree[links[p]] and not half[heads[p]]:
                        half[heads[p]] = True
                        halves[side, sizes[side]] = heads[p]
                        sizes[side] += 1
        queue, size = halves[small], sizes[small]
        limit = 1.5 * price
        heaped, count = 0, 0
        for k in range(size):
            v = queue[k]
            dist[v] = 0.0
            touched[count] = v
            count += 1
        for k in range(size):  # what the half can reach at once: its own nodes need no heap
            v = queue[k]
            if starts[v + 1] - starts[v] == degree[v]:
                continue
            for p in range(starts[v], starts[v + 1]):
                w = heads[p]
                reached = cost[links[p], bores]
                if not barred[links[p]] and reached < dist[w] and reached <= limit:
                    if dist[w] == np.inf:
                        touched[count] = w
                        count += 1
                    dist[w] = reached
                    before[w] = p
                    heaped = _push(heap, place, dist, heaped, w)
        found = -1
        while heaped > 0:
            v = _pop(heap, place, dist, heaped)
            heaped -= 1
            if degree[v] > 0 or is_terminal[v]:
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
                if reached < dist[w] and reached <= limit:
                    if dist[w] == np.inf:
                        touched[count] = w
                        count += 1
                    dist[w] = reached
                    before[w] = p
                    heaped = _push(heap, place, dist, heaped, w)
        better = np.inf
        fresh = 0
        if found >= 0:
            v = found
            while before[v] >= 0:
                e = links[before[v]]
                tree[e] = True
                added[fresh] = e
                fresh += 1
                v = ends[e, 0] if ends[e, 1] == v else ends[e, 1]
            least = -np.inf
            by, depth = room[0], room[1]
            if is_plain and np.isfinite(total) and depth[found] >= 0:
                least = dist[found] - price
                least -= _most_saved(tips[small], v, ends, cost, column, by, depth)
                least -= _most_saved(tips[1 - small], found, ends, cost, column, by, depth)
            if least <= SURE * total:
                better = _tree_cost(rows, ends, cost, tree, stops, spare, counted)
        for k in range(length):
            barred[path[k]] = False
        if better < total - 1e-6:
            total = better
            column, counted = counted, column
            room, spare = spare, room
            for k in range(length):
                degree[ends[path[k], 0]] -= 1
                degree[ends[path[k], 1]] -= 1
            for k in range(fresh):
                degree[ends[added[k], 0]] += 1
                degree[ends[added[k], 1]] += 1
        else:
            for k in range(fresh):
                tree[added[k]] = False
            for k in range(length):
                tree[path[k]] = True
        for side in range(2):
            for k in range(sizes[side]):
                half[halves[side, k]] = False
        for k in range(count):
            dist[touched[k]] = np.inf
            before[touched[k]] = -1
            place[touched[k]] = -1
    return total
