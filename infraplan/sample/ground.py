"""The ground that a network is put on, real or made up, on one fine and one coarse grid."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from infraplan.errors import PlanError
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import geobox_of
from infraplan.sample.noise import Floats
from infraplan.sample.noise import Ints

if TYPE_CHECKING:
    from odc.geo.geobox import GeoBox

__all__ = [
    "Coarse",
    "Ground",
    "blob",
    "burnt",
    "coarsened",
    "ground_from",
    "patches_of",
    "polygons_only",
]

BLOB_CORNERS = 28
ENCLOSING_M = (60.0, 2200.0)  # a ridge: how much higher, within what distance


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """
    Terrain, communes and people on one grid.

    `elevation_m` is NaN where unknown; `commune_at` the row number of the commune in `communes`, -1
    outside; `population` persons per grid cell; `sea` empty where there is none.
    """

    crs: str
    geobox: "GeoBox"
    elevation_m: npt.NDArray[np.float32]
    water: npt.NDArray[np.bool_]
    commune_at: npt.NDArray[np.int32]
    communes: gpd.GeoDataFrame
    settlements: gpd.GeoDataFrame
    population: npt.NDArray[np.float32]
    sea: BaseGeometry

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return west, south, east and north of the grid [m]."""
        box = self.geobox.boundingbox
        return (box.left, box.bottom, box.right, box.top)


@dataclass(frozen=True, slots=True, eq=False)
class Coarse:
    """
    The ground on cells of some 200 m, with what roads, hamlets and masts are placed by.

    `above_low_m` is the height above the lowest ground within 900 m; `enclosed` counts in how many
    of eight directions the ground rises by 60 m within 2.2 km. `usable` cells are land of a commune
    with known height.
    """

    cell_m: float
    west_m: float
    north_m: float
    elevation_m: Floats
    slope: Floats
    above_low_m: Floats
    enclosed: Ints
    population: Floats
    commune_at: Ints
    usable: npt.NDArray[np.bool_]

    @property
    def shape(self) -> tuple[int, int]:
        """Return rows and columns."""
        rows, columns = self.elevation_m.shape
        return rows, columns

    def centres(self, flat: npt.ArrayLike) -> tuple[Floats, Floats]:
        """
        Return the centres of cells.

        Parameters
        ----------
        flat
            Flat index of the cells, any shape.

        Returns
        -------
        x_m
            Eastings [m].
        y_m
            Northings [m].
        """
        row, column = np.divmod(np.asarray(flat, dtype=np.int64), self.shape[1])
        return (
            self.west_m + (column + 0.5) * self.cell_m,
            self.north_m - (row + 0.5) * self.cell_m,
        )

    def flat_of(self, x_m: npt.ArrayLike, y_m: npt.ArrayLike) -> Ints:
        """
        Return the cells in which points lie.

        Parameters
        ----------
        x_m
            Eastings, any shape [m].
        y_m
            Northings, of the same shape [m].

        Returns
        -------
        flat
            Flat index; that of a cell at the edge for a point outside.
        """
        rows, columns = self.shape
        row = np.floor((self.north_m - np.asarray(y_m, dtype=np.float64)) / self.cell_m)
        column = np.floor((np.asarray(x_m, dtype=np.float64) - self.west_m) / self.cell_m)
        row, column = np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)
        return (row * columns + column).astype(np.int64)


