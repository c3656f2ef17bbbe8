"""
From losses to levels, and from levels to the strongest servers of each grid cell.

Work goes row by row: the cells of a row around a mast lie side by side in memory, so that levels,
patterns, powers and the ranking of servers all run in vector instructions.

A server is one int32: its level in steps above -160 dBm in the high bits, its rank among the cells
of its group, counted down, in the low ones. The larger number is the stronger server, equal levels
go to the first in order of ids, and keeping the strongest is `max` and `min`.
"""

import math

import numpy as np

from infraplan.jit import njit
from infraplan.jit import prange
from infraplan.radio._kernels.simd import exp2_32
from infraplan.radio._kernels.simd import log2_32

F = np.float32
FLOOR_DBM = F(-160.0)  # known, but nothing received
FIXED_POINT = 1e18  # mW to integers, so that the order of adding does not matter
BANDS_OF_ROWS = 256  # narrow enough that the servers of one stay in the nearer caches
SPREAD = 157  # coprime to the bands: neighbours in work lie far apart on the ground
DB_OF_LOG2 = F(10.0 * math.log10(2.0))
LOG2_OF_DB = F(math.log2(10.0) / 10.0)
LOG2_OF_TEN = F(math.log2(10.0))
DEGREES = F(180.0 / math.pi)
HALF_TURN = F(180.0)
BLOCK = 128
CELLS_A_TASK = 4096
MOST_MW = F(5e18)  # of one cell, in fixed point
# M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 4.4.49: arctan, error below 2e-8
ARCTAN = tuple(
    F(value)
    for value in (
        1.0, -0.3333314528, 0.1999355085, -0.1420889944, 0.1065626393, -0.0752896400,
        0.0429096138, -0.0161657367, 0.0028662257,
    )
)  # fmt: skip
LOSS_STEP_DB = 0.005
UNKNOWN_LOSS = np.uint16(65535)


@njit
def arctan_deg(y, x):
    """Return the angle of a direction with x >= 0 or not, in (-180, 180] degrees."""
    across = abs(y)
    along = abs(x)
    low = along if along < across else across
    high = across if along < across else along
    ratio = low / (high if high > F(0.0) else F(1.0))
    square = ratio * ratio
    total = ARCTAN[8]
    total = total * square + ARCTAN[7]
    total = total * square + ARCTAN[6]
    total = total * square + ARCTAN[5]
    total = total * square + ARCTAN[4]
    total = total * square + ARCTAN[3]
    total = total * square + ARCTAN[2]
    total = total * square + ARCTAN[1]
    total = total * square + ARCTAN[0]
    angle = DEGREES * ratio * total
    angle = F(90.0) - angle if across > along else angle
    angle = HALF_TURN - angle if x < F(0.0) else angle
    return -angle if y < F(0.0) else angle


@njit
def panel_gain_db(side_deg, down_deg, shape):
    """Return the gain of 3GPP's panel relative to its peak, TR 36.814, table A.2.1.1-2."""
    across = side_deg / shape[0]
    along = down_deg / shape[1]
    horizontal = F(12.0) * across * across
    horizontal = shape[2] if horizontal > shape[2] else horizontal
    vertical = F(12.0) * along * along
    vertical = shape[3] if vertical > shape[3] else vertical
    both = horizontal + vertical
    return -(shape[2] if both > shape[2] else both)


@njit
def cut_loss_db(cut, angle_deg):
    """Return the attenuation of a measured cut at an angle, between its whole degrees."""
    angle = angle_deg + F(360.0) if angle_deg < F(0.0) else angle_deg
    whole = np.int32(angle)
    part = angle - F(whole)
    at = np.uint64(whole)
    return cut[at] + part * (cut[at + np.uint64(1)] - cut[at])


@njit
def measured_gain_db(side_deg, down_deg, horizontal, vertical):
    """
    Return the gain of an antenna of which two cuts were measured, relative to its peak.

    Away from the cuts it is between the front and the back half of the vertical one, by the angle
    to the side. `horizontal` and `vertical` hold attenuations at 0..360 degrees.
    """
    share = abs(side_deg) / HALF_TURN
    front = horizontal[0] - cut_loss_db(vertical, down_deg)
    back = horizontal[180] - cut_loss_db(vertical, HALF_TURN - down_deg)
    loss = cut_loss_db(horizontal, side_deg) - ((F(1.0) - share) * front + share * back)
    return -(loss if loss > F(0.0) else F(0.0))


