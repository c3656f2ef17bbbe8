"""
What the streets must carry: cables that go, houses to be served, and whose they are.

Everything is worked out once for all chosen streets and all owners; `Demand.task` then tells in a
moment what some of the streets and some of the owners ask for.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.measure import geodesic_lengths_m
from infraplan.cables.survey import SurveyedCable
from infraplan.cables.survey import surveyed_cables
from infraplan.cables.trench import Side
from infraplan.cables.trench import width_of
from infraplan.layers.bundle import Layers

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

    from infraplan.cables.graph import StreetGraph
    from infraplan.cables.prices import PriceBook

__all__ = ["Demand", "Drop", "Riser", "Run", "Stop", "Task", "demand_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Units = frozenset[int]

BESIDE_M = 2.0  # poles stand that far beyond the street's width at most
STRAY_M = 6.0  # a cable that leaves a street no farther than that and comes back was drawn amiss
LEAST_INSIDE_M = 3.0  # a cable that only grazes the area does not enter it
AT_POLE_M = 3.0  # a cable that near hangs on the pole
ONE_RISER_M = 10.0  # cables that enter so near each other share a riser
HOUSE_M = 20.0  # farthest house that a street serves
GOES_ON_M = 15.0  # a surveyed cable that ends so near a junction goes on in its other streets
NOWHERE: Units = frozenset()


class Stop(NamedTuple):
    """A place along a side: number of the side and distance [m]."""

    side: int
    at: float


class Riser(NamedTuple):
    """A place at which cables go from air to ground: whose, and in which street."""

    stop: Stop
    unit: int
    owners: frozenset[int]


class Run(NamedTuple):
    """Cables of one row of a layer, from where they enter the streets to where they leave them."""

    cable: int
    start: Stop
    end: Stop
    metres: tuple[tuple[int, float], ...]  # by street, of one of the cables


class Drop(NamedTuple):
    """A house that may be served: by street the distance, the stop, and the number of the line."""

    building: str | None
    assumed: bool
    options: dict[int, tuple[float, Stop, int]]


class Cable(NamedTuple):
    """A row of a layer: owner, how many cables, their diameter and cores, and its pieces."""

    cable_id: str
    owner: int
    cables: int
    diameter_mm: float
    cores: float
    pieces: "tuple[Piece, ...]"


class Piece(NamedTuple):
    """A part of a cable in the ground of the same streets: which, how long, its two places."""

    units: Units
    length_m: float
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """
    What some of the streets must do for some of the owners.

    `drops` are number, street and stop of each house; `removed` has length, cross-section times
    length and rent of the cables that go, by street and owner; `poles` those that go, by street.
    """

    risers: tuple[Riser, ...]
    runs: tuple[Run, ...]
    drops: tuple[tuple[int, int, Stop, int], ...]
    removed: Mapping[tuple[int, int], Floats]
    poles: Mapping[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """
    What may be asked of the chosen streets.

    `places` are the ends of pieces of cable: by street the distance and the stop; `beyond` tells in
    which streets a surveyed cable goes on where its line ends; `served` are the drops of streets
    that were asked for.
    """

    owners: tuple[str, ...]
    cables: tuple[Cable, ...]
    places: tuple[dict[int, tuple[float, Stop]], ...]
    beyond: Mapping[int, Units]
    drops: tuple[Drop, ...]
    drop_lines: npt.NDArray[Any]
    drop_m: Floats
    poles: tuple[tuple[Units, int, str], ...]  # streets, owner or -1, id
    touching: frozenset[tuple[int, int]]
    rent_vnd: Mapping[float, int]
    notes: tuple[str, ...]
    left_out: tuple[tuple[int, str, float], ...]  # street, owner unknown to its survey, drawn [m]
    served: dict[Units, tuple[tuple[int, int, Stop, int], ...]] = field(default_factory=dict)

    def stops(self) -> dict[int, list[float]]:
        """Return all places along each side that may have to be joined."""
        found: dict[int, list[float]] = {}
        every = [stop for place in self.places for _, stop in place.values()]
        every += [stop for drop in self.drops for _, stop, _ in drop.options.values()]
        for stop in dict.fromkeys(every):
            found.setdefault(stop.side, []).append(stop.at)
        return found

    def task(self, units: Units, owners: frozenset[int]) -> Task:
        """
        Return what some of the streets must do for some of the owners.

        Parameters
        ----------
        units
            Numbers of the streets.
        owners
            Numbers of the owners; with all of them, streets without cable serve houses as well.

        Returns
        -------
        task
            Risers, runs of cable, drops, cable and poles that go.
        """
        runs: list[Run] = []
        ends: list[tuple[Stop, int, int]] = []
        removed: dict[tuple[int, int], Floats] = {}
        for number, cable in enumerate(self.cables):
            if cable.owner not in owners:
                continue
            for pieces, open_start, open_end in _inside(cable, units, self.beyond):
                metres = _metres(pieces, units)
                stops = [self._stop(place, units) for place in (pieces[0].start, pieces[-1].end)]
                for (stop, unit), is_open in zip(stops, (open_start, open_end), strict=True):
                    if is_open:
                        ends.append((stop, unit, cable.owner))
                runs.append(Run(number, stops[0][0], stops[1][0], tuple(metres.items())))
                area_mm2 = np.pi / 4 * cable.diameter_mm**2
                each = np.asarray([1.0, area_mm2, self.rent_vnd[cable.diameter_mm]]) * cable.cables
                for unit, length_m in metres.items():
                    key = (unit, cable.owner)
                    removed[key] = removed.get(key, np.zeros(3)) + each * length_m
        everyone = len(owners) == len(self.owners)
        cabled = {unit for unit, _ in removed}
        served = units if everyone else units & cabled
        poles: dict[int, int] = {}
        for unit, owner, _ in self.poles_in(units):
            if everyone or owner in owners:
                poles[unit] = poles.get(unit, 0) + 1
        return Task(
            risers=_risers(ends),
            runs=tuple(runs),
            drops=self._served(served),
            removed=removed,
            poles=poles,
        )

    def _served(self, units: Units) -> tuple[tuple[int, int, Stop, int], ...]:
        """Return the houses that some of the streets serve, sought once."""
        if units not in self.served:
            self.served[units] = tuple(_served(self.drops, units))
        return self.served[units]

    def poles_in(self, units: Units) -> list[tuple[int, int, str]]:
        """
        Return the poles that go when some of the streets go underground.

        Parameters
        ----------
        units
            Numbers of the streets.

        Returns
        -------
        poles
            Street, owner (-1 where it is none of the cables' owners) and id of each.
        """
        return [
            (min(mine & units), owner, name) for mine, owner, name in self.poles if mine & units
        ]

    def _stop(self, place: int, units: Units) -> tuple[Stop, int]:
        """Return the nearest stop to a place in some of the streets, and its street."""
        _, unit, stop = min(
            (distance, unit, stop)
            for unit, (distance, stop) in self.places[place].items()
            if unit in units
        )
        return stop, unit


def _inside(
    cable: Cable, units: Units, beyond: Mapping[int, Units]
) -> Iterable[tuple[list[Piece], bool, bool]]:
    """Yield the parts of a cable in some streets, and whether it goes into the air at each end."""
    part: list[Piece] = []
    for piece in (*cable.pieces, None):
        if piece is not None and piece.units & units:
            part.append(piece)
            continue
        if part and sum(p.length_m for p in part) >= LEAST_INSIDE_M:
            ends = [not (beyond.get(p, NOWHERE) & units) for p in (part[0].start, part[-1].end)]
            yield part, ends[0], ends[1]
        part = []


def _metres(pieces: list[Piece], units: Units) -> dict[int, float]:
    """Return the length of a part of a cable by street, each metre in one street."""
    metres: dict[int, float] = {}
    for piece in pieces:
        unit = min(piece.units & units)
        metres[unit] = metres.get(unit, 0.0) + piece.length_m
    return metres


def _risers(ends: list[tuple[Stop, int, int]]) -> tuple[Riser, ...]:
    """Return where cables come in, go out or end, those near each other on a side as one."""
    risers: list[tuple[Stop, int, set[int]]] = []
    for stop, unit, owner in sorted(ends):
        last = risers[-1][0] if risers else None
        if last and last.side == stop.side and stop.at - last.at <= ONE_RISER_M:
            risers[-1][2].add(owner)
        else:
            risers.append((stop, unit, {owner}))
    return tuple(Riser(stop, unit, frozenset(owners)) for stop, unit, owners in risers)


def _served(drops: tuple[Drop, ...], units: Units) -> Iterable[tuple[int, int, Stop, int]]:
    """Yield number, street, stop and line of the houses that some of the streets serve."""
    for number, drop in enumerate(drops):
        near = [
            (distance, unit, stop, line)
            for unit, (distance, stop, line) in drop.options.items()
            if unit in units
        ]
        if near:
            _, unit, stop, line = min(near)
            yield number, unit, stop, line


def demand_of(
    layers: Layers, graph: "StreetGraph", sides: list[Side], *, prices: "PriceBook"
) -> Demand:
    """
    Return what may be asked of the chosen streets of a plan.

    Parameters
    ----------
    layers
        Layers of the plan.
    graph
        Streets, the chosen ones numbered in the column `unit`.
    sides
        Sides of the chosen streets.
    prices
        Price book with the rules of quantity.

    Returns
    -------
    demand
        Cables, houses and poles by street and owner.

    Raises
    ------
    LayerError
        If a survey of cable names streets or places that are not known.
    """
    import shapely

    numbers = {str(name): unit for name, unit in zip(_named(graph), _unit(graph), strict=True)}
    numbers = {name: unit for name, unit in numbers.items() if unit >= 0}
    names = {unit: name for name, unit in numbers.items()}
    grounds = _grounds(graph)
    lines = [shapely.LineString(side.line) for side in sides]
    surveyed = [c for c in surveyed_cables(layers) if c.street in numbers]
    counted = frozenset(numbers[c.street] for c in surveyed)
    rows, notes = _rows(layers.table("fibre"), surveyed, grounds)
    pieces = _cut(rows, grounds, graph.crs)
    drawn_pieces = pieces
    pieces = [
        mine if row.surveyed else _without_counted(mine, counted)
        for row, mine in zip(rows, pieces, strict=True)
    ]
    used = [k for k, mine in enumerate(pieces) if any(piece.units for piece in mine)]
    owners = tuple(sorted({rows[k].owner for k in used}))
    nearest = _Nearest(sides, lines, _unit(graph))
    places: list[dict[int, tuple[float, Stop]]] = []
    cables = []
    for row, mine in ((rows[k], pieces[k]) for k in used):
        kept = []
        for piece in mine:
            kept.append(Piece(piece.units, piece.length_m, len(places), len(places) + 1))
            places += [nearest.places(at, piece.units) for at in (piece.start, piece.end)]
        known = np.isfinite(row.diameter_mm)
        diameter_mm = row.diameter_mm if known else prices.rules.default_diameter_mm
        cables.append(Cable(row.cable_id, owners.index(row.owner), row.cables, diameter_mm,
                            row.cores, tuple(kept)))  # fmt: skip
    drops, drawn = _drops(layers.table("buildings"), graph, sides, lines, prices)
    poles, kept_poles = _poles(layers, grounds, owners)
    notes += [f"{kept_poles} poles of other owners stay"] if kept_poles else []
    if any(drop.assumed for drop in drops):
        notes.append("drops assumed by frontage or because buildings do not say whether served")
    notes += [
        f"survey: {names[unit]}, {owner}: {surveyed_m:.0f} m counted, {drawn_m:.0f} m drawn"
        for unit, owner, drawn_m, surveyed_m in _differences(rows, drawn_pieces, counted)
    ]
    ends = [(row.surveyed, row.line) for row in (rows[k] for k in used)]
    return Demand(
        owners=owners,
        cables=tuple(cables),
        places=tuple(places),
        beyond=_beyond(cables, ends, graph),
        drops=tuple(drops),
        drop_lines=drawn,
        drop_m=np.maximum(geodesic_lengths_m(drawn, graph.crs), 1.0) if len(drawn) else np.zeros(0),
        poles=poles,
        touching=_touching(graph, cables),
        rent_vnd={c.diameter_mm: prices.share_weight_vnd(c.diameter_mm) for c in cables},
        notes=tuple(notes),
        left_out=_left_out(rows, drawn_pieces, pieces, counted),
    )


class _Row(NamedTuple):
    """Cables of one row before they are cut: drawn by their owner, or counted in a survey."""

    cable_id: str
    owner: str
    cables: int
    diameter_mm: float
    cores: float
    line: "shapely.LineString"
    surveyed: bool


class _Cut(NamedTuple):
    """A part of a cable in the ground of the same streets, and its ends."""

    units: Units
    length_m: float
    start: "shapely.Point"
    end: "shapely.Point"


def _named(graph: "StreetGraph") -> list[str]:
    """Return the name of each street of a graph, its ids where it has none."""
    pairs = zip(graph.table["name"].tolist(), graph.table["ids"].tolist(), strict=True)
    return [str(name) if isinstance(name, str) else str(ids) for name, ids in pairs]


def _unit(graph: "StreetGraph") -> list[int]:
    """Return the number of each street of a graph, -1 where it is not chosen."""
    return [int(unit) for unit in graph.table["unit"].tolist()]


def _grounds(graph: "StreetGraph") -> "list[shapely.Geometry]":
    """Return the ground of each chosen street with the poles at its sides."""
    import shapely

    units = _unit(graph)
    widths = [width_of(row) / 2 + BESIDE_M for row in graph.table.to_dict("records")]
    grounds = []
    for unit in range(max(units) + 1):
        mine = [k for k, other in enumerate(units) if other == unit]
        lines = [shapely.LineString(graph.lines[k]) for k in mine]
        grounds.append(shapely.union_all(shapely.buffer(lines, [widths[k] for k in mine])))
    return grounds


def _rows(
    fibre: "gpd.GeoDataFrame", surveyed: list[SurveyedCable], grounds: "list[shapely.Geometry]"
) -> tuple[list[_Row], list[str]]:
    """Return aerial cables near the streets, as single lines, and what is assumed of them."""
    import pandas as pd
    import shapely

    near = fibre[fibre.geometry.intersects(shapely.union_all(grounds))].sort_index()
    kind = near["installation"]
    near = near[kind.isna() | (kind == "aerial")]
    notes = []
    if near["installation"].isna().any():
        notes.append("cables without installation are taken as aerial")
    parts = near.explode(index_parts=False)
    parts = parts[(parts.geometry.geom_type == "LineString") & (parts.geometry.length > 0)]
    blank = pd.Series(np.nan, index=parts.index)
    diameter, cores = (
        pd.to_numeric(parts.get(name, blank))
        .astype("float64")
        .to_numpy(dtype=np.float64, na_value=np.nan)
        for name in ("diameter_mm", "cores")
    )
    rows = [
        _Row(str(cable_id), str(owner), 1, float(mm), float(fibres), line, surveyed=False)
        for cable_id, owner, mm, fibres, line in zip(
            parts.index, parts["operator"], diameter, cores, parts.geometry.to_numpy(), strict=True
        )
    ]
    rows += [
        _Row(c.survey_id, c.owner, c.cables, c.diameter_mm, c.cores, c.line, surveyed=True)
        for c in surveyed
    ]
    return rows, notes


def _cut(rows: list[_Row], grounds: "list[shapely.Geometry]", crs: str) -> list[list[_Cut]]:
    """Return each cable cut where it enters or leaves the ground of a street."""
    import shapely
    from shapely.ops import substring

    around = [shapely.buffer(ground, STRAY_M) for ground in grounds]
    for ground in (*grounds, *around):
        shapely.prepare(ground)
    borders = shapely.boundary(np.asarray(grounds, dtype=object))
    tree = shapely.STRtree(grounds)
    shapes, labels, counts = [], [], []
    for row in rows:
        near = np.sort(tree.query(row.line, predicate="intersects"))
        met = shapely.get_coordinates(shapely.intersection(row.line, borders[near]))
        at = shapely.line_locate_point(row.line, shapely.points(met))
        marks = np.unique(np.round(np.concatenate([[0.0, row.line.length], at]), 6))
        middle = shapely.line_interpolate_point(row.line, (marks[1:] + marks[:-1]) / 2)
        inside = np.zeros((len(near), len(middle)), dtype=np.bool_)
        for k, number in enumerate(near.tolist()):
            inside[k] = shapely.contains(grounds[number], middle)
            for left, back in _gaps(inside[k]):
                strayed = substring(row.line, marks[left], marks[back])
                inside[k, left:back] = shapely.covers(around[number], strayed)
        kinds = [frozenset(near[column].tolist()) for column in inside.T]
        first = [k for k in range(len(kinds)) if k == 0 or kinds[k] != kinds[k - 1]]
        for k, after in zip(first, [*first[1:], len(kinds)], strict=True):
            shapes.append(substring(row.line, marks[k], marks[after]))
            labels.append(kinds[k])
        counts.append(len(first))
    length_m = geodesic_lengths_m(shapes, crs) if shapes else np.zeros(0)
    starts, ends = shapely.get_point(shapes, 0), shapely.get_point(shapes, -1)
    made = [_Cut(*entry) for entry in zip(labels, length_m.tolist(), starts, ends, strict=True)]
    begins = np.concatenate([[0], np.cumsum(counts)]).astype(int)
    return [made[begins[k] : begins[k + 1]] for k in range(len(rows))]


def _gaps(inside: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return from where to where a cable is out of a street between two parts in it."""
    within = np.flatnonzero(inside)
    after = np.flatnonzero(np.diff(within) > 1)
    return [(int(within[k]) + 1, int(within[k + 1])) for k in after.tolist()]


def _without_counted(pieces: list[_Cut], counted: Units) -> list[_Cut]:
    """Return the pieces of a drawn cable, those in streets that a survey counts left out."""
    gone = [bool(piece.units) and piece.units <= counted for piece in pieces]
    for k, piece in enumerate(pieces):
        beside = [j for j in (k - 1, k + 1) if 0 <= j < len(pieces)]
        if piece.units & counted and any(gone[j] for j in beside):
            # a drawn cable that ends in the junction of a counted street belongs to that street
            gone[k] = all(gone[j] or not pieces[j].units for j in beside)
    return [piece._replace(units=NOWHERE) if gone[k] else piece for k, piece in enumerate(pieces)]


def _differences(
    rows: list[_Row], pieces: list[list[_Cut]], counted: Units
) -> tuple[tuple[int, str, float, float], ...]:
    """Return for each street with a survey and each owner the metres drawn and counted."""
    metres: dict[tuple[int, str], list[float]] = {}
    for row, mine in zip(rows, pieces, strict=True):
        for piece in mine:
            if piece.units & counted:
                key = (min(piece.units & counted), row.owner)
                metres.setdefault(key, [0.0, 0.0])[row.surveyed] += piece.length_m * row.cables
    return tuple((*key, metres[key][0], metres[key][1]) for key in sorted(metres))


def _left_out(
    rows: list[_Row], drawn: list[list[_Cut]], kept: list[list[_Cut]], counted: Units
) -> tuple[tuple[int, str, float], ...]:
    """Return for each street and each owner whom its survey does not know the metres taken out."""
    known = {
        (unit, row.owner)
        for row, mine in zip(rows, drawn, strict=True)
        if row.surveyed
        for piece in mine
        for unit in piece.units
    }
    metres: dict[tuple[int, str], float] = {}
    for row, before, after in zip(rows, drawn, kept, strict=True):
        for old, new in zip(before, after, strict=True):
            if old.units and not new.units and not any((u, row.owner) in known for u in old.units):
                # in a junction the metres are those of the street that was counted
                key = (min(old.units & counted), row.owner)
                metres[key] = metres.get(key, 0.0) + old.length_m * row.cables
    return tuple((*key, metres[key]) for key in sorted(metres))


class _Nearest:
    """The nearest place on a side of each of some streets."""

    def __init__(
        self, sides: list[Side], lines: "list[shapely.LineString]", units: list[int]
    ) -> None:
        self._numbers: dict[int, list[int]] = {}
        for number, side in enumerate(sides):
            self._numbers.setdefault(units[side.street], []).append(number)
        self._lines = np.asarray(lines, dtype=object)

    def places(self, point: "shapely.Point", units: Units) -> dict[int, tuple[float, Stop]]:
        """Return for each street the distance and the stop nearest to a point."""
        import shapely

        found = {}
        for unit in sorted(units):
            numbers = self._numbers[unit]
            distance = shapely.distance(self._lines[numbers], point)
            number = numbers[int(np.argmin(np.round(distance, 6)))]
            at = float(shapely.line_locate_point(self._lines[number], point))
            found[unit] = (float(distance.min()), Stop(number, at))
        return found


def _beyond(
    cables: list[Cable], ends: "list[tuple[bool, shapely.LineString]]", graph: "StreetGraph"
) -> dict[int, Units]:
    """Return for ends of surveyed cables the streets in which the owner's cables go on."""
    import shapely

    cabled: dict[int, set[int]] = {}
    for cable in cables:
        cabled.setdefault(cable.owner, set()).update(u for p in cable.pieces for u in p.units)
    units = np.asarray(_unit(graph))
    lines = np.asarray([shapely.LineString(line) for line in graph.lines], dtype=object)
    nodes = shapely.points(graph.nodes)
    found: dict[int, Units] = {}
    for number, (cable, (surveyed, line)) in enumerate(zip(cables, ends, strict=True)):
        if not surveyed:
            continue
        for last, piece in ((0, cable.pieces[0]), (-1, cable.pieces[-1])):
            point = shapely.get_point(line, last)
            others = {
                unit
                for k, (other, (is_other, path)) in enumerate(zip(cables, ends, strict=True))
                if k != number
                and is_other
                and other.owner == cable.owner
                and path.distance(point) <= GOES_ON_M
                for piece_units in (p.units for p in other.pieces)
                for unit in piece_units
            }
            at = int(np.argmin(shapely.distance(nodes, point)))
            meets = np.flatnonzero((graph.edges == at).any(axis=1))
            near = {int(units[k]) for k in meets if lines[k].distance(point) <= GOES_ON_M}
            on = (others | near) & cabled[cable.owner] - piece.units
            on |= {unit for unit in piece.units if others & {unit}}
            if on:
                found[piece.start if last == 0 else piece.end] = frozenset(on)
    return found


def _touching(graph: "StreetGraph", cables: list[Cable]) -> frozenset[tuple[int, int]]:
    """Return the pairs of streets that share a junction, or the ground of a cable."""
    units = _unit(graph)
    around: dict[int, set[int]] = {}
    for unit, ends in zip(units, graph.edges.tolist(), strict=True):
        for node in ends if unit >= 0 else ():
            around.setdefault(node, set()).add(unit)
    groups = [*around.values(), *(p.units for cable in cables for p in cable.pieces)]
    return frozenset((a, b) for group in groups for a in group for b in group if a < b)


def _drops(
    buildings: "gpd.GeoDataFrame",
    graph: "StreetGraph",
    sides: list[Side],
    lines: "list[shapely.LineString]",
    prices: "PriceBook",
) -> tuple[list[Drop], npt.NDArray[Any]]:
    """Return a drop for each house with aerial service, by frontage where no houses are known."""
    import shapely

    drops: list[Drop] = []
    drawn: list[shapely.Geometry] = []
    housed: set[int] = set()
    units = _unit(graph)
    bridges = graph.table["bridge"].tolist()
    if len(buildings) and lines:
        table = buildings.sort_index()
        shapes = table.geometry.to_numpy()
        tree = shapely.STRtree(lines)
        nearest = tree.query_nearest(shapes, max_distance=HOUSE_M, all_matches=False)
        housed = {sides[number].street for number in nearest[1].tolist()}
        service = table["aerial_service"]
        assumed = bool(service.isna().all())
        served = service.isna().to_numpy() if assumed else (service == True).to_numpy(bool)  # noqa: E712 - missing is false
        house, number = tree.query(shapes, predicate="dwithin", distance=HOUSE_M)
        keep = served[house]
        house, number = house[keep], number[keep]
        own = _on_own_side(shapely.centroid(shapes[house]), number, graph, sides)
        distance = shapely.distance(shapes[house], np.asarray(lines, dtype=object)[number])
        options: dict[int, dict[int, tuple[float, int]]] = {}
        order = np.lexsort((number, np.round(distance, 6), ~own, house))
        for k in order.tolist():
            unit = units[sides[number[k]].street]
            options.setdefault(int(house[k]), {}).setdefault(
                unit, (float(distance[k]) + (0.0 if own[k] else HOUSE_M), int(number[k]))
            )
        for k, mine in sorted(options.items()):
            made = {}
            for unit, (metres, near) in mine.items():
                # from opposite the middle of the house: its nearest corner may be either of two
                at = float(shapely.line_locate_point(lines[near], shapely.centroid(shapes[k])))
                made[unit] = (metres, Stop(near, at), len(drawn))
                drawn.append(shapely.shortest_line(lines[near].interpolate(at), shapes[k]))
            drops.append(Drop(str(table.index[k]), assumed, made))
    for side_number, side in enumerate(sides):
        if side.street not in housed and not isinstance(bridges[side.street], str):
            for at, line in _by_frontage(graph, side, prices.rules.frontage_per_drop_m):
                option = {units[side.street]: (0.0, Stop(side_number, at), len(drawn))}
                drops.append(Drop(None, assumed=True, options=option))
                drawn.append(line)
    return drops, np.asarray(drawn, dtype=object)


def _on_own_side(
    points: npt.NDArray[Any], numbers: Ints, graph: "StreetGraph", sides: list[Side]
) -> npt.NDArray[np.bool_]:
    """Return which points lie on the side of the street that a line runs along."""
    import shapely

    own = np.zeros(len(points), dtype=np.bool_)
    for number in np.unique(numbers).tolist():
        mine = numbers == number
        middle = shapely.LineString(graph.lines[sides[number].street])
        at = np.clip(shapely.line_locate_point(middle, points[mine]), 0.5, middle.length - 0.5)
        before, after = (
            shapely.get_coordinates(shapely.line_interpolate_point(middle, at + step))
            for step in (-0.5, 0.5)
        )
        run, out = after - before, shapely.get_coordinates(points[mine]) - before
        turn = run[:, 0] * out[:, 1] - run[:, 1] * out[:, 0]
        own[mine] = np.sign(turn) == sides[number].sign
    return own


def _by_frontage(
    graph: "StreetGraph", side: Side, spacing_m: float
) -> "list[tuple[float, shapely.LineString]]":
    """Return places and lines of assumed drops at even distances along a side."""
    import shapely

    line = shapely.LineString(side.line)
    count = max(1, int(np.floor(line.length / spacing_m + 1e-6)))
    reach_m = max(width_of(graph.table.iloc[side.street]) / 2 - side.offset_m, 1.0)
    found = []
    for k in range(count):
        at = float(line.length * (k + 0.5) / count)
        ends = shapely.get_coordinates([line.interpolate(at - 0.5), line.interpolate(at + 0.5)])
        run = ends[1] - ends[0]
        out = side.sign * np.asarray([-run[1], run[0]]) / max(float(np.hypot(*run)), 1e-9)
        foot = shapely.get_coordinates(line.interpolate(at))[0]
        found.append((at, shapely.LineString([foot, foot + reach_m * out])))
    return found


def cable_left(fibre: "gpd.GeoDataFrame", area: "shapely.Geometry") -> "list[shapely.Geometry]":
    """
    Return the aerial cable that stays in the air beside an area.

    Parameters
    ----------
    fibre
        Layer `fibre`.
    area
        Where all of it goes underground.

    Returns
    -------
    left
        What of each cable that enters the area lies outside.
    """
    if not len(fibre):
        return []
    kind = fibre["installation"]
    aerial = fibre[kind.isna() | (kind == "aerial")]
    near = aerial[aerial.geometry.intersects(area)].geometry.difference(area)
    return [shape for shape in near if shape.length >= LEAST_INSIDE_M]


def _poles(
    layers: Layers, grounds: "list[shapely.Geometry]", owners: tuple[str, ...]
) -> tuple[tuple[tuple[Units, int, str], ...], int]:
    """Return streets, owner and id of the poles that go, and how many stay for another's cable."""
    import shapely

    poles = layers.table("poles").sort_index()
    which, unit = shapely.STRtree(grounds).query(poles.geometry.to_numpy(), predicate="intersects")
    operators = {*layers.table("fibre")["operator"].astype(str), *owners}
    names = poles["owner"].where(poles["owner"].notna(), None).tolist()
    units: dict[int, set[int]] = {}
    for k, number in zip(which.tolist(), unit.tolist(), strict=True):
        units.setdefault(k, set()).add(number)
    going = [k for k in sorted(units) if names[k] is None or str(names[k]) in operators]
    left = shapely.STRtree(cable_left(layers.table("fibre"), shapely.union_all(grounds)))
    at = poles.geometry.to_numpy()
    going = [
        k for k in going if not len(left.query(at[k], predicate="dwithin", distance=AT_POLE_M))
    ]
    numbers = {name: k for k, name in enumerate(owners)}
    gone = tuple(
        (frozenset(units[k]), numbers.get(str(names[k]), -1), str(poles.index[k])) for k in going
    )
    return gone, len(units) - len(going)
