"""One page for the head of the office: for print, and as a picture for a phone."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from infraplan.atomic import file_stem
from infraplan.atomic import write_bytes
from infraplan.atomic import write_text
from infraplan.text import words as catalogue

if TYPE_CHECKING:
    from infraplan.plan import Plan

__all__ = ["Brief", "brief"]

RASTERS = ("terrain", "landcover", "water")
VIETNAM = timedelta(hours=7)  # ahead of universal time
MEMORY = "brief.json"  # in the plan's results: the figures of each day's page


@dataclass(frozen=True, slots=True)
class Brief:
    """The page as written; `compared` is the day of the page that it was compared with."""

    pdf: Path
    png: Path
    compared: date | None
    is_synthetic: bool


def brief(plan: "Plan", *, as_of: date | None = None) -> Brief:
    """
    Write one A4 page for the head: a number, a picture, decisions, doubts, who must answer.

    Parameters
    ----------
    plan
        The plan, with any of its results or none: what it lacks is said on the page.
    as_of
        Day of the page; today in Vietnam where None.

    Returns
    -------
    written
        `reports/tom-tat-<plan>.pdf` and `.png`. Its figures are kept in `results/brief.json` under
        its day, and the page tells what moved since the last day before. Equal inputs and day give
        equal bytes.

    Raises
    ------
    PlanError
        If a file cannot be written.
    """
    from infraplan.api.cover import stored_resolution_m
    from infraplan.api.publish import stored_results
    from infraplan.maps import overview_picture
    from infraplan.reports import Findings
    from infraplan.reports import Office
    from infraplan.reports import brief_figures
    from infraplan.reports import write_brief
    from infraplan.sites import SiteRules

    day = as_of or (datetime.now(UTC) + VIETNAM).date()
    there = tuple(name for name in RASTERS if plan.raster_path(name).exists())
    layers = plan.layers(rasters=there, resolution_m=stored_resolution_m(plan))
    kept = stored_results(plan, layers)
    kept.pop("coverage", None)
    rules = SiteRules.from_dict(plan.configuration("rules"))
    found = Findings(layers=layers, as_of=day, rules=rules.in_force(day), **kept)
    told = plan.settings
    picture = overview_picture(
        layers,
        gaps=found.gaps,
        appraisals=found.appraisals,
        proposal=found.proposal,
        cable_plan=found.cable_plan,
        language=told.language,
    )
    memory = _memory(plan)
    earlier = max((of for of in memory if of < day), default=None)
    pdf, png = write_brief(
        found,
        picture=picture,
        before=None if earlier is None else (earlier, memory[earlier]),
        words=catalogue(told.language),
        office=Office(told.office, told.office_parent, told.office_place),
    )
    stem = plan.folder / "reports" / f"tom-tat-{file_stem(told.name)}"
    written = Brief(
        pdf=write_bytes(stem.with_name(f"{stem.name}.pdf"), pdf, if_held="rename"),
        png=write_bytes(stem.with_name(f"{stem.name}.png"), png, if_held="rename"),
        compared=earlier,
        is_synthetic=found.is_synthetic,
    )
    _remember(plan, memory | {day: brief_figures(found)})
    return written


def _memory(plan: "Plan") -> dict[date, dict[str, Any]]:
    """Return the figures of the pages written so far, by their day; none where unreadable."""
    try:
        kept = json.loads((plan.results / MEMORY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    days: dict[date, dict[str, Any]] = {}
    for text, figures in (kept.get("days", {}) if isinstance(kept, dict) else {}).items():
        with suppress(ValueError):
            if isinstance(figures, dict):
                days[date.fromisoformat(text)] = figures
    return days


def _remember(plan: "Plan", days: dict[date, dict[str, Any]]) -> None:
    """Keep the figures of each day's page."""
    told = {"days": {day.isoformat(): days[day] for day in sorted(days)}}
    write_text(plan.results / MEMORY, json.dumps(told, ensure_ascii=False, indent=1) + "\n")
