"""
Aerial cable goes underground: trenches, chambers, crossings, drops, what they cost and who pays.

The tree of trenches is the cheapest found that joins all places where cable enters or leaves the
streets and all houses to be served; its bound is proven. Chambers follow a fixed rule along that
tree. The bound of the whole counts the proven bound of the trenches with the least number of
chambers that any trench of that length needs, and everything that no layout of trenches can change.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan.cables.chambers import placed_chambers
from infraplan.cables.chosen import chosen_graph
from infraplan.cables.demand import Demand
from infraplan.cables.demand import demand_of
from infraplan.cables.shares import operator_shares
from infraplan.cables.steiner import steiner_tree
from infraplan.cables.study import empty_table
from infraplan.cables.trench import TrenchGraph
from infraplan.cables.trench import sides_of
from infraplan.cables.trench import trench_graph
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.progress import Progress
from infraplan.progress import part

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from infraplan.cables.graph import StreetGraph
    from infraplan.cables.prices import PriceBook

__all__ = ["CablePlan", "plan_underground"]

Ints = npt.NDArray[np.int64]

READ = ("streets", "roads", "ducts", "chambers", "fibre", "buildings", "poles")
EXISTING_CHAMBER_M = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class CablePlan:
    """
    A plan of undergrounding, its bill and the proof of how far from the cheapest it is at most.

    `segments` are trenches and re-used ducts by side of street; `bill` sums to `cost_vnd` to the
    dong, `shares` as well. No plan by the same rules costs less than `bound_vnd`; `gap` =
    (cost - bound) / cost. `removed` tells how many metres of aerial cable go, by operator. The last
    tables are those of `infraplan.cables.study`, empty until their step has run.
    """

    segments: "gpd.GeoDataFrame"
    chambers: "gpd.GeoDataFrame"
    crossings: "gpd.GeoDataFrame"
    drops: "gpd.GeoDataFrame"
    bill: "pd.DataFrame"
    shares: "pd.DataFrame"
    removed: "pd.DataFrame"
    cost_vnd: int
    bound_vnd: int
    gap: float
    bores: int
    poles_removed: int
    stopped_by_time: bool
    layers: Layers
    provenance: Provenance
    uses: "pd.DataFrame" = field(default_factory=partial(empty_table, "uses"))
    lines: "pd.DataFrame" = field(default_factory=partial(empty_table, "lines"))
    cables: "pd.DataFrame" = field(default_factory=partial(empty_table, "cables"))
    share_rules: "pd.DataFrame" = field(default_factory=partial(empty_table, "share_rules"))
    funding: "pd.DataFrame" = field(default_factory=partial(empty_table, "funding"))
    rents: "pd.DataFrame" = field(default_factory=partial(empty_table, "rents"))
    investment: "pd.DataFrame" = field(default_factory=partial(empty_table, "investment"))
    phases: "pd.DataFrame" = field(default_factory=partial(empty_table, "phases"))
    years: "pd.DataFrame" = field(default_factory=partial(empty_table, "years"))
    wishes: "pd.DataFrame" = field(default_factory=partial(empty_table, "wishes"))
    subsets: "pd.DataFrame" = field(default_factory=partial(empty_table, "subsets"))
    subset_shares: "pd.DataFrame" = field(default_factory=partial(empty_table, "subset_shares"))
    cutover: "pd.DataFrame" = field(default_factory=partial(empty_table, "cutover"))
    findings: "pd.DataFrame" = field(default_factory=partial(empty_table, "findings"))
    profiles: "pd.DataFrame" = field(default_factory=partial(empty_table, "profiles"))
    assumptions: "pd.DataFrame" = field(default_factory=partial(empty_table, "assumptions"))

    def _repr_html_(self) -> str:
        """Return a caption and the bill."""
        caption = (
            f"{self.segments['length_m'].sum():,.0f} m underground, {self.cost_vnd:,} VND; "
            f"no plan can cost less than {self.bound_vnd:,} VND"
        )
        return f"<p>{html.escape(caption)}</p>{self.bill.head(12).to_html(escape=True)}"


def plan_underground(
    layers: Layers,
    *,
    streets: "Sequence[str] | gpd.GeoDataFrame | None" = None,
    area: "shapely.Geometry | None" = None,
    prices: "PriceBook",
    time_limit_s: float = 30.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> CablePlan:
    """
    Plan how the aerial cable of streets goes underground at the least cost.

    Parameters
    ----------
    layers
        Layers of the plan; `streets` is needed, `fibre`, `buildings`, `ducts`, `chambers`, `poles`
        and `roads` are used where they are.
    streets
        Names or ids of streets, or lines drawn along them; None where `area` says it.
    area
        Outline in the planning CRS instead of streets.
    prices
        Price book.
    time_limit_s
        Time after which the search stops early, > 0 [s].
    seed
        Seed of the search.
    progress
        Called with the share done.

    Returns
    -------
    cable_plan
        Segments, chambers, crossings, drops, bill, shares, cost and bound before tax [VND].

    Raises
    ------
    SettingsError
        If no street is chosen or a name is unknown; near names are listed.
    PlanError
        If the plan has no streets.
    NoRouteError
        If a part of the streets cannot be joined.

    Notes
    -----
    Streets that do not touch are planned each on its own; cable between them stays as it is. The
    bound covers trenches, re-used ducts and crossings (dual ascent on the same graph), one chamber
    for each crossing and each `chamber_spacing_m` of new trench, less those that exist, and all
    items that do not depend on the layout: drops, risers, cable, removal.
    """
    graph = chosen_graph(layers, streets, area)
    shape = sides_of(graph)
    demand = demand_of(layers, graph, shape[1], prices=prices)
    trench, place = trench_graph(
        graph, shape, demand.stops, layers.table("ducts"), prices=prices, bores=demand.bores
    )
    part(progress, 0.0, 0.2)(1.0, "trench graph")
    terminals = np.unique([place[stop] for stop in demand.places]).astype(np.int64)
    chosen, bound, stopped = _trees(trench, terminals, time_limit_s, seed, part(progress, 0.2, 0.9))
    risers = np.unique([place[stop] for stop in demand.entry_places]).astype(np.int64)
    chambers = placed_chambers(
        trench, chosen, risers, layers.table("chambers"), prices=prices, crs=layers.crs
    )
    quantities = _quantities(trench, chosen, chambers, len(risers), demand)
    bill = _bill(quantities, prices)
    cost_vnd = int(bill["cost_vnd"].sum())
    bound_vnd = _bound(trench, bound, bill, quantities, layers, prices)
    bound_vnd = min(bound_vnd, cost_vnd)
    return CablePlan(
        segments=_segments(graph, trench, chosen, demand.bores, prices),
        chambers=chambers,
        crossings=_crossings(graph, trench, chosen),
        drops=demand.drops,
        bill=bill,
        shares=operator_shares(demand.weights, cost_vnd),
        removed=demand.removed,
        cost_vnd=cost_vnd,
        bound_vnd=bound_vnd,
        gap=(cost_vnd - bound_vnd) / cost_vnd if cost_vnd else 0.0,
        bores=demand.bores,
        poles_removed=demand.poles_removed,
        stopped_by_time=stopped,
        layers=layers,
        provenance=_provenance(layers, prices, demand, seed),
    )


def _trees(
    trench: TrenchGraph, terminals: Ints, time_limit_s: float, seed: int, progress: Progress
) -> tuple[Ints, float, bool]:
    """Return the edges to dig, the proven bound of their weight, and whether time ran out."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(trench.nodes)
    ends = trench.edges
    weight = np.maximum(np.round(trench.table["weight_vnd"].to_numpy(dtype=np.float64)), 1.0)
    links = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    label = connected_components(links, directed=False)[1]
    chosen, bound, stopped = [np.zeros(0, dtype=np.int64)], 0.0, False
    groups = [terminals[label[terminals] == one] for one in np.unique(label[terminals])]
    for number, group in enumerate(groups):
        if len(group) < 2:
            continue
        mine = np.flatnonzero(label[ends[:, 0]] == label[group[0]])
        share_s = time_limit_s * len(group) / len(terminals)
        tree = steiner_tree(ends[mine], weight[mine], group, time_limit_s=share_s, seed=seed)
        chosen.append(mine[tree.edges])
        # each weight was rounded by at most half a dong
        bound += tree.bound - 0.5 * len(mine)
        stopped = stopped or tree.stopped_by_time
        progress((number + 1) / len(groups), "trenches")
    return np.sort(np.concatenate(chosen)), max(bound, 0.0), stopped


