"""The tables of coverage and of gaps that an office publishes, each with its definition."""

import hashlib
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.coverage.criteria import UNIVERSAL_SERVICE
from infraplan.coverage.evidence import agreement_with_evidence
from infraplan.coverage.evidence import worth_measuring
from infraplan.coverage.readings import cause_told
from infraplan.coverage.readings import fix_told
from infraplan.coverage.readings import readings_of
from infraplan.coverage.shares import COUNTING
from infraplan.coverage.shares import SERVED
from infraplan.radio.results import NOTHING_RECEIVED_DBM
from infraplan.reports.programmes import eligible_told
from infraplan.reports.programmes import rule_lines
from infraplan.reports.workbook import Column
from infraplan.reports.workbook import Sheet
from infraplan.reports.workbook import heading
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.coverage import Gaps

__all__ = [
    "SHOWN_LEVELS",
    "communes_sheet",
    "data_version",
    "definition_lines",
    "dependence_sheet",
    "evidence_sheet",
    "hamlets_sheet",
    "levels_ahead",
    "levels_untold",
    "measuring_sheet",
    "readings_sheet",
    "shares_sheet",
    "technologies_ended",
]

SHOWN_LEVELS = ("none", "weak", "2g_only", "unknown", "single_operator")
MASTS_SHOWN = 200


def data_version(gaps: "Gaps") -> str:
    """
    Return a name of the data that gaps were computed from.

    Parameters
    ----------
    gaps
        Result.

    Returns
    -------
    version
        Twelve hexadecimal digits: equal for equal layers and settings.
    """
    told = gaps.provenance
    text = repr((sorted(map(str, told.inputs.items())), sorted(map(str, told.settings.items()))))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def definition_lines(gaps: "Gaps", words: Words) -> tuple[str, ...]:
    """
    Return what covered means, from which data, as lines above a table.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    lines
        Definition, sources, and the version of the data.
    """
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
        *technologies_ended(gaps, words),
        *levels_untold(gaps, words),
        words(
            "reports.version",
            days=told.data_as_of or "-",
            calibration=told.calibration or words("reports.not_calibrated"),
            data=data_version(gaps),
            program=gaps.provenance.version,
        ),
    )


def technologies_ended(gaps: "Gaps", words: Words) -> tuple[str, ...]:
    """
    Return which technologies no longer count on the day of the gaps.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    lines
        One sentence; none where all count.
    """
    told = gaps.definition
    if not told.without:
        return ()
    return (words("maps.definition_without", names=", ".join(told.without), as_of=told.as_of),)


def levels_ahead(gaps: "Gaps", words: Words) -> tuple[str, ...]:
    """
    Return how many hamlets have no signal without the technologies that are to be switched off.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    lines
        One sentence; none where no such technology counts.
    """
    hamlets = _without_rests(gaps.hamlets)
    if "level_without_expired" not in hamlets or hamlets["level"].isna().all():
        return ()
    now, then = (
        int((hamlets[name] == "none").sum()) for name in ("level", "level_without_expired")
    )
    return (words("reports.levels_ahead", now=words.number(now), then=words.number(then)),)


def levels_untold(gaps: "Gaps", words: Words) -> tuple[str, ...]:
    """
    Return why areas have no level.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    lines
        One sentence; none where they have a level.
    """
    if gaps.hamlets["level"].notna().any():
        return ()
    if gaps.definition.missing:
        names = ", ".join(gaps.definition.missing)
        return (words("reports.level_unseen", names=names),)
    return (words("reports.level_untold"),)


