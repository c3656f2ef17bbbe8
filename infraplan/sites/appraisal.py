"""Should these towers be built: each rule with value and limit, gains, order of the batch."""

import math
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from functools import partial
from html import escape
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.errors import Fault
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.radio.results import ANY
from infraplan.sites.batch import BatchGains
from infraplan.sites.batch import Positions
from infraplan.sites.batch import batch_gains
from infraplan.sites.batch import batch_tables
from infraplan.sites.gain import MODEL_ERROR_DB
from infraplan.sites.gain import Gain
from infraplan.sites.gain import Ground
from infraplan.sites.gain import entry_losses_db
from infraplan.sites.links import find_links
from infraplan.sites.links import links_table
from infraplan.sites.predicted import GAIN_COLUMNS
from infraplan.sites.predicted import alternatives_table
from infraplan.sites.predicted import fill_alternatives
from infraplan.sites.predicted import fill_gains
from infraplan.sites.predicted import neighbours_told
from infraplan.sites.reasons import PROPOSALS
from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import as_json
from infraplan.sites.reasons import proposal_of
from infraplan.sites.reasons import sorted_reasons
from infraplan.sites.register import OFFICE
from infraplan.sites.register import check_related
from infraplan.sites.register import related_requests
from infraplan.sites.register import request_changes
from infraplan.sites.rules import SiteRules
from infraplan.sites.scene import Scene
from infraplan.sites.stability import Errors
from infraplan.sites.stability import stability_of
from infraplan.sites.study import empty_table
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings
from infraplan.sites.surroundings import technologies_of
from infraplan.sites.variants import findings
from infraplan.sites.variants import searched

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

    from infraplan.radio.cells import CellDefaults
    from infraplan.radio.results import Coverage
    from infraplan.radio.settings import RadioSettings
    from infraplan.radio.settings import ThresholdProfile

__all__ = ["PROPOSALS", "Appraisal", "appraise_sites"]

WORDS = ("proposal", "reasons", "share_alternative", "neighbours")
NOT_IN_REQUESTS = ("people_served", "overlap_share")  # or of another operator there
BY_ROAD = ("fibre_road_m", "fibre_cost_vnd")


@dataclass(frozen=True, slots=True, eq=False)
class Appraisal:
    """
    A batch of requests with a proposal for each; the office decides.

    `requests` is the batch with `proposal`, `reasons` (JSON), gains of the headline technology and
    operator, `rank` and `marginal_people` in the order of the batch, and empty columns for the
    office's decision. `gains` is keyed by request, technology and operator (`"any"` included).
    `faults` are those of the list that the requests were read from, `received_rows` how many it had
    (0: not known) and `set_aside` what its owner calls those that could not be taken; what is left
    over were rows that repeat another in every cell. The tables from `alternatives`
    on are described in `infraplan.sites.study`; `against` compares the batch with the best that as
    many sites could do: `sites` (those not rejected, of the headline's technology), `people` they
    reach on blocks of demand and `people_on_cells`, `best_people`, `bound`, `share` of the best,
    number of `positions`, `candidate_ids` of the best (its other sites are requests); empty where
    no eligible positions were handed in.
    """

    requests: "gpd.GeoDataFrame"
    gains: pd.DataFrame
    rules: SiteRules
    batch: str
    technology: str
    operator: str
    layers: Layers
    provenance: Provenance
    faults: tuple[Fault, ...] = ()
    received_rows: int = 0
    set_aside: tuple[str, ...] = ()
    against: Mapping[str, Any] = field(default_factory=dict)
    alternatives: pd.DataFrame = field(default_factory=partial(empty_table, "alternatives"))
    heights: pd.DataFrame = field(default_factory=partial(empty_table, "heights"))
    flips: pd.DataFrame = field(default_factory=partial(empty_table, "flips"))
    links: pd.DataFrame = field(default_factory=partial(empty_table, "links"))
    footprints: pd.DataFrame = field(default_factory=partial(empty_table, "footprints"))
    stability: pd.DataFrame = field(default_factory=partial(empty_table, "stability"))
    overlaps: pd.DataFrame = field(default_factory=partial(empty_table, "overlaps"))
    frontier: pd.DataFrame = field(default_factory=partial(empty_table, "frontier"))
    swaps: pd.DataFrame = field(default_factory=partial(empty_table, "swaps"))
    related: pd.DataFrame = field(default_factory=partial(empty_table, "related"))
    changes: pd.DataFrame = field(default_factory=partial(empty_table, "changes"))

    def _repr_html_(self) -> str:
        """Return a caption and the head of the table for a notebook."""
        shown = ["operator", "proposal", "people_gained", "marginal_people", "rank"]
        counts = self.requests["proposal"].value_counts()
        told = ", ".join(f"{name} {counts[name]}" for name in PROPOSALS if name in counts)
        caption = f"Appraisal of batch {self.batch}: {told}"
        table = pd.DataFrame(self.requests).reindex(columns=shown).head(10).round(0)
        return f"<p>{escape(caption)}</p>{table.to_html(escape=True)}"


