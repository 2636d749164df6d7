"""Arithmetic with a number inside of composite functions: PyTorch's C++ has other nodes for it than Python's operators."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..op import Array, op


def _both(xp: Any, input: Array, number: float) -> tuple[Array, Array]:
    """``input`` and the number in one type: integers become floats of the default type, as PyTorch's number is a double."""
    if input.dtype.kind in "iub":
        input = input.astype(dtypes.get_default_dtype().numpy)
    return input, xp.asarray(number, input.dtype)


@op(vjp={"input": lambda g, factor: times(g, factor)}, samples=lambda rand: [(rand(3, 4), 2.5)], node="MulBackward1")
def times(xp: Any, input: Array, factor: float) -> Array:
    """``input * factor``."""
    return xp.multiply(*_both(xp, input, factor))


@op(vjp={"input": lambda g, divisor: over(g, divisor)}, samples=lambda rand: [(rand(3, 4), 2.5)], node="DivBackward1")
def over(xp: Any, input: Array, divisor: float) -> Array:
    """``input / divisor``."""
    return xp.true_divide(*_both(xp, input, divisor))


@op(vjp={"input": lambda g: g}, samples=lambda rand: [(rand(3, 4), 2.5)], node="AddBackward1")
def plus(xp: Any, input: Array, number: float) -> Array:
    """``input + number``."""
    return xp.add(*_both(xp, input, number))


@op(vjp={"input": lambda g: g}, samples=lambda rand: [(rand(3, 4), 2.5)], node="SubBackward1")
def minus(xp: Any, input: Array, number: float) -> Array:
    """``input - number``."""
    return xp.subtract(*_both(xp, input, number))