def communes_sheet(gaps: "Gaps", words: Words) -> Sheet:
    """
    Return T1: covered shares of people by commune, the total weighted by people.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    sheet
        A row for each commune.
    """
    shares = gaps.shares[gaps.shares["denominator"] == "people"]
    told = gaps.definition
    readings = set(shares["operator"])
    wanted = [(name, "any") for name in told.thresholds_dbm]
    wanted += [(told.technology, r) for r in ("at_least_two", "all") if r in readings]
    wanted += [(told.technology, o) for o in sorted(readings - {"any", "at_least_two", "all"})]
    hamlets = _without_rests(gaps.hamlets)
    count = hamlets.groupby("commune_code").size()
    guessed = (hamlets["placed_by"] == "guess").groupby(hamlets["commune_code"]).sum()

    def row(area: pd.DataFrame) -> dict[str, Any]:
        """Return the figures of one area."""
        by = area.set_index(["technology", "operator"])
        share = by["share"].to_dict()
        headline = by.to_dict("index")[told.technology, told.operator]
        return {
            "people": headline["total"],
            "people_uncovered": headline["total"] - headline["covered"],
            **{f"share|{t}|{o}": share.get((t, o), np.nan) for t, o in wanted},
            "share_low": headline["share_low"],
            "share_high": headline["share_high"],
            "unknown_share": headline["unknown"] / headline["total"]
            if headline["total"]
            else np.nan,
            "people_assumed": headline["people_assumed"],
            "threshold_dbm": told.thresholds_dbm[told.technology],
        }

    communes = shares[shares["area_level"] == "commune"]
    rows = [
        {
            "order": number,
            "code": code,
            "commune": area["area_name"].iloc[0],
            "hamlets": int(count.get(str(code), 0)),
            **row(area),
            "note": _guessed(int(guessed.get(str(code), 0)), words),
        }
        for number, (code, area) in enumerate(communes.groupby("area_id", sort=True), start=1)
    ]
    total = {
        "commune": words("reports.total"),
        "hamlets": len(hamlets),
        **row(shares[shares["area_level"] == "province"]),
    }
    columns = [
        heading(words, name, kind)
        for name, kind in (
            ("order", "whole"),
            ("code", "text"),
            ("commune", "text"),
            ("people", "whole"),
            ("hamlets", "whole"),
            ("people_uncovered", "whole"),
        )
    ]
    for technology, operator in wanted:
        name = f"share|{technology}|{operator}"
        who = operator_told(operator, words)
        columns.append(heading(words, name, "share", technology=technology, operator=who))
    columns += [
        heading(words, name, kind)
        for name, kind in (
            ("share_low", "share"),
            ("share_high", "share"),
            ("unknown_share", "share"),
            ("people_assumed", "whole"),
            ("threshold_dbm", "db"),
            ("note", "text"),
        )
    ]
    return Sheet(
        words("reports.sheet_coverage"),
        definition_lines(gaps, words),
        tuple(columns),
        pd.DataFrame(rows),
        total,
    )


def _guessed(count: int, words: Words) -> str | None:
    """Return a note on hamlets whose position is a guess."""
    return words("reports.guessed", count=count) if count else None


def _without_rests(hamlets: pd.DataFrame) -> pd.DataFrame:
    """Return the hamlets without what lies outside all of them."""
    return hamlets[~hamlets["is_rest"].astype(bool)]


def operator_told(operator: str, words: Words) -> str:
    """
    Return how an operator, or a reading of several, is called.

    Parameters
    ----------
    operator
        Operator, `"any"`, `"at_least_two"` or `"all"`.
    words
        Catalogue.

    Returns
    -------
    name
        In the language of the catalogue.
    """
    known = ("any", "at_least_two", "all")
    return words(f"reports.operator_{operator}") if operator in known else operator


def readings_sheet(gaps: "Gaps", words: Words) -> Sheet:
    """
    Return T1b: the headline's share by every denominator and reading, side by side.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    sheet
        A row for each technology and reading, three columns for each denominator.
    """
    told = gaps.definition
    tables = []
    for technology in told.thresholds_dbm:
        table = readings_of(gaps.shares, technology).reset_index()
        tables.append(table.assign(technology=technology))
    table = pd.concat(tables, ignore_index=True)
    table["operator"] = [operator_told(name, words) for name in table["operator"]]
    columns = [heading(words, "technology"), heading(words, "operator")]
    for name in table.columns:
        if name in ("technology", "operator"):
            continue
        denominator, _, end = str(name).partition("_")
        of = words(f"reports.denominator_{denominator}")
        text = words(f"reports.head_reading{'_' + end if end else ''}", denominator=of)
        columns.append(Column(str(name), text, "share"))
    lines = (*definition_lines(gaps, words), words("reports.readings"))
    return Sheet(words("reports.sheet_readings"), lines, tuple(columns), table)


