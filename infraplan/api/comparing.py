"""Two states of an area, a prediction and a claim, a prediction and what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from infraplan.api.cover import PREDICTED_FROM
from infraplan.api.cover import usual_settings
from infraplan.atomic import file_stem
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.plan import Plan
from infraplan.plan.folder import open_folder
from infraplan.plan.results import coverage_step
from infraplan.plan.results import load_coverage
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.radio.settings import ThresholdProfile

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr
    from odc.geo.geobox import GeoBox

    from infraplan.coverage import Comparison
    from infraplan.coverage import MeasuredAgreement
    from infraplan.coverage import Sides
    from infraplan.layers.bundle import Layers
    from infraplan.radio.results import Coverage

__all__ = ["MEASUREMENTS", "Compared", "compare", "stored_coverage"]

MEASUREMENTS = "measurements"
LISTS = (".csv", ".xlsx", ".xls")
OUTLINES = (".gpkg", ".geojson", ".json", ".shp")
RASTERS = (".tif", ".tiff")
Note = tuple[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """
    A comparison, what it is of, and where it is kept.

    `found` is a comparison for another plan or a claim, an agreement for measurements; `coverage`
    is that of the first plan, of one technology and operator. `path` is the GeoPackage.
    """

    sides: "Sides"
    found: "Comparison | MeasuredAgreement"
    coverage: "Coverage"
    layers: "Layers"
    path: Path
    map_path: Path


@dataclass(frozen=True, slots=True, eq=False)
class _Second:
    """What a plan is compared with: another coverage on its grid, or measured levels."""

    kind: str
    name: str
    stem: str
    covered: "xr.DataArray | None" = None
    measurements: "gpd.GeoDataFrame | None" = None
    notes: tuple[Note, ...] = ()


def compare(
    plan: Plan,
    other: Path | str,
    *,
    technology: str | None = None,
    operator: str | None = None,
    crs: str | None = None,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> Compared:
    """
    Compare the coverage that a plan keeps with another one, and keep table and map.

    Parameters
    ----------
    plan
        The plan, with predicted coverage.
    other
        Folder of another plan of the area; a claimed coverage as polygons (`.gpkg`, `.geojson`,
        `.shp`) or GeoTIFF (above 0 = claimed); a list of measured levels (`.csv`, `.xlsx`), or
        `"measurements"` for the layer of the plan.
    technology
        Technology; that of the plan where None.
    operator
        Operator, or `"any"`; that of the plan where None.
    crs
        Reference system of measured positions where the file does not say it, as an EPSG code.
    out
        Folder for the files; `results` and `maps` of the plan where None.
    progress
        Called with the share done.

    Returns
    -------
    compared
        The comparison and its files.

    Raises
    ------
    PlanError
        If a plan keeps no such coverage, or the two are not of one area.
    SourceFileError
        If the file cannot be read for what it claims to be, or lies elsewhere.
    """
    from infraplan.coverage import Sides
    from infraplan.maps import comparison as draw

    technology = technology or plan.settings.technology
    operator = operator or plan.settings.operator
    pair = (technology, operator)
    coverage = stored_coverage(plan, *pair)
    grid = coverage.geobox
    second = _second(plan, other, coverage, pair, crs)
    part(progress, 0.0, 1.0)(0.3)
    layers = _layers(plan, grid)
    notes = [*second.notes, *_stale(plan, pair, plan.settings.name)]
    found: Comparison | MeasuredAgreement
    if second.measurements is None:
        found = _compared(coverage, second, layers, pair)
    else:
        found, more = _agreed(coverage, second, pair)
        notes += more
    part(progress, 0.0, 1.0)(0.7)
    sides = Sides(second.kind, plan.settings.name, second.name, *pair, notes=tuple(notes))
    stem = "_".join(["comparison", second.stem, file_stem(technology), file_stem(operator)])
    folder = Path(out) if out is not None else None
    made = Compared(
        sides=sides,
        found=found,
        coverage=coverage,
        layers=layers,
        path=(folder or plan.results) / f"{stem}.gpkg",
        map_path=(folder or plan.folder / "maps") / f"{stem}.html",
    )
    page = draw(
        found,
        sides,
        coverage=coverage,
        layers=layers,
        language=plan.settings.language,
    )
    _keep(made)
    name = page.file_name(made.map_path.stem)
    made = replace(made, map_path=page.save(made.map_path.with_name(name)))
    if folder is None:
        _record(plan, made, stem)
    part(progress, 0.0, 1.0)(1.0)
    return made


def stored_coverage(plan: Plan, technology: str, operator: str) -> "Coverage":
    """
    Return the coverage of one technology and operator that a plan keeps; nothing is predicted.

    Parameters
    ----------
    plan
        The plan.
    technology
        Technology.
    operator
        Operator, or `"any"`.

    Returns
    -------
    coverage
        With the thresholds of the plan and the settings it was made with.

    Raises
    ------
    PlanError
        If the plan keeps none; the message lists what it keeps and how to predict it.
    """
    step = coverage_step(technology, operator)
    record = plan.record(step)
    if record is None:
        kept = ", ".join(_kept(plan)) or "none"
        msg = (
            f"{plan.folder} keeps no coverage of {technology} {operator} (it keeps: {kept}). To "
            f'predict it: infraplan coverage "{plan.folder}" --technology {technology} '
            f'--operator "{operator}"'
        )
        raise PlanError(msg)
    settings = usual_settings(plan)
    made_with = str(record.provenance.get("settings", {}).get("model", settings.model))
    profile = ThresholdProfile.from_dict(plan.configuration("thresholds"))
    tuning = plan.tuned() if made_with == "tuned" else None
    if tuning is not None:
        profile = replace(profile, sigma_db=tuning.sigma_db, sigma_source="held-out measurements")
    if made_with != "tuned" or tuning is not None:
        settings = replace(settings, model=made_with, tuning=tuning)
    return load_coverage(plan, [(technology, operator)], profile=profile, settings=settings)


def _kept(plan: Plan) -> list[str]:
    """Return the technologies and operators of which a plan keeps coverage."""
    steps = sorted(path.stem for path in plan.results.glob("coverage_*.json"))
    records = [record for step in steps if (record := plan.record(step)) is not None]
    return [f"{r.figures.get('technology')} {r.figures.get('operator')}" for r in records]


def _second(
    plan: Plan, other: Path | str, coverage: "Coverage", pair: tuple[str, str], crs: str | None
) -> _Second:
    """Return what the plan is to be compared with."""
    if str(other) == MEASUREMENTS:
        table = plan.table("measurements")
        if not len(table):
            msg = (
                f"{plan.folder} has no layer measurements; give the file instead, or bring it in: "
                f'infraplan import "{plan.folder}" measurements FILE'
            )
            raise PlanError(msg)
        return _Second("measurements", MEASUREMENTS, MEASUREMENTS, measurements=table)
    path = Path(other)
    suffix = path.suffix.lower()
    if path.is_dir():
        return _other_plan(plan, path, coverage, pair)
    if not path.exists():
        msg = (
            f"{path} does not exist; give the folder of a plan, a file of claimed coverage "
            f"(.gpkg, .geojson, .shp, .tif) or of measured levels (.csv, .xlsx), or the word "
            f"{MEASUREMENTS}"
        )
        raise SourceFileError(msg)
    if suffix in LISTS:
        from infraplan.io import read_layer

        reading = read_layer(path, "measurements", plan_crs=plan.settings.crs, crs=crs)
        if reading.faults:
            raise LayerError(layer="measurements", faults=reading.faults)
        notes: tuple[Note, ...] = tuple(("reading", {"text": note}) for note in reading.notes)
        stem = file_stem(path.stem)
        return _Second("measurements", path.name, stem, measurements=reading.table, notes=notes)
    if suffix in OUTLINES:
        return _claimed_areas(plan, path, coverage, pair)
    if suffix in RASTERS:
        return _claimed_raster(path, coverage)
    msg = (
        f"{path} is no plan, claim or list: give a folder, .gpkg, .geojson, .shp, .tif, .csv or "
        ".xlsx"
    )
    raise SourceFileError(msg)


def _other_plan(plan: Plan, folder: Path, coverage: "Coverage", pair: tuple[str, str]) -> _Second:
    """Return the coverage that another plan keeps, on the grid of the first."""
    from infraplan.layers.grid import geobox_of

    found = open_folder(folder)
    if found.settings.crs != plan.settings.crs:
        msg = (
            f"{plan.folder} is in {plan.settings.crs}, {found.folder} in {found.settings.crs}: "
            "plans of two reference systems cannot be compared; make one of them anew in the "
            "other's (infraplan init --crs)"
        )
        raise PlanError(msg)
    theirs = stored_coverage(found, *pair)
    name = found.settings.name
    if name == plan.settings.name:
        name = found.folder.name if found.folder.name != name else f"{name} (2)"
    covered = theirs.covered(*pair)
    grid, other_grid = coverage.geobox, geobox_of(covered)
    notes: list[Note] = []
    if other_grid != grid:
        covered = _nearest(found, theirs, pair, grid)
        sides = {"first": grid, "second": other_grid}
        told = {side: f"{float(box.resolution.x):g}" for side, box in sides.items()}
        notes.append(("other_grid", told))
    limits = [_limits(one, pair[0]) for one in (coverage, theirs)]
    if limits[0] != limits[1]:
        notes.append(("profiles", {"first": limits[0], "second": limits[1]}))
    notes += _stale(found, pair, name)
    return _Second("plan", name, file_stem(found.folder.name), covered=covered, notes=tuple(notes))


def _limits(coverage: "Coverage", technology: str) -> str:
    """Return the thresholds that decide what covered means."""
    profile = coverage.profile
    level_dbm = profile.technologies[technology].service_dbm
    return f"{level_dbm:g} dBm, {100 * profile.p_cov:g} %".replace("-", "−")


def _nearest(
    plan: Plan, coverage: "Coverage", pair: tuple[str, str], grid: "GeoBox"
) -> "xr.DataArray":
    """Return where a plan's coverage gives service on another grid: each cell its nearest."""
    import numpy as np

    from infraplan.io import read_raster
    from infraplan.layers.grid import wrap

    box = grid.boundingbox
    bands = read_raster(
        plan.results / f"{coverage_step(*pair)}.tif",
        crs=str(grid.crs),
        resolution_m=float(grid.resolution.x),
        bounds=(box.left, box.bottom, box.right, box.top),
        resampling="nearest",
    )
    probability = bands.sel(band="probability").to_numpy()
    covered = (probability >= np.float32(coverage.profile.p_cov)).astype(np.float32)
    covered[np.isnan(probability)] = np.nan
    return wrap(covered, grid, name="covered")


