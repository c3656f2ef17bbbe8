"""
The GeoPackage that keeps a plan's layers.

Changing a layer means: copy the file, overwrite the layer in the copy, read the copy back, flush
it and move it over the old one. A killed process, a full disk or a failed check leaves the old
file. GeoPackage keeps no nullable numbers, so types are restored from the schema.
"""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import closing
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan import atomic
from infraplan.errors import PlanError
from infraplan.errors import SourceFileError
from infraplan.layers.schemas import LAYERS

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "content_hash",
    "file_hash",
    "read_cells",
    "read_tables",
    "settle",
    "table_names",
    "write_tables",
]

FIXED_DATE = "2000-01-01T00:00:00Z"  # equal content gives equal bytes
DTYPES = {"integer": "Int64", "number": "float64", "flag": "boolean"}  # the rest is text
SIDE_FILES = ("-journal", "-wal", "-shm")
BLOCK_BYTES = 1 << 20


def table_names(path: Path) -> tuple[str, ...]:
    """
    Return the names of the layers and tables in a GeoPackage.

    Parameters
    ----------
    path
        GeoPackage.

    Returns
    -------
    names
        In the order of the file, also those that are none of ours.

    Raises
    ------
    SourceFileError
        If the file is no GeoPackage.
    """
    _recover(path)
    files = (path, path.with_name(path.name + "-wal"))
    seen = [file.stat() for file in files if file.exists()]
    stamp = tuple(part for of in seen for part in (of.st_mtime_ns, of.st_size, of.st_ino))
    return _names_in(path, stamp)


@lru_cache(maxsize=16)
def _names_in(path: Path, stamp: tuple[int, ...]) -> tuple[str, ...]:  # noqa: ARG001
    """Return the names in a GeoPackage; a file that changed has another stamp."""
    import pyogrio

    with _readable(path):
        return tuple(str(name) for name, _ in pyogrio.list_layers(path))


def read_tables(path: Path, names: Iterable[str] | None = None) -> dict[str, "gpd.GeoDataFrame"]:
    """
    Read layers as `write_tables` was given them.

    Parameters
    ----------
    path
        GeoPackage of a plan.
    names
        Layers to read; all of ours where None.

    Returns
    -------
    tables
        By name, indexed by id, columns in the order and types of the schema.

    Raises
    ------
    SourceFileError
        If the file is no GeoPackage or lacks one of them.
    """
    import pyogrio

    stored = table_names(path)
    wanted = [name for name in stored if name in LAYERS] if names is None else list(names)
    if absent := [name for name in wanted if name not in stored]:
        msg = f"{path} lacks the layer(s) {', '.join(absent)}; it has {', '.join(stored)}"
        raise SourceFileError(msg)
    with _readable(path):
        return {name: _restored(pyogrio.read_dataframe(path, layer=name), name) for name in wanted}


def write_tables(path: Path, tables: Mapping[str, "gpd.GeoDataFrame"]) -> None:
    """
    Replace layers of a GeoPackage, whole or not at all; the others stay as they are.

    Parameters
    ----------
    path
        GeoPackage, made where missing.
    tables
        Layers by name, indexed by id; names must be in the schemas.

    Raises
    ------
    PlanError
        If the file cannot be written, or is open in QGIS; the old one is then unchanged.
    """
    flat = {name: _flat(table, name) for name, table in tables.items()}
    settle(path)
    kept = set(table_names(path)) if path.exists() else set()

    def fill(temporary: Path) -> None:
        """Copy the old file and overwrite the layers in the copy."""
        if path.exists():
            shutil.copyfile(path, temporary)
        with gdal_writes(path):
            for name, frame in flat.items():
                _write_layer(frame, temporary, name)

    def verify(temporary: Path) -> None:
        """Read the copy back."""
        _verify(temporary, flat, kept)

    atomic.write(path, fill, verify=verify)


