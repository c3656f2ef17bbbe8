"""
Stations and masts, placed as a network grows: after people, along roads, on high ground in hills.

No radio model is asked: a hamlet behind a ridge gets no mast because few people live there, and
whether it has signal is for the engine to find out.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from infraplan.layers.grid import index_of
from infraplan.sample.ground import Coarse
from infraplan.sample.ground import Ground
from infraplan.sample.near import nearest
from infraplan.sample.noise import Floats
from infraplan.sample.noise import Ints
from infraplan.sample.people import Hamlets
from infraplan.sample.size import OPERATORS
from infraplan.sample.size import Size
from infraplan.sample.ways import STREET
from infraplan.sample.ways import Ways

__all__ = ["density_at", "make_sites", "station_counts"]

URBAN_PER_KM2 = 3500.0
SPACING_M = (380.0, 4200.0)  # between masts of one operator: city and mountains
LEAST_APART_M = 60.0  # between two masts, of whomever
SHARED_WITHIN = 0.45  # of the operator's own spacing: how far it moves to use another's mast
COMBINATIONS = ("2G;3G;4G", "3G;4G", "4G", "2G;3G")
COMBINATION_SHARES = {
    "Viettel": (0.58, 0.10, 0.28, 0.04),
    "VNPT": (0.62, 0.18, 0.14, 0.06),
    "MobiFone": (0.62, 0.20, 0.12, 0.06),
    "Vietnamobile": (0.20, 0.72, 0.03, 0.05),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Where a mast may stand: position, people per km2 around, commune, whether in a hamlet."""

    xy: Floats
    density: Floats
    commune: Ints
    peopled: npt.NDArray[np.bool_]

    @property
    def spacing_m(self) -> Floats:
        """Return the spacing of masts that the density calls for [m]."""
        low, high = SPACING_M
        return np.clip(low * (6000.0 / np.maximum(self.density, 1.0)) ** 0.46, low, high)


def density_at(coarse: Coarse, hamlets: Hamlets, ways: Ways) -> Floats:
    """
    Return how densely people live, smoothed over some 700 m.

    Parameters
    ----------
    coarse
        Coarse ground.
    hamlets
        Hamlets with their people.
    ways
        Graph, over whose nodes inside a hamlet its people are spread.

    Returns
    -------
    density
        Persons per km2 in each coarse cell, flat.
    """
    inside = np.flatnonzero(ways.hamlet >= 0)
    owner = ways.hamlet[inside]
    count = np.bincount(owner, minlength=len(hamlets.table))
    each = hamlets.table["people"].to_numpy(dtype=np.float64) / np.maximum(count, 1)
    cells = coarse.flat_of(ways.xy[inside, 0], ways.xy[inside, 1])
    people = np.bincount(cells, weights=each[owner], minlength=coarse.usable.size)
    smooth = ndimage.gaussian_filter(people.reshape(coarse.shape), 700.0 / coarse.cell_m)
    return np.asarray(smooth.ravel() / (coarse.cell_m / 1000.0) ** 2)


def station_counts(size: Size) -> dict[str, int]:
    """
    Return how many stations each operator has.

    Parameters
    ----------
    size
        Size of the sample.

    Returns
    -------
    counts
        By operator, in order; their sum is the size's number of stations.
    """
    counts = {op.name: round(size.station_count * op.station_share) for op in OPERATORS[1:]}
    return {OPERATORS[0].name: size.station_count - sum(counts.values()), **counts}


