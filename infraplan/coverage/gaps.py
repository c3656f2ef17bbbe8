"""Who has no service, how sure that is, and why."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.coverage.areas import residential_areas
from infraplan.coverage.causes import causes_of
from infraplan.coverage.criteria import NEW_RURAL
from infraplan.coverage.criteria import UNIVERSAL_SERVICE
from infraplan.coverage.criteria import CriteriaSet
from infraplan.coverage.criteria import rules_applied
from infraplan.coverage.dependence import people_lost
from infraplan.coverage.evidence import certainty_of_gaps
from infraplan.coverage.fixes import FixMeans
from infraplan.coverage.fixes import fixes_of
from infraplan.coverage.joint import joint_shares
from infraplan.coverage.joint import technologies_on_air
from infraplan.coverage.pieces import districts_of
from infraplan.coverage.pieces import households_each
from infraplan.coverage.pieces import levels_of_areas
from infraplan.coverage.pieces import pieces_of
from infraplan.coverage.programmes import listed_facts
from infraplan.coverage.programmes import new_rural
from infraplan.coverage.programmes import nothing_judged
from infraplan.coverage.programmes import universal_service
from infraplan.coverage.service import RANGE_DB
from infraplan.coverage.service import Service
from infraplan.coverage.service import service_of
from infraplan.coverage.shares import COUNTING
from infraplan.coverage.shares import SERVED
from infraplan.coverage.shares import TOO_UNKNOWN
from infraplan.coverage.shares import Parts
from infraplan.coverage.shares import covered_shares
from infraplan.coverage.shares import parts_of
from infraplan.coverage.surroundings import flood_share
from infraplan.coverage.surroundings import surroundings_of
from infraplan.coverage.zonal import zones_over
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import same_grid
from infraplan.layers.stations import on_air
from infraplan.progress import Progress
from infraplan.progress import silent
from infraplan.radio.results import ANY
from infraplan.radio.results import Coverage

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr
    from scipy import sparse

__all__ = ["LEVELS", "Definition", "Gaps", "find_gaps", "level_of"]

LEVELS = ("unknown", "none", "2g_only", "weak", "single_operator", "good")
HARDLY = 0.5  # share below which it counts as without signal
NEAR_EXPIRY_DAYS = 365
BROADBAND = ("3G", "4G", "5G")
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Definition:
    """
    What covered means in a table of shares: printed wherever a share is.

    `thresholds_dbm` are the service thresholds by technology; `range_db` is the systematic error
    that the low and the high of a share assume; `without` names technologies that no longer count
    on the day `as_of`; `missing` those on air that were not predicted, without which no level is
    told. `calibration` says what the
    model was tuned to, empty where it was not; `data_as_of` which days the lists of
    stations describe.
    """

    technology: str
    operator: str
    denominator: str
    thresholds_dbm: Mapping[str, float]
    p_cov: float
    sigma_db: float
    model: str
    calibration: str
    rays: str
    clutter: str
    radius_m: float
    resolution_m: float
    range_db: float
    as_of: str
    data_as_of: str
    without: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """
    Residential areas with their service, and covered shares.

    `hamlets` holds a row for each hamlet and one `<commune>-rest` for the people outside all of
    them: `people`, `covered_share`, `people_uncovered` with `_low` and `_high`,
    `median_signal_dbm`, `level`, the columns of `causes_of`, `surroundings_of` and (where prices
    were given) `fixes_of`, of `certainty_of_gaps`, `flood_share`, `rank`, `share_<technology>` of
    any operator and `share_<technology>_<operator>` of the headline's, those of `joint_shares`,
    `listed_facts` and (where rules were given) `universal_service`. `shares` is the table of
    `covered_shares` for hamlets, communes, former districts and the province; `n_minus_1` that of
    `people_lost`; `criteria` that of `new_rural`, a row for each commune and rule, and
    `criteria_rules` the rules that decided (both empty where none were given).
    """

    hamlets: "gpd.GeoDataFrame"
    shares: pd.DataFrame
    n_minus_1: pd.DataFrame
    criteria: pd.DataFrame
    criteria_rules: pd.DataFrame
    definition: Definition
    layers: Layers
    provenance: Provenance

    def _repr_html_(self) -> str:
        """Return a caption and the head of the table for a notebook."""
        counts = self.hamlets["level"].value_counts()
        told = ", ".join(f"{name} {counts[name]}" for name in LEVELS if name in counts)
        shown = ["name", "commune", "people", "covered_share", "people_uncovered", "level", "cause"]
        table = pd.DataFrame(self.hamlets).sort_values("rank").reindex(columns=shown).head(10)
        return f"<p>{escape(f'Gaps: {told}')}</p>{table.round(2).to_html(escape=True)}"


def find_gaps(  # noqa: PLR0913 - the layers, what was predicted from them, and what is asked
    layers: Layers,
    people: "xr.DataArray",
    coverage: Coverage,
    *,
    technology: str = "4G",
    operator: str = ANY,
    as_of: date | None = None,
    means: FixMeans | None = None,
    criteria: Iterable[CriteriaSet] = (),
    progress: Progress | None = None,
) -> Gaps:
    """
    Find residential areas without service, and the covered shares of all areas.

    Parameters
    ----------
    layers
        Bundle with `communes` and `sites`; `hamlets`, `fibre`, `sea` where there.
    people
        Persons per grid cell, of `people_grid`, on the grid of the coverage.
    coverage
        Prediction of `any` and of each operator, of the headline's technology at least.
    technology
        Technology of the headline.
    operator
        Operator of the headline, or `"any"`.
    as_of
        Day for which technologies count as on air and rules as in force; None: all technologies
        count, and the newest rules.
    means
        What fixes are made of and what they cost; no fix is looked for where None.
    criteria
        Rules of programmes, at most one set for each; what they decide is left out without.
    progress
        Called with the share done.

    Returns
    -------
    gaps
        Areas with their level and cause, and shares with their definition.

    Raises
    ------
    GridMismatchError
        If people and coverage lie on different grids.
    SettingsError
        If the headline was not predicted, or is switched off on the day.
    """
    show = progress or silent
    _check_on_air(technology, coverage, as_of)
    geobox = same_grid(people, coverage.bands(technology, operator, ("probability",)))
    areas = residential_areas(layers, people)
    pieces = pieces_of(areas, layers)
    of_area = pieces["area"].to_numpy()
    is_rest = areas["is_rest"].to_numpy()
    each = households_each(areas, layers)
    parts = parts_of(
        zones_over(pieces, geobox),
        people,
        is_residential=~is_rest[of_area],
        households_each=None if each is None else each[of_area],
    )
    show(0.2)
    ended = expired_technologies(coverage, as_of)
    lost = people_lost(parts, coverage, technology, without=ended)
    services = {
        name: service_of(coverage, name, cells=parts.cells) for name in coverage.technologies
    }
    show(0.5)
    levels = levels_of_areas(areas, pieces, layers)
    hamlet = np.where(is_rest[of_area], -1, of_area)
    shares = covered_shares(parts, services.values(), levels, hamlet)
    show(0.7)
    counted = _without(services, ended)
    by_area = parts.grouped(of_area, len(areas))
    reading = _reading(areas, by_area, coverage, services, (technology, operator))
    if each is not None:
        reading["households"] = areas["people"].to_numpy() * each
        reading["households_uncovered"] = reading["households"] * (1.0 - reading["covered_share"])
    seen = {} if _unseen(layers, coverage, as_of) else counted
    for name, levels_found in _levels(by_area, coverage, seen, as_of).items():
        reading[name] = levels_found
    hamlets = (
        areas.join(reading)
        .join(surroundings_of(areas, layers, coverage, technology, operator))
        .join(listed_facts(areas, layers))
        .join(_joint(by_area, counted, layers, ended, areas.index))
    )
    hamlets["district"] = districts_of(pieces, layers)
    hamlets["flood_share"] = flood_share(layers, by_area)
    at = _middles(people, by_area, services[technology].levels(operator).covered)
    hamlets = hamlets.join(_causes(hamlets, at, layers, coverage, (technology, operator), means))
    if means is not None:
        weights = by_area.matrix(people.size)
        found = _fixes(hamlets, weights, layers, coverage, (technology, operator), means)
        hamlets = hamlets.join(found)
    hamlets = hamlets.join(
        certainty_of_gaps(
            hamlets, layers.table("evidence"), technology=technology, operator=operator
        )
    )
    hamlets["rank"] = _rank(hamlets["people_uncovered"])
    hamlets, fulfilled, applied = _judged(hamlets, layers, criteria, as_of)
    show(1.0)
    return Gaps(
        hamlets=hamlets,
        shares=shares,
        n_minus_1=lost,
        criteria=fulfilled,
        criteria_rules=applied,
        definition=_definition(layers, coverage, (technology, operator), as_of),
        layers=layers,
        provenance=Provenance(
            step="gaps",
            version=coverage.provenance.version,
            inputs=coverage.provenance.inputs,
            settings=coverage.provenance.settings,
            synthetic=layers.synthetic(),
            notes=coverage.provenance.notes,
        ),
    )


def _joint(
    areas: Parts,
    services: Mapping[str, Service],
    layers: Layers,
    expired: Collection[str],
    index: "pd.Index[str]",
) -> pd.DataFrame:
    """Return the shares of people with telephone and with broadband of any operator."""
    listed = technologies_on_air(layers) - set(expired)
    return joint_shares(areas, services, listed).set_index(index)


def _judged(
    hamlets: "gpd.GeoDataFrame", layers: Layers, criteria: Iterable[CriteriaSet], as_of: date | None
) -> tuple["gpd.GeoDataFrame", pd.DataFrame, pd.DataFrame]:
    """Return hamlets, communes and rules with what programmes say to them."""
    sets = {rules.programme: rules for rules in criteria}
    fulfilled = nothing_judged()
    if NEW_RURAL in sets:
        fulfilled = new_rural(hamlets, layers, sets[NEW_RURAL], as_of=as_of)
    if UNIVERSAL_SERVICE in sets:
        eligible = universal_service(hamlets, layers, sets[UNIVERSAL_SERVICE], as_of=as_of)
        hamlets = hamlets.join(eligible)
    return hamlets, fulfilled, rules_applied(sets.values(), as_of=as_of)


def _fixes(
    hamlets: pd.DataFrame,
    weights: "sparse.csr_array",
    layers: Layers,
    coverage: Coverage,
    headline: tuple[str, str],
    means: FixMeans,
) -> pd.DataFrame:
    """Return the cheapest fix of each hamlet."""
    technology, operator = headline
    return fixes_of(
        layers,
        coverage,
        hamlets,
        weights,
        technology=technology,
        operator=operator,
        means=means,
    )


def _without(services: Mapping[str, Service], names: Collection[str]) -> dict[str, Service]:
    """Return services without some technologies."""
    return {name: of for name, of in services.items() if name not in names}


def _rank(people_uncovered: "pd.Series[float]") -> "pd.Series[int]":
    """Return the place of each area by the people without service; ties by id."""
    lacking = people_uncovered.fillna(-1.0).to_numpy()
    order = np.lexsort((people_uncovered.index.to_numpy(dtype=str), -lacking))
    place = np.arange(1, len(people_uncovered) + 1)
    return pd.Series(place, index=people_uncovered.index[order])


def _definition(
    layers: Layers, coverage: Coverage, headline: tuple[str, str], as_of: date | None
) -> Definition:
    """Return what covered means in the tables of a prediction."""
    profile, settings = coverage.profile, coverage.settings
    return Definition(
        technology=headline[0],
        operator=headline[1],
        denominator="people",
        thresholds_dbm={t: profile.technologies[t].service_dbm for t in coverage.technologies},
        p_cov=profile.p_cov,
        sigma_db=profile.sigma_db,
        model=settings.model,
        calibration=profile.sigma_source if settings.tuning else "",
        rays=settings.rays,
        clutter=settings.clutter,
        radius_m=settings.radius_m,
        resolution_m=float(coverage.geobox.affine.a),
        range_db=RANGE_DB,
        as_of="" if as_of is None else as_of.isoformat(),
        data_as_of=_data_as_of(layers),
        without=tuple(sorted(expired_technologies(coverage, as_of))),
        missing=tuple(sorted(set(_listed(layers)) - set(coverage.technologies))),
    )


def expired_technologies(coverage: Coverage, as_of: date | None) -> frozenset[str]:
    """
    Return the technologies that are switched off on a day.

    Parameters
    ----------
    coverage
        Prediction, with the profile that knows the days.
    as_of
        Day; None: none is switched off.

    Returns
    -------
    expired
        Their names.
    """
    return frozenset(name for name in coverage.technologies if _is_off(name, coverage, as_of))


def _is_off(technology: str, coverage: Coverage, as_of: date | None) -> bool:
    """Return whether a technology is switched off on a day."""
    entry = coverage.profile.technologies.get(technology)
    if as_of is None or entry is None or not entry.service_until:
        return False
    return date.fromisoformat(entry.service_until) <= as_of


def _check_on_air(technology: str, coverage: Coverage, as_of: date | None) -> None:
    """Refuse a headline that gives no service any more on the day asked for."""
    if _is_off(technology, coverage, as_of):
        until = coverage.profile.technologies[technology].service_until
        msg = (
            f"{technology} is switched off since {until}, so it serves nobody on {as_of}: choose "
            "another technology (--technology), or an earlier day (--as-of)"
        )
        raise SettingsError(msg)


def _unseen(layers: Layers, coverage: Coverage, as_of: date | None) -> list[str]:
    """Return technologies that count but were not predicted: without them no level is known."""
    lacking = set(_listed(layers)) - set(coverage.technologies)
    return sorted(name for name in lacking if not _is_off(name, coverage, as_of))


def level_of(
    shares: Mapping[str, float], *, second_share: float, any_share: float, unknown_share: float
) -> str:
    """
    Return the level of service of an area.

    Parameters
    ----------
    shares
        Covered share of people by technology, of any operator; those that count only.
    second_share
        Share of people for whom two operators or more give 3G or better.
    any_share
        Share of people with any technology of any operator.
    unknown_share
        Share of people of whom nothing is known.

    Returns
    -------
    level
        The first that holds of `unknown` (more than 0.2 unknown), `none` (any below 0.5),
        `2g_only` (2G at least 0.9, 3G and better below), `weak` (best of 3G and better below 0.9),
        `single_operator` (second operator below 0.9), `good`.
    """
    broadband = max((shares[t] for t in BROADBAND if t in shares), default=0.0)
    if unknown_share > TOO_UNKNOWN:
        return "unknown"
    if any_share < HARDLY:
        return "none"
    if shares.get("2G", 0.0) >= SERVED and broadband < SERVED:
        return "2g_only"
    if broadband < SERVED:
        return "weak"
    return "single_operator" if second_share < SERVED else "good"


def _reading(
    areas: "gpd.GeoDataFrame",
    grouped: Parts,
    coverage: Coverage,
    services: Mapping[str, Service],
    headline: tuple[str, str],
) -> pd.DataFrame:
    """Return the headline's share, people without it, median signal and shares by technology."""
    technology, operator = headline
    total = np.bincount(grouped.part, grouped.own, len(areas))
    total = np.where(total > 0, total, np.nan)
    levels = services[technology].levels(operator)
    covered, low, high, unknown = (
        grouped.sums(part, grouped.own) / total
        for part in (levels.covered, levels.low, levels.high, levels.unknown)
    )
    persons = areas["people"].to_numpy(dtype=np.float64)
    table = pd.DataFrame(
        {
            "covered_share": covered,
            "unknown_share": unknown,
            "people_uncovered": persons * (1.0 - covered),
            "people_uncovered_low": persons * (1.0 - high),
            "people_uncovered_high": persons * (1.0 - low),
            "median_signal_dbm": _median_signal(grouped, coverage, technology, operator),
        },
        index=areas.index,
    )
    for name, service in services.items():
        if ANY in service.names:
            of_any = service.levels(ANY).covered
            table[f"share_{name}"] = grouped.sums(of_any, grouped.own) / total
    for name in services[technology].operators:
        of_one = services[technology].levels(name).covered
        table[f"share_{technology}_{name}"] = grouped.sums(of_one, grouped.own) / total
    return table


