"""
KML and KMZ of Google Earth, and GPX of field trips: longitude and latitude in WGS 84, always.

The XML is parsed here, without entities and without following any link; a KMZ is looked through
like a workbook and never unpacked to disk.
"""

import html.parser
import io
import re
import zipfile
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from xml.sax.saxutils import escape
from xml.sax.saxutils import quoteattr

import pandas as pd

from infraplan.errors import SourceFileError
from infraplan.io.archives import content_of
from infraplan.io.archives import members
from infraplan.io.mapinfo import texts

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    import geopandas as gpd

__all__ = ["Folder", "Placemarks", "kml_folders", "kml_text", "kmz_bytes", "read_gpx", "read_kml"]

FIXED_TIME = (2000, 1, 1, 0, 0, 0)  # equal content gives equal bytes
DECIMALS = 10  # of a degree: 0.01 mm
TRACKS = ("Track", "MultiTrack")
GEOMETRIES = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", *TRACKS)
LINKS = ("NetworkLink", "GroundOverlay", "ScreenOverlay", "PhotoOverlay", "Model", *TRACKS)
CONTROL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, eq=False)
class Placemarks:
    """What a KML or GPX holds, in EPSG:4326, and what was left out."""

    frame: "gpd.GeoDataFrame"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Folder:
    """
    One folder of a KML: a layer in EPSG:4326, named, each placemark labelled, in one colour.

    `frame` holds what the balloon of a placemark tells, by the words of its columns; `colour` is
    opacity, blue, green, red.
    """

    title: str
    frame: "gpd.GeoDataFrame"
    labels: Sequence[str]
    colour: str = "ff1f78d1"
    is_open: bool = True


