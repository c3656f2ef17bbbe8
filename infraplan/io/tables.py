"""A file of someone else's becomes a layer of ours, or a list of all that is wrong with it."""

import re
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import SettingsError
from infraplan.io.aliases import Headings
from infraplan.io.aliases import match_headings
from infraplan.io.aliases import rewritten
from infraplan.io.positions import positions_from
from infraplan.io.sheets import Sheet
from infraplan.io.sheets import checked_path
from infraplan.io.sheets import read_sheet
from infraplan.io.texts import settle_text
from infraplan.layers.convert import tidy
from infraplan.layers.crs import Bounds
from infraplan.layers.crs import epsg_code
from infraplan.layers.schemas import schema
from infraplan.layers.validate import conform

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Mended", "Reading", "read_layer"]

HAVE_IDS = ("communes", "districts", "sites")  # their owners always number them
BY_OPERATOR = ("sites", "fibre")


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """
    What was read from a file.

    `table` is the layer, `source` its row of layer `sources`; `columns` maps headings to columns,
    `notes` tell what was mended, assumed or left out; `crs` is the file's reference system.
    """

    table: "gpd.GeoDataFrame"
    source: Mapping[str, Any]
    columns: Mapping[str, str]
    notes: tuple[str, ...]
    crs: str
    rows_read: int


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """
    Rows of a list completed by what the plan knows, and what could not be.

    `rows` is what the owner calls the rows of `frame` where some were left out; None: none was.
    """

    frame: pd.DataFrame
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    rows: tuple[str, ...] | None = None


Mend = Callable[[pd.DataFrame, tuple[str, ...]], Mended]