def _median_signal(grouped: Parts, coverage: Coverage, technology: str, operator: str) -> Floats:
    """Return the signal that half of the people of each area exceed; NaN where it is unknown."""
    band = coverage.bands(technology, operator, ("signal_dbm",))["signal_dbm"].to_numpy().ravel()
    signal = band[grouped.cells][grouped.cell]
    medians = np.full(grouped.count, np.nan)
    known = np.isfinite(signal)
    mass = np.bincount(grouped.part, grouped.own, grouped.count)
    mass_known = np.bincount(grouped.part[known], grouped.own[known], grouped.count)
    # an order by level, then by area, puts each area's signals one after the other
    order = np.argsort(signal[known], kind="stable")
    order = order[np.argsort(grouped.part[known][order], kind="stable")]
    level, weight = signal[known][order], grouped.own[known][order]
    ends = np.cumsum(np.bincount(grouped.part[known], minlength=grouped.count))
    running = np.concatenate([[0.0], np.cumsum(weight)])
    starts = np.concatenate([[0], ends[:-1]])
    for area in np.flatnonzero((mass_known > 0) & (mass_known >= (1.0 - HARDLY) * mass)):
        own = running[starts[area] + 1 : ends[area] + 1]
        middle = (running[starts[area]] + running[ends[area]]) / 2.0
        at = min(int(np.searchsorted(own, middle)), own.size - 1)
        medians[area] = level[starts[area] + at]
    return medians


