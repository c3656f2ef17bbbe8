"""Undergrounding: one plan with shares, years, order of works and proof, and all its papers."""

import json
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import fields
from dataclasses import replace
from datetime import date
from functools import partial
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from typing import Any

from infraplan import atomic
from infraplan.api.digging import Asked
from infraplan.api.digging import Programme
from infraplan.api.digging import made_underground
from infraplan.api.digging import wish_faults
from infraplan.api.digging import works_of
from infraplan.api.kept_files import template_bytes
from infraplan.api.kept_files import write_kept
from infraplan.api.kept_files import zipped
from infraplan.beside import Beside
from infraplan.beside import Prepared
from infraplan.cables.sharing import Sharing
from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.layers.notes import Note
from infraplan.plan import Plan
from infraplan.plan.results import load_underground
from infraplan.plan.results import store_underground
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.text import words

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.cables import CablePlan
    from infraplan.cables.works import Works
    from infraplan.plan.settings import PlanSettings

__all__ = [
    "Programme",
    "Sharing",
    "UndergroundFiles",
    "bring_papers",
    "checked_template",
    "underground",
    "underground_again",
    "underground_with_papers",
    "wish_faults",
    "write_underground",
]

READ = (
    "streets", "roads", "ducts", "fibre", "cable_survey", "waterways", "rail", "buildings", "poles",
    "chambers", "communes", "road_works", "sites", "institutions", "sources",
)  # fmt: skip
BOOKS = ("prices", "works", "investment", "funding", "phasing")
STEP = "underground"
PAPERS = "underground_papers"
TEMPLATE = "underground_template.docx"  # kept among the results, so that `run` fills it again
MEMO_NEEDS = (
    "infraplan.maps.street_picture", "infraplan.reports.underground_memo", "docxtpl",
    "matplotlib.figure", "matplotlib.backends.backend_agg",
)  # fmt: skip
TIME_LIMIT_S = 120.0  # of a search that nobody has set another for


def underground(
    plan: Plan,
    *,
    streets: Sequence[str] | None = None,
    area: Path | str | None = None,
    sharing: Sharing | None = None,
    programme: Programme | None = None,
    time_limit_s: float = TIME_LIMIT_S,
    progress: Progress | None = None,
) -> "CablePlan":
    """
    Plan how the aerial cable of some streets goes underground, who pays, and in which order.

    Parameters
    ----------
    plan
        The plan.
    streets
        Names or ids of streets, `name: from - to` for a part of one; those of the plan's settings
        where neither streets nor area is given.
    area
        File with the outline of the area instead of streets, or None.
    sharing
        Rule of sharing, public share, owners that rent; by diameter and without the public where
        None.
    programme
        Years with their money, and wishes; None: all at once.
    time_limit_s
        Time after which a search stops early, > 0 [s].
    progress
        Called with the share done.

    Returns
    -------
    cable_plan
        Segments, chambers, crossings, drops, bill and shares, with cost, bound and gap, and the
        tables of `infraplan.cables.study`.

    Raises
    ------
    SettingsError
        If no streets are chosen, a street or an owner is not known (near names are listed), or a
        price or rule is missing.
    NoRouteError
        If no trench can join the two ends of a cable.
    LayerError
        If a survey names what the plan does not know.
    """
    asked = Asked(*_place(plan, streets, area), sharing or Sharing(), programme or Programme())
    made, kept = _computed(plan, asked, time_limit_s, progress)
    kept.result()
    return made


