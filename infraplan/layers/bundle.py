"""The frozen bundle of layers that every computation takes, and the provenance of its result."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING

import pandas as pd

from infraplan.errors import PlanError
from infraplan.errors import VintageError
from infraplan.layers.notes import Note
from infraplan.layers.schemas import schema

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

    from infraplan.layers.terrain import Terrain

__all__ = ["Layers", "Provenance", "require_one_vintage"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """
    Where a result comes from: enough to make it again and to judge it.

    `inputs` maps each layer or raster read to the hash of its content; `synthetic` names those that
    the program made up; `settings` and `notes` are printed beside the figures.
    """

    step: str
    version: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    synthetic: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """
    Layers of one area, validated, in one planning CRS, rasters on one grid.

    Tables are keyed by layer name and indexed by their id. A layer that the plan lacks is absent
    from `tables`; `table` then gives an empty one with the right columns.
    """

    name: str
    crs: str
    tables: Mapping[str, "gpd.GeoDataFrame"]
    rasters: Mapping[str, "xr.DataArray"] = field(default_factory=dict)
    terrain: "Terrain | None" = None

    def has(self, layer: str) -> bool:
        """
        Return whether a layer is there and has rows.

        Parameters
        ----------
        layer
            Name of a vector layer, table or raster.

        Returns
        -------
        present
            True where it is there and not empty.
        """
        return layer in self.rasters or (layer in self.tables and len(self.tables[layer]) > 0)

    def table(self, layer: str) -> "gpd.GeoDataFrame":
        """
        Return a layer, empty where the plan lacks it.

        Parameters
        ----------
        layer
            Name of a vector layer or table.

        Returns
        -------
        table
            GeoDataFrame (DataFrame for a layer without geometry) indexed by id; do not change it.
        """
        return self.tables[layer] if layer in self.tables else empty_table(layer, self.crs)

    def need(self, *layers: str, step: str) -> None:
        """
        Check that layers are there.

        Parameters
        ----------
        *layers
            Names of vector layers, tables or rasters.
        step
            What they are needed for, for the message.

        Raises
        ------
        PlanError
            If any is absent or empty; the message names all of them and what brings them.
        """
        absent = [layer for layer in layers if not self.has(layer)]
        if absent:
            commands = "; ".join(f"infraplan import PLAN {layer} FILE" for layer in absent)
            names = ", ".join(absent)
            raise PlanError(Note("asked.lacks_layers", step=step, names=names, commands=commands))

    def synthetic(self) -> tuple[str, ...]:
        """
        Return the layers that the program made up.

        Returns
        -------
        layers
            Names, sorted, without repetition.
        """
        sources = self.table("sources")
        if not len(sources):
            return ()
        return tuple(sorted(set(sources.loc[sources["synthetic"].astype(bool), "layer"])))


def empty_table(layer: str, crs: str) -> "gpd.GeoDataFrame":
    """
    Return a layer without rows but with all its columns.

    Parameters
    ----------
    layer
        Name of a vector layer or table.
    crs
        Planning CRS.

    Returns
    -------
    table
        Empty GeoDataFrame, or DataFrame for a layer without geometry, indexed by its key.
    """
    import geopandas as gpd

    declared = schema(layer)
    columns = {column.name: pd.Series(dtype=_DTYPES[column.kind]) for column in declared.columns}
    frame = pd.DataFrame(columns).set_index(declared.key)
    return (
        gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([], crs=crs), crs=crs)
        if declared.geometry
        else frame
    )


def require_one_vintage(*tables: "gpd.GeoDataFrame") -> str:
    """
    Check that administrative tables are of one vintage, and return it.

    All 69 codes of July 2025 re-use the code of an older commune, so a join by code across vintages
    gives wrong figures without a word.

    Parameters
    ----------
    *tables
        Tables with a column `vintage`.

    Returns
    -------
    vintage
        The common vintage.

    Raises
    ------
    VintageError
        If they hold more than one.
    """
    vintages = sorted({str(v) for table in tables for v in table["vintage"].unique()})
    if len(vintages) != 1:
        msg = (
            f"administrative layers of different vintages ({', '.join(vintages) or 'none'}) cannot "
            "be joined: codes were re-used by the 2025 reform. Import layers of one vintage, or "
            "convert by the crosswalk"
        )
        raise VintageError(msg)
    return vintages[0]


_DTYPES = {
    "text": "str",
    "list": "str",
    "date": "str",
    "integer": "Int64",
    "number": "float64",
    "flag": "boolean",
}
