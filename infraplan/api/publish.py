"""What leaves the plan: the map for officials, the workbook for the office."""

from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from infraplan.api.cover import usual_settings
from infraplan.api.register import batches
from infraplan.atomic import file_stem
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
    from infraplan.reports import Sheet
    from infraplan.text import Words

__all__ = ["Results", "draw_map", "stored_results", "write_report"]

Results = dict[str, Any]
GROUND = ("terrain", "landcover", "water")  # rasters that are drawn
# Tables of the workbook that the map holds too; others are long annexes, or on the map already
PUBLISHED = ("T1 ", "T1b ", "T1c ", "T2 ", "T3 ", "T4 ", "T5 ", "T6 ", "T12 ", "T15 ")


def draw_map(plan: Plan, *, progress: Progress | None = None) -> Path:
    """
    Write the map of the plan: its layers and every result that it keeps.

    Parameters
    ----------
    plan
        The plan.
    progress
        Called with the share done.

    Returns
    -------
    path
        The HTML file, which opens by double-click without internet.

    Raises
    ------
    PlanError
        If the plan has no area yet, or the file cannot be written.
    """
    from infraplan.maps import Table
    from infraplan.maps import plan_page
    from infraplan.reports import cells_told

    path = plan.folder / "maps" / f"{file_stem(plan.settings.name)}.html"
    key = plan.step_key("map", plan.hashes(), _result_keys(plan))
    record = plan.record("map")
    if record is not None and record.key == key:
        return plan.folder / record.files[0]
    layers = plan.layers(rasters=GROUND, resolution_m=_resolution_m(plan))
    found = stored_results(plan, layers)
    say = words(plan.settings.language)
    published = []
    for sheet in _sheets(layers, found, say):
        if sheet.title.startswith(PUBLISHED):
            heads, rows = cells_told(sheet, say)
            published.append(Table(sheet.title, heads, rows, note=" ".join(sheet.lines)))
    part(progress, 0.0, 1.0)(0.4)
    page = plan_page(
        layers,
        title=plan.settings.name,
        language=say.language,
        published=published,
        base_map=(plan.settings.online_base, plan.settings.online_credit),
        **found,
    )
    written = page.save(path)
    _record(plan, "map", key, [written], {"size_bytes": written.stat().st_size})
    return written


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
