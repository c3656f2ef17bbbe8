"""The drawing of the page: decoding, tiles, groups, sectors, what lies under the mouse."""

import base64
import io
import zlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from infraplan import maps
from infraplan.maps.layers import Category
from infraplan.maps.layers import Field
from infraplan.maps.layers import LineLayer
from infraplan.maps.layers import PointLayer
from infraplan.maps.layers import PolygonLayer
from infraplan.maps.layers import Style
from infraplan.maps.packing import pack
from tests.maps.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STATIONS, CABLES = 900, 700
PLACE = (11_790_000.0, 2_076_000.0)
UNPACK = """async texts => Promise.all(texts.map(text => infraplan.unpack(text).then(header => ({
    columns: (header.columns || []).map(c => c.slice()),
    arrays: Object.fromEntries(Object.entries(header.arrays).map(([k, v]) => [k, Array.from(v)])),
}))))"""
INFLATE = """([packed, content]) => {
    const [source, known] = [packed, content].map(text =>
        Uint8Array.from(atob(text), letter => letter.charCodeAt(0)));
    const found = infraplan.inflate(source, 0, known.length);
    return known.length === found.length && known.every((value, n) => value === found[n]);
}"""
BAR = """(() => {
    window.told = new Set();
    new MutationObserver(() => {
        const bar = document.querySelector('.ip-loading');
        if (bar) window.told.add(bar.textContent);
    }).observe(document, {childList: true, subtree: true, characterData: true});
})()"""
VIEW = "([x, y, zoom]) => { infraplan.app.map.setView([x, y], zoom, {animate: false}); }"
ANEW = """() => {
    const map = infraplan.app.map, centre = map.getCenter(), zoom = map.getZoom();
    map.setView([0, 0], 4, {animate: false});
    map.setView(centre, zoom, {animate: false});
}"""
# A map let go glides on, and begins to only a frame later: it rests when it has not moved for some
# frames and its picture is complete.
REST = """() => new Promise(done => {
    const map = infraplan.app.map;
    let last = null, frames = 0;
    const look = () => {
        const place = L.DomUtil.getPosition(map.getPane('mapPane')).toString();
        frames = place === last && infraplan.app.still ? frames + 1 : 0;
        last = place;
        if (frames > 20) done(); else requestAnimationFrame(look);
    };
    look();
})"""
LAID = "[...document.querySelectorAll('.ip-level > canvas')].filter(c => !c.offsetWidth).length"
MISLAID = """() => {
    const map = infraplan.app.map, bounds = map.getPixelBounds(), found = [];
    map.eachLayer(pane => (pane.level ? [...pane.level.tiles.values()] : []).forEach(tile => {
        if (!tile.canvas) return;
        const [x, y] = [tile.i * 384, tile.j * 384];
        const isSeen = x < bounds.max.x && x + 384 > bounds.min.x &&
            y < bounds.max.y && y + 384 > bounds.min.y;
        if (isSeen !== tile.canvas.offsetWidth > 0) found.push([tile.i, tile.j]);
    }));
    return found;
}"""
SHOW = """([name, on]) => {
    infraplan.app.show(infraplan.app.layers.find(l => l.name === name), on);
}"""
SEAMS = """zoom => {
    const ip = infraplan, size = 384, shown = ip.app.layers.filter(l => l.x && !l.under);
    const draw = (west, north, wide) => {
        const canvas = document.createElement('canvas');
        canvas.width = canvas.height = wide;
        const context = canvas.getContext('2d', {willReadFrequently: true});
        const view = ip.view(zoom, west, north, wide, wide);
        for (const step of ip.paint(context, shown, view)) void step;
        return context;
    };
    const at = ip.app.map.project(ip.app.home.getCenter(), zoom);
    const [west, north] = [at.x, at.y].map(v => Math.floor(v / size) * size - size);
    const read = (context, wide) => context.getImageData(0, 0, wide, wide).data;
    const onWhite = (data, n, k) => 255 + (data[n + k] - 255) * data[n + 3] / 255;
    const whole = read(draw(west, north, 2 * size), 2 * size);
    let worst = 0, ink = 0, many = 0;
    for (const [i, j] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
        const part = read(draw(west + i * size, north + j * size, size), size);
        for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) for (let k = 0; k < 3; k++) {
            const a = onWhite(part, 4 * (y * size + x), k);
            const b = onWhite(whole, 4 * ((y + j * size) * 2 * size + x + i * size), k);
            worst = Math.max(worst, Math.abs(a - b));
            many += Math.abs(a - b) > 16;
            ink += a < 250;
        }
    }
    return [worst, many, ink];
}"""
NEAREST = """places => places.map(([lat, lng]) => {
    const ip = infraplan, app = ip.app, at = app.map.project([lat, lng]);
    const layer = app.layers.find(l => l.name === 'stations');
    let best = -1, least = 7;
    for (let f = 0; f < layer.count; f++) {
        const p = app.map.project(ip.centre(layer, f));
        const r = ip.size(layer.styles[layer.category[f]], app.map.getZoom());
        const d = Math.max(0, Math.hypot(p.x - at.x, p.y - at.y) - r);
        if (d < least) { least = d; best = f; }
    }
    const found = app.canvases[1].hit(L.latLng(lat, lng), 7);
    return [best, found && found.layer === layer ? found.feature : -1, least];
})"""


