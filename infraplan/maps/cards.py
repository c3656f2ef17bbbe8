"""The cards of a batch: all that an appraisal holds of each request and of the batch, in words."""

import json
import math
import re
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.layers.told import column_told
from infraplan.maps.card_pictures import curve_of
from infraplan.maps.card_pictures import finite
from infraplan.maps.card_pictures import footprint_of
from infraplan.maps.card_pictures import profile_of
from infraplan.maps.card_pictures import whole
from infraplan.maps.layers import Style
from infraplan.maps.palette import CLASSES
from infraplan.maps.palette import PROPOSALS
from infraplan.maps.palette import UNKNOWN
from infraplan.sites.reasons import first_reasons
from infraplan.sites.wording import finding_told
from infraplan.sites.wording import findings_of
from infraplan.sites.wording import phrase
from infraplan.sites.wording import rule_told
from infraplan.text import Words

if TYPE_CHECKING:
    from pyproj import Transformer

    from infraplan.sites import Appraisal

__all__ = ["SHAPES", "batch_cards", "request_style"]

UI = "cards.ui_"
NBSP = "\u00a0"  # a number and its unit stay on one line
SHAPES = {
    "approve": "circle",
    "approve_with_conditions": "diamond",
    "reject": "square",
    "needs_information": "triangle",
}
GAINED = ("#0072b2", "#56b4e9")  # raised to acceptable or good; better within the same half
MET, UNMET = "#0072b2", "#d55e00"
# outcomes of a link as those of a rule
SIGHT = {"clear": "pass", "marginal": "condition", "blocked": "fail", "unknown": "not_assessed"}
Row = Mapping[Any, Any]


def batch_cards(appraisal: "Appraisal", words: Words) -> dict[str, Any]:
    """
    Return what the page shows of a batch beside its map.

    Parameters
    ----------
    appraisal
        Result.
    words
        Catalogue.

    Returns
    -------
    cards
        Values for JSON: the words of the page's controls, the batch as a whole, and a card for each
        request in the order of the batch. Every text is told, every figure for drawing a number.
    """
    table = appraisal.requests
    if "rank" in table:
        table = table.sort_values("rank", kind="stable")
    degrees = _degrees(table.geometry.x, table.geometry.y, table.crs)
    rows = zip(table.index.astype(str), table.to_dict("records"), degrees, strict=True)
    cards = [_card(appraisal, name, row, at, words) for name, row, at in rows]
    return {
        "words": {k.removeprefix(UI): v for k, v in words.entries.items() if k.startswith(UI)},
        "layer": f"requests_{appraisal.batch}",
        "styles": {name: request_style(name).as_dict() for name in PROPOSALS},
        "classes": [
            {"label": words(f"cards.class_{name}"), "color": color}
            for name, color in zip(
                ("none", "weak", "acceptable", "good", "unknown"), (*CLASSES, UNKNOWN), strict=True
            )
        ],
        "gained": [
            {"label": words(f"cards.gained_{name}"), "color": color}
            for name, color in zip(("served", "better"), GAINED, strict=True)
        ],
        "colors": {"met": MET, "unmet": UNMET},
        "batch": _batch(appraisal, cards, words),
        "cards": cards,
    }


def request_style(proposal: str, *, is_decided: bool = False) -> Style:
    """
    Return the style of a request: colour and shape tell the proposal, a dark rim the decision.

    Parameters
    ----------
    proposal
        One of the proposals, or the office's decision.
    is_decided
        Whether the office has decided.

    Returns
    -------
    style
        Style of a point.
    """
    return Style(
        color="#111111" if is_decided else "#ffffff",
        fill=PROPOSALS.get(proposal, UNKNOWN),
        radius=8.0,
        width=2.6 if is_decided else 1.6,
        shape=SHAPES.get(proposal, "cross"),
    )


