"""
Cells of coordinates, as people type them and as Excel mangles them, to degrees or metres.

A cell that carries the signs of degrees, minutes and seconds says what it is. Any other number may
be read in several ways: which sign is the decimal one, whether separators were lost, whether Excel
made it a time. That is never settled cell by cell: every reading that makes sense of a whole column
is returned, and where the positions fall decides between them. `Đ` is Đông (east) and is not a D;
`B` is Bắc (north); `N` is north too, for no place of Vietnam lies south (Nam) of the equator.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.layers.convert import NOT_KNOWN
from infraplan.layers.convert import SPACES
from infraplan.layers.convert import plain

__all__ = ["LATITUDES", "LONGITUDES", "Reading", "Written", "readings_of", "split_pairs", "written"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LATITUDES, LONGITUDES = (8.0, 24.0), (102.0, 118.0)
METRES = (80_000.0, 2_620_000.0)  # from eastings of the farthest zone to northings of Hà Giang
ZONES = (48, 49)  # 6 deg zones whose number people put before an easting
MOST_SHARE = 0.5  # of a column that must make sense for a reading to be considered
LOST_DEG, LOST_M = 0.001, 10.0  # a number cut by Excel to coarser steps is no position
DECIMALS = 9
LONGEST = 40  # letters of a cell that is a plain number
TYPED_ZEROS = 2  # zeros at the end that a spreadsheet may have dropped from a typed number

SIMPLE = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
NUMBER = re.compile(r"[+-]?\d{1,3}(?: \d{3})+(?:[.,]\d+)?|[+-]?\d[\d.,]*")
SCIENTIFIC = re.compile(r"([+-]?\d+)(?:[.,](\d+))?e([+-]?\d+)")
DECIMAL_DEGREES = re.compile(r"([+-]?\d{1,3}(?:[.,]\d+)?) ?°")
ANGLE = re.compile(
    r"([+-]?\d{1,3}) ?(?:°|[:\- ]) ?(\d{1,2}(?:[.,]\d+)?)"
    r"(?: ?(?:['’:\- ]) ?(\d{1,2}(?:[.,]\d+)?)?)? ?[\"']*"
)
DOTTED = re.compile(r"(\d{1,3})\.(\d{2})\.(\d{2}(?:,\d+)?)")
LETTERED = re.compile(
    r"(\d{1,3}) ?d(?:eg)? ?(\d{1,2}(?:[.,]\d+)?) ?m(?:in)?(?: ?(\d{1,2}(?:[.,]\d+)?) ?s(?:ec)?)?"
)
LABEL = re.compile(
    r"(vĩ độ|vi do|vĩ tuyến|latitude|lat|vđ|kinh độ|kinh do|kinh tuyến|longitude|long|lon|lng|kđ"
    r"|northing|easting|[xynebđ](?= ?[:=]))\s*(?:bắc|đông|[nebđ](?=[ :=]))?\s*[:=]?\s*"
)
NORTH_LABELS = ("v", "la", "no", "n", "b")
EAST_LABELS = ("k", "lo", "ln", "ea", "e", "đ")
WORDS = (
    (re.compile(r"độ|\bdo\b|\bdeg(?:rees?)?\b|[º˚⁰∘]|(?<=\d)o(?= ?\d)"), "°"),
    (re.compile(r"phút|\bphut\b|\bmin(?:utes?)?\b|[’‘′´`ʹʼ]"), "'"),
    (re.compile(r"giây|\bgiay\b|\bsec(?:onds?)?\b|[”“″ʺ]|''"), '"'),
    (re.compile(r"bắc|\bbac\b|\bnorth\b"), "b"),
    (re.compile(r"đông|\bdong\b|\beast\b"), "e"),
    (re.compile(r"\bnam\b|\bsouth\b"), "s"),
    (re.compile(r"tây|\btay\b|\bwest\b"), "w"),
)
BEFORE = re.compile(r"([nebđsw])[ .:=]*(?=[+-]?\d)")
AFTER = re.compile(r"(?<=[\d°'\" .s])[ .]*([nebđdsw])\.?$")
METRE_SIGN = re.compile(r"(?<=\d) ?m$")
WORD_START = re.compile(r"(?:vĩ độ|kinh độ|vĩ tuyến|kinh tuyến)\s*")

NUMBER_PART = r"[+-]?\d+(?:[.,]\d+)*"
PAIR_SPLITS = (
    re.compile(r"^(.+?)\s*[;|/\n]\s*(.+)$"),
    re.compile(r"^(.+?)\s+(?:-|–|và|and)\s+(.+)$"),
    re.compile(r"^(.*?[\d°'\"] ?[nebđsw]\b\.?)[\s,]*(.*\d.*)$"),  # letters behind
    re.compile(r"^([nebđ][^nebđ]*\d[^nebđ]*?)[\s,]*([nebđ].*\d.*)$"),  # letters before
    re.compile(r"^(.*?°.*?)[\s,]+(\d{1,3}(?:[.,]\d+)?\s*°.*)$"),
    re.compile(r"^(.+?),\s+(.+)$"),
    re.compile(rf"^({NUMBER_PART})\s+({NUMBER_PART})$"),
    re.compile(r"^(\d \d{3} \d{3}(?:[.,]\d+)?) (\d{3} \d{3}(?:[.,]\d+)?)$"),
    re.compile(r"^(\d{3} \d{3}(?:[.,]\d+)?) (\d \d{3} \d{3}(?:[.,]\d+)?)$"),
    re.compile(r"^(\d{1,3}[- :]\d{1,2}[- :][\d.,]+)[\s,]+(\d{1,3}[- :]\d{1,2}[- :][\d.,]+)$"),
    re.compile(r"^(\d+,\d+),(\d+,\d+)$"),
    re.compile(r"^(\d+\.\d+),(\d+\.\d+)$"),
    re.compile(r"^(\d{6,}(?:\.\d+)?),(\d{6,}(?:\.\d+)?)$"),
)
LABELLED = re.compile(r"^(\D*?\d.*?)[\s,;]+((?:x|y|n|e|b|đ|vĩ|kinh|lat|lon|lng|vđ|kđ)[^\d]*\d.*)$")


class Cell(NamedTuple):
    """One cell: an angle in degrees, a number as text or typed, or what is wrong with it."""

    degrees: float = np.nan
    typed: float = np.nan
    text: str = ""
    step: float = np.nan
    axis: str = ""
    fault: str = ""
    mended: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """
    A column of coordinates, cell by cell.

    `degrees` are angles of cells that say so [deg]; `numbers` the other numbers by the sign taken
    as the decimal one, with `steps` to which they are written; `north`, `east` and `nam` count the
    letters; `faults` and `mended` name cells by code.
    """

    degrees: Floats
    degree_steps: Floats
    numbers: Mapping[str, Floats]
    steps: Mapping[str, Floats]
    axes: npt.NDArray[np.object_]
    filled: Mask
    faults: Mapping[str, Mask]
    mended: Mapping[str, Mask]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """
    One way to read a whole column.

    `numbers` are degrees or metres as `unit` (`"deg"`, `"m"`) says, NaN where a cell is empty or
    makes no number; `steps` what their last digit is worth; `sign` the decimal sign where texts
    made it matter; `how` names a mend of the whole column, empty where the numbers stand as they
    are; `fit` is the share of cells that are coordinates of Vietnam so.
    """

    numbers: Floats
    steps: Floats
    unit: str
    sign: str = ""
    how: str = ""
    fit: float = 1.0


@np.errstate(over="ignore", invalid="ignore")  # four hundred nines are infinite, and told
def written(column: pd.Series) -> Written:
    """
    Return what the cells of a column of coordinates say.

    Parameters
    ----------
    column
        Cells as read: numbers, texts in any notation, times and dates made by Excel.

    Returns
    -------
    written
        One entry a cell; nothing that takes the whole column to decide is decided.
    """
    size = len(column)
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in ("floating", "integer", "mixed-integer-float") or size == 0:
        typed = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
        return _of_numbers(typed)
    return _of_cells(list(column.to_numpy(dtype=object)))


@np.errstate(over="ignore", invalid="ignore")  # four hundred nines are infinite, and told
def readings_of(column: Written) -> tuple[Reading, ...]:
    """
    Return every way to read a column that makes coordinates of Vietnam of most of its cells.

    Parameters
    ----------
    column
        Cells of a column.

    Returns
    -------
    readings
        The likeliest first; empty where no reading makes sense.
    """
    found: list[Reading] = []
    for sign, numbers in column.numbers.items():
        steps = column.steps[sign]
        found += _as_degrees(column, numbers, steps, sign)
        found += _as_metres(numbers, steps, sign)
        found += _as_rescaled(column, numbers, sign)
    ordered = sorted(found, key=lambda one: (bool(one.how), -one.fit))
    kept: list[Reading] = []
    for one in ordered:
        if not any(
            one.unit == other.unit and np.array_equal(one.numbers, other.numbers, equal_nan=True)
            for other in kept
        ):
            kept.append(one)
    return tuple(kept)


def split_pairs(column: pd.Series) -> tuple[pd.Series, pd.Series, Mask]:
    """
    Return the two halves of cells that hold both coordinates.

    Parameters
    ----------
    column
        Cells such as `18.3428, 105.9057`, in any notation and order.

    Returns
    -------
    first
        Text of the first coordinate; empty where the cell is or cannot be split.
    second
        Text of the second one.
    bad
        Which cells hold something that is not two coordinates.
    """
    halves: dict[str, tuple[str, str]] = {}
    texts = [_clean(cell) for cell in column]
    for text in texts:
        if text not in halves:
            halves[text] = _halves(text)
    first = pd.Series([halves[text][0] for text in texts], dtype=object)
    second = pd.Series([halves[text][1] for text in texts], dtype=object)
    bad = np.array([bool(text) and not halves[text][0] for text in texts], dtype=bool)
    return first, second, bad


def in_vietnam(values: Floats) -> Mask:
    """
    Return which numbers are latitudes or longitudes of Vietnam.

    Parameters
    ----------
    values
        Numbers, any shape [deg].

    Returns
    -------
    mask
        False where a value is NaN.
    """
    return _within(values, LATITUDES) | _within(values, LONGITUDES)


def _cell(cell: object) -> Cell:
    """Return what one cell says."""
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return Cell()
    if isinstance(cell, (bool, np.bool_)):
        return Cell(text=str(cell), fault="coordinate_not_understood")
    if isinstance(cell, (int, float, np.number)):
        value = float(cell)
        if np.isinf(value):
            return Cell(text=str(cell), fault="coordinate_not_understood")
        return Cell(typed=value, step=np.nan)
    if isinstance(cell, (dt.time, dt.timedelta, dt.date)):
        return _of_time(cell)
    return _of_text(str(cell))


def _of_time(cell: dt.time | dt.timedelta | dt.date) -> Cell:
    """Return degrees of what Excel took for a time (18:20:35) or a date (18.20.35)."""
    if isinstance(cell, dt.time):
        hours = cell.hour + cell.minute / 60 + (cell.second + cell.microsecond / 1e6) / 3600
        return Cell(degrees=hours, step=1 / 3600, mended="coordinate_was_time")
    if isinstance(cell, dt.timedelta):
        hours = cell.total_seconds() / 3600
        return Cell(degrees=hours, step=1 / 3600, mended="coordinate_was_time")
    if isinstance(cell, dt.datetime) and cell.year in (1899, 1900):  # more than a day of hours
        hours = (cell.replace(tzinfo=None) - dt.datetime(1899, 12, 31)).total_seconds() / 3600  # noqa: DTZ001 - Excel knows no zones
        return Cell(degrees=hours, step=1 / 3600, mended="coordinate_was_time")
    degrees = cell.day + cell.month / 60 + (cell.year % 100) / 3600
    if cell.year % 100 < 60 and _within(np.array(degrees), LATITUDES):
        return Cell(degrees=degrees, step=1 / 3600, mended="coordinate_was_date")
    return Cell(text=cell.isoformat()[:10], fault="coordinate_is_date")


def _clean(cell: object) -> str:
    """Return a cell as lower-case text with single spaces, without brackets and quotation marks."""
    if (
        cell is None
        or cell is pd.NaT
        or cell is pd.NA
        or (isinstance(cell, float) and np.isnan(cell))
    ):
        return ""
    text = unicodedata.normalize("NFC", str(cell)).replace("_x000D_", "\n").lower()
    text = "\n".join(SPACES.sub(" ", line).strip() for line in text.splitlines())
    text = text.strip(" \n\ufeff\"'()[]{}")
    return "" if text in NOT_KNOWN or plain(text) in NOT_KNOWN else text


def _of_text(raw: str) -> Cell:
    """Return what a text says."""
    text = raw.strip()
    if SIMPLE.fullmatch(text):
        return Cell(text=text)
    text = _clean(raw).replace("\n", " ")
    if not text:
        return Cell()
    if SIMPLE.fullmatch(text):
        return Cell(text=text)
    text, axis = _without_axis(text)
    if axis in ("s", "w"):
        return Cell(text=raw, fault="coordinate_south_or_west")
    return _of_notation(raw, text, axis)


def _of_notation(raw: str, text: str, axis: str) -> Cell:
    """Return what a text without letters says, by the first notation that fits it."""
    if match := SCIENTIFIC.fullmatch(text):
        return _of_scientific(raw, match)
    if match := DECIMAL_DEGREES.fullmatch(text):
        number = match[1].replace(",", ".")
        return Cell(degrees=float(number), step=_step(number), axis=axis)
    if match := LETTERED.fullmatch(text) or DOTTED.fullmatch(text) or ANGLE.fullmatch(text):
        return _of_angle(raw, match, axis)
    text = METRE_SIGN.sub("", text)
    if NUMBER.fullmatch(text):
        return Cell(text=text.replace(" ", ""), axis=axis)
    return Cell(text=raw, fault="coordinate_not_understood")


def _without_axis(text: str) -> tuple[str, str]:
    """Return a text without its label and letter, and the direction that they name."""
    axis = ""
    if (label := LABEL.match(text)) and label.end() < len(text):
        axis = _axis_of(label[1])
        text = text[label.end() :]
    text = WORD_START.sub("", text)
    for pattern, sign in WORDS:
        text = pattern.sub(sign, text)
    text = text.strip(" =:")
    if LETTERED.fullmatch(text):
        return text, axis
    if before := BEFORE.match(text):
        return text[before.end() :].strip(), before[1]
    if after := AFTER.search(text):
        return text[: after.start()].strip(), after[1]
    return text, axis


def _axis_of(label: str) -> str:
    """Return the direction that a label names; empty for X and Y."""
    if label.startswith(NORTH_LABELS):
        return "b"
    return "e" if label.startswith(EAST_LABELS) else ""


def _of_angle(raw: str, match: re.Match[str], axis: str) -> Cell:
    """Return degrees, minutes and seconds as degrees; refuse sixty minutes or more."""
    degrees, minutes, seconds = (part or "" for part in match.groups())
    minutes, seconds = minutes.replace(",", "."), seconds.replace(",", ".")
    if float(minutes) >= 60 or float(seconds or 0) >= 60:
        return Cell(text=raw, fault="coordinate_over_sixty")
    if seconds and "." in minutes:
        return Cell(text=raw, fault="coordinate_not_understood")
    value = abs(float(degrees)) + float(minutes) / 60 + float(seconds or 0) / 3600
    step = _step(seconds) / 3600 if seconds else _step(minutes) / 60
    return Cell(degrees=-value if degrees.startswith("-") else value, step=step, axis=axis)


def _of_scientific(raw: str, match: re.Match[str]) -> Cell:
    """Return a number in powers of ten, unless Excel has cut off its digits."""
    decimals, power = match[2] or "", int(match[3])
    if abs(power) > 12:
        return Cell(text=raw, fault="coordinate_not_understood")
    value = float(f"{match[1]}.{decimals or 0}e{power}")
    step = 10.0 ** (power - len(decimals))
    if step > (LOST_DEG if abs(value) <= 180 else LOST_M):
        return Cell(text=raw, fault="coordinate_lost_digits")
    return Cell(typed=value, step=step)


def _step(number: str) -> float:
    """Return what the last digit of a number is worth."""
    return float(10.0 ** -len(number.partition(".")[2]))


def _of_numbers(typed: Floats) -> Written:
    """Return a column of typed numbers."""
    size = len(typed)
    nothing = np.full(size, np.nan)
    infinite = np.isinf(typed)
    values = np.where(infinite, np.nan, typed)
    faults = {"coordinate_not_understood": infinite} if infinite.any() else {}
    return Written(
        degrees=nothing,
        degree_steps=nothing,
        numbers={"": values},
        steps={"": _typed_steps(values)},
        axes=np.full(size, "", dtype=object),
        filled=~np.isnan(typed),
        faults=faults,
        mended={},
    )


def _typed_steps(values: Floats) -> Floats:
    """Return what the last digit of typed numbers is worth, zeros at their end allowed for."""
    decimals = np.full(len(values), float(DECIMALS))
    for count in range(DECIMALS - 1, -1, -1):
        scaled = values * 10.0**count
        apart = np.abs(scaled - np.round(scaled))
        decimals[apart < 1e-6 * np.maximum(1.0, 10.0 ** (count - 6))] = count
    decimals[np.isnan(values)] = np.nan
    most = np.nanmax(decimals, initial=0.0)
    return np.asarray(10.0 ** -np.where(decimals >= most - TYPED_ZEROS, most, decimals))


def _of_cells(cells: list[object]) -> Written:
    """Return a column of cells of any kind; plain numbers as text, mostly all, are read at once."""
    texts = [cell if type(cell) is str and len(cell) <= LONGEST else "" for cell in cells]
    is_plain = _are_plain(texts)
    rest = np.flatnonzero(~is_plain)
    known: dict[tuple[type, object], Cell] = {}
    parsed: list[Cell] = []
    for row in rest:
        key = (type(cells[row]), cells[row])
        if key not in known:
            known[key] = _cell(cells[row])
        parsed.append(known[key])
        texts[row] = "" if known[key].fault else known[key].text
    size = len(cells)
    degrees, typed, steps = (np.full(size, np.nan) for _ in range(3))
    axes, codes, mends = (np.full(size, "", dtype=object) for _ in range(3))
    filled = is_plain.copy()
    if parsed:
        degrees[rest], typed[rest], steps[rest] = (
            [cell[place] for cell in parsed] for place in (0, 1, 3)
        )
        axes[rest], codes[rest], mends[rest] = (
            [cell[place] for cell in parsed] for place in (4, 5, 6)
        )
        filled[rest] = [cell.text != "" or cell.degrees == cell.degrees for cell in parsed]
    is_typed = ~np.isnan(typed)
    typed_steps = np.where(np.isnan(steps), _typed_steps(typed), steps)
    numbers, number_steps = _by_sign(texts, typed, np.where(is_typed, typed_steps, np.nan))
    return Written(
        degrees=degrees,
        degree_steps=np.where(np.isnan(degrees), np.nan, steps),
        numbers=numbers,
        steps=number_steps,
        axes=axes,
        filled=filled | is_typed,
        faults={str(code): codes == code for code in dict.fromkeys(codes[rest]) if code},
        mended={str(code): mends == code for code in dict.fromkeys(mends[rest]) if code},
    )


def _letters(texts: list[str]) -> npt.NDArray[np.uint32]:
    """Return the code of every letter of short texts, one row a text, 0 behind its end."""
    joined = np.array(texts, dtype=np.str_)
    width = max(joined.dtype.itemsize // 4, 1)
    return (
        joined.view(np.uint32).reshape(len(texts), width) if len(texts) else joined.view(np.uint32)
    )


def _are_plain(texts: list[str]) -> Mask:
    """Return which texts are digits with points and commas; not `18.20.35`, which are seconds."""
    if not texts:
        return np.zeros(0, dtype=bool)
    letters = _letters(texts)
    rows = np.arange(len(texts))
    is_digit = (letters >= ord("0")) & (letters <= ord("9"))
    is_point = letters == ord(".")
    last = np.maximum((letters != 0).sum(axis=1) - 1, 0)
    only = (is_digit | is_point | (letters == ord(",")) | (letters == 0)).all(axis=1)
    third = np.minimum(is_point.argmax(axis=1) + 3, letters.shape[1] - 1)
    is_dotted = (is_point.sum(axis=1) == 2) & is_point[rows, third]
    return np.asarray(only & is_digit[:, 0] & is_digit[rows, last] & ~is_dotted)


def _by_sign(
    texts: list[str], typed: Floats, typed_steps: Floats
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return numbers and steps of texts by the sign taken as decimal, beside the typed ones."""
    is_negative = np.array([text.startswith("-") for text in texts], dtype=bool)
    letters = _letters([text.lstrip("+-") for text in texts])
    points, commas = ((letters == ord(sign)).sum(axis=1) for sign in ".,")
    signs = ".," if (points | commas).any() else "."
    if ((points > 1) | (commas > 1)).any():
        signs += "*"
    numbers: dict[str, Floats] = {}
    steps: dict[str, Floats] = {}
    for sign in signs:
        values, decimals, is_good = _folded(letters, sign)
        values = np.where(is_good, np.where(is_negative, -values, values), np.nan)
        name = "" if signs == "." else sign
        numbers[name] = np.where(np.isnan(typed), values, typed)
        own = np.where(is_good, 10.0**-decimals, np.nan)
        steps[name] = np.where(np.isnan(typed), own, typed_steps)
    return numbers, steps


