"""The tables of a plan of undergrounding: what is dug where, for whom, and what each line costs."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.plan_told import bill_told
from infraplan.cables.study import filled_table
from infraplan.cables.works import PartPlan
from infraplan.cables.works import Works
from infraplan.cables.works import edge_units
from infraplan.cables.works import run_ways_m
from infraplan.text import words

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from infraplan.cables.prices import PriceBook

__all__ = [
    "DrawnEdges",
    "LaidCable",
    "assumption_table",
    "bill_table",
    "cable_table",
    "crossing_table",
    "drawn_edges",
    "drop_table",
    "laid_cables",
    "line_table",
    "pole_table",
    "removed_table",
    "segment_table",
    "use_table",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CHAMBER_M = 15.0  # farthest chamber that the end of a cable is said to be at
RULES = (  # rule, unit, what it is called in the price book, items that rest on it
    ("cover_footway_m", "m", "cover", ("trench_footway", "excavation")),
    ("cover_carriageway_m", "m", "cover", ("trench_carriageway", "crossing_open", "excavation")),
    ("bed_m", "m", "spacing", ("trench_", "crossing_open", "excavation")),
    ("gap_m", "m", "spacing", ("trench_", "crossing_open", "excavation")),
    ("bore_diameter_m", "m", "spacing", ("trench_", "crossing_open", "excavation", "duct_d110")),
    ("base_bores", "each", "base", ("excavation", "reinstatement")),
    ("chamber_spacing_m", "m", "chamber", ("chamber_",)),
    ("bend_deg", "deg", "chamber", ("chamber_",)),
    ("crossing_spacing_m", "m", "crossing", ("crossing_", "permit_")),
    ("hdd_width_m", "m", "crossing", ("crossing_open", "crossing_hdd")),
    ("hdd_bores", "each", "crossing", ("crossing_hdd", "crossing_rail", "crossing_river")),
    ("barrier_m", "m", "barrier", ("crossing_rail", "crossing_river", "permit_rail")),
    ("fill_share", "share", "fill", ("duct_d110", "duct_reuse")),
    ("spare_share", "share", "fill", ("duct_d110", "duct_reuse")),
    ("least_bores", "each", "fill", ("duct_d110",)),
    ("cable_slack_share", "share", "cable", ("cable_new",)),
)


class LaidCable(NamedTuple):
    """New cables that go the same way: how many, how thick [mm], and how long each is [m]."""

    owner: str
    cables: int
    diameter_mm: float
    length_m: float


@dataclass(frozen=True, slots=True, eq=False)
class DrawnEdges:
    """
    How the edges of the trench graph are drawn.

    `stretches` are edges joined to whole rows of the table of segments, `crossings` single edges;
    `row_of` is the id of the row by edge.
    """

    stretches: tuple[tuple[int, tuple[int, ...]], ...]  # part, edges
    crossings: tuple[tuple[int, int], ...]  # part, edge
    row_of: Mapping[int, str]


def drawn_edges(works: Works, parts: Sequence[PartPlan]) -> DrawnEdges:
    """
    Return the edges of a plan joined to stretches of equal looks.

    Parameters
    ----------
    works
        Prepared streets.
    parts
        Plans of streets.

    Returns
    -------
    drawn
        Stretches, crossings and their ids.
    """
    stretches: list[tuple[int, tuple[int, ...]]] = []
    crossings: list[tuple[int, int]] = []
    columns = _Columns.of(works)
    ends = works.trench.edges.tolist()
    for number, part in enumerate(parts):
        looks: dict[tuple[Any, ...], list[int]] = {}
        edges = part.edges.tolist()
        bores = np.column_stack([part.laid, part.reused, part.bores]).tolist()
        for edge, kind, used in zip(edges, columns.kinds(part), bores, strict=True):
            if kind == "crossing":
                crossings.append((number, edge))
                continue
            looks.setdefault((*columns.look(edge, kind), *used), []).append(edge)
        for key in sorted(looks):
            stretches += [(number, chain) for chain in _chains(ends, looks[key])]
    row_of = {edge: f"G{k:04d}" for k, (_, chain) in enumerate(stretches, 1) for edge in chain}
    row_of |= {edge: f"X{k:04d}" for k, (_, edge) in enumerate(crossings, 1)}
    return DrawnEdges(tuple(stretches), tuple(crossings), row_of)


def _chains(ends: Sequence[Sequence[int]], edges: list[int]) -> list[tuple[int, ...]]:
    """Return edges joined where two of them meet, each chain from its first edge's number."""
    around: dict[int, list[int]] = {}
    for edge in edges:
        for node in ends[edge]:
            around.setdefault(node, []).append(edge)
    left, chains = dict.fromkeys(edges), []
    while left:
        chain, ahead = [], [next(iter(left))]
        while ahead:
            edge = ahead.pop()
            if edge not in left:
                continue
            del left[edge]
            chain.append(edge)
            for node in ends[edge]:
                if len(around[node]) == 2:
                    ahead += around[node]
        chains.append(tuple(sorted(chain)))
    return chains


