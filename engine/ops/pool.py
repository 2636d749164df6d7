"""Pooling over windows and to given sizes: max, average, p-norm, and their inverses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..op import Array, op
from ..tensor import Tensor
from .conv import _positions, _spread


def _output_size(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> int:
    """How many windows fit; in ceil mode the last may hang over the end, but must begin before it."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (-(-room // stride) if ceil else room // stride) + 1
    if ceil and (count - 1) * stride >= size + padding:
        count -= 1
    return count


def _layout(
    shape: Sequence[int], kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool
) -> tuple[list[int], list[tuple[int, int]]]:
    """The output's sizes, and how much must be put before and behind each dimension so that all windows lie inside."""
    sizes, sides = [], []
    for n, k, s, p, d in zip(shape, kernel, stride, padding, dilation, strict=True):
        count = _output_size(n, k, s, p, d, ceil)
        sizes.append(count)
        sides.append((p, max(p, (count - 1) * s + d * (k - 1) + 1 - n - p)))
    return sizes, sides


def _window(place: Sequence[int], sizes: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> tuple[Any, ...]:
    return (
        ...,
        *(slice(k * d, k * d + (n - 1) * s + 1, s) for k, n, s, d in zip(place, sizes, stride, dilation, strict=True)),
    )


@op(
    vjp={"input": lambda g, indices, input_shape, kernel: _place(g, indices, input_shape, len(kernel))},
    samples=lambda rand: [
        (rand.distinct(1, 2, 5, 6), (2, 3), (2, 2), (0, 1), (1, 1), False),
        (rand.distinct(2, 7, 7), (3, 3), (2, 2), (1, 1), (1, 2), True),
        (rand.distinct(1, 1, 3, 4, 4), (2, 2, 2), (1, 2, 2), (0, 0, 0), (1, 1, 1), False),
    ],
    node=lambda kernel: f"MaxPool{len(kernel)}DWithIndicesBackward0",
    outputs=("out", "indices"),
    differentiable=("out",),
)
def _max_pool(xp: Any, input: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> tuple[Array, Array]:
    """The largest element of each window and its row-major number among the pooled dimensions; NaN counts as largest."""
    n = len(kernel)
    shape = input.shape[-n:]
    sizes, sides = _layout(shape, kernel, stride, padding, dilation, ceil_mode)
    lowest = -math.inf if input.dtype.kind == "f" else xp.iinfo(input.dtype).min
    padded = xp.pad(input, [(0, 0)] * (input.ndim - n) + sides, constant_values=lowest)
    numbers = xp.arange(math.prod(shape)).reshape(shape)
    numbers = xp.pad(numbers, sides)
    best = place = None
    for position in _positions(kernel):
        window = _window(position, sizes, stride, dilation)
        value = padded[window]
        number = xp.broadcast_to(numbers[window], value.shape)
        if best is None:
            best, place = value.copy(), number.copy()
        else:
            better = (value > best) | (value != value)
            best = xp.where(better, value, best)
            place = xp.where(better, number, place)
    return best, place


@op(
    vjp={"source": lambda g, indices, dims: _pick(g, indices, dims)},
    samples=lambda rand: [(rand(2, 3, 2), rand.tensor([[[0, 5], [5, 7], [1, 2]]] * 2), (2, 3, 4), 2)],
)
def _place(xp: Any, source: Array, indices: Array, shape: Any, dims: int) -> Array:
    """Zeros of ``shape`` with ``source`` added at row-major numbers among the last ``dims`` dimensions."""
    lead, inner = math.prod(shape[: len(shape) - dims]), math.prod(shape[len(shape) - dims :])
    made = xp.zeros(lead * inner, source.dtype)
    rows = xp.arange(lead).reshape(lead, 1) * inner
    xp.add_at(made, (indices.reshape(lead, -1) + rows).reshape(-1), source.reshape(-1))
    return made.reshape(shape)


@op(
    vjp={"input": lambda g, indices, input_shape, dims: _place(g, indices, input_shape, dims)},
    samples=lambda rand: [(rand(2, 3, 4), rand.integers(12, 2, 5), 2)],
)
def _pick(xp: Any, input: Array, indices: Array, dims: int) -> Array:
    """The elements at row-major numbers among the last ``dims`` dimensions."""
    lead = math.prod(input.shape[: input.ndim - dims])
    flat = input.reshape(lead, -1)
    return xp.take_along_axis(flat, indices.reshape(lead, -1), axis=1).reshape(indices.shape)


def _average_weights(
    xp: Any, shape: Any, kernel: Any, stride: Any, padding: Any, ceil: bool, count_pad: bool, divisor: Any, kind: Any
) -> Array:
    """What each window's sum is divided by."""
    sizes, _ = _layout(shape, kernel, stride, padding, (1,) * len(kernel), ceil)
    if divisor:
        return xp.full(sizes, divisor, kind)
    counts = xp.ones((), kind)
    for n, k, s, p, count in zip(shape, kernel, stride, padding, sizes, strict=True):
        starts = [i * s - p for i in range(count)]
        ends = [min(start + k, n + p) for start in starts]
        line = [e - b if count_pad else min(e, n) - max(b, 0) for b, e in zip(starts, ends, strict=True)]
        counts = counts[..., None] * xp.asarray(line, kind)
    return counts


@op(
    vjp={
        "input": lambda g, input_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override: _avg_unpool(
            g, input_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
        )
    },
    samples=lambda rand: [
        (rand(1, 2, 5, 6), (2, 3), (2, 2), (0, 1), False, True, None),
        (rand(2, 7, 7), (3, 3), (2, 2), (1, 1), True, False, None),
        (rand(1, 1, 3, 4, 4), (2, 2, 2), (1, 2, 2), (0, 0, 0), False, True, 3),
    ],
    node=lambda kernel: f"AvgPool{len(kernel)}DBackward0",
)
def _avg_pool(
    xp: Any, input: Array, kernel: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool, divisor_override: Any
) -> Array:
    """The mean of each window."""
    n = len(kernel)
    one = (1,) * n
    sizes, sides = _layout(input.shape[-n:], kernel, stride, padding, one, ceil_mode)
    padded = xp.pad(input, [(0, 0)] * (input.ndim - n) + sides)
    total: Any = None
    for position in _positions(kernel):
        value = padded[_window(position, sizes, stride, one)]
        total = value.copy() if total is None else total + value
    return total / _average_weights(
        xp, input.shape[-n:], kernel, stride, padding, ceil_mode, count_include_pad, divisor_override, input.dtype
    )


@op(
    vjp={
        "grad": lambda g, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override: _avg_pool(
            g, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
        )
    },
    samples=lambda rand: [(rand(2, 2, 3), (2, 5, 6), (2, 3), (2, 2), (0, 1), False, True, None)],
)
def _avg_unpool(
    xp: Any,
    grad: Array,
    shape: Any,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: Any,
) -> Array:
    """The transpose of average pooling: each window's share to its elements."""
    n = len(kernel)
    one = (1,) * n
    sizes, sides = _layout(shape[-n:], kernel, stride, padding, one, ceil_mode)
    share = grad / _average_weights(xp, shape[-n:], kernel, stride, padding, ceil_mode, count_include_pad, divisor_override, grad.dtype)
    padded = xp.zeros((*shape[:-n], *(a + m + b for m, (a, b) in zip(shape[-n:], sides, strict=True))), grad.dtype)
    for position in _positions(kernel):
        padded[_window(position, sizes, stride, one)] += share
    return padded[(..., *(slice(a, a + m) for m, (a, _) in zip(shape[-n:], sides, strict=True)))]


@op(
    vjp={"input": lambda g, input_shape, size: _adaptive_avg_unpool(g, input_shape, size)},
    samples=lambda rand: [(rand(1, 2, 5, 6), (2, 4)), (rand(2, 7), (3,)), (rand(1, 1, 3, 4, 5), (2, 2, 1))],
    node=lambda size: f"AdaptiveAvgPool{len(size)}DBackward0",
)
def _adaptive_avg(xp: Any, input: Array, size: Any) -> Array:
    """The means of as many windows as ``size`` says, which cover the input."""
    n = len(size)
    for axis, count in zip(range(input.ndim - n, input.ndim), size, strict=True):
        matrix = _shares(xp, input.shape[axis], count, input.dtype)
        input = xp.moveaxis(xp.tensordot(input, matrix, axes=((axis,), (1,))), -1, axis)
    return input


@op(
    vjp={"grad": lambda g, size: _adaptive_avg(g, size)},
    samples=lambda rand: [(rand(1, 2, 2, 4), (1, 2, 5, 6), (2, 4))],
)
def _adaptive_avg_unpool(xp: Any, grad: Array, shape: Any, size: Any) -> Array:
    """The transpose of adaptive average pooling."""
    n = len(size)
    for axis, count in zip(range(grad.ndim - n, grad.ndim), size, strict=True):
        matrix = _shares(xp, shape[axis], count, grad.dtype)
        grad = xp.moveaxis(xp.tensordot(grad, matrix, axes=((axis,), (0,))), -1, axis)
    return grad


def _bounds(size: int, count: int) -> list[tuple[int, int]]:
    """Begin and end of each of ``count`` windows over ``size`` elements, as PyTorch lays them."""
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def _shares(xp: Any, size: int, count: int, kind: Any) -> Array:
    rows = [[1 / (e - b) if b <= j < e else 0.0 for j in range(size)] for b, e in _bounds(size, count)]
    return xp.asarray(rows, kind)


@op(
    vjp={"input": lambda g, indices, input_shape, size: _place(g, indices, input_shape, len(size))},
    samples=lambda rand: [(rand.distinct(1, 2, 5, 6), (2, 4)), (rand.distinct(2, 7), (3,))],
    node=lambda size: f"AdaptiveMaxPool{len(size)}DBackward0",
    outputs=("out", "indices"),
    differentiable=("out",),
)
def _adaptive_max(xp: Any, input: Array, size: Any) -> tuple[Array, Array]:
    """The largest elements of as many windows as ``size`` says, and their row-major numbers."""
    n = len(size)
    shape = input.shape[-n:]
    lead = input.shape[:-n]
    numbers = xp.arange(math.prod(shape)).reshape(shape)
    bounds = [_bounds(m, count) for m, count in zip(shape, size, strict=True)]
    values, places = [], []
    for position in _positions(size):
        window = (..., *(slice(*b[i]) for b, i in zip(bounds, position, strict=True)))
        flat = input[window].reshape(*lead, -1)
        at = flat.argmax(axis=-1)
        values.append(xp.take_along_axis(flat, at[..., None], axis=-1)[..., 0])
        places.append(numbers[window].reshape(-1)[at])
    return xp.stack(values, axis=-1).reshape(*lead, *size), xp.stack(places, axis=-1).reshape(*lead, *size)


# --------------------------------------------------------------------------------------------------- what users call


def _check(name: str, n: int, input: Tensor) -> None:
    if input.ndim not in (n + 1, n + 2):
        raise RuntimeError(f"{name}: Expected {n + 1}D or {n + 2}D input tensor, but got shape {list(input.shape)}")


def _max(n: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, return_indices: bool) -> Any:
    _check(f"max_pool{n}d", n, input)
    kernel = _spread(kernel_size, n)
    steps = kernel if stride is None or stride == [] else _spread(stride, n)
    sides = _spread(padding, n)
    if any(p > k // 2 for p, k in zip(sides, kernel, strict=True)):
        raise RuntimeError(
            f"pad should be at most half of effective kernel size, but got pad={max(sides)}, kernel_size={kernel[0]} and dilation=1"
        )
    if n == 1:  # as PyTorch does it: a row of height 1
        values, places = _max_pool(input.unsqueeze(-2), (1, *kernel), (1, *steps), (0, *sides), (1, *_spread(dilation, 1)), ceil_mode)
        values, places = values.squeeze(-2), places.squeeze(-2)
    else:
        values, places = _max_pool(input, kernel, steps, sides, _spread(dilation, n), ceil_mode)
    return (values, places) if return_indices else values


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window along the last dimension, of (N, C, L) or (C, L); also their numbers if asked."""
    return _max(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of (N, C, H, W) or (C, H, W); also their row-major numbers if asked."""
    return _max(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of (N, C, D, H, W) or (C, D, H, W); also their numbers if asked."""
    return _max(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _avg(
    n: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool, divisor: Any
) -> Tensor:
    _check(f"avg_pool{n}d", n, input)
    kernel = _spread(kernel_size, n)
    steps = kernel if stride is None or stride == [] else _spread(stride, n)
    sides = _spread(padding, n)
    if n == 1:
        made = _avg_pool(input.unsqueeze(-2), (1, *kernel), (1, *steps), (0, *sides), ceil_mode, count_include_pad, divisor)
        return made.squeeze(-2)  # type: ignore[no-any-return]
    return _avg_pool(input, kernel, steps, sides, ceil_mode, count_include_pad, divisor)  # type: ignore[no-any-return]


def avg_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True
) -> Tensor:
    """The mean of each window along the last dimension, of (N, C, L) or (C, L)."""
    return _avg(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (N, C, H, W) or (C, H, W)."""
    return _avg(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W)."""
    return _avg(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _sizes(n: int, input: Tensor, output_size: Any) -> tuple[int, ...]:
    wanted = _spread(output_size, n)
    return tuple(m if w is None else int(w) for w, m in zip(wanted, input.shape[-n:], strict=True))


def _adaptive_average(n: int, input: Tensor, output_size: Any) -> Tensor:
    _check(f"adaptive_avg_pool{n}d", n, input)
    size = _sizes(n, input, output_size)
    if n == 1:
        return _adaptive_average(2, input.unsqueeze(-2), (1, *size)).squeeze(-2)  # type: ignore[no-any-return]
    if n > 1 and all(s == 1 for s in size):  # PyTorch takes the mean then
        return input.mean(list(range(-n, 0)), keepdim=True)  # type: ignore[no-any-return]
    return _adaptive_avg(input, size)  # type: ignore[no-any-return]


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """(N, C, L) averaged to (N, C, output_size)."""
    return _adaptive_average(1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """(N, C, H, W) averaged to (N, C, *output_size); None keeps a size."""
    return _adaptive_average(2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """(N, C, D, H, W) averaged to (N, C, *output_size); None keeps a size."""
    return _adaptive_average(3, input, output_size)


def _adaptive_largest(n: int, input: Tensor, output_size: Any, return_indices: bool) -> Any:
    _check(f"adaptive_max_pool{n}d", n, input)
    size = _sizes(n, input, output_size)
    if n == 1:
        values, places = _adaptive_max(input.unsqueeze(-2), (1, *size))
        values, places = values.squeeze(-2), places.squeeze(-2)
    else:
        values, places = _adaptive_max(input, size)
    return (values, places) if return_indices else values


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of (N, C, L) in ``output_size`` windows; also their numbers if asked."""
    return _adaptive_largest(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of (N, C, H, W) in ``output_size`` windows; also their numbers if asked."""
    return _adaptive_largest(2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of (N, C, D, H, W) in ``output_size`` windows; also their numbers if asked."""
    return _adaptive_largest(3, input, output_size, return_indices)


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window along the last dimension (without absolute values, as PyTorch)."""
    total = avg_pool1d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(total, norm_type, kernel_size)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window of (N, C, H, W)."""
    height, width = _spread(kernel_size, 2)
    total = avg_pool2d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(total, norm_type, height * width)


def _root(total: Tensor, norm_type: float, count: int) -> Tensor:
    return ((total.sign() * total.abs().relu()) * count).pow(1.0 / norm_type)  # type: ignore[no-any-return]


def _unpool(n: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any) -> Tensor:
    kernel = _spread(kernel_size, n)
    steps = kernel if stride is None else _spread(stride, n)
    sides = _spread(padding, n)
    if output_size is None:
        size = tuple((m - 1) * s - 2 * p + k for m, s, p, k in zip(input.shape[-n:], steps, sides, kernel, strict=True))
    else:
        size = tuple(output_size)[-n:]
    return _place(input, indices, (*input.shape[:-n], *size), n)  # type: ignore[no-any-return]


def max_unpool1d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Tensor:
    """Undo ``max_pool1d``: each value at its number, zeros elsewhere."""
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Tensor:
    """Undo ``max_pool2d``: each value at its number, zeros elsewhere."""
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


FUNCTIONAL = {
    "adaptive_avg_pool1d": adaptive_avg_pool1d, "adaptive_avg_pool2d": adaptive_avg_pool2d, "adaptive_avg_pool3d": adaptive_avg_pool3d,
    "adaptive_max_pool1d": adaptive_max_pool1d, "adaptive_max_pool2d": adaptive_max_pool2d, "adaptive_max_pool3d": adaptive_max_pool3d,
    "avg_pool1d": avg_pool1d, "avg_pool2d": avg_pool2d, "avg_pool3d": avg_pool3d, "lp_pool1d": lp_pool1d, "lp_pool2d": lp_pool2d,
    "max_pool1d": max_pool1d, "max_pool2d": max_pool2d, "max_pool3d": max_pool3d,
    "max_unpool1d": max_unpool1d, "max_unpool2d": max_unpool2d,
}  # fmt: skip
TORCH = {name: FUNCTIONAL[name] for name in ("adaptive_avg_pool1d", "avg_pool1d", "max_pool1d", "max_pool2d", "max_pool3d")}
