"""The largest and the smallest elements, and where they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.grad_mode import mode
from ..op import Array, op
from ..samples import Sampler
from ..tensor import Tensor
from .choose import maximum, minimum
from .dims import dim_of
from .kinds import unsupported
from .reduce import axes_of, restored, sum_
from .results import result_type

# ------------------------------------------------------------------------------------------- choosing along one dimension


def along(xp: Any, array: Array, indices: Array, dim: int) -> Array:
    """The elements of ``array`` at ``indices`` along ``dim``, of which the indices have the dimension with size 1."""
    if array.ndim == 0:
        return array.copy()
    return xp.take_along_axis(array, indices, axis=dim)


def widened(xp: Any, array: Array, ndim: int, dim: int, keepdim: bool) -> Array:
    """A result along ``dim`` with that dimension as 1."""
    return array if keepdim or ndim == 0 else xp.expand_dims(array, dim)


def dropped(xp: Any, array: Array, dim: int, keepdim: bool) -> Array:
    """A result along ``dim``, of size 1 there, without that dimension unless it is to be kept."""
    return array if keepdim or array.ndim == 0 else xp.squeeze(array, dim)


@op(
    vjp={"grad": lambda g, indices, dim, keepdim: chosen(g, indices, dim, keepdim)},
    samples=lambda rand: [
        (rand(3), rand.integers(4, 3), (3, 4), 1, False),
        (rand(1, 4), rand.integers(3, 1, 4), (3, 4), 0, True),
        (rand(), rand.integers(1), (), 0, False),
    ],
)
def value_selecting_reduction_backward(xp: Any, grad: Array, indices: Array, shape: Sequence[int], dim: int, keepdim: bool) -> Array:
    """Zeros of ``shape`` with ``grad`` at the elements that were chosen along ``dim``."""
    if not shape:
        return grad.copy()
    dim = dim_of(dim, len(shape))
    grad, indices = widened(xp, grad, len(shape), dim, keepdim), widened(xp, indices, len(shape), dim, keepdim)
    numbers = xp.arange(shape[dim]).reshape(tuple(-1 if i == dim else 1 for i in range(len(shape))))
    return xp.where(numbers == indices, grad, grad.dtype.type(0))


@op(
    vjp={"input": lambda g, indices, input_shape, dim, keepdim: value_selecting_reduction_backward(g, indices, input_shape, dim, keepdim)},
    samples=lambda rand: [
        (rand(3, 4), rand.integers(4, 3), 1, False),
        (rand(3, 4), rand.integers(3, 1, 4), 0, True),
        (rand(), rand.integers(1), 0, False),
    ],
    node="GatherBackward0",
)
def chosen(xp: Any, input: Array, indices: Array, dim: int, keepdim: bool) -> Array:
    """The elements at ``indices``, one along ``dim``."""
    dim = dim_of(dim, input.ndim)
    return dropped(xp, along(xp, input, widened(xp, indices, input.ndim, dim, keepdim), dim), dim, keepdim)


def _selected(g: Any, indices: Any, input_shape: Any, dim: Any, keepdim: Any) -> Any:
    return value_selecting_reduction_backward(g, indices, input_shape, dim, keepdim)


# ---------------------------------------------------------------------------------------------------------- max and min


def _shared_evenly(g: Any, input: Any, out: Any) -> Any:
    """The gradient of the extreme of all elements, spread evenly over the elements that are it."""
    if mode.transforms:  # there is one answer for each of a batch
        both = (input == out) | (input.isnan() & out.isnan())
        return both * (g / both.sum())
    mask = input.isnan() if bool(out.isnan()) else input == out
    return mask * (g / mask.sum())


def _check_all(name: str, array: Array) -> None:
    if array.size == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument."
        )
    if array.dtype.kind == "c":
        raise NotImplementedError(f"\"{name}_all\" not implemented for '{dtypes.of(array.dtype).legacy}'")


def not_empty(name: str, array: Array, dim: int) -> int:
    """The number of the dimension ``dim``, along which there must be an element.

    Raises IndexError where there is none.
    """
    dim = dim_of(dim, array.ndim)
    if array.ndim and array.shape[dim] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")
    return dim


def extreme_along(xp: Any, name: str, array: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """Values and indices of "max" or "min"; of equal elements the first, of nan the first nan."""
    dim = not_empty(name, array, dim)
    if array.dtype.kind == "c":
        raise unsupported(xp, name, array)
    if array.ndim == 0:
        return array.copy(), xp.asarray(0, "int64")
    found = xp.argmax(array, axis=dim) if name == "max" else xp.argmin(array, axis=dim)
    indices = xp.expand_dims(found, dim).astype("int64")
    return dropped(xp, along(xp, array, indices, dim), dim, keepdim), dropped(xp, indices, dim, keepdim)


def _all(rand: Sampler) -> list[Any]:
    return [(rand.distinct(3, 4),), (rand(),), (rand.integers(9, 4),), (rand.booleans(4),)]


def _one(rand: Sampler) -> list[Any]:
    return [
    (rand.distinct(3, 4), 1), (rand.distinct(3, 4), -2, True), (rand(), 0), (rand.integers(9, 4), 0),
    rand.call(rand.distinct(3, 4), dim=0), (rand.booleans(3, 4), 1),
]  # fmt: skip


@op(
    vjp={"input": _shared_evenly},
    samples=_all,
    torch="max",
    node="MaxBackward1",
)
def max_all(xp: Any, input: Array) -> Array:
    """The largest element. Equal ones share the gradient."""
    _check_all("max", input)
    return input.max()


@op(
    vjp={"input": _shared_evenly},
    samples=_all,
    torch="min",
    node="MinBackward1",
)
def min_all(xp: Any, input: Array) -> Array:
    """The smallest element. Equal ones share the gradient."""
    _check_all("min", input)
    return input.min()


@op(
    vjp={"input": _selected},
    samples=_one,
    torch="max",
    node="MaxBackward0",
    outputs=("values", "indices"),
    differentiable=("values",),
)
def max_dim(xp: Any, input: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    """The largest elements along ``dim``, and where they are: of equal ones the first."""
    return extreme_along(xp, "max", input, dim, keepdim)


@op(
    vjp={"input": _selected},
    samples=_one,
    torch="min",
    node="MinBackward0",
    outputs=("values", "indices"),
    differentiable=("values",),
)
def min_dim(xp: Any, input: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    """The smallest elements along ``dim``, and where they are: of equal ones the first."""
    return extreme_along(xp, "min", input, dim, keepdim)


def _form(name: str, whole: Any, one: Any, pair: Any) -> Any:
    """The three forms of ``max`` and ``min`` under one name."""
    results = result_type(name, "values", "indices")

    def call(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
        if isinstance(dim, Tensor) or other is not None:
            return pair(input, dim if other is None else other)
        dim = axis if dim is None else dim
        if dim is None:
            return whole(input)
        if isinstance(dim, (tuple, list)):
            raise TypeError(f"{name}() received an invalid combination of arguments: 'dim' must be one dimension; a{name} takes several")
        return results(one(input, dim, keepdim or keepdims))

    call.__name__ = call.__qualname__ = name
    extreme = "largest" if name == "max" else "smallest"
    call.__doc__ = (
        f"The {extreme} element; with ``dim`` the {extreme} along it and where they are, as (values, indices); with a second tensor the "
        f"{extreme} of each pair."
    )
    return call


max_ = _form("max", max_all, max_dim, maximum)
min_ = _form("min", min_all, min_dim, minimum)


# --------------------------------------------------------------------------------------------------- along several at once


def _scaled_by_count(g: Any, input: Any, out: Any, dim: Any, keepdim: Any) -> Any:
    """The gradient spread evenly over the elements that are the extreme, along several dimensions."""
    extreme = restored(out, input.shape, dim, keepdim)
    mask = input == extreme
    axes = axes_of(dim, input.ndim)
    return mask * (restored(g, input.shape, dim, keepdim) / (sum_(mask, axes, True) if axes else mask))


def _several(rand: Sampler) -> list[Any]:
    return [
    (rand.distinct(3, 4), 1), (rand.distinct(3, 4), -2, True), (rand.distinct(2, 3, 4), (0, -1)), (rand.distinct(3, 4),), (rand(), 0),
    (rand.integers(9, 4), 0), (rand.distinct(3, 4), ()),
]  # fmt: skip


def _extreme_over(xp: Any, name: str, array: Array, dim: Any, keepdim: bool) -> Array:
    axes = axes_of(dim, array.ndim)
    if array.dtype.kind == "c":
        raise unsupported(xp, "max_values" if name == "amax" else "min_values", array)
    for axis in axes:
        if array.shape[axis] == 0 and (dim is not None and dim != ()):
            raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")
    if array.size == 0 and 0 in (array.shape[a] for a in axes):
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument."
        )
    return (array.max if name == "amax" else array.min)(axis=axes, keepdims=keepdim)


@op(vjp={"input": _scaled_by_count}, samples=_several, torch="amax")
def amax(xp: Any, input: Array, dim: Any = (), keepdim: bool = False) -> Array:
    """The largest elements along one or several dimensions. Equal ones share the gradient."""
    return _extreme_over(xp, "amax", input, dim, keepdim)


@op(vjp={"input": _scaled_by_count}, samples=_several, torch="amin")
def amin(xp: Any, input: Array, dim: Any = (), keepdim: bool = False) -> Array:
    """The smallest elements along one or several dimensions. Equal ones share the gradient."""
    return _extreme_over(xp, "amin", input, dim, keepdim)


def _aminmax_rule(g: Any, input: Any, min: Any, max: Any, dim: Any, keepdim: Any) -> Any:
    return _scaled_by_count(g[0], input, min, dim, keepdim) + _scaled_by_count(g[1], input, max, dim, keepdim)


@op(
    vjp={"input": _aminmax_rule},
    samples=lambda rand: [
        (rand.distinct(3, 4),),
        rand.call(rand.distinct(3, 4), dim=1),
        rand.call(rand.distinct(3, 4), dim=-2, keepdim=True),
    ],
    torch="aminmax",
    node="AminmaxBackward0",
    outputs=("min", "max"),
)
def aminmax_(xp: Any, input: Array, *, dim: int | None = None, keepdim: bool = False) -> tuple[Array, Array]:
    """The smallest and the largest element, or those along ``dim``."""
    axes = axes_of(dim, input.ndim)
    if input.dtype.kind == "c":
        raise unsupported(xp, "aminmax", input)
    if any(input.shape[axis] == 0 for axis in axes):
        raise RuntimeError("aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.")
    return input.min(axis=axes, keepdims=keepdim), input.max(axis=axes, keepdims=keepdim)


_AMINMAX = result_type("aminmax", "min", "max")


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest element, or those along ``dim``, as (min, max)."""
    return _AMINMAX(aminmax_(input, dim=dim, keepdim=keepdim))


