"""The four operations, remainders, signs, powers and roots, element by element."""

from __future__ import annotations

import cmath
import math
from typing import Any

from .. import dtypes
from ..autograd.grad_mode import mode
from ..op import Array, op, operator
from ..operands import OPERANDS
from ..tensor import Tensor
from .complexes import conj
from .kinds import is_complex, no_derivative, unsupported, zeros_as
from .scalars import times


def check_alpha(input: Any, other: Any, alpha: Any) -> None:
    """Raise RuntimeError for a factor of a higher category than the operands."""
    if alpha == 1:
        return
    kinds = [t.dtype if isinstance(t, Tensor) else dtypes.of_number(t) for t in (input, other)]
    category = max(kind.category for kind in kinds)
    if isinstance(alpha, bool) and category > 0:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and category < 2:
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(alpha, complex) and category < 3:
        raise RuntimeError("For non-complex input tensors, argument alpha must not be a complex number.")


def _check_sub(input: Any, other: Any, alpha: Any) -> None:
    first = isinstance(input, bool) or (isinstance(input, Tensor) and input._data.dtype.kind == "b")
    second = isinstance(other, bool) or (isinstance(other, Tensor) and other._data.dtype.kind == "b")
    if first and second:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead."
        )
    if first or second:
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or "
            "`logical_not()` operator instead."
        )
    check_alpha(input, other, alpha)


def _times(xp: Any, array: Array, factor: Any) -> Array:
    return xp.multiply(array, xp.asarray(factor).astype(array.dtype))


def no_zeros(xp: Any, divisor: Array) -> None:
    """Raise RuntimeError for integer division by zero, as PyTorch does on the CPU."""
    if divisor.dtype.kind in "iu" and xp.kind == "cpu" and not divisor.all():
        raise RuntimeError("ZeroDivisionError: integer division or modulo by zero")


# ---------------------------------------------------------------------------------------------------- the four operations


@op(
    vjp={"input": lambda g: g, "other": lambda g, alpha: g if alpha == 1 else g * conj(alpha)},
    samples=lambda rand: [(rand(3, 4), rand(3, 4)), (rand(3, 4), rand(4)), rand.call(rand(2, 1), rand(3), alpha=2.5), (rand(2), 3)],
    torch="add",
    promote="common",
    check=check_alpha,
    ufunc="add",
    on_arrays={"input": lambda g: g, "other": lambda g: g},
)
def add(xp: Any, input: Array, other: Array, *, alpha: Any = 1) -> Array:
    """``input + alpha * other``; shapes broadcast."""
    return xp.add(input, other if alpha == 1 else _times(xp, other, alpha))


@op(
    vjp={"input": lambda g: g, "other": lambda g, alpha: -g if alpha == 1 else g * -conj(alpha)},
    samples=lambda rand: [(rand(3, 4), rand(3, 4)), (rand(3, 4), rand(4)), rand.call(rand(2, 1), rand(3), alpha=2.5), (rand(2), 3)],
    torch="sub",
    promote="common",
    check=_check_sub,
    ufunc="subtract",
    on_arrays={"input": lambda g: g, "other": lambda xp, g: xp.negative(g)},
)
def sub(xp: Any, input: Array, other: Array, *, alpha: Any = 1) -> Array:
    """``input - alpha * other``; shapes broadcast."""
    return xp.subtract(input, other if alpha == 1 else _times(xp, other, alpha))


@op(
    vjp={"input": lambda g, alpha: -g if alpha == 1 else g * -conj(alpha), "other": lambda g: g},
    samples=lambda rand: [(rand(3, 4), rand(3, 4)), (rand(3, 4), rand(4)), rand.call(rand(2, 1), rand(3), alpha=2.5), (rand(2), 3)],
    torch="rsub",
    scalars=("other",),
    node=lambda other: "RsubBackward0" if isinstance(other, Tensor) else "RsubBackward1",
    promote="common",
    check=_check_sub,
)
def rsub(xp: Any, input: Array, other: Array, *, alpha: Any = 1) -> Array:
    """``other - alpha * input``; shapes broadcast."""
    return xp.subtract(other, input if alpha == 1 else _times(xp, input, alpha))


