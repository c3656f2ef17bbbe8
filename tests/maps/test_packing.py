"""Packed layers come back as they went in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.maps.packing import pack
from infraplan.maps.packing import unpack

WHOLE = st.integers(-(2**31), 2**31 - 1)
NUMBERS = st.lists(WHOLE, max_size=60)
CHAINS = st.lists(st.lists(WHOLE | st.integers(-40, 40), max_size=9), max_size=40)
NAMES = st.tuples(
    st.sampled_from(["", "F-VTL-", "Thôn ", "2-", "<b>"]),
    st.integers(0, 10**10).map(str) | st.integers(0, 999).map("{:04d}".format),
    st.sampled_from(["", "", "/1", "a"]),
).map("".join)


@given(first=NUMBERS, second=NUMBERS)
def test_arrays_come_back_as_they_went_in(first: list[int], second: list[int]) -> None:
    header, arrays = unpack(pack({"tên": "Đức Thọ"}, {"first": first, "second": second}))
    assert header == {"tên": "Đức Thọ"}
    assert arrays["first"].tolist() == first
    assert arrays["second"].tolist() == second


@given(chains=CHAINS)
def test_chains_come_back_whatever_their_lengths(chains: list[list[int]]) -> None:
    values = [value for chain in chains for value in chain]
    sizes = [len(chain) for chain in chains]
    found = unpack(pack({}, {"sizes": sizes, "x": values}, chains={"x": "sizes"}))[1]
    assert found["x"].tolist() == values
    assert found["sizes"].tolist() == sizes


@given(texts=st.lists(NAMES | st.text(max_size=8), max_size=80))
def test_texts_come_back_letter_by_letter(texts: list[str]) -> None:
    header = {"columns": [texts, ["Xã"], texts[::-1]]}
    assert unpack(pack(header, {"column0": range(len(texts))}))[0] == header


def test_ids_that_count_take_next_to_nothing() -> None:
    ids = [f"HTH-{operator}-{n:05d}" for operator in ("VTL", "VNP") for n in range(15_000)]
    assert len(pack({"columns": [ids]}, {})) < 1_000


@pytest.mark.parametrize("order", [1, 2])
def test_smooth_and_jagged_lines_are_packed_each_its_way(order: int) -> None:
    rng = np.random.default_rng(0)
    step = rng.integers(-40, 40, (500, 30))
    x = step.cumsum(1) if order == 1 else (step // 8).cumsum(1).cumsum(1)
    sizes = np.full(500, 30)
    together = pack({}, {"sizes": sizes, "x": x.ravel()}, chains={"x": "sizes"})
    assert len(together) < len(pack({}, {"sizes": sizes, "x": x.ravel()}))
    assert (unpack(together)[1]["x"] == x.ravel()).all()


def test_equal_layers_give_equal_bytes() -> None:
    assert pack({"a": 1}, {"x": [1, 2]}) == pack({"a": 1}, {"x": np.array([1, 2])})


def test_a_number_beyond_32_bits_is_refused() -> None:
    with pytest.raises(OverflowError, match="32 bits"):
        pack({}, {"x": [0, 2**33]})


def test_chains_must_add_up() -> None:
    with pytest.raises(ValueError, match="'x' has 3 values, its chains 4"):
        pack({}, {"sizes": [2, 2], "x": [1, 2, 3]}, chains={"x": "sizes"})


def test_a_name_of_the_format_is_refused() -> None:
    with pytest.raises(ValueError, match="'arrays'"):
        pack({"arrays": 1}, {})


def test_a_value_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        pack({"x": float("nan")}, {})


def test_a_long_smooth_line_takes_less_than_two_bytes_a_vertex() -> None:
    x = np.cumsum(np.random.default_rng(0).integers(-40, 40, 50_000))
    assert len(pack({}, {"x": x})) < 2 * x.size