def line_table(works: Works, parts: Sequence[PartPlan]) -> "pd.DataFrame":
    """
    Return the bill line by line.

    Parameters
    ----------
    works
        Prepared streets.
    parts
        Plans of streets.

    Returns
    -------
    lines
        Table `lines`: street by item by owner where the works are the owner's own.
    """
    order = {item: k for k, item in enumerate(works.prices.items)}
    every = [entry for part in parts for entry in part.quantities.items()]
    every.sort(key=lambda entry: (entry[0][0], order[entry[0][1]], entry[0][2]))
    rows: dict[tuple[str | float, ...], Mapping[str, Any]] = {}
    for (unit, code, owner), quantity in every:
        item = works.prices.items[code]
        rows[f"L{len(rows) + 1:04d}",] = {
            "street": works.streets[unit],
            "phase": 0,
            "owner": works.owners[owner] if owner >= 0 else "",
            "item": code,
            "quantity": quantity,
            "unit": item.unit,
            "price_vnd": int(item.price_vnd),
            "cost_vnd": works.line_vnd(code, quantity),
            "source": f"{item.source}; {item.date}",
            "verified": item.verified,
        }
    return filled_table("lines", rows)


def bill_table(lines: "pd.DataFrame", prices: "PriceBook") -> "pd.DataFrame":
    """
    Return the bill: an item a row, the sum of its lines.

    Parameters
    ----------
    lines
        Table `lines`.
    prices
        Price book.

    Returns
    -------
    bill
        `item`, `description` (in English), `quantity`, `unit`, `price_vnd`, `cost_vnd`, `source`,
        `verified`, in the order of the price book.
    """
    import pandas as pd

    rows = []
    for code, item in prices.items.items():
        mine = lines[lines["item"] == code]
        if len(mine):
            quantity = round(float(mine["quantity"].sum()), 2)
            rows.append((code, "", quantity, item.unit, int(item.price_vnd),
                         int(mine["cost_vnd"].sum()), f"{item.source}; {item.date}",
                         item.verified))  # fmt: skip
    columns = ["item", "description", "quantity", "unit", "price_vnd", "cost_vnd", "source",
               "verified"]  # fmt: skip
    whole = {"price_vnd": "int64", "cost_vnd": "int64", "quantity": "float64", "verified": "bool"}
    return bill_told(pd.DataFrame(rows, columns=columns).astype(whole), words("en"))


def _shared_out(total: int, exact: Sequence[float] | Floats) -> list[int]:
    """Return whole numbers near given ones that sum to a total: the largest remainders go up."""
    values = np.asarray(exact, dtype=np.float64)
    if not len(values):
        return []
    scaled = values * (total / values.sum()) if values.sum() > 0 else values
    whole = np.floor(scaled).astype(np.int64)
    order = np.lexsort((np.arange(len(values)), whole - scaled))
    short = int(total - whole.sum())
    whole[order[:short]] += 1
    return [int(value) for value in whole]


