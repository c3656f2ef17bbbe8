"""One place: which cells should serve it, whether they do, and what stands in the way."""

import math
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from infraplan.coverage.causes import explaining_paths
from infraplan.errors import PlanError
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import index_of
from infraplan.layers.stations import on_air
from infraplan.radio.diffraction import effective_earth_radius_km
from infraplan.radio.link import service_margin_db
from infraplan.radio.links import LinkGround
from infraplan.radio.links import Links
from infraplan.radio.links import Senders
from infraplan.radio.links import senders_of
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile

__all__ = ["LinkProfile", "PlaceFacts", "PointFinding", "look_at_point"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MEASURED_WITHIN_M = 500.0  # measurements farther away say little of a house
HAMLET_WITHIN_M = 2_000.0  # a house outside all inhabited ground belongs to the nearest, if near
LIKELY = 0.8  # share of the levels that lies between `level_low_dbm` and `level_high_dbm`
MOST_PROFILES = 3
GROUP = ["technology", "operator"]
TERRAIN_FIELDS = ("obstruction_db", "ridge_x_m", "ridge_y_m", "ridge_m", "ridge_height_m")
CAUSE_FIELDS = ("cell_id", "distance_m", "back_azimuth_deg", "level_dbm", "smooth_dbm",
                "assumed", *TERRAIN_FIELDS)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """
    Where a place is and what is near: positions and heights in metres, NaN or None where unknown.

    `hamlet_m` is 0 inside the inhabited ground of the hamlet. Distances to stations are geodesic,
    those to fibre in the planning CRS.
    """

    x_m: float
    y_m: float
    lon_deg: float
    lat_deg: float
    ground_m: float
    commune_code: str | None
    commune: str | None
    hamlet_id: str | None
    hamlet: str | None
    hamlet_m: float
    nearest_site: str | None
    nearest_operator: str | None
    nearest_site_m: float
    nearest_fibre: str | None
    nearest_fibre_operator: str | None
    nearest_fibre_m: float


@dataclass(frozen=True, slots=True, eq=False)
class LinkProfile:
    """
    The ground between a cell and the place, and what the model makes of it.

    `at_m` are distances from the cell, `ground_m` heights above sea level there, of grid cells as
    the model has them; `distance_m` is the exact length. The main obstruction lies `edge_m` from
    the cell and `edge_to_place_m` from the place, NaN where the path is clear. `has_service` says
    whether the cell alone gives service.
    """

    technology: str
    operator: str
    site_id: str
    cell_id: str
    freq_mhz: float
    antenna_m: float
    receiver_m: float
    distance_m: float
    azimuth_deg: float
    earth_radius_km: float
    at_m: Floats
    ground_m: Floats
    level_dbm: float
    obstruction_db: float
    threshold_dbm: float
    probability: float
    edge_m: float
    edge_to_place_m: float
    edge_height_m: float
    has_service: bool
    assumed: bool


@dataclass(frozen=True, slots=True, eq=False)
class PointFinding:
    """
    What is known of the service at one place.

    `servers` has a row for each `technology` and `operator`: the `verdict` (`served`; `uncertain`:
    the level reaches the threshold but the probability falls short; `none`; `unknown`), and of the
    strongest cell over known ground `cell_id`, `site_id`, `distance_m`, `azimuth_deg` (from the
    station, clockwise from true north), `level_dbm` with the ends of its 80 % range, `probability`
    and `assumed`. `causes` has a row for each of them that lacks service: `cause` as in `gaps`, the
    station that would serve over smooth ground and the main obstruction. `cells` are all cells that
    were looked at. `evidence` is what is said of the hamlet, `measurements` what was measured near.
    """

    place: PlaceFacts
    servers: pd.DataFrame
    causes: pd.DataFrame
    cells: pd.DataFrame
    evidence: pd.DataFrame
    measurements: pd.DataFrame
    profiles: tuple[LinkProfile, ...]
    settings: RadioSettings
    thresholds: ThresholdProfile


@dataclass(frozen=True, slots=True, eq=False)
class _Paths:
    """Paths to the place from the cells within the radius, a row of `table` each."""

    senders: Senders
    ground: LinkGround
    row: int
    column: int
    links: Links
    table: pd.DataFrame


def look_at_point(
    layers: Layers,
    cells: pd.DataFrame,
    at: shapely.Point,
    *,
    profile: ThresholdProfile,
    settings: RadioSettings,
    headline: tuple[str, str],
    only: tuple[str | None, str | None] = (None, None),
) -> PointFinding:
    """
    Return which cells should serve a place, whether they do, and what stands in the way.

    Parameters
    ----------
    layers
        Bundle with `communes`, `sites` and the terrain; `hamlets`, `fibre`, `evidence`,
        `measurements` where there.
    cells
        Cells on air with every field filled (`derive_cells`).
    at
        The place, in the planning CRS.
    profile
        Thresholds, the probability that service asks for and the spread of levels.
    settings
        Settings of the engine.
    headline
        Technology and operator (or `"any"`) of which profiles are kept.
    only
        Technology and operator to tell of; None: all that are on air.

    Returns
    -------
    finding
        Servers, causes, profiles and what is near.

    Raises
    ------
    PlanError
        If there is no terrain, or it does not know the height of the place.

    Notes
    -----
    Levels are those of the area engine with `rays="cell"`: cells and places stand in the middle of
    their grid cell. All cells within the radius are looked at.
    """
    paths = _paths(layers, cells, at, profile, settings)
    sites = layers.table("sites")
    known = cells.assign(operator=cells["site_id"].map(sites["operator"]).astype("str"))
    pairs = sorted(set(zip(known["technology"], known["operator"], strict=True)))
    technologies = sorted({technology for technology, _ in pairs})
    operators = sorted({operator for _, operator in pairs})
    every = [(t, o) for t in technologies for o in operators]
    servers = _servers(paths, every, profile)
    stations = _stations_from(sites, known, at)
    causes = _causes(paths, servers, known, stations)
    servers["cause"] = causes["cause"].reindex(servers.index)
    wanted = [
        pair
        for pair in every
        if all(asked in (None, own) for asked, own in zip(only, pair, strict=True))
    ]
    shown = servers.loc[wanted]
    lacking = causes.loc[[pair for pair in wanted if pair in causes.index]]
    place = _place(layers, at, paths)
    return PointFinding(
        place=_with_nearest(place, stations, layers, at),
        servers=shown.reset_index(),
        causes=lacking.reset_index(),
        cells=_looked_at(paths.table, only),
        evidence=_evidence(layers, place.hamlet_id, only[1]),
        measurements=_measured(layers, at, only),
        profiles=_profiles(paths, shown, lacking, headline),
        settings=settings,
        thresholds=profile,
    )


def _paths(
    layers: Layers,
    cells: pd.DataFrame,
    at: shapely.Point,
    profile: ThresholdProfile,
    settings: RadioSettings,
) -> _Paths:
    """Return the paths to the place from all cells within the radius."""
    layers.need("sites", step="point")
    if layers.terrain is None:
        msg = "point needs the terrain, which the plan lacks: infraplan import PLAN terrain FILE"
        raise PlanError(msg)
    ground = LinkGround.of(layers.terrain, settings)
    rows, columns = index_of(ground.geobox, at.x, at.y)
    row, column = int(rows), int(columns)
    inside = 0 <= row < ground.geobox.shape[0] and 0 <= column < ground.geobox.shape[1]
    if not inside or not math.isfinite(ground.ground_m[row, column]):
        raise PlanError(_unknown_ground(ground, row, column))
    sites = layers.table("sites")
    reach_m = settings.radius_m + 2.0 * ground.cell_m
    near = sites.index[sites.geometry.distance(at) <= reach_m]
    senders = senders_of(cells[cells["site_id"].isin(near)], sites, ground.geobox, settings)
    away_m = np.hypot(senders.row - row, senders.column - column) * ground.cell_m
    number = np.flatnonzero(away_m <= settings.radius_m)
    size = number.size
    places = np.full(size, row, dtype=np.int64), np.full(size, column, dtype=np.int64)
    links = ground.links(senders, number, *places)
    table = _cell_table(senders, number, links, layers, at, profile)
    return _Paths(senders, ground, row, column, links, table)


def _unknown_ground(ground: LinkGround, row: int, column: int) -> str:
    """Return what to do where the height of the place is not known."""
    known = np.argwhere(np.isfinite(ground.ground_m))
    told = (
        "the terrain of the plan knows no height at this place, so nothing can be predicted there"
    )
    if len(known):
        away_m = np.hypot(*(known - [row, column]).T).min() * ground.cell_m
        told += f" (the nearest known height is {away_m:.0f} m away)"
    return (
        f"{told}; choose a place on known ground, or bring terrain that covers it: "
        "infraplan import PLAN terrain FILE"
    )


def _cell_table(
    senders: Senders,
    number: Ints,
    links: Links,
    layers: Layers,
    at: shapely.Point,
    profile: ThresholdProfile,
) -> pd.DataFrame:
    """Return the cells looked at with what reaches the place from each."""
    from scipy.special import ndtr

    sites = layers.table("sites")
    found = senders.cells.iloc[number].reset_index(drop=True)
    stations = sites.loc[found["site_id"]]
    from_deg, to_deg, distance_m = _directions(stations.geometry, at)
    threshold_dbm = np.array(
        [profile.technologies[t].service_dbm for t in found["technology"]], dtype=np.float64
    )
    spread_db = service_margin_db((1.0 + LIKELY) / 2.0, profile.sigma_db)
    level_dbm = np.round(links.level_dbm, 1)  # as bands of coverage are kept
    facing_deg = found["azimuth_deg"].to_numpy(dtype=np.float64, na_value=np.nan)
    facing_deg = np.where(found["azimuth_grid_deg"].isna(), np.nan, facing_deg)
    edge_m = np.hypot(links.edge_x_m - at.x, links.edge_y_m - at.y)
    table = found[["cell_id", "site_id", "technology", "carrier", "freq_mhz", "height_m"]].assign(
        operator=stations["operator"].astype("str").to_numpy(),
        mast_id=stations["mast_id"].to_numpy(),
        cell_azimuth_deg=facing_deg,
        distance_m=distance_m,
        azimuth_deg=from_deg,
        back_azimuth_deg=to_deg,
        off_axis_deg=(from_deg - facing_deg + 180.0) % 360.0 - 180.0,
        level_dbm=level_dbm,
        level_low_dbm=level_dbm - spread_db,
        level_high_dbm=level_dbm + spread_db,
        smooth_dbm=links.smooth_dbm,
        obstruction_db=links.smooth_dbm - links.level_dbm,
        ridge_x_m=links.edge_x_m,
        ridge_y_m=links.edge_y_m,
        ridge_m=edge_m,
        ridge_height_m=links.edge_height_m,
        threshold_dbm=threshold_dbm,
        needed_dbm=threshold_dbm + service_margin_db(profile.p_cov, profile.sigma_db),
        probability=np.round(ndtr((level_dbm - threshold_dbm) / profile.sigma_db), 3),
        assumed=found["assumed"].astype(bool).to_numpy(),
    )
    return table.astype({"azimuth_deg": "float64"})


def _directions(stations: gpd.GeoSeries, at: shapely.Point) -> tuple[Floats, Floats, Floats]:
    """Return azimuths from stations to a place and back, from true north, and geodesic lengths."""
    from pyproj import CRS
    from pyproj import Transformer

    crs = CRS(stations.crs)
    to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True, allow_ballpark=False)
    lon, lat = to_degrees.transform(stations.x.to_numpy(), stations.y.to_numpy())
    place = to_degrees.transform(at.x, at.y)
    size = len(stations)
    geod = crs.get_geod()
    if geod is None:
        msg = f"the planning CRS {crs} has no ellipsoid; plans take projected systems of the earth"
        raise PlanError(msg)
    there, back, length_m = geod.inv(lon, lat, np.full(size, place[0]), np.full(size, place[1]))
    return np.asarray(there) % 360.0, np.asarray(back) % 360.0, np.asarray(length_m)


