"""What the office has confirmed, laid over the rules and prices that the project ships."""

import copy
from collections.abc import Iterator
from collections.abc import Mapping
from datetime import date
from datetime import timedelta
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CONFIRMED", "RULED", "confirmed", "line_id", "lines_of"]

# configuration: where its items stand in the file, and what of an item is confirmed
CONFIRMED: Mapping[str, str] = {
    "rules": "rules",
    "works": "rules",
    "prices": "items",
    "actions": "actions",
}
RULED = frozenset({"rules", "works"})  # whose lines are thresholds of rules, not prices
PRICE = "price_vnd"


def line_id(kind: str, item: str, name: str) -> str:
    """
    Return the id of a line that the office confirms.

    Parameters
    ----------
    kind
        One of `CONFIRMED`.
    item
        Rule or price.
    name
        Threshold of a rule; empty for a rule without any and for a price.

    Returns
    -------
    line
        Such as `rules/aviation/height_m`.
    """
    return "/".join(part for part in (kind, item, name) if part)


def lines_of(kind: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str, str, float | None]]:
    """
    Yield every line of a rule set or price book that the office is asked about.

    Parameters
    ----------
    kind
        One of `CONFIRMED`.
    table
        Content of the file.

    Yields
    ------
    line
        Id, item, threshold (empty for none) and present value (None for none).
    """
    for item, entry in table.get(CONFIRMED[kind], {}).items():
        if kind not in RULED:
            yield line_id(kind, item, ""), item, "", float(entry[PRICE])
            continue
        thresholds = entry.get("thresholds", {})
        if not thresholds:
            yield line_id(kind, item, ""), item, "", None
        for name, value in thresholds.items():
            yield line_id(kind, item, name), item, name, float(value)


def confirmed(kind: str, table: Mapping[str, Any], answers: pd.DataFrame) -> dict[str, Any]:
    """
    Return a rule set or price book as the office has confirmed it.

    Parameters
    ----------
    kind
        One of `CONFIRMED`.
    table
        Content of the file.
    answers
        Table of layer `confirmations`.

    Returns
    -------
    table
        A rule of which every line is confirmed, and every confirmed price, is verified and names
        who confirmed it and when; a changed value takes the place of the old one; a rule with a
        line that does not apply ends on the day before.
    """
    result = copy.deepcopy(dict(table))
    said = {str(line): row for line, row in answers.iterrows() if pd.notna(row["answer"])}
    by_item: dict[str, list[Any]] = {}
    for line, item, name, _ in lines_of(kind, table):
        by_item.setdefault(item, []).append((name, said.get(line)))
    for item, lines in by_item.items():
        entry = result[CONFIRMED[kind]][item]
        rows = [row for _, row in lines if row is not None]
        if not rows:
            continue
        if kind in RULED:
            _confirm_rule(entry, lines, rows)
        else:
            _confirm_price(entry, rows[0])
    return result


def _confirm_rule(
    entry: dict[str, Any], lines: "Sequence[tuple[str, Any]]", rows: "Sequence[Any]"
) -> None:
    """Lay the office's answers over a rule."""
    for name, row in lines:
        if name and row is not None and row["answer"] != "not_applied" and pd.notna(row["value"]):
            entry["thresholds"][name] = float(row["value"])
    day = max(str(row["confirmed_on"]) for row in rows)
    references = [str(row["legal_reference"]) for row in rows if pd.notna(row["legal_reference"])]
    if references:
        entry["legal_reference"] = "; ".join(dict.fromkeys(references))
    if any(row["answer"] == "not_applied" for row in rows):
        first = min(str(row["confirmed_on"]) for row in rows if row["answer"] == "not_applied")
        entry["valid_to"] = (date.fromisoformat(first) - timedelta(days=1)).isoformat()
    elif len(rows) == len(lines):
        entry["verified"] = True
        entry["confirmed_by"] = ", ".join(dict.fromkeys(str(row["confirmed_by"]) for row in rows))
        entry["confirmed_on"] = day


def _confirm_price(entry: dict[str, Any], row: Any) -> None:  # noqa: ANN401 - a row of a table
    """Lay the office's answer over a price; one that does not apply stays unconfirmed."""
    if row["answer"] == "not_applied":
        return
    if pd.notna(row["value"]):
        entry[PRICE] = round(float(row["value"]))
    by, day = str(row["confirmed_by"]), str(row["confirmed_on"])
    basis = row["legal_reference"] if pd.notna(row["legal_reference"]) else entry["source"]
    entry["source"] = f"{by}, {day}: {basis}"
    entry["date"], entry["verified"] = day, True
