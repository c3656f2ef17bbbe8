"""The map at three zooms against pictures that somebody has looked at."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from infraplan import maps
from infraplan.layers.bundle import Layers
from infraplan.radio.results import Coverage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GOLDEN = Path(__file__).parent / "golden"
ZOOMS = {"area": 12.0, "commune": 13.5, "street": 15.5}
CENTRE = "[18.338, 105.906]"
MEAN_DIFFERENCE = 4.0  # of 255: letters are drawn a little otherwise from machine to machine
WIDE = (640, 400)


@pytest.fixture(scope="module")
def pictures(
    chromium: Any,
    tmp_path_factory: pytest.TempPathFactory,
    layers: Layers,
    coverage: Coverage,
    gaps: SimpleNamespace,
) -> dict[str, Image.Image]:
    path = maps.plan_page(layers, title="Thử", coverage=coverage, gaps=gaps).save(
        tmp_path_factory.mktemp("pictures") / "map.html"
    )
    tab = chromium.new_page(viewport={"width": 1200, "height": 760})
    tab.goto(path.as_uri())
    tab.wait_for_selector("html[data-ready]", timeout=60_000)
    found = {}
    for name, zoom in ZOOMS.items():
        tab.evaluate(f"void infraplan.app.map.setView({CENTRE}, {zoom}, {{animate: false}})")
        tab.wait_for_selector("html[data-still]", timeout=60_000)
        shot = tab.locator(".leaflet-container").screenshot()
        found[name] = Image.open(io.BytesIO(shot)).convert("RGB").resize(WIDE)
    tab.close()
    return found


@pytest.mark.parametrize("name", ZOOMS)
def test_the_map_looks_as_it_did(
    pictures: dict[str, Image.Image], name: str, request: pytest.FixtureRequest
) -> None:
    path = GOLDEN / f"map-{name}.png"
    if request.config.getoption("--regen"):
        GOLDEN.mkdir(exist_ok=True)
        pictures[name].quantize(128).save(path, optimize=True)
    kept = np.asarray(Image.open(path).convert("RGB"), dtype=float)
    now = np.asarray(pictures[name], dtype=float)
    assert np.abs(kept - now).mean() < MEAN_DIFFERENCE


def test_another_view_is_a_difference(pictures: dict[str, Image.Image]) -> None:
    area, street = (np.asarray(pictures[name], dtype=float) for name in ("area", "street"))
    assert np.abs(area - street).mean() > MEAN_DIFFERENCE
