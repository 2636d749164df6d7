"""Arithmetic with a number inside of composite functions: PyTorch's C++ has other nodes for it than Python's operators."""

from __future__ import annotations

from typing import Any

from ..op import Array, op


@op(vjp={"input": lambda g, factor: times(g, factor)}, samples=lambda rand: [(rand(3, 4), 2.5)], node="MulBackward1")
def times(xp: Any, input: Array, factor: float) -> Array:
    """``input * factor``."""
    return xp.multiply(input, xp.asarray(factor, input.dtype))


@op(vjp={"input": lambda g, divisor: over(g, divisor)}, samples=lambda rand: [(rand(3, 4), 2.5)], node="DivBackward1")
def over(xp: Any, input: Array, divisor: float) -> Array:
    """``input / divisor``."""
    return xp.true_divide(input, xp.asarray(divisor, input.dtype))


@op(vjp={"input": lambda g: g}, samples=lambda rand: [(rand(3, 4), 2.5)], node="AddBackward1")
def plus(xp: Any, input: Array, number: float) -> Array:
    """``input + number``."""
    return xp.add(input, xp.asarray(number, input.dtype))


@op(vjp={"input": lambda g: g}, samples=lambda rand: [(rand(3, 4), 2.5)], node="SubBackward1")
def minus(xp: Any, input: Array, number: float) -> Array:
    """``input - number``."""
    return xp.subtract(input, xp.asarray(number, input.dtype))
