"""Losses at a terminal among clutter or indoors, by ITU-R P.2108 and P.2109, of arrays."""

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from infraplan.errors import SettingsError
from infraplan.radio._ranges import between
from infraplan.radio._ranges import refuse_outside

__all__ = ["p2108_statistical_loss_db", "p2108_terminal_loss_db", "p2109_entry_loss_db"]

# r, s, t, u, v, w, x, y, z of P.2109-2, table 1
BUILDINGS = {
    "traditional": (12.64, 3.72, 0.96, 9.6, 2.0, 9.1, -3.0, 4.5, -2.0),
    "efficient": (28.19, -3.00, 8.48, 13.5, 3.8, 27.8, -2.9, 9.4, -2.1),
}

# what P.2108-1, table 3, has the wave do at each type of clutter: equation (2a) or (2b)
DIFFRACTING = ("suburban", "urban", "woods", "dense_urban")
LOW = ("water", "open")

Floats = npt.NDArray[np.float64]


def p2109_entry_loss_db(
    freq_mhz: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    building: str = "traditional",
    elevation_deg: npt.ArrayLike = 0.0,
) -> Floats:
    r"""
    Return the building entry loss that is not exceeded with a given probability.

    Parameters
    ----------
    freq_mhz
        Frequency, [80, 100 000], any shape [MHz].
    probability
        Probability with which the loss is not exceeded, (0, 1), broadcast.
    building
        `"traditional"` or `"efficient"` (thermally: metallised glass, foil-backed panels).
    elevation_deg
        Angle of the path at the facade above the horizontal, [-90, 90], broadcast [deg].

    Returns
    -------
    entry_loss_db
        Loss on top of the outdoor loss, above -3, of the broadcast shape [dB].

    Raises
    ------
    ModelRangeError
        If a value lies outside the published range; every such range is named.
    SettingsError
        If the building is unknown.

    Notes
    -----
    Equation (1) with :math:`C = -3` dB (4), and :math:`f` in GHz:

    .. math::

        L &= 10 \log_{10}\left(10^{A/10} + 10^{B/10} + 10^{C/10}\right) \\
        A &= F^{-1}(P) (u + v \log_{10} f) + L_h + 0.212 |\theta| \\
        B &= F^{-1}(P) (y + z \log_{10} f) + w + x \log_{10} f \\
        L_h &= r + s \log_{10} f + t (\log_{10} f)^2

    :math:`F^{-1}` is the inverse cumulative normal distribution.

    Source: ITU-R P.2109-2 (2023), section 3, equations (1) to (10) and table 1.

    Examples
    --------
    >>> p2109_entry_loss_db(2100.0, 0.5, building="traditional").round(2).tolist()
    15.0
    """
    if building not in BUILDINGS:
        msg = f"building must be traditional or efficient; found '{building}'"
        raise SettingsError(msg)
    freq, share, elevation = (
        np.asarray(values, dtype=float) for values in (freq_mhz, probability, elevation_deg)
    )
    refuse_outside(
        between("freq_mhz", freq, 80.0, 100_000.0),
        ("probability must be in (0, 1)", (share > 0.0) & (share < 1.0)),
        between("elevation_deg", elevation, -90.0, 90.0),
    )
    r, s, t, u, v, w, x, y, z = BUILDINGS[building]
    log_f = np.log10(freq / 1e3)
    normal = ndtri(share)
    horizontal = r + s * log_f + t * log_f**2  # (9)
    slant = 0.212 * np.abs(elevation)  # (10)
    a = normal * (u + v * log_f) + horizontal + slant  # (2) with (5) and (7)
    b = normal * (y + z * log_f) + w + x * log_f  # (3) with (6) and (8)
    return np.asarray(10.0 * np.log10(10.0 ** (0.1 * a) + 10.0 ** (0.1 * b) + 10.0**-0.3))  # (1)


