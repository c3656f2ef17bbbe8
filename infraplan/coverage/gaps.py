"""Who has no service, how sure that is, and why."""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from infraplan.coverage.areas import residential_areas
from infraplan.coverage.causes import causes_of
from infraplan.coverage.shares import RANGE_DB
from infraplan.coverage.shares import covered_shares
from infraplan.coverage.shares import levels_of
from infraplan.coverage.zonal import Zones
from infraplan.coverage.zonal import zones_over
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import same_grid
from infraplan.progress import Progress
from infraplan.progress import silent
from infraplan.radio.results import ANY
from infraplan.radio.results import Coverage

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

__all__ = ["LEVELS", "Definition", "Gaps", "find_gaps", "level_of"]

LEVELS = ("unknown", "none", "2g_only", "weak", "single_operator", "good")
SERVED = 0.9  # share of people from which an area counts as served
HARDLY = 0.5  # share below which it counts as without signal
TOO_UNKNOWN = 0.2  # share of people unknown from which no level is given
NEAR_EXPIRY_DAYS = 365
BROADBAND = ("3G", "4G", "5G")
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Definition:
    """
    What covered means in a table of shares: printed wherever a share is.

    `thresholds_dbm` are the service thresholds by technology; `range_db` is the systematic error
    that the low and the high of a share assume; `without` names technologies that no longer count
    on the day `as_of`; `missing` those that were not predicted.
    """

    technology: str
    operator: str
    denominator: str
    thresholds_dbm: Mapping[str, float]
    p_cov: float
    sigma_db: float
    model: str
    rays: str
    clutter: str
    radius_m: float
    resolution_m: float
    range_db: float
    as_of: str
    without: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """
    Residential areas with their service, and covered shares.

    `hamlets` holds a row for each hamlet and one `<commune>-rest` for the people outside all of
    them: `people`, `covered_share`, `people_uncovered` with `_low` and `_high`,
    `median_signal_dbm`, `level`, `cause`, `nearest_site`, `nearest_site_m`, `nearest_fibre_m`,
    `near_border`, `rank`, and `share_<technology>` of any operator. `shares` is the table of
    `covered_shares` for hamlets, communes and the province.
    """

    hamlets: "gpd.GeoDataFrame"
    shares: pd.DataFrame
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


