"""The report on coverage and its gaps: a few pages that a head of division could sign."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.coverage.evidence import agreement_with_evidence
from infraplan.coverage.fixes import ACTIONS
from infraplan.coverage.quality import missing_operators
from infraplan.coverage.quality import source_quality
from infraplan.coverage.readings import cause_told
from infraplan.coverage.readings import fix_told
from infraplan.coverage.readings import readings_of
from infraplan.coverage.readings import worst_gaps
from infraplan.coverage.shares import COUNTING
from infraplan.coverage.shares import SERVED
from infraplan.reports.office import Office
from infraplan.reports.paper import Paper
from infraplan.reports.programmes import programmes_told
from infraplan.reports.published import data_version
from infraplan.reports.published import definition_lines
from infraplan.reports.published import levels_ahead
from infraplan.reports.published import levels_untold
from infraplan.reports.published import operator_told
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.coverage import Gaps

__all__ = ["Office", "write_gaps_report"]

WORST = 10
BADLY_SERVED = ("none", "weak", "2g_only")
READINGS = ("any", "at_least_two", "all")
CERTAINTIES = ("confirmed", "likely", "to_be_measured")


def write_gaps_report(
    path: Path,
    gaps: "Gaps",
    *,
    pictures: Mapping[str, bytes],
    words: Words,
    office: Office | None = None,
) -> Path:
    """
    Write the report on who has service, the ten worst gaps, and what fixing them takes.

    Parameters
    ----------
    path
        Target, ending in `.docx`.
    gaps
        Result.
    pictures
        PNG files by name: `gaps` (map), `readings`, `shares`, `fixes`; those absent are left out.
    words
        Catalogue of the office's language.
    office
        Who signs.

    Returns
    -------
    path
        The file; `name (2).docx` where the old one is open in Word.

    Raises
    ------
    PlanError
        If the file cannot be written.
    """
    told = gaps.definition
    day = told.as_of or told.data_as_of.split(" - ")[-1]
    title = words("gaps_report.title", area=gaps.layers.name)
    paper = Paper(
        words,
        title=title,
        is_synthetic=bool(gaps.layers.synthetic() or gaps.provenance.synthetic),
        foot=words("gaps_report.foot", area=gaps.layers.name, data=data_version(gaps)),
    )
    office = office or Office()
    paper.letterhead(office.parent, office.name, office.place, words("paper.day_open"))
    paper.title(title, words("gaps_report.as_of", day=_date(day, words)))
    facts = _Facts.of(gaps)
    _found(paper, gaps, facts, words)
    _readings(paper, gaps, pictures, words)
    _by_operator(paper, gaps, pictures, words)
    if "gaps" in pictures:
        paper.heading(words("gaps_report.head_map"))
        paper.picture(pictures["gaps"], words("gaps_report.caption_map"))
    _worst(paper, gaps, facts, words)
    _fixes(paper, gaps, facts, pictures, words)
    _communes(paper, gaps, words)
    if told_of := programmes_told(gaps, words):
        paper.heading(words("gaps_report.head_programmes"))
        paper.points(told_of)
    _trust(paper, gaps, facts, words)
    paper.signatures(
        words("gaps_report.written_by"),
        words("gaps_report.signed_by"),
        words("gaps_report.sign_here"),
    )
    return paper.save(path)


@dataclass(frozen=True, slots=True, eq=False)
class _Facts:
    """Figures that several parts tell; `hamlets` are those with a name, `worst` the first ten."""

    hamlets: pd.DataFrame
    worst: pd.DataFrame
    fixed: pd.DataFrame
    headline: Mapping[Any, float]

    @classmethod
    def of(cls, gaps: "Gaps") -> "_Facts":
        """Return the figures of a result."""
        table = pd.DataFrame(gaps.hamlets)
        hamlets = table[~table["is_rest"].astype(bool)]
        fixed = table[table["fix"].notna()] if "fix" in table else table.iloc[:0]
        headline = _headline_shares(gaps, "province").iloc[0].to_dict()
        return cls(hamlets, worst_gaps(hamlets, WORST), fixed, headline)


def _headline_shares(gaps: "Gaps", level: str) -> pd.DataFrame:
    """Return the shares of people of the headline for the areas of a level."""
    told, shares = gaps.definition, gaps.shares
    return shares[
        (shares["area_level"] == level)
        & (shares["denominator"] == "people")
        & (shares["technology"] == told.technology)
        & (shares["operator"] == told.operator)
    ]


def _date(text: str, words: Words) -> str:
    """Return a day as the language writes it, the words for unknown where there is none."""
    return words.day(text) if text else words("common.unknown")


def _percent(share: Any, words: Words, decimals: int = 1) -> str:  # noqa: ANN401 - a number or NaN
    """Return a share in per cent; of nearly all never 100."""
    value = float(share)
    if not math.isfinite(value):
        return words("common.unknown")
    text = words.number(100.0 * value, decimals)
    if value < 1.0 and text == words.number(100.0, decimals):
        text = words.number(100.0 - 10.0**-decimals, decimals)
    return f"{text} %"


def _found(paper: Paper, gaps: "Gaps", facts: _Facts, words: Words) -> None:
    """Write what was found, in four sentences."""
    told, row = gaps.definition, facts.headline
    paper.heading(words("gaps_report.head_found"))
    points = [
        words(
            "gaps_report.found_share",
            technology=told.technology,
            operator=operator_told(told.operator, words),
            share=_percent(row["share"], words),
            low=_percent(row["share_low"], words),
            high=_percent(row["share_high"], words),
            lacking=words.people_range(
                row["total"] - row["covered"] - row["unknown"],
                *(row["total"] * (1.0 - row[name]) for name in ("share_high", "share_low")),
            ),
            unknown_people=words.people(row["unknown"]),
            total=words.number(round(row["total"], -3)),
            unknown=_percent(row["unknown"] / row["total"], words),
        )
    ]
    level = facts.hamlets["level"].astype("object")
    if level.notna().any():
        counts = level.value_counts()
        kinds = ", ".join(
            f"{_inner(words(f'maps.level_{name}'))} {words.number(int(counts[name]))}"
            for name in BADLY_SERVED
            if name in counts
        )
        bad = facts.hamlets[level.isin(BADLY_SERVED)]
        points.append(
            words(
                "gaps_report.found_hamlets",
                count=words.number(len(bad)),
                all=words.number(len(facts.hamlets)),
                kinds=kinds or words("gaps_report.none"),
                people=_people(bad, words),
            )
        )
        if unknown := int(counts.get("unknown", 0)):
            points.append(words("gaps_report.found_unknown", count=words.number(unknown)))
    points.append(_split(gaps, words))
    if len(facts.worst):
        cost = facts.worst.get("fix_cost_vnd", pd.Series(dtype=float)).sum()
        points.append(
            words(
                "gaps_report.found_worst",
                count=words.number(len(facts.worst)),
                people=_people(facts.worst, words),
                cost=_billion(cost, words),
            )
        )
    points.append(
        words(
            "gaps_report.found_sure",
            model=words("reports.not_calibrated") if not told.calibration else told.calibration,
            assumed=_percent(row["people_assumed"] / row["covered"], words)
            if row["covered"] > 0
            else words("common.unknown"),
        )
    )
    if not told.calibration:
        points.append(words("gaps_report.found_order"))
    paper.points([*points, *levels_untold(gaps, words), *levels_ahead(gaps, words)])


def _split(gaps: "Gaps", words: Words) -> str:
    """Return where the people known to lack service live."""
    table = pd.DataFrame(gaps.hamlets)
    lacking = table["people"] * (1.0 - table["covered_share"] - table["unknown_share"])
    lacking = lacking.clip(lower=0.0)
    is_rest = table["is_rest"].astype(bool)
    is_gap = ~is_rest & (table["covered_share"] < SERVED - COUNTING)
    return words(
        "gaps_report.found_split",
        gaps=words.people(float(lacking[is_gap].sum())),
        outside=words.people(float(lacking[is_rest].sum())),
        others=words.people(float(lacking[~is_rest & ~is_gap].sum())),
    )


def _inner(text: str) -> str:
    """Return words that begin a line as they stand inside a sentence."""
    return text[:1].lower() + text[1:]


def _people(hamlets: pd.DataFrame, words: Words) -> str:
    """Return people without service of some areas, with their range."""
    sums = [float(hamlets[f"people_uncovered{end}"].sum()) for end in ("", "_low", "_high")]
    return words.people_range(*sums)


def _billion(cost_vnd: float, words: Words) -> str:
    """Return money in thousand millions."""
    return words("gaps_report.billion", cost=words.number(float(cost_vnd) / 1e9, 1))


def _readings(paper: Paper, gaps: "Gaps", pictures: Mapping[str, bytes], words: Words) -> None:
    """Write the share by every way of counting."""
    table = readings_of(gaps.shares, gaps.definition.technology)
    known = [str(name) for name in table if not str(name).endswith(("_low", "_high"))]
    rows = [
        [
            operator_told(str(reading), words),
            *(_percent(table.loc[reading, d], words) for d in known),
        ]
        for reading in READINGS
        if reading in table.index
    ]
    paper.heading(words("gaps_report.head_readings", technology=gaps.definition.technology))
    paper.text(words("gaps_report.readings"))
    heads = [words("reports.head_operator"), *(words(f"reports.denominator_{d}") for d in known)]
    columns = range(1, len(heads))
    paper.table(heads, rows, widths=[3.2] + [2.0] * len(known), numbers=list(columns))
    if "readings" in pictures:
        paper.picture(pictures["readings"], words("gaps_report.caption_readings"))


def _by_operator(paper: Paper, gaps: "Gaps", pictures: Mapping[str, bytes], words: Words) -> None:
    """Write the shares of people by technology and operator."""
    shares = gaps.shares
    mine = shares[(shares["area_level"] == "province") & (shares["denominator"] == "people")]
    wide = mine.pivot_table(index="operator", columns="technology", values="share")
    named = sorted(set(wide.index) - set(READINGS))
    order = [*named, *(reading for reading in READINGS if reading in wide.index)]
    paper.heading(words("gaps_report.head_operators"))
    heads = [words("reports.head_operator"), *(str(name) for name in wide.columns)]
    rows = [
        [operator_told(name, words), *(_percent(value, words) for value in wide.loc[name])]
        for name in order
    ]
    paper.table(
        heads, rows, widths=[3.0] + [2.0] * len(wide.columns), numbers=list(range(1, len(heads)))
    )
    if "shares" in pictures and named:
        paper.picture(pictures["shares"], words("gaps_report.caption_shares"))
    if ending := [t for t in ("2G", "3G") if t in wide.columns and t in gaps.definition.without]:
        paper.text(words("gaps_report.ended", names=", ".join(ending)))


def _worst(paper: Paper, gaps: "Gaps", facts: _Facts, words: Words) -> None:
    """Write the gaps with most people."""
    paper.heading(words("gaps_report.head_worst"))
    if not len(facts.worst):
        paper.text(words("gaps_report.no_gaps"))
        return
    rows = []
    for number, (_, row) in enumerate(facts.worst.iterrows(), start=1):
        area = {str(key): value for key, value in row.items()}
        cost = _cost(area, words)
        rows.append(
            [
                str(number),
                _place(area, words),
                f"{_lacking(area, words)}; {_level(area, gaps, words)}",
                cause_told(area, words) or words("common.unknown"),
                fix_told(area, words, technology=gaps.definition.technology)
                or words("gaps_report.no_fix"),
                cost,
                _certainty(area, words),
            ]
        )
    names = ("number", "place", "people", "cause", "fix", "cost", "certainty")
    heads = [words(f"gaps_report.col_{name}") for name in names]
    paper.table(heads, rows, widths=[1.0, 3.2, 2.1, 4.2, 3.2, 1.6, 1.6], numbers=[0, 5])
    paper.text(words("gaps_report.worst_note"), is_quiet=True)


def _lacking(area: Mapping[str, Any], words: Words) -> str:
    """Return the people of an area without service, with their range."""
    ends = ("", "_low", "_high")
    return words.people_range(*(float(area[f"people_uncovered{end}"]) for end in ends))


def _level(area: Mapping[str, Any], gaps: "Gaps", words: Words) -> str:
    """Return what service an area has; where it is good, that the headline's is lacking."""
    level = area.get("level")
    if level in (*BADLY_SERVED, "unknown"):
        return _inner(words(f"maps.level_{level}"))
    return _inner(words("gaps_report.otherwise", technology=gaps.definition.technology))


