"""Bring files into a plan: lists with their faults and repairs, map files, rasters."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.api.crosswalks import complete_crosswalk
from infraplan.api.crosswalks import crosswalk_from_ground
from infraplan.api.crosswalks import merged_steps
from infraplan.api.forms import completed_evidence
from infraplan.api.import_report import write_import_report
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
from infraplan.api.vintages import recoded
from infraplan.atomic import file_stem
from infraplan.atomic import write_bytes
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.layers.crosswalk import steps_between
from infraplan.layers.nesting import misplaced_hamlets
from infraplan.layers.nesting import overlapping_communes
from infraplan.layers.nesting import straddling_hamlets
from infraplan.layers.notes import Note
from infraplan.layers.notes import listed
from infraplan.layers.repairs import Repair
from infraplan.layers.schemas import RASTERS
from infraplan.layers.schemas import VINTAGES
from infraplan.layers.schemas import schema
from infraplan.plan import Plan
from infraplan.text import words

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from infraplan.io import Reading
    from infraplan.io import Understood
    from infraplan.io.tables import Mend
    from infraplan.layers.known import KnownPlaces

__all__ = [
    "Import",
    "import_layer",
    "keep_raster",
    "known_places",
    "schema_columns",
    "sources_of",
    "with_communes",
]

WHOLE_ROWS = ("evidence", "crosswalk")  # layers whose source counts all rows, not those read
BY_OPERATOR = ("sites", "fibre")  # lists that come one operator at a time
KEYED = {
    "sites": ["operator"],
    "fibre": ["operator"],
    "evidence": ["hamlet_id", "operator"],
}  # what names the rows that a new list replaces
PLACING_RESOLUTION_M = 100.0  # of the population raster on which hamlets are placed
REPLACED_SHOWN = 8
ROWS_SHOWN = 6  # of a survey, of one street
STREETS_SHOWN = 8
LISTS = (".xlsx", ".csv")
WITHOUT_GROUND = LISTS
GROUND = ("communes", "settlements", "population")  # what hamlets are placed on


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """
    What an import brought: how the file was understood, what was kept, mended and set aside.

    `replaced` is what it replaced in the plan. `faults` are those of rows that were set aside,
    `repairs` the cells understood otherwise than they stand. `report` is the workbook for the
    owner of the list, `personal` the file with columns about persons; None where there is none.
    """

    layer: str
    rows_kept: int
    replaced: str
    notes: tuple[str, ...]
    columns: Mapping[str, str]
    crs: str
    rows_read: int = 0
    rows_quarantined: int = 0
    faults: tuple[Fault, ...] = ()
    repairs: tuple[Repair, ...] = ()
    understood: "Understood | None" = None
    report: Path | None = None
    personal: Path | None = None


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
    report: Path | str | None = None,
    keep_personal: bool = False,
    source: Mapping[str, Any] | None = None,
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
    report
        Where the workbook for the owner of the list is written; by default
        `PLAN/reports/imports/`, where there is anything to tell.
    keep_personal
        True to keep columns about persons in `PLAN/personal/`, outside of all layers, maps and
        reports; they are dropped otherwise.
    source
        What else is known of where it comes from, by columns of `sources`, such as its licence.

    Returns
    -------
    imported
        What was understood, kept, mended, set aside and replaced. Rows at fault are set aside; of
        those whose id the plan has already, it keeps the row that it has.

    Raises
    ------
    LayerError
        If the file as a whole or more than half of its rows is at fault, or communes overlap; all
        faults at once, and the plan unchanged.
    SourceFileError
        If the file cannot be read for what it claims to be.
    SettingsError
        If the layer is unknown.
    VintageError
        If figures are of another vintage than the communes, and no crosswalk converts them.
    """
    from infraplan.io import not_of_plan

    if layer not in RASTERS:
        schema(layer)
    path = not_of_plan(Path(path), plan.folder)
    declared = {"as_of": as_of or None, "complete": complete, **(source or {})}
    if layer in RASTERS:
        return _import_raster(plan, layer, path, source=source or {}, dry_run=dry_run)
    from infraplan.io import RefusedError
    from infraplan.io import read_layer

    told = None if report is None else _report_path(report, path, layer)
    try:
        if layer == "communes" and path.suffix.lower() in WITHOUT_GROUND:
            done, reading = _import_figures(plan, path, vintage, declared=declared, dry_run=dry_run)
        else:
            is_ground = layer == "crosswalk" and path.suffix.lower() not in WITHOUT_GROUND
            reading = read_layer(
                path,
                "communes" if is_ground else layer,
                plan_crs=plan.settings.crs,
                crs=crs,
                vintage=vintage,
                mend=_mend(plan, "communes" if is_ground else layer, vintage, to_vintage),
                places=known_places(plan),
                keep_personal=keep_personal,
            )
            if is_ground:
                reading = _overlaid(plan, reading)
            done, reading = _import_rows(plan, reading, declared=declared, dry_run=dry_run)
    except RefusedError as error:
        if told is not None and error.reading is not None:
            _write_report(plan, error.reading, path, told)
        raise
    return _reported(plan, done, reading, path, told, dry_run=dry_run)


