"""Work that outlives a run: losses around masts, kept on disk."""

import logging
import os
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from infraplan import atomic

__all__ = ["LossCache"]

GIGABYTE = 1_000_000_000
CHECK_BYTES = 4

logger = logging.getLogger(__name__)


class LossCache:
    """
    Losses around masts in a folder, one file a mast and carrier, within a size.

    A run that was cut off finds there what it had computed, and a later run what has not changed:
    the name of a file is the hash of all that its content depends on. The oldest give way to new
    ones. A file that is damaged, or a disk that is full, costs time and nothing else.
    """

    def __init__(self, folder: Path, *, max_gb: float) -> None:
        """
        Open the cache.

        Parameters
        ----------
        folder
            Where the files lie; made where absent.
        max_gb
            Size that the files may take together, >= 0 [GB].
        """
        self.folder = folder
        self.max_bytes = int(max_gb * GIGABYTE)
        self.found = 0
        self.kept = 0
        self._is_broken = max_gb <= 0
        self._used: set[str] = set()
        self._sizes: dict[str, int] = {}
        if not self._is_broken:
            self._sizes = self._by_age()
        self._total = sum(self._sizes.values())

    def load(self, key: str) -> npt.NDArray[np.uint16] | None:
        """
        Return what is kept under a key.

        Parameters
        ----------
        key
            Name of the losses.

        Returns
        -------
        losses
            As they were saved; None where nothing was, or it is damaged.
        """
        if self._is_broken or key not in self._sizes:
            return None
        path = self._path(key)
        try:
            content = path.read_bytes()
            os.utime(path)  # used today: it goes last
        except OSError:
            return None
        body = content[CHECK_BYTES:]
        if zlib.crc32(body).to_bytes(CHECK_BYTES, "little") != content[:CHECK_BYTES]:
            return None
        self._used.add(key)
        self.found += 1
        return np.frombuffer(body, dtype="<u2")

    def save(self, key: str, losses: npt.NDArray[np.uint16]) -> None:
        """
        Keep losses, if there is room.

        Parameters
        ----------
        key
            Name of the losses.
        losses
            Any shape.
        """
        if self._is_broken:
            return
        body = np.ascontiguousarray(losses, dtype="<u2").tobytes()
        size = len(body) + CHECK_BYTES
        if not self._make_room(size):
            return
        try:
            content = zlib.crc32(body).to_bytes(CHECK_BYTES, "little") + body
            atomic.write_scratch(self._path(key), content)
        except OSError as error:
            logger.warning("losses are not kept in %s: %s", self.folder, error)
            self._is_broken = True
            return
        self._total += size - self._sizes.get(key, 0)
        self._sizes[key] = size
        self._used.add(key)
        self.kept += 1

    def _make_room(self, size: int) -> bool:
        """Return whether a file of a size fits, after the oldest of earlier runs have gone."""
        if self._total + size <= self.max_bytes:
            return True
        for key in [key for key in self._sizes if key not in self._used]:
            try:
                self._path(key).unlink(missing_ok=True)
            except OSError:  # held by a scanner, say: the next one goes
                continue
            self._total -= self._sizes.pop(key)
            if self._total + size <= self.max_bytes:
                return True
        return False

    def _path(self, key: str) -> Path:
        """Return the file of a key."""
        return self.folder / key[:2] / f"{key}.loss"

    def _by_age(self) -> dict[str, int]:
        """Return the sizes of all files, the oldest first."""
        found = []
        for path in self.folder.glob("*/*.loss"):
            try:
                state = path.stat()
            except OSError:  # gone since
                continue
            found.append((state.st_mtime, path.stem, state.st_size))
        return {key: size for _, key, size in sorted(found)}
