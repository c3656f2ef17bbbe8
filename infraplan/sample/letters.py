"""
A register of requests: a letter with fifteen, and an earlier one that the office has answered.

The fifteen show good ones and every usual fault.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from infraplan.layers.grid import index_of
from infraplan.sample.ground import Ground
from infraplan.sample.near import nearest
from infraplan.sample.noise import Floats
from infraplan.sample.noise import Ints
from infraplan.sample.people import Hamlets
from infraplan.sample.ways import Ways

__all__ = ["DATUM_SHIFT_M", "make_requests"]

OPERATOR = "Viettel"
BATCH = "Viettel-2025-11"
LETTER = "1873/VTNet-HTI"
LETTER_DATE = "2025-10-30"
RECEIVED = "2025-11-03"
DUE = "2025-11-24"
EARLIER = {
    "operator": OPERATOR,
    "batch": "Viettel-2025-03",
    "letter": "402/VTNet-HTI",
    "letter_date": "2025-03-06",
    "received": "2025-03-10",
    "due": "2025-03-31",
    "state": "decided",
    "decided_by": "Sở Khoa học và Công nghệ",
    "decided_on": "2025-03-28",
    "shift_allowed_m": 50.0,
    "accuracy_m": 10.0,
}
AZIMUTHS = {"coverage": "0/120/240", "capacity": "30/150/270", "tall": "60/180/300"}
STANDS_M = 60.0  # farther than a station is taken for the one that was approved
AGAIN = "tall"  # the kind that was asked for before, lower and a little aside
FARTHEST_SERVED_M = 7000.0  # from a mast: beyond it no operator asks for a site
CLEAR_OF_MASTS_M = 520.0  # farther than a mast is looked for to share in a town (500 m)
# VN-2000 read as WGS 84 without the datum transformation: how far the point moves, east and north
# (computed with EPSG:6960 at 18.34 N 105.90 E; 224.4 to 224.8 m across the province)
DATUM_SHIFT_M = (-195.7, 110.3)


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """What requests are made from."""

    ground: Ground
    hamlets: Hamlets
    sites: gpd.GeoDataFrame
    site_xy: Floats
    middle: Floats
    way_xy: Floats
    way_density: Floats
    sea: BaseGeometry


@dataclass(frozen=True, slots=True)
class _Request:
    """One request; an empty height is a gap in the form."""

    kind: str
    x_m: float
    y_m: float
    commune: str
    purpose: str = "coverage"
    height_m: float | None = 42.0
    technologies: str = "3G;4G"
    mast_class: str = "A2b"
    building_m: float | None = None


def make_requests(
    ground: Ground,
    hamlets: Hamlets,
    sites: gpd.GeoDataFrame,
    sea: BaseGeometry,
    *,
    ways: Ways,
    density: Floats,
    rng: np.random.Generator,
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """
    Return the layer `requests` and what each request was made to show.

    Parameters
    ----------
    ground
        Ground.
    hamlets
        Hamlets.
    sites
        Stations.
    sea
        Area of the sea.
    ways
        Graph of ways.
    density
        Persons per km2 around each node of the graph.
    rng
        Source of chance.

    Returns
    -------
    requests
        Fifteen requests of one operator in one batch, and four of an earlier one with the office's
        decisions: one asked for again, one approved and not built, one built, one rejected.
    kinds
        By request id of the later batch: coverage, behind_ridge, tall, no_height, capacity, clear,
        duplicate, beside_mast, datum_shift, sea.
    """
    scene = _Scene(
        ground=ground,
        hamlets=hamlets,
        sites=sites,
        site_xy=np.column_stack([sites.geometry.x, sites.geometry.y]),
        middle=shapely.get_coordinates(hamlets.table.geometry.representative_point()),
        way_xy=ways.xy,
        way_density=density,
        sea=sea,
    )
    asked = [
        *_for_coverage(scene, rng),
        *_for_capacity(scene, rng, 4),
        _clear_of_all(scene),
        _duplicate(scene, rng),
        _beside_mast(scene, rng),
        _datum_shift(scene, rng),
        *_at_sea(scene),
    ]
    order = rng.permutation(len(asked))
    table, kinds = _table([asked[k] for k in order], ground.crs)
    return _with_earlier(table, kinds, scene), kinds


def _table(asked: list[_Request], crs: str) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Return requests as a layer, and their kinds by id."""
    ids = [f"VTL-HTH-2025-{number:02d}" for number in range(1, len(asked) + 1)]
    table = gpd.GeoDataFrame(
        {
            "request_id": ids,
            "operator": OPERATOR,
            "batch": BATCH,
            "name": [f"HTH-{request.commune} {n:02d}" for n, request in enumerate(asked, start=1)],
            "site_code": ids,
            "letter": LETTER,
            "letter_date": LETTER_DATE,
            "received": RECEIVED,
            "due": DUE,
            "state": "received",
            "commune": [request.commune for request in asked],
            "address": [f"{request.commune}, Hà Tĩnh" for request in asked],
            "mast_class": [request.mast_class for request in asked],
            "height_m": np.asarray([request.height_m for request in asked], dtype=np.float64),
            "building_height_m": np.asarray([r.building_m for r in asked], dtype=np.float64),
            "technologies": [request.technologies for request in asked],
            "purpose": [request.purpose for request in asked],
            "azimuths": [AZIMUTHS.get(request.kind) for request in asked],
            "shift_allowed_m": 50.0,
            "accuracy_m": 10.0,
        },
        geometry=[shapely.Point(round(r.x_m, 2), round(r.y_m, 2)) for r in asked],
        crs=crs,
    )
    return table.set_index("request_id"), dict(zip(ids, [r.kind for r in asked], strict=True))


