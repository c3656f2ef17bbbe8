"""Path loss and line of sight of 3GPP's macro cells as functions of arrays."""

import numpy as np
import numpy.typing as npt

from infraplan.radio._ranges import between
from infraplan.radio._ranges import refuse_outside

__all__ = [
    "tr38901_rma_los_probability",
    "tr38901_rma_loss_db",
    "tr38901_uma_los_probability",
    "tr38901_uma_loss_db",
]

SPEED_OF_LIGHT_M_PER_S = 3.0e8  # the rounded value that notes 1 and 5 of table 7.4.1-1 prescribe

Floats = npt.NDArray[np.float64]


def tr38901_rma_loss_db(
    distance_m: npt.ArrayLike,
    freq_mhz: npt.ArrayLike,
    base_height_m: npt.ArrayLike = 35.0,
    mobile_height_m: npt.ArrayLike = 1.5,
    *,
    line_of_sight: bool,
    street_width_m: npt.ArrayLike = 20.0,
    building_height_m: npt.ArrayLike = 5.0,
) -> Floats:
    r"""
    Return the median path loss of a rural macro cell (RMa).

    Parameters
    ----------
    distance_m
        Distance along the ground, [10, 10 000] in line of sight, else [10, 5 000], any shape [m].
    freq_mhz
        Carrier frequency, [500, 30 000], broadcast [MHz].
    base_height_m
        Height of the base antenna above ground, [10, 150], broadcast [m].
    mobile_height_m
        Height of the mobile antenna above ground, [1, 10], broadcast [m].
    line_of_sight
        Whether the mobile sees the base station.
    street_width_m
        Average width of the streets, [5, 50], broadcast; matters without line of sight only [m].
    building_height_m
        Average height of the buildings, [5, 50], broadcast [m].

    Returns
    -------
    path_loss_db
        Median loss without shadow fading, of the broadcast shape [dB].

    Raises
    ------
    ModelRangeError
        If a value lies outside the published range; every such range is named.

    Notes
    -----
    With :math:`d` the slant distance, :math:`h` the height of the buildings and :math:`f` in GHz:

    .. math::

        L_1(d) &= 20 \log_{10}(40 \pi d f / 3) + \min(0.03 h^{1.72}, 10) \log_{10} d
                  - \min(0.044 h^{1.72}, 14.77) + 0.002 d \log_{10} h \\
        L_2(d) &= L_1(d_{BP}) + 40 \log_{10}(d / d_{BP}), \quad
        d_{BP} = 2 \pi h_{BS} h_{UT} f_c / c

    :math:`L_1` (PL1 of the table) holds to the breakpoint :math:`d_{BP}` (note 5), measured along
    the ground, and :math:`L_2` (PL2) beyond. Without line of sight the loss is the greater of that
    and PL'RMa-NLOS. The table takes :math:`L_1` at a slant distance of :math:`d_{BP}`, so that the
    loss steps a little at the breakpoint; with high bases and buildings down, by less than 0.01 dB.

    Source: 3GPP TR 38.901 V17.0.0 (2022), table 7.4.1-1, row RMa, with notes 2 and 5.

    Examples
    --------
    >>> float(tr38901_rma_loss_db(1000.0, 700.0, line_of_sight=True).round(2))
    93.38
    """
    d, f, hb, hm, w, h = (
        np.asarray(values, dtype=float)
        for values in (
            distance_m,
            freq_mhz,
            base_height_m,
            mobile_height_m,
            street_width_m,
            building_height_m,
        )
    )
    refuse_outside(
        between("distance_m", d, 10.0, 10_000.0 if line_of_sight else 5_000.0),
        between("freq_mhz", f, 500.0, 30_000.0),
        between("base_height_m", hb, 10.0, 150.0),
        between("mobile_height_m", hm, 1.0, 10.0),
        between("street_width_m", w, 5.0, 50.0),
        between("building_height_m", h, 5.0, 50.0),
    )
    slant = np.hypot(d, hb - hm)
    breakpoint_m = 2.0 * np.pi * hb * hm * f * 1e6 / SPEED_OF_LIGHT_M_PER_S  # note 5
    far = _rma_near_loss_db(breakpoint_m, f, h) + 40.0 * np.log10(slant / breakpoint_m)  # PL2
    clear = np.where(d <= breakpoint_m, _rma_near_loss_db(slant, f, h), far)  # PL RMa-LOS
    if line_of_sight:
        # the width of the streets has no part in this loss, but it has in the shape
        return np.asarray(clear + np.zeros_like(w))
    # PL' RMa-NLOS
    blocked = 161.04 - 7.1 * np.log10(w) + 7.5 * np.log10(h)
    blocked = blocked - (24.37 - 3.7 * (h / hb) ** 2) * np.log10(hb)
    blocked = blocked + (43.42 - 3.1 * np.log10(hb)) * (np.log10(slant) - 3.0)
    blocked = blocked + 20.0 * np.log10(f / 1e3) - (3.2 * np.log10(11.75 * hm) ** 2 - 4.97)
    return np.asarray(np.maximum(clear, blocked))


