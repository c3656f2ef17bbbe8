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


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("X. Thạch Hà, H. Thạch Hà, T. Hà Tĩnh", "1"), ("Thôn 3, xã Thạch Hạ, Hà Tĩnh", "2"),
        ("thon Dong - Thanh Sen - Ha Tinh", "6"), ("Số 5, P.Thành Sen, TP. Hà Tĩnh", "6"),
        ("H. Thạch Hà", None), ("TX Kỳ Anh", None), ("tinh Thach Ha", None),
    ],
)  # fmt: skip
def test_the_commune_of_an_address_is_found(text: str, code: str | None) -> None:
    assert match_names([text], NAMES)[text].code == code


def test_the_district_tells_two_communes_of_one_name_apart() -> None:
    names = {"1": ("Phú Lộc", "Xã Phú Lộc"), "2": ("Phú Lộc", "Xã Phú Lộc")}
    districts = {"1": "Huyện Can Lộc", "2": "Huyện Nghi Xuân"}
    asked = ["Phú Lộc, H. Can Loc", "xã Phú Lộc, huyện Nghi Xuân", "Phú Lộc"]
    found = match_names(asked, names, districts=districts)
    assert [found[text].code for text in asked] == [None, "2", None]
    assert (
        match_names(["Phú Lộc, Can Lộc"], names, districts=districts)["Phú Lộc, Can Lộc"].code
        == "1"
    )


@pytest.mark.parametrize("text", ["Sơn Kim I", "son kim 1", "X. Sơn Kim 01", "Sơn Kim-1"])
def test_roman_and_arabic_numbers_are_one(text: str) -> None:
    names = {"1": ("Sơn Kim 1",), "2": ("Sơn Kim 2",), "9": ("Phường 1",)}
    assert match_names([text], names)[text].code == "1"
    assert match_names(["P.1"], names)["P.1"].code == "9"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Xóm 2", "1"), ("thôn2", "1"), ("Thôn 02", "1"), ("TDP 2", "2"), ("Khối phố 2", "2"),
        ("KP2", "2"), ("Thôn Mới", "3"), ("Rào Tre", "4"), ("ban Rao Tre", "4"), ("Thôn 3", None),
    ],
)  # fmt: skip
def test_hamlets_are_found_by_any_of_their_kinds(text: str, code: str | None) -> None:
    hamlets = {"1": ("Thôn 2",), "2": ("Tổ dân phố 2",), "3": ("Xóm Mới",), "4": ("Bản Rào Tre",)}
    assert match_names([text], hamlets)[text].code == code


@pytest.mark.parametrize("pair", ["oà òa", "oé óe", "uỷ ủy", "quỳ quì", "hoẹ họe", "Ðông Đông"])
def test_every_place_of_the_tone_has_one_key(pair: str) -> None:
    one, other = pair.split()
    assert name_key(one) == name_key(other)
