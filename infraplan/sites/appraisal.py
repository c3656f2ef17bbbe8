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
from infraplan.layers.grid import index_of
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.radio.results import ANY
from infraplan.sites.batch import BatchGains
from infraplan.sites.batch import Positions
from infraplan.sites.batch import batch_gains
from infraplan.sites.batch import batch_tables
from infraplan.sites.checks import check_batch
from infraplan.sites.checks import check_request
from infraplan.sites.gain import MODEL_ERROR_DB
from infraplan.sites.gain import Gain
from infraplan.sites.gain import Ground
from infraplan.sites.gain import station_cells
from infraplan.sites.gain import station_signals
from infraplan.sites.reasons import PROPOSALS
from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import as_json
from infraplan.sites.reasons import proposal_of
from infraplan.sites.reasons import sorted_reasons
from infraplan.sites.register import check_related
from infraplan.sites.register import related_requests
from infraplan.sites.register import request_changes
from infraplan.sites.rules import SiteRules
from infraplan.sites.scene import Scene
from infraplan.sites.scene import stations_of
from infraplan.sites.stability import Errors
from infraplan.sites.stability import stability_of
from infraplan.sites.study import empty_table
from infraplan.sites.surroundings import SAME_PLACE_M
from infraplan.sites.surroundings import Alternative
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings
from infraplan.sites.surroundings import technologies_of

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

    from infraplan.radio.cells import CellDefaults
    from infraplan.radio.results import Coverage
    from infraplan.radio.settings import RadioSettings
    from infraplan.radio.settings import ThresholdProfile

__all__ = ["PROPOSALS", "Appraisal", "appraise_sites"]

OFFICE = ("decision", "decided_by", "decided_on", "decision_reason", "field_check")
GAIN_COLUMNS = {
    "people_gained": "people",
    "people_gained_low": "low",
    "people_gained_high": "high",
    "area_gained_km2": "area_km2",
    "people_served": "served",
    "overlap_share": "overlap_share",
    "people_upgraded": "upgraded",
    "people_relieved": "relieved",
}


@dataclass(frozen=True, slots=True, eq=False)
class Appraisal:
    """
    A batch of requests with a proposal for each; the office decides.

    `requests` is the batch with `proposal`, `reasons` (JSON), gains of the headline technology and
    operator, `rank` and `marginal_people` in the order of the batch, and empty columns for the
    office's decision. `gains` is keyed by request, technology and operator (`"any"` included).
    `faults` are those of the list that the requests were read from, `received_rows` the rows that it
    had (0: not known) and `set_aside` what its owner calls those that could not be taken; what is
    left over were rows that repeat another in every cell. The tables from `alternatives`
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
    register: "gpd.GeoDataFrame | None" = None,
    technology: str = "4G",
    operator: str = ANY,
    batch: str = "batch",
    as_of: date | None = None,
    eligible: Positions | None = None,
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
    ground = Ground.of(people, coverage, terrain, _on_air(around))
    radio = Scene(ground, cells, settings, defaults, technology, operator)
    told = part(progress, 0.0, 1.0)
    batch_requests = _requests(requests, held, fibre_m)
    gains = _fill_gains(batch_requests, layers, radio)
    told(0.4)
    if "sharing" in held.rules:
        _fill_alternatives(batch_requests, around, radio, held)
    told(0.9)
    study: dict[str, pd.DataFrame] = {}
    if register is not None:
        study["related"] = related_requests(requests, register, layers.table("sites"), held.rules)
        study["changes"] = request_changes(requests, register)
    reasons = {
        request.request_id: check_request(request, around, held.rules)
        + check_batch(request, batch_requests, held.rules)
        + _register_reasons(request, study, held)
        for request in batch_requests
    }
    told(1.0)
    shared = batch_gains(batch_requests)
    filled = _filled(requests, batch_requests, reasons, around, shared)
    study = batch_tables(
        batch_requests, filled["proposal"], around, held.rules, radio,
        gains=shared, eligible=eligible,
    )  # fmt: skip
    study["stability"] = stability_of(
        batch_requests, reasons, around, held.rules, errors=Errors.of(settings, held.rules)
    )
    return Appraisal(
        requests=filled,
        gains=gains,
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
    request: Request, study: Mapping[str, pd.DataFrame], rules: SiteRules
) -> list[Reason]:
    """Return what the register holds against a request, nothing where it was not asked."""
    if "related" not in study or request.point is None:
        return []
    found = study["related"]
    return check_related(request.request_id, request.operator, found, rules.rules)


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
    table: "gpd.GeoDataFrame", rules: SiteRules, fibre_m: "pd.Series[float] | None"
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
            )
        )
    return made


def _float(value: Any) -> float:  # noqa: ANN401 - a field of a table
    """Return a number, NaN where it is missing."""
    return math.nan if value is None or pd.isna(value) else float(value)


def _fill_gains(requests: Sequence[Request], layers: Layers, radio: Scene) -> pd.DataFrame:
    """Predict the requested stations, note their gains, and return all of them as a table."""
    assert layers.terrain is not None  # noqa: S101 - asked for by the caller
    ready = {r.request_id: r for r in requests if not r.missing and _is_inside(r, radio.ground)}
    stations = stations_of(
        [(r.request_id, r, r.point, r.height_m) for r in ready.values()], layers.crs
    )
    cells = station_cells(stations, radio.cells, radio.defaults) if len(stations) else radio.cells
    for request in ready.values():
        request.cells = cells[cells["site_id"] == request.request_id]
        request.technology = _headline(request, radio)
    rows: dict[tuple[str, str, str], Gain] = {}
    for signal in station_signals(layers.terrain, stations, cells, settings=radio.settings):
        request = ready[signal.site_id]
        for operator in dict.fromkeys((ANY, str(request.operator), radio.operator)):
            gain = radio.ground.gain(signal, operator)
            rows[request.request_id, signal.technology, operator] = gain
            if signal.technology == request.technology:
                request.gain = gain if operator == radio.operator else request.gain
                request.own_gain = gain if operator == request.operator else request.own_gain
    keys = sorted(rows)
    index = pd.MultiIndex.from_tuples(keys, names=["request_id", "technology", "operator"])
    columns = {
        column: np.array([getattr(rows[key], name) for key in keys], dtype=np.float64)
        for column, name in GAIN_COLUMNS.items()
    }
    return pd.DataFrame(columns, index=index)


def _headline(request: Request, radio: Scene) -> str:
    """Return the headline's technology, or the highest that a request asks for."""
    wanted = [t for t in request.technologies if t in radio.ground.coverage.profile.technologies]
    return radio.technology if radio.technology in wanted else max(wanted, default="")


