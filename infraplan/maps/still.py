"""
The map as a picture: the page's own layers, in the page's order, colours and signs, for paper.

A picture has a scale, and the scale has the zoom at which a browser would show as much: that zoom
decides what is drawn, how large marks are and which names are written, as it does on the page.
"""

import io
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan.layers.grid import geobox_of
from infraplan.maps.drawn import line_vertices
from infraplan.maps.drawn import polygon_path
from infraplan.maps.drawn import round_length_m
from infraplan.maps.figures import FONT
from infraplan.maps.figures import drawable
from infraplan.maps.layers import Style
from infraplan.maps.layers import VectorLayer
from infraplan.maps.layers import styled_rows
from infraplan.maps.palette import BACKDROP
from infraplan.maps.palette import UNKNOWN
from infraplan.maps.rasters import PictureLayer
from infraplan.maps.rasters import RasterLayer
from infraplan.text import Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from odc.geo.geobox import GeoBox

__all__ = [
    "Key",
    "View",
    "keys_of",
    "picture_of",
    "png_of",
    "still",
    "text_width",
    "view_of",
    "webp_of",
]

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Bounds = tuple[float, float, float, float]

MM_PER_INCH, POINTS_PER_INCH = 25.4, 72.0
EQUATOR_M_PER_PIXEL = 156_543.03392804097  # of the page at zoom 0
MARGIN = 0.025  # of the extent, around what the picture frames
SMALLEST_M = 600.0  # extent of a picture of one place
STEP_MM = 0.05  # by how much a line may move on paper
CROWDED, LEAST_MARK = 0.05, 0.5  # share of paper that marks may cover; how far they shrink for it
MOST_LABELS = 300
STRIPE_PIXELS = (6.0, 2.0)  # of "not enough data" in rasters: period and stroke, pixels of the page
UNKNOWN_GROUND = (0xD9, 0xD9, 0xD9, 150)
SHAPES: dict[str, tuple[tuple[float, float], ...]] = {  # as on the page, y downwards
    "square": ((-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)),
    "triangle": ((0, -1.15), (1, 0.7), (-1, 0.7)),
    "cross": (
        (-0.35, -1), (0.35, -1), (0.35, -0.35), (1, -0.35), (1, 0.35), (0.35, 0.35),
        (0.35, 1), (-0.35, 1), (-0.35, 0.35), (-1, 0.35), (-1, -0.35), (-0.35, -0.35),
    ),
    "diamond": ((0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)),
}  # fmt: skip
LABEL_INKS = {"point": "#1c2733", "polygon": "#4a5563", "line": "#5b4a2f"}
SIGN_DOTS = 600.0  # an inch, of the signs in the legend
SWATCH = (22.0, 14.0)  # width and height of a sign in the legend, pixels of the page


