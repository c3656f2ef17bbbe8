"""MapInfo files with the right datum both ways; what GDAL lost is told, never guessed."""

import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import CRS

from infraplan import io
from infraplan.errors import LayerError
from infraplan.errors import SourceFileError
from infraplan.io.export import Export
from infraplan.io.export import write_export
from infraplan.io.mapinfo import coordsys_line
from infraplan.io.mapinfo import meant_by_line
from infraplan.io.mapinfo import write_mif
from infraplan.io.mapinfo import write_tab
from infraplan.io.systems import MERIDIANS
from infraplan.io.systems import meant_by
from infraplan.io.vectors import features

PLAN = "EPSG:9209"
VN = ", ".join(coordsys_line(PLAN).split(", ")[1:11])
THREE, OTHER = "999, 28, -191.9, -39.3, -111.45", "9999, 28, 5, 6, 7, 0, 0, 0, 0, 0"
EAST, NORTH = 542_681.977, 2_028_878.620  # TP Hà Tĩnh, published test point
LON, LAT = 105.9057, 18.3428
EVERY = sorted({*MERIDIANS.values(), "EPSG:32648", "EPSG:32649", "EPSG:4326", "EPSG:4756"})


def mif(
    folder: Path,
    line: str,
    charset: str = "WindowsLatin1",
    name: bytes = b"A",
    suffix: str = ".mif",
) -> Path:
    path = folder / f"trường{suffix}"
    head = f'Version 300\nCharset "{charset}"\nDelimiter ","\n{line}\nColumns 2\n'
    body = f"  institution_id Char(20)\n  name Char(60)\nData\n\nPoint {EAST} {NORTH}\n"
    path.write_text(head + body, encoding="ascii")
    path.with_suffix(".mid").write_bytes(b'"T1","' + name + b'"\n')
    return path


def read(path: Path, **options: str) -> io.Reading:
    return io.read_layer(path, "institutions", plan_crs=PLAN, **options)


def layer(crs: str) -> gpd.GeoDataFrame:
    hole = shapely.Polygon(
        [(5e5, 2e6), (501e3, 2e6), (501e3, 2.001e6), (5e5, 2.001e6)],
        [[(500_100.123, 2_000_100), (500_200, 2_000_100), (500_200, 2_000_200)]],
    )
    line = [(5e5, 2e6), (500_001.5, 2e6), (5e5, 2.1e6)]
    shapes = [
        shapely.Point(EAST, NORTH),
        shapely.LineString(line),
        shapely.MultiLineString([line, [(5e5, 1.9e6), (5.1e5, 1.95e6)]]),
        hole,
        shapely.MultiPolygon([hole, shapely.box(510e3, 2e6, 510_010, 2_000_100.25)]),
    ]
    frame = gpd.GeoDataFrame({"n": np.arange(5)}, geometry=shapes, crs=PLAN, index=range(5))
    is_degrees = CRS(crs).is_geographic
    return frame.to_crs(crs) if is_degrees else frame.set_crs(crs, allow_override=True)


def moved(found: gpd.GeoDataFrame, meant: gpd.GeoDataFrame) -> float:
    return max(shapely.hausdorff_distance(found.geometry.values, meant.geometry.values))


@pytest.mark.parametrize("crs", EVERY)
@pytest.mark.parametrize("suffix", [".mif", ".tab"])
def test_every_system_is_read_again_at_0_mm_by_gdal_and_by_us(
    crs: str, suffix: str, tmp_path: Path
) -> None:
    table = layer(crs)
    path = tmp_path / f"a{suffix}"
    (write_mif if suffix == ".mif" else write_tab)(path, table, crs=crs)
    ours = features(path, "x").frame
    degree_m = 111_320.0 if table.crs.is_geographic else 1.0
    assert ours.crs == crs
    assert list(ours.geom_type) == list(table.geom_type)
    assert moved(ours, table) * degree_m < 0.0005
    theirs = pyogrio.read_dataframe(path)
    assert moved(theirs.to_crs("EPSG:4326"), table.to_crs("EPSG:4326")) * 111_320 < 0.0005


