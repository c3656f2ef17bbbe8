"""
A map of anything in a notebook, called as `GeoDataFrame.explore` is.

The map is a page like every other of ours: it needs no network, it may be saved and mailed, and a
hostile name in the data stays a name.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any
from typing import NoReturn

import numpy as np
import pandas as pd

from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.sorting import sort_key
from infraplan.maps.context import base_layers
from infraplan.maps.context import sources_of
from infraplan.maps.headline import data_days
from infraplan.maps.layers import Category
from infraplan.maps.layers import Field
from infraplan.maps.layers import LineLayer
from infraplan.maps.layers import Number
from infraplan.maps.layers import PointLayer
from infraplan.maps.layers import PolygonLayer
from infraplan.maps.layers import Style
from infraplan.maps.layers import VectorLayer
from infraplan.maps.layers import plain_text
from infraplan.maps.page import Facts
from infraplan.maps.page import Layer
from infraplan.maps.page import MapPage
from infraplan.maps.page import Swipe
from infraplan.maps.page import build_page
from infraplan.maps.palette import CATEGORIES
from infraplan.maps.rasters import RasterClass
from infraplan.maps.rasters import RasterLayer
from infraplan.text import Words
from infraplan.text import words as catalogue

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

__all__ = ["explore", "swipe"]

KINDS: Mapping[str, tuple[type[VectorLayer], tuple[str, ...]]] = {
    "polygons": (PolygonLayer, ("Polygon", "MultiPolygon")),
    "lines": (LineLayer, ("LineString", "MultiLineString", "LinearRing")),
    "points": (PointLayer, ("Point", "MultiPoint")),
}
# Results are known by the names of their classes, so that none of their rooms is imported for it.
RESULTS: Mapping[str, str] = {
    "Coverage": "coverage",
    "Gaps": "gaps",
    "Appraisal": "appraisal",
    "Proposal": "proposal",
    "CablePlan": "underground",
    "Route": "route",
}
TABLES: Mapping[str, str] = {
    "Gaps": "hamlets",
    "Appraisal": "requests",
    "Proposal": "sites",
    "CablePlan": "segments",
    "Route": "segments",
}
EXPECTED = (
    "a GeoDataFrame, GeoSeries or raster, a coverage, gaps, an appraisal, a proposal, a route, "
    "a cable plan, layers, a plan or a page"
)
BENEATH = (
    "relief", "sea", "lakes", "waterways", "buildings", "roads", "rail", "streets", "communes",
)  # fmt: skip
STYLE_NAMES = {"fillColor": "fill", "fillOpacity": "fill_opacity", "weight": "width"}
SCHEMES = ("quantiles", "equal_interval")
CLASS, OTHER = "__class__", "__other__"
OTHER_COLOR = "#9a9a9a"  # of the rarest of too many values
DEFAULT_CRS = "EPSG:9209"
CMAP = "cividis"
LEAST_CLASSES, MOST_CLASSES = 2, 9
MOST_CATEGORIES = 12
MOST_FIELDS = 40
TITLED_BY = ("full_name", "name", "title")


def explore(  # noqa: PLR0913 - the arguments of GeoDataFrame.explore that a page has a use for
    what: Any,  # noqa: ANN401 - anything that can be drawn
    column: str | None = None,
    cmap: str | Sequence[str] | None = None,
    color: str | None = None,
    m: MapPage | None = None,
    *,
    tooltip: bool | str | Sequence[str] = True,
    popup: bool | str | Sequence[str] = True,
    categorical: bool = False,
    legend: bool = True,
    scheme: str = "quantiles",
    k: int = 5,
    vmin: float | None = None,
    vmax: float | None = None,
    categories: Sequence[Any] | None = None,
    style_kwds: Mapping[str, Any] | None = None,
    name: str = "",
    layers: Layers | None = None,
    language: str = "vi",
) -> MapPage:
    """
    Draw anything on a map.

    Parameters
    ----------
    what
        A GeoDataFrame or GeoSeries in any CRS; a raster (`xarray.DataArray` on a grid); a coverage,
        gaps, an appraisal, a proposal, a route, a cable plan; the layers of a plan or an open plan;
        a page.
    column
        Column whose values colour the features of a table, or of the main table of a result
        (hamlets, requests, segments).
    cmap
        Name of a colour map of matplotlib (default cividis, which people with any colour vision
        read), or a list of colours.
    color
        Colour of all features; a name or `#rrggbb`.
    m
        Page to add to: the result holds its layers and then these.
    tooltip
        Columns that a click tells: True all of them, False none.
    popup
        The same: a page tells at a click what `GeoDataFrame.explore` tells under the pointer.
    categorical
        Whether numbers are values of their own rather than amounts.
    legend
        Whether the classes of the column are told; False colours without telling.
    scheme
        How amounts are classed: `"quantiles"` or `"equal_interval"`.
    k
        Number of classes, 2 to 9.
    vmin
        Lower end of the scale of equal steps, in the unit of the column.
    vmax
        Upper end of the scale of equal steps, in the unit of the column.
    categories
        Values in the order of the legend.
    style_kwds
        Parts of `Style` by name, such as `{"radius": 8, "fill_opacity": 0.4}`; `weight` and
        `fillOpacity` are understood too.
    name
        Title of the layer, and of the page where there is none yet.
    layers
        Layers of a plan to draw beneath.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    page
        Page that a notebook shows; `.save(path)` writes it.

    Raises
    ------
    SettingsError
        If `what` cannot be drawn, the column is not there, or an argument is out of range.
    """
    say = catalogue(language)
    ways = _Ways(
        column=column or "", cmap=cmap or CMAP, color=color or "", categorical=categorical,
        legend=legend, scheme=scheme, k=k, vmin=vmin, vmax=vmax,
        categories=None if categories is None else tuple(categories),
        told=_told(tooltip, popup), style=_style(style_kwds or {}), name=name,
    )  # fmt: skip
    page = _drawn(what, ways, layers if m is None else None, say)
    return page if m is None else _joined(m, page)


def swipe(
    first: Any,  # noqa: ANN401 - anything that can be drawn
    second: Any,  # noqa: ANN401 - likewise
    column: str | None = None,
    *,
    labels: tuple[str, str] = ("", ""),
    layers: Layers | None = None,
    language: str = "vi",
) -> MapPage:
    """
    Draw two results on one map with a divider between them: one to its left, one to its right.

    Parameters
    ----------
    first
        What lies to the left: anything that `explore` draws, or a page of it.
    second
        What lies to the right; of the same kind, rasters against rasters or shapes against shapes.
    column
        Column that colours both, as in `explore`. Amounts of it, and those of two rasters, are
        classed by the same limits on both sides, so that equal colours mean equal amounts.
    labels
        What the two sides are called; by default their titles.
    layers
        Layers of a plan to draw beneath both.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    page
        Page with the divider in its toolbar.

    Raises
    ------
    SettingsError
        If one side has nothing to compare, or the two are not of one kind.
    """
    limits = _common_limits(first, second, column)
    pages = [
        explore(side, column, layers=layers, language=language, **limits)
        for side in (first, second)
    ]
    sides = [[layer for layer in page.layers if layer.name not in BENEATH] for page in pages]
    rasters = [
        [layer for layer in side if isinstance(layer, RasterLayer) and layer.shown]
        for side in sides
    ]
    shapes = [[layer for layer in side if isinstance(layer, VectorLayer)] for side in sides]
    if all(rasters):
        found: list[list[Any]] = [side[:1] for side in rasters]
    elif all(shapes):
        found = shapes
    else:
        _refuse("two sides of different kinds, or one that is empty", "two rasters or two tables")
    marked: list[list[Any]] = []
    for page, side, mark in zip(pages, found, ("before", "after"), strict=True):
        named = labels[len(marked)] or page.facts.title
        renamed = {
            layer.name: replace(
                layer,
                name=f"{mark}-{layer.name}",
                title=f"{named}: {layer.title}" if layer.title != named else named,
                **(
                    {"choice": "", "picks": None, "reference": None}
                    if all(rasters)
                    else {"side": mark}
                ),
            )
            for layer in side
        }
        marked.append(
            [
                replace(layer, alike=renamed[layer.alike].name)
                if getattr(layer, "alike", "") in renamed
                else layer
                for layer in renamed.values()
            ]
        )
    left, right = (tuple(layer.name for layer in side) for side in marked)
    beneath = [layer for layer in pages[0].layers if layer.name in BENEATH]
    told = [name or page.facts.title for name, page in zip(labels, pages, strict=True)]
    facts = replace(
        _joined(*pages).facts, title=" | ".join(told), swipes=(Swipe(left, right, *told),),
        cards={}, choices={},
    )  # fmt: skip
    return build_page(
        [*beneath, *marked[0], *marked[1]], facts, crs=pages[0].crs, language=language
    )


def _common_limits(first: Any, second: Any, column: str | None) -> dict[str, Any]:  # noqa: ANN401 - as in swipe
    """Return by which limits amounts on both sides are classed; none where there are no amounts."""
    found = []
    for side in (first, second):
        table = getattr(side, TABLES.get(type(side).__name__, ""), side)
        if column is not None and hasattr(table, "geometry") and column in table:
            if not _is_amount(table[column]):
                return {}
            found.append(_floats(table[column]))
        elif column is None and hasattr(side, "dims") and hasattr(side, "to_numpy"):
            found.append(side.to_numpy().astype(float).ravel())
    if len(found) < 2:
        return {}
    known = np.concatenate(found)
    known = known[np.isfinite(known)]
    if not known.size:
        return {}
    return {"scheme": "equal_interval", "vmin": float(known.min()), "vmax": float(known.max())}


@dataclass(frozen=True, slots=True)
class _Ways:
    """How a table or raster is to be drawn."""

    column: str
    cmap: "str | Sequence[str]"
    color: str
    categorical: bool
    legend: bool
    scheme: str
    k: int
    vmin: float | None
    vmax: float | None
    categories: tuple[Any, ...] | None
    told: tuple[str, ...] | bool
    style: dict[str, Any]
    name: str

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn before anything is computed."""
        if not LEAST_CLASSES <= self.k <= MOST_CLASSES:
            _refuse(f"k = {self.k}", f"{LEAST_CLASSES} to {MOST_CLASSES}")
        if self.scheme not in SCHEMES:
            _refuse(f"scheme = {self.scheme!r}", ", ".join(SCHEMES))