@njit
def direction_gain_db(side_deg, down_deg, shape, cuts, pattern):
    """Return the gain of a panel, or with `pattern` >= 0 that of a measured antenna."""
    if pattern >= 0:
        return measured_gain_db(side_deg, down_deg, cuts[pattern, 0], cuts[pattern, 1])
    return panel_gain_db(side_deg, down_deg, shape)


@njit
def turned_by_tilt(bearing_deg, below_deg, azimuth_deg, tilt_deg):
    """Return the angles to the side and below in the frame of an antenna that is tilted."""
    phi = (bearing_deg - azimuth_deg) / DEGREES
    theta = below_deg / DEGREES
    tilt = tilt_deg / DEGREES
    x = math.cos(theta) * math.cos(phi)
    y = math.cos(theta) * math.sin(phi)
    z = -math.sin(theta)
    ahead = x * math.cos(tilt) - z * math.sin(tilt)
    up = x * math.sin(tilt) + z * math.cos(tilt)
    return arctan_deg(y, ahead), -arctan_deg(up, math.sqrt(ahead * ahead + y * y))


@njit
def pattern_gain_db(
    azimuth_deg, bearing_deg, below_deg, mechanical_deg, electrical_deg, shape, cuts, pattern
):
    """
    Return the gain relative to the peak towards a bearing and an angle below the horizon.

    Mechanical tilt turns the whole pattern, electrical tilt moves the vertical cut only. `shape`
    holds the horizontal and vertical half-power widths [deg], the front-to-back ratio and the
    side-lobe limit [dB], and the mean loss [dB] to take where the azimuth is unknown (NaN).
    """
    if math.isnan(azimuth_deg):
        down = below_deg - mechanical_deg - electrical_deg
        gain = direction_gain_db(F(0.0), down, shape, cuts, pattern) - shape[4]
        return max(gain, -shape[2])
    side, down = turned_by_tilt(bearing_deg, below_deg, azimuth_deg, mechanical_deg)
    return direction_gain_db(side, down - electrical_deg, shape, cuts, pattern)


@njit
def row_paths(ground, flat2, count, h_ts, h_rx, drop, log_path, below):
    """Fill, for the cells of a row, the antenna's height above, log2 of path² [m²], and angle."""
    for i in range(count):
        fall = h_ts - (ground[i] + h_rx)
        drop[i] = fall
        log_path[i] = log2_32(flat2[i] + fall * fall)
        below[i] = arctan_deg(fall, math.sqrt(flat2[i]))


@njit
def store_losses(losses, stored):
    """Round losses to steps of 0.005 dB in 16 bits, half the memory; unknown ones to the last."""
    for i in range(losses.size):
        steps = losses[i] * F(1.0 / LOSS_STEP_DB) + F(0.5)
        steps = steps if steps < F(UNKNOWN_LOSS - 1) else F(UNKNOWN_LOSS - 1)
        stored[i] = UNKNOWN_LOSS if math.isnan(losses[i]) else np.uint16(steps)


@njit
def row_losses(losses, slot, count, out):
    """Fill the diffraction losses of the cells of a row, as they were stored."""
    for i in range(count):
        steps = losses[np.uint64(slot[i])]
        out[i] = F(np.nan) if steps == UNKNOWN_LOSS else F(steps) * F(LOSS_STEP_DB)


@njit
def row_excess(drop, log_path, diffraction, extra, count, model, out):
    """Fill the loss beyond that of distance: diffraction, height, near ground, surroundings."""
    weight, height_weight, near_weight, near_log2 = model[1], model[2], model[3], model[4]
    for i in range(count):
        out[i] = weight * diffraction[i]
    if near_weight != F(0.0):
        for i in range(count):
            decades = F(0.5) * (log_path[i] - near_log2) / LOG2_OF_TEN
            out[i] += near_weight * (decades if decades < F(0.0) else F(0.0))
    if height_weight != F(0.0):
        for i in range(count):
            over = drop[i] if drop[i] > F(1.0) else F(1.0)
            out[i] += height_weight * (log2_32(over) / LOG2_OF_TEN - F(math.log10(30.0)))
    if extra.size > 0:
        for i in range(count):
            out[i] += extra[i]


