"""
GeoTIFF in and out.

Only the GeoTIFF driver is used: a VRT under the name `.tif` would read other files of the machine.
Sizes are checked in the header before anything is read; no file stays open, for Windows cannot
replace an open one.
"""

import math
import os
import warnings
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan import atomic
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.io.guards import local_file

if TYPE_CHECKING:
    import xarray as xr
    from odc.geo.geobox import GeoBox

Untyped = Any  # rasterio and affine come without types

__all__ = [
    "band_names",
    "check_crop",
    "crop_raster",
    "open_geotiff",
    "raster_crs",
    "raster_reach",
    "read_bands",
    "read_bands_at",
    "read_bands_window",
    "read_raster",
    "warp_raster",
    "write_raster",
]

BAND_LIMIT = 200
TINY = 1e-18  # square degrees or metres: no pixel is as small
CELL_BUDGET = 400_000_000  # cells read at once: 1.6 GB as float32
MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
TILE = 256
CORES = os.cpu_count() or 1
SMALLEST_OVERVIEW = 256
KINDS = ("height", "class", "count", "reach")
UNITS = {"_dbm": "dBm", "_db": "dB", "_m": "m", "people": "persons", "population": "persons"}
ROUNDED = ("_dbm", "_db")  # a tenth of a dB is finer than any model, and halves the file


def raster_crs(path: Path) -> str:
    """
    Return the reference system of a GeoTIFF.

    Parameters
    ----------
    path
        GeoTIFF.

    Returns
    -------
    crs
        Its EPSG code, or its WKT where it has none.

    Raises
    ------
    SourceFileError
        If the file is no GeoTIFF or names no reference system.
    """
    with open_geotiff(path) as source:
        return str(source.crs.to_string())


def band_names(path: Path, geobox: "GeoBox") -> list[str]:
    """
    Return what the bands of a GeoTIFF that reaches a grid are called.

    Parameters
    ----------
    path
        GeoTIFF.
    geobox
        Grid that it is wanted on.

    Returns
    -------
    names
        In the order of the file; those without a name are numbered.

    Raises
    ------
    SourceFileError
        If the file is no GeoTIFF, names no reference system, or has no pixel on the grid.
    """
    with open_geotiff(path) as source:
        _window(source, _edges_in(source.crs, geobox), margin=8, path=path)
        return _names(source, path)


def raster_reach(path: Path, *, bounds: tuple[float, float, float, float], crs: str) -> float:
    """
    Return which share of an area a GeoTIFF covers, by its edges.

    Parameters
    ----------
    path
        GeoTIFF.
    bounds
        West, south, east, north of the area.
    crs
        Reference system of `bounds`.

    Returns
    -------
    share
        0 where it shows another place, 1 where it covers the whole.

    Raises
    ------
    SourceFileError
        If the file is no GeoTIFF or names no reference system.
    """
    from rasterio.warp import transform_bounds

    with open_geotiff(path) as source:
        west, south, east, north = transform_bounds(crs, source.crs, *bounds, densify_pts=21)
        edges = source.bounds
    wide = min(east, edges.right) - max(west, edges.left)
    high = min(north, edges.top) - max(south, edges.bottom)
    return float(max(wide, 0.0) * max(high, 0.0) / ((east - west) * (north - south)))


