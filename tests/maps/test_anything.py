"""A map of anything, called as GeoDataFrame.explore is."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from infraplan import maps
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.maps import MapPage
from infraplan.maps import page as page_module
from infraplan.maps.packing import unpack
from infraplan.radio.results import Coverage
from tests.maps.blocks import layers_of


def drawn(page: MapPage) -> dict[str, dict[str, Any]]:
    return layers_of(page.html)


def legend(page: MapPage, name: str) -> dict[str, int]:
    return {style["label"]: style["count"] for style in drawn(page)[name]["styles"]}


@pytest.fixture
def table() -> gpd.GeoDataFrame:
    """Eleven points of an amount and a word, one without the amount."""
    places = shapely.points(np.column_stack([np.linspace(105, 106, 11), np.full(11, 18.3)]))
    amount = [*range(10), np.nan]
    word = ["b", "a", None, *["đ"] * 8]
    return gpd.GeoDataFrame({"amount": amount, "word": word}, geometry=places, crs="EPSG:4326")


def test_amounts_are_classed_by_quantiles(table: gpd.GeoDataFrame) -> None:
    told = legend(maps.explore(table, "amount", k=2), "points")
    assert told == {"0,0 đến 4,5": 5, "4,5 đến 9,0": 5, "chưa đủ dữ liệu": 1}


def test_amounts_are_classed_by_equal_steps(table: gpd.GeoDataFrame) -> None:
    page = maps.explore(table, "amount", scheme="equal_interval", k=2, vmin=0, vmax=4)
    assert legend(page, "points")["0 đến 2"] == 2


def test_amounts_of_which_most_are_equal_keep_their_classes(table: gpd.GeoDataFrame) -> None:
    table["amount"] = [1.0] * 9 + [0.5, 0.2]
    assert len(legend(maps.explore(table, "amount", k=2), "points")) == 2


def test_words_are_told_in_vietnamese_order(table: gpd.GeoDataFrame) -> None:
    assert list(legend(maps.explore(table, "word"), "points"))[:3] == ["a", "b", "đ"]


def test_each_kind_of_geometry_becomes_a_layer() -> None:
    line = shapely.LineString([(105, 18), (105.1, 18)])
    mixed = gpd.GeoSeries([shapely.Point(105, 18), line, line.buffer(0.01)], crs="EPSG:4326")
    assert list(drawn(maps.explore(mixed))) == ["polygons", "lines", "points"]


def test_a_page_is_added_to(table: gpd.GeoDataFrame, layers: Layers) -> None:
    first = maps.explore(layers.table("communes"), color="teal", name="Xã")
    second = maps.explore(table, m=first, name="Điểm")
    assert list(drawn(second)) == ["polygons", "points"]
    assert list(drawn(maps.explore(table, m=second))) == ["polygons", "points", "points-2"]
    assert second.facts.title == "Xã"


def test_what_comes_from_a_plan_says_whose_it_is_and_that_it_is_made_up(
    table: gpd.GeoDataFrame, layers: Layers, gaps: SimpleNamespace
) -> None:
    made = type("Gaps", (SimpleNamespace,), {})(**vars(gaps))
    for page in (maps.explore(table, layers=layers), maps.explore(made, "people")):
        assert "GIẢ LẬP" in page.facts.warning
        assert any("example.org" in line for line in page.facts.sources)
        assert page.file_name("x") == "NOI-BO_x.html"


def test_layers_of_one_name_keep_what_is_theirs(coverage: Coverage, layers: Layers) -> None:
    page = maps.explore(maps.explore(coverage), m=maps.explore(coverage, layers=layers))
    rasters = [layer for layer in page.layers if layer.name.endswith("any-2")]
    assert rasters
    assert all(layer.reference is None and layer.picks is None for layer in rasters)
    again = maps.explore(layers, m=maps.explore(layers))
    doubled = next(layer for layer in again.layers if layer.name == "fibre_operator-2")
    assert doubled.alike == "fibre-2"


def test_the_rarest_of_too_many_words_are_told_as_others() -> None:
    places = [shapely.Point(105 + n / 100, 18) for n in range(40)]
    words = [f"w{n % 20:02d}" for n in range(40)]
    table = gpd.GeoDataFrame({"word": words}, geometry=places, crs="EPSG:4326")
    told = legend(maps.explore(table, "word"), "points")
    assert told["các giá trị khác"] == 16
    assert "chưa đủ dữ liệu" not in told


def test_lists_and_kept_indexes_are_drawn() -> None:
    table = gpd.GeoDataFrame(
        {"tech": [["4G", "3G"]], "id": ["a"]}, geometry=[shapely.Point(105, 18)], crs="EPSG:4326"
    ).set_index("id", drop=False)
    assert drawn(maps.explore(table, popup=["tech"]))["points"]["count"] == 1


def test_results_rasters_and_layers_are_drawn(
    layers: Layers, coverage: Coverage, gaps: SimpleNamespace
) -> None:
    signal = coverage.maps["4G", "any"]["signal_dbm"]
    assert drawn(maps.explore(signal))["raster"]["kind"] == "raster"
    assert "coverage_4G_any" in drawn(maps.explore(coverage, layers=layers))
    assert "sites" in drawn(maps.explore(layers))
    made = type("Gaps", (SimpleNamespace,), {})(**vars(gaps))
    assert legend(maps.explore(made), "hamlets")["Không có sóng"] == 1
    assert legend(maps.explore(made, "level"), "polygons")["none"] == 2


def test_hostile_columns_stay_text(hostile: tuple[str, ...]) -> None:
    place = [shapely.Point(105, 18)] * len(hostile)
    columns = {name: [name] * len(hostile) for name in hostile}
    table = gpd.GeoDataFrame({**columns, "name": hostile}, geometry=place, crs="EPSG:4326")
    page = maps.explore(table, hostile[0], name=hostile[1])
    assert "<script>document" not in page.html
    assert "<img src=x" not in page.html
    header, _ = unpack(drawn(page)["points"]["data"])
    assert {label for label, _ in header["fields"]} >= set(hostile)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"column": "nothing"}, "amount, word"),
        ({"k": 1}, "2 to 9"),
        ({"scheme": "fisher"}, "quantiles"),
        ({"column": "amount", "cmap": "no-such"}, "colour map"),
        ({"color": "red;x"}, "#rrggbb"),
        ({"style_kwds": {"pane": 1}}, "fillOpacity"),
        ({"popup": ["nothing"]}, "amount"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    table: gpd.GeoDataFrame, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        maps.explore(table, **arguments)


def test_something_else_is_refused(table: gpd.GeoDataFrame) -> None:
    with pytest.raises(SettingsError, match="an object of type int"):
        maps.explore(7)
    with pytest.raises(SettingsError, match="reference system"):
        maps.explore(table.set_crs(None, allow_override=True))


def test_a_page_that_is_too_large_for_a_notebook_becomes_a_link(
    table: gpd.GeoDataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = maps.explore(table)
    assert page._repr_html_().startswith('<iframe sandbox="allow-scripts"')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(page_module, "LARGEST_INLINE_MB", 0.01)
    shown = page._repr_html_()
    name = re.search(r'href="([^"]*)"', shown)
    assert name is not None
    assert (tmp_path / name.group(1)).read_text(encoding="utf-8") == page.html
    assert page._repr_html_() == shown


def test_two_rasters_lie_on_the_two_sides_of_a_divider(coverage: Coverage) -> None:
    signal = coverage.maps["4G", "any"]["signal_dbm"]
    page = maps.swipe(signal, signal + 3, labels=("trước", "sau"))
    (pair,) = page.facts.swipes
    left, right = (drawn(page)[name]["styles"] for name in ("before-raster", "after-raster"))
    assert {s["label"]: s["color"] for s in left}.items() <= {
        s["label"]: s["color"] for s in right
    }.items() or [s["label"] for s in left] == [s["label"] for s in right]
    assert (pair.left, pair.right) == (("before-raster",), ("after-raster",))
    assert page.facts.title == "trước | sau"


def test_two_tables_lie_on_the_two_sides_of_a_divider(table: gpd.GeoDataFrame) -> None:
    page = maps.swipe(table, maps.explore(table, "amount", name="Lượng"), labels=("a", ""))
    assert {name: block["side"] for name, block in drawn(page).items()} == {
        "before-points": "before", "after-points": "after",
    }  # fmt: skip
    assert page.facts.swipes[0].right_label == "Lượng"


def test_sides_of_two_kinds_are_refused(table: gpd.GeoDataFrame, coverage: Coverage) -> None:
    with pytest.raises(SettingsError, match="different kinds"):
        maps.swipe(table, coverage.maps["4G", "any"]["signal_dbm"])


@pytest.mark.browser
@pytest.mark.slow
def test_a_browser_shows_them_without_complaint(
    opened: Callable[..., Any], table: gpd.GeoDataFrame, gaps: SimpleNamespace
) -> None:
    explored = maps.explore(gaps.hamlets, "people")  # columns that the page's own sums know
    for page in (explored, maps.swipe(table, explored)):
        tab = opened(page)
        assert tab.heard.complaints == []
        assert len(tab.heard.requests) == 1
    tab.click("#ip-tool-swipe")
    assert tab.inner_text(".ip-swipe-label >> nth=0") == page.facts.swipes[0].left_label
