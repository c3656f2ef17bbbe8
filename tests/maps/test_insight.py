"""Sums of the view, filters, layer tree, table, search and card, in a browser."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from infraplan import maps
from infraplan.cables import fibre_lengths
from infraplan.coverage import inventory
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.maps import MapPage
from infraplan.text import words

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CRS = "EPSG:9209"
WEST, SOUTH, SIDE = 540_000.0, 2_026_000.0, 6_000.0
VI = words("vi")
OPERATORS = ("Viettel", "VNPT", "MobiFone")
FORMULA = '=HYPERLINK("x")'


def made(prefix: str, key: str, geometry: list[Any], **columns: Any) -> gpd.GeoDataFrame:
    ids = pd.Index([f"{prefix}-{n:04d}" for n in range(len(geometry))], name=key)
    return gpd.GeoDataFrame(columns, geometry=geometry, index=ids, crs=CRS)


def sites_of(chance: random.Random) -> gpd.GeoDataFrame:
    """Return 240 stations on 120 masts, ten not on air, one of unknown state; a mast has four."""
    places = [
        shapely.Point(WEST + chance.uniform(100, 4900), SOUTH + chance.uniform(100, 5900))
        for _ in range(120)
    ]
    mast = [0, 0, 0, 0, *(chance.randrange(1, 120) for _ in range(236))]
    return made(
        "HTH-VTL", "site_id", [places[n] for n in mast], mast_id=[f"M-{n:03d}" for n in mast],
        operator=["Viettel", "VNPT", "MobiFone", "Vietnamobile", *chance.choices(OPERATORS, k=236)],
        name=[FORMULA, *(f"Trạm {n}" for n in range(239))],
        technologies=["2G;3G;4G", *chance.choices(["2G", "2G;4G", "4G", "4G;5G"], k=239)],
        status=["operating"] * 229 + [None] + ["requested"] * 10,
        height_m=[chance.choice([24.0, 36.0, 42.0]) for _ in range(240)],
    )  # fmt: skip


def fibre_of(chance: random.Random) -> gpd.GeoDataFrame:
    """Return 60 cables that wander over the area."""
    lines = []
    for _ in range(60):
        moves = [[chance.uniform(-60, 60), chance.uniform(-60, 60)] for _ in range(25)]
        start = [WEST + chance.uniform(600, 4300), SOUTH + chance.uniform(600, 5300)]
        lines.append(shapely.LineString(start + np.cumsum(moves, axis=0)))
    return made(
        "F", "cable_id", lines, operator=chance.choices(OPERATORS, k=60),
        installation=chance.choices(["aerial", "buried", "duct"], k=60),
    )  # fmt: skip


def hamlets_of(chance: random.Random) -> gpd.GeoDataFrame:
    """Return 48 hamlets in a grid, six of them unknown, some with people partly unknown."""
    boxes = [
        shapely.box(x, y, x + 300, y + 300).buffer(0)
        for x in np.arange(WEST + 200, WEST + 4700, 750)
        for y in np.arange(SOUTH + 150, SOUTH + 5900, 750)
    ]
    people = np.array([chance.uniform(60, 900) for _ in boxes])
    lacking = people * [chance.choice([0.0, 0.0, 0.31, 1.0]) for _ in boxes]
    isknown = np.arange(len(boxes)) % 8 != 5
    names = ["Đông Lạc", "Ái Quốc", "Bình An", "Yên Thành"]
    return made(
        "H", "hamlet_id", boxes, name=[f"Thôn {names[n % 4]} {n}" for n in range(len(boxes))],
        commune=["Thạch Hà" if n % 8 < 4 else "Đức Thọ" for n in range(len(boxes))],
        commune_code=["C-0000" if n % 8 < 4 else "C-0001" for n in range(len(boxes))],
        people=people, people_uncovered=np.where(isknown, lacking, np.nan),
        people_uncovered_low=np.where(isknown, 0.9 * lacking, np.nan),
        people_uncovered_high=np.where(isknown, np.minimum(people, 1.2 * lacking + 3), np.nan),
        unknown_share=np.where(isknown & (lacking > 0), 0.02, np.where(isknown, 0.0, np.nan)),
        level=[None if not k else "none" if v > 0 else "good"
               for k, v in zip(isknown, lacking, strict=True)],
    )  # fmt: skip


@pytest.fixture(scope="module")
def area(layers: Layers) -> Layers:
    """The small area with stations, cables and streets enough to count."""
    chance = random.Random(7)  # noqa: S311 - places, not secrets
    streets = made(
        "S", "street_id",
        [shapely.LineString([(west, SOUTH + 900), (west + 190, SOUTH + 930)])
         for west in np.arange(4) * 200 + WEST + 900],
        name=["Phan Đình Phùng"] * 3 + ["Hà Huy Tập"],
    )  # fmt: skip
    communes = layers.table("communes").assign(
        merged_from=["Xã Thạch Kênh, Xã Thạch Liên", "Thị trấn Đức Thọ, Xã Tùng Ảnh"], type="xã"
    )
    tables = {"sites": sites_of(chance), "fibre": fibre_of(chance), "streets": streets}
    return replace(layers, tables={**layers.tables, **tables, "communes": communes})


@pytest.fixture(scope="module")
def found(area: Layers) -> SimpleNamespace:
    """Gaps whose rests hold people of each commune outside its hamlets."""
    hamlets = hamlets_of(random.Random(3))  # noqa: S311 - people, not secrets
    rests = hamlets.iloc[[0, 4]].set_axis(
        pd.Index(["C-0000-rest", "C-0001-rest"], name="hamlet_id")
    )
    rests = rests.set_geometry(
        gpd.GeoSeries(area.table("communes").geometry.to_numpy(), index=rests.index, crs=CRS)
    )
    shares = pd.DataFrame(
        {"area_level": "province", "denominator": "people", "technology": ["4G"],
         "operator": ["any"], "share": [0.9], "share_low": [0.88], "share_high": [0.91],
         "unknown": [120.0], "total": [12000.0]}
    )  # fmt: skip
    definition = SimpleNamespace(
        technology="4G", operator="any", thresholds_dbm={"4G": -110.0}, p_cov=0.75, model="p1812",
        resolution_m=60.0, sigma_db=8.0, denominator="people",
    )  # fmt: skip
    return SimpleNamespace(
        hamlets=pd.concat([hamlets, rests]), shares=shares.iloc[:1], definition=definition,
        layers=area, provenance=Provenance("gaps", "0"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(area: Layers, found: SimpleNamespace) -> MapPage:
    return maps.plan_page(area, title="Phủ sóng Hà Tĩnh", gaps=found)


@pytest.fixture(scope="module")
def shared(chromium: Any, page: MapPage, tmp_path_factory: Any) -> Iterator[Any]:
    """One page for all tests, opened from a file, its complaints kept."""
    path = page.save(Path(tmp_path_factory.mktemp("Sở KH&CN")) / "bản đồ.html")
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    tab.heard = []
    tab.on("console", lambda message: tab.heard.append(message.text))
    tab.on("pageerror", lambda error: tab.heard.append(str(error)))
    tab.goto(path.as_uri())
    tab.wait_for_selector("html[data-ready]", timeout=20_000)
    yield tab
    assert tab.heard == []
    context.close()


@pytest.fixture
def tab(shared: Any) -> Any:
    """The shared page at the whole area, nothing filtered, the table folded."""
    shared.evaluate("""() => {
        const app = infraplan.app;
        app.filters.clear();
        app.map.closePopup();
        document.getElementById('ip-table-near').checked = false;
        document.getElementById('ip-table-filter').value = '';
        const leaf = document.getElementById('ip-drawer-table');
        if (leaf.getAttribute('aria-expanded') === 'true') leaf.click();
        app.fit(app.home);
        app.tab('figures');
        app.sum();
    }""")
    return shared


def summed(tab: Any) -> Any:
    """Return the sums of the page, told anew."""
    return tab.evaluate("""() => {
        infraplan.app.sum();
        const s = infraplan.app.sums, plain = m => Object.fromEntries(m);
        return {people: s.people, km: s.cables.km, stations: s.stations.stations,
                positions: s.stations.positions, waiting: s.stations.waiting,
                by: plain(s.stations.by), laid: plain(s.cables.by[0]),
                owned: plain(s.cables.by[1])};
    }""")


def bars(tab: Any) -> dict[str, str]:
    """Return the words and values of the bars that are shown."""
    told = tab.locator(".ip-bars tr").evaluate_all(
        "l => l.map(r => [...r.cells].map(c => c.innerText))"
    )
    return {row[0]: row[2] for row in told}


def chip(tab: Any, key: str, label: str) -> Any:
    tab.evaluate("infraplan.app.tab('filter')")
    return tab.locator(f"#ip-filter-{key} label.ip-chip", has_text=label).locator("input")


def open_table(tab: Any, layer: str) -> None:
    tab.click("#ip-drawer-table")
    title = VI(f"maps.layer_{layer}")
    tab.select_option("#ip-table-layer", label=title)


def column(tab: Any, number: int) -> list[str]:
    cells = (
        f"[...document.querySelectorAll('.ip-table tr[id]')].map(r => r.cells[{number}].innerText)"
    )
    return list(tab.evaluate(cells))


def rows(tab: Any) -> int:
    return int(tab.get_attribute(".ip-table", "aria-rowcount")) - 1


# ---- the view, added up --------------------------------------------------------------------------


def test_with_all_in_view_stations_are_those_of_the_table(tab: Any, area: Layers) -> None:
    told, table = summed(tab), inventory(area)
    assert told["stations"] == table.totals["stations"]
    assert told["positions"] == table.totals["positions"]
    assert told["waiting"] == table.totals["not_on_air"] == 10
    by = {name: n for name, n in table.by_operator["stations"].items() if n}
    assert {name: n for name, n in told["by"].items() if name} == by
    tab.click("#ip-tile-stations")
    assert bars(tab) == {name: VI.number(n) for name, n in by.items()}


def test_with_all_in_view_cables_are_those_of_the_table(tab: Any, area: Layers) -> None:
    told, table = summed(tab), fibre_lengths(area)
    assert told["km"] == pytest.approx(table.loc["total", "cable_km"], abs=0.03)
    laid = {kind: told["laid"][kind] for kind in ("aerial", "buried", "duct")}
    assert laid == pytest.approx({k: table.loc["total", f"{k}_km"] for k in laid}, abs=0.03)
    owned = {name: table.loc[name, "cable_km"] for name in OPERATORS}
    assert told["owned"] == pytest.approx(owned, abs=0.03)
    assert tab.inner_text("#ip-tile-cables b") == f"{VI.number(told['km'], 1)} km"


def test_with_all_in_view_people_are_those_of_the_table(tab: Any, found: SimpleNamespace) -> None:
    told, table = summed(tab)["people"], found.hamlets
    lost = table["people_uncovered"].fillna(table["people"])
    unknown = (table["people"] * table["unknown_share"].fillna(1.0)).sum()
    assert told["people"] == pytest.approx(table["people"].sum(), abs=0.5)
    assert told["uncovered"] == pytest.approx(lost.sum(), abs=0.5)
    assert told["unknown"] == pytest.approx(unknown, abs=0.5)
    assert told["low"] <= told["uncovered"] <= told["high"]
    covered = table["people"].sum() - lost.sum()
    share = VI.number(100 * covered / table["people"].sum(), 1)
    assert tab.inner_text(".ip-figure b") == f"{share} %"
    assert tab.inner_text(".ip-is-covered") == VI.people(covered)
    assert VI("page_insight.uncovered_at_most") in tab.inner_text(".ip-people")
    assert VI("page_insight.unknown_people") in tab.inner_text(".ip-people")
    assert tab.inner_text(".ip-is-unknown_people") == VI.people(unknown)
    assert tab.inner_text(".ip-is-uncovered") == VI.people_range(
        told["uncovered"], told["low"], told["high"]
    )


def test_hamlets_by_level_are_those_of_the_table(tab: Any) -> None:
    tab.click("#ip-tile-hamlets")
    tab.locator("summary", has_text=VI("maps.table_levels")).click()
    table = tab.locator("details[open]:not(.ip-in-view)", has_text=VI("maps.table_levels"))
    rows_of = table.locator("tbody tr").evaluate_all(
        "l => l.map(r => [...r.cells].map(c => c.innerText))"
    )
    assert {k.lower(): n for k, n in bars(tab).items()} == {
        row[0].lower(): row[1] for row in rows_of
    }


def test_in_a_part_of_the_area_only_what_lies_there_counts(
    tab: Any, area: Layers, found: SimpleNamespace
) -> None:
    tab.evaluate("void infraplan.app.map.setView([18.343, 105.9], 15.25, {animate: false})")
    told = summed(tab)
    corners = tab.evaluate("""() => {
        const b = infraplan.app.map.getBounds();
        return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()];
    }""")
    view = shapely.box(*corners)
    degrees = {name: area.table(name).to_crs("EPSG:4326") for name in ("sites", "fibre")}
    on_air = area.table("sites")["status"] != "requested"
    sites = degrees["sites"][degrees["sites"].within(view) & on_air]
    pairs = pd.DataFrame({"o": sites["operator"].fillna(""), "m": sites["mast_id"]})
    assert told["stations"] == len(pairs.drop_duplicates()) > 5
    assert told["positions"] == sites["mast_id"].nunique()
    clipped = gpd.clip(degrees["fibre"], view).to_crs(CRS).length.sum() / 1000
    assert told["km"] == pytest.approx(clipped, rel=0.05)
    hamlets = found.hamlets[~found.hamlets.index.str.endswith("-rest")].to_crs("EPSG:4326")
    inside = hamlets[hamlets.representative_point().within(view)]
    assert told["people"]["hamlets"] == len(inside) > 2
    assert VI("page_insight.where_part") in tab.inner_text(".ip-figure")


def test_figures_follow_the_map_by_themselves(tab: Any) -> None:
    before = tab.inner_text("#ip-tile-stations b")
    tab.evaluate("void infraplan.app.map.setZoom(15, {animate: false})")
    tab.locator("#ip-tile-stations b").filter(has_not_text=before).wait_for()


def test_a_layer_that_is_off_is_told_and_switched_on(tab: Any) -> None:
    tab.click("#ip-tile-cables")
    tab.click("#ip-chart-pane >> text=" + VI("page_insight.show_layer"))
    tab.locator("#ip-chart-pane .ip-plainly").wait_for(state="detached")
    shown = "infraplan.app.layers.find(l => l.name === 'fibre').shown"
    assert tab.evaluate(shown)
    tab.evaluate("infraplan.app.show(infraplan.app.layers.find(l => l.name === 'fibre'), false)")


# ---- filters -------------------------------------------------------------------------------------


def test_a_filter_leaves_map_sums_table_and_the_sign_over_the_map(tab: Any, area: Layers) -> None:
    chip(tab, "operator", "VNPT").uncheck()
    sites = area.table("sites")
    kept = sites[(sites["operator"] != "VNPT") & (sites["status"] != "requested")]
    pairs = pd.DataFrame({"o": kept["operator"].fillna(""), "m": kept["mast_id"]}).drop_duplicates()
    assert summed(tab)["stations"] == len(pairs)
    assert "VNPT" not in summed(tab)["owned"]
    assert tab.inner_text(".ip-filtered-item span") == "Doanh nghiệp: trừ VNPT"
    open_table(tab, "sites")
    assert rows(tab) == int((sites["operator"] != "VNPT").sum())
    hit = """() => {
        const app = infraplan.app, layer = app.layers.find(l => l.name === 'sites');
        const of = layer.filters[0].column, texts = [];
        for (let f = 0; f < layer.count; f++) {
            const at = app.canvases[1].hit(infraplan.centre(layer, f), 1);
            if (at && at.layer === layer) texts.push(infraplan.text(layer, of, at.feature));
        }
        return texts;
    }"""
    assert "Viettel" in tab.evaluate(hit)
    assert "VNPT" not in tab.evaluate(hit)
    tab.click(".ip-end-all")
    assert tab.is_hidden(".ip-filtered")
    assert rows(tab) == len(sites)


def test_a_cell_of_several_technologies_is_found_by_each(tab: Any, area: Layers) -> None:
    tab.evaluate("infraplan.app.tab('filter')")
    tab.click("#ip-filter-technologies >> text=" + VI("page_insight.none"))
    assert summed(tab)["stations"] == 0
    chip(tab, "technologies", "5G").check()
    listed = area.table("sites")["technologies"].str.contains("5G")
    open_table(tab, "sites")
    assert rows(tab) == int(listed.sum()) > 10
    count = tab.inner_text("#ip-filter-operator label:has-text('Viettel') .ip-count")
    of = area.table("sites")["operator"] == "Viettel"
    assert count == f"{int((of & listed).sum())} / {int(of.sum())}"
    tab.click("#ip-filter-technologies >> text=" + VI("page_insight.all"))
    assert tab.is_hidden(".ip-filtered")


def test_states_are_told_in_words_and_what_is_unknown_too(tab: Any) -> None:
    tab.evaluate("infraplan.app.tab('filter')")
    told = tab.inner_text("#ip-filter-status")
    assert "đang hoạt động" in told
    assert "đang xin phép" in told
    assert VI("common.unknown") in told


def test_the_state_of_filters_is_printed(tab: Any) -> None:
    chip(tab, "operator", "VNPT").uncheck()
    tab.emulate_media(media="print")
    assert tab.is_visible(".ip-filtered-item")
    assert not tab.is_visible(".ip-end-all")
    tab.emulate_media(media="screen")


# ---- the layer tree ------------------------------------------------------------------------------


def test_a_legend_entry_hides_its_features_from_the_sums(tab: Any) -> None:
    whole = summed(tab)["people"]
    tab.evaluate("infraplan.app.tab('layers')")
    tab.locator(".ip-toggle", has_text=VI("maps.level_none")).click()
    part = summed(tab)["people"]
    assert part["hamlets"] < whole["hamlets"]
    assert part["people"] < whole["people"]
    assert VI("maps.level_none") in tab.inner_text(".ip-filtered-item")
    tab.click(".ip-filtered-item .ip-end")
    assert summed(tab)["people"] == whole


def test_counts_of_the_legend_follow_the_filters(tab: Any, area: Layers) -> None:
    chip(tab, "technologies", "2G").uncheck()
    chip(tab, "technologies", "4G").uncheck()
    tab.evaluate("infraplan.app.tab('layers')")
    sites = area.table("sites")
    mine = sites[sites["operator"] == "Viettel"]
    left = mine["technologies"].str.contains("3G|5G").sum()
    told = tab.locator(".ip-toggle", has_text="Viettel").first.locator(".ip-count")
    assert told.inner_text() == f"{left} / {len(mine)}"


def test_the_box_of_a_group_has_three_states(tab: Any) -> None:
    tab.evaluate("infraplan.app.tab('layers')")
    group = tab.locator(".ip-group", has_text=VI("maps.group_present"))
    box, state = group.locator(".ip-group-box"), "b => [b.checked, b.indeterminate]"
    before = group.locator(".ip-layer-head input").evaluate_all("l => l.map(b => b.checked)")
    assert box.evaluate(state) == [False, True]
    box.click()
    assert box.evaluate(state) == [True, False]
    box.click()
    assert box.evaluate(state) == [False, False]
    assert group.locator(".ip-legend >> visible=true").count() == 0
    for one, on in zip(group.locator(".ip-layer-head input").all(), before, strict=True):
        one.set_checked(on)
    assert box.evaluate(state) == [False, True]


def test_a_group_folds(tab: Any) -> None:
    tab.evaluate("infraplan.app.tab('layers')")
    group = tab.locator(".ip-group", has_text=VI("maps.group_present"))
    group.locator(".ip-fold").click()
    assert not group.locator(".ip-layer").first.is_visible()
    assert group.locator(".ip-fold").get_attribute("aria-expanded") == "false"
    group.locator(".ip-fold").press("Enter")
    assert group.locator(".ip-layer").first.is_visible()


# ---- the table -----------------------------------------------------------------------------------


def test_the_table_sorts_words_as_vietnamese_and_numbers_as_numbers(tab: Any) -> None:
    open_table(tab, "hamlets")
    tab.click(".ip-table thead th >> nth=0")
    names = [name.split()[1] for name in column(tab, 0)]
    assert names[0] == "Ái"
    assert list(dict.fromkeys(names)) == sorted(set(names), key=["Ái", "Bình", "Đông", "Yên"].index)
    heads = tab.locator(".ip-table thead th").all_inner_texts()
    people = next(n for n, head in enumerate(heads) if head.startswith(VI("maps.field_people")))
    tab.click(f".ip-table thead th >> nth={people}")
    values = [int(text.replace(".", "")) for text in column(tab, people)]
    assert values == sorted(values, reverse=True)
    assert tab.get_attribute(f".ip-table thead th >> nth={people}", "aria-sort") == "descending"


def test_the_table_needs_no_accents_and_draws_only_the_rows_in_sight(tab: Any) -> None:
    open_table(tab, "sites")
    assert rows(tab) == 240
    assert len(column(tab, 0)) < 60
    tab.fill("#ip-table-filter", "tram 23 dang xin")
    names = column(tab, 1)
    assert len(names) == rows(tab) == 10  # nine names and the code 0230
    assert sum(name.startswith("Trạm 23") for name in names) == 9
    tab.fill("#ip-table-filter", "khongco")
    assert VI("page_insight.no_rows") in tab.inner_text(".ip-table")
    tab.fill("#ip-table-filter", "")
    tab.evaluate("document.querySelector('.ip-scroller').scrollTop = 1e6")
    tab.wait_for_selector("#ip-row-239")


def test_only_in_view_keeps_what_is_in_view(tab: Any) -> None:
    open_table(tab, "sites")
    tab.check("#ip-table-near")
    tab.evaluate("void infraplan.app.map.setView([18.343, 105.9], 15, {animate: false})")
    inside = tab.evaluate("""() => {
        const app = infraplan.app, layer = app.layers.find(l => l.name === 'sites');
        const b = app.map.getBounds();
        const all = [...Array(layer.count).keys()];
        return all.filter(f => b.contains(infraplan.centre(layer, f))).length;
    }""")
    tab.locator(f".ip-table[aria-rowcount='{inside + 1}']").wait_for()
    assert 0 < inside < 240
    tab.uncheck("#ip-table-near")


def test_a_row_leads_to_its_place_and_the_map_to_its_row(tab: Any) -> None:
    open_table(tab, "sites")
    tab.fill("#ip-table-filter", "HTH-VTL-0123")
    tab.click("#ip-row-0")
    assert tab.inner_text(".leaflet-popup h3") == "HTH-VTL-0123"
    assert tab.evaluate("infraplan.app.map.getZoom()") == 15
    tab.fill("#ip-table-filter", "")
    tab.evaluate("""() => {
        const layer = infraplan.app.layers.find(l => l.name === 'sites');
        const code = layer.columns[layer.heading].indexOf('HTH-VTL-0200');
        const f = layer.codes[layer.heading].indexOf(code);
        infraplan.app.open(layer, f, infraplan.app.map.getCenter());
    }""")
    marked = tab.locator(".ip-table tr[aria-selected=true]")
    assert marked.locator("th").inner_text() == "HTH-VTL-0200"


def focused(tab: Any) -> Any:
    """Return role, text, row and column of what has the focus; row 1 is that of the heads."""
    return tab.evaluate("""() => {
        const e = document.activeElement, cell = e.closest('th, td');
        if (!cell) return [e.className];
        const line = cell.parentNode;
        return [e.tagName.toLowerCase(), e.innerText.trim(),
                Number(line.getAttribute('aria-rowindex')), [...line.children].indexOf(cell)];
    }""")


def test_the_table_is_walked_by_keyboard(tab: Any) -> None:
    open_table(tab, "sites")
    tab.focus("#ip-table-near")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")  # the button that copies lies between
    assert focused(tab) == ["th", column(tab, 0)[0], 2, 0]
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowRight"):
        tab.keyboard.press(key)
    assert focused(tab) == ["td", column(tab, 1)[1], 3, 1]
    for key in ("Control+End", "ArrowUp", "Home"):
        tab.keyboard.press(key)
    tab.wait_for_selector("#ip-row-238[aria-selected=true]")
    name = tab.inner_text("#ip-row-238 th")
    assert focused(tab) == ["th", name, 240, 0]
    assert tab.locator(".ip-table [tabindex='0']").count() == 1
    tab.keyboard.press("Enter")
    assert tab.inner_text(".leaflet-popup h3") == name
    tab.keyboard.press("Escape")
    assert focused(tab) == ["th", name, 240, 0]


def test_the_heads_of_the_table_sort_by_keyboard_and_say_so(tab: Any) -> None:
    open_table(tab, "hamlets")
    tab.focus(".ip-table tbody [tabindex='0']")
    heads = tab.locator(".ip-table thead th").all_inner_texts()
    people = next(n for n, head in enumerate(heads) if head.startswith(VI("maps.field_people")))
    for key in ("ArrowUp", *["ArrowRight"] * people):
        tab.keyboard.press(key)
    assert focused(tab) == ["button", heads[people].strip(), 1, people]
    for order, sign in (("descending", -1), ("ascending", 1)):
        tab.keyboard.press("Enter")
        assert tab.get_attribute(f".ip-table thead th >> nth={people}", "aria-sort") == order
        values = [int(text.replace(".", "")) for text in column(tab, people)]
        assert values == sorted(values, key=lambda value: sign * value)
        told = VI(
            f"page_grid.sorted_{'up' if sign > 0 else 'down'}", column=VI("maps.field_people")
        )
        tab.locator("[aria-live]", has_text=told).wait_for(state="attached")
    assert focused(tab)[0] == "button"
    tab.keyboard.press("ArrowDown")
    assert focused(tab) == ["td", column(tab, people)[0], 2, people]


def test_a_screen_reader_knows_the_cells_and_where_they_stand(tab: Any) -> None:
    open_table(tab, "sites")
    grid = tab.get_by_role("grid")
    assert grid.get_attribute("aria-rowcount") == "241"
    first = tab.locator("#ip-row-0")
    assert first.get_by_role("rowheader").inner_text() == column(tab, 0)[0]
    heads = grid.get_by_role("columnheader").count()
    assert first.get_by_role("gridcell").count() == heads - 1
    tree = tab.context.new_cdp_session(tab).send("Accessibility.getFullAXTree")["nodes"]
    roles = {node["role"]["value"] for node in tree}
    assert {"grid", "row", "rowheader", "columnheader", "gridcell"} <= roles


def test_the_focus_of_the_table_outlives_scrolling(tab: Any) -> None:
    open_table(tab, "sites")
    tab.focus("#ip-row-3 td >> nth=0")
    tab.evaluate("document.querySelector('.ip-scroller').scrollTop = 4000")
    tab.wait_for_selector("#ip-row-3", state="detached")
    assert focused(tab) == ["ip-scroller"]
    tab.keyboard.press("ArrowDown")
    assert focused(tab) == ["td", tab.inner_text("#ip-row-4 td >> nth=0"), 6, 1]


IN_VIEW = """() => {
    const app = infraplan.app, {layer, rows} = app.table.state, b = app.map.getBounds();
    const all = [...Array(layer.count).keys()];
    const inside = all.filter(f => b.contains(infraplan.centre(layer, f)));
    const pan = app.map._panAnim;
    return !(pan && pan._inProgress) && inside.length === rows.length;
}"""
NAMES = """() => {
    const {layer, rows} = infraplan.app.table.state;
    return rows.map(f => layer.columns[layer.heading][layer.codes[layer.heading][f]]);
}"""
HIDE_CHOSEN = """hidden => {
    const app = infraplan.app, {layer} = app.table.state, mine = app.chosenNow;
    const mask = Uint8Array.from({length: layer.count}, (_, f) => f === (mine || {}).feature);
    infraplan.mask(app, layer, 'test', hidden ? mask : null);
}"""


def visit_by_keyboard(tab: Any) -> str:
    """Open the card of a row far down, with only the rows in view; return its name."""
    open_table(tab, "sites")
    tab.check("#ip-table-near")
    tab.focus(".ip-table tbody [tabindex='0']")
    for key in ("Control+End", "ArrowUp", "Home", "ArrowRight"):
        tab.keyboard.press(key)
    name = str(tab.inner_text(".ip-table tr[aria-selected=true] th"))
    tab.keyboard.press("Enter")
    assert tab.inner_text(".leaflet-popup h3") == name
    for _ in range(500):
        if tab.evaluate(IN_VIEW):
            assert 1 < rows(tab) < 240
            return name
        tab.wait_for_timeout(20)
    pytest.fail("the rows are not those in view")


def test_the_focus_comes_back_to_the_row_when_rows_are_made_anew(tab: Any) -> None:
    name = visit_by_keyboard(tab)
    at = tab.evaluate(NAMES).index(name)
    tab.keyboard.press("Escape")
    assert tab.inner_text(f"#ip-row-{at} th") == name
    assert focused(tab) == ["td", tab.inner_text(f"#ip-row-{at} td >> nth=0"), at + 2, 1]


def test_the_focus_comes_back_to_the_nearest_row_that_is_left(tab: Any) -> None:
    name = visit_by_keyboard(tab)
    before = tab.evaluate(NAMES)
    at = before.index(name)
    tab.evaluate(HIDE_CHOSEN, True)
    left = tab.evaluate(NAMES)
    assert left == before[:at] + before[at + 1 :]
    tab.keyboard.press("Escape")
    wanted = min(at, len(left) - 1)
    assert focused(tab) == ["td", tab.inner_text(f"#ip-row-{wanted} td >> nth=0"), wanted + 2, 1]
    assert tab.inner_text(f"#ip-row-{wanted} th") == left[wanted]
    tab.evaluate(HIDE_CHOSEN, False)


def test_with_no_row_left_the_focus_comes_back_to_the_heads(tab: Any) -> None:
    visit_by_keyboard(tab)
    tab.evaluate("void infraplan.app.map.setView([18.0, 105.0], 15, {animate: false})")
    tab.locator(".ip-table[aria-rowcount='1']").wait_for()
    tab.keyboard.press("Escape")
    assert focused(tab) == ["button", VI("maps.field_name"), 1, 1]


def test_a_page_up_from_a_head_stays_there(tab: Any) -> None:
    open_table(tab, "sites")
    tab.focus(".ip-table tbody [tabindex='0']")
    for key in ("ArrowRight", "ArrowUp"):
        tab.keyboard.press(key)
    head = focused(tab)
    assert head[2:] == [1, 1]
    tab.keyboard.press("PageUp")
    assert focused(tab) == head


def test_rows_are_in_sight_when_fewer_are_left_than_were_scrolled_past(tab: Any) -> None:
    open_table(tab, "sites")
    tab.evaluate("document.querySelector('.ip-scroller').scrollTop = 1e6")
    tab.wait_for_selector("#ip-row-239")
    tab.fill("#ip-table-filter", "HTH-VTL-012")
    assert rows(tab) == len(column(tab, 0)) == 10


PASTE = """() => {
    const area = document.createElement('textarea');
    area.id = 'pasted';
    document.body.appendChild(area);
    area.focus();
}"""


def pasted(tab: Any) -> str:
    """Return what lies on the clipboard, as a program gets it that pastes."""
    tab.evaluate(PASTE)
    tab.keyboard.press("Control+V")
    text = tab.input_value("#pasted")
    tab.evaluate("document.getElementById('pasted').remove()")
    return str(text)


@pytest.mark.parametrize("way", ["the browser's clipboard", "a selected text"])
def test_rows_are_copied_to_excel_from_a_file(tab: Any, way: str) -> None:
    open_table(tab, "sites")
    if way != "the browser's clipboard":
        tab.evaluate(
            "Object.defineProperty(navigator, 'clipboard', {value: null, configurable: true})"
        )
    tab.fill("#ip-table-filter", "HTH-VTL-000")
    tab.click(".ip-table-copy")
    tab.wait_for_selector(".ip-table-copy >> text=" + VI("page_insight.copied_rows", count=10))
    lines = pasted(tab).rstrip("\n").split("\n")
    if way != "the browser's clipboard":
        tab.evaluate("delete navigator.clipboard")
    tab.fill("#ip-table-filter", "")
    assert len(lines) == 11
    assert lines[0].split("\t")[:2] == [VI("page_insight.heading"), VI("maps.field_name")]
    first = next(line for line in lines if line.startswith("HTH-VTL-0000")).split("\t")
    assert first[1] == f"'{FORMULA}"
    heights = lines[0].split("\t").index(f"{VI('maps.field_height_m')} (m)")
    assert {line.split("\t")[heights] for line in lines[1:]} <= {"24", "36", "42"}


@pytest.mark.parametrize(
    ("text", "cell"),
    [("=1+1", "'=1+1"), ("+84", "'+84"), ("-x", "'-x"), ("@a", "'@a"), ("\t=1", "'=1"),
     ("a\nb", "a b"), ('"a" b', '"""a"" b"'), ("Thôn 1", "Thôn 1")],
)  # fmt: skip
def test_no_cell_is_a_formula(tab: Any, text: str, cell: str) -> None:
    assert tab.evaluate("text => infraplan.cell(text)", text) == cell


