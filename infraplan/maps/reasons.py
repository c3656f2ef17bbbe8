"""Reasons of an appraisal in the words of a letter: rule, finding, numbers, what is unconfirmed."""

import json
from collections.abc import Mapping
from typing import Any

from infraplan.sites.reasons import first_reasons
from infraplan.sites.reasons import word_keys
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
    try:
        if not isinstance(json.loads(text), list):
            return None
    except (TypeError, ValueError):
        return None
    return "\n".join(_reason(reason, words) for reason in first_reasons(text))


def _reason(reason: Mapping[str, Any], words: Words) -> str:
    """Return one reason in words."""
    code = str(reason.get("rule", ""))
    name = phrase(words, f"sites.rule_{code}", code)
    outcome = str(reason.get("outcome", ""))
    values = {
        key: _told(value, words)
        for key, value in {**(reason.get("detail") or {}), **reason}.items()
        if not isinstance(value, dict)
    }
    share = str(reason.get("unit", "")).startswith("share")
    for key in ("value", "limit"):
        number = reason.get(key)
        if isinstance(number, int | float):
            values[key] = words.number(100 * number if share else number)
    told = (_filled(words, key, values) for key in word_keys(reason))
    sentence = next(filter(None, told), outcome)
    if outcome != "pass" and reason.get("verified") is False and reason.get("legal_reference"):
        sentence += f" ({phrase(words, 'sites.unverified', '')})"
    return words("maps.reason_line", rule=name, outcome=sentence)


def _filled(words: Words, key: str, values: Mapping[str, str]) -> str:
    """Return a sentence with its values, empty where a value or the sentence is lacking."""
    if key not in words.entries or any(
        f"{{{name}}}" in words(key) and values.get(name) in (None, "")
        for name in ("value", "limit")
    ):
        return ""
    try:
        return words(key, **values)
    except (KeyError, IndexError):
        return ""


def _told(value: Any, words: Words) -> str:  # noqa: ANN401 - any value of JSON
    """Return a value of a reason as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return words("maps.yes" if value else "maps.no")
    if isinstance(value, int | float):
        return words.number(value)
    if isinstance(value, list):
        return ", ".join(_told(part, words) for part in value)
    return str(value)


def phrase(words: Words, key: str, fallback: str) -> str:
    """
    Return the words of a key, or what stands for them where the catalogue lacks it.

    Parameters
    ----------
    words
        Catalogue.
    key
        Key, such as one made of a code in a result.
    fallback
        Text for a code that the catalogue does not know.

    Returns
    -------
    text
        The words.
    """
    return words(key) if key in words.entries else fallback