def _report_path(report: Path | str, path: Path, layer: str) -> Path:
    """Return the workbook that is meant by a path that may be a folder or lack its ending."""
    told = Path(report)
    if told.is_dir() or str(report).endswith(("/", "\\")):
        return told / f"{file_stem(f'{path.stem}_{layer}')}.xlsx"
    return told if told.suffix.lower() == ".xlsx" else told.with_name(f"{told.name}.xlsx")


def _import_rows(
    plan: Plan, reading: "Reading", *, declared: Mapping[str, Any], dry_run: bool
) -> tuple[Import, "Reading"]:
    """Bring rows that were read into the plan, but for those that do not fit what it has."""
    layer = reading.layer
    reading = _sifted(plan, reading)
    table, replaced, stored = _merged(plan, layer, reading)
    straddling = _straddling(plan, layer, reading.table)
    table, placed = _placed(plan, layer, table)
    table = with_communes(table, layer, plan.table("communes") if layer != "communes" else table)
    carried = recoded(plan, table) if layer == "communes" else {}
    if carried:
        placed = (*placed, _carried(carried))
    notes = (*reading.notes, *stored, *straddling, *placed, *_unknown_streets(plan, reading))
    personal = None
    if not dry_run:
        told: dict[str, Any] = {"rows": len(table)} if layer in WHOLE_ROWS else {}
        told |= {"complete": False} if reading.quarantined else {}
        if layer in CARRIED:
            told["vintage"] = next(iter(plan.table("communes")["vintage"].dropna()), None)
        sources = _sources_after(plan, layer, [{**reading.source, **declared, **told}])
        sources.loc[sources["layer"].isin(carried), "vintage"] = reading.source["vintage"]
        with _personal_kept(plan, reading, table) as personal:
            plan.write_tables({**carried, layer: table, "sources": sources})
    if reading.quarantined and declared["complete"]:
        notes = (*notes, Note("notes.not_complete"))
    done = Import(
        layer=layer,
        rows_kept=len(reading.table),
        replaced=replaced,
        notes=notes,
        columns=dict(reading.columns),
        crs=str(reading.crs),
        personal=personal,
    )
    return _with_reading(done, reading), reading


def _with_reading(done: Import, reading: "Reading") -> Import:
    """Return an import with what its reading tells."""
    return replace(
        done,
        rows_read=reading.rows_read,
        rows_quarantined=len(reading.quarantined),
        faults=reading.faults,
        repairs=reading.repairs,
        understood=reading.understood,
    )


def _reported(
    plan: Plan, done: Import, reading: "Reading", path: Path, report: Path | None, *, dry_run: bool
) -> Import:
    """Return an import with the workbook for the owner of its list, where there is one."""
    is_list = path.suffix.lower() in LISTS
    if report is None and is_list and not dry_run and (reading.faults or reading.repairs):
        report = _report_path(f"{plan.folder / 'reports' / 'imports'}/", path, reading.layer)
    if report is None:
        return done
    try:
        return replace(done, report=_write_report(plan, reading, path, report))
    except PlanError as error:
        return replace(done, notes=(*done.notes, Note("notes.no_report", why=str(error))))


def _write_report(plan: Plan, reading: "Reading", path: Path, report: Path) -> Path:
    """Write the workbook for the owner of a list."""
    language = words(plan.settings.language)
    return write_import_report(report, source=path, reading=reading, words=language)