@op(
    vjp={"input": lambda g, other: g * conj(other), "other": lambda g, input: g * conj(input)},
    samples=lambda rand: [(rand(3, 4), rand(3, 4)), (rand(3, 4), rand(4)), (rand(), rand(2)), (rand(3), 2.5)],
    torch="mul",
    promote="common",
    halves="exact numbers",
    ufunc="multiply",
    on_arrays={"input": lambda xp, g, other: xp.multiply(g, other), "other": lambda xp, g, input: xp.multiply(g, input)},
)
def mul(xp: Any, input: Array, other: Array) -> Array:
    """Product of two tensors, element by element; shapes broadcast."""
    return xp.multiply(input, other)


@op(
    vjp={"input": lambda g, other: g / conj(other), "other": lambda g, input, other: -g * conj((input / other) / other)},
    samples=lambda rand: [(rand(3, 4), rand.away(3, 4)), (rand(3, 4), rand.away(4)), (rand(), rand.away(2)), (rand(3), 2.5)],
    torch="div",
    promote="float",
    halves="exact numbers",
    ufunc="divide",
    on_arrays={
        "input": lambda xp, g, other: xp.divide(g, other),
        "other": lambda xp, g, input, other: xp.multiply(xp.negative(g), xp.divide(xp.divide(input, other), other)),
    },
)
def div_(xp: Any, input: Array, other: Array) -> Array:
    """Quotient of two tensors, element by element; integers give floats; shapes broadcast."""
    return xp.divide(input, other)


@op(
    vjp={"input": lambda g: zeros_as(g), "other": lambda g: zeros_as(g)},
    samples=lambda rand: [
        (rand(3, 4), rand.away(3, 4), "floor"),
        (rand(3, 4), rand.away(4), "trunc"),
        (rand(3), 2.5, "trunc"),
        (rand.integers(20, 5, low=-20), rand.integers(5, 3, 1, low=1), "floor"),
        (rand.integers(20, 5, low=-20), rand.integers(-1, 3, 1, low=-5), "trunc"),
    ],
    node="DivBackward2",
    promote="common",
    halves="exact numbers",
    gradcheck=False,
)
def div_rounded(xp: Any, input: Array, other: Array, rounding_mode: str) -> Array:
    """Quotient rounded down ("floor") or towards zero ("trunc"); the type stays."""
    if input.dtype.kind in "bc":
        raise unsupported(xp, f"div_{rounding_mode}", input)
    no_zeros(xp, other)
    if rounding_mode == "floor":
        return xp.floor_divide(input, other)
    if input.dtype.kind == "f":
        return xp.trunc(xp.divide(input, other))
    down = xp.floor_divide(input, other)
    return down + ((input != down * other) & ((input < 0) != (other < 0)))


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """Quotient of two tensors, element by element; ``rounding_mode`` is None, "trunc" (towards zero) or "floor"."""
    if rounding_mode is None:
        return div_(input, other)
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'")
    return div_rounded(input, other, rounding_mode)


def true_divide(input: Any, other: Any) -> Any:
    """Quotient of two tensors, element by element; integers give floats."""
    return div_(input, other)


@op(
    vjp={"input": no_derivative("aten::floor_divide"), "other": no_derivative("aten::floor_divide")},
    samples=lambda rand: [
        (rand.integers(20, 3, 4, low=-20), rand.integers(5, 4, low=1)),
        (rand.integers(20, 3, low=-20), 2.5),
        (rand.integers(20, 3, low=-20), -3),
    ],
    torch="floor_divide",
    scalars=("input", "other"),
    node="torch::autograd::NotImplemented",
    promote="common",
    halves="exact numbers",
    gradcheck=False,
)
def floor_divide(xp: Any, input: Array, other: Array) -> Array:
    """Quotient rounded down. PyTorch has no derivative for it: ``div(rounding_mode="floor")`` has one."""
    if input.dtype.kind in "bc":
        raise unsupported(xp, "div_floor", input)
    no_zeros(xp, other)
    return xp.floor_divide(input, other)


def _remainder_node(input: Any, other: Any) -> str:
    return "RemainderBackward1" if isinstance(other, Tensor) else "RemainderBackward0"