def find_gaps(
    layers: Layers,
    people: "xr.DataArray",
    coverage: Coverage,
    *,
    technology: str = "4G",
    operator: str = ANY,
    as_of: date | None = None,
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
        Day for which technologies count as on air; None: all count.
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
        If the headline was not predicted.
    """
    show = progress or silent
    geobox = same_grid(people, coverage.bands(technology, operator))
    expired = expired_technologies(coverage, as_of)
    areas = residential_areas(layers, people)
    zones = zones_over(areas, geobox)
    show(0.2)
    shares = _all_shares(areas, zones, layers, people, coverage)
    show(0.7)
    reading = _reading(areas, zones, people, coverage, technology, operator)
    counted = [t for t in coverage.technologies if t not in expired]
    reading["level"] = _level_column(areas, zones, people, coverage, counted)
    ending = [t for t in counted if _ends_soon(coverage, t, as_of)]
    if ending:
        after = [t for t in counted if t not in ending]
        reading["level_without_expired"] = _level_column(areas, zones, people, coverage, after)
    hamlets = areas.join(reading)
    hamlets = hamlets.join(_surroundings(areas, layers, coverage, technology, operator))
    middles = _middles(zones, people, levels_of(coverage, technology, operator).covered)
    hamlets = hamlets.join(_causes(hamlets, middles, layers, coverage, (technology, operator)))
    order = hamlets["people_uncovered"].fillna(-1.0).to_numpy()
    place = np.lexsort((hamlets.index.to_numpy(dtype=str), -order))
    hamlets["rank"] = pd.Series(np.arange(1, len(hamlets) + 1), index=hamlets.index[place])
    show(1.0)
    missing = tuple(sorted(set(_listed(layers)) - set(coverage.technologies)))
    definition = Definition(
        technology=technology,
        operator=operator,
        denominator="people",
        thresholds_dbm={
            t: coverage.profile.technologies[t].service_dbm for t in coverage.technologies
        },
        p_cov=coverage.profile.p_cov,
        sigma_db=coverage.profile.sigma_db,
        model=coverage.settings.model,
        rays=coverage.settings.rays,
        clutter=coverage.settings.clutter,
        radius_m=coverage.settings.radius_m,
        resolution_m=float(geobox.affine.a),
        range_db=RANGE_DB,
        as_of="" if as_of is None else as_of.isoformat(),
        without=tuple(sorted(expired)),
        missing=missing,
    )
    return Gaps(
        hamlets=hamlets,
        shares=shares,
        definition=definition,
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
    if as_of is None:
        return frozenset()
    entries = coverage.profile.technologies
    return frozenset(
        name
        for name in coverage.technologies
        if entries[name].service_until and date.fromisoformat(entries[name].service_until) <= as_of
    )


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


def _all_shares(
    areas: "gpd.GeoDataFrame",
    zones: Zones,
    layers: Layers,
    people: "xr.DataArray",
    coverage: Coverage,
) -> pd.DataFrame:
    """Return shares of hamlets by people, of communes and the province by every denominator."""
    ground = np.asarray(zones.fractions[~areas["is_rest"].to_numpy()].sum(axis=0)).ravel()
    residential = np.clip(ground, 0.0, 1.0)
    codes, communes = pd.factorize(areas["commune_code"], sort=True)
    join = sparse.csr_array(
        (np.ones(len(areas)), (codes, np.arange(len(areas)))), shape=(len(communes), len(areas))
    )
    # communes and the province are summed from the same parts, so that the figures agree
    of_commune = sparse.csr_array(join @ zones.fractions)
    whole = sparse.csr_array(of_commune.sum(axis=0).reshape(1, -1))
    names = layers.table("communes")["name"]
    large = pd.DataFrame(
        {
            "area_level": ["commune"] * len(communes) + ["province"],
            "area_id": [*map(str, communes), "province"],
            "area_name": [*names.reindex(communes), layers.name],
        }
    )
    stacked = sparse.csr_array(sparse.vstack([of_commune, whole]))
    upper = covered_shares(
        coverage, people, large, Zones(large.index, stacked, zones.cell_m2), residential
    )
    small = pd.DataFrame(
        {
            "area_level": "hamlet",
            "area_id": areas.index.astype(str),
            "area_name": areas["name"].to_numpy(),
        }
    )
    lower = covered_shares(coverage, people, small, zones, residential)
    lower = lower[lower["denominator"] == "people"]
    return pd.concat([upper, lower], ignore_index=True)


def _reading(
    areas: "gpd.GeoDataFrame",
    zones: Zones,
    people: "xr.DataArray",
    coverage: Coverage,
    technology: str,
    operator: str,
) -> pd.DataFrame:
    """Return the headline's share, people without it, median signal and shares by technology."""
    weight, total = _weights(areas, zones, people)
    levels = levels_of(coverage, technology, operator)
    covered, low, high, unknown = (
        np.asarray(weight @ part) / total
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
            "median_signal_dbm": _median_signal(weight, coverage, technology, operator),
        },
        index=areas.index,
    )
    for name in coverage.technologies:
        if (name, ANY) in coverage.maps:
            of_any = levels_of(coverage, name, ANY).covered
            table[f"share_{name}"] = np.asarray(weight @ of_any) / total
    return table


def _weights(
    areas: "gpd.GeoDataFrame", zones: Zones, people: "xr.DataArray"
) -> tuple[sparse.csr_array, Floats]:
    """Return the weight of each grid cell in each area: people, or ground where nobody lives."""
    persons = people.to_numpy().astype(np.float64).ravel()
    by_people = sparse.csr_array(zones.fractions @ sparse.diags_array(persons))
    total = np.asarray(by_people.sum(axis=1)).ravel()
    nobody = total <= 0
    by_ground = sparse.csr_array(sparse.diags_array(nobody.astype(float)) @ zones.fractions)
    weight = sparse.csr_array(by_people + by_ground)
    total = np.asarray(weight.sum(axis=1)).ravel()
    del areas
    return weight, np.where(total > 0, total, np.nan)


def _median_signal(
    weight: sparse.csr_array, coverage: Coverage, technology: str, operator: str
) -> Floats:
    """Return the signal that half of the people of each area exceed; NaN where it is unknown."""
    signal = coverage.bands(technology, operator)["signal_dbm"].to_numpy().ravel()
    medians = np.full(weight.shape[0], np.nan)
    for area in range(weight.shape[0]):
        part = slice(weight.indptr[area], weight.indptr[area + 1])
        level, mass = signal[weight.indices[part]].astype(np.float64), weight.data[part]
        known = np.isfinite(level)
        if mass[known].sum() < (1.0 - HARDLY) * mass.sum() or not known.any():
            continue
        order = np.argsort(level[known], kind="stable")
        running = np.cumsum(mass[known][order])
        medians[area] = level[known][order][np.searchsorted(running, running[-1] / 2.0)]
    return medians


