"""
MapInfo files, read and written with the right datum.

GDAL turns VN-2000 into WGS 84 on writing, and every position then lies 224.7 m off. So the line
`CoordSys` of a MIF is understood and written here; a TAB gets its datum through the one name that
GDAL writes out whole. What `Charset` says is respected; texts without one come as their bytes.
"""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.io.systems import DEGREES
from infraplan.io.systems import MERIDIANS
from infraplan.io.systems import SHIFT
from infraplan.io.systems import Meant
from infraplan.io.systems import meant_by_numbers
from infraplan.io.systems import zone_of
from infraplan.layers.notes import Note

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "TAB_FILES",
    "Heading",
    "coordsys_line",
    "fit_for_mapinfo",
    "heading_of",
    "meant_by_line",
    "neutral_copy",
    "write_mif",
    "write_tab",
]

TAB_FILES = (".dat", ".map", ".id")
HEAD_BYTES = 1 << 20
NAME_LONGEST, TEXT_LONGEST = 31, 254  # characters of a column's name; bytes of a text
WGS_84 = (104, 157)
WORDS_OF_UNIT = ("m", "metre", "meter", "7", "degree", "degrees", "13")
UTM = {"EPSG:32648": 105.0, "EPSG:32649": 111.0}
CODECS = {
    "": "",
    "neutral": "",
    "utf-8": "utf-8",
    "windowslatin1": "cp1252",
    "windowslatin2": "cp1250",
    "windowsvietnamese": "cp1258",
    "windowscyrillic": "cp1251",
    "iso8859_1": "latin-1",
    "codepage437": "cp437",
    "codepage850": "cp850",
}
LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Heading:
    """
    What the head of a MapInfo file says: its encoding and its reference system.

    `codec` is empty where the file names none; `charset` is how the file calls it. `meant` is None
    where GDAL must be asked.
    """

    charset: str
    codec: str
    meant: Meant | None


def heading_of(path: Path) -> Heading:
    """
    Return what the head of a `.mif` or `.tab` says.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    heading
        Encoding and reference system.

    Raises
    ------
    SourceFileError
        If it is a table of another kind than one that holds its own objects, or its units are not
        metres or degrees.
    """
    with path.open("rb") as stream:
        text = stream.read(HEAD_BYTES).decode("latin-1")
    if path.suffix.lower() == ".tab":
        kind = re.search(r"(?im)^\s*type\s+(\w+)", text)
        if kind is None or kind[1].lower() != "native":
            msg = (
                f"{path} is a MapInfo table of type {kind[1] if kind else 'unknown'}, which only "
                "points to other files; open it in MapInfo and save a copy (Save Copy As, .tab)"
            )
            raise SourceFileError(msg)
        absent = [end for end in TAB_FILES if _beside(path, end) is None]
        if absent:
            msg = (
                f"{path} lacks {', '.join(path.stem + end for end in absent)}: a MapInfo table is "
                "the four files .tab .dat .map .id of one name; ask for all of them"
            )
            raise SourceFileError(msg)
        charset = re.search(r'(?i)charset\s+"?([\w-]+)', text)
        meant = None
    else:
        if _beside(path, ".mid") is None:
            msg = f"{path} lacks {path.stem}.mid, which holds its columns; ask for both files"
            raise SourceFileError(msg)
        head = re.split(r"(?im)^\s*data\s*$", text, maxsplit=1)[0]
        charset = re.search(r'(?im)^\s*charset\s+"?([\w-]+)', head)
        line = re.search(r"(?im)^\s*coordsys\s+(.*)$", head)
        meant = meant_by_line(line[1], path) if line else Meant()
    name = charset[1] if charset else ""
    return Heading(name, CODECS.get(name.lower(), ""), meant)


def meant_by_line(line: str, path: Path) -> Meant | None:
    """
    Return what a line `CoordSys` means.

    Parameters
    ----------
    line
        What stands after `CoordSys`.
    path
        The file, for messages.

    Returns
    -------
    meant
        EPSG code, or the VN-2000 system whose datum was lost; None for projections and datums that
        are none of Vietnam's.

    Raises
    ------
    SourceFileError
        If the units are neither metres nor degrees, or the axes are turned by `Affine`.
    """
    words = re.sub(r"(?i)\bbounds\s*\(.*$", "", line).strip()
    if re.match(r"(?i)nonearth|layout|table|window", words):
        return Meant(unreadable="its coordinates are of a plan without place on Earth (NonEarth)")
    found = re.match(r"(?i)earth\s+projection\s+(.*)$", words)
    if found is None:
        return None
    if re.search(r"(?i)\baffine\b", words):
        msg = (
            f"{path}: its CoordSys turns the axes (Affine), which is not read; open it in MapInfo "
            "and save a copy in longitude/latitude or VN-2000"
        )
        raise SourceFileError(msg)
    values = [part.strip() for part in found[1].split(",")]
    units = [part.strip('"') for part in values if part.startswith('"')]
    if any(unit.lower() not in WORDS_OF_UNIT for unit in units):
        msg = (
            f"{path}: its coordinates are in '{units[0]}', and only metres and degrees are read; "
            "open it in MapInfo and save a copy in metres"
        )
        raise SourceFileError(msg)
    try:
        numbers = [float(part) for part in values if not part.startswith('"')]
    except ValueError:
        return None
    return _meant_by_values(numbers)


