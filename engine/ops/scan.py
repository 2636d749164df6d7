"""Running sums, products, maxima and minima along a dimension."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..autograd.grad_mode import mode
from ..op import Array, op
from ..samples import Sampler
from ..tensor import Tensor, wrap
from .choose import where_
from .complexes import conj
from .dims import dim_of
from .kinds import in_single, unsupported
from .pieces import cat
from .results import result_type


def running(xp: Any, function: str, array: Array, dim: int) -> Array:
    """The running result of a ufunc of two arguments along ``dim``, by doubling steps: cupy's have no ``accumulate``."""
    ufunc = getattr(xp, function)
    result = xp.moveaxis(array.copy(), dim, 0)
    step = 1
    while step < result.shape[0]:
        result = xp.concatenate((result[:step], ufunc(result[step:], result[:-step])))
        step *= 2
    return xp.moveaxis(result, 0, dim)


def _kind(array: Array, dtype: Any) -> Any:
    if dtype is not None:
        return dtypes.as_dtype(dtype).numpy
    return "int64" if array.dtype.kind in "biu" else array.dtype


def _scanned(scan: Callable[..., Any], array: Array, dim: int, dtype: Any) -> Array:
    kind, dim = _kind(array, dtype), dim_of(dim, array.ndim)
    if array.ndim == 0:
        return array.astype(kind)
    if kind == "float16":
        return scan(array, axis=dim, dtype="float32").astype(kind)
    return scan(array, axis=dim, dtype=kind)


def _scans(rand: Sampler) -> list[Any]:
    return [
    (rand.away(3, 4), 1), (rand.away(3, 4), -2), (rand.away(4), 0), (rand(), 0), (rand.integers(3, 4), 0),
    rand.call(rand.integers(3, 4), 0, dtype=dtypes.float64),
]  # fmt: skip


@op(vjp={"input": lambda g, dim: reversed_cumsum(g, dim)}, samples=_scans, torch="cumsum")
def cumsum(xp: Any, input: Array, dim: int, *, dtype: Any = None) -> Array:
    """Running sum along ``dim``. Integers and bools are added as int64."""
    return _scanned(xp.cumsum, input, dim, dtype)


@op(vjp={"input": lambda g, dim: cumsum(g, dim)}, samples=lambda rand: [(rand(3, 4), 1), (rand(3, 4), -2), (rand(), 0)])
def reversed_cumsum(xp: Any, input: Array, dim: int) -> Array:
    """Running sum along ``dim`` from the end."""
    dim = dim_of(dim, input.ndim)
    if input.ndim == 0:
        return input.copy()
    return xp.flip(_scanned(xp.cumsum, xp.flip(input, dim), dim, None), dim)


def _cumprod_rule(g: Any, input: Any, out: Any, dim: int) -> Any:
    if input.ndim == 0:
        return g
    if not mode.transforms and not bool((input == 0).any()):
        return reversed_cumsum(g * conj(out), dim) / conj(input)
    # element k reaches every later product, in which the others stay: row k of a square has its element k replaced by 1
    rows, arrived = input.movedim(dim, -1), g.movedim(dim, -1)
    n, xp = rows.shape[-1], input._xp
    others = cumprod(rows.unsqueeze(-2).expand((*rows.shape[:-1], n, n)).masked_fill(wrap(xp.eye(n, dtype="bool")), 1), -1)
    later = wrap(xp.triu(xp.ones((n, n), "bool")))
    return where_(later, arrived.unsqueeze(-2) * conj(others), 0).sum(-1).movedim(-1, dim)


@op(
    vjp={"input": _cumprod_rule},
    samples=lambda rand: [*_scans(rand), (rand.tensor([[1.5, 0.0, 2.0, -1.0], [0.0, 3.0, 0.0, 2.0]]), 1)],
    torch="cumprod",
)
def cumprod(xp: Any, input: Array, dim: int, *, dtype: Any = None) -> Array:
    """Running product along ``dim``. Integers and bools are multiplied as int64."""
    return _scanned(xp.cumprod, input, dim, dtype)


