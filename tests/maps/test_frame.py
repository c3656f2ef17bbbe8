"""The frame of the page: its tools, coordinates, keys and print, in a browser."""

import math
import random
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyproj import Geod
from pyproj import Transformer

from infraplan import maps
from infraplan.layers.bundle import Layers
from infraplan.maps import MapPage
from infraplan.radio.results import Coverage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., Any]
EARTH = Geod(ellps="WGS84")
MIDDLE = (18.3431, 105.9003)


@pytest.fixture(scope="module")
def page(layers: Layers, coverage: Coverage, gaps: SimpleNamespace) -> MapPage:
    return maps.plan_page(layers, title="Phủ sóng Hà Tĩnh", coverage=coverage, gaps=gaps)


@pytest.fixture(scope="module")
def shared(chromium: Any, page: MapPage, tmp_path_factory: Any) -> Iterator[Any]:
    """One page for all the tests that leave it as they found it."""
    path = page.save(Path(tmp_path_factory.mktemp("frame")) / "map.html")
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    tab = context.new_page()
    tab.goto(path.as_uri())
    tab.wait_for_selector("html[data-ready]", timeout=20_000)
    yield tab
    context.close()


@pytest.fixture
def tab(shared: Any) -> Any:
    """The shared page, with no tool on, at the whole area."""
    shared.evaluate("""() => {
        const app = infraplan.app;
        if (app.mode) app.mode.set(false);
        app.map.closePopup();
        app.fit(app.home);
    }""")
    return shared


def click_map(tab: Any, *places: tuple[float, float]) -> None:
    """Click at shares of the map's width and height."""
    box = tab.locator(".folium-map").bounding_box()
    for across, down in places:
        tab.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        tab.mouse.move(0, 0)


@pytest.mark.parametrize("crs", ["EPSG:9209", "EPSG:3405", "EPSG:32648"])
def test_coordinates_come_back_from_the_planning_crs(opened: Open, crs: str) -> None:
    tab = opened(maps.build_page([], maps.Facts(title="T"), crs=crs))
    chance = random.Random(1)  # noqa: S311 - places, not secrets
    places = [(chance.uniform(105.1, 106.6), chance.uniform(17.8, 18.8)) for _ in range(100)]
    there = Transformer.from_crs("EPSG:4326", crs, always_xy=True, allow_ballpark=False)
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True, allow_ballpark=False)
    planned = [there.transform(*place) for place in places]
    found = tab.evaluate(
        "xy => xy.map(p => infraplan.unplan(p[0], p[1], infraplan.app.page.projection))", planned
    )
    wanted = [back.transform(*xy) for xy in planned]
    apart = [EARTH.inv(*a, *b)[2] for a, b in zip(found, wanted, strict=True)]
    assert max(apart) < 1e-4


def test_lengths_and_areas_agree_with_proj(tab: Any) -> None:
    chance = random.Random(2)  # noqa: S311 - likewise
    ends = [
        [chance.uniform(105.1, 106.6), chance.uniform(17.8, 18.8)] * 1
        + [chance.uniform(105.1, 106.6), chance.uniform(17.8, 18.8)]
        for _ in range(100)
    ]
    found = tab.evaluate(
        "e => e.map(p => infraplan.distance({lng: p[0], lat: p[1]}, {lng: p[2], lat: p[3]}))", ends
    )
    for metres, end in zip(found, ends, strict=True):
        assert metres == pytest.approx(EARTH.inv(*end)[2], rel=1e-6)
    rings = [
        [
            (105.9 + size * math.cos(turn * math.tau / n), 18.3 + size * math.sin(turn * math.tau / n))
            for turn in range(n)
        ]
        for size in (0.0005, 0.01, 0.6)
        for n in (3, 4, 9)
    ]  # fmt: skip
    areas = tab.evaluate(
        "r => r.map(ring => infraplan.area(ring.map(p => ({lng: p[0], lat: p[1]}))))", rings
    )
    for m2, ring in zip(areas, rings, strict=True):
        wanted = abs(EARTH.polygon_area_perimeter(*zip(*ring, strict=True))[0])
        assert m2 == pytest.approx(wanted, rel=1e-5)


READ = """text => {
    const found = infraplan.readPlace(text, infraplan.app.page.projection, [17.7, 105, 18.9, 106.7]);
    return found && (found.far ? 'far' : [found.place.lat, found.place.lng, found.told, found.inside]);
}"""


@pytest.mark.parametrize(
    "text",
    [
        "18.3431, 105.9003",
        "18.3431,105.9003",
        "105.9003 18.3431",
        "18,3431 105,9003",
        "18,3431, 105,9003",
        "18,3431; 105,9003",
        "N 18.3431 E 105.9003",
        "18°20'35.16\"B 105°54'01.08\"Đ",
        "18°20′35,16″B, 105°54′1,08″Đ",
        "105°54'01.08''E 18°20'35.16''N",
        "18 20 35.16 105 54 01.08",
        "18°20.586' 105°54.018'",
    ],
)
def test_degrees_are_understood_however_they_are_written(tab: Any, text: str) -> None:
    lat, lng, told, inside = tab.evaluate(READ, text)
    assert (lat, lng) == pytest.approx(MIDDLE, abs=2e-6)
    assert (told, inside) == ("wgs84", True)


