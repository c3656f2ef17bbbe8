"""Single paths over the terrain, many at once: diffraction, its main edge, and levels, compiled."""

import math

import numpy as np

from infraplan.jit import njit
from infraplan.jit import prange
from infraplan.radio._kernels.profile import profile_terms_db
from infraplan.radio._kernels.rays import height_at
from infraplan.radio._kernels.servers import pattern_gain_db

F = np.float32
CLEAR = -0.78  # diffraction parameter below which a knife edge takes nothing, P.1812-7 (12)


@njit
def main_edge(ground, n, at_km, f_ghz, h_ts, h_rs, radius_km):
    """Return the sample of the largest diffraction parameter, P.1812-7 (19), -1 on a clear path."""
    d = at_km[n]
    factor = np.sqrt(0.002 * d * f_ghz / 0.299792458)
    best = -1
    most = CLEAR
    for i in range(1, n):
        di = at_km[i]
        dr = d - di
        over = ground[i] + 500.0 / radius_km * di * dr - (h_ts * dr + h_rs * di) / d
        v = over * factor / np.sqrt(di * dr)
        if v > most:
            most = v
            best = i
    return best


@njit(parallel=True)
def path_losses(
    ground, cell_km, row, column, h_tx, f_ghz, to_row, to_column, h_rx, radius_km, loss, flat_loss,
    edge,
):  # fmt: skip
    """
    Fill the diffraction losses of paths over the ground and over a smooth one, and their main edge.

    Rows and columns are those of cells, whose middles the paths join. A sample lies in every width
    of a cell, on bilinear heights. `edge[p]` is row, column and height of the main edge, NaN where
    the path is clear; all NaN where a height is unknown, but for the loss over smooth ground.
    """
    for p in prange(row.size):
        down = float(to_row[p] - row[p])
        right = float(to_column[p] - column[p])
        away = math.sqrt(down * down + right * right)
        n = max(math.ceil(away), 1)
        step_km = max(away, 0.5) * cell_km / n
        at_km = np.empty(n + 1)
        heights = np.empty(n + 1)
        smooth = np.zeros(n + 1)
        for k in range(n + 1):
            at_km[k] = k * step_km
            heights[k] = height_at(ground, row[p] + k * down / n, column[p] + k * right / n)
        flat_loss[p] = profile_terms_db(
            smooth, smooth, at_km, f_ghz[p], h_tx[p], h_rx, radius_km, True, 0.0
        )[3]
        loss[p] = np.nan
        edge[p, :] = np.nan
        known = True
        for k in range(n + 1):
            known = known and not math.isnan(heights[k])
        if not known:
            continue
        loss[p] = profile_terms_db(
            heights, heights, at_km, f_ghz[p], h_tx[p], h_rx, radius_km, True, 0.0
        )[3]
        i = main_edge(
            heights, n, at_km, f_ghz[p], heights[0] + h_tx[p], heights[n] + h_rx, radius_km
        )
        if i >= 0:
            edge[p, 0] = row[p] + i * down / n
            edge[p, 1] = column[p] + i * right / n
            edge[p, 2] = heights[i]


@njit(parallel=True)
def path_levels(
    cell, bearing_deg, flat_m, drop_m, lost_db, around_db, constant_dbm, azimuth_deg,
    mechanical_deg, electrical_deg, shape, cuts, pattern, model, level,
):  # fmt: skip
    """Fill the level at the end of each path from its cell, as the area engine adds it up."""
    log_weight, weight, height_weight, near_weight, near_log2 = model
    for p in prange(cell.size):
        c = cell[p]
        below = F(np.degrees(math.atan2(drop_m[p], flat_m[p])))
        gain = pattern_gain_db(
            azimuth_deg[c], F(bearing_deg[p]), below, mechanical_deg[c], electrical_deg[c],
            shape[c], cuts, pattern[c],
        )  # fmt: skip
        log_path = math.log2(flat_m[p] * flat_m[p] + drop_m[p] * drop_m[p])
        excess = weight * lost_db[p] + around_db[p]
        if near_weight != 0.0:
            decades = 0.5 * (log_path - near_log2) / math.log2(10.0)
            excess += near_weight * min(decades, 0.0)
        if height_weight != 0.0:
            excess += height_weight * math.log10(max(drop_m[p], 1.0) / 30.0)
        level[p] = constant_dbm[c] + gain - log_weight * log_path - excess