def coordsys_line(crs: str) -> str:
    """
    Return the line of a MIF that says a reference system with its datum.

    Parameters
    ----------
    crs
        EPSG code: a VN-2000 system, UTM zone 48 or 49 of WGS 84, or EPSG:4326.

    Returns
    -------
    line
        The whole line.

    Raises
    ------
    SettingsError
        If MapInfo files are not written in this system.

    Examples
    --------
    >>> coordsys_line("EPSG:32648")
    'CoordSys Earth Projection 8, 104, "m", 105, 0, 0.9996, 500000, 0'
    """
    datum = ", ".join(["9999", "28", *(f"{value!r}" for value in SHIFT), "0"])
    if crs == "EPSG:4326":
        return "CoordSys Earth Projection 1, 104"
    if crs == "EPSG:4756":
        return f"CoordSys Earth Projection 1, {datum}"
    if crs in UTM:
        return f'CoordSys Earth Projection 8, 104, "m", {UTM[crs]:g}, 0, 0.9996, 500000, 0'
    for (meridian, scale), code in MERIDIANS.items():
        if code == crs:
            projection = f"{meridian:g}, 0, {scale:g}, 500000, 0"
            return f'CoordSys Earth Projection 8, {datum}, "m", {projection}'
    msg = (
        f"MapInfo files are written in VN-2000, UTM 48N or 49N and EPSG:4326, not in {crs}; "
        "add --crs with one of them"
    )
    raise SettingsError(msg)


def neutral_copy(path: Path, folder: Path) -> Path:
    """
    Copy a MapInfo file to where GDAL gives its texts as the bytes that they are.

    Parameters
    ----------
    path
        `.mif` or `.tab`.
    folder
        Existing folder.

    Returns
    -------
    copy
        The file there, of charset `Neutral`, with the files that belong to it.
    """
    suffix = path.suffix.lower()
    copy = folder / f"layer{suffix}"
    content = path.read_bytes()
    end = len(content) if suffix == ".tab" else min(len(content), HEAD_BYTES)
    head = re.sub(rb'(?i)(charset\s+"?)[\w-]+', rb"\1Neutral", content[:end], count=2)
    copy.write_bytes(head + content[end:])
    for ending in (".mid",) if suffix == ".mif" else (*TAB_FILES, ".ind"):
        beside = _beside(path, ending)
        if beside is not None:
            shutil.copyfile(beside, folder / f"layer{ending}")
    return copy


def fit_for_mapinfo(
    frame: "gpd.GeoDataFrame", *, one_line: bool
) -> tuple["gpd.GeoDataFrame", tuple[str, ...]]:
    """
    Return a layer as MapInfo can hold it, and what had to change.

    Parameters
    ----------
    frame
        Layer, its id an ordinary column.
    one_line
        True where texts must not break their line (MIF).

    Returns
    -------
    frame
        Layer whose names have at most 31 ASCII characters, whose texts have at most 254 bytes, and
        whose numbers are all there: columns with gaps become text, for MapInfo would show 0.
    notes
        What was changed.
    """
    names = [str(name) for name in frame.columns if name != frame.geometry.name]
    renamed = valid_names(names, longest=NAME_LONGEST)
    columns: dict[str, pd.Series] = {}
    gaps, cut, joined = [], [], []
    for name in names:
        series = frame[name]
        if not _is_text(series) and series.isna().any():
            gaps.append(name)
            series = texts(series)
        if _is_text(series):
            plain = texts(series)
            single = plain.str.replace(r"\s*[\r\n]+\s*", " ", regex=True) if one_line else plain
            short = single.map(lambda text: shortened(text, TEXT_LONGEST))
            joined += [name] * bool((single != plain).any())
            cut += [name] * bool((short != single).any())
            series = short
        columns[renamed[name]] = series
    notes = [
        (gaps, "gaps_as_text"),
        (cut, "mapinfo_cut"),
        (joined, "mif_one_line"),
    ]
    told = [Note(f"notes.{code}", names=", ".join(which)) for which, code in notes if which]
    changed = [f"{old} -> {new}" for old, new in renamed.items() if old != new]
    told += [Note("notes.renamed", names=", ".join(changed))] if changed else []
    import geopandas as gpd

    held = gpd.GeoDataFrame(columns, geometry=frame.geometry.to_numpy(), crs=frame.crs)
    return held, tuple(told)


