"""What a rule found, and what all findings together propose."""

import json
import math
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from infraplan.sites.rules import Rule

__all__ = ["ASKING", "PROPOSALS", "Reason", "as_json", "judge", "proposal_of", "sorted_reasons"]

PROPOSALS = ("approve", "approve_with_conditions", "reject", "needs_information")
EFFECTS = ("reject", "needs_information", "condition", "none")
ASKING = frozenset({"completeness", "datum", "commune", "batch_duplicate"})  # the applicant answers


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
    **detail
        What the numbers are about: ids, names, counts.

    Returns
    -------
    reason
        Outcome and effect with the numbers.
    """
    if holds is None:
        outcome, effect = "not_assessed", "condition"
    elif margin is not None and abs(margin) < accuracy_m:
        outcome, effect, detail = "condition", "condition", {**detail, "measure_on_site": True}
    elif holds or rule.severity == "info":
        outcome, effect = "pass", "none"
    elif rule.id in ASKING:
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
        return EFFECTS.index(reason.effect), 2 * (reason.outcome == "not_assessed")

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
        legal_reference, source, verified and detail.
    """
    return json.dumps([r.as_dict() for r in reasons], ensure_ascii=False, allow_nan=False)


def _number(value: float | None) -> float | None:
    """Return a finite number rounded to what its accuracy warrants, else None."""
    return None if value is None or not math.isfinite(value) else round(float(value), 4)
