"""Reasons of an appraisal on a map: the weightiest, one a line."""

from typing import Any

from infraplan.sites.told import finding_told
from infraplan.sites.told import findings_of
from infraplan.sites.told import phrase
from infraplan.sites.told import rule_told
from infraplan.text import Words

__all__ = ["phrase", "reasons_text"]

REASONS_SHOWN = 5


def reasons_text(text: Any, words: Words) -> str | None:  # noqa: ANN401 - JSON or nothing
    """
    Return the reasons that weigh most, one a line, with value, limit and what is unconfirmed.

    Parameters
    ----------
    text
        Column `reasons` of an appraised request: a list in JSON, the weightiest first.
    words
        Catalogue.

    Returns
    -------
    lines
        At most five lines; None where the text is no list.
    """
    findings = findings_of(text)
    if findings is None:
        return None
    return "\n".join(
        words("maps.reason_line", rule=rule_told(one, words), outcome=finding_told(one, words))
        for one in findings[:REASONS_SHOWN]
    )