def underground_again(plan: Plan, *, progress: Progress | None = None) -> "CablePlan":
    """
    Bring the plan of undergrounding up to date as it was last asked for.

    Parameters
    ----------
    plan
        The plan.
    progress
        Called with the share done.

    Returns
    -------
    cable_plan
        Streets or area, sharing and programme of the plan that is kept. Those of the settings, and
        nothing else asked, where none is kept or the streets of the settings have changed since.

    Raises
    ------
    SettingsError
        As `underground` does.
    """
    record = plan.record(STEP)
    kept = {} if record is None else record.figures.get("asked", {})
    if kept.get("settings") != list(plan.settings.underground_streets):
        return underground(plan, progress=progress)
    import shapely

    outline = None if kept["area"] is None else shapely.from_wkt(kept["area"])
    sharing = Sharing(**{**kept["sharing"], "renting": tuple(kept["sharing"]["renting"])})
    wishes = kept["programme"]
    by_year = wishes.pop("by_year")
    programme = Programme(**{key: tuple(value) for key, value in wishes.items()}, by_year=by_year)
    asked = Asked(tuple(kept["streets"]), outline, sharing, programme)
    made, stored = _computed(plan, asked, TIME_LIMIT_S, progress)
    stored.result()
    return made


def underground_with_papers(  # noqa: PLR0913 - what is planned, and what papers bear
    plan: Plan,
    *,
    streets: Sequence[str] | None = None,
    area: Path | str | None = None,
    sharing: Sharing | None = None,
    programme: Programme | None = None,
    as_of: date | None = None,
    template: Path | str | None = None,
    time_limit_s: float = TIME_LIMIT_S,
    progress: Progress | None = None,
) -> "tuple[CablePlan, UndergroundFiles]":
    """
    Plan how cable goes underground and write its papers, the result being kept meanwhile.

    Parameters
    ----------
    plan
        The plan.
    streets
        As `underground` takes them.
    area
        File with the outline of the area instead of streets, or None.
    sharing
        Rule of sharing, public share, owners that rent; by diameter and without the public where
        None.
    programme
        Years with their money, and wishes; None: all at once.
    as_of
        Day that the papers bear; none where None.
    template
        The office's own Word template of the memo; ours where None.
    time_limit_s
        Time after which a search stops early, > 0 [s].
    progress
        Called with the share done.

    Returns
    -------
    cable_plan
        As `underground` returns it.
    files
        As `write_underground` returns them.

    Raises
    ------
    SettingsError
        As `underground` does.
    NoRouteError
        As `underground` does.
    LayerError
        As `underground` does.
    PlanError
        If a file cannot be written.
    SourceFileError
        If the template cannot be read, or names placeholders that are not known.
    """
    own = None if template is None else checked_template(template)
    name = None if template is None else Path(template).name
    asked = Asked(*_place(plan, streets, area), sharing or Sharing(), programme or Programme())
    memo = _Memo(plan, as_of, own)
    made, stored = _computed(plan, asked, time_limit_s, part(progress, 0.0, 0.7), memo.prepare)
    try:
        contents = _papers(plan, made, asked.sharing, memo, part(progress, 0.7, 0.98))
    finally:
        stored.result()  # a paper that fails does not cost the plan its result
    files = _kept_papers(plan, made, contents, as_of, (own, name))
    part(progress, 0.0, 1.0)(1.0)
    return made, files


def _place(
    plan: Plan, streets: Sequence[str] | None, area: Path | str | None
) -> tuple[tuple[str, ...], Any]:
    """Return the streets that are meant, and the outline of the area."""
    chosen = tuple(streets or ()) or (() if area else plan.settings.underground_streets)
    if not chosen and area is None:
        raise SettingsError(Note("asked.no_streets"))
    if area is None:
        return chosen, None
    from infraplan.io import read_outline

    return chosen, read_outline(Path(area), crs=plan.settings.crs).geometry.union_all()


