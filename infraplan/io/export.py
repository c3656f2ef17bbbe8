"""
Layers written for other programs: whole or not at all, and read back before they count.

Every format keeps the ids, and the position within 1 mm (2 mm in degrees). What a format cannot
hold is told. Text of the data is written as text: escaped in KML, never a formula in lists.
"""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan import atomic
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.io.kml import FIXED_TIME
from infraplan.io.kml import kml_text
from infraplan.io.kml import kmz_bytes
from infraplan.io.mapinfo import TAB_FILES
from infraplan.io.mapinfo import coordsys_line
from infraplan.io.mapinfo import fit_for_mapinfo
from infraplan.io.mapinfo import shortened
from infraplan.io.mapinfo import texts
from infraplan.io.mapinfo import write_mif
from infraplan.io.mapinfo import write_tab
from infraplan.io.vectors import features
from infraplan.io.vectors import short_names
from infraplan.layers.crs import epsg_code
from infraplan.layers.crs import reproject
from infraplan.layers.notes import Note

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["FORMATS", "Export", "Written", "write_export"]

ALWAYS_DEGREES = (".kml", ".kmz", ".geojson")
LISTS = (".csv", ".xlsx")
FORMATS = (".kml", ".kmz", ".mif", ".tab", ".geojson", ".shp", ".zip", ".gpkg", *LISTS)
BESIDE = {
    ".mif": (".mid",),
    ".tab": TAB_FILES,
    ".shp": (".shx", ".dbf", ".prj", ".cpg"),
}
DBF_TEXT = 254  # bytes of a text of a shapefile
DECIMALS = {True: 9, False: 4}  # of degrees; of metres
DEGREE_DECIMALS = 10
FORMULA = ("=", "+", "-", "@", "\t", "\r")
TOLERANCE_DEG, TOLERANCE_M = 1e-8, 1e-3
WGS_84 = "EPSG:4326"


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """
    A layer to write: `table` is indexed by its id, `about` says where it comes from, line by line.

    `labels` name the features on a map; the ids where empty.
    """

    layer: str
    title: str
    table: "gpd.GeoDataFrame"
    about: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the files, the main one first, their system, and what had to change."""

    files: tuple[Path, ...]
    crs: str
    notes: tuple[str, ...]


def write_export(path: Path, export: Export, *, crs: str | None = None) -> Written:
    """
    Write a layer in the format that a file's name says.

    Parameters
    ----------
    path
        Target. A KML, KMZ, GeoJSON, GeoPackage, list or ZIP replaces an older one; a MIF, TAB or
        shapefile is several files, none of which may be there, so that no mixture can come about.
    export
        Layer with its words.
    crs
        Reference system of the file, as an EPSG code; that of the table where None, and EPSG:4326
        for lists and for the formats that know no other.

    Returns
    -------
    written
        Files, system and what the format could not hold.

    Raises
    ------
    SettingsError
        If the format is not written, or not in this system.
    PlanError
        If the layer is empty, a file is there already, or it cannot be written; nothing is changed.
    """
    import geopandas as gpd

    suffix = path.suffix.lower()
    crs = _system(suffix, export, crs)
    if not len(export.table):
        msg = f"layer '{export.layer}' has no rows, so there is nothing to write"
        raise PlanError(msg)
    key = str(export.table.index.name or "id")
    frame = export.table.rename_axis(key).reset_index()
    if crs:
        shapes = reproject(
            export.table.geometry.to_numpy().astype(object), epsg_code(export.table.crs), crs
        )
        columns = pd.DataFrame(frame).drop(columns=[export.table.geometry.name])
        frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)
    with tempfile.TemporaryDirectory(prefix="infraplan-") as folder:
        made = _MAKERS[suffix](Path(folder), path.stem, frame, export)
        _check(made[0], path, frame, export)
        files = _laid_down(made[0], path, suffix)
        about = _about_file(path, suffix, export)
    return Written((*files, *about), crs, made[1])


Made = tuple[list[Path], tuple[str, ...]]
Maker = Callable[[Path, str, Any, Export], Made]


def _system(suffix: str, export: Export, crs: str | None) -> str:
    """Return the system to write in; empty for a table without ground."""
    import geopandas as gpd

    if suffix not in FORMATS:
        msg = (
            f"a layer is written as {', '.join(FORMATS)}; found '{suffix or 'no ending'}': give "
            "FILE one of these endings"
        )
        raise SettingsError(msg)
    has_ground = isinstance(export.table, gpd.GeoDataFrame)
    if not has_ground:
        if suffix not in LISTS:
            msg = (
                f"layer '{export.layer}' is a table without ground, so no map can be made of it; "
                "write it as .xlsx or .csv"
            )
            raise SettingsError(msg)
        return ""
    if suffix in ALWAYS_DEGREES:
        if crs not in (None, WGS_84):
            msg = f"{suffix[1:]} is in EPSG:4326 by its standard, not in {crs}; leave --crs out"
            raise SettingsError(msg)
        return WGS_84
    own = WGS_84 if suffix in LISTS else epsg_code(export.table.crs)
    chosen = crs or own
    if not epsg_code(chosen):
        msg = f"--crs must be an EPSG code such as EPSG:9209; found '{crs}'"
        raise SettingsError(msg)
    if suffix in (".mif", ".tab"):
        coordsys_line(chosen)
    kinds = set(export.table.geometry.geom_type.dropna())
    if suffix in LISTS and kinds - {"Point"}:
        msg = (
            f"layer '{export.layer}' has lines or areas, which a list cannot hold; write it as "
            ".gpkg, .kml, .mif, .geojson or .shp"
        )
        raise SettingsError(msg)
    return chosen


def _kml(folder: Path, stem: str, frame: "gpd.GeoDataFrame", export: Export) -> Made:
    """Write a KML."""
    file = folder / f"{stem}.kml"
    file.write_text(_document(frame, export), encoding="utf-8", newline="\n")
    return [file], _without_place(frame)


def _kmz(folder: Path, stem: str, frame: "gpd.GeoDataFrame", export: Export) -> Made:
    """Write a KMZ."""
    file = folder / f"{stem}.kmz"
    file.write_bytes(kmz_bytes(_document(frame, export)))
    return [file], _without_place(frame)


def _document(frame: "gpd.GeoDataFrame", export: Export) -> str:
    """Return a layer as a KML document."""
    labels = export.labels or tuple(map(str, export.table.index))
    return kml_text(frame, title=export.title, about=export.about, labels=labels)


def _without_place(frame: "gpd.GeoDataFrame") -> tuple[str, ...]:
    """Return a note on rows without a position."""
    lost = int((frame.geometry.isna() | frame.geometry.is_empty).sum())
    return (f"{lost} rows have no position and are written without one",) if lost else ()


def _mif(folder: Path, stem: str, frame: "gpd.GeoDataFrame", export: Export) -> Made:
    """Write a MIF and its MID."""
    del export
    fitting, notes = fit_for_mapinfo(frame, one_line=True)
    file = folder / f"{stem}.mif"
    write_mif(file, fitting, crs=epsg_code(frame.crs))
    return [file, file.with_suffix(".mid")], (*notes, *_without_place(frame))


def _tab(folder: Path, stem: str, frame: "gpd.GeoDataFrame", export: Export) -> Made:
    """Write a TAB and its files."""
    del export
    fitting, notes = fit_for_mapinfo(frame, one_line=False)
    file = folder / "layer.tab"  # GDAL writes the name into the files
    if frame.geometry.notna().any():
        write_tab(file, fitting, crs=epsg_code(frame.crs))
    else:
        msg = "a MapInfo table cannot hold a layer of which no row has a position; write .mif"
        raise SettingsError(msg)
    _fix_dbf(file.with_suffix(".dat"))
    parts = [file, *(file.with_suffix(end) for end in TAB_FILES)]
    return [part.rename(folder / f"{stem}{part.suffix}") for part in parts], (
        *notes,
        *_without_place(frame),
    )


def _geojson(folder: Path, stem: str, frame: "gpd.GeoDataFrame", export: Export) -> Made:
    """Write a GeoJSON of RFC 7946."""
    import shapely

    names = [str(name) for name in frame.columns if name != frame.geometry.name]
    cells = {name: [_json_cell(value) for value in frame[name]] for name in names}
    shapes = shapely.orient_polygons(frame.geometry.to_numpy())
    drawn = [
        {
            "type": "Feature",
            "properties": {name: cells[name][row] for name in names},
            "geometry": None if shape is None else _rounded(shape.__geo_interface__),
        }
        for row, shape in enumerate(shapes)
    ]
    content = {
        "type": "FeatureCollection",
        "name": export.layer,
        "description": "\n".join((export.title, *export.about)),
        "features": drawn,
    }
    file = folder / f"{stem}.geojson"
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    file.write_text(text + "\n", encoding="utf-8", newline="\n")
    return [file], _without_place(frame)


def _shp(folder: Path, stem: str, frame: "gpd.GeoDataFrame", export: Export) -> Made:
    """Write a shapefile with its encoding and system."""
    import geopandas as gpd
    import pyogrio

    kinds = sorted({kind.removeprefix("Multi") for kind in frame.geometry.geom_type.dropna()})
    if len(kinds) > 1:
        msg = f"a shapefile holds one kind of geometry, not {' and '.join(kinds)}; write .gpkg"
        raise SettingsError(msg)
    names = [str(name) for name in frame.columns if name != frame.geometry.name]
    renamed = short_names(export.layer, names)
    columns, cut = {}, []
    for name in names:
        series = frame[name]
        if pd.api.types.is_bool_dtype(series) or not pd.api.types.is_numeric_dtype(series):
            whole = texts(series)
            series = whole.map(lambda text: shortened(text, DBF_TEXT) or None)
            cut += [name] * bool((series.fillna("") != whole).any())
        columns[renamed[name]] = series
    held = gpd.GeoDataFrame(columns, geometry=frame.geometry.to_numpy(), crs=frame.crs)
    file = folder / "layer.shp"
    kind = {"Point": "Point", "LineString": "LineString", "Polygon": "Polygon"}
    geometry = kind.get(kinds[0] if kinds else "Point", "Unknown")
    pyogrio.write_dataframe(
        held, file, driver="ESRI Shapefile", encoding="UTF-8", geometry_type=geometry
    )
    _fix_dbf(file.with_suffix(".dbf"))
    changed = [f"{old} -> {new}" for old, new in renamed.items() if old != new]
    notes = [
        *([Note("notes.renamed_short", names=", ".join(changed))] * bool(changed)),
        *([Note("notes.cut", names=", ".join(cut))] * bool(cut)),
        *_without_place(frame),
    ]
    parts = [file, *(file.with_suffix(end) for end in BESIDE[".shp"])]
    return [part.rename(folder / f"{stem}{part.suffix}") for part in parts], tuple(notes)


def _fix_dbf(file: Path) -> None:
    """Set the day of a DBF to a fixed one: equal content gives equal bytes."""
    with file.open("r+b") as stream:
        stream.seek(1)
        stream.write(bytes([100, 1, 1]))


def _zip(folder: Path, stem: str, frame: "gpd.GeoDataFrame", export: Export) -> Made:
    """Write a shapefile packed in a ZIP, with a text on where it comes from."""
    inner = folder / "inner"
    inner.mkdir()
    parts, notes = _shp(inner, atomic.file_stem(stem), frame, export)
    about = inner / f"{atomic.file_stem(stem)}.txt"
    about.write_text(_about_text(export), encoding="utf-8", newline="\n")
    file = folder / f"{stem}.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for part in (*parts, about):
            entry = zipfile.ZipInfo(part.name, FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, part.read_bytes())
    return [file], notes


def _gpkg(folder: Path, stem: str, frame: "gpd.GeoDataFrame", export: Export) -> Made:
    """Write a GeoPackage of one layer."""
    import pyogrio

    from infraplan.io.store import gdal_writes

    file = folder / f"{stem}.gpkg"
    kinds = sorted(set(frame.geometry.geom_type.dropna()))
    with gdal_writes(file):
        pyogrio.write_dataframe(
            frame,
            file,
            layer=export.layer,
            driver="GPKG",
            geometry_type=kinds[0] if len(kinds) == 1 else "Unknown",
            GEOMETRY_NAME="geometry",
            FID="gpkg_fid",
            DESCRIPTION="\n".join((export.title, *export.about)),
        )
    return [file], _without_place(frame)


def _csv(folder: Path, stem: str, frame: pd.DataFrame, export: Export) -> Made:
    """Write a list as CSV that Excel opens without running anything in it."""
    del export
    heads, rows, notes = _listed(frame)
    guarded = [[_guarded(cell) for cell in row] for row in rows]
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow([_guarded(head) for head in heads])
    writer.writerows(guarded)
    file = folder / f"{stem}.csv"
    file.write_text("\ufeff" + sink.getvalue(), encoding="utf-8", newline="\n")
    if any(
        cell != safe
        for row, own in zip(rows, guarded, strict=True)
        for cell, safe in zip(row, own, strict=True)
    ):
        notes = (*notes, Note("notes.apostrophe"))
    return [file], notes


def _xlsx(folder: Path, stem: str, frame: pd.DataFrame, export: Export) -> Made:
    """Write a list as a workbook, every text a text."""
    import datetime as dt

    import xlsxwriter

    heads, rows, notes = _listed(frame)
    file = folder / f"{stem}.xlsx"
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"created": dt.datetime(2000, 1, 1)})  # noqa: DTZ001 - fixed
        sheet = book.add_worksheet(export.layer[:31])
        bold = book.add_format({"bold": True})
        sheet.write_row(0, 0, heads, bold)
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, place, cell)
                elif cell is not None:
                    sheet.write(number, place, cell)
        sheet.freeze_panes(1, 1)
        about = book.add_worksheet("about")
        for number, line in enumerate((export.title, *export.about)):
            about.write_string(number, 0, line)
    return [file], notes


def _listed(frame: pd.DataFrame) -> tuple[list[str], list[list[Any]], tuple[str, ...]]:
    """Return headings and rows of a layer of points, their positions two columns."""
    import geopandas as gpd

    table = pd.DataFrame(frame)
    notes: tuple[str, ...] = ()
    heads = [str(name) for name in table.columns]
    if isinstance(frame, gpd.GeoDataFrame):
        is_degrees = bool(frame.crs.is_geographic)
        names = ("longitude", "latitude") if is_degrees else ("easting", "northing")
        points = frame.geometry
        places = {
            name: np.round(values, DECIMALS[is_degrees])
            for name, values in zip(names, (points.x, points.y), strict=True)
        }
        table = table.drop(columns=[frame.geometry.name]).assign(**places)
        heads = [str(name) for name in table.columns]
        notes = _without_place(frame)
        system = epsg_code(frame.crs)
        notes = (*notes, Note("notes.in_system", first=names[0], second=names[1], crs=system))
    columns = [[_list_cell(value) for value in table[name]] for name in table.columns]
    return heads, [list(row) for row in zip(*columns, strict=True)], notes


def _list_cell(value: Any) -> Any:  # noqa: ANN401 - a cell
    """Return a cell of a list: text, number or nothing."""
    plain = _json_cell(value)
    return ("true" if plain else "false") if isinstance(plain, bool) else plain


def _guarded(cell: Any) -> Any:  # noqa: ANN401 - a cell
    """Return a cell of a CSV that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _json_cell(value: Any) -> Any:  # noqa: ANN401 - a cell
    """Return a value as JSON writes it, None where there is none."""
    if pd.isna(value):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)


