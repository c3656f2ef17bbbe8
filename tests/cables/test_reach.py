"""The way to the nearest cable by roads, looked for around each place."""

import numpy as np
import pytest

from infraplan.cables import fibre_reach
from infraplan.cables import fibre_road_distance_m
from infraplan.cables.reach import FIRST_M
from infraplan.layers.bundle import Layers
from tests.cables.conftest import CRS
from tests.cables.conftest import cable
from tests.cables.conftest import street
from tests.cables.conftest import table_of
from tests.cables.test_lengths import points


def layers_of(streets, cables):
    """Return streets and cables."""
    rows = {"streets": streets, "fibre": cables}
    return Layers("reach", CRS, {name: table_of(name, row) for name, row in rows.items() if row})


def test_the_way_goes_round_the_corner():
    streets = [street("A", (0, 0), (1000, 0)), street("B", (1000, 0), (1000, 800))]
    layers = layers_of(streets, [cable("F", (-5, -300), (-5, 300))])
    reach = fibre_reach(layers, points((1010, 800), (500, 20)))
    assert reach["fibre_road_m"].to_numpy() == pytest.approx([1815.0, 525.0], abs=1.0)
    assert reach["fibre_m"].to_numpy() == pytest.approx([np.hypot(1015, 500), 505.0])
    whole = fibre_road_distance_m(layers, points((1010, 800), (500, 20)))
    assert reach["fibre_road_m"].to_numpy() == pytest.approx(whole.to_numpy(), abs=1.0)


def test_a_cable_that_crosses_a_way_between_junctions_is_reached_there():
    layers = layers_of([street("A", (0, 0), (2000, 0))], [cable("F", (1200, -900), (1200, 900))])
    reach = fibre_reach(layers, points((100, 10)))
    assert reach["fibre_road_m"].iloc[0] == pytest.approx(1110.0, abs=1.0)


def test_the_circle_grows_until_no_shorter_way_can_lie_outside():
    loop = [(0, 0), (0, 4000), (900, 4000), (900, 0)]
    layers = layers_of([street("A", *loop)], [cable("F", (900, -500), (900, -20))])
    reach = fibre_reach(layers, points((0, 5)))
    assert reach["fibre_m"].iloc[0] < FIRST_M < reach["fibre_road_m"].iloc[0]
    assert reach["fibre_road_m"].iloc[0] == pytest.approx(5 + 3995 + 900 + 4000 + 20, abs=15.0)


def test_no_way_that_joins_is_unknown_and_not_straight():
    streets = [street("A", (0, 0), (500, 0)), street("B", (900, 0), (1500, 0))]
    layers = layers_of(streets, [cable("F", (1400, -300), (1400, 300))])
    reach = fibre_reach(layers, points((10, 10)))
    assert reach["fibre_m"].iloc[0] == pytest.approx(1390.0)
    assert np.isnan(reach["fibre_road_m"].iloc[0])


def test_a_piece_by_itself_beside_the_way_does_not_hide_it():
    streets = [street("A", (0, 0), (1000, 0)), street("B", (90, 30), (110, 30))]
    layers = layers_of(streets, [cable("F", (900, -300), (900, 300))])
    reach = fibre_reach(layers, points((100, 35)))
    assert reach["fibre_road_m"].iloc[0] == pytest.approx(835.0, abs=3.0)


def test_a_cable_nearer_than_any_way_is_reached_straight():
    layers = layers_of([street("A", (0, 0), (900, 0))], [cable("F", (0, 400), (900, 400))])
    assert fibre_reach(layers, points((300, 350)))["fibre_road_m"].tolist() == [50.0]


def test_without_cables_or_a_position_nothing_is_known():
    places = points((0, 0), (10, 10))
    places.loc["P1", "geometry"] = None
    streets = [street("A", (0, 0), (900, 0))]
    assert fibre_reach(layers_of(streets, []), places).isna().all(axis=None)
    reach = fibre_reach(layers_of(streets, [cable("F", (0, 0), (900, 0))]), places)
    assert reach["fibre_road_m"].isna().tolist() == [False, True]
