"""
Compiled loops of the coder of class codes; see `infraplan.maps.classes` for the format.

A binary arithmetic coder of 31 bits: `state` holds the low end, the range, the byte that waits for
a carry, the count of bytes that wait and the place in `out` (for reading: code, range and place).
A probability is 16 bits beside the count of what it has seen, which makes it quick to learn.
"""

# ruff: noqa: C901, FBT001, PLR0912, PLR0913, PLR0915, PLR0917 - compiled loops over bare arrays

import numpy as np
import numpy.typing as npt

from infraplan.jit import njit

Bytes = npt.NDArray[np.uint8]
Longs = npt.NDArray[np.int64]

LEAST = 1 << 23  # range below which a byte is moved
LOW, RANGE, CACHE, WAITING, PLACE = 0, 1, 2, 3, 4
CODE = 0


@njit
def _carry(state: Longs, out: Bytes) -> None:
    """Move the top byte of the low end out, with the carry that it may have had."""
    if state[LOW] < 0xFF000000 or state[LOW] >= 1 << 32:
        carry = state[LOW] >> 32
        while state[WAITING] > 0:
            out[state[PLACE]] = (state[CACHE] + carry) & 255
            state[PLACE] += 1
            state[CACHE] = 255
            state[WAITING] -= 1
        state[CACHE] = (state[LOW] >> 24) & 255
    state[WAITING] += 1
    state[LOW] = (state[LOW] & 0x00FFFFFF) << 8


@njit
def _write(
    bit: bool, at: int, chance: Longs, seen: Bytes, rates: Longs, state: Longs, out: Bytes
) -> None:
    """Write one decision by its probability, and let the probability learn of it."""
    p = chance[at]
    bound = (state[RANGE] >> 12) * (p >> 4)
    rate = rates[seen[at]]
    if bit:
        state[RANGE] = bound
        chance[at] = p + (((65520 - p) * rate) >> 15)
    else:
        state[LOW] += bound
        state[RANGE] -= bound
        chance[at] = p - (((p - 16) * rate) >> 15)
    if seen[at] < rates.size - 1:
        seen[at] += 1
    while state[RANGE] < LEAST:
        state[RANGE] <<= 8
        _carry(state, out)


@njit
def _read(at: int, chance: Longs, seen: Bytes, rates: Longs, state: Longs, data: Bytes) -> bool:
    """Read one decision by its probability, and let the probability learn of it."""
    p = chance[at]
    bound = (state[RANGE] >> 12) * (p >> 4)
    rate = rates[seen[at]]
    bit: bool = state[CODE] < bound
    if bit:
        state[RANGE] = bound
        chance[at] = p + (((65520 - p) * rate) >> 15)
    else:
        state[CODE] -= bound
        state[RANGE] -= bound
        chance[at] = p - (((p - 16) * rate) >> 15)
    if seen[at] < rates.size - 1:
        seen[at] += 1
    while state[RANGE] < LEAST:
        state[RANGE] <<= 8
        following = data[state[PLACE]] if state[PLACE] < data.size else 0
        state[CODE] = (state[CODE] << 8) | following
        state[PLACE] += 1
    return bit


@njit
def _symbol(
    value: int, first: int, second: int, third: int, fourth: int, many: int, at: int, chance: Longs,
    seen: Bytes, rates: Longs, state: Longs, data: Bytes,
) -> int:  # fmt: skip
    """
    Write a symbol below `many` (or read it, where `value` is -1) by asking for likely ones first.

    The four guesses are asked for in order, each once, then all others from 0 up; what is left when
    all others are refused is not asked for.
    """
    asked, left, place = 0, many, at
    for turn in range(many + 4):
        guess = (first, second, third, fourth)[turn] if turn < 4 else turn - 4
        if guess >= many or (asked >> guess) & 1:
            continue
        if left == 1:
            return guess
        if value >= 0:
            hit = value == guess
            _write(hit, place, chance, seen, rates, state, data)
        else:
            hit = _read(place, chance, seen, rates, state, data)
        if hit:
            return guess
        asked |= 1 << guess
        left -= 1
        place += 1
    return -1  # cannot be: the last symbol left was returned


@njit
def run(
    codes: Bytes, blocks: Bytes, reference: Bytes, reference_blocks: Bytes, many: int, side: int,
    data: Bytes, reads: bool,
) -> int:  # fmt: skip
    """Write `codes` to `data` (or read them from it); return the count of bytes written."""
    rows, columns = codes.shape
    block_rows, block_columns = blocks.shape
    has_reference = reference.size > 0
    rates = np.empty(64, np.int64)
    for n in range(64):
        rates[n] = int(65536 / (2 * n + 3.2)) if n < 63 else 520
    state = np.zeros(5, np.int64)
    state[RANGE] = (1 << 31) - 1
    if reads:
        for n in range(1, 5):
            state[CODE] = (state[CODE] << 8) | data[n]
        state[PLACE] = 5
    else:
        state[WAITING] = 1
    mixed, kinds = many, many + 1
    chance = np.full(kinds**4 * kinds, 32768, np.int64)
    seen = np.zeros(chance.size, np.uint8)
    for i in range(block_rows):
        for j in range(block_columns):
            left = blocks[i, j - 1] if j else 0
            up = blocks[i - 1, j] if i else 0
            right = blocks[i - 1, j + 1] if i and j + 1 < block_columns else 0
            other = reference_blocks[i, j] if has_reference else 0
            context = ((left * kinds + up) * kinds + right) * kinds + other
            value = -1 if reads else blocks[i, j]
            blocks[i, j] = _symbol(
                value, left, up, other if has_reference else right, mixed, kinds, context * kinds,
                chance, seen, rates, state, data,
            )  # fmt: skip
    contexts = many**4 * (many * 16 if has_reference else 8)
    chance = np.full(contexts * many, 32768, np.int64)
    seen = np.zeros(chance.size, np.uint8)
    for y in range(rows):
        for j in range(block_columns):
            known = blocks[y // side, j]
            begin, end = j * side, min(columns, j * side + side)
            if known != mixed:
                if reads:
                    for x in range(begin, end):
                        codes[y, x] = known
                continue
            for x in range(begin, end):
                w = codes[y, x - 1] if x else 0
                ww = codes[y, x - 2] if x > 1 else 0
                n = codes[y - 1, x] if y else 0
                nn = codes[y - 2, x] if y > 1 else 0
                nw = codes[y - 1, x - 1] if y and x else 0
                ne = codes[y - 1, x + 1] if y and x + 1 < columns else 0
                nee = codes[y - 1, x + 2] if y and x + 2 < columns else 0
                context = ((w * many + n) * many + nw) * many + ne
                q = 0
                if not has_reference:
                    context = context * 8 + (ww == w) * 4 + (nn == n) * 2 + (nee == ne)
                else:
                    q = reference[y, x]
                    east = reference[y, x + 1] if x + 1 < columns else 0
                    south = reference[y + 1, x] if y + 1 < rows else 0
                    west = reference[y, x - 1] if x else 0
                    north = reference[y - 1, x] if y else 0
                    context = context * many + q
                    context = context * 16 + (east == q) * 8 + (south == q) * 4
                    context += (west == q) * 2 + (north == q)
                value = -1 if reads else codes[y, x]
                codes[y, x] = _symbol(
                    value, w, n, ne, q, many, context * many, chance, seen, rates, state, data
                )
    if not reads:
        for _ in range(5):
            _carry(state, data)
    written: int = state[PLACE]
    return written
