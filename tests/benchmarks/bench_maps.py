"""
The page of a province: time to build, size by part, time until a browser shows it.

The reference of the same run is a plain folium page with the same points and lines as GeoJSON; the
ratio is what may be compared between machines.

Run: pytest tests/benchmarks/bench_maps.py -o python_files='bench_*.py' -s
"""

import json
import re
import time
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.maps.layers import Category
from infraplan.maps.layers import Field
from infraplan.maps.layers import LineLayer
from infraplan.maps.layers import PointLayer
from infraplan.maps.layers import Style
from infraplan.maps.page import Facts
from infraplan.maps.page import MapPage
from infraplan.maps.page import build_page
from infraplan.maps.rasters import RasterClass
from infraplan.maps.rasters import RasterLayer

CRS = "EPSG:9209"
WEST, SOUTH, WIDTH, HEIGHT = 480_000.0, 1_980_000.0, 130_000.0, 100_000.0
POINTS, LINES, VERTICES, CELL_M = 3_250, 30_000, 20, 60.0
CHROMIUM = Path("/usr/bin/chromium")
TIMES = """async () => {
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const painted = performance.now();
    infraplan.app.redraw();
    infraplan.app.canvases[1]._context.getImageData(0, 0, 1, 1);
    return [painted, performance.now() - painted];
}"""


@pytest.fixture(scope="module")
def points() -> gpd.GeoDataFrame:
    rng = np.random.default_rng(1)
    xy = rng.uniform((WEST, SOUTH), (WEST + WIDTH, SOUTH + HEIGHT), (POINTS, 2))
    operators = rng.choice(["Viettel", "VNPT", "MobiFone"], POINTS)
    ids = pd.Index([f"HTI{n:05d}" for n in range(POINTS)], name="site_id")
    return gpd.GeoDataFrame(
        {"operator": operators}, geometry=shapely.points(xy), index=ids, crs=CRS
    )


@pytest.fixture(scope="module")
def lines() -> gpd.GeoDataFrame:
    """Thirty thousand cables of twenty vertices, 35 m apart, that wind about a direction."""
    rng = np.random.default_rng(2)
    start = rng.uniform((WEST, SOUTH), (WEST + WIDTH, SOUTH + HEIGHT), (LINES, 1, 2))
    turn = rng.uniform(0, 2 * np.pi, (LINES, 1)) + rng.normal(0, 0.3, (LINES, VERTICES)).cumsum(1)
    steps = 35 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    laid = rng.choice(["aerial", "buried", "duct"], LINES, p=[0.9, 0.06, 0.04])
    ids = pd.Index([f"C{n:06d}" for n in range(LINES)], name="cable_id")
    shapes = shapely.linestrings(start + steps.cumsum(axis=1))
    return gpd.GeoDataFrame({"installation": laid}, geometry=shapes, index=ids, crs=CRS)


@pytest.fixture(scope="module")
def pictures() -> list[RasterLayer]:
    from scipy import ndimage

    grid = grid_over((WEST, SOUTH, WEST + WIDTH, SOUTH + HEIGHT), crs=CRS, resolution_m=CELL_M)
    rng = np.random.default_rng(3)
    colors = ("#b2182b", "#f7a55b", "#dbeaf3", "#9cc6e0")
    made = []
    for n in range(3):
        rough = ndimage.gaussian_filter(rng.normal(0, 1, grid.shape), 12)
        signal = wrap((rough / rough.std()).astype("float32"), grid, name="signal")
        classes = [
            RasterClass(k - 9.0 * (k < -1), f"{k}", c)
            for k, c in zip((-2, -1, 0, 1), colors, strict=True)
        ]
        made.append(
            RasterLayer(
                name=f"r{n}", title=f"r{n}", data=signal, classes=classes, choice="r", shown=n == 0
            )
        )
    return made


def build(
    points: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, pictures: list[RasterLayer]
) -> MapPage:
    def classes(names: tuple[str, ...]) -> list[Category]:
        colors = ("#7b3294", "#008837", "#1b4f72")
        return [Category(n, n, Style(color=c)) for n, c in zip(names, colors, strict=True)]

    fibre = LineLayer(
        name="fibre", title="Cáp quang", data=lines, by="installation", heading="cable_id",
        categories=classes(("aerial", "buried", "duct")), fields=[Field("installation", "Lắp đặt")],
        precision_m=2.0,
    )  # fmt: skip
    sites = PointLayer(
        name="sites", title="Trạm BTS", data=points, by="operator", heading="site_id",
        categories=classes(("Viettel", "VNPT", "MobiFone")), search=("site_id",),
    )  # fmt: skip
    return build_page([*pictures, fibre, sites], Facts(title="Tỉnh"))


def build_plain(points: gpd.GeoDataFrame, lines: gpd.GeoDataFrame) -> str:
    page = folium.Map(location=(18.3, 105.9), zoom_start=9)
    for table in (lines, points):
        folium.GeoJson(json.loads(table.to_crs("EPSG:4326").to_json())).add_to(page)
    return page.get_root().render()


def timed(work: Any, *arguments: Any) -> tuple[Any, float]:
    begun = time.perf_counter()
    return work(*arguments), time.perf_counter() - begun


def told(what: str, **figures: float) -> None:
    """Print one line of figures, for the history of the benchmarks."""
    values = ", ".join(f"{name} {value:.3g}" for name, value in figures.items())
    print(f"\n{what}: {values}")


def test_the_page_of_a_province(
    points: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    pictures: list[RasterLayer],
    tmp_path: Path,
) -> None:
    page, build_s = timed(build, points, lines, pictures)
    plain, plain_s = timed(build_plain, points, lines)
    size_mb, plain_mb = (len(text.encode()) / 1e6 for text in (page.html, plain))
    told("page", build_s=build_s, size_mb=size_mb, time_ratio=build_s / plain_s)
    told("plain folium", build_s=plain_s, size_mb=plain_mb, size_ratio=size_mb / plain_mb)
    blocks = re.findall(r'class="infraplan-layer">(.*?)</script>', page.html)
    told("parts in MB", **{json.loads(block)["name"]: len(block) / 1e6 for block in blocks})
    assert size_mb < 0.2 * plain_mb
    look(page.save(tmp_path / "page.html"))


def look(path: Path) -> None:
    """Open the page without a network; tell when it is ready, painted and drawn again."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"needs {CHROMIUM}")
    requests: list[str] = []
    with sync_api.sync_playwright() as driver:
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=options)
        tab = browser.new_page(viewport={"width": 1440, "height": 860})
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(path.as_uri())
        tab.wait_for_selector("html[data-ready]", timeout=60_000)
        painted_ms, redraw_ms = tab.evaluate(TIMES)
        ready_ms = float(tab.get_attribute("html", "data-ready"))
        told("browser", ready_ms=ready_ms, painted_ms=painted_ms, redraw_ms=redraw_ms)
        browser.close()
    assert len(requests) == 1
