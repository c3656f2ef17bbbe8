"""
What is built, and what is rented, under every choice of streets.

A choice is the sum of its streets that hang together, so what is drawn is kept once for each such
part, and a piece that several parts have in common is kept once for all of them.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import pandas as pd

from infraplan.cables.chambers import Placed
from infraplan.cables.funding import rents_owed
from infraplan.cables.study import filled_table
from infraplan.cables.tables import LaidCable
from infraplan.cables.tables import crossing_table
from infraplan.cables.tables import drawn_edges
from infraplan.cables.tables import drop_table
from infraplan.cables.tables import laid_cables
from infraplan.cables.tables import segment_table

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.cables.funding import FundingTerms
    from infraplan.cables.underground import CablePlan
    from infraplan.cables.works import PartPlan
    from infraplan.cables.works import Works

__all__ = ["PIECES", "ChoicePieces", "DrawnParts", "choice_pieces", "no_pieces", "number_of"]

# what is drawn, and by which columns a piece, its place aside, is the same in two parts
PIECES: Mapping[str, tuple[str, ...]] = {
    "segments": (
        "street", "side", "kind", "placement", "surface", "method", "item", "bores", "reused",
        "shared",
    ),
    "crossings": ("street", "kind", "method", "item", "bores"),
    "chambers": ("kind", "existing"),
    "drops": ("street", "assumed"),
}  # fmt: skip
SHOWN = ("street", "side", "kind", "placement", "surface", "method", "item", "bores", "reused",
         "shared", "existing", "assumed", "length_m", "cost_vnd")  # fmt: skip
JOINED = ";"


class ChoicePieces(NamedTuple):
    """
    What is built and rented under every choice of streets.

    `pieces` has a row for each drawn thing of any choice: `layer` (one of `PIECES`), `feature_id`
    (that of the plan, or one of its own), `parts` (numbers of the parts that have it, joined by ;)
    and the columns of its layer. The number of a part has bit k set where it has street k of the
    plan. `parts` and `rents` are the tables `subset_parts` and `subset_rents`.
    """

    pieces: "gpd.GeoDataFrame"
    parts: "pd.DataFrame"
    rents: "pd.DataFrame"


def no_pieces() -> "gpd.GeoDataFrame":
    """
    Return the table of pieces without rows.

    Returns
    -------
    pieces
        Its columns.
    """
    import geopandas as gpd

    columns = ["layer", "feature_id", "parts", *SHOWN]
    return gpd.GeoDataFrame({name: [] for name in columns}, geometry=[])


class DrawnParts:
    """
    What has been drawn of parts: each part once, as soon as it is planned.

    Drawing needs no more than the part itself, so it can be done while others are planned.
    """

    def __init__(self, works: "Works") -> None:
        self.works = works
        self.cables: dict[int, list[LaidCable]] = {}
        self._rows: dict[tuple[Any, ...], dict[str, Any]] = {}

    def draw(self, parts: "Iterable[PartPlan]") -> None:
        """
        Draw the parts that are not drawn yet.

        Parameters
        ----------
        parts
            Plans of streets for all owners.
        """
        new = {number_of(part): part for part in parts}
        new = {number: part for number, part in new.items() if number not in self.cables}
        if not new:
            return
        works, numbers, mine = self.works, list(new), list(new.values())
        drawn = drawn_edges(works, mine)
        whose = {
            "segments": [numbers[k] for k, _ in drawn.stretches],
            "crossings": [numbers[k] for k, _ in drawn.crossings],
            "chambers": [n for n, part in new.items() for _ in part.placed.places],
            "drops": [n for n, part in new.items() for _ in part.task.drops],
        }
        placed = Placed(tuple(place for part in mine for place in part.placed.places))
        tables = {
            "segments": segment_table(works, mine, drawn),
            "crossings": crossing_table(works, mine, drawn),
            "chambers": works.ground.table(placed, works.layers.crs),
            "drops": pd.concat([drop_table(works, [part]) for part in mine]),
        }
        for layer, table in tables.items():
            for number, key, row in zip(
                whose[layer], _keys(table, layer), _shown(table), strict=True
            ):
                kept = self._rows.setdefault((layer, *key), {"layer": layer, **row, "in": {}})
                kept["in"][number] = None
        self.cables |= {number: laid_cables(works, part) for number, part in new.items()}

    def table(self, plan: "CablePlan") -> "gpd.GeoDataFrame":
        """
        Return the pieces drawn, those that a plan has as well by its ids.

        Parameters
        ----------
        plan
            The plan of all streets.

        Returns
        -------
        pieces
            As `ChoicePieces` has them.
        """
        known = {
            (layer, *key): str(name)
            for layer in PIECES
            for name, key in zip(
                getattr(plan, layer).index, _keys(getattr(plan, layer), layer), strict=True
            )
        }
        return _table(self._rows, known, plan.layers.crs)


def number_of(part: "PartPlan") -> int:
    """
    Return the number of a part.

    Parameters
    ----------
    part
        Plan of streets.

    Returns
    -------
    number
        Bit k is set where it has street k of the plan.
    """
    return sum(1 << unit for unit in part.units)


def choice_pieces(
    drawn: DrawnParts,
    plan: "CablePlan",
    subsets: "pd.DataFrame",
    terms: "FundingTerms",
    *,
    time_limit_s: float,
) -> ChoicePieces:
    """
    Return what is built and what is rented under every choice of streets.

    Parameters
    ----------
    drawn
        Parts drawn so far of streets in which every choice has been planned; the others are added.
    plan
        The plan of all of them, whose pieces keep their ids.
    subsets
        Table `subsets`: the choices.
    terms
        Rents.
    time_limit_s
        Time of one search by which the choices were planned [s].

    Returns
    -------
    found
        Pieces, and rents by choice.
    """
    parts: dict[tuple[str | float, ...], dict[str, Any]] = {}
    rents: dict[tuple[str | float, ...], dict[str, Any]] = {}
    for subset, streets in subsets["streets"].items():
        chosen = frozenset(str(streets).split(JOINED))
        mine = drawn.works.parts(chosen, time_limit_s=time_limit_s)
        drawn.draw(mine)
        numbers = [number_of(part) for part in mine]
        choice = int(str(subset))
        parts[choice,] = {"parts": JOINED.join(map(str, sorted(numbers)))}
        laid = [cable for number in numbers for cable in drawn.cables[number]]
        owed = rents_owed(laid, terms)
        rents |= {(choice, owner): {"rent_year_vnd": vnd} for owner, vnd in owed.items()}
    return ChoicePieces(
        drawn.table(plan),
        filled_table("subset_parts", parts),
        filled_table("subset_rents", rents),
    )


def _keys(table: "gpd.GeoDataFrame", layer: str) -> "Iterable[tuple[Any, ...]]":
    """Return by what each piece of a layer is known again."""
    values = [table.geometry.to_wkb().tolist()]
    for name in PIECES[layer]:
        column = table[name].astype(object)
        values.append(column.where(column.notna(), None).tolist())
    return zip(*values, strict=True)


def _shown(table: "gpd.GeoDataFrame") -> "Iterable[dict[str, Any]]":
    """Return what is kept of each piece."""
    names = [name for name in SHOWN if name in table]
    columns = [table[name].tolist() for name in (*names, "geometry")]
    for row in zip(*columns, strict=True):
        yield dict(zip((*names, "geometry"), row, strict=True))


def _table(
    rows: Mapping[tuple[Any, ...], Mapping[str, Any]],
    known: Mapping[tuple[Any, ...], str],
    crs: str,
) -> "gpd.GeoDataFrame":
    """Return the pieces, those of the plan by their ids."""
    import geopandas as gpd

    table = []
    for number, (key, row) in enumerate(rows.items(), 1):
        name = known.get(key) or f"C{number:05d}"
        told = {"feature_id": name, "parts": JOINED.join(map(str, sorted(row["in"])))}
        table.append({k: v for k, v in row.items() if k != "in"} | told)
    columns = ["layer", "feature_id", "parts", *SHOWN, "geometry"]
    frame = pd.DataFrame(table, columns=columns).sort_values(
        ["layer", "feature_id"], ignore_index=True
    )
    for name in ("existing", "assumed"):
        frame[name] = frame[name].astype("boolean")
    for name in ("bores", "reused", "cost_vnd"):
        frame[name] = frame[name].astype("Int64")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=crs)
