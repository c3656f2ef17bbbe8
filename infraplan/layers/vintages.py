"""
Of which vintage the communes of a list are, and how units of one vintage lie on those of another.

Codes were re-used by the reforms of 2025 and names too, so neither says alone what is meant. A row
speaks for a vintage where its name, its kind (xã, phường, thị trấn), its code and its district are
those of one unit of that vintage; rows that speak for one vintage and not for another decide.
"""

import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import Fault
from infraplan.layers.convert import plain
from infraplan.layers.convert import tidy
from infraplan.layers.crosswalk import MOVE
from infraplan.layers.crosswalk import with_move_ids
from infraplan.layers.names import bare_name
from infraplan.layers.names import match_names
from infraplan.layers.names import name_key
from infraplan.layers.notes import Note
from infraplan.layers.notes import listed
from infraplan.layers.notes import note_told
from infraplan.layers.schemas import VINTAGES
from infraplan.text import Words

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "Derived",
    "Unit",
    "Units",
    "VintageGuess",
    "ambiguous_vintage",
    "code_text",
    "derive_crosswalk",
    "parted_unit",
    "same_district",
    "units_of",
    "vintage_of",
    "which_vintage",
]

Mask = npt.NDArray[np.bool_]

WITHOUT_DISTRICTS = ("2025-07",)
LEAST_SHARE = 0.5  # of the units of a list, below which no vintage is taken
ODDS = 3  # by how much rows for a vintage must outnumber those for another
SLIVER_SHARE = 0.005  # of an old unit: less is how two maps were drawn, not where ground went
KINDS = (
    ("phường", r"phuong|p"), ("xã", r"xa|x"), ("thị trấn", r"thi tran|t t|tt"),
    ("đặc khu", r"dac khu"),
)  # fmt: skip
DISTRICT_KINDS = (
    ("huyện", r"huyen|h"), ("thị xã", r"thi xa|tx"), ("thành phố", r"thanh pho|tp"),
    ("quận", r"quan|q"),
)  # fmt: skip
EVIDENCE = (("name", "code", "district"), ("name", "code"), ("name",), ("code",))


@dataclass(frozen=True, slots=True)
class Unit:
    """A commune-level unit of one vintage: bare name, name with its kind, district if any."""

    code: str
    name: str
    full_name: str
    district: str = ""


Units = Mapping[str, Sequence[Unit]]  # by vintage


