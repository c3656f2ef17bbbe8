"""
Link budgets: from the power of a cell to the level that its technology reports, and on from it.

Every level is the one that a technology reports (RxLev, RSCP, RSRP, SS-RSRP); noise and
interference are meant in the bandwidth of that level: 200 kHz, 3.84 MHz or one subcarrier.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import ModelRangeError
from infraplan.radio.antennas import antenna
from infraplan.radio.antennas import patterns_of
from infraplan.radio.settings import ThroughputClasses
from infraplan.units import dbm_to_milliwatt
from infraplan.units import ratio_to_db

__all__ = [
    "LTE_BLOCKS",
    "NR_BLOCKS",
    "LinkBudget",
    "ec_no_db",
    "link_budget",
    "loaded_power_mw",
    "noise_dbm",
    "peak_gain_dbi",
    "receiver_noise_dbm",
    "reference_eirp_dbm",
    "reference_offset_db",
    "resource_blocks",
    "rsrq_db",
    "service_margin_db",
    "sinr_db",
    "subcarrier_spacing_khz",
    "throughput_class",
    "throughput_mbps",
]

Floats = npt.NDArray[np.float64]

# 3GPP TS 36.101 V17, table 5.6-1: channel bandwidth [MHz] to resource blocks
LTE_BLOCKS: Mapping[float, int] = MappingProxyType(
    {1.4: 6, 3.0: 15, 5.0: 25, 10.0: 50, 15.0: 75, 20.0: 100}
)
# 3GPP TS 38.101-1 V17, table 5.3.2-1: subcarrier spacing [kHz] and bandwidth [MHz] to blocks
NR_BLOCKS: Mapping[int, Mapping[float, int]] = MappingProxyType(
    {
        15: MappingProxyType({
            5.0: 25, 10.0: 52, 15.0: 79, 20.0: 106, 25.0: 133, 30.0: 160, 35.0: 188, 40.0: 216,
            45.0: 242, 50.0: 270,
        }),
        30: MappingProxyType({
            5.0: 11, 10.0: 24, 15.0: 38, 20.0: 51, 25.0: 65, 30.0: 78, 35.0: 92, 40.0: 106,
            45.0: 119, 50.0: 133, 60.0: 162, 70.0: 189, 80.0: 217, 90.0: 245, 100.0: 273,
        }),
        60: MappingProxyType({
            10.0: 11, 15.0: 18, 20.0: 24, 25.0: 31, 30.0: 38, 35.0: 44, 40.0: 51, 45.0: 58,
            50.0: 65, 60.0: 79, 70.0: 93, 80.0: 107, 90.0: 121, 100.0: 135,
        }),
    }
)  # fmt: skip
USUAL_SPACING_KHZ = {"4G": 15, "5G": 30}
TDD_FROM_MHZ = 2300.0  # n40, n41, n77 and n78 are TDD; n28, n5, n8, n3 and n1 below them are FDD
CPICH_SHARE = 0.1  # 33 dBm of 43: usual share of the common pilot channel; 3GPP TS 25.942 uses 10 %
COMMON_SHARE = 0.2  # pilot and other common channels of 3G, always on air; recalled, not read
THERMAL_DBM_PER_HZ = -173.98  # k T at 290 K
NOISE_FIGURE_DB = 9.0  # of a handset, 3GPP TR 36.942, table 4.1
REFERENCE_HZ = {"2G": 200e3, "3G": 3.84e6}  # 4G and 5G: one subcarrier
SUBCARRIERS = 12  # of a resource block

# 3GPP TR 36.942, annex A, baseline of the downlink
SHANNON_ATTENUATION = 0.6
SHANNON_FROM_DB = -10.0
SHANNON_MOST = 4.4  # bit/s/Hz
# 4G: two control symbols and the pilots of two antenna ports, 24 + 12 of the 168 resource elements
# of a block pair (3GPP TS 36.211, 6.10.1); 5G: 3GPP TS 38.306, 4.1.2, downlink of FR1
OVERHEAD = {"4G": 36.0 / 168.0, "5G": 0.14}
# slots DDDSU with 10 downlink, 2 guard and 2 uplink symbols in S: usual in mid band, recalled
TDD_DOWNLINK_SHARE = (3 * 14 + 10) / (5 * 14)


@dataclass(frozen=True, slots=True, eq=False)
class LinkBudget:
    """
    Link budget of a cell, each term by its name; all terms have one shape.

    `eirp_dbm` is `tx_power_dbm - feeder_loss_db + antenna_gain_dbi`; less `reference_offset_db` it
    is `reference_eirp_dbm`, and less body loss, entry loss, margin and threshold it is
    `max_path_loss_db`. Levels in dBm, losses and margins in dB, the gain in dBi.
    """

    technology: str
    tx_power_dbm: Floats
    feeder_loss_db: Floats
    antenna_gain_dbi: Floats
    eirp_dbm: Floats
    reference_offset_db: Floats
    reference_eirp_dbm: Floats
    body_loss_db: Floats
    entry_loss_db: Floats
    threshold_dbm: Floats
    margin_db: Floats
    max_path_loss_db: Floats

    def level_dbm(self, path_loss_db: npt.ArrayLike) -> Floats:
        """
        Return the median level that is reported behind a path loss.

        Parameters
        ----------
        path_loss_db
            Basic transmission loss outdoors, broadcast against the terms [dB].

        Returns
        -------
        level_dbm
            Level at the receiver, indoors where the budget has an entry loss [dBm].
        """
        loss_db = np.asarray(path_loss_db, dtype=np.float64)
        return self.reference_eirp_dbm - self.body_loss_db - self.entry_loss_db - loss_db


def subcarrier_spacing_khz(freq_mhz: float, bandwidth_mhz: float | None = None) -> int:
    """
    Return the subcarrier spacing that a 5G carrier usually has.

    Parameters
    ----------
    freq_mhz
        Downlink centre frequency, > 0 [MHz].
    bandwidth_mhz
        Channel bandwidth; not asked for where None [MHz].

    Returns
    -------
    spacing_khz
        15 below 2 300 MHz, where the bands are FDD, unless the channel is wider than the 50 MHz
        that 15 kHz has; 30 else [kHz].

    Notes
    -----
    A rule of practice; the standard allows both in most bands. The band n7 (FDD, downlink 2 620 to
    2 690 MHz) lies within n41 (TDD) and counts as TDD here: name its spacing where it differs.
    Source: bands and duplex modes of 3GPP TS 38.101-1, table 5.2-1.
    """
    fits = bandwidth_mhz is None or bandwidth_mhz in NR_BLOCKS[15]
    return 15 if freq_mhz < TDD_FROM_MHZ and fits else 30


def resource_blocks(
    technology: str, bandwidth_mhz: float, *, subcarrier_khz: int | None = None
) -> int:
    """
    Return the resource blocks of a carrier.

    Parameters
    ----------
    technology
        `"4G"` or `"5G"`.
    bandwidth_mhz
        Channel bandwidth, one that the standard has [MHz].
    subcarrier_khz
        Subcarrier spacing: 15 for 4G; 15, 30 or 60 for 5G, 30 where None (`subcarrier_spacing_khz`
        tells the usual one of a frequency) [kHz].

    Returns
    -------
    count
        Resource blocks.

    Raises
    ------
    ModelRangeError
        If the standard has no such technology, spacing or bandwidth.

    Notes
    -----
    Source: 3GPP TS 36.101, table 5.6-1; TS 38.101-1 V17, table 5.3.2-1.
    """
    tables = {15: LTE_BLOCKS} if technology == "4G" else NR_BLOCKS
    spacing = _spacing_khz(technology, subcarrier_khz)
    blocks = tables[spacing]
    if bandwidth_mhz not in blocks:
        known = ", ".join(f"{b:g}" for b in blocks)
        name = technology if technology == "4G" else f"{technology} with {spacing} kHz"
        msg = f"{name} has no channel of {bandwidth_mhz:g} MHz; there is {known} MHz"
        raise ModelRangeError(msg)
    return blocks[bandwidth_mhz]


def reference_offset_db(
    technology: str, bandwidth_mhz: float, *, subcarrier_khz: int | None = None
) -> float:
    """
    Return how far the reported level lies below that of the whole cell.

    Parameters
    ----------
    technology
        `"2G"` (RxLev: the whole carrier), `"3G"` (RSCP: the pilot's share), `"4G"` (RSRP) or `"5G"`
        (SS-RSRP: one resource element).
    bandwidth_mhz
        Channel bandwidth [MHz].
    subcarrier_khz
        Subcarrier spacing of 5G, 30 where None [kHz].

    Returns
    -------
    offset_db
        Difference, at least 0 [dB].

    Raises
    ------
    ModelRangeError
        If the technology is unknown or has no such spacing or bandwidth.

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
        blocks = resource_blocks(technology, bandwidth_mhz, subcarrier_khz=subcarrier_khz)
        return float(10.0 * np.log10(SUBCARRIERS * blocks))
    msg = f"technology must be 2G, 3G, 4G or 5G; found '{technology}'"
    raise ModelRangeError(msg)


def reference_eirp_dbm(cells: pd.DataFrame) -> "pd.Series[float]":
    """
    Return the radiated power behind the reported level, in the main direction.

    Parameters
    ----------
    cells
        Table as of layer `cells`, all fields filled; adds nothing, index `cell_id`.
        `feeder_loss_db` may lack or be empty: then `tx_power_dbm` is at the antenna connector.

    Returns
    -------
    eirp_dbm
        Power less feeder loss plus peak gain less the reference offset [dBm].

    Raises
    ------
    ModelRangeError
        If a bandwidth is not one of the standard.
    SettingsError
        If an antenna is unknown.

    Notes
    -----
    5G has the subcarrier spacing that `subcarrier_spacing_khz` tells for the cell's frequency.
    """
    gains = peak_gain_dbi(cells)
    offsets = [
        reference_offset_db(
            technology,
            float(bandwidth),
            subcarrier_khz=_usual_spacing_khz(technology, float(freq), float(bandwidth)),
        )
        for technology, freq, bandwidth in zip(
            cells["technology"], cells["freq_mhz"], cells["bandwidth_mhz"], strict=True
        )
    ]
    power_dbm = cells["tx_power_dbm"]
    if "feeder_loss_db" in cells:
        power_dbm = power_dbm - cells["feeder_loss_db"].fillna(0.0)
    eirp_dbm = power_dbm + gains - np.array(offsets)
    return pd.Series(eirp_dbm, index=cells.index, name="eirp_dbm")


def peak_gain_dbi(cells: pd.DataFrame) -> Floats:
    """
    Return the peak gains of the antennas of cells.

    Parameters
    ----------
    cells
        Cells with their `antenna`, and with the measured `pattern` of it where there is one.

    Returns
    -------
    gain_dbi
        Gain against an isotropic antenna, one a cell [dBi].

    Raises
    ------
    SettingsError
        If an antenna is unknown.
    """
    return np.array(
        [
            antenna(name).gain_dbi if pattern is None else pattern.gain_dbi
            for name, pattern in zip(cells["antenna"], patterns_of(cells), strict=True)
        ],
        dtype=np.float64,
    )


def receiver_noise_dbm(
    bandwidth_hz: npt.ArrayLike, noise_figure_db: npt.ArrayLike = NOISE_FIGURE_DB
) -> Floats:
    """
    Return the noise of a receiver in a bandwidth.

    Parameters
    ----------
    bandwidth_hz
        Bandwidth, > 0, any shape [Hz].
    noise_figure_db
        Noise figure, at least 0, broadcast; that of a handset by default [dB].

    Returns
    -------
    noise_dbm
        Thermal noise and noise figure, of the broadcast shape [dBm].

    Raises
    ------
    ModelRangeError
        If a bandwidth is not positive or a noise figure is negative.

    Notes
    -----
    Source: k T B with 290 K; noise figure 9 dB of 3GPP TR 36.942, table 4.1.

    Examples
    --------
    >>> float(receiver_noise_dbm(20e6, 7.0).round(2))
    -93.97
    """
    bandwidth = np.asarray(bandwidth_hz, dtype=np.float64)
    figure_db = np.asarray(noise_figure_db, dtype=np.float64)
    if np.any(bandwidth <= 0) or np.any(figure_db < 0):
        msg = "noise needs a bandwidth above 0 Hz and a noise figure of at least 0 dB"
        raise ModelRangeError(msg)
    return np.asarray(THERMAL_DBM_PER_HZ + ratio_to_db(bandwidth) + figure_db)


def noise_dbm(technology: str, *, subcarrier_khz: int | None = None) -> float:
    """
    Return the noise of a handset in the bandwidth of the reported level.

    Parameters
    ----------
    technology
        `"2G"`, `"3G"`, `"4G"` or `"5G"`.
    subcarrier_khz
        Subcarrier spacing of 5G, 30 where None [kHz].

    Returns
    -------
    noise_dbm
        Thermal noise and noise figure [dBm].

    Raises
    ------
    ModelRangeError
        If the technology or the spacing is unknown.

    Notes
    -----
    Source: k T B with 290 K; noise figure 9 dB of 3GPP TR 36.942, table 4.1.
    """
    if technology in REFERENCE_HZ:
        return float(receiver_noise_dbm(REFERENCE_HZ[technology]))
    return float(receiver_noise_dbm(1e3 * _spacing_khz(technology, subcarrier_khz)))


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


def link_budget(
    technology: str,
    *,
    tx_power_dbm: npt.ArrayLike,
    antenna_gain_dbi: npt.ArrayLike,
    bandwidth_mhz: float,
    threshold_dbm: npt.ArrayLike,
    p_cov: float,
    sigma_db: npt.ArrayLike,
    feeder_loss_db: npt.ArrayLike = 0.0,
    body_loss_db: npt.ArrayLike = 0.0,
    entry_loss_db: npt.ArrayLike = 0.0,
    entry_sigma_db: npt.ArrayLike = 0.0,
    subcarrier_khz: int | None = None,
) -> LinkBudget:
    """
    Return the link budget of the downlink, term by term.

    Parameters
    ----------
    technology
        `"2G"`, `"3G"`, `"4G"` or `"5G"`.
    tx_power_dbm
        Power of the whole cell: at the antenna connector, or at the transmitter where a feeder loss
        is given; any shape [dBm].
    antenna_gain_dbi
        Gain of the cell's antenna towards the receiver, broadcast [dBi].
    bandwidth_mhz
        Channel bandwidth [MHz].
    threshold_dbm
        Reported level asked for, broadcast [dBm].
    p_cov
        Probability that the level is reached at a place, [0.5, 1).
    sigma_db
        Standard deviation of the level outdoors, at least 0, broadcast [dB].
    feeder_loss_db
        Loss of feeder, jumpers and combiner, at least 0, broadcast [dB].
    body_loss_db
        Loss by the user's body, at least 0, broadcast [dB].
    entry_loss_db
        Median loss on the way into a building, at least 0 (0: outdoors), broadcast [dB].
    entry_sigma_db
        Standard deviation of that loss, at least 0, broadcast [dB].
    subcarrier_khz
        Subcarrier spacing of 5G, 30 where None [kHz].

    Returns
    -------
    budget
        All terms, of the broadcast shape.

    Raises
    ------
    ModelRangeError
        If the technology, spacing or bandwidth is unknown, or values are out of range; all of these
        are named at once.

    Notes
    -----
    Standard deviations add as independent ones do. The gain of the handset is taken as 0 dBi, for
    thresholds of reported levels hold at its antenna connector. Source: sum of the terms; offsets
    as in `reference_offset_db`, margin as in `service_margin_db`.

    Examples
    --------
    >>> budget = link_budget("4G", tx_power_dbm=46.0, feeder_loss_db=0.5, antenna_gain_dbi=17.0,
    ...     bandwidth_mhz=20.0, threshold_dbm=-110.0, p_cov=0.75, sigma_db=8.0)
    >>> float(budget.eirp_dbm), float(budget.max_path_loss_db.round(1))
    (62.5, 136.3)
    """
    offset_db = reference_offset_db(technology, bandwidth_mhz, subcarrier_khz=subcarrier_khz)
    at_least_0 = {
        "feeder_loss_db": feeder_loss_db,
        "body_loss_db": body_loss_db,
        "entry_loss_db": entry_loss_db,
        "sigma_db": sigma_db,
        "entry_sigma_db": entry_sigma_db,
    }
    wrong = [f"{n} must be at least 0 dB" for n, v in at_least_0.items() if np.any(np.less(v, 0))]
    if not 0.5 <= p_cov < 1:
        wrong.append(f"p_cov must be in [0.5, 1); found {p_cov}")
    if wrong:
        raise ModelRangeError("; ".join(wrong))
    margin_db = service_margin_db(p_cov, 1.0) * np.hypot(sigma_db, entry_sigma_db)
    terms = (
        tx_power_dbm, feeder_loss_db, antenna_gain_dbi, offset_db, body_loss_db, entry_loss_db,
        threshold_dbm, margin_db,
    )  # fmt: skip
    power, feeder, gain, offset, body, entry, threshold, margin = (
        np.array(term) for term in np.broadcast_arrays(*(np.asarray(t, dtype=float) for t in terms))
    )
    eirp = power - feeder + gain
    return LinkBudget(
        technology=technology,
        tx_power_dbm=power,
        feeder_loss_db=feeder,
        antenna_gain_dbi=gain,
        eirp_dbm=np.asarray(eirp),
        reference_offset_db=offset,
        reference_eirp_dbm=np.asarray(eirp - offset),
        body_loss_db=body,
        entry_loss_db=entry,
        threshold_dbm=threshold,
        margin_db=margin,
        max_path_loss_db=np.asarray(eirp - offset - body - entry - threshold - margin),
    )


def loaded_power_mw(levels_dbm: npt.ArrayLike, loads: npt.ArrayLike = 1.0) -> Floats:
    """
    Return the power that several cells make together.

    Parameters
    ----------
    levels_dbm
        Level of each cell at full power along the first axis; NaN unknown, -inf nothing [dBm].
    loads
        Share of its power that each cell uses, [0, 1]: one number, or one for each cell.

    Returns
    -------
    power_mw
        Sum over the cells, without the first axis [mW].

    Raises
    ------
    ModelRangeError
        If a load is not a share.

    Examples
    --------
    >>> float(loaded_power_mw([-90.0, -90.0], [1.0, 0.5]).round(12))
    1.5e-09
    """
    levels = np.atleast_1d(np.asarray(levels_dbm, dtype=np.float64))
    share = _share("loads", loads, low=0.0)
    if share.ndim:  # one load a cell: along the first axis, not the last
        share = share.reshape(share.shape + (1,) * (levels.ndim - share.ndim))
    return np.asarray((dbm_to_milliwatt(levels) * share).sum(axis=0))


def sinr_db(
    signal_dbm: npt.ArrayLike, interference_mw: npt.ArrayLike, noise_dbm: npt.ArrayLike
) -> Floats:
    """
    Return the ratio of a signal to interference and noise.

    Parameters
    ----------
    signal_dbm
        Reported level of the serving cell, any shape [dBm].
    interference_mw
        Power of the other cells of the carrier in the bandwidth of the level, at least 0, broadcast
        (`loaded_power_mw` sums it from levels and loads) [mW].
    noise_dbm
        Noise in that bandwidth, broadcast (`noise_dbm`, `receiver_noise_dbm`) [dBm].

    Returns
    -------
    sinr_db
        Ratio of the broadcast shape, NaN where the signal or the interference is [dB].

    Examples
    --------
    >>> float(sinr_db(-90.0, loaded_power_mw([-95.0], 0.5), -123.2).round(1))
    8.0
    """
    other = np.asarray(interference_mw, dtype=np.float64) + dbm_to_milliwatt(noise_dbm)
    return np.asarray(np.asarray(signal_dbm, dtype=np.float64) - ratio_to_db(other))


def ec_no_db(
    rscp_dbm: npt.ArrayLike,
    load: npt.ArrayLike,
    noise_dbm: npt.ArrayLike,
    interference_mw: npt.ArrayLike = 0.0,
) -> Floats:
    r"""
    Return the quality that 3G reports: pilot energy to everything received in the carrier.

    Parameters
    ----------
    rscp_dbm
        Level of the serving cell's pilot, any shape [dBm].
    load
        Share of the power left by the common channels that traffic uses in the serving cell,
        [0, 1], broadcast.
    noise_dbm
        Noise in 3.84 MHz, broadcast [dBm].
    interference_mw
        Whole power (not only the pilots) of the other cells on the carrier, broadcast [mW].

    Returns
    -------
    ec_no_db
        CPICH Ec/No, below 0, of the broadcast shape [dB].

    Raises
    ------
    ModelRangeError
        If a load is not a share.

    Notes
    -----
    .. math:: E_c/N_0 = P / (P (c + (1 - c) l) / s + I + N)

    with the pilot :math:`P`, its share :math:`s` of 10 % and the common channels' share :math:`c`
    of 20 % (recalled, not read). Source: 3GPP TS 25.215, 5.1.5: RSCP divided by RSSI.
    """
    share = _share("load", load, low=0.0)
    pilot = dbm_to_milliwatt(rscp_dbm)
    own = pilot / CPICH_SHARE * (COMMON_SHARE + (1.0 - COMMON_SHARE) * share)
    other = np.asarray(interference_mw, dtype=np.float64) + dbm_to_milliwatt(noise_dbm)
    return ratio_to_db(pilot / (own + other))


def rsrq_db(
    rsrp_dbm: npt.ArrayLike,
    load: npt.ArrayLike,
    noise_dbm: npt.ArrayLike,
    interference_mw: npt.ArrayLike = 0.0,
    *,
    ports: int = 2,
) -> Floats:
    r"""
    Return the quality that 4G reports: RSRP to everything received in the pilots' symbols.

    Parameters
    ----------
    rsrp_dbm
        Level of the serving cell in a resource element, any shape [dBm].
    load
        Share of the other resource elements that traffic uses in the serving cell, [0, 1],
        broadcast.
    noise_dbm
        Noise in 15 kHz, broadcast [dBm].
    interference_mw
        Power of the other cells in a resource element, their loads included, broadcast [mW].
    ports
        Antenna ports of the cell, 1 or 2: each has pilots in two of the twelve elements.

    Returns
    -------
    rsrq_db
        RSRQ, below 0, of the broadcast shape [dB].

    Raises
    ------
    ModelRangeError
        If a load is not a share or the ports are neither 1 nor 2.

    Notes
    -----
    .. math:: RSRQ = P / (P (p + (12 - p) l) + 12 (I + N))

    with RSRP :math:`P` and :math:`p` pilots in a block: all elements in use have the same power, as
    in `reference_offset_db`. Source: 3GPP TS 36.214, 5.1.3: N RSRP / RSSI, where RSSI is measured
    in the symbols that have pilots of port 0.
    """
    if ports not in (1, 2):
        msg = f"ports must be 1 or 2; found {ports}"
        raise ModelRangeError(msg)
    share = _share("load", load, low=0.0)
    level = dbm_to_milliwatt(rsrp_dbm)
    own = level * (2 * ports + (SUBCARRIERS - 2 * ports) * share)
    other = np.asarray(interference_mw, dtype=np.float64) + dbm_to_milliwatt(noise_dbm)
    return ratio_to_db(level / (own + SUBCARRIERS * other))


def throughput_mbps(
    sinr_db: npt.ArrayLike,
    technology: str,
    bandwidth_mhz: float,
    *,
    subcarrier_khz: int | None = None,
    overhead: float | None = None,
    downlink_share: float | None = None,
    user_share: npt.ArrayLike = 1.0,
) -> Floats:
    r"""
    Return what a user can receive: the bound of Shannon, attenuated and truncated.

    Parameters
    ----------
    sinr_db
        Signal to interference and noise, any shape [dB].
    technology
        `"4G"` or `"5G"`.
    bandwidth_mhz
        Channel bandwidth, one that the standard has [MHz].
    subcarrier_khz
        Subcarrier spacing of 5G, 30 where None [kHz].
    overhead
        Share of the resource elements that carry no user data, [0, 1); where None 36/168 for 4G
        (two control symbols and the pilots of two ports) and 0.14 for 5G.
    downlink_share
        Share of the symbols that are downlink, (0, 1]; where None 52/70 (slots DDDSU) for 5G with
        30 or 60 kHz, taken as TDD, and 1 else.
    user_share
        Share of the resource blocks that the user gets, (0, 1], broadcast; 1: alone in the cell.

    Returns
    -------
    throughput_mbps
        Rate of one layer, of the broadcast shape, NaN where the ratio is [Mbit/s].

    Raises
    ------
    ModelRangeError
        If the technology, spacing or bandwidth is unknown, or a share is out of range.

    Notes
    -----
    .. math:: R = B u d (1 - o) \min(0.6 \log_2(1 + SINR), 4.4)

    with the bandwidth :math:`B` of the resource blocks, the shares :math:`u` of the user and
    :math:`d` of the downlink and the overhead :math:`o`; 0 below -10 dB. Spatial multiplexing is
    not counted: the attenuation is that of one transmit and two receive antennas. Source: 3GPP TR
    36.942, annex A.2 (figures as others quote them, the report itself not read); overhead of 5G
    from 3GPP TS 38.306, 4.1.2, that of 4G counted from TS 36.211; the TDD pattern is recalled.

    Examples
    --------
    >>> float(throughput_mbps(10.0, "4G", 20.0).round(1))
    29.4
    """
    blocks = resource_blocks(technology, bandwidth_mhz, subcarrier_khz=subcarrier_khz)
    spacing = _spacing_khz(technology, subcarrier_khz)
    if downlink_share is None:
        downlink_share = TDD_DOWNLINK_SHARE if technology == "5G" and spacing > 15 else 1.0
    lost = OVERHEAD[technology] if overhead is None else overhead
    used = _share("1 - overhead", 1.0 - lost) * _share("downlink_share", downlink_share)
    width_mhz = blocks * SUBCARRIERS * spacing / 1e3
    ratio_db = np.asarray(sinr_db, dtype=np.float64)
    per_hz = np.minimum(
        SHANNON_ATTENUATION * np.log2(1.0 + 10.0 ** (ratio_db / 10.0)), SHANNON_MOST
    )
    per_hz = np.where(ratio_db < SHANNON_FROM_DB, 0.0, per_hz)
    return np.asarray(width_mhz * used * _share("user_share", user_share) * per_hz)


def throughput_class(mbps: npt.ArrayLike, classes: ThroughputClasses) -> npt.NDArray[np.str_]:
    """
    Return the class of throughputs.

    Parameters
    ----------
    mbps
        Throughput, any shape; NaN unknown [Mbit/s].
    classes
        Classes with their lower limits.

    Returns
    -------
    names
        Name of the class of each throughput, of the same shape; empty where unknown.
    """
    values = np.asarray(mbps, dtype=np.float64)
    limits = np.array([item.from_mbps for item in classes.classes])
    names = np.array(["", *(item.name for item in classes.classes)])
    place = np.searchsorted(limits, np.where(np.isnan(values), -np.inf, values), side="right")
    return np.asarray(names[place])


def _spacing_khz(technology: str, subcarrier_khz: int | None) -> int:
    """Return the subcarrier spacing of a carrier, the usual one where None."""
    if technology not in USUAL_SPACING_KHZ:
        msg = f"technology must be 4G or 5G to have subcarriers; found '{technology}'"
        raise ModelRangeError(msg)
    known = tuple(NR_BLOCKS) if technology == "5G" else (15,)
    spacing = USUAL_SPACING_KHZ[technology] if subcarrier_khz is None else subcarrier_khz
    if spacing not in known:
        there = ", ".join(str(item) for item in known)
        msg = f"{technology} has no subcarriers of {spacing:g} kHz; there is {there} kHz"
        raise ModelRangeError(msg)
    return spacing


def _usual_spacing_khz(technology: str, freq_mhz: float, bandwidth_mhz: float) -> int | None:
    """Return the usual spacing of a 5G cell; None for other technologies, which have one only."""
    return subcarrier_spacing_khz(freq_mhz, bandwidth_mhz) if technology == "5G" else None


def _share(name: str, value: npt.ArrayLike, *, low: float | None = None) -> Floats:
    """Return shares of at most 1, above 0 or from `low` on."""
    share = np.asarray(value, dtype=np.float64)
    if np.any(share > 1) or np.any(share <= 0 if low is None else share < low):
        msg = f"{name} must be in {'(0' if low is None else f'[{low:g}'}, 1]; found {share}"
        raise ModelRangeError(msg)
    return share
