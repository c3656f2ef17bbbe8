"""
The pictures of the sample's map in the README: the whole area, a commune, a street.

Run: python tests/maps/sample_pictures.py [PAGE]
It opens PAGE, maps/sample.html where none is given, in headless Chromium, and writes
maps/sample-*.png.
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

MAPS = Path(__file__).parents[2] / "maps"
MOST_BYTES = 250_000
SIZE = {"width": 1280, "height": 800}
# the smallest commune is the town; the street is the longest
VIEWS = {
    "area": "(app) => app.fit(app.home)",
    "commune": """(app) => {
        const layer = app.layers.find(l => l.name === 'communes');
        const size = f => {
            const e = infraplan.extent(layer, f);
            return e.getSouthWest().distanceTo(e.getNorthEast());
        };
        const order = [...Array(layer.count).keys()].sort((a, b) => size(a) - size(b));
        app.map.fitBounds(infraplan.extent(layer, order[0]), { animate: false });
    }""",
    "street": """(app) => {
        const layer = app.layers.find(l => l.name === 'streets');
        const size = f => {
            const e = infraplan.extent(layer, f);
            return e.getSouthWest().distanceTo(e.getNorthEast());
        };
        const order = [...Array(layer.count).keys()].sort((a, b) => size(b) - size(a));
        app.map.setView(infraplan.centre(layer, order[0]), 16, { animate: false });
    }""",
}
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def take(page: Path) -> list[Path]:
    """Write the pictures and return where they lie."""
    written = []
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page(viewport=SIZE)
        tab.goto(page.resolve().as_uri())
        tab.wait_for_selector("html[data-ready]", timeout=60_000)
        for name, move in VIEWS.items():
            tab.evaluate(f"({move})(infraplan.app)")
            tab.evaluate(PAINTED)
            tab.wait_for_timeout(1_500)  # tiles of a slow machine
            path = MAPS / f"sample-{name}.png"
            path.write_bytes(small(tab.screenshot()))
            written.append(path)
        browser.close()
    return written


def small(png: bytes) -> bytes:
    """Return a picture with as many colours as its size allows, rare ones kept."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for colors in (0, 256, 128, 64):
        stream = io.BytesIO()
        shown = image
        if colors:
            shown = image.quantize(colors, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        shown.save(stream, "PNG", optimize=True)
        if stream.tell() <= MOST_BYTES:
            break
    return stream.getvalue()


if __name__ == "__main__":
    for picture in take(Path(sys.argv[1]) if sys.argv[1:] else MAPS / "sample.html"):
        sys.stdout.write(f"{picture.relative_to(MAPS.parent)} {picture.stat().st_size} bytes\n")
