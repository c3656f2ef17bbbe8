"""Where the real layers lie that only some machines have, and what to do where they lack."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


def shared_folder(name: str) -> Path:
    """Return `../shared/NAME`; skip the test where it is absent, fail it in CI."""
    folder = SHARED / name
    if not folder.exists():
        reason = f"needs ../shared/{name}, which this machine lacks"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
