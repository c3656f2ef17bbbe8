"""
The page of a whole province: size by part, time to build and to show, panning, memory.

The reference of the same run is a plain folium page of the same stations, cables, areas and
coverage with the same facts under the pointer, each station and sector added in a loop as such
scripts do, with Leaflet inside it, for without a network a plain page shows nothing; ratios are
what may be compared between machines. The area is a tenth of the province, and the province itself
with INFRAPLAN_BENCH=province. The cables are shown, although a page opens without them.

Run: pytest tests/benchmarks/bench_maps.py -o python_files='bench_*.py' -s
"""

import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.colors import to_rgba

from infraplan.layers.bundle import Layers
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.layers.terrain import terrain_from
from infraplan.maps.context import base_layers
from infraplan.maps.context import hamlets_plain
from infraplan.maps.context import present_layers
from infraplan.maps.page import Facts
from infraplan.maps.page import MapPage
from infraplan.maps.page import build_page
from infraplan.maps.rasters import RasterClass
from infraplan.maps.rasters import RasterLayer
from infraplan.text import words

CRS = "EPSG:9209"
WHOLE = os.environ.get("INFRAPLAN_BENCH") == "province"
SHARE = 1.0 if WHOLE else 0.1
WEST, SOUTH = 480_000.0, 1_980_000.0
WIDTH, HEIGHT = 130_000.0 * SHARE**0.5, 100_000.0 * SHARE**0.5
STATIONS, LINES, VERTICES = round(3_250 * SHARE), round(30_000 * SHARE), 20
HAMLETS, COMMUNES, ROADS = (round(count * SHARE) for count in (2_000, 69, 9_000))
CELL_M, COARSE_M = 30.0, 90.0  # of any operator, of each operator
OPERATORS = {"Viettel": "VTL", "VNPT": "VNP", "MobiFone": "MBF", "Vietnamobile": "VNM"}
COLORS = ("#b2182b", "#f7a55b", "#dbeaf3", "#9cc6e0")
LARGEST_MB = 450.0  # of the browser's process that holds the page
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
WATCH = """() => {
    window.gaps = [];
    let last = performance.now();
    const next = () => {
        const now = performance.now();
        window.gaps.push(now - last);
        last = now;
        window.watching = requestAnimationFrame(next);
    };
    window.watching = requestAnimationFrame(next);
}"""
ANEW = """() => {
    const map = infraplan.app.map, centre = map.getCenter(), zoom = map.getZoom();
    map.setView([0, 0], 4, {animate: false});
    map.setView(centre, zoom, {animate: false});
}"""


def places(rng: np.random.Generator, count: int) -> np.ndarray:
    """Places that crowd about some towns, as everything in a province does."""
    towns = rng.uniform(
        (WEST, SOUTH), (WEST + WIDTH, SOUTH + HEIGHT), (max(4, round(40 * SHARE)), 2)
    )
    near = towns[rng.integers(len(towns), size=count)] + rng.normal(0, 4_000, (count, 2))
    anywhere = rng.uniform((WEST, SOUTH), (WEST + WIDTH, SOUTH + HEIGHT), (count, 2))
    xy = np.where(rng.random((count, 1)) < 0.5, near, anywhere)
    return np.clip(xy, (WEST, SOUTH), (WEST + WIDTH, SOUTH + HEIGHT))


def winding(rng: np.random.Generator, count: int, vertices: int, step_m: float) -> np.ndarray:
    """Lines that wind about a direction."""
    turn = rng.uniform(0, 2 * np.pi, (count, 1)) + rng.normal(0, 0.3, (count, vertices)).cumsum(1)
    steps = step_m * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    shapes: np.ndarray = shapely.linestrings(places(rng, count)[:, None] + steps.cumsum(axis=1))
    return shapes


def frame(key: str, ids: Any, geometry: Any, **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=geometry, index=pd.Index(ids, name=key), crs=CRS)


