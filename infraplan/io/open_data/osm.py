"""
OpenStreetMap: roads, streets, waterways, buildings and places.

Files are read by GDAL's OSM driver, not by a parser of our own: it streams XML and PBF alike, puts
multipolygons together, and keeps node positions on disk. Before it sees an XML file, we look at
what precedes the root element: a document type, the only way to entities that explode or reach for
other files, is refused.
"""

import re
import warnings
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.errors import SourceFileError
from infraplan.io.open_data.declarations import OpenSource
from infraplan.io.open_data.pieces import Area
from infraplan.io.open_data.pieces import Brought
from infraplan.io.open_data.pieces import NothingThereError
from infraplan.io.open_data.pieces import Piece
from infraplan.layers.schemas import schema

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["check_osm", "read_osm"]

PROLOGUE_BYTES = 65_536
TAIL_BYTES = 4096
PBF = b"OSMHeader"
PROLOGUE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml(?:(?!encoding)[^>?])*"
    rb"(?:encoding\s*=\s*[\"'](?:utf-8|us-ascii)[\"'][^>?]*)?\?>\s*)?<osm[\s>]",
    re.IGNORECASE,
)
SMALL_BYTES = 20_000_000
IS_TOWN = ("phường", "thị trấn")
SURFACES = {
    "asphalt": ("asphalt", "chipseal"),
    "concrete": ("concrete", "concrete:plates", "concrete:lanes", "cement"),
    "paving": ("paving_stones", "sett", "cobblestone", "bricks"),
    "soil": ("unpaved", "ground", "dirt", "earth", "gravel", "fine_gravel", "sand", "compacted"),
}
USES = {
    "dwelling": ("house", "residential", "apartments", "detached", "terrace", "hut", "farm"),
    "school": ("school", "kindergarten", "university", "college"),
    "clinic": ("hospital", "clinic"),
    "office": ("office", "government", "public", "civic", "commercial"),
}


def check_osm(path: Path) -> None:
    """
    Refuse an OpenStreetMap file that is cut, hostile, or holds an error instead of data.

    Parameters
    ----------
    path
        XML (`.osm`) or PBF (`.osm.pbf`); a cut PBF is found on reading.

    Raises
    ------
    SourceFileError
        If it is any of these.
    """
    with path.open("rb") as stream:
        head = stream.read(PROLOGUE_BYTES)
        stream.seek(max(path.stat().st_size - TAIL_BYTES, 0))
        tail = stream.read()
    if b"<OGRVRT" in head:  # GDAL would take it for a file that names other files
        msg = f"{path} is not OpenStreetMap data, whatever its name says"
        raise SourceFileError(msg)
    if PBF in head[:64]:
        return
    if not PROLOGUE.match(head):
        msg = f"{path} is neither OpenStreetMap XML in UTF-8 without document type, nor PBF"
        raise SourceFileError(msg)
    if remark := re.search(rb"<remark>([^<]*error[^<]*)</remark>", tail):
        said = remark[1].decode("utf-8", "replace").strip()[:200]
        msg = f"the server did not finish: {said}; with a smaller tile_deg each answer is smaller"
        raise SourceFileError(msg)
    if not tail.rstrip().endswith(b"</osm>"):
        msg = f"{path} ends before its end"
        raise SourceFileError(msg)


def read_osm(
    source: OpenSource,
    files: Sequence[tuple[Piece, Path | None]],
    area: Area,
    target: Path,
    communes: "gpd.GeoDataFrame",
) -> Brought:
    """
    Write the features of a layer as a GeoPackage of its schema.

    Parameters
    ----------
    source
        Declaration; `options.classes` maps values of the tag to ours, others are left out.
    files
        OpenStreetMap files that cover the area.
    area
        Area; features that do not touch it are left out.
    target
        GeoPackage to write.
    communes
        Communes of the plan, of which those of towns say where streets are.

    Returns
    -------
    brought
        The file; notes tell what was left out and how old the data are.

    Raises
    ------
    NothingThereError
        If there is nothing of the layer in the area.
    SourceFileError
        If a file is damaged or hostile.
    """
    import pyogrio

    frames, dates = [], set()
    for _, path in files:
        if path is None:
            continue
        check_osm(path)
        frames += [_features(source.layer, path, area, table) for table in _tables(source.layer)]
        dates.add(_as_of(path))
    whole = pd.concat(frames, ignore_index=True)
    whole = whole[~whole["id"].duplicated()].sort_values("id", kind="stable")
    made, notes = _MAKERS[source.layer](whole.reset_index(drop=True), source, communes)
    if not len(made):
        msg = f"OpenStreetMap has nothing of layer '{source.layer}' in the area"
        raise NothingThereError(msg)
    pyogrio.write_dataframe(made, target, layer=source.layer, driver="GPKG")
    days = sorted(filter(None, dates))
    return Brought(target, notes, {"as_of": days[0]} if days else {})