def _card(
    appraisal: "Appraisal",
    name: str,
    row: Row,
    at: list[float] | None,
    words: Words,
) -> dict[str, Any]:
    """Return all of one request."""
    crs = str(appraisal.requests.crs)
    found = findings_of(row.get("reasons")) or []
    proposal, decision = _text(row.get("proposal")), _text(row.get("decision"))
    heights = _of(appraisal.heights, name)
    return {
        "id": name,
        "name": _text(row.get("name")),
        "about": _about(row, words),
        "at": at,
        "proposal": {"code": proposal, "text": _verdict(proposal, words)},
        "decision": _decision(row, decision, words),
        "stability": _stability(_of(appraisal.stability, name), words),
        "reasons": [
            {
                "outcome": _text(one.get("outcome")),
                "rule": rule_told(one, words),
                "text": finding_told(one, words),
            }
            for one in first_reasons(found)
        ],
        "figures": _figures(row, words),
        "gains": _gains(appraisal.gains, name, words),
        "sort": {
            "rank": whole(row.get("rank")),
            "people": finite(row.get("people_gained")),
            "marginal": finite(row.get("marginal_people")),
        },
        "people": _people(row, "people_gained", words),
        "marginal": _round_people(row.get("marginal_people"), words),
        "heights": {
            "points": curve_of(heights.set_axis(_keys(heights, "height_m"))),
            "asked": finite(row.get("height_m")),
        },
        "footprint": _footprint(_of(appraisal.footprints, name), crs, words),
        "alternatives": _alternatives(_of(appraisal.alternatives, name), crs, words),
        "flips": _flips(_of(appraisal.flips, name), proposal, crs, words),
        "links": [_link(*entry, crs, words) for entry in _entries(appraisal.links, name, "far_id")],
        "related": [
            _related(other, entry, words)
            for other, entry in _entries(appraisal.related, name, "other_id")
        ],
        "changes": [
            [
                column_told(field, words),
                _text(entry.get("before")) or words("cards.not_stated"),
                _text(entry.get("after")) or words("cards.not_stated"),
            ]
            for field, entry in _entries(appraisal.changes, name, "field")
        ],
        "checks": [_check(one, words) for one in found],
    }


def _about(row: Row, words: Words) -> list[str]:
    """Return who asks for what, and where."""
    height = finite(row.get("height_m"))
    mast = _text(row.get("mast_class"))
    asked = [
        _text(row.get("operator")),
        _text(row.get("technologies")).replace(";", ", "),
        words("cards.mast_class", mast=mast) if mast else "",
        words("cards.height", height=words.number(height)) if height is not None else "",
        phrase(words, f"maps.purpose_{row.get('purpose')}", ""),
    ]
    place = [_text(row.get("address")), _text(row.get("commune"))]
    letter = [
        words("cards.letter", letter=_text(row.get("letter"))) if _text(row.get("letter")) else "",
        *(
            words(f"cards.{name}", day=_day(row.get(name)))
            for name in ("received", "due")
            if _day(row.get(name))
        ),
    ]
    lines = [" · ".join(part for part in parts if part) for parts in (asked, place, letter)]
    return [line for line in lines if line]


def _decision(row: Row, decision: str, words: Words) -> dict[str, Any] | None:
    """Return what the office decided, None where it has not."""
    if not decision:
        return None
    by, on = _text(row.get("decided_by")), _day(row.get("decided_on"))
    signed = ", ".join(part for part in (by, on) if part)
    lines = [
        signed,
        *(
            words(f"cards.{name}", text=_text(row.get(name)))
            for name in ("decision_reason", "field_check")
            if _text(row.get(name))
        ),
    ]
    return {
        "code": decision,
        "text": _verdict(decision, words),
        "lines": [line for line in lines if line],
    }


def _stability(found: pd.DataFrame, words: Words) -> dict[str, Any] | None:
    """Return in how many draws the proposal stays, and what the others propose."""
    row: Row = found.iloc[0].to_dict() if len(found) else {}
    draws, same = whole(row.get("draws")), whole(row.get("same"))
    if not draws or same is None:
        return None
    counts = [(name, whole(row.get(name)) or 0) for name in PROPOSALS]
    return {
        "text": words("cards.stable", same=words.number(same), draws=words.number(draws)),
        "short": f"{words.number(same)}/{words.number(draws)}",
        "share": same / draws,
        "parts": [
            {"code": name, "share": count / draws, "text": f"{_verdict(name, words)}: {count}"}
            for name, count in counts
            if count
        ],
    }


