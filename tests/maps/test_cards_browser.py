"""The batch as a head of office sees it: each control used, in a browser without a network."""

import re
from types import SimpleNamespace

import pytest

from infraplan import maps
from infraplan.maps.palette import CLASSES
from infraplan.maps.palette import UNKNOWN
from tests.maps import batches
from tests.maps.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHOSEN = "infraplan.app.canvases[1].chosen && infraplan.app.canvases[1].chosen.feature"
PLACE = """id => {
    const app = infraplan.app, layer = app.layers.find(l => l.name === app.page.cards.layer);
    const f = layer.columns[layer.heading].indexOf(id);
    app.map.setView(infraplan.centre(layer, f), 16, {animate: false});
    const box = app.map.getContainer().getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
}"""
SHADES = """() => {
    const image = document.querySelector('.ip-footprint');
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const data = context.getImageData(0, 0, canvas.width, canvas.height).data, found = {};
    for (let i = 0; i < data.length; i += 4) {
        const name = data[i + 3] ? [...data.slice(i, i + 3)].join() : '';
        found[name] = (found[name] || 0) + 1;
    }
    return found;
}"""


@pytest.fixture(scope="module")
def tab(chromium, tmp_path_factory):
    """One page for all tests, the network cut; what it asks for and complains of is kept."""
    path = maps.appraisal(batches.appraisal()).save(tmp_path_factory.mktemp("batch") / "đợt 2.html")
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    found = context.new_page()
    found.heard = SimpleNamespace(requests=[], complaints=[])
    found.on("request", lambda request: found.heard.requests.append(request.url))
    found.on("console", lambda message: found.heard.complaints.append(message.text))
    found.on("pageerror", lambda error: found.heard.complaints.append(str(error)))
    found.goto(path.as_uri())
    found.wait_for_selector("html[data-ready]", timeout=20_000)
    yield found
    context.close()


@pytest.fixture(autouse=True)
def at_the_overview(tab):
    """Begin each test at the whole batch; end it without a complaint and without a request."""
    if tab.is_enabled(".ip-overview"):
        tab.click(".ip-overview")
    yield
    assert tab.heard.complaints == []
    assert [url for url in tab.heard.requests if not url.startswith(("file:", "data:"))] == []


def opened(tab, request_id):
    tab.locator(".ip-open", has_text=re.compile(f"^{re.escape(request_id)}")).click()


def told(tab):
    return " ".join(text[:2] for text in tab.locator(".ip-open b").all_inner_texts())


def figures(tab):
    names, values = (tab.locator(f".ip-figures {kind}").all_inner_texts() for kind in ("dt", "dd"))
    return dict(zip(names, values, strict=True))


def test_the_batch_lists_every_request_with_its_proposal(tab):
    rows = tab.locator(".ip-row").all_inner_texts()
    assert len(rows) == 4
    assert "khoảng 410 (250 đến 580)" in rows[0]
    assert "187/200" in rows[0]
    assert "Sở quyết định: Đủ điều kiện" in rows[1]


@pytest.mark.parametrize(
    ("column", "order"),
    [("people", "R1 R2 <i R4"), ("request", "<i R1 R2 R4"), ("proposal", "<i R1 R2 R4"),
     ("marginal", "R1 R2 <i R4"), ("stable", "R1 R2 <i R4")],
)  # fmt: skip
def test_the_table_is_sorted_by_a_click_and_what_is_unknown_stays_last(tab, column, order):
    tab.click(f'[data-sort="{column}"]')
    assert told(tab) == order
    tab.click(f'[data-sort="{column}"]')
    unknown = {"people": "<i R2 R1 R4", "marginal": "<i R2 R1 R4", "stable": order}
    assert told(tab) == unknown.get(column, " ".join(order.split()[::-1]))
    assert tab.locator("[aria-sort=ascending], [aria-sort=descending]").count() == 1
    tab.click('[data-sort="rank"]')
    assert told(tab) == "R1 R2 <i R4"


