"""KML, KMZ, GPX, zipped map files and old shapefiles as offices send them, and as attackers do."""

import stat
import zipfile
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from pyproj import CRS

from infraplan import io
from infraplan.errors import InfraplanError
from infraplan.errors import LayerError
from infraplan.errors import SourceFileError
from infraplan.io.sheets import checked_path
from infraplan.io.vectors import features

PLAN = "EPSG:9209"
EAST, NORTH = 542_681.977, 2_028_878.620
LOST = CRS(PLAN).to_wkt("WKT1_ESRI").replace("D_Vietnam_2000", "D_WGS_1984")
HEAD = '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
TAIL = "</Document></kml>"
PLACE = "<Point><coordinates>105.9057, 18.3428, 12</coordinates></Point>"


def kml(folder: Path, inside: str, head: str = HEAD, name: str = "a.kml") -> Path:
    path = folder / name
    path.write_text(head + inside + TAIL, encoding="utf-8")
    return path


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def shapefile(folder: Path, name: bytes = b"A", *, cpg: str = "", prj: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "tram.shp"
    rows = {"institutio": ["T1"], "name": ["x" * len(name)]}
    frame = gpd.GeoDataFrame(rows, geometry=[shapely.Point(EAST, NORTH)], crs=PLAN)
    pyogrio.write_dataframe(frame, path, encoding="UTF-8")
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"x" * len(name), name))
    path.with_suffix(".cpg").unlink()
    if cpg:
        path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
    if prj:
        path.with_suffix(".prj").write_text(prj, encoding="ascii")
    return path


def zipped(path: Path, source: Path, under: str = "") -> Path:
    parts = {f"{under}{file.name}": file.read_bytes() for file in source.parent.iterdir()}
    return packed(path, parts)


def read(path: Path, **options: str) -> io.Reading:
    return io.read_layer(path, "institutions", plan_crs=PLAN, **options)


def test_columns_of_google_earth_are_read_wherever_they_stand(tmp_path: Path) -> None:
    data = (
        '<ExtendedData><Data name="institution_id"><value>T1</value></Data><SchemaData>'
        '<SimpleData name="kind">school</SimpleData></SchemaData></ExtendedData>'
    )
    html = "<![CDATA[<table><tr><td>ghi chú</td><td>gần <b>chợ</b></td></tr></table>]]>"
    inside = f"<Placemark><name>Trường</name>{data}<description>{html}</description>{PLACE}"
    found = features(kml(tmp_path, inside + "</Placemark>"), "institutions").frame
    row = found.drop(columns="geometry").iloc[0].to_dict()
    assert row == {
        "name": "Trường", "institution_id": "T1", "kind": "school", "ghi chú": "gần chợ",
    }  # fmt: skip
    assert found.geometry[0].equals(shapely.Point(105.9057, 18.3428))


def test_folders_are_a_column_and_other_geometries_are_told(tmp_path: Path) -> None:
    line = "<LineString><coordinates>105,18 105.1,18.1</coordinates></LineString>"
    inside = (
        f"<Folder><name>Hà Tĩnh</name><Folder><name>Xã A</name><Placemark>{PLACE}</Placemark>"
        f"</Folder></Folder><Folder><name>B</name><Placemark>{PLACE}</Placemark></Folder>"
        f"<Placemark>{line}</Placemark><NetworkLink><Link><href>http://x/</href></Link></NetworkLink>"
    )
    found = features(kml(tmp_path, inside), "institutions")
    assert list(found.frame["folder"]) == ["Hà Tĩnh / Xã A", "B"]
    assert "not read: NetworkLink" in found.notes
    assert any("1 LineString" in note for note in found.notes)


def test_parts_and_holes_of_kml_are_kept(tmp_path: Path) -> None:
    ring = "<LinearRing><coordinates>{}</coordinates></LinearRing>"
    outer = ring.format("105,18 106,18 106,19 105,19 105,18")
    inner = ring.format("105.2,18.2 105.4,18.2 105.4,18.4 105.2,18.2")
    area = f"<outerBoundaryIs>{outer}</outerBoundaryIs><innerBoundaryIs>{inner}</innerBoundaryIs>"
    parts = f"<MultiGeometry>{f'<Polygon>{area}</Polygon>'}{PLACE}</MultiGeometry>"
    inside = f"<Placemark><Polygon>{area}</Polygon></Placemark><Placemark>{parts}</Placemark>"
    first, second = features(kml(tmp_path, inside), "x").frame.geometry
    assert len(first.interiors) == 1
    assert [part.geom_type for part in second.geoms] == ["Polygon", "Point"]


