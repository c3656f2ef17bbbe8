"""A file of someone else's becomes a layer of ours, or a list of all that is wrong with it."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import SettingsError
from infraplan.io.aliases import Headings
from infraplan.io.aliases import match_headings
from infraplan.io.aliases import rewritten
from infraplan.io.aliases import ticked
from infraplan.io.mending import decimal_signs
from infraplan.io.mending import number_repairs
from infraplan.io.mending import spelling_repairs
from infraplan.io.paths import paths_from
from infraplan.io.persons import about_persons
from infraplan.io.persons import masked_numbers
from infraplan.io.persons import without_numbers
from infraplan.io.positions import Positions
from infraplan.io.positions import compared
from infraplan.io.positions import positions_from
from infraplan.io.positions import with_accuracy
from infraplan.io.reading import Mend
from infraplan.io.reading import Mended
from infraplan.io.reading import Reading
from infraplan.io.reading import RefusedError
from infraplan.io.reading import Understood
from infraplan.io.row_evidence import row_evidence
from infraplan.io.sheets import Sheet
from infraplan.io.sheets import checked_path
from infraplan.io.sheets import read_sheet
from infraplan.io.texts import settle_text
from infraplan.layers.bundle import empty_table
from infraplan.layers.columns import LayerSchema
from infraplan.layers.convert import tidy
from infraplan.layers.crs import Bounds
from infraplan.layers.crs import epsg_code
from infraplan.layers.notes import Note
from infraplan.layers.notes import listed
from infraplan.layers.repairs import Repair
from infraplan.layers.schemas import schema
from infraplan.layers.validate import Conformed
from infraplan.layers.validate import conform

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.layers.known import KnownPlaces

__all__ = ["Mend", "Mended", "Reading", "Understood", "read_layer"]

Mask = npt.NDArray[np.bool_]
WHOLE = ("communes", "districts", "crosswalk", "sea", "sources")  # a missing row would be a hole
SOFT = ("requests",)  # a request with a wrong cell is still to be answered
CHECKS = 5  # what is decided for a whole column may change when rows are set aside
ROWS_SHOWN = 5
HAVE_IDS = ("communes", "districts", "sites")  # their owners always number them
NAMES_SHOWN = 20
BY_NAME = ("sites", "requests", "candidates")  # in map files their names may be their ids
BY_OPERATOR = ("sites", "fibre")
OF_LETTER = ("letter", "letter_date")
TITLED = ("operator", *OF_LETTER)  # told by notes of their own where a title says them
TOLD = ("positions.system_recognised", "encodings.csv")  # notes of what has a line of its own
REPAIRS_TOLD = 10_000  # of a column and kind, one by one; the others are counted
NO_SYSTEM = ("lost_datum", "mapinfo_lost_datum", "no_place_on_earth")


@dataclass(slots=True)
class _Draft:
    """A layer on its way from cells to a table."""

    sheet: Sheet
    headings: Headings
    frame: pd.DataFrame
    crs: str = ""
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    told: tuple[str, ...] = ()
    positions: Positions | None = None
    vintage: tuple[str, str] = ("", "")
    persons: tuple[str, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    repeated: tuple[str, ...] = ()
    quarantined: tuple[str, ...] = ()
    quarantined_ids: list[str] = field(default_factory=list)
    all_rows: tuple[str, ...] = ()
    all_cells: pd.DataFrame = field(default_factory=pd.DataFrame)
    untold: Counter[tuple[str, str]] = field(default_factory=Counter)
    mended: set[str] = field(default_factory=set)

    @property
    def rows_read(self) -> int:
        """Return how many rows the file has."""
        return len(self.all_rows)

    @property
    def heading(self) -> dict[str, str]:
        """Return the owner's heading of each column."""
        return {column: name for name, column in self.headings.columns.items()}

    def tell(self, repairs: Iterable[Repair]) -> None:
        """Keep repairs to be told, of very many alike the first and how many more there are."""
        told: Counter[tuple[str, str]] = Counter()
        for repair in repairs:
            kind = (repair.column, repair.code)
            told[kind] += 1
            if told[kind] <= REPAIRS_TOLD:
                self.repairs.append(repair)
            else:
                self.mended.add(repair.row)
        self.untold += Counter({kind: n - REPAIRS_TOLD for kind, n in told.items()})


