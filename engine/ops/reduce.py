"""Sums, means, products, variances, norms and tests over all elements or along dimensions."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.grad_mode import mode
from ..op import Array, op
from ..samples import Sampler
from ..tensor import Tensor, wrap
from .choose import where_
from .complexes import conj
from .dims import dims_of
from .kinds import in_single, zeros_as

Dims = int | Sequence[int] | None


def axes_of(dim: Dims, ndim: int) -> tuple[int, ...]:
    """The dimensions to reduce, counted from the front; all of them where none is named. A 0-d tensor has none."""
    if dim is None or dim == () or dim == []:
        return tuple(range(ndim))
    if isinstance(dim, float):
        raise TypeError(f"argument 'dim' must be int or tuple of ints, not {type(dim).__name__}")
    found = dims_of(dim, ndim)
    return found if ndim else ()


def kept_shape(shape: Sequence[int], dim: Dims) -> tuple[int, ...]:
    """``shape`` with the reduced dimensions as 1."""
    axes = axes_of(dim, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def restored(tensor: Tensor, shape: Sequence[int], dim: Dims, keepdim: bool) -> Tensor:
    """A reduction's result, or its gradient, with the reduced dimensions back as 1, so that it broadcasts to ``shape``."""
    if keepdim or dim is None:
        return tensor
    return tensor.reshape(kept_shape(shape, dim))  # type: ignore[no-any-return]


def spread(tensor: Tensor, shape: Sequence[int], dim: Dims, keepdim: bool) -> Tensor:
    """As ``restored``, expanded to ``shape``."""
    return restored(tensor, shape, dim, keepdim).expand(shape)  # type: ignore[no-any-return]


def _spread_on_arrays(xp: Any, g: Array, shape: Sequence[int], dim: Dims, keepdim: bool) -> Array:
    if math.prod(shape) == 1:
        return g.reshape(shape)
    if not keepdim:
        axes = axes_of(dim, len(shape))
        g = g.reshape([1 if i in axes else n for i, n in enumerate(shape)])
    return xp.as_strided(g, shape, [0 if n == 1 else s for n, s in zip(g.shape, g.strides, strict=True)])


def count_of(shape: Sequence[int], dim: Dims) -> int:
    """How many elements a reduction of ``shape`` puts together into one."""
    return math.prod(shape[i] for i in axes_of(dim, len(shape)))


def _sum_type(array: Array, dtype: Any) -> Any:
    """The type of a sum: what was asked for; integers and bools are added as int64."""
    if dtype is not None:
        return dtypes.as_dtype(dtype).numpy
    return "int64" if array.dtype.kind in "biu" else array.dtype


def _add_up(xp: Any, array: Array, axes: tuple[int, ...], keepdim: bool, kind: Any) -> Array:
    if getattr(kind, "char", "") == "e":
        return array.sum(axis=axes, keepdims=keepdim, dtype="float32").astype("float16")
    plain = array.ndim == 2 and len(axes) == 1 and array.dtype == kind
    if plain and array.dtype.kind == "f" and array.size >= 4096 and array.flags.c_contiguous:
        ones = xp.ones(array.shape[axes[0]], array.dtype)  # a product with ones runs faster than a sum along one dimension
        total = ones @ array if axes[0] == 0 else array @ ones
        return xp.expand_dims(total, axes[0]) if keepdim else total
    return array.sum(axis=axes, keepdims=keepdim, dtype=kind)


def _dims(rand: Sampler) -> list[Any]:
    return [
        (rand(3, 4),),
        (rand(3, 4), 1),
        (rand(2, 3, 4), (0, -1)),
        rand.call(rand(2, 3, 4), -2, keepdim=True),
        (rand(3, 4), None, True),
        rand.call(rand(3, 4), axis=0, keepdims=True),
        (rand(), 0),
    ]


def _sums(rand: Sampler) -> list[Any]:
    return [*_dims(rand), (rand(),), rand.call(rand.integers(5, 3, 4), 0, dtype=dtypes.float64), (rand.booleans(3, 4), 1)]


