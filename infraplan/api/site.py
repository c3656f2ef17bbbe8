"""Should this tower be built."""

from dataclasses import asdict
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from typing import TypedDict

from infraplan.api.cover import PREDICTED_FROM
from infraplan.api.cover import RadioInputs
from infraplan.api.cover import coverage_key
from infraplan.api.cover import is_current
from infraplan.api.cover import predict_around
from infraplan.api.cover import radio_inputs
from infraplan.api.cover import stored_resolution_m
from infraplan.api.proposing import eligible_actions
from infraplan.api.register import Account
from infraplan.api.register import account_of
from infraplan.api.register import batches
from infraplan.api.register import receive
from infraplan.atomic import file_stem
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.plan import Plan
from infraplan.plan.results import appraisal_step
from infraplan.plan.results import load_appraisal
from infraplan.plan.results import store_appraisal
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.sites.register import OFFICE

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import xarray as xr
    from odc.geo.geobox import GeoBox

    from infraplan.coverage.fixes import ActionPrices
    from infraplan.layers.bundle import Layers
    from infraplan.sites import Appraisal
    from infraplan.sites import SiteRules
    from infraplan.sites.batch import Positions

__all__ = ["appraise"]

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
PEOPLE_FROM = (*APPRAISED_FROM, "districts")
WRITTEN = ("state", "due", *OFFICE)  # what the office wrote decides nothing of an appraisal


_held: "dict[str, xr.DataArray]" = {}  # people of the last appraisal, by what they were made of


class _Said(TypedDict, total=False):
    """What a person says of a letter."""

    crs: str | None
    letter: str | None
    letter_date: date | None
    received: date | None
    due: date | None


