"""
Sums over areas, exact to the share of each grid cell that an area takes.

The rule of cell centres errs by up to a quarter on hamlets of 60 m; here every border cell counts
by the fraction that lies inside (exactextract). The fractions are found once and kept as a sparse
matrix, so that any number of rasters is summed by one product.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from infraplan.errors import GridMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from odc.geo.geobox import GeoBox
    from scipy import sparse

__all__ = ["Zones", "zones_over"]

Floats = npt.NDArray[np.float64]
SNAP_M = 1e-5  # what coordinates are rounded to before they are laid over the grid


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """
    Areas on a grid.

    `fractions` is (area, grid cell): the share of the cell inside the area; grid cells are counted
    row by row. `index` names the areas.
    """

    index: pd.Index
    fractions: "sparse.csr_array"
    cell_m2: float

    def sums(self, values: npt.ArrayLike) -> Floats:
        """
        Return the sum of a quantity per grid cell over each area.

        Parameters
        ----------
        values
            Quantity per grid cell (people, not density), of the grid's shape; no NaN.

        Returns
        -------
        sums
            One sum for each area.
        """
        flat = np.asarray(values, dtype=np.float64).ravel()
        return np.asarray(self.fractions @ flat, dtype=np.float64)

    def areas_m2(self) -> Floats:
        """
        Return the ground of each area that lies on the grid.

        Returns
        -------
        area_m2
            One area for each zone [m2].
        """
        shares = np.asarray(self.fractions.sum(axis=1), dtype=np.float64)
        return shares.ravel() * self.cell_m2


def zones_over(areas: "gpd.GeoDataFrame", geobox: "GeoBox") -> Zones:
    """
    Return which share of each grid cell lies in each area.

    Parameters
    ----------
    areas
        Polygons in the CRS of the grid; overlaps are allowed, index kept.
    geobox
        Grid.

    Returns
    -------
    zones
        Fractions, exact for polygons.

    Raises
    ------
    GridMismatchError
        If the CRS of the areas is not that of the grid: exactextract itself would only warn.
    """
    from scipy import sparse

    crs = areas.crs
    if crs is None or crs.to_epsg() != geobox.crs.epsg:  # type: ignore[union-attr]
        msg = f"the areas are in {crs}, the grid in {geobox.crs}; bring the areas to the grid's CRS"
        raise GridMismatchError(msg)
    rows, columns = geobox.shape
    shape = (len(areas), rows * columns)
    if not len(areas):
        return Zones(areas.index, sparse.csr_array(shape), _cell_m2(geobox))
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    # cell numbers must survive as whole float64, for the extraction returns values, not places
    number = np.arange(rows * columns, dtype=np.float64).reshape(rows, columns)
    box = geobox.boundingbox
    source = NumPyRasterSource(
        number, xmin=box.left, ymin=box.bottom, xmax=box.right, ymax=box.top, srs_wkt=crs.to_wkt()
    )
    # exactextract errs by whole cells, or stops, on valid polygons with threads of rounding
    snapped = areas.geometry.set_precision(SNAP_M).set_crs(crs)
    with_ground = np.flatnonzero(~(snapped.isna() | snapped.is_empty))  # without: sums to 0
    if not with_ground.size:
        return Zones(areas.index, sparse.csr_array(shape), _cell_m2(geobox))
    shapes = _shapes(with_ground, shapely.to_wkb(snapped.to_numpy()[with_ground]), crs.to_wkt())
    found = exact_extract(
        source, shapes, ["values", "coverage"], include_cols=["zone"], output="pandas"
    )
    fractions = _fractions(found["zone"], found["values"], found["coverage"], shape)
    return Zones(areas.index, fractions, _cell_m2(geobox))


def _shapes(zones: npt.NDArray[np.int64], wkb: npt.NDArray[np.object_], crs_wkt: str) -> Any:  # noqa: ANN401
    """Return polygons as exactextract takes them, in bytes: GeoJSON would take half the time."""
    from exactextract.feature import Feature
    from exactextract.feature import FeatureSource

    class Shape(Feature):  # type: ignore[misc, unused-ignore]
        """One polygon with the number of its zone."""

        def __init__(self, zone: int, content: bytes) -> None:
            super().__init__()
            self.zone, self.content = zone, content

        def get(self, name: str) -> int:
            """Return the number of the zone, the one field there is."""
            del name
            return self.zone

        def fields(self) -> list[str]:
            """Return the names of the fields."""
            return ["zone"]

        def geometry(self) -> bytes:
            """Return the polygon as WKB."""
            return self.content

    class Shapes(FeatureSource):  # type: ignore[misc, unused-ignore]
        """All polygons."""

        def count(self) -> int:
            """Return how many there are."""
            return len(wkb)

        def __iter__(self) -> "Iterator[Shape]":
            """Yield the polygons in their order."""
            for zone, content in zip(zones.tolist(), wkb, strict=True):
                yield Shape(zone, content)

        def srs_wkt(self) -> str:
            """Return the reference system."""
            return crs_wkt

    return Shapes()


def _fractions(
    zone: pd.Series, cells: pd.Series, shares: pd.Series, shape: tuple[int, int]
) -> "sparse.csr_array":
    """Return the matrix of zones and cells; zones come in order, each with its own cells."""
    from scipy import sparse

    lengths = np.zeros(shape[0], dtype=np.int64)
    lengths[zone.to_numpy(dtype=np.int64)] = [len(own) for own in cells]
    start = np.concatenate([[0], np.cumsum(lengths)])
    small = np.int32 if max(shape[1], start[-1]) < np.iinfo(np.int32).max else np.int64
    cell = np.concatenate([np.asarray(own).astype(small) for own in cells])
    share = np.concatenate([np.asarray(own, dtype=np.float64) for own in shares])
    fractions = sparse.csr_array((share, cell, start.astype(small)), shape=shape)
    fractions.sum_duplicates()  # and sorts, where they are not sorted yet
    return fractions


def _cell_m2(geobox: "GeoBox") -> float:
    """Return the area of a grid cell."""
    return abs(float(geobox.affine.a * geobox.affine.e))