def _where_extreme(xp: Any, name: str, array: Array, dim: int | None, keepdim: bool) -> Array:
    if array.dtype.kind == "b":
        raise RuntimeError(f"{name}(): does not support bool input")
    if array.dtype.kind == "c":
        raise unsupported(xp, name, array)
    find = xp.argmax if name == "argmax" else xp.argmin
    if dim is None:
        if array.size == 0:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
        found = xp.asarray(find(array)).astype("int64")
        return found.reshape((1,) * array.ndim) if keepdim else found
    dim = not_empty(name, array, dim)
    if array.ndim == 0:
        return xp.asarray(0, "int64")
    found = find(array, axis=dim).astype("int64")
    return xp.expand_dims(found, dim) if keepdim else found


def _found(rand: Sampler) -> list[Any]:
    return [
        (rand(3, 4),),
        (rand(3, 4), 1),
        (rand(3, 4), -2, True),
        (rand(), 0),
        rand.call(rand.integers(9, 4), keepdim=True),
    ]


@op(samples=_found, torch="argmax")
def argmax(xp: Any, input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Where the largest element is, in row-major order or along ``dim``: of equal ones the first."""
    return _where_extreme(xp, "argmax", input, dim, keepdim)


@op(samples=_found, torch="argmin")
def argmin(xp: Any, input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Where the smallest element is, in row-major order or along ``dim``: of equal ones the first."""
    return _where_extreme(xp, "argmin", input, dim, keepdim)


TORCH = {
    "amax": amax, "amin": amin, "aminmax": aminmax, "argmax": argmax, "argmin": argmin, "max": max_, "min": min_,
}  # fmt: skip
TENSOR = dict(TORCH)