def read_raster(
    path: Path | str,
    *,
    crs: str,
    resolution_m: float | None = None,
    bounds: tuple[float, float, float, float] | None = None,
    resampling: str = "bilinear",
) -> "xr.DataArray":
    """
    Read a GeoTIFF onto a grid whose origin is a multiple of the cell.

    Parameters
    ----------
    path
        GeoTIFF.
    crs
        Projected system to read it in, as an EPSG code.
    resolution_m
        Side of a cell, > 0; that of the file, to the decimetre, where None [m].
    bounds
        West, south, east, north in `crs` [m]; those of the file where None.
    resampling
        `"bilinear"`, `"nearest"`, `"mode"` or `"average"`; unused where the file lies on the grid.

    Returns
    -------
    raster
        float32, NaN where the file has no value.

    Raises
    ------
    SourceFileError
        If the file is no GeoTIFF, names no reference system, or is too large.
    SettingsError
        If the resampling is unknown.
    """
    from rasterio.warp import calculate_default_transform
    from rasterio.warp import transform_bounds

    from infraplan.layers.grid import grid_over

    path = Path(path)
    with open_geotiff(path) as source:
        edges = bounds or transform_bounds(source.crs, crs, *source.bounds, densify_pts=21)
        size = (source.width, source.height)
        native, _, _ = calculate_default_transform(source.crs, crs, *size, *source.bounds)
        if source.crs == crs:
            native = source.transform
    cell_m = resolution_m or max(round(math.sqrt(abs(native.a * native.e)), 1), 0.1)
    west, south, east, north = (round(float(edge), 4) for edge in edges)
    geobox = grid_over((west, south, east, north), crs=crs, resolution_m=cell_m)
    return _warped(path, geobox, resampling)


def warp_raster(path: Path, geobox: "GeoBox", *, kind: str) -> "xr.DataArray":
    """
    Read a GeoTIFF onto a given grid in the way that its meaning asks for.

    Parameters
    ----------
    path
        GeoTIFF.
    geobox
        Grid to fill.
    kind
        `"height"` (bilinear), `"class"` (the commonest class) or `"count"` (numbers per pixel,
        spread evenly over the pixel: totals are kept, nothing is interpolated) or `"reach"` (1
        where any band is above 0, else 0, as one band: where water ever stood).

    Returns
    -------
    raster
        float32, NaN where the file has no value; `band, y, x` where the file has several bands.

    Raises
    ------
    SourceFileError
        If the file is no GeoTIFF, names no reference system, or is too large.
    SettingsError
        If the kind is unknown.
    """
    if kind not in KINDS:
        msg = f"kind must be one of {', '.join(KINDS)}; found '{kind}'"
        raise SettingsError(msg)
    if kind == "count":
        return _counted(path, geobox)
    if kind == "reach":
        return _reach(path, geobox)
    return _warped(path, geobox, "bilinear" if kind == "height" else "mode")


def crop_raster(
    source_path: Path,
    target: Path,
    *,
    bounds: tuple[float, float, float, float] | None = None,
    bounds_crs: str = "EPSG:4326",
) -> str:
    """
    Copy a GeoTIFF, or a part of it, as it came: same pixels, type, bands and reference system.

    Parameters
    ----------
    source_path
        GeoTIFF to copy from.
    target
        GeoTIFF to write.
    bounds
        West, south, east, north of the part, halo included, in `bounds_crs`; all of it where None.
    bounds_crs
        Reference system of `bounds`.

    Returns
    -------
    crs
        Reference system of the file, as `raster_crs` gives it.

    Raises
    ------
    SourceFileError
        If the file is no GeoTIFF, or no pixel of it lies within the bounds.
    PlanError
        If the target cannot be written.
    """
    import rasterio

    with open_geotiff(source_path) as source:
        window = _part(source_path, source, bounds, bounds_crs)

        def fill(temporary: Path) -> None:
            """Copy band by band."""
            profile = _profile(source.dtypes[0], source.count, window.width, window.height)
            profile |= {"crs": source.crs, "transform": source.window_transform(window)}
            profile |= {"nodata": source.nodata}
            with _disk_errors(), rasterio.open(str(temporary), "w", **profile) as copy:
                for band in source.indexes:
                    copy.write(_whole(source_path, source, band, window), band)
                    if source.descriptions[band - 1]:
                        copy.set_band_description(band, source.descriptions[band - 1])
                copy.scales, copy.offsets = source.scales, source.offsets

        def verify(temporary: Path) -> None:
            """Compare every band with its source."""
            with _disk_errors(), rasterio.open(str(temporary), driver="GTiff") as copy:
                for band in source.indexes:
                    written = copy.read(band)
                    meant = _whole(source_path, source, band, window)
                    if not np.array_equal(written, meant, equal_nan=True):
                        msg = f"{target.name} did not come out as written"
                        raise PlanError(msg)

        atomic.write(target, fill, verify=verify)
        return str(source.crs.to_string())


