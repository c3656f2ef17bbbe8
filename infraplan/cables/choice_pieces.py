"""
What is built, and what is rented, under every choice of streets.

A choice is the sum of its streets that hang together, so what is drawn is kept once for each such
part, and a piece that several parts have in common is kept once for all of them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

from infraplan.cables.funding import rent_table
from infraplan.cables.study import filled_table
from infraplan.cables.tables import cable_table
from infraplan.cables.tables import crossing_table
from infraplan.cables.tables import drawn_edges
from infraplan.cables.tables import drop_table
from infraplan.cables.tables import segment_table

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from infraplan.cables.funding import FundingTerms
    from infraplan.cables.underground import CablePlan
    from infraplan.cables.works import PartPlan
    from infraplan.cables.works import Works

__all__ = ["PIECES", "ChoicePieces", "choice_pieces", "no_pieces"]

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


def choice_pieces(
    works: "Works",
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
    works
        Prepared streets, in which every choice has been planned already.
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
    known = {
        (layer, *_key(row, columns)): str(name)
        for layer, columns in PIECES.items()
        for name, row in zip(
            getattr(plan, layer).index, getattr(plan, layer).to_dict("records"), strict=True
        )
    }
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    cables: dict[int, pd.DataFrame] = {}
    parts: dict[tuple[str | float, ...], dict[str, Any]] = {}
    rents: dict[tuple[str | float, ...], dict[str, Any]] = {}
    for subset, streets in subsets["streets"].items():
        mine = []
        for part in works.parts(frozenset(str(streets).split(JOINED)), time_limit_s=time_limit_s):
            number = sum(1 << unit for unit in part.units)
            mine.append(number)
            if number not in cables:
                cables[number] = _drawn(works, part, number, rows)
        number_of = int(str(subset))
        parts[number_of,] = {"parts": JOINED.join(map(str, sorted(mine)))}
        owed = _owed(plan, [cables[number] for number in mine], terms)
        rents |= {(number_of, owner): {"rent_year_vnd": vnd} for owner, vnd in owed.items()}
    return ChoicePieces(
        _table(rows, known, plan.layers.crs),
        filled_table("subset_parts", parts),
        filled_table("subset_rents", rents),
    )


def _drawn(
    works: "Works", part: "PartPlan", number: int, rows: dict[tuple[Any, ...], dict[str, Any]]
) -> "pd.DataFrame":
    """Add what is drawn of a part; return its cables."""
    drawn = drawn_edges(works, [part])
    chambers = works.ground.table(part.placed, works.layers.crs)
    tables = {
        "segments": segment_table(works, [part], drawn),
        "crossings": crossing_table(works, [part], drawn),
        "chambers": chambers,
        "drops": drop_table(works, [part]),
    }
    for layer, columns in PIECES.items():
        for row in tables[layer].to_dict("records"):
            key = (layer, *_key(row, columns))
            kept = rows.setdefault(
                key,
                {"layer": layer, "geometry": row["geometry"], "in": []}
                | {name: row.get(name) for name in SHOWN},
            )
            if number not in kept["in"]:
                kept["in"].append(number)
    return cable_table(works, [part], drawn, chambers)


def _key(row: Mapping[Any, Any], columns: tuple[str, ...]) -> tuple[Any, ...]:
    """Return by what a piece is known again."""
    import pandas as pd

    values = (row[name] for name in columns)
    return (row["geometry"].wkb, *(None if pd.isna(value) else value for value in values))


def _owed(plan: "CablePlan", cables: "list[pd.DataFrame]", terms: "FundingTerms") -> dict[str, int]:
    """Return the rent of each owner a year; that of all streets is the plan's own."""
    import pandas as pd

    together = pd.concat([table.reset_index(drop=True) for table in cables if len(table)] or cables)
    if len(together) == len(plan.cables):
        together = plan.cables
    owed = rent_table(together, terms)["rent_year_vnd"].groupby(level="owner").sum()
    return {str(owner): int(vnd) for owner, vnd in owed.items()}


def _table(
    rows: Mapping[tuple[Any, ...], Mapping[str, Any]],
    known: Mapping[tuple[Any, ...], str],
    crs: str,
) -> "gpd.GeoDataFrame":
    """Return the pieces, those of the plan by their ids."""
    import geopandas as gpd
    import pandas as pd

    table = []
    for number, (key, row) in enumerate(rows.items(), 1):
        name = known.get(key, f"C{number:05d}")
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