@njit
def row_levels(
    bearing, below, log_path, excess, count, eirp_dbm, log_weight, azimuth_deg, mechanical_deg,
    electrical_deg, shape, cuts, pattern, level,
):  # fmt: skip
    """Fill the levels of one cell along a row; `eirp_dbm` is less the loss at one metre."""
    shape = (shape[0], shape[1], shape[2], shape[3], shape[4])  # numbers, which no store can alter
    if math.isnan(azimuth_deg):
        tilt = mechanical_deg + electrical_deg
        for i in range(count):
            gain = direction_gain_db(F(0.0), below[i] - tilt, shape, cuts, pattern) - shape[4]
            gain = gain if gain > -shape[2] else -shape[2]
            level[i] = eirp_dbm + gain - log_weight * log_path[i] - excess[i]
    elif pattern < 0 and mechanical_deg == F(0.0):
        for i in range(count):
            side = bearing[i] - azimuth_deg
            side = side - F(360.0) if side > HALF_TURN else side
            side = side + F(360.0) if side < -HALF_TURN else side
            gain = panel_gain_db(side, below[i] - electrical_deg, shape)
            level[i] = eirp_dbm + gain - log_weight * log_path[i] - excess[i]
    else:
        cosine = F(math.cos(mechanical_deg / DEGREES))
        sine = F(math.sin(mechanical_deg / DEGREES))
        for i in range(count):
            if mechanical_deg == F(0.0):
                side = bearing[i] - azimuth_deg
                side = side - F(360.0) if side > HALF_TURN else side
                side = side + F(360.0) if side < -HALF_TURN else side
                down = below[i]
            else:
                phi = (bearing[i] - azimuth_deg) / DEGREES
                theta = below[i] / DEGREES
                flat = math.cos(theta)
                x = flat * math.cos(phi)
                y = flat * math.sin(phi)
                z = -math.sin(theta)
                ahead = x * cosine - z * sine
                up = x * sine + z * cosine
                side = arctan_deg(y, ahead)
                down = -arctan_deg(up, math.sqrt(ahead * ahead + y * y))
            gain = direction_gain_db(side, down - electrical_deg, shape, cuts, pattern)
            level[i] = eirp_dbm + gain - log_weight * log_path[i] - excess[i]


@njit
def fixed_point_mw(level_dbm, load):
    """Return the power of a cell under load in units of 1e-18 mW; the same for equal levels."""
    power = F(load * FIXED_POINT) * exp2_32(LOG2_OF_DB * level_dbm)
    return np.int64(power if power < MOST_MW else MOST_MW)


@njit
def packed_level(packed, bits, steps):
    """Return the level of a server [dBm]."""
    return F(packed >> bits) * (F(1.0) / steps) + FLOOR_DBM


@njit
def row_servers(level, count, bits, steps, most, code, load, servers, best, total):
    """Keep the stronger of one cell and those before it along a row, and add its power."""
    scale = F(load * FIXED_POINT)
    dearer = np.int32(1 << bits)
    mine = np.int32(code)
    step_db = F(1.0) / steps  # a power of two: exact
    for i in range(count):
        value = (level[i] - FLOOR_DBM) * steps + F(0.5)
        value = value if value > F(0.0) else F(0.0)  # NaN, an unknown path, too
        value = value if value < most else most
        servers[i] = np.int32(value)
    for i in range(count):
        step = servers[i]
        power = scale * exp2_32(LOG2_OF_DB * (F(step) * step_db + FLOOR_DBM))
        power = power if power < MOST_MW else MOST_MW
        power = power if step > 0 else F(0.0)
        total[i] += np.int64(power)
    for i in range(count):
        step = servers[i]
        server = np.int32(np.int32(step * dearer) + mine)
        server = server if step > 0 else np.int32(0)
        best[i] = server if server > best[i] else best[i]


