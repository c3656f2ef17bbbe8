"""Measured or computed antenna patterns: two cuts in whole degrees, and what lies between them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import ModelRangeError

__all__ = [
    "ATTENUATION_LIMIT_DB",
    "FREQ_RANGE_MHZ",
    "GAIN_RANGE_DBI",
    "TILT_RANGE_DEG",
    "AntennaPattern",
    "main_lobe_deg",
]

LAYER = "antenna"  # what errors call a pattern
DEGREES = 360
ATTENUATION_LIMIT_DB = 100.0  # no chamber measures less; more is another unit or a slip
GAIN_RANGE_DBI = (-10.0, 40.0)  # a whip in a car to a dish
FREQ_RANGE_MHZ = (30.0, 6000.0)
TILT_RANGE_DEG = (-45.0, 45.0)


@dataclass(frozen=True, slots=True, eq=False)
class AntennaPattern:
    """
    Pattern of an antenna as its maker gives it: two cuts, at each whole degree.

    `gain_dbi` is the peak gain against an isotropic antenna [dBi], `freq_mhz` the frequency of the
    measurement [MHz]. `electrical_downtilt_deg` is already contained in the vertical cut; it is
    told, not applied again [deg]. `horizontal_db[a]` is the attenuation at azimuth `a`, clockwise
    from the main direction; `vertical_db[a]` that at the angle `a` below the horizon: 0 is the
    horizon ahead, 90 straight down, 180 the horizon behind and 270 straight up, as in MSI and
    Planet files. Both are of 360 numbers from 0 to 100, against the peak, and read-only [dB].
    `notes` tell what a reader mended or assumed. Made by `from_cuts`, which checks all this.
    """

    name: str
    gain_dbi: float
    freq_mhz: float
    electrical_downtilt_deg: float
    horizontal_db: npt.NDArray[np.float64]
    vertical_db: npt.NDArray[np.float64]
    source: str
    notes: tuple[str, ...] = ()

    @classmethod
    def from_cuts(
        cls,
        name: str,
        horizontal_db: npt.ArrayLike,
        vertical_db: npt.ArrayLike,
        *,
        gain_dbi: float,
        freq_mhz: float,
        source: str,
        electrical_downtilt_deg: float = 0.0,
        notes: Iterable[str] = (),
    ) -> Self:
        """
        Return a pattern after checking its cuts and its numbers.

        Parameters
        ----------
        name
            Name of the antenna, not empty.
        horizontal_db
            Attenuation at azimuth 0 to 359, clockwise from the main direction, 0 to 100 [dB].
        vertical_db
            Attenuation at 0 to 359 degrees below the horizon ahead, 0 to 100 [dB].
        gain_dbi
            Peak gain against an isotropic antenna, -10 to 40 [dBi].
        freq_mhz
            Frequency, 30 to 6000 [MHz].
        source
            Where the cuts come from, not empty.
        electrical_downtilt_deg
            Electrical tilt that the vertical cut contains, -45 to 45, positive downwards [deg].
        notes
            What was mended or assumed on the way here.

        Returns
        -------
        pattern
            Pattern with copies of both cuts.

        Raises
        ------
        LayerError
            If anything is out of its range; all faults at once.
        """
        horizontal, faults = _checked_cut("horizontal_db", horizontal_db)
        vertical, more = _checked_cut("vertical_db", vertical_db)
        faults += more
        for column, text in (("name", name), ("source", source)):
            if not text.strip():
                faults.append(Fault(f"the {column} is empty", column=column, expected="a text"))
        for column, value, allowed in (
            ("gain_dbi", gain_dbi, GAIN_RANGE_DBI),
            ("freq_mhz", freq_mhz, FREQ_RANGE_MHZ),
            ("electrical_downtilt_deg", electrical_downtilt_deg, TILT_RANGE_DEG),
        ):
            if not allowed[0] <= value <= allowed[1]:  # also refuses NaN
                what = f"{column} is out of range"
                span = f"{allowed[0]:g} to {allowed[1]:g}"
                faults.append(Fault(what, column=column, found=f"{value:g}", expected=span))
        if faults:
            raise LayerError(LAYER, faults)
        return cls(
            name=name,
            gain_dbi=float(gain_dbi),
            freq_mhz=float(freq_mhz),
            electrical_downtilt_deg=float(electrical_downtilt_deg),
            horizontal_db=horizontal,
            vertical_db=vertical,
            source=source,
            notes=tuple(notes),
        )

    def relative_gain_db(
        self, side_deg: npt.ArrayLike, down_deg: npt.ArrayLike
    ) -> npt.NDArray[np.float64]:
        """
        Return the gain relative to the peak, from both cuts.

        Parameters
        ----------
        side_deg
            Azimuth from the main direction, clockwise, of any size, any shape [deg].
        down_deg
            Angle below the horizon of the antenna, -90 to 90, broadcast against `side_deg` [deg].

        Returns
        -------
        gain_db
            Relative gain, at most 0, of the broadcast shape; NaN where an angle is NaN [dB].

        Raises
        ------
        ModelRangeError
            If an angle below the horizon is beyond straight down or straight up.

        Notes
        -----
        Source: horizontal projection interpolation, as in the manual of Altair WinProp (AMan, "HPI
        algorithm"). With H and V the attenuations of the cuts, w = |side| / 180 and `down` = t,

            A = H(side) - (1 - w) (H(0) - V(t)) - w (H(180) - V(180 - t)),

        each cut linear between whole degrees, and A no less than 0: where the horizontal cut is
        stronger at a side than between front and back, the formula alone would exceed the peak.

        Straight ahead (side 0) A is V(t), and behind (side 180) V(180 - t), whatever the cuts.
        Along the horizon (t = 0) A is H(side) where the cuts agree ahead and behind, V(0) = H(0)
        and V(180) = H(180). Otherwise A there is

            H(side) + (1 - w) (V(0) - H(0)) + w (V(180) - H(180)):

        of an antenna tilted electrically, whose horizontal cut is taken through the main lobe and
        so has H(0) = 0, the horizon is weaker than that cut by what the tilt takes off.

        The formula is of planes, not of a sphere: straight down and up, A still depends on `side`.
        """
        side, down = np.broadcast_arrays(
            np.asarray(side_deg, dtype=np.float64), np.asarray(down_deg, dtype=np.float64)
        )
        if np.any(np.abs(down) > 90.0):
            msg = (
                "an angle below the horizon must be from -90 (straight up) to 90 (straight down) "
                f"degrees; found {down[np.abs(down) > 90.0].ravel()[0]:g}"
            )
            raise ModelRangeError(msg)
        behind = np.abs(np.mod(side + 180.0, 360.0) - 180.0) / 180.0
        ahead_db = self.horizontal_db[0] - _at(self.vertical_db, down)
        behind_db = self.horizontal_db[180] - _at(self.vertical_db, 180.0 - down)
        loss = _at(self.horizontal_db, side) - (1.0 - behind) * ahead_db - behind * behind_db
        return np.asarray(-np.maximum(loss, 0.0))


def main_lobe_deg(cut_db: npt.NDArray[np.float64]) -> float:
    """
    Return where a cut is strongest.

    Parameters
    ----------
    cut_db
        Attenuation at 0 to 359 degrees [dB].

    Returns
    -------
    angle
        Angle of the least attenuation, above -180 to 180; the middle where it spans several
        degrees, the span nearest to 0 of several, and 0 of a cut that is the same all round [deg].
    """
    is_least = cut_db == cut_db.min()
    if is_least.all():
        return 0.0
    angles = np.flatnonzero(is_least)
    start = int(angles[np.argmin(np.minimum(angles, DEGREES - angles))])
    onward = np.roll(is_least, -start)
    after, before = int(np.argmin(onward)) - 1, int(np.argmin(np.roll(onward[::-1], 1))) - 1
    middle = start + (after - before) / 2.0
    return 180.0 - (180.0 - middle) % 360.0


def _checked_cut(column: str, values: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], list[Fault]]:
    """Return a read-only copy of a cut, and what is wrong with it."""
    cut = np.array(values, dtype=np.float64)
    cut.setflags(write=False)
    if cut.shape != (DEGREES,):
        what = "a cut does not have one number for each degree"
        found = f"shape {cut.shape}"
        return cut, [Fault(what, column=column, found=found, expected="360 numbers, 0 to 359")]
    wrong = np.flatnonzero(~((cut >= 0.0) & (cut <= ATTENUATION_LIMIT_DB)))  # also finds NaN
    if wrong.size:
        return cut, [
            Fault(
                what="attenuations are out of range",
                rows=tuple(map(str, wrong)),
                found=f"{cut[wrong[0]]:g} dB",
                expected=f"0 to {ATTENUATION_LIMIT_DB:g} dB below the peak",
                column=column,
            )
        ]
    return cut, []


def _at(cut: npt.NDArray[np.float64], angle: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a cut between its whole degrees; 360 repeats 0."""
    closed = np.append(cut, cut[0])
    found = np.interp(np.mod(angle, 360.0), np.arange(DEGREES + 1, dtype=np.float64), closed)
    return np.asarray(found, dtype=np.float64)
