"""Reasons of an appraisal on a map: the weightiest, one a line."""

from typing import Any

from infraplan.sites.reasons import first_reasons
from infraplan.sites.wording import finding_told
from infraplan.sites.wording import findings_of
from infraplan.sites.wording import phrase
from infraplan.sites.wording import rule_told
from infraplan.text import Words

__all__ = ["phrase", "reasons_text"]


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
    if findings_of(text) is None:
        return None
    return "\n".join(
        words("maps.reason_line", rule=rule_told(one, words), outcome=finding_told(one, words))
        for one in first_reasons(text)
    )
