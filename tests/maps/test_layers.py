"""Layers as the page carries them."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from infraplan.layers.bundle import Layers
from infraplan.maps.context import present_layers
from infraplan.maps.layers import Category
from infraplan.maps.layers import Field
from infraplan.maps.layers import LineLayer
from infraplan.maps.layers import PointLayer
from infraplan.maps.layers import PolygonLayer
from infraplan.maps.layers import Style
from infraplan.maps.packing import unpack
from infraplan.text import words

VI = words("vi")
GREY = Style(color="#888888")


def test_coordinates_in_any_crs_meet_within_a_step(layers: Layers) -> None:
    sites = layers.table("sites")
    arrays = [
        unpack(PointLayer(name="s", title="s", data=data).packed(VI)["data"])[1]
        for data in (sites, sites.to_crs("EPSG:4326"), sites.to_crs("EPSG:3857"))
    ]
    assert np.abs(arrays[0]["x"] - arrays[1]["x"]).max() <= 1
    assert np.abs(arrays[0]["y"] - arrays[2]["y"]).max() <= 1


def test_vertices_are_good_to_half_a_step(layers: Layers) -> None:
    fibre = layers.table("fibre")
    arrays = unpack(LineLayer(name="f", title="f", data=fibre, precision_m=0.5).packed(VI)["data"])[
        1
    ]
    truth = shapely.get_coordinates(fibre.to_crs("EPSG:3857").geometry.array)
    found = 0.5 * np.column_stack([arrays["x"], arrays["y"]])
    assert np.abs(found - truth).max() <= 0.25 + 1e-6


def test_polygons_keep_holes_and_parts() -> None:
    ring = shapely.box(0, 0, 100, 100).difference(shapely.box(20, 20, 40, 40))
    shape = shapely.union_all([ring, shapely.box(200, 0, 300, 100)])
    data = gpd.GeoDataFrame({"a": [1]}, geometry=[shape], crs="EPSG:3857")
    arrays = unpack(PolygonLayer(name="p", title="p", data=data).packed(VI)["data"])[1]
    assert arrays["parts"].tolist() == [3]
    assert sorted(arrays["sizes"].tolist()) == [5, 5, 5]


def test_rows_of_no_known_category_read_as_not_enough_data(layers: Layers) -> None:
    known = [Category("Viettel", "Viettel", GREY)]
    data = layers.table("sites")
    layer = PointLayer(name="s", title="s", data=data, by="operator", categories=known).packed(VI)
    assert [(s["label"], s["count"]) for s in layer["styles"]] == [
        ("Viettel", 2),
        ("chưa đủ dữ liệu", 2),
    ]


def test_nothing_to_draw_is_left_out(layers: Layers) -> None:
    data = layers.table("sites").assign(geometry=shapely.Point())
    assert PointLayer(name="s", title="s", data=data).packed(VI) is None


def test_the_table_is_not_changed(layers: Layers) -> None:
    before = layers.table("sites").copy()
    PointLayer(name="s", title="s", data=layers.table("sites"), heading="site_id").packed(VI)
    assert before.equals(layers.table("sites"))


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234.56, "1.234,6 m"), (float("nan"), "chưa đủ dữ liệu"), (None, "chưa đủ dữ liệu")],
    ids=["number", "nan", "none"],
)
def test_a_field_writes_numbers_as_the_language_does(value: object, text: str) -> None:
    entry = Field("x", "X", decimals=1, unit="m", missing="chưa đủ dữ liệu")
    assert entry.text_of(value, VI) == text


def test_many_features_are_put_beside_their_neighbours() -> None:
    rng = np.random.default_rng(0)
    data = gpd.GeoDataFrame(
        geometry=shapely.points(rng.uniform(0, 1e5, (2000, 2))), crs="EPSG:3857"
    )
    arrays = unpack(PointLayer(name="p", title="p", data=data).packed(VI)["data"])[1]
    steps = np.hypot(np.diff(arrays["x"]), np.diff(arrays["y"]))
    assert np.median(steps) < 5000


@pytest.mark.parametrize("language", ["vi", "en"])
def test_codes_of_masts_and_cables_are_told_in_words(layers: Layers, language: str) -> None:
    say = words(language)
    found = {layer.name: layer for layer in present_layers(layers, say)}
    told = {
        field.column: field.words for name in ("sites", "fibre") for field in found[name].fields
    }
    assert {"guyed", "self-supporting", "monopole", "rooftop"} <= set(told["structure"])
    assert {"backbone", "distribution", "access"} <= set(told["level"])