def test_a_row_opens_the_card_with_the_figures_of_the_table(tab):
    opened(tab, "R1")
    assert tab.inner_text(".ip-cards-body h2") == "R1"
    assert figures(tab)["Dân được phủ thêm"] == "khoảng 410 (250 đến 580)"
    assert tab.inner_text(".ip-stable") == "Giữ nguyên trong 187/200 lần thử"
    assert tab.locator(".ip-reasons li").count() == 5
    assert tab.evaluate(CHOSEN) is not None


def test_a_click_on_a_point_opens_its_card(tab):
    tab.mouse.click(*tab.evaluate(PLACE, "R2"))
    assert tab.inner_text(".ip-cards-body h2").startswith("R2")
    assert tab.locator(".leaflet-popup").count() == 0
    assert "Đủ điều kiện" in tab.inner_text(".ip-signed")


def test_a_click_on_a_station_still_opens_its_popup(tab):
    tab.evaluate("""() => {
        const app = infraplan.app, layer = app.layers.find(l => l.name === 'sites');
        app.open(layer, 0, infraplan.centre(layer, 0));
    }""")
    assert tab.inner_text(".leaflet-popup h3") == "S1"


def test_the_search_opens_the_card(tab):
    tab.fill(".ip-search", "R1")
    tab.press(".ip-search", "Enter")
    assert tab.inner_text(".ip-cards-body h2") == "R1"
    tab.fill(".ip-search", "")


def test_next_and_previous_go_round_and_escape_returns_to_the_row(tab):
    seen = []
    for _ in range(5):
        tab.click(".ip-next")
        seen.append(tab.inner_text(".ip-place"))
    assert seen == ["1/4", "2/4", "3/4", "4/4", "1/4"]
    tab.click(".ip-before")
    assert tab.inner_text(".ip-place") == "4/4"
    assert "chưa có tọa độ" in tab.inner_text(".ip-cards-body")
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.dataset.id") == "R4"


def test_the_keyboard_alone_opens_a_card_and_its_parts(tab):
    tab.focus('.ip-open[data-id="R1"]')
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.tagName") == "H2"
    tab.focus(".ip-cards-body details:last-of-type summary")
    tab.keyboard.press("Enter")
    assert tab.locator(".ip-check").count() == 6
    assert "chưa được Sở xác nhận" in tab.inner_text(".ip-checks")


def rgb(color):
    """Return a colour as `SHADES` names it."""
    return ",".join(str(int(color[n : n + 2], 16)) for n in (1, 3, 5))


def test_coverage_is_drawn_before_after_and_where_it_changes(tab):
    opened(tab, "R1")
    found = {}
    for mode in ("before", "after", "change"):
        tab.click(f'[data-mode="{mode}"]')
        wait_until(tab, "document.querySelector('.ip-footprint')?.complete")
        found[mode] = tab.evaluate(SHADES)
    none, weak, _, good, unknown = (rgb(color) for color in (*CLASSES, UNKNOWN))
    assert {none, weak, unknown} <= set(found["before"])
    assert good not in found["before"]
    assert {none, good, unknown} <= set(found["after"])
    assert found["after"][good] == found["change"]["0,114,178"]


def test_the_overlay_is_switched_off_made_fainter_and_leaves_with_its_card(tab):
    opened(tab, "R1")
    tab.click('[data-mode="after"]')
    tab.wait_for_selector(".ip-footprint")
    tab.fill(".ip-cards .ip-slider input", "0.4")
    assert tab.evaluate("document.querySelector('.ip-footprint').style.opacity") == "0.4"
    tab.click("text=Xem cả vùng")
    tab.click('[data-mode="off"]')
    assert tab.locator(".ip-footprint").count() == 0
    tab.click('[data-mode="change"]')
    tab.wait_for_selector(".ip-footprint")
    tab.click(".ip-next")
    assert tab.locator(".ip-footprint").count() == 0


def test_curve_and_path_are_drawn_with_what_was_asked_for(tab):
    opened(tab, "R1")
    curve, path = (tab.locator(".ip-chart").nth(n) for n in (0, 1))
    assert "đề nghị 42 m" in curve.text_content()
    assert curve.locator("circle").count() == 4
    assert "270" in curve.locator("circle title").nth(1).text_content()
    assert path.locator(".ip-zone").count() == 1
    assert "k = 4/3" in tab.inner_text(".ip-one-link")