def _quantities(
    trench: TrenchGraph,
    chosen: Ints,
    chambers: "gpd.GeoDataFrame",
    riser_count: int,
    demand: Demand,
) -> dict[str, float]:
    """Return the quantity of each item."""
    table = trench.table.iloc[chosen]
    quantities: dict[str, float] = {
        str(item): float(rows["length_m"].sum()) for item, rows in table.groupby("item", sort=True)
    }
    laid = table[(table["kind"] == "trench") | (table["item"] == "crossing_open")]
    quantities["duct_d110"] = float(laid["length_m"].sum()) * demand.bores
    for item in ("crossing_open", "crossing_hdd"):
        quantities[f"{item}_fixed"] = float((table["item"] == item).sum())
    new = chambers[~chambers["existing"]]
    for kind in ("manhole", "handhole"):
        quantities[f"chamber_{kind}"] = float((new["kind"] == kind).sum())
    return quantities | demand.fixed | {"riser": float(riser_count)}


FIXED = ("riser", "drop_house", "drop_duct", "cable_new", "cable_removal", "pole_removal")


def _bill(quantities: dict[str, float], prices: "PriceBook") -> "pd.DataFrame":
    """Return the bill: an item a line, quantities to the centimetre, costs in whole dong."""
    import pandas as pd

    lines = []
    for code, item in prices.items.items():
        quantity = round(quantities.get(code, 0.0), 2)
        if quantity > 0:
            cost_vnd = round(quantity * item.price_vnd)
            lines.append((code, f"cables.item_{code}", quantity, item.unit, int(item.price_vnd),
                          cost_vnd, f"{item.source}; {item.date}", item.verified))  # fmt: skip
    columns = ["item", "description", "quantity", "unit", "price_vnd", "cost_vnd", "source",
               "verified"]  # fmt: skip
    bill = pd.DataFrame(lines, columns=columns)
    whole = {"price_vnd": "int64", "cost_vnd": "int64", "quantity": "float64", "verified": "bool"}
    return bill.astype(whole)


