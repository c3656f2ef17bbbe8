"""What requested stations and the masts near them would give: the radio part of an appraisal."""

import math
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.layers.grid import index_of
from infraplan.progress import Progress
from infraplan.radio.results import ANY
from infraplan.sites.gain import Gain
from infraplan.sites.gain import Ground
from infraplan.sites.gain import station_cells
from infraplan.sites.gain import station_signals
from infraplan.sites.interference import overshoot_of
from infraplan.sites.rules import SiteRules
from infraplan.sites.scene import Scene
from infraplan.sites.scene import stations_of
from infraplan.sites.study import empty_table
from infraplan.sites.study import filled_table
from infraplan.sites.surroundings import SAME_PLACE_M
from infraplan.sites.surroundings import Alternative
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings
from infraplan.sites.surroundings import Unfit
from infraplan.sites.surroundings import technologies_of
from infraplan.sites.windows import footprint_of

if TYPE_CHECKING:
    from shapely.geometry import Point


__all__ = [
    "GAIN_COLUMNS",
    "Variant",
    "alternatives_table",
    "fill_alternatives",
    "fill_gains",
    "is_inside",
    "neighbours_told",
    "variant_gains",
]

NEIGHBOURS_TOLD = 3
GAIN_COLUMNS: Mapping[str, str] = {
    "people_gained": "people",
    "people_gained_low": "low",
    "people_gained_high": "high",
    "area_gained_km2": "area_km2",
    "people_served": "served",
    "overlap_share": "overlap_share",
    "people_upgraded": "upgraded",
    "people_upgraded_low": "upgraded_low",
    "people_upgraded_high": "upgraded_high",
    "people_indoor": "indoor",
    "people_indoor_low": "indoor_low",
    "people_indoor_high": "indoor_high",
    "people_relieved": "relieved",
    "people_relieved_low": "relieved_low",
    "people_relieved_high": "relieved_high",
}


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A request's station at another point or height [m] above ground."""

    request: Request
    point: "Point"
    height_m: float


@dataclass(frozen=True, slots=True, eq=False)
class _Mast:
    """A mast that a request could stand on, with the height that is free there [m]."""

    mast_id: str
    operators: tuple[str, ...]
    distance_m: float
    height_m: float
    kind: str
    point: "Point"


