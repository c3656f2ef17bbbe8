"""The workbook of a plan: the tables that an office publishes, each with its definition."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.layers.bundle import Layers
from infraplan.layers.schemas import TECHNOLOGIES
from infraplan.reports.workbook import Column
from infraplan.reports.workbook import Sheet
from infraplan.reports.workbook import write_workbook
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.cables import CablePlan
    from infraplan.coverage import Gaps
    from infraplan.coverage import Inventory
    from infraplan.sites import Appraisal
    from infraplan.sites import Proposal

__all__ = ["plan_workbook"]

SHOWN_LEVELS = ("none", "weak", "2g_only", "unknown", "single_operator")
REASONS_SHOWN = 5


def plan_workbook(  # noqa: PLR0913 - a plan and each of its results
    path: Path,
    *,
    layers: Layers,
    gaps: "Gaps | None" = None,
    appraisals: "Sequence[Appraisal]" = (),
    proposal: "Proposal | None" = None,
    cable_plan: "CablePlan | None" = None,
    fibre: pd.DataFrame | None = None,
    inventory: "Inventory | None" = None,
    words: Words,
) -> Path:
    """
    Write the workbook of a plan.

    Parameters
    ----------
    path
        Target, ending in `.xlsx`.
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
    path
        The file; `name (2).xlsx` where the old one is open in Excel.

    Raises
    ------
    PlanError
        If the file cannot be written.
    """
    sheets: list[Sheet] = []
    if gaps is not None:
        sheets += [_coverage(gaps, words), _province(gaps, words), _gaps(gaps, words)]
    if inventory is not None:
        sheets += [_stations(inventory, layers, words), _operators(inventory, words)]
    if fibre is not None:
        sheets.append(_fibre(fibre, words))
    if cable_plan is not None:
        sheets += [_bill(cable_plan, words), _cost_shares(cable_plan, words)]
    sheets += [_appraisal(appraisal, words) for appraisal in appraisals]
    if proposal is not None:
        sheets.append(_proposal(proposal, words))
    sheets.append(_sources(layers, words))
    return write_workbook(path, sheets, words=words, is_synthetic=bool(layers.synthetic()))


def _column(words: Words, name: str, kind: str = "text", **values: object) -> Column:
    """Return a column whose heading is in the catalogue under its own name."""
    key = name.partition("|")[0]
    return Column(name, words(f"reports.head_{key}", **values), kind)


def _definition(gaps: "Gaps", words: Words) -> tuple[str, ...]:
    """Return what covered means, as lines above a table."""
    told = gaps.definition
    limits = ", ".join(f"{name} {value:g} dBm" for name, value in told.thresholds_dbm.items())
    return (
        words(
            "reports.definition",
            limits=limits,
            p_cov=words.number(100 * told.p_cov),
            model=words(f"common.model_{told.model}"),
            resolution=words.number(told.resolution_m),
            sigma=words.number(told.sigma_db),
            range_db=words.number(told.range_db),
        ),
        words("reports.as_of", day=told.as_of or "-"),
    )


def _coverage(gaps: "Gaps", words: Words) -> Sheet:
    """Return shares of people by commune, its total weighted by people."""
    shares = gaps.shares[gaps.shares["denominator"] == "people"]
    headline = gaps.definition.technology
    names = list(gaps.definition.thresholds_dbm)
    operators = [o for o in dict.fromkeys(shares["operator"]) if o not in ("any", "all")]
    wanted = [(t, "any") for t in names] + [(headline, o) for o in operators]

    def row(area: pd.DataFrame) -> dict[str, Any]:
        """Return the shares of one area by technology and operator."""
        by = area.set_index(["technology", "operator"])["share"].to_dict()
        return {f"share|{t}|{o}": by.get((t, o), np.nan) for t, o in wanted}

    communes = shares[shares["area_level"] == "commune"]
    rows = [
        {
            "code": code,
            "commune": area["area_name"].iloc[0],
            "people": area["total"].iloc[0],
            "people_uncovered": _uncovered(area, headline, gaps.definition.operator),
            **row(area),
        }
        for code, area in communes.groupby("area_id", sort=True)
    ]
    whole = shares[shares["area_level"] == "province"]
    total = {
        "commune": words("reports.total"),
        "people": whole["total"].iloc[0],
        "people_uncovered": _uncovered(whole, headline, gaps.definition.operator),
        **row(whole),
    }
    columns = [
        _column(words, "code"),
        _column(words, "commune"),
        _column(words, "people", "whole"),
        _column(words, "people_uncovered", "whole"),
    ]
    for technology, operator in wanted:
        who = _operator(operator, words)
        name = f"share|{technology}|{operator}"
        columns.append(_column(words, name, "share", technology=technology, operator=who))
    table = pd.DataFrame(rows)
    return Sheet(
        words("reports.sheet_coverage"), _definition(gaps, words), tuple(columns), table, total
    )


def _uncovered(area: pd.DataFrame, technology: str, operator: str) -> float:
    """Return the people of an area without the headline's service."""
    rows = area[(area["technology"] == technology) & (area["operator"] == operator)]
    return float((rows["total"] - rows["covered"]).sum())


