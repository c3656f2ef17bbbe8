"""
Delta-Bullington diffraction along rays, and the reduction of levels to servers, compiled.

Equations: ITU-R P.1812-7, section 4.3 (the same as P.526-15, section 4.5, and P.452-18). Inside,
distances are km, heights m, frequencies GHz, as in the Recommendation. A plain NumPy reference of
the profile lives in the tests.
"""

import numpy as np

from infraplan.jit import njit
from infraplan.jit import prange

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


@njit
def ray_losses_db(
    ground, step_km, needed, f_ghz, h_tx, h_rx, radius_km, vertical, inverse, root, out
):
    """
    Fill the diffraction losses at the needed samples of one ray, for each carrier.

    `ground[0]` lies under the mast, samples are `step_km` apart; `needed` holds sample numbers in
    rising order; `out` is (carrier, needed); `inverse[i]` is 1 / i and `root[i]` its square root.
    NaN where the profile is unknown anywhere up to the sample. Equal to `profile_terms_db`: what
    does not depend on the receiver is carried along, and a scan is made only where it matters.
    """
    known = 0
    while known < ground.size and not np.isnan(ground[known]):
        known += 1
    h_ts = ground[0] + h_tx
    bulge_500 = 500.0 / radius_km
    v1 = 0.0
    v2 = 0.0
    summed = 0  # samples that are in v1, v2 and the two running slopes
    risen = -1e30  # largest (h_i - h_ts) / d_i - 500 C_e d_i: slope to the horizon less its bulge
    straight = -1e30  # largest (h_i - h_ts) / d_i
    for j in range(needed.size):
        n = needed[j]
        if n >= known:
            out[:, j] = np.nan
            continue
        if n < 2:
            out[:, j] = 0.0
            continue
        while summed < n:
            if summed > 0:
                slope = (ground[summed] - h_ts) * inverse[summed] / step_km
                straight = max(straight, slope)
                risen = max(risen, slope - bulge_500 * summed * step_km)
            summed += 1
            both = ground[summed] + ground[summed - 1]
            v1 += both
            v2 += ground[summed] * (3 * summed - 1) + ground[summed - 1] * (3 * summed - 2)
        d = n * step_km
        h_rs = ground[n] + h_rx
        to_rx = (h_rs - h_ts) / d
        stim = risen + bulge_500 * d
        h_st = (2.0 * v1 * n - v2) / (n * n)
        h_sr = (v2 - v1 * n) / (n * n)
        per_sample = (h_rs - h_ts) / n
        srim = -1e30
        if straight > to_rx:  # terrain above the straight line: the scan serves both needs
            h_obs = -1e30
            alpha_t = -1e30
            alpha_r = -1e30
            for i in range(1, n):
                over = ground[i] - h_ts - per_sample * i
                h_obs = max(h_obs, over)
                alpha_t = max(alpha_t, over * inverse[i])
                alpha_r = max(alpha_r, over * inverse[n - i])
                srim = max(
                    srim,
                    (ground[i] - h_rs) * inverse[n - i] / step_km + bulge_500 * i * step_km,
                )
            h_st -= h_obs * alpha_t / (alpha_t + alpha_r)
            h_sr -= h_obs * alpha_r / (alpha_t + alpha_r)
        if stim < to_rx:
            v_b = -1e30
            bulge = bulge_500 * step_km * step_km
            for i in range(1, n):
                excess = ground[i] - h_ts - per_sample * i + bulge * i * (n - i)
                v_b = max(v_b, excess * root[i] * root[n - i])
            v_b /= step_km
        else:
            if srim == -1e30:
                for i in range(1, n):
                    srim = max(
                        srim,
                        (ground[i] - h_rs) * inverse[n - i] / step_km + bulge_500 * i * step_km,
                    )
            d_bp = (h_rs - h_ts + srim * d) / (stim + srim)
            d_bp = min(max(d_bp, step_km), d - step_km)
            rise = h_ts + stim * d_bp - (h_ts * (d - d_bp) + h_rs * d_bp) / d
            v_b = rise / np.sqrt(d_bp * (d - d_bp))
        h_te = h_ts - min(h_st, ground[0])
        h_re = h_rs - min(h_sr, ground[n])
        v_s = 0.0
        has_smooth = False
        for c in range(f_ghz.size):
            factor = np.sqrt(0.002 * d * f_ghz[c] / 0.299792458)
            loss = completed_db(knife_edge_db(v_b * factor), d)
            sphere = spherical_db(d, radius_km, f_ghz[c], h_te, h_re, vertical, 0.0)
            if sphere > 0.0:
                if not has_smooth:
                    v_s = smooth_parameter(n, step_km, h_te, h_re, bulge_500)
                    has_smooth = True
                smooth = completed_db(knife_edge_db(v_s * factor), d)
                loss += max(sphere - smooth, 0.0)
            out[c, j] = loss


