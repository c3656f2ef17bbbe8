"""Make a plan, fill it by a sample, and check its layers."""

from collections.abc import Collection
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.api.bring import keep_raster
from infraplan.api.bring import sources_of
from infraplan.api.bring import with_communes
from infraplan.api.vintages import of_other_vintages
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.nesting import misplaced_hamlets
from infraplan.layers.nesting import overlapping_communes
from infraplan.layers.nesting import straddling_hamlets
from infraplan.layers.schemas import LAYERS
from infraplan.layers.schemas import RASTERS
from infraplan.layers.schemas import schema
from infraplan.plan import Plan
from infraplan.plan import PlanSettings
from infraplan.plan import create_plan
from infraplan.plan import open_folder
from infraplan.plan.checked import GoodPlan
from infraplan.progress import Progress
from infraplan.progress import part

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.layers.bundle import Layers
    from infraplan.sample import Sample

__all__ = [
    "check_layers",
    "export_schema",
    "init_plan",
    "open_plan",
    "sample_plan",
]

Note = tuple[str, dict[str, Any]]
PROVINCE_RESOLUTION_M = 30.0
REPLACED_SHOWN = 8
WHOLE_SHARE = 0.99  # of the area that a raster covers, below which it is told to be a part


def open_plan(folder: Path | str) -> Plan:
    """
    Open a plan and check every layer.

    Parameters
    ----------
    folder
        Folder of the plan.

    Returns
    -------
    plan
        The plan, all of whose layers hold to their schemas.

    Raises
    ------
    PlanError
        If the folder is not a plan.
    LayerError
        If layers are at fault; all faults of all layers at once.
    """
    plan = open_folder(Path(folder))
    state = GoodPlan(plan)
    if state.is_known:
        return plan
    faults, _ = check_layers(plan)
    if faults:
        raise LayerError(layer=plan.settings.name, faults=faults)
    state.keep()
    return plan


def init_plan(
    folder: Path | str,
    *,
    name: str = "",
    crs: str = "EPSG:9209",
    base: Path | str | None = None,
    area: Path | str | None = None,
    resolution_m: float = 30.0,
) -> Plan:
    """
    Make a plan without anything synthetic.

    Parameters
    ----------
    folder
        Folder of the plan; must not hold one.
    name
        Name of the plan; that of the folder where empty.
    crs
        Planning CRS, an EPSG code of a projected system in metres.
    base
        Folder with real layers to bring in (`communes.gpkg`, `terrain.tif`, ...), or None.
    area
        File with the outline of the area, where there are no communes yet, or None.
    resolution_m
        Side of a grid cell, [5, 1000] [m].

    Returns
    -------
    plan
        The plan.

    Raises
    ------
    PlanError
        If the folder holds a plan already.
    SettingsError
        If the CRS is not a projected EPSG code in metres.
    SourceFileError
        If a file of the base cannot be read.
    """
    check_planning_crs(crs)
    settings = PlanSettings(
        name=name or Path(folder).resolve().name,
        crs=crs,
        resolution_m=resolution_m,
        area_bounds=_bounds(Path(area), crs) if area else (),
    )
    readings = _read_base(base, crs)
    plan = create_plan(Path(folder), settings)
    _keep_base(plan, readings)
    return plan


