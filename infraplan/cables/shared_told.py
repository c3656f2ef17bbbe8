"""What two routes share, and what is proven of them, in words."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.cables.routes import Route

__all__ = ["are_apart", "pair_proof", "shared_part", "sharing_told"]


def are_apart(route: "Route") -> bool:
    """
    Return whether two routes share nothing but the links to their ends.

    Parameters
    ----------
    route
        Result, of two routes.

    Returns
    -------
    apart
        Whether no trench, bridge, railway crossing or junction is common.
    """
    return bool((route.common["kind"] == "drop").all())


def sharing_told(route: "Route", words: Words) -> str:
    """
    Return whether two routes are apart, as the head of the list of what they share.

    Parameters
    ----------
    route
        Result, of two routes.
    words
        Catalogue to speak with.

    Returns
    -------
    told
        A sentence; it ends in a colon where something is shared.
    """
    if not len(route.common):
        return words("diverse.apart")
    if are_apart(route):
        return words("diverse.apart_but_ends")
    return words("diverse.must_share" if route.optimal else "diverse.shares")


def pair_proof(route: "Route", words: Words) -> str:
    """
    Return how much cheaper another pair of routes can be at most.

    Parameters
    ----------
    route
        Result, of two routes.
    words
        Catalogue to speak with.

    Returns
    -------
    told
        A sentence that names the pairs it speaks of: those apart, or those that share as little.
    """
    if not route.optimal:
        return words("diverse.gap", gap=words.number(math.ceil(round(1000 * route.gap, 6)) / 10, 1))
    return words("diverse.proven" if are_apart(route) else "diverse.proven_shared")


def shared_part(row: Mapping[Any, Any], words: Words) -> str:
    """
    Return what two routes share at one place, in words.

    Parameters
    ----------
    row
        Row of `Route.common`: `kind`, `name`, `length_m`, `geometry`.
    words
        Catalogue to speak with.

    Returns
    -------
    told
        Such as `cầu qua sông Rào Cái, tại 540120,2030450`; the place is east, north of the plan.
    """
    kind = str(row["kind"])
    name = row["name"]
    if not isinstance(name, str):
        name = words(f"diverse.no_{kind}_name") if kind != "drop" else ""
    length_m = float(row["length_m"])
    length = words.number(length_m) if math.isfinite(length_m) else ""
    place = f"{row['geometry'].x:.0f},{row['geometry'].y:.0f}"
    return words(f"diverse.{kind}", name=name, length=length, place=place)
