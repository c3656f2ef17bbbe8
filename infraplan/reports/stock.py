"""What there is: stations by commune, sharing, masts by class, cables, the quality of the data."""

from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.layers.bundle import Layers
from infraplan.layers.schemas import TECHNOLOGIES
from infraplan.reports.workbook import Column
from infraplan.reports.workbook import Sheet
from infraplan.reports.workbook import heading
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.coverage import Inventory

__all__ = [
    "classes_sheet",
    "fibre_sheet",
    "near_sheet",
    "quality_sheet",
    "sharing_sheet",
    "stations_sheet",
    "unshared_sheet",
]

OUTSIDE = "-"


def stations_sheet(inventory: "Inventory", layers: Layers, words: Words) -> Sheet:
    """
    Return T3: positions, stations and technologies by commune, and how many to whom.

    Parameters
    ----------
    inventory
        Counts.
    layers
        Layers that were counted.
    words
        Catalogue.

    Returns
    -------
    sheet
        A row for each commune, those without stations too.
    """
    table = _named(inventory.by_commune, layers.table("communes")["name"].to_dict(), words)
    operators = [str(name) for name in table.columns if str(name).startswith("on|")]
    columns = [
        heading(words, "code"),
        heading(words, "commune"),
        *(heading(words, name, "whole") for name in ("positions", "stations")),
        *(Column(name, name, "whole") for name in TECHNOLOGIES),
        *(Column(name, name.removeprefix("on|"), "whole") for name in operators),
        heading(words, "shared_stations", "whole"),
    ]
    if "people" in table:
        kinds = {"people": "whole", "area_km2": "km", "per_1000_people": "rate"}
        kinds |= {"per_km2": "rate", "people_per_station": "whole"}
        columns += [heading(words, name, kind) for name, kind in kinds.items()]
    told = inventory.totals
    counted = [column.name for column in columns if column.kind == "whole"]
    total: dict[str, Any] = {
        name: table[name].sum() for name in counted if name != "people_per_station"
    }
    total |= {"commune": words("reports.total"), "positions": told["positions"]}
    if "people" in table:
        total |= _densities(told["stations"], table)
    return Sheet(
        words("reports.sheet_stations"),
        tuple(_told(inventory, words)),
        tuple(columns),
        table,
        total,
    )


def _densities(stations: float, table: pd.DataFrame) -> dict[str, float]:
    """Return the densities of all communes together."""
    people, ground = float(table["people"].sum()), float(table["area_km2"].sum())
    return {
        "area_km2": ground,
        "per_1000_people": 1000.0 * stations / people if people > 0 else np.nan,
        "per_km2": stations / ground if ground > 0 else np.nan,
        "people_per_station": people / stations if stations > 0 else np.nan,
    }


def _told(inventory: "Inventory", words: Words) -> list[str]:
    """Return what was counted, in sentences."""
    told = inventory.totals
    lines = [
        words(
            "reports.inventory",
            positions=words.number(told["positions"]),
            stations=words.number(told["stations"]),
            technologies=words.number(told["technologies"]),
            masts=words.number(100 * told["shared_mast_share"], 1),
            shared=words.number(100 * told["shared_station_share"], 1),
        )
    ]
    if told["not_on_air"]:
        lines.append(words("reports.not_on_air", count=words.number(told["not_on_air"])))
    if told["outside"]:
        lines.append(words("reports.stations_outside", count=words.number(told["outside"])))
    if told["one_position"]:
        lines.append(
            words(
                "reports.one_position",
                count=words.number(told["one_position"]),
                metres=words.number(inventory.one_position_m),
                positions=words.number(told["positions"] - told["one_position"]),
            )
        )
    return lines


def _named(counts: pd.DataFrame, names: dict[Any, str], words: Words) -> pd.DataFrame:
    """Return counts with the code and name of each area as columns."""
    table = counts.rename_axis("code").reset_index()
    known = {str(code): name for code, name in names.items()}
    told = [known.get(code, words("reports.outside")) for code in table["code"]]
    table.insert(1, "commune", told)
    return table