def _servers(
    paths: _Paths, pairs: list[tuple[str, str]], profile: ThresholdProfile
) -> pd.DataFrame:
    """Return the strongest cell of each technology and operator, and whether it gives service."""
    table = paths.table
    order = table.sort_values(["level_dbm", "cell_id"], ascending=[False, True], kind="stable")
    best = order[order["level_dbm"].notna()].groupby(GROUP, sort=False).head(1)
    maybe = table["level_dbm"].isna() & (table["smooth_dbm"] >= table["needed_dbm"])
    doubtful = {(t, o) for t, o in table.loc[maybe, GROUP].itertuples(index=False)}
    columns = ["cell_id", "site_id", "distance_m", "azimuth_deg", "back_azimuth_deg", "level_dbm",
               "level_low_dbm", "level_high_dbm", "probability", "assumed"]  # fmt: skip
    index = pd.MultiIndex.from_tuples(pairs, names=GROUP)
    found = best.set_index(GROUP)[columns].reindex(index)
    limits = {name: entry.service_dbm for name, entry in profile.technologies.items()}
    margin_db = service_margin_db(profile.p_cov, profile.sigma_db)
    threshold_dbm = index.get_level_values(0).map(limits).to_numpy(dtype=np.float64)
    probability = found["probability"].to_numpy(dtype=np.float64)
    level_dbm = found["level_dbm"].to_numpy(dtype=np.float64)
    unknown = np.array([pair in doubtful for pair in pairs], dtype=bool)
    verdict = np.select(
        [probability >= profile.p_cov, unknown, level_dbm >= threshold_dbm],
        ["served", "unknown", "uncertain"],
        "none",
    )
    counts = table.groupby(GROUP).size().reindex(index, fill_value=0)
    return found.assign(
        threshold_dbm=threshold_dbm,
        needed_dbm=threshold_dbm + margin_db,
        verdict=verdict,
        cells_looked_at=counts.to_numpy(),
        assumed=found["assumed"].astype("boolean"),
    ).astype({"cell_id": "str", "site_id": "str"})


