"""
Which columns of a table are in an old font, judged by the syllables that their words would be.

A word counts for an encoding that makes a Vietnamese syllable of it where it is none as it stands,
and for Unicode where it is one already. A table is of one font, so a column with too few words is
judged as the rest; text that is Vietnamese, or of any other language, as it stands is not touched.
"""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from functools import lru_cache
from itertools import islice
from itertools import pairwise

from infraplan.layers.encodings import BEYOND
from infraplan.layers.encodings import FONTS
from infraplan.layers.encodings import as_unicode
from infraplan.layers.encodings import can_be
from infraplan.layers.encodings import composed
from infraplan.layers.encodings import mended_utf8
from infraplan.layers.encodings import recased
from infraplan.layers.syllables import is_syllable

__all__ = ["Change", "readable", "settled"]

OF_LETTERS = tuple(font for font in FONTS if font != "viqr")
WORD = re.compile(r"(?<![0-9])[^\s!-@\[-`{-~]{2,}")
ASCII_WORD = re.compile(r"(?<!\S)[A-Za-z][a-z]+(?!\S)")
ABBREVIATED = re.compile(r"(?=.{2,4}$)[BCDĐGHKLMNPQRSTVX]*Đ[BCDĐGHKLMNPQRSTVX]*")  # ĐT, QĐ, TĐC
QUOTES = "«»“”„‘’…–—•"
UNITS = {"µm", "µn"}  # of measurement, though they would be syllables
ETH = re.compile(r"\b[ÐðƉ](?=[^\W\d_])")  # looks like Đ in every font
VIQR_WORD = re.compile(r"(?<!\S)[\"(]?([A-Za-z][A-Za-z`~^(+*?'.-]+)")
VIQR_SURE = re.compile(
    r"[AEIOUYaeiouy][\^(+*]?[`~]|[AEOaeo]\^|[Aa]\((?![A-Za-z]+\))|[OUou]\+|[Dd]-[aeiouy]"
)
SAMPLE = 400  # different texts of a column that are judged
SHARE = 0.6  # of the words that are no Vietnamese, which an encoding must explain
MAJORITY = 10  # times as many texts of one kind decide those that read either way
FEW = 2  # words are too few where what stands beside them is not Vietnamese
RARE = "viscii"  # in offices, so that a word or two say nothing


@dataclass(frozen=True, slots=True)
class Change:
    """
    How the texts of a column were changed.

    `font` is a key of `FONTS`, or `utf8`, or `eth`; `texts` gives each text that changed and what
    it became; `is_mixed` where others of the column were Unicode already, `doubtful` are those that
    read as Vietnamese either way and were left.
    """

    font: str
    texts: Mapping[str, str]
    is_mixed: bool = False
    doubtful: tuple[str, ...] = ()


@dataclass(slots=True)
class _Tally:
    """Words of a column that are no syllables as they stand, and what they would be."""

    gains: dict[str, set[str]] = field(default_factory=dict)
    odd: set[str] = field(default_factory=set)
    beside: dict[str, set[str]] = field(default_factory=dict)


def readable(texts: Sequence[str]) -> list[str]:
    """
    Return texts that stand together, such as headings, in Unicode.

    Parameters
    ----------
    texts
        Texts of one font.

    Returns
    -------
    texts
        Composed; as they were where they are Unicode.

    Examples
    --------
    >>> readable(["M· tr¹m", "Tªn", "X·"])
    ['Mã trạm', 'Tên', 'Xã']
    """
    read = {text: text for text in texts}
    for change in settled({"": list(read)}).get("", ()):
        read = {text: change.texts.get(now, now) for text, now in read.items()}
    return [composed(read[text]) for text in texts]