def fill_gains(
    requests: Sequence[Request],
    around: Surroundings,
    radio: Scene,
    rules: SiteRules,
    *,
    footprints: bool,
    progress: Progress | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Predict the requested stations and note in each request what it gives.

    Parameters
    ----------
    requests
        Requests of the batch; their cells, gains and overshoot are filled in.
    around
        What lies around.
    radio
        What every prediction of the batch shares.
    rules
        Rules in force.
    footprints
        Whether classes of signal before and after are wanted.
    progress
        Called with the share done.

    Returns
    -------
    gains
        Gains by request, technology and operator.
    footprints
        Table `footprints` of the study; no row where none are wanted.
    """
    terrain = around.layers.terrain
    assert terrain is not None  # noqa: S101 - asked for by the caller
    ready = {
        r.request_id: r for r in requests if not r.missing and is_inside(r.point, radio.ground)
    }
    stations = stations_of(
        [(r.request_id, r, r.point, r.height_m) for r in ready.values()], around.layers.crs
    )
    cells = station_cells(stations, radio.cells, radio.defaults) if len(stations) else radio.cells
    for request in ready.values():
        request.cells = cells[cells["site_id"] == request.request_id]
        request.technology = _headline(request, radio)
    rows: dict[tuple[str, str, str], Gain] = {}
    drawn: dict[tuple[str | float, ...], dict[str, Any]] = {}
    for signal in station_signals(
        terrain, stations, cells, settings=radio.settings, progress=progress
    ):
        request = ready[signal.site_id]
        for operator in dict.fromkeys((ANY, str(request.operator), radio.operator)):
            rows[request.request_id, signal.technology, operator] = radio.ground.gain(
                signal, operator
            )
        if signal.technology == request.technology:
            if "overshoot" in rules.rules:
                limit_db = rules.rules["overshoot"].thresholds["overlap_db"]
                request.overshoot = overshoot_of(
                    signal, request, radio.ground, around, overlap_db=limit_db
                )
            found = footprint_of(signal, radio.ground, radio.operator) if footprints else None
            if found is not None:
                drawn[request.request_id,] = found
    for request in ready.values():
        name, technology = request.request_id, request.technology
        request.gain = rows.get((name, technology, radio.operator))
        request.own_gain = rows.get((name, technology, str(request.operator)))
        request.gain_5g = rows.get((name, "5G", radio.operator))
    return _gains_table(rows), filled_table("footprints", drawn)


def _gains_table(rows: Mapping[tuple[str, str, str], Gain]) -> pd.DataFrame:
    """Return gains by request, technology and operator."""
    keys = sorted(rows)
    index = pd.MultiIndex.from_tuples(keys, names=["request_id", "technology", "operator"])
    columns: dict[str, Any] = {
        column: np.array([getattr(rows[key], name) for key in keys], dtype=np.float64)
        for column, name in GAIN_COLUMNS.items()
    }
    told = [";".join(neighbours_told(rows[key])) for key in keys]
    return pd.DataFrame({**columns, "neighbours": pd.Series(told, index, dtype="str")}, index=index)


def neighbours_told(gain: Gain) -> tuple[str, ...]:
    """
    Return the stations that lose most people to a new one.

    Parameters
    ----------
    gain
        What the new one gives.

    Returns
    -------
    site_ids
        At most three, the one that loses most first.
    """
    return tuple(site_id for site_id, _ in gain.neighbours[:NEIGHBOURS_TOLD])


def _headline(request: Request, radio: Scene) -> str:
    """Return the headline's technology, or the highest that a request asks for."""
    wanted = [t for t in request.technologies if t in radio.ground.coverage.profile.technologies]
    return radio.technology if radio.technology in wanted else max(wanted, default="")


def is_inside(point: "Point | None", ground: Ground) -> bool:
    """
    Return whether a position lies on the grid.

    Parameters
    ----------
    point
        Position in the planning CRS, or None.
    ground
        The grid.

    Returns
    -------
    inside
        False also without a position.
    """
    if point is None:
        return False
    row, column = index_of(ground.geobox, point.x, point.y)
    rows, columns = ground.people.shape
    return bool(0 <= row < rows and 0 <= column < columns)


def variant_gains(
    variants: Mapping[str, Variant],
    around: Surroundings,
    radio: Scene,
    *,
    progress: Progress | None = None,
) -> Iterator[tuple[str, Gain, Gain]]:
    """
    Yield what requested stations would give at other places or heights.

    Parameters
    ----------
    variants
        Places and heights by name; each request has been predicted where it stands.
    around
        What lies around.
    radio
        What every prediction of the batch shares.
    progress
        Called with the share done.

    Yields
    ------
    name
        Name of the variant.
    gain
        Of the request's technology, for the headline's operator.
    own_gain
        The same for the operator's own network.
    """
    if not variants:
        return
    terrain = around.layers.terrain
    assert terrain is not None  # noqa: S101 - asked for by the caller
    entries = [(name, v.request, v.point, v.height_m) for name, v in variants.items()]
    stations = stations_of(entries, around.layers.crs)
    found = station_signals(
        terrain, stations, _cells_of(variants), settings=radio.settings, progress=progress
    )
    for signal in found:
        operator = str(variants[signal.site_id].request.operator)
        gain = radio.ground.gain(signal, radio.operator)
        own = gain if operator == radio.operator else radio.ground.gain(signal, operator)
        yield signal.site_id, gain, own


def _cells_of(variants: Mapping[str, Variant]) -> pd.DataFrame:
    """Return the cells of variants: those of their requests at other heights."""
    requests = {id(v.request): v.request for v in variants.values()}
    pool = pd.concat([r.cells for r in requests.values()])
    ids: list[Any] = []
    names: list[str] = []
    above: list[float] = []
    for name, variant in variants.items():
        cells = variant.request.cells
        wanted = cells.index[cells["technology"] == variant.request.technology]
        ids += list(wanted)
        names += [name] * len(wanted)
        above += [variant.height_m - variant.request.height_m] * len(wanted)
    made = pool.loc[ids]
    heights = np.maximum(made["height_m"].to_numpy(dtype=np.float64) + np.array(above), 1.0)
    made = made.assign(site_id=pd.array(names, dtype="str"), height_m=heights)
    made.index = pd.Index(
        [f"{name}/{cell}" for name, cell in zip(names, ids, strict=True)], name="cell_id"
    )
    return made


def fill_alternatives(
    requests: Sequence[Request],
    around: Surroundings,
    radio: Scene,
    rules: SiteRules,
    *,
    progress: Progress | None = None,
) -> None:
    """
    Predict each request from the masts in its reach, at the height that is free on them.

    Parameters
    ----------
    requests
        Requests of the batch, with their gains; alternatives are filled in, the nearest first.
    around
        What lies around.
    radio
        What every prediction of the batch shares.
    rules
        Rules in force, with that of sharing.
    progress
        Called with the share done.
    """
    masts: dict[str, _Mast] = {}
    variants: dict[str, Variant] = {}
    for request in requests:
        if request.own_gain is None or request.point is None:
            continue
        fit, request.unfit = _masts_in_reach(request, around, rules)
        for place, mast in enumerate(fit):
            name = f"{request.request_id}|{place}"
            masts[name] = mast
            variants[name] = Variant(request, mast.point, mast.height_m)
    for name, gain, own in variant_gains(variants, around, radio, progress=progress):
        mast = masts[name]
        variants[name].request.alternatives.append(
            Alternative(
                mast_id=mast.mast_id,
                operators=mast.operators,
                distance_m=mast.distance_m,
                height_m=mast.height_m,
                gain=own,
                headline_gain=gain,
                kind=mast.kind,
                point=mast.point,
            )
        )
    for request in requests:
        request.alternatives.sort(key=lambda other: (other.distance_m, other.mast_id))


def _masts_in_reach(
    request: Request, around: Surroundings, rules: SiteRules
) -> tuple[list[_Mast], list[Unfit]]:
    """Return the masts near a request, and the one it names, with and without room for it."""
    assert request.point is not None  # noqa: S101 - asked for by the caller
    thresholds = rules.rules["sharing"].thresholds
    radius = thresholds["urban_radius_m" if around.is_urban(request.point) else "rural_radius_m"]
    distance_m = around.station_distances_m(request.point)
    stations = around.stations
    mast_ids = _mast_ids(stations)
    named = request.row.get("mast_id")
    is_named = mast_ids == (str(named) if isinstance(named, str) else "")
    stands_on_one = bool(len(stations)) and float(distance_m.min()) <= SAME_PLACE_M
    wanted = is_named if stands_on_one else is_named | (distance_m <= radius)
    near = stations[wanted].assign(_m=distance_m[wanted])
    fit: list[_Mast] = []
    unfit: list[Unfit] = []
    for mast_id, users in near.groupby(mast_ids[wanted], sort=True):
        away_m = float(users["_m"].min())
        if away_m <= SAME_PLACE_M:
            continue  # it stands on it already
        operators = tuple(sorted(set(users["operator"].astype(str))))
        own = users[users["operator"] == request.operator]
        kind = "upgrade" if len(own) else "named" if str(mast_id) == str(named) else "share"
        free_m, why = (
            _upgrade_height_m(request, own)
            if len(own)
            else _free_height_m(users, thresholds["clearance_m"], thresholds["lowest_antenna_m"])
        )
        point = users.geometry.iloc[0]
        if why:
            unfit.append(Unfit(str(mast_id), operators, away_m, kind, why, point))
        else:
            fit.append(_Mast(str(mast_id), operators, away_m, free_m, kind, point))
    fit.sort(key=lambda mast: (mast.kind != "named", mast.distance_m, mast.mast_id))
    return fit[: int(thresholds["masts"])], unfit


def _mast_ids(stations: pd.DataFrame) -> "np.ndarray[Any, np.dtype[np.object_]]":
    """Return the mast of each station, its own id where none is told."""
    own = stations.index.to_series().astype(str).astype("object")
    if "mast_id" not in stations:
        return np.asarray(own.to_numpy(dtype=object))
    told = stations["mast_id"].astype("object")
    return np.asarray(told.where(stations["mast_id"].notna(), own).to_numpy(dtype=object))


def _free_height_m(users: pd.DataFrame, clearance_m: float, lowest_m: float) -> tuple[float, str]:
    """Return the height free below the antennas on a mast, or why there is none."""
    if not users["height_m"].notna().any():
        return math.nan, "height_unknown"
    # an operator's stations of several technologies hang at one height
    slots = users["operator"].nunique(dropna=False)
    free_m = float(users["height_m"].max()) - clearance_m * slots
    return free_m, "" if free_m >= lowest_m else "no_room"


def _upgrade_height_m(request: Request, own: pd.DataFrame) -> tuple[float, str]:
    """Return the height of the operator's own antennas, or why nothing is to be added there."""
    on_air = {name for value in own["technologies"] for name in technologies_of(value)}
    if on_air and not set(request.technologies) - on_air:
        return math.nan, "has_it"
    if not own["height_m"].notna().any():
        return math.nan, "height_unknown"
    return float(own["height_m"].max()), ""


def alternatives_table(requests: Sequence[Request]) -> pd.DataFrame:
    """
    Return what the masts near each request would give.

    Parameters
    ----------
    requests
        Requests with their alternatives.

    Returns
    -------
    alternatives
        Table of the study; masts that were not computed say why in `state`.
    """
    rows: dict[tuple[str | float, ...], dict[str, Any]] = {}
    for request in requests:
        for other in request.alternatives:
            gain = other.headline_gain or other.gain
            own = request.own_gain
            rows[request.request_id, other.mast_id] = {
                "operators": ";".join(other.operators),
                "distance_m": other.distance_m,
                "height_m": other.height_m,
                "people": gain.people,
                "people_low": gain.low,
                "people_high": gain.high,
                "share": math.nan if own is None else own.replaced_by(other.gain),
                "x_m": math.nan if other.point is None else other.point.x,
                "y_m": math.nan if other.point is None else other.point.y,
                "kind": other.kind,
                "state": "computed",
            }
        for unfit in request.unfit:
            rows[request.request_id, unfit.mast_id] = {
                "operators": ";".join(unfit.operators),
                "distance_m": unfit.distance_m,
                "x_m": unfit.point.x,
                "y_m": unfit.point.y,
                "kind": unfit.kind,
                "state": unfit.why,
            }
    if not rows:
        return empty_table("alternatives")
    return filled_table("alternatives", dict(sorted(rows.items())))
