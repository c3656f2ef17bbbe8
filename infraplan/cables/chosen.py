"""Which streets go underground: by name, by id, by line or by area."""

import unicodedata
from collections.abc import Mapping
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from infraplan.cables.graph import StreetGraph
from infraplan.cables.graph import noded
from infraplan.cables.graph import rows_of
from infraplan.cables.stretches import axis_of
from infraplan.cables.stretches import place_along
from infraplan.cables.stretches import split_words
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.notes import Note
from infraplan.layers.notes import listed

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

__all__ = [
    "chosen_graph",
    "crossing_names",
    "matching_streets",
    "near_names",
    "plain_text",
    "streets_by_name",
]

Stretches = dict[str, tuple[tuple[str, str], ...]]  # street to beginnings and ends

PREFIXES = ("duong", "pho")  # "đường Trần Phú" is Trần Phú

ALONG_M = 15.0  # a street is meant by a drawn line that runs within this distance of it
MEANT_SHARE = 0.6
WHOLE_SHARE = 0.9  # a street drawn along so far is meant as a whole
LEAST_PART_M = 45.0  # of a street that is meant: a line that only crosses it runs 30 m along it
LEAST_M = 0.05
LEAST_STRETCH_M = 5.0
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
            near = near_names(word, sorted(set(names)))
            unknown.append(Note("asked.street", name=word, near=near))
        found.update(map(str, exact))
    if unknown:
        raise SettingsError(Note("asked.no_street", names=listed(unknown, len(unknown))))
    return sorted(found)


def plain_text(text: str) -> str:
    """
    Return a text as it is compared: without accents, case, doubled blanks and the word for street.

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
    >>> plain_text("  Phan Đình  Phùng"), plain_text("Đường Phan Đình Phùng")
    ('phan dinh phung', 'phan dinh phung')
    """
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    plain = " ".join("".join(c for c in letters if not unicodedata.combining(c)).casefold().split())
    first, _, rest = plain.partition(" ")
    return rest if first in PREFIXES and rest else plain


def chosen_graph(
    layers: Layers,
    streets: "Sequence[str] | gpd.GeoDataFrame | None",
    area: "shapely.Geometry | None",
) -> tuple[StreetGraph, tuple[str, ...], Stretches]:
    """
    Return the streets around those chosen as one graph, the chosen ones marked.

    Parameters
    ----------
    layers
        Layers of the plan; `streets` is needed.
    streets
        Names or ids, `name: from - to` for a part (crossing streets or metres from the beginning),
        or lines drawn along streets; None where the area says it.
    area
        Outline in the planning CRS; streets are cut at it.

    Returns
    -------
    graph
        Street graph whose table has the columns `chosen`, `bridge` and `unit`, the number of the
        street among the names, -1 where it is not chosen.
    names
        Names of the chosen streets, in the order in which they were named, else sorted.
    stretches
        For each of them that is not chosen as a whole the beginnings and ends as they were asked
        for, crossing streets by their names; none of these where an outline cuts it, or where some
        of its lines alone were asked for.

    Raises
    ------
    SettingsError
        If neither or both are given, a name is unknown, or no street is meant.
    """
    import geopandas as gpd
    import pandas as pd

    layers.need("streets", step="underground")
    if (streets is None or not len(streets)) == (area is None):
        raise SettingsError(Note("asked.streets_or_area"))
    table = layers.table("streets")
    rows = rows_of(table, "streets")
    rows["bridge"] = _texts(table.get("bridge"), rows)
    wanted: list[str] = []
    stretches: Stretches = {}
    if area is not None:
        parts = dict.fromkeys(rows.index, area)
    elif isinstance(streets, gpd.GeoDataFrame):
        parts = _drawn(rows, streets)
    else:
        parts, wanted, stretches = _named(rows, list(streets or ()))
    within = gpd.GeoSeries([parts.get(i) for i in rows.index], index=rows.index, crs=rows.crs)
    inside = rows.assign(geometry=rows.geometry.intersection(within), chosen=True)
    stretches = _cut_off(rows, inside) | stretches
    outside = rows.assign(geometry=rows.geometry.difference(within), chosen=False)
    outside["geometry"] = outside.geometry.where(within.notna(), rows.geometry)
    both = pd.concat([inside[within.notna()], outside])
    lined = both.geometry.length > LEAST_M
    rows = gpd.GeoDataFrame(both[lined], geometry="geometry", crs=rows.crs)
    rows["geometry"] = rows.geometry.map(_lines_only)
    if not rows["chosen"].any():
        raise SettingsError(Note("asked.empty_area" if area is not None else "asked.none_meant"))
    near = rows[rows["chosen"]].geometry.union_all().buffer(AROUND_M)
    around = rows[rows.geometry.intersects(near)]
    roads = rows_of(layers.table("roads"), "roads")
    roads["bridge"] = _texts(layers.table("roads").get("bridge"), roads)
    roads["chosen"] = False
    graph = noded(around, roads[roads.geometry.intersects(near)], crs=layers.crs)
    return graph, _numbered(graph, wanted), stretches


