"""
A plan on disk.

A plan is a folder that people copy, mail and open in QGIS; the object here only knows its path and
settings and reads what changed since the last call, so it never shows what is no longer there.
"""

import hashlib
import json
import time
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import infraplan
from infraplan import atomic
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.schemas import LAYERS
from infraplan.layers.schemas import RASTERS
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.plan.confirmed import CONFIRMED
from infraplan.plan.confirmed import confirmed
from infraplan.plan.settings import PlanSettings

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr
    from odc.geo.geobox import GeoBox

    from infraplan.layers.bundle import Layers
    from infraplan.layers.bundle import Provenance
    from infraplan.radio.patterns import AntennaPattern
    from infraplan.radio.tuning import TunedModel

__all__ = ["SETTINGS_FILE", "TUNED_FILE", "Plan", "Record", "create_plan", "open_folder"]

SETTINGS_FILE = "infraplan.toml"
TUNED_FILE = "tuned.json"
HALO_M = 10_000.0  # rasters are kept this far around the area: hills outside it throw shadows in
WARPED = {"population": "count", "terrain": "height"}  # the other rasters hold classes
TILED = frozenset({"floods"})  # a band for each event: read where somebody looks
# configurations that no setting names: a file of this name in the plan's folder, else ours
UNNAMED = {
    "actions": "prices/actions-assumed.toml",
    "funding": "works/funding-vn.toml",
    "investment": "works/investment-vn.toml",
    "new-rural": "rules/new-rural.toml",
    "over-land": "works/over-land.toml",
    "phasing": "works/phasing.toml",
    "universal-service": "rules/universal-service.toml",
    "works": "works/vn-2025.toml",
}
KEPT_ROWS = 50_000  # of a layer that is kept in memory once it was read
KEPT_TABLES = 64
SETTLED_NS = 1_000_000_000  # after a change, before a file's time is sure to tell the next one
ANTENNA_FILES = (".msi", ".pln", ".txt", ".ant")


_KEPT: dict[tuple[str, str], tuple[tuple[int, ...], "gpd.GeoDataFrame"]] = {}