def _claimed_areas(plan: Plan, path: Path, coverage: "Coverage", pair: tuple[str, str]) -> _Second:
    """Return a coverage claimed as polygons."""
    from infraplan.io import burn
    from infraplan.io import read_outline
    from infraplan.layers.grid import wrap

    outline = read_outline(path, crs=plan.settings.crs)
    notes: list[Note] = [("claim_cells", {})]
    wanted = _of_service(outline, pair)
    if not len(wanted):
        msg = f"{path} holds no polygon of {' '.join(pair)}, by its columns technology and operator"
        raise SettingsError(msg)
    if len(wanted) < len(outline):
        notes.append(("claim_rows", {"used": str(len(wanted)), "all": str(len(outline))}))
    communes = plan.table("communes")
    if len(communes) and not wanted.intersects(communes.union_all()).any():
        msg = f"{path} claims nothing in the plan's communes; is it the file of another place?"
        raise SourceFileError(msg)
    grid = coverage.geobox
    covered = wrap(burn(wanted, grid).to_numpy().astype("float32"), grid, name="covered")
    return _Second("claim", path.name, file_stem(path.stem), covered=covered, notes=tuple(notes))


def _of_service(outline: "gpd.GeoDataFrame", pair: tuple[str, str]) -> "gpd.GeoDataFrame":
    """Return the polygons of a technology and operator, where columns of the file tell."""
    columns = {str(name).strip().lower(): name for name in outline.columns}
    for key, value in zip(("technology", "operator"), pair, strict=True):
        if key in columns and value != "any":
            told = outline[columns[key]].astype("object").map(lambda cell: str(cell).strip())
            outline = outline[told.str.lower() == value.lower()]
    return outline