@njit
def height_at(ground, row, column):
    """
    Return the bilinear height at a fractional cell; NaN outside and on unknown ground.

    Beside the unknown, where bilinear has no answer, it is the height of the sample's own cell.
    """
    rows, columns = ground.shape
    own_row = int(np.floor(row + 0.5))
    own_column = int(np.floor(column + 0.5))
    if own_row < 0 or own_column < 0 or own_row >= rows or own_column >= columns:
        return np.nan
    own = ground[own_row, own_column]
    if np.isnan(own):
        return np.nan
    r0 = min(max(int(np.floor(row)), 0), rows - 1)
    c0 = min(max(int(np.floor(column)), 0), columns - 1)
    r1 = min(r0 + 1, rows - 1)
    c1 = min(c0 + 1, columns - 1)
    fr = min(max(row - r0, 0.0), 1.0)
    fc = min(max(column - c0, 0.0), 1.0)
    top = ground[r0, c0] * (1.0 - fc) + ground[r0, c1] * fc
    bottom = ground[r1, c0] * (1.0 - fc) + ground[r1, c1] * fc
    height = top * (1.0 - fr) + bottom * fr
    return own if np.isnan(height) else height


@njit(parallel=True)
def mast_losses_db(
    ground, row, column, height_m, f_ghz, sample_row, sample_column, step_km, ray_start, needed,
    need_start, h_rx, radius_km, vertical, out,
):  # fmt: skip
    """
    Fill the diffraction losses around several masts; `out` is (mast, carrier, needed sample).

    `sample_row` and `sample_column` are the offsets from the mast, in cells, of the samples of all
    rays one after the other; ray r has the samples `ray_start[r]:ray_start[r + 1]`, `step_km[r]`
    apart.
    """
    longest = 0
    for r in range(ray_start.size - 1):
        longest = max(longest, ray_start[r + 1] - ray_start[r])
    inverse = np.ones(longest + 1)
    for i in range(1, longest + 1):
        inverse[i] = 1.0 / i
    root = np.sqrt(inverse)
    for m in prange(row.size):
        profile = np.empty(longest)
        for r in range(ray_start.size - 1):
            a = ray_start[r]
            c = need_start[r]
            e = need_start[r + 1]
            if c == e:
                continue
            last = needed[e - 1]
            for k in range(last + 1):
                profile[k] = height_at(
                    ground, row[m] + sample_row[a + k], column[m] + sample_column[a + k]
                )
            ray_losses_db(
                profile[: last + 1], step_km[r], needed[c:e], f_ghz, height_m[m], h_rx, radius_km,
                vertical, inverse, root, out[m, :, c:e],
            )  # fmt: skip


