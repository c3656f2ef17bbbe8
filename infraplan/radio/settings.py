"""What a prediction is told: settings of the engine, thresholds, classes of throughput."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields
from itertools import pairwise
from typing import Any

from infraplan.errors import SettingsError
from infraplan.radio.tuning import TunedModel

__all__ = [
    "RadioSettings",
    "TechnologyThresholds",
    "ThresholdProfile",
    "ThroughputClass",
    "ThroughputClasses",
]

MODELS = ("p1812", "free_space", "tuned")


@dataclass(frozen=True, slots=True)
class RadioSettings:
    """
    Settings of the area engine.

    Ranges: `radius_m` (0, 100 km]; `rx_height_m` (0, 50]; `delta_n` is the refractivity gradient of
    ITU-R P.1812 in N-units/km (45: median effective earth radius of 8 931 km). `model` is `p1812`
    (free space and diffraction), `free_space`, or `tuned`: with the corrections of `tuning`.
    """

    model: str = "p1812"
    rays: str = "radial"
    radius_m: float = 10_000.0
    rx_height_m: float = 1.5
    delta_n: float = 45.0
    clutter: str = "none"
    servers_within_db: float = 6.0
    tuning: TunedModel | None = None

    def __post_init__(self) -> None:
        """Refuse what the engine cannot do, all at once."""
        wrong = []
        if self.model not in MODELS:
            wrong.append(f"model must be {', '.join(MODELS)}; found '{self.model}'")
        if self.model == "tuned" and self.tuning is None:
            wrong.append("the model 'tuned' needs measurements: infraplan calibrate PLAN FILE")
        if self.rays not in ("radial", "cell"):
            wrong.append(f"rays must be radial or cell; found '{self.rays}'")
        if self.clutter != "none":
            wrong.append(
                f"clutter must be none: along the paths it is in `site_loss_db` and `p1812` only, "
                f"at the receiver in the tuned model; found '{self.clutter}'"
            )
        if not 0 < self.radius_m <= 100_000:
            wrong.append(f"radius_m must be in (0, 100000] m; found {self.radius_m}")
        if not 0 < self.rx_height_m <= 50:
            wrong.append(f"rx_height_m must be in (0, 50] m; found {self.rx_height_m}")
        if wrong:
            raise SettingsError("; ".join(wrong))


@dataclass(frozen=True, slots=True)
class TechnologyThresholds:
    """
    Thresholds of one technology.

    `service_dbm` decides `covered`; `weak_dbm` (equal to it), `acceptable_dbm` and `good_dbm` are
    the lower limits of the classes that only colour maps. `quantity` is the level's name in the
    technology. `service_until` is the day (ISO) after which the network is switched off, or "".
    """

    quantity: str
    service_dbm: float
    weak_dbm: float
    acceptable_dbm: float
    good_dbm: float
    source: str
    verified: bool
    service_until: str = ""
    service_until_source: str = ""


@dataclass(frozen=True, slots=True)
class ThresholdProfile:
    """
    Thresholds of all technologies and the probability that `covered` asks for.

    A grid cell is covered when the probability that the signal reaches the service threshold
    outdoors at 1.5 m is at least `p_cov`; the signal is taken as normal in dB with the standard
    deviation `sigma_db` (location variability and error of the model together).
    """

    name: str
    p_cov: float
    sigma_db: float
    sigma_source: str
    technologies: Mapping[str, TechnologyThresholds]

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "ThresholdProfile":
        """
        Return the profile that a TOML file describes.

        Parameters
        ----------
        table
            Content of a file in `data/thresholds`; unknown keys are refused.

        Returns
        -------
        profile
            Checked profile.

        Raises
        ------
        SettingsError
            If a key is unknown or missing, or a value out of range.
        """
        known = {field.name for field in fields(cls)}
        entries = {field.name for field in fields(TechnologyThresholds)}
        wrong = [f"unknown key '{key}'" for key in table if key not in known]
        wrong += [f"missing key '{key}'" for key in known if key not in table]
        for technology, entry in table.get("technologies", {}).items():
            wrong += [f"{technology}: unknown key '{key}'" for key in entry if key not in entries]
        if not wrong and not 0.5 <= table["p_cov"] < 1:
            wrong.append(f"p_cov must be in [0.5, 1); found {table['p_cov']}")
        if wrong:
            raise SettingsError("thresholds profile: " + "; ".join(wrong))
        try:
            technologies = {
                name: TechnologyThresholds(**entry) for name, entry in table["technologies"].items()
            }
        except TypeError as error:
            msg = f"thresholds profile: {error}"
            raise SettingsError(msg) from error
        return cls(**{**table, "technologies": technologies})


@dataclass(frozen=True, slots=True)
class ThroughputClass:
    """One class of throughput: from `from_mbps` [Mbit/s] up to the next class."""

    name: str
    from_mbps: float
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class ThroughputClasses:
    """Classes of downlink throughput, from 0 Mbit/s upwards."""

    name: str
    classes: tuple[ThroughputClass, ...]

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "ThroughputClasses":
        """
        Return the classes that a TOML file describes.

        Parameters
        ----------
        table
            Content of a file such as `data/thresholds/throughput.toml`; unknown keys are refused.

        Returns
        -------
        classes
            Checked classes.

        Raises
        ------
        SettingsError
            If a key is unknown or missing, or the limits do not rise from 0.
        """
        known = {field.name for field in fields(cls)}
        entries = {field.name for field in fields(ThroughputClass)}
        wrong = [f"unknown key '{key}'" for key in table if key not in known]
        wrong += [f"missing key '{key}'" for key in known if key not in table]
        for number, entry in enumerate(table.get("classes", ()), 1):
            wrong += [f"class {number}: unknown key '{key}'" for key in entry if key not in entries]
            wrong += [f"class {number}: missing key '{key}'" for key in entries if key not in entry]
        if not wrong:
            limits = [entry["from_mbps"] for entry in table["classes"]]
            if limits[:1] != [0] or any(b <= a for a, b in pairwise(limits)):
                wrong.append(f"from_mbps must rise from 0; found {limits}")
        if wrong:
            raise SettingsError("classes of throughput: " + "; ".join(wrong))
        return cls(table["name"], tuple(ThroughputClass(**entry) for entry in table["classes"]))
