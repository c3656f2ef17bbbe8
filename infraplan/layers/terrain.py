"""Ground heights with the unknown kept unknown, and water where it is known to be water."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.layers.grid import same_grid
from infraplan.layers.grid import wrap

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["INLAND", "SEA", "Terrain", "terrain_from"]

SEA, COASTAL, INLAND = 1, 3, 4  # radio-climatic zones of ITU-R P.1812-7, table 1 (as codes)


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """
    Ground as radio sees it.

    `ground_m` is the height above sea level with NaN where unknown; `zone` the radio-climatic zone,
    `landcover` the class of land cover where it is known.
    The counts tell how many cells were filled because they are known to be water.
    """

    ground_m: "xr.DataArray"
    zone: "xr.DataArray"
    landcover: "xr.DataArray | None" = None
    sea_cell_count: int = 0
    inland_water_cell_count: int = 0


def terrain_from(
    elevation_m: "xr.DataArray",
    sea: "xr.DataArray | None" = None,
    water: "xr.DataArray | None" = None,
) -> Terrain:
    """
    Return the terrain of an area from its elevation and its water.

    Cells of the sea without elevation are 0 m; inland water without elevation takes the lowest
    known elevation of its shore; every other cell without elevation stays unknown.

    Parameters
    ----------
    elevation_m
        Height above sea level, NaN where unknown [m].
    sea
        True where the sea is, on the same grid; None where there is none.
    water
        1 where inland water is, on the same grid; None where it is not known.

    Returns
    -------
    terrain
        Heights, zones and the numbers of cells filled.

    Raises
    ------
    GridMismatchError
        If the rasters lie on different grids.
    """
    geobox = same_grid(*(raster for raster in (elevation_m, sea, water) if raster is not None))
    ground = elevation_m.to_numpy().astype(np.float32, copy=True)
    zone = np.full(ground.shape, INLAND, dtype=np.uint8)
    sea_count = inland_count = 0
    if sea is not None:
        at_sea = sea.to_numpy().astype(bool) & np.isnan(ground)
        ground[at_sea], zone[at_sea] = 0.0, SEA
        sea_count = int(at_sea.sum())
    if water is not None:
        inland_count = _fill_inland(ground, water.to_numpy() == 1)
    return Terrain(
        ground_m=wrap(
            ground, geobox, name="ground_m", units="m", long_name="ground above sea level"
        ),
        zone=wrap(zone, geobox, name="zone", long_name="radio-climatic zone"),
        sea_cell_count=sea_count,
        inland_water_cell_count=inland_count,
    )


def _fill_inland(ground: npt.NDArray[np.float32], water: npt.NDArray[np.bool_]) -> int:
    """Give water without elevation its shore's lowest height; return the cells filled."""
    from scipy import ndimage

    unknown = water & np.isnan(ground)
    labels, count = ndimage.label(unknown, structure=np.ones((3, 3), dtype=bool))
    if not count:
        return 0
    filled = 0
    for body, place in enumerate(ndimage.find_objects(labels), start=1):
        grown = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in place)
        inside = labels[grown] == body
        shore = ndimage.binary_dilation(inside, structure=np.ones((3, 3), dtype=bool)) & ~inside
        heights = ground[grown][shore]
        if np.isfinite(heights).any():
            ground[grown][inside] = np.nanmin(heights)
            filled += int(inside.sum())
    return filled
