"""T12 and the column of universal service, read as an official reads them."""

from datetime import date

import openpyxl
import pandas as pd
import pytest

from infraplan.coverage.criteria import CriteriaSet
from infraplan.reports.compose import plan_sheets
from infraplan.reports.compose import plan_workbook
from infraplan.reports.programmes import day_told
from infraplan.reports.programmes import eligible_told
from infraplan.reports.programmes import new_rural_evidence_sheet
from infraplan.reports.programmes import new_rural_sheet
from infraplan.reports.programmes import rule_lines
from infraplan.reports.published import hamlets_sheet
from infraplan.text import words
from tests.coverage.test_criteria import RURAL
from tests.coverage.test_criteria import SETS
from tests.coverage.test_criteria import changed
from tests.coverage.test_criteria import difficult
from tests.coverage.test_criteria import judged
from tests.coverage.test_evidence import evidence
from tests.coverage.world import EVERYWHERE
from tests.coverage.world import communes

VI = words("vi")
OURS = "Ngưỡng do chương trình đặt, chưa được Sở xác nhận"


@pytest.fixture(scope="module")
def gaps():
    """Return gaps: commune 1 fails by H2, of which people say otherwise, and 2 meets."""
    homes = difficult("H2").assign(poor_households=pd.array([3, 7, 0], dtype="Int64"))
    return judged(homes=homes, tables={"evidence": evidence(("H2", "A", "good"))})


def cells(sheet, row):
    """Return one row of a sheet by heading; -1 is the total."""
    if row < 0:
        return {column.heading: sheet.total.get(column.name) for column in sheet.columns}
    values = sheet.table.iloc[row]
    return {column.heading: values[column.name] for column in sheet.columns}


def test_t12_says_for_each_commune_what_is_met_and_by_which_hamlet_it_fails(gaps) -> None:
    sheet = new_rural_sheet(gaps, VI)
    west, east = cells(sheet, 0), cells(sheet, 1)
    broadband = next(name for name in west if name.startswith("8.2b"))
    assert west[broadband] == "chưa đạt (1/2 thôn); có phản ánh trái, cần kiểm tra lại"
    assert east[broadband] == "đạt (1/1 thôn)"
    assert west["Thôn chưa đạt"] == "8.2a, 8.2b: H2"
    assert west["Kết luận phần đo được"].startswith("chưa đạt")
    by_hand = [value for name, value in east.items() if name.startswith(("8.1", "8.3", "8.4"))]
    assert by_hand == ["kiểm tra bằng hồ sơ"] * 3


def test_wards_are_not_asked_and_the_total_says_so() -> None:
    gaps = judged(tables={"communes": communes().assign(type=["phường", "xã"])})
    sheet = new_rural_sheet(gaps, VI)
    ward = cells(sheet, 0)
    assert ward["Kết luận phần đo được"] == "không xét (phường)"
    assert {v for n, v in ward.items() if n.startswith("8.")} == {"không xét (phường)"}
    assert cells(sheet, -1)["Kết luận phần đo được"] == "đạt: 1; không xét (phường): 1"
    assert set(new_rural_evidence_sheet(gaps, VI).table["code"]) == {"2"}


def test_the_total_of_t12_counts_communes_by_outcome(gaps) -> None:
    total = cells(new_rural_sheet(gaps, VI), -1)
    assert total["Kết luận phần đo được"] == "đạt: 1; chưa đạt: 1"
    assert total["Số thôn"] == 3
    assert total["Dân số"] == pytest.approx(1_500.0, rel=1e-6)
    assert next(v for n, v in total.items() if n.startswith("8.1")) == "kiểm tra bằng hồ sơ: 2"


def test_a_threshold_of_ours_says_so_beside_its_law_and_dates(gaps) -> None:
    lines = new_rural_sheet(gaps, VI).lines
    measured = [line for line in lines if line.startswith("Mục 8.2")]
    assert len(measured) == 2
    for line in measured:
        assert OURS in line
        assert "1127/QĐ-BTTTT" in line
        assert "22/06/2022 đến 31/12/2025" in line
    assert "từ 90 % dân" in measured[0]
    assert "không quá 1.000 m; xã đạt khi từ 100 % số thôn" in measured[1]


