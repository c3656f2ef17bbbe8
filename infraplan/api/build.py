"""Make a plan, bring layers into it, and check them."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.api.crosswalks import complete_crosswalk
from infraplan.api.crosswalks import crosswalk_from_ground
from infraplan.api.crosswalks import merged_steps
from infraplan.api.forms import completed_evidence
from infraplan.api.lists import FIGURES
from infraplan.api.lists import commune_names
from infraplan.api.lists import complete_communes
from infraplan.api.lists import complete_figures
from infraplan.api.lists import complete_hamlets
from infraplan.api.lists import complete_sites
from infraplan.api.lists import in_own_communes
from infraplan.api.lists import renewed
from infraplan.api.vintages import CARRIED
from infraplan.api.vintages import history_of
from infraplan.api.vintages import of_other_vintages
from infraplan.api.vintages import recoded
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.crosswalk import steps_between
from infraplan.layers.nesting import misplaced_hamlets
from infraplan.layers.nesting import overlapping_communes
from infraplan.layers.nesting import straddling_hamlets
from infraplan.layers.schemas import LAYERS
from infraplan.layers.schemas import RASTERS
from infraplan.layers.schemas import VINTAGES
from infraplan.layers.schemas import schema
from infraplan.plan import Plan
from infraplan.plan import PlanSettings
from infraplan.plan import create_plan
from infraplan.plan import open_folder
from infraplan.progress import Progress
from infraplan.progress import part

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.io import Reading
    from infraplan.io.tables import Mend
    from infraplan.layers.bundle import Layers
    from infraplan.sample import Sample

__all__ = [
    "Import",
    "check_layers",
    "export_schema",
    "import_layer",
    "init_plan",
    "open_plan",
    "sample_plan",
]

Note = tuple[str, dict[str, Any]]
WHOLE_ROWS = ("evidence", "crosswalk")  # layers whose source counts all rows, not those read
BY_OPERATOR = ("sites", "fibre")  # lists that come one operator at a time
PROVINCE_RESOLUTION_M = 30.0
PLACING_RESOLUTION_M = 100.0  # of the population raster on which hamlets are placed
REPLACED_SHOWN = 8
WHOLE_SHARE = 0.99  # of the area that a raster covers, below which it is told to be a part
WITHOUT_GROUND = (".xlsx", ".csv")
GROUND = ("communes", "settlements", "population")  # what hamlets are placed on


@dataclass(frozen=True, slots=True)
class Import:
    """What an import brought: the reading, and what it replaced in the plan."""

    layer: str
    rows_kept: int
    replaced: str
    notes: tuple[str, ...]
    columns: Mapping[str, str]
    crs: str


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
    faults, _ = check_layers(plan)
    if faults:
        raise LayerError(layer=plan.settings.name, faults=faults)
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


def import_layer(  # noqa: PLR0913 - what a person says of a file
    plan: Plan,
    layer: str,
    path: Path | str,
    *,
    crs: str | None = None,
    vintage: str | None = None,
    to_vintage: str | None = None,
    as_of: str = "",
    complete: bool = False,
    dry_run: bool = False,
) -> Import:
    """
    Bring a file into the plan as one of its layers.

    Lists of stations and cables come one operator at a time: they replace the rows of the operators
    that they name and leave the others. Evidence likewise replaces what was said of the hamlets and
    operators that it names, so that each commune may send its own form. A table of communes without
    ground (`.xlsx`, `.csv`) renews the people and households of the communes that the plan has,
    through the crosswalk where it is of an older vintage. A crosswalk replaces its own steps; as
    a map of old communes it is made by laying the plan's communes over them. Every other layer is
    replaced whole.
    Hamlets may lack positions; their communes are found by name, older ones through the crosswalk,
    and they are placed by `coverage.place_hamlets`. Communes of another vintage than before give
    the layers that name communes their codes anew, by position.

    Parameters
    ----------
    plan
        The plan.
    layer
        Name of a vector layer, table or raster.
    path
        File to read.
    crs
        Reference system of its coordinates where the file does not say, as an EPSG code.
    vintage
        Administrative vintage of its communes; recognised by them where None.
    to_vintage
        Of a crosswalk, vintage of the new communes; recognised where None.
    as_of
        Day that the data describe, ISO date; empty where not known.
    complete
        True where its owner says that nothing is missing from it.
    dry_run
        True to read and check only.

    Returns
    -------
    imported
        What was understood, kept and replaced.

    Raises
    ------
    LayerError
        If rows are at fault, communes overlap or hamlets lie outside theirs; all faults at once,
        and the plan unchanged.
    SourceFileError
        If the file cannot be read for what it claims to be.
    SettingsError
        If the layer is unknown.
    VintageError
        If figures are of another vintage than the communes, and no crosswalk converts them.
    """
    path = Path(path)
    declared = {"as_of": as_of or None, "complete": complete}
    if layer in RASTERS:
        return _import_raster(plan, layer, path, dry_run=dry_run)
    if layer == "communes" and path.suffix.lower() in WITHOUT_GROUND:
        return _import_figures(plan, path, vintage, declared=declared, dry_run=dry_run)
    from infraplan.io import read_layer

    schema(layer)
    is_ground = layer == "crosswalk" and path.suffix.lower() not in WITHOUT_GROUND
    reading = read_layer(
        path,
        "communes" if is_ground else layer,
        plan_crs=plan.settings.crs,
        crs=crs,
        vintage=vintage,
        mend=_mend(plan, "communes" if is_ground else layer, vintage, to_vintage),
    )
    if is_ground:
        reading = _overlaid(plan, reading)
    table, replaced = _merged(plan, layer, reading)
    straddling = _nested(plan, layer, table, path.name)
    table, placed = _placed(plan, layer, table)
    table = with_communes(table, layer, plan.table("communes") if layer != "communes" else table)
    carried = recoded(plan, table) if layer == "communes" else {}
    if carried:
        placed = (*placed, _carried(carried, plan.settings.language))
    if not dry_run:
        told: dict[str, Any] = {"rows": len(table)} if layer in WHOLE_ROWS else {}
        if layer in CARRIED:
            told["vintage"] = next(iter(plan.table("communes")["vintage"].dropna()), None)
        sources = _sources_after(plan, layer, [{**reading.source, **declared, **told}])
        sources.loc[sources["layer"].isin(carried), "vintage"] = reading.source["vintage"]
        plan.write_tables({**carried, layer: table, "sources": sources})
    return Import(
        layer=layer,
        rows_kept=len(reading.table),
        replaced=replaced,
        notes=(*reading.notes, *straddling, *placed),
        columns=dict(reading.columns),
        crs=str(reading.crs),
    )


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


def with_communes(
    table: "gpd.GeoDataFrame", layer: str, communes: "gpd.GeoDataFrame"
) -> "gpd.GeoDataFrame":
    """
    Fill an empty `commune_code` by position.

    Parameters
    ----------
    table
        Layer, indexed by id.
    layer
        Its name.
    communes
        Communes of the plan.

    Returns
    -------
    table
        The layer with `commune_code` filled where it was empty and the row lies in a commune.
    """
    import geopandas as gpd

    wants = layer in ("sites", "settlements", "hamlets") and "commune_code" in schema_columns(layer)
    if not wants or not len(communes) or not len(table):
        return table
    given = table.get("commune_code", pd.Series(pd.NA, index=table.index, dtype="str"))
    empty = given.isna()
    if not empty.any():
        return table
    points = gpd.GeoDataFrame(geometry=table.geometry[empty].representative_point())
    inside = points.sjoin(communes[["geometry"]].rename_axis("code").reset_index())
    code = inside[~inside.index.duplicated()]["code"]
    return table.assign(commune_code=given.where(~empty, code.reindex(table.index)))


def schema_columns(layer: str) -> tuple[str, ...]:
    """
    Return the names of a layer's columns.

    Parameters
    ----------
    layer
        Name of the layer.

    Returns
    -------
    columns
        In the order of the declaration.
    """
    return tuple(column.name for column in schema(layer).columns)


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
        rows.append(_keep_raster(plan, raster, path, communes))
    sources = _sources_of(rows)
    plan.write_tables({**tables, "sources": sources})


def _keep_raster(
    plan: Plan, raster: str, path: Path, communes: "gpd.GeoDataFrame"
) -> dict[str, Any]:
    """Copy a raster into the plan, cropped to the area with a halo; return its row of `sources`."""
    from infraplan.io import crop_raster
    from infraplan.plan.folder import HALO_M

    target = plan.raster_path(raster)
    bounds = None
    if len(communes):
        west, south, east, north = communes.total_bounds
        bounds = (west - HALO_M, south - HALO_M, east + HALO_M, north + HALO_M)
    crs = crop_raster(path, target, bounds=bounds, bounds_crs=plan.settings.crs)
    return {
        "source_id": raster,
        "layer": raster,
        "synthetic": False,
        "file": path.name,
        "crs": str(crs),
    }


def _import_raster(plan: Plan, raster: str, path: Path, *, dry_run: bool) -> Import:
    """Bring a GeoTIFF into the plan."""
    from infraplan.io import raster_crs

    crs = raster_crs(path)
    replaced = raster if plan.raster_path(raster).exists() else ""
    if not dry_run:
        row = _keep_raster(plan, raster, path, plan.table("communes"))
        plan.write_tables({"sources": _sources_after(plan, raster, [row])})
    return Import(
        layer=raster,
        rows_kept=1,
        replaced=replaced,
        notes=_placed_before(plan, raster),
        columns={},
        crs=str(crs),
    )


def _placed(
    plan: Plan, layer: str, table: "gpd.GeoDataFrame"
) -> tuple["gpd.GeoDataFrame", tuple[str, ...]]:
    """Return a layer whose hamlets all have ground, and what was done to get there."""
    if layer != "hamlets":
        return table, _placed_before(plan, layer)
    lost = table.geometry.isna()
    if not lost.any():
        return table, ()
    from infraplan.coverage import place_hamlets

    layers = plan.layers(
        ["settlements"],
        rasters=("population",),
        resolution_m=max(PLACING_RESOLUTION_M, plan.settings.resolution_m),
    )
    table = place_hamlets(table, layers)
    sure = int((table.loc[lost, "placed_by"] == "settlement").sum())
    note = (
        f"{int(lost.sum())} hamlets have no position: {sure} were put on the one settlement of "
        f"their commune, {int(lost.sum()) - sure} placed by guess, by the people of the list"
    )
    return table, (note,)


def _nested(plan: Plan, layer: str, table: "gpd.GeoDataFrame", file: str) -> tuple[str, ...]:
    """Refuse hamlets outside their commune and communes that overlap; tell of hamlets across."""
    from dataclasses import replace

    if layer not in ("communes", "hamlets"):
        return ()
    communes = table if layer == "communes" else plan.table("communes")
    faults = (
        overlapping_communes(table) if layer == "communes" else misplaced_hamlets(table, communes)
    )
    if faults:
        raise LayerError(layer=layer, faults=tuple(replace(item, file=file) for item in faults))
    across = straddling_hamlets(table, communes) if layer == "hamlets" else ()
    if not across:
        return ()
    shown = ", ".join(across[:REPLACED_SHOWN]) + " …" * (len(across) > REPLACED_SHOWN)
    note = f"{len(across)} hamlets reach beyond their commune, inside which alone they count"
    return (f"{note} (rows {shown})",)


def _placed_before(plan: Plan, layer: str) -> tuple[str, ...]:
    """Return a note where hamlets were placed on what an import replaces."""
    if layer not in GROUND or "hamlets" not in plan.layer_names():
        return ()
    guessed = int((plan.table("hamlets")["placed_by"] == "guess").sum())
    if not guessed:
        return ()
    note = (
        f"{guessed} hamlets were placed by guess before this layer came; import their list again "
        "to place them anew"
    )
    return (note,)


def _import_figures(
    plan: Plan, path: Path, vintage: str | None, *, declared: Mapping[str, Any], dry_run: bool
) -> Import:
    """Renew people and households of the plan's communes from a table without ground."""
    from infraplan.io import read_layer
    from infraplan.layers.bundle import require_one_vintage

    communes = plan.table("communes")
    if not len(communes):
        msg = (
            f"{path.name} has no ground, and the plan has no communes whose people it could renew. "
            "Bring their polygons first: infraplan import PLAN communes FILE.gpkg"
        )
        raise PlanError(msg)
    own = require_one_vintage(communes)
    history = history_of(plan)
    if vintage and vintage in VINTAGES and vintage != own:
        steps_between(history.crosswalk, vintage, own)
    reading = read_layer(
        path,
        "communes",
        plan_crs=plan.settings.crs,
        vintage=vintage,
        mend=complete_figures(commune_names(communes), history),
        without_position=True,
    )
    table, notes = renewed(communes, reading.table, history.crosswalk)
    if not dry_run:
        row = {**reading.source, **declared, "source_id": "communes:figures"}
        added = _sources_of([row])
        old = plan.table("sources")
        kept = old[~old.index.isin(added.index)]
        sources = pd.concat([kept, added]).sort_index() if len(kept) else added
        plan.write_tables({"communes": table, "sources": sources})
    return Import(
        layer="communes",
        rows_kept=len(reading.table),
        replaced=", ".join(c for c in FIGURES if not table[c].equals(communes[c])),
        notes=(*reading.notes, *notes, *_placed_before(plan, "communes")),
        columns=dict(reading.columns),
        crs="",
    )