def shares_sheet(gaps: "Gaps", words: Words) -> Sheet:
    """
    Return T1c: shares of former districts and the province, a row for each reading.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    sheet
        With total, covered, unknown and the people who rest on assumed cells.
    """
    shares = gaps.shares[gaps.shares["area_level"].isin(["district", "province"])].copy()
    shares["operator"] = [operator_told(name, words) for name in shares["operator"]]
    shares["denominator"] = [words(f"reports.denominator_{d}") for d in shares["denominator"]]
    shares["unknown_share"] = shares["unknown"] / shares["total"].where(shares["total"] > 0)
    shares = shares.rename(columns={"share": "covered_share"})
    kinds = {
        "area_name": "text",
        "technology": "text",
        "operator": "text",
        "denominator": "text",
        "total": "db",
        "covered": "db",
        "covered_share": "share",
        "share_low": "share",
        "share_high": "share",
        "unknown_share": "share",
        "people_assumed": "whole",
    }
    columns = tuple(heading(words, name, kind) for name, kind in kinds.items())
    lines = definition_lines(gaps, words)
    return Sheet(words("reports.sheet_province"), lines, columns, shares)


def hamlets_sheet(gaps: "Gaps", words: Words) -> Sheet:
    """
    Return T2: hamlets not well served or for universal service, the worst first, with the fix.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    sheet
        A row for each hamlet, and for what lies outside the hamlets of a commune.
    """
    hamlets = pd.DataFrame(gaps.hamlets).drop(columns="geometry")
    # a hamlet with good 3G lacks the headline's 4G all the same
    shown = hamlets["level"].isin(SHOWN_LEVELS) | (hamlets["covered_share"] < SERVED - COUNTING)
    is_judged = "universal_service" in hamlets
    if is_judged:
        shown |= hamlets["universal_service"].isin(("yes", "to_check"))
    rows = hamlets[shown].sort_values("rank")
    rows = rows.rename_axis("hamlet_id").reset_index()
    rows["rank"] = np.arange(1, len(rows) + 1)
    rows["median_signal_dbm"] = rows["median_signal_dbm"].where(
        rows["median_signal_dbm"] > NOTHING_RECEIVED_DBM
    )
    told = [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]
    rows["level"] = [
        words(f"maps.level_{level}") if isinstance(level, str) else None for level in rows["level"]
    ]
    rows["cause"] = [cause_told(row, words) for row in told]
    rows["fix"] = [fix_told(row, words, technology=gaps.definition.technology) for row in told]
    if is_judged:
        rows["universal_service"] = [eligible_told(row, words) for row in told]
    if "fix_cost_vnd" in rows:
        rows["cost_million_vnd"] = rows["fix_cost_vnd"] / 1e6
        rows["cost_assumed"] = _flags(rows["fix_assumed"], words)
    rows["near_border"] = _flags(rows["near_border"], words)
    if "certainty" in rows:
        rows["certainty"] = [
            words(f"reports.certainty_{value}") if isinstance(value, str) else None
            for value in rows["certainty"]
        ]
    rows["placed_by"] = [
        words(f"reports.placed_{value}") if isinstance(value, str) else None
        for value in rows["placed_by"].where(rows["placed_by"].notna(), None)
    ]
    for name in ("nearest_site_m", "nearest_fibre_m", "nearest_power_m", "nearest_road_m"):
        rows[f"{name.removesuffix('_m')}_km"] = rows[name] / 1_000.0
    rest = rows["is_rest"].astype(bool)
    outside = words("reports.rest")
    rows["name"] = rows["name"].where(~rest, rows["name"].astype(str) + f" ({outside})")
    kinds = {
        "rank": "whole",
        "hamlet_id": "text",
        "name": "text",
        "commune": "text",
        "district": "text",
        "households": "whole",
        "poor_households": "whole",
        "people": "whole",
        "level": "text",
        "certainty": "text",
        "covered_share": "share",
        "people_uncovered": "whole",
        "people_uncovered_low": "whole",
        "people_uncovered_high": "whole",
        "households_uncovered": "whole",
        "median_signal_dbm": "db",
        "nearest_site": "text",
        "nearest_operator": "text",
        "nearest_site_km": "km",
        "nearest_fibre_km": "km",
        "nearest_power_km": "km",
        "nearest_road_km": "km",
        "cause": "prose",
        "fix": "prose",
        "fix_people": "whole",
        "cost_million_vnd": "whole",
        "cost_assumed": "text",
        "universal_service": "prose",
        "flood_share": "share",
        "near_border": "text",
        "placed_by": "text",
    }
    columns = tuple(
        heading(words, name, kind)
        for name, kind in kinds.items()
        if name in rows and (rows[name].notna().any() or not len(rows))
    )
    lines = (*definition_lines(gaps, words), *levels_ahead(gaps, words), words("reports.hamlets"))
    if is_judged:
        lines += rule_lines(gaps, UNIVERSAL_SERVICE, words)
    return Sheet(words("reports.sheet_gaps"), lines, columns, rows)


