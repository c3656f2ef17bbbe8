"""infraplan: a geospatial planner of telecom infrastructure in which every number can defend itself."""

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

_ROOMS = ("cables", "coverage", "io", "layers", "maps", "radio", "reports", "sites")
_JOBS: tuple[str, ...] = ()

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
    """Import a room or a job at its first use: geopandas alone costs more than `--help` may take."""
    if name in _ROOMS:
        return import_module(f"infraplan.{name}")
    if name in _JOBS:
        return getattr(import_module("infraplan.api"), name)
    msg = f"module 'infraplan' has no attribute '{name}'"
    raise AttributeError(msg)
