"""Conversions between the units of this field; every logarithmic value carries its suffix."""

import numpy as np
import numpy.typing as npt

__all__ = [
    "SPEED_OF_LIGHT_M_PER_S",
    "db_to_ratio",
    "dbm_to_milliwatt",
    "milliwatt_to_dbm",
    "ratio_to_db",
    "wavelength_m",
]

SPEED_OF_LIGHT_M_PER_S = 299_792_458.0  # exact by definition of the metre (BIPM, 2019)

Floats = npt.NDArray[np.float64]


def db_to_ratio(value_db: npt.ArrayLike) -> Floats:
    """
    Return the power ratio of a level difference.

    Parameters
    ----------
    value_db
        Level difference, any shape [dB].

    Returns
    -------
    ratio
        Ratio of powers, > 0, of the same shape.

    Examples
    --------
    >>> float(db_to_ratio(3.0).round(3))
    1.995
    """
    return np.asarray(10.0 ** (np.asarray(value_db, dtype=np.float64) / 10.0))


def ratio_to_db(ratio: npt.ArrayLike) -> Floats:
    """
    Return the level difference of a power ratio.

    Parameters
    ----------
    ratio
        Ratio of powers, > 0, any shape.

    Returns
    -------
    value_db
        Level difference of the same shape [dB].

    Examples
    --------
    >>> float(ratio_to_db(100.0))
    20.0
    """
    return np.asarray(10.0 * np.log10(np.asarray(ratio, dtype=np.float64)))


def dbm_to_milliwatt(power_dbm: npt.ArrayLike) -> Floats:
    """
    Return a power in milliwatt.

    Parameters
    ----------
    power_dbm
        Power level, any shape [dBm].

    Returns
    -------
    power_mw
        Power of the same shape [mW].

    Examples
    --------
    >>> float(dbm_to_milliwatt(43.0).round(0))
    19953.0
    """
    return db_to_ratio(power_dbm)


def milliwatt_to_dbm(power_mw: npt.ArrayLike) -> Floats:
    """
    Return a power level.

    Parameters
    ----------
    power_mw
        Power, > 0, any shape [mW].

    Returns
    -------
    power_dbm
        Power level of the same shape [dBm].

    Examples
    --------
    >>> float(milliwatt_to_dbm(20_000.0).round(2))
    43.01
    """
    return ratio_to_db(power_mw)


def wavelength_m(freq_mhz: npt.ArrayLike) -> Floats:
    """
    Return the wavelength in vacuum.

    Parameters
    ----------
    freq_mhz
        Frequency, > 0, any shape [MHz].

    Returns
    -------
    wavelength_m
        Wavelength of the same shape [m].

    Examples
    --------
    >>> float(wavelength_m(900.0).round(4))
    0.3331
    """
    return np.asarray(SPEED_OF_LIGHT_M_PER_S / (np.asarray(freq_mhz, dtype=np.float64) * 1e6))
