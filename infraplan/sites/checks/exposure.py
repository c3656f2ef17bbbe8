"""How near people come to the field of the antennas."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.sites.checks.structure import building_m
from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import SAME_PLACE_M
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings
from infraplan.units import dbm_to_milliwatt

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.radio.patterns import AntennaPattern

__all__ = ["emf"]

Floats = npt.NDArray[np.float64]
HEAD_M = 2.0  # a standing person's head above ground or floor
FLOOR_M, UNKNOWN_ROOF_M = 3.6, 10.0  # assumed where a building's height is not known
LOOK_M = 200.0  # how far the nearest place of people is looked for
WALL_STEP_M = 2.0  # between the points of a wall that are looked at
BEARINGS, RINGS = 72, 24  # directions and distances at which the ground is looked at


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """One antenna and carrier: power, height, and its pattern where its direction is known."""

    eirp_w: float
    height_m: float
    azimuth_deg: float  # NaN: the main beam is taken all round
    downtilt_deg: float
    antenna: str
    pattern: "AntennaPattern | None"


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Places of people: horizontal distance, bearing, height of a head, building they belong to."""

    away_m: Floats
    bearing_deg: Floats
    head_m: Floats
    building: npt.NDArray[np.object_]


def emf(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """
    Compare the field of all antennas with its limit at every place of people around.

    At a place in direction k the distance that is needed is
    d = sqrt(sum(R EIRP g(k) duty / (4 pi S))): the sum of ratios of all carriers is 1 there.
    """
    if request.point is None or not math.isfinite(request.height_m) or not len(request.cells):
        return None
    given = rule.thresholds
    others, unknown = _others(request, around)
    sources = [*_sources(request.cells, request.height_m), *others]
    reach_m = _needed_m(sum(source.eirp_w for source in sources), given)
    beam_m = _beam_m(sources, given)
    detail: dict[str, Any] = {
        "distance_m": round(beam_m, 1),
        "eirp_w": round(beam_m**2 / max(_needed_m(1.0, given), 1e-9) ** 2),
        "carriers": len(sources),
    }
    if (roof_m := building_m(request)) is not None:
        # whoever works on its own roof stands nearer than anyone else: the roof is to be closed
        detail["own_roof_m"] = round(request.height_m - roof_m, 1)
        detail["close_roof"] = request.height_m - roof_m - HEAD_M < beam_m
    lowest_m = min(source.height_m for source in sources) - HEAD_M
    on_ground = _worst(sources, _ground(reach_m), given) if reach_m > lowest_m else None
    if on_ground is not None and on_ground[0] > on_ground[1]:
        needed_m, away_m, _ = on_ground
        return judge(
            rule, holds=False, value=needed_m, limit=away_m, margin=away_m - needed_m, to="ground",
            **detail,
        )  # fmt: skip
    if not around.is_known("buildings"):
        return judge(
            rule, holds=None, value=beam_m, limit=lowest_m, layer="buildings", to="ground", **detail
        )
    detail |= _nearest(request, around, lowest_m)
    near = around.within(request.point, "buildings", reach_m + request.accuracy_m)
    if not len(near):
        nearest_m = detail["receptor_m"]
        return judge(
            rule, holds=None if unknown else True, value=beam_m, limit=nearest_m,
            margin=nearest_m - beam_m, to="building" if detail["receptor"] else "ground",
            **detail, **_told_unknown(unknown),
        )  # fmt: skip
    return _judged(request, rule, sources, near, detail | _told_unknown(unknown))


def _judged(
    request: Request,
    rule: Rule,
    sources: list[_Source],
    near: "gpd.GeoDataFrame",
    told: dict[str, Any],
) -> Reason:
    """Return the finding on the buildings near: the place where the field is nearest the limit."""
    given, accuracy_m = rule.thresholds, request.accuracy_m
    places = _buildings(request, near)
    needed_m, away_m, place = _worst(sources, places, given, trusted_m=accuracy_m)
    margin = away_m - needed_m
    moved = [
        _worst(sources, _moved(places, by_m), given, trusted_m=accuracy_m)
        for by_m in (-accuracy_m, accuracy_m)
    ]
    verdicts = {margin >= 0, *(there_m >= asked_m for asked_m, there_m, _ in moved)}
    building = places.building[place]
    assumed = bool(_is_assumed(near.loc[[building]]).iloc[0])
    told = {**told, "to": "building", "building": str(building), "roof_assumed": assumed}
    if len(verdicts) > 1:
        told["measure_on_site"] = True
        return Reason(rule, "condition", "condition", needed_m, away_m, margin, told)
    holds = None if "case" in told and margin >= 0 else margin >= 0
    return judge(rule, holds=holds, value=needed_m, limit=away_m, margin=margin, **told)


def _nearest(request: Request, around: Surroundings, lowest_m: float) -> dict[str, Any]:
    """Return the place of people nearest to the antennas, the ground below them included."""
    assert request.point is not None  # noqa: S101 - asked for by the caller
    near = around.within(request.point, "buildings", LOOK_M)
    down_m = np.maximum(lowest_m + HEAD_M - _roof_m(near), 0.0)
    away_m = pd.Series(np.hypot(near.distance(request.point), down_m), near.index)
    if not len(away_m) or away_m.min() >= lowest_m:
        return {"receptor": "", "receptor_m": round(lowest_m, 1)}
    return {"receptor": str(away_m.idxmin()), "receptor_m": round(float(away_m.min()), 1)}


def _told_unknown(unknown: list[str]) -> dict[str, Any]:
    """Return what is told of stations on the mast whose power is not known."""
    return {"case": "others", "sites": unknown} if unknown else {}


def _sources(cells: pd.DataFrame, height_m: float) -> list[_Source]:
    """Return the antennas and carriers of cells; a height that is not given is the request's."""
    from infraplan.radio.antennas import patterns_of
    from infraplan.radio.link import peak_gain_dbi

    feeder_db = cells["feeder_loss_db"].fillna(0.0) if "feeder_loss_db" in cells else 0.0
    power_dbm = (cells["tx_power_dbm"] - feeder_db).to_numpy(dtype=np.float64)
    eirp_w = dbm_to_milliwatt(power_dbm + peak_gain_dbi(cells)) / 1000.0

    def of(column: str, otherwise: float) -> Floats:
        """Return a column of numbers, a value where it is missing."""
        if column not in cells:
            return np.full(len(cells), otherwise)
        values = cells[column].astype("float64").fillna(otherwise)
        return np.asarray(values.to_numpy(), dtype=np.float64)

    tilt_deg = of("mechanical_downtilt_deg", 0.0) + of("electrical_downtilt_deg", 0.0)
    columns = (eirp_w, of("height_m", height_m), of("azimuth_deg", math.nan), tilt_deg)
    named = zip(cells["antenna"].astype("str"), patterns_of(cells), strict=True)
    return [
        _Source(float(power), float(top), float(azimuth), float(tilt), name, pattern)
        for power, top, azimuth, tilt, (name, pattern) in zip(*columns, named, strict=True)
    ]


def _others(request: Request, around: Surroundings) -> tuple[list[_Source], list[str]]:
    """Return the antennas that stand on the mast already, and stations whose power is not known."""
    from infraplan.radio.antennas import ANTENNAS

    assert request.point is not None  # noqa: S101 - asked for by the caller
    near = around.stations[around.station_distances_m(request.point) <= SAME_PLACE_M]
    sources: list[_Source] = []
    unknown = []
    for name, station in near.iterrows():
        cells = around.cells
        own = cells[cells["site_id"] == name] if "site_id" in cells else cells[:0]
        known = len(own) and own["tx_power_dbm"].notna().all() and (
            "pattern" in own or own["antenna"].isin(list(ANTENNAS)).all()
        )  # fmt: skip
        if not known:
            unknown.append(str(name))
            continue
        height_m = station.get("height_m")
        sources += _sources(own, request.height_m if pd.isna(height_m) else float(height_m))
    return sources, unknown


def _needed_m(eirp_w: float, given: Mapping[str, float]) -> float:
    """Return the distance at which so much power makes the limit [m]."""
    strength = given["reflection_factor"] * given["duty_factor"] * eirp_w
    return math.sqrt(strength / (4 * math.pi * given["power_density_w_per_m2"]))


def _beam_m(sources: list[_Source], given: Mapping[str, float]) -> float:
    """Return the distance needed in the strongest direction [m]."""
    bearings = sorted({s.azimuth_deg for s in sources if math.isfinite(s.azimuth_deg)}) or [0.0]
    power_w = [
        sum(
            s.eirp_w * float(_gain(s, np.array([b]), np.array([s.downtilt_deg]), given)[0])
            for s in sources
        )
        for b in bearings
    ]
    return _needed_m(max(power_w), given)


def _worst(
    sources: list[_Source],
    places: _Places,
    given: Mapping[str, float],
    trusted_m: float = -1.0,
) -> tuple[float, float, int]:
    """
    Return the place where the field is nearest to its limit: distance needed and there is, place.

    Within `trusted_m` the bearing of a place is not known: the main beam is taken.
    """
    ratio = np.zeros(len(places.away_m))
    nearest_m = np.full(len(places.away_m), np.inf)
    for source in sources:
        down_m = source.height_m - places.head_m
        slant_m = np.maximum(np.hypot(places.away_m, down_m), 0.01)
        below_deg = np.degrees(np.arctan2(down_m, places.away_m))
        gain = _gain(source, places.bearing_deg, below_deg, given)
        gain = np.where(places.away_m <= trusted_m, 1.0, gain)
        ratio += (_needed_m(source.eirp_w, given) / slant_m) ** 2 * gain
        nearest_m = np.minimum(nearest_m, slant_m)
    # equal fields: the nearest, so that the answer does not hang on the last digit
    place = int(np.lexsort((nearest_m.round(6), -ratio.round(9)))[0])
    return float(nearest_m[place] * math.sqrt(ratio[place])), float(nearest_m[place]), place


def _gain(
    source: _Source, bearing_deg: Floats, below_deg: Floats, given: Mapping[str, float]
) -> Floats:
    """Return the gain against the peak as a ratio, no lower than side lobes are trusted to be."""
    if math.isnan(source.azimuth_deg):
        return np.ones(len(bearing_deg))
    if source.pattern is None:
        from infraplan.radio.antennas import relative_gain_db

        relative_db = relative_gain_db(
            source.antenna, bearing_deg, below_deg, azimuth_deg=source.azimuth_deg,
            electrical_downtilt_deg=source.downtilt_deg,
        )  # fmt: skip
    else:
        across = (bearing_deg - source.azimuth_deg).round().astype(int) % 360
        down = (below_deg - source.downtilt_deg).round().astype(int) % 360
        told_db = source.pattern.horizontal_db[across] + source.pattern.vertical_db[down]
        relative_db = -np.asarray(told_db, dtype=np.float64)
    return np.asarray(10.0 ** (np.maximum(relative_db, -given["side_lobe_db"]) / 10.0))


def _ground(reach_m: float) -> _Places:
    """Return places on the ground all round."""
    bearing_deg, away_m = (
        grid.ravel()
        for grid in np.meshgrid(
            np.arange(BEARINGS) * 360.0 / BEARINGS, np.linspace(0.0, reach_m, RINGS)
        )
    )
    head_m = np.full(len(away_m), HEAD_M)
    return _Places(away_m, bearing_deg, head_m, np.full(len(away_m), "", dtype=object))


def _buildings(request: Request, near: "gpd.GeoDataFrame") -> _Places:
    """Return places at the walls of buildings on every floor, and on their roofs."""
    from shapely import get_coordinates
    from shapely.ops import nearest_points

    point = request.point
    assert point is not None  # noqa: S101 - asked for by the caller
    rows: list[tuple[float, float, float, object]] = []
    for name, roof_m in _roof_m(near).items():
        area = near.geometry[name]
        foot = nearest_points(area, point)[0]
        walls = np.vstack(
            [[(foot.x, foot.y)], get_coordinates(area.segmentize(WALL_STEP_M).boundary)]
        )
        heads = [*np.arange(HEAD_M, float(roof_m), FLOOR_M), float(roof_m)]
        # the floor level with the antenna, where there is one
        heads += [request.height_m] if HEAD_M < request.height_m < float(roof_m) else []
        for x_m, y_m in walls:
            east_m, north_m = x_m - point.x, y_m - point.y
            bearing_deg = math.degrees(math.atan2(east_m, north_m)) % 360.0
            away_m = math.hypot(east_m, north_m)
            rows += [(away_m, bearing_deg, head_m, name) for head_m in heads]
    away, bearing, head, names = (list(column) for column in zip(*rows, strict=True)) if rows else (
        [], [], [], []
    )  # fmt: skip
    return _Places(
        np.array(away, dtype=np.float64), np.array(bearing, dtype=np.float64),
        np.array(head, dtype=np.float64), np.array(names, dtype=object),
    )  # fmt: skip


def _moved(places: _Places, by_m: float) -> _Places:
    """Return the same places so much farther, or nearer where it is negative [m]."""
    away_m = np.maximum(places.away_m + by_m, 0.0)
    return _Places(away_m, places.bearing_deg, places.head_m, places.building)


def _is_assumed(buildings: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether neither height nor floors of buildings are known."""
    empty = pd.Series(np.nan, index=buildings.index)
    return buildings.get("height_m", empty).isna() & buildings.get("floors", empty).isna()


def _roof_m(buildings: pd.DataFrame) -> "pd.Series[float]":
    """Return the height of people on the roofs of buildings, assumed where it is not known."""
    height = buildings.get("height_m", pd.Series(np.nan, index=buildings.index)).astype("float64")
    floors = buildings.get("floors", pd.Series(np.nan, index=buildings.index)).astype("float64")
    return height.fillna(floors * FLOOR_M).fillna(UNKNOWN_ROOF_M) + HEAD_M