def _tables(layer: str) -> tuple[str, ...]:
    """Return which of GDAL's tables hold a layer, with the condition on its rows."""
    if layer in ("roads", "streets"):
        return ("lines WHERE highway IS NOT NULL",)
    if layer == "waterways":
        return (
            "lines WHERE waterway IS NOT NULL",
            "multipolygons WHERE \"natural\" = 'water'",
        )
    if layer == "buildings":
        return ("multipolygons WHERE building IS NOT NULL",)
    return ("points WHERE place IS NOT NULL",)


def _features(layer: str, path: Path, area: Area, table: str) -> "gpd.GeoDataFrame":
    """Return the rows of one of GDAL's tables that touch the area, with ids and tags."""
    import geopandas as gpd
    import pyogrio

    west, south, east, north = area.shape.bounds
    try:
        with warnings.catch_warnings(), _little_memory(path):
            warnings.simplefilter("ignore")  # of features that lie outside the file
            frame = pyogrio.read_dataframe(
                path,
                sql=f"SELECT * FROM {table}",  # noqa: S608 - our own words
                bbox=(west, south, east, north),
                use_arrow=False,
            )
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FeatureError,
        ValueError,
    ) as error:
        msg = f"{path.name} is damaged, or not OpenStreetMap data (layer '{layer}'): {error}"
        raise SourceFileError(msg) from error
    prefix = {"points": "n", "lines": "w", "multipolygons": "r"}[table.split(" ", 1)[0]]
    ids = prefix + frame["osm_id"].astype("str")
    if "osm_way_id" in frame:
        ids = ids.where(frame["osm_id"].notna(), "w" + frame["osm_way_id"].astype("str"))
    tags = frame.get("other_tags", pd.Series(None, index=frame.index, dtype=object))
    plain = frame.drop(columns=["other_tags", "osm_id", "osm_way_id"], errors="ignore")
    made = gpd.GeoDataFrame(plain.assign(id=ids, tags=tags.map(_parsed)), crs="EPSG:4326")
    return made[made.intersects(area.shape)]