@dataclass(frozen=True, slots=True)
class _Kept:
    """What rows must hold to, to be kept."""

    layer: LayerSchema
    file: Path
    plan_crs: str
    area: Bounds | None
    without_position: bool

    def check(self, draft: _Draft) -> tuple[Conformed | None, Sequence[Fault]]:
        """Return the rows of a draft as the schema wants them, or all their faults."""
        try:
            conformed = conform(
                draft.frame,
                self.layer.name,
                plan_crs=self.plan_crs,
                rows=draft.sheet.rows,
                area=self.area,
                without_position=self.without_position,
            )
        except LayerError as error:
            return None, error.faults
        return conformed, ()


def read_layer(  # noqa: PLR0913 - what a person says of a file
    path: Path | str,
    layer: str,
    *,
    plan_crs: str,
    crs: str | None = None,
    vintage: str | None = None,
    area_bounds: Bounds | None = None,
    fill: Mapping[str, str] | None = None,
    mend: Mend | None = None,
    without_position: bool = False,
    keep_personal: bool = False,
    places: "KnownPlaces | None" = None,
) -> Reading:
    """
    Read a layer from a list or a map file.

    Parameters
    ----------
    path
        `.xlsx`, `.csv`, `.gpkg`, `.geojson`, `.shp`, `.tab`, `.mif`, `.kml`, `.kmz`, `.gpx`, or
        one map file in a `.zip`.
    layer
        Name of the layer.
    plan_crs
        Planning CRS, as an EPSG code.
    crs
        Reference system of the coordinates where the file does not say it, as an EPSG code.
    vintage
        Administrative vintage of the units, where the layer has one and the file does not say it.
    area_bounds
        West, south, east, north of the plan's area in `plan_crs`, to find positions far outside.
    fill
        Values of columns that the file lacks, the same in every row.
    mend
        Completes the rows before they are checked, such as codes from names; called with the table,
        its columns named as in the schema, and what the owner calls each row.
    without_position
        True for figures of units that the plan has already: positions are not read.
    keep_personal
        True to return columns about persons beside the table; they never become part of it.
    places
        What the plan knows of its places, by which a reference system that nobody says is
        recognised, or None.

    Returns
    -------
    reading
        The layer with what was understood, mended and left out. Rows at fault are set aside with
        their faults, except in layers where a missing row would be a hole (communes, districts,
        crosswalk, sea, sources).

    Raises
    ------
    LayerError
        If the file as a whole is at fault, or more than half of its rows: it was then not
        understood; all faults at once, with file, sheet, row, column and remedy.
    SourceFileError
        If the file cannot be read for what it claims to be.
    SettingsError
        If the layer or the CRS is unknown.
    """
    declared = schema(layer)
    if crs is not None and not (re.fullmatch(r"EPSG:\d+", crs) and epsg_code(crs)):
        msg = f"--crs must be an EPSG code such as EPSG:9209; found '{crs}'"
        raise SettingsError(msg)
    file = checked_path(path)
    sheet = read_sheet(file, layer)
    text = settle_text(sheet.frame, sheet.rows)
    sheet = replace(
        sheet,
        frame=text.frame,
        notes=(*sheet.notes, *text.notes),
        repairs=(*sheet.repairs, *text.repairs),
        encoding=", ".join(dict.fromkeys([*(text.encodings or {}).values()])) or sheet.encoding,
    )
    draft = _draft(sheet, layer)
    draft.tell(sheet.repairs)
    draft.faults += [fault for fault in text.faults if fault.column in draft.headings.columns]
    if declared.geometry and not without_position:
        _place(draft, layer, (plan_crs, crs, area_bounds), places)
    given = {**(fill or {}), **({"vintage": vintage} if vintage and declared.has_vintage else {})}
    _fill_in(draft, given, layer)
    _imply(draft, layer)
    _rewrite(draft, layer)
    if mend is not None and len(draft.frame):
        _mend(draft, mend)
    _make_ids(draft, layer)
    _drop_repeated(draft, layer)
    kept = _Kept(declared, file, plan_crs, area_bounds, without_position)
    conformed = _sifted(draft, kept)
    table = conformed.table
    if layer == "sites":
        table = table.assign(mast_id=table["mast_id"].where(table["mast_id"].notna(), table.index))
    draft.tell(number_repairs(draft.frame, table, draft.sheet.rows, declared))
    draft.notes += [_under_heading(note, draft.heading) for note in conformed.notes]
    return _reading(draft, kept, table, vintage=vintage, keep_personal=keep_personal)


