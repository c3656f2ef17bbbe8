"""The bill that calculates: values are those of its formulas, to the dong, whatever is chosen."""

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from infraplan.cables.funding import funding_table
from infraplan.cables.shares import shared_out
from infraplan.cables.sharing import Sharing
from infraplan.cables.study import empty_table
from infraplan.cables.study import filled_table
from infraplan.errors import SettingsError
from infraplan.reports.underground_bill import underground_bill
from infraplan.text import words
from tests.reports.bill_plans import LINES
from tests.reports.bill_plans import OWNERS
from tests.reports.bill_plans import PRICES
from tests.reports.bill_plans import STREETS
from tests.reports.bill_plans import TERMS
from tests.reports.bill_plans import alone_of
from tests.reports.bill_plans import undergrounding
from tests.reports.bill_plans import works_of
from tests.reports.recalculated import cached
from tests.reports.recalculated import differing
from tests.reports.recalculated import recalculated

VI = words("vi")


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bill") / "bill.xlsx"
    return underground_bill(undergrounding(), path, words=VI, prices=PRICES, terms=TERMS)


def found(path: Path, sheet: str, text: str) -> str:
    """Return the cell that holds a text."""
    for row in openpyxl.load_workbook(path, data_only=True)[sheet].iter_rows():
        for cell in row:
            if cell.value == text:
                return cell.coordinate
    raise AssertionError(text)


def beside(path: Path, sheet: str, text: str, columns: int) -> str:
    """Return the cell some columns to the right of one that holds a text."""
    cell = openpyxl.load_workbook(path)[sheet][found(path, sheet, text)]
    return cell.offset(column=columns).coordinate


def paid(path: Path, values: dict, sheet: str, columns: int, owners=OWNERS) -> list[int]:
    return [values[sheet, beside(path, sheet, owner, columns)] for owner in owners]


def test_values_are_those_of_the_formulas(bill, tmp_path) -> None:
    _, values = cached(bill)
    assert len(values) > 300
    assert not differing(values, recalculated(bill, tmp_path, changes={}))


def test_a_price_a_rule_and_the_public_share_change_all_sums_to_the_dong(bill, tmp_path) -> None:
    price, trench = 1_234_567, VI("cables.item_trench_footway_paving")
    changes = {
        ("Đơn giá", beside(bill, "Đơn giá", trench, 2)): price,
        ("Phân chia", beside(bill, "Phân chia", VI("money.public_share"), 3)): 0.3,
        ("Phân chia", beside(bill, "Phân chia", VI("money.rule"), 3)): VI("money.rule_length"),
        ("Chọn tuyến", beside(bill, "Chọn tuyến", STREETS[2], 1)): "không",
    }
    values = recalculated(bill, tmp_path, changes=changes)
    lines = [
        one | {"cost_vnd": int(round(100 * one["quantity"]) * price + 50) // 100}
        if one["item"] == "trench_footway_paving" else one
        for one in LINES
    ]  # fmt: skip
    for sheet, columns, left in (
        ("Phân chia", 8, lines),
        ("Chọn tuyến", 4, [one for one in LINES if one["street"] != STREETS[2]]),
    ):
        works = works_of(left)
        weights = works_of(LINES).weights
        expected = shared_out(
            works.shared_vnd, works.direct_vnd, weights, rule="length", public_share=0.3
        )
        assert paid(bill, values, sheet, columns) == [expected[owner] for owner in OWNERS]
    control = beside(bill, "Phân chia", VI("money.control"), 3)
    assert values["Phân chia", control] == 0


def test_works_alone_that_do_not_pay_for_all_are_told(tmp_path) -> None:
    path = underground_bill(
        undergrounding(), tmp_path / "b.xlsx", words=VI, terms=TERMS, rule="alone"
    )
    _, values = cached(path)
    works = works_of(LINES)
    expected = shared_out(
        works.shared_vnd, works.direct_vnd, works.weights, rule="alone", alone_vnd=alone_of(works)
    )
    assert paid(path, values, "Phân chia", 8) == [expected[owner] for owner in OWNERS]


def test_sums_of_streets_years_and_lines_are_the_cost(bill) -> None:
    book = openpyxl.load_workbook(bill, data_only=True)
    cost = sum(one["cost_vnd"] for one in LINES)

    def total(name: str) -> int:
        row = next(r for r in book[name].iter_rows(values_only=True) if r[1] == "Tổng cộng")
        return row[5]

    names = book.sheetnames
    assert sum(total(name) for name in names if name.startswith("Đường ")) == cost
    assert sum(total(name) for name in names if name.startswith("Năm ")) == cost
    assert total("Khối lượng theo hạng mục") == cost


def test_a_street_without_a_year_stands_in_the_bill_without_one(tmp_path) -> None:
    years = {STREETS[0]: 2027, STREETS[1]: 2028, STREETS[2]: None}
    phases = pd.DataFrame({"year": years}, dtype=object)
    lines = undergrounding().lines.assign(phase=0)
    made = replace(undergrounding(), phases=phases, lines=lines)
    path = underground_bill(made, tmp_path / "later.xlsx", words=VI, prices=PRICES, terms=TERMS)
    names = openpyxl.load_workbook(path).sheetnames
    assert [name for name in names if name.startswith("Năm ")] == ["Năm 2027", "Năm 2028"]


def test_text_of_data_is_never_a_formula_nor_in_one(bill) -> None:
    formulas, _ = cached(bill)
    bare = [re.sub(r"'[^']*'!", "", text) for text in formulas.values()]  # names of sheets
    assert not any("calc" in text or "HYPERLINK" in text for text in bare)
    names = openpyxl.load_workbook(bill).sheetnames
    assert len({name.lower() for name in names}) == len(names)
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in names)