def _cost(area: Mapping[str, Any], words: Words) -> str:
    """Return what the fix of an area costs, in millions."""
    value = area.get("fix_cost_vnd")
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return "–"
    return words.number(float(value) / 1e6)


def _place(area: Mapping[str, Any], words: Words) -> str:
    """Return a hamlet with its commune and former district, and how it was placed if by guess."""
    parts = [str(area["name"]), str(area["commune"])]
    district = area.get("district")
    text = ", ".join(part for part in parts if part)
    if isinstance(district, str):
        text += f" ({words('gaps_report.former', district=district)})"
    if area.get("placed_by") == "guess":
        text += f"; {words('reports.placed_guess')}"
    return text


def _certainty(area: Mapping[str, Any], words: Words) -> str:
    """Return how sure a gap is."""
    value = area.get("certainty")
    return words(f"reports.certainty_{value}") if isinstance(value, str) else "–"


def _fixes(
    paper: Paper, gaps: "Gaps", facts: _Facts, pictures: Mapping[str, bytes], words: Words
) -> None:
    """Write what bringing service takes, by action."""
    fixed = facts.fixed
    if not len(fixed):
        return
    paper.heading(words("gaps_report.head_fixes"))
    rows = []
    for action in ACTIONS:
        own = fixed[fixed["fix"] == action]
        if len(own):
            rows.append(
                [
                    words(f"gaps_report.action_{action}", technology=gaps.definition.technology),
                    words.number(len(own)),
                    words.people(float(own["fix_people"].sum())),
                    words.number(float(own["fix_cost_vnd"].sum()) / 1e6),
                ]
            )
    total = [
        words("reports.total"),
        words.number(len(fixed)),
        words.people(float(fixed["fix_people"].sum())),
        words.number(float(fixed["fix_cost_vnd"].sum()) / 1e6),
    ]
    names = ("action", "places", "gained", "cost")
    heads = [words(f"gaps_report.col_{name}") for name in names]
    paper.table(heads, [*rows, total], widths=[5.0, 2.0, 2.5, 2.5], numbers=[1, 2, 3])
    paper.text(words("gaps_report.fixes_note"), is_quiet=True)
    if "fixes" in pictures:
        paper.picture(pictures["fixes"], words("gaps_report.caption_fixes"))


