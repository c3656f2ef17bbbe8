"""Where cables go: prices, street graph, routes, Steiner trees, undergrounding, lengths."""

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from infraplan.cables.disjoint import DisjointPair
    from infraplan.cables.disjoint import disjoint_pair
    from infraplan.cables.graph import StreetGraph
    from infraplan.cables.graph import street_graph
    from infraplan.cables.lengths import fibre_distance_m
    from infraplan.cables.lengths import fibre_lengths
    from infraplan.cables.lengths import fibre_road_distance_m
    from infraplan.cables.prices import PriceBook
    from infraplan.cables.reach import fibre_reach
    from infraplan.cables.rings import RingPlan
    from infraplan.cables.rings import WeakPoints
    from infraplan.cables.rings import ring_augmentation
    from infraplan.cables.rings import single_points_of_failure
    from infraplan.cables.routes import Route
    from infraplan.cables.routes import plan_route
    from infraplan.cables.steiner import SteinerTree
    from infraplan.cables.steiner import steiner_tree
    from infraplan.cables.underground import CablePlan
    from infraplan.cables.underground import plan_underground

_HOMES = {
    "CablePlan": "underground",
    "DisjointPair": "disjoint",
    "PriceBook": "prices",
    "RingPlan": "rings",
    "Route": "routes",
    "SteinerTree": "steiner",
    "StreetGraph": "graph",
    "WeakPoints": "rings",
    "disjoint_pair": "disjoint",
    "fibre_distance_m": "lengths",
    "fibre_lengths": "lengths",
    "fibre_reach": "reach",
    "fibre_road_distance_m": "lengths",
    "plan_route": "routes",
    "plan_underground": "underground",
    "ring_augmentation": "rings",
    "single_points_of_failure": "rings",
    "steiner_tree": "steiner",
    "street_graph": "graph",
}

__all__ = [
    "CablePlan",
    "DisjointPair",
    "PriceBook",
    "RingPlan",
    "Route",
    "SteinerTree",
    "StreetGraph",
    "WeakPoints",
    "disjoint_pair",
    "fibre_distance_m",
    "fibre_lengths",
    "fibre_reach",
    "fibre_road_distance_m",
    "plan_route",
    "plan_underground",
    "ring_augmentation",
    "single_points_of_failure",
    "steiner_tree",
    "street_graph",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - functions and classes alike
    """Import a part of the room at its first use."""
    if name not in _HOMES:
        msg = f"module 'infraplan.cables' has no attribute '{name}'"
        raise AttributeError(msg)
    return getattr(import_module(f"infraplan.cables.{_HOMES[name]}"), name)
