"""All steps of a plan in their order, skipping what is up to date."""

import time
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from infraplan.api.build import check_layers
from infraplan.api.cover import gaps
from infraplan.api.cover import predict
from infraplan.api.proposing import propose
from infraplan.api.publish import map_files
from infraplan.api.publish import write_report
from infraplan.api.register import batches
from infraplan.api.site import appraise
from infraplan.api.undergrounding import bring_papers
from infraplan.api.undergrounding import underground_again
from infraplan.errors import LayerError
from infraplan.plan import Plan
from infraplan.plan.results import appraisal_step
from infraplan.plan.results import coverage_step
from infraplan.progress import Progress

__all__ = ["StepDone", "run_plan"]


@dataclass(frozen=True, slots=True, eq=False)
class StepDone:
    """
    One step of a run.

    `state` is `done`, `current` (nothing to compute) or `skipped` (the settings or the layers leave
    nothing to do; `why` says which); `result` is what the step returned.
    """

    step: str
    state: str
    seconds: float
    result: Any = None
    why: str = ""


def run_plan(
    plan: Plan,
    *,
    as_of: date | None = None,
    progress: Callable[[str], Progress] | None = None,
) -> Iterator[StepDone]:
    """
    Run every step of a plan; each is yielded when it ends.

    Parameters
    ----------
    plan
        The plan.
    as_of
        Day for which rules are in force and technologies on air, or None.
    progress
        Called with the name of a step, returns its progress.

    Yields
    ------
    done
        Step with its state, time and result.

    Raises
    ------
    LayerError
        If layers are at fault; nothing is computed then.
    PlanError
        If the plan lacks communes, stations or terrain.
    """
    faults, notes = check_layers(plan)
    if faults:
        raise LayerError(layer=plan.settings.name, faults=faults)
    yield StepDone("check", "done", 0.0, notes)

    def shown(step: str) -> Progress | None:
        """Return the progress of a step."""
        return None if progress is None else progress(step)

    headline = coverage_step(plan.settings.technology, plan.settings.operator)
    yield _timed(plan, "coverage", headline, lambda: predict(plan, progress=shown("coverage")))
    yield _timed(plan, "gaps", "gaps", lambda: gaps(plan, as_of=as_of, progress=shown("gaps")))
    if plan.settings.propose_sites:
        yield _timed(plan, "propose", "proposal", lambda: propose(plan, progress=shown("propose")))
    else:
        yield StepDone("propose", "skipped", 0.0, why="no_sites_asked")
    found = batches(plan, only_open=True)
    if not found:
        yield StepDone("appraise", "skipped", 0.0, why="no_requests")
    for batch in found:
        yield _timed(
            plan,
            "appraise",
            appraisal_step(batch),
            lambda batch=batch: appraise(
                plan, batch=batch, as_of=as_of, progress=shown("appraise")
            ),  # type: ignore[misc]
        )
    before = plan.record("underground")
    if plan.settings.underground_streets or (before is not None and before.figures.get("asked")):
        yield _timed(
            plan,
            "underground",
            "underground",
            lambda: underground_again(plan, progress=shown("underground")),
        )
        yield _timed(
            plan,
            "underground_papers",
            "underground_papers",
            lambda: bring_papers(plan, as_of=as_of, progress=shown("underground_papers")),
        )
    else:
        yield StepDone("underground", "skipped", 0.0, why="no_streets_named")
    yield _timed(plan, "map", "map", lambda: map_files(plan, progress=shown("map")))
    yield _timed(plan, "report", "report", lambda: write_report(plan, progress=shown("report")))


def _timed(plan: Plan, step: str, recorded_as: str, job: Callable[[], Any]) -> StepDone:
    """Run a step and tell whether it had anything to compute."""
    before = plan.record(recorded_as)
    written_s = _written_s(plan, recorded_as)
    start_s = time.perf_counter()
    result = job()
    seconds = time.perf_counter() - start_s
    is_current = before is not None and _written_s(plan, recorded_as) == written_s
    return StepDone(step, "current" if is_current else "done", seconds, result)


def _written_s(plan: Plan, recorded_as: str) -> float:
    """Return when the record of a step was written, 0 where there is none."""
    path = plan.results / f"{recorded_as}.json"
    return path.stat().st_mtime_ns if path.exists() else 0
