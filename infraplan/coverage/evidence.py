"""
What people and measurements say of the signal in hamlets, held against what the model says.

A statement names no technology: it is about the service that the form asked for, and is held
against that of the technology given.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.coverage.areas import REST
from infraplan.coverage.comparison import wilson_interval
from infraplan.coverage.service import ALL
from infraplan.coverage.service import AT_LEAST_TWO
from infraplan.coverage.shares import COUNTING
from infraplan.coverage.shares import SERVED
from infraplan.coverage.shares import TOO_UNKNOWN
from infraplan.errors import SettingsError
from infraplan.radio.results import ANY

__all__ = [
    "CERTAINTIES",
    "DOUBTS",
    "FINDINGS",
    "MODELLED",
    "EvidenceAgreement",
    "agreement_with_evidence",
    "certainty_of_gaps",
    "newest_findings",
    "worth_measuring",
]

FINDINGS = ("good", "unsteady", "none")  # from best to worst
MODELLED = ("served", "partly", "not")
CERTAINTIES = ("confirmed", "likely", "to_be_measured")
DOUBTS = ("guess", "contradicted", "unknown", "straddles")  # the first that holds is told
PARTLY = 0.5  # share of people from which a hamlet is served in part, as a level is not `none`
GUESS = "guess"
KEY = ["hamlet_id", "operator"]
Said = tuple[str, str]  # finding, and its day as ISO text, empty where not known
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceAgreement:
    """
    The covered share of hamlets held against what is said of their signal.

    `table` counts hamlets: a row for each `operator` (`any` first) and `model` (`served` from 0.9
    of the people on, `partly` from 0.5, `not`), with columns `good`, `unsteady`, `none`. `rates`
    has for each operator the `hamlets`, how many are `agreeing` on whether there is a gap (served
    and good, or neither), their share `agreement` with its 95 % interval `agreement_low` to
    `agreement_high`, and `exact`, the share on the diagonal of the table. The rows of operators and
    of `any` rest on the same statements and must not be added. `pairs` lists what was compared.
    `used_count` statements were used; `left_out` counts the others by reason: `unknown_hamlet`,
    `unknown_operator`, `superseded` by a newer one, `unknown_prediction`.
    """

    technology: str
    table: pd.DataFrame
    rates: pd.DataFrame
    pairs: pd.DataFrame
    used_count: int
    left_out: Mapping[str, int]

    def _repr_html_(self) -> str:
        """Return the counts for a notebook."""
        told = f"{self.technology}: {self.used_count} statements held against the prediction"
        return f"<p>{escape(told)}</p>{self.table.to_html(escape=True, index=False)}"


def agreement_with_evidence(
    shares: pd.DataFrame, evidence: pd.DataFrame, *, technology: str
) -> EvidenceAgreement:
    """
    Hold the covered shares of hamlets against what is said of their signal.

    Parameters
    ----------
    shares
        Table of `covered_shares` with hamlets, such as `Gaps.shares`.
    evidence
        Layer `evidence`: `hamlet_id`, `operator` (or `any`), `finding`, `found_on`.
    technology
        Technology that the statements are about.

    Returns
    -------
    agreement
        Counts, shares of agreement with their intervals, and what was left out.

    Raises
    ------
    SettingsError
        If the shares hold no hamlets for the technology.

    Notes
    -----
    Statements are settled by `newest_findings`.
    """
    share, unknown = _predicted(shares, technology)
    operators = [name for name in share.columns if name != ANY]
    findings = newest_findings(evidence, operators)
    model = share.apply(_modelled)
    doubtful = share.isna() | ((share < SERVED - COUNTING) & (unknown > TOO_UNKNOWN))
    model = model.mask(doubtful, None)
    pairs = pd.concat(
        [_pairs(name, model[name], findings[name]) for name in share.columns], ignore_index=True
    )
    used, left_out = _sorted_out(evidence, model)
    return EvidenceAgreement(
        technology=technology,
        table=_counts(pairs, list(share.columns)),
        rates=pd.DataFrame([_rate(pairs, name) for name in share.columns]).set_index("operator"),
        pairs=pairs,
        used_count=used,
        left_out=left_out,
    )


def newest_findings(evidence: pd.DataFrame, operators: Iterable[str]) -> pd.DataFrame:
    """
    Return what is known of the signal in each hamlet, one finding an operator.

    Parameters
    ----------
    evidence
        Layer `evidence`: `hamlet_id`, `operator` (or `any`), `finding`, `found_on`.
    operators
        All operators on air.

    Returns
    -------
    findings
        By `hamlet_id`, a column for each operator and `any`: `good`, `unsteady`, `none`, or None
        where nothing follows.

    Notes
    -----
    The newest statement counts, one without a day being the oldest; contradictions of the same day
    give `unsteady`. An operator that is good makes `any` good; that it is unsteady or none says
    something of `any` only if all operators are stated, and then as of the oldest of their days.
    None of `any` means none of each operator; more does not follow from `any` for a single one.
    """
    names = list(operators)
    said = _newest(evidence)
    rows = {}
    for hamlet in sorted({hamlet for hamlet, _ in said}):
        of_any = said.get((hamlet, ANY))
        own = {name: said.get((hamlet, name)) for name in names}
        none_of_all = of_any if of_any is not None and of_any[0] == "none" else None
        row = {name: _weighed(own[name], none_of_all) for name in names}
        rows[hamlet] = row | {ANY: _weighed(of_any, _of_best(list(own.values())))}
    index = pd.Index(list(rows), dtype="str", name="hamlet_id")
    return pd.DataFrame(list(rows.values()), index=index, columns=[*names, ANY], dtype=object)


def certainty_of_gaps(
    hamlets: pd.DataFrame, evidence: pd.DataFrame, *, technology: str, operator: str = ANY
) -> pd.DataFrame:
    """
    Return how certain it is that each gap is one.

    Parameters
    ----------
    hamlets
        Residential areas of `find_gaps`, by `hamlet_id`: `covered_share`, `unknown_share`,
        `people`, `people_uncovered_low` and `_high`, `placed_by`, and `share_<technology>` of
        operators.
    evidence
        Layer `evidence`, empty where there is none.
    technology
        Technology of the headline of these hamlets.
    operator
        Operator of the headline, or `"any"`.

    Returns
    -------
    certainty
        On the index of the hamlets: `certainty` (`confirmed`: no good signal by evidence as by the
        model; `likely`: by the model with its whole range, evidence saying nothing; or
        `to_be_measured`), `doubt`, why it must be measured (`guess`: the hamlet was placed by
        guess; `contradicted`: evidence and model disagree; `unknown`: nothing is predicted for many
        of its people; `straddles`: the range reaches 0.9), and `finding`. Missing where there is no
        gap; a hamlet that the model serves while evidence says none is to be measured too.

    Raises
    ------
    SettingsError
        If the operator is not among those of the hamlets.
    """
    start = f"share_{technology}_"
    operators = [name.removeprefix(start) for name in hamlets.columns if name.startswith(start)]
    if operator not in (ANY, *operators):
        msg = f"{technology} of '{operator}' was not predicted; there are {', '.join(operators)}"
        raise SettingsError(msg)
    finding = newest_findings(evidence, operators)[operator].reindex(hamlets.index)
    covered = hamlets["covered_share"].to_numpy(dtype=np.float64)
    served = covered >= SERVED - COUNTING  # False where not known
    people = hamlets["people"].to_numpy(dtype=np.float64)
    lacking = hamlets["people_uncovered_low"].to_numpy(dtype=np.float64)
    high = 1.0 - np.divide(lacking, people, out=np.full(len(people), np.nan), where=people > 0)
    unknown = np.isnan(covered) | (hamlets["unknown_share"].to_numpy(float) > TOO_UNKNOWN)
    is_none = (finding == "none").to_numpy(dtype=bool)
    is_poor = is_none | (finding == "unsteady").to_numpy(dtype=bool)
    reasons = {
        "guess": (hamlets["placed_by"] == GUESS).to_numpy(dtype=bool),
        "contradicted": np.where(served, is_none, (finding == "good").to_numpy(dtype=bool)),
        "unknown": unknown,
        "straddles": ~(high < SERVED - COUNTING) & ~is_poor,
    }
    asked = ~served | is_none
    doubt = np.full(len(hamlets), None, dtype=object)
    for name in reversed(DOUBTS):
        doubt[asked & reasons[name]] = name
    certainty = np.where(is_poor, "confirmed", "likely").astype(object)
    certainty[pd.notna(doubt)] = "to_be_measured"
    certainty[~asked] = None
    columns = {"certainty": certainty, "doubt": doubt, "finding": finding}
    return pd.DataFrame(columns, index=hamlets.index).astype("str")


def worth_measuring(
    hamlets: pd.DataFrame, certainty: pd.DataFrame, *, count: int = 30
) -> pd.DataFrame:
    """
    Return the hamlets whose measuring would settle most.

    Parameters
    ----------
    hamlets
        Residential areas of `find_gaps`, by `hamlet_id`; the rests of communes are no place to go.
    certainty
        Of `certainty_of_gaps`, for the same hamlets.
    count
        How many at most, >= 0.

    Returns
    -------
    places
        Of the hamlets to be measured those with most people whose service is open, in that order:
        `name`, `commune`, `placed_by`, `people`, `people_open`, `doubt`, `finding`. Open are all
        people of a hamlet placed by guess or contradicted, else those between the low and the high
        of the people without service; the high counts the unknown.

    Raises
    ------
    SettingsError
        If the count is negative.
    """
    if count < 0:
        msg = f"count must be 0 or more; found {count}"
        raise SettingsError(msg)
    between = hamlets["people_uncovered_high"] - hamlets["people_uncovered_low"]
    wholly = certainty["doubt"].isin(("guess", "contradicted"))
    people_open = between.where(~wholly, hamlets["people"]).fillna(hamlets["people"])
    table = pd.DataFrame(hamlets)[["name", "commune", "placed_by", "people"]].assign(
        people_open=people_open, doubt=certainty["doubt"], finding=certainty["finding"]
    )
    is_rest = hamlets.index.astype(str).str.endswith(REST)
    wanted = (certainty["certainty"] == "to_be_measured") & ~is_rest & (people_open > 0)
    found = table[wanted].sort_index()
    return found.sort_values("people_open", ascending=False, kind="stable").head(count)


def _newest(evidence: pd.DataFrame) -> dict[tuple[str, str], Said]:
    """Return the newest statement on each hamlet and operator."""
    rows = evidence[[*KEY, "finding"]].assign(day=_days(evidence))
    found: dict[tuple[str, str], Said] = {}
    for hamlet, operator, finding, day in rows.itertuples(index=False):
        key = (str(hamlet), str(operator))
        weighed = _later(found.get(key), (str(finding), str(day)))
        found[key] = weighed
    return found


def _days(evidence: pd.DataFrame) -> "pd.Series[str]":
    """Return the day of each statement as ISO text, empty where it is not known."""
    days = evidence["found_on"].astype("object")
    return days.where(days.notna(), "").astype(str)


def _later(first: Said | None, second: Said) -> Said:
    """Return the later of two statements; unsteady where they contradict on one day."""
    if first is None or second[1] > first[1]:
        return second
    if first[1] > second[1] or first[0] == second[0]:
        return first
    return "unsteady", first[1]


def _weighed(first: Said | None, second: Said | None) -> str | None:
    """Return the finding of two statements on one thing, None where there is neither."""
    found = first if second is None else _later(first, second)
    return None if found is None else found[0]


def _of_best(own: list[Said | None]) -> Said | None:
    """Return what the statements on all operators say of the best of them."""
    said = [statement for statement in own if statement is not None]
    good = [day for finding, day in said if finding == "good"]
    if good:
        return "good", max(good)
    if not said or len(said) < len(own):
        return None
    best = min((finding for finding, _ in said), key=FINDINGS.index)
    return best, min(day for _, day in said)


def _predicted(shares: pd.DataFrame, technology: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the covered and the unknown share by hamlet and reading, `any` first."""
    mine = shares[(shares["area_level"] == "hamlet") & (shares["denominator"] == "people")]
    mine = mine[~mine["area_id"].astype(str).str.endswith(REST)]
    known = sorted(set(mine["technology"]))
    mine = mine[(mine["technology"] == technology) & ~mine["operator"].isin((AT_LEAST_TWO, ALL))]
    if not len(mine):
        told = ", ".join(known) or "none"
        msg = f"the shares hold no hamlets with {technology}; technologies of hamlets: {told}"
        raise SettingsError(msg)
    mine = mine.assign(unknown_share=mine["unknown"] / mine["total"].where(mine["total"] > 0))
    order = sorted(set(mine["operator"]), key=lambda name: (name != ANY, name))
    tables = (
        mine.pivot_table(index="area_id", columns="operator", values=value, dropna=False)
        for value in ("share", "unknown_share")
    )
    share, unknown = (table.reindex(columns=order).rename_axis("hamlet_id") for table in tables)
    return share, unknown


