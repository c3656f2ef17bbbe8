"""Two routes that share as little as can be, each in its colour, with what they share."""

from typing import TYPE_CHECKING

from infraplan.cables.shared_told import are_apart
from infraplan.cables.shared_told import pair_proof
from infraplan.cables.shared_told import shared_part
from infraplan.cables.shared_told import sharing_told
from infraplan.maps.context import fields_of
from infraplan.maps.layers import Category
from infraplan.maps.layers import Field
from infraplan.maps.layers import LineLayer
from infraplan.maps.layers import PointLayer
from infraplan.maps.layers import Style
from infraplan.maps.layers import VectorLayer
from infraplan.maps.page import Table
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.cables import Route

__all__ = ["pair_layers", "pair_tables", "pair_title"]

PARTS = {
    "first": Style(color="#c2185b", width=4.0, casing="#ffffff"),
    "second": Style(color="#0072b2", width=4.0, casing="#ffffff", dash=(9, 4)),
    "both": Style(color="#000000", width=6.0, casing="#ffd54f"),
}
PLACE = Style(color="#000000", fill="#ffd54f", radius=6.5, width=2.0, shape="diamond")
COLUMNS = ("name", "length_m", "method", "surface", "shared", "cost_vnd")


def pair_layers(route: "Route", words: Words) -> list[VectorLayer]:
    """
    Return two routes and the places that both use.

    Parameters
    ----------
    route
        Result, of two routes.
    words
        Catalogue.

    Returns
    -------
    drawn
        Lines by route, common parts once; points where something is shared.
    """
    group = words("diverse.group" if are_apart(route) else "diverse.layer_pair")
    once = route.segments[(route.segments["pair"] == 1) | ~route.segments["common"]]
    part = once["pair"].map({1: "first", 2: "second"}).mask(once["common"], "both")
    drawn: list[VectorLayer] = [
        LineLayer(
            name="route", title=words("diverse.layer_pair"), data=once.assign(part=part),
            group=group, by="part", style=PARTS["first"], heading="segment_id", precision_m=0.2,
            categories=[Category(k, words(f"diverse.{k}"), s) for k, s in PARTS.items()],
            fields=fields_of(words, COLUMNS),
        )
    ]  # fmt: skip
    if len(route.common):
        told = [shared_part(row, words) for row in route.common.to_dict("records")]
        drawn.append(
            PointLayer(
                name="common", title=words("diverse.layer_common"),
                data=route.common.assign(what=told), group=group, style=PLACE,
                heading="common_id", fields=(Field("what", words("diverse.field_what")),),
            )
        )  # fmt: skip
    return drawn


def pair_title(route: "Route") -> str:
    """
    Return what the map of two routes is called.

    Parameters
    ----------
    route
        Result, of two routes.

    Returns
    -------
    key
        Key of the catalogue: routes that share a road do not back each other up.
    """
    return "diverse.title" if are_apart(route) else "diverse.title_shared"


def pair_tables(route: "Route", words: Words) -> list[Table]:
    """
    Return the streets of each route with lengths and costs, and what both share.

    Parameters
    ----------
    route
        Result, of two routes.
    words
        Catalogue.

    Returns
    -------
    tables
        One table a route, and one of what they share where there is anything.
    """
    heads = (words("maps.field_street"), words("maps.unit_m"), words("maps.head_million"))
    made = []
    for number, key in ((1, "first"), (2, "second")):
        own = route.segments[route.segments["pair"] == number]
        name = own["name"].where(own["name"].notna(), words("maps.layer_roads"))
        name = name.mask(own["kind"] == "drop", words("maps.segment_drop"))
        name = name.mask(own["common"], name + " *")
        sums = own[["length_m", "cost_vnd"]].groupby(name, sort=False).sum()
        rows = tuple(
            (str(street), words.number(length_m), words.number(cost_vnd / 1e6, 1))
            for street, length_m, cost_vnd in sums.itertuples()
        )
        note = words(
            "diverse.found",
            first=words.number(route.lengths_m[0]),
            second=words.number(route.lengths_m[1]),
            cost=f"{words.number(route.cost_vnd / 1e9, 2)} {words('cli.billion_vnd')}",
        )
        note = f"{note}. {pair_proof(route, words)}" if number == 1 else words("diverse.star")
        made.append(Table(words(f"diverse.{key}"), heads, rows, note=note))
    if len(route.common):
        told = tuple((shared_part(row, words),) for row in route.common.to_dict("records"))
        what, note = words("diverse.field_what"), sharing_told(route, words)
        made.append(Table(words("diverse.table_common"), (what,), told, note=note))
    return made
