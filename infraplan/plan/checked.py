"""
Plans found without fault, remembered until a file of theirs changes.

A check reads every layer and holds each value against its schema, which is most of what opening a
plan costs. What was checked is told by the times, sizes and numbers of all its files and of ours,
so a new version checks anew; it is kept in the user's own cache folder, for opening a plan changes
nothing in it.
"""

import contextlib
import hashlib
import time
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from infraplan import atomic
from infraplan.packaged import data_path
from infraplan.packaged import user_cache
from infraplan.plan.folder import SETTINGS_FILE
from infraplan.plan.folder import SETTLED_NS
from infraplan.plan.folder import Plan

__all__ = ["is_known_good", "keep_known_good"]

CODE = (".py", ".toml", ".csv")


def is_known_good(plan: Plan) -> bool:
    """
    Return whether a plan was found without fault, and nothing has changed since.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    is_known_good
        False as well where that is not known.
    """
    try:
        return _note(plan).read_text(encoding="ascii") == _stamp(_files(plan))
    except (OSError, ValueError):
        return False


def keep_known_good(plan: Plan) -> None:
    """
    Remember that a plan was found without fault.

    Parameters
    ----------
    plan
        The plan. One that changed a moment ago is not remembered: a file may change twice within
        one tick of its clock.
    """
    with contextlib.suppress(OSError):  # a disk that is full costs time and nothing else
        mine = _files(plan)
        newest = max((path.stat().st_mtime_ns for path in mine), default=0)
        if time.time_ns() - newest > SETTLED_NS:
            atomic.write_scratch(_note(plan), _stamp(mine).encode("ascii"))


def _note(plan: Plan) -> Path:
    """Return the file in which it is remembered which state of a plan is good."""
    name = hashlib.sha256(str(plan.folder).encode()).hexdigest()[:32]
    return user_cache() / "infraplan" / "checked" / name


def _files(plan: Plan) -> list[Path]:
    """Return the files of a plan that a check looks at."""
    own = plan.layers_file
    found = [
        plan.folder / SETTINGS_FILE,
        own,
        own.with_name(f"{own.name}-wal"),  # what QGIS holds back
        *sorted((plan.folder / "rasters").glob("*")),
        *sorted((plan.folder / "antennas").glob("*")),
    ]
    return [path for path in found if path.is_file()]


def _stamp(mine: Iterable[Path]) -> str:
    """Return what changes with any file of a plan, and with any of ours."""
    package = Path(str(files("infraplan")))
    ours = [
        path
        for folder in (package, data_path("text").parent)
        for path in sorted(folder.rglob("*"))
        if path.suffix in CODE
    ]
    digest = hashlib.sha256()
    for path in (*mine, *ours):
        state = path.stat()
        told = (str(path), state.st_mtime_ns, state.st_size, state.st_ino)
        digest.update(repr(told).encode())
    return digest.hexdigest()