@dataclass(frozen=True, slots=True)
class View:
    """
    What a picture shows, and how large.

    `bounds` are west, south, east, north in `crs` [m]; `pixel_mm` is the size on paper of what is a
    pixel on the page.
    """

    bounds: Bounds
    crs: str
    width_mm: float
    height_mm: float
    dots_per_inch: float = 300.0
    pixel_mm: float = 0.2

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height in dots."""
        per_mm = self.dots_per_inch / MM_PER_INCH
        return round(self.width_mm * per_mm), round(self.height_mm * per_mm)

    @property
    def scale(self) -> float:
        """Return the number that a length on paper is multiplied by."""
        return 1000.0 * (self.bounds[2] - self.bounds[0]) / self.width_mm

    @property
    def zoom(self) -> float:
        """Return the zoom at which the page shows as much on as many pixels."""
        _, latitude_deg = self.degrees((0.5, 0.5))
        per_pixel_m = self.scale * self.pixel_mm / 1000.0
        across = EQUATOR_M_PER_PIXEL * math.cos(math.radians(latitude_deg))
        return math.log2(across / per_pixel_m)

    def place(self, share: tuple[float, float]) -> tuple[float, float]:
        """Return a place, told by its share of width and height from the lower left corner [m]."""
        west, south, east, north = self.bounds
        return west + share[0] * (east - west), south + share[1] * (north - south)

    def degrees(self, share: tuple[float, float]) -> tuple[float, float]:
        """Return longitude and latitude in WGS84 of a place told as in `place`."""
        longitude, latitude = _to_degrees(self.crs).transform(*self.place(share))
        return float(longitude), float(latitude)


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """What the legend says of one layer: its signs as pictures with their words and counts."""

    title: str
    group: str
    note: str
    signs: tuple[tuple[Bytes, str, int | None], ...]


def view_of(
    layers: Sequence[Any],
    *,
    crs: str,
    frame: str,
    width_mm: float,
    height_mm: float,
    dots_per_inch: float = 300.0,
    pixel_mm: float = 0.2,
) -> View | None:
    """
    Return a view of the whole of a map.

    Parameters
    ----------
    layers
        Layers of the page.
    crs
        Planning CRS.
    frame
        Name of the layer that the picture frames; all that are shown where none has it.
    width_mm
        Width on paper, > 0 [mm].
    height_mm
        Height on paper, > 0 [mm].
    dots_per_inch
        Fineness, > 0.
    pixel_mm
        Size on paper of a pixel of the page, > 0 [mm].

    Returns
    -------
    view
        View whose bounds fill the paper; None where no layer lies anywhere.
    """
    wanted = [layer for layer in layers if layer.name == frame]
    shown = [layer for layer in layers if layer.shown]
    for group in (wanted, shown, list(layers)):
        found = [bounds for layer in group if (bounds := _bounds_of(layer, crs)) is not None]
        if found:
            corners = np.array(found)
            west, south = corners[:, :2].min(axis=0).tolist()
            east, north = corners[:, 2:].max(axis=0).tolist()
            bounds = _filled((west, south, east, north), width_mm / height_mm)
            return View(bounds, crs, width_mm, height_mm, dots_per_inch, pixel_mm)
    return None


def still(
    layers: Sequence[Any],
    view: View,
    words: Words,
    *,
    warning: str = "",
    restricted: str = "",
    letters: float = 1.0,
) -> Bytes:
    """
    Draw the layers that are shown.

    Parameters
    ----------
    layers
        Layers of the page, from the lowest to the highest.
    view
        What of them, and how large.
    words
        Catalogue.
    warning
        Words written at the upper left, such as that data are made up; `""` for none.
    restricted
        Words on who may see it, written at the lower right; `""` for none.
    letters
        Size of the letters in relation to that on the page, > 0.

    Returns
    -------
    pixels
        Red, green and blue, shape (rows, columns, 3), north up.
    """
    figure, canvas, axes = _paper(view)
    seen = [layer for layer in layers if layer.shown]
    vectors = [entry for entry in seen if isinstance(entry, VectorLayer)]
    labels: list[_Label] = []
    # the page's own order: relief, areas beneath, rasters, everything else
    for picture in (entry for entry in seen if isinstance(entry, PictureLayer)):
        axes.add_artist(_dots(_relief(picture, view), picture.opacity, 1.0))
    for vector in (entry for entry in vectors if entry.under):
        labels += _draw_vector(axes, vector, view, words, 2.0)
    for raster in (entry for entry in seen if isinstance(entry, RasterLayer)):
        axes.add_artist(_dots(_classes(raster, view), raster.opacity, 3.0))
    for number, vector in enumerate(entry for entry in vectors if not entry.under):
        labels += _draw_vector(axes, vector, view, words, 4.0 + 0.01 * number)
    _write(axes, labels, view, letters)
    _scale_and_north(axes, view, words, letters)
    _banners(axes, view, warning, restricted, letters)
    return _drawn(figure, canvas)


def keys_of(layers: Sequence[Any], view: View, words: Words) -> tuple[Key, ...]:
    """
    Return the legend of what a picture shows.

    Parameters
    ----------
    layers
        Layers of the page, from the lowest to the highest.
    view
        What the picture shows.
    words
        Catalogue.

    Returns
    -------
    keys
        One a layer that is drawn, from the highest to the lowest; a picture such as the relief has
        none.
    """
    zoom = view.zoom
    told: list[tuple[Any, list[_Sign]]] = []
    for layer in reversed(layers):
        if not layer.shown:
            continue
        signs: list[_Sign] = []
        if isinstance(layer, RasterLayer):
            signs = _raster_signs(layer, words)
        elif isinstance(layer, VectorLayer) and zoom >= layer.min_zoom:
            rows, _, styles = styled_rows(layer, words)
            signs = [
                _Sign(layer.kind, style, str(style["label"]), int(style["count"]))
                for style in styles
                if len(rows) and zoom >= style["min_zoom"]
            ]
        if signs:
            told.append((layer, signs))
    pictures = iter(_signs([sign for _, signs in told for sign in signs], view))
    return tuple(
        Key(
            layer.title,
            layer.group,
            layer.note,
            tuple((next(pictures), sign.label, sign.count) for sign in signs),
        )
        for layer, signs in told
    )


def png_of(pixels: Bytes, *, level: int = 6) -> bytes:
    """
    Return pixels as a PNG file.

    Parameters
    ----------
    pixels
        Red, green and blue, and opacity where there is a fourth, shape (rows, columns, 3 or 4).
    level
        Effort to make it small, in [0, 9].

    Returns
    -------
    png
        Equal pixels give equal bytes.
    """
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=level)
    return stream.getvalue()


def webp_of(pixels: Bytes, *, longest: int, most_bytes: int) -> bytes:
    """
    Return pixels as a small picture for where scripts do not run.

    Parameters
    ----------
    pixels
        Red, green and blue, shape (rows, columns, 3).
    longest
        Longest side, >= 1 [pixels].
    most_bytes
        Size that it shall not exceed, if a picture of half that quality is small enough [bytes].

    Returns
    -------
    webp
        Equal pixels give equal bytes.
    """
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    content = b""
    for quality in (84, 72, 58, 42):
        stream = io.BytesIO()
        image.save(stream, "WEBP", quality=quality, method=4)
        content = stream.getvalue()
        if len(content) <= most_bytes:
            break
    return content


def text_width(text: str, *, bold: bool) -> float:
    """
    Return the width of a text in the letters of the picture.

    Parameters
    ----------
    text
        One line.
    bold
        Whether its letters are bold.

    Returns
    -------
    width
        Width in sizes of the letters, >= 0.
    """
    from matplotlib import font_manager

    weight = "bold" if bold else "normal"
    path = font_manager.findfont(font_manager.FontProperties(family=FONT, weight=weight))
    font = font_manager.get_font(path)
    font.set_size(100.0, 72.0)
    font.set_text(text, 0.0)
    width, _ = font.get_width_height()
    return float(width) / 64.0 / 100.0


def picture_of(content: bytes) -> str:
    """
    Return a picture as an address that holds it.

    Parameters
    ----------
    content
        PNG or WebP file.

    Returns
    -------
    address
        data: URI.
    """
    import base64

    kind = "png" if content.startswith(b"\x89PNG") else "webp"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


@cache
def _to_degrees(crs: str) -> Any:  # noqa: ANN401 - a Transformer
    """Return how a planning CRS becomes WGS84; slow to set up."""
    from pyproj import Transformer

    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)


# --- extent ---------------------------------------------------------------------------------------


def _bounds_of(layer: Any, crs: str) -> Bounds | None:  # noqa: ANN401 - any layer
    """Return where a layer lies in a planning CRS."""
    if isinstance(layer, VectorLayer):
        shapes = layer.data.geometry
        if str(shapes.crs) != crs:
            shapes = shapes.to_crs(crs)
        bounds = np.asarray(shapes.total_bounds, dtype=np.float64)
    else:
        from rasterio.warp import transform_bounds

        box = layer.geobox if isinstance(layer, PictureLayer) else geobox_of(layer.data)
        bounds = np.array(transform_bounds(str(box.crs), crs, *box.boundingbox))
    if len(bounds) != 4 or not np.isfinite(bounds).all():
        return None
    west, south, east, north = bounds.tolist()
    return west, south, east, north


def _filled(bounds: Bounds, across: float) -> Bounds:
    """Return bounds with a margin, widened to a ratio of width to height."""
    west, south, east, north = bounds
    margin = 2.0 * MARGIN * max(east - west, north - south)
    wide = max(east - west + margin, SMALLEST_M)
    high = max(north - south + margin, SMALLEST_M)
    wide, high = max(wide, high * across), max(high, wide / across)
    x, y = (west + east) / 2.0, (south + north) / 2.0
    return x - wide / 2.0, y - high / 2.0, x + wide / 2.0, y + high / 2.0


# --- paper ----------------------------------------------------------------------------------------


def _paper(view: View) -> "tuple[Figure, FigureCanvasAgg, Axes]":
    """Return an empty picture whose axes are the view."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    wide, high = view.size
    dots = view.dots_per_inch
    figure = Figure(figsize=(wide / dots, high / dots), dpi=dots, facecolor=BACKDROP)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    west, south, east, north = view.bounds
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.autoscale(enable=False)
    return figure, canvas, axes


