"""What the papers on a batch of requested sites have in common: its facts and its rows in words."""

import math
import re
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.layers.stations import on_air
from infraplan.layers.told import column_told
from infraplan.layers.told import system_told
from infraplan.layers.told import tell
from infraplan.reports.paper import BARRED
from infraplan.sites.wording import finding_told
from infraplan.sites.wording import findings_of
from infraplan.sites.wording import phrase
from infraplan.sites.wording import rule_told
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.sites import Appraisal

__all__ = ["REASONS_SHOWN", "Batch", "Requested", "day_told", "reasons_told", "tidy"]

IN_VAIN = ("changes", "allowed")
REASONS_SHOWN = 5
SAME_STATION_M = 1.0  # a distance is that of a station where both differ by less
Finding = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Requested:
    """
    One request as papers tell it.

    `proposal`, `decision` and `result` (the decision where there is one, else the proposal) are
    codes, `decision` empty where the office has not decided; numbers are NaN where not known.
    `findings` are all of them, the weightiest first; `reasons` at most five sentences.
    """

    request_id: str
    code: str
    name: str
    operator: str
    commune: str
    longitude: float
    latitude: float
    east_m: float
    north_m: float
    mast: str
    technologies: str
    people: str
    overlap_share: float
    nearest_m: float
    nearest_operator: str
    sharing: str
    planned: str
    warnings: str
    proposal: str
    decision: str
    result: str
    decided_by: str
    decided_on: str
    decision_reason: str
    field_check: str
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]

    def with_effect(self, *effects: str) -> tuple[Finding, ...]:
        """Return the findings that have one of some effects on the proposal."""
        return tuple(one for one in self.findings if one.get("effect") in effects)

    def finding_on(self, rule: str) -> Finding:
        """Return the finding of a rule, empty where it stayed silent."""
        return next((one for one in self.findings if one.get("rule") == rule), {})


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """
    A batch of requested sites as papers tell it.

    `letter`, `letter_date`, `operator` are empty where the register does not say; `unread` are the
    rows and cells that could not be read, in words: where, what, how to mend.
    """

    name: str
    letter: str
    letter_date: str
    received: str
    operator: str
    system: str
    rows: tuple[Requested, ...]
    unread: tuple[tuple[str, str, str], ...]
    related: Mapping[str, tuple[str, ...]]
    changes: Mapping[str, tuple[str, ...]]
    flips: Mapping[str, tuple[str, ...]]
    is_synthetic: bool

    @classmethod
    def of(cls, appraisal: "Appraisal", words: Words) -> "Batch":
        """
        Return the facts of a batch.

        Parameters
        ----------
        appraisal
            Result.
        words
            Catalogue of the office's language.

        Returns
        -------
        batch
            Its rows in the order of the register; text without signs that no paper can hold.
        """
        table = appraisal.requests.sort_index()
        return cls(
            name=tidy(appraisal.batch),
            letter=_one(table, "letter"),
            letter_date=day_told(_one(table, "letter_date")),
            received=day_told(_one(table, "received")),
            operator=", ".join(_distinct(table, "operator")),
            system=system_told(str(table.crs)) if table.crs else "",
            rows=tuple(_rows(appraisal, table, words)),
            unread=tuple(_unread(appraisal, words)),
            related=_sentences(appraisal.related, _related_told, words),
            changes=_sentences(appraisal.changes, _change_told, words),
            flips=_sentences(appraisal.flips, _flip_told, words),
            is_synthetic=bool(appraisal.layers.synthetic() or appraisal.provenance.synthetic),
        )

    def with_result(self, *results: str) -> tuple[Requested, ...]:
        """Return the requests of some results."""
        return tuple(row for row in self.rows if row.result in results)


def tidy(value: Any) -> str:  # noqa: ANN401 - a field of a table
    """
    Return text from data on one line, without signs that XML bars; empty where it is missing.

    Parameters
    ----------
    value
        Field of a table.

    Returns
    -------
    text
        One line.
    """
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    return " ".join(BARRED.sub("", str(value)).split())


def day_told(value: Any) -> str:  # noqa: ANN401 - a field of a table
    """
    Return a day as offices write it.

    Parameters
    ----------
    value
        ISO date, or nothing.

    Returns
    -------
    day
        Such as `03/11/2025`; the text itself where it is no date.
    """
    text = tidy(value)
    try:
        return f"{date.fromisoformat(text[:10]):%d/%m/%Y}"
    except ValueError:
        return text


def _one(table: pd.DataFrame, column: str) -> str:
    """Return the values of a column, joined where they differ."""
    return "; ".join(_distinct(table, column))


def _distinct(table: pd.DataFrame, column: str) -> list[str]:
    """Return the different values of a column in the order of the rows."""
    values = [tidy(value) for value in table[column]] if column in table else []
    return list(dict.fromkeys(value for value in values if value))


