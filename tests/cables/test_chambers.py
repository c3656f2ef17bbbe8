"""Chambers: the programme equals brute force; never fewer than the bound of a plan counts."""

from itertools import combinations
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.ops import substring

from infraplan.cables import chambers as programme
from infraplan.cables.chambers import ChamberSite
from infraplan.cables.chambers import Pull
from infraplan.cables.chambers import placed_chambers
from infraplan.cables.chambers import pull_tension_n
from infraplan.cables.technical import WorkRules
from infraplan.cables.trench import TrenchGraph
from infraplan.cables.zones import chamber_zones
from infraplan.layers.bundle import empty_table
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from tests.cables.conftest import CRS
from tests.cables.conftest import EAST
from tests.cables.conftest import NORTH
from tests.cables.conftest import house
from tests.cables.conftest import shifted
from tests.cables.conftest import street
from tests.cables.conftest import table_of

NONE = np.zeros(0, dtype=np.int64)


@pytest.fixture(scope="module")
def rules() -> WorkRules:
    return WorkRules.from_dict(read_toml(data_path("works/vn-2025.toml")))


def trenches(lines, kinds=None, bores=None) -> TrenchGraph:
    """Return a graph of lines that share ends, each a street of its own unless told."""
    nodes: dict[tuple[float, float], int] = {}
    edges = [[nodes.setdefault(tuple(map(float, line[k])), len(nodes)) for k in (0, -1)]
             for line in lines]  # fmt: skip
    drawn = tuple(np.asarray(line, dtype=float) for line in lines)
    table = pd.DataFrame(
        {
            "kind": kinds or ["trench"] * len(lines),
            "street": [0] * len(lines),
            "length_m": [float(np.hypot(*np.diff(line, axis=0).T).sum()) for line in drawn],
        }
    )
    if bores is not None:
        table["bores"] = bores
    return TrenchGraph(np.asarray(list(nodes)), np.asarray(edges), drawn, table)


def chambers_of(graph, prices, *, existing=None, risers=NONE, rules=None, site=None):
    old = empty_table("chambers", CRS) if existing is None else existing
    chosen = np.arange(len(graph.edges))
    return placed_chambers(
        graph, chosen, risers, old, prices=prices, crs=CRS, rules=rules, site=site
    )


def zone(*boxes, kind="junction"):
    shapes = [shapely.box(*box) for box in boxes]
    return gpd.GeoDataFrame({"kind": [kind] * len(boxes)}, geometry=shapes, crs=CRS)


def brute(stretch, tried, price, depth, drops, setting):
    """Return the least depth and price over all choices of places, by the rules as they read."""
    line, best = shapely.LineString(stretch.xy), None
    good = set()
    for a, b in combinations(range(len(tried)), 2):
        part = shapely.get_coordinates(substring(line, tried[a], tried[b]))
        inside = drops[(drops > tried[a]) & (drops < tried[b])]
        near = np.minimum(inside - tried[a], tried[b] - inside)
        pull = min(pull_tension_n(part, setting.pull))
        if (tried[b] - tried[a] <= setting.spacing_m + 1e-6 and pull <= setting.pull.most_n
                and (near <= setting.reach_m + 1e-6).all()):  # fmt: skip
            good.add((a, b))
    inner = range(1, len(tried) - 1)
    for count in range(len(tried) - 1):
        for chosen in combinations(inner, count):
            if all(pair in good for pair in pairwise([0, *chosen, len(tried) - 1])):
                value = (sum(depth[k] for k in chosen), sum(price[k] for k in chosen))
                best = value if best is None else min(best, value)
    return best


