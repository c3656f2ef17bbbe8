"""
Plans found without fault, remembered until a file of theirs changes.

A check reads every layer and holds each value against its schema, which is most of what opening a
plan costs. What was checked is told by the times, sizes and numbers of all its files and of ours,
so a new version checks anew; it is kept in the user's own cache folder, for opening a plan changes
nothing in it.
"""

import contextlib
import hashlib
import os
import time
from importlib.resources import files
from pathlib import Path

from infraplan import atomic
from infraplan.packaged import data_path
from infraplan.packaged import user_cache
from infraplan.plan.folder import SETTINGS_FILE
from infraplan.plan.folder import SETTLED_NS
from infraplan.plan.folder import Plan

__all__ = ["GoodPlan"]

CODE = (".py", ".toml", ".csv")


class GoodPlan:
    """What is known of a plan before it is checked, and told after that."""

    def __init__(self, plan: Plan) -> None:
        """
        Look at the files of a plan.

        Parameters
        ----------
        plan
            The plan, not read yet.
        """
        self._plan = plan
        self._stamp = ""
        with contextlib.suppress(OSError):  # what cannot be looked at is checked
            self._stamp = _stamp(plan)

    @property
    def is_known(self) -> bool:
        """Return whether the plan was found without fault and nothing has changed since."""
        try:
            known = _note(self._plan).read_text(encoding="ascii")
        except (OSError, ValueError):
            return False
        return bool(self._stamp) and known == self._stamp

    def keep(self) -> None:
        """
        Remember that the plan was found without fault.

        A plan is not remembered that changed while it was checked, nor one that had changed a
        moment before, for a file may change twice within one tick of its clock.
        """
        with contextlib.suppress(OSError):  # a disk that is full costs time and nothing else
            if self._stamp and self._stamp == _stamp(self._plan):
                atomic.write_scratch(_note(self._plan), self._stamp.encode("ascii"))


def _note(plan: Plan) -> Path:
    """Return the file in which it is remembered which state of a plan is good."""
    name = hashlib.sha256(os.fsencode(plan.folder)).hexdigest()[:32]
    return user_cache() / "infraplan" / "checked" / name


def _files(plan: Plan) -> list[Path]:
    """Return the files of a plan that a check looks at."""
    own = plan.layers_file.resolve()
    found = [
        plan.folder / SETTINGS_FILE,
        own,
        own.with_name(f"{own.name}-wal"),  # what QGIS holds back
        *sorted((plan.folder / "rasters").glob("*")),
        *sorted((plan.folder / "antennas").glob("*")),
    ]
    return [path for path in found if path.is_file()]


def _stamp(plan: Plan) -> str:
    """Return what changes with any file of a plan and any of ours, empty where one just did."""
    package = Path(str(files("infraplan")))
    ours = [
        path
        for folder in (package, data_path("text").parent)
        for path in sorted(folder.rglob("*"))
        if path.suffix in CODE
    ]
    mine, digest = _files(plan), hashlib.sha256()
    newest_ns = max((path.stat().st_mtime_ns for path in mine), default=0)
    for path in (*mine, *ours):
        state = path.stat()
        told = (
            os.fsencode(path), state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino,
            state.st_dev,
        )  # fmt: skip
        digest.update(repr(told).encode())
    return digest.hexdigest() if time.time_ns() - newest_ns > SETTLED_NS else ""