def _with_earlier(
    table: gpd.GeoDataFrame, kinds: dict[str, str], scene: _Scene
) -> gpd.GeoDataFrame:
    """Return the register: the batch, and before it four requests that the office has answered."""
    first = {kind: name for name, kind in reversed(kinds.items())}
    again, rejected, unbuilt = (first[kind] for kind in (AGAIN, "coverage", "capacity"))
    own = np.flatnonzero((scene.sites["operator"] == OPERATOR).to_numpy())
    built = shapely.Point(np.round(scene.site_xy[own[0]], 2))
    asked: list[tuple[str, shapely.Point, str, dict[str, object]]] = [
        (again, _aside(table.geometry[again], 20.0), "needs_information", {
            "state": "superseded", "height_m": 45.0,
            "decision_reason": "Bổ sung ý kiến của xã và chiều cao cột"}),
        ("VTL-HTH-2024-31", _aside(table.geometry[rejected], 35.0), "reject", {
            "decision_reason": "Chưa thống nhất được vị trí với xã"}),
        ("VTL-HTH-2024-32", _clear_aside(table.geometry[unbuilt], scene), "approve", {}),
        ("VTL-HTH-2024-33", built, "approve_with_conditions", {
            "state": "built", "field_check": "Đã phát sóng"}),
    ]  # fmt: skip
    communes = [_commune(scene, point.x, point.y) for _, point, _, _ in asked]
    rows = [
        {
            **EARLIER,
            "site_code": code,
            "name": f"HTH-{commune} cũ",
            "commune": commune,
            "address": f"{commune}, Hà Tĩnh",
            "mast_class": "A2b",
            "height_m": 42.0,
            "technologies": "4G",
            "purpose": "coverage",
            "decision": decision,
            "geometry": point,
            **said,
        }
        for (code, point, decision, said), commune in zip(asked, communes, strict=True)
    ]
    ids = pd.Index([f"{code}-1" if code == again else code for code, *_ in asked], dtype="str")
    earlier = gpd.GeoDataFrame(rows, index=ids, geometry="geometry", crs=table.crs)
    texts = [name for name in earlier if name not in table]
    whole = table.assign(
        **{name: pd.Series([None] * len(table), table.index, "str") for name in texts},
        supersedes=[ids[0] if name == again else None for name in table.index],
    )
    names = [name for name in whole.columns if name != "geometry"]
    joined = {
        name: [*whole[name], *(earlier[name] if name in earlier else [None] * len(earlier))]
        for name in names
    }
    return gpd.GeoDataFrame(
        joined,
        index=pd.Index([*whole.index, *ids], name="request_id", dtype="str"),
        geometry=[*whole.geometry, *earlier.geometry],
        crs=table.crs,
    )


def _aside(point: shapely.Point, away_m: float) -> shapely.Point:
    """Return a position so far north of another."""
    return shapely.Point(point.x, round(point.y + away_m, 2))


def _clear_aside(point: shapely.Point, scene: _Scene) -> shapely.Point:
    """Return a position some 180 m north of another at which the operator has no station yet."""
    own = scene.site_xy[(scene.sites["operator"] == OPERATOR).to_numpy()]
    places = [_aside(point, away_m) for away_m in (180.0, 150.0, 210.0, 240.0, 120.0)]
    away = [float(np.hypot(*(own - [place.x, place.y]).T).min(initial=np.inf)) for place in places]
    return next((p for p, m in zip(places, away, strict=True) if m > STANDS_M), places[0])


