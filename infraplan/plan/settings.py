"""What a plan is told once: `infraplan.toml`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from typing import Any

from infraplan.errors import SettingsError

__all__ = ["FORMAT", "PlanSettings"]

FORMAT = 1  # of the plan folder; a plan of a newer format is refused
TILES = "https://host/{z}/{x}/{y}.png"


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """
    Settings of a plan, as `infraplan.toml` holds them.

    `resolution_m` is the side of a grid cell; `technology` and `operator` name the service of the
    headline (`any`: the best of all operators); `propose_sites` and `underground_streets` are what
    `run` computes (0 and none: skipped). `thresholds`, `rules` and `prices` name a TOML file in the
    plan's folder or in the project's `data`. `area_bounds` (west, south, east, north in `crs`) is
    the extent where there are no communes yet; `sea_side` says on which side of the area the sea
    lies. `cache_max_gb` is the disk space that losses around masts may take, 0 to keep none.
    `office`, the authority above it and its place head the papers; dots to fill in where empty.
    `online_base` is the address of a base map's tiles, such as `https://host/{z}/{x}/{y}.png`, that
    a reader of the map may turn on, and `online_credit` whose it is; empty: no address in the map.
    """

    name: str
    crs: str = "EPSG:9209"
    language: str = "vi"
    thresholds: str = "vn-default"
    rules: str = "vn-2025"
    prices: str = "vn-assumed"
    resolution_m: float = 30.0
    sea_side: str = ""
    area_bounds: tuple[float, ...] = ()
    technology: str = "4G"
    operator: str = "any"
    propose_sites: int = 10
    underground_streets: tuple[str, ...] = field(default=())
    cache_max_gb: float = 5.0
    office: str = ""
    office_parent: str = ""
    office_place: str = ""
    online_base: str = ""
    online_credit: str = ""

    def __post_init__(self) -> None:
        """Refuse what no step could work with, all at once."""
        rules = (
            (bool(self.name.strip()), "name must not be empty"),
            (
                self.crs.startswith("EPSG:") and self.crs[5:].isdigit(),
                f"crs must be an EPSG code such as EPSG:9209; found '{self.crs}'",
            ),
            (self.language in ("vi", "en"), f"language must be vi or en; found '{self.language}'"),
            (
                5 <= self.resolution_m <= 1000,
                f"grid.resolution_m must be in [5, 1000] m; found {self.resolution_m}",
            ),
            (
                self.technology in ("2G", "3G", "4G", "5G"),
                f"service.technology must be 2G, 3G, 4G or 5G; found '{self.technology}'",
            ),
            (
                self.propose_sites >= 0,
                f"run.propose_sites must be 0 or more; found {self.propose_sites}",
            ),
            (
                0 <= self.cache_max_gb <= 1000,
                f"cache.max_gb must be in [0, 1000] GB; found {self.cache_max_gb}",
            ),
            (
                self.sea_side in ("", "north", "east", "south", "west"),
                f"sea_side must be north, east, south or west; found '{self.sea_side}'",
            ),
            (
                not self.online_base or _is_tile_address(self.online_base),
                f"map.online_base must be like {TILES}; found '{self.online_base}'",
            ),
            (
                len(self.area_bounds) in (0, 4),
                "area_bounds must be west, south, east, north",
            ),
        )
        if wrong := [words for holds, words in rules if not holds]:
            raise SettingsError("infraplan.toml: " + "; ".join(wrong))

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "PlanSettings":
        """
        Return the settings that `infraplan.toml` describes.

        Parameters
        ----------
        table
            Content of the file; unknown keys are refused.

        Returns
        -------
        settings
            Checked settings.

        Raises
        ------
        SettingsError
            If a key is unknown or of the wrong type, a value out of range, or the plan of a newer
            format.
        """
        flat: dict[str, Any] = {}
        wrong = []
        for key, value in table.items():
            entries = value.items() if isinstance(value, dict) else ((key, value),)
            for name, entry in entries:
                path = f"{key}.{name}" if isinstance(value, dict) else key
                if path not in _PATHS:
                    wrong.append(f"unknown key '{path}'")
                    continue
                flat[_PATHS[path]] = tuple(entry) if isinstance(entry, list) else entry
        if flat.pop("format", FORMAT) > FORMAT:
            wrong.append("the plan was made by a newer infraplan; update infraplan")
        wrong += [
            f"{name} must be {_TYPES[name][1]}; found {value!r}"
            for name, value in flat.items()
            if not isinstance(value, _TYPES[name][0]) or isinstance(value, bool)
        ]
        if "name" not in flat:
            wrong.append("missing key 'name'")
        if wrong:
            raise SettingsError("infraplan.toml: " + "; ".join(wrong))
        return cls(**flat)

    def to_toml(self) -> str:
        """
        Return the settings as the text of `infraplan.toml`.

        Returns
        -------
        text
            TOML that `from_dict` reads back to equal settings.
        """
        lines = [f"format = {FORMAT}"]
        section = ""
        for path, name in _PATHS.items():
            if name == "format":
                continue
            head, _, key = path.rpartition(".")
            if head != section:
                section = head
                lines += ["", f"[{head}]"]
            value = getattr(self, name)
            # a JSON string, number or list of these is TOML too
            shown = list(value) if isinstance(value, tuple) else value
            lines.append(f"{key} = {json.dumps(shown, ensure_ascii=False)}")
        return "\n".join(lines) + "\n"


def _is_tile_address(text: str) -> bool:
    """Return whether a text may be the address of the tiles of a base map."""
    return text.startswith("https://") and all(slot in text for slot in ("{z}", "{x}", "{y}"))


_PATHS = {
    "format": "format",
    "name": "name",
    "crs": "crs",
    "language": "language",
    "thresholds": "thresholds",
    "rules": "rules",
    "prices": "prices",
    "sea_side": "sea_side",
    "area_bounds": "area_bounds",
    "grid.resolution_m": "resolution_m",
    "service.technology": "technology",
    "service.operator": "operator",
    "run.propose_sites": "propose_sites",
    "run.underground_streets": "underground_streets",
    "cache.max_gb": "cache_max_gb",
    "office.name": "office",
    "office.parent": "office_parent",
    "office.place": "office_place",
    "map.online_base": "online_base",
    "map.online_credit": "online_credit",
}
_KINDS: dict[object, tuple[tuple[type, ...], str]] = {
    str: ((str,), "text in quotes"),
    float: ((int, float), "a number"),
    int: ((int,), "a whole number"),
}
_TYPES = {item.name: _KINDS.get(item.type, ((tuple,), "a list")) for item in fields(PlanSettings)}
_TYPES["format"] = _KINDS[int]
