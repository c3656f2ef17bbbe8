"""Imports into a plan: what it keeps of its own, what is told, and what never enters it."""

import hashlib
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

import infraplan as ip
from infraplan.api import import_layer
from infraplan.errors import InfraplanError
from infraplan.errors import LayerError
from infraplan.plan import Plan
from tests.coverage.world import CRS
from tests.coverage.world import communes
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import stations
from tests.coverage.world import three_hamlets


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    made = ip.init_plan(tmp_path / "plan", crs=CRS, resolution_m=60.0)
    sites = stations(A=(900, 900, "Viettel", "2G;4G"), B=(900, 900, "VNPT", "4G", "A"))
    tables = {"communes": communes().assign(type="xã"), "hamlets": three_hamlets()}
    made.write_tables(tables | {"sites": sites})
    return made


def book(folder: Path, rows: dict[str, list[object]]) -> Path:
    path = folder / "danh sách.xlsx"
    pd.DataFrame(rows).to_excel(path, index=False)
    return path


def rows_of(plan: Plan, *names: str, operator: str = "Viettel", **columns: list[object]):
    points = plan.table("sites").to_crs(4326).geometry.iloc[0]
    count = len(names)
    cells = {"Mã trạm": list(names), "Mạng": [operator] * count, "Cao cột": [40] * count}
    return cells | {"Kinh độ": [points.x] * count, "Vĩ độ": [points.y] * count} | columns