@op(
    vjp={"input": lambda g: g, "other": lambda g, input, other: -g * div(input, other, rounding_mode="floor")},
    samples=lambda rand: [
        (rand.tensor([5.3, -5.3, 7.1]), rand.tensor([2.0, 2.0, -3.0])),
        (rand.tensor([[5.3], [-5.3]]), rand.tensor([2.0, -3.0])),
        (rand.tensor([5.3, -5.3]), 2.5),
        (rand.integers(20, 5, low=-20), -3),
    ],
    torch="remainder",
    scalars=("other",),
    node=_remainder_node,
    promote="common",
)
def remainder(xp: Any, input: Array, other: Array) -> Array:
    """What division rounded down leaves; it has the divisor's sign."""
    if input.dtype.kind in "bc":
        raise unsupported(xp, "remainder", input)
    no_zeros(xp, other)
    return xp.remainder(input, other)


@op(
    vjp={"input": lambda g: g, "other": lambda g, input, other: -g * div(input, other, rounding_mode="trunc")},
    samples=lambda rand: [
        (rand.tensor([5.3, -5.3, 7.1]), rand.tensor([2.0, 2.0, -3.0])),
        (rand.tensor([[5.3], [-5.3]]), rand.tensor([2.0, -3.0])),
        (rand.tensor([5.3, -5.3]), 2.5),
        (rand.integers(20, 5, low=-20), -3),
    ],
    torch="fmod",
    scalars=("other",),
    node=lambda other: "FmodBackward1" if isinstance(other, Tensor) else "FmodBackward0",
    promote="common",
)
def fmod(xp: Any, input: Array, other: Array) -> Array:
    """What division rounded towards zero leaves; it has the dividend's sign."""
    if input.dtype.kind in "bc":
        raise unsupported(xp, "fmod", input)
    no_zeros(xp, other)
    return xp.fmod(input, other)


# ------------------------------------------------------------------------------------------------------------------ signs


def _check_neg(input: Any) -> None:
    if isinstance(input, Tensor) and input._data.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or "
            "`logical_not()` operator instead."
        )


@op(
    vjp={"input": lambda g: -g},
    samples=lambda rand: [(rand(3, 4),), (rand(),), (rand.integers(5, 3),)],
    torch="neg",
    check=_check_neg,
    ufunc="negative",
    on_arrays={"input": lambda xp, g: xp.negative(g)},
)
def neg(xp: Any, input: Array) -> Array:
    """``-input``."""
    return xp.negative(input)


def positive(input: Tensor) -> Tensor:
    """The tensor itself.

    Raises RuntimeError for bools.
    """
    if input._data.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@op(
    vjp={"input": lambda g, input: g * sgn(input)},
    samples=lambda rand: [(rand.away(3, 4),), (rand.away(),), (rand.integers(5, 3, low=-5),)],
    torch="abs",
)
def abs_(xp: Any, input: Array) -> Array:
    """Absolute value; the gradient at 0 is 0."""
    if input.dtype.kind == "b":
        raise unsupported(xp, "abs", input)
    return xp.absolute(input)


@op(
    vjp={"input": lambda g: zeros_as(g)},
    samples=lambda rand: [(rand.away(3, 4),), (rand.integers(5, 3, low=-5),), (rand.booleans(3),)],
    torch="sign",
)
def sign(xp: Any, input: Array) -> Array:
    """-1, 0 or 1 by the sign of each element."""
    if input.dtype.kind == "c":
        raise NotImplementedError("Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead.")
    if input.dtype.kind == "b":
        return input.copy()
    return xp.sign(input) if input.dtype.kind != "f" else xp.where(input != input, input.dtype.type(0), xp.sign(input))


def _sgn_rule(g: Any, input: Any, out: Any) -> Any:
    if not is_complex(input):
        return zeros_as(g)
    length = input.abs()
    along = (g * conj(out)).real * out
    return ((g - along) / length).masked_fill(length == 0, 0)


@op(
    vjp={"input": _sgn_rule},
    samples=lambda rand: [(rand.away(3, 4),), (rand.integers(5, 3, low=-5),), (rand.complex(3),)],
    torch="sgn",
)
def sgn(xp: Any, input: Array) -> Array:
    """The sign; of a complex number the number of length 1 in its direction, 0 for 0."""
    if input.dtype.kind == "c":
        length = xp.absolute(input)
        return input / xp.where(length == 0, length.dtype.type(1), length)
    if input.dtype.kind == "b":
        return input.copy()
    return xp.sign(input) if input.dtype.kind != "f" else xp.where(input != input, input.dtype.type(0), xp.sign(input))


# ------------------------------------------------------------------------------------------------------- powers and roots


