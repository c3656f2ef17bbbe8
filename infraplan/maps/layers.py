"""
What a map draws: points, lines and polygons with their style, legend, popup and search.

A layer is told once, in any CRS; `packed` turns it into the bytes that the page carries.
Coordinates travel as whole numbers in the page's own projection, so that the browser draws without
computing a single sine. Text travels inside the packed bytes and is only ever shown with
`textContent`.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING
from typing import Any
from typing import ClassVar

import numpy as np
import pandas as pd
import shapely

from infraplan.maps.packing import pack
from infraplan.maps.palette import UNKNOWN
from infraplan.maps.projection import to_web
from infraplan.text import Words

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "Category",
    "Field",
    "Filter",
    "LineLayer",
    "Number",
    "PointLayer",
    "PolygonLayer",
    "Style",
    "styled_rows",
]

MISSING = -(2**31)  # a number that is not there
SORTED_FROM = 500  # features from which neighbours are put side by side, which packs better


@dataclass(frozen=True, slots=True)
class Style:
    """
    How a feature is drawn.

    Colours are CSS colours; `""` leaves a part out. `radius` and `width` are in CSS pixels at a
    close view; `shape` is circle, square, diamond, triangle or cross; `dash` the lengths of strokes
    and gaps; `casing` a wider line drawn beneath; `hatch` strokes a polygon's inside; `min_zoom` is
    the zoom from which features of this style are drawn.
    """

    color: str = "#333333"
    fill: str = ""
    opacity: float = 1.0
    fill_opacity: float = 1.0
    width: float = 1.5
    radius: float = 5.0
    shape: str = "circle"
    dash: tuple[float, ...] = ()
    casing: str = ""
    hatch: bool = False
    min_zoom: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the style as the page reads it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Category:
    """One value of the column that decides the style, its words in the legend, its style."""

    value: str
    label: str
    style: Style


@dataclass(frozen=True, slots=True)
class Field:
    """
    One line of a popup: a column under a label.

    `decimals` formats numbers; None shows text. `missing` is shown where there is no value; `""`
    leaves the line out. `words` replaces codes by what a reader understands.
    """

    column: str
    label: str
    decimals: int | None = None
    unit: str = ""
    scale: float = 1.0
    missing: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    def text_of(self, value: Any, words: Words) -> str:  # noqa: ANN401 - any cell of a table
        """
        Return a cell as the popup shows it.

        Parameters
        ----------
        value
            Cell of a table.
        words
            Catalogue that decides how numbers are written.

        Returns
        -------
        text
            Text with its unit, or `missing`.
        """
        if is_missing(value):
            return self.missing
        if self.decimals is not None:
            text = words.number(float(value) * self.scale, self.decimals)
        else:
            text = self.words.get(str(value), str(value))
        return f"{text} {self.unit}" if self.unit and text else text


@dataclass(frozen=True, slots=True)
class Number:
    """
    A column whose figures the page adds up, sorts and charts.

    Figures travel as whole numbers of 10 to the power of minus `decimals`, after `scale`; a missing
    one stays missing, never zero. `key` is the name by which the page finds the column, such as
    `people`; `label` and `unit` are words.
    """

    column: str
    key: str
    label: str
    unit: str = ""
    decimals: int = 0
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Filter:
    """
    A column by whose values the page hides features, such as operator, technology, status.

    Layers with equal `key` share one filter. A cell of several values is parted by `separator`.
    `words` replaces codes by what a reader understands.
    """

    column: str
    key: str
    label: str
    separator: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VectorLayer:
    """
    What points, lines and polygons have in common.

    `data` may be in any CRS. `by` names the column whose value chooses among `categories`; rows
    with another value are drawn in grey under the words for "not enough data". `heading` names the
    column that titles a popup, `label` the one written on the map from zoom `label_zoom`, `search`
    the columns that the search looks in. `shown` is whether the layer is on when the page opens,
    `min_zoom` the zoom from which it is drawn, `under` whether it lies below rasters. `precision_m`
    is the step of the coordinates [m]. `numbers` and `filters` tell the columns that the page adds
    up and filters by; `side` is `"before"` or `"after"` where the layer is one side of a swipe.
    `alike` names a layer of the same page with equal `data`, fields and columns that this one only
    draws in other colours: everything but the categories is carried once. `cluster_zoom` is the
    zoom below which points are drawn in groups, 0 for never; `azimuths` names the column of points
    that holds the directions of their sectors, each cell a sequence of numbers [deg].
    """

    kind: ClassVar[str] = ""

    name: str
    title: str
    data: "gpd.GeoDataFrame"
    group: str = ""
    style: Style = field(default_factory=Style)
    by: str = ""
    categories: Sequence[Category] = ()
    fields: Sequence[Field] = ()
    heading: str = ""
    label: str = ""
    label_zoom: float = 14.0
    search: Sequence[str] = ()
    shown: bool = True
    min_zoom: float = 0.0
    under: bool = False
    precision_m: float = 1.0
    note: str = ""
    numbers: Sequence[Number] = ()
    filters: Sequence[Filter] = ()
    side: str = ""
    alike: str = ""
    cluster_zoom: float = 0.0
    azimuths: str = ""

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
            Values for JSON, among them the packed bytes; None where there is nothing to draw.
        """
        kept = self.data[~(self.data.geometry.is_empty | self.data.geometry.isna())]
        if not len(kept):
            return None
        shapes = to_web(kept.geometry.to_numpy(), kept.crs)
        order = _order(shapes)
        kept, shapes = kept.iloc[order], shapes[order]
        codes, styles = self._styled(kept, words)
        header: dict[str, Any] = {}
        arrays: dict[str, Any] = {"category": codes}
        if not self.alike:
            header |= {"columns": [], "fields": [], "step": self.precision_m}
            arrays |= self._coordinates(shapes)
            if self.azimuths in kept:
                arrays |= _sectors(kept[self.azimuths])
            self._write_columns(kept, words, header, arrays)
        chains = {"x": "sizes", "y": "sizes"} if "sizes" in arrays else {}
        return {
            "name": self.name,
            "kind": self.kind,
            "title": self.title,
            "group": self.group,
            "shown": self.shown,
            "minZoom": self.min_zoom,
            "labelZoom": self.label_zoom,
            "under": self.under,
            "note": self.note,
            "side": self.side,
            "alike": self.alike,
            "clusterZoom": self.cluster_zoom,
            "extent": [float(value) for value in np.round(shapely.total_bounds(shapes))],
            "styles": styles,
            "count": len(kept),
            "data": pack(header, arrays, chains=chains),
        }

    def _coordinates(self, shapes: Any) -> dict[str, Any]:  # noqa: ANN401 - array of geometries
        """Return the coordinates of the features as whole numbers."""
        raise NotImplementedError

    def _styled(self, rows: "gpd.GeoDataFrame", words: Words) -> tuple[Any, list[dict[str, Any]]]:
        """Return each row's number of style, and the styles with their legend."""
        if not self.by or self.by not in rows:
            entry = {"label": "", "value": "", "count": len(rows), **self.style.as_dict()}
            return np.zeros(len(rows), dtype=np.int64), [entry]
        values = [category.value for category in self.categories]
        found = pd.Index(values).get_indexer(rows[self.by].astype("object").map(plain_text))
        codes = np.where(found < 0, len(values), found)
        known = [(entry.value, entry.label, entry.style) for entry in self.categories]
        rest = Style(color=UNKNOWN, fill=UNKNOWN, fill_opacity=0.5, hatch=True)
        every = [*known, ("", words("common.unknown"), rest)]
        used = sorted(set(codes.tolist()))
        styles = [
            {
                "value": every[code][0],
                "label": every[code][1],
                "count": int((codes == code).sum()),
                **every[code][2].as_dict(),
            }
            for code in used
        ]
        return np.searchsorted(used, codes), styles

    def _write_columns(
        self,
        rows: "gpd.GeoDataFrame",
        words: Words,
        header: dict[str, Any],
        arrays: dict[str, Any],
    ) -> None:
        """Add the columns that popups, labels and the search need."""
        table = rows.reset_index()
        places: dict[tuple[str, str], int] = {}

        def place(entry: Field) -> int:
            """Return the number of a column, writing it at its first use."""
            key = (entry.column, entry.label)
            if key not in places:
                places[key] = len(header["columns"])
                texts = [entry.text_of(value, words) for value in table[entry.column]]
                codes, values = pd.factorize(np.array(texts, dtype=object))
                header["columns"].append([str(value) for value in values])
                arrays[f"column{places[key]}"] = codes
            return places[key]

        for name in ("heading", "label"):
            column = getattr(self, name)
            header[name] = place(Field(column, "")) if column in table else None
        header["search"] = [place(Field(name, "")) for name in self.search if name in table]
        for entry in self.fields:
            if entry.column in table:
                header["fields"].append([entry.label, place(entry)])
        header["filters"] = [
            {
                "key": entry.key,
                "label": entry.label,
                "separator": entry.separator,
                "words": dict(entry.words),
                "column": place(Field(entry.column, "")),
            }
            for entry in self.filters
            if entry.column in table
        ]
        header["numbers"] = []
        for number in self.numbers:
            if number.column in table:
                arrays[f"number{len(header['numbers'])}"] = _whole(table[number.column], number)
                header["numbers"].append(
                    {
                        "key": number.key,
                        "label": number.label,
                        "unit": number.unit,
                        "decimals": number.decimals,
                    }
                )