def appraise_sites(  # noqa: PLR0913 - the layers, what was predicted from them, and the rules
    layers: Layers,
    requests: "gpd.GeoDataFrame",
    *,
    cells: pd.DataFrame,
    coverage: "Coverage",
    people: "xr.DataArray",
    profile: "ThresholdProfile",
    settings: "RadioSettings",
    rules: SiteRules,
    defaults: "CellDefaults",
    fibre_m: "pd.Series[float] | None" = None,
    fibre_road: pd.DataFrame | None = None,
    register: "gpd.GeoDataFrame | None" = None,
    technology: str = "4G",
    operator: str = ANY,
    batch: str = "batch",
    as_of: date | None = None,
    eligible: Positions | None = None,
    searches: bool = True,
    progress: Progress | None = None,
) -> Appraisal:
    """
    Appraise a batch of requested sites.

    Parameters
    ----------
    layers
        Layers of the plan, with terrain. A layer that is absent leaves its rules not assessed.
    requests
        Table as of layer `requests`; a missing position or field is asked for.
    cells
        Cells of the stations, and of the requests where they are known.
    coverage
        Present coverage, of every operator and of any.
    people
        Persons in each grid cell.
    profile
        Thresholds of service, those of the coverage.
    settings
        Settings of the area engine, those of the coverage.
    rules
        Rules; those in force on `as_of` are applied.
    defaults
        What the cells of the requests are derived from.
    fibre_m
        Distance to the nearest cable by request, >= 0; None where no cable is known [m].
    fibre_road
        By request `fibre_road_m`, the way to the nearest cable along roads (NaN: none known), and
        `fibre_cost_vnd`, what the cable costs; None: not computed.
    register
        All requests ever received, rows of the batch included; None leaves earlier and pending ones
        unasked.
    technology
        Technology of the headline figures; of a request without it, the highest it asks for.
    operator
        Operator of the headline figures, or `"any"`.
    batch
        Name of the batch.
    as_of
        Day for which rules and sources hold; None: rules without an end, sources of any age.
    eligible
        What could be built instead, of the headline's technology and operator; None: not compared.
    searches
        Whether other heights, places and masts are searched for and footprints drawn; without them
        the proposals are the same and their tables stay empty.
    progress
        Called with the share done.

    Returns
    -------
    appraisal
        A proposal for each request with its reasons, gains and the order of the batch.

    Raises
    ------
    PlanError
        If the layers have no terrain.
    GridMismatchError
        If people, coverage and terrain lie on different grids.

    Notes
    -----
    Gains compare the station with what stands today: a grid cell is gained where the station alone
    reaches the probability of `covered` and today's best does not; low and high take the station's
    signal 3 dB weaker and stronger, high also counts cells of unknown coverage. The order of the
    batch takes at each turn the request with the most people not gained by those before; rejected
    requests come last.
    """
    layers.need("terrain", step="the appraisal of sites")
    terrain = layers.terrain
    assert terrain is not None  # noqa: S101 - just asked for
    held = rules.in_force(as_of)
    around = Surroundings.of(layers, as_of, cells)
    entry_db = entry_losses_db(defaults)
    ground = Ground.of(people, coverage, terrain, _on_air(around), entry_db=entry_db)
    radio = Scene(ground, cells, settings, defaults, technology, operator)
    batch_requests = _requests(requests, held, fibre_m, fibre_road)
    find_links(batch_requests, around, held.rules)
    share = 0.4 if searches else 1.0  # of the work, what the proposals need
    gains, footprints = fill_gains(
        batch_requests, around, radio, held, footprints=searches,
        progress=part(progress, 0.0, 0.5 * share),
    )  # fmt: skip
    if "sharing" in held.rules:
        told = part(progress, 0.5 * share, 0.9 * share)
        fill_alternatives(batch_requests, around, radio, held, progress=told)
    study: dict[str, Any] = {}
    if register is not None:
        study["related"] = related_requests(requests, register, layers.table("sites"), held.rules)
        study["changes"] = request_changes(requests, register)
        for request in batch_requests:
            request.registered = _register_reasons(request, study["related"], held)
    reasons = {r.request_id: findings(r, batch_requests, around, held) for r in batch_requests}
    heights, flips = empty_table("heights"), empty_table("flips")
    if searches:
        told = part(progress, share, 1.0)
        heights, flips = searched(batch_requests, reasons, around, radio, held, progress=told)
    shared = batch_gains(batch_requests)
    filled = _filled(requests, batch_requests, reasons, around, shared)
    study |= batch_tables(
        batch_requests, filled["proposal"], around, held.rules, radio,
        gains=shared, eligible=eligible,
    )  # fmt: skip
    if searches:
        study["stability"] = stability_of(
            batch_requests, reasons, around, held.rules, errors=Errors.of(settings, held.rules)
        )
    part(progress, 0.0, 1.0)(1.0)
    return Appraisal(
        requests=filled,
        gains=gains,
        alternatives=alternatives_table(batch_requests),
        heights=heights,
        flips=flips,
        footprints=footprints,
        links=links_table(batch_requests),
        rules=held,
        batch=batch,
        technology=technology,
        operator=operator,
        layers=layers,
        provenance=Provenance(
            step="appraisal",
            version=_version(),
            settings={
                "profile": profile.name,
                "rules": rules.name,
                "model": settings.model,
                "radius_m": settings.radius_m,
                "model_error_db": MODEL_ERROR_DB,
                "as_of": None if as_of is None else as_of.isoformat(),
                "eligible_positions": None if eligible is None else len(eligible.positions),
            },
            synthetic=layers.synthetic(),
        ),
        **study,
    )


