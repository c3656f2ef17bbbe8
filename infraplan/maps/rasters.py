"""Rasters of the page: classes on their own grid without loss, and the relief as a picture."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan.layers.grid import geobox_of
from infraplan.maps.classes import SIDE
from infraplan.maps.classes import encode_classes
from infraplan.maps.classes import web_mesh
from infraplan.maps.palette import UNKNOWN
from infraplan.maps.projection import WEB
from infraplan.text import Words

if TYPE_CHECKING:
    import xarray as xr
    from odc.geo.geobox import GeoBox

__all__ = [
    "PictureLayer",
    "RasterClass",
    "RasterLayer",
    "painted",
    "picture_bounds",
    "relief",
    "warped",
]

LONGEST_SIDE = 2000  # cells of a picture; a finer one would only be larger, not clearer
MOST_BY_REFERENCE = 8  # codes of a raster that another is coded by: its contexts are many

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class RasterClass:
    """One class of a raster: its lowest value, its words and its colour (`#rrggbb`)."""

    lowest: float
    label: str
    color: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RasterLayer:
    """
    A raster shown as classes.

    A cell belongs to the last class whose `lowest` its value reaches; below the first it is
    transparent. NaN is striped grey and told as "not enough data". Cells where `within` is false
    are transparent.

    The page holds every cell of the raster as it is, on its own grid. Of all rasters with one
    `choice` it shows one at a time; those that also have `picks` are chosen by two lists instead of
    a box each: what they show, such as a technology, and whose, such as an operator. `reference`
    is a raster of the same grid that this one resembles, which makes it smaller.
    """

    name: str
    title: str
    data: "xr.DataArray"
    classes: Sequence[RasterClass]
    within: "xr.DataArray | None" = None
    group: str = ""
    shown: bool = True
    opacity: float = 0.7
    choice: str = ""
    note: str = ""
    picks: tuple[str, str] | None = None
    reference: "RasterLayer | None" = None
    side: str = ""
    _kept: list[Bytes] = field(default_factory=list, init=False, repr=False)

    def packed(self, words: Words) -> dict[str, Any] | None:
        """
        Return the layer as the page carries it.

        Parameters
        ----------
        words
            Catalogue of the page's language.

        Returns
        -------
        layer
            Values for JSON, among them the coded cells; None where no cell is shown.
        """
        codes, box = self.codes(), geobox_of(self.data)
        if not codes.any():
            return None
        many = len(self.classes) + 2
        content, other = self._coded(codes, many)
        cell_km2 = abs(box.affine.a * box.affine.e) / 1e6
        counts = np.bincount(codes.ravel(), minlength=many)
        told: list[dict[str, Any]] = [{"label": c.label, "color": c.color} for c in self.classes]
        if counts[-1]:
            told.append({"label": words("common.unknown"), "color": UNKNOWN, "hatch": True})
        for style, count in zip(told, counts[1:], strict=False):
            style["km2"] = round(float(count * cell_km2), 4)
        bounds, nodes = web_mesh(box)
        return {
            "name": self.name,
            "kind": "raster",
            "title": self.title,
            "group": self.group,
            "shown": self.shown,
            "opacity": self.opacity,
            "choice": self.choice,
            "picks": self.picks,
            "note": self.note,
            "side": self.side,
            "styles": told,
            "bounds": list(bounds),
            "grid": {
                "rows": int(box.shape[0]),
                "columns": int(box.shape[1]),
                "west": float(box.affine.c),
                "north": float(box.affine.f),
                "cell": float(box.affine.a),
                "many": many,
                "square": SIDE,
                "reference": other,
                "mesh": [[[round(float(v), 3) for v in node] for node in line] for line in nodes],
            },
            "data": base64.b64encode(content).decode("ascii"),
        }

    def codes(self) -> Bytes:
        """
        Return what is drawn in each cell.

        Returns
        -------
        codes
            0 for transparent, then the number of the class, then one more for "not enough data";
            shape (rows, columns). Worked out once for the page, the paper and their legends, so
            that nobody may write into it.
        """
        if not self._kept:
            codes = self._coding()
            codes.setflags(write=False)
            self._kept.append(codes)
        return self._kept[0]

    def _coding(self) -> Bytes:
        """Return the class of each cell."""
        values = self.data.to_numpy()
        codes = np.zeros(values.shape, np.uint8)
        for entry in self.classes:
            codes += values >= np.float64(entry.lowest)
        codes[np.isnan(values)] = len(self.classes) + 1
        if self.within is not None:
            codes = np.where(self.within.to_numpy().astype(bool), codes, np.uint8(0))
        return codes

    def _coded(self, codes: Bytes, many: int) -> tuple[bytes, str | None]:
        """Return the coded cells, and the name of the raster by which they are coded if any."""
        alone = encode_classes(codes, many)
        other = self.reference
        if other is None or len(other.classes) + 2 != many or many > MOST_BY_REFERENCE:
            return alone, None
        if geobox_of(other.data) != geobox_of(self.data) or not other.codes().any():
            return alone, None
        by_other = encode_classes(codes, many, reference=other.codes())
        return (by_other, other.name) if len(by_other) < len(alone) else (alone, None)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PictureLayer:
    """A finished picture on a grid, such as the relief that everything else lies on."""

    name: str
    title: str
    pixels: Bytes
    geobox: "GeoBox"
    group: str = ""
    shown: bool = True
    opacity: float = 1.0
    note: str = ""

    def packed(self, words: Words) -> dict[str, Any] | None:  # noqa: ARG002 - as the other layers
        """
        Return the layer as the page carries it.

        Parameters
        ----------
        words
            Catalogue of the page's language.

        Returns
        -------
        layer
            Values for JSON, among them the picture.
        """
        return {
            "name": self.name,
            "kind": "picture",
            "title": self.title,
            "group": self.group,
            "shown": self.shown,
            "opacity": self.opacity,
            "note": self.note,
            "styles": [],
            "bounds": picture_bounds(self.geobox),
            "data": _webp(self.pixels),
        }


def relief(
    ground_m: "xr.DataArray",
    *,
    name: str,
    title: str,
    group: str = "",
    sea: "xr.DataArray | None" = None,
    within: "xr.DataArray | None" = None,
) -> PictureLayer:
    """
    Return the ground as a shaded relief in quiet colours.

    Parameters
    ----------
    ground_m
        Height above sea level, NaN where unknown [m].
    name
        Id of the layer.
    title
        Title of the layer.
    group
        Group in the panel.
    sea
        True where the sea is, on the same grid: left transparent.
    within
        True inside the area of the plan; the ground outside is drawn fainter.

    Returns
    -------
    layer
        Picture in the page's projection; unknown ground is transparent.
    """
    heights = ground_m.to_numpy().astype(np.float32)
    if sea is not None:
        heights = np.where(sea.to_numpy().astype(bool), np.nan, heights)
    inside = np.ones(heights.shape, np.uint8) if within is None else within.to_numpy()
    source = geobox_of(ground_m)
    z, box = warped(heights, source, smooth=True)
    near, _ = warped(inside.astype(np.uint8), source)
    pixels = painted(z, near == 1, float(box.resolution.x))
    return PictureLayer(name=name, title=title, pixels=pixels, geobox=box, group=group)


def painted(
    ground_m: npt.NDArray[np.floating], inside: npt.NDArray[np.bool_], cell_m: float
) -> Bytes:
    """
    Return the ground as a shaded relief in quiet colours.

    Parameters
    ----------
    ground_m
        Height above sea level, shape (rows, columns), north up, NaN where unknown [m].
    inside
        True inside the area of the plan, same shape; the ground outside is fainter.
    cell_m
        Side of a cell, > 0 [m].

    Returns
    -------
    pixels
        Red, green, blue and opacity, shape (rows, columns, 4); unknown ground is transparent.
    """
    known = np.isfinite(ground_m)
    filled = np.where(known, ground_m, 0.0).astype(np.float64)
    shade = _shade(filled, cell_m)
    stops = np.array([0.0, 40.0, 200.0, 600.0, 1200.0, 2500.0])
    tints = np.array(
        [
            [244, 246, 238],
            [240, 243, 230],
            [232, 236, 218],
            [226, 222, 205],
            [222, 213, 200],
            [240, 238, 236],
        ]
    )
    rgb = np.stack([np.interp(filled, stops, tints[:, band]) for band in range(3)], axis=-1)
    rgb *= (0.62 + 0.38 * shade)[..., None]
    alpha = np.where(known, np.where(inside, 255, 90), 0)
    pixels = np.dstack([np.clip(rgb, 0, 255), alpha]).astype(np.uint8)
    pixels[~known] = 0
    return pixels


def _shade(heights: npt.NDArray[np.float64], cell_m: float) -> npt.NDArray[np.float64]:
    """Return the light on the ground from four sides, 0 to 1, so that no slope drowns in shadow."""
    rise, run = np.gradient(heights, cell_m)
    slope = np.hypot(run, rise) * 2.0  # exaggerated, for relief shows hills that are low
    aspect = np.arctan2(-rise, run)
    total = np.zeros_like(heights)
    for direction_deg, weight in ((315, 0.4), (270, 0.2), (360, 0.25), (225, 0.15)):
        turned = np.radians(direction_deg - 90)
        low = np.sin(np.radians(45)) / np.sqrt(1 + slope**2)
        side = np.cos(np.radians(45)) * slope / np.sqrt(1 + slope**2) * np.cos(turned - aspect)
        total += weight * np.clip(low - side, 0, 1)
    light: npt.NDArray[np.float64] = np.clip(total / np.sin(np.radians(45)), 0, 1.25)
    return light


def warped(values: Any, source: "GeoBox", *, smooth: bool = False) -> tuple[Any, "GeoBox"]:  # noqa: ANN401
    """
    Return an array on the projection of the page.

    Parameters
    ----------
    values
        Array of shape (rows, columns); whole numbers are 0 outside it, others NaN.
    source
        Its grid.
    smooth
        Whether values between cells are interpolated; else the nearest cell's is taken.

    Returns
    -------
    array
        The same, north up.
    geobox
        Its grid in EPSG:3857, at most 2000 cells a side.
    """
    from rasterio.warp import Resampling
    from rasterio.warp import reproject

    box = _web_box(str(source.crs), tuple(source.boundingbox), max(source.shape))
    fill = np.nan if values.dtype.kind == "f" else 0
    result = np.full(box.shape, fill, dtype=values.dtype)
    reproject(
        values,
        result,
        src_transform=source.affine,
        src_crs=str(source.crs),
        dst_transform=box.affine,
        dst_crs=WEB,
        src_nodata=fill,
        dst_nodata=fill,
        resampling=Resampling.bilinear if smooth else Resampling.nearest,
    )
    return result, box


@lru_cache(maxsize=8)
def _web_box(crs: str, bounds: tuple[float, float, float, float], cells: int) -> "GeoBox":
    """Return the grid in the projection of the page of one with so many cells a side."""
    from odc.geo.geobox import GeoBox
    from rasterio.warp import transform_bounds

    extent = transform_bounds(crs, WEB, *bounds)
    longest = max(extent[2] - extent[0], extent[3] - extent[1])
    step = max(longest / cells, longest / LONGEST_SIDE)
    return GeoBox.from_bbox(extent, WEB, resolution=step)


def picture_bounds(box: "GeoBox") -> list[float]:
    """
    Return where a picture lies.

    Parameters
    ----------
    box
        Its grid in the projection of the page.

    Returns
    -------
    bounds
        West, south, east, north [m].
    """
    extent = box.boundingbox
    return [float(extent.left), float(extent.bottom), float(extent.right), float(extent.top)]


def _webp(pixels: Bytes) -> str:
    """Return a picture of many colours as a data: URI."""
    from PIL import Image
    from PIL import WebPImagePlugin  # noqa: F401 - else all formats are loaded to find this one

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "WEBP", quality=45, method=4, alpha_quality=60)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
