"""People per grid cell, residential areas, covered shares, gaps and inventory."""

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from infraplan.coverage.areas import residential_areas as residential_areas
    from infraplan.coverage.gaps import Definition as Definition
    from infraplan.coverage.gaps import Gaps as Gaps
    from infraplan.coverage.gaps import find_gaps as find_gaps
    from infraplan.coverage.people import PeopleGrid as PeopleGrid
    from infraplan.coverage.people import people_grid as people_grid
    from infraplan.coverage.service import Service as Service
    from infraplan.coverage.service import service_of as service_of
    from infraplan.coverage.placing import place_hamlets as place_hamlets
    from infraplan.coverage.shares import covered_shares as covered_shares
    from infraplan.coverage.shares import parts_of as parts_of
    from infraplan.coverage.stock import Inventory as Inventory
    from infraplan.coverage.stock import inventory as inventory
    from infraplan.coverage.zonal import Zones as Zones
    from infraplan.coverage.zonal import zones_over as zones_over

_WHERE = {
    "Definition": "gaps",
    "Gaps": "gaps",
    "Inventory": "stock",
    "PeopleGrid": "people",
    "Service": "service",
    "Zones": "zonal",
    "covered_shares": "shares",
    "find_gaps": "gaps",
    "inventory": "stock",
    "people_grid": "people",
    "parts_of": "shares",
    "place_hamlets": "placing",
    "residential_areas": "areas",
    "service_of": "service",
    "zones_over": "zonal",
}

__all__ = sorted(_WHERE)  # noqa: PLE0605 - one list, above


def __getattr__(name: str) -> Any:  # noqa: ANN401 - functions and classes alike
    """Import a function at its first use."""
    if name in _WHERE:
        return getattr(import_module(f"infraplan.coverage.{_WHERE[name]}"), name)
    msg = f"module 'infraplan.coverage' has no attribute '{name}'"
    raise AttributeError(msg)
