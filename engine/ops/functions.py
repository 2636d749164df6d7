"""Elementary functions of one or two real or complex variables: exponentials, logarithms, angles, hyperbolas, rounding."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..op import Array, op
from ..samples import Sampler
from ..tensor import Tensor
from .arithmetic import abs_, pow_
from .complexes import complex_, conj, imag, real
from .kinds import in_single, is_complex, only_tensors, unsupported, zeros_as
from .results import result_type
from .scalars import plus, times


def _any(rand: Sampler) -> list[Any]:
    return [(rand(3, 4),), (rand(),), (rand.integers(3, 4),)]


def _unit(rand: Sampler) -> list[Any]:
    return [(rand.unit(3, 4),), (rand.unit(),)]


def _positive(rand: Sampler) -> list[Any]:
    return [(rand.positive(3, 4),), (rand.positive(),), (rand.integers(9, 4, low=1),)]


# ------------------------------------------------------------------------------------------ exponentials and logarithms


@op(
    vjp={"input": lambda g, out: g * conj(out)},
    samples=_any,
    torch="exp",
    promote="float",
    ufunc="exp",
    on_arrays={"input": lambda xp, g, out: xp.multiply(g, out)},
)
def exp(xp: Any, input: Array) -> Array:
    """e to the power of each element."""
    return xp.exp(input)


@op(vjp={"input": lambda g, out: times(g * conj(out), math.log(2))}, samples=_any, torch="exp2", promote="float")
def exp2(xp: Any, input: Array) -> Array:
    """2 to the power of each element."""
    return xp.exp2(input)


@op(vjp={"input": lambda g, out: g * conj(plus(out, 1))}, samples=_any, torch="expm1", promote="float")
def expm1(xp: Any, input: Array) -> Array:
    """``exp(input) - 1``, exact for small numbers."""
    return xp.expm1(input)


@op(
    vjp={"input": lambda g, input: g / conj(input)},
    samples=_positive,
    torch="log",
    promote="float",
    ufunc="log",
    on_arrays={"input": lambda xp, g, input: xp.divide(g, input)},
)
def log(xp: Any, input: Array) -> Array:
    """Natural logarithm; nan for negative numbers."""
    return xp.log(input)


@op(vjp={"input": lambda g, input: g / times(conj(input), math.log(2))}, samples=_positive, torch="log2", promote="float")
def log2(xp: Any, input: Array) -> Array:
    """Logarithm to the base 2."""
    return xp.log2(input)


@op(vjp={"input": lambda g, input: g / times(conj(input), math.log(10))}, samples=_positive, torch="log10", promote="float")
def log10(xp: Any, input: Array) -> Array:
    """Logarithm to the base 10."""
    return xp.log10(input)


@op(vjp={"input": lambda g, input: g / conj(plus(input, 1))}, samples=_positive, torch="log1p", promote="float", node="Log1PBackward0")
def log1p(xp: Any, input: Array) -> Array:
    """``log(1 + input)``, exact for small numbers."""
    return xp.log1p(input)


def _two(rand: Sampler) -> list[Any]:
    return [(rand(3, 4), rand(3, 4)), (rand(2, 1), rand(3)), (rand(), rand())]


@op(
    vjp={
        "input": lambda g, input, other: g / conj(1 + exp(other - input)),
        "other": lambda g, input, other: g / conj(1 + exp(input - other)),
    },
    samples=_two,
    torch="logaddexp",
    promote="common",
)
def logaddexp(xp: Any, input: Array, other: Array) -> Array:
    """``log(exp(input) + exp(other))`` without overflow."""
    if input.dtype.kind in "biu":
        raise unsupported(xp, "logaddexp", input)
    if input.dtype.kind == "c":
        above = input.real >= other.real
        top = xp.where(above, input, other)
        return top + xp.log1p(xp.exp(xp.where(above, other, input) - top))
    return xp.logaddexp(input, other)


@op(
    vjp={
        "input": lambda g, input, other: g / (1 + exp2(other - input)),
        "other": lambda g, input, other: g / (1 + exp2(input - other)),
    },
    samples=_two,
    torch="logaddexp2",
    promote="common",
)
def logaddexp2(xp: Any, input: Array, other: Array) -> Array:
    """``log2(2**input + 2**other)`` without overflow."""
    if input.dtype.kind in "biuc":
        raise unsupported(xp, "logaddexp2", input)
    return xp.logaddexp2(input, other)


def _logit_rule(g: Any, input: Any, eps: float | None) -> Any:
    slope = g / (input * (1 - input))
    if eps is None:
        return slope.masked_fill((input < 0) | (input > 1), math.nan)
    return slope.masked_fill((input < eps) | (input > 1 - eps), 0)


@op(
    vjp={"input": _logit_rule},
    samples=lambda rand: [(rand.probability(3, 4),), (rand.tensor([0.02, 0.4, 0.97]), 0.1)],
    torch="logit",
    promote="float",
)
@in_single
def logit(xp: Any, input: Array, eps: float | None = None) -> Array:
    """``log(p / (1 - p))``; with ``eps``, p is first brought between eps and 1 - eps."""
    p = input if eps is None else xp.minimum(xp.maximum(input, eps), 1 - eps)
    return xp.log(p / (1 - p))


# ------------------------------------------------------------------------------------------------------- angles, hyperbolas


@op(vjp={"input": lambda g, input: g * conj(cos(input))}, samples=_any, torch="sin", promote="float")
def sin(xp: Any, input: Array) -> Array:
    """Sine of an angle in radians."""
    return xp.sin(input)


@op(vjp={"input": lambda g, input: g * -conj(sin(input))}, samples=_any, torch="cos", promote="float")
def cos(xp: Any, input: Array) -> Array:
    """Cosine of an angle in radians."""
    return xp.cos(input)


@op(vjp={"input": lambda g, out: g * conj(plus(out**2, 1))}, samples=_unit, torch="tan", promote="float")
def tan(xp: Any, input: Array) -> Array:
    """Tangent of an angle in radians."""
    return xp.tan(input)


@op(vjp={"input": lambda g, input: g * conj(plus(-input * input, 1).rsqrt())}, samples=_unit, torch="asin", promote="float")
def asin(xp: Any, input: Array) -> Array:
    """The angle between -pi/2 and pi/2 whose sine is given."""
    return xp.arcsin(input)


@op(vjp={"input": lambda g, input: g * -conj(plus(-input * input, 1).rsqrt())}, samples=_unit, torch="acos", promote="float")
def acos(xp: Any, input: Array) -> Array:
    """The angle between 0 and pi whose cosine is given."""
    return xp.arccos(input)


@op(vjp={"input": lambda g, input: g / conj(plus(input * input, 1))}, samples=_any, torch="atan", promote="float")
def atan(xp: Any, input: Array) -> Array:
    """The angle between -pi/2 and pi/2 whose tangent is given."""
    return xp.arctan(input)


@op(
    vjp={
        "input": lambda g, input, other: g * (other / (input * input + other * other)).nan_to_num(0.0),
        "other": lambda g, input, other: g * (-input / (input * input + other * other)).nan_to_num(0.0),
    },
    samples=lambda rand: [
        (rand.away(3, 4), rand.away(3, 4)),
        (rand.away(2, 1), rand.away(3)),
        (rand.integers(4, 3), rand.integers(4, 3, low=1)),
    ],
    torch="atan2",
    node="Atan2Backward0",
    promote="float",
)
def atan2(xp: Any, input: Array, other: Array) -> Array:
    """The angle of the point (other, input) in the plane, between -pi and pi."""
    return xp.arctan2(input, other)


@op(vjp={"input": lambda g, input: g * conj(cosh(input))}, samples=_any, torch="sinh", promote="float")
def sinh(xp: Any, input: Array) -> Array:
    """Hyperbolic sine."""
    return xp.sinh(input)


@op(vjp={"input": lambda g, input: g * conj(sinh(input))}, samples=_any, torch="cosh", promote="float")
def cosh(xp: Any, input: Array) -> Array:
    """Hyperbolic cosine."""
    return xp.cosh(input)


@op(
    vjp={
        "grad_output": lambda g, output: tanh_backward(g, conj(output)),
        "output": lambda g, grad_output, output: g * (-2 * output * grad_output),
    },
    samples=lambda rand: [(rand(3, 4), rand.unit(3, 4)), (rand(), rand.unit())],
)
@in_single
def tanh_backward(xp: Any, grad_output: Array, output: Array) -> Array:
    """``grad_output * (1 - output**2)``: the gradient of tanh by its result."""
    return xp.tanh_backward(grad_output, output)


@op(
    vjp={"input": lambda g, out: tanh_backward(g, conj(out))},
    samples=_any,
    torch="tanh",
    promote="float",
    ufunc="tanh",
    on_arrays={"input": lambda xp, g, out: xp.tanh_backward(g, out)},
)
def tanh(xp: Any, input: Array) -> Array:
    """Hyperbolic tangent."""
    return xp.tanh(input)


@op(
    vjp={
        "grad_output": lambda g, output: sigmoid_backward(g, conj(output)),
        "output": lambda g, grad_output, output: g * ((1 - 2 * output) * grad_output),
    },
    samples=lambda rand: [(rand(3, 4), rand.unit(3, 4)), (rand(), rand.unit())],
)
@in_single
def sigmoid_backward(xp: Any, grad_output: Array, output: Array) -> Array:
    """``grad_output * output * (1 - output)``: the gradient of sigmoid by its result."""
    return xp.sigmoid_backward(grad_output, output)


@op(
    vjp={"input": lambda g, out: sigmoid_backward(g, conj(out))},
    samples=_any,
    torch="sigmoid",
    promote="float",
    ufunc="sigmoid",
    on_arrays={"input": lambda xp, g, out: xp.sigmoid_backward(g, out)},
)
@in_single
def sigmoid(xp: Any, input: Array) -> Array:
    """``1 / (1 + exp(-input))``."""
    return xp.sigmoid(input)


@op(vjp={"input": lambda g, input: g * conj(plus(input**2, 1).rsqrt())}, samples=_any, torch="asinh", promote="float")
def asinh(xp: Any, input: Array) -> Array:
    """Inverse of the hyperbolic sine."""
    return xp.arcsinh(input)


@op(
    vjp={"input": lambda g, input: g * conj((input * input - 1).rsqrt())},
    samples=lambda rand: [(rand.positive(3, 4) + 1.5,), (rand.positive() + 1.5,)],
    torch="acosh",
    promote="float",
)
def acosh(xp: Any, input: Array) -> Array:
    """Inverse of the hyperbolic cosine; nan below 1."""
    return xp.arccosh(input)


@op(vjp={"input": lambda g, input: g / conj(1 - input * input)}, samples=_unit, torch="atanh", promote="float")
def atanh(xp: Any, input: Array) -> Array:
    """Inverse of the hyperbolic tangent; nan outside [-1, 1]."""
    return xp.arctanh(input)


# --------------------------------------------------------------------------------------------------------------- rounding


def _real(xp: Any, name: str, array: Array) -> None:
    if array.dtype.kind == "c" and not name.startswith("round"):
        raise NotImplementedError(f"{name.removesuffix('_vml')} is not supported for complex inputs")
    if array.dtype.kind in "bc":
        raise unsupported(xp, name, array)


def _broken(rand: Sampler) -> list[Any]:
    return [(rand.tensor([[0.3, 1.7, -0.4], [-1.6, 2.2, 3.9]]),), (rand.integers(9, 3, low=-9),)]


@op(vjp={"input": lambda g: zeros_as(g)}, samples=_broken, torch="floor")
def floor(xp: Any, input: Array) -> Array:
    """The next integer below."""
    _real(xp, "floor_vml", input)
    return xp.floor(input) if input.dtype.kind == "f" else input.copy()


@op(vjp={"input": lambda g: zeros_as(g)}, samples=_broken, torch="ceil")
def ceil(xp: Any, input: Array) -> Array:
    """The next integer above."""
    _real(xp, "ceil_vml", input)
    return xp.ceil(input) if input.dtype.kind == "f" else input.copy()


@op(vjp={"input": lambda g: zeros_as(g)}, samples=_broken, torch="trunc")
def trunc(xp: Any, input: Array) -> Array:
    """The next integer towards zero."""
    _real(xp, "trunc_vml", input)
    return xp.trunc(input) if input.dtype.kind == "f" else input.copy()


@op(
    vjp={"input": lambda g: zeros_as(g)},
    samples=lambda rand: [
        *_broken(rand),
        rand.call(rand.tensor([1.234, -5.678]), decimals=1),
        rand.call(rand.tensor([123.4, -56.7]), decimals=-1),
    ],
    torch="round",
    node=lambda decimals: "RoundBackward1" if decimals else "RoundBackward0",
)
@in_single
def round_(xp: Any, input: Array, *, decimals: int = 0) -> Array:
    """The nearest integer, of two the even one; or the nearest number with that many decimals."""
    _real(xp, "round_vml", input)
    if input.dtype.kind != "f":
        if decimals:
            raise unsupported(xp, "round_vml", input)
        return input.copy()
    if decimals == 0:
        return xp.rint(input)
    factor = input.dtype.type(10.0 ** abs(decimals))
    return xp.rint(input * factor) / factor if decimals > 0 else xp.rint(input / factor) * factor


@op(vjp={"input": lambda g: g}, samples=lambda rand: _broken(rand)[:1], torch="frac")
def frac(xp: Any, input: Array) -> Array:
    """What ``trunc`` takes away."""
    if input.dtype.kind != "f":
        raise unsupported(xp, "frac", input)
    return input - xp.trunc(input)


# ----------------------------------------------------------------------------------------------------------------- others


def _angle_rule(g: Any, input: Any) -> Any:
    if not is_complex(input):
        return zeros_as(g)
    x, y, length = real(input), imag(input), abs_(input)
    length = length * length
    return complex_((-y / length * g).masked_fill(length == 0, 0), (x / length * g).masked_fill(length == 0, 0))


@op(
    vjp={"input": _angle_rule},
    samples=lambda rand: [(rand.away(3, 4),), (rand.complex(3),), (rand.integers(4, 3, low=-4),)],
    torch="angle",
    promote="float",
)
def angle(xp: Any, input: Array) -> Array:
    """The angle of a complex number in the plane; of a real one 0, or pi where it is negative."""
    if input.dtype.kind == "c":
        return xp.arctan2(input.imag, input.real)
    return xp.where(input != input, input, xp.where(input < 0, input.dtype.type(math.pi), input.dtype.type(0)))


def _polar_rule(g: Any, out: Any, angle: Any, needs: Any) -> Any:
    direction = complex_(cos(angle), sin(angle))
    along = g * conj(direction)
    return real(along), real(g * conj(out * 1j))


@op(
    vjp={("abs", "angle"): _polar_rule},
    samples=lambda rand: [(rand.positive(3, 4), rand(3, 4)), (rand.positive(2, 1), rand(3))],
    torch="polar",
)
def polar(xp: Any, abs: Array, angle: Array) -> Array:
    """The complex number at that distance and angle from 0."""
    made = xp.empty(xp.broadcast(abs, angle).shape, "complex128" if abs.itemsize == 8 else "complex64")
    made.real[...] = abs * xp.cos(angle)
    made.imag[...] = abs * xp.sin(angle)
    return made


@op(
    vjp={"input": lambda g, input, out: g * (input / out), "other": lambda g, other, out: g * (other / out)},
    samples=lambda rand: [(rand.away(3, 4), rand.away(3, 4)), (rand.away(2, 1), rand.away(3))],
    torch="hypot",
    promote="common",
)
def hypot(xp: Any, input: Array, other: Array) -> Array:
    """Length of the hypotenuse: ``sqrt(input**2 + other**2)`` without overflow."""
    if input.dtype.kind != "f":
        raise unsupported(xp, "hypot", input)
    return xp.hypot(input, other)


def _sinc_rule(g: Any, input: Any) -> Any:
    turned = conj(input * math.pi)
    near = turned.abs() < 0.1  # where the terms of the formula would cancel: Taylor's series
    square = turned * turned
    series = turned * (1 - square / 10 * (1 - square / 28 * (1 - square / 54))) * (-math.pi / 3)
    far = turned.masked_fill(near, 1)
    return g * series.where(near, (far * cos(far) - sin(far)) / (far * far) * math.pi)


@op(
    vjp={"input": _sinc_rule},
    samples=lambda rand: [(rand.away(3, 4),), (rand.away(),), (rand.integers(3, 4),)],
    torch="sinc",
    promote="float",
)
@in_single
def sinc(xp: Any, input: Array) -> Array:
    """``sin(pi x) / (pi x)``, 1 at 0."""
    turned = input * input.dtype.type(math.pi)
    safe = xp.where(turned == 0, input.dtype.type(1), turned)
    return xp.where(turned == 0, input.dtype.type(1), xp.sin(turned) / safe)


@op(vjp={"input": lambda g: g * (math.pi / 180)}, samples=_any, torch="deg2rad", promote="float", node="Deg2RadBackward0")
def deg2rad(xp: Any, input: Array) -> Array:
    """Degrees as radians."""
    if input.dtype.kind == "c":
        raise RuntimeError("deg2rad is not supported for complex tensors.")
    return input * input.dtype.type(math.pi / 180)


@op(vjp={"input": lambda g: g * (180 / math.pi)}, samples=_any, torch="rad2deg", promote="float", node="Rad2DegBackward0")
def rad2deg(xp: Any, input: Array) -> Array:
    """Radians as degrees."""
    if input.dtype.kind == "c":
        raise RuntimeError("rad2deg is not supported for complex tensors.")
    return input * input.dtype.type(180 / math.pi)


@op(
    vjp={"input": lambda g, other: g * conj(exp2(other)), "other": lambda g, out: g * conj(out) * math.log(2)},
    samples=lambda rand: [(rand(3, 4), rand.integers(5, 4)), (rand(2, 1), rand(3)), (rand.integers(5, 3), rand.integers(5, 3))],
    torch="ldexp",
    promote="float",
)
def ldexp(xp: Any, input: Array, other: Array) -> Array:
    """``input * 2**other``."""
    return input * xp.exp2(other)


_FREXP = result_type("frexp", "mantissa", "exponent")


@op(
    vjp={"input": lambda g, exponent: g / exponent.exp2()},
    samples=lambda rand: [(rand(3, 4),), (rand.tensor([1.5, -9.0, 0.3]),)],
    torch="frexp",
    node="FrexpBackward0",
    outputs=("mantissa", "exponent"),
    differentiable=("mantissa",),
)
def frexp_(xp: Any, input: Array) -> tuple[Array, Array]:
    """The elements as ``mantissa * 2**exponent``, the mantissa 0 or of a size from 0.5 up to but not including 1."""
    if input.dtype.kind != "f":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    mantissa, exponent = xp.frexp(input)
    return mantissa, exponent.astype("int32")


def frexp(input: Tensor) -> Any:
    """The elements as ``mantissa * 2**exponent``, the mantissa of a size from 0.5 up to 1, as (mantissa, exponent)."""
    return _FREXP(frexp_(input))


@op(
    vjp={"input": lambda g, input, other: g.masked_fill(input == other, 0), "other": lambda g: zeros_as(g)},
    samples=lambda rand: [(rand.away(3, 4), rand.away(3, 4)), (rand.tensor([1.0, 2.0]), rand.tensor([1.0, 3.0]))],
    torch="nextafter",
    promote="common",
    gradcheck=False,
    halves="own",
    check=lambda input, other: only_tensors("nextafter", input=input, other=other),
)
def nextafter(xp: Any, input: Array, other: Array) -> Array:
    """The next number that the type can hold after ``input`` in the direction of ``other``."""
    if input.dtype in dtypes.HALVES:
        return _next_half(xp, input, other)
    if input.dtype.kind != "f":
        raise unsupported(xp, "nextafter", input)
    return xp.nextafter(input, other)


def _next_half(xp: Any, input: Array, other: Array) -> Array:
    """Numbers of one sign are ordered as their bits are, negative ones the other way round."""
    input, other = xp.broadcast_arrays(input, other)
    here, there = input.astype("float32"), other.astype("float32")
    bits = input.view("int16").astype("int32")
    place = xp.where(bits < 0, -(bits & 0x7FFF), bits) + xp.where(there > here, 1, -1)
    made = xp.where(place < 0, 0x8000 | -place, place).astype("uint16").view(input.dtype)
    made = xp.where(here == there, other, made)
    return xp.where(xp.isnan(here) | xp.isnan(there), (here + there).astype(input.dtype), made)


def float_power(input: Any, exponent: Any) -> Any:
    """``input ** exponent`` in double precision; one of the two may be a number.

    Raises TypeError where both are numbers.
    """
    tensors = [t for t in (input, exponent) if isinstance(t, Tensor)]
    if not tensors:
        raise TypeError(
            f"float_power() received an invalid combination of arguments - got ({type(input).__name__}, {type(exponent).__name__}), but "
            "expected one of: (Tensor input, Tensor exponent), (Number self, Tensor exponent), (Tensor input, Number exponent)"
        )
    kind = dtypes.complex128 if is_complex(input) or is_complex(exponent) else dtypes.float64
    return pow_(*(t.to(kind) if isinstance(t, Tensor) else t for t in (input, exponent)))


def _float_power_kept(input: Tensor, exponent: Any) -> Any:
    """As ``float_power``.

    Raises RuntimeError unless the result is of the tensor's own type.
    """
    made = float_power(input, exponent)
    if made.dtype is not input.dtype:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {input.dtype.legacy} but the operation's result requires dtype {made.dtype.legacy}"
        )
    return made


TORCH = {
    "acos": acos, "acosh": acosh, "angle": angle, "arccos": acos, "arccosh": acosh, "arcsin": asin, "arcsinh": asinh, "arctan": atan,
    "arctan2": atan2, "arctanh": atanh, "asin": asin, "asinh": asinh, "atan": atan, "atan2": atan2, "atanh": atanh, "ceil": ceil,
    "cos": cos, "cosh": cosh, "deg2rad": deg2rad, "exp": exp, "exp2": exp2, "expm1": expm1, "fix": trunc,
    "float_power": float_power, "floor": floor,
    "frac": frac, "frexp": frexp,
    "hypot": hypot, "ldexp": ldexp, "log": log, "log10": log10, "log1p": log1p, "log2": log2, "logaddexp": logaddexp,
    "logaddexp2": logaddexp2, "logit": logit,
    "nextafter": nextafter, "polar": polar, "rad2deg": rad2deg, "round": round_, "sigmoid": sigmoid, "sin": sin,
    "sinc": sinc, "sinh": sinh, "tan": tan, "tanh": tanh, "trunc": trunc,
}  # fmt: skip
TENSOR = {name: function for name, function in TORCH.items() if name != "polar"}
IN_PLACE = {
    f"{name}_": function for name, function in TENSOR.items() if name not in ("angle", "float_power", "frexp", "logaddexp", "logaddexp2")
}
IN_PLACE["float_power_"] = _float_power_kept
FUNCTIONAL = {"sigmoid": sigmoid, "tanh": tanh}