def _for_coverage(scene: _Scene, rng: np.random.Generator) -> list[_Request]:
    """Return requests beside hamlets far from every mast, one of them behind the highest ridge."""
    away, _ = nearest(scene.site_xy, scene.middle)
    people = scene.hamlets.table["people"].to_numpy(dtype=np.float64)
    sought = np.where(away > FARTHEST_SERVED_M, 0.0, away) * np.minimum(people, 400) ** 0.3
    far = np.argsort(-sought, kind="stable")
    remote = far[scene.hamlets.remote[far]]
    ordinary = far[~scene.hamlets.remote[far]]
    barred = np.asarray([_barrier_m(scene, int(k)) for k in remote[:30]])
    ridge = int(remote[np.argmax(barred)]) if len(barred) else int(ordinary[0])
    others = [int(k) for k in [*remote[:4], *ordinary[:8]] if int(k) != ridge]
    chosen = [ridge, *others[:3], *[k for k in others if k in ordinary[:8].tolist()][:2]]
    chosen = list(dict.fromkeys([*chosen, *others]))[:6]
    looks = (
        ("behind_ridge", 42.0), ("coverage", 42.0), ("coverage", 45.0),
        ("tall", 60.0), ("no_height", None), ("coverage", 36.0),
    )  # fmt: skip
    found = []
    for (kind, height), hamlet in zip(looks, chosen, strict=True):
        x, y = _high_near(scene, hamlet, rng)
        commune = str(scene.hamlets.table["commune"].iloc[hamlet])
        found.append(_Request(kind, x, y, commune, "coverage", height, "2G;3G;4G"))
    return found


def _barrier_m(scene: _Scene, hamlet: int) -> float:
    """Return how far the ground rises above the straight line from a hamlet to the nearest mast."""
    start = scene.middle[hamlet]
    _, mast = nearest(scene.site_xy, start[None])
    share = np.linspace(0, 1, 80)
    line = start + share[:, None] * (scene.site_xy[mast[0]] - start)
    height = _height_at(scene.ground, line)
    ends = np.nan_to_num([height[0], height[-1] + 35.0])
    return float(np.nanmax(np.nan_to_num(height) - (ends[0] + share * (ends[1] - ends[0]))))


def _height_at(ground: Ground, xy: Floats) -> Floats:
    """Return the ground height at points."""
    row, column = index_of(ground.geobox, xy[:, 0], xy[:, 1])
    rows, columns = ground.elevation_m.shape
    inside = np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)
    return np.asarray(ground.elevation_m[inside], dtype=np.float64)


def _high_near(scene: _Scene, hamlet: int, rng: np.random.Generator) -> tuple[float, float]:
    """Return the highest of some points close to a hamlet, inside its commune."""
    code = scene.hamlets.table["commune_code"].iloc[hamlet]
    commune = scene.ground.communes.geometry.loc[code]
    angle, away = rng.uniform(0, 2 * np.pi, 40), rng.uniform(60, 320, 40)
    xy = scene.middle[hamlet] + np.column_stack([away * np.cos(angle), away * np.sin(angle)])
    xy = np.vstack([scene.middle[hamlet], xy])
    height = np.where(shapely.contains_xy(commune, xy), _height_at(scene.ground, xy), -np.inf)
    x, y = xy[int(np.nanargmax(np.nan_to_num(height, nan=-1e6, neginf=-1e6)))]
    return float(x), float(y)


