"""
The publication mode: figures of communes and nothing that tells where anything stands.

What an office may put on its public site shows how many people of a commune have service. The page
holds communes, open water, the sea and public roads; it holds no raster, hamlet, station, cable,
institution or name of an operator, whatever the plan has.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from infraplan.coverage.shares import TOO_UNKNOWN
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.sorting import sort_key
from infraplan.maps.context import commune_outlines
from infraplan.maps.layers import Category
from infraplan.maps.layers import Field
from infraplan.maps.layers import Number
from infraplan.maps.layers import PolygonLayer
from infraplan.maps.layers import Style
from infraplan.maps.page import Table
from infraplan.maps.palette import SHARES
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.coverage import Gaps

__all__ = ["coarse_layers", "coarse_table", "commune_figures", "without_places"]

PUBLIC_LAYERS = ("communes", "districts", "sea", "waterways")
PUBLIC_ROADS = ("national", "provincial")  # lesser ones may end at a mast
ANY = "any"
LIMITS = (0.0, 0.9, 0.95, 0.99)  # lowest share of each class
OUTLINE_WIDTH = 1.0


def commune_figures(gaps: "Gaps") -> pd.DataFrame:
    """
    Return what may be told of each commune: people, and how many of them have service.

    Parameters
    ----------
    gaps
        Gaps.

    Returns
    -------
    figures
        One row a commune, indexed by its code: `people`, `people_uncovered`, `unknown` (share of
        people of whom it is not known, of the headline's technology), and for each technology
        `share_<technology>` of people under service of any operator with `_low` and `_high`, NaN
        where not known.
    """
    rows = gaps.shares
    rows = rows[
        (rows["area_level"] == "commune")
        & (rows["operator"] == ANY)
        & (rows["denominator"] == "people")
    ]
    wide = {}
    for technology, part in rows.groupby("technology", sort=True):
        part = part.set_index("area_id")  # noqa: PLW2901 - the same rows by their code
        wide[f"share_{technology}"] = part["share"]
        for end in ("low", "high"):
            wide[f"share_{technology}_{end}"] = part[f"share_{end}"]
    figures = pd.DataFrame(wide)
    headline = rows[rows["technology"] == gaps.definition.technology].set_index("area_id")
    figures["people"] = headline["total"]
    served = headline["total"] * headline["share"]
    figures["people_uncovered"] = headline["total"] - served - headline["unknown"]
    figures["unknown"] = headline["unknown"] / headline["total"].where(headline["total"] > 0)
    return figures


def coarse_layers(gaps: "Gaps", words: Words) -> list[PolygonLayer]:
    """
    Return the communes, coloured by the share of people who have service.

    Parameters
    ----------
    gaps
        Gaps.
    words
        Catalogue.

    Returns
    -------
    drawn
        One layer.
    """
    technology = gaps.definition.technology
    figures = commune_figures(gaps)
    outlines = commune_outlines(gaps.layers)
    kept = [name for name in ("name", "full_name", "geometry") if name in outlines]
    table = outlines[kept].join(figures)
    if f"share_{technology}" not in table:
        raise SettingsError(words("coarse.no_share", technology=technology))
    known = zip(table[f"share_{technology}"], table["unknown"], strict=True)
    table["share_class"] = [_class_of(share, unknown) for share, unknown in known]
    categories = [
        Category(
            str(number),
            _class_label(number, words),
            Style(color="#ffffff", fill=SHARES[number], width=OUTLINE_WIDTH, fill_opacity=0.85),
        )
        for number in reversed(range(len(LIMITS)))
    ]
    shares = [
        Field(
            name, words("coarse.share", technology=name.removeprefix("share_")),
            decimals=1, unit="%", scale=100.0, missing=words("common.unknown"),
        )
        for name in table.columns
        if name.startswith("share_") and name.count("_") == 1 and name != "share_class"
    ]  # fmt: skip
    return [
        PolygonLayer(
            name="communes",
            title=words("coarse.layer", technology=technology),
            data=table,
            group=words("maps.group_coverage"),
            by="share_class",
            categories=categories,
            fields=(
                Field("people", words("maps.field_people"), decimals=0,
                      missing=words("common.unknown")),
                *shares,
            ),
            heading="full_name" if "full_name" in table else "name",
            label="name",
            label_zoom=9.25,
            search=("name",),
            numbers=(
                Number("people", "people", words("maps.field_people")),
                Number("people_uncovered", "people_uncovered", words("coarse.uncovered")),
            ),
            precision_m=4.0,
            note=words("coarse.note"),
        )
    ]  # fmt: skip


def coarse_table(gaps: "Gaps", words: Words) -> Table:
    """
    Return the communes' figures in words, by name.

    Parameters
    ----------
    gaps
        Gaps.
    words
        Catalogue.

    Returns
    -------
    table
        People and shares with their ranges.
    """
    figures = commune_figures(gaps)
    technologies = [
        name.removeprefix("share_")
        for name in map(str, figures.columns)
        if name.startswith("share_") and name.count("_") == 1
    ]
    names = gaps.layers.table("communes")["name"].reindex(figures.index)
    order = sorted(figures.index, key=lambda code: sort_key(str(names[code])))
    rows = [
        (
            str(names[code]),
            words.number(figures.loc[code, "people"]),
            *(_share(figures.loc[code], technology, words) for technology in technologies),
        )
        for code in order
    ]
    heads = (
        words("coarse.commune"),
        words("maps.field_people"),
        *(words("coarse.share", technology=technology) for technology in technologies),
    )
    return Table(
        words("coarse.table"), heads, tuple(rows), note=words("coarse.range"), by_area=True
    )


def without_places(layers: Layers) -> Layers:
    """
    Return the layers of a plan that a public map may hold.

    Parameters
    ----------
    layers
        Layers of the plan.

    Returns
    -------
    layers
        Boundaries, water and main roads, and the table of sources; no raster, no ground.
    """
    kept = {name: layers.tables[name] for name in PUBLIC_LAYERS if name in layers.tables}
    if layers.has("roads"):
        roads = layers.table("roads")
        kept["roads"] = roads[roads["class"].isin(PUBLIC_ROADS)]
    told = layers.table("sources")  # those of other layers may name an operator
    kept["sources"] = told[told["layer"].isin((*PUBLIC_LAYERS, "roads", "population"))]
    return Layers(name=layers.name, crs=layers.crs, tables=kept)


def _class_of(share: float, unknown: float) -> str:
    """Return the number of the class of a share, `""` where it is not known."""
    if not np.isfinite(share) or unknown > TOO_UNKNOWN:
        return ""
    return str(int(np.searchsorted(LIMITS, share + 1e-9, side="right")) - 1)


def _class_label(number: int, words: Words) -> str:
    """Return the words of a class."""
    low = words.number(100 * LIMITS[number])
    if number == 0:
        return words("coarse.below", high=words.number(100 * LIMITS[1]))
    if number == len(LIMITS) - 1:
        return words("coarse.from", low=low)
    return words("coarse.between", low=low, high=words.number(100 * LIMITS[number + 1]))


def _share(row: "pd.Series[float]", technology: str, words: Words) -> str:
    """Return a share with its range."""
    values = [float(row[f"share_{technology}{end}"]) * 100 for end in ("", "_low", "_high")]
    if not np.isfinite(values[0]) or row["unknown"] > TOO_UNKNOWN:
        return words("common.unknown")
    share, low, high = (words.number(value, 1) for value in values)
    if low == high:
        return f"{share} %"
    return words("coarse.share_range", share=share, low=low, high=high)