def check_crop(
    path: Path,
    *,
    bounds: tuple[float, float, float, float] | None = None,
    bounds_crs: str = "EPSG:4326",
) -> str:
    """
    See from its header alone whether `crop_raster` could copy a GeoTIFF.

    Parameters
    ----------
    path
        GeoTIFF.
    bounds
        West, south, east, north of the part in `bounds_crs`; all of it where None.
    bounds_crs
        Reference system of `bounds`.

    Returns
    -------
    crs
        Reference system of the file, as `raster_crs` gives it.

    Raises
    ------
    SourceFileError
        If the file is no GeoTIFF, too large, or no pixel of it lies within the bounds.
    """
    with open_geotiff(path) as source:
        _part(path, source, bounds, bounds_crs)
        return str(source.crs.to_string())


def write_raster(
    path: Path,
    bands: "xr.Dataset | Mapping[str, xr.DataArray]",
    *,
    decimals: Mapping[str, int] | None = None,
) -> None:
    """
    Write rasters of one grid as the bands of a tiled GeoTIFF with overviews.

    Parameters
    ----------
    path
        Target.
    bands
        Rasters by name; the names become those of the bands. A raster of several bands becomes
        bands of its band labels.
    decimals
        Digits to round a band to; those named `_dbm` or `_db` are rounded to 0.1 by default, the
        others not at all.

    Raises
    ------
    GridMismatchError
        If the rasters lie on different grids.
    PlanError
        If the file cannot be written; the old one is then unchanged.
    """
    import rasterio
    from rasterio.enums import Resampling

    from infraplan.layers.grid import same_grid

    rasters = {str(name): raster for name, raster in bands.items()}
    geobox = same_grid(*rasters.values())
    planes = _planes(rasters, decimals or {})
    kinds = {values.dtype for values in planes.values()}
    dtype = kinds.pop() if len(kinds) == 1 else np.dtype("float32")
    height, width = geobox.shape

    def fill(temporary: Path) -> None:
        """Write the bands, then their overviews."""
        profile = _profile(str(dtype), len(planes), width, height)
        profile |= {"crs": str(geobox.crs), "transform": geobox.affine}
        profile |= {"nodata": math.nan if dtype.kind == "f" else None}
        with _disk_errors(), rasterio.open(str(temporary), "w", **profile) as target:
            for number, (name, values) in enumerate(planes.items(), start=1):
                target.write(values.astype(dtype, copy=False), number)
                target.set_band_description(number, name)
        if factors := _overviews(width, height):
            with _disk_errors(), rasterio.open(str(temporary), "r+") as target:
                target.build_overviews(factors, Resampling.nearest)

    def verify(temporary: Path) -> None:
        """Compare every band with what was to be written."""
        with _disk_errors(), rasterio.open(str(temporary), driver="GTiff") as written:
            for number, (name, values) in enumerate(planes.items(), start=1):
                same = np.array_equal(
                    written.read(number),
                    values.astype(dtype, copy=False),
                    equal_nan=dtype.kind == "f",
                )
                if not same or written.descriptions[number - 1] != name:
                    msg = f"{path.name}: band '{name}' did not come out as written"
                    raise PlanError(msg)

    atomic.write(path, fill, verify=verify)


