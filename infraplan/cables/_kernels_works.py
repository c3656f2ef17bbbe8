"""Compiled loop of shared trenches: who passes each edge of a forest, and with how much cable."""

# ruff: noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

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