def _stations_from(sites: gpd.GeoDataFrame, cells: pd.DataFrame, at: shapely.Point) -> pd.DataFrame:
    """Return the stations on air, the nearest first, with their operator and distance."""
    there = on_air(sites)
    there = there[there.index.isin(set(cells["site_id"]))]
    _, back_deg, distance_m = _directions(there.geometry, at)
    table = pd.DataFrame(
        {
            "operator": there["operator"].to_numpy(),
            "distance_m": distance_m,
            "back_azimuth_deg": back_deg,
        },
        index=there.index,
    )
    return table.sort_values("distance_m", kind="stable")


def _causes(
    paths: _Paths,
    servers: pd.DataFrame,
    cells: pd.DataFrame,
    stations: pd.DataFrame,
) -> pd.DataFrame:
    """Return why technologies and operators have no service here."""
    served = servers["verdict"] == "served"
    operators_served = set(servers.index.get_level_values("operator")[served])
    best = _explained(paths, servers.index)
    rows = []
    for pair in servers.index[~served]:
        technology, operator = pair
        row: dict[str, Any] = dict.fromkeys(("cause", "cause_site", *CAUSE_FIELDS), np.nan)
        row |= {"technology": technology, "operator": operator, "in_reach": pair in best}
        if pair in best:
            row |= _cause_of_path(paths, best[pair])
        else:
            mine = set(cells["site_id"][(cells["technology"] == technology)
                                        & (cells["operator"] == operator)])  # fmt: skip
            lacks = not mine or operator in operators_served
            row["cause"] = "no_technology" if lacks else "distance"
            near = stations[stations.index.isin(mine)].head(1)
            if len(near):
                row["cause_site"] = near.index[0]
                row |= {name: near[name].iloc[0] for name in ("distance_m", "back_azimuth_deg")}
        rows.append(row)
    names = [*GROUP, "cause", "cause_site", "in_reach", *CAUSE_FIELDS]
    found = pd.DataFrame(rows, columns=names).set_index(GROUP)
    kinds = dict.fromkeys(("cause", "cause_site", "cell_id"), "str") | {"assumed": "boolean"}
    return found.astype({**kinds, "in_reach": "bool"})


