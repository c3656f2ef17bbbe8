"""
Compiled loops of Steiner trees: local search over a tree, and tests that shrink the graph.

A graph is given by rows, as in `_kernels`: the neighbours of node v are
`heads[starts[v]:starts[v + 1]]`, reached over the edges `links[...]`; `twin` is the place of an
arc's reverse. A tree is a flag an edge.
"""

# ruff: noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.cables._kernels import _other_tree_arc
from infraplan.cables._kernels import _pop
from infraplan.cables._kernels import _push
from infraplan.jit import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@njit
def _hang(starts: Ints, heads: Ints, links: Ints, twin: Ints, tree: Flags, root: int) -> Ints:
    """Return for each node of a tree the place that leads to its parent, -1 at root and outside."""
    n = starts.size - 1
    up = np.full(n, -1, dtype=np.int64)
    stack = np.empty(n, dtype=np.int64)
    stack[0] = root
    size = 1
    while size > 0:
        size -= 1
        v = stack[size]
        for p in range(starts[v], starts[v + 1]):
            w = heads[p]
            if tree[links[p]] and w != root and up[w] < 0 and up[v] != p:
                up[w] = twin[p]
                stack[size] = w
                size += 1
    return up


@njit
def insert_vertices(
    starts: Ints,
    heads: Ints,
    links: Ints,
    twin: Ints,
    cost: Floats,
    is_terminal: Flags,
    tree: Flags,
    order: Ints,
) -> float:
    """
    Take nodes into the tree where their edges replace dearer ones; return what was saved.

    A node is hung on by its cheapest edge to the tree; each further edge closes a ring whose
    dearest edge falls. `order` gives the nodes tried; `tree` changes and may keep needless leaves.
    """
    n = starts.size - 1
    root = -1
    for v in range(n):
        if is_terminal[v]:
            root = v
            break
    up = _hang(starts, heads, links, twin, tree, root)
    inside = up >= 0
    inside[root] = True
    mark = np.zeros(n, dtype=np.int64)
    stamp = 0
    log = np.empty((4 * n, 2), dtype=np.int64)
    saved = 0.0
    for v in order:
        if inside[v]:
            continue
        first, count = -1, 0
        for p in range(starts[v], starts[v + 1]):
            if inside[heads[p]]:
                count += 1
                if first < 0 or cost[links[p]] < cost[links[first]]:
                    first = p
        if count < 2:
            continue
        up[v] = first
        inside[v] = True
        gain = -cost[links[first]]
        logged = 0
        for p in range(starts[v], starts[v + 1]):
            w = heads[p]
            if p == first or w == v or not inside[w] or logged > 3 * n:
                continue
            stamp += 1
            a = v
            mark[a] = stamp
            while up[a] >= 0:
                a = heads[up[a]]
                mark[a] = stamp
            dearest, cut, below = -1.0, -1, False
            a = w
            while mark[a] != stamp:
                if cost[links[up[a]]] > dearest:
                    dearest, cut, below = cost[links[up[a]]], a, False
                a = heads[up[a]]
            meet = a
            a = v
            while a != meet:
                if cost[links[up[a]]] > dearest:
                    dearest, cut, below = cost[links[up[a]]], a, True
                a = heads[up[a]]
            if dearest <= cost[links[p]]:
                continue
            gain += dearest - cost[links[p]]
            a, new = (v, p) if below else (w, twin[p])
            while True:
                old = up[a]
                log[logged, 0], log[logged, 1] = a, old
                logged += 1
                up[a] = new
                if a == cut:
                    break
                a, new = heads[old], twin[old]
        if gain > 0:
            saved += gain
            continue
        for k in range(logged - 1, -1, -1):
            up[log[k, 0]] = log[k, 1]
        inside[v] = False
        up[v] = -1
    if saved > 0:
        tree[:] = False
        for v in range(n):
            if up[v] >= 0:
                tree[links[up[v]]] = True
    return saved


