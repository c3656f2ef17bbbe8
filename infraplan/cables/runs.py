"""
The ways of new cables through trenches, their lengths, and the least that these can be.

A cable goes from the riser at which its aerial forerunner comes in to the one at which it leaves,
along the forest of trenches. Where both are one riser, it replaces its forerunner metre by metre.
"""

from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["least_ways_m", "run_paths", "ways_m"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Pairs = Sequence[tuple[int, int]]


def run_paths(edges: Ints, ends: Ints, run_nodes: Pairs) -> tuple[tuple[int, ...], ...]:
    """
    Return the edges that each run of cable takes through a forest, in order.

    Parameters
    ----------
    edges
        Edges of the forest.
    ends
        Pairs of nodes of all edges, shape (m, 2).
    run_nodes
        The two nodes of each run.

    Returns
    -------
    paths
        Edges by run, none where both nodes are one or the forest does not join them.
    """
    around: dict[int, list[tuple[int, int]]] = {}
    for edge, (u, v) in zip(edges.tolist(), ends[edges].tolist(), strict=True):
        around.setdefault(u, []).append((v, edge))
        around.setdefault(v, []).append((u, edge))
    above: dict[int, tuple[int, int]] = {}
    depth: dict[int, int] = {}
    for root in sorted(around):
        if root in depth:
            continue
        depth[root] = 0
        ahead = [root]
        while ahead:
            v = ahead.pop()
            for w, edge in around[v]:
                if w not in depth:
                    depth[w] = depth[v] + 1
                    above[w] = (v, edge)
                    ahead.append(w)
    return tuple(tuple(_path(a, b, above, depth)) for a, b in run_nodes)


def _path(
    a: int, b: int, above: Mapping[int, tuple[int, int]], depth: Mapping[int, int]
) -> list[int]:
    """Return the edges between two nodes of a forest, none where it does not join them."""
    front: list[int] = []
    back: list[int] = []
    while a != b:
        if a not in depth or b not in depth or (depth[a] == 0 and depth[b] == 0):
            return []
        if depth[a] >= depth[b]:
            a, edge = above[a]
            front.append(edge)
        else:
            b, edge = above[b]
            back.append(edge)
    return front + back[::-1]


def ways_m(
    paths: Sequence[Sequence[int]],
    run_metres: Sequence[Sequence[tuple[int, float]]],
    metres: Floats,
    unit: Ints,
) -> list[dict[int, float]]:
    """
    Return the length of each run of new cable by street.

    Parameters
    ----------
    paths
        Edges that each run takes.
    run_metres
        Metres of the aerial cable of each run by street, taken where a run takes no edge.
    metres
        Length of each edge [m].
    unit
        Street that each edge is billed to.

    Returns
    -------
    by_unit
        Metres by street, one entry a run, of one cable and without slack.
    """
    out: list[dict[int, float]] = []
    for path, own in zip(paths, run_metres, strict=True):
        found: dict[int, float] = {} if path else dict(own)
        for edge in path:
            place = int(unit[edge])
            found[place] = found.get(place, 0.0) + float(metres[edge])
        out.append(found)
    return out


def least_ways_m(
    ends: Ints, metres: Floats, run_nodes: Pairs, run_metres: Sequence[Sequence[tuple[int, float]]]
) -> Floats:
    """
    Return the shortest way of each run through a graph, which no forest in it undercuts.

    Parameters
    ----------
    ends
        Pairs of nodes of the edges that may be dug, shape (m, 2).
    metres
        Length of each of them [m].
    run_nodes
        The two nodes of each run.
    run_metres
        Metres of the aerial cable of each run by street, taken where both nodes are one.

    Returns
    -------
    least_m
        Metres of one cable of each run, without slack; 0 where no way is known.
    """
    from infraplan.cables._kernels import neighbours
    from infraplan.cables._kernels_works import distances

    least_m = np.zeros(len(run_nodes))
    apart = [k for k, (a, b) in enumerate(run_nodes) if a != b]
    for k in set(range(len(run_nodes))) - set(apart):
        least_m[k] = sum(length_m for _, length_m in run_metres[k])
    if not apart or not len(ends):
        return least_m
    count = max(int(ends.max()), *(node for pair in run_nodes for node in pair)) + 1
    starts, heads, links, _ = neighbours(ends, count)
    origins, row = np.unique([run_nodes[k][0] for k in apart], return_inverse=True)
    far = distances((starts, heads, links), np.maximum(metres, 1e-9), origins)
    found = far[row, [run_nodes[k][1] for k in apart]]
    least_m[apart] = np.where(np.isfinite(found), found, 0.0)
    return least_m
