"""Link budgets: from the power of a cell to the level that its technology reports."""

import numpy as np
import pandas as pd

from infraplan.errors import ModelRangeError
from infraplan.radio.antennas import antenna

__all__ = [
    "noise_dbm",
    "reference_eirp_dbm",
    "reference_offset_db",
    "resource_blocks",
    "service_margin_db",
]

# 3GPP TS 36.101 V17, table 5.6-1: channel bandwidth [MHz] to resource blocks
LTE_BLOCKS = {1.4: 6, 3.0: 15, 5.0: 25, 10.0: 50, 15.0: 75, 20.0: 100}
# 3GPP TS 38.101-1 V17, table 5.3.2-1, 30 kHz subcarriers
NR_BLOCKS = {
    5.0: 11, 10.0: 24, 15.0: 38, 20.0: 51, 25.0: 65, 30.0: 78, 40.0: 106, 50.0: 133, 60.0: 162,
    70.0: 189, 80.0: 217, 90.0: 245, 100.0: 273,
}  # fmt: skip
CPICH_SHARE = 0.1  # 33 dBm of 43: usual share of the common pilot channel; 3GPP TS 25.942 uses 10 %
THERMAL_DBM_PER_HZ = -173.98  # k T at 290 K
NOISE_FIGURE_DB = 9.0  # of a handset, 3GPP TR 36.942, table 4.1
REFERENCE_HZ = {"2G": 200e3, "3G": 3.84e6, "4G": 15e3, "5G": 30e3}


def resource_blocks(technology: str, bandwidth_mhz: float) -> int:
    """
    Return the resource blocks of a carrier.

    Parameters
    ----------
    technology
        `"4G"` or `"5G"`.
    bandwidth_mhz
        Channel bandwidth, one that the standard has [MHz].

    Returns
    -------
    count
        Resource blocks.

    Raises
    ------
    ModelRangeError
        If the standard has no such bandwidth.

    Notes
    -----
    Source: 3GPP TS 36.101, table 5.6-1; TS 38.101-1, table 5.3.2-1 (30 kHz).
    """
    blocks = LTE_BLOCKS if technology == "4G" else NR_BLOCKS
    if bandwidth_mhz not in blocks:
        known = ", ".join(f"{b:g}" for b in blocks)
        msg = f"{technology} has no channel of {bandwidth_mhz:g} MHz; there is {known} MHz"
        raise ModelRangeError(msg)
    return blocks[bandwidth_mhz]


def reference_offset_db(technology: str, bandwidth_mhz: float) -> float:
    """
    Return how far the reported level lies below that of the whole cell.

    Parameters
    ----------
    technology
        `"2G"` (RxLev: the whole carrier), `"3G"` (RSCP: the pilot's share), `"4G"` (RSRP) or `"5G"`
        (SS-RSRP: one resource element).
    bandwidth_mhz
        Channel bandwidth [MHz].

    Returns
    -------
    offset_db
        Difference, at least 0 [dB].

    Raises
    ------
    ModelRangeError
        If the technology is unknown or has no such bandwidth.

    Notes
    -----
    Source: 3GPP TS 36.214, 5.1.1: power per resource element is that of the cell divided by twelve
    times the resource blocks; TS 25.215, 5.1.1 for the pilot.

    Examples
    --------
    >>> round(reference_offset_db("4G", 10.0), 2)
    27.78
    """
    if technology == "2G":
        return 0.0
    if technology == "3G":
        return float(-10.0 * np.log10(CPICH_SHARE))
    if technology in ("4G", "5G"):
        return float(10.0 * np.log10(12 * resource_blocks(technology, bandwidth_mhz)))
    msg = f"technology must be 2G, 3G, 4G or 5G; found '{technology}'"
    raise ModelRangeError(msg)


def reference_eirp_dbm(cells: pd.DataFrame) -> "pd.Series[float]":
    """
    Return the radiated power behind the reported level, in the main direction.

    Parameters
    ----------
    cells
        Table as of layer `cells`, all fields filled; adds nothing, index `cell_id`.

    Returns
    -------
    eirp_dbm
        Power at the antenna connector plus peak gain less the reference offset [dBm].

    Raises
    ------
    ModelRangeError
        If a bandwidth is not one of the standard.
    SettingsError
        If an antenna is unknown.
    """
    gains = cells["antenna"].map(lambda name: antenna(name).gain_dbi)
    offsets = [
        reference_offset_db(technology, float(bandwidth))
        for technology, bandwidth in zip(cells["technology"], cells["bandwidth_mhz"], strict=True)
    ]
    eirp_dbm = cells["tx_power_dbm"] + gains - np.array(offsets)
    return pd.Series(eirp_dbm, index=cells.index, name="eirp_dbm")


def noise_dbm(technology: str) -> float:
    """
    Return the noise of a receiver in the bandwidth of the reported level.

    Parameters
    ----------
    technology
        `"2G"`, `"3G"`, `"4G"` or `"5G"`.

    Returns
    -------
    noise_dbm
        Thermal noise and noise figure [dBm].

    Notes
    -----
    Source: k T B with 290 K; noise figure 9 dB of 3GPP TR 36.942, table 4.1.
    """
    bandwidth_hz = REFERENCE_HZ[technology]
    return float(THERMAL_DBM_PER_HZ + 10.0 * np.log10(bandwidth_hz) + NOISE_FIGURE_DB)


def service_margin_db(p_cov: float, sigma_db: float) -> float:
    """
    Return how far above its threshold a signal must lie to be service.

    Parameters
    ----------
    p_cov
        Probability asked for, [0.5, 1).
    sigma_db
        Standard deviation of the signal, > 0 [dB].

    Returns
    -------
    margin_db
        Margin, at least 0 [dB].
    """
    from statistics import NormalDist

    return NormalDist().inv_cdf(p_cov) * sigma_db