def _rows(appraisal: "Appraisal", table: Any, words: Words) -> list[Requested]:  # noqa: ANN401
    """Return each request in words."""
    degrees, stations = _degrees(table), on_air(appraisal.layers.table("sites"))
    communes = appraisal.layers.table("communes")
    made = []
    for place, (request_id, row) in enumerate(table.iterrows()):
        findings = tuple(findings_of(row["reasons"]) or ())
        point = row[table.geometry.name]
        is_placed = point is not None and not point.is_empty
        decision = tidy(row.get("decision"))
        made.append(
            Requested(
                request_id=str(request_id),
                code=tidy(row.get("site_code")) or tidy(request_id),
                name=tidy(row.get("name")),
                operator=tidy(row.get("operator")),
                commune=tidy(row.get("commune")) or _commune_at(point, communes),
                longitude=degrees[place][0],
                latitude=degrees[place][1],
                east_m=float(point.x) if is_placed else math.nan,
                north_m=float(point.y) if is_placed else math.nan,
                mast=_mast(row, words),
                technologies=tidy(row.get("technologies")).replace(";", ", "),
                people=words.people_range(
                    *(_number(row.get(f"people_gained{end}")) for end in ("", "_low", "_high"))
                ),
                overlap_share=_number(row.get("overlap_share")),
                nearest_m=_number(row.get("nearest_site_m")),
                nearest_operator=_nearest_operator(stations, point, row),
                sharing=_sharing(findings, words),
                planned=_planned(findings, words),
                warnings="; ".join(
                    rule_told(one, words)
                    for one in findings
                    if one.get("effect") != "none" and one.get("rule") != "need"
                ),
                proposal=str(row["proposal"]),
                decision=decision,
                result=decision or str(row["proposal"]),
                decided_by=tidy(row.get("decided_by")),
                decided_on=tidy(row.get("decided_on"))[:10],
                decision_reason=tidy(row.get("decision_reason")),
                field_check=tidy(row.get("field_check")),
                findings=findings,
                reasons=tuple(reasons_told(findings, words)),
            )
        )
    return made


def _commune_at(point: Any, communes: Any) -> str:  # noqa: ANN401 - geometry and table
    """Return the commune that a position lies in; empty where none is known."""
    if point is None or point.is_empty or not len(communes):
        return ""
    found = communes.iloc[communes.sindex.query(point, predicate="intersects")]
    for column in ("full_name", "name"):
        if column in found and len(found) and (name := tidy(found[column].iloc[0])):
            return name
    return ""


def reasons_told(findings: Sequence[Finding], words: Words) -> list[str]:
    """
    Return the reasons that weigh most, what could not be assessed in one of them.

    Parameters
    ----------
    findings
        Findings on a request, the weightiest first.
    words
        Catalogue.

    Returns
    -------
    reasons
        At most five sentences; that of the need alone where nothing is asked.
    """
    asked = [one for one in findings if one.get("effect") != "none"]
    asked = asked or [one for one in findings if one.get("rule") == "need"]
    found = [one for one in asked if one.get("outcome") != "not_assessed"]
    open_rules = [rule_told(one, words) for one in asked if one.get("outcome") == "not_assessed"]
    room = REASONS_SHOWN - bool(open_rules)
    told = [
        tidy(words("letters.reason", rule=rule_told(one, words), outcome=_found(one, words)))
        for one in found[:room]
    ]
    if open_rules:
        told.append(words("letters.not_assessed", rules=", ".join(open_rules)))
    return told


def _found(finding: Finding, words: Words) -> str:
    """Return what a rule found; the need always with its people."""
    if finding.get("rule") != "need":
        return finding_told(finding, words)
    detail = finding.get("detail") or {}
    return words(
        "letters.need",
        people=words.people(_number(finding.get("value"))),
        technology=tidy(detail.get("technology")),
        relieved=words.people(_number(detail.get("relieved"))),
    )


def _degrees(table: Any) -> list[tuple[float, float]]:  # noqa: ANN401 - a GeoDataFrame
    """Return longitude and latitude (WGS 84) of each row, NaN without a position."""
    points = [None if p is None or p.is_empty else (p.x, p.y) for p in table.geometry]
    if table.crs is None:
        return [(math.nan, math.nan) for _ in points]
    from infraplan.layers.crs import transformer

    move = transformer(f"EPSG:{table.crs.to_epsg()}", "EPSG:4326")
    return [(math.nan, math.nan) if p is None else move.transform(*p) for p in points]


def _mast(row: Any, words: Words) -> str:  # noqa: ANN401 - a row of a table
    """Return class and height of the mast."""
    height_m = _number(row.get("height_m"))
    height = f"{words.number(height_m, int(height_m % 1 > 0))} m" if math.isfinite(height_m) else ""
    return ", ".join(part for part in (tidy(row.get("mast_class")), height) if part)


