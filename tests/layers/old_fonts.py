"""Vietnamese as it was typed before Unicode: by tables apart from those that we read with."""

import unicodedata

TONES = "\u0300\u0309\u0303\u0301\u0323"
VOWELS = "aăâeêioôơuưy"
TCVN3 = (
    "aµ¶·¸¹", "¨»¼½¾Æ", "©ÇÈÉÊË", "eÌÎÏÐÑ", "ªÒÓÔÕÖ", "i×ØÜÝÞ", "oßáâãä", "«åæçèé", "¬êëìíî",
    "uïñòóô", "\u00adõö÷øù", "yúûüýþ",
)  # fmt: skip
TCVN3_CAPITALS = dict(zip("ĂÂÊÔƠƯĐ", "¡¢£¤¥¦§", strict=True))
VNI = (
    "a aø aû aõ aù aï", "aê aè aú aü aé aë", "aâ aà aå aã aá aä", "e eø eû eõ eù eï",
    "eâ eà eå eã eá eä", "i ì æ ó í ò", "o oø oû oõ où oï", "oâ oà oå oã oá oä",
    "ô ôø ôû ôõ ôù ôï", "u uø uû uõ uù uï", "ö öø öû öõ öù öï", "y yø yû yõ yù î",
)  # fmt: skip
VIQR = dict(zip("\u0302\u0306\u031b\u0300\u0309\u0303\u0301\u0323", "^(+`?~'.", strict=True))


def toned(vowel: str) -> list[str]:
    return [unicodedata.normalize("NFC", vowel + tone) for tone in ("", *TONES)]


def table(rows: list[list[str]]) -> dict[str, str]:
    pairs = [zip(toned(vowel), row, strict=True) for vowel, row in zip(VOWELS, rows, strict=True)]
    return dict(pair for row in pairs for pair in row)


TCVN3_TABLE = {**table([list(row) for row in TCVN3]), "đ": "®"}
VNI_TABLE = {**table([row.split(" ") for row in VNI]), "đ": "ñ"}


def tcvn3(text: str) -> str:
    """Capitals with a tone have no code: the small letter stands for them."""
    return "".join(
        TCVN3_CAPITALS.get(x) or TCVN3_TABLE.get(x.lower(), x) if not x.isascii() else x
        for x in text
    )


def vni(text: str) -> str:
    return "".join(x if x.isascii() else cased(VNI_TABLE.get(x.lower(), x), x) for x in text)


def viqr(text: str) -> str:
    letters = text.replace("đ", "d-").replace("Đ", "D-")
    found = []
    for letter in letters:
        base, *marks = unicodedata.normalize("NFD", letter)
        found.append(base + "".join(VIQR.get(x, x) for x in sorted(marks, key=list(VIQR).index)))
    return "".join(found)


def cp1258(text: str) -> bytes:
    """Vowel, its shape in one letter, and the tone as a letter of its own."""
    found = b""
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(x for x in parts if x in TONES)
        bare = unicodedata.normalize("NFC", "".join(x for x in parts if x not in TONES))
        found += (letter if not tone else bare).encode("cp1258") + tone.encode("cp1258")
    return found


def read_wrongly(content: bytes, codec: str = "cp1252") -> str:
    """Return bytes as a program shows them that takes them for another code page."""
    return "".join(
        shown if (shown := bytes([x]).decode(codec, "replace")) != "\ufffd" else chr(x)
        for x in content
    )


def cased(text: str, like: str) -> str:
    return text.upper() if like.isupper() else text