def test_a_kmz_is_read_without_unpacking(tmp_path: Path) -> None:
    document = kml(tmp_path, f"<Placemark><name>A</name>{PLACE}</Placemark>").read_bytes()
    path = packed(tmp_path / "a.kmz", {"images/x.png": b"x", "doc.kml": document})
    assert list(read(path).table["name"]) == ["A"]
    assert read(path).crs == "EPSG:4326"


@pytest.mark.parametrize(
    "entities",
    [
        '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE kml [<!ENTITY a "aaaa"><!ENTITY x "&a;&a;&a;&a;">]>',
        '<!DOCTYPE kml SYSTEM "http://example.org/x.dtd">',
    ],
)
@pytest.mark.parametrize("name", ["a.kml", "a.gpx"])
def test_entities_are_refused(entities: str, name: str, tmp_path: Path) -> None:
    head = HEAD.replace("?><", f"?>{entities}<", 1)
    path = kml(tmp_path, f"<Placemark><name>&x;</name>{PLACE}</Placemark>", head, name)
    with pytest.raises(SourceFileError, match="declares a document type or entities"):
        read(path)


def test_ten_thousand_folders_in_each_other_are_no_trouble(tmp_path: Path) -> None:
    deep = "<Folder>" * 10_000 + f"<Placemark>{PLACE}</Placemark>" + "</Folder>" * 10_000
    assert len(features(kml(tmp_path, deep), "x").frame) == 1
    nested = "<MultiGeometry>" * 10_000 + PLACE + "</MultiGeometry>" * 10_000
    assert (
        features(kml(tmp_path, f"<Placemark>{nested}</Placemark>"), "x").frame.geometry[0] is None
    )


def test_a_gpx_gives_waypoints_and_tracks(tmp_path: Path) -> None:
    point = '<wpt lat="18.3428" lon="105.9057"><name>Cột</name></wpt>'
    track = '<trk><name>T</name><trkseg><trkpt lat="18" lon="105"/><trkpt lat="18.1" lon="105"/>'
    path = tmp_path / "a.gpx"
    path.write_text(f'<gpx version="1.1">{point}{track}</trkseg></trk></gpx>', encoding="utf-8")
    assert list(features(path, "institutions").frame["name"]) == ["Cột"]
    assert list(features(path, "fibre").frame.geom_type) == ["LineString"]