def _levels(
    grouped: Parts, coverage: Coverage, services: Mapping[str, Service], as_of: date | None
) -> dict[str, list[str | None]]:
    """Return the levels of areas, and those without technologies that soon end; none of nothing."""
    found = {"level": _level_column(grouped, coverage, services)}
    ending = [name for name in services if _ends_soon(coverage, name, as_of)]
    if ending:
        kept = _without(services, ending)
        found["level_without_expired"] = _level_column(grouped, coverage, kept)
    return found


def _level_column(
    grouped: Parts, coverage: Coverage, services: Mapping[str, Service]
) -> list[str | None]:
    """
    Return the level of each area, counting the technologies of `services` only.

    None where none of 3G and better, or fewer operators than have stations, was predicted: the
    levels that say what is lacking would then claim what nobody looked at.
    """
    counted = {name: of for name, of in services.items() if ANY in of.names}
    seen = {name for name in coverage.technologies if name in BROADBAND}
    if not counted or not seen or not _all_operators(coverage):
        return [None] * grouped.count
    total = np.bincount(grouped.part, grouped.own, grouped.count)
    found = {name: of.levels(ANY) for name, of in counted.items()}
    best = np.any([level.covered for level in found.values()], axis=0)
    doubt = np.any([level.unknown for level in found.values()], axis=0) & ~best
    # an operator serves with whatever it has: one on 3G and another on 4G are two
    serving = np.zeros(grouped.cells.size, dtype=np.uint16)
    for name, of in counted.items():
        if name in BROADBAND:
            serving |= _by_operator(of, coverage.operators)
    second = np.bitwise_count(serving) >= 2
    share = {
        name: grouped.sums(level.covered, grouped.own) / np.where(total > 0, total, np.nan)
        for name, level in found.items()
    }
    any_share, unknown, two = (
        grouped.sums(values, grouped.own) / np.where(total > 0, total, np.nan)
        for values in (best, doubt, second)
    )
    return [
        level_of(
            {name: float(of[n]) for name, of in share.items()},
            second_share=float(two[n]),
            any_share=float(any_share[n]),
            unknown_share=float(unknown[n]),
        )
        if np.isfinite(any_share[n])
        else "unknown"
        for n in range(grouped.count)
    ]