def sharing_sheet(inventory: "Inventory", words: Words) -> Sheet:
    """
    Return T4: masts owned and shared by operator, in both definitions of the sharing rate.

    Parameters
    ----------
    inventory
        Counts.
    words
        Catalogue.

    Returns
    -------
    sheet
        A row for each operator and owner; the total counts each mast and each pair once.
    """
    table = inventory.by_operator.reset_index()
    table["shared_mast_share"] = _over(table["masts_owned_shared"], table["masts_owned"])
    table["shared_station_share"] = _over(table["shared_stations"], table["stations"])
    kinds = {
        "operator": "text",
        "masts_owned": "whole",
        "masts_owned_shared": "whole",
        "shared_mast_share": "share",
        "positions": "whole",
        "stations": "whole",
        "shared_stations": "whole",
        "shared_station_share": "share",
        "guest_stations": "whole",
        "unshared_pairs": "whole",
    }
    told = inventory.totals
    total: dict[str, Any] = {
        name: table[name].sum()
        for name in ("masts_owned", "masts_owned_shared", "shared_stations", "guest_stations")
    }
    total |= {
        "operator": words("reports.total"),
        "positions": told["positions"],
        "stations": told["stations"],
        "shared_mast_share": told["shared_mast_share"],
        "shared_station_share": told["shared_station_share"],
        "unshared_pairs": len(inventory.unshared),
    }
    lines = [words("reports.sharing", metres=words.number(inventory.share_radius_m))]
    if told["owner_unknown"]:
        lines.append(words("reports.owner_unknown", count=words.number(told["owner_unknown"])))
    columns = tuple(heading(words, name, kind) for name, kind in kinds.items())
    return Sheet(words("reports.sheet_operators"), tuple(lines), columns, table, total)


def _over(part: "pd.Series[int]", whole: "pd.Series[int]") -> "pd.Series[float]":
    """Return a share; NaN of nothing."""
    return part.astype(float) / whole.astype(float).where(whole > 0)


PAIR_KINDS = {
    "order": "whole",
    "mast_id": "text",
    "operator": "text",
    "owner": "text",
    "other_mast_id": "text",
    "other_operator": "text",
    "other_owner": "text",
    "distance_m": "db",
}


def unshared_sheet(inventory: "Inventory", words: Words) -> Sheet:
    """
    Return the annex of T4: pairs of masts of different operators that could have been one.

    Parameters
    ----------
    inventory
        Counts.
    words
        Catalogue.

    Returns
    -------
    sheet
        A row for each pair, nearest first.
    """
    line = words("reports.unshared", metres=words.number(inventory.share_radius_m))
    columns = tuple(heading(words, name, kind) for name, kind in PAIR_KINDS.items())
    return Sheet(words("reports.sheet_unshared"), (line,), columns, _numbered(inventory.unshared))


def near_sheet(inventory: "Inventory", words: Words) -> Sheet:
    """
    Return positions so near to each other that they may be one, entered twice.

    Parameters
    ----------
    inventory
        Counts.
    words
        Catalogue.

    Returns
    -------
    sheet
        A row for each pair, nearest first, with what is proposed.
    """
    table = _numbered(inventory.near)
    table["proposal"] = [words(f"reports.near_{name}") for name in table["proposal"]]
    kinds = {**PAIR_KINDS, "proposal": "text"}
    line = words("reports.near", metres=words.number(inventory.one_position_m))
    columns = tuple(heading(words, name, kind) for name, kind in kinds.items())
    return Sheet(words("reports.sheet_near"), (line,), columns, table)


