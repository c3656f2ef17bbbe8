"""The letter that asks an operator for what is missing, request by request, and how to give it."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING
from typing import Any

from infraplan.reports.appraised import Batch
from infraplan.reports.appraised import Requested
from infraplan.reports.appraised import tidy
from infraplan.reports.office import Office
from infraplan.reports.paper import Paper
from infraplan.sites.wording import finding_told
from infraplan.sites.wording import phrase
from infraplan.sites.wording import rule_told
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.sites import Appraisal

__all__ = ["missing_of", "supplement_letter"]

WIDTHS = (1.2, 4.2, 5.4, 5.7)


def supplement_letter(
    appraisal: "Appraisal",
    words: Words,
    *,
    office: Office | None = None,
    made_on: date | None = None,
) -> bytes | None:
    """
    Return the letter that asks for supplements to a batch.

    Parameters
    ----------
    appraisal
        Result.
    words
        Catalogue of the office's language.
    office
        Who writes; dots are printed where its fields are empty.
    made_on
        Day in the properties of the file; a fixed one where None.

    Returns
    -------
    content
        A Word file; None where nothing is missing. From synthetic data every page says so.
    """
    batch = Batch.of(appraisal, words)
    lines = [line for row in batch.rows for line in missing_of(row, words)]
    if not lines and not batch.unread:
        return None
    office = office or Office()
    synthetic = words("reports.synthetic")
    paper = Paper(
        words,
        title=words("letters.supplement_title"),
        is_synthetic=batch.is_synthetic,
        foot=words("letters.foot"),
        made_on=made_on,
    )
    paper.letterhead(
        office.parent, office.name, office.place, words("paper.day_open"),
        number=words("letters.number"), about=words("letters.supplement_about"),
    )  # fmt: skip
    paper.title(words("letters.to_whom", operator=batch.operator or "." * 30))
    paper.text(
        words(
            "letters.supplement_basis",
            operator=batch.operator or "." * 20,
            letter=batch.letter or "." * 16,
            day=batch.letter_date or "..../..../......",
        )
    )
    heads = [words(f"letters.supplement_{name}") for name in ("order", "code", "missing", "give")]
    if lines:
        table = [(str(place), *line) for place, line in enumerate(lines, start=1)]
        paper.table(heads, table, widths=WIDTHS)
    if batch.unread:
        paper.heading(words("letters.head_unread"))
        paper.table(
            [words(f"letters.unread_{name}") for name in ("where", "what", "remedy")],
            batch.unread,
            widths=(4.5, 6, 6),
        )
    paper.text(words("letters.supplement_how"))
    paper.text(words("letters.supplement_until"))
    paper.closing(
        [
            words("letters.recipients"),
            words("letters.recipient_same"),
            words("letters.recipient_file"),
        ],
        synthetic if batch.is_synthetic else words("letters.signer"),
        words("letters.sign_here"),
    )
    return paper.content()


def missing_of(row: Requested, words: Words) -> list[tuple[str, str, str]]:
    """
    Return what a request lacks.

    Parameters
    ----------
    row
        The request.
    words
        Catalogue.

    Returns
    -------
    lines
        For each thing that is missing: the site, what is missing, how to give it. The office's own
        reason stands first where it asks for supplements.
    """
    who = f"{row.code} {row.name}".strip() if row.name != row.code else row.code
    lines = []
    if row.decision == "needs_information" and row.decision_reason:
        lines.append((who, row.decision_reason, words("letters.give_other")))
    for one in row.with_effect("needs_information"):
        lines += [(who, what, give) for what, give in _parts(one, words)]
    return lines


def _parts(finding: Mapping[str, Any], words: Words) -> list[tuple[str, str]]:
    """Return what a finding misses and how to give it, one by one where it names fields."""
    fields = (finding.get("detail") or {}).get("missing")
    if isinstance(fields, list) and fields:
        return [
            (
                phrase(words, f"sites.field_{name}", tidy(name)),
                phrase(words, f"letters.give_{name}", words("letters.give_field")),
            )
            for name in map(str, fields)
        ]
    told = words("letters.reason", rule=rule_told(finding, words),
                 outcome=finding_told(finding, words))  # fmt: skip
    give = phrase(words, f"letters.give_{finding.get('rule')}", words("letters.give_other"))
    return [(tidy(told), give)]