def test_the_line_is_the_published_one() -> None:
    assert coordsys_line(PLAN) == (
        "CoordSys Earth Projection 8, 9999, 28, -191.90441429, -39.30318279, -111.45032835, "
        '-0.00928836, 0.01975479, -0.00427372, 0.252906278, 0, "m", 105.5, 0, 0.9999, 500000, 0'
    )


def test_every_meridian_is_that_of_its_code() -> None:
    for (meridian, scale), code in MERIDIANS.items():
        system = CRS(code)
        values = {item.name: item.value for item in system.coordinate_operation.params}
        assert system.geodetic_crs.to_epsg() == 4756
        assert values["Longitude of natural origin"] == pytest.approx(meridian)
        assert values["Scale factor at natural origin"] == scale
        assert meant_by(system.to_wkt("WKT1_ESRI")).code == code


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f'Earth Projection 8, {VN}, "m", 105.75, 0, 0.9999, 500000, 0', "EPSG:9210"),
        (f'earth projection 8,{VN},"m",105,0,0.9996,500000,0 Bounds (0, 0) (1, 1)', "EPSG:3405"),
        (f'Earth Projection 2008, {VN}, "m", 105.5, 0, 0.9999, 500000, 0', PLAN),
        (f'Earth Projection 8, {THREE}, "m", 105.5, 0, 0.9999, 500000, 0', PLAN),
        (f"Earth Projection 1, {VN}", "EPSG:4756"),
        ('Earth Projection 8, 104, "m", 105, 0, 0.9996, 500000, 0', "EPSG:32648"),
        ("Earth Projection 1, 104", "EPSG:4326"),
        (f'Earth Projection 8, {VN}, "m", 105.6, 0, 0.9999, 500000, 0', ""),
        (f'Earth Projection 8, {OTHER}, "m", 105.5, 0, 0.9999, 500000, 0', ""),
    ],
)  # fmt: skip
def test_lines_are_understood(line: str, code: str) -> None:
    meant = meant_by_line(line, Path("a.mif"))
    assert meant is not None
    assert (meant.code, meant.lost) == (code, "")


def test_a_mif_of_vn_2000_lies_where_it_should(tmp_path: Path) -> None:
    reading = read(mif(tmp_path, coordsys_line(PLAN)))
    assert reading.crs == PLAN
    assert reading.table.geometry.iloc[0].equals(shapely.Point(EAST, NORTH))
    degrees = reading.table.to_crs("EPSG:4326").geometry.iloc[0]
    assert (degrees.x, degrees.y) == pytest.approx((LON, LAT), abs=1e-8)


def test_other_parameters_of_vn_2000_are_told_and_not_used(tmp_path: Path) -> None:
    wrong = coordsys_line(PLAN).replace("-0.00928836", "0.00928836")
    reading = read(mif(tmp_path, wrong))
    assert reading.table.geometry.iloc[0].equals(shapely.Point(EAST, NORTH))
    assert any("up to 0.7 m" in note for note in reading.notes)


@pytest.mark.parametrize("suffix", [".tab", ".mif"])
def test_the_datum_that_gdal_lost_is_told_and_settled_by_crs(suffix: str, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"institution_id": ["T1"]}, geometry=[shapely.Point(EAST, NORTH)], crs=PLAN
    )
    options = {"FORMAT": "MIF"} if suffix == ".mif" else {"BOUNDS": "0,0,1000000,4000000"}
    path = tmp_path / f"a{suffix}"
    pyogrio.write_dataframe(frame, path, driver="MapInfo File", **options)
    with pytest.raises(LayerError) as caught:
        read(path)
    (fault,) = caught.value.faults
    assert fault.code == "mapinfo_lost_datum"
    assert "224.7 m" in fault.what
    assert "--crs EPSG:9209" in fault.remedy
    settled = read(path, crs=PLAN).table.geometry.iloc[0]
    assert settled.distance(shapely.Point(EAST, NORTH)) < 0.001


