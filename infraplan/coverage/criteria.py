"""
What programmes ask of communes and hamlets, as dated data.

Each rule has its threshold, legal reference, source, first and last day, and whether the office has
confirmed it.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import fields
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

import pandas as pd

from infraplan.errors import SettingsError

__all__ = ["NEW_RURAL", "UNIVERSAL_SERVICE", "CriteriaSet", "Criterion", "rules_applied"]

NEW_RURAL, UNIVERSAL_SERVICE = "new_rural", "universal_service"
# What each programme can have measured, with the thresholds that it must be given.
MEASURES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        NEW_RURAL: {
            "telephone": ("hamlet_share", "commune_share"),
            "broadband": ("hamlet_share", "fibre_m", "commune_share"),
            "by_hand": (),
        },
        UNIVERSAL_SERVICE: {
            "broadband_lacking": ("covered_share",),
            "listed": (),
            "station_coming": ("distance_m",),
            "by_hand": (),
        },
    }
)


@dataclass(frozen=True, slots=True)
class Criterion:
    """
    One rule of a programme: what it measures, from which threshold, who says so, since when.

    `item` is its number in the text; `text` a key of the catalogue (`coverage.rule_<text>`) or a
    sentence of the office's own. `assumed` says that the threshold is ours, not the text's.
    """

    id: str
    item: str
    measure: str
    text: str
    thresholds: Mapping[str, float]
    unit: str
    legal_reference: str
    source: str
    valid_from: str
    valid_to: str
    assumed: bool
    verified: bool

    def is_in_force(self, day: date) -> bool:
        """
        Return whether the rule holds on a day.

        Parameters
        ----------
        day
            The day.

        Returns
        -------
        in_force
            True from its first day to its last.
        """
        begun = not self.valid_from or date.fromisoformat(self.valid_from) <= day
        return begun and (not self.valid_to or day <= date.fromisoformat(self.valid_to))


@dataclass(frozen=True, slots=True)
class CriteriaSet:
    """The rules of a programme through all its periods, keyed by their id."""

    name: str
    programme: str
    note: str
    rules: Mapping[str, Criterion]

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "CriteriaSet":
        """
        Return the rules that a TOML file describes.

        Parameters
        ----------
        table
            Content of a file such as `data/rules/new-rural.toml`; unknown keys are refused.

        Returns
        -------
        rules
            Checked rules.

        Raises
        ------
        SettingsError
            If anything is unknown, missing, out of range or in force twice; the message lists all.
        """
        known = [item.name for item in fields(cls)]
        wrong = [f"unknown key '{key}'" for key in table if key not in known]
        wrong += [f"missing key '{key}'" for key in known if key not in table]
        programme, entries = str(table.get("programme", "")), table.get("rules", {})
        if "programme" in table and programme not in MEASURES:
            wrong.append(f"programme must be one of {', '.join(MEASURES)}; found '{programme}'")
        if not isinstance(entries, Mapping):
            wrong.append("rules must be tables such as [rules.telephone_2022]")
            entries = {}
        sound: dict[str, Criterion] = {}
        for name, entry in entries.items():
            faults = _faults(entry, MEASURES.get(programme, {}))
            wrong += [f"{name}: {fault}" for fault in faults]
            if not faults:
                sound[name] = Criterion(id=name, **entry)
        wrong += _overlaps(sound.values())
        if wrong:
            raise SettingsError(f"criteria {table.get('name', '')}: " + "; ".join(wrong))
        return cls(str(table["name"]), programme, str(table["note"]), MappingProxyType(sound))

    def on(self, as_of: date | None) -> "CriteriaSet":
        """
        Return the rules that hold on a day.

        Parameters
        ----------
        as_of
            Day. None, where nobody asks for one: the rules without an end, and where all have
            ended those that ended last; whoever prints them must say so.

        Returns
        -------
        rules
            Those in force; none on a day that no rule is made for.
        """
        if as_of is not None:
            kept = {key: rule for key, rule in self.rules.items() if rule.is_in_force(as_of)}
            return replace(self, rules=kept)
        last = max((rule.valid_to or "9999" for rule in self.rules.values()), default="")
        kept = {key: rule for key, rule in self.rules.items() if (rule.valid_to or "9999") == last}
        return replace(self, rules=kept)


def rules_applied(sets: Iterable[CriteriaSet], *, as_of: date | None = None) -> pd.DataFrame:
    """
    Return the rules that decided, to be printed beside what they decided.

    Parameters
    ----------
    sets
        Sets of rules.
    as_of
        Day that decides which rules apply, as `CriteriaSet.on`.

    Returns
    -------
    rules
        Indexed by `programme` and `rule`, with the fields of `Criterion`; `limits` are the
        thresholds as text. A set without a rule in force has none.
    """
    rows = []
    for of in sets:
        for rule in of.on(as_of).rules.values():
            row = {"programme": of.programme, "rule": rule.id, "set": of.name, **asdict(rule)}
            rows.append({**row, "limits": _limits_told(rule)})
    names = [item.name for item in fields(Criterion) if item.name not in ("id", "thresholds")]
    columns = ["programme", "rule", "set", *names, "limits"]
    table = pd.DataFrame(rows, columns=columns)
    flags = ("assumed", "verified")
    kinds = {name: "bool" if name in flags else "str" for name in columns}
    return table.astype(kinds).set_index(["programme", "rule"])


def _limits_told(rule: Criterion) -> str:
    """Return thresholds as text in their usual order, such as `hamlet_share=0.9;fibre_m=1000`."""
    asked = next(of[rule.measure] for of in MEASURES.values() if rule.measure in of)
    return ";".join(f"{name}={rule.thresholds[name]:g}" for name in asked)


def _faults(entry: object, measures: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return what is wrong with one rule of a file."""
    known = [item.name for item in fields(Criterion) if item.name != "id"]
    if not isinstance(entry, Mapping):
        return [f"must be a table with {', '.join(known)}"]
    wrong = [f"unknown key '{key}'" for key in entry if key not in known]
    wrong += [f"missing key '{key}'" for key in known if key not in entry]
    measure = entry.get("measure", "")
    if "measure" in entry and measures and measure not in measures:
        wrong.append(f"measure must be one of {', '.join(measures)}; found {measure!r}")
    if measure in measures:
        wrong += _threshold_faults(entry.get("thresholds", {}), measures[measure])
    for key in ("assumed", "verified"):
        if not isinstance(entry.get(key, False), bool):
            wrong.append(f"{key} must be true or false; found {entry[key]!r}")
    if entry.get("assumed") is True and entry.get("verified") is True:
        wrong.append("a threshold is either assumed or verified, not both")
    if not str(entry.get("source", "told")).strip():
        wrong.append("source must say where the rule comes from")
    return wrong + _date_faults(entry)