def _draft(sheet: Sheet, layer: str) -> _Draft:
    """Return the columns that the layer knows, and say which were left out."""
    import geopandas as gpd

    frame = sheet.frame.reset_index(drop=True)
    geometry = frame.geometry if isinstance(frame, gpd.GeoDataFrame) else None
    cells = frame.drop(columns=geometry.name) if geometry is not None else frame
    headings = match_headings([str(name) for name in cells.columns], layer)
    kept = cells[list(headings.columns)].rename(columns=dict(headings.columns))
    if headings.ticks:
        kept = kept.assign(technologies=ticked(cells, headings.ticks))
    by_content = [name for name in headings.unknown if about_persons(cells[name])]
    persons = (*headings.persons, *by_content)
    unknown = [name for name in headings.unknown if name not in by_content]
    notes: list[str] = []
    if persons:
        notes.append(Note("notes.persons", names=_first(persons)))
    if unknown:
        notes.append(Note("notes.unknown", layer=layer, names=_first(unknown)))
    if geometry is not None:
        headings = replace(headings, positions={})
        kept = gpd.GeoDataFrame(kept, geometry=geometry.to_numpy(), crs=geometry.crs)
    return _Draft(
        sheet,
        headings,
        kept,
        faults=list(sheet.faults),
        notes=notes,
        told=(*notes, *(note for note in sheet.notes if getattr(note, "code", "") in TOLD)),
        persons=persons,
        all_rows=sheet.rows,
        all_cells=cells,
        unknown=tuple((name, headings.meant.get(name, "")) for name in unknown),
    )


def _first(names: Sequence[str]) -> str:
    """Return the first of many headings for a note."""
    return listed([name[:60] for name in names], NAMES_SHOWN)


def _imply(draft: _Draft, layer: str) -> None:
    """Add columns that the list lacks, but its sub-headings or titles give."""
    known = {column.name for column in schema(layer).columns} | {"commune", "district"}
    for column, values in draft.sheet.implied.items():
        if column in known and column not in draft.frame:
            draft.frame = draft.frame.assign(**{column: list(values)})
            if any(values) and column not in TITLED:
                draft.notes.append(Note("notes.from_subheadings", column=column))
        elif column in OF_LETTER:
            own = draft.frame[column]
            said = np.array(list(values), dtype=object)
            draft.frame[column] = own.where(own.map(tidy) != "", said)


def _rewrite(draft: _Draft, layer: str) -> None:
    """Write operators, technologies and coded values as ours; telephone numbers go."""
    before = draft.frame
    draft.frame, cut = without_numbers(before, draft.sheet.rows, layer)
    draft.tell(cut)
    draft.frame = rewritten(draft.frame, layer)
    draft.tell(spelling_repairs(before, draft.frame, draft.sheet.rows))


def _mend(draft: _Draft, mend: Mend) -> None:
    """Complete the rows by what the plan knows."""
    mended = mend(draft.frame, draft.sheet.rows)
    draft.frame = mended.frame
    if mended.rows is not None:
        draft.sheet = replace(draft.sheet, rows=mended.rows)
    draft.faults += mended.faults
    draft.notes += mended.notes
    draft.tell(mended.repairs)
    draft.vintage = (mended.vintage, mended.vintage_basis)


