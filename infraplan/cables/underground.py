"""
Aerial cable goes underground: trenches, chambers, crossings, drops, what they cost and who pays.

The tree of trenches is the cheapest found that joins all places where cable enters or leaves the
streets and all houses to be served, each owner's bores counted where its cables pass; its bound is
proven. Chambers follow a fixed rule along that tree. The bound of the whole counts the proven bound
of the trenches with the chambers that any trenches have, the shortest way of each cable, and
everything that no layout of trenches can change.
"""

import html
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING

from infraplan.cables.choice_pieces import no_pieces
from infraplan.cables.demand import LEAST_INSIDE_M
from infraplan.cables.plan_told import LEFT_OUT
from infraplan.cables.shares import operator_shares
from infraplan.cables.sharing import Sharing
from infraplan.cables.study import empty_table
from infraplan.cables.study import filled_table
from infraplan.cables.tables import assumption_table
from infraplan.cables.tables import bill_table
from infraplan.cables.tables import cable_table
from infraplan.cables.tables import crossing_table
from infraplan.cables.tables import drawn_edges
from infraplan.cables.tables import drop_table
from infraplan.cables.tables import line_table
from infraplan.cables.tables import pole_table
from infraplan.cables.tables import removed_table
from infraplan.cables.tables import segment_table
from infraplan.cables.tables import use_table
from infraplan.cables.works import Works
from infraplan.cables.works import prepare_works
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.progress import Progress
from infraplan.progress import part

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from infraplan.cables.prices import PriceBook
    from infraplan.cables.technical import WorkRules
    from infraplan.cables.works import PartPlan

__all__ = ["CablePlan", "plan_underground", "plan_works"]

READ = ("streets", "roads", "ducts", "chambers", "fibre", "cable_survey", "buildings", "poles",
        "rail", "waterways")  # fmt: skip
BORES_NOTE = (
    "bores: one an owner at least, more by section; one for the drops of all owners, since "
    "buildings do not say whose customers they are; one spare"
)
CABLE_NOTE = (
    "new cable is billed by its way through the trenches, with slack; by the metres of aerial "
    "cable that it replaces where both its ends share a riser"
)


@dataclass(frozen=True, slots=True, eq=False)
class CablePlan:
    """
    A plan of undergrounding, its bill and the proof of how far from the cheapest it is at most.

    `segments` are trenches and re-used ducts by side of street; `bill` sums to `cost_vnd` to the
    dong, `shares` as well. No plan by the same rules costs less than `bound_vnd`; `gap` =
    (cost - bound) / cost. `removed` tells how many metres of aerial cable go, by operator. The last
    tables are those of `infraplan.cables.study`, empty until their step has run; `shares` and
    `funding` are as `sharing` asked. `pieces` are what is drawn under any choice of the streets,
    see `infraplan.cables.choice_pieces`. `stretches` are from where to where streets go underground
    of which a part was asked for; empty ends are those of the street, and no stretch at all is what
    an outline cut off.
    """

    segments: "gpd.GeoDataFrame"
    chambers: "gpd.GeoDataFrame"
    crossings: "gpd.GeoDataFrame"
    drops: "gpd.GeoDataFrame"
    bill: "pd.DataFrame"
    shares: "pd.DataFrame"
    removed: "pd.DataFrame"
    cost_vnd: int
    bound_vnd: int
    gap: float
    bores: int
    poles_removed: int
    stopped_by_time: bool
    layers: Layers
    provenance: Provenance
    uses: "pd.DataFrame" = field(default_factory=partial(empty_table, "uses"))
    lines: "pd.DataFrame" = field(default_factory=partial(empty_table, "lines"))
    cables: "pd.DataFrame" = field(default_factory=partial(empty_table, "cables"))
    share_rules: "pd.DataFrame" = field(default_factory=partial(empty_table, "share_rules"))
    funding: "pd.DataFrame" = field(default_factory=partial(empty_table, "funding"))
    rents: "pd.DataFrame" = field(default_factory=partial(empty_table, "rents"))
    investment: "pd.DataFrame" = field(default_factory=partial(empty_table, "investment"))
    phases: "pd.DataFrame" = field(default_factory=partial(empty_table, "phases"))
    years: "pd.DataFrame" = field(default_factory=partial(empty_table, "years"))
    wishes: "pd.DataFrame" = field(default_factory=partial(empty_table, "wishes"))
    subsets: "pd.DataFrame" = field(default_factory=partial(empty_table, "subsets"))
    subset_shares: "pd.DataFrame" = field(default_factory=partial(empty_table, "subset_shares"))
    subset_parts: "pd.DataFrame" = field(default_factory=partial(empty_table, "subset_parts"))
    subset_rents: "pd.DataFrame" = field(default_factory=partial(empty_table, "subset_rents"))
    drums: "pd.DataFrame" = field(default_factory=partial(empty_table, "drums"))
    poles: "pd.DataFrame" = field(default_factory=partial(empty_table, "poles"))
    cutover: "pd.DataFrame" = field(default_factory=partial(empty_table, "cutover"))
    findings: "pd.DataFrame" = field(default_factory=partial(empty_table, "findings"))
    profiles: "pd.DataFrame" = field(default_factory=partial(empty_table, "profiles"))
    assumptions: "pd.DataFrame" = field(default_factory=partial(empty_table, "assumptions"))
    stretches: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    sharing: Sharing = field(default_factory=Sharing)
    pieces: "gpd.GeoDataFrame" = field(default_factory=no_pieces)

    def _repr_html_(self) -> str:
        """Return a caption and the bill."""
        caption = (
            f"{self.segments['length_m'].sum():,.0f} m underground, {self.cost_vnd:,} VND; "
            f"no plan can cost less than {self.bound_vnd:,} VND"
        )
        return f"<p>{html.escape(caption)}</p>{self.bill.head(12).to_html(escape=True)}"