def appraise(  # noqa: PLR0913 - what a person says of a letter
    plan: Plan,
    requests: "Path | str | gpd.GeoDataFrame | None" = None,
    *,
    batch: str | None = None,
    as_of: date | None = None,
    crs: str | None = None,
    letter: str | None = None,
    letter_date: date | None = None,
    received: date | None = None,
    due: date | None = None,
    eligible: "Positions | None" = None,
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
        Name of the batch; that of `receive` by default, or the plan's only batch, or the only one
        that waits for a decision.
    as_of
        Day for which rules are in force; None: the day the batch was received, where known.
    crs
        Reference system of the workbook's coordinates where it does not say, as an EPSG code.
    letter
        Number of the letter, which wins over what the workbook says.
    letter_date
        Date of the letter, likewise.
    received
        Day it was received, likewise.
    due
        Day by which an answer is due, likewise.
    eligible
        What could be built instead, for the plan's headline, to hold the batch against the best
        that as many sites could do; that of the plan's proposal where None and there is one.
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
    from infraplan.coverage.fixes import ActionPrices
    from infraplan.sites import SiteRules
    from infraplan.sites import appraise_sites

    said = _Said(crs=crs, letter=letter, letter_date=letter_date, received=received, due=due)
    batch, rows, account = _batch(plan, requests, batch, said)
    inputs = radio_inputs(plan, resolution_m=stored_resolution_m(plan), rasters=APPRAISED_ON)
    rules_table = plan.configuration("rules")
    from infraplan.io import content_hash

    rules = SiteRules.from_dict(rules_table)
    register, near = _near_of(plan, rows, rules, as_of)
    prices = ActionPrices.from_dict(plan.configuration("actions"))
    options = {
        "requests": content_hash(rows.drop(columns=[c for c in WRITTEN if c in rows])),
        "near": near,
        "account": asdict(account),
        "rules": rules_table,
        "fibre_km": asdict(prices.actions["fibre_km"]),
        "profile": asdict(inputs.profile),
        "tuning": asdict(inputs.settings.tuning) if inputs.settings.tuning else None,
        "as_of": str(as_of),
        "resolution_m": stored_resolution_m(plan) or plan.settings.resolution_m,
        "headline": [plan.settings.technology, plan.settings.operator],
        "eligible": None if eligible is None else _told(eligible),
    }
    compared = _compared_with(plan, inputs) if searches and eligible is None else ""
    options |= {"compared": compared} if compared else {}
    step = appraisal_step(batch)
    key = plan.step_key(step, plan.hashes(APPRAISED_FROM), options)
    quick = plan.step_key(step, plan.hashes(APPRAISED_FROM), {**options, "searches": False})
    record = plan.record(step)
    if record is not None and record.key in ((key,) if searches else (key, quick)):
        kept = load_appraisal(plan, batch, inputs.layers, rules)
        written = _as_kept(kept, rows)
        if content_hash(written.requests) != content_hash(kept.requests):
            store_appraisal(plan, written, key=record.key)
        return written
    coverage = predict_around(
        plan,
        rows.geometry[rows.geometry.notna()],
        resolution_m=stored_resolution_m(plan),
        inputs=inputs,
        progress=part(progress, 0.0, 0.6),
    )
    if compared:
        eligible = eligible_actions(plan, progress=part(progress, 0.6, 0.7))
    grid = coverage.geobox
    cables = _cables(inputs, rows, prices)
    appraisal = appraise_sites(
        inputs.layers,
        rows,
        cells=inputs.cells,
        coverage=coverage,
        people=_people(plan, inputs.layers, grid),
        profile=inputs.profile,
        settings=coverage.settings,
        rules=rules,
        defaults=inputs.defaults,
        fibre_m=None if cables is None else cables["fibre_m"],
        fibre_road=cables,
        register=register,
        technology=plan.settings.technology,
        operator=plan.settings.operator,
        batch=batch,
        as_of=as_of,
        eligible=eligible,
        searches=searches,
        progress=part(progress, 0.7, 1.0),
    )
    appraisal = replace(
        appraisal,
        faults=account.faults,
        received_rows=account.received_rows,
        set_aside=account.set_aside,
    )
    store_appraisal(plan, appraisal, key=key if searches else quick)
    return appraisal


def _compared_with(plan: Plan, inputs: RadioInputs) -> str:
    """
    Return the key of the proposal whose positions the batch is held against, empty for none.

    Its footprints are kept, so that takes seconds; without a current coverage of the headline it
    would take minutes.
    """
    record = plan.record("proposal")
    headline = (plan.settings.technology, plan.settings.operator)
    current = is_current(plan, headline, coverage_key(plan, inputs, inputs.settings))
    if record is None or not current:
        return ""
    values = record.figures["values"]
    said = tuple(values[name]["value"] for name in ("technology", "operator"))
    return record.key if said == headline else ""


def _people(plan: Plan, layers: "Layers", grid: "GeoBox") -> "xr.DataArray":
    """Return the people on a grid, those of the last appraisal where nothing changed since."""
    from infraplan.coverage import people_grid

    placed = [*grid.shape, *map(float, tuple(grid.affine)[:6])]
    key = plan.step_key("people", plan.hashes(PEOPLE_FROM), {"grid": placed, "crs": layers.crs})
    if key not in _held:
        _held.clear()
        _held[key] = people_grid(layers, grid).people
    return _held[key]


def _told(eligible: "Positions") -> list[object]:
    """Return what tells some eligible positions from others."""
    from zlib import crc32

    covers = eligible.covers
    parts = (covers.indptr, covers.indices, eligible.demand.weight)
    names = "\n".join(str(name) for name in eligible.positions.index)
    return [crc32(names.encode()), *(crc32(part.tobytes()) for part in parts)]


def _batch(
    plan: Plan, requests: "Path | str | gpd.GeoDataFrame | None", batch: str | None, said: _Said
) -> tuple[str, "gpd.GeoDataFrame", Account]:
    """Return the name and the rows of the batch that is meant, and what became of its list."""
    if requests is None:
        name, rows = _stored_batch(plan, batch)
        return name, rows, account_of(plan, name)
    if isinstance(requests, (str, Path)):
        done = receive(plan, requests, batch=batch, **said)
        return done.batch, done.rows, done.account
    name = batch or "batch"
    return name, requests.assign(batch=name), Account(received_rows=len(requests))


def _stored_batch(plan: Plan, batch: str | None) -> tuple[str, "gpd.GeoDataFrame"]:
    """Return a batch of the plan's register: the one named, the only one, or the only one open."""
    known = batches(plan)
    if not known:
        msg = "the plan has no requests; give the operator's file: infraplan appraise PLAN FILE"
        raise PlanError(msg)
    waiting = batches(plan, only_open=True)
    if batch is None and len(known) > 1 and len(waiting) != 1:
        msg = f"the plan has several batches ({', '.join(known)}); choose one with --batch"
        raise SettingsError(msg)
    name = batch or (known[0] if len(known) == 1 else waiting[0])
    matching = [entry for entry in known if name in (entry, file_stem(entry))]
    if not matching:
        msg = f"there is no batch '{name}'; the plan has {', '.join(known)}"
        raise SettingsError(msg)
    requests = plan.table("requests")
    return matching[0], requests[requests["batch"] == matching[0]]


def _near_of(
    plan: Plan, rows: "gpd.GeoDataFrame", rules: "SiteRules", as_of: date | None
) -> tuple["gpd.GeoDataFrame", str]:
    """Return the register, and as text what of it bears on a batch."""
    from infraplan.sites.register import related_requests
    from infraplan.sites.register import request_changes

    register = plan.table("requests")
    held = rules.in_force(as_of).rules
    found = (
        related_requests(rows, register, plan.table("sites"), held),
        request_changes(rows, register),
    )
    return register, "\n".join(table.reset_index().to_csv(index=False) for table in found)


def _as_kept(appraisal: "Appraisal", rows: "gpd.GeoDataFrame") -> "Appraisal":
    """Return a kept appraisal with what the office wrote into the register since."""
    written = {
        name: rows[name].reindex(appraisal.requests.index) for name in WRITTEN if name in rows
    }
    return replace(appraisal, requests=appraisal.requests.assign(**written))


def _cables(
    inputs: RadioInputs, rows: "gpd.GeoDataFrame", prices: "ActionPrices"
) -> "pd.DataFrame | None":
    """Return how far each request is from the nearest cable and what a new one costs, if known."""
    from infraplan.cables import fibre_reach
    from infraplan.coverage.fixes import DETOUR

    if not inputs.layers.has("fibre"):
        return None
    reach = fibre_reach(inputs.layers, rows)
    # no way known: the straight line with the usual detour, as actions are priced
    cable_m = reach["fibre_road_m"].fillna(DETOUR * reach["fibre_m"])
    return reach.assign(fibre_cost_vnd=cable_m / 1_000.0 * prices.actions["fibre_km"].price_vnd)
