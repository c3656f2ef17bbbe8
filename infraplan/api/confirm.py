"""Rules and prices that the office confirms: the workbook that asks, and what it answered."""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.api.answers import cell_fault
from infraplan.api.answers import says_something
from infraplan.api.answers import texts
from infraplan.cables.plan_told import source_told
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.notes import Note
from infraplan.layers.schemas import ANSWERS
from infraplan.plan import Plan
from infraplan.plan.confirmed import CONFIRMED
from infraplan.plan.confirmed import RULED
from infraplan.plan.confirmed import lines_of
from infraplan.text import Words
from infraplan.text import words

if TYPE_CHECKING:
    from infraplan.io import Mended
    from infraplan.reports.form import Field

__all__ = ["Confirmed", "confirmation_form", "take_confirmations"]

LAYER = "confirmations"
CHANGED = ("sửa", "sửa lại", "đã đổi", "changed")
ANSWERED = ("answer", "value", "legal_reference", "confirmed_by", "confirmed_on", "note")


@dataclass(frozen=True, slots=True, eq=False)
class Confirmed:
    """
    What a returned workbook confirmed.

    `lines` are the answers it brought, by id; `left` how many lines of the plan nobody has answered
    yet; `faults` those of lines that were not taken.
    """

    lines: pd.DataFrame
    left: int
    faults: tuple[Fault, ...] = ()


def confirmation_form(plan: Plan, path: Path | str | None = None) -> Path:
    """
    Write a workbook in which the office confirms rules and prices, in plain words.

    Parameters
    ----------
    plan
        The plan.
    path
        Workbook to write, `.xlsx`; `forms/confirm.xlsx` in the plan where None.

    Returns
    -------
    path
        The workbook, a row for each threshold and price, with what was answered before.

    Raises
    ------
    PlanError
        If the workbook is there already: it may hold answers.
    SettingsError
        If the path does not end in `.xlsx`.
    """
    from infraplan.reports.form import Form
    from infraplan.reports.form import write_form

    path = plan.folder / "forms" / "confirm.xlsx" if path is None else Path(path)
    if path.suffix.lower() != ".xlsx":
        msg = f"a form is an Excel workbook: give a name that ends in .xlsx; found {path.name}"
        raise SettingsError(msg)
    if path.exists():
        raise PlanError(Note("refusals.form_there", path=str(path)))
    say = words(plan.settings.language)
    form = Form(
        titles=(
            say("office.sheet"),
            say("reports.form_guide_sheet"),
            say("reports.form_lists_sheet"),
        ),
        lines=(say("office.title"), say("office.line")),
        guide=tuple(say(f"office.guide_{number}") for number in range(1, 7)),
        fields=_fields(say),
        table=pd.DataFrame(list(_asked(plan, say))),
        wrong=say("reports.form_wrong"),
    )
    return write_form(path, form)


def take_confirmations(plan: Plan, path: Path | str) -> Confirmed:
    """
    Read a returned workbook back and keep what it confirms.

    Parameters
    ----------
    plan
        The plan.
    path
        The workbook.

    Returns
    -------
    confirmed
        What was taken; lines at fault are left out and told, the others count.

    Raises
    ------
    LayerError
        If the workbook as a whole was not understood, or answers nothing.
    SourceFileError
        If the file cannot be read.
    """
    from infraplan.io import read_layer

    known = {line: value for _, line, _, _, value in _lines(plan)}
    reading = read_layer(
        path,
        LAYER,
        plan_crs=plan.settings.crs,
        mend=lambda frame, rows: _answers(frame, rows, known),
    )
    old = plan.table(LAYER)
    kept = old[~old.index.isin(reading.table.index)]
    table = pd.concat([kept, reading.table]) if len(kept) else reading.table
    if len(reading.table):
        plan.write_tables({LAYER: table.sort_index()})
    return Confirmed(
        lines=reading.table,
        left=len(set(known) - set(map(str, table.index))),
        faults=reading.faults,
    )


def _lines(plan: Plan) -> Iterator[tuple[str, str, str, str, float | None]]:
    """Yield kind, id, item, threshold and present value of every line."""
    for kind in CONFIRMED:
        for line, item, name, value in lines_of(kind, plan.configuration(kind)):
            yield kind, line, item, name, value


def _asked(plan: Plan, say: Words) -> Iterator[dict[str, Any]]:
    """Yield the rows of the form, in words."""
    tables = {kind: plan.configuration(kind) for kind in CONFIRMED}
    for kind, line, item, name, value in _lines(plan):
        entry = tables[kind][CONFIRMED[kind]][item]
        yield {
            "confirmation_id": line,
            "group": say("works.group" if kind == "works" else f"office.group_{kind}"),
            "item": _item_told(kind, item, say),
            "threshold": _threshold_told(kind, name, say) if name else "",
            "present": value,
            "unit": "VND" if kind not in RULED else _unit_told(name, entry, say),
            "effect": _effect_told(kind, entry, say),
            "reference": entry.get("legal_reference", ""),
            "source": source_told(str(entry["source"]), say),
            "state": _state_told(entry, say),
        }


