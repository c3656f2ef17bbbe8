"""
The results that a plan keeps, written once and read back equal.

Results are frozen dataclasses that hold tables, numbers and settings. Their tables go into one
GeoPackage, which QGIS opens; the rest into the JSON record of the step. The layers that a result
was computed from are not stored twice: the caller hands them in on reading.
"""

import importlib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import fields
from dataclasses import is_dataclass
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.atomic import file_stem
from infraplan.errors import PlanError
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.plan.folder import Plan
from infraplan.text import words

if TYPE_CHECKING:
    import xarray as xr

    from infraplan.cables import CablePlan
    from infraplan.cables import Route
    from infraplan.coverage import Gaps
    from infraplan.radio.results import Coverage
    from infraplan.radio.settings import RadioSettings
    from infraplan.radio.settings import ThresholdProfile
    from infraplan.sites import Appraisal
    from infraplan.sites import Proposal
    from infraplan.sites import SiteRules

__all__ = [
    "StoredMaps",
    "appraisal_step",
    "coverage_step",
    "load_appraisal",
    "load_coverage",
    "load_gaps",
    "load_proposal",
    "load_route",
    "load_underground",
    "route_file",
    "store_appraisal",
    "store_bands",
    "store_coverage",
    "store_gaps",
    "store_proposal",
    "store_route",
    "store_underground",
]

Made = TypeVar("Made")
HELD_BYTES = 600_000_000  # of bands read from a plan
HEADLINE = (
    "objective", "cost_vnd", "bound", "bound_vnd", "gap", "certificate", "length_m", "planned",
    "floor", "excluded",
)  # fmt: skip


def coverage_step(technology: str, operator: str) -> str:
    """
    Return the name of the step that predicts a technology of an operator.

    Parameters
    ----------
    technology
        Technology.
    operator
        Operator, or `"any"`.

    Returns
    -------
    step
        Name, fit for a file.
    """
    return f"coverage_{file_stem(technology)}_{file_stem(operator)}"


def appraisal_step(batch: str) -> str:
    """
    Return the name of the step that appraises a batch.

    Parameters
    ----------
    batch
        Name of the batch.

    Returns
    -------
    step
        Name, fit for a file.
    """
    return f"appraisal/{file_stem(batch)}"


def store_bands(plan: Plan, pair: tuple[str, str], bands: "xr.Dataset") -> None:
    """
    Write the bands of one technology and operator; `store_coverage` then makes them known.

    Parameters
    ----------
    plan
        The plan.
    pair
        Technology and operator.
    bands
        Bands of coverage.
    """
    from infraplan.io import write_raster

    path = plan.results / f"{coverage_step(*pair)}.tif"
    write_raster(path, {str(name): bands[name] for name in bands.data_vars})


def store_coverage(plan: Plan, coverage: "Coverage", *, resolution_m: float, key: str) -> None:
    """
    Keep a prediction of which the bands have been written.

    Parameters
    ----------
    plan
        The plan.
    coverage
        Prediction of any number of technologies and operators.
    resolution_m
        Side of its grid cells, > 0 [m].
    key
        Hash of all that it depends on.
    """
    from infraplan import atomic

    tables = {}
    for technology, cells in coverage.cells.items():
        tables[technology] = plan.results / f"coverage_{file_stem(technology)}_cells.csv"
        text = cells.rename_axis("best_cell").to_csv(lineterminator="\n")
        atomic.write_text(tables[technology], text)
    for technology, operator in coverage.maps:
        step = coverage_step(technology, operator)
        plan.write_record(
            step,
            key=key,
            files=[plan.results / f"{step}.tif", tables[technology]],
            figures={
                "resolution_m": resolution_m,
                "technology": technology,
                "operator": operator,
            },
            provenance=coverage.provenance,
        )