def _modelled(share: "pd.Series[float]") -> pd.Series:
    """Return in words how far hamlets are served."""
    served, partly = share >= SERVED - COUNTING, share >= PARTLY - COUNTING
    words = np.select([served, partly], ["served", "partly"], "not").astype(object)
    return pd.Series(words, index=share.index)


def _pairs(operator: str, model: pd.Series, finding: pd.Series) -> pd.DataFrame:
    """Return the hamlets of which the model and the evidence say something on an operator."""
    both = pd.DataFrame({"model": model, "finding": finding.reindex(model.index)}).dropna()
    agrees = (both["model"] == "served") == (both["finding"] == "good")
    table = both.assign(operator=operator, agrees=agrees).reset_index(names="hamlet_id")
    return table[["hamlet_id", "operator", "model", "finding", "agrees"]]


def _counts(pairs: pd.DataFrame, operators: list[str]) -> pd.DataFrame:
    """Return the hamlets by operator, model and finding."""
    index = pd.MultiIndex.from_product([operators, MODELLED], names=["operator", "model"])
    sizes = pairs.groupby(["operator", "model", "finding"]).size()
    counted = sizes.unstack(fill_value=0)  # noqa: PD010 - no table to pivot
    table = counted.reindex(index=index, columns=list(FINDINGS), fill_value=0)
    return table.astype(np.int64).rename_axis(columns=None).reset_index()