def _operator(operator: str, words: Words) -> str:
    """Return how an operator, or a reading of several, is called."""
    known = ("any", "at_least_two", "all")
    return words(f"reports.operator_{operator}") if operator in known else operator


def _province(gaps: "Gaps", words: Words) -> Sheet:
    """Return every reading of the province's share side by side."""
    shares = gaps.shares[gaps.shares["area_level"] == "province"].copy()
    shares["operator"] = [_operator(o, words) for o in shares["operator"]]
    shares["denominator"] = [words(f"reports.denominator_{d}") for d in shares["denominator"]]
    shares["unknown_share"] = shares["unknown"] / shares["total"]
    columns = (
        _column(words, "technology"),
        _column(words, "operator"),
        _column(words, "denominator"),
        _column(words, "covered_share|share", "share"),
        _column(words, "share_low", "share"),
        _column(words, "share_high", "share"),
        _column(words, "unknown_share", "share"),
        _column(words, "people_assumed", "whole"),
    )
    shares = shares.rename(columns={"share": "covered_share|share"})
    return Sheet(words("reports.sheet_province"), _definition(gaps, words), columns, shares)


def _gaps(gaps: "Gaps", words: Words) -> Sheet:
    """Return hamlets that are not well served, the worst first."""
    hamlets = pd.DataFrame(gaps.hamlets).drop(columns="geometry")
    rows = hamlets[hamlets["level"].isin(SHOWN_LEVELS)].sort_values("rank")
    rows = rows.rename_axis("hamlet_id").reset_index()
    rows["level"] = [words(f"maps.level_{level}") for level in rows["level"]]
    rows["cause"] = [
        words(f"maps.cause_{cause}") if isinstance(cause, str) else None for cause in rows["cause"]
    ]
    rest = rows["is_rest"].astype(bool)
    outside = words("reports.rest")
    rows["name"] = rows["name"].where(~rest, rows["name"].astype(str) + f" ({outside})")
    kinds = {
        "rank": "whole",
        "hamlet_id": "text",
        "name": "text",
        "commune": "text",
        "people": "whole",
        "level": "text",
        "covered_share": "share",
        "people_uncovered": "whole",
        "people_uncovered_low": "whole",
        "people_uncovered_high": "whole",
        "median_signal_dbm": "db",
        "cause": "text",
        "nearest_site": "text",
        "nearest_site_m": "whole",
        "nearest_fibre_m": "whole",
    }
    columns = tuple(_column(words, name, kind) for name, kind in kinds.items())
    return Sheet(words("reports.sheet_gaps"), _definition(gaps, words), columns, rows)


def _stations(inventory: "Inventory", layers: Layers, words: Words) -> Sheet:
    """Return stations by commune."""
    names = layers.table("communes")["name"]
    table = inventory.by_commune.rename_axis("code").reset_index()
    table.insert(1, "commune", [names.get(code) for code in table["code"]])
    return _counts(table, ("code", "commune"), words("reports.sheet_stations"), inventory, words)


