"""
Ground for hamlets that their list gives no position: a guess, and called one.

The built-up ground of a commune that no located hamlet holds is divided among the others in
proportion to their people, in compact pieces, in the order of their ids. Which hamlet truly stands
where is not known: so `placed_by` is "guess", and a gap found on such ground is never a proven gap.
"""

from dataclasses import dataclass
from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.optimize
import shapely

from infraplan.coverage.areas import grounds
from infraplan.coverage.areas import polygonal
from infraplan.coverage.people import outside_share
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import geobox_of

__all__ = ["place_hamlets"]

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

SLIVER_M2 = 1.0  # ground below it is what cutting leaves
DISC_M = 150.0  # radius of the ground of one hamlet where nothing is known of its commune
DENSEST_SHARE = 0.8  # of the people of the raster, on whose cells unseen houses are put
LEAST_SHARE = 1e-3  # of the people of its commune, that a hamlet's ground stands for
FEW_SEEN_SHARE = 0.5  # of the people outside settlements, from which the raster places them too
CUT_M = 1e-4  # how exactly a cut is found


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """Disjoint polygons with the people that stand on each square metre of them."""

    shapes: Shapes
    density: Floats

    @property
    def people(self) -> float:
        """Return the people on all of it."""
        return float((shapely.area(self.shapes) * self.density).sum())


def place_hamlets(hamlets: gpd.GeoDataFrame, layers: Layers) -> gpd.GeoDataFrame:
    """
    Give ground to the hamlets that have no position.

    Parameters
    ----------
    hamlets
        Layer `hamlets` by id; rows without geometry are placed, the others stay as they are.
    layers
        Bundle with `communes`; `settlements` and the raster `population` where there. Its own
        hamlets are not looked at.

    Returns
    -------
    hamlets
        Copy in the same order, each row with geometry and `placed_by`: `guess`, or `settlement`
        where a commune has one hamlet and one settlement.

    Raises
    ------
    PlanError
        If there are no communes.
    LayerError
        If a hamlet without position names a commune that is not there.

    Notes
    -----
    Of the people of a commune, those whom `people_grid` puts outside settlements (all where land
    cover shows none, half below 40 ha) are put on the densest cells of the population raster, four
    fifths of whose people these hold. Where neither is known, the hamlets of a commune share a disc
    around its middle.

    The position is a guess: a hamlet `placed_by` guess never counts as a proven gap.
    """
    layers.need("communes", step="placing hamlets")
    lost = hamlets.geometry.isna() | hamlets.geometry.is_empty
    if not lost.any():
        return hamlets.copy()
    communes = layers.table("communes")
    _check_communes(hamlets[lost], communes)
    held = grounds(replace(layers, tables={**layers.tables, "hamlets": hamlets[~lost]})).geometry
    share = _weights(hamlets)
    shapes = hamlets.geometry.copy()
    placed_by = hamlets["placed_by"].astype("object").copy()
    alone = hamlets["commune_code"].value_counts() == 1
    for code, members in hamlets[lost].sort_index().groupby("commune_code"):
        home = _Home.of(layers, communes.geometry[code], held)
        is_known = bool(alone[code]) and len(home.patches.shapes) == 1
        ground = home.patches if is_known else home.ground(layers, len(members))
        shapes.loc[members.index] = _divided(ground, share[members.index].to_numpy())
        placed_by.loc[members.index] = "settlement" if is_known else "guess"
    found = hamlets.set_geometry(gpd.GeoSeries(shapes, index=hamlets.index, crs=hamlets.crs))
    return found.assign(placed_by=placed_by.where(placed_by.notna(), None).astype("str"))