@dataclass(frozen=True, slots=True)
class VintageGuess:
    """
    Of which vintage the communes of a list are.

    `vintage` is None where nothing speaks for one, or where `ambiguous` names the vintages between
    which nothing decides. `share_by_vintage` is the share of the list's different units that fit,
    `basis` what they were compared by (`name_code_district` ... `code`), `margin` how far the next
    best vintage is behind [0, 1], `deciding` a few units that fit the best and not the next.
    """

    vintage: str | None
    share_by_vintage: Mapping[str, float] = field(default_factory=dict)
    basis: str = ""
    ambiguous: tuple[str, ...] = ()
    margin: float = 0.0
    units: int = 0
    deciding: tuple[str, ...] = ()

    def told(self, words: Words) -> str:
        """
        Return what was understood, for a person to agree to.

        Parameters
        ----------
        words
            Catalogue of a language.

        Returns
        -------
        text
            One or two sentences.
        """
        return note_told(self.note(), words)

    def note(self) -> Note:
        """
        Return what was understood, to be told in any language.

        Returns
        -------
        note
            One or two sentences.
        """
        if self.ambiguous:
            marks = [Note(f"vintages.mark_{mark}") for mark in self.ambiguous]
            return Note("vintages.ambiguous", marks=listed(marks, len(marks)))
        if self.vintage is None:
            return Note("vintages.unknown")
        mark = Note(f"vintages.mark_{self.vintage}")
        note = Note("vintages.taken", mark=mark, **self._shares(self.vintage))
        if not self.deciding:
            return note
        deciding = Note("vintages.deciding", names=", ".join(self.deciding))
        return Note("notes.both", first=note, second=deciding)

    def why(self) -> str:
        """
        Return why the vintage was taken.

        Returns
        -------
        why
            `said`, or a note; empty where none was.
        """
        if self.vintage is None or self.basis == "said":
            return self.basis and "said"
        return Note("vintages.fits", **self._shares(self.vintage))

    def _shares(self, vintage: str) -> dict[str, str]:
        """Return how many units fit a vintage, and by what."""
        return {
            "share": f"{100.0 * self.share_by_vintage[vintage]:.0f}",
            "count": str(self.units),
            "by": Note(f"vintages.by_{self.basis}"),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """
    A crosswalk made by laying new communes over old ones.

    `table` has the columns of layer `crosswalk`. `slivers` are overlaps that were left out, as old
    code, new code and share of the old unit; `lost` are old units that no new one covers.
    """

    table: pd.DataFrame
    slivers: tuple[tuple[str, str, float], ...] = ()
    lost: tuple[str, ...] = ()


def code_text(cell: object) -> str:
    """
    Return the code of a unit as text, whatever a spreadsheet made of it.

    Parameters
    ----------
    cell
        Cell of a column of codes.

    Returns
    -------
    code
        Empty where the cell is.

    Examples
    --------
    >>> code_text("18073.0"), code_text(18073), code_text(" 00256 ")
    ('18073', '18073', '00256')
    """
    return re.sub(r"^(\d+)\.0+$", r"\1", tidy(cell))


def parted_unit(text: object) -> tuple[str, str]:
    """
    Return the name of a commune and of the district written behind it.

    Parameters
    ----------
    text
        Such as `xã Thạch Tân, huyện Thạch Hà` or `Thạch Tân (Thạch Hà)`.

    Returns
    -------
    parts
        Name as written, and district, empty where none is written.

    Examples
    --------
    >>> parted_unit("xã Hộ Độ, huyện Lộc Hà, tỉnh Hà Tĩnh"), parted_unit("P. Bắc Hà")
    (('xã Hộ Độ', 'huyện Lộc Hà'), ('P. Bắc Hà', ''))
    """
    name, _, rest = re.sub(r"\s*[(]", ", ", tidy(text)).rstrip(" )").partition(",")
    district = rest.split(",")[0].strip(" )-")
    return name.strip(" -"), "" if plain(district).startswith("tinh ") else district


def same_district(written: str, known: str) -> bool:
    """
    Return whether two ways of writing may mean one district.

    Parameters
    ----------
    written
        Such as `TX Kỳ Anh`; empty fits any.
    known
        Such as `Thị xã Kỳ Anh`; empty fits any.

    Returns
    -------
    same
        True unless the names differ, or the kinds where both are written.

    Examples
    --------
    >>> same_district("TX. Kỳ Anh", "Thị xã Kỳ Anh"), same_district("H. Kỳ Anh", "Thị xã Kỳ Anh")
    (True, False)
    """
    if not written or not known:
        return True
    (kind, name), (other, own) = (_kind_and_name(x, DISTRICT_KINDS) for x in (written, known))
    return name == own and (not kind or not other or kind == other)


def units_of(crosswalk: pd.DataFrame) -> dict[str, tuple[Unit, ...]]:
    """
    Return the named units on both sides of a crosswalk.

    Parameters
    ----------
    crosswalk
        Layer `crosswalk`.

    Returns
    -------
    units
        By vintage, in the order of their codes; a vintage of which no unit has a name is left out.
    """
    found: dict[str, dict[str, Unit]] = {}
    for side in ("from", "to"):
        columns = [f"{side}_{part}" for part in ("vintage", "code", "name", "district")]
        rows = crosswalk.reindex(columns=columns).map(tidy)
        for vintage, code, name, district in rows.itertuples(index=False, name=None):
            if name:
                unit = Unit(code, bare_name(name), name, district)
                known = found.setdefault(vintage, {}).setdefault(code, unit)
                if district and not known.district:
                    found[vintage][code] = unit
    return {
        vintage: tuple(units[code] for code in sorted(units))
        for vintage, units in sorted(found.items())
    }


def vintage_of(text: object) -> str | None:
    """
    Return the vintage that a cell says.

    Parameters
    ----------
    text
        A vintage, or a day or month on which the units held.

    Returns
    -------
    vintage
        None where the cell says neither; `2025` alone says neither.

    Examples
    --------
    >>> [vintage_of(text) for text in ("2024", "01/01/2025", "tháng 7/2025", "2025-07-01", "2025")]
    ['2024', '2025-01', '2025-07', '2025-07', None]
    """
    said = tidy(text)
    if said in VINTAGES:
        return said
    if found := re.search(r"(?<!\d)(?:\d{1,2}[/.-])?(\d{1,2})[/.-](\d{4})(?!\d)", said):
        month, year = map(int, found.groups())
    elif found := re.search(r"(?<!\d)(\d{4})-(\d{1,2})(?!\d)", said):
        year, month = map(int, found.groups())
    elif re.fullmatch(r"(?:năm\s*)?\d{4}", said) and not said.endswith("2025"):
        year, month = int(said[-4:]), 12
    else:
        return None
    if not 1 <= month <= 12 or year < 2020:
        return None
    return VINTAGES[0] if year < 2025 else VINTAGES[1] if (year, month) < (2025, 7) else VINTAGES[2]


def which_vintage(
    names: Sequence[str], codes: Sequence[str], districts: Sequence[str], known: Units
) -> VintageGuess:
    """
    Return of which vintage the communes of a list are.

    Parameters
    ----------
    names
        Names of communes as written, one a row; empty where a row has none.
    codes
        Codes, one a row; empty where a row has none.
    districts
        Districts, one a row; empty where a row has none.
    known
        Units of the vintages between which to choose.

    Returns
    -------
    guess
        The vintage, or those that cannot be told apart; each different unit of the list counts
        once, however many rows it has.

    Notes
    -----
    Name, code and district are first asked for together; less is asked where half of the list would
    otherwise fit nothing. A list with districts does not fit a vintage that has none.
    """
    rows = sorted(
        {
            (tidy(name), code_text(code), tidy(district))
            for name, code, district in zip(names, codes, districts, strict=True)
            if tidy(name) or tidy(code)
        }
    )
    if not rows or not known:
        return VintageGuess(None, units=len(rows))
    has = {
        "name": any(name for name, _, _ in rows),
        "code": any(code for _, code, _ in rows),
        "district": any(district for _, _, district in rows),
    }
    tried = dict.fromkeys(tuple(kind for kind in asked if has[kind]) for asked in EVIDENCE)
    best = VintageGuess(None, units=len(rows))
    for asked in tried:
        if not asked or asked == ("district",):
            continue
        fits = {vintage: _fits(rows, units, vintage, asked) for vintage, units in known.items()}
        best = _judged(rows, fits, "_".join(asked))
        if best.vintage is not None or best.ambiguous:
            return best
    return best


def ambiguous_vintage(guess: VintageGuess, column: str = "") -> Fault:
    """
    Return the fault of a list whose vintage must be said by a person.

    Parameters
    ----------
    guess
        A guess that is ambiguous.
    column
        Column of the names of communes.

    Returns
    -------
    fault
        With code `vintage_ambiguous`.
    """
    marks, options = ", ".join(guess.ambiguous), " or ".join(guess.ambiguous)
    return Fault(
        what="the communes of the list may be those of several dates, whose figures differ",
        column=column,
        found=f"all of its units fit {marks}",
        expected="one administrative vintage",
        remedy=f"ask the list's owner for its date, and say it with --vintage {options}",
        code="vintage_ambiguous",
        details=(("marks", marks),),
    )


def derive_crosswalk(
    old: "gpd.GeoDataFrame",
    new: "gpd.GeoDataFrame",
    *,
    from_vintage: str,
    to_vintage: str,
    people: "gpd.GeoDataFrame | None" = None,
    sliver_share: float = SLIVER_SHARE,
) -> Derived:
    """
    Return which old commune became which new one, by their ground and the people on it.

    Parameters
    ----------
    old
        Polygons of the old communes by code, in a projected CRS; `name`, `full_name` where known.
    new
        Polygons of the new communes by code, in the same CRS.
    from_vintage
        Vintage of the old communes.
    to_vintage
        Vintage of the new communes.
    people
        Points with `people`, such as hamlets or the pixels of a raster, in the same CRS; None where
        nothing is known.
    sliver_share
        Share of an old unit, [0, 0.5), below which an overlap is taken for an error of drawing.

    Returns
    -------
    derived
        The crosswalk, with shares of people and ground that add up to 1 for each old unit.
        `people_share` is empty for units without any of the points.
    """
    import shapely

    shapes, grounds = old.geometry.to_numpy(), new.geometry.to_numpy()
    mine, theirs = shapely.STRtree(grounds).query(shapes, predicate="intersects")
    overlap = shapely.area(shapely.intersection(shapes[mine], grounds[theirs]))
    moves = pd.DataFrame({"old": mine, "new": theirs, "area": overlap})
    moves["share"] = moves["area"] / shapely.area(shapes)[mine]
    moves = moves[moves["area"] > 0.0]
    largest = moves.groupby("old")["area"].transform("max") == moves["area"]
    is_sliver = (moves["share"] < sliver_share) & ~largest
    kept = moves[~is_sliver].sort_values(["old", "new"], ignore_index=True)
    kept["area_share"] = kept["area"] / kept.groupby("old")["area"].transform("sum")
    kept["people_share"] = _people_shares(kept, shapes, grounds, people)
    codes, ends = old.index.astype("str").to_numpy(), new.index.astype("str").to_numpy()
    thin = moves[is_sliver]
    slivers = tuple(
        (str(codes[a]), str(ends[b]), float(share))
        for a, b, share in zip(thin["old"], thin["new"], thin["share"], strict=True)
    )
    lost = tuple(map(str, np.delete(codes, kept["old"].unique())))
    named = {
        "from_name": _full_names(old)[kept["old"]],
        "to_name": _full_names(new)[kept["new"]],
        "divided": (kept.groupby("old")["new"].transform("size") > 1).astype("boolean"),
    }
    table = pd.DataFrame(
        {
            "from_code": codes[kept["old"]], "from_vintage": from_vintage,
            "to_code": ends[kept["new"]], "to_vintage": to_vintage, **named,
            "from_district": None, "to_district": None,
            "people_share": kept["people_share"], "area_share": kept["area_share"],
        }
    )  # fmt: skip
    texts = [*MOVE, "from_name", "to_name", "from_district", "to_district"]
    return Derived(with_move_ids(table.astype(dict.fromkeys(texts, "str"))), slivers, lost)


def _people_shares(
    moves: pd.DataFrame,
    shapes: npt.NDArray[np.object_],
    grounds: npt.NDArray[np.object_],
    people: "gpd.GeoDataFrame | None",
) -> pd.Series:
    """Return the share of the people of each old unit that each move took; NaN without people."""
    import shapely

    if people is None or not len(people):
        return pd.Series(np.nan, index=moves.index)
    points = people.geometry.representative_point().to_numpy()
    weight = people["people"].to_numpy(dtype=np.float64, na_value=0.0)
    counted = pd.DataFrame({"point": np.arange(len(points)), "weight": weight}).set_index("point")
    for name, areas in (("old", shapes), ("new", grounds)):
        point, area = shapely.STRtree(areas).query(points, predicate="intersects")
        counted[name] = pd.Series(area, index=point).groupby(level=0).min()
    inside = counted.dropna().groupby(["old", "new"])["weight"].sum()
    found = inside.reindex(pd.MultiIndex.from_frame(moves[["old", "new"]]), fill_value=0.0)
    sums = pd.Series(found.to_numpy(), index=moves.index)
    whole = sums.groupby(moves["old"]).transform("sum")
    return (sums / whole.where(whole > 0)).astype("float64")


def _full_names(communes: "gpd.GeoDataFrame") -> npt.NDArray[np.object_]:
    """Return the names of communes with their kind where it is known."""
    full = communes.reindex(columns=["full_name", "type", "name"]).map(tidy)
    made = (full["type"].str.capitalize() + " " + full["name"].map(bare_name)).str.strip()
    return np.asarray(full["full_name"].where(full["full_name"] != "", made), dtype=object)


def _kind_and_name(text: str, kinds: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """Return the kind that a name begins with, empty where none does, and its key without it."""
    words = [word for word in re.split(r"[\s._\-]+", tidy(text)) if word]
    for kind, pattern in kinds:
        for count in (1, 2):
            start = plain(" ".join(words[:count]))
            if len(words) > count and re.fullmatch(pattern, start):
                return kind, name_key(" ".join(words[count:]))
    return "", name_key(" ".join(words))


def _fits(
    rows: Sequence[tuple[str, str, str]], units: Sequence[Unit], vintage: str, asked: Sequence[str]
) -> Mask:
    """Return which rows are a unit of a vintage, by what is asked for."""
    by_code = {unit.code: unit for unit in units}
    names = {unit.code: (unit.name, unit.full_name) for unit in units}
    written = [name for name, _, _ in rows if name]
    matches = match_names(written, names, propose=False) if "name" in asked else {}
    return np.array([_is_unit(row, by_code, matches, (vintage, asked)) for row in rows], dtype=bool)


def _is_unit(
    row: tuple[str, str, str],
    by_code: Mapping[str, Unit],
    matches: Mapping[str, object],
    judged: tuple[str, Sequence[str]],
) -> bool:
    """Return whether a row is a unit of a vintage."""
    name, code, district = row
    vintage, asked = judged
    meant = set(by_code)
    if "name" in asked and name:
        match = matches[name]
        found = (getattr(match, "code", None), *getattr(match, "candidates", ()))
        meant = {unit for unit in found if unit and _same_kind(name, by_code[unit].full_name)}
    elif "name" in asked and "code" not in asked:
        return False
    if "code" in asked and code:
        meant &= {code}
    elif "code" in asked and "name" not in asked:
        return False
    if "district" in asked and district:
        if vintage in WITHOUT_DISTRICTS:
            return False
        meant = {unit for unit in meant if same_district(district, by_code[unit].district)}
    return bool(meant)


def _same_kind(written: str, known: str) -> bool:
    """Return whether the kinds of two names agree, where both are written."""
    kinds = {_kind_and_name(text, KINDS)[0] for text in (written, known)} - {""}
    return len(kinds) < 2


def _judged(
    rows: Sequence[tuple[str, str, str]], fits: Mapping[str, Mask], basis: str
) -> VintageGuess:
    """Return which vintage the rows speak for."""
    shares = {vintage: float(mask.mean()) for vintage, mask in fits.items()}
    order = sorted(shares, key=lambda mark: (-shares[mark], -VINTAGES.index(mark)))
    best, others = order[0], order[1:]
    if shares[best] < LEAST_SHARE:
        return VintageGuess(None, shares, basis, units=len(rows))
    rivals = [other for other in others if not _outvoted(fits[best], fits[other])]
    margin = shares[best] - max((shares[other] for other in others), default=0.0)
    if rivals:
        marks = tuple(sorted((best, *rivals), key=VINTAGES.index))
        return VintageGuess(None, shares, basis, marks, margin, len(rows))
    alone = fits[best] & ~fits[others[0]] if others else fits[best]
    shown = [row[0] or row[1] for row, is_alone in zip(rows, alone, strict=True) if is_alone]
    return VintageGuess(best, shares, basis, (), margin, len(rows), tuple(shown[:3]))


def _outvoted(best: Mask, other: Mask) -> bool:
    """Return whether rows that only the best vintage fits are many more than the reverse."""
    votes, against = int((best & ~other).sum()), int((other & ~best).sum())
    return votes > 0 and votes >= ODDS * against
