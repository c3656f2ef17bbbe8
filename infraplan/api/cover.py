"""Where is there signal, and who has none: coverage and gaps of a plan."""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from typing import Any

from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.plan import Plan
from infraplan.plan.results import coverage_step
from infraplan.plan.results import load_coverage
from infraplan.plan.results import load_gaps
from infraplan.plan.results import store_bands
from infraplan.plan.results import store_coverage
from infraplan.plan.results import store_gaps
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.radio.results import ANY
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import xarray as xr
    from odc.geo.geobox import GeoBox

    from infraplan.coverage import Gaps
    from infraplan.coverage.fixes import FixMeans
    from infraplan.layers.bundle import Layers
    from infraplan.radio.area import Sink
    from infraplan.radio.cells import CellDefaults
    from infraplan.radio.results import Coverage

__all__ = [
    "RadioInputs",
    "engine_settings",
    "gaps",
    "predict",
    "predict_around",
    "radio_inputs",
    "usual_settings",
]

PREDICTED_FROM = ("communes", "sea", "sites", "cells", "terrain", "water")
BYTES_PER_CELL = 50  # servers kept, of one technology and operator
MEMORY_BYTES = 4_000_000_000
BYTES_PER_PAIR_CELL = 24  # six bands
HELD_BYTES = 1_500_000_000  # of bands held in memory; more are read back when they are asked for
GAPS_FORMAT = 5  # of what is kept: a plan of an older version computes its gaps anew
MOST_OF_THE_AREA = 0.6  # from this share on, the whole area is predicted and kept
CRITERIA = ("new-rural", "universal-service")
GAPS_FROM = (
    *PREDICTED_FROM,
    "settlements",
    "hamlets",
    "buildings",
    "districts",
    "fibre",
    "roads",
    "streets",
    "power",
    "evidence",
    "population",
    "floods",
    "sources",
)


@dataclass(frozen=True, slots=True, eq=False)
class RadioInputs:
    """What every radio step of a plan starts from: layers, cells on air, thresholds, defaults."""

    layers: "Layers"
    cells: "pd.DataFrame"
    profile: ThresholdProfile
    defaults: "CellDefaults"
    settings: RadioSettings


def radio_inputs(
    plan: Plan,
    settings: RadioSettings | None = None,
    *,
    resolution_m: float | None = None,
    rasters: Iterable[str] = ("terrain", "landcover", "water", "population"),
    names: Iterable[str] | None = None,
    around_m: tuple[float, float, float] | None = None,
) -> RadioInputs:
    """
    Read what radio steps need.

    Parameters
    ----------
    plan
        The plan.
    settings
        Settings of the engine; those that the plan calls for where None (`usual_settings`).
    resolution_m
        Side of a grid cell, > 0; that of the plan where None [m].
    rasters
        Rasters to read onto the grid.
    names
        Layers to read; all where None.
    around_m
        Point and how far around it rasters are wanted, as in `Plan.layers`; all where None [m].

    Returns
    -------
    inputs
        Layers on the grid, cells with the missing ones derived, thresholds and defaults.

    Raises
    ------
    PlanError
        If the plan lacks communes, stations or terrain.
    """
    from infraplan.radio.cells import CellDefaults
    from infraplan.radio.cells import check_cells
    from infraplan.radio.cells import derive_cells

    layers = plan.layers(names, rasters=rasters, resolution_m=resolution_m, around_m=around_m)
    layers.need("communes", "sites", "terrain", step="coverage")
    defaults = CellDefaults.from_dict(read_toml(data_path("cells/defaults.toml")))
    antennas = plan.antennas()
    check_cells(layers.table("cells"), layers.table("sites"), antennas).refuse()
    cells = derive_cells(layers.table("sites"), layers.table("cells"), defaults, antennas)
    if not len(cells):
        msg = (
            "no station on air lists a technology: fill the column technologies (2G;3G;4G) of the "
            "stations, or import layer cells"
        )
        raise PlanError(msg)
    settings = settings or usual_settings(plan)
    profile = ThresholdProfile.from_dict(plan.configuration("thresholds"))
    if settings.model == "tuned" and settings.tuning is not None:
        profile = replace(
            profile, sigma_db=settings.tuning.sigma_db, sigma_source="held-out measurements"
        )
    return RadioInputs(
        layers=layers, cells=cells, profile=profile, defaults=defaults, settings=settings
    )


