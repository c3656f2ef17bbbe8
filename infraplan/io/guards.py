"""
What is looked at before a file is opened by anything that understands it.

What a file is said to be is checked against its first bytes: GDAL would follow a VRT under the name
`.geojson` to any file of the machine, and a path beginning with /vsicurl/ to the internet.
"""

import zipfile
from pathlib import Path

from infraplan.errors import SourceFileError

__all__ = ["FORMATS", "check_archive", "checked_path"]

MAGIC = {
    ".xlsx": (b"PK\x03\x04",),
    ".gpkg": (b"SQLite format 3\0",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".geojson": (b"{",),
    ".json": (b"{",),
}
FORMATS = (".csv", *MAGIC)
UNPACKED_LIMIT = 500_000_000  # bytes in a workbook: more is no list but an attack
RATIO_LIMIT = 200
ENTRY_LIMIT = 1000


def checked_path(path: Path | str) -> Path:
    """
    Return the path of a file that may be read, after looking at its first bytes.

    Parameters
    ----------
    path
        Path as the user gave it.

    Returns
    -------
    path
        Existing file whose content is what its name says.

    Raises
    ------
    SourceFileError
        If it is missing, not a file of this machine, of another format than its name says, or of a
        format that is not read.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"{path} does not exist, or is not a file on this machine"
        raise SourceFileError(msg)
    if path.name.startswith("~$"):
        msg = (
            f"{path} is only the mark that Excel sets while a workbook is open; give the workbook "
            f"itself: {path.with_name(path.name[2:])}"
        )
        raise SourceFileError(msg)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise SourceFileError(_refusal(path, suffix))
    if suffix in MAGIC:
        with path.open("rb") as stream:
            start = stream.read(64)
        start = start.removeprefix(b"\xef\xbb\xbf").lstrip() if b"{" in MAGIC[suffix] else start
        if not start.startswith(MAGIC[suffix]):
            msg = f"{path} is not a {suffix[1:]} file, whatever its name says"
            raise SourceFileError(msg)
    return path


def check_archive(path: Path) -> None:
    """
    Refuse an archive that would unpack to more than any list needs.

    Parameters
    ----------
    path
        Workbook or other ZIP archive.

    Raises
    ------
    SourceFileError
        If it is damaged, or would unpack to more than is ever needed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        msg = f"{path} is damaged, or not a workbook: {error}"
        raise SourceFileError(msg) from error
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(sum(entry.compress_size for entry in entries), 1)
    is_bomb = unpacked > 10_000_000 and unpacked / packed > RATIO_LIMIT
    if unpacked > UNPACKED_LIMIT or is_bomb or len(entries) > ENTRY_LIMIT:
        msg = f"{path} would unpack to {unpacked / 1e6:.0f} MB and is refused; split the list"
        raise SourceFileError(msg)


def _refusal(path: Path, suffix: str) -> str:
    """Return why a format is not read, and what to do."""
    remedy = {
        ".xls": "open it in Excel and save it as .xlsx",
        ".zip": "unpack it and give the file inside",
        ".rar": "unpack it and give the file inside",
        ".kml": "open it in QGIS or Google Earth Pro and save it as .gpkg or .geojson",
        ".kmz": "open it in QGIS or Google Earth Pro and save it as .gpkg or .geojson",
        ".tab": "open it in QGIS and save it as .gpkg with its reference system",
        ".mif": "open it in QGIS and save it as .gpkg with its reference system",
        ".tif": "rasters are imported as terrain, landcover, water, population or floods",
    }.get(suffix, "save it as .xlsx, .csv, .gpkg, .geojson or .shp")
    return f"{path}: files of the type '{suffix or 'none'}' are not read as a layer; {remedy}"
