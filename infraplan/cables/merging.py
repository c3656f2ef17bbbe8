"""
Cables drawn one by one, of several owners, merged into the trenches that they share.

Lines that run in one trench have no vertex in common: each was drawn with an error of its own.
The longest line is laid first; each following one is laid on those before where it runs beside
them, decided along its whole way at once (Viterbi, IEEE Trans. Inf. Theory 13, 1967), so that a
short doubt neither splits a trench nor joins two. Then each trench is drawn in the middle of its
lines.
"""

from collections.abc import Hashable
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.joined import joined_parts
from infraplan.errors import SettingsError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["MergedLines", "merge_lines"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PIECE_M = 10.0  # in which lines are compared
SNAP_M = 15.0  # along a trench: places nearer than that are one node


@dataclass(frozen=True, slots=True, eq=False)
class MergedLines:
    """
    Trenches, and which lines run in each.

    `nodes` are places where lines join, part or end, shape (n, 2) [m]; `edges` are the trenches as
    pairs of nodes, `lines` the vertices of each. `table` has a row a trench: `length_m`, `lines`
    (how many run in it), `owners` (sorted, each once), `confidence`. `runs` has a row for each
    line in each trench: `edge`, `line` (number of the row in the input), `owner`, `from_m` and
    `to_m` along that line, `aside_m` (how far it was drawn from the trench's first line, root mean
    square), `confidence`. `cable_m` is the length of all lines, `trench_m` that of all trenches.

    Confidence lies between 0 and 1: that of a run is high where the line keeps near, goes the same
    way and does so for long; that of a trench is the least of its runs, 1 with one line.
    """

    nodes: Floats
    edges: Ints
    lines: tuple[Floats, ...]
    table: "pd.DataFrame"
    runs: "pd.DataFrame"
    cable_m: float
    trench_m: float


class _Parts(NamedTuple):
    """Places along all lines, and parts that do not run beside themselves."""

    x: Floats
    y: Floats
    s: Floats
    first: Ints
    last: Ints
    line: Ints


class _Matched(NamedTuple):
    """What `match_parts` tells, place by place, and the chains."""

    chain: Ints
    at: Floats
    piece: Ints
    away: Floats
    cosines: Floats
    own: npt.NDArray[np.bool_]
    opens: npt.NDArray[np.bool_]
    begin: Ints
    end: Ints
    piece_chain: Ints
    head: Ints
    following: Ints


class _Net(NamedTuple):
    """Chains cut at nodes: places along chains, their nodes, the edges between them."""

    chain: Ints
    centre: Floats
    node: Ints
    group: Ints
    edge: Ints
    nodes: Floats


def merge_lines(
    lines: "Sequence[Any] | gpd.GeoSeries | gpd.GeoDataFrame",
    owner: Sequence[Hashable] | npt.NDArray[Any],
    *,
    tolerance_m: float = 6.0,
    overlap_m: float = 50.0,
) -> MergedLines:
    """
    Merge lines drawn with errors of their own into the trenches that they share.

    Parameters
    ----------
    lines
        Lines in a planning CRS: geometries (single or multiple), a series or table of them, or
        arrays of vertices, shape (k, 2) each.
    owner
        Owner of each line, as many as lines.
    tolerance_m
        How far apart two lines may be drawn, on the average along their way, and still be in one
        trench, > 0: about twice the greatest error of a line, and half of the distance between
        trenches on both sides of a street [m].
    overlap_m
        How long lines must run side by side, at least, to be merged, > 0 [m].

    Returns
    -------
    merged
        Trenches, the lines in each, and both lengths.

    Raises
    ------
    SettingsError
        If a line is missing or not a line, or a setting is out of range.

    Notes
    -----
    Segments are compared, not vertices. Lines that only cross are not joined. Lines of one owner
    side by side are merged as well. The result does not depend on the order of the lines.

    A planner merges the cables of the layer `fibre` (its index gives the ids of `runs`):

        fibre = layers.table("fibre")
        merged = ip.cables.merge_lines(fibre.geometry, fibre["operator"])
        doubtful = merged.table[merged.table["confidence"] < 0.6]
        fibre.index[merged.runs.loc[merged.runs["edge"] == 7, "line"]]    # who lies in trench 7

    and lays `merged.lines` on a map; `merged.cable_m - merged.trench_m` metres need no trench of
    their own.

    Examples
    --------
    >>> one = [(0.0, 0.0), (400.0, 0.0), (400.0, 300.0)]
    >>> other = [(10.0, 2.0), (390.0, 1.0), (700.0, 1.5)]
    >>> merged = merge_lines([one, other], ["VNPT", "Viettel"])
    >>> merged.table["owners"].tolist()
    [('VNPT', 'Viettel'), ('VNPT',), ('Viettel',)]
    """
    import pandas as pd

    for name, value in (("tolerance_m", tolerance_m), ("overlap_m", overlap_m)):
        if not (np.isfinite(value) and value > 0):
            msg = f"{name} must be a length > 0 [m], got {value!r}"
            raise SettingsError(msg)
    owners = list(owner)
    if len(owners) != len(lines):
        msg = f"owner must name one owner a line: got {len(owners)} for {len(lines)} lines"
        raise SettingsError(msg)
    xy, starts, row, offset_m, cable_m = _vertices(lines)
    corner = xy.min(axis=0)
    from infraplan.cables import _kernels_merge as kernels

    side_m = 2 * tolerance_m + PIECE_M / 2 + 1.0
    parts = _parts(xy - corner, starts, tolerance_m, side_m)
    matched = _Matched(
        *kernels.match_parts(
            parts.x, parts.y, parts.s, parts.first, parts.last, _order(parts), tolerance_m,
            2 * tolerance_m, overlap_m / 2, side_m,
        )
    )  # fmt: skip
    runs, span, joint, places, low, high = kernels.join_runs(
        parts.x, parts.y, parts.s, parts.first, parts.last, parts.line,
        (matched.chain, matched.at, matched.piece, matched.own, matched.opens),
        matched.begin, matched.end, (matched.piece_chain, matched.head, matched.following),
        tolerance_m, side_m,
    )  # fmt: skip
    high = np.maximum(low, high)
    moved = kernels.average(parts.x, parts.y, parts.s, runs, span, matched.at, matched.piece)
    net = _net(parts, matched, moved, (runs, span), (joint, places), (low, high))
    drawn, length_m, net = _drawn(net, parts, matched, moved)
    laid = _laid(net, parts, matched, (runs, span), tolerance_m, overlap_m)
    part = laid["part"].to_numpy()
    laid[["from_m", "to_m"]] += offset_m[part][:, None]
    laid["line"] = row[part]
    laid["owner"] = pd.Series([owners[k] for k in laid["line"]], dtype=object)
    laid = laid.sort_values(["edge", "line", "from_m"], kind="stable", ignore_index=True)
    return MergedLines(
        nodes=net.nodes + corner,
        edges=np.column_stack([net.node[net.edge], net.node[net.edge + 1]]).astype(np.int64),
        lines=tuple(line + corner for line in drawn),
        table=_table(laid, length_m),
        runs=laid[["edge", "line", "owner", "from_m", "to_m", "aside_m", "confidence"]],
        cable_m=cable_m,
        trench_m=float(length_m.sum()),
    )


def _vertices(lines: Any) -> tuple[Floats, Ints, Ints, Floats, float]:  # noqa: ANN401 - several kinds
    """Return the vertices of all single lines, where each begins, its row, what lies before it."""
    import shapely

    given = getattr(lines, "geometry", lines)
    given = given.to_numpy() if hasattr(given, "to_numpy") else list(given)
    try:
        with np.errstate(invalid="ignore"):  # what is not a number is named below
            shapes = np.asarray(
                [k if isinstance(k, shapely.Geometry) else shapely.LineString(k) for k in given],
                dtype=object,
            )
    except (TypeError, ValueError, shapely.errors.ShapelyError) as error:
        msg = "lines must be geometries or arrays of two vertices or more, shape (k, 2)"
        raise SettingsError(msg) from error
    length_m = shapely.length(shapes)
    wrong = np.flatnonzero(
        ~np.isin(shapely.get_type_id(shapes), (1, 2, 5)) | ~((length_m > 0) & (length_m < np.inf))
    )
    if len(wrong) or not len(shapes):
        shown = ", ".join(map(str, wrong[:8].tolist()))
        msg = f"every row must be a line with a length; rows that are not: {shown or 'none given'}"
        raise SettingsError(msg)
    singles, row = shapely.get_parts(shapes, return_index=True)
    xy, line = shapely.get_coordinates(singles, return_index=True)
    same = np.zeros(len(xy), dtype=np.bool_)
    same[1:] = (line[1:] == line[:-1]) & (xy[1:] == xy[:-1]).all(axis=1)
    xy, line = xy[~same], line[~same]
    kept = np.bincount(line, minlength=len(singles)) > 1
    xy, line = xy[kept[line]], np.cumsum(kept)[line[kept[line]]] - 1
    row = row[kept]
    starts = np.concatenate([[0], np.cumsum(np.bincount(line))]).astype(np.int64)
    length_m = shapely.length(singles[kept])  # now of single lines
    before = np.concatenate([[0.0], np.cumsum(length_m)[:-1]])
    first = np.searchsorted(row, row, side="left")
    return xy, starts, row.astype(np.int64), before - before[first], float(length_m.sum())


def _parts(xy: Floats, starts: Ints, tolerance_m: float, side_m: float) -> _Parts:
    """Return places along the lines, cut where a line runs beside itself."""
    from infraplan.cables import _kernels_merge as kernels

    x, y, s, begins = kernels.place_lines(np.ascontiguousarray(xy), starts, PIECE_M)
    first, last, line = kernels.parts_of(x, y, s, begins, tolerance_m, side_m)
    size = last - first + 1
    ends = np.cumsum(size)
    # a place at which a line is cut belongs to both parts
    places = np.arange(ends[-1]) + np.repeat(first - (ends - size), size)
    return _Parts(x[places], y[places], s[places], ends - size, ends - 1, line)


def _order(parts: _Parts) -> Ints:
    """Return the parts from the longest, whatever order they were given in."""
    length_m = np.round(parts.s[parts.last] - parts.s[parts.first], 3)
    return np.lexsort((parts.y[parts.first], parts.x[parts.first], -length_m)).astype(np.int64)


def _net(
    parts: _Parts,
    matched: _Matched,
    moved: tuple[Floats, Floats],
    runs: tuple[Ints, Floats],
    joints: tuple[Ints, Floats],
    limits: tuple[Floats, Floats],
) -> _Net:
    """Cut the chains where lines join, part or end, and make one node of what joins there."""
    from infraplan.cables import _kernels_merge as kernels

    low, high = limits
    own = np.arange(len(low))
    joint, places = joints
    beside, span = runs
    chain = np.concatenate([own, own, joint[:, 0], joint[:, 1], beside[:, 3], beside[:, 3]])
    place = np.concatenate([low, high, places[:, 0], places[:, 1], span[:, 0], span[:, 1]])
    place = np.clip(place, low[chain], high[chain])
    is_joint = np.zeros(len(chain), dtype=np.bool_)
    is_joint[2 * len(own) : 2 * len(own) + 2 * len(joint)] = True
    order = np.lexsort((place, chain))
    sorted_group, of_group, centre = kernels.group_places(
        chain[order], place[order], is_joint[order], low, high, SNAP_M
    )
    group = np.empty_like(sorted_group)
    group[order] = sorted_group
    one = group[2 * len(own) : 2 * len(own) + len(joint)]
    other = group[2 * len(own) + len(joint) : 2 * len(own) + 2 * len(joint)]
    count = len(centre)
    node = joined_parts(np.column_stack([one, other]), count)
    is_end = (centre <= low[of_group]) | (centre >= high[of_group])
    weight = np.where(is_end, 1e-9, 1.0)  # an end is led to the trench that it joins
    at = _on_chains(parts.s, matched, moved, of_group, centre)
    total = np.bincount(node, weight)
    nodes = np.column_stack([np.bincount(node, weight * at[:, k]) / total for k in range(2)])
    edge = np.flatnonzero(of_group[:-1] == of_group[1:])
    ends = group[2 * len(own) + 2 * len(joint) :].reshape(2, -1).T
    return _Net(of_group, centre, node, np.ascontiguousarray(ends), edge, nodes)


def _on_chains(
    s: Floats, matched: _Matched, moved: tuple[Floats, Floats], chain: Ints, place: Floats
) -> Floats:
    """Return the coordinates of places along chains."""
    mine = np.flatnonzero(matched.own)
    mine = mine[np.argsort(matched.chain[mine], kind="stable")]
    far = float(s.max()) + 1.0
    key = matched.chain[mine] * 2 * far + s[mine]
    after = np.searchsorted(key, chain * 2 * far + np.clip(place, 0.0, far))
    first, last = (
        np.searchsorted(key, chain * 2 * far),
        np.searchsorted(key, (chain + 0.5) * 2 * far),
    )
    after = np.clip(after, np.minimum(first + 1, last - 1), last - 1)
    a, b = mine[np.maximum(after - 1, first)], mine[after]
    step = s[b] - s[a]
    share = np.clip((place - s[a]) / np.where(step > 0, step, 1.0), 0.0, 1.0)
    return np.column_stack([v[a] + share * (v[b] - v[a]) for v in moved])


def _drawn(
    net: _Net, parts: _Parts, matched: _Matched, moved: tuple[Floats, Floats]
) -> tuple[list[Floats], Floats, _Net]:
    """Return the vertices and lengths of the edges, and the net without tiny rings."""
    from infraplan.cables import _kernels_merge as kernels

    edge = net.edge
    tips = np.hstack([net.nodes[net.node[edge]], net.nodes[net.node[edge + 1]]])
    xy, starts = kernels.draw_edges(
        *moved, parts.s, matched.begin, matched.end, net.chain[edge],
        np.column_stack([net.centre[edge], net.centre[edge + 1]]), tips,
    )  # fmt: skip
    step = np.hypot(*np.diff(xy, axis=0).T)
    step[starts[1:-1] - 1] = 0.0
    run = np.concatenate([[0.0], np.cumsum(step)])
    length_m = run[starts[1:] - 1] - run[starts[:-1]]
    kept = (net.node[edge] != net.node[edge + 1]) | (length_m > 2 * SNAP_M)
    lines = [xy[starts[k] : starts[k + 1]] for k in np.flatnonzero(kept).tolist()]
    return lines, length_m[kept], net._replace(edge=edge[kept])


def _laid(
    net: _Net,
    parts: _Parts,
    matched: _Matched,
    runs: tuple[Ints, Floats],
    tolerance_m: float,
    overlap_m: float,
) -> "pd.DataFrame":
    """Return which part of which line runs in which edge: chains themselves and those beside."""
    import pandas as pd

    from infraplan.cables import _kernels_merge as kernels

    beside, span = runs
    pair, told = kernels.lay_runs(
        parts.s, beside, span, matched.at, matched.away, matched.cosines, net.group, net.centre
    )
    along_m = np.abs(span[pair[:, 0], 1] - span[pair[:, 0], 0])
    doubt = np.minimum((told[:, 2] / tolerance_m) ** 2 + 2 * (1 - told[:, 3] ** 2), 1.0)
    number = np.full(len(net.centre), -1, dtype=np.int64)
    number[net.edge] = np.arange(len(net.edge))
    chain = net.chain[net.edge]
    part_of = np.repeat(np.arange(len(parts.first)), parts.last - parts.first + 1)
    own = pd.DataFrame({
        "edge": np.arange(len(net.edge)),
        "part": parts.line[part_of[matched.begin[chain]]],
        "from_m": net.centre[net.edge],
        "to_m": net.centre[net.edge + 1],
        "aside_m": 0.0,
        "confidence": 1.0,
    })  # fmt: skip
    others = pd.DataFrame({
        "edge": number[pair[:, 1]],
        "part": parts.line[beside[pair[:, 0], 0]],
        "from_m": told[:, 0],
        "to_m": told[:, 1],
        "aside_m": told[:, 2],
        "confidence": (1 - doubt / 2) * along_m / (along_m + overlap_m / 2),
    })  # fmt: skip
    return pd.concat([own, others[others["edge"] >= 0]], ignore_index=True)


def _table(laid: "pd.DataFrame", length_m: Floats) -> "pd.DataFrame":
    """Return a row for each edge."""
    import pandas as pd

    by_edge = laid.groupby("edge", sort=True)
    sets: list[set[Hashable]] = [set() for _ in length_m]
    for edge, name in zip(laid["edge"].tolist(), laid["owner"].tolist(), strict=True):
        sets[edge].add(name)
    return pd.DataFrame({
        "length_m": length_m,
        "lines": by_edge["line"].nunique().to_numpy(),
        "owners": pd.Series([tuple(sorted(names, key=str)) for names in sets], dtype=object),
        "confidence": by_edge["confidence"].min().to_numpy(),
    })  # fmt: skip