def _figures(row: Row, words: Words) -> list[list[str]]:
    """Return the figures of a request, each under its name; what is not known says so."""
    unknown = words("common.unknown")

    def measured(name: str, key: str, scale: float = 1.0) -> str:
        """Return a figure with its unit."""
        number = finite(row.get(name))
        return unknown if number is None else words(key, value=words.number(number * scale))

    told = {
        "people_gained": _people(row, "people_gained", words),
        "people_upgraded": _people(row, "people_upgraded", words),
        "people_indoor": _people(row, "people_indoor", words),
        "people_relieved": _people(row, "people_relieved", words),
        "people_gained_5g": _round_people(row.get("people_gained_5g"), words),
        "marginal_people": _round_people(row.get("marginal_people"), words),
        "last_in_people": _round_people(row.get("last_in_people"), words),
        "rank": measured("rank", "cards.plain"),
        "overlap_share": measured("overlap_share", "cards.per_cent", 100.0),
        "nearest_site_m": measured("nearest_site_m", "cards.metres"),
        "fibre_m": measured("fibre_m", "cards.metres"),
    }
    return [[words(f"cards.figure_{name}"), text] for name, text in told.items() if name in row]


def _gains(gains: pd.DataFrame, name: str, words: Words) -> list[list[str]]:
    """Return people gained by technology and operator."""
    found = _of(gains, name) if len(gains) else gains
    rows = []
    for key, row in zip(found.index, found.to_dict("records"), strict=True):
        technology, operator = (key if isinstance(key, tuple) else (key, ""))[:2]
        who = words("maps.any_operator") if operator == "any" else _text(operator)
        rows.append([_text(technology), who, _people(row, "people_gained", words)])
    return rows


def _footprint(found: pd.DataFrame, crs: str, words: Words) -> dict[str, Any] | None:
    """Return the window of signal before and after, None where there is none."""
    if not len(found):
        return None
    row = found.iloc[0].to_dict()
    window = footprint_of(row, crs)
    if window is None:
        return None
    operator = _text(row.get("operator"))
    who = words("maps.any_operator") if operator == "any" else operator
    window["title"] = words(
        "maps.layer_coverage", technology=_text(row.get("technology")), operator=who
    )
    return window


def _alternatives(found: pd.DataFrame, crs: str, words: Words) -> list[dict[str, Any]]:
    """Return the masts in reach with what each would give."""
    rows = found.to_dict("records")
    places = _degrees(_column(found, "x_m"), _column(found, "y_m"), crs)
    return [
        {
            "mast": _text(mast),
            "at": at,
            "cells": [
                _text(row.get("operators")).replace(";", ", "),
                _measure(row.get("distance_m"), "m", words),
                *_mast_cells(row, words),
            ],
        }
        for mast, row, at in zip(_keys(found, "mast_id"), rows, places, strict=True)
    ]


def _mast_cells(row: Row, words: Words) -> list[str]:
    """Return height, people and share of a mast, or why it was not computed."""
    height, share = finite(row.get("height_m")), _measure(row.get("share"), "share", words)
    free = "–" if height is None else _measure(height, "m", words)
    if reason := phrase(words, f"cards.mast_{_text(row.get('state'))}", ""):
        return [free, reason, "–"]
    return [free, _people(row, "people", words), share]


def _flips(found: pd.DataFrame, proposal: str, crs: str, words: Words) -> list[dict[str, Any]]:
    """Return what would change the proposal or keep it for less."""
    places = _degrees(_column(found, "x_m"), _column(found, "y_m"), crs)
    kinds = _keys(found, "kind")
    told = []
    for kind, row, at in zip(kinds, found.to_dict("records"), places, strict=True):
        name = _text(kind)
        if f"cards.flip_{name}" not in words.entries:
            continue
        values = {"height": row.get("height_m"), "moved": row.get("moved_m")}
        head = words(
            f"cards.flip_{name}",
            mast=_text(row.get("mast_id")),
            **{key: words.number(_float(value)) for key, value in values.items()},
        )
        told.append(
            {
                "kind": name,
                "at": at if name == "move" else None,
                "text": head,
                "code": _text(row.get("proposal")),
                "same": _text(row.get("proposal")) == proposal,
                "proposal": _verdict(_text(row.get("proposal")), words),
                "lines": list(_flip_lines(row, words)),
            }
        )
    return told