def _place(
    draft: _Draft,
    layer: str,
    systems: tuple[str, str | None, Bounds | None],
    places: "KnownPlaces | None",
) -> None:
    """Give the rows their positions and settle the reference system."""
    import geopandas as gpd

    plan_crs, crs, area = systems
    if isinstance(draft.frame, gpd.GeoDataFrame):
        _place_points(draft, layer, (plan_crs, crs, area), places)
        return
    if "path" in draft.headings.positions.values():
        _draw(draft, plan_crs, crs)
        return
    names, ids = row_evidence(draft.sheet.frame, draft.frame, layer, places)
    found = positions_from(
        draft.sheet.frame.reset_index(drop=True),
        draft.headings.positions,
        draft.sheet.rows,
        plan_crs=plan_crs,
        crs=crs,
        area=area,
        places=places,
        commune_names=names,
        ids=ids,
    )
    if found is None:
        return
    _put(draft, draft.frame, found, layer)
    draft.told += tuple(note for note in found.notes if note.code in TOLD)
    draft.crs = crs or epsg_code(found.points.crs)


def _put(draft: _Draft, cells: pd.DataFrame, found: Positions, layer: str) -> None:
    """Give the rows the positions that were found, and tell what was found on the way."""
    import geopandas as gpd

    draft.frame = gpd.GeoDataFrame(
        with_accuracy(cells, found, layer),
        geometry=found.points.to_numpy(),
        crs=found.points.crs,
    )
    draft.faults += found.faults
    draft.notes += found.notes
    draft.tell(found.repairs)
    draft.positions = found


def _place_points(
    draft: _Draft,
    layer: str,
    systems: tuple[str, str | None, Bounds | None],
    places: "KnownPlaces | None",
) -> None:
    """Settle the reference system of a map file, by what the plan knows where it holds points."""
    import geopandas as gpd

    plan_crs, crs, area = systems
    shapes = gpd.GeoDataFrame(draft.frame).geometry
    is_points = bool((shapes.geom_type.isin(["Point"]) | shapes.isna()).all()) and len(shapes) > 0
    if not is_points or places is None or not len(places.communes):
        _settle_crs(draft, crs)
        return
    names, ids = row_evidence(draft.sheet.frame, draft.frame, layer, places)
    is_said = crs is not None or draft.sheet.system_fault is not None
    if not is_said and (shapes.crs is None or _is_default(shapes)):
        cells = pd.DataFrame({"y": shapes.y, "x": shapes.x}, dtype=object)
        found = positions_from(
            cells.where(cells.notna(), None).reset_index(drop=True),
            {"y": "northing", "x": "easting"},
            draft.sheet.rows,
            plan_crs=plan_crs,
            crs=None,
            area=area,
            places=places,
            commune_names=names,
            ids=ids,
        )
        assert found is not None  # noqa: S101 - it has both columns
        _put(draft, pd.DataFrame(draft.frame.drop(columns="geometry")), found, layer)
        draft.crs = found.crs
        return
    _settle_crs(draft, crs)
    placed = gpd.GeoDataFrame(draft.frame).geometry
    is_clear = not any(fault.code in NO_SYSTEM for fault in draft.faults)
    if is_clear and placed.crs is not None and epsg_code(placed.crs):
        told = compared(
            placed,
            draft.sheet.rows,
            plan_crs=plan_crs,
            places=places,
            commune_names=names,
            ids=ids,
        )
        draft.faults += told.faults
        draft.notes += told.notes


def _is_default(shapes: "gpd.GeoSeries") -> bool:
    """Return whether a map file only seems to say degrees: GeoJSON does, whatever its numbers."""
    if shapes.crs is None or epsg_code(shapes.crs) != "EPSG:4326":
        return False
    return bool(np.nan_to_num(np.abs(shapes.total_bounds)).max(initial=0) > 360)


