"""From the cost of construction to the total investment, with the range its class leaves open."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING
from typing import Any

from infraplan.cables.study import filled_table
from infraplan.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CONSTRUCTION", "EstimateClass", "InvestmentLine", "InvestmentRates", "investment_table"]

CONSTRUCTION = "construction"
TOTAL, LOW, HIGH = "total", "low", "high"
TAKEN = frozenset({CONSTRUCTION, TOTAL, LOW, HIGH})


@dataclass(frozen=True, slots=True)
class InvestmentLine:
    """A line of the total investment: a rate of the lines in `of`."""

    name: str
    of: tuple[str, ...]
    rate: float
    source: str
    date: str
    verified: bool


@dataclass(frozen=True, slots=True)
class EstimateClass:
    """How far the cost in the end may lie from an estimate: `low` <= 0 <= `high`, as shares."""

    number: int
    low: float
    high: float
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class InvestmentRates:
    """
    Rates from construction to total investment, in the order in which they are summed.

    An estimate is of class `assumed` unless every price in it is confirmed, then `confirmed`.
    """

    name: str
    lines: tuple[InvestmentLine, ...]
    assumed: EstimateClass
    confirmed: EstimateClass
    note: str = ""

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "InvestmentRates":
        """
        Return the rates that a TOML file describes.

        Parameters
        ----------
        table
            Content of a file such as `data/works/investment-vn.toml`; unknown keys are refused.

        Returns
        -------
        rates
            Checked rates.

        Raises
        ------
        SettingsError
            If a key is unknown or missing, a rate out of range, or a line applies to one that
            does not come before it; all faults are listed.
        """
        wrong = _keys(table, "", {"name", "lines", "estimate"}, {"note"})
        lines: list[InvestmentLine] = []
        for name, entry in table.get("lines", {}).items():
            faults = _keys(entry, name, {"of", "rate", "source", "date", "verified"})
            known = {CONSTRUCTION, *(line.name for line in lines)}
            faults = faults or _line_faults(name, entry, known)
            wrong += faults
            if not faults:
                lines.append(InvestmentLine(name, **{**entry, "of": tuple(entry["of"])}))
        classes, faults = _classes(table.get("estimate", {}))
        wrong += faults
        if wrong:
            raise SettingsError("investment: " + "; ".join(wrong))
        estimate = table["estimate"]
        return cls(
            name=table["name"],
            lines=tuple(lines),
            assumed=classes[estimate["assumed"]],
            confirmed=classes[estimate["confirmed"]],
            note=table.get("note", ""),
        )


def investment_table(
    construction_vnd: int, rates: InvestmentRates, *, is_confirmed: bool = False
) -> "pd.DataFrame":
    """
    Return the total investment of works, line by line.

    Parameters
    ----------
    construction_vnd
        Cost of construction before tax, >= 0 [VND].
    rates
        Rates of the other lines.
    is_confirmed
        Whether every price in the cost is confirmed.

    Returns
    -------
    investment
        Table `investment`: `construction`, a row for each rate, `total`, and `low` and `high`,
        between which the class of the estimate puts the cost in the end. Whole dong; each line is
        rounded by itself, half a dong up, and the total is their sum.

    Raises
    ------
    SettingsError
        If the cost is negative.
    """
    if construction_vnd < 0:
        msg = f"the cost of construction must be at least 0; found {construction_vnd}"
        raise SettingsError(msg)
    amounts = {CONSTRUCTION: int(construction_vnd)}
    rows: dict[tuple[str | float, ...], dict[str, Any]] = {
        (CONSTRUCTION,): {"of": "", "amount_vnd": int(construction_vnd), "source": "bill"}
    }
    for line in rates.lines:
        amounts[line.name] = rate_of(sum(amounts[name] for name in line.of), line.rate)
        rows[(line.name,)] = {
            "of": ";".join(line.of),
            "rate": line.rate,
            "amount_vnd": amounts[line.name],
            "source": f"{line.source}; {line.date}",
            "verified": line.verified,
        }
    total_vnd = sum(amounts.values())
    estimate = rates.confirmed if is_confirmed else rates.assumed
    told = {"estimate_class": estimate.number, "source": estimate.source}
    ends = {LOW: estimate.low, HIGH: estimate.high}
    rows[(TOTAL,)] = {"of": ";".join(amounts), "amount_vnd": total_vnd} | told
    for name, rate in ends.items():
        amount_vnd = total_vnd + rate_of(total_vnd, rate)
        rows[(name,)] = {"of": TOTAL, "rate": rate, "amount_vnd": amount_vnd} | told
        rows[(name,)]["verified"] = estimate.verified
    return filled_table("investment", rows)


def rate_of(base_vnd: int, rate: float) -> int:
    """
    Return a rate of a sum in whole dong.

    Parameters
    ----------
    base_vnd
        Sum, >= 0 [VND].
    rate
        Rate, taken as the decimal that it is written as; may be negative.

    Returns
    -------
    amount_vnd
        Whole dong, half a dong away from 0 as spreadsheets round [VND].
    """
    exact = base_vnd * Fraction(str(float(rate)))
    amount = int(abs(exact) + Fraction(1, 2))
    return amount if exact >= 0 else -amount


def _keys(
    table: Mapping[str, Any], place: str, known: set[str], optional: set[str] | None = None
) -> list[str]:
    """Return what is unknown or missing among the keys of a table."""
    prefix = f"{place}: " if place else ""
    extra = known | (optional or set())
    return [f"{prefix}unknown key '{key}'" for key in table if key not in extra] + [
        f"{prefix}missing key '{key}'" for key in sorted(known) if key not in table
    ]


def _line_faults(name: str, entry: Mapping[str, Any], known: set[str]) -> list[str]:
    """Return what is wrong with a line whose keys are right."""
    wrong = [f"{name}: this name is taken"] if name in TAKEN else []
    wrong += [
        f"{name}: 'of' names '{base}', which is no line before it"
        for base in entry["of"]
        if base not in known
    ]
    if not entry["of"]:
        wrong.append(f"{name}: 'of' names no line")
    if not _is_number(entry["rate"]) or not 0 <= entry["rate"] <= 1:
        wrong.append(f"{name}: rate must be between 0 and 1; found {entry['rate']!r}")
    if not str(entry["source"]).strip():
        wrong.append(f"{name}: a rate without a source is none")
    return wrong


def _classes(table: Mapping[str, Any]) -> tuple[dict[int, EstimateClass], list[str]]:
    """Return the classes of estimates by number, and what is wrong with them."""
    wrong = _keys(table, "estimate", {"assumed", "confirmed", "classes"})
    classes: dict[int, EstimateClass] = {}
    for entry in table.get("classes", ()):
        place = f"estimate class {entry.get('class')}"
        faults = _keys(entry, place, {"class", "low", "high", "source", "verified"})
        if not faults and not (
            _is_number(entry["low"])
            and _is_number(entry["high"])
            and -1 <= entry["low"] <= 0 <= entry["high"]
        ):
            faults.append(f"{place}: low must be between -1 and 0, high at least 0")
        wrong += faults
        if not faults:
            values = {key: value for key, value in entry.items() if key != "class"}
            classes[entry["class"]] = EstimateClass(number=entry["class"], **values)
    for key in ("assumed", "confirmed"):
        if key in table and table[key] not in classes:
            wrong.append(f"estimate: '{key}' names class {table[key]}, which is not described")
    return classes, wrong


def _is_number(value: object) -> bool:
    """Return whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)
