"""
What is always made alike, kept in the user's own cache folder instead of being made each time.

Nothing depends on what is kept: a file that is missing, damaged or of another version is made anew,
and a folder that cannot be written costs time and nothing else. What is kept is told by the code
that made it, so an edit anywhere in that makes it anew.
"""

import contextlib
import hashlib
import sys
import zlib
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path

from infraplan import atomic
from infraplan.packaged import user_cache

__all__ = ["remembered"]


def remembered(
    kind: str,
    make: Callable[[], bytes],
    *,
    told: str = "",
    modules: Sequence[str] = (),
    packages: Sequence[str] = (),
) -> bytes:
    """
    Return what a function makes, from the cache where it was made before.

    Parameters
    ----------
    kind
        What it is, as the beginning of a file name; of each kind the last one is kept.
    make
        Makes it; the same at every call.
    told
        What it is made from.
    modules
        Names of our modules whose code makes it, each loaded.
    packages
        Names of distributions whose versions count.

    Returns
    -------
    content
        What `make` returns.
    """
    try:
        name = f"{kind}-{_fingerprint(told, modules, packages)}"
        folder = user_cache() / "infraplan" / "made"
    except (OSError, ImportError):  # our code cannot be read, say, or a package is not installed
        return make()
    content = _kept(folder / name)
    if content is None:
        content = make()
        _keep(folder, kind, name, content)
    return content


def _fingerprint(told: str, modules: Sequence[str], packages: Sequence[str]) -> str:
    """Return what changes with anything that the content depends on."""
    digest = hashlib.sha256(f"{sys.version} {zlib.ZLIB_RUNTIME_VERSION}".encode())
    if packages:
        from importlib.metadata import version  # which loads what reads mail

        for package in packages:
            digest.update(f" {package} {version(package)}".encode())
    for module in modules:
        digest.update(Path(str(sys.modules[module].__file__)).read_bytes())
    digest.update(told.encode())
    return digest.hexdigest()[:32]


def _kept(path: Path) -> bytes | None:
    """Return a content that is kept, None where it is not there or not whole."""
    try:
        checksum, content = _parted(path.read_bytes())
    except OSError:
        return None
    return content if hashlib.sha256(content).digest() == checksum else None


def _parted(content: bytes) -> tuple[bytes, bytes]:
    """Return the checksum that a file begins with, and what follows it."""
    size = hashlib.sha256().digest_size
    return content[:size], content[size:]


def _keep(folder: Path, kind: str, name: str, content: bytes) -> None:
    """Keep a content, and give up those of other versions."""
    with contextlib.suppress(OSError):  # a disk that is full costs time and nothing else
        atomic.write_scratch(folder / name, hashlib.sha256(content).digest() + content)
        for other in folder.glob(f"{kind}-*"):
            if other.name != name:
                other.unlink(missing_ok=True)