class PointLayer(VectorLayer):
    """Points; those at one place are drawn side by side in close views."""

    __slots__ = ()
    kind: ClassVar[str] = "point"

    def _coordinates(self, shapes: Any) -> dict[str, Any]:  # noqa: ANN401 - array of geometries
        """Return the points' coordinates; of any other geometry a point inside."""
        return _steps(shapely.get_coordinates(shapely.point_on_surface(shapes)), self.precision_m)


class LineLayer(VectorLayer):
    """Lines of one or several parts."""

    __slots__ = ()
    kind: ClassVar[str] = "line"

    def _coordinates(self, shapes: Any) -> dict[str, Any]:  # noqa: ANN401 - array of geometries
        """Return the vertices, the number of parts a line has and of vertices a part has."""
        lines, owner = shapely.get_parts(shapes, return_index=True)
        return _chains(lines, owner, len(shapes), self.precision_m)


class PolygonLayer(VectorLayer):
    """Polygons of one or several parts, with holes."""

    __slots__ = ()
    kind: ClassVar[str] = "polygon"

    def _coordinates(self, shapes: Any) -> dict[str, Any]:  # noqa: ANN401 - array of geometries
        """Return the vertices of all rings, and a point inside for the label."""
        parts, owner = shapely.get_parts(shapes, return_index=True)
        rings, part = shapely.get_rings(parts, return_index=True)
        inside = _steps(shapely.get_coordinates(shapely.point_on_surface(shapes)), self.precision_m)
        chains = _chains(rings, owner[part], len(shapes), self.precision_m)
        return {**chains, "labelX": inside["x"], "labelY": inside["y"]}