@njit
def pattern_gain_db(azimuth_deg, bearing_deg, below_deg, mechanical_deg, electrical_deg, shape):
    """
    Return the gain relative to the peak towards a bearing and an angle below the horizon.

    3GPP TR 36.814, table A.2.1.1-2: both cuts added, limited by the front-to-back ratio. Mechanical
    tilt turns the whole pattern, electrical tilt moves the vertical cut only. `shape` holds the
    horizontal and vertical half-power widths [deg], the front-to-back ratio and the side-lobe limit
    [dB], and the mean loss [dB] to take where the azimuth is unknown.
    """
    if np.isnan(azimuth_deg):
        off = (below_deg - mechanical_deg - electrical_deg) / shape[1]
        vertical = min(12.0 * off * off, shape[3])
        return -min(vertical + shape[4], shape[2])
    phi = np.radians(bearing_deg - azimuth_deg)
    theta = np.radians(below_deg)
    tilt = np.radians(mechanical_deg)
    x = np.cos(theta) * np.cos(phi)
    y = np.cos(theta) * np.sin(phi)
    z = -np.sin(theta)
    ahead = x * np.cos(tilt) - z * np.sin(tilt)
    up = x * np.sin(tilt) + z * np.cos(tilt)
    side_deg = np.degrees(np.arctan2(y, ahead))
    down_deg = -np.degrees(np.arcsin(min(1.0, max(-1.0, up))))
    across = side_deg / shape[0]
    along = (down_deg - electrical_deg) / shape[1]
    horizontal = min(12.0 * across * across, shape[2])
    vertical = min(12.0 * along * along, shape[3])
    return -min(horizontal + vertical, shape[2])


@njit
def cell_levels_dbm(
    ground, row, column, h_ts, h_rx, resolution_m, offset_row, offset_column, slot, losses,
    eirp_dbm, freq_mhz, azimuth_deg, mechanical_deg, electrical_deg, shape, first, last, levels,
    free_dbm,
):  # fmt: skip
    """
    Fill the levels of one cell at the offsets `first:last` around its mast.

    NaN where a path is unknown; `free_dbm` is then the level that free space would give.
    """
    for o in range(first, last):
        r = row + offset_row[o]
        c = column + offset_column[o]
        levels[o] = EMPTY_DBM
        free_dbm[o] = EMPTY_DBM
        if c < 0 or c >= ground.shape[1] or r < 0 or r >= ground.shape[0] or np.isnan(ground[r, c]):
            continue
        east = offset_column[o] * resolution_m
        north = -offset_row[o] * resolution_m
        flat_m = max(np.sqrt(east * east + north * north), resolution_m / 2.0)
        drop_m = 0.0 if np.isnan(h_ts) else h_ts - (ground[r, c] + h_rx)
        path_m = np.sqrt(flat_m * flat_m + drop_m * drop_m)
        below = np.degrees(np.arctan2(drop_m, flat_m))
        bearing = np.degrees(np.arctan2(east, north))
        gain = pattern_gain_db(azimuth_deg, bearing, below, mechanical_deg, electrical_deg, shape)
        space = 20.0 * np.log10(4.0 * np.pi * path_m * freq_mhz / 299.792458)
        free = eirp_dbm + gain - space
        free_dbm[o] = free
        levels[o] = np.nan if np.isnan(h_ts) else free - losses[slot[o]]


@njit
def insert(level, mast, cell, top_dbm, top_mast, top_cell, at):
    """Put a mast among the strongest of a grid cell, once; equal levels keep the earlier first."""
    k = top_dbm.shape[0]
    for i in range(k):
        if top_cell[i, at] != NONE and top_mast[i, at] == mast:
            if level <= top_dbm[i, at]:
                return
            for j in range(i, k - 1):
                top_dbm[j, at] = top_dbm[j + 1, at]
                top_mast[j, at] = top_mast[j + 1, at]
                top_cell[j, at] = top_cell[j + 1, at]
            top_dbm[k - 1, at] = EMPTY_DBM
            top_cell[k - 1, at] = NONE
            break
    place = 0
    while place < k and not level > top_dbm[place, at]:
        place += 1
    if place == k:
        return
    for i in range(k - 1, place, -1):
        top_dbm[i, at] = top_dbm[i - 1, at]
        top_mast[i, at] = top_mast[i - 1, at]
        top_cell[i, at] = top_cell[i - 1, at]
    top_dbm[place, at] = level
    top_mast[place, at] = mast
    top_cell[place, at] = cell


