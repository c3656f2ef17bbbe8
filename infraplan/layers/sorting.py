"""
The order of Vietnamese words: that of ICU, of the browser and of Windows.

A ă â b c d đ e ê ... are letters of their own; tones only decide between words that are otherwise
equal, and capitals between those of equal tones: Ái, An, Ăn, Ân, Can Lộc, Đức Thọ.

Source: CLDR 45, collation root and `vi`, the order of the tones huyền, hỏi, ngã, sắc, nặng.
"""

import re
import unicodedata
from functools import lru_cache

__all__ = ["sort_key"]

SIGNS = " _-–—,;:!?.…'‘’\"“”()[]{}§@*/\\&#%`´^¨°©®+±÷×<=>|~¤¢$£¥0123456789"
LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
MARKS = (
    "\u0300\u0309\u0303\u0301\u0323"
    "\u0306\u0302\u030c\u030a\u0308\u030b\u0307\u0327\u0328\u0304\u031b"
)
RANKS = {letter: place for place, letter in enumerate(SIGNS + LETTERS)}
MARK_RANKS = {mark: place for place, mark in enumerate(MARKS, start=1)}
OTHERS = 1000  # letters of other scripts, by their codes
DIGITS = re.compile(r"(\d+)")

Key = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], str]


def sort_key(text: str, *, numeric: bool = False) -> Key:
    """
    Return what sorts texts in Vietnamese order.

    Parameters
    ----------
    text
        Any text, in any Unicode form.
    numeric
        Whether numbers are ordered by value: Thôn 2 before Thôn 10.

    Returns
    -------
    key
        To be compared with keys made alike.

    Examples
    --------
    >>> sorted(["Vũ Quang", "Đức Thọ", "An", "Ái", "Ăn", "Dương"], key=sort_key)
    ['Ái', 'An', 'Ăn', 'Dương', 'Đức Thọ', 'Vũ Quang']
    """
    first: list[int] = []
    second: list[int] = []
    third: list[int] = []
    composed = unicodedata.normalize("NFC", text)
    for part in DIGITS.split(composed) if numeric else (composed,):
        if numeric and part.isdecimal():
            digits = [int(digit) for digit in part.lstrip("0") or "0"]
            first += [RANKS["0"], len(digits), *digits]
            second.append(0)
            third.append(0)
            continue
        for letter in part:
            rank, marks, is_capital = _weights(letter)
            if rank >= 0:
                first.append(rank)
                second.append(0)
                third.append(is_capital)
            second += marks
            third += [0] * len(marks)
    return tuple(first), tuple(second), tuple(third), composed


@lru_cache(maxsize=4096)
def _weights(letter: str) -> tuple[int, tuple[int, ...], int]:
    """Return a character's place among letters, that of its marks, and whether it is a capital."""
    if letter in MARK_RANKS:
        return -1, (MARK_RANKS[letter],), 0
    lower = letter.lower()
    marks: list[int] = []
    while lower not in RANKS and len(parts := unicodedata.normalize("NFD", lower)) > 1:
        taken = next((n for n in range(len(parts) - 1, 0, -1) if _without(parts, n) in RANKS), -1)
        marks.insert(0, MARK_RANKS.get(parts[taken], OTHERS + ord(parts[taken])))
        lower = _without(parts, taken if taken > 0 else len(parts) - 1)
    return RANKS.get(lower, OTHERS + ord(lower[0])), tuple(marks), int(letter != letter.lower())


def _without(parts: str, place: int) -> str:
    """Return a decomposed letter without one of its marks, composed."""
    return unicodedata.normalize("NFC", parts[:place] + parts[place + 1 :])