class StoredMaps(Mapping[tuple[str, str], "xr.Dataset"]):
    """
    Bands that a plan keeps, read as they are asked for; the last few stay in memory.

    A province of fifteen technologies and operators on 30 m cells takes 6 GB at once.
    """

    def __init__(self, plan: Plan, pairs: Iterable[tuple[str, str]]) -> None:
        """
        Name what there is.

        Parameters
        ----------
        plan
            The plan.
        pairs
            Technologies and operators that it keeps.

        Raises
        ------
        PlanError
            If one of them is not there.
        """
        self._plan = plan
        self._keys = {pair: _recorded(plan, coverage_step(*pair)).key for pair in pairs}
        self._held: dict[tuple[str, str], xr.Dataset] = {}

    def __getitem__(self, pair: tuple[str, str]) -> "xr.Dataset":
        """Return the bands of a pair; refused where the plan has computed them anew since."""
        if pair in self._held:
            self._held[pair] = self._held.pop(pair)  # used last, it goes last
            return self._held[pair]
        bands = self._read(pair)
        self._held[pair] = bands
        most = max(1, HELD_BYTES // max(int(bands.nbytes), 1))
        while len(self._held) > most:
            del self._held[next(iter(self._held))]
        return bands

    def _read(self, pair: tuple[str, str], names: tuple[str, ...] | None = None) -> "xr.Dataset":
        """Return bands of a pair from its file."""
        from infraplan.io import read_bands

        return read_bands(self._file(pair), names)

    def _file(self, pair: tuple[str, str]) -> Path:
        """Return the file of a pair; refused where the plan has computed it anew since."""
        step = coverage_step(*pair)
        if _recorded(self._plan, step).key != self._keys[pair]:
            msg = f"{step}: the plan has computed its coverage anew; read it again"
            raise PlanError(msg)
        return self._plan.results / f"{step}.tif"

    def some(self, pair: tuple[str, str], names: Iterable[str]) -> "xr.Dataset":
        """
        Return some bands of a pair, read by themselves where they are not held.

        Parameters
        ----------
        pair
            Technology and operator.
        names
            Bands wanted; those that are not there are left out.

        Returns
        -------
        bands
            Their values.
        """
        if pair in self._held:
            return self[pair]
        return self._read(pair, tuple(names))

    def window(
        self, pair: tuple[str, str], rows: slice, columns: slice, names: Iterable[str]
    ) -> "dict[str, npt.NDArray[np.float32]]":
        """
        Return a window of some bands of a pair, and nothing else read.

        Parameters
        ----------
        pair
            Technology and operator.
        rows
            Rows of the grid.
        columns
            Columns of the grid.
        names
            Bands wanted; those that are not there are left out.

        Returns
        -------
        values
            One array a band.
        """
        from infraplan.io import read_bands_window

        if pair in self._held:
            held = self[pair]
            return {n: held[n].to_numpy()[rows, columns] for n in names if n in held}
        return read_bands_window(self._file(pair), rows, columns, names)

    def __contains__(self, pair: object) -> bool:
        """Return whether a pair is kept, without reading it."""
        return pair in self._keys

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Iterate over technologies and operators."""
        return iter(self._keys)

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self._keys)


def load_coverage(
    plan: Plan,
    pairs: Iterable[tuple[str, str]],
    *,
    profile: "ThresholdProfile",
    settings: "RadioSettings",
) -> "Coverage":
    """
    Return predictions that the plan keeps.

    Parameters
    ----------
    plan
        The plan.
    pairs
        Technologies and operators, at least one.
    profile
        Thresholds that they were made with.
    settings
        Settings that they were made with.

    Returns
    -------
    coverage
        Their bands and cells.

    Raises
    ------
    PlanError
        If one of them is not there.
    """
    from infraplan.io import read_cells
    from infraplan.radio.results import Coverage

    maps = StoredMaps(plan, pairs)
    cells = {}
    for technology in sorted({technology for technology, _ in maps}):
        cells[technology] = read_cells(plan.results / f"coverage_{file_stem(technology)}_cells.csv")
    record = _recorded(plan, coverage_step(*next(iter(maps))))
    return Coverage(
        maps=maps,
        cells=cells,
        settings=settings,
        profile=profile,
        provenance=_provenance(record.provenance),
    )


def store_gaps(plan: Plan, gaps: "Gaps", *, key: str) -> None:
    """
    Keep the gaps.

    Parameters
    ----------
    plan
        The plan.
    gaps
        Result to keep.
    key
        Hash of all that it depends on.
    """
    _store(plan, "gaps", gaps, key=key)


def load_gaps(plan: Plan, layers: Layers) -> "Gaps":
    """
    Return the gaps that the plan keeps.

    Parameters
    ----------
    plan
        The plan.
    layers
        Layers of the plan.

    Returns
    -------
    gaps
        As stored.

    Raises
    ------
    PlanError
        If there are none.
    """
    from infraplan.coverage import Gaps

    return _made(Gaps, "gaps", _load(plan, "gaps", layers))


def store_appraisal(plan: Plan, appraisal: "Appraisal", *, key: str) -> None:
    """
    Keep the appraisal of a batch.

    Parameters
    ----------
    plan
        The plan.
    appraisal
        Result to keep.
    key
        Hash of all that it depends on.
    """
    _store(plan, appraisal_step(appraisal.batch), appraisal, key=key)


def load_appraisal(plan: Plan, batch: str, layers: Layers, rules: "SiteRules") -> "Appraisal":
    """
    Return the appraisal of a batch that the plan keeps.

    Parameters
    ----------
    plan
        The plan.
    batch
        Name of the batch.
    layers
        Layers of the plan.
    rules
        Rules that it was made with.

    Returns
    -------
    appraisal
        As stored, with what the office has decided since.

    Raises
    ------
    PlanError
        If there is none.
    """
    from infraplan.sites import Appraisal
    from infraplan.sites.register import OFFICE

    step = appraisal_step(batch)
    stored = _load(plan, step, layers)
    register = plan.table("requests").reindex(stored["requests"].index)
    for column in OFFICE:
        stored["requests"][column] = register[column]
    return _made(Appraisal, step, {**stored, "rules": rules})


def store_proposal(plan: Plan, proposal: "Proposal", *, key: str) -> None:
    """
    Keep the proposed sites.

    Parameters
    ----------
    plan
        The plan.
    proposal
        Result to keep.
    key
        Hash of all that it depends on.
    """
    _store(plan, "proposal", proposal, key=key)


def load_proposal(plan: Plan, layers: Layers) -> "Proposal":
    """
    Return the proposed sites that the plan keeps.

    Parameters
    ----------
    plan
        The plan.
    layers
        Layers of the plan.

    Returns
    -------
    proposal
        As stored.

    Raises
    ------
    PlanError
        If there are none.
    """
    from infraplan.sites import Proposal

    return _made(Proposal, "proposal", _load(plan, "proposal", layers))


def store_underground(
    plan: Plan,
    cable_plan: "CablePlan",
    *,
    key: str,
    streets: Iterable[str] = (),
    asked: Mapping[str, Any] | None = None,
) -> None:
    """
    Keep the plan of undergrounding.

    Parameters
    ----------
    plan
        The plan.
    cable_plan
        Result to keep.
    key
        Hash of all that it depends on.
    streets
        Streets that were chosen.
    asked
        All that was asked for, so that the same can be asked again.
    """
    figures = {"streets": list(streets), "asked": dict(asked or {})}
    _store(plan, "underground", cable_plan, key=key, figures=figures)


def load_underground(plan: Plan, layers: Layers) -> "CablePlan":
    """
    Return the plan of undergrounding that the plan keeps.

    Parameters
    ----------
    plan
        The plan.
    layers
        Layers of the plan.

    Returns
    -------
    cable_plan
        As stored, its bill in the language of the plan.

    Raises
    ------
    PlanError
        If there is none.
    """
    from infraplan.cables import CablePlan
    from infraplan.cables.plan_told import bill_told

    made = _made(CablePlan, "underground", _load(plan, "underground", layers))
    return replace(made, bill=bill_told(made.bill, words(plan.settings.language)))


def store_route(plan: Plan, route: "Route", *, names: tuple[str, str]) -> Path:
    """
    Keep a route.

    Parameters
    ----------
    plan
        The plan.
    route
        Result to keep.
    names
        What the user called its ends.

    Returns
    -------
    path
        The GeoPackage; two routes that do not fail together, and one over open land, do not
        replace a single one along streets.
    """
    over_land = "over_land" in route.provenance.settings
    step = _route_step(names, diverse=route.diverse, over_land=over_land)
    _store(plan, step, route, key="")
    return plan.results / f"{step}.gpkg"


def load_route(
    plan: Plan,
    names: tuple[str, str],
    layers: Layers,
    *,
    diverse: bool = False,
    over_land: bool = False,
) -> "Route":
    """
    Return a route that the plan keeps.

    Parameters
    ----------
    plan
        The plan.
    names
        What the user called its ends.
    layers
        Layers of the plan.
    diverse
        Whether two routes were asked for.
    over_land
        Whether open land could be dug.

    Returns
    -------
    route
        As stored.

    Raises
    ------
    PlanError
        If there is none.
    """
    from infraplan.cables import Route

    step = _route_step(names, diverse=diverse, over_land=over_land)
    return _made(Route, step, _load(plan, step, layers))


def route_file(
    plan: Plan, names: tuple[str, str], *, diverse: bool = False, over_land: bool = False
) -> Path:
    """
    Return where a route is kept.

    Parameters
    ----------
    plan
        The plan.
    names
        What the user called its ends.
    diverse
        Whether two routes were asked for.
    over_land
        Whether open land could be dug.

    Returns
    -------
    path
        The GeoPackage, there or not.
    """
    return plan.results / f"{_route_step(names, diverse=diverse, over_land=over_land)}.gpkg"


def _route_step(names: tuple[str, str], *, diverse: bool, over_land: bool) -> str:
    """Return the name of the step that finds a route."""
    kind = "_diverse" if diverse else "_over_land" if over_land else ""
    return f"routes/{file_stem(names[0])}_{file_stem(names[1])}{kind}"


def _store(
    plan: Plan, step: str, result: Any, *, key: str, figures: Mapping[str, Any] | None = None
) -> None:
    """Write a result's tables into a GeoPackage and the rest into the step's record."""
    from infraplan.io import write_frames

    tables: dict[str, pd.DataFrame] = {}
    values: dict[str, Any] = {}
    for item in fields(result):
        value = getattr(result, item.name)
        if isinstance(value, pd.Series):
            tables[item.name] = value.to_frame(item.name)
            values[item.name] = {"series": item.name}
        elif isinstance(value, pd.DataFrame):
            tables[item.name] = value
            values[item.name] = {"table": item.name}
        elif not isinstance(value, (Layers, Provenance)) and item.name != "rules":
            values[item.name] = {"value": _encoded(value)}
    plain = {name: getattr(result, name) for name in HEADLINE if hasattr(result, name)}
    path = plan.results / f"{step}.gpkg"
    description = write_frames(path, tables)
    plan.write_record(
        step,
        key=key,
        files=[path],
        figures={**(figures or {}), "tables": description, "values": values},
        provenance=result.provenance,
        headline={name: _plain(value) for name, value in plain.items()},
    )


def _plain(value: Any) -> Any:
    """Return a figure as any reader of JSON understands it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


def _load(plan: Plan, step: str, layers: Layers) -> dict[str, Any]:
    """Return the arguments that make a stored result again."""
    from infraplan.io import read_frames

    record = _recorded(plan, step)
    tables = read_frames(plan.results / f"{step}.gpkg", record.figures["tables"])
    arguments: dict[str, Any] = {"layers": layers, "provenance": _provenance(record.provenance)}
    for name, stored in record.figures["values"].items():
        if "table" in stored:
            arguments[name] = tables[name]
        elif "series" in stored:
            arguments[name] = tables[name][name]
        else:
            arguments[name] = _decoded(stored["value"])
    return arguments


def _made(kind: type[Made], step: str, arguments: Mapping[str, Any]) -> Made:
    """Return a stored result; refused where an older version of the program kept it."""
    try:
        return kind(**arguments)
    except TypeError as error:
        msg = f"the stored result of '{step}' was made by another version; run that step again"
        raise PlanError(msg) from error


def _encoded(value: Any) -> Any:
    """Return a value as JSON can hold it; our own dataclasses keep the name of their class."""
    if is_dataclass(value) and not isinstance(value, type):
        entries = {item.name: _encoded(getattr(value, item.name)) for item in fields(value)}
        return {"class": f"{type(value).__module__}:{type(value).__qualname__}", "fields": entries}
    if isinstance(value, Mapping):
        return {"mapping": [[_encoded(key), _encoded(entry)] for key, entry in value.items()]}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "type": str(value.dtype)}
    if isinstance(value, tuple):
        return {"tuple": [_encoded(entry) for entry in value]}
    if isinstance(value, list):
        return [_encoded(entry) for entry in value]
    return value.item() if isinstance(value, np.generic) else value


