"""
The cheapest way over a raster of costs, exact, and what bars the way where there is none.

Cells are settled in buckets as wide as the cheapest step (R. B. Dial, Comm. ACM 12, 1969), by a
heap where steps may cost nothing; labels are float64, so the cost is that of Dijkstra's algorithm.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from itertools import pairwise
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError

__all__ = [
    "BarredError",
    "RasterPath",
    "Slope",
    "least_cost_path",
    "least_costs",
    "slope_factors",
    "tobler_factors",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NEIGHBOURS = (8, 16)
BUCKETS = 1 << 17  # beyond so many, most are empty and the heap is quicker
BINS = 1024  # that lead to the knots of a table of slopes
NARROWER = 1 - 1e-6  # a bucket than the cheapest step, so that rounding moves no cell into it
STRAIGHT = ((0, 1), (0, -1), (1, 0), (-1, 0))
DIAGONAL = ((1, 1), (1, -1), (-1, 1), (-1, -1))
LEAPS = ((1, 2), (1, -2), (-1, 2), (-1, -2), (2, 1), (2, -1), (-2, 1), (-2, -1))
BORDER = 2


def tobler_factors() -> Floats:
    """
    Return how much longer walking takes by slope, up and down, than on level ground.

    Returns
    -------
    factors
        Rise over run, positive uphill, and the factor, shape (401, 2); linear between rows.

    Notes
    -----
    .. math:: f(s) = e^{3.5 (|s + 0.05| - 0.05)}

    Source: W. Tobler, Three presentations on geographical analysis and modeling, NCGIA technical
    report 93-1 (1993): the hiking function, from data of Imhof (1950). The anisotropic walk of
    GRASS `r.walk` has the same shape with another rule (Naismith and Langmuir).

    Examples
    --------
    >>> factors = tobler_factors()
    >>> [float(np.interp(s, *factors.T).round(3)) for s in (-0.05, 0.0, 0.1)]
    [0.839, 1.0, 1.419]
    """
    slope = np.arange(-200, 201) / 100
    return np.column_stack([slope, np.exp(3.5 * (np.abs(slope + 0.05) - 0.05))])


def slope_factors(table: Mapping[str, Any]) -> Floats:
    """
    Return the factors of a table of slopes such as `data/slopes/trench-assumed.toml`.

    Parameters
    ----------
    table
        Content of the file: `factors`, each with `slope` (rise over run, positive uphill) and
        `factor` (`inf` bars), and `source` and `verified`, which must be there.

    Returns
    -------
    factors
        Rise over run and factor, by rising slope, shape (n, 2).

    Raises
    ------
    SettingsError
        If a part is missing or unknown.
    """
    unknown = set(table) - {"name", "note", "source", "date", "verified", "factors"}
    missing = {"source", "verified", "factors"} - set(table)
    if unknown or missing:
        msg = f"table of slopes: unknown {sorted(unknown)}, missing {sorted(missing)}"
        raise SettingsError(msg)
    try:
        rows = [(float(row["slope"]), float(row["factor"])) for row in table["factors"]]
    except (KeyError, TypeError, ValueError) as error:
        msg = "table of slopes: every row of `factors` needs the numbers `slope` and `factor`"
        raise SettingsError(msg) from error
    return np.asarray(sorted(rows), dtype=np.float64).reshape(-1, 2)


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """
    Ground whose slope makes steps dearer or cheaper, uphill and downhill not alike.

    `ground_m` is the height of each cell [m], NaN bars; a step costs its cost on the flat times
    the factor of its rise over its run, linear between the rows of `factors` (slope, factor), that
    of the last row beyond them; an infinite factor bars.
    """

    ground_m: npt.ArrayLike
    factors: npt.ArrayLike = field(default_factory=tobler_factors)


class BarredError(NoRouteError):
    """
    No path exists over a raster.

    `where` is `start` or `end` where that cell is barred itself, `between` where what was reached
    is enclosed, `slope` where only the slope bars; `barriers` are the names of what bars, `enough`
    those of which any one alone would let a path through if it were opened.
    """

    def __init__(
        self,
        message: str = "",
        *,
        where: str = "",
        barriers: tuple[str, ...] = (),
        enough: tuple[str, ...] = (),
    ) -> None:
        """Hand the message to `Exception`."""
        super().__init__(message)
        self.where, self.barriers, self.enough = where, barriers, enough


@dataclass(frozen=True, slots=True, eq=False)
class RasterPath:
    """
    A cheapest path over a raster.

    `rows` and `cols` are its cells from the start to the end, `cost` what it costs, `target` the
    number of the end that it reaches where several were given.
    """

    rows: Ints
    cols: Ints
    cost: float
    target: int = 0


class _Grid(NamedTuple):
    """
    A raster made ready: flat, with a border, and what a move is.

    `least` and `most` are what the cheapest and the dearest step may cost, `lowest` is the least
    factor of the slope; `tight` bars diagonal steps between two barred cells.
    """

    cost: npt.NDArray[np.floating]
    ground: Floats
    table: tuple[Floats, Floats, Ints]
    moves: Ints
    scale: Floats
    tight: bool
    shape: tuple[int, int]
    least: float
    most: float
    lowest: float

    def place(self, cells: Ints) -> Ints:
        """Return the places of cells (row, col) in the flat raster."""
        stride = self.shape[1] + 2 * BORDER
        return np.asarray((cells[:, 0] + BORDER) * stride + cells[:, 1] + BORDER)

    def inner(self, flat: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a flat array as a raster without its border."""
        rows, cols = self.shape
        square = flat.reshape(rows + 2 * BORDER, cols + 2 * BORDER)
        return square[BORDER:-BORDER, BORDER:-BORDER]