def test_t12b_names_hamlets_with_ids_people_and_statements(gaps) -> None:
    row = cells(new_rural_evidence_sheet(gaps, VI), 1)
    assert (row["Mục"], row["Mã xã"], row["Thôn chưa đạt"]) == ("8.2b", "1", "H2 (H2)")
    assert row["Phản ánh của các thôn đó"] == "tốt 1; chập chờn 0; không có 0"
    assert row["Thôn có phản ánh trái"] == "H2 (H2)"
    assert row["Tỷ lệ thôn đạt"] == 0.5


def test_t2_tells_poor_households_and_why_a_hamlet_is_for_universal_service(gaps) -> None:
    sheet = hamlets_sheet(gaps, VI)
    rows = {cells(sheet, n)["Mã thôn"]: cells(sheet, n) for n in range(len(sheet.table))}
    assert rows["H2"]["Hộ nghèo"] == 7
    told = rows["H2"]["Thuộc VTCI (có/không/cần kiểm tra, căn cứ)"]
    assert told.startswith("cần kiểm tra: phản ánh của thôn trái với dự báo (0 % dân")
    assert any("2269/QĐ-TTg" in line and OURS in line for line in sheet.lines)


def test_every_reason_is_a_sentence_in_both_languages() -> None:
    codes = [key for key in VI.entries if key.startswith("coverage.why_")]
    for code in codes:
        area = {
            "universal_service": "to_check",
            "universal_service_why": code.removeprefix("coverage.why_"),
            "broadband_share": 0.25,
            "coming_site": "P",
            "coming_site_m": 1_234.0,
        }
        for language in ("vi", "en"):
            told = eligible_told(area, words(language))
            assert "{" not in told
            assert len(told) > 15
    assert eligible_told({"universal_service": None}, VI) == ""


def test_no_rule_in_force_is_told_on_the_sheet_and_nothing_is_met() -> None:
    gaps = judged({("4G", "A"): EVERYWHERE}, as_of=date(2026, 1, 1))
    sheet = new_rural_sheet(gaps, VI)
    told = "không có quy định nào trong tệp còn hiệu lực vào ngày 01/01/2026"
    assert any(told in line for line in sheet.lines)
    assert cells(sheet, 0)["Kết luận phần đo được"] == "không có quy định còn hiệu lực"
    assert any(told in line for line in hamlets_sheet(gaps, VI).lines)
    assert not len(new_rural_evidence_sheet(gaps, VI).table)


def test_without_a_day_the_sheet_says_until_when_its_rules_held() -> None:
    gaps = judged(as_of=None)
    assert "hiệu lực đến 31/12/2025" in day_told(gaps, "new_rural", VI)
    assert day_told(judged(), "new_rural", VI) == ""


def test_a_rule_of_the_office_speaks_its_own_words_and_is_told_as_confirmed() -> None:
    own = changed(
        RURAL, "broadband_2022", text="Internet đến thôn", assumed=False, verified=True,
        source="read by the office",
    )  # fmt: skip
    line = rule_lines(judged(sets=[CriteriaSet.from_dict(own)]), "new_rural", VI)
    told = next(text for text in line if text.startswith("Mục 8.2b"))
    assert "Mục 8.2b: Internet đến thôn." in told
    assert told.endswith("Đã được Sở xác nhận.")


def test_the_workbook_has_t12_and_its_csv(gaps, tmp_path) -> None:
    sheets = plan_sheets(layers=gaps.layers, gaps=gaps, words=VI)
    path = plan_workbook(tmp_path / "x.xlsx", sheets, words=VI, is_synthetic=False)
    names = openpyxl.load_workbook(path).sheetnames
    assert {"T12 NTM tiêu chí 8", "T12b Căn cứ NTM"} <= set(names)
    text = next((tmp_path / "csv").glob("T12?NTM*.csv")).read_text(encoding="utf-8-sig")
    assert "8.2a, 8.2b: H2" in text
    assert OURS in text


def test_a_workbook_without_rules_has_no_t12(tmp_path) -> None:
    gaps = judged(sets=())
    sheets = plan_sheets(layers=gaps.layers, gaps=gaps, words=VI)
    path = plan_workbook(tmp_path / "x.xlsx", sheets, words=VI, is_synthetic=False)
    assert not [name for name in openpyxl.load_workbook(path).sheetnames if name.startswith("T12")]
    assert len(SETS) == 2
