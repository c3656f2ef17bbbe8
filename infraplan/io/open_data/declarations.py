"""What is offered where: one TOML a source, ours in `data/sources`, the office's in the plan."""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from pathlib import Path
from typing import Any

from infraplan.errors import SettingsError
from infraplan.layers.schemas import LAYERS
from infraplan.layers.schemas import RASTERS
from infraplan.packaged import read_toml

__all__ = ["READERS", "OpenSource", "read_sources"]

READERS = ("raster", "osm", "vn_units", "geoboundaries", "opencellid")
CHECKSUMS = ("", "etag-md5", "md5", "sha256")
NEEDS = ("token", "province")


@dataclass(frozen=True, slots=True)
class OpenSource:
    """
    An offer of open data, as its declaration tells it.

    `layer` is what it fills, `reader` how; `address` has placeholders in braces (README, "fetch"),
    `index` is the address of a list that names the files, where there is one. `tile_deg` is the
    side of its tiles, 0 for one file. `title` and `note` are told in the languages they have.
    `needs` names what the user must give, `is_default` whether it is fetched without being named.
    `keep_days` is for how long the cache is taken without asking, 0: for ever. `missing_is_sea`
    means that a tile that is not there lies wholly in the sea. `options` are for the reader.
    `verified` says whether somebody saw the address answer, `source` where it comes from.
    """

    id: str
    layer: str
    reader: str
    address: str
    licence: str
    attribution: str
    source: str
    verified: bool
    title: Mapping[str, str]
    note: Mapping[str, str] = field(default_factory=dict)
    index: str = ""
    file_name: str = "{id}"
    tile_deg: float = 0.0
    halo_m: float = 0.0
    crs: str = "EPSG:4326"
    nodata: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    values: tuple[float, ...] = ()
    missing_is_sea: bool = False
    checksum: str = ""
    checksum_address: str = ""
    max_mb: float = 500.0
    size_mb: float = 0.0
    keep_days: float = 0.0
    as_of: str = ""
    vintage: str = ""
    non_commercial: bool = False
    no_redistribution: bool = False
    needs: tuple[str, ...] = ()
    is_default: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no fetch could work with, all at once."""
        rules = (
            (self.layer in LAYERS or self.layer in RASTERS, f"there is no layer '{self.layer}'"),
            (self.reader in READERS, f"reader must be one of {', '.join(READERS)}"),
            ((self.reader == "raster") == (self.layer in RASTERS), "reader does not fit the layer"),
            (
                all(a.startswith(("http://", "https://")) for a in self.addresses),
                "addresses must begin with https:// or http://",
            ),
            (self.checksum in CHECKSUMS, "checksum must be etag-md5, md5 or sha256"),
            (
                self.checksum not in ("md5", "sha256") or bool(self.checksum_address),
                "checksum_address is lacking",
            ),
            (0 <= self.tile_deg <= 30, "tile_deg must be in [0, 30]"),
            (0 <= self.halo_m <= 100_000, "halo_m must be in [0, 100000] m"),
            (0 < self.max_mb <= 20_000, "max_mb must be in (0, 20000]"),
            (set(self.needs) <= set(NEEDS), f"needs may name {', '.join(NEEDS)}"),
            (bool(self.licence and self.attribution), "licence and attribution must not be empty"),
            (bool(self.title.get("vi") and self.title.get("en")), "title.vi, title.en are lacking"),
        )
        if wrong := [told for holds, told in rules if not holds]:
            msg = f"source '{self.id}': " + "; ".join(wrong)
            raise SettingsError(msg)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the addresses that are set."""
        return tuple(filter(None, (self.address, self.index, self.checksum_address)))


def read_sources(folders: Iterable[Path]) -> dict[str, OpenSource]:
    """
    Read the declarations of folders; a later folder's keys replace those of an earlier one.

    Parameters
    ----------
    folders
        Folders with `<id>.toml`; those that do not exist are passed over. A file of a later folder
        that names a known source needs only the keys that differ, such as the address of a mirror.

    Returns
    -------
    sources
        By id, in the order in which they are best fetched: areas first.

    Raises
    ------
    SettingsError
        If a declaration has unknown keys, lacks some or makes no sense.
    SourceFileError
        If a file is not TOML.
    """
    tables: dict[str, dict[str, Any]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            table = read_toml(path)
            name = str(table.get("id", path.stem))
            tables[name] = _joined(tables.get(name, {}), table) | {"id": name}
    made = [_source(name, table) for name, table in tables.items()]
    order = {layer: number for number, layer in enumerate((*LAYERS, *RASTERS))}
    return {item.id: item for item in sorted(made, key=lambda item: (order[item.layer], item.id))}


def _joined(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with the keys of another one put over it, tables within likewise."""
    joined = dict(old)
    for key, value in new.items():
        within = joined.get(key)
        is_deep = isinstance(value, dict) and isinstance(within, dict)
        joined[key] = _joined(within, value) if is_deep else value  # type: ignore[arg-type]
    return joined


def _source(name: str, table: Mapping[str, Any]) -> OpenSource:
    """Return a source, its keys and their types checked."""
    known = {item.name: item for item in fields(OpenSource)}
    wrong = [f"unknown key '{key}'" for key in table if key not in known]
    needed = ("layer", "reader", "address", "licence", "attribution", "source", "verified", "title")
    wrong += [f"missing key '{key}'" for key in needed if key not in table]
    wrong += [
        f"'{key}' must be {told}; found {value!r}"
        for key, value in table.items()
        if key in known
        for kinds, told in (_expected(str(known[key].type)),)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)
    ]
    if wrong:
        msg = f"source '{name}': " + "; ".join(wrong)
        raise SettingsError(msg)
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    return OpenSource(**values)


def _expected(kind: str) -> tuple[tuple[type, ...], str]:
    """Return which types a key may have, and their name."""
    if "Mapping" in kind:
        return (dict,), "a table"
    if "tuple" in kind:
        return (list,), "a list"
    if "bool" in kind:
        return (bool,), "true or false"
    if "float" in kind:
        return (int, float), "a number"
    return (str,), "text in quotes"
