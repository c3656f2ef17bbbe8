"""Where cables go: routes along streets and roads, and undergrounding."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from infraplan.api.places import locate
from infraplan.errors import SettingsError
from infraplan.plan import Plan
from infraplan.plan.results import load_underground
from infraplan.plan.results import store_route
from infraplan.plan.results import store_underground
from infraplan.progress import Progress

if TYPE_CHECKING:
    import shapely

    from infraplan.cables import CablePlan
    from infraplan.cables import PriceBook
    from infraplan.cables import Route

__all__ = ["route", "underground"]

ROUTED_ON = ("streets", "roads", "ducts", "fibre", "waterways", "rail")
DUG_FROM = (
    *ROUTED_ON, "cable_survey", "buildings", "poles", "chambers", "communes", "sources",
)  # fmt: skip
UNDERGROUND_STEP = "underground"


def route(
    plan: Plan,
    start: "str | shapely.Point",
    end: "str | shapely.Point",
    *,
    diverse: bool = False,
) -> "Route":
    """
    Find the cheapest cable route between two points along streets and roads.

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
        Two disjoint routes; not available yet.

    Returns
    -------
    route
        Segments with length, cost and what they share, and an alternative.

    Raises
    ------
    SettingsError
        If a point is not understood, or `diverse` is asked for.
    NoRouteError
        If streets and roads do not join the two; the message names what bars the way.
    """
    from infraplan.cables import plan_route

    if diverse:
        msg = "diverse routes are not available yet; ask for a single route"
        raise SettingsError(msg)
    layers = plan.layers(rasters=())
    found = plan_route(layers, locate(plan, start), locate(plan, end), prices=price_book(plan))
    names = tuple(point if isinstance(point, str) else point.wkt for point in (start, end))
    store_route(plan, found, names=(names[0], names[1]))
    return found


def underground(
    plan: Plan,
    *,
    streets: "Sequence[str] | None" = None,
    area: Path | str | None = None,
    time_limit_s: float = 30.0,
    progress: Progress | None = None,
) -> "CablePlan":
    """
    Plan how the aerial cable of some streets goes underground.

    Parameters
    ----------
    plan
        The plan.
    streets
        Names or ids of streets; those of the plan's settings where neither streets nor area is
        given.
    area
        File with the outline of the area instead of streets, or None.
    time_limit_s
        Time after which the search stops early, > 0 [s].
    progress
        Called with the share done.

    Returns
    -------
    cable_plan
        Segments, chambers, crossings, drops, bill and shares, with cost, bound and gap.

    Raises
    ------
    SettingsError
        If no streets are chosen, or a street is not known; near names are listed.
    NoRouteError
        If the streets do not hang together.
    """
    from infraplan.cables import plan_underground

    chosen = tuple(streets or ()) or (() if area else plan.settings.underground_streets)
    if not chosen and area is None:
        msg = "name the streets: --streets 'Street A' --streets 'Street B', or an --area FILE"
        raise SettingsError(msg)
    layers = plan.layers(rasters=())
    layers.need("streets", step="underground")
    outline = None
    if area is not None:
        from infraplan.io import read_outline

        outline = read_outline(Path(area), crs=plan.settings.crs).geometry.union_all()
    options = {"streets": chosen, "area": None if outline is None else outline.wkt}
    prices = plan.configuration("prices")
    key = plan.step_key(UNDERGROUND_STEP, plan.hashes(DUG_FROM), {**options, "prices": prices})
    record = plan.record(UNDERGROUND_STEP)
    if record is not None and record.key == key:
        return load_underground(plan, layers)
    if progress is not None:
        progress(0.1, "")
    made = plan_underground(
        layers,
        streets=list(chosen) or None,
        area=outline,
        prices=price_book(plan),
        time_limit_s=time_limit_s,
    )
    store_underground(plan, made, key=key, streets=chosen)
    return made


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
