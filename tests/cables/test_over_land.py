"""Routes over open land: cheapest on roads, round buildings, across water, and what bars."""

import numpy as np
import pytest
import shapely
from odc.geo.geobox import GeoBox

from infraplan.cables.over_land import OverLand
from infraplan.cables.over_land import plan_over_land
from infraplan.cables.raster_path import BarredError
from infraplan.cables.raster_path import slope_factors
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import wrap
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.text import words
from tests.cables.conftest import CRS
from tests.cables.conftest import EAST
from tests.cables.conftest import NORTH
from tests.cables.conftest import shifted
from tests.cables.conftest import table_of

TABLE = read_toml(data_path("works/over-land.toml"))
BOX = GeoBox.from_bbox((EAST, NORTH, EAST + 1000, NORTH + 600), CRS, resolution=10)
CROP, OPEN = 40, 30


def at(x, y):
    return shapely.Point(EAST + x, NORTH + y)


def box(x0, y0, x1, y1):
    return shapely.box(EAST + x0, NORTH + y0, EAST + x1, NORTH + y1)


def land(water=(), ground=None, **tables):
    cover, wet = np.full(BOX.shape, float(CROP)), np.zeros(BOX.shape)
    for x0, x1 in water:
        wet[:, x0 // 10 : x1 // 10] = 1
    height = np.full(BOX.shape, 5.0) if ground is None else ground
    named = {"terrain": height, "landcover": cover, "water": wet}
    rasters = {
        name: wrap(values, BOX, name=name, units="1", long_name=name)
        for name, values in named.items()
    }
    made = {layer: table_of(layer, rows) for layer, rows in tables.items()}
    return Layers("land", CRS, made, rasters)


@pytest.fixture
def found(prices):
    slope = slope_factors(read_toml(data_path("slopes/trench-assumed.toml")))

    def route(layers, start=(55, 305), end=(955, 305)):
        return plan_over_land(
            layers, at(*start), at(*end), prices=prices, over_land=OverLand.from_dict(TABLE),
            slope=slope,
        )  # fmt: skip

    return route


def metre_vnd(prices):
    return prices.price_vnd("trench_verge_soil") + prices.rules.least_bores * prices.price_vnd(
        "duct_d110"
    )


def road(*points):
    return {"road_id": "R1", "name": "ĐT 550", "class": "commune", "geometry": shifted(*points)}


def test_a_field_is_crossed_straight_at_its_own_price(found, prices) -> None:
    route = found(land())
    assert route.segments["placement"].tolist() == ["crop"]
    assert route.length_m == pytest.approx(900, rel=0.002)
    assert route.cost_vnd == pytest.approx(900 * 1.8 * metre_vnd(prices), rel=1e-9)
    assert route.optimal
    assert route.gap == 0


def test_a_road_beside_draws_the_route_to_it(found, prices) -> None:
    route = found(land(roads=[road((0, 255), (1000, 255))]))
    on_road = route.segments[route.segments["placement"] == "verge"]
    assert on_road["name"].tolist() == ["ĐT 550"]
    assert on_road["length_m"].sum() > 600
    assert route.cost_vnd < found(land()).cost_vnd
    assert route.segments["length_m"].sum() == pytest.approx(route.length_m)


def test_a_river_is_drilled_under_and_a_bridge_of_a_road_used(found, prices) -> None:
    drilled = found(land(water=[(400, 500)]))
    assert drilled.segments["placement"].tolist() == ["crop", "water", "crop"]
    assert drilled.segments["length_m"].iloc[1] == pytest.approx(100, abs=1)
    fixed = prices.price_vnd("crossing_river_fixed") + prices.price_vnd("permit_crossing")
    assert drilled.cost_vnd - drilled.bound_vnd == pytest.approx(fixed, abs=3)
    assert not drilled.optimal
    bridged = found(land(water=[(400, 500)], roads=[road((0, 255), (1000, 255))]))
    assert "bridge" in set(bridged.segments["placement"])
    assert bridged.cost_vnd < drilled.cost_vnd


def test_water_too_wide_is_named_and_would_alone_do(found) -> None:
    with pytest.raises(BarredError, match="wider than 400 m") as caught:
        found(land(water=[(200, 800)]))
    assert (caught.value.barriers, caught.value.enough) == (("water",), ("water",))


def test_walls_of_buildings_and_of_protected_ground_are_both_named(found) -> None:
    wall = {"building_id": "B1", "geometry": box(300, -10, 320, 610)}
    wood = {"area_id": "P1", "name": "Rừng", "kind": "forest", "geometry": box(600, -10, 700, 610)}
    with pytest.raises(BarredError, match="buildings lie between") as caught:
        found(land(buildings=[wall], protected=[wood]))
    assert caught.value.where == "between"
    assert not caught.value.enough
    gap = {"building_id": "B1", "geometry": box(300, -10, 320, 400)}
    assert found(land(buildings=[gap])).length_m > 920


def test_a_point_in_its_own_building_gets_out_but_not_out_of_the_sea(found) -> None:
    home = {"building_id": "B1", "geometry": box(45, 295, 65, 315)}
    assert found(land(buildings=[home])).length_m == pytest.approx(900, rel=0.002)
    sea = {"sea_id": "SEA1", "source": "x", "geometry": box(-10, -10, 200, 610)}
    with pytest.raises(BarredError) as caught:
        found(land(sea=[sea]))
    assert (caught.value.where, caught.value.barriers) == ("start", ("sea",))


def test_a_cliff_all_along_bars_by_its_slope(found) -> None:
    ground = np.full(BOX.shape, 5.0)
    ground[:, 50:] = 80.0
    with pytest.raises(BarredError) as caught:
        found(land(ground=ground))
    assert caught.value.where == "slope"


def test_points_off_the_ground_or_in_one_cell_are_refused(found) -> None:
    with pytest.raises(SettingsError, match="outside"):
        found(land(), end=(5000, 305))
    with pytest.raises(SettingsError, match="different points"):
        found(land(), end=(57, 307))


def test_all_faults_of_a_table_of_land_are_told() -> None:
    broken = {**TABLE, "land": [{**TABLE["land"][0], "factor": 0.2}], "limits": {}, "odd": 1}
    with pytest.raises(SettingsError, match=r"odd.*factor must be at least 1.*drill_m"):
        OverLand.from_dict(broken)


def test_every_way_of_laying_has_its_words() -> None:
    kinds = {entry["kind"] for entry in TABLE["land"]}
    for catalogue in (words("vi"), words("en")):
        for kind in kinds | {"verge", "footway", "carriageway", "duct", "water", "bridge", "rail"}:
            assert f"over_land.on_{kind}" in catalogue.entries
