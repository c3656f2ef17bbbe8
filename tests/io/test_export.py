"""What is exported comes back as the same layer, whatever its texts and shapes."""

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan import io
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.io.export import BESIDE
from infraplan.io.export import FORMATS
from infraplan.io.export import Export
from infraplan.io.export import write_export
from infraplan.layers.crs import reproject
from infraplan.layers.validate import conform

PLAN = "EPSG:9209"
MAPS = tuple(suffix for suffix in FORMATS if suffix not in (".csv", ".xlsx"))
HOSTILE = (
    "<script>alert(1)</script>", "{{7*7}}", "=cmd()", 'ngoặc "kép", phẩy', "hai\ndòng", "]]>",
    "Thạch Hà", "&amp;", "\\n", "'", "đường Phan Đình Phùng", "$[name]", "a\tb", "${x}",
)  # fmt: skip
WORDS = st.sampled_from(HOSTILE) | st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30
)
EAST, NORTH = st.integers(5_000_000, 5_900_000), st.integers(20_000_000, 20_400_000)
CORNER = st.tuples(EAST, NORTH).map(lambda pair: (pair[0] / 10, pair[1] / 10))
POINTS = CORNER.map(shapely.Point)
LINES = st.lists(CORNER, min_size=2, max_size=6, unique=True).map(shapely.LineString)


@st.composite
def areas(draw: st.DrawFn) -> shapely.Geometry:
    east, north = draw(CORNER)
    parts = []
    for place in range(draw(st.integers(1, 3))):
        outer = shapely.box(east + 300 * place, north, east + 300 * place + 200.25, north + 99.5)
        hole = shapely.box(east + 300 * place + 20, north + 20, east + 300 * place + 80, north + 70)
        parts.append(outer.difference(hole) if draw(st.booleans()) else outer)
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


@st.composite
def many_lines(draw: st.DrawFn) -> shapely.Geometry:
    parts = draw(st.lists(LINES, min_size=1, max_size=3))
    return parts[0] if len(parts) == 1 else shapely.MultiLineString(parts)


def layer_of(layer: str, shapes: list[shapely.Geometry], texts: list[str]) -> gpd.GeoDataFrame:
    key = {"institutions": "institution_id", "fibre": "cable_id", "protected": "area_id"}[layer]
    count = len(shapes)
    rows = {
        key: [f"H{n:03d}" for n in range(count)],
        "name": texts[:count],
        "kind": texts[count:],
        "operator": ["Viettel"] * count,
        "cores": [None if n % 2 else 24 for n in range(count)],
        "diameter_mm": [12.5] * count,
        "from_id": texts[count:],
    }
    frame = gpd.GeoDataFrame(rows, geometry=shapes, crs=PLAN)
    return conform(frame, layer, plan_crs=PLAN).table


@st.composite
def layers(draw: st.DrawFn) -> tuple[str, gpd.GeoDataFrame]:
    layer, shape = draw(
        st.sampled_from((("institutions", POINTS), ("fibre", many_lines()), ("protected", areas())))
    )
    shapes = draw(st.lists(shape, min_size=1, max_size=4))
    texts = draw(st.lists(WORDS, min_size=2 * len(shapes), max_size=2 * len(shapes)))
    return layer, layer_of(layer, shapes, texts)


def written(path: Path, layer: str, table: gpd.GeoDataFrame, **options: str) -> Path:
    for file in (path, *(path.with_suffix(end) for end in BESIDE.get(path.suffix, ()))):
        file.unlink(missing_ok=True)
    return write_export(path, Export(layer, "Lớp <b>", table, ("Nguồn",)), **options).files[0]


@pytest.mark.parametrize("suffix", MAPS)
@given(data=layers())
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_layer_comes_back_the_same(
    suffix: str, data: tuple[str, gpd.GeoDataFrame], tmp_path: Path
) -> None:
    layer, table = data
    back = io.read_layer(written(tmp_path / f"a{suffix}", layer, table), layer, plan_crs=PLAN).table
    told = table.drop(columns="geometry")
    if suffix == ".mif":
        told["name"] = told["name"].str.replace("\n", " ")
    assert back.drop(columns="geometry").equals(told)
    limit = 0.002 if suffix in (".kml", ".kmz", ".geojson") else 0.001
    assert max(shapely.hausdorff_distance(back.geometry.values, table.geometry.values)) <= limit


def sites(*names: str) -> gpd.GeoDataFrame:
    points = [shapely.Point(540_000 + n, 2_020_000) for n in range(len(names))]
    return layer_of("institutions", points, [*names, *names])