@op(
    vjp={"input": lambda g, input_shape, dim, keepdim: spread(g, input_shape, dim, keepdim)},
    on_arrays={"input": lambda xp, g, input_shape, dim, keepdim: _spread_on_arrays(xp, g, input_shape, dim, keepdim)},
    samples=_sums,
    torch="sum",
    node=lambda dim, keepdim: "SumBackward0" if dim is None and not keepdim else "SumBackward1",
)
def sum_(xp: Any, input: Array, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """Sum of all elements, or along ``dim``. Integers and bools are added as int64, float16 in float32."""
    if dim is None and not keepdim and dtype is None and input.dtype.char in "fd":
        return input.sum()
    return _add_up(xp, input, axes_of(dim, input.ndim), keepdim, _sum_type(input, dtype))


@op(
    vjp={"input": lambda g, input, dim, keepdim: where_(input.isnan(), 0, spread(g, input.shape, dim, keepdim))},
    samples=lambda rand: [*_dims(rand), (rand.integers(5, 3, 4), 0)],
    torch="nansum",
)
def nansum(xp: Any, input: Array, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """Sum of all elements, or along ``dim``, with nan counted as 0."""
    if input.dtype.kind == "c":
        raise RuntimeError("nansum does not support complex inputs")
    known = xp.where(input != input, input.dtype.type(0), input)
    return _add_up(xp, known, axes_of(dim, input.ndim), keepdim, _sum_type(input, dtype))


@op(
    vjp={"input": lambda g, input_shape, dim, keepdim: spread(g / count_of(input_shape, dim), input_shape, dim, keepdim)},
    on_arrays={
        "input": lambda xp, g, input_shape, dim, keepdim: _spread_on_arrays(
            xp, xp.asarray(xp.divide(g, xp.asarray(count_of(input_shape, dim), g.dtype))), input_shape, dim, keepdim
        )
    },
    samples=lambda rand: [*_dims(rand), (rand(),), rand.call(rand.integers(5, 3, 4), 0, dtype=dtypes.float64)],
    torch="mean",
    node=lambda dim, keepdim: "MeanBackward0" if dim is None and not keepdim else "MeanBackward1",
)
def mean(xp: Any, input: Array, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """Mean of all elements, or along ``dim``; nan of none."""
    kind = input.dtype if dtype is None else dtypes.as_dtype(dtype).numpy
    if dim is None and not keepdim and kind is input.dtype and kind.char in "fd":
        return xp.divide(input.sum(), xp.asarray(input.size, kind))
    if kind.kind not in "fc":
        what = "could not infer output dtype. Input" if dtype is None else "output"
        raise RuntimeError(
            f"mean(): {what} dtype must be either a floating point or complex dtype. Got: {dtypes.of(kind).legacy}; convert the tensor "
            "with .float(), or say dtype=torch.float32"
        )
    wide = "float32" if kind == "float16" else kind
    source = input if input.dtype == wide else input.astype(wide)
    total = _add_up(xp, source, axes_of(dim, input.ndim), keepdim, wide)
    result = xp.divide(total, xp.asarray(count_of(input.shape, dim), wide))
    return result if wide == kind else result.astype(kind)


def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Mean of the elements that are not nan."""
    counted = sum_(input.isnan().logical_not(), dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / counted


def _others(g: Any, input: Any, out: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of a product: for each element the product of the others."""
    if not mode.transforms and not bool((input == 0).any()):
        return spread(g * conj(out), input.shape, dim, keepdim) / conj(input)
    if dim is None:
        return _others(g, input.reshape(-1), out, 0, False).reshape(input.shape)
    dim = dim % max(input.ndim, 1)
    if input.ndim == 0:
        return g
    n = input.shape[dim]
    rows = input.movedim(dim, -1)
    xp = input._xp
    itself = wrap(xp.eye(n, dtype="bool"))
    others = rows.unsqueeze(-2).expand((*rows.shape[:-1], n, n)).masked_fill(itself, 1).prod(-1)
    arrived = restored(g, input.shape, dim, keepdim).movedim(dim, -1)
    return (arrived * conj(others)).movedim(-1, dim)


@op(
    vjp={"input": _others},
    samples=lambda rand: [
        (rand.away(3, 4),),
        (rand.away(3, 4), 1),
        rand.call(rand.away(2, 3, 4), -2, keepdim=True),
        (rand.tensor([[1.5, 0.0, 2.0], [0.0, 3.0, 0.0]]), 1),
        (rand.tensor([1.5, 0.0, 2.0]),),
        (rand.integers(4, 2, 3),),
        (rand(), 0),
    ],
    torch="prod",
    node=lambda dim: "ProdBackward0" if dim is None else "ProdBackward1",
)
def prod(xp: Any, input: Array, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """Product of all elements, or along one dimension. Integers and bools are multiplied as int64."""
    kind = _sum_type(input, dtype)
    axes = axes_of(dim, input.ndim)
    if kind == "float16":
        return input.prod(axis=axes, keepdims=keepdim, dtype="float32").astype("float16")
    return input.prod(axis=axes, keepdims=keepdim, dtype=kind)


# ----------------------------------------------------------------------------------------------------------------- spread


def _deviations(xp: Any, input: Array, dim: Dims, correction: Any, keepdim: bool, name: str) -> tuple[Array, Array]:
    """Variance and mean."""
    if input.dtype.kind not in "fc":
        raise RuntimeError("std and var only support floating point and complex dtypes")
    axes = axes_of(dim, input.ndim)
    count = count_of(input.shape, dim)
    if count - correction <= 0:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input numel divided "
            "by output numel).",
            UserWarning,
            stacklevel=2,
        )
    wide = "float32" if input.dtype == "float16" else input.dtype
    centre = _add_up(xp, input.astype(wide), axes, True, wide) / xp.asarray(count, wide)
    away = input - centre
    squares = away.real * away.real + away.imag * away.imag if input.dtype.kind == "c" else away * away
    total = _add_up(xp, squares, axes, keepdim, squares.dtype)
    left = xp.asarray(max(count - correction, 0), total.dtype)
    if not keepdim:
        centre = centre.reshape(total.shape)
    return total / left, centre


def _var_rule(g: Any, input: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    left = count_of(input.shape, dim) - correction
    away = input - mean(input, dim, True) if dim is not None else input - mean(input)
    if left <= 0:
        return restored(g, input.shape, dim, keepdim) * where_(away == 0, math.nan, math.inf)
    return restored(g * (2.0 / left), input.shape, dim, keepdim) * away


def _std_rule(g: Any, input: Any, out: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    return _var_rule((g / (out * 2)).masked_fill(out == 0, 0), input, dim, correction, keepdim)


def _with_mean(rule: Any, g: Any, input: Any, dim: Any, correction: Any, keepdim: bool, *out: Any) -> Any:
    first, second = g
    return rule(first, input, *out, dim, correction, keepdim) + spread(second / count_of(input.shape, dim), input.shape, dim, keepdim)


def _spreads(rand: Sampler) -> list[Any]:
    return [
    (rand(3, 4),), (rand(3, 4), 1), (rand(2, 3, 4), (0, 2), 1, True), rand.call(rand(3, 4), 0, correction=0),
    rand.call(rand(5), correction=2),
]  # fmt: skip


@op(vjp={"input": _var_rule}, samples=_spreads, node="VarBackward0")
def var_(xp: Any, input: Array, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Array:
    """Variance: the sum of squared deviations from the mean, divided by the count less ``correction``."""
    return _deviations(xp, input, dim, correction, keepdim, "var")[0].astype(_real_kind(input))


@op(vjp={"input": _std_rule}, samples=_spreads, node="StdBackward0")
def std_(xp: Any, input: Array, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Array:
    """Standard deviation: the square root of the variance."""
    return xp.sqrt(_deviations(xp, input, dim, correction, keepdim, "std")[0]).astype(_real_kind(input))


@op(
    vjp={"input": lambda g, input, dim, correction, keepdim: _with_mean(_var_rule, g, input, dim, correction, keepdim)},
    samples=_spreads,
    node="VarMeanBackward0",
    outputs=("var", "mean"),
)
def var_mean_(xp: Any, input: Array, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> tuple[Array, Array]:
    """Variance and mean."""
    var, centre = _deviations(xp, input, dim, correction, keepdim, "var_mean")
    return var.astype(_real_kind(input)), centre.astype(input.dtype)


@op(
    vjp={"input": lambda g, input, std, dim, correction, keepdim: _with_mean(_std_rule, g, input, dim, correction, keepdim, std)},
    samples=_spreads,
    node="StdMeanBackward0",
    outputs=("std", "mean"),
)
def std_mean_(xp: Any, input: Array, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> tuple[Array, Array]:
    """Standard deviation and mean."""
    var, centre = _deviations(xp, input, dim, correction, keepdim, "std_mean")
    return xp.sqrt(var).astype(_real_kind(input)), centre.astype(input.dtype)


def _real_kind(array: Array) -> Any:
    return dtypes.of(array.dtype).to_real().numpy


def _spread_call(function: Any, name: str, doc: str) -> Any:
    """The call forms ``f(x, unbiased)``, ``f(x, dim, unbiased, keepdim)`` and ``f(x, dim, *, correction, keepdim)`` of one op."""

    def call(
        input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None, **spelled: Any
    ) -> Any:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        dim, keepdim = spelled.pop("axis", dim), spelled.pop("keepdims", keepdim)
        if spelled:
            raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(spelled))}'")
        if correction is None:
            correction = 1 if unbiased is None else int(unbiased)
        return function(input, dim, correction, keepdim)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    return call


var = _spread_call(var_, "var", "Variance of all elements or along ``dim``; ``correction`` (1) is taken off the count.")
std = _spread_call(std_, "std", "Standard deviation of all elements or along ``dim``; ``correction`` (1) is taken off the count.")
var_mean = _spread_call(var_mean_, "var_mean", "Variance and mean of all elements or along ``dim``.")
std_mean = _spread_call(std_mean_, "std_mean", "Standard deviation and mean of all elements or along ``dim``.")


# ------------------------------------------------------------------------------------------------------------------ norms


def _norm_rule(g: Any, x: Any, out: Any, ord: float, dim: Any, keepdim: bool) -> Any:
    if ord == 0:
        return None
    g, length = restored(g, x.shape, dim, keepdim), restored(out, x.shape, dim, keepdim)
    if ord == 1:
        return x.sgn() * g
    if ord == 2:
        return x * (g / length).masked_fill(length == 0, 0)
    if math.isinf(ord):
        size = x.abs()
        extreme = (size == length) | (length != length)
        return x.sgn() * (where_(extreme, 1, zeros_as(size)) / sum_(extreme, dim, True) * g)
    if ord < 1:
        return (x.sgn() * x.abs().pow(ord - 1)).masked_fill(x == 0, 0) * (g * length.pow(1 - ord))
    if ord < 2:
        return x.sgn() * x.abs().pow(ord - 1) * (g / length.pow(ord - 1)).masked_fill(length == 0, 0)
    return x * x.abs().pow(ord - 2) * (g / length.pow(ord - 1)).masked_fill(length == 0, 0)


@op(
    vjp={"x": _norm_rule},
    samples=lambda rand: [
        (rand.away(3, 4),), (rand.away(3, 4), 1), (rand.away(3, 4), 3), (rand.away(3, 4), 2.5, 0), (rand.away(3, 4), 1.5, -1, True),
        (rand.distinct(3, 4), math.inf, 1), (rand.distinct(3, 4), -math.inf), (rand.away(3, 4), 0, 1), (rand.away(2, 3, 4), 2, (0, 2)),
        (rand.away(3), 0.5), (rand.away(),),
    ],
    torch="linalg.vector_norm",
    node="LinalgVectorNormBackward0",
)  # fmt: skip
@in_single
def vector_norm(xp: Any, x: Array, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """``(sum |x|**ord) ** (1 / ord)`` of all elements or along ``dim``; the largest or smallest size for plus or minus infinity,
    the number of elements that are not 0 for 0."""
    if x.dtype.kind not in "fc":
        raise RuntimeError(f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {dtypes.of(x.dtype).legacy}")
    if dtype is not None:
        own, wanted = dtypes.of(x.dtype), dtypes.as_dtype(dtype)
        if wanted.category != own.category or dtypes.promote_types(own, wanted) is not wanted:
            raise RuntimeError(
                f"linalg.vector_norm: the dtype of the input ({own.legacy}) should be convertible without narrowing to the specified dtype "
                f"({wanted.legacy})"
            )
        x = x.astype(wanted.numpy)
    axes = axes_of(dim, x.ndim)
    if x.size == 0 and (ord < 0 or ord == math.inf) and count_of(x.shape, dim) == 0:
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor because the operation does not have an identity"
        )
    if ord == 2 and not keepdim and len(axes) == x.ndim and x.dtype.kind == "f":
        flat = x.reshape(-1)
        return xp.sqrt(xp.dot(flat, flat))
    size = xp.absolute(x)
    if ord == 0:
        return (size != 0).sum(axis=axes, keepdims=keepdim).astype(size.dtype)
    if ord == math.inf:
        return size.max(axis=axes, keepdims=keepdim)
    if ord == -math.inf:
        return size.min(axis=axes, keepdims=keepdim)
    if ord == 1:
        return size.sum(axis=axes, keepdims=keepdim)
    if ord == 2:
        return xp.sqrt((size * size).sum(axis=axes, keepdims=keepdim))
    kind = size.dtype.type
    return xp.power(xp.power(size, kind(ord)).sum(axis=axes, keepdims=keepdim), kind(1.0 / ord))


def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: None = None, dtype: Any = None) -> Any:
    """The p-norm of all elements or along ``dim``; "fro" is 2.

    Raises ValueError for names of other norms.
    """
    if isinstance(p, str) and p != "fro":
        raise ValueError(f"norm: only p='fro' and numbers are supported, got {p!r}")
    return vector_norm(input, 2 if p is None or p == "fro" else p, dim, keepdim, dtype=dtype)


@op(
    vjp={
        "input": lambda g, input, other, out, p: _norm_rule(g, input - other, out, p, None, False),
        "other": lambda g, input, other, out, p: -_norm_rule(g, input - other, out, p, None, False),
    },
    samples=lambda rand: [(rand(3, 4), rand(3, 4)), (rand(3, 4), rand(4), 3), (rand(3), rand(3), 1.5)],
    torch="dist",
    promote="common",
)
def dist(xp: Any, input: Array, other: Array, p: Any = 2) -> Array:
    """The p-norm of ``input - other``."""
    return vector_norm.op.forward(xp, input - other, p)  # type: ignore[attr-defined]


@op(
    vjp={"input": lambda g, input, out, dim, keepdim: _logsumexp_rule(g, input, out, dim, keepdim)},
    samples=lambda rand: [
        (rand(3, 4), 1),
        (rand(2, 3, 4), (0, -1)),
        rand.call(rand(3, 4), 0, keepdim=True),
        (rand(), 0),
        (rand.integers(4, 3), 0),
    ],
    torch="logsumexp",
    promote="float",
)
@in_single
def logsumexp(xp: Any, input: Array, dim: Any, keepdim: bool = False) -> Array:
    """``log(sum(exp(input)))`` along ``dim``, without overflow."""
    axes = axes_of(dim, input.ndim)
    if count_of(input.shape, dim) == 0:
        return xp.log(xp.exp(input).sum(axis=axes, keepdims=keepdim))
    top = (input.real if input.dtype.kind == "c" else input).max(axis=axes, keepdims=True)
    top = xp.where(xp.isfinite(top), top, top.dtype.type(0))
    result = xp.log(xp.exp(input - top).sum(axis=axes, keepdims=True)) + top
    return result if keepdim else result.reshape(input.max(axis=axes).shape)


def _logsumexp_rule(g: Any, input: Any, out: Any, dim: Any, keepdim: bool) -> Any:
    share = (input - restored(out, input.shape, dim, keepdim)).exp()
    return restored(g, input.shape, dim, keepdim) * conj(share)


# ------------------------------------------------------------------------------------------------------------------ tests


def _tested(rand: Sampler) -> list[Any]:
    return [
    (rand.booleans(3, 4),), (rand.integers(2, 3, 4), 1), (rand.booleans(2, 3, 4), (0, 2), True), (rand(3, 4), 0), (rand.booleans(), 0)
]  # fmt: skip


@op(samples=_tested, torch="all")
def all_(xp: Any, input: Array, dim: Any = None, keepdim: bool = False) -> Array:
    """Whether all elements are not 0, of the whole tensor or along ``dim``."""
    found = xp.all(input != 0, axis=axes_of(dim, input.ndim), keepdims=keepdim)
    return found.astype("uint8") if input.dtype == "uint8" else found


@op(samples=_tested, torch="any")
def any_(xp: Any, input: Array, dim: Any = None, keepdim: bool = False) -> Array:
    """Whether an element is not 0, of the whole tensor or along ``dim``."""
    found = xp.any(input != 0, axis=axes_of(dim, input.ndim), keepdims=keepdim)
    return found.astype("uint8") if input.dtype == "uint8" else found


@op(samples=lambda rand: [(rand.booleans(3, 4),), (rand.integers(2, 3, 4), 1), (rand.booleans(2, 3, 4), (0, 2))], torch="count_nonzero")
def count_nonzero(xp: Any, input: Array, dim: Any = None) -> Array:
    """The number of elements that are not 0, of the whole tensor or along ``dim``."""
    return (input != 0).sum(axis=axes_of(dim, input.ndim), dtype="int64")


TORCH = {
    "all": all_, "any": any_, "count_nonzero": count_nonzero, "dist": dist, "logsumexp": logsumexp, "mean": mean, "nanmean": nanmean,
    "nansum": nansum, "norm": norm, "prod": prod, "std": std, "std_mean": std_mean, "sum": sum_, "var": var, "var_mean": var_mean,
}  # fmt: skip
TENSOR = {name: function for name, function in TORCH.items() if name not in ("std_mean", "var_mean")}
