"""
Diffraction losses around a mast, on rays that all its cells, sectors and carriers share.

What does not depend on the receiver is carried along a ray; what does is a scan over the samples
before it, in single precision and in vector instructions: for some hundreds of samples that is
faster than convex hulls. Scans leave three numbers a sample; the formulas that turn them into
decibels then run over many samples at once, for each carrier.

Heights are relative to the ground under the mast. Equal to `profile_terms_db` on the same profile
within 0.001 dB, but for the leap of 0.011 dB that the knife edge itself makes at v = -0.78.
"""

import math

import numpy as np

from infraplan.jit import njit
from infraplan.jit import prange
from infraplan.radio._kernels.profile import completed_db
from infraplan.radio._kernels.profile import knife_edge_db
from infraplan.radio._kernels.profile import profile_terms_db
from infraplan.radio._kernels.profile import smooth_parameter
from infraplan.radio._kernels.profile import spherical_db
from infraplan.radio._kernels.simd import exp2_32
from infraplan.radio._kernels.simd import largest
from infraplan.radio._kernels.simd import log2_32

F = np.float32
BLOCK = 64  # scans run over whole blocks, so that no loop has a remainder; a power of two
FRONT = 64  # of samples before the mast, too low to matter, that fill the first block up
TOO_LOW_M = F(-1e15)
LEAST = F(-1e30)
DB_OF_LOG2 = F(20.0 * math.log10(2.0))
LOG2_E = F(1.0 / math.log(2.0))
CHUNK = 4096  # samples whose formulas run together, small enough for the nearest cache
LAND = (22.0, 0.003)  # permittivity and conductivity [S/m], P.1812-7, section 4.3.3


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


@njit
def cut_window(ground, row, column, reach, window):
    """Fill the square around a mast with heights above its ground, NaN beyond the raster."""
    rows, columns = ground.shape
    base = ground[row, column]
    side = window.shape[0]
    window[:] = F(np.nan)
    for i in range(side):
        r = row + i - reach
        if 0 <= r < rows:
            first = max(0, reach - column)
            last = min(side, columns - column + reach)
            for j in range(first, last):
                window[i, j] = ground[r, column + j - reach] - base


@njit
def sample_ray(window, reach, row_step, column_step, last, heights, place, parts):
    """
    Fill the heights at samples 1 to `last` of a ray; return how many are known from the mast on.

    `heights` begins with `FRONT` entries that are none of its samples. `place` and `parts` are
    work space: where each sample lies is computed in vectors and its four heights fetched one by
    one, for the processor's own gathering is slower.
    """
    side = np.int32(window.shape[0])
    flat = window.ravel()
    middle = F(reach)
    for k in range(last):
        row = middle + F(k + 1) * row_step
        column = middle + F(k + 1) * column_step
        r0 = np.int32(row)
        c0 = np.int32(column)
        parts[0, k] = row - F(r0)
        parts[1, k] = column - F(c0)
        place[k] = r0 * side + c0
    for k in range(last):
        at = np.uint64(place[k])
        below = at + np.uint64(side)
        top = flat[at]
        bottom = flat[below]
        top += parts[1, k] * (flat[at + np.uint64(1)] - top)
        bottom += parts[1, k] * (flat[below + np.uint64(1)] - bottom)
        heights[FRONT + 1 + k] = top + parts[0, k] * (bottom - top)
    unknown = 0
    for k in range(FRONT + 1, FRONT + last + 1):
        unknown += heights[k] != heights[k]
    if unknown == 0:
        return last + 1
    known = 1
    while known <= last:
        if math.isnan(heights[FRONT + known]):
            row = reach + known * float(row_step)
            column = reach + known * float(column_step)
            own = height_at(window, row, column)
            if math.isnan(own):
                break
            heights[FRONT + known] = own
        known += 1
    return known


@njit
def running_parts(heights, known, h_tx, curve, inverse, straight, risen, sums, moments):
    """
    Fill what the samples before each sample amount to.

    `straight[k]` is the steepest slope from the antenna to samples 1..k in m a sample, `risen[k]`
    the same with the earth's curvature less its part that depends on the receiver, `sums[k]` and
    `moments[k]` the sums of h and of i h. `curve` is 500 C_e in m a squared sample.
    """
    steepest = LEAST
    highest = LEAST
    total = 0.0
    moment = 0.0
    straight[0] = LEAST
    risen[0] = LEAST
    sums[0] = 0.0
    moments[0] = 0.0
    for k in range(1, known):
        height = heights[FRONT + k]
        slope = (height - h_tx) * inverse[k]
        steepest = largest(steepest, slope)
        highest = largest(highest, slope - curve * F(k))
        straight[k] = steepest
        risen[k] = highest
        total += height
        moment += k * np.float64(height)
        sums[k] = total
        moments[k] = moment