def _numbered(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return rows with their number."""
    return pairs.assign(order=np.arange(1, len(pairs) + 1))


def classes_sheet(inventory: "Inventory", layers: Layers, words: Words) -> Sheet:
    """
    Return T5: masts by class, of communes and of former districts.

    Parameters
    ----------
    inventory
        Counts.
    layers
        Layers that were counted.
    words
        Catalogue.

    Returns
    -------
    sheet
        Communes, then former districts; the total is that of the communes, each mast once.
    """
    from infraplan.coverage.stock import MAST_CLASSES

    names = layers.table("communes")["name"].to_dict()
    parts = [
        _named(inventory.by_commune, names, words).assign(unit_area=words("reports.unit_commune"))
    ]
    if len(inventory.by_district):
        names = layers.table("districts")["name"].to_dict()
        districts = _named(inventory.by_district, names, words)
        parts.append(districts.assign(unit_area=words("reports.unit_district")))
    table = pd.concat(parts, ignore_index=True)
    all_masts = float(inventory.totals["positions"])
    table["mast_share"] = table["positions"] / all_masts if all_masts else np.nan
    counted = [*MAST_CLASSES, "class_unknown", "positions"]
    total: dict[str, Any] = {name: parts[0][name].sum() for name in counted}
    total |= {"commune": words("reports.total"), "mast_share": 1.0 if all_masts else np.nan}
    columns = (
        heading(words, "unit_area"),
        heading(words, "code"),
        heading(words, "commune"),
        *(Column(name, name, "whole") for name in MAST_CLASSES),
        heading(words, "class_unknown", "whole"),
        heading(words, "positions", "whole"),
        heading(words, "mast_share", "share"),
    )
    return Sheet(words("reports.sheet_classes"), (words("reports.classes"),), columns, table, total)


def fibre_sheet(fibre: pd.DataFrame, words: Words) -> Sheet:
    """
    Return T6: cable and route by operator, how it is laid, in towns and outside.

    Parameters
    ----------
    fibre
        Lengths, of `cables.fibre_lengths`.
    words
        Catalogue.

    Returns
    -------
    sheet
        A row for each operator, and the total; routes that operators share count once in it.
    """
    table = fibre.drop(index="total").reset_index()
    total = {str(name): value for name, value in fibre.loc["total"].to_dict().items()}
    numbers = [str(name) for name in fibre.columns]
    columns = (
        heading(words, "operator"),
        *(heading(words, n, "share" if n.endswith("share") else "km") for n in numbers),
    )
    total["operator"] = words("reports.total")
    lines = (words("reports.fibre"),)
    return Sheet(words("reports.sheet_fibre"), lines, columns, table, total)


def quality_sheet(layers: Layers, words: Words) -> Sheet:
    """
    Return T15: each source with its rows against those expected, its age and what it leaves blank.

    Parameters
    ----------
    layers
        Layers of the plan.
    words
        Catalogue.

    Returns
    -------
    sheet
        A row for each source.
    """
    from infraplan.coverage import missing_operators
    from infraplan.coverage import source_quality

    table = source_quality(layers).reset_index(drop=True)
    for name in ("complete", "synthetic", "is_old"):
        table[name] = [_yes(flag, words) for flag in table[name].astype("boolean")]
    table["blank"] = [
        "; ".join(f"{_field(name, words)} {words.number(100 * share)} %" for name, share in fields)
        for fields in table["blank"]
    ]
    table["layer"] = [words.entries.get(f"maps.name_{name}", str(name)) for name in table["layer"]]
    kinds = {
        "layer": "text",
        "operator": "text",
        "as_of": "text",
        "is_old": "text",
        "rows": "whole",
        "expected_rows": "whole",
        "lacking": "whole",
        "blank": "prose",
        "complete": "text",
        "synthetic": "text",
        "file": "text",
        "licence": "text",
        "attribution": "text",
        "note": "prose",
    }
    lines = [words("reports.sources")]
    if missing := missing_operators(layers):
        lines.append(words("reports.missing_operators", names=", ".join(missing)))
    columns = tuple(heading(words, name, kind) for name, kind in kinds.items())
    return Sheet(words("reports.sheet_sources"), tuple(lines), columns, table)


def _field(name: str, words: Words) -> str:
    """Return what a column of a layer is called in our tables, its own name where it is not."""
    told = words.entries
    return told.get(f"maps.field_{name}", told.get(f"reports.head_{name}", name)).lower()


def _yes(flag: object, words: Words) -> str | None:
    """Return yes or no; None where it is not known."""
    if flag is pd.NA:
        return None
    return words("reports.yes") if flag else words("reports.no")