@dataclass(slots=True)
class _Draft:
    """A layer on its way from cells to a table."""

    sheet: Sheet
    headings: Headings
    frame: pd.DataFrame
    crs: str = ""
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


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
) -> Reading:
    """
    Read a layer from a list or a map file.

    Parameters
    ----------
    path
        `.xlsx`, `.csv`, `.gpkg`, `.geojson` or `.shp`.
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

    Returns
    -------
    reading
        The layer with what was understood, mended and left out.

    Raises
    ------
    LayerError
        If rows are at fault; all faults at once, with file, sheet, row, column and remedy.
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
    sheet = replace(sheet, frame=text.frame, notes=(*sheet.notes, *text.notes))
    draft = _draft(sheet, layer)
    draft.faults += [fault for fault in text.faults if fault.column in draft.headings.columns]
    if declared.geometry and not without_position:
        _place(draft, plan_crs, crs, area_bounds)
    given = {**(fill or {}), **({"vintage": vintage} if vintage and declared.has_vintage else {})}
    _fill_in(draft, given, layer)
    draft.frame = rewritten(draft.frame, layer)
    if mend is not None and len(draft.frame):
        mended = mend(draft.frame, sheet.rows)
        draft.frame = mended.frame
        if mended.rows is not None:
            draft.sheet = replace(draft.sheet, rows=mended.rows)
        draft.faults += mended.faults
        draft.notes += mended.notes
    _make_ids(draft, layer)
    try:
        conformed = conform(
            draft.frame,
            layer,
            plan_crs=plan_crs,
            rows=draft.sheet.rows,
            area=area_bounds,
            without_position=without_position,
        )
    except LayerError as error:
        faults = [*draft.faults, *_news(error.faults, draft.faults)]
        raise LayerError(layer, _named(faults, draft, file)) from None
    if draft.faults:
        raise LayerError(layer, _named(draft.faults, draft, file))
    table = conformed.table
    if layer == "sites":
        table = table.assign(mast_id=table["mast_id"].where(table["mast_id"].notna(), table.index))
    notes = (*sheet.notes, *draft.notes, *conformed.notes)
    return Reading(
        table=table,
        source=_source(table, layer, file, draft.crs),
        columns={**draft.headings.columns, **draft.headings.positions},
        notes=notes,
        crs=draft.crs,
        rows_read=len(sheet.frame),
    )


def _draft(sheet: Sheet, layer: str) -> _Draft:
    """Return the columns that the layer knows, and say which were left out."""
    import geopandas as gpd

    frame = sheet.frame.reset_index(drop=True)
    geometry = frame.geometry if isinstance(frame, gpd.GeoDataFrame) else None
    cells = frame.drop(columns=geometry.name) if geometry is not None else frame
    headings = match_headings([str(name) for name in cells.columns], layer)
    kept = cells[list(headings.columns)].rename(columns=dict(headings.columns))
    notes = []
    if headings.persons:
        notes.append(f"columns about persons were not kept: {', '.join(headings.persons)}")
    if headings.unknown:
        notes.append(
            f"columns not known to layer '{layer}' were left out: {', '.join(headings.unknown)}"
        )
    if geometry is not None:
        headings = replace(headings, positions={})
        kept = gpd.GeoDataFrame(kept, geometry=geometry.to_numpy(), crs=geometry.crs)
    return _Draft(sheet, headings, kept, notes=notes)


def _place(draft: _Draft, plan_crs: str, crs: str | None, area: Bounds | None) -> None:
    """Give the rows their positions and settle the reference system."""
    import geopandas as gpd

    if isinstance(draft.frame, gpd.GeoDataFrame):
        _settle_crs(draft, crs)
        return
    found = positions_from(
        draft.sheet.frame.reset_index(drop=True),
        draft.headings.positions,
        draft.sheet.rows,
        plan_crs=plan_crs,
        crs=crs,
        area=area,
    )
    if found is None:
        return
    draft.frame = gpd.GeoDataFrame(
        draft.frame, geometry=found.points.to_numpy(), crs=found.points.crs
    )
    draft.faults += found.faults
    draft.notes += found.notes
    draft.crs = crs or epsg_code(found.points.crs)


def _settle_crs(draft: _Draft, crs: str | None) -> None:
    """Settle the reference system of a map file: its own, or the one said by the user."""
    import geopandas as gpd
    import numpy as np

    frame = gpd.GeoDataFrame(draft.frame)
    draft.crs = "" if frame.crs is None else epsg_code(frame.crs)
    if crs is None or crs == draft.crs:
        return
    is_default = draft.crs == "EPSG:4326" and np.abs(frame.total_bounds).max(initial=0) > 360
    if not draft.crs or is_default:  # GeoJSON is in EPSG:4326 by default, whatever its numbers
        draft.frame = frame.set_crs(crs, allow_override=True)
        draft.crs = epsg_code(crs)
        return
    draft.faults.append(
        Fault(
            what="the file names another reference system than --crs",
            found=draft.crs,
            expected=str(crs),
            remedy="leave --crs out where the file is right, or assign the right system in QGIS",
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
                )
            )
        draft.frame[column] = said.where(said != "", value)


def _make_ids(draft: _Draft, layer: str) -> None:
    """Give ids to rows of layers whose owners rarely number them."""
    key = schema(layer).key
    if layer in HAVE_IDS or not len(draft.frame):
        return
    have = draft.frame[key].map(tidy) if key in draft.frame else None
    if have is not None and (have != "").any():
        return
    known = ["site_id", "technology", "carrier", "sector"]
    if layer == "cells" and {"site_id", "technology"} <= set(draft.frame.columns):
        parts = [draft.frame[name].map(tidy) for name in known if name in draft.frame]
        joined = ["-".join(filter(None, row)) for row in zip(*parts, strict=True)]
        made = pd.Series(joined, index=draft.frame.index)
        how = "its station, technology, carrier and sector"
    else:
        made = pd.Series(
            [f"{layer}-{row:0>5}" for row in draft.sheet.rows], index=draft.frame.index
        )
        how = "its row number"
    draft.frame = draft.frame.assign(**{key: made})
    draft.notes.append(f"{key} was made for each row from {how}")


def _news(faults: Any, known: list[Fault]) -> list[Fault]:  # noqa: ANN401 - a sequence of faults
    """Return faults without those that only follow from an earlier one."""
    bad_cells = {row for fault in known for row in fault.rows}
    is_undeclared = any("reference system is not said" in fault.what for fault in known)
    news = []
    for fault in faults:
        if fault.what == "the position is missing" and set(fault.rows) <= bad_cells:
            continue
        about_place = ("far outside", "swapped", "are not in")
        if is_undeclared and any(words in fault.what for words in about_place):
            continue
        news.append(fault)
    return news


def _named(faults: Any, draft: _Draft, file: Path) -> tuple[Fault, ...]:  # noqa: ANN401 - a sequence of faults
    """Return faults with the file, the sheet and the heading that their owner knows."""
    heading = {column: name for name, column in draft.headings.columns.items()}
    return tuple(
        replace(
            fault,
            file=file.name,
            sheet=draft.sheet.name,
            column=heading.get(fault.column, fault.column),
        )
        for fault in faults
    )


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