def _draw(draft: _Draft, plan_crs: str, crs: str | None) -> None:
    """Give the rows the lines that are written in one of their cells."""
    import geopandas as gpd

    found = paths_from(
        draft.sheet.frame.reset_index(drop=True),
        draft.headings.positions,
        draft.sheet.rows,
        plan_crs=plan_crs,
        crs=crs,
    )
    if found is None:
        return
    draft.frame = gpd.GeoDataFrame(
        draft.frame, geometry=found.lines.to_numpy(), crs=found.lines.crs
    )
    draft.faults += found.faults
    draft.crs = crs or epsg_code(found.lines.crs)


def _settle_crs(draft: _Draft, crs: str | None) -> None:
    """Settle the reference system of a map file: its own, or the one said by the user."""
    import geopandas as gpd

    frame = gpd.GeoDataFrame(draft.frame)
    draft.crs = "" if frame.crs is None else epsg_code(frame.crs)
    if draft.sheet.system_fault is not None:
        if crs is None:
            draft.faults.append(draft.sheet.system_fault)
            return
        draft.crs = ""
    if crs is None or crs == draft.crs:
        return
    if not draft.crs or _is_default(frame.geometry):
        draft.frame = frame.set_crs(crs, allow_override=True)
        draft.crs = epsg_code(crs)
        return
    draft.faults.append(
        Fault(
            what="the file names another reference system than --crs",
            found=draft.crs,
            expected=str(crs),
            remedy="leave --crs out where the file is right, or assign the right system in QGIS",
            code="crs_contradicts",
        )
    )


def _fill_in(draft: _Draft, given: Mapping[str, str], layer: str) -> None:
    """Fill columns that the file lacks with values said by the user."""
    for column, value in given.items():
        if column not in draft.frame:
            draft.frame = draft.frame.assign(**{column: value})
            continue
        said = draft.frame[column].map(tidy)
        other = sorted(set(said[(said != "") & (said != value)]))
        if other:
            draft.faults.append(
                Fault(
                    what=f"the file says another {column} than the import",
                    column=column,
                    found=", ".join(other[:5]),
                    expected=value,
                    remedy=f"import layer '{layer}' with the {column} that the file has",
                    code="value_contradicts",
                    details=(("column", column),),
                )
            )
        draft.frame[column] = said.where(said != "", value)


def _make_ids(draft: _Draft, layer: str) -> None:
    """Give ids to rows of layers whose owners rarely number them."""
    key = schema(layer).key
    if layer in BY_NAME and key not in draft.frame and len(draft.frame):
        _name_ids(draft, key)
    if layer in HAVE_IDS or not len(draft.frame):
        return
    have = draft.frame[key].map(tidy) if key in draft.frame else None
    if have is not None and (have != "").any():
        if layer in SOFT and (have == "").any():
            _number_lacking(draft, have, layer)
        return
    known = ["site_id", "technology", "carrier", "sector"]
    if layer == "cells" and {"site_id", "technology"} <= set(draft.frame.columns):
        parts = [draft.frame[name].map(tidy) for name in known if name in draft.frame]
        joined = ["-".join(filter(None, row)) for row in zip(*parts, strict=True)]
        made = pd.Series(joined, index=draft.frame.index)
        how = "cell"
    else:
        made = pd.Series(
            [f"{layer}-{row:0>5}" for row in draft.sheet.rows], index=draft.frame.index
        )
        how = "row"
    draft.frame = draft.frame.assign(**{key: made})
    draft.notes.append(Note(f"notes.id_of_{how}", column=key))


def _name_ids(draft: _Draft, key: str) -> None:
    """Take the names of a map file as ids where they tell its rows apart, as in Google Earth."""
    import geopandas as gpd

    if not isinstance(draft.frame, gpd.GeoDataFrame) or "name" not in draft.frame:
        return
    if draft.headings.positions:  # a list, which has columns of its own
        return
    names = draft.frame["name"].map(tidy)
    if (names == "").any() or names.duplicated().any():
        return
    draft.frame = draft.frame.assign(**{key: names})
    draft.notes.append(Note("imports.id_from_name", column=key))