def make_sites(
    ground: Ground,
    coarse: Coarse,
    hamlets: Hamlets,
    ways: Ways,
    *,
    size: Size,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """
    Return the stations of all operators.

    Parameters
    ----------
    ground
        Ground.
    coarse
        The same on coarse cells.
    hamlets
        Hamlets; those that are remote on purpose draw no mast.
    ways
        Graph of roads, lanes and streets, beside which masts stand.
    size
        Size of the sample: exact numbers of stations and masts.
    rng
        Source of chance.

    Returns
    -------
    sites
        Layer `sites`; stations that share a mast have one position and one `mast_id`.
    """
    places = _places(ground, coarse, hamlets, ways, rng)
    rounds = [
        (operator.name, _chosen(places, count, len(ground.communes), rng, first=number < 2))
        for number, (operator, count) in enumerate(
            zip(OPERATORS, station_counts(size).values(), strict=True)
        )
    ]
    operator = np.concatenate([np.full(len(c), k) for k, (_, c) in enumerate(rounds)])
    place = np.concatenate([chosen for _, chosen in rounds])
    host = _hosts(places, operator, place, size, rng)
    return _table(ground, places, (operator, place, host), rng)


def _places(
    ground: Ground, coarse: Coarse, hamlets: Hamlets, ways: Ways, rng: np.random.Generator
) -> _Places:
    """Return positions beside the ways of the graph, moved uphill where the land is hilly."""
    density = density_at(coarse, hamlets, ways)
    best = np.full(len(ways.xy), STREET, dtype=np.int64)
    for end in (0, 1):
        np.minimum.at(best, ways.edges[:, end], ways.kind)
    remote = np.zeros(len(ways.xy), dtype=bool)
    remote[ways.hamlet >= 0] = hamlets.remote[ways.hamlet[ways.hamlet >= 0]]
    xy = ways.xy + _beside(len(ways.xy), rng)
    here = density[coarse.flat_of(xy[:, 0], xy[:, 1])]
    peopled = (ways.hamlet >= 0) & ~remote & (here > 25)
    wanted = peopled | ((best <= 1) & ~remote) | ((best == 2) & (here > 12))
    xy, here, peopled = xy[wanted], here[wanted], peopled[wanted]
    xy = _uphill(ground, xy, here)
    commune = _commune_of(ground, xy)
    fine = (commune >= 0) & _dry(ground, xy)
    return _Places(np.round(xy[fine], 2), here[fine], commune[fine], peopled[fine])


def _beside(count: int, rng: np.random.Generator) -> Floats:
    """Return moves of 15 to 35 m in any direction: a mast stands beside the way."""
    angle, away = rng.uniform(0, 2 * np.pi, count), rng.uniform(15, 35, count)
    return np.column_stack([away * np.cos(angle), away * np.sin(angle)])


def _uphill(ground: Ground, xy: Floats, density: Floats) -> Floats:
    """Return positions moved to the highest ground within 300 m in thinly peopled hills."""
    cell = float(ground.geobox.affine.a)
    reach = max(1, round(300.0 / cell))
    height = np.where(np.isfinite(ground.elevation_m), ground.elevation_m, -1e3)
    row, column = index_of(ground.geobox, xy[:, 0], xy[:, 1])
    row = np.clip(row, reach, height.shape[0] - reach - 1)
    column = np.clip(column, reach, height.shape[1] - reach - 1)
    steps = np.arange(-reach, reach + 1)
    dy, dx = (part.ravel() for part in np.meshgrid(steps, steps, indexing="ij"))
    around = height[row[:, None] + dy, column[:, None] + dx]
    best = around.argmax(axis=1)
    rise = around[np.arange(len(xy)), best] - height[row, column]
    moved = xy + np.column_stack([dx[best], -dy[best]]) * cell
    hilly = (rise > 12) & (density < 900)
    return np.where(hilly[:, None], moved, xy)


def _commune_of(ground: Ground, xy: Floats) -> Ints:
    """Return the row number of the commune in which points lie, -1 outside."""
    row, column = index_of(ground.geobox, xy[:, 0], xy[:, 1])
    rows, columns = ground.commune_at.shape
    known = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    found = np.full(len(xy), -1, dtype=np.int64)
    found[known] = ground.commune_at[row[known], column[known]]
    return found


def _dry(ground: Ground, xy: Floats) -> npt.NDArray[np.bool_]:
    """Return which points, all on the grid, lie on land of known height."""
    row, column = index_of(ground.geobox, xy[:, 0], xy[:, 1])
    rows, columns = ground.commune_at.shape
    row, column = np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)
    return np.asarray(~ground.water[row, column] & np.isfinite(ground.elevation_m[row, column]))


