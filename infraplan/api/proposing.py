"""What to do next for people without service, with a bound on the best possible."""

from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from typing import Any

from infraplan.api.cover import PREDICTED_FROM
from infraplan.api.cover import RadioInputs
from infraplan.api.cover import gaps
from infraplan.api.cover import predict
from infraplan.api.cover import radio_inputs
from infraplan.api.cover import stored_resolution_m
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.notes import Note
from infraplan.plan import Plan
from infraplan.plan.results import load_proposal
from infraplan.plan.results import store_proposal
from infraplan.progress import Progress
from infraplan.progress import part

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

    from infraplan.jobs import LossCache
    from infraplan.radio.results import Coverage
    from infraplan.sites import Proposal
    from infraplan.sites.eligible import Eligible
    from infraplan.sites.eligible import EligibleArea

__all__ = ["ELIGIBLE_PEOPLE", "eligible_actions", "propose"]

ELIGIBLE_PEOPLE = ("vtci",)
PROPOSED_FROM = (
    *PREDICTED_FROM,
    "candidates",
    "settlements",
    "hamlets",
    "buildings",
    "fibre",
    "power",
    "roads",
    "streets",
    "protected",
    "aerodromes",
    "evidence",
    "population",
    "floods",
    "sources",
)
FORMAT = 2  # of what is kept: a plan of an older version chooses anew
FOOTPRINT_SHARE = 0.1  # of the disk space of the plan's cache
COUNTED = ("yes", "to_check")  # verdicts of the programme under which a hamlet counts


@dataclass(frozen=True, slots=True, eq=False)
class _Basis:
    """What a choice starts from."""

    inputs: RadioInputs
    coverage: "Coverage"
    people: "xr.DataArray"
    hamlets: "gpd.GeoDataFrame"
    area: "EligibleArea"
    store: "LossCache"


def propose(  # noqa: PLR0913 - what is asked of one choice
    plan: Plan,
    *,
    sites: int | None = None,
    budget_vnd: float | None = None,
    technology: str | None = None,
    operator: str | None = None,
    with_planned: bool = False,
    eligible: str | None = None,
    floor_share: float = 0.0,
    as_of: date | None = None,
    coverage: "Coverage | None" = None,
    progress: Progress | None = None,
) -> "Proposal":
    """
    Choose the actions that bring service to the most people, with a bound on the best possible.

    Parameters
    ----------
    plan
        The plan. What actions cost is in its `actions.toml`, else in our own price list.
    sites
        Number of actions to choose, >= 1; that of the plan where neither it nor a budget is given.
    budget_vnd
        Money to spend instead of a number of actions, > 0 [VND].
    technology
        Technology; that of the plan's headline where None.
    operator
        Operator, or `"any"`; that of the plan's headline where None.
    with_planned
        Whether people whom announced stations will reach count as served.
    eligible
        `"vtci"`: only people of hamlets that the programme of universal service can help, or that
        must be checked for it; all people where None.
    floor_share
        Share of each commune's people without service that a floor asks for, [0, 1]; 0: one action
        that reaches somebody.
    as_of
        Day for which the rules of the programme are in force; None: the newest.
    coverage
        Predicted coverage; read from the plan, or predicted, where None.
    progress
        Called with the share done.

    Returns
    -------
    proposal
        Actions in order with the people each adds, objective, bound and gap. The raster of reasons
        why no mast may stand is written to `results/eligible.tif`.

    Raises
    ------
    SettingsError
        If both or neither of `sites` and `budget_vnd` make sense, the programme is unknown, has no
        rules in force, or counts no hamlet.
    """
    from infraplan.sites import propose_sites

    if sites is not None and budget_vnd is not None:
        raise SettingsError(Note("refusals.sites_and_budget"))
    count = sites if sites is not None or budget_vnd is not None else plan.settings.propose_sites
    if (count is not None and count < 1) or (budget_vnd is not None and budget_vnd <= 0):
        raise SettingsError(Note("refusals.nothing_to_choose"))
    technology = technology or plan.settings.technology
    operator = operator or plan.settings.operator
    _check_eligible(eligible)
    inputs = radio_inputs(plan, resolution_m=stored_resolution_m(plan))
    asked = {
        "sites": count,
        "budget_vnd": budget_vnd,
        "with_planned": with_planned,
        "eligible": [eligible, str(as_of) if eligible else ""],
        "floor_share": floor_share,
    }
    key = _key(plan, inputs, (technology, operator), asked)
    record = plan.record("proposal")
    if record is not None and record.key == key and _area_path(plan).exists():
        return load_proposal(plan, inputs.layers)
    basis = _basis(
        plan, inputs, (technology, operator), coverage, eligible, as_of, part(progress, 0.0, 0.4)
    )
    made = propose_sites(
        basis.inputs.layers,
        cells=inputs.cells,
        coverage=basis.coverage,
        people=basis.people,
        profile=inputs.profile,
        settings=basis.coverage.settings,
        defaults=inputs.defaults,
        prices=_prices(plan),
        technology=technology,
        operator=operator,
        sites=count,
        budget_vnd=budget_vnd,
        with_planned=with_planned,
        hamlets=basis.hamlets,
        floor_share=floor_share,
        area=basis.area,
        store=basis.store,
        progress=part(progress, 0.4, 1.0),
    )
    made = replace(made, provenance=replace(made.provenance, inputs=plan.hashes(PROPOSED_FROM)))
    _write_area(plan, basis.area)
    store_proposal(plan, made, key=key)
    return made