def least_cost_path(
    cost_per_m: npt.ArrayLike,
    start: npt.ArrayLike,
    end: npt.ArrayLike,
    *,
    pixel_m: float,
    neighbours: int = 16,
    slope: Slope | None = None,
    barriers: Mapping[str, npt.ArrayLike] | None = None,
) -> RasterPath:
    """
    Return the cheapest path from a cell of a raster to another, or to the cheapest of several.

    Parameters
    ----------
    cost_per_m
        Cost in each cell of a way of 1 [m], >= 0, NaN or infinite where no path may go, shape
        (rows, cols).
    start
        Cell to start from: (row, col).
    end
        Cell to reach, (row, col), or several, shape (n, 2): then the one that is cheapest to reach.
    pixel_m
        Side of a cell, > 0 [m].
    neighbours
        8: to the cells that touch by side or corner; 16: by a knight's move as well, which keeps
        paths within 2.8 % of the straight line, not 8.2 %.
    slope
        Ground that makes steps cost more or less by their slope.
    barriers
        Names of what no path may cross, each with its cells: either true or false, shape
        (rows, cols), or the vertices of a line, (row, col) each, shape (n, 2), which bars all cells
        that it touches.

    Returns
    -------
    path
        Cells, cost and the number of the end reached.

    Raises
    ------
    SettingsError
        If a shape is wrong, a cost is negative or a cell lies outside.
    NoRouteError
        If there is no path; the message names the barriers that enclose what can be reached, and
        which of them would do if opened alone.

    Notes
    -----
    A step costs `pixel_m` x its length in cells x the mean cost of the cells at its ends; a
    knight's move the mean of its ends and of the two cells between. A diagonal step may pass
    between two cells that bar (only the ends count); where `barriers` are named it may not, so a
    wall of cells that touch at corners is closed. A knight's move never passes barred cells.

    Source: E. W. Dijkstra, Numer. Math. 1 (1959); R. B. Dial, Comm. ACM 12 (1969).

    Examples
    --------
    >>> cost = np.ones((3, 4))
    >>> cost[:2, 2] = np.nan
    >>> path = least_cost_path(cost, (0, 0), (0, 3), pixel_m=10.0, neighbours=8)
    >>> list(zip(path.rows.tolist(), path.cols.tolist()))
    [(0, 0), (1, 1), (2, 2), (1, 3), (0, 3)]
    >>> round(path.cost, 3)
    52.426
    """
    cost = _raster(cost_per_m, "cost_per_m")
    masks = _masks(barriers or {}, cost.shape)
    grid = _grid(cost, pixel_m, neighbours, slope, masks)
    first, ends = _cells(start, cost.shape, "start")[:1], _cells(end, cost.shape, "end")
    _stand_free(grid, first, ends, masks)
    label, came, found = _spread(grid, first, ends, 1)
    if not found:
        raise _barred(grid, label, first, ends, masks)
    from infraplan.cables._kernels_raster import trace

    reached = _settled(label, grid.place(ends))
    target = int(np.argmin(reached))
    goal = grid.place(ends)[target]
    path = trace(
        grid.cost, grid.ground, grid.table, label, came, grid.moves, grid.scale, grid.tight,
        grid.place(first)[0], goal,
    )[::-1]  # fmt: skip
    stride = grid.shape[1] + 2 * BORDER
    return RasterPath(
        path // stride - BORDER, path % stride - BORDER, float(reached[target]), target
    )