def styled_rows(
    layer: VectorLayer, words: Words
) -> "tuple[gpd.GeoDataFrame, Any, list[dict[str, Any]]]":
    """
    Return what of a layer is drawn, and how.

    Parameters
    ----------
    layer
        Layer of points, lines or polygons.
    words
        Catalogue.

    Returns
    -------
    rows
        Rows that lie somewhere.
    codes
        Number of the style of each, shape (rows,).
    styles
        Styles in use with their words and counts, as the page reads them.
    """
    data = layer.data
    rows = data[~(data.geometry.is_empty | data.geometry.isna())]
    codes, styles = layer._styled(rows, words)  # noqa: SLF001 - a layer's own room
    return rows, codes, styles


def is_missing(value: Any) -> bool:  # noqa: ANN401 - any cell of a table
    """
    Return whether a cell has no value.

    Parameters
    ----------
    value
        Any cell of a table, lists too.

    Returns
    -------
    missing
        True for None, NaN and their like.
    """
    return value is None or bool(pd.api.types.is_scalar(value) and pd.isna(value))


def plain_text(value: Any) -> str:  # noqa: ANN401 - any cell of a table
    """
    Return a cell as the text that categories are compared by.

    Parameters
    ----------
    value
        Any cell of a table.

    Returns
    -------
    text
        Its text; empty where it has no value.
    """
    return "" if is_missing(value) else str(value)


def _whole(column: "pd.Series[Any]", entry: Number) -> Any:  # noqa: ANN401 - an array
    """Return figures as whole numbers of the last decimal shown, `MISSING` where there is none."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    steps = np.rint(values * entry.scale * 10.0**entry.decimals)
    return np.where(np.isfinite(steps), steps, MISSING).astype(np.int64)


def _sectors(column: "pd.Series[Any]") -> dict[str, Any]:
    """Return how many sectors each row has, and the directions of all of them [deg]."""
    cells = [list(cell) if isinstance(cell, (list, tuple, np.ndarray)) else [] for cell in column]
    turned = np.array([angle for cell in cells for angle in cell], dtype=float)
    return {
        "sectors": np.array([len(cell) for cell in cells], dtype=np.int64),
        "azimuth": (np.rint(turned) % 360).astype(np.int64),
    }


def _order(shapes: Any) -> Any:  # noqa: ANN401 - array of geometries
    """Return an order in which neighbours in space are neighbours in the table."""
    if len(shapes) < SORTED_FROM:
        return np.arange(len(shapes))
    import geopandas as gpd

    return np.argsort(gpd.GeoSeries(shapes).hilbert_distance().to_numpy(), kind="stable")


def _steps(xy: Any, precision_m: float) -> dict[str, Any]:  # noqa: ANN401 - array of coordinates
    """Return coordinates as whole numbers of steps."""
    grid = np.rint(xy / precision_m).astype(np.int64)
    return {"x": grid[:, 0], "y": grid[:, 1]}


def _chains(lines: Any, owner: Any, count: int, precision_m: float) -> dict[str, Any]:  # noqa: ANN401
    """Return the vertices of lines or rings, without those that rounding makes equal."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    steps = _steps(xy, precision_m)
    x, y = steps["x"], steps["y"]
    first = np.diff(line, prepend=-1) != 0
    last = np.diff(line, append=len(lines)) != 0
    moved = (np.diff(x, prepend=0) != 0) | (np.diff(y, prepend=0) != 0)
    keep = first | last | moved
    return {
        "parts": np.bincount(owner, minlength=count),
        "sizes": np.bincount(line[keep], minlength=len(lines)),
        "x": x[keep],
        "y": y[keep],
    }