def _explained(paths: _Paths, index: "pd.Index[Any]") -> dict[tuple[str, str], int]:
    """Return the path that explains each technology and operator with cells within the radius."""
    table = paths.table
    group = index.get_indexer(pd.MultiIndex.from_frame(table[GROUP])).astype(np.int64)
    number = np.arange(len(table), dtype=np.int64)
    found = explaining_paths(paths.links, number, group, table["needed_dbm"].to_numpy())
    pairs = index.to_list()
    return {pairs[g]: int(path) for g, path in enumerate(found) if path >= 0}


def _cause_of_path(paths: _Paths, path: int) -> dict[str, Any]:
    """Return the cause that a path shows."""
    line = paths.table.iloc[path]
    if not line["smooth_dbm"] >= line["needed_dbm"]:
        cause = "distance"
    else:
        cause = "unknown" if math.isnan(line["level_dbm"]) else "terrain"
    told = {name: line[name] for name in CAUSE_FIELDS}
    if cause != "terrain":
        told |= dict.fromkeys(TERRAIN_FIELDS, np.nan)
    return {"cause": cause, "cause_site": line["site_id"], **told}


def _looked_at(table: pd.DataFrame, only: tuple[str | None, str | None]) -> pd.DataFrame:
    """Return the cells that are asked for, the strongest of each technology first."""
    for column, asked in zip(GROUP, only, strict=True):
        if asked is not None:
            table = table[table[column] == asked]
    keys = ["technology", "operator", "level_dbm", "cell_id"]
    table = table.sort_values(keys, ascending=[True, True, False, True], kind="stable")
    return table.set_index("cell_id")


