"""One function per job: what notebooks import and what each command calls."""

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from infraplan.api.briefing import brief as brief
    from infraplan.api.bring import import_layer as import_layer
    from infraplan.api.build import check_layers as check_layers
    from infraplan.api.build import export_schema as export_schema
    from infraplan.api.build import init_plan as init_plan
    from infraplan.api.build import open_plan as open_plan
    from infraplan.api.build import sample_plan as sample_plan
    from infraplan.api.cable import route as route
    from infraplan.api.comparing import compare as compare
    from infraplan.api.confirm import confirmation_form as confirmation_form
    from infraplan.api.confirm import take_confirmations as take_confirmations
    from infraplan.api.cover import gaps as gaps
    from infraplan.api.cover import predict as predict
    from infraplan.api.export import export_layer as export_layer
    from infraplan.api.fetching import fetch as fetch
    from infraplan.api.forms import evidence_form as evidence_form
    from infraplan.api.measure import calibrate as calibrate
    from infraplan.api.office import changed_since as changed_since
    from infraplan.api.office import issue as issue
    from infraplan.api.office import take_decisions as take_decisions
    from infraplan.api.point_check import point as point
    from infraplan.api.proposing import propose as propose
    from infraplan.api.publish import draw_map as draw_map
    from infraplan.api.publish import map_files as map_files
    from infraplan.api.publish import write_report as write_report
    from infraplan.api.run import run_plan as run_plan
    from infraplan.api.site import appraise as appraise
    from infraplan.api.undergrounding import underground as underground
    from infraplan.api.visiting import site_files as site_files
    from infraplan.api.visiting import write_sheet as write_sheet

_HOMES = {
    "appraise": "site",
    "brief": "briefing",
    "calibrate": "measure",
    "changed_since": "office",
    "check_layers": "build",
    "compare": "comparing",
    "confirmation_form": "confirm",
    "draw_map": "publish",
    "evidence_form": "forms",
    "export_layer": "export",
    "export_schema": "build",
    "fetch": "fetching",
    "gaps": "cover",
    "import_layer": "bring",
    "init_plan": "build",
    "issue": "office",
    "map_files": "publish",
    "open_plan": "build",
    "point": "point_check",
    "predict": "cover",
    "propose": "proposing",
    "route": "cable",
    "run_plan": "run",
    "sample_plan": "build",
    "site_files": "visiting",
    "take_confirmations": "confirm",
    "take_decisions": "office",
    "underground": "undergrounding",
    "write_report": "publish",
    "write_sheet": "visiting",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - one list, above


def __getattr__(name: str) -> Any:  # noqa: ANN401 - functions alike
    """Import a job at its first use, so that a command loads no more than its own."""
    if name in _HOMES:
        return getattr(import_module(f"infraplan.api.{_HOMES[name]}"), name)
    msg = f"module 'infraplan.api' has no attribute '{name}'"
    raise AttributeError(msg)