def _rate(pairs: pd.DataFrame, operator: str) -> dict[str, object]:
    """Return how often model and evidence agree on an operator."""
    mine = pairs[pairs["operator"] == operator]
    agreeing = int(mine["agrees"].sum())
    low, high = wilson_interval(agreeing, len(mine))
    places = mine["model"].map(MODELLED.index) - mine["finding"].map(FINDINGS.index)
    return {
        "operator": operator,
        "hamlets": len(mine),
        "agreeing": agreeing,
        "agreement": agreeing / len(mine) if len(mine) else np.nan,
        "agreement_low": low,
        "agreement_high": high,
        "exact": float((places == 0).mean()) if len(mine) else np.nan,
    }


def _sorted_out(evidence: pd.DataFrame, model: pd.DataFrame) -> tuple[int, dict[str, int]]:
    """Return how many statements were used, and how many the first reason of each took."""
    hamlet, operator = evidence["hamlet_id"].astype(str), evidence["operator"].astype(str)
    days = _days(evidence)
    newest = days.groupby([hamlet, operator]).transform("max") if len(evidence) else days
    said = model.stack()  # noqa: PD013 - a Series by both, of what is known
    known = set(said.dropna().index)
    predicted = [pair in known for pair in zip(hamlet, operator, strict=True)]
    reasons = {
        "unknown_hamlet": ~hamlet.isin(model.index).to_numpy(dtype=bool),
        "unknown_operator": ~operator.isin((ANY, *model.columns)).to_numpy(dtype=bool),
        "superseded": (days != newest).to_numpy(dtype=bool),
        "unknown_prediction": ~np.array(predicted, dtype=bool),
    }
    used: Flags = np.ones(len(evidence), dtype=bool)
    left_out = {}
    for reason, against in reasons.items():
        if taken := int((used & against).sum()):
            left_out[reason] = taken
        used &= ~against
    return int(used.sum()), left_out