def eligible_actions(
    plan: Plan,
    *,
    technology: str | None = None,
    operator: str | None = None,
    with_planned: bool = False,
    coverage: "Coverage | None" = None,
    progress: Progress | None = None,
) -> "Eligible":
    """
    Return all that could be built for people without service, and whom each of it reaches.

    Parameters
    ----------
    plan
        The plan.
    technology
        Technology; that of the plan's headline where None.
    operator
        Operator, or `"any"`; that of the plan's headline where None.
    with_planned
        Whether people whom announced stations will reach count as served.
    coverage
        Predicted coverage; read from the plan, or predicted, where None.
    progress
        Called with the share done.

    Returns
    -------
    eligible
        Actions with price, what each reaches, and the people without service. Footprints are kept
        in the plan's cache, so a second call takes seconds.
    """
    from infraplan.sites.proposal import eligible_actions as evaluate

    headline = technology or plan.settings.technology, operator or plan.settings.operator
    inputs = radio_inputs(plan, resolution_m=stored_resolution_m(plan))
    basis = _basis(plan, inputs, headline, coverage, None, None, part(progress, 0.0, 0.4))
    return evaluate(
        basis.inputs.layers,
        cells=inputs.cells,
        coverage=basis.coverage,
        people=basis.people,
        settings=basis.coverage.settings,
        defaults=inputs.defaults,
        prices=_prices(plan),
        technology=headline[0],
        operator=headline[1],
        with_planned=with_planned,
        hamlets=basis.hamlets,
        area=basis.area,
        store=basis.store,
        progress=part(progress, 0.4, 1.0),
    )


def _check_eligible(eligible: str | None) -> None:
    """Refuse a programme that is not known."""
    if eligible is not None and eligible not in ELIGIBLE_PEOPLE:
        known = ", ".join(ELIGIBLE_PEOPLE)
        msg = f"'{eligible}' names no programme whose hamlets are known; there is {known}"
        raise SettingsError(msg)


def _key(plan: Plan, inputs: RadioInputs, headline: tuple[str, str], asked: dict[str, Any]) -> str:
    """Return the hash of all that a proposal depends on."""
    options = {
        **asked,
        "format": FORMAT,
        "service": list(headline),
        "profile": asdict(inputs.profile),
        "tuning": asdict(inputs.settings.tuning) if inputs.settings.tuning else None,
        "resolution_m": stored_resolution_m(plan) or plan.settings.resolution_m,
        "actions": plan.configuration("actions"),
        "programme": plan.configuration("universal-service"),
    }
    return plan.step_key("proposal", plan.hashes(PROPOSED_FROM), options)


