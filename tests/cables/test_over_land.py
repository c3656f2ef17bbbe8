"""Routes over open land: cheapest on roads, round buildings, across water, and what bars."""

from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from odc.geo.geobox import GeoBox

from infraplan.api import cable
from infraplan.cables.over_land import KINDS
from infraplan.cables.over_land import UNKNOWN
from infraplan.cables.over_land import OverLand
from infraplan.cables.over_land import plan_over_land
from infraplan.cables.raster_path import BarredError
from infraplan.cables.raster_path import slope_factors
from infraplan.cli.account import tell_route
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import wrap
from infraplan.layers.notes import Note
from infraplan.layers.notes import note_told
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


def land(water=(), ground=None, cover=CROP, **tables):
    cover, wet = np.full(BOX.shape, float(cover)), np.zeros(BOX.shape)
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

    def route(layers, start=(55, 305), end=(955, 305), table=TABLE):
        return plan_over_land(
            layers, at(*start), at(*end), prices=prices, over_land=OverLand.from_dict(table),
            slope=slope,
        )  # fmt: skip

    return route


def metre_vnd(prices):
    return prices.price_vnd("trench_verge_soil") + prices.rules.least_bores * prices.price_vnd(
        "duct_d110"
    )


def road(*points):
    return {"road_id": "R1", "name": "ĐT 550", "class": "commune", "geometry": shifted(*points)}


def ditch(*points, width_m=2.0, key="W1"):
    return {"waterway_id": key, "kind": "ditch", "width_m": width_m, "geometry": shifted(*points)}


def metres(route, placement):
    return route.segments.loc[route.segments["placement"] == placement, "length_m"].sum()


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


def test_a_ditch_beside_a_road_makes_no_bridge(found) -> None:
    along = road((0, 305), (1000, 305))
    dry = found(land(roads=[along]))
    beside = found(land(roads=[along], waterways=[ditch((0, 308), (1000, 308))]))
    assert beside.segments["placement"].tolist() == ["verge"]
    assert beside.cost_vnd == dry.cost_vnd
    drawn_as_one = found(land(roads=[along], waterways=[ditch((300, 305), (700, 305))]))
    assert metres(drawn_as_one, "bridge") <= 40


@pytest.mark.parametrize(("width_m", "slant"), [(2.0, 0), (2.0, 300), (60.0, 0), (60.0, 100)])
def test_a_road_is_a_bridge_just_where_it_crosses_the_water(found, width_m, slant) -> None:
    water = ditch((500 - slant, -10), (500 + slant, 610), width_m=width_m)
    route = found(land(roads=[road((0, 305), (1000, 305))], waterways=[water]))
    assert metres(route, "water") == 0
    assert width_m - 1 <= metres(route, "bridge") <= 1.2 * width_m + 30


def test_an_area_of_water_is_bridged_by_the_road_that_crosses_it(found) -> None:
    lake = ditch((0, 0), (1, 0)) | {"geometry": box(400, -10, 460, 610)}
    route = found(land(roads=[road((0, 305), (1000, 305))], waterways=[lake]))
    assert 59 <= metres(route, "bridge") <= 81
    assert metres(route, "water") == 0


def test_rail_opens_nothing_that_bars_and_a_road_does(found) -> None:
    rail = {"rail_id": "L1", "name": "Bắc Nam", "geometry": shifted((0, 305), (1000, 305))}
    wall = {"building_id": "B1", "geometry": box(300, -10, 320, 610)}
    for bars in ({"water": [(200, 800)]}, {"buildings": [wall]}):
        with pytest.raises(BarredError):
            found(land(rail=[rail], **bars))
        assert found(land(rail=[rail], roads=[road((0, 315), (1000, 315))], **bars)).length_m > 899


def strip(y0, y1):
    """Return protected land that leaves a strip along the water between two northings."""
    return [
        {"area_id": f"P{k}", "name": "Rừng", "kind": "forest", "geometry": shape}
        for k, shape in enumerate([box(200, -10, 800, y0), box(200, y1, 800, 610)])
    ]


def test_a_way_along_a_river_drills_no_further_than_across_it(found) -> None:
    canal = ditch((200, 305), (800, 305), width_m=40.0)
    shut = land(waterways=[canal], protected=strip(285, 325))
    with pytest.raises(BarredError, match="drilled under for longer") as caught:
        found(shut)
    assert caught.value.barriers[0] == "water"
    assert caught.value.enough[0] == "water"
    narrow = {**TABLE, "limits": {**TABLE["limits"], "drill_m": 700.0}}
    assert metres(found(shut, table=narrow), "water") == pytest.approx(600, abs=21)


def test_a_river_drilled_too_far_aslant_is_crossed_another_way(found, prices) -> None:
    water = land(water=[(350, 650)])
    short = {**TABLE, "limits": {**TABLE["limits"], "drill_m": 320.0}}
    free = found(water, (255, 55), (755, 555))
    held = found(water, (255, 55), (755, 555), table=short)
    assert metres(free, "water") > 320
    assert metres(held, "water") <= 320
    assert held.cost_vnd > free.cost_vnd
    assert held.bound_vnd == free.bound_vnd


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