def _chosen(
    places: _Places, count: int, commune_count: int, rng: np.random.Generator, *, first: bool
) -> Ints:
    """Return exactly `count` places of one operator, as far apart as the density lets them."""
    draw = rng.exponential(1.0, len(places.xy))
    weight = (places.density + 30.0) ** 0.5 * np.where(places.peopled, 1.0, 0.25)
    order = np.argsort(draw / weight, kind="stable")
    if first:  # one in every commune, before the rest
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        heads = [
            here[np.argmin(rank[here])]
            for number in range(commune_count)
            if len(here := np.flatnonzero((places.commune == number) & places.peopled))
        ]
        order = np.concatenate([heads, order[~np.isin(order, heads)]]).astype(np.int64)
    low, high = 0.05, 6.0
    for _ in range(16):  # the widest spacing that still leaves room for all
        middle = np.sqrt(low * high)
        if len(_spread(places, order, middle, count)) >= count:
            low = middle
        else:
            high = middle
    return _spread(places, order, low, count)


def _spread(places: _Places, order: Ints, factor: float, count: int) -> Ints:
    """Return places in order, each at least its spacing times a factor from those before."""
    spacing = places.spacing_m * factor
    bins: dict[tuple[int, int], list[int]] = {}
    kept: list[int] = []
    side = max(LEAST_APART_M, float(np.quantile(spacing, 0.5)))
    xs, ys = places.xy[:, 0].tolist(), places.xy[:, 1].tolist()
    keys = np.floor(places.xy / side).astype(np.int64).tolist()
    limits = np.maximum(spacing, LEAST_APART_M).tolist()
    for number in order.tolist():
        x, y, limit = xs[number], ys[number], limits[number]
        steps = int(limit / side) + 1
        cx, cy = keys[number]
        near = (
            other
            for i in range(cx - steps, cx + steps + 1)
            for j in range(cy - steps, cy + steps + 1)
            for other in bins.get((i, j), ())
        )
        if all((x - xs[o]) ** 2 + (y - ys[o]) ** 2 >= limit * limit for o in near):
            kept.append(number)
            bins.setdefault((cx, cy), []).append(number)
            if len(kept) == count:
                break
    return np.asarray(kept, dtype=np.int64)


def _hosts(
    places: _Places, operator: Ints, place: Ints, size: Size, rng: np.random.Generator
) -> Ints:
    """Return for each station the station on whose mast it stands (itself: a mast of its own)."""
    xy, spacing = places.xy[place], places.spacing_m[place]
    host = np.arange(len(place))
    moves = len(place) - size.mast_count
    closest = np.full(len(place), -1, dtype=np.int64)
    pull = np.full(len(place), np.inf)
    for number in range(1, int(operator.max()) + 1):
        before, own = np.flatnonzero(operator < number), np.flatnonzero(operator == number)
        away, who = nearest(xy[before], xy[own])
        closest[own] = before[who]
        pull[own] = away / (SHARED_WITHIN * spacing[own]) * rng.uniform(0.6, 1.4, len(own))
    pull[pull > 12] = np.inf
    movers = np.argsort(pull, kind="stable")
    taken: set[tuple[int, int]] = set()
    left = moves
    for station in movers.tolist():
        if left == 0 or not np.isfinite(pull[station]):
            break
        target = int(closest[station])
        while host[target] != target:  # the neighbour itself stands on another's mast
            target = int(host[target])
        key = (target, int(operator[station]))
        if key in taken or operator[target] == operator[station] or (host == station).sum() > 1:
            continue
        taken.add(key)
        host[station] = target
        left -= 1
    return host


