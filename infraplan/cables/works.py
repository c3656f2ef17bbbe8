"""
The works that put cables of some streets and some owners underground, prepared once for all.

A meeting asks for the same streets in many choices: without the third, for one owner alone.
Streets, sides, houses, cables and prices are worked out once; a choice then costs a search in a
small graph. Streets that do not touch are planned each on its own, so a choice is the sum of parts.
"""

import math
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.cables.bores import Tariff
from infraplan.cables.bores import tariff_of
from infraplan.cables.bulk import Flows
from infraplan.cables.bulk import SharedTree
from infraplan.cables.bulk import shared_tree
from infraplan.cables.chamber_costs import chamber_costs
from infraplan.cables.chambers import ChamberGround
from infraplan.cables.chambers import Placed
from infraplan.cables.chosen import chosen_graph
from infraplan.cables.demand import Demand
from infraplan.cables.demand import Stop
from infraplan.cables.demand import Task
from infraplan.cables.demand import demand_of
from infraplan.cables.joined import joined_parts
from infraplan.cables.runs import least_ways_m
from infraplan.cables.runs import run_paths
from infraplan.cables.runs import ways_m
from infraplan.cables.trench import Side
from infraplan.cables.trench import TrenchGraph
from infraplan.cables.trench import sides_of
from infraplan.cables.trench import trench_graph
from infraplan.cables.zones import chamber_zones
from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.notes import Note
from infraplan.layers.notes import joined

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

    from infraplan.cables.graph import StreetGraph
    from infraplan.cables.prices import PriceBook
    from infraplan.cables.technical import WorkRules

__all__ = ["Dug", "Line", "PartPlan", "Works", "prepare_works", "run_ways_m"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Numbers = frozenset[int]

EXISTING_CHAMBER_M = 5.0
SAFE_M = 0.01  # by which more is taken as near than is
DROP_BORES = 1  # one bore everywhere for the drops of all owners, where houses are served
WEIGHT_RULES = ("diameter", "occupancy", "length")
SMALLEST_VND = 0.5  # by which a line of the bill is rounded at most
SMALLEST_QUANTITY = 0.005

Line = tuple[int, str, int]  # street, item, owner (-1 where it is shared)


@dataclass(frozen=True, slots=True, eq=False)
class Dug:
    """
    The cheapest works found for some streets and some owners.

    No works by the same rules cost less than `bound_vnd`, which is 0 where an owner is left out:
    of what owners would do alone only the cost counts. `direct_vnd` are works on an owner's own
    cables only: new cable, taking down the old, risers that no other owner uses; `shared_vnd` is
    the rest. `weights` tell by rule and owner what costs may be shared by: `diameter` (metres of
    aerial cable times the rent of its class), `occupancy` (metres times bores used), `length`
    (metres of aerial cable). `removed_m` are metres of aerial cable, `length_m` those of trenches
    and re-used ducts along streets.
    """

    cost_vnd: int
    bound_vnd: int
    length_m: float
    chambers: int
    removed_m: float
    shared_vnd: int
    direct_vnd: Mapping[str, int]
    weights: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, eq=False)
