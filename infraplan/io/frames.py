"""
Tables of results in a GeoPackage, given back as they were: index, column order and types.

Layers have schemas to restore them by (`store`); a result's tables are described by a small
description that the caller keeps beside the file.
"""

import contextlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from infraplan import atomic
from infraplan.errors import SourceFileError
from infraplan.io.store import gdal_writes
from infraplan.io.store import settle

__all__ = ["read_frames", "write_frames"]

GEOMETRY = "geometry"
FLAGS = "flags"  # true, false or missing


def write_frames(path: Path, frames: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """
    Write tables into a new GeoPackage, whole or not at all.

    Parameters
    ----------
    path
        Target, ending in `.gpkg`.
    frames
        Tables by name; GeoDataFrames keep geometry and CRS. Indexes need not be unique or named.

    Returns
    -------
    description
        What `read_frames` needs to give the tables back as they were; can be written as JSON.

    Raises
    ------
    PlanError
        If the file cannot be written; the old one is then unchanged.
    """
    flat = {name: _flat(frame) for name, frame in frames.items()}
    settle(path)

    def fill(temporary: Path) -> None:
        """Write each table as a layer."""
        with gdal_writes(path):
            for name, frame in flat.items():
                _write(frame, temporary, name)

    def verify(temporary: Path) -> None:
        """Count the rows of each layer."""
        for name, found in _counted(temporary, list(flat)).items():
            frame = flat[name]
            if found != len(frame):
                msg = f"{path}: layer {name} came out with {found} of {len(frame)} rows"
                raise SourceFileError(msg)

    atomic.write(path, fill, verify=verify)
    return {name: _description(frame) for name, frame in frames.items()}


def read_frames(path: Path, description: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """
    Read the tables that `write_frames` wrote.

    Parameters
    ----------
    path
        GeoPackage.
    description
        What `write_frames` returned.

    Returns
    -------
    frames
        Tables by name, equal to those written.

    Raises
    ------
    SourceFileError
        If the file lacks a table or is none of ours.
    """
    frames = {}
    for name, about in description.items():
        try:
            frame = pyogrio.read_dataframe(path, layer=name)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
            msg = f"{path} lacks the table '{name}'; delete it and run the step again"
            raise SourceFileError(msg) from error
        frames[name] = _restored(frame, about)
    return frames


def _counted(path: Path, names: list[str]) -> dict[str, int]:
    """Return how many rows tables of a GeoPackage have; GDAL would open it anew for each."""
    with contextlib.closing(sqlite3.connect(path)) as base:
        quoted = {name: '"' + name.replace('"', '""') + '"' for name in names}
        return {
            name: base.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608 - quoted
            for name, table in quoted.items()
        }


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose index is columns."""
    names = [name if name is not None else f"index_{n}" for n, name in enumerate(frame.index.names)]
    return frame.rename_axis(names).reset_index()


def _is_flags(column: pd.Series) -> bool:
    """Return whether a column of objects holds flags, some of them missing."""
    if column.dtype != object:
        return False
    known = column.dropna()
    return len(known) > 0 and all(type(v) is bool for v in known)


def _write(frame: pd.DataFrame, path: Path, name: str) -> None:
    """Append one table to a GeoPackage."""
    options: dict[str, Any] = {"layer": name, "driver": "GPKG", "FID": "gpkg_fid"}
    flags = {column: "boolean" for column in frame.columns if _is_flags(frame[column])}
    frame = frame.astype(flags) if flags else frame  # they would be written as words
    if isinstance(frame, gpd.GeoDataFrame):
        kinds = set(frame.geometry.geom_type.dropna())
        single = kinds.pop() if len(kinds) == 1 else "Unknown"
        pyogrio.write_dataframe(frame, path, geometry_type=single, **options)
    else:
        pyogrio.write_dataframe(frame, path, **options)


def _description(frame: pd.DataFrame) -> dict[str, Any]:
    """Return what is needed to restore a table."""
    geometry = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    flat = _flat(frame)
    types = {
        str(name): FLAGS if _is_flags(flat[name]) else str(flat[name].dtype)
        for name in flat.columns
    }
    return {
        "index": list(frame.index.names),
        "columns": list(map(str, frame.columns)),
        "types": {name: kind for name, kind in types.items() if name != geometry},
        "geometry": geometry,
    }


def _restored(frame: pd.DataFrame, about: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table with its types, index and column order."""
    geometry = about["geometry"]
    if geometry and geometry != GEOMETRY and GEOMETRY in frame:
        frame = gpd.GeoDataFrame(frame).rename_geometry(geometry)
    for column, kind in about["types"].items():
        if kind == FLAGS:
            told = frame[column].astype(object)
            frame[column] = told.map(bool, na_action="ignore").where(told.notna(), None)
        elif str(frame[column].dtype) != kind:
            frame[column] = frame[column].astype(kind)
    names = [name if name is not None else f"index_{n}" for n, name in enumerate(about["index"])]
    columns: list[str] = about["columns"]
    restored: pd.DataFrame = frame.set_index(names)[columns].rename_axis(about["index"])
    return restored