def p2108_terminal_loss_db(
    freq_mhz: npt.ArrayLike,
    height_m: npt.ArrayLike,
    clutter_height_m: npt.ArrayLike,
    *,
    clutter_type: str,
    street_width_m: npt.ArrayLike = 27.0,
) -> Floats:
    r"""
    Return the median loss of a terminal below the clutter around it.

    Parameters
    ----------
    freq_mhz
        Frequency, [30, 3 000], any shape [MHz].
    height_m
        Height of the antenna above ground, > 0, broadcast [m].
    clutter_height_m
        Representative height of the clutter, > 0, broadcast; where none is known the
        Recommendation takes 10 (water, open, suburban), 15 (urban, woods), 20 (dense urban) [m].
    clutter_type
        `"water"` (sea), `"open"` (rural), `"suburban"`, `"urban"`, `"woods"` or `"dense_urban"`.
    street_width_m
        Distance to the clutter in front, > 0, broadcast; of no effect over water and open land [m].

    Returns
    -------
    clutter_loss_db
        Median loss of one end, 0 from the clutter's height up, of the broadcast shape [dB].

    Raises
    ------
    ModelRangeError
        If a value lies outside the published range; every such range is named.
    SettingsError
        If the type of clutter is unknown.

    Notes
    -----
    The loss is added to that of a path between antennas at the clutter's height, at either or both
    ends. With :math:`R` the height of the clutter, :math:`h` that of the antenna, :math:`w_s` the
    width of the street and :math:`f` in GHz, below the clutter:

    .. math::

        A_h &= J(\nu) - 6.03, \quad
        J = 6.9 + 20 \log_{10}\left(\sqrt{(\nu - 0.1)^2 + 1} + \nu - 0.1\right) \quad (2a) \\
        A_h &= -(21.8 + 6.2 \log_{10} f) \log_{10}(h / R) \quad (2b) \\
        \nu &= 0.342 \sqrt{f} \sqrt{(R - h) \theta}, \quad
        \theta = \arctan((R - h) / w_s) \text{ in degrees}

    (2a), diffraction over an edge, holds for suburban, urban, dense urban land and woods; (2b) for
    water and open land. :math:`J` is that of P.526; :math:`\nu` is never negative here.

    Source: ITU-R P.2108-1 (2021), section 3.1, equations (2a) to (2g) and table 3.

    Examples
    --------
    >>> p2108_terminal_loss_db(900.0, [1.5, 10.0, 20.0], 15.0, clutter_type="urban").round(1)
    array([22.6, 14.3,  0. ])
    """
    if clutter_type not in DIFFRACTING + LOW:
        known = "water, open, suburban, urban, woods or dense_urban"
        msg = f"clutter_type must be {known}; found '{clutter_type}'"
        raise SettingsError(msg)
    freq, height, clutter, street = (
        np.asarray(values, dtype=float)
        for values in (freq_mhz, height_m, clutter_height_m, street_width_m)
    )
    refuse_outside(
        between("freq_mhz", freq, 30.0, 3_000.0),
        ("height_m must be above 0", height > 0.0),
        ("clutter_height_m must be above 0", clutter > 0.0),
        ("street_width_m must be above 0", street > 0.0),
    )
    freq_ghz = freq / 1e3
    if clutter_type in LOW:
        slope = 21.8 + 6.2 * np.log10(freq_ghz)  # (2f)
        loss = -slope * np.log10(height / clutter)  # (2b)
        # the width of the street has no part in this loss, but it has in the shape
        return np.asarray(np.maximum(loss, 0.0) + np.zeros_like(street))
    above = np.maximum(clutter - height, 0.0)  # (2d)
    angle_deg = np.degrees(np.arctan(above / street))  # (2e)
    nu = 0.342 * np.sqrt(freq_ghz) * np.sqrt(above * angle_deg)  # (2c) with (2g)
    edge = 6.9 + 20.0 * np.log10(np.sqrt((nu - 0.1) ** 2 + 1.0) + nu - 0.1)
    return np.asarray(np.where(above > 0.0, edge - 6.03, 0.0))  # (2a)