@contextmanager
def _personal_kept(plan: Plan, reading: "Reading", table: pd.DataFrame) -> Iterator[Path | None]:
    """Write what is about persons beside the plan's layers, and take it back if they fail."""
    if reading.personal is None:
        yield None
        return
    from infraplan.io.persons import write_personal

    path = plan.folder / "personal" / f"{reading.layer}.xlsx"
    before = path.read_bytes() if path.exists() else None
    write_personal(path, reading.personal, ids=set(map(str, table.index)))
    try:
        yield path
    except BaseException:
        if before is None:
            path.unlink()
            with suppress(OSError):
                path.parent.rmdir()
        else:
            write_bytes(path, before)
        raise


def _sifted(plan: Plan, reading: "Reading") -> "Reading":
    """Return a reading without rows that do not fit the plan; refuse communes that overlap."""
    layer = reading.layer
    if layer == "communes":
        found = overlapping_communes(reading.table)
        if found:
            raise LayerError(layer, tuple(replace(item, file=reading.file.name) for item in found))
        return reading
    if layer == "hamlets":
        reading = _without(reading, misplaced_hamlets(reading.table, plan.table("communes")))
    if layer == "cable_survey" and "streets" in plan.layer_names():
        from infraplan.cables.survey import misplaced_rows

        reading = _without(reading, misplaced_rows(reading.table, plan.table("streets")))
    return _without(reading, _clashes(plan, reading))


def _without(reading: "Reading", faults: Sequence[Fault]) -> "Reading":
    """Return a reading without the rows that faults name by their ids."""
    if not faults:
        return reading
    ids = {row for fault in faults for row in fault.rows}
    is_list = reading.file.suffix.lower() in LISTS
    named = tuple(
        replace(
            fault,
            file=reading.file.name,
            sheet=reading.sheet,
            rows=tuple(reading.row_of[row] for row in fault.rows) if is_list else fault.rows,
        )
        for fault in faults
    )
    rows = tuple(reading.row_of[key] for key in reading.table.index if key in ids)
    quarantined = (*reading.quarantined, *rows)
    every = (*reading.faults, *named)
    if 2 * len(quarantined) > len(reading.table) + len(reading.quarantined):
        raise LayerError(layer=reading.layer, faults=every)
    table = reading.table[~reading.table.index.isin(ids)]
    personal = reading.personal
    told = {"rows": len(table), "complete": False, "expected_rows": len(reading.table)}
    if reading.quarantined:
        told["expected_rows"] = reading.source["expected_rows"]
    return replace(
        reading,
        table=table,
        rows_kept=len(table),
        quarantined=quarantined,
        quarantined_ids=(*reading.quarantined_ids, *sorted(ids)),
        faults=every,
        source={**reading.source, **told},
        personal=None if personal is None else personal[~personal.index.isin(ids)],
        understood=replace(
            reading.understood, rows_kept=len(table), rows_quarantined=len(quarantined)
        ),
    )


def known_places(plan: Plan) -> "KnownPlaces":
    """
    Return what a plan knows of its places, as evidence of what coordinates mean.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    places
        Its communes, hamlets, stations and sea; empty layers where it has none.
    """
    from infraplan.layers.bundle import empty_table
    from infraplan.layers.known import KnownPlaces

    names = ("communes", "hamlets", "sites", "sea")
    found = plan.tables(names)
    lacking = {name: empty_table(name, plan.settings.crs) for name in names if name not in found}
    return KnownPlaces(**found, **lacking)


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


def keep_raster(
    plan: Plan, raster: str, path: Path, communes: "gpd.GeoDataFrame"
) -> dict[str, Any]:
    """
    Copy a raster into the plan, cropped to the area with a halo.

    Parameters
    ----------
    plan
        The plan.
    raster
        Name of the raster.
    path
        GeoTIFF to read.
    communes
        Communes of the plan; where there are any, they give the area.

    Returns
    -------
    source
        Its row of `sources`.
    """
    from infraplan.io import crop_raster

    target = plan.raster_path(raster)
    crs = crop_raster(path, target, bounds=_wanted(communes), bounds_crs=plan.settings.crs)
    return {
        "source_id": raster,
        "layer": raster,
        "synthetic": False,
        "file": path.name,
        "crs": str(crs),
    }


