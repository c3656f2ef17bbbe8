"""
Rasters on one shared grid.

A raster outside the kernels is an `xarray.DataArray` with dimensions `y, x` (north up, square
cells, origin on a multiple of the cell) and a scalar coordinate `spatial_ref` holding the EPSG
code: unlike attributes it survives arithmetic. Two rasters meet only after `same_grid`, for xarray
itself joins arrays of different CRS without a word and arrays shifted by a hair to an empty one.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.errors import GridMismatchError

if TYPE_CHECKING:
    import xarray as xr
    from odc.geo.geobox import GeoBox

__all__ = ["cell_centres", "cut_around", "geobox_of", "grid_over", "index_of", "same_grid", "wrap"]

ON_LATTICE = 1e-6  # share of a cell by which a coordinate may miss the lattice


def grid_over(
    bounds: tuple[float, float, float, float], *, crs: str, resolution_m: float
) -> "GeoBox":
    """
    Return the grid that covers some bounds, its origin on a multiple of the cell.

    Parameters
    ----------
    bounds
        West, south, east, north in `crs` [m].
    crs
        Projected reference system, as an EPSG code such as `"EPSG:9209"`.
    resolution_m
        Side of a cell, > 0 [m].

    Returns
    -------
    geobox
        Grid, north up; equal for equal arguments, and cells coincide for any bounds.
    """
    from odc.geo.geobox import GeoBox

    return GeoBox.from_bbox(bounds, crs, resolution=resolution_m)


def cut_around(geobox: "GeoBox", x_m: float, y_m: float, reach_m: float) -> "GeoBox":
    """
    Return the part of a grid around a point; its cells are cells of the whole.

    Parameters
    ----------
    geobox
        Grid.
    x_m
        Easting of the point [m].
    y_m
        Northing of the point [m].
    reach_m
        How far from the point cells are wanted, >= 0 [m].

    Returns
    -------
    geobox
        The cells within the reach and two more all around, as far as the grid has them; at least
        2 x 2.
    """
    row, column = index_of(geobox, x_m, y_m)
    count = int(np.ceil(reach_m / abs(geobox.affine.a))) + 2
    rows, columns = geobox.shape
    top, left = (
        int(np.clip(at - count, 0, size - 2)) for at, size in ((row, rows), (column, columns))
    )
    bottom, right = (
        int(np.clip(at + count + 1, start + 2, size))
        for at, start, size in ((row, top, rows), (column, left, columns))
    )
    return geobox[top:bottom, left:right]


def wrap(
    values: npt.NDArray[np.generic],
    geobox: "GeoBox",
    *,
    name: str,
    units: str = "",
    long_name: str = "",
) -> "xr.DataArray":
    """
    Return an array with the coordinates of its grid.

    Parameters
    ----------
    values
        Array of the grid's shape (rows, columns), or (bands, rows, columns).
    geobox
        Grid of the array.
    name
        Name of the quantity.
    units
        Unit of the values, for plots and files.
    long_name
        Name for people.

    Returns
    -------
    raster
        DataArray with dimensions `y, x` (`band, y, x` for three-dimensional values), coordinates of
        the cell centres [m] and `spatial_ref`.
    """
    import xarray as xr

    transform = geobox.affine
    x_m = transform.c + transform.a * (np.arange(geobox.shape[1]) + 0.5)
    y_m = transform.f + transform.e * (np.arange(geobox.shape[0]) + 0.5)
    dims = ("y", "x") if values.ndim == 2 else ("band", "y", "x")
    attrs = {key: text for key, text in (("units", units), ("long_name", long_name)) if text}
    coords = {"y": y_m, "x": x_m, "spatial_ref": _epsg(geobox)}
    return xr.DataArray(values, dims=dims, coords=coords, name=name, attrs=attrs)


def geobox_of(raster: "xr.DataArray | xr.Dataset") -> "GeoBox":
    """
    Return the grid of a raster.

    Parameters
    ----------
    raster
        Raster made by `wrap`, or by arithmetic on such rasters; at least 2 x 2 cells.

    Returns
    -------
    geobox
        Its grid.

    Raises
    ------
    GridMismatchError
        If it has no `spatial_ref`, or its coordinates are not a north-up square grid.
    """
    from affine import Affine
    from odc.geo.geobox import GeoBox

    missing = {"x", "y", "spatial_ref"} - set(map(str, raster.coords))
    if missing:
        names = ", ".join(sorted(missing))
        msg = f"the raster lacks the coordinates {names}; make it with infraplan.io.read_raster"
        raise GridMismatchError(msg)
    x_m, y_m = raster["x"].to_numpy(), raster["y"].to_numpy()
    if min(x_m.size, y_m.size) < 2:
        msg = f"a grid needs at least 2 x 2 cells; found {y_m.size} x {x_m.size}"
        raise GridMismatchError(msg)
    cell_m = round((x_m[-1] - x_m[0]) / (x_m.size - 1), 9)
    steps = np.concatenate([np.diff(x_m), -np.diff(y_m)])
    if cell_m <= 0 or np.abs(steps - cell_m).max() > cell_m * ON_LATTICE:
        msg = "the raster's coordinates are not those of square cells, north up"
        raise GridMismatchError(msg)
    west, north = round(x_m[0] - cell_m / 2, 6), round(y_m[0] + cell_m / 2, 6)
    transform = Affine(cell_m, 0.0, west, 0.0, -cell_m, north)
    return GeoBox((y_m.size, x_m.size), transform, f"EPSG:{int(raster['spatial_ref'])}")


def same_grid(*rasters: "xr.DataArray | xr.Dataset") -> "GeoBox":
    """
    Check that rasters lie on one grid, and return it.

    Parameters
    ----------
    *rasters
        Rasters to compare, at least one.

    Returns
    -------
    geobox
        Their common grid.

    Raises
    ------
    GridMismatchError
        If size, shift or CRS differ; the message says which.
    """
    first, *others = (geobox_of(raster) for raster in rasters)
    for other in others:
        if other.crs != first.crs:
            difference = f"CRS ({first.crs} and {other.crs})"
        elif other.shape != first.shape:
            difference = f"size ({tuple(first.shape)} and {tuple(other.shape)} cells)"
        elif other.affine != first.affine:
            difference = f"position or cell size ({first.affine!r} and {other.affine!r})"
        else:
            continue
        msg = f"two rasters differ in {difference}; read both on one grid"
        raise GridMismatchError(msg)
    return first


def index_of(
    geobox: "GeoBox", x_m: npt.ArrayLike, y_m: npt.ArrayLike
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """
    Return the rows and columns of the cells in which points lie.

    Parameters
    ----------
    geobox
        Grid.
    x_m
        Eastings of the points, any shape [m].
    y_m
        Northings, broadcast against `x_m` [m].

    Returns
    -------
    row
        Rows; below 0 or beyond the last where a point lies outside.
    column
        Columns, likewise.
    """
    transform = geobox.affine
    column = np.floor((np.asarray(x_m, dtype=np.float64) - transform.c) / transform.a)
    row = np.floor((np.asarray(y_m, dtype=np.float64) - transform.f) / transform.e)
    return row.astype(np.int64), column.astype(np.int64)


def cell_centres(
    geobox: "GeoBox", row: npt.ArrayLike, column: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """
    Return the centres of cells.

    Parameters
    ----------
    geobox
        Grid.
    row
        Rows, any shape.
    column
        Columns, broadcast against `row`.

    Returns
    -------
    x_m
        Eastings of the centres [m].
    y_m
        Northings of the centres [m].
    """
    transform = geobox.affine
    x_m = transform.c + transform.a * (np.asarray(column, dtype=np.float64) + 0.5)
    y_m = transform.f + transform.e * (np.asarray(row, dtype=np.float64) + 0.5)
    return x_m, y_m


def _epsg(geobox: "GeoBox") -> int:
    """Return the EPSG code of a grid, which every planning CRS has."""
    epsg = geobox.crs.epsg if geobox.crs is not None else None
    if epsg is None:
        msg = f"a grid's reference system must have an EPSG code; found {geobox.crs}"
        raise GridMismatchError(msg)
    return int(epsg)