@pytest.mark.parametrize("under", ["", "Dữ liệu/2026/"])
def test_a_zipped_shapefile_is_read(under: str, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", shapefile(tmp_path / "in", "Thạch Hà".encode()), under)
    reading = read(path)
    assert list(reading.table.index) == ["T1"]  # institutio is institution_id again
    assert list(reading.table["name"]) == ["Thạch Hà"]
    assert reading.table.geometry.iloc[0].equals(shapely.Point(EAST, NORTH))


def test_several_maps_in_a_zip_are_asked_about_unless_one_has_the_name(tmp_path: Path) -> None:
    source = shapefile(tmp_path / "in")
    content = {file.suffix: file.read_bytes() for file in source.parent.iterdir()}
    two = {f"{name}{end}": part for name in ("a", "b") for end, part in content.items()}
    with pytest.raises(SourceFileError, match=r"several map files \(a\.shp, b\.shp\)"):
        read(packed(tmp_path / "a.zip", two))
    named = {name.replace("b.", "institutions."): part for name, part in two.items()}
    assert len(read(packed(tmp_path / "b.zip", named)).table) == 1


@pytest.mark.parametrize("name", ["../a.shp", "/a.shp", "C:\\a.shp", "x/../../a.shp", "..\\a.shp"])
@pytest.mark.parametrize("suffix", [".zip", ".kmz"])
def test_names_that_lead_out_are_refused(name: str, suffix: str, tmp_path: Path) -> None:
    path = packed(tmp_path / f"a{suffix}", {name: b"x", "doc.kml": b"<kml/>"})
    with pytest.raises(SourceFileError, match="leads out of"):
        read(path)


def test_links_in_archives_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.shp")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(SourceFileError, match="a link or a path that leads out"):
        read(tmp_path / "a.zip")


@pytest.mark.parametrize("name", ["a.zip", "a.kmz"])
def test_bombs_are_refused_before_anything_is_unpacked(name: str, tmp_path: Path) -> None:
    path = packed(tmp_path / name, {"doc.kml": b" " * 30_000_000})
    with pytest.raises(SourceFileError, match="would unpack to 30 MB"):
        read(path)


def test_a_damaged_archive_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", shapefile(tmp_path / "in"))
    content = bytearray(path.read_bytes())
    content[60:120] = bytes(60)
    path.write_bytes(content)
    with pytest.raises(SourceFileError, match=r"damaged|cannot be read"):
        read(path)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(SourceFileError, match="damaged"):
        read(path)


VRT = b'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/x.csv</SrcDataSource>'
VRT += b"</OGRVRTLayer></OGRVRTDataSource>"


@pytest.mark.parametrize(
    "suffix", [".geojson", ".shp", ".gpkg", ".kml", ".gpx", ".tab", ".mif", ".zip"]
)
def test_a_vrt_under_a_false_name_is_refused(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"a{suffix}").write_bytes(VRT)
    with pytest.raises(SourceFileError, match="whatever its name says"):
        read(tmp_path / f"a{suffix}")
    hidden = packed(tmp_path / "b.zip", {f"a{suffix}": VRT})
    with pytest.raises(SourceFileError, match=r"whatever its name says|holds no map file"):
        read(hidden)


@pytest.mark.parametrize(
    ("content", "cpg", "text", "told"),
    [
        ("Thạch Hà".encode(), "UTF-8", "Thạch Hà", ""),
        ("Thạch Hà".encode(), "", "Thạch Hà", "UTF-8 was taken"),
        ("Th¹ch Hµ".encode("cp1252"), "", "Th¹ch Hµ", "Windows-1252 was taken"),
        ("Th¹ch Hµ".encode("cp1252"), "UTF-8", "Th¹ch Hµ", "are not in utf-8"),
        (b"Ha\xcc Ti\xdenh", "1258", "Hà Tĩnh", ""),
        ("Thạch H\u00e0".encode()[:-1], "UTF-8", "Thạch H", ""),
        ("café".encode("cp850"), "OEM 850", "café", ""),
    ],
)
def test_the_encoding_of_a_shapefile(
    content: bytes, cpg: str, text: str, told: str, tmp_path: Path
) -> None:
    found = features(shapefile(tmp_path / "in", content, cpg=cpg), "institutions")
    assert found.frame["name"][0] == text
    assert told in " ".join(found.notes)
    assert bool(found.notes) == bool(told)


def test_a_prj_that_lost_its_datum_is_told_and_settled_by_crs(tmp_path: Path) -> None:
    assert "D_WGS_1984" in LOST
    path = shapefile(tmp_path / "in", prj=LOST)
    with pytest.raises(LayerError) as caught:
        read(path)
    (fault,) = caught.value.faults
    assert fault.code == "lost_datum"
    assert "224.7 m" in fault.what
    assert fault.file == "tram.shp"
    assert read(path, crs=PLAN).table.geometry.iloc[0].equals(shapely.Point(EAST, NORTH))


def test_a_shapefile_without_prj_asks_for_its_system(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "in")
    path.with_suffix(".prj").unlink()
    with pytest.raises(LayerError, match="--crs EPSG:9209"):
        read(path)


@pytest.mark.parametrize("suffix", [".kml", ".kmz", ".gpx", ".zip", ".tab", ".mif", ".shp"])
@given(data=st.binary(max_size=200))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_end_in_anything_but_words(suffix: str, data: bytes, tmp_path: Path) -> None:
    start = {".kml": b"<kml>", ".gpx": b"<gpx>", ".tab": b"!table\n", ".mif": b"Version 300\n"}
    head = start.get(suffix, b"\x00\x00\x27\x0a" if suffix == ".shp" else b"PK\x03\x04")
    path = tmp_path / f"a{suffix}"
    path.write_bytes(head + data)
    path.with_suffix(".mid").write_bytes(data)
    checked_path(path)
    with pytest.raises(InfraplanError):
        read(path)


@pytest.mark.parametrize("name", ["a.rar", "a.dwg", "a.dgn", "a.pdf", "a.docx", "a.xls", "a.mid"])
def test_what_is_not_read_is_refused_with_a_way_out(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(SourceFileError, match=r"save it|unpack it|give the|save its|ask for"):
        checked_path(tmp_path / name)
