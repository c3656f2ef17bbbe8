"""The generator: a network that could be real, put on real ground or on ground of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy import ndimage

from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import wrap
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.progress import silent
from infraplan.sample.city import City
from infraplan.sample.city import make_buildings
from infraplan.sample.city import make_city
from infraplan.sample.city import make_ducts
from infraplan.sample.city import make_poles
from infraplan.sample.fibre import aerial_streets
from infraplan.sample.fibre import make_fibre
from infraplan.sample.figures import figures_of
from infraplan.sample.ground import Coarse
from infraplan.sample.ground import Ground
from infraplan.sample.ground import burnt
from infraplan.sample.ground import coarsened
from infraplan.sample.ground import ground_from
from infraplan.sample.letters import make_requests
from infraplan.sample.noise import Ints
from infraplan.sample.people import make_hamlets
from infraplan.sample.people import make_population
from infraplan.sample.people import make_settlements
from infraplan.sample.pilot import CENTRE
from infraplan.sample.pilot import flooded
from infraplan.sample.pilot import landcover_of
from infraplan.sample.pilot import pilot_ground
from infraplan.sample.size import OPERATORS
from infraplan.sample.size import Size
from infraplan.sample.size import size_of
from infraplan.sample.stations import density_at
from infraplan.sample.stations import make_sites
from infraplan.sample.surroundings import make_aerodromes
from infraplan.sample.surroundings import make_institutions
from infraplan.sample.surroundings import make_power
from infraplan.sample.surroundings import make_protected
from infraplan.sample.surroundings import make_sea
from infraplan.sample.surroundings import make_waterways
from infraplan.sample.surroundings import sea_table
from infraplan.sample.ways import STREET
from infraplan.sample.ways import Ways
from infraplan.sample.ways import make_ways

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Sample", "generate"]

AS_OF = "2025-10-31"
CITY_COMMUNE = "Thành Sen"  # centre of the former Thành phố Hà Tĩnh
BY_OPERATOR = ("sites", "fibre")
STEPS = (
    "ground", "people", "city", "hamlets", "ways", "sites", "fibre", "buildings", "institutions",
    "requests",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """
    Layers that were made up, and only those.

    `tables` are layers by name in the planning CRS, `rasters` rasters on the grid of the ground,
    `sources` the rows of the layer `sources` for them, all marked synthetic. `figures` holds the
    measured figures of `figures_of`, `underground_streets` (names) and `request_kinds` (by id).
    """

    tables: Mapping[str, gpd.GeoDataFrame]
    rasters: Mapping[str, "xr.DataArray"]
    sources: pd.DataFrame
    figures: Mapping[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """The ground with its people and its city, and what of it was made up."""

    ground: Ground
    coarse: Coarse
    city: City
    centre: tuple[float, float]
    tables: dict[str, gpd.GeoDataFrame]
    rasters: dict[str, "xr.DataArray"]


class _Chance:
    """One stream of chance for each step, so that a change in one leaves the others as they are."""

    def __init__(self, seed: int) -> None:
        """Keep the seed."""
        self.seed = seed

    def __call__(self, step: str) -> np.random.Generator:
        """Return the stream of a step."""
        return np.random.default_rng([self.seed, STEPS.index(step)])


def generate(
    size: str = "pilot",
    *,
    seed: int = 0,
    base: Layers | None = None,
    progress: Progress | None = None,
) -> Sample:
    """
    Return a synthetic network: stations, masts, hamlets, roads, fibre, streets, ducts, requests.

    Nothing is drawn from a radio model. Layers that `base` has are used and not made again.

    Parameters
    ----------
    size
        `"pilot"` (15 x 15 km on ground of its own, 150 stations) or `"province"` (3,250 stations
        and 21,000 km of cable on the ground of `base`).
    seed
        Seed of chance, >= 0; the same seed on the same base gives the same sample.
    base
        Real layers for a province: communes with people and terrain, and what else there is.
    progress
        Told how far it is.

    Returns
    -------
    sample
        Layers, rasters, their sources and the figures by which the sample is judged.

    Raises
    ------
    PlanError
        If a province has no base, or the base lacks communes with people or terrain.
    SettingsError
        If the size is unknown, the seed negative, or a base is given for the pilot.
    """
    limits = size_of(size)
    if seed < 0:
        msg = f"seed must be 0 or more; found {seed}"
        raise SettingsError(msg)
    if limits.name == "pilot" and base is not None:
        msg = "the pilot has ground of its own; leave the base away, or take size 'province'"
        raise SettingsError(msg)
    if limits.name == "province" and base is None:
        msg = "a sample of a province needs real communes and terrain: name their folder by --base"
        raise PlanError(msg)
    chance, report = _Chance(seed), progress or silent
    place = _own_place(limits, chance) if base is None else _base_place(base, limits, chance)
    report(0.05, "ground")
    return _networked(place, limits, chance, base, part(report, 0.05, 1.0))


def _own_place(size: Size, chance: _Chance) -> _Place:
    """Return the pilot's ground, people and city."""
    ground = pilot_ground(chance("ground"))
    coarse = coarsened(ground, size.coarse_m)
    rng = chance("people")
    ground = replace(ground, settlements=make_settlements(ground, coarse, rng, centre=CENTRE))
    ground = replace(ground, population=make_population(ground, rng))
    box = ground.geobox
    rasters = {
        "terrain": wrap(ground.elevation_m, box, name="terrain", units="m"),
        "landcover": wrap(landcover_of(ground, rng), box, name="landcover"),
        "water": wrap(ground.water.astype(np.uint8), box, name="water"),
        "population": wrap(ground.population, box, name="population", units="persons"),
        "floods": wrap(flooded(ground), box, name="floods"),
    }
    tables = {
        "communes": ground.communes,
        "settlements": ground.settlements,
        "sea": sea_table(ground.sea, ground.crs, "infraplan sample"),
    }
    city = make_city(ground, CENTRE, size, chance("city"))
    return _Place(ground, coarsened(ground, size.coarse_m), city, CENTRE, tables, rasters)


