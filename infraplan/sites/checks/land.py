"""The ground of a position: floods, slope, salt air."""

import math

import numpy as np

from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings

__all__ = ["coast", "flood", "slope"]


def flood(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Count the mapped floods that reached the position."""
    if request.point is None:
        return None
    if "floods" not in around.layers.rasters:
        return judge(rule, holds=None, layer="floods")
    floods = around.layers.rasters["floods"]
    values = around.values_near(floods, request.point, rule.thresholds["distance_m"])
    values = values[np.isfinite(values).any(axis=(1, 2))] if values.size else values
    if not len(values):
        return judge(rule, holds=None)
    count = int((values == 1).any(axis=(1, 2)).sum())
    return judge(rule, holds=count == 0, value=count, limit=0, margin=-count, events=len(values))


def slope(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Ask for a geotechnical survey on steep ground."""
    if request.point is None:
        return None
    if around.layers.terrain is None:
        return judge(rule, holds=None, layer="terrain")
    ground = around.layers.terrain.ground_m
    cell_m = abs(float(ground["x"][1] - ground["x"][0]))
    window = around.values_near(ground, request.point, cell_m)
    limit = rule.thresholds["slope_deg"]
    if window.shape != (1, 3, 3) or not np.isfinite(window).all():
        return judge(rule, holds=None, limit=limit)
    north, east = (np.gradient(window[0], cell_m, axis=axis)[1, 1] for axis in (0, 1))
    slope_deg = math.degrees(math.atan(math.hypot(north, east)))
    margin = limit - slope_deg
    return judge(rule, holds=margin >= 0, value=slope_deg, limit=limit, margin=margin)


def coast(request: Request, around: Surroundings, rule: Rule) -> Reason | None:
    """Tell of the sea near by: salt and wind."""
    if request.point is None:
        return None
    if not around.is_known("sea"):
        return judge(rule, holds=None, layer="sea")
    limit, nearest = rule.thresholds["distance_m"], around.distance_m(request.point, "sea")
    return judge(rule, holds=nearest >= limit, value=nearest, limit=limit, margin=nearest - limit)
