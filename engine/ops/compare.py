"""Comparisons, tests of elements, and logic: their results are bools (bits stay integers), so nothing here has a gradient."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..op import Array, op, operator
from ..samples import Sampler
from ..tensor import Tensor, wrap
from .kinds import unsupported, zeros_as


def _pairs(rand: Sampler) -> list[Any]:
    return [
        (rand.integers(3, 3, 4), rand.integers(3, 3, 4)),
        (rand(3, 1), rand(4)),
        (rand.integers(3, 4), 1),
        (rand.integers(3, 4), 1.5),
        (rand(), rand()),
    ]


def _singles(rand: Sampler) -> list[Any]:
    return [(rand(3, 4),), (rand.tensor([0.0, float("nan"), float("inf"), -float("inf")]),), (rand.integers(3, 4),)]


def _ordered(xp: Any, name: str, array: Array) -> None:
    if array.dtype.kind == "c":
        raise unsupported(xp, name, array)


@op(samples=_pairs, torch="eq", promote="common")
def eq(xp: Any, input: Array, other: Array) -> Array:
    """Where two tensors are equal."""
    return xp.equal(input, other)


@op(samples=_pairs, torch="ne", promote="common")
def ne(xp: Any, input: Array, other: Array) -> Array:
    """Where two tensors differ."""
    return xp.not_equal(input, other)


@op(samples=_pairs, torch="lt", promote="common")
def lt(xp: Any, input: Array, other: Array) -> Array:
    """Where ``input < other``."""
    _ordered(xp, "lt", input)
    return xp.less(input, other)


@op(samples=_pairs, torch="le", promote="common")
def le(xp: Any, input: Array, other: Array) -> Array:
    """Where ``input <= other``."""
    _ordered(xp, "le", input)
    return xp.less_equal(input, other)


@op(samples=_pairs, torch="gt", promote="common")
def gt(xp: Any, input: Array, other: Array) -> Array:
    """Where ``input > other``."""
    _ordered(xp, "gt", input)
    return xp.greater(input, other)


@op(samples=_pairs, torch="ge", promote="common")
def ge(xp: Any, input: Array, other: Array) -> Array:
    """Where ``input >= other``."""
    _ordered(xp, "ge", input)
    return xp.greater_equal(input, other)


@op(samples=_singles, torch="isnan")
def isnan(xp: Any, input: Array) -> Array:
    """Where elements are not a number."""
    return xp.isnan(input)


@op(samples=_singles, torch="isinf")
def isinf(xp: Any, input: Array) -> Array:
    """Where elements are infinite."""
    return xp.isinf(input)


@op(samples=_singles, torch="isfinite")
def isfinite(xp: Any, input: Array) -> Array:
    """Where elements are neither infinite nor not a number."""
    return xp.isfinite(input)


@op(samples=_singles, torch="isposinf")
def isposinf(xp: Any, input: Array) -> Array:
    """Where elements are plus infinity."""
    if input.dtype.kind == "c":
        raise RuntimeError("isposinf does not support complex inputs.")
    return xp.isinf(input) & (input > 0)


@op(samples=_singles, torch="isneginf")
def isneginf(xp: Any, input: Array) -> Array:
    """Where elements are minus infinity."""
    if input.dtype.kind == "c":
        raise RuntimeError("isneginf does not support complex inputs.")
    return xp.isinf(input) & (input < 0)


@op(samples=_singles, torch="signbit")
def signbit(xp: Any, input: Array) -> Array:
    """Where the sign bit is set, as it is in -0.0."""
    if input.dtype.kind == "c":
        raise RuntimeError("signbit is not implemented for complex tensors.")
    return xp.signbit(input) if input.dtype.kind == "f" else input < 0


@op(samples=lambda rand: [(rand(3),), (rand.tensor([1 + 0j, 1j, complex(float("nan"), 0)]),)], torch="isreal")
def isreal(xp: Any, input: Array) -> Array:
    """Where elements have no imaginary part."""
    return xp.isreal(input)


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Any:
    """Where elements are among ``test_elements`` (or, with ``invert``, are not); one of the two may be a number.

    Raises TypeError where both are numbers.
    """
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise TypeError(
            f"isin() received an invalid combination of arguments - got ({type(elements).__name__}, {type(test_elements).__name__}), but "
            "expected one of: (Tensor elements, Tensor test_elements), (Number element, Tensor test_elements), (Tensor elements, "
            "Number test_element)"
        )
    xp = (elements if isinstance(elements, Tensor) else test_elements)._xp
    first, second = (xp.asarray(t._data if isinstance(t, Tensor) else t) for t in (elements, test_elements))
    return wrap(xp.asarray(xp.isin(first, second, invert=invert)))


@op(
    samples=lambda rand: [
        (rand.tensor([1.0, 2.0, float("nan"), float("inf")]), rand.tensor([1.0 + 1e-9, 2.1, float("nan"), float("inf")])),
        rand.call(rand.tensor([1.0, float("nan")]), rand.tensor([1.05, float("nan")]), rtol=0.1, equal_nan=True),
        rand.call(rand.integers(9, 4), rand.integers(9, 4), atol=2.0),
    ],
    torch="isclose",
)
def isclose(xp: Any, input: Array, other: Array, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Array:
    """Where ``|input - other| <= atol + rtol * |other|``, or both are equal infinities, or (if asked) both nan."""
    if input.dtype != other.dtype:
        raise RuntimeError(
            f"{dtypes.of(input.dtype).legacy} did not match {dtypes.of(other.dtype).legacy}: isclose compares tensors of one type"
        )
    if rtol < 0 or atol < 0:
        raise RuntimeError(f"rtol and atol must be greater than or equal to zero, but got {rtol} and {atol}")
    if input.dtype.kind == "b":
        return input == other
    if input.dtype.kind == "u":
        input, other = input.astype("int64"), other.astype("int64")
    near = xp.absolute(input - other) <= atol + xp.absolute(rtol * other)
    close = (input == other) | (near & xp.isfinite(input) & xp.isfinite(other))
    return close | (xp.isnan(input) & xp.isnan(other)) if equal_nan else close


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close, as ``isclose`` means it."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._data.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements."""
    if input._data.shape != other._data.shape:
        return False
    return bool(eq(input, other)._data.all())


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not 0.

    Raises RuntimeError unless there is exactly one.
    """
    return bool(input)


# ------------------------------------------------------------------------------------------------------------------ logic


@op(samples=lambda rand: [p for p in _pairs(rand) if not isinstance(p[1], (int, float))], torch="logical_and", promote="common")
def logical_and(xp: Any, input: Array, other: Array) -> Array:
    """Where both are not 0."""
    return xp.logical_and(input, other)


@op(samples=lambda rand: [p for p in _pairs(rand) if not isinstance(p[1], (int, float))], torch="logical_or", promote="common")
def logical_or(xp: Any, input: Array, other: Array) -> Array:
    """Where at least one is not 0."""
    return xp.logical_or(input, other)


@op(samples=lambda rand: [p for p in _pairs(rand) if not isinstance(p[1], (int, float))], torch="logical_xor", promote="common")
def logical_xor(xp: Any, input: Array, other: Array) -> Array:
    """Where exactly one is not 0."""
    return xp.logical_xor(input, other)


@op(samples=_singles, torch="logical_not")
def logical_not(xp: Any, input: Array) -> Array:
    """Where elements are 0."""
    return xp.logical_not(input)


def _bits(rand: Sampler) -> list[Any]:
    return [
        (rand.integers(9, 3, 4, low=-9), rand.integers(9, 4, low=-9)),
        (rand.booleans(4), rand.booleans(4)),
        (rand.integers(9, 4), 5),
    ]


def _shifts(rand: Sampler) -> list[Any]:
    return [
        (rand.integers(9, 3, 4, low=-9), rand.integers(70, 4)),
        (rand.integers(9, 4, low=-9), 2),
        (rand.integers(9, 2), 64),
    ]


def _whole(xp: Any, name: str, array: Array) -> None:
    if array.dtype.kind in "fc":
        raise unsupported(xp, name, array)


@op(samples=_bits, torch="bitwise_and", promote="common")
def bitwise_and(xp: Any, input: Array, other: Array) -> Array:
    """The bits that both have."""
    _whole(xp, "bitwise_and", input)
    return xp.bitwise_and(input, other)


@op(samples=_bits, torch="bitwise_or", promote="common")
def bitwise_or(xp: Any, input: Array, other: Array) -> Array:
    """The bits that at least one has."""
    _whole(xp, "bitwise_or", input)
    return xp.bitwise_or(input, other)


@op(samples=_bits, torch="bitwise_xor", promote="common")
def bitwise_xor(xp: Any, input: Array, other: Array) -> Array:
    """The bits that exactly one has."""
    _whole(xp, "bitwise_xor", input)
    return xp.bitwise_xor(input, other)


@op(samples=lambda rand: [(rand.integers(9, 3, 4, low=-9),), (rand.booleans(4),)], torch="bitwise_not")
def bitwise_not(xp: Any, input: Array) -> Array:
    """All bits turned over; of bools the negation."""
    if input.dtype.kind in "fc":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return xp.invert(input)


def _in_range(xp: Any, bits: Array, count: Array) -> Array:
    return (count >= 0) & (count < bits.dtype.itemsize * 8)


@op(samples=_shifts, torch="bitwise_left_shift", promote="common")
def bitwise_left_shift(xp: Any, input: Array, other: Array) -> Array:
    """``input * 2**other`` for integers; 0 where nothing is left."""
    if input.dtype.kind not in "iu":
        raise unsupported(xp, "lshift", input)
    fits = _in_range(xp, input, other)
    return xp.where(fits, xp.left_shift(input, xp.where(fits, other, 0)), 0).astype(input.dtype)


@op(samples=_shifts, torch="bitwise_right_shift", promote="common")
def bitwise_right_shift(xp: Any, input: Array, other: Array) -> Array:
    """``input // 2**other`` for integers; the sign stays."""
    if input.dtype.kind not in "iu":
        raise unsupported(xp, "rshift", input)
    fits = _in_range(xp, input, other)
    most = input.dtype.itemsize * 8 - 1
    shifted = xp.right_shift(input, xp.where(fits, other, most).astype(input.dtype))
    return xp.where(fits, shifted, 0).astype(input.dtype) if input.dtype.kind == "u" else shifted