def _level_column(
    areas: "gpd.GeoDataFrame",
    zones: Zones,
    people: "xr.DataArray",
    coverage: Coverage,
    technologies: Iterable[str],
) -> list[str | None]:
    """
    Return the level of each area, counting some technologies only.

    None where none of 3G and better, or fewer operators than have stations, was predicted: the
    levels that say what is lacking would then claim what nobody looked at.
    """
    counted = [name for name in technologies if (name, ANY) in coverage.maps]
    seen = {name for name in coverage.technologies if name in BROADBAND}
    if not counted or not seen or not _all_operators(coverage):
        return [None] * len(areas)
    weight, total = _weights(areas, zones, people)
    found = {name: levels_of(coverage, name, ANY) for name in counted}
    best = np.max([level.covered for level in found.values()], axis=0)
    doubt = np.max([level.unknown for level in found.values()], axis=0) * (1.0 - best)
    broadband = [name for name in counted if name in BROADBAND]
    # an operator serves with whatever it has: one on 3G and another on 4G are two
    serving = np.zeros(best.size)
    for operator in coverage.operators:
        own = [levels_of(coverage, name, operator).covered for name in broadband]
        serving += np.max(own, axis=0) if own else 0.0
    second = (serving >= 2).astype(np.float64)
    shares = {name: np.asarray(weight @ level.covered) / total for name, level in found.items()}
    any_share = np.asarray(weight @ best) / total
    unknown = np.asarray(weight @ doubt) / total
    two = np.asarray(weight @ second) / total
    return [
        level_of(
            {name: float(share[n]) for name, share in shares.items()},
            second_share=float(two[n]),
            any_share=float(any_share[n]),
            unknown_share=float(unknown[n]),
        )
        if np.isfinite(any_share[n])
        else "unknown"
        for n in range(len(areas))
    ]


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


def _surroundings(
    areas: "gpd.GeoDataFrame",
    layers: Layers,
    coverage: Coverage,
    technology: str,
    operator: str,
) -> pd.DataFrame:
    """Return the nearest station of the headline and fibre, and whether the border is near."""
    import shapely

    table = pd.DataFrame(index=areas.index)
    at = areas.geometry.representative_point()
    cells = coverage.cells[technology]
    mine = cells if operator == ANY else cells[cells["operator"] == operator]
    sites = layers.table("sites")
    stations = sites[sites.index.isin(set(mine["site_id"]))].sort_index()
    table["nearest_site"] = pd.Series(pd.NA, index=areas.index, dtype="str")
    table["nearest_site_m"] = np.nan
    if len(stations):
        tree = shapely.STRtree(stations.geometry.to_numpy())
        nearest = tree.nearest(at.to_numpy())
        table["nearest_site"] = stations.index.to_numpy()[nearest]
        table["nearest_site_m"] = shapely.distance(
            stations.geometry.to_numpy()[nearest], at.to_numpy()
        )
    table["nearest_fibre_m"] = np.nan
    fibre = layers.table("fibre")
    if len(fibre):
        lines = fibre.geometry.to_numpy()
        nearest = shapely.STRtree(lines).nearest(at.to_numpy())
        table["nearest_fibre_m"] = shapely.distance(lines[nearest], at.to_numpy())
    border = layers.table("communes").geometry.union_all().boundary
    sea = layers.table("sea")
    if len(sea):
        border = border.difference(sea.geometry.union_all().buffer(coverage.settings.radius_m / 10))
    table["near_border"] = shapely.distance(at.to_numpy(), border) <= coverage.settings.radius_m
    return table


def _middles(zones: Zones, people: "xr.DataArray", covered: Floats) -> tuple[Floats, Floats]:
    """Return the cell in the middle of those without service, by people; NaN where all have it."""
    persons = people.to_numpy().astype(np.float64).ravel()
    columns = people.shape[1]
    at = np.full((2, zones.fractions.shape[0]), np.nan)
    for n in range(at.shape[1]):
        part = slice(zones.fractions.indptr[n], zones.fractions.indptr[n + 1])
        cell = zones.fractions.indices[part]
        mass = zones.fractions.data[part] * (persons[cell] + 1e-9) * (1.0 - covered[cell])
        if mass.sum() > 0.0:
            middle = cell[np.searchsorted(np.cumsum(mass), mass.sum() / 2.0)]
            at[0, n] = people["x"].to_numpy()[middle % columns]
            at[1, n] = people["y"].to_numpy()[middle // columns]
    return at[0], at[1]


def _causes(
    hamlets: "gpd.GeoDataFrame",
    middles: tuple[Floats, Floats],
    layers: Layers,
    coverage: Coverage,
    headline: tuple[str, str],
) -> pd.DataFrame:
    """Return why each area lacks the headline's service, and behind what; None where it has it."""
    lacking = (hamlets["covered_share"] < SERVED).to_numpy()
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
    )
    causes.loc[unknown, "cause"] = "unknown"
    return causes.set_index(hamlets.index)


def _listed(layers: Layers) -> list[str]:
    """Return the technologies that the stations of a plan list."""
    listed = layers.table("sites")["technologies"].dropna().str.split(";")
    return sorted({name for names in listed for name in names})