@njit
def eliminate_vertices(
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
    Take branchings out of the tree and join its parts anew where cheaper; return what was saved.

    All parts but the largest look for their neighbours; the cheapest tree over the connections
    found replaces the key paths of the branching. `order` gives the nodes tried; `tree` changes.
    """
    n = starts.size - 1
    degree = np.zeros(n, dtype=np.int64)
    for e in range(tree.size):
        if tree[e]:
            degree[ends[e, 0]] += 1
            degree[ends[e, 1]] += 1
    most = 10
    path = np.empty(n, dtype=np.int64)
    mark = np.full(n, -1, dtype=np.int64)
    after = np.full(n, -1, dtype=np.int64)
    base = np.full(n, -1, dtype=np.int64)
    settled = np.full(n, -1, dtype=np.int64)
    dist = np.full(n, np.inf)
    before = np.full(n, -1, dtype=np.int64)
    heap = np.empty(n, dtype=np.int64)
    place = np.full(n, -1, dtype=np.int64)
    touched = np.empty(n, dtype=np.int64)
    tips = np.empty(most, dtype=np.int64)
    cursor = np.empty(most, dtype=np.int64)
    last = np.empty(most, dtype=np.int64)
    finished = np.empty(most, dtype=np.bool_)
    joined = np.empty(most, dtype=np.bool_)
    best = np.empty((most, most))
    by = np.empty((most, most, 2), dtype=np.int64)
    pick = np.empty((most, 2), dtype=np.int64)
    stamp = 0
    saved = 0.0
    for centre in order:
        if is_terminal[centre] or degree[centre] < 3 or degree[centre] > most:
            continue
        length, k, total = 0, 0, 0.0
        for p in range(starts[centre], starts[centre + 1]):
            if not tree[links[p]]:
                continue
            e, v = links[p], heads[p]
            path[length] = e
            length += 1
            total += cost[e]
            while not is_terminal[v] and degree[v] == 2:
                q = _other_tree_arc(starts, links, tree, v, e)
                e, v = links[q], heads[q]
                path[length] = e
                length += 1
                total += cost[e]
            tips[k] = v
            k += 1
        for j in range(length):
            e = path[j]
            tree[e] = False
            degree[ends[e, 0]] -= 1
            degree[ends[e, 1]] -= 1
        # the parts are walked in turn until all but one are complete
        for c in range(k):
            cursor[c] = last[c] = tips[c]
            after[tips[c]] = -1
            mark[tips[c]] = stamp + c
            finished[c] = False
        unfinished = k
        while unfinished > 1:
            for c in range(k):
                if finished[c] or unfinished == 1:
                    continue
                v = cursor[c]
                if v < 0:
                    finished[c] = True
                    unfinished -= 1
                    continue
                for p in range(starts[v], starts[v + 1]):
                    w = heads[p]
                    if tree[links[p]] and mark[w] != stamp + c:
                        mark[w] = stamp + c
                        after[w] = -1
                        after[last[c]] = w
                        last[c] = w
                cursor[c] = after[v]
        large = 0
        count = heaped = 0
        for c in range(k):
            for d in range(k):
                best[c, d] = np.inf
            if not finished[c]:
                large = c
                continue
            v = tips[c]
            while v >= 0:
                dist[v] = 0.0
                base[v] = c
                before[v] = -1
                touched[count] = v
                count += 1
                heaped = _push(heap, place, dist, heaped, v)
                v = after[v]
        limit = total * (1.0 - 1e-12)
        while heaped > 0:
            v = _pop(heap, place, dist, heaped)
            heaped -= 1
            if dist[v] >= limit:
                break
            settled[v] = stamp
            b = base[v]
            for p in range(starts[v], starts[v + 1]):
                w = heads[p]
                reached = dist[v] + cost[links[p]]
                own = mark[w] - stamp
                if (degree[w] > 0 or is_terminal[w]) and (own < 0 or own >= k or own == large):
                    if reached < best[b, large]:
                        best[b, large] = best[large, b] = reached
                        by[b, large, 0] = by[large, b, 0] = p
                        by[b, large, 1] = by[large, b, 1] = v
                    continue
                if settled[w] == stamp and dist[w] < np.inf:
                    o = base[w]
                    if o != b and reached + dist[w] < best[b, o]:
                        best[b, o] = best[o, b] = reached + dist[w]
                        by[b, o, 0] = by[o, b, 0] = p
                        by[b, o, 1] = by[o, b, 1] = v
                elif reached < dist[w] and reached < limit:
                    if dist[w] == np.inf:
                        touched[count] = w
                        count += 1
                    dist[w] = reached
                    base[w] = b
                    before[w] = p
                    heaped = _push(heap, place, dist, heaped, w)
        for c in range(k):
            joined[c] = c == large
        found = 0.0
        for step in range(k - 1):
            least = np.inf
            for c in range(k):
                for d in range(k):
                    if joined[c] and not joined[d] and best[c, d] < least:
                        least = best[c, d]
                        pick[step, 0], pick[step, 1] = c, d
            found += least
            if found >= limit:
                break
            joined[pick[step, 1]] = True
        if found < limit:
            new = 0.0
            for step in range(k - 1):
                c, d = pick[step]
                p, v = by[c, d]
                e = links[p]
                for side in range(3):
                    if side > 0:
                        v = by[c, d, 1] if side == 1 else heads[p]
                        if dist[v] == np.inf or settled[v] != stamp:
                            continue
                    while True:
                        if side > 0:
                            if before[v] < 0:
                                break
                            e = links[before[v]]
                            v = ends[e, 0] if ends[e, 1] == v else ends[e, 1]
                        if not tree[e]:
                            tree[e] = True
                            new += cost[e]
                            degree[ends[e, 0]] += 1
                            degree[ends[e, 1]] += 1
                        if side == 0:
                            break
            saved += total - new
        else:
            for j in range(length):
                e = path[j]
                tree[e] = True
                degree[ends[e, 0]] += 1
                degree[ends[e, 1]] += 1
        for j in range(count):
            dist[touched[j]] = np.inf
            place[touched[j]] = -1
        stamp += k
    return saved


@njit
def nearest_terminals(
    starts: Ints, heads: Ints, links: Ints, cost: Floats, is_terminal: Flags, most: int
) -> tuple[Ints, Floats]:
    """Return the nearest terminals of each node and how far they are, shape (nodes, most)."""
    n = starts.size - 1
    near = np.full(n * most, -1, dtype=np.int64)
    far = np.full(n * most, np.inf)
    settled = np.zeros(n * most, dtype=np.bool_)
    heap = np.empty(n * most, dtype=np.int64)
    place = np.full(n * most, -1, dtype=np.int64)
    size = 0
    for v in range(n):
        if is_terminal[v]:
            near[v * most] = v
            far[v * most] = 0.0
            size = _push(heap, place, far, size, v * most)
    while size > 0:
        label = _pop(heap, place, far, size)
        size -= 1
        settled[label] = True
        v, t, reached = label // most, near[label], far[label]
        for p in range(starts[v], starts[v + 1]):
            w = heads[p]
            d = reached + cost[links[p]]
            slot, worst = -1, -1.0
            for j in range(w * most, w * most + most):
                if near[j] == t:
                    slot = j if not settled[j] and d < far[j] else -1
                    break
                if not settled[j] and far[j] > d and far[j] > worst:
                    slot, worst = j, far[j]
            if slot >= 0:
                near[slot] = t
                far[slot] = d
                size = _push(heap, place, far, size, slot)
    for v in range(n):
        begin = v * most
        for j in range(1, most):  # by distance, ties by terminal
            k = begin + j
            while k > begin and (
                far[k] < far[k - 1] or (far[k] == far[k - 1] and near[k] < near[k - 1])
            ):
                far[k], far[k - 1] = far[k - 1], far[k]
                near[k], near[k - 1] = near[k - 1], near[k]
                k -= 1
    return near.reshape(n, most), far.reshape(n, most)


@njit
def terminal_links(
    ends: Ints, cost: Floats, near: Ints, far: Floats, count: int
) -> tuple[Ints, Floats]:
    """
    Return the forest that merges terminals by the cheapest ways between them.

    Each node has the node above it and the way by which the two parts were merged; the dearest step
    of the cheapest tree between two terminals is the greatest value on their ways to a common node.
    """
    m = cost.size
    above = np.arange(count)
    step = np.full(count, np.inf)
    size = np.ones(count, dtype=np.int64)
    way = np.full(m, np.inf)
    for e in range(m):
        u, v = ends[e]
        if near[u, 0] >= 0 and near[v, 0] >= 0 and near[u, 0] != near[v, 0]:
            way[e] = far[u, 0] + cost[e] + far[v, 0]
    for e in np.argsort(way, kind="mergesort"):
        if way[e] == np.inf:
            break
        u, v = near[ends[e, 0], 0], near[ends[e, 1], 0]
        while above[u] != u:
            u = above[u]
        while above[v] != v:
            v = above[v]
        if u == v:
            continue
        if size[u] > size[v]:
            u, v = v, u
        above[u] = v
        step[u] = way[e]
        size[v] += size[u]
    return above, step


@njit
def _dearest_step(above: Ints, step: Floats, a: int, b: int) -> float:
    """Return the dearest step between two terminals."""
    dearest = 0.0
    while a != b:
        if step[a] <= step[b]:
            dearest = step[a]
            if above[a] == a:
                return np.inf
            a = above[a]
        else:
            dearest = step[b]
            b = above[b]
    return dearest


@njit
def _over_terminals(
    near: Ints, far: Floats, above: Ints, step: Floats, u: int, v: int, limit: float
) -> float:
    """Return the longest stretch without a terminal on the best way found from u to v."""
    least = limit
    for i in range(near.shape[1]):
        if far[u, i] >= least:
            break
        for j in range(near.shape[1]):
            if far[v, j] >= least:
                break
            a, b = near[u, i], near[v, j]
            stretch = max(far[u, i], far[v, j])
            if a != b:
                stretch = max(stretch, _dearest_step(above, step, a, b))
            least = min(least, stretch)
    return least


@njit
def dearer_edges(
    starts: Ints,
    heads: Ints,
    links: Ints,
    cost: Floats,
    ends: Ints,
    near: Ints,
    far: Floats,
    above: Ints,
    step: Floats,
    most: int,
) -> Flags:
    """
    Return the edges that a tree can do without.

    An edge is dearer than the longest stretch between terminals on another way, or not cheaper than
    another path; `most` nodes are looked at for the latter.
    """
    n, m = starts.size - 1, cost.size
    needless = np.zeros(m, dtype=np.bool_)
    for e in range(m):
        u, v = ends[e]
        if _over_terminals(near, far, above, step, u, v, cost[e]) < cost[e]:
            needless[e] = True
    dist = np.full(n, np.inf)
    heap = np.empty(n, dtype=np.int64)
    place = np.full(n, -1, dtype=np.int64)
    touched = np.empty(n, dtype=np.int64)
    for e in np.argsort(-cost, kind="mergesort"):
        if needless[e]:
            continue
        u, target = ends[e]
        count, looked = 1, 0
        dist[u] = 0.0
        touched[0] = u
        size = _push(heap, place, dist, 0, u)
        while size > 0 and looked < most:
            v = _pop(heap, place, dist, size)
            size -= 1
            looked += 1
            if v == target:
                needless[e] = True
                break
            for p in range(starts[v], starts[v + 1]):
                if needless[links[p]] or links[p] == e:
                    continue
                w = heads[p]
                reached = dist[v] + cost[links[p]]
                if reached < dist[w] and reached <= cost[e]:
                    if dist[w] == np.inf:
                        touched[count] = w
                        count += 1
                    dist[w] = reached
                    size = _push(heap, place, dist, size, w)
        for k in range(count):
            dist[touched[k]] = np.inf
            place[touched[k]] = -1
    return needless


@njit
def _spanning_cost(table: Floats, members: int) -> float:
    """Return the cost of the cheapest tree over the points whose bits are set."""
    k = table.shape[0]
    key = np.full(k, np.inf)
    for c in range(k):
        if members >> c & 1:
            key[c] = 0.0
            break
    total = 0.0
    left = members
    while left:
        b = -1
        for c in range(k):
            if left >> c & 1 and (b < 0 or key[c] < key[b]):
                b = c
        total += key[b]
        left ^= 1 << b
        for c in range(k):
            key[c] = min(key[c], table[b, c])
    return total


@njit
def passing_nodes(
    starts: Ints,
    heads: Ints,
    links: Ints,
    cost: Floats,
    is_terminal: Flags,
    near: Ints,
    far: Floats,
    above: Ints,
    step: Floats,
    only_passed: Flags,
) -> tuple[Flags, Ints, Ints]:
    """
    Find nodes of degree three and four at which no best tree branches, no two of them neighbours.

    Returned are those nodes and, flat, the pairs of edges that pass each of them and may be worth
    it. A node is found by the ways between its neighbours, or given by `only_passed`.
    """
    n = starts.size - 1
    passed = np.zeros(n, dtype=np.bool_)
    blocked = np.zeros(n, dtype=np.bool_)
    first = np.empty(12 * n, dtype=np.int64)
    second = np.empty(12 * n, dtype=np.int64)
    filled = 0
    table = np.zeros((4, 4))
    for v in range(n):
        k = starts[v + 1] - starts[v]
        if is_terminal[v] or blocked[v] or k < 3 or k > 4:
            continue
        begin = starts[v]
        total = 0.0
        for i in range(k):
            total += cost[links[begin + i]]
        local = table[:k, :k]
        for i in range(k):
            for j in range(i):
                u, w = heads[begin + i], heads[begin + j]
                local[i, j] = local[j, i] = _over_terminals(near, far, above, step, u, w, total)
                # a direct edge is a way as well
                shorter = u if starts[u + 1] - starts[u] < starts[w + 1] - starts[w] else w
                other = u + w - shorter
                for p in range(starts[shorter], starts[shorter + 1]):
                    if heads[p] == other and cost[links[p]] < local[i, j]:
                        local[i, j] = local[j, i] = cost[links[p]]
        good = True
        if not only_passed[v]:
            for members in range(1 << k):
                inside, spokes = 0, 0.0
                for i in range(k):
                    if members >> i & 1:
                        inside += 1
                        spokes += cost[links[begin + i]]
                if inside >= 3 and _spanning_cost(local, members) >= spokes:
                    good = False
                    break
        if not good:
            continue
        passed[v] = True
        for i in range(k):
            blocked[heads[begin + i]] = True
            for j in range(i):
                if local[i, j] >= cost[links[begin + i]] + cost[links[begin + j]]:
                    first[filled], second[filled] = links[begin + i], links[begin + j]
                    filled += 1
    return passed, first[:filled], second[:filled]


@njit
def sure_edges(
    starts: Ints,
    heads: Ints,
    links: Ints,
    cost: Floats,
    is_terminal: Flags,
    near: Ints,
    far: Floats,
) -> Ints:
    """
    Return edges that some best tree has, no two of them touching.

    The cheapest edge of a terminal is one if going over it to the next terminal costs no more than
    the terminal's second edge alone.
    """
    n = starts.size - 1
    blocked = np.zeros(n, dtype=np.bool_)
    found = np.empty(n, dtype=np.int64)
    count = 0
    for t in range(n):
        if not is_terminal[t] or blocked[t] or starts[t + 1] - starts[t] < 2:
            continue
        first, second = -1, np.inf
        for p in range(starts[t], starts[t + 1]):
            if first < 0 or cost[links[p]] < cost[links[first]]:
                if first >= 0:
                    second = cost[links[first]]
                first = p
            else:
                second = min(second, cost[links[p]])
        v = heads[first]
        if blocked[v]:
            continue
        onward = np.inf
        for j in range(near.shape[1]):
            if near[v, j] >= 0 and near[v, j] != t:
                onward = far[v, j]
                break
        if cost[links[first]] + onward <= second:
            found[count] = links[first]
            count += 1
            blocked[t] = blocked[v] = True
    return found[:count]
