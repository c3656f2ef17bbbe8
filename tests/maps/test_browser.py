"""The page as an official sees it: opened by double-click, without a network."""

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from pyproj import Transformer

from infraplan import maps
from infraplan.layers.bundle import Layers
from infraplan.maps import MapPage
from infraplan.radio.results import Coverage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., Any]
NUMBER = """(name) => {
    return infraplan.app.layers.find(layer => layer.name.startsWith(name)).number;
}"""
INK = """([pane]) => {
    const colors = new Set();
    document.querySelectorAll('.leaflet-ip-' + pane + '-pane canvas').forEach(canvas => {
        if (!canvas.width) return;
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] > 200) colors.add(data.slice(i, i + 3).join());
        }
    });
    return colors.size;
}"""


@pytest.fixture(scope="module")
def page(
    hostile: tuple[str, ...],
    layers: Layers,
    coverage: Coverage,
    gaps: SimpleNamespace,
    appraisal: SimpleNamespace,
    proposal: SimpleNamespace,
    cable_plan: SimpleNamespace,
) -> MapPage:
    return maps.plan_page(
        layers, title=hostile[1], coverage=coverage, gaps=gaps, appraisals=[appraisal],
        proposal=proposal, cable_plan=cable_plan,
    )  # fmt: skip


def click_layer(tab: Any, name: str) -> None:
    tab.locator(f"#ip-layer-{tab.evaluate(NUMBER, name)}").click()
    still(tab)


def still(tab: Any) -> None:
    """Wait until the map is drawn."""
    tab.wait_for_selector("html[data-still]")


def test_it_asks_for_nothing_and_complains_of_nothing(
    opened: Open, page: MapPage, hostile: tuple[str, ...]
) -> None:
    tab = opened(page)
    tab.wait_for_timeout(300)
    assert len(tab.heard.requests) == 1
    assert tab.heard.complaints == []
    assert tab.title() == hostile[1]


def test_every_layer_is_drawn(opened: Open, page: MapPage) -> None:
    tab = opened(page)
    assert tab.evaluate(INK, ["over"]) > 20
    assert tab.evaluate(INK, ["under"]) >= 1
    loaded = "[...document.querySelectorAll('.leaflet-image-layer')].map(i => i.naturalWidth)"
    assert len(tab.evaluate(loaded)) == 1
    assert min(tab.evaluate(loaded)) > 50
    tab.wait_for_selector("html[data-raster]", state="attached")
    assert tab.evaluate(INK, ["raster", 0]) == 5


def test_hostile_names_are_shown_as_they_are(
    opened: Open, page: MapPage, hostile: tuple[str, ...]
) -> None:
    tab = opened(page)
    tab.evaluate("""() => {
        const app = infraplan.app;
        app.layers.filter(l => l.x).forEach(l => {
            for (let f = 0; f < l.count; f++) app.stage.appendChild(infraplan.card(l, f, app));
        });
        document.querySelectorAll('details').forEach(d => { d.open = true; });
        document.querySelectorAll('[role=tabpanel]').forEach(pane => { pane.hidden = false; });
    }""")
    told = tab.inner_text("body")
    assert [name for name in hostile if name not in told] == []
    assert tab.locator("img[src=x]").count() == 0
    assert tab.title() == hostile[1]
    assert tab.heard.complaints == []


@pytest.mark.parametrize(("wanted", "found"), [("dong lac", "Thôn Đồng Lạc"), ("HTI-2", "HTI-2")])
def test_the_search_needs_no_accents(opened: Open, page: MapPage, wanted: str, found: str) -> None:
    tab = opened(page)
    tab.fill(".ip-search", wanted)
    assert found in tab.inner_text("#ip-results")
    tab.press(".ip-search", "Enter")
    assert tab.inner_text(".leaflet-popup h3") == found


@pytest.mark.parametrize("number", [1, 2, 5])
def test_the_search_finds_hostile_names(
    opened: Open, page: MapPage, hostile: tuple[str, ...], number: int
) -> None:
    tab = opened(page)
    tab.fill(".ip-search", hostile[number])
    assert tab.inner_text("#ip-results li >> nth=0").startswith(hostile[number])


def test_a_click_on_a_station_tells_of_it(
    opened: Open, page: MapPage, hostile: tuple[str, ...]
) -> None:
    tab = opened(page)
    place = tab.evaluate("""() => {
        const app = infraplan.app, layer = app.layers.find(l => l.name === 'sites');
        const f = layer.columns[layer.heading].indexOf('HTI-2');
        app.map.setView(infraplan.centre(layer, f), 15, {animate: false});
        const box = app.map.getContainer().getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
    }""")
    tab.mouse.click(*place)
    card = tab.inner_text(".leaflet-popup")
    assert "HTI-2" in card
    assert hostile[1] in card
    assert "36 m" in card
    assert "VN-2000" in card


def test_stations_on_one_mast_are_drawn_side_by_side(opened: Open, page: MapPage) -> None:
    turn = opened(page).evaluate(
        "[...infraplan.app.layers.find(l => l.name === 'sites').turn].filter(t => t >= 0)"
    )
    assert turn == pytest.approx([0, 3.14159], abs=1e-4)


def test_a_layer_is_switched_off_and_its_legend_with_it(opened: Open, page: MapPage) -> None:
    tab = opened(page)
    before = tab.evaluate(INK, ["under"])
    click_layer(tab, "sea")
    assert before >= 1
    assert tab.evaluate(INK, ["under"]) == 0
    assert tab.is_visible("text=Không có sóng (dưới −110 dBm) >> nth=0")
    tab.uncheck("#ip-layer-coverage")
    assert not tab.is_visible("text=Không có sóng (dưới −110 dBm) >> nth=0")