def _bound(
    trench: TrenchGraph,
    bound: float,
    bill: "pd.DataFrame",
    quantities: dict[str, float],
    layers: Layers,
    prices: "PriceBook",
) -> int:
    """Return what no plan by the same rules can undercut."""
    import shapely

    fixed_vnd = int(bill.loc[bill["item"].isin(FIXED), "cost_vnd"].sum())
    usable = 0
    existing = layers.table("chambers")
    if len(existing) and quantities:
        dug = (trench.table["kind"] != "duct").to_numpy()
        lines = [shapely.LineString(trench.lines[k]) for k in np.flatnonzero(dug)]
        near, _ = shapely.STRtree(lines).query(
            existing.geometry.to_numpy(), predicate="dwithin", distance=EXISTING_CHAMBER_M
        )
        usable = len(np.unique(near))
    # a bill rounds each of its lines by at most half a dong and half a centimetre of quantity
    rounding = sum(0.5 + 0.005 * price for price in bill["price_vnd"].tolist())
    credit = usable * prices.price_vnd("chamber_handhole")
    return int(fixed_vnd + max(0, math.floor(bound - credit - rounding)))


def _segments(
    graph: "StreetGraph", trench: TrenchGraph, chosen: Ints, bores: int, prices: "PriceBook"
) -> "gpd.GeoDataFrame":
    """Return what is dug or re-used along streets, joined to whole stretches."""
    import geopandas as gpd
    import pandas as pd
    import shapely

    layout = prices.rules.layout(bores)
    table = trench.table.iloc[chosen]
    table = table[table["kind"] != "crossing"]
    rows: list[dict[str, Any]] = []
    keys = ["street", "side", "kind", "placement", "surface", "item"]
    for _, same in table.groupby(keys, sort=True):
        first = same.iloc[0]
        lines = [trench.lines[k] for k in same.index]
        merged = shapely.line_merge(
            shapely.multilinestrings([shapely.LineString(x) for x in lines])
        )
        total_m, total_vnd = float(same["length_m"].sum()), float(same["cost_vnd"].sum())
        drawn_m = float(merged.length)
        for stretch in shapely.get_parts(merged):
            length_m = total_m * float(stretch.length) / drawn_m
            new = first["kind"] == "trench"
            excavation = prices.rules.excavation_m3_per_m(layout, first["placement"])
            shared = ";".join(sorted({i for x in same["shared"].dropna() for i in x.split(";")}))
            rows.append(
                _where(graph, int(first["street"]), int(first["side"]))
                | {
                    "kind": first["kind"],
                    "placement": first["placement"],
                    "surface": first["surface"],
                    "method": "open_trench" if new else "existing_duct",
                    "item": first["item"],
                    "bores": bores if new else 0,
                    "length_m": length_m,
                    "cost_vnd": total_vnd * length_m / total_m,
                    "excavation_m3": length_m * excavation if new else 0.0,
                    "reinstatement_m2": length_m * layout.mouth_m if new else 0.0,
                    "shared": shared or None,
                    "geometry": stretch,
                }
            )
    columns = ["street", "street_ids", "side", "kind", "placement", "surface", "method", "item",
               "bores", "length_m", "cost_vnd", "excavation_m3", "reinstatement_m2", "shared",
               "geometry"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns).astype({"bores": "int64"})
    frame.index = pd.Index([f"G{k:04d}" for k in range(1, len(frame) + 1)], name="segment_id")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=graph.crs)


