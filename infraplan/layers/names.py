"""
Names of communes as people write them, matched to those that a plan has.

Thạch Hạ and Thạch Hà are two communes, so an accented name is compared with its accents; Hoà and
Hòa are one, and so are composed and decomposed letters, Kì and Kỳ. Only a name typed without any
accent is compared without. Nothing is taken that could mean two units; the nearest name is only
proposed.
"""

import difflib
import re
import unicodedata
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from infraplan.layers.convert import plain
from infraplan.layers.convert import tidy

__all__ = ["Match", "bare_name", "match_names", "name_key"]

TONES = "\u0300\u0301\u0303\u0309\u0323"  # grave, acute, tilde, hook above, dot below
COMMUNE, ABOVE, BELOW = "commune", "above", "below"
KINDS = (
    (r"thị trấn\b|t\.\s*t\.|tt\.|tt\b", "thị trấn", COMMUNE),
    (r"thị xã\b|t\.\s*x\.|tx\.|tx\b", "thị xã", ABOVE),
    (r"thành phố\b|t\.\s*p\.|tp\.|tp\b", "thành phố", ABOVE),
    (r"huyện\b|h\.", "huyện", ABOVE),
    (r"quận\b|q\.|q(?=\d)", "quận", ABOVE),
    (r"tỉnh\b|t\.", "tỉnh", ABOVE),
    (r"đặc khu\b", "đặc khu", COMMUNE),
    (r"phường\b|p\.|p(?=\d)", "phường", COMMUNE),
    (r"xã\b|x\.", "xã", COMMUNE),
    (r"(?:thi xa|thanh pho|huyen|quan|tinh)\b", "huyện", ABOVE),  # typed without accents
    (r"(?:xa|phuong|thi tran|dac khu)\b", "", COMMUNE),
)
WARD = r"tổ dân phố|khối phố|khu phố|to dan pho|khoi pho|khu pho|t\.?d\.?p|k\.?p"
HAMLETS = (
    (r"(?:thôn|xóm|bản|ấp|thon|xom|ban|ap)(?![^\W\d_])", "thôn", BELOW),
    (rf"(?:{WARD})(?![^\W\d_])\.?", "tổ dân phố", BELOW),
)
NUMERALS = {
    "i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5",
    "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10",
}  # fmt: skip
PARTS = re.compile(r"\s*[,;]\s*|\s+[-–—]\s+")
Y_FOR_I = re.compile(r"^([^aeiouyăâêôơư]+|qu)y$")
REMEMBERED = 1 << 15  # names; those of a plan are looked for again and again
ALIKE = 0.6  # of the letters, from which another name is worth proposing


@dataclass(frozen=True, slots=True)
class Match:
    """
    What a name means.

    `code` is that of the unit, or None; `candidates` are the units it could mean where they are
    several; `nearest` is the full name of the unit most alike where there is none.
    """

    code: str | None
    candidates: tuple[str, ...] = ()
    nearest: str = ""


def name_key(text: object) -> str:
    """
    Return a name so that its spellings compare equal and other names do not.

    Parameters
    ----------
    text
        Name in any Unicode form, with the tone on any vowel of its syllable.

    Returns
    -------
    key
        Lower-case syllables, each with its tone behind it.

    Examples
    --------
    >>> name_key("Hoà Lạc") == name_key("HÒA  LẠC"), name_key("Thạch Hạ") == name_key("Thạch Hà")
    (True, False)
    """
    return _key(tidy(text))


@lru_cache(REMEMBERED)
def _key(text: str) -> str:
    """Return the key of a tidy name."""
    words = re.split(r"[\s\-_.,]+", text.lower().replace("ð", "đ"))
    return _numbered(" ".join(_syllable(word) for word in words if word))


def bare_name(text: object) -> str:
    """
    Return the name of a commune without its kind.

    Parameters
    ----------
    text
        Name, with or without xã, phường or thị trấn before it.

    Returns
    -------
    name
        The bare name; the text itself where nothing else would be left.

    Examples
    --------
    >>> bare_name("P. Thành Sen"), bare_name("thị trấn Thạch Hà"), bare_name("Xã Xuân Lộc")
    ('Thành Sen', 'Thạch Hà', 'Xuân Lộc')
    """
    return _parted(text, KINDS)[1]


def match_names(
    texts: Iterable[str],
    names: Mapping[str, Collection[str]],
    *,
    districts: Mapping[str, str] | None = None,
    propose: bool = True,
) -> dict[str, Match]:
    """
    Return which unit each name means.

    Parameters
    ----------
    texts
        Names as written.
    names
        Code of each unit to its names: the bare one, the one with its kind.
    districts
        Code of each unit to the name of its district: of several units of one name, that is taken
        whose district stands behind a comma.
    propose
        True to look for the name most alike where a name is none of them, which takes long.

    Returns
    -------
    matches
        One for each different text. A name with its kind is first looked for as such, then without;
        without accents only where the text itself has none. Of an address, the part counts that
        says to be a commune; a district or province is never taken for a commune of its name.

    Examples
    --------
    >>> names = {"1": ("Thạch Hà", "Xã Thạch Hà"), "2": ("Thạch Hạ", "Xã Thạch Hạ")}
    >>> found = match_names(["X. Thạch Hà, H. Thạch Hà, T. Hà Tĩnh", "H. Thạch Hà"], names)
    >>> [match.code for match in found.values()]
    ['1', None]
    """
    index: list[dict[str, set[str]]] = [{}, {}, {}]
    ranks = set()
    for code, spellings in names.items():
        for spelling in spellings:
            ranks.add(_rank(spelling))
            for level, key in enumerate(_keys(spelling, loosely=True)):
                if key:
                    index[level].setdefault(key, set()).add(code)
    shown = {code: max(map(tidy, spellings), key=len) for code, spellings in names.items()}
    known = _Known(index, shown, frozenset(ranks), districts or {}, propose)
    return {text: _match(text, known) for text in dict.fromkeys(texts)}