class PartPlan:
    """
    The plan of streets that hang together.

    `edges` are edges of the trench graph; `bores` and `section_mm2` have a row each and a column an
    owner; `laid` and `reused` are bores laid anew and used in existing ducts. `placed` are its
    chambers, `run_paths` the edges that each run of cable takes. `quantities` are the lines of its
    bill.
    """

    units: Numbers
    owners: Numbers
    task: Task
    edges: Ints
    bores: Ints
    section_mm2: Floats
    laid: Ints
    reused: Ints
    placed: Placed
    riser_nodes: tuple[int, ...]
    run_nodes: tuple[tuple[int, int], ...]
    run_paths: tuple[tuple[int, ...], ...]
    quantities: Mapping[Line, float]
    cost_vnd: int
    bound_vnd: int
    stopped_by_time: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """
    What streets of a choice have in common whoever's cable is laid.

    `mine` are the edges that they open, `part` tells which nodes these join, `unit` the street that
    each edge is billed to; `lost_vnd` is what the rounding of a bill's lines can lower it by;
    `side_unit` tells the streets of the sides in `side_tree`, and `unit_at` those of chambers so
    far.
    """

    mine: Ints
    part: Ints
    unit: Ints
    lost_vnd: float
    side_unit: Ints
    side_tree: "shapely.STRtree"
    unit_at: dict[tuple[float, float], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Works:
    """
    Chosen streets, prepared.

    `streets` are their names in the order of the plan, `owners` those whose cables hang there,
    `joins` pairs of streets that touch. `stretches` are beginnings and ends of those that are not
    chosen as a whole.
    """

    streets: tuple[str, ...]
    stretches: Mapping[str, tuple[tuple[str, str], ...]]
    owners: tuple[str, ...]
    joins: tuple[tuple[str, str], ...]
    graph: "StreetGraph"
    sides: tuple[Side, ...]
    demand: Demand
    trench: TrenchGraph
    node_of: Mapping[tuple[int, float], int]
    tariff: Tariff
    opened: npt.NDArray[np.bool_]  # shape (edges, streets)
    beside: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]  # nodes, edges near a chamber
    feet: npt.NDArray[np.object_]  # where the lines of drops begin
    layers: Layers
    prices: "PriceBook"
    ground: ChamberGround
    kept: dict[tuple[Numbers, Numbers, int], tuple[float, PartPlan]] = field(default_factory=dict)
    grounds: dict[Numbers, "_Ground"] = field(default_factory=dict)

    def dug(
        self,
        streets: frozenset[str] | None = None,
        owners: frozenset[str] | None = None,
        *,
        time_limit_s: float = 120.0,
        seed: int = 0,
    ) -> Dug:
        """
        Return the cheapest works for some of the streets and some of the owners.

        Parameters
        ----------
        streets
            Names of streets; None for all.
        owners
            Names of owners; None for all. Streets in which none of them has cable serve no houses.
        time_limit_s
            Time of one search, which only the whole is worth; a choice takes milliseconds [s].
        seed
            Seed of the searches.

        Returns
        -------
        dug
            Cost, bound (0 where an owner is left out), direct works and weights.

        Raises
        ------
        SettingsError
            If a name is not one of the plan's.
        NoRouteError
            If a cable would have to go where no trench can join its ends.
        """
        parts = self.parts(streets, owners, time_limit_s=time_limit_s, seed=seed)
        direct = dict.fromkeys(sorted(self._numbers(owners, self.owners)), 0)
        cost_vnd = 0
        for (_, item, owner), quantity in _together(parts).items():
            amount = self.line_vnd(item, quantity)
            cost_vnd += amount
            if owner >= 0:
                direct[owner] += amount
        along_m = self.trench.length_m * self.trench.is_along
        return Dug(
            cost_vnd=cost_vnd,
            bound_vnd=sum(part.bound_vnd for part in parts),
            length_m=float(sum(along_m[part.edges].sum() for part in parts)),
            chambers=sum(len(part.placed.places) for part in parts),
            removed_m=float(sum(v[0] for part in parts for v in part.task.removed.values())),
            shared_vnd=cost_vnd - sum(direct.values()),
            direct_vnd=MappingProxyType({self.owners[k]: v for k, v in direct.items()}),
            weights=self.weights(parts),
        )

    def parts(
        self,
        streets: frozenset[str] | None = None,
        owners: frozenset[str] | None = None,
        *,
        time_limit_s: float = 120.0,
        seed: int = 0,
    ) -> tuple[PartPlan, ...]:
        """
        Return the plans of streets that hang together, in the order of the plan.

        Parameters
        ----------
        streets
            Names of streets; None for all.
        owners
            Names of owners; None for all.
        time_limit_s
            Time of one search [s].
        seed
            Seed of the searches.

        Returns
        -------
        parts
            One plan for streets that touch.
        """
        units = self._numbers(streets, self.streets)
        whose = self._numbers(owners, self.owners)
        found = []
        for group in _groups(units, self.demand.touching):
            key = (group, whose, seed)
            limit_s, known = self.kept.get(key, (0.0, None))
            if known is None or (known.stopped_by_time and limit_s < time_limit_s):
                known = _planned(self, group, whose, time_limit_s, seed)
                self.kept[key] = time_limit_s, known
            found.append(known)
        return tuple(found)

    def keep(
        self, parts: Iterable[PartPlan], *, time_limit_s: float = 120.0, seed: int = 0
    ) -> None:
        """
        Take over plans that were made elsewhere of the same works.

        Parameters
        ----------
        parts
            Plans of streets.
        time_limit_s
            Time of the search by which they were made [s].
        seed
            Its seed.
        """
        self.kept.update({
            (part.units, part.owners, seed): (time_limit_s, part) for part in parts
        })  # fmt: skip

    def planned(self) -> tuple[PartPlan, ...]:
        """
        Return the plans for all owners that were made so far.

        Returns
        -------
        parts
            One for each group of streets, those of fewest streets first.
        """
        made = [part for _, part in tuple(self.kept.values())]
        mine = {part.units: part for part in made if len(part.owners) == len(self.owners)}
        return tuple(mine[units] for units in sorted(mine, key=lambda of: (len(of), sorted(of))))

    def groups(self) -> tuple[frozenset[str], ...]:
        """
        Return the streets that hang together.

        Returns
        -------
        groups
            Names, in the order of the plan.
        """
        every = frozenset(range(len(self.streets)))
        return tuple(self.names(units) for units in _groups(every, self.demand.touching))

    def names(self, units: Numbers) -> frozenset[str]:
        """
        Return the names of streets.

        Parameters
        ----------
        units
            Their numbers.

        Returns
        -------
        names
            As `streets` has them.
        """
        return frozenset(self.streets[unit] for unit in units)

    def weights(self, parts: Sequence[PartPlan]) -> Mapping[str, Mapping[str, int]]:
        """
        Return by rule and owner what costs may be shared by.

        Parameters
        ----------
        parts
            Plans of streets.

        Returns
        -------
        weights
            Whole numbers by rule (diameter, occupancy, length) and owner; those of several parts
            are the sums of each part's, so that a choice of streets and all of them agree.
        """
        whole = np.zeros((len(WEIGHT_RULES), len(self.owners)), dtype=np.int64)
        metres = self.trench.length_m
        for part in parts:
            exact = np.zeros(whole.shape)
            for (_, owner), (length_m, _, rent_vnd) in part.task.removed.items():
                exact[0, owner] += rent_vnd
                exact[2, owner] += length_m
            exact[1] += metres[part.edges] @ part.bores
            whole += np.rint(exact).astype(np.int64)
        whose = sorted({owner for part in parts for owner in part.owners})
        return MappingProxyType({
            rule: MappingProxyType({self.owners[k]: int(whole[row, k]) for k in whose})
            for row, rule in enumerate(WEIGHT_RULES)
        })  # fmt: skip

    def line_vnd(self, item: str, quantity: float) -> int:
        """
        Return the cost of a line of the bill.

        Parameters
        ----------
        item
            Code of the item.
        quantity
            How much of it, rounded to two decimals in the bill.

        Returns
        -------
        cost_vnd
            Whole dong.
        """
        return round(round(quantity, 2) * self.prices.price_vnd(item))

    def _numbers(self, names: frozenset[str] | None, known: tuple[str, ...]) -> Numbers:
        """Return the numbers of names; refused where one is not known."""
        if names is None:
            return frozenset(range(len(known)))
        unknown = sorted(names - set(known))
        if unknown:
            msg = f"not in this plan: {', '.join(unknown)}; it has {', '.join(known)}"
            raise SettingsError(msg)
        return frozenset(k for k, name in enumerate(known) if name in names)


