"""The command that writes layers for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.layers.notes import note_told

__all__ = ["export"]


def export(
    plan: PlanFolder,
    layer: Annotated[str, typer.Argument(help="Layer, or gaps; `infraplan schema` lists them.")],
    file: Annotated[
        Path, typer.Argument(help=".kml .kmz .mif .tab .geojson .shp .zip .gpkg .xlsx .csv")
    ],
    *,
    crs: Annotated[str, typer.Option(help="EPSG code to write in; the plan's by default.")] = "",
    drop: Annotated[
        list[str] | None, typer.Option("--drop", help="Column to leave out; may be repeated.")
    ] = None,
) -> None:
    """Write a layer for Google Earth, MapInfo, QGIS or Excel, its source and licence with it."""
    from infraplan.api import export_layer
    from infraplan.plan import open_folder

    opened = open_folder(plan)
    words = choose_language(opened.settings.language)
    done = export_layer(opened, layer, file, crs=crs or None, drop=drop or ())
    path = shown_path(done.path)
    key = "formats.exported" if done.crs else "formats.exported_list"
    say(words(key, rows=words.number(done.rows), layer=layer, crs=done.crs, path=path))
    if len(done.files) > 1:
        say(words("formats.beside", files=", ".join(item.name for item in done.files[1:])))
    for note in done.notes:
        say(f"  ! {note_told(note, words)}")
    if done.synthetic:
        say(words("formats.synthetic", layers=layer))
    is_result = layer == "gaps"
    said = done.path.suffix.lower() in (".csv", ".xlsx") and done.crs not in ("", "EPSG:4326")
    path += f" --crs {done.crs}" * said
    follow = "formats.next_result" if is_result else "formats.next"
    say(words(follow, folder=shown_path(opened.folder), layer=layer, path=path))