def ground_from(base: Layers) -> Ground:
    """
    Return the ground of real layers.

    Parameters
    ----------
    base
        Bundle with communes (with `people`) and the raster `terrain`; `settlements` and the rasters
        `water` and `population` where there are some.

    Returns
    -------
    ground
        Ground on the grid of the bundle's terrain.

    Raises
    ------
    PlanError
        If communes or terrain are missing, or the communes have no people.
    """
    raster = base.rasters.get("terrain")
    if raster is None and base.terrain is not None:
        raster = base.terrain.ground_m
    absent = [] if base.has("communes") else ["communes"]
    if raster is None or absent:
        absent += ["terrain"] if raster is None else []
        msg = (
            f"a sample of a province needs real layers; these are missing: {', '.join(absent)}. "
            "Give a folder that has communes.gpkg and terrain.tif by --base"
        )
        raise PlanError(msg)
    communes = base.table("communes").sort_index()
    if "people" not in communes or communes["people"].isna().any():
        msg = "the communes of the base lack people in some rows, and the sample follows the people"
        raise PlanError(msg)
    geobox = geobox_of(raster)
    commune_at = burnt(communes.geometry, geobox)
    water = base.rasters.get("water")
    population = base.rasters.get("population")
    shape = commune_at.shape
    return Ground(
        crs=base.crs,
        geobox=geobox,
        elevation_m=raster.to_numpy().astype(np.float32),
        water=np.zeros(shape, dtype=bool) if water is None else water.to_numpy() == 1,
        commune_at=commune_at,
        communes=communes,
        settlements=base.table("settlements").sort_index(),
        population=np.zeros(shape, dtype=np.float32)
        if population is None
        else np.nan_to_num(population.to_numpy()).astype(np.float32),
        sea=shapely.union_all(base.table("sea").geometry.to_numpy())
        if base.has("sea")
        else shapely.Polygon(),
    )


def burnt(geometry: gpd.GeoSeries, geobox: "GeoBox") -> npt.NDArray[np.int32]:
    """
    Return the row number of the geometry in which each cell's centre lies.

    Parameters
    ----------
    geometry
        Areas or lines in the CRS of the grid.
    geobox
        Grid.

    Returns
    -------
    number
        Row number in `geometry`, -1 where there is none.
    """
    from rasterio.features import rasterize

    shapes = [(shape, number) for number, shape in enumerate(geometry) if not shape.is_empty]
    if not shapes:
        return np.full(geobox.shape, -1, dtype=np.int32)
    return np.asarray(
        rasterize(shapes, out_shape=geobox.shape, transform=geobox.affine, fill=-1, dtype="int32"),
        dtype=np.int32,
    )