def sources_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """
    Return rows of `sources` as a table of its schema.

    Parameters
    ----------
    rows
        Columns to values.

    Returns
    -------
    sources
        By `source_id`.
    """
    from infraplan.layers.validate import conform

    frame = pd.DataFrame([dict(row) for row in rows], columns=schema_columns("sources"))
    return pd.DataFrame(conform(frame, "sources", plan_crs="EPSG:9209").table)


def _wanted(communes: "gpd.GeoDataFrame") -> tuple[float, float, float, float] | None:
    """Return the bounds in which rasters are kept; None where the plan has no communes yet."""
    from infraplan.plan.folder import HALO_M

    if not len(communes):
        return None
    west, south, east, north = map(float, communes.total_bounds)
    return west - HALO_M, south - HALO_M, east + HALO_M, north + HALO_M


def _import_raster(
    plan: Plan, raster: str, path: Path, *, source: Mapping[str, Any], dry_run: bool
) -> Import:
    """Bring a GeoTIFF into the plan."""
    from infraplan.io import check_crop

    communes = plan.table("communes")
    crs = check_crop(path, bounds=_wanted(communes), bounds_crs=plan.settings.crs)
    replaced = raster if plan.raster_path(raster).exists() else ""
    if not dry_run:
        row = {**keep_raster(plan, raster, path, communes), **source}
        plan.write_tables({"sources": _sources_after(plan, raster, [row])})
    return Import(
        layer=raster,
        rows_kept=1,
        replaced=replaced,
        notes=_placed_before(plan, raster),
        columns={},
        crs=str(crs),
    )


def _clashes(plan: Plan, reading: "Reading") -> list[Fault]:
    """Return ids that rows of the plan have which the import does not replace."""
    layer = reading.layer
    old = plan.table(layer)
    if layer not in (*BY_OPERATOR, "evidence") or not len(old):
        return []
    clash = old.index[~_replaced(old, reading)].intersection(reading.table.index)
    if not len(clash):
        return []
    key = schema(layer).key
    fault = Fault(
        what=f"{key} is used by another operator in the plan"
        if layer in BY_OPERATOR
        else f"{key} is used by another statement in the plan",
        rows=tuple(map(str, clash)),
        column=key,
        expected="ids that no other row of the plan uses",
        remedy="put a prefix of your own before the ids",
        code="id_used_by_operator" if layer in BY_OPERATOR else "id_used_by_statement",
        details=(("layer", layer), ("column", key)),
    )
    return [fault]


def _replaced(old: pd.DataFrame, reading: "Reading") -> "npt.NDArray[np.bool_]":
    """Return which rows of the plan are of the operators, or statements, that an import names."""
    by = KEYED[reading.layer]
    named = pd.MultiIndex.from_frame(reading.table[by])
    return np.asarray(pd.MultiIndex.from_frame(old[by]).isin(named))


def _merged(
    plan: Plan, layer: str, reading: "Reading"
) -> tuple["gpd.GeoDataFrame", str, tuple[str, ...]]:
    """Return the layer after an import, what of the old one was replaced, and what of it stays."""
    old = plan.table(layer)
    if layer == "crosswalk":
        return *merged_steps(old, reading.table), ()
    if not len(old):
        return reading.table, "", ()
    is_replaced = np.ones(len(old), dtype=bool)
    if layer in KEYED:
        is_replaced = _replaced(old, reading)
    stays = old.index.isin(reading.quarantined_ids) & ~old.index.isin(reading.table.index)
    notes: tuple[str, ...] = ()
    if (stays & is_replaced).any():
        named = list(map(str, old.index[stays & is_replaced]))
        shown = ", ".join(named[:REPLACED_SHOWN]) + " …" * (len(named) > REPLACED_SHOWN)
        notes = (Note("notes.kept_before", names=shown),)
    kept = old[~is_replaced | stays]
    table = pd.concat([kept, reading.table]) if len(kept) else reading.table
    if layer not in KEYED:
        return table, layer, notes
    names = sorted(set(old.loc[is_replaced, KEYED[layer][0]]))
    told = [*names[:REPLACED_SHOWN], *["…"] * (len(names) > REPLACED_SHOWN)]
    return table, ", ".join(told), notes


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
    count = int(lost.sum())
    note = Note("notes.placed", count=str(count), sure=str(sure), guessed=str(count - sure))
    return table, (note,)