def page() -> maps.MapPage:
    rng = np.random.default_rng(4)
    web = "EPSG:3857"

    def frame(shapes: Any, **columns: Any) -> gpd.GeoDataFrame:
        ids = pd.Index([f"A-{n:04d}" for n in range(len(shapes))], name="id")
        return gpd.GeoDataFrame(columns, geometry=shapes, index=ids, crs=web)

    spots = PLACE + rng.uniform(0, 40_000, (STATIONS, 2))
    operators = rng.choice(["Viettel", "VNPT"], STATIONS)
    stations = frame(
        shapely.points(spots), operator=operators,
        azimuths=[(30, 150, 270) if n % 2 else () for n in range(STATIONS)],
    )  # fmt: skip
    turn = rng.uniform(0, 6.3, (CABLES, 1)) + rng.normal(0, 0.4, (CABLES, 30)).cumsum(1)
    steps = 60 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    starts = PLACE + rng.uniform(0, 40_000, (CABLES, 1, 2))
    laid = rng.choice(["aerial", "buried"], CABLES)
    cables = frame(
        shapely.linestrings(starts + steps.cumsum(1)), laid=laid,
        owner=rng.choice(["VNPT", "FPT"], CABLES),
    )  # fmt: skip
    discs = frame(shapely.buffer(shapely.points(PLACE + rng.uniform(0, 40_000, (60, 2))), 900))
    marks = [Category("Viettel", "Viettel", Style(color="#d55e00")),
             Category("VNPT", "VNPT", Style(color="#0072b2"))]  # fmt: skip
    aerial = Style(color="#7b3294", width=2.0, casing="#ffffff")
    buried = Style(color="#008837", width=2.0, dash=(8, 3))
    kinds = [Category("aerial", "Treo", aerial), Category("buried", "Chôn", buried)]
    owners = [Category(n, n, Style(color=c)) for n, c in (("VNPT", "#0072b2"), ("FPT", "#e69f00"))]
    told = [Field("laid", "Lắp đặt")]
    layers = [
        PolygonLayer(
            name="discs", title="Vùng", data=discs, label="id", label_zoom=12,
            style=Style(color="#8a6d3b", fill="#d8c39a", fill_opacity=0.5, hatch=True),
        ),
        LineLayer(name="owner", title="Theo chủ", data=cables, by="owner", categories=owners,
                  heading="id", fields=told, shown=False, alike="laid"),
        LineLayer(name="laid", title="Cáp quang", data=cables, by="laid", categories=kinds,
                  heading="id", fields=told),
        LineLayer(name="new", title="Sau", data=cables.iloc[:5], side="after", shown=False),
        PointLayer(name="stations", title="Trạm", data=stations, by="operator", categories=marks,
                   heading="id", azimuths="azimuths", cluster_zoom=11.0),
    ]  # fmt: skip
    return maps.build_page(layers, maps.Facts(title="Thử"))