def _folded(letters: npt.NDArray[np.uint32], sign: str) -> tuple[Floats, Floats, Mask]:
    """
    Return numbers, their decimals, and which texts are numbers with a given decimal sign.

    The other sign may only stand before groups of three digits. For `*` the first sign that stands
    is the decimal one and the others are strewn in: `18.342.8`.
    """
    size = len(letters)
    values, decimals = np.zeros(size), np.zeros(size)
    good = (letters != 0).any(axis=1)
    run = np.zeros(size, dtype=np.int64)
    grouped, past = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    seen = np.zeros(size, dtype=np.int64)
    for letter in (*letters.T, np.zeros(size, dtype=np.uint32)):
        is_digit = (letter >= ord("0")) & (letter <= ord("9"))
        longer = values * 10.0 + (letter.astype(np.float64) - 48.0)
        values = np.where(is_digit, longer, values)
        decimals += is_digit & past
        is_point, is_comma = letter == ord("."), letter == ord(",")
        good &= is_digit | is_point | is_comma | (letter == 0)
        seen += is_point | is_comma
        if sign == "*":
            good &= is_digit | (letter == 0) | (run > 0)
            run = np.where(is_digit, run + 1, np.where(letter == 0, run, 0))
            past |= is_point | is_comma
            continue
        is_decimal, is_group = (is_point, is_comma) if sign == "." else (is_comma, is_point)
        good &= ~(is_group & (past | np.where(grouped, run != 3, (run < 1) | (run > 3))))
        ends = (is_decimal | (letter == 0)) & grouped & ~past
        good &= ~(ends & (run != 3)) & ~(is_decimal & past)
        past |= is_decimal
        grouped |= is_group
        # the run of an ended text is kept, and checked only once
        run = np.where(is_digit, run + 1, np.where(is_group | is_decimal, 0, run))
        grouped &= ~(letter == 0)
    if sign == "*":
        good &= seen != 1
    return values / 10.0**decimals, decimals, good


