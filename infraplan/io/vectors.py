"""
Features of map files, each format opened as what its first bytes say and as nothing else.

GDAL guesses formats by content: it would follow a VRT under the name `.geojson` to any file of the
machine. So the first bytes are checked before, the driver that GDAL took afterwards. Texts of old
formats are decoded here: by the encoding that the file names, as UTF-8, else as Windows-1252, where
those of Vietnamese fonts (TCVN3, VNI) can still be told.
"""

import contextlib
import re
import tempfile
import unicodedata
import warnings
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from infraplan.errors import Fault
from infraplan.errors import SourceFileError
from infraplan.io.archives import members
from infraplan.io.archives import unpacked
from infraplan.io.guards import checked_path
from infraplan.io.guards import foreign_parser
from infraplan.io.guards import gdal_name
from infraplan.io.kml import read_gpx
from infraplan.io.kml import read_kml
from infraplan.io.mapinfo import heading_of
from infraplan.io.mapinfo import neutral_copy
from infraplan.io.mapinfo import valid_names
from infraplan.io.systems import Meant
from infraplan.io.systems import lost_datum_fault
from infraplan.io.systems import meant_by
from infraplan.layers.notes import Note
from infraplan.layers.schemas import LAYERS

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Features", "features", "short_names"]

DRIVERS = {
    ".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON", ".json": "GeoJSON",
    ".tab": "MapInfo File", ".mif": "MapInfo File",
}  # fmt: skip
PACKED = {
    ".shp": (".shp", ".shx", ".dbf", ".prj", ".cpg"),
    ".tab": (".tab", ".dat", ".map", ".id", ".ind"),
    ".mif": (".mif", ".mid"),
    ".gpkg": (".gpkg",),
    ".geojson": (".geojson",),
    ".kml": (".kml",),
    ".gpx": (".gpx",),
}
SHORT_NAME = 10  # characters of a column of a shapefile
NARROW = "ISO-8859-1"  # gives every byte as a character
CODEC_OF_CPG = {"65001": "utf-8", "88591": "latin-1", "ansi 1252": "cp1252", "ansi 1258": "cp1258"}
MULTIPLE = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """
    Features of one layer of a file.

    `frame` has a reference system where the file says one; `fault` tells what is wrong with what it
    says, which `--crs` mends.
    """

    frame: "gpd.GeoDataFrame"
    name: str = ""
    notes: tuple[str, ...] = ()
    fault: Fault | None = None


def features(path: Path, layer: str) -> Features:
    """
    Return the features of a map file.

    Parameters
    ----------
    path
        File whose first bytes fit its name.
    layer
        Name of the layer that it shall become, to find the layer or file meant where there are
        several, and the geometries where they are mixed.

    Returns
    -------
    features
        Rows with geometry and what is known of their reference system.

    Raises
    ------
    SourceFileError
        If the file is damaged, of an unread kind, or it is not clear which part of it is meant.
    """
    suffix = path.suffix.lower()
    if suffix in (".kml", ".kmz", ".gpx"):
        read = read_gpx(path) if suffix == ".gpx" else read_kml(path)
        frame, notes = _of_kinds(read.frame, layer)
        return Features(frame, notes=(*read.notes, *notes))
    if suffix == ".zip":
        return _from_archive(path, layer)
    if suffix in (".tab", ".mif"):
        return _from_mapinfo(path)
    if suffix == ".shp":
        return _from_shapefile(path, layer)
    return _from_gdal(path, layer)


def short_names(layer: str, names: Sequence[str]) -> dict[str, str]:
    """
    Return what the columns of a layer are called in a shapefile.

    Parameters
    ----------
    layer
        Name of the layer; others than ours have no names of their own.
    names
        Columns to write.

    Returns
    -------
    renamed
        For each column a name of at most 10 characters, the same whichever columns are written.
    """
    declared = [column.name for column in LAYERS[layer].columns] if layer in LAYERS else []
    renamed = valid_names(list(dict.fromkeys([*declared, *names])), longest=SHORT_NAME)
    return {name: renamed[name] for name in names}


def _from_gdal(path: Path, layer: str) -> Features:
    """Return the features of a GeoPackage or GeoJSON."""
    from infraplan.io.store import settle

    if path.suffix.lower() == ".gpkg" and path.with_name(f"{path.name}-journal").exists():
        settle(path)
    with _readable(path):
        names = _layer_names(path)
        chosen = _one_of(path, names, layer)
        frame = _read(path, layer=chosen)
    return _with_system(frame, meant_by(frame.crs), chosen if len(names) > 1 else "", ())