def _claimed_raster(path: Path, coverage: "Coverage") -> _Second:
    """Return a coverage claimed as a GeoTIFF, cells above 0 being claimed."""
    from infraplan.io import read_raster
    from infraplan.layers.grid import wrap

    grid = coverage.geobox
    box = grid.boundingbox
    claimed = read_raster(
        path,
        crs=str(grid.crs),
        resolution_m=float(grid.resolution.x),
        bounds=(box.left, box.bottom, box.right, box.top),
        resampling="nearest",
    )
    if claimed.ndim != 2:
        msg = f"{path} holds {claimed.shape[0]} bands; save the band of the claim in a file alone"
        raise SourceFileError(msg)
    values = claimed.to_numpy() > 0  # NaN is not above 0
    if not values.any():
        msg = (
            f"{path} has no cell above 0 in the plan's area, so it claims nothing there: claimed "
            "cells are 1, others 0. Levels in dBm must be turned into that first"
        )
        raise SourceFileError(msg)
    covered = wrap(values.astype("float32"), grid, name="covered")
    notes: tuple[Note, ...] = (("claim_cells", {}),)
    return _Second("claim", path.name, file_stem(path.stem), covered=covered, notes=notes)


def _layers(plan: Plan, grid: "GeoBox") -> "Layers":
    """Return the plan's layers on the grid of its coverage."""
    from infraplan.layers.grid import geobox_of

    layers = plan.layers(resolution_m=float(grid.resolution.x))
    layers.need("communes", step="comparison")
    if any(geobox_of(raster) != grid for raster in layers.rasters.values()):
        msg = (
            f"the communes of {plan.folder} have changed since its coverage was predicted; run "
            f'infraplan coverage "{plan.folder}" again'
        )
        raise PlanError(msg)
    return layers


