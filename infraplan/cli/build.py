"""Commands that make a plan, fill it and check it."""

from pathlib import Path
from typing import Annotated

import typer

from infraplan.cli.console import choose_language
from infraplan.cli.console import progress_bar
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.errors import LayerError

__all__ = ["check", "import_", "init", "sample", "schema"]

PRICES = "prices"  # no layer, but a price book comes in by the same command
PlanFolder = Annotated[Path, typer.Argument(metavar="PLAN", help="Folder of the plan.")]
Base = Annotated[
    Path | None,
    typer.Option(help="Folder with real layers: communes.gpkg, terrain.tif, population.tif ..."),
]


def init(
    plan: PlanFolder,
    *,
    name: Annotated[str, typer.Option(help="Name of the plan; the folder's by default.")] = "",
    crs: Annotated[str, typer.Option(help="Planning CRS, an EPSG code in metres.")] = "EPSG:9209",
    area: Annotated[Path | None, typer.Option(help="File with the outline of the area.")] = None,
    base: Base = None,
) -> None:
    """Make an empty plan, nothing synthetic."""
    from infraplan.api import init_plan

    made = init_plan(plan, name=name, crs=crs, area=area, base=base)
    words = choose_language()
    say(words("cli.plan_made", folder=shown_path(made.folder)))
    say(words("cli.layers_there", layers=", ".join(made.layer_names()) or "-"))
    say(words("cli.next_import", folder=shown_path(made.folder)))


def sample(
    plan: PlanFolder,
    *,
    size: Annotated[
        str, typer.Option(help="pilot (15 x 15 km) or province (needs --base).")
    ] = "pilot",
    base: Base = None,
    seed: Annotated[int, typer.Option(help="Seed of the generator.")] = 0,
) -> None:
    """Make a plan whose missing layers are made up, and labelled so."""
    from infraplan.api import sample_plan
    from infraplan.cli.account import tell_sample

    words = choose_language()
    with progress_bar(words("cli.sampling")) as progress:
        made = sample_plan(plan, size=size, base=base, seed=seed, progress=progress)
    tell_sample(made, words)
    say(words("cli.next_run", folder=shown_path(made.folder)))


def import_(
    plan: PlanFolder,
    layer: Annotated[str, typer.Argument(help="Layer or raster; `infraplan schema` lists them.")],
    file: Annotated[
        Path,
        typer.Argument(help=".xlsx .csv .gpkg .geojson .shp .tab .mif .kml .kmz .zip .gpx .tif"),
    ],
    *,
    crs: Annotated[str, typer.Option(help="EPSG code of its coordinates.")] = "",
    vintage: Annotated[str, typer.Option(help="2024, 2025-01 or 2025-07.")] = "",
    to_vintage: Annotated[str, typer.Option(help="Of a crosswalk: that of the new units.")] = "",
    as_of: Annotated[str, typer.Option(help="Day that the data describe, ISO date.")] = "",
    complete: Annotated[
        bool, typer.Option("--complete", help="Its owner says that nothing is missing.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is understood, keep nothing.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Where the report for the owner of the list goes.")
    ] = None,
    keep_personal: Annotated[
        bool,
        typer.Option(
            "--keep-personal", help="Keep columns about persons, in a file apart from all layers."
        ),
    ] = False,
) -> None:
    """Bring a file into the plan as one of its layers, or each list of a folder in turn."""
    from infraplan.cli.imports import import_each
    from infraplan.cli.imports import import_one
    from infraplan.plan import open_folder

    opened = open_folder(plan)
    words = choose_language(opened.settings.language)
    said = {
        "crs": crs or None,
        "vintage": vintage or None,
        "to_vintage": to_vintage or None,
        "as_of": as_of,
        "complete": complete,
        "dry_run": dry_run,
        "report": report,
        "keep_personal": keep_personal,
    }
    failed = 0
    if layer == PRICES:
        from infraplan.cli.forms import take_price_book

        take_price_book(opened, file, words)
        return
    if file.is_dir():
        failed = import_each(opened, layer, file, words, said)
    else:
        import_one(opened, layer, file, words, said)
    if not dry_run:
        say(words("cli.next_check", folder=shown_path(opened.folder)))
    if failed:
        raise typer.Exit(2)


def check(plan: PlanFolder) -> None:
    """Check all layers at once, each for itself and against the others."""
    from infraplan.api import check_layers
    from infraplan.cli.account import tell_notes
    from infraplan.plan import open_folder

    opened = open_folder(plan)
    words = choose_language(opened.settings.language)
    faults, notes = check_layers(opened)
    tell_notes(notes, words)
    if faults:
        raise LayerError(layer=opened.settings.name, faults=faults)
    say(words("cli.check_good", layers=", ".join(opened.layer_names())))
    say(words("cli.next_run", folder=shown_path(opened.folder)))


def schema(
    layer: Annotated[str, typer.Argument(help="Layer to describe; all where left out.")] = "",
) -> None:
    """Print the data dictionary: what each layer must look like."""
    from infraplan.layers.schemas import LAYERS
    from infraplan.layers.schemas import RASTERS
    from infraplan.layers.schemas import schema as declared

    for item in [declared(layer)] if layer else LAYERS.values():
        geometry = " | ".join(item.geometry) or "no geometry"
        say(f"{item.name} ({geometry}): {item.meaning}")
        for column in item.columns:
            mark = "*" if column.required else " "
            say(f"  {mark} {column.name}: {column.meaning} [{column.expected}]")
        say()
    if not layer:
        say("rasters")
        for name, meaning in RASTERS.items():
            say(f"    {name}: {meaning}")