@dataclass(frozen=True, slots=True)
class Record:
    """
    What a step left behind: `results/<step>.json`.

    `key` is the hash of everything the step depended on: equal key, nothing to compute.
    """

    step: str
    key: str
    files: tuple[str, ...]
    figures: Mapping[str, Any]
    provenance: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan folder, its settings, and how to read and write what lies in it."""

    folder: Path
    settings: PlanSettings

    @property
    def layers_file(self) -> Path:
        """Return the path of the GeoPackage that holds the layers."""
        return self.folder / "layers.gpkg"

    @property
    def results(self) -> Path:
        """Return the folder of the results."""
        return self.folder / "results"

    def raster_path(self, raster: str) -> Path:
        """
        Return where a raster lies, or would lie.

        Parameters
        ----------
        raster
            Name of the raster.

        Returns
        -------
        path
            Path of its GeoTIFF.
        """
        return self.folder / "rasters" / f"{raster}.tif"

    def layer_names(self) -> tuple[str, ...]:
        """
        Return the layers and rasters that the plan has.

        Returns
        -------
        names
            In the order of the schemas.
        """
        from infraplan.io import table_names

        stored = set(table_names(self.layers_file)) if self.layers_file.exists() else set()
        rasters = [raster for raster in RASTERS if self.raster_path(raster).exists()]
        return (*(layer for layer in LAYERS if layer in stored), *rasters)

    def tables(self, names: Iterable[str] | None = None) -> dict[str, "gpd.GeoDataFrame"]:
        """
        Return layers and tables.

        Parameters
        ----------
        names
            Which to read; all where None. Those that the plan lacks are left out.

        Returns
        -------
        tables
            By name, indexed by id, in the planning CRS.
        """
        wanted = set(LAYERS if names is None else names)
        stored = [name for name in self.layer_names() if name in wanted and name in LAYERS]
        return _read(self.layers_file, stored) if stored else {}

    def table(self, layer: str) -> "gpd.GeoDataFrame":
        """
        Return one layer, empty where the plan lacks it.

        Parameters
        ----------
        layer
            Name of a vector layer or table.

        Returns
        -------
        table
            Indexed by id, in the planning CRS.
        """
        from infraplan.layers.bundle import empty_table

        found = self.tables([layer])
        return found[layer] if layer in found else empty_table(layer, self.settings.crs)

    def geobox(
        self, tables: Mapping[str, "gpd.GeoDataFrame"], resolution_m: float | None = None
    ) -> "GeoBox":
        """
        Return the plan's grid.

        Parameters
        ----------
        tables
            Layers of the plan; the communes give the extent.
        resolution_m
            Side of a cell, > 0; that of the settings where None [m].

        Returns
        -------
        geobox
            Grid over the communes, or over the area of the settings where there are none.

        Raises
        ------
        PlanError
            If neither is there.
        """
        from infraplan.layers.grid import grid_over

        communes = tables.get("communes")
        if communes is not None and len(communes):
            bounds = tuple(float(edge) for edge in communes.total_bounds)
        elif self.settings.area_bounds:
            bounds = self.settings.area_bounds
        else:
            msg = (
                f"{self.folder} has no area yet: import the communes first "
                f'(infraplan import "{self.folder}" communes FILE --vintage 2025-07)'
            )
            raise PlanError(msg)
        west, south, east, north = bounds
        return grid_over(
            (west, south, east, north),
            crs=self.settings.crs,
            resolution_m=resolution_m or self.settings.resolution_m,
        )

    def layers(
        self,
        names: Iterable[str] | None = None,
        *,
        rasters: Iterable[str] = ("terrain", "landcover", "water", "population"),
        resolution_m: float | None = None,
        around_m: tuple[float, float, float] | None = None,
    ) -> "Layers":
        """
        Return the bundle of layers that computations take.

        Parameters
        ----------
        names
            Vector layers and tables to read; all where None.
        rasters
            Rasters to warp onto the plan's grid; those that the plan lacks are left out.
        resolution_m
            Side of a cell, > 0; that of the settings where None [m].
        around_m
            Easting and northing of a point inside the grid, and how far around it rasters are
            wanted; all of the grid where None. Inland water without elevation then takes the lowest
            height of the part of its shore that lies in there [m].

        Returns
        -------
        layers
            Bundle; `terrain` is there where the plan has a raster `terrain`.

        Raises
        ------
        PlanError
            If the plan has no area yet.
        """
        from infraplan.layers.bundle import Layers
        from infraplan.layers.grid import cut_around

        always = {"communes", "sources", "sea"}
        tables = self.tables(None if names is None else {*names, *always})
        wanted = [raster for raster in rasters if self.raster_path(raster).exists()]
        warped: dict[str, xr.DataArray] = {}
        terrain = None
        if wanted:
            geobox = self.geobox(tables, resolution_m)
            if around_m is not None:
                geobox = cut_around(geobox, *around_m)
            for raster in wanted:
                kind = WARPED.get(raster, "class")
                path = self.raster_path(raster)
                warp = (
                    _warped if around_m is None else _warped.__wrapped__
                )  # the whole is asked again
                found = warp(str(path), _stamp(path), geobox, kind, raster in TILED)
                warped[raster] = found.copy(deep=False)
            if "terrain" in warped:
                terrain = _terrain(warped, tables.get("sea"), geobox)
        return Layers(
            name=self.settings.name,
            crs=self.settings.crs,
            tables=tables,
            rasters=warped,
            terrain=terrain,
        )

    def write_tables(self, tables: Mapping[str, "gpd.GeoDataFrame"]) -> None:
        """
        Replace layers of the plan; the others stay as they are.

        Parameters
        ----------
        tables
            Validated layers by name.

        Raises
        ------
        PlanError
            If another process writes to the plan, or the file cannot be replaced.
        """
        from infraplan.io import write_tables

        with atomic.exclusive(self.folder):
            atomic.sweep(self.folder)
            write_tables(self.layers_file, dict(tables))

    def with_settings(self, **changes: object) -> "Plan":
        """
        Return the plan with other settings, after writing them.

        Parameters
        ----------
        **changes
            Settings to change, by their names in `PlanSettings`.

        Returns
        -------
        plan
            Plan with the new settings.

        Raises
        ------
        SettingsError
            If a value is out of range; the file is then unchanged.
        """
        settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        atomic.write_text(self.folder / SETTINGS_FILE, settings.to_toml())
        return Plan(self.folder, settings)

    def configuration(self, kind: str) -> dict[str, Any]:
        """
        Return the content of the thresholds profile, rule set or price book that the plan names.

        Parameters
        ----------
        kind
            `"thresholds"`, `"rules"`, `"prices"`; `"actions"`: what it costs to mend gaps;
            `"new-rural"` and `"universal-service"`: rules of these programmes; `"works"`: technical
            rules of underground works; `"investment"`: from construction to the total investment;
            `"funding"`: rents and terms of ducts; `"phasing"`: what speaks for a street;
            `"over-land"`: what a trench costs away from roads.

        Returns
        -------
        table
            Content of `PLAN/<name>.toml` (`actions.toml`) where there is one, else of our own,
            with what the office has confirmed of it.
        """
        if kind in UNNAMED:
            own = self.folder / f"{kind}.toml"
            path = own if own.exists() else data_path(UNNAMED[kind])
        else:
            name = atomic.file_stem(str(getattr(self.settings, kind)))
            own = self.folder / f"{name}.toml"
            path = own if own.exists() else data_path(f"{kind}/{name}.toml")
        table = read_toml(path)
        if kind not in CONFIRMED or "confirmations" not in self.layer_names():
            return table
        return confirmed(kind, table, self.table("confirmations"))

    def antennas(self) -> dict[str, "AntennaPattern"]:
        """
        Return the antenna patterns in the plan's folder `antennas`, MSI or Planet files.

        Returns
        -------
        antennas
            Patterns by name: that of the file, without its ending.

        Raises
        ------
        LayerError
            If files are at fault; all at once.
        """
        from infraplan.io import read_antenna

        found: dict[str, AntennaPattern] = {}
        faults: list[Fault] = []
        for path in sorted((self.folder / "antennas").glob("*")):
            if path.suffix.lower() not in ANTENNA_FILES or path.name.startswith((".", "~")):
                continue
            try:
                found[path.stem] = read_antenna(path)
            except LayerError as error:
                faults += error.faults
        if faults:
            raise LayerError(layer="antenna", faults=faults)
        return found

    def tuned(self) -> "TunedModel | None":
        """
        Return the path loss that was tuned to measurements of the plan.

        Returns
        -------
        model
            None where nothing was calibrated.

        Raises
        ------
        PlanError
            If the file cannot be read.
        SettingsError
            If it holds what no model has.
        """
        from infraplan.radio.tuning import TunedModel

        path = self.folder / TUNED_FILE
        if not path.exists():
            return None
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            return TunedModel.from_dict(table["model"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, SettingsError):
                raise
            msg = f"{path} cannot be read ({error}); calibrate again, or delete it"
            raise PlanError(msg) from error

    def hashes(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """
        Return the hashes of the content of layers and rasters.

        Parameters
        ----------
        names
            Which; all that the plan has where None.

        Returns
        -------
        hashes
            By name; those that the plan lacks are left out.
        """
        wanted = None if names is None else set(names)
        present = [name for name in self.layer_names() if wanted is None or name in wanted]
        hashes = {}
        for name in present:
            path = self.layers_file if name in LAYERS else self.raster_path(name)
            hashes[name] = _content(str(path), _stamp(path), name if name in LAYERS else "")
        return hashes

    def record(self, step: str) -> Record | None:
        """
        Return what a step left behind.

        Parameters
        ----------
        step
            Name of the step, such as `"coverage"` or `"appraisal/batch-3"`.

        Returns
        -------
        record
            Its record; None where the step was not run, or a file of its result is gone.
        """
        path = self.results / f"{step}.json"
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            known = {item.name: content[item.name] for item in fields(Record)}
            record = Record(**{**known, "files": tuple(content["files"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return record if all((self.folder / file).exists() for file in record.files) else None

    def write_record(
        self,
        step: str,
        *,
        key: str,
        files: Iterable[Path],
        figures: Mapping[str, Any],
        provenance: "Provenance",
        headline: Mapping[str, Any] | None = None,
    ) -> Record:
        """
        Write what a step left behind, after its files.

        Parameters
        ----------
        step
            Name of the step.
        key
            Hash of all that it depended on, of `step_key`.
        files
            Files of its result, inside the plan.
        figures
            Figures that other steps and reports quote.
        provenance
            Where the result comes from.
        headline
            Figures that stand first in the file, for readers other than this program; None: none.

        Returns
        -------
        record
            The record as written.
        """
        from dataclasses import asdict

        content = {
            "step": step,
            "key": key,
            "files": sorted(file.relative_to(self.folder).as_posix() for file in files),
            "figures": dict(figures),
            "provenance": asdict(provenance),
        }
        whole = {**(headline or {}), **content}
        text = json.dumps(whole, indent=1, ensure_ascii=False, default=str)
        atomic.write_text(self.results / f"{step}.json", text + "\n")
        return Record(**{**content, "files": tuple(content["files"])})  # type: ignore[arg-type]

    def step_key(self, step: str, inputs: Mapping[str, str], settings: Mapping[str, Any]) -> str:
        """
        Return the hash of all that a step depends on.

        Parameters
        ----------
        step
            Name of the step.
        inputs
            Hashes of what it reads.
        settings
            All options that change its result.

        Returns
        -------
        key
            Hash over them and the version of the program.
        """
        content = [step, infraplan.__version__, dict(inputs), dict(settings)]
        text = json.dumps(content, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def create_plan(folder: Path, settings: PlanSettings) -> Plan:
    """
    Make an empty plan.

    Parameters
    ----------
    folder
        Folder of the plan; made where missing, must not hold a plan.
    settings
        Settings to write.

    Returns
    -------
    plan
        The empty plan.

    Raises
    ------
    PlanError
        If the folder holds a plan already, or is a file.
    """
    folder = Path(folder)
    if (folder / SETTINGS_FILE).exists():
        msg = f"{folder} holds a plan already; choose another folder, or delete it first"
        raise PlanError(msg)
    if folder.exists() and not folder.is_dir():
        msg = f"{folder} is a file; give the path of a folder"
        raise PlanError(msg)
    for name in ("rasters", "results", "maps", "reports"):
        try:
            (folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"the folder {folder} cannot be made: {error.strerror}"
            raise PlanError(msg) from error
    atomic.write_text(folder / SETTINGS_FILE, settings.to_toml())
    return Plan(folder.resolve(), settings)


def open_folder(folder: Path) -> Plan:
    """
    Return a plan without reading its layers.

    Parameters
    ----------
    folder
        Folder of the plan.

    Returns
    -------
    plan
        The plan.

    Raises
    ------
    PlanError
        If the folder is not a plan; the message says how to make one.
    """
    folder = Path(folder)
    if not (folder / SETTINGS_FILE).is_file():
        why = "does not exist" if not folder.exists() else f"holds no {SETTINGS_FILE}"
        msg = f'{folder} {why}. To make a plan there: infraplan init "{folder}"'
        raise PlanError(msg)
    settings = PlanSettings.from_dict(read_toml(folder / SETTINGS_FILE))
    return Plan(folder.resolve(), settings)


def _stamp(path: Path) -> tuple[int, ...]:
    """Return time, size and number of a file, and of the changes QGIS holds back beside it."""
    path = path.resolve()
    files = (path, path.with_name(f"{path.name}-wal"))
    seen = [file.stat() for file in files if file.exists()]
    return tuple(part for of in seen for part in (of.st_mtime_ns, of.st_size, of.st_ino))


def _read(path: Path, names: Iterable[str]) -> dict[str, "gpd.GeoDataFrame"]:
    """
    Return layers of a GeoPackage; small ones that were read are read again only once it changed.

    What is kept is handed out as copies that share its values until they are changed.
    """
    from infraplan.io import read_tables

    stamp, wanted = _stamp(path), list(names)
    keys = {name: (str(path), name) for name in wanted}
    for key in [k for k, (seen, _) in _KEPT.items() if k[0] == str(path) and seen != stamp]:
        _KEPT.pop(key, None)
    known = {name: _KEPT.get(key) for name, key in keys.items()}
    fresh = [name for name, kept in known.items() if kept is None]
    read = read_tables(path, fresh) if fresh else {}
    is_settled = time.time_ns() - path.stat().st_mtime_ns > SETTLED_NS
    for name, table in read.items():
        if is_settled and len(table) <= KEPT_ROWS:
            while len(_KEPT) >= KEPT_TABLES:
                _KEPT.pop(next(iter(_KEPT)), None)
            _KEPT[keys[name]] = stamp, table
    return {
        name: (read[name] if kept is None else kept[1]).copy(deep=False)
        for name, kept in known.items()
    }


@lru_cache(maxsize=256)
def _content(path: str, stamp: tuple[int, ...], layer: str) -> str:  # noqa: ARG001
    """
    Return the hash of a layer of a GeoPackage, or of a raster file where `layer` is empty.

    The stamp is there to be remembered by: every file of ours is written anew under its name, and
    QGIS changes its time, so content that changed has another.
    """
    from infraplan.io import content_hash
    from infraplan.io import file_hash

    if not layer:
        return str(file_hash(Path(path)))
    return str(content_hash(_read(Path(path), [layer])[layer]))


@lru_cache(maxsize=6)
def _warped(
    path: str,
    stamp: tuple[int, ...],  # noqa: ARG001 - as of `_content`
    geobox: "GeoBox",
    kind: str,
    in_tiles: bool,  # noqa: FBT001 - part of what is remembered by
) -> "xr.DataArray":
    """Return a raster on a grid, the same as long as its file stays as it is; not to be changed."""
    from infraplan.io import tiled_raster
    from infraplan.io import warp_raster

    if in_tiles:
        return tiled_raster(Path(path), geobox, kind=kind)
    raster = warp_raster(Path(path), geobox, kind=kind)
    raster.to_numpy().setflags(write=False)
    return raster


def _terrain(
    rasters: Mapping[str, "xr.DataArray"], sea: "gpd.GeoDataFrame | None", geobox: "GeoBox"
) -> Any:  # noqa: ANN401 - Terrain, imported late
    """Return the terrain with the sea and inland water filled in."""
    from infraplan.io import burn
    from infraplan.layers.terrain import terrain_from

    at_sea = burn(sea, geobox) if sea is not None and len(sea) else None
    terrain = terrain_from(rasters["terrain"], at_sea, rasters.get("water"))
    return replace(terrain, landcover=rasters.get("landcover"))
