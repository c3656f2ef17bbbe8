"""Where people live: patches of houses, and the hamlets that they belong to."""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from infraplan.sample.ground import Coarse
from infraplan.sample.ground import Ground
from infraplan.sample.ground import blob
from infraplan.sample.ground import burnt
from infraplan.sample.ground import patches_of
from infraplan.sample.ground import polygons_only
from infraplan.sample.names import HAMLET_WORDS
from infraplan.sample.names import REMOTE_WORDS
from infraplan.sample.near import nearest
from infraplan.sample.noise import Floats
from infraplan.sample.noise import Ints
from infraplan.sample.size import Size

__all__ = ["Hamlets", "make_hamlets", "make_population", "make_settlements"]

IN_HAMLETS = 0.97  # share of a commune's people that its hamlets hold
POINT_SPACING_M = 60.0  # of the points by which patches are divided among hamlets
M2_PER_PERSON = {"phường": 75.0, "xã": 190.0}
TREE_SHADED_M2_PER_PERSON = 150.0


@dataclass(frozen=True, slots=True, eq=False)
class Hamlets:
    """Table of hamlets, and which of them lie far from everything on purpose."""

    table: gpd.GeoDataFrame
    remote: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Hamlet:
    """One hamlet before it has an id."""

    shape: BaseGeometry
    commune: int
    people: int
    placed_by: str
    remote: bool = False


def make_settlements(
    ground: Ground, coarse: Coarse, rng: np.random.Generator, *, centre: tuple[float, float] | None
) -> gpd.GeoDataFrame:
    """
    Return made-up patches of houses for communes of which none are known.

    Parameters
    ----------
    ground
        Ground; its settlements are not looked at.
    coarse
        The same on coarse cells.
    rng
        Source of chance.
    centre
        Middle of the city, whose commune gets one large patch around it; None where there is none.

    Returns
    -------
    settlements
        Layer `settlements`.
    """
    rows: list[tuple[str, BaseGeometry, float]] = []
    for number, (code, commune) in enumerate(ground.communes.iterrows()):
        people = float(commune["people"])
        each_m2 = M2_PER_PERSON.get(str(commune.get("type")), 150.0)
        shape = commune.geometry.buffer(-30.0)
        if centre is not None and shape.contains(shapely.Point(centre)):
            parts = [blob(*centre, people * each_m2, rng, stretch=1.1)]
        else:
            count = max(3, round(people / 2600))
            cells = _flat_cells(coarse, coarse.commune_at.ravel() == number, count, rng)
            size = rng.uniform(0.5, 1.5, len(cells))
            areas = size / size.sum() * people * each_m2
            parts = [
                blob(float(x), float(y), float(area), rng, stretch=2.0)
                for x, y, area in zip(*coarse.centres(cells), areas, strict=True)
            ]
        merged = polygons_only(shapely.intersection(shapely.union_all(parts), shape), 3000.0)
        patches = shapely.get_parts(merged)
        total = sum(patch.area for patch in patches)
        rows += [(str(code), patch, people * patch.area / total) for patch in patches]
    table = gpd.GeoDataFrame(
        {
            "settlement_id": [f"P{number:05d}" for number in range(1, len(rows) + 1)],
            "commune_code": [code for code, _, _ in rows],
            "people": [round(people, 1) for _, _, people in rows],
            "area_ha": [round(patch.area / 1e4, 3) for _, patch, _ in rows],
        },
        geometry=[patch for _, patch, _ in rows],
        crs=ground.crs,
    )
    return table.set_index("settlement_id")


