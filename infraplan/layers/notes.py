"""What a reader decided, in a sentence that can be told in any language."""

from collections.abc import Sequence
from functools import reduce
from typing import Self

from infraplan.text import Words
from infraplan.text import words

__all__ = ["Note", "joined", "listed", "note_told"]

TERMS = ("column", "layer")  # placeholders that name what the program calls so


class Note(str):
    """
    A note in English that knows the key of its sentence in the text catalogues.

    `code` is the key, `details` the values of its placeholders, which may be notes themselves.
    """

    __slots__ = ("code", "details")
    code: str
    details: dict[str, str]

    def __new__(cls, code: str, **details: str) -> Self:
        """Return the note that a key of the catalogues and its values make."""
        note = super().__new__(cls, words("en")(code, **details))
        note.code, note.details = code, details
        return note

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Return what a copy elsewhere needs: the sentence."""
        return str, (str(self),)


def note_told(note: str, words: Words) -> str:
    """
    Return a note in the words of a language.

    Parameters
    ----------
    note
        A note, or any sentence.
    words
        Catalogue of the language.

    Returns
    -------
    text
        The sentence itself where it has no key.
    """
    if not isinstance(note, Note):
        return note
    values = {key: note_told(value, words) for key, value in note.details.items()}
    for kind in TERMS:
        if kind in values:
            values[kind] = words.entries.get(f"terms.{kind}_{values[kind]}", values[kind])
    return words(note.code, **values)


def joined(sentences: Sequence[str]) -> str:
    """
    Return several sentences as one that can be told in any language.

    Parameters
    ----------
    sentences
        At least one; notes keep their keys.

    Returns
    -------
    text
        Joined by semicolons; a note where any of them is one.
    """
    return reduce(_behind, sentences)


def _behind(before: str, after: str) -> str:
    """Return two sentences as one, a note where either is one."""
    if isinstance(before, Note) or isinstance(after, Note):
        return Note("asked.and_also", before=before, after=after)
    return f"{before}; {after}"


def listed(names: Sequence[str], shown: int) -> str:
    """
    Return the first of many names for a note, and how many more there are.

    Parameters
    ----------
    names
        Names of rows, columns or the like.
    shown
        How many are named, > 0.

    Returns
    -------
    text
        Joined by commas; a note where some are not named.
    """
    text = reduce(_after, names[:shown])
    if len(names) <= shown:
        return text
    return Note("notes.and_more", names=text, count=str(len(names) - shown))


def _after(before: str, name: str) -> str:
    """Return names with one more behind them, a note where either is one."""
    if isinstance(before, Note) or isinstance(name, Note):
        return Note("notes.comma", before=before, name=name)
    return f"{before}, {name}"
