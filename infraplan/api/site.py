"""Should this tower be built, and where should the next ones stand."""

from dataclasses import asdict
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from infraplan.api.bring import known_places
from infraplan.api.cover import PREDICTED_FROM
from infraplan.api.cover import RadioInputs
from infraplan.api.cover import predict
from infraplan.api.cover import predict_around
from infraplan.api.cover import radio_inputs
from infraplan.api.cover import stored_resolution_m
from infraplan.atomic import file_stem
from infraplan.errors import Fault
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.plan import Plan
from infraplan.plan.results import appraisal_step
from infraplan.plan.results import load_appraisal
from infraplan.plan.results import load_proposal
from infraplan.plan.results import store_appraisal
from infraplan.plan.results import store_proposal
from infraplan.progress import Progress
from infraplan.progress import part

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.radio.results import Coverage
    from infraplan.sites import Appraisal
    from infraplan.sites import Proposal

__all__ = ["appraise", "batches", "propose"]

APPRAISED_FROM = (
    *PREDICTED_FROM,
    "settlements",
    "hamlets",
    "buildings",
    "fibre",
    "roads",
    "streets",
    "protected",
    "aerodromes",
    "population",
    "landcover",
    "floods",
    "sources",
)
APPRAISED_ON = ("terrain", "landcover", "water", "population", "floods")
SITE_COST_VND = 1_371_000_000  # VNPT Hà Tĩnh, c. 2021: 17 sites for 23.313 billion; press report


def appraise(
    plan: Plan,
    requests: "Path | str | gpd.GeoDataFrame | None" = None,
    *,
    batch: str | None = None,
    as_of: date | None = None,
    crs: str | None = None,
    searches: bool = True,
    progress: Progress | None = None,
) -> "Appraisal":
    """
    Appraise a batch of requested sites.

    Parameters
    ----------
    plan
        The plan.
    requests
        The operator's workbook, a table of layer `requests`, or None for a batch that the plan has.
    batch
        Name of the batch; the file's stem by default, or the plan's only batch.
    as_of
        Day for which rules are in force; None: the day the batch was received, where known.
    crs
        Reference system of the workbook's coordinates where it does not say, as an EPSG code.
    searches
        Whether other heights, places and masts are searched for and footprints drawn; without them
        the proposals are the same and come sooner. What the plan has already is not thrown away.
    progress
        Called with the share done.

    Returns
    -------
    appraisal
        A proposal for each request with its reasons, and the order of the batch. A request with a
        wrong cell is appraised as if the cell were empty; `faults` tells which, and which rows
        could not be appraised since their code is another's.

    Raises
    ------
    LayerError
        If the workbook as a whole is at fault, or more than half of its rows.
    SettingsError
        If the batch is not known; the message lists those that are.
    """
    from infraplan.coverage import people_grid
    from infraplan.sites import SiteRules
    from infraplan.sites import appraise_sites

    batch, rows, faults = _batch(plan, requests, batch, crs)
    inputs = radio_inputs(plan, resolution_m=stored_resolution_m(plan), rasters=APPRAISED_ON)
    rules_table = plan.configuration("rules")
    from infraplan.io import content_hash

    options = {
        "requests": content_hash(rows),
        "rules": rules_table,
        "profile": asdict(inputs.profile),
        "tuning": asdict(inputs.settings.tuning) if inputs.settings.tuning else None,
        "as_of": str(as_of),
        "resolution_m": stored_resolution_m(plan) or plan.settings.resolution_m,
        "headline": [plan.settings.technology, plan.settings.operator],
    }
    step = appraisal_step(batch)
    key = plan.step_key(step, plan.hashes(APPRAISED_FROM), options)
    rules = SiteRules.from_dict(rules_table)
    quick = plan.step_key(step, plan.hashes(APPRAISED_FROM), {**options, "searches": False})
    record = plan.record(step)
    if record is not None and record.key in ((key,) if searches else (key, quick)):
        return replace(load_appraisal(plan, batch, inputs.layers, rules), faults=faults)
    coverage = predict_around(
        plan,
        rows.geometry[rows.geometry.notna()],
        resolution_m=stored_resolution_m(plan),
        inputs=inputs,
        progress=part(progress, 0.0, 0.6),
    )
    grid = coverage.geobox
    appraisal = appraise_sites(
        inputs.layers,
        rows,
        cells=inputs.cells,
        coverage=coverage,
        people=people_grid(inputs.layers, grid).people,
        profile=inputs.profile,
        settings=coverage.settings,
        rules=rules,
        defaults=inputs.defaults,
        fibre_m=_fibre_m(inputs, rows),
        technology=plan.settings.technology,
        operator=plan.settings.operator,
        batch=batch,
        as_of=as_of,
        searches=searches,
        progress=part(progress, 0.6, 1.0),
    )
    store_appraisal(plan, appraisal, key=key if searches else quick)
    return replace(appraisal, faults=faults)