def content(plan: Plan) -> dict[str, str]:
    files = sorted(path for path in plan.folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(plan.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_an_import_tells_rows_faults_repairs_and_how_the_file_was_understood(plan, tmp_path):
    rows = rows_of(plan, "V1", "V2", "V3", operator="VTT", **{"Cao cột": [30, 999, "31,5"]})
    done = import_layer(plan, "sites", book(tmp_path, rows))
    assert (done.rows_read, done.rows_kept, done.rows_quarantined) == (3, 2, 1)
    assert [fault.rows for fault in done.faults] == [("3",)]
    assert {repair.code for repair in done.repairs} == {"operator_spelling", "decimal_comma"}
    assert done.understood.header_rows == ("1",)
    source = plan.table("sources").loc["sites:Viettel"]
    assert (source["rows"], source["expected_rows"], bool(source["complete"])) == (2, 3, False)


def test_a_list_with_rows_set_aside_is_never_complete(plan, tmp_path):
    rows = rows_of(plan, "V1", "V2", "V3", **{"Cao cột": [30, 999, 31]})
    done = import_layer(plan, "sites", book(tmp_path, rows), complete=True)
    assert not plan.table("sources").loc["sites:Viettel", "complete"]
    assert any("does not count as complete" in note for note in done.notes)


def test_of_a_row_set_aside_the_plan_keeps_what_it_has(plan, tmp_path):
    rows = rows_of(plan, "A", "V2", "V3", **{"Cao cột": [999, 30, 31]})
    done = import_layer(plan, "sites", book(tmp_path, rows))
    assert sorted(plan.table("sites").index) == ["A", "B", "V2", "V3"]
    assert any(note.endswith("the plan keeps what it has: A") for note in done.notes)


def test_a_dry_run_tells_the_same_and_changes_nothing(plan, tmp_path):
    path = book(tmp_path, rows_of(plan, "V1", "V2", "V3", **{"Cao cột": [30, 999, 31]}))
    before = content(plan)
    dry = import_layer(plan, "sites", path, dry_run=True)
    assert content(plan) == before
    real = import_layer(plan, "sites", path)
    assert (dry.rows_kept, dry.faults, dry.repairs) == (real.rows_kept, real.faults, real.repairs)


@pytest.mark.parametrize(
    "columns",
    [{"Cao cột": [-1, -1, 30]}, {"Mạng": [None, None, None]}, {"Vĩ độ": ["x", "y", 18.3]}],
    ids=["most rows", "no operator", "no positions"],
)
def test_a_refused_import_leaves_the_plan_byte_for_byte(plan, tmp_path, columns):
    before = content(plan)
    with pytest.raises(InfraplanError):
        import_layer(plan, "sites", book(tmp_path, rows_of(plan, "V1", "V2", "V3", **columns)))
    assert content(plan) == before


def test_a_hamlet_outside_its_commune_costs_itself_only(plan, tmp_path):
    out = hamlets(OUT=("1", ground(9_000, 0, 9_300, 300)))
    path = tmp_path / "layer.gpkg"
    pd.concat([three_hamlets(), out]).reset_index().to_file(path)
    done = import_layer(plan, "hamlets", path)
    assert sorted(plan.table("hamlets").index) == ["H1", "H2", "H3"]
    assert [fault.rows for fault in done.faults] == [("OUT",)]
    assert plan.table("sources").loc["hamlets", "expected_rows"] == 4


def test_an_id_of_another_operator_costs_its_row_only(plan, tmp_path):
    done = import_layer(plan, "sites", book(tmp_path, rows_of(plan, "B", "V2", "V3")))
    assert plan.table("sites")["operator"].to_dict() == {
        "B": "VNPT", "V2": "Viettel", "V3": "Viettel",
    }  # fmt: skip
    (fault,) = done.faults
    assert fault.rows == ("2",)
    assert "used by another operator" in fault.what


PERSON = {"Chủ đất": ["Nguyễn Văn Bí", "Trần Mật", None], "SĐT": ["0912345678", None, None]}
SECRETS = ("Nguyễn Văn Bí", "Trần Mật", "0912345678", "Chủ đất")


def test_persons_are_kept_apart_only_where_asked_for(plan, tmp_path):
    path = book(tmp_path, rows_of(plan, "V1", "V2", "V3", **PERSON))
    assert import_layer(plan, "sites", path).personal is None
    assert not (plan.folder / "personal").exists()
    kept = import_layer(plan, "sites", path, keep_personal=True).personal
    assert kept == plan.folder / "personal" / "sites.xlsx"
    table = pd.read_excel(kept, dtype=str, index_col=0)
    assert table["Chủ đất"]["V1"] == "Nguyễn Văn Bí"
    assert table["SĐT"]["V1"] == "0912345678"


def test_persons_of_another_operators_list_stay_in_their_file(plan, tmp_path):
    first = rows_of(plan, "V1", "V2", "V3", **PERSON)
    import_layer(plan, "sites", book(tmp_path, first), keep_personal=True)
    second = rows_of(plan, "N1", operator="VNPT", **{"Chủ đất": ["Phạm Văn C"]})
    kept = import_layer(plan, "sites", book(tmp_path, second), keep_personal=True).personal
    table = pd.read_excel(kept, dtype=str, index_col=0)
    assert table["Chủ đất"].dropna().to_dict() == {
        "N1": "Phạm Văn C", "V1": "Nguyễn Văn Bí", "V2": "Trần Mật",
    }  # fmt: skip


def test_persons_reach_neither_geopackage_nor_map_nor_report(plan, tmp_path):
    path = book(tmp_path, rows_of(plan, "V1", "V2", "V3", **PERSON))
    import_layer(plan, "sites", path, keep_personal=True)
    ip.draw_map(plan)
    written = [p for p in plan.folder.rglob("*") if p.is_file() and "personal" not in p.parts]
    assert {".html", ".gpkg"} <= {p.suffix for p in written}
    for file in written:
        data = unpacked(file)
        assert not [word for word in SECRETS if word.encode() in data], file


def unpacked(path: Path) -> bytes:
    import zipfile

    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            return b"".join(archive.read(name) for name in archive.namelist())
    if path.suffix == ".gpkg":
        with sqlite3.connect(path) as base:
            return "\n".join(base.iterdump()).encode()
    return path.read_bytes()


def test_a_failed_write_takes_back_what_is_about_persons(plan, tmp_path, monkeypatch):
    path = book(tmp_path, rows_of(plan, "V1", "V2", "V3", **PERSON))
    before = content(plan)

    def fail(*_: object) -> None:
        raise LayerError(layer="sites", faults=())

    monkeypatch.setattr(Plan, "write_tables", fail)
    with pytest.raises(LayerError):
        import_layer(plan, "sites", path, keep_personal=True)
    assert content(plan) == before
