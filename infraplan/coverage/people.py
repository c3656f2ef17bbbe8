"""Where people live: one raster that everything reads."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse.linalg
import shapely
from scipy import sparse

from infraplan.coverage.zonal import Zones
from infraplan.coverage.zonal import zones_over
from infraplan.errors import GridMismatchError
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import index_of
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
FLOOR_M2 = 23.2  # of floor a person: Population and Housing Census 2019, all of Vietnam
GARDEN_M = 50.0  # around a house that no patch holds, as the ground of a hamlet is drawn
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
    elsewhere settlements) by their population, there first into the dwellings known; the rest by
    the population raster; then all are scaled to the commune's total.

    Parameters
    ----------
    layers
        Bundle with `communes`; `hamlets`, `settlements`, `buildings` and the raster `population`
        where there.
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
    its patches are below 40 ha, a tenth elsewhere. A dwelling of which no people are listed holds
    one for each 23.2 m2 of its floors; one outside all patches makes a patch of the 50 m around it.
    """
    layers.need("communes", step="people")
    communes = layers.table("communes")
    inside = zones_over(communes, geobox)
    seen, patches_ha = _settled(layers, inside, geobox)
    raster = _raster(layers, geobox)
    total, source = _totals(communes, inside, raster)
    shares = _Shares.of(inside)
    settled, has_patches = shares.spread(seen)
    spread, has_raster = shares.spread(raster)
    even, _ = shares.spread(np.ones(shares.size))
    outside = np.array([outside_share(area) for area in patches_ha])
    outside = np.where(has_patches, outside, OUTSIDE_NO_PATCHES)
    rest = np.where(has_raster[shares.zone], spread, even)
    mixed = settled + outside[shares.zone] * (rest - settled)
    spread_out = np.bincount(shares.cell, mixed * total[shares.zone], shares.size)
    grid = _balanced(spread_out.astype(np.float64), shares, total)
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


def _settled(layers: Layers, communes: Zones, geobox: "GeoBox") -> tuple[Floats, Floats]:
    """Return people of settlements per grid cell, unscaled, and their area in each commune [ha]."""
    houses = _dwellings(layers)
    patches, weight = _weighed(_with_gardens(_inhabited(layers), houses), layers)
    if not len(patches):
        return np.zeros(geobox.shape[0] * geobox.shape[1]), np.zeros(len(communes.index))
    zones = zones_over(patches, geobox)
    home = _patch_of(houses, patches)
    houses, home = houses[home >= 0], home[home >= 0]
    listed = houses["people"].to_numpy(dtype=np.float64)
    in_houses = np.bincount(home, listed, len(patches))
    # houses hold their people, no more than their patch has; the others live around them
    scale = np.divide(weight, in_houses, out=np.ones_like(weight), where=in_houses > weight)
    held = listed * scale[home]
    people = _laid(zones, weight - in_houses * scale)
    large = houses.area.to_numpy() > zones.cell_m2
    people += _laid(zones_over(houses[large], geobox), held[large])
    ground = np.asarray(zones.fractions.sum(axis=0)).ravel() * zones.cell_m2 / 10_000.0
    at = houses.geometry[~large].representative_point()
    row, column = index_of(geobox, at.x.to_numpy(), at.y.to_numpy())
    on = (row >= 0) & (row < geobox.shape[0]) & (column >= 0) & (column < geobox.shape[1])
    np.add.at(people, row[on] * geobox.shape[1] + column[on], held[~large][on])
    return people, communes.sums(ground)


def _laid(zones: Zones, people: Floats) -> Floats:
    """Return people per grid cell, those of each zone spread evenly over its ground."""
    on_grid = np.asarray(zones.fractions.sum(axis=1)).ravel()
    per_cell = np.divide(people, on_grid, out=np.zeros_like(people), where=on_grid > 0)
    return np.asarray(zones.fractions.T @ per_cell)


def _weighed(patches: "gpd.GeoDataFrame", layers: Layers) -> tuple["gpd.GeoDataFrame", Floats]:
    """Return patches with ground and their people; by their area where a source gives none."""
    by_area = patches.area.to_numpy()
    patches, by_area = patches[by_area > 0], by_area[by_area > 0]
    weight = patches["people"].to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(weight)
    registered = float(layers.table("communes")["people"].sum())
    if known.any():
        density = weight[known].sum() / by_area[known].sum()
    else:
        density = registered / by_area.sum() if registered > 0 and len(patches) else 1.0
    return patches, np.where(known, weight, by_area * density)


def _patch_of(houses: "gpd.GeoDataFrame", patches: "gpd.GeoDataFrame") -> npt.NDArray[np.int64]:
    """Return the number of the patch that each house stands on; -1 where on none."""
    found = np.full(len(houses), -1, dtype=np.int64)
    if len(houses) and len(patches):
        points = houses.geometry.representative_point().to_numpy()
        house, patch = patches.sindex.query(points, predicate="intersects")
        found[house[::-1]] = patch[::-1]  # of several the first
    return found


