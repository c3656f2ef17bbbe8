"""Compiled loops of cuts: the least cut between a root and a node where arcs have shares."""

# ruff: noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.jit import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NARROWEST = 1e-9  # shares and costs up to that are none
WIDEST, NARROWER = 0.2, 0.02  # ways of that share are sought first, then of this part of it


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
    onward = np.empty(n, dtype=np.int64)  # arc by which a node reaches the sink
    queue = np.empty(n, dtype=np.int64)
    for sink in sinks:
        if sink == root:
            continue
        raised = share.copy()
        for k in range(count):
            room[k] = share[k]
        flow = 0.0
        for _ in range(most):
            wide = WIDEST
            # sought from the sink: few nodes have a share in what flows there, most are reached
            # from the root. Which way a greatest flow takes does not change the cuts next to its
            # ends. Wide ways come first: shares that a solver leaves are full of narrow ones
            while True:
                onward[:] = -1
                onward[sink] = -2
                queue[0] = sink
                at, filled = 0, 1
                while at < filled and onward[root] == -1:
                    v = queue[at]
                    at += 1
                    for p in range(starts[v], starts[v + 1]):
                        k = arcs[p] ^ 1
                        w = tails[k]
                        if onward[w] == -1 and room[k] > wide:
                            onward[w] = k
                            queue[filled] = w
                            filled += 1
                if onward[root] == -1:
                    if wide <= NARROWEST:
                        break
                    wide = max(wide * NARROWER, NARROWEST)
                    continue
                least, v = 2.0, root
                while v != sink:
                    least = min(least, room[onward[v]])
                    v = heads[onward[v]]
                v = root
                while v != sink:
                    room[onward[v]] -= least
                    room[onward[v] ^ 1] += least
                    v = heads[onward[v]]
                flow += least
                if flow >= 1.0 - slack:
                    break
            if flow >= 1.0 - slack:
                break
            reached = np.zeros(n, dtype=np.bool_)
            reached[root] = True
            queue[0] = root
            at, filled = 0, 1
            while at < filled:
                v = queue[at]
                at += 1
                for p in range(starts[v], starts[v + 1]):
                    k = arcs[p]
                    w = heads[k]
                    if not reached[w] and room[k] > NARROWEST:
                        reached[w] = True
                        queue[filled] = w
                        filled += 1
            for which in range(2):
                same = True
                first = size
                for k in range(count):
                    if which == 0:
                        inside = onward[heads[k]] != -1 and onward[tails[k]] == -1
                    else:
                        inside = reached[tails[k]] and not reached[heads[k]]
                        if inside and (onward[heads[k]] == -1 or onward[tails[k]] != -1):
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
                    k = found[p]
                    room[k] += 1.0 - raised[k]  # what flows already goes on flowing
                    raised[k] = 1.0
    return found[:size], begins[: cuts + 1]


@njit
def ascent_cuts(
    starts: Ints, arcs: Ints, tails: Ints, room: Floats, root: int, sinks: Ints
) -> tuple[Ints, Ints]:
    """
    Return the cuts that a dual ascent raises, one after the other, and where each begins.

    Sinks take turns; each raises the cut around all that reaches it over arcs that are used up,
    until an arc of the cut is. `room` tells what arcs cost, and changes.
    """
    n = starts.size - 1
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
                    if not near[w] and room[k] <= NARROWEST:
                        near[w] = True
                        queue[filled] = w
                        filled += 1
            if near[root]:
                active[s] = False
                continue
            going = True
            least, first = np.inf, size
            for at in range(filled):
                v = queue[at]
                for p in range(starts[v], starts[v + 1]):
                    k = arcs[p] ^ 1
                    if near[tails[k]]:
                        continue
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
