"""
Compiled kernels whose cache cannot go stale.

numba keys its cache on the file of the compiled function alone: a kernel that calls one in another
file keeps the old code after the other is edited. Here the cache folder is named by the hash of
every kernel source and of the versions in use, so an edit anywhere begins a new folder.
Kernels live in modules named `_kernels`, import nothing but numpy and this module, and are imported
inside functions, for numba costs half a second.
"""

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numba
import numpy as np

from infraplan.packaged import user_cache

__all__ = ["njit", "prange"]

prange = numba.prange


def _fingerprint() -> str:
    """Return a hash of all kernel sources and of the versions that compile them."""
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__} {sys.version}".encode())
    package = Path(__file__).parent
    sources = [p for p in package.rglob("*.py") if "_kernels" in p.relative_to(package).as_posix()]
    for source in sorted(sources):
        digest.update(source.relative_to(package).as_posix().encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> str:
    """Return a private, writable folder for compiled kernels; a throw-away one if need be."""
    try:
        folder = user_cache() / "infraplan" / f"numba-{_fingerprint()}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError:
        return tempfile.mkdtemp(prefix="infraplan-numba-")


if "NUMBA_CACHE_DIR" not in os.environ:  # a user's own choice wins
    numba.config.CACHE_DIR = _cache_folder()  # type: ignore[attr-defined]

if TYPE_CHECKING:

    def njit(*args: Any, **options: Any) -> Any:  # noqa: ANN401, D103 - numba is untyped
        ...

else:

    def njit(function=None, **options):  # noqa: ANN001, ANN003, ANN201
        """Compile a function lazily, cached, without the GIL and with IEEE arithmetic."""
        settings = {"cache": True, "nogil": True, "error_model": "numpy"} | options
        decorate = numba.njit(**settings)
        return decorate if function is None else decorate(function)