def least_costs(
    cost_per_m: npt.ArrayLike,
    start: npt.ArrayLike,
    ends: npt.ArrayLike,
    *,
    pixel_m: float,
    neighbours: int = 16,
    slope: Slope | None = None,
    barriers: Mapping[str, npt.ArrayLike] | None = None,
) -> Floats:
    """
    Return what the cheapest path from a cell to each of several others costs.

    Parameters
    ----------
    cost_per_m
        Cost in each cell of a way of 1 [m], as for `least_cost_path`.
    start
        Cell to start from: (row, col).
    ends
        Cells to reach, (row, col) each, shape (n, 2).
    pixel_m
        Side of a cell, > 0 [m].
    neighbours
        8 or 16, as for `least_cost_path`.
    slope
        Ground that makes steps cost more or less by their slope.
    barriers
        Names and cells of what no path may cross, as for `least_cost_path`.

    Returns
    -------
    costs
        Cost of the path to each end, infinite where there is none, shape (n,).

    Examples
    --------
    >>> cost = np.ones((3, 4))
    >>> least_costs(cost, (0, 0), [(0, 3), (2, 3)], pixel_m=10.0, neighbours=8).round(3).tolist()
    [30.0, 38.284]
    """
    cost = _raster(cost_per_m, "cost_per_m")
    grid = _grid(cost, pixel_m, neighbours, slope, _masks(barriers or {}, cost.shape))
    first, cells = _cells(start, cost.shape, "start")[:1], _cells(ends, cost.shape, "ends")
    if not np.isfinite(grid.cost[grid.place(first)[0]]):
        return np.full(len(cells), np.inf)
    label, _, _ = _spread(grid, first, cells, len(np.unique(cells, axis=0)))
    return _settled(label, grid.place(cells))


