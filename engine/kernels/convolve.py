"""Convolutions as products of matrices with unfolded windows (im2col), for every module.

Three kernels are the derivatives of each other: ``correlate``, its transpose ``correlate_back`` (from the output to the
input) and ``correlate_across`` (from input and output to the weight). Arrays are (N, C, *sizes), weights (O, C / groups, *kernel).
On the host windows are unfolded for a few samples at a time, so that they stay in the cache of a core.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Array = Any
Sizes = Sequence[int]

PIECE = 1 << 18  # elements of unfolded windows at a time
MANY = 256  # positions of a sample that are enough for a product of its own; of fewer, several samples go into one


def bordered(xp: Any, x: Array, sides: Sequence[tuple[int, int]], value: Any = 0) -> Array:
    """``x`` with so many elements of ``value`` before and behind each of its last dimensions."""
    if not any(before or behind for before, behind in sides):
        return x
    lead = x.shape[: x.ndim - len(sides)]
    inner = x.shape[x.ndim - len(sides) :]
    shape = (*lead, *(n + before + behind for n, (before, behind) in zip(inner, sides, strict=True)))
    made = xp.full(shape, value, x.dtype) if value else xp.zeros(shape, x.dtype)
    made[(..., *(slice(before, before + n) for n, (before, _) in zip(inner, sides, strict=True)))] = x
    return made


def positions_of(kernel: Sizes) -> list[tuple[int, ...]]:
    """All places in a kernel of that size, in row-major order."""
    places: list[tuple[int, ...]] = [()]
    for n in kernel:
        places = [(*place, i) for place in places for i in range(n)]
    return places


def window(place: Sizes, sizes: Sizes, stride: Sizes, dilation: Sizes) -> tuple[Any, ...]:
    """What the windows have at ``place``, of the last dimensions."""
    return (..., *(slice(k * d, k * d + (n - 1) * s + 1, s) for k, n, s, d in zip(place, sizes, stride, dilation, strict=True)))


# --------------------------------------------------------------------------------------------------------------- windows


def unfolded(xp: Any, x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes, sizes: Sizes, apart: bool) -> Array:
    """The windows of ``x`` as a new array: (N, C, *kernel, *sizes) where samples stay ``apart``, else (C, *kernel, *sizes, N), so that
    lines of small pictures are long in memory."""
    count, width = x.shape[:2]
    if not apart:
        x = xp.ascontiguousarray(xp.moveaxis(x, 0, -1))
    lead, steps = (x.strides[:2], x.strides[2:]) if apart else (x.strides[:1], x.strides[1:-1])
    moves = (*(t * d for t, d in zip(steps, dilation, strict=True)), *(t * s for t, s in zip(steps, stride, strict=True)))
    if apart:
        return xp.ascontiguousarray(xp.as_strided(x, (count, width, *kernel, *sizes), (*lead, *moves)))
    return xp.ascontiguousarray(xp.as_strided(x, (width, *kernel, *sizes, count), (*lead, *moves, x.strides[-1])))


def folded(xp: Any, columns: Array, made: Array, stride: Sizes, dilation: Sizes, apart: bool) -> None:
    """Add windows, as ``unfolded`` gives them, into ``made`` (N, C, *sizes of the input), which holds zeros, where they came from."""
    dims = made.ndim - 2
    first = 2 if apart else 1
    kernel, sizes = columns.shape[first : first + dims], columns.shape[first + dims : first + 2 * dims]
    target = made if apart else xp.zeros((*made.shape[1:], made.shape[0]), made.dtype)
    after = () if apart else (slice(None),)
    for place in positions_of(kernel):
        target[(*window(place, sizes, stride, dilation), *after)] += columns[(slice(None),) * first + place]
    if not apart:
        made[...] = xp.moveaxis(target, -1, 0)


def each_channel(xp: Any, x: Array, weight: Array, stride: Sizes, dilation: Sizes, sizes: Sizes) -> Array:
    """Each channel of ``x`` correlated with its own kernel, of ``weight`` (C, *kernel)."""
    kernel = weight.shape[1:]
    made = xp.zeros((*x.shape[:2], *sizes), x.dtype)
    for place in positions_of(kernel):
        made += x[window(place, sizes, stride, dilation)] * weight[(slice(None), *place)].reshape(-1, *(1,) * len(kernel))
    return made


def each_channel_back(xp: Any, grad: Array, weight: Array, made: Array, stride: Sizes, dilation: Sizes) -> None:
    """The transpose of ``each_channel``, added into ``made``."""
    kernel, sizes = weight.shape[1:], grad.shape[2:]
    for place in positions_of(kernel):
        made[window(place, sizes, stride, dilation)] += grad * weight[(slice(None), *place)].reshape(-1, *(1,) * len(kernel))


def each_channel_across(xp: Any, x: Array, grad: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Array:
    """The weight (C, *kernel) that ``each_channel`` of ``x`` owes to ``grad``."""
    sizes, channels = grad.shape[2:], grad.shape[1]
    letters = "abc"[: len(sizes)]
    found = [xp.einsum(f"xy{letters},xy{letters}->y", x[window(place, sizes, stride, dilation)], grad) for place in positions_of(kernel)]
    return xp.stack(found, axis=1).reshape(channels, *kernel)


# ---------------------------------------------------------------------------------------------------------- correlations


def _pieces(xp: Any, count: int, each: int) -> Iterator[tuple[int, int]]:
    """Samples, a few at a time: begin and end."""
    step = count if xp.kind != "cpu" else max(1, min(count, PIECE // max(each, 1)))
    for begin in range(0, count, step or 1):
        yield begin, min(begin + step, count)


def _columns(xp: Any, x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes, groups: int, sizes: Sizes) -> Array:
    """The windows as matrices: of each sample (N, groups, C / groups * kernel, positions), or of all together (groups, rows,
    positions * N)."""
    apart, rows, places = math.prod(sizes) >= MANY, x.shape[1] // groups * math.prod(kernel), math.prod(sizes)
    shape = (x.shape[0], groups, rows, places) if apart else (groups, rows, x.shape[0] * places)
    return xp.unfolded(x, kernel, stride, dilation, sizes, apart).reshape(shape)


def _matrices(grad: Array, groups: int) -> Array:
    """(N, O, *sizes) as matrices that go with ``_columns``."""
    count, outs, places = grad.shape[0], grad.shape[1], math.prod(grad.shape[2:])
    made = grad.reshape(count, groups, outs // groups, places)
    return made if places >= MANY else made.transpose(1, 2, 3, 0).reshape(groups, outs // groups, places * count)


def _points(kernel: Sizes, stride: Sizes) -> bool:
    """Whether windows are single elements, each of the input's: a product with the channels, nothing to unfold."""
    return all(k == 1 for k in kernel) and all(s == 1 for s in stride)