def read_bands(path: Path, names: Iterable[str] | None = None) -> "xr.Dataset":
    """
    Read a GeoTIFF that `write_raster` wrote.

    Parameters
    ----------
    path
        GeoTIFF with named bands, on a grid of square cells in a system with an EPSG code.
    names
        Bands to read, all where None; names that the file lacks are left out.

    Returns
    -------
    bands
        One float32 variable a band, NaN where it has no value, on the file's own grid.

    Raises
    ------
    SourceFileError
        If the file is no GeoTIFF or its bands have no names.
    """
    import xarray as xr
    from odc.geo.geobox import GeoBox

    with open_geotiff(path) as source:
        _check_size(path, source.width, source.height, source.count)
        there = source.descriptions
        if not all(there) or len(set(there)) != source.count:
            msg = f"{path} is none of our rasters: its bands have no names of their own"
            raise SourceFileError(msg)
        geobox = GeoBox(source.shape, source.transform, source.crs.to_string())
        wanted = set(there if names is None else names)
        planes = {
            name: _masked(source, n) for n, name in enumerate(there, start=1) if name in wanted
        }
    return xr.Dataset({name: _wrapped(plane, geobox, name) for name, plane in planes.items()})


def read_bands_at(path: Path, x_m: float, y_m: float, names: Iterable[str]) -> dict[str, float]:
    """
    Read the cell in which a point lies from a GeoTIFF that `write_raster` wrote.

    Parameters
    ----------
    path
        GeoTIFF with named bands.
    x_m
        Easting of the point in the system of the file [m].
    y_m
        Northing [m].
    names
        Bands to read; those that the file lacks are left out.

    Returns
    -------
    values
        By band, NaN where it has no value; empty where the point lies off the grid.

    Raises
    ------
    SourceFileError
        If the file is no GeoTIFF.
    """
    from rasterio.windows import Window

    with open_geotiff(path) as source:
        row, column = source.index(x_m, y_m)
        if not (0 <= row < source.height and 0 <= column < source.width):
            return {}
        cell = Window(column, row, 1, 1)
        bands = {name: number for number, name in enumerate(source.descriptions, start=1)}
        wanted = [name for name in names if name in bands]
        return {name: float(_masked(source, bands[name], cell)[0, 0]) for name in wanted}


def read_bands_window(
    path: Path, rows: slice, columns: slice, names: Iterable[str]
) -> "dict[str, npt.NDArray[np.float32]]":
    """
    Read a window of a GeoTIFF that `write_raster` wrote.

    Parameters
    ----------
    path
        GeoTIFF with named bands.
    rows
        Rows of the window, on the grid of the file.
    columns
        Columns of the window.
    names
        Bands to read; those that the file lacks are left out.

    Returns
    -------
    values
        One float32 array a band, NaN where it has no value.

    Raises
    ------
    SourceFileError
        If the file is no GeoTIFF.
    """
    from rasterio.windows import Window

    with open_geotiff(path) as source:
        part = Window.from_slices(rows, columns, height=source.height, width=source.width)
        bands = {name: number for number, name in enumerate(source.descriptions, start=1)}
        wanted = [name for name in names if name in bands]
        return {name: _masked(source, bands[name], part) for name in wanted}