@pytest.mark.parametrize("seed", range(10))
def test_the_programme_finds_what_brute_force_finds(seed) -> None:
    rng = np.random.default_rng(seed)
    xy = np.cumsum(np.vstack([[0, 0], rng.uniform(-1, 2, (4, 2))]), axis=0)
    run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    stretch = programme._Stretch(xy, run, (0, 1), 0.0, shapely.LineString(xy), run, 0)
    drops = np.sort(rng.uniform(0, run[-1], rng.integers(0, 2)))
    boxes = [(x - 0.4, -9, x + 0.4, 9) for x in rng.uniform(0, 4, 2)]
    zones = programme._Zones.of(zone(*boxes))
    pull = Pull(100.0, 10.0, 0.4, rng.uniform(115, 160))
    setting = programme._Setting(rng.uniform(1.5, 4), pull, rng.uniform(0.8, 3), 9.0, 22, 6,
                         zones)  # fmt: skip
    tried = programme._tried(stretch, np.zeros(0), drops, setting)
    depth = np.ceil(
        programme._inside(programme._points(stretch, tried), zones)[1] * 1000 - 1e-3
    ).astype(int)
    places, *_ = programme._between(stretch, {}, drops, setting)
    points = shapely.points([place[:2] for place in places] or np.empty((0, 2)))
    mine = np.ceil(programme._inside(points, zones)[1] * 1000 - 1e-3).astype(int)
    best = brute(stretch, tried, np.full(len(tried), 6), depth, drops, setting)
    assert (mine.sum(), 6 * len(places)) == best


@pytest.mark.parametrize("seed", range(8))
def test_never_fewer_chambers_than_the_bound_counts(prices, rules, seed) -> None:
    rng = np.random.default_rng(seed)
    nodes, lines, kinds = [(0.0, 0.0)], [], []
    for _ in range(30):
        start = nodes[rng.integers(len(nodes))]
        across = rng.random() < 0.3
        end = tuple(np.asarray(start) + rng.uniform(-1, 1, 2) * (12 if across else 250))
        nodes.append(end)
        lines.append([start, end])
        kinds.append("crossing" if across else "trench")
    graph = trenches(lines, kinds)
    dug = graph.table.loc[graph.table["kind"] == "trench", "length_m"].sum()
    least = dug / prices.rules.chamber_spacing_m + kinds.count("crossing") + 1
    for given in (None, rules):
        assert len(chambers_of(graph, prices, rules=given)) >= least - 1e-6


def test_a_straight_street_has_the_fewest_chambers_evenly_spaced(prices) -> None:
    made = chambers_of(trenches([[(0, 0), (1000, 0)]]), prices)
    assert np.sort(made.geometry.x) == pytest.approx(np.arange(0, 1001, 100), abs=0.01)
    assert made["pull_m"].max() == pytest.approx(100)


def test_a_chamber_goes_round_a_junction_and_into_it_only_without_another_place(prices) -> None:
    line = trenches([[(0, 0), (190, 0)]])
    beside = chambers_of(line, prices, site=ChamberSite(zone((91, -5, 98, 5))))
    assert not beside["zone"].notna().any()
    assert len(beside) == 3
    wide = chambers_of(line, prices, site=ChamberSite(zone((89, -5, 101.5, 5))))
    assert (len(wide), wide["zone"].notna().sum()) == (4, 0)
    inside = chambers_of(line, prices, site=ChamberSite(zone((60, -5, 165, 5))))
    assert (len(inside), inside["zone"].tolist()) == (3, [None, None, "junction"])
    # from 60 on everything is inside up to 165, and 90 is the first place from which 190 is reached
    assert inside["inside_m"].max() == pytest.approx(5.0)


def test_bends_ask_for_a_chamber_where_the_pull_would_be_too_hard(prices, rules) -> None:
    zigzag = [(10.0 * k, 6.0 * (k % 2)) for k in range(9)]
    graph = trenches([zigzag])
    loose = chambers_of(graph, prices)
    tight = chambers_of(graph, prices, rules=rules)
    assert (len(loose), loose["reason"].tolist()) == (2, ["end", "end"])
    assert set(tight["reason"]) == {"end", "tension"}
    assert (
        tight["tension_n"].max()
        <= 2700
        < min(pull_tension_n(np.asarray(zigzag), Pull.from_rules(rules)))
    )


def test_every_drop_is_within_reach_of_a_chamber(prices, rules) -> None:
    feet = [(30.0, 0.0), (32.0, 0.0), (55.0, 0.0), (60.0, 0.0)]
    lines = [shapely.LineString([(x, y), (x, 5)]) for x, y in feet]
    site = ChamberSite(drops=gpd.GeoDataFrame(geometry=lines, crs=CRS))
    short = {**rules.rules, "drop": C_replace(rules, reach_m=20.0)}
    made = chambers_of(trenches([[(0, 0), (90, 0)]]), prices, site=site,
                       rules=WorkRules("short", short))  # fmt: skip
    assert made["reason"].tolist() == ["end", "end", "drop_reach"]
    x = made.geometry.x.to_numpy()
    assert max(np.abs(x - foot).min() for foot, _ in feet) <= 20 + 1e-6


