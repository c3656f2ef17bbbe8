"""Files for the visit of a batch, and the page for the head, from a plan."""

import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from defusedxml.ElementTree import fromstring

from infraplan.api.briefing import brief
from infraplan.api.visiting import sheets_left_out
from infraplan.api.visiting import visit_files
from infraplan.errors import SettingsError
from infraplan.io.kml import read_kml
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.plan.folder import create_plan
from infraplan.plan.settings import PlanSettings
from infraplan.sites import Appraisal
from infraplan.sites.rules import SiteRules
from infraplan.text import words

CRS = "EPSG:9209"
DAY = date(2026, 11, 28)
KML = "{http://www.opengis.net/kml/2.2}"
HOSTILE = "</name><script>&amp; ]]> \x07"


@pytest.fixture(scope="module")
def batch() -> Any:
    """Three requests, one hostile, one without a place; one station near, one far."""
    place = shapely.Point(542_682, 2_028_879)
    rows = gpd.GeoDataFrame(
        {"operator": "Viettel", "name": ["Một", HOSTILE, "Ba"], "site_code": ["X1", None, None],
         "proposal": ["approve", "reject", "needs_information"], "reasons": "[]",
         "shift_allowed_m": [50.0, None, 50.0], "people_gained": 1.0, "people_gained_low": 0.0,
         "people_gained_high": 2.0, "height_m": 42.0, "mast_class": "A2b", "decision": None},
        index=pd.Index(["A/1", HOSTILE, "C"], name="request_id"),
        geometry=[place, shapely.Point(542_900, 2_028_879), None], crs=CRS,
    )  # fmt: skip
    sites = gpd.GeoDataFrame(
        {"operator": ["VNPT", "VNPT"], "status": "operating", "mast_id": None, "height_m": 30.0},
        index=pd.Index(["gần", "xa"], name="site_id"),
        geometry=[place.buffer(500).exterior.interpolate(0), shapely.Point(560_000, 2_028_879)],
        crs=CRS,
    )  # fmt: skip
    layers = Layers(name="Thử", crs=CRS, tables={"sites": sites})
    return Appraisal(
        requests=rows, gains=pd.DataFrame(), rules=SiteRules("không", {}), batch="Đợt <1>",
        technology="4G", operator="any", layers=layers, provenance=Provenance("appraisal", "0"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def files(batch: Any) -> dict[str, bytes]:
    return visit_files(batch, words("vi"), as_of=DAY)


def document(files: dict[str, bytes]) -> Any:
    (kmz,) = (content for name, content in files.items() if name.endswith(".kmz"))
    return fromstring(zipfile.ZipFile(BytesIO(kmz)).read("doc.kml"))


def test_every_request_with_a_place_has_a_sheet_and_the_other_is_named(
    batch: Any, files: dict[str, bytes]
) -> None:
    assert sorted(files) == ["phieu-A-1.pdf", "phieu-name-script-amp.pdf", "vi-tri-Dot-1.kmz"]
    assert sheets_left_out(batch, words("vi")) == ("C: không lập phiếu vì hồ sơ không có tọa độ",)


def test_the_phone_shows_folders_by_proposal_shifts_and_near_stations(
    files: dict[str, bytes],
) -> None:
    folders = document(files).iter(f"{KML}Folder")
    held = {f.findtext(f"{KML}name"): len(f.findall(f"{KML}Placemark")) for f in folders}
    assert held == {
        "Đủ điều kiện (1)": 1, "Chưa phù hợp (1)": 1, "Phạm vi được dịch vị trí (1)": 1,
        "Trạm đang có trong 3 km (1)": 1,
    }  # fmt: skip


def test_names_in_the_kml_are_text_and_what_has_no_place_is_told(files: dict[str, bytes]) -> None:
    root = document(files)
    names = [mark.findtext(f"{KML}name") for mark in root.iter(f"{KML}Placemark")]
    assert any(name is not None and "</name><script>" in name for name in names)
    about = root.findtext(f"{KML}Document/{KML}description")
    assert about is not None
    assert "thiếu tọa độ: C" in about


def test_the_kml_is_read_back_where_the_request_lies(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "a.kmz"
    path.write_bytes(files["vi-tri-Dot-1.kmz"])
    places = read_kml(path).frame.to_crs(CRS)
    assert places.distance(shapely.Point(542_682, 2_028_879)).min() < 0.01


def test_equal_inputs_give_equal_files(batch: Any, files: dict[str, bytes]) -> None:
    assert visit_files(batch, words("vi"), as_of=DAY) == files


def test_one_request_is_found_by_its_code_or_the_operators(batch: Any) -> None:
    one = visit_files(batch, words("vi"), as_of=DAY, request="X1")
    assert list(one) == ["phieu-A-1.pdf"]
    with pytest.raises(SettingsError, match="no request 'Z'"):
        visit_files(batch, words("vi"), request="Z")
    with pytest.raises(SettingsError, match="không có tọa độ"):
        visit_files(batch, words("vi"), request="C")


def test_a_brief_of_an_empty_plan_compares_with_the_day_before(tmp_path: Path) -> None:
    plan = create_plan(tmp_path / "p", PlanSettings(name="Rỗng"))
    first = brief(plan, as_of=date(2026, 11, 1))
    before = first.pdf.read_bytes(), first.png.read_bytes()
    assert first.compared is None
    assert brief(plan, as_of=DAY).compared == date(2026, 11, 1)
    assert brief(plan, as_of=date(2026, 11, 1)).compared is None
    assert (first.pdf.read_bytes(), first.png.read_bytes()) == before
