"""What to build next: the actions that reach most people without service, with a proven bound."""

import base64
import zlib
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.radio.results import ANY
from infraplan.sites.actions import MAST_HEIGHT_M
from infraplan.sites.actions import RADIUS_M
from infraplan.sites.actions import REFINED
from infraplan.sites.actions import ActionTask
from infraplan.sites.actions import covers_of
from infraplan.sites.actions import first_look
from infraplan.sites.actions import groups_of
from infraplan.sites.actions import planned_stations
from infraplan.sites.actions import possible_actions
from infraplan.sites.actions import priced
from infraplan.sites.actions import reached_by
from infraplan.sites.certificate import coverage_bound
from infraplan.sites.covering import MaxCoverage
from infraplan.sites.covering import max_coverage
from infraplan.sites.covering import max_coverage_budget
from infraplan.sites.demand import demand_of
from infraplan.sites.eligible import Eligible
from infraplan.sites.eligible import EligibleArea
from infraplan.sites.eligible import eligible_area
from infraplan.sites.floors import Choice
from infraplan.sites.floors import Places
from infraplan.sites.floors import cheaper_at_no_loss
from infraplan.sites.floors import floor_set
from infraplan.sites.floors import floors_of
from infraplan.sites.floors import left_out
from infraplan.sites.floors import places_of
from infraplan.sites.gain import Ground
from infraplan.sites.surroundings import Surroundings
from infraplan.sites.surroundings import technologies_of

if TYPE_CHECKING:
    import geopandas as gpd
    import scipy.sparse as sp
    import xarray as xr

    from infraplan.coverage.fixes import ActionPrices
    from infraplan.radio.cells import CellDefaults
    from infraplan.radio.losses import LossStore
    from infraplan.radio.results import Coverage
    from infraplan.radio.settings import RadioSettings
    from infraplan.radio.settings import ThresholdProfile

__all__ = ["Proposal", "eligible_actions", "propose_sites"]

