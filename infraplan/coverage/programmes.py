"""
What programmes ask of communes and hamlets, and what the gaps say to it.

What the program cannot measure is listed and never passed; what rests on a guess, on unknown ground
or within the model's error is never a proven failure.
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from infraplan.coverage.criteria import CriteriaSet
from infraplan.coverage.criteria import Criterion
from infraplan.coverage.evidence import GUESS
from infraplan.coverage.evidence import newest_findings
from infraplan.coverage.joint import SERVICES
from infraplan.coverage.shares import COUNTING
from infraplan.coverage.shares import TOO_UNKNOWN
from infraplan.layers.bundle import Layers
from infraplan.layers.stations import on_air
from infraplan.radio.results import ANY

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "ELIGIBLE",
    "OUTCOMES",
    "conclusions",
    "listed_facts",
    "new_rural",
    "nothing_judged",
    "universal_service",
]

OUTCOMES = ("met", "not_met", "to_check", "not_assessed", "no_rule")
ELIGIBLE = ("yes", "no", "to_check", "not_assessed", "no_rule")
URBAN = ("phường", "thị trấn")  # no rural communes: the programme does not ask them
COMING = ("approved", "building", "planned")
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]


def new_rural(
    hamlets: pd.DataFrame, layers: Layers, rules: CriteriaSet, *, as_of: date | None = None
) -> pd.DataFrame:
    """
    Return what each commune fulfils of the criterion on information and communication.

    Parameters
    ----------
    hamlets
        Residential areas of `find_gaps` with `joint_shares`, `placed_by` and `nearest_fibre_m`.
    layers
        Bundle with `communes`; `evidence` and `sites` where there.
    rules
        Rules of the programme `new_rural`.
    as_of
        Day that decides which rules apply, as `CriteriaSet.on`.

    Returns
    -------
    criteria
        Indexed by `commune_code` and `rule`: `item`, `measure`, `outcome` {met, not_met, to_check,
        not_assessed, no_rule} with its `reason`, `value` (share of hamlets served) and `limit`;
        how many `hamlets`, `hamlets_met`, `failing` and `open` (to check) with `_names`,
        `people_failing` (people of failing hamlets without the service), `contradicted` (hamlets of
        which evidence says the opposite; the outcome stays the model's), statements on failing and
        open hamlets by finding, `hamlets_guessed`, `hamlets_unknown`, `hamlets_close` (the model's
        error decides), `hamlets_assumed` (served by cells resting on defaults only) and
        `people_assumed`; `by_fibre`, hamlets that fibre nearby alone serves. Wards are not assessed
        (`urban`). A single row a commune with the rule "" where none is in force.

    Notes
    -----
    A hamlet fails where it is not served and neither its position is a guess, nor too much unknown,
    nor the range reaches the limit; a commune fails where even all open hamlets would not save it.
    The distance to fibre of a hamlet placed by guess says nothing, and leaves it open.
    Statements name no technology and are held against each service alike.
    """
    own = hamlets[~hamlets["is_rest"].astype(bool)]
    finding = _findings(own, layers)
    communes = layers.table("communes")
    kinds = communes["type"] if "type" in communes else pd.Series(None, index=communes.index)
    rural = dict(zip(communes.index.astype(str), ~kinds.isin(URBAN), strict=True))
    rows: list[dict[str, Any]] = []
    in_force = rules.on(as_of).rules.values()
    for rule in in_force:
        judged = None if rule.measure == "by_hand" else _hamlets_judged(own, rule, finding)
        for code, is_rural in rural.items():
            mine = None if judged is None else judged[own["commune_code"].to_numpy() == code]
            urban = {**_named_by(code, rule), "outcome": "not_assessed", "reason": "urban"}
            rows.append(_commune_judged(code, rule, mine) if is_rural else urban)
    if not in_force:
        told = {"rule": "", "outcome": "no_rule", "reason": "no_rule"}
        rows = [{"commune_code": code, **told} for code in rural]
    return _typed(rows)


def nothing_judged() -> pd.DataFrame:
    """
    Return what `new_rural` returns where no rules were given.

    Returns
    -------
    criteria
        The same columns, no row.
    """
    return _typed([])


def conclusions(criteria: pd.DataFrame) -> pd.DataFrame:
    """
    Return what follows for each commune from all its rules that are measured.

    Parameters
    ----------
    criteria
        Of `new_rural`.

    Returns
    -------
    conclusions
        By `commune_code`: `outcome` (`not_met` if any rule is not, `met` if all are, else
        `to_check`; `not_assessed` for wards and where none is measured, `no_rule` where none is in
        force) and
        `contradicted`, whether evidence speaks against it.
    """
    rows = {}
    for code, own in criteria.groupby(level="commune_code", sort=False):
        is_asked = (own["measure"] != "by_hand") & (own["reason"] != "urban")
        measured = own.loc[is_asked, "outcome"]
        kinds = set(measured)
        first = next((kind for kind in ("no_rule", "not_met") if kind in kinds), "to_check")
        outcome = "not_assessed" if not kinds else "met" if kinds == {"met"} else first
        rows[code] = {"outcome": outcome, "contradicted": bool((own["contradicted"] != "").any())}
    index = pd.Index(list(rows), dtype="str", name="commune_code")
    return pd.DataFrame(list(rows.values()), index=index, columns=["outcome", "contradicted"])


def universal_service(
    hamlets: "gpd.GeoDataFrame", layers: Layers, rules: CriteriaSet, *, as_of: date | None = None
) -> pd.DataFrame:
    """
    Return which hamlets the programme of universal service can help, and why.

    Parameters
    ----------
    hamlets
        Residential areas of `find_gaps` with `joint_shares`, `placed_by`, `extremely_difficult`.
    layers
        Bundle with `sites`; `evidence` where there.
    rules
        Rules of the programme `universal_service`.
    as_of
        Day that decides which rules apply, as `CriteriaSet.on`.

    Returns
    -------
    eligible
        On the index of the hamlets: `universal_service` {yes, no, to_check}, `not_assessed` for
        people outside all hamlets, `no_rule` where none is in force; `universal_service_why`, codes
        joined by `;` (`coverage.why_<code>` of the catalogue); `coming_site` and `coming_site_m`,
        the nearest station approved, in building or planned within reach.
    """
    table = pd.DataFrame({"coming_site": None, "coming_site_m": np.nan}, index=hamlets.index)
    answers: list[Texts] = []
    codes: list[Texts] = []
    finding = _findings(hamlets, layers)
    for rule in rules.on(as_of).rules.values():
        if rule.measure == "broadband_lacking":
            answer, code = _lacking(hamlets, rule, finding)
        elif rule.measure == "listed":
            answer, code = _listed(hamlets["extremely_difficult"])
        elif rule.measure == "station_coming":
            table["coming_site"], table["coming_site_m"] = _coming(hamlets, layers, rule)
            is_near = table["coming_site"].notna().to_numpy(dtype=bool)
            answer = np.where(is_near, "open", "yes").astype(object)
            code = np.where(is_near, "station_coming", "").astype(object)
        else:
            answer = np.full(len(hamlets), "open", dtype=object)
            code = np.full(len(hamlets), "by_hand", dtype=object)
        answers.append(answer)
        codes.append(code)
    rests = hamlets["is_rest"].to_numpy(dtype=bool)
    said, why = [], []
    for number, is_rest in enumerate(rests):
        told = [(str(a[number]), str(c[number])) for a, c in zip(answers, codes, strict=True)]
        verdict, reasons = ("not_assessed", ["rest"]) if is_rest else _together(told)
        said.append(verdict)
        why.append(";".join(reasons))
    table.insert(0, "universal_service", said)
    table.insert(1, "universal_service_why", why)
    texts = ["universal_service", "universal_service_why", "coming_site"]
    return table.astype(dict.fromkeys(texts, "str"))


def listed_facts(areas: pd.DataFrame, layers: Layers) -> pd.DataFrame:
    """
    Return what the office's list says of hamlets beyond their people.

    Parameters
    ----------
    areas
        Residential areas.
    layers
        Bundle; `hamlets` where there.

    Returns
    -------
    facts
        On the index of the areas: `poor_households` and `extremely_difficult`, missing where the
        list does not say.
    """
    table = pd.DataFrame(layers.table("hamlets")).reindex(areas.index)
    kinds = {"poor_households": "Int64", "extremely_difficult": "boolean"}
    return table.reindex(columns=list(kinds)).astype(kinds)


def _together(told: list[tuple[str, str]]) -> tuple[str, list[str]]:
    """Return a verdict from the answers to all conditions, with what it rests on."""
    kinds = {answer for answer, _ in told}
    if not told:
        return "no_rule", ["no_rule"]
    if "no" in kinds:
        return "no", [code for answer, code in told if answer == "no"]
    verdict = "to_check" if "open" in kinds else "yes"
    return verdict, [code for _, code in told if code]


def _findings(hamlets: pd.DataFrame, layers: Layers) -> "pd.Series[Any]":
    """Return what is said of the signal of any operator in each hamlet; None where nothing is."""
    operators = sorted(set(on_air(layers.table("sites"))["operator"].dropna().astype(str)))
    said = newest_findings(layers.table("evidence"), operators)[ANY]
    return said.reindex(hamlets.index)


def _doubts(hamlets: pd.DataFrame, service: str, limit: float) -> dict[str, Flags]:
    """Return why a hamlet without a service may have it all the same."""
    high = hamlets[f"{service}_share_high"].to_numpy(dtype=np.float64)
    unknown = hamlets[f"{service}_unknown_share"].to_numpy(dtype=np.float64)
    return {
        "guess": (hamlets["placed_by"] == GUESS).to_numpy(dtype=bool),
        "unknown": ~(unknown <= TOO_UNKNOWN),
        "straddles": high >= limit - COUNTING,
    }


def _hamlets_judged(
    hamlets: pd.DataFrame, rule: Criterion, finding: "pd.Series[Any]"
) -> pd.DataFrame:
    """Return for each hamlet whether it is served, fails or is open, and what else counts."""
    limit, service = rule.thresholds["hamlet_share"], rule.measure
    share = hamlets[f"{service}_share"].to_numpy(dtype=np.float64)
    by_signal = share >= limit - COUNTING  # False where not known
    near = np.zeros(len(hamlets), dtype=bool)
    if "fibre_m" in rule.thresholds:
        near = hamlets["nearest_fibre_m"].to_numpy(np.float64) <= rule.thresholds["fibre_m"]
    doubts = _doubts(hamlets, service, limit)
    near &= ~doubts["guess"]
    served = by_signal | near
    is_open = ~served & np.any(list(doubts.values()), axis=0)
    said = finding.to_numpy(dtype=object)
    assumed = hamlets[f"{service}_assumed_share"].to_numpy(dtype=np.float64)
    low = hamlets[f"{service}_share_low"].to_numpy(dtype=np.float64)
    people = hamlets["people"].to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            "name": hamlets["name"].astype(str).to_numpy(),
            "served": served,
            "failing": ~served & ~is_open,
            "open": is_open,
            # fibre nearby and no signal do not contradict each other; nor do telephone calls and
            # "no signal", for people are asked about mobile data
            "contradicted": np.where(
                served, by_signal & (said == "none") & (service == "broadband"), said == "good"
            ),
            "by_fibre": near & ~by_signal,
            "lacking": people * (1.0 - np.nan_to_num(share)),
            "finding": said,
            "guess": doubts["guess"],
            "unknown": ~served & doubts["unknown"],
            "close": ~near & np.where(by_signal, low < limit - COUNTING, doubts["straddles"]),
            "assumed": by_signal & ~near & (share - assumed < limit - COUNTING),
            "people_assumed": people * np.nan_to_num(assumed),
        },
        index=hamlets.index,
    )


def _commune_judged(code: str, rule: Criterion, hamlets: pd.DataFrame | None) -> dict[str, Any]:
    """Return the row of one commune and rule; `hamlets` is None where nothing is measured."""
    row = _named_by(code, rule)
    if hamlets is None:
        return {**row, "outcome": "not_assessed", "reason": "by_hand"}
    limit = rule.thresholds["commune_share"]
    if not len(hamlets):  # of no hamlet nothing follows, not that all have service
        return {**row, "outcome": "not_assessed", "reason": "no_hamlets", "limit": limit}
    served, is_open = int(hamlets["served"].sum()), int(hamlets["open"].sum())
    value, best = served / len(hamlets), (served + is_open) / len(hamlets)
    outcome = "met" if value >= limit - COUNTING else "to_check"
    if best < limit - COUNTING:
        outcome = "not_met"
    contradicted = hamlets[hamlets["contradicted"]]
    asked = hamlets.loc[~hamlets["served"], "finding"]
    listed = {name: hamlets[hamlets[name]] for name in ("failing", "open", "by_fibre")}
    return {
        **row,
        "outcome": outcome,
        "reason": "contradicted" if len(contradicted) else "",
        "value": value,
        "limit": limit,
        "hamlets": len(hamlets),
        "hamlets_met": served,
        **_named({**listed, "contradicted": contradicted}),
        "people_failing": float(listed["failing"]["lacking"].sum()),
        **{f"said_{name}": int((asked == name).sum()) for name in ("good", "unsteady", "none")},
        "hamlets_guessed": int(hamlets["guess"].sum()),
        "hamlets_unknown": int(hamlets["unknown"].sum()),
        "hamlets_close": int(hamlets["close"].sum()),
        "hamlets_assumed": int(hamlets["assumed"].sum()),
        "people_assumed": float(hamlets["people_assumed"].sum()),
    }


def _named_by(code: str, rule: Criterion) -> dict[str, Any]:
    """Return what a row is about."""
    return {"commune_code": code, "rule": rule.id, "item": rule.item, "measure": rule.measure}


def _named(lists: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Return ids and names of hamlets as text."""
    ids = {name: ";".join(map(str, of.index)) for name, of in lists.items()}
    return ids | {f"{name}_names": "; ".join(of["name"]) for name, of in lists.items()}


_TEXTS = ("commune_code", "rule", "item", "measure", "outcome", "reason")
_LISTS = tuple(
    f"{name}{end}"
    for name in ("failing", "open", "contradicted", "by_fibre")
    for end in ("", "_names")
)
_SHARES = ("value", "limit", "people_failing", "people_assumed")
_COUNTS = (
    "hamlets",
    "hamlets_met",
    "said_good",
    "said_unsteady",
    "said_none",
    "hamlets_guessed",
    "hamlets_unknown",
    "hamlets_close",
    "hamlets_assumed",
)


def _typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows of communes and rules as a table whose types do not depend on its content."""
    columns = [*_TEXTS, *_SHARES, *_COUNTS, *_LISTS]
    table = pd.DataFrame(rows, columns=columns)
    texts = [*_TEXTS, *_LISTS]
    table[texts] = table[texts].astype("object").fillna("")
    kinds = dict.fromkeys(texts, "str") | dict.fromkeys(_SHARES, "float64")
    typed = table.astype(kinds | dict.fromkeys(_COUNTS, "Int64"))
    return typed.set_index(["commune_code", "rule"])


def _lacking(
    hamlets: pd.DataFrame, rule: Criterion, finding: "pd.Series[Any]"
) -> tuple[Texts, Texts]:
    """Return whether hamlets lack broadband of any operator, with the reason."""
    limit = rule.thresholds["covered_share"]
    share = hamlets["broadband_share"].to_numpy(dtype=np.float64)
    served = share >= limit - COUNTING
    said = finding.to_numpy(dtype=object)
    doubts = _doubts(hamlets, "broadband", limit)
    is_poor = (said == "none") | (said == "unsteady")
    answer = np.where(served, "no", "yes").astype(object)
    code = np.where(is_poor, "uncovered_confirmed", "uncovered").astype(object)
    doubts["straddles"] &= ~is_poor
    doubts["contradicted"] = said == "good"
    for name in ("straddles", "unknown", "contradicted", "guess"):  # the last that holds is told
        holds = ~served & doubts[name]
        answer[holds], code[holds] = "open", f"doubt_{name}"
    code[served] = np.where(doubts["guess"][served], "served_guess", "served")
    against = served & (said == "none")
    answer[against], code[against] = "open", "doubt_contradicted"
    return answer, code


def _listed(flags: "pd.Series[Any]") -> tuple[Texts, Texts]:
    """Return whether hamlets are on the list of extremely difficult ones."""
    known = flags.notna().to_numpy(dtype=bool)
    is_on = flags.fillna(value=False).to_numpy(dtype=bool)
    absent = "list_blank" if known.any() else "no_list"
    answer = np.where(known, np.where(is_on, "yes", "no"), "open").astype(object)
    code = np.where(known, np.where(is_on, "listed", "not_listed"), absent).astype(object)
    return answer, code


def _coming(
    hamlets: "gpd.GeoDataFrame", layers: Layers, rule: Criterion
) -> tuple[Texts, npt.NDArray[np.float64]]:
    """Return the nearest station with broadband that is to come, and its distance [m]."""
    sites = layers.table("sites")
    site, away_m = np.full(len(hamlets), None, dtype=object), np.full(len(hamlets), np.nan)
    if "status" not in sites:
        return site, away_m
    told = sites["technologies"].astype("object").where(sites["technologies"].notna(), None)
    fitting = [t is None or bool(set(str(t).split(";")) & set(SERVICES["broadband"])) for t in told]
    coming = sites[sites["status"].isin(COMING) & np.array(fitting, dtype=bool)].sort_index()
    coming = coming[~(coming.geometry.isna() | coming.geometry.is_empty)]
    if not len(coming):
        return site, away_m
    shapes, points = hamlets.geometry.to_numpy(), coming.geometry.to_numpy()
    whole = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    nearest = shapely.STRtree(points).nearest(shapes[whole])
    distance_m = shapely.distance(points[nearest], shapes[whole])
    near = distance_m <= rule.thresholds["distance_m"]
    site[whole[near]] = coming.index.to_numpy(dtype=object)[nearest[near]]
    away_m[whole[near]] = distance_m[near]
    return site, away_m