@dataclass(frozen=True, slots=True)
class _Known:
    """Units by their keys, from the strictest to the loosest, and their names as shown."""

    index: list[dict[str, set[str]]]
    shown: Mapping[str, str]
    ranks: frozenset[str]
    districts: Mapping[str, str]
    propose: bool


def _match(text: str, known: _Known) -> Match:
    """Return what one name or address means."""
    found = _found(text, known)
    parts = [part for part in PARTS.split(tidy(text)) if part]
    if not found and len(parts) > 1:
        found = _of_address(parts, known)
    if len(found) > 1 and len(parts) > 1:
        found = _in_district(found, parts, known.districts)
    if len(found) == 1:
        return Match(found[0])
    if found:
        return Match(None, tuple(found))
    if not known.propose:
        return Match(None)
    names = list(known.index[2])
    near = difflib.get_close_matches(
        _loose(bare_name(parts[0] if parts else text)), names, n=1, cutoff=ALIKE
    )
    return Match(None, (), known.shown[min(known.index[2][near[0]])] if near else "")


def _found(text: str, known: _Known) -> list[str]:
    """Return the units that a name means by the first way of comparing that finds any."""
    loosely = not _is_accented(text)
    whole = ("", name_key(text), _loose(text) if loosely else "")  # Tinh Khe is no province
    is_other = _rank(text) == ABOVE and ABOVE not in known.ranks
    for keys in (whole, () if is_other else _keys(text, loosely=loosely)):
        for level, key in enumerate(keys):
            if found := sorted(known.index[level].get(key, ())) if key else []:
                return found
    return []


def _of_address(parts: Iterable[str], known: _Known) -> list[str]:
    """Return the units that the parts of an address mean: those said to be communes before all."""
    ranked = [(part, _rank(part)) for part in parts]
    said = [part for part, rank in ranked if rank == COMMUNE]
    open_ones = [part for part, rank in ranked if not rank]
    found = {code for part in said or open_ones for code in _found(part, known)}
    return sorted(found)


def _in_district(found: list[str], parts: Iterable[str], districts: Mapping[str, str]) -> list[str]:
    """Return those of several units that lie in a district which an address names."""
    named = {name_key(bare_name(part)) for part in parts}
    within = [
        code
        for code in found
        if code in districts and name_key(bare_name(districts[code])) in named
    ]
    return within or found


def _keys(text: object, *, loosely: bool) -> tuple[str, str, str]:
    """Return a name's keys: with its kind, without, and without accents."""
    kind, bare, rank = _parted(text, (*HAMLETS, *KINDS))
    key = name_key(bare)
    if rank == BELOW:
        key = NUMERALS.get(key, key)
    if rank == BELOW and key.isdecimal():  # Thôn 2 is no Tổ dân phố 2
        return (f"{kind} {key}", "", f"{plain(kind)} {key}" if loosely else "")
    return (f"{kind} {key}" if kind else "", key, _loose(bare) if loosely else "")


def _loose(text: str) -> str:
    """Return a name without accents."""
    return _numbered(plain(text))


def _numbered(key: str) -> str:
    """Return a key whose last word is an Arabic number where it is a Roman one, without zeros."""
    start, _, last = key.rpartition(" ")
    if last.isdecimal():
        last = last.lstrip("0") or "0"
    elif start:
        last = NUMERALS.get(last, last)
    return f"{start} {last}" if start else last


def _rank(text: object) -> str:
    """Return whether a name says to be of a commune, of a unit above or below; else empty."""
    return _parted(text, (*HAMLETS, *KINDS))[2]


def _parted(text: object, kinds: Iterable[tuple[str, str, str]]) -> tuple[str, str, str]:
    """Return kind, bare name and rank of a unit."""
    return _split(tidy(text), tuple(kinds))


@lru_cache(REMEMBERED)
def _split(name: str, kinds: tuple[tuple[str, str, str], ...]) -> tuple[str, str, str]:
    """Return kind, bare name and rank of a unit by its tidy name."""
    for pattern, kind, rank in kinds:
        if found := re.match(rf"(?:{pattern})\s*(?=\S)", name, flags=re.IGNORECASE):
            return kind, name[found.end() :], rank
    return "", name, ""


def _is_accented(text: object) -> bool:
    """Return whether a text has any mark, or the letter đ."""
    letters = unicodedata.normalize("NFD", tidy(text).lower())
    return "đ" in letters or any(unicodedata.combining(letter) for letter in letters)


def _syllable(word: str) -> str:
    """Return a word with its tone behind it and i for a lone y."""
    letters = unicodedata.normalize("NFD", word)
    tone = "".join(letter for letter in letters if letter in TONES)
    rest = unicodedata.normalize("NFC", "".join(x for x in letters if x not in TONES))
    return Y_FOR_I.sub(r"\1i", rest) + tone
