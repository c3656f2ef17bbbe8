"""Decisions typed into a workbook, and what is frozen once it is signed."""

import datetime as dt
import json
import stat

import openpyxl
import pandas as pd
import pytest

from infraplan.api import changed_since
from infraplan.api import issue
from infraplan.api import take_decisions
from infraplan.api.office import stored_appraisal
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.layers.notes import note_told
from infraplan.plan import create_plan
from infraplan.plan.results import store_appraisal
from infraplan.plan.settings import PlanSettings
from infraplan.text import words
from tests.sites.test_appraisal import VILLAGE
from tests.sites.test_appraisal import a_full_world
from tests.sites.test_appraisal import appraise
from tests.sites.world import requests

HEADINGS = (
    "Mã trạm", "Chiều cao (m)", "Kết luận của Sở", "Người quyết định", "Ngày quyết định",
    "Lý do của Sở", "Kết quả kiểm tra thực địa",
)  # fmt: skip
ON = dt.date(2025, 11, 25)
GOOD = {
    "R1": ("đủ điều kiện", "Trần B", ON, "xã đồng ý", ""),
    "R2": ("Chưa phù hợp", "Trần B", ON, "", "nhà ở cách 10 m"),
    "R3": ("đề nghị bổ sung hồ sơ", "Trần B", ON, "", ""),
}


@pytest.fixture(scope="module")
def appraised():
    """Return three appraised requests of one letter."""
    told = {"letter": "125/VTHT-KT", "received": "2025-11-03", "state": "received", "batch": "đợt"}
    x, y = VILLAGE
    rows = {f"R{n}": (x + 900 * n, y, "A", 42.0, "4G", told) for n in (1, 2, 3)}
    return appraise(requests(**rows), layers=a_full_world(), batch="đợt")


@pytest.fixture
def plan(tmp_path, appraised):
    """Return a plan of real layers that keeps the appraisal."""
    made = create_plan(tmp_path / "plan", PlanSettings(name="thử"))
    layers = appraised.layers
    register = appraised.requests.drop(columns=["proposal", "reasons"])
    known = {name: layers.table(name) for name in ("communes", "sites", "sources")}
    made.write_tables({**known, "requests": register})
    store_appraisal(made, appraised, key="k")
    return made


def filled(tmp_path, rows):
    """Return a table T8 with what the office typed."""
    book = openpyxl.Workbook()
    book.active.append(HEADINGS)
    for name, cells in rows.items():
        book.active.append([name, "chưa đủ dữ liệu", *cells])
    book.save(tmp_path / "t8.xlsx")
    return tmp_path / "t8.xlsx"


def decided(plan, tmp_path, **changes):
    """Read decisions back, the good ones but for some changes."""
    return take_decisions(plan, filled(tmp_path, {**GOOD, **changes}))


def test_decisions_are_kept_beside_the_proposals(plan, tmp_path):
    found = decided(plan, tmp_path)
    assert (found.batch, found.taken, found.faults) == ("đợt", ("R1", "R2", "R3"), ())
    kept = stored_appraisal(plan).requests
    assert list(kept["decision"]) == ["approve", "reject", "needs_information"]
    assert kept.loc["R2", "field_check"] == "nhà ở cách 10 m"
    assert kept["proposal"].notna().all()


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (("chắc được", "Trần B", ON, "", ""), "value_wrong"),
        (("đủ điều kiện", "", ON, "", ""), "decision_lacks"),
        (("đủ điều kiện", "Trần B", None, "", ""), "decision_lacks"),
        (("đủ điều kiện", "Trần B", dt.date(2025, 11, 2), "", ""), "decision_early"),
    ],
)
def test_half_a_decision_is_none_and_the_others_count(plan, tmp_path, cells, code):
    found = decided(plan, tmp_path, R2=cells)
    assert found.taken == ("R1", "R3")
    assert [fault.code for fault in found.faults] == [code]
    assert pd.isna(plan.table("requests").loc["R2", "decision"])