@contextmanager
def open_geotiff(path: Path) -> Iterator[Any]:
    """
    Open a GeoTIFF for reading, and nothing else under that name.

    Parameters
    ----------
    path
        File.

    Yields
    ------
    source
        rasterio's dataset; closed at the end.

    Raises
    ------
    SourceFileError
        If the file is missing, is no GeoTIFF, or names no reference system.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning
    from rasterio.errors import RasterioError

    path = local_file(path)
    with path.open("rb") as stream:
        if stream.read(4) not in MAGIC:
            msg = f"{path} is not a GeoTIFF, whatever its name says; save it as GeoTIFF (.tif)"
            raise SourceFileError(msg)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            source = rasterio.open(str(path), driver="GTiff", num_threads="all_cpus")
    except RasterioError as error:
        msg = f"{path} cannot be read as a GeoTIFF: {error}; ask its owner to send it again"
        raise SourceFileError(msg) from error
    with source:
        if source.crs is None:
            msg = (
                f"{path} does not name its reference system; save it with one (in QGIS: Raster, "
                "Projections, Assign Projection)"
            )
            raise SourceFileError(msg)
        if wrong := _wrong_header(source):
            msg = f"{path} {wrong}"
            raise SourceFileError(msg)
        try:
            yield source
        except RasterioError as error:
            msg = f"{path} is damaged: {error}; ask its owner to send it again"
            raise SourceFileError(msg) from error


def _wrong_header(source: Untyped) -> str:
    """Return what a header claims that no layer has, and how to mend it; empty where it is good."""
    warp = "in QGIS, warp it (Raster, Projections, Warp) and import the result"
    if any(np.dtype(kind).kind not in "iuf" for kind in source.dtypes):
        return f"holds values of type {source.dtypes[0]}; export it as whole or decimal numbers"
    if source.count > BAND_LIMIT:
        return f"has {source.count} bands; a layer has at most {BAND_LIMIT}: export those you mean"
    if max(height * width for height, width in source.block_shapes) > CELL_BUDGET:
        height, width = source.block_shapes[0]
        return f"is stored in blocks of {width} x {height} cells, too large to read one; {warp}"
    return _wrong_ground(source.transform, warp)


def _wrong_ground(turn: Untyped, warp: str) -> str:
    """Return what is wrong with where a raster says that it lies; empty where it is good."""
    if turn.is_identity or not all(map(math.isfinite, turn[:6])) or abs(turn.determinant) < TINY:
        return f"does not say where it lies: its georeferencing is missing; {warp}"
    if turn.b or turn.d:
        return (
            f"is rotated against north (by {math.degrees(math.atan2(turn.d, turn.a)):.1f}°); {warp}"
        )
    if turn.a < 0 or turn.e > 0:
        return (
            f"is mirrored: its rows run from south to north, or columns from east to west; {warp}"
        )
    return ""


def _warped(path: Path, geobox: "GeoBox", resampling: str) -> "xr.DataArray":
    """Return a GeoTIFF resampled onto a grid."""
    from rasterio.enums import Resampling

    if resampling not in ("bilinear", "nearest", "mode", "average"):
        msg = f"resampling must be bilinear, nearest, mode or average; found '{resampling}'"
        raise SettingsError(msg)
    method = Resampling[resampling]
    with open_geotiff(path) as source:
        _check_size(path, geobox.shape[1], geobox.shape[0], 1)
        window = _window(source, _edges_in(source.crs, geobox), margin=8, path=path)
        _check_size(path, window.width, window.height, 1)
        planes = [_plane(source, band, window, geobox, method) for band in source.indexes]
        names = _names(source, path)
    values = planes[0] if len(planes) == 1 else np.stack(planes)
    raster = _wrapped(values, geobox, path.stem)
    return raster if len(planes) == 1 else raster.assign_coords(band=names)


def _names(source: Untyped, path: Path) -> list[str]:
    """Return the names of the bands of a file, made of its own where they have none."""
    return [name or f"{path.stem}_{n}" for n, name in enumerate(source.descriptions, start=1)]


def _reach(path: Path, geobox: "GeoBox") -> "xr.DataArray":
    """Return where any band of a GeoTIFF is above 0: bands are joined before they are warped."""
    from rasterio.enums import Resampling
    from rasterio.warp import reproject

    with open_geotiff(path) as source:
        _check_size(path, geobox.shape[1], geobox.shape[0], 1)
        window = _window(source, _edges_in(source.crs, geobox), margin=8, path=path)
        _check_size(path, window.width, window.height, 1)
        reached = np.zeros((window.height, window.width), dtype=np.uint8)
        for band in source.indexes:
            known = source.read_masks(band, window=window) > 0
            reached |= known & (source.read(band, window=window) > 0)
        transform, crs = source.window_transform(window), source.crs
    out = np.zeros(geobox.shape, dtype=np.uint8)
    reproject(
        reached, out, src_transform=transform, src_crs=crs, dst_transform=geobox.affine,
        dst_crs=str(geobox.crs), resampling=Resampling.mode, num_threads=CORES,
    )  # fmt: skip
    return _wrapped(out.astype(np.float32), geobox, path.stem)


def _plane(
    source: Untyped,
    band: int,
    window: Untyped,
    geobox: "GeoBox",
    method: Untyped,
) -> npt.NDArray[np.float32]:
    """Return one band on a grid, NaN where it has no value."""
    from rasterio.enums import Resampling
    from rasterio.warp import reproject

    known = source.read_masks(band, window=window) > 0
    values = source.read(band, window=window)
    transform = source.window_transform(window)
    is_same = transform.almost_equals(geobox.affine, precision=1e-6) and source.crs == str(
        geobox.crs
    )
    if is_same and values.shape == tuple(geobox.shape):
        return np.where(known, values, np.nan).astype(np.float32)
    target = {
        "src_transform": transform, "src_crs": source.crs,
        "dst_transform": geobox.affine, "dst_crs": str(geobox.crs), "num_threads": CORES,
    }  # fmt: skip
    if method is Resampling.mode and values.dtype == np.uint8 and not (values[known] == 255).any():
        # GDAL finds the mode of bytes many times faster than that of floats
        classes = np.full(geobox.shape, 255, dtype=np.uint8)
        reproject(
            np.where(known, values, 255).astype(np.uint8), classes,
            src_nodata=255, dst_nodata=255, resampling=method, **target,
        )  # fmt: skip
        return np.where(classes == 255, np.nan, classes).astype(np.float32)
    out = np.full(geobox.shape, np.nan, dtype=np.float32)
    floats = np.where(known, values, np.nan).astype(np.float32)
    floats = floats * np.float32(source.scales[band - 1]) + np.float32(source.offsets[band - 1])
    reproject(floats, out, src_nodata=np.nan, dst_nodata=np.nan, resampling=method, **target)
    return out


def _counted(path: Path, geobox: "GeoBox") -> "xr.DataArray":
    """Return numbers per pixel spread over the cells of a grid, their total kept."""
    with open_geotiff(path) as source:
        _check_size(path, geobox.shape[1], geobox.shape[0], 1)
        window = _window(source, _edges_in(source.crs, geobox), margin=2, path=path)
        _check_size(path, window.width, window.height, 1)
        counts = _masked(source, 1, window).astype(np.float64)
        transform, crs = source.window_transform(window), source.crs
    counts[counts < 0] = np.nan  # a number that means "no data" but is not declared so
    cell_m = abs(geobox.affine.a)
    pixel_m = _pixel_m(transform, crs, geobox, counts.shape)
    if pixel_m >= 2 * cell_m:
        values = _spread_over_cells(
            counts, transform, crs, geobox, halo=math.ceil(2 * pixel_m / cell_m)
        )
    else:
        values = _split_into_points(
            counts, transform, crs, geobox, parts=min(6, math.ceil(3 * pixel_m / cell_m))
        )
    return _wrapped(values.astype(np.float32), geobox, path.stem, "persons")


def _spread_over_cells(
    counts: npt.NDArray[np.float64],
    transform: Untyped,
    crs: Untyped,
    geobox: "GeoBox",
    *,
    halo: int,
) -> npt.NDArray[np.float64]:
    """Share each pixel's number equally among the cells whose centre lies in it."""
    from rasterio.enums import Resampling
    from rasterio.warp import reproject

    padded = geobox.pad(halo)  # pixels cut by the border must be counted whole
    pixels = np.arange(counts.size, dtype=np.int32).reshape(counts.shape)
    owner = np.full(padded.shape, -1, dtype=np.int32)
    reproject(
        pixels, owner, src_transform=transform, src_crs=crs, dst_transform=padded.affine,
        dst_crs=str(padded.crs), resampling=Resampling.nearest, src_nodata=None, dst_nodata=-1,
        init_dest_nodata=True, tolerance=0.0, num_threads=CORES,
    )  # fmt: skip
    cells = np.bincount(owner[owner >= 0], minlength=counts.size)
    each = counts.ravel() / np.maximum(cells, 1)
    inner = owner[halo:-halo, halo:-halo]
    return np.where(inner >= 0, each[inner], np.nan)


