"""The sheet of prices: in the bill, and as a form that comes back as the plan's price book."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infraplan.cables.plan_told import source_told
from infraplan.reports.live import LiveBook
from infraplan.reports.live import LivePage
from infraplan.reports.live import write_live
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.cables import PriceBook

__all__ = ["PriceRow", "price_rows", "write_price_form", "write_prices"]

HEADS = ("code", "item", "unit", "price", "source", "date", "confirmed")
WIDTHS = (24, 38, 9, 16, 62, 13, 20)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price as people see it [VND]."""

    code: str
    unit: str
    price_vnd: int
    source: str
    date: str
    verified: bool


def price_rows(prices: "PriceBook") -> list[PriceRow]:
    """
    Return the prices of a book as people see them.

    Parameters
    ----------
    prices
        Price book.

    Returns
    -------
    rows
        One an item, in its order.
    """
    return [
        PriceRow(code, item.unit, int(item.price_vnd), item.source, item.date, item.verified)
        for code, item in prices.items.items()
    ]


def write_prices(
    page: LivePage, rows: Sequence[PriceRow], *, words: Words, lines: Sequence[str]
) -> dict[str, str]:
    """
    Write prices into a sheet of which the price can be changed.

    Parameters
    ----------
    page
        Sheet.
    rows
        Prices.
    words
        Catalogue of the office's language.
    lines
        Sentences above the table.

    Returns
    -------
    cells
        Address of each price by the code of its item.
    """
    row = page.heads(
        page.top(words("money.prices_title"), lines), [words(f"money.head_{key}") for key in HEADS]
    )
    first, cells = row, {}
    flags = [words("money.confirmed"), words("money.unconfirmed")]
    for one in rows:
        told = words.entries.get(f"cables.item_{one.code}", one.code)
        page.put(row, 0, one.code, "cell_text")
        page.put(row, 1, told, "cell_text")
        page.put(row, 2, words.entries.get(f"cables.unit_{one.unit}", one.unit), "cell_text")
        cells[one.code] = page.put(row, 3, one.price_vnd, "open_vnd")
        source = source_told(one.source, words)
        page.put(row, 4, source, "open_prose")
        page.put(row, 5, one.date, "open_text")
        page.put(row, 6, flags[0 if one.verified else 1], "open_text")
        page.tall(row, [(source, 4), (told, 1)])
        row += 1
    if rows:
        rule = {"validate": "integer", "criteria": "between", "minimum": 1, "maximum": 10**12,
                "error_message": words("money.price_wrong")}  # fmt: skip
        page.sheet.data_validation(first, 3, row - 1, 3, rule)
        page.sheet.data_validation(first, 6, row - 1, 6, {"validate": "list", "source": flags})
    return cells


def write_price_form(
    path: Path, prices: "PriceBook", *, words: Words, is_synthetic: bool = False
) -> Path:
    """
    Write the present prices as a workbook that an office changes and hands back.

    Parameters
    ----------
    path
        Target, ending in `.xlsx`; `infraplan.io.read_price_book` reads it.
    prices
        Price book.
    words
        Catalogue of the office's language.
    is_synthetic
        Whether the plan rests on made-up data.

    Returns
    -------
    path
        The file.

    Raises
    ------
    PlanError
        If the file cannot be written.
    """

    def fill(book: LiveBook) -> None:
        """Write the one sheet."""
        page = LivePage(book, words("money.sheet_prices"), WIDTHS)
        lines = [words("money.price_form_line"), words("money.price_form_rules")]
        write_prices(page, price_rows(prices), words=words, lines=lines)

    return write_live(path, fill, words=words, is_synthetic=is_synthetic)
