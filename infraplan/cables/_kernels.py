"""
Compiled loops of the cables room: Steiner trees, dual ascent, parallel lines.

A graph is given by rows: the neighbours of node v are `heads[starts[v]:starts[v + 1]]`, reached
over the edges `links[...]` of the same places. A tree is a flag an edge.
"""

# ruff: noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.jit import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@njit
def _push(heap: Ints, place: Ints, key: Floats, size: int, node: int) -> int:
    """Put a node into the heap, or move it up after its key fell; return the new size."""
    at = place[node]
    if at < 0:
        at = size
        size += 1
    while at > 0:
        above = (at - 1) >> 1
        other = heap[above]
        if key[other] < key[node] or (key[other] == key[node] and other < node):
            break
        heap[at] = other
        place[other] = at
        at = above
    heap[at] = node
    place[node] = at
    return size


@njit
def _pop(heap: Ints, place: Ints, key: Floats, size: int) -> np.int64:
    """Take the node of the least key from the heap, ties by number; its size falls by one."""
    top: np.int64 = heap[0]
    place[top] = -1
    size -= 1
    if size > 0:
        node = heap[size]
        at = 0
        while True:
            below = 2 * at + 1
            if below >= size:
                break
            right = below + 1
            if right < size:
                a, b = heap[below], heap[right]
                if key[b] < key[a] or (key[b] == key[a] and b < a):
                    below = right
            other = heap[below]
            if key[node] < key[other] or (key[node] == key[other] and node < other):
                break
            heap[at] = other
            place[other] = at
            at = below
        heap[at] = node
        place[node] = at
    return top