@njit
def row_ranked(best, count, top):
    """
    Put the strongest cell of a mast among the strongest masts of each grid cell of a row.

    Where it is weaker than the last of them all along a block, nothing is read or written.
    """
    last = top[len(top) - 1]
    for begin in range(0, count, BLOCK):
        end = min(begin + BLOCK, count)
        stronger = 0
        for i in range(begin, end):
            stronger += best[i] > last[i]
        if stronger == 0:
            continue
        for s in range(len(top)):
            kept = top[s]
            for i in range(begin, end):
                have = kept[i]
                mine = best[i]
                kept[i] = mine if mine > have else have
                best[i] = have if mine > have else mine


@njit(parallel=True)
def reduce_masts(
    ground, extra, span_first, span_last, span_base, h_rx, offset_column, row_start, slot, flat2,
    bearing, losses, unit_start, row, column, height_m, cell_start, code, group, band, total_of,
    constant_dbm, azimuth_deg, mechanical_deg, electrical_deg, shape, cuts, pattern, load,
    needed_dbm, bits, steps, model, top, total, maybe,
):  # fmt: skip
    """
    Add several masts, in their order, to the servers of each grid cell.

    A unit, `unit_start[u]:unit_start[u + 1]`, is the positions and heights of one mast, which
    counts once. Cells of a position are sorted by group. The grid is cut into bands of rows, each
    the work of one thread: no two threads write to one grid cell, and masts are added in the same
    order for any number of threads.
    """
    log_weight = model[0]
    rows = ground.shape[0]
    reach = (row_start.size - 2) // 2
    width = 2 * reach + 2
    groups = top.shape[0]
    bands = losses.shape[1]
    most = F((2 ** (31 - bits)) - 1)
    for number in prange(BANDS_OF_ROWS):
        part = (number * SPREAD) % BANDS_OF_ROWS
        low = rows * part // BANDS_OF_ROWS
        high = rows * (part + 1) // BANDS_OF_ROWS
        drop = np.empty(width, dtype=np.float32)
        log_path = np.empty(width, dtype=np.float32)
        below = np.empty(width, dtype=np.float32)
        level = np.empty(width, dtype=np.float32)
        lost = np.empty(width, dtype=np.float32)
        excess = np.empty((bands, width), dtype=np.float32)
        steps_of = np.empty(width, dtype=np.int32)
        best = np.zeros((groups, ground.shape[1]), dtype=np.int32)
        seen = np.zeros(groups, dtype=np.bool_)
        nothing = np.empty(0, dtype=np.float32)
        for u in range(unit_start.size - 1):
            first_position = unit_start[u]
            last_position = unit_start[u + 1]
            top_row = rows
            bottom_row = 0
            for m in range(first_position, last_position):
                top_row = min(top_row, row[m] - reach)
                bottom_row = max(bottom_row, row[m] + reach + 1)
            for r in range(max(low, top_row), min(high, bottom_row)):
                west = ground.shape[1]
                east = 0
                for m in range(first_position, last_position):
                    if abs(r - row[m]) > reach:
                        continue
                    a = row_start[r - row[m] + reach]
                    e = row_start[r - row[m] + reach + 1]
                    c0 = max(column[m] + offset_column[a], span_first[r])
                    c1 = min(column[m] + offset_column[e - 1] + 1, span_last[r])
                    count = c1 - c0
                    if count <= 0:
                        continue
                    a += c0 - (column[m] + offset_column[a])
                    e = a + count
                    west = min(west, c0)
                    east = max(east, c1)
                    at = span_base[r] + c0
                    h_ts = F(ground[row[m], column[m]] + height_m[m])
                    row_paths(
                        ground[r, c0:c1], flat2[a:e], count, h_ts, F(h_rx), drop, log_path, below
                    )
                    around = extra[r, c0:c1] if extra.size > 0 else nothing
                    unknown = 0
                    for b in range(bands):
                        row_losses(losses[m, b], slot[a:e], count, lost)
                        if math.isnan(h_ts):
                            lost[:count] = F(np.nan)
                        for i in range(count):
                            here = ground[r, c0 + i]
                            unknown += (lost[i] != lost[i]) & (here == here)  # noqa: PLR0124
                        row_excess(drop, log_path, lost, around, count, model, excess[b])
                    for i in range(cell_start[m], cell_start[m + 1]):
                        g = group[i]
                        seen[g] = True
                        row_levels(
                            bearing[a:e], below, log_path, excess[band[i]], count,
                            constant_dbm[i], log_weight, azimuth_deg[i], mechanical_deg[i],
                            electrical_deg[i], shape[i], cuts, pattern[i], level,
                        )  # fmt: skip
                        row_servers(
                            level, count, bits, steps, most, code[i], load[i],
                            steps_of, best[g, c0:c1], total[total_of[i], at : at + count],
                        )  # fmt: skip
                        if unknown == 0:
                            continue
                        for k in range(count):
                            if not math.isnan(excess[band[i], k]):
                                continue
                            if math.isnan(ground[r, c0 + k]):
                                continue
                            free = constant_dbm[i]  # of the best direction, for a doubt
                            if not math.isnan(h_ts):
                                free += pattern_gain_db(
                                    azimuth_deg[i], bearing[a + k], below[k], mechanical_deg[i],
                                    electrical_deg[i], shape[i], cuts, pattern[i],
                                ) - log_weight * log_path[k]  # fmt: skip
                            else:
                                free += pattern_gain_db(
                                    azimuth_deg[i], bearing[a + k], F(0.0), mechanical_deg[i],
                                    electrical_deg[i], shape[i], cuts, pattern[i],
                                ) - log_weight * log2_32(flat2[a + k])  # fmt: skip
                            if free >= needed_dbm[g]:
                                maybe[g, at + k] = 1
                for g in range(groups):
                    if seen[g]:
                        if east > west:
                            at = span_base[r] + west
                            row_ranked(
                                best[g, west:east], east - west,
                                top[g, :, at : at + east - west],
                            )  # fmt: skip
                            best[g, west:east] = 0
                        seen[g] = False