def settled(columns: Mapping[str, Sequence[str]]) -> dict[str, tuple[Change, ...]]:
    """
    Return how the texts of a table are turned into Unicode, column by column.

    Parameters
    ----------
    columns
        The different texts of each column.

    Returns
    -------
    changes
        Of the columns that change; to be applied one after the other.
    """
    mended = {name: _mended(texts) for name, texts in columns.items()}
    now = {
        name: [mended[name].get(text, text) for text in texts] for name, texts in columns.items()
    }
    tallies = {name: _tally(texts) for name, texts in now.items() if not _is_ascii(texts)}
    prior = _decided(_pooled(tallies.values()))
    changes: dict[str, tuple[Change, ...]] = {}
    for name, texts in now.items():
        found = [Change("utf8", mended[name])] if mended[name] else []
        if name in tallies and (font := _decided(tallies[name]) or prior):
            found.append(_converted(texts, font))
        elif name not in tallies and _is_viqr(texts):
            viqr = {text: read for text in texts if (read := _from_viqr(text)) != text}
            found.append(Change("viqr", viqr))
        found = [change for change in found if change.texts or change.doubtful]
        known = found[-1].texts if found else {}
        if eth := _without_eth([known.get(text, text) for text in texts]):
            found.append(Change("eth", eth))
        if found:
            changes[name] = tuple(found)
    return changes


def _is_ascii(texts: Iterable[str]) -> bool:
    """Return whether texts have no letters with accents at all."""
    return all(map(str.isascii, texts))


def _mended(texts: Iterable[str]) -> dict[str, str]:
    """Return the texts whose UTF-8 had been read as another code page, and what they say."""
    return {
        text: read for text in texts if not text.isascii() and (read := mended_utf8(text)) != text
    }


