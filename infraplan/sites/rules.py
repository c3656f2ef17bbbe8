"""The rules of an appraisal as dated data: thresholds, legal reference, source, confirmation."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields
from dataclasses import replace
from datetime import date
from typing import Any

from infraplan.errors import SettingsError

__all__ = ["RULES", "Rule", "SiteRules"]

SEVERITIES = ("block", "condition", "info")
OPTIONAL = frozenset({"plain_fact", "confirmed_by", "confirmed_on"})

# Every rule the appraisal knows, by weight, with the thresholds that it must be given.
RULES: Mapping[str, tuple[str, ...]] = {
    "completeness": (),
    "position": ("default_accuracy_m",),
    "accuracy": ("most_m",),
    "same_station": ("distance_m",),
    "datum": ("shift_east_m", "shift_north_m", "tolerance_m"),
    "commune": (),
    "address": (),
    "technology": (),
    "height": ("a1_low_m", "a1_high_m", "a2_low_m", "a2_high_m"),
    "mast_class": ("building_share", "above_roof_m", "half_width_m"),
    "batch_duplicate": ("distance_m",),
    "batch_position": ("distance_m",),
    "earlier_request": ("distance_m",),
    "pending_other": ("distance_m",),
    "sharing": (
        "urban_radius_m",
        "rural_radius_m",
        "gain_share",
        "clearance_m",
        "lowest_antenna_m",
        "masts",
        "source_age_days",
    ),
    "spacing": (
        "a2a_low_urban_m",
        "a2a_low_rural_m",
        "a2a_high_urban_m",
        "a2a_high_rural_m",
        "a2b_urban_m",
        "a2b_rural_m",
        "a2a_low_height_m",
        "source_age_days",
    ),
    "batch_sharing": ("distance_m",),
    "protected": ("buffer_m",),
    "aesthetic": ("distance_m",),
    "building_permit": ("plan_distance_m",),
    "aviation": ("height_m",),
    "aerodrome": ("distance_m", "height_m"),
    "obstacle_surface": (
        "distance_m",
        "approach_slope",
        "inner_height_m",
        "inner_radius_m",
        "cone_slope",
        "cone_height_m",
    ),
    "fall": ("height_factor", "wide_factor"),
    "fall_road": ("height_factor",),
    "fall_power": ("height_factor",),
    "emf": ("power_density_w_per_m2", "reflection_factor", "duty_factor", "side_lobe_db"),
    "flood": ("distance_m",),
    "slope": ("slope_deg",),
    "coast": ("distance_m",),
    "fibre": ("distance_m",),
    "microwave": (
        "k_standard",
        "k_low",
        "fresnel_standard",
        "fresnel_low",
        "most_distance_m",
        "most_links",
        "fibre_near_m",
        "far_below_top_m",
        "short_m",
        "medium_m",
        "short_mhz",
        "medium_mhz",
        "long_mhz",
        "trees_m",
        "built_m",
    ),
    "road": ("distance_m",),
    "power": ("distance_m", "low_kv", "medium_kv"),
    "backup": ("hours", "storm_hours", "coast_m"),
    "overshoot": ("overlap_db", "share"),
    "shift": ("most_m",),
    "need": (),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One rule: what it asks, who says so, since when, and whether the office has confirmed it.

    `severity` block may reject, condition asks for something, info only tells. A rule that is not
    `verified` never rejects by itself, unless it states a plain fact (`plain_fact`). A rule that a
    person of the office confirmed names who and when (`confirmed_by`, `confirmed_on`).
    """

    id: str
    severity: str
    thresholds: Mapping[str, float]
    unit: str
    legal_reference: str
    source: str
    valid_from: str
    valid_to: str
    verified: bool
    plain_fact: bool = False
    confirmed_by: str = ""
    confirmed_on: str = ""

    @property
    def may_reject(self) -> bool:
        """Return whether a request that breaks the rule may be rejected for it alone."""
        return self.severity == "block" and (self.verified or self.plain_fact)

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
class SiteRules:
    """A named set of rules, keyed by their id in the order of their weight."""

    name: str
    rules: Mapping[str, Rule]

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "SiteRules":
        """
        Return the rules that a TOML file describes.

        Parameters
        ----------
        table
            Content of a file in `data/rules`; unknown keys, rules and thresholds are refused.

        Returns
        -------
        rules
            Checked rules.

        Raises
        ------
        SettingsError
            If anything is unknown, missing or out of range; the message lists all of it.
        """
        wrong = [f"unknown key '{key}'" for key in table if key not in ("name", "rules")]
        wrong += [f"missing key '{key}'" for key in ("name", "rules") if key not in table]
        entries = table.get("rules", {})
        wrong += [f"unknown rule '{name}'" for name in entries if name not in RULES]
        for name, entry in entries.items():
            wrong += [f"{name}: {fault}" for fault in _faults(name, entry)]
        if wrong:
            raise SettingsError("site rules: " + "; ".join(wrong))
        rules = {name: Rule(id=name, **entries[name]) for name in RULES if name in entries}
        return cls(name=str(table["name"]), rules=rules)

    def in_force(self, as_of: date | None) -> "SiteRules":
        """
        Return the rules that hold on a day.

        Parameters
        ----------
        as_of
            Day; None leaves out only the rules that have ended.

        Returns
        -------
        rules
            Those in force.
        """
        kept = {name: rule for name, rule in self.rules.items() if rule.is_in_force(as_of)}
        return replace(self, rules=kept)


def _faults(name: str, entry: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with one rule of a file."""
    known = {item.name for item in fields(Rule)} - {"id"}
    wrong = [f"unknown key '{key}'" for key in entry if key not in known]
    wrong += [f"missing key '{key}'" for key in sorted(known - OPTIONAL) if key not in entry]
    given, asked = entry.get("thresholds", {}), RULES.get(name, ())
    wrong += [f"unknown threshold '{key}'" for key in given if key not in asked]
    wrong += [f"missing threshold '{key}'" for key in asked if key not in given]
    numbers = (int, float)
    wrong += [
        f"{key} must be a number" for key, value in given.items() if type(value) not in numbers
    ]
    if entry.get("severity", "block") not in SEVERITIES:
        wrong.append(
            f"severity must be one of {', '.join(SEVERITIES)}; found {entry['severity']!r}"
        )
    for key in ("verified", "plain_fact"):
        if not isinstance(entry.get(key, False), bool):
            wrong.append(f"{key} must be true or false; found {entry[key]!r}")
    for key in ("valid_from", "valid_to", "confirmed_on"):
        wrong += _date_fault(key, entry.get(key, ""))
    wrong += _confirmation_faults(entry)
    return wrong


def _confirmation_faults(entry: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with who confirmed a rule and when."""
    by, on = (entry.get(key, "") for key in ("confirmed_by", "confirmed_on"))
    if not isinstance(by, str):
        return [f"confirmed_by must be a name; found {by!r}"]
    if bool(by.strip()) is not bool(on):
        return ["confirmed_by and confirmed_on must be given together"]
    return [] if entry.get("verified", False) or not by else ["confirmed, but verified is not true"]


def _date_fault(key: str, value: object) -> list[str]:
    """Return what is wrong with a date, which may be empty."""
    try:
        if value:
            date.fromisoformat(str(value))
    except ValueError:
        return [f"{key} must be a date such as 2025-07-01 or empty; found {value!r}"]
    return []