def test_copied_figures_have_the_decimal_sign_of_the_reader(tab: Any) -> None:
    told = tab.evaluate("""() => {
        const app = infraplan.app, layer = app.layers.find(l => l.name === 'fibre');
        return infraplan.rowsAsText(infraplan.columnsOf(layer, app), [0], app).split('\\r\\n');
    }""")
    length = dict(zip(told[0].split("\t"), told[1].split("\t"), strict=True))["Chiều dài (km)"]
    assert float(length.replace(",", ".")) > 0.1
    assert "," in length


# ---- search --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "first", "aside"),
    [
        ("0123", "HTH-VTL-0123", "Trạm BTS"),
        ("lac dong thon 0", "Thôn Đông Lạc 0, Thạch Hà", "Thôn, tổ dân phố"),
        ("thach kenh", "Xã Thạch Kênh", "Thạch Hà"),
        ("ĐỨC THỌ", "Đức Thọ", "Xã, phường"),
        ("phung dinh", "Phan Đình Phùng", "3 đoạn"),
    ],
)
def test_the_search_finds_stations_hamlets_communes_old_and_new_and_streets(
    tab: Any, wanted: str, first: str, aside: str
) -> None:
    tab.fill(".ip-search", wanted)
    told = tab.inner_text("#ip-result-0")
    assert told.split("\n")[0] == first
    assert aside in told
    texts = tab.locator("#ip-results li > span").all_inner_texts()
    assert texts.count(first) == 1
    tab.press(".ip-search", "Escape")


