"""
Compiled loops of disjoint pairs and of networks without a single point of failure.

A graph is given by rows, as in `_kernels`: the neighbours of node v are
`heads[starts[v]:starts[v + 1]]`, reached over the edges `links[...]` of the same places.
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


@njit
def distances(
    starts: Ints, heads: Ints, links: Ints, cost: Floats, barred: Flags, source: int, target: int
) -> tuple[Floats, Ints]:
    """
    Return how far nodes are from a source, and the edge over which each is reached, -1 for none.

    Barred edges are not used. Where the target is not -1 the search ends there: what is farther
    has no or too high a distance.
    """
    n = starts.size - 1
    far = np.full(n, np.inf)
    before = np.full(n, -1, dtype=np.int64)
    heap = np.empty(n + 1, dtype=np.int64)
    place = np.full(n, -1, dtype=np.int64)
    far[source] = 0.0
    size = _push(heap, place, far, 0, source)
    while size > 0:
        v = _pop(heap, place, far, size)
        size -= 1
        if v == target:
            break
        for p in range(starts[v], starts[v + 1]):
            e = links[p]
            if barred[e]:
                continue
            w = heads[p]
            new = far[v] + cost[e]
            if new < far[w]:
                far[w] = new
                before[w] = e
                size = _push(heap, place, far, size, w)
    return far, before


@njit
def cheapest_pair(
    starts: Ints,
    heads: Ints,
    links: Ints,
    edges: Ints,
    cost: Floats,
    source: int,
    target: int,
    edge_room: Ints,
    node_room: Ints,
) -> tuple[int, Ints, Floats, Floats]:
    """
    Return how many of two paths there are, and the flow of the cheapest on each edge.

    The prices of each node's exit and entrance come with it: over an edge that a better flow uses
    they rise by its cost at most.

    An edge carries at most `edge_room` paths (0 to 2) and a node between the ends `node_room`
    (1 or 2). Flow is positive from the first node of an edge to the second. The second search runs
    over the nodes v and, where the first path fills a node, its entrance n + v.
    """
    n = starts.size - 1
    flow = np.zeros(edges.shape[0], dtype=np.int64)
    far, before = distances(starts, heads, links, cost, edge_room == 0, source, target)
    reach = far[target]
    if not np.isfinite(reach):
        return 0, flow, far, far
    entered = np.full(n, -1, dtype=np.int64)  # edge by which the first path enters a filled node
    v = target
    while v != source:
        e = before[v]
        u = edges[e, 0] + edges[e, 1] - v
        flow[e] = 1 if edges[e, 0] == u else -1
        if v != target and node_room[v] < 2:
            entered[v] = e
        v = u
    for v in range(n):
        far[v] = min(far[v], reach)
    key = np.full(2 * n, np.inf)
    back = np.full(2 * n, -1, dtype=np.int64)
    over = np.full(2 * n, -1, dtype=np.int64)
    heap = np.empty(2 * n + 1, dtype=np.int64)
    place = np.full(2 * n, -1, dtype=np.int64)
    key[source] = 0.0
    size = _push(heap, place, key, 0, source)
    while size > 0:
        x = _pop(heap, place, key, size)
        size -= 1
        if x == target:
            break
        if x >= n:  # an entrance lets only what the first path brought back out
            e = entered[x - n]
            w = edges[e, 0] + edges[e, 1] - (x - n)
            if key[x] < key[w]:
                key[w], back[w], over[w] = key[x], x, e
                size = _push(heap, place, key, size, w)
            continue
        filled = entered[x] >= 0
        if filled and key[x] < key[n + x]:
            key[n + x], back[n + x], over[n + x] = key[x], x, -1
            size = _push(heap, place, key, size, n + x)
        for p in range(starts[x], starts[x + 1]):
            e, w = links[p], heads[p]
            if w == x or edge_room[e] == 0:
                continue
            along = flow[e] if edges[e, 0] == x else -flow[e]
            if along < 0:
                if filled:
                    continue
                step, y = 0.0, w
            else:
                if along >= edge_room[e]:
                    continue
                step = max(far[x] + cost[e] - far[w], 0.0)
                y = n + w if entered[w] >= 0 else w
            new = key[x] + step
            if new < key[y]:
                key[y], back[y], over[y] = new, x, e
                size = _push(heap, place, key, size, y)
    if not np.isfinite(key[target]):
        return 1, flow, far, far
    x = target
    while x != source:
        e = over[x]
        if e >= 0:
            u = back[x] if back[x] < n else back[x] - n
            flow[e] += 1 if edges[e, 0] == u else -1
        x = back[x]
    leave, enter = np.empty(n), np.empty(n)
    for v in range(n):
        leave[v] = far[v] + min(key[v], key[target])
        enter[v] = far[v] + min(key[n + v], key[target]) if entered[v] >= 0 else leave[v]
    return 2, flow, leave, enter


@njit
def lowlinks(
    starts: Ints, heads: Ints, links: Ints, is_there: Flags, root: int, low: Ints, seen: Ints
) -> tuple[Ints, Ints]:
    """
    Walk a part of a graph in depth: its nodes in the order met, and the edge by which each was.

    `seen` gets the place in that order and `low` the lowest place that a node's subtree reaches
    by one edge beyond the tree; both are -1 where nobody has been.
    """
    n = starts.size - 1
    order = np.empty(n, dtype=np.int64)
    by = np.full(n, -1, dtype=np.int64)
    above = np.full(n, -1, dtype=np.int64)
    following = starts[:-1].copy()
    order[0] = root
    seen[root] = low[root] = 0
    count = 1
    v = root
    while v >= 0:
        p = following[v]
        if p < starts[v + 1]:
            following[v] += 1
            e, w = links[p], heads[p]
            if e == by[v] or not is_there[e]:
                continue
            if seen[w] < 0:
                by[w], above[w] = e, v
                seen[w] = low[w] = count
                order[count] = w
                count += 1
                v = w
            elif seen[w] < low[v]:
                low[v] = seen[w]
            continue
        u = above[v]
        if u >= 0 and low[v] < low[u]:
            low[u] = low[v]
        v = u
    return order[:count], by


@njit
def necks(
    starts: Ints, heads: Ints, links: Ints, edges: Ints, is_there: Flags, source: int, target: int
) -> tuple[Ints, Ints]:
    """Return the edges and the nodes that every path uses, each in order from the source."""
    n = starts.size - 1
    low = np.full(n, -1, dtype=np.int64)
    seen = np.full(n, -1, dtype=np.int64)
    _, by = lowlinks(starts, heads, links, is_there, source, low, seen)
    bridges = np.empty(n, dtype=np.int64)
    cuts = np.empty(n, dtype=np.int64)
    b = c = 0
    v = target
    while seen[target] >= 0 and v != source:
        e = by[v]
        u = edges[e, 0] + edges[e, 1] - v
        if low[v] > seen[u]:
            bridges[b] = e
            b += 1
        if u != source and low[v] >= seen[u]:
            cuts[c] = u
            c += 1
        v = u
    return bridges[:b][::-1].copy(), cuts[:c][::-1].copy()


@njit
def units_between(
    starts: Ints,
    heads: Ints,
    links: Ints,
    edges: Ints,
    room: Floats,
    node_room: Floats,
    source: int,
    target: int,
    most: float,
) -> tuple[float, Flags]:
    """
    Return how much flow fits between two nodes, `most` at most, and which nodes lie before the cut.

    `room` is what an edge carries, `node_room` what a node between the ends does. The flags are
    those of entrances 0 to n - 1 and exits n to 2n - 1 that more flow could reach.
    """
    n = starts.size - 1
    flow = np.zeros(edges.shape[0])  # from the first node of an edge to the second
    inside = np.zeros(n)  # through each node, against what it carries
    reached = np.zeros(2 * n, dtype=np.bool_)
    back = np.empty(2 * n, dtype=np.int64)
    over = np.empty(2 * n, dtype=np.int64)
    queue = np.empty(2 * n, dtype=np.int64)
    total = 0.0
    least = 1e-9
    while True:
        reached[:] = False
        reached[n + source] = True
        queue[0] = n + source
        head, tail = 0, 1
        while head < tail and not reached[target]:
            x = queue[head]
            head += 1
            v = x if x < n else x - n
            if x < n:
                if node_room[v] - inside[v] > least and not reached[n + v]:
                    reached[n + v] = True
                    back[n + v], over[n + v] = x, -1
                    queue[tail] = n + v
                    tail += 1
            elif inside[v] > least and v != source and not reached[v]:
                reached[v] = True
                back[v], over[v] = x, -1
                queue[tail] = v
                tail += 1
            for p in range(starts[v], starts[v + 1]):
                e, w = links[p], heads[p]
                if w in (v, source):
                    continue
                along = flow[e] if edges[e, 0] == v else -flow[e]
                if x < n:  # at an entrance, flow that came in may be sent back to where it left
                    if along < -least and not reached[n + w]:
                        reached[n + w] = True
                        back[n + w], over[n + w] = x, e
                        queue[tail] = n + w
                        tail += 1
                elif max(along, 0.0) < room[e] - least and along > -least and not reached[w]:
                    reached[w] = True
                    back[w], over[w] = x, e
                    queue[tail] = w
                    tail += 1
        if not reached[target]:
            return total, reached
        push = most - total
        x = target
        while x != n + source:
            y, e = back[x], over[x]
            v = y if y < n else y - n
            if e < 0:
                push = min(push, node_room[v] - inside[v] if y < n else inside[v])
            else:
                along = flow[e] if edges[e, 0] == v else -flow[e]
                push = min(push, -along if y < n else room[e] - along)
            x = y
        x = target
        while x != n + source:
            y, e = back[x], over[x]
            v = y if y < n else y - n
            if e < 0:
                inside[v] += push if y < n else -push
            else:
                flow[e] += push if edges[e, 0] == v else -push
            x = y
        total += push
        if total > most - least:
            return total, reached
