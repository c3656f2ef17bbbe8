"""
Delta-Bullington diffraction along rays, and the reduction of levels to servers, compiled.

Equations: ITU-R P.1812-7, section 4.3 (the same as P.526-15, section 4.5, and P.452-18). Inside,
distances are km, heights m, frequencies GHz, as in the Recommendation. A plain NumPy reference of
the profile lives in the tests.
"""

import numpy as np

from infraplan.jit import njit

NONE = -1
EMPTY_DBM = -1e9  # a server slot that nobody fills
FIXED_POINT = 1e18  # mW to integers, so that the order of adding does not matter
BANDS_OF_ROWS = 16


@njit
def knife_edge_db(v):
    """Return the loss of a single knife edge, P.1812-7 (12)."""
    if v <= -0.78:
        return 0.0
    return 6.9 + 20.0 * np.log10(np.sqrt((v - 0.1) ** 2 + 1.0) + v - 0.1)


@njit
def completed_db(edge_db, d_km):
    """Return the Bullington loss from that of its edge, P.1812-7 (21)."""
    return edge_db + (1.0 - np.exp(-edge_db / 6.0)) * (10.0 + 0.02 * d_km)


@njit
def first_term_db(eps, sigma, d_km, radius_km, f_ghz, h_t, h_r, vertical):
    """Return the first term of the spherical-earth series over one ground, P.1812-7 (29)-(36)."""
    wet = 18.0 * sigma / f_ghz
    k = 0.036 * (radius_km * f_ghz) ** (-1.0 / 3.0) * ((eps - 1.0) ** 2 + wet * wet) ** -0.25
    if vertical:
        k *= np.sqrt(eps * eps + wet * wet)
    k2 = k * k
    beta = (1.0 + 1.6 * k2 + 0.67 * k2 * k2) / (1.0 + 4.5 * k2 + 1.53 * k2 * k2)
    x = 21.88 * beta * (f_ghz / (radius_km * radius_km)) ** (1.0 / 3.0) * d_km
    y = 0.9575 * beta * (f_ghz * f_ghz / radius_km) ** (1.0 / 3.0)
    f_x = 11.0 + 10.0 * np.log10(x) - 17.6 * x
    if x < 1.6:
        f_x = -20.0 * np.log10(x) - 5.6488 * x**1.425
    floor = 2.0 + 20.0 * np.log10(k)
    return -f_x - height_gain_db(beta * y * h_t, floor) - height_gain_db(beta * y * h_r, floor)


@njit
def height_gain_db(b, floor_db):
    """Return the height gain of an antenna, P.1812-7 (35)."""
    if b > 2.0:
        gain = 17.6 * np.sqrt(b - 1.1) - 5.0 * np.log10(b - 1.1) - 8.0
    else:
        gain = 20.0 * np.log10(b + 0.1 * b * b * b)
    return max(gain, floor_db)


@njit
def mixed_first_term_db(d_km, radius_km, f_ghz, h_t, h_r, vertical, sea):
    """Return the first term for a path of which the share `sea` is over the sea, P.1812-7 (28)."""
    loss = 0.0
    if sea < 1.0:
        land = first_term_db(22.0, 0.003, d_km, radius_km, f_ghz, h_t, h_r, vertical)
        loss += (1.0 - sea) * land
    if sea > 0.0:
        loss += sea * first_term_db(80.0, 5.0, d_km, radius_km, f_ghz, h_t, h_r, vertical)
    return loss


@njit
def spherical_db(d_km, radius_km, f_ghz, h_t, h_r, vertical, sea):
    """Return the spherical-earth diffraction loss, P.1812-7 (22)-(27)."""
    d_los = np.sqrt(2.0 * radius_km) * (np.sqrt(0.001 * h_t) + np.sqrt(0.001 * h_r))
    if d_km >= d_los:
        return mixed_first_term_db(d_km, radius_km, f_ghz, h_t, h_r, vertical, sea)
    c = (h_t - h_r) / (h_t + h_r)
    m = 250.0 * d_km * d_km / (radius_km * (h_t + h_r))
    cosine = min(1.0, max(-1.0, 1.5 * c * np.sqrt(3.0 * m / (m + 1.0) ** 3)))
    b = 2.0 * np.sqrt((m + 1.0) / (3.0 * m)) * np.cos(np.pi / 3.0 + np.arccos(cosine) / 3.0)
    d1 = d_km / 2.0 * (1.0 + b)
    d2 = d_km - d1
    h_1 = h_t - 500.0 * d1 * d1 / radius_km
    h_2 = h_r - 500.0 * d2 * d2 / radius_km
    h_se = (h_1 * d2 + h_2 * d1) / d_km
    lam = 0.299792458 / f_ghz
    h_req = 17.456 * np.sqrt(max(d1 * d2 * lam / d_km, 0.0))
    if h_se > h_req:
        return 0.0
    marginal_km = 500.0 * (d_km / (np.sqrt(h_t) + np.sqrt(h_r))) ** 2
    loss = mixed_first_term_db(d_km, marginal_km, f_ghz, h_t, h_r, vertical, sea)
    return max((1.0 - h_se / h_req) * loss, 0.0)