def engine_settings(
    plan: Plan, *, model: str = "", rays: str = "radial", radius_m: float = 10_000.0
) -> RadioSettings:
    """
    Return settings of the engine with some of them chosen.

    Parameters
    ----------
    plan
        The plan.
    model
        `"p1812"`, `"free_space"` or `"tuned"`; what the plan calls for where empty.
    rays
        `"radial"` or `"cell"`.
    radius_m
        How far a station is followed, > 0 [m].

    Returns
    -------
    settings
        Checked settings.

    Raises
    ------
    SettingsError
        If one is unknown, or the plan has no tuned model.
    """
    usual = usual_settings(plan)
    model = model or usual.model
    tuning = plan.tuned() if model == "tuned" else None
    return RadioSettings(model=model, rays=rays, radius_m=radius_m, tuning=tuning)


def usual_settings(plan: Plan) -> RadioSettings:
    """
    Return the settings of the engine that a plan calls for.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    settings
        With the model tuned to the plan's measurements where they showed it to be better, else the
        defaults.
    """
    tuning = plan.tuned()
    if tuning is not None and tuning.is_better:
        return RadioSettings(model="tuned", tuning=tuning)
    return RadioSettings()


def predict(
    plan: Plan,
    settings: RadioSettings | None = None,
    *,
    technology: str | Iterable[str] | None = None,
    operator: str | Iterable[str] | None = None,
    resolution_m: float | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> "Coverage":
    """
    Predict coverage and keep it in the plan; what is up to date is read, not computed.

    Parameters
    ----------
    plan
        The plan.
    settings
        Settings of the engine; the defaults where None.
    technology
        Technology or technologies; all that are on air where None.
    operator
        Operator or operators, `"any"` for the best of all; every operator and `any` where None.
    resolution_m
        Side of a grid cell, > 0; that of the plan where None [m].
    workers
        Threads, >= 1; as many as cores where None. The result does not depend on it.
    progress
        Called with the share done.

    Returns
    -------
    coverage
        Bands for each technology and operator asked for.

    Raises
    ------
    PlanError
        If the plan lacks communes, stations or terrain.
    SettingsError
        If a technology or operator is not on air.
    """
    inputs = radio_inputs(plan, settings, resolution_m=resolution_m)
    wanted = _wanted(inputs, technology, operator)
    return _predicted(plan, inputs, wanted, workers, progress)


def _predicted(
    plan: Plan,
    inputs: RadioInputs,
    wanted: list[tuple[str, str]],
    workers: int | None = None,
    progress: Progress | None = None,
) -> "Coverage":
    """Return the coverage of pairs: what the plan keeps of it is read, the rest computed."""
    settings = inputs.settings
    key = coverage_key(plan, inputs, settings)
    missing = [pair for pair in wanted if not is_current(plan, pair, key)]
    if missing:
        made = _compute(plan, inputs, settings, missing, key, workers, part(progress, 0.0, 0.95))
        if len(missing) == len(wanted):
            return made
    part(progress, 0.95, 1.0)(1.0)
    return load_coverage(plan, wanted, profile=inputs.profile, settings=settings)


def coverage_key(plan: Plan, inputs: RadioInputs, settings: RadioSettings) -> str:
    """
    Return the hash of all that a prediction depends on.

    Parameters
    ----------
    plan
        The plan.
    inputs
        What the prediction starts from.
    settings
        Settings of the engine.

    Returns
    -------
    key
        Equal for equal inputs and settings.
    """
    from infraplan.layers.grid import geobox_of

    grid = geobox_of(inputs.layers.rasters["terrain"])
    options = {
        "settings": asdict(settings),
        "profile": asdict(inputs.profile),
        "defaults": repr(inputs.defaults),
        "antennas": _antennas_key(inputs.cells),
        "landcover": plan.hashes(("landcover",)) if settings.tuning else {},
        "grid": [*grid.shape, *map(float, tuple(grid.affine)[:6])],
    }
    return plan.step_key("coverage", plan.hashes(PREDICTED_FROM), options)


def _antennas_key(cells: "pd.DataFrame") -> list[str]:
    """Return hashes of the measured patterns that cells have."""
    import hashlib

    from infraplan.radio.antennas import patterns_of

    found = {pattern for pattern in patterns_of(cells) if pattern is not None}
    texts = (
        repr((item.name, item.gain_dbi, item.electrical_downtilt_deg)).encode()
        + item.horizontal_db.tobytes()
        + item.vertical_db.tobytes()
        for item in found
    )
    return sorted(hashlib.sha256(text).hexdigest() for text in texts)


def gaps(
    plan: Plan,
    coverage: "Coverage | None" = None,
    *,
    technology: str | None = None,
    operator: str | None = None,
    as_of: date | None = None,
    progress: Progress | None = None,
) -> "Gaps":
    """
    Find who has no service, why, and how far the nearest station and fibre are.

    Parameters
    ----------
    plan
        The plan.
    coverage
        Predicted coverage; what it lacks is taken from the plan's results, and where there are none
        at all, predicted.
    technology
        Technology of the headline; that of the plan where None.
    operator
        Operator of the headline; that of the plan where None.
    as_of
        Day for which technologies count as on air and rules of programmes as in force; None: all
        technologies count, and the newest rules.
    progress
        Called with the share done.

    Returns
    -------
    gaps
        Hamlets with their level, cause and rank; shares with their definition.

    Raises
    ------
    PlanError
        If the plan lacks what a prediction needs.
    SettingsError
        If no station on air has the technology or is of the operator, or the technology is switched
        off on the day.
    """
    from infraplan.coverage import CriteriaSet
    from infraplan.coverage import find_gaps
    from infraplan.coverage import people_grid

    criteria = [CriteriaSet.from_dict(plan.configuration(name)) for name in CRITERIA]
    technology = technology or plan.settings.technology
    operator = operator or plan.settings.operator
    if coverage is None:
        _check_headline(plan, technology, operator)
        inputs = radio_inputs(plan, resolution_m=stored_resolution_m(plan))
        pairs = _wanted(inputs, None, None)
        coverage = _predicted(plan, inputs, pairs, progress=part(progress, 0.0, 0.6))
    else:
        resolution_m = float(coverage.geobox.resolution.x)
        inputs = radio_inputs(plan, coverage.settings, resolution_m=resolution_m)
        coverage = _completed(plan, coverage, inputs)
    grid = coverage.geobox
    layers = _with_floods(plan, inputs.layers, grid)
    key = _gaps_key(plan, coverage, technology, operator, as_of)
    if _is_step_current(plan, "gaps", key):
        return load_gaps(plan, layers)
    people = people_grid(layers, grid).people
    found = find_gaps(
        layers,
        people,
        coverage,
        technology=technology,
        operator=operator,
        as_of=as_of,
        means=_means(plan, layers),
        criteria=criteria,
        progress=part(progress, 0.6, 1.0),
    )
    store_gaps(plan, found, key=key)
    return found


def _check_headline(plan: Plan, technology: str, operator: str) -> None:
    """Refuse a headline that no station on air has, before all else is predicted."""
    from infraplan.layers.stations import on_air

    sites = on_air(plan.table("sites"))
    if not len(sites):
        return  # the prediction says what to import
    cells = plan.table("cells")
    listed = {name for names in sites["technologies"].dropna() for name in names.split(";")}
    listed |= set(cells.loc[cells["site_id"].isin(sites.index), "technology"])
    _chosen(technology, sorted(listed), "technology")
    _chosen(operator, [ANY, *sorted(set(sites["operator"]))], "operator")


def _means(plan: Plan, layers: "Layers") -> "FixMeans":
    """Return what fixes of gaps are made of: usual cells, prices, the cells on air."""
    from infraplan.coverage.fixes import ActionPrices
    from infraplan.coverage.fixes import FixMeans
    from infraplan.radio.cells import CellDefaults
    from infraplan.radio.cells import derive_cells

    defaults = CellDefaults.from_dict(read_toml(data_path("cells/defaults.toml")))
    tables = layers.table("sites"), layers.table("cells")
    return FixMeans(
        defaults=defaults,
        prices=ActionPrices.from_dict(plan.configuration("actions")),
        cells=derive_cells(*tables, defaults, plan.antennas()),
    )


def _with_floods(plan: Plan, layers: "Layers", grid: "GeoBox") -> "Layers":
    """Return layers of a plan with its mapped floods as one raster of where any has been."""
    if not plan.raster_path("floods").exists():
        return layers
    from infraplan.io import warp_raster

    reach = warp_raster(plan.raster_path("floods"), grid, kind="reach")
    return replace(layers, rasters={**layers.rasters, "floods": reach})


def stored_resolution_m(plan: Plan) -> float | None:
    """
    Return the cell size of the coverage that the plan keeps.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    resolution_m
        Side of a cell of the headline's coverage [m]; None where there is none.
    """
    pair = (plan.settings.technology, plan.settings.operator)
    record = plan.record(coverage_step(*pair))
    return None if record is None else float(record.figures["resolution_m"])


def _wanted(
    inputs: RadioInputs,
    technology: str | Iterable[str] | None,
    operator: str | Iterable[str] | None,
) -> list[tuple[str, str]]:
    """Return the pairs of technology and operator that are asked for, in order."""
    on_air = sorted(set(inputs.cells["technology"]))
    sites = inputs.layers.table("sites")
    heard = sites.index.isin(inputs.cells["site_id"])  # others list no technology
    operators = [ANY, *sorted(set(sites.loc[heard, "operator"]))]
    technologies = _chosen(technology, on_air, "technology")
    return [(t, o) for t in technologies for o in _chosen(operator, operators, "operator")]


def _chosen(asked: str | Iterable[str] | None, known: list[str], what: str) -> list[str]:
    """Return what was asked for, all where nothing was; unknown names are refused."""
    if asked is None:
        return known
    names = [asked] if isinstance(asked, str) else list(asked)
    if unknown := [name for name in names if name not in known]:
        msg = f"{what} {', '.join(unknown)} has no station on air; there is {', '.join(known)}"
        raise SettingsError(msg)
    return names or known


def is_current(plan: Plan, pair: tuple[str, str], key: str) -> bool:
    """
    Return whether the plan keeps the coverage of a pair, computed from the same inputs.

    Parameters
    ----------
    plan
        The plan.
    pair
        Technology and operator.
    key
        What `coverage_key` returns.

    Returns
    -------
    is_current
        True where nothing has to be computed.
    """
    return _is_step_current(plan, coverage_step(*pair), key)


def _is_step_current(plan: Plan, step: str, key: str) -> bool:
    """Return whether the plan keeps the result of a step, computed from the same inputs."""
    record = plan.record(step)
    return record is not None and record.key == key


def predict_around(
    plan: Plan,
    places: "gpd.GeoSeries",
    *,
    resolution_m: float | None = None,
    inputs: RadioInputs | None = None,
    progress: Progress | None = None,
) -> "Coverage":
    """
    Predict what new stations at some places could change, where the plan keeps no coverage.

    Parameters
    ----------
    plan
        The plan.
    places
        Where the stations would stand, on the CRS of the plan.
    resolution_m
        Side of a grid cell, > 0; that of the plan where None [m].
    inputs
        What a prediction of that resolution starts from, where the caller has it already: to warp
        the rasters of a province takes longer than to judge a batch.
    progress
        Called with the share done.

    Returns
    -------
    coverage
        All technologies and operators: kept ones where they are up to date; else predicted within
        the radius of the places, NaN elsewhere, and not kept; or, where the places are all over the
        area, predicted and kept as `predict` does.
    """
    import numpy as np

    from infraplan.layers.grid import geobox_of

    inputs = inputs or radio_inputs(plan, resolution_m=resolution_m)
    settings = inputs.settings
    wanted = _wanted(inputs, None, None)
    key = coverage_key(plan, inputs, settings)
    if not all(is_current(plan, pair, key) for pair in wanted):
        terrain = inputs.layers.terrain
        assert terrain is not None  # noqa: S101 - radio_inputs needs it
        region = _around(places, geobox_of(terrain.ground_m), settings.radius_m)
        known = np.isfinite(terrain.ground_m.to_numpy())
        if (region & known).sum() < MOST_OF_THE_AREA * known.sum():
            return _computed(plan, inputs, settings, wanted, region=region, progress=progress)
    return _predicted(plan, inputs, wanted, progress=progress)


def _around(places: "gpd.GeoSeries", geobox: "GeoBox", radius_m: float) -> "npt.NDArray[np.bool_]":
    """Return the grid cells within a radius of some places, and a cell more."""
    import numpy as np

    from infraplan.io import burn

    reach_m = radius_m + 2.0 * float(geobox.resolution.x)
    return np.asarray(burn(places.buffer(reach_m).to_frame("geometry"), geobox).to_numpy())


def _compute(
    plan: Plan,
    inputs: RadioInputs,
    settings: RadioSettings,
    pairs: list[tuple[str, str]],
    key: str,
    workers: int | None,
    progress: Progress,
) -> "Coverage":
    """Predict pairs of technology and operator and keep them."""
    terrain = inputs.layers.terrain
    assert terrain is not None  # noqa: S101 - radio_inputs needs it
    holds_all = len(pairs) * terrain.ground_m.size * BYTES_PER_PAIR_CELL <= HELD_BYTES

    def keep(pair: tuple[str, str], bands: "xr.Dataset") -> "xr.Dataset | None":
        """Write bands as they come, and hold them while memory lasts."""
        store_bands(plan, pair, bands)
        return bands if holds_all else None

    made = _computed(plan, inputs, settings, pairs, sink=keep, workers=workers, progress=progress)
    resolution_m = float(terrain.ground_m["x"][1] - terrain.ground_m["x"][0])
    store_coverage(plan, made, resolution_m=resolution_m, key=key)
    if holds_all:
        return made
    return load_coverage(plan, pairs, profile=inputs.profile, settings=settings)


def _computed(  # noqa: PLR0913 - what a prediction is, and how it is made
    plan: Plan,
    inputs: RadioInputs,
    settings: RadioSettings,
    pairs: list[tuple[str, str]],
    *,
    region: "npt.NDArray[np.bool_] | None" = None,
    sink: "Sink | None" = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> "Coverage":
    """Predict pairs, all technologies in one pass while memory lasts: rays serve them all."""
    from infraplan.jobs import LossCache
    from infraplan.radio.area import predict as predict_area

    terrain = inputs.layers.terrain
    assert terrain is not None  # noqa: S101 - radio_inputs needs it
    batches = _batches(pairs, terrain.ground_m.size)
    cache = LossCache(plan.folder / "cache" / "losses", max_gb=plan.settings.cache_max_gb)
    parts = [
        predict_area(
            terrain,
            inputs.layers.table("sites"),
            inputs.cells,
            profile=inputs.profile,
            settings=settings,
            technologies=sorted({technology for technology, _ in batch}),
            operators=sorted({operator for _, operator in batch}),
            region=region,
            store=cache,
            sink=sink,
            workers=workers,
            progress=part(progress, number / len(batches), (number + 1) / len(batches)),
        )
        for number, batch in enumerate(batches)
    ]
    maps: dict[tuple[str, str], Any] = {}
    cells: dict[str, pd.DataFrame] = {}
    for made in parts:
        maps |= dict(made.maps)
        cells |= dict(made.cells)
    provenance = replace(
        parts[0].provenance,
        inputs=plan.hashes(PREDICTED_FROM),
        synthetic=inputs.layers.synthetic(),
    )
    return replace(parts[0], maps=maps, cells=cells, provenance=provenance)


def _batches(pairs: list[tuple[str, str]], cell_count: int) -> list[list[tuple[str, str]]]:
    """Return what is predicted together: rays serve all technologies, while memory lasts."""
    if len(pairs) * cell_count * BYTES_PER_CELL <= MEMORY_BYTES:
        return [pairs]
    technologies = sorted({technology for technology, _ in pairs})
    return [[pair for pair in pairs if pair[0] == name] for name in technologies]


def _completed(plan: Plan, coverage: "Coverage", inputs: RadioInputs) -> "Coverage":
    """Return a coverage with what it lacks taken from the plan's results, on the same grid."""
    key = coverage_key(plan, inputs, coverage.settings)
    lacking = [
        pair
        for pair in _wanted(inputs, None, None)
        if pair not in coverage.maps and is_current(plan, pair, key)
    ]
    if not lacking:
        return coverage
    kept = load_coverage(plan, lacking, profile=coverage.profile, settings=coverage.settings)
    maps: Mapping[tuple[str, str], Any] = {**kept.maps, **coverage.maps}
    return replace(coverage, maps=maps, cells={**kept.cells, **coverage.cells})


def _gaps_key(
    plan: Plan, coverage: "Coverage", technology: str, operator: str, as_of: date | None
) -> str:
    """Return the hash of all that the gaps depend on."""
    grid = coverage.geobox
    options = {
        "format": GAPS_FORMAT,
        "actions": plan.configuration("actions"),
        "criteria": [plan.configuration(name) for name in CRITERIA],
        "pairs": sorted(map(list, coverage.maps)),
        "settings": asdict(coverage.settings),
        "profile": asdict(coverage.profile),
        "headline": [technology, operator],
        "as_of": str(as_of),
        "grid": [*grid.shape, *map(float, tuple(grid.affine)[:6])],
    }
    return plan.step_key("gaps", plan.hashes(GAPS_FROM), options)
