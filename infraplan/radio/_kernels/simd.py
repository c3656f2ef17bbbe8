"""
Arithmetic in single precision that the compiler turns into vector instructions.

numba never vectorises `if q > m: m = q` for floats, for NaN and signed zeros forbid it; the
intrinsics here tell LLVM that neither occurs. Logarithm and power are polynomials without branches
or calls: relative error 2e-7, tested against numpy.
"""

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["exp2_32", "largest", "log2_32", "smallest"]

FREE = ("nnan", "ninf", "nsz")
LN2 = math.log(2.0)


def _ordered(predicate):
    """Return an intrinsic that picks one of two floats; neither may be NaN."""

    @intrinsic
    def pick(_context, a, b):
        def make(_target, builder, _signature, args):
            first = builder.fcmp_ordered(predicate, args[0], args[1], flags=FREE)
            return builder.select(first, args[0], args[1], flags=FREE)

        return a(a, b), make

    return pick


largest = _ordered(">")
smallest = _ordered("<")


class _Single:
    """Writes arithmetic on one single-precision value."""

    def __init__(self, builder):
        self.builder = builder
        self.real, self.whole = ir.FloatType(), ir.IntType(32)

    def number(self, value):
        """Return a constant as single precision has it."""
        return ir.Constant(self.real, float(np.float32(value)))

    def polynomial(self, x, coefficients):
        """Return the polynomial of which the constant term comes first."""
        total = self.number(coefficients[-1])
        for value in reversed(coefficients[:-1]):
            total = self.builder.fadd(self.builder.fmul(total, x), self.number(value))
        return total


@intrinsic
def log2_32(_context, x):
    """Return the binary logarithm of a positive, normal float32."""

    def make(_target, builder, _signature, args):
        f = _Single(builder)
        bits = builder.bitcast(args[0], f.whole)
        # split so that the mantissa lies in [0.707, 1.414): there the series converges fast
        shifted = builder.sub(bits, ir.Constant(f.whole, 0x3F3504F3))
        exponent = builder.ashr(shifted, ir.Constant(f.whole, 23))
        mantissa = builder.bitcast(
            builder.sub(bits, builder.shl(exponent, ir.Constant(f.whole, 23))), f.real
        )
        s = builder.fdiv(
            builder.fsub(mantissa, f.number(1.0)), builder.fadd(mantissa, f.number(1.0))
        )
        odd = f.polynomial(builder.fmul(s, s), [2.0 / LN2 / k for k in (1, 3, 5, 7, 9)])
        return builder.fadd(builder.sitofp(exponent, f.real), builder.fmul(s, odd))

    return types.float32(types.float32), make


@intrinsic
def exp2_32(_context, x):
    """Return two to the power of a float32 in [-126, 127]; beyond, the nearer end."""

    def make(_target, builder, _signature, args):
        f = _Single(builder)
        low, high = f.number(-126.0), f.number(127.0)
        value = builder.select(builder.fcmp_ordered(">", args[0], low), args[0], low)
        value = builder.select(builder.fcmp_ordered("<", value, high), value, high)
        # truncation of a positive number is its floor
        whole = builder.fptosi(builder.fadd(value, f.number(126.5)), f.whole)
        whole = builder.sub(whole, ir.Constant(f.whole, 126))
        part = builder.fsub(value, builder.sitofp(whole, f.real))
        power = f.polynomial(part, [LN2**k / math.factorial(k) for k in range(8)])
        bits = builder.shl(builder.add(whole, ir.Constant(f.whole, 127)), ir.Constant(f.whole, 23))
        return builder.fmul(power, builder.bitcast(bits, f.real))

    return types.float32(types.float32), make