def _mend(
    plan: Plan, layer: str, vintage: str | None = None, to_vintage: str | None = None
) -> "Mend | None":
    """Return what completes the rows of a layer by what the plan knows."""
    if layer not in ("communes", "crosswalk", "hamlets", "sites", "evidence"):
        return None
    history = history_of(plan)
    names = commune_names(history.communes)
    if layer == "communes":
        return complete_communes(history)
    if layer == "crosswalk":
        return complete_crosswalk(history, vintage=vintage, to_vintage=to_vintage)
    if layer == "hamlets":
        return in_own_communes(complete_hamlets(names), history, vintage=vintage)
    if layer == "sites":
        return in_own_communes(complete_sites(names), history, vintage=vintage, strict=False)
    inner = completed_evidence(plan.table("hamlets"), names, set(plan.table("sites")["operator"]))
    return in_own_communes(inner, history, vintage=vintage)


def _overlaid(plan: Plan, reading: "Reading") -> "Reading":
    """Return the crosswalk that old communes make with those of the plan."""
    from dataclasses import replace

    vintage = str(reading.table["vintage"].iloc[0])
    table, notes = crosswalk_from_ground(plan, reading.table, vintage=vintage)
    source = {**reading.source, "source_id": "crosswalk", "layer": "crosswalk", "vintage": vintage}
    return replace(reading, table=table, source=source, notes=(*reading.notes, *notes))