def _number_lacking(draft: _Draft, have: pd.Series, layer: str) -> None:
    """Give ids to rows without one where the others have theirs, from their row numbers."""
    key = schema(layer).key
    lacking = (have == "").to_numpy()
    rows = np.array(draft.sheet.rows, dtype=object)
    made = [f"{layer}-{row:0>5}" for row in rows]
    draft.frame = draft.frame.assign(**{key: have.where(~lacking, made)})
    draft.repairs += [
        Repair(row, key, "", name, "id_made")
        for row, name, is_made in zip(rows, made, lacking, strict=True)
        if is_made
    ]


def _drop_repeated(draft: _Draft, layer: str) -> None:
    """Keep one of rows that are equal in every cell; rows that only share their id stay."""
    key = schema(layer).key
    if key not in draft.frame or layer in WHOLE or draft.frame.empty:
        return
    ids = draft.frame[key].map(tidy)
    if not (shared := (ids != "") & ids.duplicated(keep=False)).any():
        return
    twins = pd.DataFrame(draft.frame)[shared.to_numpy()]
    texts = twins.map(lambda cell: cell.wkt if hasattr(cell, "wkt") else tidy(cell))
    again = texts.duplicated().reindex(draft.frame.index, fill_value=False).to_numpy(dtype=bool)
    if not again.any():
        return
    draft.repeated = tuple(np.array(draft.sheet.rows, dtype=object)[again])
    draft.notes.append(Note("notes.repeated", rows=listed(draft.repeated, ROWS_SHOWN)))
    _keep(draft, ~again)


def _keep(draft: _Draft, mask: Mask) -> None:
    """Leave only some rows in a draft."""
    draft.frame = draft.frame[mask].reset_index(drop=True)
    rows = np.array(draft.sheet.rows, dtype=object)[mask]
    draft.sheet = replace(draft.sheet, rows=tuple(rows))


def _sifted(draft: _Draft, kept: _Kept) -> Conformed:
    """Return the rows that hold to the schema, and set the others aside with their faults."""
    faults: list[Fault] = list(draft.faults)
    total = len(draft.frame)
    at_fault = {row for fault in faults for row in fault.rows}
    for is_first in (True, *[False] * CHECKS):
        conformed, news = kept.check(draft)
        news = _news(news, draft.faults if is_first else [])
        faults += news
        at_fault |= {row for fault in news for row in fault.rows}
        is_whole = any(not fault.rows for fault in faults) or kept.layer.name in WHOLE
        if faults and (is_whole or 2 * len(at_fault) > total):
            break
        if conformed is not None and not (is_first and faults):
            draft.faults = faults
            return conformed
        _set_aside(draft, kept.layer, faults if is_first else news)
    named = _named(faults, draft, kept.file)
    raise RefusedError.of(kept.layer.name, named, _refused(draft, kept, named, at_fault))


def _set_aside(draft: _Draft, layer: LayerSchema, faults: Sequence[Fault]) -> None:
    """Take rows at fault out of a draft; of requests only the cells, where that will do."""
    import geopandas as gpd

    rows = np.array(draft.sheet.rows, dtype=object)
    gone: set[str] = set()
    for fault in faults:
        where = np.isin(rows, list(fault.rows))
        column = layer.column(fault.column)
        if layer.name not in SOFT or (column is not None and column.required):
            gone |= set(fault.rows)
        elif column is not None:
            draft.frame[column.name] = draft.frame[column.name].astype(object).where(~where, None)
        elif isinstance(draft.frame, gpd.GeoDataFrame):
            shapes = draft.frame.geometry.to_numpy().astype(object)
            shapes[where] = None
            draft.frame = draft.frame.set_geometry(gpd.GeoSeries(shapes, crs=draft.frame.crs))
    out = np.isin(rows, list(gone))
    if layer.key in draft.frame:
        draft.quarantined_ids += [tidy(cell) for cell in draft.frame[layer.key][out]]
    draft.quarantined = (*draft.quarantined, *rows[out])
    _keep(draft, ~out)