def _flip_lines(row: Row, words: Words) -> Iterator[str]:
    """Yield what a change does to people and to rules."""
    people, change = finite(row.get("people")), finite(row.get("people_change_share"))
    if people is not None:
        told = words("cards.flip_people", people=words.people(people))
        per_cent = round(100 * (change or 0.0))
        if change is not None and people >= 1:
            sign = "+" if per_cent > 0 else "−" if per_cent < 0 else "±"
            told += f" ({sign}{words.number(abs(per_cent))}{NBSP}%)"
        yield told
    for one in _listed(row.get("rules_json")):
        before, after = (
            phrase(words, f"cards.outcome_{one.get(key)}", _text(one.get(key)))
            for key in ("before", "after")
        )
        yield words(
            "cards.flip_rule",
            rule=rule_told(one, words),
            before=before or words("cards.not_stated"),
            after=after or words("cards.not_stated"),
        )
    if row.get("allowed") is False:
        yield words("cards.flip_not_allowed")


def _link(far: str, row: Row, crs: str, words: Words) -> dict[str, Any]:
    """Return a microwave link with its path."""
    told = _text(row.get("outcome"))
    clear = {
        key: words.number(100 * _float(row.get(f"clearance_{column}"))).replace("-", "−")
        for key, column in (("standard", "standard"), ("low", "low_k"))
    }
    return {
        "far": far,
        "at": _degrees([row.get("x_m")], [row.get("y_m")], crs)[0],
        "title": words("cards.link", far=far, operator=_text(row.get("operator"))),
        "outcome": SIGHT.get(told, told),
        "text": phrase(words, f"links.{told}", told),
        "about": words(
            "cards.link_about",
            distance=words.number(_float(row.get("distance_m")) / 1000, 1),
            freq=words.number(_float(row.get("freq_mhz")) / 1000, 1),
            near=words.number(_float(row.get("near_height_m"))),
            far=words.number(_float(row.get("far_height_m"))),
        ),
        "clearance": ""
        if finite(row.get("clearance_standard")) is None
        else words("links.clearance", **clear),
        "profile": profile_of(row),
    }


def _related(other: str, row: Row, words: Words) -> str:
    """Return another request near this one, and where it stands."""
    state = _text(row.get("decision")) or _text(row.get("state"))
    keys = (f"sites.{state}", f"letters.state_{state}")
    told = next((words(key) for key in keys if key in words.entries), state)
    letter = _text(row.get("letter")) or _text(row.get("batch"))
    about = (
        _text(row.get("operator")),
        words("letters.of_letter", letter=letter) if letter else "",
        told,
    )
    kind = _text(row.get("kind"))
    return words(
        "letters.related",
        kind=phrase(words, f"letters.kind_{kind}", phrase(words, f"register.kind_{kind}", kind)),
        request=other,
        distance=words.number(_float(row.get("distance_m"))),
        about=", ".join(part for part in about if part),
    )


