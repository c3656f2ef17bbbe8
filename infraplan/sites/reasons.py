"""What a rule found, and what all findings together propose."""

import json
import math
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from infraplan.sites.rules import Rule

__all__ = [
    "ASKING",
    "PROPOSALS",
    "REASONS_FIRST",
    "Reason",
    "as_json",
    "first_reasons",
    "judge",
    "proposal_of",
    "sorted_reasons",
    "word_keys",
]

PROPOSALS = ("approve", "approve_with_conditions", "reject", "needs_information")
EFFECTS = ("reject", "needs_information", "condition", "none")
# the applicant answers
ASKING = frozenset(
    {
        "completeness",
        "accuracy",
        "datum",
        "commune",
        "address",
        "technology",
        "height",
        "batch_duplicate",
    }
)
REASONS_FIRST = 5  # reasons shown before all checks


@dataclass(frozen=True, slots=True)
class Reason:
    """
    One rule's finding on one request.

    `outcome` is pass, condition, fail or not_assessed; `effect` what it does to the proposal. A
    positive `margin` is what is left before the limit. `detail` names what the numbers are about.
    `accuracy_m` is that of the position where the margin was held against it, else 0.
    """

    rule: Rule
    outcome: str
    effect: str
    value: float | None = None
    limit: float | None = None
    margin: float | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    accuracy_m: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain values, with where the rule comes from."""
        return {
            "rule": self.rule.id,
            "outcome": self.outcome,
            "effect": self.effect,
            "value": _number(self.value),
            "limit": _number(self.limit),
            "margin": _number(self.margin),
            "unit": self.rule.unit,
            "severity": self.rule.severity,
            "legal_reference": self.rule.legal_reference,
            "source": self.rule.source,
            "verified": self.rule.verified,
            "confirmed_by": self.rule.confirmed_by,
            "confirmed_on": self.rule.confirmed_on,
            "detail": dict(self.detail),
        }


def judge(
    rule: Rule,
    *,
    holds: bool | None,
    value: float | None = None,
    limit: float | None = None,
    margin: float | None = None,
    accuracy_m: float = 0.0,
    asks: bool = False,
    **detail: Any,  # noqa: ANN401 - whatever the words need
) -> Reason:
    """
    Return a rule's finding; only a confirmed rule or a plain fact may reject.

    Parameters
    ----------
    rule
        The rule.
    holds
        Whether it is kept; None where it could not be assessed.
    value
        What was found, in the rule's unit.
    limit
        What the rule allows, in the rule's unit.
    margin
        Distance from the limit, positive on the good side.
    accuracy_m
        Accuracy of the positions; a distance nearer to its limit than that is to be measured [m].
    asks
        Whether it is not kept because the applicant must say more, or say it again.
    **detail
        What the numbers are about: ids, names, counts. `case` picks the words for a special case;
        `notable` is set where a rule that only tells has something to tell.

    Returns
    -------
    reason
        Outcome and effect with the numbers.
    """
    tells = rule.severity == "info"
    if holds is None:
        # a rule that only tells asks for no check by hand
        outcome, effect = "not_assessed", "none" if tells else "condition"
    elif tells:
        outcome, effect = "pass", "none"
        detail = detail if holds else {**detail, "notable": True}
    elif margin is not None and abs(margin) < accuracy_m:
        outcome, effect, detail = "condition", "condition", {**detail, "measure_on_site": True}
    elif holds:
        outcome, effect = "pass", "none"
    elif asks or rule.id in ASKING:
        outcome, effect = "fail", "needs_information"
    elif rule.severity == "block":
        outcome, effect = "fail", "reject" if rule.may_reject else "condition"
    else:
        outcome, effect = "condition", "condition"
    return Reason(rule, outcome, effect, value, limit, margin, detail, accuracy_m)


def proposal_of(reasons: Iterable[Reason]) -> str:
    """
    Return the proposal that findings lead to.

    Parameters
    ----------
    reasons
        Findings of all rules on one request.

    Returns
    -------
    proposal
        One of `PROPOSALS`.
    """
    effects = {reason.effect for reason in reasons}
    if "reject" in effects:
        return "reject"
    if "needs_information" in effects:
        return "needs_information"
    return "approve_with_conditions" if "condition" in effects else "approve"


def sorted_reasons(reasons: Iterable[Reason]) -> list[Reason]:
    """
    Return findings by their weight: what decides first, then conditions found, need, the rest.

    Parameters
    ----------
    reasons
        Findings in the order of the rules.

    Returns
    -------
    reasons
        The same, sorted; equal weights keep their order.
    """

    def weight(reason: Reason) -> tuple[int, int]:
        """Return a key that is small for what matters most."""
        if reason.rule.id == "need":
            return EFFECTS.index("condition"), 1
        unknown, notable = reason.outcome == "not_assessed", bool(reason.detail.get("notable"))
        return EFFECTS.index(reason.effect), 2 * unknown - notable

    return sorted(reasons, key=weight)


def as_json(reasons: Iterable[Reason]) -> str:
    """
    Return findings as JSON text.

    Parameters
    ----------
    reasons
        Findings.

    Returns
    -------
    text
        A list of objects with rule, outcome, effect, value, limit, margin, unit, severity,
        legal_reference, source, verified, confirmed_by, confirmed_on and detail.
    """
    return json.dumps([r.as_dict() for r in reasons], ensure_ascii=False, allow_nan=False)


def first_reasons(reasons: object, most: int = REASONS_FIRST) -> list[dict[str, Any]]:
    """
    Return the findings that are told before all checks.

    Parameters
    ----------
    reasons
        Column `reasons` of an appraised request: JSON text of `as_json`, or the list in it.
    most
        How many at most, >= 0.

    Returns
    -------
    reasons
        The weightiest, without rules that are kept and have nothing to tell, unless all are kept.
        Where more were found than are shown, need keeps the last place; empty where the text is no
        list of findings.
    """
    parsed = _parsed(reasons)
    found = [reason for reason in parsed if _is_told(reason)]
    need = [reason for reason in found if reason.get("rule") == "need"]
    if len(found) == len(need):
        found = parsed
    if most > 0 and need and need[0] not in found[:most]:
        return [*found[: most - 1], need[0]]
    return found[: max(most, 0)]


def word_keys(reason: Mapping[str, Any]) -> tuple[str, ...]:
    """
    Return the keys of the catalogue that may tell a finding, the fittest first.

    Parameters
    ----------
    reason
        Finding as of `Reason.as_dict`.

    Returns
    -------
    keys
        Such as `sites.why_spacing`; the last is the plain word of the outcome. A key is passed over
        where the catalogue lacks it or the finding lacks what it tells.
    """
    code, outcome = str(reason.get("rule", "")), str(reason.get("outcome", ""))
    detail = reason.get("detail")
    detail = detail if isinstance(detail, dict) else {}
    keys = []
    if outcome != "pass" and detail.get("case"):
        keys.append(f"sites.why_{code}_{detail['case']}")
    if detail.get("measure_on_site"):
        keys.append("sites.measure_on_site")
    if outcome in ("fail", "condition") or (outcome == "pass" and _is_told(reason)):
        keys.append(f"sites.why_{code}")
    return (*keys, f"sites.outcome_{outcome}")


def _is_told(reason: Mapping[str, Any]) -> bool:
    """Return whether a finding has something to tell beyond that a rule is kept."""
    detail = reason.get("detail")
    notable = isinstance(detail, dict) and bool(detail.get("notable"))
    if reason.get("effect", "none") == "none" and not notable:
        return reason.get("rule") == "need" or reason.get("outcome") in ("fail", "condition")
    return True


def _parsed(reasons: object) -> list[dict[str, Any]]:
    """Return the findings in a JSON text or list, none where it holds something else."""
    try:
        found = json.loads(reasons) if isinstance(reasons, str | bytes) else reasons
    except ValueError:
        return []
    return [dict(r) for r in found if isinstance(r, dict)] if isinstance(found, list) else []


def _number(value: float | None) -> float | None:
    """Return a finite number rounded to what its accuracy warrants, else None."""
    return None if value is None or not math.isfinite(value) else round(float(value), 4)