BILLION = 1e9
SOLVE_S = 60.0
GLANCE_S = 10.0  # for a choice that only tells where to look next, or stands beside the answer
FRONTIER_S = 3.0  # for each point of the frontier
FRONTIER = (0.25, 0.5, 1.0, 1.5, 2.0)  # of the budget, or of what the choice costs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """
    Actions to take next, in order, and how good the choice provably is.

    `sites` has one row a chosen action: `kind` (`new_site`, `sharing`, `technology_on_mast`,
    `new_sector`), `operator`, `technology`, `mast_id`, `height_m`, `azimuth_deg`, `cost_vnd`,
    `people_gained` (what each adds to those before it), `people_if_planned` (of these, those whom
    the stations announced by operators would not reach), `people_per_billion` VND, `fibre_m`,
    `power_m` and `prerequisite`. Together they gain `objective` people, and no choice among the
    actions evaluated gains more than `bound`; `gap` = (bound - objective) / bound.

    `frontier` tells what other budgets would reach, `left_out` the hamlets that get nothing,
    `floors` what a floor for each commune alone costs in people and `floor` what one for all of
    them does, `planned` the people left if all announced stations are built, `excluded` how many
    cells each reason keeps a mast from.

    `certificate` holds what a doubter needs: `weight` (people of each demand block), `multipliers`
    in [0, weight], and which blocks with a multiplier above 0 each action covers: those of action
    j are blocks[starts[j]:starts[j + 1]], with blocks = cumsum(frombuffer(decompress(b64decode(
    `blocks_packed`)), "<i4")). Then c_j = the sum of the multipliers of j's blocks less `tolls[j]`,
    and its `bound` is sum(weight - multipliers) + `tolls_sum` + the greatest sum of c_j that
    `count` actions, or those that `budget_vnd` pays for at `cost_vnd` (a part of the last one
    included), have. Where `branches` is not 0, the search divided the choices further and proved
    the lower `bound` of the proposal; that takes the search itself to check.
    """

    sites: "gpd.GeoDataFrame"
    people_gained: "pd.Series[float]"
    objective: float
    bound: float
    gap: float
    stopped_by_time: bool
    technology: str
    operator: str
    certificate: Mapping[str, Any]
    frontier: pd.DataFrame
    left_out: pd.DataFrame
    floors: pd.DataFrame
    floor: Mapping[str, Any]
    planned: Mapping[str, Any]
    excluded: Mapping[str, Any]
    layers: Layers
    provenance: Provenance

    def _repr_html_(self) -> str:
        """Return a caption and the head of the table for a notebook."""
        caption = (
            f"{len(self.sites)} sites gain {self.objective:.0f} people with {self.technology}; "
            f"no choice among {self.certificate['evaluated']} candidates gains more than "
            f"{self.bound:.0f} (gap {100 * self.gap:.2f} %)"
        )
        table = pd.DataFrame(self.sites).drop(columns="geometry").head(10)
        return f"<p>{escape(caption)}</p>{table.to_html(escape=True)}"


@dataclass(frozen=True, slots=True, eq=False)
class _Evaluated:
    """Actions looked at, whom they reach, and how many were considered."""

    actions: "gpd.GeoDataFrame"
    covers: "sp.csr_array"
    considered: int


@dataclass(frozen=True, slots=True)
class _Limit:
    """How much may be chosen: a number of actions, or money."""

    sites: int | None
    budget_vnd: float | None

    @property
    def value(self) -> float:
        """Return the limit as a number."""
        return float(self.sites if self.budget_vnd is None else self.budget_vnd)  # type: ignore[arg-type]


def propose_sites(  # noqa: PLR0913 - the layers, what was predicted from them, and what is asked
    layers: Layers,
    *,
    cells: pd.DataFrame,
    coverage: "Coverage",
    people: "xr.DataArray",
    profile: "ThresholdProfile",
    settings: "RadioSettings",
    defaults: "CellDefaults",
    prices: "ActionPrices",
    technology: str,
    operator: str = ANY,
    sites: int | None = None,
    budget_vnd: float | None = None,
    with_planned: bool = False,
    hamlets: "gpd.GeoDataFrame | None" = None,
    floor_share: float = 0.0,
    area: EligibleArea | None = None,
    store: "LossStore | None" = None,
    progress: Progress | None = None,
) -> Proposal:
    """
    Choose the actions that bring service to the most people without it.

    Parameters
    ----------
    layers
        Layers of the plan, with terrain; actions are those of the layer `candidates` where it is
        there, else as `possible_actions` finds them.
    cells
        Cells of the stations that stand.
    coverage
        Present coverage.
    people
        Persons in each grid cell.
    profile
        Thresholds of service, those of the coverage.
    settings
        Settings of the area engine, those of the coverage.
    defaults
        What the cells of new equipment are derived from.
    prices
        What each action costs.
    technology
        Technology to be brought.
    operator
        Operator whose gaps are to be closed, or `"any"`.
    sites
        Number of actions to choose, >= 1.
    budget_vnd
        Money to spend instead, > 0 [VND].
    with_planned
        Whether people whom announced stations will reach count as served.
    hamlets
        Hamlets with `name`, `commune_code`, `commune`, `is_rest` and ground; where they have a
        column `counts`, only people of those that do are to be reached. None: hamlets and
        communes left out are not told.
    floor_share
        Share of each commune's people without service that a floor asks for, [0, 1]; 0: one action
        that reaches somebody.
    area
        Where a new mast may stand; `eligible_area` of the layers where None.
    store
        Keeps footprints from one run to the next.
    progress
        Called with the share done.

    Returns
    -------
    proposal
        Actions in the order of their gain, objective, bound, gap and certificate.

    Raises
    ------
    SettingsError
        If neither or both of `sites` and `budget_vnd` are given, or the budget is less than any
        action costs.
    PlanError
        If the layers have no terrain.

    Notes
    -----
    Demand is people in cells known to be uncovered, on blocks of at most 90 m; a block counts as
    covered where at least half of its people are. Of the actions on one mast at most one is chosen.
    Where the lattice has more positions near such people than are evaluated, the highest of each
    3 x 3 is, then all around the best: the bound holds for the actions evaluated, and the
    certificate tells their number. Of actions that reach the same people the cheapest is taken.
    """
    limit = _limit(sites, budget_vnd)
    if not 0.0 <= floor_share <= 1.0:
        msg = f"the floor must be a share in [0, 1]; found {floor_share}"
        raise SettingsError(msg)
    task, planned = _task(
        layers, cells=cells, coverage=coverage, people=people, settings=settings,
        defaults=defaults, prices=prices, technology=technology, operator=operator,
        with_planned=with_planned, hamlets=hamlets, area=area, store=store,
    )  # fmt: skip
    evaluated, chosen = _evaluate(task, limit, part(progress, 0.0, 0.85))
    choice = _choice(task, evaluated, limit)
    order = _in_order(choice, cheaper_at_no_loss(choice, chosen.chosen))
    part(progress, 0.85, 0.9)(1.0)
    table = _chosen_table(task, evaluated, choice, order, planned)
    tables = _tables(task, evaluated, choice, chosen, order, hamlets, floor_share)
    part(progress, 0.9, 1.0)(1.0)
    return Proposal(
        sites=table,
        people_gained=table["people_gained"],
        objective=chosen.covered,
        bound=chosen.bound,
        gap=chosen.gap,
        stopped_by_time=chosen.stopped_by_time,
        technology=technology,
        operator=operator,
        certificate=_certificate(task, evaluated, choice, chosen, limit),
        **tables,
        planned=planned.told(with_planned=with_planned),
        excluded=task.area.told,
        layers=layers,
        provenance=Provenance(
            step="proposal",
            version=_version(),
            settings={
                "profile": profile.name,
                "model": settings.model,
                "radius_m": task.settings.radius_m,
                "mast_height_m": MAST_HEIGHT_M,
                "budget_vnd": budget_vnd,
                "prices": prices.name,
                "with_planned": with_planned,
                "hamlets_counted": _counted(hamlets),
                "floor_share": floor_share,
            },
            synthetic=layers.synthetic(),
        ),
    )


def eligible_actions(  # noqa: PLR0913 - the layers and what was predicted from them
    layers: Layers,
    *,
    cells: pd.DataFrame,
    coverage: "Coverage",
    people: "xr.DataArray",
    settings: "RadioSettings",
    defaults: "CellDefaults",
    prices: "ActionPrices",
    technology: str,
    operator: str = ANY,
    with_planned: bool = False,
    hamlets: "gpd.GeoDataFrame | None" = None,
    area: EligibleArea | None = None,
    store: "LossStore | None" = None,
    progress: Progress | None = None,
) -> Eligible:
    """
    Return all that could be built for people without service, and whom each of it reaches.

    Parameters
    ----------
    layers
        As of `propose_sites`, like all others.
    cells
        Cells of the stations that stand.
    coverage
        Present coverage.
    people
        Persons in each grid cell.
    settings
        Settings of the area engine, those of the coverage.
    defaults
        What the cells of new equipment are derived from.
    prices
        What each action costs.
    technology
        Technology to be brought.
    operator
        Operator whose gaps are to be closed, or `"any"`.
    with_planned
        Whether people whom announced stations will reach count as served.
    hamlets
        Hamlets; with a column `counts` only people of those that do are to be reached.
    area
        Where a new mast may stand; `eligible_area` of the layers where None.
    store
        Keeps footprints from one run to the next.
    progress
        Called with the share done.

    Returns
    -------
    eligible
        Actions with their price, what each reaches, and the people without service.

    Raises
    ------
    PlanError
        If the layers have no terrain.
    """
    task, _ = _task(
        layers, cells=cells, coverage=coverage, people=people, settings=settings,
        defaults=defaults, prices=prices, technology=technology, operator=operator,
        with_planned=with_planned, hamlets=hamlets, area=area, store=store,
    )  # fmt: skip
    actions = priced(task, first_look(possible_actions(task)))
    return Eligible(
        positions=actions,
        covers=covers_of(task, actions, progress),
        demand=task.demand,
        group=groups_of(actions),
        technology=technology,
        operator=operator,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Planned:
    """Announced stations: how many, whom they would reach, and each block's people beyond them."""

    stations: int
    without_technology: int
    people_without: float
    people_reached: float
    left: Floats

    def told(self, *, with_planned: bool) -> dict[str, Any]:
        """Return the figures as plain values."""
        return {
            "stations": self.stations,
            "without_technology": self.without_technology,
            "people_without": self.people_without,
            "people_reached": self.people_reached,
            "people_left": self.people_without - self.people_reached,
            "counted_as_served": with_planned,
        }


