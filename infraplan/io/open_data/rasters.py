"""Tiles of a raster become one GeoTIFF of the area, strip by strip: no tile is read whole."""

import math
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import ExitStack
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan.errors import SourceFileError
from infraplan.io.open_data.declarations import OpenSource
from infraplan.io.open_data.pieces import Area
from infraplan.io.open_data.pieces import Brought
from infraplan.io.open_data.pieces import Piece
from infraplan.io.rasters import CELL_BUDGET
from infraplan.io.rasters import open_geotiff

__all__ = ["check_tile", "merge_tiles"]

STRIP_ROWS = 512
BLOCK_BYTES = 1 << 28  # of one compressed block, which is decoded whole
OFF_LATTICE = 0.02  # of a pixel by which tiles may miss each other's lattice


@dataclass(frozen=True, slots=True)
class _Grid:
    """The pixels of the area on the lattice that the tiles share."""

    west: float
    north: float
    wide: float
    high: float
    columns: int
    rows: int


def check_tile(path: Path) -> None:
    """
    Refuse a tile that cannot be read in windows.

    Parameters
    ----------
    path
        File that claims to be a GeoTIFF.

    Raises
    ------
    SourceFileError
        If it is no GeoTIFF, is damaged at its corners, or has blocks too large to decode.
    """
    from rasterio.windows import Window

    with open_geotiff(path) as source:
        high, wide = source.block_shapes[0]
        if source.count != 1 or high * wide * np.dtype(source.dtypes[0]).itemsize > BLOCK_BYTES:
            msg = (
                f"{path} has {source.count} bands in blocks of {wide} x {high} pixels; "
                "expected one band in tiles"
            )
            raise SourceFileError(msg)
        for row, column in ((0, 0), (source.height - 1, source.width - 1)):
            source.read(1, window=Window(column, row, 1, 1))  # a cut file lacks its last block


def merge_tiles(
    source: OpenSource, files: Sequence[tuple[Piece, Path | None]], area: Area, target: Path
) -> Brought:
    """
    Write the part of some tiles that lies in the area as one GeoTIFF, pixels as they came.

    Parameters
    ----------
    source
        Declaration: what has no value, and what a missing tile means.
    files
        Tiles and their files; None for one that is not there.
    area
        Area with its halo.
    target
        GeoTIFF to write.

    Returns
    -------
    brought
        The file; notes tell of tiles in the sea and of pixels without a value.

    Raises
    ------
    SourceFileError
        If tiles do not lie on one lattice, differ in kind, miss the area, or need too many cells.
    """
    import rasterio

    there = [(piece, path) for piece, path in files if path is not None]
    at_sea = [piece for piece, path in files if path is None]
    with ExitStack() as stack:
        tiles = [stack.enter_context(open_geotiff(path)) for _, path in there]
        first = tiles[0]
        for tile, (_, path) in zip(tiles, there, strict=True):
            if (tile.crs, tile.dtypes[0]) != (first.crs, first.dtypes[0]):
                msg = f"{path.name} is of another kind than {there[0][1].name}"
                raise SourceFileError(msg)
        grid = _grid(first, area, there[0][1])
        is_float = np.dtype(first.dtypes[0]).kind == "f"
        empty = math.nan if is_float else _empty(source, first)
        unknown, known = 0, 0
        with _creation_errors(target), rasterio.open(
            str(target), "w", driver="GTiff", dtype=first.dtypes[0], count=1, crs=first.crs,
            width=grid.columns, height=grid.rows, nodata=empty, tiled=True, blockxsize=256,
            blockysize=256, compress="zstd", predictor=3 if is_float else 2, BIGTIFF="IF_SAFER",
            transform=rasterio.Affine(grid.wide, 0, grid.west, 0, -grid.high, grid.north),
        ) as made:  # fmt: skip
            for top, rows in _strips(grid):
                strip = np.full((rows, grid.columns), empty, dtype=first.dtypes[0])
                for piece in at_sea:
                    _drown(strip, grid, top, piece)
                for tile, (_, path) in zip(tiles, there, strict=True):
                    _copy(strip, grid, top, tile, path)
                unknown += _blank(strip, source, first.nodata, empty)
                known += (
                    int((strip != empty).sum()) if not is_float else int(np.isfinite(strip).sum())
                )
                made.write(strip, 1, window=rasterio.windows.Window(0, top, grid.columns, rows))
    if not known:
        msg = f"{there[0][1].name} has no value in the area"
        raise SourceFileError(msg)
    notes: list[tuple[str, dict[str, Any]]] = []
    if at_sea:
        names = ", ".join(piece.name for piece in at_sea)
        notes.append(("note_sea", {"count": len(at_sea), "tiles": names}))
    if unknown:
        share = unknown / (grid.rows * grid.columns)
        notes.append(("note_unknown_pixels", {"percent": f"{100 * share:.1f}"}))
    return Brought(target, tuple(notes))


