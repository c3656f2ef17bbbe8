"""
What chambers cost, told edge by edge, so that the search for trenches and its bound count them.

A crossing has a chamber at both ends, a riser one beside it, a trench that ends at a house one
there; where streets meet and three trenches do, it is a manhole; no trench goes on for longer than
the spacing without one. Nodes beside existing chambers are left out, so nothing has to be taken off
the bound for them, and so are edges with free bores, where nothing may be dug.
"""

import itertools
from typing import TYPE_CHECKING
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from infraplan.cables.prices import PriceBook
    from infraplan.cables.trench import TrenchGraph

__all__ = ["ChamberCosts", "Extra", "chamber_costs", "extras_cost"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SURE_M = 0.01  # by which a trench is longer than the spacing without doubt
SURE_COSINE = 1e-6  # by which a bend is sharper than the rule without doubt


class Extra(NamedTuple):
    """
    A cost paid once if all edges of the first of any pair are dug, and none of the second.

    To dig an edge of a second one must cost as much as it saves: bounds take no edge for granted
    that leads nowhere.
    """

    cost: float
    when: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]


class ChamberCosts(NamedTuple):
    """What each edge costs more, what is paid anyway, and what depends on several edges."""

    more: Floats
    fixed: float
    extras: tuple[Extra, ...]


def chamber_costs(  # noqa: PLR0913 - a graph and what stands in it
    trench: "TrenchGraph",
    edges: Ints,
    least: Floats,
    terminals: Ints,
    risers: Ints,
    beside: tuple[Flags, Flags],
    *,
    prices: "PriceBook",
    thorough: bool = True,
) -> ChamberCosts:
    """
    Return what the chambers of any trenches cost at least.

    Parameters
    ----------
    trench
        Graph.
    edges
        Edges that may be dug; they hang together.
    least
        Least cost of each of them, shape (m,).
    terminals
        Nodes of the graph that must be joined, two at least.
    risers
        Those of them at which cable goes from air to ground.
    beside
        Which nodes of the graph, and which of its edges, are beside an existing chamber.
    prices
        Price book.
    thorough
        Whether to tell what depends on several edges.

    Returns
    -------
    costs
        For edges that are dug: none is below minus its least cost.
    """
    handhole = float(prices.price_vnd("chamber_handhole"))
    ends = trench.edges[edges]
    count = len(trench.nodes)
    is_crossing = trench.is_crossing[edges]
    is_new = trench.is_new[edges]
    at_riser = np.zeros(count, dtype=np.bool_)
    at_riser[risers] = True
    counted = ~beside[0]
    for node in ends[~is_new].ravel().tolist():
        counted[node] = False
    fixed = handhole * float((at_riser & counted)[np.unique(risers)].sum())
    crossings = np.bincount(ends[is_crossing].ravel(), minlength=count)
    degree = np.bincount(ends.ravel(), minlength=count)
    more = np.zeros(len(edges))
    with np.errstate(divide="ignore"):
        each = np.where(counted & ~at_riser, handhole / crossings, 0.0)
    more[is_crossing] = each[ends[is_crossing]].sum(axis=1)
    # a house between two pieces of trench: where one of them is not dug, the other ends there
    may_end = np.zeros(count, dtype=np.bool_)
    may_end[terminals] = True
    may_end &= counted & ~at_riser & (degree == 2) & (crossings == 0)
    share = np.full(count, handhole)
    for side in (0, 1):
        np.minimum.at(share, ends[:, side], least / 2)
    share = np.where(may_end, share, 0.0)
    more -= share[ends].sum(axis=1)
    fixed += 2 * float(share.sum())
    extras: tuple[Extra, ...] = ()
    if thorough:
        around: list[list[int]] = [[] for _ in range(count)]
        for edge, (u, v) in enumerate(ends.tolist()):
            around[u].append(edge)
            around[v].append(edge)
        extras = (
            *_manholes(trench, edges, around, counted, prices),
            *_corners(trench, edges, around, counted & ~at_riser, prices),
            *_spacing(
                trench, edges, is_new & ~beside[1][edges], around, counted & ~at_riser, prices
            ),
        )
    return ChamberCosts(more, fixed, extras)


def extras_cost(extras: tuple[Extra, ...], dug: Flags) -> float:
    """
    Return what depends on several edges.

    Parameters
    ----------
    extras
        Costs and when they are paid.
    dug
        Which edges are dug.

    Returns
    -------
    cost
        Their sum.
    """
    return sum(
        extra.cost
        for extra in extras
        if any(all(dug[e] for e in all_of) and not any(dug[e] for e in none_of)
               for all_of, none_of in extra.when)
    )  # fmt: skip