@njit(parallel=True)
def reduce_masts(
    ground, place, h_rx, resolution_m, offset_row, offset_column, row_start, slot, losses,
    row, column, height_m, mast, cell_start, cell_number, cell_group, cell_band, cell_total,
    eirp_dbm, freq_mhz, azimuth_deg, mechanical_deg, electrical_deg, shape, load, needed_dbm,
    top_dbm, top_mast, top_cell, total, maybe,
):  # fmt: skip
    """
    Add several masts, in their order, to the servers of each grid cell.

    The grid is cut into bands of rows, each the work of one thread, so that no two threads write to
    one grid cell and masts are added in the same order for any number of threads.
    """
    rows = ground.shape[0]
    reach = (row_start.size - 2) // 2
    for band in prange(BANDS_OF_ROWS):
        low = rows * band // BANDS_OF_ROWS
        high = rows * (band + 1) // BANDS_OF_ROWS
        levels = np.empty(offset_row.size)
        free = np.empty(offset_row.size)
        best = np.empty(offset_row.size)
        best_cell = np.empty(offset_row.size, dtype=np.int32)
        for m in range(row.size):
            r0 = max(low, row[m] - reach)
            r1 = min(high, row[m] + reach + 1)
            if r0 >= r1:
                continue
            first = row_start[r0 - row[m] + reach]
            last = row_start[r1 - row[m] + reach]
            h_ts = ground[row[m], column[m]] + height_m[m]
            for i in range(cell_start[m], cell_start[m + 1]):
                group = cell_group[i]
                begins = i == cell_start[m] or cell_group[i - 1] != group
                ends = i + 1 == cell_start[m + 1] or cell_group[i + 1] != group
                cell_levels_dbm(
                    ground, row[m], column[m], h_ts, h_rx, resolution_m, offset_row,
                    offset_column, slot, losses[m, cell_band[i]], eirp_dbm[i], freq_mhz[i],
                    azimuth_deg[i], mechanical_deg[i], electrical_deg[i], shape[i], first, last,
                    levels, free,
                )  # fmt: skip
                for o in range(first, last):
                    if begins:
                        best[o] = EMPTY_DBM
                        best_cell[o] = NONE
                    if levels[o] == EMPTY_DBM:
                        continue
                    at = place[row[m] + offset_row[o], column[m] + offset_column[o]]
                    if np.isnan(levels[o]):
                        if free[o] >= needed_dbm[group]:
                            maybe[group, at] = 1
                        continue
                    total[cell_total[i], at] += np.int64(
                        load[i] * 10.0 ** (levels[o] / 10.0) * FIXED_POINT
                    )
                    if levels[o] > best[o]:
                        best[o] = levels[o]
                        best_cell[o] = cell_number[i]
                if not ends:
                    continue
                for o in range(first, last):
                    if best_cell[o] != NONE:
                        at = place[row[m] + offset_row[o], column[m] + offset_column[o]]
                        insert(
                            best[o], mast[m], best_cell[o], top_dbm[group], top_mast[group],
                            top_cell[group], at,
                        )  # fmt: skip


@njit(parallel=True)
def merge_groups(top_dbm, top_mast, top_cell, into_dbm, into_mast, into_cell):
    """Fill the strongest masts over several groups; a mast that groups share counts once."""
    groups, k, size = top_dbm.shape
    for at in prange(size):
        for g in range(groups):
            for i in range(k):
                if top_cell[g, i, at] == NONE:
                    break
                insert(
                    top_dbm[g, i, at], top_mast[g, i, at], top_cell[g, i, at],
                    into_dbm, into_mast, into_cell, at,
                )  # fmt: skip