def _for_capacity(scene: _Scene, rng: np.random.Generator, count: int) -> list[_Request]:
    """Return requests in the densest places that are not beside a mast yet."""
    away, _ = nearest(scene.site_xy, scene.way_xy)
    free = np.arange(len(away))
    for least_m in (160.0, 110.0, 60.0):
        free = np.flatnonzero(away > least_m)
        if len(free) >= 100:
            break
    dense = free[np.argsort(-scene.way_density[free], kind="stable")][: max(60, len(free) // 12)]
    chosen: list[int] = []
    for node in rng.permutation(dense).tolist():
        xy = scene.way_xy[node]
        if all(np.hypot(*(xy - scene.way_xy[other])) > 400 for other in chosen):
            chosen.append(node)
        if len(chosen) == count:
            break
    found = []
    for node in chosen:
        x, y = (float(v) for v in scene.way_xy[node] + rng.uniform(-12, 12, 2))
        found.append(
            _Request("capacity", x, y, _commune(scene, x, y), "capacity", 27.0, "4G", "A2a", 15.0)
        )
    return found


def _clear_of_all(scene: _Scene) -> _Request:
    """Return a request on a roof in town, farther from every mast than sharing reaches."""
    communes = scene.ground.communes
    towns = communes[communes["type"] == "phường"] if "type" in communes else communes
    towns = communes if not len(towns) else towns
    # a little inside, so that the position is not a matter of whose land it is
    inner = towns.geometry.buffer(-150.0).union_all()
    away, _ = nearest(scene.site_xy, scene.way_xy)
    inside = shapely.contains_xy(inner, scene.way_xy[:, 0], scene.way_xy[:, 1])
    free = np.flatnonzero(inside & (away > CLEAR_OF_MASTS_M))
    if not len(free):
        free = np.flatnonzero(inside) if inside.any() else np.arange(len(away))
        free = free[np.argsort(-away[free], kind="stable")][:1]
    height = _height_at(scene.ground, scene.way_xy[free])
    low = free[np.nan_to_num(height, nan=np.inf) <= np.nanmedian(height) + 20.0]
    free = low if len(low) else free
    node = int(free[np.argmax(scene.way_density[free])])
    x, y = (float(v) for v in scene.way_xy[node] + 10.0)
    return _Request("clear", x, y, _commune(scene, x, y), "capacity", 27.0, "4G", "A1a", 24.0)


def _duplicate(scene: _Scene, rng: np.random.Generator) -> _Request:
    """Return a request where the operator stands already, some 10 m aside."""
    sites = scene.sites
    has_all = sites["technologies"].fillna("").str.contains("3G;4G")  # else it is an upgrade
    own = np.flatnonzero(((sites["operator"] == OPERATOR) & has_all).to_numpy())
    x, y = (float(v) for v in scene.site_xy[int(rng.choice(own))])
    return _Request("duplicate", x + 8.0, y - 6.0, _commune(scene, x, y))


def _lone_masts(scene: _Scene) -> Ints:
    """Return stations of others on high ground masts, with no station of the operator near."""
    sites = scene.sites
    own = (sites["operator"] == OPERATOR).to_numpy()
    away, _ = nearest(scene.site_xy[own], scene.site_xy)
    fit = ~own & (sites["mast_class"] == "A2b").to_numpy() & (sites["height_m"] >= 32).to_numpy()
    order = np.argsort(-np.where(fit, away, -1.0), kind="stable")
    return np.asarray(order[: max(2, int(fit.sum()) // 20)], dtype=np.int64)


def _beside_mast(scene: _Scene, rng: np.random.Generator) -> _Request:
    """Return a request about 100 m from another operator's mast that could be shared."""
    x, y = (float(v) for v in scene.site_xy[int(rng.choice(_lone_masts(scene)))])
    angles = rng.uniform(0, 2 * np.pi, 24)
    around = np.column_stack([x + 95 * np.cos(angles), y + 95 * np.sin(angles)])
    named = [_commune(scene, float(a), float(b)) for a, b in around]
    best = next((k for k, name in enumerate(named) if name), 0)
    return _Request("beside_mast", float(around[best, 0]), float(around[best, 1]), named[best])


def _datum_shift(scene: _Scene, rng: np.random.Generator) -> _Request:
    """Return a request at another operator's mast, its coordinates without the datum's shift."""
    x, y = (float(v) for v in scene.site_xy[int(rng.choice(_lone_masts(scene)))])
    east, north = DATUM_SHIFT_M
    return _Request("datum_shift", x + east, y + north, _commune(scene, x, y))


def _at_sea(scene: _Scene) -> list[_Request]:
    """Return a request in the sea (east of the area where there is none), near the most people."""
    heart = scene.way_xy[int(np.argmax(scene.way_density))]
    centre = shapely.Point(heart)
    offshore = scene.sea.buffer(-400.0) if not scene.sea.is_empty else scene.sea
    if offshore.is_empty:
        east = scene.ground.bounds[2]
        return [_Request("sea", east - 200.0, float(heart[1]), _nearest_commune(scene, centre))]
    line = shapely.shortest_line(centre, offshore)
    x, y = shapely.get_coordinates(line)[-1]
    point = shapely.Point(x, y)
    return [_Request("sea", float(x), float(y), _nearest_commune(scene, point))]


def _commune(scene: _Scene, x_m: float, y_m: float) -> str:
    """Return the name of the commune in which a point lies, empty outside all."""
    communes = scene.ground.communes
    inside = shapely.contains_xy(communes.geometry.to_numpy(), x_m, y_m)
    return str(communes["name"][inside].iloc[0]) if inside.any() else ""


def _nearest_commune(scene: _Scene, point: shapely.Point) -> str:
    """Return the name of the commune nearest to a point."""
    communes = scene.ground.communes
    return str(communes["name"].iloc[int(communes.distance(point).to_numpy().argmin())])
