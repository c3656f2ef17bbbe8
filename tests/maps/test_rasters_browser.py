"""Rasters of classes in the browser: every cell, every pixel, every control."""

import base64
import io
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image
from pyproj import Transformer
from scipy import ndimage

from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.maps.layers import LineLayer
from infraplan.maps.layers import Style
from infraplan.maps.page import Facts
from infraplan.maps.page import Swipe
from infraplan.maps.page import build_page
from infraplan.maps.rasters import RasterClass
from infraplan.maps.rasters import RasterLayer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = ("không có sóng", "yếu", "tạm được", "tốt")
COLORS = ("#b2182b", "#f7a55b", "#dbeaf3", "#9cc6e0")
ROWS, COLUMNS, CELL = 700, 900, 30.0
CELLS = """async (name) => {
    const app = infraplan.app, layer = app.layers.find(l => l.name === name);
    const fields = await infraplan.rasterFields(app, layer);
    const counts = fields.map(field => {
        const found = new Array(8).fill(0);
        field.codes.forEach(code => found[code]++);
        return found;
    });
    let text = '';
    fields[0].codes.forEach(code => { text += code; });
    return [text, counts];
}"""
PAINTED = """() => {
    const map = infraplan.app.map, canvas = document.querySelector('canvas.ip-raster');
    const drawn = infraplan.app.layers.find(l => l.shown).overlay;
    const corner = map.getPixelOrigin().add(drawn._bounds.min);
    return [corner.x, corner.y, map.getZoom(), canvas.toDataURL('image/png')];
}"""


def signal(seed: int) -> np.ndarray:
    """Return a field of patches with noise at their rims and a part that is not known."""
    rng = np.random.default_rng(seed)
    soft = ndimage.gaussian_filter(rng.normal(size=(ROWS, COLUMNS)), 12.0)
    values = 2.0 + soft / soft.std() + rng.normal(0, 0.05, soft.shape)
    values[100:180, 200:330] = np.nan
    return np.maximum(values, 0.5)


