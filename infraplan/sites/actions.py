"""What could be done for people without service: equipment on masts that stand, or a new mast."""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from infraplan.cables.lengths import fibre_distance_m
from infraplan.coverage.fixes import ACTIONS
from infraplan.coverage.fixes import BELOW_TOP_M
from infraplan.coverage.fixes import CLEARANCE_M
from infraplan.coverage.fixes import DETOUR
from infraplan.coverage.fixes import LEAST_HEIGHT_M
from infraplan.coverage.fixes import LOOKS_AWAY_DEG
from infraplan.coverage.fixes import NEW_MAST_M
from infraplan.coverage.programmes import COMING
from infraplan.layers.grid import index_of
from infraplan.progress import Progress
from infraplan.radio.results import ANY
from infraplan.sites.eligible import EXCLUSIONS
from infraplan.sites.footprints import footprints
from infraplan.sites.gain import station_cells
from infraplan.sites.surroundings import technologies_of

if TYPE_CHECKING:
    import geopandas as gpd
    import scipy.sparse as sp

    from infraplan.coverage.fixes import ActionPrices
    from infraplan.layers.bundle import Layers
    from infraplan.radio.cells import CellDefaults
    from infraplan.radio.losses import LossStore
    from infraplan.radio.settings import RadioSettings
    from infraplan.sites.demand import Demand
    from infraplan.sites.eligible import EligibleArea
    from infraplan.sites.gain import Ground
    from infraplan.sites.surroundings import Surroundings

