"""Published path loss models as functions of arrays."""

import numpy as np
import numpy.typing as npt

from infraplan.errors import ModelRangeError
from infraplan.errors import SettingsError
from infraplan.units import wavelength_m

__all__ = ["cost231_loss_db", "free_space_loss_db", "hata_loss_db"]

Floats = npt.NDArray[np.float64]


def free_space_loss_db(distance_m: npt.ArrayLike, freq_mhz: npt.ArrayLike) -> Floats:
    r"""
    Return the free-space basic transmission loss.

    Parameters
    ----------
    distance_m
        Length of the straight path from antenna to antenna, > 0, any shape [m].
    freq_mhz
        Carrier frequency, > 0, broadcast against `distance_m` [MHz].

    Returns
    -------
    path_loss_db
        Loss between isotropic antennas, positive, of the broadcast shape [dB].

    Raises
    ------
    ModelRangeError
        If a distance or a frequency is not positive.

    Notes
    -----
    .. math:: L = 20 \log_{10}(4 \pi d / \lambda)

    Source: ITU-R P.525-4 (2019), equation (3). Valid for: any d, f in the far field.

    Examples
    --------
    >>> float(free_space_loss_db(1000.0, 900.0).round(2))
    91.53
    """
    distance, freq = np.asarray(distance_m, dtype=float), np.asarray(freq_mhz, dtype=float)
    if not (np.all(distance > 0) and np.all(freq > 0)):
        msg = "free space needs a distance and a frequency above zero"
        raise ModelRangeError(msg)
    return np.asarray(20.0 * np.log10(4.0 * np.pi * distance / wavelength_m(freq)))


def hata_loss_db(
    distance_m: npt.ArrayLike,
    freq_mhz: npt.ArrayLike,
    base_height_m: npt.ArrayLike,
    mobile_height_m: npt.ArrayLike,
    *,
    environment: str,
    city: str = "small",
) -> Floats:
    r"""
    Return the median path loss of Okumura and Hata.

    Parameters
    ----------
    distance_m
        Distance along the ground, [1 000, 20 000], any shape [m].
    freq_mhz
        Frequency, [150, 1 500], broadcast [MHz].
    base_height_m
        Height of the base antenna, [30, 200], broadcast [m].
    mobile_height_m
        Height of the mobile antenna, [1, 10], broadcast [m].
    environment
        `"urban"`, `"suburban"` or `"open"`.
    city
        `"small"` (and medium) or `"large"`, for the mobile antenna's correction.

    Returns
    -------
    path_loss_db
        Median loss of the broadcast shape [dB].

    Raises
    ------
    ModelRangeError
        If a value lies outside the published range.
    SettingsError
        If the environment or the city is unknown.

    Notes
    -----
    Source: M. Hata, "Empirical formula for propagation loss in land mobile radio services", IEEE
    Trans. Veh. Technol. 29 (1980), table I; also ITU-R P.529-3.
    """
    d, f, hb, hm = _checked(distance_m, freq_mhz, base_height_m, mobile_height_m, (150.0, 1500.0))
    correction = _mobile_correction_db(f, hm, city)
    urban = 69.55 + 26.16 * np.log10(f) - 13.82 * np.log10(hb) - correction
    urban = urban + (44.9 - 6.55 * np.log10(hb)) * np.log10(d)
    if environment == "urban":
        return np.asarray(urban)
    if environment == "suburban":
        return np.asarray(urban - 2.0 * np.log10(f / 28.0) ** 2 - 5.4)
    if environment == "open":
        return np.asarray(urban - 4.78 * np.log10(f) ** 2 + 18.33 * np.log10(f) - 40.94)
    msg = f"environment must be urban, suburban or open; found '{environment}'"
    raise SettingsError(msg)


def cost231_loss_db(
    distance_m: npt.ArrayLike,
    freq_mhz: npt.ArrayLike,
    base_height_m: npt.ArrayLike,
    mobile_height_m: npt.ArrayLike,
    *,
    environment: str,
    city: str = "small",
) -> Floats:
    r"""
    Return the median path loss of COST 231's extension of Hata.

    Parameters
    ----------
    distance_m
        Distance along the ground, [1 000, 20 000], any shape [m].
    freq_mhz
        Frequency, [1 500, 2 000], broadcast [MHz].
    base_height_m
        Height of the base antenna, [30, 200], broadcast [m].
    mobile_height_m
        Height of the mobile antenna, [1, 10], broadcast [m].
    environment
        `"metropolitan"` (adds 3 dB) or `"suburban"` (and medium-sized cities).
    city
        `"small"` (and medium) or `"large"`, for the mobile antenna's correction.

    Returns
    -------
    path_loss_db
        Median loss of the broadcast shape [dB].

    Raises
    ------
    ModelRangeError
        If a value lies outside the published range.
    SettingsError
        If the environment or the city is unknown.

    Notes
    -----
    Source: COST 231 final report (EUR 18957, 1999), section 4.4.3.
    """
    d, f, hb, hm = _checked(distance_m, freq_mhz, base_height_m, mobile_height_m, (1500.0, 2000.0))
    if environment not in ("metropolitan", "suburban"):
        msg = f"environment must be metropolitan or suburban; found '{environment}'"
        raise SettingsError(msg)
    loss = 46.3 + 33.9 * np.log10(f) - 13.82 * np.log10(hb) - _mobile_correction_db(f, hm, city)
    loss = loss + (44.9 - 6.55 * np.log10(hb)) * np.log10(d)
    return np.asarray(loss + (3.0 if environment == "metropolitan" else 0.0))


def _checked(
    distance_m: npt.ArrayLike,
    freq_mhz: npt.ArrayLike,
    base_height_m: npt.ArrayLike,
    mobile_height_m: npt.ArrayLike,
    freq_range_mhz: tuple[float, float],
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return distance [km], frequency and heights as arrays inside the published range."""
    limits = (
        ("distance_m", distance_m, (1_000.0, 20_000.0)),
        ("freq_mhz", freq_mhz, freq_range_mhz),
        ("base_height_m", base_height_m, (30.0, 200.0)),
        ("mobile_height_m", mobile_height_m, (1.0, 10.0)),
    )
    arrays, wrong = [], []
    for name, values, (low, high) in limits:
        array = np.asarray(values, dtype=float)
        if not np.all((array >= low) & (array <= high)):
            wrong.append(f"{name} must be in [{low:g}, {high:g}]")
        arrays.append(array)
    if wrong:
        raise ModelRangeError("; ".join(wrong))
    return arrays[0] / 1000.0, arrays[1], arrays[2], arrays[3]


def _mobile_correction_db(freq_mhz: Floats, height_m: Floats, city: str) -> Floats:
    """Return Hata's correction for the height of the mobile antenna."""
    if city == "large":
        low = 8.29 * np.log10(1.54 * height_m) ** 2 - 1.1
        high = 3.2 * np.log10(11.75 * height_m) ** 2 - 4.97
        return np.where(freq_mhz < 300.0, low, high)
    if city == "small":
        log_f = np.log10(freq_mhz)
        return np.asarray((1.1 * log_f - 0.7) * height_m - (1.56 * log_f - 0.8))
    msg = f"city must be small or large; found '{city}'"
    raise SettingsError(msg)
