"""
The one way in which a file comes to lie on disk: whole, verified, or not at all.

A file is written beside its target under a temporary name, checked by re-reading, flushed to the
disk and moved over the old one in one step. A killed process, a full disk or a failed check leaves
the old file as it was. On Windows a file that Word, QGIS or a scanner holds open cannot be
replaced: the move is tried again for a while, then the caller's choice decides.
"""

import contextlib
import errno
import json
import os
import re
import secrets
import socket
import time
import unicodedata
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

from infraplan.errors import PlanError

__all__ = ["exclusive", "file_stem", "sweep", "write", "write_bytes", "write_scratch", "write_text"]

RETRY_FIRST_S = 0.05
RETRY_TOTAL_S = 2.5
HELD_WINERRORS = (5, 32, 33)  # access denied, sharing violation, lock violation
RESERVED = {"con", "prn", "aux", "nul"} | {f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10)}
TEMPORARY = ".~infraplan-"


def write(
    path: Path,
    fill: Callable[[Path], None],
    *,
    verify: Callable[[Path], None] | None = None,
    if_held: str = "stop",
) -> Path:
    """
    Write a file whole or not at all.

    Parameters
    ----------
    path
        Target; its folder is made where missing.
    fill
        Called with a temporary path in the same folder and of the same suffix; writes the file and
        closes it.
    verify
        Called with the temporary path after `fill`; raises where the content is not what was meant.
    if_held
        What to do where another program holds the target open: `"stop"` raises, `"rename"` writes
        `name (2).ext` beside it.

    Returns
    -------
    path
        Where the file lies now: the target, or its numbered sibling.

    Raises
    ------
    PlanError
        If the disk is full, the folder cannot be written, or the target is held open.
    """
    path = Path(path)
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(6)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fill(temporary)
        if verify is not None:
            verify(temporary)
        _flush(temporary)
        return _move(temporary, path, if_held)
    except OSError as error:
        raise _explained(error, path) from error
    finally:
        for leftover in (temporary, *_side_files(temporary)):
            with contextlib.suppress(OSError):
                leftover.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, *, if_held: str = "stop") -> Path:
    """
    Write bytes whole or not at all.

    Parameters
    ----------
    path
        Target.
    content
        What the file shall hold.
    if_held
        As in `write`.

    Returns
    -------
    path
        Where the file lies now.

    Raises
    ------
    PlanError
        As in `write`.
    """

    def fill(temporary: Path) -> None:
        """Write the content."""
        temporary.write_bytes(content)

    return write(path, fill, if_held=if_held)


def write_text(path: Path, text: str, *, if_held: str = "stop") -> Path:
    """
    Write UTF-8 text with line feeds, whole or not at all.

    Parameters
    ----------
    path
        Target.
    text
        What the file shall hold.
    if_held
        As in `write`.

    Returns
    -------
    path
        Where the file lies now.

    Raises
    ------
    PlanError
        As in `write`.
    """
    return write_bytes(path, text.encode("utf-8"), if_held=if_held)


def write_scratch(path: Path, content: bytes) -> None:
    """
    Write a file that can be made again: whole or not at all, but not flushed to the disk.

    Parameters
    ----------
    path
        Target; its folder is made where missing.
    content
        What the file shall hold; with a checksum of its own, for a power cut may lose some of it.

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(6)}{path.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def file_stem(name: str) -> str:
    """
    Return a file name, without suffix, that every system and archive accepts.

    Parameters
    ----------
    name
        Any text, such as a station code or a batch name from a letter.

    Returns
    -------
    stem
        ASCII letters, digits, `-`, `_` and `.`; at most 60 characters; never empty, reserved on
        Windows, hidden, or a way out of its folder.

    Examples
    --------
    >>> file_stem("HTI/01:A")
    'HTI-01-A'
    >>> file_stem("Đợt 3 – tháng 11")
    'Dot-3-thang-11'
    >>> file_stem("../..")
    'unnamed'
    """
    plain = name.replace("đ", "d").replace("Đ", "D")
    plain = unicodedata.normalize("NFD", plain).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", plain)
    plain = re.sub(r"-{2,}", "-", plain).strip("-. ")[:60].rstrip("-. ")
    if not re.search(r"[A-Za-z0-9]", plain):
        return "unnamed"
    return f"{plain}_" if plain.split(".")[0].lower() in RESERVED else plain


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """
    Hold a folder so that only one process writes to it.

    Parameters
    ----------
    folder
        Existing folder; a small file `.lock` in it says who holds it.

    Raises
    ------
    PlanError
        If another process holds it; the message says which, since when, and how to break the lock.
    """
    lock = Path(folder) / ".lock"
    _claim(lock)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink(missing_ok=True)


def sweep(folder: Path) -> int:
    """
    Remove what killed writers left behind.

    Parameters
    ----------
    folder
        Folder to sweep, with all below it; call it only while holding the folder.

    Returns
    -------
    removed_count
        Number of temporary files removed.
    """
    removed_count = 0
    for leftover in Path(folder).rglob(f"{TEMPORARY}*"):
        with contextlib.suppress(OSError):
            leftover.unlink()
            removed_count += 1
    return removed_count


def _flush(path: Path) -> None:
    """Force a file's content to the disk."""
    with path.open("rb+") as handle:
        os.fsync(handle.fileno())