@njit
def mast_levels_dbm(
    ground, row, column, h_tx, h_rx, offset_column, row_start, slot, flat2, bearing,
    losses, band, constant_dbm, azimuth_deg, mechanical_deg, electrical_deg, shape, cuts, pattern,
    model, extra, first_row, first_column, out,
):  # fmt: skip
    """
    Raise the levels of a window to those of the cells of one mast; NaN where a path is unknown.

    `out` begins at `first_row`, `first_column` of the grid and holds -inf where nothing was yet.
    """
    log_weight = model[0]
    reach = (row_start.size - 2) // 2
    width = 2 * reach + 2
    drop = np.empty(width, dtype=np.float32)
    log_path = np.empty(width, dtype=np.float32)
    below = np.empty(width, dtype=np.float32)
    level = np.empty(width, dtype=np.float32)
    lost = np.empty(width, dtype=np.float32)
    excess = np.empty((losses.shape[0], width), dtype=np.float32)
    nothing = np.empty(0, dtype=np.float32)
    h_ts = F(ground[row, column] + h_tx)
    for r in range(first_row, first_row + out.shape[0]):
        if abs(r - row) > reach:
            continue
        a = row_start[r - row + reach]
        e = row_start[r - row + reach + 1]
        c0 = max(column + offset_column[a], first_column)
        c1 = min(column + offset_column[e - 1] + 1, first_column + out.shape[1])
        count = c1 - c0
        if count <= 0:
            continue
        a += c0 - (column + offset_column[a])
        e = a + count
        row_paths(ground[r, c0:c1], flat2[a:e], count, h_ts, F(h_rx), drop, log_path, below)
        around = extra[r, c0:c1] if extra.size > 0 else nothing
        for b in range(losses.shape[0]):
            row_losses(losses[b], slot[a:e], count, lost)
            if math.isnan(h_ts):
                lost[:count] = F(np.nan)
            row_excess(drop, log_path, lost, around, count, model, excess[b])
        window = out[r - first_row, c0 - first_column : c1 - first_column]
        for i in range(band.size):
            row_levels(
                bearing[a:e], below, log_path, excess[band[i]], count, constant_dbm[i], log_weight,
                azimuth_deg[i], mechanical_deg[i], electrical_deg[i], shape[i], cuts, pattern[i],
                level,
            )  # fmt: skip
            for k in range(count):
                if math.isnan(level[k]):
                    if window[k] == -np.inf:
                        window[k] = F(np.nan)
                elif math.isnan(window[k]) or level[k] > window[k]:
                    window[k] = level[k]