def _check_pow_number(input: Any, exponent: Any) -> None:
    if type(exponent) is int and exponent < 0 and input._data.dtype.kind in "biu":
        raise RuntimeError("Integers to negative integer powers are not allowed.")


def _pow_number_rule(g: Any, input: Any, exponent: Any) -> Any:
    if exponent == 0:
        return zeros_as(g)
    if mode.enabled and not isinstance(exponent, complex):  # the nodes that PyTorch has there
        return g * conj(times(pow_number(input, exponent - 1), exponent))
    if exponent == 2:
        return g * (2 * conj(input))
    return g * conj(exponent * pow_number(input, exponent - 1))


@op(
    vjp={"input": _pow_number_rule},
    samples=lambda rand: [
        (rand.away(3, 4), 2), (rand.away(3, 4), 3), (rand.positive(3), 0.5), (rand.positive(3), -1.5), (rand.away(3), -1), (rand(3), 1),
        (rand(3), 0), (rand.positive(), 2.5), (rand.integers(5, 4), 3), (rand.integers(5, 4), 0.5),
    ],
    torch="pow",
    node="PowBackward0",
    check=_check_pow_number,
)  # fmt: skip
def pow_number(xp: Any, input: Array, exponent: Any) -> Array:
    """``input ** exponent`` for a number as exponent."""
    own = dtypes.of(input.dtype)
    kind = dtypes.result_type([(own, 2 if input.ndim else 1), (dtypes.of_number(exponent), 0)])
    if kind is dtypes.bool_:
        return input.copy() if exponent else xp.ones_like(input)
    base = input if kind is own else input.astype(kind.numpy)
    special = _SPECIAL_POWERS.get(exponent)
    if special is not None and (kind.category >= 2 or exponent > 1):
        return special(xp, base)
    return xp.power(base, xp.asarray(exponent, kind.numpy))


_SPECIAL_POWERS: dict[Any, Any] = {
    2: lambda xp, a: xp.multiply(a, a),
    3: lambda xp, a: a * a * a,
    0.5: lambda xp, a: xp.sqrt(a),
    -1: lambda xp, a: xp.reciprocal(a),
}


def _pow_base_rule(g: Any, input: Any, exponent: Any) -> Any:
    slope = exponent * pow_tensor(input, exponent - 1)
    return (g * conj(slope)).masked_fill(exponent == 0, 0)


def _pow_exponent_rule(g: Any, input: Any, exponent: Any, out: Any) -> Any:
    grown = exponent.real >= 0 if is_complex(exponent) else exponent >= 0
    if isinstance(input, Tensor):
        return (g * conj(out * input.log())).masked_fill((input == 0) & grown, 0)
    if input == 0:
        return (g * conj(out * -math.inf)).masked_fill(grown, 0)
    if isinstance(input, complex):
        return g * conj(out * cmath.log(input))
    return g * conj(out * (math.log(input) if input > 0 else math.nan))


@op(
    vjp={"input": _pow_base_rule, "exponent": _pow_exponent_rule},
    samples=lambda rand: [
        (rand.positive(3, 4), rand(4)),
        (rand.positive(2, 1), rand(3)),
        (2.5, rand(3)),
        (rand.positive(), rand()),
        (rand.integers(5, 4), rand.integers(5, 4, low=-2)),
    ],
    torch="pow",
    node=lambda input: "PowBackward1" if isinstance(input, Tensor) else "PowBackward2",
    promote="common",
    scalars=("input",),
)
def pow_tensor(xp: Any, input: Array, exponent: Array) -> Array:
    """``input ** exponent``; shapes broadcast. An integer to a negative integer power is 0 but for the bases 1 and -1."""
    if input.dtype.kind == "b":
        raise NotImplementedError("\"pow\" not implemented for 'Bool'")
    if input.dtype.kind == "i":
        down = exponent < 0
        flat = xp.where(input == 1, 1, xp.where(input == -1, 1 - 2 * (exponent & 1), 0))
        return xp.where(down, flat, xp.power(input, xp.where(down, 0, exponent))).astype(input.dtype)
    return xp.power(input, exponent)


