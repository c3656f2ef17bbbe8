"""Cells as phones saw them (OpenCelliD): centres of measurements, never positions of masts."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Any

from infraplan.errors import SourceFileError
from infraplan.io.open_data.declarations import OpenSource
from infraplan.io.open_data.pieces import Area
from infraplan.io.open_data.pieces import Brought
from infraplan.io.open_data.pieces import NothingThereError
from infraplan.io.open_data.pieces import Piece

__all__ = ["check_cells", "read_cells"]

COLUMNS = (
    "radio", "mcc", "net", "area", "cell", "unit", "lon", "lat", "range", "samples",
    "changeable", "created", "updated", "averageSignal",
)  # fmt: skip
TECHNOLOGIES = {"GSM": "2G", "CDMA": "2G", "UMTS": "3G", "LTE": "4G", "NR": "5G"}
UNPACKED_LIMIT = 4_000_000_000  # bytes: more than the whole world's list
RATIO_LIMIT = 100


def check_cells(path: Path) -> None:
    """
    Refuse a file that is cut, unpacks to far more than it should, or is another table.

    Parameters
    ----------
    path
        `.csv.gz` of OpenCelliD, with or without headings.

    Raises
    ------
    SourceFileError
        If it is any of these.
    """
    with _opened(path) as stream:
        first = stream.readline(1000).decode("utf-8", "replace").strip().split(",")
        size = len(",".join(first))
        if len(first) != len(COLUMNS) or first[0] not in (*TECHNOLOGIES, "radio"):
            msg = f"{path} is not a list of OpenCelliD: its first row is {','.join(first)[:80]}"
            raise SourceFileError(msg)
        limit = min(UNPACKED_LIMIT, 10_000_000 + RATIO_LIMIT * path.stat().st_size)
        while block := stream.read(1 << 20):
            size += len(block)
            if size > limit:
                msg = f"{path} unpacks to more than {limit / 1e6:.0f} MB and is refused"
                raise SourceFileError(msg)


def read_cells(
    source: OpenSource, files: Sequence[tuple[Piece, Path | None]], area: Area | None, target: Path
) -> Brought:
    """
    Write the cells seen in the area as a GeoPackage of their schema.

    Parameters
    ----------
    source
        Declaration; `options.operators` names operators by network code.
    files
        List of a country.
    area
        Area with its halo.
    target
        GeoPackage to write.

    Returns
    -------
    brought
        The file; a note says how many rows had no usable position.

    Raises
    ------
    NothingThereError
        If there is no cell in the area.
    SourceFileError
        If a list is damaged.
    """
    import geopandas as gpd
    import pyogrio
    import shapely

    if area is None:
        msg = f"source '{source.id}' needs an area"
        raise NothingThereError(msg)
    operators = {
        str(net): name for name, nets in source.options.get("operators", {}).items() for net in nets
    }
    rows: dict[str, dict[str, Any]] = {}
    wrong = 0
    west, south, east, north = area.shape.bounds
    for _, path in files:
        for cells in _rows(path) if path is not None else ():
            try:
                x, y = float(cells["lon"]), float(cells["lat"])
                if not (west <= x <= east and south <= y <= north):
                    continue
                row = _row(cells, operators)
            except (ValueError, KeyError, OverflowError, OSError):
                wrong += 1
                continue
            rows[row["observed_id"]] = {**row, "x": x, "y": y}
    table = [rows[key] for key in sorted(rows)]
    points = shapely.points([[row.pop("x"), row.pop("y")] for row in table] or [[0.0, 0.0]])
    made = gpd.GeoDataFrame(table, geometry=points[: len(table)], crs=source.crs)
    made = made[made.intersects(area.shape)]
    if not len(made):
        msg = "OpenCelliD has no cell in the area"
        raise SourceFileError(msg)
    pyogrio.write_dataframe(made, target, layer=source.layer, driver="GPKG")
    notes = (("note_left_out", {"count": wrong}),) if wrong else ()
    return Brought(target, notes, {"as_of": max(made["updated"])})


def _row(cells: Mapping[str, str], operators: Mapping[str, str]) -> dict[str, Any]:
    """Return a row of ours; raises where a number is none."""
    radio, mcc, net = cells["radio"], int(cells["mcc"]), int(cells["net"])
    location, identity = int(cells["area"]), int(cells["cell"])
    updated = datetime.fromtimestamp(int(cells["updated"]), UTC).strftime("%Y-%m-%d")
    return {
        "observed_id": f"{radio}-{mcc}-{net:02d}-{location}-{identity}",
        "operator": operators.get(str(net), f"{mcc}-{net:02d}"),
        "technology": TECHNOLOGIES[radio],
        "network": f"{mcc}-{net:02d}",
        "location_area": location,
        "cell_number": identity,
        "range_m": float(cells["range"]) or None,
        "samples": int(cells["samples"]),
        "updated": updated,
    }


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a list."""
    with _opened(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
        for cells in csv.reader(text):
            if len(cells) == len(COLUMNS) and cells[0] != "radio":
                yield dict(zip(COLUMNS, cells, strict=True))


@contextmanager
def _opened(path: Path) -> Iterator[gzip.GzipFile]:
    """Open a packed file; tell damage in words."""
    try:
        with gzip.open(path, "rb") as stream:
            yield stream
    except (EOFError, gzip.BadGzipFile, zlib.error, csv.Error) as error:
        msg = f"{path} is damaged or ends before its end: {error}"
        raise SourceFileError(msg) from error
