"""
Microwave links from requested stations to stations that stand: is the way clear.

A path is drawn from antenna to antenna over the terrain, with trees and houses where land cover
tells them, and held against the first Fresnel zone at two curvatures of the ray: that of most of
the time, and that of the worst hours, when the earth seems to bulge.
"""

import json
import math
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.layers.grid import geobox_of
from infraplan.sites.study import STUDY
from infraplan.sites.study import empty_table

if TYPE_CHECKING:
    import xarray as xr

    from infraplan.layers.terrain import Terrain
    from infraplan.sites.rules import Rule
    from infraplan.sites.surroundings import Request
    from infraplan.sites.surroundings import Surroundings

__all__ = [
    "OUTCOMES",
    "Link",
    "Paths",
    "best_link",
    "earth_bulge_m",
    "find_links",
    "fresnel_radius_m",
    "links_table",
    "path_outcomes",
    "paths_over",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

OUTCOMES = ("clear", "marginal", "unknown", "blocked")  # the best first
EARTH_RADIUS_M = 6_371_000.0
SPEED_OF_LIGHT_M_S = 299_792_458.0
SAME_PLACE_M = 30.0  # stations nearer than this share a structure (DESIGN, section 4)
PROFILE_POINTS = 200  # of a profile that is kept
# classes of ESA WorldCover whose heights the rule gives
TREES, BUILT = (10, 95), (50,)


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """
    Ground along many paths, one after the other; path k holds `starts[k]` to `starts[k + 1]`.

    `at_m` is the distance from the near end, `ground_m` above sea level with NaN where unknown,
    `clutter_m` above ground, 0 at both ends; `length_m` is that of each path.
    """

    starts: Ints
    at_m: Floats
    ground_m: Floats
    clutter_m: Floats
    length_m: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """
    A possible microwave link of a request.

    Clearances are in radii of the first Fresnel zone, NaN where the way is not known. `fibre_m` is
    the distance of the far station to the nearest cable, NaN where no cable is known.
    `outcome_bare` is the outcome if nothing stood on the ground. `worst_m` lies at the place that
    decides, from the request.
    """

    far_id: str
    operator: str
    x_m: float
    y_m: float
    distance_m: float
    fibre_m: float
    freq_mhz: float
    near_height_m: float
    far_height_m: float
    clearance_standard: float
    clearance_low_k: float
    outcome: str
    outcome_bare: str
    worst_m: float
    profile: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Far:
    """Stations that may be the far end, one a structure and operator."""

    ids: npt.NDArray[np.object_]
    operator: npt.NDArray[np.object_]
    x_m: Floats
    y_m: Floats
    height_m: Floats
    fibre_m: Floats


def earth_bulge_m(near_m: npt.ArrayLike, far_m: npt.ArrayLike, k: float) -> Floats:
    r"""
    Return how high the earth rises over the line between two ends of a path.

    Parameters
    ----------
    near_m
        Distance to one end, >= 0, any shape [m].
    far_m
        Distance to the other end, >= 0, broadcast [m].
    k
        Effective radius of the earth over the true one, > 0.

    Returns
    -------
    bulge_m
        Height, of the broadcast shape [m].

    Notes
    -----
    .. math:: h = d_1 d_2 / (2 k a)

    Source: ITU-R P.530-18 (2021), section 2.2.1; radius of the earth 6,371 km.

    Examples
    --------
    >>> earth_bulge_m(20_000.0, 20_000.0, 4 / 3).round(2).tolist()
    23.54
    """
    product = np.asarray(near_m, dtype=np.float64) * np.asarray(far_m, dtype=np.float64)
    return np.asarray(product / (2.0 * k * EARTH_RADIUS_M))


def fresnel_radius_m(
    near_m: npt.ArrayLike, far_m: npt.ArrayLike, freq_mhz: npt.ArrayLike
) -> Floats:
    r"""
    Return the radius of the first Fresnel zone.

    Parameters
    ----------
    near_m
        Distance to one end, >= 0, any shape [m].
    far_m
        Distance to the other end, >= 0, broadcast; not both 0 [m].
    freq_mhz
        Frequency, > 0, broadcast [MHz].

    Returns
    -------
    radius_m
        Radius, of the broadcast shape [m].

    Notes
    -----
    .. math:: F_1 = \sqrt{\lambda d_1 d_2 / (d_1 + d_2)}

    that is 17.3 with distances in km and the frequency in GHz.
    Source: ITU-R P.530-18 (2021), section 2.2.1, equation (3) with n = 1.

    Examples
    --------
    >>> fresnel_radius_m(20_000.0, 20_000.0, 7_000.0).round(2).tolist()
    20.69
    """
    near, far = np.asarray(near_m, dtype=np.float64), np.asarray(far_m, dtype=np.float64)
    wave_m = SPEED_OF_LIGHT_M_S / (1e6 * np.asarray(freq_mhz, dtype=np.float64))
    return np.asarray(np.sqrt(wave_m * near * far / (near + far)))


def paths_over(
    terrain: "Terrain",
    near_m: Floats,
    far_m: Floats,
    *,
    clutter_m: "xr.DataArray | None" = None,
) -> Paths:
    """
    Return the ground along straight paths, a sample in every width of a grid cell.

    Parameters
    ----------
    terrain
        Ground heights.
    near_m
        Eastings and northings of the near ends, shape (n, 2) [m].
    far_m
        Those of the far ends, shape (n, 2), apart from the near ones [m].
    clutter_m
        Height of trees and houses above ground on the terrain's grid; None: bare ground [m].

    Returns
    -------
    paths
        Samples with both ends, at least three a path.
    """
    geobox = geobox_of(terrain.ground_m)
    transform = geobox.affine
    step_m = abs(float(transform.a))
    along = far_m - near_m
    length_m = np.hypot(along[:, 0], along[:, 1])
    counts = np.maximum(np.ceil(length_m / step_m).astype(np.int64), 2) + 1
    starts = np.concatenate([[0], np.cumsum(counts)])
    path = np.repeat(np.arange(len(counts)), counts)
    share = (np.arange(starts[-1]) - starts[path]) / (counts[path] - 1)
    x_m = near_m[path, 0] + share * along[path, 0]
    y_m = near_m[path, 1] + share * along[path, 1]
    column, row = (x_m - transform.c) / transform.a - 0.5, (y_m - transform.f) / transform.e - 0.5
    ground = _bilinear(terrain.ground_m.to_numpy(), row, column)
    above = np.zeros(ground.size)
    if clutter_m is not None:
        above = np.nan_to_num(_nearest(clutter_m.to_numpy(), row, column))
        above[starts[:-1]] = above[starts[1:] - 1] = 0.0  # what stands around an antenna is known
    return Paths(starts, share * length_m[path], ground, above, length_m)


def _nearest(values: npt.NDArray[Any], row: Floats, column: Floats) -> Floats:
    """Return the values of the cells in which places lie, NaN outside."""
    r, c = np.floor(row + 0.5).astype(np.int64), np.floor(column + 0.5).astype(np.int64)
    inside = (r >= 0) & (r < values.shape[0]) & (c >= 0) & (c < values.shape[1])
    found = np.full(row.size, np.nan)
    found[inside] = values[r[inside], c[inside]]
    return found


def _bilinear(values: npt.NDArray[Any], row: Floats, column: Floats) -> Floats:
    """Return heights as the radio engine does: bilinear, beside the unknown of the own cell."""
    rows, columns = values.shape
    r0 = np.clip(np.floor(row), 0, rows - 1).astype(np.int64)
    c0 = np.clip(np.floor(column), 0, columns - 1).astype(np.int64)
    r1, c1 = np.minimum(r0 + 1, rows - 1), np.minimum(c0 + 1, columns - 1)
    down, right = np.clip(row - r0, 0.0, 1.0), np.clip(column - c0, 0.0, 1.0)
    top = values[r0, c0] * (1.0 - right) + values[r0, c1] * right
    bottom = values[r1, c0] * (1.0 - right) + values[r1, c1] * right
    height = top * (1.0 - down) + bottom * down
    own = _nearest(values, row, column)
    return np.asarray(np.where(np.isnan(own) | np.isnan(height), own, height), dtype=np.float64)


def path_outcomes(
    paths: Paths,
    *,
    near_height_m: Floats,
    far_height_m: Floats,
    freq_mhz: Floats,
    thresholds: Mapping[str, float],
) -> pd.DataFrame:
    """
    Return how clear paths are.

    Parameters
    ----------
    paths
        Ground along the paths.
    near_height_m
        Antenna above ground at the near end of each, NaN where not known [m].
    far_height_m
        The same at the far end [m].
    freq_mhz
        Frequency of each path, > 0 [MHz].
    thresholds
        Of the rule: `k_standard`, `k_low`, `fresnel_standard`, `fresnel_low`.

    Returns
    -------
    outcomes
        A row a path: `clearance_standard` and `clearance_low_k`, the least clearance between the
        ends in radii of the first Fresnel zone, `worst_m` where the less of both lies, seen from
        the near end, and `outcome`: clear where both thresholds are held, marginal with a line of
        sight at the standard curvature, else blocked; unknown, and NaN, where a height is missing.
    """
    count = np.diff(paths.starts)
    path = np.repeat(np.arange(count.size), count)
    first, last = paths.starts[:-1], paths.starts[1:] - 1
    near_top = paths.ground_m[first] + near_height_m
    far_top = paths.ground_m[last] + far_height_m
    share = paths.at_m / paths.length_m[path]
    left_m = paths.length_m[path] - paths.at_m
    ray_m = near_top[path] + share * (far_top - near_top)[path]
    over_m = ray_m - paths.ground_m - paths.clutter_m
    inner = np.ones(path.size, dtype=np.bool_)
    inner[first] = inner[last] = False
    radius_m = np.where(inner, fresnel_radius_m(paths.at_m, left_m, freq_mhz[path]), 1.0)
    told: dict[str, Floats] = {}
    short: list[Floats] = []
    for name, case in (("clearance_standard", "standard"), ("clearance_low_k", "low")):
        bulge_m = earth_bulge_m(paths.at_m, left_m, thresholds[f"k_{case}"])
        radii = np.where(inner, (over_m - bulge_m) / radius_m, np.inf)
        told[name] = np.minimum.reduceat(radii, first)  # NaN stays NaN
        short.append(radii - thresholds[f"fresnel_{case}"])
    worst = _least_of_each(np.minimum(*short), paths.starts)
    is_known = np.isfinite(told["clearance_standard"])
    is_clear = (told["clearance_standard"] >= thresholds["fresnel_standard"]) & (
        told["clearance_low_k"] >= thresholds["fresnel_low"]
    )
    sees = told["clearance_standard"] >= 0.0
    outcome = np.where(is_clear, "clear", np.where(sees, "marginal", "blocked"))
    return pd.DataFrame(
        {
            **told,
            "outcome": np.where(is_known, outcome, "unknown"),
            "worst_m": np.where(is_known, paths.at_m[worst], np.nan),
        }
    )


def _least_of_each(values: Floats, starts: Ints) -> Ints:
    """Return the place of the first least value of each path; NaN counts as the greatest."""
    known = np.where(np.isnan(values), np.inf, values)
    path = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    least = np.minimum.reduceat(known, starts[:-1])
    places = np.flatnonzero(known == least[path])
    _, first = np.unique(path[places], return_index=True)
    return np.asarray(places[first], dtype=np.int64)


def find_links(
    requests: Sequence["Request"], around: "Surroundings", rules: Mapping[str, "Rule"]
) -> None:
    """
    Note on each request its links to the nearest stations that fibre reaches.

    Parameters
    ----------
    requests
        Requests of the batch; `links` of those with position and height is filled, the nearest
        station first, and `fibre_limit_m` of all.
    around
        What lies around.
    rules
        Rules in force; without `microwave` no link is looked for.

    Notes
    -----
    Far ends are stations on air no farther than the rule has links, of structures other than the
    request's own, one a structure: its operator's own station, or the first by id. The nearest of
    the request's own operator is always among them. Without any cable known all stations may be the
    far end, and their distance to fibre is not known.
    """
    terrain = around.layers.terrain
    if "fibre" in rules:
        for request in requests:
            request.fibre_limit_m = rules["fibre"].thresholds["distance_m"]
    ready = [r for r in requests if r.point is not None and np.isfinite(r.height_m)]
    if "microwave" not in rules or terrain is None or not ready or not len(around.stations):
        return
    given = rules["microwave"].thresholds
    far = _far_ends(around, given["fibre_near_m"])
    pairs = [(request, place) for request in ready for place in _places(request, far, given)]
    if not pairs:
        return
    place = np.array([number for _, number in pairs], dtype=np.int64)
    near_m = np.array([(r.point.x, r.point.y) for r, _ in pairs if r.point is not None])
    far_m = np.column_stack([far.x_m[place], far.y_m[place]])
    clutter_m = _clutter_m(around, terrain, given)
    paths = paths_over(terrain, near_m, far_m, clutter_m=clutter_m)
    heights = {
        "near_height_m": np.array([request.height_m for request, _ in pairs]),
        "far_height_m": np.maximum(far.height_m[place] - given["far_below_top_m"], 1.0),
        "freq_mhz": _freq_mhz(paths.length_m, given),
    }
    found = path_outcomes(paths, **heights, thresholds=given)
    bare = Paths(
        paths.starts, paths.at_m, paths.ground_m, np.zeros(paths.at_m.size), paths.length_m
    )
    bare_outcome = path_outcomes(bare, **heights, thresholds=given)["outcome"]
    for number, (request, at) in enumerate(pairs):
        row = found.iloc[number]
        link = Link(
            far_id=str(far.ids[at]),
            operator=str(far.operator[at]),
            x_m=float(far.x_m[at]),
            y_m=float(far.y_m[at]),
            distance_m=float(paths.length_m[number]),
            fibre_m=float(far.fibre_m[at]),
            **{name: float(values[number]) for name, values in heights.items()},
            clearance_standard=float(row["clearance_standard"]),
            clearance_low_k=float(row["clearance_low_k"]),
            outcome=str(row["outcome"]),
            outcome_bare=str(bare_outcome.iloc[number]),
            worst_m=float(row["worst_m"]),
            profile=_profile(paths, number, float(row["worst_m"]), given),
        )
        request.links.append(link)


def _far_ends(around: "Surroundings", fibre_near_m: float) -> _Far:
    """Return the stations that fibre reaches, or all where no cable is known, sorted by id."""
    import shapely

    stations = around.stations
    away_m = np.full(len(stations), np.nan)
    cables = around.layers.table("fibre")
    if len(cables):
        tree = shapely.STRtree(cables.geometry.to_numpy())
        (which, _), found = tree.query_nearest(
            stations.geometry.to_numpy(), return_distance=True, all_matches=False,
            max_distance=fibre_near_m,
        )  # fmt: skip
        away_m[which] = found
        kept = np.isfinite(away_m)
        stations, away_m = stations[kept], away_m[kept]
    operator = stations["operator"].astype("object")
    return _Far(
        ids=stations.index.to_numpy(dtype=object),
        operator=operator.where(operator.notna(), "").to_numpy(dtype=object),
        x_m=stations.geometry.x.to_numpy(dtype=np.float64),
        y_m=stations.geometry.y.to_numpy(dtype=np.float64),
        height_m=stations["height_m"].to_numpy(dtype=np.float64),
        fibre_m=away_m,
    )


def _places(request: "Request", far: _Far, given: Mapping[str, float]) -> list[int]:
    """Return the far ends of a request, the nearest first."""
    assert request.point is not None  # noqa: S101 - asked for by the caller
    away_m = np.hypot(far.x_m - request.point.x, far.y_m - request.point.y)
    reach = np.flatnonzero((away_m > SAME_PLACE_M) & (away_m <= given["most_distance_m"]))
    own = far.operator == request.operator
    order = reach[np.lexsort((~own[reach], away_m[reach]))].tolist()
    most = int(given["most_links"])
    taken: list[int] = []
    # its own station is preferred on a structure that it shares
    for place in order:
        shared = [k for k in taken if _apart_m(far, k, place) <= SAME_PLACE_M]
        if not shared and len(taken) < most:
            taken.append(place)
        elif shared and own[place] and not own[shared[0]]:
            taken[taken.index(shared[0])] = place
    nearest_own = next((place for place in order if own[place]), None)
    if nearest_own is not None and not own[taken].any():
        taken = [*taken[: most - 1], nearest_own]
    return taken


def _apart_m(far: _Far, one: int, two: int) -> float:
    """Return the distance between two stations."""
    return math.hypot(far.x_m[one] - far.x_m[two], far.y_m[one] - far.y_m[two])


def _freq_mhz(length_m: Floats, given: Mapping[str, float]) -> Floats:
    """Return the frequency that links of a length usually have."""
    longer = np.where(length_m <= given["medium_m"], given["medium_mhz"], given["long_mhz"])
    return np.asarray(np.where(length_m <= given["short_m"], given["short_mhz"], longer))


def _clutter_m(
    around: "Surroundings", terrain: "Terrain", given: Mapping[str, float]
) -> "xr.DataArray | None":
    """Return heights of trees and houses where land cover on the terrain's grid is known."""
    cover = around.layers.rasters.get("landcover", terrain.landcover)
    if cover is None or geobox_of(cover) != geobox_of(terrain.ground_m):
        return None
    classes = cover.to_numpy()
    height = np.zeros(classes.shape, dtype=np.float32)
    height[np.isin(classes, TREES)] = given["trees_m"]
    height[np.isin(classes, BUILT)] = given["built_m"]
    return cover.copy(data=height)


def _profile(
    paths: Paths, number: int, worst_m: float, given: Mapping[str, float]
) -> Mapping[str, Any]:
    """Return a path as plain numbers, thinned so that ends, tops and the worst place stay."""
    part = slice(paths.starts[number], paths.starts[number + 1])
    at_m, ground, clutter = (v[part] for v in (paths.at_m, paths.ground_m, paths.clutter_m))
    kept = np.arange(at_m.size)
    if at_m.size > PROFILE_POINTS:
        edges = np.linspace(1, at_m.size - 1, PROFILE_POINTS - 2).astype(np.int64)
        group = np.searchsorted(edges, kept[1:-1], side="right")
        top = np.where(np.isnan(ground + clutter), -np.inf, -(ground + clutter))[1:-1]
        order = np.lexsort((kept[1:-1], top, group))
        _, first = np.unique(group[order], return_index=True)
        worst = [] if math.isnan(worst_m) else [int(np.argmin(np.abs(at_m - worst_m)))]
        kept = np.unique([0, *kept[1:-1][order[first]].tolist(), *worst, at_m.size - 1])
    names = ("k_standard", "k_low", "fresnel_standard", "fresnel_low")
    return {
        "distance_m": np.round(at_m[kept], 1).tolist(),
        "ground_m": [None if math.isnan(h) else round(h, 1) for h in ground[kept].tolist()],
        "clutter_m": np.round(clutter[kept], 1).tolist(),
        **{name: given[name] for name in names},
    }


def best_link(request: "Request") -> Link | None:
    """
    Return the link that serves a request best.

    Parameters
    ----------
    request
        Request with its links.

    Returns
    -------
    link
        The clearest by outcome, then one of its own operator, then the shortest; None without any.
    """

    def weight(link: Link) -> tuple[int, bool, float, str]:
        """Return a key that is small for what serves best."""
        other = link.operator != request.operator
        return OUTCOMES.index(link.outcome), other, link.distance_m, link.far_id

    return min(request.links, key=weight, default=None)


def links_table(requests: Sequence["Request"]) -> pd.DataFrame:
    """
    Return the links of a batch as its table `links`.

    Parameters
    ----------
    requests
        Requests with their links.

    Returns
    -------
    links
        Table as of `STUDY`, sorted by request, the nearest station first.
    """
    entries = [(request.request_id, link) for request in requests for link in request.links]
    if not entries:
        return empty_table("links")
    keys, columns = STUDY["links"]
    index = pd.MultiIndex.from_tuples([(name, link.far_id) for name, link in entries], names=keys)
    values: dict[str, list[Any]] = {
        column: [getattr(link, column) for _, link in entries]
        for column in columns
        if column != "profile_json"
    }
    values["profile_json"] = [json.dumps(link.profile, allow_nan=False) for _, link in entries]
    return pd.DataFrame(values, index=index, columns=list(columns))
