"""Price books as workbooks: the present one to change, and a changed one to be kept by the plan."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infraplan import atomic
from infraplan.atomic import file_stem
from infraplan.plan import Plan
from infraplan.text import words

__all__ = ["price_form", "take_prices"]

KIND = "prices"


def price_form(plan: Plan, path: Path | str | None = None) -> Path:
    """
    Write the present prices as a workbook that an office changes and hands back.

    Parameters
    ----------
    plan
        The plan.
    path
        Target, ending in `.xlsx`; in the plan's folder `forms` where None.

    Returns
    -------
    path
        The workbook; `take_prices` reads it.

    Raises
    ------
    PlanError
        If the file cannot be written.
    """
    from infraplan.cables.prices import PriceBook
    from infraplan.reports import write_price_form

    say = words(plan.settings.language)
    target = plan.folder / "forms" / say("undergrounding.file_prices") if path is None else path
    book = PriceBook.from_dict(plan.configuration(KIND))
    return write_price_form(Path(target), book, words=say)


def take_prices(plan: Plan, path: Path | str) -> tuple[Path, int]:
    """
    Keep the prices of a workbook as the plan's own price book.

    Parameters
    ----------
    plan
        The plan.
    path
        Workbook of `price_form`, or a bill of quantities whose sheet of prices was changed.

    Returns
    -------
    kept
        The price book in the plan's folder, and how many prices differ from before.

    Raises
    ------
    SourceFileError
        If the file is damaged or no workbook.
    LayerError
        If prices are at fault; all faults at once. The plan stays as it was.
    """
    from infraplan.cables.prices import PriceBook
    from infraplan.io import read_price_book

    before = plan.configuration(KIND)
    table = read_price_book(Path(path), base=before)
    book = PriceBook.from_dict(table)
    old = PriceBook.from_dict(before)
    changed = sum(item != old.items[code] for code, item in book.items.items())
    target = plan.folder / f"{file_stem(plan.settings.prices)}.toml"
    return atomic.write_text(target, _toml(table)), changed


def _toml(table: Mapping[str, Any], prefix: str = "") -> str:
    """Return a table of plain values, tables and lists of tables as TOML."""
    lines = [f"{key} = {_value(value)}" for key, value in table.items() if not _is_table(value)]
    text = "\n".join(lines) + "\n" if lines else ""
    for key, value in table.items():
        if not _is_table(value):
            continue
        name = f"{prefix}{json.dumps(key, ensure_ascii=False)}"
        inner = _toml(value, f"{name}.")
        plain = not all(_is_table(entry) for entry in value.values())
        text += f"\n[{name}]\n{inner}" if plain else inner
    return text


def _is_table(value: object) -> bool:
    """Return whether a value is a table of its own."""
    return isinstance(value, Mapping)


def _value(value: object) -> str:
    """Return a value as TOML writes it; tables inside lists stand in one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(
            f"{json.dumps(k, ensure_ascii=False)} = {_value(v)}" for k, v in value.items()
        )
        return f"{{ {inner} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)  # text, numbers and flags read alike