def _with_gardens(patches: "gpd.GeoDataFrame", houses: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return patches, and ground around the houses that stand on none of them."""
    lone = houses[_patch_of(houses, patches) < 0]
    if not len(lone):
        return patches[["people", "geometry"]]
    joined = shapely.union_all(lone.geometry.buffer(GARDEN_M).to_numpy())
    parts = shapely.get_parts(joined)
    gardens = type(lone)({"people": 0.0}, geometry=parts, index=range(len(parts)), crs=lone.crs)
    own = np.bincount(_patch_of(lone, gardens), lone["people"], len(gardens))
    if len(patches):
        gardens = gardens.set_geometry(_outside(gardens.geometry, patches.geometry))
    kept = [patches[["people", "geometry"]]] if len(patches) else []
    return pd.concat([*kept, gardens.assign(people=own)], ignore_index=True)


def _inhabited(layers: Layers) -> "gpd.GeoDataFrame":
    """
    Return inhabited ground with its people: hamlets that the office counted, then settlements.

    A hamlet's ground with its listed people says more than land cover, which sees no house under
    trees; settlements count only where no such hamlet lies.
    """
    settlements, hamlets = layers.table("settlements"), layers.table("hamlets")
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
            cut = _outside(left.geometry, hamlets.geometry)
            share = cut.area / left.area
            left = left.assign(people=left["people"] * share).set_geometry(cut)
            left = left[share > LEFT_SHARE]
        parts.append(left)
    if not parts:
        return settlements
    joined = pd.concat([part.astype({"people": "float64"}) for part in parts])
    return joined.reset_index(drop=True)


def _outside(shapes: "gpd.GeoSeries", others: "gpd.GeoSeries") -> "gpd.GeoSeries":
    """Return shapes without the ground of others; only those that touch are cut from each."""
    left, taken = shapes.to_numpy().copy(), others.to_numpy()
    number, other = shapely.STRtree(taken).query(left, predicate="intersects")
    order = np.argsort(number, kind="stable")
    wanted, first = np.unique(number[order], return_index=True)
    for shape, near in zip(wanted, np.split(other[order], first[1:]), strict=True):
        left[shape] = shapely.difference(left[shape], shapely.union_all(taken[near]))
    return type(shapes)(left, index=shapes.index, crs=shapes.crs)


def _dwellings(layers: Layers) -> "gpd.GeoDataFrame":
    """Return footprints of dwellings with their people, listed or by their floor space."""
    buildings = layers.table("buildings")
    if not len(buildings):
        return buildings.reindex(columns=["people", "geometry"])
    homes = buildings[buildings["use"].isna() | (buildings["use"] == "dwelling")]
    people = homes["people"].to_numpy(dtype=np.float64, na_value=np.nan)
    floor_m2 = homes["floors"].fillna(1).to_numpy(dtype=np.float64) * homes.area.to_numpy()
    people = np.where(np.isfinite(people), people, floor_m2 / FLOOR_M2)
    return homes[["geometry"]].assign(people=people)


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
    communes: "gpd.GeoDataFrame", inside: Zones, raster: Floats
) -> tuple[Floats, npt.NDArray[np.str_]]:
    """Return the people of each commune and where the number comes from."""
    official = communes["people"].to_numpy(dtype=np.float64, na_value=np.nan)
    counted = inside.sums(raster)
    known = np.isfinite(official)
    return np.where(known, official, counted), np.where(known, "register", "raster")


def _balanced(people: Floats, inside: "_Shares", total: Floats) -> Floats:
    """
    Return people per grid cell whose sums over the communes are their totals.

    Nobody is put on cells that reach beyond all communes or into one where nobody lives, so that
    the whole grid sums to the whole area; on cells that communes share, people are weighed so that
    both sums come out: with factors a of the communes, people x sum(f a), this is one linear
    system.
    """
    touched = np.bincount(inside.cell, inside.share, inside.size)
    inner = np.where(touched > 1.0 - EDGE_SHARE, people, 0.0)
    inner[inside.cell[total[inside.zone] <= 0]] = 0.0  # else a neighbour's people reach over
    empty = (inside.sums(inner) <= 0) & (total > 0)
    if empty.any():  # a commune narrower than a cell keeps its border cells
        kept = inside.cell[empty[inside.zone]]
        inner[kept] = people[kept]
    factors = np.atleast_1d(scipy.sparse.linalg.spsolve(_system(inner, inside, total), total))
    return inner * np.bincount(inside.cell, inside.share * factors[inside.zone], inside.size)


def _system(inner: Floats, inside: "_Shares", total: Floats) -> sparse.csc_array:
    """Return the sum over cells of f people f', one row and column for each commune."""
    shared = np.bincount(inside.cell, minlength=inside.size)[inside.cell] > 1
    mass = inside.share**2 * inner[inside.cell]
    diagonal = np.bincount(inside.zone[~shared], mass[~shared], inside.count)
    # only border cells couple communes: they are few, and only they need a sparse product
    cells, number = np.unique(inside.cell[shared], return_inverse=True)
    entries = (inside.share[shared], (inside.zone[shared], number))
    border = sparse.csr_array(sparse.coo_array(entries, shape=(inside.count, cells.size)))
    coupled = border @ sparse.diags_array(inner[cells]) @ border.T
    alone = diagonal + np.where(total > 0, 0.0, 1.0)
    return sparse.csc_array(coupled + sparse.diags_array(alone))


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """The entries of zones: `share` of grid cell number `cell` lies in zone number `zone`."""

    zone: npt.NDArray[np.int64]
    cell: npt.NDArray[np.int32]
    share: Floats
    count: int
    size: int

    @classmethod
    def of(cls, zones: Zones) -> "_Shares":
        """Return the entries of zones in order of zones."""
        fractions = zones.fractions
        zone = np.repeat(np.arange(fractions.shape[0]), np.diff(fractions.indptr))
        return cls(zone, fractions.indices, fractions.data, *fractions.shape)

    def sums(self, values: Floats) -> Floats:
        """Return the sum of a quantity per grid cell over each zone."""
        found = np.bincount(self.zone, self.share * values[self.cell], self.count)
        return found.astype(np.float64)

    def spread(self, values: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Return the part that each entry has of its zone's sum, and which zones have any."""
        weight = self.share * values[self.cell]
        total = np.bincount(self.zone, weight, self.count)
        factor = np.divide(1.0, total, out=np.zeros(self.count), where=total > 0)
        return weight * factor[self.zone], total > 0