@njit
def keep_server(level, mast, cell, levels, masts, cells):
    """Put a server among the strongest of one grid cell, a mast once; the earlier wins a draw."""
    size = levels.size
    for i in range(size):
        if cells[i] >= 0 and masts[i] == mast:
            if level <= levels[i]:
                return
            for j in range(i, size - 1):
                levels[j] = levels[j + 1]
                masts[j] = masts[j + 1]
                cells[j] = cells[j + 1]
            cells[size - 1] = -1
            levels[size - 1] = F(-1e9)
            break
    place = 0
    while place < size and level <= levels[place]:
        place += 1
    if place == size:
        return
    for j in range(size - 1, place, -1):
        levels[j] = levels[j - 1]
        masts[j] = masts[j - 1]
        cells[j] = cells[j - 1]
    levels[place] = level
    masts[place] = mast
    cells[place] = cell


@njit
def strongest(top, chosen, at, bits, steps, cell_of, mast_of, levels, masts, cells):
    """Fill the strongest masts of one grid cell over some groups, a mast once."""
    depth = top.shape[1]
    mask = (1 << bits) - 1
    levels[:] = F(-1e9)
    cells[:] = -1
    for k in range(chosen.size):
        g = chosen[k]
        for s in range(depth):
            packed = top[g, s, at]
            if packed == 0:
                break
            cell = cell_of[g, packed & mask]
            level = packed_level(packed, bits, steps)
            if k == 0:  # masts of one group are distinct, and in order
                levels[s] = level
                masts[s] = mast_of[cell]
                cells[s] = cell
            elif level > levels[depth - 1]:
                keep_server(level, mast_of[cell], cell, levels, masts, cells)


@njit(parallel=True)
def bands_of(
    top, chosen, first, last, bits, steps, cell_of, mast_of, load, total_of, total, noise_mw,
    within_db, level_out, cell_out, second_out, sinr_out, servers_out,
):  # fmt: skip
    """
    Fill the best and the second mast, the servers near the best, and the SINR of grid cells.

    `chosen` names the groups that are merged, the operators of a technology; `cell_of[g, code]` is
    the cell behind a server of group g; `noise_mw` that of each cell's receivers, 0 where the ratio
    cannot be told. Cell -1 where nothing is received.
    """
    depth = top.shape[1]
    parts = (last - first + CELLS_A_TASK - 1) // CELLS_A_TASK
    for part in prange(parts):
        levels = np.empty(depth, dtype=np.float32)
        masts = np.empty(depth, dtype=np.int64)
        cells = np.empty(depth, dtype=np.int64)
        begin = first + part * CELLS_A_TASK
        for at in range(begin, min(begin + CELLS_A_TASK, last)):
            strongest(top, chosen, at, bits, steps, cell_of, mast_of, levels, masts, cells)
            i = at - first
            best = cells[0]
            cell_out[i] = best
            level_out[i] = levels[0] if best >= 0 else FLOOR_DBM
            second_out[i] = levels[1] if cells[1] >= 0 else FLOOR_DBM
            count = 0
            for s in range(depth):
                if cells[s] >= 0 and levels[s] >= levels[0] - within_db:
                    count += 1
            servers_out[i] = count
            sinr_out[i] = F(np.nan)
            if best >= 0 and noise_mw[best] > 0.0:
                others = total[total_of[best], at] - fixed_point_mw(levels[0], load[best])
                disturbing = max(others, 0) / FIXED_POINT + noise_mw[best]
                sinr_out[i] = levels[0] - F(10.0 * math.log10(disturbing))
