"""Surveys of aerial cable as they are imported: streets that the plan does not have are told."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

import infraplan.api as ip
from infraplan.layers.notes import note_told
from infraplan.layers.schemas import schema
from infraplan.layers.told import fault_told
from infraplan.plan import Plan
from infraplan.text import words

CRS = "EPSG:9209"
ROWS = """Đường,Từ,Đến,Bên,Đơn vị,Số cáp,Đường kính (mm),Ngày khảo sát,Người ký
Tran Phu,0,100,trái,VNPT,2,12,2026-05-01,Nguyễn An
Trần Phúu,0,100,trái,Viettel,1,12,2026-05-01,Nguyễn An
Trần Phúu,100,200,phải,SCTV,1,12,2026-05-01,Nguyễn An
Quang Trung,0,100,trái,VNPT,3,12,2026-05-01,Nguyễn An
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Return a plan with nothing but two streets."""
    made = ip.init_plan(tmp_path / "plan", crs=CRS)
    lines = [shapely.LineString([(540_000, y), (540_300, y)]) for y in (2_030_000, 2_030_100)]
    streets = gpd.GeoDataFrame({"name": ["Trần Phú", "Nguyễn Du"]}, geometry=lines, crs=CRS)
    streets.index = ["S1", "S2"]
    columns = {column.name: None for column in schema("streets").columns}
    whole = streets.assign(**{k: v for k, v in columns.items() if k not in streets})
    whole.index.name = "street_id"
    made.write_tables({"streets": whole.drop(columns=["street_id"], errors="ignore")})
    return made


def test_streets_that_the_plan_does_not_have_are_told_with_rows_and_near_names(
    plan: Plan, tmp_path: Path
) -> None:
    survey = tmp_path / "khao sat.csv"
    survey.write_text(ROWS, encoding="utf-8")
    done = ip.import_layer(plan, "cable_survey", survey)
    told = [note_told(note, words("vi")) for note in done.notes]
    (unknown,) = [text for text in told if "tên đường mà phương án không có" in text]
    assert unknown.startswith("3 dòng khảo sát")
    assert "'Trần Phúu' (dòng 3, 4; tên gần giống: Trần Phú)" in unknown
    assert "'Quang Trung' (dòng 5; không có tên nào gần giống)" in unknown
    assert "Tran Phu'" not in unknown
    assert done.rows_kept == 4


def test_a_place_beyond_the_end_of_its_street_is_a_fault_of_its_cell(
    plan: Plan, tmp_path: Path
) -> None:
    survey = tmp_path / "khao sat.csv"
    head, first, *_ = ROWS.splitlines()
    rows = [first, *(f"Trần Phú,{a},{b},phải,VNPT,2,12,,"
                     for a, b in ((0, 300), (100, 2500), (0, 2500), ("Le Loi", 200), (50, 50))),
            *(f"Nguyễn Du,,{b},trái,VNPT,2,12,," for b in ("", 20, 30, 40, 50))]  # fmt: skip
    survey.write_text("\n".join([head, *rows]), encoding="utf-8")
    done = ip.import_layer(plan, "cable_survey", survey)
    told = [fault_told(fault, words("vi")) for fault in done.faults]
    assert told[0] == (
        "Trên đường 'Trần Phú' không có vị trí này (tệp khao sat.csv, "
        "cột 'Đến (đường cắt hoặc số mét)', dòng 4, 5); "
        "tìm thấy '2500'; cần tên đường cắt ngang, hoặc số mét tính từ đầu đường, từ 0 đến 300. "
        "Cách sửa: Ghi lại vị trí (không có tên nào gần giống), "
        "hoặc để trống nếu khảo sát đến hết đường"
    )
    assert "dòng 6); tìm thấy 'Le Loi'" in told[1]
    assert "từ '50' đến '50' không thành một đoạn" in told[2]
    assert (len(told), done.rows_kept) == (3, 7)
