"""Routes: cheapest way, ducts, symmetry, what bars."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.cables import plan_route
from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError
from tests.cables.conftest import EAST
from tests.cables.conftest import NORTH
from tests.cables.conftest import reversed_layers
from tests.cables.conftest import shifted
from tests.cables.conftest import split_streets
from tests.cables.conftest import street

BLOCK = [
    street("S1", (0, 0), (200, 0), name="A"),
    street("S2", (200, 0), (200, 150), name="B"),
    street("S3", (0, 0), (0, 150), name="C"),
    street("S4", (0, 150), (200, 150), name="D"),
]
ROAD = {"road_id": "R1", "name": "QL1", "geometry": shifted((200, 150), (500, 400))}


def at(x: float, y: float) -> shapely.Point:
    return shapely.Point(EAST + x, NORTH + y)


def test_a_route_takes_the_shorter_way_round(town, prices) -> None:
    route = plan_route(town(streets=BLOCK), at(0, 0), at(200, 100), prices=prices)
    assert route.segments["name"].tolist() == ["A", "B"]
    assert route.length_m == pytest.approx(300, abs=0.1)
    assert route.cost_vnd == pytest.approx(300 * (1_150_000 + 2 * 110_000), rel=1e-3)
    assert route.alternatives["name"].tolist() == ["C", "D", "B"]


def test_a_duct_with_a_free_bore_draws_the_route_to_it(town, prices) -> None:
    duct = {
        "duct_id": "D1",
        "owner": "VNPT",
        "free_bores": 1,
        "geometry": shifted((0, 145), (200, 145)),
    }
    route = plan_route(town(streets=BLOCK, ducts=[duct]), at(0, 0), at(200, 100), prices=prices)
    assert route.segments["name"].tolist() == ["C", "D", "B"]
    assert route.segments["shared"].dropna().tolist() == ["D1"]
    full = duct | {"free_bores": 0}
    route = plan_route(town(streets=BLOCK, ducts=[full]), at(0, 0), at(200, 100), prices=prices)
    assert route.segments["name"].tolist() == ["A", "B"]


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(x=st.floats(-50, 500), y=st.floats(-50, 400))
def test_a_route_costs_the_same_in_both_directions(town, prices, x, y) -> None:
    layers = town(streets=BLOCK, roads=[ROAD])
    there = plan_route(layers, at(30, -12), at(x, y), prices=prices)
    back = plan_route(layers, at(x, y), at(30, -12), prices=prices)
    assert there.cost_vnd == back.cost_vnd
    assert there.segments["item"].tolist() == back.segments["item"].tolist()[::-1]


def test_segments_follow_one_another_from_start_to_end(town, prices) -> None:
    route = plan_route(town(streets=BLOCK, roads=[ROAD]), at(450, 380), at(30, -12), prices=prices)
    lines = route.segments.geometry.to_list()
    assert lines[0].coords[0] == pytest.approx(at(450, 380).coords[0])
    assert lines[-1].coords[-1] == pytest.approx(at(30, -12).coords[0])
    gaps = [shapely.Point(a.coords[-1]).distance(shapely.Point(b.coords[0]))
            for a, b in pairwise(lines)]  # fmt: skip
    assert max(gaps) < 1e-6


@settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0.1, 0.9))
def test_pieces_and_direction_of_drawing_change_nothing(town, prices, share) -> None:
    layers = town(streets=BLOCK)
    costs = {
        plan_route(one, at(0, 0), at(200, 100), prices=prices).cost_vnd
        for one in (layers, reversed_layers(layers), split_streets(layers, [share]))
    }
    assert len(costs) == 1


def test_what_bars_is_named(town, prices) -> None:
    far = street("S9", (0, 900), (200, 900), name="Xa")
    with pytest.raises(NoRouteError, match=r"\(A, B, C\).*\(Xa\).*nearest, 750 m"):
        plan_route(town(streets=[*BLOCK, far]), at(0, 0), at(100, 905), prices=prices)


@pytest.mark.parametrize("end", [(0.0, 0.0), (np.nan, 0.0)])
def test_points_that_make_no_route_are_refused(town, prices, end) -> None:
    with pytest.raises(SettingsError, match="two different points"):
        plan_route(town(streets=BLOCK), at(0, 0), at(*end), prices=prices)


def test_a_road_beside_a_street_gives_way_and_still_joins(town, prices) -> None:
    twin = {"road_id": "R2", "name": "twin", "geometry": shifted((-300, 6), (0, 6), (190, 6))}
    route = plan_route(town(streets=BLOCK, roads=[twin]), at(-300, 6), at(200, 0), prices=prices)
    assert route.segments["name"].tolist() == ["twin", "C", "A"]  # C for the last 6 m
    assert route.length_m == pytest.approx(506, abs=1)


RIVER = {
    "waterway_id": "W1",
    "name": "sông Cụt",
    "kind": "river",
    "width_m": 30.0,
    "geometry": shifted((-900, 75), (1000, 75)),
}


def two_routes(town, prices, start, end, **layers):
    return plan_route(town(**layers), at(*start), at(*end), prices=prices, diverse=True)


def test_two_routes_go_round_both_sides_of_a_block(town, prices) -> None:
    pair = two_routes(town, prices, (0, 0), (200, 150), streets=BLOCK)
    names = pair.segments.groupby("pair")["name"].agg(list).tolist()
    assert sorted(names) == [["A", "B"], ["C", "D"]]
    assert pair.lengths_m == pytest.approx((350, 350), abs=0.2)
    assert len(pair.common) == 0
    assert (pair.optimal, pair.gap) == (True, 0.0)
    single = plan_route(town(streets=BLOCK), at(0, 0), at(200, 150), prices=prices)
    assert pair.cost_vnd == pytest.approx(2 * single.cost_vnd, rel=1e-3)
    assert (single.diverse, single.bound_vnd) == (False, single.cost_vnd)


def test_a_dead_end_is_shared_dug_once_and_named(town, prices) -> None:
    lane = street("S5", (200, 150), (300, 150), name="Ngõ 5")
    pair = two_routes(town, prices, (0, 0), (300, 152), streets=[*BLOCK, lane])
    assert pair.common["kind"].tolist() == ["trench", "drop"]
    assert pair.common["name"].iloc[0] == "Ngõ 5"
    assert pair.common.geometry.iloc[0].distance(at(250, 150)) < 0.1
    both = pair.segments[pair.segments["common"]]
    assert both.groupby("pair")["cost_vnd"].sum().loc[2] == 0
    assert pair.length_m == pytest.approx(sum(pair.lengths_m) - both["length_m"].sum() / 2)
    assert pair.optimal


def test_a_bridge_of_two_carriageways_is_one_and_named(town, prices) -> None:
    twins = [street(f"T{k}", (x, 50), (x, 100), name="Cầu Cụt") for k, x in enumerate((190, 215))]
    feet = [
        street("F0", (-100, 50), (190, 50), name="E"),
        street("F1", (190, 50), (215, 50), name="E"),
        street("F2", (190, 100), (215, 100), name="G"),
        street("F3", (215, 100), (215, 300), name="H"),
        street("F4", (190, 100), (190, 300), name="I"),
        street("F5", (190, 300), (215, 300), name="K"),
        street("F6", (-100, 50), (-100, 20), (215, 20), (215, 50), name="L"),
    ]
    far = street("F9", (-100, 50), (-600, 50), (-600, 300), (190, 300), name="M")
    ends = (-100, 50), (205, 300)
    near = two_routes(town, prices, *ends, streets=twins + feet, waterways=[RIVER])
    bridge = near.common[near.common["kind"] == "bridge"]
    assert bridge["name"].tolist() == ["sông Cụt"]
    assert bridge.geometry.iloc[0].distance(at(202.5, 75)) < 1
    apart = two_routes(town, prices, *ends, streets=[*twins, *feet, far], waterways=[RIVER])
    assert "M" in apart.segments["name"].tolist()
    assert len(apart.common) == 0


def test_two_routes_cost_the_same_in_both_directions(town, prices) -> None:
    lane = street("S5", (200, 150), (300, 150), name="Ngõ 5")
    layers = {"streets": [*BLOCK, lane], "roads": [ROAD]}
    there = two_routes(town, prices, (30, -12), (290, 155), **layers)
    back = two_routes(town, prices, (290, 155), (30, -12), **layers)
    assert there.cost_vnd == back.cost_vnd
    assert there.common["kind"].tolist() == back.common["kind"].tolist()[::-1]


def test_one_place_of_a_street_has_no_two_routes(town, prices) -> None:
    with pytest.raises(SettingsError, match="one place of the same street"):
        two_routes(town, prices, (100, 5), (100, -5), streets=BLOCK)
