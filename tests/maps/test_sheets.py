"""The map without a browser: the same colours, safe with any text, the same bytes each time."""

import io
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from PIL import Image

from infraplan import maps
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.maps import Category
from infraplan.maps import Facts
from infraplan.maps import LineLayer
from infraplan.maps import MapPage
from infraplan.maps import PointLayer
from infraplan.maps import PolygonLayer
from infraplan.maps import RasterClass
from infraplan.maps import RasterLayer
from infraplan.maps import Style
from infraplan.maps import build_page
from infraplan.maps.palette import BACKDROP
from infraplan.maps.palette import UNKNOWN
from infraplan.maps.still import View
from infraplan.maps.still import keys_of
from infraplan.maps.still import still
from infraplan.maps.still import view_of
from infraplan.radio.results import Coverage
from infraplan.text import words

CRS = "EPSG:9209"
WEST, SOUTH = 540_000.0, 2_026_000.0
VI = words("vi")


def square(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """Return a rectangle in km from the corner."""
    return shapely.box(
        WEST + 1000 * west, SOUTH + 1000 * south, WEST + 1000 * east, SOUTH + 1000 * north
    )


def place(east_km: float, north_km: float) -> shapely.Point:
    """Return a point in km from the corner."""
    return shapely.Point(WEST + 1000 * east_km, SOUTH + 1000 * north_km)


def frame_of(geometry: list[object], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=CRS)


@pytest.fixture(scope="module")
def drawn() -> list[object]:
    """A raster of two classes and an unknown strip, an area, a line, two stations and an edge."""
    grid = grid_over((WEST, SOUTH, WEST + 6000, SOUTH + 4500), crs=CRS, resolution_m=30.0)
    rows, columns = np.indices(grid.shape)
    level = np.where(columns < 60, -120.0, -80.0)
    level[rows < 20] = np.nan
    raster = wrap(level.astype("float32"), grid, name="signal")
    kinds = [Category("A", "A", Style(color="#d55e00", radius=8)),
             Category("B", "B", Style(color="#0072b2", radius=8, shape="square"))]  # fmt: skip
    return [
        RasterLayer(
            name="signal", title="Sóng", data=raster, opacity=1.0,
            classes=[RasterClass(-999, "kém", "#b2182b"), RasterClass(-110, "tốt", "#9cc6e0")],
        ),
        PolygonLayer(
            name="area", title="Vùng", data=frame_of([square(0.5, 0.5, 1.5, 1.5)]),
            style=Style(color="#4575b4", fill="#00ff00", width=0.5),
        ),
        LineLayer(
            name="line", title="Cáp", style=Style(color="#7b3294", width=6.0),
            data=frame_of([shapely.LineString([place(2.5, 0), place(2.5, 3)])]),
        ),
        PointLayer(
            name="sites", title="Trạm", by="operator", categories=kinds,
            data=frame_of(
                [place(4, 1), place(5, 2)],
                operator=["A", "B"],
            ),
        ),
        PolygonLayer(
            name="hidden", title="Tắt", data=frame_of([square(0, 0, 6, 4.5)]), shown=False,
            style=Style(fill="#000000"),
        ),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def view(drawn: list[object]) -> View:
    found = view_of(
        drawn, crs=CRS, frame="signal", width_mm=120.0, height_mm=90.0, dots_per_inch=150.0
    )
    assert found is not None
    return found


@pytest.fixture(scope="module")
def pixels(drawn: list[object], view: View) -> np.ndarray:
    return still(drawn, view, VI)


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
        layers, title="#eval(1) $x_1$ " + hostile[2], coverage=coverage, gaps=gaps,
        appraisals=[appraisal], proposal=proposal, cable_plan=cable_plan,
    )  # fmt: skip


@pytest.fixture(scope="module")
def pdf(page: MapPage) -> bytes:
    assert page.drawings is not None
    return page.drawings.pdf("A4")


def color_at(pixels: np.ndarray, view: View, east_km: float, north_km: float) -> str:
    """Return the colour of a place."""
    west, south, east, north = view.bounds
    high, wide = pixels.shape[:2]
    column = int((WEST + 1000 * east_km - west) / (east - west) * wide)
    row = int((north - SOUTH - 1000 * north_km) / (north - south) * high)
    return "#" + bytes(pixels[row, column].tolist()).hex()


@pytest.mark.parametrize(
    ("east_km", "north_km", "color"),
    [
        (1.2, 2.5, "#b2182b"),  # the raster, below -110 dBm
        (3.2, 2.5, "#9cc6e0"),  # above
        (1.0, 1.0, "#00ff00"),  # the area over it
        (2.5, 2.0, "#7b3294"),  # the line
        (4.0, 1.0, "#d55e00"),  # a station
        (5.0, 2.0, "#0072b2"),  # the other
        (-0.1, 2.5, BACKDROP),
    ],
)
def test_colours_on_paper_are_those_of_the_page(
    pixels: np.ndarray, view: View, east_km: float, north_km: float, color: str
) -> None:
    assert color_at(pixels, view, east_km, north_km) == color


def test_what_is_not_known_is_striped(pixels: np.ndarray, view: View) -> None:
    along = {color_at(pixels, view, 3.0 + 0.01 * n, 4.2) for n in range(60)}
    assert UNKNOWN in along
    assert len(along) >= 2
    assert "#9cc6e0" not in along


def test_the_scale_is_metric_and_true(view: View) -> None:
    west, south, east, north = view.bounds
    assert (east - west) / (view.width_mm / 1000.0) == pytest.approx(view.scale)
    assert (north - south) / (view.height_mm / 1000.0) == pytest.approx(view.scale)


def test_the_legend_counts_what_is_shown_and_nothing_else(drawn: list[object], view: View) -> None:
    told = {key.title: [sign[1:] for sign in key.signs] for key in keys_of(drawn, view, VI)}
    assert told["Trạm"] == [("A", 1), ("B", 1)]
    assert told["Sóng"] == [("kém", None), ("tốt", None), (VI("common.unknown"), None)]
    assert "Tắt" not in told


def test_names_do_not_cover_each_other(view: View) -> None:
    rows = [shapely.Point(WEST + 3000 + 3 * n, SOUTH + 2000) for n in range(40)]
    crowd = PointLayer(
        name="crowd", title="Đông", data=frame_of(rows, name=["Đường rất dài"] * 40), label="name",
        label_zoom=0.0, style=Style(color="#ffffff", radius=0.1),
    )  # fmt: skip
    ink = (still([crowd], view, VI) < 60).all(axis=2)
    west, _, east, _ = view.bounds
    middle = ink[:, int((WEST + 3000 - west) / (east - west) * ink.shape[1]) - 150 :][:, :300]
    lines = np.flatnonzero(np.diff(middle[60:-60].any(axis=1).astype(int)) == 1)
    assert 1 <= len(lines) <= 8  # one line a place beside, above, below; each may have accents


def test_equal_maps_give_equal_bytes(page: MapPage, pdf: bytes) -> None:
    again = maps.build_page(page.drawings.layers, page.drawings.facts, crs=CRS).drawings
    assert again.pdf("A4") == pdf
    assert again.preview() == page.drawings.preview()


def test_pages_have_the_size_of_their_paper(pdf: bytes) -> None:
    boxes = re.findall(rb"/MediaBox\s*\[([^\]]*)\]", pdf)
    assert 1 <= len(boxes) <= 3
    for box in boxes:  # A4 on its side, in points
        assert [float(side) for side in box.split()] == pytest.approx(
            [0, 0, 841.89, 595.28], abs=0.1
        )


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext")
def test_the_text_of_the_sheet_is_printed_letter_by_letter(pdf: bytes, hostile, tmp_path) -> None:
    path = tmp_path / "map.pdf"
    path.write_bytes(pdf)
    told = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True
    ).stdout.decode()
    pages = told.split("\f")[:-1]
    assert f"#eval(1) $x_1$ {hostile[2]}" in told
    assert all(VI("maps.warning_synthetic") in text for text in pages)
    assert "Có sóng" in told
    assert "https://example.org/?a=1&b=2" in told
    assert re.search(r"E 5\d\d\.\d{3}\s+N 2\.0\d\d\.\d{3}", told)
    assert re.search(r"\d+,\d{5}° B, 10\d,\d{5}° Đ", told)


