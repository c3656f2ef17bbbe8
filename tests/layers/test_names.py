"""Names of communes: spellings of one name meet, different names do not."""

import unicodedata

import pytest

from infraplan.layers.names import match_names
from infraplan.layers.names import name_key

NAMES = {
    "1": ("Thạch Hà", "Xã Thạch Hà"),
    "2": ("Thạch Hạ", "Xã Thạch Hạ"),
    "3": ("Hòa Lạc", "Xã Hòa Lạc"),
    "4": ("Kỳ Anh", "Xã Kỳ Anh"),
    "5": ("Kỳ Anh", "Phường Kỳ Anh"),
    "6": ("Thành Sen", "Phường Thành Sen"),
}


@pytest.mark.parametrize(
    "pair",
    [("Hoà", "Hòa"), ("Thuý", "Thúy"), ("khoẻ", "khỏe"), ("Mỹ Lý", "Mĩ Lí"), ("QUÝ", "quí")],
    ids="-".join,
)
def test_spellings_of_one_name_have_one_key(pair: tuple[str, str]) -> None:
    assert name_key(pair[0]) == name_key(pair[1])
    assert name_key(unicodedata.normalize("NFD", pair[0])) == name_key(pair[1])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Thạch Hạ", "2"), ("xã THẠCH HÀ", "1"), ("Hoà Lạc", "3"), ("Hoa Lac", "3"),
        ("Phường Kỳ Anh", "5"), ("X. Kỳ Anh", "4"), ("P.Thành Sen", "6"), ("phuong thanh sen", "6"),
        (unicodedata.normalize("NFD", "Hòa Lạc"), "3"),
    ],
)  # fmt: skip
def test_a_name_finds_its_commune(text: str, code: str) -> None:
    assert match_names([text], NAMES)[text].code == code


def test_names_that_mean_two_communes_are_not_decided() -> None:
    found = match_names(["Kỳ Anh", "Thach Ha"], NAMES)
    assert found["Kỳ Anh"].candidates == ("4", "5")
    assert found["Thach Ha"].candidates == ("1", "2")
    assert found["Kỳ Anh"].code is None


def test_a_wrong_accent_is_only_proposed() -> None:
    found = match_names(["Thành Sên", "Đà Nẵng"], NAMES)
    assert found["Thành Sên"].code is None
    assert found["Thành Sên"].nearest == "Phường Thành Sen"
    assert found["Đà Nẵng"].nearest == ""
