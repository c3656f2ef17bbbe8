"""
Coverage classes in the page: bytes, time to code, time for a browser to decode.

The references of the same run are WebP without loss and a PNG with a palette. In CI a made-up field
of a tenth of a province; with INFRAPLAN_BENCH=province and INFRAPLAN_BENCH_PLAN=folder of a plan
that keeps coverage of 2G, 3G and 4G of any operator, those.

Run: pytest tests/benchmarks/bench_map_rasters.py -o python_files='bench_*.py' -s
"""

import io
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.maps.classes import decode_classes
from infraplan.maps.classes import encode_classes
from infraplan.maps.page import Facts
from infraplan.maps.page import build_page
from infraplan.maps.rasters import RasterClass
from infraplan.maps.rasters import RasterLayer

CHROMIUM = Path("/usr/bin/chromium")
COLORS = ("#b2182b", "#f7a55b", "#dbeaf3", "#9cc6e0")
DECODE = """async () => {
    const app = infraplan.app, told = {};
    for (const layer of app.layers.filter(layer => layer.kind === 'raster')) {
        app.layers.forEach(other => { other.fields_ = other.decoding = null; });
        const other = app.layers.find(other => other.name === layer.grid.reference);
        if (other) await infraplan.rasterFields(app, other);
        const begun = performance.now();
        await infraplan.rasterFields(app, layer);
        told[layer.name] = performance.now() - begun;
    }
    return told;
}"""


def made_up() -> list[RasterLayer]:
    """Return three like fields with ragged rims inside an ellipse."""
    grid = grid_over((540_000, 2_010_000, 588_000, 2_040_000), crs="EPSG:9209", resolution_m=30.0)
    rng = np.random.default_rng(3)
    row, column = (
        n / size - 0.5 for n, size in zip(np.indices(grid.shape), grid.shape, strict=True)
    )
    within = wrap(row**2 + column**2 < 0.24, grid, name="within")
    soft = ndimage.gaussian_filter(rng.normal(size=grid.shape), 25.0)
    fine = ndimage.gaussian_filter(rng.normal(size=grid.shape), 3.0)
    signal = soft / soft.std() + 0.12 * fine / fine.std()
    classes = [
        RasterClass(low, color, color)
        for low, color in zip((-9, -1, -0.7, -0.3), COLORS, strict=True)
    ]
    layers: list[RasterLayer] = []
    for n, name in enumerate(("4G", "3G", "2G")):
        data = wrap((signal + 0.2 * n).astype("float32"), grid, name="signal")
        layers.append(
            RasterLayer(
                name=name,
                title=name,
                data=data,
                classes=classes,
                within=within,
                shown=n == 0,
                reference=layers[0] if layers else None,
                choice="coverage",
                picks=(name, "any"),
            )
        )
    return layers


def of_the_province() -> list[RasterLayer]:
    """Return the layers of any operator of the plan that the environment names."""
    import infraplan as ip
    from infraplan.api.publish import stored_results
    from infraplan.maps.findings import coverage_layers
    from infraplan.text import words

    plan = ip.open_plan(os.environ["INFRAPLAN_BENCH_PLAN"])
    layers = plan.layers(rasters=("terrain",))
    drawn = coverage_layers(stored_results(plan, layers)["coverage"], words("vi"), layers=layers)
    return [layer for layer in reversed(drawn) if layer.name.endswith("_any")]


def pictures(codes: np.ndarray) -> tuple[float, float]:
    """Return the size of the codes as WebP without loss and as PNG with a palette [MB]."""
    image = Image.fromarray(codes)
    image.putpalette([value for code in range(8) for value in (32 * code,) * 3])
    sizes = []
    for kind, options in (("WEBP", {"lossless": True}), ("PNG", {"optimize": True})):
        stream = io.BytesIO()
        (image.convert("RGB") if kind == "WEBP" else image).save(stream, kind, **options)
        sizes.append(len(stream.getvalue()) / 1e6)
    return sizes[0], sizes[1]


def decoded_in_browser(path: Path) -> dict[str, float]:
    """Return how long Chromium takes for each raster, its reference being there [ms]."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"needs {CHROMIUM}")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1440, "height": 860})
        tab.goto(path.as_uri())
        tab.wait_for_selector("html[data-ready]", timeout=120_000, state="attached")
        found: dict[str, float] = tab.evaluate(DECODE)
        browser.close()
    return found


def test_classes_of_three_technologies(tmp_path: Path) -> None:
    is_province = os.environ.get("INFRAPLAN_BENCH") == "province"
    layers = of_the_province() if is_province else made_up()
    warm = np.zeros((20, 20), np.uint8)
    decode_classes(encode_classes(warm, 6), warm.shape, 6)
    total: dict[str, float] = dict.fromkeys(("coded", "webp", "png"), 0.0)
    known: dict[str, Any] = {layer.name: layer.codes() for layer in layers}
    for layer in layers:
        other = None if layer.reference is None else known[layer.reference.name]
        begun = time.perf_counter()
        content = encode_classes(known[layer.name], 6, reference=other)
        encode_s = time.perf_counter() - begun
        again = decode_classes(content, known[layer.name].shape, 6, reference=other)
        assert np.array_equal(again, known[layer.name])
        webp, png = pictures(known[layer.name])
        for name, size in zip(total, (len(content) / 1e6, webp, png), strict=True):
            total[name] += size
        print(
            f"\n{layer.name}: {len(content) / 1e6:.3f} MB in {encode_s:.2f} s; WebP {webp:.3f}, PNG {png:.3f}"
        )
    print("all, MB:", {name: round(size, 3) for name, size in total.items()})
    assert total["coded"] < 0.7 * total["webp"] < total["png"]
    page = build_page(layers, Facts(title="Vùng phủ"))
    print("decoded, ms:", decoded_in_browser(page.save(tmp_path / "page.html")))
