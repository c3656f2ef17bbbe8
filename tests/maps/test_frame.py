"""The frame of the page: its tools, coordinates, keys and print, in a browser."""

import itertools
import math
import random
import shutil
import subprocess
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pyproj import Geod
from pyproj import Transformer

from infraplan import maps
from infraplan.layers.bundle import Layers
from infraplan.maps import MapPage
from infraplan.radio.results import Coverage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., Any]
EARTH = Geod(ellps="WGS84")
PDFTOPPM = shutil.which("pdftoppm") or ""
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


def until(tab: Any, condition: str) -> None:
    """Wait until a condition holds; the page's policy lets the driver put no condition into it."""
    for _ in range(500):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(20)
    pytest.fail(f"never: {condition}")


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
    place = lambda: (chance.uniform(105.1, 106.6), chance.uniform(17.8, 18.8))  # noqa: E731
    ends = [(*place(), *place()) for _ in range(100)]
    found = tab.evaluate(
        "e => e.map(p => infraplan.distance({lng: p[0], lat: p[1]}, {lng: p[2], lat: p[3]}))", ends
    )
    for metres, end in zip(found, ends, strict=True):
        assert metres == pytest.approx(EARTH.inv(*end)[2], rel=1e-6)
    turns = {n: [turn * math.tau / n for turn in range(n)] for n in (3, 4, 9)}
    rings = [
        [(105.9 + size * math.cos(turn), 18.3 + size * math.sin(turn)) for turn in turns[n]]
        for size in (0.0005, 0.01, 0.6)
        for n in turns
    ]
    areas = tab.evaluate(
        "r => r.map(ring => infraplan.area(ring.map(p => ({lng: p[0], lat: p[1]}))))", rings
    )
    for m2, ring in zip(areas, rings, strict=True):
        wanted = abs(EARTH.polygon_area_perimeter(*zip(*ring, strict=True))[0])
        assert m2 == pytest.approx(wanted, rel=1e-5)