def _check(finding: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """Return a rule's finding as a row of the list of checks."""
    unit = _text(finding.get("unit"))
    outcome = _text(finding.get("outcome"))
    source = _text(finding.get("legal_reference")) or _text(finding.get("source"))
    return {
        "outcome": outcome,
        "rule": rule_told(finding, words),
        "state": phrase(words, f"cards.outcome_{outcome}", outcome),
        "told": "" if outcome in ("pass", "not_assessed") else finding_told(finding, words),
        "cells": [
            "" if finite(finding.get(key)) is None else _measure(finding.get(key), unit, words)
            for key in ("value", "limit", "margin")
        ],
        "source": source,
        "confirmed": _confirmed(finding, words),
    }


def _confirmed(finding: Mapping[str, Any], words: Words) -> str:
    """Return who confirmed a rule, or that nobody has."""
    by, on = _text(finding.get("confirmed_by")), _day(finding.get("confirmed_on"))
    if by:
        return words("cards.confirmed_by", by=by, day=on)
    return words("cards.confirmed" if finding.get("verified") is True else "sites.unverified")


def _batch(
    appraisal: "Appraisal", cards: Sequence[Mapping[str, Any]], words: Words
) -> dict[str, Any]:
    """Return what is told of the batch as a whole."""
    decided = sum(card["decision"] is not None for card in cards)
    counts = [(name, sum(card["proposal"]["code"] == name for card in cards)) for name in PROPOSALS]
    return {
        "title": words("maps.title_appraisal", batch=appraisal.batch),
        "lines": _received(appraisal, words),
        "counts": [
            {"code": name, "text": _verdict(name, words), "count": words.number(count)}
            for name, count in counts
            if count
        ],
        "decided": words(
            "cards.decided", count=words.number(decided), all=words.number(len(cards))
        ),
        "frontier": _frontier(appraisal.frontier, words),
        "overlaps": _overlaps(appraisal.overlaps, words),
        "against": _against(appraisal.against, words),
        "swaps": _swaps(appraisal.swaps, str(appraisal.requests.crs), words),
        "note": words("maps.office_decides"),
        "figures": words("cards.figures_note", technology=appraisal.technology),
    }


def _received(appraisal: "Appraisal", words: Words) -> list[str]:
    """Return the letters of a batch with their days, and how many rows could not be taken."""
    table = appraisal.requests
    lines = []
    for name in ("letter", "received", "due"):
        values = [_text(v) if name == "letter" else _day(v) for v in table.get(name, ())]
        told = ", ".join(dict.fromkeys(value for value in values if value))
        if told:
            lines.append(words(f"cards.{name}", **{"letter" if name == "letter" else "day": told}))
    lines = [" · ".join(lines)] if lines else []
    if appraisal.set_aside:
        names = ", ".join(_text(name) for name in appraisal.set_aside)
        count = words.number(len(appraisal.set_aside))
        lines.append(words("cards.set_aside", count=count, names=names))
    return lines


def _frontier(table: pd.DataFrame, words: Words) -> dict[str, Any] | None:
    """Return the best so many requests together, None where nothing was computed."""
    rows = []
    for sites, row in zip(_keys(table, "sites"), table.to_dict("records"), strict=True):
        count, people = whole(sites), finite(row.get("people"))
        if count is None or people is None:
            continue
        names = ", ".join(part for part in _text(row.get("request_ids")).split(";") if part)
        bound = finite(row.get("bound"))
        proven = row.get("is_proven") is True or (bound is not None and bound <= people + 0.5)
        most = people if bound is None else bound
        told = words("cards.best" if proven else "cards.at_most", bound=words.people(most))
        rows.append((count, people, [words.number(count), words.people(people), told, names]))
    if not rows:
        return None
    return {"points": [[r[0], round(r[1], 1)] for r in rows], "rows": [r[2] for r in rows]}


def _overlaps(table: pd.DataFrame, words: Words) -> list[dict[str, Any]]:
    """Return pairs that gain the same people or stand too close."""
    told = []
    pairs = zip(
        _keys(table, "request_id"), _keys(table, "other_id"), table.to_dict("records"), strict=True
    )
    for first, second, row in pairs:
        people, distance = finite(row.get("people")), finite(row.get("distance_m"))
        codes = [code for code in _text(row.get("conflict")).split(";") if code]
        rules = ", ".join(rule_told({"rule": code}, words) for code in codes)
        parts = [
            words("cards.overlap_people", people=words.people(people)) if people else "",
            words("cards.overlap_distance", distance=words.number(distance))
            if distance is not None
            else "",
            words("cards.overlap_rules", rules=rules)
            if rules
            else "",
        ]  # fmt: skip
        told.append(
            {
                "pair": [_text(first), _text(second)],
                "text": "; ".join(part for part in parts if part),
                "conflict": bool(rules),
                "weight": people or 0.0,
            }
        )
    return sorted(told, key=lambda one: (not one["conflict"], -float(one["weight"])))


def _against(against: Mapping[str, Any], words: Words) -> list[str]:
    """Return what as many sites elsewhere could do."""
    numbers = {key: finite(against.get(key)) for key in ("sites", "people", "best_people", "bound")}
    if any(value is None for value in numbers.values()):
        return []
    positions = finite(against.get("positions"))
    people, best = numbers["people"] or 0.0, numbers["best_people"] or 0.0
    told = [
        words(
            "cards.against",
            sites=words.number(numbers["sites"] or 0.0),
            people=words.people(people),
            best=words.people(best),
            bound=words.people(numbers["bound"] or 0.0),
            positions=words.number(positions) if positions is not None else "…",
        )
    ]
    if best > 0:
        told.append(words("cards.against_share", share=words.number(100 * people / best)))
    return told


def _swaps(table: pd.DataFrame, crs: str, words: Words) -> list[dict[str, Any]]:
    """Return the exchanges that recover most people, in order."""
    places = _degrees(_column(table, "x_m"), _column(table, "y_m"), crs)
    told = []
    for row, at in zip(table.to_dict("records"), places, strict=True):
        before, after = finite(row.get("people_before")), finite(row.get("people_after"))
        if before is None or after is None:
            continue
        kind = _text(row.get("kind"))
        text = words(
            "cards.swap",
            request=_text(row.get("request_id")),
            kind=phrase(words, f"cards.kind_{kind}", kind),
            candidate=_text(row.get("candidate_id")),
            before=words.people(before),
            after=words.people(after),
        )
        told.append({"request": _text(row.get("request_id")), "text": text, "at": at})
    return told


def _degrees(x: Any, y: Any, crs: Any) -> list[list[float] | None]:  # noqa: ANN401 - columns, a CRS
    """Return places as latitude and longitude in WGS84, None where there is none."""
    east, north = (np.array([_float(v) for v in column], np.float64) for column in (x, y))
    known = np.isfinite(east) & np.isfinite(north)
    if not known.any():
        return [None] * east.size
    longitude, latitude = _to_degrees(str(crs)).transform(east, north)
    return [
        [round(float(lat), 7), round(float(lon), 7)] if found and np.isfinite(lat + lon) else None
        for lat, lon, found in zip(latitude, longitude, known, strict=True)
    ]


@cache
def _to_degrees(crs: str) -> "Transformer":
    """Return the way from a planning CRS to WGS84."""
    from pyproj import Transformer

    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True, allow_ballpark=False)