@pytest.fixture(scope="module")
def tab(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One opened page for all tests, which leave its layers as they found them."""
    path = page().save(tmp_path_factory.mktemp("tiles") / "page.html")
    context = chromium.new_context(viewport={"width": 1200, "height": 760})
    context.add_init_script(BAR)
    opened = context.new_page()
    opened.heard = SimpleNamespace(path=path, complaints=[])
    opened.on("console", lambda message: opened.heard.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.heard.complaints.append(str(error)))
    opened.goto(path.as_uri())
    opened.wait_for_selector("html[data-ready]", timeout=30_000)
    yield opened
    context.close()
    assert opened.heard.complaints == []


def look(tab: Any, zoom: float, place: tuple[float, float] | None = None) -> None:
    """Show a place at a zoom, drawn to the end."""
    lat, lng = place or tab.evaluate("(({lat, lng}) => [lat, lng])(infraplan.app.home.getCenter())")
    tab.evaluate(VIEW, [lat, lng, zoom])
    tab.wait_for_selector("html[data-still]", timeout=30_000)


def shot(tab: Any) -> np.ndarray:
    """Return what the map shows, as numbers."""
    from PIL import Image

    picture = tab.locator(".leaflet-container").screenshot()
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


def random_layers() -> list[tuple[dict[str, Any], dict[str, Any], dict[str, str]]]:
    """Layers of all lengths, smooth, jagged and wild, with ids, names and empty texts."""
    rng = np.random.default_rng(7)
    made = []
    for n in range(24):
        sizes = rng.integers(0, 9, n * 5)
        total = int(sizes.sum())
        wild = rng.integers(-(2**31), 2**31, total)
        smooth = rng.integers(-3, 4, total).cumsum().cumsum() + 11_790_000
        ids = [f"{'HTH' if k % 3 else 'VTL'}-{k:04d}{'/b' if k % 5 else ''}" for k in range(n * 4)]
        names = [f"Thôn {k}" if k % 2 else "" for k in range(n)]
        arrays = {
            "sizes": sizes, "x": smooth, "y": wild, "z": wild[::-1],
            "codes": rng.integers(0, 4, total),
        }  # fmt: skip
        made.append(({"columns": [ids, names]}, arrays, {"x": "sizes", "y": "sizes"}))
    return made


def check_decoder(tab: Any) -> None:
    """Compare what the page reads with what was packed."""
    known = random_layers()
    found = tab.evaluate(UNPACK, [pack(h, a, chains=chains) for h, a, chains in known])
    for (header, arrays, _), told in zip(known, found, strict=True):
        assert told["columns"] == header["columns"]
        for name, values in arrays.items():
            assert told["arrays"][name] == np.asarray(values).tolist()


def test_the_page_reads_what_was_packed(tab: Any) -> None:
    check_decoder(tab)


def test_an_old_browser_reads_the_same(chromium: Any, tab: Any) -> None:
    context = chromium.new_context()
    context.add_init_script("delete window.DecompressionStream")
    old = context.new_page()
    old.goto(tab.heard.path.as_uri())
    old.wait_for_selector("html[data-ready]", timeout=30_000)
    assert old.evaluate("typeof DecompressionStream") == "undefined"
    check_decoder(old)
    context.close()


@pytest.mark.parametrize("strategy", [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_its_own_decoder_knows_every_kind_of_block(tab: Any, level: int, strategy: int) -> None:
    rng = np.random.default_rng(level)
    parts = [rng.integers(0, 256, 70_000), rng.geometric(0.02, 90_000) % 256, np.zeros(5_000)]
    content = np.concatenate(parts).astype(np.uint8).tobytes()
    packer = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
    packed = packer.compress(content) + packer.flush()
    assert tab.evaluate(INFLATE, [base64.b64encode(each).decode() for each in (packed, content)])


def test_a_bar_names_what_is_read_and_then_goes(tab: Any) -> None:
    told = " ".join(tab.evaluate("[...told]"))
    assert "Đang đọc: Cáp quang" in told
    assert "Đang đọc: Trạm" in told
    assert tab.locator(".ip-loading").count() == 0


def test_what_is_shown_is_drawn_before_all_is_read(tab: Any) -> None:
    painted, ready = (int(tab.get_attribute("html", f"data-{k}")) for k in ("painted", "ready"))
    assert 0 < painted <= ready


def test_the_picture_after_a_drag_is_that_of_a_fresh_drawing(tab: Any) -> None:
    for zoom in (10.25, 13.5):
        look(tab, zoom)
        tab.mouse.move(800, 400)
        tab.mouse.down()
        for n in range(25):
            tab.mouse.move(800 - 15 * n, 400 - 9 * n)
        tab.mouse.up()
        tab.evaluate(REST)
        tab.wait_for_selector("html[data-still]")
        moved = shot(tab)
        tab.evaluate(ANEW)
        tab.wait_for_selector("html[data-still]")
        assert (shot(tab) == moved).all()
        assert len(np.unique(moved.reshape(-1, 3), axis=0)) > 20


def test_only_tiles_in_the_view_are_laid_out(tab: Any) -> None:
    tab.evaluate(VIEW, [18.3, 106.0, 12])
    tab.wait_for_selector("html[data-still]")
    wait_until(tab, LAID + " >= 2")  # some of the rim is drawn ahead
    for way in ([330, 0], [0, -400], [-700, 250]):
        tab.evaluate("way => void infraplan.app.map.panBy(way, {animate: false})", way)
        tab.wait_for_selector("html[data-still]")
        assert tab.evaluate(MISLAID) == []


@pytest.mark.parametrize("zoom", [9.5, 11.75, 14])
def test_tiles_meet_without_a_seam(tab: Any, zoom: float) -> None:
    worst, many, ink = tab.evaluate(SEAMS, zoom)
    assert ink > 10_000
    # a cut mark would differ in hundreds of pixels; arcs differ by a shade wherever they lie
    assert many <= ink / 250, f"{many} values differ by up to {worst}"


def test_far_stations_stand_in_groups_that_count_them_all(tab: Any) -> None:
    told = tab.evaluate("""() => {
        const layer = infraplan.app.layers.find(l => l.name === 'stations');
        const found = infraplan.clusters(layer, 9.25);
        return [found.groups.map(g => [g.members.length, g.parts.reduce((a, b) => a + b)]),
            [...found.group].filter(g => g < 0).length, infraplan.clusters(layer, 11)];
    }""")
    groups, alone, near = told
    assert sum(count for count, _ in groups) + alone == STATIONS
    assert all(count == parts > 1 for count, parts in groups)
    assert near is None


def test_hidden_stations_leave_their_groups(tab: Any) -> None:
    told = tab.evaluate("""() => {
        const app = infraplan.app, layer = app.layers.find(l => l.name === 'stations');
        const groups = () => infraplan.clusters(layer, 9.25).groups;
        const count = () => groups().reduce((n, g) => n + g.parts[0], 0);
        const before = count();
        layer.hidden[0] = true;
        app.redraw();
        const hidden = count();
        layer.hidden[0] = false;
        app.redraw();
        return [before, hidden, count()];
    }""")
    assert told[0] > 0
    assert told[1] == 0
    assert told[2] == told[0]


def test_a_click_on_a_group_opens_it(tab: Any) -> None:
    look(tab, 9.5)
    x, y, lat, lng = tab.evaluate("""() => {
        const ip = infraplan, app = ip.app, layer = app.layers.find(l => l.name === 'stations');
        const sorted = ip.clusters(layer, 9.5).groups.slice();
        sorted.sort((a, b) => b.members.length - a.members.length);
        const at = ip.unproject(sorted[0].x * layer.step, sorted[0].y * layer.step);
        const p = app.map.latLngToContainerPoint(at);
        const box = app.map.getContainer().getBoundingClientRect();
        return [p.x + box.x, p.y + box.y, at.lat, at.lng];
    }""")
    tab.mouse.click(x, y)
    tab.wait_for_selector("html[data-still]")
    tab.evaluate("""() => new Promise(done => {
        const map = infraplan.app.map;
        if (map._animatingZoom) map.once('zoomend', done); else done();
    })""")
    assert tab.evaluate("infraplan.app.map.getZoom()") > 9.5
    assert tab.evaluate("([a, b]) => infraplan.app.map.getBounds().contains([a, b])", [lat, lng])


def test_sectors_point_where_their_antennas_do(tab: Any) -> None:
    place = tab.evaluate("""() => {
        const ip = infraplan, app = ip.app, layer = app.layers.find(l => l.name === 'stations');
        ['laid', 'discs'].forEach(name => app.show(app.layers.find(l => l.name === name), false));
        const first = layer.firstSector, f = [...layer.x.keys()].find(n => first[n + 1] > first[n]);
        const c = ip.centre(layer, f);
        return [c.lat, c.lng];
    }""")
    look(tab, 17, place)
    picture, box = shot(tab), tab.locator(".leaflet-container").bounding_box()
    ground = picture[5, -200]
    x, y = box["width"] / 2, box["height"] / 2

    def tinted(turn_deg: float) -> bool:
        """Tell whether something is drawn in a direction."""
        turn = np.radians(turn_deg)
        spot = picture[round(y - 17 * np.cos(turn)), round(x + 17 * np.sin(turn))]
        return bool((spot != ground).any())

    assert [tinted(turn) for turn in (30, 150, 270, 90, 210, 330)] == [True] * 3 + [False] * 3
    for name in ("laid", "discs"):
        tab.evaluate(
            "n => infraplan.app.show(infraplan.app.layers.find(l => l.name === n), true)", name
        )


def test_other_colours_of_a_layer_travel_without_its_lines(tab: Any) -> None:
    told = tab.evaluate("""() => {
        const [one, two] = ['laid', 'owner'].map(n => infraplan.app.layers.find(l => l.name === n));
        return [one.x === two.x, infraplan.text(two, two.heading, 3), two.fields,
            one.styles.map(s => s.label), two.styles.map(s => s.label), two.count];
    }""")
    assert told[0]
    assert told[1].startswith("A-")
    assert told[3:] == [["Treo", "Chôn"], ["VNPT", "FPT"], CABLES]


def test_the_mouse_finds_the_nearest_station(tab: Any) -> None:
    look(tab, 13)
    places = tab.evaluate("""() => {
        const b = infraplan.app.map.getBounds(), out = [];
        for (let i = 0; i < 40; i++) for (let j = 0; j < 40; j++) {
            out.push([b.getSouth() + (b.getNorth() - b.getSouth()) * i / 39,
                b.getWest() + (b.getEast() - b.getWest()) * j / 39]);
        }
        return out;
    }""")
    told = tab.evaluate(NEAREST, places)
    assert [best for best, _, least in told if least > 0] == [
        found for _, found, least in told if least > 0
    ]
    assert sum(best >= 0 for best, _, _ in told) > 5


def test_vertices_left_out_move_a_line_by_less_than_a_pixel(tab: Any) -> None:
    told = tab.evaluate("""() => {
        const ip = infraplan, layer = ip.app.layers.find(l => l.name === 'laid'), out = [];
        for (let f = 0; f < layer.count; f++) ip.weighed(layer, f);
        return ['x', 'y', 'weight', 'sizes'].map(name => Array.from(layer[name]))
            .concat([ip.weightOf(0.6 * ip.metres(11)), 0.6 * ip.metres(11)]);
    }""")
    xy, weight, sizes = np.column_stack(told[:2]), np.array(told[2]), told[3]
    ends = np.cumsum(sizes)
    worst, kept = 0.0, 0
    for start, end in zip(ends - sizes, ends, strict=True):
        line, chosen = xy[start:end], weight[start:end] >= told[4]
        thin = shapely.linestrings(line[chosen])
        worst = max(worst, float(shapely.distance(shapely.points(line), thin).max()))
        kept += int(chosen.sum())
    assert worst <= told[5]
    assert kept < 0.5 * len(xy)


def test_sides_of_a_swipe_lie_in_panes_of_their_own(tab: Any) -> None:
    look(tab, 12)
    pane = ".leaflet-ip-over-after-pane canvas"
    assert tab.locator(pane).count() == 0
    tab.evaluate(SHOW, ["new", True])
    look(tab, 10)
    assert tab.locator(pane).count() > 0
    tab.evaluate(SHOW, ["new", False])
    look(tab, 10)
    assert tab.locator(pane).count() == 0
