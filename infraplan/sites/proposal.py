"""Where the next sites reach the most people without service, with a proven bound."""

import base64
import zlib
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import index_of
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.radio.results import ANY
from infraplan.sites.covering import MaxCoverage
from infraplan.sites.covering import max_coverage
from infraplan.sites.demand import Demand
from infraplan.sites.demand import demand_of
from infraplan.sites.gain import Ground
from infraplan.sites.gain import station_cells
from infraplan.sites.gain import station_signals
from infraplan.sites.surroundings import Surroundings
from infraplan.sites.surroundings import technologies_of

if TYPE_CHECKING:
    import geopandas as gpd
    import scipy.sparse as sp
    import xarray as xr

    from infraplan.radio.cells import CellDefaults
    from infraplan.radio.results import Coverage
    from infraplan.radio.settings import RadioSettings
    from infraplan.radio.settings import ThresholdProfile

__all__ = ["Proposal", "propose_sites"]

LATTICE_M = 300.0
MOVE_M = 150.0  # a lattice point moves to the highest cell within this distance
NEAR_M = 3000.0  # people without service within it make a position worth a look
TILE = 3  # lattice points a side of the tile of which only the highest is looked at first
EVALUATED = 1200  # positions evaluated first; then the tiles of the best are looked at in full
REFINED = 500
MASTS = 200
RADIUS_M = 6000.0  # within it a new site's people are counted; most lie within 3 km
MAST_HEIGHT_M = 42.0  # usual antenna height of a new ground mast here; assumed
CLEARANCE_M = 4.0  # free height on an existing mast below the equipment that it carries; assumed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """
    Sites to build next, in order, and how good the choice provably is.

    `sites` has one row a chosen position, `people_gained` what each adds to those before it;
    together they gain `objective` people, and no choice of as many of the candidates evaluated
    gains more than `bound`; `gap` = (bound - objective) / bound. `certificate` holds what a doubter
    needs: `weight` (people of each demand block), `multipliers` in [0, weight], and which blocks
    with a multiplier above 0 each candidate covers: those of candidate j are
    blocks[starts[j]:starts[j + 1]], with blocks = cumsum(frombuffer(decompress(b64decode(
    `blocks_packed`)), "<i4")). Then c_j = the sum of the multipliers of j's blocks, and the bound
    is sum(weight - multipliers) + the sum of the `count` greatest c_j.
    """

    sites: "gpd.GeoDataFrame"
    people_gained: "pd.Series[float]"
    objective: float
    bound: float
    gap: float
    stopped_by_time: bool
    technology: str
    operator: str
    certificate: Mapping[str, Any]
    layers: Layers
    provenance: Provenance

    def _repr_html_(self) -> str:
        """Return a caption and the head of the table for a notebook."""
        caption = (
            f"{len(self.sites)} sites gain {self.objective:.0f} people with {self.technology}; "
            f"no choice among {self.certificate['evaluated']} candidates gains more than "
            f"{self.bound:.0f} (gap {100 * self.gap:.2f} %)"
        )
        table = pd.DataFrame(self.sites).drop(columns="geometry").head(10)
        return f"<p>{escape(caption)}</p>{table.to_html(escape=True)}"


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What every evaluation of candidates shares."""

    layers: Layers
    ground: Ground
    demand: Demand
    cells: pd.DataFrame
    settings: "RadioSettings"
    defaults: "CellDefaults"
    technology: str
    operator: str