def tr38901_uma_loss_db(
    distance_m: npt.ArrayLike,
    freq_mhz: npt.ArrayLike,
    base_height_m: npt.ArrayLike,
    mobile_height_m: npt.ArrayLike,
    *,
    line_of_sight: bool,
    environment_height_m: npt.ArrayLike = 1.0,
) -> Floats:
    r"""
    Return the median path loss of an urban macro cell (UMa).

    Parameters
    ----------
    distance_m
        Distance along the ground, [10, 5 000], any shape [m].
    freq_mhz
        Carrier frequency, [500, 100 000], broadcast [MHz].
    base_height_m
        Height of the base antenna above ground, [10, 150], broadcast; published for 25, any other
        height is an extrapolation that the formula allows [m].
    mobile_height_m
        Height of the mobile antenna above ground, [1.5, 22.5], broadcast [m].
    line_of_sight
        Whether the mobile sees the base station.
    environment_height_m
        Effective height of the environment, 1 or [12, `mobile_height_m` - 1.5], broadcast [m].

    Returns
    -------
    path_loss_db
        Median loss without shadow fading, of the broadcast shape [dB].

    Raises
    ------
    ModelRangeError
        If a value lies outside the published range; every such range is named.

    Notes
    -----
    With :math:`d` the slant distance and :math:`f` in GHz:

    .. math::

        L_1 &= 28 + 22 \log_{10} d + 20 \log_{10} f \\
        L_2 &= 28 + 40 \log_{10} d + 20 \log_{10} f
               - 9 \log_{10}\left(d_{BP}'^2 + (h_{BS} - h_{UT})^2\right), \quad
        d_{BP}' = 4 (h_{BS} - h_E) (h_{UT} - h_E) f_c / c

    :math:`L_1` (PL1 of the table) holds to the breakpoint :math:`d_{BP}'` (note 1), measured along
    the ground, and :math:`L_2` (PL2) beyond. Without line of sight the loss is the greater of that
    and PL'UMa-NLOS.

    Note 1 draws the height of the environment, :math:`h_E`: 1 m with the probability
    :math:`1 / (1 + C)`, else one of 12, 15, ... m up to :math:`h_{UT} - 1.5`. :math:`C` is 0 for
    mobiles below 13 m, so that 1 m is certain there. This function draws nothing.

    Source: 3GPP TR 38.901 V17.0.0 (2022), table 7.4.1-1, row UMa, with notes 1 and 2.

    Examples
    --------
    >>> float(tr38901_uma_loss_db(1000.0, 1800.0, 25.0, 1.5, line_of_sight=False).round(2))
    135.89
    """
    d, f, hb, hm, he = (
        np.asarray(values, dtype=float)
        for values in (distance_m, freq_mhz, base_height_m, mobile_height_m, environment_height_m)
    )
    refuse_outside(
        between("distance_m", d, 10.0, 5_000.0),
        between("freq_mhz", f, 500.0, 100_000.0),
        between("base_height_m", hb, 10.0, 150.0),
        between("mobile_height_m", hm, 1.5, 22.5),
        (
            "environment_height_m must be 1, or in [12, mobile_height_m - 1.5]",
            (he == 1.0) | ((he >= 12.0) & (he <= hm - 1.5)),
        ),
    )
    slant = np.hypot(d, hb - hm)
    breakpoint_m = 4.0 * (hb - he) * (hm - he) * f * 1e6 / SPEED_OF_LIGHT_M_PER_S  # note 1
    carrier = 20.0 * np.log10(f / 1e3)
    near = 28.0 + 22.0 * np.log10(slant) + carrier  # PL1
    far = 28.0 + 40.0 * np.log10(slant) + carrier
    far = far - 9.0 * np.log10(breakpoint_m**2 + (hb - hm) ** 2)  # PL2
    clear = np.where(d <= breakpoint_m, near, far)  # PL UMa-LOS
    if line_of_sight:
        return np.asarray(clear)
    blocked = 13.54 + 39.08 * np.log10(slant) + carrier - 0.6 * (hm - 1.5)  # PL' UMa-NLOS
    return np.asarray(np.maximum(clear, blocked))


