"""Where cables go: routes along streets and roads."""

from typing import TYPE_CHECKING

from infraplan.api.places import locate
from infraplan.plan import Plan
from infraplan.plan.results import store_route

if TYPE_CHECKING:
    import shapely

    from infraplan.cables import PriceBook
    from infraplan.cables import Route

__all__ = ["price_book", "route"]

ROUTED_ON = ("streets", "roads", "ducts", "fibre", "waterways", "rail")


def route(
    plan: Plan,
    start: "str | shapely.Point",
    end: "str | shapely.Point",
    *,
    diverse: bool = False,
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

    Returns
    -------
    route
        Segments with length, cost and what they share, and an alternative; of two routes what
        both could not but use, and a bound on the cost.

    Raises
    ------
    SettingsError
        If a point is not understood.
    NoRouteError
        If streets and roads do not join the two; the message names what bars the way.
    """
    from infraplan.cables import plan_route

    layers = plan.layers(rasters=())
    ends = locate(plan, start), locate(plan, end)
    found = plan_route(layers, *ends, prices=price_book(plan), diverse=diverse)
    names = tuple(point if isinstance(point, str) else point.wkt for point in (start, end))
    store_route(plan, found, names=(names[0], names[1]))
    return found


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