def _where(graph: "StreetGraph", street: int, side: int) -> dict[str, Any]:
    """Return name, ids and side of a street as its first row was drawn."""
    row = graph.table.iloc[street]
    sign = -side if row["flipped"] else side
    name = {1: "left", -1: "right", 0: None}[sign]
    return {"street": row["name"], "street_ids": row["ids"], "side": name}


def _crossings(graph: "StreetGraph", trench: TrenchGraph, chosen: Ints) -> "gpd.GeoDataFrame":
    """Return the crossings of carriageways."""
    import geopandas as gpd
    import pandas as pd
    import shapely

    table = trench.table.iloc[chosen]
    table = table[table["kind"] == "crossing"]
    rows = [
        {
            "street": graph.table["name"].iloc[int(row["street"])],
            "street_ids": graph.table["ids"].iloc[int(row["street"])],
            "kind": "road",
            "method": "hdd" if row["item"] == "crossing_hdd" else "open",
            "item": row["item"],
            "length_m": row["length_m"],
            "cost_vnd": row["cost_vnd"],
            "geometry": shapely.LineString(trench.lines[edge]),
        }
        for edge, (_, row) in zip(table.index.tolist(), table.iterrows(), strict=True)
    ]
    columns = ["street", "street_ids", "kind", "method", "item", "length_m", "cost_vnd", "geometry"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.index = pd.Index([f"X{k:04d}" for k in range(1, len(frame) + 1)], name="crossing_id")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=graph.crs)


def _provenance(layers: Layers, prices: "PriceBook", demand: Demand, seed: int) -> Provenance:
    """Return where the plan comes from and what its bound covers."""
    from infraplan import __version__

    bound = (
        "bound: trenches, re-used ducts, crossings by dual ascent; one chamber for each crossing "
        f"and each {prices.rules.chamber_spacing_m:g} m of new trench, less existing ones; drops, "
        "risers, cable and removal as billed"
    )
    return Provenance(
        step="underground",
        version=__version__,
        settings={"prices": prices.name, "seed": seed, "bores": demand.bores},
        synthetic=tuple(name for name in layers.synthetic() if name in READ),
        notes=(
            bound,
            "costs: construction before tax, without contingency and consulting",
            f"shares: by length and diameter of the cables; {prices.share_source}",
            *demand.notes,
        ),
    )
