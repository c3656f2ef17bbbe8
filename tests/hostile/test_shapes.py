"""Shapes that are no shapes, lie nowhere, or in two systems at once."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from infraplan.api import import_layer
from infraplan.plan import Plan
from tests.hostile.conftest import Refusal
from tests.hostile.corpus import commune
from tests.hostile.corpus import geojson
from tests.hostile.corpus import site

SQUARE = [[105.8, 18.3], [105.9, 18.3], [105.9, 18.4], [105.8, 18.4], [105.8, 18.3]]
BOW = [[105.8, 18.3], [105.9, 18.4], [105.9, 18.3], [105.8, 18.4], [105.8, 18.3]]
ELSEWHERE = [[106.8, 18.3], [106.9, 18.3], [106.9, 18.4], [106.8, 18.3]]
AROUND = [[-179, 18], [179, 18], [179, 19], [-179, 19], [-179, 18]]
SQUARE_KM2 = 117.0
URN = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::9209"}}
LINK = {"type": "link", "properties": {"href": "http://127.0.0.1:9/x", "type": "proj4"}}
HEAD = '{"type":"FeatureCollection","features":[{"type":"Feature",'
BROKEN = (
    '{"type":"FeatureCollection"}',
    '{"a":1}',
    "{",
    HEAD + '"geometry":{"type":"Point","coordinates":[NaN,1e400]}}]}',
    HEAD + '"geometry":{"type":"Point","coordinates":' + "[" * 5000 + "]" * 5000 + "}}]}",
    HEAD + '"geometry":null,"properties":{"a":' + "[" * 500 + "]" * 500 + "}}]}",
    HEAD + '"properties":{"site_id":' + "9" * 500 + "}}]}",
    HEAD + '"properties":{"site_id":"a"},"geometry":{"type":"Point","coordinates":[Infinity,1]}}]}',
)


@pytest.mark.parametrize(
    ("rings", "area_km2"), [((BOW,), SQUARE_KM2 / 2), ((SQUARE, ELSEWHERE), SQUARE_KM2)]
)
def test_polygons_that_cross_themselves_are_repaired_and_their_area_told(
    tmp_path: Path, plan: Plan, rings: tuple[object, ...], area_km2: float
) -> None:
    done = import_layer(plan, "communes", geojson(tmp_path / "a.geojson", [commune("1", *rings)]))
    assert plan.table("communes").area.sum() / 1e6 == pytest.approx(area_km2, rel=0.01)
    assert any("were repaired, their area" in note for note in done.notes)


@pytest.mark.parametrize(
    ("ring", "match"),
    [
        ([[105.8, 18.3], [105.9, 18.3], [105.8, 18.3], [105.8, 18.3]], r"the shape has no extent"),
        ([[105.8, 18.3], [105.9, 18.3]], r"the position is missing|no extent"),
        (AROUND, r"reaches around the world.*358 degrees.*cut the shape at the meridian"),
        ([[1e300, 18], [1e308, 18], [179, 19], [1e300, 18]], r"around the world|far outside"),
        ([[105.8, "18"], [105.9, 18.3], [105.8, 18.3]], r"position is missing|cannot be read"),
        ([], r"position is missing|cannot be read"),
    ],
)
def test_a_shape_that_is_none_is_told(
    tmp_path: Path, refusal: Refusal, ring: object, match: str
) -> None:
    refusal(geojson(tmp_path / "a.geojson", [commune("1", ring)]), "communes", match=match)


@pytest.mark.parametrize(
    ("features", "members", "match"),
    [
        ([], {}, r"the layer is empty"),
        (
            [site("A", [105.9, 18.3]), site("A", [105.8, 18.3])],
            {},
            r"site_id is repeated .*rows 1, 2",
        ),
        (
            [site("A", [105.9, 18.3]), *[site("B", [575_000, 2_030_000])] * 2],
            {},
            r"rows 2, 3|fit several systems",
        ),
        ([site("A", [575_000, 2_030_000])], {"crs": LINK}, r"the coordinates fit several systems"),
        ([site("A", [18.3, 105.9])], {}, r"swapped"),
        ([site("A", [-179, 18]), site("B", [179, 18])], {}, r"far outside"),
        ([site("A", [])], {}, r"position is missing"),
        ([{"type": "Feature", "geometry": None, "properties": None}], {}, r"."),
    ],
)
def test_wrong_points_are_told_by_row(
    tmp_path: Path, refusal: Refusal, features: list[object], members: dict[str, object], match: str
) -> None:
    refusal(geojson(tmp_path / "a.geojson", features, **members), match=match)


def test_the_system_that_a_file_declares_is_taken(tmp_path: Path, plan: Plan) -> None:
    path = geojson(tmp_path / "a.geojson", [site("A", [575_000, 2_030_000])], crs=URN)
    assert import_layer(plan, "sites", path).crs == "EPSG:9209"


def test_another_system_than_the_file_declares_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    path = geojson(tmp_path / "a.geojson", [site("A", [575_000, 2_030_000])], crs=URN)
    refusal(path, crs="EPSG:9210", match=r"names another reference system than --crs")


def test_a_collection_of_kinds_is_told(tmp_path: Path, refusal: Refusal) -> None:
    mixed = site("A", [105.9, 18.3])
    mixed["geometry"] = {"type": "GeometryCollection", "geometries": [mixed["geometry"]] * 2}
    path = geojson(tmp_path / "a.geojson", [mixed])
    refusal(path, match=r"wrong type .*GeometryCollection.*expected Point")


@pytest.mark.parametrize("text", BROKEN)
def test_broken_and_deep_json_is_refused_in_words(
    tmp_path: Path, refusal: Refusal, text: str
) -> None:
    (tmp_path / "a.geojson").write_text(text, encoding="utf-8")
    refusal(tmp_path / "a.geojson", match=r"cannot be read as a geojson file|fault\(s\)")


def test_a_geopackage_without_layers_is_told(
    tmp_path: Path, refusal: Refusal, standing_plan: Plan
) -> None:
    shutil.copy(standing_plan.layers_file, tmp_path / "a.gpkg")
    with sqlite3.connect(tmp_path / "a.gpkg") as database:
        database.execute("delete from gpkg_contents")
    database.close()
    refusal(tmp_path / "a.gpkg", match="holds no layer; in QGIS, export the layer again")