def test_utm_of_wgs_84_is_taken_with_a_warning(tmp_path: Path) -> None:
    reading = read(mif(tmp_path, coordsys_line("EPSG:32648")))
    assert reading.crs == "EPSG:32648"
    assert any("EPSG:3405" in note and "224.7 m" in note for note in reading.notes)


def test_a_plan_without_place_on_earth_takes_the_system_that_is_said(tmp_path: Path) -> None:
    path = mif(tmp_path, 'CoordSys NonEarth Units "m" Bounds (0, 0) (1000000, 4000000)')
    with pytest.raises(LayerError) as caught:
        read(path)
    assert [fault.code for fault in caught.value.faults] == ["no_place_on_earth"]
    assert read(path, crs=PLAN).table.geometry.iloc[0].equals(shapely.Point(EAST, NORTH))


def test_other_units_and_turned_axes_are_refused_in_words(tmp_path: Path) -> None:
    for change, words in (('"km"', "in metres"), ('"m", Affine Units "m", 1', "turns the axes")):
        path = mif(tmp_path, coordsys_line(PLAN).replace('"m"', change))
        with pytest.raises(SourceFileError, match=words):
            read(path)


@pytest.mark.parametrize(
    ("charset", "content", "text", "told"),
    [
        ("UTF-8", "Thạch Hà".encode(), "Thạch Hà", ""),
        ("Neutral", "Thạch Hà".encode(), "Thạch Hà", "UTF-8 was taken"),
        ("WindowsVietnamese", "Đồng".encode("cp1258", "ignore") or b"", "Đng", ""),
        ("WindowsLatin1", "Th¹ch Hµ".encode("cp1252"), "Th¹ch Hµ", ""),
        ("Neutral", "Th¹ch Hµ".encode("cp1252"), "Th¹ch Hµ", "Windows-1252 was taken"),
        ("WindowsVietnamese", b"Ha\xcc Ti\xdenh", "Hà Tĩnh", ""),
    ],
)
def test_the_charset_is_respected(
    charset: str, content: bytes, text: str, told: str, tmp_path: Path
) -> None:
    found = features(mif(tmp_path, coordsys_line(PLAN), charset, content), "institutions")
    assert found.frame["name"][0] == text
    assert told in " ".join(found.notes)
    assert bool(found.notes) == bool(told)


def test_a_table_needs_all_its_files(tmp_path: Path) -> None:
    path = write_export(tmp_path / "a.tab", Export("x", "", layer(PLAN))).files[0]
    path.with_suffix(".id").unlink()
    with pytest.raises(SourceFileError, match=r"lacks a\.id"):
        read(path)
    mif(tmp_path, coordsys_line(PLAN)).with_suffix(".mid").unlink()
    with pytest.raises(SourceFileError, match=r"lacks trường\.mid"):
        read(tmp_path / "trường.mif")


def test_a_table_that_points_elsewhere_is_refused(tmp_path: Path) -> None:
    text = '!table\n!version 300\nDefinition Table\n  Type "ODBC" Charset "Neutral"\n'
    (tmp_path / "a.tab").write_text(text.replace('"ODBC"', "ODBC"), encoding="ascii")
    with pytest.raises(SourceFileError, match="only points to other files"):
        read(tmp_path / "a.tab")


def test_capital_endings_are_read(tmp_path: Path) -> None:
    path = mif(tmp_path, coordsys_line(PLAN))
    for end in (".mif", ".mid"):
        shutil.move(path.with_suffix(end), tmp_path / f"B{end.upper()}")
    assert len(read(tmp_path / "B.MIF").table) == 1
