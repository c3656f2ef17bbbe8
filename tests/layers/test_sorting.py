"""Vietnamese names stand in the order of ICU, which is that of the browser."""

import random
import unicodedata
from typing import Any

import pytest

from infraplan.layers.sorting import sort_key
from tests.layers.test_encodings import ADDRESSES
from tests.layers.test_encodings import NAMES

# measured: PyICU 2.16, Collator("vi")
IN_ORDER = (
    "Ái", "An", "Ăn", "Ân", "Can Lộc", "Dương", "Đan Trường", "Đồng Lộc", "Đức Thọ", "Hà Tĩnh",
    "Hồng Lĩnh", "Hương Khê",
)  # fmt: skip
TONES = ("ma", "Ma", "mà", "mả", "mã", "má", "mạ", "măm", "mâm", "me", "mê")
LETTERS = "aàảãáạăằắẳâầấbcdđeèẻẹêềếghiìỉĩíịklmnoòóôồốơờớpqrstuùúưừứvxyỳýfjwz0123456789  -.,()/'"


@pytest.mark.parametrize("words", [IN_ORDER, TONES], ids=["names", "tones"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_words_stand_in_vietnamese_order(words: tuple[str, ...], form: str) -> None:
    mixed = [unicodedata.normalize(form, word) for word in reversed(words)]
    found = [unicodedata.normalize("NFC", word) for word in sorted(mixed, key=sort_key)]
    assert tuple(found) == words


def test_numbers_may_stand_by_value() -> None:
    names = ["Thôn 10", "Thôn 2", "Thôn 02", "Thôn Đông"]
    assert min(names, key=sort_key) == "Thôn 02"
    by_value = sorted(names, key=lambda name: sort_key(name, numeric=True))
    assert by_value == ["Thôn 02", "Thôn 2", "Thôn 10", "Thôn Đông"]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("way", ["as text", "by value"])
def test_the_order_is_that_of_the_browser(chromium: Any, way: str) -> None:
    choose = random.Random(3)  # noqa: S311 - no secret
    made = {
        "".join(choose.choice(LETTERS + LETTERS.upper()) for _ in range(choose.randint(1, 5)))
        for _ in range(3000)
    }
    texts = sorted({*NAMES, *ADDRESSES, *made})
    numeric = way == "by value"
    page = chromium.new_page()
    script = "([l, n]) => l.sort(new Intl.Collator('vi', {numeric: n}).compare)"
    expected = page.evaluate(script, [texts, numeric])
    page.close()
    assert sorted(texts, key=lambda text: sort_key(text, numeric=numeric)) == expected