def _table(
    ground: Ground,
    places: _Places,
    placed: tuple[Ints, Ints, Ints],
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """Return the layer `sites` from operators, places and hosts."""
    operator, place, host = placed
    at = place[host]
    xy, density = _apart(places.xy, at, host), places.density[at]
    count = len(place)
    running = np.zeros(count, dtype=np.int64)
    for number in range(len(OPERATORS)):
        own = np.flatnonzero(operator == number)
        order = np.lexsort((place[own], places.commune[at[own]]))
        running[own[order]] = np.arange(1, len(own) + 1)
    ids = np.asarray(
        [f"HTH-{OPERATORS[o].code}-{n:04d}" for o, n in zip(operator, running, strict=True)],
        dtype=object,
    )
    mast_class, structure, mast_height = _structures(density, rng)
    names = np.asarray([op.name for op in OPERATORS], dtype=object)[operator]
    lower = np.where(host == np.arange(count), 0, 2 + 2 * operator)
    communes = ground.communes
    commune = places.commune[at]
    table = gpd.GeoDataFrame(
        {
            "site_id": ids,
            "operator": names,
            "mast_id": [f"M-{ids[h][4:]}" for h in host],
            "name": [
                f"{communes['name'].iloc[c]} {n:03d}" for c, n in zip(commune, running, strict=True)
            ],
            "owner": names[host],
            "mast_class": mast_class[host],
            "structure": structure[host],
            "height_m": np.maximum(mast_height[host] - lower, 15.0),
            "technologies": _technologies(names, density, rng),
            "status": "operating",
            "power_backup_h": rng.choice([2.0, 4.0, 4.0, 6.0, 8.0], count),
            "commune_code": communes.index.to_numpy()[commune].astype(object),
            "address": [f"{communes['name'].iloc[c]}, Hà Tĩnh" for c in commune],
        },
        geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1]),
        crs=ground.crs,
    )
    return table.set_index("site_id").sort_index()


def _apart(places_xy: Floats, at: Ints, host: Ints) -> Floats:
    """Return positions with no two masts closer than they may be: the later one moves."""
    xy = places_xy[at].copy()
    own = np.flatnonzero(host == np.arange(len(host)))
    for _ in range(8):
        pairs = cKDTree(xy[own]).query_pairs(LEAST_APART_M, output_type="ndarray")
        if not len(pairs):
            break
        late, early = own[pairs.max(axis=1)], own[pairs.min(axis=1)]
        gap = xy[late] - xy[early]
        far = np.hypot(*gap.T)
        gap[far < 1] = (1.0, 0.7)
        xy[late] = xy[early] + gap / np.maximum(np.hypot(*gap.T), 1)[:, None] * (LEAST_APART_M + 8)
    return np.asarray(np.round(xy[host], 2))


def _structures(
    density: Floats, rng: np.random.Generator
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_], Floats]:
    """Return class, structure and antenna height of masts by how densely people live around."""
    count = len(density)
    draw = rng.random(count)
    urban, suburban = density > URBAN_PER_KM2, density > 1500
    mast_class = np.where(urban & (draw < 0.72), "A2a", "A2b").astype(object)
    mast_class[urban & (draw > 0.93)] = "A1b"
    mast_class[~urban & (draw > 0.985)] = "A2c"
    structure = np.where(rng.random(count) < 0.6, "guyed", "self-supporting").astype(object)
    structure[mast_class == "A2a"] = "rooftop"
    structure[mast_class == "A1b"] = "monopole"
    height = np.where(suburban, rng.integers(30, 43, count), rng.integers(36, 49, count))
    height = np.where(mast_class == "A2a", rng.integers(18, 31, count), height)
    height = np.where(mast_class == "A1b", rng.integers(24, 31, count), height)
    return mast_class, structure, height.astype(np.float64)


def _technologies(
    names: npt.NDArray[np.object_], density: Floats, rng: np.random.Generator
) -> list[str]:
    """Return the technologies of each station; old equipment stays longer where few people live."""
    out = []
    for name, people in zip(names, density, strict=True):
        shares = np.asarray(COMBINATION_SHARES[str(name)])
        if people < 60:
            shares = shares * (1.0, 1.0, 0.5, 2.0)
        out.append(str(rng.choice(COMBINATIONS, p=shares / shares.sum())))
    return out
