"""Where a new mast may stand, cell by cell with the reason where not, and whom it reaches."""

from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import wrap
from infraplan.layers.terrain import SEA

if TYPE_CHECKING:
    import geopandas as gpd
    import scipy.sparse as sp
    import xarray as xr
    from odc.geo.geobox import GeoBox

    from infraplan.layers.bundle import Layers
    from infraplan.layers.terrain import Terrain
    from infraplan.sites.demand import Demand

__all__ = ["EXCLUSIONS", "Eligible", "EligibleArea", "EligibleLimits", "eligible_area"]

Flags = npt.NDArray[np.bool_]

# Why a cell is excluded: the n-th reason is bit n of the raster.
EXCLUSIONS = (
    "outside",
    "unknown_ground",
    "sea",
    "water",
    "protected",
    "steep",
    "flood",
    "building",
    "aerodrome",
    "far_from_road",
)


@dataclass(frozen=True, slots=True)
class EligibleLimits:
    """
    From where on ground is excluded; assumed, for choosing what to look at, not for judging.

    `slope_deg` is the steepest ground that is built on, `road_m` the farthest from a road or
    street, `aerodrome_m` the nearest to an aerodrome.
    """

    slope_deg: float = 25.0
    road_m: float = 1_000.0
    aerodrome_m: float = 3_000.0


