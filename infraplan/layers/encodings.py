"""
Vietnamese text of the years before Unicode, turned into Unicode.

Lists typed in the fonts .VnTime (TCVN3, also called ABC) or VNI-Times hold Latin-1 letters that
only look Vietnamese in that font: `Hµ TÜnh`, `Haø Tónh`. The same characters come out of bytes that
were read as Latin-1 or cp1252; those read as cp1258, the code page of a Vietnamese Windows, are led
back first.

Sources: TCVN 5712:1993, table VN3; RFC 1456 for VISCII and VIQR; VNI Software's rule that a vowel
is followed by its mark; cp1252 and cp1258 as Python has them.
"""

import re
import unicodedata
from collections.abc import Callable

from infraplan.layers.syllables import is_syllable

__all__ = ["BEYOND", "FONTS", "as_unicode", "can_be", "composed", "mended_utf8", "recased"]

# letters of the bytes from 0xA1; "." is none: ABC fonts lack the standard's capitals with tones
VN3 = (
    "ĂÂÊÔƠƯĐăâêôơưđ......àảãáạ.ằẳẵắ.......ặầẩẫấậè.ẻẽ"
    "éẹềểễếệìỉ...ĩíịò.ỏõóọồổỗốộờởỡớợù.ủũúụừửữứựỳỷỹýỵ."
)
VISCII = (  # from 0x80; six rare capitals are control characters and left out
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ"
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ"
)
CIRCUMFLEX, BREVE, HORN = "\u0302", "\u0306", "\u031b"
GRAVE, HOOK, TILDE, ACUTE, DOT = TONES = ("\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
Read = Callable[[str, str], str]  # of a text, and of what stands for a letter that a font lacks
HIGH = range(0x80, 0x100)
LOST = "\ufffd"

VNI_LETTERS = dict(zip("öôñíìæóòî", "ươđíìỉĩịỵ", strict=True))
VNI_MARKS = {
    **dict(zip("øûõùï", TONES, strict=True)),
    **dict(zip("âàåãáä", (CIRCUMFLEX + tone for tone in ("", *TONES)), strict=True)),
    **dict(zip("êèúüéë", (BREVE + tone for tone in ("", *TONES)), strict=True)),
}
VNI_PAIR = re.compile(
    "([aeo](?=[âàåãáä])|a(?=[êèúüéë])|[aeouyôö](?=[øûõùï]))(.)|([^\u0000-\u007f])", re.IGNORECASE
)
VIQR_MARKS = {
    "^": CIRCUMFLEX, "(": BREVE, "+": HORN, "*": HORN,
    "`": GRAVE, "?": HOOK, "~": TILDE, "'": ACUTE, ".": DOT, "": "",
}  # fmt: skip
VIQR_LETTER = re.compile(
    r"([Dd])[-dD](?=[A-Za-z])|([AaEeOo]\^|[Aa]\(|[OoUu][+*]|[AaEeIiOoUuYy])([`?~'.]?)"
)


def _table(codec: str) -> dict[str, str]:
    """Return the characters of a code page's upper half by those of Latin-1."""
    pairs = {chr(n): bytes([n]).decode(codec, "replace") for n in HIGH}
    return {latin: letter for latin, letter in pairs.items() if letter != LOST}


CP1252, CP1258 = _table("cp1252"), _table("cp1258")
FROM_CP1252 = {letter: latin for latin, letter in CP1252.items()}
FROM_CP1258 = {letter: latin for latin, letter in CP1258.items()}
TCVN3_LETTERS = {chr(0xA1 + n): letter for n, letter in enumerate(VN3) if letter != "."}
VISCII_LETTERS = {
    key: letter
    for n, letter in enumerate(VISCII, start=0x80)
    for key in (chr(n), CP1252.get(chr(n), chr(n)))
}
CP1258_LETTERS = {latin: letter for latin, letter in CP1258.items() if letter != latin}
UNKNOWN = {
    letter: LOST
    for part in (HIGH, range(0x100, 0x250), range(0x300, 0x330), range(0x1EA0, 0x1EFA))
    for letter in map(chr, part)
}
BEYOND = str.maketrans({x: y for x, y in FROM_CP1258.items() if y >= "\u00c0" and x != y})
KEPT_BY_1258 = {letter: letter for letter in CP1258.values() if "\u00c0" <= letter <= "\u00ff"}
BYTES = {letter for letter in {*FROM_CP1252, *FROM_CP1258} if not "\u00c0" <= letter <= "\u00ff"}
SECOND = re.escape("".join(sorted({*map(chr, range(0x80, 0xC0)), *BYTES})))
PAIR = re.compile(f"[ÂÃÄÅÆÌÍáâĂ\u0300\u0301][{SECOND}]")  # begins a letter of UTF-8 read wrongly
RUN = re.compile(f"[{SECOND}\u00c0-\u00ff]{{2,}}")
SPACED = re.compile(r"(?<=Ã)( +)(?=(\S*))|(?<=Ã)$")
CAPITAL_WORD, SMALL = re.compile("[A-Z]{2}"), re.compile("[a-z]")
SMALL_TONED = "".join(letter for letter in VN3 if letter.islower() and letter not in "ăâêôơưđ")
SMALL_INITIAL = re.compile(rf"(?<!\S)[{SMALL_TONED}]")  # has no capital in ABC fonts
VIETNAMESE = frozenset(
    unicodedata.normalize("NFC", base + tone)
    for letter in "aăâeêioôơuưy"
    for base in (letter, letter.upper())
    for tone in ("", *TONES)
) | {*"đĐ–—‘’“”…•°²³±×½¼·\u00a0", *TONES}


def composed(text: str) -> str:
    """
    Return a text in composed Unicode letters.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    text
        In normal form C.
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def as_unicode(text: str, font: str) -> str:
    """
    Return a text that was typed in the encoding of a font in Unicode.

    Parameters
    ----------
    text
        Characters as they came through.
    font
        Key of `FONTS`.

    Returns
    -------
    text
        Composed letters; what the encoding does not have stays.

    Examples
    --------
    >>> as_unicode("Hµ TÜnh", "tcvn3"), as_unicode("Haø Tónh", "vni")
    ('Hà Tĩnh', 'Hà Tĩnh')
    """
    return composed(FONTS[font](text, ""))


def can_be(word: str, font: str) -> bool:
    """
    Return whether a word is a syllable in an encoding.

    Parameters
    ----------
    word
        Characters as they came through, without spaces.
    font
        Key of `FONTS`.

    Returns
    -------
    can_be
        False too where the encoding lacks one of the characters.
    """
    return is_syllable(composed(FONTS[font](word, LOST)))


def mended_utf8(text: str) -> str:
    """
    Return a text whose UTF-8 bytes had been read as Latin-1, cp1252 or cp1258.

    Parameters
    ----------
    text
        Any text, as read: the second half of `à` is a space that does not break.

    Returns
    -------
    text
        The same text where it is not such.

    Examples
    --------
    >>> mended_utf8("HÃ\u00a0 TÄ©nh"), mended_utf8("ThÃ nh"), mended_utf8("Hà Tĩnh")
    ('Hà Tĩnh', 'Thành', 'Hà Tĩnh')
    """
    if not PAIR.search(text) and "Ã" not in text:
        return text
    mended = RUN.sub(_as_utf8, text)
    if "Ã" in mended and (RUN.search(text) or SPACED.search(text)):
        mended = RUN.sub(_as_utf8, SPACED.sub(_with_space, text))
    return composed(mended) if mended != text else text


def recased(text: str) -> str:
    """
    Return a text whose letters with tones are capitals where those around them are.

    Parameters
    ----------
    text
        Text from an ABC font, which has codes for small letters with tones only.

    Returns
    -------
    text
        `HUYệN Kỳ ANH` as `HUYỆN KỲ ANH`, `ái Quốc` as `Ái Quốc`.
    """
    if CAPITAL_WORD.search(text) and not SMALL.search(text):
        return text.upper()
    if not SMALL_INITIAL.search(text):
        return text
    words = text.split(" ")
    named = [word[0].isupper() or not word[0].isalpha() for word in words if word]
    if sum(named) != len(named) - 1 or len(named) < 2:
        return text
    return SMALL_INITIAL.sub(lambda found: found.group().upper(), text)


def _mapped(letters: dict[str, str]) -> Read:
    """Return what reads a font that has one character for each letter."""
    table = str.maketrans(letters)
    strict = str.maketrans({**UNKNOWN, **letters})
    return lambda text, unknown: text.translate(strict if unknown else table)


def _vni(text: str, unknown: str) -> str:
    """Return VNI-Windows as Unicode."""

    def letter(found: re.Match[str]) -> str:
        """Return a vowel with its mark, or a letter of its own."""
        base, mark, single = found.groups()
        if base:
            return _like(VNI_LETTERS.get(base.lower(), base), base) + VNI_MARKS[mark.lower()]
        known = VNI_LETTERS.get(single.lower())
        return _like(known, single) if known else (unknown or single)

    return VNI_PAIR.sub(letter, text)


def _viqr(text: str, unknown: str) -> str:
    """Return VIQR as Unicode; marks of punctuation at the end of a sentence stay."""
    del unknown

    def letter(found: re.Match[str]) -> str:
        """Return a letter with its marks."""
        d, vowel, tone = found.groups()
        if d:
            return _like("đ", d)
        return vowel[0] + VIQR_MARKS[vowel[1:]] + VIQR_MARKS[tone]

    return VIQR_LETTER.sub(letter, text)


def _like(letter: str, other: str) -> str:
    """Return a letter in the case of another."""
    return letter.upper() if other.isupper() else letter


def _from_1258(read: Read) -> Read:
    """Return what reads a font whose bytes had been read as cp1258."""
    return lambda text, unknown: read(text.translate(BEYOND), unknown)


def _as_utf8(found: re.Match[str]) -> str:
    """Return a run of characters as the UTF-8 that its bytes are, or the run."""
    run = found.group()
    for table in (FROM_CP1252, FROM_CP1258):
        codes = [ord(table.get(letter, letter)) for letter in run]
        if max(codes) > 0xFF:
            continue
        try:
            read = bytes(codes).decode("utf-8")
        except UnicodeDecodeError:
            continue
        if VIETNAMESE.issuperset(read):
            return read
    return run


def _with_space(found: re.Match[str]) -> str:
    """Return the space that `à` needs as its second half, where it had been made a plain one."""
    spaces, after = found.group(1) or "", found.group(2) or ""
    if len(spaces) > 1 or found.end() == len(found.string):
        return "\u00a0" + spaces[1:]
    start = re.search(r"[^\W\d_]*$", found.string[: found.start() - 1])
    whole = f"{start.group() if start else ''}à{RUN.sub(_as_utf8, after)}"
    is_inside = bool(after) and is_syllable(whole.rstrip(",.;:)"))
    return "\u00a0" if is_inside or not spaces else "\u00a0 "


_TCVN3, _CP1258 = _mapped(TCVN3_LETTERS), _mapped({**KEPT_BY_1258, **CP1258_LETTERS})
FONTS: dict[str, Read] = {
    "tcvn3": _TCVN3,
    "vni": _vni,
    "cp1258": _CP1258,
    "viscii": _mapped(VISCII_LETTERS),
    "tcvn3_1258": _from_1258(_TCVN3),
    "vni_1258": _from_1258(_vni),
    "viqr": _viqr,
}