def _task(  # noqa: PLR0913 - what every evaluation shares
    layers: Layers,
    *,
    cells: pd.DataFrame,
    coverage: "Coverage",
    people: "xr.DataArray",
    settings: "RadioSettings",
    defaults: "CellDefaults",
    prices: "ActionPrices",
    technology: str,
    operator: str,
    with_planned: bool,
    hamlets: "gpd.GeoDataFrame | None",
    area: EligibleArea | None,
    store: "LossStore | None",
) -> tuple[ActionTask, _Planned]:
    """Return what every evaluation shares, and what is announced."""
    layers.need("terrain", step="proposing sites")
    terrain = layers.terrain
    assert terrain is not None  # noqa: S101 - just asked for
    around = Surroundings.of(layers, None)
    on_air = {
        (name, str(row.operator))
        for row in around.stations.itertuples()
        for name in technologies_of(row.technologies)
    }
    ground = _counting(Ground.of(people, coverage, terrain, on_air), hamlets)
    task = ActionTask(
        layers=layers,
        around=around,
        ground=ground,
        demand=demand_of(ground, technology, operator),
        area=area or eligible_area(layers),
        cells=cells,
        settings=replace(settings, radius_m=min(settings.radius_m, RADIUS_M)),
        defaults=defaults,
        prices=prices,
        technology=technology,
        operator=operator,
        store=store,
    )
    stations = planned_stations(layers, technology, operator)
    reached = reached_by(task, stations)
    people_without = float(task.demand.weight.sum())
    lacking = task.demand.uncovered
    if with_planned:
        task = replace(task, demand=demand_of(ground, technology, operator, within=~reached))
    row, column = np.nonzero(task.demand.uncovered & ~reached)
    left = np.bincount(
        task.demand.block[row, column],
        ground.people[row, column],
        minlength=task.demand.weight.size,
    )
    planned = _Planned(
        stations=len(stations),
        without_technology=sum(not technologies_of(names) for names in stations["technologies"]),
        people_without=people_without,
        people_reached=float(ground.people[lacking & reached].sum()),
        left=left.astype(np.float64),
    )
    return task, planned