@dataclass(frozen=True, slots=True, eq=False)
class EligibleArea:
    """
    Where a new mast may stand: a raster of reasons why not.

    `reasons` holds 0 for eligible cells, else the sum of the bits of `EXCLUSIONS` that apply;
    `excluded` counts the cells of each reason and `alone` those that nothing else excludes, both
    within the communes (of `cells_inside` in all), `eligible` those that remain. `not_assessed`
    names the reasons of which the plan knows nothing: their bits are never set.
    """

    reasons: "xr.DataArray"
    excluded: Mapping[str, int]
    alone: Mapping[str, int]
    eligible: int
    cells_inside: int
    not_assessed: tuple[str, ...]
    limits: EligibleLimits

    @property
    def is_eligible(self) -> Flags:
        """Return the cells where a mast may stand."""
        return np.asarray(self.reasons.to_numpy() == 0)

    @property
    def told(self) -> dict[str, object]:
        """Return counts, bits and limits as plain values."""
        return {
            "bits": {name: 1 << n for n, name in enumerate(EXCLUSIONS)},
            "excluded": dict(self.excluded),
            "excluded_alone": dict(self.alone),
            "eligible": self.eligible,
            "cells_inside": self.cells_inside,
            "not_assessed": list(self.not_assessed),
            "limits": asdict(self.limits),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Eligible:
    """
    What could be built, and whom each of it would reach: what a batch is held against.

    `positions` has one row an action with `kind`, `mast_id`, `height_m`, `cost_vnd` and geometry;
    `covers` (demand blocks x positions) a 1 where a position brings service to a block, in the
    order of `positions`; `demand` the people of each block. `group` numbers the actions of which
    at most one is possible, -1 for none.
    """

    positions: "gpd.GeoDataFrame"
    covers: "sp.csr_array"
    demand: "Demand"
    group: npt.NDArray[np.int64]
    technology: str
    operator: str


def eligible_area(layers: "Layers", limits: EligibleLimits | None = None) -> EligibleArea:
    """
    Return where a new mast may stand, and why not elsewhere.

    Parameters
    ----------
    layers
        Bundle with the terrain; `communes`, `sea`, `protected`, `buildings`, `aerodromes`, `roads`,
        `streets`, rasters `water` and `floods` where there.
    limits
        From where on ground is excluded; the usual ones where None.

    Returns
    -------
    area
        Raster of reasons on the grid of the terrain, with counts.

    Raises
    ------
    PlanError
        If there is no terrain.
    """
    layers.need("terrain", step="eligible positions")
    terrain = layers.terrain
    assert terrain is not None  # noqa: S101 - just asked for
    limits = limits or EligibleLimits()
    geobox = geobox_of(terrain.ground_m)
    ground_m = terrain.ground_m.to_numpy()
    found: dict[str, Flags | None] = {
        "outside": _outside(layers, geobox),
        "unknown_ground": np.isnan(ground_m),
        "sea": _sea(layers, terrain, geobox),
        "water": _raster(layers, "water"),
        "protected": _burnt(layers, "protected", geobox),
        "steep": _slope_deg(terrain, geobox) > limits.slope_deg,
        "flood": _raster(layers, "floods"),
        "building": _burnt(layers, "buildings", geobox),
        "aerodrome": _near_aerodromes(layers, geobox, limits.aerodrome_m),
        "far_from_road": _far_from_roads(layers, geobox, limits.road_m),
    }
    reasons = np.zeros(ground_m.shape, dtype=np.uint16)
    for bit, name in enumerate(EXCLUSIONS):
        flags = found[name]
        if flags is not None:
            reasons |= flags.astype(np.uint16) << np.uint16(bit)
    inside = reasons[(reasons & 1) == 0]
    return EligibleArea(
        reasons=wrap(reasons, geobox, name="reasons", long_name="why no mast may stand here"),
        excluded=MappingProxyType(
            {
                name: int(np.count_nonzero((reasons if bit == 0 else inside) & (1 << bit)))
                for bit, name in enumerate(EXCLUSIONS)
            }
        ),
        alone=MappingProxyType(
            {
                name: int(np.count_nonzero((reasons if bit == 0 else inside) == 1 << bit))
                for bit, name in enumerate(EXCLUSIONS)
            }
        ),
        eligible=int(np.count_nonzero(inside == 0)),
        cells_inside=int(inside.size),
        not_assessed=tuple(name for name, flags in found.items() if flags is None),
        limits=limits,
    )


def _is_known(layers: "Layers", name: str) -> bool:
    """Return whether a layer has rows, or is known to have none."""
    if layers.has(name):
        return True
    sources = layers.table("sources")
    return name in layers.tables and bool((sources["layer"] == name).any())


def _drawn(shapes: "gpd.GeoSeries", geobox: "GeoBox", *, touched: bool = False) -> Flags:
    """Return the cells whose middle lies in some shapes, or which these touch."""
    from rasterio.features import rasterize

    burnt = np.zeros(tuple(geobox.shape), dtype=np.uint8)
    whole = shapes[~(shapes.isna() | shapes.is_empty)]
    if len(whole):
        rasterize(
            [(shape, 1) for shape in whole],
            out=burnt,
            transform=geobox.affine,
            all_touched=touched,
        )
    return burnt.astype(np.bool_)


def _burnt(layers: "Layers", name: str, geobox: "GeoBox") -> Flags | None:
    """Return the cells in the shapes of a layer; None where the plan does not know it."""
    if not _is_known(layers, name):
        return None
    return _drawn(layers.table(name).geometry, geobox)


def _outside(layers: "Layers", geobox: "GeoBox") -> Flags | None:
    """Return the cells outside all communes."""
    inside = _burnt(layers, "communes", geobox)
    return None if inside is None else ~inside


def _sea(layers: "Layers", terrain: "Terrain", geobox: "GeoBox") -> Flags:
    """Return the cells of the sea."""
    drawn = _drawn(layers.table("sea").geometry, geobox)
    return np.asarray(drawn | (terrain.zone.to_numpy() == SEA))


def _raster(layers: "Layers", name: str) -> Flags | None:
    """Return the cells that a raster marks in any of its bands; None where there is none."""
    if name not in layers.rasters:
        return None
    values = layers.rasters[name].to_numpy()
    return np.asarray(values == 1 if values.ndim == 2 else (values == 1).any(axis=0))


def _slope_deg(terrain: "Terrain", geobox: "GeoBox") -> npt.NDArray[np.float32]:
    """Return the slope of the ground, NaN beside unknown ground."""
    cell_m = abs(float(geobox.resolution.x))
    down, right = np.gradient(terrain.ground_m.to_numpy().astype(np.float32), cell_m)
    return np.asarray(np.degrees(np.arctan(np.hypot(down, right))), dtype=np.float32)


def _near_aerodromes(layers: "Layers", geobox: "GeoBox", within_m: float) -> Flags | None:
    """Return the cells within a distance of an aerodrome; None where they are not known."""
    if not _is_known(layers, "aerodromes"):
        return None
    return _drawn(layers.table("aerodromes").geometry.buffer(within_m), geobox)


def _far_from_roads(layers: "Layers", geobox: "GeoBox", within_m: float) -> Flags | None:
    """Return the cells farther from every way than a distance; None where no way is known."""
    from scipy.ndimage import distance_transform_edt

    ways = [layers.table(name).geometry for name in ("roads", "streets") if layers.has(name)]
    if not ways:
        return None
    beside = np.zeros(tuple(geobox.shape), dtype=np.bool_)
    for shapes in ways:
        beside |= _drawn(shapes, geobox, touched=True)
    if not beside.any():
        return np.ones(tuple(geobox.shape), dtype=np.bool_)
    away = distance_transform_edt(~beside)
    return np.asarray(away * abs(float(geobox.resolution.x)) > within_m)