def _place(layers: Layers, at: shapely.Point, paths: _Paths) -> PlaceFacts:
    """Return the hamlet and the commune that a place is in."""
    from pyproj import Transformer

    to_degrees = Transformer.from_crs(layers.crs, "EPSG:4326", always_xy=True, allow_ballpark=False)
    lon_deg, lat_deg = to_degrees.transform(at.x, at.y)
    communes, hamlets = layers.table("communes"), layers.table("hamlets")
    commune = communes[communes.covers(at)].head(1)
    hamlet_id, hamlet_m = _nearest(hamlets, at)
    if not hamlet_m <= HAMLET_WITHIN_M:
        hamlet_id, hamlet_m = None, math.nan
    return PlaceFacts(
        x_m=float(at.x),
        y_m=float(at.y),
        lon_deg=float(lon_deg),
        lat_deg=float(lat_deg),
        ground_m=float(paths.ground.ground_m[paths.row, paths.column]),
        commune_code=str(commune.index[0]) if len(commune) else None,
        commune=str(commune["name"].iloc[0]) if len(commune) else None,
        hamlet_id=hamlet_id,
        hamlet=None if hamlet_id is None else str(hamlets.loc[hamlet_id, "name"]),
        hamlet_m=hamlet_m,
        nearest_site=None,
        nearest_operator=None,
        nearest_site_m=math.nan,
        nearest_fibre=None,
        nearest_fibre_operator=None,
        nearest_fibre_m=math.nan,
    )


def _with_nearest(
    place: PlaceFacts, stations: pd.DataFrame, layers: Layers, at: shapely.Point
) -> PlaceFacts:
    """Return the place with the nearest station on air and the nearest fibre."""
    fibre = layers.table("fibre")
    cable, cable_m = _nearest(fibre, at)
    if len(stations):
        place = replace(
            place,
            nearest_site=str(stations.index[0]),
            nearest_operator=str(stations["operator"].iloc[0]),
            nearest_site_m=float(stations["distance_m"].iloc[0]),
        )
    if cable is None:
        return place
    owner = str(fibre.loc[cable, "operator"])
    return replace(
        place, nearest_fibre=cable, nearest_fibre_operator=owner, nearest_fibre_m=cable_m
    )


def _nearest(table: gpd.GeoDataFrame, at: shapely.Point) -> tuple[str | None, float]:
    """Return the id of the nearest shape of a layer and its distance, 0 inside it."""
    if not len(table):
        return None, math.nan
    away_m = shapely.distance(table.geometry.to_numpy(), at)  # NaN for a row without a position
    if np.isnan(away_m).all():
        return None, math.nan
    number = int(np.nanargmin(away_m))
    return str(table.index[number]), float(away_m[number])