def _computed(
    plan: Plan,
    asked: Asked,
    time_limit_s: float,
    progress: Progress | None,
    prepare: Callable[[], None] | None = None,
) -> "tuple[CablePlan, Beside[None]]":
    """
    Return the plan that is kept where nothing has changed, else a new one that is being kept.

    Whoever asks waits for the second, which others cannot read before. `prepare` is called once it
    is known that there is something to compute.
    """
    from infraplan.cables.bulk import load_search
    from infraplan.cables.plan_told import bill_told
    from infraplan.cables.underground import CablePlan

    books = {kind: plan.configuration(kind) for kind in BOOKS}
    options = {
        "streets": asked.streets,
        "area": None if asked.outline is None else asked.outline.wkt,
        "books": books,
        "sharing": asdict(asked.sharing),
        "programme": asdict(asked.programme),
        "language": plan.settings.language,  # of the bill's descriptions
        "tables": [item.name for item in fields(CablePlan)],  # one more is not kept by older ones
    }
    key = plan.step_key(STEP, plan.hashes((*READ, "terrain")), options)
    record = plan.record(STEP)
    if record is not None and record.key == key:
        return load_underground(plan, plan.layers(rasters=("terrain",))), Beside(_nothing)
    ready = Beside(partial(_ready, plan, books, asked))
    load_search()  # while a copy of this process reads
    ground = plan.layers((), rasters=("terrain",))  # GDAL's threads do not outlive a copy
    works = ready.result()
    layers = replace(works.layers, rasters=ground.rasters, terrain=ground.terrain)
    works = replace(works, layers=layers)
    if prepare is not None:
        prepare()
    made = made_underground(works, books, asked, time_limit_s=time_limit_s, progress=progress)
    made = replace(made, bill=bill_told(made.bill, words(plan.settings.language)))
    told = {name: options[name] for name in ("streets", "area", "sharing", "programme")}
    told["settings"] = list(plan.settings.underground_streets)
    keep = partial(store_underground, plan, made, key=key, streets=asked.streets, asked=told)
    return made, Beside(keep)


def _ready(plan: Plan, books: Mapping[str, Mapping[str, Any]], asked: Asked) -> "Works":
    """Return the works that are asked for, with the layers of the plan but its rasters."""
    layers = plan.layers(rasters=())
    layers.need("streets", step=STEP)
    return works_of(layers, books, asked)


def _nothing() -> None:
    """Do nothing: all is kept already."""


