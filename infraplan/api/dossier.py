"""Every file of one letter in one folder: papers, table, map, and one ZIP of all."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from infraplan import atomic
from infraplan.api.register import letter_folder
from infraplan.atomic import file_stem
from infraplan.errors import SourceFileError
from infraplan.plan import Plan
from infraplan.plan.results import load_appraisal
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.text import Words
from infraplan.text import words

if TYPE_CHECKING:
    from infraplan.reports.gaps_report import Office
    from infraplan.sites import Appraisal

__all__ = ["MAKERS", "Dossier", "Making", "dossier_folder", "write_dossier"]

GROUND = ("terrain", "landcover", "water")  # rasters that are drawn
FIXED_DATE = date(2000, 1, 1)
EARLIEST_ZIP = date(1980, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Making:
    """What a maker of files is given: the appraisal, who signs, the day of the files."""

    appraisal: "Appraisal"
    say: Words
    office: "Office"
    made_on: date | None
    template: bytes | None

    @property
    def is_synthetic(self) -> bool:
        """Return whether any of it rests on made-up data."""
        return bool(self.appraisal.layers.synthetic() or self.appraisal.provenance.synthetic)


Maker = Callable[[Making], list[tuple[str, bytes]]]


@dataclass(frozen=True, slots=True)
class Dossier:
    """
    The files of one letter.

    `files` are those just written, by name in the folder, the ZIP last; `edited` names what people
    had changed since, and the copy in which it is kept; `held` what was open elsewhere, and the
    file that was written instead.
    """

    folder: Path
    files: tuple[Path, ...]
    edited: tuple[tuple[str, str], ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    is_synthetic: bool = False


def write_dossier(
    plan: Plan,
    batch: str,
    *,
    as_of: date | None = None,
    template: Path | str | None = None,
    appraisal: "Appraisal | None" = None,
    progress: Progress | None = None,
) -> Dossier:
    """
    Write every file of an appraised batch into `PLAN/reports/<letter>/`.

    Parameters
    ----------
    plan
        The plan.
    batch
        Batch of requests that was appraised.
    as_of
        Day that the files bear; None: the day on which the letter was received, where known.
    template
        The office's own Word template of the reply; ours where None.
    appraisal
        Result; the one that the plan keeps where None.
    progress
        Called with the share done.

    Returns
    -------
    dossier
        Folder and files. The same appraisal and day give the same bytes. A file that somebody has
        edited is kept under another name before it is written anew.

    Raises
    ------
    PlanError
        If the batch was not appraised, or a file cannot be written.
    SourceFileError
        If the template cannot be read, or names placeholders that are not known.
    """
    from infraplan.reports import Office

    tell = part(progress, 0.0, 1.0)
    own = None if template is None else _template(Path(template))
    if appraisal is None:
        appraisal = _stored(plan, batch)
    settings = plan.settings
    making = Making(
        appraisal=appraisal,
        say=words(settings.language),
        office=Office(settings.office, settings.office_parent, settings.office_place),
        made_on=as_of or _received(appraisal),
        template=own,
    )
    mark = making.say("letters.file_mark") if making.is_synthetic else ""
    made: dict[str, bytes] = {}
    for number, maker in enumerate(MAKERS, start=1):
        made |= {f"{mark}{name}": content for name, content in maker(making)}
        tell(0.9 * number / len(MAKERS))
    folder = dossier_folder(plan, appraisal)
    archive = f"{mark}{making.say('letters.file_zip')}-{folder.name}.zip"
    contents = {**dict(sorted(made.items())), archive: _zipped(made, making.made_on)}
    dossier = _write(plan, appraisal.batch, folder, contents, making)
    tell(1.0)
    return dossier


def dossier_folder(plan: Plan, appraisal: "Appraisal") -> Path:
    """
    Return where the files of a batch lie, or would lie.

    Parameters
    ----------
    plan
        The plan.
    appraisal
        Result.

    Returns
    -------
    folder
        Named by the letter; by the batch where it has none or several, by both where another batch
        came with a letter of the same number.
    """
    requests = appraisal.requests
    letters = set(requests["letter"].dropna().astype(str)) if "letter" in requests else set()
    return letter_folder(plan, appraisal.batch, letters)


def _stored(plan: Plan, batch: str) -> "Appraisal":
    """Return the appraisal that the plan keeps."""
    from infraplan.api.cover import stored_resolution_m
    from infraplan.sites import SiteRules

    layers = plan.layers(rasters=GROUND, resolution_m=stored_resolution_m(plan))
    rules = SiteRules.from_dict(plan.configuration("rules"))
    return load_appraisal(plan, batch, layers, rules)


def _received(appraisal: "Appraisal") -> date | None:
    """Return the last day on which a request of the batch was received, None where not known."""
    requests = appraisal.requests
    days = []
    for value in requests["received"].dropna() if "received" in requests else ():
        with suppress(ValueError):
            days.append(date.fromisoformat(str(value)[:10]))
    return max(days, default=None)


def _template(path: Path) -> bytes:
    """Return the content of the office's template."""
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"the template {path} could not be read: {error.strerror or error}"
        raise SourceFileError(msg) from error


