"""Why a place has no service: no such technology, too far, or behind which ridge."""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import PlanError
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import index_of
from infraplan.radio.cells import CellDefaults
from infraplan.radio.cells import TechnologyDefaults
from infraplan.radio.cells import derive_cells
from infraplan.radio.link import service_margin_db
from infraplan.radio.links import LinkGround
from infraplan.radio.links import Links
from infraplan.radio.links import Senders
from infraplan.radio.links import senders_of
from infraplan.radio.results import ANY
from infraplan.radio.results import Coverage

__all__ = [
    "CAUSE_COLUMNS",
    "USUAL",
    "causes_of",
    "explaining_paths",
    "headline_cells",
    "headline_needed_dbm",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NEAREST = 20  # stations looked at along the real profile
STRONGEST = 20  # and so many more by their level in free space: a far one may shine farther
PLACES_AT_ONCE = 256
CAUSE_COLUMNS = (
    "cause",
    "cause_site",
    "cause_site_m",
    "ridge_x_m",
    "ridge_y_m",
    "ridge_m",
    "ridge_height_m",
    "obstruction_db",
)
_SOURCE = "data/cells/defaults.toml, for callers that hand in no cells"
# A usual macro cell, as in data/cells/defaults.toml: the core opens no file
USUAL = CellDefaults(
    name="vn-macro",
    source=_SOURCE,
    verified=False,
    height_m=40.0,
    technologies=MappingProxyType(
        {
            "2G": TechnologyDefaults("G900", 945.0, 0.2, 43.0, "3gpp_900", 0.0, 3.0, 0.5),
            "3G": TechnologyDefaults("U2100", 2140.0, 5.0, 43.0, "3gpp_2100", 0.0, 3.0, 0.5),
            "4G": TechnologyDefaults("L1800", 1842.5, 20.0, 46.0, "3gpp_1800", 0.0, 3.0, 0.5),
            "5G": TechnologyDefaults("N2600", 2600.0, 100.0, 53.0, "3gpp_2100", 0.0, 3.0, 0.3),
        }
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class _Stations:
    """Stations of the headline: where they stand, and their cells `first[s]:first[s + 1]`."""

    site_id: npt.NDArray[np.object_]
    x_m: Floats
    y_m: Floats
    first: Ints
    senders: Senders


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Stations looked at from places, sorted by place."""

    place: Ints
    station: Ints


def causes_of(
    layers: Layers,
    coverage: Coverage,
    places: tuple[npt.ArrayLike, npt.ArrayLike],
    *,
    technology: str,
    operator: str,
    has_other: npt.ArrayLike,
    cells: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Return why places have no service, and what lies between them and the station that would serve.

    Parameters
    ----------
    layers
        Bundle with `sites` and the terrain; `cells` where there.
    coverage
        Prediction of the headline: which stations have it on air, by which model, what is service.
    places
        Eastings and northings of places without service, on the grid; NaN for no place [m].
    technology
        Technology of the headline.
    operator
        Operator of the headline, or `"any"`.
    has_other
        Whether another technology serves each place.
    cells
        Cells with every field filled, those that the coverage was predicted from; None: derived
        from the layers, a usual macro cell where they say nothing.

    Returns
    -------
    causes
        A row for each place. `cause` is `no_technology` (no station within the radius has it while
        another technology serves), `distance` (none within the radius would reach the place over
        smooth ground either, with the antennas that it has), `terrain` (one would, so what lies
        between takes the signal away), `unknown` (one would, over ground of which the height is
        not known, or it lies off the grid), or missing where there is no place. `cause_site` is the
        station that would serve best over smooth ground, `cause_site_m` away. With `terrain`,
        `obstruction_db` is by how much its level over smooth ground exceeds that over the terrain,
        `ridge_x_m`, `ridge_y_m` the main obstruction (NaN where none comes near the line of sight),
        `ridge_m` its distance from the place and `ridge_height_m` its height above sea level.

    Raises
    ------
    PlanError
        If there is no terrain.

    Notes
    -----
    Levels are those of the area engine, along the exact path: cells, their patterns and tilts,
    free space and delta-Bullington diffraction. Looked at are the nearest 20 stations within the
    radius, and the 20 that would be the strongest in free space.
    """
    layers.need("sites", step="causes")
    x_m, y_m = (np.asarray(values, dtype=np.float64) for values in places)
    other = np.broadcast_to(np.asarray(has_other, dtype=bool), x_m.shape)
    table = _empty(x_m.size)
    ground = _ground(layers, coverage)
    stations = _stations(
        headline_cells(layers, coverage, technology, operator, cells), layers, ground
    )
    needed_dbm = headline_needed_dbm(coverage, technology)
    row, column = index_of(ground.geobox, np.nan_to_num(x_m), np.nan_to_num(y_m))
    rows, columns = ground.geobox.shape
    on_grid = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    table["cause"][np.isfinite(x_m) & ~on_grid] = "unknown"
    given = np.flatnonzero(np.isfinite(x_m) & on_grid)
    for begin in range(0, given.size, PLACES_AT_ONCE):
        part = given[begin : begin + PLACES_AT_ONCE]
        found = _causes(ground, stations, (x_m[part], y_m[part]), other[part], needed_dbm)
        for name, values in found.items():
            table[name][part] = values
    frame = pd.DataFrame({name: table[name] for name in CAUSE_COLUMNS})
    return frame.astype({"cause": "str", "cause_site": "str"})


def headline_cells(
    layers: Layers,
    coverage: Coverage,
    technology: str,
    operator: str,
    cells: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Return the cells on air of a technology and operator, every field filled.

    Parameters
    ----------
    layers
        Bundle with `sites`; `cells` where there.
    coverage
        Prediction that says which stations are on air.
    technology
        Technology.
    operator
        Operator, or `"any"`.
    cells
        Cells with every field filled; None: derived from the layers.

    Returns
    -------
    cells
        Table as of layer `cells`, index `cell_id`.
    """
    on_air = coverage.cells[technology]
    mine = on_air if operator == ANY else on_air[on_air["operator"] == operator]
    ids = set(mine["site_id"])
    sites = layers.table("sites")
    if cells is None:
        near = sites[sites.index.isin(ids)]
        cells = derive_cells(near, layers.table("cells"), USUAL)
    kept = (cells["technology"] == technology) & cells["site_id"].isin(ids)
    return cells[kept & cells["site_id"].isin(sites.index)]


def headline_needed_dbm(coverage: Coverage, technology: str) -> float:
    """
    Return the level at which a place counts as covered.

    Parameters
    ----------
    coverage
        Prediction with its thresholds.
    technology
        Technology.

    Returns
    -------
    level_dbm
        Service threshold plus the margin of the probability asked for [dBm].
    """
    profile = coverage.profile
    margin_db = service_margin_db(profile.p_cov, profile.sigma_db)
    return profile.technologies[technology].service_dbm + margin_db


def _ground(layers: Layers, coverage: Coverage) -> LinkGround:
    """Return the ground of a plan under the model of its coverage."""
    if layers.terrain is None:
        msg = "causes need the terrain, which the plan lacks: infraplan import PLAN terrain FILE"
        raise PlanError(msg)
    return LinkGround.of(layers.terrain, coverage.settings)


def _stations(cells: pd.DataFrame, layers: Layers, ground: LinkGround) -> _Stations:
    """Return the stations of cells, and their cells as links take them."""
    sites = layers.table("sites")
    senders = senders_of(cells, sites, ground.geobox, ground.settings)
    site = senders.cells["site_id"].to_numpy(dtype=object)
    begins = np.ones(site.size, dtype=bool)
    begins[1:] = site[1:] != site[:-1]
    first = np.flatnonzero(begins)
    at = sites.geometry.loc[site[first]]
    return _Stations(
        site_id=site[first],
        x_m=at.x.to_numpy(),
        y_m=at.y.to_numpy(),
        first=np.append(first, site.size),
        senders=senders,
    )


def _empty(size: int) -> dict[str, npt.NDArray[np.generic]]:
    """Return columns that say nothing."""
    return {
        name: np.full(size, None, dtype=object)
        if name in ("cause", "cause_site")
        else np.full(size, np.nan)
        for name in CAUSE_COLUMNS
    }


def _causes(
    ground: LinkGround,
    stations: _Stations,
    at_m: tuple[Floats, Floats],
    has_other: Flags,
    needed_dbm: float,
) -> dict[str, npt.NDArray[np.generic]]:
    """Return the columns of some places."""
    count = has_other.size
    table = _empty(count)
    table["cause"][:] = np.where(has_other, "no_technology", "distance")
    row, column = index_of(ground.geobox, *at_m)
    pairs = _looked_at(ground, stations, at_m, (row, column))
    if not pairs.place.size:
        return table
    sender, pair = _each_cell(stations, pairs)
    links = ground.links(
        stations.senders, sender, row[pairs.place[pair]], column[pairs.place[pair]]
    )
    best = explaining_paths(links, pair, pairs.place, needed_dbm)
    place = np.flatnonzero(best >= 0)
    path = best[place]
    station = pairs.station[pair[path]]
    level, smooth = links.level_dbm[path], links.smooth_dbm[path]
    hidden = smooth >= needed_dbm
    table["cause"][place] = np.where(
        ~hidden, "distance", np.where(np.isnan(level), "unknown", "terrain")
    )
    x_m, y_m = at_m[0][place], at_m[1][place]
    table["cause_site"][place] = stations.site_id[station]
    table["cause_site_m"][place] = np.hypot(
        stations.x_m[station] - x_m, stations.y_m[station] - y_m
    )
    told = hidden & ~np.isnan(level)
    edge_x_m, edge_y_m = links.edge_x_m[path], links.edge_y_m[path]
    for name, values in (
        ("ridge_x_m", edge_x_m),
        ("ridge_y_m", edge_y_m),
        ("ridge_m", np.hypot(edge_x_m - x_m, edge_y_m - y_m)),
        ("ridge_height_m", links.edge_height_m[path]),
        ("obstruction_db", smooth - level),
    ):
        table[name][place] = np.where(told, values, np.nan)
    return table


def _looked_at(
    ground: LinkGround,
    stations: _Stations,
    at_m: tuple[Floats, Floats],
    cell: tuple[Ints, Ints],
) -> _Pairs:
    """Return for each place the nearest stations within the radius, and the strongest ones."""
    away_m = np.hypot(
        stations.x_m[None, :] - at_m[0][:, None], stations.y_m[None, :] - at_m[1][:, None]
    )
    pairs = _Pairs(*(part.astype(np.int64) for part in _within(away_m, ground.settings.radius_m)))
    sender, pair = _each_cell(stations, pairs)
    free_dbm = ground.free_dbm(
        stations.senders, sender, cell[0][pairs.place[pair]], cell[1][pairs.place[pair]]
    )
    strongest_dbm = np.full(pairs.place.size, -np.inf)
    np.maximum.at(strongest_dbm, pair, free_dbm)
    kept = _first_of_each(pairs.place, away_m[pairs.place, pairs.station]) < NEAREST
    kept |= _first_of_each(pairs.place, -strongest_dbm) < STRONGEST
    return _Pairs(pairs.place[kept], pairs.station[kept])


def _within(away_m: Floats, radius_m: float) -> tuple[Ints, Ints]:
    """Return rows and columns of the distances within a radius."""
    row, column = np.nonzero(away_m <= radius_m)
    return row, column


def _each_cell(stations: _Stations, pairs: _Pairs) -> tuple[Ints, Ints]:
    """Return the cells of the stations of pairs, and the pair of each."""
    counts = stations.first[pairs.station + 1] - stations.first[pairs.station]
    pair = np.repeat(np.arange(pairs.station.size), counts)
    begin = np.cumsum(counts) - counts
    sender = stations.first[pairs.station[pair]] + np.arange(pair.size) - begin[pair]
    return sender.astype(np.int64), pair.astype(np.int64)


def _first_of_each(group: Ints, key: Floats) -> Ints:
    """Return the rank of each entry within its group, from 0, by a key that rises."""
    order = np.lexsort((key, group))
    sorted_group = group[order]
    start = np.searchsorted(sorted_group, sorted_group, side="left")
    rank = np.empty(group.size, dtype=np.int64)
    rank[order] = np.arange(group.size) - start
    return rank


def explaining_paths(
    links: Links, pair: Ints, place_of_pair: Ints, needed_dbm: npt.ArrayLike
) -> Ints:
    """
    Return the path that explains why each place has no service, or by what it has.

    Parameters
    ----------
    links
        Levels at the ends of paths.
    pair
        Number of the pair of place and station that each path belongs to.
    place_of_pair
        Number of the place of each pair, counted from 0.
    needed_dbm
        Level at which a place is served, one or one a path [dBm].

    Returns
    -------
    path
        For each place, up to the last that has a pair, the strongest path over smooth ground, -1
        where there is none. Of the paths that would then be service, those over known ground come
        first, and of these those that the terrain brings below service.
    """
    least_dbm = np.asarray(needed_dbm, dtype=np.float64)
    reaches = links.smooth_dbm >= least_dbm
    known = ~np.isnan(links.level_dbm)
    hidden = known & ~(links.level_dbm >= least_dbm)
    grade = np.where(reaches, 1 + known.astype(np.int64) + hidden, 0)
    place = place_of_pair[pair]
    order = np.lexsort((-np.nan_to_num(links.smooth_dbm, nan=-np.inf), -grade, place))
    found, first = np.unique(place[order], return_index=True)
    best = np.full(int(place_of_pair.max(initial=-1)) + 1, -1, dtype=np.int64)
    best[found] = order[first]
    return best