@lru_cache(maxsize=1 << 16)
def _readings(word: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether a word is a syllable as it stands, and the fonts in which it would be one."""
    if any(first.islower() and second.isupper() for first, second in pairwise(word)):
        stands = False
    else:
        stands = is_syllable(composed(word).strip(QUOTES))
    fonts = () if word.lower() in UNITS else tuple(f for f in OF_LETTERS if can_be(word, f))
    return stands, fonts


def _words(text: str) -> list[str]:
    """Return the words of a text that have letters beyond ASCII; abbreviations are no words."""
    found = [word for word in WORD.findall(text) if not word.isascii()]
    return [word for word in found if not ABBREVIATED.fullmatch(word)]


def _tally(texts: Sequence[str]) -> _Tally:
    """Return what the words of a column speak for."""
    tally = _Tally()
    for text in islice((text for text in texts if not text.isascii()), SAMPLE):
        spoken: set[str] = set()
        beside = ASCII_WORD.findall(text)
        for word in _words(text):
            stands, fonts = _readings(word)
            if stands:
                beside.append(word)
                continue
            tally.odd.add(word)
            for font in fonts:
                tally.gains.setdefault(font, set()).add(word)
            spoken.update(fonts)
        for font in spoken:
            tally.beside.setdefault(font, set()).update(beside)
    return tally


def _pooled(tallies: Iterable[_Tally]) -> _Tally:
    """Return the tally of a whole table."""
    whole = _Tally()
    for tally in tallies:
        whole.odd |= tally.odd
        for font, gained in tally.gains.items():
            whole.gains.setdefault(font, set()).update(gained)
            whole.beside.setdefault(font, set()).update(tally.beside.get(font, ()))
    return whole


def _decided(tally: _Tally) -> str:
    """Return the font that explains most words, empty where none explains enough."""
    fonts = [font for font in OF_LETTERS if font in tally.gains]
    if not fonts:
        return ""
    is_1258 = any(BEYOND.keys() & set(map(ord, word)) for word in tally.odd)
    font = max(fonts, key=lambda name: (len(tally.gains[name]), is_1258 and "_1258" in name))
    gained = len(tally.gains[font])
    if gained < SHARE * len(tally.odd):
        return ""
    beside = tally.beside[font]
    is_short = max(map(len, tally.gains[font])) <= FEW
    is_lone = gained == 1 and is_short and not beside
    is_foreign = gained <= FEW and 2 * sum(map(is_syllable, beside)) < len(beside)
    is_outvoted = gained < sum(not word.isascii() for word in beside)
    if is_lone or is_foreign or is_outvoted or (gained <= FEW and font == RARE):
        return ""
    return font


def _verdict(text: str, font: str) -> int:
    """Return 1 where a text is in a font, -1 where it is Unicode, 0 where it may be either."""
    gained = lost = 0
    for word in _words(text):
        stands, fonts = _readings(word)
        gained += not stands and font in fonts
        lost += stands and font not in fonts
    return (gained > lost) - (lost > gained)


def _converted(texts: Sequence[str], font: str) -> Change:
    """Return what the texts of a column say in a font, save those that are Unicode already."""
    high = [text for text in texts if not text.isascii()]
    verdicts = {text: _verdict(text, font) for text in high}
    old = [text for text, verdict in verdicts.items() if verdict > 0]
    new = [text for text, verdict in verdicts.items() if verdict < 0]
    either = [text for text, verdict in verdicts.items() if not verdict and _changes(text, font)]
    if len(old) >= MAJORITY * len(new):
        old, either = [text for text in high if verdicts[text] >= 0], []
    elif len(new) >= MAJORITY * len(old):
        either = []
    read = {text: as_unicode(text, font) for text in old}
    if font.startswith("tcvn3"):
        read = _with_capitals(read)
    changed = {text: said for text, said in read.items() if said != text}
    if {letter for text in changed for letter in text if not letter.isascii()} <= {"đ", "Đ"}:
        changed = {}  # a word such as SĐT is no sign of an old font
    return Change(font, changed, bool(new), tuple(either))


def _changes(text: str, font: str) -> bool:
    """Return whether a font would make another Vietnamese text of one that reads as it stands."""
    return as_unicode(text, font) != composed(text) and any(
        font in _readings(word)[1] for word in _words(text)
    )


def _with_capitals(read: Mapping[str, str]) -> dict[str, str]:
    """Return texts of an ABC font with the capitals that it has no codes for."""
    cased = {text: recased(said) for text, said in read.items()}
    is_capitals = len(cased) > FEW and all(
        said == said.lower() and len(said.split()) <= 6 and not re.search(r"[\d.,;]", said)
        for said in cased.values()
    )
    if is_capitals:  # of a font that shows capitals only, such as .VnTimeH
        return {
            text: " ".join(map(str.capitalize, said.split(" "))) for text, said in cased.items()
        }
    return cased


def _without_eth(texts: Iterable[str]) -> dict[str, str]:
    """Return the texts in which another letter stands for Đ, which it looks like."""
    found = {}
    for text in texts:
        if not text.isascii() and ETH.search(text):
            read = re.sub(r"[^\W\d_]+", lambda word: _eth(word.group()), text)
            if read != text:
                found[text] = read
    return found


def _eth(word: str) -> str:
    """Return a word with Đ where it is then a syllable."""
    read = ("đ" if word[0] == "ð" else "Đ") + word[1:]
    return read if word[0] in "ÐðƉ" and is_syllable(read) else word


def _is_viqr(texts: Sequence[str]) -> bool:
    """Return whether the texts of a column are surely in VIQR."""
    sure: set[str] = set()
    other = good = 0
    for text in islice((text for text in texts if VIQR_SURE.search(text)), SAMPLE):
        for word in VIQR_WORD.findall(text):
            is_good = is_syllable(as_unicode(word.strip("()?.'-"), "viqr"))
            good, other = good + is_good, other + (not is_good)
            if is_good and VIQR_SURE.search(word):
                sure.add(word)
    return bool(sure) and good >= 2 and good >= 4 * other


def _from_viqr(text: str) -> str:
    """Return a text in VIQR as Unicode, word by word: what is no syllable then stays."""
    parts = re.split(r"(\s+)", text)
    return "".join(_viqr_word(word, place == len(parts) - 1) for place, word in enumerate(parts))


def _viqr_word(word: str, is_last: bool) -> str:  # noqa: FBT001 - where a word stands
    """Return a word in VIQR as Unicode; a mark that ends a sentence stays."""
    found = re.fullmatch(r"([\"(]*)(.*?)([\"),;:!]*)", word)
    if found is None or not found[2]:
        return word
    core, rest = found[2], found[3]
    for end in (len(core), len(core.rstrip(".?'"))):
        read = as_unicode(core[:end], "viqr")
        if is_syllable(re.sub(r"\W+$", "", read)) and not (read[-1:] in ".?'" and end == len(core)):
            return found[1] + read + core[end:] + rest
    del is_last
    return word
