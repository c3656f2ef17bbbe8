"""Where cables go: routes along streets and roads."""

import math
from typing import TYPE_CHECKING

from infraplan.api.places import locate
from infraplan.errors import SettingsError
from infraplan.layers.notes import Note
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.plan import Plan
from infraplan.plan.results import store_route

if TYPE_CHECKING:
    import shapely

    from infraplan.cables import PriceBook
    from infraplan.cables import Route

__all__ = ["price_book", "route"]

LAND_CELL_M = 10.0  # finer ground knows no more; coarser where the points lie far apart
MOST_CELLS = 2400  # along a side
AROUND_M = 2000.0  # how far beside the points a way is looked for, at least
LAND_RASTERS = ("terrain", "landcover", "water")
SLOPES = "slopes/trench-assumed.toml"


def route(
    plan: Plan,
    start: "str | shapely.Point",
    end: "str | shapely.Point",
    *,
    diverse: bool = False,
    over_land: bool = False,
) -> "Route":
    """
    Find the cheapest cable route, or two, between two points along streets and roads.

    Parameters
    ----------
    plan
        The plan.
    start
        Where it begins: `lon,lat`, `E,N` of the plan, an id of a station, chamber, institution or
        request, or a point in the planning CRS.
    end
        Where it ends, likewise.
    diverse
        Two routes that share no trench, no bridge and no junction where that is possible.
    over_land
        Open land may be dug as well, roads where they are cheaper: by its cover, slope and water.

    Returns
    -------
    route
        Segments with length, cost and what they share, and an alternative; of two routes what
        both could not but use, and a bound on the cost.

    Raises
    ------
    SettingsError
        If a point is not understood, or two routes are asked for over open land.
    NoRouteError
        If streets and roads, or the open land, do not join the two; the message names what bars
        the way.
    """
    from infraplan.cables import plan_route

    if diverse and over_land:
        raise SettingsError(Note("over_land.not_diverse"))
    ends = locate(plan, start), locate(plan, end)
    if over_land:
        found = _over_land(plan, *ends)
    else:
        layers = plan.layers(rasters=())
        found = plan_route(layers, *ends, prices=price_book(plan), diverse=diverse)
    names = tuple(point if isinstance(point, str) else point.wkt for point in (start, end))
    store_route(plan, found, names=(names[0], names[1]))
    return found


def _over_land(plan: Plan, start: "shapely.Point", end: "shapely.Point") -> "Route":
    """Return the route over open land, looked for near the points, then on the whole ground."""
    from infraplan.cables.over_land import OverLand
    from infraplan.cables.over_land import plan_over_land
    from infraplan.cables.raster_path import BarredError
    from infraplan.cables.raster_path import slope_factors

    rows, columns = plan.geobox(plan.tables(["communes"])).shape
    whole_m = max(rows, columns) * plan.settings.resolution_m
    apart_m = float(start.distance(end))
    near_m = apart_m / 2 + max(AROUND_M, apart_m / 2)
    middle = (start.x + end.x) / 2, (start.y + end.y) / 2
    prices = price_book(plan)
    over_land = OverLand.from_dict(plan.configuration("over-land"))
    slope = slope_factors(read_toml(data_path(SLOPES)))
    for reach_m in sorted({min(near_m, whole_m), whole_m}):
        cell_m = max(LAND_CELL_M, math.ceil(2 * reach_m / MOST_CELLS / 5) * 5)
        layers = plan.layers(
            rasters=LAND_RASTERS, resolution_m=cell_m, around_m=(*middle, reach_m)
        )  # fmt: skip
        try:
            return plan_over_land(
                layers, start, end, prices=prices, over_land=over_land, slope=slope
            )
        except BarredError as error:
            if error.where not in ("between", "slope") or reach_m >= whole_m:
                raise
    raise AssertionError


def price_book(plan: Plan) -> "PriceBook":
    """
    Return the prices that the plan names.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    prices
        Price book, each price with source and date.
    """
    from infraplan.cables import PriceBook

    return PriceBook.from_dict(plan.configuration("prices"))