def _split_into_points(
    counts: npt.NDArray[np.float64],
    transform: Untyped,
    crs: Untyped,
    geobox: "GeoBox",
    *,
    parts: int,
) -> npt.NDArray[np.float64]:
    """Split each pixel into points and add each point's share to the cell it meets."""
    from pyproj import Transformer

    from infraplan.layers.grid import index_of

    rows, columns = np.nonzero(np.isfinite(counts))
    share = counts[rows, columns] / parts**2
    move = Transformer.from_crs(crs.to_wkt(), str(geobox.crs), always_xy=True, allow_ballpark=False)
    height, width = geobox.shape
    total = np.zeros(height * width)
    known = np.zeros(height * width, dtype=bool)
    offsets = (np.arange(parts) + 0.5) / parts
    for down in offsets:
        for right in offsets:
            x, y = (
                transform.c + transform.a * (columns + right),
                transform.f + transform.e * (rows + down),
            )
            row, column = index_of(geobox, *move.transform(x, y))
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            cell = row[inside] * width + column[inside]
            total += np.bincount(cell, weights=share[inside], minlength=total.size)
            known[cell] = True
    return np.where(known, total, np.nan).reshape(height, width)


def _pixel_m(transform: Untyped, crs: Untyped, geobox: "GeoBox", shape: tuple[int, ...]) -> float:
    """Return the side of the middle pixel in metres of the grid."""
    from rasterio.warp import transform as move

    column, row = shape[1] / 2, shape[0] / 2
    xs = [transform.c + transform.a * (column + step) for step in (0, 1)]
    ys = [transform.f + transform.e * (row + step) for step in (0, 1)]
    east, north = move(crs, str(geobox.crs), xs, ys)
    return math.hypot(east[1] - east[0], north[1] - north[0]) / math.sqrt(2)