def sample_plan(
    folder: Path | str,
    *,
    size: str = "pilot",
    base: Path | str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Plan:
    """
    Make a plan whose missing layers are made up, and labelled so.

    Parameters
    ----------
    folder
        Folder of the plan; must not hold one.
    size
        `"pilot"` (15 x 15 km, all synthetic) or `"province"` (3,250 stations on a base).
    base
        Folder with real layers, needed for a province; None for a pilot.
    seed
        Seed of the generator; equal seeds give equal content.
    progress
        Called with the share done.

    Returns
    -------
    plan
        The plan; its table `sources` says which layers are synthetic.

    Raises
    ------
    PlanError
        If the folder holds a plan already, or the base lacks communes or terrain.
    SettingsError
        If the size is unknown, or a province is asked for without a base.
    """
    if size not in ("pilot", "province"):
        msg = f"size must be pilot or province; found '{size}'"
        raise SettingsError(msg)
    if size == "province" and base is None:
        msg = "a province needs real communes and terrain: add --base FOLDER (see README, 'sample')"
        raise SettingsError(msg)
    resolution_m = 30.0 if size == "pilot" else PROVINCE_RESOLUTION_M
    readings = _read_base(base, "EPSG:9209")
    settings = PlanSettings(
        name=Path(folder).resolve().name, resolution_m=resolution_m, sea_side="east"
    )
    plan = create_plan(Path(folder), settings)
    _keep_base(plan, readings)
    return _fill_by_sample(plan, size=size, seed=seed, progress=progress)


def check_layers(plan: Plan) -> tuple[tuple[Fault, ...], tuple[Note, ...]]:
    """
    Check all layers of a plan at once, each for itself and against the others.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    faults
        What must be mended before any step can be trusted; empty where all is well.
    notes
        What a reader should know, as codes with numbers: layers that are absent, unknown terrain,
        stations outside.
    """
    from infraplan.layers.validate import conform
    from infraplan.radio.cells import check_cells

    tables = plan.tables()
    faults: list[Fault] = []
    for name, table in tables.items():
        try:
            conform(table.reset_index(), name, plan_crs=plan.settings.crs)
        except LayerError as error:
            faults += [_of_layer(fault, name) for fault in error.faults]
    faults += of_other_vintages(tables)
    faults += _broken_references(tables)
    faults += _wrongly_nested(tables, {fault.sheet for fault in faults})
    elsewhere, notes = _rasters_elsewhere(plan, tables)
    faults += elsewhere
    notes = [*_notes(plan, tables, has_ground=not elsewhere), *notes]
    if len(tables.get("cells", ())) and not any(fault.sheet == "cells" for fault in faults):
        sites = tables["sites"] if "sites" in tables else plan.table("sites")
        found = check_cells(tables["cells"], sites, plan.antennas())
        faults += [_of_layer(fault, "cells") for fault in found.faults]
        notes += [("cells", {"text": str(note)}) for note in found.notes]
    return tuple(faults), tuple(notes)


def export_schema(layer: str | None = None) -> pd.DataFrame:
    """
    Return the data dictionary.

    Parameters
    ----------
    layer
        Layer to describe; all layers where None.

    Returns
    -------
    dictionary
        One row a column: layer, column, kind, unit, required, expected, meaning.

    Raises
    ------
    SettingsError
        If there is no such layer.
    """
    declared = LAYERS.values() if layer is None else (schema(layer),)
    rows = [
        {
            "layer": item.name,
            "column": column.name,
            "required": column.required,
            "expected": column.expected,
            "meaning": column.meaning,
        }
        for item in declared
        for column in item.columns
    ]
    return pd.DataFrame(rows)


def check_planning_crs(crs: str) -> None:
    """
    Refuse a planning CRS in which distances would not be metres.

    Parameters
    ----------
    crs
        EPSG code.

    Raises
    ------
    SettingsError
        If it is not the code of a projected system in metres.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        system = CRS.from_user_input(crs)
    except CRSError as error:
        msg = f"crs must be an EPSG code such as EPSG:9209 (VN-2000 / TM-3 105-30); found '{crs}'"
        raise SettingsError(msg) from error
    if not system.is_projected or system.axis_info[0].unit_name != "metre":
        msg = f"the planning crs must be projected, in metres; {crs} is {system.name}"
        raise SettingsError(msg)


def _bounds(path: Path, crs: str) -> tuple[float, float, float, float]:
    """Return the bounds of an area's outline, in the planning CRS."""
    from infraplan.io import read_outline

    west, south, east, north = read_outline(path, crs=crs).total_bounds
    return float(west), float(south), float(east), float(north)


def _read_base(base: Path | str | None, crs: str) -> Any:  # noqa: ANN401 - io's type, imported late
    """Return what a folder of real layers holds, or None where there is none."""
    if base is None:
        return None
    from infraplan.io import read_base

    folder = Path(base)
    if not folder.is_dir():
        msg = f"--base {folder} is not a folder"
        raise PlanError(msg)
    found = read_base(folder, plan_crs=crs)
    if not found.readings and not found.rasters:
        msg = f"--base {folder} holds none of the layers that a base may have (communes.gpkg, ...)"
        raise PlanError(msg)
    return found


def _keep_base(plan: Plan, found: Any) -> None:  # noqa: ANN401 - io's type, imported late
    """Write the layers and rasters of a base into the plan."""
    if found is None:
        return
    tables = {layer: reading.table for layer, reading in found.readings.items()}
    communes = tables.get("communes", plan.table("communes"))
    tables = {layer: with_communes(table, layer, communes) for layer, table in tables.items()}
    rows = [reading.source for reading in found.readings.values()]
    for raster, path in found.rasters.items():
        rows.append(keep_raster(plan, raster, path, communes))
    sources = sources_of(rows)
    plan.write_tables({**tables, "sources": sources})


def _fill_by_sample(plan: Plan, *, size: str, seed: int, progress: Progress | None) -> Plan:
    """Make up what the plan lacks and write it."""
    from infraplan.io import write_raster
    from infraplan.sample import generate

    base = plan.layers() if size == "province" else None
    made: Sample = generate(size, seed=seed, base=base, progress=part(progress, 0.0, 0.9))
    for name, raster in made.rasters.items():
        write_raster(plan.raster_path(name), {name: raster})
    sources = plan.table("sources")
    added = made.sources
    if len(sources):
        added = pd.concat([sources[~sources.index.isin(added.index)], added])
    communes = made.tables.get("communes", plan.table("communes"))
    tables = {name: with_communes(table, name, communes) for name, table in made.tables.items()}
    plan.write_tables({**tables, "sources": added.sort_index()})
    named: Any = made.figures.get("underground_streets", ())
    streets = tuple(str(name) for name in named)
    part(progress, 0.9, 1.0)(1.0)
    return plan.with_settings(underground_streets=streets)


def _of_layer(fault: Fault, layer: str) -> Fault:
    """Return a fault that names the layer it was found in."""
    from dataclasses import replace

    return replace(fault, file="layers.gpkg", sheet=layer)


def _broken_references(tables: Mapping[str, "gpd.GeoDataFrame"]) -> list[Fault]:
    """Return rows that name a row of another layer which is not there."""
    links = (
        ("hamlets", "commune_code", "communes"),
        ("evidence", "hamlet_id", "hamlets"),
    )
    faults = []
    for layer, column, target in links:
        if layer not in tables or target not in tables or column not in tables[layer]:
            continue
        values = tables[layer][column]
        lost = values[values.notna() & ~values.isin(tables[target].index)]
        if len(lost):
            faults.append(
                Fault(
                    what=f"{column} names no row of layer '{target}'",
                    rows=tuple(map(str, lost.index)),
                    found=", ".join(sorted({str(value) for value in lost})[:5]),
                    expected=f"an id of layer '{target}'",
                    remedy=f"correct {column}, or import the missing rows of '{target}'",
                    code="reference_broken",
                    details=(("column", column), ("target", target)),
                    file="layers.gpkg",
                    sheet=layer,
                    column=column,
                )
            )
    return faults


def _wrongly_nested(
    tables: Mapping[str, "gpd.GeoDataFrame"], at_fault: Collection[str]
) -> list[Fault]:
    """Return communes that overlap and hamlets outside theirs, of rows that are well-formed."""
    if "communes" not in tables or "communes" in at_fault:
        return []
    communes = tables["communes"]
    faults = [_of_layer(item, "communes") for item in overlapping_communes(communes)]
    if "hamlets" in tables:
        hamlets = tables["hamlets"]
        usable = hamlets["commune_code"].isin(communes.index) & hamlets.is_valid
        found = misplaced_hamlets(hamlets[usable], communes)
        faults += [_of_layer(item, "hamlets") for item in found]
    return faults


def _rasters_elsewhere(
    plan: Plan, tables: Mapping[str, "gpd.GeoDataFrame"]
) -> tuple[list[Fault], list[Note]]:
    """Return rasters of another place, and those that cover a part of the area only."""
    from infraplan.io import raster_reach

    faults: list[Fault] = []
    notes: list[Note] = []
    if not len(tables.get("communes", ())):
        return faults, notes
    west, south, east, north = map(float, tables["communes"].total_bounds)
    for name in sorted(set(plan.layer_names()) & set(RASTERS)):
        share = raster_reach(
            plan.raster_path(name), bounds=(west, south, east, north), crs=plan.settings.crs
        )
        if share <= 0:
            fault = Fault(
                what="the raster shows another place",
                found="no pixel in the area of the communes",
                expected="a raster of the area",
                remedy=f"import the right file: infraplan import PLAN {name} FILE.tif",
                code="raster_elsewhere",
                details=(("raster", name),),
                file=f"rasters/{name}.tif",
            )
            faults.append(fault)
        elif share < WHOLE_SHARE:
            notes.append(("partial_raster", {"layers": [name], "share": share}))
    return faults, notes


def _notes(plan: Plan, tables: Mapping[str, "gpd.GeoDataFrame"], *, has_ground: bool) -> list[Note]:
    """Return what is worth knowing before the figures are read."""
    notes: list[Note] = []
    expected = ("communes", "sites", "hamlets", "fibre", "terrain", "population")
    present = plan.layer_names()
    if absent := [name for name in expected if name not in present]:
        notes.append(("absent", {"layers": absent}))
    if "communes" in tables and "sites" in tables:
        area = tables["communes"].geometry.union_all()
        outside = int((~tables["sites"].within(area)).sum())
        if outside:
            notes.append(("outside", {"count": outside}))
    if len(tables.get("communes", ())) and len(tables.get("hamlets", ())):
        across = straddling_hamlets(tables["hamlets"], tables["communes"])
        if across:
            shown = ", ".join(across[:REPLACED_SHOWN]) + " …" * (len(across) > REPLACED_SHOWN)
            notes.append(("straddling", {"count": len(across), "hamlets": shown}))
    if "communes" in tables and plan.raster_path("terrain").exists() and has_ground:
        notes.append(_unknown_terrain(plan.layers(["communes", "sea"], rasters=("terrain",))))
    return notes


def _unknown_terrain(layers: "Layers") -> Note:
    """Return how much of the area has no known height."""
    from infraplan.io import burn
    from infraplan.layers.grid import geobox_of

    assert layers.terrain is not None  # noqa: S101 - the caller looked for it
    ground = layers.terrain.ground_m
    inside = burn(layers.table("communes"), geobox_of(ground)).to_numpy()
    share = float(np.isnan(ground.to_numpy())[inside].mean()) if inside.any() else 0.0
    return "unknown_terrain", {"share": share}
