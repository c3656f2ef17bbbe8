"""ITU-R P.1812-7, complete: the loss of one path over known terrain, and of many."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infraplan.errors import ModelRangeError
from infraplan.errors import SettingsError
from infraplan.radio.diffraction import POLARIZATIONS
from infraplan.radio.diffraction import effective_earth_radius_km

__all__ = ["P1812", "p1812", "p1812_location_sigma_db", "p1812_loss_db", "p1812_losses_db"]

Floats = npt.NDArray[np.float64]
LEAST_POINTS = 3
ZONES = (1, 3, 4)


@dataclass(frozen=True, slots=True)
class P1812:
    """
    Every named intermediate of the Recommendation, for one path; its symbols in brackets.

    Losses [dB]: `free_space_db` (Lbfs), `los_p_db` (Lb0p), `los_beta_db` (Lb0b), `bullington_db`
    (Lbulla), `smooth_bullington_db` (Lbulls), `spherical_db` (Ldsph) and `diffraction_50_db` (Ld50)
    for the median earth radius, the same with `_beta` for three times the earth's radius (Ldb),
    `diffraction_p_db` (Ldp), `diffracted_50_db` (Lbd50), `diffracted_p_db` (Lbd),
    `notional_los_db` (Lminb0p), `ducting_db` (Lba), `notional_ducting_db` (Lminbap),
    `notional_diffracted_db` (Lbda), `modified_db` (Lbam), `troposcatter_db` (Lbs), `median_db`
    (Lbc: half of the places), `loss_db` (Lb), and `field_db` (Ep of 1 kW [dB(uV/m)]).
    Path: `sea_share` (omega), `land_km` (dtm), `inland_km` (dlm), `beta_percent` (beta0),
    `earth_radius_km` (ae), `tx_height_asl_m` (hts), `rx_height_asl_m` (hrs), `fit_tx_m`, `fit_rx_m`
    (hst, hsr), `smooth_tx_m`, `smooth_rx_m` (hstd, hsrd), `effective_tx_m`, `effective_rx_m` (hte,
    hre), `roughness_m` (hm), `tx_horizon_km`, `rx_horizon_km` (dlt, dlr), `tx_angle_mrad`,
    `rx_angle_mrad`, `path_angle_mrad` (theta_t, theta_r, theta), `time_factor` (Fi),
    `angle_factor` (Fj), `distance_factor` (Fk), `is_transhorizon`.
    """

    free_space_db: float
    los_p_db: float
    los_beta_db: float
    bullington_db: float
    smooth_bullington_db: float
    spherical_db: float
    diffraction_50_db: float
    bullington_beta_db: float
    smooth_bullington_beta_db: float
    spherical_beta_db: float
    diffraction_beta_db: float
    diffraction_p_db: float
    diffracted_50_db: float
    diffracted_p_db: float
    notional_los_db: float
    ducting_db: float
    notional_ducting_db: float
    notional_diffracted_db: float
    modified_db: float
    troposcatter_db: float
    median_db: float
    loss_db: float
    field_db: float
    sea_share: float
    land_km: float
    inland_km: float
    beta_percent: float
    earth_radius_km: float
    tx_height_asl_m: float
    rx_height_asl_m: float
    fit_tx_m: float
    fit_rx_m: float
    smooth_tx_m: float
    smooth_rx_m: float
    effective_tx_m: float
    effective_rx_m: float
    roughness_m: float
    tx_horizon_km: float
    rx_horizon_km: float
    tx_angle_mrad: float
    rx_angle_mrad: float
    path_angle_mrad: float
    time_factor: float
    angle_factor: float
    distance_factor: float
    is_transhorizon: bool


def p1812(
    distance_km: npt.ArrayLike,
    ground_m: npt.ArrayLike,
    clutter_m: npt.ArrayLike | None = None,
    zone: npt.ArrayLike | None = None,
    *,
    freq_ghz: float,
    time_percent: float = 50.0,
    location_percent: float = 50.0,
    location_sigma_db: float = 0.0,
    tx_height_m: float,
    rx_height_m: float,
    polarization: str = "vertical",
    latitude_deg: float,
    delta_n: float = 45.0,
    n0: float = 325.0,
    tx_coast_km: float = 500.0,
    rx_coast_km: float = 500.0,
) -> P1812:
    """
    Return the loss of one path with every intermediate of the Recommendation.

    Parameters
    ----------
    distance_km
        Distances of the profile's points from the transmitter, rising from 0, shape (n,) [km].
    ground_m
        Heights of the ground above sea level, shape (n,), n >= 3 [m].
    clutter_m
        Heights of clutter above the ground, shape (n,); those under both ends do not count. None:
        bare ground [m].
    zone
        Radio-climatic zones, shape (n,): 1 sea, 3 coastal land, 4 inland; all inland where None.
    freq_ghz
        Frequency, [0.03, 6] [GHz].
    time_percent
        Share of the average year for which the loss is not exceeded, [1, 50] [%].
    location_percent
        Share of the places for which it is not exceeded, [1, 99] [%].
    location_sigma_db
        Standard deviation between places, >= 0; see `p1812_location_sigma_db` [dB].
    tx_height_m
        Height of the transmitting antenna above ground, [1, 3 000] [m].
    rx_height_m
        Height of the receiving antenna above ground, [1, 3 000] [m].
    polarization
        `"vertical"` or `"horizontal"`.
    latitude_deg
        Latitude of the path's middle, [-90, 90] [deg].
    delta_n
        Fall of refractivity through the lowest kilometre, [0, 157) N-units/km.
    n0
        Refractivity at sea level, [200, 500] N-units.
    tx_coast_km
        Distance over land from the transmitter to the coast along the path, >= 0 [km].
    rx_coast_km
        The same from the receiver [km].

    Returns
    -------
    result
        Loss, field strength and intermediates.

    Raises
    ------
    ModelRangeError
        If a value lies outside the published range, or the profile is not one; all at once.
    SettingsError
        If the polarisation is unknown.

    Notes
    -----
    Source: ITU-R P.1812-7 (2023), annex 1, sections 3 to 5 and attachment 2. Equation numbers in
    the code are those of that version; the maps of refractivity may not be passed on, so
    `delta_n` and `n0` are parameters.
    """
    from infraplan.radio._kernels.p1812 import RESULTS
    from infraplan.radio._kernels.p1812 import p1812_terms
    from infraplan.radio._kernels.p1812 import work_space

    at_km, ground, surface, zones = _profile(distance_km, ground_m, clutter_m, zone)
    _check(
        freq_ghz=freq_ghz,
        time_percent=time_percent,
        location_percent=location_percent,
        location_sigma_db=location_sigma_db,
        tx_height_m=tx_height_m,
        rx_height_m=rx_height_m,
        latitude_deg=latitude_deg,
        delta_n=delta_n,
        n0=n0,
        tx_coast_km=tx_coast_km,
        rx_coast_km=rx_coast_km,
    )
    out = np.full(RESULTS, np.nan)
    if np.isfinite(ground).all() and np.isfinite(surface).all():
        p1812_terms(
            at_km, ground, surface, zones, float(freq_ghz), float(time_percent),
            float(location_percent), float(location_sigma_db), float(tx_height_m),
            float(rx_height_m), _is_vertical(polarization), float(latitude_deg),
            effective_earth_radius_km(delta_n), float(n0), float(tx_coast_km), float(rx_coast_km),
            work_space(at_km.size), True, out,  # noqa: FBT003 - need_all: numba takes no keywords
        )  # fmt: skip
    *numbers, is_transhorizon = (float(value) for value in out)
    names = P1812.__dataclass_fields__
    return P1812(**dict(zip(names, numbers, strict=False)), is_transhorizon=is_transhorizon > 0.0)


def p1812_loss_db(
    distance_km: npt.ArrayLike,
    ground_m: npt.ArrayLike,
    clutter_m: npt.ArrayLike | None = None,
    zone: npt.ArrayLike | None = None,
    *,
    freq_ghz: float,
    time_percent: float = 50.0,
    location_percent: float = 50.0,
    location_sigma_db: float = 0.0,
    tx_height_m: float,
    rx_height_m: float,
    polarization: str = "vertical",
    latitude_deg: float,
    delta_n: float = 45.0,
    n0: float = 325.0,
    tx_coast_km: float = 500.0,
    rx_coast_km: float = 500.0,
) -> float:
    """
    Return the basic transmission loss of one path.

    Parameters
    ----------
    distance_km
        Distances of the profile's points from the transmitter, rising from 0, shape (n,) [km].
    ground_m
        Heights of the ground above sea level, shape (n,), n >= 3 [m].
    clutter_m
        Heights of clutter above the ground, shape (n,); bare ground where None [m].
    zone
        Radio-climatic zones, shape (n,): 1 sea, 3 coastal land, 4 inland; all inland where None.
    freq_ghz
        Frequency, [0.03, 6] [GHz].
    time_percent
        Share of the average year, [1, 50] [%].
    location_percent
        Share of the places, [1, 99] [%].
    location_sigma_db
        Standard deviation between places, >= 0 [dB].
    tx_height_m
        Height of the transmitting antenna above ground, [1, 3 000] [m].
    rx_height_m
        Height of the receiving antenna above ground, [1, 3 000] [m].
    polarization
        `"vertical"` or `"horizontal"`.
    latitude_deg
        Latitude of the path's middle, [-90, 90] [deg].
    delta_n
        Fall of refractivity through the lowest kilometre, [0, 157) N-units/km.
    n0
        Refractivity at sea level, [200, 500] N-units.
    tx_coast_km
        Distance over land from the transmitter to the coast along the path, >= 0 [km].
    rx_coast_km
        The same from the receiver [km].

    Returns
    -------
    loss_db
        Lb: not exceeded for so much of the time at so many of the places; NaN where a height is
        unknown [dB].

    Raises
    ------
    ModelRangeError
        If a value lies outside the published range, or the profile is not one.
    SettingsError
        If the polarisation is unknown.

    Notes
    -----
    Source: ITU-R P.1812-7 (2023), annex 1. See `p1812` for the intermediates.

    Examples
    --------
    >>> at_km = np.linspace(0.0, 10.0, 334)
    >>> flat = p1812_loss_db(
    ...     at_km, np.zeros(334), freq_ghz=0.9, tx_height_m=30.0, rx_height_m=1.5, latitude_deg=18.3
    ... )
    >>> round(flat, 1)
    127.5
    """
    return p1812(
        distance_km,
        ground_m,
        clutter_m,
        zone,
        freq_ghz=freq_ghz,
        time_percent=time_percent,
        location_percent=location_percent,
        location_sigma_db=location_sigma_db,
        tx_height_m=tx_height_m,
        rx_height_m=rx_height_m,
        polarization=polarization,
        latitude_deg=latitude_deg,
        delta_n=delta_n,
        n0=n0,
        tx_coast_km=tx_coast_km,
        rx_coast_km=rx_coast_km,
    ).loss_db


def p1812_losses_db(
    distance_km: npt.ArrayLike,
    ground_m: npt.ArrayLike,
    clutter_m: npt.ArrayLike | None = None,
    zone: npt.ArrayLike | None = None,
    *,
    points: npt.ArrayLike | None = None,
    freq_ghz: npt.ArrayLike,
    time_percent: float = 50.0,
    location_percent: float = 50.0,
    location_sigma_db: float = 0.0,
    tx_height_m: npt.ArrayLike,
    rx_height_m: npt.ArrayLike,
    polarization: str = "vertical",
    latitude_deg: npt.ArrayLike,
    delta_n: float = 45.0,
    n0: float = 325.0,
    tx_coast_km: float = 500.0,
    rx_coast_km: float = 500.0,
) -> Floats:
    """
    Return the losses of many paths, on as many threads as numba has.

    Parameters
    ----------
    distance_km
        Distances of the points of all profiles, each rising from 0: shape (m, n), or one profile
        after the other with `points` [km].
    ground_m
        Heights of the ground, of the same shape [m].
    clutter_m
        Heights of clutter above the ground, of the same shape; bare ground where None [m].
    zone
        Radio-climatic zones, of the same shape; all inland where None.
    points
        Numbers of points of the profiles, shape (m,), where they differ.
    freq_ghz
        Frequency, [0.03, 6], one or one a profile [GHz].
    time_percent
        Share of the average year, [1, 50] [%].
    location_percent
        Share of the places, [1, 99] [%].
    location_sigma_db
        Standard deviation between places, >= 0 [dB].
    tx_height_m
        Height of the transmitting antenna, [1, 3 000], one or one a profile [m].
    rx_height_m
        Height of the receiving antenna, [1, 3 000], one or one a profile [m].
    polarization
        `"vertical"` or `"horizontal"`.
    latitude_deg
        Latitude of the paths' middles, one or one a profile [deg].
    delta_n
        Fall of refractivity through the lowest kilometre, [0, 157) N-units/km.
    n0
        Refractivity at sea level, [200, 500] N-units.
    tx_coast_km
        Distance over land from the transmitters to the coast, >= 0 [km].
    rx_coast_km
        The same from the receivers [km].

    Returns
    -------
    loss_db
        Shape (m,); NaN where a height of the profile is unknown [dB].

    Raises
    ------
    ModelRangeError
        If a value lies outside the published range, or a profile is not one.
    SettingsError
        If the polarisation is unknown.

    Notes
    -----
    Source: ITU-R P.1812-7 (2023), annex 1. The same code as `p1812`, without the intermediates.
    """
    from infraplan.radio._kernels.p1812 import p1812_batch

    at_km = np.asarray(distance_km, dtype=float)
    if points is None:
        if at_km.ndim != 2:
            msg = (
                "give distances of shape (profiles, points), or `points` for profiles of any length"
            )
            raise ModelRangeError(msg)
        counts = np.full(at_km.shape[0], at_km.shape[1])
    else:
        counts = np.asarray(points, dtype=np.int64)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    at_km, ground, surface, zones = _profile(
        at_km.ravel(),
        np.ravel(np.asarray(ground_m)),
        None if clutter_m is None else np.ravel(np.asarray(clutter_m)),
        None if zone is None else np.ravel(np.asarray(zone)),
        start=start,
    )
    varying = {
        "freq_ghz": freq_ghz,
        "tx_height_m": tx_height_m,
        "rx_height_m": rx_height_m,
        "latitude_deg": latitude_deg,
    }
    columns = {
        name: np.ascontiguousarray(np.broadcast_to(np.asarray(value, dtype=float), counts.shape))
        for name, value in varying.items()
    }
    _check(
        **columns,
        time_percent=time_percent,
        location_percent=location_percent,
        location_sigma_db=location_sigma_db,
        delta_n=delta_n,
        n0=n0,
        tx_coast_km=tx_coast_km,
        rx_coast_km=rx_coast_km,
    )
    loss_db = np.empty(counts.size)
    p1812_batch(
        at_km, ground, surface, zones, start, columns["freq_ghz"], float(time_percent),
        float(location_percent), float(location_sigma_db), columns["tx_height_m"],
        columns["rx_height_m"], _is_vertical(polarization), columns["latitude_deg"],
        effective_earth_radius_km(delta_n), float(n0), float(tx_coast_km), float(rx_coast_km),
        loss_db,
    )  # fmt: skip
    return loss_db


def p1812_location_sigma_db(
    freq_ghz: float, *, resolution_m: float, rx_height_m: float = 1.5, clutter_m: float = 10.0
) -> float:
    """
    Return the standard deviation of the loss between places of one square.

    Parameters
    ----------
    freq_ghz
        Frequency, [0.03, 6] [GHz].
    resolution_m
        Side of the square within which places vary, [50, 1 000] [m].
    rx_height_m
        Height of the receiving antenna above ground, > 0 [m].
    clutter_m
        Height of the clutter around it, >= 0 [m].

    Returns
    -------
    sigma_db
        Outdoor location variability, less for antennas above the clutter [dB].

    Raises
    ------
    ModelRangeError
        If a value lies outside its range.

    Notes
    -----
    Source: ITU-R P.1812-7, section 4.8.
    """
    if not (0.03 <= freq_ghz <= 6.0 and 50.0 <= resolution_m <= 1000.0 and rx_height_m > 0):
        msg = "freq_ghz must be in [0.03, 6], resolution_m in [50, 1000] and rx_height_m above 0"
        raise ModelRangeError(msg)
    share = float(np.clip(1.0 - (rx_height_m - clutter_m) / 10.0, 0.0, 1.0))
    return float((0.52 + 0.024 * freq_ghz) * resolution_m**0.28 * share)


def _profile(
    distance_km: npt.ArrayLike,
    ground_m: npt.ArrayLike,
    clutter_m: npt.ArrayLike | None,
    zone: npt.ArrayLike | None,
    *,
    start: npt.NDArray[np.int64] | None = None,
) -> tuple[Floats, Floats, Floats, npt.NDArray[np.int64]]:
    """Return distances, ground, ground with clutter, and zones, checked."""
    from infraplan.radio._kernels.p1812 import all_rise

    at_km = np.ascontiguousarray(distance_km, dtype=float)
    ground = np.ascontiguousarray(ground_m, dtype=float)
    surface = ground if clutter_m is None else ground + np.asarray(clutter_m, dtype=float)
    zones = np.zeros(0, dtype=np.int64) if zone is None else np.asarray(zone, dtype=np.int64)
    start = np.array([0, at_km.size]) if start is None else start
    wrong = []
    shapes = {at_km.shape, ground.shape, surface.shape}
    if at_km.ndim != 1 or len(shapes | ({zones.shape} if zone is not None else set())) > 1:
        wrong.append("distances, heights, clutter and zones must be of one length")
    elif start[-1] != at_km.size or (np.diff(start) < LEAST_POINTS).any():
        wrong.append(f"a profile needs {LEAST_POINTS} points or more, and all points a profile")
    elif not all_rise(at_km, start):
        wrong.append("the distances of a profile must rise from 0")
    if zone is not None and not np.isin(zones, ZONES).all():
        wrong.append("zones must be 1 (sea), 3 (coastal land) or 4 (inland)")
    if clutter_m is not None and not (np.nan_to_num(surface - ground) >= 0).all():
        wrong.append("clutter_m must be 0 m or more")
    if wrong:
        raise ModelRangeError("; ".join(wrong))
    return at_km, ground, surface, zones


LIMITS = {
    "freq_ghz": (0.03, 6.0, "GHz"),
    "time_percent": (1.0, 50.0, "%"),
    "location_percent": (1.0, 99.0, "%"),
    "location_sigma_db": (0.0, 50.0, "dB"),
    "tx_height_m": (1.0, 3000.0, "m"),
    "rx_height_m": (1.0, 3000.0, "m"),
    "latitude_deg": (-90.0, 90.0, "deg"),
    "delta_n": (0.0, 156.9, "N-units/km"),
    "n0": (200.0, 500.0, "N-units"),
    "tx_coast_km": (0.0, np.inf, "km"),
    "rx_coast_km": (0.0, np.inf, "km"),
}


def _check(**values: npt.ArrayLike) -> None:
    """Refuse values outside the published ranges, all at once."""
    wrong = []
    for name, value in values.items():
        low, high, unit = LIMITS[name]
        found = np.asarray(value, dtype=float)
        if not np.all((found >= low) & (found <= high)):
            wrong.append(f"{name} must be in [{low:g}, {high:g}] {unit}")
    if wrong:
        raise ModelRangeError("; ".join(wrong))


def _is_vertical(polarization: str) -> bool:
    """Return whether the polarisation is vertical; refuse one that is neither."""
    if polarization not in POLARIZATIONS:
        msg = f"polarization must be vertical or horizontal; found '{polarization}'"
        raise SettingsError(msg)
    return polarization == "vertical"