def _drawn(what: Any, ways: _Ways, layers: Layers | None, say: Words) -> MapPage:  # noqa: ANN401
    """Return a page of one thing."""
    kind, language = type(what).__name__, say.language
    if isinstance(what, MapPage):
        return what
    if kind in RESULTS and not ways.column:
        drawing = getattr(import_module("infraplan.maps.compose"), RESULTS[kind])
        beneath = {"layers": layers} if kind == "Coverage" else {}
        page: MapPage = drawing(what, language=language, **beneath)
        return page
    origin = layers if layers is not None else getattr(what, "layers", None)
    if kind in TABLES:
        what = getattr(what, TABLES[kind])
    if not isinstance(what, Layers) and callable(getattr(what, "layers", None)):
        what = what.layers()
    if isinstance(what, Layers):
        title = ways.name or what.name
        whole: MapPage = import_module("infraplan.maps.compose").plan_page(
            what, title=title, language=language
        )
        return whole
    made: list[Layer] = []
    if hasattr(what, "geometry"):
        made += _table_layers(what, ways, say)
    elif hasattr(what, "dims") and hasattr(what, "coords"):
        made.append(_raster_layer(what, ways, say))
    else:
        _refuse(f"an object of type {kind}", EXPECTED)
    base = [] if layers is None else base_layers(layers, say)
    facts = replace(
        _origin_told(origin, say),
        title=ways.name or ways.column or say("explore.title"),
        frame=made[0].name if made else "",
    )
    return build_page([*base, *made], facts, crs=_crs_of(what), language=language)