def _rounded(geometry: Any) -> Any:  # noqa: ANN401 - nested lists
    """Return a GeoJSON geometry whose degrees have no needless digits."""
    if isinstance(geometry, Mapping):
        return {
            key: _rounded(value) if key in ("coordinates", "geometries") else value
            for key, value in geometry.items()
        }
    if isinstance(geometry, int | float):
        return round(float(geometry), DEGREE_DECIMALS)
    return [_rounded(part) for part in geometry]


_MAKERS: Mapping[str, Maker] = {
    ".kml": _kml, ".kmz": _kmz, ".mif": _mif, ".tab": _tab, ".geojson": _geojson, ".shp": _shp,
    ".zip": _zip, ".gpkg": _gpkg, ".csv": _csv, ".xlsx": _xlsx,
}  # fmt: skip


def _check(files: Sequence[Path], path: Path, frame: pd.DataFrame, export: Export) -> None:
    """Read a map file back: as many rows, in the same place."""
    import geopandas as gpd

    if path.suffix.lower() in LISTS or not isinstance(frame, gpd.GeoDataFrame):
        return
    found = features(files[0], export.layer)
    same_system = found.frame.crs is not None and epsg_code(found.frame.crs) == epsg_code(frame.crs)
    limit = TOLERANCE_DEG if frame.crs.is_geographic else TOLERANCE_M
    moved = np.abs(np.subtract(found.frame.total_bounds, frame.total_bounds))
    is_near = bool(np.nan_to_num(moved, nan=0.0).max() <= limit)
    kept = frame.geometry.notna().any()
    if len(found.frame) != len(frame) or (kept and not (same_system and is_near)):
        msg = (
            f"{path} did not come out as meant ({len(found.frame)} of {len(frame)} rows, moved by "
            f"{moved.max():.4g}), so it was not kept; write it in another format"
        )
        raise PlanError(msg)