def test_every_page_says_that_figures_are_made_up(bill) -> None:
    book = openpyxl.load_workbook(bill)
    for sheet in book:
        assert "SỐ LIỆU GIẢ LẬP" in sheet.oddHeader.center.text
        assert "SỐ LIỆU GIẢ LẬP" in sheet["A1"].value
        assert sheet.page_setup.paperSize == 9


def test_the_first_page_tells_gap_prices_and_who_pays(bill) -> None:
    sheet = openpyxl.load_workbook(bill, data_only=True)["Tổng hợp"]
    told = "\n".join(str(row[0]) for row in sheet.iter_rows(values_only=True))
    assert "nếu còn phương án rẻ hơn thì rẻ hơn nhiều nhất 1,2 %" in told.lower()
    assert "4 đơn giá chưa được Sở xác nhận, chiếm 100,0 %" in told
    assert all(owner in told for owner in OWNERS)


def test_equal_plans_give_equal_bytes(bill, tmp_path) -> None:
    again = underground_bill(
        undergrounding(), tmp_path / "again.xlsx", words=VI, prices=PRICES, terms=TERMS
    )
    assert again.read_bytes() == bill.read_bytes()


def test_a_plan_of_few_tables_has_a_bill_that_says_what_is_lacking(tmp_path) -> None:
    names = ("lines", "share_rules", "rents", "funding", "investment", "subsets", "subset_shares")
    bare = replace(undergrounding(), **{name: empty_table(name) for name in names})
    path = underground_bill(bare, tmp_path / "bare.xlsx", words=words("en"))
    book = openpyxl.load_workbook(path, data_only=True)
    assert "Total investment" not in book.sheetnames
    told = "\n".join(str(row[0]) for row in book["Summary"].iter_rows(values_only=True))
    assert "Total investment: not worked out." in told
    _, values = cached(path)
    assert sum(paid(path, values, "Shares", 8)) == bare.cost_vnd


def test_a_public_share_beyond_all_is_refused(tmp_path) -> None:
    with pytest.raises(SettingsError, match="between 0 and 1"):
        underground_bill(undergrounding(), tmp_path / "x.xlsx", words=VI, public_share=30)
    assert not list(tmp_path.iterdir())


def test_hidden_sheet_of_division_is_the_only_one(bill) -> None:
    with zipfile.ZipFile(bill) as archive:
        assert archive.read("xl/workbook.xml").count(b'state="hidden"') == 1


@pytest.mark.parametrize(
    ("asked", "payer"),
    [
        (Sharing("length", 0.2, ("VNPT",)), "money.payer_public"),
        (Sharing("diameter", 0.1, OWNERS), "money.payer_public"),
        (Sharing("occupancy", 0.25, (), "investor"), "money.payer_investor"),
        (Sharing("alone", 0.25, (), "public"), "money.payer_public"),
    ],
)
def test_tenants_bring_no_capital_and_all_sums_follow(asked, payer, tmp_path) -> None:
    works = works_of(LINES)
    funding = funding_table(
        works, undergrounding().rents, TERMS, rule=asked.rule, alone_vnd=alone_of(works),
        public_share=asked.public_share, renting=asked.renting,
    )  # fmt: skip
    plan = undergrounding(sharing=asked, funding=funding)
    path = underground_bill(plan, tmp_path / "rented.xlsx", words=VI, prices=PRICES, terms=TERMS)
    _, values = cached(path)
    assert not differing(values, recalculated(path, tmp_path, changes={}))
    expected = funding["capital_vnd"].xs(asked.model).to_dict()
    assert paid(path, values, "Phân chia", 8) == [expected[owner] for owner in OWNERS]
    lender = values["Phân chia", beside(path, "Phân chia", VI(payer), 8)]
    assert lender == expected[payer.rpartition("_")[2]]
    first = values_of_first(path)
    renting = OWNERS if asked.model != "capital" else asked.renting
    for owner in OWNERS:
        assert (VI("tenants.own_works", owner=owner) in first) == (owner in renting)
        assert (VI("tenants.first_rents", owner=owner) in first) == (owner in renting)


def values_of_first(path: Path) -> list[str]:
    """Return the labels of the first page."""
    page = openpyxl.load_workbook(path, data_only=True).worksheets[0]
    return [str(row[0].value) for row in page.iter_rows(max_col=1)]


def test_rules_on_the_first_page_are_named(tmp_path) -> None:
    rows = {
        ("rule", "bed_m"): {"value": 0.1, "unit": "m", "source": "s", "verified": False},
        ("share", "share_classes"): {"value": 6, "unit": "each", "source": "s", "verified": False},
    }
    plan = undergrounding(assumptions=filled_table("assumptions", rows))
    path = underground_bill(plan, tmp_path / "rules.xlsx", words=VI, prices=PRICES, terms=TERMS)
    first = "\n".join(values_of_first(path))
    assert VI("papers.rule_bed_m") in first
    assert "bed_m" not in first