def _register_reasons(
    request: Request, related: pd.DataFrame, rules: SiteRules
) -> tuple[Reason, ...]:
    """Return what the register holds against a request."""
    if request.point is None:
        return ()
    return tuple(check_related(request.request_id, request.operator, related, rules.rules))


def _version() -> str:
    """Return the version of the package."""
    from infraplan import __version__

    return __version__


def _on_air(around: Surroundings) -> set[tuple[str, str]]:
    """Return technology and operator of every station that stands."""
    stations = around.stations
    pairs = zip(stations["technologies"], stations["operator"], strict=True)
    return {(name, str(operator)) for value, operator in pairs for name in technologies_of(value)}


def _requests(
    table: "gpd.GeoDataFrame",
    rules: SiteRules,
    fibre_m: "pd.Series[float] | None",
    fibre_road: pd.DataFrame | None,
) -> list[Request]:
    """Return the requests in the order of their ids."""
    position = rules.rules.get("position")
    usual_m = position.thresholds["default_accuracy_m"] if position else 0.0
    made = []
    for request_id, row in table.sort_index().iterrows():
        point = row[table.geometry.name]
        operator = row.get("operator")
        named = str(operator).strip() if pd.notna(operator) else ""
        accuracy = _float(row.get("accuracy_m"))
        made.append(
            Request(
                request_id=str(request_id),
                row=row,
                point=None if point is None or point.is_empty else point,
                operator=named or None,
                technologies=technologies_of(row.get("technologies")),
                height_m=_float(row.get("height_m")),
                accuracy_m=accuracy if math.isfinite(accuracy) else usual_m,
                fibre_m=math.nan if fibre_m is None else _float(fibre_m.get(request_id)),
                fibre_road_m=_of_row(fibre_road, request_id, "fibre_road_m"),
                fibre_cost_vnd=_of_row(fibre_road, request_id, "fibre_cost_vnd"),
            )
        )
    return made