def _as_degrees(column: Written, numbers: Floats, steps: Floats, sign: str) -> list[Reading]:
    """Return a column read as degrees, where most of it is."""
    is_angle = ~np.isnan(column.degrees)
    values = np.where(is_angle, column.degrees, numbers)
    steps = np.where(is_angle, column.degree_steps, steps)
    if sign == "*" and in_vietnam(values).sum() < column.filled.sum():
        return []
    return _kept(Reading(values, steps, "deg", sign), in_vietnam(values), column.filled)


def _as_metres(numbers: Floats, steps: Floats, sign: str) -> list[Reading]:
    """Return a column read as metres, with or without the number of a zone before an easting."""
    if sign == "*":
        return []
    known = ~np.isnan(numbers)
    found = _kept(Reading(numbers, steps, "m", sign), _within(numbers, METRES), known)
    zone = np.floor_divide(numbers, 1e6)
    prefixed = np.isin(zone, ZONES)
    if prefixed.any():
        values = np.where(prefixed, numbers - zone * 1e6, numbers)
        how = Reading(values, steps, "m", sign, "zone_prefix")
        found += _kept(how, _within(values, METRES), known)
    return found


def _as_rescaled(column: Written, numbers: Floats, sign: str) -> list[Reading]:
    """Return whole numbers as degrees that lost their separator or became a time of Excel."""
    known = ~np.isnan(numbers)
    found: list[Reading] = []
    if sign == "*" or not known.any() or (~np.isnan(column.degrees)).any():
        return found
    values = numbers[known]
    if (values == np.round(values)).all() and (np.abs(values) > 180).all():
        for power in range(1, 9):
            scaled = numbers / 10.0**power
            if _within(scaled[known], LATITUDES).all() or _within(scaled[known], LONGITUDES).all():
                steps = np.where(known, 10.0**-power, np.nan)
                found.append(Reading(scaled, steps, "deg", "", "lost_separator"))
    hours = numbers * 24.0
    if _within(hours[known], LATITUDES).all() or _within(hours[known], LONGITUDES).all():
        steps = np.where(known, 1 / 3600, np.nan)
        found.append(
            Reading(np.round(hours * 3600) / 3600, steps, "deg", "", "coordinate_was_time")
        )
    return found


def _kept(reading: Reading, sensible: Mask, filled: Mask) -> list[Reading]:
    """Return a reading with its fit, if it makes sense of most of the cells."""
    count = int(filled.sum())
    fit = float(sensible.sum()) / count if count else 0.0
    if fit < MOST_SHARE:
        return []
    return [replace(reading, fit=fit)]


def _halves(text: str) -> tuple[str, str]:
    """Return the two coordinates of a text; empty where there are not two."""
    if not text:
        return "", ""
    if (found := LABELLED.match(text)) and LABEL.match(text) and LABEL.match(found[2]):
        return found[1].strip(" ,;"), found[2].strip(" ,;")
    flat = text
    for pattern, sign in WORDS:
        flat = pattern.sub(sign, WORD_START.sub("", flat))
    for pattern in PAIR_SPLITS:
        if found := pattern.match(flat):
            halves = found[1].strip(" ,;\n"), found[2].strip(" ,;\n")
            if all(not _of_text(half).fault and re.search(r"\d", half) for half in halves):
                return halves
    return "", ""


def _within(values: Floats, limits: tuple[float, float]) -> Mask:
    """Return which values lie within limits."""
    return np.asarray((values >= limits[0]) & (values <= limits[1]))
