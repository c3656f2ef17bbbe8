"""
Rasters that are warped where somebody looks.

Nineteen mapped floods on the grid of a province are a gigabyte and a half, and a minute of warping;
an appraisal reads some cells around each request. Here a raster is warped in square tiles on a
fixed lattice, each at the first look, so a cell has one value whoever asks, and in whatever order.
"""

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
from xarray.backends import BackendArray
from xarray.core import indexing

from infraplan.io.rasters import band_names
from infraplan.io.rasters import raster_reach
from infraplan.io.rasters import warp_raster

if TYPE_CHECKING:
    import xarray as xr
    from odc.geo.geobox import GeoBox

__all__ = ["TILE_CELLS", "tiled_raster"]

TILE_CELLS = 64  # side of a tile, in cells of the grid
TILES_HELD = 256


def tiled_raster(path: Path, geobox: "GeoBox", *, kind: str) -> "xr.DataArray":
    """
    Return a GeoTIFF on a given grid, each part of it read when it is looked at.

    Parameters
    ----------
    path
        GeoTIFF; it must stay as it is while the raster is in use.
    geobox
        Grid.
    kind
        As in `warp_raster`, but for `"count"`, whose totals hold on the whole grid alone.

    Returns
    -------
    raster
        As `warp_raster` gives it. Take parts with `raster[..., rows, columns]` before asking for
        their values: `raster.to_numpy()` warps the whole.

    Raises
    ------
    SourceFileError
        If the file is no GeoTIFF, names no reference system, or has no pixel on the grid.
    """
    from infraplan.layers.grid import wrap

    names = band_names(path, geobox)
    has_bands = len(names) > 1 and kind != "reach"
    array = _Tiles(path, geobox, kind, bands=len(names) if has_bands else 0)
    lazy: Any = indexing.LazilyIndexedArray(array)  # wraps like an array
    raster = wrap(lazy, geobox, name=path.stem)
    return raster.assign_coords(band=names) if has_bands else raster


class _Tiles(BackendArray):
    """The values of a raster, warped tile by tile."""

    def __init__(self, path: Path, geobox: "GeoBox", kind: str, *, bands: int) -> None:
        """Remember what to warp, and onto what; no band: an array of two dimensions."""
        self.path = path
        self.geobox = geobox
        self.kind = kind
        self.shape = ((bands,) if bands else ()) + tuple(geobox.shape)
        self.dtype = np.dtype(np.float32)
        self._held: OrderedDict[tuple[int, int], npt.NDArray[np.float32]] = OrderedDict()

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:  # noqa: ANN401 - as xarray's own
        """Return a part."""
        basic = indexing.IndexingSupport.BASIC
        return indexing.explicit_indexing_adapter(key, self.shape, basic, self._part)

    def _part(self, key: tuple[int | slice, ...]) -> npt.NDArray[np.float32]:
        """Return what whole numbers and slices choose."""
        (top, rows), (left, columns) = (
            _reach(chosen, size) for chosen, size in zip(key[-2:], self.shape[-2:], strict=True)
        )
        made = np.empty((*self.shape[:-2], len(rows), len(columns)), dtype=np.float32)
        for y in range(rows.start // TILE_CELLS, -(-rows.stop // TILE_CELLS)):
            for x in range(columns.start // TILE_CELLS, -(-columns.stop // TILE_CELLS)):
                tile = self._tile(y, x)
                down, right = y * TILE_CELLS, x * TILE_CELLS
                here = _shared(rows, down, tile.shape[-2]), _shared(columns, right, tile.shape[-1])
                target = tuple(
                    slice(part.start - of.start, part.stop - of.start)
                    for part, of in zip(here, (rows, columns), strict=True)
                )
                inside = tuple(
                    slice(part.start - start, part.stop - start)
                    for part, start in zip(here, (down, right), strict=True)
                )
                made[..., target[0], target[1]] = tile[..., inside[0], inside[1]]
        return np.asarray(made[(*key[:-2], top, left)])

    def _tile(self, y: int, x: int) -> npt.NDArray[np.float32]:
        """Return a tile, the one that was not looked at for longest given up for it."""
        if (y, x) in self._held:
            self._held.move_to_end((y, x))
            return self._held[y, x]
        rows = slice(y * TILE_CELLS, min((y + 1) * TILE_CELLS, self.shape[-2]))
        columns = slice(x * TILE_CELLS, min((x + 1) * TILE_CELLS, self.shape[-1]))
        part = self.geobox[rows, columns]
        box = part.boundingbox
        edges = (box.left, box.bottom, box.right, box.top)
        if raster_reach(self.path, bounds=edges, crs=str(part.crs)) > 0:
            made = warp_raster(self.path, part, kind=self.kind).to_numpy()
        else:
            made = np.full((*self.shape[:-2], *part.shape), np.nan, dtype=np.float32)
        self._held[y, x] = made
        if len(self._held) > TILES_HELD:
            self._held.popitem(last=False)
        return self._held[y, x]


def _reach(chosen: int | slice, size: int) -> tuple[int | slice, range]:
    """Return an index within the cells that it touches, and these cells."""
    if not isinstance(chosen, slice):
        at = int(chosen)
        return 0, range(at, at + 1)
    picked = range(size)[chosen]
    if not len(picked):
        return slice(0, 0), range(0)
    low, high = sorted((picked[0], picked[-1]))
    return slice(None, None, picked.step), range(low, high + 1)


def _shared(cells: range, start: int, count: int) -> range:
    """Return the cells of a range that a tile has."""
    return range(max(cells.start, start), min(cells.stop, start + count))