def test_only_one_coverage_is_shown_at_a_time(opened: Open, page: MapPage) -> None:
    tab = opened(page)
    tab.select_option("#ip-pick-0", "2G")
    shown = "infraplan.app.layers.filter(l => l.choice && l.shown).map(l => l.name)"
    assert tab.evaluate(shown) == ["coverage_2G_any"]


def test_a_category_of_the_legend_hides_its_features(
    opened: Open, page: MapPage, hostile: tuple[str, ...]
) -> None:
    tab = opened(page)
    before = tab.evaluate(INK, ["over"])
    for name in ("Viettel", "VNPT", hostile[0]):
        tab.locator(".ip-toggle", has_text=name).first.click()
    still(tab)
    assert tab.evaluate(INK, ["over"]) < before


def test_a_click_on_coverage_tells_its_class(opened: Open, page: MapPage) -> None:
    tab = opened(page)
    tab.wait_for_selector("html[data-raster]", state="attached")
    tab.evaluate("infraplan.app.map.fire('click', {latlng: L.latLng(18.3301, 105.9126)})")
    assert "4G, bất kỳ mạng nào" in tab.inner_text(".leaflet-popup")
    assert "dBm" in tab.inner_text(".leaflet-popup")


def test_the_panel_folds_and_the_map_takes_its_place(opened: Open, page: MapPage) -> None:
    tab = opened(page)
    tab.click("text=Lớp và chú giải")
    assert not tab.is_visible("#ip-panel")
    assert tab.evaluate("infraplan.app.map.getSize().x") == 1200


def test_every_control_can_be_reached_by_keyboard_and_has_a_name(
    opened: Open, page: MapPage
) -> None:
    tab = opened(page)
    nameless = tab.evaluate("""() => [...document.querySelectorAll('button, input, summary')]
        .filter(e => e.tabIndex < 0 || !(e.textContent || e.ariaLabel || (e.labels || []).length))
        .map(e => e.outerHTML)""")
    assert nameless == []


def test_an_old_browser_decodes_the_data_by_itself(opened: Open, page: MapPage) -> None:
    new = opened(page)
    old = opened(page, script="delete window.DecompressionStream")
    told = "infraplan.app.layers.filter(l => l.x).map(l => [l.name, [...l.x], l.columns])"
    assert old.evaluate("typeof DecompressionStream") == "undefined"
    assert old.evaluate(told) == new.evaluate(told)


def test_without_scripts_the_figures_are_shown(opened: Open, page: MapPage) -> None:
    tab = opened(page, java_script_enabled=False)
    assert "98,1" in tab.inner_text("body")
    assert "SỐ LIỆU GIẢ LẬP" in tab.inner_text("body")


def test_it_fits_a_phone(opened: Open, page: MapPage) -> None:
    tab = opened(page)
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.reload()
    tab.wait_for_selector("html[data-ready]")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.evaluate("infraplan.app.map.getSize().y") > 400


def test_it_prints_and_comes_back(opened: Open, page: MapPage) -> None:
    tab = opened(page)
    view = "[infraplan.app.map.getCenter().lat, infraplan.app.map.getZoom()]"
    before = tab.evaluate(view)
    printed = tab.pdf(prefer_css_page_size=True, print_background=True)
    assert (
        1 <= printed.count(b"/Type /Page\n") <= 2
    )  # the second for what has no room beside the map
    assert tab.evaluate(view) == pytest.approx(before, abs=1e-3)


def test_in_a_notebook_frame_it_runs(opened: Open, page: MapPage) -> None:
    tab = opened(page)
    tab.set_content(page._repr_html_())
    frame = tab.frame_locator("iframe")
    frame.locator("html[data-ready]").wait_for(timeout=10_000)
    assert frame.locator(".ip-warning").inner_text() == "SỐ LIỆU GIẢ LẬP, KHÔNG DÙNG ĐỂ KÝ"


@pytest.mark.parametrize("crs", ["EPSG:9209", "EPSG:3405", "EPSG:32648"])
def test_coordinates_agree_with_proj(opened: Open, crs: str) -> None:
    tab = opened(maps.build_page([], maps.Facts(title="T"), crs=crs))
    chance = random.Random(0)  # noqa: S311 - places, not secrets
    places = [(chance.uniform(105.1, 106.6), chance.uniform(17.8, 18.8)) for _ in range(100)]
    found = tab.evaluate(
        "places => places.map(p => infraplan.project(p[0], p[1], infraplan.app.page.projection))",
        places,
    )
    there = Transformer.from_crs("EPSG:4326", crs, always_xy=True, allow_ballpark=False)
    for (x, y), place in zip(found, places, strict=True):
        assert (x, y) == pytest.approx(there.transform(*place), abs=0.001)


def test_a_published_table_opens_over_the_page_and_closes(opened: Open, layers: Layers) -> None:
    name = "<img src=x onerror=\"document.title='run'\">"
    table = maps.Table("T1 Xã", ("Xã", "Dân số"), ((name, "1.234"), ("Tổng", "1.234")), note="x")
    tab = opened(maps.plan_page(layers, title="Bản đồ", published=[table]))
    tab.click("#ip-tab-figures")
    tab.locator(".ip-published summary").click()
    tab.locator(".ip-open-table").click()
    assert tab.locator(".ip-sheet tbody tr").count() == 2
    assert tab.locator(".ip-sheet tbody th").first.inner_text() == name
    tab.keyboard.press("Escape")
    assert tab.locator(".ip-sheet").count() == 0
    assert tab.title() == "Bản đồ"
    assert tab.heard.complaints == []
