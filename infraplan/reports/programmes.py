"""What programmes ask of communes and hamlets, as an official reads it: T12 and a column of T2."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.coverage.criteria import NEW_RURAL
from infraplan.coverage.criteria import UNIVERSAL_SERVICE
from infraplan.coverage.programmes import OUTCOMES
from infraplan.coverage.programmes import conclusions
from infraplan.reports.workbook import Column
from infraplan.reports.workbook import Sheet
from infraplan.reports.workbook import heading
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.coverage import Gaps

__all__ = [
    "day_told",
    "eligible_told",
    "new_rural_evidence_sheet",
    "new_rural_sheet",
    "programmes_told",
    "rule_lines",
]

BY_HAND = "by_hand"
HUNDREDS = ("hamlet_share", "commune_share", "covered_share")  # told as per cent


def day_told(gaps: "Gaps", programme: str, words: Words) -> str:
    """
    Return whether the rules of a programme hold on the day asked for.

    Parameters
    ----------
    gaps
        Result.
    programme
        `"new_rural"` or `"universal_service"`.
    words
        Catalogue.

    Returns
    -------
    sentence
        Empty where rules are in force on the day; says so where there are none, or where no day
        was given and the newest have ended.
    """
    rules, as_of = _rules_of(gaps, programme), gaps.definition.as_of
    if not len(rules):
        return words("reports.criteria_no_rule", day=_day(as_of, words))
    last = max(rules["valid_to"])
    if as_of or not last:
        return ""
    return words("reports.criteria_no_day", day=_day(last, words))


def programmes_told(gaps: "Gaps", words: Words) -> list[str]:
    """
    Return what programmes say of communes and hamlets, in sentences.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    sentences
        One for each programme, and whether its rules are confirmed and in force; none where no
        rules were held against the gaps.
    """
    rules = gaps.criteria_rules.reset_index()
    known, open_rules = set(rules["programme"]), rules[~rules["verified"]]
    lines = {}
    if len(gaps.criteria):
        found = conclusions(gaps.criteria)
        counts = found["outcome"].value_counts()
        met, not_met = int(counts.get("met", 0)), int(counts.get("not_met", 0))
        lines[NEW_RURAL] = words(
            "reports.criteria_new_rural",
            met=met,
            not_met=not_met,
            open=int(counts.get("to_check", 0)),
            contradicted=int(found["contradicted"].sum()),
        )
    if "universal_service" in gaps.hamlets:
        people = {
            answer: gaps.hamlets.loc[gaps.hamlets["universal_service"] == answer, "people"]
            for answer in ("yes", "to_check")
        }
        lines[UNIVERSAL_SERVICE] = words(
            "reports.criteria_universal_service",
            yes=words.number(len(people["yes"])),
            people=words.people(float(people["yes"].sum())),
            open=words.number(len(people["to_check"])),
            people_open=words.people(float(people["to_check"].sum())),
        )
    told, days = [], []
    for programme, line in lines.items():
        day = day_told(gaps, programme, words)
        if programme not in known:
            told.append(f"{words(f'reports.programme_{programme}')}: {day}")
            continue
        is_open = (open_rules["programme"] == programme).any()
        told.append(" ".join([line, words("reports.criteria_unconfirmed")] if is_open else [line]))
        days += [day] if day and day not in days else []
    return told + days


def rule_lines(gaps: "Gaps", programme: str, words: Words) -> tuple[str, ...]:
    """
    Return the rules of a programme that decided, as lines above a table.

    Parameters
    ----------
    gaps
        Result.
    programme
        `"new_rural"` or `"universal_service"`.
    words
        Catalogue.

    Returns
    -------
    lines
        What `day_told` says, then a line for each rule with threshold, legal reference, first and
        last day and whether the office has confirmed it.
    """
    told = day_told(gaps, programme, words)
    lines = [f"{words(f'reports.programme_{programme}')}: {told}"] if told else []
    endless = words("reports.criteria_endless")
    for rule in _rules_of(gaps, programme).to_dict("records"):
        state = "verified" if rule["verified"] else "assumed" if rule["assumed"] else "unverified"
        line = words(
            "reports.criteria_rule",
            item=rule["item"],
            text=_text(rule["text"], words),
            limits=_limits(rule["limits"], words),
            law=rule["legal_reference"] or words("reports.criteria_own_rule"),
            start=_day(rule["valid_from"], words),
            end=_day(rule["valid_to"], words) if rule["valid_to"] else endless,
            state=words(f"reports.state_{state}"),
        )
        lines.append(line)
    return tuple(lines)


def new_rural_sheet(gaps: "Gaps", words: Words) -> Sheet:
    """
    Return T12: the criterion on information and communication, a row for each commune.

    Parameters
    ----------
    gaps
        Result with `criteria`.
    words
        Catalogue.

    Returns
    -------
    sheet
        A column for each rule in force; the total counts communes by outcome.
    """
    rules = _rules_of(gaps, NEW_RURAL)
    hamlets = pd.DataFrame(gaps.hamlets)
    people = hamlets.groupby("commune_code")["people"].sum().to_dict()
    count = hamlets[~hamlets["is_rest"].astype(bool)].groupby("commune_code").size().to_dict()
    names = hamlets.groupby("commune_code")["commune"].first().to_dict()
    lists = ("failing_names", "open_names", "contradicted_names", "by_fibre_names")
    after = ("conclusion", *lists)
    concluded = conclusions(gaps.criteria)
    rows: list[dict[str, Any]] = []
    for label, own in gaps.criteria.groupby(level="commune_code", sort=True):
        code = str(label)
        by_rule: dict[Any, dict[Any, Any]] = own.droplevel("commune_code").to_dict("index")
        row: dict[str, Any] = {
            "order": len(rows) + 1,
            "code": code,
            "commune": names[code],
            "people": people[code],
            "hamlets": count.get(code, 0),
            "conclusion": _concluded(concluded.loc[code].to_dict(), words),
            "hamlets_guessed": own["hamlets_guessed"].max(),
        }
        row |= {f"rule|{name}": _outcome(by_rule[name], words) for name in rules.index}
        for column in lists:
            row[column] = _by_item(own, column)
        rows.append(row)
    total: dict[str, Any] = {
        "commune": words("reports.total"),
        "people": sum(people.values()),
        "hamlets": sum(count.values()),
        "conclusion": _counted(concluded["outcome"].replace("not_assessed", "urban"), words),
    }
    for name in rules.index:
        mine = gaps.criteria[gaps.criteria.index.get_level_values("rule") == name]
        outcomes = mine["outcome"].where(mine["reason"] != "urban", "urban")
        total[f"rule|{name}"] = _counted(outcomes, words)
    kinds = {"order": "whole", "code": "text", "commune": "text", "people": "whole"}
    columns = [heading(words, name, kind) for name, kind in (kinds | {"hamlets": "whole"}).items()]
    for name, rule in rules.to_dict("index").items():
        columns.append(
            Column(f"rule|{name}", f"{rule['item']} {_text(rule['text'], words)}", "prose")
        )
    columns += [heading(words, name, "prose") for name in after]
    columns.append(heading(words, "hamlets_guessed", "whole"))
    lines = (words("reports.criteria_measured"), *rule_lines(gaps, NEW_RURAL, words))
    title = words("reports.sheet_new_rural")
    return Sheet(title, lines, tuple(columns), pd.DataFrame(rows), total)


def new_rural_evidence_sheet(gaps: "Gaps", words: Words) -> Sheet:
    """
    Return T12b: what each measured rule rests on, a row for each commune and rule.

    Parameters
    ----------
    gaps
        Result with `criteria`.
    words
        Catalogue.

    Returns
    -------
    sheet
        With hamlets that fail by name and id, statements, guesses and assumed cells.
    """
    rules = _rules_of(gaps, NEW_RURAL)
    measured = ~gaps.criteria["measure"].isin((BY_HAND, "")) & (gaps.criteria["reason"] != "urban")
    table = gaps.criteria[measured].reset_index().sort_values(["commune_code", "item"])
    names = pd.DataFrame(gaps.hamlets).groupby("commune_code")["commune"].first()
    rows = table.to_dict("records")
    table["order"] = np.arange(1, len(table) + 1)
    table["code"] = table["commune_code"]
    table["commune"] = table["commune_code"].map(names)
    table["item_number"] = table["item"]
    told = rules.to_dict("index")
    table["rule"] = [_text(str(told[row["rule"]]["text"]), words) for row in rows]
    table["outcome"] = [_outcome(row, words) for row in rows]
    for name in ("failing", "open", "contradicted", "by_fibre"):
        table[f"{name}_names"] = [
            _with_ids(row[f"{name}_names"], row[name]) for row in table.to_dict("records")
        ]
    table["said"] = [
        words("reports.said", good=row["said_good"], unsteady=row["said_unsteady"],
              none=row["said_none"])
        if pd.notna(row["hamlets"])
        and row["said_good"] + row["said_unsteady"] + row["said_none"] > 0
        else None
        for row in rows
    ]  # fmt: skip
    kinds = {
        "order": "whole",
        "code": "text",
        "commune": "text",
        "item_number": "text",
        "rule": "prose",
        "outcome": "prose",
        "value": "share",
        "limit": "share",
        "hamlets": "whole",
        "hamlets_met": "whole",
        "failing_names": "prose",
        "people_failing": "whole",
        "open_names": "prose",
        "said": "text",
        "contradicted_names": "prose",
        "by_fibre_names": "prose",
        "hamlets_guessed": "whole",
        "hamlets_unknown": "whole",
        "hamlets_close": "whole",
        "hamlets_assumed": "whole",
        "people_assumed": "whole",
    }
    columns = tuple(heading(words, name, kind) for name, kind in kinds.items())
    lines = (words("reports.criteria_evidence"), *rule_lines(gaps, NEW_RURAL, words))
    return Sheet(words("reports.sheet_new_rural_evidence"), lines, columns, table)


def eligible_told(area: Mapping[str, Any], words: Words) -> str:
    """
    Return whether the programme of universal service can help a hamlet, and why.

    Parameters
    ----------
    area
        Row of the hamlets of `Gaps`.
    words
        Catalogue.

    Returns
    -------
    sentence
        Such as `cần kiểm tra: 0 % dân có băng rộng; danh sách ... chưa có`; empty where no rules
        were given.
    """
    answer = area.get("universal_service")
    if not isinstance(answer, str):
        return ""
    values = {
        "share": words.number(100.0 * float(area["broadband_share"])),
        "site": area.get("coming_site"),
        "away": words.number(float(area["coming_site_m"]) / 1_000.0, 1),
    }
    codes = [code for code in str(area["universal_service_why"]).split(";") if code]
    why = "; ".join(words(f"coverage.why_{code}", **values) for code in codes)
    return f"{words(f'reports.eligible_{answer}')}: {why}"


def _rules_of(gaps: "Gaps", programme: str) -> pd.DataFrame:
    """Return the rules of a programme that decided, by their id, in the order of their items."""
    rules = gaps.criteria_rules
    mine = rules[rules.index.get_level_values("programme") == programme]
    return mine.droplevel("programme").sort_values("item", kind="stable")


def _day(iso: str, words: Words) -> str:
    """Return a day as the language writes it; `-` for none."""
    return words.day(iso) if iso else "-"


def _text(key: str, words: Words) -> str:
    """Return what a rule asks: of the catalogue, or the office's own sentence."""
    return words.entries.get(f"coverage.rule_{key}", key)


