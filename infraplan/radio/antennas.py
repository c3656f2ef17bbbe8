"""Antenna patterns by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import SettingsError
from infraplan.radio.patterns import AntennaPattern

__all__ = [
    "ANTENNAS",
    "UNKNOWN_AZIMUTH_LOSS_DB",
    "Antenna",
    "antenna",
    "is_omni",
    "patterns_of",
    "relative_gain_db",
]

# Three sectors 120 degrees apart, turned by an unknown angle: a receiver lies up to 60 degrees off
# the nearest axis, and 12 (phi / 65)^2 averaged over [0, 60] is 12 (60 / 65)^2 / 3 = 3.4 dB.
OMNI_RIPPLE_DB = 3.0  # between the strongest and the weakest direction of an antenna all round
UNKNOWN_AZIMUTH_LOSS_DB = 12.0 * (60.0 / 65.0) ** 2 / 3.0


@dataclass(frozen=True, slots=True)
class Antenna:
    """
    Pattern of 3GPP TR 36.814, table A.2.1.1-2, or the like with other widths.

    `gain_dbi` is the peak gain; the widths are those at half power.
    """

    name: str
    gain_dbi: float
    horizontal_deg: float
    vertical_deg: float
    front_to_back_db: float
    side_lobe_db: float
    source: str

    @property
    def is_omni(self) -> bool:
        """Return whether the pattern is the same in all directions of the horizon."""
        return self.horizontal_deg >= 360.0

    def shape(self) -> npt.NDArray[np.float64]:
        """Return the numbers that the kernel takes."""
        unknown_db = 0.0 if self.is_omni else UNKNOWN_AZIMUTH_LOSS_DB
        return np.array(
            [
                self.horizontal_deg,
                self.vertical_deg,
                self.front_to_back_db,
                self.side_lobe_db,
                unknown_db,
            ]
        )


_3GPP = "formula of 3GPP TR 36.814, A.2.1.1-2; widths and gain of usual panels, assumed"
ANTENNAS: Mapping[str, Antenna] = MappingProxyType(
    {
        item.name: item
        for item in (
            Antenna("3gpp_900", 15.0, 65.0, 10.0, 25.0, 20.0, _3GPP),
            Antenna("3gpp_1800", 17.0, 65.0, 7.0, 25.0, 20.0, _3GPP),
            Antenna("3gpp_2100", 17.0, 65.0, 7.0, 25.0, 20.0, _3GPP),
            Antenna("omni", 10.0, 360.0, 8.0, 25.0, 20.0, "collinear of 8 half-wave elements"),
            Antenna("isotropic", 0.0, 360.0, 1e6, 0.0, 0.0, "by definition"),
        )
    }
)


def antenna(name: str) -> Antenna:
    """
    Return an antenna pattern.

    Parameters
    ----------
    name
        Name of a pattern.

    Returns
    -------
    antenna
        Pattern.

    Raises
    ------
    SettingsError
        If there is none of that name; the message lists those there are.
    """
    if name not in ANTENNAS:
        msg = f"there is no antenna '{name}'; there is {', '.join(ANTENNAS)}"
        raise SettingsError(msg)
    return ANTENNAS[name]


def patterns_of(cells: pd.DataFrame) -> list[AntennaPattern | None]:
    """
    Return the measured patterns of cells.

    Parameters
    ----------
    cells
        Cells; those that `derive_cells` returned have the column `pattern`.

    Returns
    -------
    patterns
        Pattern of each cell, None where its antenna has a formula.
    """
    return list(cells["pattern"]) if "pattern" in cells else [None] * len(cells)


def is_omni(name: str, pattern: AntennaPattern | None) -> bool:
    """
    Return whether an antenna radiates alike in all directions of the horizon.

    Parameters
    ----------
    name
        Name of the antenna.
    pattern
        Measured pattern, None where the antenna has a formula.

    Returns
    -------
    is_omni
        Whether an azimuth means nothing.
    """
    if pattern is None:
        return antenna(name).is_omni
    return float(pattern.horizontal_db.max() - pattern.horizontal_db.min()) <= OMNI_RIPPLE_DB


def relative_gain_db(
    name: str,
    bearing_deg: npt.ArrayLike,
    below_horizon_deg: npt.ArrayLike,
    *,
    azimuth_deg: float = 0.0,
    mechanical_downtilt_deg: float = 0.0,
    electrical_downtilt_deg: float = 0.0,
) -> npt.NDArray[np.float64]:
    """
    Return the gain of an antenna relative to its peak.

    Parameters
    ----------
    name
        Name of the pattern.
    bearing_deg
        Direction looked at, clockwise from north, any shape [deg].
    below_horizon_deg
        Angle below the horizon, broadcast against `bearing_deg`, positive downwards [deg].
    azimuth_deg
        Main direction, clockwise from the same north; NaN where unknown [deg].
    mechanical_downtilt_deg
        Mechanical tilt, positive below the horizon [deg].
    electrical_downtilt_deg
        Electrical tilt, positive below the horizon [deg].

    Returns
    -------
    gain_db
        Relative gain, at most 0, of the broadcast shape [dB].

    Notes
    -----
    Source: 3GPP TR 36.814 V9.2.0, table A.2.1.1-2. Mechanical tilt turns the whole pattern about
    the horizontal axis across the main direction; electrical tilt moves the vertical cut only.
    """
    from infraplan.radio._kernels.servers import pattern_gain_db

    shape = antenna(name).shape().astype(np.float32)
    bearing, below = np.broadcast_arrays(
        np.asarray(bearing_deg, dtype=np.float32), np.asarray(below_horizon_deg, dtype=np.float32)
    )
    azimuth = np.float32("nan") if antenna(name).is_omni else np.float32(azimuth_deg)
    tilts = np.float32(mechanical_downtilt_deg), np.float32(electrical_downtilt_deg)
    cuts = np.zeros((0, 2, 361), dtype=np.float32)
    gains = [
        pattern_gain_db(azimuth, b, e, *tilts, shape, cuts, -1)
        for b, e in zip(bearing.ravel(), below.ravel(), strict=True)
    ]
    return np.array(gains, dtype=np.float64).reshape(bearing.shape)