def _laid_down(made: Sequence[Path], path: Path, suffix: str) -> list[Path]:
    """Move the files to where they shall lie, the main one last; none where one is in the way."""
    targets = [path, *(path.with_suffix(part.suffix) for part in made[1:])]
    if suffix in BESIDE and (there := [file for file in targets if file.exists()]):
        shown = ", ".join(file.name for file in there)
        msg = (
            f"{path} is several files, and {shown} is there already; give another name, or delete "
            "it first (a .zip, .gpkg or .kml is one file and is replaced whole)"
        )
        raise PlanError(msg)
    laid: list[Path] = []
    try:
        for part, target in [*zip(made, targets, strict=True)][::-1]:
            laid.append(atomic.write_bytes(target, part.read_bytes()))
    except PlanError:
        if suffix in BESIDE:
            for file in laid:
                file.unlink(missing_ok=True)
        raise
    return laid[::-1]


def _about_file(path: Path, suffix: str, export: Export) -> list[Path]:
    """Write the source and licence beside a file that cannot hold them."""
    if suffix in (".zip", ".kml", ".kmz", ".xlsx", ".gpkg", ".geojson") or not export.about:
        return []
    return [atomic.write_text(path.with_name(f"{path.name}.txt"), _about_text(export))]


def _about_text(export: Export) -> str:
    """Return where a layer comes from, as a text file."""
    return "\n".join((export.title, *export.about, ""))
