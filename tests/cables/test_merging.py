"""Lines drawn with errors of their own, merged into trenches."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

from infraplan.cables import merge_lines
from infraplan.errors import SettingsError


def wavy(points, seed, *, aside_m=0.0, error_m=2.0, apart_m=37.0):
    """Return a line along points as one owner draws it: vertices of its own, a smooth error."""
    rng = np.random.default_rng(seed)
    line = shapely.LineString(points)
    if aside_m:
        line = line.offset_curve(aside_m)
    corners = [line.project(shapely.Point(p)) for p in shapely.get_coordinates(line)]
    at = np.unique([*corners, *np.arange(rng.uniform(5, apart_m), line.length, apart_m)])
    at = at[np.concatenate([[True], np.diff(at) > 1.0])]
    wave, phase = rng.uniform(150, 600, 2), rng.uniform(0, 6.3, 2)
    error = error_m / np.sqrt(2) * np.sin(2 * np.pi * at[:, None] / wave + phase)
    return shapely.LineString(shapely.get_coordinates(line.interpolate(at)) + error)


def shares(merged):
    """Return the length of trench by the owners in it."""
    return merged.table.groupby("owners")["length_m"].sum().to_dict()


def test_noisy_lines_of_three_owners_along_a_road_are_one_trench() -> None:
    road = [(0, 0), (600, 100), (1000, 700)]
    merged = merge_lines([wavy(road, k) for k in range(3)], ["B", "A", "C"])
    assert merged.table["owners"].tolist() == [("A", "B", "C")]
    assert merged.trench_m == pytest.approx(shapely.LineString(road).length, rel=0.005)
    assert merged.cable_m == pytest.approx(3 * merged.trench_m, rel=0.01)
    assert merged.table["confidence"].iloc[0] > 0.8
    middle = shapely.LineString(merged.lines[0])
    assert shapely.hausdorff_distance(middle, shapely.LineString(road)) < 3.0


def test_trenches_on_both_sides_of_a_street_stay_two() -> None:
    street = [(0, 0), (900, 0)]
    lines = [wavy(street, k, aside_m=side) for k, side in enumerate([6, 6, -6, -6])]
    merged = merge_lines(lines, ["A", "B", "C", "D"])
    assert set(merged.table["owners"]) == {("A", "B"), ("C", "D")}
    assert merged.trench_m == pytest.approx(1800, rel=0.01)


@pytest.mark.parametrize("angle_deg", [15, 30, 90])
def test_lines_that_cross_are_not_merged(angle_deg) -> None:
    turn = np.radians(angle_deg)
    other = 400 * np.array([[-np.cos(turn), -np.sin(turn)], [np.cos(turn), np.sin(turn)]])
    merged = merge_lines([wavy([(-500, 0), (500, 0)], 1), wavy(other, 2)], ["A", "B"])
    assert set(merged.table["owners"]) == {("A",), ("B",)}
    assert merged.trench_m == pytest.approx(1800, rel=0.005)


@pytest.mark.parametrize("angle_deg", [20, 45, 90, 120])
def test_lines_that_part_share_the_way_up_to_the_fork(angle_deg) -> None:
    turn = np.radians(angle_deg)
    arm = (600 + 500 * np.cos(turn), 500 * np.sin(turn))
    lines = [wavy([(0, 0), (600, 0), (1300, 0)], 3), wavy([(0, 0), (600, 0), arm], 4)]
    merged = merge_lines(lines, ["A", "B"])
    found = shares(merged)
    assert found["A", "B"] == pytest.approx(600, abs=12)
    assert found["A",] == pytest.approx(700, abs=12)
    assert found["B",] == pytest.approx(500, abs=12)
    fork = merged.nodes[np.bincount(merged.edges.ravel()) == 3]
    assert np.hypot(*(fork[0] - (600, 0))) < 15


def test_lines_that_touch_for_a_few_metres_only_stay_apart() -> None:
    away = [(0, 100), (470, 2), (500, 2), (970, 100)]
    merged = merge_lines([[(0, 0), (1000, 0)], away], ["A", "B"])
    assert set(merged.table["owners"]) == {("A",), ("B",)}


def test_lines_that_part_and_meet_again_share_both_ends() -> None:
    straight = [(0, 0), (1500, 0)]
    round_about = [(0, 0), (500, 0), (500, 200), (1000, 200), (1000, 0), (1500, 0)]
    merged = merge_lines([wavy(straight, 1), wavy(round_about, 2)], ["A", "B"])
    found = shares(merged)
    assert found["A", "B"] == pytest.approx(1000, abs=20)
    assert merged.trench_m == pytest.approx(2400, rel=0.01)
    graph = nx.MultiGraph(merged.edges.tolist())
    assert nx.number_connected_components(graph) == 1


def test_a_ring_drawn_by_two_owners_is_one_ring() -> None:
    ring = [(0, 0), (400, 0), (400, 300), (0, 300), (0, 0)]
    turned = [(400, 300), (0, 300), (0, 0), (400, 0), (400, 300)]
    merged = merge_lines([wavy(ring, 5), wavy(turned[::-1], 6)], ["A", "B"])
    assert merged.trench_m == pytest.approx(1400, rel=0.02)
    assert shares(merged)["A", "B"] >= 0.95 * merged.trench_m


def test_a_line_that_returns_in_its_own_trench_counts_once() -> None:
    merged = merge_lines([[(0, 0), (800, 0), (800, 1.5), (300, 2), (300, 400)]], ["A"])
    assert merged.trench_m == pytest.approx(1200, rel=0.02)
    assert merged.table["lines"].tolist() == [1] * len(merged.table)
    assert merged.runs["to_m"].max() == pytest.approx(merged.cable_m, abs=0.1)


def test_two_cables_of_one_owner_side_by_side_are_one_trench_with_two_lines() -> None:
    lines = [wavy([(0, 0), (700, 50)], 1), wavy([(700, 50), (0, 0)], 2)]
    merged = merge_lines(lines, ["A", "A"])
    assert merged.table["owners"].tolist() == [("A",)]
    assert merged.table["lines"].tolist() == [2]


def test_a_line_ends_and_another_begins_within_a_trench() -> None:
    lines = [wavy([(0, 0), (1000, 0)], 1), wavy([(200, 0), (600, 0)], 2)]
    merged = merge_lines(lines, ["A", "B"])
    assert shares(merged)["A", "B"] == pytest.approx(400, abs=15)
    assert sorted(merged.nodes[:, 0].round(-1).tolist()) == pytest.approx(
        [0, 200, 600, 1000], abs=11
    )


def test_a_branch_that_ends_at_a_trench_is_joined_to_it() -> None:
    merged = merge_lines([[(0, 0), (1000, 0)], [(500, 3), (500, 400)]], ["A", "B"])
    graph = nx.MultiGraph(merged.edges.tolist())
    assert nx.number_connected_components(graph) == 1
    assert sorted(dict(graph.degree).values()) == [1, 1, 1, 3]


def test_a_line_that_turns_where_two_others_cross_joins_them() -> None:
    lines = [
        wavy([(-700, 0), (700, 0)], 1), wavy([(0, -650), (0, 650)], 2),
        wavy([(-500, 0), (0, 0), (0, 500)], 3),
    ]  # fmt: skip
    merged = merge_lines(lines, ["A", "B", "C"])
    found = shares(merged)
    assert found["A", "C"] == pytest.approx(500, abs=15)
    assert found["B", "C"] == pytest.approx(500, abs=15)
    assert merged.trench_m == pytest.approx(2700, rel=0.01)
    assert nx.number_connected_components(nx.MultiGraph(merged.edges.tolist())) == 1


def roads(seed=0):
    """Return lines of several owners along shared roads, forks and crossings among them."""
    ways = [
        [(0, 0), (800, 0), (1600, 300)], [(0, 0), (800, 0), (800, 900)],
        [(300, -500), (300, 600), (900, 900)], [(1600, 300), (800, 0), (800, 900), (300, 600)],
        [(200, 0), (800, 0), (1300, 190)],
    ]  # fmt: skip
    return [wavy(way, 10 * seed + k) for k, way in enumerate(ways)], ["A", "B", "C", "D", "E"]


def test_every_metre_of_every_line_lies_in_one_trench() -> None:
    lines, owner = roads()
    runs = merge_lines(lines, owner).runs
    for number, line in enumerate(lines):
        mine = runs[runs["line"] == number].sort_values("from_m")
        assert (mine["to_m"] - mine["from_m"]).sum() == pytest.approx(line.length, abs=35)
        assert (mine["from_m"].to_numpy()[1:] - mine["to_m"].to_numpy()[:-1] > -1e-6).all()
        assert set(mine["owner"]) == {owner[number]}


def test_runs_lie_where_they_say_along_their_line() -> None:
    lines, owner = roads()
    merged = merge_lines(lines, owner)
    for run in merged.runs.itertuples():
        middle = lines[run.line].interpolate((run.from_m + run.to_m) / 2)
        assert shapely.LineString(merged.lines[run.edge]).distance(middle) < 8.0


@pytest.mark.parametrize("change", ["order", "shift", "rotation", "direction"])
def test_the_result_does_not_depend_on_how_the_input_lies(change) -> None:
    lines, owner = roads(3)
    merged = merge_lines(lines, owner)
    turn = np.radians(33)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    far = np.array([512_345.6, 2_034_567.8])
    how = {
        "order": (lines[::-1], owner[::-1]),
        "shift": ([shapely.transform(k, lambda xy: xy + far) for k in lines], owner),
        "rotation": ([shapely.transform(k, lambda xy: xy @ spin.T) for k in lines], owner),
        "direction": ([k.reverse() for k in lines], owner),
    }  # fmt: skip
    other = merge_lines(*how[change])
    assert other.trench_m == pytest.approx(merged.trench_m, rel=2e-3)
    assert shares(other) == pytest.approx(shares(merged), abs=15)


def test_the_same_input_gives_the_same_trenches() -> None:
    one, other = merge_lines(*roads()), merge_lines(*roads())
    np.testing.assert_array_equal(np.vstack(one.lines), np.vstack(other.lines))
    pd.testing.assert_frame_equal(one.runs, other.runs)


def test_confidence_falls_with_distance_and_rises_with_length() -> None:
    def of(aside_m, length_m):
        lines = [[(0, 0), (length_m, 0)], [(0, aside_m), (length_m, aside_m)]]
        return merge_lines(lines, ["A", "B"]).table["confidence"].min()

    assert 1 > of(1, 800) > of(4, 800) > of(5, 800) > 0.5
    assert of(1, 800) > of(1, 150)


def test_multiple_lines_and_tables_count_metres_along_their_row() -> None:
    import geopandas as gpd

    many = shapely.MultiLineString([[(0, 0), (300, 0)], [(300, 200), (600, 200)]])
    table = gpd.GeoDataFrame(
        {"operator": ["A", "B"]},
        geometry=[many, shapely.LineString([(320, 202), (590, 202)])],
        crs="EPSG:9209",
        index=["F1", "F2"],
    )
    merged = merge_lines(table, table["operator"])
    runs = merged.runs[merged.runs["line"] == 0]
    assert runs["to_m"].max() == pytest.approx(600.0)
    shared = merged.table.index[merged.table["lines"] == 2]
    at = runs[runs["edge"].isin(shared)]
    assert (at["from_m"].min(), at["to_m"].max()) == pytest.approx((320, 590), abs=16)


@pytest.mark.parametrize(
    ("lines", "owner", "options", "message"),
    [
        ([[(0, 0), (1, 0)]], [], {}, "one owner a line"),
        ([shapely.Point(0, 0)], ["A"], {}, "rows that are not: 0"),
        ([None], ["A"], {}, "rows that are not: 0"),
        ([[(0, 0)]], ["A"], {}, "two vertices or more"),
        ([[(0, 0), (0, 0)]], ["A"], {}, "rows that are not: 0"),
        ([], [], {}, "none given"),
        ([[(0, 0), (np.nan, 0)]], ["A"], {}, "rows that are not: 0"),
        ([[(0, 0), (9, 0)]], ["A"], {"tolerance_m": 0.0}, "tolerance_m"),
    ],
)
def test_what_is_wrong_is_named(lines, owner, options, message) -> None:
    with pytest.raises(SettingsError, match=message):
        merge_lines(lines, owner, **options)