def content_hash(table: pd.DataFrame) -> str:
    """
    Return a hash of what a table says.

    Columns without any value and the order of columns and rows do not count, nor whether whole
    numbers are stored as such, so that a table that was written and read again keeps its hash.

    Parameters
    ----------
    table
        Table or GeoDataFrame with any index.

    Returns
    -------
    digest
        SHA-256 in hexadecimal.
    """
    keyed = table.sort_index(kind="stable")
    digest = hashlib.sha256(_crs(table).encode())
    digest.update(_canonical(pd.Series(keyed.index)))
    for name in sorted(map(str, keyed.columns)):
        column = keyed[name]
        if column.notna().any():
            digest.update(name.encode() + b"\0")
            digest.update(_canonical(column))
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """
    Return a hash of a file's bytes.

    Parameters
    ----------
    path
        File.

    Returns
    -------
    digest
        SHA-256 in hexadecimal.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_cells(path: Path) -> pd.DataFrame:
    """
    Read the list of cells that stands beside a predicted coverage.

    Parameters
    ----------
    path
        CSV written from a table of the schema `cells`, its first column the row number.

    Returns
    -------
    cells
        `cell_id`, `site_id`, `mast_id`, `operator` and `assumed`, by row number as `best_cell`.

    Raises
    ------
    SourceFileError
        If the file is missing or is not such a table.
    """
    try:
        frame = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read as a list of cells; run the coverage again"
        raise SourceFileError(msg) from error
    kept = [
        name for name in ("cell_id", "site_id", "mast_id", "operator", "assumed") if name in frame
    ]
    if len(kept) < 5:
        msg = f"{path} lacks columns of a list of cells; run the coverage again"
        raise SourceFileError(msg)
    flags = frame["assumed"].map({"True": True, "False": False}).astype("boolean")
    return frame[kept].assign(assumed=flags).rename_axis("best_cell")


def settle(path: Path) -> None:
    """
    Bring a GeoPackage to rest before it is replaced.

    A journal left by a killed writer is rolled back, a write-ahead log of QGIS folded in: either
    would be applied to the new file otherwise, and destroy it.

    Parameters
    ----------
    path
        GeoPackage, which may be missing.

    Raises
    ------
    PlanError
        If another program holds the file.
    """
    sides = [path.with_name(path.name + end) for end in SIDE_FILES]
    if not any(side.exists() for side in sides):
        return
    if not path.exists():
        for side in sides:
            side.unlink(missing_ok=True)
        return
    try:
        with closing(sqlite3.connect(path, timeout=2)) as database:
            database.execute("pragma journal_mode=delete").fetchall()
            database.execute("select count(*) from sqlite_master").fetchall()
    except sqlite3.OperationalError as error:
        msg = f"{path} is open in another program (QGIS?), so it was left as it was; close it there"
        raise PlanError(msg) from error
    except sqlite3.DatabaseError as error:
        msg = f"{path} is not a GeoPackage: {error}"
        raise SourceFileError(msg) from error


@contextmanager
def gdal_writes(path: Path) -> Iterator[None]:
    """
    Write through GDAL with a fixed date, its errors told as those of the disk.

    Parameters
    ----------
    path
        Final target, for the message.

    Raises
    ------
    OSError
        Where GDAL could not write; `atomic.write` puts it into words.
    """
    import errno

    import pyogrio
    from pyogrio.errors import DataLayerError
    from pyogrio.errors import DataSourceError
    from pyogrio.errors import FeatureError

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FIXED_DATE})
    try:
        yield
    except (DataSourceError, DataLayerError, FeatureError, sqlite3.DatabaseError) as error:
        words = str(error).lower()
        is_full = any(word in words for word in ("full", "i/o error", "no space", "too large"))
        raise OSError(errno.ENOSPC if is_full else errno.EIO, str(error), str(path)) from error
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Tell errors of reading a GeoPackage in words."""
    from pyogrio.errors import DataLayerError
    from pyogrio.errors import DataSourceError

    if not path.is_file():
        msg = f"{path} does not exist"
        raise SourceFileError(msg)
    try:
        yield
    except (DataSourceError, DataLayerError) as error:
        msg = f"{path} cannot be read as a GeoPackage: {error}"
        raise SourceFileError(msg) from error


def _recover(path: Path) -> None:
    """Roll back what a killed writer left, for GDAL opens read-only and then refuses the file."""
    if path.with_name(path.name + "-journal").exists():
        settle(path)


