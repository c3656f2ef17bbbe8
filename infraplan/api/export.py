"""Hand a layer, or what was found, to people who work with other programs."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.schemas import LAYERS
from infraplan.layers.schemas import RASTERS
from infraplan.layers.schemas import schema
from infraplan.plan import Plan
from infraplan.plan.results import load_gaps
from infraplan.text import words

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.io import Export
    from infraplan.text import Words

__all__ = ["Exported", "export_layer"]

GAPS = "gaps"
OURS = "exports"  # the folder of a plan that holds nothing of its own


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the files, the main one first, rows, system, and what to know of it."""

    layer: str
    files: tuple[Path, ...]
    rows: int
    crs: str
    synthetic: bool
    notes: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Return the main file."""
        return self.files[0]


def export_layer(
    plan: Plan,
    layer: str,
    path: Path | str,
    *,
    crs: str | None = None,
    drop: Collection[str] = (),
) -> Exported:
    """
    Write a layer of the plan, or the hamlets of its gaps, for another program.

    Only the columns that the layer declares are written: what else a table may hold, such as
    columns about persons, stays in the plan.

    Parameters
    ----------
    plan
        The plan.
    layer
        Name of a vector layer or table, or `"gaps"`.
    path
        File to write: `.kml`, `.kmz`, `.mif`, `.tab`, `.geojson`, `.shp`, `.zip` (a shapefile),
        `.gpkg`, and `.xlsx` or `.csv` for points and tables.
    crs
        Reference system of the file, as an EPSG code; the plan's where None. Lists are in
        EPSG:4326 unless said otherwise, KML and GeoJSON always.
    drop
        Columns to leave out.

    Returns
    -------
    exported
        Files, rows and what the format could not hold.

    Raises
    ------
    PlanError
        If the layer is empty, the file is one of the plan's own, or cannot be written.
    SettingsError
        If there is no such layer or column, or the format or system does not suit it.
    """
    from infraplan.io import write_export

    path = Path(path)
    _refuse_own(plan, path)
    export = _of_gaps(plan) if layer == GAPS else _of_layer(plan, layer)
    written = write_export(path, _without(export, drop), crs=crs)
    made_up = _made_up(plan, layer)
    return Exported(
        layer=layer,
        files=written.files,
        rows=len(export.table),
        crs=written.crs,
        synthetic=bool(made_up),
        notes=written.notes,
    )


def _refuse_own(plan: Plan, path: Path) -> None:
    """Refuse to write among the plan's own files."""
    target, folder = path.resolve(), plan.folder.resolve()
    if path.is_dir():
        msg = f"{path} is a folder; give the name of a file, such as {path / 'sites.kml'}"
        raise PlanError(msg)
    if not target.is_relative_to(folder):
        return
    inner = target.relative_to(folder)
    if len(inner.parts) > 1 and inner.parts[0] == OURS:
        return
    if len(inner.parts) == 1 and target != plan.layers_file.resolve():
        return
    msg = (
        f"{path} lies among the plan's own files and would replace or mix with them; write to "
        f"{plan.folder / OURS / path.name}, or outside the plan"
    )
    raise PlanError(msg)


def _of_layer(plan: Plan, layer: str) -> "Export":
    """Return a layer of the plan with its words."""
    from infraplan.io import Export

    if layer in RASTERS:
        msg = (
            f"'{layer}' is a raster: it lies as a GeoTIFF at {plan.raster_path(layer)}, which QGIS "
            "opens; copy it from there"
        )
        raise SettingsError(msg)
    if layer not in LAYERS:
        msg = f"there is no layer '{layer}'; export takes {', '.join((*LAYERS, GAPS))}"
        raise SettingsError(msg)
    table = plan.table(layer)
    if not len(table):
        msg = (
            f"the plan has no layer '{layer}' to write; it has {', '.join(plan.layer_names())}. "
            f"To bring it: infraplan import PLAN {layer} FILE"
        )
        raise PlanError(msg)
    declared = [column.name for column in schema(layer).columns if column.name in table]
    held = [*declared, *([table.geometry.name] if schema(layer).geometry else [])]
    say = words(plan.settings.language)
    return Export(
        layer=layer,
        title=say("formats.title", layer=layer, plan=plan.settings.name),
        table=table[held],
        about=_about(plan, layer, say),
        labels=_labels(table),
    )


def _of_gaps(plan: Plan) -> "Export":
    """Return the hamlets of the plan's gaps with their words."""
    from infraplan.io import Export

    gaps = load_gaps(plan, plan.layers(["communes"], rasters=()))
    say = words(plan.settings.language)
    return Export(
        layer=GAPS,
        title=say("formats.title", layer=GAPS, plan=plan.settings.name),
        table=gaps.hamlets.rename_axis("hamlet_id"),
        about=(*_about(plan, GAPS, say), say("formats.computed", step=GAPS)),
        labels=_labels(gaps.hamlets),
    )


def _without(export: "Export", drop: Collection[str]) -> "Export":
    """Return an export without some columns."""
    from dataclasses import replace

    import geopandas as gpd

    table = export.table
    shape = table.geometry.name if isinstance(table, gpd.GeoDataFrame) else ""
    unknown = [name for name in drop if name not in table.columns or name == shape]
    if unknown:
        there = ", ".join(str(name) for name in table.columns if name != shape)
        msg = f"there is no column {', '.join(unknown)} to drop; layer '{export.layer}' has {there}"
        raise SettingsError(msg)
    return replace(export, table=table.drop(columns=list(drop)))


def _labels(table: "gpd.GeoDataFrame") -> tuple[str, ...]:
    """Return what names each feature on a map: its name, else its id."""
    ids = [str(key) for key in table.index]
    if "name" not in table:
        return tuple(ids)
    return tuple(
        own if pd.isna(name) or not str(name).strip() else str(name)
        for own, name in zip(ids, table["name"], strict=True)
    )


def _made_up(plan: Plan, layer: str) -> tuple[str, ...]:
    """Return the synthetic layers that an export shows or rests on."""
    sources = plan.table("sources")
    if not len(sources):
        return ()
    synthetic = set(sources.loc[sources["synthetic"].astype(bool), "layer"])
    if layer == GAPS:
        return tuple(sorted(synthetic))
    return (layer,) if layer in synthetic else ()


def _about(plan: Plan, layer: str, say: "Words") -> tuple[str, ...]:
    """Return where a layer comes from and under what licence, line by line."""
    sources = plan.table("sources")
    lines = []
    if made_up := _made_up(plan, layer):
        lines.append(say("formats.synthetic", layers=", ".join(made_up)))
    own = sources if layer == GAPS else sources[sources["layer"] == layer]
    for source, row in own.iterrows():
        told = [
            say(f"formats.source_{column}", **{word: row[column]})
            for column, word in (
                ("file", "file"),
                ("as_of", "day"),
                ("licence", "licence"),
                ("attribution", "attribution"),
            )
            if pd.notna(row[column])
        ]
        if pd.isna(row["licence"]):
            told.append(say("formats.source_unsaid"))
        lines.append(say("formats.source", source=source, parts="; ".join(told)))
    return tuple(lines)