def _evidence(layers: Layers, hamlet_id: str | None, operator: str | None) -> pd.DataFrame:
    """Return what is said of the signal in the hamlet, the newest first."""
    table = layers.table("evidence")
    mine = table[table["hamlet_id"] == hamlet_id]
    if operator is not None:
        mine = mine[mine["operator"].isin((operator, "any"))]
    return pd.DataFrame(mine).sort_values("found_on", ascending=False, kind="stable")


def _measured(
    layers: Layers, at: shapely.Point, only: tuple[str | None, str | None]
) -> pd.DataFrame:
    """Return the measurements near, the nearest first, with the operator that they are of."""
    table = layers.table("measurements")
    away_m = table.geometry.distance(at) if len(table) else pd.Series(dtype="float64")
    found = table[(away_m <= MEASURED_WITHIN_M).to_numpy()]
    owners = layers.table("sites")["operator"]
    operator = found["site_id"].map(owners) if len(found) else pd.Series(dtype="str")
    named = pd.DataFrame(found.drop(columns="geometry")).assign(
        operator=operator.astype("str"), distance_m=away_m.reindex(found.index)
    )
    for column, asked in zip(GROUP, only, strict=True):
        if asked is not None:
            named = named[named[column].isna() | (named[column] == asked)]
    return named.sort_values("distance_m", kind="stable")


def _profiles(
    paths: _Paths, servers: pd.DataFrame, causes: pd.DataFrame, headline: tuple[str, str]
) -> tuple[LinkProfile, ...]:
    """
    Return the ground to the strongest server of up to three operators of the headline.

    Where an operator lacks service, it is the cell that its cause names.
    """
    technology, operator = headline
    number_of = {cell_id: n for n, cell_id in enumerate(paths.table["cell_id"])}
    chosen: list[int] = []
    for pair in servers.index:
        if pair[0] != technology or operator not in ("any", pair[1]):
            continue
        cell_id = causes["cell_id"].get(pair) if pair in causes.index else None
        cell_id = cell_id if isinstance(cell_id, str) else servers["cell_id"].get(pair)
        if isinstance(cell_id, str):
            chosen.append(number_of[cell_id])
    table = paths.table.iloc[chosen].assign(number=chosen)
    table = table.sort_values("level_dbm", ascending=False, kind="stable", na_position="last")
    return tuple(_profile(paths, int(n)) for n in table["number"].head(MOST_PROFILES))


def _profile(paths: _Paths, path: int) -> LinkProfile:
    """Return the ground along a path."""
    line = paths.table.iloc[path]
    settings = paths.ground.settings
    number = int(paths.senders.cells.index[paths.senders.cells["cell_id"] == line["cell_id"]][0])
    at_m, ground_m = paths.ground.profile(paths.senders, number, paths.row, paths.column)
    middle = paths.ground.geobox.affine * (
        float(paths.senders.column[number]) + 0.5,
        float(paths.senders.row[number]) + 0.5,
    )
    return LinkProfile(
        technology=str(line["technology"]),
        operator=str(line["operator"]),
        site_id=str(line["site_id"]),
        cell_id=str(line["cell_id"]),
        freq_mhz=float(line["freq_mhz"]),
        antenna_m=float(line["height_m"]),
        receiver_m=settings.rx_height_m,
        distance_m=float(line["distance_m"]),
        azimuth_deg=float(line["azimuth_deg"]),
        earth_radius_km=effective_earth_radius_km(settings.delta_n),
        at_m=at_m,
        ground_m=ground_m,
        level_dbm=float(line["level_dbm"]),
        obstruction_db=float(line["obstruction_db"]),
        threshold_dbm=float(line["threshold_dbm"]),
        probability=float(line["probability"]),
        edge_m=float(np.hypot(line["ridge_x_m"] - middle[0], line["ridge_y_m"] - middle[1])),
        edge_to_place_m=float(line["ridge_m"]),
        edge_height_m=float(line["ridge_height_m"]),
        has_service=bool(line["level_dbm"] >= line["needed_dbm"]),
        assumed=bool(line["assumed"]),
    )
