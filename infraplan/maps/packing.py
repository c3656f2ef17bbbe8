"""
Tables as a few bytes: what a browser needs to draw and to tell, and nothing else.

This is the whole format, so that a decoder may be written from it; `static/unpack.js` is one.

**Container.** Base64 of one gzip stream. Inside it: the length of a JSON header as four bytes,
lowest first; the header, UTF-8; then the streams of the arrays without anything between them.

**Header.** Any JSON object. Three of its keys are the format's own. `arrays` lists the arrays in
the order of their streams, each as `[name, order, chain, [[count, planes], ...]]`. `columns`, where
there is one, is a list of lists of texts; `numbered` has one entry a column: `null`, or the
templates by which the texts of that column are to be made.

**Stream.** `count` whole numbers of 32 bits. A number v is written as `(v << 1) ^ (v >> 31)`
(zigzag), so that small numbers of either sign are small; its four bytes go to four planes, the
lowest bytes of all numbers first; only the lowest `planes` of them are written, for the others are
all zero.

**Array.** All sums below are taken modulo 2^32 and read as signed. Without a chain (`chain` is
`null`) an array has one stream, and is what remains after summing it up `order` times (0, 1 or 2)
from its beginning: `x[i] = x[i - 1] + s[i]`. With a chain, `chain` names an earlier array of
lengths: the array is cut into chains of these lengths, and

- with order 1 it has two streams: the first values of all chains that are not empty, summed up
  once; then for all other values, chain after chain, the step from the value before;
- with order 2 it has three: the first values as above; the first steps of all chains of at least
  two values, as they are; then for all other values the step less the step before.

**Numbered texts.** A column whose texts are a name and a number (`HTH-VTL-0012`) is an empty list
in `columns`, its templates `[[before, digits, after], ...]` in `numbered`. Array `text<n>` has the
number of each text, array `template<n>` the place of its template, left out where there is only
one. The text is `before`, the number padded with zeros to `digits` places, `after`.

**Layers.** What `layers` writes by these means: `category` the place of each feature's style;
points `x`, `y` and, where they have sectors, `sectors` (how many each) and `azimuth` (degrees);
lines and polygons `parts` (how many each feature has), `sizes` (vertices of each part) and `x`, `y`
in chains of `sizes`; polygons also a point inside, `labelX`, `labelY`. Coordinates are whole
multiples of the header's `step`, in metres of EPSG:3857. `column<n>` has for each feature the place
of its text in column n; `number<n>` its figures in units of the last decimal, -2^31 where there is
none. A layer that tells `alike` has `category` alone; all else is that of the layer so named.

Equal input gives equal bytes, whatever the machine.
"""

import base64
import gzip
import json
import re
import zlib
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["pack", "unpack"]

Ints = npt.NDArray[np.int64]

SURE = 64  # values up to which it is not worth trying how they pack best
NUMBERED_FROM = 16  # texts from which names and numbers are told apart
SHARE = 8  # texts that one template must stand for, on average
NUMBER = re.compile(r"^(.*?)([0-9]{1,9})([^0-9]*)$", re.DOTALL)


