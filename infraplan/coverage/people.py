"""Where people live: one raster that everything reads."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse.linalg
from scipy import sparse

from infraplan.coverage.zonal import zones_over
from infraplan.errors import GridMismatchError
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import wrap

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr
    from odc.geo.geobox import GeoBox

__all__ = ["PeopleGrid", "outside_share", "people_grid"]

Floats = npt.NDArray[np.float64]
FEW_PATCHES_HA = 40.0  # below it a commune's hamlets stand under trees, unseen from above
OUTSIDE_NO_PATCHES = 1.0
OUTSIDE_FEW_PATCHES = 0.5
OUTSIDE_USUAL = 0.1
LEFT_SHARE = 0.02  # of a settlement outside hamlets, below which it is a sliver
POLYGONS = ("Polygon", "MultiPolygon")
EDGE_SHARE = 1e-4  # of a cell that may lie outside before it counts as a border cell


@dataclass(frozen=True, slots=True, eq=False)
class PeopleGrid:
    """
    People of an area.

    `people` is persons per grid cell, 0 outside the communes. `communes` tells of each commune its
    `people`, the `outside_share` assumed to live outside settlements, the `patches_ha` seen, and
    the `source` of the total: `register` or `raster`.
    """

    people: "xr.DataArray"
    communes: pd.DataFrame


def people_grid(layers: Layers, geobox: "GeoBox") -> PeopleGrid:
    """
    Spread the people of each commune over its ground.

    Within a commune, most people are put on its inhabited ground (hamlets that the office counted,
    elsewhere settlements) by their population, the rest by the population raster; then all are
    scaled to the commune's total.

    Parameters
    ----------
    layers
        Bundle with `communes`; `hamlets`, `settlements` and the raster `population` where there.
    geobox
        Grid of the result.

    Returns
    -------
    grid
        People per grid cell, whose sum over each commune is its total to 1e-6, and what was
        assumed.

    Raises
    ------
    PlanError
        If there are no communes.
    GridMismatchError
        If the population raster lies on another grid.

    Notes
    -----
    The share outside settlements is an assumption: all where a commune shows no patch, half where
    its patches are below 40 ha, a tenth elsewhere.
    """
    layers.need("communes", step="people")
    communes = layers.table("communes")
    inside = zones_over(communes, geobox).fractions
    seen, patches_ha = _settled(layers, communes, geobox)
    raster = _raster(layers, geobox)
    total, source = _totals(communes, inside, raster)
    outside = np.array([outside_share(area) for area in patches_ha])
    settled = _normalised(inside.multiply(seen[None, :]).tocsr())
    spread = _normalised(inside.multiply(raster[None, :]).tocsr())
    even = _normalised(inside.tocsr())
    has_patches = np.asarray(settled.sum(axis=1)).ravel() > 0
    has_raster = np.asarray(spread.sum(axis=1)).ravel() > 0
    outside = np.where(has_patches, outside, OUTSIDE_NO_PATCHES)
    rest = _scaled(spread, has_raster * outside) + _scaled(even, ~has_raster * outside)
    people = _scaled(_scaled(settled, 1.0 - outside) + rest, total)
    spread_out = np.asarray(people.sum(axis=0), dtype=np.float64).ravel()
    grid = _balanced(spread_out, inside, total)
    report = pd.DataFrame(
        {
            "people": total,
            "outside_share": outside,
            "patches_ha": patches_ha,
            "source": source,
        },
        index=communes.index,
    )
    named = wrap(
        grid.reshape(geobox.shape),
        geobox,
        name="people",
        units="persons",
        long_name="people per cell",
    )
    return PeopleGrid(named, report)


def outside_share(patches_ha: float) -> float:
    """
    Return the share of a commune's people assumed to live outside the settlements seen.

    Parameters
    ----------
    patches_ha
        Built-up ground seen from above, >= 0 [ha].

    Returns
    -------
    share
        1 where nothing is seen, 0.5 below 40 ha, 0.1 elsewhere.
    """
    if patches_ha <= 0:
        return OUTSIDE_NO_PATCHES
    return OUTSIDE_FEW_PATCHES if patches_ha < FEW_PATCHES_HA else OUTSIDE_USUAL


def _settled(
    layers: Layers, communes: "gpd.GeoDataFrame", geobox: "GeoBox"
) -> tuple[Floats, Floats]:
    """Return people of settlements per grid cell, unscaled, and their area in each commune [ha]."""
    patches = _inhabited(layers)
    if not len(patches):
        return np.zeros(geobox.shape[0] * geobox.shape[1]), np.zeros(len(communes))
    zones = zones_over(patches, geobox)
    weight = patches["people"].to_numpy(dtype=np.float64, na_value=np.nan)
    by_area = patches.area.to_numpy()
    known = np.isfinite(weight)
    density = weight[known].sum() / by_area[known].sum() if known.any() else 1.0
    weight = np.where(known, weight, by_area * density)
    on_grid = np.asarray(zones.fractions.sum(axis=1)).ravel()
    per_cell = np.divide(weight, on_grid, out=np.zeros_like(weight), where=on_grid > 0)
    people = np.asarray(zones.fractions.T @ per_cell)
    ground = np.asarray(zones.fractions.sum(axis=0)).ravel() * zones.cell_m2 / 10_000.0
    return people, zones_over(communes, geobox).sums(ground)


def _inhabited(layers: Layers) -> "gpd.GeoDataFrame":
    """
    Return inhabited ground with its people: hamlets that the office counted, then settlements.

    A hamlet's ground with its listed people says more than land cover, which sees no house under
    trees; settlements, or dwellings where there are none, count only where no such hamlet lies.
    """
    settlements, hamlets = layers.table("settlements"), layers.table("hamlets")
    if not len(settlements):
        settlements = _dwellings(layers)
    if "people" in hamlets and len(hamlets):
        hamlets = hamlets[hamlets["people"].notna() & hamlets.geom_type.isin(POLYGONS)]
    else:
        hamlets = hamlets.iloc[:0]
    parts = []
    if len(hamlets):
        parts.append(hamlets[["people", "geometry"]])
    if len(settlements):
        left = settlements[["people", "geometry"]]
        if len(hamlets):
            cut = left.geometry.difference(hamlets.geometry.union_all(), align=False)
            share = cut.area / left.area
            left = left.assign(people=left["people"] * share).set_geometry(cut)
            left = left[share > LEFT_SHARE]
        parts.append(left)
    if not parts:
        return settlements
    joined = pd.concat([part.astype({"people": "float64"}) for part in parts])
    return joined.reset_index(drop=True)


def _dwellings(layers: Layers) -> "gpd.GeoDataFrame":
    """Return footprints of dwellings with their people, or else with their floor space as such."""
    buildings = layers.table("buildings")
    if not len(buildings):
        return buildings
    homes = buildings[buildings["use"].isna() | (buildings["use"] == "dwelling")]
    people = homes["people"].to_numpy(dtype=np.float64, na_value=np.nan)
    floor_m2 = homes["floors"].fillna(1).to_numpy(dtype=np.float64) * homes.area.to_numpy()
    known = np.isfinite(people)
    density = people[known].sum() / floor_m2[known].sum() if known.any() else 1.0
    return homes.assign(people=np.where(known, people, floor_m2 * density))


def _raster(layers: Layers, geobox: "GeoBox") -> Floats:
    """Return the population raster per grid cell; zeros where there is none."""
    raster = layers.rasters.get("population")
    if raster is None:
        return np.zeros(geobox.shape[0] * geobox.shape[1])
    if geobox_of(raster) != geobox:
        msg = "the population raster lies on another grid than the people asked for; read it on it"
        raise GridMismatchError(msg)
    return np.nan_to_num(raster.to_numpy().astype(np.float64)).ravel()


def _totals(
    communes: "gpd.GeoDataFrame", inside: sparse.csr_array, raster: Floats
) -> tuple[Floats, npt.NDArray[np.str_]]:
    """Return the people of each commune and where the number comes from."""
    official = communes["people"].to_numpy(dtype=np.float64, na_value=np.nan)
    counted = np.asarray(inside @ raster)
    known = np.isfinite(official)
    return np.where(known, official, counted), np.where(known, "register", "raster")


def _balanced(people: Floats, inside: sparse.csr_array, total: Floats) -> Floats:
    """
    Return people per grid cell whose sums over the communes are their totals.

    Nobody is put on cells that reach beyond all communes, so that the whole grid sums to the whole
    area; on cells that communes share, people are weighed so that both sums come out: with factors
    a of the communes, people x sum(f a), this is one linear system.
    """
    touched = np.asarray(inside.sum(axis=0)).ravel()
    inner = np.where(touched > 1.0 - EDGE_SHARE, people, 0.0)
    empty = (np.asarray(inside @ inner).ravel() <= 0) & (total > 0)
    if empty.any():  # a commune narrower than a cell keeps its border cells
        inner = np.where(inside[empty].sum(axis=0) > 0, people, inner)
    system = (inside @ sparse.diags_array(inner) @ inside.T).tocsc()
    system = system + sparse.diags_array(np.where(total > 0, 0.0, 1.0))
    factors = np.atleast_1d(scipy.sparse.linalg.spsolve(system.tocsc(), total))
    return np.asarray(inner * (inside.T @ factors))


def _normalised(weights: sparse.csr_array) -> sparse.csr_array:
    """Return weights whose rows sum to one; rows without weight stay zero."""
    total = np.asarray(weights.sum(axis=1)).ravel()
    factor = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return _scaled(weights, factor)


def _scaled(weights: sparse.csr_array, factor: npt.ArrayLike) -> sparse.csr_array:
    """Return weights with each row multiplied by its factor."""
    return sparse.csr_array(sparse.diags_array(np.asarray(factor, dtype=np.float64)) @ weights)