def _of(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of one request, the other keys left as the index where there are some."""
    if not len(table):
        return table
    if table.index.nlevels == 1:
        return table[table.index.astype(str) == name]
    found = table[table.index.get_level_values(0).astype(str) == name]
    return found.droplevel(0)


def _entries(table: pd.DataFrame, name: str, key: str) -> list[tuple[str, Row]]:
    """Return the rows of one request with their second key as text."""
    found = _of(table, name)
    keys = [_text(value) for value in _keys(found, key)]
    return list(zip(keys, found.to_dict("records"), strict=True))


def _keys(table: pd.DataFrame, name: str) -> list[Any]:
    """Return a key of a table, be it in the index or a column."""
    if name in table.index.names:
        return list(table.index.get_level_values(name))
    return list(table[name]) if name in table else list(table.index)


def _column(table: pd.DataFrame, name: str) -> list[Any]:
    """Return a column, missing values where the table lacks it."""
    return list(table[name]) if name in table else [None] * len(table)


def _listed(text: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a cell of a table
    """Return the objects in a list of JSON, none where it is anything else."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _people(row: Row, column: str, words: Words) -> str:
    """Return people with their range."""
    value = finite(row.get(column))
    if value is None:
        return words("common.unknown")
    ends = [finite(row.get(f"{column}_{end}")) for end in ("low", "high")]
    low, high = (value if end is None else end for end in ends)
    return words.people_range(value, low, high)


def _round_people(value: Any, words: Words) -> str:  # noqa: ANN401 - a cell of a table
    """Return people to two figures."""
    number = finite(value)
    return words("common.unknown") if number is None else words.people(number)


def _measure(value: Any, unit: str, words: Words) -> str:  # noqa: ANN401 - a cell of a table
    """Return a number with its unit."""
    number = finite(value)
    if number is None:
        return words("common.unknown")
    if unit.startswith("share"):
        return f"{words.number(100 * number)}{NBSP}%"
    small = abs(number) < 10 and not float(number).is_integer()
    told = words.number(number, 1 if small else 0).replace("-", "−")
    sign = phrase(words, f"cards.unit_{unit}", unit)
    return f"{told}{'' if sign == '°' else NBSP}{sign}".strip()


def _verdict(code: str, words: Words) -> str:
    """Return the words of a proposal or decision."""
    return phrase(words, f"sites.{code}", code or words("common.unknown"))


def _float(value: Any) -> float:  # noqa: ANN401 - a cell of a table
    """Return a number, NaN where it is missing."""
    number = finite(value)
    return math.nan if number is None else number


def _day(value: Any) -> str:  # noqa: ANN401 - a cell of a table
    """Return a day as offices write it, the text itself where it is no date."""
    text = _text(value)
    try:
        return f"{date.fromisoformat(text[:10]):%d/%m/%Y}"
    except ValueError:
        return text


def _text(value: Any) -> str:  # noqa: ANN401 - a cell of a table
    """Return text on one line, empty where it is missing."""
    if value is None or (not isinstance(value, str) and bool(pd.isna(value))):
        return ""
    return re.sub(r"\s+", " ", str(value)).strip()