def _edge_costs(works: Works, part: PartPlan) -> dict[int, int]:
    """Return the cost of each edge of a part in whole dong; they sum to its lines."""
    column = _column(part)
    exact = works.tariff.cost_vnd[part.edges, column]
    unit = edge_units(works, part.units)[part.edges]
    costs: dict[int, int] = {}
    for number in np.unique(unit).tolist():
        mine = np.flatnonzero(unit == number)
        total = sum(
            works.line_vnd(item, quantity)
            for (where, item, owner), quantity in part.quantities.items()
            if where == number and owner < 0 and item in works.tariff.quantity
        )
        whole = _shared_out(total, exact[mine])
        costs |= dict(zip(part.edges[mine].tolist(), whole, strict=True))
    return costs


def _column(part: PartPlan) -> Ints:
    """Return the column of the tariff that each edge of a part is billed by."""
    from infraplan.cables.works import DROP_BORES

    drops = DROP_BORES if part.task.drops else 0
    column: Ints = np.maximum(part.bores.sum(axis=1) + drops, 1) - 1
    return column


def segment_table(works: Works, parts: Sequence[PartPlan], drawn: DrawnEdges) -> "gpd.GeoDataFrame":
    """
    Return what is dug or re-used along streets, joined to whole stretches.

    Parameters
    ----------
    works
        Prepared streets.
    parts
        Plans of streets.
    drawn
        How edges are drawn.

    Returns
    -------
    segments
        GeoDataFrame indexed by `segment_id`; costs of segments and crossings sum to the lines of
        their street that depend on the layout, chambers aside.
    """
    import geopandas as gpd
    import pandas as pd

    rules = works.prices.rules
    columns = _Columns.of(works)
    costs = [_edge_costs(works, part) for part in parts]
    place = [{edge: k for k, edge in enumerate(part.edges.tolist())} for part in parts]
    kinds = [columns.kinds(part) for part in parts]
    rows: list[dict[str, Any]] = []
    for number, chain in drawn.stretches:
        part, at = parts[number], place[number][chain[0]]
        street, side, kind, placement, surface, item = columns.look(chain[0], kinds[number][at])
        bores = int(part.laid[at])
        layout = rules.layout(bores) if bores else None
        length_m = float(np.sum([columns.length_m[edge] for edge in chain]))
        cover = "cover_footway_m" if placement == "footway" else "cover_carriageway_m"
        new = layout is not None
        depth_m = rules.depth_m(layout, placement) if layout else np.nan
        shared = {
            duct
            for edge in chain
            for duct in columns.shared[edge].split(";")
            if duct and part.reused[place[number][edge]]
        }
        rows.append(
            columns.where(street, side)
            | {
                "kind": kind,
                "placement": placement,
                "surface": surface,
                "method": "open_trench" if new else "existing_duct",
                "item": item if new else "duct_reuse",
                "bores": bores,
                "reused": int(part.reused[at]),
                "length_m": length_m,
                "cost_vnd": sum(costs[number][edge] for edge in chain),
                "excavation_m3": length_m * rules.excavation_m3_per_m(layout, placement)
                if layout else 0.0,
                "reinstatement_m2": length_m * layout.mouth_m if layout else 0.0,
                "depth_m": depth_m,
                "cover_m": getattr(rules, cover) if new else np.nan,
                "layers": layout.layers if layout else 0,
                "mouth_m": layout.mouth_m if layout else np.nan,
                "bottom_m": layout.bottom_m if layout else np.nan,
                "owners": _owners(works, part.bores[at]),
                "shared": ";".join(sorted(shared)) or None,
                "geometry": _one_line([works.trench.lines[edge] for edge in chain]),
            }
        )  # fmt: skip
    names = ["street", "street_ids", "side", "kind", "placement", "surface", "method", "item",
             "bores", "reused", "length_m", "cost_vnd", "excavation_m3", "reinstatement_m2",
             "depth_m", "cover_m", "layers", "mouth_m", "bottom_m", "owners", "shared",
             "geometry"]  # fmt: skip
    whole = dict.fromkeys(("bores", "reused", "cost_vnd", "layers"), "int64")
    frame = pd.DataFrame(rows, columns=names).astype(whole)
    frame.index = pd.Index([f"G{k:04d}" for k in range(1, len(frame) + 1)], name="segment_id")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=works.graph.crs)


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Columns of the trench graph as plain lists, by number of the edge, and those of streets."""

    looks: tuple[tuple[Any, ...], ...]  # street, side, kind, placement, surface, item
    length_m: list[float]
    shared: list[str]
    over: list[str | None]
    method: list[str | None]
    names: list[str]
    ids: list[str]
    flipped: list[bool]

    @classmethod
    def of(cls, works: Works) -> "_Columns":
        """Return the columns of prepared streets."""
        table, streets = works.trench.table, works.graph.table
        looks = ["street", "side", "kind", "placement", "surface", "item"]
        return cls(
            tuple(zip(*(table[name].tolist() for name in looks), strict=True)),
            *(table[name].tolist() for name in ("length_m", "shared", "over", "method")),
            *(streets[name].tolist() for name in ("name", "ids", "flipped")),
        )

    def kinds(self, part: PartPlan) -> list[str]:
        """Return the kind of each edge of a part: duct where nothing new is needed."""
        edges = zip(part.edges.tolist(), part.laid.tolist(), strict=True)
        return [self.looks[edge][2] if laid else "duct" for edge, laid in edges]

    def look(self, edge: int, kind: str) -> tuple[Any, ...]:
        """Return street, side, kind, placement, surface and item of an edge of a plan."""
        street, side, _, *rest = self.looks[edge]
        return (street, side, kind, *rest)

    def where(self, street: int, side: int) -> dict[str, Any]:
        """Return name, ids and side of a street as its first row was drawn."""
        sign = -side if self.flipped[street] else side
        name = {1: "left", -1: "right", 0: None}[sign]
        return {"street": self.names[street], "street_ids": self.ids[street], "side": name}


def _one_line(lines: "Sequence[Any]") -> Any:  # noqa: ANN401 - shapely's line
    """Return lines that follow each other as one, in a direction independent of drawing."""
    import shapely

    place = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    merged = shapely.linestrings(np.concatenate(lines), indices=place)
    merged = shapely.line_merge(shapely.multilinestrings(merged))
    if merged.geom_type != "LineString":
        return merged
    xy = shapely.get_coordinates(merged)
    return merged if tuple(xy[0]) <= tuple(xy[-1]) else shapely.reverse(merged)


def _owners(works: Works, bores: Ints) -> str:
    """Return the owners who pass, joined by ;."""
    return ";".join(works.owners[k] for k in np.flatnonzero(bores).tolist())


def crossing_table(
    works: Works, parts: Sequence[PartPlan], drawn: DrawnEdges
) -> "gpd.GeoDataFrame":
    """
    Return the crossings of carriageways, railways, rivers, and those under bridges.

    Parameters
    ----------
    works
        Prepared streets.
    parts
        Plans of streets.
    drawn
        How edges are drawn.

    Returns
    -------
    crossings
        GeoDataFrame indexed by `crossing_id`: `kind` road, rail, river or bridge, `method` open,
        hdd or bridge.
    """
    import geopandas as gpd
    import pandas as pd
    import shapely

    columns = _Columns.of(works)
    costs = [_edge_costs(works, part) for part in parts]
    place = [{edge: k for k, edge in enumerate(part.edges.tolist())} for part in parts]
    rows = []
    for number, edge in drawn.crossings:
        part, at = parts[number], place[number][edge]
        street, item = columns.looks[edge][0], columns.looks[edge][-1]
        rows.append(
            {
                "street": columns.names[street],
                "street_ids": columns.ids[street],
                "kind": columns.over[edge],
                "method": columns.method[edge],
                "item": item,
                "bores": int(part.laid[at]),
                "length_m": columns.length_m[edge],
                "cost_vnd": costs[number][edge],
                "owners": _owners(works, part.bores[at]),
                "geometry": shapely.LineString(works.trench.lines[edge]),
            }
        )
    names = ["street", "street_ids", "kind", "method", "item", "bores", "length_m", "cost_vnd",
             "owners", "geometry"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=names).astype({"bores": "int64", "cost_vnd": "int64"})
    frame.index = pd.Index([f"X{k:04d}" for k in range(1, len(frame) + 1)], name="crossing_id")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=works.graph.crs)


def drop_table(works: Works, parts: Sequence[PartPlan]) -> "gpd.GeoDataFrame":
    """
    Return the drops into houses.

    Parameters
    ----------
    works
        Prepared streets.
    parts
        Plans of streets.

    Returns
    -------
    drops
        GeoDataFrame indexed by `drop_id`; costs sum to the lines of drops.
    """
    import geopandas as gpd
    import pandas as pd

    demand = works.demand
    each, metre = (works.prices.price_vnd(item) for item in ("drop_house", "drop_duct"))
    rows: list[tuple[int, int, int, int]] = []
    for part in parts:
        by_unit: dict[int, list[tuple[int, int]]] = {}
        for number, unit, _, line in part.task.drops:
            by_unit.setdefault(unit, []).append((number, line))
        for unit, mine in sorted(by_unit.items()):
            total = sum(
                works.line_vnd(item, quantity)
                for (where, item, _), quantity in part.quantities.items()
                if where == unit and item in ("drop_house", "drop_duct")
            )
            costs = _shared_out(total, [each + demand.drop_m[line] * metre for _, line in mine])
            rows += [
                (number, unit, line, cost) for (number, line), cost in zip(mine, costs, strict=True)
            ]
    rows.sort()
    frame = pd.DataFrame(
        {
            "building_id": pd.Series(
                [demand.drops[row[0]].building for row in rows], dtype="object"
            ),
            "street": pd.Series([works.streets[row[1]] for row in rows], dtype="object"),
            "length_m": pd.Series([float(demand.drop_m[row[2]]) for row in rows], dtype="float64"),
            "cost_vnd": pd.Series([row[3] for row in rows], dtype="int64"),
            "assumed": pd.Series([demand.drops[row[0]].assumed for row in rows], dtype="bool"),
        }
    )
    frame.index = pd.Index([f"R{k:05d}" for k in range(1, len(rows) + 1)], name="drop_id")
    geometry = demand.drop_lines[[row[2] for row in rows]]
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=works.graph.crs)


def pole_table(works: Works, parts: Sequence[PartPlan]) -> "pd.DataFrame":
    """
    Return the poles that are paid for and go.

    Parameters
    ----------
    works
        Prepared streets.
    parts
        Plans of streets.

    Returns
    -------
    poles
        Table `poles`: as many rows of a street as its line of the bill counts.
    """
    owner_of = works.layers.table("poles")["owner"]
    gone = [(u, name) for part in parts for u, _, name in works.demand.poles_in(part.units)]
    return filled_table(
        "poles",
        {(works.streets[unit], name): {"owner": owner_of.get(name)} for unit, name in sorted(gone)},
    )


def removed_table(works: Works, parts: Sequence[PartPlan]) -> "pd.DataFrame":
    """
    Return the aerial cable that goes, by operator.

    Parameters
    ----------
    works
        Prepared streets.
    parts
        Plans of streets.

    Returns
    -------
    removed
        `operator`, `length_m` of cable, `volume_mm2_m` (section times length), `weight_vnd` (rent).
    """
    import pandas as pd

    total = np.zeros((len(works.owners), 3))
    for part in parts:
        for (_, owner), values in part.task.removed.items():
            total[owner] += values
    frame = pd.DataFrame(total, columns=["length_m", "volume_mm2_m", "weight_vnd"])
    frame.insert(0, "operator", pd.Series(list(works.owners), dtype="str"))
    return frame


def use_table(
    works: Works, parts: Sequence[PartPlan], drawn: DrawnEdges, weights: Mapping[str, int]
) -> "pd.DataFrame":
    """
    Return whose cables run in which segment.

    Parameters
    ----------
    works
        Prepared streets.
    parts
        Plans of streets.
    drawn
        How edges are drawn.
    weights
        Weight of each owner by diameter and length of aerial cable.

    Returns
    -------
    uses
        Table `uses`; the weights of an owner sum to the owner's weight.
    """
    metres = works.trench.table["length_m"].to_numpy(dtype=np.float64)
    rows: dict[tuple[str | float, ...], dict[str, Any]] = {}
    for part in parts:
        count: dict[tuple[int, int], tuple[int, float]] = {}
        for run, path in zip(part.task.runs, part.run_paths, strict=True):
            cable = works.demand.cables[run.cable]
            for edge in path:
                number, thickest = count.get((edge, cable.owner), (0, 0.0))
                count[edge, cable.owner] = (number + cable.cables, max(thickest, cable.diameter_mm))
        for k, edge in enumerate(part.edges.tolist()):
            for owner in np.flatnonzero(part.bores[k]).tolist():
                number, thickest = count.get((edge, owner), (0, 0.0))
                row = rows.setdefault(
                    (drawn.row_of[edge], works.owners[owner]),
                    {
                        "cables": 0,
                        "diameter_mm": 0.0,
                        "section_mm2": 0.0,
                        "bores": 0,
                        "length_m": 0.0,
                    },
                )
                row["cables"] = max(row["cables"], number)
                row["diameter_mm"] = max(row["diameter_mm"], thickest)
                row["section_mm2"] = max(row["section_mm2"], float(part.section_mm2[k, owner]))
                row["bores"] = max(row["bores"], int(part.bores[k, owner]))
                row["length_m"] += float(metres[edge])
    rows = dict(sorted(rows.items()))
    for name in works.owners:
        mine = [key for key in rows if key[1] == name]
        whole = _shared_out(weights.get(name, 0), [rows[key]["length_m"] for key in mine])
        for key, weight in zip(mine, whole, strict=True):
            rows[key]["weight_vnd"] = weight
    return filled_table("uses", rows)


def laid_cables(works: Works, part: PartPlan) -> list[LaidCable]:
    """
    Return the new cables of a part, one for each run of aerial cable.

    Parameters
    ----------
    works
        Prepared streets.
    part
        Plan of streets.

    Returns
    -------
    laid
        In the order of the runs.
    """
    slack = 1 + works.prices.rules.cable_slack_share
    found = []
    for run, way_m in zip(part.task.runs, run_ways_m(works, part), strict=True):
        cable = works.demand.cables[run.cable]
        owner, length_m = works.owners[cable.owner], sum(way_m.values()) * slack
        found.append(LaidCable(owner, cable.cables, cable.diameter_mm, length_m))
    return found


def cable_table(
    works: Works, parts: Sequence[PartPlan], drawn: DrawnEdges, chambers: "gpd.GeoDataFrame"
) -> "pd.DataFrame":
    """
    Return the new cables in the ground, one for each run of aerial cable through the streets.

    Parameters
    ----------
    works
        Prepared streets.
    parts
        Plans of streets.
    drawn
        How edges are drawn.
    chambers
        Chambers of the plan.

    Returns
    -------
    cables
        Table `cables` without the optical columns; `length_m` is that of the trench with slack (of
        the aerial cable where both ends share a riser), as the bill counts it; `from_id` and
        `to_id` are the chambers at its ends.
    """
    import shapely

    tree = shapely.STRtree(chambers.geometry.to_numpy()) if len(chambers) else None
    rows: dict[tuple[str | float, ...], Mapping[str, Any]] = {}
    for part in parts:
        ways = zip(
            part.task.runs, part.run_nodes, part.run_paths, laid_cables(works, part), strict=True
        )
        for run, ends, path, laid in ways:
            points = shapely.points(works.trench.nodes[list(ends)])
            near = [_nearest_chamber(tree, point, chambers) for point in points]
            rows[f"N{len(rows) + 1:04d}",] = {
                **laid._asdict(),
                "cores": works.demand.cables[run.cable].cores,
                "from_id": near[0],
                "to_id": near[1],
                "segment_ids": ";".join(dict.fromkeys(drawn.row_of[edge] for edge in path)),
            }
    return filled_table("cables", rows)


def _nearest_chamber(
    tree: Any,  # noqa: ANN401 - shapely's index
    point: Any,  # noqa: ANN401 - shapely's point
    chambers: "gpd.GeoDataFrame",
) -> str | None:
    """Return the chamber at the end of a cable, None where none is near."""
    if tree is None:
        return None
    near = tree.query_nearest(point, max_distance=CHAMBER_M, all_matches=False)
    return str(chambers.index[int(near[0])]) if len(near) else None


def assumption_table(
    bill: "pd.DataFrame", drops: "gpd.GeoDataFrame", prices: "PriceBook"
) -> "pd.DataFrame":
    """
    Return the prices and rules that count in a plan, and how much of its cost rests on each.

    Parameters
    ----------
    bill
        Bill of the plan.
    drops
        Drops of the plan.
    prices
        Price book.

    Returns
    -------
    assumptions
        Table `assumptions`: kind price, rule or share. What rests on rules overlaps: each tells the
        cost of the items that it decides on.
    """
    rows: dict[tuple[str | float, ...], Mapping[str, Any]] = {}
    costs = dict(zip(bill["item"], bill["cost_vnd"].tolist(), strict=True))
    for code, cost_vnd in costs.items():
        item = prices.items[code]
        rows["price", code] = {
            "value": item.price_vnd, "unit": item.unit, "source": item.source, "date": item.date,
            "verified": item.verified, "counts_vnd": cost_vnd,
        }  # fmt: skip
    rules = prices.rules
    for name, unit, group, prefixes in RULES:
        counts = _resting(costs, prefixes)
        if counts:
            rows["rule", name] = {
                "value": getattr(rules, name), "unit": unit,
                "source": getattr(rules, f"{group}_source"), "date": None,
                "verified": getattr(rules, f"{group}_verified"), "counts_vnd": counts,
            }  # fmt: skip
    assumed = int(drops.loc[drops["building_id"].isna(), "cost_vnd"].sum())
    if assumed:
        rows["rule", "frontage_per_drop_m"] = {
            "value": rules.frontage_per_drop_m, "unit": "m", "source": rules.frontage_source,
            "date": None, "verified": rules.frontage_verified, "counts_vnd": assumed,
        }  # fmt: skip
    counts = _resting(
        costs, ("trench_", "crossing_open", "excavation", "reinstatement", "duct_d110")
    )
    if counts:
        rows["rule", "layouts"] = {
            "value": len(rules.layouts), "unit": "each", "source": rules.layout_source,
            "date": None, "verified": rules.layout_verified, "counts_vnd": counts,
        }  # fmt: skip
    rows["share", "share_classes"] = {
        "value": len(prices.share_classes), "unit": "each", "source": prices.share_source,
        "date": None, "verified": prices.share_verified, "counts_vnd": sum(costs.values()),
    }  # fmt: skip
    return filled_table("assumptions", rows)


def _resting(costs: Mapping[str, int], prefixes: Iterable[str]) -> int:
    """Return the cost of the items whose codes begin with one of some words."""
    return sum(cost for code, cost in costs.items() if code.startswith(tuple(prefixes)))
