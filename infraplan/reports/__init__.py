"""Workbooks and papers for the office."""

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from infraplan.reports.brief import Findings as Findings
    from infraplan.reports.brief import brief_figures as brief_figures
    from infraplan.reports.brief import write_brief as write_brief
    from infraplan.reports.compose import plan_sheets as plan_sheets
    from infraplan.reports.compose import plan_workbook as plan_workbook
    from infraplan.reports.form import Field as Field
    from infraplan.reports.form import Form as Form
    from infraplan.reports.form import write_form as write_form
    from infraplan.reports.gaps_report import write_gaps_report as write_gaps_report
    from infraplan.reports.office import Office as Office
    from infraplan.reports.price_form import write_price_form as write_price_form
    from infraplan.reports.sheets import field_sheets as field_sheets
    from infraplan.reports.sheets import has_position as has_position
    from infraplan.reports.workbook import Column as Column
    from infraplan.reports.workbook import Sheet as Sheet
    from infraplan.reports.workbook import cells_told as cells_told
    from infraplan.reports.workbook import write_workbook as write_workbook

_WHERE = {
    "Column": "workbook",
    "Field": "form",
    "Findings": "brief",
    "Form": "form",
    "Office": "office",
    "Sheet": "workbook",
    "brief_figures": "brief",
    "cells_told": "workbook",
    "field_sheets": "sheets",
    "has_position": "sheets",
    "plan_sheets": "compose",
    "plan_workbook": "compose",
    "write_brief": "brief",
    "write_form": "form",
    "write_gaps_report": "gaps_report",
    "write_price_form": "price_form",
    "write_workbook": "workbook",
}

__all__ = sorted(_WHERE)  # noqa: PLE0605 - one list, above


def __getattr__(name: str) -> Any:  # noqa: ANN401 - functions and classes alike
    """Import a function at its first use."""
    if name in _WHERE:
        return getattr(import_module(f"infraplan.reports.{_WHERE[name]}"), name)
    msg = f"module 'infraplan.reports' has no attribute '{name}'"
    raise AttributeError(msg)
