"""
Tables as a few bytes: what a browser needs to draw and to tell, and nothing else.

A packed layer is one gzip stream, base64-encoded: the length of a JSON header, the header, then
arrays of 32-bit whole numbers. Each array holds the differences of its neighbours, zigzag-coded so
that small differences of either sign are small numbers, and split into four planes of bytes, of
which the upper ones are nearly all zero. Equal input gives equal bytes.
"""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["pack", "unpack"]

Ints = npt.NDArray[np.int64]


def pack(header: Mapping[str, Any], arrays: Mapping[str, npt.ArrayLike]) -> str:
    """
    Return a header and arrays of whole numbers as compact text.

    Parameters
    ----------
    header
        Values that JSON can hold; NaN and infinity are refused.
    arrays
        One-dimensional arrays within the range of 32-bit whole numbers.

    Returns
    -------
    text
        Base64 of the gzip stream.

    Raises
    ------
    OverflowError
        If a number needs more than 32 bits.

    Examples
    --------
    >>> unpack(pack({"title": "Trạm"}, {"x": [5, 7, -2]}))
    ({'title': 'Trạm'}, {'x': array([ 5,  7, -2])})
    """
    columns = {name: np.asarray(values, dtype=np.int64) for name, values in arrays.items()}
    sizes = [[name, int(values.size)] for name, values in columns.items()]
    text = json.dumps({**header, "arrays": sizes}, ensure_ascii=False, allow_nan=False)
    head = text.encode("utf-8")
    body = b"".join(_planes(values) for values in columns.values())
    whole = len(head).to_bytes(4, "little") + head + body
    return base64.b64encode(gzip.compress(whole, compresslevel=9, mtime=0)).decode("ascii")


def unpack(text: str) -> tuple[dict[str, Any], dict[str, Ints]]:
    """
    Return what `pack` was given.

    Parameters
    ----------
    text
        Packed layer.

    Returns
    -------
    header
        Header without the sizes of the arrays.
    arrays
        Arrays by name.
    """
    whole = gzip.decompress(base64.b64decode(text))
    length = int.from_bytes(whole[:4], "little")
    header = json.loads(whole[4 : 4 + length].decode("utf-8"))
    arrays, place = {}, 4 + length
    for name, size in header.pop("arrays"):
        planes = np.frombuffer(whole, np.uint8, 4 * size, place).reshape(4, size)
        zigzag = np.zeros(size, dtype=np.uint32)
        for plane in range(4):
            zigzag |= planes[plane].astype(np.uint32) << np.uint32(8 * plane)
        steps = (zigzag >> np.uint32(1)).astype(np.int64) ^ -(zigzag & np.uint32(1)).astype(
            np.int64
        )
        arrays[name] = _wrapped(np.cumsum(steps))
        place += 4 * size
    return header, arrays


def _planes(values: Ints) -> bytes:
    """Return the differences of an array as zigzag-coded planes of bytes."""
    if values.size and (int(values.min()) < -(2**31) or int(values.max()) >= 2**31):
        msg = "a packed number needs more than 32 bits"
        raise OverflowError(msg)
    steps = _wrapped(np.diff(values, prepend=0))
    zigzag = (steps << 1) ^ (steps >> 63)
    planes = zigzag.astype("<u4").view(np.uint8).reshape(values.size, 4)
    return np.ascontiguousarray(planes.T).tobytes()


def _wrapped(values: Ints) -> Ints:
    """Return whole numbers as 32 bits hold them, so that sums of differences come back."""
    return values.astype(np.int32, casting="unsafe").astype(np.int64)