def _number(value: Any) -> float:  # noqa: ANN401 - a field of a table
    """Return a number, NaN where it is missing."""
    return math.nan if value is None or pd.isna(value) else float(value)


def _nearest_operator(stations: Any, point: Any, row: Any) -> str:  # noqa: ANN401 - tables
    """Return whose the nearest station is; empty where the layers no longer say."""
    wanted = _number(row.get("nearest_site_m"))
    if point is None or point.is_empty or not math.isfinite(wanted) or not len(stations):
        return ""
    off_m = (stations.geometry.distance(point) - wanted).abs()
    near = stations[off_m <= SAME_STATION_M]
    return ", ".join(sorted({tidy(name) for name in near["operator"]} - {""}))


def _sharing(findings: Iterable[Finding], words: Words) -> str:
    """Return whether the request could stand on a mast that is there."""
    found = next((one for one in findings if one.get("rule") == "sharing"), None)
    if found is None or found.get("outcome") == "not_assessed":
        return words("common.unknown")
    detail, share = found.get("detail") or {}, found.get("value")
    if "mast" not in detail or share is None:
        return words("letters.share_none")
    key = "letters.share_enough" if found.get("outcome") != "pass" else "letters.share_less"
    return words(
        key,
        mast=tidy(detail["mast"]),
        operators=tidy(", ".join(map(str, detail.get("operators", ())))),
        distance=words.number(_number(detail.get("distance_m"))),
        share=words.number(100 * min(float(share), 1.0)),
    )


def _planned(findings: Iterable[Finding], words: Words) -> str:
    """Return whether the position is in the office's plan, as the rule on permits found it."""
    one = next((one for one in findings if one.get("rule") == "building_permit"), None)
    if (
        one is not None
        and one.get("value") is not None
        and not (one.get("detail") or {}).get("case")
    ):
        return words("reports.yes" if one.get("outcome") == "pass" else "reports.no")
    return words("common.unknown")


def _unread(appraisal: "Appraisal", words: Words) -> list[tuple[str, str, str]]:
    """Return what could not be read: where, what, how to mend."""
    told = []
    for fault in appraisal.faults:
        part = tell(replace(fault, file=re.split(r"[\\/]", fault.file)[-1]), words)
        found = f": {part.found}" if part.found else ""
        told.append((tidy(part.where), tidy(part.what + found), tidy(part.remedy)))
    return told


def _sentences(table: pd.DataFrame, tell_row: Any, words: Words) -> dict[str, tuple[str, ...]]:  # noqa: ANN401
    """Return the sentences that the rows of a table make, by request."""
    told: dict[str, list[str]] = {}
    for row in table.reset_index().to_dict("records"):
        sentence = tell_row(row, words)
        if sentence:
            told.setdefault(str(row["request_id"]), []).append(sentence)
    return {name: tuple(sentences) for name, sentences in told.items()}


def _related_told(row: Mapping[Any, Any], words: Words) -> str:
    """Return which other request lies near, and where it stands."""
    state = tidy(row.get("decision")) or tidy(row.get("state"))
    known = (f"sites.{state}", f"letters.state_{state}")
    told = next((words(key) for key in known if key in words.entries), state)
    parts = [
        words("letters.of_letter", letter=tidy(row.get("letter")) or tidy(row.get("batch"))),
        tidy(row.get("operator")),
        told,
    ]
    return words(
        "letters.related",
        kind=phrase(words, f"letters.kind_{row.get('kind')}", tidy(row.get("kind"))),
        request=tidy(row["other_id"]),
        distance=words.number(_number(row.get("distance_m"))),
        about=", ".join(part for part in parts if part),
    )


def _change_told(row: Mapping[Any, Any], words: Words) -> str:
    """Return what differs from the request that was there before."""
    unknown = words("letters.not_stated")
    return words(
        "letters.change",
        field=column_told(tidy(row["field"]), words),
        before=tidy(row.get("before")) or unknown,
        after=tidy(row.get("after")) or unknown,
    )


def _flip_told(row: Mapping[Any, Any], words: Words) -> str:
    """Return what would change the proposal."""
    key = f"letters.flip_{row.get('kind')}"
    # what leaves the proposal as it is, or moves further than was asked for, flips nothing
    if key not in words.entries or any(row.get(name) == 0 for name in IN_VAIN):
        return ""
    proposal = phrase(words, f"sites.{row.get('proposal')}", words("common.unknown"))
    return words(
        key,
        proposal=proposal.lower(),
        height=words.number(_number(row.get("height_m"))),
        moved=words.number(_number(row.get("moved_m"))),
        mast=tidy(row.get("mast_id")),
    )
