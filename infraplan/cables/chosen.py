"""Which streets go underground: by name, by id, by line or by area."""

import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from infraplan.cables.graph import StreetGraph
from infraplan.cables.graph import noded
from infraplan.cables.graph import rows_of
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

__all__ = ["chosen_graph", "matching_streets"]

ALONG_M = 15.0  # a street is meant by a drawn line that runs within this distance of it
MEANT_SHARE = 0.6
AROUND_M = 60.0  # of the chosen streets: streets there may end in their junctions


def matching_streets(streets: "gpd.GeoDataFrame", wanted: Sequence[str]) -> list[str]:
    """
    Return the ids of streets that people name.

    Parameters
    ----------
    streets
        Layer `streets`.
    wanted
        Names or ids; an exact name or id wins, else accents and case do not matter.

    Returns
    -------
    street_ids
        Ids, sorted.

    Raises
    ------
    SettingsError
        If a name is not known; the message lists near ones.
    """
    names = streets["name"].astype(str)
    plain = names.map(plain_text)
    found: set[str] = set()
    unknown = []
    for word in wanted:
        exact = streets.index[(names == word.strip()) | (streets.index.astype(str) == word.strip())]
        if not len(exact):
            exact = streets.index[plain == plain_text(word)]
        if not len(exact):
            unknown.append(f"'{word}' ({_near(word, sorted(set(names)))})")
        found.update(map(str, exact))
    if unknown:
        msg = f"there is no street {', nor '.join(unknown)}"
        raise SettingsError(msg)
    return sorted(found)


def plain_text(text: str) -> str:
    """
    Return a text as it is compared: without accents, case and doubled blanks.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    plain
        Lower-case letters without marks.

    Examples
    --------
    >>> plain_text("  Phan Đình  Phùng")
    'phan dinh phung'
    """
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).casefold().split())


def chosen_graph(
    layers: Layers,
    streets: "Sequence[str] | gpd.GeoDataFrame | None",
    area: "shapely.Geometry | None",
) -> StreetGraph:
    """
    Return the streets around those chosen as one graph, the chosen ones marked.

    Parameters
    ----------
    layers
        Layers of the plan; `streets` is needed.
    streets
        Names or ids, or lines drawn along streets; None where the area says it.
    area
        Outline in the planning CRS; streets are cut at it.

    Returns
    -------
    graph
        Street graph whose table has the column `chosen`.

    Raises
    ------
    SettingsError
        If neither or both are given, a name is unknown, or no street is meant.
    """
    import geopandas as gpd
    import pandas as pd

    layers.need("streets", step="underground")
    if (streets is None or not len(streets)) == (area is None):
        msg = "name the streets, or give an area, and not both"
        raise SettingsError(msg)
    rows = rows_of(layers.table("streets"), "streets")
    if area is not None:
        inside = rows.assign(geometry=rows.geometry.intersection(area), chosen=True)
        outside = rows.assign(geometry=rows.geometry.difference(area), chosen=False)
        both = pd.concat([inside, outside])
        lined = both.geometry.length > 0
        rows = gpd.GeoDataFrame(both[lined], geometry="geometry", crs=rows.crs)
        rows["geometry"] = rows.geometry.map(_lines_only)
    else:
        rows["chosen"] = rows.index.isin(_meant(rows, streets))
    if not rows["chosen"].any():
        msg = "no street lies in the area" if area is not None else "no street is meant"
        raise SettingsError(msg)
    near = rows[rows["chosen"]].geometry.union_all().buffer(AROUND_M)
    around = rows[rows.geometry.intersects(near)]
    roads = rows_of(layers.table("roads"), "roads")
    roads["chosen"] = False
    return noded(around, roads[roads.geometry.intersects(near)], crs=layers.crs)


def _meant(rows: "gpd.GeoDataFrame", streets: "Sequence[str] | gpd.GeoDataFrame") -> list[str]:
    """Return the ids of the streets named or drawn."""
    import geopandas as gpd

    if not isinstance(streets, gpd.GeoDataFrame):
        return matching_streets(rows, list(streets))
    if len(streets) and streets.index.isin(rows.index).all():
        return [str(street_id) for street_id in streets.index]
    drawn = streets.to_crs(rows.crs).geometry.union_all().buffer(ALONG_M)
    share = rows.geometry.intersection(drawn).length / rows.geometry.length
    return [str(street_id) for street_id in rows.index[np.asarray(share >= MEANT_SHARE)]]


def _lines_only(geometry: "shapely.Geometry") -> "shapely.Geometry":
    """Return the lines of a geometry, without points where it only touches."""
    import shapely

    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.multilinestrings([p for p in parts if p.geom_type == "LineString"])


def _near(word: str, names: list[str]) -> str:
    """Return the names nearest to a word, as words for the message."""
    by_plain = {plain_text(name): name for name in names}
    close = get_close_matches(plain_text(word), list(by_plain), n=3, cutoff=0.5)
    return "near: " + ", ".join(by_plain[c] for c in close) if close else "no name is near"
