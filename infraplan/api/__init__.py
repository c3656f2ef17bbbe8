"""One function per job: what notebooks import and what each command calls."""

from infraplan.api.bring import import_layer
from infraplan.api.build import check_layers
from infraplan.api.build import export_schema
from infraplan.api.build import init_plan
from infraplan.api.build import open_plan
from infraplan.api.build import sample_plan
from infraplan.api.cable import route
from infraplan.api.cable import underground
from infraplan.api.comparing import compare
from infraplan.api.cover import gaps
from infraplan.api.cover import predict
from infraplan.api.export import export_layer
from infraplan.api.fetch import fetch
from infraplan.api.forms import evidence_form
from infraplan.api.measure import calibrate
from infraplan.api.point_check import point
from infraplan.api.proposing import propose
from infraplan.api.publish import draw_map
from infraplan.api.publish import write_report
from infraplan.api.run import run_plan
from infraplan.api.site import appraise

__all__ = [
    "appraise",
    "calibrate",
    "check_layers",
    "compare",
    "draw_map",
    "evidence_form",
    "export_layer",
    "export_schema",
    "fetch",
    "gaps",
    "import_layer",
    "init_plan",
    "open_plan",
    "point",
    "predict",
    "propose",
    "route",
    "run_plan",
    "sample_plan",
    "underground",
    "write_report",
]