def _of_row(table: pd.DataFrame | None, name: object, column: str) -> float:
    """Return a number of a table by request, NaN where there is no table or no such row."""
    return math.nan if table is None else _float(table[column].get(name))


def _float(value: Any) -> float:  # noqa: ANN401 - a field of a table
    """Return a number, NaN where it is missing."""
    return math.nan if value is None or pd.isna(value) else float(value)


def _filled(
    table: "gpd.GeoDataFrame",
    requests: Sequence[Request],
    reasons: dict[str, list[Reason]],
    around: Surroundings,
    gains: BatchGains,
) -> "gpd.GeoDataFrame":
    """Return the batch with proposals, reasons, gains and order."""
    result = table.copy()
    result.index = result.index.astype("str")
    proposals = {name: proposal_of(found) for name, found in reasons.items()}
    refused = np.array([proposals[name] == "reject" for name in gains.names], np.bool_)
    relieved = np.array([_of(r.gain, "relieved") for r in requests])
    places, adds = gains.order(refused, np.nan_to_num(relieved, nan=-1.0))
    order = [gains.names[place] for place in places]
    columns: dict[str, dict[str, Any]] = {
        "proposal": proposals,
        "reasons": {name: as_json(sorted_reasons(found)) for name, found in reasons.items()},
    }
    for column, name in GAIN_COLUMNS.items():
        if column not in NOT_IN_REQUESTS:
            columns[column] = {r.request_id: _of(r.gain, name) for r in requests}
    columns["people_gained_5g"] = {r.request_id: _of(r.gain_5g, "people") for r in requests}
    columns["neighbours"] = {
        r.request_id: None if r.own_gain is None else ";".join(neighbours_told(r.own_gain))
        for r in requests
    }
    columns["overlap_share"] = {r.request_id: _of(r.own_gain, "overlap_share") for r in requests}
    columns["nearest_site_m"] = {r.request_id: _nearest_m(r, around) for r in requests}
    for name in ("fibre_m", *BY_ROAD):
        columns[name] = {r.request_id: getattr(r, name) for r in requests}
    columns["rank"] = {name: place for place, name in enumerate(order, start=1)}
    known = np.where(gains.is_known, 0.0, np.nan)
    columns["marginal_people"] = dict(zip(order, adds + known[places], strict=True))
    shared = {r.request_id: _shared(reasons[r.request_id]) for r in requests}
    columns["share_alternative"] = {name: mast for name, (mast, _) in shared.items()}
    columns["share_alternative_gain"] = {name: share for name, (_, share) in shared.items()}
    columns["last_in_people"] = dict(zip(gains.names, gains.last + known, strict=True))
    columns["shapley_people"] = dict(zip(gains.names, gains.shapley + known, strict=True))
    for column, values in columns.items():
        kind = "str" if column in WORDS else "float64"
        kind = "int64" if column == "rank" else kind
        result[column] = pd.Series([values[name] for name in result.index], result.index, kind)
    for column in OFFICE:
        if column not in result:
            result[column] = pd.Series([None] * len(result), result.index, "str")
    return result


def _of(gain: Gain | None, name: str) -> float:
    """Return a figure of a gain, NaN where it could not be predicted."""
    return math.nan if gain is None else float(getattr(gain, name))


def _nearest_m(request: Request, around: Surroundings) -> float:
    """Return the distance to the nearest station that stands, NaN where there is none."""
    if request.point is None or not len(around.stations):
        return math.nan
    return float(around.station_distances_m(request.point).min())


def _shared(reasons: Sequence[Reason]) -> tuple[str | None, float]:
    """Return the best mast to share and the share of the gain that it would give."""
    for reason in reasons:
        if reason.rule.id == "sharing" and reason.value is not None and "mast" in reason.detail:
            return str(reason.detail["mast"]), reason.value
    return None, math.nan