def _origin_told(origin: Any, say: Words) -> Facts:  # noqa: ANN401 - layers, or none
    """Return whose the data are, as far as the layers that they come from tell it."""
    if not isinstance(origin, Layers):
        return Facts(title="", restricted=say("coarse.restricted"))
    told = sources_of(origin, say)
    return Facts(
        title="",
        warning=say("maps.warning_synthetic") if origin.synthetic() else "",
        restricted=say("coarse.restricted"),
        sources=told,
        as_of=data_days(origin, say),
    )


def _joined(first: MapPage, second: MapPage) -> MapPage:
    """Return a page with the layers of two, the second above."""
    taken = {layer.name for layer in first.layers}
    new: dict[str, str] = {}
    for layer in second.layers:
        if layer.name in taken and layer.name in BENEATH:
            continue
        name, n = layer.name, 2
        while name in taken:
            name, n = f"{layer.name}-{n}", n + 1
        taken.add(name)
        new[layer.name] = name
    has_rasters = any(isinstance(layer, RasterLayer) for layer in first.layers)
    added = [
        _renamed(layer, new, has_rasters=has_rasters)
        for layer in second.layers
        if layer.name in new
    ]
    facts, more = first.facts, second.facts
    together = replace(
        facts,
        warning=facts.warning or more.warning,
        restricted=facts.restricted or more.restricted,
        tables=(*facts.tables, *(t for t in more.tables if t not in facts.tables)),
        definition=tuple(dict.fromkeys((*facts.definition, *more.definition))),
        sources=tuple(dict.fromkeys((*facts.sources, *more.sources))),
        credit="",
        as_of=facts.as_of or more.as_of,
        published=(*facts.published, *more.published),
        swipes=(*facts.swipes, *more.swipes),
        summary=facts.summary or more.summary,
        cards=facts.cards or more.cards,
        choices=facts.choices or more.choices,
        frame="",
    )
    return build_page([*first.layers, *added], together, crs=first.crs, language=first.language)


