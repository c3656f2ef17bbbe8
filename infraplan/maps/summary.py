"""What the page adds up over the part of the map in view: figures, and people of no hamlet."""

from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd
import shapely

from infraplan.layers.stations import is_on_air
from infraplan.maps.layers import Number
from infraplan.maps.projection import to_web
from infraplan.text import Words

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "SITE_NUMBERS",
    "cable_numbers",
    "cables_measured",
    "hamlets_counted",
    "people_numbers",
    "sites_counted",
    "view_summary",
]

REST = "-rest"
ANY = "any"
PEOPLE = ("people", "people_uncovered", "people_uncovered_low", "people_uncovered_high")
# A figure without words is for the page's own sums: neither table nor card shows it.
SITE_NUMBERS = (Number("position", "position", ""), Number("on_air", "on_air", ""))


def people_numbers(words: Words) -> tuple[Number, ...]:
    """
    Return the people of a hamlet as figures that the page adds up.

    Parameters
    ----------
    words
        Catalogue.

    Returns
    -------
    numbers
        People and people without service under their words; both ends of the range and the people
        of whom nothing is known, for sums alone.
    """
    told = {"people": words("maps.field_people")}
    told["people_uncovered"] = words("maps.field_people_uncovered")
    named = (*PEOPLE, "people_unknown")
    return tuple(Number(name, name, told.get(name, ""), decimals=2) for name in named)


def cable_numbers(words: Words) -> tuple[Number, ...]:
    """
    Return the length of a cable as a figure that the page adds up.

    Parameters
    ----------
    words
        Catalogue.

    Returns
    -------
    numbers
        Length in km, to the metre.
    """
    return (Number("length_km", "length_km", words("maps.field_length_m"), unit="km", decimals=3),)


def hamlets_counted(hamlets: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """
    Return hamlets with the people of whom it is not known whether they have service.

    Parameters
    ----------
    hamlets
        Hamlets of gaps, with `people` and, where known, `unknown_share`.

    Returns
    -------
    hamlets
        The same with `people_unknown`, missing where the hamlet itself is not known.
    """
    if not {"people", "people_uncovered"} <= set(hamlets.columns):
        return hamlets
    unknown = hamlets["people"] * hamlets.get("unknown_share", 0.0)
    return hamlets.assign(people_unknown=unknown.where(hamlets["people_uncovered"].notna()))


def sites_counted(sites: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """
    Return stations with the number of their position, and whether they are on air.

    Parameters
    ----------
    sites
        Layer `sites`.

    Returns
    -------
    sites
        The same with `position`, equal for stations on one mast, and `on_air`, 0 or 1. A station
        without a mast stands on its own, as in the inventory of stations.
    """
    if not len(sites):
        return sites
    own = pd.Series(sites.index.astype(str), index=sites.index, dtype="object")
    mast = sites["mast_id"].astype("object") if "mast_id" in sites else own
    position, _ = pd.factorize(mast.where(mast.notna(), own).astype(str))
    return sites.assign(position=position, on_air=is_on_air(sites).astype(int))


def cables_measured(cables: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """
    Return cables with their geodesic length, as the table of cables tells it.

    Parameters
    ----------
    cables
        Layer `fibre`.

    Returns
    -------
    cables
        The same with `length_km`.
    """
    from infraplan.cables.measure import geodesic_lengths_m

    if not len(cables):
        return cables
    length_m = geodesic_lengths_m(cables.geometry.to_numpy(), str(cables.crs))
    return cables.assign(length_km=length_m / 1000.0)


def view_summary(gaps: Any, words: Words) -> dict[str, Any]:  # noqa: ANN401 - Gaps
    """
    Return what the page needs to tell of people beside its layers.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    summary
        `headline` says what the share of people is a share of, with a place for `{where}`; `rests`
        has for the people of each commune who live outside its hamlets a point inside [m in
        EPSG:3857], their level and their figures in the order of `people_numbers`, None where not
        known.
    """
    found = gaps.hamlets[gaps.hamlets.index.astype(str).str.endswith(REST)]
    rests = hamlets_counted(found[~(found.geometry.is_empty | found.geometry.isna())])
    technology = getattr(gaps.definition, "technology", "")
    operator = getattr(gaps.definition, "operator", ANY)
    who = words("maps.any_operator") if operator == ANY else operator
    return {
        "headline": words("insight.headline", where="{where}", technology=technology, operator=who)
        if technology
        else words("insight.headline_plain"),
        "rests": _rests(rests) if "people_unknown" in rests and len(rests) else [],
    }


def _rests(rests: "gpd.GeoDataFrame") -> list[list[Any]]:
    """Return a row for the people outside the hamlets of each commune."""
    inside = shapely.point_on_surface(to_web(rests.geometry.to_numpy(), rests.crs))
    xy = np.rint(shapely.get_coordinates(inside)).astype(int)
    columns = [
        rests[name] if name in rests else rests["people_uncovered"]
        for name in (*PEOPLE, "people_unknown")
    ]
    levels = rests["level"] if "level" in rests else pd.Series("", index=rests.index)
    rows = zip(xy, levels, *columns, strict=True)
    return [
        [int(place[0]), int(place[1]), level if isinstance(level, str) else "", *map(_known, told)]
        for place, level, *told in rows
    ]


def _known(value: Any) -> float | None:  # noqa: ANN401 - any cell of a table
    """Return a figure as JSON holds it."""
    return None if pd.isna(value) else round(float(value), 2)