@njit
def neighbours(edges: Ints, count: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Return a graph by rows: starts, heads, links, and the place of each arc's reverse."""
    m = edges.shape[0]
    starts = np.zeros(count + 1, dtype=np.int64)
    for e in range(m):
        starts[edges[e, 0] + 1] += 1
        starts[edges[e, 1] + 1] += 1
    for v in range(count):
        starts[v + 1] += starts[v]
    heads = np.empty(2 * m, dtype=np.int64)
    links = np.empty(2 * m, dtype=np.int64)
    twin = np.empty(2 * m, dtype=np.int64)
    fill = starts[:-1].copy()
    for e in range(m):
        u, v = edges[e, 0], edges[e, 1]
        p = fill[u]
        fill[u] += 1
        q = fill[v]
        fill[v] += 1
        heads[p], links[p], twin[p] = v, e, q
        heads[q], links[q], twin[q] = u, e, p
    return starts, heads, links, twin


@njit
def peel(
    starts: Ints,
    heads: Ints,
    links: Ints,
    alive: Flags,
    is_terminal: Flags,
) -> Ints:
    """
    Take off leaves: those that need no connection vanish, the edge of a terminal is forced.

    `alive` and `is_terminal` change; the forced edges are returned. A forced edge makes its other
    end a terminal in the leaf's place.
    """
    n = starts.size - 1
    degree = np.zeros(n, dtype=np.int64)
    terminals = 0
    for v in range(n):
        if is_terminal[v]:
            terminals += 1
        for p in range(starts[v], starts[v + 1]):
            if alive[links[p]]:
                degree[v] += 1
    forced = np.empty(n, dtype=np.int64)
    count = 0
    stack = np.empty(n, dtype=np.int64)
    size = 0
    for v in range(n):
        if degree[v] == 1:
            stack[size] = v
            size += 1
    while size > 0:
        size -= 1
        v = stack[size]
        if degree[v] != 1 or (is_terminal[v] and terminals == 1):
            continue
        for p in range(starts[v], starts[v + 1]):
            e = links[p]
            if not alive[e]:
                continue
            w = heads[p]
            alive[e] = False
            degree[v] -= 1
            degree[w] -= 1
            if is_terminal[v]:
                forced[count] = e
                count += 1
                is_terminal[v] = False
                if is_terminal[w]:
                    terminals -= 1
                is_terminal[w] = True
            if degree[w] == 1:
                stack[size] = w
                size += 1
            break
    return forced[:count]


@njit
def chains(starts: Ints, heads: Ints, links: Ints, is_terminal: Flags) -> tuple[Ints, Ints, Ints]:
    """
    Join the edges that meet in nodes of degree two that need no connection.

    Returned are the ends of each chain (flat pairs), the edges of all chains one after another and
    where each chain begins among them; rings without a stop are left out, for no tree needs them.
    """
    n, arcs = starts.size - 1, heads.size
    ends = np.empty(arcs, dtype=np.int64)
    members = np.empty(arcs // 2, dtype=np.int64)
    begins = np.empty(arcs // 2 + 1, dtype=np.int64)
    used = np.zeros(arcs // 2, dtype=np.bool_)
    count = filled = 0
    for v in range(n):
        if not is_terminal[v] and starts[v + 1] - starts[v] == 2:
            continue
        for p in range(starts[v], starts[v + 1]):
            if used[links[p]]:
                continue
            begins[count] = filled
            e, w = links[p], heads[p]
            used[e] = True
            members[filled] = e
            filled += 1
            while not is_terminal[w] and starts[w + 1] - starts[w] == 2:
                q = starts[w]
                if links[q] == e:
                    q += 1
                e, w = links[q], heads[q]
                used[e] = True
                members[filled] = e
                filled += 1
            ends[2 * count], ends[2 * count + 1] = v, w
            count += 1
    begins[count] = filled
    return ends[: 2 * count], members[:filled], begins[: count + 1]


@njit
def grow_tree(
    starts: Ints,
    heads: Ints,
    links: Ints,
    cost: Floats,
    is_terminal: Flags,
    root: int,
    usable: Flags,
) -> Flags:
    """
    Join terminal after terminal to the tree by the shortest path (Takahashi and Matsuyama, 1980).

    Returned are the nodes of the tree, root included; only usable edges are walked.
    """
    n = starts.size - 1
    dist = np.full(n, np.inf)
    before = np.full(n, -1, dtype=np.int64)
    heap = np.empty(n, dtype=np.int64)
    place = np.full(n, -1, dtype=np.int64)
    inside = np.zeros(n, dtype=np.bool_)
    remaining = 0
    for v in range(n):
        if is_terminal[v]:
            remaining += 1
    if is_terminal[root]:
        remaining -= 1
    inside[root] = True
    dist[root] = 0.0
    size = _push(heap, place, dist, 0, root)
    while size > 0 and remaining > 0:
        v = _pop(heap, place, dist, size)
        size -= 1
        if is_terminal[v] and not inside[v]:
            u = v
            while not inside[u]:
                inside[u] = True
                if is_terminal[u]:
                    remaining -= 1
                dist[u] = 0.0
                size = _push(heap, place, dist, size, u)
                u = before[u]
            continue
        for p in range(starts[v], starts[v + 1]):
            if not usable[links[p]]:
                continue
            w = heads[p]
            reached = dist[v] + cost[links[p]]
            if reached < dist[w]:
                dist[w] = reached
                before[w] = v
                size = _push(heap, place, dist, size, w)
    return inside


@njit
def spanning_tree(
    starts: Ints,
    heads: Ints,
    links: Ints,
    cost: Floats,
    is_terminal: Flags,
    inside: Flags,
) -> Flags:
    """Return the cheapest tree on some nodes, without leaves that need no connection."""
    n = starts.size - 1
    tree = np.zeros(cost.size, dtype=np.bool_)
    key = np.full(n, np.inf)
    by = np.full(n, -1, dtype=np.int64)
    done = np.zeros(n, dtype=np.bool_)
    heap = np.empty(n, dtype=np.int64)
    place = np.full(n, -1, dtype=np.int64)
    root = -1
    for v in range(n):
        if is_terminal[v] and inside[v]:
            root = v
            break
    if root < 0:
        return tree
    key[root] = 0.0
    size = _push(heap, place, key, 0, root)
    degree = np.zeros(n, dtype=np.int64)
    while size > 0:
        v = _pop(heap, place, key, size)
        size -= 1
        done[v] = True
        if by[v] >= 0:
            tree[links[by[v]]] = True
            degree[v] += 1
            degree[heads[by[v]]] += 1
        for p in range(starts[v], starts[v + 1]):
            w = heads[p]
            if inside[w] and not done[w] and cost[links[p]] < key[w]:
                key[w] = cost[links[p]]
                for q in range(starts[w], starts[w + 1]):
                    if links[q] == links[p]:
                        by[w] = q
                        break
                size = _push(heap, place, key, size, w)
    _prune(starts, heads, links, is_terminal, tree, degree)
    return tree


@njit
def _prune(
    starts: Ints, heads: Ints, links: Ints, is_terminal: Flags, tree: Flags, degree: Ints
) -> None:
    """Cut off the leaves of a tree that need no connection; `tree` and `degree` change."""
    for first in range(starts.size - 1):
        v = first
        while degree[v] == 1 and not is_terminal[v]:
            for p in range(starts[v], starts[v + 1]):
                if tree[links[p]]:
                    tree[links[p]] = False
                    degree[v] = 0
                    v = heads[p]
                    degree[v] -= 1
                    break


@njit
def _other_tree_arc(starts: Ints, links: Ints, tree: Flags, v: int, e: int) -> int:
    """Return the place of the tree edge at a node of degree two that is not the given one."""
    for p in range(starts[v], starts[v + 1]):
        if tree[links[p]] and links[p] != e:
            return p
    return -1


@njit
def exchange_paths(
    starts: Ints,
    heads: Ints,
    links: Ints,
    cost: Floats,
    ends: Ints,
    is_terminal: Flags,
    tree: Flags,
    order: Ints,
) -> float:
    """
    Replace key paths of the tree by shorter connections; return what was saved.

    A key path runs between two nodes that are terminals or branchings. It is taken out, the smaller
    half of the tree looks for the shortest way to the other half, and the better of both is kept.
    `order` gives the edges whose paths are tried; `tree` changes.
    """
    n = starts.size - 1
    degree = np.zeros(n, dtype=np.int64)
    for e in range(tree.size):
        if tree[e]:
            degree[ends[e, 0]] += 1
            degree[ends[e, 1]] += 1
    tried = np.zeros(tree.size, dtype=np.bool_)
    path = np.empty(n, dtype=np.int64)
    halves = np.empty((2, n), dtype=np.int64)
    mark = np.zeros(n, dtype=np.int64)
    stamp = 0
    dist = np.full(n, np.inf)
    before = np.full(n, -1, dtype=np.int64)
    heap = np.empty(n, dtype=np.int64)
    place = np.full(n, -1, dtype=np.int64)
    touched = np.empty(n, dtype=np.int64)
    tips = np.empty(2, dtype=np.int64)
    saved = 0.0
    for start in order:
        if not tree[start] or tried[start]:
            continue
        length, total = 1, cost[start]
        path[0] = start
        for side in range(2):
            v, e = ends[start, side], start
            while not is_terminal[v] and degree[v] == 2:
                p = _other_tree_arc(starts, links, tree, v, e)
                e, v = links[p], heads[p]
                path[length] = e
                length += 1
                total += cost[e]
            tips[side] = v
        for k in range(length):
            e = path[k]
            tree[e] = False
            tried[e] = True
            degree[ends[e, 0]] -= 1
            degree[ends[e, 1]] -= 1
        # both halves are walked in turn until the smaller is complete
        done = np.zeros(2, dtype=np.int64)
        size = np.ones(2, dtype=np.int64)
        for side in range(2):
            halves[side, 0] = tips[side]
            mark[tips[side]] = stamp + 1 + side
        small = -1
        while small < 0:
            for side in range(2):
                if done[side] == size[side]:
                    small = side
                    break
                v = halves[side, done[side]]
                done[side] += 1
                for p in range(starts[v], starts[v + 1]):
                    w = heads[p]
                    if tree[links[p]] and mark[w] != stamp + 1 + side:
                        mark[w] = stamp + 1 + side
                        halves[side, size[side]] = w
                        size[side] += 1
        mine = stamp + 1 + small
        stamp += 2
        count = heaped = 0
        for k in range(size[small]):
            v = halves[small, k]
            dist[v] = 0.0
            before[v] = -1
            touched[count] = v
            count += 1
        limit = total * (1.0 - 1e-12)
        for k in range(size[small]):  # what the half can reach at once: its nodes need no heap
            v = halves[small, k]
            if starts[v + 1] - starts[v] == degree[v]:
                continue
            for p in range(starts[v], starts[v + 1]):
                w = heads[p]
                reached = cost[links[p]]
                if reached < dist[w] and reached < limit:
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
            if dist[v] >= limit:
                break
            if mark[v] != mine and (degree[v] > 0 or is_terminal[v]):
                found = v
                break
            for p in range(starts[v], starts[v + 1]):
                w = heads[p]
                reached = dist[v] + cost[links[p]]
                if reached < dist[w] and reached < limit:
                    if dist[w] == np.inf:
                        touched[count] = w
                        count += 1
                    dist[w] = reached
                    before[w] = p
                    heaped = _push(heap, place, dist, heaped, w)
        if found >= 0:
            saved += total - dist[found]
            v = found
            while before[v] >= 0:
                e = links[before[v]]
                tree[e] = True
                tried[e] = False
                degree[ends[e, 0]] += 1
                degree[ends[e, 1]] += 1
                v = ends[e, 0] if ends[e, 1] == v else ends[e, 1]
        else:
            for k in range(length):
                e = path[k]
                tree[e] = True
                degree[ends[e, 0]] += 1
                degree[ends[e, 1]] += 1
        for k in range(count):
            dist[touched[k]] = np.inf
            place[touched[k]] = -1
    return saved


@njit
def strands_beside(
    x: Floats,
    y: Floats,
    dx: Floats,
    dy: Floats,
    half: Floats,
    group: Ints,
    cell_start: Ints,
    cells: Ints,
    columns: int,
    rows: int,
    column: Ints,
    row: Ints,
    tolerance: float,
    least_cosine: float,
) -> tuple[Floats, Floats]:
    """
    Return how many lines run side by side at each piece of line, itself included.

    A piece is given by middle, direction and half length. Each other piece of about the same
    direction within the tolerance counts by the share of this piece that it covers when projected
    on it. The first result counts all lines, the second those of the piece's own group.
    """
    n = x.size
    every = np.ones(n)
    own = np.ones(n)
    for i in range(n):
        for r in range(max(row[i] - 1, 0), min(row[i] + 2, rows)):
            for c in range(max(column[i] - 1, 0), min(column[i] + 2, columns)):
                cell = r * columns + c
                for k in range(cell_start[cell], cell_start[cell + 1]):
                    j = cells[k]
                    if j == i:
                        continue
                    cosine = dx[i] * dx[j] + dy[i] * dy[j]
                    if abs(cosine) < least_cosine:
                        continue
                    gx, gy = x[j] - x[i], y[j] - y[i]
                    aside = dx[i] * gy - dy[i] * gx
                    if abs(aside) > tolerance:
                        continue
                    along = dx[i] * gx + dy[i] * gy
                    reach = half[j] * abs(cosine)
                    low = max(along - reach, -half[i])
                    high = min(along + reach, half[i])
                    if high > low:
                        share = (high - low) / (2 * half[i])
                        every[i] += share
                        if group[i] == group[j]:
                            own[i] += share
    return every, own