def pack(
    header: Mapping[str, Any],
    arrays: Mapping[str, npt.ArrayLike],
    *,
    chains: Mapping[str, str] | None = None,
) -> str:
    """
    Return a header and arrays of whole numbers as compact text.

    Parameters
    ----------
    header
        Values that JSON can hold; NaN and infinity are refused.
    arrays
        One-dimensional arrays within the range of 32-bit whole numbers.
    chains
        For an array of chains, such as the vertices of lines, the name of the array that has the
        length of each; that one must stand before it.

    Returns
    -------
    text
        Base64 of the gzip stream.

    Raises
    ------
    OverflowError
        If a number needs more than 32 bits.
    ValueError
        If an array is not as long as its chains, or the header uses a name of the format.

    Examples
    --------
    >>> unpack(pack({"title": "Trạm"}, {"x": [5, 7, -2]}))
    ({'title': 'Trạm'}, {'x': array([ 5,  7, -2])})
    """
    if {"arrays", "numbered"} & set(header):
        msg = "the header may not hold 'arrays' or 'numbered': the format needs these names"
        raise ValueError(msg)
    whole = {name: np.asarray(values, dtype=np.int64) for name, values in arrays.items()}
    told = dict(header)
    if "columns" in told:
        told["columns"], told["numbered"], more = _numbered(told["columns"])
        whole |= more
    entries: list[Any] = []
    body: list[bytes] = []
    for name, values in whole.items():
        chain = (chains or {}).get(name)
        lengths = None if chain is None else whole[chain]
        if lengths is not None and int(lengths.sum()) != values.size:
            msg = f"array {name!r} has {values.size} values, its chains {int(lengths.sum())}"
            raise ValueError(msg)
        order, streams = _best(_checked(values), lengths)
        packed = [_planes(stream) for stream in streams]
        sizes = [[int(s.size), planes] for s, (planes, _) in zip(streams, packed, strict=True)]
        entries.append([name, order, chain, sizes])
        body += [content for _, content in packed]
    text = json.dumps({**told, "arrays": entries}, ensure_ascii=False, allow_nan=False)
    head = text.encode("utf-8")
    content = len(head).to_bytes(4, "little") + head + b"".join(body)
    return base64.b64encode(gzip.compress(content, compresslevel=9, mtime=0)).decode("ascii")


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
        Header without what belongs to the format.
    arrays
        Arrays by name.
    """
    whole = gzip.decompress(base64.b64decode(text))
    length = int.from_bytes(whole[:4], "little")
    header = json.loads(whole[4 : 4 + length].decode("utf-8"))
    place = 4 + length
    arrays: dict[str, Ints] = {}
    for name, order, chain, sizes in header.pop("arrays"):
        streams = []
        for count, planes in sizes:
            streams.append(_numbers(whole, place, count, planes))
            place += count * planes
        if chain is None:
            arrays[name] = _summed(streams[0], order)
        else:
            arrays[name] = _chained(streams, arrays[chain], order)
    for n, templates in enumerate(header.pop("numbered", [])):
        if templates is not None:
            numbers = arrays.pop(f"text{n}")
            which = arrays.pop(f"template{n}", np.zeros(numbers.size, dtype=np.int64))
            header["columns"][n] = [
                f"{templates[t][0]}{value:0{templates[t][1]}d}{templates[t][2]}"
                for value, t in zip(numbers.tolist(), which.tolist(), strict=True)
            ]
    return header, arrays


def _numbered(
    columns: Sequence[Sequence[str]],
) -> tuple[list[Sequence[str]], list[Any], dict[str, Ints]]:
    """Return columns of texts, those made of a name and a number as templates and numbers."""
    kept: list[Sequence[str]] = []
    told: list[Any] = []
    arrays: dict[str, Ints] = {}
    for n, texts in enumerate(columns):
        found = _templates(texts)
        kept.append(texts if found is None else [])
        told.append(None if found is None else found[0])
        if found is not None:
            arrays[f"text{n}"] = found[1]
            if len(found[0]) > 1:
                arrays[f"template{n}"] = found[2]
    return kept, told, arrays


def _templates(texts: Sequence[str]) -> tuple[list[list[Any]], Ints, Ints] | None:
    """Return templates, numbers and each text's template; None where texts are not of that kind."""
    if len(texts) < NUMBERED_FROM:
        return None
    parts = [NUMBER.match(text) for text in texts]
    padded = {(m[1], m[3]) for m in parts if m is not None and len(m[2]) > 1 and m[2][0] == "0"}
    places: dict[tuple[str, int, str], int] = {}
    numbers, which = [], []
    for match in parts:
        if match is None:
            return None
        key = (match[1], len(match[2]) if (match[1], match[3]) in padded else 0, match[3])
        which.append(places.setdefault(key, len(places)))
        numbers.append(int(match[2]))
    if SHARE * len(places) > len(texts):
        return None
    return (
        [list(key) for key in places],
        np.array(numbers, dtype=np.int64),
        np.array(which, dtype=np.int64),
    )