@njit
def whole_blocks(n):
    """Return how many samples the scan before sample n takes, in whole blocks."""
    return (np.int64(n) + (BLOCK - 2)) & -BLOCK


@njit
def scan_receiver(heights, n, h_rx, inverse_back, counts, curve):
    """Return the steepest slope from the receiver over curved ground, in m a sample."""
    size = whole_blocks(n)
    low = FRONT + n - size
    ground = heights[low : low + size]
    count = counts[low : low + size]
    inverse = inverse_back[inverse_back.size - size :]
    steepest = LEAST
    for t in range(size):
        slope = (ground[t] - h_rx) * inverse[t]
        steepest = largest(steepest, slope + curve * count[t])
    return steepest


@njit
def scan_obstructed(heights, n, h_rx, inverse_back, counts, curve, per_sample):
    """Return both slopes from the receiver, and the height above the line less the antenna's."""
    size = whole_blocks(n)
    low = FRONT + n - size
    ground = heights[low : low + size]
    count = counts[low : low + size]
    inverse = inverse_back[inverse_back.size - size :]
    steepest = LEAST
    straight = LEAST
    over = LEAST
    for t in range(size):
        slope = (ground[t] - h_rx) * inverse[t]
        straight = largest(straight, slope)
        steepest = largest(steepest, slope + curve * count[t])
        over = largest(over, ground[t] - per_sample * count[t])
    return steepest, straight, over


@njit
def scan_clear(heights, n, h_tx, roots, roots_back, counts, curve, per_sample):
    """Return the largest diffraction parameter of a path in line of sight, times the step."""
    size = whole_blocks(n)
    low = FRONT + n - size
    ground = heights[low : low + size]
    count = counts[low : low + size]
    root = roots[low : low + size]
    root_back = roots_back[roots_back.size - size :]
    most = LEAST
    tilt = curve * F(n) - per_sample
    for t in range(size):
        excess = ground[t] - h_tx + count[t] * (tilt - curve * count[t])
        most = largest(most, excess * root[t] * root_back[t])
    return most


@njit
def ray_geometry(
    heights, end_m, needed, known, h_tx, h_rx, step_km, curve, tables, running, at, geometry
):
    """
    Fill distance, edge parameter and effective heights of the needed samples of a ray.

    `end_m` holds the ground under each receiver; `geometry` has the rows distance [km], samples,
    v without its frequency factor, effective heights of mast and receiver [m].
    """
    inverse_back, counts, roots, roots_back = tables
    straight, risen, sums, moments = running
    for j in range(needed.size):
        n = needed[j]
        place = at + j
        geometry[0, place] = F(n) * step_km
        geometry[1, place] = F(n)
        if n < 2 or n > known:
            geometry[1, place] = F(2.0)
            geometry[0, place] = F(2.0) * step_km
            geometry[2, place] = F(0.0)
            geometry[3, place] = h_tx
            geometry[4, place] = h_rx
            continue
        end = end_m[j]
        top = end + h_rx  # heights are relative to the ground under the mast
        per_sample = (top - h_tx) / F(n)
        v1 = 2.0 * sums[n - 1] + end
        v2 = 6.0 * moments[n - 1] + end * (3.0 * n - 1.0)
        squared = np.float64(n) * n
        h_st = (2.0 * v1 * n - v2) / squared
        h_sr = (v2 - v1 * n) / squared
        stim = risen[n - 1] + curve * F(n)
        alpha_t = straight[n - 1] - per_sample
        if stim < per_sample:
            v = scan_clear(heights, n, h_tx, roots, roots_back, counts, curve, per_sample)
            v /= step_km
        else:
            if alpha_t > F(0.0):  # the ground rises above the straight line
                srim, flat, over = scan_obstructed(
                    heights, n, top, inverse_back, counts, curve, per_sample
                )
                alpha_r = flat + per_sample
                h_obs = over - h_tx
                h_st -= h_obs * alpha_t / (alpha_t + alpha_r)
                h_sr -= h_obs * alpha_r / (alpha_t + alpha_r)
            else:
                srim = scan_receiver(heights, n, top, inverse_back, counts, curve)
            point = (top - h_tx + srim * F(n)) / (stim + srim)
            point = min(max(point, F(1.0)), F(n - 1))
            rise = h_tx + (stim - per_sample) * point - h_tx
            v = rise / (math.sqrt(point * (F(n) - point)) * step_km)
        geometry[2, place] = v
        geometry[3, place] = h_tx - min(h_st, 0.0)
        geometry[4, place] = top - min(h_sr, np.float64(end))


