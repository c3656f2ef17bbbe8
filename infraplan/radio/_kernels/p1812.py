"""
ITU-R P.1812-7 on one profile, complete, and on many at once.

Inside, distances are km, heights m, frequencies GHz, angles mrad, as in the Recommendation. Scans
run over whole blocks in vector instructions: a profile is first copied to work space whose last
block is filled with points too low to matter.
"""

import math

import numpy as np

from infraplan.jit import njit
from infraplan.jit import prange
from infraplan.radio._kernels.profile import completed_db
from infraplan.radio._kernels.profile import knife_edge_db
from infraplan.radio._kernels.profile import spherical_db
from infraplan.radio._kernels.simd import largest

BLOCK = 32
LOWEST = -1e15
LEAST = -1e30
BETA_RADIUS_KM = 3.0 * 6371.0  # P.1812-7 (7b)
SEA, COAST, INLAND = 1, 3, 4
# places of the results, in the order of `P1812`'s fields
(
    FREE_SPACE, LOS_P, LOS_BETA, BULLINGTON, SMOOTH, SPHERE, DIFFRACTION_50, BULLINGTON_BETA,
    SMOOTH_BETA, SPHERE_BETA, DIFFRACTION_BETA, DIFFRACTION_P, DIFFRACTED_50, DIFFRACTED_P,
    NOTIONAL_LOS, DUCTING, NOTIONAL_DUCTING, NOTIONAL_DIFFRACTED, MODIFIED, TROPOSCATTER, MEDIAN,
    LOSS, FIELD, SEA_SHARE, LAND_KM, INLAND_KM, BETA_PERCENT, RADIUS_KM, TX_ASL, RX_ASL, FIT_TX,
    FIT_RX, SMOOTH_TX, SMOOTH_RX, EFFECTIVE_TX, EFFECTIVE_RX, ROUGHNESS, TX_HORIZON, RX_HORIZON,
    TX_ANGLE, RX_ANGLE, ANGLE, FACTOR_TIME, FACTOR_ANGLE, FACTOR_DISTANCE, IS_TRANSHORIZON,
) = range(46)  # fmt: skip
RESULTS = 46


@njit
def normal_quantile(x):
    """Return the inverse of the normal distribution by the Recommendation's own fit, (96)-(97)."""
    q = min(max(x, 1e-6), 0.999999)
    t = math.sqrt(-2.0 * math.log(q if q <= 0.5 else 1.0 - q))
    upper = (0.010328 * t + 0.802853) * t + 2.515516698
    lower = ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
    return t - upper / lower if q <= 0.5 else upper / lower - t


@njit
def longest_run_km(at_km, zone, low, high):
    """Return the longest stretch of a path whose zones lie in low..high, each point half a step."""
    n = at_km.size - 1
    longest = 0.0
    start = -1
    for i in range(n + 2):
        if i <= n and low <= zone[i] <= high:
            if start < 0:
                start = i
        elif start >= 0:
            first = at_km[0] if start == 0 else 0.5 * (at_km[start] + at_km[start - 1])
            last = at_km[n] if i > n else 0.5 * (at_km[i] + at_km[i - 1])
            longest = max(longest, last - first)
            start = -1
    return longest


@njit
def share_of_zone(at_km, zone, wanted):
    """Return the share of a path in one zone, each point half a step, Table 5."""
    n = at_km.size - 1
    total = 0.0
    for i in range(n + 1):
        if zone[i] == wanted:
            after = 0.5 * (at_km[i + 1] - at_km[i]) if i < n else 0.0
            before = 0.5 * (at_km[i] - at_km[i - 1]) if i > 0 else 0.0
            total += after + before
    return total / (at_km[n] - at_km[0])


