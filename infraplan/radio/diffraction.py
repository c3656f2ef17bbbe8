"""Diffraction over a terrain profile by the delta-Bullington method."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infraplan.errors import ModelRangeError
from infraplan.errors import SettingsError

__all__ = ["Diffraction", "delta_bullington", "effective_earth_radius_km"]

EARTH_RADIUS_KM = 6371.0
POLARIZATIONS = ("vertical", "horizontal")


@dataclass(frozen=True, slots=True)
class Diffraction:
    """
    Diffraction losses of one profile, with the Recommendation's names.

    `bullington_db` is Lbulla, `smooth_bullington_db` Lbulls, `spherical_db` Ldsph, `loss_db` Ld.
    """

    bullington_db: float
    smooth_bullington_db: float
    spherical_db: float
    loss_db: float


def effective_earth_radius_km(delta_n: float) -> float:
    """
    Return the median effective radius of the earth.

    Parameters
    ----------
    delta_n
        Refractivity gradient in the lowest kilometre, below 157 N-units/km.

    Returns
    -------
    radius_km
        Effective radius [km].

    Raises
    ------
    ModelRangeError
        If the gradient is 157 or more.

    Notes
    -----
    Source: ITU-R P.1812-7, equations (6) and (7a), with the earth's radius 6 371 km.

    Examples
    --------
    >>> round(effective_earth_radius_km(45.0))
    8931
    """
    if delta_n >= 157.0:
        msg = f"delta_n must be below 157 N-units/km; found {delta_n:g}"
        raise ModelRangeError(msg)
    return EARTH_RADIUS_KM * 157.0 / (157.0 - delta_n)


def delta_bullington(
    distance_m: npt.ArrayLike,
    ground_m: npt.ArrayLike,
    clutter_m: npt.ArrayLike | None = None,
    *,
    freq_mhz: float,
    tx_height_m: float,
    rx_height_m: float,
    delta_n: float = 45.0,
    earth_radius_km: float | None = None,
    polarization: str = "vertical",
    sea_share: float = 0.0,
) -> Diffraction:
    """
    Return the diffraction losses of a profile for median refractivity.

    Parameters
    ----------
    distance_m
        Distances of the profile's points from the transmitter, rising from 0, shape (n,) [m].
    ground_m
        Heights of the ground above sea level, shape (n,) [m].
    clutter_m
        Heights of clutter above the ground, shape (n,); none where None [m].
    freq_mhz
        Frequency, [30, 6 000] [MHz].
    tx_height_m
        Height of the transmitting antenna above ground, > 0 [m].
    rx_height_m
        Height of the receiving antenna above ground, > 0 [m].
    delta_n
        Refractivity gradient, N-units/km; sets the earth's effective radius.
    earth_radius_km
        Effective radius instead of that of `delta_n`, > 0; None to use `delta_n` [km].
    polarization
        `"vertical"` or `"horizontal"`.
    sea_share
        Share of the path over the sea, [0, 1].

    Returns
    -------
    diffraction
        Loss and its parts [dB].

    Raises
    ------
    ModelRangeError
        If the frequency or a height is out of range, or the profile is not one.
    SettingsError
        If the polarisation is unknown.

    Notes
    -----
    Source: ITU-R P.1812-7, section 4.3; ITU-R P.526-15, section 4.5.
    """
    from infraplan.radio._kernels.profile import profile_terms_db

    at_km = np.asarray(distance_m, dtype=float) / 1000.0
    ground = np.asarray(ground_m, dtype=float)
    surface = ground if clutter_m is None else ground + np.asarray(clutter_m, dtype=float)
    if at_km.ndim != 1 or at_km.size < 2 or ground.shape != at_km.shape:
        msg = "a profile needs distances and heights of one length, two points or more"
        raise ModelRangeError(msg)
    if surface.shape != at_km.shape or at_km[0] != 0 or not np.all(np.diff(at_km) > 0):
        msg = "the distances of a profile must rise from 0, with one clutter height a point"
        raise ModelRangeError(msg)
    if not (30.0 <= freq_mhz <= 6000.0 and tx_height_m > 0 and rx_height_m > 0):
        msg = "freq_mhz must be in [30, 6000] and both antenna heights above 0 m"
        raise ModelRangeError(msg)
    if polarization not in POLARIZATIONS:
        msg = f"polarization must be vertical or horizontal; found '{polarization}'"
        raise SettingsError(msg)
    radius_km = earth_radius_km or effective_earth_radius_km(delta_n)
    terms = profile_terms_db(
        ground,
        surface,
        at_km,
        freq_mhz / 1000.0,
        tx_height_m,
        rx_height_m,
        radius_km,
        polarization == "vertical",
        sea_share,
    )
    return Diffraction(*(float(term) for term in terms))