def _flags(values: "pd.Series[Any]", words: Words) -> list[str | None]:
    """Return flags as yes and no."""
    return [
        None if value is None or pd.isna(value) else words(f"reports.{'yes' if value else 'no'}")
        for value in values
    ]


def dependence_sheet(gaps: "Gaps", words: Words) -> Sheet:
    """
    Return on which masts most people depend.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    sheet
        Two hundred rows of masts, those of any operator first, most people first in each.
    """
    ordered = gaps.n_minus_1.assign(by_operator=gaps.n_minus_1["operator"] != "any")
    ordered = ordered.sort_values(["by_operator", "people_lost"], ascending=[True, False])
    table = ordered.head(MASTS_SHOWN).copy()
    table["technology"] = [
        words("reports.technology_all") if name == "all" else name for name in table["technology"]
    ]
    table["operator"] = [operator_told(name, words) for name in table["operator"]]
    kinds = {
        "mast_id": "text",
        "technology": "text",
        "operator": "text",
        "people_served": "whole",
        "people_lost": "whole",
    }
    columns = tuple(heading(words, name, kind) for name, kind in kinds.items())
    shown = {"shown": words.number(len(table)), "all": words.number(len(ordered))}
    lines = (
        *definition_lines(gaps, words),
        words("reports.dependence"),
        words("reports.dependence_shown", **shown),
    )
    return Sheet(words("reports.sheet_dependence"), lines, columns, table)


def evidence_sheet(gaps: "Gaps", words: Words) -> Sheet:
    """
    Return how far the prediction agrees with what is said of the signal in hamlets.

    Parameters
    ----------
    gaps
        Result, whose layers have `evidence`.
    words
        Catalogue.

    Returns
    -------
    sheet
        Counts of hamlets by operator, by what the model says and what people say.
    """
    technology = gaps.definition.technology
    found = agreement_with_evidence(
        gaps.shares, gaps.layers.table("evidence"), technology=technology
    )
    rate = found.rates.to_dict("index")["any"]
    line = words(
        "reports.evidence",
        technology=technology,
        count=words.number(found.used_count),
        left=words.number(sum(found.left_out.values())),
        rate=words.number(100.0 * rate["agreement"]),
        low=words.number(100.0 * rate["agreement_low"]),
        high=words.number(100.0 * rate["agreement_high"]),
    )
    table = found.table.copy()
    table["operator"] = [operator_told(name, words) for name in table["operator"]]
    table["modelled"] = [words(f"reports.modelled_{name}") for name in table["model"]]
    kinds = {"operator": "text", "modelled": "text"}
    kinds |= dict.fromkeys(("good", "unsteady", "none"), "whole")
    columns = tuple(heading(words, name, kind) for name, kind in kinds.items())
    lines = (line, *definition_lines(gaps, words))
    return Sheet(words("reports.sheet_evidence"), lines, columns, table)


def measuring_sheet(gaps: "Gaps", words: Words) -> Sheet:
    """
    Return the 30 hamlets whose measuring would settle most.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    sheet
        Those with most people of whom it is open whether they have service first.
    """
    hamlets = gaps.hamlets
    table = worth_measuring(hamlets, pd.DataFrame(hamlets)[["certainty", "doubt", "finding"]])
    table = table.rename_axis("hamlet_id").reset_index()
    for name, start in (("doubt", "doubt"), ("finding", "finding"), ("placed_by", "placed")):
        table[name] = [
            words(f"reports.{start}_{value}") if isinstance(value, str) else None
            for value in table[name].astype("object").where(table[name].notna(), None)
        ]
    kinds = {
        "hamlet_id": "text",
        "name": "text",
        "commune": "text",
        "people": "whole",
        "people_open": "whole",
        "doubt": "text",
        "finding": "text",
        "placed_by": "text",
    }
    columns = tuple(heading(words, name, kind) for name, kind in kinds.items())
    lines = (words("reports.measuring"), *definition_lines(gaps, words))
    return Sheet(words("reports.sheet_measuring"), lines, columns, table)