def prepare_works(
    layers: Layers,
    *,
    streets: "Sequence[str] | gpd.GeoDataFrame | None" = None,
    area: "shapely.Geometry | None" = None,
    prices: "PriceBook",
    rules: "WorkRules | None" = None,
) -> Works:
    """
    Prepare everything about the chosen streets, so that any choice among them is quick.

    Parameters
    ----------
    layers
        Layers of the plan; `streets` is needed; `fibre`, `cable_survey`, `buildings`, `ducts`,
        `chambers`, `poles`, `roads`, `rail` and `waterways` are used where they are.
    streets
        Names or ids of streets, `name: from - to` for a part, or lines drawn along them.
    area
        Outline in the planning CRS instead of streets.
    prices
        Price book.
    rules
        Technical rules that chambers keep to; None where only the price book's spacing counts.

    Returns
    -------
    works
        Streets, owners, demand and trench graph.

    Raises
    ------
    SettingsError
        If no street is chosen or a name is unknown; near names are listed.
    LayerError
        If a survey of cable names what the plan does not know.
    PlanError
        If the plan has no streets.
    """
    import shapely

    graph, names, stretches = chosen_graph(layers, streets, area)
    shape = sides_of(graph)
    demand = demand_of(layers, graph, shape[1], prices=prices)
    trench, node_of = trench_graph(graph, shape, demand.stops(), layers, prices=prices)
    opened = np.zeros((len(trench.edges), len(names)), dtype=np.bool_)
    for edge, units in enumerate(trench.table["units"].tolist()):
        opened[edge, list(units)] = True
    most = max(layout.bores for layout in prices.rules.layouts) - 1
    return Works(
        streets=names,
        stretches=stretches,
        owners=demand.owners,
        joins=tuple((names[a], names[b]) for a, b in sorted(demand.touching)),
        graph=graph,
        sides=tuple(shape[1]),
        demand=demand,
        trench=trench,
        node_of=node_of,
        tariff=tariff_of(trench, max(most, 1), prices=prices),
        opened=opened,
        beside=_beside(trench, layers.table("chambers")),
        feet=shapely.get_point(demand.drop_lines, 0),
        layers=layers,
        prices=prices,
        ground=ChamberGround(
            trench, layers.table("chambers"), _zones(layers, trench, rules), prices=prices,
            rules=rules,
        ),
    )  # fmt: skip