def coarsened(ground: Ground, cell_m: float) -> Coarse:
    """
    Return the ground on coarser cells.

    Parameters
    ----------
    ground
        Ground.
    cell_m
        Side wanted; the nearest multiple of the ground's cell is taken [m].

    Returns
    -------
    coarse
        Coarse ground.
    """
    from scipy import ndimage

    fine_m = ground.geobox.affine.a
    block = max(1, round(cell_m / fine_m))
    cell = block * fine_m
    elevation = _block_mean(ground.elevation_m.astype(np.float64), block)
    known = np.isfinite(elevation)
    filled = np.where(known, elevation, 0.0)
    rows, columns = np.gradient(filled, cell)
    lowest = ndimage.minimum_filter(np.where(known, filled, np.inf), size=_odd(1800 / cell))
    water = _block_mean(ground.water.astype(np.float64), block) > 0.4
    commune_at = ground.commune_at[block // 2 :: block, block // 2 :: block].astype(np.int64)
    commune_at = _fitted(commune_at, elevation.shape)
    count = _block_mean(ground.population.astype(np.float64), block) * block**2
    return Coarse(
        cell_m=cell,
        west_m=ground.geobox.affine.c,
        north_m=ground.geobox.affine.f,
        elevation_m=elevation,
        slope=np.hypot(rows, columns),
        above_low_m=np.where(known, filled - lowest, np.inf),
        enclosed=_enclosed(filled, cell),
        population=np.nan_to_num(count),
        commune_at=commune_at,
        usable=known & ~water & (commune_at >= 0),
    )


def blob(
    x_m: float, y_m: float, area_m2: float, rng: np.random.Generator, *, stretch: float = 1.5
) -> shapely.Polygon:
    """
    Return a rounded, uneven patch of ground around a point.

    Parameters
    ----------
    x_m
        Easting of its middle [m].
    y_m
        Northing of its middle [m].
    area_m2
        Area, > 0, reached within some 20 % [m2].
    rng
        Source of chance.
    stretch
        Ratio of its length to its width.

    Returns
    -------
    patch
        Valid polygon without holes.
    """
    angle = np.linspace(0, 2 * np.pi, BLOB_CORNERS, endpoint=False)
    waves = sum(
        rng.normal(0, 0.09) * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
        for order in (2, 3, 4, 5)
    )
    radius = np.sqrt(area_m2 / np.pi) * np.clip(1 + waves, 0.6, 1.5)
    along, across = radius * np.cos(angle) * stretch**0.5, radius * np.sin(angle) / stretch**0.5
    turn = rng.uniform(0, np.pi)
    xs = x_m + along * np.cos(turn) - across * np.sin(turn)
    ys = y_m + along * np.sin(turn) + across * np.cos(turn)
    return shapely.Polygon(np.column_stack([xs, ys]))


def patches_of(ground: Ground) -> dict[str, BaseGeometry]:
    """
    Return the built-up ground of each commune.

    Parameters
    ----------
    ground
        Ground with settlements.

    Returns
    -------
    patches
        By commune code, clipped to the commune; empty where none is seen from above.
    """
    settlements = ground.settlements
    tree = shapely.STRtree(settlements.geometry.to_numpy())
    found: dict[str, BaseGeometry] = {}
    for code, commune in zip(ground.communes.index, ground.communes.geometry, strict=True):
        near = np.sort(tree.query(commune, predicate="intersects"))
        merged = shapely.union_all(settlements.geometry.to_numpy()[near])
        found[str(code)] = polygons_only(shapely.intersection(merged, commune.buffer(-2.0)))
    return found


def polygons_only(shape: BaseGeometry, least_m2: float = 1500.0) -> BaseGeometry:
    """
    Return the polygons of a geometry that are not slivers.

    Parameters
    ----------
    shape
        Any geometry.
    least_m2
        Smallest area that is kept [m2].

    Returns
    -------
    polygons
        One valid geometry, empty where nothing is left.
    """
    parts = [
        part
        for part in shapely.get_parts(shape, return_index=False)
        if part.geom_type in ("Polygon", "MultiPolygon") and part.area >= least_m2
    ]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _enclosed(height: Floats, cell_m: float) -> Ints:
    """Return in how many of eight directions the ground within reach rises well above each cell."""
    reach = round(ENCLOSING_M[1] / cell_m)
    padded = np.pad(height, reach, mode="edge")
    rows, columns = height.shape
    count = np.zeros(height.shape, dtype=np.int64)
    for dy, dx in ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)):
        steps = max(1, round(reach / np.hypot(dy, dx)))
        highest = np.full(height.shape, -np.inf)
        for k in range(1, steps + 1):
            top, left = reach + k * dy, reach + k * dx
            np.maximum(highest, padded[top : top + rows, left : left + columns], out=highest)
        count += highest - height > ENCLOSING_M[0]
    return count


def _block_mean(values: Floats, block: int) -> Floats:
    """Return the mean of the known values of each square block, NaN where none is known."""
    rows, columns = (-(-size // block) * block for size in values.shape)
    padded = np.full((rows, columns), np.nan)
    padded[: values.shape[0], : values.shape[1]] = values
    blocks = padded.reshape(rows // block, block, columns // block, block)
    known = np.isfinite(blocks).sum(axis=(1, 3))
    total = np.nansum(blocks, axis=(1, 3))
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)


def _fitted(values: Ints, shape: tuple[int, ...]) -> Ints:
    """Return an array cut or padded by -1 to a shape."""
    out = np.full(shape, -1, dtype=np.int64)
    rows, columns = min(shape[0], values.shape[0]), min(shape[1], values.shape[1])
    out[:rows, :columns] = values[:rows, :columns]
    return out


def _odd(cells: float) -> int:
    """Return the odd number of cells nearest to a length, at least 3."""
    return max(3, 2 * round(cells / 2) + 1)
