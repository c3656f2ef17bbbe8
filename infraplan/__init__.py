"""A geospatial planner of telecom infrastructure in which every number can defend itself."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version
from typing import TYPE_CHECKING
from typing import Any

from infraplan.errors import GridMismatchError
from infraplan.errors import InfraplanError
from infraplan.errors import LayerError
from infraplan.errors import ModelRangeError
from infraplan.errors import NoRouteError
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.errors import VintageError

if TYPE_CHECKING:
    from infraplan import cables as cables
    from infraplan import coverage as coverage
    from infraplan import io as io
    from infraplan import layers as layers
    from infraplan import maps as maps
    from infraplan import radio as radio
    from infraplan import reports as reports
    from infraplan import sites as sites
    from infraplan.api import appraise as appraise
    from infraplan.api import calibrate as calibrate
    from infraplan.api import compare as compare
    from infraplan.api import draw_map as draw_map
    from infraplan.api import evidence_form as evidence_form
    from infraplan.api import export_layer as export_layer
    from infraplan.api import gaps as gaps
    from infraplan.api import import_layer as import_layer
    from infraplan.api import init_plan as init_plan
    from infraplan.api import open_plan as open_plan
    from infraplan.api import point as point
    from infraplan.api import predict as predict
    from infraplan.api import propose as propose
    from infraplan.api import route as route
    from infraplan.api import run_plan as run_plan
    from infraplan.api import sample_plan as sample_plan
    from infraplan.api import underground as underground
    from infraplan.api import write_report as write_report

_ROOMS = ("cables", "coverage", "io", "layers", "maps", "radio", "reports", "sites")
_JOBS = (
    "appraise",
    "calibrate",
    "compare",
    "draw_map",
    "evidence_form",
    "export_layer",
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
)

__all__ = [  # noqa: PLE0604 - the jobs are named once, above
    "GridMismatchError",
    "InfraplanError",
    "LayerError",
    "ModelRangeError",
    "NoRouteError",
    "PlanError",
    "SettingsError",
    "SourceFileError",
    "VintageError",
    *_JOBS,
    *_ROOMS,
]

try:
    __version__ = version("infraplan")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"


def __getattr__(name: str) -> Any:  # noqa: ANN401 - modules and functions alike
    """Import a room or a job at its first use, for geopandas alone is slower than `--help`."""
    if name in _ROOMS:
        return import_module(f"infraplan.{name}")
    if name in _JOBS:
        return getattr(import_module("infraplan.api"), name)
    msg = f"module 'infraplan' has no attribute '{name}'"
    raise AttributeError(msg)