def test_what_a_filter_hides_is_found_and_shown_again(tab: Any) -> None:
    tab.evaluate("infraplan.app.filters.set('technologies', ['3G'])")
    tab.evaluate("infraplan.app.filters.set('status', ['operating'])")
    tab.fill(".ip-search", "HTH-VTL-0100")
    assert VI("page_insight.is_hidden") in tab.inner_text("#ip-result-0")
    tab.press(".ip-search", "Enter")
    assert tab.inner_text(".leaflet-popup h3") == "HTH-VTL-0100"
    told = tab.locator(".ip-filtered-item > span").all_inner_texts()
    assert told == ["Tình trạng: chỉ đang hoạt động"]


# ---- the card ------------------------------------------------------------------------------------


def test_what_stands_at_one_place_is_turned_over(tab: Any) -> None:
    tab.fill(".ip-search", "HTH-VTL-0000")
    tab.press(".ip-search", "Enter")
    seen = []
    for _ in range(4):
        seen.append(tab.inner_text(".leaflet-popup h3"))
        tab.click(".ip-turn-on")
    assert sorted(seen) == [f"HTH-VTL-000{n}" for n in range(4)]
    assert "/" in tab.inner_text(".ip-turning span")
    assert tab.evaluate("document.activeElement.className") == "ip-turn ip-turn-on"
    tab.keyboard.press("Escape")
    assert tab.locator(".leaflet-popup").count() == 0
    assert tab.evaluate("document.activeElement.id") == "ip-search"