def _item_told(kind: str, item: str, say: Words) -> str:
    """Return a rule or a price in words."""
    key = {
        "rules": f"sites.rule_{item}",
        "works": f"works.rule_{item}",
        "prices": f"cables.item_{item}",
    }.get(kind, f"office.price_{item}")
    return say(key) if key in say.entries else item


def _threshold_told(kind: str, name: str, say: Words) -> str:
    """Return a threshold in words."""
    key = f"works.threshold_{name}" if kind == "works" else f"office.threshold_{name}"
    return say(key) if key in say.entries else name


def _unit_told(name: str, entry: Mapping[str, Any], say: Words) -> str:
    """Return the unit of a threshold, which its name ends in."""
    if name.endswith("db_per_km"):
        return "dB/km"
    if name.endswith(("_n", "n_per_m")):
        return "N" if name.endswith("_n") else "N/m"
    for suffix in ("m", "deg", "days", "db", "share", "mhz", "km", "h"):
        if name.endswith(f"_{suffix}"):
            return say(f"office.unit_{suffix}")
    return "W/m2" if name.endswith("w_per_m2") else "" if name else str(entry.get("unit", ""))


def _effect_told(kind: str, entry: Mapping[str, Any], say: Words) -> str:
    """Return what breaking a rule leads to, in words; nothing for a price."""
    if kind not in RULED:
        return ""
    if kind == "works":
        return say(f"works.effect_{entry['severity']}")
    fact = "_fact" if entry.get("plain_fact") else ""
    return say(f"office.effect_{entry['severity']}{fact}")


def _state_told(entry: Mapping[str, Any], say: Words) -> str:
    """Return whether a line is confirmed, and by whom."""
    if not entry["verified"]:
        return say("office.unconfirmed")
    if "confirmed_by" in entry:
        return say("office.confirmed", by=entry["confirmed_by"], on=entry["confirmed_on"])
    return say("office.confirmed_source")


def _fields(say: Words) -> "tuple[Field, ...]":
    """Return the columns of the form: what is asked about, then what is answered."""
    from infraplan.reports.form import Field

    def shown(name: str, kind: str = "text") -> "Field":
        """Return a column that is only read."""
        return Field(name, say(f"office.head_{name}"), kind)

    def opened(name: str, kind: str = "text", choices: tuple[str, ...] = ()) -> "Field":
        """Return a column to be filled in."""
        return Field(
            name, say(f"office.head_{name}"), kind, is_open=True, choices=choices,
            hint=say(f"office.hint_{name}"),
        )  # fmt: skip

    choices = tuple(say(f"office.answer_{value}") for value in ANSWERS)
    return (
        Field("confirmation_id", say("office.head_confirmation_id"), is_hidden=True),
        *map(shown, ("group", "item", "threshold")),
        shown("present", "number"),
        *map(shown, ("unit", "effect", "reference", "source", "state")),
        opened("answer", choices=choices),
        opened("value", "number"),
        opened("legal_reference"),
        opened("confirmed_by"),
        opened("confirmed_on", "date"),
        opened("note"),
    )


def _answers(
    frame: pd.DataFrame, rows: tuple[str, ...], known: Mapping[str, float | None]
) -> "Mended":
    """Keep the lines that say something; tell what is missing or unknown in them."""
    from infraplan.io import Mended

    said = says_something(frame, ANSWERED)
    if not said.any():
        raise LayerError(layer=LAYER, faults=(cell_fault("confirm_nothing", "", ""),))
    columns = {name: texts(frame, name) for name in ("confirmation_id", *ANSWERED)}
    faults: list[Fault] = []
    for place in np.flatnonzero(said):
        cells = {name: str(column.iloc[place]) for name, column in columns.items()}
        faults += _row_faults(cells, rows[place], known)
    kept = tuple(row for row, is_said in zip(rows, said, strict=True) if is_said)
    # a value confirmed as right is kept too: what is shipped may change, what was confirmed may not
    value = columns["value"].where(columns["value"] != "", columns["confirmation_id"].map(known))
    return Mended(frame.assign(value=value)[said], tuple(faults), rows=kept)


def _row_faults(
    cells: Mapping[str, str], row: str, known: Mapping[str, float | None]
) -> Iterator[Fault]:
    """Yield what is wrong with one answered line."""
    line = cells["confirmation_id"]
    if line not in known:
        yield cell_fault("confirm_unknown_line", row, "confirmation_id", line)
    for name in ("answer", "confirmed_by", "confirmed_on"):
        if not cells[name]:
            yield cell_fault("confirm_lacks", row, name, column=name)
    is_changed = cells["answer"].casefold() in CHANGED
    if is_changed and not (cells["value"] or cells["legal_reference"]):
        yield cell_fault("confirm_no_value", row, "value")
    if line.split("/")[0] not in RULED and cells["value"].strip("0.,") == "" != cells["value"]:
        yield cell_fault("confirm_price_zero", row, "value", cells["value"])