def _logcumsumexp_rule(g: Any, input: Any, out: Any, dim: int, opposite: Any) -> Any:
    """In logarithms, apart for positive and negative gradients, so that nothing overflows."""
    size = g.abs().masked_fill(g == 0, 1).log() - out
    up = opposite(where_(g > 0, size, -math.inf), dim)
    down = opposite(where_(g < 0, size, -math.inf), dim)
    return (up + input).exp() - (down + input).exp()


def _logs(rand: Sampler) -> list[Any]:
    return [(rand(3, 4), 1), (rand(3, 4), -2), (rand(), 0)]


@op(
    vjp={"input": lambda g, input, out, dim: _logcumsumexp_rule(g, input, out, dim, reversed_logcumsumexp)},
    samples=_logs,
    torch="logcumsumexp",
)
@in_single
def logcumsumexp(xp: Any, input: Array, dim: int) -> Array:
    """``log(cumsum(exp(input)))`` along ``dim``, without overflow."""
    if input.dtype.kind != "f":
        raise unsupported(xp, "logcumsumexp_out", input)
    dim = dim_of(dim, input.ndim)
    return input.copy() if input.ndim == 0 else running(xp, "logaddexp", input, dim)


@op(vjp={"input": lambda g, input, out, dim: _logcumsumexp_rule(g, input, out, dim, logcumsumexp)}, samples=_logs)
@in_single
def reversed_logcumsumexp(xp: Any, input: Array, dim: int) -> Array:
    """``logcumsumexp`` along ``dim`` from the end."""
    dim = dim_of(dim, input.ndim)
    return input.copy() if input.ndim == 0 else xp.flip(running(xp, "logaddexp", xp.flip(input, dim), dim), dim)


# ------------------------------------------------------------------------------------------------------ running extremes


@op(
    vjp={"grad": lambda g, indices, dim: picked_along(g, indices, dim)},
    samples=lambda rand: [(rand(3, 4), rand.integers(4, 3, 4), 1), (rand(3, 4), rand.integers(3, 3, 4), 0), (rand(), rand.integers(1), 0)],
)
def added_along(xp: Any, grad: Array, indices: Array, dim: int) -> Array:
    """Zeros with the elements of ``grad`` added at their ``indices`` along ``dim``."""
    dim = dim_of(dim, grad.ndim)
    if grad.ndim == 0:
        return grad.copy()
    made = xp.zeros_like(grad)
    where = list(xp.meshgrid(*(xp.arange(n) for n in grad.shape), indexing="ij"))
    where[dim] = indices
    xp.add_at(made, tuple(where), grad)
    return made


@op(
    vjp={"input": lambda g, indices, dim: added_along(g, indices, dim)},
    samples=lambda rand: [(rand(3, 4), rand.integers(4, 3, 4), 1), (rand(3, 4), rand.integers(3, 3, 4), 0), (rand(), rand.integers(1), 0)],
    node="GatherBackward0",
)
def picked_along(xp: Any, input: Array, indices: Array, dim: int) -> Array:
    """The elements of ``input`` at ``indices`` along ``dim``."""
    return input.copy() if input.ndim == 0 else xp.take_along_axis(input, indices, axis=dim_of(dim, input.ndim))


def _running_extreme(xp: Any, name: str, array: Array, dim: int) -> tuple[Array, Array]:
    if array.dtype.kind == "c":
        raise unsupported(xp, name, array)
    dim = dim_of(dim, array.ndim)
    if array.ndim == 0:
        return array.copy(), xp.asarray(0, "int64")
    if array.size == 0:
        return array.copy(), xp.zeros(array.shape, "int64")
    values = running(xp, "maximum" if name == "cummax" else "minimum", array, dim)
    numbers = xp.arange(array.shape[dim]).reshape(tuple(-1 if i == dim else 1 for i in range(array.ndim)))
    reached = (array == values) | (array != array)
    return values, running(xp, "maximum", xp.where(reached, numbers, 0), dim).astype("int64")


