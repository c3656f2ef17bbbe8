"""What leaves the plan: the map for officials, the workbook for the office."""

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from infraplan.api.cover import usual_settings
from infraplan.api.register import batches
from infraplan.atomic import file_stem
from infraplan.atomic import write_bytes
from infraplan.errors import PlanError
from infraplan.plan import Plan
from infraplan.plan.results import appraisal_step
from infraplan.plan.results import coverage_step
from infraplan.plan.results import load_appraisal
from infraplan.plan.results import load_coverage
from infraplan.plan.results import load_gaps
from infraplan.plan.results import load_proposal
from infraplan.plan.results import load_underground
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.text import words

if TYPE_CHECKING:
    import xarray as xr

    from infraplan.coverage import Gaps
    from infraplan.layers.bundle import Layers
    from infraplan.maps import MapPage
    from infraplan.maps.sheet import Drawings
    from infraplan.reports import Sheet
    from infraplan.text import Words

__all__ = ["Results", "draw_map", "map_files", "stored_results", "write_report"]

Results = dict[str, Any]
PUBLIC = "CONG-BO_"  # begins the name of a map that may be published
GROUND = ("terrain", "landcover", "water")  # rasters that are drawn
# Tables of the workbook that the map holds too; others are long annexes, or on the map already
PUBLISHED = ("T1 ", "T1b ", "T1c ", "T2 ", "T3 ", "T4 ", "T5 ", "T6 ", "T12 ", "T15 ")


@dataclass(frozen=True, slots=True)
class Output:
    """One file that a map is written as: what names it, what makes it of the finished page."""

    form: str
    ending: str
    made: "Callable[[MapPage], bytes]"


OUTPUTS = (
    Output("html", ".html", lambda page: page.html.encode("utf-8")),
    Output("pdf", ".pdf", lambda page: _drawings(page).pdf("A4")),
    Output("png", ".png", lambda page: _drawings(page).png("A4")),
    Output("phone", "-1080x1350.png", lambda page: _drawings(page).png("1080x1350")),
    Output("pdf_a3", "-A3.pdf", lambda page: _drawings(page).pdf("A3")),
)


def draw_map(
    plan: Plan,
    *,
    html_only: bool = False,
    coarse: bool = False,
    language: str = "",
    progress: Progress | None = None,
) -> Path:
    """
    Write the map of the plan: its layers and every result that it keeps.

    Parameters
    ----------
    plan
        The plan.
    html_only
        Whether only the page is written, without sheets to print and pictures to send.
    coarse
        Whether the map is one to publish: figures of communes, nothing that tells where works of
        the network, hamlets or offices stand. Its name begins with `CONG-BO_`; that of every other
        map with `NOI-BO_` (for internal use).
    language
        `"vi"` or `"en"`; the plan's own where it is empty. A map in another language than the
        plan's ends in `-en` or `-vi`, so that both lie side by side.
    progress
        Called with the share done.

    Returns
    -------
    path
        The HTML file, which opens by double-click without internet. The other files lie beside it,
        see `map_files`.

    Raises
    ------
    PlanError
        If the plan has no area yet, has no gaps to publish, or a file cannot be written.
    SettingsError
        If there is no catalogue in the language.
    """
    return map_files(
        plan, html_only=html_only, coarse=coarse, language=language, progress=progress
    )[0]


