"""What the streets must carry: cables that go, houses to be served, and who shares the cost."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.cables.measure import geodesic_lengths_m
from infraplan.cables.trench import Side
from infraplan.cables.trench import width_of
from infraplan.layers.bundle import Layers

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from infraplan.cables.graph import StreetGraph
    from infraplan.cables.prices import PriceBook

__all__ = ["Demand", "demand_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BESIDE_M = 2.0  # poles stand that far beyond the street's width at most
LEAST_INSIDE_M = 3.0  # a cable that only grazes the area does not enter it
ONE_RISER_M = 10.0  # cables that enter so near each other share a riser
HOUSE_M = 20.0  # farthest house that a street serves


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """
    What a plan of undergrounding must do.

    `places` are all stops (number of a side, distance along it) that must be joined, `entry_places`
    those where cable goes from air to ground, `stops` the same by side. `fixed` are quantities of
    the bill that no layout changes; `weights` decide the shares of the operators.
    """

    places: list[tuple[int, float]]
    entry_places: list[tuple[int, float]]
    stops: dict[int, list[float]]
    drops: "gpd.GeoDataFrame"
    removed: "pd.DataFrame"
    weights: dict[str, float]
    fixed: dict[str, float]
    bores: int
    poles_removed: int
    notes: tuple[str, ...]


def demand_of(
    layers: Layers, graph: "StreetGraph", sides: list[Side], *, prices: "PriceBook"
) -> Demand:
    """
    Return what the chosen streets of a plan must carry.

    Parameters
    ----------
    layers
        Layers of the plan.
    graph
        Streets, the chosen ones marked.
    sides
        Sides of the chosen streets.
    prices
        Price book with the rules of quantity.

    Returns
    -------
    demand
        Terminals, drops, cable removed, weights of the operators, ducts needed.
    """
    import shapely

    lines = [shapely.LineString(side.line) for side in sides]
    area = _area(graph)
    cables = _inside(layers.table("fibre"), area)
    removed = _removed(cables, layers.crs, prices)
    entries = _entries(cables, lines)
    drops, drop_places = _drops(layers.table("buildings"), graph, sides, lines, prices)
    stops: dict[int, list[float]] = {}
    for number, at in dict.fromkeys([*entries, *drop_places]):
        stops.setdefault(number, []).append(at)
    poles, kept = _poles(layers, area)
    aerial_m = float(removed["length_m"].sum())
    notes = [f"{kept} poles of other owners stay"] if kept else []
    if drops["assumed"].any():
        notes.append("drops assumed by frontage or because buildings do not say whether served")
    if cables["installation"].isna().any():
        notes.append("cables without installation are taken as aerial")
    return Demand(
        places=list(dict.fromkeys([*entries, *drop_places])),
        entry_places=entries,
        stops=stops,
        drops=drops,
        removed=removed,
        weights={
            str(r): float(v)
            for r, v in zip(removed["operator"], removed["weight_vnd"], strict=True)
        },
        fixed={
            "drop_house": float(len(drops)),
            "drop_duct": float(drops["length_m"].sum()),
            "cable_new": aerial_m * (1 + prices.rules.cable_slack_share),
            "cable_removal": aerial_m,
            "pole_removal": float(poles),
        },
        bores=_bores(removed, graph, prices),
        poles_removed=poles,
        notes=tuple(notes),
    )


def _area(graph: "StreetGraph") -> "shapely.Geometry":
    """Return the ground of the chosen streets with the poles at their sides."""
    import shapely

    chosen = np.flatnonzero(graph.table["chosen"].to_numpy(dtype=bool))
    widths = [width_of(graph.table.iloc[k]) / 2 + BESIDE_M for k in chosen]
    lines = [shapely.LineString(graph.lines[k]) for k in chosen]
    return shapely.union_all(shapely.buffer(lines, widths))


def _inside(fibre: "gpd.GeoDataFrame", area: "shapely.Geometry") -> "gpd.GeoDataFrame":
    """Return the parts of aerial cables that lie in an area, a single line a row."""
    import shapely

    near = fibre[fibre.geometry.intersects(area)].sort_index()
    kind = near["installation"]
    near = near[kind.isna() | (kind == "aerial")]
    shapely.prepare(area)
    parts = near.assign(geometry=near.geometry.intersection(area)).explode(index_parts=False)
    single = (parts.geometry.geom_type == "LineString") & (parts.geometry.length >= LEAST_INSIDE_M)
    return parts[single]


def _removed(cables: "gpd.GeoDataFrame", crs: str, prices: "PriceBook") -> "pd.DataFrame":
    """Return length, cross-section and weight of the cables that go, by operator."""
    import pandas as pd

    length_m = geodesic_lengths_m(cables.geometry.to_numpy(), crs)
    diameter = pd.to_numeric(cables["diameter_mm"]).astype("float64")
    diameter_mm = diameter.fillna(prices.rules.default_diameter_mm).to_numpy()
    weight = [prices.share_weight_vnd(d) for d in diameter_mm.tolist()]
    table = pd.DataFrame(
        {
            "operator": cables["operator"].astype(str).to_numpy(),
            "length_m": length_m,
            "volume_mm2_m": np.pi / 4 * diameter_mm**2 * length_m,
            "weight_vnd": np.asarray(weight, dtype=np.float64) * length_m,
        }
    )
    summed: pd.DataFrame = table.groupby("operator", sort=True).sum().reset_index()
    return summed


def _bores(removed: "pd.DataFrame", graph: "StreetGraph", prices: "PriceBook") -> int:
    """Return the ducts of a new trench: by fill and spare, and one an operator and one more."""
    rules = prices.rules
    chosen = graph.table["chosen"].to_numpy(dtype=bool)
    street_m = float(graph.table["length_m"].to_numpy()[chosen].sum())
    section_mm2 = float(removed["volume_mm2_m"].sum()) / max(street_m, 1.0)
    bore_mm2 = np.pi / 4 * (1000 * rules.bore_diameter_m) ** 2
    by_fill = int(np.ceil(section_mm2 * (1 + rules.spare_share) / rules.fill_share / bore_mm2))
    return rules.layout(max(rules.least_bores, by_fill, len(removed) + 1)).bores


def _entries(
    cables: "gpd.GeoDataFrame", lines: list["shapely.Geometry"]
) -> list[tuple[int, float]]:
    """Return where along which side cables come in, go out or end, those near each other as one."""
    import shapely

    if not len(cables) or not lines:
        return []
    parts = cables.geometry.to_numpy()
    points = np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    points = points[np.lexsort((shapely.get_y(points), shapely.get_x(points)))]
    number = shapely.STRtree(lines).nearest(points)
    found: list[tuple[int, float]] = []
    for side in np.unique(number).tolist():
        at = np.sort(shapely.line_locate_point(lines[side], points[number == side]))
        first = -np.inf
        for distance in at.tolist():
            if distance - first > ONE_RISER_M:
                first = distance
                found.append((int(side), float(distance)))
    return found


def _drops(
    buildings: "gpd.GeoDataFrame",
    graph: "StreetGraph",
    sides: list[Side],
    lines: list["shapely.Geometry"],
    prices: "PriceBook",
) -> tuple["gpd.GeoDataFrame", list[tuple[int, float]]]:
    """Return a drop for each house with aerial service, by frontage where no houses are known."""
    import geopandas as gpd
    import pandas as pd
    import shapely

    rows: list[tuple[str | None, int, float, shapely.Geometry, bool]] = []
    housed: set[int] = set()
    if len(buildings) and lines:
        tree = shapely.STRtree(lines)
        table = buildings.sort_index()
        shapes = table.geometry.to_numpy()
        which = tree.query_nearest(shapes, max_distance=HOUSE_M, all_matches=False)
        service = table["aerial_service"]
        assumed = bool(service.isna().all())
        served = service.isna().to_numpy() if assumed else (service == True).to_numpy(bool)  # noqa: E712 - missing is false
        housed = {sides[number].street for number in which[1].tolist()}
        for row, number in zip(*which.tolist(), strict=True):
            if served[row]:
                # from opposite the middle of the house: its nearest corner may be either of two
                at = float(shapely.line_locate_point(lines[number], shapely.centroid(shapes[row])))
                drop = shapely.shortest_line(lines[number].interpolate(at), shapes[row])
                rows.append((str(table.index[row]), number, at, drop, assumed))
    for number, side in enumerate(sides):
        if side.street not in housed:
            rows += _by_frontage(graph, number, side, prices.rules.frontage_per_drop_m)
    drawn = np.asarray([row[3] for row in rows], dtype=object)
    length_m = np.maximum(geodesic_lengths_m(drawn, graph.crs), 1.0) if rows else np.zeros(0)
    each, metre = prices.price_vnd("drop_house"), prices.price_vnd("drop_duct")
    frame = pd.DataFrame(
        {
            "building_id": pd.Series([row[0] for row in rows], dtype="object"),
            "street": [graph.table["name"].iloc[sides[row[1]].street] for row in rows],
            "length_m": length_m,
            "cost_vnd": np.round(each + length_m * metre),
            "assumed": pd.Series([row[4] for row in rows], dtype="bool"),
        }
    )
    frame.index = pd.Index([f"R{k:05d}" for k in range(1, len(rows) + 1)], name="drop_id")
    drops = gpd.GeoDataFrame(frame, geometry=drawn, crs=graph.crs)
    return drops, [(row[1], row[2]) for row in rows]


def _by_frontage(
    graph: "StreetGraph", number: int, side: Side, spacing_m: float
) -> list[tuple[None, int, float, "shapely.Geometry", bool]]:
    """Return assumed drops at even distances along a side."""
    import shapely

    line = shapely.LineString(side.line)
    count = max(1, int(np.floor(line.length / spacing_m + 1e-6)))
    reach_m = max(width_of(graph.table.iloc[side.street]) / 2 - side.offset_m, 1.0)
    rows = []
    for k in range(count):
        at = float(line.length * (k + 0.5) / count)
        ends = shapely.get_coordinates([line.interpolate(at - 0.5), line.interpolate(at + 0.5)])
        run = ends[1] - ends[0]
        out = side.sign * np.asarray([-run[1], run[0]]) / max(float(np.hypot(*run)), 1e-9)
        foot = shapely.get_coordinates(line.interpolate(at))[0]
        rows.append((None, number, at, shapely.LineString([foot, foot + reach_m * out]), True))
    return rows


def _poles(layers: Layers, area: "shapely.Geometry") -> tuple[int, int]:
    """Return how many poles go, and how many stay because they serve another owner too."""
    poles = layers.table("poles")
    inside = poles[poles.geometry.intersects(area)]
    operators = set(layers.table("fibre")["operator"].astype(str))
    owner = inside["owner"]
    goes = owner.isna() | owner.astype(str).isin(operators)
    return int(goes.sum()), int((~goes).sum())