def _operators(inventory: "Inventory", words: Words) -> Sheet:
    """Return stations by operator."""
    table = inventory.by_operator.rename_axis("operator").reset_index()
    return _counts(table, ("operator",), words("reports.sheet_operators"), inventory, words)


def _counts(
    table: pd.DataFrame, keys: tuple[str, ...], title: str, inventory: "Inventory", words: Words
) -> Sheet:
    """Return counts of stations as a sheet."""
    told = inventory.totals
    line = words(
        "reports.inventory",
        positions=words.number(told["positions"]),
        stations=words.number(told["stations"]),
        masts=words.number(100 * told["shared_mast_share"], 1),
        shared=words.number(100 * told["shared_station_share"], 1),
    )
    columns = [_column(words, key) for key in keys]
    for name in table.columns:
        if name in keys:
            continue
        fixed = name in TECHNOLOGIES or str(name)[:2] in ("A1", "A2")
        heading = str(name) if fixed else words(f"reports.head_{name}")
        columns.append(Column(str(name), heading, "whole"))
    return Sheet(title, (line,), tuple(columns), table)


def _fibre(fibre: pd.DataFrame, words: Words) -> Sheet:
    """Return lengths of cables by operator."""
    table = fibre.rename_axis("operator").reset_index()
    table["operator"] = table["operator"].replace("total", words("reports.total"))
    numbers = [name for name in table.columns if str(name).endswith("_km")]
    columns = (
        _column(words, "operator"),
        *(Column(str(name), words(f"reports.head_{name}"), "km") for name in numbers),
    )
    return Sheet(words("reports.sheet_fibre"), (words("reports.fibre"),), columns, table)


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
        _column(words, "item"),
        _column(words, "quantity", "km"),
        _column(words, "unit"),
        _column(words, "price_vnd", "vnd"),
        _column(words, "cost_vnd", "vnd"),
        _column(words, "source"),
        _column(words, "verified"),
    )
    lines = (
        words("reports.bill", gap=words.number(100 * cable_plan.gap, 1)),
        words("reports.before_tax"),
    )
    total = {"item": words("reports.total"), "cost_vnd": cable_plan.cost_vnd}
    return Sheet(words("reports.sheet_bill"), lines, columns, table, total)


def _cost_shares(cable_plan: "CablePlan", words: Words) -> Sheet:
    """Return what each operator bears."""
    table = cable_plan.shares.reset_index()
    columns = (
        _column(words, "operator"),
        Column("share", words("reports.head_cost_share"), "share"),
        _column(words, "cost_vnd", "vnd"),
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
    columns = tuple(_column(words, name, kind) for name, kind in kinds.items() if name in table)
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
    table = pd.DataFrame(proposal.sites).drop(columns="geometry")
    table["x_m"], table["y_m"] = proposal.sites.geometry.x, proposal.sites.geometry.y
    table = table.rename_axis("candidate_id").reset_index()
    kinds = {
        "order": "whole",
        "candidate_id": "text",
        "commune": "text",
        "x_m": "whole",
        "y_m": "whole",
        "height_m": "db",
        "people_gained": "whole",
        "nearest_site_m": "whole",
    }
    columns = tuple(_column(words, name, kind) for name, kind in kinds.items() if name in table)
    line = words(
        "reports.proposal",
        people=words.people(float(proposal.people_gained.sum())),
        bound=words.people(float(proposal.bound)),
    )
    return Sheet(words("reports.sheet_proposal"), (line,), columns, table)


def _sources(layers: Layers, words: Words) -> Sheet:
    """Return where each layer comes from."""
    table = layers.table("sources").reset_index().copy()
    for name in ("complete", "synthetic"):
        flags = table[name].astype("boolean")
        table[name] = [
            None if flag is pd.NA else words("reports.yes") if flag else words("reports.no")
            for flag in flags
        ]
    names = ["layer", "operator", "as_of", "rows", "expected_rows", "complete", "synthetic", "file"]
    names += ["licence", "attribution", "note"]
    columns = tuple(
        _column(words, name, "whole" if name.endswith("rows") else "text") for name in names
    )
    return Sheet(words("reports.sheet_sources"), (words("reports.sources"),), columns, table)
