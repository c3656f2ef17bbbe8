"""The generator's parts, on small cases that can be checked by hand."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from infraplan.sample.figures import route_km
from infraplan.sample.ground import blob
from infraplan.sample.noise import NoiseField
from infraplan.sample.size import PROVINCE
from infraplan.sample.stations import station_counts
from infraplan.sample.ways import Ways
from infraplan.sample.ways import chains
from infraplan.sample.ways import gabriel_edges


def cables(*lines) -> gpd.GeoDataFrame:
    """Return lines as a layer of cables."""
    return gpd.GeoDataFrame(geometry=[shapely.LineString(line) for line in lines], crs="EPSG:9209")


def test_three_parallel_cables_of_1_km_make_1_km_of_route():
    layer = cables(*([(0, y), (1000, y)] for y in (0.0, 2.0, -2.0)))
    assert route_km(layer) == pytest.approx(1.0, abs=0.02)


def test_crossing_cables_are_no_parallels():
    layer = cables([(0, 0), (1000, 0)], [(500, -500), (500, 500)])
    assert route_km(layer) == pytest.approx(2.0, abs=0.01)


def test_gabriel_graph_of_a_square_with_a_middle_has_no_sides_across():
    points = np.asarray([(0, 0), (10, 0), (10, 10), (0, 10), (5, 5)], dtype=float)
    edges = {tuple(edge) for edge in gabriel_edges(points).tolist()}
    assert {(0, 4), (1, 4), (2, 4), (3, 4)} <= edges
    assert (0, 2) not in edges


def star() -> Ways:
    """Return three arms of two edges each that meet in node 0."""
    xy = np.asarray([(0, 0), (1, 0), (2, 0), (0, 1), (0, 2), (-1, 0), (-2, 0)], dtype=float)
    edges = np.asarray([(0, 1), (1, 2), (0, 3), (3, 4), (0, 5), (5, 6)])
    bend = (xy[edges[:, 0]] + xy[edges[:, 1]]) / 2
    none = np.full(len(xy), -1)
    return Ways(xy, edges, np.full(6, 3), bend, np.ones(6), none)


def test_chains_end_at_junctions_and_use_every_edge_once():
    ways = star()
    found = list(chains(ways, np.arange(6), np.zeros(7, dtype=bool), ways.kind))
    assert sorted(np.concatenate([edges for _, edges in found]).tolist()) == list(range(6))
    assert sorted(len(edges) for _, edges in found) == [2, 2, 2]


def test_chains_end_at_stops():
    ways = star()
    stops = np.arange(7) == 1
    found = list(chains(ways, np.arange(6), stops, ways.kind))
    assert sorted(len(edges) for _, edges in found) == [1, 1, 2, 2]


def test_blob_has_about_the_area_asked_for():
    rng = np.random.default_rng(0)
    areas = [blob(0, 0, 10_000, rng).area for _ in range(50)]
    assert np.mean(areas) == pytest.approx(10_000, rel=0.1)


def test_noise_is_the_same_wherever_it_is_asked_from():
    field = NoiseField.over((0, 0, 1000, 1000), 200, np.random.default_rng(1))
    xs = np.linspace(0, 1000, 11)
    assert field.at(xs, xs)[3] == field.at(xs[3:4], xs[3:4])[0]


def test_stations_of_all_operators_add_up():
    assert sum(station_counts(PROVINCE).values()) == 3250