def _flat(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a layer as it is stored: its id a column, every declared column there."""
    declared = LAYERS[name]
    if not table.index.is_unique:
        msg = f"layer '{name}' has repeated ids and cannot be stored"
        raise SourceFileError(msg)
    return _typed(table.rename_axis(declared.key).reset_index(), name)


def _restored(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a stored layer with its index and types."""
    return _typed(frame, name).set_index(LAYERS[name].key)


def _typed(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a table with the declared columns first, in the types of the schema."""
    declared = [column for column in LAYERS[name].columns if column.name in frame]
    missing = [column for column in LAYERS[name].columns if column.name not in frame]
    changed = {}
    for column in declared:
        kind = DTYPES.get(column.kind, "str")
        if str(frame[column.name].dtype) != kind:
            changed[column.name] = frame[column.name].astype(kind)  # type: ignore[call-overload]
    for column in missing:
        if name != "cells" or column.name != LAYERS[name].key:
            kind = DTYPES.get(column.kind, "str")
            changed[column.name] = pd.Series([None] * len(frame), index=frame.index, dtype=kind)
    typed = frame.assign(**changed)
    ordered = [column.name for column in LAYERS[name].columns if column.name in typed]
    geometry = str(typed.geometry.name) if _crs(typed) else ""
    others = [entry for entry in typed.columns if entry not in ordered and entry != geometry]
    return typed[[*ordered, *others, *([geometry] if geometry else [])]]


def _write_layer(frame: pd.DataFrame, path: Path, name: str) -> None:
    """Write one layer of a GeoPackage, in place of an older one of that name."""
    import geopandas as gpd
    import pyogrio

    options: dict[str, Any] = {"layer": name, "driver": "GPKG", "FID": "gpkg_fid"}
    if isinstance(frame, gpd.GeoDataFrame):
        kinds = sorted(set(frame.geometry.geom_type.dropna()))
        options["geometry_type"] = kinds[0] if len(kinds) == 1 else _common(kinds, name)
        options["GEOMETRY_NAME"] = "geometry"
    pyogrio.write_dataframe(frame, path, **options)


def _crs(table: pd.DataFrame) -> str:
    """Return the reference system of a table, empty where it has no geometry."""
    import geopandas as gpd

    if not isinstance(table, gpd.GeoDataFrame):  # `sources` has a column named crs
        return ""
    return "" if table.crs is None else str(table.crs.to_string())


def _common(kinds: list[str], name: str) -> str:
    """Return the geometry type to declare where rows differ, or none exists."""
    return LAYERS[name].geometry[-1] if not kinds else "Unknown"


def _verify(path: Path, flat: Mapping[str, pd.DataFrame], kept: set[str]) -> None:
    """Check names, rows, reference systems and the integrity of a written GeoPackage."""
    import pyogrio

    wrong = []
    found = {str(name) for name, _ in pyogrio.list_layers(path)}
    if found != kept | set(flat):
        wrong.append(f"layers {sorted(found)} instead of {sorted(kept | set(flat))}")
    for name in found & set(flat):
        info = pyogrio.read_info(path, layer=name, force_feature_count=True)
        if info["features"] != len(flat[name]):
            wrong.append(f"{name}: {info['features']} of {len(flat[name])} rows")
        if info["crs"] != (_crs(flat[name]) or None):
            wrong.append(f"{name}: CRS {info['crs']} instead of {_crs(flat[name])}")
    with closing(sqlite3.connect(path)) as database:
        if (state := database.execute("pragma quick_check").fetchone()[0]) != "ok":
            wrong.append(str(state))
    if wrong:
        msg = f"{path.name} did not come out as written: {'; '.join(wrong)}"
        raise PlanError(msg)


def _canonical(column: pd.Series) -> bytes:
    """Return the values of a column as bytes that do not depend on how they are stored."""
    import shapely

    if str(column.dtype) == "geometry":
        parts = [b"-" if shape is None else shape for shape in shapely.to_wkb(column.to_numpy())]
        return b"".join(len(part).to_bytes(8, "little") + part for part in parts)
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        numbers = column.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
        return bytes((numbers + 0.0).tobytes())
    present = column.notna().to_numpy()
    texts = [
        str(value).encode() if there else b"\xff"
        for value, there in zip(column, present, strict=True)
    ]
    return b"".join(len(text).to_bytes(8, "little") + text for text in texts)