def _news(faults: Sequence[Fault], known: Sequence[Fault]) -> list[Fault]:
    """Return faults without those that only follow from an earlier one."""
    bad_cells = {row for fault in known for row in fault.rows}
    is_undeclared = any(
        "reference system is not said" in fault.what or fault.code in NO_SYSTEM for fault in known
    )
    news = []
    for fault in faults:
        if fault.what == "the position is missing" and set(fault.rows) <= bad_cells:
            continue
        about_place = ("far outside", "swapped", "are not in", "do not say their reference")
        if is_undeclared and any(words in fault.what for words in about_place):
            continue
        news.append(fault)
    return news


def _named(faults: Sequence[Fault], draft: _Draft, file: Path) -> tuple[Fault, ...]:
    """Return faults with the file, the sheet and the heading that their owner knows."""
    heading = draft.heading
    return tuple(
        replace(
            fault,
            file=file.name,
            sheet=draft.sheet.name,
            column=heading.get(fault.column, fault.column),
            found=fault.found
            if fault.column in draft.headings.positions
            else masked_numbers(fault.found),
        )
        for fault in faults
    )


def _reading(
    draft: _Draft,
    kept: _Kept,
    table: "gpd.GeoDataFrame",
    *,
    vintage: str | None,
    keep_personal: bool,
) -> Reading:
    """Return what was read, with all that was understood on the way."""
    name = kept.layer.name
    faults = _named(draft.faults, draft, kept.file)
    reading = _account(draft, kept, faults)
    own = str(table["vintage"].iloc[0]) if "vintage" in table else ""
    vintages = _vintage(draft, own, vintage)
    reading = replace(
        reading,
        table=table,
        source=_source(table, name, kept.file, draft.crs),
        rows_kept=len(table),
        row_of=dict(zip(table.index, draft.sheet.rows, strict=True)),
        personal=_personal(draft, table) if keep_personal and draft.persons else None,
        understood=replace(
            reading.understood,
            rows_kept=len(table),
            vintage=vintages[0],
            vintage_basis=vintages[1],
        ),
    )
    if not draft.quarantined:
        return reading
    expected = reading.rows_read - len(draft.repeated)
    told = {"expected_rows": expected, "complete": False}
    return replace(reading, source={**reading.source, **told})


def _vintage(draft: _Draft, own: str, said: str | None) -> tuple[str, str]:
    """Return the vintage of a list that is of one or names communes, and why it was taken."""
    recognised, basis = draft.vintage
    if said and (own or recognised):
        return own or recognised, "said"
    if own and own != recognised:
        return own, "file"
    return recognised, basis


def _refused(draft: _Draft, kept: _Kept, faults: Sequence[Fault], at_fault: set[str]) -> Reading:
    """Return what was read of a file that is refused, for a report to its owner."""
    draft.quarantined = tuple(row for row in draft.sheet.rows if row in at_fault)
    draft.quarantined_ids = []
    return _account(draft, kept, tuple(faults))