def _limits(told: str, words: Words) -> str:
    """Return thresholds as a sentence, empty where there are none."""
    parts = []
    for name, _, value in (entry.partition("=") for entry in told.split(";") if entry):
        number = float(value) * (100.0 if name in HUNDREDS else 1.0)
        parts.append(words(f"reports.limit_{name}", value=words.number(number)))
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}. " if sentence else ""


def _outcome(row: Mapping[Any, Any], words: Words) -> str:
    """Return the outcome of one rule with how many hamlets meet it."""
    if row["reason"] in ("no_hamlets", "urban"):
        return words(f"reports.outcome_{row['reason']}")
    told = words(f"reports.outcome_{row['outcome']}")
    if pd.isna(row["hamlets"]):
        return told
    told = words(
        "reports.outcome_of_hamlets", outcome=told, met=row["hamlets_met"], hamlets=row["hamlets"]
    )
    return words("reports.outcome_contradicted", outcome=told) if row["contradicted"] else told


def _concluded(row: Mapping[Any, Any], words: Words) -> str:
    """Return what follows from all measured rules; nothing is measured of wards."""
    if row["outcome"] == "not_assessed":
        return words("reports.outcome_urban")
    told = words(f"reports.outcome_{row['outcome']}")
    return words("reports.outcome_contradicted", outcome=told) if row["contradicted"] else told


def _counted(outcomes: "pd.Series[str]", words: Words) -> str:
    """Return how many communes have each outcome."""
    counts = outcomes.value_counts()
    kinds = [kind for kind in (*OUTCOMES, "urban") if kind in counts]
    return "; ".join(f"{words(f'reports.outcome_{kind}')}: {counts[kind]}" for kind in kinds)


def _by_item(own: pd.DataFrame, column: str) -> str | None:
    """Return names of hamlets by item; items that name the same ones stand together."""
    named: dict[str, list[str]] = {}
    for item, names in zip(own["item"], own[column], strict=True):
        if names:
            named.setdefault(names, []).append(item)
    return " | ".join(f"{', '.join(items)}: {names}" for names, items in named.items()) or None


def _with_ids(names: str, ids: str) -> str | None:
    """Return names of hamlets, each with its id."""
    pairs = zip(names.split("; "), ids.split(";"), strict=False)
    return "; ".join(f"{name} ({key})" for name, key in pairs) if ids else None
