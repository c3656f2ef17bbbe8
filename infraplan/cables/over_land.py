"""
The cheapest cable route over open land, where streets and roads do not lead or lead far round.

The ground is a raster of what a metre of trench costs in each cell: roads, streets and ducts with
free bores by the price book, other land dearer by its cover, water drilled under, all by the slope.
"""

from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.measure import geodesic_lengths_m
from infraplan.cables.raster_path import BarredError
from infraplan.cables.raster_path import RasterPath
from infraplan.cables.raster_path import Slope
from infraplan.cables.raster_path import least_cost_path
from infraplan.cables.routes import COLUMNS
from infraplan.cables.routes import SHARED_COLUMNS
from infraplan.cables.routes import Route
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import geobox_of
from infraplan.layers.notes import Note
from infraplan.layers.notes import joined

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely
    from odc.geo.geobox import GeoBox

    from infraplan.cables.prices import PriceBook

__all__ = ["OverLand", "plan_over_land"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

READ = (
    "streets", "roads", "ducts", "waterways", "rail", "buildings", "protected", "sea", "terrain",
    "landcover", "water",
)  # fmt: skip
VERGE, DUCT, REUSE = "trench_verge_soil", "duct_d110", "duct_reuse"
RIVER, RAIL, BRIDGE = "crossing_river", "crossing_rail", "crossing_bridge"
PERMITS = {RIVER: "permit_crossing", RAIL: "permit_rail", BRIDGE: "permit_crossing"}
YARD_CELLS = 2  # a point in a building may leave it
WATER_CLASS = 80  # of ESA WorldCover
DRY_KINDS = ("open", "crop", "trees", "built")
KINDS = (*DRY_KINDS, "wet")
UNKNOWN = "unknown"  # land whose cover no kind names
LEAST_FACTOR, MOST_FACTOR = 1.0, 1e3
MOST_DRILL_M = 1e5
MOST_SEARCHES = 16  # each bars what the one before drilled too far


class LandKind(NamedTuple):
    """A kind of land: its classes of cover, and how much dearer a trench is there."""

    kind: str
    classes: tuple[int, ...]
    factor: float


@dataclass(frozen=True, slots=True)
class OverLand:
    """
    What a trench costs away from roads, and the longest drilling under water [m].

    `drill_m` holds for the way drilled, along a river as well as across it.
    """

    name: str
    land: tuple[LandKind, ...]
    drill_m: float

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "OverLand":
        """
        Return what a file such as `data/works/over-land.toml` describes.

        Parameters
        ----------
        table
            Content of the file.

        Returns
        -------
        over_land
            Kinds of land with their factors, and the limit of drilling.

        Raises
        ------
        SettingsError
            If a key or kind is unknown, a key missing, or a value of the wrong type or out of
            range; all faults are listed.
        """
        wrong = _key_faults(table, "", {"name", "land", "limits"}, {"note"})
        entries = table.get("land", [])
        if not isinstance(entries, list | tuple) or not entries:
            wrong.append(Note("over_land.no_land"))
            entries = ()
        for k, entry in enumerate(entries, start=1):
            wrong += _land_faults(entry, f"land {k}: ")
        wrong += _twice_faults(entries)
        drill_m: Any = 0
        if isinstance(limits := table.get("limits"), Mapping):
            wrong += _key_faults(limits, "limits: ", {"drill_m", "source", "verified"})
            drill_m = limits.get("drill_m", 0)
        elif "limits" in table:
            wrong.append(Note("over_land.no_table", place="limits: "))
        if not (_is_number(drill_m) and 0 <= drill_m < MOST_DRILL_M):
            wrong.append(Note("over_land.drill", found=repr(drill_m)))
        if wrong:
            raise SettingsError(Note("over_land.table", faults=joined(wrong)))
        kinds = [LandKind(e["kind"], tuple(e["classes"]), float(e["factor"])) for e in entries]
        return cls(str(table["name"]), tuple(kinds), float(drill_m))

    @property
    def unknown_factor(self) -> float:
        """Return the factor of land of unknown cover: that of the dearest dry land."""
        dry = [entry.factor for entry in self.land if entry.kind in DRY_KINDS]
        return max(dry or [entry.factor for entry in self.land])


def _key_faults(
    table: Mapping[str, Any],
    place: str,
    needed: AbstractSet[str],
    known: AbstractSet[str] = frozenset(),
) -> list[str]:
    """Return which keys of a table are unknown or missing."""
    wrong: list[str] = [
        Note("over_land.unknown_key", place=place, key=str(key))
        for key in table if key not in needed | known
    ]  # fmt: skip
    missing = sorted(needed - set(table))
    return wrong + [Note("over_land.missing_key", place=place, key=key) for key in missing]


def _land_faults(entry: object, place: str) -> list[str]:
    """Return what is wrong with a kind of land."""
    if not isinstance(entry, Mapping):
        return [Note("over_land.no_table", place=place)]
    wrong = _key_faults(entry, place, {"kind", "classes", "factor", "source", "verified"})
    if "kind" in entry and entry["kind"] not in KINDS:
        known = ", ".join(KINDS)
        wrong.append(Note("over_land.kind", place=place, found=repr(entry["kind"]), known=known))
    if "classes" in entry and not _are_classes(entry["classes"]):
        wrong.append(Note("over_land.classes", place=place, found=repr(entry["classes"])))
    factor = entry.get("factor", LEAST_FACTOR)
    if not (_is_number(factor) and LEAST_FACTOR <= factor < MOST_FACTOR):
        most = f"{MOST_FACTOR:.0f}"
        wrong.append(Note("over_land.factor", place=place, found=repr(factor), most=most))
    return wrong


def _twice_faults(entries: Iterable[object]) -> list[str]:
    """Return which classes of cover several kinds of land claim, so that neither would be right."""
    tables = [entry for entry in entries if isinstance(entry, Mapping)]
    given = [entry["classes"] for entry in tables if _are_classes(entry.get("classes"))]
    claims = Counter(number for classes in given for number in classes)
    twice = sorted(number for number, count in claims.items() if count > 1)
    return [Note("over_land.class_twice", number=str(number)) for number in twice]


def _are_classes(value: object) -> bool:
    """Return whether a value is a list of whole numbers, at least one."""
    if not isinstance(value, list | tuple) or not value:
        return False
    return all(isinstance(each, int) and not isinstance(each, bool) for each in value)


def _is_number(value: object) -> bool:
    """Return whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


class _Way(NamedTuple):
    """A way of laying: what a row of `segments` says of it, and what its metre costs."""

    layer: str | None
    ids: str | None
    name: str | None
    kind: str
    placement: str
    surface: str
    method: str
    item: str
    metre_vnd: float
    shared: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """The raster of ways, what bars, and where a way is drilled under water."""

    geobox: "GeoBox"
    ways: list[_Way]
    way: Ints
    barriers: dict[str, Flags]
    drilled: Flags

    @property
    def cost(self) -> Floats:
        """Return what a metre costs in each cell."""
        return np.asarray([way.metre_vnd for way in self.ways])[self.way]


def plan_over_land(
    layers: Layers,
    start: "shapely.Point",
    end: "shapely.Point",
    *,
    prices: "PriceBook",
    over_land: OverLand,
    slope: npt.ArrayLike | None = None,
) -> Route:
    """
    Return the cheapest cable route between two points over open land.

    Parameters
    ----------
    layers
        Layers of the plan with terrain around both points; `landcover`, `water`, `waterways`,
        `sea`, `buildings`, `protected`, `roads`, `streets`, `ducts` and `rail` count where they
        are.
    start
        Where the route begins, in the planning CRS.
    end
        Where it ends, in the planning CRS.
    prices
        Price book.
    over_land
        What a trench costs away from roads.
    slope
        Rise over run and factor on the cost, shape (n, 2), as `slope_factors` gives; the slope
        costs nothing where None.

    Returns
    -------
    route
        Segments by way of laying. The search counts metres; what each crossing costs besides is
        added to `cost_vnd`, so that `bound_vnd` leaves it out.

    Raises
    ------
    SettingsError
        If both points are the same, or one lies outside the ground.
    NoRouteError
        If nothing leads from one to the other; the message names what bars, and what of it alone
        would do if it were opened.

    Notes
    -----
    No part of the route drills further than `drill_m` under water. Where the cheapest way would,
    the middle of what it drills is barred and the search begins anew: the route may then be dearer
    than need be, or none be found where a roundabout one exists; `bound_vnd`, the cost of the first
    search, still holds. A road over water is a bridge only where its line crosses the water: beside
    a ditch it stays a verge, and a route that crosses such a road crosses the ditch unpriced where
    both lie in one cell.
    """
    layers.need("terrain", step="route --over-land")
    terrain = layers.rasters["terrain"] if layers.terrain is None else layers.terrain.ground_m
    geobox = geobox_of(terrain)
    cells = np.asarray([_cell(geobox, point) for point in (start, end)])
    if (cells[0] == cells[1]).all():
        raise SettingsError(Note("bars.one_point"))
    ground = _ground(layers, geobox, cells, prices, over_land)
    height_m = np.asarray(terrain.to_numpy(), dtype=np.float64)
    ground.barriers["ground"] = ~np.isfinite(height_m)
    pixel_m = abs(float(geobox.affine.a))
    steep = None if slope is None else Slope(np.nan_to_num(height_m), slope)
    try:
        path, least_vnd = _path(ground, cells, pixel_m, steep, over_land.drill_m)
    except BarredError as error:
        raise _told(error, over_land) from error
    segments = _segments(ground, path, (start, end), layers.crs, prices)
    cost_vnd = int(segments["cost_vnd"].sum())
    length_m = float(segments["length_m"].sum())
    return Route(
        segments=segments,
        alternatives=segments.iloc[:0].assign(rank=2),
        length_m=length_m,
        cost_vnd=cost_vnd,
        layers=layers,
        provenance=_provenance(layers, segments, prices, over_land, pixel_m),
        common=_nothing_common(layers.crs),
        lengths_m=(length_m,),
        bound_vnd=min(cost_vnd, int(least_vnd)),
        optimal=cost_vnd <= round(least_vnd) + len(segments),
    )


def _path(
    ground: _Ground, cells: Ints, pixel_m: float, steep: Slope | None, drill_m: float
) -> tuple[RasterPath, float]:
    """Return the path that nowhere drills too far, and what the cheapest of all paths costs."""
    least_vnd = None
    for _ in range(MOST_SEARCHES):
        path = least_cost_path(
            ground.cost, cells[0], cells[1], pixel_m=pixel_m, slope=steep,
            barriers={name: mask for name, mask in ground.barriers.items() if mask.any()},
        )  # fmt: skip
        least_vnd = path.cost if least_vnd is None else least_vnd
        middles = _too_far(ground.drilled, path, drill_m / pixel_m)
        if not middles:
            return path, least_vnd
        for row, column in middles:
            _bar_around(ground, row, column, max(drill_m / pixel_m / 4, 1.0))
        ground.barriers["water"][tuple(cells.T)] = False
    raise BarredError(where="between", barriers=("water",), enough=("water",))


def _too_far(drilled: Flags, path: RasterPath, most: float) -> list[tuple[int, int]]:
    """Return the middle cells of where a path drills further than so many cells on end."""
    under = np.r_[False, drilled[path.rows, path.cols], False].astype(np.int8)
    begins, ends = np.flatnonzero(np.diff(under) == 1), np.flatnonzero(np.diff(under) == -1)
    step = np.hypot(np.diff(path.rows), np.diff(path.cols))
    reach = np.r_[0.0, np.cumsum(step)]
    to = np.r_[0.0, (reach[:-1] + reach[1:]) / 2, reach[-1]]  # half way to the next cell
    middles = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        if to[end] - to[begin] > most + 1e-6:
            k = begin + int(np.argmin(np.abs(reach[begin:end] - (to[begin] + to[end]) / 2)))
            middles.append((int(path.rows[k]), int(path.cols[k])))
    return middles


def _bar_around(ground: _Ground, row: int, column: int, radius: float) -> None:
    """Bar the cells within a circle that could be drilled under."""
    rows, columns = np.ogrid[: ground.drilled.shape[0], : ground.drilled.shape[1]]
    near = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    ground.barriers["water"] |= near & ground.drilled


def _cell(geobox: "GeoBox", point: "shapely.Point") -> tuple[int, int]:
    """Return the cell of a point."""
    column, row = ~geobox.affine * (point.x, point.y)
    rows, columns = geobox.shape
    if not (0 <= row < rows and 0 <= column < columns):
        raise SettingsError(Note("over_land.outside", point=f"{point.x:.0f},{point.y:.0f}"))
    return int(row), int(column)


def _ground(
    layers: Layers, geobox: "GeoBox", cells: Ints, prices: "PriceBook", over_land: OverLand
) -> _Ground:
    """Return the raster of ways: land by its cover, over it water, roads, streets, rail, ducts."""
    from scipy.ndimage import distance_transform_edt

    shape = tuple(geobox.shape)
    verge_vnd = prices.price_vnd(VERGE) + prices.rules.least_bores * prices.price_vnd(DUCT)
    ways = [
        _Way("landcover", None, None, "trench", kind, "soil", "open_trench", VERGE, verge_vnd * f)
        for kind, f in [
            *((entry.kind, entry.factor) for entry in over_land.land),
            (UNKNOWN, over_land.unknown_factor),
        ]
    ]
    way = np.full(shape, len(over_land.land), dtype=np.int64)
    seen = _water_seen(layers, geobox)
    wet = seen | _water_drawn(layers, geobox)
    if "landcover" in layers.rasters:
        cover = layers.rasters["landcover"].to_numpy()
        for k, entry in enumerate(over_land.land):
            way[np.isin(cover, entry.classes)] = k
    sea = _burnt(layers.table("sea").geometry, geobox)
    water_m = abs(float(geobox.affine.a)) * distance_transform_edt(wet & ~sea)
    buildings = _burnt(layers.table("buildings").geometry, geobox)
    for row, column in cells.tolist():
        near = np.s_[max(row - YARD_CELLS, 0) : row + YARD_CELLS + 1,
                     max(column - YARD_CELLS, 0) : column + YARD_CELLS + 1]  # fmt: skip
        buildings[near] = False
    barriers = {
        "sea": sea,
        "water": water_m > over_land.drill_m / 2,
        "buildings": buildings,
        "protected": _burnt(layers.table("protected").geometry, geobox),
    }
    ways.append(_crossing("waterways", "water", RIVER, "hdd", prices))
    rivers = len(ways) - 1
    way[wet] = rivers
    is_rail = _burnt(layers.table("rail").geometry, geobox, touched=True)
    for table in ("roads", "streets"):
        _lay(layers, table, geobox, way, ways, prices)
    on_road = way > rivers
    bridges = _crossing("waterways", "bridge", BRIDGE, "bridge", prices)
    ways += [bridges, _crossing("rail", "rail", RAIL, "hdd", prices)]
    rails = len(ways) - 1
    way[on_road & wet & (seen | _bridged(layers, geobox))] = rails - 1
    way[is_rail] = rails
    _lay(layers, "ducts", geobox, way, ways, prices)
    laid = on_road | (way > rails)
    open_to = {name: mask & ~laid for name, mask in barriers.items()}
    return _Ground(geobox, ways, way, open_to, wet & ~laid)


def _crossing(layer: str, placement: str, item: str, method: str, prices: "PriceBook") -> _Way:
    """Return a way across water or rail; a bridge carries ducts of its own."""
    ducts_vnd = prices.rules.least_bores * prices.price_vnd(DUCT) if item == BRIDGE else 0
    metre_vnd = float(prices.price_vnd(item) + ducts_vnd)
    return _Way(layer, None, None, "crossing", placement, "none", method, item, metre_vnd)


def _lay(
    layers: Layers,
    name: str,
    geobox: "GeoBox",
    way: Ints,
    ways: list[_Way],
    prices: "PriceBook",
) -> None:
    """Lay the rows of a layer of lines into the raster, each a way of its own."""
    import pandas as pd
    import shapely

    table = layers.table(name).sort_index()
    west, south, east, north = geobox.boundingbox
    table = table[table.geometry.intersects(shapely.box(west, south, east, north))]
    if name == "ducts":
        table = table[pd.to_numeric(table["free_bores"]).fillna(0) > 0]
    ducts_vnd = prices.rules.least_bores * prices.price_vnd(DUCT)
    made = []
    for key, row in table.iterrows():
        item, placement, surface = _street_item(name, row)
        metre_vnd = float(prices.price_vnd(item)) + (0 if item == REUSE else ducts_vnd)
        told = row["name"] if isinstance(row.get("name"), str) else None
        is_duct = item == REUSE
        made.append(
            _Way(name, str(key), told, "duct" if is_duct else "trench", placement, surface,
                 "existing_duct" if is_duct else "open_trench", item, metre_vnd,
                 str(key) if is_duct else None)
        )  # fmt: skip
    burnt = _numbered(table.geometry, geobox)
    way[burnt > 0] = burnt[burnt > 0] - 1 + len(ways)
    ways += made


def _street_item(layer: str, row: Any) -> tuple[str, str, str]:  # noqa: ANN401 - a row
    """Return the item, place and surface by which a route runs along a row of a layer."""
    if layer == "ducts":
        return REUSE, "duct", "none"
    if layer == "roads":
        return VERGE, "verge", "soil"
    footway = max((row[k] for k in ("footway_left_m", "footway_right_m") if row[k] == row[k]
                   and row[k] is not None), default=0)  # fmt: skip
    column, default, place = (
        ("footway_surface", "paving", "footway") if footway > 0
        else ("surface", "asphalt", "carriageway")
    )  # fmt: skip
    surface = row[column] if isinstance(row[column], str) else default
    return f"trench_{place}_{surface}", place, surface


def _water_seen(layers: Layers, geobox: "GeoBox") -> Flags:
    """Return the cells of water of the raster and of the cover."""
    wet = np.zeros(tuple(geobox.shape), dtype=np.bool_)
    if "water" in layers.rasters:
        wet |= layers.rasters["water"].to_numpy() == 1
    if "landcover" in layers.rasters:
        wet |= layers.rasters["landcover"].to_numpy() == WATER_CLASS
    return wet


def _water_drawn(layers: Layers, geobox: "GeoBox") -> Flags:
    """Return the cells of waterways: areas, lines by their width, and all that these touch."""
    rows = layers.table("waterways")
    rows, width_m = rows.geometry, _width_m(rows)
    lines = rows.geom_type.str.contains("Line").fillna(value=False).to_numpy(dtype=np.bool_)
    wet = _burnt(rows[~lines], geobox)
    wet |= _burnt(rows[lines].buffer(width_m[lines] / 2), geobox)
    return wet | _burnt(rows[lines], geobox, touched=True)


def _width_m(waterways: "gpd.GeoDataFrame") -> Floats:
    """Return how wide waterways are, 0 where nobody knows."""
    import pandas as pd

    return np.asarray(pd.to_numeric(waterways["width_m"]).fillna(0.0), dtype=np.float64)


def _bridged(layers: Layers, geobox: "GeoBox") -> Flags:
    """Return the cells around the places where the line of a road or street crosses a waterway."""
    import geopandas as gpd
    import shapely

    cell_m = abs(float(geobox.affine.a))
    west, south, east, north = geobox.boundingbox
    waterways = layers.table("waterways")
    width_m = _width_m(waterways)
    shapes = []
    for name in ("roads", "streets"):
        roads = layers.table(name).geometry
        roads = roads[roads.intersects(shapely.box(west, south, east, north))]
        of, on = roads.sindex.query(waterways.geometry, predicate="intersects")
        water = waterways.geometry.to_numpy()[of]
        cut = shapely.intersection(water, roads.to_numpy()[on])
        areas = shapely.get_dimensions(water) == 2
        shapes.append(shapely.buffer(cut[areas], cell_m))
        at, crossing = shapely.get_parts(cut[~areas], return_index=True)
        along = shapely.get_dimensions(at) == 1
        at[along] = shapely.get_point(at[along], 0)  # road and water drawn as one line for a while
        wide_m = width_m[of][~areas][crossing]
        near = shapely.buffer(at, wide_m + cell_m)
        strip = shapely.intersection(water[~areas][crossing], near)
        shapes.append(shapely.intersection(shapely.buffer(strip, wide_m / 2 + cell_m), near))
    return _burnt(gpd.GeoSeries(np.concatenate(shapes)), geobox, touched=True)


def _burnt(shapes: "gpd.GeoSeries", geobox: "GeoBox", *, touched: bool = False) -> Flags:
    """Return the cells whose middle lies in some shapes, or which these touch."""
    from rasterio.features import rasterize

    burnt = np.zeros(tuple(geobox.shape), dtype=np.uint8)
    whole = shapes[~(shapes.isna() | shapes.is_empty)]
    if len(whole):
        rasterize(
            [(shape, 1) for shape in whole], out=burnt, transform=geobox.affine, all_touched=touched
        )
    return burnt.astype(np.bool_)


def _numbered(shapes: "gpd.GeoSeries", geobox: "GeoBox") -> Ints:
    """Return for each cell the number from 1 of the last line that touches it, 0 for none."""
    from rasterio.features import rasterize

    burnt = np.zeros(tuple(geobox.shape), dtype=np.int32)
    drawn = [(s, k) for k, s in enumerate(shapes, start=1) if s is not None and not s.is_empty]
    if drawn:
        rasterize(drawn, out=burnt, transform=geobox.affine, all_touched=True)
    return burnt.astype(np.int64)


def _told(error: BarredError, over_land: OverLand) -> BarredError:
    """Return what bars the way in words for who asked."""
    width = f"{over_land.drill_m:.0f}"

    def named(names: tuple[str, ...]) -> str:
        """Return names of barriers in words."""
        return joined([Note(f"over_land.barrier_{name}", width=width) for name in names])

    if error.where in ("start", "end"):
        told = Note(f"over_land.{error.where}_barred", barriers=named(error.barriers))
    elif error.where == "slope":
        told = Note("over_land.steep")
    else:
        hint = Note("over_land.none_would_do")
        if error.enough:
            hint = Note("over_land.one_would_do", barriers=named(error.enough))
        told = Note("over_land.barred", barriers=named(error.barriers), hint=hint)
    return BarredError(told, where=error.where, barriers=error.barriers, enough=error.enough)


def _segments(
    ground: _Ground,
    path: RasterPath,
    ends: "tuple[shapely.Point, shapely.Point]",
    crs: str,
    prices: "PriceBook",
) -> "gpd.GeoDataFrame":
    """Return a path as segments, one for each way of laying, each step halved at its middle."""
    import geopandas as gpd
    import pandas as pd
    import shapely

    to_plan = ground.geobox.affine
    xy = np.column_stack([
        to_plan.c + to_plan.a * (path.cols + 0.5), to_plan.f + to_plan.e * (path.rows + 0.5)
    ])  # fmt: skip
    xy[0], xy[-1] = (ends[0].x, ends[0].y), (ends[1].x, ends[1].y)
    way = ground.way[path.rows, path.cols]
    metre_vnd = ground.cost[path.rows, path.cols]
    step_m = np.hypot(*np.diff(xy, axis=0).T)
    weight = np.zeros(len(way))
    weight[:-1] += step_m * metre_vnd[:-1] / 2
    weight[1:] += step_m * metre_vnd[1:] / 2
    each_vnd = path.cost * weight / max(float(weight.sum()), 1e-9)
    marks = [0, *(np.flatnonzero(np.diff(way)) + 1).tolist(), len(way)]
    rows, lines = [], []
    for first, last in pairwise(marks):
        vertices = [xy[first:last]]
        if first > 0:
            vertices.insert(0, xy[first - 1 : first + 1].mean(axis=0, keepdims=True))
        if last < len(way):
            vertices.append(xy[last - 1 : last + 1].mean(axis=0, keepdims=True))
        lines.append(shapely.LineString(np.vstack(vertices)).simplify(0.01))
        used = ground.ways[int(way[first])]
        fixed_vnd = 0
        if used.item in PERMITS:
            fixed_vnd = prices.price_vnd(f"{used.item}_fixed")
            fixed_vnd += prices.price_vnd(PERMITS[used.item])
        rows.append({
            **used._asdict(), "street_ids": used.ids, "pair": 1, "common": False,
            "cost_vnd": round(float(each_vnd[first:last].sum())) + fixed_vnd,
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    frame["length_m"] = geodesic_lengths_m(lines, crs)
    frame["geometry"] = lines
    frame = frame[list(COLUMNS)].astype({"cost_vnd": "int64", "pair": "int64", "common": "bool"})
    frame.index = pd.Index([f"T{k:03d}" for k in range(1, len(frame) + 1)], name="segment_id")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=crs)


def _nothing_common(crs: str) -> "gpd.GeoDataFrame":
    """Return the empty table of what two routes share."""
    import geopandas as gpd
    import pandas as pd

    types = {"kind": "object", "name": "object", "length_m": "float64", "cost_vnd": "float64"}
    frame = pd.DataFrame([], columns=list(SHARED_COLUMNS)).astype(types)
    frame.index = pd.Index([], name="common_id", dtype="object")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=crs)


def _provenance(
    layers: Layers,
    segments: "gpd.GeoDataFrame",
    prices: "PriceBook",
    over_land: OverLand,
    pixel_m: float,
) -> Provenance:
    """Return where the route comes from."""
    from infraplan import __version__

    notes = [
        "costs: construction before tax, without contingency and consulting",
        "over land: factors of the land and of the slope are assumed",
    ]
    unknown_m = float(segments.loc[segments["placement"] == UNKNOWN, "length_m"].sum())
    factor = over_land.unknown_factor
    if unknown_m > 0:
        length = f"{unknown_m:.0f}"
        notes.append(Note("over_land.note_unknown", length=length, factor=f"{factor:g}"))
    return Provenance(
        step="route",
        version=__version__,
        settings={
            "prices": prices.name,
            "over_land": over_land.name,
            "pixel_m": pixel_m,
            "unknown_factor": factor,
        },
        synthetic=tuple(name for name in layers.synthetic() if name in READ),
        notes=tuple(notes),
    )