def _zones(
    layers: Layers, trench: TrenchGraph, rules: "WorkRules | None"
) -> "gpd.GeoDataFrame | None":
    """Return where no chamber may stand, None where no rule says so."""
    import shapely

    if rules is None:
        return None
    lines = shapely.multilinestrings([shapely.LineString(line) for line in trench.lines])
    return chamber_zones(layers, lines, rules=rules)


def _beside(
    trench: TrenchGraph, chambers: "gpd.GeoDataFrame"
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which nodes, and which edges, are so near an existing chamber that they may use it."""
    import shapely

    found = []
    points = chambers.geometry.to_numpy()
    for shapes in (
        shapely.points(trench.nodes) if len(trench.nodes) else np.zeros(0, dtype=object),
        np.asarray([shapely.LineString(line) for line in trench.lines], dtype=object),
    ):
        near = np.zeros(len(shapes), dtype=np.bool_)
        if len(shapes) and len(points):
            tree = shapely.STRtree(shapes)
            distance = EXISTING_CHAMBER_M + SAFE_M
            near[tree.query(points, predicate="dwithin", distance=distance)[1]] = True
        found.append(near)
    return found[0], found[1]


def _groups(units: Numbers, touching: frozenset[tuple[int, int]]) -> list[Numbers]:
    """Return streets that hang together, in the order of the plan."""
    left, groups = set(units), []
    while left:
        group, ahead = set(), [min(left)]
        while ahead:
            unit = ahead.pop()
            if unit in left:
                left.discard(unit)
                group.add(unit)
                ahead += [b if a == unit else a for a, b in touching if unit in (a, b)]
        groups.append(frozenset(group))
    return groups


def _together(parts: Iterable[PartPlan]) -> dict[Line, float]:
    """Return the lines of all parts; no two parts share a street."""
    return {line: quantity for part in parts for line, quantity in part.quantities.items()}


def _planned(
    works: Works, units: Numbers, owners: Numbers, time_limit_s: float, seed: int
) -> PartPlan:
    """Return the cheapest plan found for streets that hang together."""
    task = works.demand.task(units, owners)
    is_proven = len(owners) == len(works.owners)
    is_whole = is_proven and units in _groups(
        frozenset(range(len(works.streets))), works.demand.touching
    )
    ground = _ground(works, units)
    stops = _Stops(works, task)
    trees = _trees(
        works, ground, stops, thorough=is_whole, is_proven=is_proven, time_limit_s=time_limit_s,
        seed=seed,
    )  # fmt: skip
    edges = np.concatenate([np.zeros(0, dtype=np.int64), *(t.edges for t in trees)])
    order = np.argsort(edges, kind="stable")
    edges = edges[order]
    owner_count = len(works.owners)
    bores = np.vstack([np.zeros((0, owner_count), dtype=np.int64), *(t.bores for t in trees)])[
        order
    ]
    section = np.vstack([np.zeros((0, owner_count)), *(t.section_mm2 for t in trees)])[order]
    column = np.maximum(bores.sum(axis=1) + stops.drop_bores, 1) - 1
    laid, reused = works.tariff.laid[edges, column], works.tariff.reused[edges, column]
    placed = works.ground.placed(
        edges, _kinds(works.trench, edges, laid), np.asarray(stops.risers, dtype=np.int64),
        works.feet[[line for *_, line in task.drops]],
    )  # fmt: skip
    paths = run_paths(edges, works.trench.edges, stops.runs)
    fixed, variable = _quantities(works, units, task, (edges, column), placed, paths)
    quantities = fixed | variable
    fixed_vnd = sum(works.line_vnd(item, q) for (_, item, _), q in fixed.items())
    cost_vnd = sum(works.line_vnd(item, q) for (_, item, _), q in quantities.items())
    bound_vnd = 0
    if is_proven:
        bound_vnd = fixed_vnd + max(0, math.floor(sum(t.bound for t in trees) - ground.lost_vnd))
        bound_vnd += _least_cable_vnd(works, ground.mine, stops)
    return PartPlan(
        units=units,
        owners=owners,
        task=task,
        edges=edges,
        bores=bores,
        section_mm2=section,
        laid=laid,
        reused=reused,
        placed=placed,
        riser_nodes=tuple(stops.risers),
        run_nodes=tuple(stops.runs),
        run_paths=paths,
        quantities=quantities,
        cost_vnd=cost_vnd,
        bound_vnd=min(bound_vnd, cost_vnd),
        stopped_by_time=any(t.stopped_by_time for t in trees),
    )


class _Stops:
    """The nodes that a task must join: risers, houses, and the ends of runs of cable."""

    def __init__(self, works: Works, task: Task) -> None:
        node_of = works.node_of
        self.risers = [node_of[riser.stop] for riser in task.risers]
        self.houses = [node_of[stop] for _, _, stop, _ in task.drops]
        self.owned = [
            (node, owner)
            for node, riser in zip(self.risers, task.risers, strict=True)
            for owner in sorted(riser.owners)
        ]
        by_side: dict[int, list[tuple[float, int]]] = {}
        for node, riser in zip(self.risers, task.risers, strict=True):
            by_side.setdefault(riser.stop.side, []).append((riser.stop.at, node))
        self.runs = [
            (_riser_before(by_side, run.start, node_of), _riser_before(by_side, run.end, node_of))
            for run in task.runs
        ]
        cables = [works.demand.cables[run.cable] for run in task.runs]
        self.run_owner = [cable.owner for cable in cables]
        self.run_mm2 = [np.pi / 4 * cable.diameter_mm**2 * cable.cables for cable in cables]
        self.task = task
        self.drop_bores = DROP_BORES if self.houses else 0
        self.terminals = np.unique(np.asarray([*self.risers, *self.houses], dtype=np.int64))


def _riser_before(
    by_side: dict[int, list[tuple[float, int]]],
    stop: Stop,
    node_of: Mapping[tuple[int, float], int],
) -> int:
    """Return the node of the riser that serves a place, its own node where there is none."""
    from infraplan.cables.demand import ONE_RISER_M

    for at, node in by_side.get(stop.side, ()):
        if 0 <= stop.at - at <= ONE_RISER_M:
            return node
    return node_of[stop]


def _trees(
    works: Works,
    ground: _Ground,
    stops: _Stops,
    *,
    thorough: bool,
    is_proven: bool,
    time_limit_s: float,
    seed: int,
) -> list[SharedTree]:
    """Return a tree for each group of stops that can be joined, in edges of the whole graph."""
    mine, label = ground.mine, ground.part
    ends = works.trench.edges[mine]
    _require_joined(works, stops, label)
    cost = _cost_by_owners(works, mine, stops)
    runs = np.asarray(stops.runs, dtype=np.int64).reshape(-1, 2)
    owned = np.asarray(stops.owned, dtype=np.int64).reshape(-1, 2)
    risers = np.asarray(stops.risers, dtype=np.int64)
    groups = [
        stops.terminals[label[stops.terminals] == k] for k in np.unique(label[stops.terminals])
    ]
    trees = []
    for group in groups:
        if len(group) < 2:
            continue
        here = np.flatnonzero(label[ends[:, 0]] == label[group[0]])
        nodes, inverse = np.unique(ends[here], return_inverse=True)
        is_run = label[runs[:, 0]] == label[group[0]]
        is_stop = label[owned[:, 0]] == label[group[0]]
        flows = Flows(
            stop_node=np.searchsorted(nodes, owned[is_stop, 0]).astype(np.int64),
            stop_owner=owned[is_stop, 1],
            owners=len(works.owners),
            run_ends=np.searchsorted(nodes, runs[is_run]).astype(np.int64),
            run_owner=np.asarray(stops.run_owner, dtype=np.int64)[is_run],
            run_mm2=np.asarray(stops.run_mm2, dtype=np.float64)[is_run],
            bore_mm2=bore_mm2(works.prices),
        )
        stand = chamber_costs(
            works.trench, mine[here], cost[here].min(axis=1), group, risers[np.isin(risers, group)],
            works.beside, prices=works.prices, thorough=thorough,
        )  # fmt: skip
        tree = shared_tree(
            inverse.reshape(-1, 2).astype(np.int64), cost[here] + stand.more[:, None],
            np.searchsorted(nodes, group), flows, thorough=thorough, is_proven=is_proven,
            extras=stand.extras, time_limit_s=time_limit_s, seed=seed,
        )  # fmt: skip
        trees.append(
            SharedTree(mine[here[tree.edges]], tree.bores, tree.section_mm2,
                       tree.cost + stand.fixed, tree.bound + stand.fixed, tree.stopped_by_time)
        )  # fmt: skip
    return trees


def bore_mm2(prices: "PriceBook") -> float:
    """
    Return the section of cable that a bore takes by the rules of fill and spare.

    Parameters
    ----------
    prices
        Price book with the rules.

    Returns
    -------
    section_mm2
        Cable of today in one bore [mm2].
    """
    rules = prices.rules
    bore = np.pi / 4 * (1000 * rules.bore_diameter_m) ** 2
    return float(bore * rules.fill_share / (1 + rules.spare_share))


def _cost_by_owners(works: Works, mine: Ints, stops: _Stops) -> Floats:
    """Return what edges cost by the bores of owners in them, the bore of drops added."""
    weight = works.tariff.cost_vnd[mine]
    need: dict[int, float] = {}
    for owner, section in zip(stops.run_owner, stops.run_mm2, strict=True):
        need[owner] = need.get(owner, 0.0) + section
    owners = {owner for _, owner in stops.owned}
    bore = bore_mm2(works.prices)
    most = sum(max(1, math.ceil(need.get(owner, 0.0) / bore - 1e-9)) for owner in owners)
    columns = np.maximum(np.arange(most + 1) + stops.drop_bores, 1) - 1
    return weight[:, columns[columns < weight.shape[1]]]


def _require_joined(works: Works, stops: _Stops, label: Ints) -> None:
    """Stop where a cable would have to go where no trench can join its ends."""
    lost = [
        (run, ends)
        for run, ends in zip(stops.task.runs, stops.runs, strict=True)
        if label[ends[0]] != label[ends[1]]
    ]
    if not lost:
        return
    told = []
    for run, ends in lost[:5]:
        streets = [works.streets[unit] for unit in dict.fromkeys(u for u, _ in run.metres)]
        cable = works.demand.cables[run.cable]
        places = " - ".join("E {:.0f} N {:.0f}".format(*works.trench.nodes[node]) for node in ends)
        named = {"cable": str(cable.cable_id), "owner": works.owners[cable.owner]}
        told.append(Note("bars.cable", streets=", ".join(streets), places=places, **named))
    raise NoRouteError(Note("bars.no_trench", count=str(len(lost)), cables=joined(told)))


def _kinds(trench: TrenchGraph, edges: Ints, laid: Ints) -> list[str]:
    """Return the kind of each edge, duct for those of a plan that need nothing new."""
    kinds = trench.kinds.copy()
    kinds[edges[laid == 0]] = "duct"
    found: list[str] = kinds.tolist()
    return found


def _quantities(
    works: Works,
    units: Numbers,
    task: Task,
    dug: tuple[Ints, Ints],
    placed: Placed,
    paths: Sequence[Sequence[int]],
) -> tuple[dict[Line, float], dict[Line, float]]:
    """Return the lines of the bill that no layout changes, and those that it does."""
    edges, column = dug
    variable: dict[Line, float] = {}
    unit_of = _ground(works, units).unit
    unit = unit_of[edges]
    for item, amount in works.tariff.quantity.items():
        total = np.bincount(unit, amount[edges, column], minlength=len(works.streets))
        variable |= {(u, item, -1): float(total[u]) for u in np.flatnonzero(total).tolist()}
    for kind, place in zip(placed.new_kinds, chamber_units(works, units, placed), strict=True):
        if kind:
            key = (place, f"chamber_{kind}", -1)
            variable[key] = variable.get(key, 0.0) + 1.0
    fixed: dict[Line, float] = {}

    def add(unit: int, item: str, amount: float, owner: int = -1) -> None:
        """Add to a line."""
        if amount:
            fixed[unit, item, owner] = fixed.get((unit, item, owner), 0.0) + amount

    for riser in task.risers:
        add(riser.unit, "riser", 1.0, next(iter(riser.owners)) if len(riser.owners) == 1 else -1)
    streets = np.asarray([place for _, place, _, _ in task.drops], dtype=np.int64)
    length_m = works.demand.drop_m[[line for *_, line in task.drops]]
    houses = np.bincount(streets, minlength=len(works.streets)).tolist()
    ducts_m = np.bincount(streets, length_m, minlength=len(works.streets)).tolist()
    for place, (count, total_m) in enumerate(zip(houses, ducts_m, strict=True)):
        add(place, "drop_house", float(count))
        add(place, "drop_duct", total_m)
    variable |= _new_cable(works, task, paths, unit_of)
    for (place, owner), (length_m, *_) in task.removed.items():
        add(place, "cable_removal", float(length_m), owner)
    for place, count in task.poles.items():
        add(place, "pole_removal", float(count))
    return _rounded(fixed), _rounded(variable)


def _new_cable(
    works: Works, task: Task, paths: Sequence[Sequence[int]], unit: Ints
) -> dict[Line, float]:
    """Return the metres of new cable by street and owner, slack counted."""
    metres = works.trench.length_m
    slack = 1 + works.prices.rules.cable_slack_share
    found: dict[Line, float] = {}
    ways = ways_m(paths, [run.metres for run in task.runs], metres, unit)
    for run, way_m in zip(task.runs, ways, strict=True):
        cable = works.demand.cables[run.cable]
        for place, length_m in way_m.items():
            key = (place, "cable_new", cable.owner)
            found[key] = found.get(key, 0.0) + length_m * cable.cables * slack
    return found


def run_ways_m(works: Works, part: PartPlan) -> list[dict[int, float]]:
    """
    Return the length of each run of new cable of a plan, by street.

    Parameters
    ----------
    works
        Prepared streets.
    part
        Plan of streets.

    Returns
    -------
    by_unit
        Metres of one cable by number of the street, without slack, one entry a run.
    """
    metres = works.trench.length_m
    run_metres = [run.metres for run in part.task.runs]
    return ways_m(part.run_paths, run_metres, metres, edge_units(works, part.units))


def _least_cable_vnd(works: Works, mine: Ints, stops: "_Stops") -> int:
    """Return the least that new cable can cost, whichever trenches are dug."""
    runs = stops.task.runs
    metres = works.trench.length_m[mine]
    least_m = least_ways_m(
        works.trench.edges[mine], metres, stops.runs, [run.metres for run in runs]
    )
    cables = [works.demand.cables[run.cable] for run in runs]
    slack = 1 + works.prices.rules.cable_slack_share
    price_vnd = works.prices.price_vnd("cable_new")
    total = sum(
        float(way_m) * cable.cables * slack for way_m, cable in zip(least_m, cables, strict=True)
    )
    lines = len(works.streets) * len({cable.owner for cable in cables})
    lost = lines * (SMALLEST_VND + SMALLEST_QUANTITY * price_vnd)
    return max(0, math.floor(total * price_vnd * (1 - 1e-12) - lost))


def _rounded(lines: dict[Line, float]) -> dict[Line, float]:
    """Return lines with quantities to the hundredth, empty ones left out, in order."""
    whole = {line: round(quantity, 2) for line, quantity in sorted(lines.items())}
    return {line: quantity for line, quantity in whole.items() if quantity > 0}


def edge_units(works: Works, units: Numbers) -> Ints:
    """
    Return the street that each edge of the trench graph is billed to.

    Parameters
    ----------
    works
        Prepared streets.
    units
        Numbers of the streets of a plan.

    Returns
    -------
    unit
        First of these streets that opens the edge, 0 where none does.
    """
    return _ground(works, units).unit


def chamber_units(works: Works, units: Numbers, placed: Placed) -> list[int]:
    """
    Return the street that each chamber is billed to.

    Parameters
    ----------
    works
        Prepared streets.
    units
        Numbers of the streets of a plan.
    placed
        Chambers of the plan.

    Returns
    -------
    unit
        Street of the nearest side; at a corner the first one.
    """
    ground = _ground(works, units)
    places = [place[:2] for place in placed.places]
    new = [place for place in dict.fromkeys(places) if place not in ground.unit_at]
    if new:
        ground.unit_at.update(zip(new, _units_at(ground, np.asarray(new)), strict=True))
    return [ground.unit_at[place] for place in places]


def _units_at(ground: _Ground, xy: Floats) -> list[int]:
    """Return the street of the side nearest to each place."""
    import shapely

    points = shapely.points(xy)
    tree, unit = ground.side_tree, ground.side_unit
    point, near = tree.query(points, predicate="dwithin", distance=EXISTING_CHAMBER_M)
    found = dict(zip(point[::-1].tolist(), near[::-1].tolist(), strict=True))
    least = np.full(len(points), len(unit), dtype=np.int64)
    np.minimum.at(least, point, near)
    other = tree.nearest(points)
    least = np.where(least < len(unit), least, other) if found else other
    return [int(place) for place in unit[least].tolist()]


def _ground(works: Works, units: Numbers) -> _Ground:
    """Return what streets have in common, worked out once."""
    if units not in works.grounds:
        works.grounds[units] = _made_ground(works, units)
    return works.grounds[units]


def _made_ground(works: Works, units: Numbers) -> _Ground:
    """Work out what streets have in common."""
    import shapely

    order = sorted(units)
    opened = works.opened[:, order]
    mine = np.flatnonzero(opened.any(axis=1)).astype(np.int64)
    unit: Ints = np.asarray(order, dtype=np.int64)[opened.argmax(axis=1)]
    street_unit = works.graph.table["unit"].to_numpy(dtype=np.int64)
    sides = [side for side in works.sides if int(street_unit[side.street]) in units]
    sides.sort(key=lambda side: int(street_unit[side.street]))
    return _Ground(
        mine=mine,
        part=joined_parts(works.trench.edges[mine], len(works.trench.nodes)),
        unit=unit,
        lost_vnd=_rounding(works, mine, unit[mine]),
        side_unit=street_unit[[side.street for side in sides]],
        side_tree=shapely.STRtree([shapely.LineString(side.line) for side in sides]),
    )


def _rounding(works: Works, mine: Ints, unit: Ints) -> float:
    """Return by how much the rounding of a bill's lines can lower it at most."""
    total = 0.0
    for item, amount in works.tariff.quantity.items():
        streets = len(np.unique(unit[amount[mine].any(axis=1)]))
        if works.prices.items[item].unit != "each":
            total += streets * (SMALLEST_VND + SMALLEST_QUANTITY * works.prices.price_vnd(item))
    return total