def _drawn(figure: "Figure", canvas: "FigureCanvasAgg") -> Bytes:
    """Return what a figure draws, every text taken as it is."""
    from matplotlib.text import Text

    for artist in figure.findobj(Text):
        artist.set_parse_math(False)
        artist.set_fontfamily(FONT)
    canvas.draw()  # type: ignore[no-untyped-call]
    drawn: Bytes = np.array(canvas.buffer_rgba())[:, :, :3].copy()  # type: ignore[no-untyped-call]
    return drawn


def _points(view: View, pixels: float) -> float:
    """Return pixels of the page as points on paper."""
    return pixels * view.pixel_mm / MM_PER_INCH * POINTS_PER_INCH


# --- rasters --------------------------------------------------------------------------------------


def _dots(pixels: Bytes, opacity: float, zorder: float) -> Any:  # noqa: ANN401 - an Artist
    """Return a picture that fills the paper dot by dot."""
    from matplotlib.artist import Artist

    class Dots(Artist):
        """Dots that are drawn as they are, without any resampling."""

        def draw(self, renderer: Any) -> None:  # noqa: ANN401 - as matplotlib calls it
            """Draw them."""
            rgba = pixels
            if opacity < 1.0:
                rgba = pixels.copy()
                rgba[:, :, 3] = np.rint(rgba[:, :, 3] * opacity).astype(np.uint8)
            pen = renderer.new_gc()
            renderer.draw_image(pen, 0, 0, rgba[::-1])
            pen.restore()

    made = Dots()
    made.set_zorder(zorder)
    return made