def _raster(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    """Return a raster as an array of numbers with two dimensions."""
    array = np.asarray(values)
    if array.ndim != 2 or not array.size or array.dtype.kind not in "fiu":
        msg = f"{name} must be a raster of numbers (rows, cols), got {array.dtype} {array.shape}"
        raise SettingsError(msg)
    return array


def _cells(places: npt.ArrayLike, shape: tuple[int, ...], name: str) -> Ints:
    """Return cells as rows (row, col), each inside the raster."""
    cells = np.atleast_2d(np.asarray(places))
    if cells.ndim != 2 or cells.shape[1:] != (2,) or not len(cells) or cells.dtype.kind not in "iu":
        msg = f"{name} must be whole numbers (row, col), got {np.asarray(places)!r}"
        raise SettingsError(msg)
    outside = np.flatnonzero(((cells < 0) | (cells >= np.asarray(shape))).any(axis=1))
    if len(outside):
        msg = f"{name} {_named(cells[outside[0]])} lies outside the raster of {shape} cells"
        raise SettingsError(msg)
    return cells.astype(np.int64)


def _named(cell: Ints) -> str:
    """Return a cell in words."""
    return f"({int(cell[0])}, {int(cell[1])})"


def _masks(barriers: Mapping[str, npt.ArrayLike], shape: tuple[int, ...]) -> dict[str, Flags]:
    """Return the cells of each barrier."""
    masks = {}
    for name, given in barriers.items():
        array = np.asarray(given)
        if array.dtype == np.bool_ and array.shape == shape:
            masks[name] = array
        elif array.dtype.kind in "fiu" and array.ndim == 2 and array.shape[1] == 2 and len(array):
            masks[name] = _drawn(array.astype(np.float64), shape)
        else:
            msg = (
                f"barrier '{name}' must be true or false in {shape} cells or a line of (row, col), "
                f"got {array.dtype} {array.shape}"
            )
            raise SettingsError(msg)
    return masks


def _drawn(line: Floats, shape: tuple[int, ...]) -> Flags:
    """Return the cells that a line touches; cell (r, c) reaches half a cell around (r, c)."""
    mask = np.zeros(shape, dtype=np.bool_)
    if not np.isfinite(line).all():
        msg = "the vertices of a barrier must be finite"
        raise SettingsError(msg)
    for a, b in pairwise(line if len(line) > 1 else (line[0], line[0])):
        shares = [np.array([0.0, 1.0])]
        for axis in range(2):
            low, high = sorted((float(a[axis]), float(b[axis])))
            low, high = max(low, -1.0), min(high, float(shape[axis]))
            edges = np.arange(math.ceil(low - 0.5), math.floor(high - 0.5) + 1) + 0.5
            if a[axis] != b[axis]:
                shares.append((edges - a[axis]) / (b[axis] - a[axis]))
        at = np.unique(np.clip(np.concatenate(shares), 0.0, 1.0))
        middle = np.concatenate([at, (at[:-1] + at[1:]) / 2])
        touched = np.floor(a + middle[:, None] * (b - a) + 0.5).astype(np.int64)
        inside = ((touched >= 0) & (touched < np.asarray(shape))).all(axis=1)
        mask[tuple(touched[inside].T)] = True
    return mask


def _grid(
    cost: npt.NDArray[Any],
    pixel_m: float,
    neighbours: int,
    slope: Slope | None,
    masks: Mapping[str, Flags],
) -> _Grid:
    """Return the raster made ready for the kernels."""
    from infraplan.cables._kernels_raster import bar

    if neighbours not in NEIGHBOURS:
        msg = f"neighbours must be 8 or 16, got {neighbours!r}"
        raise SettingsError(msg)
    if not (math.isfinite(pixel_m) and pixel_m > 0):
        msg = f"pixel_m must be a length > 0 [m], got {pixel_m!r}"
        raise SettingsError(msg)
    rows, cols = cost.shape
    size = (rows + 2 * BORDER, cols + 2 * BORDER)
    if size[0] * size[1] >= 2**31:
        msg = f"the raster has {rows} x {cols} cells; at most 2,147,483,647 with the border"
        raise SettingsError(msg)
    single = np.float32 if cost.dtype in (np.float32, np.float16) else np.float64
    bordered = np.full(size, np.inf, dtype=single)
    bordered[BORDER:-BORDER, BORDER:-BORDER] = cost
    least, most, below = bar(bordered.ravel())
    if below:
        msg = f"cost_per_m is negative in {below} cell(s); it must be >= 0, NaN or infinite"
        raise SettingsError(msg)
    for mask in masks.values():
        bordered[BORDER:-BORDER, BORDER:-BORDER][mask] = np.inf
    ground, table = _ground(slope, cost.shape)
    moves, length = _moves(neighbours, size[1])
    cells = np.where(np.arange(neighbours) < 8, 2, 4)  # whose mean is taken
    factors = table[1][np.isfinite(table[1])]
    low, high = (float(factors.min()), float(factors.max())) if factors.size else (0.0, 0.0)
    return _Grid(
        cost=bordered.ravel(),
        ground=ground,
        table=table,
        moves=moves,
        scale=pixel_m * length / cells,
        tight=bool(masks),
        shape=(rows, cols),
        least=pixel_m * max(least, 0.0) * low if math.isfinite(least) else 0.0,
        most=pixel_m * float(length.max()) * max(most, 0.0) * high,
        lowest=low,
    )


def _moves(neighbours: int, stride: int) -> tuple[Ints, Floats]:
    """Return for each move how far it leads, the cells beside it and their numbers; and lengths."""
    number = {step: k for k, step in enumerate(STRAIGHT + DIAGONAL)}
    rows = []
    for dr, dc in (STRAIGHT + DIAGONAL + LEAPS)[:neighbours]:
        if abs(dr) + abs(dc) == 1:
            beside = ((0, 1), (0, 1))
        elif abs(dr) == abs(dc):
            beside = ((dr, 0), (0, dc))
        elif abs(dc) == 2:
            beside = ((0, dc // 2), (dr, dc // 2))
        else:
            beside = ((dr // 2, 0), (dr // 2, dc))
        rows.append(
            [dr * stride + dc, *(r * stride + c for r, c in beside), *(number[s] for s in beside)]
        )
    length = [math.hypot(*step) for step in (STRAIGHT + DIAGONAL + LEAPS)[:neighbours]]
    return np.asarray(rows, dtype=np.int64), np.asarray(length)


def _ground(
    slope: Slope | None, shape: tuple[int, ...]
) -> tuple[Floats, tuple[Floats, Floats, Ints]]:
    """Return the heights with a border, flat, and the table of factors; empty without a slope."""
    if slope is None:
        return np.empty(0), (np.zeros(1), np.ones(1), np.zeros(1, dtype=np.int64))
    ground = _raster(slope.ground_m, "slope.ground_m")
    factors = np.asarray(slope.factors, dtype=np.float64)
    if ground.shape != shape:
        msg = f"slope.ground_m has {ground.shape} cells, cost_per_m {shape}"
        raise SettingsError(msg)
    if (
        factors.ndim != 2
        or factors.shape[1] != 2
        or len(factors) < 2
        or not np.isfinite(factors[:, 0]).all()
        or not (np.diff(factors[:, 0]) > 0).all()
        or not (factors[:, 1] >= 0).all()
    ):
        msg = (
            "slope.factors must have two rows or more (slope, factor), slopes rising, factors >= 0"
        )
        raise SettingsError(msg)
    bordered = np.zeros((shape[0] + 2 * BORDER, shape[1] + 2 * BORDER))
    bordered[BORDER:-BORDER, BORDER:-BORDER] = ground
    knots = np.ascontiguousarray(factors[:, 0])
    marks = np.linspace(knots[0], knots[-1], BINS)
    bins = np.clip(np.searchsorted(knots, marks, side="right") - 1, 0, len(knots) - 2)
    table = (knots, np.ascontiguousarray(factors[:, 1]), bins.astype(np.int64))
    return bordered.ravel(), table


def _spread(
    grid: _Grid, first: Ints, ends: Ints, wanted: int
) -> tuple[Floats, npt.NDArray[np.uint8], int]:
    """Return the labels, the moves into cells (empty where not kept) and how many ends settled."""
    from infraplan.cables import _kernels_raster as kernels

    places = grid.place(ends)
    goals = np.zeros(grid.cost.size // 8 + 1, dtype=np.uint8)
    np.bitwise_or.at(goals, places >> 3, np.left_shift(1, places & 7).astype(np.uint8))
    label = np.full(grid.cost.size, np.inf)
    came = np.empty(0, dtype=np.uint8)
    start = int(grid.place(first)[0])
    width = grid.least * NARROWER
    ways = (label, grid.moves, grid.scale, grid.tight, start, goals, wanted)
    if width > 0 and grid.most / width < BUCKETS:
        buckets = int(grid.most / width) + 3
        if not grid.ground.size:
            found = kernels.spread(grid.cost, *ways, width, buckets)
        else:
            found = kernels.spread_sloped(
                grid.cost, grid.ground, grid.table, *ways, width, buckets, grid.lowest
            )
    else:
        came = np.zeros(grid.cost.size, dtype=np.uint8)
        found = kernels.spread_by_heap(grid.cost, grid.ground, grid.table, label, came, *ways[1:])
    return label, came, int(found)


def _settled(label: Floats, places: Ints) -> Floats:
    """Return the costs of cells, infinite where none is final."""
    found = label[places]
    return np.where(np.signbit(found), np.abs(found), np.inf)


def _stand_free(grid: _Grid, first: Ints, ends: Ints, masks: Mapping[str, Flags]) -> None:
    """Raise where the start, or every end, lies on a barred cell."""
    free_end = np.isfinite(grid.cost[grid.place(ends)])
    asked = [("start", first[0], np.isfinite(grid.cost[grid.place(first)[0]]))]
    asked.append(("end", ends[0], free_end.any()))
    for name, cell, free in asked:
        if not free:
            under = tuple(key for key, mask in masks.items() if mask[tuple(cell)])
            told = ", ".join(f"'{key}'" for key in under)
            what = f"on {told}" if under else "on a cell without a finite cost"
            msg = f"no path: the {name} {_named(cell)} lies {what}"
            raise BarredError(msg, where=name, barriers=under)


def _barred(
    grid: _Grid, label: Floats, first: Ints, ends: Ints, masks: Mapping[str, Flags]
) -> BarredError:
    """Return which barriers enclose the cells that were reached, and which alone would do."""
    from scipy.ndimage import binary_dilation
    from scipy.ndimage import generate_binary_structure
    from scipy.ndimage import label as parts_of

    around = generate_binary_structure(2, 2)
    # a diagonal step between two barred cells is what makes corners count
    joined = generate_binary_structure(2, 1 if grid.tight else 2)
    apart = around if grid.tight else generate_binary_structure(2, 1)
    free = np.isfinite(grid.inner(grid.cost))
    reached = np.signbit(grid.inner(label))
    parts, _ = parts_of(free, structure=joined)
    goals = [tuple(end) for end in ends.tolist() if free[tuple(end)]]
    origin = tuple(first[0].tolist())
    head = f"no path leads from {_named(first[0])} to {_named(np.asarray(goals[0]))}"
    if len(goals) > 1:
        head += f" or {len(goals) - 1} other end(s)"
    if any(parts[origin] == parts[goal] for goal in goals):
        msg = f"{head}: the slope bars every way (or the ground is unknown)"
        return BarredError(msg, where="slope")
    beyond, _ = parts_of(~reached, structure=apart)
    outside = np.isin(beyond, [beyond[goal] for goal in goals])
    wall = binary_dilation(reached, structure=around) & outside & ~free
    names = [name for name, mask in masks.items() if (mask & wall).any()]
    named = np.zeros_like(wall)
    for name in names:
        named |= masks[name]
    blank = int((wall & ~named).sum())
    shown = [f"'{name}'" for name in names]
    if blank:
        shown.append(f"{blank} cell(s) without a finite cost")
    msg = f"{head}: the {int(reached.sum())} cell(s) that can be reached are enclosed by "
    msg += ", ".join(shown)
    enough = [name for name in names if _opens(name, grid, masks, free, origin, goals)]
    if enough:
        msg += f"; opening {' or '.join(repr(name) for name in enough)} alone would do"
    elif names:
        msg += "; opening any one of them would not do"
    return BarredError(msg, where="between", barriers=tuple(names), enough=tuple(enough))


def _opens(
    name: str,
    grid: _Grid,
    masks: Mapping[str, Flags],
    free: Flags,
    origin: tuple[int, ...],
    goals: list[tuple[int, ...]],
) -> bool:
    """Return whether a path exists once a barrier alone is opened (its cells may be crossed)."""
    from scipy.ndimage import generate_binary_structure
    from scipy.ndimage import label as parts_of

    others = np.zeros(grid.shape, dtype=np.bool_)
    for other, mask in masks.items():
        if other != name:
            others |= mask
    joined = generate_binary_structure(2, 1 if grid.tight else 2)
    parts, _ = parts_of(free | (masks[name] & ~others), structure=joined)
    return any(parts[origin] == parts[goal] for goal in goals)