def _from_shapefile(path: Path, layer: str) -> Features:
    """Return the features of a shapefile, its texts decoded here and its cut names whole again."""
    said = _cpg(path)
    with _readable(path):
        names = _layer_names(path)
        frame = _read(path, layer=names[0], encoding=NARROW)
    frame, notes = _decoded(frame, said, Note("notes.no_cpg"))
    declared = [column.name for column in LAYERS[layer].columns] if layer in LAYERS else []
    cut = {short: name for name, short in short_names(layer, declared).items() if short != name}
    whole = {short: name for short, name in cut.items() if name not in frame}
    return _with_system(frame.rename(columns=whole), meant_by(frame.crs), "", notes)


def _from_mapinfo(path: Path) -> Features:
    """Return the features of a MapInfo file, its datum and texts understood here."""
    heading = heading_of(path)
    with tempfile.TemporaryDirectory(prefix="infraplan-") as folder:
        copy = neutral_copy(path, Path(folder))
        with _readable(path):
            names = _layer_names(copy)
            frame = _read(copy, layer=names[0], encoding=NARROW)
    unsaid = Note("notes.charset", charset=heading.charset or "—")
    frame, notes = _decoded(frame, heading.codec, unsaid)
    meant = heading.meant or meant_by(frame.crs, mapinfo=True)
    return _with_system(frame, meant, "", notes, mapinfo=True)


def _from_archive(path: Path, layer: str) -> Features:
    """Return the features of the one map file in a ZIP archive."""
    inside = members(path)
    maps = [name for name in inside if Path(name).suffix.lower() in PACKED]
    own = [name for name in maps if Path(name).stem.lower() == layer]
    if not maps:
        shown = ", ".join(inside[:5]) or "nothing"
        msg = f"{path} holds no map file (.shp, .tab, .mif, .gpkg, .geojson, .kml), but {shown}"
        raise SourceFileError(msg)
    if len(maps) > 1 and len(own) != 1:
        msg = (
            f"{path} holds several map files ({', '.join(maps[:8])}), none of them named "
            f"'{layer}'; unpack it and give the one you mean"
        )
        raise SourceFileError(msg)
    main = maps[0] if len(maps) == 1 else own[0]
    suffix, stem = Path(main).suffix.lower(), main[: -len(Path(main).suffix)]
    wanted = {
        name: f"layer{Path(name).suffix.lower()}"
        for name in inside
        if name[: -len(Path(name).suffix) or None].lower() == stem.lower()
        and Path(name).suffix.lower() in PACKED[suffix]
    }
    with unpacked(path, wanted) as folder:
        file = folder / f"layer{suffix}"
        try:
            found = features(checked_path(file), layer)
        except SourceFileError as error:
            told = str(error).replace(str(file), main)
            msg = f"{path}: {told}"
            raise SourceFileError(msg) from error
    return replace(found, name=found.name or main)


def _with_system(
    frame: "gpd.GeoDataFrame",
    meant: Meant,
    name: str,
    notes: tuple[str, ...],
    *,
    mapinfo: bool = False,
) -> Features:
    """Return features in the system that their file means, or with the fault of a lost one."""
    fault = None
    if meant.lost:
        fault = lost_datum_fault(meant.lost, mapinfo=mapinfo)
    elif meant.unreadable:
        fault = Fault(
            what=f"the file does not say where it lies: {meant.unreadable}",
            expected="longitude and latitude, or metres in a system with an EPSG code",
            remedy="ask its owner which system the numbers are in, and add it as --crs EPSG:...",
            code="no_place_on_earth",
        )
    code = meant.code or meant.lost
    if code or fault:
        frame = frame.set_crs(code or None, allow_override=True)
    return Features(frame, name, (*notes, *meant.notes), fault)