def _is_inside(request: Request, ground: Ground) -> bool:
    """Return whether a request lies on the grid."""
    if request.point is None:
        return False
    row, column = index_of(ground.geobox, request.point.x, request.point.y)
    rows, columns = ground.people.shape
    return bool(0 <= row < rows and 0 <= column < columns)


def _fill_alternatives(
    requests: Sequence[Request], around: Surroundings, radio: Scene, rules: SiteRules
) -> None:
    """Predict each request from the masts in its reach, at the height that is free on them."""
    terrain = around.layers.terrain
    assert terrain is not None  # noqa: S101 - asked for by the caller
    thresholds = rules.rules["sharing"].thresholds
    entries: dict[str, tuple[Request, Any, float, float, str, tuple[str, ...]]] = {}
    for request in requests:
        if request.own_gain is None or request.point is None:
            continue
        for place, mast in enumerate(_masts_in_reach(request, around, thresholds)):
            entries[f"{request.request_id}|{place}"] = (request, *mast)
    stations = stations_of(
        [(name, entry[0], entry[1], entry[3]) for name, entry in entries.items()],
        around.layers.crs,
    )
    if not entries:
        return
    cells = station_cells(stations, radio.cells, radio.defaults)
    wanted = sorted({entry[0].technology for entry in entries.values()})
    found = station_signals(terrain, stations, cells, settings=radio.settings, technologies=wanted)
    for signal in found:
        request, _, distance_m, height_m, mast_id, operators = entries[signal.site_id]
        if signal.technology == request.technology:
            gain = radio.ground.gain(signal, str(request.operator))
            other = Alternative(mast_id, operators, distance_m, height_m, gain)
            request.alternatives.append(other)
    for request in requests:
        request.alternatives.sort(key=lambda other: (other.distance_m, other.mast_id))


def _masts_in_reach(
    request: Request,
    around: Surroundings,
    thresholds: Any,  # noqa: ANN401 - numbers by name
) -> list[tuple[Any, float, float, str, tuple[str, ...]]]:
    """Return the nearest masts with room: point, distance, free height, id, users."""
    assert request.point is not None  # noqa: S101 - asked for by the caller
    radius = thresholds["urban_radius_m" if around.is_urban(request.point) else "rural_radius_m"]
    distance_m = around.station_distances_m(request.point)
    near = around.stations[distance_m <= radius].assign(_m=distance_m[distance_m <= radius])
    if not len(near) or float(near["_m"].min()) <= SAME_PLACE_M:
        return []  # it stands on a mast already
    own_id = near.index.to_series().astype(str)
    mast = (
        near["mast_id"].astype("object").where(near["mast_id"].notna(), own_id)
        if ("mast_id" in near)
        else own_id
    )
    found = []
    for mast_id, users in near.groupby(mast.to_numpy(), sort=True):
        operators = tuple(sorted(set(users["operator"].astype(str))))
        height = float(users["height_m"].max()) if users["height_m"].notna().any() else math.nan
        free_m = height - thresholds["clearance_m"] * len(users)
        # on the operator's own mast its equipment stands already; a height below the lowest, or
        # none known, leaves no room for more
        if request.operator in operators or not free_m >= thresholds["lowest_antenna_m"]:
            continue
        first = users.iloc[0]
        found.append((first.geometry, float(users["_m"].min()), free_m, str(mast_id), operators))
    found.sort(key=lambda entry: (entry[1], entry[3]))
    return found[: int(thresholds["masts"])]


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
        if column not in ("people_served", "people_relieved", "overlap_share"):
            columns[column] = {r.request_id: _of(r.gain, name) for r in requests}
    columns["overlap_share"] = {r.request_id: _of(r.own_gain, "overlap_share") for r in requests}
    columns["nearest_site_m"] = {r.request_id: _nearest_m(r, around) for r in requests}
    columns["fibre_m"] = {r.request_id: r.fibre_m for r in requests}
    columns["rank"] = {name: place for place, name in enumerate(order, start=1)}
    known = np.where(gains.is_known, 0.0, np.nan)
    columns["marginal_people"] = dict(zip(order, adds + known[places], strict=True))
    shared = {r.request_id: _shared(reasons[r.request_id]) for r in requests}
    columns["share_alternative"] = {name: mast for name, (mast, _) in shared.items()}
    columns["share_alternative_gain"] = {name: share for name, (_, share) in shared.items()}
    columns["last_in_people"] = dict(zip(gains.names, gains.last + known, strict=True))
    columns["shapley_people"] = dict(zip(gains.names, gains.shapley + known, strict=True))
    for column, values in columns.items():
        kind = "str" if column in ("proposal", "reasons", "share_alternative") else "float64"
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