def write_mif(path: Path, frame: "gpd.GeoDataFrame", *, crs: str) -> None:
    """
    Write a MIF and the MID beside it.

    Parameters
    ----------
    path
        Target, ending in `.mif`; a `.mid` of the same name is written too.
    frame
        Layer that `fit_for_mapinfo` has returned, in `crs`.
    crs
        EPSG code.

    Raises
    ------
    SettingsError
        If MapInfo files are not written in this system.
    """
    names = [str(name) for name in frame.columns if name != frame.geometry.name]
    kinds = {name: _kind(frame[name]) for name in names}
    head = [
        "Version 1520",  # from which MapInfo reads UTF-8
        'Charset "UTF-8"',
        'Delimiter ","',
        coordsys_line(crs),
        f"Columns {len(names)}",
        *(f"  {name} {kind}" for name, kind in kinds.items()),
        "Data",
        "",
    ]
    shapes = [_object(shape) for shape in frame.geometry]
    cells = [[_cell(value, kinds[name]) for value in frame[name]] for name in names]
    rows = [",".join(row) for row in zip(*cells, strict=True)] if cells else []
    path.write_text("\n".join([*head, *shapes, ""]), encoding="utf-8", newline="\n")
    mid = path.with_suffix(".mid")
    mid.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8", newline="\n")


def write_tab(path: Path, frame: "gpd.GeoDataFrame", *, crs: str) -> None:
    """
    Write a MapInfo table: `.tab`, `.dat`, `.map` and `.id`.

    Parameters
    ----------
    path
        Target, ending in `.tab`.
    frame
        Layer that `fit_for_mapinfo` has returned, in `crs`.
    crs
        EPSG code.

    Raises
    ------
    SettingsError
        If MapInfo files are not written in this system.
    """
    import pyogrio
    from pyproj import CRS

    coordsys_line(crs)
    system = CRS.from_user_input(crs)
    if crs not in (*UTM, "EPSG:4326"):
        system = CRS.from_wkt(_wkt_with_datum(system))
    west, south, east, north = frame.total_bounds
    wide = max(east - west, north - south, 1e-3) * 0.01 + (0.01 if system.is_geographic else 100.0)
    bounds = ",".join(
        f"{edge:.10g}" for edge in (west - wide, south - wide, east + wide, north + wide)
    )
    pyogrio.write_dataframe(
        frame.set_crs(system, allow_override=True),
        path,
        layer=path.stem,
        driver="MapInfo File",
        ENCODING="UTF-8",
        BOUNDS=bounds,
    )


def valid_names(names: Sequence[str], *, longest: int) -> dict[str, str]:
    """
    Return names that old formats accept for columns.

    Parameters
    ----------
    names
        Names of columns, each once.
    longest
        Most characters that a name may have.

    Returns
    -------
    renamed
        For each name one of ASCII letters, digits and `_`, unique whatever its case.

    Examples
    --------
    >>> valid_names(["people_uncovered", "people_unknown"], longest=10)
    {'people_uncovered': 'people_unc', 'people_unknown': 'people_unk'}
    >>> valid_names(["covered_share_4g", "covered_share_5g", "Đơn vị"], longest=10)
    {'covered_share_4g': 'covered_sh', 'covered_share_5g': 'covered__2', 'Đơn vị': 'on_vi'}
    """
    import unicodedata

    taken: set[str] = set()
    renamed = {}
    for name in names:
        plain = unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode()
        plain = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_") or "column"
        plain = plain if plain[0].isalpha() else f"c_{plain}"
        chosen, number = plain[:longest], 2
        while chosen.lower() in taken:
            ending = f"_{number}"
            chosen, number = plain[: longest - len(ending)] + ending, number + 1
        taken.add(chosen.lower())
        renamed[name] = chosen
    return renamed


def shortened(text: str, longest: int) -> str:
    """
    Return a text of at most so many bytes, cut between characters.

    Parameters
    ----------
    text
        Any text.
    longest
        Most bytes of UTF-8.

    Returns
    -------
    text
        Its beginning.
    """
    return text.encode()[:longest].decode(errors="ignore")


def texts(series: pd.Series) -> pd.Series:
    """
    Return the values of a column as text, empty where there is none.

    Parameters
    ----------
    series
        Any column.

    Returns
    -------
    texts
        Whole numbers without decimals, flags as true and false.
    """
    return series.astype(object).map(_as_text).astype(object)


