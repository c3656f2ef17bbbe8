"""Technical rules of underground works as dated data: thresholds, clause, source, confirmation."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields
from dataclasses import replace
from datetime import date
from typing import Any

from infraplan.errors import SettingsError
from infraplan.layers.notes import Note
from infraplan.layers.notes import joined

__all__ = ["SPLITS", "WORK_RULES", "WorkRule", "WorkRules"]

SEVERITIES = ("error", "warning", "note")
OPTIONAL = frozenset({"valid_from", "valid_to", "confirmed_by", "confirmed_on"})
SPLITS = (2, 4, 8, 16, 32, 64, 128)

# Every technical rule the planner knows, with the thresholds that it must be given.
WORK_RULES: Mapping[str, tuple[str, ...]] = {
    "cover": ("footway_m", "carriageway_m"),
    "cover_slab": ("thickness_m",),
    "chamber_spacing": ("most_m",),
    "chamber_place": (),
    "chamber_zone": ("junction_m", "entrance_m", "bus_stop_m"),
    "manhole": ("bores",),
    "drop": ("reach_m", "most_m"),
    "pull_length": ("most_m",),
    "pull_tension": ("most_n",),
    "pull_friction": ("friction", "start_n", "weight_n_per_m"),
    "bend_radius": ("diameters",),
    "duct_fill": ("share",),
    "clearance": ("water_m", "power_m", "gas_m", "tree_m", "crossing_m"),
    "drilling_depth": ("road_m", "rail_m", "river_m"),
    "drum": ("length_m",),
    "slack": ("share", "loop_m", "chambers"),
    "attenuation": ("at_1310_db_per_km", "at_1550_db_per_km"),
    "splice": ("loss_db",),
    "connector": ("loss_db", "number"),
    "splitter_2": ("loss_db",),
    **{f"splitter_{split}": ("loss_db",) for split in SPLITS[1:]},
    "class_b_plus": ("least_db", "most_db"),
    "class_c_plus": ("least_db", "most_db"),
    "class_n1": ("least_db", "most_db"),
    "class_n2": ("least_db", "most_db"),
    "class_e1": ("least_db", "most_db"),
    "margin": ("least_db",),
    "survey_age": ("most_days",),
    "drawing": ("near_m", "duplicate_m"),
}


@dataclass(frozen=True, slots=True)
class WorkRule:
    """
    One technical rule: what it asks, who says so, and whether that was held against its source.

    `severity` is that of what breaks the rule; nothing but a note of caution (warning) comes of a
    rule that is not `verified`. A rule that a person of the office confirmed names who and when.
    """

    id: str
    severity: str
    thresholds: Mapping[str, float]
    unit: str
    legal_reference: str
    source: str
    verified: bool
    valid_from: str = ""
    valid_to: str = ""
    confirmed_by: str = ""
    confirmed_on: str = ""

    def is_in_force(self, as_of: date | None) -> bool:
        """
        Return whether the rule holds on a day.

        Parameters
        ----------
        as_of
            Day; None asks for the rules without an end.

        Returns
        -------
        in_force
            True where the day lies between the first and the last day of the rule.
        """
        if as_of is None:
            return not self.valid_to
        begun = not self.valid_from or date.fromisoformat(self.valid_from) <= as_of
        return begun and (not self.valid_to or as_of <= date.fromisoformat(self.valid_to))


@dataclass(frozen=True, slots=True)
class WorkRules:
    """A named set of technical rules, keyed by their id."""

    name: str
    rules: Mapping[str, WorkRule]

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "WorkRules":
        """
        Return the technical rules that a TOML file describes.

        Parameters
        ----------
        table
            Content of a file in `data/works`; unknown keys, rules and thresholds are refused.

        Returns
        -------
        rules
            Checked rules.

        Raises
        ------
        SettingsError
            If anything is unknown, missing or out of range; the message lists all of it.
        """
        wrong = [f"unknown key '{key}'" for key in table if key not in ("name", "rules", "note")]
        wrong += [f"missing key '{key}'" for key in ("name", "rules") if key not in table]
        entries = table.get("rules", {})
        wrong += [f"unknown rule '{name}'" for name in entries if name not in WORK_RULES]
        lacks = [name for name in WORK_RULES if name not in entries]
        wrong += [Note("asked.no_rule", rule=name) for name in lacks]
        for name, entry in entries.items():
            wrong += [f"{name}: {fault}" for fault in _faults(name, entry)]
        if wrong:
            raise SettingsError(Note("asked.rules", faults=joined(wrong)))
        rules = {name: WorkRule(id=name, **entries[name]) for name in WORK_RULES}
        return cls(name=str(table["name"]), rules=rules)

    def in_force(self, as_of: date | None) -> "WorkRules":
        """
        Return the rules that hold on a day.

        Parameters
        ----------
        as_of
            Day; None leaves out only the rules that have ended.

        Returns
        -------
        rules
            Those in force; what needs another one stops with its name.
        """
        kept = {name: rule for name, rule in self.rules.items() if rule.is_in_force(as_of)}
        return replace(self, rules=kept)

    def value(self, rule: str, threshold: str) -> float:
        """
        Return a threshold.

        Parameters
        ----------
        rule
            Id of the rule.
        threshold
            Its name there.

        Returns
        -------
        value
            In the unit that the name ends in.

        Raises
        ------
        SettingsError
            If the rule is missing or no longer applied.
        """
        if rule not in self.rules:
            msg = (
                f"technical rule '{rule}' is missing or no longer applied: give its values in "
                "works.toml of the plan"
            )
            raise SettingsError(msg)
        return float(self.rules[rule].thresholds[threshold])

    def has(self, rule: str) -> bool:
        """
        Return whether a rule is applied.

        Parameters
        ----------
        rule
            Id of the rule.

        Returns
        -------
        applied
            False where it was left out or has ended.
        """
        return rule in self.rules


def _faults(name: str, entry: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with one rule of a file."""
    known = {item.name for item in fields(WorkRule)} - {"id"}
    wrong = [f"unknown key '{key}'" for key in entry if key not in known]
    wrong += [f"missing key '{key}'" for key in sorted(known - OPTIONAL) if key not in entry]
    given, asked = entry.get("thresholds", {}), WORK_RULES.get(name, ())
    wrong += [f"unknown threshold '{key}'" for key in given if key not in asked]
    wrong += [f"missing threshold '{key}'" for key in asked if key not in given]
    for key, value in given.items():
        if type(value) not in (int, float) or not 0 <= value < 1e9:
            wrong.append(f"{key} must be a number, at least 0; found {value!r}")
    if entry.get("severity", "error") not in SEVERITIES:
        wrong.append(
            f"severity must be one of {', '.join(SEVERITIES)}; found {entry['severity']!r}"
        )
    if not isinstance(entry.get("verified", False), bool):
        wrong.append(f"verified must be true or false; found {entry['verified']!r}")
    if not str(entry.get("source", "?")).strip():
        wrong.append("a rule without a source is none")
    for key in ("valid_from", "valid_to", "confirmed_on"):
        wrong += _date_fault(key, entry.get(key, ""))
    if bool(entry.get("confirmed_by")) is not bool(entry.get("confirmed_on")):
        wrong.append("confirmed_by and confirmed_on must be given together")
    return wrong


def _date_fault(key: str, value: object) -> list[str]:
    """Return what is wrong with a date, which may be empty."""
    try:
        if value:
            date.fromisoformat(str(value))
    except ValueError:
        return [f"{key} must be a date such as 2025-07-01 or empty; found {value!r}"]
    return []