def _edges_in(crs: Untyped, geobox: "GeoBox") -> tuple[float, float, float, float]:
    """Return the bounds of a grid in another system."""
    from rasterio.warp import transform_bounds

    box = geobox.boundingbox
    edges = transform_bounds(
        str(geobox.crs), crs, box.left, box.bottom, box.right, box.top, densify_pts=21
    )
    return (float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3]))


def _part(
    path: Path,
    source: Untyped,
    bounds: tuple[float, float, float, float] | None,
    bounds_crs: str,
) -> Untyped:
    """Return the pixels of a file within some bounds, all of them where None, if not too many."""
    from rasterio.warp import transform_bounds

    edges = bounds and transform_bounds(bounds_crs, source.crs, *bounds, densify_pts=21)
    window = _window(source, edges, margin=0)
    _check_size(path, window.width, window.height, 1)
    return window


def _window(
    source: Untyped,
    edges: tuple[float, float, float, float] | None,
    *,
    margin: int,
    path: Path | None = None,
) -> Untyped:
    """Return the whole pixels that touch some bounds in the file's own system."""
    from rasterio.errors import WindowError
    from rasterio.windows import Window
    from rasterio.windows import from_bounds

    whole = Window(0, 0, source.width, source.height)
    if edges is None or source.transform.b or source.transform.d:
        return whole
    part = from_bounds(*edges, transform=source.transform)
    left, top = math.floor(part.col_off) - margin, math.floor(part.row_off) - margin
    right = math.ceil(part.col_off + part.width) + margin
    bottom = math.ceil(part.row_off + part.height) + margin
    try:
        return Window(left, top, right - left, bottom - top).intersection(whole)
    except WindowError as error:
        name = path or Path(source.name)
        msg = f"{name} does not reach the area: no pixel of it lies there. Is it the right file?"
        raise SourceFileError(msg) from error