def _of_kinds(frame: "gpd.GeoDataFrame", layer: str) -> tuple["gpd.GeoDataFrame", tuple[str, ...]]:
    """Return the features that a layer can hold where a file mixes points, lines and areas."""
    kinds = frame.geometry.geom_type.map(lambda kind: MULTIPLE.get(kind, kind))
    wanted = LAYERS[layer].geometry if layer in LAYERS else ()
    fits = kinds.isin(wanted) | kinds.isna()
    if not kinds.isin(wanted).any() or fits.all():
        return frame, ()
    left = kinds[~fits].value_counts().sort_index()
    shown = ", ".join(f"{count} {kind}" for kind, count in left.items())
    return frame[fits], (Note("notes.other_kinds", layer=layer, kinds=shown),)


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Tell errors of GDAL in words."""
    with warnings.catch_warnings(), foreign_parser(path, f"{path.suffix[1:].lower()} file"):
        warnings.simplefilter("ignore")  # of GDAL, on what is no fault of the layer
        yield


def _layer_names(path: Path) -> list[str]:
    """Return the layers of a file, whose driver is that of its name."""
    import pyogrio

    names = [str(name) for name, _ in pyogrio.list_layers(gdal_name(path))]
    if not names:
        msg = "it holds no layer"
        raise ValueError(msg)
    driver = pyogrio.read_info(gdal_name(path), layer=names[0])["driver"]
    if driver != DRIVERS[path.suffix.lower()]:
        msg = f"it is a file of {driver}, whatever its name says"
        raise ValueError(msg)
    return names


def _read(path: Path, **options: Any) -> "gpd.GeoDataFrame":  # noqa: ANN401 - of pyogrio
    """Return a layer of a file, a GeoDataFrame even where it has no geometry."""
    import pyogrio

    return pyogrio.read_dataframe(gdal_name(path), on_invalid="ignore", **options)


def _one_of(path: Path, names: list[str], layer: str) -> str:
    """Return which layer of a file is meant."""
    if layer in names:
        return layer
    if len(names) == 1:
        return names[0]
    msg = (
        f"{path} holds several layers ({', '.join(names)}), none of them named '{layer}'; "
        "save the one you mean to a file of its own"
    )
    raise SourceFileError(msg)


def _cpg(path: Path) -> str:
    """Return the codec that the `.cpg` beside a shapefile names; empty where none is known."""
    import codecs

    beside = [path.with_suffix(end) for end in (".cpg", ".CPG")]
    file = next((item for item in beside if item.is_file()), None)
    if file is None:
        return ""
    text = file.read_bytes()[:64].decode("ascii", "ignore").strip().lower()
    text = CODEC_OF_CPG.get(text, text)
    with contextlib.suppress(LookupError, ValueError):
        return codecs.lookup(text).name
    with contextlib.suppress(LookupError, ValueError):
        return codecs.lookup(f"cp{re.sub(r'[^0-9]', '', text)}").name
    return ""


def _decoded(
    frame: "gpd.GeoDataFrame", codec: str, unsaid: Note
) -> tuple["gpd.GeoDataFrame", tuple[str, ...]]:
    """Return a layer whose texts were read as bytes, decoded; and what encoding was taken."""
    columns = [
        name for name in frame.columns if frame[name].dtype.kind in "OTU" or _strings(frame[name])
    ]
    cells = {value for name in columns for value in frame[name] if isinstance(value, str)}
    cells |= {str(name) for name in frame.columns}
    raw = {text: text.encode("latin-1", "replace") for text in cells}
    taken, notes = codec or "utf-8", list[Note]()
    if not all(map(str.isascii, cells)):
        if not all(_is_in(content, taken) for content in raw.values()):
            if codec:
                notes.append(Note("notes.not_its_encoding", said=codec, taken="Windows-1252"))
            taken = "cp1252"
        if not codec:
            told = "UTF-8" if taken == "utf-8" else "Windows-1252"
            notes.append(Note("notes.encoding_taken", why=unsaid, taken=told))
    told_texts = {text: _decode(content, taken) for text, content in raw.items()}
    changed = {
        name: frame[name].map(lambda cell: told_texts.get(cell, cell)).astype(object)
        for name in columns
    }
    names = {name: told_texts[str(name)] for name in frame.columns if name != "geometry"}
    return frame.assign(**changed).rename(columns=names), tuple(notes)


def _strings(column: Any) -> bool:  # noqa: ANN401 - a Series
    """Return whether a column holds text."""
    return str(column.dtype) in ("str", "string", "object")


def _is_in(content: bytes, codec: str) -> bool:
    """Return whether bytes are text of an encoding; a last letter cut in two does not count."""
    try:
        content.decode(codec)
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start > 0
    return True


def _decode(content: bytes, codec: str) -> str:
    """Return text of bytes; those that Windows-1252 leaves undefined stay what they are."""
    if codec == "cp1252":
        return "".join(bytes([byte]).decode(codec, "ignore") or chr(byte) for byte in content)
    text = content.decode(codec, "ignore")
    return unicodedata.normalize("NFC", text) if codec == "cp1258" else text
