"""One function per job: what notebooks import and what each command calls."""

from infraplan.api.brief import brief
from infraplan.api.bring import import_layer
from infraplan.api.build import check_layers
from infraplan.api.build import export_schema
from infraplan.api.build import init_plan
from infraplan.api.build import open_plan
from infraplan.api.build import sample_plan
from infraplan.api.cable import route
from infraplan.api.comparing import compare
from infraplan.api.confirm import confirmation_form
from infraplan.api.confirm import take_confirmations
from infraplan.api.cover import gaps
from infraplan.api.cover import predict
from infraplan.api.export import export_layer
from infraplan.api.fetch import fetch
from infraplan.api.forms import evidence_form
from infraplan.api.measure import calibrate
from infraplan.api.office import changed_since
from infraplan.api.office import issue
from infraplan.api.office import take_decisions
from infraplan.api.point_check import point
from infraplan.api.proposing import propose
from infraplan.api.publish import draw_map
from infraplan.api.publish import map_files
from infraplan.api.publish import write_report
from infraplan.api.run import run_plan
from infraplan.api.site import appraise
from infraplan.api.site_files import site_files
from infraplan.api.site_files import write_sheet
from infraplan.api.undergrounding import underground

__all__ = [
    "appraise",
    "brief",
    "calibrate",
    "changed_since",
    "check_layers",
    "compare",
    "confirmation_form",
    "draw_map",
    "evidence_form",
    "export_layer",
    "export_schema",
    "fetch",
    "gaps",
    "import_layer",
    "init_plan",
    "issue",
    "map_files",
    "open_plan",
    "point",
    "predict",
    "propose",
    "route",
    "run_plan",
    "sample_plan",
    "site_files",
    "take_confirmations",
    "take_decisions",
    "underground",
    "write_report",
    "write_sheet",
]