def _target(view: View, dots: int) -> "tuple[Any, tuple[int, int]]":
    """Return where the dots of a picture lie, so many of the view's to one of its own."""
    from affine import Affine

    wide, high = (-(-side // dots) for side in view.size)
    west, south, east, north = view.bounds
    step_x = (east - west) / view.size[0] * dots
    step_y = (north - south) / view.size[1] * dots
    return Affine(step_x, 0, west, 0, -step_y, north), (high, wide)


def _on_paper(values: Any, box: "GeoBox", view: View, *, smooth: bool, dots: int) -> Any:  # noqa: ANN401
    """Return an array of bytes on the dots of a picture; 0 beyond it."""
    from rasterio.warp import Resampling
    from rasterio.warp import reproject

    affine, shape = _target(view, dots)
    bands = values if values.ndim == 3 else values[None]
    result = np.zeros((len(bands), *shape), dtype=np.uint8)
    reproject(
        bands,
        result,
        src_transform=box.affine,
        src_crs=str(box.crs),
        dst_transform=affine,
        dst_crs=view.crs,
        resampling=Resampling.bilinear if smooth else Resampling.nearest,
    )
    return result


def _relief(layer: PictureLayer, view: View) -> Bytes:
    """Return a finished picture on the dots of a view."""
    dots = 2 if max(view.size) > 1_500 else 1
    bands = np.ascontiguousarray(layer.pixels.transpose(2, 0, 1))
    # colours are weighed by their opacity, or what is transparent would darken its edge
    bands = bands.astype(np.uint16)
    bands[:3] = bands[:3] * bands[3] // 255
    found = _on_paper(bands.astype(np.uint8), layer.geobox, view, smooth=True, dots=dots)
    opacity = np.maximum(found[3], 1).astype(np.uint16)
    found[:3] = np.minimum(found[:3].astype(np.uint16) * 255 // opacity, 255)
    found = found.repeat(dots, axis=1).repeat(dots, axis=2) if dots > 1 else found
    wide, high = view.size
    return np.ascontiguousarray(found[:, :high, :wide].transpose(1, 2, 0))


def _classes(layer: RasterLayer, view: View) -> Bytes:
    """Return the classes of a raster on the dots of a view, "not enough data" striped."""
    codes = _on_paper(layer.codes(), geobox_of(layer.data), view, smooth=False, dots=1)[0]
    last = len(layer.classes) + 1
    colors = np.zeros((last + 2, 4), dtype=np.uint8)
    for number, entry in enumerate(layer.classes, start=1):
        colors[number] = _rgba(entry.color)
    colors[last] = UNKNOWN_GROUND
    colors[last + 1] = _rgba(UNKNOWN)
    unknown = codes == last
    if unknown.any():
        per_pixel = view.pixel_mm / MM_PER_INCH * view.dots_per_inch
        period, stroke = (max(1, round(size * per_pixel)) for size in STRIPE_PIXELS)
        row, column = np.ogrid[: codes.shape[0], : codes.shape[1]]
        codes[unknown & ((row + column) % period < stroke)] = last + 1
    found: Bytes = colors[codes]
    return found


def _rgba(color: str, opacity: float = 1.0) -> Bytes:
    """Return a colour as four bytes."""
    from matplotlib.colors import to_rgba

    rgba: Bytes = np.rint(np.array(to_rgba(color, opacity)) * 255).astype(np.uint8)
    return rgba


# --- points, lines, polygons ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pen:
    """
    How large things are drawn.

    `pixel_mm` is the size on paper of a pixel of the page, `zoom` that of the page that shows as
    much, `mm_m` what a millimetre of paper is on the ground [m].
    """

    pixel_mm: float
    dots_per_inch: float
    zoom: float
    mm_m: float

    def points(self, pixels: float) -> float:
        """Return pixels of the page as points on paper."""
        return pixels * self.pixel_mm / MM_PER_INCH * POINTS_PER_INCH


def _pen(view: View) -> _Pen:
    """Return how large things are drawn in a view."""
    return _Pen(view.pixel_mm, view.dots_per_inch, view.zoom, view.scale / 1000.0)


@dataclass(frozen=True, slots=True)
class _Label:
    """A name to write: where, and how far beside [points]."""

    text: str
    kind: str
    x_m: float
    y_m: float
    beside: float


def _draw_vector(
    axes: "Axes", layer: VectorLayer, view: View, words: Words, zorder: float
) -> list[_Label]:
    """Draw a layer of points, lines or polygons; return the names that it would write."""
    import shapely

    pen = _pen(view)
    zoom = pen.zoom
    if zoom < layer.min_zoom:
        return []
    rows, codes, styles = styled_rows(layer, words)
    shapes = rows.geometry
    if str(shapes.crs) != view.crs:
        shapes = shapes.to_crs(view.crs)
    shapes = shapes.to_numpy()
    if layer.kind == "point":
        shapes = shapely.point_on_surface(shapes)
    rim = 0.02 * (view.bounds[2] - view.bounds[0])
    west, south, east, north = view.bounds
    at = shapely.bounds(shapes)
    near = (
        (at[:, 0] <= east + rim)
        & (at[:, 2] >= west - rim)
        & (at[:, 1] <= north + rim)
        & (at[:, 3] >= south - rim)
    )
    labels: list[_Label] = []
    turns = _turns(shapes) if layer.kind == "point" and zoom >= 12.5 else None
    draw = {"point": _draw_points, "line": _draw_lines, "polygon": _draw_polygons}[layer.kind]
    if layer.kind == "point":
        styles = [_thinned(style, int(near.sum()), view, pen) for style in styles]
    for code, style in enumerate(styles):
        if zoom < style["min_zoom"]:
            continue
        chosen = near & (codes == code)
        if not chosen.any():
            continue
        found = shapes[chosen]
        if turns is not None:
            found = _spread(found, turns[chosen], style, pen)
        draw(axes, found, style, pen, zorder + 0.0001 * code)
        if layer.label in _columns(rows) and zoom >= layer.label_zoom:
            names = rows.reset_index()[layer.label].to_numpy()[chosen]
            labels += _labels(layer.kind, found, names, style, pen)
    return labels


def _thinned(style: dict[str, Any], count: int, view: View, pen: _Pen) -> dict[str, Any]:
    """Return a style whose marks are small enough for so many of them to leave the map legible."""
    pixels = view.width_mm * view.height_mm / pen.pixel_mm**2
    share = count * math.pi * _radius(style, pen.zoom) ** 2 / pixels
    if share <= CROWDED:
        return style
    return {**style, "radius": style["radius"] * max(math.sqrt(CROWDED / share), LEAST_MARK)}


def _columns(rows: Any) -> set[str]:  # noqa: ANN401 - a table
    """Return the names of a table's columns and of its index."""
    return {str(name) for name in (*rows.columns, rows.index.name or "index")}


def _draw_polygons(
    axes: "Axes",
    shapes: Any,  # noqa: ANN401 - array of geometries
    style: dict[str, Any],
    pen: _Pen,
    zorder: float,
) -> None:
    """Draw polygons, each filled, hatched and outlined."""
    import shapely
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_rgba

    step_m = STEP_MM * pen.mm_m
    simple = shapely.simplify(shapes, step_m)
    shapes = np.where(shapely.is_empty(simple), shapes, simple)
    fill = (
        to_rgba(style["fill"], style["opacity"] * style["fill_opacity"])
        if style["fill"]
        else "none"
    )
    edge = to_rgba(style["color"], style["opacity"])
    thin = max(0.5, min(1.0, (pen.zoom - 7.0) / 6.0))
    width = pen.points(style["width"] * thin)
    paths = [polygon_path(shape) for shape in shapes]
    drawn = PathCollection(
        paths, facecolors=[fill], edgecolors=[edge], zorder=zorder, joinstyle="round",
        linewidths=width if style["width"] else 0.0, linestyles=_dashes(style, pen, width),
    )  # fmt: skip
    if style["hatch"]:
        drawn.set_hatch("/" * max(1, round(_hatch_density(pen))))
        drawn.set_hatch_linewidth(pen.points(1.2))
        if not style["width"]:
            drawn.set_linewidth(0.01)
    axes.add_collection(drawn, autolim=False)


def _hatch_density(pen: _Pen) -> float:
    """Return how many strokes a letter of a hatch stands for: six an inch."""
    return MM_PER_INCH / (6.0 * pen.pixel_mm) / 6.0


def _draw_lines(axes: "Axes", shapes: Any, style: dict[str, Any], pen: _Pen, zorder: float) -> None:  # noqa: ANN401
    """Draw lines, on a wider one beneath where the style has it."""
    import shapely
    from matplotlib.collections import LineCollection

    parts = shapely.get_parts(shapes)
    parts = parts[shapely.get_type_id(parts) == 1]
    lines = line_vertices(shapely.simplify(parts, STEP_MM * pen.mm_m))
    if not lines:
        return
    zoom = pen.zoom
    thin = max(0.45, min(1.0, (zoom - 7.0) / 6.0))
    width = pen.points(style["width"] * thin)
    dashed = bool(style["dash"]) and zoom >= 11
    if style["casing"] and zoom >= 11:
        beneath = LineCollection(
            lines, colors=style["casing"], linewidths=width + pen.points(2.4), capstyle="round",
            zorder=zorder - 0.00005, alpha=style["opacity"],
        )  # fmt: skip
        axes.add_collection(beneath, autolim=False)
    drawn = LineCollection(
        lines, colors=style["color"], linewidths=width, zorder=zorder, joinstyle="round",
        capstyle="butt" if dashed else "round", alpha=style["opacity"],
        linestyles=_dashes(style, pen, width) if dashed else "solid",
    )  # fmt: skip
    axes.add_collection(drawn, autolim=False)


def _dashes(style: dict[str, Any], pen: _Pen, width: float) -> Any:  # noqa: ANN401 - matplotlib
    """Return strokes and gaps as matplotlib takes them: in widths of the line."""
    if not style["dash"] or width <= 0:
        return "solid"
    lengths = [pen.points(size) / width for size in style["dash"]]
    return (0, lengths if len(lengths) % 2 == 0 else lengths * 2)


def _draw_points(
    axes: "Axes",
    shapes: Any,  # noqa: ANN401 - array of geometries
    style: dict[str, Any],
    pen: _Pen,
    zorder: float,
) -> None:
    """Draw marks."""
    import shapely
    from matplotlib.collections import PathCollection
    from matplotlib.transforms import Affine2D

    radius = _radius(style, pen.zoom)
    edge, width = _outline(style, radius)
    drawn = PathCollection(
        [_mark(style["shape"])], sizes=[1.0], facecolors=[style["fill"] or style["color"]],
        edgecolors=[edge], linewidths=[pen.points(width)], zorder=zorder,
        offsets=shapely.get_coordinates(shapes), offset_transform=axes.transData,
        alpha=style["opacity"],
    )  # fmt: skip
    drawn.set_sizes([pen.points(radius) ** 2], dpi=pen.dots_per_inch)
    drawn.set_transform(Affine2D())
    axes.add_collection(drawn, autolim=False)


def _outline(style: dict[str, Any], radius: float) -> tuple[str, float]:
    """Return colour and width of the rim of a mark; a dot has none."""
    if radius <= 2.4:
        return "none", 0.0
    if style["fill"]:
        return str(style["color"]), float(style["width"])
    return "#ffffff", min(1.4, radius / 4.0)


def _radius(style: dict[str, Any], zoom: float) -> float:
    """Return the size of a mark, as the page shrinks it in far views."""
    least = 0.3 if style["radius"] < 7 else 0.75
    return float(style["radius"] * max(least, min(1.15, least + (zoom - 8.5) * 0.11)))


def _mark(shape: str) -> Any:  # noqa: ANN401 - a Path
    """Return the path of a mark of radius one."""
    from matplotlib.path import Path

    if shape == "circle":
        return Path.unit_circle()
    corners = [(x, -y) for x, y in SHAPES.get(shape, SHAPES["diamond"])]
    return Path([*corners, corners[0]], closed=True)


def _turns(points: Any) -> Floats:  # noqa: ANN401 - array of points
    """Return for points at one place the direction in which each is moved, NaN for single ones."""
    import shapely

    xy = np.rint(shapely.get_coordinates(points))
    _, group, count = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    first = np.concatenate(([0], np.cumsum(count)))[group[order]]
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - first
    members = count[group]
    turn: Floats = np.where(members > 1, 2.0 * np.pi * rank / members, np.nan)
    return turn


def _spread(points: Any, turns: Floats, style: dict[str, Any], pen: _Pen) -> Any:  # noqa: ANN401
    """Return points with those at one place put on a small ring."""
    import shapely

    away_m = _radius(style, pen.zoom) * 1.05 * pen.pixel_mm * pen.mm_m
    xy = shapely.get_coordinates(points)
    moved = np.isfinite(turns)
    xy[moved, 0] += np.sin(turns[moved]) * away_m
    xy[moved, 1] += np.cos(turns[moved]) * away_m
    return shapely.points(xy)


# --- names ----------------------------------------------------------------------------------------


def _labels(kind: str, shapes: Any, names: Any, style: dict[str, Any], pen: _Pen) -> list[_Label]:  # noqa: ANN401
    """Return the names of features with the places that they belong to."""
    import pandas as pd
    import shapely

    if kind == "line":
        at = shapely.line_interpolate_point(shapely.get_geometry(shapes, 0), 0.5, normalized=True)
    else:
        at = shapely.point_on_surface(shapes)
    xy = shapely.get_coordinates(at)
    beside = pen.points(_radius(style, pen.zoom) + 4.0) if kind == "point" else 0.0
    return [
        _Label(drawable(name), kind, float(x), float(y), beside)
        for name, (x, y) in zip(names, xy, strict=True)
        if isinstance(name, str) or not bool(pd.isna(name))
    ]


def _write(axes: "Axes", labels: list[_Label], view: View, letters: float) -> None:
    """Write names from the uppermost layer down; one that finds no free place is left out."""
    from matplotlib.patheffects import withStroke

    size = _points(view, 12.0) * letters
    halo = [withStroke(linewidth=0.27 * size, foreground=(1.0, 1.0, 1.0, 0.92))]
    west, south, east, north = view.bounds
    per_point_m = view.scale / 1000.0 * MM_PER_INCH / POINTS_PER_INCH
    taken = _Taken(view, size)
    told: set[str] = set()
    written = 0
    for label in reversed(labels):
        inside = west < label.x_m < east and south < label.y_m < north
        if not label.text or not inside or (label.kind == "line" and label.text in told):
            continue
        bold = label.kind == "polygon"
        width = text_width(label.text, bold=bold) * size
        x, y = (label.x_m - west) / per_point_m, (label.y_m - south) / per_point_m
        spot = taken.spot(x, y, width, label)
        if spot is None:
            continue
        told.add(label.text)
        written += 1
        axes.text(
            west + spot[0] * per_point_m, south + spot[1] * per_point_m, label.text, ha="left",
            va="center_baseline", fontsize=size, fontweight="bold" if bold else "normal",
            color=LABEL_INKS[label.kind], path_effects=halo, zorder=20,
        )  # fmt: skip
        if written >= MOST_LABELS:
            return


class _Taken:
    """Places on paper that names cover already [points]."""

    def __init__(self, view: View, size: float) -> None:
        """Begin with an empty paper."""
        self.wide, self.high = (
            side / MM_PER_INCH * POINTS_PER_INCH for side in (view.width_mm, view.height_mm)
        )
        self.size = size
        self.boxes = np.empty((0, 4))

    def spot(self, x: float, y: float, width: float, label: _Label) -> tuple[float, float] | None:
        """Return the left end of a name at its first free place, which is taken with it."""
        for left, middle in _spots(x, y, width, self.size, label):
            box = np.array(
                [
                    left - 1.5,
                    middle - 0.72 * self.size,
                    left + width + 1.5,
                    middle + 0.72 * self.size,
                ]
            )
            if box[0] < 0 or box[1] < 0 or box[2] > self.wide or box[3] > self.high:
                continue
            found = self.boxes
            if np.any(
                (found[:, 0] < box[2]) & (found[:, 2] > box[0])
                & (found[:, 1] < box[3]) & (found[:, 3] > box[1])
            ):  # fmt: skip
                continue
            self.boxes = np.vstack([found, box])
            return left, middle
        return None


def _spots(
    x: float, y: float, width: float, size: float, label: _Label
) -> list[tuple[float, float]]:
    """Return where a name may stand, the best place first."""
    if label.kind == "point":
        up = 0.9 * size + 0.5 * label.beside
        return [
            (x + label.beside, y), (x - label.beside - width, y), (x - width / 2, y + up),
            (x - width / 2, y - up),
        ]  # fmt: skip
    middle = x - width / 2
    near = [(middle, y + step * size) for step in (0.0, 1.3, -1.3, 2.4, -2.4)]
    return near if label.kind == "polygon" else near[:1]


# --- scale bar, north, words across ---------------------------------------------------------------


def _scale_and_north(axes: "Axes", view: View, words: Words, letters: float) -> None:
    """Draw a scale bar of round length at the lower left, and where north is at the upper right."""
    from matplotlib.patches import Polygon
    from matplotlib.patches import Rectangle

    west, south, _, _ = view.bounds
    unit_m = _points(view, 12.0) * letters / POINTS_PER_INCH * MM_PER_INCH * view.scale / 1000.0
    size = _points(view, 11.0) * letters
    wide_m = view.bounds[2] - west
    long_m = round_length_m(wide_m / 4.0)
    unit, divisor = (words("sheet.km"), 1000.0) if long_m >= 1000.0 else (words("sheet.m"), 1.0)
    x, y = west + 1.6 * unit_m, south + 1.1 * unit_m
    last = f"{words.number(long_m / divisor)} {unit}"
    room = 0.5 * size * text_width(last, bold=False) / size * unit_m + 0.9 * unit_m
    axes.add_patch(
        Rectangle(
            (x - 0.9 * unit_m, y - 0.5 * unit_m), long_m + 0.9 * unit_m + room + 0.6 * unit_m,
            2.3 * unit_m, facecolor=(1, 1, 1, 0.85), edgecolor="none", zorder=29,
        )
    )  # fmt: skip
    for part in range(4):
        axes.add_patch(
            Rectangle(
                (x + part * long_m / 4, y), long_m / 4, 0.32 * unit_m, zorder=30,
                facecolor="#1c2733" if part % 2 == 0 else "#ffffff", edgecolor="#1c2733",
                linewidth=_points(view, 1.0),
            )
        )  # fmt: skip
    half = words.number(long_m / divisor / 2.0, 1 if (long_m / divisor) % 2 else 0)
    for share, text in ((0.0, "0"), (0.5, half), (1.0, last)):
        axes.text(
            x + share * long_m, y + 0.55 * unit_m, text, ha="center", va="bottom",
            fontsize=size * 0.92, color="#1c2733", zorder=30,
        )  # fmt: skip
    east, north = view.bounds[2] - 1.5 * unit_m, view.bounds[3] - 0.9 * unit_m
    for side, color in ((-1, "#1c2733"), (1, "#ffffff")):
        tip = [(east, north - 1.1 * unit_m), (east, north - 3.0 * unit_m),
               (east + side * 0.75 * unit_m, north - 3.5 * unit_m)]  # fmt: skip
        axes.add_patch(
            Polygon(tip, closed=True, facecolor=color, edgecolor="#1c2733", zorder=30,
                    linewidth=_points(view, 1.0), joinstyle="round")
        )  # fmt: skip
    axes.text(
        east, north - 0.95 * unit_m, words("maps.ui_north"), ha="center", va="bottom",
        fontsize=size * 1.15, fontweight="bold", color="#1c2733", zorder=30,
    )  # fmt: skip


def _banners(axes: "Axes", view: View, warning: str, restricted: str, letters: float) -> None:
    """Write into corners of the picture that its data are made up, and who may see it."""
    size = _points(view, 12.0) * letters
    west, south, east, north = view.bounds
    off_m = 0.9 * size / POINTS_PER_INCH * MM_PER_INCH * view.scale / 1000.0
    for text, up, across, x, y, face in (
        (warning, "top", "left", west + off_m, north - off_m, "#ffe6a8"),
        (restricted, "bottom", "right", east - off_m, south + off_m, "#ffffff"),
    ):
        if text:
            axes.text(
                x, y, drawable(text), ha=across, va=up, fontsize=size,
                fontweight="bold", color="#9c0006", zorder=40,
                bbox={"facecolor": face, "edgecolor": "#9c0006", "linewidth": 0.08 * size,
                      "boxstyle": "square,pad=0.35"},
            )  # fmt: skip


# --- signs of the legend --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sign:
    """One line of the legend: what is drawn, its words, its count where there is one."""

    kind: str
    style: dict[str, Any]
    label: str
    count: int | None


def _raster_signs(layer: RasterLayer, words: Words) -> list[_Sign]:
    """Return the signs of a raster's classes, and that of "not enough data" where it is met."""
    plain = {**Style(width=0.0).as_dict(), "fill_opacity": layer.opacity}
    signs = [
        _Sign("raster", {**plain, "fill": entry.color}, entry.label, None)
        for entry in layer.classes
    ]
    if (layer.codes() == len(layer.classes) + 1).any():
        unknown = {**plain, "color": UNKNOWN, "fill": "#d9d9d9", "hatch": True, "opacity": 1.0}
        signs.append(_Sign("raster", unknown, words("common.unknown"), None))
    return signs


def _signs(signs: Sequence[_Sign], view: View) -> list[Bytes]:
    """Return the pictures of signs, drawn by what draws the map, as in a close view."""
    import shapely

    if not signs:
        return []
    wide, high = SWATCH
    size = (wide * view.pixel_mm, high * len(signs) * view.pixel_mm)
    paper = View((0.0, 0.0, wide, high * len(signs)), view.crs, *size, SIGN_DOTS, view.pixel_mm)
    pen = _Pen(view.pixel_mm, SIGN_DOTS, 13.0, 1.0 / view.pixel_mm)
    figure, canvas, axes = _paper(paper)
    figure.set_facecolor("white")
    for number, sign in enumerate(signs):
        low = high * (len(signs) - 1 - number)
        style = dict(sign.style)
        if sign.kind == "line":
            style["width"] = min(4.0, max(1.4, style["width"]))
            line = shapely.LineString([(1, low + 7), (21, low + 7)])
            _draw_lines(axes, np.array([line]), style, pen, 1)
        elif sign.kind == "point":
            style["radius"] = min(5.5, style["radius"])
            _draw_points(axes, np.array([shapely.Point(11, low + 7)]), style, pen, 1)
        else:
            style["width"] = min(2.0, style["width"])
            box = shapely.box(2, low + 2, 20, low + 12)
            _draw_polygons(axes, np.array([box]), style, pen, 1)
    pixels = _drawn(figure, canvas)
    edges = np.rint(np.linspace(0, len(pixels), len(signs) + 1)).astype(int).tolist()
    return [pixels[first:last] for first, last in itertools.pairwise(edges)]