def _renamed(
    layer: Any,  # noqa: ANN401 - any layer
    new: Mapping[str, str],
    *,
    has_rasters: bool,
) -> Layer:
    """Return a layer under its new name; beside other rasters one is read and chosen by itself."""
    changes: dict[str, Any] = {"name": new[layer.name]}
    if isinstance(layer, RasterLayer) and has_rasters:
        changes |= {"reference": None, "choice": "", "picks": None}
    elif getattr(layer, "alike", ""):
        changes["alike"] = new.get(layer.alike, layer.alike)
    made: Layer = replace(layer, **changes)
    return made


def _table_layers(what: "gpd.GeoDataFrame | gpd.GeoSeries", ways: _Ways, say: Words) -> list[Layer]:
    """Return a layer for each kind of geometry in a table."""
    table = what if hasattr(what, "columns") else what.to_frame("geometry")
    if table.crs is None:
        _refuse("a table without a reference system", "one with `.crs`; see `set_crs`")
    if table.active_geometry_name != "geometry":
        table = table.rename_geometry("geometry")
    if ways.column and ways.column not in table:
        _refuse(f"column {ways.column!r}", ", ".join(map(str, table.columns)))
    table = _plain_columns(table)
    table, categories = _classed(table, ways, say)
    fields = _fields(table, ways, say)
    kinds = table.geometry.geom_type
    title = ways.name or ways.column or say("explore.layer")
    made: list[Layer] = []
    for kind, (layer, types) in KINDS.items():
        part = table[kinds.isin(types)]
        if not len(part):
            continue
        made.append(
            layer(
                name=kind,
                title=title if len(part) == len(table) else f"{title}: {say(f'explore.{kind}')}",
                data=part,
                by=CLASS if categories else "",
                categories=categories,
                style=_one_style(kind, ways.color or CATEGORIES[1], ways),
                heading=next((name for name in TITLED_BY if name in part), ""),
                fields=fields,
                search=tuple(name for name in TITLED_BY if name in part),
                numbers=_numbers(part, [entry.column for entry in fields]),
            )
        )
    if not made:
        _refuse("a table without points, lines or polygons", "at least one")
    return made