READ = """text => {
    const frame = [17.7, 105, 18.9, 106.7];
    const found = infraplan.readPlace(text, infraplan.app.page.projection, frame);
    const {place, told, inside} = found || {};
    return found && (found.far ? 'far' : [place.lat, place.lng, told, inside]);
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
        "105.9003|18.3431 WGS84",
        "WGS84: vĩ độ: 18.3431, kinh độ: 105.9003",
        "WGS84: vĩ độ: 18,3431; kinh độ: 105,9003",
        "WGS84\n18.3431\n105.9003",
        "WGS-84\r\nLat: 18.3431\r\nLon: 105.9003",
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
        "VN-2000\nX: 2028900\nY: 542112",
        "VN-2000 / TM-3 105-30\nX: 2.028.900,00\nY: 542.112,00",
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
     ("18°70'00\" 105°10'00\"", None), ("18°20'35\"", None), ("5 542112", "far"),
     ("WGS84: 18.3431", None), ("WGS84: 18.3431\nVN-2000: 542112", "far")],
)  # fmt: skip
def test_what_is_no_place_is_not_taken_for_one(tab: Any, text: str, found: str | None) -> None:
    assert tab.evaluate(READ, text) == found


def test_what_the_page_copies_is_understood_wherever_it_is_pasted(tab: Any) -> None:
    lat, lng = MIDDLE
    lines = tab.evaluate(
        "([lat, lng]) => infraplan.notations(infraplan.app, {lat, lng}).map(l => l.join(': '))",
        [lat, lng],
    )
    readout = tab.evaluate(
        "([lat, lng]) => infraplan.coordinates(infraplan.app, {lat, lng})", [lat, lng]
    )
    assert [line.split(":")[0] for line in lines][::2] == ["WGS84", "VN-2000 / TM-3 105-30"]
    pasted = [
        *lines,
        "\n".join(lines),
        "".join(lines),
        readout,
        readout.split("|")[1],
        lines[0][6:],
    ]
    for text in pasted:
        found = tab.evaluate(READ, text)
        assert found is not None, text
        assert found[:2] == pytest.approx(MIDDLE, abs=2e-5), text
        assert found[3], text
    tab.fill("#ip-search", "".join(lines))
    first = tab.locator("[role=option]").first
    assert first.inner_text().startswith("Hiểu là")
    tab.press("#ip-search", "Enter")
    assert "2.028.9" in tab.inner_text(".ip-spot-card")
    tab.evaluate("infraplan.app.map.closePopup()")
    tab.fill("#ip-search", "")


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
    legs = [EARTH.inv(*a, *b)[2] for a, b in itertools.pairwise(places)]
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


def test_the_arrows_pan_and_the_signs_zoom(tab: Any) -> None:
    view = "[infraplan.app.map.getCenter().lng, infraplan.app.map.getZoom()]"
    lng, zoom = tab.evaluate(view)
    tab.focus(".folium-map")
    tab.keyboard.press("ArrowRight")
    until(tab, f"infraplan.app.map.getCenter().lng > {lng + 1e-4}")
    tab.keyboard.press("+")
    until(tab, f"infraplan.app.map.getZoom() > {zoom + 0.2}")
    tab.keyboard.press("Home")
    until(tab, f"infraplan.app.map.getZoom() === {zoom}")


def test_a_slash_searches_a_question_mark_lists_the_keys_and_escape_closes(tab: Any) -> None:
    tab.focus(".folium-map")
    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.id") == "ip-search"
    tab.keyboard.type("dong lac")
    until(tab, "document.querySelector('.ip-live[role=status]').textContent.length > 3")
    assert "1 kết quả" in tab.inner_text(".ip-live[role=status]")
    tab.keyboard.press("Escape")
    tab.focus(".folium-map")
    tab.keyboard.press("?")
    assert "phóng to, thu nhỏ" in tab.inner_text(".ip-dialog")
    assert tab.evaluate("document.activeElement.closest('.ip-dialog') !== null")
    tab.keyboard.press("Escape")
    assert tab.locator(".ip-dialog").count() == 0
    tab.click("#ip-tool-distance")
    tab.keyboard.press("Escape")
    assert tab.evaluate("infraplan.app.mode") is None
    assert tab.evaluate("document.activeElement.id") == "ip-tool-distance"


def test_a_place_is_measured_and_told_without_a_mouse(tab: Any) -> None:
    tab.focus("#ip-tool-distance")
    tab.keyboard.press("Enter")
    tab.keyboard.press(" ")
    lng = tab.evaluate("infraplan.app.map.getCenter().lng")
    tab.keyboard.press("ArrowRight")
    until(tab, f"infraplan.app.map.getCenter().lng > {lng + 1e-3}")
    tab.keyboard.press(" ")
    tab.keyboard.press("Enter")
    assert tab.evaluate("infraplan.app.measured().done")
    assert tab.inner_text(".ip-total").endswith("m")
    tab.keyboard.press("Escape")
    tab.focus(".folium-map")
    tab.keyboard.press("Enter")
    assert "VN-2000" in tab.inner_text(".leaflet-popup")
    tab.keyboard.press("Escape")
    assert tab.locator(".leaflet-popup-content:visible").count() == 0


def test_every_control_has_a_name_and_shows_its_focus(tab: Any) -> None:
    tab.evaluate("document.querySelectorAll('[role=tabpanel]').forEach(p => { p.hidden = false; })")
    found = tab.evaluate("""() => {
        const named = e => (e.textContent || '').trim() || e.getAttribute('aria-label')
            || (e.labels && e.labels.length) || e.getAttribute('title');
        const all = [...document.querySelectorAll('button, input, select, summary, a, [tabindex]')];
        const seen = all.filter(e => e.offsetParent !== null);
        return {
            nameless: seen.filter(e => !named(e) && e.getAttribute('tabindex') !== '-1')
                .map(e => e.outerHTML),
            positive: all.filter(e => e.tabIndex > 0).map(e => e.outerHTML),
            marks: ['main', 'header', 'aside', 'footer', '[role=search]', '[role=toolbar]', 'h1']
                .filter(s => document.querySelectorAll(s).length !== 1),
        };
    }""")
    assert found == {"nameless": [], "positive": [], "marks": []}
    tab.focus("#ip-search")
    for _ in range(12):
        tab.keyboard.press("Tab")
        style = tab.evaluate("""() => {
            const e = document.activeElement, s = getComputedStyle(e);
            return [e.outerHTML.slice(0, 90), s.outlineStyle, parseFloat(s.outlineWidth)];
        }""")
        assert (style[1] != "none" and style[2] >= 2) or "ip-grip" in style[0], style
    tab.evaluate("infraplan.app.tab('layers')")


CONTRAST = """() => {
    const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
    const lum = c => [0, 1, 2].map(i => c[i] / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = e => {
        for (; e; e = e.parentElement) {
            const c = parse(getComputedStyle(e).backgroundColor);
            if (c.length === 3 || c[3] > 0.85) return c;
        }
        return [255, 255, 255];
    };
    const poor = [];
    document.querySelectorAll('.ip-root *').forEach(e => {
        const worded = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
        if (e.offsetParent === null || !worded) return;
        if (e.closest('.leaflet-map-pane') || e.disabled) return;
        const a = lum(parse(getComputedStyle(e).color)), b = lum(ground(e));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) poor.push([e.outerHTML.slice(0, 80), ratio]);
    });
    return poor;
}"""


def test_all_words_stand_out_from_their_ground(tab: Any) -> None:
    tab.evaluate("document.querySelectorAll('[role=tabpanel]').forEach(p => { p.hidden = false; })")
    tab.click("#ip-tool-typed")
    assert tab.evaluate(CONTRAST) == []
    tab.click("#ip-tool-typed")
    tab.evaluate("infraplan.app.tab('layers')")


def test_the_skip_link_leads_to_the_map(tab: Any) -> None:
    tab.evaluate("document.activeElement.blur()")
    tab.focus(".ip-skip")
    assert tab.locator(".ip-skip").bounding_box()["x"] >= 0
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.classList.contains('folium-map')")


def test_the_tabs_turn_by_the_arrows_and_the_panel_is_widened_by_them(tab: Any) -> None:
    tab.focus("#ip-tab-layers")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("document.activeElement.id") == "ip-tab-figures"
    assert tab.is_visible("#ip-pane-figures")
    assert not tab.is_visible("#ip-pane-layers")
    assert "Không có sóng" in tab.inner_text(".ip-colours")
    tab.keyboard.press("ArrowLeft")
    assert not tab.is_visible(".ip-colours")
    width = tab.evaluate("infraplan.app.map.getSize().x")
    tab.focus(".ip-grip-x")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("infraplan.app.map.getSize().x") == width - 20
    tab.keyboard.press("ArrowLeft")


def test_a_drawer_opens_below_the_map_and_leaves_it_the_rest(tab: Any) -> None:
    before = tab.evaluate("infraplan.app.map.getSize().y")
    tab.evaluate("""() => {
        const node = infraplan.make('p', {text: 'Bảng'});
        infraplan.leaf = infraplan.app.drawer('Bảng số liệu', node, {id: 'test'});
    }""")
    tab.click("#ip-drawer-test")
    assert tab.is_visible("text=Bảng >> nth=-1")
    assert tab.evaluate("infraplan.app.map.getSize().y") < before - 100
    tab.click("#ip-drawer-test")
    assert tab.evaluate("infraplan.app.map.getSize().y") > before - 60


def test_full_screen_is_entered_and_left(tab: Any) -> None:
    tab.click("#ip-tool-full-screen")
    until(tab, "document.fullscreenElement !== null")
    assert tab.get_attribute("#ip-tool-full-screen", "aria-pressed") == "true"
    tab.click("#ip-tool-full-screen")
    until(tab, "document.fullscreenElement === null")


PRINT = """() => {
    window.dispatchEvent(new Event('beforeprint'));
    const app = infraplan.app, bar = document.querySelector('.ip-paper-bar');
    const middle = app.map.getSize().divideBy(2), box = bar.getBoundingClientRect();
    const far = [middle.x + box.width, middle.y], at = xy => app.map.containerPointToLatLng(xy);
    const canvas = document.querySelector('.leaflet-ip-over-pane canvas');
    const told = {
        view: (b => [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()])(app.map.getBounds()),
        legend: document.querySelector('.ip-paper-side').textContent,
        metres: Number(bar.dataset.metres),
        true: infraplan.distance(at(middle), at(far)),
        paper: document.querySelector('.ip-root').getBoundingClientRect().width,
        sharp: canvas.width / parseFloat(canvas.style.width),
        tools: document.querySelector('.ip-tools').offsetParent,
        heads: [...document.querySelectorAll('.ip-warning')].map(e => e.textContent),
        annex: !!document.querySelector('.ip-paper-annex'),
    };
    window.dispatchEvent(new Event('afterprint'));
    return told;
}"""


def test_a_print_holds_what_is_in_view_the_legend_of_it_and_a_true_scale(tab: Any) -> None:
    tab.evaluate("void infraplan.app.map.setView([18.338, 105.906], 15.5, {animate: false})")
    west, south, east, north = tab.evaluate(
        "(b => [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()])"
        "(infraplan.app.map.getBounds())"
    )
    tab.evaluate("""() => {
        const app = infraplan.app, sites = app.layers.find(l => l.name === 'sites');
        app.show(app.layers.find(l => l.name === 'communes'), false);
        infraplan.mask(app, sites, 'test', new Uint8Array(sites.count).fill(1, 0, 1));
    }""")
    told = tab.evaluate(PRINT)
    tab.evaluate("""() => {
        const app = infraplan.app;
        infraplan.mask(app, app.layers.find(l => l.name === 'sites'), 'test', null);
        app.show(app.layers.find(l => l.name === 'communes'), true);
    }""")
    slack = (east - west) / 200
    assert told["view"][0] <= west + slack
    assert told["view"][1] <= south + slack
    assert told["view"][2] >= east - slack
    assert told["view"][3] >= north - slack
    touches = min(abs(told["view"][n] - edge) for n, edge in enumerate((west, south, east, north)))
    assert touches < slack
    assert told["true"] == pytest.approx(told["metres"], rel=0.01)
    assert told["paper"] == pytest.approx(277 * 96 / 25.4, abs=2)
    assert told["sharp"] == pytest.approx(3, abs=0.02)
    assert "Viettel" in told["legend"]
    assert "Xã, phường" not in told["legend"]
    assert "đang hiện 3 trong số 4" in told["legend"]
    assert told["tools"] is None
    assert told["heads"] == ["SỐ LIỆU GIẢ LẬP, KHÔNG DÙNG ĐỂ KÝ"] * (2 if told["annex"] else 1)


@pytest.mark.skipif(not PDFTOPPM, reason="needs pdftoppm")
@pytest.mark.parametrize("kind", ["landscape", "portrait"])
def test_the_printed_paper_shows_what_the_layout_has(tab: Any, tmp_path: Path, kind: str) -> None:
    """The file is drawn again as a picture: stations lie where the layout says they lie."""
    tab.evaluate("window.print = () => {}")
    tab.click("#ip-tool-print")
    tab.click(f".ip-paper-{kind}")
    wanted = tab.evaluate("""() => {
        window.dispatchEvent(new Event('beforeprint'));
        const app = infraplan.app, sites = app.layers.find(l => l.name === 'sites');
        const corner = app.map.getContainer().getBoundingClientRect();
        const root = app.root.getBoundingClientRect();
        const at = app.map.latLngToContainerPoint(infraplan.centre(sites, 3));
        const style = sites.styles[sites.category[3]];
        const told = [at.x + corner.x - root.x, at.y + corner.y - root.y, style.color, style.fill];
        window.dispatchEvent(new Event('afterprint'));
        return told;
    }""")
    tab.click("#ip-tool-print")
    tab.click(f".ip-paper-{kind}")
    path = tmp_path / "map.pdf"
    path.write_bytes(tab.pdf(prefer_css_page_size=True, print_background=True))
    picture = tmp_path / "map"
    subprocess.run(
        [
            PDFTOPPM,
            "-r",
            "96",
            "-f",
            "1",
            "-l",
            "1",
            "-png",
            "-singlefile",
            str(path),
            str(picture),
        ],
        check=True,
    )
    pixels = np.asarray(Image.open(picture.with_suffix(".png")).convert("RGB")).astype(int)
    assert (pixels.shape[1] > pixels.shape[0]) == (kind == "landscape")
    margin = 10 * 96 / 25.4
    x, y = (round(part + margin) for part in wanted[:2])
    color = [int((wanted[3] or wanted[2])[n : n + 2], 16) for n in (1, 3, 5)]
    near = pixels[y - 2 : y + 3, x - 2 : x + 3]
    assert np.abs(near - color).sum(axis=2).min() < 40


def test_a_base_map_that_cannot_be_had_leaves_the_page_as_it_is(opened: Open) -> None:
    facts = maps.Facts(title="T", base_map="https://tiles.example.org/{z}/{x}/{y}.png")
    tab = opened(maps.build_page([], facts))
    assert len(tab.heard.requests) == 1
    tab.check("#ip-base-box")
    tab.wait_for_selector("text=Không tải được bản đồ nền")
    assert all("tiles.example.org" in url for url in tab.heard.requests[1:])
    assert tab.is_visible(".ip-base-credit")
    tab.uncheck("#ip-base-box")
    assert not tab.is_visible(".ip-base-credit")