@njit
def diffraction_db(geometry, size, f_ghz, radius_km, constants, out):
    """
    Fill the delta-Bullington losses of samples within the horizon, P.1812-7 (12)-(39).

    The cubic of (24) also gives the top of the smooth path's diffraction parameter, so its root is
    taken once, by Newton's method from the root's limit for short paths.
    """
    curve = F(500.0 / radius_km)
    wave = F(0.002 * f_ghz / 0.299792458)
    clear = F(17.456 * math.sqrt(0.299792458 / f_ghz))
    admittance, distance_part, height_part, floor = constants
    one = F(1.0)
    for i in range(size):
        d = geometry[0, i]
        n = geometry[1, i]
        h_t = geometry[3, i]
        h_r = geometry[4, i]
        both = h_t + h_r
        c = (h_t - h_r) / both
        m = F(0.5) * curve * d * d / both
        b = c / (m + one)
        for _ in range(4):
            b -= (b * (m * b * b - m - one) + c) / (F(3.0) * m * b * b - m - one)
        d1 = F(0.5) * d * (one + b)
        d2 = d - d1
        lean = (h_r - h_t) / d
        h_se = h_t + lean * d1 - curve * d1 * d2
        h_req = clear * math.sqrt(d1 * d2 / d)
        # the smooth path's parameter at the samples on both sides of its top
        step = d / n
        before = F(np.int32(d1 / step))
        before = one if before < one else before
        before = n - one if before > n - one else before
        after = n - one if before + one > n - one else before + one
        x = before * step
        root = math.sqrt(x * (d - x))
        v_s = curve * root - (h_t + lean * x) / root
        x = after * step
        root = math.sqrt(x * (d - x))
        other = curve * root - (h_t + lean * x) / root
        v_s = other if other > v_s else v_s
        # one term of the series over a sphere on which the path just grazes
        reach = (math.sqrt(h_t) + math.sqrt(h_r)) / d
        log_reach = log2_32(reach)
        power = exp2_32(F(2.0 / 3.0) * log_reach)
        k2 = admittance * admittance * power * power
        beta = (one + F(1.6) * k2 + F(0.67) * k2 * k2) / (one + F(4.5) * k2 + F(1.53) * k2 * k2)
        x = distance_part * beta * power * power * d
        y = height_part * beta * beta * power
        log_x = log2_32(x)
        near = -DB_OF_LOG2 * log_x - F(5.6488) * exp2_32(F(1.425) * log_x)
        far = F(11.0) + F(0.5) * DB_OF_LOG2 * log_x - F(17.6) * x
        first_term = -(near if x < F(1.6) else far)
        least = floor + F(2.0 / 3.0) * DB_OF_LOG2 * log_reach
        for h in (h_t, h_r):
            t = y * h
            high = t > F(2.0)
            log_t = log2_32(t - F(1.1) if high else t + F(0.1) * t * t * t)
            safe = t - F(1.1) if high else one
            tall = F(17.6) * math.sqrt(safe) - F(0.25) * DB_OF_LOG2 * log_t - F(8.0)
            gain = tall if high else DB_OF_LOG2 * log_t
            first_term -= gain if gain > least else least
        sphere = (one - h_se / h_req) * first_term
        sphere = F(0.0) if h_se > h_req else sphere
        sphere = sphere if sphere > F(0.0) else F(0.0)
        # both Bullington losses
        factor = math.sqrt(wave * d)
        more = F(10.0) + F(0.02) * d
        v = geometry[2, i] * factor
        w = v - F(0.1)
        edge = F(6.9) + DB_OF_LOG2 * log2_32(math.sqrt(w * w + one) + w)
        edge = edge if v > F(-0.78) else F(0.0)
        actual = edge + (one - exp2_32(F(-1.0 / 6.0) * LOG2_E * edge)) * more
        v = v_s * factor
        w = v - F(0.1)
        edge = F(6.9) + DB_OF_LOG2 * log2_32(math.sqrt(w * w + one) + w)
        edge = edge if v > F(-0.78) else F(0.0)
        smooth = edge + (one - exp2_32(F(-1.0 / 6.0) * LOG2_E * edge)) * more
        extra = sphere - smooth
        out[i] = actual + (extra if extra > F(0.0) else F(0.0))