@pytest.mark.parametrize("crs", ["EPSG:5897", "EPSG:32648", "EPSG:4326"])
@pytest.mark.parametrize("suffix", [".mif", ".tab", ".shp", ".gpkg", ".xlsx", ".csv"])
def test_another_system_changes_no_position(suffix: str, crs: str, tmp_path: Path) -> None:
    table = sites("a", "b")
    path = written(tmp_path / f"a{suffix}", "institutions", table, crs=crs)
    said = crs if suffix in (".xlsx", ".csv") else None
    back = io.read_layer(path, "institutions", plan_crs=PLAN, crs=said).table
    assert max(back.geometry.distance(table.geometry)) <= 0.001


def test_geojson_is_in_degrees_and_nothing_else(tmp_path: Path) -> None:
    table = sites("a")
    content = json.loads(written(tmp_path / "a.geojson", "institutions", table).read_text("utf-8"))
    lon, lat = content["features"][0]["geometry"]["coordinates"]
    back = reproject([shapely.Point(lon, lat)], "EPSG:4326", PLAN)[0]
    assert back.distance(table.geometry.iloc[0]) < 0.001
    assert "crs" not in content
    with pytest.raises(SettingsError, match="4326 by its standard"):
        written(tmp_path / "b.geojson", "institutions", table, crs=PLAN)


def test_no_text_becomes_an_element_of_kml(tmp_path: Path) -> None:
    path = written(tmp_path / "a.kml", "institutions", sites(*HOSTILE))
    text = path.read_text("utf-8")
    assert "<script" not in text
    assert "&amp;lt;script" in text  # escaped for HTML in the balloon, then for XML
    frame = pyogrio.read_dataframe(path)
    assert len(frame) == len(HOSTILE)


def test_no_text_becomes_a_formula(tmp_path: Path) -> None:
    table = sites("=cmd()", "+1", "@x", "-2", "ok")
    book = openpyxl.load_workbook(written(tmp_path / "a.xlsx", "institutions", table))
    assert {cell.data_type for row in book["institutions"].iter_rows() for cell in row} <= {
        "s",
        "n",
    }
    assert book["institutions"]["B2"].value == "=cmd()"
    lines = written(tmp_path / "a.csv", "institutions", table).read_text("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == ["'=cmd()", "'+1", "'@x", "'-2", "ok"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_equal_layers_give_equal_bytes(suffix: str, tmp_path: Path) -> None:
    table = sites("a", "Thạch Hà")
    for folder in ("1", "2"):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder / f"a{suffix}", "institutions", table)
    first = sorted((tmp_path / "1").iterdir())
    assert first
    for file in first:
        assert file.read_bytes() == (tmp_path / "2" / file.name).read_bytes(), file.name


def test_a_shapefile_keeps_accents_and_tells_which_names_were_cut(tmp_path: Path) -> None:
    done = write_export(tmp_path / "a.shp", Export("institutions", "", sites("Thạch Hạ")))
    assert (tmp_path / "a.cpg").read_text() == "UTF-8"
    assert "institution_id -> institutio" in done.notes[0]
    assert pyogrio.read_dataframe(tmp_path / "a.shp")["name"][0] == "Thạch Hạ"


def test_files_that_belong_together_are_never_mixed(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_text("cũ", encoding="utf-8")
    with pytest.raises(PlanError, match=r"a\.mid is there already"):
        write_export(tmp_path / "a.mif", Export("institutions", "", sites("a")))
    assert [file.name for file in tmp_path.iterdir()] == ["a.mid"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_full_disk_leaves_what_was_there(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    if suffix not in BESIDE:
        (tmp_path / f"a{suffix}").write_text("cũ", encoding="utf-8")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setattr("infraplan.atomic._flush", full)
    with pytest.raises(PlanError, match="disk is full"):
        write_export(tmp_path / f"a{suffix}", Export("institutions", "", sites("a"), ("Nguồn",)))
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_file_that_comes_out_moved_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = 'CoordSys Earth Projection 8, 104, "m", 105, 0, 0.9996, 500000, 0'
    monkeypatch.setattr("infraplan.io.mapinfo.coordsys_line", lambda _crs: wrong)
    with pytest.raises(PlanError, match="did not come out as meant"):
        write_export(tmp_path / "a.mif", Export("institutions", "", sites("a")))
    assert not list(tmp_path.iterdir())


def test_an_empty_layer_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="has no rows"):
        write_export(tmp_path / "a.kml", Export("institutions", "", sites("a").iloc[:0]))


def test_a_zip_holds_the_source_beside_the_shapefile(tmp_path: Path) -> None:
    path = written(tmp_path / "trường học.zip", "institutions", sites("a"))
    with zipfile.ZipFile(path) as archive:
        assert "Nguồn" in archive.read("truong-hoc.txt").decode()
        assert {"truong-hoc.shp", "truong-hoc.cpg", "truong-hoc.prj"} <= set(archive.namelist())
