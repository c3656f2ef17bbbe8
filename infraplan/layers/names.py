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

from infraplan.layers.convert import plain
from infraplan.layers.convert import tidy

__all__ = ["Match", "bare_name", "match_names", "name_key"]

TONES = "\u0300\u0301\u0303\u0309\u0323"  # grave, acute, tilde, hook above, dot below
KINDS = (
    (r"xã\b|x\.", "xã"),
    (r"phường\b|p\.", "phường"),
    (r"thị trấn\b|t\.\s*t\.|tt\.|tt\b", "thị trấn"),
    (r"đặc khu\b", "đặc khu"),
    (r"(?:xa|phuong|thi tran|dac khu)\b", ""),  # typed without accents
)
Y_FOR_I = re.compile(r"^([^aeiouyăâêôơư]+|qu)y$")
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
    words = re.split(r"[\s\-_.,]+", tidy(text).lower())
    return " ".join(_syllable(word) for word in words if word)


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
    return _parted(text)[1]


def match_names(texts: Iterable[str], names: Mapping[str, Collection[str]]) -> dict[str, Match]:
    """
    Return which unit each name means.

    Parameters
    ----------
    texts
        Names as written.
    names
        Code of each unit to its names: the bare one, the one with its kind.

    Returns
    -------
    matches
        One for each different text. A name with its kind is first looked for as such, then without;
        without accents only where the text itself has none.
    """
    index: list[dict[str, set[str]]] = [{}, {}, {}]
    for code, spellings in names.items():
        for spelling in spellings:
            for level, key in enumerate(_keys(spelling, loosely=True)):
                if key:
                    index[level].setdefault(key, set()).add(code)
    shown = {code: max(map(tidy, spellings), key=len) for code, spellings in names.items()}
    return {text: _match(text, index, shown) for text in dict.fromkeys(texts)}


def _match(text: str, index: list[dict[str, set[str]]], shown: Mapping[str, str]) -> Match:
    """Return what one name means, by the first way of comparing that finds any unit."""
    for level, key in enumerate(_keys(text, loosely=not _is_accented(text))):
        found = sorted(index[level].get(key, ())) if key else []
        if len(found) == 1:
            return Match(found[0])
        if found:
            return Match(None, tuple(found))
    near = difflib.get_close_matches(plain(bare_name(text)), list(index[2]), n=1, cutoff=ALIKE)
    return Match(None, (), shown[min(index[2][near[0]])] if near else "")


def _keys(text: object, *, loosely: bool) -> tuple[str, str, str]:
    """Return a name's keys: with its kind, without, and without accents."""
    kind, bare = _parted(text)
    key = name_key(bare)
    return (f"{kind} {key}" if kind else "", key, plain(bare) if loosely else "")


def _parted(text: object) -> tuple[str, str]:
    """Return kind and bare name of a commune."""
    name = tidy(text)
    for pattern, kind in KINDS:
        if found := re.match(rf"(?:{pattern})\s*(?=\S)", name, flags=re.IGNORECASE):
            return kind, name[found.end() :]
    return "", name


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