@njit
def edge_parameter(ground, n, at_km, d, h_ts, h_rs, bulge_500, flat):
    """
    Return the diffraction parameter of the Bullington point without its frequency factor.

    It is v / sqrt(0.002 d / lambda), P.1812-7 (14)-(20); the actual profile, or with `flat` a
    smooth one of height zero.
    """
    stim = -1e30
    srim = -1e30
    v_max = -1e30
    for i in range(1, n):
        di = at_km[i]
        dr = d - di
        h = bulge_500 * di * dr
        if not flat:
            h += ground[i]
        stim = max(stim, (h - h_ts) / di)
        srim = max(srim, (h - h_rs) / dr)
        v_max = max(v_max, (h - (h_ts * dr + h_rs * di) / d) / np.sqrt(di * dr))
    if stim < (h_rs - h_ts) / d:
        return v_max
    d_bp = (h_rs - h_ts + srim * d) / (stim + srim)
    d_bp = min(max(d_bp, at_km[1]), at_km[n - 1])
    rise = h_ts + stim * d_bp - (h_ts * (d - d_bp) + h_rs * d_bp) / d
    return rise / np.sqrt(d_bp * (d - d_bp))


@njit
def effective_heights(ground, n, at_km, d, h_ts, h_rs, v1, v2):
    """Return the heights of both antennas above the smooth surface, P.1812-7, annex 1, 4.3.5."""
    h_st = (2.0 * v1 * d - v2) / (d * d)
    h_sr = (v2 - v1 * d) / (d * d)
    h_obs = -1e30
    alpha_t = -1e30
    alpha_r = -1e30
    for i in range(1, n):
        di = at_km[i]
        over = ground[i] - (h_ts * (d - di) + h_rs * di) / d
        h_obs = max(h_obs, over)
        alpha_t = max(alpha_t, over / di)
        alpha_r = max(alpha_r, over / (d - di))
    if h_obs > 0.0:
        h_st -= h_obs * alpha_t / (alpha_t + alpha_r)
        h_sr -= h_obs * alpha_r / (alpha_t + alpha_r)
    return h_ts - min(h_st, ground[0]), h_rs - min(h_sr, ground[n])


@njit
def smooth_sums(ground, n, at_km):
    """Return the sums v1 and v2 of a least-squares line, P.1812-7 (85)-(86)."""
    v1 = 0.0
    v2 = 0.0
    for i in range(1, n + 1):
        step = at_km[i] - at_km[i - 1]
        v1 += step * (ground[i] + ground[i - 1])
        v2 += step * (
            ground[i] * (2.0 * at_km[i] + at_km[i - 1])
            + ground[i - 1] * (at_km[i] + 2.0 * at_km[i - 1])
        )
    return v1, v2


@njit
def profile_terms_db(ground, surface, at_km, f_ghz, h_tx, h_rx, radius_km, vertical, sea):
    """
    Return actual Bullington, smooth Bullington, spherical and delta-Bullington loss of a profile.

    `surface` is the ground with clutter, used for the actual Bullington part only, P.1812-7 (40).
    """
    n = ground.size - 1
    d = at_km[n]
    h_ts = ground[0] + h_tx
    h_rs = ground[n] + h_rx
    if n < 2:
        return 0.0, 0.0, 0.0, 0.0
    bulge_500 = 500.0 / radius_km
    v1, v2 = smooth_sums(ground, n, at_km)
    h_te, h_re = effective_heights(ground, n, at_km, d, h_ts, h_rs, v1, v2)
    factor = np.sqrt(0.002 * d * f_ghz / 0.299792458)
    v_b = edge_parameter(surface, n, at_km, d, h_ts, h_rs, bulge_500, False)
    v_s = edge_parameter(surface, n, at_km, d, h_te, h_re, bulge_500, True)
    actual = completed_db(knife_edge_db(v_b * factor), d)
    smooth = completed_db(knife_edge_db(v_s * factor), d)
    sphere = spherical_db(d, radius_km, f_ghz, h_te, h_re, vertical, sea)
    return actual, smooth, sphere, actual + max(sphere - smooth, 0.0)


@njit
def smooth_parameter(n, step_km, h_te, h_re, bulge_500):
    """
    Return `edge_parameter` of a smooth profile with even steps, without scanning it.

    Each maximum is that of a function with one top, found between two neighbouring samples.
    """
    d = n * step_km
    best = min(max(int(np.sqrt(h_te / bulge_500) / step_km), 1), n - 1)
    stim = -1e30
    for i in range(best, min(best + 2, n)):
        stim = max(stim, bulge_500 * (n - i) * step_km - h_te / (i * step_km))
    best = min(max(int(np.sqrt(h_re / bulge_500) / step_km), 1), n - 1)
    srim = -1e30
    for i in range(best, min(best + 2, n)):
        srim = max(srim, bulge_500 * (n - i) * step_km - h_re / (i * step_km))
    if stim >= (h_re - h_te) / d:
        d_bp = (h_re - h_te + srim * d) / (stim + srim)
        d_bp = min(max(d_bp, step_km), d - step_km)
        rise = h_te + stim * d_bp - (h_te * (d - d_bp) + h_re * d_bp) / d
        return rise / np.sqrt(d_bp * (d - d_bp))
    low = 1
    high = n - 1
    while high - low > 2:
        third = (high - low) // 3
        left = low + third
        right = high - third
        if smooth_clearance(left, n, step_km, h_te, h_re, bulge_500) < smooth_clearance(
            right, n, step_km, h_te, h_re, bulge_500
        ):
            low = left
        else:
            high = right
    v_max = -1e30
    for i in range(low, high + 1):
        v_max = max(v_max, smooth_clearance(i, n, step_km, h_te, h_re, bulge_500))
    return v_max


@njit
def smooth_clearance(i, n, step_km, h_te, h_re, bulge_500):
    """Return the diffraction parameter of one sample of a smooth profile."""
    root = np.sqrt(float(i * (n - i)))
    line = (h_te * (n - i) + h_re * i) / n
    return bulge_500 * root * step_km - line / (root * step_km)