def _counting(ground: Ground, hamlets: "gpd.GeoDataFrame | None") -> Ground:
    """Return the ground with only the people of hamlets that count, all where none says so."""
    if hamlets is None or "counts" not in hamlets:
        return ground
    from infraplan.coverage.zonal import zones_over

    own = hamlets[hamlets["counts"].astype(bool)]
    share = np.asarray(zones_over(own, ground.geobox).fractions.sum(axis=0)).ravel()
    counted = np.clip(share, 0.0, 1.0).reshape(ground.people.shape)
    return replace(ground, people=ground.people * counted)


def _counted(hamlets: "gpd.GeoDataFrame | None") -> int | None:
    """Return how many hamlets count, None where all people do."""
    if hamlets is None or "counts" not in hamlets:
        return None
    return int(hamlets["counts"].astype(bool).sum())


def _version() -> str:
    """Return the version of the package."""
    from infraplan import __version__

    return __version__


def _limit(sites: int | None, budget_vnd: float | None) -> _Limit:
    """Return how much may be chosen."""
    if (sites is None) == (budget_vnd is None):
        msg = "give either a number of sites or a budget"
        raise SettingsError(msg)
    if sites is not None and sites < 1:
        msg = f"the number of sites must be at least 1; found {sites}"
        raise SettingsError(msg)
    if budget_vnd is not None and not budget_vnd > 0:
        msg = f"the budget must be more than 0 VND; found {budget_vnd}"
        raise SettingsError(msg)
    return _Limit(sites, budget_vnd)


def _evaluate(
    task: ActionTask, limit: _Limit, progress: Progress
) -> tuple[_Evaluated, MaxCoverage]:
    """Return the actions evaluated, the likely ones and those around the best, and the choice."""
    considered = priced(task, possible_actions(task))
    if limit.budget_vnd is not None and len(considered):
        least = float(considered["cost_vnd"].min())
        if limit.budget_vnd < least:
            msg = (
                f"the budget of {limit.budget_vnd:,.0f} VND is less than the cheapest of the "
                f"possible actions costs, {least:,.0f} VND"
            )
            raise SettingsError(msg)
    first = first_look(considered)
    covers = covers_of(task, first, part(progress, 0.0, 0.6))
    evaluated = _Evaluated(first, covers, len(considered))
    if len(first) < len(considered):
        chosen = _solved(_choice(task, evaluated, limit), limit, time_limit_s=GLANCE_S)
        more = _second_look(considered, evaluated, chosen, limit)
        if len(more):
            seen = covers_of(task, more, part(progress, 0.6, 0.9))
            evaluated = _Evaluated(pd.concat([first, more]), _joined(covers, seen), len(considered))
    chosen = _solved(_choice(task, evaluated, limit), limit, time_limit_s=SOLVE_S)
    progress(1.0)
    return evaluated, chosen