def test_a_slope_that_bars_nearby_is_gone_round_on_the_whole_ground() -> None:
    cliff = np.full(BOX.shape, 5.0)
    cliff[:, 50:] = 80.0
    reaches = []

    def layers(*, rasters, resolution_m, around_m):
        del rasters, resolution_m
        reaches.append(around_m[2])
        return land(ground=cliff if len(reaches) == 1 else None)

    files = {"over-land": TABLE, "prices": read_toml(data_path("prices/vn-assumed.toml"))}
    plan = SimpleNamespace(
        settings=SimpleNamespace(resolution_m=100.0),
        tables=lambda _: {},
        geobox=lambda _: SimpleNamespace(shape=(900, 900)),
        configuration=files.__getitem__,
        layers=layers,
    )
    route = cable._over_land(plan, at(55, 305), at(955, 305))
    assert route.length_m == pytest.approx(900, rel=0.002)
    assert reaches == [pytest.approx(2450), 90_000.0]


def test_land_of_unknown_cover_costs_as_the_dearest_dry_land_and_says_so(found, prices) -> None:
    turned = {**TABLE, "land": TABLE["land"][::-1]}
    for cover in (0, 70, np.nan):
        route, again = (found(land(cover=cover), table=table) for table in (TABLE, turned))
        assert route.segments["placement"].tolist() == [UNKNOWN]
        assert route.cost_vnd == again.cost_vnd
        assert route.cost_vnd == pytest.approx(900 * 3.0 * metre_vnd(prices), rel=1e-9)
    note = next(note for note in route.provenance.notes if isinstance(note, Note))
    assert note.startswith("over land: 900 m of the route lie on land of unknown cover")
    assert "chưa rõ lớp phủ" in note_told(note, words("vi"))
    assert not any(isinstance(note, Note) for note in found(land()).provenance.notes)


def test_the_command_tells_where_the_cover_is_unknown_and_what_it_costs(found, capsys) -> None:
    tell_route(found(land(cover=0)), words("vi"))
    told = capsys.readouterr().out
    assert "900 m qua đất chưa rõ lớp phủ" in told
    assert "gấp 3,0 lần" in told
    tell_route(found(land()), words("vi"))
    assert "chưa rõ lớp phủ" not in capsys.readouterr().out


def test_points_off_the_ground_or_in_one_cell_are_refused(found) -> None:
    with pytest.raises(SettingsError, match="outside"):
        found(land(), end=(5000, 305))
    with pytest.raises(SettingsError, match="different points"):
        found(land(), end=(57, 307))


def test_all_faults_of_a_table_of_land_are_told() -> None:
    broken = {**TABLE, "land": [{**TABLE["land"][0], "factor": 0.2}], "limits": {}, "odd": 1}
    with pytest.raises(SettingsError, match=r"odd.*factor must be at least 1.*drill_m"):
        OverLand.from_dict(broken)


def test_every_wrong_value_of_a_table_of_land_is_told_at_once_in_both_languages() -> None:
    first, second, *_ = TABLE["land"]
    broken = {
        "name": "x",
        "land": [
            {**first, "kind": "swamp", "factor": True},
            {**second, "classes": [40, 1.5]},
            {**second, "classes": "40", "factor": float("nan")},
            "wet",
            {**first, "classes": [20, 20]},
        ],
        "limits": [400],
    }
    with pytest.raises(SettingsError) as caught:
        OverLand.from_dict(broken)
    told = str(caught.value)
    for fault in (
        "land 1: unknown kind 'swamp'; known are open, crop, trees, built, wet",
        "land 1: factor must be at least 1 and below 1000; found True",
        "land 2: classes must be a list of whole numbers; found [40, 1.5]",
        "land 3: classes must be a list of whole numbers; found '40'",
        "land 3: factor must be at least 1 and below 1000; found nan",
        "land 4: must be a table",
        "land: class 20 belongs to more than one kind",
        "limits: must be a table",
    ):
        assert fault in told
    assert "không có loại đất 'swamp'" in note_told(caught.value.args[0], words("vi"))


@pytest.mark.parametrize("odd", [{"land": []}, {"land": {}}, {"land": 3}, {"limits": None}])
def test_a_table_of_land_of_another_shape_is_refused(odd) -> None:
    with pytest.raises(SettingsError, match=r"land must be a list|limits: must be a table"):
        OverLand.from_dict({**TABLE, **odd})
    with pytest.raises(SettingsError, match="drill_m must be a length"):
        OverLand.from_dict({**TABLE, "limits": {**TABLE["limits"], "drill_m": True}})


def test_every_way_of_laying_has_its_words() -> None:
    kinds = {*KINDS, UNKNOWN}
    for catalogue in (words("vi"), words("en")):
        for kind in kinds | {"verge", "footway", "carriageway", "duct", "water", "bridge", "rail"}:
            assert f"over_land.on_{kind}" in catalogue.entries