def test_a_phone_gets_a_picture_of_its_size(page: MapPage) -> None:
    image = Image.open(io.BytesIO(page.drawings.png("1080x1350")))
    assert image.size == (1080, 1350)


def test_the_page_without_scripts_shows_the_map(page: MapPage) -> None:
    shown = page.with_picture()
    plain = re.search(r"<noscript>(.*?)</noscript>", shown.html, flags=re.DOTALL).group(1)
    assert plain.count('<img src="data:image/webp;base64,') == 1
    assert 0 < len(shown.html) - len(page.html) <= 250_000
    assert "{{7*7}}" in re.search(r'alt="([^"]*)"', plain).group(1)
    assert "<td>98,1" in plain
    assert shown.html == page.with_picture().html
    assert page.html.startswith(shown.html[: shown.html.index("<noscript>")])


@pytest.mark.browser
@pytest.mark.slow
def test_a_phone_without_scripts_sees_the_map_first(
    opened: Callable[..., Any], page: MapPage
) -> None:
    tab = opened(page.with_picture(), java_script_enabled=False)
    tab.set_viewport_size({"width": 390, "height": 844})
    picture = tab.locator(".ip-plain img")
    assert picture.bounding_box()["y"] < 500
    assert 300 < picture.bounding_box()["width"] <= 390
    assert picture.evaluate("image => image.naturalWidth") > 1000
    assert tab.locator(".folium-map").is_hidden()
    assert tab.heard.complaints == []


def test_the_suffix_decides_what_is_saved(page: MapPage, pdf: bytes, tmp_path: Path) -> None:
    assert page.save(tmp_path / "map.html").read_text(encoding="utf-8") == page.html
    assert page.save(tmp_path / "map.pdf").read_bytes() == pdf
    with pytest.raises(SettingsError, match=r"found 'map\.docx' on 'A4'"):
        page.save(tmp_path / "map.docx")
    with pytest.raises(SettingsError, match="1080x1350"):
        page.save(tmp_path / "map.pdf", paper="1080x1350")


def test_a_map_of_nothing_says_so() -> None:
    empty = build_page([], Facts(title="Trống")).drawings
    assert empty.preview() == b""
    assert empty.pdf("A4").startswith(b"%PDF")
    assert empty.png("1080x1350").startswith(b"\x89PNG")