def _choice(task: ActionTask, evaluated: _Evaluated, limit: _Limit) -> Choice:
    """Return what is chosen from."""
    cost = np.maximum(evaluated.actions["cost_vnd"].to_numpy(dtype=np.float64), 1.0)
    return Choice(
        covers=evaluated.covers,
        weight=task.demand.weight,
        cost_vnd=cost,
        spend=np.ones(cost.size) if limit.budget_vnd is None else cost,
        limit=limit.value,
        group=groups_of(evaluated.actions),
    )


def _solved(
    choice: Choice, limit: _Limit, *, time_limit_s: float, fixed: Sequence[int] = ()
) -> MaxCoverage:
    """Return the best choice found, with its bound."""
    if limit.budget_vnd is None:
        assert limit.sites is not None  # noqa: S101 - one of the two is given
        return max_coverage(
            choice.covers,
            choice.weight,
            count=limit.sites,
            fixed=fixed,
            groups=choice.group,
            time_limit_s=time_limit_s,
        )
    return max_coverage_budget(
        choice.covers,
        choice.weight,
        choice.cost_vnd,
        budget=limit.budget_vnd,
        fixed=fixed,
        groups=choice.group,
        time_limit_s=time_limit_s,
    )


def _second_look(
    considered: "gpd.GeoDataFrame", seen: _Evaluated, chosen: MaxCoverage, limit: _Limit
) -> "gpd.GeoDataFrame":
    """Return the unseen positions of the tiles that promise most: by gain and by priced gain."""
    value = np.asarray(seen.covers.T @ chosen.multipliers)
    if limit.budget_vnd is not None:
        value = value / np.maximum(seen.actions["cost_vnd"].to_numpy(dtype=np.float64), 1.0)
    order = np.argsort(-value, kind="stable")[: max(4 * chosen.chosen.size, 20)]
    picked = np.concatenate([chosen.chosen, order])
    tiles = list(dict.fromkeys(seen.actions["tile"].iloc[picked]))
    unseen = considered[~considered.index.isin(seen.actions.index)]
    unseen = unseen[unseen["tile"].isin(tiles)]
    turn = unseen["tile"].map({tile: n for n, tile in enumerate(tiles)})
    return unseen.iloc[np.argsort(turn.to_numpy(), kind="stable")].head(REFINED).sort_index()


def _joined(one: "sp.csr_array", two: "sp.csr_array") -> "sp.csr_array":
    """Return two matrices side by side."""
    import scipy.sparse as sp

    return sp.csr_array(sp.hstack([one, two], format="csr"))


def _in_order(choice: Choice, chosen: Ints) -> Ints:
    """Return a choice by falling gain of each over those before."""
    left = choice.weight.copy()
    by_column = choice.covers[:, chosen].tocsc()
    waiting = list(range(chosen.size))
    order = []
    while waiting:
        gains = by_column[:, waiting].T @ left
        place = int(np.argmax(np.round(gains, 9)))
        best = waiting.pop(place)
        order.append(best)
        left[by_column.indices[by_column.indptr[best] : by_column.indptr[best + 1]]] = 0.0
    return np.asarray(chosen[np.asarray(order, dtype=np.int64)], dtype=np.int64)


def _gains(covers: "sp.csr_array", weight: Floats, order: Ints) -> Floats:
    """Return what each action of an order adds to those before it."""
    by_column = covers[:, order].tocsc()
    left = weight.copy()
    gained = np.zeros(order.size)
    for n in range(order.size):
        rows = by_column.indices[by_column.indptr[n] : by_column.indptr[n + 1]]
        gained[n] = left[rows].sum()
        left[rows] = 0.0
    return gained