def _decoded(value: Any) -> Any:
    """Return the value that `_encoded` wrote."""
    if isinstance(value, list):
        return [_decoded(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if "class" in value:
        module, name = value["class"].split(":")
        made = getattr(importlib.import_module(module), name) if _is_ours(module) else None
        if not (isinstance(made, type) and is_dataclass(made)):
            named = value["class"]
            msg = f"a stored result names the class {named}; delete it and run the step again"
            raise PlanError(msg)
        entries = {key: _decoded(entry) for key, entry in value["fields"].items()}
        return _made(made, value["class"], entries)
    if "mapping" in value:
        return {_decoded(key): _decoded(entry) for key, entry in value["mapping"]}
    if "array" in value:
        return np.array(value["array"], dtype=value["type"])
    return tuple(_decoded(entry) for entry in value["tuple"])


def _is_ours(module: str) -> bool:
    """Return whether a stored class name may be imported: a plan's JSON is a stranger's text."""
    return module.startswith("infraplan.") and all(
        part.isidentifier() for part in module.split(".")
    )


def _recorded(plan: Plan, step: str) -> Any:
    """Return the record of a step that must be there."""
    record = plan.record(step)
    if record is None:
        msg = f"{plan.folder} keeps no result of '{step}'; run that step first"
        raise PlanError(msg)
    return record


def _provenance(stored: Mapping[str, Any]) -> Provenance:
    """Return a stored provenance."""
    tuples = {name: tuple(stored.get(name, ())) for name in ("synthetic", "notes")}
    return Provenance(**{**stored, **tuples})