def _account(draft: _Draft, kept: _Kept, faults: tuple[Fault, ...]) -> Reading:
    """Return a reading without rows: how the file was understood, faults and repairs."""
    sheet, headings = draft.sheet, draft.headings
    repairs = _with_headings(draft)
    columns = {**headings.columns, **headings.positions, **headings.ticks}
    layout = _layout(sheet)
    return Reading(
        table=empty_table(kept.layer.name, kept.plan_crs),
        source={},
        columns={**headings.columns, **headings.positions},
        notes=(*sheet.notes, *layout, *draft.notes, *_untold(draft)),
        crs=draft.crs,
        rows_read=draft.rows_read,
        layer=kept.layer.name,
        file=kept.file,
        sheet=sheet.name,
        sheets=sheet.sheets,
        header_rows=sheet.header_rows,
        column_numbers=sheet.column_numbers,
        pages=sheet.pages,
        quarantined=draft.quarantined,
        quarantined_ids=tuple(filter(None, draft.quarantined_ids)),
        faults=faults,
        repairs=repairs,
        understood=Understood(
            file=kept.file.name,
            sheets=sheet.sheets,
            header_rows=sheet.header_rows,
            columns=columns,
            persons=draft.persons,
            unknown=draft.unknown,
            between=sheet.between,
            hidden_rows=sheet.hidden_rows,
            hidden_columns=sheet.hidden_columns,
            crs=draft.crs,
            **_system(draft),
            encoding=sheet.encoding,
            separator=sheet.separator,
            decimals=decimal_signs(repairs, draft.frame, kept.layer, draft.heading),
            rows_read=draft.rows_read,
            rows_mended=len(
                {repair.row for repair in repairs} | draft.mended.difference(draft.quarantined)
            ),
            rows_quarantined=len(draft.quarantined),
            rows_repeated=len(draft.repeated),
            told=(*layout, *draft.told),
        ),
    )


def _system(draft: _Draft) -> dict[str, Any]:
    """Return how the reference system of a list was found, and what else it could be."""
    found = draft.positions
    if found is None:
        return {}
    return {
        "crs_certainty": found.certainty,
        "crs_margin": math.nan if found.margin is None else found.margin,
        "crs_readings": tuple(
            Note(f"faults.{one.code}_what", **dict(one.details)) for one in found.readings
        ),
    }


def _under_heading(note: str, heading: Mapping[str, str]) -> str:
    """Return a note on a column under the heading that its owner knows."""
    if not isinstance(note, Note) or note.details.get("column") not in heading:
        return note
    return Note(note.code, **{**note.details, "column": heading[note.details["column"]]})


def _untold(draft: _Draft) -> tuple[str, ...]:
    """Return notes on cells that were mended as those that are told one by one."""
    return tuple(
        Note("notes.untold", count=f"{count}", column=draft.heading.get(column, column))
        for (column, code), count in draft.untold.items()
    )


def _layout(sheet: Sheet) -> tuple[str, ...]:
    """Return notes on rows that are no data, and on what is hidden."""
    notes = (
        (sheet.between, "between"),
        (sheet.hidden_rows, "hidden_rows"),
        (sheet.hidden_columns, "hidden_columns"),
    )
    return tuple(
        Note(f"notes.{code}", names=listed(names, ROWS_SHOWN)) for names, code in notes if names
    )


def _with_headings(draft: _Draft) -> tuple[Repair, ...]:
    """Return repairs of rows that were kept, with their owner's headings, in the order of rows."""
    heading = draft.heading
    gone = {*draft.quarantined, *draft.repeated}
    place = {row: number for number, row in enumerate(draft.all_rows)}
    named = [
        replace(repair, column=heading.get(repair.column, repair.column))
        for repair in draft.repairs
        if repair.row not in gone
    ]
    return tuple(sorted(named, key=lambda repair: place.get(repair.row, len(place))))


def _personal(draft: _Draft, table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns about persons of the rows that were kept, by id."""
    cells = draft.all_cells.loc[:, list(draft.persons)]
    cells.index = pd.Index(draft.all_rows)
    kept = cells.loc[list(draft.sheet.rows)].map(tidy)
    return kept.set_axis(table.index)


def _source(table: pd.DataFrame, layer: str, file: Path, crs: str) -> dict[str, Any]:
    """Return the row of layer `sources` that tells where the layer comes from."""
    operators = sorted(set(table["operator"].dropna())) if layer in BY_OPERATOR else []
    return {
        "source_id": f"{layer}:{'+'.join(operators)}" if operators else layer,
        "layer": layer,
        "operator": operators[0] if len(operators) == 1 else None,
        "rows": len(table),
        "synthetic": False,
        "file": file.name,
        "crs": crs or None,
        "vintage": str(table["vintage"].iloc[0]) if "vintage" in table else None,
    }
