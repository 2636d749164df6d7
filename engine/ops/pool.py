"""Pooling over windows and to given sizes: max, average, p-norm, and their inverses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..kernels.convolve import bordered, positions_of
from ..op import Array, op


def output_size_of(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> int:
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
        count = output_size_of(n, k, s, p, d, ceil)
        sizes.append(count)
        sides.append((p, max(p, (count - 1) * s + d * (k - 1) + 1 - n - p)))
    return sizes, sides


def _window(place: Sequence[int], sizes: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> tuple[Any, ...]:
    return (
        ...,
        *(slice(k * d, k * d + (n - 1) * s + 1, s) for k, n, s, d in zip(place, sizes, stride, dilation, strict=True)),
    )


def _apart(kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> bool:
    """Whether no two windows share an element."""
    return all(s >= d * (k - 1) + 1 for k, s, d in zip(kernel, stride, dilation, strict=True))


@op(
    vjp={
        "input": lambda g, indices, input_shape, kernel, stride, dilation: place(
            g, indices, input_shape, len(kernel), _apart(kernel, stride, dilation)
        )
    },
    samples=lambda rand: [
        (rand.distinct(1, 2, 5, 6), (2, 3), (2, 2), (0, 1), (1, 1), False),
        (rand.distinct(2, 7, 7), (3, 3), (2, 2), (1, 1), (1, 2), True),
        (rand.distinct(1, 1, 3, 4, 4), (2, 2, 2), (1, 2, 2), (0, 0, 0), (1, 1, 1), False),
        (rand.distinct(1, 2, 4, 6), (2, 3), (2, 3), (0, 0), (1, 1), False),
    ],
    node=lambda kernel: f"MaxPool{len(kernel)}DWithIndicesBackward0",
    outputs=("out", "indices"),
    differentiable=("out",),
)
def max_pool(xp: Any, input: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> tuple[Array, Array]:
    """The largest element of each window and its row-major number among the pooled dimensions; NaN counts as largest."""
    n = len(kernel)
    shape = input.shape[-n:]
    sizes, sides = _layout(shape, kernel, stride, padding, dilation, ceil_mode)
    floating = input.dtype.kind == "f"
    padded = bordered(xp, input, sides, -math.inf if floating else int(xp.iinfo(input.dtype).min))
    first, *others = positions_of(kernel)
    best = padded[_window(first, sizes, stride, dilation)].copy()
    kind = "uint8" if len(others) < 256 else "int32"
    which = xp.zeros(best.shape, kind)  # the number of the largest element's position in its window
    for number, position in enumerate(others, 1):
        value = padded[_window(position, sizes, stride, dilation)]
        better = value > best
        best = xp.maximum(best, value)  # passes NaN on
        which = xp.maximum(which, better * xp.asarray(number, kind))  # positions come in order: the last one counts
    if floating and (xp.kind != "cpu" or xp.isnan(best.sum())):
        for number, position in enumerate(others, 1):
            value = padded[_window(position, sizes, stride, dilation)]
            which = xp.where(value != value, xp.asarray(number, kind), which)
    return best, _places(xp, which, shape, sizes, kernel, stride, padding, dilation)


def _places(
    xp: Any, which: Array, shape: Sequence[int], sizes: Sequence[int], kernel: Any, stride: Any, padding: Any, dilation: Any
) -> Array:
    """Row-major numbers among the pooled dimensions, of positions ``which`` in the windows.

    Position 0 of a window that begins before the input, where nothing was larger than the border, stands for the first inside.
    """
    origin, inside = xp.zeros((), "int64"), xp.zeros((), "int64")
    offsets = xp.zeros((), "int64")
    for m, count, k, s, p, d in zip(shape, sizes, kernel, stride, padding, dilation, strict=True):
        begins = xp.arange(count) * s - p
        origin = (origin * m)[..., None] + begins
        inside = (inside * m)[..., None] + xp.where(begins < 0, begins + (-begins + d - 1) // d * d, begins)
        offsets = (offsets * m)[..., None] + xp.arange(k) * d
    made = origin + xp.take(offsets.reshape(-1), which)
    return xp.where(which == 0, inside, made) if any(padding) else made


@op(
    vjp={"source": lambda g, indices, dims: pick(g, indices, dims)},
    samples=lambda rand: [
        (rand(2, 3, 2), rand.tensor([[[0, 5], [5, 7], [1, 2]]] * 2), (2, 3, 4), 2, False),
        (rand(2, 2, 2), rand.tensor([[[0, 5], [6, 7]]] * 2), (2, 3, 4), 2, True),
    ],
)
def place(xp: Any, source: Array, indices: Array, shape: Any, dims: int, distinct: bool) -> Array:
    """Zeros of ``shape`` with ``source`` added at row-major numbers among the last ``dims`` dimensions; ``distinct`` ones meet no other."""
    lead, inner = math.prod(shape[: len(shape) - dims]), math.prod(shape[len(shape) - dims :])
    made = xp.zeros(lead * inner, source.dtype)
    if source.size:
        numbers = (indices.reshape(lead, -1) + xp.arange(lead)[:, None] * inner).reshape(-1)
        if distinct:
            made[numbers] = source.reshape(-1)
        else:
            xp.add_at(made, numbers, source.reshape(-1))
    return made.reshape(shape)


@op(
    vjp={"input": lambda g, indices, input_shape, dims: place(g, indices, input_shape, dims, False)},
    samples=lambda rand: [(rand(2, 3, 4), rand.integers(12, 2, 5), 2)],
)
def pick(xp: Any, input: Array, indices: Array, dims: int) -> Array:
    """The elements at row-major numbers among the last ``dims`` dimensions."""
    if not input.size:
        return xp.zeros(indices.shape, input.dtype)
    lead = math.prod(input.shape[: input.ndim - dims])
    flat = input.reshape(lead, -1)
    return xp.take_along_axis(flat, indices.reshape(lead, -1), axis=1).reshape(indices.shape)


@op(
    vjp={"input": lambda g, indices, dims: pick(g, indices, dims)},
    samples=lambda rand: [
        (rand(2, 2, 2), rand.tensor([[[0, 5], [6, 7]]] * 2), (2, 3, 4), 2),
        (rand(2, 1, 2, 1), rand.tensor([[[[3], [2]]]] * 2), (2, 2, 2, 3), 3),
    ],
    node=lambda dims: f"MaxUnpool{dims}DBackward0",
)
def max_unpool(xp: Any, input: Array, indices: Array, shape: Any, dims: int) -> Array:
    """Zeros of ``shape`` with ``input`` written at row-major numbers among the last ``dims`` dimensions."""
    inner = math.prod(shape[len(shape) - dims :])
    if xp.kind == "cpu" and indices.size and not ((indices >= 0) & (indices < inner)).all():
        wrong = indices[(indices < 0) | (indices >= inner)].reshape(-1)[0]
        sizes = "x".join(map(str, shape[len(shape) - dims :]))
        raise RuntimeError(f"Found an invalid max index: {int(wrong)} (output volumes are of size {sizes})")
    return place.op.forward(xp, input, indices, shape, dims, True)  # type: ignore[attr-defined]


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
        "input": lambda g, input_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override: avg_unpool(
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
def avg_pool(
    xp: Any, input: Array, kernel: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool, divisor_override: Any
) -> Array:
    """The mean of each window."""
    n = len(kernel)
    one = (1,) * n
    sizes, sides = _layout(input.shape[-n:], kernel, stride, padding, one, ceil_mode)
    padded = bordered(xp, input, sides)
    total: Any = None
    for position in positions_of(kernel):
        value = padded[_window(position, sizes, stride, one)]
        total = value.copy() if total is None else xp.add(total, value, out=total)
    weights = _average_weights(xp, input.shape[-n:], kernel, stride, padding, ceil_mode, count_include_pad, divisor_override, input.dtype)
    if input.dtype.kind in "fc":
        return total / weights
    return xp.sign(total) * xp.sign(weights) * (xp.abs(total) // xp.abs(weights))  # integers: towards 0


@op(
    vjp={
        "grad": lambda g, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override: avg_pool(
            g, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
        )
    },
    samples=lambda rand: [(rand(2, 2, 3), (2, 5, 6), (2, 3), (2, 2), (0, 1), False, True, None)],
)
def avg_unpool(
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
    for position in positions_of(kernel):
        padded[_window(position, sizes, stride, one)] += share
    return padded[(..., *(slice(a, a + m) for m, (a, _) in zip(shape[-n:], sides, strict=True)))]


@op(
    vjp={"input": lambda g, input_shape, size: adaptive_avg_unpool(g, input_shape, size)},
    samples=lambda rand: [(rand(1, 2, 5, 6), (2, 4)), (rand(2, 7), (3,)), (rand(1, 1, 3, 4, 5), (2, 2, 1))],
    node=lambda size: f"AdaptiveAvgPool{len(size)}DBackward0",
)
def adaptive_avg_pool(xp: Any, input: Array, size: Any) -> Array:
    """The means of as many windows as ``size`` says, which cover the input."""
    n = len(size)
    for axis, count in zip(range(input.ndim - n, input.ndim), size, strict=True):
        matrix = _shares(xp, input.shape[axis], count, input.dtype)
        input = xp.moveaxis(xp.tensordot(input, matrix, axes=((axis,), (1,))), -1, axis)
    return input


@op(
    vjp={"grad": lambda g, size: adaptive_avg_pool(g, size)},
    samples=lambda rand: [(rand(1, 2, 2, 4), (1, 2, 5, 6), (2, 4))],
)
def adaptive_avg_unpool(xp: Any, grad: Array, shape: Any, size: Any) -> Array:
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
    vjp={"input": lambda g, indices, input_shape, size: place(g, indices, input_shape, len(size), False)},
    samples=lambda rand: [(rand.distinct(1, 2, 5, 6), (2, 4)), (rand.distinct(2, 7), (3,))],
    node=lambda size: f"AdaptiveMaxPool{len(size)}DBackward0",
    outputs=("out", "indices"),
    differentiable=("out",),
)
def adaptive_max_pool(xp: Any, input: Array, size: Any) -> tuple[Array, Array]:
    """The largest elements of as many windows as ``size`` says, and their row-major numbers."""
    n = len(size)
    shape = input.shape[-n:]
    lead = input.shape[:-n]
    numbers = xp.arange(math.prod(shape)).reshape(shape)
    bounds = [_bounds(m, count) for m, count in zip(shape, size, strict=True)]
    values, places = [], []
    for position in positions_of(size):
        window = (..., *(slice(*b[i]) for b, i in zip(bounds, position, strict=True)))
        flat = input[window].reshape(*lead, -1)
        at = flat.argmax(axis=-1)
        values.append(xp.take_along_axis(flat, at[..., None], axis=-1)[..., 0])
        places.append(numbers[window].reshape(-1)[at])
    return xp.stack(values, axis=-1).reshape(*lead, *size), xp.stack(places, axis=-1).reshape(*lead, *size)