def pow_(input: Any, exponent: Any) -> Any:
    """``input ** exponent`` of two tensors, or a tensor and a number.

    Raises TypeError where neither is a tensor and RuntimeError for integers to a negative integer number.
    """
    if isinstance(exponent, Tensor):
        return pow_tensor(input, exponent)
    if not isinstance(input, Tensor):
        raise TypeError("pow() received an invalid combination of arguments: one of the two must be a tensor")
    if not isinstance(exponent, OPERANDS):
        raise TypeError(f"pow(): argument 'exponent' (position 2) must be Tensor, not {type(exponent).__name__}")
    return pow_number(input, exponent.item() if hasattr(exponent, "item") else exponent)


def square(input: Tensor) -> Tensor:
    """``input ** 2``."""
    return pow_number(input, 2)  # type: ignore[no-any-return]


@op(
    vjp={"input": lambda g, out: g / times(conj(out), 2)},
    samples=lambda rand: [(rand.positive(3, 4),), (rand.positive(),), (rand.integers(9, 3),)],
    torch="sqrt",
    promote="float",
    ufunc="sqrt",
)
def sqrt(xp: Any, input: Array) -> Array:
    """Square root; nan for negative numbers."""
    return xp.sqrt(input)


@op(
    vjp={"input": lambda g, out: g * -0.5 * conj(pow_number(out, 3))},
    samples=lambda rand: [(rand.positive(3, 4),), (rand.positive(),), (rand.integers(9, 3, low=1),)],
    torch="rsqrt",
    promote="float",
)
def rsqrt(xp: Any, input: Array) -> Array:
    """``1 / sqrt(input)``."""
    return xp.reciprocal(xp.sqrt(input))


@op(
    vjp={"input": lambda g, out: -g * conj(out * out)},
    samples=lambda rand: [(rand.away(3, 4),), (rand.away(),), (rand.integers(9, 3, low=1),)],
    torch="reciprocal",
    promote="float",
)
def reciprocal(xp: Any, input: Array) -> Array:
    """``1 / input``."""
    return xp.reciprocal(input)


def _reversed_div(self: Tensor, other: Any) -> Any:
    """``other / self``, as PyTorch computes it."""
    return reciprocal(self) * other


def _reversed(function: Any) -> Any:
    return lambda self, other: function(other, self)


TORCH = {
    "abs": abs_, "absolute": abs_, "add": add, "div": div, "divide": div, "floor_divide": floor_divide, "fmod": fmod, "mul": mul,
    "multiply": mul, "neg": neg, "negative": neg, "positive": positive, "pow": pow_, "reciprocal": reciprocal, "remainder": remainder,
    "rsqrt": rsqrt, "rsub": rsub, "sgn": sgn, "sign": sign, "sqrt": sqrt, "square": square, "sub": sub, "subtract": sub,
    "true_divide": true_divide,
}  # fmt: skip
TENSOR = {name: function for name, function in TORCH.items() if name != "rsub"} | {
    "__abs__": abs_, "__neg__": neg, "__pos__": positive,
    "__add__": operator("__add__", add), "__radd__": operator("__radd__", add),
    "__sub__": operator("__sub__", sub), "__rsub__": operator("__rsub__", rsub),
    "__mul__": operator("__mul__", mul), "__rmul__": operator("__rmul__", mul),
    "__truediv__": operator("__truediv__", div_), "__rtruediv__": operator("__rtruediv__", _reversed_div),
    "__rdiv__": operator("__rdiv__", _reversed_div),
    "__floordiv__": operator("__floordiv__", floor_divide), "__rfloordiv__": operator("__rfloordiv__", floor_divide, reflected=True),
    "__mod__": operator("__mod__", remainder), "__rmod__": operator("__rmod__", remainder, reflected=True),
    "__pow__": operator("__pow__", pow_), "__rpow__": operator("__rpow__", pow_, reflected=True),
}  # fmt: skip
IN_PLACE = {
    "abs_": abs_, "absolute_": abs_, "add_": add, "div_": div, "divide_": div, "floor_divide_": floor_divide, "fmod_": fmod,
    "mul_": mul, "multiply_": mul, "neg_": neg, "negative_": neg, "pow_": pow_, "reciprocal_": reciprocal, "remainder_": remainder,
    "rsqrt_": rsqrt, "sgn_": sgn, "sign_": sign, "sqrt_": sqrt, "square_": square, "sub_": sub, "subtract_": sub,
    "true_divide_": true_divide,
    "__iadd__": add, "__isub__": sub, "__imul__": mul, "__itruediv__": div_, "__ifloordiv__": floor_divide, "__imod__": remainder,
    "__ipow__": pow_,
}  # fmt: skip
