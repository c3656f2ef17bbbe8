"""The memo that asks for approval: the plan's numbers, in the form of an office."""

import io
import zipfile
from dataclasses import replace
from datetime import date
from functools import cache

import docx
import pytest
from docxtpl import DocxTemplate

from infraplan.cables.investment import InvestmentRates
from infraplan.cables.investment import investment_table
from infraplan.cables.sharing import Sharing
from infraplan.cables.study import filled_table
from infraplan.errors import SourceFileError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.reports.appraised import day_told
from infraplan.reports.office import Office
from infraplan.reports.underground_memo import MEMO_FIELDS
from infraplan.reports.underground_memo import MEMO_PLACEHOLDERS
from infraplan.reports.underground_memo import _proof
from infraplan.reports.underground_memo import approval_memo
from infraplan.reports.underground_memo import memo_template
from infraplan.text import words
from tests.reports.undergrounding import HOSTILE
from tests.reports.undergrounding import plan
from tests.reports.undergrounding import studied
from tests.reports.undergrounding import synthetic

VI = words("vi")
RATES = InvestmentRates.from_dict(read_toml(data_path("works/investment-vn.toml")))
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff"
    "3f0005fe02fe0def46b80000000049454e44ae426082"
)


def opened(content):
    return docx.Document(io.BytesIO(content))


def text_of(content):
    document = opened(content)
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


@cache
def memo():
    return approval_memo(studied(), VI)


def template(*lines):
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def rows_of(content, head):
    for table in opened(content).tables:
        rows = [[cell.text for cell in row.cells] for row in table.rows]
        if rows[0][0] == head:
            return rows[1:]
    return []


def test_cost_and_shares_are_those_of_the_plan():
    made = studied()
    content = memo()
    assert f"({VI.number(made.cost_vnd)} đồng)" in text_of(content)
    rows = rows_of(content, VI("papers.memo_shares_owner"))
    assert [row[0] for row in rows] == made.shares["operator"].tolist()
    paid = [int(row[2].replace(".", "")) for row in rows]
    assert paid == made.shares["cost_vnd"].tolist()
    assert sum(paid) == made.cost_vnd


def test_bill_has_every_item_and_sums_to_the_cost():
    made = studied()
    rows = rows_of(memo(), VI("papers.memo_bill_order"))
    assert len(rows) == len(made.bill)
    assert sum(int(row[5].replace(".", "")) for row in rows) == made.cost_vnd
    assert {row[6] for row in rows} == {VI("papers.assumed")}


@pytest.mark.parametrize(
    ("gap", "told"), [(0.012, "1,2 %"), (0.0120001, "1,3 %"), (0.00001, "0,1 %"), (0.1, "10,0 %")]
)
def test_gap_is_rounded_up(gap, told):
    text = _proof(gap, VI, stopped=False)
    assert text == f"Nếu còn phương án rẻ hơn thì rẻ hơn nhiều nhất {told}."


def test_proven_optimum_says_that_nothing_is_cheaper():
    assert VI("papers.memo_proof_none") in text_of(approval_memo(replace(plan(), gap=0.0), VI))


def test_total_investment_stands_with_its_range():
    text = text_of(memo())
    assert "khoảng 2,00 tỷ đồng (từ 1,40 tỷ đồng đến 3,00 tỷ đồng)" in text
    assert "123.456.789" in text


def test_unconfirmed_rules_are_named_and_confirmed_ones_are_not():
    text = text_of(memo())
    assert VI("papers.memo_open_rules", names="spacing") in text


def test_leaving_out_each_street_is_told_with_what_it_saves():
    made = studied()
    rows = rows_of(memo(), VI("papers.memo_without_street"))
    assert [row[0] for row in rows] == ["Phan Đình Phùng", "Trần Phú"]
    assert rows[1][1:3] == [VI.number(made.cost_vnd - 4321), "4.321"]
    assert rows[1][4] == "1,1 %"