def _plain_columns(table: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return a table whose columns are named by texts, its index one of them if it has a name."""
    is_told = table.index.name is not None and table.index.name not in table.columns
    named = table.reset_index(drop=not is_told)
    return named.rename(columns=str)


def _classed(
    table: "gpd.GeoDataFrame", ways: _Ways, say: Words
) -> "tuple[gpd.GeoDataFrame, list[Category]]":
    """Return a table with its class in a column of its own, and the classes from low to high."""
    if not ways.column:
        return table, []
    values = table[ways.column]
    if _is_amount(values) and not ways.categorical and ways.categories is None:
        return _amounts(table, ways, say)
    texts = values.astype("object").map(plain_text)
    found = sorted(set(texts) - {""}, key=sort_key)
    order = found if ways.categories is None else [str(value) for value in ways.categories]
    rest: set[str] = set()
    if len(order) > MOST_CATEGORIES:
        counts = texts.value_counts()
        kept = sorted(order, key=lambda value: -int(counts.get(value, 0)))[:MOST_CATEGORIES]
        rest = set(order) - set(kept)
        order = [value for value in order if value in kept]
        texts = texts.where(~texts.isin(rest), OTHER)
    colors = _colors(ways.cmap, len(order)) if ways.cmap != CMAP else _distinct(len(order))
    classes = [
        Category(value, value if ways.legend else "", _style_of(table, color, ways))
        for value, color in zip(order, colors, strict=True)
    ]
    if rest:
        style = _style_of(table, OTHER_COLOR, ways)
        classes.append(Category(OTHER, say("explore.other") if ways.legend else "", style))
    return table.assign(**{CLASS: texts}), classes


def _amounts(
    table: "gpd.GeoDataFrame", ways: _Ways, say: Words
) -> "tuple[gpd.GeoDataFrame, list[Category]]":
    """Return a table whose amounts are classed by their size."""
    values = _floats(table[ways.column])
    limits = _limits(values, ways)
    codes = np.searchsorted(limits[1:-1], np.nan_to_num(values), side="right")
    texts = [
        str(code) if np.isfinite(value) else "" for code, value in zip(codes, values, strict=True)
    ]
    decimals = _decimals(limits)
    classes = []
    for number, color in enumerate(_colors(ways.cmap, len(limits) - 1)):
        ends = (say.number(limit, decimals) for limit in limits[number : number + 2])
        label = say("explore.range", low=next(ends), high=next(ends)) if ways.legend else ""
        classes.append(Category(str(number), label, _style_of(table, color, ways)))
    return table.assign(**{CLASS: texts}), classes


def _limits(values: Any, ways: _Ways) -> Any:  # noqa: ANN401 - arrays
    """Return the limits of classes, ends included, each above the one before."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.array([0.0, 1.0])
    low = float(known.min()) if ways.vmin is None else float(ways.vmin)
    high = float(known.max()) if ways.vmax is None else float(ways.vmax)
    if ways.scheme == "quantiles" and ways.vmin is None and ways.vmax is None:
        shares = np.linspace(0, 1, ways.k + 1)
        limits = np.quantile(known, shares)
        if np.unique(limits).size <= ways.k:  # most values are equal: class the distinct ones
            limits = np.quantile(np.unique(known), shares)
    else:
        limits = np.linspace(low, high, ways.k + 1)
    distinct = np.unique(limits)
    return distinct if distinct.size > 1 else np.array([low, low + 1.0])


def _raster_layer(what: "xr.DataArray", ways: _Ways, say: Words) -> RasterLayer:
    """Return a raster in classes."""
    values = what.to_numpy().astype(float)
    limits = _limits(values, ways)
    decimals = _decimals(limits)
    classes = [
        RasterClass(
            float(low) if number else -np.inf,
            say("explore.range", low=say.number(low, decimals), high=say.number(high, decimals)),
            color,
        )
        for number, (low, high, color) in enumerate(
            zip(limits[:-1], limits[1:], _colors(ways.cmap, len(limits) - 1), strict=True)
        )
    ]
    title = ways.name or ("" if what.name is None else str(what.name)) or say("explore.layer")
    return RasterLayer(name="raster", title=title, data=what, classes=classes)


def _fields(table: "gpd.GeoDataFrame", ways: _Ways, say: Words) -> tuple[Field, ...]:
    """Return the columns that a click tells."""
    columns = [str(name) for name in table.columns if name not in ("geometry", CLASS)]
    if ways.told is False:
        return ()
    if isinstance(ways.told, tuple):
        lacking = [name for name in ways.told if name not in columns]
        if lacking:
            _refuse(f"column {lacking[0]!r}", ", ".join(columns))
        columns = list(ways.told)
    flags = {"True": say("maps.yes"), "False": say("maps.no")}
    made = []
    for name in columns[:MOST_FIELDS]:
        decimals = _decimals(_floats(table[name])) if _is_amount(table[name]) else None
        made.append(Field(name, name, decimals=decimals, words=flags))
    return tuple(made)


def _numbers(table: "gpd.GeoDataFrame", told: Sequence[str]) -> tuple[Number, ...]:
    """Return the columns of amounts among those that are told; the page's table sorts by them."""
    made = []
    for name in told:
        if not _is_amount(table[name]):
            continue
        known = _floats(table[name])
        decimals = _decimals(known)
        largest = np.nanmax(np.abs(known), initial=0.0, where=np.isfinite(known))
        if largest * 10.0**decimals < 2**31:
            made.append(Number(name, name, name, decimals=decimals))
    return tuple(made)


def _is_amount(values: "pd.Series[Any]") -> bool:
    """Return whether a column holds numbers, not flags."""
    kinds = pd.api.types
    return bool(kinds.is_numeric_dtype(values) and not kinds.is_bool_dtype(values))


def _floats(values: "pd.Series[Any]") -> Any:  # noqa: ANN401 - an array
    """Return a column of numbers as floats, NaN where there is none."""
    return values.to_numpy(dtype=float, na_value=np.nan)


def _decimals(values: Any) -> int:  # noqa: ANN401 - an array
    """Return how many decimals tell numbers apart, 0 to 4."""
    known = values[np.isfinite(values)]
    for decimals in range(4):
        if np.allclose(known, np.round(known, decimals), rtol=0, atol=1e-9):
            return decimals
    spread = float(np.ptp(known)) if known.size else 1.0
    return int(np.clip(2 - np.floor(np.log10(spread)) if spread > 0 else 4, 0, 4))


def _style_of(table: "gpd.GeoDataFrame", color: str, ways: _Ways) -> Style:
    """Return the style of a class; that of points, lines and polygons is one."""
    kinds = set(table.geometry.geom_type)
    kind = next((name for name, (_, types) in KINDS.items() if kinds & set(types)), "points")
    return _one_style(kind, color, ways)


def _one_style(kind: str, color: str, ways: _Ways) -> Style:
    """Return a style of one colour."""
    color = _color(color)
    if kind == "polygons":
        return replace(
            Style(color="#ffffff", fill=color, fill_opacity=0.75, width=0.8), **ways.style
        )
    if kind == "lines":
        return replace(Style(color=color, width=2.0), **ways.style)
    return replace(Style(color=color, radius=5.0), **ways.style)


def _style(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return parts of a style by our names."""
    known = Style().as_dict()
    made: dict[str, Any] = {}
    for name, value in given.items():
        own = STYLE_NAMES.get(name, name)
        if own not in known:
            _refuse(f"style_kwds[{name!r}]", ", ".join([*known, *STYLE_NAMES]))
        made[own] = _color(value) if own in ("color", "fill", "casing") else value
    return made


def _colors(cmap: "str | Sequence[str]", count: int) -> list[str]:
    """Return colours from low to high."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    if not isinstance(cmap, str):
        listed = [_color(entry) for entry in cmap]
        if len(listed) < count:
            _refuse(f"{len(listed)} colours", f"{count}")
        return listed[:count]
    if cmap not in colormaps:
        _refuse(f"cmap = {cmap!r}", "a colour map of matplotlib, such as 'cividis'")
    places = np.linspace(0.05, 0.95, count) if count > 1 else [0.5]
    return [str(to_hex(colormaps[cmap](place))) for place in places]


def _distinct(count: int) -> list[str]:
    """Return colours that are told apart; beyond the palette those of a colour map."""
    if count <= len(CATEGORIES):
        return list(CATEGORIES[:count])
    return _colors("viridis", count)


def _color(value: str) -> str:
    """Return a colour as `#rrggbb`."""
    from matplotlib.colors import to_hex

    try:
        return str(to_hex(value))
    except (ValueError, TypeError):
        _refuse(f"colour {value!r}", "a name such as 'teal', or '#rrggbb'")


def _told(*asked: "bool | str | Sequence[str]") -> "tuple[str, ...] | bool":
    """Return the columns that a click tells: True all, False none."""
    for entry in asked:
        if not isinstance(entry, bool):
            return (entry,) if isinstance(entry, str) else tuple(entry)
    return any(asked)


def _crs_of(what: Any) -> str:  # noqa: ANN401 - a table or a raster
    """Return the planning CRS in which the page tells coordinates."""
    crs: Any = getattr(what, "crs", None)
    if crs is None or not hasattr(crs, "to_epsg") or not crs.is_projected:
        return DEFAULT_CRS
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else DEFAULT_CRS


def _refuse(found: str, expected: str) -> NoReturn:
    """Raise the error for something that cannot be drawn."""
    msg = f"explore cannot draw {found}; expected: {expected}"
    raise SettingsError(msg) from None