def test_a_line_is_among_what_stands_at_its_place(tab: Any) -> None:
    tab.evaluate("""() => {
        const app = infraplan.app, layer = app.layers.find(l => l.name === 'fibre');
        app.visit(layer, 3);
    }""")
    code = tab.inner_text(".leaflet-popup h3")
    tab.evaluate("""() => {
        const app = infraplan.app, fibre = app.layers.find(l => l.name === 'fibre');
        const place = infraplan.centre(fibre, 3), at = app.map.project(place);
        const areas = app.layers.find(l => l.name === 'communes');
        const world = L.CRS.EPSG3857.project(place);
        const mine = [...Array(areas.count).keys()].find(f =>
            infraplan.inside(areas, f, world.x / areas.step, world.y / areas.step));
        app.open(areas, mine, place);
    }""")
    assert tab.inner_text(".leaflet-popup .ip-kind").startswith(VI("maps.layer_communes"))
    told = []
    while not told or code not in told:
        tab.click(".ip-turn-on")
        told.append(tab.inner_text(".leaflet-popup h3"))
        assert len(told) < 24
    tab.evaluate("infraplan.app.show(infraplan.app.layers.find(l => l.name === 'fibre'), false)")


def test_the_legend_makes_way_for_a_card(tab: Any) -> None:
    legend = tab.locator(".ip-colours")
    assert legend.is_visible()
    tab.evaluate("""() => {
        const app = infraplan.app, box = document.querySelector('.ip-colours');
        const mine = box.getBoundingClientRect();
        const map = app.map.getContainer().getBoundingClientRect();
        const place = app.map.containerPointToLatLng(
            [mine.right - map.left - 20, mine.bottom - map.top - 10]);
        app.open(app.layers.find(l => l.name === 'communes'), 0, place);
    }""")
    tab.wait_for_selector(".leaflet-popup")
    assert not legend.is_visible()
    pan = """by => {
        const map = infraplan.app.map, middle = map.project(map.getCenter());
        map.setView(map.unproject(middle.add(by)), map.getZoom(), {animate: false});
    }"""
    tab.evaluate(pan, [-400, 250])
    assert tab.locator(".leaflet-popup").count() == 1
    assert legend.is_visible()
    tab.evaluate(pan, [400, -250])
    assert not legend.is_visible()
    tab.evaluate("infraplan.app.map.closePopup()")
    assert legend.is_visible()