def test_masts_and_the_moved_place_are_marked_on_the_map(tab):
    opened(tab, "R1")
    assert tab.locator(".ip-spot").all_inner_texts() == ["M1", "Vị trí dịch tới"]
    tab.click(".ip-flips >> text=Xem trên bản đồ")
    tab.click(".ip-overview")
    assert tab.locator(".ip-spot").count() == 0


def test_the_batch_shows_frontier_conflicts_and_exchanges(tab):
    assert tab.locator(".ip-chart circle").count() == 2
    tab.locator("summary", has_text="Chọn").click()
    assert "không cách chọn nào hơn" in tab.inner_text(".ip-figures-table")
    tab.locator(".ip-list >> text=Xem trên bản đồ").click()
    assert tab.inner_text(".ip-spot") == "Vị trí thay thế"
    tab.locator(".ip-pairs >> text=R2").click()
    assert tab.inner_text(".ip-cards-body h2").startswith("R2")
    assert "đề nghị trước đây" in tab.inner_text(".ip-cards-body")


def test_the_cards_follow_each_other_as_the_table_is_sorted(tab):
    tab.click('[data-sort="request"]')
    tab.click(".ip-next")
    assert tab.inner_text(".ip-cards-body h2") == batches.HOSTILE[2]
    assert tab.inner_text(".ip-place") == "1/4"
    tab.click(".ip-overview")
    tab.click('[data-sort="rank"]')


def test_the_cards_widen_fold_and_the_panel_opens(tab):
    width = "document.querySelector('.ip-cards').offsetWidth"
    narrow = tab.evaluate(width)
    tab.click(".ip-widen")
    assert tab.evaluate(width) > narrow + 200
    tab.click(".ip-widen")
    tab.click(".ip-opener")
    assert tab.evaluate("infraplan.app.map.getSize().x") == 1280
    tab.click(".ip-opener")
    tab.click("text=Lớp và chú giải")
    assert tab.is_visible("#ip-panel")
    tab.click("text=Lớp và chú giải")


def test_a_card_prints_on_upright_pages_with_all_its_parts(tab):
    opened(tab, "R1")
    tab.evaluate("window.print = () => {}")
    tab.click(".ip-print-one")
    tab.emulate_media(media="print")
    assert tab.inner_text(".ip-print-head") == "SỐ LIỆU GIẢ LẬP, KHÔNG DÙNG ĐỂ KÝ"
    assert not tab.is_visible(".ip-stage")
    tab.emulate_media(media="null")
    printed = tab.pdf(prefer_css_page_size=True, print_background=True)
    assert 1 <= printed.count(b"/Type /Page\n") <= 4
    assert b"/MediaBox [0 0 594" in printed or b"/MediaBox [0 0 595" in printed
    assert tab.evaluate("document.documentElement.className") == ""


def test_hostile_text_is_shown_as_it_is_on_every_card(tab):
    told = tab.inner_text(".ip-cards-body")
    for _ in range(4):
        tab.click(".ip-next")
        told += tab.locator(".ip-cards-body").text_content()
    assert [name for name in batches.HOSTILE if name not in told] == []
    assert tab.locator("img[src=x]").count() == 0
    assert tab.title() == "Thẩm định vị trí xin xây dựng, đợt lo 2"


def test_every_control_has_a_name_and_is_reached_by_keyboard(tab):
    opened(tab, "R1")
    nameless = tab.evaluate("""() => [...document.querySelectorAll('button, input, summary')]
        .filter(e => e.tabIndex < 0 || !(e.textContent || e.ariaLabel || (e.labels || []).length))
        .map(e => e.outerHTML)""")
    assert nameless == []


def test_it_fits_a_phone(tab):
    tab.set_viewport_size({"width": 390, "height": 800})
    opened(tab, "R1")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.evaluate("document.querySelector('.ip-cards-body').scrollWidth") <= 390
    assert tab.evaluate("document.querySelector('.ip-cards').offsetHeight") > 250
    tab.set_viewport_size({"width": 1280, "height": 800})
