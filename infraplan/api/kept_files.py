"""Files that a step writes into a folder of its own: people's edits kept, outdated ones removed."""

import hashlib
import io
import json
import zipfile
from collections.abc import Collection
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from infraplan import atomic
from infraplan.atomic import file_stem
from infraplan.errors import SourceFileError
from infraplan.layers.notes import Note
from infraplan.plan import Plan

__all__ = ["KeptFiles", "template_bytes", "write_kept", "zipped"]

FIXED_DATE = date(2000, 1, 1)
EARLIEST_ZIP = date(1980, 1, 1)


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """
    Files just written, in the order given.

    `edited` names what people had changed since, and the copy in which it is kept; `held` what was
    open elsewhere, and the file that was written instead.
    """

    paths: tuple[Path, ...]
    edited: tuple[tuple[str, str], ...]
    held: tuple[tuple[str, str], ...]


def write_kept(
    plan: Plan,
    step: str,
    folder: Path,
    contents: Mapping[str, bytes],
    *,
    edited_word: str,
) -> KeptFiles:
    """
    Write files that changed, keeping what people have edited, and remove those now outdated.

    Parameters
    ----------
    plan
        The plan.
    step
        What wrote them last time under the same name: `<kind>/<name>`.
    folder
        Folder inside the plan's `reports`.
    contents
        Content by name of file, or by path below the folder.
    edited_word
        Word put behind the name of a copy that somebody has edited.

    Returns
    -------
    files
        Where they lie, what was kept beside them, what was open elsewhere.

    Raises
    ------
    PlanError
        If a file cannot be written.
    """
    kind, _, name = step.partition("/")
    note = plan.results / kind / f"{file_stem(name)}.json"
    before = _noted(note)
    edited, held, paths = [], [], []
    for target, content in contents.items():
        path = folder / target
        if _hash_of(path) == _hash(content):
            paths.append(path)
            continue
        if path.exists() and _hash_of(path) != before.get(_within(plan, path)):
            kept = _kept(path, edited_word)
            edited += [(target, kept.name)] if kept is not None else []
        written = atomic.write_bytes(path, content, if_held="rename")
        held += [(target, written.name)] if written != path else []
        paths.append(written)
    targets = {_within(plan, folder / target) for target in contents}
    _remove_outdated(plan, before, {_within(plan, path) for path in paths} | targets)
    hashes = {target: digest for target, digest in before.items() if target in targets}
    hashes |= {
        _within(plan, path): _hash(content)
        for path, content in zip(paths, contents.values(), strict=True)
    }
    atomic.write_text(note, json.dumps(hashes, indent=1, ensure_ascii=False) + "\n")
    return KeptFiles(tuple(paths), tuple(edited), tuple(held))


def zipped(files: Mapping[str, bytes], made_on: date | None) -> bytes:
    """
    Return an archive of files.

    Parameters
    ----------
    files
        Content by name.
    made_on
        Day that all files bear; a fixed one where None.

    Returns
    -------
    archive
        Sorted, all of one day, so that the same files give the same bytes.
    """
    day = max(made_on or FIXED_DATE, EARLIEST_ZIP)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0  # as on Windows, wherever it is made
            archive.writestr(entry, files[name])
    return stream.getvalue()


def template_bytes(path: Path | str) -> bytes:
    """
    Return the office's own template.

    Parameters
    ----------
    path
        Word file.

    Returns
    -------
    content
        Its bytes.

    Raises
    ------
    SourceFileError
        If it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        why = str(error.strerror or error)
        raise SourceFileError(Note("asked.template", file=str(path), why=why)) from error


def _within(plan: Plan, path: Path) -> str:
    """Return a path as it is told inside the plan."""
    return path.relative_to(plan.folder).as_posix()


def _noted(note: Path) -> dict[str, str]:
    """Return the hashes of the files that were written last time; empty where not known."""
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in noted.items()} if isinstance(noted, dict) else {}


def _hash(content: bytes) -> str:
    """Return the hash of a content."""
    return hashlib.sha256(content).hexdigest()


def _hash_of(path: Path) -> str:
    """Return the hash of a file, empty where it is not there or not to be read."""
    try:
        return _hash(path.read_bytes())
    except OSError:
        return ""


def _kept(path: Path, mark: str) -> Path | None:
    """Put an edited file aside under a free name; None where another program holds it open."""
    number, kept = 2, path.with_name(f"{path.stem} ({mark}){path.suffix}")
    while kept.exists():
        kept = path.with_name(f"{path.stem} ({mark} {number}){path.suffix}")
        number += 1
    try:
        path.rename(kept)
    except OSError:
        return None  # what is written goes beside it, so nothing is lost
    return kept


def _remove_outdated(plan: Plan, before: Mapping[str, str], now: Collection[str]) -> None:
    """Remove files of last time that are no longer made, unless somebody has edited them."""
    root = (plan.folder / "reports").resolve()
    for name, digest in before.items():
        path = plan.folder / name
        if name in now or root not in path.resolve().parents:
            continue
        if _hash_of(path) == digest:
            with suppress(OSError):
                path.unlink()
