"""Files in and out: messy tables and rasters on reading, whole and verified files on writing."""

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from infraplan.io.antennas import format_antenna as format_antenna
    from infraplan.io.antennas import read_antenna as read_antenna
    from infraplan.io.base import Base as Base
    from infraplan.io.base import read_base as read_base
    from infraplan.io.export import Export as Export
    from infraplan.io.export import write_export as write_export
    from infraplan.io.frames import read_frames as read_frames
    from infraplan.io.frames import write_frames as write_frames
    from infraplan.io.guards import not_of_plan as not_of_plan
    from infraplan.io.outlines import burn as burn
    from infraplan.io.outlines import read_outline as read_outline
    from infraplan.io.price_book import read_price_book as read_price_book
    from infraplan.io.rasters import check_crop as check_crop
    from infraplan.io.rasters import crop_raster as crop_raster
    from infraplan.io.rasters import raster_crs as raster_crs
    from infraplan.io.rasters import raster_reach as raster_reach
    from infraplan.io.rasters import read_bands as read_bands
    from infraplan.io.rasters import read_bands_at as read_bands_at
    from infraplan.io.rasters import read_bands_window as read_bands_window
    from infraplan.io.rasters import read_raster as read_raster
    from infraplan.io.rasters import warp_raster as warp_raster
    from infraplan.io.rasters import write_raster as write_raster
    from infraplan.io.reading import Mended as Mended
    from infraplan.io.reading import Reading as Reading
    from infraplan.io.reading import RefusedError as RefusedError
    from infraplan.io.reading import Understood as Understood
    from infraplan.io.store import content_hash as content_hash
    from infraplan.io.store import file_hash as file_hash
    from infraplan.io.store import read_cells as read_cells
    from infraplan.io.store import read_tables as read_tables
    from infraplan.io.store import table_names as table_names
    from infraplan.io.store import write_tables as write_tables
    from infraplan.io.tables import read_layer as read_layer
    from infraplan.io.tiles import tiled_raster as tiled_raster

_WHERE = {
    "Base": "base",
    "Export": "export",
    "Mended": "reading",
    "Reading": "reading",
    "RefusedError": "reading",
    "Understood": "reading",
    "burn": "outlines",
    "check_crop": "rasters",
    "content_hash": "store",
    "crop_raster": "rasters",
    "file_hash": "store",
    "format_antenna": "antennas",
    "not_of_plan": "guards",
    "raster_crs": "rasters",
    "raster_reach": "rasters",
    "read_antenna": "antennas",
    "read_bands": "rasters",
    "read_bands_at": "rasters",
    "read_bands_window": "rasters",
    "read_base": "base",
    "read_cells": "store",
    "read_frames": "frames",
    "read_layer": "tables",
    "read_outline": "outlines",
    "read_price_book": "price_book",
    "read_raster": "rasters",
    "read_tables": "store",
    "table_names": "store",
    "tiled_raster": "tiles",
    "warp_raster": "rasters",
    "write_export": "export",
    "write_frames": "frames",
    "write_raster": "rasters",
    "write_tables": "store",
}

__all__ = sorted(_WHERE)  # noqa: PLE0605 - one list, above


def __getattr__(name: str) -> Any:  # noqa: ANN401 - functions and classes alike
    """Import a function at its first use, for GDAL is slower to load than a command to answer."""
    if name in _WHERE:
        return getattr(import_module(f"infraplan.io.{_WHERE[name]}"), name)
    msg = f"module 'infraplan.io' has no attribute '{name}'"
    raise AttributeError(msg)
