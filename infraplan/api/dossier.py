"""Every file of one letter in one folder: papers, table, map, and one ZIP of all."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from infraplan.api.kept_files import template_bytes
from infraplan.api.kept_files import write_kept
from infraplan.api.kept_files import zipped
from infraplan.api.register import letter_folder
from infraplan.plan import Plan
from infraplan.plan.results import load_appraisal
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.text import Words
from infraplan.text import words

if TYPE_CHECKING:
    from infraplan.reports.office import Office
    from infraplan.sites import Appraisal

__all__ = ["MAKERS", "Dossier", "Making", "dossier_folder", "write_dossier"]

GROUND = ("terrain", "landcover", "water")  # rasters that are drawn


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
    own = None if template is None else template_bytes(template)
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
    contents = {**dict(sorted(made.items())), archive: zipped(made, making.made_on)}
    done = write_kept(
        plan, f"dossier/{appraisal.batch}", folder, contents,
        edited_word=making.say("letters.file_edited"),
    )  # fmt: skip
    tell(1.0)
    return Dossier(folder, done.paths, done.edited, done.held, making.is_synthetic)


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
    """Return the map of the batch, with a picture for phones and mail that run no scripts."""
    from infraplan import maps

    page = maps.appraisal(making.appraisal, language=making.say.language).with_picture()
    return [(page.file_name(making.say("letters.file_map")), page.html.encode("utf-8"))]


def _visit(making: Making) -> list[tuple[str, bytes]]:
    """Return what is taken to the sites: a sheet for each, and all of them for the phone."""
    from infraplan.api.visiting import visit_files

    made = visit_files(making.appraisal, making.say, as_of=making.made_on, office=making.office)
    return list(made.items())


# each makes some files of a dossier: names without the mark of synthetic data, contents
MAKERS: tuple[Maker, ...] = (_papers, _visit, _map)