def _communes(paper: Paper, gaps: "Gaps", words: Words) -> None:
    """Write the communes with most people without service."""
    mine = _headline_shares(gaps, "commune")
    lacking = (mine["total"] - mine["covered"] - mine["unknown"]).rename("lacking")
    table = mine.assign(lacking=lacking).sort_values(
        ["lacking", "area_id"], ascending=[False, True]
    )
    table = table[table["lacking"] >= 0.5].head(WORST)
    if not len(table):
        return
    paper.heading(words("gaps_report.head_communes"))
    names = ("commune", "people", "lacking", "share", "range")
    heads = [words(f"gaps_report.col_commune_{name}") for name in names]
    rows = [
        [
            str(row["area_name"]),
            words.people(float(row["total"])),
            words.people(float(row["lacking"])),
            _percent(row["share"], words),
            f"{_percent(row['share_low'], words)} – {_percent(row['share_high'], words)}",
        ]
        for row in table.to_dict("records")
    ]
    paper.table(heads, rows, widths=[4.0, 2.2, 2.6, 2.0, 3.2], numbers=[1, 2, 3, 4])
    paper.text(words("gaps_report.communes_note"), is_quiet=True)


def _trust(paper: Paper, gaps: "Gaps", facts: _Facts, words: Words) -> None:
    """Write how far all this can be trusted, and what was counted as covered."""
    paper.heading(words("gaps_report.head_trust"))
    points = []
    if "certainty" in facts.hamlets:
        counts = facts.hamlets["certainty"].astype("object").value_counts()
        kinds = ", ".join(
            f"{words(f'reports.certainty_{name}')} {words.number(int(counts.get(name, 0)))}"
            for name in CERTAINTIES
        )
        points.append(words("gaps_report.trust_certainty", kinds=kinds))
    guessed = int((facts.hamlets["placed_by"] == "guess").sum())
    if guessed:
        points.append(words("gaps_report.trust_guessed", count=words.number(guessed)))
    border = facts.hamlets[facts.hamlets["near_border"].astype(bool)]
    if lacking := int(border["level"].isin(BADLY_SERVED).sum()):
        points.append(words("gaps_report.trust_border", count=words.number(lacking)))
    newest = gaps.definition.data_as_of.split(" - ")[-1]
    if gaps.definition.as_of and newest > gaps.definition.as_of:
        points.append(words("gaps_report.trust_newer", day=_date(newest, words)))
    points.append(_evidence(gaps, words))
    paper.points([*points, *_shortcomings(gaps, words)])
    for line in definition_lines(gaps, words):
        paper.text(line, is_quiet=True)


