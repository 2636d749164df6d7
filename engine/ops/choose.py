"""Ops that choose between elements, or bound, blend and overwrite them."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..op import Array, op
from ..samples import Sampler
from ..tensor import Tensor, wrap
from .complexes import conj
from .kinds import is_complex, no_derivative, unsupported, zeros_as

# ------------------------------------------------------------------------------------------------------------------ where


def _check_where(condition: Any) -> None:
    if isinstance(condition, Tensor) and condition._data.dtype.kind != "b" and condition.dtype is not dtypes.uint8:
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype.legacy}")


@op(
    vjp={
        "input": lambda g, condition: where_(condition, g, 0),
        "other": lambda g, condition: where_(condition, 0, g),
    },
    samples=lambda rand: [
        (rand.booleans(3, 4), rand(3, 4), rand(3, 4)),
        (rand.booleans(4), rand(3, 1), rand()),
        (rand.booleans(3), rand(3), 0),
        (rand.booleans(3), 1.5, rand(3)),
    ],
    torch="where",
    promote="common",
    apart=("condition",),
)
def where_(xp: Any, condition: Array, input: Array, other: Array) -> Array:
    """The elements of ``input`` where ``condition``, else those of ``other``; shapes broadcast."""
    return xp.where(condition if condition.dtype.kind == "b" else condition != 0, input, other)


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """The elements of ``input`` where ``condition``, else those of ``other``; with a condition alone, where it holds: a tuple
    of the indices along each dimension.

    Raises RuntimeError unless the condition is of bools.
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    _check_where(condition)
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        kind = dtypes.result_type([(dtypes.of_number(input), 0), (dtypes.of_number(other), 0)])
        xp = condition._xp
        input, other = wrap(xp.asarray(input, kind.numpy)), wrap(xp.asarray(other, kind.numpy))
    return where_(condition, input, other)


# ----------------------------------------------------------------------------------------------------------------- bounds


def _keep(g: Any, kept: Any) -> Any:
    return where_(kept, g, 0)


def _no_complex(xp: Any, name: str, array: Array) -> None:
    if array.dtype.kind == "c":
        raise NotImplementedError(f"{name} is not supported for complex types")


def _bounded(rand: Sampler) -> list[Any]:
    return [(rand.tensor([-1.3, -0.4, 0.2, 0.8, 1.6]), b) for b in (0.0, 0.5)]


def _clamp_node(min: Any, max: Any) -> str:
    return "ClampBackward0" if isinstance(min, Tensor) or isinstance(max, Tensor) else "ClampBackward1"


def _within(input: Any, min: Any, max: Any) -> Any:
    above = None if min is None else input >= min
    below = None if max is None else input <= max
    return below if above is None else above if below is None else above & below


def _clamp_min_rule(g: Any, input: Any, min: Any, max: Any) -> Any:
    hit = input < min
    return _keep(g, hit if max is None else hit & (min < max))


def _clamp_max_rule(g: Any, input: Any, min: Any, max: Any) -> Any:
    hit = input > max
    return _keep(g, hit if min is None else hit | (max < min))