def test_phases_steps_wishes_and_findings_are_told():
    content = memo()
    assert [row[0] for row in rows_of(content, VI("papers.memo_phases_year"))] == ["2027", "2028"]
    steps = rows_of(content, VI("papers.memo_steps_step"))
    assert steps[0] == [VI("papers.step_dig"), "1", "300 m"]
    assert "98.765" in text_of(content)
    graded = [row[0] for row in rows_of(content, VI("papers.memo_findings_severity"))]
    assert graded == [VI("papers.severity_error"), VI("papers.severity_note")]


def test_streets_without_a_year_come_last_with_what_they_cost():
    made = studied()
    phases = made.phases.copy()
    later = phases.index[0]
    phases.loc[later, ["year", "cost_vnd"]] = [None, 0]
    cost = int(made.lines.loc[made.lines["street"] == later, "cost_vnd"].sum())
    content = approval_memo(replace(made, phases=phases), VI)
    year, streets, budget, told = rows_of(content, VI("papers.memo_phases_year"))[-1]
    assert (year, streets) == (VI("papers.memo_no_year"), later)
    assert (budget, told) == (VI("papers.memo_not_applicable"), VI.number(cost))
    assert cost > 0
    assert f"chưa xếp năm ({told} đồng)" in text_of(content)


@pytest.mark.parametrize(("cost", "said"), [(-7_000, "giảm 7.000 đồng"), (0, "không đổi")])
def test_a_wish_that_costs_no_more_says_so(cost, said):
    made = studied()
    content = approval_memo(replace(made, wishes=made.wishes.assign(cost_vnd=cost)), VI)
    assert f"chi phí các năm {said}" in text_of(content)


def test_finding_is_told_in_the_words_of_the_validation():
    sentence = {"validation.cover": "Đoạn {feature}: {value} m, chưa đủ {limit} m"}
    content = approval_memo(studied(), replace(VI, entries={**VI.entries, **sentence}))
    (told, _) = [row[1] for row in rows_of(content, VI("papers.memo_findings_severity"))]
    assert told == "Đoạn G0002: 0,45 m, chưa đủ 0,50 m"


def test_streets_sum_to_the_cost():
    made = studied()
    rows = rows_of(memo(), VI("papers.memo_streets_name"))
    assert sum(int(row[6].replace(".", "")) for row in rows) == made.cost_vnd


def test_tables_that_are_empty_read_not_enough_data():
    text = text_of(approval_memo(plan(), VI))
    assert text.count(VI("papers.memo_unknown")) >= 5
    assert VI("papers.memo_investment_unknown") in text


def test_synthetic_memo_says_so_on_every_page_and_names_nobody_to_sign():
    content = approval_memo(synthetic(studied()), VI)
    banner = VI("reports.synthetic")
    for section in opened(content).sections:
        assert banner in "".join(paragraph.text for paragraph in section.header.paragraphs)
    assert VI("papers.memo_signer") not in text_of(content)


def test_real_memo_carries_no_warning():
    content = memo()
    assert VI("reports.synthetic") not in text_of(content)
    assert VI("papers.memo_signer") in text_of(content)


def test_text_from_data_is_shown_and_never_run():
    text = text_of(approval_memo(plan(HOSTILE), VI, office=Office(name=HOSTILE)))
    assert "{{ 7*7 }}{% for %}</text><script>" in text
    assert "49{%" not in text


def test_own_template_is_filled_and_knows_nothing_else():
    content = approval_memo(
        studied(), VI, template=template("{{ cost_vnd }}", "{%p for row in bill %}",
                                         "{{ row.item }}", "{%p endfor %}")
    )  # fmt: skip
    assert VI.number(studied().cost_vnd) in text_of(content)
    with pytest.raises(SourceFileError, match="secret"):
        approval_memo(studied(), VI, template=template("{{ secret }}"))
    with pytest.raises(SourceFileError):
        approval_memo(studied(), VI, template=template("{{ ''.__class__.__mro__ }}"))
    with pytest.raises(SourceFileError):
        approval_memo(studied(), VI, template=b"no Word file")


def test_template_uses_every_list_that_is_told():
    names = set(MEMO_PLACEHOLDERS)
    assert set(MEMO_FIELDS) <= names
    body = zipfile.ZipFile(io.BytesIO(memo_template(VI))).read("word/document.xml").decode()
    unused = {name for name in MEMO_FIELDS if f"for row in {name} " not in body}
    assert unused == set()