@pytest.mark.parametrize(
    "text",
    [
        "2028900 542112",
        "542112 2028900",
        "542112, 2028900",
        "2.028.900 542.112",
        "2,028,900 542,112",
        "2 028 900 542 112",
        "X = 2028900; Y = 542112",
        "E 542.112,00 N 2.028.900,00",
        "542112,0 2028900,0",
    ],
)
def test_planning_coordinates_are_understood_in_either_order(tab: Any, text: str) -> None:
    back = Transformer.from_crs("EPSG:9209", "EPSG:4326", always_xy=True, allow_ballpark=False)
    lng, lat = back.transform(542_112, 2_028_900)
    found = tab.evaluate(READ, text)
    assert found[:2] == pytest.approx([lat, lng], abs=1e-9)
    assert found[2:] == ["plan", True]


@pytest.mark.parametrize(
    ("text", "found"),
    [("", None), ("Hà Tĩnh", None), ("18.3", None), ("1 2", "far"), ("95 200", "far"),
     ("18°70'00\" 105°10'00\"", None), ("18°20'35\"", None), ("5 542112", "far")],
)  # fmt: skip
def test_what_is_no_place_is_not_taken_for_one(tab: Any, text: str, found: str | None) -> None:
    assert tab.evaluate(READ, text) == found


def test_typed_coordinates_are_shown_with_both_notations(tab: Any) -> None:
    tab.click("#ip-tool-typed")
    tab.fill("#ip-typed", "542.112 2.028.900")
    tab.press("#ip-typed", "Enter")
    assert tab.inner_text(".ip-understood").startswith("Hiểu là VN-2000")
    assert "bắc 2.028.900 m, đông 542.112 m" in tab.inner_text(".ip-understood")
    card = tab.inner_text(".ip-spot-card")
    assert "bắc 2.028.900,0; đông 542.112,0" in card
    assert "18°20′" in card
    tab.fill("#ip-typed", "Thạch Hà")
    tab.press("#ip-typed", "Enter")
    assert "Chưa hiểu" in tab.inner_text(".ip-understood")
    tab.fill("#ip-typed", "10,5 106,5")
    tab.press("#ip-typed", "Enter")
    assert "ngoài vùng" in tab.inner_text(".ip-understood")
    tab.press("#ip-typed", "Escape")
    assert not tab.is_visible(".ip-typing")


def test_the_right_button_tells_the_coordinates_of_a_place(tab: Any) -> None:
    box = tab.locator(".folium-map").bounding_box()
    tab.mouse.click(box["x"] + 300, box["y"] + 200, button="right")
    wanted = tab.evaluate("infraplan.app.map.containerPointToLatLng([300, 200]).lat")
    first = tab.locator(".ip-spot-card dd").first.inner_text().split(";")[0]
    assert float(first.replace(",", ".")) == pytest.approx(wanted, abs=1e-4)


def test_a_distance_is_measured_by_clicks_and_taken_back(tab: Any) -> None:
    tab.click("#ip-tool-distance")
    click_map(tab, (0.3, 0.4), (0.5, 0.4), (0.5, 0.7))
    assert tab.evaluate("infraplan.app.measured().places.length") == 3
    places = tab.evaluate("infraplan.app.measured().places.map(p => [p.lng, p.lat])")
    legs = [EARTH.inv(*a, *b)[2] for a, b in zip(places, places[1:], strict=False)]
    told = tab.inner_text(".ip-total")
    assert float(told.removesuffix(" km").replace(",", ".")) == pytest.approx(
        sum(legs) / 1000, abs=6e-3
    )
    tab.press(".folium-map", "Backspace")
    assert tab.evaluate("infraplan.app.measured().places.length") == 2
    tab.press(".folium-map", "Enter")
    assert tab.evaluate("infraplan.app.measured().done")
    tab.click("#ip-tool-distance")
    assert not tab.is_visible(".ip-measure")
    assert tab.evaluate("infraplan.app.mode") is None


def test_an_area_ends_at_a_double_click_without_a_further_place(tab: Any) -> None:
    tab.click("#ip-tool-area")
    click_map(tab, (0.3, 0.3), (0.6, 0.3))
    box = tab.locator(".folium-map").bounding_box()
    tab.mouse.dblclick(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.7)
    found = tab.evaluate("infraplan.app.measured()")
    assert found["done"]
    assert len(found["places"]) == 3
    ring = [(place["lng"], place["lat"]) for place in found["places"]]
    m2 = abs(EARTH.polygon_area_perimeter(*zip(*ring, strict=True))[0])
    value, unit = found["text"].split(" ")
    size = {"km²": 1e6, "ha": 1e4}[unit]
    assert float(value.replace(".", "").replace(",", ".")) == pytest.approx(m2 / size, abs=6e-3)
    assert tab.locator(".leaflet-popup").count() == 0
    tab.click("#ip-tool-area")


@pytest.mark.parametrize(
    ("metres", "told"),
    [(9.94, "9,9 m"), (876.4, "876 m"), (12345.6, "12,35 km"), (123456, "123,5 km")],
)
def test_lengths_are_told_in_the_readers_style(tab: Any, metres: float, told: str) -> None:
    assert tab.evaluate("m => infraplan.lengthText(infraplan.app, m)", metres) == told