def _stale(plan: Plan, pair: tuple[str, str], name: str) -> list[Note]:
    """Return the note that coverage was predicted from other data than the plan holds now."""
    record = plan.record(coverage_step(*pair))
    made_from = dict(record.provenance.get("inputs", {})) if record is not None else {}
    if made_from and made_from != plan.hashes(PREDICTED_FROM):
        return [("stale", {"name": name})]
    return []


def _compared(
    coverage: "Coverage", second: _Second, layers: "Layers", pair: tuple[str, str]
) -> "Comparison":
    """Return the comparison with another coverage."""
    from infraplan.coverage import compare_covered
    from infraplan.coverage import people_grid
    from infraplan.coverage import residential_areas
    from infraplan.layers.grid import geobox_of

    first = coverage.covered(*pair)
    people = people_grid(layers, geobox_of(first)).people
    assert second.covered is not None  # noqa: S101 - only measurements have none
    areas = residential_areas(layers, people)
    found = compare_covered(first, second.covered, people=people, areas=areas)
    ground = found.totals.to_dict("index")["ground_km2"]
    if not ground["total"] > ground["unknown"]:
        msg = (
            f"no ground is known to both {layers.name} and {second.name}: they are of different "
            "places, or one of them was predicted nowhere"
        )
        raise PlanError(msg)
    return found