@dataclass(frozen=True, slots=True)
class UndergroundFiles:
    """
    The papers of an undergrounding plan.

    `files` are those just written, the ZIP last; `edited` names what people had changed since, and
    the copy in which it is kept; `held` what was open elsewhere, and the file written instead.
    """

    folder: Path
    files: tuple[Path, ...]
    edited: tuple[tuple[str, str], ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    is_synthetic: bool = False


def checked_template(path: Path | str) -> bytes:
    """
    Return the office's own template of the memo, before anything is computed for it.

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
        If it cannot be read or is no Word file.
    """
    from infraplan.reports.template import check_template

    content = template_bytes(path)
    check_template(content)
    return content


def write_underground(
    plan: Plan,
    *,
    cable_plan: "CablePlan | None" = None,
    sharing: Sharing | None = None,
    as_of: date | None = None,
    template: Path | str | None = None,
    progress: Progress | None = None,
) -> UndergroundFiles:
    """
    Write the papers of the undergrounding plan into `PLAN/reports/underground/`.

    Parameters
    ----------
    plan
        The plan.
    cable_plan
        Result; the one that the plan keeps where None.
    sharing
        Who pays, as the workbook begins; as the plan was asked for where None.
    as_of
        Day that the papers bear; none where None.
    template
        The office's own Word template of the memo, of which the plan keeps a copy for
        `bring_papers`; ours where None, and the copy is given up.
    progress
        Called with the share done.

    Returns
    -------
    files
        Memo, bill of quantities, drawings, findings for QGIS, map, and one ZIP of all. The same
        result and day give the same bytes.

    Raises
    ------
    PlanError
        If there is no plan of undergrounding, or a file cannot be written.
    SourceFileError
        If the template cannot be read, or names placeholders that are not known.
    """
    own = None if template is None else checked_template(template)
    name = None if template is None else Path(template).name
    return _written(plan, cable_plan, sharing, as_of, (own, name), progress)


def _written(
    plan: Plan,
    cable_plan: "CablePlan | None",
    sharing: Sharing | None,
    as_of: date | None,
    template: tuple[bytes | None, str | None],
    progress: Progress | None,
) -> UndergroundFiles:
    """Write the papers with a template, and keep the template."""
    made = cable_plan or load_underground(plan, plan.layers(rasters=("terrain",)))
    tell = part(progress, 0.0, 0.95)
    memo = _Memo(plan, as_of, template[0])
    contents = _papers(plan, made, sharing or made.sharing, memo, tell)
    files = _kept_papers(plan, made, contents, as_of, template)
    part(progress, 0.0, 1.0)(1.0)
    return files


def _kept_papers(
    plan: Plan,
    made: "CablePlan",
    papers: Mapping[str, bytes],
    as_of: date | None,
    template: tuple[bytes | None, str | None],
) -> UndergroundFiles:
    """Write papers into their folder with one archive of all, and keep the template."""
    own, template_name = template
    say = words(plan.settings.language)
    is_synthetic = bool(made.layers.synthetic() or made.provenance.synthetic)
    mark = say("letters.file_mark") if is_synthetic else ""
    contents = {f"{mark}{name}": content for name, content in papers.items()}
    folder = plan.folder / "reports" / STEP
    archive = f"{mark}{say('undergrounding.file_zip')}.zip"
    contents[archive] = zipped(contents, as_of)
    done = write_kept(
        plan, f"papers/{STEP}", folder, contents, edited_word=say("letters.file_edited")
    )
    if own is None:
        with suppress(OSError):  # held by Word, say: the record tells that it is not ours any more
            (plan.results / TEMPLATE).unlink(missing_ok=True)
    else:
        atomic.write_bytes(plan.results / TEMPLATE, own)
    if (key := _papers_key(plan, own)) is not None:
        figures = {
            "is_synthetic": is_synthetic,
            "order": [path.name for path in done.paths],
            "template": template_name,
        }
        plan.write_record(
            PAPERS, key=key, files=done.paths, figures=figures, provenance=made.provenance
        )
    return UndergroundFiles(folder, done.paths, done.edited, done.held, is_synthetic)


def bring_papers(
    plan: Plan, *, as_of: date | None = None, progress: Progress | None = None
) -> UndergroundFiles:
    """
    Write the papers of the undergrounding plan where they are not those of its present result.

    Parameters
    ----------
    plan
        The plan.
    as_of
        Day that the papers bear; none where None.
    progress
        Called with the share done.

    Returns
    -------
    files
        As `write_underground` returns them, with the template that was last given; those of the
        last time where nothing has changed since.

    Raises
    ------
    PlanError
        If there is no plan of undergrounding, or a file cannot be written.
    SourceFileError
        If the template that was last given is no longer kept.
    """
    record = plan.record(PAPERS)
    kept = plan.results / TEMPLATE
    name: str | None = None if record is None else record.figures.get("template")
    if name is not None and not kept.exists():
        raise SourceFileError(Note("asked.template_gone", name=name, plan=plan.folder.name))
    is_ours = kept.exists() and (record is None or name is not None)
    own = checked_template(kept) if is_ours else None
    if record is None or record.key != _papers_key(plan, own):
        told = None if own is None else name or TEMPLATE
        return _written(plan, None, None, as_of, (own, told), progress)
    place = {name: k for k, name in enumerate(record.figures["order"])}
    paths = sorted((plan.folder / name for name in record.files), key=lambda p: place[p.name])
    folder = plan.folder / "reports" / STEP
    return UndergroundFiles(folder, tuple(paths), is_synthetic=record.figures["is_synthetic"])


def _papers_key(plan: Plan, template: bytes | None) -> str | None:
    """Return what the papers depend on, None where the plan keeps no result."""
    record, told = plan.record(STEP), plan.settings
    if record is None:
        return None
    office = [told.language, told.name, told.office, told.office_parent, told.office_place]
    options: dict[str, Any] = {"underground": record.key, "office": office}
    if template is not None:
        options["template"] = sha256(template).hexdigest()
    return plan.step_key(PAPERS, {}, options)


class _Memo:
    """The memo, which a copy of this process writes beside the other papers."""

    def __init__(self, plan: Plan, as_of: date | None, template: bytes | None) -> None:
        self.as_of = as_of
        # no method: with a cycle of references its copy would outlive a plan that fails
        self._write = partial(_memo, plan.settings, as_of, template)
        self._prepared: Prepared[CablePlan, bytes] | None = None

    def prepare(self) -> None:
        """Load what it needs while there is no plan yet."""
        self._prepared = Prepared(self._write, _load_memo)

    def begin(self, made: "CablePlan") -> Beside[bytes]:
        """Begin to write it."""
        if self._prepared is None:
            return Beside(partial(self._write, made))
        return self._prepared.begin(made)


def _memo(
    told: "PlanSettings", as_of: date | None, template: bytes | None, made: "CablePlan"
) -> bytes:
    """Return the memo."""
    from infraplan.maps.street_picture import street_picture
    from infraplan.reports import Office
    from infraplan.reports.underground_memo import approval_memo

    say = words(told.language)
    return approval_memo(
        made,
        say,
        office=Office(told.office, told.office_parent, told.office_place),
        template=template,
        sketch=street_picture(made, say),
        made_on=as_of,
    )


def _load_memo() -> None:
    """Load what the memo needs."""
    for name in MEMO_NEEDS:
        import_module(name)


def _papers(
    plan: Plan, made: "CablePlan", sharing: Sharing, memo: _Memo, progress: Progress | None
) -> dict[str, bytes]:
    """Return the papers by name."""
    beside = memo.begin(made)
    from infraplan import maps
    from infraplan.cables.funding import FundingTerms
    from infraplan.cables.plan_told import finding_told
    from infraplan.cables.prices import PriceBook
    from infraplan.cables.validation import finding_points
    from infraplan.reports.drawings import street_drawings
    from infraplan.reports.underground_bill import underground_bill

    settings, tell = plan.settings, part(progress, 0.0, 1.0)
    say = words(settings.language)
    drawings = Beside(partial(street_drawings, made, say, made_on=memo.as_of))
    tell(0.1)
    with TemporaryDirectory() as folder:
        bill = underground_bill(
            made,
            Path(folder) / "bill.xlsx",
            words=say,
            prices=PriceBook.from_dict(plan.configuration("prices")),
            terms=FundingTerms.from_dict(plan.configuration("funding")),
            rule=sharing.rule,
            public_share=sharing.public_share,
        ).read_bytes()
    tell(0.3)
    page = maps.underground(made, language=settings.language)
    tell(0.5)
    points = finding_points(made.findings, crs=made.layers.crs)
    points["told"] = [finding_told(row, say) for row in points.to_dict("records")]
    tell(0.7)
    papers = {
        f"{say('undergrounding.file_memo')}.docx": beside.result(),
        f"{say('undergrounding.file_bill')}.xlsx": bill,
        page.file_name(say("undergrounding.file_map")): page.html.encode("utf-8"),
    }
    folder_name = say("undergrounding.folder_drawings")
    papers |= {f"{folder_name}/{sheet.stem}.svg": sheet.svg for sheet in drawings.result()}
    papers[f"{say('undergrounding.file_findings')}.geojson"] = _geojson(points)
    tell(1.0)
    return papers


def _geojson(points: "gpd.GeoDataFrame") -> bytes:
    """Return findings as points that QGIS opens, in degrees as the format demands."""
    table = points.reset_index().to_crs("EPSG:4326")
    content = json.loads(table.to_json(drop_id=True))
    return json.dumps(content, ensure_ascii=False).encode("utf-8")