def _chosen_table(
    task: ActionTask, evaluated: _Evaluated, choice: Choice, order: Ints, planned: _Planned
) -> "gpd.GeoDataFrame":
    """Return the chosen actions in order with what each adds to those before."""
    named = ["kind", "operator", "mast_id", "site_id", "height_m", "azimuth_deg"]
    costs = ["cost_vnd", "cost_assumed", "fibre_m", "power_m", "prerequisite", "geometry"]
    table = evaluated.actions.iloc[order][[*named, *costs]].copy()
    table.insert(0, "order", np.arange(1, len(table) + 1, dtype=np.int64))
    table.insert(3, "technology", task.technology)
    texts = ["kind", "operator", "technology", "mast_id", "site_id", "prerequisite"]
    table[texts] = table[texts].astype("str").where(table[texts].notna(), None)
    table["people_gained"] = _gains(choice.covers, choice.weight, order)
    table["people_if_planned"] = _gains(choice.covers, planned.left, order)
    table["people_per_billion"] = table["people_gained"] / (choice.cost_vnd[order] / BILLION)
    table["commune"] = _commune_names(table, task.around)
    table["nearest_site_m"] = [
        float(task.around.station_distances_m(point).min(initial=np.inf))
        for point in table.geometry
    ]
    table["nearest_site_m"] = table["nearest_site_m"].replace(np.inf, np.nan).astype("float64")
    # "at most so many": a site that reaches less than one more person is none
    return table[table["people_gained"] >= 1.0].rename_axis("candidate_id")


def _commune_names(table: "gpd.GeoDataFrame", around: Surroundings) -> "pd.Series[str]":
    """Return the name of the commune of each position."""
    found: Sequence[Any] = [around.commune(point) for point in table.geometry]
    names = [None if commune is None else str(commune["name"]) for commune in found]
    return pd.Series(names, table.index, dtype="str")


def _tables(
    task: ActionTask,
    evaluated: _Evaluated,
    choice: Choice,
    chosen: MaxCoverage,
    order: Ints,
    hamlets: "gpd.GeoDataFrame | None",
    floor_share: float,
) -> dict[str, Any]:
    """Return what other budgets reach, who is left out, and what floors cost."""
    communes = _communes(task)
    floors = floors_of(communes, choice, order, share=floor_share)
    names = evaluated.actions.index.to_numpy(dtype=object)
    for column in ("floor_action", "replaced_action"):
        floors[column] = _named(names, floors[column])
    return {
        "frontier": _frontier(choice, order),
        "left_out": _left_out(task, evaluated, order, hamlets),
        "floors": floors.rename_axis("commune_code"),
        "floor": _floor_for_all(choice, chosen, communes, floor_share),
    }


def _communes(task: ActionTask) -> Places:
    """Return the communes with their people without service."""
    communes = task.layers.table("communes")
    table = communes[["name", "geometry"]] if len(communes) else communes[["geometry"]]
    return places_of(table, task.ground, task.demand)


def _named(names: npt.NDArray[np.object_], numbers: "pd.Series[int]") -> "pd.Series[str]":
    """Return the ids of actions by their number, missing where there is none."""
    told = [None if number < 0 else str(names[number]) for number in numbers]
    return pd.Series(told, numbers.index, dtype="str")


def _left_out(
    task: ActionTask, evaluated: _Evaluated, order: Ints, hamlets: "gpd.GeoDataFrame | None"
) -> pd.DataFrame:
    """Return the hamlets that get nothing, with the action that would reach most of them."""
    columns = ["name", "commune_code", "commune"]
    if hamlets is None:
        empty = pd.DataFrame(columns=[*columns, "people_without", "best_action", "best_people"])
        return empty.assign(best_kind=None, best_cost_vnd=np.nan).rename_axis("hamlet_id")
    asked = hamlets[~hamlets["is_rest"].astype(bool)]
    if "counts" in hamlets:
        asked = asked[asked["counts"].astype(bool)]
    places = places_of(asked[[*columns, "geometry"]], task.ground, task.demand)
    table = left_out(places, evaluated.covers, order)
    number = table["best_action"].to_numpy(dtype=np.int64)
    names = evaluated.actions.index.to_numpy(dtype=object)
    known = np.maximum(number, 0)
    table["best_action"] = _named(names, table["best_action"])
    kind = evaluated.actions["kind"].to_numpy(dtype=object)
    cost = evaluated.actions["cost_vnd"].to_numpy(dtype=np.float64)
    if len(names):
        table["best_kind"] = pd.Series(np.where(number < 0, None, kind[known]), table.index)
        table["best_cost_vnd"] = np.where(number < 0, np.nan, cost[known])
    else:
        table = table.assign(best_kind=None, best_cost_vnd=np.nan)
    return table.rename_axis("hamlet_id")