def tr38901_rma_los_probability(distance_m: npt.ArrayLike) -> Floats:
    r"""
    Return the probability that a mobile in a rural macro cell sees its base station.

    Parameters
    ----------
    distance_m
        Distance along the ground, outdoors, >= 0, any shape [m].

    Returns
    -------
    probability
        Probability of line of sight, (0, 1], of the same shape.

    Raises
    ------
    ModelRangeError
        If a distance is negative.

    Notes
    -----
    .. math:: P = e^{-(d - 10) / 1000} \text{ beyond 10 m, else } 1

    Source: 3GPP TR 38.901 V17.0.0 (2022), table 7.4.2-1, row RMa.

    Examples
    --------
    >>> tr38901_rma_los_probability([10.0, 1010.0]).round(3).tolist()
    [1.0, 0.368]
    """
    d = np.asarray(distance_m, dtype=float)
    refuse_outside(("distance_m must be 0 or more", d >= 0.0))
    return np.asarray(np.exp(-np.maximum(d - 10.0, 0.0) / 1000.0))


def tr38901_uma_los_probability(
    distance_m: npt.ArrayLike, mobile_height_m: npt.ArrayLike
) -> Floats:
    r"""
    Return the probability that a mobile in an urban macro cell sees its base station.

    Parameters
    ----------
    distance_m
        Distance along the ground, outdoors, >= 0, any shape [m].
    mobile_height_m
        Height of the mobile antenna above ground, [1.5, 23], broadcast [m].

    Returns
    -------
    probability
        Probability of line of sight, (0, 1], of the broadcast shape.

    Raises
    ------
    ModelRangeError
        If a distance is negative or a height lies outside its range; both are named.

    Notes
    -----
    Beyond 18 m, and 1 up to there:

    .. math::

        P = \left(\frac{18}{d} + e^{-d / 63} \left(1 - \frac{18}{d}\right)\right)
            \left(1 + \frac{5}{4} C' \left(\frac{d}{100}\right)^3 e^{-d / 150}\right), \quad
        C' = \max\left(0, \frac{h_{UT} - 13}{10}\right)^{1.5}

    Just beyond 18 m the formula exceeds 1 by up to 0.007 for mobiles above 13 m; 1 is returned.
    It was derived with base antennas at 25 m.

    Source: 3GPP TR 38.901 V17.0.0 (2022), table 7.4.2-1, row UMa; the least height is that of the
    scenario, table 7.2-1.

    Examples
    --------
    >>> tr38901_uma_los_probability([18.0, 100.0, 1000.0], 1.5).round(3).tolist()
    [1.0, 0.348, 0.018]
    """
    d, hm = np.asarray(distance_m, dtype=float), np.asarray(mobile_height_m, dtype=float)
    refuse_outside(
        ("distance_m must be 0 or more", d >= 0.0), between("mobile_height_m", hm, 1.5, 23.0)
    )
    d = np.maximum(d, 18.0)
    street = 18.0 / d + np.exp(-d / 63.0) * (1.0 - 18.0 / d)
    height = (np.maximum(hm - 13.0, 0.0) / 10.0) ** 1.5  # C'(h_UT)
    above = 1.0 + height * 1.25 * (d / 100.0) ** 3 * np.exp(-d / 150.0)
    return np.asarray(np.minimum(street * above, 1.0))


def _rma_near_loss_db(slant_m: Floats, freq_mhz: Floats, building_m: Floats) -> Floats:
    """Return PL1 of row RMa, the loss up to the breakpoint."""
    loss = 20.0 * np.log10(40.0 * np.pi * slant_m * (freq_mhz / 1e3) / 3.0)
    loss = loss + np.minimum(0.03 * building_m**1.72, 10.0) * np.log10(slant_m)
    loss = loss - np.minimum(0.044 * building_m**1.72, 14.77)
    return np.asarray(loss + 0.002 * np.log10(building_m) * slant_m)
