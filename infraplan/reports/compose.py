"""The workbook of a plan: the tables that an office publishes, each with its definition."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from infraplan.cables.plan_told import shares_told
from infraplan.layers.bundle import Layers
from infraplan.reports.programmes import new_rural_evidence_sheet
from infraplan.reports.programmes import new_rural_sheet
from infraplan.reports.published import communes_sheet
from infraplan.reports.published import dependence_sheet
from infraplan.reports.published import evidence_sheet
from infraplan.reports.published import hamlets_sheet
from infraplan.reports.published import measuring_sheet
from infraplan.reports.published import readings_sheet
from infraplan.reports.published import shares_sheet
from infraplan.reports.stock import classes_sheet
from infraplan.reports.stock import fibre_sheet
from infraplan.reports.stock import near_sheet
from infraplan.reports.stock import quality_sheet
from infraplan.reports.stock import sharing_sheet
from infraplan.reports.stock import stations_sheet
from infraplan.reports.stock import unshared_sheet
from infraplan.reports.workbook import Column
from infraplan.reports.workbook import Sheet
from infraplan.reports.workbook import heading
from infraplan.reports.workbook import write_csvs
from infraplan.reports.workbook import write_workbook
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.cables import CablePlan
    from infraplan.coverage import Gaps
    from infraplan.coverage import Inventory
    from infraplan.sites import Appraisal
    from infraplan.sites import Proposal

__all__ = ["plan_sheets", "plan_workbook"]

REASONS_SHOWN = 5


def plan_sheets(  # noqa: PLR0913 - a plan and each of its results
    *,
    layers: Layers,
    gaps: "Gaps | None" = None,
    appraisals: "Sequence[Appraisal]" = (),
    proposal: "Proposal | None" = None,
    cable_plan: "CablePlan | None" = None,
    fibre: pd.DataFrame | None = None,
    inventory: "Inventory | None" = None,
    words: Words,
) -> list[Sheet]:
    """
    Return the tables that an office publishes of a plan.

    Parameters
    ----------
    layers
        Layers of the plan.
    gaps
        Gaps, or None where they were not computed.
    appraisals
        Appraised batches.
    proposal
        Proposed sites, or None.
    cable_plan
        Undergrounding, or None.
    fibre
        Lengths of cables by operator, of `cables.fibre_lengths`, or None.
    inventory
        Counts of stations, or None.
    words
        Catalogue of the office's language.

    Returns
    -------
    sheets
        In the order in which they are printed, that of the sources last.
    """
    sheets: list[Sheet] = []
    if gaps is not None:
        sheets += [
            communes_sheet(gaps, words),
            readings_sheet(gaps, words),
            shares_sheet(gaps, words),
            hamlets_sheet(gaps, words),
            measuring_sheet(gaps, words),
            dependence_sheet(gaps, words),
        ]
        if len(gaps.criteria):
            sheets += [new_rural_sheet(gaps, words), new_rural_evidence_sheet(gaps, words)]
        if len(layers.table("evidence")):
            sheets.append(evidence_sheet(gaps, words))
    if inventory is not None:
        sheets += [
            stations_sheet(inventory, layers, words),
            sharing_sheet(inventory, words),
            unshared_sheet(inventory, words),
            classes_sheet(inventory, layers, words),
        ]
        if len(inventory.near):
            sheets.append(near_sheet(inventory, words))
    if fibre is not None:
        sheets.append(fibre_sheet(fibre, words))
    if cable_plan is not None:
        sheets += [_bill(cable_plan, words), _cost_shares(cable_plan, words)]
    sheets += [_appraisal(appraisal, words) for appraisal in appraisals]
    if proposal is not None:
        sheets.append(_proposal(proposal, words))
    sheets.append(quality_sheet(layers, words))
    return sheets


def plan_workbook(path: Path, sheets: Sequence[Sheet], *, words: Words, is_synthetic: bool) -> Path:
    """
    Write tables as a workbook, and each of them as CSV in the folder `csv` beside it.

    Parameters
    ----------
    path
        Target, ending in `.xlsx`.
    sheets
        Tables, of `plan_sheets`.
    words
        Catalogue of the office's language.
    is_synthetic
        True where any of it rests on made-up data; every sheet then says so.

    Returns
    -------
    path
        The file; `name (2).xlsx` where the old one is open in Excel.

    Raises
    ------
    PlanError
        If a file cannot be written.
    """
    write_csvs(path.parent / "csv", sheets, words=words, is_synthetic=is_synthetic)
    return write_workbook(path, sheets, words=words, is_synthetic=is_synthetic)


def _bill(cable_plan: "CablePlan", words: Words) -> Sheet:
    """Return the bill of undergrounding; its total is the cost of the plan."""
    table = cable_plan.bill.reset_index().copy()
    key = "code" if "code" in table else "item"
    known = words.entries
    table["item"] = [known.get(f"cables.item_{code}", str(code)) for code in table[key].astype(str)]
    table["unit"] = [known.get(f"cables.unit_{unit}", str(unit)) for unit in table["unit"]]
    table["verified"] = [
        words("reports.yes") if flag else words("reports.no") for flag in table["verified"]
    ]
    columns = (
        heading(words, "item"),
        heading(words, "quantity", "km"),
        heading(words, "unit"),
        heading(words, "price_vnd", "vnd"),
        heading(words, "cost_vnd", "vnd"),
        heading(words, "source"),
        heading(words, "verified"),
    )
    lines = (
        words("reports.bill", gap=words.number(100 * cable_plan.gap, 1)),
        words("reports.before_tax"),
    )
    total = {"item": words("reports.total"), "cost_vnd": cable_plan.cost_vnd}
    return Sheet(words("reports.sheet_bill"), lines, columns, table, total)


def _cost_shares(cable_plan: "CablePlan", words: Words) -> Sheet:
    """Return what each operator bears."""
    told = shares_told(cable_plan, words)
    table = cable_plan.shares.reset_index().assign(operator=list(told.values()))
    columns = (
        heading(words, "operator"),
        Column("share", words("reports.head_cost_share"), "share"),
        heading(words, "cost_vnd", "vnd"),
    )
    total = {
        "operator": words("reports.total"),
        "share": float(table["share"].sum()),
        "cost_vnd": float(table["cost_vnd"].sum()),
    }
    lines = (words("reports.before_tax"),)
    return Sheet(words("reports.sheet_shares"), lines, columns, table, total)


def _appraisal(appraisal: "Appraisal", words: Words) -> Sheet:
    """Return a batch of requests with its proposals and reasons."""
    table = pd.DataFrame(appraisal.requests).drop(columns="geometry")
    at = appraisal.requests.geometry
    table["x_m"] = [p.x if p is not None and not p.is_empty else np.nan for p in at]
    table["y_m"] = [p.y if p is not None and not p.is_empty else np.nan for p in at]
    table["reason"] = [_reasons(text, words) for text in table["reasons"]]
    table["proposal"] = [words(f"sites.{kind}") for kind in table["proposal"]]
    table = table.sort_values("rank").rename_axis("request_id").reset_index()
    kinds = {
        "rank": "whole",
        "request_id": "text",
        "operator": "text",
        "commune": "text",
        "x_m": "whole",
        "y_m": "whole",
        "mast_class": "text",
        "height_m": "db",
        "technologies": "text",
        "proposal": "text",
        "reason": "text",
        "people_gained": "whole",
        "people_gained_low": "whole",
        "people_gained_high": "whole",
        "marginal_people": "whole",
        "overlap_share": "share",
        "nearest_site_m": "whole",
        "fibre_m": "whole",
        "decision": "text",
        "decision_reason": "text",
    }
    columns = tuple(heading(words, name, kind) for name, kind in kinds.items() if name in table)
    lines = (words("reports.appraisal", batch=appraisal.batch), words("reports.office_decides"))
    return Sheet(f"{words('reports.sheet_appraisal')} {appraisal.batch}", lines, columns, table)


def _reasons(text: object, words: Words) -> str:
    """Return the first reasons of a proposal in words."""
    if not isinstance(text, str):
        return ""
    weighty = [reason for reason in json.loads(text) if reason.get("effect") != "none"]
    names = [words(f"sites.rule_{reason['rule']}") for reason in weighty[:REASONS_SHOWN]]
    return "; ".join(names)


def _proposal(proposal: "Proposal", words: Words) -> Sheet:
    """Return the proposed sites with the bound."""
    from infraplan.sites.told import action_told
    from infraplan.sites.told import prerequisites_told
    from infraplan.sites.told import sentences_of

    table = pd.DataFrame(proposal.sites).drop(columns="geometry")
    table["x_m"], table["y_m"] = proposal.sites.geometry.x, proposal.sites.geometry.y
    rows = [row for _, row in proposal.sites.iterrows()]
    table["action"] = [action_told(row, words) for row in rows]
    table["prerequisites"] = [prerequisites_told(row, words) for row in rows]
    table = table.rename_axis("candidate_id").reset_index()
    kinds = {
        "order": "whole",
        "candidate_id": "text",
        "action": "text",
        "operator": "text",
        "commune": "text",
        "x_m": "whole",
        "y_m": "whole",
        "height_m": "db",
        "people_gained": "whole",
        "cost_vnd": "whole",
        "people_per_billion": "whole",
        "people_if_planned": "whole",
        "prerequisites": "text",
        "nearest_site_m": "whole",
    }
    own = {"action", "people_per_billion", "people_if_planned", "prerequisites", "cost_vnd"}
    columns = tuple(
        Column(name, words(f"actions.column_{name}"), kind)
        if name in own
        else heading(words, name, kind)
        for name, kind in kinds.items()
        if name in table
    )
    line = words(
        "reports.proposal",
        people=words.people(float(proposal.people_gained.sum())),
        bound=words.people(float(proposal.bound)),
    )
    notes = (line, *sentences_of(proposal, words))
    return Sheet(words("reports.sheet_proposal"), notes, columns, table)