def _as_text(value: Any) -> str:  # noqa: ANN401 - a cell
    """Return a value as text."""
    if pd.isna(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return np.format_float_positional(value, trim="-")
    return str(value)


def _is_text(series: pd.Series) -> bool:
    """Return whether a column holds text."""
    return not (pd.api.types.is_bool_dtype(series) or pd.api.types.is_numeric_dtype(series))


def _meant_by_values(numbers: Sequence[float]) -> Meant | None:
    """Return what the numbers of `Earth Projection` mean; None where GDAL must be asked."""
    if len(numbers) < 2:
        return None
    projection, datum = int(numbers[0]) % 1000, int(numbers[1])
    rest = list(numbers[2:])
    shift = [0.0] * 7
    if datum in (999, 9999):
        count = 4 if datum == 999 else 9
        if len(rest) < count or int(rest[0]) != 28:  # the ellipsoid of WGS 84 and VN-2000
            return None
        given = [*rest[1:4], *([0.0] * 4 if datum == 999 else rest[4:8])]
        shift = [*given[:3], *(-turn for turn in given[3:6]), given[6]]
        rest = rest[count:]
    elif datum not in WGS_84:
        return None
    if projection == 1:
        return meant_by_numbers(shift, DEGREES)
    if projection != 8 or len(rest) < 5 or tuple(rest[-5:][i] for i in (1, 3, 4)) != (0, 5e5, 0):
        return None
    return meant_by_numbers(shift, zone_of(rest[-5], rest[-3]))


def _beside(path: Path, ending: str) -> Path | None:
    """Return the file of the same name with another ending, in small letters or capitals."""
    for wanted in (ending, ending.upper()):
        if (found := path.with_suffix(wanted)).is_file():
            return found
    return None


def _wkt_with_datum(system: Any) -> str:  # noqa: ANN401 - pyproj is untyped
    """Return a VN-2000 system whose datum has the name that GDAL writes out whole."""
    numbers = ",".join(["9999", "28", *(f"{value!r}" for value in SHIFT), "0"])
    turned = [*SHIFT[:3], *(-turn for turn in SHIFT[3:6]), SHIFT[6]]
    moved = ",".join(f"{value!r}" for value in turned)
    text = str(system.to_wkt("WKT1_GDAL"))
    start = text.index("DATUM[")
    end = text.index("PRIMEM[")
    datum = f'DATUM["MIF {numbers}",SPHEROID["WGS 84",6378137,298.257223563],TOWGS84[{moved}]],'
    return re.sub(r',AUTHORITY\["EPSG","\d+"\]', "", text[:start] + datum + text[end:])


def _kind(series: pd.Series) -> str:
    """Return the MapInfo type of a column."""
    if pd.api.types.is_bool_dtype(series):
        return "Logical"
    if pd.api.types.is_integer_dtype(series):
        small = not len(series) or int(series.abs().max()) <= LARGEST_INTEGER
        return "Integer" if small else "Float"
    if pd.api.types.is_numeric_dtype(series):
        return "Float"
    widest = max((len(text.encode()) for text in series), default=0)
    return f"Char({min(max(widest, 1), TEXT_LONGEST)})"


def _cell(value: Any, kind: str) -> str:  # noqa: ANN401 - a cell
    """Return a cell of a MID."""
    if kind == "Logical":
        return "T" if value else "F"
    if kind == "Integer":
        return str(int(value))
    if kind == "Float":
        return repr(float(value))
    return '"' + str(value).replace('"', '""') + '"'


def _object(shape: Any) -> str:  # noqa: ANN401 - shapely is untyped
    """Return the lines of a MIF that draw a geometry."""
    if shape is None or shape.is_empty:
        return "none"
    kind = shape.geom_type
    parts = list(getattr(shape, "geoms", [shape]))
    if kind == "Point":
        return f"Point {_position(shape.coords[0])}"
    if kind == "MultiPoint":
        return "\n".join([f"Multipoint {len(parts)}", *(_position(p.coords[0]) for p in parts)])
    if kind == "LineString":
        return f"Pline {_vertices(shape)}"
    if kind == "MultiLineString":
        return "\n".join([f"Pline Multiple {len(parts)}", *(f"  {_vertices(p)}" for p in parts)])
    if kind in ("Polygon", "MultiPolygon"):
        rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
        return "\n".join([f"Region {len(rings)}", *(f"  {_vertices(ring)}" for ring in rings)])
    msg = f"a MIF holds points, lines and polygons, not {kind}"
    raise SettingsError(msg)


def _vertices(line: Any) -> str:  # noqa: ANN401 - shapely is untyped
    """Return the number of vertices of a line, and each on a line of its own."""
    return "\n".join([str(len(line.coords)), *(_position(point) for point in line.coords)])


def _position(point: Sequence[float]) -> str:
    """Return a position with all its digits."""
    return f"{float(point[0])!r} {float(point[1])!r}"