@op(
    vjp={
        "input": lambda g, input, min, max: _keep(g, _within(input, min, max)),
        "min": _clamp_min_rule,
        "max": _clamp_max_rule,
    },
    samples=lambda rand: [
        (rand.distinct(3, 4), -0.31, 0.32),
        rand.call(rand.distinct(3, 4), min=0.01),
        rand.call(rand.distinct(3, 4), max=0.01),
        (rand.tensor([-1.0, 0.3, 2.0]), rand.tensor([-0.5, -0.4, -0.3]), rand.tensor([0.5, 0.6, 0.7])),
        rand.call(rand.tensor([[-1.0], [2.0]]), min=rand.tensor([0.5, -0.4, 0.3])),
        (rand.integers(9, 5), 3, 6),
        (rand.integers(9, 5), 2.5),
    ],
    torch="clamp",
    scalars=(("min", "max"),),
    node=_clamp_node,
    promote="common",
)
def clamp_(xp: Any, input: Array, min: Array | None = None, max: Array | None = None) -> Array:
    """``input`` brought between ``min`` and ``max``: numbers, tensors or None. nan stays nan."""
    _no_complex(xp, "clamp", input)
    result = input if min is None else xp.maximum(input, min)
    return result if max is None else xp.minimum(result, max)


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Any:
    """``input`` brought between ``min`` and ``max``: numbers, tensors or None. nan stays nan.

    Raises RuntimeError where both are None.
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    return clamp_(input, min, max)


@op(
    vjp={"input": lambda g, input, min: _keep(g, input >= min), "min": lambda g, input, min: _keep(g, input < min)},
    samples=lambda rand: [*_bounded(rand), (rand.distinct(3, 4), rand.tensor([0.01, 0.02, -0.01, 0.12]))],
    torch="clamp_min",
    scalars=("min",),
    node=lambda min: "ClampMinBackward1" if isinstance(min, Tensor) else "ClampMinBackward0",
    promote="common",
)
def clamp_min(xp: Any, input: Array, min: Array) -> Array:
    """``input``, at least ``min``."""
    _no_complex(xp, "clamp", input)
    return xp.maximum(input, min)


@op(
    vjp={"input": lambda g, input, max: _keep(g, input <= max), "max": lambda g, input, max: _keep(g, input > max)},
    samples=lambda rand: [*_bounded(rand), (rand.distinct(3, 4), rand.tensor([0.01, 0.02, -0.01, 0.12]))],
    torch="clamp_max",
    scalars=("max",),
    node=lambda max: "ClampMaxBackward1" if isinstance(max, Tensor) else "ClampMaxBackward0",
    promote="common",
)
def clamp_max(xp: Any, input: Array, max: Array) -> Array:
    """``input``, at most ``max``."""
    _no_complex(xp, "clamp", input)
    return xp.minimum(input, max)


# ------------------------------------------------------------------------------------------------- the larger, the smaller


def _shared(g: Any, input: Any, other: Any, lost: Any) -> Any:
    """The gradient of the one that was chosen; equal ones share it."""
    return where_(input == other, g / 2, g).masked_fill(lost, 0)


def _two(rand: Sampler) -> list[Any]:
    return [
        (rand.tensor([1.0, 2.0, 3.0]), rand.tensor([1.5, 0.5, 3.5])),
        (rand.tensor([[1.0], [2.0]]), rand.tensor([1.5, 0.5, 3.5])),
        (rand.integers(9, 4), rand.integers(9, 4)),
    ]


def _check_extreme(name: str) -> Any:
    def check(input: Any, other: Any) -> None:
        if is_complex(input) or is_complex(other):
            raise RuntimeError(f"{name} not implemented for complex tensors.")
        if not (isinstance(input, Tensor) and isinstance(other, Tensor)):
            raise TypeError(f"{name}(): arguments 'input' and 'other' must be Tensors")

    return check


@op(
    vjp={
        "input": lambda g, input, other: _shared(g, input, other, input < other),
        "other": lambda g, input, other: _shared(g, input, other, input > other),
    },
    samples=_two,
    torch="maximum",
    promote="common",
    check=_check_extreme("maximum"),
)
def maximum(xp: Any, input: Array, other: Array) -> Array:
    """The larger of two elements; nan where one is nan. Equal ones share the gradient."""
    return xp.maximum(input, other)


@op(
    vjp={
        "input": lambda g, input, other: _shared(g, input, other, input > other),
        "other": lambda g, input, other: _shared(g, input, other, input < other),
    },
    samples=_two,
    torch="minimum",
    promote="common",
    check=_check_extreme("minimum"),
)
def minimum(xp: Any, input: Array, other: Array) -> Array:
    """The smaller of two elements; nan where one is nan. Equal ones share the gradient."""
    return xp.minimum(input, other)


@op(
    vjp={
        "input": lambda g, input, other: _keep(g, (input >= other) | other.isnan()),
        "other": lambda g, input, other: g.masked_fill((input >= other) | other.isnan(), 0),
    },
    samples=_two,
    torch="fmax",
    promote="common",
    check=_check_extreme("fmax"),
)
def fmax(xp: Any, input: Array, other: Array) -> Array:
    """The larger of two elements, the other one where one is nan."""
    return xp.fmax(input, other)


@op(
    vjp={
        "input": lambda g, input, other: _keep(g, (input <= other) | other.isnan()),
        "other": lambda g, input, other: g.masked_fill((input <= other) | other.isnan(), 0),
    },
    samples=_two,
    torch="fmin",
    promote="common",
    check=_check_extreme("fmin"),
)
def fmin(xp: Any, input: Array, other: Array) -> Array:
    """The smaller of two elements, the other one where one is nan."""
    return xp.fmin(input, other)


# ---------------------------------------------------------------------------------------------------- filling and blending


def _check_masked_fill(mask: Any, value: Any) -> None:
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype.name}")
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s).")


@op(
    vjp={
        "input": lambda g, mask: masked_fill(g, mask, 0),
        "value": lambda g, mask: where_(mask, g, 0).sum(),
    },
    samples=lambda rand: [
        (rand(3, 4), rand.booleans(3, 4), 2.5),
        (rand(3, 4), rand.booleans(4), 0),
        (rand(3, 1), rand.booleans(4), rand()),
        (rand.integers(9, 4), rand.booleans(4), 1),
    ],
    torch="masked_fill",
    scalars=("value",),
    node=lambda value: "MaskedFillBackward1" if isinstance(value, Tensor) else "MaskedFillBackward0",
    promote="first",
    apart=("mask",),
    check=_check_masked_fill,
)
def masked_fill(xp: Any, input: Array, mask: Array, value: Array) -> Array:
    """``input`` with ``value`` where ``mask``."""
    return xp.where(mask, value, input)


def _check_lerp(input: Any, end: Any, weight: Any) -> None:
    if input.dtype.category < 2:
        raise NotImplementedError(f"\"lerp_kernel\" not implemented for '{input.dtype.legacy}'")
    for name, t in (("end", end), ("weight", weight)):
        if isinstance(t, Tensor) and t.dtype is not input.dtype and (name == "end" or t.ndim):
            raise RuntimeError(f"expected dtype {input.dtype.legacy.lower()} for `{name}` but got dtype {t.dtype.legacy.lower()}")


@op(
    vjp={
        "input": lambda g, weight: g * conj(1 - weight),
        "end": lambda g, weight: g * conj(weight),
        "weight": lambda g, input, end: g * conj(end - input),
    },
    samples=lambda rand: [
        (rand(3, 4), rand(3, 4), 0.3),
        (rand(3, 4), rand(4), 0.8),
        (rand(3, 1), rand(4), rand.probability(3, 4)),
    ],
    torch="lerp",
    scalars=("weight",),
    node=lambda weight: "LerpBackward1" if isinstance(weight, Tensor) else "LerpBackward0",
    promote="common",
    check=_check_lerp,
)
def lerp(xp: Any, input: Array, end: Array, weight: Array) -> Array:
    """``input + weight * (end - input)``, computed from the nearer of the two."""
    way = end - input
    if weight.ndim == 0 and xp.kind == "cpu" and weight.dtype.kind == "f":
        return input + weight * way if abs(weight) < 0.5 else end - way * (1 - weight)
    size = xp.absolute(weight) if weight.dtype.kind == "c" else weight
    return xp.where(size < 0.5, input + weight * way, end - way * (1 - weight))


@op(
    vjp={
        "input": lambda g: g,
        "tensor1": lambda g, tensor2, value: g * conj(tensor2 * value),
        "tensor2": lambda g, tensor1, value: g * conj(tensor1 * value),
    },
    samples=lambda rand: [(rand(3, 4), rand(3, 4), rand(3, 4)), rand.call(rand(3, 1), rand(4), rand(3, 4), value=2.5)],
    torch="addcmul",
    promote="common",
)
def addcmul(xp: Any, input: Array, tensor1: Array, tensor2: Array, *, value: Any = 1) -> Array:
    """``input + value * tensor1 * tensor2``."""
    if input.dtype.kind == "b":
        raise unsupported(xp, "addcmul", input)
    product = tensor1 * tensor2
    return input + (product if value == 1 else xp.asarray(value).astype(product.dtype) * product)


@op(
    vjp={
        "input": lambda g: g,
        "tensor1": lambda g, tensor2, value: g * conj(value / tensor2),
        "tensor2": lambda g, tensor1, tensor2, value: -g * conj(value * tensor1 / (tensor2 * tensor2)),
    },
    samples=lambda rand: [(rand(3, 4), rand(3, 4), rand.away(3, 4)), rand.call(rand(3, 1), rand(4), rand.away(3, 4), value=2.5)],
    torch="addcdiv",
    promote="common",
)
def addcdiv(xp: Any, input: Array, tensor1: Array, tensor2: Array, *, value: Any = 1) -> Array:
    """``input + value * tensor1 / tensor2``."""
    if input.dtype.kind in "biu":
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future release addcdiv will perform a true division"
        )
    quotient = tensor1 / tensor2
    return input + (quotient if value == 1 else xp.asarray(value).astype(quotient.dtype) * quotient)


def _check_heaviside(input: Any, values: Any) -> None:
    if is_complex(input) or is_complex(values):
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if input.dtype is not values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")


@op(
    vjp={"input": no_derivative("aten::heaviside"), "values": no_derivative("aten::heaviside")},
    samples=lambda rand: [(rand.integers(3, 4, low=-2), rand.integers(9, 4)), (rand.integers(3, 3, 1, low=-2), rand.integers(9, 4))],
    torch="heaviside",
    node="torch::autograd::NotImplemented",
    promote="common",
    check=_check_heaviside,
    gradcheck=False,
)
def heaviside(xp: Any, input: Array, values: Array) -> Array:
    """0 where ``input`` is negative, 1 where it is positive, ``values`` where it is 0. PyTorch has no derivative for it."""
    one = input.dtype.type(1)
    return xp.where(input == 0, values, xp.where(input < 0, one * 0, one))


@op(
    vjp={
        "input": lambda g, input, out: (g * (out / input)).masked_fill(input == 0, 0),
        "other": lambda g: zeros_as(g),
    },
    samples=lambda rand: [(rand.away(3, 4), rand.away(4)), (rand.away(3), -1.0), (rand.integers(4, 3), -1)],
    torch="copysign",
    scalars=("other",),
    node=lambda other: "CopysignBackward0" if isinstance(other, Tensor) else "CopysignBackward1",
    promote="float",
)
def copysign(xp: Any, input: Array, other: Array) -> Array:
    """The size of ``input`` with the sign of ``other``."""
    if input.dtype.kind == "c":
        raise unsupported(xp, "copysign", input)
    return xp.copysign(input, other)


@op(
    vjp={"input": lambda g, input: g * input.isfinite()},
    samples=lambda rand: [
        (rand(3, 4),),
        rand.call(rand.tensor([1.0, -2.0]), nan=1.0, posinf=2.0, neginf=-2.0),
        (rand.integers(9, 3),),
    ],
    torch="nan_to_num",
    node="NanToNumBackward0",
    halves="own",
)
def nan_to_num(xp: Any, input: Array, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Array:
    """``input`` with nan as 0 and the infinities as the largest numbers of the type, or as the numbers given."""
    if input.dtype.kind in "biu":
        return input.copy()
    if input.dtype.kind == "c":
        made = xp.empty_like(input)
        made.real[...] = nan_to_num.op.forward(xp, input.real, nan, posinf, neginf)  # type: ignore[attr-defined]
        made.imag[...] = nan_to_num.op.forward(xp, input.imag, nan, posinf, neginf)  # type: ignore[attr-defined]
        return made
    limits = dtypes.finfo(dtypes.of(input.dtype))
    kind = input.dtype.type
    result = xp.where(input != input, kind(0 if nan is None else nan), input)
    result = xp.where(input == math.inf, kind(limits.max if posinf is None else posinf), result)
    return xp.where(input == -math.inf, kind(limits.min if neginf is None else neginf), result)


def _xlogy_rule(g: Any, input: Any, other: Any) -> Any:
    slope = xlogy(g, other)
    if isinstance(other, Tensor):
        return slope.masked_fill((input == 0) & (other <= 0), 0)
    return slope if other > 0 else slope.masked_fill(input == 0, 0)


def _xlogy_node(input: Any, other: Any) -> str:
    if not isinstance(other, Tensor):
        return "XlogyBackward2"
    return "XlogyBackward0" if isinstance(input, Tensor) else "XlogyBackward1"


@op(
    vjp={"input": _xlogy_rule, "other": lambda g, input, other: g * input / other},
    samples=lambda rand: [
        (rand.away(3, 4), rand.positive(3, 4)),
        (rand.away(3, 1), rand.positive(4)),
        (2.0, rand.positive(3)),
        (rand.away(3), 2.0),
        (rand.integers(3, 4), rand.integers(9, 4)),
    ],
    torch="xlogy",
    scalars=("input", "other"),
    node=_xlogy_node,
    promote="float",
)
def xlogy(xp: Any, input: Array, other: Array) -> Array:
    """``input * log(other)``; 0 where ``input`` is 0, unless ``other`` is nan."""
    if input.dtype.kind == "c":
        raise unsupported(xp, "xlogy", input)
    product = input * xp.log(other)
    return xp.where(other != other, other, xp.where(input == 0, input.dtype.type(0), product))


TORCH = {
    "addcdiv": addcdiv, "addcmul": addcmul, "clamp": clamp, "clamp_max": clamp_max, "clamp_min": clamp_min, "clip": clamp,
    "copysign": copysign, "fmax": fmax, "fmin": fmin, "heaviside": heaviside, "lerp": lerp, "masked_fill": masked_fill,
    "maximum": maximum, "minimum": minimum, "nan_to_num": nan_to_num, "where": where, "xlogy": xlogy,
}  # fmt: skip
TENSOR = TORCH | {"where": lambda self, condition, other: where(condition, self, other)}
IN_PLACE = {
    f"{name}_": TORCH[name] for name in (
        "addcdiv", "addcmul", "clamp", "clamp_max", "clamp_min", "clip", "copysign", "heaviside", "lerp", "masked_fill", "nan_to_num",
        "xlogy",
    )
}  # fmt: skip
