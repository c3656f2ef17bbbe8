"""
Archives of someone else's: looked through before anything is read, never unpacked by their names.

A ZIP file may hold more than any disk, names that lead out of a folder, and links. What is needed
is copied out under names of our own.
"""

import contextlib
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path

from infraplan.errors import SourceFileError

__all__ = ["check_archive", "members", "read_member", "unpacked"]

UNPACKED_LIMIT = 500_000_000  # bytes in a workbook: more is no list but an attack
RATIO_LIMIT = 200
ENTRY_LIMIT = 1000
BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError,
    RuntimeError,
)  # fmt: skip
OUTSIDE = re.compile(r"^(/|\\|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)")


def check_archive(path: Path, *, what: str = "workbook") -> None:
    """
    Refuse an archive that would unpack to more than any list or map needs.

    Parameters
    ----------
    path
        ZIP file.
    what
        What its name says that it is, for the message.

    Raises
    ------
    SourceFileError
        If it is damaged, too large or packed too tightly.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        msg = f"{path} is damaged, or not a {what}: {error}"
        raise SourceFileError(msg) from error
    unpacked_bytes = sum(entry.file_size for entry in entries)
    packed_bytes = max(sum(entry.compress_size for entry in entries), 1)
    is_bomb = unpacked_bytes > 10_000_000 and unpacked_bytes / packed_bytes > RATIO_LIMIT
    if unpacked_bytes > UNPACKED_LIMIT or is_bomb or len(entries) > ENTRY_LIMIT:
        msg = f"{path} would unpack to {unpacked_bytes / 1e6:.0f} MB and is refused; split the list"
        raise SourceFileError(msg)


def members(path: Path, *, what: str = "archive") -> tuple[str, ...]:
    """
    Return the names of the files in an archive, all of which are harmless.

    Parameters
    ----------
    path
        ZIP file.
    what
        What its name says that it is, for the message.

    Returns
    -------
    names
        As they stand in the archive, without folders and what macOS puts beside files.

    Raises
    ------
    SourceFileError
        If it is damaged, too large, locked by a password, or holds links or names that lead out of
        a folder.
    """
    check_archive(path, what=what)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    for entry in entries:
        if OUTSIDE.search(entry.filename) or stat.S_ISLNK(entry.external_attr >> 16):
            shown = entry.filename.encode("ascii", "backslashreplace").decode()
            msg = (
                f"{path} holds '{shown}', a name or link that leads out of its folder; it is "
                "refused: ask its owner to pack the plain files again"
            )
            raise SourceFileError(msg)
        if entry.flag_bits & 1:
            msg = f"{path} is locked by a password; unpack it and give the file inside"
            raise SourceFileError(msg)
    return tuple(
        entry.filename
        for entry in entries
        if not entry.is_dir() and not entry.filename.startswith("__MACOSX/")
    )


def read_member(path: Path, name: str) -> bytes:
    """
    Return the content of a file in an archive.

    Parameters
    ----------
    path
        ZIP file that `members` has looked through.
    name
        One of its names.

    Returns
    -------
    content
        Bytes, as many as the archive says that it holds.

    Raises
    ------
    SourceFileError
        If the archive is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except BROKEN as error:
        raise SourceFileError(_damaged(path, error)) from error


@contextlib.contextmanager
def unpacked(path: Path, wanted: Mapping[str, str]) -> Iterator[Path]:
    """
    Lay some files of an archive into a temporary folder, under names of our own.

    Parameters
    ----------
    path
        ZIP file that `members` has looked through.
    wanted
        Name in the folder of each file, by its name in the archive.

    Yields
    ------
    folder
        Temporary folder, gone afterwards.

    Raises
    ------
    SourceFileError
        If the archive is damaged.
    """
    with tempfile.TemporaryDirectory(prefix="infraplan-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                for name, own in wanted.items():
                    target = Path(folder) / Path(own).name
                    with archive.open(name) as source, target.open("wb") as sink:
                        shutil.copyfileobj(source, sink)
        except BROKEN as error:
            raise SourceFileError(_damaged(path, error)) from error
        yield Path(folder)


def _damaged(path: Path, error: Exception) -> str:
    """Return what is said of an archive that breaks off or fails its checksum."""
    return f"{path} is damaged ({error}); ask for it again, or unpack it and give the file inside"