@contextmanager
def _little_memory(path: Path) -> Iterator[None]:
    """Let GDAL reserve for a small file no more memory than it needs, which takes it long."""
    import pyogrio

    if path.stat().st_size > SMALL_BYTES:
        yield
        return
    pyogrio.set_gdal_config_options({"OSM_MAX_TMPFILE_SIZE": "10"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OSM_MAX_TMPFILE_SIZE": None})


def _parsed(text: object) -> dict[str, str]:
    """Return tags that GDAL packs as `"key"=>"value"`, joined by commas."""
    if not isinstance(text, str):
        return {}
    pairs = re.findall(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"', text)
    return {_plain(key): _plain(value) for key, value in pairs}


def _plain(text: str) -> str:
    """Return a text without the strokes before its quotation marks."""
    return re.sub(r"\\(.)", r"\1", text)


def _tag(frame: pd.DataFrame, key: str) -> pd.Series:
    """Return a tag of each row, None where it has none."""
    if key in frame.columns:
        column = frame[key]
        return column.where(column.notna(), None)
    return frame["tags"].map(lambda tags: tags.get(key))


def _as_of(path: Path) -> str:
    """Return the day that an answer of Overpass describes, empty where it does not say."""
    with path.open("rb") as stream:
        head = stream.read(PROLOGUE_BYTES)
    found = re.search(rb'osm_base="(\d{4}-\d\d-\d\d)T', head)
    return found[1].decode() if found else ""


def _classes(source: OpenSource) -> dict[str, str]:
    """Return our value for each value of the tag."""
    table: Mapping[str, Sequence[str]] = source.options.get("classes", {})
    return {name: ours for ours, names in table.items() for name in names}


def _number(values: pd.Series, low: float, high: float) -> pd.Series:
    """Return the numbers that texts such as `7.5 m` begin with, where they make sense."""
    found = values.astype("str").str.extract(r"^\s*(\d+(?:\.\d+)?)\s*(?:m|$)", expand=False)
    numbers = pd.to_numeric(found, errors="coerce")
    return numbers.where(numbers.between(low, high))


def _looked_up(values: pd.Series, table: Mapping[str, Sequence[str]]) -> pd.Series:
    """Return our value for each text, None where it has none."""
    ours = {name: value for value, names in table.items() for name in names}
    return values.map(lambda value: ours.get(value) if isinstance(value, str) else None)


def _frame(frame: "gpd.GeoDataFrame", **columns: Any) -> "gpd.GeoDataFrame":  # noqa: ANN401
    """Return a table with these columns and the geometry of another one."""
    import geopandas as gpd

    return gpd.GeoDataFrame(
        {**columns, "geometry": frame.geometry}, index=frame.index, crs=frame.crs
    )


def _left_out(kept: int, total: int) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Return a note where rows were left out."""
    return (("note_left_out", {"count": total - kept}),) if total > kept else ()


Made = tuple["gpd.GeoDataFrame", tuple[tuple[str, Mapping[str, Any]], ...]]


def _roads(frame: "gpd.GeoDataFrame", source: OpenSource, _: "gpd.GeoDataFrame") -> Made:
    """Return roads; paths for people on foot and works not yet done are no roads."""
    classes = frame["highway"].map(_classes(source))
    kept = frame[classes.notna()]
    name = _tag(kept, "name").where(_tag(kept, "name").notna(), _tag(kept, "ref"))
    columns = {
        "road_id": kept["id"],
        "name": name,
        "class": classes[classes.notna()],
        "surface": _looked_up(_tag(kept, "surface"), SURFACES),
    }
    return _frame(kept, **columns), _left_out(len(kept), len(frame))


def _streets(frame: "gpd.GeoDataFrame", source: OpenSource, communes: "gpd.GeoDataFrame") -> Made:
    """Return streets: ways with a name, in communes of the kind of a town."""
    kinds = communes.get("type", pd.Series(dtype="str"))
    towns = communes[kinds.isin(IS_TOWN)].to_crs("EPSG:4326")
    classes = frame["highway"].map(_classes(source))
    inside = frame.geometry.intersects(towns.geometry.union_all()) if len(towns) else False
    is_kept = classes.notna() & _tag(frame, "name").notna() & inside
    kept = frame[is_kept]
    columns = {
        "street_id": kept["id"],
        "name": _tag(kept, "name"),
        "class": classes[is_kept],
        "width_m": _number(_tag(kept, "width"), 1, 150),
        "surface": _looked_up(_tag(kept, "surface"), SURFACES),
    }
    return _frame(kept, **columns), _left_out(len(kept), len(frame))


def _waterways(frame: "gpd.GeoDataFrame", source: OpenSource, _: "gpd.GeoDataFrame") -> Made:
    """Return rivers and canals as lines, water as areas."""
    kinds = _tag(frame, "waterway").map(_classes(source))
    is_area = frame.geometry.geom_type.isin(("Polygon", "MultiPolygon"))
    wet = _looked_up(_tag(frame, "water"), {"river": ("river", "oxbow"), "canal": ("canal",)})
    kinds = kinds.where(~is_area, wet)
    is_kept = kinds.notna() | is_area
    kept, mended = _whole_areas(frame[is_kept])
    columns = {
        "waterway_id": kept["id"],
        "name": _tag(kept, "name"),
        "kind": kinds[is_kept].reindex(kept.index),
        "width_m": _number(_tag(kept, "width"), 0, 5000),
    }
    return _frame(kept, **columns), (*_left_out(len(kept), len(frame)), *mended)


def _buildings(frame: "gpd.GeoDataFrame", _: OpenSource, __: "gpd.GeoDataFrame") -> Made:
    """Return buildings; floors and height where they are told."""
    kept, mended = _whole_areas(frame[frame["building"] != "no"])
    floors = _number(_tag(kept, "building:levels"), 1, 100)
    use = _looked_up(_tag(kept, "building"), USES)
    amenity = _looked_up(_tag(kept, "amenity"), USES)
    columns = {
        "building_id": kept["id"],
        "use": use.where(use.notna(), amenity),
        "floors": floors.round(),
        "height_m": _number(_tag(kept, "height"), 1, 400),
    }
    return _frame(kept, **columns), (*_left_out(len(kept), len(frame)), *mended)


def _places(frame: "gpd.GeoDataFrame", source: OpenSource, _: "gpd.GeoDataFrame") -> Made:
    """Return named places."""
    kinds = frame["place"].map(_classes(source))
    is_kept = kinds.notna() & _tag(frame, "name").notna()
    kept = frame[is_kept]
    columns = {
        "place_id": kept["id"],
        "name": _tag(kept, "name"),
        "kind": kinds[is_kept],
        "people": _number(_tag(kept, "population"), 0, 20_000_000).round(),
    }
    return _frame(kept, **columns), _left_out(len(kept), len(frame))


def _whole_areas(frame: "gpd.GeoDataFrame") -> Made:
    """Return rows whose polygons are valid; those that cross themselves are mended."""
    import shapely

    shapes = frame.geometry.to_numpy()
    broken = ~shapely.is_valid(shapes)
    if not broken.any():
        return frame, ()
    mended = frame.set_geometry(shapely.make_valid(shapes, method="structure"))
    accepted = schema("buildings").geometry
    usable = mended.geometry.geom_type.isin((*accepted, "LineString")) & ~mended.is_empty
    return mended[usable], (("note_mended", {"count": int(broken.sum())}),)


_MAKERS = {
    "roads": _roads,
    "streets": _streets,
    "waterways": _waterways,
    "buildings": _buildings,
    "places": _places,
}