def _threshold_faults(given: object, asked: tuple[str, ...]) -> list[str]:
    """Return what is wrong with the thresholds of one rule."""
    if not isinstance(given, Mapping):
        return ["thresholds must be a table such as { commune_share = 1.0 }"]
    wrong = [f"unknown threshold '{key}'" for key in given if key not in asked]
    wrong += [f"missing threshold '{key}'" for key in asked if key not in given]
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            wrong.append(f"{key} must be a number above 0; found {value!r}")
        elif str(key).endswith("_share") and value > 1:
            wrong.append(f"{key} must be in (0, 1]; found {value!r}")
    return wrong


def _date_faults(entry: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the first and the last day of a rule, which may be empty."""
    wrong, days = [], []
    for key in ("valid_from", "valid_to"):
        value = entry.get(key, "")
        try:
            days.append(date.fromisoformat(str(value)) if value else None)
        except ValueError:
            wrong.append(f"{key} must be a date such as 2025-07-01 or empty; found {value!r}")
    if len(days) == 2 and days[0] and days[1] and days[1] < days[0]:
        wrong.append(f"valid_to {days[1]} lies before valid_from {days[0]}")
    return wrong


def _overlaps(rules: Iterable[Criterion]) -> list[str]:
    """Return the rules of one item and measure that hold on one day, so that none would apply."""
    wrong = []
    last: dict[tuple[str, str], Criterion] = {}
    for rule in sorted(rules, key=lambda rule: (rule.valid_from, rule.id)):
        before = last.get((rule.item, rule.measure))
        if before is not None and (not before.valid_to or rule.valid_from <= before.valid_to):
            wrong.append(f"{before.id} and {rule.id} are both in force on one day")
        last[rule.item, rule.measure] = rule
    return wrong
