"""The street graph: what a drawing hand leaves undone."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from infraplan.cables import street_graph
from infraplan.cables.graph import noded
from infraplan.cables.graph import rows_of
from infraplan.cables.trench import sides_of
from infraplan.errors import PlanError
from tests.cables.conftest import reversed_layers
from tests.cables.conftest import shifted
from tests.cables.conftest import split_streets
from tests.cables.conftest import street
from tests.shared_data import shared_folder


def test_lines_that_cross_are_joined_there(town) -> None:
    layers = town(streets=[street("A", (0, 0), (100, 0)), street("B", (50, -50), (50, 50))])
    graph = street_graph(layers)
    assert len(graph.edges) == 4
    assert sorted(graph.table["length_m"].round(2)) == [50.0] * 4


def test_ends_that_nearly_meet_are_one(town) -> None:
    layers = town(streets=[
        street("A", (0, 0), (100, 0)), street("B", (101, 0.5), (200, 0), name="B"),
        street("C", (50, 1.5), (50, 80), name="C")])  # fmt: skip
    graph = street_graph(layers)
    assert (len(graph.nodes), len(graph.edges)) == (5, 4)


def test_pieces_of_one_street_are_one_edge(town) -> None:
    layers = town(streets=[street("A", (0, 0), (100, 0), (150, 80))])
    graph = street_graph(split_streets(layers, [0.2, 0.5, 0.9]))
    assert len(graph.edges) == 1
    assert graph.table["ids"].iloc[0] == "A.0;A.1;A.2;A.3"


def test_a_line_drawn_twice_counts_once(town) -> None:
    one, two = street("A", (0, 0), (100, 0)), street("B", (100, 0.3), (0, 0.3))
    assert len(street_graph(town(streets=[one, two])).edges) == 1


def test_the_direction_of_drawing_turns_sides_with_it(town) -> None:
    layers = town(streets=[street("A", (0, 0), (100, 0), footway_left_m=1.0, footway_right_m=4.0)])
    one, two = street_graph(layers), street_graph(reversed_layers(layers))
    assert np.array_equal(one.lines[0], two.lines[0])
    sides = ["footway_left_m", "footway_right_m"]
    assert one.table[sides].equals(two.table[sides])


def test_a_road_on_a_street_is_left_out(town) -> None:
    road = {"road_id": "R", "geometry": shifted((-100, 3), (100, 3))}
    graph = street_graph(town(streets=[street("A", (0, 0), (100, 0))], roads=[road]))
    length = graph.table.groupby("layer")["length_m"].sum()
    assert length["streets"] == pytest.approx(100, abs=0.1)
    assert length["roads"] == pytest.approx(100, abs=5)


def test_attributes_reach_networkx(town) -> None:
    graph = street_graph(town(streets=[street("A", (0, 0), (100, 0))])).networkx()
    ((_, _, edge),) = graph.edges(data=True)
    assert (edge["surface"], edge["width_m"]) == ("asphalt", 12.0)


def test_a_plan_without_any_way_is_told_so(town) -> None:
    with pytest.raises(PlanError, match="streets"):
        street_graph(town())


def test_sides_of_a_crossroads_meet_at_four_corners(town) -> None:
    arms = [(100, 0), (0, 100), (-100, 0), (0, -100)]
    layers = town(streets=[street(f"S{k}", (0, 0), arm, name=f"{k}") for k, arm in enumerate(arms)])
    rows = rows_of(layers.table("streets"), "streets").assign(chosen=True)
    graph = noded(rows, rows.iloc[:0], crs=layers.crs)
    corners, sides, mouths = sides_of(graph)
    inner = [k for k, at in enumerate(corners - graph.nodes.mean(axis=0)) if np.hypot(*at) < 20]
    assert len(inner) == 4
    assert len(sides) == 8
    assert sum({a, b} <= set(inner) for _, a, b in mouths) == 4


@pytest.fixture
def bubenec() -> gpd.GeoDataFrame:
    path = shared_folder("data/streets") / "bubenec.gpkg"
    streets = gpd.read_file(path, layer="streets").to_crs(32633)
    streets.index = [f"S{k}" for k in streets.index]
    return streets


def test_a_real_quarter_becomes_a_graph_of_the_same_length(bubenec) -> None:
    rows = rows_of(bubenec, "streets")
    graph = noded(rows, rows.iloc[:0], crs="EPSG:32633")
    assert graph.table["length_m"].sum() == pytest.approx(bubenec.length.sum(), rel=1e-3)
    degrees = np.bincount(graph.edges.ravel())
    assert (degrees != 2).all()
    turned = bubenec.set_geometry(shapely.reverse(bubenec.geometry.to_numpy()), crs=bubenec.crs)
    again = noded(rows_of(turned, "streets"), rows.iloc[:0], crs="EPSG:32633")
    assert np.array_equal(again.edges, graph.edges)
    assert np.allclose(again.nodes, graph.nodes)