@njit
def band_constants(f_ghz, vertical):
    """Return what the first term of the spherical earth takes from frequency and ground alone."""
    eps, sigma = LAND
    wet = 18.0 * sigma / f_ghz
    k = 0.036 * (500.0 * f_ghz) ** (-1.0 / 3.0) * ((eps - 1.0) ** 2 + wet * wet) ** -0.25
    if vertical:
        k *= math.sqrt(eps * eps + wet * wet)
    return (
        F(k),
        F(21.88 * f_ghz ** (1.0 / 3.0) * 500.0 ** (-2.0 / 3.0)),
        F(0.9575 * f_ghz ** (2.0 / 3.0) * 500.0 ** (-1.0 / 3.0)),
        F(2.0 + 20.0 * math.log10(k)),
    )


@njit
def beyond_horizon_db(d, n, v, h_te, h_re, f_ghz, radius_km, vertical):
    """Return the loss of one sample by the formulas that hold at any distance."""
    factor = math.sqrt(0.002 * d * f_ghz / 0.299792458)
    loss = completed_db(knife_edge_db(v * factor), d)
    sphere = spherical_db(d, radius_km, f_ghz, h_te, h_re, vertical, 0.0)
    if sphere > 0.0:
        v_s = smooth_parameter(n, d / n, h_te, h_re, 500.0 / radius_km)
        loss += max(sphere - completed_db(knife_edge_db(v_s * factor), d), 0.0)
    return loss


@njit
def scan_tables(longest):
    """Return the tables that scans share, and 1 / k."""
    size = longest + FRONT + BLOCK + 1
    inverse = np.ones(longest + 1, dtype=np.float32)
    inverse[1:] = (1.0 / np.arange(1, longest + 1)).astype(np.float32)
    ahead = np.arange(size, 0, -1).astype(np.float64)  # how far the receiver lies ahead
    counts = (np.arange(size) - FRONT).astype(np.float32)
    roots = np.ones(size, dtype=np.float32)
    roots[FRONT + 1 :] = (1.0 / np.sqrt(np.arange(1, size - FRONT))).astype(np.float32)
    inverse_back = (1.0 / ahead).astype(np.float32)
    roots_back = (1.0 / np.sqrt(ahead)).astype(np.float32)
    return (inverse_back, counts, roots, roots_back), inverse


@njit
def losses_on_rays(
    ground, row, column, h_tx, h_rx, f_ghz, wanted, radius_km, vertical, reach, row_step,
    column_step, step_km, needed, need_start, end_row, end_column, first, last, out,
):  # fmt: skip
    """Fill the losses on the rays `first:last` around one mast. See `mast_losses_db`."""
    middle = reach + 2  # bilinear heights reach one cell beyond the last sample
    window = np.empty((2 * middle + 1, 2 * middle + 1), dtype=np.float32)
    cut_window(ground, row, column, middle, window)
    longest = 0
    widest = 0
    for r in range(first, last):
        a, e = need_start[r], need_start[r + 1]
        widest = max(widest, e - a)
        if e > a:
            longest = max(longest, needed[e - 1])
    tables, inverse = scan_tables(longest)
    heights = np.full(FRONT + longest + 2, TOO_LOW_M, dtype=np.float32)
    place = np.empty(longest, dtype=np.int32)
    parts = np.empty((2, longest), dtype=np.float32)
    straight = np.empty(longest + 1, dtype=np.float32)
    risen = np.empty(longest + 1, dtype=np.float32)
    sums = np.empty(longest + 1)
    moments = np.empty(longest + 1)
    geometry = np.empty((5, CHUNK + widest), dtype=np.float32)
    ends = np.empty(widest, dtype=np.float32)
    known_of = np.zeros(last - first, dtype=np.int32)
    sight_km = math.sqrt(2.0 * radius_km) * (math.sqrt(0.001 * h_tx) + math.sqrt(0.001 * h_rx))
    begun = first
    filled = 0
    for r in range(first, last):
        a, e = need_start[r], need_start[r + 1]
        if e > a:
            known = sample_ray(
                window, middle, row_step[r], column_step[r], needed[e - 1], heights, place, parts
            )
            known_of[r - first] = known
            curve = F(500.0 / radius_km * step_km[r] * step_km[r])
            running_parts(heights, known, F(h_tx), curve, inverse, straight, risen, sums, moments)
            for j in range(a, e):
                ends[j - a] = window[middle + end_row[j], middle + end_column[j]]
            ray_geometry(
                heights, ends[: e - a], needed[a:e], known, F(h_tx), F(h_rx), F(step_km[r]), curve,
                tables, (straight, risen, sums, moments), filled, geometry,
            )  # fmt: skip
            filled += e - a
        if filled < CHUNK and r + 1 < last:
            continue
        origin = need_start[begun]
        for c in range(f_ghz.size):
            if wanted[c]:
                diffraction_db(
                    geometry, filled, f_ghz[c], radius_km, band_constants(f_ghz[c], vertical),
                    out[c, origin : origin + filled],
                )  # fmt: skip
        for ray in range(begun, r + 1):
            for j in range(need_start[ray], need_start[ray + 1]):
                i = j - origin
                end = window[middle + end_row[j], middle + end_column[j]]
                if needed[j] > known_of[ray - first] or math.isnan(end):
                    out[:, j] = F(np.nan)
                elif needed[j] < 2:
                    out[:, j] = F(0.0)
                elif geometry[0, i] >= sight_km:
                    for c in range(f_ghz.size):
                        out[c, j] = beyond_horizon_db(
                            np.float64(geometry[0, i]), needed[j], np.float64(geometry[2, i]),
                            np.float64(geometry[3, i]), np.float64(geometry[4, i]), f_ghz[c],
                            radius_km, vertical,
                        )  # fmt: skip
        begun = r + 1
        filled = 0