def test_a_card_tells_figures_and_its_place_can_be_copied(tab: Any) -> None:
    tab.evaluate("""() => {
        const app = infraplan.app;
        app.visit(app.layers.find(l => l.name === 'fibre'), 0);
    }""")
    card = tab.inner_text(".leaflet-popup")
    assert " km" in card
    assert tab.evaluate("document.activeElement.tagName") == "H3"
    tab.click(".ip-where .ip-copy")
    tab.wait_for_selector(".ip-where >> text=" + VI("page_insight.copied"))
    place = tab.inner_text(".ip-where span")
    assert pasted(tab) == place
    assert place.startswith("WGS84")
    tab.evaluate("infraplan.app.show(infraplan.app.layers.find(l => l.name === 'fibre'), false)")


def test_every_control_is_named_and_none_complains_when_clicked(tab: Any) -> None:
    tab.click("#ip-drawer-table")
    for name in ("layers", "figures", "filter"):
        tab.click(f"#ip-tab-{name}")
        for part in tab.locator(f"#ip-pane-{name} button, #ip-pane-{name} input").all():
            if part.is_visible() and part.get_attribute("type") != "range":
                part.click()
                part.click()
    nameless = tab.evaluate("""() => [...document.querySelectorAll('button, input, select')]
        .filter(e => !(e.textContent.trim() || e.ariaLabel || (e.labels || []).length))
        .map(e => e.outerHTML)""")
    assert nameless == []
    assert tab.heard == []
