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
    from infraplan.cables.merging import MergedLines
    from infraplan.cables.merging import merge_lines
    from infraplan.cables.phasing import PhasingPlan
    from infraplan.cables.phasing import PhasingProblem
    from infraplan.cables.phasing import PhasingWishes
    from infraplan.cables.phasing import phase_streets
    from infraplan.cables.prices import PriceBook
    from infraplan.cables.raster_path import RasterPath
    from infraplan.cables.raster_path import Slope
    from infraplan.cables.raster_path import least_cost_path
    from infraplan.cables.raster_path import least_costs
    from infraplan.cables.raster_path import slope_factors
    from infraplan.cables.raster_path import tobler_factors
    from infraplan.cables.reach import fibre_reach
    from infraplan.cables.rings import RingPlan
    from infraplan.cables.rings import WeakPoints
    from infraplan.cables.rings import ring_augmentation
    from infraplan.cables.rings import single_points_of_failure
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
    "DisjointPair": "disjoint",
    "MergedLines": "merging",
    "PhasingPlan": "phasing",
    "PhasingProblem": "phasing",
    "PhasingRules": "worth",
    "PhasingWishes": "phasing",
    "PriceBook": "prices",
    "RasterPath": "raster_path",
    "RingPlan": "rings",
    "Route": "routes",
    "Slope": "raster_path",
    "SteinerTree": "steiner",
    "StreetGraph": "graph",
    "StreetWorth": "worth",
    "WeakPoints": "rings",
    "disjoint_pair": "disjoint",
    "fibre_distance_m": "lengths",
    "fibre_lengths": "lengths",
    "fibre_reach": "reach",
    "fibre_road_distance_m": "lengths",
    "least_cost_path": "raster_path",
    "least_costs": "raster_path",
    "merge_lines": "merging",
    "phase_streets": "phasing",
    "plan_route": "routes",
    "plan_underground": "underground",
    "ring_augmentation": "rings",
    "single_points_of_failure": "rings",
    "slope_factors": "raster_path",
    "steiner_tree": "steiner",
    "street_graph": "graph",
    "street_subsets": "subsets",
    "street_worth": "worth",
    "tobler_factors": "raster_path",
    "without": "subsets",
}

__all__ = [
    "CablePlan",
    "DisjointPair",
    "MergedLines",
    "PhasingPlan",
    "PhasingProblem",
    "PhasingRules",
    "PhasingWishes",
    "PriceBook",
    "RasterPath",
    "RingPlan",
    "Route",
    "Slope",
    "SteinerTree",
    "StreetGraph",
    "StreetWorth",
    "WeakPoints",
    "disjoint_pair",
    "fibre_distance_m",
    "fibre_lengths",
    "fibre_reach",
    "fibre_road_distance_m",
    "least_cost_path",
    "least_costs",
    "merge_lines",
    "phase_streets",
    "plan_route",
    "plan_underground",
    "ring_augmentation",
    "single_points_of_failure",
    "slope_factors",
    "steiner_tree",
    "street_graph",
    "street_subsets",
    "street_worth",
    "tobler_factors",
    "without",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - functions and classes alike
    """Import a part of the room at its first use."""
    if name not in _HOMES:
        msg = f"module 'infraplan.cables' has no attribute '{name}'"
        raise AttributeError(msg)
    return getattr(import_module(f"infraplan.cables.{_HOMES[name]}"), name)