def _extremes(rand: Sampler) -> list[Any]:
    return [(rand.distinct(3, 4), 1), (rand.distinct(3, 4), -2), (rand(), 0), (rand.integers(3, 5), 0)]


@op(
    vjp={"input": lambda g, indices, dim: added_along(g, indices, dim)},
    samples=_extremes,
    torch="cummax",
    node="CummaxBackward0",
    outputs=("values", "indices"),
    differentiable=("values",),
)
def cummax_(xp: Any, input: Array, dim: int) -> tuple[Array, Array]:
    """The largest element so far along ``dim``, and where it was last."""
    return _running_extreme(xp, "cummax", input, dim)


@op(
    vjp={"input": lambda g, indices, dim: added_along(g, indices, dim)},
    samples=_extremes,
    torch="cummin",
    node="CumminBackward0",
    outputs=("values", "indices"),
    differentiable=("values",),
)
def cummin_(xp: Any, input: Array, dim: int) -> tuple[Array, Array]:
    """The smallest element so far along ``dim``, and where it was last."""
    return _running_extreme(xp, "cummin", input, dim)


_CUMMAX = result_type("cummax", "values", "indices")
_CUMMIN = result_type("cummin", "values", "indices")


def cummax(input: Tensor, dim: int) -> Any:
    """The largest element so far along ``dim``, and where it was last, as (values, indices)."""
    return _CUMMAX(cummax_(input, dim))


def cummin(input: Tensor, dim: int) -> Any:
    """The smallest element so far along ``dim``, and where it was last, as (values, indices)."""
    return _CUMMIN(cummin_(input, dim))


# -------------------------------------------------------------------------------------------------- differences and areas


def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Any:
    """The n-th differences of neighbours along ``dim``, after ``prepend`` and ``append`` were joined to it."""
    if input.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return wrap(input._xp.zeros_like(input._data)).copy_(input)
    from_first: Any = input
    for extra, before in ((prepend, True), (append, False)):
        if extra is not None:
            from_first = cat([extra, from_first] if before else [from_first, extra], dim)
    for _ in range(n):
        length = from_first.shape[dim]
        if length == 0:
            break
        later, earlier = from_first.narrow(dim, 1, length - 1), from_first.narrow(dim, 0, length - 1)
        from_first = later.logical_xor(earlier) if input.dtype is dtypes.bool_ else later - earlier
    return from_first


def _steps(y: Any, x: Tensor | None, dx: Any, dim: int) -> Any:
    """The areas between neighbours."""
    length = y.shape[dim]
    pairs = y.narrow(dim, 1, length - 1) + y.narrow(dim, 0, length - 1)
    if x is None:
        return pairs * (dx / 2)
    widths = diff(x, dim=dim if x.ndim > 1 else -1)
    if x.ndim == 1:
        widths = widths.reshape([-1 if i == dim % y.ndim else 1 for i in range(y.ndim)])
    return pairs * widths / 2


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Any:
    """The integral of ``y`` along ``dim`` by the trapezoidal rule, at the places ``x`` or at steps of ``dx`` (1)."""
    if y.shape[dim] == 0:
        return y.sum(dim)
    return _steps(y, x, 1.0 if dx is None else dx, dim).sum(dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Any:
    """The running integral of ``y`` along ``dim`` by the trapezoidal rule."""
    return cumsum(_steps(y, x, 1.0 if dx is None else dx, dim), dim)


TORCH = {
    "cummax": cummax, "cummin": cummin, "cumprod": cumprod, "cumsum": cumsum, "cumulative_trapezoid": cumulative_trapezoid, "diff": diff,
    "logcumsumexp": logcumsumexp, "trapezoid": trapezoid, "trapz": trapezoid,
}  # fmt: skip
TENSOR = {name: TORCH[name] for name in ("cummax", "cummin", "cumprod", "cumsum", "diff", "logcumsumexp")}
IN_PLACE = {"cumprod_": cumprod, "cumsum_": cumsum}
