"""Number and date of the letter that an annex came with, as its title lines say them."""

import datetime as dt
import re
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass

from infraplan.layers.convert import plain
from infraplan.layers.convert import tidy

__all__ = ["Letter", "letter_of"]

KINDS = r"(?:công văn|cv|văn bản|tờ trình|giấy đề nghị|đơn đề nghị|thư|letter)"
NUMBER = re.compile(
    rf"(?:{KINDS}\s*(?:số)?\s*[:.]?\s*|^số\s*[:.]?\s*)(\d[\w.-]*\s?/\s?[\w&./-]*\w)", re.IGNORECASE
)
ENCLOSED = re.compile(r"kem theo|dinh kem|enclosed")
DATES = (
    re.compile(r"ngày\s*(\d{1,2})\s*tháng\s*(\d{1,2})\s*năm\s*(\d{4})", re.IGNORECASE),
    re.compile(
        r"(?:ngày|dated|of)\s*(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})", re.IGNORECASE
    ),
)
PLACE_AND_DATE = re.compile(
    r"(?:[^,;:.]{2,40},\s*)?ngày\s*\d{1,2}\s*tháng\s*\d{1,2}\s*năm\s*\d{4}\.?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as titles name it: its number, its date in ISO form, and the line that says so."""

    number: str
    dated: str
    line: str


def letter_of(titles: Iterable[object]) -> Letter | None:
    """
    Return the letter that the title lines of an annex name.

    Parameters
    ----------
    titles
        Cells above the headings, such as `Kèm theo công văn số 125/VTHT-KT ngày 15/10/2025`.

    Returns
    -------
    letter
        The letter that the annex says to be enclosed with, else the only one named; None where none
        is named, or several are. The date is that behind the number, or the one below the place.

    Examples
    --------
    >>> letter_of(["(Kèm theo công văn số 125/VTHT-KT ngày 15/10/2025 của Viettel)"]).dated
    '2025-10-15'
    """
    lines = [text for title in titles if (text := tidy(title))]
    named = [(line, match) for line in lines for match in NUMBER.finditer(line)]
    enclosed = [(line, match) for line, match in named if ENCLOSED.search(plain(line))]
    found = enclosed[:1] or named
    if len({_compact(match[1]) for _, match in found}) != 1:
        return None
    line, match = found[0]
    return Letter(_compact(match[1]), _dated(line[match.end() :]) or _signed(lines), line)


def _compact(number: str) -> str:
    """Return the number of a letter without spaces."""
    return "".join(number.split())


def _dated(text: str) -> str:
    """Return the first date of a text in ISO form, empty where it has none."""
    found = [match for pattern in DATES if (match := pattern.search(text))]
    for match in sorted(found, key=lambda one: one.start()):
        day, month, year = map(int, match.groups())
        try:
            return dt.date(year, month, day).isoformat()
        except ValueError:
            continue
    return ""


def _signed(lines: Sequence[str]) -> str:
    """Return the date that stands alone below a place, as above a letter, where there is one."""
    dates = {_dated(line) for line in lines if PLACE_AND_DATE.fullmatch(line)} - {""}
    return dates.pop() if len(dates) == 1 else ""