def numbered(operators: np.ndarray, mark: str, digits: int) -> list[str]:
    """Ids that count the things of each operator."""
    numbers = pd.Series(operators).groupby(operators).cumcount() + 1
    return [
        f"{mark}-{OPERATORS[o]}-{n:0{digits}d}" for o, n in zip(operators, numbers, strict=True)
    ]


def communes_of(rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Areas that share their winding edges."""
    area = shapely.box(WEST, SOUTH, WEST + WIDTH, SOUTH + HEIGHT)
    seeds = shapely.multipoints(
        rng.uniform((WEST, SOUTH), (WEST + WIDTH, SOUTH + HEIGHT), (COMMUNES, 2))
    )
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=area))
    fine = shapely.segmentize(shapely.intersection(cells, area), 150.0)
    wound = shapely.transform(
        fine, lambda xy: xy + 90 * np.sin(xy[:, ::-1] / 310) + 220 * np.sin(xy[:, ::-1] / 1900)
    )
    ids = [f"{30000 + n}" for n in range(COMMUNES)]
    return frame("code", ids, wound, name=[f"Xã số {n}" for n in range(COMMUNES)], people=9_000)


def hamlets_of(rng: np.random.Generator) -> gpd.GeoDataFrame:
    turn = np.linspace(0, 2 * np.pi, 43, endpoint=False)
    reach = 420 * (1 + 0.25 * rng.normal(0, 1, (HAMLETS, 43)).cumsum(1) / 6.5)
    ring = np.clip(reach, 120, 900)[..., None] * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    shapes = shapely.polygons(places(rng, HAMLETS)[:, None] + ring)
    names = [f"Thôn {n}" for n in range(HAMLETS)]
    ids = [f"{30000 + n % COMMUNES}-{n:02d}" for n in range(HAMLETS)]
    people = rng.integers(150, 1_400, HAMLETS)
    return frame("hamlet_id", ids, shapes, name=names, people=people, commune_code="30000")


@pytest.fixture(scope="module")
def province() -> Layers:
    from scipy import ndimage

    rng = np.random.default_rng(1)
    sites = rng.choice(list(OPERATORS), STATIONS, p=[0.4, 0.25, 0.22, 0.13])
    site_ids = numbered(sites, "HTH", 4)
    fibre = rng.choice(list(OPERATORS), LINES, p=[0.4, 0.3, 0.2, 0.1])
    laid = rng.choice(["aerial", "buried", "duct"], LINES, p=[0.9, 0.06, 0.04])
    roads = rng.choice(["national", "provincial", "district", "commune", "track"], ROADS,
                       p=[0.02, 0.04, 0.09, 0.25, 0.6])  # fmt: skip
    first = rng.integers(0, 360, STATIONS)
    tables = {
        "communes": communes_of(rng),
        "sites": frame(
            "site_id", site_ids, shapely.points(places(rng, STATIONS)), operator=sites,
            name=[f"Trạm {n:04d}" for n in range(STATIONS)], technologies="2G;3G;4G",
            status="operating", height_m=rng.choice([24.0, 30.0, 36.0, 42.0, 45.0], STATIONS),
            mast_class="A2a", structure="rooftop", owner=sites, power_backup_h=4.0,
            mast_id=[f"M{name[3:]}" for name in site_ids],
        ),
        "fibre": frame(
            "cable_id", numbered(fibre, "F", 5), winding(rng, LINES, VERTICES, 36.8),
            operator=fibre, installation=laid, cores=rng.choice([12, 24, 48, 96], LINES),
            level=rng.choice(["backbone", "access"], LINES, p=[0.1, 0.9]),
        ),
        "hamlets": hamlets_of(rng),
        "roads": frame(
            "road_id", [f"R{n}" for n in range(ROADS)], winding(rng, ROADS, 16, 60.0), name=None,
            **{"class": roads},
        ),
        "waterways": frame(
            "waterway_id", [f"W{n}" for n in range(round(400 * SHARE))],
            winding(rng, round(400 * SHARE), 60, 80.0), name="Sông",
        ),
    }  # fmt: skip
    tables["cells"] = pd.DataFrame(
        {
            "site_id": np.repeat(site_ids, 3),
            "azimuth_deg": (first[:, None] + [0, 120, 240]).ravel(),
        },
        index=pd.Index([f"{name}-{n}" for name in site_ids for n in (1, 2, 3)], name="cell_id"),
    )
    grid = grid_over((WEST, SOUTH, WEST + WIDTH, SOUTH + HEIGHT), crs=CRS, resolution_m=CELL_M)
    rough = ndimage.gaussian_filter(rng.normal(0, 1, grid.shape), 20)
    ground = wrap((400 * np.abs(rough / rough.std())).astype("float32"), grid, name="terrain")
    return Layers(name="Tỉnh", crs=CRS, tables=tables, terrain=terrain_from(ground))


@pytest.fixture(scope="module")
def pictures() -> list[RasterLayer]:
    """Classes of three technologies for any operator, then of four operators on larger cells."""
    made = []
    for n, technology in enumerate(("4G", "3G", "2G")):
        made.append(coverage_of(technology, "any", CELL_M, seed=n, shown=n == 0))
    for m, operator in enumerate(OPERATORS):
        for n, technology in enumerate(("4G", "3G", "2G")):
            made.append(coverage_of(technology, operator, COARSE_M, seed=3 + 3 * m + n))
    return made[::-1]


def coverage_of(
    technology: str, operator: str, cell_m: float, *, seed: int, shown: bool = False
) -> RasterLayer:
    """Return made-up classes whose patches are some hundred metres wide."""
    from scipy import ndimage

    grid = grid_over((WEST, SOUTH, WEST + WIDTH, SOUTH + HEIGHT), crs=CRS, resolution_m=cell_m)
    noise = np.random.default_rng(seed).normal(0, 1, grid.shape).astype("float32")
    rough = ndimage.gaussian_filter(noise, 720.0 / cell_m)
    signal = wrap((rough / rough.std()).astype("float32"), grid, name="signal")
    classes = [
        RasterClass(lowest, label, color)
        for lowest, label, color in zip((-9.0, -1.0, 0.0, 1.0), "0123", COLORS, strict=True)
    ]
    name = f"coverage_{technology}_{operator}"
    return RasterLayer(
        name=name, title=name, data=signal, classes=classes, choice="coverage", shown=shown,
        picks=(technology, operator),
    )  # fmt: skip


def build(province: Layers, pictures: list[RasterLayer]) -> MapPage:
    say = words("vi")
    found = [*base_layers(province, say), *pictures, hamlets_plain(province, say)]
    found += present_layers(province, say)
    shown = ("fibre", "hamlets_plain")
    drawn = [replace(layer, shown=True) if layer.name in shown else layer for layer in found]
    return build_page(drawn, Facts(title="Tỉnh", frame="communes"), crs=CRS)


def build_plain(province: Layers, pictures: list[RasterLayer]) -> str:
    """Build what a plain folium script makes of the same data, and put Leaflet into it."""
    page = folium.Map(location=(18.3, 105.9), zoom_start=9, tiles=None)
    for picture in pictures:
        codes = picture.codes()
        colors = [(0, 0, 0, 0), *(to_rgba(color, 0.6) for color in COLORS), (0.5, 0.5, 0.5, 0.6)]
        west, south, east, north = area().to_crs("EPSG:4326").total_bounds
        folium.raster_layers.ImageOverlay(
            np.array(colors)[codes], [[south, west], [north, east]], show=picture.shown
        ).add_to(page)
    for name in ("communes", "hamlets", "roads", "fibre"):
        told_by(province.table(name), color=COLORS[3]).add_to(page)
    add_stations(page, province)
    text: str = page.get_root().render()
    text = re.sub(r'<script src="[^"]*"></script>|<link rel="stylesheet"[^>]*>', "", text)
    folder = files("xstatic.pkg.leaflet") / "data"
    style, script = ((folder / f"leaflet.{kind}").read_text("utf-8") for kind in ("css", "js"))
    return text.replace(
        "<head>", f"<head><style>{style}</style><script>{script}</script>", 1
    ).replace("</html>", "<script>window.ready = performance.now()</script></html>")


def area() -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.box(WEST, SOUTH, WEST + WIDTH, SOUTH + HEIGHT)], crs=CRS)


def add_stations(page: folium.Map, province: Layers) -> None:
    """Add each station and each of its sectors, as a loop over a table does."""
    sites = province.table("sites").to_crs("EPSG:4326")
    turned = province.table("cells").groupby("site_id")["azimuth_deg"].agg(list)
    for site_id, row in sites.iterrows():
        at, tooltip = (row.geometry.y, row.geometry.x), f"{site_id}, {row['operator']}"
        for azimuth_deg in turned.get(site_id, []):
            angles = np.radians(azimuth_deg + np.array([-30.0, 0.0, 30.0]))
            rim = np.column_stack([at[0] + 0.002 * np.cos(angles), at[1] + 0.002 * np.sin(angles)])
            folium.Polygon([at, *rim.tolist()], weight=1, fill=True).add_to(page)
        folium.CircleMarker(at, radius=4, tooltip=tooltip).add_to(page)


def told_by(table: gpd.GeoDataFrame, *, color: str = "", **options: Any) -> Any:
    """Return a layer of plain folium that tells every column under the pointer."""
    flat = table.reset_index()
    kept = [name for name in flat.columns if name != "geometry" and flat[name].notna().any()]
    data = json.loads(flat[[*kept, "geometry"]].to_crs("EPSG:4326").to_json())
    style = {"style_function": lambda _: {"color": color, "weight": 1}} if color else {}
    return folium.GeoJson(data, tooltip=folium.GeoJsonTooltip(kept), **style, **options)


def timed(work: Any, *arguments: Any) -> tuple[Any, float, float]:
    """Return a result, the seconds and the seconds of the processor that it took."""
    begun, busy = time.perf_counter(), time.process_time()
    return work(*arguments), time.perf_counter() - begun, time.process_time() - busy


def told(what: str, **figures: float) -> None:
    """Print one line of figures, for the history of the benchmarks."""
    values = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
    print(f"\n{what}: {values}; load {os.getloadavg()[0]:.1f}")


@pytest.fixture(scope="module")
def pages(
    province: Layers, pictures: list[RasterLayer], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Our page and the plain one, as files."""
    folder = tmp_path_factory.mktemp("maps")
    page, build_s, busy_s = timed(build, province, pictures)
    plain, plain_s, _ = timed(build_plain, province, pictures)
    size_mb, plain_mb = (len(text.encode()) / 1e6 for text in (page.html, plain))
    told(
        "page", build_s=build_s, busy_s=busy_s, size_mb=size_mb, plain_s=plain_s, plain_mb=plain_mb
    )
    blocks = [
        (json.loads(block), len(block) / 1e6)
        for block in re.findall(r'class="infraplan-layer">(.*?)</script>', page.html)
    ]
    told("parts in MB", **{block["name"]: size for block, size in blocks})
    vectors_mb = sum(
        size for block, size in blocks if block["kind"] in {"point", "line", "polygon"}
    )
    rasters_mb = sum(size for block, size in blocks if block["kind"] == "raster")
    told("together", vectors_mb=vectors_mb, rasters_mb=rasters_mb)
    assert size_mb < 8.0
    assert vectors_mb < 2.5 * SHARE + 0.1
    assert size_mb < (0.3 * plain_mb if WHOLE else plain_mb)
    (folder / "plain.html").write_text(plain, encoding="utf-8")
    return page.save(folder / "page.html"), folder / "plain.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"needs {CHROMIUM}")
    with sync_api.sync_playwright() as driver:
        yield lambda: driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)