TORCH = {
    "allclose": allclose, "bitwise_and": bitwise_and, "bitwise_left_shift": bitwise_left_shift, "bitwise_not": bitwise_not,
    "bitwise_or": bitwise_or, "bitwise_right_shift": bitwise_right_shift, "bitwise_xor": bitwise_xor, "eq": eq, "equal": equal,
    "ge": ge, "greater": gt, "greater_equal": ge, "gt": gt, "is_nonzero": is_nonzero, "isclose": isclose, "isfinite": isfinite,
    "isin": isin, "isinf": isinf, "isnan": isnan, "isneginf": isneginf, "isposinf": isposinf, "isreal": isreal, "le": le, "less": lt,
    "less_equal": le,
    "logical_and": logical_and, "logical_not": logical_not, "logical_or": logical_or, "logical_xor": logical_xor, "lt": lt, "ne": ne,
    "not_equal": ne, "signbit": signbit,
}  # fmt: skip


def _operators(**functions: Any) -> dict[str, Any]:
    return {f"__{name.rstrip('_')}__": operator(f"__{name.rstrip('_')}__", function) for name, function in functions.items()}


def _reflected(**functions: Any) -> dict[str, Any]:
    return {f"__r{name}__": operator(f"__r{name}__", function, reflected=True) for name, function in functions.items()}