def _base_place(base: Layers, size: Size, chance: _Chance) -> _Place:
    """Return the ground of real layers, with what they lack of sea, settlements and people."""
    ground = ground_from(base)
    tables: dict[str, gpd.GeoDataFrame] = {}
    rasters: dict[str, xr.DataArray] = {}
    if not base.has("sea"):
        ground = replace(ground, sea=make_sea(ground))
        if not ground.sea.is_empty:
            tables["sea"] = sea_table(
                ground.sea, ground.crs, "infraplan sample: unknown height east of the communes"
            )
    rng = chance("people")
    if not base.has("settlements"):
        coarse = coarsened(ground, size.coarse_m)
        ground = replace(ground, settlements=make_settlements(ground, coarse, rng, centre=None))
        tables["settlements"] = ground.settlements
    if not base.has("population"):
        ground = replace(ground, population=make_population(ground, rng))
        rasters["population"] = wrap(
            ground.population, ground.geobox, name="population", units="persons"
        )
    coarse = coarsened(ground, size.coarse_m)
    centre = _city_centre(ground, coarse)
    city = make_city(ground, centre, size, chance("city"))
    return _Place(ground, coarse, city, centre, tables, rasters)


def _city_centre(ground: Ground, coarse: Coarse) -> tuple[float, float]:
    """Return the most built-up place of the city: by its name, else of the densest town commune."""
    communes = ground.communes
    crowd = communes["people"].astype(float) / communes.area
    kind = communes["type"] if "type" in communes else pd.Series("", index=communes.index)
    rank = (
        crowd
        + np.where(kind == "phường", 1.0, 0.0)
        + np.where(communes["name"] == CITY_COMMUNE, 2.0, 0.0)
    )
    number = int(rank.to_numpy().argmax())
    built = (burnt(ground.settlements.geometry, ground.geobox) >= 0) & ~ground.water
    sigma = 700.0 / ground.geobox.affine.a
    smooth = ndimage.gaussian_filter(built.astype(np.float32), sigma)
    x, y = coarse.centres(np.arange(coarse.usable.size))
    row = ((ground.geobox.affine.f - y) / ground.geobox.affine.a).astype(np.int64)
    column = ((x - ground.geobox.affine.c) / ground.geobox.affine.a).astype(np.int64)
    row, column = np.clip(row, 0, smooth.shape[0] - 1), np.clip(column, 0, smooth.shape[1] - 1)
    core = shapely.contains_xy(communes.geometry.iloc[number].buffer(-900.0), x, y)
    inside = core if core.any() else coarse.commune_at.ravel() == number
    best = int(np.where(inside, smooth[row, column], -1.0).argmax())
    return float(x[best]), float(y[best])


