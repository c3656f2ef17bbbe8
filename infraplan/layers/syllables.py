"""
What a Vietnamese syllable looks like: onset, rime and one tone.

Every one of the 242 names of communes of Hà Tĩnh, old and new, is made of such syllables; words of
other languages rarely are, and letters read in a wrong encoding almost never.
"""

import re
import unicodedata
from functools import lru_cache

__all__ = ["is_syllable"]

GRAVE, HOOK, TILDE, ACUTE, DOT = "\u0300", "\u0309", "\u0303", "\u0301", "\u0323"
TONES = GRAVE + HOOK + TILDE + ACUTE + DOT

ONSETS = "b|bl|br|ch|c|d|đ|đr|dr|gh|gi|g|h|kh|kl|kr|k|l|m|ngh|ng|nh|n|ph|pl|p|qu|r|s|th|tr|t|v|x|"
RIMES = (
    "a|ac|ach|ai|ak|am|an|ang|anh|ao|ap|at|au|ay|ăc|ăk|ăm|ăn|ăng|ăp|ăt|âc|âm|ân|âng|âp|ât|âu|ây|"
    "e|ec|em|en|eng|eo|ep|et|ê|êch|êm|ên|ênh|êp|êt|êu|"
    "i|ia|ich|iêc|iêm|iên|iêng|iêp|iêt|iêu|im|in|inh|ip|it|iu|"
    "o|oa|oac|oach|oai|oam|oan|oang|oanh|oao|oap|oat|oay|oăc|oăm|oăn|oăng|oăt|oc|oe|oen|oeo|oet|oi|"
    "om|on|ong|op|ot|ô|ôc|ôi|ôk|ôm|ôn|ông|ôp|ôt|ơ|ơi|ơm|ơn|ơp|ơt|"
    "u|ua|uân|uâng|uât|uây|uc|uê|uêch|uênh|ui|uk|um|un|ung|uôc|uôi|uôm|uôn|uông|uôt|uơ|up|ut|"
    "uy|uya|uych|uyên|uyêt|uyn|uynh|uyp|uyt|uyu|"
    "ư|ưa|ưc|ưi|ưng|ươc|ươi|ươm|ươn|ương|ươp|ươt|ươu|ưt|ưu|"
    "y|ych|yêm|yên|yêng|yêt|yêu|yn|ynh|yt"
)
SYLLABLE = re.compile(rf"({ONSETS})({RIMES})")
PLAIN = re.compile(rf"({ONSETS})({RIMES})".translate(str.maketrans("đăâêôơư", "daaeoou")))
MODIFIED = frozenset("ăâêôơư")
STOPS = ("c", "k", "p", "t", "ch")


@lru_cache(maxsize=1 << 16)
def is_syllable(word: str) -> bool:
    """
    Return whether a word could be a Vietnamese syllable.

    Parameters
    ----------
    word
        Letters in any case and Unicode form; a word without any mark may stand for one with them.

    Returns
    -------
    is_syllable
        False for most words of other languages.

    Examples
    --------
    >>> [is_syllable(word) for word in ("Tĩnh", "THACH", "TÜnh", "station")]
    [True, True, False, False]
    """
    lower = unicodedata.normalize("NFC", word).lower()
    if lower.isascii():
        return PLAIN.fullmatch(lower) is not None
    letters = unicodedata.normalize("NFD", lower)
    tones = [letter for letter in letters if letter in TONES]
    bare = unicodedata.normalize("NFC", "".join(x for x in letters if x not in TONES))
    parts = SYLLABLE.fullmatch(bare)
    if parts is None or len(tones) > 1:
        return False
    if not _is_spelt(parts[1], parts[2]):
        return False
    if parts[2].endswith(STOPS) and not set(tones) & {ACUTE, DOT}:
        return False
    return not tones or _is_well_placed(lower, bare, parts[2])


def _is_spelt(onset: str, rime: str) -> bool:
    """Return whether an onset is written so before its rime: cá, but kê; gà, but ghê."""
    is_front = rime[0] in "ieêy"
    if onset == "qu":
        return rime[0] not in "uưo"
    if onset in ("k", "gh", "ngh"):
        return is_front
    return not (onset in ("c", "ng") and is_front) and not (onset == "g" and rime[0] in "eêy")


def _is_well_placed(word: str, bare: str, rime: str) -> bool:
    """Return whether the tone is on the vowel that bears it."""
    start = len(bare) - len(rime)
    tone = next(n for n, pair in enumerate(zip(word, bare, strict=True)) if len(set(pair)) > 1)
    if modified := [place for place in range(start, len(bare)) if bare[place] in MODIFIED]:
        return tone == modified[-1]
    if rime in ("oa", "oe", "uy"):  # hoà and hòa
        return tone in (start, start + 1)
    return tone == start + rime.startswith(("oa", "oe", "uy"))
