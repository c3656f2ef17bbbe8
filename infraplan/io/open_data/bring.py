"""Which files of a source cover an area, and how they become a file that can be imported."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from infraplan.errors import SourceFileError
from infraplan.io.download import Cached
from infraplan.io.download import Downloader
from infraplan.io.download import Missing
from infraplan.io.download import Wanted
from infraplan.io.download import fault_of
from infraplan.io.open_data.boundaries import check_json
from infraplan.io.open_data.boundaries import named_by_api
from infraplan.io.open_data.boundaries import named_by_units
from infraplan.io.open_data.boundaries import read_districts
from infraplan.io.open_data.boundaries import read_units
from infraplan.io.open_data.cells import check_cells
from infraplan.io.open_data.cells import read_cells
from infraplan.io.open_data.declarations import OpenSource
from infraplan.io.open_data.osm import check_osm
from infraplan.io.open_data.osm import read_osm
from infraplan.io.open_data.pieces import Area
from infraplan.io.open_data.pieces import Box
from infraplan.io.open_data.pieces import Brought
from infraplan.io.open_data.pieces import Piece
from infraplan.io.open_data.pieces import filled
from infraplan.io.open_data.pieces import tile_values
from infraplan.io.open_data.pieces import tiles_over
from infraplan.io.open_data.rasters import check_tile
from infraplan.io.open_data.rasters import merge_tiles
from infraplan.progress import Progress
from infraplan.progress import part

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["bring", "fetch_pieces", "pieces_of"]

Files = Sequence[tuple[Piece, Path | None]]
FORMATS = {
    "raster": ("geotiff", ".tif"),
    "osm": ("osm", ".osm"),
    "vn_units": ("json", ".geojson"),
    "geoboundaries": ("json", ".geojson"),
    "opencellid": ("gzip", ".csv.gz"),
}
CHECKS: Mapping[str, Callable[[Path], None]] = {
    "raster": check_tile,
    "osm": check_osm,
    "vn_units": check_json,
    "geoboundaries": check_json,
    "opencellid": check_cells,
}
LAND_SHARE = 0.0005  # of a tile that must be the plan's own ground for it not to be sea
INDEX_DAYS = 30.0


def pieces_of(
    source: OpenSource, area: Area | None, values: Mapping[str, str], downloader: Downloader
) -> tuple[Piece, ...]:
    """
    Return the files of a source that cover an area.

    Parameters
    ----------
    source
        Declaration.
    area
        Area with its halo; None where the plan has none and the source needs none.
    values
        What the user gave: `token`, `province`.
    downloader
        Fetches the list that names the files, where the source has one.

    Returns
    -------
    pieces
        Files with their addresses.

    Raises
    ------
    SourceFileError
        If the list cannot be had, or is of another form.
    """

    def index(address: str, shown: str) -> Path:
        """Fetch the list that names the files."""
        wanted = Wanted(
            source.id, address, f"{source.id}-index.json", "json", shown, keep_days=INDEX_DAYS,
            max_bytes=int(source.max_mb * 1e6), kept=_kept(source),
        )  # fmt: skip
        return downloader.fetch(wanted, verify=check_json).path

    if source.reader == "vn_units":
        return tuple(named_by_units(source, values, index))
    if source.reader == "geoboundaries":
        return tuple(named_by_api(source, values, index))
    return tuple(_tiles(source, area, values))


def fetch_pieces(
    source: OpenSource,
    pieces: Sequence[Piece],
    area: Area | None,
    downloader: Downloader,
    progress: Progress | None = None,
) -> list[tuple[Piece, Cached | None]]:
    """
    Fetch files of a source.

    Parameters
    ----------
    source
        Declaration.
    pieces
        Files to fetch.
    area
        Area, which says of what tiles are known to be land.
    downloader
        How to fetch, and where to keep.
    progress
        Called with the share of the files that came.

    Returns
    -------
    files
        Each file in the cache; None for a tile of the sea.

    Raises
    ------
    DownloadError
        If a file cannot be had, or all tiles are said not to be there.
    """
    kind, _ = FORMATS[source.reader]
    fetched: list[tuple[Piece, Cached | None]] = []
    missing: Missing | None = None
    for number, piece in enumerate(pieces):
        wanted = Wanted(
            source=source.id,
            address=piece.address,
            name=piece.name,
            kind=kind,
            shown=piece.shown,
            max_bytes=int(source.max_mb * 1e6),
            checksum=source.checksum,
            checksum_address=source.checksum_address.replace("{address}", piece.address),
            keep_days=source.keep_days,
            kept=_kept(source),
        )
        done = part(progress, number / len(pieces), (number + 1) / len(pieces))
        try:
            cached = downloader.fetch(wanted, verify=CHECKS[source.reader], progress=done)
        except Missing as error:
            if not source.missing_is_sea or _is_land(piece, area):
                raise
            missing = error
            fetched.append((piece, None))
            continue
        fetched.append((piece, cached))
    if missing is not None and not any(cached for _, cached in fetched):
        raise missing
    return fetched


def bring(
    source: OpenSource,
    files: Files,
    area: Area | None,
    target: Path,
    communes: "gpd.GeoDataFrame",
) -> Brought:
    """
    Read files of a source into one file that can be imported as its layer.

    Parameters
    ----------
    source
        Declaration.
    files
        Files that cover the area; None for a tile of the sea.
    area
        Area with its halo.
    target
        File to write, without its ending.
    communes
        Communes of the plan.

    Returns
    -------
    brought
        The file, with what must be told of it.

    Raises
    ------
    SourceFileError
        If a file is damaged, hostile, or has nothing in the area.
    """
    if source.reader == "vn_units":
        return read_units(source, files, area, target.with_suffix(".gpkg"))
    if source.reader == "geoboundaries":
        return read_districts(source, files, area, target.with_suffix(".gpkg"))
    if source.reader == "opencellid":
        return read_cells(source, files, area, target.with_suffix(".gpkg"))
    if area is None:
        fault = fault_of("source_needs_area", source=source.id)
        raise SourceFileError(str(fault))
    if source.reader == "osm":
        return read_osm(source, files, area, target.with_suffix(".gpkg"), communes)
    return merge_tiles(source, files, area, target.with_suffix(".tif"))


def _tiles(source: OpenSource, area: Area | None, values: Mapping[str, str]) -> Iterator[Piece]:
    """Yield the tiles of a source that touch the area, or its one file."""
    import shapely

    boxes: Iterable[Box | None] = (None,)
    if area is not None and source.tile_deg:
        is_raster = source.reader == "raster"  # its corners must be known too
        shape = shapely.box(*area.shape.bounds) if is_raster else area.shape
        boxes = tiles_over(shape, source.tile_deg)
    for box in boxes:
        known = {**values, **tile_values(box), "id": source.id}
        if query := source.options.get("query"):
            known["query"] = " ".join(_query(str(query), tile_values(box)).split())
        address, shown = filled(source, source.address, known)
        name = filled(source, source.file_name, known)[1]
        yield Piece(address, shown, f"{name}{FORMATS[source.reader][1]}", box)


def _query(text: str, values: Mapping[str, str]) -> str:
    """Return a query with the edges of its tile."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _is_land(piece: Piece, area: Area | None) -> bool:
    """Return whether the plan itself has ground in a tile, which then cannot be all sea."""
    import shapely

    if area is None or piece.box is None:
        return True
    tile = shapely.box(*piece.box)
    return bool(tile.intersection(area.core).area > LAND_SHARE * tile.area)


def _kept(source: OpenSource) -> dict[str, str]:
    """Return what is written beside each file of a source."""
    return {"source": source.id, "licence": source.licence, "attribution": source.attribution}
