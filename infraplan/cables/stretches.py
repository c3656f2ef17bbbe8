"""A stretch of a street as people say it: from a crossing street, or some metres, to another."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

__all__ = ["METRES", "axis_of", "place_along", "split_words"]

CROSSES_M = 25.0  # a street that comes so near ends or crosses there
METRES = re.compile(r"^\s*(\d+(?:[.,]\d+)?)\s*(?:m|mét|met)?\s*$", re.IGNORECASE)


def split_words(text: str) -> tuple[str, str, str] | None:
    """
    Return street, beginning and end of a stretch.

    Parameters
    ----------
    text
        `street: from - to`; either end may be empty.

    Returns
    -------
    words
        Street, from and to; None where the text is a name alone.

    Examples
    --------
    >>> split_words("Trần Phú: Nguyễn Du - 450 m")
    ('Trần Phú', 'Nguyễn Du', '450 m')
    """
    street, colon, rest = text.partition(":")
    if not colon or not street.strip():
        return None
    first, _, last = re.sub(r"\s[–—]\s", " - ", f" {rest} ").partition(" - ")
    return street.strip(), first.strip(), last.strip()


def axis_of(rows: "gpd.GeoDataFrame") -> "shapely.LineString | None":
    """
    Return the rows of a street as one line, from the beginning of the row of the least id.

    Parameters
    ----------
    rows
        Rows of one street, indexed by id.

    Returns
    -------
    axis
        Line, or None where the rows do not follow each other.
    """
    import shapely

    rows = rows.sort_index()
    joined = shapely.line_merge(shapely.union_all(rows.geometry.to_numpy()))
    if joined.geom_type != "LineString" or joined.is_ring:
        return None
    first = shapely.get_parts(rows.geometry.iloc[0])[0]
    ends = [joined.project(shapely.get_point(first, k)) for k in (0, -1)]
    return joined if ends[0] <= ends[1] else joined.reverse()


def place_along(
    axis: "shapely.LineString", words: str, streets: Mapping[str, "shapely.Geometry"], key: str
) -> float | None:
    """
    Return where along a street a place lies.

    Parameters
    ----------
    axis
        The street.
    words
        Metres from its beginning, or a crossing street.
    streets
        Geometry of streets by name as it is compared.
    key
        `words` as it is compared.

    Returns
    -------
    at_m
        Distance from the beginning, None where the street is not known or does not come near [m].
    """
    import shapely

    metres = METRES.match(words)
    if metres:
        at_m = float(metres.group(1).replace(",", "."))
        return at_m if at_m <= axis.length + 1.0 else None
    other = streets.get(key)
    if other is None or other.distance(axis) > CROSSES_M:
        return None
    met = axis.intersection(other)
    point = shapely.get_point(shapely.shortest_line(axis, other), 0) if met.is_empty else met
    parts = shapely.get_parts(point)
    return min(float(axis.project(shapely.Point(shapely.get_coordinates(p)[0]))) for p in parts)
