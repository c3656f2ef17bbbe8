"""Old fonts are known by Vietnamese syllables; what is Unicode already is never touched."""

import subprocess
import unicodedata

import pytest

from infraplan.layers.encodings import TCVN3_LETTERS
from infraplan.layers.encodings import VISCII_LETTERS
from infraplan.layers.encodings import mended_utf8
from infraplan.layers.fonts import readable
from infraplan.layers.fonts import settled
from infraplan.layers.syllables import is_syllable
from tests.layers.old_fonts import cp1258
from tests.layers.old_fonts import read_wrongly
from tests.layers.old_fonts import tcvn3
from tests.layers.old_fonts import viqr
from tests.layers.old_fonts import vni

NAMES = (
    "Hà Tĩnh", "Thạch Hà", "Thạch Hạ", "Kỳ Anh", "Đức Thọ", "Hương Khê", "Cẩm Xuyên", "Nghi Xuân",
    "Lộc Hà", "Vũ Quang", "Can Lộc", "Hồng Lĩnh", "Đồng Lộc", "Hoành Sơn", "Thiên Cầm", "Cẩm Bình",
    "Ân Phú", "Ích Hậu", "Yên Hòa", "Quang Thọ", "Đại Nài", "Trần Phú", "Thành Sen", "Sông Trí",
    "Hà Huy Tập", "Tùng Lộc", "Xuân Lộc", "Toàn Lưu", "Mai Hoa", "Sơn Kim 1", "Cổ Đạm", "Tứ Mỹ",
)  # fmt: skip
ADDRESSES = (
    "Trạm BTS Viettel tại nhà ông Nguyễn Văn Bảy, thôn Đông Hà, xã Thạch Hà (LTE 1800)",
    "Cột dây co 42 m trên mái UBND phường Trần Phú, số 12/3 đường Hà Huy Tập; HTI-0123",
    "Đã phát sóng 4G/LTE; chưa có máy nổ, ắc quy 4 giờ, truyền dẫn quang FO24 – Ericsson",
)
FONTS = {
    "TCVN3": tcvn3,
    "VNI": vni,
    "VIQR": viqr,
    "cp1258": lambda text: read_wrongly(cp1258(text)),
    "UTF-8 as cp1252": lambda text: read_wrongly(text.encode()),
    "UTF-8 as cp1258": lambda text: read_wrongly(text.encode(), "cp1258"),
    "TCVN3 as cp1258": lambda text: read_wrongly(tcvn3(text).encode("latin-1"), "cp1258"),
}
OTHER = (
    "HTI-0123", "4G/LTE", "GSM900;LTE1800", "1.234,5", "105°30'", "18°20'34\"N", "50 µm", "10 m²",
    "± 3 dB", "½ inch", "Ø110", "• Trạm", "© Viettel", "«Trạm» A", "§ 5", "Nº 12", "café", "naïve",
    "Müller", "für", "Zürich", "señor", "São Paulo", "où", "Malmö", "Ångström", "Curaçao", "façade",
    "Đắk Lắk", "Krông Pa", "M'Đrắk", "ôtô", "Pêtrôlimex", "don't", "e.g. a.m.", "C++", "a^2+b^2",
    "3G+4G", "https://a.b/c?d=e~f", "foo`bar", "Có sóng không?", "Tốt (tạm).", "thôn 3+4", "D-a",
    "T.T. Nghèn", "TX. Kỳ Anh", "Hương Sơn – Vũ Quang", "Côte d'Ivoire", "não", "grün", "thé", "né",
    "Hoà", "HOÀ", "Lâm", "thuỷ", "Quí", "Kì", "Thôn 3, xã Tây (ĐT: 0912345678)", "QĐ số 5",
    "TĐC Kỳ",
)  # fmt: skip


@pytest.mark.parametrize("font", FONTS)
def test_names_in_an_old_font_come_back(font: str) -> None:
    assert readable([FONTS[font](name) for name in NAMES]) == list(NAMES)


@pytest.mark.parametrize("font", ["TCVN3", "VNI", "cp1258", "UTF-8 as cp1252"])
def test_long_text_with_codes_and_foreign_words_comes_back(font: str) -> None:
    assert readable([FONTS[font](text) for text in ADDRESSES]) == list(ADDRESSES)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_unicode_is_never_touched(form: str) -> None:
    texts = [unicodedata.normalize(form, text) for text in (*NAMES, *ADDRESSES)]
    assert settled({"name": texts}) == {}
    assert [text for text in texts if settled({"": [text]})] == []


def test_no_other_text_is_taken_for_an_old_font() -> None:
    assert settled({"any": list(OTHER)}) == {}
    assert [text for text in OTHER if settled({"": [text]})] == []