def propose_sites(  # noqa: PLR0913 - the layers, what was predicted from them, and what is asked
    layers: Layers,
    *,
    cells: pd.DataFrame,
    coverage: "Coverage",
    people: "xr.DataArray",
    profile: "ThresholdProfile",
    settings: "RadioSettings",
    defaults: "CellDefaults",
    technology: str,
    operator: str = ANY,
    sites: int | None = None,
    budget_vnd: float | None = None,
    site_cost_vnd: float | None = None,
    progress: Progress | None = None,
) -> Proposal:
    """
    Choose where new sites reach the most people without service.

    Parameters
    ----------
    layers
        Layers of the plan, with terrain; positions are chosen from the layer `candidates` where it
        is there, else from a lattice of 300 m and the masts that lack the technology.
    cells
        Cells of the stations that stand.
    coverage
        Present coverage.
    people
        Persons in each grid cell.
    profile
        Thresholds of service, those of the coverage.
    settings
        Settings of the area engine, those of the coverage.
    defaults
        What the cells of a new site are derived from.
    technology
        Technology to be brought.
    operator
        Operator whose gaps are to be closed, or `"any"`.
    sites
        Number of sites to choose, >= 1.
    budget_vnd
        Money to spend instead, > 0; buys as many sites as `site_cost_vnd` allows [VND].
    site_cost_vnd
        Cost of one site, > 0 [VND].
    progress
        Called with the share done.

    Returns
    -------
    proposal
        Sites in the order of their gain, objective, bound, gap and certificate.

    Raises
    ------
    SettingsError
        If neither or both of `sites` and `budget_vnd` are given, or a cost is missing.
    PlanError
        If the layers have no terrain.

    Notes
    -----
    Demand is people in cells known to be uncovered, on blocks of at most 90 m; a block counts as
    covered where at least half of its people are. Where the lattice has more positions near such
    people than are evaluated, the highest of each 3 x 3 is, then all around the best: the bound
    holds for the candidates evaluated, and the certificate tells their number.
    """
    layers.need("terrain", step="proposing sites")
    terrain = layers.terrain
    assert terrain is not None  # noqa: S101 - just asked for
    count = _count(sites, budget_vnd, site_cost_vnd)
    around = Surroundings.of(layers, None)
    on_air = {
        (name, str(row.operator))
        for row in around.stations.itertuples()
        for name in technologies_of(row.technologies)
    }
    ground = Ground.of(people, coverage, terrain, on_air)
    near = replace(settings, radius_m=min(settings.radius_m, RADIUS_M))
    task = _Task(
        layers, ground, demand_of(ground, technology, operator), cells, near, defaults,
        technology, operator,
    )  # fmt: skip
    considered = _candidates(task, around)
    first = _first_look(considered)
    covers = _covers(task, first, part(progress, 0.0, 0.6))
    chosen = max_coverage(covers, task.demand.weight, count=count)
    more = _second_look(considered, first, covers, chosen, count)
    if len(more):
        covers = _joined(covers, _covers(task, more, part(progress, 0.6, 0.9)))
        first = pd.concat([first, more])
        chosen = max_coverage(covers, task.demand.weight, count=count)
    part(progress, 0.9, 1.0)(1.0)
    table = _chosen_table(first, covers, chosen, task, around)
    table["cost_vnd"] = np.nan if site_cost_vnd is None else float(site_cost_vnd)
    return Proposal(
        sites=table,
        people_gained=table["people_gained"],
        objective=chosen.covered,
        bound=chosen.bound,
        gap=chosen.gap,
        stopped_by_time=chosen.stopped_by_time,
        technology=technology,
        operator=operator,
        certificate=_certificate(task, covers, chosen, count, len(first), len(considered)),
        layers=layers,
        provenance=Provenance(
            step="proposal",
            version=_version(),
            settings={
                "profile": profile.name,
                "model": settings.model,
                "radius_m": near.radius_m,
                "mast_height_m": MAST_HEIGHT_M,
                "budget_vnd": budget_vnd,
                "site_cost_vnd": site_cost_vnd,
            },
            synthetic=layers.synthetic(),
        ),
    )


def _version() -> str:
    """Return the version of the package."""
    from infraplan import __version__

    return __version__


