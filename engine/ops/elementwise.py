"""Elementwise arithmetic."""

from __future__ import annotations

from typing import Any

from ..op import Array, op


@op(
    vjp={"input": lambda g: g, "other": lambda g, alpha: g if alpha == 1 else g * alpha},
    samples=lambda rand: [(rand(3, 4), rand(3, 4)), (rand(3, 4), rand(4)), rand.call(rand(2, 1), rand(3), alpha=2.5)],
    torch="add",
    promote="common",
)
def add(xp: Any, input: Array, other: Array, *, alpha: Any = 1) -> Array:
    """``input + alpha * other``; shapes broadcast."""
    return xp.add(input, other if alpha == 1 else xp.multiply(other, xp.asarray(alpha, other.dtype)))


@op(
    vjp={"input": lambda g, other: g * other, "other": lambda g, input: g * input},
    samples=lambda rand: [(rand(3, 4), rand(3, 4)), (rand(3, 4), rand(4))],
    torch="mul",
    promote="common",
)
def mul(xp: Any, input: Array, other: Array) -> Array:
    """Product of two tensors, element by element; shapes broadcast."""
    return xp.multiply(input, other)


TORCH = {"add": add, "mul": mul}
TENSOR = {
    "add": add,
    "__add__": add,
    "__radd__": lambda self, other: add(other, self),
    "mul": mul,
    "__mul__": mul,
    "__rmul__": lambda self, other: mul(other, self),
}
IN_PLACE = {"add_": add, "__iadd__": add, "mul_": mul, "__imul__": mul}