def _by_operator(service: Service, operators: tuple[str, ...]) -> npt.NDArray[np.uint16]:
    """Return the operators that cover each place, a bit for each of `operators`."""
    packed = np.zeros_like(service.covered)
    for number, name in enumerate(operators):
        if name in service.names:
            bit = (service.covered >> np.uint16(service.names.index(name))) & np.uint16(1)
            packed |= bit << np.uint16(number)
    return packed


def _all_operators(coverage: Coverage) -> bool:
    """Return whether every operator on air was predicted with every technology predicted."""
    operators = {name for table in coverage.cells.values() for name in table["operator"].dropna()}
    pairs = {(technology, name) for technology in coverage.technologies for name in operators}
    return pairs <= set(coverage.maps)


def _ends_soon(coverage: Coverage, technology: str, as_of: date | None) -> bool:
    """Return whether a technology that still counts has a last day within a year, or any at all."""
    until = coverage.profile.technologies[technology].service_until
    if not until:
        return False
    return as_of is None or (date.fromisoformat(until) - as_of).days <= NEAR_EXPIRY_DAYS


def _middles(
    people: "xr.DataArray", grouped: Parts, covered: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return the cell in the middle of those without service, by people; NaN where all have it."""
    lacking = grouped.own * (1.0 - covered[grouped.cell])
    order = np.argsort(grouped.part, kind="stable")
    part, running = grouped.part[order], np.cumsum(lacking[order])
    ends = np.cumsum(np.bincount(part, minlength=grouped.count))
    before = np.concatenate([[0.0], running])[np.concatenate([[0], ends[:-1]])]
    after = np.concatenate([[0.0], running])[ends]
    at = np.searchsorted(running, (before + after) / 2.0)
    found = np.flatnonzero(after > before)
    cell = grouped.cells[grouped.cell[order][np.minimum(at[found], part.size - 1)]]
    x_m, y_m = np.full(grouped.count, np.nan), np.full(grouped.count, np.nan)
    x_m[found] = people["x"].to_numpy()[cell % people.shape[1]]
    y_m[found] = people["y"].to_numpy()[cell // people.shape[1]]
    return x_m, y_m


def _causes(
    hamlets: "gpd.GeoDataFrame",
    middles: tuple[Floats, Floats],
    layers: Layers,
    coverage: Coverage,
    headline: tuple[str, str],
    means: FixMeans | None,
) -> pd.DataFrame:
    """Return why each area lacks the headline's service, and behind what; None where it has it."""
    lacking = (hamlets["covered_share"] < SERVED - COUNTING).to_numpy()
    unknown = lacking & (hamlets["unknown_share"] > TOO_UNKNOWN).to_numpy()
    asked = lacking & ~unknown
    others = [f"share_{name}" for name in coverage.technologies if name != headline[0]]
    causes = causes_of(
        layers,
        coverage,
        (np.where(asked, middles[0], np.nan), np.where(asked, middles[1], np.nan)),
        technology=headline[0],
        operator=headline[1],
        has_other=(hamlets.reindex(columns=others).max(axis=1) >= HARDLY).to_numpy(),
        cells=None if means is None else means.cells,
    )
    causes.loc[unknown, "cause"] = "unknown"
    return causes.set_index(hamlets.index)


def _data_as_of(layers: Layers) -> str:
    """Return the days that the lists of stations describe, oldest and newest; empty if unknown."""
    sources = layers.table("sources")
    if not len(sources):
        return ""
    days = sorted(set(sources.loc[sources["layer"] == "sites", "as_of"].dropna().astype(str)))
    return "" if not days else days[0] if len(days) == 1 else f"{days[0]} - {days[-1]}"


def _listed(layers: Layers) -> list[str]:
    """Return the technologies that the stations on air list."""
    listed = on_air(layers.table("sites"))["technologies"].dropna().str.split(";")
    return sorted({name for names in listed for name in names})