def correlate(xp: Any, x: Array, weight: Array, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> Array:
    """The cross-correlation of ``x`` with ``weight``."""
    kernel, outs, (count, channels) = weight.shape[2:], weight.shape[0], x.shape[:2]
    x = bordered(xp, x, [(p, p) for p in padding])
    sizes = tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True))
    if outs == groups == channels:
        return xp.each_channel(x, weight[:, 0], stride, dilation, sizes)
    places, rows = math.prod(sizes), channels // groups * math.prod(kernel)
    matrix = weight.reshape(groups, outs // groups, rows)
    if _points(kernel, stride):
        return xp.matmul(matrix, x.reshape(count, groups, rows, places)).reshape(count, outs, *sizes)
    made = xp.empty((count, groups, outs // groups, places), x.dtype)
    for begin, end in _pieces(xp, count, groups * rows * places):
        columns = _columns(xp, x[begin:end], kernel, stride, dilation, groups, sizes)
        if places >= MANY:
            xp.matmul(matrix, columns, out=made[begin:end])
        else:
            made[begin:end] = xp.matmul(matrix, columns).reshape(groups, outs // groups, places, end - begin).transpose(3, 0, 1, 2)
    return made.reshape(count, outs, *sizes)


def correlate_back(xp: Any, grad: Array, weight: Array, shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> Array:
    """The transpose of ``correlate`` with respect to its input: from (N, O, *out) to ``shape``."""
    kernel, outs, count, channels = weight.shape[2:], weight.shape[0], grad.shape[0], shape[1]
    sizes = grad.shape[2:]
    places, rows = math.prod(sizes), channels // groups * math.prod(kernel)
    turned = weight.reshape(groups, outs // groups, rows).swapaxes(1, 2)
    if _points(kernel, stride) and not any(padding) and tuple(shape[2:]) == tuple(sizes) and not outs == groups == channels:
        return xp.matmul(turned, grad.reshape(count, groups, outs // groups, places)).reshape(tuple(shape))
    padded = tuple(n + 2 * p for n, p in zip(shape[2:], padding, strict=True))
    made = xp.zeros((count, channels, *padded), grad.dtype)
    if outs == groups == channels:
        xp.each_channel_back(grad, weight[:, 0], made, stride, dilation)
    else:
        for begin, end in _pieces(xp, count, groups * rows * places):
            columns = xp.matmul(turned, _matrices(grad[begin:end], groups))
            apart = places >= MANY
            form = (end - begin, channels, *kernel, *sizes) if apart else (channels, *kernel, *sizes, end - begin)
            xp.folded(columns.reshape(form), made[begin:end], stride, dilation, apart)
    if not any(padding):
        return made
    return xp.ascontiguousarray(made[(..., *(slice(p, p + n) for p, n in zip(padding, shape[2:], strict=True)))])


def correlate_across(xp: Any, x: Array, grad: Array, shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> Array:
    """The derivative of ``correlate`` with respect to its weight: from input and output to ``shape``."""
    kernel, outs, (count, channels) = shape[2:], shape[0], x.shape[:2]
    x, sizes = bordered(xp, x, [(p, p) for p in padding]), grad.shape[2:]
    if outs == groups == channels:
        return xp.each_channel_across(x, grad, kernel, stride, dilation)[:, None]
    places, rows = math.prod(sizes), channels // groups * math.prod(kernel)
    if _points(kernel, stride) and tuple(x.shape[2:]) == tuple(sizes):
        flat = grad.reshape(count, groups, outs // groups, places)
        return xp.matmul(flat, x.reshape(count, groups, rows, places).swapaxes(2, 3)).sum(axis=0).reshape(tuple(shape))
    total = xp.zeros((groups, outs // groups, rows), grad.dtype)
    for begin, end in _pieces(xp, count, groups * rows * places):
        columns = _columns(xp, x[begin:end], kernel, stride, dilation, groups, sizes)
        found = xp.matmul(_matrices(grad[begin:end], groups), columns.swapaxes(-1, -2))
        total += found.sum(axis=0) if places >= MANY else found
    return total.reshape(tuple(shape))


KERNELS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        unfolded, folded, each_channel, each_channel_back, each_channel_across, correlate, correlate_back, correlate_across,
    )
}  # fmt: skip