def _check_size(path: Path, width: int, height: int, count: int) -> None:
    """Refuse to read more cells at once than a machine holds."""
    if width * height * count > CELL_BUDGET:
        msg = (
            f"{path} would need {width} x {height} x {count} cells at once, more than "
            f"{CELL_BUDGET:,}; crop it to the area or use a coarser resolution"
        )
        raise SourceFileError(msg)


def _whole(path: Path, source: Untyped, band: int, window: Untyped) -> npt.NDArray[Any]:
    """Return a band of somebody's file, its damage not told as that of the disk written to."""
    from rasterio.errors import RasterioError

    try:
        return np.asarray(source.read(band, window=window))
    except RasterioError as error:
        msg = f"{path} is damaged: {error}; ask its owner to send it again"
        raise SourceFileError(msg) from error


def _masked(source: Untyped, band: int, window: Untyped = None) -> npt.NDArray[np.float32]:
    """Return a band as float32 with NaN where it has no value."""
    values = source.read(band, window=window)
    if values.dtype == np.float32 and (source.nodata is None or math.isnan(source.nodata)):
        return np.asarray(values)
    known = source.read_masks(band, window=window) > 0
    return np.where(known, values, np.nan).astype(np.float32)


def _planes(
    rasters: Mapping[str, "xr.DataArray"], decimals: Mapping[str, int]
) -> dict[str, npt.NDArray[Any]]:
    """Return each band's values in the type they are stored in."""
    planes: dict[str, npt.NDArray[Any]] = {}
    for name, raster in rasters.items():
        values = raster.to_numpy()
        if values.dtype.kind == "f":
            digits = decimals.get(name, 1 if name.endswith(ROUNDED) else None)
            values = (
                values.astype(np.float32)
                if digits is None
                else np.round(values, digits).astype(np.float32)
            )
        elif values.dtype == bool:
            values = values.astype(np.uint8)
        elif values.dtype.itemsize == 8:
            values = values.astype(np.int32)
        if values.ndim == 2:
            planes[name] = values
            continue
        labels = raster["band"].to_numpy() if "band" in raster.coords else range(1, len(values) + 1)
        planes |= {
            f"{name}_{label}" if not isinstance(label, str) else label: plane
            for label, plane in zip(labels, values, strict=True)
        }
    return planes


def _profile(dtype: str, count: int, width: int, height: int) -> dict[str, Any]:
    """Return how our GeoTIFFs are laid out."""
    return {
        "driver": "GTiff", "dtype": dtype, "count": count, "width": width, "height": height,
        "tiled": True, "blockxsize": TILE, "blockysize": TILE, "interleave": "band",
        "compress": "zstd", "predictor": 3 if np.dtype(dtype).kind == "f" else 2,
        "BIGTIFF": "IF_SAFER", "num_threads": "all_cpus",
    }  # fmt: skip


def _overviews(width: int, height: int) -> list[int]:
    """Return the factors by which overviews shrink, until the smallest fits a tile."""
    factors, factor = [], 2
    while max(width, height) / factor > SMALLEST_OVERVIEW / 2:
        factors.append(factor)
        factor *= 2
    return factors


def _wrapped(
    values: npt.NDArray[Any], geobox: "GeoBox", name: str, units: str = ""
) -> "xr.DataArray":
    """Return values on their grid with the unit that their name states."""
    from infraplan.layers.grid import wrap

    unit = units or next((u for end, u in UNITS.items() if name.endswith(end)), "")
    return wrap(values, geobox, name=name, units=unit)


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Tell GDAL's errors of writing as those of the disk, which `atomic.write` puts into words."""
    import errno

    from rasterio._err import CPLE_BaseError
    from rasterio.errors import RasterioError

    try:
        yield
    except (RasterioError, CPLE_BaseError) as error:
        raise OSError(errno.ENOSPC, f"the file could not be written in full ({error})") from error