def _carried(tables: Mapping[str, "gpd.GeoDataFrame"], language: str) -> str:
    """Return what was done to layers that name communes, in the words of the plan's language."""
    from infraplan.text import words

    lost = sum(int(table["commune_code"].isna().sum()) for table in tables.values())
    return words(language)("vintages.recoded", layers=", ".join(tables), lost=lost)


def _merged(plan: Plan, layer: str, reading: "Reading") -> tuple["gpd.GeoDataFrame", str]:
    """Return the layer after an import, and what of the old one was replaced, in words."""
    old = plan.table(layer)
    if layer == "crosswalk":
        return merged_steps(old, reading.table)
    by = ["hamlet_id", "operator"] if layer == "evidence" else ["operator"]
    if layer not in (*BY_OPERATOR, "evidence") or not len(old):
        return reading.table, layer if len(old) else ""
    named = pd.MultiIndex.from_frame(reading.table[by])
    is_replaced = pd.MultiIndex.from_frame(old[by]).isin(named)
    kept = old[~is_replaced]
    clash = kept.index.intersection(reading.table.index)
    if len(clash):
        key = schema(layer).key
        fault = Fault(
            what=f"{key} is used by another operator in the plan"
            if layer in BY_OPERATOR
            else f"{key} is used by another statement in the plan",
            rows=tuple(map(str, clash)),
            column=key,
            expected="ids that no other row of the plan uses",
            remedy="put a prefix of your own before the ids",
        )
        raise LayerError(layer=layer, faults=(fault,))
    names = sorted(set(old.loc[is_replaced, by[0]]))
    shown = [*names[:REPLACED_SHOWN], *["…"] * (len(names) > REPLACED_SHOWN)]
    return pd.concat([kept, reading.table]), ", ".join(shown)


def _sources_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows of `sources` as a table of its schema."""
    from infraplan.layers.validate import conform

    frame = pd.DataFrame([dict(row) for row in rows], columns=schema_columns("sources"))
    return pd.DataFrame(conform(frame, "sources", plan_crs="EPSG:9209").table)


def _sources_after(plan: Plan, layer: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the table `sources` after an import of a layer."""
    added = _sources_of(rows)
    old = plan.table("sources")
    stale = (old["layer"] == layer) & ~old.index.to_series().str.startswith(f"{layer}:")
    if layer not in BY_OPERATOR:
        stale = old["layer"] == layer
    kept = old[~stale & ~old.index.isin(added.index)]
    return pd.concat([kept, added]).sort_index() if len(kept) else added


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