def _networked(
    place: _Place, size: Size, chance: _Chance, base: Layers | None, progress: Progress
) -> Sample:
    """Return the sample on a place: hamlets, ways, stations, fibre, city, requests."""
    ground, coarse, city = place.ground, place.coarse, place.city
    hamlets = make_hamlets(ground, coarse, size, chance("hamlets"))
    progress(0.1, "hamlets")
    ways, roads = make_ways(
        ground, coarse, hamlets, city,
        size=size, rng=chance("ways"), progress=part(progress, 0.1, 0.35),
    )  # fmt: skip
    sites = (
        base.table("sites")
        if base is not None and base.has("sites")
        else make_sites(ground, coarse, hamlets, ways, size=size, rng=chance("sites"))
    )
    progress(0.6, "stations")
    ducts, chambers = make_ducts(city, ground.crs)
    sections = _section_edges(ways, city)
    ducted = _ducted(city, ducts, sections, len(ways.edges))
    fibre = make_fibre(
        ways, sites, ducted,
        size=size, rng=chance("fibre"), progress=part(progress, 0.6, 0.9),
    )  # fmt: skip
    density = density_at(coarse, hamlets, ways)[coarse.flat_of(ways.xy[:, 0], ways.xy[:, 1])]
    requests, kinds = make_requests(
        ground, hamlets, sites, ground.sea, ways=ways, density=density, rng=chance("requests")
    )
    made = place.tables | {
        "hamlets": hamlets.table,
        "roads": roads,
        "sites": sites,
        "fibre": fibre,
        "streets": city.streets,
        "ducts": ducts,
        "chambers": chambers,
        "poles": make_poles(city, aerial_streets(ways, fibre, sections), ground.crs),
        "buildings": make_buildings(city, ground.crs, chance("buildings")),
        "waterways": make_waterways(ground),
        "protected": make_protected(ground, coarse, hamlets),
        "power": make_power(ways, ground.crs),
        "institutions": make_institutions(ground, hamlets, chance("institutions")),
        "aerodromes": make_aerodromes(ground, place.centre),
        "requests": requests,
    }
    tables = {k: v for k, v in made.items() if len(v) and not (base is not None and base.has(k))}
    progress(1.0, "figures")
    extra: dict[str, object] = {"underground_streets": city.underground, "request_kinds": kinds}
    return Sample(
        tables=tables,
        rasters=place.rasters,
        sources=_sources(tables, place.rasters, chance.seed),
        figures={**figures_of(tables), **extra},
    )


def _section_edges(ways: Ways, city: City) -> Ints:
    """Return for each street section its edge in the graph, -1 where it fell out."""
    node = np.full(len(city.corners), -1, dtype=np.int64)
    inside = np.flatnonzero(ways.street >= 0)
    node[ways.street[inside]] = inside
    numbers = np.flatnonzero(ways.kind == STREET)
    found = {tuple(sorted(ways.edges[n].tolist())): int(n) for n in numbers}
    return np.asarray(
        [found.get(tuple(sorted(node[pair].tolist())), -1) for pair in city.edges], dtype=np.int64
    )


def _ducted(city: City, ducts: gpd.GeoDataFrame, sections: Ints, count: int) -> np.ndarray:
    """Return which edges of the graph are streets with a duct."""
    with_duct = city.streets.index.isin(ducts["street_id"])
    ducted = np.zeros(count, dtype=bool)
    ducted[sections[with_duct & (sections >= 0)]] = True
    return ducted


def _sources(
    tables: Mapping[str, gpd.GeoDataFrame], rasters: Mapping[str, "xr.DataArray"], seed: int
) -> pd.DataFrame:
    """Return the rows of `sources`: one a layer, one an operator for stations and fibre."""
    rows = []
    note = f"made up by infraplan sample, seed {seed}; not for decisions"
    for layer in sorted([*tables, *rasters]):
        row = {"layer": layer, "synthetic": True, "complete": True, "note": note}
        row["vintage"] = "2025-07" if layer == "communes" else None
        if layer in rasters:
            rows.append({"source_id": layer, "operator": None, "as_of": AS_OF, "rows": None, **row})
        elif layer in BY_OPERATOR:
            counts = tables[layer]["operator"].value_counts()
            rows += [
                {"source_id": f"{layer}:{op.name}", "operator": op.name, "as_of": op.as_of,
                 "rows": int(counts[op.name]), **row}
                for op in OPERATORS if op.name in counts
            ]  # fmt: skip
        else:
            count = len(tables[layer])
            rows.append(
                {"source_id": layer, "operator": None, "as_of": AS_OF, "rows": count, **row}
            )
    frame = pd.DataFrame(rows).set_index("source_id")
    frame["rows"] = frame["rows"].astype("Int64")
    frame["expected_rows"] = frame["rows"]
    for flag in ("synthetic", "complete"):
        frame[flag] = frame[flag].astype("boolean")
    return frame