def _shortcomings(gaps: "Gaps", words: Words) -> list[str]:
    """Return which lists are shorter than their source says, old, or absent."""
    table = source_quality(gaps.layers)
    told = []
    for row in table[(table["lacking"] > 0).fillna(value=False).astype(bool)].to_dict("records"):
        operator = row["operator"]
        told.append(
            words(
                "gaps_report.lacking_rows",
                layer=words(f"maps.name_{row['layer']}"),
                operator=f" {operator}" if isinstance(operator, str) else "",
                rows=words.number(int(row["rows"])),
                expected=words.number(int(row["expected_rows"])),
                lacking=words.number(int(row["lacking"])),
            )
        )
    if missing := missing_operators(gaps.layers):
        told.append(words("gaps_report.missing_operators", names=", ".join(missing)))
    old = table[table["is_old"].fillna(value=False).astype(bool)]
    if len(old):
        names = [
            f"{words(f'maps.name_{layer}')}{f' {who}' if isinstance(who, str) else ''}"
            for layer, who in zip(old["layer"], old["operator"], strict=True)
        ]
        told.append(words("gaps_report.old_sources", names=", ".join(dict.fromkeys(names))))
    return told


def _evidence(gaps: "Gaps", words: Words) -> str:
    """Return what statements say about the prediction."""
    evidence = gaps.layers.table("evidence")
    if not len(evidence):
        return words("gaps_report.no_evidence")
    found = agreement_with_evidence(gaps.shares, evidence, technology=gaps.definition.technology)
    rate = found.rates.to_dict("index").get("any", {})
    return words(
        "gaps_report.trust_evidence",
        count=words.number(float(rate.get("hamlets", 0))),
        agreeing=words.number(float(rate.get("agreeing", 0))),
    )
