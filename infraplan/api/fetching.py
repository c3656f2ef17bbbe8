"""Fetch open data for the area of a plan: what is offered, what was brought, what failed."""

import os
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from infraplan.api.bring import import_layer
from infraplan.errors import Fault
from infraplan.errors import InfraplanError
from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.packaged import data_path
from infraplan.plan import Plan
from infraplan.progress import Progress
from infraplan.progress import part

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.io.download import Downloader
    from infraplan.io.open_data import Area
    from infraplan.io.open_data import Brought
    from infraplan.io.open_data import OpenSource

__all__ = ["Fetched", "Offer", "fetch", "fetch_offers"]

Note = tuple[str, Mapping[str, Any]]
TOKEN_VARIABLE = "INFRAPLAN_TOKEN"  # noqa: S105 - the name of it, with _<SOURCE> before the plain one
LOCAL_FILES = (".osm", ".pbf")
DOWNLOAD_SHARE = 0.8  # of the time of a source


@dataclass(frozen=True, slots=True)
class Offer:
    """A source on offer; `has` is `""`, `"synthetic"` or `"real"`, as the plan has its layer."""

    source: "OpenSource"
    has: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """
    What became of one source.

    `state` is `"fetched"`, `"kept"` (the plan has a real layer), `"skipped"` (`lacks` says what
    it needs), `"nothing"` (the source has nothing in the area) or `"failed"` (`fault` says why).
    `size_bytes` is what its files take, of which `loaded_bytes` came over the network now.
    """

    source: "OpenSource"
    state: str
    rows: int = 0
    size_bytes: int = 0
    loaded_bytes: int = 0
    files: int = 0
    lacks: str = ""
    fault: Fault | None = None
    notes: tuple[Note, ...] = ()
    import_notes: tuple[str, ...] = ()
    licence: str = ""
    attribution: str = ""
    replaced: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    """What is wanted of a source: where, from which file, with what the user gave."""

    source: "OpenSource"
    area: "Area | None"
    communes: "gpd.GeoDataFrame"
    local: Path | None
    values: Mapping[str, str]


def fetch_offers(plan: Plan) -> tuple[Offer, ...]:
    """
    Return the sources on offer for a plan.

    Parameters
    ----------
    plan
        Plan; declarations in its folder `sources` add to ours and replace parts of them.

    Returns
    -------
    offers
        In the order in which they are fetched.

    Raises
    ------
    SettingsError
        If a declaration makes no sense.
    """
    from infraplan.io.open_data import read_sources

    declared = read_sources((data_path("sources"), plan.folder / "sources"))
    present = set(plan.layer_names())
    sources = plan.table("sources")
    made_up = sources.groupby("layer")["synthetic"].all()
    states = {
        layer: "synthetic" if bool(made_up.get(layer, False)) else "real" for layer in present
    }
    return tuple(Offer(item, states.get(item.layer, "")) for item in declared.values())


def fetch(  # noqa: PLR0913 - what a person says of a download
    plan: Plan,
    sources: Collection[str] = (),
    *,
    cache: Path | str | None = None,
    offline: bool = False,
    token: str = "",
    province: str = "",
    file: Path | str | None = None,
    replace: bool = False,
    downloader: "Downloader | None" = None,
    told: Callable[[Fetched], None] | None = None,
    progress: Progress | None = None,
) -> tuple[Fetched, ...]:
    """
    Fetch open data for the area of a plan and bring them into it.

    Each source is fetched, read and imported by itself: one that fails leaves its layer as it was
    and the others go on. A layer that somebody imported is kept unless `replace`; a synthetic one
    is replaced.

    Parameters
    ----------
    plan
        The plan.
    sources
        Ids of sources; all that are fetched by default where empty.
    cache
        Folder where files are kept for all plans; that of the user where None.
    offline
        True to take files from the cache only.
    token
        Key of the user for a source that asks for one; else read from the environment variable
        `INFRAPLAN_TOKEN_<SOURCE>` (capitals, `_` for `-`) or `INFRAPLAN_TOKEN`.
    province
        Official code of the province, for sources that name files by it.
    file
        OpenStreetMap file (`.osm`, `.osm.pbf`) to read instead of downloading, or None.
    replace
        True to replace layers that somebody imported.
    downloader
        How files are fetched; by default patiently.
    told
        Called with each source as it is done.
    progress
        Called with the share done.

    Returns
    -------
    fetched
        One for each source, also those that failed.

    Raises
    ------
    SettingsError
        If a source is unknown, or a declaration makes no sense.
    SourceFileError
        If `file` is not there.
    """
    from infraplan.io.download import Downloader

    offers = {offer.source.id: offer for offer in fetch_offers(plan)}
    if unknown := sorted(set(sources) - set(offers)):
        msg = f"unknown source {', '.join(unknown)}; there are {', '.join(offers)}"
        raise SettingsError(msg)
    local = None if file is None else _local_file(Path(file))
    chosen = [offer for offer in offers.values() if _is_wanted(offer, sources, local)]
    base = Path(cache) if cache is not None else user_cache()
    ways = downloader or Downloader(cache=base, offline=offline)
    fetched: list[Fetched] = []
    for number, offer in enumerate(chosen):
        share = part(progress, number / len(chosen), (number + 1) / len(chosen))
        given = {"token": token or _token_of(offer.source.id), "province": province}
        done = _fetch_one(
            plan, offer, ways, local, given, replace=replace, is_named=bool(sources), progress=share
        )
        fetched.append(done)
        if told is not None:
            told(done)
    return tuple(fetched)


