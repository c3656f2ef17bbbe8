"""
The cheapest cable route over open land, where streets and roads do not lead or lead far round.

The ground is a raster of what a metre of trench costs in each cell: roads, streets and ducts with
free bores by the price book, other land dearer by its cover, water drilled under, all by the slope.
"""

from collections.abc import Mapping
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


class LandKind(NamedTuple):
    """A kind of land: its classes of cover, and how much dearer a trench is there."""

    kind: str
    classes: tuple[int, ...]
    factor: float


@dataclass(frozen=True, slots=True)
class OverLand:
    """What a trench costs away from roads, and the longest drilling under water [m]."""

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
            If a key is unknown or missing, or a value out of range; all faults are listed.
        """
        wrong = [f"unknown key '{x}'" for x in table if x not in {"name", "note", "land", "limits"}]
        wrong += [f"missing key '{x}'" for x in ("name", "land", "limits") if x not in table]
        kinds = []
        for k, entry in enumerate(table.get("land", ()), start=1):
            lacks = {"kind", "classes", "factor", "source", "verified"} ^ set(entry)
            wrong += [f"land {k}: missing or unknown '{key}'" for key in sorted(lacks)]
            if lacks:
                continue
            if not (isinstance(entry["factor"], int | float) and 1 <= entry["factor"] < 1e3):
                wrong.append(f"land {k}: factor must be at least 1; found {entry['factor']!r}")
            kinds.append(LandKind(str(entry["kind"]), tuple(entry["classes"]), entry["factor"]))
        limits = table.get("limits", {})
        lacks = {"drill_m", "source", "verified"} ^ set(limits)
        wrong += [f"limits: missing or unknown '{key}'" for key in sorted(lacks)]
        drill_m = limits.get("drill_m", 1)
        if not (isinstance(drill_m, int | float) and 0 <= drill_m < 1e5):
            wrong.append(f"limits: drill_m must be a length [m]; found {drill_m!r}")
        if wrong or not kinds:
            raise SettingsError(Note("over_land.table", faults=joined(wrong or ["no land"])))
        return cls(str(table["name"]), tuple(kinds), float(drill_m))


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
    """The raster of ways, and what bars."""

    geobox: "GeoBox"
    ways: list[_Way]
    way: Ints
    barriers: dict[str, Flags]

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
        path = least_cost_path(
            ground.cost, cells[0], cells[1], pixel_m=pixel_m, slope=steep,
            barriers={name: mask for name, mask in ground.barriers.items() if mask.any()},
        )  # fmt: skip
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
        provenance=_provenance(layers, prices, over_land, pixel_m),
        common=_nothing_common(layers.crs),
        lengths_m=(length_m,),
        bound_vnd=min(cost_vnd, int(path.cost)),
        optimal=cost_vnd <= round(path.cost) + len(segments),
    )


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
        for kind, _, f in over_land.land
    ]
    way = np.zeros(shape, dtype=np.int64)
    wet = _water(layers, geobox)
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
    way[wet] = len(ways) - 1
    is_rail = _burnt(layers.table("rail").geometry, geobox, touched=True)
    for table in ("roads", "streets"):
        _lay(layers, table, geobox, way, ways, prices)
    on_road = way > len(over_land.land)
    bridges = _crossing("waterways", "bridge", BRIDGE, "bridge", prices)
    ways += [bridges, _crossing("rail", "rail", RAIL, "hdd", prices)]
    rails = len(ways) - 1
    way[on_road & wet] = rails - 1
    way[is_rail] = rails
    _lay(layers, "ducts", geobox, way, ways, prices)
    laid = on_road | (way >= rails)
    return _Ground(geobox, ways, way, {name: mask & ~laid for name, mask in barriers.items()})


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


def _water(layers: Layers, geobox: "GeoBox") -> Flags:
    """Return the cells of water: of the raster, of the cover, and of waterways by their width."""
    import pandas as pd

    wet = np.zeros(tuple(geobox.shape), dtype=np.bool_)
    if "water" in layers.rasters:
        wet |= layers.rasters["water"].to_numpy() == 1
    if "landcover" in layers.rasters:
        wet |= layers.rasters["landcover"].to_numpy() == WATER_CLASS
    rows = layers.table("waterways")
    if len(rows):
        width_m = pd.to_numeric(rows["width_m"]).fillna(0.0).to_numpy(dtype=np.float64)
        lines = rows.geometry.geom_type.str.contains("Line").to_numpy()
        wet |= _burnt(rows.geometry[~lines], geobox)
        wet |= _burnt(rows.geometry[lines].buffer(width_m[lines] / 2), geobox)
        wet |= _burnt(rows.geometry[lines], geobox, touched=True)
    return wet


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
    layers: Layers, prices: "PriceBook", over_land: OverLand, pixel_m: float
) -> Provenance:
    """Return where the route comes from."""
    from infraplan import __version__

    return Provenance(
        step="route",
        version=__version__,
        settings={"prices": prices.name, "over_land": over_land.name, "pixel_m": pixel_m},
        synthetic=tuple(name for name in layers.synthetic() if name in READ),
        notes=(
            "costs: construction before tax, without contingency and consulting",
            "over land: factors of the land and of the slope are assumed",
        ),
    )
