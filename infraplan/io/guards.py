"""
What is looked at before a file is opened by anything that understands it.

What a file is said to be is checked against its first bytes: GDAL would follow a VRT under the name
`.geojson` to any file of the machine, and a path beginning with /vsicurl/ to the internet.
"""

import os
import re
import sqlite3
import stat
import zipfile
import zlib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import closing
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infraplan.errors import InfraplanError
from infraplan.errors import SourceFileError
from infraplan.layers.notes import Note
from infraplan.text import words

__all__ = [
    "FORMATS",
    "check_archive",
    "check_xml",
    "checked_path",
    "counted_rows",
    "foreign_parser",
    "gdal_name",
    "local_file",
    "not_of_plan",
    "read_member",
    "starts_as",
]

XML, ZIP = (b"<",), (b"PK\x03\x04",)
MAGIC = {
    ".xlsx": ZIP,
    ".gpkg": (b"SQLite format 3\0",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".geojson": (b"{",),
    ".json": (b"{",),
    ".kml": XML,
    ".kmz": ZIP,
    ".zip": ZIP,
    ".gpx": XML,
    ".tab": (b"!table",),
    ".mif": (b"version",),
}
TEXTUAL = (".geojson", ".json", ".kml", ".gpx", ".tab", ".mif")
FORMATS = (".csv", *MAGIC)
UNPACKED_LIMIT = 500_000_000  # bytes in a workbook: more is no list but an attack
RATIO_LIMIT = 200
RATIO_FROM = 10_000_000  # bytes unpacked, below which a ratio harms nobody
ENTRY_LIMIT = 1000
TEXT_LIMIT = 1_000_000_000  # bytes of a list or of GeoJSON, which are read whole
NOT_LOCAL = re.compile(r"^(?:[a-z][a-z0-9+.-]+:/|[/\\]vsi|[/\\]{2}|\\\\\?\\)", re.IGNORECASE)
DRIVE = re.compile(r"^[a-z]:", re.IGNORECASE)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # of Office before 2007, and of encrypted workbooks
OLE_LOOKED_AT = 4_000_000  # bytes, in which the names of its streams stand
PROLOG = 65_536  # bytes of an XML file in which a document type would be declared
SHARED_LIMIT = 20_000  # different texts that are looked up
SHOWN = 300  # letters of what a library says of damage
ROW_LIMIT = 4_000_000  # empty ones counted: a sheet of Excel has a million
COLUMN_LIMIT = 16_384
CELL_LIMIT = 25_000_000  # filled cells held at once
LOCAL_HEADER = 30  # bytes before each part of an archive, its name not counted
FLAGS = re.IGNORECASE | re.DOTALL
VIEWS_OF_STANDARDS = ("st_", "gpkg_", "vector_layers", "spatial_ref_sys")  # of no layer of a user
INDEXES = ("rtree", "fts3", "fts4", "fts5", "rtree_i32")  # virtual tables that read no other file


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
    path = local_file(path)
    if path.name.startswith("~$"):
        msg = (
            f"{path} is only the mark that Excel sets while a workbook is open; give the workbook "
            f"itself: {path.with_name(path.name[2:])}"
        )
        raise SourceFileError(msg, code="excel_mark", file=path.name, own=path.name[2:])
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise SourceFileError(_refusal(path, suffix))
    size = path.stat().st_size
    if not size:
        msg = f"{path} is empty (0 bytes); ask its owner to send it again"
        raise SourceFileError(msg, code="empty", file=path.name)
    if suffix in (".csv", *TEXTUAL) and size > TEXT_LIMIT:
        msg = f"{path} has {size / 1e9:.1f} GB, more than is read at once; split it, or use .gpkg"
        raise SourceFileError(msg)
    if suffix in MAGIC:
        _check_start(path, suffix)
    if suffix == ".gpkg":
        _check_database(path)
    return path


def starts_as(start: bytes, suffix: str) -> bool:
    """
    Return whether a file begins as files of its kind do.

    Parameters
    ----------
    start
        Its first bytes, 64 or more where it has them.
    suffix
        Kind, one that has marks.

    Returns
    -------
    fits
        False where its name says another thing than its content.
    """
    if suffix in TEXTUAL:
        start = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith(MAGIC[suffix])


def local_file(path: Path | str) -> Path:
    """
    Return the path of a file on this machine, without opening anything.

    Parameters
    ----------
    path
        Path as the user gave it.

    Returns
    -------
    path
        Path of an ordinary file.

    Raises
    ------
    SourceFileError
        If it is an address on a network or one that GDAL alone understands, a folder, a device or
        a pipe, or is not there.
    """
    text = str(path)
    if "\0" in text or NOT_LOCAL.match(text):
        shown = text.replace("\0", "\\0")
        msg = (
            f"{shown} is an address, not a file on this machine; copy the file to this machine "
            "and give its path here"
        )
        raise SourceFileError(msg)
    path = Path(path)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        msg = f"{path} does not exist, or is not a file on this machine"
        raise SourceFileError(msg, code="missing", file=path.name) from error
    if stat.S_ISDIR(mode):
        msg = f"{path} is a folder, not a file on this machine; give the file inside"
        raise SourceFileError(msg, code="folder", file=path.name)
    if not stat.S_ISREG(mode):
        msg = f"{path} is a device or a pipe, not a file on this machine; give an ordinary file"
        raise SourceFileError(msg)
    if not os.access(path, os.R_OK):
        msg = f"{path} may not be read by you; ask its owner, or copy it to a folder of your own"
        raise SourceFileError(msg, code="not_allowed", file=path.name)
    return path


def not_of_plan(path: Path, folder: Path) -> Path:
    """
    Return a path to import from, after seeing that it is none of the plan's own files.

    Parameters
    ----------
    path
        File to import.
    folder
        Folder of the plan.

    Returns
    -------
    path
        The same path.

    Raises
    ------
    SourceFileError
        If it is, or is a link to, a file that an import would replace; or is no local file.
    """
    own = Path(os.path.realpath(folder))
    real = Path(os.path.realpath(local_file(path)))
    if real == own / "layers.gpkg" or own / "rasters" in real.parents:
        msg = f"{path} is a file of the plan itself; give the file that came from its owner"
        raise SourceFileError(msg)
    return path


def gdal_name(path: Path) -> str:
    """
    Return the name by which GDAL opens a file as what its ending says, and as nothing else.

    Parameters
    ----------
    path
        Path that `checked_path` returned.

    Returns
    -------
    name
        The path, with the driver before it where other drivers would claim the file: a command of
        GDAL in JSON runs when it is opened, whatever its name.

    Raises
    ------
    SourceFileError
        If GDAL would take a part of the path for the name of an archive.
    """
    if path.suffix.lower() in (".geojson", ".json"):
        return f"GeoJSON:{path}"
    if "!" in str(path):
        msg = f"{path} has the sign '!' in its name or folder; rename it without, and try again"
        raise SourceFileError(msg)
    return str(path)


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
    if not path.is_file():
        msg = f"{path.name} does not exist, or is not a file on this machine"
        raise SourceFileError(msg, code="missing", file=path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_size(path, entries)
            _check_entries(path, entries, archive.start_dir)
            for entry in entries:
                if entry.filename.lower().endswith((".xml", ".rels", ".vml", ".kml")):
                    with archive.open(entry) as stream:
                        check_xml(path, stream.read(PROLOG))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        msg = f"{path} is damaged, or not an archive: {error}; ask its owner to send it again"
        raise SourceFileError(msg, code="damaged", file=path.name, why=str(error)) from error
    except (RuntimeError, zlib.error) as error:
        msg = f"{path} cannot be unpacked: {error}; ask its owner to send it again"
        raise SourceFileError(msg) from error


def check_xml(path: Path, start: bytes) -> None:
    """
    Refuse XML that declares a document type: no map or workbook needs one, attacks do.

    Parameters
    ----------
    path
        File that the XML is, or is in, for the message.
    start
        Its first bytes.

    Raises
    ------
    SourceFileError
        If a document type or an entity is declared.
    """
    flat = start.replace(b"\0", b"")  # of UTF-16 the letters remain
    for word in (b"<!DOCTYPE", b"<!ENTITY"):
        if word in flat:
            msg = (
                f"{path} declares {word[2:].decode()} in its XML, which could read other files of "
                "this machine, and is refused; save it anew in the program it comes from"
            )
            raise SourceFileError(msg)


@contextmanager
def foreign_parser(path: Path, kind: str) -> Iterator[None]:
    """
    Tell whatever a library raises on a damaged file as the damage that it is.

    Parameters
    ----------
    path
        File that the library reads.
    kind
        What it is read as, such as `"workbook"`.

    Raises
    ------
    SourceFileError
        If anything was raised that is not one of our own errors.
    """
    try:
        yield
    except InfraplanError:
        raise
    except MemoryError as error:
        msg = f"{path} needs more memory than this machine has; split it, or crop it to the area"
        raise SourceFileError(msg) from error
    except Exception as error:
        words = " ".join(str(error).split("; It might help")[0].split())[:SHOWN]
        msg = (
            f"{path} cannot be read as a {kind}: {words or type(error).__name__}; it is damaged or "
            "was not saved in full, so ask its owner to save and send it again"
        )
        raise SourceFileError(
            msg, code="damaged", file=path.name, why=words or type(error).__name__
        ) from error


def read_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, limit: int) -> bytes:
    """
    Return the content of one file of an archive, its bytes counted and not believed.

    Parameters
    ----------
    archive
        Archive that `check_archive` let pass.
    entry
        Which of its files.
    limit
        Most bytes that it may unpack to.

    Returns
    -------
    content
        All of it.

    Raises
    ------
    SourceFileError
        If it is damaged, or larger.
    """
    parts: list[bytes] = []
    total = 0
    try:
        with archive.open(entry) as stream:
            while block := stream.read(1 << 20):
                total += len(block)
                if total > limit:
                    msg = (
                        f"{entry.filename} in {archive.filename} unpacks to more than "
                        f"{limit / 1e6:.0f} MB and is refused; split the file"
                    )
                    raise SourceFileError(msg)
                parts.append(block)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        msg = f"{entry.filename} in {archive.filename} is damaged: {error}"
        raise SourceFileError(msg) from error
    if total != entry.file_size:
        msg = (
            f"{entry.filename} in {archive.filename} is damaged: it has {total} bytes instead of "
            f"the {entry.file_size} that are claimed"
        )
        raise SourceFileError(msg)
    return b"".join(parts)


def counted_rows(path: Path, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """
    Yield the rows of a sheet without the empty cells at their end, and stop where no list ends.

    Parameters
    ----------
    path
        File, for the message.
    rows
        Rows as they come; a few bytes of a workbook can claim any number of them.

    Yields
    ------
    row
        Cells up to the last one that is filled; empty rows in between are kept, those at the end
        are not.

    Raises
    ------
    SourceFileError
        If there are more rows, columns or cells than a sheet of Excel or the memory holds.
    """
    empty = cells = 0
    seen: dict[object, object] = {}  # equal texts of a million rows are kept once
    for number, row in enumerate(rows, start=1):
        width = len(row)
        while width and (row[width - 1] is None or row[width - 1] == ""):
            width -= 1
        cells += width
        if number > ROW_LIMIT or width > COLUMN_LIMIT or cells > CELL_LIMIT:
            msg = (
                f"{path} has more rows, columns or cells than a list holds (row {number:,}, "
                f"{width:,} columns, {cells:,} cells so far); delete what is empty, or split it"
            )
            raise SourceFileError(msg)
        if not width:
            empty += 1
            continue
        for _ in range(empty):
            yield ()
        empty = 0
        if len(seen) > SHARED_LIMIT:
            seen.clear()
        yield [
            seen.setdefault(cell, cell) if isinstance(cell, str) else cell for cell in row[:width]
        ]


def _check_start(path: Path, suffix: str) -> None:
    """Refuse a file whose first bytes are not those of its ending, and say what it is."""
    with path.open("rb") as stream:
        start = stream.read(64)
        if suffix == ".xlsx" and start.startswith(OLE):
            told, code = _of_office(path, start + stream.read(OLE_LOOKED_AT))
            raise SourceFileError(told, code=code, file=path.name)
    if not starts_as(start, suffix):
        msg = (
            f"{path} is not a {suffix[1:]} file, whatever its name says; save it in the program it "
            f"comes from as {suffix}"
        )
        raise SourceFileError(msg, code="other_format", file=path.name, suffix=suffix)


def _of_office(path: Path, content: bytes) -> tuple[str, str]:
    """Return what a file of Office is that is no .xlsx, and what to do; and the code of that."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        told = (
            f"{path} is protected by a password; open it in Excel, take the password away (File, "
            "Info, Protect Workbook, Encrypt with Password) and save it"
        )
        return told, "password"
    told = (
        f"{path} is not a xlsx file, whatever its name says, but one of Excel 97-2003; open it in "
        "Excel and save it as .xlsx"
    )
    return told, "old_excel"


def _check_database(path: Path) -> None:
    """Refuse a GeoPackage whose layers are commands: they read other files, or never end."""
    try:
        with closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)
        ) as database:
            master = database.execute("select type, name, sql from sqlite_master").fetchall()
            listed = database.execute("select count(*) from gpkg_contents").fetchone()[0]
    except (sqlite3.Error, ValueError):
        return  # a journal of a killed writer, or damage: whoever reads it says so
    if not listed:
        msg = f"{path} holds no layer; in QGIS, export the layer again to this format"
        raise SourceFileError(msg)
    for kind, name, sql in master:
        words = str(sql or "")
        module = re.match(r"\s*create\s+virtual\s+table\b.*?\busing\s+[\"'`\[]?(\w+)", words, FLAGS)
        if module and module[1].lower() not in INDEXES:
            msg = (
                f"{path}: table '{name}' takes its rows from elsewhere ({module[1]}) and is "
                "refused; save the layer in QGIS to a new .gpkg"
            )
            raise SourceFileError(msg)
        if kind == "view" and not str(name).startswith(VIEWS_OF_STANDARDS):
            msg = (
                f"{path}: '{name}' is a stored query, not a layer, and is refused; save the layer "
                "in QGIS to a new .gpkg"
            )
            raise SourceFileError(msg)


def _check_size(path: Path, entries: Iterable[zipfile.ZipInfo]) -> None:
    """Refuse an archive that says that it unpacks to more than any list needs."""
    sizes = [(entry.file_size, entry.compress_size) for entry in entries]
    unpacked = sum(size for size, _ in sizes)
    packed = max(sum(size for _, size in sizes), 1)
    is_bomb = unpacked > RATIO_FROM and unpacked / packed > RATIO_LIMIT
    if unpacked > UNPACKED_LIMIT or is_bomb or len(sizes) > ENTRY_LIMIT:
        msg = (
            f"{path} would unpack to {unpacked / 1e6:.0f} MB in {len(sizes)} parts and is refused; "
            "split the list, or save it anew"
        )
        raise SourceFileError(msg)


def _check_entries(path: Path, entries: Iterable[zipfile.ZipInfo], end: int) -> None:
    """Refuse names that lead out of the archive, links, passwords, and parts that overlap."""
    reached = end
    for entry in sorted(entries, key=lambda entry: entry.header_offset, reverse=True):
        name = entry.orig_filename
        parts = name.replace("\\", "/").split("/")
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        if "\0" in name or ".." in parts or not parts[0] or DRIVE.match(name) or is_link:
            shown = name.replace("\0", "\\0")
            msg = (
                f"{path} holds '{shown}', a link or a path that leads out of the archive, and is "
                "refused; pack the files anew"
            )
            raise SourceFileError(msg)
        if entry.flag_bits & 1:
            msg = f"{path} is protected by a password; unpack it and give the file inside"
            raise SourceFileError(msg)
        if entry.header_offset + LOCAL_HEADER + entry.compress_size > reached:
            msg = (
                f"{path} has parts that overlap, as no program writes them, and is refused; ask "
                "its owner to save it anew"
            )
            raise SourceFileError(msg)
        reached = entry.header_offset


def _refusal(path: Path, suffix: str) -> str:
    """Return why a format is not read, and what to do."""
    remedy = {
        ".7z": "unpack it and give the file inside",
        ".mid": "give the .mif of the same name",
        ".dat": "give the .tab of the same name",
        ".map": "give the .tab of the same name",
        ".dbf": "give the .shp of the same name",
        ".shx": "give the .shp of the same name",
        ".prj": "give the .shp of the same name",
        ".dwg": "open it in AutoCAD or QGIS and save its layer as .shp or .gpkg, with its system",
        ".dxf": "open it in QGIS and save its layer as .gpkg, with its reference system",
        ".dgn": "open it in MicroStation or QGIS and save its layer as .shp, with its system",
        ".tif": "rasters are imported as terrain, landcover, water, population or floods",
    }.get(suffix, "save it as .xlsx, .csv, .gpkg, .geojson, .kml or .shp")
    kind = suffix or "none"
    code = f"files.kind_{suffix[1:]}"
    if code in words("en").entries:
        return Note(code, path=str(path))
    return Note("files.kind_other", path=str(path), kind=kind, remedy=remedy)