def _papers(making: Making) -> list[tuple[str, bytes]]:
    """Return the reply, the request for supplements where something is missing, and table T8."""
    from infraplan.reports.letter import reply_letter
    from infraplan.reports.supplements import supplement_letter
    from infraplan.reports.t8 import t8_workbook

    say, appraisal = making.say, making.appraisal
    reply = reply_letter(
        appraisal, say, office=making.office, template=making.template, made_on=making.made_on
    )
    asking = supplement_letter(appraisal, say, office=making.office, made_on=making.made_on)
    files = [(f"{say('letters.file_reply')}.docx", reply)]
    if asking is not None:
        files.append((f"{say('letters.file_supplement')}.docx", asking))
    table = t8_workbook(appraisal, say, made_on=making.made_on)
    return [*files, (f"{say('letters.file_t8')}.xlsx", table)]


def _map(making: Making) -> list[tuple[str, bytes]]:
    """Return the map of the batch."""
    from infraplan import maps

    page = maps.appraisal(making.appraisal, language=making.say.language)
    return [(f"{making.say('letters.file_map')}.html", page.html.encode("utf-8"))]


def _visit(making: Making) -> list[tuple[str, bytes]]:
    """Return what is taken to the sites: a sheet for each, and all of them for the phone."""
    from infraplan.api.site_files import visit_files

    made = visit_files(making.appraisal, making.say, as_of=making.made_on, office=making.office)
    return list(made.items())


# each makes some files of a dossier: names without the mark of synthetic data, contents
MAKERS: tuple[Maker, ...] = (_papers, _visit, _map)


def _zipped(files: Mapping[str, bytes], made_on: date | None) -> bytes:
    """Return an archive of files: sorted, all of one day, so that the same give the same bytes."""
    day = max(made_on or FIXED_DATE, EARLIEST_ZIP)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0  # as on Windows, wherever it is made
            archive.writestr(entry, files[name])
    return stream.getvalue()


def _write(
    plan: Plan, batch: str, folder: Path, contents: Mapping[str, bytes], making: Making
) -> Dossier:
    """Write files that changed, keeping what people have edited, and remove those now outdated."""
    note = plan.results / "dossier" / f"{file_stem(batch)}.json"
    before = _noted(note)
    edited, held, paths = [], [], []
    for name, content in contents.items():
        path = folder / name
        if _hash_of(path) == _hash(content):
            paths.append(path)
            continue
        if path.exists() and _hash_of(path) != before.get(_within(plan, path)):
            kept = _kept(path, making.say("letters.file_edited"))
            edited += [(name, kept.name)] if kept is not None else []
        written = atomic.write_bytes(path, content, if_held="rename")
        held += [(name, written.name)] if written != path else []
        paths.append(written)
    targets = {_within(plan, folder / name) for name in contents}
    _remove_outdated(plan, before, {_within(plan, path) for path in paths} | targets)
    hashes = {name: digest for name, digest in before.items() if name in targets}
    hashes |= {
        _within(plan, path): _hash(content)
        for path, content in zip(paths, contents.values(), strict=True)
    }
    atomic.write_text(note, json.dumps(hashes, indent=1, ensure_ascii=False) + "\n")
    return Dossier(folder, tuple(paths), tuple(edited), tuple(held), making.is_synthetic)


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
