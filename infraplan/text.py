"""The words and number formats that an official sees: one catalogue per language in `data/text`."""

import math
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_text
from infraplan.packaged import read_toml

__all__ = ["Words", "words"]

LANGUAGES = ("vi", "en")


@dataclass(frozen=True, slots=True)
class Words:
    """
    One language's catalogue.

    Call it with a key such as `"maps.legend"` and the values of its placeholders.
    """

    language: str
    entries: dict[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text of a key, its `{placeholders}` filled."""
        if key not in self.entries:
            msg = f"the text catalogue '{self.language}' lacks the key '{key}'"
            raise SettingsError(msg)
        return self.entries[key].format(**values) if values else self.entries[key]

    def number(self, value: float, decimals: int = 0) -> str:
        """
        Return a number as the language writes it.

        Parameters
        ----------
        value
            Any number; NaN reads as "not enough data".
        decimals
            Digits after the decimal sign, >= 0.

        Returns
        -------
        text
            `1.234,5` in Vietnamese, `1,234.5` in English.
        """
        if not math.isfinite(value):
            return self("common.unknown")
        text = f"{value:,.{decimals}f}"
        if self.language == "vi":
            text = text.translate(str.maketrans(",.", ".,"))
        return text

    def day(self, value: date | str) -> str:
        """
        Return a day as the language writes it.

        Parameters
        ----------
        value
            Day, or its ISO text; any other text stays as it is.

        Returns
        -------
        text
            `31/10/2025` in Vietnamese, `2025-10-31` in English, where a day of figures alone would
            leave open which one is the month.
        """
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                return str(value)
        return f"{value:%d/%m/%Y}" if self.language == "vi" else f"{value:%Y-%m-%d}"

    def people(self, value: float) -> str:
        """
        Return a number of people to two figures, as its accuracy warrants.

        Parameters
        ----------
        value
            Persons, >= 0.

        Returns
        -------
        text
            Two significant figures in the language's number format.
        """
        return self.number(_two_figures(value))

    def people_range(self, value: float, low: float, high: float) -> str:
        """
        Return a number of people with its range.

        Parameters
        ----------
        value
            Persons, best estimate.
        low
            Lower end of the range, persons.
        high
            Upper end of the range, persons.

        Returns
        -------
        text
            Such as `khoảng 400 (250 đến 560)`; the number alone where both ends are the same to two
            figures; "not enough data" where it is not known.
        """
        if not math.isfinite(value):
            return self("common.unknown")
        told = [self.people(number) for number in (value, low, high)]
        if len(set(told)) == 1:
            return told[0]
        return self("common.people_range", value=told[0], low=told[1], high=told[2])


@cache
def words(language: str) -> Words:
    """
    Return the catalogue of a language.

    Parameters
    ----------
    language
        `"vi"` or `"en"`.

    Returns
    -------
    words
        Catalogue, the same object at every call.

    Raises
    ------
    SettingsError
        If there is no such catalogue.
    """
    if language not in LANGUAGES:
        msg = f"language must be one of {', '.join(LANGUAGES)}; found '{language}'"
        raise SettingsError(msg)
    import json

    from infraplan.remembered import remembered  # `--help` needs no cache

    path = data_path(f"text/{language}.toml")

    def flat() -> bytes:
        """Return the entries as JSON, which is read ten times as fast."""
        return json.dumps(dict(_flat(read_toml(path)))).encode("ascii")

    kept = remembered(f"text-{language}", flat, told=read_text(path), modules=(__name__,))
    return Words(language, json.loads(kept))


def _flat(table: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return the entries of nested tables with dotted keys."""
    entries: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            entries += _flat(value, f"{prefix}{key}.")
        else:
            entries.append((f"{prefix}{key}", str(value)))
    return entries


def _two_figures(value: float) -> float:
    """Return a value rounded to two significant figures."""
    if not math.isfinite(value):
        return value
    if abs(value) < 0.5:  # nobody
        return 0.0
    return round(value, 1 - math.floor(math.log10(abs(value))))