def _move(temporary: Path, path: Path, if_held: str) -> Path:
    """Replace the target, trying again while another program holds it."""
    wait_s, deadline = RETRY_FIRST_S, time.monotonic() + RETRY_TOTAL_S
    while True:
        try:
            temporary.replace(path)
        except PermissionError as error:
            held = os.name != "nt" or getattr(error, "winerror", 5) in HELD_WINERRORS
            if not held or path.is_dir():
                raise
            if time.monotonic() + wait_s <= deadline:
                time.sleep(wait_s)
                wait_s *= 2
                continue
            if if_held == "rename":
                return _move(temporary, _numbered(path), "stop")
            msg = (
                f"{path} is open in another program (QGIS, Excel, Word?) or protected, so it was "
                "left as it is; close it there and run the command again"
            )
            raise PlanError(msg) from error
        else:
            break
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return path


def _numbered(path: Path) -> Path:
    """Return the first free `name (2).ext` beside a file."""
    number = 2
    while (sibling := path.with_name(f"{path.stem} ({number}){path.suffix}")).exists():
        number += 1
    return sibling


def _side_files(temporary: Path) -> list[Path]:
    """Return the files that SQLite and GDAL may leave beside a temporary file."""
    return [
        temporary.with_name(temporary.name + end)
        for end in ("-journal", "-wal", "-shm", ".aux.xml")
    ]


def _explained(error: OSError, path: Path) -> PlanError:
    """Return the error in the words of the person at the keyboard."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        cause = "the disk is full"
    elif isinstance(error, PermissionError):
        cause = "this folder may not be written to; choose another one, or ask who owns it"
    else:
        cause = error.strerror or str(error)
    return PlanError(f"{path} could not be written: {cause}. What was there before is unchanged")


def _claim(lock: Path) -> None:
    """Create the lock file, taking over one whose process on this machine is gone."""
    note = json.dumps(
        {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%F %T")}
    )
    for _ in range(2):
        try:
            handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            holder = _holder(lock)
            if not _is_dead(holder):
                break
            lock.unlink(missing_ok=True)
        except OSError as error:
            raise _explained(error, lock) from error
        else:
            _sign(lock, handle, note)
            return
    holder = _holder(lock)
    msg = (
        f"{lock.parent} is being written to by process {holder.get('pid', '?')} on "
        f"{holder.get('host', '?')} since {holder.get('since', '?')}; wait for it, or delete "
        f"{lock} if you know that it no longer runs"
    )
    raise PlanError(msg)


def _sign(lock: Path, handle: int, note: str) -> None:
    """Write into a new lock who holds it; a disk without room for that has none for the rest."""
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(note)
    except OSError as error:
        lock.unlink(missing_ok=True)
        raise _explained(error, lock) from error


def _holder(lock: Path) -> dict[str, object]:
    """Return what a lock file says of its holder; empty where it is unreadable."""
    try:
        content = json.loads(lock.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _is_dead(holder: dict[str, object]) -> bool:
    """Return whether the holder ran on this machine and runs no more."""
    pid = holder.get("pid")
    if holder.get("host") != socket.gethostname() or not isinstance(pid, int) or os.name == "nt":
        return False  # os.kill(pid, 0) would end the process on Windows
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