def test_own_template_names_only_what_is_told():
    # it is filled without a look at its names
    named = DocxTemplate(io.BytesIO(memo_template(VI))).get_undeclared_template_variables()
    assert named <= set(MEMO_PLACEHOLDERS)


def test_sketch_is_in_the_memo_where_it_is_given():
    with zipfile.ZipFile(io.BytesIO(approval_memo(studied(), VI, sketch=PNG))) as packed:
        assert any(name.startswith("word/media/") for name in packed.namelist())
    with zipfile.ZipFile(io.BytesIO(memo())) as packed:
        assert not any(name.startswith("word/media/") for name in packed.namelist())


def test_equal_plans_give_equal_bytes_and_the_day_is_told():
    one = approval_memo(studied(), VI, made_on=date(2026, 3, 5), sketch=PNG)
    assert one == approval_memo(studied(), VI, made_on=date(2026, 3, 5), sketch=PNG)
    assert day_told(date(2026, 3, 5)) in text_of(one)


def test_english_memo_has_no_vietnamese_words_of_ours():
    text = text_of(approval_memo(studied(), words("en")))
    assert "Any cheaper plan is cheaper by at most" in text or "No plan by the same rules" in text
    assert "đồng" not in text


def test_tenants_stand_apart_with_their_rent_and_own_works():
    made = studied()
    rows = {
        ("capital", "VNPT"): {"capital_vnd": 5, "rent_year_vnd": 6_000_001},
        ("capital", "MobiFone"): {"capital_vnd": 5, "rent_year_vnd": 0},
    }
    asked = Sharing("length", 0.3, ("VNPT",))
    content = approval_memo(replace(made, sharing=asked, funding=filled_table("funding", rows)), VI)
    own = made.shares.set_index("operator")["cost_vnd"]
    payers = [row[0] for row in rows_of(content, VI("papers.memo_shares_owner"))]
    assert "VNPT" not in payers
    told = text_of(content)
    assert VI("papers.memo_head_tenants") in told
    assert "6.000.001" in told
    assert f"{VI.number(int(own['VNPT']))} đồng là việc riêng" in told
    assert "Nhà nước chịu 30,0 % phần dùng chung" in told
    assert VI("papers.memo_head_tenants") not in text_of(memo())


def test_no_payback_is_not_applicable_and_metres_of_steps_are_explained():
    told = text_of(memo())
    assert VI("papers.memo_not_applicable") in told
    assert VI("papers.memo_funding_note") in told
    assert VI("papers.memo_steps_note") in told
    assert "engineering estimate" not in told


def test_crossings_of_all_streets_are_those_of_the_summary():
    rows = rows_of(memo(), VI("papers.memo_streets_name"))
    counts = [int(row[3]) for row in rows if row[3] != "–"]
    assert sum(counts) == len(studied().crossings)


def test_the_memo_says_what_its_rates_are_and_that_no_years_were_asked_for():
    bare = replace(studied(), phases=studied().phases.iloc[:0], years=studied().years.iloc[:0])
    text = text_of(approval_memo(bare, VI))
    assert VI("papers.memo_phases_none") in text
    rates = replace(bare, investment=investment_table(15_000_000_000, RATES))
    text = text_of(approval_memo(rates, VI))
    assert "chi phí xây dựng và thiết bị của phương án là 15,45 tỷ đồng" in text
    assert "Chi phí quản lý dự án 2,90 %: Thông tư 12/2021/TT-BXD, bảng 1.1" in text
    assert "đến 10 tỷ đồng" in text


def test_the_warning_stands_once_on_a_page_and_the_sketch_between_the_margins():
    made = replace(studied(), provenance=replace(studied().provenance, synthetic=("fibre",)))
    document = opened(approval_memo(made, VI, sketch=PNG))
    warning = VI("reports.synthetic")
    assert document.paragraphs[0].text != warning
    assert all(section.header.paragraphs[0].text == warning for section in document.sections)
    page, (shape,) = document.sections[0], document.inline_shapes
    room = page.page_width - page.left_margin - page.right_margin
    assert shape.width + 2 * 114_300 <= room