def layer(name: str, operator: str, seed: int, **options: Any) -> RasterLayer:
    extent = (540_000.0, 2_010_000.0, 540_000 + CELL * COLUMNS, 2_010_000 + CELL * ROWS)
    grid = grid_over(extent, crs="EPSG:9209", resolution_m=CELL)
    classes = [
        RasterClass(float(n), text, color)
        for n, (text, color) in enumerate(zip(NAMES, COLORS, strict=True))
    ]
    row, column = np.indices(grid.shape)
    inside = (row - ROWS / 2) ** 2 / ROWS**2 + (column - COLUMNS / 2) ** 2 / COLUMNS**2 < 0.24
    return RasterLayer(
        name=f"{name}_{operator}", title=f"{name}, {operator}", classes=classes, choice="coverage",
        data=wrap(signal(seed), grid, name="signal"), within=wrap(inside, grid, name="inside"),
        picks=(name, operator), group="Vùng phủ", **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> list[RasterLayer]:
    first = layer("4G", "any", 1)
    return [
        layer("3G", "VNPT", 4, shown=False),
        layer("3G", "any", 1, shown=False, reference=first),
        first,
    ]


@pytest.fixture(scope="module")
def tab(
    chromium: Any, drawn: list[RasterLayer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    path = build_page(drawn, Facts(title="Thử")).save(tmp_path_factory.mktemp("m") / "m.html")
    context = chromium.new_context(viewport={"width": 1000, "height": 640})
    shown = context.new_page()
    shown.goto(path.as_uri())
    shown.wait_for_selector("html[data-ready]", timeout=60_000)
    shown.wait_for_selector("html[data-raster]", timeout=60_000)
    yield shown
    context.close()


def look(tab: Any, zoom: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the picture at a zoom, and the easting and northing of each of its pixels."""
    tab.evaluate(
        "(zoom) => infraplan.app.map.setView([18.27, 106.005], zoom, {animate: false})", zoom
    )
    x, y, zoom, data = tab.evaluate(PAINTED)
    content = base64.b64decode(data.split(",")[1])
    picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
    height, width = picture.shape[:2]
    half = np.pi * 6378137
    metres = 2 * half / (256 * 2**zoom)
    east = (x + np.arange(width) + 0.5) * metres - half
    north = half - (y + np.arange(height) + 0.5) * metres
    change = Transformer.from_crs("EPSG:3857", "EPSG:9209", always_xy=True)
    easting, northing = change.transform(*np.meshgrid(east, north))
    return picture, easting, northing


def colored(color: str) -> list[int]:
    return [int(color[n : n + 2], 16) for n in (1, 3, 5)]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_browser_reads_every_cell_as_it_was(
    tab: Any, drawn: list[RasterLayer], number: int
) -> None:
    text, _ = tab.evaluate(CELLS, drawn[number].name)
    expected = drawn[number].codes()
    assert np.array_equal(np.frombuffer(text.encode(), np.uint8) - 48, expected.ravel())


def test_far_views_keep_the_share_of_every_class(tab: Any, drawn: list[RasterLayer]) -> None:
    _, counts = tab.evaluate(CELLS, drawn[2].name)
    shares = [np.array(level[1:]) / sum(level[1:]) for level in counts]
    assert len(shares) > 3
    assert np.abs(np.array(shares) - shares[0]).max() < 0.005


def test_a_near_view_paints_each_pixel_with_the_class_of_its_cell(
    tab: Any, drawn: list[RasterLayer]
) -> None:
    picture, easting, northing = look(tab, 14.0)
    codes, affine = drawn[2].codes(), geobox_of(drawn[2].data).affine
    column, row = ~affine * (easting, northing)
    clear = np.minimum(np.abs(column - np.rint(column)), np.abs(row - np.rint(row))) > 0.06
    at = (row.astype(int).clip(0, ROWS - 1), column.astype(int).clip(0, COLUMNS - 1))
    inside = (column >= 0) & (row >= 0) & (column < COLUMNS) & (row < ROWS)
    code = np.where(inside, codes[at], 0)
    assert np.array_equal((picture[..., 3] > 0)[clear], (code > 0)[clear])
    seen = 0
    for number, color in enumerate(COLORS, 1):
        chosen = clear & (code == number)
        seen += chosen.sum()
        assert (picture[chosen][:, :3] == colored(color)).all()
    assert seen > 100_000


def test_a_far_view_shows_the_colours_of_the_legend_in_their_shares(
    tab: Any, drawn: list[RasterLayer]
) -> None:
    picture, _, _ = look(tab, 9.0)
    shown = picture[picture[..., 3] > 200][:, :3]
    codes = drawn[2].codes()
    for number, color in enumerate(COLORS, 1):
        share = (shown == colored(color)).all(axis=1).sum() / (picture[..., 3] > 0).sum()
        assert share == pytest.approx((codes == number).sum() / (codes > 0).sum(), abs=0.02)


def test_what_is_not_known_is_striped(tab: Any, drawn: list[RasterLayer]) -> None:
    picture, easting, northing = look(tab, 12.0)
    column, row = ~geobox_of(drawn[2].data).affine * (easting, northing)
    unknown = (column > 201) & (column < 329) & (row > 101) & (row < 179)
    found = {tuple(pixel) for pixel in picture[unknown].tolist()}
    assert len(found) == 2
    assert (140, 140, 140, 255) in found


def test_a_click_tells_the_class_of_the_very_cell(tab: Any, drawn: list[RasterLayer]) -> None:
    rng = np.random.default_rng(7)
    rows, columns = rng.integers(150, 550, 400), rng.integers(200, 700, 400)
    inset = rng.uniform(0.01, 0.99, (2, 400))
    x, y = geobox_of(drawn[2].data).affine * (columns + inset[0], rows + inset[1])
    lon, lat = Transformer.from_crs("EPSG:9209", "EPSG:4326", always_xy=True).transform(x, y)
    told = tab.evaluate(
        """([name, places]) => {
            const layer = infraplan.app.layers.find(l => l.name === name);
            return places.map(p => infraplan.valueAt(layer, L.latLng(p[1], p[0])));
        }""",
        [drawn[2].name, np.column_stack([lon, lat]).tolist()],
    )
    names = ["", *NAMES, "chưa đủ dữ liệu"]
    assert told == [names[code] for code in drawn[2].codes()[rows, columns]]


def test_two_lists_choose_what_is_shown(tab: Any) -> None:
    tab.select_option("#ip-pick-0", "3G")
    tab.wait_for_selector("html[data-raster='3G_any']", state="attached")
    tab.select_option("#ip-pick-1", "VNPT")
    shown = "infraplan.app.layers.filter(l => l.shown).map(l => l.name)"
    assert tab.evaluate(shown) == ["3G_VNPT"]
    assert tab.locator(".ip-chooser .ip-legend li").count() == 5
    assert "km²" in tab.inner_text(".ip-chooser .ip-legend li >> nth=0")
    tab.select_option("#ip-pick-0", "4G")
    assert tab.evaluate(shown) == ["4G_any"]
    tab.uncheck("#ip-layer-coverage")
    assert tab.locator("canvas.ip-raster").count() == 0
    tab.check("#ip-layer-coverage")
    assert tab.locator("canvas.ip-raster").count() == 1


@pytest.fixture
def swiping(tab: Any) -> Iterator[Any]:
    tab.click("#ip-tool-swipe")
    tab.evaluate("infraplan.app.swipe.move(0.5)")
    yield tab
    tab.click("#ip-tool-swipe")


def test_a_divider_shows_two_rasters_and_gives_the_map_back(swiping: Any) -> None:
    assert swiping.locator("canvas.ip-raster").count() == 2
    assert [label.inner_text() for label in swiping.locator(".ip-swipe-label").all()] == [
        "4G, any",
        "3G, any",
    ]
    swiping.click("#ip-tool-swipe")
    assert swiping.locator("canvas.ip-raster").count() == 1
    assert not swiping.is_visible(".ip-swipe")
    swiping.click("#ip-tool-swipe")


def test_the_sides_are_cut_where_the_divider_stands(swiping: Any) -> None:
    edges = """() => ['left', 'right'].map(name => {
        const pane = document.querySelector('.leaflet-ip-swipe-' + name + '-pane');
        const map = infraplan.app.map, found = pane.style.clipPath.match(/-?[\\d.]+(?=px)/g);
        const at = n => map.layerPointToContainerPoint([Number(found[n]), Number(found[1])]).x;
        return [at(0) / map.getSize().x, at(2) / map.getSize().x];
    })"""
    for share in (0.25, 0.7):
        swiping.evaluate("(share) => infraplan.app.swipe.move(share)", share)
        swiping.evaluate("void infraplan.app.map.panBy([37, 5], {animate: false})")
        left, right = swiping.evaluate(edges)
        assert left[1] == right[0] == pytest.approx(share, abs=0.002)
        assert left[0] <= 0
        assert right[1] >= 1


def test_the_divider_follows_the_mouse_and_the_keys(swiping: Any) -> None:
    handle = swiping.locator(".ip-swipe-handle")
    box, frame = handle.bounding_box(), swiping.locator(".ip-swipe").bounding_box()
    swiping.mouse.move(box["x"] + 20, box["y"] + 20)
    swiping.mouse.down()
    swiping.mouse.move(frame["x"] + 0.3 * frame["width"], box["y"])
    swiping.mouse.up()
    assert handle.get_attribute("aria-valuenow") == "30"
    handle.press("ArrowRight")
    assert handle.get_attribute("aria-valuenow") == "32"
    handle.press("Home")
    assert handle.get_attribute("aria-valuenow") == "0"
    handle.press("End")
    assert handle.get_attribute("aria-valuenow") == "100"
    assert "4G, any" in handle.get_attribute("aria-valuetext")


def test_a_click_tells_of_the_side_it_falls_on(swiping: Any) -> None:
    told = """(x) => {
        const map = infraplan.app.map, size = map.getSize();
        const place = map.containerPointToLatLng([x * size.x, 9]);
        return infraplan.app.rastersAt(place).map(l => l.name);
    }"""
    assert swiping.evaluate(told, 0.4) == ["4G_any"]
    assert swiping.evaluate(told, 0.6) == ["3G_any"]
    swiping.select_option(".ip-swipe-bar select >> nth=1", label="3G, VNPT")
    assert swiping.evaluate(told, 0.6) == ["3G_VNPT"]


def cable(name: str, side: str) -> LineLayer:
    line = shapely.LineString([(545_000, 2_015_000), (560_000, 2_025_000)])
    data = gpd.GeoDataFrame(geometry=[line], index=pd.Index([name], name="id"), crs="EPSG:9209")
    return LineLayer(
        name=name, title=name, data=data, style=Style(color="#000000"), heading="id", side=side,
        shown=side == "after",
    )  # fmt: skip


def test_layers_of_before_and_after_lie_on_their_sides(opened: Callable[..., Any]) -> None:
    facts = Facts(title="Thử", swipes=(Swipe(("aerial",), ("trench",), "Trước", "Sau"),))
    tab = opened(build_page([cable("aerial", "before"), cable("trench", "after")], facts))
    state = """() => ['before', 'after'].map(side => [
        infraplan.app.layers.find(l => l.side === side).shown,
        document.querySelector('.leaflet-ip-over-' + side + '-pane').style.clipPath,
    ])"""
    tab.click("#ip-tool-swipe")
    (before, left), (after, right) = tab.evaluate(state)
    assert before
    assert after
    assert left.startswith("polygon(")
    assert right.startswith("polygon(")
    assert left != right
    assert not tab.is_visible(".ip-swipe-bar")
    assert tab.locator(".ip-swipe-label").all_inner_texts() == ["Trước", "Sau"]
    tab.click("#ip-tool-swipe")
    assert tab.evaluate(state) == [[False, ""], [True, ""]]
    assert tab.heard.complaints == []


def test_a_click_beside_the_handle_finds_what_lies_on_that_side(
    opened: Callable[..., Any],
) -> None:
    facts = Facts(title="Thử", swipes=(Swipe(("aerial",), ("trench",), "Trước", "Sau"),))
    tab = opened(build_page([cable("aerial", "before"), cable("trench", "after")], facts))
    tab.click("#ip-tool-swipe")
    box = tab.locator(".ip-swipe").bounding_box()
    # the middle of both cables, a little above the handle, and at the line itself
    tab.evaluate("""() => {
        const app = infraplan.app, layer = app.layers[0], map = app.map;
        const ends = infraplan.extent(layer, 0), size = map.getSize();
        map.setView(ends.getCenter(), map.getZoom(), {animate: false});
        map.panBy([0, 90], {animate: false});
        app.swipe.move(0.5);
    }""")
    for x, name in ((-4, "aerial"), (4, "trench")):
        tab.mouse.click(box["x"] + box["width"] / 2 + x, box["y"] + box["height"] / 2 - 90 - x / 2)
        assert tab.inner_text(".leaflet-popup h3") == name
        tab.keyboard.press("Escape")
    handle = tab.locator(".ip-swipe-handle")
    handle.click()
    assert tab.locator(".leaflet-popup").count() == 0
    assert handle.get_attribute("aria-valuenow") == "50"
