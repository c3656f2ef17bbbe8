"""A price book goes out as a workbook, is changed by the office and comes back."""

import openpyxl
import pytest

from infraplan.api import init_plan
from infraplan.api.price_books import price_form
from infraplan.api.price_books import take_prices
from infraplan.errors import LayerError


def changed(path, code: str, price) -> None:
    """Put a price beside the code of an item."""
    book = openpyxl.load_workbook(path)
    page = book.active
    row = next(r for r in page.iter_rows() if any(cell.value == code for cell in r))
    old = next(c for c in row if isinstance(c.value, int) and c.value > 1000)
    old.value = price
    book.save(path)


def test_a_changed_price_becomes_the_plans_own_and_the_others_stay(tmp_path) -> None:
    plan = init_plan(tmp_path / "plan")
    before = plan.configuration("prices")
    form = price_form(plan)
    changed(form, "duct_d110", 123_456)
    path, count = take_prices(plan, form)
    after = plan.configuration("prices")
    assert (path.parent, count) == (plan.folder, 1)
    assert after["items"]["duct_d110"]["price_vnd"] == 123_456
    assert after["rules"] == before["rules"]
    assert after["share_classes"] == before["share_classes"]


def test_a_price_book_at_fault_is_refused_and_the_plan_stays_as_it_was(tmp_path) -> None:
    plan = init_plan(tmp_path / "plan")
    form = price_form(plan, tmp_path / "prices.xlsx")
    changed(form, "duct_d110", "nhiều tiền")
    with pytest.raises(LayerError, match="nhiều tiền"):
        take_prices(plan, form)
    assert not list(plan.folder.glob("vn-assumed.toml"))
