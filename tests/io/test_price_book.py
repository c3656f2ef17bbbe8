"""Price books as offices hand them back: all faults at once, each with its row and column."""

import copy
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from infraplan.cables import PriceBook
from infraplan.errors import LayerError
from infraplan.errors import SourceFileError
from infraplan.io import read_price_book
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.reports import write_price_form
from infraplan.text import words

BASE = read_toml(data_path("prices/vn-assumed.toml"))
HEAD = 5  # rows above the first item of the form
CODE, UNIT, PRICE, SOURCE, DATE, FLAG = 1, 3, 4, 5, 6, 7


@pytest.fixture
def form(tmp_path) -> Path:
    return write_price_form(tmp_path / "prices.xlsx", PriceBook.from_dict(BASE), words=words("vi"))


def changed(path: Path, **cells: Any) -> Path:
    """Write cells such as `D6`."""
    book = openpyxl.load_workbook(path)
    for name, value in cells.items():
        book.active[name] = value
    book.save(path)
    return path


def test_a_form_handed_back_unchanged_is_the_same_book(form) -> None:
    assert read_price_book(form, base=BASE) == BASE


@pytest.mark.parametrize("language", ["vi", "en"])
def test_prices_alone_are_read_in_either_language(tmp_path, language) -> None:
    path = tmp_path / "p.xlsx"
    write_price_form(path, PriceBook.from_dict(BASE), words=words(language))
    items = read_price_book(path)["items"]
    assert {code: one["price_vnd"] for code, one in items.items()} == {
        code: one["price_vnd"] for code, one in BASE["items"].items()
    }


@pytest.mark.parametrize("price", [1_234_567, 1_234_567.0, "1.234.567", "1 234 567"])
def test_what_the_office_changed_is_taken(form, price) -> None:
    changed(form, D6=price, E6="QĐ 12/QĐ-UBND", F6="31/01/2026", G6="đã được Sở xác nhận")
    code = openpyxl.load_workbook(form).active["A6"].value
    item = PriceBook.from_dict(read_price_book(form, base=BASE)).items[code]
    assert (item.price_vnd, item.source, item.date) == (1_234_567, "QĐ 12/QĐ-UBND", "2026-01-31")
    assert item.verified
    assert item.confidence == "office"


def test_all_faults_are_told_at_once_with_row_and_column(form) -> None:
    changed(form, D6=-5, E7=None, F8="31/02/2026", G9="maybe", C10="km", A11="tunnel", D12="1,5")
    with pytest.raises(LayerError) as caught:
        read_price_book(form, base=BASE)
    told = {(f.code, f.rows[0], f.column) for f in caught.value.faults}
    assert told == {
        ("money.price", "6", "Đơn giá"),
        ("money.source", "7", "Nguồn"),
        ("money.date", "8", "Ngày"),
        ("money.flag", "9", "Xác nhận"),
        ("money.unit", "10", "ĐVT"),
        ("money.code", "11", "Mã hạng mục"),
        ("money.price", "12", "Đơn giá"),
    }
    assert {fault.sheet for fault in caught.value.faults} == {"Đơn giá"}


def test_rows_that_were_deleted_or_doubled_are_told(form) -> None:
    book = openpyxl.load_workbook(form)
    gone = book.active["A6"].value
    book.active.delete_rows(6)
    book.active["A7"] = book.active["A6"].value
    book.save(form)
    with pytest.raises(LayerError) as caught:
        read_price_book(form, base=BASE)
    codes = {fault.code: str(fault) for fault in caught.value.faults}
    assert set(codes) == {"money.twice", "money.lacking"}
    assert gone in codes["money.lacking"]


def test_faults_have_sentences_in_both_languages(form) -> None:
    changed(form, D6="x", C7="km")
    with pytest.raises(LayerError) as caught:
        read_price_book(form, base=BASE)
    for fault in caught.value.faults:
        for language in ("vi", "en"):
            for part in ("what", "remedy"):
                assert words(language)(f"faults.{fault.code}_{part}", **dict(fault.details))


def test_other_files_are_refused(tmp_path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Trạm", "Xã"])
    book.save(tmp_path / "other.xlsx")
    with pytest.raises(LayerError, match="no price book"):
        read_price_book(tmp_path / "other.xlsx")
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    for name, code in (("broken.xlsx", "damaged"), ("absent.xlsx", "missing")):
        with pytest.raises(SourceFileError) as caught:
            read_price_book(tmp_path / name)
        assert (caught.value.code, caught.value.details["file"]) == (code, name)


def test_a_price_that_is_a_formula_without_result_is_told_with_the_formula(form) -> None:
    changed(form, D6="=1000*3", D8=None)
    with pytest.raises(LayerError) as caught:
        read_price_book(form, base=BASE)
    told = [(f.code, f.rows[0], f.found) for f in caught.value.faults]
    assert told == [("money.formula", "6", "'=1000*3'"), ("money.price", "8", "")]


def test_nothing_given_is_changed(form) -> None:
    base = copy.deepcopy(BASE)
    read_price_book(changed(form, D6=7), base=base)
    assert base == BASE