__all__ = [
    "KINDS",
    "PREREQUISITES",
    "ActionTask",
    "covers_of",
    "first_look",
    "groups_of",
    "planned_stations",
    "possible_actions",
    "priced",
    "reached_by",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

KINDS = ACTIONS
# What must be settled before an action can begin, besides its price.
PREREQUISITES = ("mast_load", "owner_consent", "land", "fibre", "fibre_unknown", "power")
LATTICE_M = 300.0
MOVE_M = 150.0  # a lattice point moves to the highest cell within this distance
NEAR_M = 3_000.0  # people without service within it make a position worth a look
TILE = 3  # lattice points a side of the tile of which only the highest is looked at first
EVALUATED = 1_200  # positions evaluated first; then the tiles of the best are looked at in full
REFINED = 500
MASTS = 200  # of each action on masts, those with most such people around
RADIUS_M = 6_000.0  # within it a station's people are counted; most lie within 3 km
MAST_HEIGHT_M = NEW_MAST_M - BELOW_TOP_M
TURNS_DEG = np.arange(0.0, 360.0, 30.0)  # directions that a new sector may have
BEAM_DEG = 32.5  # half of what a sector antenna illuminates
SECTORS_EACH = 2  # directions of one station that are evaluated
LINE_M = 100.0  # a cable or power line nearer than this is at the site
COLUMNS = (
    "kind", "operator", "mast_id", "site_id", "height_m", "azimuth_deg", "score", "tile",
    "ground_m", "geometry",
)  # fmt: skip
FROM_LAYER: Mapping[str, str] = MappingProxyType({"new": "new_site"})


@dataclass(frozen=True, slots=True, eq=False)
class ActionTask:
    """
    What every evaluation of actions shares.

    `demand` are the people to be reached, `area` tells where a new mast may stand, `store` keeps
    footprints.
    """

    layers: "Layers"
    around: "Surroundings"
    ground: "Ground"
    demand: "Demand"
    area: "EligibleArea"
    cells: pd.DataFrame
    settings: "RadioSettings"
    defaults: "CellDefaults"
    prices: "ActionPrices"
    technology: str
    operator: str
    store: "LossStore | None" = None


def possible_actions(task: ActionTask) -> "gpd.GeoDataFrame":
    """
    Return every action worth a look.

    Parameters
    ----------
    task
        What actions are sought for.

    Returns
    -------
    actions
        Indexed by `candidate_id`, sorted: those of layer `candidates` where it is there; else
        lattice points where a mast may stand (`new_site`), masts of the operator that lack the
        technology (`technology_on_mast`), of others (`sharing`, only for one operator) and free
        directions of stations that have it (`new_sector`), all near people without service.
        `azimuth_deg` is a true azimuth, `score` counts such people, `tile` groups neighbours.
    """
    if len(task.layers.table("candidates")):
        return _given(task)
    lattice = _lattice(task)
    stations = _stations(task)
    parts = [lattice]
    if len(stations) and len(lattice):
        parts += [_technology_on_mast(task, stations), _sharing(task, stations)]
        parts.append(_new_sector(task, stations))
    found = pd.concat([part[list(COLUMNS)] for part in parts if len(part)] or [lattice])
    return found[~found.index.duplicated()].sort_index().rename_axis("candidate_id")


def priced(task: ActionTask, actions: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """
    Return actions with what they cost and what must be settled before.

    Parameters
    ----------
    task
        What actions are sought for.
    actions
        Of `possible_actions`.

    Returns
    -------
    priced
        With `fibre_m` (new cable, NaN where no cable is known), `power_m` (to the nearest power
        line, NaN where none is known), both for new masts only, `prerequisite` (codes of
        `PREREQUISITES` joined by `;`), `cost_vnd` before tax and `cost_assumed`.
    """
    is_new = (actions["kind"] == "new_site").to_numpy()
    fibre_m = np.where(is_new, fibre_distance_m(task.layers, actions).to_numpy() * DETOUR, np.nan)
    power_m = np.where(is_new, _away_m(task.layers, "power", actions), np.nan)
    base = actions["kind"].map({kind: task.prices.base_vnd(kind) for kind in KINDS})
    cable = np.nan_to_num(fibre_m) / 1_000.0 * task.prices.actions["fibre_km"].price_vnd
    return actions.assign(
        fibre_m=fibre_m,
        power_m=power_m,
        prerequisite=[
            ";".join(_needs(kind, fibre, power))
            for kind, fibre, power in zip(actions["kind"], fibre_m, power_m, strict=True)
        ],
        cost_vnd=np.round(base.to_numpy(dtype=np.float64) + cable),
        cost_assumed=actions["kind"]
        .map({k: task.prices.is_assumed(k) for k in KINDS})
        .astype(bool),
    )


def groups_of(actions: pd.DataFrame) -> Ints:
    """
    Return which actions exclude each other.

    Parameters
    ----------
    actions
        Of `possible_actions`, all of one technology.

    Returns
    -------
    group
        A number for each mast, of whose actions at most one is done; -1 for new masts.
    """
    mast = actions["mast_id"].astype("object").where(actions["mast_id"].notna(), None)
    codes, _ = pd.factorize(mast, sort=True)
    return codes.astype(np.int64)


def first_look(actions: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """
    Return the actions that are evaluated first.

    Parameters
    ----------
    actions
        Of `possible_actions`.

    Returns
    -------
    first
        All if few; else those on masts and the highest new position of each tile, by score.
    """
    is_new = (actions["kind"] == "new_site").to_numpy()
    if is_new.sum() <= EVALUATED + REFINED or actions["ground_m"].isna().all():
        return actions
    highest = actions[is_new].sort_values("ground_m", ascending=False, kind="stable")
    kept = highest.drop_duplicates("tile").sort_values("score", ascending=False, kind="stable")
    return pd.concat([actions[~is_new], kept.head(EVALUATED)]).sort_index()


def covers_of(
    task: ActionTask, actions: "gpd.GeoDataFrame", progress: Progress | None = None
) -> "sp.csr_array":
    """
    Return which blocks of demand each action brings service to, as the area engine predicts it.

    Parameters
    ----------
    task
        What actions are sought for.
    actions
        Actions to evaluate.
    progress
        Called with the share done.

    Returns
    -------
    covers
        Demand blocks x actions, 1 where it does.
    """
    import scipy.sparse as sp

    shape = (task.demand.weight.size, len(actions))
    stations = actions[["height_m", "geometry"]].assign(
        operator="new" if task.operator == ANY else task.operator,
        mast_id=actions.index.astype("str"),
        technologies=task.technology,
        status="operating",  # as if it stood
    )
    cells = station_cells(stations, task.cells.iloc[:0], task.defaults)
    turned = cells["site_id"].map(actions["azimuth_deg"])
    cells["azimuth_deg"] = turned.where(turned.notna(), cells["azimuth_deg"]).astype("float64")
    number = {str(name): n for n, name in enumerate(actions.index)}
    rows: list[Ints] = [np.zeros(0, dtype=np.int64)]
    columns: list[Ints] = [np.zeros(0, dtype=np.int64)]
    for site_id, served in _footprints(task, stations, cells, progress):
        kept = task.demand.reached(task.ground, served[0], served[1])
        rows.append(kept)
        columns.append(np.full(kept.size, number[site_id], dtype=np.int64))
    row, column = np.concatenate(rows), np.concatenate(columns)
    return sp.csr_array((np.ones(row.size), (row, column)), shape=shape)


def planned_stations(layers: "Layers", technology: str, operator: str) -> "gpd.GeoDataFrame":
    """
    Return the stations that operators have announced and that do not stand yet.

    Parameters
    ----------
    layers
        Bundle with `sites`.
    technology
        Technology they must bring; those of which no technology is told are taken to bring it.
    operator
        Operator, or `"any"`.

    Returns
    -------
    stations
        Rows of layer `sites` approved, planned or in building.
    """
    sites = layers.table("sites")
    if not len(sites) or "status" not in sites:
        return sites.iloc[:0]
    told = [technologies_of(names) for names in sites["technologies"]]
    fits = np.array([not names or technology in names for names in told], dtype=bool)
    fits &= sites["status"].isin(COMING).to_numpy(dtype=bool)
    fits &= ~(sites.geometry.isna() | sites.geometry.is_empty).to_numpy()
    if operator != ANY:
        fits &= (sites["operator"] == operator).to_numpy(dtype=bool)
    return sites[fits].sort_index()


def reached_by(task: ActionTask, stations: "gpd.GeoDataFrame") -> Flags:
    """
    Return where stations that do not stand yet would give service.

    Parameters
    ----------
    task
        What actions are sought for.
    stations
        Rows of layer `sites`, whatever their status.

    Returns
    -------
    reached
        True where one of them does, on the grid.
    """
    reached = np.zeros(task.ground.people.shape, dtype=np.bool_)
    if not len(stations):
        return reached
    built = stations.assign(
        technologies=task.technology,
        status="operating",
        height_m=stations["height_m"].fillna(task.defaults.height_m),
    )
    cells = station_cells(built, task.layers.table("cells"), task.defaults)
    cells = cells[cells["technology"] == task.technology]
    for _, (window, served) in _footprints(task, built, cells, None):
        reached[window] |= served
    return reached


def _footprints(
    task: ActionTask,
    stations: "gpd.GeoDataFrame",
    cells: pd.DataFrame,
    progress: Progress | None,
) -> "Iterator[tuple[str, tuple[tuple[slice, slice], Flags]]]":
    """Yield where stations would give service, with the window of the grid."""
    assert task.layers.terrain is not None  # noqa: S101 - the caller asked for it
    found = footprints(
        task.layers.terrain,
        stations,
        cells,
        settings=task.settings,
        technology=task.technology,
        needed_dbm=task.ground.needed_dbm(task.technology),
        store=task.store,
        progress=progress,
    )
    for name, made in found:
        yield name, ((made.rows, made.columns), made.served)


def _needs(kind: str, fibre_m: float, power_m: float) -> list[str]:
    """Return what must be settled before an action."""
    if kind in ("new_sector", "technology_on_mast"):
        return ["mast_load"]
    if kind == "sharing":
        return ["owner_consent", "mast_load"]
    needs = ["land"]
    if np.isnan(fibre_m):
        needs.append("fibre_unknown")
    elif fibre_m > LINE_M:
        needs.append("fibre")
    if power_m > LINE_M:
        needs.append("power")
    return needs


def _away_m(layers: "Layers", name: str, points: "gpd.GeoDataFrame") -> Floats:
    """Return the distance of points to the nearest feature of a layer, NaN where there is none."""
    shapes = layers.table(name).geometry.to_numpy()
    if not len(shapes) or not len(points):
        return np.full(len(points), np.nan)
    at = points.geometry.to_numpy()
    nearest = shapely.STRtree(shapes).nearest(at)
    return np.asarray(shapely.distance(shapes[nearest], at), dtype=np.float64)


def _given(task: ActionTask) -> "gpd.GeoDataFrame":
    """Return the actions of the layer `candidates`; new masts only where one may stand."""
    given = task.layers.table("candidates").sort_index()
    stations = _stations(task)
    mine = set(stations.loc[stations["is_own"], "mast_id"])
    kinds = given["kind"] if "kind" in given else pd.Series(None, given.index, dtype="object")
    masts = given["mast_id"] if "mast_id" in given else pd.Series(None, given.index, dtype="object")
    told = [
        "new_site"
        if kind != "existing_mast"
        else "technology_on_mast"
        if task.operator == ANY or mast in mine
        else "sharing"
        for kind, mast in zip(kinds, masts, strict=True)
    ]
    height = given["height_m"] if "height_m" in given else pd.Series(np.nan, given.index)
    table = given[["geometry"]].assign(
        kind=told,
        operator=None if task.operator == ANY else task.operator,
        mast_id=masts.astype("object").where(pd.Series(told, given.index) != "new_site", None),
        site_id=None,
        height_m=height.astype("float64").fillna(MAST_HEIGHT_M),
        azimuth_deg=np.nan,
        score=0.0,
        tile=given.index.astype("str"),
        ground_m=np.nan,
    )
    may_stand = (table["kind"] != "new_site") | (_reasons_at(task, table) == 0)
    return table[may_stand][list(COLUMNS)].rename_axis("candidate_id")


def _reasons_at(task: ActionTask, points: "gpd.GeoDataFrame") -> npt.NDArray[np.uint16]:
    """Return the reasons why no mast may stand at points; those off the grid are outside."""
    reasons = task.area.reasons.to_numpy()
    row, column = index_of(
        task.ground.geobox, points.geometry.x.to_numpy(), points.geometry.y.to_numpy()
    )
    inside = (row >= 0) & (row < reasons.shape[0]) & (column >= 0) & (column < reasons.shape[1])
    found = np.full(len(points), 1 << EXCLUSIONS.index("outside"), dtype=np.uint16)
    found[inside] = reasons[row[inside], column[inside]]
    return found


def _scores(task: ActionTask) -> tuple[Floats, int, int]:
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


def _lattice(task: ActionTask) -> "gpd.GeoDataFrame":
    """Return the lattice points near people without service, moved to high eligible ground."""
    import geopandas as gpd

    score, south, west = _scores(task)
    row, column = np.nonzero(score)
    x_m = (column + west + 0.5).astype(np.float64) * LATTICE_M
    y_m = (row + south + 0.5).astype(np.float64) * LATTICE_M
    place_x_m, place_y_m, ground_m = _highest(task, x_m, y_m)
    row, column = row + south, column + west
    tile = [f"T{r // TILE}_{c // TILE}" for r, c in zip(row, column, strict=True)]
    table = gpd.GeoDataFrame(
        {
            "kind": "new_site",
            "operator": None if task.operator == ANY else task.operator,
            "mast_id": None,
            "site_id": None,
            "height_m": MAST_HEIGHT_M,
            "azimuth_deg": np.nan,
            "score": score[row - south, column - west],
            "tile": tile,
            "ground_m": ground_m,
        },
        index=pd.Index([f"C{r}_{c}" for r, c in zip(row, column, strict=True)], dtype="str"),
        geometry=gpd.points_from_xy(place_x_m, place_y_m),
        crs=task.layers.crs,
    ).rename_axis("candidate_id")
    return table[np.isfinite(ground_m)]


def _highest(task: ActionTask, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the highest eligible cell within reach of points, NaN where there is none."""
    assert task.layers.terrain is not None  # noqa: S101 - asked for by the caller
    ground, terrain = task.ground, task.layers.terrain
    height = np.where(task.area.is_eligible, terrain.ground_m.to_numpy(), np.nan)
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


def _stations(task: ActionTask) -> "gpd.GeoDataFrame":
    """Return the stations that stand: mast, whether the operator's, whether with the technology."""
    stations = task.around.stations
    own_id = stations.index.to_series().astype("str")
    mast = stations["mast_id"].fillna(own_id) if "mast_id" in stations else own_id
    listed = np.array(
        [task.technology in technologies_of(t) for t in stations["technologies"]], dtype=bool
    )
    sends = task.cells.loc[task.cells["technology"] == task.technology, "site_id"]
    listed |= stations.index.isin(set(sends))
    found = stations[["operator", "geometry"]].assign(
        mast_id=mast.astype("str"),
        site_id=own_id,
        height_m=stations["height_m"].astype("float64").fillna(task.defaults.height_m),
        is_own=True if task.operator == ANY else stations["operator"] == task.operator,
        has=listed,
    )
    # an operator may list its technologies on one mast as several stations
    keys = ["mast_id"] if task.operator == ANY else ["mast_id", "operator"]
    found["has"] = found.groupby(keys)["has"].transform("any")
    return found.sort_index().rename_axis("station")


def _technology_on_mast(task: ActionTask, stations: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return the operator's masts, anybody's for any, that lack the technology."""
    lacking = stations[stations["is_own"] & ~stations["has"]]
    return _on_masts(task, lacking, "technology_on_mast", lower_m=0.0)


def _sharing(task: ActionTask, stations: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return masts of others on which the operator has nothing, at their free height."""
    if task.operator == ANY:
        return stations.iloc[:0]
    mine = set(stations.loc[stations["is_own"], "mast_id"])
    others = stations[~stations["mast_id"].isin(mine)]
    return _on_masts(task, others, "sharing", lower_m=CLEARANCE_M)


def _on_masts(
    task: ActionTask, stations: "gpd.GeoDataFrame", kind: str, *, lower_m: float
) -> "gpd.GeoDataFrame":
    """Return one action a mast near people without service, on its tallest station."""
    order = stations.sort_values(["height_m", "site_id"], ascending=[False, True], kind="stable")
    masts = order.drop_duplicates("mast_id").set_index("mast_id", drop=False)
    masts = masts.assign(
        kind=kind,
        height_m=np.maximum(masts["height_m"] - lower_m, LEAST_HEIGHT_M),
        azimuth_deg=np.nan,
        score=_scores_at(task, masts),
        tile=masts.index.astype("str"),
        ground_m=np.nan,
    )
    near = masts[masts["score"] > 0].rename_axis("candidate_id")
    return near.sort_values("score", ascending=False, kind="stable").head(MASTS)


def _scores_at(task: ActionTask, points: "gpd.GeoDataFrame") -> Floats:
    """Return people without service within reach of points."""
    score, south, west = _scores(task)
    row = np.floor(points.geometry.y.to_numpy() / LATTICE_M).astype(np.int64) - south
    column = np.floor(points.geometry.x.to_numpy() / LATTICE_M).astype(np.int64) - west
    inside = (row >= 0) & (row < score.shape[0]) & (column >= 0) & (column < score.shape[1])
    near = np.zeros(len(points))
    near[inside] = score[row[inside], column[inside]]
    return near


def _new_sector(task: ActionTask, stations: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return free directions of stations that have the technology, towards people without it."""
    having = stations[stations["is_own"] & stations["has"]]
    facing = _directions(task, having)
    x_m, y_m, people = _middles(task)
    rows, names = [], []
    for site_id, station in having.iterrows():
        turns, height_m = facing.get(str(site_id), (None, np.nan))
        if turns is None:
            continue
        right_m, up_m = x_m - station.geometry.x, y_m - station.geometry.y
        near = np.hypot(right_m, up_m) <= RADIUS_M
        bearing = np.degrees(np.arctan2(right_m[near], up_m[near])) % 360.0
        ahead = _apart_deg(bearing[:, None], TURNS_DEG[None, :]) <= BEAM_DEG
        score = people[near] @ ahead
        free = (_apart_deg(TURNS_DEG[:, None], turns[None, :]) > LOOKS_AWAY_DEG).all(axis=1)
        score = np.where(free, score, 0.0)
        for turn in np.argsort(-score, kind="stable")[:SECTORS_EACH]:
            if score[turn] > 0.5:
                names.append(f"{site_id}-{TURNS_DEG[turn]:03.0f}")
                rows.append(
                    {
                        **{name: station[name] for name in ("operator", "mast_id", "site_id")},
                        "kind": "new_sector",
                        "height_m": height_m if np.isfinite(height_m) else station["height_m"],
                        "azimuth_deg": TURNS_DEG[turn],
                        "score": float(np.round(score[turn], 3)),
                        "tile": str(site_id),
                        "ground_m": np.nan,
                        "geometry": station.geometry,
                    }
                )
    if not rows:
        return stations.iloc[:0]
    import geopandas as gpd

    found = gpd.GeoDataFrame(
        rows, index=pd.Index(names, dtype="str"), geometry="geometry", crs=stations.crs
    )
    best = found.sort_values("score", ascending=False, kind="stable")
    return best.head(MASTS).rename_axis("candidate_id")


def _directions(
    task: ActionTask, stations: "gpd.GeoDataFrame"
) -> dict[str, tuple[Floats | None, float]]:
    """Return where the sectors of stations look, None where one is unknown, and how high."""
    cells = task.cells
    own = cells[(cells["technology"] == task.technology) & cells["site_id"].isin(stations.index)]
    place = own["site_id"].map(stations["mast_id"])
    owner = own["site_id"].map(stations["operator"])
    found: dict[str, tuple[Floats | None, float]] = {}
    looks = {
        key: part["azimuth_deg"].to_numpy(dtype=np.float64, na_value=np.nan)
        for key, part in own.groupby([place, owner])
    }
    heights = own.groupby("site_id")["height_m"].max()
    for site_id in dict.fromkeys(own["site_id"].astype(str)):
        turns = looks[stations.loc[site_id, "mast_id"], stations.loc[site_id, "operator"]]
        known = turns if np.isfinite(turns).all() else None
        found[site_id] = (known, float(heights[site_id]))
    return found


def _middles(task: ActionTask) -> tuple[Floats, Floats, Floats]:
    """Return the middle of each block of demand and its people."""
    row, column = np.nonzero(task.demand.uncovered)
    number = task.demand.block[row, column]
    count = np.maximum(np.bincount(number, minlength=task.demand.weight.size), 1)
    transform = task.ground.geobox.affine
    middle = (
        np.bincount(number, axis + 0.5, minlength=task.demand.weight.size) / count
        for axis in (column, row)
    )
    at_column, at_row = middle
    x_m = np.asarray(transform.c + transform.a * at_column, dtype=np.float64)
    y_m = np.asarray(transform.f + transform.e * at_row, dtype=np.float64)
    return x_m, y_m, task.demand.weight


def _apart_deg(one: Floats, two: Floats) -> Floats:
    """Return the angle between directions."""
    return np.asarray(np.abs((one - two + 180.0) % 360.0 - 180.0), dtype=np.float64)