def p2108_statistical_loss_db(
    freq_mhz: npt.ArrayLike, distance_m: npt.ArrayLike, location_percent: npt.ArrayLike
) -> Floats:
    r"""
    Return the clutter loss that a share of urban and suburban places does not exceed.

    Parameters
    ----------
    freq_mhz
        Frequency, [500, 67 000], any shape [MHz].
    distance_m
        Length of the whole path, >= 250, broadcast; at least 1 000 where the loss is added at both
        ends [m].
    location_percent
        Share of the places, (0, 100), broadcast [%].

    Returns
    -------
    clutter_loss_db
        Loss of one end, of the broadcast shape; negative where few places are asked for [dB].

    Raises
    ------
    ModelRangeError
        If a value lies outside the published range; every such range is named.

    Notes
    -----
    For terminals well below the clutter. With :math:`d` in km, :math:`f` in GHz, and
    :math:`Q^{-1}` the inverse complementary cumulative normal distribution:

    .. math::

        L &= -5 \log_{10}\left(10^{-0.2 L_l} + 10^{-0.2 L_s}\right)
             - \sigma Q^{-1}(p / 100) \quad (3a) \\
        \sigma &= \sqrt{\frac{4^2 \cdot 10^{-0.2 L_l} + 6^2 \cdot 10^{-0.2 L_s}}
                             {10^{-0.2 L_l} + 10^{-0.2 L_s}}} \quad (3b) \\
        L_l &= -2 \log_{10}\left(10^{-5 \log_{10} f - 12.5} + 10^{-16.5}\right) \quad (4a) \\
        L_s &= 32.98 + 23.9 \log_{10} d + 3 \log_{10} f \quad (5a)

    The loss at 2 km is the greatest that may be used (6), whatever the distance. Beyond 2 km it
    stays at that; only for the highest shares does the spread shrink enough to lower it further,
    by 0.05 dB at 99.9 %.

    Source: ITU-R P.2108-1 (2021), section 3.2, equations (3a) to (6).

    Examples
    --------
    >>> p2108_statistical_loss_db(3500.0, [500.0, 2000.0, 5000.0], 50.0).round(1)
    array([26.9, 30.4, 30.4])
    """
    freq, distance, percent = (
        np.asarray(values, dtype=float) for values in (freq_mhz, distance_m, location_percent)
    )
    refuse_outside(
        between("freq_mhz", freq, 500.0, 67_000.0),
        ("distance_m must be 250 or more", (distance >= 250.0) & np.isfinite(distance)),
        ("location_percent must be in (0, 100)", (percent > 0.0) & (percent < 100.0)),
    )
    log_f = np.log10(freq / 1e3)
    normal = ndtri(percent / 100.0)  # -Q^-1(p / 100)
    most = _spread_loss_db(log_f, np.log10(2.0), normal)  # (6)
    return np.asarray(np.minimum(_spread_loss_db(log_f, np.log10(distance / 1e3), normal), most))


def _spread_loss_db(log_f: Floats, log_d: Floats, normal: Floats) -> Floats:
    """Return (3a) at the logarithms of frequency [GHz] and distance [km]."""
    long_db = -2.0 * np.log10(10.0 ** (-5.0 * log_f - 12.5) + 10.0**-16.5)  # (4a)
    short_db = 32.98 + 23.9 * log_d + 3.0 * log_f  # (5a)
    far, near = 10.0 ** (-0.2 * long_db), 10.0 ** (-0.2 * short_db)
    sigma = np.sqrt((4.0**2 * far + 6.0**2 * near) / (far + near))  # (3b) with (4b), (5b)
    return np.asarray(-5.0 * np.log10(far + near) + sigma * normal)
