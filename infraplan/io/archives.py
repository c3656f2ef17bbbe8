"""
What map archives of someone else's hold: looked through before, never unpacked by their names.

What is needed is copied out under names of our own.
"""

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path

from infraplan.io.guards import UNPACKED_LIMIT
from infraplan.io.guards import check_archive
from infraplan.io.guards import read_member

__all__ = ["content_of", "members", "unpacked"]


def members(path: Path) -> tuple[str, ...]:
    """
    Return the names of the files in an archive, all of which are harmless.

    Parameters
    ----------
    path
        ZIP file.

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
    check_archive(path)
    with zipfile.ZipFile(path) as archive:
        return tuple(
            entry.filename
            for entry in archive.infolist()
            if not entry.is_dir() and not entry.filename.startswith("__MACOSX/")
        )


def content_of(path: Path, name: str) -> bytes:
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
    with zipfile.ZipFile(path) as archive:
        return read_member(archive, archive.getinfo(name), limit=UNPACKED_LIMIT)


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
        for name, own in wanted.items():
            (Path(folder) / Path(own).name).write_bytes(content_of(path, name))
        yield Path(folder)