def _check_communes(lost: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> None:
    """Refuse hamlets that neither have a position nor name a commune of the plan."""
    unknown = lost[~lost["commune_code"].isin(communes.index)]
    if len(unknown):
        fault = Fault(
            what="a hamlet without position names no commune of the plan",
            rows=tuple(map(str, unknown.index)),
            column="commune_code",
            found=", ".join(sorted(set(map(str, unknown["commune_code"])))[:5]),
            expected="the code of a commune, or a position",
            remedy="correct commune_code, or import the communes that it belongs to",
            code="hamlet_without_commune",
        )
        raise LayerError(layer="hamlets", faults=(fault,))


def _weights(hamlets: gpd.GeoDataFrame) -> pd.Series:
    """Return the people each hamlet stands for: listed, of its households, or as the others."""
    none = pd.Series(np.nan, index=hamlets.index)
    people = hamlets.get("people", none).astype("float64")
    households = hamlets.get("households", none).astype("float64")
    both = (people > 0) & (households > 0)
    size = people[both].sum() / households[both].sum() if both.any() else 1.0
    people = people.fillna(households * size)
    usual = people.groupby(hamlets["commune_code"]).transform("mean")
    people = people.fillna(usual).fillna(people.mean()).fillna(1.0)
    least = LEAST_SHARE * people.groupby(hamlets["commune_code"]).transform("sum")
    return pd.Series(people.clip(lower=least.where(least > 0, 1.0)))


@dataclass(frozen=True, slots=True, eq=False)
class _Home:
    """A commune: its outline, what other hamlets hold, its settlements and their free part."""

    commune: shapely.Geometry
    taken: shapely.Geometry
    settled: shapely.Geometry
    patches: _Ground

    @classmethod
    def of(cls, layers: Layers, commune: shapely.Geometry, held: gpd.GeoSeries) -> "_Home":
        """Return what is known of a commune."""
        near = held.iloc[held.sindex.query(commune, predicate="intersects", sort=True)]
        taken = shapely.union_all(near.to_numpy()) if len(near) else shapely.MultiPolygon()
        inside, density = _settlements(layers, commune)
        free = shapely.difference(inside, taken)
        parts, owner = _parts(free)
        large = shapely.area(parts) > SLIVER_M2
        patches = _Ground(parts[large], density[owner[large]])
        return cls(commune, taken, shapely.union_all(inside), patches)

    def ground(self, layers: Layers, hamlets: int) -> _Ground:
        """Return the free ground that hamlets of the list may stand on."""
        outside = outside_share(self.settled.area / 10_000.0)
        unseen = outside >= FEW_SEEN_SHARE
        built = shapely.union(self.taken, self.settled)
        cells = _populated(layers, self.commune, built) if unseen else _NONE
        weighed = [(self.patches, 1.0 - outside), (cells, outside)]
        weighed = [(part, weight) for part, weight in weighed if part.people * weight > 0]
        if not weighed:
            return _disc(self.commune, self.taken, hamlets)
        return _Ground(
            np.concatenate([part.shapes for part, _ in weighed]),
            np.concatenate([part.density * weight / part.people for part, weight in weighed]),
        )


def _settlements(layers: Layers, commune: shapely.Geometry) -> tuple[Shapes, Floats]:
    """Return the settlements of a commune, cut by its border, and people on each square metre."""
    settlements = layers.table("settlements")
    near = settlements.iloc[np.sort(settlements.sindex.query(commune, predicate="intersects"))]
    inside = np.asarray(shapely.intersection(near.geometry.to_numpy(), commune), dtype=object)
    area = near.area.to_numpy()
    people = near["people"].to_numpy(dtype=np.float64, na_value=np.nan)
    known = (people > 0) & (area > 0)
    usual = people[known].sum() / area[known].sum() if known.any() else 1.0
    density = np.full(len(near), usual)
    density[known] = people[known] / area[known]
    return inside, density


def _populated(layers: Layers, commune: shapely.Geometry, taken: shapely.Geometry) -> _Ground:
    """Return the densest cells of the population raster in a commune, away from taken ground."""
    raster = layers.rasters.get("population")
    if raster is None:
        return _NONE
    geobox = geobox_of(raster)
    west, south, east, north = commune.bounds
    affine = geobox.affine
    columns = np.array([west - affine.c, east - affine.c]) / affine.a
    rows = np.array([north - affine.f, south - affine.f]) / affine.e
    first = np.clip([int(rows[0]), int(columns[0])], 0, geobox.shape)
    last = np.clip([int(rows[1]) + 1, int(columns[1]) + 1], 0, geobox.shape)
    window = np.nan_to_num(raster.to_numpy()[first[0] : last[0], first[1] : last[1]])
    if not window.size:
        return _NONE
    row, column = np.nonzero(window > 0)
    left = affine.c + (first[1] + column) * affine.a
    top = affine.f + (first[0] + row) * affine.e
    boxes = shapely.box(left, top + affine.e, left + affine.a, top)
    shapely.prepare(commune)
    crossing = ~shapely.contains_properly(commune, boxes)
    boxes[crossing] = shapely.intersection(boxes[crossing], commune)
    boxes = shapely.difference(boxes, taken) if not taken.is_empty else boxes
    per_m2 = window[row, column].astype(np.float64) / abs(affine.a * affine.e)
    people = shapely.area(boxes) * per_m2
    order = np.argsort(-per_m2, kind="stable")
    enough = np.cumsum(people[order]) - people[order] < DENSEST_SHARE * people.sum()
    chosen = np.sort(order[enough & (people[order] > 0)])
    parts, owner = _parts(boxes[chosen])
    return _Ground(parts, per_m2[chosen][owner])


def _disc(commune: shapely.Geometry, taken: shapely.Geometry, hamlets: int) -> _Ground:
    """Return ground around the middle of a commune, away from taken ground where there is other."""
    inner = polygonal(shapely.difference(commune, taken))
    inner = inner if inner.area > SLIVER_M2 else commune
    radius = DISC_M * np.sqrt(hamlets)
    disc = polygonal(inner.representative_point().buffer(radius).intersection(inner))
    parts = shapely.get_parts(disc)
    return _Ground(parts, np.ones(len(parts)))


def _divided(ground: _Ground, people: Floats) -> Shapes:
    """
    Return the ground of each hamlet, in proportion to people and in their order.

    Ground is halved again and again by straight cuts across its longer side, so that the pieces
    are compact; pieces of west and south go to the earlier ones.
    """
    regions = np.empty(len(people), dtype=object)
    waiting = [(ground, 0, len(people))]
    while waiting:
        part, first, last = waiting.pop()
        if last - first == 1:
            regions[first] = polygonal(shapely.union_all(part.shapes))
            continue
        middle = (first + last) // 2
        share = people[first:middle].sum() / people[first:last].sum()
        before, after = _cut(part, float(share))
        waiting += [(before, first, middle), (after, middle, last)]
    return regions


def _cut(ground: _Ground, share: float) -> tuple[_Ground, _Ground]:
    """Return ground in two, the western or southern part with a share of its people."""
    bounds = shapely.bounds(ground.shapes)
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    axis = int(high[1] - low[1] > high[0] - low[0])
    wanted = share * ground.people
    whole = shapely.area(ground.shapes) * ground.density

    def surplus(place: float) -> float:
        """Return how many people too many live before a cut."""
        crossed = (bounds[:, axis] < place) & (bounds[:, axis + 2] > place)
        part = shapely.intersection(ground.shapes[crossed], _half(low, high, axis, place)[0])
        crossing = (shapely.area(part) * ground.density[crossed]).sum()
        return float(whole[bounds[:, axis + 2] <= place].sum() + crossing - wanted)

    place = scipy.optimize.brentq(surplus, low[axis], high[axis], xtol=CUT_M)
    sides = []
    for side in _half(low, high, axis, float(place)):
        parts, owner = _parts(shapely.intersection(ground.shapes, side))
        sides.append(_Ground(parts, ground.density[owner]))
    return sides[0], sides[1]


def _half(
    low: Floats, high: Floats, axis: int, place: float
) -> tuple[shapely.Geometry, shapely.Geometry]:
    """Return the rectangles before and behind a cut."""
    upper, lower = high + 1.0, low - 1.0
    upper[axis], lower[axis] = place, place
    return shapely.box(*(low - 1.0), *upper), shapely.box(*lower, *(high + 1.0))


def _parts(shapes: Shapes) -> tuple[Shapes, npt.NDArray[np.intp]]:
    """Return the single polygons of shapes, and whose part each is."""
    flat, owner = shapely.get_parts(shapes, return_index=True)
    flat, inner = shapely.get_parts(flat, return_index=True)
    owner = owner[inner]
    kept = (shapely.get_type_id(flat) == shapely.GeometryType.POLYGON) & (shapely.area(flat) > 0)
    return flat[kept], owner[kept]


_NONE = _Ground(np.empty(0, dtype=object), np.empty(0))