@njit
def beta_percent(latitude_deg, land_km, inland_km):
    """Return the time for which refractivity falls by over 100 N-units/km, (2)-(5)."""
    tau = 1.0 - math.exp(-4.12e-4 * inland_km**2.41)
    mu1 = (10.0 ** (-land_km / (16.0 - 6.6 * tau)) + 10.0 ** (-5.0 * (0.496 + 0.354 * tau))) ** 0.2
    mu1 = min(mu1, 1.0)
    phi = abs(latitude_deg)
    if phi > 70.0:
        return 4.17 * mu1 * mu1**0.3
    return 10.0 ** (1.67 - 0.015 * phi) * mu1 * mu1 ** (0.0176 * phi - 0.935)


@njit
def all_rise(at_km, start):
    """Return whether every profile begins at 0 and its distances rise."""
    for i in range(start.size - 1):
        if at_km[start[i]] != 0.0:
            return False
        falling = 0
        for k in range(start[i] + 1, start[i + 1]):
            falling += not at_km[k] > at_km[k - 1]
        if falling:
            return False
    return True


@njit
def copy_profile(at_km, ground, surface, work):
    """Copy the interior of a profile to work space, the last block filled up; return its size."""
    n = at_km.size - 1
    d = at_km[n]
    size = ((n - 1 + BLOCK - 1) // BLOCK) * BLOCK
    for i in range(1, n):
        work[0, i - 1] = at_km[i]
        work[1, i - 1] = ground[i]
        work[2, i - 1] = surface[i]
        work[5, i - 1] = 0.0  # the heights of a smooth profile
    for i in range(n - 1, size):
        work[0, i] = 0.5 * d
        work[1, i] = LOWEST
        work[2, i] = LOWEST
        work[5, i] = LOWEST
    x = work[0, :size]
    before = work[3, :size]
    after = work[4, :size]
    for i in range(size):
        before[i] = 1.0 / x[i]
        after[i] = 1.0 / (d - x[i])
    return size


@njit
def scan_obstacles(work, size, d, h_ts, h_rs):
    """Return the height over the straight line and the slopes from both ends, (89a)-(89c)."""
    x = work[0, :size]
    ground = work[1, :size]
    before = work[3, :size]
    after = work[4, :size]
    slope = (h_rs - h_ts) / d
    over = LEAST
    alpha_t = LEAST
    alpha_r = LEAST
    for i in range(size):
        high = ground[i] - h_ts - slope * x[i]
        over = largest(over, high)
        alpha_t = largest(alpha_t, high * before[i])
        alpha_r = largest(alpha_r, high * after[i])
    return over, alpha_t, alpha_r


@njit
def scan_slopes(work, size, d, heights, h_ts, h_rs, curve):
    """Return the steepest slopes from both ends over curved ground, (13) and (17)."""
    x = work[0, :size]
    ground = heights[:size]
    before = work[3, :size]
    after = work[4, :size]
    stim = LEAST
    srim = LEAST
    for i in range(size):
        raised = ground[i] + curve * x[i] * (d - x[i])
        stim = largest(stim, (raised - h_ts) * before[i])
        srim = largest(srim, (raised - h_rs) * after[i])
    return stim, srim


@njit
def scan_parameter(work, size, d, heights, h_ts, h_rs, curve):
    """Return the largest diffraction parameter without its frequency factor, (16)."""
    x = work[0, :size]
    ground = heights[:size]
    before = work[3, :size]
    after = work[4, :size]
    slope = (h_rs - h_ts) / d
    most = LEAST
    for i in range(size):
        excess = ground[i] + curve * x[i] * (d - x[i]) - h_ts - slope * x[i]
        most = largest(most, excess * math.sqrt(before[i] * after[i]))
    return most


@njit
def bullington_db(work, size, d, heights, h_ts, h_rs, radius_km, wave):
    """Return the Bullington loss of a profile, (13)-(21)."""
    curve = 500.0 / radius_km
    stim, srim = scan_slopes(work, size, d, heights, h_ts, h_rs, curve)
    if stim < (h_rs - h_ts) / d:
        v = scan_parameter(work, size, d, heights, h_ts, h_rs, curve)
    else:
        point = (h_rs - h_ts + srim * d) / (stim + srim)
        rise = h_ts + stim * point - (h_ts * (d - point) + h_rs * point) / d
        v = rise / math.sqrt(point * (d - point))
    return completed_db(knife_edge_db(v * math.sqrt(wave * d)), d)


@njit
def diffraction_terms_db(
    work, size, d, f_ghz, h_ts, h_rs, h_te, h_re, radius_km, vertical, sea, need_all
):
    """Return actual, smooth and spherical loss and what they make together, (39)."""
    wave = 0.002 * f_ghz / 0.299792458
    actual = bullington_db(work, size, d, work[2], h_ts, h_rs, radius_km, wave)
    sphere = spherical_db(d, radius_km, f_ghz, h_te, h_re, vertical, sea)
    smooth = 0.0
    if need_all or sphere > 0.0:  # else it cannot matter
        smooth = bullington_db(work, size, d, work[5], h_te, h_re, radius_km, wave)
    return actual, smooth, sphere, actual + max(sphere - smooth, 0.0)


@njit
def ducting_db(
    d, d_lt, d_lr, d_ct, d_cr, inland_km, h_ts, h_rs, h_te, h_re, roughness, theta_t, theta_r,
    f_ghz, p, sea, radius_km, beta_0,
):  # fmt: skip
    """Return the loss of ducting and layer reflection not exceeded for p % of time, (46)-(56)."""
    low = 45.375 - 137.0 * f_ghz + 92.5 * f_ghz * f_ghz if f_ghz < 0.5 else 0.0
    shield = 0.0
    for theta, horizon in ((theta_t, d_lt), (theta_r, d_lr)):
        beyond = theta - 0.1 * horizon
        if beyond > 0.0:
            shield += 20.0 * math.log10(1.0 + 0.361 * beyond * math.sqrt(f_ghz * horizon))
            shield += 0.264 * beyond * f_ghz ** (1.0 / 3.0)
    coupling = 0.0
    if sea >= 0.75:
        for coast, horizon, height in ((d_ct, d_lt, h_ts), (d_cr, d_lr, h_rs)):
            if coast <= 5.0 and coast <= horizon:
                coupling -= (
                    3.0 * math.exp(-0.25 * coast * coast)
                    * (1.0 + math.tanh(0.07 * (50.0 - height)))
                )  # fmt: skip
    fixed = 102.45 + 20.0 * math.log10(f_ghz * (d_lt + d_lr)) + low + shield + coupling
    angle = 1000.0 * d / radius_km + min(theta_t, 0.1 * d_lt) + min(theta_r, 0.1 * d_lr)
    mu3 = 1.0
    if roughness > 10.0:
        between = min(d - d_lt - d_lr, 40.0)
        mu3 = math.exp(-4.6e-5 * (roughness - 10.0) * (43.0 + 6.0 * between))
    tau = 1.0 - math.exp(-4.12e-4 * inland_km**2.41)
    alpha = max(-0.6 - 3.5e-9 * d**3.1 * tau, -3.4)
    spread = (math.sqrt(h_te) + math.sqrt(h_re)) ** 2
    mu2 = min((500.0 * d * d / (radius_km * spread)) ** alpha, 1.0)
    beta = beta_0 * mu2 * mu3
    log_beta = math.log10(beta)
    gamma = (
        1.076
        / (2.0058 - log_beta) ** 1.012
        * math.exp(-(9.51 - 4.8 * log_beta + 0.198 * log_beta * log_beta) * 1e-6 * d**1.13)
    )
    ratio = p / beta
    in_time = -12.0 + (1.2 + 3.7e-3 * d) * math.log10(ratio) + 12.0 * ratio**gamma
    return fixed + 5e-5 * radius_km * f_ghz ** (1.0 / 3.0) * angle + in_time


@njit
def horizons(work, size, n, d, h_ts, h_rs, radius_km, f_ghz, out):
    """
    Fill the horizon angles [mrad] and distances [km] of both antennas over bare ground, (76)-(84).

    Return the first and the last point of the ground between the horizons.
    """
    curve = 500.0 / radius_km
    stim, srim = scan_slopes(work, size, d, work[1], h_ts, h_rs, curve)
    # the slope to sample i less that over the flat: the steepest is the horizon
    steepest_t = stim - curve * d
    level_t = (h_rs - h_ts) / d - curve * d
    x = work[0]
    ground = work[1]
    out[IS_TRANSHORIZON] = 1.0 if steepest_t > level_t else 0.0
    first = 1
    last = n - 1
    if steepest_t > level_t:
        for i in range(n - 1):
            if (ground[i] + curve * x[i] * (d - x[i]) - h_ts) * work[3, i] >= stim:
                first = i + 1
                break
        for i in range(n - 2, -1, -1):
            if (ground[i] + curve * x[i] * (d - x[i]) - h_rs) * work[4, i] >= srim:
                last = i + 1
                break
        out[TX_ANGLE] = 1000.0 * math.atan(steepest_t / 1000.0)
        out[RX_ANGLE] = 1000.0 * math.atan((srim - curve * d) / 1000.0)
    else:
        most = scan_parameter(work, size, d, work[1], h_ts, h_rs, curve)
        slope = (h_rs - h_ts) / d
        for i in range(n - 2, -1, -1):
            excess = ground[i] + curve * x[i] * (d - x[i]) - h_ts - slope * x[i]
            if excess * math.sqrt(work[3, i] * work[4, i]) >= most:
                first = i + 1
                break
        last = first
        out[TX_ANGLE] = 1000.0 * math.atan(level_t / 1000.0)
        out[RX_ANGLE] = 1000.0 * math.atan(((h_ts - h_rs) / d - curve * d) / 1000.0)
    out[TX_HORIZON] = x[first - 1]
    out[RX_HORIZON] = d - x[last - 1]
    out[ANGLE] = 1000.0 * d / radius_km + out[TX_ANGLE] + out[RX_ANGLE]
    return first, last


@njit
def smooth_surface(at_km, ground, work, size, h_ts, h_rs, out):
    """Fill the heights of the smooth surface under both ends, (85)-(91)."""
    n = at_km.size - 1
    d = at_km[n]
    v1 = 0.0
    v2 = 0.0
    for i in range(1, n + 1):
        low = at_km[i - 1]
        high = at_km[i]
        step = high - low
        v1 += step * (ground[i] + ground[i - 1])
        v2 += step * (ground[i] * (2.0 * high + low) + ground[i - 1] * (high + 2.0 * low))
    h_st = (2.0 * v1 * d - v2) / (d * d)
    h_sr = (v2 - v1 * d) / (d * d)
    out[FIT_TX] = h_st
    out[FIT_RX] = h_sr
    over, alpha_t, alpha_r = scan_obstacles(work, size, d, h_ts, h_rs)
    low_t = h_st
    low_r = h_sr
    if over > 0.0:
        low_t -= over * alpha_t / (alpha_t + alpha_r)
        low_r -= over * alpha_r / (alpha_t + alpha_r)
    out[SMOOTH_TX] = min(low_t, ground[0])
    out[SMOOTH_RX] = min(low_r, ground[n])


@njit
def p1812_terms(
    at_km, ground, surface, zone, f_ghz, p, location_p, sigma_db, h_tx, h_rx, vertical,
    latitude_deg, radius_km, n0, d_ct, d_cr, work, need_all, out,
):  # fmt: skip
    """Fill all results of one profile; `need_all` also those that the loss does not need."""
    n = at_km.size - 1
    d = at_km[n]
    h_ts = ground[0] + h_tx
    h_rs = ground[n] + h_rx
    size = copy_profile(at_km, ground, surface, work)
    if zone.size == 0:
        sea, land_km, inland_km = 0.0, d, d
        at_sea_t = at_sea_r = False
    else:
        sea = share_of_zone(at_km, zone, SEA)
        land_km = longest_run_km(at_km, zone, COAST, INLAND)
        inland_km = longest_run_km(at_km, zone, INLAND, INLAND)
        at_sea_t = zone[0] == SEA
        at_sea_r = zone[n] == SEA
    coast_t = 0.0 if at_sea_t else d_ct
    coast_r = 0.0 if at_sea_r else d_cr
    beta_0 = beta_percent(latitude_deg, land_km, inland_km)
    smooth_surface(at_km, ground, work, size, h_ts, h_rs, out)
    first, last = horizons(work, size, n, d, h_ts, h_rs, radius_km, f_ghz, out)
    # heights and roughness for ducting, (92)-(95)
    low_t = min(out[FIT_TX], ground[0])
    low_r = min(out[FIT_RX], ground[n])
    lean = (low_r - low_t) / d
    rough = LEAST
    for i in range(first, last + 1):
        rough = max(rough, ground[i] - (low_t + lean * at_km[i]))
    h_te = h_tx + ground[0] - low_t
    h_re = h_rx + ground[n] - low_r
    # line of sight, (8)-(11)
    across = d * d + ((h_ts - h_rs) / 1000.0) ** 2
    free = 92.4 + 20.0 * math.log10(f_ghz) + 10.0 * math.log10(across)
    focus = 2.6 * (1.0 - math.exp(-0.1 * (out[TX_HORIZON] + out[RX_HORIZON])))
    los_p = free + focus * math.log10(p / 50.0)
    los_beta = free + focus * math.log10(beta_0 / 50.0)
    # diffraction: equations (39) to (43)
    smooth_t = h_ts - out[SMOOTH_TX]
    smooth_r = h_rs - out[SMOOTH_RX]
    actual, smooth, sphere, median = diffraction_terms_db(
        work, size, d, f_ghz, h_ts, h_rs, smooth_t, smooth_r, radius_km, vertical, sea, need_all
    )
    factor = 1.0
    if p > beta_0:
        factor = normal_quantile(p / 100.0) / normal_quantile(beta_0 / 100.0)
    if p >= 50.0:
        factor = 0.0
    of_beta = median
    if factor != 0.0 or need_all:
        actual_b, smooth_b, sphere_b, of_beta = diffraction_terms_db(
            work, size, d, f_ghz, h_ts, h_rs, smooth_t, smooth_r, BETA_RADIUS_KM, vertical, sea,
            need_all,
        )  # fmt: skip
        out[BULLINGTON_BETA] = actual_b
        out[SMOOTH_BETA] = smooth_b
        out[SPHERE_BETA] = sphere_b
    of_p = median + factor * (of_beta - median)
    diffracted_50 = free + median
    diffracted = los_p + of_p
    # what may be between line of sight, diffraction and ducting, (57)-(62)
    notional_los = los_p + (1.0 - sea) * of_p
    if p >= beta_0:
        notional_los = diffracted_50 + (los_beta + (1.0 - sea) * of_p - diffracted_50) * factor
    ducting = ducting_db(
        d, out[TX_HORIZON], out[RX_HORIZON], coast_t, coast_r, inland_km, h_ts, h_rs, h_te, h_re,
        rough, out[TX_ANGLE], out[RX_ANGLE], f_ghz, p, sea, radius_km, beta_0,
    )  # fmt: skip
    apart = abs(ducting - los_p)
    notional_ducting = max(ducting, los_p) + 2.5 * math.log(1.0 + math.exp(-apart / 2.5))
    by_distance = 1.0 - 0.5 * (1.0 + math.tanh(1.5 * (d - 20.0) / 20.0))
    by_angle = 1.0 - 0.5 * (1.0 + math.tanh(2.4 * (out[ANGLE] - 0.3) / 0.3))
    notional = diffracted
    if notional_ducting <= diffracted:
        notional = notional_ducting + (diffracted - notional_ducting) * by_distance
    modified = notional + (notional_los - notional) * by_angle
    # troposcatter, (44)-(45), and all together, (63)-(70)
    log_f = math.log10(f_ghz)
    scatter = (
        190.1 + 25.0 * log_f - 2.5 * (log_f - math.log10(2.0)) ** 2 + 20.0 * math.log10(d)
        + 0.573 * out[ANGLE] - 0.15 * n0 - 10.125 * math.log10(50.0 / p) ** 0.7
    )  # fmt: skip
    least = min(scatter, modified)
    together = least - 5.0 * math.log10(
        10.0 ** (-0.2 * (scatter - least)) + 10.0 ** (-0.2 * (modified - least))
    )
    places_db = 0.0
    if sigma_db != 0.0 and not at_sea_r:
        places_db = -normal_quantile(location_p / 100.0) * sigma_db
    loss = max(los_p, together + places_db)
    out[FREE_SPACE] = free
    out[LOS_P] = los_p
    out[LOS_BETA] = los_beta
    out[BULLINGTON] = actual
    out[SMOOTH] = smooth
    out[SPHERE] = sphere
    out[DIFFRACTION_50] = median
    out[DIFFRACTION_BETA] = of_beta
    out[DIFFRACTION_P] = of_p
    out[DIFFRACTED_50] = diffracted_50
    out[DIFFRACTED_P] = diffracted
    out[NOTIONAL_LOS] = notional_los
    out[DUCTING] = ducting
    out[NOTIONAL_DUCTING] = notional_ducting
    out[NOTIONAL_DIFFRACTED] = notional
    out[MODIFIED] = modified
    out[TROPOSCATTER] = scatter
    out[MEDIAN] = together
    out[LOSS] = loss
    out[FIELD] = 199.36 + 20.0 * log_f - loss
    out[SEA_SHARE] = sea
    out[LAND_KM] = land_km
    out[INLAND_KM] = inland_km
    out[BETA_PERCENT] = beta_0
    out[RADIUS_KM] = radius_km
    out[TX_ASL] = h_ts
    out[RX_ASL] = h_rs
    out[EFFECTIVE_TX] = h_te
    out[EFFECTIVE_RX] = h_re
    out[ROUGHNESS] = rough
    out[FACTOR_TIME] = factor if p < 50.0 else 0.0
    out[FACTOR_ANGLE] = by_angle
    out[FACTOR_DISTANCE] = by_distance


@njit
def work_space(points):
    """Return work space for profiles of so many points."""
    return np.empty((6, points + BLOCK))


@njit(parallel=True)
def p1812_batch(
    at_km, ground, surface, zone, start, f_ghz, p, location_p, sigma_db, h_tx, h_rx, vertical,
    latitude_deg, radius_km, n0, d_ct, d_cr, loss_db,
):  # fmt: skip
    """
    Fill the losses of many profiles, which lie one after the other: profile i `start[i:i + 2]`.

    Numbers that vary by profile are arrays of their number. NaN where a height is.
    """
    count = start.size - 1
    longest = 0
    for i in range(count):
        longest = max(longest, start[i + 1] - start[i])
    tasks = min(count, 256)
    for task in prange(tasks):
        work = work_space(longest)
        out = np.empty(RESULTS)
        for i in range(count * task // tasks, count * (task + 1) // tasks):
            a, e = start[i], start[i + 1]
            total = 0.0
            for k in range(a, e):
                total += ground[k] + surface[k]
            if math.isnan(total):
                loss_db[i] = np.nan
                continue
            p1812_terms(
                at_km[a:e], ground[a:e], surface[a:e], zone[a:e] if zone.size else zone,
                f_ghz[i], p, location_p, sigma_db, h_tx[i], h_rx[i], vertical, latitude_deg[i],
                radius_km, n0, d_ct, d_cr, work, False, out,
            )  # fmt: skip
            loss_db[i] = out[LOSS]