def _prices(plan: Plan) -> Any:  # noqa: ANN401 - ActionPrices, imported late
    """Return what actions cost in the plan."""
    from infraplan.coverage.fixes import ActionPrices

    return ActionPrices.from_dict(plan.configuration("actions"))


def _basis(
    plan: Plan,
    inputs: RadioInputs,
    headline: tuple[str, str],
    coverage: "Coverage | None",
    eligible: str | None,
    as_of: date | None,
    progress: Progress,
) -> _Basis:
    """Return what a choice starts from, coverage predicted where the plan lacks it."""
    from infraplan.coverage import people_grid
    from infraplan.jobs import LossCache
    from infraplan.sites.eligible import eligible_area

    technology, operator = headline
    hamlets = None
    if eligible is not None:
        hamlets = _counted_hamlets(plan, as_of, part(progress, 0.0, 0.5))
    if coverage is None:
        coverage = predict(
            plan,
            technology=technology,
            operator=operator,
            resolution_m=stored_resolution_m(plan),
            progress=part(progress, 0.5, 0.9),
        )
    people = people_grid(inputs.layers, coverage.geobox).people
    if hamlets is None:
        hamlets = _hamlets(inputs, people)
    inputs = replace(inputs, layers=_with_floods(plan, inputs))
    progress(1.0)
    return _Basis(
        inputs=inputs,
        coverage=coverage,
        people=people,
        hamlets=hamlets,
        area=eligible_area(inputs.layers),
        store=LossCache(
            plan.folder / "cache" / "footprints",
            max_gb=plan.settings.cache_max_gb * FOOTPRINT_SHARE,
        ),
    )


def _hamlets(inputs: RadioInputs, people: "xr.DataArray") -> "gpd.GeoDataFrame":
    """Return the hamlets of a plan with their ground."""
    from infraplan.coverage.areas import residential_areas

    return residential_areas(inputs.layers, people)


def _counted_hamlets(plan: Plan, as_of: date | None, progress: Progress) -> "gpd.GeoDataFrame":
    """Return the hamlets with whether the programme of universal service counts them."""
    found = gaps(plan, as_of=as_of, progress=progress).hamlets
    verdict = found["universal_service"]
    if (verdict == "no_rule").any():
        msg = (
            "no rule of the programme of universal service is in force on the day: choose a day of "
            "its period (--as-of), or give the plan its rules in universal-service.toml"
        )
        raise SettingsError(msg)
    counts = verdict.isin(COUNTED) & ~found["is_rest"].astype(bool)
    if not counts.any():
        msg = "the programme of universal service counts no hamlet of this plan"
        raise PlanError(msg)
    columns = ["name", "commune_code", "commune", "is_rest", "geometry"]
    return found[columns].assign(counts=counts.to_numpy(dtype=bool))


def _with_floods(plan: Plan, inputs: RadioInputs) -> Any:  # noqa: ANN401 - Layers
    """Return the layers with the mapped floods as one raster of where any has been."""
    from infraplan.io import warp_raster
    from infraplan.layers.grid import geobox_of

    path = plan.raster_path("floods")
    if not path.exists():
        return inputs.layers
    reach = warp_raster(path, geobox_of(inputs.layers.rasters["terrain"]), kind="reach")
    return replace(inputs.layers, rasters={**inputs.layers.rasters, "floods": reach})


def _area_path(plan: Plan) -> Any:  # noqa: ANN401 - Path
    """Return the file of the raster of reasons."""
    return plan.results / "eligible.tif"


def _write_area(plan: Plan, area: "EligibleArea") -> None:
    """Write where no mast may stand, and why, as bits."""
    from infraplan.io import write_raster

    write_raster(_area_path(plan), {"reasons": area.reasons})