def make_population(ground: Ground, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """
    Return made-up persons per grid cell, nearly all of them in the settlements.

    Parameters
    ----------
    ground
        Ground with settlements.
    rng
        Source of chance.

    Returns
    -------
    population
        Persons per cell of the ground's grid; 0 in water and outside the communes.
    """
    patch_at = burnt(ground.settlements.geometry, ground.geobox)
    inside = patch_at >= 0
    counts = np.bincount(patch_at[inside], minlength=len(ground.settlements))
    each = ground.settlements["people"].to_numpy(dtype=np.float64) / np.maximum(counts, 1)
    unevenness = rng.gamma(4.0, 0.25, ground.commune_at.shape)
    land = (ground.commune_at >= 0) & ~ground.water & np.isfinite(ground.elevation_m)
    values = np.where(inside, each[np.maximum(patch_at, 0)] * 0.96, 0.0)
    low = land & ~inside & (np.nan_to_num(ground.elevation_m) < 60)
    share = 0.04 * float(ground.settlements["people"].sum()) / max(int(low.sum()), 1)
    values = np.where(land, (values + share * low) * unevenness, 0.0)
    return np.round(values, 3).astype(np.float32)


def make_hamlets(ground: Ground, coarse: Coarse, size: Size, rng: np.random.Generator) -> Hamlets:
    """
    Return the hamlets: patches divided by people, villages under trees, some far up the valleys.

    Parameters
    ----------
    ground
        Ground with settlements.
    coarse
        The same on coarse cells.
    size
        Size of the sample.
    rng
        Source of chance.

    Returns
    -------
    hamlets
        Hamlets, disjoint, each inside its commune.
    """
    patches = patches_of(ground)
    made: list[_Hamlet] = []
    for number, code in enumerate(ground.communes.index):
        made += _of_commune(ground, coarse, size, (number, patches[str(code)]), rng)
    far = _remote(ground, coarse, size, made, rng)
    return _named(ground, [*_without(made, far), *far], rng)


def _without(made: list[_Hamlet], far: list[_Hamlet]) -> list[_Hamlet]:
    """Return hamlets after the largest of each commune gave people to the commune's remote ones."""
    left = list(made)
    for hamlet in far:
        here = [k for k, other in enumerate(left) if other.commune == hamlet.commune]
        largest = max(here, key=lambda k: left[k].people)
        left[largest] = replace(left[largest], people=left[largest].people - hamlet.people)
    return left


def _of_commune(
    ground: Ground,
    coarse: Coarse,
    size: Size,
    place: tuple[int, BaseGeometry],
    rng: np.random.Generator,
) -> list[_Hamlet]:
    """Return the ordinary hamlets of one commune."""
    number, patch = place
    people = float(ground.communes["people"].iloc[number]) * IN_HAMLETS
    count = max(2, round(people / size.people_per_hamlet))
    hectares = patch.area / 1e4
    in_patches = (
        1.0 if hectares >= 40 else 0.5 if hectares >= 2 else 0.0
    )  # as DESIGN spreads people
    seen = round(count * in_patches) if in_patches < 1 else count
    parts = _divided(patch, seen, rng) if seen else []
    share = len(parts) / count if in_patches < 1 else 1.0
    heads = _headcounts([part.area for part in parts], people * share, rng)
    made = [
        _Hamlet(part, number, head, "settlement") for part, head in zip(parts, heads, strict=True)
    ]
    if len(made) < count and in_patches < 1:
        made += _tree_shaded(ground, coarse, made, (number, count - len(made), people), rng)
    return made


def _divided(patch: BaseGeometry, count: int, rng: np.random.Generator) -> list[BaseGeometry]:
    """Return a patch cut into `count` parts of about equal ground, fewer where it is too small."""
    west, south, east, north = patch.bounds
    xs, ys = np.meshgrid(
        np.arange(west, east, POINT_SPACING_M), np.arange(south, north, POINT_SPACING_M)
    )
    shapely.prepare(patch)
    inside = shapely.contains_xy(patch, xs.ravel(), ys.ravel())
    points = np.column_stack([xs.ravel()[inside], ys.ravel()[inside]])
    if len(points) < 2 * count or count < 2:
        return [patch]
    centres = _centres(points, count, rng)
    cells = shapely.voronoi_polygons(
        shapely.MultiPoint(centres), extend_to=patch.buffer(1000.0), ordered=True
    )
    parts = shapely.intersection(np.asarray(shapely.get_parts(cells)), patch)
    tidy = [polygons_only(part.buffer(-0.5), 800.0) for part in parts]
    return [part for part in tidy if not part.is_empty]


def _centres(points: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Return the middles of `count` groups of points (Lloyd's k-means, ten rounds)."""
    centres = points[np.sort(rng.choice(len(points), count, replace=False))].copy()
    for _ in range(10):
        _, group = nearest(centres, points)
        size = np.bincount(group, minlength=count)
        for axis in (0, 1):
            total = np.bincount(group, weights=points[:, axis], minlength=count)
            centres[:, axis] = np.where(size > 0, total / np.maximum(size, 1), centres[:, axis])
    return centres


def _headcounts(areas: list[float], people: float, rng: np.random.Generator) -> list[int]:
    """Return whole people for each part, by its ground and some unevenness."""
    if not areas:
        return []
    weights = np.sqrt(np.asarray(areas)) * rng.lognormal(0, 0.12, len(areas))
    return [max(20, round(people * w)) for w in weights / weights.sum()]


def _tree_shaded(
    ground: Ground,
    coarse: Coarse,
    made: list[_Hamlet],
    want: tuple[int, int, float],
    rng: np.random.Generator,
) -> list[_Hamlet]:
    """Return hamlets on flat ground of a commune whose houses cannot be seen from above."""
    number, count, people = want
    heads = _headcounts([1.0] * (count + len(made)), people, rng)[:count]
    cells = _flat_cells(coarse, coarse.commune_at.ravel() == number, count, rng)
    shape = ground.communes.geometry.iloc[number].buffer(-5.0)
    taken = [hamlet.shape for hamlet in made]
    found = []
    for cell, head in zip(cells, heads, strict=False):
        x, y = (float(v) for v in coarse.centres(cell))
        area = head * TREE_SHADED_M2_PER_PERSON * rng.uniform(0.7, 1.3)
        part = shapely.intersection(blob(x, y, area, rng, stretch=2.2), shape)
        part = polygons_only(shapely.difference(part, shapely.union_all(taken).buffer(3.0)))
        if not part.is_empty:
            found.append(_Hamlet(part, number, head, "guess"))
            taken.append(part)
    return found


def _flat_cells(
    coarse: Coarse, where: npt.NDArray[np.bool_], count: int, rng: np.random.Generator
) -> Ints:
    """Return cells for villages: low, flat and peopled ground first, with distance kept."""
    candidates = np.flatnonzero(where & coarse.usable.ravel())
    if not len(candidates):
        return np.zeros(0, dtype=np.int64)
    weight = (
        np.exp(-coarse.slope.ravel()[candidates] / 0.05)
        * np.exp(-coarse.above_low_m.ravel()[candidates] / 25.0)
        * (0.02 + coarse.population.ravel()[candidates])
    )
    order = candidates[np.argsort(rng.exponential(1.0, len(candidates)) / (weight + 1e-12))]
    chosen: list[int] = []
    for spacing_m in (700.0, 500.0, 350.0, 0.0):
        chosen = list(_spaced(coarse, order, spacing_m, count))
        if len(chosen) >= count:
            break
    return np.asarray(chosen[:count], dtype=np.int64)


def _spaced(coarse: Coarse, order: Ints, spacing_m: float, count: int) -> Iterator[int]:
    """Yield cells in their order, each at least a distance from those before."""
    kept: list[tuple[float, float]] = []
    for cell, x, y in zip(order, *coarse.centres(order), strict=True):
        if all((x - a) ** 2 + (y - b) ** 2 >= spacing_m**2 for a, b in kept):
            kept.append((x, y))
            yield int(cell)
            if len(kept) >= count:
                return


def _remote(
    ground: Ground, coarse: Coarse, size: Size, made: list[_Hamlet], rng: np.random.Generator
) -> list[_Hamlet]:
    """Return small hamlets in valleys that ridges close off, far from all others."""
    others = np.vstack([shapely.get_coordinates(h.shape.representative_point()) for h in made])
    flat = np.flatnonzero(
        coarse.usable.ravel() & (coarse.slope.ravel() < 0.16) & (coarse.above_low_m.ravel() < 40)
    )
    x, y = coarse.centres(flat)
    away, _ = nearest(others, np.column_stack([x, y]))
    chosen: list[int] = []
    for group in size.remote:
        here = flat[(away >= group.least_m) & (away <= group.most_m)]
        closed = coarse.enclosed.ravel()[here]  # the most enclosed first, chance among equals
        order = here[np.lexsort((rng.random(len(here)), -np.minimum(closed, 7)))]
        chosen += _spaced(coarse, order, min(0.8 * group.least_m, 1500.0), group.hamlet_count)
    made_here = []
    for cell in chosen:
        number = int(coarse.commune_at.ravel()[cell])
        head = int(rng.integers(30, 121))
        cx, cy = (float(v) for v in coarse.centres(cell))
        part = blob(cx, cy, head * 220.0, rng, stretch=1.8)
        part = polygons_only(part.intersection(ground.communes.geometry.iloc[number].buffer(-5.0)))
        if not part.is_empty:
            made_here.append(_Hamlet(part, number, head, "guess", remote=True))
    return made_here


def _named(ground: Ground, made: list[_Hamlet], rng: np.random.Generator) -> Hamlets:
    """Return the hamlets as a table, ordered by commune, with names that are unique inside it."""
    order = sorted(range(len(made)), key=lambda i: (made[i].commune, made[i].remote, i))
    counter: dict[int, int] = {}
    rows = []
    for position in order:
        hamlet = made[position]
        counter[hamlet.commune] = running = counter.get(hamlet.commune, 0) + 1
        commune = ground.communes.iloc[hamlet.commune]
        code = str(ground.communes.index[hamlet.commune])
        rows.append(
            {
                "hamlet_id": f"{code}-{running:03d}",
                "name": _hamlet_name(str(commune.get("type")), hamlet, running, rng),
                "commune_code": code,
                "commune": str(commune["name"]),
                "people": hamlet.people,
                "households": max(1, round(hamlet.people / 3.6)),
                "placed_by": hamlet.placed_by,
                "geometry": hamlet.shape,
            }
        )
    frame = pd.DataFrame(rows)
    twice = frame.groupby(["commune_code", "name"]).cumcount()
    frame.loc[twice > 0, "name"] += " " + (twice[twice > 0] + 1).astype(str)
    table = gpd.GeoDataFrame(frame, geometry="geometry", crs=ground.crs).set_index("hamlet_id")
    table["people"] = table["people"].astype("Int64")
    table["households"] = table["households"].astype("Int64")
    return Hamlets(table, np.asarray([made[i].remote for i in order], dtype=bool))


def _hamlet_name(kind: str, hamlet: _Hamlet, running: int, rng: np.random.Generator) -> str:
    """Return a name as hamlets of that kind of commune have it."""
    if hamlet.remote:
        return f"Bản {REMOTE_WORDS[int(rng.integers(len(REMOTE_WORDS)))]}"
    if kind == "phường":
        return f"Tổ dân phố {running}"
    if rng.random() < 0.45:
        return f"Thôn {running}"
    first, second = rng.choice(len(HAMLET_WORDS), 2, replace=False)
    return f"Thôn {HAMLET_WORDS[first]} {HAMLET_WORDS[second]}"