def plan_underground(  # noqa: PLR0913 - streets, what they cost, what rules they keep to
    layers: Layers,
    *,
    streets: "Sequence[str] | gpd.GeoDataFrame | None" = None,
    area: "shapely.Geometry | None" = None,
    prices: "PriceBook",
    rules: "WorkRules | None" = None,
    time_limit_s: float = 120.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> CablePlan:
    """
    Plan how the aerial cable of streets goes underground at the least cost.

    Parameters
    ----------
    layers
        Layers of the plan; `streets` is needed, `fibre`, `cable_survey`, `buildings`, `ducts`,
        `chambers`, `poles`, `roads`, `rail` and `waterways` are used where they are.
    streets
        Names or ids of streets, `name: from - to` for a part (crossing streets or metres), or lines
        drawn along them; None where `area` says it.
    area
        Outline in the planning CRS instead of streets.
    prices
        Price book.
    rules
        Technical rules that chambers keep to; None where only the price book's spacing counts.
    time_limit_s
        Time after which the search stops early, > 0 [s].
    seed
        Seed of the search.
    progress
        Called with the share done.

    Returns
    -------
    cable_plan
        Segments, chambers, crossings, drops, bill, shares, cost and bound before tax [VND].

    Raises
    ------
    SettingsError
        If no street is chosen, a name is unknown (near names are listed), or a price or a rule is
        missing.
    LayerError
        If a survey of cable names what the plan does not know.
    PlanError
        If the plan has no streets.
    NoRouteError
        If no trench can join the two ends of a cable; street, owner and place are named.

    Notes
    -----
    Streets that do not touch are planned each on its own; cable between them stays as it is. An
    owner has at least one bore in each trench that its cables pass, more by their section; one bore
    serves the drops of all owners and one is spare. The bound covers trenches, re-used ducts and
    crossings (see `infraplan.cables.bulk` and `division`), the chambers that any trenches have
    (see `chamber_costs`), new cable by its shortest way, and all items that do not depend on the
    layout: drops, risers, removal.
    """
    works = prepare_works(layers, streets=streets, area=area, prices=prices, rules=rules)
    part(progress, 0.0, 0.2)(1.0, "trench graph")
    return plan_works(works, time_limit_s=time_limit_s, seed=seed, progress=progress)


def plan_works(
    works: Works,
    *,
    time_limit_s: float = 120.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> CablePlan:
    """
    Plan all the works of prepared streets at the least cost.

    Parameters
    ----------
    works
        Prepared streets.
    time_limit_s
        Time after which the search stops early, > 0 [s].
    seed
        Seed of the search.
    progress
        Called with the share done.

    Returns
    -------
    cable_plan
        As `plan_underground` returns it.

    Raises
    ------
    NoRouteError
        If no trench can join the two ends of a cable; street, owner and place are named.
    """
    layers, prices = works.layers, works.prices
    parts = works.parts(time_limit_s=time_limit_s, seed=seed)
    part(progress, 0.2, 0.9)(1.0, "trenches")
    lines = line_table(works, parts)
    drawn = drawn_edges(works, parts)
    segments = segment_table(works, parts, drawn)
    crossings = crossing_table(works, parts, drawn)
    chambers = _chambers(works, parts)
    weights = works.weights(parts)
    bill = bill_table(lines, prices)
    cost_vnd = int(bill["cost_vnd"].sum())
    bound_vnd = sum(plan.bound_vnd for plan in parts)
    drops = drop_table(works, parts)
    return CablePlan(
        segments=segments,
        chambers=chambers,
        crossings=crossings,
        drops=drops,
        bill=bill,
        shares=operator_shares(weights["diameter"], cost_vnd),
        removed=removed_table(works, parts),
        cost_vnd=cost_vnd,
        bound_vnd=bound_vnd,
        gap=(cost_vnd - bound_vnd) / cost_vnd if cost_vnd else 0.0,
        bores=int(max((plan.laid.max(initial=0) for plan in parts), default=0)),
        poles_removed=sum(sum(plan.task.poles.values()) for plan in parts),
        stopped_by_time=any(plan.stopped_by_time for plan in parts),
        layers=layers,
        provenance=_provenance(works, seed),
        uses=use_table(works, parts, drawn, weights["diameter"]),
        lines=lines,
        cables=cable_table(works, parts, drawn, chambers),
        poles=pole_table(works, parts),
        stretches=works.stretches,
        findings=_left_out(works),
        assumptions=assumption_table(bill, drops, prices),
    )


def _chambers(works: Works, parts: "Sequence[PartPlan]") -> "gpd.GeoDataFrame":
    """Return the chambers of all parts, numbered through."""
    import geopandas as gpd
    import pandas as pd

    crs = works.layers.crs
    frames = [works.ground.table(plan.placed, crs) for plan in parts]
    if len(frames) == 1:
        return frames[0]
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    together = pd.concat(filled)
    names = [f"B{k:04d}" for k in range(1, len(together) + 1)]
    together.index = pd.Index(names, name="chamber_id")
    return gpd.GeoDataFrame(together, geometry="geometry", crs=crs)


def _left_out(works: Works) -> "pd.DataFrame":
    """Return where a survey does not know an owner that has drawn cable, as findings."""
    left = [entry for entry in works.demand.left_out if entry[-1] >= LEAST_INSIDE_M]
    return filled_table(
        "findings",
        {
            (f"S{k:04d}",): {
                "code": LEFT_OUT,
                "severity": "warning",
                "layer": "cable_survey",
                "feature_id": owner,
                "street": works.streets[unit],
                "value": round(drawn_m, 1),
            }
            for k, (unit, owner, drawn_m) in enumerate(left, 1)
        },
    )


def _provenance(works: Works, seed: int) -> Provenance:
    """Return where the plan comes from and what its bound covers."""
    from infraplan import __version__

    prices = works.prices
    bound = (
        "bound: trenches, re-used ducts, crossings and each owner's bores by the best division of "
        "their cost; chambers at crossings, risers, ends, bends, junctions and each "
        f"{prices.rules.chamber_spacing_m:g} m; drops, risers and removal as billed; each new "
        "cable by its shortest way"
    )
    return Provenance(
        step="underground",
        version=__version__,
        settings={"prices": prices.name, "seed": seed},
        synthetic=tuple(name for name in works.layers.synthetic() if name in READ),
        notes=(
            bound,
            "costs: construction before tax, without contingency and consulting",
            f"shares: by length and diameter of the cables; {prices.share_source}",
            BORES_NOTE,
            CABLE_NOTE,
            *works.demand.notes,
        ),
    )