def memory_mb() -> float:
    """Return the memory of the largest renderer of this machine that we may see."""
    largest = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            line = (status.parent / "cmdline").read_bytes()
            if b"--type=renderer" in line:
                found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
                largest = max(largest, int(found[1]) if found else 0)
        except OSError:
            continue
    return largest / 1e3


def drag(tab: Any) -> None:
    """Drag the map to and fro with the mouse, as one who looks about."""
    tab.mouse.move(760, 450)
    tab.mouse.down()
    for n in range(120):
        way = n % 60 if n % 60 < 30 else 60 - n % 60
        tab.mouse.move(760 - 14 * way, 450 + (8 if n < 60 else -8) * way)
    tab.mouse.up()


def frames(tab: Any) -> dict[str, float]:
    """Return what the frames were while the map was dragged [ms]."""
    tab.evaluate(WATCH)
    drag(tab)
    gaps = np.array(
        tab.evaluate("() => { cancelAnimationFrame(window.watching); return gaps; }")[2:]
    )
    return {
        "median_fps": 1e3 / float(np.median(gaps)), "p95_ms": float(np.percentile(gaps, 95)),
        "worst_ms": float(gaps.max()), "frames": gaps.size,
    }  # fmt: skip


def test_the_page_of_a_province(pages: tuple[Path, Path], browser: Any) -> None:
    ours, plain = pages
    ready = {}
    for name, path in (("plain folium", plain), ("page", ours)):
        opened = browser()
        tab = opened.new_page(viewport={"width": 1440, "height": 860})
        begun = time.perf_counter()
        tab.goto(path.as_uri(), timeout=300_000)
        if name == "page":
            tab.wait_for_selector("html[data-ready]", timeout=120_000)
            stamps = {
                k: float(tab.get_attribute("html", f"data-{k}")) for k in ("painted", "ready")
            }
        else:
            stamps = {"ready": float(tab.evaluate("window.ready"))}
        tab.evaluate(
            "() => new Promise(d => requestAnimationFrame(() => requestAnimationFrame(d)))"
        )
        shown_s = time.perf_counter() - begun
        told(name, shown_s=shown_s, memory_mb=memory_mb(), **stamps)
        ready[name] = shown_s
        if name == "page":
            look(tab)
        opened.close()
    ratio = ready["plain folium"] / ready["page"]
    told("shown", ratio=ratio)
    assert ratio > (3.5 if WHOLE else 0.1)  # a tenth is shown at once by either


def look(tab: Any) -> None:
    """Drag at three zooms; what is seen soon after is what a fresh drawing shows."""
    for zoom in (None, 11, 13.5):
        if zoom is not None:
            # without `void` the map itself would be sent here, with all arrays of the page as text
            tab.evaluate(f"void infraplan.app.map.setZoom({zoom}, {{animate: false}})")
        tab.wait_for_selector("html[data-still]", timeout=60_000)
        told(f"drag at {zoom or 'home'}", **frames(tab))
        begun = time.perf_counter()
        tab.wait_for_selector("html[data-still]", timeout=60_000)
        after_ms = 1e3 * (time.perf_counter() - begun)
        held_mb = memory_mb()
        told("picture after the drag", complete_ms=after_ms, memory_mb=held_mb)
        assert held_mb < LARGEST_MB
        tab.wait_for_timeout(500)  # on a busy machine the browser paints later than the page draws
        moved = tab.locator(".leaflet-container").screenshot()
        tab.evaluate(ANEW)
        tab.wait_for_selector("html[data-still]", timeout=60_000)
        tab.wait_for_timeout(500)
        is_same = tab.locator(".leaflet-container").screenshot() == moved
        assert is_same  # by itself: pytest would look for hours where two pictures differ