def _straddling(plan: Plan, layer: str, table: "gpd.GeoDataFrame") -> tuple[str, ...]:
    """Tell of hamlets that reach into another commune."""
    if layer != "hamlets":
        return ()
    across = straddling_hamlets(table, plan.table("communes"))
    if not across:
        return ()
    shown = ", ".join(across[:REPLACED_SHOWN]) + " …" * (len(across) > REPLACED_SHOWN)
    return (Note("notes.straddling", count=str(len(across)), rows=shown),)


def _unknown_streets(plan: Plan, reading: "Reading") -> tuple[str, ...]:
    """Tell of rows of a survey whose streets the plan does not have, with near names."""
    table = reading.table
    if reading.layer != "cable_survey" or not len(table) or "streets" not in plan.layer_names():
        return ()
    from infraplan.cables.chosen import near_names
    from infraplan.cables.chosen import plain_text

    streets = plan.table("streets")
    names = sorted({str(name) for name in streets["name"].dropna()})
    known = {plain_text(name) for name in names} | {plain_text(str(i)) for i in streets.index}
    rows: dict[str, list[str]] = {}
    for key, name in table["street"].items():
        if plain_text(str(name)) not in known:
            rows.setdefault(str(name), []).append(str(reading.row_of.get(str(key), key)))
    if not rows:
        return ()
    told = [
        Note(
            "notes.survey_street",
            name=name,
            rows=listed(of, ROWS_SHOWN),
            near=near_names(name, names),
        )
        for name, of in rows.items()
    ]
    count = str(sum(map(len, rows.values())))
    return (Note("notes.survey_streets", count=count, names=listed(told, STREETS_SHOWN)),)


def _placed_before(plan: Plan, layer: str) -> tuple[str, ...]:
    """Return a note where hamlets were placed on what an import replaces."""
    if layer not in GROUND or "hamlets" not in plan.layer_names():
        return ()
    guessed = int((plan.table("hamlets")["placed_by"] == "guess").sum())
    if not guessed:
        return ()
    return (Note("notes.placed_before", count=str(guessed)),)


def _import_figures(
    plan: Plan, path: Path, vintage: str | None, *, declared: Mapping[str, Any], dry_run: bool
) -> tuple[Import, "Reading"]:
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
        added = sources_of([row])
        old = plan.table("sources")
        kept = old[~old.index.isin(added.index)]
        sources = pd.concat([kept, added]).sort_index() if len(kept) else added
        plan.write_tables({"communes": table, "sources": sources})
    done = Import(
        layer="communes",
        rows_kept=len(reading.table),
        replaced=", ".join(c for c in FIGURES if not table[c].equals(communes[c])),
        notes=(*reading.notes, *notes, *_placed_before(plan, "communes")),
        columns=dict(reading.columns),
        crs="",
    )
    return _with_reading(done, reading), reading


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
    vintage = str(reading.table["vintage"].iloc[0])
    table, notes = crosswalk_from_ground(plan, reading.table, vintage=vintage)
    source = {**reading.source, "source_id": "crosswalk", "layer": "crosswalk", "vintage": vintage}
    return replace(
        reading, layer="crosswalk", table=table, source=source, notes=(*reading.notes, *notes)
    )


def _carried(tables: Mapping[str, "gpd.GeoDataFrame"]) -> Note:
    """Return what was done to layers that name communes."""
    lost = sum(int(table["commune_code"].isna().sum()) for table in tables.values())
    names = listed([Note(f"terms.layer_{name}") for name in tables], len(tables))
    return Note("vintages.recoded", layers=names, lost=str(lost))


def _sources_after(plan: Plan, layer: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the table `sources` after an import of a layer."""
    added = sources_of(rows)
    old = plan.table("sources")
    stale = (old["layer"] == layer) & ~old.index.to_series().str.startswith(f"{layer}:")
    if layer not in BY_OPERATOR:
        stale = old["layer"] == layer
    kept = old[~stale & ~old.index.isin(added.index)]
    return pd.concat([kept, added]).sort_index() if len(kept) else added
