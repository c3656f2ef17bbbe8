"""The reply letter, its template, and the request for supplements."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import date

import docx
import geopandas as gpd
import pandas as pd
import pytest
import shapely

from infraplan.errors import Fault
from infraplan.errors import SourceFileError
from infraplan.reports.letter import FIELDS
from infraplan.reports.letter import PLACEHOLDERS
from infraplan.reports.letter import default_template
from infraplan.reports.letter import reply_letter
from infraplan.reports.office import Office
from infraplan.reports.supplements import supplement_letter
from tests.reports.batches import CRS
from tests.reports.batches import HOSTILE
from tests.reports.batches import LACKS
from tests.reports.batches import LAW
from tests.reports.batches import NEED
from tests.reports.batches import SPACING
from tests.reports.batches import VI
from tests.reports.batches import appraisal
from tests.reports.batches import hostile
from tests.reports.batches import mixed
from tests.reports.batches import request
from tests.reports.batches import study

BANNER = VI("reports.synthetic")


def opened(content):
    return docx.Document(io.BytesIO(content))


def text_of(content):
    document = opened(content)
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def template(*lines):
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def annex_of(content):
    (table,) = [t for t in opened(content).tables if len(t.columns) == 12]
    return table


def test_a_letter_counts_each_result_and_says_that_proposals_are_no_decisions():
    text = text_of(reply_letter(mixed(), VI))
    assert "Trong 4 vị trí đề nghị: 1 đủ điều kiện; 1 đủ điều kiện, kèm yêu cầu; " in text
    assert "1 chưa phù hợp; 1 đề nghị bổ sung hồ sơ." in text
    assert "chưa phải quyết định" in text
    assert "công văn số 12/CV ngày 01/11/2025 của Viettel" in text


def test_a_decision_counts_in_place_of_the_proposal_and_both_are_printed():
    made = appraisal(
        R1=request("reject", decision="approve", decided_by="Ông A", decided_on="2025-11-24",
                   decision_reason="xã đồng ý")
    )  # fmt: skip
    content = reply_letter(made, VI)
    assert "Trong 1 vị trí đề nghị: 1 đủ điều kiện." in text_of(content)
    assert "R1: đề xuất chưa phù hợp, cơ quan quyết định đủ điều kiện. Lý do: xã đồng ý" in text_of(
        content
    )
    row = [cell.text for cell in annex_of(content).rows[1].cells]
    assert row[9:11] == ["Chưa phù hợp", "Đủ điều kiện (Ông A, 24/11/2025): xã đồng ý"]


def test_the_annex_holds_every_row_below_a_repeated_heading_on_a_page_that_lies():
    content = reply_letter(hostile(), VI)
    table = annex_of(content)
    assert len(table.rows) == 1 + len(HOSTILE)
    assert "w:tblHeader" in table.rows[0]._tr.xml
    assert all("w:cantSplit" in row._tr.xml for row in table.rows)
    sections = opened(content).sections
    assert [s.page_width > s.page_height for s in sections] == [False, True]


def test_hostile_text_is_printed_as_it_is():
    content = reply_letter(hostile(), VI)
    names = [row.cells[1].text for row in annex_of(content).rows[1:]]
    for text in HOSTILE:
        plain = re.sub(r"[\x00-\x1f]", "", text)
        assert any(plain[:20] in name for name in names), text
    assert "49" not in names[0]
    assert "{{x}}" in text_of(content)


def test_rows_that_could_not_be_read_stand_in_the_annex_with_the_remedy():
    fault = Fault(what="mã bị trùng", rows=("7", "9"), remedy="đặt mã khác", file="C:\\a\\lo.xlsx")
    text = text_of(reply_letter(mixed(faults=[fault]), VI))
    assert "dòng 7, 9" in text
    assert "lo.xlsx" in text
    assert "C:\\a" not in text
    assert "đặt mã khác" in text
    assert "Gửi lại các dòng, ô chưa đọc được (1 mục" in text


def test_people_are_told_with_their_range_and_never_to_the_last_one():
    text = text_of(reply_letter(mixed(), VI))
    assert "khoảng 410 (250 đến 560)" in text
    assert "412" not in text


def test_no_more_than_five_reasons_are_told_and_what_is_open_is_one_of_them():
    many = [{**SPACING, "rule": f"rule{n}"} for n in range(9)]
    made = appraisal(R1=request("approve_with_conditions", [*many, *mixed_open()]))
    reason = annex_of(reply_letter(made, VI)).rows[1].cells[11].text
    assert reason.count("rule") == 4
    assert "Chưa đủ dữ liệu, cần kiểm tra thủ công: Ngập lụt" in reason


def mixed_open():
    return [{**SPACING, "rule": "flood", "outcome": "not_assessed"}]


@pytest.mark.parametrize("verified", [True, False])
def test_a_law_is_cited_as_confirmed_only_where_the_office_confirmed_the_rule(verified):
    made = appraisal(R1=request("approve_with_conditions", [{**SPACING, "verified": verified}]))
    lines = text_of(reply_letter(made, VI)).splitlines()
    (place,) = [n for n, line in enumerate(lines) if line == f"- Khoảng cách giữa các cột ({LAW})"]
    head = "letters.head_confirmed" if verified else "letters.head_unconfirmed"
    assert lines[place - 1] == VI(head)
    assert any("(chưa được Sở xác nhận)" in line for line in lines) is not verified


def test_related_requests_changes_and_what_would_flip_a_proposal_are_told():
    keys = ("request_id", "other_id")
    tables = study(
        related=(keys, [{"request_id": "R2", "other_id": "CU-1", "kind": "earlier",
                         "distance_m": 12.0, "letter": "9/CV", "operator": "VNPT",
                         "state": "decided", "decision": "reject"}]),
        changes=(("request_id", "field"), [{"request_id": "R2", "field": "height_m",
                                            "before": "48", "after": "42"}]),
        flips=(("request_id", "kind"), [{"request_id": "R2", "kind": "lower", "height_m": 36.0,
                                         "proposal": "approve"}]),
    )  # fmt: skip
    text = text_of(reply_letter(mixed(tables=tables), VI))
    assert "R2: đề nghị trước đây: CU-1, cách 12 m (công văn 9/CV, VNPT, Chưa phù hợp)" in text
    assert "R2: Chiều cao: trước 48, nay 42" in text
    assert "Nếu hạ ăng ten xuống 36 m: đủ điều kiện" in text


@pytest.mark.parametrize("name", ["changes", "allowed"])
def test_what_leaves_a_proposal_as_it_is_or_is_not_allowed_flips_nothing(name):
    row = {"request_id": "R2", "kind": "move", "moved_m": 100.0, "proposal": "approve", name: False}
    tables = study(flips=(("request_id", "kind"), [row]))
    assert "Nếu dịch" not in text_of(reply_letter(mixed(tables=tables), VI))


def test_the_reason_of_an_office_that_decides_otherwise_comes_first():
    own = {"decision": "reject", "decision_reason": "Gần trường học"}
    text = text_of(reply_letter(appraisal(R1=request("approve", [NEED], **own)), VI))
    assert "Căn cứ: Ý kiến của cơ quan thẩm định: Gần trường học; " in text


def test_a_commune_that_a_list_does_not_name_is_that_of_the_position():
    made = appraisal(R1=request(commune=None))
    square = gpd.GeoDataFrame(
        {"full_name": ["Xã Hương Phố"]}, index=pd.Index(["1"], name="code"), crs=CRS,
        geometry=[shapely.box(530_000, 2_020_000, 550_000, 2_040_000)],
    )  # fmt: skip
    made = replace(made, layers=replace(made.layers, tables={"communes": square}))
    assert "Xã Hương Phố" in text_of(reply_letter(made, VI))


def test_what_is_open_for_the_same_positions_is_one_line():
    open_rules = [
        {**SPACING, "rule": rule, "outcome": "not_assessed"} for rule in ("flood", "road")
    ]
    row = request("approve_with_conditions", open_rules)
    lines = text_of(reply_letter(appraisal(R1=row, R2=request()), VI)).splitlines()
    (line,) = [line for line in lines if "trước khi xây dựng" in line]
    assert "Ngập lụt, Đường tiếp cận (R1)" in line


@pytest.mark.parametrize("own", [None, template("{{ summary }}", "THỦ TRƯỞNG")])
def test_a_letter_of_synthetic_data_says_so_on_every_page_whatever_its_template(own):
    content = reply_letter(mixed(synthetic=["sites"]), VI, template=own)
    document = opened(content)
    assert document.paragraphs[0].text == BANNER
    for section in document.sections:
        assert BANNER in "\n".join(p.text for p in section.header.paragraphs)
        assert not section.different_first_page_header_footer
    assert VI("letters.signer") not in text_of(content)


def test_a_letter_of_real_data_bears_no_warning_and_names_who_signs():
    content = reply_letter(mixed(), VI, office=Office("Sở KH&CN", "UBND tỉnh", "Hà Tĩnh"))
    assert "GIẢ LẬP" not in text_of(content)
    assert VI("letters.signer") in text_of(content)
    assert "SỞ KH&CN" in text_of(content)


def test_the_day_asked_for_stands_in_the_file_and_equal_input_gives_equal_bytes():
    one, two = (reply_letter(hostile(), VI, made_on=date(2025, 11, 26)) for _ in range(2))
    assert one == two
    about = opened(one).core_properties
    assert about.created.date() == about.modified.date() == date(2025, 11, 26)


def test_an_offices_template_is_filled_in_and_escaped():
    own = template("{{ operator }} – {{ count }}", "{%p for row in rows %}", "{{ row.name }}",
                   "{%p endfor %}")  # fmt: skip
    made = appraisal(R1=request(operator="<b>&{{7*7}}"), R2=request(operator="<b>&{{7*7}}"))
    lines = [p.text for p in opened(reply_letter(made, VI, template=own)).paragraphs]
    assert lines == ["<b>&{{7*7}} – 2", "Trạm", "Trạm"]


def test_placeholders_that_are_not_known_are_named_in_one_error():
    own = template("{{ sumary }} {{ hello }}", "{{ range(3) }}")
    with pytest.raises(SourceFileError, match="not known: hello, range, sumary; known are"):
        reply_letter(mixed(), VI, template=own)
    inner = template("{%p for row in rows %}", "{{ row.nam }}", "{%p endfor %}")
    with pytest.raises(SourceFileError, match="not known: nam; known are"):
        reply_letter(mixed(), VI, template=inner)


@pytest.mark.parametrize(
    "line",
    ["{{ ''.__class__.__mro__ }}", "{{ rows.append(1) }}{{ operator.__init__.__globals__ }}",
     "{% include 'x' %}", "{{ operator", "{% if %}", "{{ operator / 0 }}"],
)  # fmt: skip
def test_a_template_cannot_run_a_program(line):
    with pytest.raises(SourceFileError, match="template"):
        reply_letter(mixed(), VI, template=template(line))


def with_macros():
    stream = io.BytesIO(template("x"))
    with zipfile.ZipFile(stream, "a") as packed:
        packed.writestr("word/vbaProject.bin", b"x")
    return stream.getvalue()


@pytest.mark.parametrize("content", [b"no zip", with_macros()])
def test_a_template_that_is_no_plain_word_file_is_refused(content):
    with pytest.raises(SourceFileError, match=r"\.docx"):
        reply_letter(mixed(), VI, template=content)


def test_our_own_template_names_only_what_is_documented():
    with zipfile.ZipFile(io.BytesIO(default_template(VI))) as packed:
        xml = packed.read("word/document.xml").decode()
    named = set(re.findall(r"{{ (?:row\.)?(\w+) }}", xml)) - {"line"}
    assert named <= {*PLACEHOLDERS, *FIELDS, "number", "decided", "proposed", "where", "what",
                     "remedy"}  # fmt: skip
    assert {"basis", "summary", "reason", "operator"} <= named


def test_supplements_name_what_is_missing_and_how_to_give_it():
    text = text_of(supplement_letter(mixed(), VI))
    assert "chiều cao" in text
    assert VI("letters.give_height_m") in text
    assert "R4 Trạm" in text
    assert "R1 Trạm" not in text


def test_no_supplements_are_asked_where_nothing_is_missing():
    assert supplement_letter(appraisal(R1=request()), VI) is None


def test_the_offices_own_reason_stands_first_where_it_asks_for_supplements():
    row = request("approve", decision="needs_information", decision_reason="Thiếu giấy {{7*7}}")
    assert "Thiếu giấy {{7*7}}" in text_of(supplement_letter(appraisal(R1=row), VI))


def test_supplements_of_synthetic_data_say_so_in_the_head_of_every_page():
    made = appraisal(synthetic=["sites"], R1=request("needs_information", [LACKS]))
    content = supplement_letter(made, VI)
    assert BANNER in opened(content).sections[0].header.paragraphs[0].text
    assert VI("letters.signer") not in text_of(content)
