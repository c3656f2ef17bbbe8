"""The command that fetches open data for the area of a plan."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated

import typer

from infraplan.cli.build import PlanFolder
from infraplan.cli.console import choose_language
from infraplan.cli.console import progress_bar
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.errors import SourceFileError
from infraplan.layers.notes import note_told
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.api.fetching import Fetched
    from infraplan.api.fetching import Offer
    from infraplan.errors import Fault
    from infraplan.io.open_data import OpenSource

__all__ = ["fetch"]


def fetch(
    plan: PlanFolder,
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Sources; see --list.")
    ] = None,
    *,
    listed: Annotated[
        bool, typer.Option("--list", help="List the sources and what the plan has of them.")
    ] = False,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for downloads that all plans share.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Take files from the cache only.")
    ] = False,
    token: Annotated[
        str, typer.Option(help="Key for a source; else INFRAPLAN_TOKEN_<SOURCE> is read.")
    ] = "",
    province: Annotated[str, typer.Option(help="Official code of the province, such as 42.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="OpenStreetMap file (.osm, .osm.pbf) instead of downloads.")
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace/--keep-existing", help="Replace layers that somebody imported."),
    ] = False,
) -> None:
    """Fetch open data for the area: terrain, land cover, people, OpenStreetMap, boundaries."""
    from infraplan.api.fetching import fetch as fetch_open_data
    from infraplan.api.fetching import fetch_offers
    from infraplan.plan import open_folder

    opened = open_folder(plan)
    words = choose_language(opened.settings.language)
    if listed:
        _tell_offers(fetch_offers(opened), words)
        say(words("fetch.next_fetch", folder=shown_path(opened.folder)))
        return
    with progress_bar(words("fetch.working")) as progress:
        fetched = fetch_open_data(
            opened,
            sources or (),
            cache=cache,
            offline=offline,
            token=token,
            province=province,
            file=file,
            replace=replace,
            progress=progress,
        )
    for item in fetched:
        _tell(item, words)
    failed = [item for item in fetched if item.fault is not None]
    if any(item.state == "fetched" for item in fetched):
        say(words("fetch.next_check", folder=shown_path(opened.folder)))
    if failed:
        raise SourceFileError(_block(failed, words))


def _tell_offers(offers: Sequence["Offer"], words: Words) -> None:
    """Print the sources, their licences and what the plan has."""
    for offer in offers:
        source = offer.source
        say(f"{source.id}: {_title(source, words)}")
        layer = words.entries.get(f"maps.name_{source.layer}", source.layer)
        has = words(f"fetch.has_{offer.has or 'nothing'}")
        say("  " + words("fetch.offer", layer=layer, has=has, licence=source.licence))
        if source.non_commercial:
            say("  ! " + words("fetch.non_commercial"))
        if source.no_redistribution:
            say("  ! " + words("fetch.no_redistribution"))
        for need in source.needs:
            say("  ! " + words(f"fetch.needs_{need}", source=_variable(source)))
    if any(not offer.source.verified for offer in offers):
        say(words("fetch.unverified"))


def _tell(item: "Fetched", words: Words) -> None:
    """Print what became of a source."""
    source = item.source
    title = f"{source.id}: {_title(source, words)}"
    if item.state == "failed":
        say(f"{title}: " + words("fetch.failed"))
        return
    if item.state in ("kept", "nothing"):
        say(f"{title}: " + words(f"fetch.{item.state}"))
        return
    if item.state == "skipped":
        told = words(f"fetch.needs_{item.lacks}", source=_variable(source))
        say(f"{title}: " + words("fetch.skipped", why=told))
        return
    say(title)
    sizes = {
        "size": words.number(item.size_bytes / 1e6, 1),
        "loaded": words.number(item.loaded_bytes / 1e6, 1),
    }
    say("  " + words("fetch.files", count=words.number(item.files), **sizes))
    if source.reader != "raster":
        say("  " + words("fetch.rows", rows=words.number(item.rows)))
    say("  " + words("fetch.licence", licence=item.licence, attribution=item.attribution))
    if source.non_commercial:
        say("  ! " + words("fetch.non_commercial"))
    if source.no_redistribution:
        say("  ! " + words("fetch.no_redistribution"))
    if note := source.note.get(words.language):
        say(f"  ! {note}")
    for code, values in item.notes:
        say("  ! " + words(f"fetch.{code}", **values))
    for text in item.import_notes:
        say(f"  ! {note_told(text, words)}")


def _block(failed: Sequence["Fetched"], words: Words) -> str:
    """Return one block that names each source that failed, why, and how to go on."""
    lines = [words("fetch.failures", count=len(failed))]
    lines += [
        f"  - {item.source.id}: {_told(item.fault, words)}"
        for item in failed
        if item.fault is not None
    ]
    return "\n".join(lines)


def _told(fault: "Fault", words: Words) -> str:
    """Return a fault in the language of the catalogue."""
    details = dict(fault.details)
    what = words(f"faults.{fault.code}_what", **details)
    remedy = words(f"faults.{fault.code}_remedy", **details)
    return words("fetch.fault", what=what, remedy=remedy)


def _title(source: "OpenSource", words: Words) -> str:
    """Return the title of a source in the language of the catalogue."""
    return source.title.get(words.language, source.title["en"])


def _variable(source: "OpenSource") -> str:
    """Return the environment variable that may hold the key for a source."""
    return f"INFRAPLAN_TOKEN_{source.id.upper().replace('-', '_')}"