@njit(parallel=True)
def mast_losses_db(
    ground, row, column, height_m, f_ghz, wanted, row_step, column_step, step_km, needed,
    need_start, end_row, end_column, reach, h_rx, radius_km, vertical, parts, out,
):  # fmt: skip
    """
    Fill the diffraction losses around several masts; `out` is (mast, carrier, needed sample).

    Ray r goes `row_step[r]`, `column_step[r]` cells a sample, `step_km[r]` apart, and the samples
    `needed[need_start[r]:need_start[r + 1]]` are receivers, in the middle of the cells at
    `end_row`, `end_column` from the mast: the profile of each is that of the ray up to the sample
    before and ends on the cell's own ground. NaN where a profile crosses unknown ground.
    `wanted[mast, carrier]` tells what is needed; the rays of each mast are cut into so many
    `parts`, that threads may share one mast.
    """
    rays = row_step.size
    for task in prange(row.size * parts):
        m = task // parts
        part = task % parts
        losses_on_rays(
            ground, row[m], column[m], height_m[m], h_rx, f_ghz, wanted[m], radius_km, vertical,
            reach, row_step, column_step, step_km, needed, need_start, end_row, end_column,
            rays * part // parts, rays * (part + 1) // parts, out[m],
        )  # fmt: skip


@njit(parallel=True)
def clutter_losses_db(
    ground, clutter, row, column, h_tx, h_rx, f_ghz, radius_km, vertical, bare_km, row_step,
    column_step, step_km, needed, need_start, end_row, end_column, out,
):  # fmt: skip
    """
    Fill the diffraction losses around one mast over ground with clutter on it, ray by ray.

    Clutter counts on the samples between, but not within `bare_km` of either end, nor at the ends.
    Each profile by itself, for clutter near the receiver differs from one sample to the next.
    """
    for r in prange(row_step.size):
        a, e = need_start[r], need_start[r + 1]
        if e > a:
            last = needed[e - 1]
            heights = np.empty(last + 1)
            obstacles = np.empty(last + 1)
            surface = np.empty(last + 1)
            at_km = np.arange(last + 1) * step_km[r]
            for k in range(last + 1):
                at_row = row + k * np.float64(row_step[r])
                at_column = column + k * np.float64(column_step[r])
                heights[k] = height_at(ground, at_row, at_column)
                i = int(np.floor(at_row + 0.5))
                j = int(np.floor(at_column + 0.5))
                inside = 0 <= i < ground.shape[0] and 0 <= j < ground.shape[1]
                obstacles[k] = max(clutter[i, j], 0.0) if inside else 0.0
            for p in range(a, e):
                n = needed[p]
                end = height_at(ground, row + end_row[p], column + end_column[p])
                kept = heights[n]
                heights[n] = end
                unknown = 0
                for k in range(n + 1):
                    nearest = min(at_km[k], at_km[n] - at_km[k])
                    is_bare = nearest < bare_km - 1e-9  # the ends too
                    surface[k] = heights[k]
                    if not is_bare:
                        surface[k] += obstacles[k]
                    if math.isnan(heights[k]):
                        unknown += 1
                if unknown > 0:
                    out[p] = F(np.nan)
                elif n < 2:
                    out[p] = F(0.0)
                else:
                    out[p] = profile_terms_db(
                        heights[: n + 1], surface[: n + 1], at_km[: n + 1], f_ghz, h_tx, h_rx,
                        radius_km, vertical, 0.0,
                    )[3]  # fmt: skip
                heights[n] = kept