def C_replace(rules, **changes):  # noqa: N802
    from dataclasses import replace

    rule = rules.rules["drop"]
    return replace(rule, thresholds={**rule.thresholds, **changes})


def test_an_existing_chamber_is_used_once_and_free(prices) -> None:
    rows = [{"chamber_id": "K1", "kind": "handhole", "geometry": shapely.Point(70, 2)}]
    made = chambers_of(trenches([[(0, 0), (150, 0)]]), prices, existing=table_of("chambers", rows))
    assert made["existing"].sum() == 1
    assert made["existing_id"].dropna().tolist() == ["K1"]
    assert made["cost_vnd"].sum() == 2 * prices.price_vnd("chamber_handhole")


def test_where_the_number_of_ducts_changes_a_chamber_stands(prices, rules) -> None:
    lines = [[(0, 0), (40, 0)], [(40, 0), (80, 0)]]
    made = chambers_of(trenches(lines, bores=[4, 12]), prices, rules=rules)
    assert made["reason"].tolist() == ["end", "ducts", "end"]
    assert made["kind"].tolist() == ["handhole", "manhole", "manhole"]


def test_tension_grows_with_length_and_bends_and_not_with_direction() -> None:
    pull = Pull(200.0, 0.7, 0.35)
    straight = np.asarray([[0.0, 0.0], [100.0, 0.0]])
    assert pull_tension_n(straight, pull) == pytest.approx((270.0, 270.0))
    turn = np.asarray([[0.0, 0.0], [100.0, 0.0], [100.0, 40.0]])
    ahead, back = pull_tension_n(turn, pull)
    bend = np.exp(0.35 * np.pi / 2)
    assert ahead == pytest.approx(270 * bend + 28)
    assert back == pytest.approx(228 * bend + 70)
    assert pull_tension_n(turn[::-1], pull) == pytest.approx((back, ahead))


def test_no_chamber_may_stand_in_junctions_before_schools_or_at_bus_stops(town, rules) -> None:
    looks = {"footway_left_m": 3.0, "footway_right_m": 3.0, "width_m": 12.0}
    rows = [street("A", (0, 0), (100, 0), **looks), street("B", (100, 0), (200, 0), **looks),
            street("C", (100, 0), (100, 80), name="Hà Huy Tập", **looks)]  # fmt: skip
    school = house("T", 40, 12, use="school")
    layers = town(streets=rows, buildings=[school, house("H", 60, 12, use="dwelling")])
    stops = gpd.GeoDataFrame(geometry=[shapely.Point(EAST + 160, NORTH + 5)], index=["X"], crs=CRS)
    layers.tables["bus_stops"] = stops
    zones = chamber_zones(layers, shifted((0, 4.5), (200, 4.5)), rules=rules)
    assert zones["kind"].tolist() == ["junction", "entrance", "bus_stop"]
    junction, entrance, _ = zones.geometry
    # carriageways are 6 m wide: the junction is a square of 6 m
    assert junction.bounds == pytest.approx((EAST + 97, NORTH - 3, EAST + 103, NORTH + 3), rel=1e-9)
    bare = [row | {"footway_right_m": 0.0} for row in rows]
    bare = chamber_zones(town(streets=bare), shifted((0, 4.5), (200, 4.5)), rules=rules).geometry[0]
    # without the footways to the south and east the carriageways reach the houses there
    assert bare.bounds == pytest.approx((EAST + 97, NORTH - 6, EAST + 106, NORTH + 3), rel=1e-9)
    assert entrance.contains(shapely.Point(EAST + 40, NORTH + 4.5))
    assert zones["feature_id"].tolist() == [None, "T", "X"]


def test_without_trenches_there_are_no_chambers(prices, rules) -> None:
    graph = trenches([[(0, 0), (40, 0)]], kinds=["duct"])
    made = chambers_of(graph, prices, rules=rules, site=ChamberSite(zone((0, 0, 9, 9))))
    assert made.empty
    assert made["cost_vnd"].dtype == "int64"