TENSOR = TORCH | _operators(
    eq=eq, ne=ne, lt=lt, le=le, gt=gt, ge=ge, and_=bitwise_and, or_=bitwise_or, xor=bitwise_xor,
    lshift=bitwise_left_shift, rshift=bitwise_right_shift,
) | {"__invert__": bitwise_not} | _reflected(
    xor=bitwise_xor, lshift=bitwise_left_shift, rshift=bitwise_right_shift, **{"and": bitwise_and, "or": bitwise_or},
)  # fmt: skip


def _into(name: str, compare: Any) -> Any:
    """What ``eq_`` and the like write: the comparison's 0 and 1 in the first input's type. The gradients are zeros."""

    def written(xp: Any, input: Array, other: Array) -> Array:
        return compare.op.forward(xp, input, other).astype(input.dtype)

    written.__name__ = f"{name}_into"
    written.__doc__ = f"{compare.op.doc.removesuffix('.')}, as numbers of the first one's type."
    declare = op(
        vjp={"input": lambda g: zeros_as(g), "other": lambda g: zeros_as(g)},
        samples=lambda rand: [(rand(3, 4), rand(3, 4)), (rand(3, 4), 0.5)],
        node=lambda other: f"{name.capitalize()}Backward{int(isinstance(other, Tensor))}",
        promote="common",
        scalars=("other",),
        gradcheck=False,
    )
    differentiable = declare(written)

    def into(input: Tensor, other: Any) -> Any:
        return differentiable(input, other) if input.dtype.category >= 2 else compare(input, other)

    into.__name__ = name
    return into


_INTO = {name: _into(name, TORCH[name]) for name in ("eq", "ne", "lt", "le", "gt", "ge")}
_ALSO = {"greater_": "gt", "greater_equal_": "ge", "less_": "lt", "less_equal_": "le", "not_equal_": "ne"}
IN_PLACE = {
    f"{name}_": TORCH[name] for name in (
        "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "logical_and",
        "logical_not", "logical_or", "logical_xor",
    )
} | {f"{name}_": function for name, function in _INTO.items()} | {name: _INTO[other] for name, other in _ALSO.items()} | {
    "__iand__": bitwise_and, "__ior__": bitwise_or, "__ixor__": bitwise_xor, "__ilshift__": bitwise_left_shift,
    "__irshift__": bitwise_right_shift,
}  # fmt: skip