def test_a_code_of_another_batch_is_told(plan, tmp_path):
    found = decided(plan, tmp_path, KHAC=GOOD["R1"])
    assert [(f.code, f.found) for f in found.faults] == [("decision_unknown_request", "KHAC")]


def test_a_table_of_another_batch_decides_nothing(plan, tmp_path):
    path = filled(tmp_path, GOOD)
    book = openpyxl.load_workbook(path)
    for row, name in enumerate(("batch", "đợt", "đợt", "đợt khác"), start=1):
        book.active.cell(row, len(HEADINGS) + 1).value = name
    book.save(path)
    found = take_decisions(plan, path)
    assert found.taken == ("R1", "R2")
    assert [fault.code for fault in found.faults] == ["decision_unknown_request"]


def test_a_table_without_decisions_is_refused(plan, tmp_path):
    with pytest.raises(LayerError, match="answers nothing"):
        take_decisions(plan, filled(tmp_path, {"R1": (None,) * 5}))


def test_nothing_is_issued_before_all_is_decided(plan, tmp_path):
    decided(plan, tmp_path, R2=(None,) * 5)
    with pytest.raises(PlanError, match="no decision on R2"):
        issue(plan)
    assert not (plan.folder / "issued").exists()


def test_what_is_issued_is_read_only_and_never_overwritten(plan, tmp_path):
    decided(plan, tmp_path)
    (tmp_path / "ký.pdf").write_bytes(b"%PDF")
    done = issue(plan, signed=[tmp_path / "ký.pdf"])
    assert done.folder.name == "2025-11-25_125-VTHT-KT"
    assert {"signed_ky.pdf", "issued.json"} <= set(done.files)
    modes = {path.stat().st_mode & stat.S_IWUSR for path in done.folder.iterdir()}
    assert modes == {0}
    with pytest.raises(PlanError, match="never overwritten") as refused:
        issue(plan)
    assert "Đã phát hành tại" in note_told(refused.value.args[0], words("vi"))
    states = list(plan.table("requests")["state"])
    assert states == ["decided", "decided", "supplement_asked"]


def test_an_issued_decision_is_not_changed_any_more(plan, tmp_path):
    decided(plan, tmp_path)
    issue(plan)
    found = decided(plan, tmp_path, R1=("chưa phù hợp", "Trần B", ON, "", ""))
    assert [fault.code for fault in found.faults] == ["decision_issued"]


def test_a_later_run_tells_what_changed_since(plan, tmp_path):
    assert changed_since(plan, stored_appraisal(plan)) is None
    decided(plan, tmp_path)
    done = issue(plan)
    assert changed_since(plan, stored_appraisal(plan))[1] == ()
    now = stored_appraisal(plan)
    now.requests.loc["R1", "proposal"] = "reject"
    (done.folder / "issued.json").chmod(0o644)
    record = json.loads((done.folder / "issued.json").read_text("utf-8"))
    record["rules"]["slope"]["thresholds"]["slope_deg"] = 20
    (done.folder / "issued.json").write_text(json.dumps(record), "utf-8")
    changes = changed_since(plan, now)[1]
    assert [(c.what, c.where) for c in changes] == [("proposal", "R1"), ("rules", "slope")]


def test_a_file_changed_after_the_issue_is_told(plan, tmp_path):
    decided(plan, tmp_path)
    done = issue(plan)
    paper = next(path for path in done.folder.iterdir() if path.suffix == ".docx")
    paper.chmod(0o644)
    paper.write_bytes(b"other")
    _, changes = changed_since(plan, stored_appraisal(plan))
    assert [(c.what, c.where, c.after) for c in changes] == [("file", paper.name, "other_content")]


def test_nothing_is_issued_from_synthetic_input(plan, tmp_path):
    decided(plan, tmp_path)
    sources = plan.table("sources")
    plan.write_tables({"sources": sources.assign(synthetic=True)})
    with pytest.raises(PlanError, match="synthetic"):
        issue(plan)
