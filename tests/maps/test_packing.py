"""Packed layers come back as they went in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.maps.packing import pack
from infraplan.maps.packing import unpack

NUMBERS = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=60)


@given(first=NUMBERS, second=NUMBERS)
def test_arrays_come_back_as_they_went_in(first: list[int], second: list[int]) -> None:
    header, arrays = unpack(pack({"tên": "Đức Thọ"}, {"first": first, "second": second}))
    assert header == {"tên": "Đức Thọ"}
    assert arrays["first"].tolist() == first
    assert arrays["second"].tolist() == second


def test_equal_layers_give_equal_bytes() -> None:
    assert pack({"a": 1}, {"x": [1, 2]}) == pack({"a": 1}, {"x": np.array([1, 2])})


def test_a_number_beyond_32_bits_is_refused() -> None:
    with pytest.raises(OverflowError, match="32 bits"):
        pack({}, {"x": [0, 2**33]})


def test_a_value_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        pack({"x": float("nan")}, {})


def test_a_long_smooth_line_takes_less_than_two_bytes_a_vertex() -> None:
    x = np.cumsum(np.random.default_rng(0).integers(-40, 40, 50_000))
    assert len(pack({}, {"x": x})) < 2 * x.size