def propose(
    plan: Plan,
    *,
    sites: int | None = None,
    budget_vnd: float | None = None,
    technology: str | None = None,
    operator: str | None = None,
    coverage: "Coverage | None" = None,
    progress: Progress | None = None,
) -> "Proposal":
    """
    Choose where new sites reach the most people without service, with a bound on the best possible.

    Parameters
    ----------
    plan
        The plan.
    sites
        Number of sites to choose, >= 1; that of the plan where neither it nor a budget is given.
    budget_vnd
        Money to spend instead of a number of sites, > 0 [VND].
    technology
        Technology; that of the plan's headline where None.
    operator
        Operator, or `"any"`; that of the plan's headline where None.
    coverage
        Predicted coverage; read from the plan, or predicted, where None.
    progress
        Called with the share done.

    Returns
    -------
    proposal
        Sites in order with the people each adds, objective, bound and gap.

    Raises
    ------
    SettingsError
        If neither or both of `sites` and `budget_vnd` make sense.
    """
    from infraplan.coverage import people_grid
    from infraplan.sites import propose_sites

    if sites is not None and budget_vnd is not None:
        msg = "give a number of sites or a budget, not both"
        raise SettingsError(msg)
    count = sites if sites is not None or budget_vnd is not None else plan.settings.propose_sites
    if (count is not None and count < 1) or (budget_vnd is not None and budget_vnd <= 0):
        msg = "the number of sites must be at least 1, the budget more than 0 VND"
        raise SettingsError(msg)
    technology = technology or plan.settings.technology
    operator = operator or plan.settings.operator
    inputs = radio_inputs(plan, resolution_m=stored_resolution_m(plan))
    options = {
        "sites": count,
        "budget_vnd": budget_vnd,
        "service": [technology, operator],
        "profile": asdict(inputs.profile),
        "tuning": asdict(inputs.settings.tuning) if inputs.settings.tuning else None,
        "resolution_m": stored_resolution_m(plan) or plan.settings.resolution_m,
        "site_cost_vnd": SITE_COST_VND,
    }
    key = plan.step_key("proposal", plan.hashes((*APPRAISED_FROM, "candidates")), options)
    record = plan.record("proposal")
    if record is not None and record.key == key:
        return load_proposal(plan, inputs.layers)
    if coverage is None:
        coverage = predict(
            plan,
            technology=technology,
            operator=operator,
            resolution_m=stored_resolution_m(plan),
            progress=part(progress, 0.0, 0.4),
        )
    grid = coverage.geobox
    made = propose_sites(
        inputs.layers,
        cells=inputs.cells,
        coverage=coverage,
        people=people_grid(inputs.layers, grid).people,
        profile=inputs.profile,
        settings=coverage.settings,
        defaults=inputs.defaults,
        technology=technology,
        operator=operator,
        sites=count,
        budget_vnd=budget_vnd,
        site_cost_vnd=SITE_COST_VND,
        progress=part(progress, 0.4, 1.0),
    )
    store_proposal(plan, made, key=key)
    return made


def batches(plan: Plan) -> tuple[str, ...]:
    """
    Return the batches of requests that the plan has.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    batches
        Names, sorted.
    """
    requests = plan.table("requests")
    if not len(requests):
        return ()
    return tuple(sorted(set(requests["batch"].dropna().astype(str))))


def _batch(
    plan: Plan,
    requests: "Path | str | gpd.GeoDataFrame | None",
    batch: str | None,
    crs: str | None,
) -> tuple[str, "gpd.GeoDataFrame", tuple[Fault, ...]]:
    """Return the name and the rows of the batch that is meant, and what is wrong with them."""
    if requests is None:
        return *_stored_batch(plan, batch), ()
    if isinstance(requests, (str, Path)):
        from infraplan.io import read_layer

        path = Path(requests)
        name = batch or path.stem
        reading = read_layer(
            path, "requests", plan_crs=plan.settings.crs, crs=crs, places=known_places(plan)
        )
        rows = reading.table.assign(batch=name)
        old = plan.table("requests")
        kept = old[(old["batch"] != name) & ~old.index.isin(rows.index)] if len(old) else old
        register = pd.concat([kept, rows]) if len(kept) else rows
        plan.write_tables({"requests": register})
        return name, rows, reading.faults
    return batch or "batch", requests.assign(batch=batch or "batch"), ()


def _stored_batch(plan: Plan, batch: str | None) -> tuple[str, "gpd.GeoDataFrame"]:
    """Return a batch of the plan's register."""
    known = batches(plan)
    if not known:
        msg = "the plan has no requests; give the operator's file: infraplan appraise PLAN FILE"
        raise PlanError(msg)
    if batch is None and len(known) > 1:
        msg = f"the plan has several batches ({', '.join(known)}); choose one with --batch"
        raise SettingsError(msg)
    name = batch or known[0]
    matching = [entry for entry in known if name in (entry, file_stem(entry))]
    if not matching:
        msg = f"there is no batch '{name}'; the plan has {', '.join(known)}"
        raise SettingsError(msg)
    requests = plan.table("requests")
    return matching[0], requests[requests["batch"] == matching[0]]


def _fibre_m(inputs: RadioInputs, rows: "gpd.GeoDataFrame") -> "pd.Series[float] | None":
    """Return the distance of each request to the nearest cable, None where no cable is known."""
    from infraplan.cables import fibre_distance_m

    return fibre_distance_m(inputs.layers, rows) if inputs.layers.has("fibre") else None