def map_files(
    plan: Plan,
    *,
    html_only: bool = False,
    coarse: bool = False,
    language: str = "",
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """
    Write the map of the plan as a page, as sheets to print and as pictures to send.

    Parameters
    ----------
    plan
        The plan.
    html_only
        As in `draw_map`.
    coarse
        As in `draw_map`.
    language
        As in `draw_map`.
    progress
        Called with the share done and what is being drawn.

    Returns
    -------
    paths
        HTML, PDF on A4, PNG of it, PNG of 1080 x 1350 for a phone, PDF on A3; `name (2).pdf` where
        the old file is open elsewhere. A file that is up to date is not written again.

    Raises
    ------
    PlanError
        If the plan has no area yet, or a file cannot be written.
    SettingsError
        If there is no catalogue in the language.
    """
    from infraplan.maps.page import INSIDE

    say = words(language or plan.settings.language)
    other = "" if say.language == plan.settings.language else f"-{say.language}"
    name = f"{PUBLIC if coarse else INSIDE}{file_stem(plan.settings.name)}{other}"
    keys = _result_keys(plan) | {"drawn_in": say.language}
    return _written(
        plan,
        plan.folder / "maps" / name,
        OUTPUTS[:1] if html_only else OUTPUTS,
        step=f"map{'-coarse' if coarse else ''}{other}",
        key=plan.step_key("map", plan.hashes(), keys),
        page_of=lambda: _coarse_page(plan, say) if coarse else _plan_page(plan, say),
        show=part(progress, 0.0, 1.0),
        say=say,
    )


def _coarse_page(plan: Plan, say: "Words") -> "MapPage":
    """Return the page that may be published."""
    from infraplan.maps import coarse

    if plan.record("gaps") is None:
        what, remedy = say("coarse.no_gaps_what"), say("coarse.no_gaps_remedy", plan=plan.folder)
        msg = f"{what}; {remedy}"
        raise PlanError(msg)
    return coarse(load_gaps(plan, plan.layers()), language=say.language)


def _plan_page(plan: Plan, say: "Words") -> "MapPage":
    """Return the page of a plan and of every result that it keeps."""
    from infraplan.maps import Table
    from infraplan.maps import plan_page
    from infraplan.reports import cells_told

    layers = plan.layers(rasters=GROUND, resolution_m=_resolution_m(plan))
    found = stored_results(plan, layers)
    published = []
    for sheet in _sheets(layers, found, say):
        if sheet.title.startswith(PUBLISHED):
            heads, rows = cells_told(sheet, say)
            published.append(Table(sheet.title, heads, rows, note=" ".join(sheet.lines)))
    return plan_page(
        layers,
        title=say("maps.title_plan", name=plan.settings.name),
        language=say.language,
        published=published,
        base_map=(plan.settings.online_base, plan.settings.online_credit),
        **found,
    )


def _written(  # noqa: PLR0913 - what names the files, what makes them, what tells of them
    plan: Plan,
    stem: Path,
    outputs: Sequence[Output],
    *,
    step: str,
    key: str,
    page_of: "Callable[[], MapPage]",
    show: Progress,
    say: "Words",
) -> tuple[Path, ...]:
    """Return the files of a map; those that are not up to date are written, each by itself."""
    paths: dict[str, Path] = {}
    steps = {of.form: step if of.form == "html" else f"{step}/{of.form}" for of in outputs}
    for output in outputs:
        record = plan.record(steps[output.form])
        if record is not None and record.key == key:
            paths[output.form] = plan.folder / record.files[0]
    stale = [output for output in outputs if output.form not in paths]
    if stale:
        show(0.1, say("sheet.doing_layers"))
        page = page_of()
        show(0.4, say("sheet.doing_picture"))
        page = page.with_picture() if stale[0].form == "html" else page
        for number, output in enumerate(stale):
            show(0.5 + 0.5 * number / len(stale), say(f"sheet.doing_{output.form}"))
            target = stem.with_name(f"{stem.name}{output.ending}")
            written = write_bytes(target, output.made(page), if_held="rename")
            figures = {"size_bytes": written.stat().st_size}
            _record(plan, steps[output.form], key, [written], figures)
            paths[output.form] = written
    return tuple(paths[output.form] for output in outputs)


def _drawings(page: "MapPage") -> "Drawings":
    """Return what a page looks like without a browser."""
    if page.drawings is None:
        msg = "the page knows no layers to draw"
        raise RuntimeError(msg)
    return page.drawings


def write_report(plan: Plan, *, progress: Progress | None = None) -> Path:
    """
    Write what the office publishes: a workbook of all tables and, on its gaps, a Word report.

    Parameters
    ----------
    plan
        The plan.
    progress
        Called with the share done.

    Returns
    -------
    path
        The workbook; `name (2).xlsx` where the old one is open in Excel. The report lies beside it,
        of the same name, where gaps were computed; the record of step `report` names both.

    Raises
    ------
    PlanError
        If the plan has no area yet, or a file cannot be written.
    """
    from infraplan.reports import plan_workbook

    path = plan.folder / "reports" / f"{file_stem(plan.settings.name)}.xlsx"
    key = plan.step_key("report", plan.hashes(), _result_keys(plan))
    record = plan.record("report")
    if record is not None and record.key == key:
        return plan.folder / record.files[0]
    layers = plan.layers(rasters=GROUND, resolution_m=_resolution_m(plan))
    found = stored_results(plan, layers)
    say = words(plan.settings.language)
    show = part(progress, 0.0, 1.0)
    show(0.3)
    sheets = _sheets(layers, found, say)
    is_synthetic = bool(layers.synthetic())
    written = [plan_workbook(path, sheets, words=say, is_synthetic=is_synthetic)]
    show(0.6)
    if "gaps" in found:
        written.append(_gaps_report(plan, found, path.with_suffix(".docx"), say))
    _record(plan, "report", key, written, {})
    return written[0]


def _sheets(layers: "Layers", found: Results, say: "Words") -> "list[Sheet]":
    """Return the tables of a plan, the same for the workbook and for the map."""
    from infraplan.cables import fibre_lengths
    from infraplan.coverage import inventory
    from infraplan.reports import plan_sheets

    return plan_sheets(
        layers=layers,
        fibre=fibre_lengths(layers) if layers.has("fibre") else None,
        inventory=inventory(layers) if layers.has("sites") else None,
        words=say,
        **{name: of for name, of in found.items() if name != "coverage"},
    )


def _gaps_report(plan: Plan, found: Results, path: Path, say: "Words") -> Path:
    """Write the report on gaps with its pictures."""
    from infraplan import maps
    from infraplan.reports import Office
    from infraplan.reports import write_gaps_report

    gaps, language = found["gaps"], say.language
    pictures = {
        "gaps": maps.gaps_picture(gaps, covered=_covered(plan, gaps), language=language),
        "readings": maps.readings_picture(gaps, language=language),
        "shares": maps.shares_picture(gaps, language=language),
    }
    if "fix" in gaps.hamlets and gaps.hamlets["fix"].notna().any():
        pictures["fixes"] = maps.fixes_picture(gaps, language=language)
    settings = plan.settings
    office = Office(settings.office, settings.office_parent, settings.office_place)
    return write_gaps_report(path, gaps, pictures=pictures, words=say, office=office)


def stored_results(plan: Plan, layers: "Layers") -> Results:
    """
    Return every result that the plan keeps.

    Parameters
    ----------
    plan
        The plan.
    layers
        Layers of the plan, for the results to refer to.

    Returns
    -------
    results
        Those that are there, under the names `coverage`, `gaps`, `appraisals`, `proposal` and
        `cable_plan`.
    """
    from infraplan.radio.settings import ThresholdProfile
    from infraplan.sites import SiteRules

    found: Results = {"appraisals": ()}
    pairs = _pairs(plan)
    if pairs:
        profile = ThresholdProfile.from_dict(plan.configuration("thresholds"))
        found["coverage"] = load_coverage(
            plan, pairs, profile=profile, settings=usual_settings(plan)
        )
    if plan.record("gaps") is not None:
        found["gaps"] = load_gaps(plan, layers)
    kept = [batch for batch in batches(plan) if plan.record(appraisal_step(batch)) is not None]
    if kept:
        rules = SiteRules.from_dict(plan.configuration("rules"))
        found["appraisals"] = tuple(load_appraisal(plan, batch, layers, rules) for batch in kept)
    if plan.record("proposal") is not None:
        found["proposal"] = load_proposal(plan, layers)
    if plan.record("underground") is not None:
        found["cable_plan"] = load_underground(plan, layers)
    return found


def _covered(plan: Plan, gaps: "Gaps") -> "xr.DataArray | None":
    """Return where the headline of gaps has service; None where the plan keeps no such coverage."""
    from infraplan.radio.settings import ThresholdProfile

    pair = (gaps.definition.technology, gaps.definition.operator)
    if plan.record(coverage_step(*pair)) is None:
        return None
    profile = ThresholdProfile.from_dict(plan.configuration("thresholds"))
    coverage = load_coverage(plan, [pair], profile=profile, settings=usual_settings(plan))
    return coverage.covered(*pair)


def _pairs(plan: Plan) -> list[tuple[str, str]]:
    """Return the pairs whose coverage a map shows: all that the plan keeps, any operator first."""
    found = set()
    for path in plan.results.glob("coverage_*.json"):
        record = plan.record(path.stem)
        told = {} if record is None else record.figures
        pair = (str(told.get("technology", "")), str(told.get("operator", "")))
        if all(pair) and coverage_step(*pair) == path.stem:
            found.add(pair)
    return sorted(found, key=lambda pair: (pair[1] != "any", pair[1], pair[0]))


def _result_keys(plan: Plan) -> dict[str, str]:
    """Return the keys of the results that the plan keeps, which maps and reports depend on."""
    steps = [coverage_step(*pair) for pair in _pairs(plan)]
    steps += ["gaps", "proposal", "underground", *map(appraisal_step, batches(plan))]
    keys = {step: record.key for step in steps if (record := plan.record(step)) is not None}
    told = plan.settings
    office = f"{told.office} | {told.office_parent} | {told.office_place}"
    base = f"{told.online_base} | {told.online_credit}"
    return keys | {"language": told.language, "name": told.name, "office": office, "base": base}


def _resolution_m(plan: Plan) -> float | None:
    """Return the cell size of the stored coverage, so that maps and results share a grid."""
    from infraplan.api.cover import stored_resolution_m

    return stored_resolution_m(plan)


def _record(plan: Plan, step: str, key: str, paths: list[Path], figures: dict[str, Any]) -> None:
    """Note written files, so that they are not written again from the same inputs."""
    import infraplan
    from infraplan.layers.bundle import Provenance

    plan.write_record(
        step,
        key=key,
        files=paths,
        figures=figures,
        provenance=Provenance(step=step, version=infraplan.__version__),
    )
