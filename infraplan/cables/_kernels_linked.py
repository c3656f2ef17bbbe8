"""Compiled loops of cuts: the least cut between a root and a node where arcs have shares."""

# ruff: noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.jit import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@njit
def violated_cuts(
    starts: Ints,
    arcs: Ints,
    tails: Ints,
    heads: Ints,
    share: Floats,
    root: int,
    sinks: Ints,
    most: int,
    slack: float,
) -> tuple[Ints, Ints]:
    """
    Return sets of arcs into nodes that a root does not reach with a flow of one.

    Arc k goes from `tails[k]` to `heads[k]`, its opposite is k ^ 1; `arcs[starts[v]:starts[v + 1]]`
    are those that leave v. The cuts are joined one after the other; the second array tells where
    each begins and the last ends. Arcs of a cut that was found carry one afterwards, so that cuts
    of a sink differ; at most `most` are sought for each.
    """
    n, count = starts.size - 1, tails.size
    found = np.empty(1024, dtype=np.int64)
    begins = np.zeros(most * 2 * sinks.size + 1, dtype=np.int64)
    cuts, size = 0, 0
    room = np.empty(count)
    by = np.empty(n, dtype=np.int64)
    queue = np.empty(n, dtype=np.int64)
    for sink in sinks:
        if sink == root:
            continue
        raised = share.copy()
        for _ in range(most):
            for k in range(count):
                room[k] = raised[k]
            flow = 0.0
            while True:
                by[:] = -1
                by[root] = -2
                queue[0] = root
                at, filled = 0, 1
                while at < filled and by[sink] == -1:
                    v = queue[at]
                    at += 1
                    for p in range(starts[v], starts[v + 1]):
                        k = arcs[p]
                        w = heads[k]
                        if by[w] == -1 and room[k] > 1e-9:
                            by[w] = k
                            queue[filled] = w
                            filled += 1
                if by[sink] == -1:
                    break
                least, v = 2.0, sink
                while v != root:
                    least = min(least, room[by[v]])
                    v = tails[by[v]]
                v = sink
                while v != root:
                    room[by[v]] -= least
                    room[by[v] ^ 1] += least
                    v = tails[by[v]]
                flow += least
                if flow >= 1.0 - slack:
                    break
            if flow >= 1.0 - slack:
                break
            # nodes that still reach the sink: the cut nearest to it
            near = np.zeros(n, dtype=np.bool_)
            near[sink] = True
            queue[0] = sink
            at, filled = 0, 1
            while at < filled:
                v = queue[at]
                at += 1
                for p in range(starts[v], starts[v + 1]):
                    k = arcs[p] ^ 1
                    w = tails[k]
                    if not near[w] and room[k] > 1e-9:
                        near[w] = True
                        queue[filled] = w
                        filled += 1
            for which in range(2):
                same = True
                first = size
                for k in range(count):
                    if which == 0:
                        inside = near[heads[k]] and not near[tails[k]]
                    else:
                        inside = by[heads[k]] == -1 and by[tails[k]] != -1
                        if inside and not (near[heads[k]] and not near[tails[k]]):
                            same = False
                    if inside:
                        if size == found.size:
                            longer = np.empty(2 * size, dtype=np.int64)
                            longer[:size] = found
                            found = longer
                        found[size] = k
                        size += 1
                if which == 1 and same:
                    size = first
                    continue
                cuts += 1
                begins[cuts] = size
                for p in range(first, size):
                    raised[found[p]] = 1.0
    return found[:size], begins[: cuts + 1]


@njit
def ascent_cuts(
    starts: Ints, arcs: Ints, tails: Ints, heads: Ints, room: Floats, root: int, sinks: Ints
) -> tuple[Ints, Ints]:
    """
    Return the cuts that a dual ascent raises, one after the other, and where each begins.

    Sinks take turns; each raises the cut around all that reaches it over arcs that are used up,
    until an arc of the cut is. `room` tells what arcs cost, and changes.
    """
    n, count = starts.size - 1, tails.size
    found = np.empty(4096, dtype=np.int64)
    begins = np.zeros(4096, dtype=np.int64)
    cuts, size = 0, 0
    queue = np.empty(n, dtype=np.int64)
    active = np.ones(sinks.size, dtype=np.bool_)
    going = True
    while going:
        going = False
        for s in range(sinks.size):
            if not active[s]:
                continue
            near = np.zeros(n, dtype=np.bool_)
            near[sinks[s]] = True
            queue[0] = sinks[s]
            at, filled = 0, 1
            while at < filled and not near[root]:
                v = queue[at]
                at += 1
                for p in range(starts[v], starts[v + 1]):
                    k = arcs[p] ^ 1
                    w = tails[k]
                    if not near[w] and room[k] <= 1e-9:
                        near[w] = True
                        queue[filled] = w
                        filled += 1
            if near[root]:
                active[s] = False
                continue
            going = True
            least, first = np.inf, size
            for k in range(count):
                if near[heads[k]] and not near[tails[k]]:
                    least = min(least, room[k])
                    if size == found.size:
                        longer = np.empty(2 * size, dtype=np.int64)
                        longer[:size] = found
                        found = longer
                    found[size] = k
                    size += 1
            if size == first:
                active[s] = False
                continue
            for p in range(first, size):
                room[found[p]] -= least
            cuts += 1
            if cuts == begins.size:
                longer = np.empty(2 * cuts, dtype=np.int64)
                longer[:cuts] = begins
                begins = longer
            begins[cuts] = size
    return found[:size], begins[: cuts + 1]
