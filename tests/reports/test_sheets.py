"""The sheet for the site: one page whatever the data hold, text as text, none without a place."""

import json
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import segno
import shapely

from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.reports.sheets import _Site
from infraplan.reports.sheets import field_sheets
from infraplan.reports.typeset import shortened
from infraplan.reports.typeset import typeset
from infraplan.text import words

CRS = "EPSG:9209"
HOSTILE = ('#eval("1+1")', "*bold* _x_ $x^2$ @ref", '#image("/etc/passwd")', "\u202edài " * 200)
DAY = date(2026, 11, 28)


def reason(rule: str, **values: Any) -> dict[str, Any]:
    return {"rule": rule, "outcome": "pass", "effect": "none", "unit": "m", "detail": {}} | values


REASONS = [
    reason("spacing", value=301.2, limit=300, effect="condition",
           detail={"measure_on_site": True, "site": "HTI-1"}),
    reason("fall", value=30.0, limit=42.0, detail={"radius_m": 42.0, "buildings": 3}),
    reason("emf", value=14.2, limit=25.0),
    reason("aerodrome", value=50_000.0, limit=10_000.0),
]  # fmt: skip


@pytest.fixture
def layers() -> Layers:
    """One commune and nothing else, not made up."""
    square = gpd.GeoDataFrame(
        {"name": ["Thành Sen"]}, index=pd.Index(["1"], name="code"), crs=CRS,
        geometry=[shapely.box(540_000, 2_025_000, 545_000, 2_030_000)],
    )  # fmt: skip
    return Layers(name="Thử", crs=CRS, tables={"communes": square})


def batch(layers: Layers, *names: str, placed: bool = True, **columns: Any) -> SimpleNamespace:
    point = shapely.Point(542_681.977, 2_028_878.620) if placed else None
    rows = {"operator": "Viettel", "proposal": "approve", "reasons": json.dumps(REASONS), **columns}
    table = gpd.GeoDataFrame(
        {key: [value] * len(names) for key, value in rows.items()},
        index=pd.Index(names, name="request_id"), geometry=[point] * len(names), crs=CRS,
    )  # fmt: skip
    return SimpleNamespace(
        requests=table, batch="đợt", layers=layers, provenance=Provenance("appraisal", "0")
    )


def made(layers: Layers, found: SimpleNamespace) -> dict[str, bytes]:
    return field_sheets(found, layers, pictures={}, words=words("vi"), as_of=DAY)


def text_of(pdf: bytes, folder: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    path = folder / "sheet.pdf"
    path.write_bytes(pdf)
    read = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)
    return read.stdout.decode()


def pages_of(pdf: bytes) -> int:
    return int(re.findall(rb"/Type\s*/Pages[^>]*?/Count (\d+)", pdf)[0])


def test_a_sheet_is_one_page_whatever_the_names(layers: Layers) -> None:
    columns = dict.fromkeys(("name", "letter", "address", "commune", "technologies"), "Dài" * 300)
    sheets = made(layers, batch(layers, *HOSTILE, **columns))
    assert [pages_of(pdf) for pdf in sheets.values()] == [1] * len(HOSTILE)


def test_text_of_data_is_printed_and_never_run(layers: Layers, tmp_path: Path) -> None:
    for name in HOSTILE[:3]:
        told = text_of(made(layers, batch(layers, name))[name], tmp_path).replace("\u200b", "")
        assert name in told


def test_equal_inputs_give_equal_bytes(layers: Layers) -> None:
    found = batch(layers, "HTI0123")
    assert made(layers, found) == made(layers, found)


def test_a_request_without_a_position_has_no_sheet(layers: Layers) -> None:
    assert made(layers, batch(layers, "HTI0123", placed=False)) == {}
    assert made(layers, batch(layers)) == {}


def test_coordinates_are_told_with_x_to_the_north(layers: Layers, tmp_path: Path) -> None:
    told = text_of(made(layers, batch(layers, "A"))["A"], tmp_path)
    assert re.search(r"X, Bắc \(m\)\s+2\.028\.878,6", told)
    assert re.search(r"Y, Đông \(m\)\s+542\.682,0", told)
    assert "18,342800" in told
    assert "EPSG" not in told


def test_the_distance_to_measure_comes_first_with_its_limit(layers: Layers, tmp_path: Path) -> None:
    told = text_of(made(layers, batch(layers, "A"))["A"], tmp_path)
    rows = told[told.index("Theo bản đồ") :].splitlines()[1:]
    first = next(row for row in rows if row.strip())
    assert re.search(r"PHẢI ĐO.*HTI-1\s+301 m\s+300 m", first)
    assert "50.000" not in told


def test_a_mast_on_a_roof_has_no_circle_of_fall(layers: Layers, tmp_path: Path) -> None:
    roof = [reason("fall", value=None, limit=27.0, detail={"case": "roof"})]
    found = batch(layers, "A", reasons=json.dumps(roof))
    told = text_of(made(layers, found)["A"], tmp_path)
    assert "Cột đặt trên công trình" in told
    assert "27 m" not in told


def test_a_mast_with_no_house_near_keeps_its_circle_of_fall(layers: Layers, tmp_path: Path) -> None:
    free = [reason("fall", value=None, limit=45.0, detail={"radius_m": 45.0, "buildings": 0})]
    told = text_of(made(layers, batch(layers, "A", reasons=json.dumps(free)))["A"], tmp_path)
    assert "Cột đặt trên công trình" not in told
    assert "Nhà trong bán kính 45 m" in told


def test_town_or_country_is_no_place_to_measure_to(layers: Layers, tmp_path: Path) -> None:
    apart = [reason("spacing", value=450.0, limit=300, detail={"area": "rural"})]
    told = text_of(made(layers, batch(layers, "A", reasons=json.dumps(apart)))["A"], tmp_path)
    assert "450 m" in told
    assert "rural" not in told


def test_made_up_data_are_named_on_the_page(layers: Layers, tmp_path: Path) -> None:
    found = batch(layers, "A")
    assert words("vi")("reports.synthetic") not in text_of(made(layers, found)["A"], tmp_path)
    found.provenance = Provenance("appraisal", "0", synthetic=("sites",))
    assert words("vi")("reports.synthetic") in text_of(made(layers, found)["A"], tmp_path)


def test_the_code_for_the_phone_holds_the_position_without_a_network(layers: Layers) -> None:
    site = _Site.of(batch(layers, "A"), layers, "A", words("vi"))
    assert site.geo == "geo:18.342800,105.905700"
    assert segno.make(site.geo, error="m", micro=False).version <= 3


def test_reasons_that_are_no_list_leave_the_sheet_whole(layers: Layers) -> None:
    assert pages_of(made(layers, batch(layers, "A", reasons=None))["A"]) == 1


def test_a_page_refuses_a_template_or_a_picture_outside_its_folder() -> None:
    with pytest.raises(SettingsError, match="there is no template"):
        typeset("../typst/brief", {})
    with pytest.raises(SettingsError, match="plain file names"):
        typeset("brief", {}, pictures={"../x.png": b""})


def test_a_line_is_cut_where_it_is_too_long() -> None:
    assert shortened("a\u202e b\n c" + "d" * 50, 8) == "a b cdd…"
    assert shortened(float("nan"), 5) == ""