def _manholes(
    trench: "TrenchGraph", edges: Ints, around: list[list[int]], counted: Flags, prices: "PriceBook"
) -> list[Extra]:
    """Return what chambers cost more where three trenches of two streets meet."""
    more = float(prices.price_vnd("chamber_manhole") - prices.price_vnd("chamber_handhole"))
    street = trench.table["street"].to_numpy(dtype=np.int64)[edges]
    found = []
    for node, mine in enumerate(around):
        if len(mine) < 3 or not counted[node] or more <= 0:
            continue
        when = tuple(
            (three, ())
            for three in itertools.combinations(mine, 3)
            if len({int(street[e]) for e in three}) > 1
        )
        if when:
            found.append(Extra(more, when))
    return found


def _corners(
    trench: "TrenchGraph", edges: Ints, around: list[list[int]], counted: Flags, prices: "PriceBook"
) -> list[Extra]:
    """Return the chambers of bends without a crossing, and the other half of single crossings'."""
    handhole = float(prices.price_vnd("chamber_handhole"))
    is_crossing = trench.is_crossing[edges]
    street = trench.table["street"].to_numpy(dtype=np.int64)[edges]
    straight = float(np.cos(np.radians(prices.rules.bend_deg)))
    found = []
    for node, mine in enumerate(around):
        if not counted[node] or len(mine) < 2:
            continue
        across = tuple(e for e in mine if is_crossing[e])
        if len(across) == 2:
            a, b = across
            found.append(Extra(handhole / 2, (((a,), (b,)), ((b,), (a,)))))
        along = [e for e in mine if not is_crossing[e]]
        bent = [
            pair
            for pair in itertools.combinations(along, 2)
            if street[pair[0]] != street[pair[1]]
            and -(_away(trench, node, int(edges[pair[0]]))
                  @ _away(trench, node, int(edges[pair[1]]))) < straight - SURE_COSINE
        ]  # fmt: skip
        if bent:
            found.append(Extra(handhole, tuple((pair, across) for pair in bent)))
    return found


def _away(trench: "TrenchGraph", node: int, edge: int) -> Floats:
    """Return the direction in which an edge leaves a node, over the metres that chambers look."""
    import shapely

    from infraplan.cables.chambers import AHEAD_M

    line = trench.lines[edge] if trench.edges[edge, 0] == node else trench.lines[edge][::-1]
    run = shapely.get_coordinates(shapely.LineString(line).interpolate(AHEAD_M))[0] - line[0]
    return np.asarray(run / max(float(np.hypot(*run)), 1e-9), dtype=np.float64)


def _spacing(
    trench: "TrenchGraph",
    edges: Ints,
    is_sure: Flags,
    around: list[list[int]],
    counted: Flags,
    prices: "PriceBook",
) -> list[Extra]:
    """Return the chambers of trenches along a side that are longer than the spacing."""
    handhole = float(prices.price_vnd("chamber_handhole"))
    limit_m = prices.rules.chamber_spacing_m + SURE_M
    metres = trench.length_m[edges]
    side = (trench.table[["street", "side"]].to_numpy(dtype=np.int64))[edges]
    is_along = is_sure & trench.is_along[edges]
    ends = trench.edges[edges]
    left = set(np.flatnonzero(is_along).tolist())
    found = []
    for first in np.flatnonzero(is_along).tolist():
        if first not in left:
            continue
        for chain in _runs(first, ends, around, side, left, counted):
            while chain:
                total, k = 0.0, 0
                while k < len(chain) and total <= limit_m:
                    total += metres[chain[k]]
                    k += 1
                if total <= limit_m:
                    break
                window, chain = chain[:k], chain[k:]  # noqa: PLW2901 - the rest of the chain
                inner = _shared_nodes(window, ends)
                others = sorted({e for v in inner for e in around[v]} - set(window))
                found.append(Extra(handhole, ((tuple(window), tuple(others)),)))
    return found


def _runs(
    first: int,
    ends: Ints,
    around: list[list[int]],
    side: Ints,
    left: set[int],
    counted: Flags,
) -> list[list[int]]:
    """Return the edges of a side in order, parted where a chamber may stand that is not counted."""
    chain = [first]
    left.discard(first)
    for back in (False, True):
        at = int(ends[first, 0 if back else 1])
        while True:
            step = next(
                (e for e in around[at] if e in left and (side[e] == side[first]).all()), None
            )
            if step is None:
                break
            left.discard(step)
            chain = [step, *chain] if back else [*chain, step]
            at = int(ends[step].sum()) - at
    runs: list[list[int]] = [[]]
    for k, edge in enumerate(chain):
        runs[-1].append(edge)
        if k + 1 < len(chain) and not counted[_shared_nodes(chain[k : k + 2], ends)].all():
            runs.append([])
    return runs


def _shared_nodes(chain: list[int], ends: Ints) -> list[int]:
    """Return the nodes between the edges of a chain."""
    return [next(int(v) for v in ends[a] if v in ends[b]) for a, b in itertools.pairwise(chain)]