def _checked(values: Ints) -> Ints:
    """Return whole numbers that fit into 32 bits."""
    if values.size and (int(values.min()) < -(2**31) or int(values.max()) >= 2**31):
        msg = "a packed number needs more than 32 bits"
        raise OverflowError(msg)
    return values


def _best(values: Ints, lengths: Ints | None) -> tuple[int, list[Ints]]:
    """Return the order in which an array packs best, and its streams."""
    orders = [1] if values.size <= SURE else [0, 1, 2] if lengths is None else [1, 2]
    tried = [
        (order, _differences(values, order) if lengths is None else _links(values, lengths, order))
        for order in orders
    ]
    return tried[0] if len(tried) == 1 else min(tried, key=lambda entry: _weight(entry[1]))


def _weight(streams: Sequence[Ints]) -> int:
    """Return about how many bytes streams take in the end."""
    return len(zlib.compress(b"".join(_planes(stream)[1] for stream in streams), 6))


def _differences(values: Ints, order: int) -> list[Ints]:
    """Return an array differenced some times."""
    for _ in range(order):
        values = _wrapped(np.diff(values, prepend=0))
    return [values]


def _links(values: Ints, lengths: Ints, order: int) -> list[Ints]:
    """Return first values of chains, with order 2 their first steps, and the differences left."""
    place = _places(lengths)
    steps = _wrapped(np.diff(values, prepend=0))
    firsts = _wrapped(np.diff(values[place == 0], prepend=0))
    if order == 1:
        return [firsts, steps[place > 0]]
    return [firsts, steps[place == 1], _wrapped(np.diff(steps, prepend=0))[place > 1]]


def _places(lengths: Ints) -> Ints:
    """Return the place of each value in its own chain."""
    starts = np.cumsum(lengths) - lengths
    places: Ints = np.arange(int(lengths.sum())) - np.repeat(starts, lengths)
    return places


def _summed(values: Ints, times: int) -> Ints:
    """Return what remains after summing up some times, as 32 bits hold it."""
    for _ in range(times):
        values = _wrapped(np.cumsum(values))
    return values


def _chained(streams: Sequence[Ints], lengths: Ints, order: int) -> Ints:
    """Return the values of chains."""
    place = _places(lengths)
    firsts = _summed(streams[0], 1)
    steps = np.zeros(place.size, dtype=np.int64)
    if order == 1:
        steps[place > 0] = streams[1]
    else:
        steps[place == 1] = streams[1]
        steps[place > 1] = streams[2]
        steps = _along(steps, place == 0)
    steps[place == 0] = firsts
    return _wrapped(_along(steps, place == 0))


def _along(values: Ints, starts: npt.NDArray[np.bool_]) -> Ints:
    """Return sums that begin anew at each start."""
    total = np.cumsum(values)
    if not total.size:
        return total
    before = (total - values)[starts]
    return total - np.repeat(before, np.diff(np.append(np.flatnonzero(starts), total.size)))


def _planes(values: Ints) -> tuple[int, bytes]:
    """Return how many planes of bytes zigzag-coded numbers need, and the planes."""
    zigzag = (values << 1) ^ (values >> 63)
    planes = zigzag.astype("<u4").view(np.uint8).reshape(values.size, 4).T
    needed = max((k + 1 for k in range(4) if planes[k].any()), default=0)
    return needed, np.ascontiguousarray(planes[:needed]).tobytes()


def _numbers(whole: bytes, place: int, count: int, planes: int) -> Ints:
    """Return the numbers of a stream."""
    read = np.frombuffer(whole, np.uint8, planes * count, place).reshape(planes, count)
    zigzag = np.zeros(count, dtype=np.int64)
    for plane in range(planes):
        zigzag |= read[plane].astype(np.int64) << (8 * plane)
    return (zigzag >> 1) ^ -(zigzag & 1)


def _wrapped(values: Ints) -> Ints:
    """Return whole numbers as 32 bits hold them, so that sums of differences come back."""
    return values.astype(np.int32, casting="unsafe").astype(np.int64)
