"""What a reader decided, in a sentence that can be told in any language."""

from typing import Self

from infraplan.text import Words
from infraplan.text import words

__all__ = ["Note", "note_told"]


class Note(str):
    """
    A note in English that knows the key of its sentence in the text catalogues.

    `code` is the key, `details` the values of its placeholders.
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
    return words(note.code, **note.details) if isinstance(note, Note) else note