def _cut_off(rows: "gpd.GeoDataFrame", inside: "gpd.GeoDataFrame") -> Stretches:
    """Return the streets of which a part only lies inside."""
    whole_m = rows.geometry.length.groupby(rows["name"].astype(str)).sum()
    part_m = inside.geometry.length.groupby(rows["name"].astype(str)).sum()
    cut = (part_m > LEAST_M) & (part_m < WHOLE_SHARE * whole_m)
    return {str(name): () for name in cut.index[cut]}


def _numbered(graph: StreetGraph, wanted: list[str]) -> tuple[str, ...]:
    """Return the names of the chosen streets; their numbers go to the column `unit`."""
    chosen = graph.table["chosen"].to_numpy(dtype=bool)
    named = graph.table["name"].where(graph.table["name"].notna(), graph.table["ids"]).astype(str)
    found = sorted(set(named[chosen]))
    names = (
        *(n for n in dict.fromkeys(wanted) if n in found),
        *(n for n in found if n not in wanted),
    )
    number = {name: k for k, name in enumerate(names)}
    graph.table["unit"] = [
        number[name] if mine else -1 for name, mine in zip(named, chosen.tolist(), strict=True)
    ]
    return names


def _texts(values: "pd.Series | None", rows: "gpd.GeoDataFrame") -> "pd.Series":
    """Return a column of texts, empty ones and missing ones as None."""
    import pandas as pd

    if values is None:
        return pd.Series([None] * len(rows), index=rows.index, dtype=object)
    kept = values.astype(object).where(values.notna(), None)
    return kept.map(lambda text: text if isinstance(text, str) and text.strip() else None)


def _drawn(rows: "gpd.GeoDataFrame", streets: "gpd.GeoDataFrame") -> "dict[str, shapely.Geometry]":
    """Return for each street that is drawn, or listed, the ground in which it is meant."""
    if len(streets) and streets.index.isin(rows.index).all():
        return {i: rows.geometry[i].buffer(1.0) for i in streets.index}
    drawn = streets.to_crs(rows.crs).geometry.union_all().buffer(ALONG_M, cap_style="flat")
    length_m = rows.geometry.intersection(drawn).length
    share = length_m / rows.geometry.length
    meant = (share >= MEANT_SHARE) | (length_m >= LEAST_PART_M)
    whole = share >= WHOLE_SHARE
    return {i: rows.geometry[i].buffer(1.0) if whole[i] else drawn for i in rows.index if meant[i]}