@dataclass(slots=True)
class _Found:
    """Placemarks on their way to a table."""

    rows: list[dict[str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)
    shapes: list[Any] = field(default_factory=list)
    skipped: set[str] = field(default_factory=set)


def read_kml(path: Path) -> Placemarks:
    """
    Read the placemarks of a KML or KMZ.

    Parameters
    ----------
    path
        `.kml` or `.kmz`.

    Returns
    -------
    placemarks
        A row each: columns of `ExtendedData` and of the tables in descriptions, `name`, and
        `folder` where there are several.

    Raises
    ------
    SourceFileError
        If it is damaged, hostile, or holds no placemark.
    """
    root = _root(path, _content(path), "kml")
    found = _Found()
    for element, folder in _walk(root):
        kind = _tag(element)
        if kind == "Placemark":
            _take(element, folder, found)
        elif kind in LINKS:
            found.skipped.add(kind)
    if not found.rows:
        msg = f"{path} holds no placemark"
        if "NetworkLink" in found.skipped:
            msg += (
                ", only a link to another place; open it in Google Earth, wait for the content and "
                "save that as .kmz"
            )
        raise SourceFileError(msg)
    return _placemarks(found)


def read_gpx(path: Path) -> Placemarks:
    """
    Read the waypoints, routes and tracks of a GPX.

    Parameters
    ----------
    path
        `.gpx`.

    Returns
    -------
    placemarks
        Waypoints as points, routes and tracks as lines, with `name`, `description` and `time`.

    Raises
    ------
    SourceFileError
        If it is damaged, hostile, or holds none of them.
    """
    import shapely

    root = _root(path, path.read_bytes(), "gpx")
    found = _Found()
    for element in root:
        kind = _tag(element)
        if kind not in ("wpt", "rte", "trk"):
            continue
        if kind == "wpt":
            shape = shapely.Point(_gpx_position(element, path))
        else:
            parts = [element] if kind == "rte" else [p for p in element if _tag(p) == "trkseg"]
            lines = [
                [_gpx_position(point, path) for point in part if _tag(point) in ("rtept", "trkpt")]
                for part in parts
            ]
            whole = [line for line in lines if len(line) > 1]
            shape = (
                shapely.LineString(whole[0]) if len(whole) == 1 else shapely.MultiLineString(whole)
            )
        told = {"desc": "description", "time": "time"}
        row = {told[_tag(p)]: (p.text or "").strip() for p in element if _tag(p) in told}
        found.rows.append(row)
        found.names.append(_child_text(element, "name"))
        found.folders.append("")
        found.descriptions.append("")
        found.shapes.append(shape)
    if not found.rows:
        msg = f"{path} holds no waypoint, route or track"
        raise SourceFileError(msg)
    return _placemarks(found)


def kml_text(
    frame: "gpd.GeoDataFrame",
    *,
    title: str,
    about: Sequence[str],
    labels: Sequence[str],
    colour: str = "ff1f78d1",
) -> str:
    """
    Return a layer as KML.

    Parameters
    ----------
    frame
        Layer in EPSG:4326, its id an ordinary column.
    title
        Name of the document.
    about
        Lines of its description: source, licence, what a reader must know.
    labels
        Name of each placemark.
    colour
        Of points, lines and outlines, as KML writes it: opacity, blue, green, red.

    Returns
    -------
    text
        The document, all text of the data escaped.
    """
    lines = [
        *_opening(title, about),
        _style("s", colour),
        *_placemarks_of(frame, labels, "s"),
    ]
    return "\n".join([*lines, "</Document></kml>", ""])


def kml_folders(folders: Sequence[Folder], *, title: str, about: Sequence[str]) -> str:
    """
    Return several layers as one KML, each in a folder that the phone switches on and off.

    Parameters
    ----------
    folders
        Layers in the order of their folders; empty ones are left out.
    title
        Name of the document.
    about
        Lines of its description.

    Returns
    -------
    text
        The document, all text of the data escaped.
    """
    shown = [folder for folder in folders if len(folder.frame)]
    lines = _opening(title, about)
    lines += [_style(f"s{place}", folder.colour) for place, folder in enumerate(shown)]
    for place, folder in enumerate(shown):
        lines += [
            f"<Folder><name>{_text(folder.title)}</name><open>{int(folder.is_open)}</open>",
            *_placemarks_of(folder.frame, folder.labels, f"s{place}"),
            "</Folder>",
        ]
    return "\n".join([*lines, "</Document></kml>", ""])


def _opening(title: str, about: Sequence[str]) -> list[str]:
    """Return how a document begins."""
    return [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<kml xmlns="http://www.opengis.net/kml/2.2">',
        f"<Document><name>{_text(title)}</name>",
        f"<description>{_text(chr(10).join(about))}</description>",
    ]


def _style(name: str, colour: str) -> str:
    """Return the look of points, lines and areas."""
    return (
        f'<Style id="{name}"><IconStyle><color>{colour}</color><scale>0.8</scale></IconStyle>'
        f"<LineStyle><color>{colour}</color><width>2</width></LineStyle>"
        f"<PolyStyle><color>40{colour[2:]}</color></PolyStyle></Style>"
    )


def _placemarks_of(frame: "gpd.GeoDataFrame", labels: Sequence[str], style: str) -> list[str]:
    """Return the rows of a layer as placemarks."""
    names = [str(name) for name in frame.columns if name != frame.geometry.name]
    columns = {name: list(texts(frame[name])) for name in names}
    shown = [name for name in names if name == "name" or any(columns[name])]
    lines = []
    for row, (label, shape) in enumerate(zip(labels, frame.geometry, strict=True)):
        cells = [(name, columns[name][row]) for name in shown]
        lines += [
            f"<Placemark><name>{_text(label)}</name><styleUrl>#{style}</styleUrl>",
            f"<description>{_text(_table(cells))}</description>",
            "<ExtendedData>",
            *(
                f"<Data name={quoteattr(_clean(name))}><value>{_text(value)}</value></Data>"
                for name, value in cells
            ),
            "</ExtendedData>",
            _drawn(shape),
            "</Placemark>",
        ]
    return lines


def kmz_bytes(text: str) -> bytes:
    """
    Return a KML packed as KMZ, the same bytes for the same text.

    Parameters
    ----------
    text
        KML document.

    Returns
    -------
    content
        ZIP archive with `doc.kml`.
    """
    packed = io.BytesIO()
    entry = zipfile.ZipInfo("doc.kml", FIXED_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(entry, text.encode())
    return packed.getvalue()


def _content(path: Path) -> bytes:
    """Return the bytes of the KML document in a file."""
    if path.suffix.lower() == ".kml":
        return path.read_bytes()
    inside = [name for name in members(path) if name.lower().endswith(".kml")]
    if not inside:
        msg = f"{path} is a KMZ without a .kml inside"
        raise SourceFileError(msg)
    top = min(inside, key=lambda name: (name.lower() != "doc.kml", name.count("/")))
    return content_of(path, top)


def _root(path: Path, content: bytes, kind: str) -> "Element":
    """Return the root of an XML document that declares no entity and no document type."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        msg = f"{path} declares a document type or entities, which no {kind} needs; it is refused"
        raise SourceFileError(msg) from error
    except (ParseError, ValueError, LookupError) as error:
        msg = f"{path} is damaged, or no {kind}: {error}"
        raise SourceFileError(msg) from error
    if _tag(root) != kind:
        msg = f"{path} is not a {kind} file, whatever its name says"
        raise SourceFileError(msg)
    return root


def _walk(root: "Element") -> Iterator[tuple["Element", str]]:
    """Yield what lies in the folders of a document, in its order, each with the folders' names."""
    waiting = [(root, "")]
    while waiting:
        element, folder = waiting.pop()
        if _tag(element) in ("kml", "Document", "Folder"):
            own = _child_text(element, "name") if _tag(element) == "Folder" else ""
            path = " / ".join(filter(None, (folder, own)))
            waiting += [(child, path) for child in reversed(element)]
        else:
            yield element, folder


def _take(element: "Element", folder: str, found: _Found) -> None:
    """Add a placemark to those found."""
    row: dict[str, str] = {}
    description = ""
    for child in element:
        if _tag(child) == "ExtendedData":
            row |= dict(_extended(child))
        elif _tag(child) == "description":
            description = "".join(child.itertext()).strip()
    for name, value in _tabulated(description).items():
        row.setdefault(name, value)
    shape = next((_shape(child, found) for child in element if _tag(child) in GEOMETRIES), None)
    found.rows.append(row)
    found.names.append(_child_text(element, "name"))
    found.folders.append(folder)
    found.descriptions.append("" if "<" in description else description)
    found.shapes.append(shape)


def _extended(element: "Element") -> Iterator[tuple[str, str]]:
    """Yield the columns of an element `ExtendedData`, of a schema or free."""
    for child in element.iter():
        if _tag(child) == "SimpleData":
            yield child.get("name", ""), child.text or ""
        elif _tag(child) == "Data":
            yield child.get("name", ""), _child_text(child, "value", strip=False)


class _Cells(html.parser.HTMLParser):
    """The cells of the tables in a description, row by row."""

    def __init__(self) -> None:
        """Begin without any."""
        super().__init__()
        self.rows: list[list[str]] = []
        self.open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row or a cell."""
        del attrs
        if tag == "tr":
            self.rows.append([])
        self.open = tag in ("td", "th") or (self.open and tag not in ("tr", "table"))
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        self.open = self.open and tag not in ("td", "th", "tr", "table")

    def handle_data(self, data: str) -> None:
        """Add text to the cell that is open."""
        if self.open and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def _tabulated(description: str) -> dict[str, str]:
    """Return what tables of two columns in a description say."""
    if "<t" not in description.lower():
        return {}
    cells = _Cells()
    cells.feed(description)
    pairs = [[cell.strip() for cell in row] for row in cells.rows if len(row) == 2]
    return {name.rstrip(": "): value for name, value in pairs if name}


def _shape(element: "Element", found: _Found, depth: int = 0) -> Any:  # noqa: ANN401 - shapely is untyped
    """Return a geometry of a placemark; None where it cannot be drawn."""
    import shapely

    kind = _tag(element)
    if kind in TRACKS or depth > 20:
        found.skipped.add(kind)
        return None
    try:
        if kind == "Point":
            points = _positions(element)
            return shapely.Point(points[0]) if points else None
        if kind in ("LineString", "LinearRing"):
            return shapely.LineString(_positions(element))
        if kind == "Polygon":
            rings = {"outerBoundaryIs": [], "innerBoundaryIs": []}  # type: dict[str, list[Any]]
            for boundary in element:
                if _tag(boundary) in rings:
                    rings[_tag(boundary)] += [_positions(ring) for ring in boundary]
            return shapely.Polygon(rings["outerBoundaryIs"][0], rings["innerBoundaryIs"])
    except (ValueError, IndexError, shapely.errors.ShapelyError):
        found.skipped.add(f"broken {kind}")
        return None
    parts = [_shape(child, found, depth + 1) for child in element if _tag(child) in GEOMETRIES]
    return _joined([part for part in parts if part is not None])


def _joined(parts: list[Any]) -> Any:  # noqa: ANN401 - shapely is untyped
    """Return the parts of a placemark as one geometry."""
    import shapely

    kinds = {part.geom_type for part in parts}
    if len(parts) == 1:
        return parts[0]
    many = {
        "Point": shapely.MultiPoint,
        "LineString": shapely.MultiLineString,
        "Polygon": shapely.MultiPolygon,
    }
    if len(kinds) == 1 and (kind := kinds.pop()) in many:
        return many[kind](parts)
    return shapely.GeometryCollection(parts) if parts else None


def _positions(element: "Element") -> list[tuple[float, float]]:
    """Return longitudes and latitudes of an element `coordinates`; heights are left out."""
    text = next(("".join(c.itertext()) for c in element if _tag(c) == "coordinates"), "")
    text = re.sub(r"\s*,\s*", ",", text)
    found = []
    for entry in text.split():
        numbers = entry.split(",")
        found.append((float(numbers[0]), float(numbers[1])))
    return found


def _gpx_position(element: "Element", path: Path) -> tuple[float, float]:
    """Return longitude and latitude of a point of a GPX."""
    try:
        return float(element.get("lon", "")), float(element.get("lat", ""))
    except ValueError as error:
        msg = f"{path} has a point without lon and lat: {error}"
        raise SourceFileError(msg) from error


def _placemarks(found: _Found) -> Placemarks:
    """Return placemarks as a table."""
    import geopandas as gpd

    keys = list(dict.fromkeys(key for row in found.rows for key in row if key))
    table: dict[str, list[Any]] = {
        key: [row.get(key, "") or None for row in found.rows] for key in keys
    }
    if not any(key.lower() == "name" for key in keys) and any(found.names):
        table = {"name": [name or None for name in found.names], **table}
    if len(set(found.folders)) > 1 and "folder" not in table:
        table["folder"] = [folder or None for folder in found.folders]
    if any(found.descriptions) and "description" not in table:
        table["description"] = [text or None for text in found.descriptions]
    frame = gpd.GeoDataFrame(
        pd.DataFrame(table, index=range(len(found.rows)), dtype=object),
        geometry=gpd.GeoSeries(found.shapes, crs="EPSG:4326"),
    )
    skipped = ", ".join(sorted(found.skipped))
    return Placemarks(frame, (f"not read: {skipped}",) if skipped else ())


def _tag(element: "Element") -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _child_text(element: "Element", name: str, *, strip: bool = True) -> str:
    """Return the text of a child element, empty where it lacks."""
    text = next(("".join(c.itertext()) for c in element if _tag(c) == name), "")
    return text.strip() if strip else text


def _clean(text: str) -> str:
    """Return a text without the control characters that XML cannot hold."""
    return CONTROL.sub("\ufffd", text)


def _text(text: str) -> str:
    """Return a text escaped for XML, its carriage returns kept."""
    return escape(_clean(text), {"\r": "&#13;"})


def _table(cells: Sequence[tuple[str, str]]) -> str:
    """Return the table that Google Earth shows when a placemark is clicked."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value, {chr(34): '&quot;'})}</td></tr>"
        for name, value in cells
        if value
    )
    return f"<table>{rows}</table>"


def _drawn(shape: Any) -> str:  # noqa: ANN401 - shapely is untyped
    """Return a geometry as KML; empty where there is none."""
    if shape is None or shape.is_empty:
        return ""
    kind = shape.geom_type
    if kind == "Point":
        return f"<Point><coordinates>{_along(shape.coords)}</coordinates></Point>"
    if kind == "LineString":
        inside = f"<tessellate>1</tessellate><coordinates>{_along(shape.coords)}</coordinates>"
        return f"<LineString>{inside}</LineString>"
    if kind == "Polygon":
        rings = [("outer", shape.exterior), *(("inner", ring) for ring in shape.interiors)]
        drawn = "".join(
            f"<{side}BoundaryIs><LinearRing><coordinates>{_along(ring.coords)}</coordinates>"
            f"</LinearRing></{side}BoundaryIs>"
            for side, ring in rings
        )
        return f"<Polygon>{drawn}</Polygon>"
    return f"<MultiGeometry>{''.join(_drawn(part) for part in shape.geoms)}</MultiGeometry>"


def _along(coordinates: Any) -> str:  # noqa: ANN401 - shapely is untyped
    """Return positions as KML writes them."""
    return " ".join(f"{_degrees(point[0])},{_degrees(point[1])}" for point in coordinates)


def _degrees(value: float) -> str:
    """Return a number of degrees without needless zeros."""
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