@pytest.mark.parametrize("count", [1, 3])
def test_few_names_are_enough(count: int) -> None:
    asked = [NAMES[start : start + count] for start in range(0, 24, count)]
    for font, encode in (("tcvn3", tcvn3), ("vni", vni)):
        found = [readable([encode(name) for name in names]) == list(names) for names in asked]
        assert sum(found) >= len(found) - 4 // count, font  # "Vò Quang" may be meant


def test_a_column_that_says_too_little_is_read_as_its_table() -> None:
    alone = settled({"street": ["Vò Quang"]})
    table = settled({"street": ["Vò Quang"], "name": [tcvn3(name) for name in NAMES]})
    assert alone == {}
    assert table["street"][0].texts == {"Vò Quang": "Vũ Quang"}


def test_unicode_rows_of_a_column_in_an_old_font_stay() -> None:
    old, new = NAMES[:8], NAMES[8:12]
    (change,) = settled({"": [tcvn3(name) for name in old] + list(new)})[""]
    assert change.texts == {tcvn3(name): name for name in old if tcvn3(name) != name}
    assert change.is_mixed


def test_what_reads_either_way_in_a_mixed_column_is_left_and_named() -> None:
    texts = [*map(tcvn3, NAMES[:4]), *NAMES[4:8], "An Dòng"]
    (change,) = settled({"": texts})[""]
    assert change.doubtful == ("An Dòng",)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("HUYÖN Kú ANH", "HUYỆN KỲ ANH"), ("¸i Quèc", "Ái Quốc"), ("X· Kú Hµ", "Xã Kỳ Hà"),
        ("thÞ trÊn Th¹ch Hµ", "thị trấn Thạch Hà"),
    ],
)  # fmt: skip
def test_capitals_that_the_font_lacks_are_restored(typed: str, read: str) -> None:
    assert readable([typed, tcvn3("Cẩm Xuyên")])[0] == read


def test_names_in_a_font_of_capitals_get_their_initials() -> None:
    assert readable(["hµ tÜnh", "kú anh", "th¹ch hµ"]) == ["Hà Tĩnh", "Kỳ Anh", "Thạch Hà"]


@pytest.mark.parametrize("text", ["HÃ  TÄ©nh", "HÃ\u00a0 TÄ©nh", "HÃ TÄ©nh"])
def test_a_lost_space_within_broken_utf8_is_put_back(text: str) -> None:
    assert mended_utf8(text) == "Hà Tĩnh"
    assert mended_utf8("ThÃ nh Sen") == "Thành Sen"


def test_the_letter_that_looks_like_d_with_stroke_is_it() -> None:
    assert readable(["Ðức Thọ", "Thạch Hà"]) == ["Đức Thọ", "Thạch Hà"]
    assert readable(["Guðmundur"]) == ["Guðmundur"]


def test_headings_in_an_old_font_are_read() -> None:
    assert readable(["M· tr¹m", "VÜ ®é", "TT"]) == ["Mã trạm", "Vĩ độ", "TT"]


@pytest.mark.parametrize("word", ["nghiêng", "khuỷu", "Quảng", "gì", "HOÀ", "hòa", "Thach", "ươm"])
def test_syllables_are_known(word: str) -> None:
    assert is_syllable(word)
    assert is_syllable(unicodedata.normalize("NFD", word))


@pytest.mark.parametrize("word", ["TÜnh", "cê", "kà", "lôc", "station", "hoàn̉", "tiề́n", "Hµ"])
def test_what_is_no_syllable_is_known(word: str) -> None:
    assert not is_syllable(word)


@pytest.mark.parametrize(
    ("codec", "letters"), [("TCVN5712-1", TCVN3_LETTERS), ("VISCII", VISCII_LETTERS)]
)
def test_the_tables_are_those_of_iconv(codec: str, letters: dict[str, str]) -> None:
    known = {key: letter for key, letter in letters.items() if key <= "\u00ff"}
    typed = "\n".join(known).encode("latin-1") + b"\n"
    try:
        done = subprocess.run(
            ["iconv", "-f", codec, "-t", "UTF-8"], input=typed, capture_output=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("needs iconv")
    if done.returncode:
        pytest.skip(f"iconv lacks {codec}")
    assert done.stdout.decode().split("\n")[:-1] == list(known.values())


@pytest.mark.parametrize("short", ["SĐT", "QĐ", "ĐTDĐ", "HĐND"])
def test_abbreviations_with_a_stroked_d_are_unicode(short: str) -> None:
    assert settled({"": ["Mã trạm", "Chủ đất", short], "a": [short]}) == {}