def _frontier(choice: Choice, order: Ints) -> pd.DataFrame:
    """Return what other budgets would reach, by the budget."""
    base = choice.limit if choice.spend is choice.cost_vnd else float(choice.cost_vnd[order].sum())
    rows = []
    for share in FRONTIER:
        budget = np.floor(base * share)
        if not budget >= choice.cost_vnd.min(initial=np.inf):
            continue
        found = _solved(choice, _Limit(None, budget), time_limit_s=FRONTIER_S)
        cost = float(choice.cost_vnd[found.chosen].sum())
        rows.append((budget, len(found.chosen), cost, found.covered, found.bound))
    columns = ["budget_vnd", "actions", "cost_vnd", "people", "bound"]
    table = pd.DataFrame(rows, columns=columns).astype("float64").astype({"actions": "int64"})
    table["people_per_billion"] = table["people"] / (table["cost_vnd"] / BILLION)
    return table.set_index("budget_vnd")


def _floor_for_all(
    choice: Choice, chosen: MaxCoverage, communes: Places, share: float
) -> dict[str, Any]:
    """Return what it costs in people that every commune gets its floor, all at once."""
    needed, counts = floor_set(communes, choice, share=share)
    spent = float(choice.spend[needed].sum())
    fits = spent <= choice.limit
    told: dict[str, Any] = {
        **counts,
        "share": share,
        "actions_needed": int(needed.size),
        "cost_needed_vnd": float(choice.cost_vnd[needed].sum()),
        "fits": bool(fits),
        "people": None,
        "price_people": None,
    }
    if fits and needed.size:
        budget = None if choice.spend is not choice.cost_vnd else choice.limit
        limit = _Limit(int(choice.limit) if budget is None else None, budget)
        fixed = [int(number) for number in needed]
        with_floor = _solved(choice, limit, time_limit_s=GLANCE_S, fixed=fixed)
        told["people"] = with_floor.covered
        told["price_people"] = max(0.0, chosen.covered - with_floor.covered)
    return told


def _certificate(
    task: ActionTask,
    evaluated: _Evaluated,
    choice: Choice,
    chosen: MaxCoverage,
    limit: _Limit,
) -> dict[str, Any]:
    """Return what is needed to check the bound without the program."""
    priced_rows = choice.covers.copy()
    priced_rows.data = np.repeat(chosen.multipliers, np.diff(priced_rows.indptr))
    by_column = priced_rows.tocsc()
    by_column.eliminate_zeros()  # blocks without a price count for nothing in the bound
    by_column.sort_indices()
    steps = np.diff(by_column.indices, prepend=0).astype("<i4")
    count = len(evaluated.actions)
    tolls = np.zeros(count)  # what an action gives up for the others of its mast
    for members, toll in zip(chosen.cliques, chosen.tolls, strict=True):
        tolls[members] += toll
    by_multipliers = coverage_bound(
        choice.covers,
        choice.weight,
        chosen.multipliers,
        budget=choice.limit,
        cost=None if limit.budget_vnd is None else choice.cost_vnd,
        cliques=chosen.cliques,
        tolls=chosen.tolls,
    )
    return {
        "bound": by_multipliers,
        "branches": len(chosen.branches),
        "tolls": tolls,
        "tolls_sum": float(chosen.tolls.sum()),
        "count": limit.sites,
        "budget_vnd": limit.budget_vnd,
        "evaluated": count,
        "considered": evaluated.considered,
        "statement": f"best among {count} of {evaluated.considered} actions considered",
        "people_uncovered": float(task.demand.weight.sum()),
        "weight": task.demand.weight,
        "multipliers": chosen.multipliers,
        "cost_vnd": choice.cost_vnd,
        "group": choice.group,
        "starts": by_column.indptr.astype(np.int64),
        "blocks_packed": base64.b64encode(zlib.compress(steps.tobytes(), 9)).decode("ascii"),
    }