def _agreed(
    coverage: "Coverage", second: _Second, pair: tuple[str, str]
) -> tuple["MeasuredAgreement", list[Note]]:
    """Return the comparison with measured levels, and what was left out."""
    from infraplan.coverage import agreement_with_measurements
    from infraplan.text import words

    technology, operator = pair
    assert second.measurements is not None  # noqa: S101 - the caller asked
    found = agreement_with_measurements(
        coverage, second.measurements, technology=technology, operator=operator
    )
    notes: list[Note] = [(code, {"count": str(n)}) for code, n in found.left_out.items()]
    if len(found.places) == found.counts["unknown"]:
        told = " ".join(words("en")(f"coverage.note_{code}", **values) for code, values in notes)
        why = told or "The prediction is not known at any of them."
        msg = f"{second.name}: no measurement can be compared with {technology} {operator}. {why}"
        raise PlanError(msg)
    if operator == "any":
        notes.append(("any_network", {}))
    return found, notes


def _keep(made: Compared) -> None:
    """Write the tables of a comparison."""
    from infraplan.coverage import Comparison
    from infraplan.io import write_frames

    tables: dict[str, Any] = {}
    if isinstance(made.found, Comparison):
        tables["areas"] = made.found.areas
        tables["total"] = made.found.totals.rename_axis("of")
    else:
        tables["places"] = made.found.places
    tables["figures"] = _figures(made)
    write_frames(made.path, tables)


def _figures(made: Compared) -> Any:  # noqa: ANN401 - DataFrame, imported late
    """Return what a reader of the tables needs beside them, one figure a row."""
    import pandas as pd

    from infraplan.maps.comparing import comparison_definition
    from infraplan.text import words

    sides = made.sides
    rows = {name: str(getattr(sides, name))
            for name in ("kind", "first", "second", "technology", "operator")}  # fmt: skip
    rows |= {name: f"{value:.6g}" for name, value in headline(made).items()}
    told = comparison_definition(made.found, sides, made.coverage, words("vi"))
    rows |= {f"definition_{number}": text for number, text in enumerate(told, 1)}
    frame = pd.DataFrame({"value": list(rows.values())}, index=pd.Index(list(rows), name="figure"))
    return frame.astype("str")


def headline(made: Compared) -> dict[str, float]:
    """
    Return the figures of a comparison that one would quote.

    Parameters
    ----------
    made
        Comparison.

    Returns
    -------
    figures
        By name; people and ground of each part, or counts of places, with agreement and kappa.
    """
    from infraplan.coverage import Comparison

    found = made.found
    if isinstance(found, Comparison):
        totals = found.totals
        return {
            f"{row}_{column}": float(value)
            for row, line in totals.to_dict("index").items()
            for column, value in line.items()
        }
    names = ("agreement", "agreement_low", "agreement_high", "kappa", "bias_db", "rmse_db",
             "signal_count", "cell_count", "threshold_dbm")  # fmt: skip
    counts = {f"places_{name}": float(count) for name, count in found.counts.items()}
    return counts | {name: float(getattr(found, name)) for name in names}


def _record(plan: Plan, made: Compared, stem: str) -> None:
    """Note the written files and their figures in the plan."""
    import math

    import infraplan
    from infraplan.layers.bundle import Provenance

    sides = made.sides
    figures = {name: value for name, value in headline(made).items() if math.isfinite(value)}
    options = {"sides": [sides.kind, sides.second, sides.technology, sides.operator]}
    inputs = plan.hashes(PREDICTED_FROM)
    plan.write_record(
        stem,
        key=plan.step_key("comparison", inputs, {**options, "figures": figures}),
        files=[made.path, made.map_path],
        figures=figures,
        provenance=Provenance(
            step="comparison",
            version=infraplan.__version__,
            inputs=inputs,
            settings=options,
            synthetic=made.layers.synthetic(),
            notes=tuple(code for code, _ in sides.notes),
        ),
    )