def _grid(first: Any, area: Area, path: Path) -> _Grid:  # noqa: ANN401 - rasterio's dataset
    """Return the pixels that touch the area, on the lattice of a tile."""
    from rasterio.warp import transform_bounds

    edges = transform_bounds("EPSG:4326", first.crs, *area.shape.bounds, densify_pts=21)
    transform = first.transform
    wide, high = transform.a, -transform.e
    if transform.b or transform.d or wide <= 0 or high <= 0:
        msg = f"{path.name} is turned or upside down; expected north up"
        raise SourceFileError(msg)
    left = math.floor((edges[0] - transform.c) / wide)
    right = math.ceil((edges[2] - transform.c) / wide)
    top = math.floor((transform.f - edges[3]) / high)
    bottom = math.ceil((transform.f - edges[1]) / high)
    columns, rows = right - left, bottom - top
    if columns * rows > CELL_BUDGET:
        msg = f"the area has {columns} x {rows} pixels of {path.name}, too many for one plan"
        raise SourceFileError(msg)
    west, north = transform.c + left * wide, transform.f - top * high
    return _Grid(west, north, wide, high, columns, rows)


def _strips(grid: _Grid) -> Iterator[tuple[int, int]]:
    """Yield first row and number of rows of each strip."""
    for top in range(0, grid.rows, STRIP_ROWS):
        yield top, min(STRIP_ROWS, grid.rows - top)


def _copy(
    strip: npt.NDArray[Any],
    grid: _Grid,
    top: int,
    tile: Any,  # noqa: ANN401 - rasterio's dataset
    path: Path,
) -> None:
    """Copy what a tile has of a strip."""
    from rasterio.windows import Window

    transform = tile.transform
    column = (transform.c - grid.west) / grid.wide
    row = (grid.north - transform.f) / grid.high - top
    offset = max(abs(column - round(column)), abs(row - round(row)))
    scale = max(abs(transform.a / grid.wide - 1), abs(-transform.e / grid.high - 1))
    if offset > OFF_LATTICE or scale * max(tile.width, tile.height) > OFF_LATTICE:
        msg = f"{path.name} has other pixels than its neighbours"
        raise SourceFileError(msg)
    left, up = round(column), round(row)
    from_left, from_up = max(0, -left), max(0, -up)
    to_right = min(tile.width, strip.shape[1] - left)
    to_down = min(tile.height, strip.shape[0] - up)
    if to_right <= from_left or to_down <= from_up:
        return
    window = Window(from_left, from_up, to_right - from_left, to_down - from_up)
    values = tile.read(1, window=window)
    place = (slice(up + from_up, up + to_down), slice(left + from_left, left + to_right))
    if tile.nodata is not None:
        values = np.where(values == tile.nodata, strip[place], values)
    strip[place] = values


def _drown(strip: npt.NDArray[Any], grid: _Grid, top: int, piece: Piece) -> None:
    """Put sea level where a tile lies wholly in the sea."""
    if piece.box is None:
        return
    west, south, east, north = piece.box
    columns = [round((edge - grid.west) / grid.wide) for edge in (west, east)]
    rows = [round((grid.north - edge) / grid.high) - top for edge in (north, south)]
    strip[max(rows[0], 0) : max(rows[1], 0), max(columns[0], 0) : max(columns[1], 0)] = 0


def _blank(strip: npt.NDArray[Any], source: OpenSource, nodata: float | None, empty: float) -> int:
    """Blank what is no value, by the declaration; return how many pixels have none."""
    wrong = np.zeros(strip.shape, dtype=bool)
    for value in (*source.nodata, *([] if nodata is None else [nodata])):
        wrong |= strip == value
    with np.errstate(invalid="ignore"):
        if source.low is not None:
            wrong |= strip < source.low
        if source.high is not None:
            wrong |= strip > source.high
    if source.values:
        wrong |= ~np.isin(strip, np.array(source.values, dtype=strip.dtype))
    if strip.dtype.kind == "f":
        wrong |= ~np.isfinite(strip)
    strip[wrong] = empty
    return int(wrong.sum())


def _empty(source: OpenSource, first: Any) -> float:  # noqa: ANN401 - rasterio's dataset
    """Return what stands for no value in a raster of whole numbers."""
    if source.nodata:
        return source.nodata[0]
    if first.nodata is not None:
        return float(first.nodata)
    msg = f"source '{source.id}' must declare nodata, for its files do not"
    raise SourceFileError(msg)


@contextmanager
def _creation_errors(target: Path) -> Iterator[None]:
    """Tell GDAL's errors of writing in words."""
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import RasterioError

    try:
        yield
    except CPLE_BaseError as error:
        msg = f"{target} could not be written: {error}"
        raise SourceFileError(msg) from error
    except RasterioError as error:
        msg = f"a tile is damaged: {error}"
        raise SourceFileError(msg) from error