def user_cache() -> Path:
    """
    Return the folder in which the platform keeps caches of a user, for open data.

    Returns
    -------
    folder
        It need not exist yet.
    """
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises without HOME
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        root = home / "Library" / "Caches"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return root / "infraplan" / "open-data"


def _is_wanted(offer: Offer, named: Collection[str], local: Path | None) -> bool:
    """Return whether a source is asked for."""
    if local is not None and offer.source.reader != "osm":
        return False
    return offer.source.id in named if named else offer.source.is_default


def _local_file(path: Path) -> Path:
    """Return a file given instead of downloads, refused where it is none of OpenStreetMap."""
    if not path.is_file() or path.suffix.lower() not in LOCAL_FILES:
        msg = f"{path} is no file of OpenStreetMap on this machine; give an .osm or .osm.pbf"
        raise SourceFileError(msg)
    return path


def _token_of(source: str) -> str:
    """Return the user's key for a source, as the environment has it."""
    own = f"{TOKEN_VARIABLE}_{source.upper().replace('-', '_')}"
    return os.environ.get(own, "") or os.environ.get(TOKEN_VARIABLE, "")


def _fetch_one(  # noqa: PLR0913 - what a fetch knows
    plan: Plan,
    offer: Offer,
    downloader: "Downloader",
    local: Path | None,
    given: Mapping[str, str],
    *,
    replace: bool,
    is_named: bool,
    progress: Progress,
) -> Fetched:
    """Fetch one source; what goes wrong is told, not raised."""
    from infraplan.io.download import fault_of
    from infraplan.io.open_data import NothingThereError

    source = offer.source
    if offer.has == "real" and not replace:
        return Fetched(source, "kept")
    lacking = next((need for need in source.needs if not given[need]), "")
    if lacking:
        fault = fault_of(f"source_needs_{lacking}", source=source.id) if is_named else None
        return Fetched(source, "failed" if fault else "skipped", lacks=lacking, fault=fault)
    communes = plan.table("communes")
    area = _area(plan, source, communes)
    if area is None and source.reader != "vn_units":
        fault = fault_of("source_needs_area", source=source.id)
        return Fetched(source, "failed", fault=fault)
    wish = _Wish(source, area, communes, local, {name: given[name] for name in source.needs})
    try:
        return _brought(plan, wish, downloader, progress)
    except NothingThereError:
        return Fetched(source, "nothing")
    except InfraplanError as error:
        return Fetched(source, "failed", fault=_fault(error, source))


def _brought(plan: Plan, wish: _Wish, downloader: "Downloader", progress: Progress) -> Fetched:
    """Download the files of a source, read them and import what they hold."""
    from infraplan.io.open_data import Piece
    from infraplan.io.open_data import bring
    from infraplan.io.open_data import pieces_of
    from infraplan.io.open_data.bring import fetch_pieces

    source, area, local = wish.source, wish.area, wish.local
    loading = part(progress, 0.0, DOWNLOAD_SHARE)
    if local is None:
        pieces = pieces_of(source, area, wish.values, downloader)
        got = fetch_pieces(source, pieces, area, downloader, loading)
        files = [(piece, None if cached is None else cached.path) for piece, cached in got]
        cached = [item for _, item in got if item is not None]
    else:
        files, cached = [(Piece("", "", local.name), local)], []
    progress(DOWNLOAD_SHARE, source.id)
    with tempfile.TemporaryDirectory(prefix="infraplan-fetch-") as folder:
        brought = bring(source, files, area, Path(folder) / source.id, wish.communes)
        row = _row(plan, source, brought, [piece.shown for piece, _ in files], cached)
        if local is not None:
            row["file"] = local.name
        done = import_layer(
            plan,
            source.layer,
            brought.path,
            vintage=source.vintage or None,
            as_of=str(row["as_of"] or ""),
            source=row,
        )
    progress(1.0, source.id)
    loaded = [item.size for item in cached if not item.from_cache]
    return Fetched(
        source,
        "fetched",
        rows=done.rows_kept,
        size_bytes=sum(item.size for item in cached) if local is None else local.stat().st_size,
        loaded_bytes=sum(loaded),
        files=len(cached) or 1,
        notes=brought.notes,
        import_notes=done.notes,
        licence=str(row["licence"]),
        attribution=str(row["attribution"]),
        replaced=done.replaced,
    )


def _row(
    plan: Plan,
    source: "OpenSource",
    brought: "Brought",
    addresses: Sequence[str],
    cached: Sequence[Any],
) -> dict[str, Any]:
    """Return what the row of `sources` says of a fetched layer."""
    shown = [address for address in addresses if address]
    more = f" (+{len(shown) - 1})" if len(shown) > 1 else ""
    return {
        "as_of": source.as_of or None,
        "licence": source.licence,
        "attribution": source.attribution,
        "non_commercial": source.non_commercial,
        "no_redistribution": source.no_redistribution,
        "address": f"{shown[0]}{more}" if shown else None,
        "fetched_on": max((item.fetched_on for item in cached), default=None),
        "note": source.note.get(plan.settings.language) or source.note.get("en"),
        **brought.declared,
    }


def _area(plan: Plan, source: "OpenSource", communes: "gpd.GeoDataFrame") -> "Area | None":
    """Return the area of the plan with the halo that a source wants."""
    from infraplan.io.open_data import area_of

    return area_of(
        communes,
        plan.settings.area_bounds,
        crs=plan.settings.crs,
        halo_m=source.halo_m,
    )


def _fault(error: InfraplanError, source: "OpenSource") -> Fault:
    """Return an error as a fault that can be told in any language."""
    from infraplan.io.download import DownloadError
    from infraplan.io.download import fault_of

    if isinstance(error, DownloadError):
        return error.fault
    return fault_of("source_unusable", source=source.id, why=str(error))