def _named(
    rows: "gpd.GeoDataFrame", words: list[str]
) -> "tuple[dict[str, shapely.Geometry], list[str], Stretches]":
    """Return the ground of each street named, the names in order, and what parts were asked."""
    parts: dict[str, shapely.Geometry] = {}
    names: list[str] = []
    whole: set[str] = set()
    stretches: Stretches = {}
    proper = {plain_text(name): name for name in rows["name"].astype(str)}
    unknown: list[str] = []
    plain = {plain_text(name) for name in rows["name"].astype(str)}
    for word in words:
        stretch = None if plain_text(word) in plain or word in rows.index else split_words(word)
        try:
            ids = matching_streets(rows, [stretch[0] if stretch else word])
        except SettingsError as error:
            unknown.append(error.args[0].details["names"])
            continue
        names += [str(name) for name in rows.loc[ids, "name"]]
        if stretch is None:
            parts |= {i: rows.geometry[i].buffer(1.0) for i in ids}
            whole.update(str(name) for name in rows.loc[ids, "name"])
            continue
        ground = _stretch(rows, ids, stretch)
        if isinstance(ground, str):
            raise SettingsError(ground)
        for i in ids:
            if rows.geometry[i].intersection(ground).length > LEAST_M:
                parts[i] = parts[i].union(ground) if i in parts else ground
        first, last = (proper.get(plain_text(text), text) for text in stretch[1:])
        name = names[-1]
        stretches[name] = tuple(dict.fromkeys([*stretches.get(name, ()), (first, last)]))
    if unknown:
        raise SettingsError(Note("asked.no_street", names=listed(unknown, len(unknown))))
    return parts, names, {k: v for k, v in stretches.items() if k not in whole}


def _stretch(
    rows: "gpd.GeoDataFrame", ids: list[str], words: tuple[str, str, str]
) -> "shapely.Geometry | str":
    """Return the ground of a stretch of a street, or what is wrong with its words."""
    from shapely.ops import substring

    axis = axis_of(rows.loc[ids])
    if axis is None:
        return Note("asked.not_one_line", street=words[0])
    others = streets_by_name(rows)
    ends = []
    for text, empty in zip(words[1:], (0.0, axis.length), strict=True):
        at_m = place_along(axis, text, others, plain_text(text)) if text else empty
        if at_m is None:
            names = sorted(set(rows["name"].drop(ids).astype(str)))
            near = near_names(text, crossing_names(axis, names, others))
            length = f"{axis.length:.0f}"
            return Note("asked.no_place", street=words[0], place=text, length=length, near=near)
        ends.append(at_m)
    if abs(ends[1] - ends[0]) < LEAST_STRETCH_M:
        return Note("asked.no_stretch", street=words[0], first=words[1], last=words[2])
    return substring(axis, min(ends), max(ends)).buffer(1.0, cap_style="flat")


def crossing_names(
    axis: "shapely.LineString",
    names: Sequence[str],
    streets: Mapping[str, "shapely.Geometry"],
) -> list[str]:
    """
    Return the names of the streets that meet a street.

    Parameters
    ----------
    axis
        The street.
    names
        Other streets, as they are written.
    streets
        All rows of each name as one geometry, by name as it is compared.

    Returns
    -------
    names
        Those that `place_along` finds, in the same order.
    """
    return [
        name for name in names if place_along(axis, name, streets, plain_text(name)) is not None
    ]


def streets_by_name(rows: "gpd.GeoDataFrame") -> "dict[str, shapely.Geometry]":
    """
    Return the streets by name as it is compared.

    Parameters
    ----------
    rows
        Layer `streets`.

    Returns
    -------
    streets
        All rows of each name as one geometry.
    """
    plain = rows["name"].astype(str).map(plain_text)
    return {str(name): part.geometry.union_all() for name, part in rows.groupby(plain)}


def _lines_only(geometry: "shapely.Geometry") -> "shapely.Geometry":
    """Return the lines of a geometry, without points where it only touches."""
    import shapely

    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.line_merge(
        shapely.multilinestrings([p for p in parts if p.geom_type == "LineString"])
    )


def near_names(word: str, names: list[str]) -> str:
    """
    Return the names nearest to a word, as words for a message.

    Parameters
    ----------
    word
        What was asked for.
    names
        Names that there are.

    Returns
    -------
    words
        `near: ...`, or that none is near.
    """
    by_plain = {plain_text(name): name for name in names}
    close = get_close_matches(plain_text(word), list(by_plain), n=3, cutoff=0.5)
    if not close:
        return Note("asked.none_near")
    return Note("asked.near", names=", ".join(by_plain[c] for c in close))
