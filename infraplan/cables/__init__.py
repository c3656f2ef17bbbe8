"""Where cables go: prices, street graph, routes, Steiner trees, undergrounding, lengths."""

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from infraplan.cables.graph import StreetGraph
    from infraplan.cables.graph import street_graph
    from infraplan.cables.lengths import fibre_distance_m
    from infraplan.cables.lengths import fibre_lengths
    from infraplan.cables.lengths import fibre_road_distance_m
    from infraplan.cables.phasing import PhasingPlan
    from infraplan.cables.phasing import PhasingProblem
    from infraplan.cables.phasing import PhasingWishes
    from infraplan.cables.phasing import phase_streets
    from infraplan.cables.prices import PriceBook
    from infraplan.cables.reach import fibre_reach
    from infraplan.cables.routes import Route
    from infraplan.cables.routes import plan_route
    from infraplan.cables.steiner import SteinerTree
    from infraplan.cables.steiner import steiner_tree
    from infraplan.cables.subsets import street_subsets
    from infraplan.cables.subsets import without
    from infraplan.cables.underground import CablePlan
    from infraplan.cables.underground import plan_underground
    from infraplan.cables.worth import PhasingRules
    from infraplan.cables.worth import StreetWorth
    from infraplan.cables.worth import street_worth

_HOMES = {
    "CablePlan": "underground",
    "PhasingPlan": "phasing",
    "PhasingProblem": "phasing",
    "PhasingRules": "worth",
    "PhasingWishes": "phasing",
    "PriceBook": "prices",
    "Route": "routes",
    "SteinerTree": "steiner",
    "StreetGraph": "graph",
    "StreetWorth": "worth",
    "fibre_distance_m": "lengths",
    "fibre_lengths": "lengths",
    "fibre_reach": "reach",
    "fibre_road_distance_m": "lengths",
    "phase_streets": "phasing",
    "plan_route": "routes",
    "plan_underground": "underground",
    "steiner_tree": "steiner",
    "street_graph": "graph",
    "street_subsets": "subsets",
    "street_worth": "worth",
    "without": "subsets",
}

__all__ = [
    "CablePlan",
    "PhasingPlan",
    "PhasingProblem",
    "PhasingRules",
    "PhasingWishes",
    "PriceBook",
    "Route",
    "SteinerTree",
    "StreetGraph",
    "StreetWorth",
    "fibre_distance_m",
    "fibre_lengths",
    "fibre_reach",
    "fibre_road_distance_m",
    "phase_streets",
    "plan_route",
    "plan_underground",
    "steiner_tree",
    "street_graph",
    "street_subsets",
    "street_worth",
    "without",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - functions and classes alike
    """Import a part of the room at its first use."""
    if name not in _HOMES:
        msg = f"module 'infraplan.cables' has no attribute '{name}'"
        raise AttributeError(msg)
    return getattr(import_module(f"infraplan.cables.{_HOMES[name]}"), name)