def _count(sites: int | None, budget_vnd: float | None, site_cost_vnd: float | None) -> int:
    """Return how many sites may be chosen."""
    if (sites is None) == (budget_vnd is None):
        msg = "give either a number of sites or a budget"
        raise SettingsError(msg)
    if sites is not None:
        if sites < 1:
            msg = f"the number of sites must be at least 1; found {sites}"
            raise SettingsError(msg)
        return int(sites)
    if budget_vnd is None or not (site_cost_vnd and site_cost_vnd > 0 and budget_vnd > 0):
        msg = "a budget needs the cost of a site, both more than 0 VND"
        raise SettingsError(msg)
    if budget_vnd < site_cost_vnd:
        msg = f"the budget of {budget_vnd:,.0f} VND is less than one site, {site_cost_vnd:,.0f} VND"
        raise SettingsError(msg)
    return int(budget_vnd // site_cost_vnd)


def _candidates(task: _Task, around: Surroundings) -> "gpd.GeoDataFrame":
    """Return every position worth a look, the layer's own or lattice and masts, sorted by id."""
    given = task.layers.table("candidates")
    if len(given):
        height = given["height_m"].astype("float64") if "height_m" in given else np.nan
        kind = given["kind"] if "kind" in given else pd.Series(None, given.index, dtype="str")
        return given.assign(
            kind=kind.fillna("new"),
            height_m=pd.Series(height, given.index).fillna(MAST_HEIGHT_M),
            score=0.0,
            tile=given.index.astype("str"),
        )[["kind", "height_m", "score", "tile", "geometry"]].sort_index()
    lattice = _lattice(task)
    masts = _masts(task, around, lattice)
    found = pd.concat([lattice, masts]) if len(masts) else lattice
    return found.sort_index()


def _scores(task: _Task) -> tuple[Floats, int, int]:
    """Return people without service within reach of each lattice point, and the first indices."""
    from scipy.signal import fftconvolve

    transform, shape = task.ground.geobox.affine, task.ground.people.shape
    x_m = transform.c + transform.a * (np.arange(shape[1]) + 0.5)
    y_m = transform.f + transform.e * (np.arange(shape[0]) + 0.5)
    column, row = (np.floor(axis / LATTICE_M).astype(np.int64) for axis in (x_m, y_m))
    west, south = int(column.min()), int(row.min())
    r, c = np.nonzero(task.demand.uncovered)
    size = (int(row.max()) - south + 1, int(column.max()) - west + 1)
    people = np.zeros(size)
    np.add.at(people, (row[r] - south, column[c] - west), task.ground.people[r, c])
    reach = int(NEAR_M // LATTICE_M)
    away = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    near = fftconvolve(people, (away <= reach).astype(np.float64), mode="same")
    return np.where(near > 0.5, np.round(near, 3), 0.0), south, west


def _lattice(task: _Task) -> "gpd.GeoDataFrame":
    """Return the lattice points near people without service, moved to high ground, on land."""
    import geopandas as gpd

    score, south, west = _scores(task)
    row, column = np.nonzero(score)
    x_m = (column + west + 0.5).astype(np.float64) * LATTICE_M
    y_m = (row + south + 0.5).astype(np.float64) * LATTICE_M
    place_x_m, place_y_m, ground_m = _highest(task.ground, task.layers, x_m, y_m)
    row, column = row + south, column + west
    tile = [f"T{r // TILE}_{c // TILE}" for r, c in zip(row, column, strict=True)]
    table = gpd.GeoDataFrame(
        {
            "kind": "new",
            "height_m": MAST_HEIGHT_M,
            "score": score[row - south, column - west],
            "tile": tile,
            "ground_m": ground_m,
        },
        index=pd.Index([f"C{r}_{c}" for r, c in zip(row, column, strict=True)], dtype="str"),
        geometry=gpd.points_from_xy(place_x_m, place_y_m),
        crs=task.layers.crs,
    ).rename_axis("candidate_id")
    return _where_allowed(table[np.isfinite(ground_m)], task.layers)


def _highest(
    ground: Ground, layers: Layers, x_m: Floats, y_m: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the highest cell on land within reach of points, NaN where there is none."""
    assert layers.terrain is not None  # noqa: S101 - asked for by the caller
    height = np.where(ground.on_land, layers.terrain.ground_m.to_numpy(), np.nan)
    row, column = index_of(ground.geobox, x_m, y_m)
    cell_m = abs(float(ground.geobox.resolution.x))
    reach = int(MOVE_M // cell_m)
    steps = [(r, c) for r in range(-reach, reach + 1) for c in range(-reach, reach + 1)]
    steps = sorted(
        (s for s in steps if np.hypot(*s) * cell_m <= MOVE_M), key=lambda s: np.hypot(*s)
    )
    best = np.full(x_m.shape, -np.inf)
    best_row, best_column = row.copy(), column.copy()
    for r, c in steps:
        at_row, at_column = row + r, column + c
        inside = (at_row >= 0) & (at_row < height.shape[0])
        inside &= (at_column >= 0) & (at_column < height.shape[1])
        value = np.full(x_m.shape, -np.inf)
        value[inside] = np.nan_to_num(height[at_row[inside], at_column[inside]], nan=-np.inf)
        higher = value > best
        best[higher] = value[higher]
        best_row[higher], best_column[higher] = at_row[higher], at_column[higher]
    transform = ground.geobox.affine
    place_x_m = np.asarray(transform.c + transform.a * (best_column + 0.5), dtype=np.float64)
    place_y_m = np.asarray(transform.f + transform.e * (best_row + 0.5), dtype=np.float64)
    return place_x_m, place_y_m, np.where(np.isfinite(best), best, np.nan).astype(np.float64)


def _where_allowed(table: "gpd.GeoDataFrame", layers: Layers) -> "gpd.GeoDataFrame":
    """Return the positions inside the communes and outside the sea and protected areas."""
    inside = np.ones(len(table), dtype=np.bool_)
    for layer, wanted in (("communes", True), ("sea", False), ("protected", False)):
        areas = layers.table(layer)
        if len(areas):
            hit = np.zeros(len(table), dtype=np.bool_)
            hit[np.unique(areas.sindex.query(table.geometry, predicate="intersects")[0])] = True
            inside &= hit == wanted
    return table[inside]


def _masts(task: _Task, around: Surroundings, lattice: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return the masts on which the technology is not on air for the operator, near such people."""
    stations = around.stations
    if not len(stations) or not len(lattice):
        return lattice.iloc[:0]
    own_id = stations.index.to_series().astype("str")
    mast = stations["mast_id"].fillna(own_id) if "mast_id" in stations else own_id
    has = np.array([task.technology in technologies_of(t) for t in stations["technologies"]])
    if task.operator != ANY:
        has &= (stations["operator"] == task.operator).to_numpy()
    taken = set(mast[has])
    free = stations[~mast.isin(taken).to_numpy()].assign(mast_id=mast)
    height = free.groupby("mast_id")["height_m"].transform("max") - CLEARANCE_M
    free = free.assign(height_m=height)[height >= 3 * CLEARANCE_M]
    free = free.sort_index().drop_duplicates("mast_id").set_index("mast_id")
    score, south, west = _scores(task)
    row = np.floor(free.geometry.y.to_numpy() / LATTICE_M).astype(np.int64) - south
    column = np.floor(free.geometry.x.to_numpy() / LATTICE_M).astype(np.int64) - west
    inside = (row >= 0) & (row < score.shape[0]) & (column >= 0) & (column < score.shape[1])
    near = np.zeros(len(free))
    near[inside] = score[row[inside], column[inside]]
    made = free[["height_m", "geometry"]].assign(
        kind="existing_mast", score=near, tile=free.index.astype("str"), ground_m=np.nan
    )
    return made[near > 0].sort_values("score", ascending=False, kind="stable").head(MASTS)


def _first_look(considered: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return all positions if few, else masts and the highest of each tile, by score."""
    if len(considered) <= EVALUATED + REFINED or "ground_m" not in considered:
        return considered
    masts = considered[considered["kind"] == "existing_mast"]
    new = considered[considered["kind"] == "new"]
    highest = new.sort_values("ground_m", ascending=False, kind="stable").drop_duplicates("tile")
    kept = highest.sort_values("score", ascending=False, kind="stable").head(EVALUATED)
    return pd.concat([masts, kept]).sort_index()


def _second_look(
    considered: "gpd.GeoDataFrame",
    seen: "gpd.GeoDataFrame",
    covers: "sp.csr_array",
    chosen: MaxCoverage,
    count: int,
) -> "gpd.GeoDataFrame":
    """Return the unseen positions of the tiles that promise most: by gain and by priced gain."""
    if len(seen) == len(considered):
        return considered.iloc[:0]
    priced = np.asarray(covers.T @ chosen.multipliers)
    order = np.argsort(-priced, kind="stable")[: max(4 * count, 20)]
    picked = np.concatenate([chosen.chosen, order])
    tiles = list(dict.fromkeys(seen["tile"].iloc[picked]))
    unseen = considered[~considered.index.isin(seen.index)]
    unseen = unseen[unseen["tile"].isin(tiles)]
    turn = unseen["tile"].map({tile: n for n, tile in enumerate(tiles)})
    return unseen.iloc[np.argsort(turn.to_numpy(), kind="stable")].head(REFINED).sort_index()


def _covers(task: _Task, candidates: "gpd.GeoDataFrame", progress: Progress) -> "sp.csr_array":
    """Return which blocks each candidate covers, as the area engine predicts it."""
    import scipy.sparse as sp

    demand, ground = task.demand, task.ground
    blocks: list[Ints] = []
    columns: list[Ints] = []
    stations = candidates[["height_m", "geometry"]].assign(
        operator="new" if task.operator == ANY else task.operator,
        mast_id=candidates.index.astype("str"),
        technologies=task.technology,
        status="operating",  # as if it stood
    )
    number = {str(name): n for n, name in enumerate(candidates.index)}
    cells = station_cells(stations, task.cells.iloc[:0], task.defaults)
    needed = ground.needed_dbm(task.technology)
    assert task.layers.terrain is not None  # noqa: S101 - asked for by the caller
    wanted = [task.technology]
    for done, signal in enumerate(
        station_signals(
            task.layers.terrain, stations, cells, settings=task.settings, technologies=wanted
        )
    ):
        window = (signal.rows, signal.columns)
        kept = demand.reached(ground, window, signal.signal_dbm >= needed)
        if kept.size:
            blocks.append(kept)
            columns.append(np.full(kept.size, number[signal.site_id], dtype=np.int64))
        progress((done + 1) / len(candidates))
    shape = (demand.weight.size, len(candidates))
    if not blocks:
        return sp.csr_array(shape)
    row, column = np.concatenate(blocks), np.concatenate(columns)
    return sp.csr_array((np.ones(row.size), (row, column)), shape=shape)


def _joined(one: "sp.csr_array", two: "sp.csr_array") -> "sp.csr_array":
    """Return two matrices side by side."""
    import scipy.sparse as sp

    return sp.csr_array(sp.hstack([one, two], format="csr"))


def _chosen_table(
    candidates: "gpd.GeoDataFrame",
    covers: "sp.csr_array",
    chosen: MaxCoverage,
    task: _Task,
    around: Surroundings,
) -> "gpd.GeoDataFrame":
    """Return the chosen positions in order with what each adds to those before."""
    by_column = covers.tocsc()
    left = task.demand.weight.copy()
    gained = []
    for index in chosen.chosen:
        rows = by_column.indices[by_column.indptr[index] : by_column.indptr[index + 1]]
        gained.append(float(left[rows].sum()))
        left[rows] = 0.0
    table = candidates.iloc[chosen.chosen][["kind", "height_m", "geometry"]].copy()
    table.insert(0, "order", np.arange(1, len(table) + 1, dtype=np.int64))
    table["people_gained"] = np.asarray(gained, dtype=np.float64)
    table["commune"] = _commune_names(table, around)
    table["nearest_site_m"] = [
        float(around.station_distances_m(point).min(initial=np.inf)) for point in table.geometry
    ]
    table["nearest_site_m"] = table["nearest_site_m"].replace(np.inf, np.nan).astype("float64")
    # "at most so many": a site that reaches less than one more person is none
    return table[table["people_gained"] >= 1.0].rename_axis("candidate_id")


def _commune_names(table: "gpd.GeoDataFrame", around: Surroundings) -> "pd.Series[str]":
    """Return the name of the commune of each position."""
    found: Sequence[Any] = [around.commune(point) for point in table.geometry]
    names = [None if commune is None else str(commune["name"]) for commune in found]
    return pd.Series(names, table.index, dtype="str")


def _certificate(
    task: _Task,
    covers: "sp.csr_array",
    chosen: MaxCoverage,
    count: int,
    evaluated: int,
    considered: int,
) -> dict[str, Any]:
    """Return what is needed to check the bound without the program."""
    priced = covers.copy()
    priced.data = np.repeat(chosen.multipliers, np.diff(priced.indptr))
    by_column = priced.tocsc()
    by_column.eliminate_zeros()  # blocks without a price count for nothing in the bound
    by_column.sort_indices()
    steps = np.diff(by_column.indices, prepend=0).astype("<i4")
    return {
        "count": count,
        "evaluated": evaluated,
        "considered": considered,
        "statement": f"best among {evaluated} of {considered} positions considered",
        "people_uncovered": float(task.demand.weight.sum()),
        "weight": task.demand.weight,
        "multipliers": chosen.multipliers,
        "starts": by_column.indptr.astype(np.int64),
        "blocks_packed": base64.b64encode(zlib.compress(steps.tobytes(), 9)).decode("ascii"),
    }
