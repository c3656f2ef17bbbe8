"""What the rows of a list say of their place besides coordinates: a commune, a known id."""

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.layers.convert import plain
from infraplan.layers.convert import tidy
from infraplan.layers.names import bare_name
from infraplan.layers.names import match_names
from infraplan.layers.names import name_key
from infraplan.layers.schemas import schema
from infraplan.packaged import data_path
from infraplan.packaged import read_toml

if TYPE_CHECKING:
    from infraplan.layers.known import KnownPlaces

__all__ = ["known_points", "named_communes", "row_evidence"]

Floats = npt.NDArray[np.float64]

ADDRESSES = 2_000  # rows whose address is searched for a commune
BY_POSITION = ("sites", "requests", "candidates")  # layers whose ids stand for a place
OTHER_UNITS = ("huyen ", "tinh ", "thi xa ", "thanh pho ", "quan ", "tx ", "tp ", "h ", "t ")
ADDRESS_PARTS = re.compile(r"\s*[,;\n]\s*|\s+[-–]\s+")


def row_evidence(
    sheet: pd.DataFrame, frame: pd.DataFrame, layer: str, places: "KnownPlaces | None"
) -> tuple[pd.Series | None, pd.Series | None]:
    """
    Return which commune and which known place each row of a list names.

    Parameters
    ----------
    sheet
        Cells as read, under the owner's headings.
    frame
        The same rows, its columns named as in the schema.
    layer
        Name of the layer.
    places
        What the plan knows, or None.

    Returns
    -------
    commune_names
        Name of the commune, by its code, its own column or the address; None where no row has one.
    ids
        Id of the mast or station, those first that the plan has; None where rows have none.
    """
    ids = _row_ids(frame, layer, places)
    if places is None or not len(places.communes) or layer in ("communes", "districts"):
        return None, ids
    names = pd.Series([""] * len(frame), dtype=object)
    if "commune_code" in frame:
        named = places.communes["name"].rename(index=str)
        names = frame["commune_code"].map(tidy).map(named).fillna("").astype(object)
        names = names.reset_index(drop=True)
    column = next((head for head in sheet.columns if plain(str(head)) in _commune_headings()), None)
    if column is not None:
        said = sheet[column].map(tidy).reset_index(drop=True)
        names = names.where(names != "", said)
    if "address" in frame and (names == "").any():
        names = names.where(names != "", _from_addresses(frame["address"], places))
    return (names if (names != "").any() else None), ids


def _row_ids(frame: pd.DataFrame, layer: str, places: "KnownPlaces | None") -> pd.Series | None:
    """Return the id of each row's mast or station, the one that the plan has before the other."""
    key = schema(layer).key
    if layer not in BY_POSITION or not ({key, "mast_id"} & set(frame.columns)):
        return None
    nothing = pd.Series([""] * len(frame), index=frame.index, dtype=object)
    mast = frame["mast_id"].map(tidy) if "mast_id" in frame else nothing
    own = frame[key].map(tidy) if key in frame else nothing
    known = set(_known_sites(places)) if places is not None and len(places.sites) else set()
    by_mast = (mast != "") & (mast.isin(known) | ~own.isin(known))
    return mast.where(by_mast, own).reset_index(drop=True)


def _from_addresses(addresses: pd.Series, places: "KnownPlaces") -> pd.Series:
    """Return the commune that each address names, of rows evenly spread where there are many."""
    spellings = _spellings(places)
    keys = {_key(name) for forms in spellings.values() for name in forms}
    texts = addresses.map(tidy).reset_index(drop=True)
    rows = np.unique(np.linspace(0, max(len(texts) - 1, 0), min(len(texts), ADDRESSES)).astype(int))
    found = {text: _in_address(text, keys) for text in texts.iloc[rows].unique()}
    searched = np.zeros(len(texts), dtype=bool)
    searched[rows] = True
    return texts.where(searched, "").map(lambda text: found.get(text, "")).astype(object)


def _in_address(address: str, keys: set[str]) -> str:
    """Return the part of an address that names a commune; the one that says its kind first."""
    parts = [part.strip() for part in ADDRESS_PARTS.split(address) if part.strip()]
    parts = [part for part in parts if not plain(part).startswith(OTHER_UNITS)]
    parts.sort(key=lambda part: bare_name(part) == part)
    return next((part for part in parts if _key(part) in keys), "")


def named_communes(
    names: pd.Series | None, places: "KnownPlaces | None", count: int
) -> npt.NDArray[np.int64]:
    """
    Return which commune of the plan each row names.

    Parameters
    ----------
    names
        Name of each row's commune, or None.
    places
        What the plan knows, or None.
    count
        Rows that there are.

    Returns
    -------
    named
        Place of the commune among those of the plan; -1 where a name is none of them.
    """
    if names is None or places is None:
        return np.full(count, -1, dtype=np.int64)
    spellings = _spellings(places)
    keys = {_key(name) for forms in spellings.values() for name in forms}
    texts = [text for text in dict.fromkeys(names) if text and _key(text) in keys]
    matches = match_names(texts, spellings, propose=False)
    order = {str(code): place for place, code in enumerate(places.communes.index)}
    found = {text: order[match.code] for text, match in matches.items() if match.code is not None}
    return np.array([found.get(text, -1) for text in names], dtype=np.int64)


def known_points(ids: pd.Series | None, places: "KnownPlaces | None", count: int) -> Floats:
    """
    Return where the plan has the station or mast of each row.

    Parameters
    ----------
    ids
        Id of each row's station or mast, or None.
    places
        What the plan knows, or None.
    count
        Rows that there are.

    Returns
    -------
    known
        Positions in the planning CRS, shape (rows, 2); NaN where the plan has none [m].
    """
    known = np.full((count, 2), np.nan)
    if ids is None or places is None or not len(places.sites):
        return known
    at = _known_sites(places)
    for place, name in enumerate(ids):
        if name in at:
            known[place] = at[name]
    return known


def _known_sites(places: "KnownPlaces") -> dict[str, tuple[float, float]]:
    """Return the position of each mast and station of a plan by its id."""
    sites = places.sites
    points = sites.geometry
    xy = list(zip(points.x, points.y, strict=True))
    masts = sites.get("mast_id", sites.index)
    at = {str(mast): place for mast, place in zip(masts, xy, strict=True) if pd.notna(mast)}
    return at | {str(site): place for site, place in zip(sites.index, xy, strict=True)}


def _spellings(places: "KnownPlaces") -> dict[str, tuple[str, ...]]:
    """Return the names of each commune of a plan: the bare one, and the one with its kind."""
    communes = places.communes
    full = communes.get("full_name", communes["name"])
    kind = communes.get("type", pd.Series("", index=communes.index))
    return {
        str(code): (bare_name(name), tidy(long) or f"{tidy(what)} {bare_name(name)}".strip())
        for code, name, long, what in zip(communes.index, communes["name"], full, kind, strict=True)
    }


def _key(name: str) -> str:
    """Return a name as it is looked up before it is matched in earnest."""
    return plain(name_key(bare_name(name)))


@cache
def _commune_headings() -> frozenset[str]:
    """Return the headings under which a list names communes, made plain."""
    aliases = read_toml(data_path("text/aliases.toml"))["columns"]["any"]["commune"]
    return frozenset(plain(name) for name in ("commune", *aliases))
