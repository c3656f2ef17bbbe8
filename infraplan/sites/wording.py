"""Findings of an appraisal in the words of a letter: rule, numbers, what is not confirmed."""

import json
from collections.abc import Mapping
from typing import Any

from infraplan.sites.reasons import word_keys
from infraplan.text import Words

__all__ = ["finding_told", "findings_of", "phrase", "rule_told"]

Finding = Mapping[str, Any]


def findings_of(text: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401 - JSON or nothing
    """
    Return the findings on a request.

    Parameters
    ----------
    text
        Column `reasons` of an appraised request: a list in JSON, the weightiest first.

    Returns
    -------
    findings
        As `Reason.as_dict` makes them; None where the text is no list.
    """
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def rule_told(finding: Finding, words: Words) -> str:
    """
    Return the name of a finding's rule.

    Parameters
    ----------
    finding
        One of `findings_of`.
    words
        Catalogue.

    Returns
    -------
    name
        The rule's code where the catalogue does not know it.
    """
    code = str(finding.get("rule", ""))
    return phrase(words, f"sites.rule_{code}", code)


def finding_told(finding: Finding, words: Words) -> str:
    """
    Return what a rule found, with value, limit and whether the rule is confirmed.

    Parameters
    ----------
    finding
        One of `findings_of`.
    words
        Catalogue.

    Returns
    -------
    sentence
        Without the name of the rule.
    """
    outcome = str(finding.get("outcome", ""))
    detail = finding.get("detail") or {}
    values = {
        key: _fields(value, words) if key == "missing" else _told(value, words)
        for key, value in {**detail, **finding}.items()
        if not isinstance(value, dict)
    }
    share = str(finding.get("unit", "")).startswith("share")
    for key in ("value", "limit"):
        number = finding.get(key)
        if isinstance(number, int | float):
            values[key] = words.number(100 * min(number, 1) if share else number)
    if finding.get("unit") == "people":  # known to two figures at most
        values |= {
            key: words.people(number)
            for key, number in {**detail, **finding}.items()
            if isinstance(number, int | float) and not isinstance(number, bool)
        }
    told = (_filled(words, key, values) for key in word_keys(finding))
    sentence = next(filter(None, told), outcome)
    if outcome != "pass" and finding.get("verified") is False and finding.get("legal_reference"):
        sentence += f" ({phrase(words, 'sites.unverified', '')})"
    return sentence


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


def _filled(words: Words, key: str, values: Mapping[str, str]) -> str:
    """Return a sentence with its values, empty where a value or the sentence is lacking."""
    if key not in words.entries or any(
        f"{{{name}}}" in words(key) and values.get(name) in (None, "")
        for name in ("value", "limit")
    ):
        return ""
    told = {name: value or words("letters.unnamed") for name, value in values.items()}
    try:
        return words(key, **told)
    except (KeyError, IndexError):
        return ""


def _fields(names: Any, words: Words) -> str:  # noqa: ANN401 - any value of JSON
    """Return fields of a request by their names in the language."""
    listed = names if isinstance(names, list) else [names]
    return ", ".join(phrase(words, f"sites.field_{name}", str(name)) for name in listed)


def _told(value: Any, words: Words) -> str:  # noqa: ANN401 - any value of JSON
    """Return a value of a finding as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return words("maps.yes" if value else "maps.no")
    if isinstance(value, int | float):
        return words.number(value)
    if isinstance(value, list):
        return ", ".join(_told(part, words) for part in value)
    return str(value)
