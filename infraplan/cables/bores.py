"""
What an edge of the trench graph costs by the number of bores that it must hold.

A new trench takes the layout of TCVN 8700 that holds the bores asked for and a spare one; wider and
deeper ones than the price of a metre knows add excavation and reinstatement. Existing ducts are
used up to their free bores; what they cannot hold asks for a new trench beside them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.errors import SettingsError

if TYPE_CHECKING:
    from infraplan.cables.prices import PriceBook
    from infraplan.cables.trench import TrenchGraph

__all__ = ["Tariff", "supporting_lines", "tariff_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SPARE = 1
PLACES = ("footway", "carriageway")


@dataclass(frozen=True, slots=True, eq=False)
class Tariff:
    """
    Cost of each edge by the bores that are asked for.

    Column k of each array is for k + 1 bores in use; rows are edges. `cost_vnd` are works,
    `weight_vnd` adds the least that chambers along the edge cost, `reused` are bores used in
    existing ducts, `laid` bores laid anew (0 where existing ducts are enough). `quantity[item]` is
    the amount of an item of the price book on each edge.
    """

    cost_vnd: Floats
    weight_vnd: Floats
    reused: Ints
    laid: Ints
    quantity: dict[str, Floats]

    @property
    def most(self) -> int:
        """Return the most bores that it knows."""
        return int(self.cost_vnd.shape[1])


def tariff_of(trench: "TrenchGraph", most: int, *, prices: "PriceBook") -> Tariff:
    """
    Return what the edges cost for one bore in use and more.

    Parameters
    ----------
    trench
        Graph.
    most
        Most bores in use, >= 1.
    prices
        Price book.

    Returns
    -------
    tariff
        Costs, bores and quantities, one row an edge, shape (m, most).

    Raises
    ------
    SettingsError
        If no layout of the price book holds so many bores, or a price is missing.
    """
    count = len(trench.edges)
    free = trench.table["free"].to_numpy(dtype=np.int64)
    options = [_all_new(trench, most, prices)]
    if (free > 0).any():
        options += [_in_ducts(trench, most, free, prices)]
    best = options[0]
    for other in options[1:]:
        cheaper = other.weight_vnd < best.weight_vnd
        items = sorted({*best.quantity, *other.quantity})
        nothing = np.zeros((count, most))
        best = Tariff(
            cost_vnd=np.where(cheaper, other.cost_vnd, best.cost_vnd),
            weight_vnd=np.where(cheaper, other.weight_vnd, best.weight_vnd),
            reused=np.where(cheaper, other.reused, best.reused),
            laid=np.where(cheaper, other.laid, best.laid),
            quantity={
                item: np.where(
                    cheaper, other.quantity.get(item, nothing), best.quantity.get(item, nothing)
                )
                for item in items
            },
        )
    return best


def _all_new(trench: "TrenchGraph", most: int, prices: "PriceBook") -> Tariff:
    """Return what the edges cost where all bores are laid anew."""
    asked = np.broadcast_to(np.arange(1, most + 1), (len(trench.edges), most))
    return _priced(trench, np.zeros_like(asked), asked, prices)


def _in_ducts(trench: "TrenchGraph", most: int, free: Ints, prices: "PriceBook") -> Tariff:
    """Return what the edges cost where existing ducts are used up to their free bores."""
    asked = np.broadcast_to(np.arange(1, most + 1), (len(trench.edges), most))
    reused = np.minimum(asked, free[:, None])
    made = _priced(trench, reused, asked - reused, prices)
    barred = np.broadcast_to((free == 0)[:, None], asked.shape)
    return Tariff(
        cost_vnd=made.cost_vnd,
        weight_vnd=np.where(barred, np.inf, made.weight_vnd),
        reused=made.reused,
        laid=made.laid,
        quantity=made.quantity,
    )


def _priced(trench: "TrenchGraph", reused: Ints, wanted: Ints, prices: "PriceBook") -> Tariff:
    """Return quantities and costs of bores re-used and bores wanted in a new trench."""
    rules = prices.rules
    table = trench.table
    laid = np.where(wanted > 0, np.maximum(wanted + SPARE, rules.least_bores), 0)
    sizes = _layouts(int(laid.max(initial=0)), prices)
    laid = sizes["bores"][laid].astype(np.int64)
    length_m = table["length_m"].to_numpy(dtype=np.float64)[:, None]
    base = table["item"].to_numpy(dtype=object)
    is_new = laid > 0
    amount: dict[str, Floats] = {}

    def add(item: str, rows: npt.NDArray[np.bool_], values: Floats) -> None:
        """Note an amount of an item on some edges."""
        if rows.any():
            kept = np.where(rows[:, None], values, 0.0)
            amount[item] = amount[item] + kept if item in amount else kept

    is_crossing = (table["kind"] == "crossing").to_numpy()
    is_drilled = np.isin(base, ("crossing_hdd", "crossing_rail", "crossing_river"))
    is_open = ~is_drilled & (base != "crossing_bridge")
    holes = np.ceil(laid / max(rules.hdd_bores, 1))
    for item in sorted(set(base.tolist())):
        mine = base == item
        add(item, mine, length_m * np.where(is_drilled[:, None], holes, is_new))
        if item.startswith("crossing_"):
            add(f"{item}_fixed", mine, is_new.astype(np.float64))
    add("permit_rail", base == "crossing_rail", is_new.astype(np.float64))
    add("permit_crossing", is_crossing & (base != "crossing_rail"), is_new.astype(np.float64))
    add("duct_d110", ~is_drilled, length_m * laid)
    is_footway = (table["placement"] == "footway").to_numpy()
    deeper = np.where(is_footway[:, None], sizes["footway"][laid], sizes["carriageway"][laid])
    add("excavation_extra", is_open, length_m * deeper)
    for surface in sorted(set(table["surface"].tolist())):
        mine = is_open & (table["surface"] == surface).to_numpy()
        add(f"reinstatement_extra_{surface}", mine, length_m * sizes["wider"][laid])
    add("duct_reuse", np.ones(len(base), dtype=np.bool_), length_m * reused)
    amount = {item: values for item, values in amount.items() if values.any()}
    cost = np.zeros(laid.shape)
    for item, values in amount.items():
        cost += values * prices.price_vnd(item)
    # a crossing or a spacing of trench brings one more chamber; see `chambers`
    more = np.where(is_crossing[:, None], 1.0, length_m / rules.chamber_spacing_m) * is_new
    weight = cost + more * prices.price_vnd("chamber_handhole")
    return Tariff(cost, weight, np.asarray(reused, dtype=np.int64), laid, amount)


def _layouts(most: int, prices: "PriceBook") -> dict[str, Floats]:
    """Return for each number of bores those laid, and what exceeds the trench that prices know."""
    rules = prices.rules
    if most > max(layout.bores for layout in rules.layouts):
        msg = f"price book: rules.layouts knows no trench for {most} ducts"
        raise SettingsError(msg)
    base = rules.layout(rules.base_bores)
    top = rules.layout(max(most, 1)).bores
    sizes = {name: np.zeros(top + 1) for name in ("bores", "wider", *PLACES)}
    for bores in range(1, top + 1):
        layout = rules.layout(bores)
        sizes["bores"][bores] = layout.bores
        sizes["wider"][bores] = max(0.0, layout.mouth_m - base.mouth_m)
        for place in PLACES:
            extra = rules.excavation_m3_per_m(layout, place) - rules.excavation_m3_per_m(
                base, place
            )
            sizes[place][bores] = max(0.0, extra)
    return sizes


def supporting_lines(cost: Floats, at: int) -> tuple[Floats, Floats]:
    """
    Return a line below the cost of each edge, near it for a number of bores.

    Parameters
    ----------
    cost
        Cost by bores beyond the first, shape (m, k), finite.
    at
        Place in [0, k) at which the line shall touch where it can.

    Returns
    -------
    alpha
        Part of the cost that does not depend on bores, >= 0, shape (m,).
    beta
        Cost of one bore more, >= 0, shape (m,): alpha + beta * j <= cost[:, j] for all j.
    """
    beyond = np.arange(cost.shape[1], dtype=np.float64)
    if cost.shape[1] == 1:
        return cost[:, 0].copy(), np.zeros(len(cost))
    here = cost[:, at]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (cost - here[:, None]) / (beyond - at)
    after = slope[:, at + 1 :].min(axis=1) if at + 1 < cost.shape[1] else np.full(len(cost), np.inf)
    before = slope[:, :at].max(axis=1) if at > 0 else np.zeros(len(cost))
    # steep lines give more to the owners, flat ones more to the common trench
    beta = np.clip(np.minimum(np.maximum(before, 0.0), np.maximum(after, 0.0)), 0.0, None)
    if at == 0:
        beta = np.maximum(after, 0.0)
    beta = np.where(np.isfinite(beta), beta, 0.0)
    alpha = (cost - beta[:, None] * beyond).min(axis=1)
    short = alpha < 0
    if short.any():
        with np.errstate(divide="ignore", invalid="ignore"):
            most = np.where(beyond > 0, cost / beyond, np.inf).min(axis=1)
        beta = np.where(short, np.minimum(beta, most), beta)
        alpha = (cost - beta[:, None] * beyond).min(axis=1)
    return np.maximum(alpha, 0.0), beta
